// SPDX-License-Identifier: GPL-3.0-or-later
#include "mechanisms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static size_t place_of(const struct mechanism_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void assert_used(const char *scenario, const char *name, bool used)
{
    struct mechanism_list list = {NULL, 0, 0};
    struct statistic_table none = {0};

    mechanisms_find(&list, scenario, &none, 0);
    if ((place_of(&list, name) != SIZE_MAX) != used)
        fail_msg("'%s' is %s in:\n%s", name, used ? "not found" : "found", scenario);
    mechanisms_release(&list);
}

/* A name without rows is misspelled, or the bench has lost its experiments. */
static void every_mechanism_has_rows_of_the_bench(void **state)
{
    struct mechanism mechanism;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; mechanism_at(i, &mechanism); i++, count++) {
        if (mechanism.row_count == 0)
            fail_msg("no row of models/reality.csv shows '%s'", mechanism.name);
        assert_true(mechanism.agreeing_count <= mechanism.row_count);
    }
    assert_true(count > 20);
}

/* And the other way round: the bench names none that is not looked for. */
static void every_mechanism_of_the_bench_is_looked_for(void **state)
{
    char line[1000];
    FILE *file = fopen(ISTHMUS_SOURCE_DIR "/sim/tests/reality/mechanisms.txt", "rb");

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct mechanism mechanism;
        size_t length = strcspn(line, "|"), i = 0;

        if (line[0] == '#' || line[length] != '|')
            continue;
        line[length - 1] = '\0';
        while (mechanism_at(i, &mechanism) && strcmp(mechanism.name, line) != 0)
            i++;
        if (!mechanism_at(i, &mechanism))
            fail_msg("no rule for '%s'", line);
    }
    fclose(file);
}

static void parameters_of_any_region_link_or_fault_count(void **state)
{
    static const char region[] = "regions:\n  \"a\":\n    client:\n      mode: pool\n"
                                 "  \"b\":\n    client:\n      mode: multiplexed\n";
    static const char links[] = "network:\n  \"a -> b\":\n    bandwidth: 0\n    jitter: 0s\n"
                                "  \"b -> a\":\n    bandwidth: 1Gbit/s\n    jitter: 0s\n";
    static const char faults[] = "faults:\n  -\n    hold: false\n    stall: true\n  -\n"
                                 "    hold: true\n    stall: false\n";

    (void)state;
    assert_used(region, "pool", true);
    assert_used(region, "multiplexed", true);
    assert_used(region, "hold", false);
    assert_used(links, "bandwidth", true);
    assert_used(links, "jitter", false);
    assert_used(faults, "hold", true);
    assert_used(faults, "stall", true);
    assert_used(faults, "reset", false);
}

/* The same key of another section is another parameter. */
static void sections_are_distinguished(void **state)
{
    (void)state;
    assert_used("regions:\n  \"a\":\n    gateway:\n      bandwidth: 1Gbit/s\n", "bandwidth", false);
    assert_used("regions:\n  \"a\":\n    client:\n      retry:\n        jitter: full\n", "jitter",
                false);
}

static void a_choice_with_parameters_is_another_value(void **state)
{
    static const char with[] =
        "client:\n  retry:\n    budget:\n      tokens:\n        ratio: 10%\n";

    (void)state;
    assert_used(with, "retry budget", true);
    assert_used("client:\n  retry:\n    budget: none\n", "retry budget", false);
}

static void counts_show_mechanisms(void **state)
{
    struct statistic_row row = {.metric = "resyncs",
                                .stat = "",
                                .region = "all",
                                .label_name = "kind",
                                .label = "partial",
                                .window = "all",
                                .interval = {.n = 1, .mean = 2}};
    size_t starts[] = {0, 1};
    struct statistic_table table = {.rows = &row, .count = 1, .starts = starts, .start_count = 2};
    struct mechanism_list list = {NULL, 0, 0};

    (void)state;
    mechanisms_find(&list, "", &table, 0);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].name, "partial resync");
    mechanisms_release(&list);
    row.interval.mean = 0;
    mechanisms_find(&list, "", &table, 0);
    assert_int_equal(list.count, 0);
    mechanisms_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mechanism_has_rows_of_the_bench),
        cmocka_unit_test(every_mechanism_of_the_bench_is_looked_for),
        cmocka_unit_test(parameters_of_any_region_link_or_fault_count),
        cmocka_unit_test(sections_are_distinguished),
        cmocka_unit_test(a_choice_with_parameters_is_another_value),
        cmocka_unit_test(counts_show_mechanisms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
