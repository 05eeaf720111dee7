#include "gf2.h"

// One carry-less product of 64-bit words an instruction: PCLMULQDQ, or PMULL of aarch64.
#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET __attribute__((target("pclmul,avx2")))
typedef __m128i vector;
TARGET static inline vector load(const uint64_t *p) { return _mm_loadu_si128((const vector *)p); }
TARGET static inline void store(uint64_t *p, vector v) { _mm_storeu_si128((vector *)p, v); }
TARGET static inline vector one(uint64_t w) { return _mm_cvtsi64_si128((long long)w); }
TARGET static inline vector everywhere(uint64_t w) { return _mm_set1_epi64x((long long)w); }
TARGET static inline vector clmul(vector a, vector b) { return _mm_clmulepi64_si128(a, b, 0x00); }
TARGET static inline vector clmul_high(vector a, vector b) { return _mm_clmulepi64_si128(a, b, 0x11); }
TARGET static inline vector lows(vector a, vector b) { return _mm_unpacklo_epi64(a, b); }
TARGET static inline vector highs(vector a, vector b) { return _mm_unpackhi_epi64(a, b); }
#define UP(v, n) _mm_slli_epi64(v, n)
#define DOWN(v, n) _mm_srli_epi64(v, n)
#elif defined(__aarch64__)
#include <arm_neon.h>
#define TARGET __attribute__((target("aes")))
typedef uint64x2_t vector;
TARGET static inline vector load(const uint64_t *p) { return vld1q_u64(p); }
TARGET static inline void store(uint64_t *p, vector v) { vst1q_u64(p, v); }
TARGET static inline vector one(uint64_t w) { return vsetq_lane_u64(w, vdupq_n_u64(0), 0); }
TARGET static inline vector everywhere(uint64_t w) { return vdupq_n_u64(w); }
TARGET static inline vector clmul(vector a, vector b) {
    return vreinterpretq_u64_p128(vmull_p64((poly64_t)vgetq_lane_u64(a, 0), (poly64_t)vgetq_lane_u64(b, 0)));
}
TARGET static inline vector clmul_high(vector a, vector b) {
    return vreinterpretq_u64_p128(vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(b)));
}
TARGET static inline vector lows(vector a, vector b) { return vzip1q_u64(a, b); }
TARGET static inline vector highs(vector a, vector b) { return vzip2q_u64(a, b); }
#define UP(v, n) vshlq_n_u64(v, n)
#define DOWN(v, n) vshrq_n_u64(v, n)
#endif

#if defined(__x86_64__) || defined(__aarch64__)
TARGET static void base(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    memset(out, 0, (na + nb) * 8);
    for (size_t j = 0; j < nb; j++) {
        const vector w = one(b[j]);
        for (size_t i = 0; i < na; i++) store(out + i + j, load(out + i + j) ^ clmul(one(a[i]), w));
    }
}

enum { LOG_LANES = 1 };
typedef vector factor;
TARGET static inline factor prepared(vector v) { return v; }
// h x^64 is h (x^4 + x^3 + x + 1); of what that shifts out, the same.
TARGET static inline vector times(vector a, factor f) {
    const vector p = clmul(a, f), q = clmul_high(a, f);
    vector h = highs(p, q);
    h = h ^ DOWN(h, 60) ^ DOWN(h, 61) ^ DOWN(h, 63);
    const vector y = h ^ UP(h, 1);
    return lows(p, q) ^ y ^ UP(y, 3);
}
TARGET static inline void transpose(vector *v) {
    const vector low = lows(v[0], v[1]);
    v[1] = highs(v[0], v[1]);
    v[0] = low;
}
TARGET static uint64_t field(uint64_t a, uint64_t b) {
    uint64_t r[2];
    store(r, times(one(a), one(b)));
    return r[0];
}

#include "gf2_transform.h"

const struct bell_gf2_kernels bell_gf2_clmul = {
    .base = base, .field = field, TRANSFORM_KERNELS, .karatsuba = 16, .transform = 256};
#endif
