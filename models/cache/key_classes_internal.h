// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of the key classes: key_classes.c (parameters, metrics,
 * arrivals, the model), class_read.c (reads, fills, refreshes), class_write.c (writes of all
 * patterns), write_behind.c (what writes dirty keys to the database).
 */
#ifndef KEY_CLASSES_INTERNAL_H
#define KEY_CLASSES_INTERNAL_H

#include "bug.h"
#include "database.h"
#include "key_classes.h"
#include "mem.h"
#include "model.h"
#include "phase_rule.h"
#include "refs.h"
#include "session.h"
#include "session_store.h"
#include "store_command.h"
#include "zipf.h"

enum pattern { LAZY_LOADING, READ_THROUGH, WRITE_THROUGH, WRITE_BEHIND };

struct key_class_config {
    char *name;
    struct region_list regions; /* none: all */
    double rate_per_s, skew, hot_share, read_share, ttl_jitter, early_refresh, prewarm;
    uint32_t keys, behind_batch;
    struct dist *bytes, *command_time;
    sim_dur ttl_ns, behind_interval_ns;
    struct phase_rule behind_phase;
    int pattern; /* enum pattern */
    bool invalidate, coalesce;
};

enum class_op_kind { OP_READ, OP_WRITE, OP_REFRESH, OP_FLUSH };
enum class_step {
    STEP_FREE,
    STEP_GET,        /* reads the cache */
    STEP_WAIT,       /* for another operation that loads the same key */
    STEP_LOAD,       /* reads the database, to fill the cache */
    STEP_FALLBACK,   /* reads the database, because the cache did not answer */
    STEP_FILL,       /* writes what it loaded to the cache */
    STEP_STORE,      /* writes the database */
    STEP_SET,        /* writes the cache */
    STEP_INVALIDATE, /* deletes the key from the cache */
    STEP_COLLECT     /* write-behind: reads a dirty key */
};

struct class_op {
    uint64_t identity;
    sim_time begun, loading_since;
    uint32_t key;       /* ref */
    uint32_t version;   /* loaded, found, or to be written */
    uint32_t truth;     /* of a read: the version acknowledged to its writer when it began */
    uint32_t instance;  /* of the application, whose pools it uses */
    uint32_t next;      /* among those that wait for the same load, or of the free rows */
    uint32_t waiters;   /* head of those */
    uint32_t load_next; /* in a chain of loads */
    uint32_t steps;     /* so far: key of the next one's draws */
    uint8_t kind, step; /* enum class_op_kind, class_step */
    uint8_t region;
    bool loads; /* it is in a chain of loads */
};

struct dirty_key {
    uint32_t key, version;
};
/* Keys of a class that are written together to the database, and the versions found. */
struct behind_batch {
    struct dirty_key *items; /* behind_batch of the class at most; NULL: not used yet */
    struct class_place *place;
    uint32_t count, capacity;
    uint32_t next; /* of the free ones */
};

/* A class in one region. */
struct class_place {
    bool exists;
    bool owns; /* the tables that it shares */
    uint8_t class, region;
    uint64_t arrivals, flushes;
    sim_dur load_ns; /* of the latest load from the database: what early refresh is paced by */
    uint32_t *acknowledged; /* by rank: version of the last acknowledged write; of the region's
                               database: shared by the regions that use it */
    uint32_t *assigned;     /* write-behind: version of the write executed last. Shared as well */
    uint8_t *dirty;         /* write-behind: by rank, is it in the list? */
    uint32_t *list;         /* refs of dirty keys */
    size_t list_count, list_capacity;
    uint32_t collecting; /* reads of dirty keys under way */
    uint32_t batch;      /* that they are collected in; NO_INDEX: none */
    probe_id operations, errors, hits, misses, lookups, latency, stale, coalesced, refreshes, lost,
        cache_failures, loads;
};

struct key_class {
    const struct key_class_config *config;
    struct zipf zipf;
    struct class_place places[REGIONS_MAX];
};

/* Chains of operations that load a key, by a hash of it. */
#define LOAD_CHAINS 1024

struct class_region {
    struct key_classes *model;
    struct op_port done;
    const struct session_port *sessions;
    uint32_t loads[LOAD_CHAINS];
};

struct key_classes {
    struct sim *sim;
    const char *instance;
    struct probes_hot *probes;
    uint32_t count, region_count;
    struct key_class classes[KEY_CLASSES_MAX];
    struct key_class_row rows[KEY_CLASSES_MAX];
    struct class_region regions[REGIONS_MAX];
    struct class_op *ops;
    size_t op_count, op_capacity;
    uint32_t free_head;
    struct behind_batch *batches;
    size_t batch_count, batch_capacity;
    uint32_t batch_free;
    struct rng_stream arrivals, sizes, refreshes, warm;
    struct database_user loaded, stored, flushed;
    const struct database_port *database;
    const struct session_store_port *store;
    struct key_classes_port port;
    kind_id arrive_kind, flush_kind;
};

static inline struct class_place *op_place(struct key_classes *model, const struct class_op *op)
{
    return &model->classes[key_class_of(op->key)].places[op->region];
}
static inline const struct key_class_config *op_config(const struct key_classes *model,
                                                       const struct class_op *op)
{
    return model->classes[key_class_of(op->key)].config;
}

/* --- key_classes.c --------------------------------------------------------------------------- */

/* A new row; pointers to rows are invalid afterwards. */
uint32_t class_op_begin(struct key_classes *model, enum class_op_kind kind, int region,
                        uint32_t key, uint64_t identity);
void class_op_free(struct key_classes *model, uint32_t index);
/* An operation of a user ends. */
void class_op_finish(struct key_classes *model, uint32_t index, bool good);
/* The size of a key's value. */
uint32_t class_value_bytes(const struct key_classes *model, uint32_t key);
/* Send a command of the operation to the cache; its end is reported by step. */
void class_op_command(struct key_classes *model, uint32_t index, enum command_kind kind,
                      enum class_step step);
/* The same for the database. */
void class_op_query(struct key_classes *model, uint32_t index, bool writes, enum class_step step);

/* --- class_read.c ---------------------------------------------------------------------------- */

void class_read_begin(struct key_classes *model, uint32_t index);
/* The cache has answered a step of a read or refresh. */
void class_read_answered(struct key_classes *model, uint32_t index, const struct op_result *result);
/* The database has (database_user). */
void class_on_loaded(void *self, uint32_t index, enum database_outcome outcome, uint32_t version);

/* --- class_write.c --------------------------------------------------------------------------- */

void class_write_begin(struct key_classes *model, uint32_t index);
void class_write_answered(struct key_classes *model, uint32_t index,
                          const struct op_result *result);
void class_on_stored(void *self, uint32_t index, enum database_outcome outcome, uint32_t version);

/* --- write_behind.c -------------------------------------------------------------------------- */

extern const struct event_kind class_flush;
/* A key was written to the cache only. */
void behind_add(struct class_place *place, uint32_t key);
/* The first flush of each class in each region. */
void behind_start(struct key_classes *model);
/* A dirty key was read. */
void behind_collected(struct key_classes *model, uint32_t index, const struct op_result *result);
void class_on_flushed(void *self, uint32_t batch, enum database_outcome outcome, uint32_t version);
void behind_release(struct key_classes *model);

#endif
