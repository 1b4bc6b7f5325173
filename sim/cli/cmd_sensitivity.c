// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Morris screening: the points of the trajectories are fractions of the ranges. Each is simulated,
 * and effects are computed from the means over replications. All points share the random numbers,
 * so an input without influence has an effect of exactly 0.
 */
#include "axes.h"
#include "json_writer.h"
#include "mem.h"
#include "morris.h"
#include "quote.h"
#include "study_command.h"
#include "sweep_axis.h"
#include "text_table.h"
#include "watch_list.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define OPTION_VALUES struct sensitivity_values
#define TRAJECTORIES_DEFAULT 10

struct sensitivity_values {
    struct study_values study;
    struct text_list ranges;
    const char *metrics;
    uint32_t trajectories;
};

/* clang-format off */
static const struct option sensitivity_options[] = {
    LIST_OPTION ("sweep", ranges, "PATH=FROM..TO", "input and its range ('FROM..TO', logarithmic 'FROM..TO*', or a list), in addition to the scenario's 'sweep'; repeatable"),
    TEXT_OPTION ("metric", metrics, "METRIC,...", NULL, "statistics to rank the inputs by, such as 'login_latency.p99,reauth_rate'"),
    COUNT_OPTION("trajectories", trajectories, "N", "10", "number of trajectories; each costs one point per input, plus one"),
    OPTIONS_END,
};
/* clang-format on */

struct screening {
    const struct sensitivity_values *values;
    const struct point_set *set;
    const struct axis_list *axes;
    struct watch_list statistics;
    const double *shares; /* of the points */
    uint32_t trajectories;
    struct morris_effect *effects; /* by statistic, by input */
};

/*
 * The statistic of a point: its mean. Never restored in some run is more than any number. A run
 * without an outage has no time to recover, which counts as 0.
 */
static double point_value(const struct sampled_estimate *estimate, const struct metric *metric)
{
    double n = (double)estimate->interval.n, none = (double)estimate->none;

    if (estimate->never > 0 || (estimate->interval.n > 0 && isinf(estimate->interval.mean)))
        return INFINITY;
    if (metric->best_none && n + none > 0)
        return n > 0 ? estimate->interval.mean * n / (n + none) : 0;
    return n > 0 ? estimate->interval.mean : NAN;
}

static void screening_run(void *self, struct study_runner *runner)
{
    struct screening *screening = self;
    const struct run_config *run = &screening->set->scenarios[0]->run;
    uint32_t points = (uint32_t)screening->set->count;
    size_t inputs = screening->axes->count;
    double *means = mem_alloc(points, sizeof *means);

    watch_list_open(&screening->statistics, runner);
    run_replications(runner, points, 0, run->replications);
    screening->effects =
        mem_alloc(screening->statistics.count * inputs, sizeof *screening->effects);
    for (size_t i = 0; i < screening->statistics.count; i++) {
        for (uint32_t point = 0; point < points; point++) {
            struct sampled_estimate estimate =
                runner_estimate(runner, point, screening->statistics.items[i].watch, run->level);
            means[point] = point_value(&estimate, screening->statistics.items[i].ref.metric);
        }
        morris_effects(screening->shares, means, inputs, screening->trajectories, run->level,
                       &screening->effects[i * inputs]);
    }
    free(means);
}

/* No number is as large an effect as that an outcome comes or not. */
static bool is_less(const struct morris_effect *a, const struct morris_effect *b)
{
    return a->outcomes != b->outcomes ? a->outcomes < b->outcomes
                                      : a->mu_star.mean < b->mu_star.mean;
}

