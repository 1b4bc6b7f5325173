// SPDX-License-Identifier: GPL-3.0-or-later
/* Service-level objectives: good operations, and the stages of an outage. */
#ifndef OBJECTIVE_H
#define OBJECTIVE_H

#include "incident.h"
#include "model.h"
#include "refs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum operation_kind {
    OPERATION_REQUEST,
    OPERATION_WRITE,
    OPERATION_LOGIN,
    OPERATION_READ,
    OPERATION_KINDS
};

/*
 * Operations of one kind in one region, counted by the step of the run in which they began. A copy
 * counts in the same steps: a model that reports operations keeps copies of its own.
 */
struct operation_step {
    uint32_t total, bad;
};
struct operation_tally {
    struct operation_step *steps; /* the objective's; NULL: operations of this kind do not count */
    struct operation_step *step;  /* of the operation added last */
    sim_time step_begin;
    sim_dur step_ns; /* 0 where they do not count */
};

/* An operation that began at `started`, at most the end of the run, has ended; `good`: without an
 * error, within latency(). Where the kind does not count it does nothing. Nearly always in the step
 * of the one before, so there is no division. */
static inline void operation_tally_add(struct operation_tally *tally, sim_time started, bool good)
{
    if (__builtin_expect((uint64_t)(started - tally->step_begin) >= (uint64_t)tally->step_ns, 0)) {
        size_t index;

        if (!tally->steps)
            return;
        index = (size_t)(started / tally->step_ns);
        tally->step = &tally->steps[index];
        tally->step_begin = (sim_time)index * tally->step_ns;
    }
    tally->step->total++;
    if (__builtin_expect(!good, 0))
        tally->step->bad++;
}

/* What knows the operations of some kinds: at the end of the run it reports each one that is still
 * under way, to operation_open(). */
struct operation_source {
    void *self;
    void (*report_open)(void *self);
};

struct objective_port {
    void *self;
    struct operation_tally tallies[OPERATION_KINDS][REGIONS_MAX]; /* from connect on */
    /* An operation of a kind that counts is under way when the run ends. */
    void (*operation_open)(void *self, enum operation_kind kind, int region, sim_time started);
    void (*add_source)(void *self, struct operation_source source); /* while models connect */
    sim_dur (*latency)(const void *self); /* an operation that takes longer is not good */
    /* A fault begins that can harm writes; `kind` is static text, such as "link-fault". */
    void (*fault_begin)(void *self, const char *kind);
    /* Any stage but the last ends now. */
    void (*stage_ended)(void *self, enum incident_stage stage);
};

static inline bool objective_counts(const struct objective_port *objective,
                                    enum operation_kind kind)
{
    return objective->tallies[kind][0].steps != NULL;
}

PORT_ACCESSORS(objective, struct objective_port)

#endif
