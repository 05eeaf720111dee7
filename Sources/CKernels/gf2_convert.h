// Between the coefficients of x^i and those of the basis X_i of the transforms, in units of 32 bits: exclusive or only.
// Included by each way to multiply, which defines TARGET, so that each has it in its own vectors.
//
// s_k(x) vanishes on the span of v_0 … v_(k-1); s_(2^j) = x^(2^(2^j)) + x. X_i is the product of s_b over the bits b of i.
// With t the largest power of two below m, 2^m coefficients are first written in powers of s_t (division by
// x^(2^t) + x and its powers (x^(2^t) + x)^(2^k) = x^(2^(t+k)) + x^(2^k), from the largest), then both levels likewise.

typedef uint32_t units __attribute__((vector_size(64), may_alias));
typedef uint32_t units_anywhere __attribute__((vector_size(64), aligned(4), may_alias));

// d ^= s.
TARGET static inline void add_units(uint32_t *d, const uint32_t *s, size_t n) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) *(units_anywhere *)(d + i) ^= *(const units_anywhere *)(s + i);
    for (; i < n; i++) d[i] ^= s[i];
}

static int split_of(int m) {
    int t = 1;
    while (2 * t < m) t *= 2;
    return t;
}

// x moved up by e of 16 units, with the last e units of `before` coming in.
#define MOVED(before, x, e) __builtin_shufflevector(before, x, \
    16 - e, 17 - e, 18 - e, 19 - e, 20 - e, 21 - e, 22 - e, 23 - e, \
    24 - e, 25 - e, 26 - e, 27 - e, 28 - e, 29 - e, 30 - e, 31 - e)
// Units of x by index; 16 stands for zero.
#define TAKEN(x, ...) __builtin_shufflevector(x, (units){0}, __VA_ARGS__)

// Upper half of 2 * half vectors divided by x^(2^t) + x, t and q as in convert(): e = 2^(q-1-t) units, e < 16.
#define STEP_DOWN(v, half, e) do { \
    v[half] ^= MOVED(v[2 * half - 1], (units){0}, e); \
    for (int i = half - 1; i > 0; i--) v[i] ^= MOVED(v[half + i - 1], v[half + i], e); \
    v[0] ^= MOVED((units){0}, v[half], e); } while (0)
#define STEP_UP(v, half, e) do { \
    for (int i = half - 1; i > 0; i--) v[i] ^= MOVED(v[half + i - 1], v[half + i], e); \
    v[0] ^= MOVED((units){0}, v[half], e); \
    v[half] ^= MOVED(v[2 * half - 1], (units){0}, e); } while (0)

// convert() of 16 units, m = 4, in a vector: t = 2, q = 4 and 3; then t = 1 for groups of 4 and of 1.
#define Z 16
#define INSIDE_1(x) x ^= TAKEN(x, Z, Z, Z, Z, Z, Z, Z, Z, 14, 15, Z, Z, Z, Z, Z, Z)
#define INSIDE_2(x) x ^= TAKEN(x, Z, Z, 8, 9, 10, 11, 12, 13, Z, Z, Z, Z, Z, Z, Z, Z)
#define INSIDE_3(x) x ^= TAKEN(x, Z, Z, Z, Z, 7, Z, Z, Z, Z, Z, Z, Z, 15, Z, Z, Z)
#define INSIDE_4(x) x ^= TAKEN(x, Z, 4, 5, 6, Z, Z, Z, Z, Z, 12, 13, 14, Z, Z, Z, Z)
#define INSIDE_5(x) x ^= TAKEN(x, Z, Z, Z, Z, Z, Z, Z, Z, 12, 13, 14, 15, Z, Z, Z, Z)
#define INSIDE_6(x) x ^= TAKEN(x, Z, Z, Z, Z, 8, 9, 10, 11, Z, Z, Z, Z, Z, Z, Z, Z)
#define INSIDE_7(x) x ^= TAKEN(x, Z, Z, 3, Z, Z, Z, 7, Z, Z, Z, 11, Z, Z, Z, 15, Z)
#define INSIDE_8(x) x ^= TAKEN(x, Z, 2, Z, Z, Z, 6, Z, Z, Z, 10, Z, Z, Z, 14, Z, Z)


