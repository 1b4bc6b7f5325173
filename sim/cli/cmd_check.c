// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The baseline is a results file of an earlier run of the scenario, possibly by another version of
 * this program. Its seed is used unless --seed is given, so replication i of both has the same
 * users, and all differences are exactly 0 if neither program nor scenario changed.
 */
#include "check.h"
#include "json_writer.h"
#include "junit.h"
#include "mem.h"
#include "provenance.h"
#include "query.h"
#include "quote.h"
#include "requirement.h"
#include "study_command.h"
#include "text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_VALUES struct check_values
#define MORE_TIMES 4 /* default limit of replications, as a multiple of the baseline's */

struct check_values {
    struct study_values study;
    const char *against, *metrics, *margin, *junit;
    uint32_t study_id;
};

/* clang-format off */
static const struct option check_options[] = {
    TEXT_OPTION ("against", against, "BASELINE.db", NULL, "results file of the baseline"),
    COUNT_OPTION("against-study", study_id, "N", "the newest", "study of the baseline, counted from 1; its first point is used"),
    TEXT_OPTION ("metric", metrics, "METRIC[:MARGIN],...", "all rates, p99s and single values that have a better direction", "metrics to check, such as 'reauth_rate,login_latency.p50:1ms'"),
    TEXT_OPTION ("margin", margin, "MARGIN", "5%, at least 0.05% of a ratio, 1 of a count, 1 ms of a latency, 1 s of RTO and RPO; with another seed at least what the replications can decide", "tolerated worsening: a percentage of the baseline's mean (for an availability, of the unavailability), or an absolute value if all metrics share its unit"),
    TEXT_OPTION ("junit", junit, "FILE", NULL, "write the verdicts to FILE as JUnit XML"),
    OPTIONS_END,
};
/* clang-format on */

/* The values read from the baseline. */
struct baseline {
    struct study_row study;
    uint32_t count; /* one past the last replication */
    uint32_t run_count;
    uint64_t *digests;          /* by replication; 0: no such run */
    struct sampled *statistics; /* by statistic */
    char *resolved;             /* scenario of its first point, with every parameter */
};

struct checking {
    const struct check_values *values;
    const struct point_set *set;
    struct watch_list statistics;
    struct requirement_list expectations;
    struct decision *states; /* by expectation */
    struct baseline baseline;
    struct check_plan plan;
    struct checked *rows;
    bool identical; /* every run that the baseline has too is equal, bit for bit */
    struct output_file junit;
    struct diag *diag;
};

/* --- the baseline --------------------------------------------------------------------------- */

static void baseline_release(struct baseline *baseline, size_t statistic_count)
{
    for (size_t i = 0; baseline->statistics && i < statistic_count; i++)
        sampled_release(&baseline->statistics[i]);
    free(baseline->statistics);
    free(baseline->digests);
    free(baseline->resolved);
}

static void count_run(void *self, const struct run_row *row)
{
    struct baseline *baseline = self;

    if (row->point != 0)
        return;
    if (row->replication == baseline->run_count) {
        baseline->digests =
            mem_realloc(baseline->digests, baseline->run_count + 1, sizeof *baseline->digests);
        baseline->digests[baseline->run_count] = row->digest;
    } /* else some are missing: check_runs() reports it */
    baseline->run_count++;
    baseline->count = (uint32_t)row->replication + 1;
}

static void keep_scenario(void *self, const struct point_row *row)
{
    struct baseline *baseline = self;

    if (row->number == 0 && !baseline->resolved)
        baseline->resolved = mem_strdup(row->text);
}

static void keep_value(void *self, const struct value_row *row)
{
    struct sampled *sampled = self;

    if (row->replication >= sampled->count)
        return;
    sampled->values[row->replication] = row->value;
    sampled->over[row->replication] = row->over;
    sampled->under[row->replication] = row->under;
}

static int read_statistic(struct results *results, struct checking *checking, size_t number)
{
    const struct metric_ref *ref = &checking->statistics.items[number].ref;
    const struct topology *topology = &checking->set->scenarios[0]->topology;
    struct baseline *baseline = &checking->baseline;
    bool is_latency = ref->metric->kind == METRIC_LATENCY;
    const struct statistic_name name = {
        .metric = ref->metric->name,
        .stat = is_latency ? (ref->stat ? ref->stat : "p99") : "",
        .region = ref->region < 0 ? "all" : topology->region_names[ref->region],
        .label = ref->label ? ref->label : "",
        .window = ref->window ? ref->window : "all",
    };
    struct sampled *sampled = &baseline->statistics[number];

    sampled_init(sampled, ref, baseline->count);
    if (results_each_value(results, baseline->study.id, 0, &name, keep_value, sampled,
                           checking->diag) != 0)
        return -1;
    if (!is_latency)
        return 0;
    return results_histogram(results, baseline->study.id, 0, name.metric, name.region, name.label,
                             name.window, &sampled->pooled, checking->diag);
}

