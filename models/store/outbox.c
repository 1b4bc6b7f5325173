// SPDX-License-Identifier: GPL-3.0-or-later
#include "outbox.h"

#include <stdlib.h>

#define DRAIN_TICK (10 * SIM_MS) /* step of the queue's emptying; an assumption of the model */

/* --- queues ---------------------------------------------------------------------------------- */

static struct outbox_entry *entry_at(const struct outbox_queue *queue, uint64_t number)
{
    return &queue->entries[number & (queue->capacity - 1)];
}

static bool queue_is_empty(const struct outbox_queue *queue)
{
    return queue->first == queue->end;
}

RARE static void queue_grow(struct outbox_queue *queue)
{
    size_t capacity = queue->capacity > 0 ? queue->capacity * 2 : 64;
    struct outbox_queue grown = {mem_alloc(capacity, sizeof *queue->entries), capacity,
                                 queue->first, queue->end};

    for (uint64_t n = queue->first; n != queue->end; n++)
        *entry_at(&grown, n) = *entry_at(queue, n);
    free(queue->entries);
    *queue = grown;
}

static void queue_append(struct outbox_queue *queue, const struct outbox_entry *entry)
{
    if (queue->end - queue->first == queue->capacity)
        queue_grow(queue);
    *entry_at(queue, queue->end++) = *entry;
}

static void queue_prepend(struct outbox_queue *queue, const struct outbox_entry *entry)
{
    if (queue->end - queue->first == queue->capacity)
        queue_grow(queue);
    *entry_at(queue, --queue->first) = *entry;
}

/* --- a path ---------------------------------------------------------------------------------- */

static struct outbox_path *path_of(const struct outbox *outbox, int from, int to)
{
    return &outbox->paths[(size_t)from * outbox->store->region_count + (size_t)to];
}

static bool is_member(const struct outbox *outbox, int region)
{
    return outbox->items->member_bits >> region & 1;
}

static bool path_can_send(const struct outbox_path *path)
{
    return path->paused == 0 && path->outbox->store->clusters[path->from].up;
}

/* Remove what has been applied from the front of a queue; whether something is left. */
static bool queue_has_missing(const struct outbox_path *path, struct outbox_queue *queue)
{
    while (!queue_is_empty(queue)) {
        const struct outbox_entry *first = entry_at(queue, queue->first);

        if (version_misses(path->outbox->items, first->version, first->generation, path->to))
            return true;
        queue->first++;
    }
    return false;
}

static void path_wake_after(struct outbox_path *path, sim_dur wait)
{
    path->waits = true;
    sim_after(path->outbox->store->sim, wait, path->wake_kind, 0, ++path->generation);
}

/* Whatever it waited for, it is to act now. */
static void path_wake(struct outbox_path *path)
{
    if (path->waits)
        sim_cancelled(path->outbox->store->sim);
    path_wake_after(path, 0);
}

/* Hand a version to the network. */
static void path_transmit(struct outbox_path *path, const struct outbox_entry *entry)
{
    struct outbox *outbox = path->outbox;
    const struct version *version = version_at(outbox->items, entry->version);
    const struct message message = {.kind = path->arrive_kind,
                                    .entity = entry->version,
                                    .generation = entry->generation & SIM_GENERATION_MASK,
                                    .bytes = version->bytes + outbox->config->overhead_bytes,
                                    .identity =
                                        rng_mix(version->value ^ (uint64_t)(path->to + 1) << 56),
                                    .index = (uint32_t)(sim_now(outbox->store->sim) / SIM_MS)};

    probe_count_many(outbox->store->probes, outbox->bytes[path->to], message.bytes);
    cluster_send(outbox->store, path->from, path->to, &message, false);
}

static void path_send(struct outbox_path *path, struct outbox_entry entry)
{
    entry.sent = sim_now(path->outbox->store->sim);
    queue_append(&path->under_way, &entry);
    path_transmit(path, &entry);
    if (!path->waits)
        path_wake_after(path, path->outbox->config->timeout_ns);
}

