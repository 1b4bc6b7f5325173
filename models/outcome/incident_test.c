// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "incident.h"

static void incidents_are_kept_in_order(void **state)
{
    struct incident_list list = {0};

    (void)state;
    for (sim_time onset = 1; onset <= 3; onset++) {
        struct incident incident = {.kind = "region-loss", .onset = onset, .rpo = -1};

        incident_list_add(&list, &incident);
    }
    assert_int_equal(list.count, 3);
    assert_int_equal(list.incidents[2].onset, 3);
    assert_int_equal(list.incidents[2].rpo, -1);
    incident_list_release(&list);
    assert_int_equal(list.count, 0);
}

static void past_the_bound_incidents_are_counted_only(void **state)
{
    struct incident_list list = {0};
    struct incident incident = {.kind = "link-fault"};

    (void)state;
    for (int i = 0; i < INCIDENTS_MAX + 7; i++)
        incident_list_add(&list, &incident);
    assert_int_equal(list.count, INCIDENTS_MAX);
    assert_int_equal(list.dropped_count, 7);
    incident_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incidents_are_kept_in_order),
        cmocka_unit_test(past_the_bound_incidents_are_counted_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
