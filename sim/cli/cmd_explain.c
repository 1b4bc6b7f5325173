// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The steps come from the results file alone. Counterfactuals are runs: the recorded scenario with
 * other settings, seed and replication the same, so that all random numbers that do not depend on
 * the change are the same.
 */
#include "command.h"
#include "experiment.h"
#include "explain.h"
#include "json_writer.h"
#include "mem.h"
#include "quote.h"
#include "session_journey.h"
#include "text_table.h"
#include "what_if.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct explain_values {
    struct text_list what_ifs;
    const char *run, *session;
    uint32_t study, incident, threads;
    int stages; /* 1 + enum stage_method; 0: not asked for */
    bool alternatives, all, json;
};
enum stage_method { STAGES_ORDERED, STAGES_SHAPLEY };
static const char *const stage_method_names[] = {"ordered", "shapley", NULL};
#define OPTION_VALUES struct explain_values

/* clang-format off */
static const struct option explain_options[] = {
    COUNT_OPTION("incident", incident, "N", "the longest", "incident of the run, counted from 1"),
    TEXT_OPTION ("run", run, "POINT/REPLICATION", "point 0, the replication with the median RTO", "run to explain; point and replication are counted from 0, such as '2/7'"),
    COUNT_OPTION("study", study, "N", "the newest", "study of the file, counted from 1"),
    LIST_OPTION ("what-if", what_ifs, "PATH=VALUE,...", "run the replication again with these parameters and compare the incident; repeatable"),
    DEFAULTED_CHOICE_OPTION("stages", stages, stage_method_names, "no such runs", "run it again without the time of stages of the failover: what each contributes to the RTO, as a table and a waterfall. The contributions add up to it: ordered removes one stage after the other (11 runs), shapley is the mean over all orders (63 runs)"),
    FLAG_OPTION ("alternatives", alternatives, "run it again with each way to point clients to the new primary, without a failover and with an operator"),
    TEXT_OPTION ("session", session, "KEY", NULL, "run it again and print what happened to one session: its key as in a history of operations (REGION/ROW/COUNT), or 'example' for the first one that the incident affected"),
    COUNT_OPTION("threads", threads, "N", "all processors", "worker threads of these runs"),
    FLAG_OPTION ("all", all, "also print the events of the incident's time that it did not cause"),
    FLAG_OPTION ("json", json, "print JSON"),
    OPTIONS_END,
};
/* clang-format on */

/* --- settings without the time of a stage ---------------------------------------------------- */

/* What is set so that a stage takes no time; more than one with commas. Sets of other methods of
 * repointing do no harm. %s: the onset, in ns. */
static const struct stage_setting {
    const char *stage, *sets;
} stage_settings[] = {
    {"detect", "failover.on='', failover.alarm.at=%" PRId64 "ns"},
    {"decide", "failover.decide=0s, failover.operator.acknowledge=0s, failover.operator.decide=0s, "
               "failover.operator.night.acknowledge=0s, failover.operator.wrong=0%%"},
    {"promote", "failover.promotion=0s"},
    {"notify", "failover.notification=0s, failover.function_cold=0s, failover.function=0s, "
               "failover.routing.call=0s, failover.health.delay=0s"},
    {"publish", "dns.api_delay=0s, dns.propagation=0s, failover.routing.effect=0s, "
                "failover.health.effect=0s"},
    {"cache", "dns.ttl=0s"},
};
#define STAGE_SETTINGS (sizeof stage_settings / sizeof stage_settings[0])
#define STAGE_SUBSETS (1u << STAGE_SETTINGS)

static void add_stage_sets(struct set_list *sets, size_t stage, int64_t onset_ns)
{
    char *text = NULL;
    size_t size = strlen(stage_settings[stage].sets) + 32;

    text = mem_alloc(size, 1);
    snprintf(text, size, stage_settings[stage].sets, onset_ns);
    set_list_split(sets, text);
    free(text);
}

/* --- the work -------------------------------------------------------------------------------- */

struct explain_job {
    const struct invocation *invocation;
    const struct explain_values *values;
    struct results *results;
    struct study_row study;
    struct explanation *explanation;
    char *text; /* scenario of the point */
    uint64_t seed;
    struct explain_choice choice;
    /* The runs: the base, then what was asked for, then subsets of the stages, then alternatives.
     */
    struct what_if *runs;
    size_t run_count, asked, first_alternative;
    size_t subsets[STAGE_SUBSETS]; /* the run without the stages of a set of bits; 0: the base, or
                                      none was made */
};

