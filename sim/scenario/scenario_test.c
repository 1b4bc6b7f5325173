// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_models.h"

#include "mem.h"
#include "scratch_folder.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- helpers --------------------------------------------------------------------------- */

static struct scenario *load(const char *text, const char *const *sets, size_t set_count)
{
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(text, strlen(text), "test.yaml", &fake_registry, sets, set_count, &diag);

    if (!scenario) {
        char *errors = diag_text(&diag);

        print_error("%s", errors);
        free(errors);
    }
    diag_release(&diag);
    assert_non_null(scenario);
    return scenario;
}

/* The first that is told of a text, without its excerpt. */
static char *validation_of(const char *text, const char *const *sets, size_t set_count)
{
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, sets, set_count, &diag);
    char *full = diag_text(&diag), *kept = mem_zalloc(strlen(full) + 16, 1);

    strncat(kept, full, strcspn(full, "\n"));
    if (scenario)
        memcpy(kept + strlen(kept), "loaded", sizeof "loaded");
    scenario_free(scenario);
    free(full);
    diag_release(&diag);
    return kept;
}

static const void *config_of(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->instance_count; i++)
        if (strcmp(scenario->instances[i].name, name) == 0)
            return scenario->instances[i].config;
    fail_msg("no instance %s", name);
    return NULL;
}

/* --- what a file comes to -------------------------------------------------------------- */

static void the_example_fills_every_config(void **state)
{
    struct scenario *scenario = load(fake_scenario, NULL, 0);
    const struct fake_client *client = config_of(scenario, "store_client");
    const struct fake_store *store = config_of(scenario, "store");
    const struct fake_fault *fault = config_of(scenario, "fault_schedule");

    (void)state;
    assert_string_equal(scenario->name, "two-region session store");
    assert_int_equal(scenario->run.duration, 1800 * SIM_S);
    assert_int_equal(scenario->warmup_given, 300 * SIM_S);
    assert_int_equal(scenario->run.replications, 10);
    assert_int_equal(scenario->topology.region_count, 2);
    assert_int_equal(scenario->instance_count, 4 + 1 + 1 + 1 + 2 + 1);
    assert_int_equal(client->timeout, 300 * SIM_MS);
    assert_int_equal(client->backoff, BACKOFF_EXPONENTIAL);
    assert_int_equal(client->max, 2 * SIM_S);
    assert_int_equal(client->list.count, 3);
    assert_int_equal(store->primary, 0);
    assert_int_equal(store->replicas.items[0], 1);
    assert_string_equal(store->note, "a: b");
    assert_int_equal(store->memory, 1 << 30);
    assert_int_equal(fault->link.from, 1);
    assert_int_equal(fault->region, -1);
    assert_true(fault->loss == 0.3);
    assert_int_equal(scenario->fault_span_count, 1);
    assert_int_equal(scenario->fault_spans[0].to, 900 * SIM_S);
    scenario_free(scenario);
}

static void a_region_overrides_the_default(void **state)
{
    struct scenario *scenario = load(fake_scenario, NULL, 0);
    const struct fake_app *west_1 = config_of(scenario, "app_tier/us-west-1");
    const struct fake_app *west_2 = config_of(scenario, "app_tier/us-west-2");

    (void)state;
    assert_int_equal(west_1->workers, 100);
    assert_int_equal(west_2->workers, 50);
    assert_true(west_1->rate == 10 && west_2->rate == 10);
    scenario_free(scenario);
}

static void one_direction_beats_both_whatever_the_order(void **state)
{
    struct scenario *scenario = load(fake_scenario, NULL, 0);
    const struct fake_link *there = config_of(scenario, "wan_link/us-west-1->us-west-2");
    const struct fake_link *back = config_of(scenario, "wan_link/us-west-2->us-west-1");
    const struct fake_link *inside = config_of(scenario, "wan_link/us-west-1->us-west-1");
    double value = 0;

    (void)state;
    assert_true(there->loss == 0.01 && back->loss == 0.05);
    assert_true(fabs(dist_quantile(back->rtt, 0.5) - 22e6) < 1);
    assert_true(dist_is_constant(inside->rtt, &value) && value == 500e3);
    scenario_free(scenario);
}

static void the_resolved_text_loads_to_the_same_hash(void **state)
{
    struct scenario *first = load(fake_scenario, NULL, 0);
    struct scenario *second = load(first->resolved, NULL, 0);

    (void)state;
    assert_string_equal(first->resolved, second->resolved);
    assert_true(first->hash == second->hash);
    scenario_free(first);
    scenario_free(second);
}

static void the_order_of_keys_does_not_change_the_hash(void **state)
{
    struct scenario *a = load("name: x\nregions: {r1: {}}\nstore: {kind: regional, primary: r1}\n"
                              "client: {timeout: 1s, retry: {attempts: 2}}\n",
                              NULL, 0);
    struct scenario *b = load("client: {retry: {attempts: 2}, timeout: 1000ms}\nname: x\n"
                              "store: {primary: r1, kind: regional}\nregions: {r1: }\n",
                              NULL, 0);

    (void)state;
    assert_string_equal(a->resolved, b->resolved);
    scenario_free(a);
    scenario_free(b);
}

