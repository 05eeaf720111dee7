#include "gf2.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// Which way, small products, and long operands in blocks.

enum {
    /// Up to so many words of a product are taken without transforms, by blocks of so many words of an operand.
    FEW = 32,
    BLOCK = 8,
};

int bell_gf2_has(enum bell_gf2_way way) {
    switch (way) {
    case BELL_GF2_PORTABLE: return 1;
#if defined(__x86_64__)
    case BELL_GF2_CLMUL: return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("avx2");
    case BELL_GF2_VCLMUL:
        return bell_gf2_has(BELL_GF2_CLMUL) && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__) && defined(__linux__)
    // HWCAP_PMULL of <asm/hwcap.h>.
    case BELL_GF2_CLMUL: return (getauxval(AT_HWCAP) >> 4 & 1) != 0;
#endif
    default: return 0;
    }
}

enum bell_gf2_way bell_gf2_multiply_is(void) {
    if (bell_gf2_has(BELL_GF2_VCLMUL)) return BELL_GF2_VCLMUL;
    return bell_gf2_has(BELL_GF2_CLMUL) ? BELL_GF2_CLMUL : BELL_GF2_PORTABLE;
}

static const struct bell_gf2_kernels *kernels_of(enum bell_gf2_way way) {
    if (!bell_gf2_has(way)) return NULL;
#if defined(__x86_64__) || defined(__aarch64__)
    if (way == BELL_GF2_CLMUL) return &bell_gf2_clmul;
#endif
#if defined(__x86_64__)
    if (way == BELL_GF2_VCLMUL) return &bell_gf2_vclmul;
#endif
    return &bell_gf2_portable;
}

static void add(uint64_t *out, const uint64_t *in, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] ^= in[i];
}

// Words that karatsuba() needs beside its result, n of each operand: 2 halves of ceil(n/2) and their product at each level.
static size_t scratch_words(size_t n) { return 4 * n + 256; }

static void karatsuba(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, const uint64_t *b, size_t n, uint64_t *scratch) {
    if (n < k->karatsuba) {
        k->base(out, a, n, b, n);
        return;
    }
    const size_t low = (n + 1) / 2, high = n - low;
    uint64_t *const as = scratch, *const bs = as + low, *const middle = bs + low, *const rest = middle + 2 * low;
    memcpy(as, a, low * 8);
    memcpy(bs, b, low * 8);
    add(as, a + low, high);
    add(bs, b + low, high);
    karatsuba(k, middle, as, bs, low, rest);
    karatsuba(k, out, a, b, low, rest);
    karatsuba(k, out + 2 * low, a + low, b + low, high, rest);
    add(middle, out, 2 * low);
    add(middle, out + 2 * low, 2 * high);
    add(out + low, middle, low + high < 2 * low ? low + high : 2 * low);
    // (a0 + a1)(b0 + b1) - a0 b0 - a1 b1 has low + high words at most; nothing is cut off.
}

// Operands in blocks as long as the shorter one, nb <= na.
static int blocks(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    if (nb < k->karatsuba) {
        k->base(out, a, na, b, nb);
        return 0;
    }
    uint64_t *const product = malloc((2 * nb + scratch_words(nb)) * 8);
    if (product == NULL) return -1;
    memset(out, 0, (na + nb) * 8);
    for (size_t at = 0; at < na; at += nb) {
        const size_t n = na - at < nb ? na - at : nb;
        if (n == nb) {
            karatsuba(k, product, a + at, b, nb, product + 2 * nb);
        } else if (blocks(k, product, b, nb, a + at, n) != 0) {
            free(product);
            return -1;
        }
        add(out + at, product, n + nb);
    }
    free(product);
    return 0;
}

static int multiply(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    if (k == NULL) return -1;
    if (na < nb) return multiply(k, out, b, nb, a, na);
    if (nb == 0) {
        if (na != 0) memset(out, 0, na * 8);
        return 0;
    }
    return nb < k->transform ? blocks(k, out, a, na, b, nb) : bell_gf2_fast_multiply(k, out, a, na, b, nb);
}

int bell_gf2_multiply_with(
    enum bell_gf2_way way, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    return multiply(kernels_of(way), out, a, na, b, nb);
}

int bell_gf2_multiply(uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    return bell_gf2_multiply_with(bell_gf2_multiply_is(), out, a, na, b, nb);
}

// Words [first, first + count) of a b, quadratic, count <= FEW.
static int few_words(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb,
    size_t first, size_t count) {
    uint64_t product[FEW + 2 * BLOCK];
    memset(out, 0, count * 8);
    for (size_t at = 0; at < na; at += BLOCK) {
        const size_t n = na - at < BLOCK ? na - at : BLOCK;
        // From the first word of b that reaches `first` to the last that reaches the end.
        const size_t begins = first >= at + n ? first - at - n : 0;
        if (begins >= nb || first + count <= at) continue;
        const size_t room = first + count - at - begins, m = nb - begins < room ? nb - begins : room;
        k->base(product, a + at, n, b + begins, m);
        const size_t start = at + begins;
        for (size_t i = 0; i < count; i++)
            if (first + i >= start && first + i - start < n + m) out[i] ^= product[first + i - start];
    }
    return 0;
}

int bell_gf2_multiply_range_with(
    enum bell_gf2_way way, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb, size_t first,
    size_t bits) {
    const struct bell_gf2_kernels *const k = kernels_of(way);
    if (k == NULL) return -1;
    if (bits == 0) return 0;
    const size_t start = first / 64, count = (first % 64 + bits - 1) / 64 + 1, total = na + nb;
    int result;
    uint64_t *words;
    // All of it unless both operands are much longer than what is wanted.
    if (na == 0 || nb == 0 || count >= na / 8 || count >= nb / 8) {
        words = malloc((total + 1) * 8);
        if (words == NULL) return -1;
        result = multiply(k, words, a, na, b, nb);
        if (result == 0) bell_gf2_range(out, words, total, first, bits);
    } else {
        words = malloc(count * 8);
        if (words == NULL) return -1;
        result = count <= FEW ? few_words(k, words, a, na, b, nb, start, count)
                              : bell_gf2_fast_range(k, words, a, na, b, nb, start, count);
        if (result == 0) bell_gf2_range(out, words, count, first % 64, bits);
    }
    free(words);
    return result;
}

int bell_gf2_multiply_range(
    uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb, size_t first, size_t bits) {
    return bell_gf2_multiply_range_with(bell_gf2_multiply_is(), out, a, na, b, nb, first, bits);
}

uint64_t bell_gf2_field_multiply(enum bell_gf2_way way, uint64_t a, uint64_t b) {
    const struct bell_gf2_kernels *const k = kernels_of(way);
    return k == NULL ? 0 : k->field(a, b);
}

uint64_t bell_gf2_clmul_chains(size_t n) {
#if defined(__x86_64__) || defined(__aarch64__)
    if (bell_gf2_has(BELL_GF2_CLMUL)) return bell_gf2_chains(n);
#endif
    (void)n;
    return 0;
}
