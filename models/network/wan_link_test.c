// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A pair of links alone: messages sent at chosen instants, and round trips by the thousand.
 * Expected values are those of facts D.4, "TCP under loss".
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "link.h"
#include "registry.h"

#include <stdlib.h>

/* --- what drives it -----------------------------------------------------------------------------
 */

#define SENDS_MAX 64
/* A message of a script: on which of two flows, when, and what kind. */
struct send {
    sim_time at;
    uint32_t flow;
    bool handshake;
};
/* What is to be done, and what came of it. */
static struct {
    struct send sends[SENDS_MAX];
    uint32_t send_count;
    sim_time arrived[SENDS_MAX]; /* SIM_NEVER: not */
    uint32_t order[SENDS_MAX], arrived_count;
    sim_time blackhole_from, blackhole_to; /* both ways; 0, 0: none */
    sim_time abort_at;                     /* of flow 0; 0: never */
    sim_dur gap;                           /* between round trips; 0: none */
    uint32_t round_trips;
} script;

struct round_trip {
    sim_time begun;
    uint32_t out, in; /* flows */
};

struct driver {
    struct sim *sim;
    struct link_port *out, *in;
    struct link_fault_port *out_fault, *in_fault;
    uint32_t flows[2];
    struct round_trip *trips;
    kind_id send_kind, arrive_kind, fault_kind, abort_kind, begin_kind, there_kind, back_kind;
    probe_id latency;
};

static const struct metric driver_metrics[] = {
    {.name = "round_trip",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .meaning = "of a request and its answer"},
};

static void driver_on_send(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    struct message message = {.kind = driver->arrive_kind,
                              .entity = entity,
                              .bytes = 100,
                              .identity = entity + 1,
                              .handshake = script.sends[entity].handshake};

    (void)sim, (void)generation;
    driver->out->send(driver->out->self, driver->flows[script.sends[entity].flow], &message);
}

static void driver_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)self, (void)generation;
    script.arrived[entity] = sim_now(sim);
    script.order[script.arrived_count++] = entity;
}

static void driver_on_fault(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    struct link_impairment blackhole = {.blackhole = true};

    (void)sim, (void)generation;
    if (entity == 0) {
        driver->out_fault->begin(driver->out_fault->self, &blackhole);
        driver->in_fault->begin(driver->in_fault->self, &blackhole);
    } else {
        driver->out_fault->end(driver->out_fault->self, &blackhole);
        driver->in_fault->end(driver->in_fault->self, &blackhole);
    }
}

static void driver_on_abort(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;

    (void)sim, (void)entity, (void)generation;
    driver->out->abort(driver->out->self, driver->flows[0]);
}

static void driver_on_begin(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    struct round_trip *trip = &driver->trips[entity];
    struct message message = {
        .kind = driver->there_kind, .entity = entity, .bytes = 100, .identity = entity};

    (void)generation;
    trip->begun = sim_now(sim);
    trip->out = driver->out->open(driver->out->self);
    trip->in = driver->in->open(driver->in->self);
    driver->out->send(driver->out->self, trip->out, &message);
    if (entity + 1 < script.round_trips)
        sim_after(sim, script.gap, driver->begin_kind, entity + 1, 0);
}

static void driver_on_there(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    struct message message = {
        .kind = driver->back_kind, .entity = entity, .bytes = 100, .identity = entity};

    (void)sim, (void)generation;
    driver->in->send(driver->in->self, driver->trips[entity].in, &message);
}

static void driver_on_back(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    const struct round_trip *trip = &driver->trips[entity];

    (void)generation;
    probe_latency(sim_probes(sim), driver->latency, sim_now(sim) - trip->begun);
    driver->out->close(driver->out->self, trip->out);
    driver->in->close(driver->in->self, trip->in);
}

static const struct event_kind driver_sends = {
    .name = "send", .phase = PHASE_WORK, .fire = driver_on_send};
