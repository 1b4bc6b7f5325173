// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What of a cluster's data is on disk, and how long its processes take to load it.
 *
 *   aof  every write is appended to a file, and handed to the disk before each reply (always), each
 *        second (everysec), or when the kernel does so (no: 30 s). A process that exits loses
 *        nothing: its kernel has the data
 *   rdb  a snapshot where a save point is reached: so many writes since the last one began, and so
 *        long since it was complete; it counts once it is complete
 *   both both of them: a process that starts loads the append-only file alone
 *
 * A restart is orderly: it writes all that is missing first. Sources: failures B.3, Redis's
 * documentation of persistence.
 */
#ifndef PERSISTENCE_H
#define PERSISTENCE_H

#include "model.h"
#include "phase_rule.h"
#include "store_fault.h"

struct cluster;

enum persistence_kind { PERSIST_NONE, PERSIST_AOF, PERSIST_RDB, PERSIST_BOTH };
enum aof_fsync { AOF_ALWAYS, AOF_EVERYSEC, AOF_NO };

struct persistence_config {
    int kind, aof, both_aof; /* enum persistence_kind, aof_fsync */
    sim_dur both_every_ns, every_ns, fsync_ns, fork_per_gib_ns, load_per_key_ns;
    struct phase_rule save_phase, flush_phase;
    uint32_t changes, both_changes;
    struct number_list more;
    double save_bit_per_s, load_bit_per_s;
};

/* clang-format off */
#define PERSISTENCE_FIELDS(member) \
    VARIANT("persistence", member.kind, persistence_kinds, "none", "what survives the servers' processes and hosts", "reports R14"), \
    CHOICE("persistence.aof", member.aof, aof_policies, "everysec", "append-only file: when it is handed to the disk", "failures B.3"), \
    DURATION("persistence.rdb.every", member.every_ns, "1s", "300s", "365d", "save point: a snapshot begins when more than this, in full seconds, has passed since the last one was complete", "failures B.3"), \
    COUNT("persistence.rdb.changes", member.changes, "0", "100", "1000000000", "and there were this many writes since the last one began; it waits for them", "failures B.3"), \
    NUMBER_LIST("persistence.rdb.more", member.more, "0", "[]", "1000000000", "further save points: seconds and writes in turn; Redis's default is {every: 1h, changes: 1, more: [300, 100, 60, 10000]}", "failures B.3"), \
    CHOICE("persistence.both.aof", member.both_aof, aof_policies, "everysec", "the same as persistence.aof", "failures B.3"), \
    DURATION("persistence.both.every", member.both_every_ns, "1s", "300s", "365d", "the same as persistence.rdb.every", "failures B.3"), \
    COUNT("persistence.both.changes", member.both_changes, "0", "100", "1000000000", "the same as persistence.rdb.changes", "failures B.3"), \
    PHASE_FIELDS("persistence.rdb.phase", member.save_phase, "phase of a cluster's snapshots, of the first save point"), \
    PHASE_FIELDS("persistence_cost.flush_phase", member.flush_phase, "phase of the flushes of the append-only file, each 1 s or 30 s"), \
    DURATION("persistence_cost.fsync", member.fsync_ns, "0ms", "1ms", "1s", "time of a write to disk, before each iteration's replies with 'aof: always'", "assumption"), \
    DURATION("persistence_cost.fork_per_gib", member.fork_per_gib_ns, "0ms", "12ms", "10s", "time that a snapshot's fork blocks a server, for each GiB of data", "failures B.3"), \
    BANDWIDTH("persistence_cost.save", member.save_bit_per_s, "1Mbit/s", "640Mbit/s", "1000Gbit/s", "rate at which a snapshot is written (80 MB/s)", "failures B.3"), \
    DURATION("persistence_cost.load_per_key", member.load_per_key_ns, "0ns", "1.38us", "1s", "loading: time of each session", "failures B.3"), \
    BANDWIDTH("persistence_cost.load", member.load_bit_per_s, "1Mbit/s", "1.11Gbit/s", "1000Gbit/s", "loading: rate of their bytes, in addition to load_per_key (139 MB/s)", "failures B.3")
/* clang-format on */
extern const char *const persistence_kinds[], *const aof_policies[];

/* Is there an append-only file, and what hands it to the disk; are there snapshots? */
static inline bool persistence_has_aof(const struct persistence_config *config)
{
    return config->kind == PERSIST_AOF || config->kind == PERSIST_BOTH;
}
static inline enum aof_fsync persistence_fsync(const struct persistence_config *config)
{
    return (enum aof_fsync)(config->kind == PERSIST_BOTH ? config->both_aof : config->aof);
}
static inline bool persistence_has_rdb(const struct persistence_config *config)
{
    return config->kind == PERSIST_RDB || config->kind == PERSIST_BOTH;
}

/* Of one cluster. */
struct persistence {
    const struct persistence_config *config;
    sim_dur flush_ns; /* between flushes to the disk; 0: none */
    sim_dur phase_ns; /* of flushes */
    sim_time saved;   /* start of the last complete snapshot; before the run: -1 */
    sim_time saving;  /* start of the one in progress; -1: none */
    sim_time base;    /* the times of the save points count from here */
    uint64_t changes; /* writes since the last start */
    bool loading;     /* its servers answer LOADING */
    uint32_t generation;
    kind_id save_kind, saved_kind, loaded_kind;
};

/* What a kind with persistence reports of the data that a cluster holds now. O(sessions). */
struct held_data {
    uint64_t keys, bytes;
};

void persistence_init(struct cluster *cluster, const struct model_env *env,
                      const struct persistence_config *config);
/* A write was executed. */
void persistence_count(struct cluster *cluster);
/* The cluster goes down: writes executed at or after the result are lost; SIM_NEVER: none is.
 * -1: all of them, from before the run, too. */
sim_time persistence_down(struct cluster *cluster, enum crash_kind kind);
/* Its processes run again, orderly or after they were down, and load the data. */
void persistence_back(struct cluster *cluster, bool orderly);
/* For the check of a kind of store with it. */
void persistence_check(const struct persistence_config *config, struct validation *validation);
/* For the check of a kind of store without it. */
void persistence_refuse(const struct persistence_config *config, struct validation *validation);

#endif
