// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Time is measured on one thread. Concurrent runs share caches and memory and take longer, so the
 * estimate says "about". A run that is stopped at the time limit is extrapolated in proportion to
 * the simulated time it reached.
 */
#include "plan.h"

#include "json_writer.h"
#include "run_settings.h"
#include "text_table.h"
#include "units.h"
#include "world.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Bytes of a results file, pages and all, as measured on scenarios/20-region-loss.yaml: for each
 * statistic, value of a series and bin of a histogram, of a run and of a point's roll-ups; for each
 * cell; and for the rest. */
#define METRIC_BYTES 20.6
#define VALUE_BYTES 4.4
#define BIN_BYTES 13.8
#define POINT_METRIC_BYTES 48.0
#define POINT_VALUE_BYTES 10.6
#define POINT_BIN_BYTES 21.0
#define CELL_BYTES 125.0
#define FILE_BYTES 240000.0

struct timing {
    double run_s, events;
    /* size of the rows of a run, of its point and of its cells; 0: unknown, the run was stopped */
    double bytes, point_bytes, cell_bytes;
};

/* --- a run with a time limit ---------------------------------------------------------------- */

struct watchdog {
    const atomic_int *interrupt; /* the user's */
    atomic_int over;             /* the run's */
    atomic_int done;
    pthread_t thread;
};

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void *watchdog_watch(void *self)
{
    struct watchdog *watchdog = self;
    const struct timespec nap = {0, 2000000};
    double until_s = now_s() + PLAN_PATIENCE_S;

    while (!watchdog->done && !*watchdog->interrupt && now_s() < until_s)
        nanosleep(&nap, NULL);
    watchdog->over = 1;
    return NULL;
}

static void measure(struct timing *timing, const struct statistics *statistics)
{
    double metrics = (double)statistics->statistic_count, bins = 0;
    double values = (double)statistics->series_count * (double)statistics->bin_count;

    for (size_t i = 0; i < statistics->histogram_count; i++) {
        const struct histogram *histogram = statistics->histograms[i].histogram;
        for (uint32_t bin = 0; bin < histogram->bin_count; bin++)
            bins += histogram->bins[bin] > 0;
    }
    timing->bytes = METRIC_BYTES * metrics + VALUE_BYTES * values + BIN_BYTES * bins;
    timing->point_bytes =
        POINT_METRIC_BYTES * metrics + POINT_VALUE_BYTES * values + POINT_BIN_BYTES * bins;
    timing->cell_bytes = CELL_BYTES * (metrics + (double)statistics->series_count +
                                       (double)statistics->histogram_count);
}

static struct timing time_run(const struct invocation *invocation, const struct planned *planned,
                              size_t point)
{
    const struct scenario *scenario = planned->set->scenarios[point];
    struct watchdog watchdog = {.interrupt = invocation->interrupt};
    struct world_options options = {.seed = scenario->run.seed,
                                    .warmup = scenario->warmup_given,
                                    .queue = planned->queue,
                                    .interrupt = &watchdog.over};
    struct timing timing = {0};
    bool watched = pthread_create(&watchdog.thread, NULL, watchdog_watch, &watchdog) == 0;
    double started_s = now_s();
    struct world *world = world_create(scenario, &options);
    struct sim_outcome outcome = world_run(world);

    timing.run_s = now_s() - started_s;
    timing.events = (double)outcome.event_count;
    watchdog.done = 1;
    if (watched)
        pthread_join(watchdog.thread, NULL);
    if (outcome.interrupted && outcome.ended > 0) {
        double share = (double)outcome.ended / (double)scenario->run.duration;
        timing.run_s /= share;
        timing.events /= share;
    } else if (!outcome.interrupted) {
        measure(&timing, world_statistics(world));
    }
    world_free(world);
    return timing;
}

/* --- output --------------------------------------------------------------------------------- */

struct answer {
    size_t runs, pilots;
    struct timing first, last;
    double total_s, total_bytes; /* bytes 0: unknown */
};

static size_t runs_of(const struct planned *planned)
{
    size_t all = planned->set->count * planned->replications;

    if (planned->shard_count == 0)
        return all;
    return all / planned->shard_count + (planned->shard_index < all % planned->shard_count);
}

static struct answer reckon(const struct invocation *invocation, const struct planned *planned)
{
    struct answer answer = {.runs = runs_of(planned)};
    size_t last = planned->set->count - 1;

