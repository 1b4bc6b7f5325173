// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * All points share the seed and so the random numbers; they differ only in their parameters. With
 * --minimise or --maximise, replications are added where the Pareto front is uncertain.
 */
#include "axes.h"
#include "front.h"
#include "json_writer.h"
#include "mem.h"
#include "quote.h"
#include "study_command.h"
#include "text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_VALUES struct sweep_values
#define FRONT_GROWTH 4 /* default limit of replications, as a multiple of the first */

struct sweep_values {
    struct study_values study;
    struct text_list sweeps, wheres, locksteps, minimise, maximise, subject_to;
    uint32_t samples;
};

/* clang-format off */
static const struct option sweep_options[] = {
    LIST_OPTION ("sweep", sweeps, "PATH=VALUES", "axis: a list '100ms,1s', steps '100ms..1s/100ms', factors '10/s..1000/s*10', or with --lhs a range '100ms..1s' (logarithmic: '10/s..1000/s*'); repeatable"),
    COUNT_OPTION("lhs", samples, "N", "all combinations", "use N points of a Latin hypercube over the axes"),
    LIST_OPTION ("lockstep", locksteps, "PATH,PATH...", "vary these axes together: their first values, their second values, ...; repeatable"),
    LIST_OPTION ("where", wheres, "CONDITION", "keep only points that satisfy this, such as 'client.timeout * client.retry.attempts < client.retry.deadline'; repeatable"),
    LIST_OPTION ("minimise", minimise, "METRIC", "minimise METRIC: mark the Pareto front of all goals, and add replications where it is uncertain (up to --max-replications, default 4 times the first); repeatable"),
    LIST_OPTION ("maximise", maximise, "METRIC", "maximise METRIC, as --minimise; repeatable"),
    LIST_OPTION ("subject-to", subject_to, "EXPECTATION", "constraint on points of the Pareto front, such as 'rto < 90s'; repeatable"),
    OPTIONS_END,
};
/* clang-format on */

/* --- the Pareto front ----------------------------------------------------------------------- */

struct fronting {
    const struct sweep_values *values;
    const struct point_set *set;
    struct watch_list goals;
    struct requirement_list constraints;
    struct front_plan plan;
    struct front_result result;
    struct sampled_estimate *estimates; /* by point, by goal */
};

static void fronting_run(void *self, struct study_runner *runner)
{
    struct fronting *fronting = self;
    size_t goals = fronting->goals.count;

    watch_list_open(&fronting->goals, runner);
    requirement_list_open(&fronting->constraints, runner);
    front_run(runner, &fronting->plan, &fronting->result);
    fronting->estimates = mem_alloc(fronting->set->count * goals, sizeof *fronting->estimates);
    for (uint32_t point = 0; point < fronting->set->count; point++)
        for (size_t i = 0; i < goals; i++)
            fronting->estimates[point * goals + i] = runner_estimate(
                runner, point, fronting->goals.items[i].watch, fronting->plan.level);
}

static const char *mark_name(const struct fronting *fronting, size_t point)
{
    const struct pareto_mark *mark = &fronting->result.marks[point];

    if (mark->on_front)
        return mark->sure ? "on the front" : "on the front, uncertain";
    if (!fronting->result.admissible[point])
        return mark->sure ? "infeasible" : "infeasible, uncertain";
    return mark->sure ? "dominated" : "dominated, uncertain";
}

static uint64_t runs_of(const struct sampled_estimate *estimate)
{
    return estimate->interval.n + estimate->never + estimate->none;
}

/* "never in 3 of 20", "no outage in 4 of 20": what the interval does not say. */
static void add_outcomes(struct strbuf *out, const struct sampled_estimate *estimate,
                         const char *best_none)
{
    uint64_t runs = runs_of(estimate);

    if (estimate->never > 0)
        strbuf_addf(out, "never in %" PRIu64 " of %" PRIu64, estimate->never, runs);
    if (estimate->none > 0 && best_none)
        strbuf_addf(out, "%s%s in %" PRIu64 " of %" PRIu64, estimate->never > 0 ? ", " : "",
                    best_none, estimate->none, runs);
}