/* Values are stored by replication, so a baseline must have all replications up to its last one. */
static int check_runs(const struct checking *checking)
{
    const struct baseline *baseline = &checking->baseline;
    const char *path = checking->values->against;

    if (baseline->count == 0)
        diag_error(checking->diag, "the baseline '%s' contains no completed run", path);
    else if (baseline->study.shard[0] != '\0')
        diag_error(checking->diag, "the baseline '%s' is a shard; use 'isthmus merge' first", path);
    else if (baseline->count != baseline->run_count)
        diag_error(checking->diag,
                   "the baseline '%s' lacks runs: it has %" PRIu32
                   " of the first point, the last one being replication %" PRIu32,
                   path, baseline->run_count, baseline->count - 1);
    else
        return 0;
    return -1;
}

static int read_baseline(struct results *results, struct checking *checking)
{
    struct baseline *baseline = &checking->baseline;
    int64_t id = baseline->study.id;
    int status = results_each_run(results, id, count_run, baseline, checking->diag);

    status = status == 0 ? check_runs(checking) : -1;
    if (status == 0)
        status = results_each_point(results, id, keep_scenario, baseline, checking->diag);
    baseline->statistics = mem_zalloc(checking->statistics.count, sizeof *baseline->statistics);
    for (size_t i = 0; status == 0 && i < checking->statistics.count; i++)
        status = read_statistic(results, checking, i);
    return status;
}

/* --- is it a baseline of this scenario? ------------------------------------------------------ */

static void warn_if_other(struct diag *diag, const char *what, const char *ours, const char *theirs)
{
    if (strcmp(ours, theirs) != 0)
        diag_add(diag, DIAG_WARNING, NULL, "the baseline is of another %s: '%s', not '%s'", what,
                 theirs, ours);
}

/* Append every block of this key in a resolved scenario: its line, and those indented below it. */
static void add_blocks(struct strbuf *out, const char *resolved, const char *key)
{
    size_t length = strlen(key), depth = SIZE_MAX;

    for (const char *at = resolved; *at;) {
        size_t line = strcspn(at, "\n"), indent = strspn(at, " ");

        if (indent <= depth)
            depth = strncmp(at + indent, key, length) == 0 && at[indent + length] == ':' ? indent
                                                                                         : SIZE_MAX;
        if (depth != SIZE_MAX)
            strbuf_add_bytes(out, at, line + (at[line] == '\n'));
        at += line + (at[line] == '\n');
    }
}

/* The first line in which two texts differ, without its indentation; the caller frees it. */
static char *differing_line(const char *text, const char *other)
{
    size_t i = 0, start = 0;

    for (; text[i] && text[i] == other[i]; i++)
        if (text[i] == '\n')
            start = i + 1;
    start += strspn(text + start, " ");
    return mem_strndup(text + start, strcspn(text + start, "\n"));
}

/* Parts of a scenario that change what the statistics are of. */
static const struct {
    const char *key, *what;
} parts[] = {{"population", "load"}, {"objective", "objective"}, {"warmup", "warm-up"}};

static void warn_of_parts(const struct checking *checking)
{
    struct strbuf ours = STRBUF_INIT, theirs = STRBUF_INIT;

    for (size_t i = 0; checking->baseline.resolved && i < sizeof parts / sizeof parts[0]; i++) {
        strbuf_clear(&ours);
        strbuf_clear(&theirs);
        add_blocks(&ours, checking->set->scenarios[0]->resolved, parts[i].key);
        add_blocks(&theirs, checking->baseline.resolved, parts[i].key);
        if (strcmp(ours.text, theirs.text) == 0)
            continue;
        char *our_line = differing_line(ours.text, theirs.text);
        char *their_line = differing_line(theirs.text, ours.text);
        diag_add(checking->diag, DIAG_WARNING, NULL,
                 "the baseline is of another %s: in '%s', '%s', not '%s'", parts[i].what,
                 parts[i].key, their_line[0] ? their_line : "nothing",
                 our_line[0] ? our_line : "nothing");
        free(our_line);
        free(their_line);
    }
    strbuf_release(&ours);
    strbuf_release(&theirs);
}

