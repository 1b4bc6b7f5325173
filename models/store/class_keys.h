// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Keys of classes at the servers of a store: what each server holds, commands on it, and what
 * passes to a secondary.
 *
 * A kind of store supports classes by `supports` of its struct model_kind, and by two functions of
 * struct store_kind if its clusters have roles. A store without classes has none of this:
 * store->classes is NULL.
 */
#ifndef CLASS_KEYS_H
#define CLASS_KEYS_H

#include "key_classes.h"
#include "keyspace.h"
#include "store_kind.h"

struct cluster;
struct server;
struct store;

/* What a write of a class's key changed. */
struct class_change {
    uint64_t number; /* of the write in its server's log */
    uint32_t key;    /* 0: none */
    bool was_held, is_held;
    struct key_value before, after;
};

/* Changes by number of the write, for those that a log still has. */
struct class_log {
    struct class_change *items; /* by number & mask; NULL: none */
    uint64_t mask;
};

/* Look for classes of keys; if there are any, each server gets room for them. */
void classes_connect(struct store *store, const struct port_directory *ports);
void classes_release(struct store *store);
/* Of struct session_store_port. */
void classes_seed(void *store, uint32_t key, uint32_t bytes, sim_time expires);
/* Execute a command on a key of a class, as struct store_kind's execute(). */
RARE enum execution class_execute(struct server *server, uint32_t ref, struct command *command);
/* The service time of a command on one, `plain` for any other; counts slow ones. */
RARE double class_service(const struct server *server, const struct command *command, double plain);
/* The server has lost its memory, or is about to load another data set. */
void classes_clear(struct server *server);
/* The server gets a copy of another one's keys. O(keys of all classes). */
void classes_copy(struct server *to, struct server *from);
/* Keep what write `number` changed; the log spans (low, high] with `mask`. */
void class_log_add(struct class_log *log, const struct class_change *change, uint64_t low,
                   uint64_t log_mask);
/* NULL: the write was none of a class. */
const struct class_change *class_log_at(const struct class_log *log, uint64_t number);
/* The server executes what another one did; or takes it back. */
void class_apply(struct server *server, const struct class_change *change);
void class_undo(struct server *server, const struct class_change *change);

#endif
