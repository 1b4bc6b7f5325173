// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The hold model through the whole run loop: each event schedules itself anew after a random wait;
 * ladder and heap. With a row of 64 bytes touched at each event, fetched early or not.
 */
#include "mem.h"
#include "sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define WAITS 65536
#define EVENTS 5000000.0

struct row {
    uint64_t fired;
    uint64_t others[7];
};

struct holder {
    kind_id kind;
    uint32_t at;
    struct row *rows; /* NULL: touch nothing */
    sim_dur waits[WAITS];
};

static void fire_hold(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct holder *holder = self;

    if (holder->rows)
        holder->rows[entity].fired++;
    sim_after(sim, holder->waits[holder->at++ % WAITS], holder->kind, entity, generation);
}

static const struct event_kind hold_kind = {"hold", PHASE_WORK, fire_hold, NULL};

/* Time on the processor: what else the machine does counts less. */
static double seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
}

static void bench(struct holder *holder, enum eventq_kind queue, uint32_t pending, bool touch,
                  bool prefetch)
{
    /* Waits of mean 1 s: this many events fall into the run. */
    struct sim_options options = {
        .seed = 1, .end = (sim_time)(EVENTS / pending * 1e9) + SIM_S, .queue = queue};
    struct sim *sim = sim_create(&options, NULL);
    struct sim_outcome outcome;
    double start;

    holder->at = 0;
    holder->rows = touch ? mem_zalloc(pending, sizeof holder->rows[0]) : NULL;
    holder->kind = sim_kind_add(sim, &hold_kind, "bench", holder);
    if (prefetch)
        sim_kind_rows(sim, holder->kind, holder->rows, sizeof holder->rows[0]);
    for (uint32_t i = 0; i < pending; i++)
        sim_at(sim, holder->waits[i % WAITS] + i / WAITS, holder->kind, i, 0);
    if (touch) /* so that no page is met for the first time while the clock runs */
        memset(holder->rows, 1, pending * sizeof holder->rows[0]);
    start = seconds();
    outcome = sim_run(sim);
    printf("%-6s %8u pending%s: %6.1f ns an event\n", queue == EVENTQ_HEAP ? "heap" : "ladder",
           pending,
           !touch     ? ""
           : prefetch ? ", rows fetched early"
                      : ", rows",
           (seconds() - start) * 1e9 / (double)outcome.event_count);
    sim_free(sim);
    free(holder->rows);
}

int main(void)
{
    static const uint32_t sizes[] = {100, 10000, 1000000};
    struct rng_stream stream = rng_stream_named(1, 0, "sim_bench", "waits");
    struct holder *holder = mem_alloc(1, sizeof *holder);

    for (uint64_t i = 0; i < WAITS; i++)
        holder->waits[i] =
            (sim_dur)(-log(rng_unit(rng_block_at(&stream, 0, i).word[0])) * (double)SIM_S);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bench(holder, EVENTQ_LADDER, sizes[i], false, false);
        bench(holder, EVENTQ_HEAP, sizes[i], false, false);
        bench(holder, EVENTQ_LADDER, sizes[i], true, false);
        bench(holder, EVENTQ_LADDER, sizes[i], true, true);
    }
    free(holder);
    return 0;
}
