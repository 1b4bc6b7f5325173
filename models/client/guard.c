// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Guards that limit attempts: deadline, circuit breaker, retry budget.
 *
 * Each instance of the tier has its own budget, each connection pool its own breaker: no state is
 * shared between processes.
 */
#include "client_internal.h"

OUT_OF_LINE void guard_begun(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);

    if (client->has_extras)
        *op_extra(client, index) = (struct op_extra){.error = ERROR_OTHER};
    op->retrying = false;
    op->hedges = 0;
    op->hedge = NO_INDEX;
    op->paid_milli = 0;
    if (client->budgets)
        retry_budget_began(budget_of(client, op), sim_now(client->sim));
}

/* Update the statistics after a breaker changed state. */
RARE static void note_breaker(struct store_client *client, const struct circuit_breaker *breaker,
                              enum breaker_state before)
{
    uint32_t all = (uint32_t)client->pools.pool_count;

    if (breaker->state == BREAKER_OPEN)
        client->breakers_open++;
    else if (before == BREAKER_OPEN)
        client->breakers_open--;
    probe_level(client->probes, client->breaker_open, sim_now(client->sim),
                (int64_t)client->breakers_open * 1000000 / all);
}

/* Fail the operation, or leave it to another layer, at this simulated time. */
RARE static void op_refuse(struct store_client *client, uint32_t index, enum client_error error)
{
    struct op *op = op_at(client, index);

    if (op->retrying && client->budgets)
        retry_budget_retry_done(budget_of(client, op));
    op->retrying = false;
    op_extra(client, index)->error = error;
    op->state = OP_REFUSED;
    sim_at(client->sim, sim_now(client->sim), client->refused_kind, index, op->generation);
}

static bool breaker_admits(struct store_client *client, struct op *op)
{
    struct circuit_breaker *breaker = &client->breakers[op->pool];
    enum breaker_state before = breaker->state;
    bool admitted = circuit_breaker_ask(breaker, sim_now(client->sim), &op->epoch);

    if (breaker->state != before)
        note_breaker(client, breaker, before);
    return admitted;
}

static bool throttle_admits(struct store_client *client, const struct op *op)
{
    double u =
        rng_unit(rng_block_at(&client->throttle, op->request.identity, op->attempts).word[0]);

    return adaptive_throttle_ask(&client->throttles[op->request.instance], sim_now(client->sim), u);
}

/* Step 6: admit the attempt, or fail its operation. */
OUT_OF_LINE bool guard_admits(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct connection_pool *pool = &client->pools.pools[op->pool];

    if (client->lines && !pace_admits(client, index))
        return false;
    if ((client->throttles && !throttle_admits(client, op)) ||
        (client->breakers && !breaker_admits(client, op))) {
        probe_count(client->probes, client->breaker_refusals);
        op_refuse(client, index, ERROR_CIRCUIT);
        return false;
    }
    if (pool->requests >= client->config->pool.requests_max) {
        probe_count(client->probes, client->pool_rejections);
        op_refuse(client, index, ERROR_POOL);
        return false;
    }
    pool->requests++;
    if (client->budgets)
        retry_budget_attempt(budget_of(client, op));
    return true;
}

static void charge_failure(struct store_client *client, const struct op *op)
{
    struct retry_budget *budget = budget_of(client, op);
    int64_t before_milli = budget->tokens_milli;

    retry_budget_failed(budget, sim_now(client->sim));
    note_tokens(client, budget, before_milli);
}

bool guard_pay(struct store_client *client, const struct op *op, bool timed_out,
               uint32_t *paid_milli)
{
    struct retry_budget *budget = budget_of(client, op);
    int64_t before_milli = budget->tokens_milli;
    bool paid = retry_budget_pay(budget, sim_now(client->sim), timed_out, paid_milli);

    note_tokens(client, budget, before_milli);
    return paid;
}

/* Report the result of an attempt, from the inside out: breaker, then budget. */
OUT_OF_LINE void guard_attempt_ended(struct store_client *client, struct op *op,
                                     enum attempt_end how)
{
    bool good = how == ATTEMPT_ANSWERED;

    client->pools.pools[op->pool].requests--;
    if (client->lines && how != ATTEMPT_GIVEN_UP && how != ATTEMPT_REJECTED)
        pace_ended(client, op, client->was_throttled);
    client->was_throttled = false;
    if (good && client->throttles)
        adaptive_throttle_accepted(&client->throttles[op->request.instance], sim_now(client->sim));
    if (client->config->socket_timeout_ns > 0 && (good || how == ATTEMPT_REFUSED))
        pool_heard(client, op->pool);
    if (good || how == ATTEMPT_REFUSED)
        pool_answered(client, op->pool);
    if (client->breakers) {
        struct circuit_breaker *breaker = &client->breakers[op->pool];
        enum breaker_state before = breaker->state;

        if (how == ATTEMPT_GIVEN_UP)
            circuit_breaker_forget(breaker, op->epoch);
        else
            circuit_breaker_report(breaker, sim_now(client->sim), op->epoch, good);
        if (breaker->state != before)
            note_breaker(client, breaker, before);
    }
    if (client->budgets) {
        retry_budget_attempt_ended(budget_of(client, op));
        if (!good && how != ATTEMPT_GIVEN_UP)
            charge_failure(client, op);
        if (op->retrying)
            retry_budget_retry_done(budget_of(client, op));
    }
    op->retrying = false;
    if (client->config->hedge_max > 0 && !op_is_write(op))
        sim_timer_cancelled(client->sim, client->hedge_timer);
}

/* Steps 2 to 4: what denies another attempt after `wait`. The budget is checked last; it has been
 * charged if the result is DENIED_NOT. */
enum denied_by guard_denies(struct store_client *client, struct op *op, sim_dur wait,
                            enum client_error error)
{
    sim_dur deadline = client->config->retry.deadline_ns;
    sim_time now = sim_now(client->sim);

    if (deadline > 0 && now + wait - op->begun >= deadline)
        return DENIED_DEADLINE;
    /* A client that retries the breaker's refusals asks it again instead. */
    if (client->breakers && !client->config->errors[ERROR_CIRCUIT].retry &&
        circuit_breaker_refuses(&client->breakers[op->pool], now + wait))
        return DENIED_BREAKER;
    if (client->budgets) {
        if (!guard_pay(client, op, client_error_is_timeout(error), &op->paid_milli))
            return DENIED_BUDGET;
        op->retrying = true;
    }
    return DENIED_NOT;
}

OUT_OF_LINE void guard_op_ended(struct store_client *client, const struct op *op, bool good)
{
    struct retry_budget *budget = budget_of(client, op);
    int64_t before_milli = budget->tokens_milli;

    retry_budget_ended(budget, sim_now(client->sim), good, op->paid_milli);
    note_tokens(client, budget, before_milli);
}