/* "65 s [61 s, 70 s], never in 3 of 20". */
static void add_estimate(struct strbuf *out, const struct sampled_estimate *estimate,
                         const struct metric_ref *ref)
{
    struct strbuf outcomes = STRBUF_INIT;

    add_outcomes(&outcomes, estimate, ref->metric->best_none);
    if (estimate->interval.n > 0)
        interval_add(out, &estimate->interval, metric_ref_unit(ref));
    if (outcomes.length > 0)
        strbuf_addf(out, "%s%s", estimate->interval.n > 0 ? ", " : "", outcomes.text);
    else if (estimate->interval.n == 0)
        strbuf_add(out, "no data");
    strbuf_release(&outcomes);
}

static void fronting_print_table(const struct fronting *fronting)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < fronting->goals.count; i++)
        strbuf_addf(&text, "%s%s\t", i == 0 ? "point\t" : "", fronting->goals.items[i].text);
    strbuf_add(&text, "n\tfront");
    struct text_table *table = text_table_create(text.text);
    for (size_t point = 0; point < fronting->set->count; point++) {
        const struct sampled_estimate *estimates =
            &fronting->estimates[point * fronting->goals.count];
        point_label_add(text_table_cell(table), &fronting->set->points[point]);
        for (size_t i = 0; i < fronting->goals.count; i++)
            add_estimate(text_table_cell(table), &estimates[i], &fronting->goals.items[i].ref);
        text_table_add(table, "%" PRIu64, runs_of(&estimates[0]));
        text_table_add(table, "%s%s", mark_name(fronting, point),
                       fronting->result.knee == (int64_t)point ? ", the knee" : "");
    }
    printf("\nPareto front, with %.3g%% intervals\n", fronting->plan.level * 100);
    text_table_print_and_free(table, stdout);
    strbuf_release(&text);
}

static void write_point(struct json_writer *json, const struct fronting *fronting, size_t point)
{
    const struct pareto_mark *mark = &fronting->result.marks[point];
    struct strbuf label = STRBUF_INIT;

    point_label_add(&label, &fronting->set->points[point]);
    json_open_object(json, NULL);
    json_count(json, "point", point);
    json_text(json, "params", label.text);
    json_flag(json, "on_front", mark->on_front);
    json_flag(json, "allowed", fronting->result.admissible[point]);
    json_flag(json, "sure", mark->sure);
    json_open_array(json, "goals");
    for (size_t i = 0; i < fronting->goals.count; i++) {
        const struct sampled_estimate *estimate =
            &fronting->estimates[point * fronting->goals.count + i];
        const struct interval *interval = &estimate->interval;
        json_open_object(json, NULL);
        json_text(json, "metric", fronting->goals.items[i].text);
        json_count(json, "n", interval->n);
        json_count(json, "never", estimate->never);
        json_count(json, "none", estimate->none);
        json_number(json, "mean", interval->n && isfinite(interval->mean) ? interval->mean : NAN);
        json_number(json, "low", isfinite(interval->low) ? interval->low : NAN);
        json_number(json, "high", isfinite(interval->high) ? interval->high : NAN);
        json_close(json);
    }
    json_close(json);
    json_close(json);
    strbuf_release(&label);
}

static void fronting_print_json(const struct fronting *fronting)
{
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "level", fronting->plan.level);
    json_integer(&json, "knee", fronting->result.knee);
    json_open_array(&json, "front");
    for (size_t point = 0; point < fronting->set->count; point++)
        write_point(&json, fronting, point);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

static void fronting_find(void *self, struct finding_list *list)
{
    const struct fronting *fronting = self;

    for (size_t i = 0; i < fronting->set->count * fronting->goals.count; i++) {
        size_t point = i / fronting->goals.count;
        const struct watched *goal = &fronting->goals.items[i % fronting->goals.count];
        const struct finding finding = {
            .kind = "front",
            .point = (int64_t)point,
            .subject = goal->text,
            .verdict = (char *)(uintptr_t)mark_name(fronting, point),
            .unit = metric_ref_unit(&goal->ref),
            .interval = fronting->estimates[i].interval,
        };
        bool is_knee = fronting->result.knee == (int64_t)point;
        struct strbuf outcomes = STRBUF_INIT;
        add_outcomes(&outcomes, &fronting->estimates[i], goal->ref.metric->best_none);
        finding_add(list, &finding, "%s%s%s", is_knee ? "the knee" : "",
                    is_knee && outcomes.length > 0 ? "; " : "", outcomes.text);
        strbuf_release(&outcomes);
    }
}

