// SPDX-License-Identifier: GPL-3.0-or-later
/* Tests: the history of operations of a run, read by the independent reader. Include it after
 * statistics.h. */
#ifndef HISTORY_RUN_H
#define HISTORY_RUN_H

#include "history_checks.h"
#include "op_history.h"

/* Run a scenario's text once and read its history; the caller frees both. */
static inline struct world *history_run(const struct registry *registry, const char *text,
                                        uint32_t replication, struct scenario **scenario,
                                        struct history *history)
{
    struct op_history written;
    char *lines = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&lines, &size);
    struct world_options options = {.seed = TEST_SEED, .replication = replication};
    struct world *world;

    assert_non_null(file);
    *scenario = scenario_of(registry, text);
    options.warmup = (*scenario)->warmup_given;
    options.history = &written;
    op_history_open(&written, file);
    world = world_create(*scenario, &options);
    world_run(world);
    op_history_close(&written);
    fclose(file);
    file = fmemopen(lines, size, "r");
    assert_non_null(file);
    assert_true(history_read(history, file));
    fclose(file);
    free(lines);
    return world;
}

#endif
