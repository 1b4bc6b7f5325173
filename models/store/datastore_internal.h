// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of kind "global-datastore": kind_global_datastore.c (parameters,
 * endpoints, commands, wiring), datastore_roles.c (which cluster is primary: crashes, failover
 * inside a region, promotion), datastore_replica.c (what the streams see), datastore_snapshots.c
 * (snapshots, restore, flushes), replication_history.c (which server holds which write, and what is
 * lost). The streams between regions are a separate model: replication.c.
 *
 * struct shard holds what a shard has once for all clusters: its histories and its live sessions.
 */
#ifndef DATASTORE_INTERNAL_H
#define DATASTORE_INTERNAL_H

#include "loss_spans.h"
#include "losses.h"
#include "replica.h"
#include "store_internal.h"
#include "stream.h"
#include "write_position.h"

struct datastore_config {
    int32_t primary;
    struct region_list secondaries;
    int64_t data_set_bytes;
    uint32_t replicas, min_replicas;
    struct number_list secondary_replicas;
    struct dist *replica_lag, *replica_failover;
    sim_dur network_burst_ns;
    sim_dur address_ttl_ns, demotion_interval_ns, min_replicas_lag_ns;
    double replica_apply;
    int read_from, reshard;
    uint32_t reshard_shards;
    sim_dur reshard_at_ns, reshard_ns, reshard_key_ns;
    int nodes_change;
    uint32_t nodes_replicas;
    int32_t nodes_region;
    sim_dur nodes_at_ns;
    struct dist *nodes_create;
    double nodes_copy_bit_per_s;
    int resize, resize_type;
    sim_dur resize_at_ns, resize_stall_ns;
    int start_day, maintenance, maintenance_day; /* days from Monday */
    sim_dur start_time_ns, maintenance_at_ns, maintenance_window_ns;
    int snapshots, standby;
    sim_dur snapshot_every_ns;
    int snapshot_from, daily_from; /* enum snapshot_source */
    struct phase_rule snapshot_phase;
    sim_dur snapshot_at_ns, snapshot_window_ns;
    double snapshot_copy_bit_per_s, daily_copy_bit_per_s;
    struct dist *restore_create;
};

enum { RESHARD_NONE, RESHARD_ONCE };
enum { NODES_FIXED, NODES_CHANGE_ONCE };
#define REPLICAS_MAX 5
enum { READ_FROM_CLUSTER, READ_FROM_REPLICAS };
enum { SNAPSHOTS_NONE, SNAPSHOTS_SCHEDULED, SNAPSHOTS_DAILY };
enum snapshot_source { SNAPSHOT_FROM_ANY, SNAPSHOT_FROM_PRIMARY, SNAPSHOT_FROM_REPLICA };
enum { STANDBY_REPLICA, STANDBY_NONE };

/* Causes of a re-auth that only this kind has, in the order of datastore_causes. */
enum { MISS_LAG = MISS_OF_KIND, MISS_LOST };

/*
 * The store's record of a session, one for all clusters. There is one per session, so its size
 * matters. The shard of its positions is that of the session (store_shard_of()). A number of 40
 * bits is enough for a million writes per second over 12 days.
 */
struct session_row {
    uint32_t first_number_low, last_number_low;
    uint32_t last_op; /* operation of the latest write, to count repeated writes */
    uint16_t first_history, last_history;
    uint8_t first_number_high, last_number_high;
    uint16_t check; /* identifies the session that the row belongs to */
};
_Static_assert(sizeof(struct session_row) == 20, "memory of a session: models/speed.md");
#define HISTORIES_MAX (UINT16_MAX + 1)

