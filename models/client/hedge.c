// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Hedged reads: additional attempts while one is slow, each in a row of its own. The first answer
 * wins; the others are cancelled and reported neither as success nor as failure.
 */
#include "client_internal.h"

/* Remove a hedge, whose attempt has ended, from its operation's list and free its row. Returns the
 * operation. */
static uint32_t hedge_free(struct store_client *client, uint32_t index)
{
    struct op *hedge = op_at(client, index);
    uint32_t owner = hedge->owner;
    uint32_t *link = &op_at(client, owner)->hedge;

    while (*link != index)
        link = &op_at(client, *link)->hedge;
    *link = hedge->hedge;
    op_free(client, index);
    return owner;
}

/* Cancel an attempt that lost to another one: release its connection, unless its command is already
 * sent. */
static void op_give_up(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    uint32_t pool = op->pool;

    switch (op->state) {
    case OP_WAITING:
        wait_remove(client, index);
        break;
    case OP_CONNECTING: /* the connection keeps opening, for the next operation */
        client->pools.connections[op->connection].op = NO_INDEX;
        break;
    case OP_SENT:
        op_abandon_command(client, op);
        break;
    case OP_BROKEN:
    case OP_REJECTED:
    case OP_CONNECT_WAIT:
        break;
    default:
        return; /* no attempt in progress */
    }
    op_end_attempt(client, op, ATTEMPT_GIVEN_UP);
    pool_serve(client, pool);
}

/* A read was answered on attempt `winner`, its own or a hedge: cancel the others. Returns the index
 * of the read. */
RARE uint32_t hedges_settle(struct store_client *client, uint32_t winner)
{
    uint32_t index = winner;

    if (winner >= HEDGE) {
        probe_count(client->probes, client->hedges_won);
        index = hedge_free(client, winner);
        op_give_up(client, index);
    }
    while (op_at(client, index)->hedge != NO_INDEX) {
        uint32_t hedge = op_at(client, index)->hedge;

        op_give_up(client, hedge);
        hedge_free(client, hedge);
    }
    return index;
}

/* Step 9: the hedge delay of a read has passed. */
static void client_on_hedge(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct op *op = op_at(client, entity), *hedge;
    sim_time now = sim_now(sim);
    uint32_t index, paid = 0;

    (void)generation;
    if (op->state == OP_BROKEN)
        return;
    if (client->breakers &&
        circuit_breaker_refuses(&client->breakers[op_pool(client, op, true)], now)) {
        probe_count(client->probes, client->denied[DENIED_BREAKER]);
        return;
    }
    if (client->budgets && !guard_pay(client, op, false, &paid)) {
        probe_count(client->probes, client->denied[DENIED_BUDGET]);
        return;
    }
    index = op_alloc(client, HEDGE);
    hedge = op_at(client, index);
    hedge->request = op->request;
    hedge->begun = op->begun;
    hedge->owner = entity;
    hedge->hedge = op->hedge;
    hedge->retrying = client->budgets != NULL;
    hedge->answered_once = true; /* the answer is counted for its operation */
    hedge->rereads = op->rereads;
    hedge->redirect = ENDPOINT_ANY;
    if (client->has_extras)
        *op_extra(client, index) = (struct op_extra){.error = ERROR_OTHER};
    op->hedge = index;
    op->paid_milli = paid > 0 ? paid : op->paid_milli;
    /* Attempt numbers that no other attempt of the operation uses, since messages draw random
     * numbers by them. */
    hedge->attempts = op->attempts + (uint32_t)(++op->hedges << 10) - 1;
    if (op->hedges < client->config->hedge_max)
        sim_timer_set(sim, client->hedge_timer, entity, op->generation);
    probe_count(client->probes, client->hedges);
    op_begin_attempt(client, index);
}

/* A hedge failed. Its operation continues unaffected, unless its own attempt has failed too: then
 * it retries or fails. */
void hedge_failed(struct store_client *client, uint32_t index, enum client_error error)
{
    uint32_t owner = hedge_free(client, index);
    const struct op *op = op_at(client, owner);

    if (op->state == OP_HEDGED && op->hedge == NO_INDEX)
        op_retry_or_fail(client, owner, error, NULL);
}

const struct event_kind client_hedge = {
    .name = "hedge", .phase = PHASE_WORK, .fire = client_on_hedge, .live = client_op_live};
