#include "sp80022_internal.h"
#include <math.h>

// SP 800-22 rev. 1a: what is walked bit by bit, or block by block.

// Sections 2.13 to 2.15: the walk of +1 for a one and −1 for a zero.
void bell_sp22_walk(const uint8_t *bits, size_t n, struct bell_sp22_walk *out) {
    int8_t highest[256], lowest[256], total[256];
    for (int b = 0; b < 256; b++) {
        int s = 0, high = -8, low = 8;
        for (int k = 7; k >= 0; k--) {
            s += b >> k & 1 ? 1 : -1;
            if (s > high) high = s;
            if (s < low) low = s;
        }
        highest[b] = (int8_t)high, lowest[b] = (int8_t)low, total[b] = (int8_t)s;
    }
    memset(out, 0, sizeof *out);
    int64_t s = 0, high = 0, low = 0;
    uint32_t inside[8] = {0};  // Visits of −4, …, −1, 1, …, 4 in this cycle.
    for (size_t i = 0; i < n / 8; i++) {
        uint8_t b = bits[i];
        if (s + highest[b] > high) high = s + highest[b];
        if (s + lowest[b] < low) low = s + lowest[b];
        if (s > 17 || s < -17) {  // 9 and −9 are out of reach.
            s += total[b];
            continue;
        }
        for (int k = 7; k >= 0; k--) {
            s += b >> k & 1 ? 1 : -1;
            if (s == 0) {
                for (int x = 0; x < 8; x++) out->visits[x][inside[x] < 5 ? inside[x] : 5]++, inside[x] = 0;
                out->cycles++;
            } else if (s >= -9 && s <= 9) {
                out->totals[s < 0 ? s + 9 : s + 8]++;
                if (s >= -4 && s <= 4) inside[s < 0 ? s + 4 : s + 3]++;
            }
        }
    }
    if (s != 0) {  // The walk ends with a step to zero that is no bit.
        for (int x = 0; x < 8; x++) out->visits[x][inside[x] < 5 ? inside[x] : 5]++;
        out->cycles++;
    }
    out->forward = (uint64_t)(high > -low ? high : -low);
    out->backward = (uint64_t)(s - low > high - s ? s - low : high - s);
}

// Section 2.9: Σ log₂ of the distances to the last block of the same value, as logarithms of products, which round less.
double bell_sp22_distances(const uint8_t *bits, size_t n, unsigned width, size_t first) {
    uint32_t last[1u << 12] = {0};
    if (width < 1 || width > 12) return 0;
    size_t blocks = n / width;
    double sum = 0, product[4] = {1, 1, 1, 1};
    for (size_t i = 1; i <= blocks; i++) {
        size_t bit = (i - 1) * width;
        uint32_t value = big32(bits + bit / 8) << bit % 8 >> (32 - width);
        if (i > first) {
            product[i & 3] *= (double)(i - last[value]);
            if ((i & 63) == 63)  // 16 factors of at most 2^26.
                for (int k = 0; k < 4; k++) {
                    int exponent;
                    product[k] = frexp(product[k], &exponent);
                    sum += exponent;
                }
        }
        last[value] = (uint32_t)i;
    }
    for (int k = 0; k < 4; k++) sum += log2(product[k]);
    return sum;
}
