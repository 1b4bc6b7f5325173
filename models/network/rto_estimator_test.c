// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * TCP's retransmission timeout from measured round trips.
 *
 * RFC 6298, section 2: the first sample R sets SRTT = R, RTTVAR = R/2; each later one, in this
 * order, RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R| and SRTT = 7/8 SRTT + 1/8 R. Then RTO = SRTT + max(G,
 * 4 RTTVAR). Before any sample it is 1 s (rule 2.1). The RFC raises an RTO below 1 s to 1 s (rule
 * 2.4); Linux instead lets 4 RTTVAR be no less than 200 ms (net/ipv4/tcp_input.c, facts D.4): so
 * both floors are settings, and 0 means none.
 *
 * Lengths are ns. Samples of retransmitted segments must not be given (Karn, rule 3). No model runs
 * an estimator: the links use the value that it settles at, which is shown here (rto_estimator.md).
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "assert_close.h"
#include "sim_time.h"

#include <math.h>
#include <stdbool.h>

struct rto_rules {
    sim_dur initial_ns;      /* before the first sample */
    sim_dur granularity_ns;  /* G, of the clock */
    sim_dur variance_min_ns; /* least 4 RTTVAR; Linux 200 ms */
    sim_dur rto_min_ns;      /* least RTO; RFC 1 s */
    sim_dur rto_max_ns;      /* greatest, backed off or not */
};
struct rto_estimator {
    const struct rto_rules *rules;
    double srtt_ns, rttvar_ns;
    unsigned doublings; /* since the last sample */
    bool has_sample;
};

// clang-format off
static const struct rto_rules rto_rules_rfc6298 = {
    .initial_ns = SIM_S, .granularity_ns = 0, .variance_min_ns = 0, .rto_min_ns = SIM_S, .rto_max_ns = 60 * SIM_S,
};
static const struct rto_rules rto_rules_linux = {
    .initial_ns = SIM_S, .granularity_ns = SIM_MS, .variance_min_ns = 200 * SIM_MS, .rto_min_ns = 0, .rto_max_ns = 120 * SIM_S,
};
// clang-format on

static void rto_init(struct rto_estimator *rto, const struct rto_rules *rules)
{
    *rto = (struct rto_estimator){.rules = rules};
}

/* A round trip of a segment that was sent once. Ends the backing off. */
static void rto_sample(struct rto_estimator *rto, sim_dur rtt_ns)
{
    double rtt = (double)rtt_ns;

    if (!rto->has_sample) {
        rto->srtt_ns = rtt;
        rto->rttvar_ns = rtt / 2;
    } else { /* the deviation is from the old SRTT: so RTTVAR goes first */
        rto->rttvar_ns += (fabs(rto->srtt_ns - rtt) - rto->rttvar_ns) / 4;
        rto->srtt_ns += (rtt - rto->srtt_ns) / 8;
    }
    rto->has_sample = true;
    rto->doublings = 0;
}

/* The timer fired: double (rule 5.5). */
static void rto_back_off(struct rto_estimator *rto)
{
    rto->doublings++;
}

static sim_dur rto_timeout(const struct rto_estimator *rto)
{
    const struct rto_rules *rules = rto->rules;
    double spread = 4 * rto->rttvar_ns;
    double timeout = (double)rules->initial_ns;

    if (rto->has_sample) {
        if (spread < (double)rules->granularity_ns)
            spread = (double)rules->granularity_ns;
        if (spread < (double)rules->variance_min_ns)
            spread = (double)rules->variance_min_ns;
        timeout = rto->srtt_ns + spread;
    }
    if (timeout < (double)rules->rto_min_ns)
        timeout = (double)rules->rto_min_ns;
    for (unsigned i = 0; i < rto->doublings && timeout < (double)rules->rto_max_ns; i++)
        timeout *= 2;
    return timeout < (double)rules->rto_max_ns ? (sim_dur)timeout : rules->rto_max_ns;
}

static struct rto_estimator estimator_of(const struct rto_rules *rules)
{
    struct rto_estimator rto;

    rto_init(&rto, rules);
    return rto;
}

/* The rules of RFC 6298 without its floor of 1 s, so that the arithmetic shows. */
static const struct rto_rules bare = {.initial_ns = SIM_S, .rto_max_ns = 60 * SIM_S};

/*
 * RFC 6298, rules 2.2 and 2.3, worked by hand in ms:
 *   R = 100:  SRTT 100,      RTTVAR 50,                           RTO 300
 *   R = 200:  RTTVAR 3/4 50 + 1/4 |100 - 200| = 62.5, SRTT 112.5,   RTO 362.5
 *   R = 100:  RTTVAR 46.875 + 1/4 12.5 = 50,          SRTT 110.9375, RTO 310.9375
 * Were SRTT moved before RTTVAR, the second RTO would be 112.5 + 4 (37.5 + 21.875) = 350.
 */
