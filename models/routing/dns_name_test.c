// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "dns_name.h"
#include "sim_time.h"

#include <math.h>

#define TTL (10 * SIM_S)

static const struct dns_record west = {{.region = 0}, .weight = 1, .healthy = true};

static struct rng_stream stream_of(uint32_t replication)
{
    return rng_stream_named(1, replication, "dns_name_test", "answer");
}

static void name_of(struct dns_name *name, sim_dur ttl_ns, const struct dns_record *records,
                    uint32_t count)
{
    const struct dns_name_rule rule = {.ttl_ns = ttl_ns};
    const struct rng_stream stream = stream_of(0);

    dns_name_init(name, &rule, &stream, records, count);
}

/* Resolved at 3 s with a TTL of 10 s: the answer holds until 13 s, and the next until 23 s. */
static void a_resolver_asks_again_when_its_answer_has_expired(void **state)
{
    struct dns_name name;

    (void)state;
    name_of(&name, TTL, &west, 1);
    assert_int_equal(dns_name_resolve(&name, 0, 3 * SIM_S).expires, 13 * SIM_S);
    assert_int_equal(dns_name_resolve(&name, 0, 13 * SIM_S - 1).expires, 13 * SIM_S);
    assert_int_equal(dns_name_resolve(&name, 0, 13 * SIM_S).expires, 23 * SIM_S);
}

/*
 * An answer of 0 s with a TTL of 10 s; the authority is silent from 5 to 45 s, and its record names
 * east from 8 s on. At 10 s the answer is repeated for 30 s more, at 40 s again; at 70 s the
 * authority is asked. A resolver without an answer gets one (the limit of the page).
 */
static void a_resolver_repeats_its_answer_while_the_authority_is_silent(void **state)
{
    const struct dns_record east = {{.region = 1}, .weight = 1, .healthy = true};
    struct dns_name name;

    (void)state;
    name_of(&name, TTL, &west, 1);
    assert_int_equal(dns_name_resolve(&name, 0, 0).expires, 10 * SIM_S);
    dns_name_set_answering(&name, false);
    dns_name_serve(&name, 0, &east);
    assert_int_equal(dns_name_resolve(&name, 0, 10 * SIM_S - 1).expires, 10 * SIM_S);
    assert_int_equal(dns_name_resolve(&name, 0, 10 * SIM_S).expires, 40 * SIM_S);
    assert_int_equal(dns_name_resolve(&name, 0, 40 * SIM_S).expires, 70 * SIM_S);
    assert_int_equal(dns_name_resolve(&name, 1, 40 * SIM_S).region, 1);
    dns_name_set_answering(&name, true);
    assert_int_equal(dns_name_resolve(&name, 0, 70 * SIM_S - 1).region, 0);
    assert_true(dns_name_resolve(&name, 0, 70 * SIM_S - 1).stale);
    assert_int_equal(dns_name_resolve(&name, 0, 70 * SIM_S).region, 1);
}

/* Region 0 has resolved before the change and keeps its answer, region 1 has not. */
static void each_region_has_a_cache_of_its_own(void **state)
{
    const struct dns_record east = {{.region = 1}, .weight = 1, .healthy = true};
    struct dns_name name;

    (void)state;
    name_of(&name, TTL, &west, 1);
    dns_name_resolve(&name, 0, 0);
    dns_name_serve(&name, 0, &east);
    assert_int_equal(dns_name_resolve(&name, 0, SIM_S).region, 0);
    assert_true(dns_name_resolve(&name, 0, SIM_S).stale);
    assert_int_equal(dns_name_resolve(&name, 1, SIM_S).region, 1);
    assert_false(dns_name_resolve(&name, 1, SIM_S).stale);
}

static void a_changed_address_is_another_endpoint(void **state)
{
    const struct dns_record moved = {{.region = 0, .epoch = 1}, .weight = 1, .healthy = true};
    struct dns_name name;

    (void)state;
    name_of(&name, TTL, &west, 1);
    dns_name_resolve(&name, 0, 0);
    dns_name_serve(&name, 0, &moved);
    assert_int_equal(dns_name_resolve(&name, 0, TTL - 1).epoch, 0);
    assert_true(dns_name_resolve(&name, 0, TTL - 1).stale);
    assert_int_equal(dns_name_resolve(&name, 0, TTL).epoch, 1);
    assert_false(dns_name_resolve(&name, 0, TTL).stale);
}

