// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * RPO of a failover of one shard: the sum of the spans in which the old primary acknowledged writes
 * that were lost.
 *
 * The lost writes are walked in the order of their acknowledgement. The gap between two of them
 * belongs to the RPO unless it is a pause, in which nobody wrote: a gap longer than
 * LOSS_PAUSE_INTERVALS mean intervals between the writes of the old primary. In Poisson traffic one
 * gap in e^10, 22 026, is as long by chance.
 */
#ifndef LOSS_SPANS_H
#define LOSS_SPANS_H

#include "sim_time.h"

#include <stdint.h>

#define LOSS_PAUSE_INTERVALS 10

struct loss_spans {
    sim_dur sum;   /* the RPO; -1: the shard had no failover */
    sim_dur pause; /* longest gap that belongs to a span */
    sim_time last; /* acknowledgement of the latest lost write; -1: none so far */
};

/* The shard had no failover. */
static inline void loss_spans_reset(struct loss_spans *spans)
{
    *spans = (struct loss_spans){.sum = -1, .last = -1};
}

/* A failover: the old primary acknowledged `writes` writes in `tenure`, from the start of its role
 * to its last write. Without writes there is no interval: every gap is a pause. */
static inline void loss_spans_begin(struct loss_spans *spans, sim_dur tenure, uint64_t writes)
{
    sim_dur interval = writes > 0 ? tenure / (sim_dur)writes : 0;

    *spans = (struct loss_spans){.pause = LOSS_PAUSE_INTERVALS * interval, .last = -1};
}

/* A lost write, acknowledged at `when`, not before the one added last. */
static inline void loss_spans_add(struct loss_spans *spans, sim_time when)
{
    if (spans->last >= 0 && when - spans->last <= spans->pause)
        spans->sum += when - spans->last;
    spans->last = when;
}

#endif
