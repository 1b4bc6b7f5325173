// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Asynchronous replication of versions (item_versions.h) between regions: item by item, in any
 * order, each on a connection of its own, as managed services replicate many partitions in
 * parallel.
 *
 *   executed --delay--> sent to each other region --link--> applied there
 *
 * Each pair of regions has a path:
 *
 *   WELL      versions are sent as they are due
 *   BROKEN    the oldest version did not arrive within `timeout`: all that are due wait in the
 *             backlog, and the oldest of them is sent again each `probe`
 *   DRAINING  a probe has arrived: the backlog is sent at rate `catch_up`, then the path is WELL
 *
 * A version is never lost: a region that is down keeps what others lack and sends it when it is
 * back. That a version has arrived is known without a message.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "item_versions.h"
#include "stream.h"

struct outbox_config {
    struct dist *delay;
    sim_dur timeout_ns, probe_ns;
    double catch_up_per_s;
    uint32_t overhead_bytes;
};

/* clang-format off */
#define OUTBOX_FIELDS(member, initial_delay, delay_source) \
    TIME_DIST("replication.delay", member.delay, "0ms", initial_delay, "1h", "time from the acknowledgement of a write until it is sent to the other regions, drawn for each write", delay_source), \
    DURATION("replication.timeout", member.timeout_ns, "100ms", "5s", "1h", "time without an answer after which a path between two regions counts as broken", "assumption"), \
    DURATION("replication.probe", member.probe_ns, "100ms", "1s", "1h", "interval at which a broken path is tried", "assumption"), \
    RATE("replication.catch_up", member.catch_up_per_s, "1/s", "2000/s", "10M/s", "rate at which the backlog of a path that was broken is sent", "assumption"), \
    COUNT("replication.overhead_bytes", member.overhead_bytes, "0", "100", "100000", "bytes of protocol for each replicated write", "assumption")
/* clang-format on */

enum path_state { PATH_WELL, PATH_BROKEN, PATH_DRAINING };

struct outbox;

/* A version that a path has to carry. */
struct outbox_entry {
    sim_time sent;
    uint32_t version, generation;
};

/* A queue in a ring. */
struct outbox_queue {
    struct outbox_entry *entries;
    size_t capacity; /* power of two */
    uint64_t first, end;
};

struct outbox_path {
    struct outbox *outbox;
    int from, to;
    enum path_state state;
    uint32_t paused; /* faults that pause it */
    struct outbox_queue under_way, backlog;
    uint32_t generation; /* of its one event, `wake` */
    bool waits;          /* for it */
    kind_id wake_kind, arrive_kind;
};

struct outbox {
    struct store *store;
    struct items *items;
    const struct outbox_config *config;
    struct rng_stream delays;
    struct outbox_path *paths; /* region_count x region_count */
    kind_id ship_kind;
    struct stream_port port; /* for faults of the replication */
    probe_id lag[REGIONS_MAX], unreplicated[REGIONS_MAX], bytes[REGIONS_MAX], breaks[REGIONS_MAX];
    uint64_t lacking[REGIONS_MAX]; /* versions that the region lacks */
    /* A version has arrived at a region: call outbox_apply(), now or later. NULL: now. */
    void (*arrived)(struct outbox *outbox, uint32_t version, int region);
};

#define OUTBOX_METRICS                                                                             \
    {.name = "replication_lag",                                                                    \
     .unit = UNIT_NS,                                                                              \
     .kind = METRIC_LATENCY,                                                                       \
     .better = LOWER_IS_BETTER,                                                                    \
     .series = true,                                                                               \
     .meaning = "for each write, however it arrives: time applied in the region minus time "       \
                "acknowledged in another"},                                                        \
        {.name = "unreplicated_writes",                                                            \
         .unit = UNIT_COUNT,                                                                       \
         .kind = METRIC_LEVEL,                                                                     \
         .series = true,                                                                           \
         .meaning = "acknowledged writes that the region has not applied"},                        \
        {.name = "replicated_bytes",                                                               \
         .unit = UNIT_BYTES,                                                                       \
         .kind = METRIC_COUNT,                                                                     \
         .series = true,                                                                           \
         .meaning = "bytes of replicated writes sent to the region"},                              \
    {                                                                                              \
        .name = "path_breaks", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true,           \
        .meaning = "times that a path to the region was found broken"                              \
    }

/* Rows of what faults do to the replication; `parts` as in struct fault_capability. */
/* clang-format off */
#define OUTBOX_FAULTS(parts, links) \
    {"replication", "pause", (parts)}, LINK_REPLICATION_FAULTS(links)
#define LINK_REPLICATION_FAULTS(links) \
    {"link/replication", "loss", (links)}, {"link/replication", "delay", (links)}, \
    {"link/replication", "bandwidth", (links)}, {"link/replication", "blackhole", (links)}, \
    {"link/replication", "hold", (links)}
/* clang-format on */

/* Calls of the kind's own init: after items_init(). Offers the port `stream`. */
void outbox_init(struct outbox *outbox, struct items *items, const struct outbox_config *config,
                 const struct model_env *env);
void outbox_release(struct outbox *outbox);
/* A version was executed in its region and acknowledged now. */
void outbox_add(struct outbox *outbox, uint32_t version);
/* Apply it at a region that has received it, and count its lag. */
void outbox_apply(struct outbox *outbox, uint32_t version, int region);

#endif
