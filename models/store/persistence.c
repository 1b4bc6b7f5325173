// SPDX-License-Identifier: GPL-3.0-or-later
#include "persistence.h"

#include "store_internal.h"

const char *const persistence_kinds[] = {"none", "aof", "rdb", NULL};
const char *const aof_policies[] = {"always", "everysec", "no", NULL};

#define KERNEL_FLUSH (30 * SIM_S) /* Linux, vm.dirty_expire_centisecs 3000 */
#define GIB (1024.0 * 1024.0 * 1024.0)

static sim_dur time_of(uint64_t bytes, double bit_per_s)
{
    return (sim_dur)((double)bytes * 8 / bit_per_s * (double)SIM_S);
}

static struct held_data held_by(const struct cluster *cluster)
{
    return cluster->store->kind->data(cluster);
}

/* --- snapshots ------------------------------------------------------------------------------- */

static void persistence_on_save(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;
    struct persistence *persistence = &cluster->persistence;
    const struct persistence_config *config = persistence->config;
    struct held_data data;

    sim_after(sim, config->every_ns, persistence->save_kind, entity, generation);
    if (!cluster->up || persistence->loading || persistence->saving >= 0 ||
        persistence->changes < config->changes)
        return;
    data = held_by(cluster);
    persistence->saving = sim_now(sim);
    persistence->changes = 0;
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        server_block(&cluster->servers[s],
                     (sim_dur)((double)data.bytes / cluster->store->shard_count / GIB *
                               (double)config->fork_per_gib_ns));
    sim_after(sim, time_of(data.bytes / cluster->store->shard_count, config->save_bit_per_s),
              persistence->saved_kind, 0, persistence->generation);
}

static void persistence_on_saved(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct persistence *persistence = &((struct cluster *)self)->persistence;

    (void)sim, (void)entity, (void)generation;
    persistence->saved = persistence->saving;
    persistence->saving = -1;
}

static void persistence_on_loaded(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)entity, (void)generation;
    ((struct cluster *)self)->persistence.loading = false;
}

/* Of this life of the processes. */
static bool persistence_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct persistence *persistence = &((const struct cluster *)self)->persistence;

    (void)entity;
    return (persistence->generation & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind persistence_save = {
    .name = "save", .phase = PHASE_WORK, .fire = persistence_on_save};
static const struct event_kind persistence_saved = {
    .name = "saved", .phase = PHASE_WORK, .fire = persistence_on_saved, .live = persistence_live};
static const struct event_kind persistence_loaded = {
    .name = "loaded", .phase = PHASE_WORK, .fire = persistence_on_loaded, .live = persistence_live};

/* --- processes that go and come back --------------------------------------------------------- */

/* Of the append-only file; the one before the run counts as its start. */
static sim_time last_flush(const struct cluster *cluster)
{
    const struct persistence *persistence = &cluster->persistence;
    sim_dur past = sim_now(cluster->store->sim) - persistence->phase_ns;

    return past < 0 ? 0 : sim_now(cluster->store->sim) - past % persistence->flush_ns;
}

sim_time persistence_down(struct cluster *cluster, enum crash_kind kind)
{
    struct persistence *persistence = &cluster->persistence;

    persistence->generation++;
    persistence->saving = -1;
    persistence->loading = false;
    if (persistence->config->kind == PERSIST_NONE)
        return -1;
    if (persistence->config->kind == PERSIST_RDB)
        return persistence->saved < 0 ? 0 : persistence->saved;
    return kind == CRASH_HOST && persistence->flush_ns > 0 ? last_flush(cluster) : SIM_NEVER;
}

void persistence_back(struct cluster *cluster, bool orderly)
{
    struct persistence *persistence = &cluster->persistence;
    const struct persistence_config *config = persistence->config;
    uint32_t shards = cluster->store->shard_count;
    struct held_data data;
    sim_dur wait;

    if (config->kind == PERSIST_NONE)
        return;
    persistence->generation++;
    data = held_by(cluster);
    wait = (sim_dur)(data.keys / shards) * config->load_per_key_ns +
           time_of(data.bytes / shards, config->load_bit_per_s);
    if (orderly && config->kind == PERSIST_RDB) {
        wait += time_of(data.bytes / shards, config->save_bit_per_s);
        persistence->saved = sim_now(cluster->store->sim);
        persistence->saving = -1;
    }
    persistence->loading = true;
    sim_after(cluster->store->sim, wait, persistence->loaded_kind, 0, persistence->generation);
}

/* --- wiring ---------------------------------------------------------------------------------- */

void persistence_init(struct cluster *cluster, const struct model_env *env,
                      const struct persistence_config *config)
{
    static const sim_dur flushes[] = {
        [AOF_ALWAYS] = 0, [AOF_EVERYSEC] = SIM_S, [AOF_NO] = KERNEL_FLUSH};
    struct persistence *persistence = &cluster->persistence;

    *persistence = (struct persistence){.config = config, .saved = -1, .saving = -1};
    if (config->kind == PERSIST_NONE)
        return;
    persistence->save_kind = sim_kind_add(env->sim, &persistence_save, env->instance, cluster);
    persistence->saved_kind = sim_kind_add(env->sim, &persistence_saved, env->instance, cluster);
    persistence->loaded_kind = sim_kind_add(env->sim, &persistence_loaded, env->instance, cluster);
    if (config->kind == PERSIST_RDB) {
        persistence->phase_ns = phase_start_ns(&config->save_phase, env->sim, env->instance,
                                               (uint64_t)cluster->region, config->every_ns);
        sim_at(env->sim, persistence->phase_ns, persistence->save_kind, 0, 0);
    }
    persistence->flush_ns = config->kind == PERSIST_AOF ? flushes[config->aof] : 0;
    if (persistence->flush_ns > 0)
        persistence->phase_ns = phase_start_ns(&config->flush_phase, env->sim, env->instance,
                                               (uint64_t)cluster->region, persistence->flush_ns);
}

void persistence_refuse(const struct persistence_config *config, struct validation *validation)
{
    if (config->kind != PERSIST_NONE)
        validation_error(validation, "persistence",
                         "is not offered by the managed service that this kind of store is; kinds "
                         "with it: regional, single-region");
}
