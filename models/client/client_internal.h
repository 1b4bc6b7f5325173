// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of the store client: store_client.c (the model, its tables of
 * parameters and metrics), attempt.c (operations and attempts: both hot paths), guard.c (deadline,
 * breaker, budget), hedge.c, connection_events.c (timeouts, resets, handshakes, closing),
 * client_tables.c (rows of operations and commands), client_history.c (the history of operations).
 *
 * The entity of an event is the index of an operation (with HEDGE set: of a hedge), a connection or
 * a pool; its generation is that of the row.
 */
#ifndef CLIENT_INTERNAL_H
#define CLIENT_INTERNAL_H

#include "bug.h"
#include "circuit_breaker.h"
#include "connection_pool.h"
#include "dns.h"
#include "impairment.h"
#include "link.h"
#include "mem.h"
#include "model.h"
#include "objective.h"
#include "op_history.h"
#include "prefetch.h"
#include "promotion.h"
#include "queue_check.h"
#include "refs.h"
#include "retry_budget.h"
#include "retry_policy.h"
#include "session.h"
#include "session_store.h"
#include "store_command.h"

enum { RAW_NONE, RAW_PRIMARY, RAW_RETRY };
enum { WAIT_FIFO, WAIT_LIFO };
enum { HEDGE_SAME, HEDGE_PRIMARY };

struct store_client_config {
    int preset;
    sim_dur timeout_ns, read_timeout_ns;
    struct retry_policy retry;
    struct retry_budget_config budget;
    struct circuit_breaker_config breaker;
    struct connection_pool_config pool;
    struct retry_policy reconnect; /* backoff and jitter only */
    uint32_t hedge_max;
    sim_dur hedge_after_ns;
    int hedge_to;
    int on_write_failure, read_after_write;
    sim_dur raw_window_ns, raw_delay_ns;
    uint32_t raw_times;
    uint32_t write_bytes, read_bytes;
};

enum denied_by { DENIED_DEADLINE, DENIED_BREAKER, DENIED_BUDGET, DENIED_KINDS, DENIED_NOT };
/* Time from a session's last acknowledged write to a read, in AFTERS classes. */
#define AFTERS 9
extern const sim_dur client_after_limits[AFTERS];

enum op_state {
    OP_IDLE,
    OP_WAITING,    /* for a connection */
    OP_CONNECTING, /* for its connection to open */
    OP_SENT,
    OP_BROKEN,  /* its connection is gone; it fails at this simulated time */
    OP_HEDGED,  /* its own attempt has failed, a hedge is in progress */
    OP_BACKOFF, /* between attempts */
    OP_REFUSED  /* by the breaker; it fails at this simulated time */
};
/* How an attempt ended: exactly one of them. */
enum attempt_end {
    ATTEMPT_ANSWERED,
    ATTEMPT_REFUSED, /* answered with an error */
    ATTEMPT_TIMED_OUT,
    ATTEMPT_CONNECT_TIMED_OUT,
    ATTEMPT_BROKEN,
    ATTEMPT_GIVEN_UP, /* cancelled: another attempt of the same read was answered first */
    ATTEMPT_ENDS
};

/* An operation of the application or, with HEDGE set, a hedge of one. Rows are freed when an
 * operation ends and reused last in, first out, so that operations in progress occupy few cache
 * lines. */