static inline struct session_row *session_row(struct store *store, uint32_t session)
{
    return store_row(store, session, sizeof(struct session_row));
}
/* Position of the session's creation; number 0: none. */
static inline struct write_position row_first(const struct session_row *row, uint32_t shard)
{
    return (struct write_position){(uint64_t)row->first_number_high << 32 | row->first_number_low,
                                   row->first_history, shard};
}
/* Position of its latest write; number 0: none. */
static inline struct write_position row_last(const struct session_row *row, uint32_t shard)
{
    return (struct write_position){(uint64_t)row->last_number_high << 32 | row->last_number_low,
                                   row->last_history, shard};
}
static inline void row_set_first(struct session_row *row, struct write_position position)
{
    invariant_debug(position.number >> 40 == 0 && position.history < HISTORIES_MAX);
    row->first_number_low = (uint32_t)position.number;
    row->first_number_high = (uint8_t)(position.number >> 32);
    row->first_history = (uint16_t)position.history;
}
static inline void row_set_last(struct session_row *row, struct write_position position)
{
    invariant_debug(position.number >> 40 == 0 && position.history < HISTORIES_MAX);
    row->last_number_low = (uint32_t)position.number;
    row->last_number_high = (uint8_t)(position.number >> 32);
    row->last_history = (uint16_t)position.history;
}

/* An acknowledged write that a secondary may lack. */
struct log_entry {
    sim_time acknowledged;
    uint32_t session, check;
    bool create;
    bool flush;   /* no write of a session: a flush */
    bool removal; /* of a key by the server: it was evicted, or has expired */
};

struct history {
    uint64_t fork; /* number of the last write kept from the parent history */
    uint32_t parent;
    uint8_t reason; /* enum miss_reason: why later writes of the parent are gone */
};

struct shard {
    struct history *histories; /* by number; [0]: the state at the start */
    size_t history_count, history_capacity;
    uint64_t live;       /* sessions held by its primary */
    uint32_t write_size; /* bytes of the latest write command */
    /* Acknowledged writes: those in (base, applied of the primary] are held; the others are lost or
     * emptied. */
    uint64_t acknowledged, lost, emptied, base;
    uint32_t failover;       /* failovers inside the region so far */
    struct loss_spans spans; /* RPO of its last failover */
    struct write_position *flushes;
    size_t flush_count, flush_capacity;
};

/* What a snapshot holds of a shard: the writes up to `number` of `history`; and its counters then.
 */
struct saved_shard {
    uint64_t number, base, acknowledged, lost, emptied, live;
    int64_t bytes; /* with keyspaces */
    uint32_t history;
};

struct snapshot {
    sim_time begun, here, elsewhere; /* complete in the region of its primary; in others */
    bool forked;                     /* by the primary's processes, not by those of a replica */
    int region;
    struct saved_shard *shards; /* NULL: none */
};

struct snapshots {
    struct snapshot *items;
    size_t count, capacity;
    struct snapshot in_progress;
    sim_time flushed; /* the first flush that no restore has repaired; SIM_NEVER: none */
    kind_id earlier_kind, begin_kind, done_kind;
};
#define SNAPSHOT_ENTITY UINT64_C(1)          /* of their phase */
#define SNAPSHOT_WINDOWS (UINT64_C(1) << 32) /* of their windows; below are regions */
#define FLUSH_BYTES 30u                      /* FLUSHALL in the stream */
#define REMOVAL_BYTES 80u                    /* DEL and the key */

struct datastore;
struct datastore_cluster;

/* Replication state of a server; struct server's `state`. */
struct datastore_server {
    struct server *server;
    struct datastore_cluster *cluster;
    uint32_t shard;
    uint32_t history;
    uint64_t applied;
    uint64_t flushed;    /* writes up to this number are gone; 0: there was no flush */
    bool loading;        /* answers LOADING */
    uint64_t crash_fork; /* last write held by the replica that takes over */
    sim_time crashed;    /* when its node crashed or was cut off */
    uint32_t takeover;   /* generation of that event */
    bool planned, waits; /* it will come; it waits for a node that could take over */
    /* as a primary: since when, and the number of the last write before that */
    sim_time tenure_began;
    uint64_t tenure_first;

    /* log of a primary: entries with numbers in (log_low, log_high], in a ring by number */
    struct log_entry *log;
    uint64_t log_low, log_high, log_mask;
    struct class_log changes; /* of keys of classes, by number of the write */
};

