// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Metrics as services publish them: each name of the collected list has a row, and the recorded
 * data points of small deployments equal values derived by hand. A data point holds until the next
 * one, so with a warm-up of whole periods and phase 0 the mean of a level is that of the points.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "client_driver.h"

#include <stdlib.h>

/* --- the list -------------------------------------------------------------------------------- */

/* The field `number` of a line of CSV, without its quotes, in `field`. */
static void csv_field(const char *line, int number, char field[256])
{
    bool quoted = false;
    size_t length = 0;

    for (; *line && *line != '\n' && number >= 0; line++)
        if (*line == '"')
            quoted = !quoted;
        else if (*line == ',' && !quoted)
            number--;
        else if (number == 0 && length < 255)
            field[length++] = *line;
    field[length] = '\0';
}

static bool is_known(const char *name, size_t length)
{
    const struct model_rows *rows = &monitoring_ops.rows;

    for (size_t i = 0; i < rows->service_metric_count; i++)
        if (strncmp(rows->service_metrics[i].name, name, length) == 0)
            return true;
    return false;
}

/* "A / B", "A (502/503 separately)", "NetworkBandwidthIn(Out)X", "ReadX... / ..." */
static int assert_names_known(char *names)
{
    int count = 0;

    for (char *name = names, *next; name; name = next) {
        char *open;

        next = strstr(name, " / ");
        if (next) {
            *next = '\0';
            next += strlen(" / ");
        }
        open = strchr(name, '(');
        if (open)
            *open = '\0';
        name[strcspn(name, " .")] = '\0';
        if (!is_known(name, strlen(name)))
            fail_msg("'%s' is in no row of service_metrics.h", name);
        count++;
    }
    return count;
}

static void every_collected_name_has_a_row(void **state)
{
    FILE *file = fopen(ISTHMUS_SOURCE_DIR "/models/monitoring/service_metrics.csv", "r");
    char line[1024], names[256];
    int rows = 0, count = 0;

    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file)); /* the head */
    while (fgets(line, sizeof line, file)) {
        csv_field(line, 1, names);
        count += assert_names_known(names);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 64);
    assert_true(count > rows);
}

