// SPDX-License-Identifier: GPL-3.0-or-later
/* For each point, expectation and side (left, right): the statistic of every replication. */
#include "judge.h"

#include "bug.h"
#include "mem.h"
#include "sampled.h"
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
    struct sampled *sides;   /* left and right of each expectation */
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
        for (size_t k = 0; k < point->scenario->expect_count; k++) {
            sampled_release(&point->sides[k * SIDES + LEFT]);
            sampled_release(&point->sides[k * SIDES + RIGHT]);
            free(point->missing[k].reason);
            free(point->missing[k].text);
        }
        free(point->missing);
        free(point->sides);
    }
    free(judge->points);
    free(judge);
}

void judge_add_point(struct judge *judge, const struct scenario *scenario)
{
    MEM_GROW(judge->points, judge->point_capacity, judge->point_count + 1);
    judge->points[judge->point_count++] = (struct judged_point){
        .scenario = scenario,
        .sides = mem_zalloc(scenario->expect_count * SIDES, sizeof(struct sampled)),
        .missing = mem_zalloc(scenario->expect_count, sizeof(struct missing))};
}

static const char *reason_of(const struct statistic *statistic)
{
    return !statistic                               ? "not recorded"
           : statistic->state == STATISTIC_CENSORED ? "not known when the run ended"
                                                    : statistic->reason;
}

/* Take one side of a run; true if it has no number. */
static bool take_side(struct missing *missing, struct sampled *side,
                      const struct run_result *result, const struct metric_ref *ref)
{
    const struct statistic *statistic =
        sampled_take(side, result->replication, result->statistics, ref);
    bool is_number = isfinite(side->values[result->replication]);

    if (!is_number && !missing->reason)
        missing->reason = mem_strdup(reason_of(statistic));
    return !is_number;
}

