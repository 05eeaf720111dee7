#include "bell_kernels.h"
#include <stdlib.h>
#include <string.h>

// Suffix sorting by induced sorting (Nong, Zhang, Chan: "Two efficient algorithms for linear time suffix array
// construction", IEEE Trans. Comput. 60, 1471, 2011). A suffix is of type S when it is smaller than the next one, else L;
// an S suffix after an L one is "leftmost S". Sorting those sorts all the others in two sweeps.
// There is no sentinel: the end is smaller than every symbol, so the last suffix is L.

typedef struct {
    const void *text;
    int wide;  // symbols are int32_t, else uint8_t
    int32_t n, k;
    uint8_t *type;  // a bit each, 1 for S
    int32_t *bucket;
} task;

static inline int32_t at(const task *w, int32_t i) {
    return w->wide ? ((const int32_t *)w->text)[i] : ((const uint8_t *)w->text)[i];
}

static inline int is_s(const task *w, int32_t i) { return w->type[i >> 3] >> (i & 7) & 1; }
static inline int is_lms(const task *w, int32_t i) { return i > 0 && is_s(w, i) && !is_s(w, i - 1); }

// Where each symbol's suffixes begin, or end.
static void find_buckets(const task *w, int ends) {
    memset(w->bucket, 0, (size_t)w->k * sizeof *w->bucket);
    for (int32_t i = 0; i < w->n; i++) w->bucket[at(w, i)]++;
    for (int32_t x = 0, sum = 0; x < w->k; x++) {
        int32_t count = w->bucket[x];
        sum += count;
        w->bucket[x] = ends ? sum : sum - count;
    }
}

// From sorted leftmost S suffixes, in their places, to all suffixes.
static void induce(const task *w, int32_t *sa) {
    find_buckets(w, 0);
    // The last suffix is found first, from the end.
    sa[w->bucket[at(w, w->n - 1)]++] = w->n - 1;
    for (int32_t i = 0; i < w->n; i++) {
        int32_t j = sa[i] - 1;
        if (j >= 0 && !is_s(w, j)) sa[w->bucket[at(w, j)]++] = j;
    }
    find_buckets(w, 1);
    for (int32_t i = w->n; i-- > 0;) {
        int32_t j = sa[i] - 1;
        if (j >= 0 && is_s(w, j)) sa[--w->bucket[at(w, j)]] = j;
    }
}

// Whether the pieces from one leftmost S to the next are equal.
static int equal_pieces(const task *w, int32_t a, int32_t b) {
    for (int32_t i = 0;; i++) {
        if (a + i >= w->n || b + i >= w->n) return 0;
        if (at(w, a + i) != at(w, b + i) || is_s(w, a + i) != is_s(w, b + i)) return 0;
        if (i > 0 && (is_lms(w, a + i) || is_lms(w, b + i))) return is_lms(w, a + i) && is_lms(w, b + i);
    }
}

static int sort_suffixes(const void *text, int wide, int32_t n, int32_t k, int32_t *sa) {
    if (n == 0) return 1;
    if (n == 1) return sa[0] = 0, 1;
    task w = {text, wide, n, k, calloc((size_t)n / 8 + 1, 1), malloc((size_t)k * sizeof(int32_t))};
    int done = 0;
    if (!w.type || !w.bucket) goto end;
    for (int32_t i = n - 1; i-- > 0;)
        if (at(&w, i) < at(&w, i + 1) || (at(&w, i) == at(&w, i + 1) && is_s(&w, i + 1)))
            w.type[i >> 3] |= (uint8_t)(1 << (i & 7));
    // The pieces between leftmost S suffixes, sorted by the same sweeps.
    for (int32_t i = 0; i < n; i++) sa[i] = -1;
    find_buckets(&w, 1);
    for (int32_t i = 1; i < n; i++)
        if (is_lms(&w, i)) sa[--w.bucket[at(&w, i)]] = i;
    induce(&w, sa);
    int32_t pieces = 0;
    for (int32_t i = 0; i < n; i++)
        if (is_lms(&w, sa[i])) sa[pieces++] = sa[i];
    // Names for the pieces; two leftmost S suffixes are never neighbours, so half of their place is their own.
    int32_t *name = sa + pieces, names = 0, last = -1;
    for (int32_t i = pieces; i < n; i++) sa[i] = -1;
    for (int32_t i = 0; i < pieces; i++) {
        if (last < 0 || !equal_pieces(&w, last, sa[i])) names++;
        last = sa[i];
        name[last / 2] = names - 1;
    }
    int32_t *reduced = sa + n - pieces;
    for (int32_t i = n - pieces, j = n; i-- > 0;)
        if (name[i] >= 0) sa[--j] = name[i];
    if (names < pieces) {
        if (!sort_suffixes(reduced, 1, pieces, names, sa)) goto end;
    } else {
        for (int32_t i = 0; i < pieces; i++) sa[reduced[i]] = i;
    }
    // From places among the pieces to places in the text.
    for (int32_t i = 1, j = 0; i < n; i++)
        if (is_lms(&w, i)) reduced[j++] = i;
    for (int32_t i = 0; i < pieces; i++) sa[i] = reduced[sa[i]];
    for (int32_t i = pieces; i < n; i++) sa[i] = -1;
    find_buckets(&w, 1);
    for (int32_t i = pieces; i-- > 0;) {
        int32_t j = sa[i];
        sa[i] = -1;
        sa[--w.bucket[at(&w, j)]] = j;
    }
    induce(&w, sa);
    done = 1;
end:
    free(w.type);
    free(w.bucket);
    return done;
}

int bell_suffix_array(const uint8_t *s, size_t n, unsigned k, int32_t *out) {
    return n < INT32_MAX && k <= 256 && sort_suffixes(s, 0, (int32_t)n, (int32_t)k, out);
}
