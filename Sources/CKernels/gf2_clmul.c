#include "gf2.h"

// One carry-less product of 64-bit words an instruction: PCLMULQDQ, or PMULL of aarch64.
#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET __attribute__((target("pclmul,sse4.1")))
typedef __m128i vector;
TARGET static inline vector load(const uint64_t *p) { return _mm_loadu_si128((const vector *)p); }
TARGET static inline void store(uint64_t *p, vector v) { _mm_storeu_si128((vector *)p, v); }
TARGET static inline vector one(uint64_t w) { return _mm_cvtsi64_si128((long long)w); }
TARGET static inline vector clmul(vector a, vector b) { return _mm_clmulepi64_si128(a, b, 0x00); }
#elif defined(__aarch64__)
#include <arm_neon.h>
#define TARGET __attribute__((target("aes")))
typedef uint64x2_t vector;
TARGET static inline vector load(const uint64_t *p) { return vld1q_u64(p); }
TARGET static inline void store(uint64_t *p, vector v) { vst1q_u64(p, v); }
TARGET static inline vector one(uint64_t w) { return vsetq_lane_u64(w, vdupq_n_u64(0), 0); }
TARGET static inline vector clmul(vector a, vector b) {
    return vreinterpretq_u64_p128(vmull_p64((poly64_t)vgetq_lane_u64(a, 0), (poly64_t)vgetq_lane_u64(b, 0)));
}
#endif

#if defined(__x86_64__) || defined(__aarch64__)
TARGET static void base(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    memset(out, 0, (na + nb) * 8);
    for (size_t j = 0; j < nb; j++) {
        const vector w = one(b[j]);
        for (size_t i = 0; i < na; i++) store(out + i + j, load(out + i + j) ^ clmul(one(a[i]), w));
    }
}

TARGET static void field(uint64_t out[2], const uint64_t a[2], const uint64_t b[2]) {
    uint64_t p[4];
    base(p, a, 2, b, 2);
    // h x^128 is h (x^7 + x^2 + x + 1).
    for (int i = 3; i >= 2; i--) {
        uint64_t r[2];
        store(r, clmul(one(p[i]), one(0x87)));
        p[i - 2] ^= r[0];
        p[i - 1] ^= r[1];
    }
    memcpy(out, p, 16);
}

const struct bell_gf2_kernels bell_gf2_clmul = {.base = base, .field = field, .karatsuba = 16, .transform = SIZE_MAX};
#endif