static const struct event_kind driver_arrives = {
    .name = "arrive", .phase = PHASE_WORK, .fire = driver_on_arrive};
static const struct event_kind driver_faults = {
    .name = "fault", .phase = PHASE_FAULT, .fire = driver_on_fault};
static const struct event_kind driver_aborts = {
    .name = "abort", .phase = PHASE_WORK, .fire = driver_on_abort};
static const struct event_kind driver_begins = {
    .name = "begin", .phase = PHASE_WORK, .fire = driver_on_begin};
static const struct event_kind driver_theres = {
    .name = "there", .phase = PHASE_WORK, .fire = driver_on_there};
static const struct event_kind driver_backs = {
    .name = "back", .phase = PHASE_WORK, .fire = driver_on_back};

static void driver_init(void *self, const struct model_env *env)
{
    struct driver *driver = self;

    driver->sim = env->sim;
    driver->send_kind = sim_kind_add(env->sim, &driver_sends, env->instance, driver);
    driver->arrive_kind = sim_kind_add(env->sim, &driver_arrives, env->instance, driver);
    driver->fault_kind = sim_kind_add(env->sim, &driver_faults, env->instance, driver);
    driver->abort_kind = sim_kind_add(env->sim, &driver_aborts, env->instance, driver);
    driver->begin_kind = sim_kind_add(env->sim, &driver_begins, env->instance, driver);
    driver->there_kind = sim_kind_add(env->sim, &driver_theres, env->instance, driver);
    driver->back_kind = sim_kind_add(env->sim, &driver_backs, env->instance, driver);
    driver->latency = probe_latency_open(sim_probe_set(env->sim), "round_trip", 0, NULL);
    driver->trips = calloc(script.round_trips + 1u, sizeof *driver->trips);
    assert_non_null(driver->trips);
}

static void driver_connect(void *self, const struct port_directory *ports)
{
    struct driver *driver = self;

    driver->out = port_need_link(ports, 0, 1);
    driver->in = port_need_link(ports, 1, 0);
    driver->out_fault = port_need_link_fault(ports, 0, 1);
    driver->in_fault = port_need_link_fault(ports, 1, 0);
}

static void driver_start(void *self)
{
    struct driver *driver = self;

    driver->flows[0] = driver->out->open(driver->out->self);
    driver->flows[1] = driver->out->open(driver->out->self);
    script.arrived_count = 0;
    for (uint32_t i = 0; i < script.send_count; i++) {
        script.arrived[i] = SIM_NEVER;
        sim_at(driver->sim, script.sends[i].at, driver->send_kind, i, 0);
    }
    if (script.blackhole_to > 0) {
        sim_at(driver->sim, script.blackhole_from, driver->fault_kind, 0, 0);
        sim_at(driver->sim, script.blackhole_to, driver->fault_kind, 1, 0);
    }
    if (script.abort_at > 0)
        sim_at(driver->sim, script.abort_at, driver->abort_kind, 0, 0);
    if (script.round_trips > 0)
        sim_at(driver->sim, 0, driver->begin_kind, 0, 0);
}

static void driver_fini(void *self)
{
    free(((struct driver *)self)->trips);
}

static const struct model_ops driver_ops = {
    .name = "driver",
    .section = "driver",
    .meaning = "messages and round trips over links",
    .scope = MODEL_ONCE,
    .config_size = 1,
    .state_size = sizeof(struct driver),
    METRIC_TABLE(driver_metrics),
    .init = driver_init,
    .connect = driver_connect,
    .start = driver_start,
    .fini = driver_fini,
};
static const struct model_ops *const models[] = {&driver_ops, &wan_link_ops};
static const struct registry registry = {models, 2};

static int empty_script(void **state)
{
    (void)state;
    memset(&script, 0, sizeof script);
    return 0;
}