static void path_push(struct outbox_path *path, struct outbox_entry entry)
{
    if (path->state == PATH_WELL && path_can_send(path)) {
        path_send(path, entry);
        return;
    }
    queue_append(&path->backlog, &entry);
    if (path->state == PATH_WELL && path->paused == 0) { /* its region is down */
        path->state = PATH_BROKEN;
        path_wake(path);
    }
}

/* All that is under way is to be sent again, before the backlog. */
static void path_break(struct outbox_path *path)
{
    struct outbox *outbox = path->outbox;
    struct outbox_queue *queue = &path->under_way;

    probe_count(outbox->store->probes, outbox->breaks[path->to]);
    path->state = PATH_BROKEN;
    while (!queue_is_empty(queue)) {
        const struct outbox_entry *last = entry_at(queue, --queue->end);

        if (version_misses(outbox->items, last->version, last->generation, path->to))
            queue_prepend(&path->backlog, last);
    }
}

/* Returns whether the oldest version under way is overdue; *wait: until it is. */
static bool path_is_overdue(struct outbox_path *path, sim_dur *wait)
{
    sim_dur age;

    *wait = SIM_NEVER;
    if (!queue_has_missing(path, &path->under_way))
        return false;
    age =
        sim_now(path->outbox->store->sim) - entry_at(&path->under_way, path->under_way.first)->sent;
    *wait = path->outbox->config->timeout_ns - age;
    return *wait <= 0;
}

static void path_probe(struct outbox_path *path)
{
    if (!queue_has_missing(path, &path->backlog)) {
        path->state = PATH_WELL;
        return;
    }
    if (path_can_send(path))
        path_transmit(path, entry_at(&path->backlog, path->backlog.first));
    path_wake_after(path, path->outbox->config->probe_ns);
}

static void path_drain(struct outbox_path *path)
{
    double count = path->outbox->config->catch_up_per_s * (double)DRAIN_TICK / (double)SIM_S;

    if (!path_can_send(path)) {
        path_break(path);
        path_wake_after(path, path->outbox->config->probe_ns);
        return;
    }
    path_wake_after(path, DRAIN_TICK);
    for (uint64_t n = 0; n <= (uint64_t)count && queue_has_missing(path, &path->backlog); n++)
        path_send(path, *entry_at(&path->backlog, path->backlog.first++));
    if (queue_is_empty(&path->backlog))
        path->state = PATH_WELL;
}

static void path_on_wake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct outbox_path *path = self;
    sim_dur wait;

    (void)sim, (void)entity, (void)generation;
    path->waits = false;
    if (path->state != PATH_BROKEN && path_is_overdue(path, &wait))
        path_break(path);
    if (path->state == PATH_BROKEN)
        path_probe(path);
    else if (path->state == PATH_DRAINING)
        path_drain(path);
    else if (wait != SIM_NEVER)
        path_wake_after(path, wait);
}

static bool path_wake_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct outbox_path *path = self;

    (void)entity;
    return path->waits && (path->generation & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind path_wakes = {
    .name = "path", .phase = PHASE_WORK, .fire = path_on_wake, .live = path_wake_live};

/* --- versions -------------------------------------------------------------------------------- */

void outbox_apply(struct outbox *outbox, uint32_t index, int region)
{
    struct store *store = outbox->store;
    const struct version *version = version_at(outbox->items, index);

    probe_latency(store->probes, outbox->lag[region], sim_now(store->sim) - version->executed);
    probe_level(store->probes, outbox->unreplicated[region], sim_now(store->sim),
                (int64_t)--outbox->lacking[region]);
    if (store->history)
        store_history_received(&store->clusters[region], version->value);
    version_apply(outbox->items, index, region);
}

static void path_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct outbox_path *path = self;
    struct outbox *outbox = path->outbox;

    (void)sim;
    if (!outbox->store->clusters[path->to].up ||
        !version_misses(outbox->items, entity, generation, path->to))
        return; /* it is sent again; or it came before */
    version_at(outbox->items, entity)->received |= (uint16_t)(1u << path->to);
    if (path->state == PATH_BROKEN) {
        path->state = PATH_DRAINING;
        path_wake(path);
    }
    if (outbox->arrived)
        outbox->arrived(outbox, entity, path->to);
    else
        outbox_apply(outbox, entity, path->to);
}

