// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * An event belongs to an incident if it was caused by the event that opened it, or waited for it,
 * or is a cause of it; directly or over others. Nearness in time does not count.
 */
#include "explain_internal.h"

#include "mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const explain_measures[EXPLAIN_MEASURES] = {"availability", "write_failure_rate",
                                                        "reauths", "login_failure_rate"};

/* --- the incident ---------------------------------------------------------------------------- */

struct incident_list_of_point {
    const struct explain_choice *choice;
    struct incident_row *rows; /* with texts of their own */
    size_t count, capacity;
};

static void add_incident(void *self, const struct incident_row *row)
{
    struct incident_list_of_point *list = self;

    if (row->point != list->choice->point)
        return;
    MEM_GROW(list->rows, list->capacity, list->count + 1);
    list->rows[list->count] = *row;
    list->rows[list->count].kind = mem_strdup(row->kind);
    list->rows[list->count++].subject = mem_strdup(row->subject);
}

static void incidents_release(struct incident_list_of_point *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((void *)(uintptr_t)list->rows[i].kind);
        free((void *)(uintptr_t)list->rows[i].subject);
    }
    free(list->rows);
}

/* Never restored is longer than anything. */
static double rto_of(const struct incident_row *row)
{
    return row->restored_ns < 0 ? (double)INFINITY : (double)(row->restored_ns - row->onset_ns);
}

/* The longest incident of a replication; NULL: it has none. */
static const struct incident_row *longest_of(const struct incident_list_of_point *list,
                                             int64_t replication)
{
    const struct incident_row *longest = NULL;

    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].replication == replication &&
            (!longest || rto_of(&list->rows[i]) > rto_of(longest)))
            longest = &list->rows[i];
    return longest;
}

struct ranked {
    double rto;
    int64_t replication;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->rto < b->rto || a->rto > b->rto)
        return a->rto < b->rto ? -1 : 1;
    return a->replication < b->replication ? -1 : a->replication > b->replication;
}

/* The replication whose longest incident is the median of all; -1: no run has one. */
static int64_t median_replication(const struct incident_list_of_point *list)
{
    struct ranked *ranked = mem_alloc(list->count + 1, sizeof *ranked);
    size_t count = 0;
    int64_t replication;

    for (size_t i = 0; i < list->count; i++)
        if (longest_of(list, list->rows[i].replication) == &list->rows[i])
            ranked[count++] = (struct ranked){rto_of(&list->rows[i]), list->rows[i].replication};
    if (count > 0)
        qsort(ranked, count, sizeof *ranked, compare_ranked);
    replication = count > 0 ? ranked[(count - 1) / 2].replication : -1;
    free(ranked);
    return replication;
}

static const struct incident_row *numbered(const struct incident_list_of_point *list,
                                           int64_t replication, int64_t number)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].replication == replication && list->rows[i].number == number)
            return &list->rows[i];
    return NULL;
}

/* False, with an error, if there is none. */
static bool choose(struct explanation *explanation, const struct incident_list_of_point *list,
                   int64_t duration_ns, struct diag *diag)
{
    const struct explain_choice *choice = list->choice;
    struct explained_incident *chosen = &explanation->chosen;
    int64_t replication = choice->replication < 0 ? median_replication(list) : choice->replication;
    const struct incident_row *row, *next;

    for (size_t i = 0; i < list->count; i++)
        chosen->incident_count += list->rows[i].replication == replication;
    row = choice->incident > 0 ? numbered(list, replication, choice->incident - 1)
                               : longest_of(list, replication);
    if (!row && chosen->incident_count > 0) {
        diag_error(diag,
                   "there is no incident %" PRId64 ": point %" PRId64 ", replication %" PRId64
                   " has %" PRId64,
                   choice->incident, choice->point, replication, chosen->incident_count);
        return false;
    }
    if (!row) {
        diag_error(diag, "point %" PRId64 " has no incident%s: there is nothing to explain",
                   choice->point, choice->replication < 0 ? "" : " in this replication");
        return false;
    }
    chosen->row = *row;
    chosen->row.kind = mem_strdup(row->kind);
    chosen->row.subject = mem_strdup(row->subject);
    chosen->is_median = choice->replication < 0;
    next = numbered(list, replication, row->number + 1);
    explanation->until_ns = next ? next->onset_ns : duration_ns;
    return true;
}

/* --- its events ------------------------------------------------------------------------------ */

static void add_event(void *self, const struct event_row *row)
{
    struct explanation *explanation = self;
    struct explain_event *event;

    if (row->point != explanation->chosen.row.point)
        return;
    while (explanation->event_count < row->number) { /* numbers without gaps */
        MEM_GROW(explanation->events, explanation->event_capacity, explanation->event_count + 1);
        explanation->events[explanation->event_count++] = (struct explain_event){.row.t_ns = -1};
    }
    event = &explanation->events[row->number - 1];
    event->row = *row;
    event->row.what = mem_strdup(row->what);
    event->row.subject = mem_strdup(row->subject);
    event->row.text = mem_strdup(row->text);
    event->row.cause_text = mem_strdup(row->cause_text);
}

static bool event_belongs(const struct explanation *explanation, uint32_t number)
{
    const struct explain_event *event = explanation_event(explanation, number);

    return event && event->belongs;
}