/* RTT 20 ms, nothing random but what `more` says: one way 10 ms, R = 220 ms. */
#define LINKS(loss, more)                                                                          \
    "regions: {a: {}, b: {}}\nduration: 10min\nwarmup: 0s\n"                                       \
    "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%, loss: " loss more                \
    "}, inside: {loss: 0%}}\n"

static void run_text(const char *text)
{
    struct scenario *scenario = scenario_of(&registry, text);

    world_free(world_of(scenario, 0, NULL));
    scenario_free(scenario);
}

static void send_at(sim_time at, uint32_t flow, bool handshake)
{
    script.sends[script.send_count++] = (struct send){at, flow, handshake};
}

/* --- claims -------------------------------------------------------------------------------------
 */

/* Nothing lost: half the RTT each way, to the nanosecond. */
static void message_takes_half_the_round_trip(void **state)
{
    (void)state;
    send_at(SIM_S, 0, false);
    run_text(LINKS("0%", ""));
    assert_int_equal(script.arrived[0], SIM_S + 10 * SIM_MS);
}

/*
 * A SYN sent into a blackhole is sent again 1, 2, 3, 4, 5, 7, 11, 19, 35, 67 s after the first time
 * (Linux 6.5 and later: the first four after the first do not double), in the classic schedule
 * after 1, 3, 7, 15, 31 s. The first try after the end of the hole gets through, and arrives 10 ms
 * later.
 */
static void syn_is_tried_again_at_its_times(void **state)
{
    static const struct {
        sim_dur hole, arrives, classic;
    } cases[] = {{500 * SIM_MS, 1010 * SIM_MS, 1010 * SIM_MS},
                 {1500 * SIM_MS, 2010 * SIM_MS, 3010 * SIM_MS},
                 {2500 * SIM_MS, 3010 * SIM_MS, 3010 * SIM_MS},
                 {4500 * SIM_MS, 5010 * SIM_MS, 7010 * SIM_MS},
                 {6 * SIM_S, 7010 * SIM_MS, 7010 * SIM_MS},
                 {8 * SIM_S, 11010 * SIM_MS, 15010 * SIM_MS},
                 {16 * SIM_S, 19010 * SIM_MS, 31010 * SIM_MS},
                 {34 * SIM_S, 35010 * SIM_MS, 63010 * SIM_MS}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        empty_script(state);
        script.blackhole_from = SIM_S;
        script.blackhole_to = 2 * SIM_S + cases[i].hole;
        send_at(2 * SIM_S, 0, true);
        run_text(LINKS("0%", ""));
        assert_int_equal(script.arrived[0], 2 * SIM_S + cases[i].arrives);
        run_text(LINKS("0%", ", tcp: {syn_linear_timeouts: 0}"));
        assert_int_equal(script.arrived[0], 2 * SIM_S + cases[i].classic);
    }
}

/*
 * On an established connection the tries come at R, 2R, 4R, 8R ... with the tail loss probe and at
 * R, 3R, 7R, 15R ... without: a hole of 1 s is over at 8R = 1.76 s, and at 7R = 1.54 s.
 */
static void established_connection_recovers_on_the_rto_ladder(void **state)
{
    (void)state;
    script.blackhole_from = SIM_S;
    script.blackhole_to = 3 * SIM_S;
    send_at(2 * SIM_S, 0, false);
    run_text(LINKS("0%", ""));
    assert_int_equal(script.arrived[0], 2 * SIM_S + 8 * 220 * SIM_MS + 10 * SIM_MS);
    run_text(LINKS("0%", ", tcp: {tail_loss_probe: false}"));
    assert_int_equal(script.arrived[0], 2 * SIM_S + 7 * 220 * SIM_MS + 10 * SIM_MS);
}

/* What is in flight when the blackhole begins arrives; what is sent in its first moment does not.
 */