static const struct incident_row *incident_of(const struct explain_job *job)
{
    return &explanation_incident(job->explanation)->row;
}

static struct what_if *add_run(struct explain_job *job)
{
    job->runs = mem_realloc(job->runs, job->run_count + 1, sizeof *job->runs);
    job->runs[job->run_count] = (struct what_if){.outcome = {.rpo = -1}};
    return &job->runs[job->run_count++];
}

/* The first stages up to some: a subset of the telescoping sum. */
static bool is_in_order(unsigned subset)
{
    return (subset & (subset + 1)) == 0;
}

static void add_subset(struct explain_job *job, unsigned subset)
{
    struct what_if *run = add_run(job);

    job->subsets[subset] = job->run_count - 1;
    for (size_t stage = 0; stage < STAGE_SETTINGS; stage++)
        if (subset >> stage & 1)
            add_stage_sets(&run->sets, stage, incident_of(job)->onset_ns);
}

/* False, with the error printed. */
static bool plan_runs(struct explain_job *job)
{
    const struct explain_values *values = job->values;

    if (values->what_ifs.count == 0 && !values->stages && !values->alternatives)
        return true;
    add_run(job);
    job->asked = values->what_ifs.count;
    for (size_t i = 0; i < job->asked; i++)
        if (!set_list_split(&add_run(job)->sets, values->what_ifs.items[i])) {
            usage_error("'--what-if' needs PATH=VALUE, such as failover.repoint=routing-control, "
                        "got '%s'",
                        values->what_ifs.items[i]);
            return false;
        }
    for (unsigned subset = 1; values->stages && subset < STAGE_SUBSETS; subset++)
        if (values->stages - 1 == STAGES_SHAPLEY || is_in_order(subset) ||
            (subset & (subset - 1)) == 0)
            add_subset(job, subset);
    job->first_alternative = job->run_count;
    for (size_t i = 0; values->alternatives && i < WHAT_IF_ALTERNATIVES; i++)
        set_list_split(&add_run(job)->sets, what_if_alternatives[i].sets);
    return true;
}

/* --- printing -------------------------------------------------------------------------------- */

static void add_rto(struct strbuf *out, const struct what_if_outcome *outcome)
{
    if (!outcome->found)
        strbuf_add(out, "no incident");
    else if (!outcome->restored)
        strbuf_add(out, "never restored");
    else if (outcome->rto == 0)
        strbuf_add(out, "no outage");
    else
        units_add(out, (double)outcome->rto, UNIT_NS, 4);
}

static void add_measure(struct text_table *table, double value, enum unit unit)
{
    if (isfinite(value))
        units_add(text_table_cell(table), value, unit, 4);
    else
        text_table_add(table, "-");
}

static void add_length(struct text_table *table, bool known, sim_dur length)
{
    if (known)
        units_add(text_table_cell(table), (double)length, UNIT_NS, 4);
    else
        text_table_add(table, "-");
}

/* A row for each value, a column for each run. */
static void print_comparison(const struct what_if *const *runs, const char *const *names,
                             size_t count)
{
    struct text_table *table = text_table_create_bare(count + 1);

    text_table_add(table, "%s", "");
    for (size_t i = 0; i < count; i++)
        text_table_add(table, "%s", names[i]);
    text_table_add(table, "RTO");
    for (size_t i = 0; i < count; i++)
        add_rto(text_table_cell(table), &runs[i]->outcome);
    for (int stage = 0; stage < INCIDENT_STAGES; stage++) {
        text_table_add(table, "  %s", incident_stage_names[stage]);
        for (size_t i = 0; i < count; i++)
            add_length(table, runs[i]->outcome.restored, runs[i]->outcome.stages[stage]);
    }
    text_table_add(table, "RPO");
    for (size_t i = 0; i < count; i++)
        add_length(table, runs[i]->outcome.rpo >= 0, runs[i]->outcome.rpo);
    text_table_add(table, "writes lost");
    for (size_t i = 0; i < count; i++)
        text_table_add(table, "%" PRIu64, runs[i]->outcome.writes_lost);
    text_table_add(table, "new sessions lost");
    for (size_t i = 0; i < count; i++)
        text_table_add(table, "%" PRIu64, runs[i]->outcome.sessions_lost);
    for (size_t m = 0; m < WHAT_IF_MEASURES; m++) {
        text_table_add(table, "%s", what_if_measures[m].name);
        for (size_t i = 0; i < count; i++)
            add_measure(table, runs[i]->outcome.measures[m], what_if_measures[m].unit);
    }
    text_table_print_and_free(table, stdout);
}