// 256 units, m = 8: t = 4.
TARGET static void convert_block(uint32_t *p) {
    units v[16];
    memcpy(v, p, sizeof v);
    STEP_DOWN(v, 8, 8);
    for (int b = 0; b < 16; b += 8) STEP_DOWN((v + b), 4, 4);
    for (int b = 0; b < 16; b += 4) STEP_DOWN((v + b), 2, 2);
    for (int b = 0; b < 16; b += 2) STEP_DOWN((v + b), 1, 1);
    // m = 4 in groups of 16 units.
    v[8] ^= v[14], v[9] ^= v[15];
    for (int i = 2; i < 8; i++) v[i] ^= v[i + 6];
    for (int b = 0; b < 16; b += 8) {
        v[b + 4] ^= v[b + 7];
        for (int i = 1; i < 4; i++) v[b + i] ^= v[b + i + 3];
    }
    for (int i = 8; i < 12; i++) v[i] ^= v[i + 4];
    for (int i = 4; i < 8; i++) v[i] ^= v[i + 4];
    for (int b = 0; b < 16; b += 4) v[b + 2] ^= v[b + 3], v[b + 1] ^= v[b + 2];
    for (int i = 0; i < 16; i++) {
        INSIDE_1(v[i]); INSIDE_2(v[i]); INSIDE_3(v[i]); INSIDE_4(v[i]);
        INSIDE_5(v[i]); INSIDE_6(v[i]); INSIDE_7(v[i]); INSIDE_8(v[i]);
    }
    memcpy(p, v, sizeof v);
}

TARGET static void unconvert_block(uint32_t *p) {
    units v[16];
    memcpy(v, p, sizeof v);
    for (int i = 0; i < 16; i++) {
        INSIDE_8(v[i]); INSIDE_7(v[i]); INSIDE_6(v[i]); INSIDE_5(v[i]);
        INSIDE_4(v[i]); INSIDE_3(v[i]); INSIDE_2(v[i]); INSIDE_1(v[i]);
    }
    for (int b = 0; b < 16; b += 4) v[b + 1] ^= v[b + 2], v[b + 2] ^= v[b + 3];
    for (int i = 4; i < 8; i++) v[i] ^= v[i + 4];
    for (int i = 8; i < 12; i++) v[i] ^= v[i + 4];
    for (int b = 0; b < 16; b += 8) {
        for (int i = 1; i < 4; i++) v[b + i] ^= v[b + i + 3];
        v[b + 4] ^= v[b + 7];
    }
    for (int i = 2; i < 8; i++) v[i] ^= v[i + 6];
    v[8] ^= v[14], v[9] ^= v[15];
    for (int b = 0; b < 16; b += 2) STEP_UP((v + b), 1, 1);
    for (int b = 0; b < 16; b += 4) STEP_UP((v + b), 2, 2);
    for (int b = 0; b < 16; b += 8) STEP_UP((v + b), 4, 4);
    STEP_UP(v, 8, 8);
    memcpy(p, v, sizeof v);
}

// 2^m groups of g units; groups from `count` on are zero. g is 1 (then m >= 8) or a multiple of 256.
TARGET static void convert(uint32_t *f, int m, size_t g, size_t count) {
    if (m < 2) return;
    if (g == 1 && m == 8) {
        convert_block(f);
        return;
    }
    const int t = split_of(m);
    for (int q = m; q > t; q--) {
        const size_t half = (size_t)1 << (q - 1), e = g << (q - 1 - t);
        for (size_t at = 0; at + half < count; at += 2 * half) {
            uint32_t *const p = f + at * g, *const upper = p + half * g;
            add_units(upper, upper + half * g - e, e);
            add_units(p + e, upper, half * g - e);
        }
    }
    convert(f, m - t, g << t, ((count - 1) >> t) + 1);
    for (size_t at = 0; at < count && t > 1; at += (size_t)1 << t)
        convert(f + at * g, t, g, count - at < (size_t)1 << t ? count - at : (size_t)1 << t);
}

TARGET static void unconvert(uint32_t *f, int m, size_t g, size_t count) {
    if (m < 2) return;
    if (g == 1 && m == 8) {
        unconvert_block(f);
        return;
    }
    const int t = split_of(m);
    for (size_t at = 0; at < count && t > 1; at += (size_t)1 << t)
        unconvert(f + at * g, t, g, count - at < (size_t)1 << t ? count - at : (size_t)1 << t);
    unconvert(f, m - t, g << t, ((count - 1) >> t) + 1);
    for (int q = t + 1; q <= m; q++) {
        const size_t half = (size_t)1 << (q - 1), e = g << (q - 1 - t);
        for (size_t at = 0; at + half < count; at += 2 * half) {
            uint32_t *const p = f + at * g, *const upper = p + half * g;
            add_units(p + e, upper, half * g - e);
            add_units(upper, upper + half * g - e, e);
        }
    }
}