static void blackhole_spares_what_is_in_flight(void **state)
{
    (void)state;
    script.blackhole_from = SIM_S;
    script.blackhole_to = 2 * SIM_S;
    send_at(SIM_S - 1, 0, false);
    send_at(SIM_S, 1, false);
    run_text(LINKS("0%", ""));
    assert_int_equal(script.arrived[0], SIM_S - 1 + 10 * SIM_MS);
    assert_true(script.arrived[1] > 2 * SIM_S);
}

/*
 * The first of two messages on a flow falls into the hole, the second comes 5 ms after it and
 * arrives. Its acknowledgement is back at 25 ms: the first is late by a quarter of the round trip
 * now, 20 + 5 ms after it was sent, so it is lost for the sender (RACK) and sent again. Both are
 * delivered at 35 ms. The other flow does not wait.
 */
static void order_on_a_flow_is_kept(void **state)
{
    (void)state;
    script.blackhole_from = SIM_S;
    script.blackhole_to = SIM_S + 1 * SIM_MS;
    send_at(SIM_S, 0, false);
    send_at(SIM_S + 5 * SIM_MS, 0, false);
    send_at(SIM_S + 5 * SIM_MS, 1, false);
    run_text(LINKS("0%", ""));
    assert_int_equal(script.arrived[0], SIM_S + 35 * SIM_MS);
    assert_int_equal(script.arrived[1], SIM_S + 35 * SIM_MS);
    assert_int_equal(script.arrived[2], SIM_S + 15 * SIM_MS);
}

/*
 * A later message that is too near waits for the quarter of the round trip: sent 2 ms later, it is
 * acknowledged at 22 ms, and the first is sent again at 25 ms. Three of them are enough at once:
 * the third is acknowledged at 23 ms.
 */
static void three_later_messages_repair_a_loss_at_once(void **state)
{
    (void)state;
    script.blackhole_from = SIM_S;
    script.blackhole_to = SIM_S + 1 * SIM_MS;
    send_at(SIM_S, 0, false);
    send_at(SIM_S + 2 * SIM_MS, 0, false);
    run_text(LINKS("0%", ""));
    assert_int_equal(script.arrived[0], SIM_S + 35 * SIM_MS);
    assert_int_equal(script.arrived[1], SIM_S + 35 * SIM_MS);
    send_at(SIM_S + 2 * SIM_MS, 0, false);
    send_at(SIM_S + 3 * SIM_MS, 0, false);
    run_text(LINKS("0%", ""));
    for (int i = 0; i < 4; i++)
        assert_int_equal(script.arrived[i], SIM_S + 33 * SIM_MS);
}

/* A later message sent 5 ms before the timer fires at R = 220 ms: its acknowledgement would come
 * too late to help, and must not delay. */
static void later_messages_never_delay_the_timer(void **state)
{
    (void)state;
    script.blackhole_from = SIM_S;
    script.blackhole_to = SIM_S + 1 * SIM_MS;
    send_at(SIM_S, 0, false);
    send_at(SIM_S + 215 * SIM_MS, 0, false);
    run_text(LINKS("0%", ""));
    assert_int_equal(script.arrived[0], SIM_S + 230 * SIM_MS);
}

/* The sender's host crashes: what waits to be sent again never comes. */
static void aborted_flow_forgets_what_was_lost(void **state)
{
    (void)state;
    script.blackhole_from = SIM_S;
    script.blackhole_to = SIM_S + 1 * SIM_MS;
    script.abort_at = SIM_S + 100 * SIM_MS;
    send_at(SIM_S - SIM_MS, 0, false);
    send_at(SIM_S, 0, false);
    run_text(LINKS("0%", ""));
    assert_int_equal(script.arrived[0], SIM_S + 9 * SIM_MS);
    assert_true(script.arrived[1] == SIM_NEVER);
}

/* Many messages, jitter and loss of 20 %: each arrives once, and in the order in which it was sent
 * on its flow. */