/*
 * Weights, health and the share of answers for each of three records. An unhealthy record is left
 * out; weight 0 answers only if every record with a weight is unhealthy; if all are unhealthy
 * all count as healthy (facts E). 40 000 answers: 2.576 standard errors are at most 0.65 %.
 */
static void answers_follow_weight_and_health(void **state)
{
    enum { ANSWERS = 40000 };
    static const struct {
        uint32_t weights[3];
        bool healthy[3];
        double shares[3];
    } cases[] = {
        {{1, 1, 1}, {true, true, true}, {1. / 3, 1. / 3, 1. / 3}},
        {{3, 1, 0}, {true, true, true}, {0.75, 0.25, 0}},
        {{3, 1, 0}, {false, true, true}, {0, 1, 0}},
        {{3, 1, 0}, {false, false, true}, {0, 0, 1}},
        {{3, 1, 0}, {false, false, false}, {0.75, 0.25, 0}},
        {{0, 0, 0}, {true, true, false}, {0.5, 0.5, 0}},
        {{0, 0, 0}, {false, false, false}, {1. / 3, 1. / 3, 1. / 3}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct dns_record records[3];
        struct dns_name name;
        int count[3] = {0};

        for (int i = 0; i < 3; i++)
            records[i] =
                (struct dns_record){{.region = i}, cases[c].weights[i], cases[c].healthy[i]};
        name_of(&name, 0, records, 3);
        for (int i = 0; i < ANSWERS; i++) {
            struct dns_answer answer = dns_name_resolve(&name, 0, i);

            assert_false(answer.stale);
            count[answer.region]++;
        }
        for (int i = 0; i < 3; i++) {
            double share = cases[c].shares[i];
            double error = 2.576 * sqrt(share * (1 - share) / ANSWERS);

            if (fabs(count[i] / (double)ANSWERS - share) > error)
                fail_msg("case %zu, record %d: share %g, expected %g within %g", c, i,
                         count[i] / (double)ANSWERS, share, error);
        }
    }
}

/* A record that becomes unhealthy is no longer answered, but stays cached, stale. */
static void an_answer_is_stale_once_its_record_is_unhealthy(void **state)
{
    struct dns_record records[] = {west, {{.region = 1}, .weight = 0, .healthy = true}};
    struct dns_name name;

    (void)state;
    name_of(&name, TTL, records, 2);
    assert_int_equal(dns_name_resolve(&name, 0, 0).region, 0);
    records[0].healthy = false;
    dns_name_serve(&name, 0, &records[0]);
    assert_int_equal(dns_name_resolve(&name, 0, SIM_S).region, 0);
    assert_true(dns_name_resolve(&name, 0, SIM_S).stale);
    assert_int_equal(dns_name_resolve(&name, 0, TTL).region, 1);
}

static void a_resolver_may_keep_an_answer_beyond_the_ttl(void **state)
{
    struct dist *overstay = dist_constant(7e9);
    const struct dns_name_rule rule = {.ttl_ns = TTL, .overstay = overstay};
    const struct rng_stream stream = stream_of(0);
    struct dns_name name;

    (void)state;
    dns_name_init(&name, &rule, &stream, &west, 1);
    assert_int_equal(dns_name_resolve(&name, 0, SIM_S).expires, 18 * SIM_S);
    dist_free(overstay);
}

/*
 * Initial cache entries have ages uniform over the TTL, so their remaining times are uniform too.
 * 250 replications of 16 regions: the mean is 5 s, 2.576 standard errors are 2.576 x 10 s / sqrt(12
 * x 4000) = 117.6 ms; the variance 10^2 / 12 = 8.33 s^2 within 4 %.
 */
static void warm_caches_have_uniform_ages(void **state)
{
    const struct dns_name_rule rule = {.ttl_ns = TTL, .warm = true};
    double sum = 0, squares = 0;
    int count = 0;

    (void)state;
    for (uint32_t replication = 0; replication < 250; replication++) {
        const struct rng_stream stream = stream_of(replication);
        struct dns_name name;

        dns_name_init(&name, &rule, &stream, &west, 1);
        for (int region = 0; region < REGIONS_MAX; region++) {
            double left = (double)dns_name_resolve(&name, region, 0).expires / 1e9;

            assert_in_range((uint64_t)(left * 1e9), 1, TTL);
            sum += left;
            squares += left * left;
            count++;
        }
    }
    assert_close(sum / count, 5, 0.1176 / 5);
    assert_close(squares / count - sum / count * (sum / count), 100. / 12, 0.04);
}

/*
 * How long a resolver stays with the old answer after a change at T = 1000 s. It is asked at rate r
 * by a Poisson process. An answer is held for the TTL, then nothing until the next query, after 1/r
 * in the mean: at T it holds one with probability p = TTL / (TTL + 1/r), of uniform age. So the
 * rest is 0 with probability 1 - p, else uniform on (0, TTL): mean p TTL/2, mean square p TTL^2/3.
 * One that is asked all the time (r = 1000/s) has p = 1 within 0.01 %. 20 000 names; the bounds are
 * 4 standard errors.
 */
static void the_rest_of_a_cached_answer_follows_from_how_often_it_is_asked(void **state)
{
    static const double rates[] = {1000, 0.5, 0.1, 0.01};
    const struct dns_record east = {{.region = 1}, .weight = 1, .healthy = true};
    const sim_time change = 1000 * SIM_S;

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const int count = i == 0 ? 400 : 20000; /* the first takes many queries */
        double ttl = (double)TTL / 1e9, p = ttl / (ttl + 1 / rates[i]);
        double mean = 0, empty = 0, se = sqrt((p * ttl * ttl / 3 - p * p * ttl * ttl / 4) / count);

        for (int n = 0; n < count; n++) {
            const struct rng_stream stream = rng_stream_named(1, (uint32_t)n, "test", "queries");
            struct dns_name name;
            /* Of the last query; where gaps are short, the first is at a random phase. */
            double at = i == 0 ? 900 + ttl * rng_unit(rng_block_at(&stream, 9, 0).word[0]) : 0;

            name_of(&name, TTL, &west, 1);
            for (uint64_t k = 0;; k++) {
                at -= log(rng_unit(rng_block_at(&stream, i, k).word[0])) / rates[i];
                if (at >= (double)change / 1e9)
                    break;
                dns_name_resolve(&name, 0, (sim_time)(at * 1e9));
            }
            dns_name_serve(&name, 0, &east);
            mean += (double)(dns_name_stale_until(&name, 1, change) - change) / 1e9 / count;
            empty += (dns_name_stale_until(&name, 1, change) == change) / (double)count;
        }
        assert_true(fabs(mean - p * ttl / 2) < 4 * se);
        assert_true(fabs(empty - (1 - p)) < 4 * sqrt(p * (1 - p) / count) + 1e-3);
    }
}

