// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Resharding of a global datastore while it runs: slots move from shard to shard, step by step, so
 * that each shard has the same number of them in the end. The move of a slot copies its sessions
 * into the target's stream, one write each, and takes time of both servers. A client that asks the
 * old shard is sent to the new one (MOVED); with it the client learns of all moves so far.
 */
#include "datastore_internal.h"
#include "run_log.h"

#include <stdlib.h>

#define STEP SIM_S

struct reshard {
    struct datastore *datastore;
    uint16_t *goal;  /* shard of each slot in the end */
    uint32_t *moved; /* number of the step in which it moved; 0: it has not */
    uint16_t *queue; /* slots that move, in order */
    uint32_t queue_count, queue_next;
    uint32_t step, steps;
    uint32_t known[REGIONS_MAX]; /* the last step that the clients of a region know */
    kind_id kind;
    probe_id sessions[REGIONS_MAX], redirects[REGIONS_MAX];
};

/* --- which slots move ------------------------------------------------------------------------ */

/* As store_shard_of() without a table. */
static uint16_t first_shard(uint32_t slot, uint32_t shards)
{
    uint32_t own = SLOTS / shards;

    if (shards == 1 || slot < own)
        return 0;
    return (uint16_t)(1 + (slot - own) * (shards - 1) / (SLOTS - own));
}

static uint32_t slots_of(uint32_t shard, uint32_t shards)
{
    return SLOTS / shards + (shard < SLOTS % shards);
}

/* As few as possible: a shard keeps what it has up to its number in the end. */
static void plan_moves(struct reshard *reshard, const uint16_t *now, uint32_t shards)
{
    uint32_t *kept = mem_zalloc(shards, sizeof *kept);
    uint32_t next = 0;

    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint32_t shard = now[slot];

        if (shard < shards && kept[shard] < slots_of(shard, shards)) {
            kept[shard]++;
            reshard->goal[slot] = (uint16_t)shard;
        } else {
            reshard->queue[reshard->queue_count++] = (uint16_t)slot;
        }
    }
    for (uint32_t i = 0; i < reshard->queue_count; i++) {
        while (kept[next] == slots_of(next, shards))
            next++;
        kept[next]++;
        reshard->goal[reshard->queue[i]] = (uint16_t)next;
    }
    free(kept);
}

/* --- moving ---------------------------------------------------------------------------------- */

static void move_session(struct reshard *reshard, uint32_t session, uint32_t from, uint32_t to)
{
    struct datastore *datastore = reshard->datastore;
    struct store *store = datastore->store;
    struct datastore_cluster *primary = &datastore->clusters[datastore->primary];
    struct datastore_server *target = &primary->servers[to];
    struct session_row *row = session_row(store, session);
    const struct log_entry entry = {.acknowledged = sim_now(store->sim),
                                    .session = session,
                                    .check = row->check,
                                    .create = true};
    struct write_position position = {0, 0, to};

    if (cluster_holds(primary, row_last(row, from)) ||
        cluster_holds(primary, row_first(row, from))) {
        server_apply(target, target->applied + 1);
        position = (struct write_position){target->applied, target->history, to};
    }
    row_set_first(row, position);
    row_set_last(row, position);
    datastore->shards[from].live -= datastore->shards[from].live > 0;
    if (position.number == 0)
        return;
    datastore->shards[to].live++;
    server_acknowledge(target, &entry, datastore->shards[from].write_size, position);
    server_work(primary->servers[from].server, sim_now(store->sim),
                datastore->config->reshard_key_ns);
    server_work(target->server, sim_now(store->sim), datastore->config->reshard_key_ns);
    probe_count(store->probes, reshard->sessions[datastore->primary]);
}

/* The sessions of the slots that move in this step. */
static void move_sessions(struct reshard *reshard)
{
    struct store *store = reshard->datastore->store;

    for (uint32_t r = 0; r < store->region_count; r++) {
        const struct session_row *rows = (const void *)store->sessions[r].rows;

        for (uint32_t i = 0; i < store->sessions[r].count; i++) {
            uint32_t session = ref_make(r, i);
            uint32_t slot = store_slot_of(session, rows[i].check);

            if (row_last(&rows[i], 0).number > 0 && reshard->moved[slot] == reshard->step)
                move_session(reshard, session, store->slot_shards[slot], reshard->goal[slot]);
        }
    }
}

