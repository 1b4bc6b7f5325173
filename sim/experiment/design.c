// SPDX-License-Identifier: GPL-3.0-or-later
#include "design.h"

#include "condition.h"
#include "mem.h"
#include "rng_stream.h"
#include "scenario_values.h"
#include "sweep_axis.h"

#include <stdlib.h>
#include <string.h>

/* Groups of axes in lockstep; each axis belongs to one group. */
struct groups {
    size_t *of_axis;
    size_t *first_axis; /* of each group */
    size_t count;
};

static void groups_release(struct groups *groups)
{
    free(groups->of_axis);
    free(groups->first_axis);
}

static size_t find_axis(const struct design_spec *spec, const char *path)
{
    size_t i = 0;

    while (i < spec->axis_count && strcmp(spec->axes[i]->path, path) != 0)
        i++;
    return i;
}

/* Put the axes of "a, b" into the group of the first. */
static bool lock(const struct design_spec *spec, const char *text, size_t *of_axis,
                 struct diag *diag)
{
    struct sweep_axis names = {0};
    struct strbuf why = STRBUF_INIT;
    size_t first = spec->axis_count;
    bool good = sweep_axis_split(text, &names, &why) && names.value_count >= 2;

    if (!good)
        diag_error(diag,
                   "'lockstep' needs two axes or more, such as 'client.timeout, "
                   "client.pool.connect_timeout', got '%s'",
                   text);
    for (size_t i = 0; good && i < names.value_count; i++) {
        char *path = sweep_path_make(names.values[i], strlen(names.values[i]));
        size_t axis = find_axis(spec, path);

        free(path);
        if (axis == spec->axis_count) {
            diag_error(diag, "'lockstep' names '%s', which is not an axis of this sweep",
                       names.values[i]);
            good = false;
            continue;
        }
        if (first == spec->axis_count)
            first = axis;
        good = spec->axes[axis]->value_count == spec->axes[first]->value_count &&
               spec->axes[axis]->value_count > 0;
        if (!good)
            diag_error(diag,
                       "axes in lockstep need equal numbers of values: '%s' has %zu, '%s' %zu",
                       spec->axes[first]->path, spec->axes[first]->value_count,
                       spec->axes[axis]->path, spec->axes[axis]->value_count);
        of_axis[axis] = of_axis[first];
    }
    sweep_axis_release(&names);
    strbuf_release(&why);
    return good;
}

static bool groups_make(const struct design_spec *spec, struct groups *groups, struct diag *diag)
{
    bool good = true;

    groups->of_axis = mem_alloc(spec->axis_count, sizeof *groups->of_axis);
    groups->first_axis = mem_alloc(spec->axis_count, sizeof *groups->first_axis);
    groups->count = 0;
    for (size_t i = 0; i < spec->axis_count; i++)
        groups->of_axis[i] = i;
    for (size_t i = 0; i < spec->lockstep_count; i++)
        good = lock(spec, spec->locksteps[i], groups->of_axis, diag) && good;
    /* So far a group is named by one of its axes; number the groups in order of first appearance.
     */
    size_t *names = mem_alloc(spec->axis_count, sizeof *names);
    for (size_t i = 0; i < spec->axis_count; i++) {
        size_t number = 0;
        while (number < groups->count && names[number] != groups->of_axis[i])
            number++;
        if (number == groups->count) {
            names[number] = groups->of_axis[i];
            groups->first_axis[groups->count++] = i;
        }
        groups->of_axis[i] = number;
    }
    free(names);
    return good;
}

/* --- conditions ----------------------------------------------------------------------------- */

struct lookup {
    const struct design_spec *spec;
    char *const *values; /* of this point */
};

static const char *look_up(void *self, const char *path)
{
    const struct lookup *lookup = self;
    size_t axis = find_axis(lookup->spec, path);

    return axis < lookup->spec->axis_count ? lookup->values[axis]
                                           : scenario_value(lookup->spec->base, path);
}

static bool is_allowed(const struct design_spec *spec, char *const *values, bool *good,
                       struct diag *diag)
{
    struct lookup lookup = {spec, values};
    bool allowed = true;

    for (size_t i = 0; i < spec->where_count; i++) {
        struct strbuf why = STRBUF_INIT;
        bool holds;
        if (!condition_evaluate(spec->wheres[i], look_up, &lookup, &holds, &why)) {
            if (*good)
                diag_error(diag, "'where' condition '%s' %s", spec->wheres[i], why.text);
            *good = false;
        }
        allowed = allowed && *good && holds;
        strbuf_release(&why);
    }
    return allowed;
}

/* Add the point, or free it if a condition excludes it. */
static bool add_point(const struct design_spec *spec, char **values, struct design *design,
                      struct diag *diag)
{
    bool good = true;

