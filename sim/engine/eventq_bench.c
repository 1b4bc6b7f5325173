// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The hold model (Jones, CACM 29(4), 1986): pop the next event, push one a random wait later, with
 * the number of pending events constant. Ladder and heap in turns, medians of five rounds: trust
 * the ratios more than the figures.
 */
#include "eventq.h"
#include "mem.h"
#include "rng_stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define WAITS 65536 /* drawn beforehand, so that drawing is not what is timed */
#define HOLDS 2000000
#define ROUNDS 5

struct increments {
    const char *name;
    sim_dur waits[WAITS];
};

/* Time on the processor: what else the machine does counts less. */
static double seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
}

static sim_dur exponential_wait(struct rng_block block)
{
    return (sim_dur)(-log(rng_unit(block.word[0])) * 1e9);
}

/* Mostly some ms, one in a hundred half an hour: requests and idle timers. */
static sim_dur bimodal_wait(struct rng_block block)
{
    double mean = rng_below(block.word[1], 100) == 0 ? 1800e9 : 5e6;

    return (sim_dur)(-log(rng_unit(block.word[0])) * mean);
}

static void increments_draw(struct increments *increments, const char *name,
                            sim_dur (*wait)(struct rng_block block))
{
    struct rng_stream stream = rng_stream_named(1, 0, "eventq_bench", name);

    increments->name = name;
    for (uint64_t i = 0; i < WAITS; i++)
        increments->waits[i] = wait(rng_block_at(&stream, 0, i));
}

static struct eventq *filled(enum eventq_kind kind, const struct increments *increments,
                             size_t pending)
{
    struct eventq *queue = eventq_create(kind, pending);

    for (size_t i = 0; i < pending; i++)
        eventq_push(queue, (struct event){increments->waits[i % WAITS] + (sim_time)(i / WAITS), i});
    return queue;
}

/* ns a hold. */
static double hold(struct eventq *queue, const struct increments *increments, size_t holds,
                   size_t *at)
{
    double start = seconds();

    for (size_t i = 0; i < holds; i++) {
        struct event event;

        eventq_pop(queue, &event);
        event.time += increments->waits[(*at)++ % WAITS];
        eventq_push(queue, event);
    }
    return (seconds() - start) * 1e9 / (double)holds;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void compare(const struct increments *increments, size_t pending)
{
    struct eventq *queues[2];
    double ns[2][ROUNDS], bytes;
    size_t at[2] = {0, 0};

    for (int kind = 0; kind < 2; kind++) {
        queues[kind] = filled((enum eventq_kind)kind, increments, pending);
        hold(queues[kind], increments, 2 * pending + HOLDS / 10, &at[kind]);
    }
    bytes = (double)eventq_bytes(queues[EVENTQ_LADDER]) / (double)pending;
    for (int round = 0; round < ROUNDS; round++)
        for (int kind = 0; kind < 2; kind++)
            ns[kind][round] = hold(queues[kind], increments, HOLDS, &at[kind]);
    for (int kind = 0; kind < 2; kind++) {
        qsort(ns[kind], ROUNDS, sizeof ns[kind][0], order);
        eventq_free(queues[kind]);
    }
    printf("%-12s %9zu pending: ladder %6.1f ns, heap %6.1f ns, heap / ladder %5.2f, "
           "ladder %.1f bytes an event\n",
           increments->name, pending, ns[0][ROUNDS / 2], ns[1][ROUNDS / 2],
           ns[1][ROUNDS / 2] / ns[0][ROUNDS / 2], bytes);
}

int main(void)
{
    static const size_t sizes[] = {100, 10000, 1000000};
    struct increments *increments = mem_alloc(1, sizeof *increments);

    for (int bimodal = 0; bimodal < 2; bimodal++) {
        if (bimodal)
            increments_draw(increments, "bimodal", bimodal_wait);
        else
            increments_draw(increments, "exponential", exponential_wait);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            compare(increments, sizes[i]);
    }
    free(increments);
    return 0;
}