    for (size_t i = 0; i <= last; i++)
        answer.pilots += planned->set->scenarios[i]->run.warmup_kind == WARMUP_AUTO;
    answer.first = time_run(invocation, planned, 0);
    answer.last = last > 0 ? time_run(invocation, planned, last) : answer.first;
    double mean_s = (answer.first.run_s + answer.last.run_s) / 2;
    double all = (double)(answer.runs + answer.pilots);
    double side_by_side = all < planned->workers ? all : planned->workers;
    answer.total_s = all * mean_s / side_by_side;
    if (answer.total_s < mean_s)
        answer.total_s = mean_s;
    if (answer.first.bytes > 0 && answer.last.bytes > 0)
        answer.total_bytes =
            FILE_BYTES + answer.first.cell_bytes +
            (double)answer.runs * (answer.first.bytes + answer.last.bytes) / 2 +
            (double)planned->set->count * (answer.first.point_bytes + answer.last.point_bytes) / 2;
    return answer;
}

static void add_duration(struct strbuf *out, double seconds)
{
    units_add(out, seconds * (double)NS_PER_S, UNIT_NS, 2);
}

static void add_times(struct strbuf *out, const struct planned *planned,
                      const struct answer *answer)
{
    size_t points = planned->set->count;

    strbuf_add(out, "about ");
    add_duration(out, answer->total_s);
    strbuf_addf(out, " with %" PRIu32 " worker%s; a run takes about ", planned->workers,
                planned->workers == 1 ? "" : "s");
    add_duration(out, answer->first.run_s);
    if (points > 1) {
        strbuf_addf(out, " (point 0) to ");
        add_duration(out, answer->last.run_s);
        strbuf_addf(out, " (point %zu)", points - 1);
    }
    strbuf_addf(out, ", %.3g million events", answer->first.events / 1e6);
}

static void add_results(struct strbuf *out, const struct planned *planned,
                        const struct answer *answer)
{
    if (!planned->path)
        strbuf_add(out, "not kept");
    else if (answer->total_bytes > 0)
        strbuf_addf(out, "about %.1f MB, %s", answer->total_bytes / 1e6, planned->path);
    else
        strbuf_addf(out, "%s, size unknown: a run takes more than %d s", planned->path,
                    PLAN_PATIENCE_S);
}

static void print_text(const struct planned *planned, const struct answer *answer)
{
    struct text_table *table = text_table_create_bare(2);
    size_t points = planned->set->count;

    printf("Would run %s%zu run%s: %zu point%s x %" PRIu32 " replication%s",
           planned->at_least ? "at first " : "", answer->runs, answer->runs == 1 ? "" : "s", points,
           points == 1 ? "" : "s", planned->replications, planned->replications == 1 ? "" : "s");
    if (planned->shard_count)
        printf(", shard %" PRIu32 "/%" PRIu32, planned->shard_index + 1, planned->shard_count);
    if (answer->pilots)
        printf(", and %zu pilot%s for the warm-up", answer->pilots, answer->pilots == 1 ? "" : "s");
    printf("\n");
    for (size_t i = 0; i < points && points > 1; i++) {
        text_table_add(table, "point %zu", i);
        point_label_add(text_table_cell(table), &planned->set->points[i]);
    }
    text_table_add(table, "time");
    add_times(text_table_cell(table), planned, answer);
    text_table_add(table, "results");
    add_results(text_table_cell(table), planned, answer);
    text_table_print_and_free(table, stdout);
}

static void print_json(const struct planned *planned, const struct answer *answer)
{
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_object(&json, NULL);
    json_count(&json, "runs", answer->runs);
    json_count(&json, "points", planned->set->count);
    json_count(&json, "replications", planned->replications);
    json_count(&json, "pilots", answer->pilots);
    json_count(&json, "side_by_side", planned->workers);
    json_number(&json, "seconds", answer->total_s);
    json_number(&json, "run_seconds_first", answer->first.run_s);
    json_number(&json, "run_seconds_last", answer->last.run_s);
    json_number(&json, "run_events", answer->first.events);
    if (answer->total_bytes > 0)
        json_number(&json, "bytes", answer->total_bytes);
    if (planned->path)
        json_text(&json, "output", planned->path);
    json_close(&json);
    json_end(&json);
}

int plan_print(const struct invocation *invocation, const struct planned *planned)
{
    struct answer answer = reckon(invocation, planned);

    if (*invocation->interrupt)
        return EXIT_INTERRUPTED;
    if (planned->json)
        print_json(planned, &answer);
    else
        print_text(planned, &answer);
    return EXIT_DONE;
}
