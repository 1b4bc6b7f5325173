// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The delay of one direction of a path: a constant and a jitter.
 *
 * Draws are keyed by (seed, direction, flow, slot), so a run can be repeated. With `slot_ns` above
 * 0 all pieces that enter a flow within one slot of time meet the same jitter; with 0 each piece
 * has a draw of its own.
 */
#ifndef DELAY_LAW_H
#define DELAY_LAW_H

#include "rng_stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jitter_kind {
    JITTER_NONE,
    JITTER_EXPONENTIAL, /* of mean jitter_ns */
    JITTER_UNIFORM,     /* from 0 to jitter_ns */
};

struct delay_law {
    int64_t delay_ns;
    enum jitter_kind jitter;
    int64_t jitter_ns;
    int64_t slot_ns;
};

/* Parse "none", "exponential:2ms" or "uniform:5ms". On failure explains in `why`. */
bool jitter_parse(const char *text, struct delay_law *law, char *why, size_t size);

/* The delay of the `number`th piece of `flow` that enters at `now_ns`. Pure function. */
int64_t delay_law_draw(const struct delay_law *law, const struct rng_stream *stream, uint64_t flow,
                       uint64_t number, int64_t now_ns);

#endif
