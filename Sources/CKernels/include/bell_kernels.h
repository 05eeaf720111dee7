#pragma once
#include <stddef.h>
#include <stdint.h>

/// Continues a CRC32C (Castagnoli polynomial, reflected 0x82F63B78; RFC 3720, B.4) over n bytes at p.
/// Begin with crc 0; inversion before and after is done inside, so results chain. Uses SSE4.2 where the CPU has it.
uint32_t bell_crc32c(uint32_t crc, const void *p, size_t n);

/// The same value without special instructions: eight table look-ups for eight bytes.
uint32_t bell_crc32c_portable(uint32_t crc, const void *p, size_t n);

/// 1 when bell_crc32c uses an instruction of this CPU, else 0.
int bell_crc32c_is_hardware(void);

/// Hashes four messages of `length` bytes each to 32 bytes with BLAKE2b (RFC 7693, without a key), side by side; `out` takes
/// the four hashes one after the other. Returns 0, and writes nothing, where the CPU has no AVX2.
int bell_blake2b_four(const uint8_t *const in[4], size_t length, uint8_t *out);

/// out = m · in, with m 9×9 and in, out 9×columns, all row-major; out overlaps neither.
void bell_level_apply(double *restrict out, const double *restrict m, const double *restrict in, size_t columns);

/// out = exp((base + re[n-1] x + im[n-1] y) time[n-1]) ··· exp((base + re[0] x + im[0] y) time[0]), the identity for
/// count 0: a three-level system under a piecewise constant drive. Matrices are 9×9, row-major; each factor is
/// exact to 1e-11 of its size times the halvings that its norm needs.
void bell_level_propagator(
    double *restrict out, const double *base, const double *x, const double *y, const double *re, const double *im,
    const double *time, size_t count);
