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

static inline pair times(const pair table[16], uint64_t b) {
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
            const pair p = times(table, a[i]);
            out[i + j] ^= p.low;
            out[i + j + 1] ^= p.high;
        }
    }
}

// Of a product of two words at x^64 and above, h x^128 is h (x^7 + x^2 + x + 1).
static void field(uint64_t out[2], const uint64_t a[2], const uint64_t b[2]) {
    uint64_t p[4];
    base(p, a, 2, b, 2);
    for (int i = 3; i >= 2; i--) {
        p[i - 2] ^= p[i] ^ p[i] << 1 ^ p[i] << 2 ^ p[i] << 7;
        p[i - 1] ^= p[i] >> 63 ^ p[i] >> 62 ^ p[i] >> 57;
    }
    memcpy(out, p, 16);
}

const struct bell_gf2_kernels bell_gf2_portable = {.base = base, .field = field, .karatsuba = 4, .transform = SIZE_MAX};
