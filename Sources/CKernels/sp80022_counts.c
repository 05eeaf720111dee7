#include "sp80022_internal.h"

// SP 800-22 rev. 1a: what its counting tests need of one stream, in whole numbers. See bell_kernels.h for the layout.

int bell_sp22_level(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#else
    return 0;
#endif
}

// Section 2.1, 2.2 (M = 128) and 2.3: ones, Σ (2 ones − 128)² over whole blocks, and places where a bit differs from the next.
INLINE void sums_body(const uint8_t *bits, size_t n, struct bell_sp22_sums *out) {
    uint64_t ones = 0, square = 0, changes = 0;
    size_t words = n / 64;
    for (size_t i = 0; i < words; i++) {
        uint64_t w = big64(bits + 8 * i);
        ones += (uint64_t)__builtin_popcountll(w);
        changes += (uint64_t)__builtin_popcountll(w ^ (w << 1 | bits[8 * i + 8] >> 7));
    }
    // The last place compared the last bit with what follows the stream.
    changes -= (bits[n / 8 - 1] & 1) ^ (bits[n / 8] >> 7);
    for (size_t i = 0; i + 1 < words; i += 2) {
        int64_t d = 2 * (int64_t)(__builtin_popcountll(big64(bits + 8 * i)) + __builtin_popcountll(big64(bits + 8 * i + 8))) - 128;
        square += (uint64_t)(d * d);
    }
    *out = (struct bell_sp22_sums){ones, square, changes};
}
KERNEL(void, sums, (const uint8_t *bits, size_t n, struct bell_sp22_sums *out), (bits, n, out))
void bell_sp22_sums(const uint8_t *bits, size_t n, struct bell_sp22_sums *out, int level) { CALL(sums, level, (bits, n, out)); }

// Section 2.4: the longest run of ones of each block, as classes ≤ 10, 11, …, ≥ 16.
void bell_sp22_longest_runs(const uint8_t *bits, size_t n, uint64_t classes[7]) {
    enum { bytes = 1250 };
    uint8_t head[256], tail[256], inside[256];
    for (int b = 0; b < 256; b++) {
        int run = 0, longest = 0;
        for (int k = 7; k >= 0; k--) {
            run = b >> k & 1 ? run + 1 : 0;
            if (run > longest) longest = run;
        }
        tail[b] = (uint8_t)run;
        inside[b] = (uint8_t)longest;
        head[b] = (uint8_t)(b == 255 ? 8 : __builtin_clz(~(uint32_t)b << 24));
    }
    memset(classes, 0, 7 * sizeof *classes);
    for (size_t block = 0; block < n / (8 * bytes); block++) {
        int run = 0, longest = 0;
        for (const uint8_t *p = bits + block * bytes, *end = p + bytes; p < end; p++) {
            int whole = run + head[*p];
            if (whole > longest) longest = whole;
            if (inside[*p] > longest) longest = inside[*p];
            run = *p == 255 ? run + 8 : tail[*p];
        }
        classes[longest <= 10 ? 0 : longest >= 16 ? 6 : longest - 10]++;
    }
}

// Section 2.5: ranks over GF(2) of 32 × 32 matrices, row by row from the bits: full, one less, fewer.
INLINE void ranks_body(const uint8_t *bits, size_t n, uint64_t classes[3]) {
    memset(classes, 0, 3 * sizeof *classes);
    for (size_t m = 0; m < n / 1024; m++) {
        uint32_t rows[32];
        for (int r = 0; r < 32; r++) rows[r] = big32(bits + 128 * m + 4 * r);
        int rank = 0;
        for (int column = 31; column >= 0; column--) {
            int pivot = rank;
            while (pivot < 32 && !(rows[pivot] >> column & 1)) pivot++;
            if (pivot == 32) continue;
            uint32_t row = rows[pivot];
            rows[pivot] = rows[rank];
            rows[rank++] = row;
            // Rows above the pivot may change as well: no later step looks at them, and a whole loop is one vector or two.
            for (int r = 0; r < 32; r++) rows[r] ^= row & -(rows[r] >> column & 1);
        }
        classes[rank == 32 ? 0 : rank == 31 ? 1 : 2]++;
    }
}
KERNEL(void, ranks, (const uint8_t *bits, size_t n, uint64_t *classes), (bits, n, classes))
void bell_sp22_ranks(const uint8_t *bits, size_t n, uint64_t classes[3], int level) { CALL(ranks, level, (bits, n, classes)); }

// Sections 2.7, 2.11, 2.12: windows of 16 bits at every place of the circle; and in each of 8 blocks windows of 9 bits.
// An aperiodic template cannot overlap itself, so the windows that equal it are its non-overlapping occurrences.
INLINE void windows_body(const uint8_t *bits, size_t n, uint32_t *circle, uint32_t *blocks) {
    memset(circle, 0, 65536 * sizeof *circle);
    uint32_t before[512] = {0};
    size_t bytes = n / 64;
    for (int block = 0; block < 8; block++) {
        const uint8_t *p = bits + (size_t)block * bytes, *end = p + bytes;
        for (; p + 4 <= end; p += 4) {
            uint64_t w = big64(p);
            for (int k = 48; k > 16; k--) circle[w >> k & 0xffff]++;
        }
        for (; p < end; p++) {
            uint32_t w = big32(p);
            for (int k = 16; k > 8; k--) circle[w >> k & 0xffff]++;
        }
        uint32_t *out = blocks + 512 * block;
        for (int t = 0; t < 512; t++) {
            uint32_t sum = 0;
            for (int k = 0; k < 128; k++) sum += circle[128 * t + k];
            out[t] = sum - before[t];
            before[t] = sum;
        }
        uint32_t w = big32(end - 1);  // The last 8 windows of 9 bits reach over the block's end.
        for (int k = 23; k > 15; k--) out[w >> k & 511]--;
    }
}
KERNEL(void, windows, (const uint8_t *bits, size_t n, uint32_t *circle, uint32_t *blocks), (bits, n, circle, blocks))
void bell_sp22_windows(const uint8_t *bits, size_t n, uint32_t *circle, uint32_t *blocks, int level) {
    CALL(windows, level, (bits, n, circle, blocks));
}

// Section 2.8: windows of nine ones in blocks of 1032 bits, as classes 0, 1, 2, 3, 4, ≥ 5.
INLINE void nine_ones_body(const uint8_t *bits, size_t n, uint64_t classes[6]) {
    memset(classes, 0, 6 * sizeof *classes);
    for (size_t block = 0; block < n / 1032; block++) {
        const uint8_t *p = bits + 129 * block;
        int count = 0;
        for (int at = 0; at < 128; at += 7) {  // 56 places a step, as a window of 64 bits holds that many whole windows.
            uint64_t w = big64(p + at);
            int over = 8 * (at + 8) - 1032;  // Bits that are not of this block, in the last step.
            if (over > 0) w = w >> over << over;
            uint64_t two = w & w << 1, four = two & two << 2, eight = four & four << 4;
            count += __builtin_popcountll(eight & w << 8 & ~0xffull);
        }
        classes[count < 5 ? count : 5]++;
    }
}
KERNEL(void, nine_ones, (const uint8_t *bits, size_t n, uint64_t *classes), (bits, n, classes))
void bell_sp22_nine_ones(const uint8_t *bits, size_t n, uint64_t classes[6], int level) {
    CALL(nine_ones, level, (bits, n, classes));
}
