// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Kinds of store whose regions all take writes, replicate them afterwards, and let the last writer
 * win: what they share beside the items (item_versions.h) and the replication (outbox.h). Each
 * region has a clock that stamps its writes; writes take a latency (managed.h).
 */
#ifndef LAST_WRITER_H
#define LAST_WRITER_H

#include "managed.h"
#include "outbox.h"

/* First member of such a kind's state. */
struct last_writer {
    struct managed managed; /* must be the first member */
    struct items items;
    struct outbox outbox;
    uint32_t endpoints[REGIONS_MAX]; /* that clients of a region use */
    sim_dur clock[REGIONS_MAX];      /* how far it is ahead */
    probe_id missed_deletes[REGIONS_MAX];
};

/* clang-format off */
#define LAST_WRITER_FIELDS(skew) \
    DURATION("clock_skew", skew, "0ms", "0ms", "1h", "largest deviation of a region's clock, uniform in both directions: last writer wins by these clocks", "assumption")
/* A write that meets a concurrent one: one of the two is lost, without an error to its client. */
#define LAST_WRITER_FAULTS(parts) {"store", "conflicts", (parts)}
/* clang-format on */

#define LAST_WRITER_METRICS                                                                        \
    OUTBOX_METRICS, ITEM_METRICS,                                                                  \
    {                                                                                              \
        .name = "missed_deletes", .unit = UNIT_COUNT, .kind = METRIC_COUNT,                        \
        .better = LOWER_IS_BETTER, .series = true,                                                 \
        .meaning = "deletions without effect: the region had not received the item"                \
    }

/* Causes of a re-auth, in the order of LAST_WRITER_CAUSES. */
enum { MISS_NOT_REPLICATED = MISS_OF_KIND, MISS_CONFLICT, MISS_OF_WRITER };
#define LAST_WRITER_CAUSES                                                                         \
    {"reauth-cause", "replication-lag",                                                            \
     "the session's last write had not yet been replicated to the region"},                        \
    {                                                                                              \
        "reauth-cause", "conflict", "a concurrent write of another region deleted the session"     \
    }

static inline struct last_writer *last_writer_of(const struct store *store)
{
    return store->state;
}

/* Functions of struct store_kind. Those that need the regions with items are told them first:
 * last_writer_member(). Clients of other regions use the first of them. */
void last_writer_member(struct store *store, struct endpoint_table *table,
                        struct endpoint endpoint);
uint32_t last_writer_route(const void *store, const struct client_knowledge *knowledge,
                           const struct route_query *query);
void last_writer_seed(struct store *store, uint32_t session, uint32_t session_check);
uint64_t last_writer_found(const struct server *server, const struct command *command);
void last_writer_cluster_init(struct cluster *cluster, const struct model_env *env);
void last_writer_finish(struct store *store);
void last_writer_fini(struct store *store);

/* done: as in struct managed. */
void last_writer_init(struct store *store, const struct model_env *env,
                      const struct outbox_config *replication, sim_dur skew_ns,
                      void (*done)(struct managed *managed, uint32_t index));

/* The time by a region's clock. */
int64_t last_writer_clock(const struct last_writer *writer, int region);
/* What a read in a region finds, and the version that it finds. */
struct reply last_writer_read(const struct last_writer *writer, uint32_t session,
                              uint32_t session_check, int region, struct item_view *found);
/* Execute the write of an operation in its region. Returns whether it wrote anything: a deletion of
 * an item that the region does not have does not. */
bool last_writer_write(struct last_writer *writer, const struct managed_op *op);
/* The same for a write of the service's own. */
void last_writer_put(struct last_writer *writer, const struct item_write *write);

#endif
