// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Reads of a key, and what fills the cache.
 *
 *   read:     GET -> hit -> answer
 *                 -> miss -> [another operation loads the key: wait for it]
 *                         -> database -> SET -> answer
 *                 -> no answer -> database -> answer
 *   refresh:  database -> SET, while a read that hit was answered from the cache
 *
 * With `coalesce`, and always where the cache loads the database itself (read-through), one
 * operation of a region loads a key at a time: the reads that miss meanwhile wait for it. A read
 * that hits shortly before the key's expiry may begin a refresh: with probability
 * exp(-(time left) / (beta x duration of a load)), as in XFetch.
 */
#include "key_classes_internal.h"

#include <math.h>

/* --- one load of a key at a time ------------------------------------------------------------- */

static uint32_t *load_chain(struct key_classes *model, const struct class_op *op)
{
    return &model->regions[op->region].loads[rng_mix(op->key) % LOAD_CHAINS];
}

/* The operation that loads the key; NO_INDEX: none. */
static uint32_t load_find(struct key_classes *model, const struct class_op *op)
{
    uint32_t index = *load_chain(model, op);

    while (index != NO_INDEX && model->ops[index].key != op->key)
        index = model->ops[index].load_next;
    return index;
}

static void load_add(struct key_classes *model, uint32_t index)
{
    struct class_op *op = &model->ops[index];
    uint32_t *chain = load_chain(model, op);

    op->loads = true;
    op->load_next = *chain;
    *chain = index;
}

static void load_remove(struct key_classes *model, uint32_t index)
{
    uint32_t *link = load_chain(model, &model->ops[index]);

    while (*link != index)
        link = &model->ops[*link].load_next;
    *link = model->ops[index].load_next;
    model->ops[index].loads = false;
}

/* --- ends ------------------------------------------------------------------------------------ */

/* A read has found this version. */
static void read_found(struct key_classes *model, uint32_t index, uint32_t version)
{
    const struct class_op *op = &model->ops[index];

    if (version < op->truth)
        probe_count(model->probes, op_place(model, op)->stale);
    class_op_finish(model, index, true);
}

/* The load of an operation ends: so do it and the reads that have waited for it. */
static void load_end(struct key_classes *model, uint32_t index, bool good)
{
    uint32_t version = model->ops[index].version, waiter = model->ops[index].waiters;

    if (model->ops[index].loads)
        load_remove(model, index);
    if (model->ops[index].kind == OP_REFRESH)
        class_op_free(model, index);
    else if (good)
        read_found(model, index, version);
    else
        class_op_finish(model, index, false);
    while (waiter != NO_INDEX) {
        uint32_t next = model->ops[waiter].next;

        if (good)
            read_found(model, waiter, version);
        else
            class_op_finish(model, waiter, false);
        waiter = next;
    }
}

/* --- steps ----------------------------------------------------------------------------------- */

void class_read_begin(struct key_classes *model, uint32_t index)
{
    struct class_op *op = &model->ops[index];

    op->truth = op_place(model, op)->acknowledged[ref_index(op->key)];
    class_op_command(model, index, COMMAND_GET, STEP_GET);
}

static bool coalesces(const struct key_class_config *config)
{
    return config->coalesce || config->pattern == READ_THROUGH;
}

/* Load the key from the database, or wait for the operation that does. */
static void class_load(struct key_classes *model, uint32_t index)
{
    struct class_op *op = &model->ops[index];

    if (coalesces(op_config(model, op))) {
        uint32_t leader = load_find(model, op);

        if (leader != NO_INDEX) {
            op->step = STEP_WAIT;
            op->next = model->ops[leader].waiters;
            model->ops[leader].waiters = index;
            probe_count(model->probes, op_place(model, op)->coalesced);
            return;
        }
        load_add(model, index);
    }
    op->loading_since = sim_now(model->sim);
    probe_count(model->probes, op_place(model, op)->loads);
    class_op_query(model, index, false, STEP_LOAD);
}

/* A value that is near its expiry is refreshed by chance. */
static void class_refresh(struct key_classes *model, const struct class_op *op, sim_time expires)
{
    const struct key_class_config *config = op_config(model, op);
    struct class_place *place = op_place(model, op);
    double u, ahead;
    uint32_t index;

    if (config->early_refresh == 0 || expires == SIM_NEVER)
        return;
    u = rng_unit(rng_block_at(&model->refreshes, op->identity, 0).word[0]);
    ahead = -log(u) * config->early_refresh * (double)place->load_ns;
    if (ahead < (double)(expires - sim_now(model->sim)))
        return;
    if (coalesces(config) && load_find(model, op) != NO_INDEX)
        return;
    probe_count(model->probes, place->refreshes);
    index = class_op_begin(model, OP_REFRESH, op->region, op->key, rng_mix(op->identity + 1));
    class_load(model, index);
}

static void class_on_got(struct key_classes *model, uint32_t index, const struct op_result *result)
{
    const struct class_op op = model->ops[index];
    struct class_place *place = op_place(model, &op);

    if (result->outcome == OP_FAILED) {
        probe_count(model->probes, place->cache_failures);
        class_op_query(model, index, false, STEP_FALLBACK);
        return;
    }
    probe_count(model->probes, place->lookups);
    if (result->outcome == OP_MISS) {
        probe_count(model->probes, place->misses);
        class_load(model, index);
    } else {
        probe_count(model->probes, place->hits);
        class_refresh(model, &op, result->expires);
        read_found(model, index, result->version);
    }
}

void class_read_answered(struct key_classes *model, uint32_t index, const struct op_result *result)
{
    const struct class_op *op = &model->ops[index];

    if (op->step == STEP_GET) {
        class_on_got(model, index, result);
        return;
    }
    if (result->outcome == OP_FAILED)
        probe_count(model->probes, op_place(model, op)->cache_failures);
    load_end(model, index, true); /* its reader has the value from the database in any case */
}

void class_on_loaded(void *self, uint32_t index, enum database_outcome outcome, uint32_t version)
{
    struct key_classes *model = self;
    struct class_op *op = &model->ops[index];

    op->version = version;
    if (outcome == DATABASE_DONE && op->step == STEP_LOAD) {
        op_place(model, op)->load_ns = sim_now(model->sim) - op->loading_since;
        class_op_command(model, index, COMMAND_CREATE, STEP_FILL);
    } else {
        load_end(model, index, outcome == DATABASE_DONE);
    }
}
