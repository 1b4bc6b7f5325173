// SPDX-License-Identifier: GPL-3.0-or-later
/* A region's endpoint group: where connections of users end in the region. */
#ifndef ENDPOINT_GROUP_H
#define ENDPOINT_GROUP_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

#define ENDPOINTS_MAX 8 /* of a group */

enum endpoint_kind { ENDPOINTS_BALANCERS, ENDPOINTS_INSTANCES };
/* First member of the config of the model endpoint_group: for checks by others. */
struct endpoint_group_shape {
    int kind;                   /* enum endpoint_kind */
    struct number_list weights; /* by endpoint; none: all alike */
};
/* Number of endpoints of a group in a region with `instances` application servers. */
static inline uint32_t endpoint_group_count(const struct endpoint_group_shape *shape,
                                            uint32_t instances)
{
    if (shape->kind == ENDPOINTS_INSTANCES)
        return instances;
    return shape->weights.count > 0 ? shape->weights.count : 1;
}

struct endpoint_group_port {
    uint32_t count;                 /* of endpoints */
    bool direct;                    /* endpoints are instances; else load balancers */
    uint8_t weights[ENDPOINTS_MAX]; /* at the start */
    double dial;                    /* the same: share of its traffic that the group accepts */
};

/* Of a region. */
PORT_ACCESSORS(endpoint_group, struct endpoint_group_port)

#endif