/* A change at 1 of 4 name servers: a quarter of 4000 fresh answers has it, 4 standard errors
 * are 2.7 %. Those that have it are not stale before nor after it is served everywhere; the others
 * are then. */
static void a_change_spreads_over_the_name_servers(void **state)
{
    const struct dns_target east = {.region = 1};
    const struct dns_record changed = {{.region = 1}, .weight = 1, .healthy = true};
    int ahead = 0;

    (void)state;
    for (uint32_t n = 0; n < 4000; n++) {
        const struct dns_name_rule rule = {.ttl_ns = TTL};
        const struct rng_stream stream = stream_of(n);
        struct dns_name name;
        struct dns_answer answer;

        dns_name_init(&name, &rule, &stream, &west, 1);
        dns_name_spread(&name, 0, east, 1, 4);
        answer = dns_name_resolve(&name, 0, SIM_S);
        ahead += answer.region == 1;
        assert_false(answer.stale);
        dns_name_serve(&name, 0, &changed);
        assert_int_equal(dns_name_resolve(&name, 0, 2 * SIM_S).stale, answer.region == 0);
        assert_int_equal(dns_name_stale_until(&name, 1, 2 * SIM_S),
                         answer.region == 0 ? 11 * SIM_S : 2 * SIM_S);
    }
    assert_in_range(ahead, 1000 - 110, 1000 + 110);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resolver_asks_again_when_its_answer_has_expired),
        cmocka_unit_test(a_resolver_repeats_its_answer_while_the_authority_is_silent),
        cmocka_unit_test(each_region_has_a_cache_of_its_own),
        cmocka_unit_test(a_changed_address_is_another_endpoint),
        cmocka_unit_test(answers_follow_weight_and_health),
        cmocka_unit_test(an_answer_is_stale_once_its_record_is_unhealthy),
        cmocka_unit_test(a_resolver_may_keep_an_answer_beyond_the_ttl),
        cmocka_unit_test(warm_caches_have_uniform_ages),
        cmocka_unit_test(the_rest_of_a_cached_answer_follows_from_how_often_it_is_asked),
        cmocka_unit_test(a_change_spreads_over_the_name_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
