#pragma once
#include "bell_kernels.h"
#include <stdlib.h>
#include <string.h>

// What the files gf2*.c share. docs/gf2-product.md explains it.

/// A way to multiply: kernels and where each begins to pay.
struct bell_gf2_kernels {
    /// out = a b, quadratic; out has na + nb words; na, nb >= 1.
    void (*base)(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb);
    /// out = a b in GF(2^128).
    void (*field)(uint64_t out[2], const uint64_t a[2], const uint64_t b[2]);
    /// Operands of at least this many words are halved (Karatsuba).
    size_t karatsuba;
    /// From this many words of the shorter operand on, products go by the transform.
    size_t transform;
};

/// The basis of bell_gf2_basis.
extern const uint64_t bell_gf2_cantor[32][2];

extern const struct bell_gf2_kernels bell_gf2_portable;
#if defined(__x86_64__) || defined(__aarch64__)
extern const struct bell_gf2_kernels bell_gf2_clmul;
#endif
