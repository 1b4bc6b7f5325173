// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * State of the three kinds: a token level, refilled when it is used; a ring of time slices with
 * their sums; two counts of active operations and retries.
 */
#include "retry_budget.h"

#include "bug.h"

#include <math.h>
#include <string.h>

const char *const retry_budget_names[] = {"none", "bucket", "share", "active", NULL};
const char *const retry_budget_charges[] = {"retry", "failure", NULL};

static int64_t milli(double tokens)
{
    return (int64_t)llround(1000 * tokens);
}

void retry_budget_init(struct retry_budget *budget, const struct retry_budget_config *config)
{
    *budget = (struct retry_budget){.config = config, .tokens_milli = milli(config->capacity)};
}

/* --- bucket ---------------------------------------------------------------------------------- */

static void bucket_add(struct retry_budget *budget, int64_t tokens_milli)
{
    int64_t capacity = milli(budget->config->capacity);

    budget->tokens_milli += tokens_milli;
    if (budget->tokens_milli > capacity)
        budget->tokens_milli = capacity;
    if (budget->tokens_milli < 0)
        budget->tokens_milli = 0;
}

/* Add whole thousandths of a token only; the remaining time counts at the next refill. */
static void bucket_refill(struct retry_budget *budget, sim_time now)
{
    double milli_per_ns = budget->config->refill_per_s * 1000 / 1e9;
    double due;

    if (milli_per_ns <= 0)
        return;
    due = floor((double)(now - budget->filled) * milli_per_ns);
    if (due < 1)
        return;
    if (due > (double)milli(budget->config->capacity))
        due = (double)milli(budget->config->capacity);
    bucket_add(budget, (int64_t)due);
    if (budget->tokens_milli == milli(budget->config->capacity))
        budget->filled = now;
    else
        budget->filled += (sim_dur)ceil(due / milli_per_ns);
    if (budget->filled > now)
        budget->filled = now;
}

static bool bucket_pay(struct retry_budget *budget, sim_time now, bool timed_out,
                       uint32_t *paid_milli)
{
    const struct retry_budget_config *config = budget->config;
    int64_t cost = milli(timed_out ? config->timeout_cost : config->cost);

    bucket_refill(budget, now);
    if (config->floor > 0 &&
        (double)budget->tokens_milli <= config->floor * (double)milli(config->capacity))
        return false;
    if (config->charge == BUDGET_CHARGE_FAILURE)
        return true; /* the failure has already been charged */
    if (budget->tokens_milli < cost)
        return false;
    budget->tokens_milli -= cost;
    *paid_milli = (uint32_t)cost;
    return true;
}

/* --- share of the operations of a window ----------------------------------------------------- */

static void window_move(struct retry_budget *budget, sim_time now)
{
    sim_dur width = budget->config->window_ns / RETRY_BUDGET_SLICES;
    int64_t slice = now / (width > 0 ? width : 1);

    if (slice - budget->slice >= RETRY_BUDGET_SLICES) {
        memset(budget->ops, 0, sizeof budget->ops);
        memset(budget->retries, 0, sizeof budget->retries);
        budget->ops_sum = budget->retries_sum = 0;
        budget->slice = slice;
    }
    while (budget->slice < slice) {
        uint32_t index = (uint32_t)(++budget->slice % RETRY_BUDGET_SLICES);

        budget->ops_sum -= budget->ops[index];
        budget->retries_sum -= budget->retries[index];
        budget->ops[index] = budget->retries[index] = 0;
    }
}

static bool window_pay(struct retry_budget *budget, sim_time now)
{
    const struct retry_budget_config *config = budget->config;
    uint32_t index;

    window_move(budget, now);
    if ((double)(budget->retries_sum + 1) >
        config->share * (double)budget->ops_sum +
            config->rate_per_s * ((double)config->window_ns / (double)SIM_S))
        return false;
    index = (uint32_t)(budget->slice % RETRY_BUDGET_SLICES);
    budget->retries[index]++;
    budget->retries_sum++;
    return true;
}

/* --- share of what is under way -------------------------------------------------------------- */

static bool active_pay(const struct retry_budget *budget)
{
    double most = budget->config->active_share * (double)budget->attempts_active;

    if (most < (double)budget->config->active_min)
        most = (double)budget->config->active_min;
    return (double)budget->retries_active + 1 <= most;
}

/* --- all of them ----------------------------------------------------------------------------- */

void retry_budget_attempt(struct retry_budget *budget)
{
    budget->attempts_active++;
}

void retry_budget_attempt_ended(struct retry_budget *budget)
{
    invariant(budget->attempts_active > 0);
    budget->attempts_active--;
}

void retry_budget_began(struct retry_budget *budget, sim_time now)
{
    if (budget->config->kind != BUDGET_SHARE)
        return;
    window_move(budget, now);
    budget->ops[budget->slice % RETRY_BUDGET_SLICES]++;
    budget->ops_sum++;
}

void retry_budget_failed(struct retry_budget *budget, sim_time now)
{
    if (budget->config->kind != BUDGET_BUCKET || budget->config->charge != BUDGET_CHARGE_FAILURE)
        return;
    bucket_refill(budget, now);
    bucket_add(budget, -milli(budget->config->cost));
}

bool retry_budget_pay(struct retry_budget *budget, sim_time now, bool timed_out,
                      uint32_t *paid_milli)
{
    bool good = true;

    if (budget->config->kind == BUDGET_BUCKET)
        good = bucket_pay(budget, now, timed_out, paid_milli);
    else if (budget->config->kind == BUDGET_SHARE)
        good = window_pay(budget, now);
    else if (budget->config->kind == BUDGET_ACTIVE)
        good = active_pay(budget);
    budget->retries_active += good;
    return good;
}

void retry_budget_retry_done(struct retry_budget *budget)
{
    invariant(budget->retries_active > 0);
    budget->retries_active--;
}

void retry_budget_ended(struct retry_budget *budget, sim_time now, bool good, uint32_t paid_milli)
{
    const struct retry_budget_config *config = budget->config;

    if (config->kind != BUDGET_BUCKET || !good)
        return;
    bucket_refill(budget, now);
    bucket_add(budget, paid_milli > 0 && config->refund_cost ? paid_milli : milli(config->refund));
}
