// Additive transforms over GF(2^64) in butterflies of Lin, Chung and Han; docs/gf2-product.md.
// Included by each way to multiply, which defines TARGET, a `vector` of LANES = 2^LOG_LANES elements, a `factor` that
// vectors are multiplied with, prepared(vector), everywhere(uint64_t), times(vector, factor) and transpose(vector *).
//
// Block j of 2^m points holds those x whose upper coordinates in the basis v are the bits of j. There a polynomial
// low + s_(m-1) high has, with r = s_(m-1)(point 0 of the block) = sum of j_b v_(b+1), the remainder low + r high on the
// first half of the points and low + (r + 1) high on the second.
#include "gf2_convert.h"

enum { LANES = 1 << LOG_LANES, LOG_LEAF = 2 * LOG_LANES };

TARGET static inline uint64_t root(const struct bell_gf2_roots *roots, size_t j) {
    return roots->low[0][j % (1 << BELL_GF2_LOW)] ^ roots->high[0][j >> BELL_GF2_LOW];
}

TARGET static inline factor root_everywhere(const struct bell_gf2_roots *roots, size_t j) {
    return prepared(everywhere(root(roots, j)));
}

// Factors of blocks (k 2^s + e), one lane for each k from `first` on.
TARGET static inline factor root_lanes(const struct bell_gf2_roots *roots, int s, size_t first, int e) {
    vector r;
    memcpy(&r, &roots->low[s][first % (1 << BELL_GF2_LOW)], sizeof r);
    return prepared(r ^ everywhere(roots->high[s][first >> BELL_GF2_LOW] ^ roots->low[0][e]));
}

#define FORWARD(a, b, r) do { a ^= times(b, r); b ^= a; } while (0)
#define INVERSE(a, b, r) do { b ^= a; a ^= times(b, r); } while (0)

// LANES^2 points: half of the layers between vectors, the others after a transposition.
TARGET static inline void forward_leaf(vector *f, size_t j, const struct bell_gf2_roots *roots) {
    vector v[LANES];
    memcpy(v, f, sizeof v);
#pragma unroll
    for (int s = 0; s < LOG_LANES; s++)
#pragma unroll
        for (int e = 0; e < 1 << s; e++) {
            const int half = LANES >> (s + 1);
            const factor r = root_everywhere(roots, (j << s) + (size_t)e);
#pragma unroll
            for (int i = 2 * half * e; i < 2 * half * e + half; i++) FORWARD(v[i], v[i + half], r);
        }
    transpose(v);
#pragma unroll
    for (int s = 0; s < LOG_LANES; s++)
#pragma unroll
        for (int e = 0; e < 1 << s; e++) {
            const int half = LANES >> (s + 1);
            const factor r = root_lanes(roots, s, j << LOG_LANES, e);
#pragma unroll
            for (int i = 2 * half * e; i < 2 * half * e + half; i++) FORWARD(v[i], v[i + half], r);
        }
    memcpy(f, v, sizeof v);
}

TARGET static inline void inverse_leaf(vector *f, size_t j, const struct bell_gf2_roots *roots) {
    vector v[LANES];
    memcpy(v, f, sizeof v);
#pragma unroll
    for (int s = LOG_LANES - 1; s >= 0; s--)
#pragma unroll
        for (int e = 0; e < 1 << s; e++) {
            const int half = LANES >> (s + 1);
            const factor r = root_lanes(roots, s, j << LOG_LANES, e);
#pragma unroll
            for (int i = 2 * half * e; i < 2 * half * e + half; i++) INVERSE(v[i], v[i + half], r);
        }
    transpose(v);
#pragma unroll
    for (int s = LOG_LANES - 1; s >= 0; s--)
#pragma unroll
        for (int e = 0; e < 1 << s; e++) {
            const int half = LANES >> (s + 1);
            const factor r = root_everywhere(roots, (j << s) + (size_t)e);
#pragma unroll
            for (int i = 2 * half * e; i < 2 * half * e + half; i++) INVERSE(v[i], v[i + half], r);
        }
    memcpy(f, v, sizeof v);
}

