// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One pool alone, over links and servers that only count: which idle connection is used, which
 * expire unnoticed, and when the name is resolved.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "connection_pool.h"
#include "model_rig.h"

#define PLACES_MAX 8

/* clang-format off */
static const struct metric bench_metrics[] = {
    {.name = "opened", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "new connections"},
    {.name = "open", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .meaning = "connections"},
};
/* clang-format on */

/* Pools of the only instance: to its own region, and to the name. */
enum { POOL_LOCAL, POOL_PRIMARY };

/* Inputs and observations of a test. */
static struct bench {
    struct connection_pool_config config;
    struct connection_pools pools;
    struct link_port link;
    struct endpoint_table endpoints; /* of two regions, and a name */
    struct listener_port listeners[2], *by_endpoint[3];
    struct dns_port dns;
    struct dns_answer answer;
    struct visits {
        uint32_t opened, closed;
    } visits[2]; /* by listener */
    uint32_t flows, closed_flows, asked;
    struct sim *sim;
    uint32_t taken[PLACES_MAX]; /* by place: an acquired connection */
} bench;

static uint32_t link_open(void *self)
{
    (void)self;
    return bench.flows++;
}

static void link_close(void *self, uint32_t flow)
{
    (void)self, (void)flow;
    bench.closed_flows++;
}

static void link_send(void *self, uint32_t flow, const struct message *message)
{
    (void)self, (void)flow, (void)message;
}

static void link_mark(void *self, uint32_t flow, enum traffic traffic, uint64_t connection)
{
    (void)self, (void)flow, (void)traffic, (void)connection;
}

static void link_pair(void *self, uint32_t flow, uint32_t back)
{
    (void)self, (void)flow, (void)back;
}

static void link_watch(void *self, uint32_t flow, sim_dur user_timeout_ns, kind_id kind,
                       uint32_t entity, uint32_t generation)
{
    (void)self, (void)flow, (void)user_timeout_ns, (void)kind, (void)entity, (void)generation;
}

static void on_event(void *self, uint32_t connection, uint32_t generation,
                     enum connection_event event)
{
    struct visits *visits = self;

    (void)connection, (void)generation;
    assert_true(event == CONNECTION_ESTABLISHED || event == CONNECTION_FIN);
    *(event == CONNECTION_FIN ? &visits->closed : &visits->opened) += 1;
}

static struct dns_answer dns_resolve(void *self, int region)
{
    struct dns_answer answer = bench.answer;

    (void)self, (void)region;
    bench.asked++;
    answer.expires += sim_now(bench.sim); /* a TTL */
    return answer;
}

static void bench_init(void *self, const struct model_env *env)
{
    struct connection_pools *pools = &bench.pools;

    (void)self;
    bench.sim = env->sim;
    memset(pools, 0, sizeof *pools);
    connection_pools_init(pools, &bench.config, env->sim, 0);
    pools->region_count = 2;
    pools->opened = probe_count_open(sim_probe_set(env->sim), "opened", 0, NULL);
    pools->open = probe_level_open(sim_probe_set(env->sim), "open", 0, NULL);
    bench.link = (struct link_port){.open = link_open,
                                    .close = link_close,
                                    .send = link_send,
                                    .mark = link_mark,
                                    .pair = link_pair,
                                    .watch = link_watch};
    bench.dns = (struct dns_port){.resolve = dns_resolve};
    pools->dns = &bench.dns;
    for (int r = 0; r < 2; r++) {
        bench.listeners[r] = (struct listener_port){.self = &bench.visits[r], .event = on_event};
        pools->out[r] = pools->in[r] = &bench.link;
        bench.by_endpoint[r] = &bench.listeners[r];
        endpoint_add(&bench.endpoints,
                     (struct endpoint){.name = r == 0 ? "west" : "east", .region = r});
    }
    endpoint_add(&bench.endpoints,
                 (struct endpoint){.name = "primary", .region = ENDPOINT_BY_NAME});
    pools->endpoints = &bench.endpoints;
    pools->listeners = bench.by_endpoint;
    connection_pools_size(pools, 1);
    assert_int_equal(connection_pool_find(pools, 0, 2), NO_INDEX);
    assert_int_equal(connection_pool_make(pools, 0, 0), POOL_LOCAL);
    assert_int_equal(connection_pool_make(pools, 0, 2), POOL_PRIMARY);
    assert_int_equal(connection_pool_find(pools, 0, 2), POOL_PRIMARY);
}

static void bench_start(void *self)
{
    (void)self;
    bench.pools.probes = sim_probes(bench.sim);
    connection_pools_warm(&bench.pools);
}

static void bench_fini(void *self)
{
    (void)self;
    connection_pools_release(&bench.pools);
    free(bench.endpoints.rows);
    bench.endpoints = (struct endpoint_table){0};
}

static const struct model_ops bench_ops = {
    .name = "bench",
    .section = "bench",
    .meaning = "a pool",
    .scope = MODEL_ONCE,
    .config_size = 1,
    .state_size = 1,
    METRIC_TABLE(bench_metrics),
    .init = bench_init,
    .start = bench_start,
    .fini = bench_fini,
};

