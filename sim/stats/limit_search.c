// SPDX-License-Identifier: GPL-3.0-or-later
#include "limit_search.h"

#include "bug.h"

#include <math.h>
#include <string.h>

#define GEOMETRIC_FROM 4 /* times the lower end: where the middle of a range says little of it */

enum boundary { BY_MEANS, SURELY_HOLDS, SURELY_BROKEN, BOUNDARIES };

/* The first look below which a boundary lies, and the last one before it; -1: none. */
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

/* Is the load of this look on the lower side? */
static bool is_below(const struct limit_look *look, enum boundary boundary)
{
    switch (boundary) {
    case BY_MEANS:
        return look->holds;
    case SURELY_HOLDS:
        return look->surely_holds;
    case SURELY_BROKEN:
    case BOUNDARIES:
        break;
    }
    return !look->surely_broken;
}

static struct bracket bracket_of(const struct limit_search *search, enum boundary boundary)
{
    struct bracket bracket = {-1, -1};

    for (size_t i = 0; i < search->look_count && bracket.above < 0; i++) {
        if (is_below(&search->looks[i], boundary))
            bracket.below = (long)i;
        else
            bracket.above = (long)i;
    }
    return bracket;
}

static double middle(const struct limit_search *search, double a, double b)
{
    return search->geometric ? sqrt(a * b) : a + (b - a) / 2;
}

bool limit_search_next(const struct limit_search *search, double *load)
{
    if (search->look_count < 2) {
        *load = search->look_count == 0 ? search->from : search->to;
        return search->look_count == 0 || search->looks[0].holds;
    }
    /* Where the estimate has no bracket the others tell nothing that is worth their runs. */
    for (enum boundary boundary = BY_MEANS; boundary < BOUNDARIES; boundary++) {
        struct bracket bracket = bracket_of(search, boundary);
        if (bracket.below < 0 || bracket.above < 0) {
            if (boundary == BY_MEANS)
                return false;
            continue;
        }
        double low = search->looks[bracket.below].load, high = search->looks[bracket.above].load;
        *load = middle(search, low, high);
        if (high - low > search->tolerance * high && search->look_count < LIMIT_LOOKS_MAX &&
            low < *load && *load < high)
            return true;
    }
    return false;
}

void limit_search_tell(struct limit_search *search, const struct limit_look *look)
{
    size_t at = search->look_count;

    invariant(search->look_count < LIMIT_LOOKS_MAX);
    while (at > 0 && search->looks[at - 1].load > look->load)
        at--;
    invariant(at == 0 || search->looks[at - 1].load < look->load);
    memmove(&search->looks[at + 1], &search->looks[at],
            (search->look_count - at) * sizeof search->looks[0]);
    search->looks[at] = *look;
    search->look_count++;
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
        limit.last_held = search->looks[means.below].load;
        limit.first_broken = search->looks[means.above].load;
        limit.load = middle(search, limit.last_held, limit.first_broken);
    }
    /* A bracket's outer end: the interval is rather too wide, by the tolerance, than too narrow. */
    limit.has_low = holds.below >= 0;
    if (limit.has_low)
        limit.low = search->looks[holds.below].load;
    limit.has_high = broken.above >= 0;
    if (limit.has_high)
        limit.high = search->looks[broken.above].load;
    return limit;
}
