// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Declarations shared by the files of the store client: store_client.c (the model, its tables of
 * parameters and metrics), attempt.c (operations and attempts: both hot paths), guard.c (deadline,
 * breaker, budget), hedge.c, connection_events.c (timeouts, resets, handshakes, closing),
 * op_extra.c (loops of connects, timeouts of a part of an attempt, bounds on waiting), resend.c
 * (commands sent again after a reconnect), retry_layers.c, client_tables.c (rows of operations and
 * commands), client_history.c (the history of operations), client_here.c (stores without servers).
 *
 * The entity of an event is the index of an operation (with HEDGE set: of a hedge), a connection or
 * a pool; its generation is that of the row.
 */
#ifndef CLIENT_INTERNAL_H
#define CLIENT_INTERNAL_H

#include "adaptive_throttle.h"
#include "bug.h"
#include "circuit_breaker.h"
#include "client_errors.h"
#include "connection_pool.h"
#include "cubic_rate.h"
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

enum read_after_write { RAW_NONE, RAW_PRIMARY, RAW_RETRY };
enum wait_order { WAIT_FIFO, WAIT_LIFO };
enum hedge_target { HEDGE_SAME, HEDGE_PRIMARY };
/* What the timeout of an attempt covers. */
enum timeout_scope { COVERS_ATTEMPT, COVERS_REPLY, COVERS_QUEUE };
enum connect_wait { CONNECT_WAIT_NONE, CONNECT_WAIT_FIXED, CONNECT_WAIT_RETRY };
/* Commands of a shared connection that is lost: they fail; those of a connection that the server
 * turned away are sent again; all that an operation waits for; also those that have timed out. */
enum resend { RESEND_NONE, RESEND_UNSENT, RESEND_UNFINISHED, RESEND_ALL };
enum client_topology { TOPOLOGY_NONE, TOPOLOGY_CLUSTER };
/* Layers that retry, from the inside out; the client itself is between the first two. */
enum { LAYER_MESH, LAYER_CLIENT, LAYER_APP, LAYERS };

struct store_client_config {
    int preset; /* 0: none; else 1 + its index */
    sim_dur timeout_ns, read_timeout_ns;
    int timeout_covers; /* enum timeout_scope */
    struct retry_policy retry;
    struct retry_policy mesh, app; /* of the layers inside and outside the client */
    struct error_rule errors[CLIENT_ERRORS];
    uint32_t connect_tries, refused_tries; /* connects of one attempt */
    int connect_wait;                      /* enum connect_wait */
    sim_dur connect_wait_ns;
    bool fail_fast;
    sim_dur probe_ns;
    int resend;                                    /* enum resend */
    uint32_t flush_after;                          /* failed connects in a row; 0: never */
    int topology;                                  /* enum client_topology */
    sim_dur topology_period_ns, topology_limit_ns; /* 0: never; no limit */
    struct phase_rule topology_phase;
    bool reconnects_always, reconnects_after_silence;
    sim_dur silence_timeout_ns; /* 0: never */
    bool connects_on;           /* connect.background */
    sim_dur socket_timeout_ns;
    struct retry_budget_config budget;
    struct circuit_breaker_config breaker;
    struct throttle_config throttle;
    struct cubic_config cubic;
    struct connection_pool_config pool;
    struct retry_policy reconnect; /* backoff and jitter only */
    uint32_t hedge_max;
    sim_dur hedge_after_ns;
    int hedge_to;         /* enum hedge_target */
    int on_write_failure; /* enum write_fallback */
    int read_after_write; /* enum read_after_write */
    sim_dur raw_window_ns, raw_delay_ns, raw_spread_ns;
    uint32_t raw_times;
    struct dist *write_bytes; /* drawn for each session */
    uint32_t read_bytes;
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
    OP_BROKEN,       /* its connection is gone; it fails at this simulated time */
    OP_HEDGED,       /* its own attempt has failed, a hedge is in progress */
    OP_BACKOFF,      /* between attempts */
    OP_REFUSED,      /* by a guard of its client; it fails at this simulated time */
    OP_REJECTED,     /* no connection was to be had; its attempt fails at this simulated time */
    OP_CONNECT_WAIT, /* between two connects of one attempt */
    OP_PACED         /* its next attempt waits for the client's rate limit */
};
/* How an attempt ended: exactly one of them. */
enum attempt_end {
    ATTEMPT_ANSWERED,
    ATTEMPT_REFUSED, /* answered with an error */
    ATTEMPT_TIMED_OUT,
    ATTEMPT_CONNECT_TIMED_OUT,
    ATTEMPT_BROKEN,
    ATTEMPT_REJECTED, /* no connection was to be had */
    ATTEMPT_GIVEN_UP, /* cancelled: another attempt of the same read was answered first */
    ATTEMPT_ENDS
};

