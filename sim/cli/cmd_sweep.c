// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The points of a sweep are numbers in mixed radix, one digit an axis, the last axis turning
 * fastest. All points share the seed and so the random numbers: what differs between them is the
 * parameters alone.
 */
#include "mem.h"
#include "strbuf.h"
#include "study_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP_POINTS_MAX 10000

/* The axes that are swept: those of the scenario that no --set pins. */
struct axes {
    const struct sweep_axis **items;
    size_t count;
};

static bool is_pinned(const struct sweep_axis *axis, const struct text_list *sets)
{
    size_t length = strlen(axis->path);

    for (size_t i = 0; i < sets->count; i++)
        if (strncmp(sets->items[i], axis->path, length) == 0 && sets->items[i][length] == '=')
            return true;
    return false;
}

static void axes_make(struct axes *axes, const struct scenario *scenario,
                      const struct text_list *sets)
{
    axes->items = mem_alloc(scenario->axis_count, sizeof *axes->items);
    axes->count = 0;
    for (size_t i = 0; i < scenario->axis_count; i++)
        if (!is_pinned(&scenario->axes[i], sets))
            axes->items[axes->count++] = &scenario->axes[i];
}

/* 0 where there are none or too many. */
static size_t axes_points(const struct axes *axes)
{
    size_t count = axes->count ? 1 : 0;

    for (size_t i = 0; i < axes->count && count > 0; i++)
        count = axes->items[i]->value_count > SWEEP_POINTS_MAX / count
                    ? 0
                    : count * axes->items[i]->value_count;
    return count;
}

/* Which value of each axis point `number` has. */
static void point_params(const struct axes *axes, size_t number, struct study_param *params)
{
    for (size_t i = axes->count; i-- > 0;) {
        const struct sweep_axis *axis = axes->items[i];
        params[i].path = mem_strdup(axis->path);
        params[i].value = mem_strdup(axis->values[number % axis->value_count]);
        number /= axis->value_count;
    }
}

static struct scenario *load_point(const struct invocation *invocation,
                                   const struct study_point *point, struct diag *diag,
                                   bool *cannot_read)
{
    struct set_list extra = {NULL, 0, 0};
    struct set_list sets;
    struct strbuf text = STRBUF_INIT;

    extra.items = mem_alloc(point->param_count, sizeof *extra.items);
    for (; extra.count < point->param_count; extra.count++) {
        const struct study_param *param = &point->params[extra.count];
        strbuf_addf(&text, "%s=%s", param->path, param->value);
        extra.items[extra.count] = strbuf_detach(&text);
    }
    set_list_make(&sets, invocation->values, (const char *const *)extra.items, extra.count);
    struct scenario *scenario =
        scenario_load(invocation->arguments[0], invocation->registry,
                      (const char *const *)sets.items, sets.count, diag, cannot_read);
    set_list_release(&sets);
    set_list_release(&extra);
    return scenario;
}

/* All points, or false with everything that is wrong with any of them told. */
static bool load_points(const struct invocation *invocation, const struct axes *axes, size_t count,
                        struct point_set *set, bool *cannot_read)
{
    struct diag diag = {0};
    bool ok = true;

    set->scenarios = mem_zalloc(count, sizeof *set->scenarios);
    set->points = mem_zalloc(count, sizeof *set->points);
    for (; set->count < count; set->count++) {
        struct study_param *params = mem_zalloc(axes->count, sizeof *params);
        struct study_point *point = &set->points[set->count];
        point_params(axes, set->count, params);
        point->params = params;
        point->param_count = axes->count;
        set->scenarios[set->count] = load_point(invocation, point, &diag, cannot_read);
        point->scenario = set->scenarios[set->count];
        ok = ok && point->scenario;
    }
    tell(&diag); /* what several points have in common is printed once */
    return ok;
}

static int sweep_points(const struct invocation *invocation, const struct scenario *base)
{
    const struct study_values *values = invocation->values;
    const char *path = invocation->arguments[0];
    struct point_set set = {NULL, NULL, 0};
    bool cannot_read = false;
    int code = EXIT_SCENARIO;
    struct axes axes;

    axes_make(&axes, base, &values->sets);
    size_t count = axes_points(&axes);
    if (axes.count == 0)
        fprintf(stderr,
                "%s: error: nothing to sweep; give axes, such as 'sweep: {client.timeout: [200ms, "
                "500ms]}'\n",
                path);
    else if (count == 0)
        fprintf(stderr, "%s: error: the axes of 'sweep' make more than %d points\n", path,
                SWEEP_POINTS_MAX);
    else if (load_points(invocation, &axes, count, &set, &cannot_read))
        code = study_command(invocation, &set);
    else if (cannot_read)
        code = EXIT_FILES;
    point_set_release(&set);
    free(axes.items);
    return code;
}

static int sweep(const struct invocation *invocation)
{
    struct diag diag = {0};
    struct set_list sets;
    bool cannot_read = false;

    set_list_make(&sets, invocation->values, NULL, 0);
    struct scenario *base =
        scenario_load(invocation->arguments[0], invocation->registry,
                      (const char *const *)sets.items, sets.count, &diag, &cannot_read);
    set_list_release(&sets);
    if (!base) {
        tell(&diag);
        return cannot_read ? EXIT_FILES : EXIT_SCENARIO;
    }
    diag_release(&diag); /* warnings come again with the points */
    int code = sweep_points(invocation, base);
    scenario_free(base);
    return code;
}

const struct command cmd_sweep = {
    .name = "sweep",
    .arguments = "SCENARIO",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Simulate a scenario at every combination of the values of its 'sweep'",
    .details = "The axes are the scenario's 'sweep: {client.timeout: [200ms, 500ms], ...}'; their "
               "cross product gives the points, all simulated with the same random numbers. "
               "'--set' of an axis pins it. An expectation that fails at any point counts.",
    .examples =
        "  isthmus sweep scenarios/30-read-after-write.yaml\n"
        "  isthmus sweep scenarios/30-read-after-write.yaml --replications 20 --threads 4 --json",
    .options = study_options,
    .values_size = sizeof(struct study_values),
    .run = sweep,
};
