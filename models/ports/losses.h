// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Acknowledged writes that a store has lost so far, counted one by one. A kind of store that
 * acknowledges nothing that another region could lack does not offer it.
 */
#ifndef LOSSES_H
#define LOSSES_H

#include "model.h"

#include <stdint.h>

/* By what an acknowledged write was lost. */
enum loss_cause {
    LOSS_IN_FLIGHT,     /* sent to the new primary, and not applied there */
    LOSS_BACKLOG,       /* acknowledged while the stream to the new primary was down */
    LOSS_OUTPUT_BUFFER, /* in the output buffer of the stream to it: not sent yet */
    LOSS_SPLIT_BRAIN,   /* acknowledged by the old primary after the promotion */
    LOSS_SNAPSHOT,      /* acknowledged after the snapshot that was restored */
    LOSS_CAUSES
};

struct losses_port {
    void *self;
    uint64_t (*writes)(const void *self, enum loss_cause by);
    uint64_t (*sessions)(const void *self, enum loss_cause by); /* whose creation was among them */
    /* Of the last failover so far: the spans in which the old primary acknowledged lost writes, the
     * worst over shards; -1: there was none. */
    sim_dur (*rpo)(const void *self);
};

PORT_ACCESSORS(losses, struct losses_port)

#endif
