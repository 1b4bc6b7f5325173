// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What bounds the retries of one client as a whole, whatever each operation may want.
 *
 *   bucket   tokens, full at the start. A retry costs `cost` (`timeout_cost` after a timeout; and
 *            with charge `failure` every failed attempt pays, retried or not, as in gRPC). A retry
 *            is let through where enough is there, and more than `floor` of the capacity. A success
 *            gives back `refund`, one that took retries what its last retry cost, if
 *            `refund_cost` (AWS); `refill` tokens come each second.
 *   share    retries of the last `window` <= share * operations of it + rate * window (Finagle).
 *   active   retries under way < max(min, share * operations under way) (Envoy).
 *
 * Rules that always hold
 *  1. 0 <= tokens <= capacity. Tokens are counted in thousandths: integers, as gRPC counts them.
 *  2. What is refused costs nothing.
 *  3. bucket of cost c, without refunds: retries in time t <= (capacity + refill t) / c.
 *     share: retries in any span of t <= share (operations of t and a window before) +
 *     rate (t + window); so the amplification of a flow of lambda/s is at most 1 + share +
 *     rate/lambda in the long run.
 *  4. Hedges pay as retries do.
 *
 * Times never go back from call to call. No call allocates; each is O(1).
 */
#ifndef RETRY_BUDGET_H
#define RETRY_BUDGET_H

#include "field.h"

enum retry_budget_kind { BUDGET_NONE, BUDGET_BUCKET, BUDGET_SHARE, BUDGET_ACTIVE };
enum { BUDGET_CHARGE_RETRY, BUDGET_CHARGE_FAILURE };
extern const char *const retry_budget_names[], *const retry_budget_charges[];

struct retry_budget_config {
    int kind;
    double capacity, cost, timeout_cost, refund; /* tokens */
    double floor;                                /* share of the capacity */
    double refill_per_s;
    bool refund_cost;
    int charge;
    double share, rate_per_s; /* of `share` */
    sim_dur window_ns;
    double active_share;
    uint32_t active_min;
};

/* The window moves in tenths, as Finagle's does: what it covers is exact to a tenth of itself. */
#define RETRY_BUDGET_SLICES 10
struct retry_budget {
    const struct retry_budget_config *config;
    int64_t tokens_milli;
    sim_time filled; /* until when the bucket was refilled */
    int64_t slice;   /* number of the present slice of time */
    uint32_t ops[RETRY_BUDGET_SLICES], retries[RETRY_BUDGET_SLICES];
    uint64_t ops_sum, retries_sum; /* of the slices but the present one and those before */
    uint32_t ops_active, retries_active;
};

/* `config` stays the caller's. */
void retry_budget_init(struct retry_budget *budget, const struct retry_budget_config *config);
/* An operation begins. */
void retry_budget_began(struct retry_budget *budget, sim_time now);
/* An attempt failed, whatever follows. */
void retry_budget_failed(struct retry_budget *budget, sim_time now);
/*
 * May a retry be made, after an attempt that timed out or failed otherwise? Where it may, it is
 * paid, and *paid_milli says with what. retry_budget_retry_done() must follow once that retry has
 * ended, or is not made after all.
 */
bool retry_budget_pay(struct retry_budget *budget, sim_time now, bool timed_out,
                      uint32_t *paid_milli);
void retry_budget_retry_done(struct retry_budget *budget);
/* An operation ended. paid_milli: what its last retry cost; 0: it took none. */
void retry_budget_ended(struct retry_budget *budget, sim_time now, bool good, uint32_t paid_milli);

#endif
