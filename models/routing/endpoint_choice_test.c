// SPDX-License-Identifier: GPL-3.0-or-later
#include "endpoint_choice.h"
#include "rng_stream.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

/*
 * Up to four regions with up to two endpoints each, seen from one edge. Regions are numbered by
 * distance: 0 is the nearest. Expected shares of the connections by (region, endpoint) follow from
 * the rules at the head of endpoint_choice.h.
 */
#define REGIONS 4
#define WORDS 40000

struct group_case {
    double dial;
    int weights[2];     /* -1: no such endpoint */
    const char *health; /* of each endpoint: '+' healthy, '-' not */
};
// clang-format off
#define UP(dial)   {dial, {128, -1}, "+"}
#define DOWN(dial) {dial, {128, -1}, "-"}
#define NONE       {0, {-1, -1}, ""}
static const struct choice_case {
    const char *name;
    struct group_case groups[REGIONS];
    uint32_t tried;
    double shares[REGIONS][2];
} cases[] = {
    /* distance */
    {"all well: the nearest",             {UP(1), UP(1), UP(1), UP(1)},         3, {{1, 0}}},
    {"one region",                        {UP(1), NONE, NONE, NONE},            3, {{1, 0}}},
    {"one unhealthy region fails open",   {DOWN(1), NONE, NONE, NONE},          3, {{1, 0}}},
    /* health */
    {"the nearest is unhealthy",          {DOWN(1), UP(1), UP(1), UP(1)},       3, {{0}, {1, 0}}},
    {"the two nearest are unhealthy",     {DOWN(1), DOWN(1), UP(1), UP(1)},     3, {{0}, {0}, {1, 0}}},
    {"three unhealthy: fail open",        {DOWN(1), DOWN(1), DOWN(1), UP(1)},   3, {{1, 0}}},
    {"three unhealthy, four tried",       {DOWN(1), DOWN(1), DOWN(1), UP(1)},   4, {{0}, {0}, {0}, {1, 0}}},
    {"two unhealthy, two tried",          {DOWN(1), DOWN(1), UP(1), UP(1)},     2, {{1, 0}}},
    {"all unhealthy: the closest",        {DOWN(1), DOWN(1), DOWN(1), DOWN(1)}, 3, {{1, 0}}},
    {"a farther one unhealthy: nothing",  {UP(1), DOWN(1), UP(1), UP(1)},       3, {{1, 0}}},
    /* dials: each accepts its share of what reaches it, the last one takes the rest */
    {"dial of half",                      {UP(.5), UP(1), UP(1), UP(1)},        3, {{.5, 0}, {.5, 0}}},
    {"half and half: as in the guide",    {UP(.5), UP(.5), NONE, NONE},         3, {{.5, 0}, {.5, 0}}},
    {"half, half, half",                  {UP(.5), UP(.5), UP(.5), NONE},       3, {{.5, 0}, {.25, 0}, {.25, 0}}},
    {"a fifth, a half, all",              {UP(.2), UP(.5), UP(1), UP(1)},       3, {{.2, 0}, {.4, 0}, {.4, 0}}},
    {"dial 0: the next",                  {UP(0), UP(1), UP(1), UP(1)},         3, {{0}, {1, 0}}},
    {"dials 0 and 30 %",                  {UP(0), UP(.3), UP(1), NONE},         3, {{0}, {.3, 0}, {.7, 0}}},
    {"all dials 0: the nearest",          {UP(0), UP(0), UP(0), UP(0)},         3, {{1, 0}}},
    {"dials 10 % and 0: the first",       {UP(.1), UP(0), NONE, NONE},          3, {{1, 0}}},
    {"a dial in a farther group: nothing", {UP(1), UP(.1), UP(.1), UP(.1)},     3, {{1, 0}}},
    /* dials and health: failover ignores dials, and goes by distance */
    {"failover to a dial of 0",           {DOWN(1), UP(0), UP(1), UP(1)},       3, {{0}, {1, 0}}},
    {"original by dial, it is unhealthy", {UP(0), DOWN(1), UP(1), UP(1)},       3, {{1, 0}}},
    {"half of it is: back to the nearest", {UP(.5), DOWN(1), UP(1), NONE},      3, {{1, 0}}},
    {"half at the unhealthy nearest",     {DOWN(.5), UP(1), UP(1), NONE},       3, {{0}, {1, 0}}},
    {"dial 0 at the unhealthy nearest",   {DOWN(0), UP(1), UP(1), NONE},        3, {{0}, {1, 0}}},
    {"fails open to the closest, not the original", {DOWN(0), DOWN(1), DOWN(1), NONE}, 3, {{1, 0}}},
    /* weights */
    {"two alike",                         {{1, {128, 128}, "++"}, UP(1), NONE, NONE}, 3, {{.5, .5}}},
    {"1 of 256: as in the guide",         {{1, {1, 255}, "++"}, UP(1), NONE, NONE},   3, {{1. / 256, 255. / 256}}},
    {"three to one",                      {{1, {192, 64}, "++"}, NONE, NONE, NONE},   3, {{.75, .25}}},
    {"weight 0 gets nothing",             {{1, {0, 10}, "++"}, UP(1), NONE, NONE},    3, {{0, 1}}},
    {"one of two unhealthy",              {{1, {128, 128}, "-+"}, UP(1), NONE, NONE}, 3, {{0, 1}}},
    {"the healthy one has weight 0",      {{1, {128, 0}, "-+"}, UP(1), NONE, NONE},   3, {{0}, {1, 0}}},
    {"weight 0 takes a group out",        {{1, {0, -1}, "+"}, UP(1), NONE, NONE},     3, {{0}, {1, 0}}},
    {"weight 0 is not failed over to",    {DOWN(1), {1, {0, -1}, "+"}, UP(1), NONE},  3, {{0}, {0}, {1, 0}}},
    {"nor counted among the closest",     {DOWN(1), {1, {0, -1}, "+"}, UP(1), NONE},  2, {{0}, {0}, {1, 0}}},
    {"fail open: each alike, whatever its weight", {{1, {250, 1}, "--"}, DOWN(1), NONE, NONE}, 3, {{.5, .5}}},
    {"fail open: not to weight 0",        {{1, {128, 0}, "--"}, DOWN(1), NONE, NONE}, 3, {{1, 0}}},
    {"fail open past a group of weight 0", {{1, {0, -1}, "-"}, DOWN(1), NONE, NONE},  3, {{0}, {1, 0}}},
    /* dials and weights */
    {"half, then three to one",           {UP(.5), {1, {192, 64}, "++"}, NONE, NONE}, 3, {{.5, 0}, {.375, .125}}},
    {"half of one to one",                {{.5, {64, 64}, "++"}, UP(1), NONE, NONE},  3, {{.25, .25}, {.5, 0}}},
    {"a dial of 1 %",                     {UP(.01), UP(1), NONE, NONE},               3, {{.01, 0}, {.99, 0}}},
};
// clang-format on
#define CASES (sizeof cases / sizeof cases[0])

