// SPDX-License-Identifier: GPL-3.0-or-later
#include "load_balancer.h"

static bool is_usable(const struct lb_target *target)
{
    return target->in_service && target->healthy;
}

void load_balancer_init(struct load_balancer *lb, struct lb_target *targets, uint32_t count)
{
    lb->targets = targets;
    lb->count = lb->usable = lb->serving = count;
    lb->turn = 0;
    for (uint32_t i = 0; i < count; i++)
        targets[i] = (struct lb_target){.in_service = true, .healthy = true};
}

static uint32_t next_of(const struct load_balancer *lb, uint32_t index)
{
    return index + 1 == lb->count ? 0 : index + 1;
}

uint32_t load_balancer_pick(struct load_balancer *lb)
{
    bool fail_open = lb->usable == 0;
    uint32_t best = UINT32_MAX, at = lb->turn;

    if (lb->serving == 0)
        return UINT32_MAX;
    for (uint32_t i = 0; i < lb->count; i++, at = next_of(lb, at)) {
        const struct lb_target *target = &lb->targets[at];

        if (!target->in_service || !(fail_open || target->healthy))
            continue;
        if (best == UINT32_MAX || target->outstanding < lb->targets[best].outstanding)
            best = at;
        if (!lb->least_outstanding)
            break;
    }
    lb->turn = next_of(lb, lb->least_outstanding ? lb->turn : best);
    return best;
}

bool load_balancer_check(struct load_balancer *lb, uint32_t index, bool passed)
{
    struct lb_target *target = &lb->targets[index];
    uint16_t threshold = target->healthy ? lb->unhealthy_threshold : lb->healthy_threshold;

    if (passed == target->healthy) {
        target->streak = 0;
        return false;
    }
    if (++target->streak < threshold)
        return false;
    lb->usable -= is_usable(target);
    target->healthy = passed;
    target->streak = 0;
    lb->usable += is_usable(target);
    return true;
}

void load_balancer_serve(struct load_balancer *lb, uint32_t index, bool in_service)
{
    struct lb_target *target = &lb->targets[index];

    lb->usable -= is_usable(target);
    lb->serving -= target->in_service;
    target->in_service = in_service;
    lb->usable += is_usable(target);
    lb->serving += target->in_service;
}
