// SPDX-License-Identifier: GPL-3.0-or-later
#include "suggest.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void distance_counts_each_kind_of_edit(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"", "", 0},
        {"timeout", "timeout", 0},
        {"", "abc", 3},           /* three insertions */
        {"backof", "backoff", 1}, /* insert f */
        {"retryy", "retry", 1},   /* delete y */
        {"median", "medien", 1},  /* replace a */
        {"jitter", "jittre", 1},  /* swap e and r */
        {"kitten", "sitting", 3}, /* k/s, e/i, insert g */
        /* Restricted: after the swap AC, no letter may go between them, so CA to ABC is not 2
           but 3. */
        {"CA", "ABC", 3},
        {"a cat", "an abct", 4},   /* insert n, a and b, delete a */
        {"Timeout", "timeout", 1}, /* case counts */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(suggest_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(suggest_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
}

static const char *const keys[] = {"attempts",    NULL,     "backoff_base",
                                   "backoff_max", "jitter", "rtt"};
#define NEAREST(word) suggest_nearest((word), keys, sizeof(keys) / sizeof(keys[0]))

static void nearest_finds_the_misspelt_key(void **state)
{
    (void)state;
    assert_string_equal(NEAREST("backof_base"), "backoff_base");
    assert_string_equal(NEAREST("attemps"), "attempts");
    assert_string_equal(NEAREST("jitter"), "jitter");
}

static void nearest_allows_a_third_of_the_letters_and_at_least_one(void **state)
{
    (void)state;
    assert_string_equal(NEAREST("rt"), "rtt");       /* 2 / 3 = 0, so one edit */
    assert_null(NEAREST("r"));                       /* two edits */
    assert_string_equal(NEAREST("jiter"), "jitter"); /* 5 / 3 = 1 */
    assert_null(NEAREST("jier"));                    /* 4 / 3 = 1, two edits */
    assert_string_equal(NEAREST("jttter"), "jitter");
    assert_null(NEAREST("bandwidth"));
    assert_null(suggest_nearest("x", NULL, 0));
}

static void of_equally_near_names_the_first_is_taken(void **state)
{
    (void)state;
    static const char *const names[] = {"rate_b", "rate_a", "rate_c"};
    assert_string_equal(suggest_nearest("rate_x", names, 3), "rate_b");
    assert_string_equal(suggest_nearest("rate_c", names, 3), "rate_c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_each_kind_of_edit),
        cmocka_unit_test(nearest_finds_the_misspelt_key),
        cmocka_unit_test(nearest_allows_a_third_of_the_letters_and_at_least_one),
        cmocka_unit_test(of_equally_near_names_the_first_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
