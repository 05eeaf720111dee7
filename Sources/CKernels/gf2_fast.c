#include "gf2.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

// Products by transforms: memory, blocks of long operands, and sums of products of which a part is wanted.

enum { ALIGNMENT = 64, HUGE_PAGE = 1 << 21, LARGEST = 28 };

// What products of up to 2^m half words need: roots, and `buffers` places of 2^m words each.
struct workspace {
    int m;
    void *memory;
    struct bell_gf2_roots *roots;
    uint64_t *buffer[4];
};

static int log_of(size_t words) {
    int m = BELL_GF2_LEAST;
    while (m < LARGEST + 1 && (size_t)1 << m < 2 * words) m++;
    return m;
}

// t[j] = sum of j_b v_(b + first).
static void span(uint64_t *t, int bits, int first) {
    t[0] = 0;
    for (int b = 0; b < bits; b++)
        for (size_t i = 0; i < (size_t)1 << b; i++) t[i + ((size_t)1 << b)] = t[i] ^ bell_gf2_cantor[b + first];
}

static size_t rounded(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

static int begin(struct workspace *w, size_t words, int buffers) {
    w->m = log_of(words);
    if (w->m > LARGEST) return -1;
    const int bits = w->m - BELL_GF2_LOW;
    const size_t size = (size_t)1 << w->m, high = (size_t)1 << bits;
    const size_t head = rounded(sizeof *w->roots + 3 * high * 8, ALIGNMENT);
    // In one piece, which malloc keeps for the next call as long as it is small.
    const size_t total = (size_t)buffers * size * 8 + head;
    if (total < 4 * HUGE_PAGE) {
        w->memory = aligned_alloc(ALIGNMENT, rounded(total, ALIGNMENT));
    } else {
        w->memory = aligned_alloc(HUGE_PAGE, rounded(total, HUGE_PAGE));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
        // Strides through all of it cost a page walk each in small pages. Advice only.
        if (w->memory != NULL) (void)madvise(w->memory, rounded(total, HUGE_PAGE), MADV_HUGEPAGE);
#endif
    }
    if (w->memory == NULL) return -1;
    uint64_t *at = w->memory;
    for (int i = 0; i < buffers; i++, at += size) w->buffer[i] = at;
    w->roots = (struct bell_gf2_roots *)at;
    at += sizeof *w->roots / 8;
    for (int s = 0; s < 3; s++, at += high) {
        span(w->roots->low[s], BELL_GF2_LOW, 1 + s);
        span(at, bits, 1 + s + BELL_GF2_LOW);
        w->roots->high[s] = at;
    }
    return 0;
}

static void add(uint64_t *out, const uint64_t *in, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] ^= in[i];
}

// A long operand in pieces; the short one is transformed once. Four times the short one's length or more, so that little
// of each transform is spent on the overlap.
static int pieces(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    struct workspace w;
    if (begin(&w, 4 * nb, 3) != 0) return -1;
    const size_t length = ((size_t)1 << w.m) / 2, piece = length - nb, all = rounded(2 * length, k->grain);
    uint64_t *const f = w.buffer[0], *const kept = w.buffer[1], *const scratch = w.buffer[2];
    // The result of a piece, beside f, which it is made from.
    uint64_t *const product = malloc(length * 8);
    if (product == NULL) {
        free(w.memory);
        return -1;
    }
    k->forward(kept, b, nb, w.m, all, w.roots);
    memset(out, 0, (na + nb) * 8);
    for (size_t at = 0; at < na; at += piece) {
        const size_t n = na - at < piece ? na - at : piece, points = rounded(2 * (n + nb), k->grain);
        k->forward(f, a + at, n, w.m, points, w.roots);
        k->pointwise(f, kept, points);
        k->inverse(product, n + nb, f, scratch, w.m, points, w.roots);
        add(out + at, product, n + nb);
    }
    free(product);
    free(w.memory);
    return 0;
}

int bell_gf2_fast_multiply(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb) {
    if (na >= 8 * nb) return pieces(k, out, a, na, b, nb);
    struct workspace w;
    if (begin(&w, na + nb, 2) != 0) return -1;
    const size_t points = rounded(2 * (na + nb), k->grain);
    k->forward(w.buffer[0], a, na, w.m, points, w.roots);
    k->forward(w.buffer[1], b, nb, w.m, points, w.roots);
    k->pointwise(w.buffer[0], w.buffer[1], points);
    k->inverse(out, na + nb, w.buffer[0], w.buffer[1], w.m, points, w.roots);
    free(w.memory);
    return 0;
}

// Words [first, first + count) of a b. A block of `piece` words of a from `at` on meets those words of b that reach
// there, at most piece + count of them from first - at - piece on; seen from that start, all blocks have what is wanted at
// words [piece, piece + count) of their products, so that these are added before the one inverse transform.
int bell_gf2_fast_range(
    const struct bell_gf2_kernels *k, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb,
    size_t first, size_t count) {
    struct workspace w;
    // At least 1.5 times what is wanted, and not too small a transform.
    if (begin(&w, 4 * count > 4096 ? 4 * count : 4096, 4) != 0) return -1;
    const size_t length = ((size_t)1 << w.m) / 2, piece = (length - count - 1) / 2, points = 2 * length;
    uint64_t *const f = w.buffer[0], *const g = w.buffer[1], *const sum = w.buffer[2], *const part = w.buffer[3];
    memset(sum, 0, points * 8);
    for (size_t at = 0; at < na; at += piece) {
        const size_t n = na - at < piece ? na - at : piece;
        // Word i of part is word first - at - piece + i of b, where there is one.
        const size_t begins = first >= at + piece ? first - at - piece : 0;
        const size_t zeros = first >= at + piece ? 0 : at + piece - first;
        if (begins >= nb || zeros >= piece + count) continue;
        const size_t room = piece + count - zeros, m = nb - begins < room ? nb - begins : room;
        memset(part, 0, zeros * 8);
        memcpy(part + zeros, b + begins, m * 8);
        k->forward(f, a + at, n, w.m, points, w.roots);
        k->forward(g, part, zeros + m, w.m, points, w.roots);
        k->pointwise_add(sum, f, g, points);
    }
    // f takes the product's words up to the last one wanted.
    k->inverse(f, piece + count, sum, g, w.m, points, w.roots);
    memcpy(out, f + piece, count * 8);
    free(w.memory);
    return 0;
}
