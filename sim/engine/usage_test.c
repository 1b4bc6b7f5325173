// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "usage.h"

static const struct metric metrics[] = {{.name = "bytes", .kind = METRIC_COUNT}};

static double twice(const void *state)
{
    return 2 * *(const double *)state;
}

static const struct usage_row client_usage[] = {{.item = "transfer", .amount = twice},
                                                {.item = "node", .amount = twice}};
static const struct usage_row store_usage[] = {{.item = "transfer", .metric = "bytes"}};
static const struct model_rows client = {USAGE_TABLE(client_usage)};
static const struct model_rows store = {USAGE_TABLE(store_usage)};

/*
 * A client in each of two regions (3 and 4, twice: 14) and a counter of 5 and 6 in two regions: 25
 * of transfer, 14 of nodes. A counter counts once, for any number of instances of its model.
 */
static void rows_of_an_item_add_up_over_models_and_instances(void **state)
{
    struct probe_plan plan = {.end = 100, .bin = 100, .region_count = 2};
    struct probes *probes = probes_create(&plan);
    struct usage_list list = {0};
    double used[2] = {3, 4};

    (void)state;
    probes_declare(probes, metrics, 1);
    for (int region = 0; region < 2; region++)
        probe_count_many(probes_hot(probes), probe_count_open(probes, "bytes", region, NULL),
                         5 + (uint64_t)region);
    usage_list_add_metrics(&list, &client);
    usage_list_add_metrics(&list, &store);
    for (int region = 0; region < 2; region++) {
        usage_list_add_amounts(&list, &client, &used[region]);
        usage_list_add_amounts(&list, &store, &used[region]);
    }
    assert_close(usage_total(&list, probes, "transfer"), 25, 0);
    assert_close(usage_total(&list, probes, "node"), 14, 0);
    assert_close(usage_total(&list, probes, "other"), 0, 0);
    usage_list_release(&list);
    probes_free(probes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_an_item_add_up_over_models_and_instances),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
