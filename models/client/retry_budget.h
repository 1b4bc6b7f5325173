// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Retry budget: limits the retries of one client over all its operations.
 *
 *   bucket   tokens, full at the start. A retry costs `cost` (`timeout_cost` after a timeout; with
 *            charge `failure` every failed attempt pays instead, as in gRPC). A retry is allowed
 *            if enough tokens are left, and more than `floor` of the capacity. A success refunds
 *            `refund`; with `refund_cost`, a success after retries refunds what the last retry
 *            cost (AWS). `refill` tokens are added per second.
 *   share    retries in `window` <= share * operations in it + rate * window (Finagle).
 *   active   active retries < max(min, share * active attempts) (Envoy). A retry is active from its
 *            admission on, its backoff included; an attempt only while it is under way.
 *
 * Invariants
 *  1. 0 <= tokens <= capacity. Tokens are integers in thousandths, as in gRPC.
 *  2. A denied retry costs nothing.
 *  3. bucket of cost c, without refunds: retries in time t <= (capacity + refill t) / c.
 *     share: retries in any time t <= share (operations in t and the window before it) +
 *     rate (t + window); so the long-run amplification at lambda operations/s is at most
 *     1 + share + rate/lambda.
 *  4. A hedge costs as much as a retry.
 *
 * `now` must not decrease from call to call. No call allocates; each is O(1).
 */
#ifndef RETRY_BUDGET_H
#define RETRY_BUDGET_H

#include "field.h"

enum retry_budget_kind { BUDGET_NONE, BUDGET_BUCKET, BUDGET_SHARE, BUDGET_ACTIVE };
enum retry_budget_charge { BUDGET_CHARGE_RETRY, BUDGET_CHARGE_FAILURE };
extern const char *const retry_budget_names[], *const retry_budget_charges[];

struct retry_budget_config {
    int kind;                                    /* enum retry_budget_kind */
    double capacity, cost, timeout_cost, refund; /* tokens */
    double floor;                                /* share of the capacity */
    double refill_per_s;
    bool refund_cost;
    int charge;               /* enum retry_budget_charge */
    double share, rate_per_s; /* of `share` */
    sim_dur window_ns;
    double active_share;
    uint32_t active_min;
};

/* The window moves in tenths, as in Finagle: its length is exact to a tenth. */
#define RETRY_BUDGET_SLICES 10
struct retry_budget {
    const struct retry_budget_config *config;
    int64_t tokens_milli;
    sim_time filled; /* time up to which the bucket has been refilled */
    int64_t slice;   /* number of the current time slice */
    uint32_t ops[RETRY_BUDGET_SLICES], retries[RETRY_BUDGET_SLICES];
    uint64_t ops_sum, retries_sum; /* over the slices of the window */
    uint32_t attempts_active, retries_active;
};

/* `config` is owned by the caller and must outlive the budget. */
void retry_budget_init(struct retry_budget *budget, const struct retry_budget_config *config);
/* An attempt is sent upstream, and ends: `active` counts these, and not the operations in backoff.
 */
void retry_budget_attempt(struct retry_budget *budget);
void retry_budget_attempt_ended(struct retry_budget *budget);
/* An operation starts. */
void retry_budget_began(struct retry_budget *budget, sim_time now);
/* An attempt failed, whether or not it is retried. */
void retry_budget_failed(struct retry_budget *budget, sim_time now);
/*
 * Charge a retry. timed_out: the attempt before it timed out. Returns whether the retry is allowed;
 * if so, *paid_milli is its cost in thousandths of a token, and retry_budget_retry_done() must
 * follow when the retry has ended or is not made.
 */
bool retry_budget_pay(struct retry_budget *budget, sim_time now, bool timed_out,
                      uint32_t *paid_milli);
void retry_budget_retry_done(struct retry_budget *budget);
/* An operation ended. paid_milli: cost of its last retry; 0: no retry was charged. */
void retry_budget_ended(struct retry_budget *budget, sim_time now, bool good, uint32_t paid_milli);

#endif