/* The inputs of a statistic, largest effect first. */
static void rank(const struct morris_effect *effects, size_t count, size_t *order)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && is_less(&effects[order[at - 1]], &effects[i]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static bool has_outcomes(const struct morris_effect *effects, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (effects[i].outcomes > 0)
            return true;
    return false;
}

static void print_text(const struct screening *screening, size_t *order)
{
    size_t inputs = screening->axes->count;
    bool any_outcomes = false;

    for (size_t i = 0; i < screening->statistics.count; i++) {
        const struct watched *statistic = &screening->statistics.items[i];
        enum unit unit = metric_ref_unit(&statistic->ref);
        bool outcomes = has_outcomes(&screening->effects[i * inputs], inputs);
        struct text_table *table = text_table_create(
            outcomes ? "input\tmu*\tmu\tsigma\trecovers or never does" : "input\tmu*\tmu\tsigma");
        any_outcomes = any_outcomes || outcomes;
        printf(i > 0 ? "\n" : "");
        quote_print_line(
            stdout, "Effects on %s over the ranges: %" PRIu32 " trajectories, %.3g%% intervals",
            statistic->text, screening->trajectories,
            screening->set->scenarios[0]->run.level * 100);
        rank(&screening->effects[i * inputs], inputs, order);
        for (size_t j = 0; j < inputs; j++) {
            const struct morris_effect *effect = &screening->effects[i * inputs + order[j]];
            text_table_add(table, "%s", screening->axes->items[order[j]]->path);
            if (effect->mu_star.n == 0) {
                for (int k = 0; k < 3; k++)
                    text_table_add(table, "n/a");
            } else {
                interval_add(text_table_cell(table), &effect->mu_star, unit);
                units_add(text_table_cell(table), effect->mu, unit, 3);
                units_add(text_table_cell(table), effect->sigma, unit, 3);
            }
            if (outcomes)
                text_table_add(table, "%" PRIu64 " of %" PRIu32, effect->outcomes,
                               screening->trajectories);
        }
        text_table_print_and_free(table, stdout);
    }
    printf(
        "\nmu*: mean absolute effect of the input's whole range; mu: mean effect, with its sign;\n"
        "sigma: standard deviation, large if the effect is nonlinear or depends on other inputs.\n"
        "mu and sigma have no intervals.\n");
    if (any_outcomes)
        printf("recovers or never does: steps on one side of which it never recovered; no number, "
               "so not in mu*\n");
}

static void print_json(const struct screening *screening)
{
    size_t inputs = screening->axes->count;
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_object(&json, NULL);
    json_count(&json, "trajectories", screening->trajectories);
    json_open_array(&json, "effects");
    for (size_t i = 0; i < screening->statistics.count * inputs; i++) {
        const struct watched *statistic = &screening->statistics.items[i / inputs];
        const struct morris_effect *effect = &screening->effects[i];
        bool there = effect->mu_star.n > 0;
        json_open_object(&json, NULL);
        json_text(&json, "metric", statistic->text);
        json_text(&json, "input", screening->axes->items[i % inputs]->path);
        json_text(&json, "unit", unit_name(metric_ref_unit(&statistic->ref)));
        json_count(&json, "n", effect->mu_star.n);
        json_number(&json, "mu_star", there ? effect->mu_star.mean : NAN);
        json_number(&json, "low", effect->mu_star.low);
        json_number(&json, "high", effect->mu_star.high);
        json_number(&json, "mu", there ? effect->mu : NAN);
        json_number(&json, "sigma", there ? effect->sigma : NAN);
        json_count(&json, "outcomes_changed", effect->outcomes);
        json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

static void screening_find(void *self, struct finding_list *list)
{
    const struct screening *screening = self;
    size_t inputs = screening->axes->count;

    for (size_t i = 0; i < screening->statistics.count * inputs; i++) {
        const struct watched *statistic = &screening->statistics.items[i / inputs];
        const struct morris_effect *effect = &screening->effects[i];
        const struct finding finding = {
            .kind = "sensitivity",
            .point = -1,
            .subject = screening->axes->items[i % inputs]->path,
            .unit = metric_ref_unit(&statistic->ref),
            .interval = effect->mu_star,
        };
        finding_add(list, &finding, "mu* of %s; mu %.6g, sigma %.6g, outcome changed in %" PRIu64,
                    statistic->text, effect->mu, effect->sigma, effect->outcomes);
    }
}

static int screening_print(void *self)
{
    const struct screening *screening = self;
    size_t *order = mem_alloc(screening->axes->count, sizeof *order);

    if (!screening->values->study.quiet && !screening->values->study.digest) {
        if (screening->values->study.json)
            print_json(screening);
        else
            print_text(screening, order);
    }
    free(order);
    return EXIT_DONE;
}

/* Values of all points: the fractions of the design on each axis. */
static char **values_of(const struct axis_list *axes, const double *shares, size_t point_count)
{
    char **values = mem_alloc(point_count * axes->count, sizeof *values);

    for (size_t i = 0; i < point_count * axes->count; i++)
        values[i] = sweep_axis_at(axes->items[i % axes->count], shares[i]);
    return values;
}

static int screen(const struct invocation *invocation, const struct scenario *base,
                  const struct axis_list *axes)
{
    const struct sensitivity_values *values = invocation->values;
    uint32_t trajectories = values->trajectories ? values->trajectories : TRAJECTORIES_DEFAULT;
    size_t points = (size_t)trajectories * (axes->count + 1);
    struct point_set set = {NULL, NULL, 0};
    struct screening screening = {
        .values = values, .set = &set, .axes = axes, .trajectories = trajectories};
    struct conduct conduct = {
        .self = &screening, .run = screening_run, .print = screening_print, .find = screening_find};
    struct diag diag = {0};
    int code = EXIT_USAGE;

    if (points > DESIGN_POINTS_MAX)
        return usage_error("'sensitivity' would need more than %d points", DESIGN_POINTS_MAX);
    double *shares = mem_alloc(points * axes->count, sizeof *shares);
    morris_points(base->run.seed, axes->count, trajectories, shares);
    screening.shares = shares;
    char **texts = values_of(axes, shares, points);
    bool good = watch_list_parse(&screening.statistics, base, "--metric", values->metrics, &diag);
    print_diag(&diag);
    if (good && axis_list_load(invocation, axes, texts, points, &set, &code))
        code = study_command_conducted(invocation, &set, &conduct);
    for (size_t i = 0; i < points * axes->count; i++)
        free(texts[i]);
    free(texts);
    free(shares);
    free(screening.effects);
    watch_list_release(&screening.statistics);
    point_set_release(&set);
    return code;
}

static int sensitivity(const struct invocation *invocation)
{
    const struct sensitivity_values *values = invocation->values;
    struct axis_list axes;
    int code = EXIT_USAGE;

    if (!values->metrics)
        return usage_error("'sensitivity' needs '--metric', such as '--metric login_latency.p99'");
    struct scenario *base = study_load_scenario(invocation, invocation->arguments[0], NULL, &code);
    if (!base)
        return code;
    if (!axis_list_make(&axes, base, &values->ranges, &values->study.sets))
        code = EXIT_USAGE;
    else if (axes.count == 0)
        code = usage_error("'sensitivity' needs inputs, such as --sweep client.timeout=100ms..1s");
    else
        code = screen(invocation, base, &axes);
    axis_list_release(&axes);
    scenario_free(base);
    return code;
}

static const struct refused_option refused[] = {
    {"precision", "use '--trajectories'"},
    {"max-replications", "use '--trajectories'"},
    {NULL, NULL},
};

const struct command cmd_sensitivity = {
    .name = "sensitivity",
    .arguments = "SCENARIO",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Rank inputs by their effect on a metric over their ranges (Morris screening)",
    .details =
        "Each trajectory starts at a random point of the ranges and changes one input at a time "
        "by two thirds of its range; the change of the metric, scaled to the whole range, is an "
        "effect. With k inputs a trajectory costs k + 1 points. All points use the same random "
        "numbers, so an input without influence has an effect of exactly 0.",
    .examples = "  isthmus sensitivity scenarios/10-peering-brownout.yaml --metric "
                "login_latency.p99 \\\n"
                "      --sweep client.timeout=100ms..1s --sweep client.retry.attempts=1..5 \\\n"
                "      --sweep app.workers=16..128 --replications 3",
    .options = sensitivity_options,
    .more_options = study_options,
    .old_options = study_old_options,
    .refused = refused,
    .plans = true,
    .values_size = sizeof(struct sensitivity_values),
    .run = sensitivity,
};