// Values at all 2^m points of block j; two layers in one pass. Recursive, so that each cache is used for what fits it.
TARGET static void forward(vector *f, int m, size_t j, const struct bell_gf2_roots *roots) {
    if (m == LOG_LEAF) {
        forward_leaf(f, j, roots);
        return;
    }
    const size_t half = (size_t)1 << (m - 1 - LOG_LANES), quarter = half / 2;
    const factor r = root_everywhere(roots, j);
    if (m == LOG_LEAF + 1) {
        for (size_t i = 0; i < half; i++) FORWARD(f[i], f[i + half], r);
        for (size_t k = 0; k < 2; k++) forward(f + k * half, m - 1, 2 * j + k, roots);
        return;
    }
    const factor r0 = root_everywhere(roots, 2 * j), r1 = root_everywhere(roots, 2 * j + 1);
    for (size_t i = 0; i < quarter; i++) {
        vector a = f[i], b = f[i + quarter], c = f[i + half], d = f[i + half + quarter];
        FORWARD(a, c, r);
        FORWARD(b, d, r);
        FORWARD(a, b, r0);
        FORWARD(c, d, r1);
        f[i] = a, f[i + quarter] = b, f[i + half] = c, f[i + half + quarter] = d;
    }
    for (size_t k = 0; k < 4; k++) forward(f + k * quarter, m - 2, 4 * j + k, roots);
}

TARGET static void inverse(vector *f, int m, size_t j, const struct bell_gf2_roots *roots) {
    if (m == LOG_LEAF) {
        inverse_leaf(f, j, roots);
        return;
    }
    const size_t half = (size_t)1 << (m - 1 - LOG_LANES), quarter = half / 2;
    const factor r = root_everywhere(roots, j);
    if (m == LOG_LEAF + 1) {
        for (size_t k = 0; k < 2; k++) inverse(f + k * half, m - 1, 2 * j + k, roots);
        for (size_t i = 0; i < half; i++) INVERSE(f[i], f[i + half], r);
        return;
    }
    for (size_t k = 0; k < 4; k++) inverse(f + k * quarter, m - 2, 4 * j + k, roots);
    const factor r0 = root_everywhere(roots, 2 * j), r1 = root_everywhere(roots, 2 * j + 1);
    for (size_t i = 0; i < quarter; i++) {
        vector a = f[i], b = f[i + quarter], c = f[i + half], d = f[i + half + quarter];
        INVERSE(a, b, r0);
        INVERSE(c, d, r1);
        INVERSE(a, c, r);
        INVERSE(b, d, r);
        f[i] = a, f[i + quarter] = b, f[i + half] = c, f[i + half + quarter] = d;
    }
}

// Values at the first `points` of the 2^m points; what f holds beyond is undefined.
TARGET static void forward_cut(vector *f, int m, size_t j, size_t points, const struct bell_gf2_roots *roots) {
    if (points == (size_t)1 << m) {
        forward(f, m, j, roots);
        return;
    }
    const size_t half = (size_t)1 << (m - 1 - LOG_LANES), half_points = half << LOG_LANES;
    const factor r = root_everywhere(roots, j);
    if (points <= half_points) {
        for (size_t i = 0; i < half; i++) f[i] ^= times(f[i + half], r);
        forward_cut(f, m - 1, 2 * j, points, roots);
        return;
    }
    for (size_t i = 0; i < half; i++) FORWARD(f[i], f[i + half], r);
    forward(f, m - 1, 2 * j, roots);
    forward_cut(f + half, m - 1, 2 * j + 1, points - half_points, roots);
}

