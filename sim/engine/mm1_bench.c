// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One M/M/1 queue at load 0.9, with the engine and by hand: the overhead of the engine compared
 * with a minimal loop.
 *
 * All three draw the same random numbers (one block per customer: interarrival time and service
 * time) and record each waiting time in a histogram, so the means must be identical; otherwise the
 * program fails. Theory: mean wait in the queue rho / (mu - lambda) = 9 service times.
 */
#include "bench.h"
#include "dist.h"
#include "histogram.h"
#include "mem.h"
#include "probe.h"
#include "sim.h"

#define CUSTOMERS 4000000u
#define MEAN_SERVICE_NS 1e6
#define LOAD 0.9
#define LINE 65536u /* longest queue, a power of two: rho^65536 is negligible */

/* Common part: the draws, and the waiting customers. */
struct shop {
    struct rng_stream stream;
    struct dist *gap, *service;
    uint32_t arrived, begun; /* customers; those between wait, the first of them is in service */
    sim_time arrivals[LINE];
    sim_dur services[LINE];
};

static struct shop *shop_create(void)
{
    struct shop *shop = mem_alloc(1, sizeof *shop);

    shop->stream = rng_stream_named(1, 0, "mm1", "customer");
    shop->gap = dist_exponential(MEAN_SERVICE_NS / LOAD);
    shop->service = dist_exponential(MEAN_SERVICE_NS);
    shop->arrived = shop->begun = 0;
    return shop;
}

static void shop_free(struct shop *shop)
{
    dist_free(shop->gap);
    dist_free(shop->service);
    free(shop);
}

/* A customer arrives; returns the time until the next arrival. */
static inline sim_dur shop_arrive(struct shop *shop, sim_time now)
{
    struct rng_block block = rng_block_at(&shop->stream, shop->arrived, 0);
    uint32_t place = shop->arrived++ % LINE;

    shop->arrivals[place] = now;
    shop->services[place] = dist_sample_ns(shop->service, block.word[1]);
    return dist_sample_ns(shop->gap, block.word[0]);
}

/* --- by hand: two clocks --------------------------------------------------------------------- */

static struct histogram two_clocks(struct shop *shop)
{
    struct histogram waits = {0};
    sim_time arrival = 0, departure = SIM_NEVER;

    while (shop->begun < CUSTOMERS) {
        if (arrival < departure) {
            sim_time now = arrival;

            arrival = now + shop_arrive(shop, now);
            if (shop->arrived - shop->begun > 1)
                continue;
            histogram_add(&waits, 0);
            departure = now + shop->services[shop->begun % LINE];
        } else {
            sim_time now = departure;
            uint32_t place = ++shop->begun % LINE;

            departure = SIM_NEVER;
            if (shop->begun == shop->arrived || shop->begun == CUSTOMERS)
                continue;
            histogram_add(&waits, now - shop->arrivals[place]);
            departure = now + shop->services[place];
        }
    }
    return waits;
}

/* --- by hand: an event list ------------------------------------------------------------------ */

enum what { ARRIVE, DEPART };

struct item {
    sim_time time;
    enum what what;
};

/* A 4-ary heap, as one would write it for a simulation of some hundred events. */
struct list {
    struct item items[64];
    uint32_t count;
};

static inline void list_push(struct list *list, sim_time time, enum what what)
{
    uint32_t i = list->count++;

    for (; i > 0 && time < list->items[(i - 1) / 4].time; i = (i - 1) / 4)
        list->items[i] = list->items[(i - 1) / 4];
    list->items[i] = (struct item){time, what};
}

static inline struct item list_pop(struct list *list)
{
    struct item first = list->items[0], last = list->items[--list->count];
    uint32_t i = 0;

    for (uint32_t child = 1; child < list->count; child = 4 * i + 1) {
        uint32_t least = child, end = child + 4 < list->count ? child + 4 : list->count;

        for (uint32_t c = child + 1; c < end; c++)
            if (list->items[c].time < list->items[least].time)
                least = c;
        if (last.time <= list->items[least].time)
            break;
        list->items[i] = list->items[least];
        i = least;
    }
    list->items[i] = last;
    return first;
}

static struct histogram event_list(struct shop *shop)
{
    struct histogram waits = {0};
    struct list list = {.count = 0};

    list_push(&list, 0, ARRIVE);
    while (shop->begun < CUSTOMERS) {
        struct item item = list_pop(&list);
        uint32_t place;

        switch (item.what) {
        case ARRIVE:
            list_push(&list, item.time + shop_arrive(shop, item.time), ARRIVE);
            if (shop->arrived - shop->begun > 1)
                break;
            histogram_add(&waits, 0);
            list_push(&list, item.time + shop->services[shop->begun % LINE], DEPART);
            break;
        case DEPART:
            place = ++shop->begun % LINE;
            if (shop->begun == shop->arrived || shop->begun == CUSTOMERS)
                break;
            histogram_add(&waits, item.time - shop->arrivals[place]);
            list_push(&list, item.time + shop->services[place], DEPART);
            break;
        }
    }
    return waits;
}

