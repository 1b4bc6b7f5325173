// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reality_client: the users and the store client of a scenario, against real servers.
 *
 * Open loop: arrivals do not depend on replies, and latency counts from the arrival (no coordinated
 * omission). A user writes a session, waits `think`, and reads it. A write or read is an operation
 * of one or more attempts; timeout, waiting for a connection, backoff and budget are those of the
 * model store_client.
 *
 * Statistics have the names of the simulator's metrics. An event counts in the windows in which it
 * ends: all (from `warmup` to `duration`), before, fault, after.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "ketama.h"
#include "reactor.h"
#include "rng_stream.h"
#include "store_link.h"

#include <stdbool.h>
#include <stdint.h>

#define NODES_MAX 8

enum operation_kind {
    OPERATION_WRITE,
    OPERATION_READ,
    OPERATION_KINDS,
};

enum window {
    WINDOW_ALL,
    WINDOW_BEFORE,
    WINDOW_FAULT,
    WINDOW_AFTER,
    WINDOWS,
};

/* What a latency is of. */
enum sample_kind {
    SAMPLE_WRITE,
    SAMPLE_WRITE_ATTEMPT,
    SAMPLE_READ,
    SAMPLE_LAG,
    SAMPLE_CONNECT,
    SAMPLE_KINDS,
};

enum counter {
    COUNT_WRITES,
    COUNT_WRITE_FAILURES,
    COUNT_WRITE_ATTEMPTS,
    COUNT_WRITE_TIMEOUTS,
    COUNT_READS,
    COUNT_READ_FAILURES,
    COUNT_READ_ATTEMPTS,
    COUNT_READ_TIMEOUTS,
    COUNT_READ_MISSES,
    COUNT_CONNECTIONS_OPENED,
    COUNT_CONNECTIONS_BROKEN, /* ended by the peer or the kernel, or never established */
    COUNTERS,
};

enum backoff_kind {
    BACKOFF_NONE,
    BACKOFF_FIXED,
    BACKOFF_EXPONENTIAL,
};

struct backoff {
    enum backoff_kind kind;
    int64_t base_ns, max_ns;
    int jitter; /* 0 none, 1 full */
};

struct client_settings {
    double rate_per_s;
    int even;                                 /* 1: arrivals evenly spaced, else Poisson */
    int64_t warmup_ns, duration_ns, until_ns; /* until: no user arrives later; 0: duration */
    int64_t seed, reads, think_ns, write_bytes;
    int64_t sleep_ns; /* a write is DEBUG SLEEP of this length; 0: SET */
    int shared;       /* 1: one connection, else a pool */
    int fifo;         /* 1: an idle connection that was used longest ago is taken first */
    int close_on_timeout;
    int64_t pool_size, pool_warm;
    int64_t timeout_ns, connect_timeout_ns, attempts;
    struct backoff retry, reconnect;
    double bucket_capacity, bucket_cost, bucket_refund; /* retry budget; capacity 0: none */
    int64_t fault_from_ns, fault_to_ns;                 /* to 0: no windows */
    int64_t resolution_ns, hold_ns;                     /* of the RTO, as `objective` */
    double target;
    struct socket_options socket;
};

struct operation {
    struct client *client;
    struct operation *next_free;
    enum operation_kind kind;
    uint64_t session;
    int64_t begun_ns, attempt_begun_ns;
    uint32_t attempts;
    int64_t reads_left;
    /* The attempt under way. */
    struct connection *connection; /* that it waits on or was sent on */
    struct ticket *ticket;         /* its command, NULL: not sent */
    struct operation *previous_waiting, *next_waiting;
    bool waiting;
    struct reactor_timer timeout;
    struct reactor_timer pause; /* backoff, or the thought before a read */
};

/* A command on a connection. */
struct ticket {
    struct operation *operation; /* NULL: the attempt timed out */
};

enum connection_state {
    CONNECTION_CONNECTING,
    CONNECTION_IDLE, /* or shared and open */
    CONNECTION_BUSY,
    CONNECTION_GONE,
};

struct connection {
    struct pool *pool;
    struct connection *previous, *next;
    struct connection *previous_idle, *next_idle;
    struct store_link *link;
    enum connection_state state;
    struct operation *opener; /* of a pool: the operation that waits for it to open */
    int64_t opened_ns;
    struct reactor_timer timeout;
};

struct pool {
    struct client *client;
    struct endpoint endpoint;
    struct connection *connections;
    size_t count;
    struct connection *first_idle, *last_idle;
    struct operation *first_waiting, *last_waiting;
    uint32_t failures; /* of the shared connection, in a row */
    struct reactor_timer reconnect;
    bool backing_off;
};

struct client {
    struct reactor reactor;
    struct client_settings settings;
    const struct store_link_ops *link_ops;
    struct pool pools[OPERATION_KINDS][NODES_MAX];
    size_t nodes;       /* of each kind; a key belongs to one */
    struct ketama ring; /* of several nodes */
    bool reads_apart;   /* reads have pools of their own */
    int64_t start_ns;
    struct rng_stream arrivals, backoffs;
    uint64_t sessions;
    int64_t next_arrival_ns;
    struct reactor_timer arrival, end;
    struct operation *free_operations;
    char *value;
    size_t value_length;
    double tokens;
    int64_t *acknowledged_ns; /* by session; 0: not acknowledged */
    size_t acknowledged_capacity;
    struct statistics *statistics;
    struct probes *probes;
};

/* Time since the start of the run. */
int64_t client_now_ns(const struct client *client);

/* client_sessions.c */
void sessions_start(struct client *client);
void operation_answered(struct operation *operation, enum answer answer);
/* The connection that an operation waits for is there: send the command. */
void operation_send(struct operation *operation, struct connection *connection);
void session_key(uint64_t session, char key[32]);

/* client_pool.c */
void pool_init(struct pool *pool, struct client *client, const struct endpoint *endpoint);
void pool_warm(struct pool *pool, size_t count);
size_t pool_open_count(const struct pool *pool);
/* Acquire a connection for an attempt: calls operation_send(), now or later, or
 * operation_answered() with ANSWER_BROKEN. */
void pool_ask(struct pool *pool, struct operation *operation);
/* The attempt timed out: release its place in the queue, its connection or its command. */
void pool_abandon(struct pool *pool, struct operation *operation);

/* client_statistics.c */
struct statistics *statistics_create(const struct client *client);
void statistics_count(struct client *client, enum counter counter);
void statistics_sample(struct client *client, enum sample_kind kind, int64_t value_ns);
/* A write that began at an instant ended well or not: for the RTO. */
void statistics_write_ended(struct client *client, int64_t begun_ns, bool good);
void statistics_print(const struct client *client);

/* client_probes.c: measurements beside the load. All endpoints are reached directly. */
struct probes *probes_create(struct client *client);
bool probes_watch_lag(struct client *client, const char *endpoint);
bool probes_watch_link(struct client *client, const char *endpoint);
/* A counter of INFO: printed as the difference between start and end. */
bool probes_add_counter(struct client *client, const char *name, const char *endpoint,
                        const char *field);
/* Acknowledged writes that the server does not hold at the end. */
bool probes_add_lost(struct client *client, const char *endpoint);
void probes_start(struct client *client);
void probes_print(struct client *client);

/* client_actions.c: lines "TIME ACTION WORDS..." */
bool actions_add(struct client *client, char **words, size_t count);
void actions_start(struct client *client);

#endif
