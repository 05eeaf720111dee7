#include "sp80090b_race.h"

// The multi most common in window predictor and the lag predictor of SP 800-90B, sections 6.3.7 and 6.3.8.

typedef struct {
    uint32_t size, mode;
    uint32_t count[256];
    size_t last[256];
} window;

// The most frequent symbol; among equals the one seen last. Called when the old one has lost a symbol.
static uint32_t find_mode(const window *w, unsigned k) {
    uint32_t best = 0, most = 0;
    for (unsigned x = 0; x < k; x++) most = w->count[x] > most ? w->count[x] : most;
    size_t last = 0;
    for (unsigned x = 0; x < k; x++)
        if (w->count[x] == most && w->last[x] >= last) last = w->last[x], best = x;
    return best;
}

// The window's guesses for the symbols i ..< i + steps, then those symbols are taken in.
static uint64_t window_block(window *w, const uint8_t *s, size_t i, unsigned steps, unsigned k) {
    uint64_t guesses = 0;
    for (unsigned t = 0; t < steps; t++, i++) {
        uint8_t x = s[i];
        guesses |= (uint64_t)(i >= w->size && w->mode == x) << t;
        w->count[x]++;
        w->last[x] = i;
        // The symbol that enters is the latest one, so an equal count is enough.
        if (w->count[x] >= w->count[w->mode]) w->mode = x;
        if (i >= w->size) {
            uint8_t old = s[i - w->size];
            w->count[old]--;
            if (old == w->mode) w->mode = find_mode(w, k);
        }
    }
    return guesses;
}

// Two symbols and an odd window: no ties, so the count of ones is all there is to know.
static uint64_t majority_block(window *w, const uint8_t *s, size_t i, unsigned steps) {
    uint64_t guesses = 0;
    uint32_t ones = w->count[1];
    for (unsigned t = 0; t < steps; t++, i++) {
        guesses |= (uint64_t)(i >= w->size && (2 * ones > w->size) == s[i]) << t;
        ones += s[i];
        if (i >= w->size) ones -= s[i - w->size];
    }
    w->count[1] = ones;
    return guesses;
}

bell_prediction bell_predict_window(
    const uint8_t *s, size_t n, unsigned k, const uint32_t *sizes, unsigned windows) {
    static const bell_prediction none = {0, 0, 0};
    if (windows == 0 || windows > 8 || k == 0 || k > 256 || n <= sizes[0]) return none;
    window w[8];
    memset(w, 0, sizeof w);
    for (unsigned j = 0; j < windows; j++) w[j].size = sizes[j];
    race r;
    race_start(&r, windows);
    for (size_t i = 0; i < n;) {
        // The first prediction is that of symbol sizes[0].
        size_t end = i < sizes[0] ? sizes[0] : n;
        unsigned steps = end - i < 64 ? (unsigned)(end - i) : 64;
        uint64_t guesses[8];
        for (unsigned j = 0; j < windows; j++)
            guesses[j] = k == 2 && w[j].size % 2 == 1 ? majority_block(&w[j], s, i, steps)
                                                      : window_block(&w[j], s, i, steps, k);
        if (i >= sizes[0]) race_block(&r, guesses, steps);
        i += steps;
    }
    return (bell_prediction){r.correct, r.longest, n - sizes[0]};
}

#if defined(__SSE2__)
#include <emmintrin.h>

static uint64_t equal64(const uint8_t *a, const uint8_t *b) {
    uint64_t mask = 0;
    for (unsigned t = 0; t < 64; t += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(a + t)), y = _mm_loadu_si128((const __m128i *)(b + t));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) << t;
    }
    return mask;
}
#else
static uint64_t equal64(const uint8_t *a, const uint8_t *b) {
    uint64_t mask = 0;
    for (unsigned t = 0; t < 64; t++) mask |= (uint64_t)(a[t] == b[t]) << t;
    return mask;
}
#endif

bell_prediction bell_predict_lag(const uint8_t *s, size_t n, unsigned depth) {
    static const bell_prediction none = {0, 0, 0};
    if (n < 2 || depth == 0 || depth > RACE_MOST) return none;
    race r;
    race_start(&r, depth);
    for (size_t i = 1; i < n;) {
        unsigned steps = n - i < 64 ? (unsigned)(n - i) : 64;
        uint64_t guesses[RACE_MOST];
        for (unsigned j = 0; j < depth; j++) {
            if (steps == 64 && i > j) {
                guesses[j] = equal64(s + i, s + i - j - 1);
                continue;
            }
            guesses[j] = 0;
            for (unsigned t = 0; t < steps; t++)
                if (i + t > j) guesses[j] |= (uint64_t)(s[i + t] == s[i + t - j - 1]) << t;
        }
        race_block(&r, guesses, steps);
        i += steps;
    }
    return (bell_prediction){r.correct, r.longest, n - 1};
}