/* Another duration makes other statistics of the same scenario: refused. Another scenario, load or
 * version is what a check may be about: reported. */
static bool is_comparable(struct checking *checking, int *code)
{
    const struct scenario *scenario = checking->set->scenarios[0];
    const struct study_row *study = &checking->baseline.study;

    if (scenario->run.duration != study->duration_ns) {
        struct strbuf text = STRBUF_INIT;
        units_add_duration(&text, study->duration_ns);
        strbuf_add(&text, ", the scenario ");
        units_add_duration(&text, scenario->run.duration);
        *code =
            usage_error("the baseline simulates %s; a check needs the same duration", text.text);
        strbuf_release(&text);
        return false;
    }
    warn_if_other(checking->diag, "scenario", scenario->name, study->scenario_name);
    warn_if_other(checking->diag, "version", program_version, study->version);
    warn_of_parts(checking);
    return true;
}

/* --- the study ------------------------------------------------------------------------------ */

static void checking_run(void *self, struct study_runner *runner)
{
    struct checking *checking = self;

    watch_list_open(&checking->statistics, runner);
    requirement_list_open(&checking->expectations, runner);
    check_run(runner, &checking->plan, checking->rows);
    checking->identical = check_is_identical(runner, &checking->plan);
    for (size_t i = 0; i < checking->expectations.count; i++)
        checking->states[i] =
            requirement_judge(&checking->expectations.items[i], runner, 0, checking->plan.level);
}

/* Of the difference; that of two shares is between -1 and 1. */
static struct interval interval_of(const struct checked *row, double level)
{
    struct interval interval = harm_interval(&row->harm, level);

    if (metric_ref_unit(&row->statistic->ref) == UNIT_SHARE ||
        (row->harm.by_outcome && row->outcome == OUTCOME_COUNTED))
        interval_keep_between(&interval, -1, 1);
    return interval;
}

static void add_why(struct strbuf *out, const struct checking *checking, const struct checked *row)
{
    double level = checking->plan.level;
    enum unit unit = metric_ref_unit(&row->statistic->ref);
    struct interval interval = interval_of(row, level);

    if (row->harm.by_outcome) {
        bool is_count = row->outcome == OUTCOME_COUNTED;
        outcome_add(out, row->outcome, &row->statistic->ref, row->harm.well, row->harm.runs);
        strbuf_addf(out, " instead of %" PRIu64 " of %" PRIu64 " (p %.2g)",
                    is_count ? row->harm.base_runs - row->harm.base_well : row->harm.base_well,
                    row->harm.base_runs, row->p_worse);
        if (!row->with_numbers)
            return;
        strbuf_add(out, "; of those with a value ");
    }
    if (!checked_is_asked(row)) {
        strbuf_addf(out, "a value in %" PRIu64 " replications, of the baseline's in %" PRIu64,
                    row->values, row->base_values);
        return;
    }
    if (row->harm.identical) {
        if (checking->identical)
            strbuf_add(out, "identical");
        else
            strbuf_addf(out, "no difference seen in %" PRIu64 "%s", row->harm.n,
                        row->harm.n < 2 ? "; n = 1, no interval" : "");
        return;
    }
    units_add(out, row->harm.base_mean, unit, 3);
    strbuf_add(out, " in the baseline; difference ");
    units_add(out, row->harm.difference, unit, 3);
    if (interval.valid)
        interval_add_bounds(out, interval.low, interval.high, unit);
    else
        strbuf_add(out, "; n = 1, no interval");
    strbuf_addf(out, "; %s is better, margin ",
                row->statistic->ref.metric->better == LOWER_IS_BETTER ? "lower" : "higher");
    units_add(out, row->margin, unit, 3);
    if (row->of_few)
        strbuf_add(out, "; few samples");
}

static const char *verdict_of(const struct checked *row)
{
    return checked_is_asked(row)                ? gate_name(row->gate)
           : row->values + row->base_values > 0 ? "not tested"
                                                : "no data";
}

