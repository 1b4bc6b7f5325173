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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resolver_asks_again_when_its_answer_has_expired),
        cmocka_unit_test(each_region_has_a_cache_of_its_own),
        cmocka_unit_test(a_changed_address_is_another_endpoint),
        cmocka_unit_test(answers_follow_weight_and_health),
        cmocka_unit_test(an_answer_is_stale_once_its_record_is_unhealthy),
        cmocka_unit_test(a_resolver_may_keep_an_answer_beyond_the_ttl),
        cmocka_unit_test(warm_caches_have_uniform_ages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
