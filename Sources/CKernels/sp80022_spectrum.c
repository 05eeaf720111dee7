#include "sp80022_internal.h"
#include <math.h>
#include <stdlib.h>

// SP 800-22 rev. 1a, section 2.6. The n real values ±1 are n/2 complex ones, transformed as a matrix of rows × columns: 8 columns
// side by side in the lanes of a vector, then 8 rows with their 8 mirror images, from which the real transform's magnitudes
// follow. Everything between lies in the second-level cache. Bailey, J. Supercomputing 4, 23 (1990); each small transform is Stockham's.

typedef double V __attribute__((vector_size(64)));
typedef int64_t I __attribute__((vector_size(64)));
typedef struct { V re, im; } C;
typedef struct { double re, im; } Z;

typedef struct {
    size_t length, stages;
    unsigned radix[32];
    Z *twiddle;  // For each stage, step and output but the first.
} Small;

struct bell_sp22_spectrum {
    size_t n, rows, columns;
    Small down, across;
    C *lane;       // exp(−2πi l k / N) for row k and lane l.
    Z *base;       // exp(−2πi 8 g k / N) for group g and row k.
    Z *real_row;   // exp(−2πi k / n) for row k.
    Z *real_column;  // exp(−2πi rows k / n) for column k.
    double *re, *im;  // The matrix between both steps.
    C *a[2], *b[2];   // Work: a transform and its mirror image, each from one array to the other.
};

static Z unit(uint64_t k, uint64_t n) {  // exp(−2πi k/n), from the first octant, where both functions are most exact.
    k %= n;
    uint64_t octant = 8 * k / n;
    // The angle's distance to the nearest multiple of a quarter turn, as a fraction of n of a turn times 8.
    int64_t away = (int64_t)(8 * k) - (int64_t)(2 * n * ((octant + 1) / 2));
    double angle = (double)away / (double)(8 * n) * 6.283185307179586476925, c = cos(angle), s = sin(angle);
    switch ((octant + 1) / 2 % 4) {
    case 0: return (Z){c, -s};
    case 1: return (Z){-s, -c};
    case 2: return (Z){-c, s};
    default: return (Z){s, c};
    }
}

INLINE C times(C x, Z w) { return (C){x.re * w.re - x.im * w.im, x.re * w.im + x.im * w.re}; }
INLINE C product(C x, C w) { return (C){x.re * w.re - x.im * w.im, x.re * w.im + x.im * w.re}; }
INLINE C plus(C a, C b) { return (C){a.re + b.re, a.im + b.im}; }
INLINE C minus(C a, C b) { return (C){a.re - b.re, a.im - b.im}; }
INLINE C turned(C a) { return (C){a.im, -a.re}; }  // −i a

INLINE void four(const C x[4], C y[4]) {
    C a = plus(x[0], x[2]), b = minus(x[0], x[2]), c = plus(x[1], x[3]), d = turned(minus(x[1], x[3]));
    y[0] = plus(a, c), y[1] = plus(b, d), y[2] = minus(a, c), y[3] = minus(b, d);
}
INLINE void five(const C x[5], C y[5]) {
    const double c1 = 0.30901699437494742410, c2 = -0.80901699437494742410, s1 = 0.95105651629515357212,
                 s2 = 0.58778525229247312917;
    C p = plus(x[1], x[4]), q = plus(x[2], x[3]), r = turned(minus(x[1], x[4])), t = turned(minus(x[2], x[3]));
    C u = {x[0].re + c1 * p.re + c2 * q.re, x[0].im + c1 * p.im + c2 * q.im};
    C v = {x[0].re + c2 * p.re + c1 * q.re, x[0].im + c2 * p.im + c1 * q.im};
    C e = {s1 * r.re + s2 * t.re, s1 * r.im + s2 * t.im}, f = {s2 * r.re - s1 * t.re, s2 * r.im - s1 * t.im};
    y[0] = plus(x[0], plus(p, q));
    y[1] = plus(u, e), y[4] = minus(u, e), y[2] = plus(v, f), y[3] = minus(v, f);
}
INLINE void eight(const C x[8], C y[8]) {
    const double h = 0.70710678118654752440;
    C even[4] = {x[0], x[2], x[4], x[6]}, odd[4] = {x[1], x[3], x[5], x[7]}, e[4], o[4];
    four(even, e), four(odd, o);
    o[1] = (C){h * (o[1].re + o[1].im), h * (o[1].im - o[1].re)};
    o[2] = turned(o[2]);
    o[3] = (C){h * (o[3].im - o[3].re), -h * (o[3].re + o[3].im)};
    for (int k = 0; k < 4; k++) y[k] = plus(e[k], o[k]), y[k + 4] = minus(e[k], o[k]);
}

