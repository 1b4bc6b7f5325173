// SPDX-License-Identifier: GPL-3.0-or-later
/* The operations of the client that the objective counts: op_finish() reports those that end, this
 * file those that have not ended when the run does. */
#include "client_internal.h"

/* Operations that are under way when the run ends: some may never end. */
static void client_report_open(void *self)
{
    const struct store_client *client = self;
    const struct objective_port *objective = client->objective;

    if (!client->up)
        return;
    for (uint32_t index = 0; index < client->ops[0].count; index++) {
        const struct op *op = op_at(client, index);
        enum operation_kind kind = op_is_write(op) ? OPERATION_WRITE : OPERATION_READ;

        if (op->state != OP_IDLE && !op->request.probe && objective_counts(objective, kind))
            objective->operation_open(objective->self, kind, client->region, op->begun);
    }
}

void client_connect_objective(struct store_client *client, struct objective_port *objective)
{
    struct operation_source source = {.self = client, .report_open = client_report_open};

    client->objective = objective;
    client->good_writes = objective->tallies[OPERATION_WRITE][client->region];
    client->good_reads = objective->tallies[OPERATION_READ][client->region];
    if (!client->good_writes.steps && !client->good_reads.steps)
        return;
    client->good_latency_ns = objective->latency(objective->self);
    objective->add_source(objective->self, source);
}
