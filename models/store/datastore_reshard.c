// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Resharding of a global datastore while it runs: slots move from shard to shard, step by step, so
 * that each shard has the same number of them in the end. The slots of a step migrate side by side:
 * their sessions move one after another, evenly over the step, each as a write in the target's
 * stream, and each takes time of both servers. At the end of the step the slots are the target's.
 *
 * While a slot migrates, the source serves the sessions that it still has; for others, moved or
 * new, it answers ASK: the client asks the target this once, which serves only those that ask.
 * Later the source answers MOVED, and the client learns of all slots that have moved so far.
 */
#include "datastore_internal.h"
#include "run_log.h"

#include <stdlib.h>
#include <string.h>

#define STEP SIM_S

struct reshard {
    struct datastore *datastore;
    uint16_t *origin, *goal; /* shard of each slot before, and in the end */
    uint32_t *moves;         /* the step in which it migrates, from 1; 0: none */
    uint16_t *queue;         /* slots that move, in order */
    uint32_t queue_count;
    uint32_t done, steps; /* steps that are over; all */
    bool active;          /* the next step is in progress, since */
    sim_time begun;
    uint32_t *keys; /* sessions that move in it, as refs */
    size_t key_count, key_next, key_capacity;
    uint16_t *crossed[REGIONS_MAX]; /* by session of a region: its check, if the target has it */
    size_t crossed_count[REGIONS_MAX];
    uint32_t known[REGIONS_MAX]; /* the last step that the clients of a region know */
    kind_id kind;
    probe_id sessions[REGIONS_MAX], redirects[REGIONS_MAX][REDIRECTS];
};

const char *const redirect_names[] = {"moved", "ask", NULL};

/* --- which slots move ------------------------------------------------------------------------ */

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
        reshard->moves[reshard->queue[i]] =
            (uint32_t)((uint64_t)i * reshard->steps / reshard->queue_count) + 1;
    }
    free(kept);
}

/* --- where a session is ---------------------------------------------------------------------- */

static struct reshard *reshard_of(const struct store *store)
{
    return datastore_of(store)->reshard;
}

static bool slot_migrates(const struct reshard *reshard, uint32_t slot)
{
    return reshard->active && reshard->moves[slot] == reshard->done + 1;
}

/* As a client sees it that knows of this many steps. */
static uint32_t shard_known(const struct reshard *reshard, uint32_t slot, uint32_t steps)
{
    bool has_moved = reshard->moves[slot] != 0 && reshard->moves[slot] <= steps;

    return has_moved ? reshard->goal[slot] : reshard->origin[slot];
}

static bool has_crossed(const struct reshard *reshard, uint32_t session, uint32_t check)
{
    uint32_t region = ref_region(session), index = ref_index(session);

    return index < reshard->crossed_count[region] &&
           reshard->crossed[region][index] == (uint16_t)check;
}

static void cross(struct reshard *reshard, uint32_t session, uint32_t check)
{
    uint32_t region = ref_region(session), index = ref_index(session);
    size_t count = reshard->crossed_count[region], capacity = count;

    if (index >= count) {
        MEM_GROW(reshard->crossed[region], capacity, index + 1);
        memset(reshard->crossed[region] + count, 0, (capacity - count) * sizeof(uint16_t));
        reshard->crossed_count[region] = capacity;
    }
    reshard->crossed[region][index] = (uint16_t)check;
}

uint32_t datastore_shard_of(const struct store *store, uint32_t session, uint32_t check)
{
    const struct reshard *reshard = reshard_of(store);
    uint32_t slot = store_slot_of(session, check);

    if (slot_migrates(reshard, slot) && has_crossed(reshard, session, check))
        return reshard->goal[slot];
    return shard_known(reshard, slot, reshard->done);
}

