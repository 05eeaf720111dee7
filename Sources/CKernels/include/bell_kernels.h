#pragma once
#include <stddef.h>
#include <stdint.h>

/// Continues a CRC32C (Castagnoli polynomial, reflected 0x82F63B78; RFC 3720, B.4) over n bytes at p.
/// Begin with crc 0; inversion before and after is done inside, so results chain. Uses SSE4.2 where the CPU has it.
uint32_t bell_crc32c(uint32_t crc, const void *p, size_t n);

/// The same value without special instructions: eight table look-ups for eight bytes.
uint32_t bell_crc32c_portable(uint32_t crc, const void *p, size_t n);

/// 1 when bell_crc32c uses an instruction of this CPU, else 0.
int bell_crc32c_is_hardware(void);

/// Hashes four messages of `length` bytes each to 32 bytes with BLAKE2b (RFC 7693, without a key), side by side; `out` takes
/// the four hashes one after the other. Returns 0, and writes nothing, where the CPU has no AVX2.
int bell_blake2b_four(const uint8_t *const in[4], size_t length, uint8_t *out);

/// out = m · in, with m 9×9 and in, out 9×columns, all row-major; out overlaps neither.
void bell_level_apply(double *restrict out, const double *restrict m, const double *restrict in, size_t columns);

/// out = exp((base + re[n-1] x + im[n-1] y) time[n-1]) ··· exp((base + re[0] x + im[0] y) time[0]), the identity for
/// count 0: a three-level system under a piecewise constant drive. Matrices are 9×9, row-major; each factor is
/// exact to 1e-11 of its size times the halvings that its norm needs.
void bell_level_propagator(
    double *restrict out, const double *base, const double *x, const double *y, const double *re, const double *im,
    const double *time, size_t count);

// Polynomials over GF(2), packed: bit i of word j is the coefficient of x^(64 j + i). docs/gf2-product.md explains how
// they are multiplied. All functions may run in any number of threads at once; none keeps anything between calls.

/// Ways to multiply, slowest first. All give the same bits.
enum bell_gf2_way {
    /// Plain C. Its time depends on the operands' values (tables in memory); that of the others does not.
    BELL_GF2_PORTABLE = 0,
    /// One carry-less 64×64 product an instruction: PCLMULQDQ on x86-64, PMULL on aarch64.
    BELL_GF2_CLMUL = 1,
    /// Four an instruction: VPCLMULQDQ with AVX-512.
    BELL_GF2_VCLMUL = 2,
};

/// 1 when this CPU has what the way needs, else 0.
int bell_gf2_has(enum bell_gf2_way way);

/// The way that bell_gf2_multiply takes on this CPU.
enum bell_gf2_way bell_gf2_multiply_is(void);

/// out = a b. `a` has na words, `b` nb, `out` na + nb, all of which are written; out overlaps neither. na and nb may be 0.
///
/// Cost: quadratic for a few words, Karatsuba to some thousand, then O(n log n) (additive FFT). An operand much longer than
/// the other is taken in blocks. Returns 0, or -1 when memory is short; then what out holds is undefined.
int bell_gf2_multiply(uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb);

/// The same by one way, for tests and measurements. Returns -1 also where the CPU lacks it.
int bell_gf2_multiply_with(
    enum bell_gf2_way way, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb);

/// Bits [first, first + bits) of a b, moved down to bit 0 of ceil(bits/64) words; bits above the last are 0, and so is what
/// lies beyond the product. Costs what the output needs: with count << na, nb, pieces of the operands are multiplied and
/// only what is asked for is transformed back. Returns 0, or -1 when memory is short.
int bell_gf2_multiply_range(
    uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb, size_t first, size_t bits);

/// The same by one way.
int bell_gf2_multiply_range_with(
    enum bell_gf2_way way, uint64_t *out, const uint64_t *a, size_t na, const uint64_t *b, size_t nb, size_t first,
    size_t bits);

