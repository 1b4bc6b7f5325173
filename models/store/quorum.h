// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Writes that a majority of three regions must accept before they are acknowledged.
 *
 *   write      proposed to the two others; committed when the first of them accepts, acknowledged
 *              when the region hears of it: after the shorter of two round trips
 *   read       answered when the first of the two others has answered
 *   isolation  a region that has heard of no other for `isolation` refuses what needs a majority
 *
 * What commits is decided once, for all regions (a proposal's row), so that no two of them ever
 * disagree: the model has the latencies and refusals of such a protocol, not its recovery. A
 * proposal that nobody accepts within `timeout` is dropped; one that was accepted stays committed
 * even if its region never hears of it, and then its client does not either.
 */
#ifndef QUORUM_H
#define QUORUM_H

#include "item_versions.h"
#include "managed.h"
#include "outbox.h"

struct quorum_config {
    sim_dur timeout_ns, heartbeat_ns, isolation_ns;
    struct outbox_config resend; /* to a region that has not received a committed write */
};

/* clang-format off */
#define QUORUM_FIELDS(member) \
    DURATION("quorum.timeout", member.timeout_ns, "10ms", "1s", "1min", "time after which the service stops waiting for other regions", "assumption"), \
    DURATION("quorum.heartbeat", member.heartbeat_ns, "10ms", "500ms", "1min", "interval of heartbeats between the regions", "assumption"), \
    DURATION("quorum.isolation", member.isolation_ns, "50ms", "2s", "10min", "time without a heartbeat of any other region after which a region refuses what needs a majority", "assumption"), \
    OUTBOX_FIELDS(member.resend, "1s", "assumption")
/* clang-format on */

struct quorum;

/* Messages from one region to another. */
struct quorum_path {
    struct quorum *quorum;
    int from, to;
    kind_id vote_kind, accept_kind, refuse_kind, query_kind, answer_kind, beat_kind;
};

struct quorum {
    struct managed *managed;
    struct items *items;
    struct outbox *outbox;
    const struct quorum_config *config;
    uint16_t voter_bits;       /* three regions, a bit each; a witness is no member of the items */
    struct quorum_path *paths; /* region_count x region_count */
    timer_id timeout;
    kind_id beat_kind;
    uint32_t beats; /* keys draws */
    sim_time heard[REGIONS_MAX];
    probe_id refused[REGIONS_MAX];
    /* Does `voter` accept a proposal? Once it does the proposal is committed. */
    bool (*accepts)(const struct quorum *quorum, uint32_t proposal, int voter);
    bool one_refusal; /* one refusal is enough: all voters would decide the same */
    /* A read has a majority, or is local: its reply, now. */
    struct reply (*read)(const struct quorum *quorum, const struct managed_op *op);
};

#define QUORUM_METRICS                                                                             \
    {                                                                                              \
        .name = "minority_refusals", .unit = UNIT_COUNT, .kind = METRIC_COUNT,                     \
        .better = LOWER_IS_BETTER, .series = true,                                                 \
        .meaning = "operations refused because too few other regions could be reached"             \
    }

/* Report what is wrong with the regions of a quorum: they must be three, and of one of the sets
 * that the services allow where they have names of regions of the cloud. */
void quorum_check(const struct check_context *context, struct validation *validation,
                  const char *field, const int *regions, uint32_t count);

/* After managed_init(), items_init() and outbox_init(); `voter_bits` is set, and the kind's
 * functions.
 */
void quorum_init(struct quorum *quorum, const struct quorum_config *config,
                 const struct model_env *env);
void quorum_release(struct quorum *quorum);
/* The operation's own latency is over: get a majority for it, and reply; the row is freed then. */
void quorum_write(struct quorum *quorum, uint32_t op);
void quorum_read(struct quorum *quorum, uint32_t op);
/* Reply to a read at once. */
void quorum_read_here(struct quorum *quorum, uint32_t op);
/* Refuse an operation: too few regions can be reached. */
void quorum_refuse(struct quorum *quorum, uint32_t op);
bool quorum_is_isolated(const struct quorum *quorum, int region);

#endif
