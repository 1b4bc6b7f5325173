// SPDX-License-Identifier: GPL-3.0-or-later
#include "morris.h"

#include "bug.h"
#include "estimate.h"
#include "hash.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A design of some hundred points needs no random stream, and the streams are in a layer above. */
static size_t random_below(uint64_t *state, size_t bound)
{
    return (size_t)((hash_mix_next(state) >> 32) * (uint64_t)bound >> 32);
}

static void shuffle(uint64_t *state, size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t other = random_below(state, i), kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

void morris_points(uint64_t seed, size_t input_count, size_t trajectories, double *points)
{
    size_t *order = mem_alloc(input_count, sizeof *order);
    uint64_t state = seed;

    for (size_t t = 0; t < trajectories; t++) {
        double *row = points + t * (input_count + 1) * input_count;
        for (size_t i = 0; i < input_count; i++)
            row[i] = (double)random_below(&state, MORRIS_LEVELS) / (MORRIS_LEVELS - 1);
        shuffle(&state, order, input_count);
        for (size_t i = 0; i < input_count; i++, row += input_count) {
            memcpy(row + input_count, row, input_count * sizeof *row);
            /* Of four levels the lower two can only go up and the upper two only down, each to its
             * own partner: levels count in thirds, so that no rounding gathers. */
            long level = lround(row[order[i]] * (MORRIS_LEVELS - 1));
            long moved =
                level < MORRIS_LEVELS / 2 ? level + MORRIS_LEVELS / 2 : level - MORRIS_LEVELS / 2;
            row[input_count + order[i]] = (double)moved / (MORRIS_LEVELS - 1);
        }
    }
    free(order);
}

void morris_effects(const double *points, const double *statistics, size_t input_count,
                    size_t trajectories, double level, struct morris_effect *effects)
{
    struct tally *signed_effects = mem_zalloc(input_count, sizeof *signed_effects);
    struct estimate_sums *absolute = mem_zalloc(input_count, sizeof *absolute);
    uint64_t *outcomes = mem_zalloc(input_count, sizeof *outcomes);

    for (size_t t = 0; t < trajectories; t++) {
        for (size_t step = 0; step < input_count; step++) {
            size_t at = t * (input_count + 1) + step, moved = 0;
            const double *from = points + at * input_count, *to = from + input_count;
            while (from[moved] == to[moved])
                moved++;
            invariant(moved < input_count);
            double step_up = to[moved] > from[moved] ? MORRIS_STEP : -MORRIS_STEP;
            double effect = (statistics[at + 1] - statistics[at]) / step_up;
            if (!isfinite(effect)) {
                outcomes[moved] += isinf(effect) != 0;
                continue;
            }
            tally_add(&signed_effects[moved], effect);
            estimate_add(&absolute[moved], fabs(effect), 0, 0);
        }
    }
    for (size_t i = 0; i < input_count; i++)
        effects[i] = (struct morris_effect){
            .mu = signed_effects[i].mean,
            .mu_star = estimate_interval(&absolute[i], ESTIMATE_POSITIVE, level, NULL),
            .sigma = tally_sd(&signed_effects[i]),
            .outcomes = outcomes[i],
        };
    free(outcomes);
    free(signed_effects);
    free(absolute);
}