/// `bits` bits packed MSB first (bit i is bit 7 - i mod 8 of byte i/8) as a polynomial: bit i becomes the coefficient of
/// x^i. Reads ceil(bits/8) bytes, writes ceil(bits/64) words; what the last byte holds beyond the bits is not taken.
void bell_gf2_from_bytes(uint64_t *words, const uint8_t *bytes, size_t bits);

/// The inverse: reads ceil(bits/64) words, writes ceil(bits/8) bytes; the last byte ends with zeros.
void bell_gf2_to_bytes(uint8_t *bytes, const uint64_t *words, size_t bits);

/// out = in mod (x^n - 1), n >= 1, in ceil(n/64) words; bits above n - 1 are 0. `in` has `count` words and any length: each
/// n bits are added to the first. `out` does not overlap `in`.
void bell_gf2_fold(uint64_t *out, const uint64_t *in, size_t count, size_t n);

/// out = bits [first, first + bits) of `in`, moved down to bit 0 of ceil(bits/64) words; bits above are 0, and so is what
/// lies beyond the `count` words of `in`. `out` may be `in`, but must not overlap it otherwise.
void bell_gf2_range(uint64_t *out, const uint64_t *in, size_t count, size_t first, size_t bits);

/// Element v_i, i < 32, of the basis of GF(2^64) = GF(2)[x]/(x^64 + x^4 + x^3 + x + 1) that the transforms use: v_0 = 1 and
/// v_(i+1)^2 + v_(i+1) = v_i. For tests.
uint64_t bell_gf2_basis(int i);

/// a b in that field, by one way, which the CPU must have. For tests.
uint64_t bell_gf2_field_multiply(enum bell_gf2_way way, uint64_t a, uint64_t b);
// SP 800-22 rev. 1a: what its tests count in one stream. `bits` are n bits packed MSB first, n a multiple of 64, followed by at
// least 64 bytes that repeat the stream's first. `level` chooses portable code (0), AVX2 (1) or AVX-512 (2), at most what the
// CPU has; whole numbers are equal on all levels.

/// The highest level that this CPU has.
int bell_sp22_level(void);

struct bell_sp22_sums {
    uint64_t ones;     ///< Set bits.
    uint64_t square;   ///< Σ (2 ones − 128)² over the whole blocks of 128 bits.
    uint64_t changes;  ///< Bits that differ from the next one.
};
/// Sections 2.1 to 2.3.
void bell_sp22_sums(const uint8_t *bits, size_t n, struct bell_sp22_sums *out, int level);

/// Section 2.4 with M = 10000: blocks whose longest run of ones is ≤ 10, 11, …, ≥ 16.
void bell_sp22_longest_runs(const uint8_t *bits, size_t n, uint64_t classes[7]);

/// Section 2.5: 32 × 32 matrices of rank 32, 31 and less.
void bell_sp22_ranks(const uint8_t *bits, size_t n, uint64_t classes[3], int level);

/// `circle`: 65536 counts of the 16-bit windows of the cyclic stream; `blocks`: 8 × 512 counts of the 9-bit windows that lie
/// within each eighth of it.
void bell_sp22_windows(const uint8_t *bits, size_t n, uint32_t *circle, uint32_t *blocks, int level);

/// Section 2.8: blocks of 1032 bits with 0, 1, 2, 3, 4 and more windows of nine ones.
void bell_sp22_nine_ones(const uint8_t *bits, size_t n, uint64_t classes[6], int level);

/// Section 2.9: Σ log₂ of the distance of each block of `width` ≤ 12 bits, after the `first` ones, to the last equal one.
double bell_sp22_distances(const uint8_t *bits, size_t n, unsigned width, size_t first);

/// Section 2.10 with M = 500: blocks whose T lies in each of the seven classes.
void bell_sp22_complexity(const uint8_t *bits, size_t n, uint64_t classes[7], int level);

