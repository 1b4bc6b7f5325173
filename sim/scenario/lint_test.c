// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_models.h"

#include "lint.h"
#include "strbuf.h"

#include <stdio.h>

static void add_finding(void *self, const struct lint_finding *finding)
{
    strbuf_addf(self, "%s of %s and %zu more; ", finding->row->code, finding->instance,
                finding->more);
}

/* All findings in a scenario. */
static void assert_found(const char *text, const char *expected)
{
    struct diag diag = {0};
    struct strbuf found = STRBUF_INIT;
    struct scenario *scenario =
        scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, NULL, 0, &diag);

    if (!scenario)
        diag_print(&diag, stderr);
    assert_non_null(scenario);
    scenario_lint(scenario, add_finding, &found);
    assert_string_equal(found.text, expected);
    strbuf_release(&found);
    scenario_free(scenario);
    diag_release(&diag);
}

static void a_row_is_found_once_with_the_number_of_its_instances(void **state)
{
    (void)state;
    assert_found("regions: {a: {}, b: {}, c: {}}\nstore: {kind: regional}\n", "");
    assert_found("regions: {a: {}, b: {app: {workers: 9}}, c: {}}\nstore: {kind: regional}\n",
                 "app-small of app_tier/b and 0 more; ");
    assert_found("regions: {a: {}, b: {app: {workers: 20}}, c: {}}\nstore: {kind: regional}\n"
                 "app: {workers: 5}\n",
                 "app-small of app_tier/a and 1 more; ");
}

static void rows_of_the_chosen_kind_see_its_parameters(void **state)
{
    (void)state;
    assert_found("regions: {a: {}}\nstore: {kind: regional, shards: 1}\n",
                 "store-one-shard of store and 0 more; ");
    assert_found("regions: {a: {}}\nstore: {kind: global-datastore}\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_found_once_with_the_number_of_its_instances),
        cmocka_unit_test(rows_of_the_chosen_kind_see_its_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
