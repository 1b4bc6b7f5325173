// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "describe.h"
#include "expectation.h"
#include "fake_load.h"

#include "json_schema.h"
#include "scenario_values.h"
#include "scratch_folder.h"
#include "sweep_axis.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define REGIONS "regions: {us-west-1: {}, us-west-2: {}}\n"
#define GLOBAL REGIONS "store: {kind: global-datastore}\n"
#define REGIONAL REGIONS "store: {kind: regional}\n"

static bool has_metric(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->metric_count; i++)
        if (strcmp(scenario->metrics[i]->name, name) == 0)
            return true;
    return false;
}

/* --- parameters ------------------------------------------------------------------------ */

static void parameters_of_a_kind_stand_beside_the_models_own(void **state)
{
    static const char *const sets[] = {"store.promotion.duration=exponential(2min)"};
    struct scenario *scenario =
        fake_load(REGIONS "store: {kind: global-datastore, memory: 64 MiB, data_set: 32 MiB,\n"
                          "        promotion: {duration: {mean: 3min}, comment: slow}}\n",
                  sets, 1);
    const struct scenario_instance *instance = fake_instance(scenario, "store");
    const struct fake_store *store = instance->config;
    const struct fake_global *global = instance->kind_config;

    (void)state;
    assert_ptr_equal(instance->kind, &fake_global_kind);
    assert_int_equal(store->memory, 64 << 20);
    assert_int_equal(global->data_set, 32 << 20);
    assert_string_equal(global->comment, "slow");
    assert_false(global->verified);
    assert_true(dist_mean(global->promotion) == 120e9);
    assert_string_equal(scenario_value(scenario, "store.data_set"), "32 MiB");
    assert_string_equal(scenario_value(scenario, "store.promotion.verified"), "false");
    assert_null(scenario_value(scenario, "store.shards"));
    scenario_free(scenario);
}

static void the_resolved_text_of_either_kind_loads_to_the_same_hash(void **state)
{
    static const char *const texts[] = {GLOBAL, REGIONAL,
                                        REGIONS "store: {kind: regional, shards: 7}\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct scenario *first = fake_load(texts[i], NULL, 0),
                        *again = fake_load(first->resolved, NULL, 0);

        assert_string_equal(first->resolved, again->resolved);
        scenario_free(first);
        scenario_free(again);
    }
}

/* A row of a kind adds a value to the label of another model's metric, only with that kind. */
static void a_kind_supplies_values_of_a_label(void **state)
{
    struct scenario *scenario =
        fake_load(REGIONAL "expect: ['reauths{cause=other-region} < 1']\n", NULL, 0);
    char *errors = fake_report(GLOBAL "expect: ['reauths{cause=other-region} < 1']\n", NULL, 0);

    (void)state;
    assert_string_equal(scenario->expects[0].left.label, "other-region");
    assert_string_equal(errors, "t.yaml:3:25: error: unknown cause 'other-region'; known are "
                                "replication-lag, local-only\n"
                                "expect: ['reauths{cause=other-region} < 1']\n"
                                "                        ^\n");
    free(errors);
    scenario_free(scenario);
}

static void count_data_set(void *self, const char *path, const char *value, const char *meaning)
{
    (void)value, (void)meaning;
    *(int *)self += strcmp(path, "store.data_set") == 0;
}

static void assumptions_are_those_of_the_chosen_kind(void **state)
{
    struct scenario *global = fake_load(GLOBAL, NULL, 0), *regional = fake_load(REGIONAL, NULL, 0);
    int count = 0;

    (void)state;
    scenario_each_assumption(regional, count_data_set, &count);
    assert_int_equal(count, 0);
    scenario_each_assumption(global, count_data_set, &count);
    assert_int_equal(count, 1);
    scenario_free(global);
    scenario_free(regional);
}

/* --- what is refused ------------------------------------------------------------------- */

