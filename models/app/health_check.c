// SPDX-License-Identifier: GPL-3.0-or-later
#include "health_check.h"

#include <stddef.h>

const char *const health_depth_names[] = {"shallow", "local-store", "primary-store", NULL};

/* Other events leave the state unchanged. */
static const struct transition {
    enum health_state from;
    enum health_event event;
    enum health_state to;
} transitions[] = {
    {HEALTH_HEALTHY, HEALTH_FAILED, HEALTH_FAILING},
    {HEALTH_FAILING, HEALTH_PASSED, HEALTH_HEALTHY},
    {HEALTH_FAILING, HEALTH_THRESHOLD, HEALTH_UNHEALTHY},
    {HEALTH_UNHEALTHY, HEALTH_PASSED, HEALTH_RECOVERING},
    {HEALTH_RECOVERING, HEALTH_FAILED, HEALTH_UNHEALTHY},
    {HEALTH_RECOVERING, HEALTH_THRESHOLD, HEALTH_HEALTHY},
};

enum health_state health_next(enum health_state state, enum health_event event)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++)
        if (transitions[i].from == state && transitions[i].event == event)
            return transitions[i].to;
    return state;
}

static void health_move(struct health_check *check, enum health_event event)
{
    check->state = (uint8_t)health_next((enum health_state)check->state, event);
}

bool health_check_result(struct health_check *check, const struct health_check_rule *rule,
                         bool passed)
{
    bool was_good = health_is_good(check);
    uint32_t threshold = was_good ? rule->unhealthy_threshold : rule->healthy_threshold;

    health_move(check, passed ? HEALTH_PASSED : HEALTH_FAILED);
    if (passed == was_good) {
        check->streak = 0;
        return false;
    }
    if (++check->streak < threshold)
        return false;
    health_move(check, HEALTH_THRESHOLD);
    check->streak = 0;
    return true;
}

bool health_check_end(struct health_check *check, const struct health_check_rule *rule,
                      uint32_t round, bool passed)
{
    if (!check->open || round != check->round)
        return false;
    check->open = false;
    return health_check_result(check, rule, passed);
}

uint32_t health_check_begin(struct health_check *check, const struct health_check_rule *rule,
                            bool *changed)
{
    *changed = health_check_end(check, rule, check->round, false);
    check->open = true;
    check->round = (check->round + 1) % HEALTH_ROUNDS;
    return check->round;
}

void health_check_register(struct health_check *check, const struct health_check_rule *rule)
{
    check->state = HEALTH_RECOVERING;
    check->streak = (uint16_t)(rule->healthy_threshold - 1);
    check->open = false;
}

sim_dur health_check_phase_ns(const struct health_check_rule *rule, uint32_t index, uint32_t count)
{
    return rule->interval_ns / count * index;
}

bool health_quorum(uint32_t healthy_count, uint32_t checker_count, double quorum_share)
{
    return (double)healthy_count > quorum_share * (double)checker_count;
}
