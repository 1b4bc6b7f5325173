// SPDX-License-Identifier: GPL-3.0-or-later
#include "service_sharing.h"

#include "bug.h"
#include "mem.h"

#include <math.h>
#include <stdlib.h>

const char *const contention_names[] = {"none", "linear", "power", "exponential", NULL};

double contention_factor(const struct contention *contention, uint32_t count)
{
    double n = count, cores = contention->cores;

    if (count <= contention->cores)
        return 1;
    switch ((enum contention_kind)contention->kind) {
    case CONTENTION_LINEAR:
        return 1 + contention->linear * (n - cores);
    case CONTENTION_POWER:
        return pow(n / cores, contention->power);
    case CONTENTION_EXPONENTIAL:
        return exp(contention->exponential * (n - cores));
    case CONTENTION_NONE:
        break;
    }
    return 1;
}

void service_sharing_init(struct service_sharing *sharing, const struct contention *contention)
{
    *sharing = (struct service_sharing){.contention = contention};
}

void service_sharing_release(struct service_sharing *sharing)
{
    free(sharing->heap);
}

static double factor_now(const struct service_sharing *sharing)
{
    return contention_factor(sharing->contention, (uint32_t)sharing->count);
}

/* All that are in service have progressed at the present rate since the last change. */
static void sharing_advance(struct service_sharing *sharing, sim_time now)
{
    if (sharing->count > 0)
        sharing->progress += (double)(now - sharing->since) / factor_now(sharing);
    else
        sharing->progress = 0; /* nothing refers to it: keeps the numbers small */
    sharing->since = now;
}

/* Requests that end at the same value leave in the order of their rows: not of the heap. */
static bool ends_before(const struct shared_service *a, const struct shared_service *b)
{
    return a->ends < b->ends || (a->ends <= b->ends && a->request < b->request);
}

static void swap_services(struct shared_service *a, struct shared_service *b)
{
    struct shared_service kept = *a;

    *a = *b;
    *b = kept;
}

void service_sharing_add(struct service_sharing *sharing, sim_time now, sim_dur service,
                         uint32_t request)
{
    size_t at = sharing->count;

    sharing_advance(sharing, now);
    MEM_GROW(sharing->heap, sharing->capacity, sharing->count + 1);
    sharing->heap[sharing->count++] =
        (struct shared_service){sharing->progress + (double)service, request};
    for (; at > 0 && ends_before(&sharing->heap[at], &sharing->heap[(at - 1) / 2]);
         at = (at - 1) / 2)
        swap_services(&sharing->heap[at], &sharing->heap[(at - 1) / 2]);
    sharing->generation++;
}

sim_time service_sharing_next(const struct service_sharing *sharing)
{
    double left_ns;

    if (sharing->count == 0)
        return SIM_NEVER;
    left_ns = ceil((sharing->heap[0].ends - sharing->progress) * factor_now(sharing));
    if (left_ns >= (double)(SIM_NEVER - sharing->since))
        return SIM_NEVER;
    return sharing->since + (left_ns > 0 ? (sim_dur)left_ns : 0);
}

uint32_t service_sharing_take(struct service_sharing *sharing, sim_time now)
{
    uint32_t request;
    size_t at = 0;

    invariant(sharing->count > 0);
    sharing_advance(sharing, now);
    request = sharing->heap[0].request;
    sharing->heap[0] = sharing->heap[--sharing->count];
    for (;;) {
        size_t first = at, left = 2 * at + 1;

        for (size_t child = left; child < left + 2 && child < sharing->count; child++)
            if (ends_before(&sharing->heap[child], &sharing->heap[first]))
                first = child;
        if (first == at)
            break;
        swap_services(&sharing->heap[at], &sharing->heap[first]);
        at = first;
    }
    sharing->generation++;
    return request;
}
