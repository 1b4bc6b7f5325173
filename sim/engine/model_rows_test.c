// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model_rows.h"
#include "probe.h"

#include <string.h>

static const struct label_row client_labels[] = {
    {"cause", "token-expired", "a"}, {"other", "unrelated", "b"}, {"cause", "other-region", "c"}};
static const struct label_row store_labels[] = {
    {"cause", "other-region", "d"}, {"cause", "lag", "e"}, {"cause", "conflict", "f"}};
static const struct model_rows client = {LABEL_TABLE(client_labels)};
static const struct model_rows store = {LABEL_TABLE(store_labels)};
static const char *const own[] = {"lag", "lost", NULL};
static const struct metric reauths = {
    .name = "reauths", .label = "cause", .label_values = own, .label_set = "cause"};

/* Own values first; duplicates count once. */
static const char *const expected[] = {"lag", "lost", "token-expired", "other-region", "conflict"};

static void supply(struct supplied_rows *supplied)
{
    supplied_rows_add(supplied, &client);
    supplied_rows_add(supplied, &store);
}

static void values_of_a_label_are_collected_each_once(void **state)
{
    struct supplied_rows supplied = {0};

    (void)state;
    supply(&supplied);
    assert_int_equal(metric_label_count(&supplied, &reauths), 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(metric_label(&supplied, &reauths, (size_t)i), expected[i]);
        assert_int_equal(metric_label_index(&supplied, &reauths, expected[i]), i);
    }
    assert_null(metric_label(&supplied, &reauths, 5));
    assert_int_equal(metric_label_index(&supplied, &reauths, "unrelated"), -1);
    supplied_rows_release(&supplied);
}

static void a_metric_without_a_set_has_its_own_values_only(void **state)
{
    const struct metric plain = {.name = "plain", .label = "cause", .label_values = own};
    const struct metric none = {.name = "none"};
    struct supplied_rows supplied = {0};

    (void)state;
    supply(&supplied);
    assert_int_equal(metric_label_count(&supplied, &plain), 2);
    assert_int_equal(metric_label_count(&supplied, &none), 0);
    assert_int_equal(metric_label_count(NULL, &reauths), 2);
    supplied_rows_release(&supplied);
}

/* A probe of a label value supplied by a model, and its statistic. */
static void probes_take_the_values_that_were_supplied(void **state)
{
    struct supplied_rows supplied = {0};
    struct probe_plan plan = {.end = 100, .bin = 100, .region_count = 1, .rows = &supplied};
    const struct statistics *statistics;
    struct probes *probes;
    uint64_t found = 0;
    probe_id id;

    (void)state;
    supply(&supplied);
    probes = probes_create(&plan);
    probes_declare(probes, &reauths, 1);
    assert_string_equal(probes_label(probes, "reauths", 3), "other-region");
    assert_null(probes_label(probes, "reauths", 5));
    assert_int_equal(probes_label_index(probes, "reauths", "conflict"), 4);
    id = probe_count_open(probes, "reauths", 0, "conflict");
    probes_flush(probes, 0);
    probe_count_many(probes_hot(probes), id, 3);
    statistics = probes_finish(probes, 100);
    for (size_t i = 0; i < statistics->statistic_count; i++)
        if (statistics->statistics[i].label && statistics->statistics[i].region == 0) {
            assert_string_equal(statistics->statistics[i].label, "conflict");
            found = statistics->statistics[i].over;
        }
    assert_int_equal(found, 3);
    probes_free(probes);
    supplied_rows_release(&supplied);
}

static void faults_are_numbered_over_all_tables(void **state)
{
    static const struct fault_capability of_links[] = {{"link", "loss", NULL},
                                                       {"link", "delay", NULL}};
    static const struct fault_capability of_stores[] = {{"store", "stall", NULL}};
    static const struct model_rows links = {FAULT_TABLE(of_links)}, none = {0},
                                   stores = {FAULT_TABLE(of_stores)};
    const struct model_rows *owner = NULL;
    struct supplied_rows supplied = {0};

    (void)state;
    supplied_rows_add(&supplied, &links);
    supplied_rows_add(&supplied, &none);
    supplied_rows_add(&supplied, &stores);
    assert_ptr_equal(supplied_fault(&supplied, 1, &owner), &of_links[1]);
    assert_ptr_equal(supplied_fault(&supplied, 2, &owner), &of_stores[0]);
    assert_ptr_equal(owner, &stores);
    assert_null(supplied_fault(&supplied, 3, NULL));
    supplied_rows_release(&supplied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_a_label_are_collected_each_once),
        cmocka_unit_test(a_metric_without_a_set_has_its_own_values_only),
        cmocka_unit_test(probes_take_the_values_that_were_supplied),
        cmocka_unit_test(faults_are_numbered_over_all_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
