// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "alarm.h"

/* "- - X O -": missing, breaching, good; oldest first. */
static enum alarm_state evaluate(const char *text, uint32_t datapoints, uint32_t periods,
                                 enum missing_data missing, enum alarm_state before)
{
    struct alarm_rule rule = {datapoints, periods, missing};
    enum alarm_point points[ALARM_PERIODS_MAX + ALARM_RANGE_EXTRA];
    size_t count = 0;

    for (; *text; text++)
        if (*text != ' ')
            points[count++] = *text == 'X'   ? POINT_BREACHING
                              : *text == 'O' ? POINT_GOOD
                                             : POINT_MISSING;
    assert_int_equal(count, periods + ALARM_RANGE_EXTRA);
    return alarm_evaluate(&rule, points, before);
}

#define KEPT ALARM_STATES_KEPT
enum { ALARM_STATES_KEPT = -1 };

/* The tables of the service's documentation ("How alarm state is evaluated when data is missing").
 */
static const struct documented {
    const char *points;
    uint32_t datapoints;
    int missing, ignore, breaching, good; /* the state by each treatment, or KEPT */
} documented[] = {
    {"O - X - X", 3, ALARM_OK, ALARM_OK, ALARM_OK, ALARM_OK},
    {"- - - - O", 3, ALARM_OK, ALARM_OK, ALARM_OK, ALARM_OK},
    {"- - - - -", 3, ALARM_INSUFFICIENT, KEPT, ALARM_ALARM, ALARM_OK},
    {"O X X - X", 3, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM},
    {"- - X - -", 3, ALARM_ALARM, KEPT, ALARM_ALARM, ALARM_OK},
    {"O - X - X", 2, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM},
    {"O O X O X", 2, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM},
    {"O - X - -", 2, ALARM_OK, ALARM_OK, ALARM_ALARM, ALARM_OK},
    {"- - - - O", 2, ALARM_OK, ALARM_OK, ALARM_ALARM, ALARM_OK},
    {"- - - X -", 2, ALARM_ALARM, KEPT, ALARM_ALARM, ALARM_OK},
};

static void alarm_evaluates_the_documented_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof documented / sizeof documented[0]; i++) {
        const struct documented *row = &documented[i];
        const int expected[] = {row->missing, row->ignore, row->breaching, row->good};

        for (int missing = 0; missing < 4; missing++)
            for (int before = ALARM_OK; before <= ALARM_INSUFFICIENT; before++)
                assert_int_equal(evaluate(row->points, row->datapoints, 3,
                                          (enum missing_data)missing, (enum alarm_state)before),
                                 expected[missing] == KEPT ? before : expected[missing]);
    }
}

/* "the alarm does not go immediately into ALARM state when the data is either - - - - X or - - - X
 * -" (3 of 3) */
static void alarm_is_not_premature_on_a_lone_breach(void **state)
{
    (void)state;
    assert_int_equal(evaluate("- - - - X", 3, 3, MISSING_IS_MISSING, ALARM_OK), ALARM_OK);
    assert_int_equal(evaluate("- - - X -", 3, 3, MISSING_IS_MISSING, ALARM_OK), ALARM_OK);
    assert_int_equal(evaluate("- - - X O", 3, 3, MISSING_IS_MISSING, ALARM_OK), ALARM_OK);
}

static void alarm_begins_as_well_for_long(void **state)
{
    const struct alarm_rule rule = {2, 3, MISSING_IS_BREACHING};
    struct alarm alarm;

    (void)state;
    alarm_init(&alarm, &rule);
    assert_false(alarm_update(&alarm));
    alarm_add(&alarm, POINT_MISSING);
    assert_false(alarm_update(&alarm)); /* real: O O O */
    assert_int_equal(alarm.state, ALARM_OK);
}

static void alarm_reports_only_the_change(void **state)
{
    const struct alarm_rule rule = {2, 3, MISSING_IS_MISSING};
    static const bool changes[] = {false, true, false, false, true, false, true};
    static const enum alarm_point points[] = {POINT_BREACHING, POINT_BREACHING, POINT_BREACHING,
                                              POINT_GOOD,      POINT_GOOD,      POINT_BREACHING,
                                              POINT_BREACHING};
    struct alarm alarm;

    (void)state;
    alarm_init(&alarm, &rule);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        alarm_add(&alarm, points[i]);
        assert_int_equal(alarm_update(&alarm), changes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alarm_evaluates_the_documented_tables),
        cmocka_unit_test(alarm_is_not_premature_on_a_lone_breach),
        cmocka_unit_test(alarm_begins_as_well_for_long),
        cmocka_unit_test(alarm_reports_only_the_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
