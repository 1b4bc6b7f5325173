// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The accelerator's choice of an endpoint for a new connection, as one edge makes it (facts A):
 *
 *  1. Groups without an endpoint whose weight is above 0 take no part in anything.
 *  2. The original group, whatever its health: in the order of distance each group accepts the
 * share of its traffic dial of what reaches it. What no group accepts goes to the last one whose
 * dial is above 0; where all dials are 0, to the nearest group.
 *  3. If the original group has a healthy endpoint with a weight above 0, one of these, by weight.
 *  4. Else failover: the nearest of the `tried` closest groups with such an endpoint, whatever its
 *     dial.
 *  5. Else fail open: an endpoint of the closest group with a weight above 0, each alike, whatever
 *     its health.
 *
 * The word of the connection decides all draws: equal words choose alike while nothing changes, and
 * a change moves as few words as possible (weights: rendezvous hashing; dials: a part of the unit
 * interval). With an affinity to the source address the word is the user's, else the connection's.
 *
 * No side effects.
 */
#ifndef ENDPOINT_CHOICE_H
#define ENDPOINT_CHOICE_H

#include "endpoint_group.h"
#include "refs.h"

#include <stdbool.h>
#include <stdint.h>

/* A group as an edge knows it. */
struct group_view {
    double dial;                    /* share */
    uint32_t count;                 /* of endpoints, 1 to ENDPOINTS_MAX */
    uint8_t weights[ENDPOINTS_MAX]; /* 0: never used */
    bool healthy[ENDPOINTS_MAX];
};

enum choice_reason {
    CHOICE_NONE,     /* no group has an endpoint with a weight above 0 */
    CHOICE_NEAREST,  /* the nearest group, */
    CHOICE_DIALLED,  /* or another one, since dials said so */
    CHOICE_FAILOVER, /* the original group has no healthy endpoint */
    CHOICE_FAIL_OPEN
};
struct endpoint_choice {
    int region; /* -1: CHOICE_NONE */
    uint32_t endpoint;
    enum choice_reason reason;
};

/* order: all regions of the groups, the closest first. O(groups). */
struct endpoint_choice endpoint_choose(const struct group_view *groups, const int *order,
                                       uint32_t group_count, uint32_t tried, uint64_t word);
/* Has the group a healthy endpoint with a weight above 0? */
bool group_is_healthy(const struct group_view *group);
/* The endpoint for a connection to the group: of the healthy ones by weight; where none of them has
 * a weight above 0, of all with one, each alike; else endpoint 0. O(endpoints). */
uint32_t group_endpoint(const struct group_view *group, uint64_t word);

#endif
