// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Writes of a key, by pattern.
 *
 *   lazy loading, read-through:  database -> [DELETE, with `invalidate`] -> acknowledged
 *   write-through:               database -> SET -> acknowledged
 *   write-behind:                SET -> acknowledged; the database later (write_behind.c)
 *
 * The database comes first in write-through: a write that it refuses has changed nothing. A command
 * to the cache that fails leaves an old value there until its expiry, and the write is acknowledged
 * nevertheless. A version is the order of writes at the database, with write-behind that at the
 * cache, which keeps the write that arrives last.
 */
#include "key_classes_internal.h"

void class_write_begin(struct key_classes *model, uint32_t index)
{
    struct class_op *op = &model->ops[index];

    if (op_config(model, op)->pattern == WRITE_BEHIND) {
        op->version = VERSION_BY_SERVER;
        class_op_command(model, index, COMMAND_CREATE, STEP_SET);
    } else {
        op->version = DATABASE_NEXT;
        class_op_query(model, index, true, STEP_STORE);
    }
}

static void class_acknowledge(struct key_classes *model, uint32_t index)
{
    const struct class_op *op = &model->ops[index];
    uint32_t *last = &op_place(model, op)->acknowledged[ref_index(op->key)];

    if (op->version > *last)
        *last = op->version;
    class_op_finish(model, index, true);
}

void class_write_answered(struct key_classes *model, uint32_t index, const struct op_result *result)
{
    struct class_op *op = &model->ops[index];
    struct class_place *place = op_place(model, op);

    if (result->outcome == OP_FAILED)
        probe_count(model->probes, place->cache_failures);
    if (op_config(model, op)->pattern != WRITE_BEHIND) {
        class_acknowledge(model, index);
    } else if (result->outcome == OP_FAILED) {
        class_op_finish(model, index, false);
    } else {
        op->version = result->version;
        behind_add(place, op->key);
        class_acknowledge(model, index);
    }
}

void class_on_stored(void *self, uint32_t index, enum database_outcome outcome, uint32_t version)
{
    struct key_classes *model = self;
    struct class_op *op = &model->ops[index];
    const struct key_class_config *config = op_config(model, op);

    op->version = version;
    if (outcome != DATABASE_DONE)
        class_op_finish(model, index, false);
    else if (config->pattern == WRITE_THROUGH)
        class_op_command(model, index, COMMAND_CREATE, STEP_SET);
    else if (config->invalidate)
        class_op_command(model, index, COMMAND_DELETE, STEP_INVALIDATE);
    else
        class_acknowledge(model, index);
}
