// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What loss does: bursts in time, what TCP makes of it, and when it is abandoned. Expected values
 * are those of facts D.4 and D.5.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "assert_close.h"
#include "link_rig.h"
#include "loss_process.h"
#include "rng_stream.h"

/* --- Gilbert-Elliott ----------------------------------------------------------------------------
 */

/* Share of time in the bad state times its loss and so on, over `sojourns` sojourns of one chain,
 * and the mean stay in the bad state. */
static void measure_chain(const struct loss_config *config, uint32_t entity, uint32_t sojourns,
                          double *loss, double *stay)
{
    struct rng_stream stream = rng_stream_named(TEST_SEED, 0, "test", "bursts");
    struct loss_chain chain;
    sim_time now = 0;
    double lost = 0, bad_ns = 0;
    uint32_t bad_count = 0;

    loss_chain_begin(&chain, config, &stream, entity, 0);
    for (uint32_t i = 0; i < sojourns; i++) {
        double share = loss_chain_at(&chain, &stream, now);
        double length = (double)(chain.until - now);

        lost += share * length;
        bad_ns += chain.bad ? length : 0;
        bad_count += chain.bad;
        now = chain.until;
    }
    *loss = lost / (double)now;
    *stay = bad_ns / bad_count;
}

/*
 * Mean loss (p l_bad + r l_good) / (p + r) of each preset, from the table of facts D.5, and the
 * mean stay 10 ms / r in the bad state. 20 chains of 20 000 sojourns: 200 000 stays of each kind,
 * whose exponential lengths leave a standard error of 0.22 % each, so 0.32 % of their ratio.
 */
static void bursts_lose_the_mean_share_and_last_the_mean_time(void **state)
{
    static const double p[] = {1e-6, 5e-4, 0.005, 0.002}, r[] = {0.2, 0.05, 0.05, 0.1};
    static const double bad[] = {1, 0.3, 0.5, 0.4}, good[] = {5e-6, 1e-5, 1e-4, 5e-4};

    (void)state;
    for (int preset = 0; loss_presets[preset]; preset++) {
        struct loss_config config = {.kind = LOSS_PRESET, .preset = preset};
        double mean =
            (p[preset] * bad[preset] + r[preset] * good[preset]) / (p[preset] + r[preset]);
        struct tally losses = {0}, stays = {0};

        assert_close(loss_mean(&config), mean, 1e-9);
        for (uint32_t entity = 0; entity < 20; entity++) {
            double loss, stay;

            measure_chain(&config, entity, 20000, &loss, &stay);
            tally_add(&losses, loss);
            tally_add(&stays, stay);
        }
        print_message("%s: ", loss_presets[preset]);
        assert_covers(&losses, mean, 0.05);
        assert_covers(&stays, 10e6 / r[preset], 0.05);
    }
}

/* Segments sent every millisecond on flows of their own, each aborted at once: no retransmissions.
 */
static struct {
    uint64_t runs, lost;
    uint32_t sent;
} burst;

static void send_probe(uint32_t number)
{
    struct link_port *link = rig.links[0][1];
    uint32_t flow = link->open(link->self);

    rig_send(link, flow, number, 100, false);
    link->abort(link->self, flow);
    if (number + 1 < burst.sent)
        rig_at(sim_now(rig.sim) + SIM_MS, send_probe, number + 1);
}

static uint32_t last_arrival;

/* In order of arrival: what lies between two arrivals is one run of losses. */
static void note_gap(uint32_t number)
{
    if (number > last_arrival + 1) {
        burst.runs++;
        burst.lost += number - last_arrival - 1;
    }
    last_arrival = number;
}

static void send_probes(void)
{
    burst.runs = burst.lost = 0;
    last_arrival = 0;
    rig_at(0, send_probe, 0);
}

/*
 * All is lost in the bad state, nothing in the good one; stays 50 ms and 450 ms, a segment each d =
 * 1 ms. Of two neighbours, the second meets the bad state too with probability q = b + g e^-(d/50 +
 * d/450), b = 0.1, g = 0.9: so runs of losses are geometric of mean 1 / (1 - q) = 50.56, and 10 %
 * is lost.
 */
