// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * DynamoDB global tables with strong consistency: three regions, each with a replica table or one
 * of them a witness. A write is acknowledged when two of them have it (quorum.h), so nothing is
 * lost with a region; a region that reaches no other refuses writes and strong reads. Reads are
 * local and may be stale unless they are strong, which takes the round trip of a write.
 *
 * A write of an item that another region is writing at the same time is refused
 * (ReplicatedWriteConflictException) and retried by the client.
 */
#include "quorum_store.h"

struct strong_table_config {
    struct region_list replicas;
    int32_t witness; /* region; -1: not given */
    struct dist *read_latency, *write_latency;
    int reads; /* enum read_mode */
    struct quorum_config quorum;
};
enum read_mode { READS_EVENTUAL, READS_STRONG };
static const char *const read_modes[] = {"eventual", "strong", NULL};

#define MODEL_CONFIG struct strong_table_config
// clang-format off
static const struct field strong_table_fields[] = {
    REGION_LIST("replicas", replicas, "regions with a replica table: three, or two and a witness; default: all but the witness. Clients of other regions use the first of them", "facts F"),
    REGION("witness", witness, "region that votes and holds no readable data; default: none", "facts F"),
    TIME_DIST("read_latency", read_latency, "0ms", "lognormal(median=3ms, p99=10ms)", "10s", "time that the service takes for a read in its own region", "assumption"),
    TIME_DIST("write_latency", write_latency, "0ms", "lognormal(median=5ms, p99=15ms)", "10s", "time that the service takes for a write in its own region, before the round trip to another one", "facts F"),
    CHOICE("reads", reads, read_modes, "eventual", "consistency that the application asks of its reads; those of read_after_write are strong in any case", "facts F"),
    QUORUM_FIELDS(quorum),
};
// clang-format on

static const struct metric strong_table_metrics[] = {OUTBOX_METRICS, ITEM_METRICS, QUORUM_METRICS};

enum { MISS_LAG = MISS_OF_KIND };
static const struct label_row strong_table_causes[] = {
    {"reauth-cause", "replication-lag",
     "the session's last write had not yet been replicated to the region"},
};

/* struct store's `state`. */
struct strong_table {
    struct quorum_store store; /* must be the first member */
    const struct strong_table_config *config;
    double write_units, read_units; /* used so far */
};

static struct strong_table *table_of(const struct store *store)
{
    return store->state;
}

/* --- endpoints ------------------------------------------------------------------------------- */

static bool has_replica(const struct strong_table_config *config, int region)
{
    return region_list_has(&config->replicas, region) ||
           (config->replicas.count == 0 && region != config->witness);
}

static void strong_table_endpoints(struct store *store, struct endpoint_table *table)
{
    const struct strong_table_config *config = store->kind_config;

    for (int r = 0; r < (int)store->region_count; r++)
        if (has_replica(config, r))
            quorum_store_member(store, table, r);
    if (config->witness >= 0)
        quorum_store_witness(store, table, config->witness);
}

/* --- operations ------------------------------------------------------------------------------ */

static bool is_strong(const struct strong_table *table, bool latest)
{
    return latest || table->config->reads == READS_STRONG;
}

static enum execution strong_table_execute(struct server *server, uint32_t ref,
                                           struct command *command)
{
    struct strong_table *table = table_of(server->cluster->store);

    if (command_is_write(command->kind)) /* each replica takes it */
        table->write_units += managed_write_units(command->bytes) *
                              __builtin_popcount(table->store.items.member_bits);
    else
        table->read_units += managed_read_units(command, is_strong(table, command->latest));
    return managed_begin(&table->store.managed, server, ref, command,
                         command_is_write(command->kind) ? table->config->write_latency
                                                         : table->config->read_latency);
}

/* A region that writes the item itself refuses; so does one that has a later write of another. */
static bool voter_accepts(const struct quorum *quorum, uint32_t proposal, int voter)
{
    return !item_has_proposal_of(quorum->items, proposal, voter) &&
           !item_has_later_commit(quorum->items, proposal, false);
}

static struct reply strong_table_read(const struct quorum *quorum, const struct managed_op *op)
{
    const struct strong_table *table = (const struct strong_table *)quorum->managed;
    struct item_view here =
        item_view(&table->store.items, op->session, op->session_check, op->region);
    struct item_view newest = item_view(&table->store.items, op->session, op->session_check, -1);
    struct reply reply = {.kind = REPLY_MISS, .miss = MISS_NEVER_WRITTEN};