/* Regions that are there, the nearest first; returns their number. */
static uint32_t views_of(const struct choice_case *c, struct group_view *views, int *order)
{
    uint32_t count = 0;

    for (int region = 0; region < REGIONS; region++) {
        const struct group_case *group = &c->groups[region];

        views[region] = (struct group_view){.dial = group->dial};
        for (int i = 0; i < 2 && group->weights[i] >= 0; i++) {
            views[region].weights[i] = (uint8_t)group->weights[i];
            views[region].healthy[i] = group->health[i] == '+';
            views[region].count++;
        }
        if (views[region].count > 0)
            order[count++] = region;
    }
    return count;
}

/* Each share within 4 standard errors of 40 000 independent words: over 80 shares a fair one is
 * outside with a probability of 0.5 %, and the words are fixed. Shares of 0 and 1 hold exactly. */
static void shares_follow_from_dials_weights_health_and_distance(void **state)
{
    (void)state;
    assert_true(CASES >= 30);
    for (size_t i = 0; i < CASES; i++) {
        struct group_view views[REGIONS];
        int order[REGIONS], arrived[REGIONS][2] = {{0}};
        uint32_t count = views_of(&cases[i], views, order);

        for (uint64_t word = 0; word < WORDS; word++) {
            struct endpoint_choice choice =
                endpoint_choose(views, order, count, cases[i].tried, rng_mix(word));

            assert_true(choice.region >= 0 && choice.endpoint < 2);
            arrived[choice.region][choice.endpoint]++;
        }
        for (int region = 0; region < REGIONS; region++)
            for (int e = 0; e < 2; e++) {
                double expected = cases[i].shares[region][e];
                double found = (double)arrived[region][e] / WORDS;
                double error = sqrt(expected * (1 - expected) / WORDS);

                if (fabs(found - expected) > 4 * error)
                    fail_msg("%s: region %d, endpoint %d gets %.4f instead of %.4f", cases[i].name,
                             region, e, found, expected);
            }
    }
}

