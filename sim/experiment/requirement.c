// SPDX-License-Identifier: GPL-3.0-or-later
#include "requirement.h"

#include "judge.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>

void requirement_list_release(struct requirement_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        expectation_release(&list->items[i].expect);
    free(list->items);
    *list = (struct requirement_list){NULL, 0};
}

bool requirement_list_parse(struct requirement_list *list, const struct scenario *scenario,
                            const char *option, const char *text, struct diag *diag)
{
    list->items = mem_realloc(list->items, list->count + 1, sizeof *list->items);
    struct requirement *requirement = &list->items[list->count++];

    *requirement = (struct requirement){.left = 0};
    return scenario_parse_expectation(scenario, option, text, &requirement->expect, diag);
}

void requirement_list_open(struct requirement_list *list, struct study_runner *runner)
{
    for (size_t i = 0; i < list->count; i++) {
        struct requirement *requirement = &list->items[i];
        requirement->left = runner_watch(runner, &requirement->expect.left);
        if (requirement->expect.right_is_metric)
            requirement->right = runner_watch(runner, &requirement->expect.right);
    }
}

/* The differences left - factor x right, or left alone; counts the runs without a value. */
static struct tally values_of(const struct requirement *requirement,
                              const struct study_runner *runner, uint32_t point, uint32_t *missing)
{
    const struct expectation *expect = &requirement->expect;
    uint32_t count, right_count = 0;
    const double *left = runner_values(runner, point, requirement->left, &count), *right = NULL;
    struct tally tally = {0};

    *missing = 0;
    if (expect->right_is_metric)
        right = runner_values(runner, point, requirement->right, &right_count);
    for (uint32_t i = 0; i < count; i++) {
        double value = left[i];
        if (!runner_has(runner, point, i))
            continue;
        if (expect->right_is_metric)
            value -= expect->factor * (i < right_count ? right[i] : NAN);
        if (isnan(value))
            ++*missing;
        else
            tally_add(&tally, value);
    }
    return tally;
}

struct requirement_state requirement_judge(const struct requirement *requirement,
                                           const struct study_runner *runner, uint32_t point,
                                           double level)
{
    const struct expectation *expect = &requirement->expect;
    uint32_t missing;
    struct tally tally = values_of(requirement, runner, point, &missing);
    struct requirement_state state = {
        .interval = interval_student(&tally, level),
        .bound = expect->right_is_metric ? 0 : expect->value,
        .by_mean = VERDICT_NO_DATA,
        .verdict = VERDICT_NO_DATA,
    };

    if (tally.count == 0)
        return state;
    const struct interval mean = {.mean = tally.mean};
    state.by_mean = judge_compare(expect, &mean, state.bound);
    state.verdict = VERDICT_UNDECIDED;
    if (state.interval.valid)
        state.verdict = judge_compare(expect, &state.interval, state.bound);
    /* As in judge.c: an RTO is missing exactly in the runs that never recovered. */
    if (missing > 0 && expect->left.metric->kind == METRIC_VALUE) {
        state.by_mean = VERDICT_FAILS;
        if (state.verdict == VERDICT_HOLDS)
            state.verdict = VERDICT_UNDECIDED;
    }
    return state;
}