#define HEDGE (UINT32_C(1) << 31)
struct op {
    struct op_request request;
    sim_time begun, attempt_begun, waiting_since;
    uint32_t generation; /* increases when an attempt starts and when it ends */
    uint32_t attempts;
    uint32_t pool;
    uint32_t next, previous; /* in the queue for a connection; next: also in the free list */
    uint32_t connection, command;
    uint16_t rereads;
    uint16_t redirect; /* endpoint of the next attempt, from the last reply; ENDPOINT_ANY: none */
    uint8_t state;
    bool answered_once;
    /* Used, and set, only where the client has a budget, a breaker, hedges or decorrelated
     * jitter. */
    bool retrying;       /* the budget counts this attempt, or its backoff, as an active retry */
    uint8_t hedges;      /* sent in addition to this attempt */
    uint32_t hedge;      /* the first hedge in progress; NO_INDEX: none. Of a hedge: the next one */
    uint32_t owner;      /* of a hedge: its operation */
    uint32_t epoch;      /* of the breaker when it admitted this attempt */
    uint32_t paid_milli; /* charged for the last retry, in thousandths of a token */
    uint32_t connection_generation;
    sim_dur waited; /* the last backoff */
};
_Static_assert(sizeof(struct op) == 2 * MEM_LINE_BYTES, "whole cache lines");
struct op_table {
    struct op *rows;
    size_t capacity;
    uint32_t count, free_head;
};

/* The client's record of a command it has sent; same index as the command's row. */
struct pending_command {
    uint32_t connection; /* of the command; NO_INDEX: the row is free */
    uint32_t op;
    uint32_t request,
        user_pending; /* rows of the application and of the user: see client_prefetch_reply() */
    uint32_t session;
    bool abandoned; /* no operation waits for the reply */
    bool closed;    /* its connection has been closed: the reply is discarded */
    bool counted;   /* as ambiguous */
};
struct pending_table {
    struct pending_command *rows;
    size_t capacity;
};

struct store_client {
    const struct store_client_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream jitter, reconnect_jitter;
    int region;
    bool is_guarded;
    bool up;
    bool prefetches; /* rows that replies need: many requests are in progress */

    struct connection_pools pools;
    struct op_table ops[2];  /* of the application, and hedges */
    struct queue_check line; /* operations that wait for a connection, in all pools */
    struct command_pool commands;
    struct pending_table pending;
    struct retry_budget *budgets;     /* by instance; NULL: none */
    struct circuit_breaker *breakers; /* by pool; NULL: none */
    size_t breaker_capacity;
    uint32_t instance_count;
    uint32_t read_endpoint; /* where reads go at the start */
    uint32_t breakers_open;

    const struct session_store_port *store;
    const struct promotion_port *promotion; /* NULL: the store has nothing to promote */
    struct op_port *app;
    struct prefetch_port hint;
    const struct prefetch_port *requests_hint, *users_hints[REGIONS_MAX]; /* NULL: none */
    struct objective_port *objective;
    sim_dur good_latency_ns; /* of the objective; 0 where it counts no operation of the store */
    struct session_port port;
    struct handshake_return back;
    const struct impairments *impairments;
    kind_id retry_kind, broken_kind, refused_kind, reconnect_kind;
    timer_id write_timer, read_timer, hedge_timer;
    struct op_history *history; /* NULL: none is wanted */
    uint32_t *unanswered;       /* for it: attempts that were sent and not answered, by operation */
    size_t unanswered_capacity;
    uint64_t attempts_begun, attempts_ended[ATTEMPT_ENDS], ops_begun, ops_ended;

    probe_id writes, write_failures, write_attempts, write_errors, write_timeouts, ambiguous, reads,
        read_failures, read_attempts, read_timeouts, read_misses, opened, open,
        write_latency[2] /* ok, failed */, attempt_latency, read_latency, attempts_of_writes,
        after_reads[AFTERS], after_misses[AFTERS], goodput, denied[DENIED_KINDS], breaker_refusals,
        breaker_open, hedges, hedges_won;
};

/* --- rows ------------------------------------------------------------------------------------ */

/* The pointer is valid until the table grows, that is, until the next call that may start an
 * operation or a hedge. */
static inline struct op *op_at(const struct store_client *client, uint32_t index)
{
    if (__builtin_expect(index < HEDGE, 1))
        return &client->ops[0].rows[index];
    return &client->ops[1].rows[index & ~HEDGE];
}

static inline bool op_is_write(const struct op *op)
{
    return command_is_write(op->request.kind);
}

static inline struct retry_budget *budget_of(const struct store_client *client, const struct op *op)
{
    return &client->budgets[op->request.instance];
}