/* One cold pool of ten connections that never times out; opening takes TCP's round trip only. */
static int plain_pool(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    bench.config = (struct connection_pool_config){
        .mode = MODE_POOL, .connections_max = 10, .reuse = REUSE_LIFO, .dns_cache = DNS_TTL};
    bench.answer = (struct dns_answer){.region = 1, .expires = 0};
    return 0;
}

/* A connection of the primary's pool, for place *arg: opened, and its handshake answered at once.
 */
static void open_one(void *arg)
{
    uint32_t index = connection_open(&bench.pools, POOL_PRIMARY, NO_INDEX, 0, SIM_S);

    assert_true(connection_round_done(&bench.pools, index));
    bench.taken[*(const uint32_t *)arg] = index;
}

static void put_back(void *arg)
{
    connection_release(&bench.pools, bench.taken[*(const uint32_t *)arg]);
}

static uint32_t open_count(void)
{
    return bench.pools.pools[POOL_PRIMARY].open_count;
}

/* Acquire a connection and release it at once; returns which one it was. */
static uint32_t use_one(void)
{
    uint32_t index = connection_acquire_idle(&bench.pools, POOL_PRIMARY);

    if (index == NO_INDEX)
        return index;
    bench.pools.connections[index].state = CONNECTION_BUSY;
    connection_release(&bench.pools, index);
    return index;
}