static void nothing_is_lost_for_good_nor_overtakes(void **state)
{
    uint32_t last[2] = {0, 0};

    (void)state;
    for (uint32_t i = 0; i < SENDS_MAX; i++)
        send_at(SIM_S + i * 3 * SIM_MS, i % 2, false);
    run_text("regions: {a: {}, b: {}}\nduration: 10min\nwarmup: 0s\n"
             "network: {default: {rtt: 20ms, jitter: exponential(5ms), loss: 20%}}\n");
    assert_int_equal(script.arrived_count, SENDS_MAX);
    for (uint32_t i = 0; i < SENDS_MAX; i++) {
        uint32_t n = script.order[i];

        assert_true(n >= last[n % 2]);
        last[n % 2] = n;
    }
}

/* 8000 bit/s: 100 bytes take 100 ms; three at once leave one behind the other. */
static void bandwidth_serves_one_after_another(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        send_at(SIM_S, 0, false);
    run_text(LINKS("0%", ", bandwidth: 8kbit/s"));
    for (int i = 0; i < 3; i++)
        assert_int_equal(script.arrived[i], SIM_S + (i + 1) * 100 * SIM_MS + 10 * SIM_MS);
}

/*
 * One packet each way, each transmission lost with probability p: k losses, with probability (1-p)
 * p^k, add R (2^k - 1) to a way, or R 2^(k-1) with the tail loss probe. So the mean of a round trip
 * is RTT + 2Rp / (1-2p), or RTT + 2Rp(1-p) / (1-2p). p = 0.1, RTT = 20 ms, R = 220 ms: 75 ms, 69.5
 * ms. The added delay has a second moment of R^2 / 4 a way (4p < 1), so 20 x 60 000 round trips
 * leave a standard error of some 0.2 %.
 */
static void mean_latency_under_loss_covers_theory(void **state)
{
    double p = 0.1, rtt = 20e6, rto = 220e6;
    struct tally tally;

    (void)state;
    script.gap = 5 * SIM_MS;
    script.round_trips = 60000;
    tally = tally_of(&registry, LINKS("10%", ", tcp: {tail_loss_probe: false}"), 20,
                     (struct wanted){"round_trip", "mean", 0, NULL, NULL});
    assert_covers(&tally, rtt + 2 * rto * p / (1 - 2 * p), 0.05);
    tally = tally_of(&registry, LINKS("10%", ""), 20,
                     (struct wanted){"round_trip", "mean", 0, NULL, NULL});
    assert_covers(&tally, rtt + 2 * rto * p * (1 - p) / (1 - 2 * p), 0.05);
}

/* Transmissions lost are the share p of those made, retransmissions included. */
static void share_of_losses_covers_the_setting(void **state)
{
    struct tally tally;

    (void)state;
    script.gap = 5 * SIM_MS;
    script.round_trips = 20000;
    tally = tally_of(&registry, LINKS("10%", ""), 20,
                     (struct wanted){"link_loss_rate", NULL, -1, NULL, NULL});
    assert_covers(&tally, 0.1, 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(message_takes_half_the_round_trip, empty_script),
        cmocka_unit_test_setup(syn_is_tried_again_at_its_times, empty_script),
        cmocka_unit_test_setup(established_connection_recovers_on_the_rto_ladder, empty_script),
        cmocka_unit_test_setup(blackhole_spares_what_is_in_flight, empty_script),
        cmocka_unit_test_setup(order_on_a_flow_is_kept, empty_script),
        cmocka_unit_test_setup(three_later_messages_repair_a_loss_at_once, empty_script),
        cmocka_unit_test_setup(later_messages_never_delay_the_timer, empty_script),
        cmocka_unit_test_setup(aborted_flow_forgets_what_was_lost, empty_script),
        cmocka_unit_test_setup(nothing_is_lost_for_good_nor_overtakes, empty_script),
        cmocka_unit_test_setup(bandwidth_serves_one_after_another, empty_script),
        cmocka_unit_test_setup(mean_latency_under_loss_covers_theory, empty_script),
        cmocka_unit_test_setup(share_of_losses_covers_the_setting, empty_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
