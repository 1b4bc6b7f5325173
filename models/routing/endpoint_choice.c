// SPDX-License-Identifier: GPL-3.0-or-later
#include "endpoint_choice.h"

#include "rng_stream.h"

#include <math.h>

/* Draws of one word: keys far from each other. */
#define DIAL_DRAW (UINT64_C(1) << 40)
#define ENDPOINT_DRAW (UINT64_C(1) << 41)

static bool group_takes_part(const struct group_view *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (group->weights[i] > 0)
            return true;
    return false;
}

bool group_is_healthy(const struct group_view *group)
{
    for (uint32_t i = 0; i < group->count; i++)
        if (group->weights[i] > 0 && group->healthy[i])
            return true;
    return false;
}

/*
 * Rendezvous hashing by weight: each endpoint draws an exponential time with its weight as the
 * rate, and the first one wins. An endpoint that goes takes only its own connections with it.
 */
uint32_t group_endpoint(const struct group_view *group, uint64_t word)
{
    bool by_weight = group_is_healthy(group);
    uint32_t best = 0, last = 0, candidates = 0;
    double first = INFINITY;

    for (uint32_t i = 0; i < group->count; i++)
        if (group->weights[i] > 0 && (!by_weight || group->healthy[i])) {
            last = i;
            candidates++;
        }
    if (candidates <= 1)
        return last;
    for (uint32_t i = 0; i < group->count; i++) {
        double draw; /* exponential with the rate of its weight: the first one wins */

        if (group->weights[i] == 0 || (by_weight && !group->healthy[i]))
            continue;
        draw = -log(rng_unit(rng_mix(word + ENDPOINT_DRAW + i))) /
               (by_weight ? (double)group->weights[i] : 1);
        if (draw < first) {
            first = draw;
            best = i;
        }
    }
    return best;
}

/* One draw for all dials: each group accepts a part of what is left of the unit interval. */
static int original_group(const struct group_view *groups, const int *order, uint32_t count,
                          uint64_t word)
{
    double left = 1, at = -1;
    int nearest = -1, last = -1;

    for (uint32_t i = 0; i < count; i++) {
        const struct group_view *group = &groups[order[i]];

        if (!group_takes_part(group))
            continue;
        nearest = nearest < 0 ? order[i] : nearest;
        if (group->dial >= 1)
            return order[i];
        if (!(group->dial > 0))
            continue;
        last = order[i];
        at = at < 0 ? rng_unit(rng_mix(word + DIAL_DRAW)) : at;
        if (at < group->dial * left)
            return order[i];
        at -= group->dial * left;
        left -= group->dial * left;
    }
    return last >= 0 ? last : nearest;
}

/* The nearest group that takes part, healthy or not. */
static int nearest_group(const struct group_view *groups, const int *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (group_takes_part(&groups[order[i]]))
            return order[i];
    return -1;
}

/* The nearest healthy one of the closest `tried` groups that take part; -1: none. */
static int failover_group(const struct group_view *groups, const int *order, uint32_t count,
                          uint32_t tried)
{
    for (uint32_t i = 0; i < count && tried > 0; i++) {
        if (group_is_healthy(&groups[order[i]]))
            return order[i];
        tried -= group_takes_part(&groups[order[i]]);
    }
    return -1;
}

struct endpoint_choice endpoint_choose(const struct group_view *groups, const int *order,
                                       uint32_t group_count, uint32_t tried, uint64_t word)
{
    const struct group_view *closest = &groups[order[0]];
    enum choice_reason reason;
    int nearest, region;

    /* The usual case needs no draw. */
    if (closest->dial >= 1 && closest->count == 1 && closest->healthy[0] && closest->weights[0] > 0)
        return (struct endpoint_choice){order[0], 0, CHOICE_NEAREST};
    nearest = nearest_group(groups, order, group_count);
    region = original_group(groups, order, group_count, word);
    reason = region == nearest ? CHOICE_NEAREST : CHOICE_DIALLED;
    if (nearest < 0)
        return (struct endpoint_choice){.region = -1, .reason = CHOICE_NONE};
    if (!group_is_healthy(&groups[region])) {
        region = failover_group(groups, order, group_count, tried);
        reason = CHOICE_FAILOVER;
    }
    if (region < 0) {
        region = nearest;
        reason = CHOICE_FAIL_OPEN;
    }
    return (struct endpoint_choice){region, group_endpoint(&groups[region], word), reason};
}