static void every_way_of_writing_a_distribution_is_one(void **state)
{
    static const struct {
        const char *written, *canonical;
    } cases[] = {
        {"300ms", "300ms"},
        {"lognormal(median=22ms, p99=31ms)", "{lognormal: {median: 22ms, p99: 31ms}}"},
        {"{median: 22ms, p99: 31ms}", "{lognormal: {median: 22ms, p99: 31ms}}"},
        {"{lognormal: {p99: 31ms, median: 22ms}}", "{lognormal: {median: 22ms, p99: 31ms}}"},
        {"exponential(20ms)", "{exponential: {mean: 20ms}}"},
        {"{exponential: 20ms}", "{exponential: {mean: 20ms}}"},
        {"{mean: 20ms}", "{exponential: {mean: 20ms}}"},
        {"{mean: 20ms, max: 1s}", "{exponential: {max: 1s, mean: 20ms}}"},
        {"{exponential: 20ms, max: 1s}", "{exponential: {max: 1s, mean: 20ms}}"},
        {"{low: 1ms, high: 3ms}", "{uniform: {high: 3ms, low: 1ms}}"},
        {"{gamma: {mean: 20ms, shape: 2}}", "{gamma: {mean: 20ms, shape: 2}}"},
        {"{plus: [10ms, {exponential: 5ms}]}", "{plus: [10ms, {exponential: {mean: 5ms}}]}"},
        {"{mixture: [{weight: 0.99, of: 1ms}, {weight: 0.01, of: {mean: 2s}}]}",
         "{mixture: [{weight: 0.99, of: 1ms}, {weight: 0.01, of: {exponential: {mean: 2s}}}]}"},
        {"{empirical: [3ms, 1ms, 2.5ms]}", "{empirical: [1ms, 2.5ms, 3ms]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[512], want[512], *found, *resolved;
        struct scenario *scenario, *again;

        snprintf(text, sizeof text,
                 "regions: {r1: }\nstore: {kind: regional}\nnetwork:\n  inside:\n    rtt: %s\n",
                 cases[i].written);
        snprintf(want, sizeof want, "rtt: %s\n", cases[i].canonical);
        scenario = load(text, NULL, 0);
        resolved = mem_strdup(scenario->resolved);
        found = strstr(resolved, "rtt: ");
        assert_non_null(found);
        *(strchr(found, '\n') + 1) = '\0';
        assert_string_equal(found, want);
        again = load(scenario->resolved, NULL, 0);
        assert_true(again->hash == scenario->hash);
        free(resolved);
        scenario_free(again);
        scenario_free(scenario);
    }
}

static void set_goes_wherever_a_file_may_go(void **state)
{
    static const char *const sets[] = {
        "client.timeout=1s",
        "client.retry.backoff={fixed: 50ms}",
        "regions.us-west-1.app.workers=7",
        "network.\"us-west-1 -> us-west-2\".loss=30%",
        "faults.0.loss=50%",
        "duration=1h",
        "seed=18446744073709551615",
    };
    struct scenario *scenario = load(fake_scenario, sets, COUNT_OF(sets));
    const struct fake_client *client = config_of(scenario, "store_client");
    const struct fake_app *app = config_of(scenario, "app_tier/us-west-1");
    const struct fake_link *link = config_of(scenario, "wan_link/us-west-1->us-west-2");
    const struct fake_fault *fault = config_of(scenario, "fault_schedule");

    (void)state;
    assert_int_equal(client->timeout, SIM_S);
    assert_int_equal(client->backoff, BACKOFF_FIXED);
    assert_int_equal(client->fixed, 50 * SIM_MS);
    assert_int_equal(app->workers, 7);
    assert_true(link->loss == 0.3 && fault->loss == 0.5);
    assert_int_equal(scenario->run.duration, 3600 * SIM_S);
    assert_true(scenario->run.seed == UINT64_MAX);
    scenario_free(scenario);
}

static void expectations_name_metrics_labels_and_windows(void **state)
{
    struct scenario *scenario = load(fake_scenario, NULL, 0);
    const struct expectation *expects = scenario->expects;

    (void)state;
    assert_int_equal(scenario->expect_count, 3);
    assert_int_equal(expects[0].comparison, CMP_LESS);
    assert_true(expects[0].value == 0.001);
    assert_null(expects[0].left.stat);
    assert_string_equal(expects[1].left.stat, "p99");
    assert_string_equal(expects[1].left.window, "fault");
    assert_int_equal(expects[1].left.region, 1);
    assert_true(expects[1].value == 300e6);
    assert_true(expects[2].right_is_metric && expects[2].factor == 2);
    assert_string_equal(expects[2].left.label, "local-only");
    assert_int_equal(scenario->axis_count, 1);
    assert_string_equal(scenario->axes[0].path, "client.timeout");
    assert_string_equal(scenario->axes[0].values[2], "1s");
    scenario_free(scenario);
}

static void warmup_may_be_found(void **state)
{
    struct scenario *scenario =
        load("regions: {r1: }\nstore: {kind: regional}\nwarmup: auto\n", NULL, 0);

    (void)state;
    assert_int_equal(scenario->run.warmup_kind, 1);
    assert_int_equal(scenario->warmup_given, 0);
    scenario_free(scenario);
}

/* --- what is refused, and in which words ----------------------------------------------- */

#define HEAD "regions: {us-west-1: {}, us-west-2: {}}\nstore: {kind: regional}\n"

static const struct mistake_case {
    const char *text, *want;
} error_cases[] = {
    {"", "t.yaml: error: the file is empty: a scenario needs 'regions' at least"},
    {"[1]", "t.yaml:1:1: error: a scenario is a map of keys and values, got a list"},
    {"store: {kind: regional}\n",
     "t.yaml: error: a scenario needs at least one region, such as 'regions: {us-west-1: {}}'"},
    {"regions: {}\nstore: {kind: regional}\n",
     "t.yaml:1:10: error: 'regions' needs at least one region, such as {us-west-1: {}}, got "
     "none"},
    {HEAD "client: {tiemout: 2s}\n",
     "t.yaml:3:10: error: unknown key 'tiemout' in client; did you mean 'timeout'?"},
    {HEAD "client: {xyzzy: 2s}\n",
     "t.yaml:3:10: error: unknown key 'xyzzy' in client; allowed are timeout, retry, budget, "
     "weight, hedged"},
    {HEAD "clinet: {}\n", "t.yaml:3:1: error: unknown key 'clinet'; did you mean 'client'?"},
    {HEAD "client: {timeout: 2}\n",
     "t.yaml:3:19: error: 'client.timeout' needs a duration such as '300ms', got '2'"},
    {HEAD "client: {timeout: 2h}\n",
     "t.yaml:3:19: error: 'client.timeout' must be between 1ms and 1h, got 2h"},
    {HEAD "client: {timeout: -5ms}\n",
     "t.yaml:3:19: error: 'client.timeout' must be between 1ms and 1h, got -5ms"},
    {HEAD "bin: -1s\n", "t.yaml:3:6: error: 'bin' must be at least 0s, got -1s"},
    {HEAD "client: {timeout: }\n",
     "t.yaml:3:10: error: 'client.timeout' needs a duration, got nothing"},
    {HEAD "client: {timeout: {a: 1}}\n",
     "t.yaml:3:19: error: 'client.timeout' needs a duration, got a map"},
    {HEAD "client: 3\n", "t.yaml:3:9: error: 'client' needs a map of keys and values, got a value"},
    {HEAD "client: {retry: [1]}\n",
     "t.yaml:3:17: error: 'client.retry' needs a map of keys and values, got a list"},
    {HEAD "client: {hedged: yes}\n",
     "t.yaml:3:18: error: 'client.hedged' needs true or false, got 'yes'"},
    {HEAD "client: {retry: {jitter: ful}}\n",
     "t.yaml:3:26: error: 'client.retry.jitter' has no choice 'ful'; did you mean 'full'?"},
    {HEAD "client: {retry: {backoff: linear}}\n",
     "t.yaml:3:27: error: 'client.retry.backoff' has no choice 'linear'; it is one of none, "
     "fixed, exponential, list"},
    {HEAD "client: {retry: {backoff: {fixed: 1s, exponential: {base: 1s}}}}\n",
     "t.yaml:3:39: error: 'client.retry.backoff' takes one choice, got 'fixed', 'exponential'"},
    {HEAD "client: {retry: {backoff: {fixed: {base: 1s}}}}\n",
     "t.yaml:3:35: error: 'client.retry.backoff.fixed' needs a duration, got a map"},
    {HEAD "client: {retry: {backoff: {none: 3}}}\n",
     "t.yaml:3:34: error: 'client.retry.backoff.none' takes no parameters"},
    {HEAD "client: {retry: {backoff: {exponential: {base: 1s, max: 10ms}}}}\n",
     "t.yaml:3:57: error: 'client.retry.backoff.exponential.max' must not be below base"},
    {HEAD "client: {retry: {backoff: {exponential: {base: 1min}}}}\n",
     "t.yaml:3:9: error: 'client.retry.backoff.exponential.max' must not be below base"},
    {HEAD "client: {retry.attempts: 3}\n",
     "t.yaml:3:10: error: unknown key 'retry.attempts' in client; allowed are timeout, retry, "
     "budget, weight, hedged"},
    {HEAD "client: {timeout: 1s, timeout: 2s}\n",
     "t.yaml:3:23: error: duplicate key 'timeout', already given in line 3"},
    {"regions: {us-west-1: {}, us-west-2: {}}\nstore: {kind: regional, primary: us-west-3}\n",
     "t.yaml:2:34: error: unknown region 'us-west-3' in 'store.primary'; did you mean "
     "'us-west-1'?"},
    {"regions: {us-west-1: {}}\nclient: {}\n",
     "t.yaml: error: 'store.kind' must be given: what kind of store (a choice)"},
    {HEAD "network: {us-west-1 -> eu-central-1: {loss: 1%}}\n",
     "t.yaml:3:11: error: unknown region 'eu-central-1' in 'network'; the regions are "
     "us-west-1, us-west-2"},
    {HEAD "network: {us-west-1 - us-west-2: {loss: 1%}}\n",
     "t.yaml:3:11: error: 'network' needs a link such as 'us-west-1 -> us-west-2' or "
     "'us-west-1 <-> us-west-2', got 'us-west-1 - us-west-2'"},
    {HEAD "network: {us-west-1 <-> us-west-2: {}, us-west-2<->us-west-1: {}}\n",
     "t.yaml:3:40: error: link 'us-west-2<->us-west-1' is given twice: already in line 3 as "
     "'us-west-1 <-> us-west-2'"},
    {HEAD "network: {default: {rtt: {mean: 10ms, sd: 2ms}}}\n",
     "t.yaml:3:26: error: 'network.rtt' may be any of lognormal, gamma, normal: name the "
     "distribution, such as {normal: {...}}"},
    {HEAD "network: {default: {rtt: 11s}}\n",
     "t.yaml:3:26: error: 'network.rtt' must be between 0s and 10s, got 11 s"},
    {HEAD "network: {default: {rtt: exponential(11s)}}\n",
     "t.yaml:3:26: error: 'network.rtt' must be between 0s and 10s, got a mean of 11 s"},
    {HEAD "network: {default: {rtt: expnential(1s)}}\n",
     "t.yaml:3:26: error: 'network.rtt' names an unknown distribution 'expnential'; did you "
     "mean 'exponential'?"},
    {HEAD "network: {default: {rtt: {median: 1ms, p98: 2ms}}}\n",
     "t.yaml:3:40: error: 'network.rtt' has an unknown argument 'p98' of lognormal; did you "
     "mean 'p99'?"},
    {HEAD "network: {default: {rtt: -5ms}}\n",
     "t.yaml:3:26: error: 'network.rtt' must not be negative, got -5ms"},
    {HEAD "network: {default: {rtt: {empirical: none.csv}}}\n",
     "t.yaml:3:38: error: cannot read 'none.csv': No such file or directory"},
    {HEAD "regions2: {}\n", "t.yaml:3:1: error: unknown key 'regions2'; did you mean "
                            "'regions'?"},
    {"regions: {us-west-1: {store: {}}}\nstore: {kind: regional}\n",
     "t.yaml:1:23: error: 'store' is not set by region: it belongs to the top level"},
    {"regions: {us-west-1: {ap: {}}}\nstore: {kind: regional}\n",
     "t.yaml:1:23: error: unknown key 'ap' in a region; did you mean 'app'?"},
    {"regions: {US West: {}}\nstore: {kind: regional}\n",
     "t.yaml:1:11: error: a region's name is made of a-z, 0-9 and '-', got 'US West'"},
    {"regions: {all: {}}\nstore: {kind: regional}\n",
     "t.yaml:1:11: error: a region cannot be named 'all': the statistics' total over regions is"},
    {HEAD "duration: 30s\nwarmup: 1min\n",
     "t.yaml:4:9: error: 'warmup' must be shorter than the duration, 30s, got 1min"},
    {HEAD "duration: 10min\nwarmup: 10min\n",
     "t.yaml:4:9: error: 'warmup' must be shorter than the duration, 10min, got 10min"},
    {HEAD "warmup: never\n", "t.yaml:3:9: error: 'warmup' has no choice 'never'; it is one of "
                             "given, auto"},
    {HEAD "seed: -1\n", "t.yaml:3:7: error: 'seed' needs a whole number from 0 to "
                        "18446744073709551615, got '-1'"},
    {HEAD "replications: 0\n",
     "t.yaml:3:15: error: 'replications' must be between 1 and 1M, got 0"},
    {HEAD "faults: {at: 1s}\n", "t.yaml:3:9: error: 'faults' needs a list of maps, got a map"},
    {HEAD "faults: [{for: 1s}]\n",
     "t.yaml:3:10: error: 'faults.0.at' must be given: when it begins (a duration)"},
    {HEAD "faults: [{at: 31min}]\n",
     "t.yaml:3:15: error: 'faults.0.at' must be before the end of the run"},
    {HEAD "faults: [{at: 1s, link: us-west-1 -> us-west-9}]\n",
     "t.yaml:3:25: error: unknown region 'us-west-9' in 'faults.0.link'; did you mean "
     "'us-west-1'?"},
    {HEAD "expect: [reauth_rat < 1%]\n",
     "t.yaml:3:10: error: unknown metric 'reauth_rat'; did you mean 'reauth_rate'?"},
    {HEAD "expect:\n  - reauths{caus=local-only} < 1\n",
     "t.yaml:4:13: error: unknown label of reauths 'caus'; did you mean 'cause'?"},
    {HEAD "expect:\n  - reauths{cause=local} < 1\n",
     "t.yaml:4:19: error: unknown cause 'local'; known are replication-lag, local-only, "
     "other-region"},
    {HEAD "expect:\n  - write_latency.p98 < 1s\n",
     "t.yaml:4:19: error: unknown statistic 'p98'; did you mean 'p90'?"},
    {HEAD "expect:\n  - write_latency.p99{region=us-west-1} < 1s\n",
     "t.yaml:4:19: error: '.p99' stands after the braces: 'write_latency{...}.p99'"},
    {HEAD "expect:\n  - write_latency{window=fault} < 1s\n",
     "t.yaml:4:26: error: window 'fault' needs faults, and this scenario has none"},
    {HEAD "expect:\n  - write_latency < 3\n",
     "t.yaml:4:21: error: 'write_latency' needs a duration such as '300ms', got '3'"},
    {HEAD "expect:\n  - reauth_rate = 3\n", "t.yaml:4:17: error: needs one of <, <=, >, >= here"},
    {HEAD "expect:\n  - reauth_rate < write_latency\n",
     "t.yaml:4:5: error: compares 'reauth_rate' with 'write_latency', which has another unit"},
    {HEAD "sweep: {client.timout: [1s]}\n",
     "t.yaml:3:9: error: unknown key 'timout' in client; did you mean 'timeout'?"},
    {HEAD "sweep: {client.timeout: [1s, 2h]}\n",
     "t.yaml:3:30: error: 'client.timeout' must be between 1ms and 1h, got 2h"},
    {HEAD "sweep: {client.timeout: {}}\n",
     "t.yaml:3:25: error: 'sweep' needs a list of 1 to 1000 values for 'client.timeout', or a text "
     "such as '100ms..1s/100ms'"},
    {HEAD "sweep: {client.timeout: 1s..100ms/10ms}\n",
     "t.yaml:3:25: error: 'sweep' of 'client.timeout' needs a range that goes up, got '1s..100ms'"},
    {HEAD "sweep: {client.timeout: 1s..2h/1h}\n",
     "t.yaml:3:25: error: 'client.timeout' must be between 1ms and 1h, got 3601s"},
    {HEAD "where: {a: b}\n",
     "t.yaml:3:8: error: 'where' needs a text or a list of texts, got a map"},
    {HEAD "a: b: c\n",
     "t.yaml:3:5: error: not valid YAML: invalid nested block mapping on the same line"},
    {HEAD "---\na: 1\n",
     "t.yaml:3:1: error: a file holds one document, and a second one starts here"},
    {HEAD "client: *who\n", "t.yaml:3:9: error: unknown anchor 'who'"},
    {HEAD "? [a]\n: 1\n", "t.yaml:3:3: error: a key must be plain text"},
    {HEAD "extends: nowhere.yaml\n",
     "t.yaml:3:10: error: cannot read 'nowhere.yaml', which this file extends: No such file or "
     "directory"},
    {"regions: \xff\n", "t.yaml:1:10: error: not a text file: byte 0xff is not UTF-8 text"},
};

static void each_mistake_is_told_in_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(error_cases); i++) {
        char *told = validation_of(error_cases[i].text, NULL, 0);

        if (strcmp(told, error_cases[i].want) != 0)
            print_error("of:\n%s", error_cases[i].text);
        assert_string_equal(told, error_cases[i].want);
        free(told);
    }
}

