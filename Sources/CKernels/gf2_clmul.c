#include "gf2.h"

// One carry-less product of 64-bit words an instruction: PCLMULQDQ, or PMULL of aarch64.
#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET __attribute__((target("pclmul,avx2")))
typedef __m128i words;
TARGET static inline words load(const uint64_t *p) { return _mm_loadu_si128((const words *)p); }
TARGET static inline void store(uint64_t *p, words v) { _mm_storeu_si128((words *)p, v); }
TARGET static inline words one(uint64_t w) { return _mm_cvtsi64_si128((long long)w); }
TARGET static inline uint64_t word(words v) { return (uint64_t)_mm_cvtsi128_si64(v); }
TARGET static inline words clmul(words a, words b) { return _mm_clmulepi64_si128(a, b, 0x00); }
TARGET static inline words clmul_high(words a, words b) { return _mm_clmulepi64_si128(a, b, 0x11); }
TARGET static inline words clmul_crossed(words a, words b) {
    return _mm_clmulepi64_si128(a, b, 0x01) ^ _mm_clmulepi64_si128(a, b, 0x10);
}
TARGET static inline words word_up(words v) { return _mm_slli_si128(v, 8); }
TARGET static inline words word_down(words v) { return _mm_srli_si128(v, 8); }
#elif defined(__aarch64__)
#include <arm_neon.h>
#define TARGET __attribute__((target("aes")))
typedef uint64x2_t words;
TARGET static inline words load(const uint64_t *p) { return vld1q_u64(p); }
TARGET static inline void store(uint64_t *p, words v) { vst1q_u64(p, v); }
TARGET static inline words one(uint64_t w) { return vsetq_lane_u64(w, vdupq_n_u64(0), 0); }
TARGET static inline uint64_t word(words v) { return vgetq_lane_u64(v, 0); }
TARGET static inline words clmul(words a, words b) {
    return vreinterpretq_u64_p128(vmull_p64((poly64_t)vgetq_lane_u64(a, 0), (poly64_t)vgetq_lane_u64(b, 0)));
}
TARGET static inline words clmul_high(words a, words b) {
    return vreinterpretq_u64_p128(vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(b)));
}
TARGET static inline words clmul_crossed(words a, words b) {
    const words c = vextq_u64(b, b, 1);
    return clmul(a, c) ^ clmul_high(a, c);
}
TARGET static inline words word_up(words v) { return vextq_u64(vdupq_n_u64(0), v, 1); }
TARGET static inline words word_down(words v) { return vextq_u64(v, vdupq_n_u64(0), 1); }
#endif

#if defined(__x86_64__) || defined(__aarch64__)
// Two words by two at a time: four products for one access to out.
TARGET void bell_gf2_clmul_base(uint64_t *restrict out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    memset(out, 0, (na + nb) * 8);
    size_t j = 0;
    for (; j + 2 <= nb; j += 2) {
        const words w = load(b + j);
        uint64_t *const row = out + j;
        words carry = one(0);
        size_t i = 0;
        for (; i + 2 <= na; i += 2) {
            const words v = load(a + i), crossed = clmul_crossed(v, w);
            store(row + i, load(row + i) ^ carry ^ clmul(v, w) ^ word_up(crossed));
            carry = clmul_high(v, w) ^ word_down(crossed);
        }
        if (i < na) {
            const words v = one(a[i]), crossed = clmul_crossed(v, w);
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
    words v[8], sum = one(0);
    for (uint64_t i = 0; i < 8; i++) v[i] = one(0x9e3779b97f4a7c15 * (i + 1)) ^ word_up(one(i));
    for (size_t k = 0; k < n; k++)
        for (int i = 0; i < 8; i++) v[i] = clmul_high(v[i], v[i]);
    for (int i = 0; i < 8; i++) sum = sum ^ v[i];
    return word(sum) | 1;
}

#if defined(__x86_64__)
// Four elements: products by two, everything else by four.
enum { LOG_LANES = 2 };
typedef __m256i vector;
typedef struct { words low, high; } factor;
TARGET static inline vector everywhere(uint64_t w) { return _mm256_set1_epi64x((long long)w); }
TARGET static inline factor prepared(vector v) {
    return (factor){_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)};
}
TARGET static inline vector both(words low, words high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}
TARGET static inline vector lows(vector a, vector b) { return _mm256_unpacklo_epi64(a, b); }
TARGET static inline vector highs(vector a, vector b) { return _mm256_unpackhi_epi64(a, b); }
#define UP(v, n) _mm256_slli_epi64(v, n)
#define DOWN(v, n) _mm256_srli_epi64(v, n)
#define PRODUCTS(f, a) \
    const words a0 = _mm256_castsi256_si128(a), a1 = _mm256_extracti128_si256(a, 1); \
    const vector p = both(clmul(a0, f.low), clmul(a1, f.high)), q = both(clmul_high(a0, f.low), clmul_high(a1, f.high))
TARGET static inline void transpose(vector *v) {
    const vector a = lows(v[0], v[1]), b = highs(v[0], v[1]), c = lows(v[2], v[3]), d = highs(v[2], v[3]);
    v[0] = _mm256_permute2x128_si256(a, c, 0x20);
    v[1] = _mm256_permute2x128_si256(b, d, 0x20);
    v[2] = _mm256_permute2x128_si256(a, c, 0x31);
    v[3] = _mm256_permute2x128_si256(b, d, 0x31);
}
// Of each byte below 16.
TARGET static inline vector looked_up(vector v) {
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load((const uint64_t *)bell_gf2_shifted_out)), v);
}
TARGET static inline uint64_t lowest(vector v) { return word(_mm256_castsi256_si128(v)); }
#else
enum { LOG_LANES = 1 };
typedef words vector;
typedef vector factor;
TARGET static inline vector everywhere(uint64_t w) { return vdupq_n_u64(w); }
TARGET static inline factor prepared(vector v) { return v; }
TARGET static inline vector lows(vector a, vector b) { return vzip1q_u64(a, b); }
TARGET static inline vector highs(vector a, vector b) { return vzip2q_u64(a, b); }
#define UP(v, n) vshlq_n_u64(v, n)
#define DOWN(v, n) vshrq_n_u64(v, n)
#define PRODUCTS(f, a) const vector p = clmul(a, f), q = clmul_high(a, f)
TARGET static inline void transpose(vector *v) {
    const vector low = lows(v[0], v[1]);
    v[1] = highs(v[0], v[1]);
    v[0] = low;
}
TARGET static inline vector looked_up(vector v) {
    return vreinterpretq_u64_u8(vqtbl1q_u8(vld1q_u8(bell_gf2_shifted_out), vreinterpretq_u8_u64(v)));
}
TARGET static inline uint64_t lowest(vector v) { return word(v); }
#endif

// h x^64 is h (x^4 + x^3 + x + 1); what that shifts out, times the same, depends on the four highest bits of h.
TARGET static inline vector times(vector a, factor f) {
    PRODUCTS(f, a);
    const vector h = highs(p, q), y = h ^ UP(h, 1);
    return lows(p, q) ^ y ^ UP(y, 3) ^ looked_up(DOWN(h, 60));
}
TARGET static uint64_t field(uint64_t a, uint64_t b) { return lowest(times(everywhere(a), prepared(everywhere(b)))); }

#include "gf2_transform.h"

const struct bell_gf2_kernels bell_gf2_clmul = {
    .base = bell_gf2_clmul_base, .field = field, TRANSFORM_KERNELS, .karatsuba = 24, .transform = 240};
#endif