/* Bit of op->redirect, unless that is ENDPOINT_ANY: a REPLY_ASK named the endpoint. */
#define REDIRECT_ASKS 0x8000u

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
/* What an operation needs in rare cases only: a row beside its own. */
struct op_extra {
    enum client_error error; /* with OP_BROKEN, OP_REJECTED: how its attempt failed */
    uint32_t connects;       /* of its present attempt, that have failed */
    uint32_t tries[LAYERS];  /* of each layer in its present round, the first not included */
    bool sent;               /* a command of it has been sent */
    bool is_paced;           /* its next attempt has its token of the rate limit */
};
struct op_table {
    struct op *rows;
    size_t capacity;
    uint32_t count, free_head;
    struct op_extra *extras; /* by index; as many as have been needed */
    size_t extra_capacity;
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
    bool lost;      /* no reply will come; the row waits for the end of attempt or connection */
    bool counted;   /* as ambiguous */
};
struct pending_table {
    struct pending_command *rows;
    size_t capacity;
};

/* A command that timed out and is sent again with its connection. */
struct late_command {
    uint64_t identity;
    uint32_t session, session_check, attempt, pool;
    uint8_t kind;
};

struct store_client {
    const struct store_client_config *config; /* &own */
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream jitter, reconnect_jitter, throttle;
    struct rng_stream sizes; /* the same for all regions */
    uint32_t bytes[2];       /* of a command, by op_is_write(); 0: sizes are drawn */
    int region;
    bool is_guarded;
    bool has_extras; /* operations use struct op_extra on their normal way too */
    bool up;
    bool prefetches; /* rows that replies need: many requests are in progress */

    struct connection_pools pools;
    struct op_table ops[2];  /* of the application, and hedges */
    struct queue_check line; /* operations that wait for a connection, in all pools */
    struct command_pool commands;
    struct pending_table pending;
    struct retry_budget *budgets;        /* by instance; NULL: none */
    int64_t tokens_milli;                /* left in all of them, of kind bucket */
    struct circuit_breaker *breakers;    /* by pool; NULL: none */
    struct adaptive_throttle *throttles; /* by instance; NULL: none */
    struct paced_line *lines;            /* by instance; NULL: none */
    bool was_throttled;                  /* the attempt that ends now, by its reply */
    size_t breaker_capacity;
    uint32_t instance_count;
    uint32_t read_endpoint; /* where reads go at the start */
    uint32_t breakers_open;

    const struct session_store_port *store;
    const struct promotion_port *promotion; /* NULL: the store has nothing to promote */
    struct op_port *app;
    struct op_port *classes; /* ends of operations on keys of classes; NULL: there are none */
    struct reply found;      /* the last reply to what is in no statistics */
    struct prefetch_port hint;
    const struct prefetch_port *requests_hint,
        *users_hints[KEY_CLASS_REGION + KEY_CLASSES_MAX]; /* NULL: none; of classes: always */
    const struct objective_port *objective;
    sim_dur good_latency_ns; /* of the objective; 0 where it counts no operation of the store */
    struct operation_tally good_writes, good_reads;
    struct session_port port;
    struct handshake_return back;
    const struct impairments *impairments;
    kind_id here_kind; /* of stores without servers */
    kind_id retry_kind, broken_kind, refused_kind, reconnect_kind, timeout_kind, connect_kind,
        probe_kind, silence_kind, topology_kind, pace_kind;
    sim_time topology_read_at;
    timer_id write_timer, read_timer, hedge_timer, wait_timer;
    struct late_command *late;
    size_t late_count, late_capacity;
    struct op_history *history; /* NULL: none is wanted */
    uint32_t *unanswered;       /* for it: attempts that were sent and not answered, by operation */
    size_t unanswered_capacity;
    uint64_t attempts_begun, attempts_ended[ATTEMPT_ENDS], ops_begun, ops_ended;