/* struct cluster's `state`. */
struct datastore_cluster {
    struct datastore *datastore;
    struct cluster *cluster;
    struct datastore_server *servers; /* by shard */
    bool takes_writes;
    bool demoted;  /* or about to be: the orchestrator notifies it until it hears */
    uint32_t asks; /* generation of that event */
    uint64_t notices;
    bool detached; /* was down when another was promoted: no part of the datastore until attached */
    bool moves;    /* its primary node is lost, and no replica has taken over yet */
    bool cut;      /* its primary node cannot be reached */
    uint64_t applied_total; /* sum over its servers */
    uint32_t paid_replicas; /* of each shard, from their creation on */
    uint32_t copied_node;   /* the primary's, when it forked for new replicas */
    kind_id failover_kind, demote_kind, reader_kind, window_kind, nodes_kind;
    sim_time *occupied; /* threads of replicas that serve reads, by node and shard; NULL: none do */
    probe_id lag, unreplicated, failovers, lost, refused, is_primary;
};

/* Endpoints of the replicas of a region that serve reads. */
struct reader_list {
    uint32_t count; /* 0: none do */
    uint32_t endpoints[REPLICAS_MAX];
};

/* struct store's `state`. */
struct datastore {
    struct store *store;
    const struct datastore_config *config;
    struct rng_stream replica, windows, nodes;
    double apply_ns, apply_per_byte_ns; /* of a replicated write */
    sim_dur replica_lag_max;            /* longest replica lag that the logs cover */
    uint32_t primary_endpoint;
    struct reader_list readers[REGIONS_MAX];
    char *names[REGIONS_MAX][NODES_MAX]; /* of replicas */
    int primary;
    bool promoting;
    int target; /* of the promotion in progress */
    uint32_t shard_count;
    uint32_t paid_shards; /* those that have nodes; fewer than shard_count while slots move later */
    struct shard *shards;
    struct datastore_cluster clusters[REGIONS_MAX];
    const struct stream_port *stream; /* NULL: only one region */
    struct replica_port replicas;
    struct reshard *reshard; /* NULL: no slots move */
    uint64_t lost_writes[LOSS_CAUSES], lost_sessions[LOSS_CAUSES];
    sim_time failed_over; /* the crash or promotion whose failover the shards' `spans` are of */
    struct snapshots snapshots;
    bool has_flushes;          /* in any shard so far */
    struct removals *removals; /* NULL: servers remove no keys */
};

static inline struct datastore *datastore_of(const struct store *store)
{
    return store->state;
}
/* Time of a replicated write of a number of bytes at a replica or secondary. */
static inline sim_dur datastore_apply_time(const struct datastore *datastore, uint32_t bytes)
{
    return (sim_dur)(datastore->apply_ns + datastore->apply_per_byte_ns * bytes);
}
/* Whether the region has a cluster that is up. */
static inline bool datastore_is_up(const struct datastore *datastore, int region)
{
    const struct cluster *cluster = &datastore->store->clusters[region];

    return cluster->exists && cluster->up;
}

/* --- replication_history.c ------------------------------------------------------------------- */

/* Whether a write with a number up to `applied` is in the server's history or in the kept part of
 * an earlier one. */
bool server_holds_older(const struct datastore_server *server, struct write_position position);
/* Whether the cluster holds the write at `position`. */
static inline bool cluster_holds(const struct datastore_cluster *cluster,
                                 struct write_position position)
{
    const struct datastore_server *server = &cluster->servers[position.shard];

    if (position.number <= server->flushed || position.number > server->applied)
        return false;
    return position.history == server->history || server_holds_older(server, position);
}
/* Why the cluster lacks a session whose latest write is at `last`. */
int cluster_reason(const struct datastore_cluster *cluster, struct write_position last);
/* Start a new history of a shard after write `fork` of `parent`; returns its number. */
uint32_t shard_fork(struct shard *shard, uint32_t parent, uint64_t fork, int reason);
/* The last write that servers at both positions of a shard hold; its number may be 0. O(histories).
 */
struct write_position shard_common(const struct shard *shard, struct write_position a,
                                   struct write_position b);
void log_append(struct datastore_server *server, const struct log_entry *entry);
static inline struct log_entry *log_at(const struct datastore_server *server, uint64_t number)
{
    return &server->log[number & server->log_mask];
}
/* A server becomes primary: its log starts at its last write, acknowledged now. */
void log_begin(struct datastore_server *server, sim_time now);
/* Drop entries that every secondary and every replica in the region holds; the newest of them stays
 * at log_low, as the recovery point. */
