// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Items that several regions hold, each written in any of them: which region holds which version,
 * which version wins, and which acknowledged writes have lost. For kinds of store with writers in
 * several regions.
 *
 * Of an item's versions that a region holds, that with the greatest (stamp, region) counts there:
 * last writer wins, so once all regions hold all versions they agree, in whatever order these
 * arrived. A version that every region holds is settled: it lives in the session's row and is the
 * only one of most items. Others are linked to the row until they are settled.
 *
 * Two versions are concurrent if neither was held by the region that wrote the other. Of two
 * concurrent ones the smaller was acknowledged and is overwritten by a write that did not know it:
 * a silent loser, counted once.
 *
 * Where a write needs other regions' consent first it is proposed: its version counts nowhere until
 * it is committed, and its stamp is then the number of the commit, so that nothing is concurrent.
 */
#ifndef ITEM_VERSIONS_H
#define ITEM_VERSIONS_H

#include "store_internal.h"

enum item_state { ITEM_NONE, ITEM_THERE, ITEM_DELETED };

/* The kind's row of a session: its settled version. */
struct item_row {
    uint64_t value; /* identity of its write; HISTORY_INITIAL: from before the run */
    int64_t stamp;
    uint32_t unsettled; /* newest of those, + 1; 0: none */
    uint32_t last_op;   /* operation of the latest write, to count repeated writes */
    uint16_t check;     /* identifies the session that the row belongs to */
    uint8_t region;
    uint8_t state : 2; /* enum item_state */
    uint8_t beat : 1;  /* it deleted a session that another region wrote at the same time */
};
_Static_assert(sizeof(struct item_row) == 32, "memory of a session: models/speed.md");

/* A write that some region does not hold yet. */
struct version {
    uint64_t value;
    int64_t stamp;
    sim_time executed;
    uint32_t session, check, bytes;
    uint32_t next;       /* older one of the item, + 1; in the list of free rows: the next */
    uint32_t generation; /* of this row */
    uint16_t held;       /* regions where it is applied, a bit each */
    uint16_t received;   /* regions that have it, and apply it sooner or later */
    uint8_t region;      /* that wrote it */
    uint8_t state : 2;
    uint8_t lost : 1; /* a silent loser */
    uint8_t beat : 1;
    uint8_t proposed : 1; /* not committed yet */
    uint8_t late : 1;     /* the session's row is another session's by now: not linked to it */
    uint32_t op, op_generation; /* of a proposal: whose it is */
    int64_t base;               /* number of the last commit when it was begun */
};

struct items {
    struct store *store;
    uint16_t member_bits; /* regions that hold items, a bit each */
    struct version *versions;
    size_t count, capacity;
    uint32_t free_first, free_last; /* rows are reused as late as possible */
    uint64_t settled_count, written;
    int64_t commits;                 /* so far: the number of the last one */
    probe_id conflicts[REGIONS_MAX]; /* by region of the loser */
};

/* Metric "conflicts" must be declared by the kind: ITEM_METRICS. */
#define ITEM_METRICS                                                                               \
    {                                                                                              \
        .name = "conflicts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER,  \
        .series = true,                                                                            \
        .meaning = "acknowledged writes of the region that lost to a concurrent write of another " \
                   "region: silent losers"                                                         \
    }

void items_init(struct items *items, struct store *store, const struct model_env *env);
void items_release(struct items *items);
/* Count a refused write of a region. */
static inline void items_count_conflict(const struct items *items, int region)
{
    probe_count(items->store->probes, items->conflicts[region]);
}
void items_seed(struct items *items, uint32_t session, uint32_t session_check);

/* The version that counts: at one region, or (region -1) once all regions hold all. */
struct item_view {
    uint64_t value;
    int64_t stamp;
    int region;
    enum item_state state;
    bool beat;
};
struct item_view item_view(const struct items *items, uint32_t session, uint32_t session_check,
                           int region);

/* A write at a region. */
struct item_write {
    uint64_t value;
    uint32_t session, session_check, bytes;
    enum command_kind kind;
    int region;
    int64_t stamp; /* by the region's clock; it becomes greater than those of all versions held */
};
/* Execute it: the region holds the new version. Returns its row, NO_INDEX if nobody else needs it:
 * the session's row is another session's by now, or there is one region. */
uint32_t item_write(struct items *items, const struct item_write *write);

/* Propose it, by an operation with a row and generation of the caller's; base: number of the last
 * commit when its reads were made. Returns the version's row. */
uint32_t item_propose(struct items *items, const struct item_write *write, uint32_t op,
                      uint32_t op_generation, int64_t base);
/* Has the item a commit since the proposal's base, by its own region too or by others only? */
bool item_has_later_commit(const struct items *items, uint32_t proposal, bool by_own);
/* Has `region` an own proposal of the item under way? */
bool item_has_proposal_of(const struct items *items, uint32_t proposal, int region);
/* Commit a proposal: the regions of `held` have it. Returns its row, NO_INDEX: as item_write(). */
uint32_t version_commit(struct items *items, uint32_t proposal, uint16_t held);
void version_drop(struct items *items, uint32_t proposal);

static inline struct version *version_at(const struct items *items, uint32_t index)
{
    return &items->versions[index];
}
/* Is it still the version of that generation, and has `region` not received it? */
static inline bool version_misses(const struct items *items, uint32_t index, uint32_t generation,
                                  int region)
{
    const struct version *version = &items->versions[index];

    return (version->generation & SIM_GENERATION_MASK) == (generation & SIM_GENERATION_MASK) &&
           !(version->received >> region & 1);
}
/* A region holds it from now on. The row is freed once all do. */
void version_apply(struct items *items, uint32_t index, int region);

/* Check at the end: as many versions as were written are settled or have rows. */
void items_check(const struct items *items);

#endif