    probe_id writes, write_failures, write_attempts, write_errors, write_timeouts, ambiguous, reads,
        read_failures, read_attempts, read_timeouts, read_misses, opened, open,
        write_latency[2] /* ok, failed */, attempt_latency, read_latency[2], attempts_of_writes,
        after_reads[AFTERS], after_misses[AFTERS], goodput, denied[DENIED_KINDS], pool_rejections,
        topology_reads, paced, breaker_refusals, breaker_open, retry_tokens, hedges, hedges_won;

    struct store_client_config own; /* the scenario's, with the rules that have no parameters */
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

/* A budget had `before_milli` tokens: update the statistics if that has changed. */
static inline void note_tokens(struct store_client *client, const struct retry_budget *budget,
                               int64_t before_milli)
{
    if (budget->tokens_milli == before_milli)
        return;
    client->tokens_milli += budget->tokens_milli - before_milli;
    probe_level(client->probes, client->retry_tokens, sim_now(client->sim), client->tokens_milli);
}

static inline sim_dur op_timeout(const struct store_client *client, const struct op *op)
{
    return op_is_write(op) ? client->config->timeout_ns : client->config->read_timeout_ns;
}

/* The rare part of an operation; valid as long as op_at(). */
RARE struct op_extra *op_extra(struct store_client *client, uint32_t index);
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

/* Every instance has pools for its reads and writes from the start; others are created at first
 * use. */
void client_start_pools(struct store_client *client);

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

