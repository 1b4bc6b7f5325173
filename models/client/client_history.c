// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The client's part of a history of operations (op_history.h): each of the application's
 * operations when it ends, and at the end of the run those that are under way. Health checks and
 * hedges are in no history: the latter are attempts of their operation.
 */
#include "client_internal.h"

#include <string.h>

RARE void client_note_unanswered(struct store_client *client, uint32_t index)
{
    size_t capacity = client->unanswered_capacity;

    if (index >= HEDGE)
        return; /* reads: an answer that nobody waits for changes nothing */
    if (index >= capacity) {
        MEM_GROW(client->unanswered, client->unanswered_capacity, (size_t)index + 1);
        memset(client->unanswered + capacity, 0,
               (client->unanswered_capacity - capacity) * sizeof *client->unanswered);
    }
    client->unanswered[index]++;
}

static uint32_t take_unanswered(struct store_client *client, uint32_t index)
{
    uint32_t count = 0;

    if (index < client->unanswered_capacity) {
        count = client->unanswered[index];
        client->unanswered[index] = 0;
    }
    return count;
}

/* What all records say of an operation. */
static struct op_record record_of(struct store_client *client, uint32_t index)
{
    const struct op *op = op_at(client, index);
    const struct op_request *request = &op->request;

    return (struct op_record){
        .session = {(int)ref_region(request->session), ref_index(request->session),
                    request->session_check},
        .name = command_name(request->kind),
        .is_write = op_is_write(op),
        .region = client->region,
        .instance = request->instance,
        .invoked = op->begun,
        .value = op_is_write(op) ? request->identity : HISTORY_INITIAL,
        .served_by = -1,
        .latest = op_reads_latest(client, op, op->attempt_begun),
        .attempts = op->attempts,
        .last_begun = op->attempt_begun,
        .unanswered = take_unanswered(client, index),
    };
}

RARE void client_record_answered(struct store_client *client, uint32_t index, uint32_t row,
                                 enum op_outcome outcome)
{
    struct answer_record answer = op_history_answer(client->history, client->region, row);
    struct op_record record = record_of(client, index);

    if (op_at(client, index)->request.probe)
        return;
    record.ended = sim_now(client->sim);
    record.outcome = outcome == OP_MISS ? HISTORY_MISS : HISTORY_OK;
    record.served_by = answer.region;
    record.event = op_impaired_by(client, op_at(client, index));
    if (!record.is_write)
        record.value = answer.value;
    op_history_add_op(client->history, &record);
}

/* The region that the attempt's address is in, as the client knows it; -1: not looked up yet. */
static int region_of_attempt(const struct store_client *client, const struct op *op)
{
    const struct connection_pools *pools = &client->pools;
    uint32_t endpoint = pools->pools[op->pool].endpoint;

    if (pools->endpoints->rows[endpoint].region == ENDPOINT_BY_NAME)
        return pools->knowledge.named_region;
    return pools->endpoints->rows[endpoint].region;
}

RARE void client_record_attempt(const struct store_client *client, uint32_t index,
                                enum client_error error)
{
    const struct op *op = op_at(client, index);
    const struct op_request *request = &op->request;
    const struct attempt_record record = {
        .session = {(int)ref_region(request->session), ref_index(request->session),
                    request->session_check},
        .name = command_name(request->kind),
        .region = client->region,
        .instance = request->instance,
        .attempt = op->attempts,
        .to = region_of_attempt(client, op),
        .begun = op->attempt_begun,
        .ended = sim_now(client->sim),
        .error = client_error_names[error],
    };

    if (!request->probe)
        op_history_add_attempt(client->history, &record);
}

/* A write that no server can execute any more has failed; of others nobody knows. */
static enum op_record_outcome outcome_without_answer(const struct op_record *record)
{
    return record->is_write && record->unanswered > 0 ? HISTORY_UNKNOWN : HISTORY_FAILED;
}

RARE void client_record_failed(struct store_client *client, uint32_t index)
{
    struct op_record record = record_of(client, index);

    if (op_at(client, index)->request.probe)
        return;
    record.ended = sim_now(client->sim);
    record.outcome = outcome_without_answer(&record);
    record.event = op_impaired_by(client, op_at(client, index));
    op_history_add_op(client->history, &record);
}

RARE void client_record_under_way(struct store_client *client)
{
    for (uint32_t index = 0; index < client->ops[0].count; index++) {
        const struct op *op = op_at(client, index);
        struct op_record record;

        if (op->state == OP_IDLE || op->request.probe)
            continue;
        if (op->state == OP_SENT)
            client_note_unanswered(client, index);
        record = record_of(client, index);
        record.ended = SIM_NEVER;
        record.outcome = outcome_without_answer(&record);
        op_history_add_op(client->history, &record);
    }
}