void log_trim(struct datastore *datastore, uint32_t shard);
/* The server holds the writes up to `number` of its history. */
void server_apply(struct datastore_server *server, uint64_t number);
/* Count one acknowledged write as lost, and update the RPO of its shard. */
void count_lost(struct datastore *datastore, const struct log_entry *entry,
                struct write_position position, enum loss_cause by);
/* Count the writes of the old primary after `fork` of `history` as lost, and start the RPO of this
 * failover of its shard. `to`: region of the new primary, or LOSS_TO_REPLICA. Returns how many were
 * lost. */
#define LOSS_TO_REPLICA (-1)
#define LOSS_TO_SNAPSHOT (-2)
uint64_t count_suffix(struct datastore *datastore, struct datastore_server *old, uint64_t fork,
                      uint32_t history, int to);
/* A failover begins: the shards have no RPO until theirs. */
void losses_begin(struct datastore *datastore, sim_time failed_over);
/* Update the metric of acknowledged writes that a secondary lacks, over its shards. */
void level_unreplicated(struct datastore *datastore, struct datastore_cluster *secondary);

/* --- datastore_replica.c --------------------------------------------------------------------- */

void datastore_offer_replicas(struct datastore *datastore, struct port_directory *ports);

/* --- datastore_readers.c --------------------------------------------------------------------- */

void readers_init(struct datastore_cluster *cluster, const struct model_env *env);
/* The replicas of a cluster execute a write that its primary node has executed. */
RARE void readers_apply(const struct datastore_server *server, uint32_t bytes);
/* Block the thread of a shard at one of the replicas, if they serve reads. */
void readers_block(const struct datastore_server *server, sim_dur length);
/* Function of struct store_kind. */
enum execution datastore_replica_read(struct server *server, uint32_t node, uint32_t ref,
                                      struct command *command);

/* --- datastore_nodes.c ----------------------------------------------------------------------- */

/* Does the number of replicas of the region's cluster change in the run? */
bool nodes_change_in(const struct datastore_config *config, int region);
/* Is there another node than the primary's, up or down? */
bool cluster_has_replicas(const struct cluster *cluster);
void nodes_init(struct datastore_cluster *state, const struct model_env *env);
/* The nodes that a cluster has at the start are there, the others are not yet. */
void nodes_start(struct datastore_cluster *state);

/* --- datastore_memory.c ---------------------------------------------------------------------- */

void datastore_memory_init(struct datastore *datastore);
void datastore_memory_release(struct datastore *datastore);
/* Function of struct store_kind. */
void datastore_removed(struct server *server, uint32_t session, bool evicted);
/* A read has found its session in the data of a cluster: has the memory of the primary's server
 * removed it? */
RARE enum execution datastore_read_memory(struct datastore_server *server, uint32_t ref,
                                          struct command *command);
RARE void datastore_read_copy(const struct datastore_server *server, struct command *command);
/* A primary's server goes on with less than it had, or another one goes on in its place: keys that
 * it does not hold are forgotten. old: the same, or the primary before. */
void datastore_keep_keys(struct datastore_server *old, struct datastore_server *server);
/* The same after a restore: keys that were removed since are there again. */
void datastore_restore_keys(struct datastore_server *old, struct datastore_server *server);
/* Bytes of a shard's data at its primary; -1: unknown. */
int64_t datastore_held_bytes(const struct datastore *datastore, uint32_t shard);

/* --- datastore_windows.c --------------------------------------------------------------------- */

#define DAY (24 * 3600 * SIM_S)
/* A window of the calendar that comes again and again. */
struct time_window {
    sim_dur every_ns, length_ns;
    sim_dur at_ns; /* when it begins, from the start of Monday, or of the day */
};
/* The instant in the window's number-th time in the run, from 0, uniform. who: of several that
 * draw their own. */
sim_time windows_time(const struct datastore *datastore, const struct time_window *window,
                      uint64_t who, uint32_t number);
/* Plan the work of the service on a cluster, if there is any. */
void windows_init(struct datastore_cluster *cluster, const struct model_env *env);

/* --- datastore_reshard.c --------------------------------------------------------------------- */