/* --- on the engine --------------------------------------------------------------------------- */

struct model {
    struct shop *shop;
    kind_id arrive, depart;
    probe_id wait;
};

static void model_serve(struct model *model, struct sim *sim, sim_dur waited)
{
    probe_latency(sim_probes(sim), model->wait, waited);
    sim_after(sim, model->shop->services[model->shop->begun % LINE], model->depart, 0, 0);
}

static HOT_HANDLER void on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct model *model = self;

    sim_after(sim, shop_arrive(model->shop, sim_now(sim)), model->arrive, entity, generation);
    if (model->shop->arrived - model->shop->begun == 1)
        model_serve(model, sim, 0);
}

static HOT_HANDLER void on_depart(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct model *model = self;
    struct shop *shop = model->shop;

    (void)entity;
    (void)generation;
    shop->begun++;
    if (shop->begun == CUSTOMERS)
        sim_stop(sim);
    else if (shop->begun < shop->arrived)
        model_serve(model, sim, sim_now(sim) - shop->arrivals[shop->begun % LINE]);
}

static const struct event_kind arrive_kind = {
    .name = "arrive", .phase = PHASE_WORK, .fire = on_arrive};
static const struct event_kind depart_kind = {
    .name = "depart", .phase = PHASE_WORK, .fire = on_depart};
static const struct metric metrics[] = {
    {.name = "wait", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "from arrival to service"},
};

/* The mean wait, ns. */
static double engine(struct shop *shop)
{
    const sim_time end = INT64_C(1) << 60;
    struct probe_plan plan = {.end = end, .bin = end, .region_count = 1};
    struct probes *probes = probes_create(&plan);
    struct sim_options options = {.seed = 1, .end = end};
    struct model model = {.shop = shop};
    double mean;
    struct sim *sim;

    probes_declare(probes, metrics, sizeof metrics / sizeof metrics[0]);
    model.wait = probe_latency_open(probes, "wait", PROBE_ALL_REGIONS, NULL);
    sim = sim_create(&options, probes);
    model.arrive = sim_kind_add(sim, &arrive_kind, "shop", &model);
    model.depart = sim_kind_add(sim, &depart_kind, "shop", &model);
    sim_at(sim, 0, model.arrive, 0, 0);
    sim_run(sim);
    mean = histogram_mean(&probes_hot(probes)->latencies[model.wait]);
    sim_free(sim);
    probes_free(probes);
    return mean;
}

/* --- the comparison -------------------------------------------------------------------------- */

enum way { TWO_CLOCKS, EVENT_LIST, ENGINE, WAYS };

/* ns per customer; *mean: the mean wait. */
static double measure(enum way way, double *mean)
{
    struct shop *shop = shop_create();
    double start = bench_seconds(), elapsed;

    if (way == ENGINE) {
        *mean = engine(shop);
    } else {
        struct histogram waits = way == TWO_CLOCKS ? two_clocks(shop) : event_list(shop);

        *mean = histogram_mean(&waits);
        histogram_release(&waits);
    }
    elapsed = bench_seconds() - start;
    shop_free(shop);
    return elapsed * 1e9 / CUSTOMERS;
}

int main(int argc, char **argv)
{
    struct bench_options options = bench_options(argc, argv);

    for (int round = 0; round < options.rounds; round++) {
        double ns[WAYS], mean[WAYS];

        for (enum way way = 0; way < WAYS; way++)
            ns[way] = measure(way, &mean[way]);
        if (mean[ENGINE] != mean[TWO_CLOCKS] || mean[ENGINE] != mean[EVENT_LIST]) {
            fprintf(stderr, "mm1_bench: the three runs differ: mean waits %.3f, %.3f, %.3f ns\n",
                    mean[TWO_CLOCKS], mean[EVENT_LIST], mean[ENGINE]);
            return 1;
        }
        bench_sample("mm1.engine", "ns/customer", ns[ENGINE]);
        bench_sample("mm1.hand_event_list", "ns/customer", ns[EVENT_LIST]);
        bench_sample("mm1.hand_two_clocks", "ns/customer", ns[TWO_CLOCKS]);
        bench_sample("mm1.engine/hand_event_list", "x", ns[ENGINE] / ns[EVENT_LIST]);
        bench_sample("mm1.engine/hand_two_clocks", "x", ns[ENGINE] / ns[TWO_CLOCKS]);
    }
    return 0;
}
