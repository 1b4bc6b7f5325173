// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Attempts that wait for a token of their instance's rate limit (cubic_rate.h), first in, first
 * out. One event per instance releases them; it is rescheduled whenever the rate changes.
 */
#include "client_internal.h"

static struct paced_line *line_of(struct store_client *client, const struct op *op)
{
    return &client->lines[op->request.instance];
}

/* The event at which the first attempt of the line has its token. */
RARE static void line_schedule(struct store_client *client, struct paced_line *line, sim_dur wait)
{
    if (line->is_scheduled)
        sim_cancelled(client->sim);
    line->is_scheduled = true;
    line->generation++;
    sim_after(client->sim, wait, client->pace_kind, (uint32_t)(line - client->lines),
              line->generation & SIM_GENERATION_MASK);
}

RARE static void line_release(struct store_client *client, struct paced_line *line)
{
    while (line->head != NO_INDEX) {
        uint32_t index = line->head;
        sim_dur wait = cubic_rate_ask(&line->rate, sim_now(client->sim));

        if (wait > 0) {
            line_schedule(client, line, wait);
            return;
        }
        line->head = op_at(client, index)->next;
        op_extra(client, index)->is_paced = true;
        op_begin_attempt(client, index);
    }
}

static void client_on_pace(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct store_client *client = self;

    (void)sim, (void)generation;
    client->lines[entity].is_scheduled = false;
    line_release(client, &client->lines[entity]);
}

static bool client_pace_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct store_client *client = self;

    return client->lines[entity].head != NO_INDEX &&
           (client->lines[entity].generation & SIM_GENERATION_MASK) == generation;
}

RARE bool pace_admits(struct store_client *client, uint32_t index)
{
    struct op *op = op_at(client, index);
    struct op_extra *extra = op_extra(client, index);
    struct paced_line *line = line_of(client, op);
    sim_dur wait;

    if (extra->is_paced) {
        extra->is_paced = false;
        return true;
    }
    if (line->head == NO_INDEX) {
        wait = cubic_rate_ask(&line->rate, sim_now(client->sim));
        if (wait == 0)
            return true;
        line->head = index;
        line_schedule(client, line, wait);
    } else {
        op_at(client, line->tail)->next = index;
    }
    line->tail = index;
    op->next = NO_INDEX;
    op->state = OP_PACED;
    probe_count(client->probes, client->paced);
    return false;
}

RARE void pace_ended(struct store_client *client, const struct op *op, bool throttled)
{
    struct paced_line *line = line_of(client, op);

    cubic_rate_ended(&line->rate, sim_now(client->sim), throttled);
    if (line->head != NO_INDEX) /* its wait was for the old rate; at this simulated time */
        line_schedule(client, line, 0);
}

void pace_init(struct store_client *client)
{
    client->lines = mem_zalloc(client->instance_count, sizeof *client->lines);
    for (uint32_t i = 0; i < client->instance_count; i++) {
        client->lines[i].head = client->lines[i].tail = NO_INDEX;
        cubic_rate_init(&client->lines[i].rate, &client->config->cubic);
    }
}

const struct event_kind client_pace = {
    .name = "pace", .phase = PHASE_WORK, .fire = client_on_pace, .live = client_pace_live};
