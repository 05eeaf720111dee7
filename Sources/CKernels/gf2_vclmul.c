#include "gf2.h"

// Four carry-less products of 64-bit words an instruction: VPCLMULQDQ on vectors of 512 bits.
#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET __attribute__((target("pclmul,avx2,avx512f,avx512dq,avx512bw,avx512vl,vpclmulqdq")))
enum { LOG_LANES = 3 };
typedef __m512i vector;
typedef vector factor;
TARGET static inline vector everywhere(uint64_t w) { return _mm512_set1_epi64((long long)w); }
TARGET static inline factor prepared(vector v) { return v; }
// h x^64 is h (x^4 + x^3 + x + 1).
TARGET static inline vector times(vector a, factor f) {
    const vector p = _mm512_clmulepi64_epi128(a, f, 0x00), q = _mm512_clmulepi64_epi128(a, f, 0x11);
    const vector h = _mm512_unpackhi_epi64(p, q), y = h ^ _mm512_slli_epi64(h, 1);
    const vector table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)bell_gf2_shifted_out));
    return _mm512_unpacklo_epi64(p, q) ^ y ^ _mm512_slli_epi64(y, 3) ^
        _mm512_shuffle_epi8(table, _mm512_srli_epi64(h, 60));
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
    .base = bell_gf2_clmul_base, .field = field, TRANSFORM_KERNELS, .karatsuba = 24, .transform = 48};
#endif
