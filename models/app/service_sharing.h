// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Requests that share the processor of an instance: the more are in service, the slower each is.
 *
 * With n in service each of them progresses at the rate 1 / f(n), where f is the contention's
 * factor. This is generalised processor sharing: the number in service has a distribution that
 * depends on the service time by its mean alone (Kelly, Reversibility and Stochastic Networks,
 * 1979, section 3.3). All progress alike, so one counter of progress is enough: a request ends
 * when the counter has grown by its service time, and a heap has them in this order.
 *
 * No side effects: the caller owns the event of the next end.
 */
#ifndef SERVICE_SHARING_H
#define SERVICE_SHARING_H

#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum contention_kind {
    CONTENTION_NONE,
    CONTENTION_LINEAR,     /* f(n) = 1 + a (n - cores) */
    CONTENTION_POWER,      /* f(n) = (n / cores)^a */
    CONTENTION_EXPONENTIAL /* f(n) = exp(a (n - cores)) */
};
extern const char *const contention_names[];

struct contention {
    int kind;                          /* enum contention_kind */
    double linear, power, exponential; /* a, >= 0 */
    uint32_t cores;                    /* f(n) = 1 up to this n, >= 1 */
};

/* f(n), >= 1, n >= 1. Pure. */
double contention_factor(const struct contention *contention, uint32_t count);

struct shared_service {
    double ends; /* value of `progress` at which it ends */
    uint32_t request;
};

/* Of one instance. */
struct service_sharing {
    const struct contention *contention; /* the caller's */
    double progress;                     /* ns of service that each one in service has received */
    sim_time since;                      /* when `progress` was brought up to date */
    struct shared_service *heap;         /* the first ends first */
    size_t count, capacity;
    uint32_t generation; /* of the event of the next end: changes with each change of `heap` */
};

void service_sharing_init(struct service_sharing *sharing, const struct contention *contention);
void service_sharing_release(struct service_sharing *sharing);
/* A request with this service time enters service. O(log n). */
void service_sharing_add(struct service_sharing *sharing, sim_time now, sim_dur service,
                         uint32_t request);
/* When the next one ends if none enters; SIM_NEVER: none is in service. */
sim_time service_sharing_next(const struct service_sharing *sharing);
/* Remove the one that ends at `now`, the time of service_sharing_next(). O(log n). */
uint32_t service_sharing_take(struct service_sharing *sharing, sim_time now);

#endif
