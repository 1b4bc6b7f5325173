// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For tests of kinds of store: a run of links, store, its client and the test driver, with the
 * history of its operations. Include it after cmocka.h.
 */
#ifndef KIND_RIG_H
#define KIND_RIG_H

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"
#include "history_run.h"

static struct history history;
static struct scenario *scenario;
static struct world *world;

/* Run a scenario with the operations of `steps`; read the run, then call done(). */
static inline void run(const char *text, const struct client_step *steps, uint32_t count)
{
    client_plan.steps = steps;
    client_plan.count = count;
    world = history_run(&client_registry, text, 0, &scenario, &history);
    client_plan.count = 0;
}

static inline void done(void)
{
    world_free(world);
    scenario_free(scenario);
    history_release(&history);
}

/* stat: "max", ..., or NULL: the value. */
static inline double wanted(const char *metric, const char *stat, int region)
{
    return statistic_of(world, (struct wanted){.metric = metric, .stat = stat, .region = region});
}

/* The operation that was invoked then. */
static inline const struct history_op *op_of(sim_time invoked, int region)
{
    for (size_t i = 0; i < history.op_count; i++)
        if (history.ops[i].invoked == invoked && history.ops[i].region == region)
            return &history.ops[i];
    fail_msg("no operation at %.3f s in region %d", (double)invoked / 1e9, region);
    return NULL;
}

static inline void assert_op(sim_time at_ms, int region, enum history_outcome outcome,
                             double latency_ms)
{
    const struct history_op *op = op_of(at_ms * SIM_MS, region);

    if (op->outcome != outcome)
        fail_msg("at %d ms: outcome %d, expected %d", (int)at_ms, op->outcome, outcome);
    assert_int_equal(op->ended - op->invoked, (int64_t)(latency_ms * 1e6));
}

#endif
