// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * For each point, expectation and side (left, right): the value of every replication, NAN if
 * missing.
 */
#include "judge.h"

#include "bug.h"
#include "interval.h"
#include "mem.h"
#include "samples.h"
#include "strbuf.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Missing values of an expectation: runs in which a side has no value. */
struct missing {
    uint32_t run_count;
    char *reason; /* of the first such run */
    char *text;   /* of the verdict, once it is made */
};

struct judged_point {
    const struct scenario *scenario;
    uint32_t run_count;      /* completed */
    struct samples samples;  /* a row for each side of each expectation */
    struct missing *missing; /* by expectation */
};

struct judge {
    double level;
    struct judged_point *points;
    size_t point_count, point_capacity;
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

struct judge *judge_create(double level)
{
    struct judge *judge = mem_zalloc(1, sizeof *judge);

    judge->level = level;
    return judge;
}

void judge_free(struct judge *judge)
{
    if (!judge)
        return;
    for (size_t i = 0; i < judge->point_count; i++) {
        struct judged_point *point = &judge->points[i];
        samples_release(&point->samples);
        for (size_t k = 0; k < point->scenario->expect_count; k++) {
            free(point->missing[k].reason);
            free(point->missing[k].text);
        }
        free(point->missing);
    }
    free(judge->points);
    free(judge);
}

void judge_add_point(struct judge *judge, const struct scenario *scenario)
{
    void *points = judge->points;

    mem_grow(&points, &judge->point_capacity, judge->point_count + 1, sizeof *judge->points);
    judge->points = points;
    judge->points[judge->point_count++] = (struct judged_point){
        .scenario = scenario,
        .samples = {.row_count = scenario->expect_count * SIDES},
        .missing = mem_zalloc(scenario->expect_count, sizeof(struct missing))};
}

/* NULL equals NULL. */
static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* NULL if the run has no such row. */
static const struct statistic *find_statistic(const struct statistics *statistics,
                                              const struct metric_ref *ref)
{
    const char *stat = ref->stat;
    const char *window = ref->window ? ref->window : "all";

    if (!stat && ref->metric->kind == METRIC_LATENCY)
        stat = "p99";
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];
        if (statistic->region == ref->region &&
            same_text(statistic->metric->name, ref->metric->name) &&
            same_text(statistic->stat, stat) && same_text(statistic->label, ref->label) &&
            same_text(statistic->window, window))
            return statistic;
    }
    return NULL;
}

/* A row without a value is NAN. */
static double value_of(const struct statistic *statistic, const struct metric_ref *ref)
{
    if (statistic)
        return statistic->value;
    return ref->metric->kind == METRIC_COUNT ? 0 : (double)NAN;
}

double judge_statistic(const struct statistics *statistics, const struct metric_ref *ref)
{
    return value_of(find_statistic(statistics, ref), ref);
}

static const char *reason_of(const struct statistic *statistic)
{
    return !statistic                               ? "not recorded"
           : statistic->state == STATISTIC_CENSORED ? "not known when the run ended"
                                                    : statistic->reason;
}

/* The value of one side; counts a missing one. */
static double take_side(struct missing *missing, const struct statistics *statistics,
                        const struct metric_ref *ref)
{
    const struct statistic *statistic = find_statistic(statistics, ref);
    double value = value_of(statistic, ref);

    if (isnan(value) && !missing->reason)
        missing->reason = mem_strdup(reason_of(statistic));
    return value;
}

void judge_add(struct judge *judge, const struct run_result *result)
{
    invariant(result->point < judge->point_count);
    struct judged_point *point = &judge->points[result->point];

    point->run_count++;
    for (size_t i = 0; i < point->scenario->expect_count; i++) {
        const struct expectation *expect = &point->scenario->expects[i];
        struct missing *missing = &point->missing[i];
        double left = take_side(missing, result->statistics, &expect->left);
        double right = expect->right_is_metric
                           ? expect->factor * take_side(missing, result->statistics, &expect->right)
                           : 0;
        missing->run_count += isnan(left) || isnan(right);
        samples_set(&point->samples, i * SIDES + LEFT, result->replication, left);
        samples_set(&point->samples, i * SIDES + RIGHT, result->replication, right);
    }
}

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

enum verdict judge_compare(const struct expectation *expect, const struct interval *interval,
                           double bound)
{
    double low = interval->valid ? interval->low : interval->mean;
    double high = interval->valid ? interval->high : interval->mean;

    switch (expect->side) {
    case BY_INTERVAL:
        break;
    case BY_MEAN:
        low = high = interval->mean;
        break;
    case BY_LOWER:
        high = low;
        break;
    case BY_UPPER:
        low = high;
        break;
    }
    return compare(expect->comparison, low, high, bound);
}

/* Explain how missing values affect the verdict. The judge owns the text. */
static const char *missing_text(const struct judged_point *point, struct missing *missing)
{
    struct strbuf text = STRBUF_INIT;

    if (missing->run_count == 0 || missing->run_count == point->run_count)
        strbuf_add(&text, missing->run_count == 0 ? "no run was made" : "no run has a value");
    else
        strbuf_addf(&text, "%" PRIu32 " of %" PRIu32 " runs have no value", missing->run_count,
                    point->run_count);
    if (missing->reason)
        strbuf_addf(&text, ": %s", missing->reason);
    free(missing->text);
    missing->text = strbuf_detach(&text);
    return missing->text;
}

struct judged judge_verdict(const struct judge *judge, uint32_t number, size_t expectation)
{
    invariant(number < judge->point_count);
    const struct judged_point *point = &judge->points[number];
    const struct expectation *expect = &point->scenario->expects[expectation];
    const double *left = samples_row(&point->samples, expectation * SIDES + LEFT);
    const double *right = samples_row(&point->samples, expectation * SIDES + RIGHT);
    struct judged judged = {.point = number, .text = expect->text, .verdict = VERDICT_NO_DATA};
    double bound = expect->right_is_metric ? 0 : expect->value;
    struct tally tally = {0};

    /* For a plain value the right side is 0 and the paired difference is the value. */
    for (uint32_t i = 0; i < point->samples.count; i++)
        if (!isnan(left[i]) && !isnan(right[i]))
            tally_add(&tally, left[i] - right[i]);
    if (tally.count == 0) {
        judged.reason = missing_text(point, &point->missing[expectation]);
        return judged;
    }
    judged.has_value = true;
    judged.value = judged.low = judged.high = tally.mean;
    struct interval interval = interval_student(&tally, judge->level);
    judged.has_interval = interval.valid;
    if (interval.valid) {
        judged.low = interval.low;
        judged.high = interval.high;
    }
    judged.verdict = judge_compare(expect, &interval, bound);
    /* An RTO is missing exactly in the runs that never recovered, so the other runs do not
     * represent all. */
    if (judged.verdict == VERDICT_HOLDS && tally.count < point->run_count &&
        expect->left.metric->kind == METRIC_VALUE) {
        judged.verdict = VERDICT_UNDECIDED;
        judged.reason = missing_text(point, &point->missing[expectation]);
    }
    return judged;
}
