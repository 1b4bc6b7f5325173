// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Each load that the search tries is a point, created when it is needed. All points share the
 * random numbers.
 */
#include "axes.h"
#include "capacity.h"
#include "json_writer.h"
#include "mem.h"
#include "quote.h"
#include "study_command.h"
#include "sweep_axis.h"
#include "text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPTION_VALUES struct capacity_values
#define TOLERANCE_DEFAULT 0.02

struct capacity_values {
    struct study_values study;
    const char *parameter, *between, *tolerance;
    struct text_list objectives;
};

/* clang-format off */
static const struct option capacity_options[] = {
    TEXT_OPTION("parameter", parameter, "PATH", NULL, "load parameter to vary, such as population.sessions"),
    TEXT_OPTION("between", between, "FROM..TO", NULL, "range to search, such as 10/s..1000/s"),
    LIST_OPTION("objective", objectives, "EXPECTATION", "what must hold, such as 'login_latency.p99 < 1s'; repeatable; default: the scenario's 'expect'"),
    TEXT_OPTION("tolerance", tolerance, "SHARE", "2%", "relative width of the bracket at which the search ends; with --max-replications, also the half-width of the interval to reach by adding replications"),
    OPTIONS_END,
};
/* clang-format on */

static const struct refused_option refused[] = {{"precision", "use '--tolerance'"}, {NULL, NULL}};

struct seeking {
    const struct invocation *invocation;
    const struct capacity_values *values;
    struct point_set *set;
    struct axis_list axes; /* the parameter only */
    struct requirement_list objectives;
    struct capacity_plan plan;
    struct capacity_result result;
    struct decision *states;     /* by load tried, by objective */
    struct study_runner *runner; /* only while the study runs */
    double *loads;               /* by point of the set */
    bool failed;
};

/* The parameter's value at a load, as the axis writes it; integers stay integers. */
static char *value_at(const struct seeking *seeking, double *load)
{
    struct quantity value = seeking->axes.items[0]->from;
    struct strbuf text = STRBUF_INIT;

    value.value = *load;
    if (seeking->axes.items[0]->from.whole && seeking->axes.items[0]->to.whole)
        value.value = round(value.value);
    quantity_add(&text, &value);
    /* Simulate the rounded value that is written to the scenario. */
    if (quantity_parse(text.text, &value))
        *load = value.value;
    return strbuf_detach(&text);
}

static uint32_t seeking_point_at(void *self, double *load)
{
    struct seeking *seeking = self;
    char *value = value_at(seeking, load);
    int code = EXIT_DONE;

    for (uint32_t i = 0; i < seeking->set->count; i++) {
        if (seeking->loads[i] == *load) {
            free(value);
            return i;
        }
    }
    /* Both ends were valid. If a load between them is not, report it and return the first point,
     * which ends the search because that load was tried before. */
    bool good = axis_list_load(seeking->invocation, &seeking->axes, &value, 1, seeking->set, &code);
    free(value);
    uint32_t number = (uint32_t)seeking->set->count - 1;
    if (!good) {
        seeking->failed = true;
        *load = seeking->loads[0];
        return 0;
    }
    seeking->loads = mem_realloc(seeking->loads, seeking->set->count, sizeof *seeking->loads);
    seeking->loads[number] = *load;
    if (seeking->runner && number > 0)
        return runner_add_point(seeking->runner, &seeking->set->points[number]);
    return number;
}

static void seeking_run(void *self, struct study_runner *runner)
{
    struct seeking *seeking = self;
    size_t objectives = seeking->objectives.count;

    seeking->runner = runner;
    requirement_list_open(&seeking->objectives, runner);
    capacity_run(runner, &seeking->plan, &seeking->result);
    seeking->states = mem_alloc(seeking->result.tried_count * objectives, sizeof *seeking->states);
    for (size_t i = 0; i < seeking->result.tried_count * objectives; i++)
        seeking->states[i] =
            requirement_judge(&seeking->objectives.items[i % objectives], runner,
                              seeking->result.tried[i / objectives].point, seeking->plan.level);
}

