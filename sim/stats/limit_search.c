// SPDX-License-Identifier: GPL-3.0-or-later
#include "limit_search.h"

#include "bug.h"

#include <math.h>
#include <string.h>

#define GEOMETRIC_FROM 4 /* ratio of the ends from which the geometric middle is used */

enum boundary { BY_MEANS, SURELY_HOLDS, SURELY_BROKEN, BOUNDARIES };

/* The loads tried on either side of a boundary; -1: none. */
struct bracket {
    long below, above;
};

void limit_search_init(struct limit_search *search, double from, double to, double tolerance)
{
    invariant(from >= 0 && from < to && tolerance > 0 && tolerance < 1);
    *search = (struct limit_search){
        .from = from,
        .to = to,
        .tolerance = tolerance,
        .geometric = from > 0 && to > GEOMETRIC_FROM * from,
    };
}

/* Is this load below the boundary? */
static bool is_below(const struct limit_trial *trial, enum boundary boundary)
{
    switch (boundary) {
    case BY_MEANS:
        return trial->holds;
    case SURELY_HOLDS:
        return trial->surely_holds;
    case SURELY_BROKEN:
    case BOUNDARIES:
        break;
    }
    return !trial->surely_broken;
}

static struct bracket bracket_of(const struct limit_search *search, enum boundary boundary)
{
    struct bracket bracket = {-1, -1};

    for (size_t i = 0; i < search->tried_count && bracket.above < 0; i++)
        if (is_below(&search->tried[i], boundary))
            bracket.below = (long)i;
        else
            bracket.above = (long)i;
    return bracket;
}

static double middle(const struct limit_search *search, double a, double b)
{
    return search->geometric ? sqrt(a * b) : a + (b - a) / 2;
}

bool limit_search_next(const struct limit_search *search, double *load)
{
    if (search->tried_count < 2) {
        *load = search->tried_count == 0 ? search->from : search->to;
        return search->tried_count == 0 || search->tried[0].holds;
    }
    /* Without a bracket of the estimate, the other boundaries are not worth their runs. */
    for (enum boundary boundary = BY_MEANS; boundary < BOUNDARIES; boundary++) {
        struct bracket bracket = bracket_of(search, boundary);
        if (bracket.below < 0 || bracket.above < 0) {
            if (boundary == BY_MEANS)
                return false;
            continue;
        }
        double low = search->tried[bracket.below].load, high = search->tried[bracket.above].load;
        *load = middle(search, low, high);
        if (high - low > search->tolerance * high && search->tried_count < LIMIT_TRIALS_MAX &&
            low < *load && *load < high)
            return true;
    }
    return false;
}

void limit_search_add(struct limit_search *search, const struct limit_trial *trial)
{
    size_t at = search->tried_count;

    invariant(search->tried_count < LIMIT_TRIALS_MAX);
    while (at > 0 && search->tried[at - 1].load > trial->load)
        at--;
    invariant(at == 0 || search->tried[at - 1].load < trial->load);
    memmove(&search->tried[at + 1], &search->tried[at],
            (search->tried_count - at) * sizeof search->tried[0]);
    search->tried[at] = *trial;
    search->tried_count++;
}

struct limit limit_search_result(const struct limit_search *search)
{
    struct bracket means = bracket_of(search, BY_MEANS);
    struct bracket holds = bracket_of(search, SURELY_HOLDS);
    struct bracket broken = bracket_of(search, SURELY_BROKEN);
    struct limit limit = {.place = LIMIT_WITHIN};

    if (means.below < 0) {
        limit.place = LIMIT_BELOW;
    } else if (means.above < 0) {
        limit.place = LIMIT_ABOVE;
    } else {
        limit.last_held = search->tried[means.below].load;
        limit.first_broken = search->tried[means.above].load;
        limit.load = middle(search, limit.last_held, limit.first_broken);
    }
    /* Use a bracket's outer end: the interval may be too wide by the tolerance, never too narrow.
     */
    limit.has_low = holds.below >= 0;
    if (limit.has_low)
        limit.low = search->tried[holds.below].load;
    limit.has_high = broken.above >= 0;
    if (limit.has_high)
        limit.high = search->tried[broken.above].load;
    return limit;
}
