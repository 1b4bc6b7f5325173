// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The base is point 0; each further scenario, and each --with applied to the base, is a point. All
 * use the seed of the base, so replication i has the same users at every point.
 */
#include "compare.h"
#include "json_writer.h"
#include "mem.h"
#include "quote.h"
#include "study_command.h"
#include "text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_VALUES struct compare_values

struct compare_values {
    struct study_values study;
    struct text_list withs;
    const char *metrics, *margin;
};

/* clang-format off */
static const struct option compare_options[] = {
    LIST_OPTION("with", withs, "PATH=VALUE,...", "alternative: the first scenario with these parameters; repeatable"),
    TEXT_OPTION("metric", metrics, "METRIC[:MARGIN],...", "all rates, p99s and single values that have a better direction", "metrics to compare, such as 'reauth_rate,login_latency{region=us-west-2}.p50:1ms'"),
    TEXT_OPTION("margin", margin, "MARGIN", "1%", "largest difference that counts as equivalent: a percentage of the base's mean, or an absolute value if all metrics share its unit"),
    OPTIONS_END,
};
/* clang-format on */

struct comparing {
    const struct compare_values *values;
    const struct point_set *set;
    struct watch_list statistics;
    struct compare_plan plan;
    struct compared *rows;
    size_t row_count;
};

static void comparing_run(void *self, struct study_runner *runner)
{
    struct comparing *comparing = self;

    watch_list_open(&comparing->statistics, runner);
    compare_run(runner, &comparing->plan);
    comparing->row_count = (comparing->set->count - 1) * comparing->statistics.count;
    comparing->rows = mem_alloc(comparing->row_count, sizeof *comparing->rows);
    compare_rows(runner, &comparing->plan, comparing->rows);
}

/* --- output --------------------------------------------------------------------------------- */

/* How much pairing narrows the interval: width without pairing over width with it. */
static void add_narrowing(struct text_table *table, const struct paired *paired)
{
    if (isnan(paired->variance_ratio))
        text_table_add(table, "-");
    else if (paired->variance_ratio == 0)
        text_table_add(table, "pairs agree");
    else
        text_table_add(table, "%.3g times", 1 / sqrt(paired->variance_ratio));
}

/* "recovers in 12 of 20 instead of 20 of 20"; of a count that never exceeds one, the replications
 * that have it. */
static void add_outcomes(struct strbuf *out, const struct compared *row)
{
    const struct paired_outcomes *pairs = &row->outcomes;
    uint64_t n = pairs->both + pairs->base_only + pairs->value_only + pairs->neither;
    uint64_t base = pairs->both + pairs->base_only, value = pairs->both + pairs->value_only;

    outcome_add(out, row->outcome, &row->statistic->ref, value, n);
    if (row->outcome == OUTCOME_COUNTED)
        base = n - base;
    if (row->by_outcome)
        strbuf_addf(out, " instead of %" PRIu64 " of %" PRIu64 " (p %.2g, McNemar %.2g)", base, n,
                    row->p_difference, pairs->p);
    else
        strbuf_add(out, " on both sides");
}

static void add_verdict(struct text_table *table, const struct compared *row)
{
    struct strbuf *cell = text_table_cell(table);
    uint64_t pairs = row->paired.difference.count;

    if (row->by_outcome) {
        strbuf_addf(cell, "%s: ", paired_verdict_name(row->verdict));
        add_outcomes(cell, row);
        return;
    }
    if (!compared_is_asked(row)) {
        strbuf_addf(cell, "no pair: a value in %" PRIu32 " of %" PRIu32, row->value_values,
                    row->runs);
        strbuf_addf(cell, " instead of %" PRIu32 " of %" PRIu32, row->base_values, row->runs);
        return;
    }
    if (pairs < 2) {
        strbuf_add(cell, "undecided: n = 1, no interval");
    } else if (row->identical) {
        strbuf_add(cell, "equivalent: identical");
    } else if (row->alike) {
        strbuf_addf(cell, "no difference seen in %" PRIu64 " pairs", pairs);
    } else if (row->verdict == PAIRED_EQUIVALENT) {
        strbuf_add(cell, "equivalent within ");
        units_add(cell, row->margin, metric_ref_unit(&row->statistic->ref), 3);
        strbuf_addf(cell, " (p %.2g)", row->p_alike);
    } else if (row->verdict != PAIRED_UNDECIDED) {
        strbuf_addf(cell, "%s (p %.2g)", paired_verdict_name(row->verdict), row->p_difference);
    } else {
        strbuf_addf(cell, "undecided (p %.2g)", row->p_difference);
        if (row->needed > 0)
            strbuf_addf(cell, "; about %" PRIu64 " replications needed", row->needed);
    }
    if (row->of_few)
        strbuf_add(cell, "; few samples");
    if (row->has_outcomes && row->outcome != OUTCOME_COUNTED) {
        strbuf_add(cell, "; ");
        add_outcomes(cell, row);
    }
}