static void bursts_reach_the_segments_as_runs_of_losses(void **state)
{
    double keep = 0.9 * (1 - exp(-1.0 / 50 - 1.0 / 450));
    struct tally runs = {0}, shares = {0};

    (void)state;
    burst.sent = 1000000;
    rig.begin = send_probes;
    rig.on_arrival = note_gap;
    for (uint32_t i = 0; i < 20; i++) {
        rig_play(LINKS("loss: {gilbert-elliott: {good: 450ms, bad: 50ms, loss_in_good: 0%,"
                       " loss_in_bad: 100%}}"),
                 i);
        tally_add(&runs, (double)burst.lost / (double)burst.runs);
        tally_add(&shares, (double)burst.lost / burst.sent);
    }
    rig.on_arrival = NULL;
    assert_covers(&runs, 1 / keep, 0.05);
    assert_covers(&shares, 0.1, 0.05);
}

/* Bursts of nothing are no bursts: the run is that without losses, event for event. */
static void bursts_of_strength_zero_change_no_digest(void **state)
{
    uint64_t digest;

    (void)state;
    burst.sent = 10000;
    rig.begin = send_probes;
    rig_play(LINKS("loss: 0%"), 0);
    digest = rig.digest;
    rig_play(LINKS("loss: {gilbert-elliott: {loss_in_good: 0%, loss_in_bad: 0%}}"), 0);
    assert_true(rig.digest == digest);
    rig_play(LINKS("loss: {independent: 0%}"), 0);
    assert_true(rig.digest == digest);
    rig_play(LINKS("loss: 1%"), 0);
    assert_true(rig.digest != digest);
}

/* --- a request over a lossy path -----------------------------------------------------------------
 */

#define TRIPS_MAX 400000
static struct trips {
    uint32_t count;
    sim_dur gap;
    sim_time begun[TRIPS_MAX];
    uint32_t out[TRIPS_MAX], in[TRIPS_MAX];
    uint32_t later[5]; /* than the timeouts below */
} trips;
static const sim_dur timeouts[5] = {50 * SIM_MS, 200 * SIM_MS, 300 * SIM_MS, 500 * SIM_MS, SIM_S};

static void begin_trip(uint32_t number)
{
    struct link_port *out = rig.links[0][1], *in = rig.links[1][0];

    trips.begun[number] = sim_now(rig.sim);
    trips.out[number] = out->open(out->self);
    trips.in[number] = in->open(in->self);
    rig_send(out, trips.out[number], 2 * number, 100, false);
    if (number + 1 < trips.count)
        rig_at(sim_now(rig.sim) + trips.gap, begin_trip, number + 1);
}

static void trip_arrives(uint32_t number)
{
    struct link_port *out = rig.links[0][1], *in = rig.links[1][0];
    uint32_t trip = number / 2;
    sim_dur taken = sim_now(rig.sim) - trips.begun[trip];

    if (number % 2 == 0) {
        rig_send(in, trips.in[trip], number + 1, 100, false);
        return;
    }
    probe_latency(sim_probes(rig.sim), rig.latency, taken);
    for (int i = 0; i < 5; i++)
        trips.later[i] += taken > timeouts[i];
    out->close(out->self, trips.out[trip]);
    in->close(in->self, trips.in[trip]);
}

static void begin_trips(void)
{
    memset(trips.later, 0, sizeof trips.later);
    rig_at(0, begin_trip, 0);
}

static struct world *play_trips(const char *text, uint32_t count, uint32_t replication)
{
    struct world *world;

    trips.count = count;
    trips.gap = 2 * SIM_MS;
    rig.begin = begin_trips;
    rig.on_arrival = trip_arrives;
    world = rig_world(text, replication);
    rig.on_arrival = NULL;
    return world;
}

/* The added delay of a way with k losses, in units of R. */
static double ladder(int k, bool probe)
{
    return k == 0 ? 0 : probe ? ldexp(1, k - 1) : ldexp(1, k) - 1;
}

/* P(RTT + D_i + D_j > T), facts D.4; T in ms. */
static double chance_later(double p, bool probe, double timeout_ms)
{
    double chance = 0;

    for (int i = 0; i < 40; i++)
        for (int j = 0; j < 40; j++)
            if (20 + 220 * (ladder(i, probe) + ladder(j, probe)) > timeout_ms)
                chance += (1 - p) * (1 - p) * pow(p, i + j);
    return chance;
}

static const struct row {
    const char *text[2]; /* classic, with the tail loss probe */
    double p, p99_ms, p999_ms;
} rows[] = {
#define ROW(p_text, p, p99, p999)                                                                  \
    {                                                                                              \
        {LINKS("loss: " p_text ", tcp: {tail_loss_probe: false}"), LINKS("loss: " p_text)}, p,     \
            p99, p999                                                                              \
    }
    ROW("0.1%", 0.001, 20, 240), ROW("1%", 0.01, 240, 240),   ROW("5%", 0.05, 240, 680),
    ROW("10%", 0.1, 680, 1560),  ROW("20%", 0.2, 1560, 3540), ROW("30%", 0.3, 3320, 13880),
};

