// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The formulas of retry_policy.h. Waits are integer nanoseconds. Growth is computed in doubles,
 * which hold every product of a wait and a power of two exactly up to 104 days, and capped before
 * the conversion to an integer, so that nothing overflows.
 */
#include "retry_policy.h"

const char *const backoff_names[] = {"none",   "fixed", "exponential", "list",
                                     "linear", "envoy", NULL};
const char *const jitter_names[] = {
    "none", "full", "equal", "decorrelated", "above", "plus-minus", "added", "between", NULL};

static sim_dur cut(double wait, sim_dur max)
{
    return wait < (double)max ? (sim_dur)wait : max;
}

/* base factor^n; once that passes the cap, any value above the cap. */
static double grown(sim_dur base, double factor, uint32_t n, sim_dur max)
{
    double wait = (double)base;

    while (n-- > 0 && wait < (double)max)
        wait *= factor;
    return wait;
}

sim_dur retry_policy_nominal(const struct retry_policy *policy, uint32_t retry)
{
    const struct duration_list *list = &policy->list;

    switch (policy->backoff) {
    case BACKOFF_FIXED:
        return policy->fixed_ns;
    case BACKOFF_LINEAR:
        return cut((double)policy->linear_step_ns * retry, policy->linear_max_ns);
    case BACKOFF_LIST:
        if (list->count == 0)
            return 0;
        return list->items[retry <= list->count ? retry - 1 : list->count - 1];
    case BACKOFF_EXPONENTIAL:
        return cut(grown(policy->base_ns, policy->factor, retry - 1, policy->max_ns),
                   policy->max_ns);
    case BACKOFF_ENVOY:
        return cut(grown(policy->envoy_base_ns, 2, retry, 2 * policy->envoy_max_ns) -
                       (double)policy->envoy_base_ns,
                   policy->envoy_max_ns);
    default:
        return 0;
    }
}

sim_dur retry_policy_wait(const struct retry_policy *policy, uint32_t retry, sim_dur before,
                          double u)
{
    sim_dur wait = retry_policy_nominal(policy, retry);
    double base = (double)policy->base_ns;

    switch (policy->jitter) {
    case JITTER_FULL:
        return (sim_dur)(u * (double)wait);
    case JITTER_EQUAL:
        return wait / 2 + (sim_dur)(u * (double)(wait - wait / 2));
    case JITTER_DECORRELATED:
        return cut(base + u * (3 * (before > 0 ? (double)before : base) - base), policy->max_ns);
    case JITTER_ABOVE:
        /* The cap applies to the sum: capping the growth first would narrow the range of the
         * draw. */
        return cut(base + u * grown(policy->base_ns, policy->factor, retry - 1, SIM_NEVER / 4),
                   policy->max_ns);
    case JITTER_PLUS_MINUS:
        return (sim_dur)((double)wait * (1 - policy->spread + 2 * policy->spread * u));
    case JITTER_BETWEEN:
        return (sim_dur)(base + u * ((double)wait - base));
    case JITTER_ADDED:
        return wait + (sim_dur)(u * (double)policy->added_ns);
    default:
        return wait;
    }
}
