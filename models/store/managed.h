// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A managed service with an endpoint in each region: its front end is no bottleneck, so an
 * operation takes its latency whatever the load, and is executed at the end of it. For kinds of
 * store without servers of their own (struct store_kind, `managed`), and for writes that wait for a
 * durable log.
 *
 * Operations under way have rows here. A region that goes down forgets them; its data stay.
 */
#ifndef MANAGED_H
#define MANAGED_H

#include "store_internal.h"

/* A command has arrived: in place of cluster_command. */
extern const struct event_kind managed_command;

/* struct store_kind's `lacks` and `adapt`: such a kind has no common parameters but `kind`. */
extern const char *const managed_lacks[];
void managed_adapt(struct store_config *config, const void *kind_config);

/* Rows of what faults do to the service of a region; `parts` as in struct fault_capability. */
/* clang-format off */
#define MANAGED_FAULTS(parts) \
    {"store", "errors", (parts)}, {"store", "slow", (parts)}, {"store", "throttled", (parts)}, \
    {"store", "corrupt", (parts)}, {"store", "access", (parts)}
/* clang-format on */

/* Units of a managed table that a write of `bytes` takes (a unit for each KiB), and a read
 * (half a unit for each 4 KiB; twice that where it is strong). Source: facts C.2, facts F. */
double managed_write_units(uint32_t bytes);
double managed_read_units(const struct command *command, bool strong);

/* An operation under way. */
struct managed_op {
    struct command_handle handle;
    uint64_t value; /* identity of its command: what a write writes */
    sim_time begun;
    int64_t base; /* managed->commits when it began */
    uint32_t session, session_check, bytes;
    uint32_t life;       /* of its region's service when it began */
    uint32_t generation; /* of the row */
    uint32_t next_free;
    uint8_t region; /* of the service that executes it */
    uint8_t kind;   /* enum command_kind */
    bool latest;
    /* quorum.c */
    uint8_t refusals;
    uint32_t proposal, proposal_generation;
};

/* First member of the state of a kind that is `managed`. */
struct managed {
    struct store *store;
    struct managed_op *ops;
    size_t op_count, op_capacity;
    uint32_t op_free;
    kind_id done_kind;
    struct rng_stream latency;
    uint32_t lives[REGIONS_MAX]; /* counts the times that a region's service has failed */
    /* The latency of an operation is over, and its region's service has run throughout. The kind
     * frees the row: now, or when it completes the operation later. */
    void (*done)(struct managed *managed, uint32_t index);
    const int64_t *commits; /* for `base`; NULL: none are counted */
};

void managed_init(struct managed *managed, struct store *store, const struct model_env *env,
                  void (*done)(struct managed *managed, uint32_t index));
void managed_release(struct managed *managed);

/* The pointer is valid until the next operation begins. */
static inline struct managed_op *managed_at(const struct managed *managed, uint32_t index)
{
    return &managed->ops[index];
}
/* Begin the operation of a command; its latency is drawn. */
enum execution managed_begin(struct managed *managed, struct server *server, uint32_t ref,
                             const struct command *command, const struct dist *latency);
void managed_free(struct managed *managed, uint32_t index);
/* Reply to the command of an operation, if it is still there. */
void managed_reply(const struct managed *managed, const struct managed_op *op,
                   const struct reply *reply);
struct server *managed_server(const struct managed *managed, const struct managed_op *op);
/* The operations of a region are forgotten. */
void managed_forget(struct managed *managed, int region);
/* The same as struct store_kind's `down`. */
void managed_down(struct cluster *cluster, enum crash_kind kind);
/* Has its region's service run since it began? */
static inline bool managed_lives(const struct managed *managed, const struct managed_op *op)
{
    return op->life == managed->lives[op->region];
}
/* struct store_kind's `back` where nothing is to be done. */
void managed_back(struct cluster *cluster, bool was_down);

#endif