/* The difference of the pairs in which both came, if any; a quantile has none of pairs. */
static void add_difference(struct text_table *table, const struct compared *row, enum unit unit)
{
    struct strbuf *cell;

    if (row->paired.difference.count == 0 || quantile_over_runs(&row->statistic->ref) > 0) {
        text_table_add(table, "-");
        text_table_add(table, "-");
        return;
    }
    units_add(text_table_cell(table), row->paired.base.mean, unit, 3);
    cell = text_table_cell(table);
    interval_add(cell, &row->paired.interval, unit);
}

static void print_alternative(const struct comparing *comparing, uint32_t point)
{
    struct text_table *table =
        text_table_create("metric\tbase\tdifference\tn\tnarrowed by pairing\tverdict");
    struct strbuf label = STRBUF_INIT;
    size_t absent = 0;

    point_label_add(&label, &comparing->set->points[point]);
    printf("\n");
    quote_print_line(stdout, "%s", label.text);
    for (size_t i = 0; i < comparing->row_count; i++) {
        const struct compared *row = &comparing->rows[i];
        enum unit unit = metric_ref_unit(&row->statistic->ref);
        if (row->point != point)
            continue;
        if (!compared_is_asked(row) && row->base_values + row->value_values == 0) {
            absent++;
            continue;
        }
        text_table_add(table, "%s", row->statistic->text);
        add_difference(table, row, unit);
        text_table_add(table, "%" PRIu64,
                       row->by_outcome ? row->runs : row->paired.difference.count);
        add_narrowing(table, &row->paired);
        add_verdict(table, row);
    }
    text_table_print_and_free(table, stdout);
    if (absent > 0)
        printf("  %zu more metrics have no data in these runs\n", absent);
    strbuf_release(&label);
}

static void print_text(const struct comparing *comparing)
{
    struct strbuf label = STRBUF_INIT;

    point_label_add(&label, &comparing->set->points[0]);
    quote_print_line(stdout,
                     "Against %s: paired differences with %.3g%% intervals; p-values adjusted "
                     "(Holm) over all metrics",
                     label.text, comparing->plan.level * 100);
    printf("and alternatives; base: mean over the same replications, whose interval the summary "
           "has.\nPlain numbers are counts of a replication, or ratios.\n");
    for (uint32_t point = 1; point < comparing->set->count; point++)
        print_alternative(comparing, point);
    strbuf_release(&label);
}

static void write_row(struct json_writer *json, const struct compared *row, const char *alternative)
{
    const struct paired *paired = &row->paired;
    bool there = paired->difference.count > 0;

    json_open_object(json, NULL);
    json_count(json, "point", row->point);
    json_text(json, "alternative", alternative);
    json_text(json, "metric", row->statistic->text);
    json_text(json, "unit", unit_name(metric_ref_unit(&row->statistic->ref)));
    json_count(json, "n", paired->difference.count);
    json_number(json, "base", there ? paired->base.mean : NAN);
    json_number(json, "value", there ? paired->value.mean : NAN);
    json_number(json, "difference", there ? paired->difference.mean : NAN);
    json_number(json, "low", paired->interval.low);
    json_number(json, "high", paired->interval.high);
    if (row->has_outcomes) {
        const struct paired_outcomes *pairs = &row->outcomes;
        json_text(json, "outcome", outcome_name(row->outcome));
        json_count(json, "runs",
                   pairs->both + pairs->base_only + pairs->value_only + pairs->neither);
        json_count(json, "base_well", pairs->both + pairs->base_only);
        json_count(json, "value_well", pairs->both + pairs->value_only);
        json_number(json, "p_mcnemar", pairs->p);
    }
    json_flag(json, "few_samples", row->of_few);
    json_flag(json, "all_equal", row->alike);
    json_flag(json, "identical", row->identical);
    json_number(json, "variance_ratio", paired->variance_ratio);
    json_number(json, "margin", row->margin);
    json_number(json, "p_difference", row->p_difference);
    json_number(json, "p_not_equivalent", row->p_alike);
    json_text(json, "verdict",
              compared_is_asked(row) ? paired_verdict_name(row->verdict) : "no data");
    json_count(json, "replications_needed", row->needed);
    json_close(json);
}

