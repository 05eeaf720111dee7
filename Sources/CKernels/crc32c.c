#include "bell_kernels.h"
#include <string.h>

// table[k][b]: the effect of byte b followed by k zero bytes. Filled before main, so that no call races with it.
static uint32_t table[8][256];

__attribute__((constructor(200))) static void fill_table(void) {
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? 0x82F63B78u : 0);
        table[0][b] = crc;
    }
    for (uint32_t b = 0; b < 256; b++)
        for (int k = 1; k < 8; k++) table[k][b] = (table[k - 1][b] >> 8) ^ table[0][table[k - 1][b] & 0xff];
}

uint32_t bell_crc32c_portable(uint32_t crc, const void *p, size_t n) {
    const uint8_t *at = p;
    crc = ~crc;
    for (; n >= 8; n -= 8, at += 8) {
        uint32_t low = crc ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
        crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^ table[4][low >> 24]
            ^ table[3][at[4]] ^ table[2][at[5]] ^ table[1][at[6]] ^ table[0][at[7]];
    }
    for (; n > 0; n--) crc = (crc >> 8) ^ table[0][(crc ^ *at++) & 0xff];
    return ~crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

// The instruction takes 3 cycles and a new one can begin in each: three streams side by side are three times as fast.
enum { STREAM = 2048 };

// past[k][b]: what byte k of a register, with the value b, has become STREAM zero bytes later. The register is linear in it.
static uint32_t past[4][256];

// Constructors run in the order of their priorities; table comes first, which is filled before main like this one.
__attribute__((constructor(201))) static void fill_past(void) {
    for (int k = 0; k < 4; k++)
        for (uint32_t b = 0; b < 256; b++) {
            uint32_t crc = b << 8 * k;
            for (int i = 0; i < STREAM; i++) crc = (crc >> 8) ^ table[0][crc & 0xff];
            past[k][b] = crc;
        }
}

static inline uint32_t move_past(uint32_t crc) {
    return past[0][crc & 0xff] ^ past[1][crc >> 8 & 0xff] ^ past[2][crc >> 16 & 0xff] ^ past[3][crc >> 24];
}

__attribute__((target("sse4.2"))) static inline uint64_t step(uint64_t crc, const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return _mm_crc32_u64(crc, word);
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *at, size_t n) {
    uint64_t a = (uint32_t)~crc;
    for (; n >= 3 * STREAM; n -= 3 * STREAM, at += 3 * STREAM) {
        uint64_t b = 0, c = 0;
        for (size_t i = 0; i < STREAM; i += 8) {
            a = step(a, at + i);
            b = step(b, at + STREAM + i);
            c = step(c, at + 2 * STREAM + i);
        }
        a = move_past(move_past((uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
    }
    for (; n >= 8; n -= 8, at += 8) a = step(a, at);
    uint32_t narrow = (uint32_t)a;
    for (; n > 0; n--) narrow = _mm_crc32_u8(narrow, *at++);
    return ~narrow;
}

int bell_crc32c_is_hardware(void) { return __builtin_cpu_supports("sse4.2") != 0; }

uint32_t bell_crc32c(uint32_t crc, const void *p, size_t n) {
    return bell_crc32c_is_hardware() ? crc32c_sse42(crc, p, n) : bell_crc32c_portable(crc, p, n);
}
#else
int bell_crc32c_is_hardware(void) { return 0; }

uint32_t bell_crc32c(uint32_t crc, const void *p, size_t n) { return bell_crc32c_portable(crc, p, n); }
#endif
