// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The hold model (Jones, CACM 29(4), 1986): pop the next event, push one a random wait later, with
 * a constant number of pending events. Compares the ladder, the binary heap that checks it, and a
 * 4-ary heap, the usual choice, alternating within each round.
 */
#include "bench.h"
#include "eventq_internal.h"
#include "mem.h"
#include "rng_stream.h"

#include <math.h>

#define WAITS 65536 /* drawn beforehand, so that drawing is not timed */
#define HOLDS 2000000

struct increments {
    const char *name;
    sim_dur waits[WAITS];
};

static sim_dur exponential_wait(struct rng_block block)
{
    return (sim_dur)(-log(rng_unit(block.word[0])) * 1e9);
}

/* Mostly a few ms, 1 % half an hour: requests and idle timers. */
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

/* --- the 4-ary heap -------------------------------------------------------------------------- */

/* Three unused places put the four children of an event in one cache line. */
#define QUAD_SHIFT 3

struct quad {
    struct event *block;
    struct event *events; /* block + QUAD_SHIFT */
    size_t count;
};

static struct quad quad_create(size_t capacity)
{
    size_t bytes = (capacity + QUAD_SHIFT + 3) / 4 * 64;
    struct event *block = aligned_alloc(64, bytes);

    if (!block) {
        fprintf(stderr, "eventq_bench: no memory\n");
        exit(1);
    }
    memset(block, 0, bytes);
    return (struct quad){.block = block, .events = block + QUAD_SHIFT};
}

/* The place of the earlier of two events, branch-free. */
static inline size_t quad_least(const struct event *events, size_t a, size_t b)
{
    return a + (b - a) * event_before(events[b], events[a]);
}

static void quad_push(struct quad *quad, struct event event)
{
    size_t i = quad->count++;

    for (; i > 0 && event_before(event, quad->events[(i - 1) / 4]); i = (i - 1) / 4)
        quad->events[i] = quad->events[(i - 1) / 4];
    quad->events[i] = event;
}

static struct event quad_pop(struct quad *quad)
{
    struct event *events = quad->events;
    struct event first = events[0], last = events[--quad->count];
    size_t i = 0;

    for (size_t child = 1; child < quad->count; child = 4 * i + 1) {
        size_t least = child;

        if (child + 4 <= quad->count)
            least = quad_least(events, quad_least(events, child, child + 1),
                               quad_least(events, child + 2, child + 3));
        else
            for (size_t c = child + 1; c < quad->count; c++)
                least = quad_least(events, least, c);
        if (!event_before(events[least], last))
            break;
        events[i] = events[least];
        i = least;
    }
    events[i] = last;
    return first;
}

/* --- one hold -------------------------------------------------------------------------------- */

enum structure { LADDER, BINARY_HEAP, QUAD_HEAP, STRUCTURES };
static const char *const structure_names[] = {"ladder", "binary_heap", "4ary_heap"};

struct subject {
    enum structure structure;
    struct eventq *queue;
    struct quad quad;
    size_t at; /* the next wait */
};

static struct subject filled(enum structure structure, const struct increments *increments,
                             size_t pending)
{
    struct subject subject = {.structure = structure};

    if (structure == QUAD_HEAP)
        subject.quad = quad_create(pending);
    else
        subject.queue = eventq_create(structure == LADDER ? EVENTQ_LADDER : EVENTQ_HEAP, pending);
    for (size_t i = 0; i < pending; i++) {
        struct event event = {increments->waits[i % WAITS] + (sim_time)(i / WAITS), i};

        if (structure == QUAD_HEAP)
            quad_push(&subject.quad, event);
        else
            eventq_push(subject.queue, event);
    }
    return subject;
}

/* ns per hold. */
static double hold(struct subject *subject, const struct increments *increments, size_t holds)
{
    double start = bench_seconds();
    size_t at = subject->at;

    if (subject->structure == QUAD_HEAP) {
        for (size_t i = 0; i < holds; i++) {
            struct event event = quad_pop(&subject->quad);

            event.time += increments->waits[at++ % WAITS];
            quad_push(&subject->quad, event);
        }
    } else {
        for (size_t i = 0; i < holds; i++) {
            struct event event;

            eventq_pop(subject->queue, &event);
            event.time += increments->waits[at++ % WAITS];
            eventq_push(subject->queue, event);
        }
    }
    subject->at = at;
    return (bench_seconds() - start) * 1e9 / (double)holds;
}

/* --- the comparison -------------------------------------------------------------------------- */

/* "hold.exponential.1e6.ladder"; `what` NULL: no last part. */
static const char *key(char *buffer, size_t size, const struct increments *increments,
                       size_t pending, const char *what)
{
    snprintf(buffer, size, "hold.%s.1e%.0f.%s", increments->name, log10((double)pending), what);
    return buffer;
}

static void compare(const struct increments *increments, size_t pending, int rounds)
{
    struct subject subjects[STRUCTURES];
    bool large = pending > 1000000; /* the binary heap would take minutes without new information */
    char name[64];

    for (enum structure s = 0; s < STRUCTURES; s++) {
        if (s == BINARY_HEAP && large)
            continue;
        subjects[s] = filled(s, increments, pending);
        /* The ladder reaches its stationary state after the first waits, a heap at once. */
        hold(&subjects[s], increments, s == LADDER ? 2 * pending : HOLDS / 4);
    }
    for (int round = 0; round < rounds; round++) {
        double ns[STRUCTURES];

        for (enum structure s = 0; s < STRUCTURES; s++) {
            if (s == BINARY_HEAP && large)
                continue;
            ns[s] = hold(&subjects[s], increments, HOLDS);
            bench_sample(key(name, sizeof name, increments, pending, structure_names[s]), "ns",
                         ns[s]);
        }
        bench_sample(key(name, sizeof name, increments, pending, "4ary_heap/ladder"), "x",
                     ns[QUAD_HEAP] / ns[LADDER]);
    }
    bench_sample(key(name, sizeof name, increments, pending, "ladder_memory"), "bytes/event",
                 (double)eventq_bytes(subjects[LADDER].queue) / (double)pending);
    eventq_free(subjects[LADDER].queue);
    if (!large)
        eventq_free(subjects[BINARY_HEAP].queue);
    free(subjects[QUAD_HEAP].quad.block);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {100, 10000, 1000000, 10000000};
    struct bench_options options = bench_options(argc, argv);
    struct increments *increments = mem_alloc(1, sizeof *increments);
    size_t count = sizeof sizes / sizeof sizes[0] - (options.quick ? 1 : 0);

    for (int bimodal = 0; bimodal < 2; bimodal++) {
        if (bimodal)
            increments_draw(increments, "bimodal", bimodal_wait);
        else
            increments_draw(increments, "exponential", exponential_wait);
        for (size_t i = 0; i < count; i++)
            compare(increments, sizes[i], options.rounds);
    }
    free(increments);
    return 0;
}