static const struct event_kind path_arrives = {
    .name = "item", .phase = PHASE_WORK, .fire = path_on_arrive};

static void outbox_on_ship(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct outbox *outbox = self;
    const struct version *version = version_at(outbox->items, entity);
    int from = version->region;

    (void)sim;
    for (int to = 0; to < (int)outbox->store->region_count; to++)
        if (is_member(outbox, to) && version_misses(outbox->items, entity, generation, to))
            path_push(path_of(outbox, from, to),
                      (struct outbox_entry){.version = entity, .generation = version->generation});
}

static const struct event_kind outbox_ships = {
    .name = "ship", .phase = PHASE_WORK, .fire = outbox_on_ship};

void outbox_add(struct outbox *outbox, uint32_t index)
{
    struct store *store = outbox->store;
    const struct version *version = version_at(outbox->items, index);
    struct rng_block block = rng_block_at(&outbox->delays, version->value, version->region);
    sim_time now = sim_now(store->sim);

    for (int to = 0; to < (int)store->region_count; to++)
        if (!(version->received >> to & 1) && is_member(outbox, to))
            probe_level(store->probes, outbox->unreplicated[to], now,
                        (int64_t)++outbox->lacking[to]);
    sim_after(store->sim, dist_sample_ns(outbox->config->delay, block.word[0]), outbox->ship_kind,
              index, version->generation);
}

/* --- faults ---------------------------------------------------------------------------------- */

/* Of all paths from and to a region. */
static void outbox_pause(void *self, int region, bool begin)
{
    struct outbox *outbox = self;

    for (int r = 0; r < (int)outbox->store->region_count; r++)
        for (int way = 0; way < 2 && r != region; way++) {
            struct outbox_path *path =
                way ? path_of(outbox, r, region) : path_of(outbox, region, r);

            path->paused += begin ? 1 : UINT32_MAX;
            if (path->paused == 0 && path->state == PATH_WELL && !queue_is_empty(&path->backlog)) {
                path->state = PATH_DRAINING;
                path_wake(path);
            }
        }
}

/* --- wiring ---------------------------------------------------------------------------------- */

static void path_init(struct outbox *outbox, int from, int to, const struct model_env *env)
{
    struct outbox_path *path = path_of(outbox, from, to);

    *path = (struct outbox_path){.outbox = outbox, .from = from, .to = to};
    path->wake_kind = sim_kind_add(env->sim, &path_wakes, env->instance, path);
    path->arrive_kind = sim_kind_add(env->sim, &path_arrives, env->instance, path);
}

void outbox_init(struct outbox *outbox, struct items *items, const struct outbox_config *config,
                 const struct model_env *env)
{
    struct probes *probes = sim_probe_set(env->sim);
    uint32_t regions = items->store->region_count;

    outbox->store = items->store;
    outbox->items = items;
    outbox->config = config;
    outbox->delays = sim_stream(env->sim, env->instance, "replication");
    outbox->ship_kind = sim_kind_add(env->sim, &outbox_ships, env->instance, outbox);
    outbox->paths = mem_zalloc((size_t)regions * regions, sizeof *outbox->paths);
    for (int r = 0; r < (int)regions; r++) {
        outbox->lag[r] = probe_latency_open(probes, "replication_lag", r, NULL);
        outbox->unreplicated[r] = probe_level_open(probes, "unreplicated_writes", r, NULL);
        outbox->bytes[r] = probe_count_open(probes, "replicated_bytes", r, NULL);
        outbox->breaks[r] = probe_count_open(probes, "path_breaks", r, NULL);
        for (int to = 0; to < (int)regions; to++)
            if (to != r)
                path_init(outbox, r, to, env);
    }
    outbox->port = (struct stream_port){.self = outbox, .pause = outbox_pause};
    port_offer_stream(env->ports, -1, -1, &outbox->port);
}

void outbox_release(struct outbox *outbox)
{
    size_t regions = outbox->store ? outbox->store->region_count : 0;

    for (size_t i = 0; i < regions * regions; i++) {
        free(outbox->paths[i].under_way.entries);
        free(outbox->paths[i].backlog.entries);
    }
    free(outbox->paths);
}
