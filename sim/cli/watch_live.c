// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch_live.h"

#include "mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct watch_live {
    struct world_observer observer;
    pthread_mutex_t mutex;
    pthread_cond_t moved; /* `wanted_ns` or `left` */
    struct watch_run *run;
    size_t bin_count, event_count; /* copied so far */
    int64_t known_ns, wanted_ns;
    bool left, ended;
};

/* --- on the run's thread --------------------------------------------------------------------- */

static void begin(void *self, const struct world *world)
{
    struct watch_live *live = self;
    const struct scenario *scenario = world_scenario(world);
    const struct topology *topology = &scenario->topology;

    pthread_mutex_lock(&live->mutex);
    live->run = watch_create(scenario->name, world_replication(world), scenario->run.duration,
                             world_bin(world), topology->region_names, topology->region_count);
    pthread_mutex_unlock(&live->mutex);
}

/* "replication_lag.p99" in parts. */
static double bin_value(const struct world *world, const char *column, int region, size_t bin)
{
    const char *dot = strchr(column, '.');
    char *metric = mem_strndup(column, dot ? (size_t)(dot - column) : strlen(column));
    double value = world_bin_value(world, metric, dot ? dot + 1 : NULL, region, bin);

    free(metric);
    return value;
}

static void copy_bin(struct watch_live *live, const struct world *world, size_t bin)
{
    size_t regions = world_scenario(world)->topology.region_count;

    for (size_t column = 0; column < watch_column_count(); column++)
        for (size_t r = 0; r <= regions; r++)
            watch_set_value(live->run, column, r, bin,
                            bin_value(world, watch_column(column),
                                      r < regions ? (int)r : PROBE_ALL_REGIONS, bin));
}

static void copy_events(struct watch_live *live, const struct run_log *log)
{
    for (; live->event_count < log->event_count; live->event_count++) {
        const struct run_event *event = &log->events[live->event_count];

        watch_add_event(live->run, event->time, event->what, event->subject, event->text);
    }
}

static void step(void *self, const struct world *world, sim_time now)
{
    struct watch_live *live = self;
    sim_dur bin = world_bin(world);
    bool over = now >= world_scenario(world)->run.duration;
    size_t ended = (size_t)((now + (over ? bin - 1 : 0)) / bin);

    pthread_mutex_lock(&live->mutex);
    for (; live->bin_count < ended; live->bin_count++)
        copy_bin(live, world, live->bin_count);
    copy_events(live, world_log(world));
    live->known_ns = now;
    while (!over && !live->left && live->wanted_ns < now - bin)
        pthread_cond_wait(&live->moved, &live->mutex);
    pthread_mutex_unlock(&live->mutex);
}

/* --- for the study and the screen ------------------------------------------------------------ */

struct watch_live *watch_live_create(void)
{
    struct watch_live *live = mem_zalloc(1, sizeof *live);

    live->observer = (struct world_observer){live, begin, step};
    pthread_mutex_init(&live->mutex, NULL);
    pthread_cond_init(&live->moved, NULL);
    return live;
}

void watch_live_free(struct watch_live *live)
{
    if (live->run)
        watch_free(live->run);
    pthread_cond_destroy(&live->moved);
    pthread_mutex_destroy(&live->mutex);
    free(live);
}

const struct world_observer *watch_live_observer(const struct watch_live *live)
{
    return &live->observer;
}

void watch_live_add_outages(struct watch_live *live, const struct incident_list *incidents)
{
    pthread_mutex_lock(&live->mutex);
    for (size_t i = 0; live->run && i < incidents->count; i++) {
        const struct incident *incident = &incidents->incidents[i];
        sim_time restored = incident_restored(incident);

        watch_add_outage(live->run, incident->onset, restored == SIM_NEVER ? -1 : restored);
    }
    pthread_mutex_unlock(&live->mutex);
}

void watch_live_end(struct watch_live *live)
{
    pthread_mutex_lock(&live->mutex);
    live->ended = true;
    pthread_mutex_unlock(&live->mutex);
}

struct watch_moment watch_live_lock(struct watch_live *live, int64_t wanted_ns)
{
    pthread_mutex_lock(&live->mutex);
    live->wanted_ns = wanted_ns;
    pthread_cond_signal(&live->moved);
    return (struct watch_moment){live->run, live->known_ns, live->ended};
}

void watch_live_unlock(struct watch_live *live)
{
    pthread_mutex_unlock(&live->mutex);
}

void watch_live_leave(struct watch_live *live)
{
    pthread_mutex_lock(&live->mutex);
    live->left = true;
    pthread_cond_signal(&live->moved);
    pthread_mutex_unlock(&live->mutex);
}
