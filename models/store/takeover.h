// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A replica takes over inside a region: a cluster whose process or host has crashed runs again
 * after some time, without waiting for the end of the fault. For kinds whose data survive the
 * crash.
 */
#ifndef TAKEOVER_H
#define TAKEOVER_H

#include "store_internal.h"

struct takeover_config {
    uint32_t replicas;
    struct dist *duration;
};

/* clang-format off */
#define TAKEOVER_FIELDS(member) \
    COUNT_LIMITED("replicas", member.replicas, "0", "1", "5", "replicas of each shard in other zones of the region; one takes over when the shard's node crashes", "facts C.2", "facts C.2"), \
    TIME_DIST("replica_failover", member.duration, "0ms", "lognormal(median=6s, p95=20s)", "1h", "time from the crash of a cluster's nodes until replicas have taken over", "facts C.1")
/* clang-format on */

struct takeover {
    struct store *store;
    const struct takeover_config *config;
    struct rng_stream stream;
    kind_id kinds[REGIONS_MAX];
    uint32_t crashes[REGIONS_MAX];
};

void takeover_init(struct takeover *takeover, struct store *store,
                   const struct takeover_config *config, const struct model_env *env);
void takeover_cluster_init(struct takeover *takeover, struct cluster *cluster,
                           const struct model_env *env);
/* In struct store_kind's `crash`, before the cluster goes down or up. */
void takeover_crash(struct takeover *takeover, const struct cluster *cluster, enum crash_kind kind);

#endif
