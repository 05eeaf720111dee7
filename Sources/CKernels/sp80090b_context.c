#include "sp80090b_race.h"
#include <stdlib.h>

// The predictors of SP 800-90B that remember what followed a context: MultiMMC (6.3.9) and LZ78Y (6.3.10).

// Contexts of one length over two symbols. A cell is 0 until its context was seen, then 2 (ones - zeros) + 1: greater
// than 0 when one has followed at least as often as zero, which is the standard's rule for ties.
static uint64_t binary_block(int32_t *cells, unsigned length, const uint8_t *s, size_t i, unsigned steps) {
    uint32_t mask = (1u << length) - 1, context = 0;
    uint64_t guesses = 0;
    for (size_t j = i < length ? 0 : i - length; j < i; j++) context = context << 1 | s[j];
    for (unsigned t = 0; t < steps; t++, i++) {
        uint32_t x = s[i];
        if (i >= length) {
            int32_t cell = cells[context];
            guesses |= (uint64_t)((uint32_t)cell & 1 & ((cell > 0) == x)) << t;
            cells[context] = (cell | 1) + (int32_t)(4 * x) - 2;
        }
        context = (context << 1 | x) & mask;
    }
    return guesses;
}

// Four lengths side by side, because each one alone waits for its own last store.
static void binary_block_four(int32_t **cells, unsigned length, const uint8_t *s, size_t i, uint64_t *guesses) {
    uint32_t context = 0;
    uint64_t g[4] = {0, 0, 0, 0};
    for (size_t j = i - length - 3; j < i; j++) context = context << 1 | s[j];
    for (unsigned t = 0; t < 64; t++, i++) {
        uint32_t x = s[i];
        for (unsigned d = 0; d < 4; d++) {
            int32_t *at = cells[d] + (context & ((1u << (length + d)) - 1)), cell = *at;
            g[d] |= (uint64_t)((uint32_t)cell & 1 & ((cell > 0) == x)) << t;
            *at = (cell | 1) + (int32_t)(4 * x) - 2;
        }
        context = context << 1 | x;
    }
    memcpy(guesses, g, sizeof g);
}

static bell_prediction binary_markov(const uint8_t *s, size_t n, unsigned depth) {
    bell_prediction none = {0, 0, 0};
    int32_t *cells[RACE_MOST], *all = calloc((size_t)2 << depth, sizeof *all);
    if (!all) return none;
    for (unsigned d = 0; d < depth; d++) cells[d] = all + (2u << d);
    race r;
    race_start(&r, depth);
    uint64_t guesses[RACE_MOST];
    // Symbol 1 is learned but not predicted.
    for (unsigned d = 0; d < depth; d++) binary_block(cells[d], d + 1, s, 1, 1);
    for (size_t i = 2; i < n;) {
        unsigned steps = n - i < 64 ? (unsigned)(n - i) : 64, d = 0;
        if (steps == 64 && i >= depth)
            for (; d + 4 <= depth; d += 4) binary_block_four(cells + d, d + 1, s, i, guesses + d);
        for (; d < depth; d++) guesses[d] = binary_block(cells[d], d + 1, s, i, steps);
        race_block(&r, guesses, steps);
        i += steps;
    }
    free(all);
    return (bell_prediction){r.correct, r.longest, n - 2};
}

// Numbers by key, open addressing; doubles when it is half full.
typedef struct {
    uint32_t *key, *value;
    size_t used, size;
} table;

static const uint32_t NO_KEY = UINT32_MAX;

static int table_open(table *t, size_t size) {
    t->used = 0;
    t->size = size;
    t->key = malloc(size * sizeof *t->key);
    t->value = malloc(size * sizeof *t->value);
    if (!t->key || !t->value) return 0;
    memset(t->key, 0xff, size * sizeof *t->key);
    return 1;
}

static void table_close(table *t) {
    free(t->key);
    free(t->value);
}

static inline size_t table_place(const table *t, uint32_t key) {
    size_t at = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (t->size - 1);
    while (t->key[at] != key && t->key[at] != NO_KEY) at = (at + 1) & (t->size - 1);
    return at;
}

// The value of the key, put in as 0 when it is new; NULL without memory. Valid until the next call.
static uint32_t *table_value(table *t, uint32_t key) {
    size_t at = table_place(t, key);
    if (t->key[at] == key) return &t->value[at];
    if (2 * t->used >= t->size) {
        table more;
        if (!table_open(&more, 2 * t->size)) return table_close(&more), (uint32_t *)0;
        for (size_t i = 0; i < t->size; i++) {
            if (t->key[i] == NO_KEY) continue;
            size_t to = table_place(&more, t->key[i]);
            more.key[to] = t->key[i];
            more.value[to] = t->value[i];
        }
        more.used = t->used;
        table_close(t);
        *t = more;
        at = table_place(t, key);
    }
    t->used++;
    t->key[at] = key;
    t->value[at] = 0;
    return &t->value[at];
}

// A context; its longer ones are found by the symbol before it. One that is not listed only leads to longer ones that are.
typedef struct {
    uint32_t most;
    uint8_t symbol, listed;
} node;