/* The reasons, which the metrics count. */
static void reasons_say_why_a_connection_went_elsewhere(void **state)
{
    static const struct {
        struct group_case groups[REGIONS];
        enum choice_reason reason;
    } reasons[] = {
        {{UP(1), UP(1), NONE, NONE}, CHOICE_NEAREST},
        {{UP(0), UP(1), NONE, NONE}, CHOICE_DIALLED},
        {{DOWN(1), UP(0), NONE, NONE}, CHOICE_FAILOVER},
        {{UP(0), DOWN(1), NONE, NONE}, CHOICE_FAILOVER},
        {{DOWN(1), DOWN(1), NONE, NONE}, CHOICE_FAIL_OPEN},
        {{{1, {0, -1}, "+"}, {1, {0, 0}, "++"}, NONE, NONE}, CHOICE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct choice_case c = {.groups = {reasons[i].groups[0], reasons[i].groups[1],
                                           reasons[i].groups[2], reasons[i].groups[3]}};
        struct group_view views[REGIONS];
        int order[REGIONS];
        uint32_t count = views_of(&c, views, order);
        struct endpoint_choice choice = endpoint_choose(views, order, count, 3, 1);

        assert_int_equal(choice.reason, reasons[i].reason);
        assert_int_equal(choice.region < 0, reasons[i].reason == CHOICE_NONE);
    }
}

/*
 * What an affinity keeps: of equal words, those of one user, each connection comes to the same
 * endpoint, and a change moves those that it must: the endpoint that goes takes its own third, a
 * dial lowered from 100 % to 60 % the 40 % above it, and nobody else moves.
 */
static void a_change_moves_no_more_users_than_it_must(void **state)
{
    struct group_view all[2] = {{1, 3, {128, 128, 128}, {true, true, true}}, {1, 1, {128}, {true}}};
    struct group_view failing[2], dialled[2];
    const int order[2] = {0, 1};
    int moved = 0, left = 0;

    (void)state;
    failing[0] = dialled[0] = all[0];
    failing[1] = dialled[1] = all[1];
    failing[0].healthy[1] = false;
    dialled[0].dial = 0.6;
    for (uint64_t user = 0; user < WORDS; user++) {
        uint64_t word = rng_mix(user);
        struct endpoint_choice before = endpoint_choose(all, order, 2, 3, word);
        struct endpoint_choice again = endpoint_choose(all, order, 2, 3, word);
        struct endpoint_choice after = endpoint_choose(failing, order, 2, 3, word);
        struct endpoint_choice lower = endpoint_choose(dialled, order, 2, 3, word);

        assert_int_equal(again.region, before.region);
        assert_int_equal(again.endpoint, before.endpoint);
        assert_int_equal(after.region, 0);
        if (before.endpoint == 1)
            moved++;
        else
            assert_int_equal(after.endpoint, before.endpoint);
        if (lower.region == 1)
            left++;
        else
            assert_int_equal(lower.endpoint, before.endpoint);
    }
    assert_true(fabs((double)moved / WORDS - 1. / 3) < 4 * sqrt(2. / 9 / WORDS));
    assert_true(fabs((double)left / WORDS - 0.4) < 4 * sqrt(0.24 / WORDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_from_dials_weights_health_and_distance),
        cmocka_unit_test(reasons_say_why_a_connection_went_elsewhere),
        cmocka_unit_test(a_change_moves_no_more_users_than_it_must),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
