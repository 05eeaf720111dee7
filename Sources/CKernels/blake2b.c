#include "bell_kernels.h"
#include <string.h>

// BLAKE2b (RFC 7693) of four messages, one in each 64-bit lane: one message keeps a core's vector units half idle, as each
// step waits for the one before. libsodium hashes one at a time; it is what these results are compared with.
#if defined(__x86_64__)
#include <immintrin.h>

static const uint64_t iv[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
static const uint8_t sigma[12][16] = {
    {0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15}, {14,10,4,8,9,15,13,6,1,12,0,2,11,7,5,3},
    {11,8,12,0,5,2,15,13,10,14,3,6,7,1,9,4}, {7,9,3,1,13,12,11,14,2,6,5,10,4,0,15,8},
    {9,0,5,7,2,4,10,15,14,1,11,12,6,8,3,13}, {2,12,6,10,0,11,8,3,4,13,7,5,15,14,1,9},
    {12,5,1,15,14,13,4,10,0,7,6,3,9,2,8,11}, {13,11,7,14,12,1,3,9,5,0,15,4,8,6,2,10},
    {6,15,14,9,11,3,0,8,12,2,13,7,1,4,10,5}, {10,2,8,4,7,6,1,5,15,11,9,14,3,12,13,0},
    {0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15}, {14,10,4,8,9,15,13,6,1,12,0,2,11,7,5,3}};
#define WIDE __attribute__((target("avx2")))
typedef __m256i V;
WIDE static inline V r32(V x) { return _mm256_shuffle_epi32(x, 0xb1); }
WIDE static inline V r24(V x) { return _mm256_shuffle_epi8(x, _mm256_setr_epi8(3,4,5,6,7,0,1,2,11,12,13,14,15,8,9,10,3,4,5,6,7,0,1,2,11,12,13,14,15,8,9,10)); }
WIDE static inline V r16(V x) { return _mm256_shuffle_epi8(x, _mm256_setr_epi8(2,3,4,5,6,7,0,1,10,11,12,13,14,15,8,9,2,3,4,5,6,7,0,1,10,11,12,13,14,15,8,9)); }
WIDE static inline V r63(V x) { return _mm256_or_si256(_mm256_srli_epi64(x, 63), _mm256_add_epi64(x, x)); }
#define G(a, b, c, d, x, y) do { \
    a = _mm256_add_epi64(a, _mm256_add_epi64(b, x)); d = r32(_mm256_xor_si256(d, a)); \
    c = _mm256_add_epi64(c, d); b = r24(_mm256_xor_si256(b, c)); \
    a = _mm256_add_epi64(a, _mm256_add_epi64(b, y)); d = r16(_mm256_xor_si256(d, a)); \
    c = _mm256_add_epi64(c, d); b = r63(_mm256_xor_si256(b, c)); } while (0)
WIDE static void block(V h[8], const uint8_t *const in[4], size_t at, uint64_t total, int last) {
    V m[16], v[16];
    for (int k = 0; k < 4; k++) {  // Word k of all four messages into one vector.
        V a = _mm256_loadu_si256((const V *)(in[0] + at + 32 * k)), b = _mm256_loadu_si256((const V *)(in[1] + at + 32 * k));
        V c = _mm256_loadu_si256((const V *)(in[2] + at + 32 * k)), d = _mm256_loadu_si256((const V *)(in[3] + at + 32 * k));
        V ab0 = _mm256_unpacklo_epi64(a, b), ab1 = _mm256_unpackhi_epi64(a, b);
        V cd0 = _mm256_unpacklo_epi64(c, d), cd1 = _mm256_unpackhi_epi64(c, d);
        m[4 * k] = _mm256_permute2x128_si256(ab0, cd0, 0x20); m[4 * k + 1] = _mm256_permute2x128_si256(ab1, cd1, 0x20);
        m[4 * k + 2] = _mm256_permute2x128_si256(ab0, cd0, 0x31); m[4 * k + 3] = _mm256_permute2x128_si256(ab1, cd1, 0x31);
    }
    for (int i = 0; i < 8; i++) v[i] = h[i], v[i + 8] = _mm256_set1_epi64x((long long)iv[i]);
    v[12] = _mm256_xor_si256(v[12], _mm256_set1_epi64x((long long)total));
    if (last) v[14] = _mm256_xor_si256(v[14], _mm256_set1_epi64x(-1));
    for (int r = 0; r < 12; r++) {
        const uint8_t *s = sigma[r];
        G(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]); G(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
        G(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]); G(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
        G(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]); G(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
        G(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]); G(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++) h[i] = _mm256_xor_si256(h[i], _mm256_xor_si256(v[i], v[i + 8]));
}
WIDE static void hash_four(const uint8_t *const in[4], size_t length, uint8_t *out) {
    V h[8];
    // 32 bytes of hash, no key, neither fan-out nor depth: the parameter block of a plain hash.
    for (int i = 0; i < 8; i++) h[i] = _mm256_set1_epi64x((long long)(iv[i] ^ (i == 0 ? 0x01010020 : 0)));
    size_t at = 0;
    // The last block is never empty, but for an empty message.
    for (; length - at > 128; at += 128) block(h, in, at, at + 128, 0);
    uint8_t tail[4][128];
    const uint8_t *ends[4];
    for (int i = 0; i < 4; i++) {
        memset(tail[i], 0, 128);
        if (length > at) memcpy(tail[i], in[i] + at, length - at);
        ends[i] = tail[i];
    }
    block(h, ends, 0, length, 1);
    for (int word = 0; word < 4; word++) {
        uint64_t lanes[4];
        _mm256_storeu_si256((V *)lanes, h[word]);
        for (int i = 0; i < 4; i++) memcpy(out + 32 * i + 8 * word, &lanes[i], 8);
    }
}

int bell_blake2b_four(const uint8_t *const in[4], size_t length, uint8_t *out) {
    if (!__builtin_cpu_supports("avx2")) return 0;
    hash_four(in, length, out);
    return 1;
}
#else
int bell_blake2b_four(const uint8_t *const in[4], size_t length, uint8_t *out) {
    (void)in, (void)length, (void)out;
    return 0;
}
#endif