static const uint32_t places[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Three connections, opened at 0, 1 and 2 s and released in that order at 2 s. */
static void open_three(struct rig *rig)
{
    rig_open(rig, &bench_ops, 2, 20 * SIM_S);
    rig_wire(rig);
    for (uint32_t i = 0; i < 3; i++)
        rig_call(rig, i * SIM_S, open_one, (void *)(uintptr_t)&places[i]);
    for (uint32_t i = 0; i < 3; i++)
        rig_call(rig, 2 * SIM_S + (i + 1) * SIM_MS, put_back, (void *)(uintptr_t)&places[i]);
}

/* Newest first: always the connection released last. Oldest first: each in turn. */
static void check_order(void *arg)
{
    const uint32_t *expected = arg;

    for (int i = 0; i < 6; i++)
        assert_int_equal(use_one(), bench.taken[expected[i]]);
}

static void reuse_takes_the_last_or_the_first_that_came_back(void **state)
{
    static const uint32_t lifo[] = {2, 2, 2, 2, 2, 2}, fifo[] = {0, 1, 2, 0, 1, 2};
    struct rig rig;

    for (int reuse = REUSE_LIFO; reuse <= REUSE_FIFO; reuse++) {
        plain_pool(state);
        bench.config.reuse = reuse;
        open_three(&rig);
        rig_call(&rig, 3 * SIM_S, check_order,
                 (void *)(uintptr_t)(reuse == REUSE_LIFO ? lifo : fifo));
        rig_run(&rig);
        assert_int_equal(open_count(), 3);
        rig_close(&rig);
    }
}

/* The idle connections of a pool against a plain list, while connections are acquired, released and
 * closed at any position. */
static void idle_ones_are_a_list(void *arg)
{
    struct connection_pools *pools = &bench.pools;
    const struct connection_pool *pool = &pools->pools[POOL_PRIMARY];
    uint32_t idle[40], busy[40], idle_count = pool->idle_count, busy_count = 0;

    (void)arg;
    assert_int_equal(idle_count, 20);
    for (uint32_t i = 0; i < idle_count; i++)
        idle[i] = connection_idle_at(pool, i)->connection;
    for (uint64_t step = 0; step < 3000; step++) {
        uint64_t word = rng_mix(step);
        uint32_t at = rng_below(word, idle_count > 0 ? idle_count : 1);

        if (word % 4 == 0 && busy_count > 0) {
            at = rng_below(word, busy_count);
            connection_release(pools, busy[at]);
            idle[idle_count++] = busy[at];
            busy[at] = busy[--busy_count];
        } else if (word % 4 == 1 && idle_count > 0) { /* closed, and another one opened */
            connection_close(pools, idle[at], CONNECTION_FIN);
            memmove(&idle[at], &idle[at + 1], (--idle_count - at) * sizeof idle[0]);
            busy[busy_count] = connection_open(pools, POOL_PRIMARY, NO_INDEX, 0, SIM_S);
            assert_true(connection_round_done(pools, busy[busy_count++]));
        } else if (word % 4 == 2 && idle_count > 0) {
            at = bench.config.reuse == REUSE_LIFO ? idle_count - 1 : 0;
            assert_int_equal(connection_acquire_idle(pools, POOL_PRIMARY), idle[at]);
            pools->connections[idle[at]].state = CONNECTION_BUSY;
            busy[busy_count++] = idle[at];
            memmove(&idle[at], &idle[at + 1], (--idle_count - at) * sizeof idle[0]);
        } else if (word % 4 == 3 && busy_count > 10) { /* release many at once */
            while (busy_count > 0) {
                connection_release(pools, busy[--busy_count]);
                idle[idle_count++] = busy[busy_count];
            }
        }
        assert_int_equal(pool->idle_count, idle_count);
        for (uint32_t i = 0; i < idle_count; i++)
            assert_int_equal(connection_idle_at(pool, i)->connection, idle[i]);
    }
}

static void idle_ones_stand_in_the_order_of_their_return(void **state)
{
    struct rig rig;

    for (int reuse = REUSE_LIFO; reuse <= REUSE_FIFO; reuse++) {
        plain_pool(state);
        bench.config.reuse = reuse;
        bench.config.connections_max = bench.config.warm_count = 20;
        rig_open(&rig, &bench_ops, 2, 20 * SIM_S);
        rig_wire(&rig);
        rig_call(&rig, SIM_S, idle_ones_are_a_list, NULL);
        rig_run(&rig);
        assert_int_equal(open_count(), 20);
        rig_close(&rig);
    }
}

/*
 * One command each 100 ms from 2.1 s on, and a lifetime of 2.5 s: the connections opened at 0, 1
 * and 2 s expire at 2.5, 3.5 and 4.5 s. Oldest first, each is used every 300 ms or sooner, so it is
 * closed soon after it expires. Newest first, only the youngest is used; the two others stay idle
 * past their lifetime until it expires: then all three are closed at once.
 */
static uint32_t open_at[64];
static void use_and_count(void *arg)
{
    const uint32_t *at = arg;

    use_one();
    open_at[at - open_at] = open_count();
}

static void surplus_connections_age_unseen_newest_first(void **state)
{
    struct rig rig;

    for (int reuse = REUSE_LIFO; reuse <= REUSE_FIFO; reuse++) {
        plain_pool(state);
        bench.config.reuse = reuse;
        bench.config.lifetime_ns = 2500 * SIM_MS;
        open_three(&rig);
        for (uint32_t i = 21; i <= 50; i++)
            rig_call(&rig, i * 100 * SIM_MS, use_and_count, &open_at[i]);
        rig_run(&rig);
        for (uint32_t i = 21; i <= 50; i++) {
            uint32_t fresh = i < 25 ? 3 : i < 35 ? 2 : i < 45 ? 1 : 0;

            if (reuse == REUSE_LIFO)
                assert_int_equal(open_at[i], i < 45 ? 3 : 0);
            else if (i % 10 == 4 || i % 10 >= 8) /* just before they expire, and one round after */
                assert_int_equal(open_at[i], fresh);
        }
        assert_int_equal(bench.closed_flows, 6);
        assert_int_equal(bench.visits[1].closed, 3);
        rig_close(&rig);
    }
}

/* A connection is not closed while a command is on it; an expired connection is closed when
 * released. */
static void a_life_ends_when_the_command_does(void **state)
{
    struct rig rig;

    (void)state;
    bench.config.lifetime_ns = SIM_S;
    rig_open(&rig, &bench_ops, 2, 20 * SIM_S);
    rig_wire(&rig);
    rig_call(&rig, 0, open_one, (void *)(uintptr_t)&places[0]);
    rig_call(&rig, 5 * SIM_S, put_back, (void *)(uintptr_t)&places[0]);
    rig_run(&rig);
    assert_int_equal(open_count(), 0);
    assert_int_equal(bench.visits[1].closed, 1);
    /* open from 0 to 5 of 20 s */
    assert_close(rig_statistic(&rig, "open", 0, NULL), 0.25, 1e-12);
    assert_close(rig_statistic(&rig, "opened", 0, NULL), 1, 0);
    rig_close(&rig);
}

/*
 * The name is resolved when the pool is warmed, at 0 s, and then only when a connection is opened
 * after the answer has expired: here one connection each second from 1 to 8 s. With a TTL of 2.5 s:
 * at 3 and 6 s; cached for 4.5 s: at 5 s; forever: never.
 */
static void name_is_asked_for_when_its_answer_has_run_out(void **state)
{
    static const struct {
        int cache;
        uint32_t asked;
    } cases[] = {{DNS_TTL, 3}, {DNS_FIXED, 2}, {DNS_FOREVER, 1}};
    struct rig rig;

    for (size_t c = 0; c < 3; c++) {
        plain_pool(state);
        bench.config.dns_cache = cases[c].cache;
        bench.config.dns_fixed_ns = 4500 * SIM_MS;
        bench.answer.expires = 2500 * SIM_MS;
        rig_open(&rig, &bench_ops, 2, 20 * SIM_S);
        rig_wire(&rig);
        for (uint32_t i = 0; i < PLACES_MAX; i++)
            rig_call(&rig, (i + 1) * SIM_S, open_one, (void *)(uintptr_t)&places[i]);
        rig_run(&rig);
        assert_int_equal(bench.asked, cases[c].asked);
        assert_int_equal(open_count(), PLACES_MAX);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(idle_ones_stand_in_the_order_of_their_return, plain_pool),
        cmocka_unit_test_setup(reuse_takes_the_last_or_the_first_that_came_back, plain_pool),
        cmocka_unit_test_setup(surplus_connections_age_unseen_newest_first, plain_pool),
        cmocka_unit_test_setup(a_life_ends_when_the_command_does, plain_pool),
        cmocka_unit_test_setup(name_is_asked_for_when_its_answer_has_run_out, plain_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