static void a_wrong_set_is_placed_in_its_text(void **state)
{
    static const struct {
        const char *set, *want;
    } cases[] = {
        {"client.timeout=2", "--set:1:16: error: 'client.timeout' needs a duration such as "
                             "'300ms', got '2'"},
        {"client.tiemout=2s",
         "--set:1:8: error: unknown key 'tiemout' in client; did you mean 'timeout'?"},
        {"client.timeout", "--set:1:15: error: needs path=value, such as client.timeout=300ms, got "
                           "'client.timeout'"},
        {"=2", "--set:1:1: error: a path needs keys with dots between, such as client.timeout, got "
               "'=2'"},
        {"faults.3.loss=2%",
         "--set:1:8: error: there is no item '3' in a list of 1 (items count from 0)"},
        {"network.\"us-west-1 -> us-west-3\".loss=1%",
         "--set:1:10: error: unknown region 'us-west-3' in 'network'; did you mean 'us-west-1'?"},
        {"client.timeout=[1", "--set:1:18: error: not valid YAML: flow sequence without a closing "
                              "bracket"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *told = validation_of(fake_scenario, &cases[i].set, 1);

        assert_string_equal(told, cases[i].want);
        free(told);
    }
}

static void all_mistakes_are_told_at_once_and_each_once(void **state)
{
    static const char text[] = "regions: {us-west-1: {}, us-west-2: {}}\n"
                               "store: {kind: regonal}\n"
                               "app: {workers: 0}\n"
                               "network: {default: {loss: 2}}\n"
                               "durtion: 3\n";
    struct diag diag = {0};

    (void)state;
    assert_null(scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, NULL, 0, &diag));
    assert_int_equal(diag.error_count, 4);
    diag_release(&diag);
}

