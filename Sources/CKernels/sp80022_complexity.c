#include "sp80022_internal.h"

// SP 800-22 rev. 1a, section 2.10: the linear complexity of blocks of 500 bits by Berlekamp and Massey (IEEE Trans. Inf. Theory
// 15, 122 (1969)), 512 blocks side by side: word i holds bit i of all of them, a polynomial is one word for each coefficient.
enum { M = 500, COUNTER = 11 };

static void transpose(uint64_t a[64]) {  // Warren, Hacker's Delight, 7-3.
    uint64_t mask = 0xffffffff;
    for (int j = 32; j; j >>= 1, mask ^= mask << j)
        for (int k = 0; k < 64; k = (k + j + 1) & ~j) {
            uint64_t t = (a[k] ^ a[k + j] >> j) & mask;
            a[k] ^= t, a[k + j] ^= t << j;
        }
}

static void load(const uint8_t *bits, size_t block, size_t count, Words s[512]) {
    uint64_t *words = (uint64_t *)s;
    for (size_t lane = 0; lane < 8; lane++)
        for (size_t w = 0; w < 8; w++) {
            uint64_t a[64];
            for (size_t r = 0; r < 64; r++) {
                size_t index = 64 * lane + r, bit = M * (block + index) + 64 * w;
                a[r] = index < count ? big64(bits + bit / 8) << bit % 8 | (uint64_t)bits[bit / 8 + 8] >> (8 - bit % 8) : 0;
            }
            transpose(a);
            for (size_t i = 0; i < 64; i++) words[8 * (64 * w + i) + lane] = a[i];
        }
}

INLINE int is_zero(const Words *v) { return __builtin_reduce_or(*v) == 0; }

// Polynomials of all lanes are as long as the longest needs. `counter` takes M − 2L, bit by bit.
INLINE void massey_body(const Words *s, Words *c, Words *p, Words *counter) {
    Words zero = {0}, one = ~zero;
    for (int j = 0; j < M + 8; j++) c[j] = zero;
    for (int j = 0; j < 2 * M + 16; j++) p[j] = zero;
    for (int j = 0; j < COUNTER; j++) counter[j] = zero;
    // b is the older polynomial times x to the number of steps since: instead of moving up, its array begins one lower each step.
    Words *b = p + M;
    c[0] = one, b[1] = one;
    int topC = 0, topB = 1;
    for (int i = 0; i < M; i++, b--) {
        Words d0 = zero, d1 = zero, d2 = zero, d3 = zero;
        int j = 0;
        for (; j + 3 <= topC; j += 4) {
            d0 ^= c[j] & s[i - j], d1 ^= c[j + 1] & s[i - j - 1];
            d2 ^= c[j + 2] & s[i - j - 2], d3 ^= c[j + 3] & s[i - j - 3];
        }
        for (; j <= topC; j++) d0 ^= c[j] & s[i - j];
        Words d = d0 ^ d1 ^ d2 ^ d3;
        // With k = i − 2L the complexity changes to i + 1 − L where d is set and k ≥ 0: then k becomes −k − 1 = ~k, else k + 1.
        Words change = d & ~counter[COUNTER - 1], carry = ~change;
        for (int k = 0; k < COUNTER; k++) {
            Words old = counter[k];
            counter[k] = old ^ change ^ carry;
            carry &= old;
        }
        int top = topC > topB ? topC : topB;
        for (j = 0; j <= top; j++) {
            Words old = c[j], older = b[j];
            c[j] = old ^ (d & older);
            b[j] = older ^ (change & (older ^ old));
        }
        topC = topB = top;
        while (topC > 0 && is_zero(c + topC)) topC--;
        while (topB > 0 && is_zero(b + topB)) topB--;
        topB++;
        if (topC > i + 1) topC = i + 1;
    }
}
KERNEL(void, massey, (const Words *s, Words *c, Words *p, Words *counter), (s, c, p, counter))

void bell_sp22_complexity(const uint8_t *bits, size_t n, uint64_t classes[7], int level) {
    Words s[512], c[M + 8], p[2 * M + 16];
    memset(classes, 0, 7 * sizeof *classes);
    size_t blocks = n / M;
    for (size_t first = 0; first < blocks; first += 512) {
        size_t count = blocks - first < 512 ? blocks - first : 512;
        Words counter[COUNTER];
        load(bits, first, count, s);
        CALL(massey, level, (s, c, p, counter));
        for (size_t k = 0; k < count; k++) {
            int value = 0;  // transpose puts block 0 into a word's highest bit.
            for (int j = 0; j < COUNTER; j++) value |= (int)(counter[j][k / 64] >> (63 - k % 64) & 1) << j;
            if (value >= 1 << (COUNTER - 1)) value -= 1 << COUNTER;
            int above = -value / 2;  // L − M/2, which is T for even M but for less than 1e-148.
            classes[above <= -3 ? 0 : above >= 3 ? 6 : above + 3]++;
        }
    }
}
