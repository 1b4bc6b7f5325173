// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch_list.h"

#include "mem.h"
#include "metric_law.h"
#include "rank_quantile.h"
#include "tally.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void watch_list_release(struct watch_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        metric_ref_release(&list->items[i].ref);
        free(list->items[i].text);
    }
    free(list->items);
    *list = (struct watch_list){NULL, 0, 0};
}

static struct watched *append(struct watch_list *list)
{
    MEM_GROW(list->items, list->capacity, list->count + 1);
    list->items[list->count] = (struct watched){.text = NULL};
    return &list->items[list->count++];
}

void watch_list_add(struct watch_list *list, const struct scenario *scenario,
                    const struct metric_ref *ref)
{
    struct watched *watched = append(list);
    struct strbuf text = STRBUF_INIT;

    watched->ref = *ref;
    metric_ref_add(&text, ref, &scenario->topology);
    watched->text = strbuf_detach(&text);
}

/* "5%", relative to the mean, or a quantity in the statistic's unit. */
static bool parse_amount(const char *text, enum unit unit, struct amount *amount,
                         struct strbuf *why)
{
    size_t length = strlen(text);

    amount->is_relative = length > 0 && text[length - 1] == '%';
    if (amount->is_relative ? !units_parse_share(text, &amount->value, why)
                            : !units_parse(text, unit, &amount->value, why))
        return false;
    if (amount->value < 0)
        strbuf_addf(why, "must not be negative, got '%s'", text);
    return amount->value >= 0;
}

/* Length up to the next comma outside braces, and position of the last colon outside braces. */
static size_t item_length(const char *text, const char **colon)
{
    size_t i = 0;
    int depth = 0;

    *colon = NULL;
    for (; text[i] && (text[i] != ',' || depth > 0); i++) {
        depth += text[i] == '{';
        depth -= text[i] == '}';
        if (text[i] == ':' && depth == 0)
            *colon = text + i;
    }
    return i;
}

static bool parse_item(struct watch_list *list, const struct scenario *scenario, const char *option,
                       const char *text, size_t length, const char *colon, struct diag *diag)
{
    size_t head = colon ? (size_t)(colon - text) : length;
    char *name = mem_strndup(text, head);
    char *rest = colon ? mem_strndup(colon + 1, length - head - 1) : NULL;
    struct metric_ref ref = {0};
    struct strbuf why = STRBUF_INIT;
    bool good = scenario_parse_metric(scenario, option, name, &ref, diag);

    if (good) {
        watch_list_add(list, scenario, &ref);
        struct watched *watched = &list->items[list->count - 1];
        watched->has_amount = watched->has_own_amount = rest != NULL;
        if (rest && !parse_amount(rest, metric_ref_unit(&ref), &watched->amount, &why)) {
            diag_error(diag, "'%s' of '%s' %s", option, watched->text, why.text);
            good = false;
        }
    } else {
        metric_ref_release(&ref);
    }
    strbuf_release(&why);
    free(name);
    free(rest);
    return good;
}

bool watch_list_parse(struct watch_list *list, const struct scenario *scenario, const char *option,
                      const char *text, struct diag *diag)
{
    const char *at = text, *colon;
    bool good = true;

    for (;;) {
        size_t length = item_length(at, &colon);
        good = parse_item(list, scenario, option, at, length, colon, diag) && good;
        if (!at[length])
            return good;
        at += length + 1;
    }
}

/* Counts and levels follow the load, and a label's value is a part of a total that there is. */
static bool is_main(const struct metric *metric)
{
    switch (metric->kind) {
    case METRIC_COUNT:
    case METRIC_LEVEL:
        return false;
    case METRIC_LATENCY:
        return metric->better != NO_DIRECTION;
    case METRIC_VALUE:
        return metric->better != NO_DIRECTION && (!metric->label || metric->has_total);
    case METRIC_RATIO:
        return metric->better != NO_DIRECTION && !metric->label;
    }
    return false;
}

void watch_list_add_main(struct watch_list *list, const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->metric_count; i++) {
        const struct metric *metric = scenario->metrics[i];

        if (!is_main(metric))
            continue;
        struct metric_ref ref = {
            .metric = metric,
            .stat = metric->kind == METRIC_LATENCY ? "p99" : NULL,
            .region = -1,
            .window = mem_strdup("all"),
        };
        watch_list_add(list, scenario, &ref);
    }
}

bool watch_list_default_amount(struct watch_list *list, const char *option, const char *text,
                               struct diag *diag)
{
    struct strbuf why = STRBUF_INIT;
    bool good = true;

    for (size_t i = 0; i < list->count && good; i++) {
        struct watched *watched = &list->items[i];
        if (watched->has_amount)
            continue;
        good = parse_amount(text, metric_ref_unit(&watched->ref), &watched->amount, &why);
        watched->has_amount = true;
        if (!good)
            diag_error(diag, "'%s' of '%s' %s", option, watched->text, why.text);
    }
    strbuf_release(&why);
    return good;
}

void watch_list_open(struct watch_list *list, struct study_runner *runner)
{
    for (size_t i = 0; i < list->count; i++)
        list->items[i].watch = runner_watch(runner, &list->items[i].ref);
}

double amount_around(const struct amount *amount, enum unit unit, double mean)
{
    if (!amount->is_relative)
        return amount->value;
    double size = fabs(mean);
    return amount->value * (unit == UNIT_SHARE && size > 0.5 ? fabs(1 - size) : size);
}

double amount_floor(const struct metric_ref *ref)
{
    switch (metric_ref_unit(ref)) {
    case UNIT_SHARE:
        return 0.0005;
    case UNIT_COUNT:
        return 1;
    case UNIT_NS:
        return ref->metric->kind == METRIC_VALUE ? 1e9 : 1e6;
    default:
        return 0;
    }
}

double quantile_resolution(const struct metric_ref *ref, double value)
{
    bool is_quantile =
        ref->metric->kind == METRIC_LATENCY && (!ref->stat || metric_quantile(ref->stat) > 0);

    return is_quantile ? histogram_resolution(value) : 0;
}

double quantile_threshold(const double *base, size_t count, double q)
{
    return rank_quantile(base, count, q, 0.95).value;
}

void quantile_outcomes(const double *values, size_t count, double threshold, double *outcomes)
{
    for (size_t i = 0; i < count; i++)
        outcomes[i] = isnan(values[i]) ? (double)NAN
                      : isfinite(values[i]) && (isnan(threshold) || values[i] <= threshold)
                          ? 0
                          : (double)INFINITY;
}

void amount_add(struct strbuf *out, const struct amount *amount, enum unit unit)
{
    if (amount->is_relative)
        strbuf_addf(out, "%.3g%%", amount->value * 100);
    else
        units_add(out, amount->value, unit, 3);
}

bool run_replications(struct study_runner *runner, uint32_t point_count, uint32_t from, uint32_t to)
{
    size_t count = (size_t)point_count * (to - from), next = 0;
    struct run_task *tasks = mem_alloc(count, sizeof *tasks);
    bool good;

    for (uint32_t point = 0; point < point_count; point++)
        for (uint32_t i = from; i < to; i++)
            tasks[next++] = (struct run_task){point, i};
    good = runner_run(runner, tasks, count);
    free(tasks);
    return good;
}