static int fronting_print(void *self)
{
    const struct fronting *fronting = self;
    bool sure = true;

    for (size_t i = 0; i < fronting->set->count; i++)
        sure = sure && fronting->result.marks[i].sure;
    if (!fronting->values->study.quiet && !fronting->values->study.digest) {
        if (fronting->values->study.json)
            fronting_print_json(fronting);
        else
            fronting_print_table(fronting);
    }
    return sure ? EXIT_DONE : EXIT_UNDECIDED;
}

static bool parse_goals(struct fronting *fronting, const char *option,
                        const struct text_list *texts, double sign, struct diag *diag)
{
    bool good = true;

    for (size_t i = 0; i < texts->count; i++) {
        size_t first = fronting->goals.count;
        good = watch_list_parse(&fronting->goals, fronting->set->scenarios[0], option,
                                texts->items[i], diag) &&
               good;
        for (size_t j = first; j < fronting->goals.count; j++) {
            if (fronting->goals.items[j].has_amount) {
                diag_error(diag, "'%s' accepts no amount after '%s'", option,
                           fronting->goals.items[j].text);
                good = false;
            }
            fronting->goals.items[j].amount = (struct amount){false, sign};
        }
    }
    return good;
}

static int sweep_for_front(const struct invocation *invocation, const struct point_set *set)
{
    const struct sweep_values *values = invocation->values;
    const struct run_config *run = &set->scenarios[0]->run;
    struct fronting fronting = {.values = values, .set = set};
    struct conduct conduct = {
        .self = &fronting, .run = fronting_run, .print = fronting_print, .find = fronting_find};
    uint32_t limit = values->study.replications_max;
    struct diag diag = {0};
    int code = EXIT_USAGE;

    fronting.plan = (struct front_plan){
        .goals = &fronting.goals,
        .constraints = &fronting.constraints,
        .point_count = (uint32_t)set->count,
        .replications = run->replications,
        .replications_max = limit > run->replications ? limit
                            : limit                   ? run->replications
                                                      : FRONT_GROWTH * run->replications,
        .level = run->level,
    };
    bool good = parse_goals(&fronting, "--minimise", &values->minimise, 1, &diag);
    good = parse_goals(&fronting, "--maximise", &values->maximise, -1, &diag) && good;
    for (size_t i = 0; i < values->subject_to.count; i++)
        good = requirement_list_parse(&fronting.constraints, set->scenarios[0], "--subject-to",
                                      values->subject_to.items[i], &diag) &&
               good;
    struct strbuf settings = STRBUF_INIT;
    strbuf_add(&settings, "front:");
    for (size_t i = 0; i < fronting.goals.count; i++)
        strbuf_addf(&settings, " %s %s",
                    fronting.goals.items[i].amount.value < 0 ? "maximise" : "minimise",
                    fronting.goals.items[i].text);
    for (size_t i = 0; i < fronting.constraints.count; i++)
        strbuf_addf(&settings, ", %s", values->subject_to.items[i]);
    conduct.settings = settings.text;
    print_diag(&diag);
    if (good)
        code = study_command_conducted(invocation, set, &conduct);
    strbuf_release(&settings);
    watch_list_release(&fronting.goals);
    requirement_list_release(&fronting.constraints);
    front_result_release(&fronting.result);
    free(fronting.estimates);
    return code;
}

/* --- the points ----------------------------------------------------------------------------- */

/* Conditions of the file, then of the command line. */
static char **joined(char *const *ours, size_t our_count, const struct text_list *theirs)
{
    char **texts = mem_alloc(our_count + theirs->count, sizeof *texts);

    for (size_t i = 0; i < our_count; i++)
        texts[i] = ours[i];
    for (size_t i = 0; i < theirs->count; i++)
        texts[our_count + i] = (char *)(uintptr_t)theirs->items[i];
    return texts;
}