static inline sim_dur op_timeout(const struct store_client *client, const struct op *op)
{
    return op_is_write(op) ? client->config->timeout_ns : client->config->read_timeout_ns;
}

RARE uint32_t op_row_new(struct store_client *client, uint32_t hedge);
/* Create the pool of an instance to an endpoint, and its breaker. Invalidates pointers to pools and
 * breakers. */
RARE uint32_t client_pool_make(struct store_client *client, uint32_t instance, uint32_t endpoint);
static inline uint32_t client_pool(struct store_client *client, uint32_t instance,
                                   uint32_t endpoint)
{
    uint32_t pool = connection_pool_find(&client->pools, instance, endpoint);

    return __builtin_expect(pool != NO_INDEX, 1) ? pool
                                                 : client_pool_make(client, instance, endpoint);
}

RARE void pending_grow(struct store_client *client, uint32_t row);

/* Allocate a row for an operation of the application (0) or for a hedge (HEDGE). */
static inline uint32_t op_alloc(struct store_client *client, uint32_t hedge)
{
    struct op_table *table = &client->ops[hedge / HEDGE];
    uint32_t index = table->free_head;

    if (index == NO_INDEX)
        return op_row_new(client, hedge);
    table->free_head = op_at(client, index)->next;
    if (table->free_head != NO_INDEX) /* the next row to be allocated */
        mem_prefetch(&table->rows[table->free_head & ~HEDGE], sizeof(struct op));
    return index;
}

static inline void op_free(struct store_client *client, uint32_t index)
{
    struct op_table *table = &client->ops[index / HEDGE];
    struct op *op = op_at(client, index);

    op->state = OP_IDLE;
    op->next = table->free_head;
    table->free_head = index;
}

static inline struct pending_command *pending_at(const struct store_client *client, uint32_t row)
{
    return &client->pending.rows[row];
}

/* Allocate a row for a command and one for the client's record of it. */
static inline uint32_t pending_alloc(struct store_client *client)
{
    uint32_t row = command_alloc(&client->commands);

    if (__builtin_expect(row >= client->pending.capacity, 0))
        pending_grow(client, row);
    return row;
}

static inline void pending_free(struct store_client *client, uint32_t row)
{
    pending_at(client, row)->connection = NO_INDEX;
    command_free(&client->commands, row);
}

/*
 * Count a write that the client abandoned and the server executed, once both have happened. This
 * statistic concerns both ends, so it reads the command's row whichever model owns it now.
 */
static inline void count_ambiguous(struct store_client *client, uint32_t row)
{
    struct pending_command *pending = pending_at(client, row);

    if (!pending->abandoned || pending->counted ||
        !command_at(&client->commands, row)->reply.executed)
        return;
    pending->counted = true;
    probe_count(client->probes, client->ambiguous);
}

/* Start to prefetch what replies need: with many requests in progress their rows no longer fit in
 * the near caches. */
RARE void client_prefetch_early(struct store_client *client);
/* Implements struct prefetch_port: most operations are reads of the region's own cluster, on the
 * connection that was used last. */
void client_prefetch_instance(const void *self, uint32_t instance, uint32_t second);

/* The queue of operations that wait for a connection of a pool. */
void wait_add(struct store_client *client, uint32_t index);
void wait_remove(struct store_client *client, uint32_t index);

/* --- attempt.c ------------------------------------------------------------------------------- */

extern const struct event_kind client_retry, client_refused, client_reply, client_lost;

/* Implements `submit` of struct session_port. */
void client_submit(void *self, const struct op_request *request);
/* The pool that an attempt of `op` goes to. */
uint32_t op_pool(struct store_client *client, const struct op *op, bool is_hedge);
void op_begin_attempt(struct store_client *client, uint32_t index);
/* Send the command of a waiting attempt on an open connection. */
void op_send(struct store_client *client, uint32_t index, uint32_t connection);
/* Whether a read must see its session's last write, by the policies in effect at an instant. */
bool op_reads_latest(const struct store_client *client, const struct op *op, sim_time at);
/* Event of the run log that impairs the path of an operation's attempt now; 0: none. */
RARE uint32_t op_impaired_by(const struct store_client *client, const struct op *op);
/* Count an attempt that ended. The caller then calls op_retry_or_fail() or op_finish(). */
void op_end_attempt(struct store_client *client, struct op *op, enum attempt_end how);
/* Steps 1 to 5, after an attempt failed. reply: the error reply, or NULL if there was none. */
RARE void op_retry_or_fail(struct store_client *client, uint32_t index, bool timed_out,
                           const struct reply *reply);