static void the_caret_stands_under_the_value(void **state)
{
    static const char text[] = HEAD "client:\n  timeout: 2\n";
    struct diag diag = {0};
    char *told;

    (void)state;
    assert_null(scenario_load_text(text, strlen(text), "t.yaml", &fake_registry, NULL, 0, &diag));
    told = diag_text(&diag);
    assert_string_equal(
        told, "t.yaml:4:12: error: 'client.timeout' needs a duration such as '300ms', got '2'\n"
              "  timeout: 2\n"
              "           ^\n");
    free(told);
    diag_release(&diag);
}

static void a_nest_or_a_bomb_is_refused(void **state)
{
    char *nest = mem_alloc(1, 900001), *told;

    (void)state;
    memset(nest, '[', 900000);
    nest[900000] = '\0';
    told = validation_of(nest, NULL, 0);
    assert_string_equal(told, "t.yaml:1:65: error: nested more than 64 deep");
    free(told);
    free(nest);
    told = validation_of("a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                         "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                         "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                         "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                         "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
                         "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
                         NULL, 0);
    assert_string_equal(told, "t.yaml:7:7: error: too large: more than 4000000 values once aliases "
                              "are written out");
    free(told);
}

/* --- files ----------------------------------------------------------------------------- */

static struct scenario *folder_load(struct scratch_folder *folder, const char *name, char **told,
                                    bool *cannot_read)
{
    struct diag diag = {0};
    struct scenario *scenario;

    scenario =
        scenario_load(scratch_path(folder, name), &fake_registry, NULL, 0, &diag, cannot_read);
    *told = diag_text(&diag);
    diag_release(&diag);
    return scenario;
}