    if (is_strong(table, op->latest))
        here = newest;
    if (here.state == ITEM_THERE) {
        reply.kind = REPLY_HIT;
        reply.stale = here.value != newest.value;
    } else if (newest.state == ITEM_THERE) {
        reply.miss = MISS_LAG;
    }
    return reply;
}

static void strong_table_done(struct managed *managed, uint32_t index)
{
    struct strong_table *table = (struct strong_table *)managed;
    const struct managed_op *op = managed_at(managed, index);

    if (op->kind != COMMAND_GET)
        quorum_write(&table->store.quorum, index);
    else if (is_strong(table, op->latest))
        quorum_read(&table->store.quorum, index);
    else
        quorum_read_here(&table->store.quorum, index);
}

static uint64_t strong_table_found(const struct server *server, const struct command *command)
{
    const struct strong_table *table = table_of(server->cluster->store);
    int region = is_strong(table, command->latest) ? -1 : server->cluster->region;

    return item_view(&table->store.items, command->session, command->session_check, region).value;
}

/* --- wiring ---------------------------------------------------------------------------------- */

static void strong_table_init(struct store *store, const struct model_env *env)
{
    struct strong_table *table = table_of(store);

    table->config = store->kind_config;
    table->store.quorum.accepts = voter_accepts;
    table->store.quorum.read = strong_table_read;
    quorum_store_init(store, env, &table->config->quorum, strong_table_done);
}

static void strong_table_check(const void *config, const void *kind_config,
                               const struct check_context *context, struct validation *validation)
{
    const struct strong_table_config *c = kind_config;
    int regions[REGIONS_MAX + 1];
    uint32_t count = 0;

    (void)config;
    for (int r = 0; r < (int)context->topology->region_count; r++)
        if (has_replica(c, r))
            regions[count++] = r;
    if (c->witness >= 0)
        regions[count++] = c->witness;
    quorum_check(context, validation, "replicas", regions, count);
}

static double used_writes(const void *store)
{
    return table_of(store)->write_units;
}

static double used_reads(const void *store)
{
    return table_of(store)->read_units;
}

static const struct usage_row strong_table_usage[] = {
    {.item = "write-units", .amount = used_writes, .meaning = "write units, of each replica"},
    {.item = "read-units", .amount = used_reads, .meaning = "read units"},
};

static uint32_t member_parts(const void *config, const struct check_context *context, int region,
                             int peer)
{
    const struct strong_table_config *c = context->kind_config;

    (void)config, (void)peer;
    return region >= 0 && has_replica(c, region);
}

static uint32_t member_link(const void *config, const struct check_context *context, int region,
                            int peer)
{
    const struct strong_table_config *c = context->kind_config;

    return region != peer &&
           (member_parts(config, context, region, -1) > 0 || region == c->witness) &&
           (member_parts(config, context, peer, -1) > 0 || peer == c->witness);
}

static const struct fault_capability strong_table_faults[] = {
    MANAGED_FAULTS(member_parts),
    {"store", "conflicts", member_parts},
    LINK_REPLICATION_FAULTS(member_link),
};

const struct store_kind kind_dynamodb_strong = {
    .model = {.name = "dynamodb-strong",
              .meaning =
                  "a managed table in three regions, or two and a witness; writes wait for a "
                  "second region",
              .lacks = managed_lacks,
              .config_size = sizeof(struct strong_table_config),
              FIELD_TABLE(strong_table_fields),
              METRIC_TABLE(strong_table_metrics),
              .rows = {LABEL_TABLE(strong_table_causes), FAULT_TABLE(strong_table_faults),
                       USAGE_TABLE(strong_table_usage)},
              .check = strong_table_check},
    .state_size = sizeof(struct strong_table),
    .row_size = sizeof(struct item_row),
    .adapt = managed_adapt,
    .managed = true,
    .signs = true,
    .endpoints = strong_table_endpoints,
    .route = quorum_store_route,
    .seed = quorum_store_seed,
    .execute = strong_table_execute,
    .down = managed_down,
    .back = managed_back,
    .found = strong_table_found,
    .init = strong_table_init,
    .finish = quorum_store_finish,
    .fini = quorum_store_fini,
};