void op_finish(struct store_client *client, uint32_t index, enum op_outcome outcome, uint8_t miss);
bool client_op_live(const void *self, uint32_t entity, uint32_t generation);
/* A command will get no reply: its server failed, or its connection was closed. Frees its row. */
void client_drop(void *self, uint32_t row);

/* A connection, or room for one, has become free: serve the waiting operations. */
void pool_serve_waiting(struct store_client *client, uint32_t pool_index);
static inline void pool_serve(struct store_client *client, uint32_t pool_index)
{
    if (client->pools.pools[pool_index].wait_head != NO_INDEX)
        pool_serve_waiting(client, pool_index);
}

/* --- client_history.c: only where client->history is not NULL -------------------------------- */

/* Record an operation that ends: answered by the command in `row`, or failed. Before op_finish().
 */
RARE void client_record_answered(struct store_client *client, uint32_t index, uint32_t row,
                                 enum op_outcome outcome);
RARE void client_record_failed(struct store_client *client, uint32_t index);
/* The run is over. */
RARE void client_record_under_way(struct store_client *client);
/* An attempt of the operation was sent, and its client will not see a reply. */
RARE void client_note_unanswered(struct store_client *client, uint32_t index);

/* --- guard.c --------------------------------------------------------------------------------- */

/* An operation starts. */
void guard_begun(struct store_client *client, struct op *op);
/* Step 6: admit the attempt, or fail its operation. */
bool guard_admits(struct store_client *client, uint32_t index);
/* An attempt ended: report it to the breaker, then to the budget. */
void guard_attempt_ended(struct store_client *client, struct op *op, enum attempt_end how);
/* Steps 2 to 4: what denies another attempt after `wait`. The budget is checked last; it has been
 * charged if the result is DENIED_NOT. */
enum denied_by guard_denies(struct store_client *client, struct op *op, sim_dur wait,
                            bool timed_out);

/* --- hedge.c --------------------------------------------------------------------------------- */

extern const struct event_kind client_hedge;

/* A read was answered on attempt `winner`, its own or a hedge: cancel the others. Returns the index
 * of the read. */
RARE uint32_t hedges_settle(struct store_client *client, uint32_t winner);
/* A hedge failed. Its operation continues unaffected, unless its own attempt has failed too: then
 * it retries or fails. */
void hedge_failed(struct store_client *client, uint32_t index, bool timed_out);

/* --- connection_events.c --------------------------------------------------------------------- */

extern const struct event_kind client_reset, client_handshake, client_timeout, client_broken,
    client_reconnect, client_connect_timeout;

/* The reply to a command is not wanted any more. */
RARE void command_abandon(struct store_client *client, uint32_t row);
/* Close a connection: commands already sent are still delivered, their replies are discarded. */
RARE void client_close(struct store_client *client, uint32_t connection, enum connection_event how);
/* Close the idle connections of a pool whose process restarts. */
void client_close_idle(struct store_client *client, uint32_t pool);

/* A command is done with its connection, which stays open (CONNECTION_ESTABLISHED) or ends. */
static inline void connection_done(struct store_client *client, uint32_t index,
                                   enum connection_event event)
{
    uint32_t pool = client->pools.connections[index].pool;

    client->pools.connections[index].command = NO_INDEX;
    if (event == CONNECTION_ESTABLISHED)
        connection_release(&client->pools, index);
    else
        client_close(client, index, event);
    pool_serve(client, pool);
}

#endif
