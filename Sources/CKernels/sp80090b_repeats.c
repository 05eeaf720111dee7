#include "bell_kernels.h"
#include <stdlib.h>
#include <string.h>

// The counts behind the t-tuple and the longest repeated substring estimates (SP 800-90B, 6.3.5 and 6.3.6), from how much
// each suffix shares with the next one in sorted order: tuples that are equal stand side by side there.

// The groups of suffixes that are open: each shares `length` symbols, from the suffix with the number `first` on.
typedef struct {
    size_t length, first;
} group;

typedef struct {
    bell_repeats *out;
    group *open;
    size_t depth, seen;
} counter;

// A group has ended: its suffixes share the tuples of the lengths shared + 1 ... length.
static void count_group(counter *c, size_t shared, size_t length, size_t size) {
    if (c->out->most[length] < size) c->out->most[length] = (uint32_t)size;
    uint64_t pairs = (uint64_t)size * (size - 1) / 2;
    c->out->pairs[length] += pairs;
    c->out->pairs[shared] -= pairs;
}

// The next suffix shares `length` symbols with the one before it.
static inline void add_shared(counter *c, size_t length) {
    size_t first = c->seen++;
    while (c->depth > 0 && c->open[c->depth - 1].length > length) {
        group g = c->open[--c->depth];
        size_t below = c->depth > 0 ? c->open[c->depth - 1].length : 0;
        count_group(c, below > length ? below : length, g.length, c->seen - g.first);
        first = g.first;
    }
    if (length > 0 && (c->depth == 0 || c->open[c->depth - 1].length < length))
        c->open[c->depth++] = (group){length, first};
}

// From what happens at each length to what holds for it: a repeated tuple's beginnings are repeated, too.
static void finish(counter *c) {
    add_shared(c, 0);
    bell_repeats *r = c->out;
    while (r->longest > 0 && r->most[r->longest] == 0) r->longest--;
    for (size_t t = r->longest; t-- > 0;) {
        r->pairs[t] += r->pairs[t + 1];
        if (r->most[t] < r->most[t + 1]) r->most[t] = r->most[t + 1];
    }
}

static int make_room(counter *c, bell_repeats *out, size_t longest) {
    memset(c, 0, sizeof *c);
    c->out = out;
    out->longest = longest;
    out->most = calloc(longest + 1, sizeof *out->most);
    out->pairs = calloc(longest + 1, sizeof *out->pairs);
    c->open = malloc((longest + 1) * sizeof *c->open);
    return out->most && out->pairs && c->open;
}

void bell_repeats_close(bell_repeats *r) {
    free(r->most);
    free(r->pairs);
    memset(r, 0, sizeof *r);
}

// ---- The short way: the first 64 bits of each suffix, sorted. It is enough unless something longer is repeated.

typedef struct {
    uint64_t key;
    unsigned length;
} ending;

// Sorts by the digits below bit `top`, the lowest first; n values at a, room for as many at b. Returns where they are.
static uint64_t *sort_digits(uint64_t *a, uint64_t *b, size_t n, unsigned top) {
    for (unsigned shift = 0; shift < top; shift += 8) {
        size_t start[256] = {0};
        for (size_t i = 0; i < n; i++) start[a[i] >> shift & 255]++;
        if (start[a[0] >> shift & 255] == n) continue;
        for (size_t x = 0, sum = 0; x < 256; x++) {
            size_t count = start[x];
            start[x] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++) b[start[a[i] >> shift & 255]++] = a[i];
        uint64_t *other = a;
        a = b;
        b = other;
    }
    return a;
}

static void sort_few(uint64_t *a, size_t n) {
    for (size_t i = 1; i < n; i++) {
        uint64_t x = a[i];
        size_t j = i;
        for (; j > 0 && a[j - 1] > x; j--) a[j] = a[j - 1];
        a[j] = x;
    }
}

enum { HEAD = 12, HEADS = 1 << HEAD };