uint32_t datastore_shard_asked(const struct store *store, const struct command *command)
{
    const struct reshard *reshard = reshard_of(store);
    uint32_t slot = store_slot_of(command->session, command->session_check);

    if (command->asking)
        return reshard->goal[slot];
    return shard_known(reshard, slot, reshard->known[command->region]);
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
    cross(reshard, session, row->check);
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

/* Unless it has gone, or its row is another session's by now. */
static void move_next(struct reshard *reshard)
{
    struct store *store = reshard->datastore->store;
    uint32_t session = reshard->keys[reshard->key_next++];
    const struct session_row *row = session_row(store, session);
    uint32_t slot = store_slot_of(session, row->check);

    if (row_last(row, 0).number > 0 && slot_migrates(reshard, slot) &&
        !has_crossed(reshard, session, row->check))
        move_session(reshard, session, reshard->origin[slot], reshard->goal[slot]);
}

static void pay_shards(const struct reshard *reshard, uint32_t shards)
{
    store_bill_nodes(reshard->datastore->store);
    reshard->datastore->paid_shards = shards;
}

static void step_begin(struct reshard *reshard)
{
    struct store *store = reshard->datastore->store;

    if (reshard->done == 0)
        pay_shards(reshard, reshard->datastore->shard_count); /* the larger number */
    reshard->active = true;
    reshard->begun = sim_now(store->sim);
    reshard->key_count = reshard->key_next = 0;
    for (uint32_t r = 0; r < store->region_count; r++) {
        const struct session_row *rows = (const void *)store->sessions[r].rows;

        for (uint32_t i = 0; i < store->sessions[r].count; i++) {
            uint32_t session = ref_make(r, i);

            if (row_last(&rows[i], 0).number == 0 ||
                !slot_migrates(reshard, store_slot_of(session, rows[i].check)))
                continue;
            MEM_GROW(reshard->keys, reshard->key_capacity, reshard->key_count + 1);
            reshard->keys[reshard->key_count++] = session;
        }
    }
}

static void step_end(struct reshard *reshard)
{
    struct datastore *datastore = reshard->datastore;
    struct store *store = datastore->store;

    reshard->active = false;
    reshard->done++;
    for (uint32_t r = 0; r < store->region_count; r++)
        if (reshard->crossed_count[r] > 0)
            memset(reshard->crossed[r], 0, reshard->crossed_count[r] * sizeof(uint16_t));
    if (reshard->done < reshard->steps) {
        step_begin(reshard);
        return;
    }
    pay_shards(reshard, datastore->config->reshard_shards);
    (void)run_log_event(store->log, sim_now(store->sim), "reshard",
                        store->topology->region_names[datastore->primary], sim_cause(store->sim),
                        NULL, "%u slots have moved to %u shards", reshard->queue_count,
                        datastore->config->reshard_shards);
}

/* A step begins, a session moves, or the step ends. Nothing moves without a primary. */
static void reshard_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct reshard *reshard = self;
    struct datastore *datastore = reshard->datastore;

    if (!datastore_is_up(datastore, datastore->primary) || datastore->promoting) {
        reshard->begun += STEP;
        sim_after(sim, STEP, reshard->kind, entity, generation);
        return;
    }
    if (!reshard->active)
        step_begin(reshard);
    else if (reshard->key_next < reshard->key_count)
        move_next(reshard);
    else
        step_end(reshard);
    if (reshard->active)
        sim_at(sim,
               reshard->begun +
                   (sim_dur)((uint64_t)STEP * (reshard->key_next + 1) / (reshard->key_count + 1)),
               reshard->kind, entity, generation);
}

static const struct event_kind reshard_step = {
    .name = "reshard", .phase = PHASE_WORK, .fire = reshard_on_step};

/* --- redirects ------------------------------------------------------------------------------- */

/* Does the source of a migrating slot have the session? */
static bool source_has(const struct reshard *reshard, const struct command *command)
{
    const struct session_row *row = session_row(reshard->datastore->store, command->session);

    return row->check == command->session_check && row_last(row, 0).number > 0 &&
           !has_crossed(reshard, command->session, command->session_check);
}

static bool redirect(struct reshard *reshard, const struct server *server, struct command *command,
                     enum redirect how)
{
    int region = server->cluster->region;

    command->reply.kind = how == REDIRECT_ASK ? REPLY_ASK : REPLY_MOVED;
    command->reply.target = (uint16_t)region;
    probe_count(reshard->datastore->store->probes, reshard->redirects[region][how]);
    return true;
}

RARE bool reshard_redirects(const struct server *server, struct command *command)
{
    struct reshard *reshard = reshard_of(server->cluster->store);
    uint32_t slot = store_slot_of(command->session, command->session_check);
    bool migrates = slot_migrates(reshard, slot);

    if (migrates && command->asking && server->shard == reshard->goal[slot]) {
        if (command_is_write(command->kind))
            cross(reshard, command->session, command->session_check);
        return false;
    }
    if (server->shard != shard_known(reshard, slot, reshard->done)) {
        reshard->known[command->region] = reshard->done;
        return redirect(reshard, server, command, REDIRECT_MOVED);
    }
    if (migrates && !source_has(reshard, command))
        return redirect(reshard, server, command, REDIRECT_ASK);
    return false;
}

void reshard_cluster_init(const struct cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        cluster->servers[s].slots_move = cluster->store->slots_move;
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
    reshard->origin = mem_zalloc(SLOTS, sizeof *reshard->origin);
    reshard->moves = mem_zalloc(SLOTS, sizeof *reshard->moves);
    reshard->queue = mem_zalloc(SLOTS, sizeof *reshard->queue);
    store->slots_move = true;
    reshard->steps = config->reshard_ns > STEP ? (uint32_t)(config->reshard_ns / STEP) : 1;
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        reshard->origin[slot] =
            (uint16_t)store_shard_of_slot(slot, SLOTS / given->shards, given->shards);
    plan_moves(reshard, reshard->origin, config->reshard_shards);
    for (uint32_t r = 0; r < store->region_count; r++) {
        reshard->sessions[r] = probe_count_open(probes, "moved_sessions", (int)r, NULL);
        for (int how = 0; how < REDIRECTS; how++)
            reshard->redirects[r][how] =
                probe_count_open(probes, "redirects", (int)r, redirect_names[how]);
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
    free(reshard->origin);
    free(reshard->moves);
    free(reshard->queue);
    free(reshard->keys);
    for (uint32_t r = 0; r < REGIONS_MAX; r++)
        free(reshard->crossed[r]);
    free(reshard);
}
