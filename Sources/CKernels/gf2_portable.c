#include "gf2.h"

// Plain C: a product of two words by a table of the multiples of one by the 16 polynomials of degree < 4.

typedef struct { uint64_t low, high; } pair;

static inline void multiples(pair table[16], uint64_t a) {
    table[0] = (pair){0, 0};
    table[1] = (pair){a, 0};
    for (int i = 2; i < 16; i += 2) {
        table[i] = (pair){table[i / 2].low << 1, table[i / 2].high << 1 | table[i / 2].low >> 63};
        table[i + 1] = (pair){table[i].low ^ a, table[i].high};
    }
}

static inline pair times_word(const pair table[16], uint64_t b) {
    pair r = table[b >> 60];
    for (int shift = 56; shift >= 0; shift -= 4) {
        const pair t = table[b >> shift & 15];
        r = (pair){(r.low << 4) ^ t.low, (r.high << 4 | r.low >> 60) ^ t.high};
    }
    return r;
}

static void base(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    memset(out, 0, (na + nb) * 8);
    for (size_t j = 0; j < nb; j++) {
        pair table[16];
        multiples(table, b[j]);
        for (size_t i = 0; i < na; i++) {
            const pair p = times_word(table, a[i]);
            out[i + j] ^= p.low;
            out[i + j + 1] ^= p.high;
        }
    }
}

#define TARGET
enum { LOG_LANES = 0 };
typedef uint64_t vector;
typedef struct { pair table[16]; } factor;
static inline vector everywhere(uint64_t w) { return w; }
static inline factor prepared(vector w) {
    factor f;
    multiples(f.table, w);
    return f;
}
// h x^64 is h (x^4 + x^3 + x + 1).
static inline vector times(vector a, factor f) {
    const pair p = times_word(f.table, a);
    const uint64_t y = p.high ^ p.high << 1;
    return p.low ^ y ^ y << 3 ^ bell_gf2_shifted_out[p.high >> 60];
}
static inline void transpose(vector *v) { (void)v; }
static uint64_t field(uint64_t a, uint64_t b) { return times(a, prepared(b)); }

#include "gf2_transform.h"

const struct bell_gf2_kernels bell_gf2_portable = {
    .base = base, .field = field, TRANSFORM_KERNELS, .karatsuba = 8, .transform = 640};
