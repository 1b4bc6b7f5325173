// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What the files of a population share: population.c (parameters, metrics, the model),
 * population_check.c (rules between parameters), arrivals.c (when sessions begin), session_rows.c
 * (their rows, and those that are there at the start), user_request.c (requests: sending, patience,
 * answers), user_ramp.c (a closed population in stages).
 */
#ifndef POPULATION_INTERNAL_H
#define POPULATION_INTERNAL_H

#include "arrival_curve.h"
#include "bug.h"
#include "database.h"
#include "edge.h"
#include "endpoint_group.h"
#include "mem.h"
#include "model.h"
#include "objective.h"
#include "prefetch.h"
#include "refs.h"
#include "session.h"
#include "session_store.h"
#include "user.h"

enum arrival_shape {
    ARRIVALS_CONSTANT,
    ARRIVALS_STEP,
    ARRIVALS_FLASH_CROWD,
    ARRIVALS_DAILY,
    ARRIVALS_STAGES,
    ARRIVALS_RATES,
    ARRIVALS_TIMES
};
enum spacing { SPACING_POISSON, SPACING_EVEN };
enum spacing_phase { PHASE_FIXED, PHASE_RANDOM };
enum population_start { START_STEADY, START_EMPTY };
enum on_timeout { TIMEOUT_CLOSES, TIMEOUT_KEEPS };

#define TWO_PI 6.283185307179586476925
#define DAYS_A_WEEK 7

struct population_config {
    double sessions_per_s;
    uint32_t concurrent, users;
    struct stage_list user_stages;
    int arrivals;              /* enum arrival_shape */
    int spacing, phase, start; /* enum spacing, spacing_phase, population_start */
    double phase_share;
    bool repeats;
    struct stage_list stages;
    struct number_list rates, weekdays;
    sim_dur bin_ns, origin_ns;
    struct duration_list times;
    double daily_second;
    sim_dur daily_second_peak_ns;
    sim_time step_at_ns, flash_at_ns, daily_peak_ns;
    sim_dur flash_ramp_ns, flash_hold_ns, flash_decay_ns;
    double step_factor, flash_factor, daily_ratio;
    struct dist *requests, *think, *after_login, *login_time, *rtt;
    double write_share, logout_share;
    sim_dur return_after_ns;
    sim_dur idle_ttl_ns, keep_alive_ns, connection_lifetime_ns, patience_ns;
    uint32_t login_tries, handshakes;
    int on_timeout; /* enum on_timeout */
};

/* The last answer is kept in ticks of 2 us, the age of a connection is counted in ticks of 1 ms. */
#define ANSWER_TICK_BITS 11
#define AGE_TICK_BITS 20
#define SESSION_IDS (UINT64_C(1) << 37)       /* of a run */
#define WRITTEN_MAX ((UINT64_C(1) << 59) - 1) /* 6671 days; a run has at most 3660 */
#define PAGES_MAX ((UINT32_C(1) << 24) - 2)   /* of a session; more are cut */

/* Members of a word are bits: of this struct there are as many as users. */
__extension__ struct session {
    uint64_t id : 37;          /* number of its arrival, */
    uint64_t is_seeded : 1;    /* or of those that were there at the start */
    uint64_t mode : 2;         /* enum session_mode */
    uint64_t kind : 2;         /* of the request under way or to come */
    uint64_t failures : 10;    /* in a row */
    uint64_t local_region : 4; /* SESSION_LOCAL: where it lives */
    uint64_t connection : 5;   /* region that it goes to, + 1; 0: none */
    uint64_t endpoint : 3;     /* of that region */
    uint64_t answered : 48;    /* the last answer, in ticks: for the idle TTL and the connection */
    uint64_t check : 16;       /* which session of this row: the store knows it by row and check */
    uint64_t written : 59;     /* the last write acknowledged, or the token's issue, + 1; 0: none */
    uint64_t sets_up : 1;      /* the request under way opens its connection first */
    uint64_t is_gone : 1;      /* its user left as the closed population shrank */
    uint64_t lost : 1;         /* the region's side of the connection has gone */
    uint64_t spare : 2;
    uint32_t opened;   /* the connection: in ticks, modulo 2^32 (52 days) */
    uint32_t rtt_ns;   /* of a free row: the next free one */
    uint64_t progress; /* PAGE_ONE times pages answered, + REMAINING_ONE times those to come,
                          + REPEAT_ONE times requests beyond one a page (logins, failures) */
};
/* In one word and not in members of it, as all three change with each page: what has been stored in
 * parts cannot be loaded whole before it has reached the cache. */
