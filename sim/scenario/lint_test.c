// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_models.h"

#include "lint.h"

#include <stdio.h>
#include <stdlib.h>

/* All findings in a scenario. */
static void assert_found(const char *text, const char *expected)
{
    struct diag diag = {0};
    char *found;
    struct scenario *scenario =
        scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, NULL, 0, &diag);

    if (!scenario)
        diag_print(&diag, stderr);
    assert_non_null(scenario);
    scenario_lint(scenario, &diag);
    found = diag_text(&diag);
    assert_string_equal(found, expected);
    free(found);
    scenario_free(scenario);
    diag_release(&diag);
}

static void a_row_is_found_once_with_the_number_of_its_instances(void **state)
{
    (void)state;
    assert_found("regions: {a: {}, b: {}, c: {}}\nstore: {kind: regional}\n", "");
    assert_found("regions: {a: {}, b: {app: {workers: 9}}, c: {}}\nstore: {kind: regional}\n",
                 "t.yaml:1:37: warning: app-small: app_tier/b: fewer than 10 workers\n"
                 "regions: {a: {}, b: {app: {workers: 9}}, c: {}}\n"
                 "                                    ^\n");
    assert_found("regions: {a: {}, b: {app: {workers: 20}}, c: {}}\nstore: {kind: regional}\n"
                 "app: {workers: 5}\n",
                 "t.yaml:3:16: warning: app-small: app_tier/a and 1 more: fewer than 10 workers\n"
                 "app: {workers: 5}\n"
                 "               ^\n");
}

static void rows_of_the_chosen_kind_see_its_parameters(void **state)
{
    (void)state;
    assert_found("regions: {a: {}}\nstore: {kind: regional, shards: 1}\n",
                 "t.yaml:2:33: warning: store-one-shard: store: one shard takes all of the load\n"
                 "store: {kind: regional, shards: 1}\n"
                 "                                ^\n");
    assert_found("regions: {a: {}}\nstore: {kind: global-datastore}\n", "");
}

static void an_item_of_a_list_is_named(void **state)
{
    (void)state;
    assert_found("regions: {a: {}}\nstore: {kind: regional}\nduration: 10min\n"
                 "faults:\n  - {at: 2min, for: 1s}\n  - {at: 1min, for: 0s}\n",
                 "t.yaml:6:21: warning: fault-for-good: fault_schedule.1: it never ends\n"
                 "  - {at: 1min, for: 0s}\n"
                 "                    ^\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_found_once_with_the_number_of_its_instances),
        cmocka_unit_test(rows_of_the_chosen_kind_see_its_parameters),
        cmocka_unit_test(an_item_of_a_list_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
