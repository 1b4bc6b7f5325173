// SPDX-License-Identifier: GPL-3.0-or-later
#include "load_balancer.h"

static bool is_usable(const struct lb_target *target)
{
    return target->in_service && health_is_good(&target->health);
}

void load_balancer_init(struct load_balancer *lb, const struct health_check_rule *rule,
                        struct lb_target *targets, uint32_t count)
{
    *lb = (struct load_balancer){
        .targets = targets, .count = count, .usable = count, .serving = count, .rule = rule};
    for (uint32_t i = 0; i < count; i++)
        targets[i] = (struct lb_target){.in_service = true};
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

        if (!target->in_service || !(fail_open || health_is_good(&target->health)))
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
    bool changed;

    lb->usable -= is_usable(target);
    changed = health_check_result(&target->health, lb->rule, passed);
    lb->usable += is_usable(target);
    return changed;
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