static void print_text(const struct checking *checking)
{
    const struct baseline *baseline = &checking->baseline;
    struct text_table *table = text_table_create("metric\tverdict\tn\twhy");
    size_t absent = 0;

    for (size_t i = 0; i < checking->statistics.count; i++) {
        const struct checked *row = &checking->rows[i];
        if (!checked_is_asked(row) && row->values + row->base_values == 0) {
            absent++;
            continue;
        }
        text_table_add(table, "%s", row->statistic->text);
        text_table_add(table, "%s", verdict_of(row));
        text_table_add(table, "%" PRIu64 "%s", row->harm.by_outcome ? row->harm.runs : row->harm.n,
                       row->harm.by_outcome || row->harm.paired ? "" : " unpaired");
        add_why(text_table_cell(table), checking, row);
    }
    quote_print_line(
        stdout,
        "Against %s, study %" PRId64 " (%s, %" PRIu32 " replications); %.3g%% intervals; "
        "the baseline's means without intervals; plain numbers are counts of a replication, or "
        "ratios",
        checking->values->against, baseline->study.id, baseline->study.version, baseline->count,
        checking->plan.level * 100);
    text_table_print_and_free(table, stdout);
    if (absent > 0)
        printf("  %zu more metrics have no data in these runs\n", absent);
    if (checking->expectations.count > 0)
        printf("\nExpectations\n");
    table = text_table_create_bare(3);
    for (size_t i = 0; i < checking->expectations.count; i++) {
        const struct requirement *expectation = &checking->expectations.items[i];
        text_table_add(table, "%s", verdict_name(checking->states[i].verdict));
        text_table_add(table, "%s", expectation->expect.text);
        requirement_add_value(text_table_cell(table), expectation, &checking->states[i]);
    }
    text_table_print_and_free(table, stdout);
}

static void write_row(struct json_writer *json, const struct checked *row, double level)
{
    struct interval interval = interval_of(row, level);
    bool there = checked_is_asked(row);

    json_open_object(json, NULL);
    json_text(json, "metric", row->statistic->text);
    json_text(json, "unit", unit_name(metric_ref_unit(&row->statistic->ref)));
    json_text(json, "verdict", verdict_of(row));
    json_count(json, "n", row->harm.n);
    json_flag(json, "few_samples", row->of_few);
    json_flag(json, "paired", row->harm.paired);
    json_flag(json, "identical", row->harm.identical);
    if (row->harm.by_outcome) {
        json_text(json, "outcome", outcome_name(row->outcome));
        json_count(json, "base_well", row->harm.base_well);
        json_count(json, "base_runs", row->harm.base_runs);
        json_count(json, "well", row->harm.well);
        json_count(json, "runs", row->harm.runs);
    }
    there = there && row->harm.n > 0;
    json_number(json, "base", there ? row->harm.base_mean : NAN);
    json_number(json, "difference", there ? row->harm.difference : NAN);
    json_number(json, "low", interval.low);
    json_number(json, "high", interval.high);
    json_number(json, "margin", row->margin);
    json_number(json, "p_worse", row->p_worse);
    json_number(json, "p_no_worse", row->p_no_worse);
    json_close(json);
}

static void print_json(const struct checking *checking)
{
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "against", checking->values->against);
    json_integer(&json, "study", checking->baseline.study.id);
    json_number(&json, "level", checking->plan.level);
    json_open_array(&json, "metrics");
    for (size_t i = 0; i < checking->statistics.count; i++)
        write_row(&json, &checking->rows[i], checking->plan.level);
    json_close(&json);
    json_open_array(&json, "expectations");
    for (size_t i = 0; i < checking->expectations.count; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "text", checking->expectations.items[i].expect.text);
        json_text(&json, "verdict", verdict_name(checking->states[i].verdict));
        json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

/* --- JUnit ---------------------------------------------------------------------------------- */

static int open_junit(struct checking *checking)
{
    const char *path = checking->values->junit;

    return path ? junit_open(&checking->junit, path, checking->diag) : 0;
}

