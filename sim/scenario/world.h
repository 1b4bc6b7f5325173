// SPDX-License-Identifier: GPL-3.0-or-later
/* A wired, runnable instance of a scenario: one run, its statistics and its log. */
#ifndef WORLD_H
#define WORLD_H

#include "incident.h"
#include "op_history.h"
#include "run_log.h"
#include "scenario.h"
#include "sim.h"

struct world;

/*
 * Looks at a run while it runs, on the run's thread. It cannot change it; it may take its time.
 * All bins of the series that end by `now` are known: world_bin_value().
 */
struct world_observer {
    void *self;
    void (*begin)(void *self, const struct world *world); /* before the first event */
    void (*step)(void *self, const struct world *world, sim_time now);
};

struct world_options {
    uint64_t seed;
    uint32_t replication;
    sim_time warmup;
    enum eventq_kind queue;
    struct trace *trace;                   /* owned by the caller; NULL: none */
    struct op_history *history;            /* owned by the caller, open; NULL: none */
    const struct world_observer *observer; /* owned by the caller; NULL: none */
    const atomic_int *interrupt;
};
/* Cannot fail: the scenario has been validated. It must outlive the world. */
struct world *world_create(const struct scenario *scenario, const struct world_options *options);
/* Run to the end; only once. The digest covers the events and the statistics of window `all`. */
struct sim_outcome world_run(struct world *world);
const struct statistics *world_statistics(const struct world *world); /* after world_run() */
const struct run_log *world_log(const struct world *world);           /* so far */
/* For observers. */
const struct scenario *world_scenario(const struct world *world);
uint32_t world_replication(const struct world *world);
sim_dur world_bin(const struct world *world); /* width of a bin */
/* As probes_bin_value(). */
double world_bin_value(const struct world *world, const char *metric, const char *stat, int region,
                       size_t bin);
/* After world_run(); an empty list if no model reports incidents. */
const struct incident_list *world_incidents(const struct world *world);
void world_free(struct world *world);

#endif
