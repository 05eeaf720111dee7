#pragma once
#include "bell_kernels.h"
#include <stdlib.h>
#include <string.h>

// What the files gf2*.c share. docs/gf2-product.md explains it.

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as halves and bytes in place");

enum {
    BELL_GF2_BASIS = 32,
    /// Bits of an index that a lower table of roots resolves.
    BELL_GF2_LOW = 8,
    /// Smallest transform, as a power of two: basis conversion works on blocks of 2^8 half words.
    BELL_GF2_LEAST = 8,
};

/// The basis of bell_gf2_basis.
extern const uint64_t bell_gf2_cantor[BELL_GF2_BASIS];

/// By the four highest bits of h: what h (x^4 + x^3 + x + 1) shifts out, modulo the field's polynomial.
extern const uint8_t bell_gf2_shifted_out[16];

/// Factors of the butterflies. With j = sum of j_b 2^b, the sum of j_b v_(b+1+s) is low[s][j mod 2^8] ^ high[s][j / 2^8].
struct bell_gf2_roots {
    uint64_t low[3][1 << BELL_GF2_LOW];
    const uint64_t *high[3];
};

/// A way to multiply: kernels, and where each begins to pay. Transforms are of 2^m points, m >= BELL_GF2_LEAST; the
/// first `points` of them are used, a multiple of `grain`.
struct bell_gf2_kernels {
    /// out = a b, quadratic; out has na + nb words; na, nb >= 1.
    void (*base)(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb);
    /// a b in GF(2^64).
    uint64_t (*field)(uint64_t a, uint64_t b);
    /// f[i] = value at point i of the polynomial whose coefficients are the half words of a.
    void (*forward)(
        uint64_t *f, const uint64_t *a, size_t na, int m, size_t points, const struct bell_gf2_roots *roots);
    /// f[i] *= g[i].
    void (*pointwise)(uint64_t *f, const uint64_t *g, size_t points);
    /// sum[i] += f[i] g[i].
    void (*pointwise_add)(uint64_t *sum, const uint64_t *f, const uint64_t *g, size_t points);
    /// The inverse: `words` words of the polynomial with coefficients of 64 bits whose values f holds, added where they
    /// overlap. Destroys f and scratch, of 2^m words each.
    void (*inverse)(
        uint64_t *out, size_t words, uint64_t *f, uint64_t *scratch, int m, size_t points,
        const struct bell_gf2_roots *roots);
    size_t grain;
    /// Operands of at least this many words are halved (Karatsuba).
    size_t karatsuba;
    /// From this many words of the shorter operand on, products go by the transform.
    size_t transform;
};

extern const struct bell_gf2_kernels bell_gf2_portable;
#if defined(__x86_64__) || defined(__aarch64__)
extern const struct bell_gf2_kernels bell_gf2_clmul;
void bell_gf2_clmul_base(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb);
uint64_t bell_gf2_chains(size_t n);
#endif
#if defined(__x86_64__)
extern const struct bell_gf2_kernels bell_gf2_vclmul;
#endif

/// The product by transforms, na >= nb >= 1. Returns -1 when memory is short.
int bell_gf2_fast_multiply(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb);

/// Words [first, first + count) of a b, count >= 1. Returns -1 when memory is short.
int bell_gf2_fast_range(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb,
    size_t first, size_t count);