static void reshard_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct reshard *reshard = self;
    struct datastore *datastore = reshard->datastore;
    struct store *store = datastore->store;
    uint32_t first = reshard->queue_next, end;

    if (!datastore_is_up(datastore, datastore->primary) || datastore->promoting) {
        sim_after(sim, STEP, reshard->kind, entity, generation); /* it waits */
        return;
    }
    reshard->step++;
    end = (uint32_t)((uint64_t)reshard->queue_count * reshard->step / reshard->steps);
    for (uint32_t i = first; i < end; i++)
        reshard->moved[reshard->queue[i]] = reshard->step;
    move_sessions(reshard);
    for (uint32_t i = first; i < end; i++)
        store->slot_shards[reshard->queue[i]] = reshard->goal[reshard->queue[i]];
    reshard->queue_next = end;
    if (reshard->step < reshard->steps)
        sim_after(sim, STEP, reshard->kind, entity, generation);
    else
        (void)run_log_event(store->log, sim_now(sim), "reshard",
                            store->topology->region_names[datastore->primary], sim_cause(sim), NULL,
                            "%u slots have moved to %u shards", reshard->queue_count,
                            datastore->config->reshard_shards);
}

static const struct event_kind reshard_step = {
    .name = "reshard", .phase = PHASE_WORK, .fire = reshard_on_step};

RARE bool reshard_redirects(const struct server *server, struct command *command)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    struct reshard *reshard = datastore_of(store)->reshard;
    uint32_t slot = store_slot_of(command->session, command->session_check);
    uint32_t *known = &reshard->known[command->region];

    if (store->slot_shards[slot] == server->shard && reshard->moved[slot] <= *known)
        return false;
    *known = reshard->step;
    command->reply.kind = REPLY_MOVED;
    command->reply.target = (uint16_t)cluster->region;
    probe_count(store->probes, reshard->redirects[cluster->region]);
    return true;
}

void reshard_cluster_init(const struct cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        cluster->servers[s].slots_move = cluster->store->slot_shards != NULL;
}

/* --- wiring ---------------------------------------------------------------------------------- */

void reshard_adapt(struct store_config *config, const void *kind_config)
{
    const struct datastore_config *c = kind_config;

    if (c->reshard == RESHARD_ONCE && c->reshard_shards > config->shards)
        config->shards = c->reshard_shards;
}

void reshard_init(struct datastore *datastore, const struct model_env *env)
{
    const struct datastore_config *config = datastore->config;
    const struct store_config *given = env->config; /* before reshard_adapt() */
    struct store *store = datastore->store;
    struct probes *probes = sim_probe_set(env->sim);
    struct reshard *reshard;

    if (config->reshard == RESHARD_NONE)
        return;
    reshard = datastore->reshard = mem_zalloc(1, sizeof *reshard);
    reshard->datastore = datastore;
    reshard->goal = mem_zalloc(SLOTS, sizeof *reshard->goal);
    reshard->moved = mem_zalloc(SLOTS, sizeof *reshard->moved);
    reshard->queue = mem_zalloc(SLOTS, sizeof *reshard->queue);
    store->slot_shards = mem_zalloc(SLOTS, sizeof *store->slot_shards);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        store->slot_shards[slot] = first_shard(slot, given->shards);
    plan_moves(reshard, store->slot_shards, config->reshard_shards);
    reshard->steps = config->reshard_ns > STEP ? (uint32_t)(config->reshard_ns / STEP) : 1;
    for (uint32_t r = 0; r < store->region_count; r++) {
        reshard->sessions[r] = probe_count_open(probes, "moved_sessions", (int)r, NULL);
        reshard->redirects[r] = probe_count_open(probes, "redirects", (int)r, NULL);
    }
    reshard->kind = sim_kind_add(env->sim, &reshard_step, env->instance, reshard);
    sim_at(env->sim, config->reshard_at_ns, reshard->kind, 0, 0);
}

void reshard_release(struct datastore *datastore)
{
    struct reshard *reshard = datastore->reshard;

    if (!reshard)
        return;
    free(reshard->goal);
    free(reshard->moved);
    free(reshard->queue);
    free(datastore->store->slot_shards);
    free(reshard);
}
