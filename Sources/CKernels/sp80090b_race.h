#pragma once
#include "bell_kernels.h"
#include <string.h>

// Several predictors guess each symbol; the one with the most correct guesses so far speaks for all of them
// (SP 800-90B, 6.3.7 to 6.3.9, "scoreboard" and "winner"). Guesses come as 64 steps at a time, one bit a step.

enum { RACE_MOST = 128 };

typedef struct {
    unsigned predictors, winner;
    uint64_t score[RACE_MOST];
    uint64_t correct, run, longest;
} race;

static inline void race_start(race *r, unsigned predictors) {
    memset(r, 0, sizeof *r);
    r->predictors = predictors;
}

static inline void race_count(race *r, int correct) {
    r->correct += (uint64_t)correct;
    r->run = correct ? r->run + 1 : 0;
    if (r->run > r->longest) r->longest = r->run;
}

static inline void race_count_all(race *r, uint64_t guesses, unsigned steps) {
    r->correct += (uint64_t)__builtin_popcountll(guesses);
    while (steps > 0) {
        // A run of correct guesses, then a run of wrong ones.
        unsigned ones = ~guesses ? (unsigned)__builtin_ctzll(~guesses) : 64;
        if (ones > steps) ones = steps;
        r->run += ones;
        if (r->run > r->longest) r->longest = r->run;
        if (ones == steps) return;
        guesses >>= ones;
        steps -= ones;
        r->run = 0;
        unsigned zeros = guesses ? (unsigned)__builtin_ctzll(guesses) : 64;
        if (zeros >= steps) return;
        guesses >>= zeros;
        steps -= zeros;
    }
}

// Bit t of guesses[j]: predictor j is right at step t. At most 64 steps; bits beyond them are 0. A predictor that
// cannot reach the winner's score within these steps is counted as a whole, so that few are looked at step by step.
static inline void race_block(race *r, const uint64_t *guesses, unsigned steps) {
    unsigned rival[RACE_MOST], rivals = 0;
    uint64_t goal = r->score[r->winner];
    for (unsigned j = 0; j < r->predictors; j++) {
        uint64_t reached = r->score[j] + (uint64_t)__builtin_popcountll(guesses[j]);
        if (reached >= goal) rival[rivals++] = j;
        else r->score[j] = reached;
    }
    if (rivals == 1) {
        r->score[r->winner] += (uint64_t)__builtin_popcountll(guesses[r->winner]);
        race_count_all(r, guesses[r->winner], steps);
        return;
    }
    for (unsigned t = 0; t < steps; t++) {
        race_count(r, (int)(guesses[r->winner] >> t & 1));
        for (unsigned i = 0; i < rivals; i++) {
            unsigned j = rival[i];
            r->score[j] += guesses[j] >> t & 1;
            if ((guesses[j] >> t & 1) && r->score[j] >= r->score[r->winner]) r->winner = j;
        }
    }
}