/*
 * The table of facts D.4, classic ladder. The quantiles lie on steps of 220 ms, so they are exact
 * (to the histogram's 1 %) where the step holds more than the quantile's noise; the last row's
 * p99.9, and its mean, whose variance is infinite, are not asked for.
 */
static void mean_and_tail_over_a_lossy_path_are_those_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        bool heavy = row->p > 0.25;
        struct tally means = {0};

        for (uint32_t replication = 0; replication < 10; replication++) {
            struct world *world = play_trips(row->text[0], 50000, replication);

            tally_add(&means,
                      statistic_of(world, (struct wanted){"round_trip", "mean", 0, NULL, NULL}));
            rig_end(world);
        }
        if (!heavy)
            assert_covers(&means, 20e6 + 2 * 220e6 * row->p / (1 - 2 * row->p), 0.05);
        struct world *world = play_trips(row->text[0], TRIPS_MAX, 99);

        assert_close(statistic_of(world, (struct wanted){"round_trip", "p99", 0, NULL, NULL}),
                     row->p99_ms * 1e6, 0.02);
        if (!heavy)
            assert_close(statistic_of(world, (struct wanted){"round_trip", "p99.9", 0, NULL, NULL}),
                         row->p999_ms * 1e6, 0.02);
        rig_end(world);
    }
}

/* The share of requests later than each timeout, 50 ms to 1 s, with and without the probe: within
 * four standard errors of the sum of facts D.4 over 400 000 requests. */
static void share_later_than_a_timeout_is_that_of_the_sum(void **state)
{
    (void)state;
    for (size_t i = 1; i < sizeof rows / sizeof rows[0]; i++)
        for (int probe = 0; probe < 2; probe++) {
            rig_end(play_trips(rows[i].text[probe], TRIPS_MAX, 7));
            for (int t = 0; t < 5; t++) {
                double expected = chance_later(rows[i].p, probe, (double)timeouts[t] / 1e6);
                double error = sqrt(expected * (1 - expected) / TRIPS_MAX);
                double found = trips.later[t] / (double)TRIPS_MAX;

                assert_true(fabs(found - expected) < 4 * error);
            }
        }
}

/* The draws are shared: so more loss never makes one request faster, nor one timeout fewer. */
static void more_loss_never_lowers_the_timeout_rate(void **state)
{
    uint32_t before[5] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_end(play_trips(rows[i].text[1], 50000, 3));
        for (int t = 0; t < 5; t++) {
            assert_true(trips.later[t] >= before[t]);
            before[t] = trips.later[t];
        }
    }
    assert_true(before[4] > 0);
}

/* --- when the kernel abandons it ------------------------------------------------------------- */

static const struct link_impairment blackhole = {.blackhole = true}, reset = {.reset = true};

static uint32_t watched_flow(uint32_t number)
{
    struct link_port *link = rig.links[0][1];
    uint32_t flow = link->open(link->self);

    link->watch(link->self, flow, 0, rig.broken_kind, number, 0);
    return flow;
}

static void begin_fault(uint32_t is_reset)
{
    struct link_fault_port *fault = rig.faults[0][1];

    fault->begin(fault->self, is_reset ? &reset : &blackhole);
}

static void end_fault(uint32_t is_reset)
{
    struct link_fault_port *fault = rig.faults[0][1];

    fault->end(fault->self, is_reset ? &reset : &blackhole);
}

/* 0: a SYN. 1: a request. 2: a request whose sender closes. 3: a request on a flow nobody watches.
 */
static void send_for_ever(void)
{
    struct link_port *link = rig.links[0][1];
    uint32_t orphan, silent = link->open(link->self);

    begin_fault(0);
    rig_send(link, watched_flow(0), 0, 60, true);
    rig_send(link, watched_flow(1), 1, 100, false);
    orphan = watched_flow(2);
    rig_send(link, orphan, 2, 100, false);
    link->close(link->self, orphan);
    rig_send(link, silent, 3, 100, false);
}

