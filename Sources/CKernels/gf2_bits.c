#include "gf2.h"

// Packed bits as polynomials, folds and ranges.

// The bits of each byte reversed: a word from MSB-first bytes with the first bit lowest, and back. Compilers do it to
// several words at a time.
static inline uint64_t first_low(uint64_t w) {
    w = (w >> 1 & 0x5555555555555555) | (w & 0x5555555555555555) << 1;
    w = (w >> 2 & 0x3333333333333333) | (w & 0x3333333333333333) << 2;
    return (w >> 4 & 0x0f0f0f0f0f0f0f0f) | (w & 0x0f0f0f0f0f0f0f0f) << 4;
}

static inline uint64_t below(size_t bits) { return bits % 64 == 0 ? ~0ull : (1ull << bits % 64) - 1; }

void bell_gf2_from_bytes(uint64_t *words, const uint8_t *bytes, size_t bits) {
    const size_t whole = bits / 64;
    for (size_t i = 0; i < whole; i++) {
        uint64_t w;
        memcpy(&w, bytes + 8 * i, 8);
        words[i] = first_low(w);
    }
    if (bits % 64 != 0) {
        uint64_t w = 0;
        memcpy(&w, bytes + 8 * whole, (bits % 64 + 7) / 8);
        words[whole] = first_low(w) & below(bits);
    }
}

void bell_gf2_to_bytes(uint8_t *bytes, const uint64_t *words, size_t bits) {
    const size_t whole = bits / 64;
    for (size_t i = 0; i < whole; i++) {
        const uint64_t w = first_low(words[i]);
        memcpy(bytes + 8 * i, &w, 8);
    }
    if (bits % 64 != 0) {
        const uint64_t w = first_low(words[whole] & below(bits));
        memcpy(bytes + 8 * whole, &w, (bits % 64 + 7) / 8);
    }
}

// Word i of `in` moved down by `first` bits; 0 beyond the end.
static inline uint64_t word_at(const uint64_t *in, size_t count, size_t i, unsigned shift) {
    const uint64_t low = i < count ? in[i] >> shift : 0;
    return shift == 0 || i + 1 >= count ? low : low | in[i + 1] << (64 - shift);
}

void bell_gf2_range(uint64_t *out, const uint64_t *in, size_t count, size_t first, size_t bits) {
    if (bits == 0) return;
    const size_t words = (bits - 1) / 64 + 1, start = first / 64;
    const unsigned shift = first % 64;
    const size_t inside = start < count ? count - start : 0;
    // Without a test a word as long as both words exist.
    size_t i = 0;
    const size_t quick = inside == 0 ? 0 : inside - 1 < words ? inside - 1 : words;
    if (shift == 0) {
        for (; i < quick; i++) out[i] = in[start + i];
    } else {
        for (; i < quick; i++) out[i] = in[start + i] >> shift | in[start + i + 1] << (64 - shift);
    }
    for (; i < words; i++) out[i] = i < inside ? word_at(in, count, start + i, shift) : 0;
    out[words - 1] &= below(bits);
}

void bell_gf2_fold(uint64_t *out, const uint64_t *in, size_t count, size_t n) {
    const size_t words = (n - 1) / 64 + 1;
    bell_gf2_range(out, in, count, 0, n);
    const size_t total = 64 * count;
    for (size_t at = n; at < total; at += n) {
        const size_t start = at / 64, inside = count - start;
        const unsigned shift = at % 64;
        const size_t quick = inside - 1 < words ? inside - 1 : words;
        size_t i = 0;
        if (shift == 0) {
            for (; i < quick; i++) out[i] ^= in[start + i];
        } else {
            for (; i < quick; i++) out[i] ^= in[start + i] >> shift | in[start + i + 1] << (64 - shift);
        }
        for (; i < words && i < inside; i++) out[i] ^= word_at(in, count, start + i, shift);
        // What the last word took beyond n bits belongs to the next round.
        out[words - 1] &= below(n);
    }
}