static void print_json(const struct comparing *comparing)
{
    struct strbuf label = STRBUF_INIT;
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "level", comparing->plan.level);
    json_open_array(&json, "comparisons");
    for (size_t i = 0; i < comparing->row_count; i++) {
        strbuf_clear(&label);
        point_label_add(&label, &comparing->set->points[comparing->rows[i].point]);
        write_row(&json, &comparing->rows[i], label.text);
    }
    json_close(&json);
    json_close(&json);
    json_end(&json);
    strbuf_release(&label);
}

static void comparing_find(void *self, struct finding_list *list)
{
    const struct comparing *comparing = self;

    for (size_t i = 0; i < comparing->row_count; i++) {
        const struct compared *row = &comparing->rows[i];
        const struct finding finding = {
            .kind = "compare",
            .point = row->point,
            .subject = row->statistic->text,
            .verdict = (char *)(uintptr_t)paired_verdict_name(row->verdict),
            .unit = metric_ref_unit(&row->statistic->ref),
            .interval = row->paired.interval,
        };
        struct strbuf outcomes = STRBUF_INIT;
        if (row->has_outcomes) {
            strbuf_add(&outcomes, "; ");
            add_outcomes(&outcomes, row);
        }
        if (compared_is_asked(row))
            finding_add(list, &finding,
                        "difference to point 0; margin %.6g, p %.3g, p of not equivalent %.3g%s",
                        row->margin, row->p_difference, row->p_alike, outcomes.text);
        strbuf_release(&outcomes);
    }
}

/* Metrics without data do not make the comparison undecided. */
static int comparing_print(void *self)
{
    const struct comparing *comparing = self;
    bool decided = true;

    if (!comparing->values->study.quiet && !comparing->values->study.digest) {
        if (comparing->values->study.json)
            print_json(comparing);
        else
            print_text(comparing);
    }
    for (size_t i = 0; i < comparing->row_count; i++)
        if (compared_is_asked(&comparing->rows[i]) &&
            comparing->rows[i].verdict == PAIRED_UNDECIDED)
            decided = false;
    return decided ? EXIT_DONE : EXIT_UNDECIDED;
}

/* --- the points ----------------------------------------------------------------------------- */

/* One parameter that names the scenario of a point. */
static struct study_param *scenario_param(const char *path)
{
    struct study_param *param = mem_alloc(1, sizeof *param);

    *param = (struct study_param){mem_strdup("scenario"), mem_strdup(path)};
    return param;
}

static bool add_scenario(const struct invocation *invocation, const char *path,
                         const struct set_list *extra, struct study_param *params,
                         size_t param_count, struct point_set *set, int *code)
{
    struct scenario *scenario = study_load_scenario(invocation, path, extra, code);

    point_set_add(set, scenario, params, param_count);
    return scenario != NULL;
}

/* Split "a=1, b=2" into sets and parameters of the point. */
static bool add_with(const struct invocation *invocation, const char *with, struct point_set *set,
                     int *code)
{
    struct set_list sets = {NULL, 0, 0}, named = {NULL, 0, 0}; /* as errors are to name them */
    struct study_param *params = NULL;
    size_t count = 0;
    bool good = set_list_split(&sets, with);

    if (!good)
        *code = usage_error("'--with' needs PATH=VALUE, such as 'client.timeout=500ms', got '%s'",
                            with);
    for (; good && count < sets.count; count++) {
        const char *equals = strchr(sets.items[count], '=');
        params = mem_realloc(params, count + 1, sizeof *params);
        params[count] = (struct study_param){
            mem_strndup(sets.items[count], (size_t)(equals - sets.items[count])),
            mem_strdup(equals + 1)};
    }
    for (size_t i = 0; good && i < sets.count; i++)
        set_list_addf(&named, SCENARIO_WITH "%s", sets.items[i]);
    if (good)
        good = add_scenario(invocation, invocation->arguments[0], &named, params, count, set, code);
    set_list_release(&named);
    set_list_release(&sets);
    return good;
}

