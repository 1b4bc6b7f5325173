// SPDX-License-Identifier: GPL-3.0-or-later
#include "class_keys.h"

#include "store_internal.h"

#include <stdlib.h>

/* A server with limited memory, or another reason for a keyspace, has keys of classes in it, beside
 * its sessions; other servers have a keyspace of their own for them, without limits. */
static struct keyspace *keys_of(const struct server *server)
{
    return server->keyspace ? server->keyspace : server->class_keys;
}

static sim_time clock_of(const struct server *server)
{
    const struct store *store = server->cluster->store;

    return store->memory ? memory_clock(store->memory, server->cluster->region)
                         : sim_now(store->sim);
}

static const struct key_class_row *row_of(const struct store *store, uint32_t key)
{
    return &store->classes->rows[key_class_of(key)];
}

/* --- set up ---------------------------------------------------------------------------------- */

static const struct memory_config class_memory = {.policy = EVICT_NONE, .samples = 1};

/* Servers of one node share its memory. */
static uint32_t sharing_servers(const struct store *store)
{
    return store->by_node ? store->node_servers : 1;
}

void classes_connect(struct store *store, const struct port_directory *ports)
{
    uint32_t step = sharing_servers(store);

    store->classes = port_find_key_classes(ports, -1, -1);
    if (!store->classes)
        return;
    store->read_ns = -1; /* reads differ */
    for (uint32_t r = 0; r < store->region_count; r++)
        for (uint32_t s = 0; store->clusters[r].exists && s < store->shard_count; s++) {
            struct server *servers = store->clusters[r].servers;

            servers[s].class_keys =
                s % step > 0 ? servers[s - 1].class_keys
                             : keyspace_new(&class_memory,
                                            sim_stream(store->sim, store->instance, "class-keys"),
                                            NULL, NULL);
        }
}

void classes_release(struct store *store)
{
    uint32_t step = sharing_servers(store);

    for (uint32_t r = 0; store->classes && r < store->region_count; r++)
        for (uint32_t s = 0; store->clusters[r].exists && s < store->shard_count; s += step)
            keyspace_free(store->clusters[r].servers[s].class_keys);
}

/* The server that has a key, of the cluster that clients of a region read; NULL: none does. */
static struct server *server_with(struct store *store, int region, uint32_t key)
{
    const struct client_knowledge knowledge = {.region = region, .named_region = region};
    const struct route_query query = {.session = key, .try_number = 1, .kind = COMMAND_GET};
    uint32_t endpoint;

    if (!store->by_node)
        return store->clusters[region].exists
                   ? &store->clusters[region].servers[store_shard_of(store, key, 0)]
                   : NULL;
    endpoint = store->kind->route(store, &knowledge, &query);
    for (uint32_t r = 0; r < store->region_count; r++)
        for (uint32_t n = 0; n < store->clusters[r].node_count; n++)
            if (store->clusters[r].nodes[n].endpoint == endpoint)
                return &store->clusters[r].servers[n * store->node_servers];
    return NULL;
}

void classes_seed(void *self, uint32_t key, uint32_t bytes, sim_time expires)
{
    struct store *store = self;
    const struct key_value value = {.bytes = bytes, .expires = expires};

    for (uint32_t r = 0; r < store->region_count; r++) {
        struct server *server = server_with(store, (int)r, key);

        if (server)
            (void)keyspace_set(keys_of(server), key, &value, 0);
    }
}

/* --- commands -------------------------------------------------------------------------------- */

RARE double class_service(const struct server *server, const struct command *command, double plain)
{
    struct store *store = server->cluster->store;
    const struct key_class_row *row = row_of(store, command->session);
    struct rng_block block =
        rng_block_at(&store->classes->times, command->identity, command->attempt);
    double time = plain + (double)dist_sample_ns(row->command_time, block.word[0]);

    if (time > (double)store->config->slowlog_ns)
        probe_count(store->probes, row->slow[server->cluster->region]);
    return time;
}

static enum execution class_read(struct server *server, uint32_t ref, struct command *command)
{
    struct key_value value;
    bool on_ssd = false;
    enum key_state state =
        keyspace_get(keys_of(server), command->session, clock_of(server), &value, &on_ssd);

    if (state != KEY_HELD) {
        command->reply.kind = REPLY_MISS;
        command->reply.miss = state == KEY_EVICTED ? MISS_EVICTED : MISS_NEVER_WRITTEN;
        return EXECUTION_DONE;
    }
    command->reply.kind = REPLY_HIT;
    command->reply.bytes = value.bytes + COMMAND_OVERHEAD;
    command->reply.version = value.version;
    command->reply.expires = value.expires;
    return server->keyspace ? memory_class_command(server, ref, command, on_ssd) : EXECUTION_DONE;
}