/// One stage: inputs `gap` apart, outputs `stride` apart.
#define STAGE(radix, butterfly)                                                         \
    for (size_t p = 0; p < m; p++, w += (radix) - 1)                                    \
        for (size_t q = 0; q < stride; q++) {                                           \
            const C *in = x + q + stride * p;                                           \
            C *out = y + q + stride * (radix) * p, f[radix], g[radix];                  \
            for (size_t i = 0; i < (radix); i++) f[i] = in[i * gap];                    \
            butterfly(f, g);                                                            \
            out[0] = g[0];                                                              \
            for (size_t i = 1; i < (radix); i++) out[i * stride] = times(g[i], w[i - 1]); \
        }

/// Transforms x; returns whichever of x and y took the result.
INLINE C *transform(const Small *plan, C *x, C *y) {
    const Z *w = plan->twiddle;
    size_t length = plan->length, stride = 1;
    for (size_t s = 0; s < plan->stages; s++) {
        size_t radix = plan->radix[s], m = length / radix, gap = m * stride;
        if (radix == 8) { STAGE(8, eight) }
        else if (radix == 5) { STAGE(5, five) }
        else if (radix == 4) { STAGE(4, four) }
        else {
            for (size_t p = 0; p < m; p++, w++)
                for (size_t q = 0; q < stride; q++) {
                    C a = x[q + stride * p], b = x[q + stride * p + gap];
                    y[q + stride * 2 * p] = plus(a, b), y[q + stride * (2 * p + 1)] = times(minus(a, b), *w);
                }
        }
        length = m, stride *= radix;
        C *t = x;
        x = y, y = t;
    }
    return x;
}

/// Columns 8g … 8g + 7 of the bits, transformed and turned, into the matrix.
INLINE void down_body(struct bell_sp22_spectrum *s, const uint8_t *bits, size_t g) {
    const Words sign = (Words){0} + (1ull << 63), one = (Words){0} + 0x3ff0000000000000ull;
    const Words even = {48, 50, 52, 54, 56, 58, 60, 62}, odd = even + 1;
    for (size_t row = 0; row < s->rows; row++) {
        size_t byte = (row * s->columns + 8 * g) / 4;
        // A cleared bit is −1.
        Words w = (Words){0} + ~((uint64_t)bits[byte] << 8 | bits[byte + 1]);
        s->a[0][row] = (C){(V)((w << even & sign) | one), (V)((w << odd & sign) | one)};
    }
    const C *x = transform(&s->down, s->a[0], s->b[0]);
    const Z *base = s->base + g * s->rows;
    for (size_t row = 0; row < s->rows; row++) {
        C y = product(times(x[row], base[row]), (C){s->lane[row].re, s->lane[row].im});
        memcpy(s->re + row * s->columns + 8 * g, &y.re, 64);
        memcpy(s->im + row * s->columns + 8 * g, &y.im, 64);
    }
}
KERNEL(void, down, (struct bell_sp22_spectrum *s, const uint8_t *bits, size_t g), (s, bits, g))

