// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What clients saw of a store, held against what it promises. Each check counts the sessions that
 * break a promise; none knows the simulator, or which kind of store it looks at.
 *
 *   linearizable     there is an order of all operations of a session, each between its invocation
 *                    and its reply, in which every read finds the write before it (Herlihy and Wing
 *                    1990; the search of Wing and Gong 1993)
 *   own writes       a read finds the last write that its own region acknowledged before it, or a
 *                    newer one
 *   convergence      once nothing has been written for a while, all regions read the same
 *   losses           what is read then is not older than any acknowledged write
 */
#ifndef HISTORY_CHECKS_H
#define HISTORY_CHECKS_H

#include "history_reader.h"

/* Operations of one session. */
struct history_session_ops {
    const struct history_op *ops;
    size_t count;
};

/* Call `breaks` for each session; returns how many it is true of. first: number of the first one,
 * or -1; may be NULL. */
static inline size_t history_count(const struct history *history,
                                   bool (*breaks)(const struct history_session_ops *session,
                                                  int64_t option),
                                   int64_t option, long *first)
{
    size_t count = 0;

    if (first)
        *first = -1;
    for (size_t i = 0, end; i < history->op_count; i = end) {
        struct history_session_ops session = {&history->ops[i], 0};

        for (end = i; end < history->op_count && history->ops[end].session == session.ops->session;)
            end++;
        session.count = end - i;
        if (!breaks(&session, option))
            continue;
        if (first && *first < 0)
            *first = (long)session.ops->session;
        count++;
    }
    return count;
}

/* --- linearizability ------------------------------------------------------------------------- */

/* An effect to be placed in the order. */
struct history_effect {
    uint64_t value;
    int64_t from, to; /* it takes place in between */
    bool is_write;
    bool is_optional; /* of a write that was not answered: it may never take place */
};
#define HISTORY_EFFECTS 512 /* of a session */
struct history_search {
    struct history_effect effects[HISTORY_EFFECTS];
    size_t count;
    bool done[HISTORY_EFFECTS];
    uint64_t *seen; /* hashes of (done, value) that lead nowhere */
    size_t seen_count, seen_capacity;
    uint64_t steps;
};

static inline uint64_t history_state(const struct history_search *search, uint64_t value)
{
    uint64_t hash = value * UINT64_C(0x9e3779b97f4a7c15) + 1;

    for (size_t i = 0; i < search->count; i++)
        hash = (hash ^ (search->done[i] ? i + 1 : 0)) * UINT64_C(1099511628211);
    return hash | 1;
}

static inline bool history_was_seen(struct history_search *search, uint64_t state)
{
    size_t at;

    if (search->seen_count * 2 >= search->seen_capacity) {
        size_t old = search->seen_capacity;
        uint64_t *seen = search->seen;

        search->seen_capacity = old * 2 + 256;
        search->seen = calloc(search->seen_capacity, sizeof *search->seen);
        if (!search->seen)
            abort();
        for (size_t i = 0; i < old; i++)
            if (seen[i] != 0) {
                for (at = seen[i] % search->seen_capacity; search->seen[at] != 0;)
                    at = (at + 1) % search->seen_capacity;
                search->seen[at] = seen[i];
            }
        free(seen);
    }
    for (at = state % search->seen_capacity; search->seen[at] != 0;
         at = (at + 1) % search->seen_capacity)
        if (search->seen[at] == state)
            return true;
    search->seen[at] = state;
    search->seen_count++;
    return false;
}

/* What ends first of what must still take place: nothing that begins later can come before it. */
static inline int64_t history_horizon(const struct history_search *search)
{
    int64_t horizon = INT64_MAX;

    for (size_t i = 0; i < search->count; i++)
        if (!search->done[i] && !search->effects[i].is_optional && search->effects[i].to < horizon)
            horizon = search->effects[i].to;
    return horizon;
}

/* Is there an order of what is left, from this value on? A read that finds the value may always
 * come at once, since it changes nothing; of writes all are tried. */
static inline bool history_search_from(struct history_search *search, uint64_t value)
{
    bool placed[HISTORY_EFFECTS] = {false}, more = true, found = false;
    int64_t horizon = 0;

    while (more) {
        more = false;
        horizon = history_horizon(search);
        for (size_t i = 0; i < search->count; i++) {
            const struct history_effect *read = &search->effects[i];

            if (search->done[i] || read->is_write || read->from > horizon || read->value != value)
                continue;
            search->done[i] = placed[i] = more = true;
        }
    }
    if (horizon == INT64_MAX) {
        found = true;
    } else if (!history_was_seen(search, history_state(search, value))) {
        for (size_t i = 0; i < search->count && !found; i++) {
            const struct history_effect *write = &search->effects[i];

            if (search->done[i] || !write->is_write || write->from > horizon)
                continue;
            search->done[i] = true;
            found = history_search_from(search, write->value);
            search->done[i] = false;
        }
    }
    for (size_t i = 0; i < search->count; i++)
        search->done[i] &= !placed[i];
    return found;
}

static inline void history_add_effect(struct history_search *search,
                                      const struct history_effect *effect)
{
    if (search->count == HISTORY_EFFECTS) {
        fprintf(stderr, "a session has more than %d operations\n", HISTORY_EFFECTS);
        abort();
    }
    search->effects[search->count++] = *effect;
}

/* A write that was acknowledged takes place once in time; each attempt without an answer, of any
 * write, once more at any time, or never. */
