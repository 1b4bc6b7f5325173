// SPDX-License-Identifier: GPL-3.0-or-later
#include "front.h"

#include "mem.h"
#include "paired_outcomes.h"
#include "stop_rule.h"

#include <math.h>
#include <stdlib.h>

/* A point for pareto.h: goals to maximise are negated. */
struct candidate {
    double *values; /* goal by goal */
    const double **rows;
};

static void candidate_release(struct candidate *candidate)
{
    free(candidate->values);
    free((void *)candidate->rows);
}

static void judge_constraints(const struct study_runner *runner, const struct front_plan *plan,
                              uint32_t number, struct pareto_point *point)
{
    point->admissible = true;
    point->admissibility = ADMISSIBLE_YES;
    for (size_t i = 0; i < plan->constraints->count; i++) {
        struct decision state =
            requirement_judge(&plan->constraints->items[i], runner, number, plan->level);
        point->admissible = point->admissible && state.by_mean == VERDICT_HOLDS;
        if (state.verdict == VERDICT_FAILS)
            point->admissibility = ADMISSIBLE_NO;
        else if (state.verdict != VERDICT_HOLDS && point->admissibility == ADMISSIBLE_YES)
            point->admissibility = ADMISSIBLE_UNSURE;
    }
}

static void measure(const struct study_runner *runner, const struct front_plan *plan,
                    uint32_t number, struct candidate *candidate, struct pareto_point *point)
{
    size_t goals = plan->goals->count;
    uint32_t count = 0;

    runner_values(runner, number, plan->goals->items[0].watch, &count);
    *candidate = (struct candidate){
        .values = mem_alloc(goals * count, sizeof(double)),
        .rows = mem_alloc(goals, sizeof(double *)),
    };
    for (size_t goal = 0; goal < goals; goal++) {
        const struct watched *watched = &plan->goals->items[goal];
        const struct sampled *sampled = runner_sampled(runner, number, watched->watch);
        double *values = sampled_sections(sampled, &watched->ref);
        bool none_is_best = watched->ref.metric->best_none != NULL;
        for (uint32_t i = 0; i < count; i++)
            candidate->values[goal * count + i] = i >= sampled->count                ? NAN
                                                  : isnan(values[i]) && none_is_best ? 0
                                                  : watched->amount.value < 0        ? -values[i]
                                                                                     : values[i];
        candidate->rows[goal] = &candidate->values[goal * count];
        free(values);
    }
    *point = (struct pareto_point){.samples = candidate->rows, .sample_count = count};
    judge_constraints(runner, plan, number, point);
}

/* Replications of a goal to minimise that it never reached: "never restored". */
static uint64_t never_of(const struct front_plan *plan, const struct pareto_point *point,
                         size_t goal)
{
    uint64_t never = 0;

    for (size_t i = 0; plan->goals->items[goal].amount.value > 0 && i < point->sample_count; i++)
        never += isinf(point->samples[goal][i]) ? 1 : 0;
    return never;
}

/* Is it sure that `point` comes less often than `best`? McNemar's test of the pairs. */
static bool surely_less(const struct pareto_point *point, const struct pareto_point *best,
                        size_t goal, double alpha)
{
    size_t n = point->sample_count < best->sample_count ? point->sample_count : best->sample_count;
    double *came = mem_alloc(2 * n, sizeof *came);

    for (size_t i = 0; i < n; i++) {
        came[i] = isinf(best->samples[goal][i]) ? 0 : 1;
        came[n + i] = isinf(point->samples[goal][i]) ? 0 : 1;
    }
    struct paired_outcomes pairs = paired_outcomes_compare(came, came + n, n);
    free(came);
    return pairs.p_worse <= alpha;
}

/* No number makes up for what never came: a point that recovers less often than another one is not
 * admissible beside it. Shares, as points may have unlike numbers of replications. */
static void judge_outcomes(const struct front_plan *plan, struct pareto_point *points, size_t goal)
{
    double least = 2;
    uint32_t best = 0;

    for (uint32_t i = 0; i < plan->point_count; i++) {
        double share = (double)never_of(plan, &points[i], goal) / (double)points[i].sample_count;
        if (share < least) {
            least = share;
            best = i;
        }
    }
    for (uint32_t i = 0; i < plan->point_count; i++) {
        double share = (double)never_of(plan, &points[i], goal) / (double)points[i].sample_count;
        if (!(share > least))
            continue;
        points[i].admissible = false;
        if (surely_less(&points[i], &points[best], goal, 1 - plan->level))
            points[i].admissibility = ADMISSIBLE_NO;
        else if (points[i].admissibility == ADMISSIBLE_YES)
            points[i].admissibility = ADMISSIBLE_UNSURE;
    }
}

static void mark(const struct study_runner *runner, const struct front_plan *plan,
                 struct front_result *result)
{
    struct candidate *candidates = mem_alloc(plan->point_count, sizeof *candidates);
    struct pareto_point *points = mem_alloc(plan->point_count, sizeof *points);

    for (uint32_t i = 0; i < plan->point_count; i++)
        measure(runner, plan, i, &candidates[i], &points[i]);
    for (size_t goal = 0; goal < plan->goals->count; goal++)
        judge_outcomes(plan, points, goal);
    for (uint32_t i = 0; i < plan->point_count; i++)
        result->admissible[i] = points[i].admissible;
    pareto_mark(points, plan->point_count, plan->goals->count, 1 - plan->level, result->marks);
    result->knee = pareto_knee(points, result->marks, plan->point_count, plan->goals->count);
    for (uint32_t i = 0; i < plan->point_count; i++)
        candidate_release(&candidates[i]);
    free(candidates);
    free(points);
}

/* Add one step of replications to the points that need more; false if none does. */
static bool spend(struct study_runner *runner, const struct front_plan *plan,
                  const struct front_result *result, uint32_t *done, bool *good)
{
    struct run_task *tasks = NULL;
    size_t count = 0, capacity = 0;

    for (uint32_t point = 0; point < plan->point_count; point++) {
        if (!result->marks[point].wanted || done[point] >= plan->replications_max)
            continue;
        uint32_t wanted_count = stop_rule_grow(done[point], plan->replications_max);
        MEM_GROW(tasks, capacity, count + wanted_count - done[point]);
        for (; done[point] < wanted_count; done[point]++)
            tasks[count++] = (struct run_task){point, done[point]};
    }
    *good = count == 0 || runner_run(runner, tasks, count);
    free(tasks);
    return count > 0 && *good;
}

bool front_run(struct study_runner *runner, const struct front_plan *plan,
               struct front_result *result)
{
    uint32_t *done = mem_alloc(plan->point_count, sizeof *done);
    bool good = run_replications(runner, plan->point_count, 0, plan->replications);

    *result = (struct front_result){
        .marks = mem_zalloc(plan->point_count, sizeof *result->marks),
        .admissible = mem_zalloc(plan->point_count, sizeof *result->admissible),
        .knee = -1,
        .point_count = plan->point_count,
    };
    for (uint32_t i = 0; i < plan->point_count; i++)
        done[i] = plan->replications;
    mark(runner, plan, result);
    while (good && spend(runner, plan, result, done, &good))
        mark(runner, plan, result);
    free(done);
    return good;
}

void front_result_release(struct front_result *result)
{
    free(result->marks);
    free(result->admissible);
    *result = (struct front_result){.knee = -1};
}
