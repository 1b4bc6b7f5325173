// SPDX-License-Identifier: GPL-3.0-or-later
#include "study_precise.h"

#include "mem.h"
#include "precision.h"
#include "text_table.h"
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define REPLICATIONS_MAX_DEFAULT 1000

struct precise {
    const struct study_values *values;
    const struct point_set *set;
    struct watch_list goals;
    struct precision_result *results; /* by point, by goal */
};

static uint32_t precise_max(const struct precise *precise)
{
    return precise->values->replications_max ? precise->values->replications_max
                                             : REPLICATIONS_MAX_DEFAULT;
}

static void precise_run(void *self, struct study_runner *runner)
{
    struct precise *precise = self;
    double level = precise->set->scenarios[0]->run.level;
    struct precision_plan plan = {
        .goals = &precise->goals,
        .point_count = (uint32_t)precise->set->count,
        .replications_max = precise_max(precise),
        .level = level,
    };

    watch_list_open(&precise->goals, runner);
    precision_run(runner, &plan);
    precise->results =
        mem_alloc(precise->set->count * precise->goals.count, sizeof *precise->results);
    for (uint32_t i = 0; i < precise->set->count * precise->goals.count; i++)
        precise->results[i] = precision_of(runner, &precise->goals.items[i % precise->goals.count],
                                           i / (uint32_t)precise->goals.count, level);
}

/* "22 ms", "0 of 3600, below 0.102%", "185 s, never in 6 of 15". */
static void add_mean(struct strbuf *out, const struct precision_result *result, enum unit unit)
{
    const struct interval *interval = &result->interval;
    bool unseen = interval->form == INTERVAL_NONE_SEEN || interval->form == INTERVAL_ALL_SEEN;
    struct interval value = unseen ? *interval : (struct interval){.mean = interval->mean};

    if (interval->n > 0)
        interval_add(out, &value, unit);
    else if (result->never == 0)
        strbuf_add(out, "-");
    if (result->never > 0)
        strbuf_addf(out, "%snever in %" PRIu64 " of %" PRIu64, interval->n > 0 ? ", " : "",
                    result->never, interval->n + result->never);
}

static void precise_print_table(const struct precise *precise)
{
    struct text_table *table =
        text_table_create(precise->set->count > 1 ? "point\tmetric\tmean\tn\thalf-width\ttarget"
                                                  : "metric\tmean\tn\thalf-width\ttarget");

    for (size_t i = 0; i < precise->set->count * precise->goals.count; i++) {
        const struct watched *goal = &precise->goals.items[i % precise->goals.count];
        const struct precision_result *result = &precise->results[i];
        enum unit unit = metric_ref_unit(&goal->ref);
        struct amount achieved = {goal->amount.is_relative, result->achieved};
        if (precise->set->count > 1)
            point_label_add(text_table_cell(table),
                            &precise->set->points[i / precise->goals.count]);
        text_table_add(table, "%s", goal->text);
        add_mean(text_table_cell(table), result, unit);
        text_table_add(table, "%" PRIu64, result->interval.n);
        struct strbuf *cell = text_table_cell(table);
        if (isfinite(result->achieved))
            amount_add(cell, &achieved, unit);
        else
            strbuf_add(cell, "none");
        cell = text_table_cell(table);
        amount_add(cell, &goal->amount, unit);
        strbuf_add(cell, result->met ? "" : ", not reached");
    }
    printf("\nPrecision (half-width of the %.3g%% interval), at most %" PRIu32 " replications\n",
           precise->set->scenarios[0]->run.level * 100, precise_max(precise));
    text_table_print_and_free(table, stdout);
}

static void precise_find(void *self, struct finding_list *list)
{
    const struct precise *precise = self;

    for (size_t i = 0; i < precise->set->count * precise->goals.count; i++) {
        const struct watched *goal = &precise->goals.items[i % precise->goals.count];
        const struct precision_result *result = &precise->results[i];
        const struct finding finding = {
            .kind = "precision",
            .point = (int64_t)(i / precise->goals.count),
            .subject = goal->text,
            .verdict = (char *)(uintptr_t)(result->met ? "reached" : "not reached"),
            .unit = metric_ref_unit(&goal->ref),
            .interval = result->interval,
        };
        finding_add(list, &finding, "half-width %.6g%s, target %.6g", result->achieved,
                    goal->amount.is_relative ? " of the mean" : "", goal->amount.value);
    }
}

static int precise_print(void *self)
{
    const struct precise *precise = self;
    bool met = true;

    for (size_t i = 0; i < precise->set->count * precise->goals.count; i++)
        met = met && precise->results[i].met;
    if (!precise->values->quiet && !precise->values->json && !precise->values->digest)
        precise_print_table(precise);
    return met ? EXIT_DONE : EXIT_UNDECIDED;
}

int study_command_precise(const struct invocation *invocation, const struct point_set *set)
{
    struct precise precise = {.values = invocation->values, .set = set};
    struct conduct conduct = {
        .self = &precise,
        .run = precise_run,
        .print = precise_print,
        .find = precise_find,
        .with_summary = true,
        .with_expectations = true,
        .replications = precise_max(&precise),
    };
    struct diag diag = {0};
    struct strbuf settings = STRBUF_INIT;
    int code = EXIT_USAGE;

    strbuf_addf(&settings, "precision %s", precise.values->precision);
    conduct.settings = settings.text;
    if (precise.values->replications)
        code = usage_error("'--precision' cannot be given with '--replications'; "
                           "use '--max-replications'");
    bool good = !precise.values->replications &&
                watch_list_parse(&precise.goals, set->scenarios[0], "--precision",
                                 precise.values->precision, &diag);
    for (size_t i = 0; good && i < precise.goals.count; i++) {
        if (precise.goals.items[i].amount.value > 0)
            continue;
        diag_error(&diag, "'--precision' of '%s' needs a half-width, such as '%s:5%%'",
                   precise.goals.items[i].text, precise.goals.items[i].text);
        good = false;
    }
    print_diag(&diag);
    if (good)
        code = study_command_conducted(invocation, set, &conduct);
    watch_list_release(&precise.goals);
    strbuf_release(&settings);
    free(precise.results);
    return code;
}