static inline void history_add_op(struct history_search *search, const struct history_op *op)
{
    struct history_effect effect = {op->value, op->invoked, op->ended, op->is_write, false};

    if (op->outcome == OUTCOME_OK || op->outcome == OUTCOME_MISS)
        history_add_effect(search, &effect);
    effect.to = INT64_MAX;
    effect.is_optional = true;
    for (uint32_t i = 0; op->is_write && i < op->unanswered; i++)
        history_add_effect(search, &effect);
}

/* latest_only: reads that may be stale do not count. */
static inline bool history_breaks_order(const struct history_session_ops *session,
                                        int64_t latest_only)
{
    struct history_search *search = calloc(1, sizeof *search);
    bool found;

    if (!search)
        abort();
    for (size_t i = 0; i < session->count; i++)
        if (session->ops[i].is_write || session->ops[i].latest || !latest_only)
            history_add_op(search, &session->ops[i]);
    /* from before the run, or not there yet */
    found = history_search_from(search, 0);
    search->seen_count = search->seen_capacity = 0;
    free(search->seen);
    search->seen = NULL;
    found = found || history_search_from(search, HISTORY_NOTHING);
    free(search->seen);
    free(search);
    return !found;
}

static inline size_t history_not_linearizable(const struct history *history, bool latest_only,
                                              long *first)
{
    return history_count(history, history_breaks_order, latest_only, first);
}

/* --- own writes, convergence, losses --------------------------------------------------------- */

/* The write that a read found: NULL is what was there before all of them, or nothing. */
static inline const struct history_op *history_source(const struct history_session_ops *session,
                                                      const struct history_op *read)
{
    const struct history_op *source = NULL;

    for (size_t i = 0; i < session->count; i++) {
        const struct history_op *op = &session->ops[i];

        if (op->is_write && op->outcome != OUTCOME_FAILED && op->value == read->value &&
            op->invoked <= read->ended)
            source = op; /* of several deletes the last one */
    }
    return source;
}

/* Has the read found something that was complete before the write began? */
static inline bool history_is_older(const struct history_session_ops *session,
                                    const struct history_op *read, const struct history_op *write)
{
    const struct history_op *source = history_source(session, read);

    return !source || (source->outcome == OUTCOME_OK && source->unanswered == 0 &&
                       source->ended < write->invoked);
}

static inline bool history_is_answered_read(const struct history_op *op)
{
    return !op->is_write && (op->outcome == OUTCOME_OK || op->outcome == OUTCOME_MISS);
}

static inline bool history_is_done_write(const struct history_op *op)
{
    return op->is_write && op->outcome == OUTCOME_OK;
}

static inline bool history_breaks_own(const struct history_session_ops *session, int64_t option)
{
    (void)option;
    for (size_t i = 0; i < session->count; i++)
        for (size_t j = 0; j < i && history_is_answered_read(&session->ops[i]); j++) {
            const struct history_op *write = &session->ops[j];

            if (history_is_done_write(write) && write->region == session->ops[i].region &&
                write->ended < session->ops[i].invoked &&
                history_is_older(session, &session->ops[i], write))
                return true;
        }
    return false;
}

/* Sessions of which a region did not read what it had written itself. */
static inline size_t history_own_writes_missed(const struct history *history, long *first)
{
    return history_count(history, history_breaks_own, 0, first);
}

/* End of the last write that may have had an effect; INT64_MAX: one may have it at any time. */
static inline int64_t history_last_write(const struct history_session_ops *session)
{
    int64_t last = INT64_MIN;

    for (size_t i = 0; i < session->count; i++) {
        const struct history_op *op = &session->ops[i];
        int64_t end = op->outcome == OUTCOME_OK && op->unanswered == 0 ? op->ended : INT64_MAX;

        if (op->is_write && op->outcome != OUTCOME_FAILED && end > last)
            last = end;
    }
    return last;
}

static inline bool history_is_late_read(const struct history_session_ops *session,
                                        const struct history_op *op, int64_t quiet)
{
    int64_t last = history_last_write(session);

    return history_is_answered_read(op) && last < INT64_MAX - quiet && op->invoked >= last + quiet;
}

static inline bool history_breaks_agreement(const struct history_session_ops *session,
                                            int64_t quiet)
{
    const struct history_op *other = NULL;

    for (size_t i = 0; i < session->count; i++) {
        const struct history_op *op = &session->ops[i];

        if (!history_is_late_read(session, op, quiet))
            continue;
        if (other && other->value != op->value)
            return true;
        other = op;
    }
    return false;
}

/* Sessions that are not the same everywhere `quiet` ns after their last write. */
static inline size_t history_not_converged(const struct history *history, int64_t quiet,
                                           long *first)
{
    return history_count(history, history_breaks_agreement, quiet, first);
}

static inline bool history_has_lost(const struct history_session_ops *session, int64_t quiet)
{
    for (size_t i = 0; i < session->count; i++)
        for (size_t j = 0; j < session->count; j++)
            if (history_is_late_read(session, &session->ops[i], quiet) &&
                history_is_done_write(&session->ops[j]) &&
                history_is_older(session, &session->ops[i], &session->ops[j]))
                return true;
    return false;
}

/* Sessions of which an acknowledged write is gone: what is read at the end is older. */
static inline size_t history_lost_writes(const struct history *history, int64_t quiet, long *first)
{
    return history_count(history, history_has_lost, quiet, first);
}

#endif