static int write_junit(struct checking *checking)
{
    size_t statistics = checking->statistics.count,
           count = statistics + checking->expectations.count;
    struct junit_case *cases = mem_zalloc(count, sizeof *cases);
    struct strbuf *texts = mem_zalloc(count, sizeof *texts);

    for (size_t i = 0; i < statistics; i++) {
        const struct checked *row = &checking->rows[i];
        texts[i] = (struct strbuf)STRBUF_INIT;
        strbuf_addf(&texts[i], "%s: ", verdict_of(row));
        add_why(&texts[i], checking, row);
        cases[i] = (struct junit_case){"baseline", row->statistic->text,
                                       row->gate == GATE_WORSE ? JUNIT_FAILED
                                       : checked_is_asked(row) && row->gate == GATE_NO_WORSE
                                           ? JUNIT_PASSED
                                           : JUNIT_SKIPPED,
                                       texts[i].text};
    }
    for (size_t i = statistics; i < count; i++) {
        enum verdict verdict = checking->states[i - statistics].verdict;
        texts[i] = (struct strbuf)STRBUF_INIT;
        strbuf_addf(&texts[i], "%s: ", verdict_name(verdict));
        requirement_add_value(&texts[i], &checking->expectations.items[i - statistics],
                              &checking->states[i - statistics]);
        cases[i] = (struct junit_case){"expectation",
                                       checking->expectations.items[i - statistics].expect.text,
                                       verdict == VERDICT_HOLDS   ? JUNIT_PASSED
                                       : verdict == VERDICT_FAILS ? JUNIT_FAILED
                                                                  : JUNIT_SKIPPED,
                                       texts[i].text};
    }
    int status = junit_write(&checking->junit, checking->set->scenarios[0]->name, cases, count,
                             checking->diag);
    for (size_t i = 0; i < count; i++)
        strbuf_release(&texts[i]);
    free(texts);
    free(cases);
    return status;
}

static void checking_find(void *self, struct finding_list *list)
{
    const struct checking *checking = self;

    for (size_t i = 0; i < checking->statistics.count; i++) {
        const struct checked *row = &checking->rows[i];
        const struct finding finding = {
            .kind = "check",
            .point = 0,
            .subject = row->statistic->text,
            .verdict = (char *)(uintptr_t)gate_name(row->gate),
            .unit = metric_ref_unit(&row->statistic->ref),
            .interval = interval_of(row, checking->plan.level),
        };
        if (checked_is_asked(row))
            finding_add(list, &finding,
                        "difference to %.6g of the baseline; margin %.6g, p of no worse %.3g, of "
                        "worse %.3g",
                        row->harm.base_mean, row->margin, row->p_worse, row->p_no_worse);
    }
}

static int checking_print(void *self)
{
    struct checking *checking = self;
    int code = EXIT_DONE;

    if (!checking->values->study.quiet && !checking->values->study.digest) {
        if (checking->values->study.json)
            print_json(checking);
        else
            print_text(checking);
    }
    for (size_t i = 0; i < checking->statistics.count; i++) {
        const struct checked *row = &checking->rows[i];
        if (checked_is_asked(row) && row->gate == GATE_WORSE)
            code = EXIT_REGRESSION;
        else if (checked_is_asked(row) && row->gate == GATE_UNDECIDED && code == EXIT_DONE)
            code = EXIT_UNDECIDED;
    }
    if (checking->values->junit && write_junit(checking) < 0)
        code = EXIT_FILES;
    return code;
}

/* --- the command ---------------------------------------------------------------------------- */

static bool choose_statistics(struct checking *checking)
{
    const struct check_values *values = checking->values;
    const struct scenario *scenario = checking->set->scenarios[0];
    bool good = true;

    if (values->metrics)
        good = watch_list_parse(&checking->statistics, scenario, "--metric", values->metrics,
                                checking->diag);
    else
        watch_list_add_main(&checking->statistics, scenario);
    good =
        good && watch_list_default_amount(&checking->statistics, "--margin",
                                          values->margin ? values->margin : "5%", checking->diag);
    for (size_t i = 0; good && i < checking->statistics.count; i++) {
        const struct watched *statistic = &checking->statistics.items[i];
        if (statistic->ref.metric->better != NO_DIRECTION)
            continue;
        diag_error(checking->diag,
                   "'--metric' names '%s', which has no better direction and so cannot get worse",
                   statistic->text);
        good = false;
    }
    for (size_t i = 0; good && i < scenario->expect_count; i++)
        good = requirement_list_parse(&checking->expectations, scenario, "expect",
                                      scenario->expects[i].text, checking->diag);
    return good;
}

static void plan_check(struct checking *checking)
{
    const struct check_values *values = checking->values;
    const struct baseline *baseline = &checking->baseline;
    uint32_t first =
        values->study.replications ? values->study.replications : checking->baseline.count;
    uint32_t limit = values->study.replications_max ? values->study.replications_max
                                                    : MORE_TIMES * baseline->count;

    checking->plan = (struct check_plan){
        .statistics = &checking->statistics,
        .base = baseline->statistics,
        .base_digests = baseline->digests,
        .base_count = baseline->count,
        .paired = checking->set->scenarios[0]->run.seed == baseline->study.seed,
        .default_margins = !values->margin,
        .replications = first,
        .replications_max = limit > first ? limit : first,
        .level = checking->set->scenarios[0]->run.level,
    };
    checking->rows = mem_zalloc(checking->statistics.count, sizeof *checking->rows);
    checking->states = mem_zalloc(checking->expectations.count, sizeof *checking->states);
}