/* --- output --------------------------------------------------------------------------------- */

static void add_load(struct strbuf *out, const struct seeking *seeking, double load)
{
    struct quantity value = seeking->axes.items[0]->from;

    /* The search resolves no more than three digits. */
    value.value = load;
    if (load > 0) {
        double unit = pow(10, floor(log10(load)) - 3);
        value.value = round(load / unit) * unit;
    }
    quantity_add(out, &value);
}

/* Of the load. */
static enum unit load_unit(const struct seeking *seeking)
{
    static const enum unit units[] = {
        [QUANTITY_NUMBER] = UNIT_NONE, [QUANTITY_DURATION] = UNIT_NS,
        [QUANTITY_SHARE] = UNIT_SHARE, [QUANTITY_RATE] = UNIT_PER_S,
        [QUANTITY_SIZE] = UNIT_BYTES,  [QUANTITY_BANDWIDTH] = UNIT_BIT_PER_S};

    return units[seeking->axes.items[0]->from.kind];
}

/* Is an objective open at the highest load that was tried? */
static bool is_open(const struct seeking *seeking)
{
    size_t objectives = seeking->objectives.count, last = seeking->result.tried_count * objectives;

    for (size_t i = last - objectives; i < last; i++)
        if (seeking->states[i].by_interval == VERDICT_UNDECIDED)
            return true;
    return false;
}

static void add_answer(struct strbuf *out, const struct seeking *seeking)
{
    const struct limit *limit = &seeking->result.limit;
    const char *path = seeking->values->parameter;

    switch (limit->place) {
    case LIMIT_WITHIN:
        strbuf_addf(out, "%s: objectives hold up to ", path);
        add_load(out, seeking, limit->load);
        strbuf_add(out, " [");
        if (limit->has_low)
            add_load(out, seeking, limit->low);
        else
            strbuf_add(out, "below the range");
        strbuf_add(out, ", ");
        if (limit->has_high)
            add_load(out, seeking, limit->high);
        else
            strbuf_add(out, "above the range");
        strbuf_addf(out, "] (%.3g%% interval, %" PRIu32 " replications per load)",
                    seeking->plan.level * 100, seeking->result.replications);
        break;
    case LIMIT_BELOW:
        strbuf_addf(out, "%s: objectives already fail at ", path);
        add_load(out, seeking, seeking->plan.from);
        break;
    case LIMIT_ABOVE:
        strbuf_addf(out, "%s: objectives still hold%s at ", path,
                    is_open(seeking) ? " by their means, not surely," : "");
        add_load(out, seeking, seeking->plan.to);
        break;
    }
}

static void print_text(const struct seeking *seeking)
{
    struct strbuf text = STRBUF_INIT;
    size_t objectives = seeking->objectives.count;

    add_answer(&text, seeking);
    quote_print_line(stdout, "%s", text.text);
    if (seeking->result.breaks_first >= 0)
        quote_print_line(stdout, "First objective to fail: %s",
                         seeking->objectives.items[seeking->result.breaks_first].expect.text);
    printf("\n");
    strbuf_clear(&text);
    strbuf_add(&text, seeking->values->parameter);
    for (size_t i = 0; i < objectives; i++)
        strbuf_addf(&text, "\t%s", seeking->objectives.items[i].expect.text);
    struct text_table *table = text_table_create(text.text);
    for (size_t number = 0; number < seeking->result.tried_count; number++) {
        add_load(text_table_cell(table), seeking, seeking->result.tried[number].load);
        for (size_t i = 0; i < objectives; i++) {
            const struct decision *state = &seeking->states[number * objectives + i];
            struct strbuf *cell = text_table_cell(table);
            requirement_add_value(cell, &seeking->objectives.items[i], state);
            strbuf_addf(cell, " %s", verdict_name(state->verdict));
        }
    }
    text_table_print_and_free(table, stdout);
    strbuf_release(&text);
}

