#include "bell_kernels.h"
#include <math.h>
#include <string.h>

// Nine real coefficients of a three-level density matrix; every matrix here is 9×9, row-major.
enum { N = 9, NN = 81 };

void bell_level_apply(double *restrict out, const double *restrict m, const double *restrict in, size_t columns) {
    if (columns == N) {
        // The fixed width lets the compiler keep a row in registers.
        for (int i = 0; i < N; i++) {
            double row[N] = {0};
            for (int k = 0; k < N; k++) {
                const double factor = m[i * N + k];
                for (int j = 0; j < N; j++) row[j] += factor * in[k * N + j];
            }
            memcpy(out + i * N, row, sizeof row);
        }
        return;
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (size_t k = 0; k < N; k++) sum += m[i * N + k] * in[k * columns + j];
            out[i * columns + j] = sum;
        }
    }
}

static void multiply(double *restrict out, const double *restrict a, const double *restrict b) {
    bell_level_apply(out, a, b, N);
}

// Largest sum of a column's magnitudes.
static double norm(const double *a) {
    double most = 0;
    for (int j = 0; j < N; j++) {
        double sum = 0;
        for (int i = 0; i < N; i++) sum += fabs(a[i * N + j]);
        if (!(sum <= most)) most = sum;
    }
    return most;
}

// exp(a): Taylor's polynomial of degree 8 in three products (Bader, Blanes and Casas, Mathematics 7, 1174
// (2019)), after halving a until its norm is below 0.25 (remainder 0.25^9/9! = 1.1e-11), then squared again.
static void exponential(double *restrict out, double *restrict a) {
    const double r = sqrt(177.0);
    const double x3 = 2.0 / 3, x1 = x3 * (1 + r) / 88, x2 = x3 * (1 + r) / 352, x4 = (-271 + 29 * r) / (315 * x3),
                 x5 = 11 * (-1 + r) / (1260 * x3), x6 = 11 * (-9 + r) / (5040 * x3), x7 = (89 - r) / (5040 * x3 * x3),
                 y2 = (857 - 58 * r) / 630;
    double size = norm(a);
    int halvings = 0;
    // 2^60 × 0.25 is far beyond any drive; an infinite norm ends here, too.
    while (size > 0.25 && halvings < 60) {
        size *= 0.5;
        halvings++;
    }
    const double scale = ldexp(1, -halvings);
    double a2[NN], a4[NN], left[NN], right[NN];
    for (int i = 0; i < NN; i++) a[i] *= scale;
    multiply(a2, a, a);
    for (int i = 0; i < NN; i++) left[i] = x1 * a[i] + x2 * a2[i];
    multiply(a4, a2, left);
    for (int i = 0; i < NN; i++) {
        left[i] = x3 * a2[i] + a4[i];
        right[i] = x5 * a[i] + x6 * a2[i] + x7 * a4[i];
    }
    for (int i = 0; i < N; i++) right[i * (N + 1)] += x4;
    multiply(out, left, right);
    for (int i = 0; i < NN; i++) out[i] += a[i] + y2 * a2[i];
    for (int i = 0; i < N; i++) out[i * (N + 1)] += 1;
    for (; halvings > 0; halvings--) {
        multiply(a2, out, out);
        memcpy(out, a2, sizeof a2);
    }
}

void bell_level_propagator(
    double *restrict out, const double *base, const double *x, const double *y, const double *re, const double *im,
    const double *time, size_t count
) {
    double generator[NN], step[NN], product[NN];
    memset(out, 0, NN * sizeof *out);
    for (int i = 0; i < N; i++) out[i * (N + 1)] = 1;
    for (size_t k = 0; k < count; k++) {
        for (int i = 0; i < NN; i++) generator[i] = (base[i] + re[k] * x[i] + im[k] * y[i]) * time[k];
        exponential(step, generator);
        multiply(product, step, out);
        memcpy(out, product, sizeof product);
    }
}