static void every_row_has_a_metric_or_a_reason(void **state)
{
    const struct model_rows *rows = &monitoring_ops.rows;

    (void)state;
    for (size_t i = 0; i < rows->service_metric_count; i++) {
        const struct service_metric *row = &rows->service_metrics[i];

        assert_true(row->meaning[0] && row->unit[0] && row->period_ns >= 60 * SIM_S);
        assert_true(!row->metric || row->scale > 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(row->name, rows->service_metrics[j].name);
    }
}

/* --- values derived by hand ------------------------------------------------------------------ */

static double published(const struct world *world, const char *name, int region)
{
    return statistic_of(world, (struct wanted){"service_metric", NULL, region, name, NULL});
}

static double points(const struct world *world, const char *name, int region)
{
    return statistic_of(world, (struct wanted){"service_metric_points", NULL, region, name, NULL});
}

#define RECORD "monitoring: {record: true, phase: 0s}\n"

/*
 * 40 writes a second, each followed by a read 5 s later, one millisecond away; after two minutes
 * both are steady. A write takes the server 100 us, a read 50 us, and they never meet. So in each
 * minute: 2400 writes and 2400 reads; 40 x 150 us of a second are 0.6 % of the thread; the time at
 * the server is the time of the processor, as nothing waits. 4 connections are open and none is
 * new.
 */
static void a_cache_publishes_what_its_server_does(void **state)
{
    static const struct model_ops *const models[] = {&client_driver_ops, &wan_link_ops,
                                                     &store_ops,         &replication_ops,
                                                     &store_client_ops,  &monitoring_ops};
    static const struct registry registry = {models, sizeof models / sizeof models[0]};
    static const struct {
        const char *name;
        double value;
    } cases[] = {
        {"SetTypeCmds", 2400},
        {"GetTypeCmds", 2400},
        {"SetTypeCmdsLatency", 100},
        {"GetTypeCmdsLatency", 50},
        {"SuccessfulWriteRequestLatency", 100},
        {"SuccessfulReadRequestLatency", 50},
        {"EngineCPUUtilization", 0.6},
        {"CurrConnections", 4},
        {"NewConnections", 0},
    };
    struct scenario *scenario = scenario_of(
        &registry,
        "regions: {a: {}}\nduration: 360s\nwarmup: 120s\n" RECORD
        "network: {inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
        "store: {kind: regional, write_service: 100us, write_per_kib: 0ms, read_service: 50us, "
        "read_per_kib: 0ms}\n"
        "client: {pool: {size: 4, warm: 4}}\n"
        "driver: {rate: 40/s, read_after: 5.01s}\n");
    struct world *world = world_of(scenario, 0, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s: %.9g\n", cases[i].name, published(world, cases[i].name, 0));
        assert_close(published(world, cases[i].name, 0), cases[i].value,
                     1e-5 + 1e-3 * cases[i].value);
    }
    world_free(world);
    scenario_free(scenario);
}

/*
 * Users with tokens, which need no store: a request takes its instance 10 ms and waits for nobody.
 * All are answered: no 5xx is published at all, where a count that is 0 would be. RequestCount is
 * there in each minute; three instances are healthy.
 */
static void a_balancer_publishes_times_and_no_zeros(void **state)
{
    static struct registry registry;
    struct scenario *scenario;
    struct world *world;

    (void)state;
    registry = (struct registry){model_registry, model_registry_count};
    scenario = scenario_of(&registry,
                           "regions: {a: {}}\nduration: 300s\nwarmup: 60s\n" RECORD
                           "network: {inside: {rtt: 1ms}}\n"
                           "store: {kind: stateless-token, verify: 0ms, sign: 0ms}\n"
                           "population: {sessions: 5/s}\n"
                           "app: {instances: 3, workers: 200, service: 10ms, login_factor: 1}\n");
    world = world_of(scenario, 0, NULL);
    print_message("%.9g s, %.9g requests a minute of %.9g\n",
                  published(world, "TargetResponseTime", 0), published(world, "RequestCount", 0),
                  statistic_of(world, (struct wanted){"requests_arrived", NULL, 0, NULL, NULL}) /
                      4);
    assert_close(published(world, "TargetResponseTime", 0), 0.010, 0.010 * 0.016);
    assert_close(published(world, "HealthyHostCount", 0), 3, 1e-9);
    assert_close(published(world, "HTTPCode_ELB_5XX_Count", 0), 0, 0);
    assert_close(points(world, "HTTPCode_ELB_5XX_Count", 0), 0, 0);
    assert_true(points(world, "RequestCount", 0) >= 4);
    assert_close(points(world, "HealthyHostCount", 0), points(world, "RequestCount", 0), 0);
    world_free(world);
    scenario_free(scenario);
}

/* Off, nothing is recorded, and the run is the same. */
static void off_it_changes_nothing(void **state)
{
    static const char off[] = "regions: {a: {}}\nduration: 3min\nwarmup: 0s\n"
                              "network: {inside: {rtt: 1ms}}\nstore: {kind: regional}\n";
    static struct registry registry;
    struct sim_outcome outcomes[2];

    (void)state;
    registry = (struct registry){model_registry, model_registry_count};
    for (int i = 0; i < 2; i++) {
        struct strbuf text = STRBUF_INIT;
        struct scenario *scenario;
        struct world *world;

        strbuf_addf(&text, "%s%s", off, i ? RECORD : "");
        scenario = scenario_of(&registry, text.text);
        world = world_of(scenario, 0, &outcomes[i]);
        assert_int_equal(!isnan(statistic_or_nan(world, (struct wanted){"service_metric", NULL, 0,
                                                                        "SetTypeCmds", NULL})),
                         i);
        assert_int_equal(!isnan(statistic_or_nan(world, (struct wanted){"target_response_time",
                                                                        "mean", 0, NULL, NULL})),
                         i);
        outcomes[i].digest =
            (uint64_t)statistic_of(world, (struct wanted){"requests", NULL, 0, NULL, NULL});
        world_free(world);
        scenario_free(scenario);
        strbuf_release(&text);
    }
    assert_int_equal(outcomes[0].digest, outcomes[1].digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_collected_name_has_a_row),
        cmocka_unit_test(every_row_has_a_metric_or_a_reason),
        cmocka_unit_test(a_cache_publishes_what_its_server_does),
        cmocka_unit_test(a_balancer_publishes_times_and_no_zeros),
        cmocka_unit_test(off_it_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