#define PAGE_BITS 24
#define PAGE_ONE UINT64_C(1)
#define REMAINING_ONE (UINT64_C(1) << PAGE_BITS)
#define REPEAT_ONE (UINT64_C(1) << 2 * PAGE_BITS)
_Static_assert(sizeof(struct session) == 40, "memory of a session: models/speed.md");

/* A request under way: for its patience and its answer. Two of them stand on a cache line. */
__extension__ struct pending_request {
    sim_time sent;                    /* by the user */
    uint64_t think_word, logout_word; /* of the page that it asks for */
    uint32_t session;                 /* of a free pending: the next free one */
    uint32_t generation : SIM_GENERATION_BITS;
    uint32_t
        watch : 12; /* number of the watch in which it began, modulo WATCHES, or PENDING_LATE */
};
_Static_assert(sizeof(struct pending_request) == 32, "of a request under way");
/*
 * Patience is divided into watches. Of each one it is counted how many of the pending_requests that
 * began in it are under way: so that nobody waits for the many that are answered in time, and the
 * few that are late are looked for together.
 */
#define WATCHES 8 /* a patience */
#define PENDING_LATE 4095
struct pending_watches {
    sim_dur length_ns;
    sim_time until; /* end of the present one */
    uint32_t number;
    uint32_t pending_requests[WATCHES];
};

/* A closed population that changes in stages. */
struct user_ramp {
    uint32_t users;      /* those below this number are present */
    uint32_t from, next; /* their number at the start of the stage, and after the next change */
    uint32_t stage, step;
    sim_time begin; /* of the stage */
    bool has_peaked;
    uint32_t gone; /* rows of users who left that are not yet released */
    struct user_seat {
        uint32_t row;     /* of the session of a user who is there */
        uint64_t next_id; /* of the next session of one who is not */
    } * seats;            /* one for each user; NULL: their number is constant */
};

struct population {
    const struct population_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream arrival, person, page, aside;
    int region;
    uint32_t region_count;
    struct session *sessions;
    size_t session_count, session_capacity;
    uint32_t session_free;
    size_t session_retired;
    struct pending_request *pending_requests;
    size_t pending_count, pending_capacity;
    uint32_t pending_free;
    struct pending_watches watches;
    uint64_t candidates;
    uint32_t active;
    double rate_per_s,
        rate_max_per_s; /* `sessions`, or what `concurrent` makes of it; the highest */
    const struct arrival_source *source;
    struct arrival_curve curve; /* of sources that have one */
    double expected;            /* of Poisson arrivals by a curve: unit exponential draws so far */
    double phase;               /* of evenly spaced arrivals, in gaps */
    uint32_t users_most; /* of a closed population; the distance between a user's session numbers */
    struct user_ramp ramp;

    struct users_port port;
    struct prefetch_port hint;
    struct app_port *apps[REGIONS_MAX];
    struct edge_port *edge;
    struct objective_port *objective;
    struct session_store_port *store;
    const struct database_port *database; /* that has sessions, too; NULL: none */
    struct run_log *log;
    const char *region_name;
    uint8_t label_of[REAUTH_CAUSES_MAX]; /* by cause: which value of the label it is */
    sim_dur idle_ns;                     /* after which a connection is closed or dropped */
    bool edge_drops, edge_resets;        /* before it is closed; and answers what still comes */
    bool pins;                           /* a connection outlives requests without an answer */
    sim_dur good_latency_ns;
    sim_dur detours_ns[REGIONS_MAX];
    sim_dur early_ns; /* before its end, patience gets an event of its own */
    kind_id arrive_kind, send_kind, request_arrive_kind, slow_kind, impatience_kind, surge_kind,
        ramp_kind;

    probe_id started, left, active_level;
    struct {
        probe_id requests, good, abandoned, pinned, reset, with_session, logins, logins_failed;
        probe_id reauths[REAUTH_CAUSES_MAX], degraded[2];
        probe_id latency[2], login_latency[2]; /* ok, failed */
        struct operation_tally good_requests, good_logins;
    } at[REGIONS_MAX];
};