/*
 * A SYN goes at 0, 1, 2, 3, 4, 5, 7, 11, 19, 35 and 67 s and is abandoned at 131 s, in the classic
 * schedule at 0, 1, 3, 7, 15, 31, 63 and 127 s. A request is sent again at R = 0.22 s (the probe)
 * and then at 0.44, 0.88 ... 225.28 s, from there each 120 s: the first of these times 924.6 s
 * after the first retransmission of the timer at 0.44 s is 225.28 + 6 x 120 = 945.28 s. An orphan
 * is abandoned at the first 102.2 s after it, 112.64 s. What nobody watches goes on.
 */
static void kernel_gives_up_after_its_time(void **state)
{
    struct world *world;

    (void)state;
    rig.begin = send_for_ever;
    world = rig_world(LINKS("loss: 0%"), 0);
    assert_int_equal(rig.broken[0], 131 * SIM_S);
    assert_int_equal(rig.broken[1], 945280 * SIM_MS);
    assert_int_equal(rig.lost[1], 945280 * SIM_MS);
    assert_true(rig.broken[2] == SIM_NEVER);
    assert_int_equal(rig.lost[2], 112640 * SIM_MS);
    assert_true(rig.lost[3] == SIM_NEVER && rig.broken[3] == SIM_NEVER);
    /* of the SYN, of the request, of the orphan, and of the last until 20 min */
    assert_int_equal((int)statistic_of(world, (struct wanted){"link_losses", NULL, 0, NULL, NULL}),
                     11 + 17 + 10 + 20);
    assert_int_equal(
        (int)statistic_of(world, (struct wanted){"connections_broken", NULL, 0, NULL, NULL}), 2);
    rig_end(world);
    rig_play(LINKS("loss: 0%, tcp: {syn_linear_timeouts: 0}"), 0);
    assert_int_equal(rig.broken[0], 127 * SIM_S);
}

/* --- reset ----------------------------------------------------------------------------------- */

static uint32_t old_flow, silent_flow;

static void send_old(uint32_t number)
{
    rig_send(rig.links[0][1], old_flow, number, 100, false);
}

static void send_new(uint32_t number)
{
    rig_send(rig.links[0][1], watched_flow(number), number, 100, false);
}

static void send_silent(uint32_t number)
{
    rig_send(rig.links[0][1], silent_flow, number, 100, false);
}

static void play_reset(void)
{
    old_flow = watched_flow(0);
    silent_flow = rig.links[0][1]->open(rig.links[0][1]->self);
    rig_at(SIM_S - 5 * SIM_MS, send_old, 0);
    rig_at(SIM_S, begin_fault, 1);
    rig_at(SIM_S + 5 * SIM_MS, send_old, 1);
    rig_at(SIM_S + 10 * SIM_MS, send_new, 2);
    rig_at(SIM_S + 10 * SIM_MS, send_silent, 3);
    rig_at(SIM_S + 100 * SIM_MS, end_fault, 1);
    rig_at(SIM_S + 200 * SIM_MS, send_new, 4);
}

/*
 * The reset begins at 1 s: what was in flight arrives, the connection breaks at once, and what is
 * sent on it later is lost, reported a round trip later. A new connection that sends meanwhile
 * breaks a round trip later. A flow that nobody watches sends again after R. After the end all is
 * well.
 */
static void reset_breaks_watched_connections_and_notifies_their_owners(void **state)
{
    (void)state;
    rig.begin = play_reset;
    rig_play(LINKS("loss: 0%"), 0);
    assert_int_equal(rig.arrived[0], SIM_S + 5 * SIM_MS);
    assert_int_equal(rig.broken[0], SIM_S);
    assert_int_equal(rig.lost[1], SIM_S + 25 * SIM_MS);
    assert_int_equal(rig.broken[2], SIM_S + 30 * SIM_MS);
    assert_int_equal(rig.lost[2], SIM_S + 30 * SIM_MS);
    assert_int_equal(rig.arrived[3], SIM_S + 240 * SIM_MS);
    assert_int_equal(rig.arrived[4], SIM_S + 210 * SIM_MS);
    assert_true(rig.broken[4] == SIM_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bursts_lose_the_mean_share_and_last_the_mean_time),
        cmocka_unit_test(bursts_reach_the_segments_as_runs_of_losses),
        cmocka_unit_test(bursts_of_strength_zero_change_no_digest),
        cmocka_unit_test(mean_and_tail_over_a_lossy_path_are_those_of_the_table),
        cmocka_unit_test(share_later_than_a_timeout_is_that_of_the_sum),
        cmocka_unit_test(more_loss_never_lowers_the_timeout_rate),
        cmocka_unit_test(kernel_gives_up_after_its_time),
        cmocka_unit_test(reset_breaks_watched_connections_and_notifies_their_owners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
