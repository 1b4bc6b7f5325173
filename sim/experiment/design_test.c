// SPDX-License-Identifier: GPL-3.0-or-later
#include "design.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sweep_axis.h"

#include <stdlib.h>
#include <string.h>

enum { AXES_MAX = 4 };

struct fixture {
    struct sweep_axis axes[AXES_MAX];
    const struct sweep_axis *pointers[AXES_MAX];
    struct scenario *base;
    struct design_spec spec;
    struct design design;
    struct diag diag;
};

static const struct registry no_models = {NULL, 0};

/* "path: values" for each axis. */
static void fixture_make(struct fixture *fixture, const char *const *axes)
{
    static const char text[] = "regions: {here: {}}\nduration: 10min\n";

    *fixture = (struct fixture){0};
    fixture->base =
        scenario_load_text(text, strlen(text), "t.yaml", &no_models, NULL, 0, &fixture->diag);
    assert_non_null(fixture->base);
    fixture->spec.base = fixture->base;
    fixture->spec.axes = fixture->pointers;
    for (size_t i = 0; axes[2 * i]; i++) {
        struct strbuf why = STRBUF_INIT;
        fixture->axes[i].path = strdup(axes[2 * i]);
        assert_true(sweep_axis_parse(axes[2 * i + 1], &fixture->axes[i], &why));
        fixture->pointers[i] = &fixture->axes[i];
        fixture->spec.axis_count = i + 1;
    }
}

static void fixture_release(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->spec.axis_count; i++)
        sweep_axis_release(&fixture->axes[i]);
    design_release(&fixture->design);
    scenario_free(fixture->base);
    diag_release(&fixture->diag);
}

/* "1,a 1,b ..." */
static void expect_points(struct fixture *fixture, const char *expected)
{
    struct strbuf found = STRBUF_INIT;

    assert_true(design_make(&fixture->spec, &fixture->design, &fixture->diag));
    for (size_t i = 0; i < fixture->design.point_count; i++)
        for (size_t j = 0; j < fixture->design.axis_count; j++)
            strbuf_addf(&found, "%s%s",
                        j   ? ","
                        : i ? " "
                            : "",
                        fixture->design.values[i * fixture->design.axis_count + j]);
    assert_string_equal(found.text, expected);
    strbuf_release(&found);
}

static void expect_error(struct fixture *fixture, const char *expected)
{
    assert_false(design_make(&fixture->spec, &fixture->design, &fixture->diag));
    char *text = diag_text(&fixture->diag);
    assert_string_equal(text, expected);
    free(text);
    fixture_release(fixture);
}

static void a_grid_has_every_combination(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_make(&fixture, (const char *[]){"a", "1..3/1", "b", "x, y", NULL});
    expect_points(&fixture, "1,x 1,y 2,x 2,y 3,x 3,y");
    fixture_release(&fixture);
}

static void axes_in_lockstep_count_as_one(void **state)
{
    struct fixture fixture;
    char *locks[] = {"a, c"};

    (void)state;
    fixture_make(&fixture, (const char *[]){"a", "1, 2", "b", "x, y", "c", "7, 8", NULL});
    fixture.spec.locksteps = locks;
    fixture.spec.lockstep_count = 1;
    expect_points(&fixture, "1,x,7 1,y,7 2,x,8 2,y,8");
    fixture_release(&fixture);
}

/* Between axes, and with a parameter of the scenario that is not an axis. */
static void just_the_allowed_points_are_made(void **state)
{
    struct fixture fixture;
    char *wheres[] = {"a < b", "b < duration"};

    (void)state;
    fixture_make(&fixture,
                 (const char *[]){"a", "1min, 5min, 20min", "b", "3min..12min/3min", NULL});
    fixture.spec.wheres = wheres;
    fixture.spec.where_count = 2;
    expect_points(&fixture, "1min,3min 1min,6min 1min,9min 5min,6min 5min,9min");
    assert_int_equal(fixture.design.left_out, 12 - 5);
    fixture_release(&fixture);
}

/* Each tenth of each axis has one sample; whole numbers 1..5 come twice each; another seed gives
 * other points, the same seed the same. */
static void a_latin_hypercube_has_one_sample_in_each_share(void **state)
{
    struct fixture fixture, again;
    unsigned met[10] = {0}, whole[6] = {0}, same = 0;

    (void)state;
    fixture_make(&fixture, (const char *[]){"a", "0s..10s", "b", "1..5", NULL});
    fixture_make(&again, (const char *[]){"a", "0s..10s", "b", "1..5", NULL});
    fixture.spec.samples = again.spec.samples = 10;
    fixture.spec.seed = 1;
    again.spec.seed = 2;
    assert_true(design_make(&fixture.spec, &fixture.design, &fixture.diag));
    assert_true(design_make(&again.spec, &again.design, &again.diag));
    assert_int_equal(fixture.design.point_count, 10);
    for (size_t i = 0; i < 10; i++) {
        struct quantity a;
        assert_true(quantity_parse(fixture.design.values[2 * i], &a));
        met[(size_t)(a.value / 1e9)]++;
        whole[strtol(fixture.design.values[2 * i + 1], NULL, 10)]++;
        same += strcmp(fixture.design.values[2 * i], again.design.values[2 * i]) == 0;
    }
    for (int i = 0; i < 10; i++)
        assert_int_equal(met[i], 1);
    for (int i = 1; i <= 5; i++)
        assert_int_equal(whole[i], 2);
    assert_true(same < 3);
    fixture_release(&fixture);
    fixture_release(&again);
}

static void what_is_wrong_is_said(void **state)
{
    struct fixture fixture;
    char *bad_lock[] = {"a, b"}, *unknown_lock[] = {"a, z"}, *never[] = {"a > 5"};
    char *wrong[] = {"a < z"};

    (void)state;
    fixture_make(&fixture, (const char *[]){"a", "1, 2", "b", "1, 2, 3", NULL});
    fixture.spec.locksteps = bad_lock;
    fixture.spec.lockstep_count = 1;
    expect_error(&fixture,
                 "error: axes in lockstep need equal numbers of values: 'a' has 2, 'b' 3\n");
    fixture_make(&fixture, (const char *[]){"a", "1, 2", NULL});
    fixture.spec.locksteps = unknown_lock;
    fixture.spec.lockstep_count = 1;
    expect_error(&fixture, "error: 'lockstep' names 'z', which is not an axis of this sweep\n");
    fixture_make(&fixture, (const char *[]){"a", "1, 2", NULL});
    fixture.spec.wheres = never;
    fixture.spec.where_count = 1;
    expect_error(&fixture,
                 "error: no point of the sweep meets its conditions: all 2 are excluded\n");
    fixture_make(&fixture, (const char *[]){"a", "1, 2", NULL});
    fixture.spec.wheres = wrong;
    fixture.spec.where_count = 1;
    expect_error(&fixture, "error: 'where' condition 'a < z' has no single value for 'z' in this "
                           "scenario\n");
    fixture_make(&fixture, (const char *[]){"a", "1s..2s", NULL});
    expect_error(&fixture, "error: 'a' is a range without a step; add '/STEP' or '*FACTOR', "
                           "or sample it with '--lhs N'\n");
    fixture_make(&fixture, (const char *[]){"a", "1..1000/1", "b", "1..200/1", NULL});
    expect_error(&fixture, "error: the axes of 'sweep' give more than 10000 points\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_has_every_combination),
        cmocka_unit_test(axes_in_lockstep_count_as_one),
        cmocka_unit_test(just_the_allowed_points_are_made),
        cmocka_unit_test(a_latin_hypercube_has_one_sample_in_each_share),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