INLINE void turn(V r[8]) {  // 8 × 8, rows become columns.
    V t[8], u[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            u[i + k] = __builtin_shufflevector(t[i + k], t[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            u[i + k + 2] = __builtin_shufflevector(t[i + k], t[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int k = 0; k < 4; k++) {
        r[k] = __builtin_shufflevector(u[k], u[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        r[k + 4] = __builtin_shufflevector(u[k], u[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

INLINE void gather(const struct bell_sp22_spectrum *s, const size_t rows[8], C *out) {
    for (size_t column = 0; column < s->columns; column += 8) {
        V re[8], im[8];
        for (int l = 0; l < 8; l++) {
            memcpy(&re[l], s->re + rows[l] * s->columns + column, 64);
            memcpy(&im[l], s->im + rows[l] * s->columns + column, 64);
        }
        turn(re), turn(im);
        for (int l = 0; l < 8; l++) out[column + (size_t)l] = (C){re[l], im[l]};
    }
}

typedef struct { size_t *near, room, found; uint64_t below; } Tally;

static void note(Tally *t, size_t frequency) {
    if (t->found < t->room) t->near[t->found] = frequency;
    t->found++;
}

/// Rows 8g … 8g + 7 and their mirror images: counts the magnitudes of both.
INLINE void across_body(struct bell_sp22_spectrum *s, size_t g, Tally *tally) {
    size_t rows = s->rows, columns = s->columns, own[8], mirror[8];
    I both = {0}, single = {0};
    C turnRow;
    for (size_t l = 0; l < 8; l++) {
        size_t k = 8 * g + l;
        own[l] = k < rows ? k : 0, mirror[l] = k == 0 || k >= rows ? 0 : rows - k;
        both[l] = k > 0 && 2 * k < rows ? -1 : 0;
        single[l] = k > 0 && 2 * k == rows ? -1 : 0;
        turnRow.re[l] = s->real_row[own[l]].re, turnRow.im[l] = s->real_row[own[l]].im;
    }
    gather(s, own, s->a[0]), gather(s, mirror, s->a[1]);
    const C *z = transform(&s->across, s->a[0], s->b[0]), *m = transform(&s->across, s->a[1], s->b[1]);
    // Four times the magnitudes, so that nothing is halved.
    const double limit = 4 * (double)s->n * 2.99573227355399099344;
    const V low = (V){0} + limit * (1 - 1e-9), high = (V){0} + limit * (1 + 1e-9);
    I below = {0};
    for (size_t k = 0; k < columns; k++) {
        C a = z[k], b = m[columns - 1 - k];
        C e = {a.re + b.re, a.im - b.im}, o = {a.im + b.im, b.re - a.re};
        C w = product(times(o, s->real_column[k]), turnRow);
        V sum = e.re * e.re + e.im * e.im + w.re * w.re + w.im * w.im, cross = 2 * (e.re * w.re + e.im * w.im);
        V here = sum + cross, there = sum - cross;
        I counted = both | single;
        below += (here < low) & counted, below += (there < low) & both;
        I near = ((here >= low) & (here <= high) & counted) | ((there >= low) & (there <= high) & both);
        if (__builtin_reduce_or(near))
            for (size_t l = 0; l < 8; l++) {
                if (counted[l] && here[l] >= low[l] && here[l] <= high[l]) note(tally, own[l] + rows * k);
                if (both[l] && there[l] >= low[l] && there[l] <= high[l]) note(tally, mirror[l] + rows * (columns - 1 - k));
            }
    }
    for (size_t l = 0; l < 8; l++) tally->below += (uint64_t)-below[l];
    if (g == 0)  // Row 0 is its own mirror image, about column 0.
        for (size_t k = 0; k < columns; k++) {
            size_t i = k == 0 ? 0 : columns - k;
            double er = z[k].re[0] + z[i].re[0], ei = z[k].im[0] - z[i].im[0];
            double or = z[k].im[0] + z[i].im[0], oi = z[i].re[0] - z[k].re[0];
            Z t = s->real_column[k];
            double re = er + or * t.re - oi * t.im, im = ei + or * t.im + oi * t.re, here = re * re + im * im;
            if (here < low[0]) tally->below++;
            else if (here <= high[0]) note(tally, rows * k);
        }
}
KERNEL(void, across, (struct bell_sp22_spectrum *s, size_t g, Tally *tally), (s, g, tally))

uint64_t bell_sp22_spectrum_below(
    struct bell_sp22_spectrum *s, const uint8_t *bits, size_t *near, size_t room, size_t *found, int level) {
    Tally tally = {near, room, 0, 0};
    for (size_t g = 0; g < s->columns / 8; g++) CALL(down, level, (s, bits, g));
    for (size_t g = 0; 16 * g <= s->rows; g++) CALL(across, level, (s, g, &tally));
    *found = tally.found;
    return tally.below;
}

double bell_sp22_magnitude(const uint8_t *bits, size_t n, size_t frequency) {
    double re = 0, im = 0, lostRe = 0, lostIm = 0;  // Kahan's sum.
    uint64_t k = 0;
    for (size_t i = 0; i < n; i++) {
        Z w = unit(k, n);
        double sign = bits[i / 8] >> (7 - i % 8) & 1 ? 1 : -1;
        double a = sign * w.re - lostRe, b = sign * w.im - lostIm, r = re + a, m = im + b;
        lostRe = (r - re) - a, lostIm = (m - im) - b;
        re = r, im = m;
        k += frequency;
        if (k >= n) k -= n;
    }
    return re * re + im * im;
}

static int plan(Small *p, size_t length) {
    p->length = length;
    size_t rest = length, twiddles = 0;
    while (rest > 1) {
        unsigned radix = rest % 8 == 0 && rest != 16 ? 8 : rest % 4 == 0 ? 4 : rest % 2 == 0 ? 2 : 5;
        if (rest % radix) return 0;
        rest /= radix;
        twiddles += rest * (radix - 1);
        p->radix[p->stages++] = radix;
    }
    p->twiddle = malloc((twiddles + 1) * sizeof(Z));
    if (!p->twiddle) return 0;
    Z *w = p->twiddle;
    rest = length;
    for (size_t s = 0; s < p->stages; s++) {
        size_t m = rest / p->radix[s];
        for (size_t k = 0; k < m; k++)
            for (size_t i = 1; i < p->radix[s]; i++) *w++ = unit(k * i, rest);
        rest = m;
    }
    return 1;
}

static void *vectors(size_t bytes) { return aligned_alloc(64, (bytes + 63) / 64 * 64); }

struct bell_sp22_spectrum *bell_sp22_spectrum_new(size_t n) {
    if (n < 100000 || n > (size_t)1 << 26 || n % 64) return NULL;
    size_t half = n / 2, rest = half;
    while (rest % 2 == 0) rest /= 2;
    while (rest % 5 == 0) rest /= 5;
    if (rest != 1) return NULL;
    size_t columns = 0;  // A multiple of 8; the longer of both sides is as short as can be.
    for (size_t c = 8; c <= half; c += 8) {
        if (half % c) continue;
        size_t longer = c > half / c ? c : half / c, best = columns > half / (columns + !columns) ? columns : half / (columns + !columns);
        if (!columns || longer < best) columns = c;
    }
    struct bell_sp22_spectrum *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    size_t rows = half / columns, most = rows > columns ? rows : columns;
    s->n = n, s->rows = rows, s->columns = columns;
    int ok = plan(&s->down, rows) && plan(&s->across, columns);
    ok = ok && (s->lane = vectors(rows * sizeof(C))) && (s->base = vectors(half / 8 * sizeof(Z)));
    ok = ok && (s->real_row = vectors(rows * sizeof(Z))) && (s->real_column = vectors(columns * sizeof(Z)));
    ok = ok && (s->re = vectors(half * 8)) && (s->im = vectors(half * 8));
    for (int k = 0; k < 2; k++) ok = ok && (s->a[k] = vectors(most * sizeof(C))) && (s->b[k] = vectors(most * sizeof(C)));
    if (!ok) {
        bell_sp22_spectrum_free(s);
        return NULL;
    }
    for (size_t k = 0; k < rows; k++) {
        for (size_t l = 0; l < 8; l++) {
            Z w = unit(l * k, half);
            s->lane[k].re[l] = w.re, s->lane[k].im[l] = w.im;
        }
        for (size_t g = 0; g < columns / 8; g++) s->base[g * rows + k] = unit(8 * g * k, half);
        s->real_row[k] = unit(k, n);
    }
    for (size_t k = 0; k < columns; k++) s->real_column[k] = unit(rows * k, n);
    return s;
}

void bell_sp22_spectrum_free(struct bell_sp22_spectrum *s) {
    if (!s) return;
    free(s->down.twiddle), free(s->across.twiddle), free(s->lane), free(s->base), free(s->real_row), free(s->real_column);
    free(s->re), free(s->im), free(s->a[0]), free(s->a[1]), free(s->b[0]), free(s->b[1]);
    free(s);
}