static void a_file_lies_over_the_one_it_extends(void **state)
{
    struct scratch_folder folder;
    struct scenario *scenario;
    char *told;
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(
        &folder, "base.yaml",
        "regions: {r1: {}, r2: {}}\nstore: {kind: regional}\n"
        "client: {timeout: 1s, retry: {attempts: 2, backoff: {exponential: {base: 5ms}}}}\n"
        "network: {r1 <-> r2: {rtt: {median: 1ms, p99: 2ms}, loss: 1%}}\n"
        "faults: [{at: 1min}, {at: 2min}]\n");
    scratch_write(&folder, "child.yaml",
                  "extends: base.yaml\nclient: {retry: {backoff: {fixed: 7ms}}}\n"
                  "network: {r2 <-> r1: {rtt: {mean: 3ms}}}\nfaults: [{at: 3min}]\n");
    scenario = folder_load(&folder, "child.yaml", &told, &cannot_read);
    assert_string_equal(told, "");
    assert_non_null(scenario);
    {
        const struct fake_client *client = config_of(scenario, "store_client");
        const struct fake_link *link = config_of(scenario, "wan_link/r1->r2");

        assert_int_equal(client->timeout, SIM_S);
        assert_int_equal(client->attempts, 2);
        assert_int_equal(client->backoff, BACKOFF_FIXED);
        assert_true(fabs(dist_mean(link->rtt) - 3e6) < 1 && link->loss == 0.01);
        assert_int_equal(scenario->fault_span_count, 1);
    }
    free(told);
    scenario_free(scenario);
    scratch_remove(&folder);
}