    if (!pending->abandoned || pending->counted || ref_is_class(pending->session) ||
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

/* --- client_objective.c ---------------------------------------------------------------------- */

void client_connect_objective(struct store_client *client, struct objective_port *objective);

/* --- attempt.c ------------------------------------------------------------------------------- */

extern const struct event_kind client_retry, client_refused, client_reply, client_lost;

/* Implements `submit` of struct session_port. */
void client_submit(void *self, const struct op_request *request);
/* The pool that an attempt of `op` goes to. */
uint32_t op_pool(struct store_client *client, const struct op *op, bool is_hedge);
void op_begin_attempt(struct store_client *client, uint32_t index);
/* Send the command of a waiting attempt on an open connection. */
void op_send(struct store_client *client, uint32_t index, uint32_t connection);
/* The size of a command is drawn for its session: `client.write_bytes` is a distribution. */
RARE void command_draw_size(const struct store_client *client, struct command *command);
/* Leave an attempt's command to a connection that is still opening: nobody waits for its reply. */
RARE void command_leave(struct store_client *client, uint32_t index, uint32_t connection);
/* Send a command that was left to its connection. */
RARE void command_send(struct store_client *client, uint32_t row);
/* Whether a read must see its session's last write, by the policies in effect at an instant. */
bool op_reads_latest(const struct store_client *client, const struct op *op, sim_time at);
/* Event of the run log that impairs the path of an operation's attempt now; 0: none. */
RARE uint32_t op_impaired_by(const struct store_client *client, const struct op *op);
/* Count an attempt that ended. The caller then calls op_retry_or_fail() or op_finish(). */
void op_end_attempt(struct store_client *client, struct op *op, enum attempt_end how);
/* Steps 1 to 5, after an attempt failed. reply: the error reply, or NULL if there was none. */
RARE void op_retry_or_fail(struct store_client *client, uint32_t index, enum client_error error,
                           const struct reply *reply);
/* Step 8: an idle connection, a new one, or a place in the queue. */
void op_acquire(struct store_client *client, uint32_t index);
void op_finish(struct store_client *client, uint32_t index, enum op_outcome outcome, uint8_t miss);
/* Count what the first answer to a read found. */
void count_read_answer(struct store_client *client, struct op *op, const struct reply *reply);

/* --- client_here.c --------------------------------------------------------------------------- */

extern const struct event_kind client_here;
/* Implements `submit` of struct session_port where the store has no servers. */
void client_submit_here(void *self, const struct op_request *request);
bool client_op_live(const void *self, uint32_t entity, uint32_t generation);
/* A command will get no reply: its server failed, or its connection was closed. Frees its row. */
void client_drop(void *self, uint32_t row);
bool client_waits(const void *self, uint32_t row);

/* What becomes of the connection that a reply came on. */
static inline enum connection_event connection_after(const struct store_client *client,
                                                     enum reply_kind kind)
{
    if (__builtin_expect(kind <= REPLY_OK, 1))
        return CONNECTION_ESTABLISHED;
    if (!client->config->errors[client_error_of(kind)].close)
        return CONNECTION_ESTABLISHED;
    return kind == REPLY_RESET ? CONNECTION_REFUSED : CONNECTION_FIN;
}

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
/* An attempt has failed. */
RARE void client_record_attempt(const struct store_client *client, uint32_t index,
                                enum client_error error);
RARE void client_record_under_way(struct store_client *client);
/* An attempt of the operation was sent, and its client will not see a reply. */
RARE void client_note_unanswered(struct store_client *client, uint32_t index);

/* --- client_check.c -------------------------------------------------------------------------- */

/* model_ops.check */
void client_check(const void *config, const struct check_context *context,
                  struct validation *validation);

/* --- guard.c --------------------------------------------------------------------------------- */

/* An operation starts. */
void guard_begun(struct store_client *client, uint32_t index);
/* Step 6: admit the attempt, or fail its operation. */
bool guard_admits(struct store_client *client, uint32_t index);
/* An attempt ended: report it to the breaker, then to the budget. */
void guard_attempt_ended(struct store_client *client, struct op *op, enum attempt_end how);
/* An operation ended: refund its budget. */
void guard_op_ended(struct store_client *client, const struct op *op, bool good);
/* Charge the budget for a retry or a hedge; as retry_budget_pay(). */
bool guard_pay(struct store_client *client, const struct op *op, bool timed_out,
               uint32_t *paid_milli);
/* Steps 2 to 4: what denies another attempt after `wait`. The budget is checked last; it has been
 * charged if the result is DENIED_NOT. */
enum denied_by guard_denies(struct store_client *client, struct op *op, sim_dur wait,
                            enum client_error error);

/* --- pacing.c -------------------------------------------------------------------------------- */

/* The rate limit of an instance, and the attempts that wait for it. */
struct paced_line {
    struct cubic_rate rate;
    uint32_t head, tail; /* operations, by `next` */
    uint32_t generation; /* of the event that releases the first one */
    bool is_scheduled;
};
extern const struct event_kind client_pace;
void pace_init(struct store_client *client);
/* Whether the attempt may be sent now; if not, it begins when it has its token. */
RARE bool pace_admits(struct store_client *client, uint32_t index);
/* An attempt that was sent has ended: throttled, or in any other way. */
RARE void pace_ended(struct store_client *client, const struct op *op, bool throttled);

/* --- hedge.c --------------------------------------------------------------------------------- */

extern const struct event_kind client_hedge;

/* A read was answered on attempt `winner`, its own or a hedge: cancel the others. Returns the index
 * of the read. */
RARE uint32_t hedges_settle(struct store_client *client, uint32_t winner);
/* A hedge failed. Its operation continues unaffected, unless its own attempt has failed too: then
 * it retries or fails. */
void hedge_failed(struct store_client *client, uint32_t index, enum client_error error);

/* --- connection_events.c --------------------------------------------------------------------- */

extern const struct event_kind client_reset, client_fin, client_rst, client_handshake,
    client_timeout, client_broken, client_reconnect, client_connect_timeout;
/* Start the reconnect backoff of a pool that has lost a shared connection, or failed to open it. */
RARE void pool_hold_off(struct store_client *client, uint32_t pool);

/* The reply to a command is not wanted any more. */
RARE void command_abandon(struct store_client *client, uint32_t row);
/* The same of the command that an operation has sent; frees its row if no reply will come. */
RARE void op_abandon_command(struct store_client *client, const struct op *op);
/* Close a connection: commands already sent are still delivered, their replies are discarded. */
RARE void client_close(struct store_client *client, uint32_t connection, enum connection_event how);
/* The next connect of a pool waits for nothing. */
RARE void pool_forget_losses(struct store_client *client, uint32_t pool);
/* Close the idle connections of a pool whose process restarts. */
void client_close_idle(struct store_client *client, uint32_t pool);

/* --- retry_layers.c -------------------------------------------------------------------------- */

/*
 * The policy of the innermost layer that has an attempt left after `error`, and the number of its
 * retry, from 1; NULL: none has, the operation fails. The retry is counted as made.
 */
RARE const struct retry_policy *layer_that_retries(struct store_client *client, uint32_t index,
                                                   enum client_error error, uint32_t *retry);

/* --- op_extra.c ------------------------------------------------------------------------------ */

extern const struct event_kind client_connect_again, client_wait_over, client_probe;

/* Where client->has_extras: the command of an attempt is being sent. */
RARE void op_sent(struct store_client *client, uint32_t index);
/* A connect of an attempt failed: whether it connects again, which is then scheduled. */
RARE bool op_connects_again(struct store_client *client, uint32_t index, enum client_error error);
/* Fail an attempt that gets no connection, as `error`, at this simulated time. */
RARE void op_reject(struct store_client *client, uint32_t index, enum client_error error);
/* The pool has no room: reject an operation that may not wait; returns whether it was rejected. */
RARE bool op_may_not_wait(struct store_client *client, uint32_t index);
/* A connect of a pool failed, or (good) its probe succeeded. */
RARE void pool_connect_ended(struct store_client *client, uint32_t pool, enum client_error error,
                             bool good);

/* --- client_topology.c ----------------------------------------------------------------------- */

extern const struct event_kind client_topology;
/* In cluster mode, before the first connection is opened. */
void client_topology_start(struct store_client *client);
/* After an error: ask the resolver at the next connect, or read the topology if its limit allows.
 */
RARE void client_ask_addresses(struct store_client *client);
/* A connection was refused, has not been answered, or leads to a node that refuses writes: clients
 * that have a list of endpoints may go on to the next one. */
RARE void client_endpoint_failed(struct store_client *client, uint32_t connection);
/* A connection ends while it is being opened: the same, unless its host has answered. */
RARE void client_connect_ended(struct store_client *client, uint32_t connection,
                               enum connection_event how);
/* In cluster mode: READONLY of a demoted node is MOVED. */
RARE void client_redirect_to_primary(const struct store_client *client, uint32_t pool,
                                     struct reply *reply);

/* A redirect named the endpoint: close what leads to another node of its region. */
RARE void client_note_moved(struct store_client *client, uint32_t target);

/* --- resend.c -------------------------------------------------------------------------------- */

extern const struct event_kind client_silence;

/* Whether a failed attempt waits for the next shared connection and is then sent again. */
RARE bool op_is_resent(const struct store_client *client, enum client_error error);
RARE void op_send_again(struct store_client *client, uint32_t index);
/* A command that nobody waits for is to be sent again: of a row, or of an operation that waits. */
RARE void late_add(struct store_client *client, uint32_t row);
RARE void late_add_op(struct store_client *client, uint32_t index);
/* A shared connection has opened. */
RARE void late_send(struct store_client *client, uint32_t connection);
/* All operations that wait for a connection of the pool fail. */
RARE void pool_flush(struct store_client *client, uint32_t pool);
/* Something was sent or received on a connection of the pool. */
RARE void pool_heard(struct store_client *client, uint32_t pool);
/* Something was sent, or received, on a connection of a pool with `silence_timeout`. */
RARE void pool_asked(struct store_client *client, uint32_t pool);
static inline void pool_answered(struct store_client *client, uint32_t pool)
{
    client->pools.pools[pool].asked = SIM_NEVER;
}

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
