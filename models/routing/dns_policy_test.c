// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns_policy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#define WORDS 40000

/*
 * Three regions with a record each, asked for near region 0. `health` is '+' or '-' by region.
 * Latency: 0, 1, 2 is the order of distance. Failover: 2 is the primary, then 0. Geolocation: the
 * record of the place, and the default one.
 */
// clang-format off
static const struct policy_case {
    const char *name;
    enum dns_policy policy;
    const char *health;
    uint32_t weights[3];
    int local, by_default;
    double shares[4]; /* by region; the last one: no answer */
} cases[] = {
    {"the nearest",                     POLICY_LATENCY,     "+++", {1, 1, 1}, -1, -1, {1}},
    {"the nearest healthy one",         POLICY_LATENCY,     "-++", {1, 1, 1}, -1, -1, {0, 1}},
    {"the last healthy one",            POLICY_LATENCY,     "--+", {1, 1, 1}, -1, -1, {0, 0, 1}},
    {"none healthy: all are",           POLICY_LATENCY,     "---", {1, 1, 1}, -1, -1, {1}},
    {"weights are no matter of it",     POLICY_LATENCY,     "+++", {0, 9, 9}, -1, -1, {1}},
    {"by weight",                       POLICY_WEIGHTED,    "+++", {50, 30, 20}, -1, -1, {.5, .3, .2}},
    {"of the healthy ones",             POLICY_WEIGHTED,    "-++", {50, 30, 20}, -1, -1, {0, .6, .4}},
    {"weight 0 not while others are healthy", POLICY_WEIGHTED, "+++", {0, 1, 3}, -1, -1, {0, .25, .75}},
    {"weight 0 where no other is healthy", POLICY_WEIGHTED, "+--", {0, 1, 3}, -1, -1, {1}},
    {"all weights 0: each alike",       POLICY_WEIGHTED,    "+++", {0, 0, 0}, -1, -1, {1. / 3, 1. / 3, 1. / 3}},
    {"none healthy: all by weight",     POLICY_WEIGHTED,    "---", {50, 30, 20}, -1, -1, {.5, .3, .2}},
    {"the primary",                     POLICY_FAILOVER,    "+++", {1, 1, 1}, -1, -1, {0, 0, 1}},
    {"the secondary",                   POLICY_FAILOVER,    "++-", {1, 1, 1}, -1, -1, {1}},
    {"none healthy: the primary",       POLICY_FAILOVER,    "-+-", {1, 1, 1}, -1, -1, {0, 0, 1}},
    {"the place's record",              POLICY_GEOLOCATION, "+++", {1, 1, 1}, 1, 2, {0, 1}},
    {"unhealthy: the default record",   POLICY_GEOLOCATION, "+-+", {1, 1, 1}, 1, 2, {0, 0, 1}},
    {"none of both healthy: the place's", POLICY_GEOLOCATION, "+--", {1, 1, 1}, 1, 2, {0, 1}},
    {"no default record",               POLICY_GEOLOCATION, "+-+", {1, 1, 1}, 1, -1, {0, 1}},
    {"no record of the place",          POLICY_GEOLOCATION, "+++", {1, 1, 1}, -1, 2, {0, 0, 1}},
    {"an unhealthy default record alone", POLICY_GEOLOCATION, "++-", {1, 1, 1}, -1, 2, {0, 0, 1}},
    {"neither: no answer",              POLICY_GEOLOCATION, "+++", {1, 1, 1}, -1, -1, {0, 0, 0, 1}},
};
// clang-format on

static struct dns_question question_of(const struct policy_case *c, struct dns_record *records)
{
    static const int distance[] = {0, 1, 2}, failover[] = {2, 0};
    bool by_list = c->policy == POLICY_FAILOVER;

    for (int region = 0; region < 3; region++)
        records[region] = (struct dns_record){.target = {.region = region},
                                              .weight = c->weights[region],
                                              .healthy = c->health[region] == '+'};
    return (struct dns_question){.policy = c->policy,
                                 .records = records,
                                 .region_count = 3,
                                 .order = by_list ? failover : distance,
                                 .order_count = by_list ? 2 : 3,
                                 .local = c->local,
                                 .by_default = c->by_default};
}

/* Within 4 standard errors of 40 000 words; shares of 0 and 1 exactly. What is drawn is allowed,
 * and what has no share is not. */
static void each_policy_answers_with_its_shares(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dns_record records[3];
        struct dns_question question = question_of(&cases[i], records);
        int found[4] = {0};

        for (uint64_t word = 0; word < WORDS; word++) {
            int region = dns_policy_choose(&question, rng_mix(word));

            found[region < 0 ? 3 : region]++;
        }
        for (int region = 0; region < 4; region++) {
            double expected = cases[i].shares[region], share = (double)found[region] / WORDS;

            if (fabs(share - expected) > 4 * sqrt(expected * (1 - expected) / WORDS))
                fail_msg("%s: region %d has %.4f instead of %.4f", cases[i].name, region, share,
                         expected);
            if (dns_policy_allows(&question, region < 3 ? region : -1) != (expected > 0))
                fail_msg("%s: region %d is %sallowed", cases[i].name, region,
                         expected > 0 ? "not " : "");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_answers_with_its_shares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
