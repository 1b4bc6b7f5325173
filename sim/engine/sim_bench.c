// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The hold model through the whole run loop: each event reschedules itself after a random wait.
 * Variants: a row of 64 bytes accessed at each event, with and without prefetch; and a timeout per
 * event, which the event cancels, in the queue or in a ring of constant timeouts.
 */
#include "bench.h"
#include "mem.h"
#include "sim.h"

#include <math.h>

#define WAITS 65536
#define EVENTS 5000000.0

struct row {
    uint64_t fired;
    uint64_t others[7];
};

enum timeouts { NO_TIMEOUTS, TIMEOUTS_QUEUED, TIMEOUTS_IN_RING };

struct holder {
    kind_id kind, timeout;
    timer_id ring;
    enum timeouts timeouts;
    uint32_t at;
    struct row *rows; /* NULL: touch nothing */
    sim_dur waits[WAITS];
};

#define TIMEOUT (20 * SIM_S) /* 20 mean waits: one in 5e8 events is later */

static void fire_hold(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct holder *holder = self;

    if (holder->timeouts != NO_TIMEOUTS) {
        generation = (uint32_t)++holder->rows[entity].fired & SIM_GENERATION_MASK;
        if (holder->timeouts == TIMEOUTS_IN_RING) {
            sim_timer_cancelled(sim, holder->ring);
            sim_timer_set(sim, holder->ring, entity, generation);
        } else {
            sim_cancelled(sim);
            sim_after(sim, TIMEOUT, holder->timeout, entity, generation);
        }
    } else if (holder->rows) {
        holder->rows[entity].fired++;
    }
    sim_after(sim, holder->waits[holder->at++ % WAITS], holder->kind, entity, generation);
}

static void fire_timeout(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self;
    (void)sim;
    (void)entity;
    (void)generation;
}

static bool timeout_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct holder *holder = self;

    return (holder->rows[entity].fired & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind hold_kind = {.name = "hold", .phase = PHASE_WORK, .fire = fire_hold};
static const struct event_kind timeout_kind = {
    .name = "timeout", .phase = PHASE_WORK, .fire = fire_timeout, .live = timeout_live};

static const struct way {
    const char *name;
    bool touch, fetch;
    enum timeouts timeouts;
} ways[] = {
    {"plain", false, false, NO_TIMEOUTS},
    {"rows", true, false, NO_TIMEOUTS},
    {"rows_fetched_early", true, true, NO_TIMEOUTS},
    {"timeouts_queued", true, true, TIMEOUTS_QUEUED},
    {"timeouts_in_ring", true, true, TIMEOUTS_IN_RING},
};

/* ns per event, timeouts not counted. */
static double bench(struct holder *holder, const struct way *way, uint32_t pending)
{
    /* Waits of mean 1 s: this many events fall into the run. */
    struct sim_options options = {.seed = 1, .end = (sim_time)(EVENTS / pending * 1e9) + SIM_S};
    struct sim *sim = sim_create(&options, NULL);
    double start, elapsed;

    holder->at = 0;
    holder->timeouts = way->timeouts;
    holder->rows = way->touch ? mem_zalloc(pending, sizeof holder->rows[0]) : NULL;
    holder->kind = sim_kind_add(sim, &hold_kind, "bench", holder);
    holder->timeout = sim_kind_add(sim, &timeout_kind, "bench", holder);
    holder->ring = sim_timer_add(sim, TIMEOUT, holder->timeout);
    if (way->fetch)
        sim_kind_rows(sim, holder->kind, holder->rows, sizeof holder->rows[0]);
    for (uint32_t i = 0; i < pending; i++)
        sim_at(sim, holder->waits[i % WAITS] + i / WAITS, holder->kind, i, 0);
    if (way->touch) /* so that page faults are not timed */
        memset(holder->rows, 0, pending * sizeof holder->rows[0]);
    start = bench_seconds();
    sim_run(sim);
    elapsed = bench_seconds() - start;
    sim_free(sim);
    free(holder->rows);
    return elapsed * 1e9 / holder->at;
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {10000, 1000000};
    struct bench_options options = bench_options(argc, argv);
    struct rng_stream stream = rng_stream_named(1, 0, "sim_bench", "waits");
    struct holder *holder = mem_alloc(1, sizeof *holder);
    char name[64];

    for (uint64_t i = 0; i < WAITS; i++)
        holder->waits[i] =
            (sim_dur)(-log(rng_unit(rng_block_at(&stream, 0, i).word[0])) * (double)SIM_S);
    for (int round = 0; round < options.rounds; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            for (size_t j = 0; j < sizeof ways / sizeof ways[0]; j++) {
                snprintf(name, sizeof name, "loop.1e%.0f.%s", log10(sizes[i]), ways[j].name);
                bench_sample(name, "ns/event", bench(holder, &ways[j], sizes[i]));
            }
    free(holder);
    return 0;
}