static void a_circle_shows_its_chain(void **state)
{
    struct scratch_folder folder;
    char *told, want[512];
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(&folder, "a.yaml", "extends: b.yaml\n");
    scratch_write(&folder, "b.yaml", "extends: a.yaml\n");
    assert_null(folder_load(&folder, "a.yaml", &told, &cannot_read));
    snprintf(want, sizeof want,
             "%s/b.yaml:1:10: error: 'extends' goes in a circle: %s/a.yaml -> %s/b.yaml -> "
             "%s/a.yaml\nextends: a.yaml\n         ^\n",
             folder.path, folder.path, folder.path, folder.path);
    assert_string_equal(told, want);
    assert_false(cannot_read);
    free(told);
    scratch_remove(&folder);
}

static void a_mistake_in_a_base_is_told_there(void **state)
{
    struct scratch_folder folder;
    char *told;
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(&folder, "base.yaml", "regions: {r1: }\nstore: {kind: wrong}\n");
    scratch_write(&folder, "child.yaml", "extends: base.yaml\nbin: 3\n");
    assert_null(folder_load(&folder, "child.yaml", &told, &cannot_read));
    assert_non_null(strstr(told, "base.yaml:2:15: error: 'store.kind' has no choice 'wrong'"));
    assert_non_null(strstr(told, "child.yaml:2:6: error: 'bin' needs a duration"));
    free(told);
    scratch_remove(&folder);
}

static void what_cannot_be_read_is_told_apart(void **state)
{
    struct scratch_folder folder;
    char *told, *big = mem_alloc(1, (10 << 20) + 1);
    bool cannot_read = false;

    (void)state;
    scratch_open(&folder);
    assert_null(folder_load(&folder, "none.yaml", &told, &cannot_read));
    assert_true(cannot_read);
    assert_non_null(strstr(told, "none.yaml': No such file or directory"));
    free(told);
    assert_null(folder_load(&folder, "", &told, &cannot_read));
    assert_true(cannot_read);
    assert_non_null(strstr(told, "is a directory"));
    free(told);
    memset(big, '#', 10 << 20);
    big[10 << 20] = '\0';
    scratch_write(&folder, "big.yaml", big);
    assert_null(folder_load(&folder, "big.yaml", &told, &cannot_read));
    assert_false(cannot_read);
    assert_non_null(strstr(told, "big.yaml': is larger than 1 MiB"));
    free(told);
    free(big);
    scratch_remove(&folder);
}

