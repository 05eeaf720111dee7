#include "gf2.h"

// Four carry-less products of 64-bit words an instruction: VPCLMULQDQ on vectors of 512 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET __attribute__((target("pclmul,avx2,avx512f,avx512dq,avx512bw,avx512vl,vpclmulqdq,gfni")))
enum { LOG_LANES = 3 };
// Matrices for GF2P8AFFINEQB: byte 7 - i is which bits of the input make bit i. Bit b goes to b, b + 1, b + 3 and b + 4:
// LOWER those below 8, UPPER the others less 8; BACK without the first of them.
#define LOWER 0x0103060d1b366cd8
#define UPPER 0xb060c08000000000
#define BACK 0x000102050b060c08
typedef __m512i vector;
typedef vector factor;
TARGET static inline vector everywhere(uint64_t w) { return _mm512_set1_epi64((long long)w); }
TARGET static inline factor prepared(vector v) { return v; }
// h x^64 is h (x^4 + x^3 + x + 1). Of each byte of h, GFNI gives the lower eight bits of that in one instruction, and in
// another the upper four, which go to the next byte; those of the highest byte come back times x^4 + x^3 + x + 1, of which
// the rotation has brought the 1.
TARGET static inline vector times(vector a, factor f) {
    const vector p = _mm512_clmulepi64_epi128(a, f, 0x00), q = _mm512_clmulepi64_epi128(a, f, 0x11);
    const vector h = _mm512_unpackhi_epi64(p, q);
    const vector own = _mm512_gf2p8affine_epi64_epi8(h, everywhere(LOWER), 0);
    const vector next = _mm512_rol_epi64(_mm512_gf2p8affine_epi64_epi8(h, everywhere(UPPER), 0), 8);
    const vector back = _mm512_maskz_gf2p8affine_epi64_epi8(0x0101010101010101, next, everywhere(BACK), 0);
    return _mm512_unpacklo_epi64(p, q) ^ own ^ next ^ back;
}
// 8×8: neighbours, then pairs, then halves are exchanged.
TARGET static inline void transpose(vector *v) {
    vector a[8], b[8];
#pragma unroll
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm512_unpacklo_epi64(v[i], v[i + 1]);
        a[i + 1] = _mm512_unpackhi_epi64(v[i], v[i + 1]);
    }
    const vector even = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), odd = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
#pragma unroll
    for (int i = 0; i < 8; i += 4)
#pragma unroll
        for (int k = 0; k < 2; k++) {
            b[i + k] = _mm512_permutex2var_epi64(a[i + k], even, a[i + k + 2]);
            b[i + k + 2] = _mm512_permutex2var_epi64(a[i + k], odd, a[i + k + 2]);
        }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        v[i] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0x44);
        v[i + 4] = _mm512_shuffle_i64x2(b[i], b[i + 4], 0xee);
    }
}
TARGET static uint64_t field(uint64_t a, uint64_t b) {
    return (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(times(everywhere(a), everywhere(b))));
}

#include "gf2_transform.h"

const struct bell_gf2_kernels bell_gf2_vclmul = {
    .base = bell_gf2_clmul_base, .field = field, TRANSFORM_KERNELS, .karatsuba = 24, .transform = 72};
#endif