/* Causes have smaller numbers than their effects, so one pass each way is enough. */
static void mark_events(struct explanation *explanation)
{
    const struct incident_row *incident = &explanation->chosen.row;
    uint32_t origin = incident->cause;

    while (origin > 0 && origin <= explanation->event_count) { /* what led to it */
        explanation->events[origin - 1].belongs = true;
        origin = explanation->events[origin - 1].row.cause;
    }
    for (size_t i = 0; i < explanation->event_count; i++) {
        struct explain_event *event = &explanation->events[i];

        if (event->row.t_ns >= incident->onset_ns && event->row.t_ns < explanation->until_ns &&
            (event_belongs(explanation, event->row.cause) ||
             event_belongs(explanation, event->row.waited_for)))
            event->belongs = true;
    }
    for (size_t i = explanation->event_count; i-- > 0;) /* what they waited for */
        if (explanation->events[i].belongs) {
            uint32_t waited = explanation->events[i].row.waited_for;

            if (waited > 0 && waited <= explanation->event_count)
                explanation->events[waited - 1].belongs = true;
        }
}

static void number_steps(struct explanation *explanation)
{
    size_t step = 0;

    for (size_t i = 0; i < explanation->event_count; i++)
        if (explanation->events[i].belongs)
            explanation->events[i].step = ++step;
}

/* --- affected users -------------------------------------------------------------------------- */

struct measure_loader {
    struct explanation *explanation;
    struct explain_measure *measure;
    struct explain_value *value;
    bool found;
};

static void add_cell(void *self, const struct summary_row *row)
{
    struct measure_loader *loader = self;
    struct explain_measure *measure = loader->measure;

    if (row->point != loader->explanation->chosen.row.point || strcmp(row->window, "fault") != 0 ||
        row->stat[0] != '\0')
        return;
    MEM_GROW(measure->values, measure->capacity, measure->count + 1);
    measure->values[measure->count++] =
        (struct explain_value){mem_strdup(row->region), mem_strdup(row->label), (double)NAN};
}

static void take_value(void *self, const struct value_row *row)
{
    struct measure_loader *loader = self;

    if (row->replication == loader->explanation->chosen.row.replication)
        loader->value->value = row->value;
}

static int load_measures(struct explanation *explanation, struct results *results, int64_t study,
                         struct diag *diag)
{
    for (size_t m = 0; m < EXPLAIN_MEASURES; m++) {
        struct explain_measure *measure = &explanation->measures[m];
        struct measure_loader loader = {explanation, measure, NULL, false};

        measure->metric = explain_measures[m];
        if (results_each_summary(results, study, measure->metric, add_cell, &loader, diag) < 0)
            return -1;
        for (size_t i = 0; i < measure->count; i++) {
            const struct statistic_name name = {measure->metric, "", measure->values[i].region,
                                                measure->values[i].label, "fault"};

            loader.value = &measure->values[i];
            if (results_each_value(results, study, explanation->chosen.row.point, &name, take_value,
                                   &loader, diag) < 0)
                return -1;
        }
    }
    return 0;
}

/* --- life ------------------------------------------------------------------------------------ */

static void count_run(void *self, const struct run_row *row)
{
    struct explanation *explanation = self;

    explanation->chosen.replication_count += row->point == explanation->chosen.row.point;
}

static int load(struct explanation *explanation, struct results *results,
                const struct explain_choice *choice, struct diag *diag)
{
    struct incident_list_of_point list = {.choice = choice};
    struct study_row study;
    int status = -1;

    if (results_study(results, choice->study, &study, diag) < 0)
        return -1;
    if (choice->point < 0 || choice->point >= (int64_t)study.point_count) {
        diag_error(diag, "the study has no point %" PRId64 ": it has %" PRIu32, choice->point,
                   study.point_count);
        return -1;
    }
    explanation->level = study.level;
    explanation->chosen.row.point = choice->point;
    if (results_each_incident(results, study.id, add_incident, &list, diag) == 0 &&
        results_each_run(results, study.id, count_run, explanation, diag) == 0 &&
        choose(explanation, &list, study.duration_ns, diag) &&
        results_each_event(results, study.id, explanation->chosen.row.replication, add_event,
                           explanation, diag) == 0)
        status = load_measures(explanation, results, study.id, diag);
    incidents_release(&list);
    return status;
}

struct explanation *explanation_load(struct results *results, const struct explain_choice *choice,
                                     struct diag *diag)
{
    struct explanation *explanation = mem_zalloc(1, sizeof *explanation);

    if (load(explanation, results, choice, diag) < 0) {
        explanation_free(explanation);
        return NULL;
    }
    mark_events(explanation);
    number_steps(explanation);
    return explanation;
}

void explanation_free(struct explanation *explanation)
{
    if (!explanation)
        return;
    for (size_t i = 0; i < explanation->event_count; i++) {
        const struct event_row *row = &explanation->events[i].row;

        free((void *)(uintptr_t)row->what);
        free((void *)(uintptr_t)row->subject);
        free((void *)(uintptr_t)row->text);
        free((void *)(uintptr_t)row->cause_text);
    }
    free(explanation->events);
    for (size_t m = 0; m < EXPLAIN_MEASURES; m++) {
        struct explain_measure *measure = &explanation->measures[m];

        for (size_t i = 0; i < measure->count; i++) {
            free(measure->values[i].region);
            free(measure->values[i].label);
        }
        free(measure->values);
    }
    free((void *)(uintptr_t)explanation->chosen.row.kind);
    free((void *)(uintptr_t)explanation->chosen.row.subject);
    free(explanation);
}

const struct explained_incident *explanation_incident(const struct explanation *explanation)
{
    return &explanation->chosen;
}
