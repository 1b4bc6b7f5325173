// SPDX-License-Identifier: GPL-3.0-or-later
#include "last_writer.h"

/* --- endpoints ------------------------------------------------------------------------------- */

/* The first endpoint is that of all regions without one: index 0. */
void last_writer_member(struct store *store, struct endpoint_table *table, struct endpoint endpoint)
{
    struct last_writer *writer = last_writer_of(store);

    endpoint.name = store->topology->region_names[endpoint.region];
    writer->items.member_bits |= (uint16_t)(1u << endpoint.region);
    writer->endpoints[endpoint.region] = endpoint_add(table, endpoint);
}

uint32_t last_writer_route(const void *store, const struct client_knowledge *knowledge,
                           const struct route_query *query)
{
    store_prefetch_near(store, query->session, sizeof(struct item_row));
    return last_writer_of(store)->endpoints[knowledge->region];
}

void last_writer_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    items_seed(&last_writer_of(store)->items, session, session_check);
}

/* --- reads ----------------------------------------------------------------------------------- */

struct reply last_writer_read(const struct last_writer *writer, uint32_t session,
                              uint32_t session_check, int region, struct item_view *found)
{
    struct item_view newest = item_view(&writer->items, session, session_check, -1);
    struct reply reply = {.kind = REPLY_MISS, .miss = MISS_NEVER_WRITTEN};

    *found = item_view(&writer->items, session, session_check, region);
    if (found->state == ITEM_THERE) {
        reply.kind = REPLY_HIT;
        reply.stale = newest.value != found->value;
    } else if (newest.state == ITEM_THERE) {
        reply.miss = MISS_NOT_REPLICATED;
    } else if (newest.beat) {
        reply.miss = MISS_CONFLICT;
    }
    return reply;
}

uint64_t last_writer_found(const struct server *server, const struct command *command)
{
    const struct last_writer *writer = last_writer_of(server->cluster->store);

    return item_view(&writer->items, command->session, command->session_check,
                     server->cluster->region)
        .value;
}

/* --- writes ---------------------------------------------------------------------------------- */

int64_t last_writer_clock(const struct last_writer *writer, int region)
{
    return sim_now(writer->managed.store->sim) + writer->clock[region];
}

void last_writer_put(struct last_writer *writer, const struct item_write *write)
{
    struct store *store = writer->managed.store;
    const struct store_write done = {write->value, write->session, write->session_check,
                                     write->kind};
    uint32_t index = item_write(&writer->items, write);

    if (__builtin_expect(store->history != NULL, 0))
        store_history_wrote(&store->clusters[write->region], &done);
    if (index != NO_INDEX)
        outbox_add(&writer->outbox, index);
}

/* The next region with items that runs; the region itself: there is none. */
static int other_region(const struct last_writer *writer, int region)
{
    const struct store *store = writer->managed.store;
    int other = region;

    do
        other = (other + 1) % (int)store->region_count;
    while (other != region &&
           !(writer->items.member_bits >> other & 1 && store->clusters[other].up));
    return other;
}

/* A conflict storm (fault `conflicts`): something else writes the same session in another region at
 * the same time, before either of them knows the other's write. */
RARE static void meet_storm(struct last_writer *writer, const struct item_write *write)
{
    struct store *store = writer->managed.store;
    double share = store->clusters[write->region].servers[0].illness.conflicts;
    struct item_write other = *write;

    if (!(rng_unit(rng_block_at(&store->errors, write->value, UINT64_C(1) << 63).word[0]) < share))
        return;
    other.region = other_region(writer, write->region);
    if (other.region == write->region)
        return;
    other.value = rng_mix(write->value + 2);
    other.kind = COMMAND_TOUCH;
    other.stamp = last_writer_clock(writer, other.region);
    last_writer_put(writer, &other);
}

bool last_writer_write(struct last_writer *writer, const struct managed_op *op)
{
    struct store *store = writer->managed.store;
    struct cluster *cluster = &store->clusters[op->region];
    const struct item_write write = {.value = op->value,
                                     .session = op->session,
                                     .session_check = op->session_check,
                                     .bytes = op->bytes,
                                     .kind = (enum command_kind)op->kind,
                                     .region = op->region,
                                     .stamp = last_writer_clock(writer, op->region)};

    probe_count(store->probes, cluster->writes);
    if (op->kind == COMMAND_DELETE &&
        item_view(&writer->items, op->session, op->session_check, op->region).state == ITEM_NONE) {
        probe_count(store->probes, writer->missed_deletes[op->region]);
        return false;
    }
    last_writer_put(writer, &write);
    if (__builtin_expect(cluster->servers[0].illness.conflicts > 0, 0))
        meet_storm(writer, &write);
    return true;
}

/* --- wiring ---------------------------------------------------------------------------------- */

void last_writer_init(struct store *store, const struct model_env *env,
                      const struct outbox_config *replication, sim_dur skew_ns,
                      void (*done)(struct managed *managed, uint32_t index))
{
    struct last_writer *writer = last_writer_of(store);
    struct rng_stream clocks = sim_stream(env->sim, env->instance, "clocks");

    managed_init(&writer->managed, store, env, done);
    items_init(&writer->items, store, env);
    outbox_init(&writer->outbox, &writer->items, replication, env);
    for (uint32_t r = 0; r < store->region_count; r++)
        writer->clock[r] =
            (sim_dur)((2 * rng_unit(rng_block_at(&clocks, r, 0).word[0]) - 1) * (double)skew_ns);
}

void last_writer_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    last_writer_of(cluster->store)->missed_deletes[cluster->region] =
        probe_count_open(sim_probe_set(env->sim), "missed_deletes", cluster->region, NULL);
}

void last_writer_finish(struct store *store)
{
    items_check(&last_writer_of(store)->items);
}

void last_writer_fini(struct store *store)
{
    struct last_writer *writer = last_writer_of(store);

    managed_release(&writer->managed);
    items_release(&writer->items);
    outbox_release(&writer->outbox);
}