static void print_asked(const struct explain_job *job)
{
    const struct what_if **runs = mem_alloc(job->asked + 1, sizeof(struct what_if *));
    const char **names = mem_alloc(job->asked + 1, sizeof(char *));

    for (size_t i = 0; i <= job->asked; i++) {
        runs[i] = &job->runs[i];
        names[i] = i == 0 ? "as recorded" : job->values->what_ifs.items[i - 1];
    }
    printf("\nWhat if: the same replication with other settings; one run each, no intervals\n");
    print_comparison(runs, names, job->asked + 1);
    free(runs);
    free(names);
}

static void print_alternatives(const struct explain_job *job)
{
    const struct what_if *runs[WHAT_IF_ALTERNATIVES + 1] = {&job->runs[0]};
    const char *names[WHAT_IF_ALTERNATIVES + 1] = {"as recorded"};

    for (size_t i = 0; i < WHAT_IF_ALTERNATIVES; i++) {
        runs[i + 1] = &job->runs[job->first_alternative + i];
        names[i + 1] = what_if_alternatives[i].name;
    }
    printf(
        "\nAlternatives: the same replication with another reaction; one run each, no intervals\n");
    print_comparison(runs, names, WHAT_IF_ALTERNATIVES + 1);
}

/* The run without the stages of a subset. */
static const struct what_if_outcome *without(const struct explain_job *job, unsigned subset)
{
    return &job->runs[job->subsets[subset]].outcome;
}

enum { BAR = 40 };

/* A bar from `from` to `to` of `whole`. */
static void add_bar(struct strbuf *out, double from, double to, double whole)
{
    int begin = (int)lround(BAR * from / whole), end = (int)lround(BAR * to / whole);

    if (end == begin && to > from)
        end = begin + 1;
    strbuf_addf(out, "|%*s", begin, "");
    for (int i = begin; i < end; i++)
        strbuf_add_char(out, '#');
    strbuf_addf(out, "%*s|", BAR - end > 0 ? BAR - end : 0, "");
}

static bool stages_are_known(const struct explain_job *job)
{
    for (unsigned subset = 0; subset < STAGE_SUBSETS; subset++)
        if ((subset == 0 || job->subsets[subset] > 0) && !without(job, subset)->restored)
            return false;
    return without(job, 0)->rto > 0;
}

/* By how much the RTO falls, in ns, when this stage is removed in the order of the stages. */
static double ordered_contribution(const struct explain_job *job, size_t stage)
{
    unsigned before = (1u << stage) - 1, after = (1u << (stage + 1)) - 1;

    return (double)(without(job, before)->rto - without(job, after)->rto);
}

/* The mean of that over all orders in which the stages could be removed: a subset of k of the other
 * n - 1 stages comes before it in k! (n - 1 - k)! of n! orders. */
static double shapley_contribution(const struct explain_job *job, size_t stage)
{
    static const double factorial[] = {1, 1, 2, 6, 24, 120, 720};
    double sum = 0;

    _Static_assert(STAGE_SETTINGS < sizeof factorial / sizeof factorial[0], "a factorial for each");
    for (unsigned subset = 0; subset < STAGE_SUBSETS; subset++) {
        unsigned size = 0;

        if (subset >> stage & 1)
            continue;
        for (unsigned bits = subset; bits > 0; bits &= bits - 1)
            size++;
        sum += factorial[size] * factorial[STAGE_SETTINGS - 1 - size] / factorial[STAGE_SETTINGS] *
               (double)(without(job, subset)->rto - without(job, subset | 1u << stage)->rto);
    }
    return sum;
}

static double contribution(const struct explain_job *job, size_t stage)
{
    return job->values->stages - 1 == STAGES_SHAPLEY ? shapley_contribution(job, stage)
                                                     : ordered_contribution(job, stage);
}

static void add_time(struct text_table *table, double ns)
{
    units_add(text_table_cell(table), ns, UNIT_NS, 4);
}