static void write_load(struct json_writer *json, const struct seeking *seeking, size_t number)
{
    size_t objectives = seeking->objectives.count;

    json_open_object(json, NULL);
    json_number(json, "load", seeking->result.tried[number].load);
    json_count(json, "point", seeking->result.tried[number].point);
    json_open_array(json, "objectives");
    for (size_t i = 0; i < objectives; i++) {
        const struct decision *state = &seeking->states[number * objectives + i];
        json_open_object(json, NULL);
        json_text(json, "text", seeking->objectives.items[i].expect.text);
        json_text(json, "verdict", verdict_name(state->verdict));
        json_text(json, "unit",
                  unit_name(metric_ref_unit(&seeking->objectives.items[i].expect.left)));
        json_number(json, "mean", state->estimate.interval.n ? state->estimate.interval.mean : NAN);
        json_number(json, "low", state->estimate.interval.low);
        json_number(json, "high", state->estimate.interval.high);
        json_count(json, "n", state->estimate.interval.n);
        json_count(json, "never", state->estimate.never);
        json_close(json);
    }
    json_close(json);
    json_close(json);
}

static void print_json(const struct seeking *seeking)
{
    static const char *const places[] = {
        [LIMIT_WITHIN] = "within", [LIMIT_BELOW] = "below", [LIMIT_ABOVE] = "above"};
    const struct limit *limit = &seeking->result.limit;
    int64_t first = seeking->result.breaks_first;
    bool within = limit->place == LIMIT_WITHIN;
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "parameter", seeking->values->parameter);
    json_text(&json, "unit", unit_name(load_unit(seeking)));
    json_text(&json, "place", places[limit->place]);
    json_number(&json, "limit", within ? limit->load : NAN);
    json_number(&json, "low", within && limit->has_low ? limit->low : NAN);
    json_number(&json, "high", within && limit->has_high ? limit->high : NAN);
    json_number(&json, "level", seeking->plan.level);
    json_count(&json, "replications", seeking->result.replications);
    json_text(&json, "breaks_first",
              first < 0 ? NULL : seeking->objectives.items[first].expect.text);
    json_open_array(&json, "looks");
    for (size_t number = 0; number < seeking->result.tried_count; number++)
        write_load(&json, seeking, number);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

/* Every objective at every load that was tried; "load 120; ", the objective and, where it was not
 * known when some run ended, "; never in 3 of 20" are its text. */
static void find_states(const struct seeking *seeking, struct finding_list *list)
{
    size_t objectives = seeking->objectives.count;

    for (size_t i = 0; i < seeking->result.tried_count * objectives; i++) {
        const struct requirement *objective = &seeking->objectives.items[i % objectives];
        const struct decision *state = &seeking->states[i];
        struct strbuf subject = STRBUF_INIT;
        metric_ref_add(&subject, &objective->expect.left, &seeking->set->scenarios[0]->topology);
        const struct finding finding = {
            .kind = "capacity",
            .point = seeking->result.tried[i / objectives].point,
            .subject = subject.text,
            .verdict = (char *)(uintptr_t)verdict_name(state->verdict),
            .unit = metric_ref_unit(&objective->expect.left),
            .interval = state->estimate.interval,
        };
        uint64_t never = state->estimate.never;
        struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "load %.9g; %s", seeking->result.tried[i / objectives].load,
                    objective->expect.text);
        if (never > 0)
            strbuf_addf(&text, "; never in %" PRIu64 " of %" PRIu64, never,
                        state->estimate.interval.n + never);
        finding_add(list, &finding, "%s", text.text);
        strbuf_release(&text);
        strbuf_release(&subject);
    }
}