void judge_add(struct judge *judge, const struct run_result *result)
{
    invariant(result->point < judge->point_count);
    struct judged_point *point = &judge->points[result->point];

    point->run_count++;
    for (size_t i = 0; i < point->scenario->expect_count; i++) {
        const struct expectation *expect = &point->scenario->expects[i];
        struct sampled *sides = &point->sides[i * SIDES];
        struct missing *missing = &point->missing[i];
        bool is_missing = take_side(missing, &sides[LEFT], result, &expect->left);

        if (expect->right_is_metric)
            is_missing = take_side(missing, &sides[RIGHT], result, &expect->right) || is_missing;
        missing->run_count += is_missing;
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

static enum verdict by_mean(const struct expectation *expect, double mean, double bound)
{
    return compare(expect->comparison, mean, mean, bound);
}

/* An end that does not bound the quantile of few values is no end. */
static enum verdict by_interval(const struct expectation *expect,
                                const struct sampled_estimate *estimate, double bound)
{
    const struct interval *interval = &estimate->interval;

    if (!interval->valid)
        return VERDICT_UNDECIDED;
    return compare(expect->comparison, estimate->low_is_open ? -(double)INFINITY : interval->low,
                   estimate->high_is_open ? (double)INFINITY : interval->high, bound);
}

static enum verdict by_side(const struct expectation *expect,
                            const struct sampled_estimate *estimate, double bound)
{
    const struct interval *interval = &estimate->interval;
    bool is_low = expect->side == BY_LOWER;

    if (expect->side == BY_MEAN)
        return by_mean(expect, interval->mean, bound);
    if (!interval->valid || expect->side == BY_INTERVAL)
        return by_interval(expect, estimate, bound);
    if (is_low ? estimate->low_is_open : estimate->high_is_open)
        return VERDICT_UNDECIDED;
    return by_mean(expect, is_low ? interval->low : interval->high, bound);
}

static void by_values(const struct expectation *expect, struct decision *decision)
{
    decision->by_mean = by_mean(expect, decision->estimate.interval.mean, decision->bound);
    decision->by_interval = by_interval(expect, &decision->estimate, decision->bound);
    decision->verdict = by_side(expect, &decision->estimate, decision->bound);
}

static enum verdict holds_or_not(enum verdict verdict)
{
    return verdict == VERDICT_HOLDS ? VERDICT_HOLDS : VERDICT_UNDECIDED;
}

/* Some side was never known, which is more than any number. A bound that this breaks fails; one
 * that it satisfies holds only if the other runs satisfy it, too. */
static void by_never(const struct expectation *expect, struct decision *decision)
{
    uint64_t never = decision->estimate.never, right = decision->never_right;
    double mean = never > 0 ? (double)INFINITY : -(double)INFINITY;
    enum verdict verdict = by_mean(expect, mean, decision->bound);

    if (never > 0 && right > 0)
        verdict = VERDICT_UNDECIDED;
    if (verdict == VERDICT_HOLDS && decision->estimate.interval.n > 0) {
        by_values(expect, decision);
        decision->by_mean = holds_or_not(decision->by_mean);
        decision->by_interval = holds_or_not(decision->by_interval);
        decision->verdict = holds_or_not(decision->verdict);
        return;
    }
    decision->by_mean = decision->by_interval = decision->verdict = verdict;
    if (verdict == VERDICT_HOLDS && never + right < 2)
        decision->by_interval = VERDICT_UNDECIDED;
    if (expect->side != BY_MEAN)
        decision->verdict = decision->by_interval;
}

/* Left less factor x right, pair by pair, with ratios and quantiles pooled; one that is never known
 * is beyond every number. */
static struct sampled_estimate difference(const struct expectation *expect,
                                          const struct sampled *left, const struct sampled *right,
                                          double level, uint64_t *never_right)
{
    struct estimate_sums sums = {.over = 0};
    struct sampled_estimate estimate = {.never = 0};

    double *a_side = sampled_sections(left, &expect->left);
    double *b_side = sampled_sections(right, &expect->right);

    for (uint32_t i = 0; i < left->count && i < right->count; i++) {
        double a = a_side[i], b = b_side[i];

        if (isnan(a) || isnan(b) || (isinf(a) && isinf(b)))
            continue;
        if (isinf(a))
            estimate.never++;
        else if (isinf(b))
            ++*never_right;
        else
            estimate_add(&sums, a - expect->factor * b, 0, 0);
    }
    estimate.interval = estimate_interval(&sums, ESTIMATE_SIGNED, level, NULL);
    if (expect->left.metric->unit == UNIT_SHARE && expect->right.metric->unit == UNIT_SHARE &&
        expect->factor > 0)
        interval_keep_between(&estimate.interval, -expect->factor, 1);
    free(a_side);
    free(b_side);
    return estimate;
}

struct decision judge_decide(const struct expectation *expect, const struct sampled *left,
                             const struct sampled *right, double level)
{
    struct decision decision = {.bound = expect->right_is_metric ? 0 : expect->value};

    decision.estimate = expect->right_is_metric
                            ? difference(expect, left, right, level, &decision.never_right)
                            : sampled_estimate(left, &expect->left, level);
    decision.of_few = sampled_lacks(left, &expect->left) > 0;
    if (decision.estimate.never > 0 || decision.never_right > 0)
        by_never(expect, &decision);
    else if (decision.estimate.interval.n > 0)
        by_values(expect, &decision);
    else
        decision.by_mean = decision.by_interval = decision.verdict = VERDICT_NO_DATA;
    return decision;
}

static void add_few(struct strbuf *text, const struct sampled *sampled,
                    const struct metric_ref *ref)
{
    double needed = sampled_lacks(sampled, ref);

    if (needed > 0)
        strbuf_addf(text, "%sfew samples: %" PRIu64 ", where %s needs %.0f",
                    text->length > 0 ? "; " : "", sampled->pooled.count,
                    ref->stat ? ref->stat : "p99", needed);
}

/* What few values say of a quantile over them. */
static void add_range(struct strbuf *text, const struct expectation *expect,
                      const struct sampled_estimate *estimate)
{
    const char *separator = "";

    if (estimate->never_ranked > 0) {
        strbuf_addf(text,
                    "%s%" PRIu64 " of %" PRIu64 " runs ended before it was known and rank last",
                    isinf(estimate->interval.mean) ? "never: " : "", estimate->never_ranked,
                    estimate->interval.n);
        separator = "; ";
    }
    if (estimate->needed > 0 && estimate->interval.valid)
        strbuf_addf(text,
                    "%s%" PRIu64 " runs are a range, a %.3g %% interval; %s needs %" PRIu64
                    " for an upper bound",
                    separator, estimate->interval.n, estimate->interval.level * 100,
                    expect->left.stat, estimate->needed);
    if (estimate->none > 0)
        strbuf_addf(text, "%s%" PRIu64 " runs have no value", text->length > 0 ? "; " : "",
                    estimate->none);
}

/* Explain a verdict that the numbers alone do not give. The judge owns the text. */
static const char *reason_text(const struct judged_point *point, const struct expectation *expect,
                               const struct sampled *sides, struct missing *missing,
                               const struct decision *decision)
{
    struct strbuf text = STRBUF_INIT;
    uint64_t never = decision->estimate.never, right = decision->never_right;
    bool is_ranked = !expect->right_is_metric && quantile_over_runs(&expect->left) > 0;

    if (point->run_count == 0)
        strbuf_add(&text, "no run was made");
    else if (never > 0 || right > 0)
        strbuf_addf(&text,
                    "%" PRIu64 " of %" PRIu32 " runs ended before %s was known, which counts as "
                    "more than any number",
                    never > 0 ? never : right, point->run_count,
                    never > 0 ? "it" : "the right side");
    else if (missing->run_count == point->run_count && decision->estimate.interval.n == 0)
        strbuf_addf(&text, "no run has a value: %s", missing->reason ? missing->reason : "");
    else if (is_ranked)
        add_range(&text, expect, &decision->estimate);
    else if (missing->run_count > 0)
        strbuf_addf(&text, "%" PRIu32 " of %" PRIu32 " runs have no value: %s", missing->run_count,
                    point->run_count, missing->reason ? missing->reason : "");
    if (text.length == 0 && !decision->estimate.interval.valid &&
        decision->verdict == VERDICT_UNDECIDED)
        strbuf_add(&text, "n = 1, no interval");
    add_few(&text, &sides[LEFT], &expect->left);
    free(missing->text);
    missing->text = strbuf_detach(&text);
    return missing->text && missing->text[0] ? missing->text : NULL;
}

struct judged judge_verdict(const struct judge *judge, uint32_t number, size_t expectation)
{
    invariant(number < judge->point_count);
    const struct judged_point *point = &judge->points[number];
    const struct expectation *expect = &point->scenario->expects[expectation];
    const struct sampled *sides = &point->sides[expectation * SIDES];
    struct decision decision = judge_decide(expect, &sides[LEFT], &sides[RIGHT], judge->level);
    const struct interval *interval = &decision.estimate.interval;
    struct judged judged = {.point = number, .text = expect->text, .verdict = decision.verdict};

    judged.reason = reason_text(point, expect, sides, &point->missing[expectation], &decision);
    judged.has_value = interval->n > 0 && isfinite(interval->mean);
    if (judged.has_value)
        judged.value = judged.low = judged.high = interval->mean;
    judged.has_interval =
        judged.has_value && interval->valid && isfinite(interval->low) && isfinite(interval->high);
    if (judged.has_interval) {
        judged.low = interval->low;
        judged.high = interval->high;
    }
    return judged;
}