static void measured_latencies_come_from_a_column(void **state)
{
    struct scratch_folder folder;
    struct scenario *scenario;
    const struct fake_link *link;
    char *told, want[400];
    bool cannot_read;

    (void)state;
    scratch_open(&folder);
    scratch_write(&folder, "m.csv", "time,latency_ms\n1,10\n2,\"20\"\r\n3,30\n");
    scratch_write(&folder, "s.yaml",
                  "regions: {r1: }\nstore: {kind: regional}\nnetwork: {inside: {rtt: {empirical: "
                  "{file: m.csv, column: latency_ms, unit: ms}}}}\n");
    scenario = folder_load(&folder, "s.yaml", &told, &cannot_read);
    assert_string_equal(told, "");
    link = config_of(scenario, "wan_link/r1->r1");
    assert_true(fabs(dist_quantile(link->rtt, 0.5) - 20e6) < 1);
    free(told);
    scenario_free(scenario);
    scratch_write(&folder, "bad.csv", "10ms\n  x7\n");
    scratch_write(&folder, "bad.yaml",
                  "regions: {r1: }\nstore: {kind: regional}\nnetwork: {inside: {rtt: {empirical: "
                  "bad.csv}}}\n");
    assert_null(folder_load(&folder, "bad.yaml", &told, &cannot_read));
    snprintf(want, sizeof want,
             "%s/bad.csv:2:3: error: the cell needs a duration such as '300ms', got 'x7'; where "
             "cells are bare numbers give `unit`\n  x7\n  ^\n",
             folder.path);
    assert_string_equal(told, want);
    free(told);
    scratch_remove(&folder);
}

/* --- describing ------------------------------------------------------------------------ */

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    print(out);
    fclose(out);
    return text;
}

static void print_scenario(FILE *out)
{
    static const char *const sets[] = {"client.timeout=1s"};
    struct scenario *scenario = load(fake_scenario, sets, 1);

    describe_scenario(scenario, out, false);
    describe_scenario(scenario, out, true);
    scenario_free(scenario);
}

static void print_models(FILE *out)
{
    struct diag diag = {0};

    describe_models(&fake_registry, out, false);
    describe_models(&fake_registry, out, true);
    for (size_t i = 0; i < fake_registry.model_count; i++) {
        assert_int_equal(describe_markdown(&fake_registry, fake_models[i]->section, out, &diag), 0);
        assert_int_equal(
            describe_model(&fake_registry, fake_models[i]->section, out, i % 2 == 1, &diag), 0);
    }
    assert_int_equal(describe_model(&fake_registry, "clent", out, false, &diag), -1);
    diag_release(&diag);
}

static void print_schema(FILE *out)
{
    scenario_write_schema(&fake_registry, out);
}

static bool has_line(const char *text, const char *path, const char *value, const char *origin)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        char a[200] = "", b[200] = "";
        int used = 0;

        line += *line == '\n';
        if (sscanf(line, " %199s %199s %n", a, b, &used) == 2 && strcmp(a, path) == 0 &&
            strcmp(b, value) == 0 && strncmp(line + used, origin, strlen(origin)) == 0)
            return true;
        if (!*line)
            break;
    }
    return false;
}

static void describe_tells_where_values_come_from(void **state)
{
    char *text = printed(print_scenario);

    (void)state;
    assert_true(has_line(text, "client.timeout", "1s", "--set"));
    assert_true(has_line(text, "client.retry.attempts", "4", "test.yaml:16"));
    assert_true(has_line(text, "store.service", "{exponential:", "{mean: 200us}}"));
    assert_true(has_line(text, "regions.us-west-1.app.workers", "100", "default (assumption)"));
    assert_true(has_line(text, "regions.us-west-2.app.workers", "50", "test.yaml:7"));
    assert_true(has_line(text, "app.rate", "10/s", "test.yaml:9"));
    assert_non_null(strstr(text, "\"path\": \"client.timeout\", \"value\": \"1s\""));
    free(text);
}

static void models_and_schema_are_printed(void **state)
{
    char *models = printed(print_models), *schema = printed(print_schema);

    (void)state;
    assert_non_null(strstr(models, "retry.backoff.exponential.base"));
    assert_non_null(strstr(models, "| `reauths` | count | count | region, cause | logins again |"));
    assert_non_null(strstr(schema, "\"additionalProperties\": false"));
    assert_non_null(strstr(schema, "\"exponential\": {\"type\""));
    free(models);
    free(schema);
}

static void count_assumption(void *self, const char *path, const char *value, const char *meaning)
{
    (void)value;
    (void)meaning;
    *(int *)self +=
        strcmp(path, "client.retry.attempts") == 0 || strcmp(path, "client.budget") == 0;
}

static void assumptions_are_defaults_left_alone(void **state)
{
    struct scenario *scenario = load(fake_scenario, NULL, 0);
    int count = 0;

    (void)state;
    scenario_each_assumption(scenario, count_assumption, &count);
    assert_int_equal(count, 1); /* the budget; attempts were given */
    scenario_free(scenario);
}

/* --- worlds ---------------------------------------------------------------------------- */

