// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Write-behind: what a class has written to the cache alone goes to the database at intervals.
 *
 * Each interval the keys that were written since the last one are read from the cache's primary,
 * and what is found is written to the database, `batch` keys in a query. The cache is the only
 * place that has them meanwhile: a key that is not found (its server crashed, or evicted it), or
 * that has an older version (a replica took over), has lost the writes between that and what the
 * database has. They are counted, and forgotten: from then on the older version is the valid one.
 *
 *   written -> dirty -> read from the cache -> found    -> batch -> database
 *                                           -> lacking  -> lost
 *                                           -> no reply -> dirty
 */
#include "key_classes_internal.h"

#include <stdlib.h>

void behind_add(struct class_place *place, uint32_t key)
{
    uint8_t *is_dirty = &place->dirty[ref_index(key)];

    if (*is_dirty)
        return;
    *is_dirty = 1;
    MEM_GROW(place->list, place->list_capacity, place->list_count + 1);
    place->list[place->list_count++] = key;
}

static uint32_t batch_alloc(struct key_classes *model, struct class_place *place)
{
    uint32_t index = model->batch_free;
    uint32_t capacity = model->classes[place->class].config->behind_batch;
    struct behind_batch *batch;

    if (index == NO_INDEX) {
        MEM_GROW(model->batches, model->batch_capacity, model->batch_count + 1);
        index = (uint32_t)model->batch_count++;
        model->batches[index] = (struct behind_batch){0};
    } else {
        model->batch_free = model->batches[index].next;
    }
    batch = &model->batches[index];
    if (batch->capacity < capacity) {
        free(batch->items);
        batch->items = mem_alloc(capacity, sizeof *batch->items);
        batch->capacity = capacity;
    }
    batch->place = place;
    batch->count = 0;
    return index;
}

static void batch_send(struct key_classes *model, struct class_place *place)
{
    const struct behind_batch *batch = &model->batches[place->batch];
    struct database_query query = {.user = &model->flushed,
                                   .entity = place->batch,
                                   .key = batch->items[0].key,
                                   .version = batch->items[0].version,
                                   .rows = batch->count,
                                   .region = place->region,
                                   .writes = true};

    for (uint32_t i = 0; i < batch->count; i++)
        query.bytes += class_value_bytes(model, batch->items[i].key);
    query.identity = rng_mix(((uint64_t)place->class << 4 | place->region) << 48 |
                             UINT64_C(1) << 47 | ++place->flushes);
    place->batch = NO_INDEX;
    model->database->query(model->database->self, &query);
}

/* A key's writes above `held` are lost, as far as they had been acknowledged when it was read. */
static void behind_lost(struct key_classes *model, struct class_place *place,
                        const struct class_op *op, uint32_t held)
{
    uint32_t *last = &place->acknowledged[ref_index(op->key)];

    if (op->truth <= held)
        return;
    probe_count_many(model->probes, place->lost, op->truth - held);
    if (*last == op->truth)
        *last = held;
}

void behind_collected(struct key_classes *model, uint32_t index, const struct op_result *result)
{
    const struct class_op op = model->ops[index];
    struct class_place *place = op_place(model, &op);
    uint32_t stored = model->database->version(model->database->self, op.region, op.key);
    uint32_t found = result->outcome == OP_HIT ? result->version : 0;

    class_op_free(model, index);
    place->collecting--;
    if (result->outcome == OP_FAILED) {
        behind_add(place, op.key);
    } else {
        behind_lost(model, place, &op, found > stored ? found : stored);
        if (found > stored) {
            struct behind_batch *batch;

            if (place->batch == NO_INDEX)
                place->batch = batch_alloc(model, place);
            batch = &model->batches[place->batch];
            batch->items[batch->count++] = (struct dirty_key){op.key, found};
            if (batch->count == batch->capacity)
                batch_send(model, place);
        }
    }
    if (place->collecting == 0 && place->batch != NO_INDEX)
        batch_send(model, place);
}

void class_on_flushed(void *self, uint32_t index, enum database_outcome outcome, uint32_t version)
{
    struct key_classes *model = self;
    struct behind_batch *batch = &model->batches[index];

    (void)version;
    for (uint32_t i = 0; i < batch->count; i++)
        if (outcome == DATABASE_DONE)
            model->database->set(model->database->self, batch->place->region, batch->items[i].key,
                                 batch->items[i].version);
        else
            behind_add(batch->place, batch->items[i].key);
    batch->next = model->batch_free;
    model->batch_free = index;
}

static void class_on_flush(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct key_classes *model = self;
    struct class_place *place = &model->classes[entity >> 4].places[entity & 15];
    size_t count = place->list_count;

    (void)generation;
    sim_after(sim, model->classes[entity >> 4].config->behind_interval_ns, model->flush_kind,
              entity, 0);
    place->list_count = 0;
    place->collecting += (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        uint32_t key = place->list[i], index;
        uint64_t number = UINT64_C(1) << 46 | ++place->flushes;

        place->dirty[ref_index(key)] = 0;
        index = class_op_begin(model, OP_FLUSH, place->region, key,
                               rng_mix((uint64_t)entity << 48 | number));
        model->ops[index].truth = place->acknowledged[ref_index(key)];
        class_op_command(model, index, COMMAND_GET, STEP_COLLECT);
    }
}

const struct event_kind class_flush = {
    .name = "flush", .phase = PHASE_WORK, .fire = class_on_flush};

void behind_start(struct key_classes *model)
{
    for (uint32_t c = 0; c < model->count; c++)
        for (uint32_t r = 0; r < model->region_count; r++) {
            const struct key_class_config *config = model->classes[c].config;
            uint32_t entity = c << 4 | r;

            if (config->pattern == WRITE_BEHIND && model->classes[c].places[r].exists)
                sim_at(model->sim,
                       phase_start_ns(&config->behind_phase, model->sim, model->instance, entity,
                                      config->behind_interval_ns),
                       model->flush_kind, entity, 0);
        }
}

void behind_release(struct key_classes *model)
{
    for (size_t i = 0; i < model->batch_count; i++)
        free(model->batches[i].items);
    free(model->batches);
}