static void seeking_find(void *self, struct finding_list *list)
{
    const struct seeking *seeking = self;
    const struct limit *limit = &seeking->result.limit;
    int64_t first = seeking->result.breaks_first;
    const struct finding finding = {
        .kind = "capacity",
        .point = -1,
        .subject = (char *)(uintptr_t)seeking->values->parameter,
        .verdict = (char *)(uintptr_t)(limit->place == LIMIT_WITHIN  ? "limit"
                                       : limit->place == LIMIT_BELOW ? "below the range"
                                                                     : "above the range"),
        .unit = load_unit(seeking),
        .interval = {.valid = limit->has_low && limit->has_high,
                     .n = limit->place == LIMIT_WITHIN ? seeking->result.replications : 0,
                     .level = seeking->plan.level,
                     .mean = limit->load,
                     .low = limit->low,
                     .high = limit->high},
    };

    find_states(seeking, list);
    finding_add(list, &finding, "%s",
                first < 0 ? "" : seeking->objectives.items[first].expect.text);
}

static int seeking_print(void *self)
{
    const struct seeking *seeking = self;
    const struct limit *limit = &seeking->result.limit;

    if (seeking->failed)
        return EXIT_SCENARIO;
    if (!seeking->values->study.quiet && !seeking->values->study.digest) {
        if (seeking->values->study.json)
            print_json(seeking);
        else
            print_text(seeking);
    }
    return limit->place == LIMIT_WITHIN && limit->has_low && limit->has_high ? EXIT_DONE
                                                                             : EXIT_UNDECIDED;
}

/* --- the command ---------------------------------------------------------------------------- */

static bool parse_range(struct seeking *seeking, const struct scenario *base)
{
    const struct capacity_values *values = seeking->values;
    struct strbuf text = STRBUF_INIT;
    const struct text_list none = {NULL, 0, 0};
    bool good;

    strbuf_addf(&text, "%s=%s", values->parameter, values->between);
    const char *items[] = {text.text};
    const struct text_list axis = {items, 1, 1};
    /* Ignore the scenario's own axes. */
    struct scenario bare = *base;
    bare.axis_count = 0;
    good = axis_list_make(&seeking->axes, &bare, &axis, &none);
    if (good && (!seeking->axes.items[0]->has_range || seeking->axes.items[0]->value_count > 0)) {
        usage_error("'--between' needs a range such as '10/s..1000/s', got '%s'", values->between);
        good = false;
    }
    strbuf_release(&text);
    return good;
}

static bool parse_objectives(struct seeking *seeking, const struct scenario *base)
{
    const struct text_list *texts = &seeking->values->objectives;
    struct diag diag = {0};
    bool good = true;

    for (size_t i = 0; i < texts->count; i++)
        good = requirement_list_parse(&seeking->objectives, base, "--objective", texts->items[i],
                                      &diag) &&
               good;
    for (size_t i = 0; texts->count == 0 && i < base->expect_count; i++)
        good = requirement_list_parse(&seeking->objectives, base, "expect", base->expects[i].text,
                                      &diag) &&
               good;
    if (good && seeking->objectives.count == 0) {
        usage_error("'capacity' needs an objective, such as --objective 'login_latency.p99 < 1s'");
        good = false;
    }
    print_diag(&diag);
    return good;
}

static bool parse_tolerance(const char *text, double *tolerance)
{
    struct strbuf why = STRBUF_INIT;
    bool good = true;

    *tolerance = TOLERANCE_DEFAULT;
    if (text)
        good = units_parse_share(text, tolerance, &why) && *tolerance > 0 && *tolerance < 1;
    if (!good)
        usage_error("'--tolerance' needs a ratio between 0%% and 100%%, got '%s'", text);
    strbuf_release(&why);
    return good;
}