static void what_belongs_to_another_kind_is_refused_by_name(void **state)
{
    static const struct {
        const char *text, *set, *want;
    } cases[] = {
        {REGIONS "store: {kind: regional, data_set: 1 GiB}\n", NULL,
         "t.yaml:2:25: error: 'data_set' is a parameter of kind 'global-datastore', not of "
         "'regional'\n"
         "store: {kind: regional, data_set: 1 GiB}\n"
         "                        ^\n"},
        {REGIONS "store: {promotion: {comment: x}, kind: regional}\n", NULL,
         "t.yaml:2:9: error: 'promotion' is a parameter of kind 'global-datastore', not of "
         "'regional'\n"
         "store: {promotion: {comment: x}, kind: regional}\n"
         "        ^\n"},
        {GLOBAL, "store.shards=2",
         "--set:1:7: error: 'shards' is a parameter of kind 'regional', not of "
         "'global-datastore'\n"
         "store.shards=2\n"
         "      ^\n"},
        {GLOBAL "sweep: {store.shards: [2]}\n", NULL,
         "t.yaml:3:9: error: 'shards' is a parameter of kind 'regional', not of "
         "'global-datastore'\n"
         "sweep: {store.shards: [2]}\n"
         "        ^\n"},
        {REGIONS "store: {kind: regional, shard: 2}\n", NULL,
         "t.yaml:2:25: error: unknown key 'shard' in store; did you mean 'shards'?\n"
         "store: {kind: regional, shard: 2}\n"
         "                        ^\n"},
        {REGIONS "store: {kind: global-datastore, promotion: {veryfied: true}}\n", NULL,
         "t.yaml:2:45: error: unknown key 'veryfied' in store.promotion; did you mean "
         "'verified'?\n"
         "store: {kind: global-datastore, promotion: {veryfied: true}}\n"
         "                                            ^\n"},
        {REGIONS "store: {kind: global-datastore, data_set: 2 GiB}\n", NULL,
         "t.yaml:2:43: error: 'store.data_set' must fit into 'memory'\n"
         "store: {kind: global-datastore, data_set: 2 GiB}\n"
         "                                          ^\n"},
        {REGIONAL "replication: {}\n", NULL,
         "t.yaml:3:1: error: 'replication' is a section of kind 'global-datastore', not of "
         "'regional'\n"
         "replication: {}\n"
         "^\n"},
        {REGIONAL "expect: [resyncs < 1]\n", NULL,
         "t.yaml:3:10: error: 'resyncs' is a metric of kind 'global-datastore', not of "
         "'regional'\n"
         "expect: [resyncs < 1]\n"
         "         ^\n"},
        {GLOBAL "expect: [shards_in_use < 1]\n", NULL,
         "t.yaml:3:10: error: 'shards_in_use' is a metric of kind 'regional', not of "
         "'global-datastore'\n"
         "expect: [shards_in_use < 1]\n"
         "         ^\n"},
        {REGIONS "store: {kind: regional, note: x}\n", NULL,
         "t.yaml:2:25: error: 'note' is a parameter of kind 'global-datastore', not of "
         "'regional'\n"
         "store: {kind: regional, note: x}\n"
         "                        ^\n"},
        /* The kind is unknown: the other keys are not checked. */
        {REGIONS "store: {kind: regonal, data_set: 1 GiB, shards: 2}\nreplication: {}\n", NULL,
         "t.yaml:2:15: error: 'store.kind' has no choice 'regonal'; did you mean 'regional'?\n"
         "store: {kind: regonal, data_set: 1 GiB, shards: 2}\n"
         "              ^\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = fake_report(cases[i].text, &cases[i].set, cases[i].set ? 1 : 0);

        assert_string_equal(text, cases[i].want);
        free(text);
    }
}

/* --- another kind than in the base ----------------------------------------------------- */

/* Load the second of two files over the first; *text: the messages, without the folder. */
static struct scenario *load_over(const char *base, const char *over, char **text)
{
    struct scratch_folder folder;
    struct diag diag = {0};
    struct scenario *scenario;

    scratch_open(&folder);
    scratch_write(&folder, "base.yaml", base);
    scratch_write(&folder, "over.yaml", over);
    scenario =
        scenario_load(scratch_path(&folder, "over.yaml"), &fake_registry, NULL, 0, &diag, NULL);
    *text = diag_text(&diag);
    scratch_strip(&folder, *text);
    diag_release(&diag);
    scratch_remove(&folder);
    return scenario;
}

static const char base_text[] = REGIONS "store:\n"
                                        "  kind: global-datastore\n"
                                        "  memory: 64 MiB\n"
                                        "  data_set: 8 MiB\n"
                                        "  note: of the base\n"
                                        "  promotion: {comment: slow}\n"
                                        "replication: {buffer: 2 MiB}\n";

static void what_a_base_says_for_its_kind_is_left_out_with_a_note(void **state)
{
    char *text;
    struct scenario *scenario =
        load_over(base_text, "extends: base.yaml\nstore: {kind: regional, shards: 5}\n", &text);
    const struct scenario_instance *store;

    (void)state;
    assert_string_equal(
        text, "over.yaml:2:15: note: ignored inherited settings that kind 'regional' does "
              "not have: 'store.data_set' (base.yaml:5), 'store.note' (base.yaml:6), "
              "'store.promotion' (base.yaml:7), 'replication' (base.yaml:8)\n"
              "store: {kind: regional, shards: 5}\n"
              "              ^\n");
    assert_non_null(scenario);
    store = fake_instance(scenario, "store");
    assert_int_equal(((const struct fake_store *)store->config)->memory, 64 << 20);
    assert_int_equal(((const struct fake_regional *)store->kind_config)->shards, 5);
    assert_null(fake_instance(scenario, "replication"));
    free(text);
    scenario_free(scenario);
}

static void what_a_file_says_itself_is_not_left_out(void **state)
{
    char *text;

    (void)state;
    assert_null(load_over(base_text,
                          "extends: base.yaml\nstore: {kind: regional, data_set: 1 MiB}\n"
                          "replication: {buffer: 1 MiB}\n",
                          &text));
    assert_non_null(strstr(text, "over.yaml:2:25: error: 'data_set' is a parameter of kind "));
    assert_non_null(strstr(text, "over.yaml:3:1: error: 'replication' is a section of kind "));
    free(text);
    /* Errors of the base itself are reported. */
    assert_null(load_over(REGIONS "store: {kind: regional, data_set: 1 MiB}\n",
                          "extends: base.yaml\nstore: {shards: 2}\n", &text));
    assert_non_null(strstr(text, "base.yaml:2:25: error: 'data_set' is a parameter of kind "));
    free(text);
}

static void a_set_or_a_sweep_may_change_the_kind(void **state)
{
    static const char *const sets[] = {"store.kind=regional", "store.shards=9"};
    struct scenario *scenario =
        fake_load(REGIONS "store: {kind: global-datastore, data_set: 8 MiB}\n"
                          "replication: {buffer: 2 MiB}\n"
                          "sweep: {store.kind: [global-datastore, regional]}\n",
                  sets, 2);
    const struct scenario_instance *store = fake_instance(scenario, "store");

    (void)state;
    assert_ptr_equal(store->kind, &fake_regional_kind);
    assert_int_equal(((const struct fake_regional *)store->kind_config)->shards, 9);
    assert_null(fake_instance(scenario, "replication"));
    assert_int_equal(scenario->axes[0].value_count, 2);
    scenario_free(scenario);
}

/* --- metrics and worlds ---------------------------------------------------------------- */

static void metrics_are_those_of_the_models_and_kinds_that_are_there(void **state)
{
    struct scenario *global = fake_load(GLOBAL, NULL, 0), *regional = fake_load(REGIONAL, NULL, 0);

    (void)state;
    assert_true(has_metric(global, "replication_lag") && has_metric(global, "resyncs"));
    assert_false(has_metric(global, "shards_in_use"));
    assert_true(has_metric(regional, "shards_in_use"));
    assert_false(has_metric(regional, "replication_lag") || has_metric(regional, "resyncs"));
    assert_true(has_metric(global, "conflicts") && has_metric(regional, "conflicts"));
    scenario_free(global);
    scenario_free(regional);
}

static void a_world_hands_the_kind_to_its_model(void **state)
{
    struct scenario *scenario = fake_load(REGIONS "store: {kind: regional, shards: 6}\n"
                                                  "expect: [shards_in_use > 5]\n",
                                          NULL, 0);
    const struct world_options options = {.seed = 1};
    struct world *world = world_create(scenario, &options);
    const struct statistics *statistics;
    double shards = 0;

    (void)state;
    world_run(world);
    statistics = world_statistics(world);
    for (size_t i = 0; i < statistics->statistic_count; i++)
        if (statistics->statistics[i].metric == scenario->expects[0].left.metric)
            shards = statistics->statistics[i].value;
    assert_true(shards == 6);
    world_free(world);
    scenario_free(scenario);
}

/* --- describing ------------------------------------------------------------------------ */

static char *described(const char *name, int *status, bool json, bool markdown)
{
    struct diag diag = {0};
    char *text = NULL, *errors;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    *status = markdown ? describe_markdown(&fake_registry, name, out, &diag)
                       : describe_model(&fake_registry, name, out, json, &diag);
    errors = diag_text(&diag);
    fputs(errors, out);
    fclose(out);
    free(errors);
    diag_release(&diag);
    return text;
}

static void describe_lists_the_kinds_and_each_of_them(void **state)
{
    static const struct {
        const char *name;
        bool json, markdown;
        int status;
        const char *has, *lacks;
    } cases[] = {
        {"store", false, false, 0, "  regional          one store a region\n", "data_set"},
        {"store", true, false, 0, "{\"name\": \"regional\", \"meaning\": \"one store a region\"}",
         "data_set"},
        {"store", false, true, 0, "| `regional` | one store a region |\n", "data_set"},
        {"store.regional", false, false, 0, "\n  shards     count  3 ", "memory"},
        {"store.regional", false, false, 0, "describe store)\nwithout 'note'\n", "memory"},
        {"store.regional", true, false, 0, "\"kind\": \"regional\"", "memory"},
        {"store.regional", true, false, 0, "\"lacks\": [\n  \"note\"]", "memory"},
        {"store.regional", false, true, 0, "\nParameters of every kind, without `note`.\n",
         "memory"},
        {"store.regional", false, true, 0, "| `shards` | count | 3 | 1 to 100 |", "memory"},
        {"store.global-datastore", false, false, 0, "promotion.verified", "shards"},
        {"store.regonal", false, false, -1,
         "'store' has no kind or parameter 'regonal'; did you mean 'regional'?", "memory"},
        {"client.x", false, false, -1, "'client' has no parameter 'x'; they are timeout", "memory"},
        {"replication", false, false, 0, "only where 'store.kind' is global-datastore\n", "shards"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int status;
        char *text = described(cases[i].name, &status, cases[i].json, cases[i].markdown);

        assert_int_equal(status, cases[i].status);
        if (!strstr(text, cases[i].has) || strstr(text, cases[i].lacks))
            fail_msg("%s: wants '%s' and not '%s', got:\n%s", cases[i].name, cases[i].has,
                     cases[i].lacks, text);
        free(text);
    }
}

static void the_schema_follows_the_kind(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    char *at;

    (void)state;
    scenario_write_schema(&fake_registry, out);
    fclose(out);
    at = strstr(text, "\"const\": \"regional\"");
    assert_non_null(at);
    assert_non_null(strstr(at, "\"else\""));
    *strstr(at, "\"else\"") = '\0'; /* without a kind all parameters are allowed */
    assert_non_null(strstr(at, "\"shards\""));
    assert_null(strstr(at, "\"note\""));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_of_a_kind_stand_beside_the_models_own),
        cmocka_unit_test(the_resolved_text_of_either_kind_loads_to_the_same_hash),
        cmocka_unit_test(a_kind_supplies_values_of_a_label),
        cmocka_unit_test(assumptions_are_those_of_the_chosen_kind),
        cmocka_unit_test(what_belongs_to_another_kind_is_refused_by_name),
        cmocka_unit_test(what_a_base_says_for_its_kind_is_left_out_with_a_note),
        cmocka_unit_test(what_a_file_says_itself_is_not_left_out),
        cmocka_unit_test(a_set_or_a_sweep_may_change_the_kind),
        cmocka_unit_test(metrics_are_those_of_the_models_and_kinds_that_are_there),
        cmocka_unit_test(a_world_hands_the_kind_to_its_model),
        cmocka_unit_test(describe_lists_the_kinds_and_each_of_them),
        cmocka_unit_test(the_schema_follows_the_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