/* --- arrivals.c ------------------------------------------------------------------------------ */

extern const struct event_kind population_arrive, population_surge;
/* Mean length of a session without latencies, ns; INFINITY where a distribution has no mean. */
double session_length_ns(const struct population_config *config);
/* What the shapes are factors of: `sessions`, or the rate that `concurrent` needs by Little's law;
 * per second. */
double arrivals_base_rate(const struct population_config *config);
/* The factor of a daily shape, negative where its two harmonics are. */
double daily_factor(const struct population_config *config, sim_time now);
/* The load is at its peak, as a format of one double says; an outage that follows has this cause.
 */
void surge_begin(struct population *population, const char *what, double value)
    __attribute__((format(printf, 2, 0)));
/* Set up the source of arrivals. */
void arrivals_init(struct population *population);
/* The rate of new sessions at an instant, per second; 0 where they come at given times. */
double arrivals_rate(const struct population *population, sim_time when);
/* Schedule the first arrival, and the mark of a surge's height. */
void arrivals_start(struct population *population);
void arrivals_fini(struct population *population);

/* --- session_rows.c -------------------------------------------------------------------------- */

/* A new session, number `id` of those that arrived or, seeded, of those there at the start. */
uint32_t session_begin(struct population *population, uint64_t id, bool is_seeded);
/* The session is over at `when`; in a closed population its user comes back for another one. */
void session_end(struct population *population, uint32_t index, sim_time when);
/* The event or answer of a session whose user is gone has occurred: release its row. */
void session_drop(struct population *population, uint32_t index);
/* Users came or, below 0, left. */
void count_active(struct population *population, int change);
/* Create the sessions that are under way at the start. */
void sessions_start_steady(struct population *population);
/* A closed population: create the users, who all are between two sessions. */
void sessions_start_closed(struct population *population);
/* Check that rows in use are those of the active users. */
void sessions_check(const struct population *population);

static inline uint64_t session_id(const struct session *session)
{
    return (uint64_t)session->is_seeded << 62 | session->id;
}

static inline uint32_t session_page(const struct session *session)
{
    return (uint32_t)session->progress & ((UINT32_C(1) << PAGE_BITS) - 1);
}

static inline uint32_t session_remaining(const struct session *session)
{
    return (uint32_t)(session->progress >> PAGE_BITS) & ((UINT32_C(1) << PAGE_BITS) - 1);
}

/* Of requests sent. Page 1 of those that were there at the start was not asked for. */
static inline uint32_t session_number(const struct session *session)
{
    return session_page(session) + (uint32_t)(session->progress >> 2 * PAGE_BITS) -
           session->is_seeded;
}

/* --- user_ramp.c ----------------------------------------------------------------------------- */

extern const struct event_kind population_ramp;
/* Whether the same users return, rather than new ones arrive. */
static inline bool is_closed(const struct population_config *config)
{
    return config->users > 0 || config->user_stages.count > 0;
}
/* The largest number of users of a closed population. */
uint32_t users_most(const struct population_config *config);
void user_ramp_init(struct population *population);
/* Schedule the first change of the number of users. */
void user_ramp_start(struct population *population);
void user_ramp_fini(struct population *population);
/* The user of session number `id` is in that row from now on. */
void user_seat(struct population *population, uint64_t id, uint32_t index);

/* --- population_check.c ---------------------------------------------------------------------- */

/* model_ops.check */
void population_check(const void *config, const struct check_context *context,
                      struct validation *validation);

/* --- user_request.c -------------------------------------------------------------------------- */

extern const struct event_kind population_send, population_request_arrive, population_slow,
    population_impatience;
/* Send the session's next request now. */
void session_send(struct population *population, uint32_t index);
/* Send the session's next request, of that kind, at `when`. */
void session_wait(struct population *population, uint32_t index, sim_time when,
                  enum request_kind kind);
/* struct users_port */
void population_respond(void *self, const struct user_response *response);
void population_report_open(void *self); /* struct operation_source */
bool population_waits(const void *self, uint32_t pending, uint32_t generation);
void population_lose_connections(void *self, int region, uint32_t endpoint);
/* struct prefetch_port */
void population_prefetch(const void *self, uint32_t session, uint32_t pending);

#endif
