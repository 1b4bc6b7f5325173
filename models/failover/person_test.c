// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "person.h"

#define HOUR (3600 * SIM_S)

/* A night over midnight, one within a day, none. */
static void night_is_between_two_times_of_day(void **state)
{
    static const struct {
        sim_dur from, to, clock;
        sim_time now;
        bool night;
    } cases[] = {
        {22 * HOUR, 7 * HOUR, 12 * HOUR, 0, false},
        {22 * HOUR, 7 * HOUR, 12 * HOUR, 10 * HOUR - 1, false},
        {22 * HOUR, 7 * HOUR, 12 * HOUR, 10 * HOUR, true},
        {22 * HOUR, 7 * HOUR, 12 * HOUR, 19 * HOUR - 1, true}, /* 7:00 of the next day */
        {22 * HOUR, 7 * HOUR, 12 * HOUR, 19 * HOUR, false},
        {22 * HOUR, 7 * HOUR, 23 * HOUR, 0, true},
        {1 * HOUR, 5 * HOUR, 0, 1 * HOUR, true},
        {1 * HOUR, 5 * HOUR, 0, 5 * HOUR, false},
        {1 * HOUR, 5 * HOUR, 0, 50 * HOUR, true}, /* 2:00, two days later */
        {9 * HOUR, 9 * HOUR, 0, 9 * HOUR, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct person_config config = {
            .clock_ns = cases[i].clock, .night_from_ns = cases[i].from, .night_to_ns = cases[i].to};

        assert_int_equal(person_is_night(&config, cases[i].now), cases[i].night);
    }
}

/* Of 2000 decisions a share of 30 % is wrong: 600, sd 20.5; 4.5 of them is 92. */
static void a_share_of_decisions_is_wrong(void **state)
{
    struct dist *minute = dist_constant(60e9);
    const struct person_config config = {.acknowledge = minute,
                                         .night_acknowledge = minute,
                                         .decide = minute,
                                         .reconsider = minute,
                                         .wrong_share = 0.3};
    const struct rng_stream stream = rng_stream_named(1, 0, "test", "person");
    int wrong = 0;

    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        const struct rng_block draws = rng_block_at(&stream, i, 0);
        struct person_look look = person_paged(&config, 0, &draws);

        wrong += look.wrong;
        assert_int_equal(look.acknowledge_ns, 60 * SIM_S);
    }
    assert_in_range(wrong, 600 - 92, 600 + 92);
    dist_free(minute);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(night_is_between_two_times_of_day),
        cmocka_unit_test(a_share_of_decisions_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