// `count` is now how often y has followed; the greatest symbol wins ties.
static inline void node_saw(node *c, uint32_t count, uint8_t y) {
    if (count > c->most || (count == c->most && y >= c->symbol)) c->most = count, c->symbol = y;
}

enum { MARKOV_MOST = 16 };

bell_prediction bell_predict_markov(const uint8_t *s, size_t n, unsigned k, unsigned depth, uint32_t contexts) {
    bell_prediction result = {0, 0, 0};
    if (n < 3 || depth == 0 || depth > MARKOV_MOST || contexts == 0 || contexts > 1000000) return result;
    if (k == 2 && contexts >= 1u << depth) return binary_markov(s, n, depth);
    // Longer contexts come up to depth steps later, so that many of each length may stand unlisted before them.
    size_t room = (size_t)depth * (contexts + depth) + 1;
    node *nodes = malloc(room * sizeof *nodes);
    table children = {0}, counts = {0};
    race r;
    uint32_t listed[MARKOV_MOST] = {0};
    size_t made = 1;
    if (!nodes || !table_open(&children, 1 << 12) || !table_open(&counts, 1 << 12)) goto end;
    race_start(&r, depth);
    uint64_t guesses[MARKOV_MOST] = {0};
    unsigned step = 0;
    for (size_t i = 1; i < n; i++) {
        uint8_t x = s[i];
        unsigned d = 0, most = i < depth ? (unsigned)i : depth;
        uint32_t at = 0;
        for (; d < most; d++) {
            uint32_t key = at << 8 | s[i - d - 1];
            size_t place = table_place(&children, key);
            if (children.key[place] != key) break;
            at = children.value[place];
            node *c = &nodes[at];
            if (!c->listed) continue;
            guesses[d] |= (uint64_t)(c->symbol == x) << step;
            uint32_t *count = table_value(&counts, at << 8 | x);
            if (!count) goto end;
            node_saw(c, ++*count, x);
        }
        // New contexts, as long as their length has room.
        unsigned last = most;
        while (last > d && listed[last - 1] >= contexts) last--;
        for (; d < last && made < room; d++) {
            uint32_t *child = table_value(&children, at << 8 | s[i - d - 1]);
            if (!child) goto end;
            at = *child = (uint32_t)made++;
            node *c = &nodes[at];
            c->most = 0, c->symbol = 0, c->listed = listed[d] < contexts;
            if (!c->listed) continue;
            listed[d]++;
            uint32_t *count = table_value(&counts, at << 8 | x);
            if (!count) goto end;
            node_saw(c, ++*count, x);
        }
        if (i == 1) continue;
        if (++step == 64 || i + 1 == n) {
            race_block(&r, guesses, step);
            memset(guesses, 0, sizeof guesses);
            step = 0;
        }
    }
    result = (bell_prediction){r.correct, r.longest, n - 2};
end:
    free(nodes);
    table_close(&children);
    table_close(&counts);
    return result;
}

bell_prediction bell_predict_lz78y(const uint8_t *s, size_t n, unsigned k, unsigned depth, uint32_t contexts) {
    bell_prediction result = {0, 0, 0};
    if (depth == 0 || depth > 16 || n < depth + 2 || k == 0 || k > 256 || contexts == 0 || contexts > 1000000)
        return result;
    size_t room = (size_t)contexts + depth + 1, made = 1;
    node *nodes = malloc(room * sizeof *nodes);
    uint32_t *children = calloc(room * k, sizeof *children), *counts = calloc(room * k, sizeof *counts);
    if (!nodes || !children || !counts) goto end;
    uint32_t listed = 0;
    race r;
    race_start(&r, 1);
    for (size_t i = depth; i < n; i++) {
        uint8_t x = s[i], guess = 0;
        uint32_t at = 0, most = 0, first = 0;
        int learning = 1;
        unsigned d = 0;
        for (; d < depth; d++) {
            uint32_t next = children[at * (size_t)k + s[i - d - 1]];
            if (next == 0) break;
            at = next;
            node *c = &nodes[at];
            if (!c->listed) continue;
            // What follows a context follows its end at least as often, so a longer one can only draw level, which is
            // enough to win; and once it has fallen behind for a symbol it stays behind and need not be counted.
            if (c->most >= most) most = c->most, guess = c->symbol;
            if (learning) {
                uint32_t count = ++counts[at * (size_t)k + x];
                if (first == 0) first = count;
                learning = count >= first;
                node_saw(c, count, x);
            }
            if (listed == contexts && !learning && nodes[at].most < most) break;
        }
        if (i > depth) race_count(&r, most > 0 && guess == x);
        if (listed == contexts || d == depth) continue;
        // New contexts, the longest first when there is no room for all.
        unsigned fit = contexts - listed < depth - d ? contexts - listed : depth - d;
        for (unsigned missing = depth - d; d < depth && made < room; d++, missing--) {
            at = children[at * (size_t)k + s[i - d - 1]] = (uint32_t)made++;
            nodes[at] = (node){0, 0, missing <= fit};
            if (missing > fit) continue;
            listed++;
            node_saw(&nodes[at], ++counts[at * (size_t)k + x], x);
        }
    }
    result = (bell_prediction){r.correct, r.longest, n - depth - 1};
end:
    free(nodes);
    free(children);
    free(counts);
    return result;
}
