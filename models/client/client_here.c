// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Operations on a store without servers: the client's process answers them itself after some time
 * of its processor. There is no connection, no timeout and no retry.
 */
#include "client_internal.h"

void client_submit_here(void *self, const struct op_request *request)
{
    struct store_client *client = self;
    uint32_t index = op_alloc(client, 0);
    struct op *op = op_at(client, index);

    op->request = *request;
    op->begun = op->attempt_begun = sim_now(client->sim);
    op->attempts = 1;
    op->rereads = 0;
    op->answered_once = false;
    op->state = OP_SENT;
    op->generation++;
    client->ops_begun++;
    client->attempts_begun++;
    sim_after(client->sim, client->store->here_ns[op_is_write(op)], client->here_kind, index,
              op->generation);
}

static void client_on_here(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;
    struct op *op = op_at(client, entity);
    struct store_answer answer =
        client->store->here(client->store->self, &op->request, client->region);
    enum op_outcome outcome = OP_DONE;

    (void)sim, (void)generation;
    client->attempts_ended[ATTEMPT_ANSWERED]++;
    op->generation++;
    if (client->up && !op->request.probe)
        probe_count(client->probes,
                    op_is_write(op) ? client->write_attempts : client->read_attempts);
    if (client->up && !op->request.probe && op_is_write(op))
        probe_latency(client->probes, client->attempt_latency,
                      sim_now(client->sim) - op->attempt_begun);
    if (!op_is_write(op)) {
        outcome = answer.reply.kind == REPLY_HIT ? OP_HIT : OP_MISS;
        count_read_answer(client, op, &answer.reply);
    }
    if (client->history) {
        op_history_set_answer(client->history, client->region, entity,
                              (struct answer_record){answer.value, client->region});
        client_record_answered(client, entity, entity, outcome);
    }
    op_finish(client, entity, outcome,
              outcome == OP_MISS ? answer.reply.miss : (uint8_t)MISS_NEVER_WRITTEN);
}

const struct event_kind client_here = {.name = "here", .phase = PHASE_WORK, .fire = client_on_here};