// The suffixes that are as long as a key, sorted; NULL without memory.
static uint64_t *sorted_keys(const uint8_t *s, size_t n, unsigned bits, unsigned width) {
    size_t whole = n - width + 1, start[HEADS + 1] = {0}, next[HEADS], most = 0;
    unsigned slack = 64 - width * bits;
    uint64_t *keys = malloc(whole * sizeof *keys), *room = NULL, key = 0;
    if (!keys) return NULL;
    for (int pass = 0; pass < 2; pass++) {
        key = 0;
        for (size_t i = 0; i + 1 < width; i++) key = key << bits | s[i];
        for (size_t i = width - 1; i < n; i++) {
            key = key << bits | s[i];
            uint64_t x = key << slack;
            if (pass == 0) start[(x >> (64 - HEAD)) + 1]++;
            else keys[next[x >> (64 - HEAD)]++] = x;
        }
        if (pass > 0) break;
        for (size_t h = 0; h < HEADS; h++) {
            if (start[h + 1] > most) most = start[h + 1];
            start[h + 1] += start[h];
            next[h] = start[h];
        }
    }
    room = malloc(most * sizeof *room);
    if (!room) return free(keys), (uint64_t *)0;
    for (size_t h = 0; h < HEADS; h++) {
        size_t count = start[h + 1] - start[h];
        uint64_t *from = keys + start[h];
        if (count < 48) {
            sort_few(from, count);
            continue;
        }
        uint64_t *sorted = sort_digits(from, room, count, 64 - HEAD);
        if (sorted != from) memcpy(from, sorted, count * sizeof *from);
    }
    free(room);
    return keys;
}

// Shorter suffixes: padded with zeros they stand before all that they begin.
static void sorted_endings(ending *e, const uint8_t *s, size_t n, unsigned bits, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        ending x = {0, i + 1};
        for (size_t j = n - x.length; j < n; j++) x.key = x.key << bits | s[j];
        x.key <<= 64 - x.length * bits;
        unsigned j = i;
        for (; j > 0 && e[j - 1].key > x.key; j--) e[j] = e[j - 1];
        e[j] = x;
    }
}

// 1 when all is counted, 0 without memory, -1 when two keys are equal.
static int count_keys(bell_repeats *out, const uint8_t *s, size_t n, unsigned bits) {
    unsigned width = 64 / bits, endings = width - 1;
    ending end[64];
    counter c;
    uint64_t *keys = sorted_keys(s, n, bits, width);
    if (!keys || !make_room(&c, out, width)) return free(keys), 0;
    sorted_endings(end, s, n, bits, endings);
    uint64_t last = 0;
    unsigned lastLength = 0, e = 0;
    for (size_t i = 0; i < n - width + 1 || e < endings;) {
        uint64_t key;
        unsigned length;
        // Among equal keys the shorter suffix comes first; sorted_endings keeps equal ones in that order.
        if (i < n - width + 1 && (e == endings || keys[i] < end[e].key)) key = keys[i++], length = width;
        else key = end[e].key, length = end[e++].length;
        unsigned same = key == last ? width : (unsigned)__builtin_clzll(key ^ last) / bits;
        if (same == width && length == width && lastLength == width) {
            free(keys);
            free(c.open);
            bell_repeats_close(out);
            return -1;
        }
        if (same > length) same = length;
        if (same > lastLength) same = lastLength;
        if (lastLength > 0) add_shared(&c, same);
        else c.seen = 1;
        last = key;
        lastLength = length;
    }
    finish(&c);
    free(keys);
    free(c.open);
    return 1;
}

// ---- The long way: a suffix array and what neighbours in it share (Kärkkäinen, Manzini, Puglisi 2009).

static int count_suffixes(bell_repeats *out, const uint8_t *s, size_t n, unsigned bits) {
    int32_t *sa = malloc(n * sizeof *sa), *shared = malloc(n * sizeof *shared);
    counter c = {0};
    int done = 0;
    if (!sa || !shared || !bell_suffix_array(s, n, 1u << bits, sa)) goto end;
    // The suffix before each one, then, in the order of the text, how much they share: one less at most than the last.
    shared[sa[0]] = -1;
    for (size_t i = 1; i < n; i++) shared[sa[i]] = sa[i - 1];
    size_t same = 0, longest = 0;
    for (size_t i = 0; i < n; i++) {
        if (shared[i] < 0) {
            shared[i] = 0;
            same = 0;
            continue;
        }
        size_t j = (size_t)shared[i];
        while (i + same < n && j + same < n && s[i + same] == s[j + same]) same++;
        shared[i] = (int32_t)same;
        if (same > longest) longest = same;
        if (same > 0) same--;
    }
    if (!make_room(&c, out, longest)) goto end;
    c.seen = 1;
    for (size_t i = 1; i < n; i++) add_shared(&c, (size_t)shared[sa[i]]);
    finish(&c);
    done = 1;
end:
    free(sa);
    free(shared);
    free(c.open);
    return done;
}

int bell_repeats_open(bell_repeats *out, const uint8_t *s, size_t n, unsigned bits) {
    memset(out, 0, sizeof *out);
    if (bits == 0 || bits > 8 || n < 2 || n >= INT32_MAX) return 0;
    int done = n < 1024 ? -1 : count_keys(out, s, n, bits);
    if (done < 0) done = count_suffixes(out, s, n, bits);
    if (!done) bell_repeats_close(out);
    return done;
}
