// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One array of doubles: for each point, each expectation of it, each side (left, right), the value
 * of every replication, NAN where there is none.
 */
#include "judge.h"

#include "bug.h"
#include "interval.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct judge {
    const struct study_info *study;
    uint32_t *run_counts; /* handed over, by point */
    size_t *first;        /* of each point: the first of its values */
    double *values;
};

enum side { LEFT, RIGHT, SIDES };

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_HOLDS] = "holds",
        [VERDICT_FAILS] = "fails",
        [VERDICT_UNDECIDED] = "undecided",
        [VERDICT_NO_DATA] = "no data",
    };
    return names[verdict];
}

struct judge *judge_create(const struct study_info *study)
{
    struct judge *judge = mem_zalloc(1, sizeof *judge);
    size_t count = 0;

    judge->study = study;
    judge->run_counts = mem_zalloc(study->point_count, sizeof *judge->run_counts);
    judge->first = mem_alloc(study->point_count, sizeof *judge->first);
    for (size_t i = 0; i < study->point_count; i++) {
        judge->first[i] = count;
        count += study->points[i].scenario->expect_count * SIDES * study->replications;
    }
    judge->values = mem_alloc(count, sizeof *judge->values);
    for (size_t i = 0; i < count; i++)
        judge->values[i] = NAN;
    return judge;
}

void judge_free(struct judge *judge)
{
    if (!judge)
        return;
    free(judge->run_counts);
    free(judge->first);
    free(judge->values);
    free(judge);
}

static double *judge_values(const struct judge *judge, uint32_t point, size_t expectation,
                            enum side side)
{
    size_t row = expectation * SIDES + (size_t)side;

    return &judge->values[judge->first[point] + row * judge->study->replications];
}

/* Absent texts are alike: NULL and NULL. */
static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

double judge_figure(const struct figures *figures, const struct metric_ref *ref)
{
    const char *stat = ref->stat;
    const char *window = ref->window ? ref->window : "all";

    if (!stat && ref->metric->kind == METRIC_LATENCY)
        stat = "p99";
    for (size_t i = 0; i < figures->figure_count; i++) {
        const struct figure *figure = &figures->figures[i];
        if (figure->region == ref->region && same_text(figure->metric->name, ref->metric->name) &&
            same_text(figure->stat, stat) && same_text(figure->label, ref->label) &&
            same_text(figure->window, window))
            return figure->value;
    }
    return ref->metric->kind == METRIC_COUNT ? 0 : NAN;
}

void judge_add(struct judge *judge, const struct run_result *result)
{
    const struct scenario *scenario = result->scenario;

    invariant(result->replication < judge->study->replications);
    judge->run_counts[result->point]++;
    for (size_t i = 0; i < scenario->expect_count; i++) {
        const struct expectation *expect = &scenario->expects[i];
        judge_values(judge, result->point, i, LEFT)[result->replication] =
            judge_figure(result->figures, &expect->left);
        if (expect->right_is_metric)
            judge_values(judge, result->point, i, RIGHT)[result->replication] =
                expect->factor * judge_figure(result->figures, &expect->right);
        else
            judge_values(judge, result->point, i, RIGHT)[result->replication] = 0;
    }
}

/* Does every value of [low, high] compare so with `bound`? Or the opposite? Or neither? */
static enum verdict compare(enum comparison comparison, double low, double high, double bound)
{
    bool all = false, none = false;

    switch (comparison) {
    case CMP_LESS:
        all = high < bound;
        none = low >= bound;
        break;
    case CMP_LESS_EQUAL:
        all = high <= bound;
        none = low > bound;
        break;
    case CMP_GREATER:
        all = low > bound;
        none = high <= bound;
        break;
    case CMP_GREATER_EQUAL:
        all = low >= bound;
        none = high < bound;
        break;
    }
    return all ? VERDICT_HOLDS : none ? VERDICT_FAILS : VERDICT_UNDECIDED;
}

struct judged judge_verdict(const struct judge *judge, uint32_t point, size_t expectation)
{
    const struct expectation *expect = &judge->study->points[point].scenario->expects[expectation];
    const double *left = judge_values(judge, point, expectation, LEFT);
    const double *right = judge_values(judge, point, expectation, RIGHT);
    struct judged judged = {.point = point, .text = expect->text, .verdict = VERDICT_NO_DATA};
    double bound = expect->right_is_metric ? 0 : expect->value;
    struct tally tally = {0};

    /* For a plain value the right side is 0, and the paired difference the value itself. */
    for (uint32_t i = 0; i < judge->study->replications; i++)
        if (!isnan(left[i]) && !isnan(right[i]))
            tally_add(&tally, left[i] - right[i]);
    if (tally.count == 0)
        return judged;
    judged.has_value = true;
    judged.value = judged.low = judged.high = tally.mean;
    struct interval interval = interval_student(&tally, judge->study->level);
    judged.has_interval = interval.valid;
    if (interval.valid) {
        judged.low = interval.low;
        judged.high = interval.high;
    }
    judged.verdict = compare(expect->comparison, judged.low, judged.high, bound);
    /* An RTO is missing in just the runs that never recovered: what the others say does not hold
     * for all. */
    if (judged.verdict == VERDICT_HOLDS && tally.count < judge->run_counts[point] &&
        expect->left.metric->kind == METRIC_VALUE)
        judged.verdict = VERDICT_UNDECIDED;
    return judged;
}
