// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover.h"

static void takeover_on_end(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;

    (void)sim, (void)entity, (void)generation;
    if (!cluster->up)
        cluster->fault.crash(cluster->fault.self, CRASH_NONE);
}

/* Of the last crash, if the region still has power: a region without it has no replicas either. */
static const struct event_kind takeover_ends = {
    .name = "takeover", .phase = PHASE_FAULT, .fire = takeover_on_end};

void takeover_init(struct takeover *takeover, struct store *store,
                   const struct takeover_config *config, const struct model_env *env)
{
    takeover->store = store;
    takeover->config = config;
    takeover->stream = sim_stream(env->sim, env->instance, "takeover");
}

void takeover_cluster_init(struct takeover *takeover, struct cluster *cluster,
                           const struct model_env *env)
{
    takeover->kinds[cluster->region] =
        sim_kind_add(env->sim, &takeover_ends, env->instance, cluster);
}

void takeover_crash(struct takeover *takeover, const struct cluster *cluster, enum crash_kind kind)
{
    uint32_t crash = takeover->crashes[cluster->region];
    struct rng_block block = rng_block_at(&takeover->stream, (uint64_t)cluster->region, crash);

    if (kind == CRASH_NONE || takeover->config->replicas == 0 || !cluster->up)
        return;
    takeover->crashes[cluster->region]++;
    sim_after(takeover->store->sim, dist_sample_ns(takeover->config->duration, block.word[0]),
              takeover->kinds[cluster->region], crash, 0);
}