struct bell_sp22_walk {
    uint64_t forward, backward;  ///< Largest distance from the walk's begin, and from its end.
    uint64_t cycles;             ///< J.
    uint64_t visits[8][6];       ///< Cycles with 0, …, 4, ≥ 5 visits of −4, …, −1, 1, …, 4.
    uint64_t totals[18];         ///< Visits of −9, …, −1, 1, …, 9.
};
/// Sections 2.13 to 2.15.
void bell_sp22_walk(const uint8_t *bits, size_t n, struct bell_sp22_walk *out);

/// The spectrum of streams of one length; one at a time.
struct bell_sp22_spectrum;
/// For n = 2^a · 5^b, a multiple of 64 in 10^5...2^26; NULL for other lengths or without memory (9 bytes a bit).
struct bell_sp22_spectrum *bell_sp22_spectrum_new(size_t n);
void bell_sp22_spectrum_free(struct bell_sp22_spectrum *s);
/// Section 2.6: how many of the first n/2 squared magnitudes are below n ln 20; those within 1e-9 of it are not counted but
/// written to `near`, at most `room` of them; `found` takes how many there were.
uint64_t bell_sp22_spectrum_below(
    struct bell_sp22_spectrum *s, const uint8_t *bits, size_t *near, size_t room, size_t *found, int level);
/// The squared magnitude of one frequency, summed term by term: n steps.
double bell_sp22_magnitude(const uint8_t *bits, size_t n, size_t frequency);

/// 8 n carry-less products of words in eight chains, for measuring how fast this CPU can do them. Returns something that
/// depends on all of them; 0, at once, where the CPU lacks BELL_GF2_CLMUL.
uint64_t bell_gf2_clmul_chains(size_t n);

// ---- SP 800-90B: predictors and repeated tuples. Symbols are bytes below k; every function is pure.

/// What a predictor has done: right guesses, the longest run of them, and how many symbols it had to guess.
typedef struct {
    uint64_t correct, longest, predictions;
} bell_prediction;

/// Multi most common in window (6.3.7): the predictions begin at the smallest window, sizes[0]; at most 8 windows.
/// This and the three below give 0 predictions when there are too few symbols, or without memory.
bell_prediction bell_predict_window(
    const uint8_t *s, size_t n, unsigned k, const uint32_t *sizes, unsigned windows);

/// Lag (6.3.8): guesses that a symbol is the one 1...depth steps before; depth ≤ 128.
bell_prediction bell_predict_lag(const uint8_t *s, size_t n, unsigned depth);

/// MultiMMC (6.3.9): Markov models of the orders 1...depth, each with at most `contexts` contexts; depth ≤ 16.
bell_prediction bell_predict_markov(const uint8_t *s, size_t n, unsigned k, unsigned depth, uint32_t contexts);

/// LZ78Y (6.3.10): contexts of the lengths 1...depth, `contexts` of them together; depth ≤ 16.
bell_prediction bell_predict_lz78y(const uint8_t *s, size_t n, unsigned k, unsigned depth, uint32_t contexts);

/// The tuples that occur more than once, by their length.
typedef struct {
    /// Length of the longest one; 0 when no symbol is repeated.
    size_t longest;
    /// [t], 1 ≤ t ≤ longest: how often the most frequent tuple of t symbols occurs. The tuples may overlap.
    uint32_t *most;
    /// [t], 1 ≤ t ≤ longest: in how many ways two equal tuples of t symbols can be chosen.
    uint64_t *pairs;
} bell_repeats;

/// Counts the repeated tuples of 2 ≤ n < 2^31 symbols below 2^bits; 0 without memory. To be given to bell_repeats_close.
int bell_repeats_open(bell_repeats *out, const uint8_t *s, size_t n, unsigned bits);
void bell_repeats_close(bell_repeats *r);

/// The suffix array of n < 2^31 symbols below k ≤ 256, for tests; 0 without memory.
int bell_suffix_array(const uint8_t *s, size_t n, unsigned k, int32_t *out);
