// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the managed service for caches offers and allows: types of nodes, versions of the engine,
 * and rules that a cluster must keep. Dated tables; kinds of store whose clusters are nodes of that
 * service check their parameters against them.
 */
#ifndef SERVICE_RULES_H
#define SERVICE_RULES_H

#include "model.h"

#include <stdbool.h>
#include <stdint.h>

struct node_type {
    const char *name;
    uint32_t vcpus;
    double memory_bytes;        /* maxmemory, before the reserve */
    double ssd_bytes;           /* for values that are not used; 0: it has none */
    double network_bit_per_s;   /* baseline: what it can send for long */
    double burst_bit_per_s;     /* for a while */
    double price_per_hour;      /* USD, engine Valkey, us-east-1 and us-west-2 */
    bool in_global_datastore;   /* member of a global datastore */
    const char *as_of, *source; /* of the price */
};

struct engine_version {
    const char *name;
    uint32_t version; /* to compare: 900 is 9.0 */
    bool is_valkey;
    double price_factor; /* of the node's price */
};

/* Values of the parameters `node_type`, `engine` and `cluster_mode`; NULL at the end. */
extern const char *const node_type_names[], *const engine_names[], *const cluster_modes[];
enum { MODE_AUTOMATIC, MODE_DISABLED, MODE_ENABLED };

/* index: of the name, below the number of rows. */
const struct node_type *node_type_at(int index);
const struct engine_version *engine_at(int index);

/* From this many vCPUs on, network and TLS work on threads of their own. Source: stores C.1. */
#define IO_THREADS_VCPUS 8

struct store_config;

/* A cluster, for service_check(). */
struct service_cluster {
    uint32_t shards;        /* that it will have; 0: as it begins */
    uint32_t replicas;      /* of each shard, the most that a cluster of the store has */
    int64_t data_set_bytes; /* of each shard; 0: not known */
    bool is_global;         /* member of a global datastore */
    bool is_durable;        /* with a durable log */
};

/* Report each rule that the clusters of a store break, with its source. */
void service_check(const struct store_config *config, const struct service_cluster *cluster,
                   struct validation *validation);
/* Only those on the type of node and the engine. */
void service_check_type(const struct store_config *config, const struct service_cluster *cluster,
                        struct validation *validation);
/* What a node sends at most: in a burst, or for long. */
double service_network(const struct store_config *config, bool bursts);
/* USD an hour of one node, by type and engine. */
double service_node_price(const struct store_config *config);

#endif