// From the values at the first `points` points and the coefficients from `points` on: all coefficients.
TARGET static void inverse_cut(vector *f, int m, size_t j, size_t points, const struct bell_gf2_roots *roots) {
    if (points == 0) return;
    if (points == (size_t)1 << m) {
        inverse(f, m, j, roots);
        return;
    }
    const size_t half = (size_t)1 << (m - 1 - LOG_LANES), half_points = half << LOG_LANES;
    const factor r = root_everywhere(roots, j);
    if (points < half_points) {
        // high is known, and low beyond the points; so the first half's remainder is known there, too.
        const size_t known = points >> LOG_LANES;
        for (size_t i = known; i < half; i++) f[i] ^= times(f[i + half], r);
        inverse_cut(f, m - 1, 2 * j, points, roots);
        for (size_t i = 0; i < half; i++) f[i] ^= times(f[i + half], r);
        return;
    }
    // The first half's remainder from its values; with it, what is known of high gives as much of the second's.
    inverse(f, m - 1, 2 * j, roots);
    const size_t known = (points - half_points) >> LOG_LANES;
    for (size_t i = known; i < half; i++) f[i + half] ^= f[i];
    inverse_cut(f + half, m - 1, 2 * j + 1, points - half_points, roots);
    for (size_t i = 0; i < half; i++) INVERSE(f[i], f[i + half], r);
}

TARGET static void forward_words(
    uint64_t *f, const uint64_t *a, size_t na, int m, size_t points, const struct bell_gf2_roots *roots) {
    // The smallest transform that holds a; it is taken at each of its cosets that has points. Half words are converted at
    // the end of the last coset's place: spread to words from there in order, none is overwritten before it is read.
    int k = BELL_GF2_LEAST;
    while ((size_t)1 << k < 2 * na) k++;
    const size_t size = (size_t)1 << k, cosets = ((points - 1) >> k) + 1;
    uint32_t *const packed = (uint32_t *)(f + cosets * size) - size;
    memcpy(packed, a, na * 8);
    memset(packed + 2 * na, 0, (size - 2 * na) * 4);
    convert(packed, k, 1, 2 * na);
    for (size_t j = 0; j < cosets; j++) {
        uint64_t *const at = f + j * size;
        for (size_t i = 0; i < size; i += 16) {
            uint32_t part[16];
            memcpy(part, packed + i, sizeof part);
            for (int l = 0; l < 16; l++) at[i + (size_t)l] = part[l];
        }
        const size_t rest = points - j * size;
        forward_cut((vector *)at, k, j, rest < size ? rest : size, roots);
    }
    (void)m;
}

TARGET static void inverse_words(
    uint64_t *out, size_t words, uint64_t *f, uint64_t *scratch, int m, size_t points,
    const struct bell_gf2_roots *roots) {
    const size_t size = (size_t)1 << m;
    memset(f + points, 0, (size - points) * 8);
    inverse_cut((vector *)f, m, 0, points, roots);
    // Both halves of the coefficients by themselves; the upper one counts for the next unit.
    uint32_t *const low = (uint32_t *)scratch, *const high = low + size;
    for (size_t i = 0; i < size; i++) {
        low[i] = (uint32_t)f[i];
        high[i] = (uint32_t)(f[i] >> 32);
    }
    unconvert(low, m, 1, points);
    unconvert(high, m, 1, points);
    out[0] = low[0] | (uint64_t)(low[1] ^ high[0]) << 32;
    for (size_t i = 1; i < words; i++) {
        uint64_t l, h;
        memcpy(&l, low + 2 * i, 8);
        memcpy(&h, high + 2 * i - 1, 8);
        out[i] = l ^ h;
    }
}

TARGET static void pointwise(uint64_t *f, const uint64_t *g, size_t points) {
    vector *const v = (vector *)f;
    const vector *const w = (const vector *)g;
    for (size_t i = 0; i < points >> LOG_LANES; i++) v[i] = times(v[i], prepared(w[i]));
}

TARGET static void pointwise_add(uint64_t *sum, const uint64_t *f, const uint64_t *g, size_t points) {
    vector *const s = (vector *)sum;
    const vector *const v = (const vector *)f, *const w = (const vector *)g;
    for (size_t i = 0; i < points >> LOG_LANES; i++) s[i] ^= times(v[i], prepared(w[i]));
}

#define TRANSFORM_KERNELS .forward = forward_words, .pointwise = pointwise, .pointwise_add = pointwise_add, \
    .inverse = inverse_words, .grain = 1 << LOG_LEAF