static uint32_t class_version(const struct server *server, const struct command *command)
{
    const struct key_classes_port *classes = server->cluster->store->classes;

    if (command->session_check != VERSION_BY_SERVER)
        return command->session_check;
    return classes->next_version(classes->self, command->session, server->cluster->region);
}

/* false: no room for it. */
static bool class_change_make(struct server *server, const struct command *command,
                              struct class_change *change)
{
    struct store *store = server->cluster->store;
    struct keyspace *keys = keys_of(server);
    sim_time now = clock_of(server);
    struct rng_block block =
        rng_block_at(&store->classes->ttls, command->identity, command->attempt);

    *change = (struct class_change){.key = command->session};
    if (server->keyspace)
        (void)memory_class_command(server, 0, command, false);
    change->was_held = keyspace_peek(keys, command->session, now, &change->before) == KEY_HELD;
    if (command->kind == COMMAND_DELETE) {
        keyspace_delete(keys, command->session);
        return true;
    }
    change->is_held = true;
    change->after = (struct key_value){
        .bytes = command->bytes > COMMAND_OVERHEAD ? command->bytes - COMMAND_OVERHEAD : 1,
        .version = class_version(server, command),
        .expires = key_class_expiry(row_of(store, command->session), now, block.word[0])};
    return keyspace_set(keys, command->session, &change->after, now);
}

RARE enum execution class_execute(struct server *server, uint32_t ref, struct command *command)
{
    struct cluster *cluster = server->cluster;
    struct store *store = cluster->store;
    struct class_change change;

    if (cluster->persistence.loading) {
        command->reply.kind = REPLY_LOADING;
    } else if (store->kind->class_refuses && store->kind->class_refuses(server, command)) {
        return EXECUTION_DONE;
    } else if (!command_is_write(command->kind)) {
        return class_read(server, ref, command);
    } else if (!class_change_make(server, command, &change)) {
        command->reply.kind = REPLY_OOM;
    } else {
        command->reply.kind = REPLY_OK;
        command->reply.executed = true;
        command->reply.version = change.after.version;
        persistence_count(cluster);
        if (store->kind->class_written)
            store->kind->class_written(server, command, &change);
        else
            probe_count(store->probes, cluster->writes);
    }
    return EXECUTION_DONE;
}

/* --- losses and copies ----------------------------------------------------------------------- */

static bool is_no_class(void *self, uint32_t key, const struct key_value *value)
{
    (void)self, (void)value;
    return key == NO_INDEX || !ref_is_class(key);
}

void classes_clear(struct server *server)
{
    if (!server->cluster->store->classes)
        return;
    keyspace_clear(server->class_keys);
    if (server->keyspace)
        keyspace_retain(server->keyspace, is_no_class, NULL, KEY_FLUSHED);
}

void classes_copy(struct server *to, struct server *from)
{
    const struct store *store = to->cluster->store;
    sim_time now = sim_now(store->sim);

    if (!store->classes)
        return;
    classes_clear(to);
    for (uint32_t c = 0; c < store->classes->count; c++)
        for (uint32_t rank = 0; rank < store->classes->rows[c].keys; rank++) {
            uint32_t key = ref_make(KEY_CLASS_REGION + c, rank);
            struct key_value value;

            if (keyspace_peek(keys_of(from), key, now, &value) == KEY_HELD)
                keyspace_put(keys_of(to), key, &value, now);
        }
}

static void class_put(struct server *server, uint32_t key, bool is_held,
                      const struct key_value *value)
{
    if (is_held)
        keyspace_put(keys_of(server), key, value, clock_of(server));
    else
        keyspace_delete(keys_of(server), key);
}

void class_apply(struct server *server, const struct class_change *change)
{
    class_put(server, change->key, change->is_held, &change->after);
}

void class_undo(struct server *server, const struct class_change *change)
{
    class_put(server, change->key, change->was_held, &change->before);
}

/* --- changes by number ----------------------------------------------------------------------- */

void class_log_add(struct class_log *log, const struct class_change *change, uint64_t low,
                   uint64_t log_mask)
{
    if (log->mask != log_mask || !log->items) {
        struct class_change *items = mem_zalloc(log_mask + 1, sizeof *items);

        for (uint64_t n = low + 1; log->items && n < change->number; n++)
            if (log->items[n & log->mask].number == n)
                items[n & log_mask] = log->items[n & log->mask];
        free(log->items);
        log->items = items;
        log->mask = log_mask;
    }
    log->items[change->number & log->mask] = *change;
}

const struct class_change *class_log_at(const struct class_log *log, uint64_t number)
{
    const struct class_change *change = log->items ? &log->items[number & log->mask] : NULL;

    return change && change->number == number && change->key != 0 ? change : NULL;
}