static void rto_follows_the_equations_of_rfc_6298(void **state)
{
    static const struct {
        double sample, srtt, rttvar, rto;
    } steps[] = {{100, 100, 50, 300}, {200, 112.5, 62.5, 362.5}, {100, 110.9375, 50, 310.9375}};
    struct rto_estimator rto = estimator_of(&bare);

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        rto_sample(&rto, (sim_dur)(steps[i].sample * 1e6));
        assert_close(rto.srtt_ns, steps[i].srtt * 1e6, 1e-9);
        assert_close(rto.rttvar_ns, steps[i].rttvar * 1e6, 1e-9);
        assert_close((double)rto_timeout(&rto), steps[i].rto * 1e6, 1e-9);
    }
}

/* The cases that the unit test of an independent implementation of RFC 6298 publishes (Fuchsia's
 * netstack3, TCP's estimator, 2022), in seconds: a state, a sample, and the state after it. */
static void rto_agrees_with_a_published_implementation(void **state)
{
    static const struct {
        bool has_sample;
        double srtt, rttvar, sample, srtt_after, rttvar_after;
    } cases[] = {{false, 0, 0, 2, 2, 1}, {true, 1, 1, 2, 1.125, 1}, {true, 1, 2, 1, 1, 1.5}};
    struct rto_estimator wide = {
        .rules = &bare, .srtt_ns = 1e9, .rttvar_ns = 2e9, .has_sample = true};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rto_estimator rto = {.rules = &bare,
                                    .srtt_ns = cases[i].srtt * 1e9,
                                    .rttvar_ns = cases[i].rttvar * 1e9,
                                    .has_sample = cases[i].has_sample};

        rto_sample(&rto, (sim_dur)(cases[i].sample * 1e9));
        assert_close(rto.srtt_ns, cases[i].srtt_after * 1e9, 1e-9);
        assert_close(rto.rttvar_ns, cases[i].rttvar_after * 1e9, 1e-9);
    }
    assert_int_equal(rto_timeout(&wide), 9 * SIM_S);
}

/* A constant round trip of 2 s: RTTVAR falls by 3/4 each time, so RTO = 2 s + 4 s (3/4)^k. */
static void rto_of_a_constant_round_trip_falls_by_three_quarters(void **state)
{
    struct rto_estimator rto = estimator_of(&bare);
    double spread_ns = 4e9;

    (void)state;
    for (int i = 0; i < 20; i++) {
        rto_sample(&rto, 2 * SIM_S);
        assert_close((double)rto_timeout(&rto), 2e9 + spread_ns, 1e-9);
        spread_ns *= 0.75;
    }
}

/* Rules 2.1, 2.4, 2.5 and 5.5: 1 s at first and at least, doubled by each timeout, 60 s at most. */
static void rto_keeps_the_floor_and_ceiling_of_rfc_6298(void **state)
{
    struct rto_estimator rto = estimator_of(&rto_rules_rfc6298);

    (void)state;
    assert_int_equal(rto_timeout(&rto), SIM_S);
    rto_sample(&rto, 20 * SIM_MS);
    assert_int_equal(rto_timeout(&rto), SIM_S);
    for (int i = 1; i <= 5; i++) {
        rto_back_off(&rto);
        assert_int_equal(rto_timeout(&rto), SIM_S << i);
    }
    rto_back_off(&rto);
    assert_int_equal(rto_timeout(&rto), 60 * SIM_S);
    rto_sample(&rto, 20 * SIM_MS); /* a good sample ends the backing off */
    assert_int_equal(rto_timeout(&rto), SIM_S);
}

/*
 * What the link model takes for the timeout, RTT + 200 ms, is what the estimator comes to with
 * Linux's floor: exactly on a path without jitter, and as long as 4 RTTVAR stays below 200 ms, that
 * is, for a mean deviation of up to 50 ms.
 */
static void rto_of_linux_is_the_round_trip_and_200_ms(void **state)
{
    struct rto_estimator rto = estimator_of(&rto_rules_linux);

    (void)state;
    for (int i = 0; i < 50; i++)
        rto_sample(&rto, 20 * SIM_MS);
    assert_int_equal(rto_timeout(&rto), 220 * SIM_MS);
    for (int i = 0; i < 500; i++) /* 60 +- 40 ms: a deviation of 40 ms */
        rto_sample(&rto, i % 2 ? 100 * SIM_MS : 20 * SIM_MS);
    assert_close((double)rto_timeout(&rto), 260e6, 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rto_follows_the_equations_of_rfc_6298),
        cmocka_unit_test(rto_agrees_with_a_published_implementation),
        cmocka_unit_test(rto_of_a_constant_round_trip_falls_by_three_quarters),
        cmocka_unit_test(rto_keeps_the_floor_and_ceiling_of_rfc_6298),
        cmocka_unit_test(rto_of_linux_is_the_round_trip_and_200_ms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
