// SPDX-License-Identifier: GPL-3.0-or-later
#include "persistence.h"

#include "store_internal.h"

const char *const persistence_kinds[] = {"none", "aof", "rdb", "both", NULL};
const char *const aof_policies[] = {"always", "everysec", "no", NULL};

#define CRON (100 * SIM_MS)       /* Redis asks for save points at each turn of its cron */
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

struct save_point {
    sim_dur after;
    uint64_t changes;
};

static uint32_t save_points(const struct persistence_config *config)
{
    if (config->kind == PERSIST_BOTH)
        return 1;
    return config->kind == PERSIST_RDB ? 1 + config->more.count / 2 : 0;
}

static struct save_point save_point(const struct persistence_config *config, uint32_t i)
{
    if (config->kind == PERSIST_BOTH)
        return (struct save_point){config->both_every_ns, config->both_changes};
    if (i == 0)
        return (struct save_point){config->every_ns, config->changes};
    return (struct save_point){(sim_dur)(config->more.items[2 * i - 2] * (double)SIM_S),
                               (uint64_t)config->more.items[2 * i - 1]};
}

/* The times of the save points count from 0 again; until then they are those of another generation.
 */
static void save_points_begin(struct cluster *cluster, sim_time base)
{
    struct persistence *persistence = &cluster->persistence;
    struct sim *sim = cluster->store->sim;

    persistence->base = base;
    for (uint32_t i = 0; i < save_points(persistence->config); i++) {
        sim_time when = base + save_point(persistence->config, i).after;

        sim_at(sim, when > sim_now(sim) ? when : sim_now(sim), persistence->save_kind, 0,
               persistence->generation);
    }
}

/* Redis compares full seconds of its clock, which starts with the run: more than `after` of them
 * have passed one second later. */
static void save_points_begin_after(struct cluster *cluster, sim_time last)
{
    save_points_begin(cluster, last / SIM_S * SIM_S + SIM_S);
}

static bool is_reached(const struct cluster *cluster, const struct save_point *point)
{
    const struct persistence *persistence = &cluster->persistence;

    return persistence->changes >= point->changes &&
           sim_now(cluster->store->sim) >= persistence->base + point->after;
}

static bool may_save(const struct cluster *cluster)
{
    const struct persistence *persistence = &cluster->persistence;

    return cluster->up && !persistence->loading && persistence->saving < 0;
}

void persistence_count(struct cluster *cluster)
{
    struct persistence *persistence = &cluster->persistence;
    struct sim *sim = cluster->store->sim;

    persistence->changes++;
    for (uint32_t i = 0; i < save_points(persistence->config); i++) {
        struct save_point point = save_point(persistence->config, i);

        if (persistence->changes == point.changes && is_reached(cluster, &point) &&
            may_save(cluster))
            sim_at(sim, (sim_now(sim) / CRON + 1) * CRON, persistence->save_kind, 0,
                   persistence->generation);
    }
}

static void snapshot_begin(struct cluster *cluster)
{
    struct persistence *persistence = &cluster->persistence;
    const struct persistence_config *config = persistence->config;
    struct held_data data = held_by(cluster);

    persistence->saving = sim_now(cluster->store->sim);
    persistence->changes = 0;
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        memory_fork_begin(&cluster->servers[s]);
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        server_block(&cluster->servers[s],
                     (sim_dur)((double)data.bytes / cluster->store->shard_count / GIB *
                               (double)config->fork_per_gib_ns));
    sim_after(cluster->store->sim,
              time_of(data.bytes / cluster->store->shard_count, config->save_bit_per_s),
              persistence->saved_kind, 0, persistence->generation);
}

static void persistence_on_save(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;

    (void)sim, (void)entity, (void)generation;
    for (uint32_t i = 0; may_save(cluster) && i < save_points(cluster->persistence.config); i++) {
        struct save_point point = save_point(cluster->persistence.config, i);

        if (is_reached(cluster, &point))
            snapshot_begin(cluster);
    }
}

static void forks_end(struct cluster *cluster)
{
    for (uint32_t s = 0; s < cluster->store->shard_count; s++)
        memory_fork_end(&cluster->servers[s]);
}

static void persistence_on_saved(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct cluster *cluster = self;

    (void)entity, (void)generation;
    cluster->persistence.saved = cluster->persistence.saving;
    cluster->persistence.saving = -1;
    forks_end(cluster);
    save_points_begin_after(cluster, sim_now(sim));
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
    .name = "save", .phase = PHASE_WORK, .fire = persistence_on_save, .live = persistence_live};
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
    forks_end(cluster);
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
    persistence->changes = 0;
    sim_after(cluster->store->sim, wait, persistence->loaded_kind, 0, persistence->generation);
    save_points_begin_after(cluster, sim_now(cluster->store->sim));
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
    if (persistence_has_rdb(config)) {
        sim_dur every = save_point(config, 0).after;

        save_points_begin(cluster, phase_start_ns(&config->save_phase, env->sim, env->instance,
                                                  (uint64_t)cluster->region, every) -
                                       every);
    }
    persistence->flush_ns = persistence_has_aof(config) ? flushes[persistence_fsync(config)] : 0;
    if (persistence->flush_ns > 0)
        persistence->phase_ns = phase_start_ns(&config->flush_phase, env->sim, env->instance,
                                               (uint64_t)cluster->region, persistence->flush_ns);
}

void persistence_check(const struct persistence_config *config, struct validation *validation)
{
    if (config->more.count % 2 != 0)
        validation_error(validation, "persistence.rdb.more",
                         "needs seconds and writes in turn, so an even number of values");
}

void persistence_refuse(const struct persistence_config *config, struct validation *validation)
{
    if (config->kind != PERSIST_NONE)
        validation_error(validation, "persistence",
                         "is not offered by the managed service that this kind of store is; kinds "
                         "with it: regional, single-region");
}