/* Requires that the baseline is open and its study is read. */
static int check_scenario(const struct invocation *invocation, struct results *results,
                          const struct study_row *study, struct diag *diag)
{
    struct checking checking = {.values = invocation->values, .diag = diag};
    struct point_set set = {NULL, NULL, 0};
    struct set_list seed = {NULL, 0, 0};
    struct strbuf text = STRBUF_INIT;
    int code = EXIT_USAGE;

    strbuf_addf(&text, "seed=%" PRIu64, study->seed);
    char *items[] = {text.text};
    if (!checking.values->study.seed)
        seed = (struct set_list){items, 1, 1};
    struct scenario *scenario =
        study_load_scenario(invocation, invocation->arguments[0], &seed, &code);
    if (scenario) {
        point_set_add(&set, scenario, NULL, 0);
        checking.set = &set;
        checking.baseline.study = *study;
        if (choose_statistics(&checking)) {
            code = EXIT_FILES;
            if (read_baseline(results, &checking) == 0 && is_comparable(&checking, &code) &&
                open_junit(&checking) == 0) {
                plan_check(&checking);
                struct conduct conduct = {
                    .self = &checking,
                    .run = checking_run,
                    .print = checking_print,
                    .find = checking_find,
                    .with_expectations = true,
                    .replications = checking.plan.replications,
                };
                strbuf_clear(&text);
                strbuf_addf(&text, "against %s, study %" PRId64 ", at most %" PRIu32,
                            checking.values->against, study->id, checking.plan.replications_max);
                conduct.settings = text.text;
                code = study_command_conducted(invocation, &set, &conduct);
            }
        }
    }
    output_file_discard(&checking.junit);
    baseline_release(&checking.baseline, checking.statistics.count);
    watch_list_release(&checking.statistics);
    requirement_list_release(&checking.expectations);
    free(checking.rows);
    free(checking.states);
    point_set_release(&set);
    strbuf_release(&text);
    return code;
}

static int check(const struct invocation *invocation)
{
    const struct check_values *values = invocation->values;
    struct diag diag = {0};
    struct study_row study;
    int code = EXIT_FILES;

    if (!values->against)
        return usage_error(
            "'check' needs '--against BASELINE.db', a results file of 'isthmus run'");
    struct results *results = results_open(values->against, &diag);
    if (results && results_study(results, values->study_id, &study, &diag) == 0)
        code = check_scenario(invocation, results, &study, &diag);
    if (results)
        results_close(results);
    print_diag(&diag);
    return code;
}

static const struct refused_option refused[] = {
    {"precision", "it adds replications until all metrics are decided, up to '--max-replications'"},
    {NULL, NULL},
};

const struct command cmd_check = {
    .name = "check",
    .arguments = "SCENARIO",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Check a scenario for regressions against a baseline, for CI",
    .details =
        "Compare each metric with the baseline, replication by replication, with the baseline's "
        "seed. A metric passes if it is no worse than the margin allows, and is a regression if "
        "it is worse than that, both with statistical confidence. Replications are added until "
        "all metrics are decided, up to '--max-replications' (default: 4 times the baseline's); "
        "pairs are used if they are more precise than independent samples, and a decided metric "
        "stays decided. With '--seed' there are no pairs. A run that never recovers counts as "
        "worse than any run that does. A baseline with another duration is refused; one of another "
        "scenario, version, load, objective or warm-up is reported. The probability of a false "
        "alarm over all "
        "metrics is at most 1 - level. An unchanged program and scenario gives differences of "
        "exactly 0 and never a regression. Exit codes: 11 regression, 10 an expectation of the "
        "scenario failed, 12 undecided.",
    .examples = "  isthmus run scenarios/10-peering-brownout.yaml --output results/baseline.db\n"
                "  isthmus check scenarios/10-peering-brownout.yaml "
                "--against results/baseline.db \\\n"
                "      --margin 5% --junit check.xml --no-output",
    .options = check_options,
    .more_options = study_options,
    .old_options = study_old_options,
    .refused = refused,
    .values_size = sizeof(struct check_values),
    .run = check,
};