static bool design(const struct invocation *invocation, const struct scenario *base,
                   const struct axis_list *axes, struct design *result)
{
    const struct sweep_values *values = invocation->values;
    struct diag diag = {0};
    char **locksteps = joined(base->locksteps, base->lockstep_count, &values->locksteps);
    char **wheres = joined(base->wheres, base->where_count, &values->wheres);
    const struct design_spec spec = {
        .base = base,
        .axes = axes->items,
        .axis_count = axes->count,
        .locksteps = locksteps,
        .lockstep_count = base->lockstep_count + values->locksteps.count,
        .wheres = wheres,
        .where_count = base->where_count + values->wheres.count,
        .samples = values->samples,
        .seed = base->run.seed,
    };
    bool good = design_make(&spec, result, &diag);

    print_diag(&diag);
    if (good && result->left_out > 0 && !values->study.quiet)
        fprintf(stderr, "isthmus: note: %zu of %zu points excluded by conditions\n",
                result->left_out, result->left_out + result->point_count);
    free(locksteps);
    free(wheres);
    return good;
}

static int run_design(const struct invocation *invocation, const struct axis_list *axes,
                      const struct design *design)
{
    const struct sweep_values *values = invocation->values;
    bool has_goals = values->minimise.count + values->maximise.count > 0;
    struct point_set set = {NULL, NULL, 0};
    int code = EXIT_USAGE;

    bool loaded =
        axis_list_load(invocation, axes, design->values, design->point_count, &set, &code);
    if (loaded && has_goals && values->study.precision)
        code = usage_error("'--precision' cannot be given with '--minimise' or '--maximise'");
    else if (loaded && !has_goals && values->subject_to.count > 0)
        code = usage_error("'--subject-to' needs '--minimise' or '--maximise'");
    else if (loaded)
        code = has_goals ? sweep_for_front(invocation, &set) : study_command(invocation, &set);
    point_set_release(&set);
    return code;
}

static int sweep(const struct invocation *invocation)
{
    const struct sweep_values *values = invocation->values;
    struct axis_list axes;
    struct design points = {0};
    int code = EXIT_SCENARIO;
    struct scenario *base = study_load_scenario(invocation, invocation->arguments[0], NULL, &code);

    if (!base)
        return code;
    if (!axis_list_make(&axes, base, &values->sweeps, &values->study.sets)) {
        code = EXIT_USAGE;
    } else if (axes.count == 0) {
        quote_print_line(stderr,
                         "%s: error: nothing to sweep; give axes, such as 'sweep: {client.timeout: "
                         "[200ms, 500ms]}' or --sweep client.timeout=200ms,500ms",
                         base->path);
        code = EXIT_SCENARIO;
    } else if (design(invocation, base, &axes, &points)) {
        code = run_design(invocation, &axes, &points);
    }
    design_release(&points);
    axis_list_release(&axes);
    scenario_free(base);
    return code;
}

const struct command cmd_sweep = {
    .name = "sweep",
    .arguments = "SCENARIO",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Simulate a scenario at many points: combinations of values, or a Latin hypercube",
    .details =
        "Points are the cross product of the axes in the scenario's 'sweep: {client.timeout: "
        "[200ms, 500ms], ...}' and in '--sweep', filtered by 'where'. All points use the same "
        "random numbers. '--set' of a swept parameter fixes it. An expectation that fails at any "
        "point fails the study. With '--minimise' or '--maximise' each point is marked: on the "
        "Pareto front (no other point dominates it), dominated, or infeasible (by "
        "'--subject-to'). The knee is the point of the front nearest to the best value of every "
        "goal. Exit code 12 if a mark is uncertain.",
    .examples =
        "  isthmus sweep scenarios/30-read-after-write.yaml --replications 20 --threads 4 --json\n"
        "  isthmus sweep scenarios/10-peering-brownout.yaml --sweep client.timeout=200ms..1s*2 \\\n"
        "      --sweep client.retry.attempts=1..4/1 --where 'client.timeout * "
        "client.retry.attempts <= 2s' \\\n"
        "      --minimise login_latency.p99 --minimise write_failure_rate --subject-to "
        "'availability > 99%'",
    .options = sweep_options,
    .more_options = study_options,
    .old_options = study_old_options,
    .plans = true,
    .values_size = sizeof(struct sweep_values),
    .run = sweep,
};
