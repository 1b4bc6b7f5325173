// SPDX-License-Identifier: GPL-3.0-or-later
#include "load_balancer.h"

#define NOT_SLOW ((sim_time)-1)

static bool is_usable(const struct lb_target *target)
{
    return target->in_service && health_is_good(&target->health);
}

static uint32_t index_of(const struct load_balancer *lb, uint32_t at)
{
    return lb->first + at * lb->stride;
}

static struct lb_target *target_at(const struct load_balancer *lb, uint32_t at)
{
    return &lb->targets[index_of(lb, at)];
}

static void update_fail_open(struct load_balancer *lb)
{
    lb->fails_open =
        lb->usable_count == 0 || lb->usable_count < lb->rule->fail_open_count ||
        (double)lb->usable_count < lb->rule->fail_open_share * (double)lb->serving_count;
}

void load_balancer_init(struct load_balancer *lb, const struct load_balancer_rule *rule,
                        struct lb_target *targets, uint32_t first, uint32_t stride, uint32_t count)
{
    *lb = (struct load_balancer){.targets = targets,
                                 .first = first,
                                 .stride = stride,
                                 .count = count,
                                 .usable_count = count,
                                 .serving_count = count,
                                 .rule = rule};
    for (uint32_t i = 0; i < count; i++)
        *target_at(lb, i) = (struct lb_target){.in_service = true, .slow_since = NOT_SLOW};
    update_fail_open(lb);
}

static uint32_t next_of(const struct load_balancer *lb, uint32_t index)
{
    return index + 1 == lb->count ? 0 : index + 1;
}

/* --- slow start ------------------------------------------------------------------------------ */

static void slow_start_end(struct load_balancer *lb, struct lb_target *target)
{
    lb->slow_count -= target->slow_since >= 0;
    target->slow_since = NOT_SLOW;
}

/* A target has become usable: `usable` counts it already. The first of a group does not start
 * slowly, since nobody else could take its share. */
static void slow_start_begin(struct load_balancer *lb, struct lb_target *target, sim_time now)
{
    if (lb->rule->slow_start_ns == 0 || lb->usable_count - 1 == lb->slow_count)
        return;
    target->slow_since = now;
    target->credit = 0;
    lb->slow_count++;
}

/* Does the target, whose turn it is, take it? One in slow start takes the share that has grown so
 * far of its turns, evenly spaced. */
static bool takes_turn(struct load_balancer *lb, struct lb_target *target, sim_time now)
{
    sim_dur age = now - target->slow_since;

    if (target->slow_since < 0)
        return true;
    if (age >= lb->rule->slow_start_ns) {
        slow_start_end(lb, target);
        return true;
    }
    target->credit += (double)age / (double)lb->rule->slow_start_ns;
    if (target->credit < 1)
        return false;
    target->credit -= 1;
    return true;
}

/* --- the choice ------------------------------------------------------------------------------ */

static bool is_candidate(const struct load_balancer *lb, const struct lb_target *target)
{
    return target->in_service && (lb->fails_open || health_is_good(&target->health));
}

static uint32_t pick_least_outstanding(struct load_balancer *lb)
{
    uint32_t best = UINT32_MAX, at = lb->turn;

    for (uint32_t i = 0; i < lb->count; i++, at = next_of(lb, at))
        if (is_candidate(lb, target_at(lb, at)) &&
            (best == UINT32_MAX ||
             target_at(lb, at)->outstanding < target_at(lb, best)->outstanding))
            best = at;
    lb->turn = next_of(lb, lb->turn);
    return index_of(lb, best);
}

uint32_t load_balancer_pick(struct load_balancer *lb, sim_time now)
{
    uint32_t fallback = UINT32_MAX, at = lb->turn;

    if (lb->serving_count == 0)
        return UINT32_MAX;
    if (lb->rule->least_outstanding)
        return pick_least_outstanding(lb);
    for (uint32_t i = 0; i < lb->count; i++, at = next_of(lb, at)) {
        if (!is_candidate(lb, target_at(lb, at)))
            continue;
        if (lb->slow_count == 0 || takes_turn(lb, target_at(lb, at), now)) {
            lb->turn = next_of(lb, at);
            return index_of(lb, at);
        }
        if (fallback == UINT32_MAX)
            fallback = at; /* all are in slow start */
    }
    lb->turn = next_of(lb, fallback);
    return index_of(lb, fallback);
}

/* --- changes --------------------------------------------------------------------------------- */

/* A target's health or service has changed; it was usable or not before. */
static void target_changed(struct load_balancer *lb, struct lb_target *target, bool was_usable,
                           sim_time now)
{
    bool usable = is_usable(target);

    lb->usable_count += (uint32_t)usable - (uint32_t)was_usable;
    update_fail_open(lb);
    if (usable && !was_usable)
        slow_start_begin(lb, target, now);
    else if (!usable && was_usable)
        slow_start_end(lb, target);
}

uint32_t load_balancer_check_begin(struct load_balancer *lb, uint32_t index, sim_time now,
                                   bool *changed)
{
    struct lb_target *target = &lb->targets[index];
    bool was_usable = is_usable(target);
    uint32_t round = health_check_begin(&target->health, &lb->rule->health, changed);

    if (*changed)
        target_changed(lb, target, was_usable, now);
    return round;
}

bool load_balancer_check_end(struct load_balancer *lb, uint32_t index, uint32_t round, bool passed,
                             sim_time now)
{
    struct lb_target *target = &lb->targets[index];
    bool was_usable = is_usable(target);

    if (!health_check_end(&target->health, &lb->rule->health, round, passed))
        return false;
    target_changed(lb, target, was_usable, now);
    return true;
}

void load_balancer_serve(struct load_balancer *lb, uint32_t index, bool in_service, sim_time now)
{
    struct lb_target *target = &lb->targets[index];
    bool was_usable = is_usable(target);

    if (target->in_service == in_service)
        return;
    target->in_service = in_service;
    lb->serving_count += in_service ? 1 : UINT32_MAX;
    target->health.open = false; /* its result would be that of the target before */
    if (in_service && lb->rule->initial_check)
        health_check_register(&target->health, &lb->rule->health);
    target_changed(lb, target, was_usable, now);
}