static void a_world_runs_and_repeats_itself(void **state)
{
    struct scenario *scenario = load(fake_scenario, NULL, 0);
    uint64_t digests[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct world_options options = {.seed = i < 2 ? 7 : 8, .warmup = 300 * SIM_S};
        struct world *world = world_create(scenario, &options);
        struct sim_outcome outcome = world_run(world);
        const struct statistics *statistics = world_statistics(world);
        double requests = 0;

        for (size_t j = 0; j < statistics->statistic_count; j++)
            if (strcmp(statistics->statistics[j].metric->name, "requests") == 0 &&
                statistics->statistics[j].region == -1 &&
                strcmp(statistics->statistics[j].window, "fault") == 0)
                requests = statistics->statistics[j].value;
        assert_true(requests == 300); /* one a second from 10 to 15 min */
        assert_int_equal(outcome.event_count, 1800);
        digests[i] = outcome.digest;
        world_free(world);
    }
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2]);
    scenario_free(scenario);
}

/* --- mutations: whatever comes, no crash and no leak ----------------------------------- */

static uint64_t next_word(uint64_t *seed)
{
    *seed += UINT64_C(0x9E3779B97F4A7C15);
    return rng_mix(*seed);
}

/* Cut, copy, overwrite or insert at random places. */
static size_t mutate(char *text, size_t length, size_t size_max, uint64_t *seed)
{
    static const char odd[] = "{}[]:,-&*!|>'\"%@`#\n\t ~\\\x00\xff<>=.0";
    size_t at = next_word(seed) % (length + 1), run = next_word(seed) % 12;
    size_t from = next_word(seed) % (length + 1);

    switch (next_word(seed) % 4) {
    case 0:
        if (at + run > length)
            run = length - at;
        memmove(text + at, text + at + run, length - at - run);
        return length - run;
    case 1:
        if (at < length)
            text[at] = odd[next_word(seed) % (sizeof odd - 1)];
        return length;
    case 2:
        if (from + run > length || length + run > size_max)
            return length;
        memmove(text + at + run, text + at, length - at);
        memmove(text + at, text + from, run);
        return length + run;
    default:
        if (length + 1 > size_max)
            return length;
        memmove(text + at + 1, text + at, length - at);
        text[at] = odd[next_word(seed) % (sizeof odd - 1)];
        return length + 1;
    }
}

static void ten_thousand_mutants_neither_crash_nor_leak(void **state)
{
    uint64_t seed = 20240607;
    size_t loaded = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        char text[4096];
        size_t length = sizeof fake_scenario - 1, changes = 1 + next_word(&seed) % 2;
        struct diag diag = {0};
        struct scenario *scenario;

        memcpy(text, fake_scenario, length);
        for (size_t j = 0; j < changes; j++)
            length = mutate(text, length, sizeof text - 16, &seed);
        scenario = scenario_load_text(text, length, "mutant", &fake_registry, NULL, 0, &diag);
        assert_true((scenario == NULL) == (diag.error_count > 0));
        if (scenario) {
            struct diag again = {0};
            struct scenario *twin =
                scenario_load_text(scenario->resolved, strlen(scenario->resolved), "twin",
                                   &fake_registry, NULL, 0, &again);

            assert_non_null(twin);
            assert_true(twin->hash == scenario->hash);
            scenario_free(twin);
            diag_release(&again);
        }
        loaded += scenario != NULL;
        scenario_free(scenario);
        diag_release(&diag);
    }
    assert_in_range(loaded, 300, 9999); /* else the mutants are all noise */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_fills_every_config),
        cmocka_unit_test(a_region_overrides_the_default),
        cmocka_unit_test(one_direction_beats_both_whatever_the_order),
        cmocka_unit_test(the_resolved_text_loads_to_the_same_hash),
        cmocka_unit_test(the_order_of_keys_does_not_change_the_hash),
        cmocka_unit_test(every_way_of_writing_a_distribution_is_one),
        cmocka_unit_test(set_goes_wherever_a_file_may_go),
        cmocka_unit_test(expectations_name_metrics_labels_and_windows),
        cmocka_unit_test(warmup_may_be_found),
        cmocka_unit_test(each_mistake_is_told_in_its_words),
        cmocka_unit_test(a_wrong_set_is_placed_in_its_text),
        cmocka_unit_test(all_mistakes_are_told_at_once_and_each_once),
        cmocka_unit_test(the_caret_stands_under_the_value),
        cmocka_unit_test(a_nest_or_a_bomb_is_refused),
        cmocka_unit_test(a_file_lies_over_the_one_it_extends),
        cmocka_unit_test(a_circle_shows_its_chain),
        cmocka_unit_test(a_mistake_in_a_base_is_told_there),
        cmocka_unit_test(what_cannot_be_read_is_told_apart),
        cmocka_unit_test(measured_latencies_come_from_a_column),
        cmocka_unit_test(describe_tells_where_values_come_from),
        cmocka_unit_test(models_and_schema_are_printed),
        cmocka_unit_test(assumptions_are_defaults_left_alone),
        cmocka_unit_test(a_world_runs_and_repeats_itself),
        cmocka_unit_test(ten_thousand_mutants_neither_crash_nor_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