/* Functions of struct store_kind, or parts of them. */
void reshard_adapt(struct store_config *config, const void *kind_config);
void reshard_init(struct datastore *datastore, const struct model_env *env);
void reshard_cluster_init(const struct cluster *cluster);
uint32_t datastore_shard_of(const struct store *store, uint32_t session, uint32_t check);
uint32_t datastore_shard_asked(const struct store *store, const struct command *command);
void reshard_release(struct datastore *datastore);
enum redirect { REDIRECT_MOVED, REDIRECT_ASK, REDIRECTS };
extern const char *const redirect_names[];
/* Is the command at a shard that does not serve it? Then it has its reply. */
RARE bool reshard_redirects(const struct server *server, struct command *command);

/* --- datastore_classes.c --------------------------------------------------------------------- */

/* Functions of struct store_kind. */
bool datastore_class_refuses(struct server *server, struct command *command);
void datastore_class_written(struct server *server, const struct command *command,
                             struct class_change *change);
/* A secondary's server has applied writes `from` + 1 to `to` of its primary. */
RARE void datastore_classes_apply(const struct datastore_server *server,
                                  const struct datastore_server *primary, uint64_t from,
                                  uint64_t to);
/* A server goes on from write `fork` of `old`, which may be itself: what that executed after it is
 * taken back. */
RARE void datastore_classes_undo(const struct datastore_server *old, struct server *server,
                                 uint64_t fork);
/* The memory of a primary has removed a key. */
RARE void datastore_class_removed(struct server *server, uint32_t key);

/* --- kind_global_datastore.c ----------------------------------------------------------------- */

/* min-replicas-to-write: too few replicas have acknowledged something of late. */
RARE bool server_lacks_replicas(const struct datastore_server *server);
/* Execute a read with what the server holds. */
void datastore_read(struct datastore_server *server, struct command *command);
/* The server has executed a write: log and replicate it. */
void server_acknowledge(struct datastore_server *server, const struct log_entry *entry,
                        uint32_t bytes, struct write_position position);

/* --- datastore_snapshots.c ------------------------------------------------------------------- */

extern const char *const snapshot_names[], *const snapshot_sources[], *const standby_names[];
extern const struct event_kind datastore_earlier, datastore_snapshot, datastore_saved;
/* Clusters that do not exist yet go down; the first snapshot is scheduled. */
void datastore_snapshots_start(struct datastore *datastore);
void datastore_snapshots_release(struct datastore *datastore);
/* Function of struct store_kind: FLUSHALL. */
void datastore_flush(struct cluster *cluster);
/* Whenever the server's history or `applied` changes, if there was a flush. */
RARE void server_find_flushed(struct datastore_server *server);
/* The log of a shard's primary keeps what comes after this number; 0: no snapshot needs it. */
RARE uint64_t snapshots_log_floor(const struct datastore *datastore, uint32_t shard);
/* Of struct promotion_port. */
bool datastore_restorable(const void *store, int region, uint64_t word, struct restore_plan *plan);
/* All shards of `new`, which is the primary already, go on from the newest snapshot, which must
 * exist; `old`: the primary before, or the same. Returns how many writes are lost. */
uint64_t datastore_restore_shards(struct datastore *datastore, struct datastore_cluster *old,
                                  struct datastore_cluster *new);

/* --- datastore_roles.c ----------------------------------------------------------------------- */

extern const struct event_kind datastore_failover, datastore_demote;
extern const struct promotion_port datastore_promotion; /* self: the store */
/* Functions of struct store_kind. */
void datastore_down(struct cluster *cluster, enum crash_kind kind);
void datastore_back(struct cluster *cluster, bool was_down);
bool datastore_crash(struct cluster *cluster, enum crash_kind kind);
void datastore_cut(struct cluster *cluster, bool begin);
void datastore_node_back(struct cluster *cluster);
void datastore_change_roles(struct cluster *cluster);
void datastore_peer(struct cluster *cluster, uint32_t word);
int datastore_primary(const void *store);
/* The last write that a primary acknowledged at `when` or before; at least log_low. */
uint64_t server_number_at(const struct datastore_server *server, sim_time when);
/* Update the metric of which cluster is the primary. */
void datastore_level_roles(struct datastore *datastore);

#endif