    if (is_allowed(spec, values, &good, diag)) {
        design->values = mem_realloc(design->values, (design->point_count + 1) * spec->axis_count,
                                     sizeof *design->values);
        memcpy(&design->values[design->point_count * spec->axis_count], values,
               spec->axis_count * sizeof *values);
        design->point_count++;
        return true;
    }
    design->left_out++;
    for (size_t i = 0; i < spec->axis_count; i++)
        free(values[i]);
    return good;
}

/* --- all combinations ----------------------------------------------------------------------- */

/* Number of combinations of the groups; 0 with an error if there are too many or a range has no
 * values. */
static size_t grid_size(const struct design_spec *spec, const struct groups *groups,
                        struct diag *diag)
{
    size_t count = 1;

    for (size_t i = 0; i < groups->count; i++) {
        const struct sweep_axis *axis = spec->axes[groups->first_axis[i]];
        if (axis->value_count == 0) {
            diag_error(diag,
                       "'%s' is a range without a step; add '/STEP' or '*FACTOR', "
                       "or sample it with '--lhs N'",
                       axis->path);
            return 0;
        }
        /* Conditions could leave few enough points, but checking all of them would take too long.
         */
        if (axis->value_count > 100 * DESIGN_POINTS_MAX / count) {
            diag_error(diag, "the axes of 'sweep' give more than %d points",
                       100 * DESIGN_POINTS_MAX);
            return 0;
        }
        count *= axis->value_count;
    }
    return count;
}

static bool make_grid(const struct design_spec *spec, const struct groups *groups,
                      struct design *design, struct diag *diag)
{
    size_t count = grid_size(spec, groups, diag);
    char **values = mem_alloc(spec->axis_count, sizeof *values);
    size_t *digits = mem_alloc(groups->count, sizeof *digits);
    bool good = count > 0;

    for (size_t number = 0; good && number < count; number++) {
        size_t rest = number;
        for (size_t i = groups->count; i-- > 0;) {
            size_t radix = spec->axes[groups->first_axis[i]]->value_count;
            digits[i] = rest % radix;
            rest /= radix;
        }
        for (size_t i = 0; i < spec->axis_count; i++)
            values[i] = mem_strdup(spec->axes[i]->values[digits[groups->of_axis[i]]]);
        good = add_point(spec, values, design, diag);
        if (good && design->point_count > DESIGN_POINTS_MAX) {
            diag_error(diag, "the axes of 'sweep' give more than %d points", DESIGN_POINTS_MAX);
            good = false;
        }
    }
    free(values);
    free(digits);
    return good;
}

/* --- Latin hypercube ------------------------------------------------------------------------ */

/* A random order of 0 .. count - 1 (Fisher and Yates). */
static void shuffle(const struct rng_stream *stream, uint64_t entity, size_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)rng_below(rng_block_at(stream, entity, i).word[0], i);
        size_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static bool make_hypercube(const struct design_spec *spec, const struct groups *groups,
                           struct design *design, struct diag *diag)
{
    uint32_t samples = spec->samples;
    struct rng_stream stream = rng_stream_named(spec->seed, 0, "design", "latin-hypercube");
    size_t *orders = mem_alloc(groups->count * samples, sizeof *orders);
    char **values = mem_alloc(spec->axis_count, sizeof *values);
    bool good = samples <= DESIGN_POINTS_MAX;

    if (!good)
        diag_error(diag, "a Latin hypercube has at most %d samples", DESIGN_POINTS_MAX);
    for (size_t i = 0; good && i < groups->count; i++)
        shuffle(&stream, 2 * i, &orders[i * samples], samples);
    for (uint32_t number = 0; good && number < samples; number++) {
        for (size_t i = 0; i < spec->axis_count; i++) {
            size_t group = groups->of_axis[i];
            double jitter = rng_unit(rng_block_at(&stream, 2 * group + 1, number).word[0]);
            double share = ((double)orders[group * samples + number] + jitter) / samples;
            values[i] = sweep_axis_at(spec->axes[i], share);
        }
        good = add_point(spec, values, design, diag);
    }
    free(orders);
    free(values);
    return good;
}

bool design_make(const struct design_spec *spec, struct design *design, struct diag *diag)
{
    struct groups groups;
    bool good = groups_make(spec, &groups, diag);

    *design = (struct design){.axis_count = spec->axis_count};
    if (good)
        good = spec->samples ? make_hypercube(spec, &groups, design, diag)
                             : make_grid(spec, &groups, design, diag);
    if (good && design->point_count == 0) {
        diag_error(diag, "no point of the sweep meets its conditions: all %zu are excluded",
                   design->left_out);
        good = false;
    }
    groups_release(&groups);
    return good;
}

void design_release(struct design *design)
{
    for (size_t i = 0; i < design->point_count * design->axis_count; i++)
        free(design->values[i]);
    free(design->values);
    *design = (struct design){NULL, 0, 0, 0};
}
