// SPDX-License-Identifier: GPL-3.0-or-later
#include "trial.h"

#include "mem.h"
#include "units.h"

#include <stdlib.h>
#include <time.h>

/* Wall clock; recorded as a cost only, no result depends on it. */
static int64_t wall_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct trial *trial_run(const struct trial_job *job)
{
    int64_t started_ns = wall_now_ns();
    struct world *world = world_create(job->scenario, &job->options);
    struct sim_outcome outcome = world_run(world);

    if (outcome.interrupted) {
        world_free(world);
        return NULL;
    }
    struct trial *trial = mem_zalloc(1, sizeof *trial);
    trial->world = world;
    trial->result = (struct run_result){
        .replication = job->options.replication,
        .seed = job->options.seed,
        .digest = outcome.digest,
        .event_count = outcome.event_count,
        .simulated = outcome.ended,
        .wall_ns = wall_now_ns() - started_ns,
        .warmup = job->options.warmup,
        .scenario = job->scenario,
        .statistics = world_statistics(world),
        .log = world_log(world),
        .incidents = world_incidents(world),
    };
    return trial;
}

struct trial *trial_of_copy(struct run_copy *copy)
{
    struct trial *trial = mem_zalloc(1, sizeof *trial);

    trial->copy = copy;
    trial->result = copy->result;
    return trial;
}

struct trial *trial_of_error(char *error)
{
    struct trial *trial = mem_zalloc(1, sizeof *trial);

    trial->error = error;
    return trial;
}

void trial_free(struct trial *trial)
{
    if (!trial)
        return;
    if (trial->world)
        world_free(trial->world);
    run_copy_free(trial->copy);
    free(trial->error);
    free(trial);
}
