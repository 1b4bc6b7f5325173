// SPDX-License-Identifier: GPL-3.0-or-later
/* The summary: read the whole study first, so that a read error does not print half a summary. */
#include "summary_print.h"

#include "mem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ADD(summary, list, name)                                                                   \
    (MEM_GROW((summary)->list, (summary)->name##_capacity, (summary)->name##_count + 1),           \
     &(summary)->list[(summary)->name##_count++])

static void add_param(void *self, int64_t point, const char *path, const char *value)
{
    struct summary *summary = self;
    *ADD(summary, params, param) =
        (struct summary_param){point, mem_strdup(path), mem_strdup(value)};
}

static void add_event(void *self, const struct event_row *row)
{
    struct summary *summary = self;
    if (row->point == 0) {
        *ADD(summary, events, event) = (struct summary_event){
            row->t_ns, mem_strdup(row->what), mem_strdup(row->subject), mem_strdup(row->text)};
    }
}

static void add_assumption(void *self, const char *path, const char *value, const char *meaning)
{
    struct summary *summary = self;
    *ADD(summary, assumptions, assumption) =
        (struct summary_assumption){mem_strdup(path), mem_strdup(value), mem_strdup(meaning)};
}

static void add_expectation(void *self, const struct expectation_row *row)
{
    struct summary *summary = self;
    *ADD(summary, expectations, expectation) =
        (struct summary_expectation){row->point,
                                     mem_strdup(row->text),
                                     mem_strdup(row->verdict),
                                     row->has_value,
                                     row->has_interval,
                                     row->value,
                                     row->low,
                                     row->high,
                                     mem_strdup(row->reason)};
}

static void add_outcome(void *self, const struct outcome_row *row)
{
    struct summary *summary = self;
    *ADD(summary, outcomes, outcome) = *row;
}

const struct outcome_row *summary_two_outcomes(const struct summary *summary, int64_t point)
{
    for (size_t i = 0; i < summary->outcome_count; i++) {
        const struct outcome_row *row = &summary->outcomes[i];
        if (row->point == point)
            return row->stuck > 0 && row->stuck < row->count ? row : NULL;
    }
    return NULL;
}

static void add_mechanisms(void *self, const struct point_row *row)
{
    struct summary *summary = self;
    if (row->number == 0)
        mechanisms_find(&summary->mechanisms, row->text, &summary->statistics, row->number);
}

static int load_outcomes(struct summary *summary, struct results *results, struct diag *diag)
{
    int64_t id = summary->study.id;
    bool two = false;
    if (results_each_outcome(results, id, add_outcome, summary, diag) != 0)
        return -1;
    for (size_t i = 0; i < summary->outcome_count; i++)
        two = two || summary_two_outcomes(summary, summary->outcomes[i].point) != NULL;
    if (!two)
        return 0;
    return statistic_table_load_of(&summary->recovered, results, id, false, diag) != 0
               ? -1
               : statistic_table_load_of(&summary->stuck, results, id, true, diag);
}

static void add_finding(void *self, const struct finding_row *row)
{
    struct summary *summary = self;
    *ADD(summary, findings, finding) =
        (struct summary_finding){.kind = mem_strdup(row->kind),
                                 .subject = mem_strdup(row->subject),
                                 .verdict = mem_strdup(row->verdict),
                                 .unit = mem_strdup(row->unit),
                                 .text = mem_strdup(row->text),
                                 .point = row->point,
                                 .n = row->n,
                                 .value = row->has_value ? row->value : NAN,
                                 .low = row->has_interval ? row->low : NAN,
                                 .high = row->has_interval ? row->high : NAN};
}

/* An input that decides whether something recovers matters more than any number says. */
static void add_influence(void *self, const struct finding_row *row)
{
    static const char changed[] = "outcome changed in ";
    struct summary *summary = self;
    const char *outcome = strstr(row->text, changed);
    bool decides = outcome != NULL && strtoull(outcome + strlen(changed), NULL, 10) > 0;
    if (strcmp(row->kind, "sensitivity") != 0 || (!row->has_value && !decides))
        return;
    if (summary->influence_metric == NULL)
        summary->influence_metric = mem_strndup(row->text, strcspn(row->text, ";"));
    size_t length = strlen(summary->influence_metric);
    if (strncmp(row->text, summary->influence_metric, length) == 0 && row->text[length] == ';')
        *ADD(summary, influences, influence) =
            (struct summary_influence){mem_strdup(row->subject), decides ? INFINITY : row->value};
}

static int by_effect(const void *a, const void *b)
{
    const struct summary_influence *one = a, *two = b;
    return (one->effect < two->effect) - (one->effect > two->effect);
}

static int load_influences(struct summary *summary, struct results *results, struct diag *diag)
{
    int64_t *study = &summary->influence_study;
    if (results_find_study(results, "sensitivity", summary->study.scenario_name, study, diag) != 0)
        return -1;
    if (*study > 0 && results_each_finding(results, *study, add_influence, summary, diag) != 0)
        return -1;
    if (summary->influence_count > 0)
        qsort(summary->influences, summary->influence_count, sizeof(*summary->influences),
              by_effect);
    return 0;
}

/* Objectives, and what every scenario has. */
static int load_groups(struct summary *summary, struct results *results, struct diag *diag)
{
    static const char *const always[] = {"availability", "rto", "rpo"};
    struct statistic_groups_list *list = &summary->groups;
    for (int64_t point = 0; point < (int64_t)summary->study.point_count; point++) {
        for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
            if (statistic_groups_find(list, results, &summary->study, point, always[i], diag) != 0)
                return -1;
        for (size_t i = 0; i < summary->expectation_count; i++) {
            const struct summary_expectation *row = &summary->expectations[i];
            if (row->point == point &&
                statistic_groups_find(list, results, &summary->study, point, row->text, diag) != 0)
                return -1;
        }
    }
    for (size_t i = 0; i < list->count; i++)
        list->items[i].unit = summary_unit_of(summary, list->items[i].text);
    return 0;
}

int summary_load(struct summary *summary, struct results *results, int64_t id, struct diag *diag)
{
    if (results_study(results, id, &summary->study, diag) != 0)
        return -1;
    id = summary->study.id;
    if (statistic_table_load(&summary->statistics, results, id, NULL, diag) != 0 ||
        incident_groups_load(&summary->incidents, results, id, diag) != 0 ||
        results_each_point(results, id, add_mechanisms, summary, diag) != 0 ||
        load_outcomes(summary, results, diag) != 0 ||
        results_each_param(results, id, add_param, summary, diag) != 0 ||
        results_each_event(results, id, 0, add_event, summary, diag) != 0 ||
        results_each_finding(results, id, add_finding, summary, diag) != 0 ||
        results_each_assumption(results, id, add_assumption, summary, diag) != 0 ||
        load_influences(summary, results, diag) != 0)
        return -1;
    return results_each_expectation(results, id, add_expectation, summary, diag) != 0
               ? -1
               : load_groups(summary, results, diag);
}

void summary_release(struct summary *summary)
{
    for (size_t i = 0; i < summary->param_count; i++) {
        free(summary->params[i].path);
        free(summary->params[i].value);
    }
    for (size_t i = 0; i < summary->event_count; i++) {
        free(summary->events[i].what);
        free(summary->events[i].subject);
        free(summary->events[i].text);
    }
    for (size_t i = 0; i < summary->assumption_count; i++) {
        free(summary->assumptions[i].path);
        free(summary->assumptions[i].value);
        free(summary->assumptions[i].meaning);
    }
    for (size_t i = 0; i < summary->expectation_count; i++) {
        free(summary->expectations[i].text);
        free(summary->expectations[i].verdict);
        free(summary->expectations[i].reason);
    }
    for (size_t i = 0; i < summary->finding_count; i++) {
        free(summary->findings[i].kind);
        free(summary->findings[i].subject);
        free(summary->findings[i].verdict);
        free(summary->findings[i].unit);
        free(summary->findings[i].text);
    }
    free(summary->findings);
    free(summary->params);
    free(summary->events);
    free(summary->assumptions);
    free(summary->expectations);
    free(summary->outcomes);
    statistic_table_release(&summary->statistics);
    statistic_table_release(&summary->recovered);
    statistic_table_release(&summary->stuck);
    incident_groups_release(&summary->incidents);
    mechanisms_release(&summary->mechanisms);
    statistic_groups_release(&summary->groups);
    for (size_t i = 0; i < summary->influence_count; i++)
        free(summary->influences[i].path);
    free(summary->influences);
    free(summary->influence_metric);
}

enum unit summary_unit_of(const struct summary *summary, const char *expectation_text)
{
    /* "upper(reauth_rate) < 1%": the metric is inside the parentheses. */
    const char *parenthesis = strchr(expectation_text, '(');
    if (parenthesis != NULL)
        expectation_text = parenthesis + 1;
    size_t length = strcspn(expectation_text, "{.<>=) ");
    for (size_t i = 0; i < summary->statistics.count; i++) {
        const struct statistic_row *row = &summary->statistics.rows[i];
        /* The count of a latency has no unit. */
        if (strlen(row->metric) == length && strncmp(row->metric, expectation_text, length) == 0 &&
            strcmp(row->stat, "count") != 0)
            return row->unit;
    }
    return UNIT_NONE;
}

static int write_text(FILE *out, const struct summary *summary,
                      const struct summary_options *options)
{
    struct strbuf text = STRBUF_INIT;
    summary_add_text(&text, summary, options);
    bool failed = fwrite(text.text, 1, text.length, out) != text.length || fflush(out) != 0;
    strbuf_release(&text);
    return failed ? -1 : 0;
}

int report_summary(struct results *results, const struct summary_options *options, FILE *out,
                   struct diag *diag)
{
    struct summary summary = {0};
    int status = summary_load(&summary, results, options->study, diag);
    if (status == 0) {
        status =
            options->json ? summary_write_json(out, &summary) : write_text(out, &summary, options);
        if (status != 0 && errno != EPIPE) /* the reader closed the pipe: no error */
            diag_error(diag, "cannot write the summary: %s", strerror(errno));
    }
    summary_release(&summary);
    return status;
}
