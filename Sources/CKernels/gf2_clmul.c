#include "gf2.h"

// One carry-less product of 64-bit words an instruction: PCLMULQDQ, or PMULL of aarch64.
#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET __attribute__((target("pclmul,avx2")))
typedef __m128i vector;
TARGET static inline vector load(const uint64_t *p) { return _mm_loadu_si128((const vector *)p); }
TARGET static inline void store(uint64_t *p, vector v) { _mm_storeu_si128((vector *)p, v); }
TARGET static inline vector one(uint64_t w) { return _mm_cvtsi64_si128((long long)w); }
TARGET static inline uint64_t word(vector v) { return (uint64_t)_mm_cvtsi128_si64(v); }
TARGET static inline vector everywhere(uint64_t w) { return _mm_set1_epi64x((long long)w); }
TARGET static inline vector clmul(vector a, vector b) { return _mm_clmulepi64_si128(a, b, 0x00); }
TARGET static inline vector clmul_high(vector a, vector b) { return _mm_clmulepi64_si128(a, b, 0x11); }
TARGET static inline vector clmul_crossed(vector a, vector b) {
    return _mm_clmulepi64_si128(a, b, 0x01) ^ _mm_clmulepi64_si128(a, b, 0x10);
}
TARGET static inline vector word_up(vector v) { return _mm_slli_si128(v, 8); }
TARGET static inline vector word_down(vector v) { return _mm_srli_si128(v, 8); }
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
TARGET static inline uint64_t word(vector v) { return vgetq_lane_u64(v, 0); }
TARGET static inline vector everywhere(uint64_t w) { return vdupq_n_u64(w); }
TARGET static inline vector clmul(vector a, vector b) {
    return vreinterpretq_u64_p128(vmull_p64((poly64_t)vgetq_lane_u64(a, 0), (poly64_t)vgetq_lane_u64(b, 0)));
}
TARGET static inline vector clmul_high(vector a, vector b) {
    return vreinterpretq_u64_p128(vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(b)));
}
TARGET static inline vector clmul_crossed(vector a, vector b) {
    const vector c = vextq_u64(b, b, 1);
    return clmul(a, c) ^ clmul_high(a, c);
}
TARGET static inline vector word_up(vector v) { return vextq_u64(vdupq_n_u64(0), v, 1); }
TARGET static inline vector word_down(vector v) { return vextq_u64(v, vdupq_n_u64(0), 1); }
TARGET static inline vector lows(vector a, vector b) { return vzip1q_u64(a, b); }
TARGET static inline vector highs(vector a, vector b) { return vzip2q_u64(a, b); }
#define UP(v, n) vshlq_n_u64(v, n)
#define DOWN(v, n) vshrq_n_u64(v, n)
#endif

#if defined(__x86_64__) || defined(__aarch64__)
// Two words by two at a time: four products for one access to out.
TARGET void bell_gf2_clmul_base(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    memset(out, 0, (na + nb) * 8);
    size_t j = 0;
    for (; j + 2 <= nb; j += 2) {
        const vector w = load(b + j);
        uint64_t *const row = out + j;
        vector carry = everywhere(0);
        size_t i = 0;
        for (; i + 2 <= na; i += 2) {
            const vector v = load(a + i), crossed = clmul_crossed(v, w);
            store(row + i, load(row + i) ^ carry ^ clmul(v, w) ^ word_up(crossed));
            carry = clmul_high(v, w) ^ word_down(crossed);
        }
        if (i < na) {
            const vector v = one(a[i]), crossed = clmul_crossed(v, w);
            store(row + i, load(row + i) ^ carry ^ clmul(v, w) ^ word_up(crossed));
            row[i + 2] ^= word(word_down(crossed));
        } else {
            store(row + i, load(row + i) ^ carry);
        }
    }
    if (j < nb)
        for (size_t i = 0; i < na; i++) store(out + i + j, load(out + i + j) ^ clmul(one(a[i]), one(b[j])));
}

TARGET uint64_t bell_gf2_chains(size_t n) {
    vector v[8], sum = everywhere(0);
    for (uint64_t i = 0; i < 8; i++) v[i] = everywhere(0x9e3779b97f4a7c15 * (i + 1));
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 8; i++) v[i] = clmul_high(v[i], v[i]);
    for (int i = 0; i < 8; i++) sum = sum ^ v[i];
    return word(sum) | 1;
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
TARGET static uint64_t field(uint64_t a, uint64_t b) { return word(times(one(a), one(b))); }

#include "gf2_transform.h"

const struct bell_gf2_kernels bell_gf2_clmul = {
    .base = bell_gf2_clmul_base, .field = field, TRANSFORM_KERNELS, .karatsuba = 24, .transform = 512};
#endif