static void add_contribution(struct text_table *table, double from, double length, double rto)
{
    add_time(table, length);
    text_table_add(table, "%.1f %%", 100 * length / rto);
    add_bar(text_table_cell(table), length < 0 ? from + length : from,
            length < 0 ? from : from + length, rto);
}

/* The contributions add up to the RTO whatever the stages do to each other: what is left without
 * any of them is the rest. */
static void print_stages(const struct explain_job *job)
{
    const struct what_if_outcome *base = without(job, 0);
    double rto = (double)base->rto, from = 0;
    struct text_table *table;

    printf("\nStages: the same replication without the time of some stages; one run each, no "
           "intervals\n");
    if (!stages_are_known(job)) {
        printf("  the contributions are not known: in some of the runs the incident was never "
               "restored\n");
        return;
    }
    table = text_table_create("stage\ttook\tRTO without it\tcontributes\tshare\t");
    for (size_t stage = 0; stage < STAGE_SETTINGS; stage++) {
        double length = contribution(job, stage);

        text_table_add(table, "%s", stage_settings[stage].stage);
        add_time(table, (double)base->stages[stage]);
        add_rto(text_table_cell(table), without(job, 1u << stage));
        add_contribution(table, from, length, rto);
        from += length;
    }
    text_table_add(table, "the rest");
    add_time(table, (double)base->stages[INCIDENT_RECONNECT]);
    text_table_add(table, "-");
    add_contribution(table, from, (double)without(job, STAGE_SUBSETS - 1)->rto, rto);
    text_table_add(table, "RTO");
    add_time(table, rto);
    text_table_add(table, "%s", "");
    add_contribution(table, 0, rto, rto);
    text_table_print_and_free(table, stdout);
    printf("  RTO without it: without the time of this stage alone\n"
           "  contributes: what removing the stage saves, %s\n"
           "  the rest: the RTO that remains without the time of all stages\n",
           job->values->stages - 1 == STAGES_SHAPLEY
               ? "mean over all orders of removal"
               : "after those above it (mean over all orders: --stages=shapley)");
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_outcome(struct json_writer *json, const char *name,
                         const struct what_if_outcome *outcome)
{
    json_open_object(json, NULL);
    json_text(json, "name", name);
    json_flag(json, "happened", outcome->found);
    json_number(json, "rto_ns", outcome->restored ? (double)outcome->rto : (double)NAN);
    json_open_object(json, "stages_ns");
    for (int i = 0; outcome->restored && i < INCIDENT_STAGES; i++)
        json_integer(json, incident_stage_names[i], outcome->stages[i]);
    json_close(json);
    json_number(json, "rpo_ns", outcome->rpo >= 0 ? (double)outcome->rpo : (double)NAN);
    json_count(json, "writes_lost", outcome->writes_lost);
    json_count(json, "sessions_lost", outcome->sessions_lost);
    for (size_t m = 0; m < WHAT_IF_MEASURES; m++)
        json_number(json, what_if_measures[m].metric, outcome->measures[m]);
    json_close(json);
}

static void print_json(const struct explain_job *job)
{
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_object(&json, NULL);
    explanation_json(job->explanation, &json);
    json_open_array(&json, "what_if");
    for (size_t i = 0; i <= job->asked && job->run_count > 0; i++)
        json_outcome(&json, i == 0 ? "as recorded" : job->values->what_ifs.items[i - 1],
                     &job->runs[i].outcome);
    json_close(&json);
    json_open_array(&json, "stages");
    for (size_t i = 0; job->values->stages && stages_are_known(job) && i < STAGE_SETTINGS; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "stage", stage_settings[i].stage);
        json_integer(&json, "took_ns", without(job, 0)->stages[i]);
        json_integer(&json, "rto_without_it_ns", without(job, 1u << i)->rto);
        json_number(&json, "contributes_ns", contribution(job, i));
        json_close(&json);
    }
    json_close(&json);
    json_open_array(&json, "alternatives");
    for (size_t i = 0; job->values->alternatives && i < WHAT_IF_ALTERNATIVES; i++)
        json_outcome(&json, what_if_alternatives[i].name,
                     &job->runs[job->first_alternative + i].outcome);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

/* --- the verb -------------------------------------------------------------------------------- */

static int run_again(struct explain_job *job, struct what_if_base *base, struct diag *diag)
{
    const struct explain_values *values = job->values;

    *base = (struct what_if_base){.invocation = job->invocation,
                                  .replication = incident_of(job)->replication,
                                  .onset_ns = incident_of(job)->onset_ns,
                                  .level = job->study.level,
                                  .thread_count =
                                      values->threads ? values->threads : study_default_threads()};

    if (what_if_find(job->results, job->study.id, job->choice.point, base->replication, &job->text,
                     &job->seed, diag) < 0)
        return EXIT_FILES;
    base->text = job->text;
    base->seed = job->seed;
    return job->run_count > 0 ? what_if_run(base, job->runs, job->run_count) : EXIT_DONE;
}

/* From a minute before the incident until a minute after it, or the end. */
static int print_session(const struct explain_job *job, const struct what_if_base *base)
{
    const struct incident_row *row = incident_of(job);
    int64_t minute = 60 * NS_PER_S;
    const struct journey_span span = {row->onset_ns, row->onset_ns - minute,
                                      row->restored_ns < 0 ? INT64_MAX : row->restored_ns + minute};

    return session_journey_print(base, job->values->session, &span, stdout);
}

static void print_explanation(const struct explain_job *job)
{
    const struct explain_options options = {job->values->all, stdout_width()};

    if (job->values->json) {
        print_json(job);
        return;
    }
    explanation_print(job->explanation, &options, stdout);
    if (job->asked > 0)
        print_asked(job);
    if (job->values->stages)
        print_stages(job);
    if (job->values->alternatives)
        print_alternatives(job);
}

static int explain_results(struct explain_job *job, struct diag *diag)
{
    struct what_if_base base;
    int code = EXIT_DONE;

    if (results_study(job->results, job->values->study, &job->study, diag) < 0)
        return EXIT_FILES;
    job->explanation = explanation_load(job->results, &job->choice, diag);
    if (!job->explanation)
        return EXIT_FILES;
    if (!plan_runs(job))
        return EXIT_USAGE;
    if (job->run_count > 0 || job->values->session)
        code = run_again(job, &base, diag);
    if (code == EXIT_DONE)
        print_explanation(job);
    if (code == EXIT_DONE && job->values->session)
        code = print_session(job, &base);
    return code;
}

static bool parse_run(struct explain_choice *choice, const char *run)
{
    unsigned point, replication;
    int end = 0;

    if (!run)
        return true;
    if (sscanf(run, "%9u/%9u%n", &point, &replication, &end) != 2 || run[end] != '\0') {
        usage_error("'--run' needs a point and a replication, such as '2/7', got '%s'", run);
        return false;
    }
    choice->point = point;
    choice->replication = replication;
    return true;
}

static int explain(const struct invocation *invocation)
{
    const struct explain_values *values = invocation->values;
    struct explain_job job = {
        .invocation = invocation,
        .values = values,
        .choice = {.study = values->study, .replication = -1, .incident = values->incident}};
    struct diag diag = {0};
    int code = EXIT_FILES;

    if (!parse_run(&job.choice, values->run))
        return EXIT_USAGE;
    job.results = results_open(invocation->arguments[0], &diag);
    if (job.results)
        code = explain_results(&job, &diag);
    for (size_t i = 0; i < job.run_count; i++)
        what_if_release(&job.runs[i]);
    free(job.runs);
    free(job.text);
    explanation_free(job.explanation);
    results_close(job.results);
    print_diag(&diag);
    return code;
}

const struct command cmd_explain = {
    .name = "explain",
    .arguments = "RESULTS.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Explain an incident of a results file: its steps with their causes, and what-ifs",
    .details =
        "Print the steps of one incident with times, each with the event that caused it and what "
        "it "
        "waited for, the stages of its RTO, and the users affected. This reads the results file "
        "only. "
        "'--what-if', '--stages', '--alternatives' and '--session' run the replication again, with "
        "the same "
        "random numbers.",
    .examples = "  isthmus run scenarios/20-region-loss.yaml\n"
                "  isthmus explain results/20-region-loss.db\n"
                "  isthmus explain results/20-region-loss.db --stages \\\n"
                "      --what-if failover.repoint=routing-control --what-if dns.ttl=60s",
    .options = explain_options,
    .values_size = sizeof(struct explain_values),
    .run = explain,
};
