// SPDX-License-Identifier: GPL-3.0-or-later
#include "service_rules.h"

#include "bug.h"
#include "store_internal.h"

#define GIB (1024.0 * 1024.0 * 1024.0)
#define GBIT 1e9

/* Types of nodes. maxmemory of r7g types is that of r6g, of m7g that of m6g (facts C.2); prices of
 * larger types are multiples of large, as the service prices them. Bursts: 10 Gbit/s of r6g.large
 * (facts C.2), the others are an assumption. */
// clang-format off
#define NODE_TYPES(TYPE) \
    TYPE("t4g.medium",  2,  3.32 * 1e9, 0,    0.256 * GBIT,  5.0 * GBIT, 0.052,  false, "undated",    "assumption") \
    TYPE("m6g.large",   2,  6.85 * 1e9, 0,    0.75 * GBIT, 10.0 * GBIT,  0.119,  true,  "undated",    "assumption") \
    TYPE("m7g.large",   2,  6.85 * 1e9, 0,    0.937 * GBIT, 12.5 * GBIT, 0.1264, true,  "2026-09-20", "facts K") \
    TYPE("r6g.large",   2,  14037181030.0, 0, 0.75 * GBIT, 10.0 * GBIT,  0.165,  true,  "derived",    "facts K") \
    TYPE("r6g.xlarge",  4,  28.26 * 1e9, 0,   1.25 * GBIT, 10.0 * GBIT,  0.330,  true,  "derived",    "facts K") \
    TYPE("r7g.large",   2,  14037181030.0, 0, 0.937 * GBIT, 12.5 * GBIT, 0.1752, true,  "2026-09-20", "facts K") \
    TYPE("r7g.xlarge",  4,  28.26 * 1e9, 0,   1.876 * GBIT, 12.5 * GBIT, 0.3504, true,  "derived",    "facts K") \
    TYPE("r7g.2xlarge", 8,  52.82 * GIB, 0,   3.75 * GBIT, 15.0 * GBIT,  0.7008, true,  "derived",    "facts K") \
    TYPE("r7g.4xlarge", 16, 105.81 * GIB, 0,  7.5 * GBIT, 15.0 * GBIT,   1.4016, true,  "derived",    "facts K") \
    TYPE("r6gd.xlarge", 4,  28.26 * 1e9,   99.33 * GIB,  1.25 * GBIT, 10.0 * GBIT, 0.625, true, "derived", "elasticache data tiering") \
    TYPE("r6gd.2xlarge", 8, 52.82 * GIB,   199.07 * GIB, 2.5 * GBIT, 10.0 * GBIT, 1.25, true, "derived", "elasticache data tiering") \
    /* end of the table */

/* Versions of the engine, the newest first: kinds without this parameter have its price. Valkey is 20 % below Redis OSS (facts K). */
#define ENGINES(ENGINE) \
    ENGINE("valkey-9.1",  901, true,  1.0) \
    ENGINE("valkey-9.0",  900, true,  1.0) \
    ENGINE("valkey-8.2",  802, true,  1.0) \
    ENGINE("valkey-8.0",  800, true,  1.0) \
    ENGINE("valkey-7.2",  702, true,  1.0) \
    ENGINE("redis-7.1",   701, false, 1.25) \
    ENGINE("redis-6.2",   602, false, 1.25) \
    ENGINE("redis-5.0.6", 500, false, 1.25) \
    /* end of the table */
// clang-format on

#define ROW(...) {__VA_ARGS__},
#define NAME(name, ...) name,
static const struct node_type node_types[] = {NODE_TYPES(ROW)};
const char *const node_type_names[] = {NODE_TYPES(NAME) NULL};
static const struct engine_version engines[] = {ENGINES(ROW)};
const char *const engine_names[] = {ENGINES(NAME) NULL};
const char *const cluster_modes[] = {"automatic", "disabled", "enabled", NULL};

const struct node_type *node_type_at(int index)
{
    invariant(index >= 0 && (size_t)index < sizeof node_types / sizeof node_types[0]);
    return &node_types[index];
}

const struct engine_version *engine_at(int index)
{
    invariant(index >= 0 && (size_t)index < sizeof engines / sizeof engines[0]);
    return &engines[index];
}

double service_network(const struct store_config *config, bool bursts)
{
    const struct node_type *type = node_type_at(config->node_type);

    return bursts ? type->burst_bit_per_s : type->network_bit_per_s;
}

double service_node_price(const struct store_config *config)
{
    return node_type_at(config->node_type)->price_per_hour *
           engine_at(config->engine)->price_factor;
}

static void check_nodes(const struct store_config *config, const struct service_cluster *cluster,
                        struct validation *validation)
{
    uint32_t shards = cluster->shards > config->shards ? cluster->shards : config->shards;
    uint32_t nodes = shards * (1 + cluster->replicas);

    if (nodes > config->node_quota)
        validation_error(validation, "shards",
                         "x (1 + replicas) makes %u nodes in a cluster, more than the quota of %u: "
                         "use fewer, or raise 'node_quota' (facts C.2)",
                         nodes, config->node_quota);
}

static void check_mode(const struct store_config *config, const struct service_cluster *cluster,
                       struct validation *validation)
{
    if (config->cluster_mode != MODE_DISABLED)
        return;
    if (config->shards > 1)
        validation_error(validation, "cluster_mode",
                         "'disabled' has one shard, got %u: use 'enabled' (facts C.2)",
                         config->shards);
    if (cluster->is_durable)
        validation_error(validation, "cluster_mode",
                         "must be 'enabled' for a durable cache (stores C.1)");
}

void service_check_type(const struct store_config *config, const struct service_cluster *cluster,
                        struct validation *validation)
{
    const struct node_type *type = node_type_at(config->node_type);
    const struct engine_version *engine = engine_at(config->engine);
    double share = 1 - config->reserved_memory;

    if (cluster->is_global && !type->in_global_datastore)
        validation_error(validation, "node_type",
                         "'%s' cannot be a member of a global datastore: use a type of the "
                         "families m or r, large or larger (facts C.1)",
                         type->name);
    if (cluster->is_durable && !(engine->is_valkey && engine->version >= 900))
        validation_error(validation, "engine",
                         "'%s' has no durability, which needs valkey-9.0 or later (facts 0.13)",
                         engine->name);
    if ((double)cluster->data_set_bytes > type->memory_bytes * share)
        validation_error(validation, "data_set",
                         "does not fit a node: '%s' has %.1f GiB for data (facts C.2)", type->name,
                         type->memory_bytes * share / GIB);
}

void service_check(const struct store_config *config, const struct service_cluster *cluster,
                   struct validation *validation)
{
    check_nodes(config, cluster, validation);
    check_mode(config, cluster, validation);
    service_check_type(config, cluster, validation);
}