static int seek(const struct invocation *invocation, struct seeking *seeking)
{
    const struct run_config *run = &seeking->set->scenarios[0]->run;
    uint32_t limit = seeking->values->study.replications_max;
    struct conduct conduct = {
        .self = seeking, .run = seeking_run, .print = seeking_print, .find = seeking_find};
    struct strbuf settings = STRBUF_INIT;

    if (run->replications < 2)
        return usage_error("'capacity' needs at least 2 replications for an interval");
    seeking->plan.objectives = &seeking->objectives;
    seeking->plan.replications = run->replications;
    seeking->plan.replications_max = limit > run->replications ? limit : run->replications;
    seeking->plan.level = run->level;
    seeking->plan.point_at = seeking_point_at;
    seeking->plan.self = seeking;
    strbuf_addf(&settings, "capacity: %s in %s, tolerance %.3g, at most %" PRIu32,
                seeking->values->parameter, seeking->values->between, seeking->plan.tolerance,
                seeking->plan.replications_max);
    for (size_t i = 0; i < seeking->objectives.count; i++)
        strbuf_addf(&settings, ", %s", seeking->objectives.items[i].expect.text);
    conduct.settings = settings.text;
    /* Only the first point exists at the start; the search adds the others. */
    struct scenario *scenario = seeking->set->scenarios[0];
    struct study_point point = seeking->set->points[0];
    const struct point_set first = {&scenario, &point, 1};
    int code = study_command_conducted(invocation, &first, &conduct);
    strbuf_release(&settings);
    return code;
}

static int capacity(const struct invocation *invocation)
{
    const struct capacity_values *values = invocation->values;
    struct point_set set = {NULL, NULL, 0};
    struct seeking *seeking = mem_zalloc(1, sizeof *seeking);
    int code = EXIT_USAGE;

    seeking->invocation = invocation;
    seeking->values = values;
    seeking->set = &set;
    struct scenario *base = NULL;
    if (!values->parameter || !values->between)
        usage_error("'capacity' needs '--parameter PATH --between FROM..TO', such as '--parameter "
                    "population.sessions --between 10/s..1000/s'");
    else if ((base = study_load_scenario(invocation, invocation->arguments[0], NULL, &code)) &&
             parse_range(seeking, base) && parse_objectives(seeking, base) &&
             parse_tolerance(values->tolerance, &seeking->plan.tolerance)) {
        seeking->plan.from = seeking->axes.items[0]->from.value;
        seeking->plan.to = seeking->axes.items[0]->to.value;
        double load = seeking->plan.from;
        char *value = value_at(seeking, &load);
        if (axis_list_load(invocation, &seeking->axes, &value, 1, &set, &code)) {
            seeking->loads = mem_alloc(1, sizeof *seeking->loads);
            seeking->loads[0] = load;
            code = seek(invocation, seeking);
        }
        free(value);
    } else if (base) {
        code = EXIT_USAGE;
    }
    requirement_list_release(&seeking->objectives);
    axis_list_release(&seeking->axes);
    free(seeking->states);
    free(seeking->loads);
    free(seeking);
    point_set_release(&set);
    scenario_free(base);
    return code;
}

const struct command cmd_capacity = {
    .name = "capacity",
    .arguments = "SCENARIO",
    .argument_min = 1,
    .argument_max = 1,
    .summary =
        "Find the largest load at which all objectives hold, and the first objective to fail",
    .details =
        "Search the range by bisection; all loads use the same random numbers. The limit is the "
        "load up to which all objectives hold by their means. Its interval contains all loads at "
        "which an objective is undecided. Objectives are evaluated over all replications, as "
        "'expect' is. Exit code 12 if the limit or an end of its interval is outside the range.",
    .examples = "  isthmus capacity scenarios/00-baseline.yaml --parameter population.sessions \\\n"
                "      --between 10/s..500/s --objective 'request_latency.p99 < 1s' \\\n"
                "      --objective 'availability > 99.9%' --replications 3 --set duration=6min",
    .options = capacity_options,
    .more_options = study_options,
    .old_options = study_old_options,
    .refused = refused,
    .plans = true,
    .values_size = sizeof(struct capacity_values),
    .run = capacity,
};