static bool make_points(const struct invocation *invocation, struct point_set *set, int *code)
{
    const struct compare_values *values = invocation->values;
    bool good = true;

    for (size_t i = 0; i < invocation->argument_count; i++)
        good = add_scenario(invocation, invocation->arguments[i], NULL,
                            scenario_param(invocation->arguments[i]), 1, set, code) &&
               good;
    for (size_t i = 0; good && i < values->withs.count; i++)
        good = add_with(invocation, values->withs.items[i], set, code);
    return good;
}

static bool choose_statistics(struct comparing *comparing)
{
    const struct compare_values *values = comparing->values;
    const struct scenario *base = comparing->set->scenarios[0];
    struct diag diag = {0};
    bool good = true;

    if (values->metrics)
        good = watch_list_parse(&comparing->statistics, base, "--metric", values->metrics, &diag);
    else
        watch_list_add_main(&comparing->statistics, base);
    good = good && watch_list_default_amount(&comparing->statistics, "--margin",
                                             values->margin ? values->margin : "1%", &diag);
    print_diag(&diag);
    return good;
}

static int compare_points(const struct invocation *invocation, const struct point_set *set)
{
    const struct run_config *run = &set->scenarios[0]->run;
    struct comparing comparing = {
        .values = invocation->values,
        .set = set,
        .plan = {NULL, (uint32_t)set->count, run->replications, run->replications, run->level},
    };
    struct conduct conduct = {
        .self = &comparing, .run = comparing_run, .print = comparing_print, .find = comparing_find};
    uint32_t limit = comparing.values->study.replications_max;
    struct strbuf settings = STRBUF_INIT;
    int code = EXIT_USAGE;

    if (limit > 0)
        strbuf_addf(&settings, "until decided: metric %s, margin %s, at most %" PRIu32,
                    comparing.values->metrics ? comparing.values->metrics : "all",
                    comparing.values->margin ? comparing.values->margin : "1%", limit);
    conduct.settings = settings.text;
    if (limit > run->replications)
        comparing.plan.replications_max = limit;
    comparing.plan.statistics = &comparing.statistics;
    if (choose_statistics(&comparing))
        code = study_command_conducted(invocation, set, &conduct);
    watch_list_release(&comparing.statistics);
    strbuf_release(&settings);
    free(comparing.rows);
    return code;
}

static int compare(const struct invocation *invocation)
{
    const struct compare_values *values = invocation->values;
    struct point_set set = {NULL, NULL, 0};
    int code = EXIT_DONE;

    if (invocation->argument_count + values->withs.count < 2)
        return usage_error("'compare' needs an alternative: a second scenario, or '--with "
                           "client.timeout=500ms'");
    if (make_points(invocation, &set, &code))
        code = compare_points(invocation, &set);
    point_set_release(&set);
    return code;
}

static const struct refused_option refused[] = {
    {"precision", "'--max-replications' adds replications until all metrics are decided"},
    {NULL, NULL},
};

const struct command cmd_compare = {
    .name = "compare",
    .arguments = "BASE [SCENARIO...]",
    .argument_min = 1,
    .argument_max = 100,
    .summary = "Compare alternatives with a base, metric by metric: better, worse or equivalent",
    .details =
        "All alternatives use the same random numbers as the base, so replication i of each forms "
        "a pair, and the interval is that of the paired differences; a column shows how much "
        "wider it would be without pairing. Differences within '--margin' are equivalent if two "
        "one-sided tests agree. '--max-replications N' adds replications until all metrics are "
        "decided. Exit code 12 if a metric is undecided. An identical alternative gives "
        "differences of exactly 0.",
    .examples =
        "  isthmus compare scenarios/10-peering-brownout.yaml --with client.timeout=500ms \\\n"
        "      --with 'client.timeout=1s, client.retry.attempts=2'\n"
        "  isthmus compare scenarios/60-retry-storm.yaml "
        "scenarios/61-retry-storm-with-budget.yaml \\\n"
        "      --metric availability,reauth_rate,write_latency.p99 --max-replications 100",
    .options = compare_options,
    .more_options = study_options,
    .old_options = study_old_options,
    .refused = refused,
    .plans = true,
    .values_size = sizeof(struct compare_values),
    .run = compare,
};
