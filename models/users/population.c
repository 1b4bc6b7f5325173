// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The users who live near one region.
 *
 * Sessions arrive as a Poisson process, open loop. A user logs in, then asks for pages with time to
 * think between them, and leaves, maybe logging out. Someone who must log in again does so and goes
 * on; a login storm is made of that. A keep-alive connection stays with the region that it was
 * routed to; a new one is routed afresh.
 *
 * All that a user is and does is keyed by the user's number and the number of the page, never by
 * what happened before: so another timeout or retry policy meets the same users, who arrive and
 * think as they did.
 *
 * A session's row is 40 bytes; all of them stand in one array, freed rows are used again under
 * another check. What is known of a request under way stands in a pending, of which there are few.
 *
 * On a connection that is still open when the pause ends nothing can happen between the user's
 * click and the request's arrival: so the arrival is scheduled at once (`land`), and the click
 * needs no event. On a new one the click (`send`) is an event, since it asks where to go; it lands
 * likewise, once the connection is open.
 */
#include "bug.h"
#include "mem.h"
#include "model.h"
#include "edge.h"
#include "link.h"
#include "objective.h"
#include "refs.h"
#include "session.h"
#include "session_store.h"
#include "user.h"
#include "registry.h"

#include <math.h>
#include <stdlib.h>

#define TWO_PI 6.283185307179586476925

enum { ARRIVALS_CONSTANT, ARRIVALS_STEP, ARRIVALS_FLASH_CROWD, ARRIVALS_DAILY };
enum { START_STEADY, START_EMPTY };

struct population_config {
    double sessions_per_s;
    int arrivals, start;
    sim_dur step_at_ns, flash_at_ns, flash_ramp_ns, flash_hold_ns, flash_decay_ns, daily_peak_ns;
    double step_factor, flash_factor, daily_ratio;
    struct dist *requests, *think, *after_login, *login_time, *rtt;
    double writes, logout;
    sim_dur idle_ttl_ns, keep_alive_ns, connection_lifetime_ns, patience_ns;
    uint32_t login_tries, handshakes;
};

static const char *const arrivals[] = {"constant", "step", "flash-crowd", "daily", NULL};
static const char *const starts[] = {"steady", "empty", NULL};

#define MODEL_CONFIG struct population_config
// clang-format off
static const struct field population_fields[] = {
    RATE("sessions", sessions_per_s, "0/s", "10/s", "1M/s", "new sessions, on average", "assumption"),
    VARIANT("arrivals", arrivals, arrivals, "constant", "how the rate of new sessions changes with time", "facts H"),
    DURATION("arrivals.step.at", step_at_ns, "0s", "10min", "30d", "when the rate changes for good", "assumption"),
    NUMBER("arrivals.step.factor", step_factor, "0", "2", "1000", "by how much", "assumption"),
    DURATION("arrivals.flash-crowd.at", flash_at_ns, "0s", "10min", "30d", "when the crowd begins to come", "assumption"),
    NUMBER("arrivals.flash-crowd.factor", flash_factor, "1", "10", "1000", "the rate at its height", "facts H"),
    DURATION("arrivals.flash-crowd.ramp", flash_ramp_ns, "1ms", "60s", "1d", "time to the height", "facts H"),
    DURATION("arrivals.flash-crowd.hold", flash_hold_ns, "0s", "300s", "1d", "time at the height", "facts H"),
    DURATION("arrivals.flash-crowd.decay", flash_decay_ns, "1ms", "600s", "1d", "mean of the exponential decay after it", "facts H"),
    NUMBER("arrivals.daily.ratio", daily_ratio, "1", "3", "1000", "rate at the peak over that at the trough", "facts H"),
    DURATION("arrivals.daily.peak", daily_peak_ns, "0s", "12h", "1d", "time of the first peak since the start", "assumption"),
    CHOICE("start", start, starts, "steady", "steady: the sessions that would be under way are there at the start; empty: none", "assumption"),
    NUMBER_DIST("requests", requests, "1", "geometric(mean=12)", "1000000", "pages of a session after its login", "facts H"),
    TIME_DIST("think", think, "0ms", "exponential(mean=7s, max=70s)", "1d", "from a page's answer to the next request", "facts H"),
    TIME_DIST("after_login", after_login, "0ms", "lognormal(median=300ms, p99=3s)", "1d", "from a login's answer to the first page", "assumption"),
    TIME_DIST("login_time", login_time, "0ms", "lognormal(median=5s, p99=20s)", "1d", "to log in again after being asked to, or after a failed login", "assumption"),
    SHARE("writes", writes, "0", "5%", "100%", "pages that also write the session", "facts H"),
    SHARE("logout", logout, "0", "20%", "100%", "sessions that end with a logout", "assumption"),
    DURATION("idle_ttl", idle_ttl_ns, "1s", "30min", "30d", "a session unused for so long has expired: logging in again is no re-auth", "facts H"),
    TIME_DIST("rtt", rtt, "0ms", "lognormal(median=24ms, sigma=0.7, max=1s)", "10s", "of a user to the nearest region's edge, one draw a user", "facts D.6"),
    COUNT("handshakes", handshakes, "0", "2", "10", "round trips to the edge that a new connection costs: TCP and TLS 1.3", "facts 0.9"),
    DURATION("keep_alive", keep_alive_ns, "0s", "60s", "1d", "an idle connection is closed after", "facts B"),
    DURATION("connection_lifetime", connection_lifetime_ns, "1s", "3600s", "30d", "a connection is closed after, however busy", "facts B"),
    DURATION("patience", patience_ns, "100ms", "30s", "1h", "without an answer the user gives up the request and reloads on a new connection", "assumption"),
    COUNT("login_tries", login_tries, "1", "3", "1000", "failed or unanswered requests in a row until the user leaves", "assumption"),
};
// clang-format on

static const char *const causes[] = {
    "replication-lag", "lost-at-failover", "local-only",    "store-unavailable",
    "evicted",         "restarted",        "token-expired", NULL};
static const char *const hows[] = {"local-session", "stateless-token", NULL};

// clang-format off
static const struct metric population_metrics[] = {
    {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "requests of users that ended: answered, or given up"},
    {.name = "good_requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = HIGHER_IS_BETTER, .series = true, .meaning = "requests answered without error or re-auth within the objective's latency"},
    {.name = "availability", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = HIGHER_IS_BETTER, .over = "good_requests", .under = "requests", .series = true, .meaning = "good requests / requests"},
    {.name = "requests_abandoned", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "requests given up after the user's patience"},
    {.name = "requests_with_session", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "answered requests that carried a valid session; a login that reads its new session back is one"},
    {.name = "logins", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "logins that ended, failed ones and repeated ones included"},
    {.name = "logins_failed", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "logins answered with a failure or not at all"},
    {.name = "login_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "logins_failed", .under = "logins", .series = true, .meaning = "logins answered with a failure or not at all / logins"},
    {.name = "reauths", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "cause", .label_values = causes, .series = true, .meaning = "requests of users whose session should be valid and could not be validated, by cause"},
    {.name = "reauth_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "reauths", .under = "requests_with_session", .series = true, .meaning = "re-auths / requests that carried a valid session"},
    {.name = "sessions_started", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "sessions that arrived"},
    {.name = "sessions_left", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "sessions given up after failed or unanswered requests"},
    {.name = "reauths_per_session", .unit = UNIT_NONE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "reauths", .under = "sessions_started", .meaning = "re-auths / sessions that arrived"},
    {.name = "sessions_active", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "users near the region between their arrival and their end"},
    {.name = "degraded_sessions", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "how", .label_values = hows, .series = true, .meaning = "logins served without the store, by fallback"},
    {.name = "request_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .meaning = "of answered requests, at the user"},
    {.name = "login_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .meaning = "of answered logins, at the user"},
};
// clang-format on

/* The last answer is kept in ticks of 2 us, the age of a connection is counted in ticks of 1 ms. */
#define ANSWER_TICK_BITS 11
#define AGE_TICK_BITS 20
#define PAGES_MAX ((UINT32_C(1) << 24) - 2) /* of a session; more are cut */

/* Members of a word are bits: of this struct there are as many as users. */
__extension__ struct session {
    uint64_t id : 40;          /* number of its arrival, */
    uint64_t is_seeded : 1;    /* or of those that were there at the start */
    uint64_t mode : 2;         /* enum session_mode */
    uint64_t kind : 2;         /* of the request under way or to come */
    uint64_t failures : 10;    /* in a row */
    uint64_t local_region : 4; /* SESSION_LOCAL: where it lives */
    uint64_t connection : 5;   /* region that it goes to, + 1; 0: none */
    uint64_t answered : 48;    /* the last answer, in ticks: for the idle TTL and the connection */
    uint64_t check : 16;       /* which session of this row: the store knows it by row and check */
    uint64_t written : 60;     /* the last write acknowledged, or the token's issue, + 1; 0: none */
    uint64_t sets_up : 1;      /* the request under way opens its connection first */
    uint64_t spare : 3;
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
    uint32_t watch : 12; /* number of the watch in which it began, modulo WATCHES, or FLIGHT_LATE */
};
_Static_assert(sizeof(struct pending_request) == 32, "of a request under way");
/*
 * Patience is divided into watches. Of each one it is counted how many of the pending_requests that
 * began in it are under way: so that nobody waits for the many that are answered in time, and the
 * few that are late are looked for together.
 */
#define WATCHES 8 /* a patience */
#define FLIGHT_LATE 4095
struct pending_watches {
    sim_dur length_ns;
    sim_time until; /* end of the present one */
    uint32_t number;
    uint32_t pending_requests[WATCHES];
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
    double rate_max_per_s;

    struct users_port port;
    struct app_port *apps[REGIONS_MAX];
    struct edge_port *edge;
    struct objective_port *objective;
    struct store_port *store;
    sim_dur idle_ns; /* after which a connection is closed */
    sim_dur good_latency_ns;
    sim_dur detours_ns[REGIONS_MAX];
    sim_dur early_ns; /* before its end, patience gets an event of its own */
    kind_id arrive_kind, send_kind, land_kind, slow_kind, impatience_kind, surge_kind;

    probe_id started, left, active_level;
    struct {
        probe_id requests, good, abandoned, with_session, logins, logins_failed;
        probe_id reauths[REAUTH_CAUSES], degraded[2], latency, login_latency;
    } at[REGIONS_MAX];
};

/* --- arrivals ---------------------------------------------------------------------------- */

/* The rate now, as a share of its highest. */
static double population_intensity(const struct population *population, sim_time now)
{
    const struct population_config *c = population->config;
    double factor = 1;
    double past = (double)(now - c->flash_at_ns);
    double ramp = (double)c->flash_ramp_ns, hold = (double)c->flash_hold_ns;

    switch (c->arrivals) {
    case ARRIVALS_STEP:
        factor = now >= c->step_at_ns ? c->step_factor : 1;
        break;
    case ARRIVALS_FLASH_CROWD:
        if (past < 0)
            factor = 1;
        else if (past < ramp)
            factor = 1 + (c->flash_factor - 1) * past / ramp;
        else if (past < ramp + hold)
            factor = c->flash_factor;
        else
            factor =
                1 + (c->flash_factor - 1) * exp(-(past - ramp - hold) / (double)c->flash_decay_ns);
        break;
    case ARRIVALS_DAILY: /* a sine about the mean, so that `sessions` stays the average */
        factor = 1 + (c->daily_ratio - 1) / (c->daily_ratio + 1) *
                         cos(TWO_PI * (double)(now - c->daily_peak_ns) / (86400.0 * (double)SIM_S));
        break;
    default:
        break;
    }
    return factor * c->sessions_per_s / population->rate_max_per_s;
}

static double population_rate_max(const struct population_config *c)
{
    double factor = 1;

    if (c->arrivals == ARRIVALS_STEP && c->step_factor > 1)
        factor = c->step_factor;
    else if (c->arrivals == ARRIVALS_FLASH_CROWD)
        factor = c->flash_factor;
    else if (c->arrivals == ARRIVALS_DAILY)
        factor = 2 * c->daily_ratio / (c->daily_ratio + 1);
    return factor * c->sessions_per_s;
}

/* Poisson by thinning (Lewis and Shedler 1979): candidates at the highest rate, kept with the
 * rate's share of it. */
static void population_next_arrival(struct population *population)
{
    struct rng_block block = rng_block_at(&population->arrival, ++population->candidates, 0);
    double wait = -log(rng_unit(block.word[0])) / population->rate_max_per_s;

    if (wait < 1e9)
        sim_after(population->sim, (sim_dur)(wait * (double)SIM_S), population->arrive_kind, 0, 0);
}

/* --- rows ------------------------------------------------------------------------------------ */

/* Room for so many rows in all. */
static void sessions_reserve(struct population *population, size_t count)
{
    if (count <= population->session_capacity)
        return;
    MEM_GROW(population->sessions, population->session_capacity, count);
    sim_kind_rows(population->sim, population->send_kind, population->sessions,
                  sizeof *population->sessions);
    sim_kind_rows(population->sim, population->land_kind, population->sessions,
                  sizeof *population->sessions);
}

static uint32_t session_alloc(struct population *population)
{
    uint32_t index = population->session_free;

    if (index != NO_INDEX) {
        population->session_free = population->sessions[index].rtt_ns;
        return index;
    }
    sessions_reserve(population, population->session_count + 1);
    index = (uint32_t)population->session_count++;
    invariant(index < UINT32_C(1) << REF_INDEX_BITS);
    population->sessions[index].check = 0;
    return index;
}

static uint64_t session_id(const struct session *session)
{
    return (uint64_t)session->is_seeded << 62 | session->id;
}

static uint32_t session_page(const struct session *session)
{
    return (uint32_t)session->progress & ((UINT32_C(1) << PAGE_BITS) - 1);
}

static uint32_t session_remaining(const struct session *session)
{
    return (uint32_t)(session->progress >> PAGE_BITS) & ((UINT32_C(1) << PAGE_BITS) - 1);
}

/* Of requests sent. Page 1 of those that were there at the start was not asked for. */
static uint32_t session_number(const struct session *session)
{
    return session_page(session) + (uint32_t)(session->progress >> 2 * PAGE_BITS) -
           session->is_seeded;
}

static sim_time session_answered_at(const struct session *session)
{
    return (sim_time)((uint64_t)session->answered << ANSWER_TICK_BITS);
}

static void count_active(struct population *population, int change)
{
    population->active += (uint32_t)change;
    probe_level(population->probes, population->active_level, sim_now(population->sim),
                population->active);
}

static uint32_t session_begin(struct population *population, uint64_t id, bool is_seeded)
{
    uint32_t index = session_alloc(population);
    struct session *session = &population->sessions[index];
    const struct population_config *config = population->config;
    struct rng_block block;
    double rtt, pages;

    *session = (struct session){.id = id & ((UINT64_C(1) << 40) - 1),
                                .is_seeded = is_seeded,
                                .check = session->check + 1u,
                                .kind = REQUEST_LOGIN};
    block = rng_block_at(&population->person, session_id(session), 0);
    rtt = dist_sample(config->rtt, block.word[1]);
    session->rtt_ns = rtt < 4e9 ? (uint32_t)rtt : UINT32_C(4000000000);
    pages = dist_sample(config->requests, block.word[0]);
    session->progress = REMAINING_ONE * (pages < 1           ? 1
                                         : pages < PAGES_MAX ? (uint32_t)pages
                                                             : PAGES_MAX);
    count_active(population, 1);
    return index;
}

/* A row whose check is the largest is not used again. */
OUT_OF_LINE static void session_end(struct population *population, uint32_t index)
{
    struct session *session = &population->sessions[index];

    if (session->check == SESSION_CHECK_MAX) {
        population->session_retired++;
    } else {
        session->rtt_ns = population->session_free;
        population->session_free = index;
    }
    count_active(population, -1);
}

/* --- pending_requests ------------------------------------------------------------------------ */

/* The present watch is over; its first pending begins the next one. */
RARE static void watch_begin(struct population *population)
{
    struct pending_watches *watches = &population->watches;
    sim_time now = sim_now(population->sim);
    sim_time start = now - now % watches->length_ns;

    watches->number = (uint32_t)(start / watches->length_ns) % WATCHES;
    watches->until = start + watches->length_ns;
    sim_at(population->sim, start + population->config->patience_ns - population->early_ns,
           population->slow_kind, watches->number, 0);
}

/* A request of the session was sent at `sent`, now or some way ago. */
static uint32_t pending_begin(struct population *population, uint32_t session, sim_time sent)
{
    struct pending_watches *watches = &population->watches;
    uint32_t index = population->pending_free;
    struct pending_request *pending;

    if (index != NO_INDEX) {
        population->pending_free = population->pending_requests[index].session;
    } else {
        MEM_GROW_LINES(population->pending_requests, population->pending_capacity,
                       population->pending_count + 1);
        index = (uint32_t)population->pending_count++;
        population->pending_requests[index].generation = 0;
    }
    if (sim_now(population->sim) >= watches->until)
        watch_begin(population);
    watches->pending_requests[watches->number]++;
    pending = &population->pending_requests[index];
    pending->sent = sent;
    pending->session = session;
    pending->watch = watches->number % WATCHES;
    return index;
}

static bool pending_is_late(const struct pending_request *pending)
{
    return pending->watch == FLIGHT_LATE;
}

static void pending_end(struct population *population, uint32_t index)
{
    struct pending_request *pending = &population->pending_requests[index];

    if (!pending_is_late(pending))
        population->watches.pending_requests[pending->watch]--;
    pending->generation++;
    pending->watch = FLIGHT_LATE; /* nobody waits for a free one */
    pending->session = population->pending_free;
    population->pending_free = index;
}

static bool pending_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct pending_request *pending =
        &((const struct population *)self)->pending_requests[entity];

    return (pending->generation & SIM_GENERATION_MASK) == generation;
}

/* --- sending --------------------------------------------------------------------------------- */

/* Would the session's connection still be open at `when`? */
static bool session_is_connected(const struct population *population, const struct session *session,
                                 sim_time when)
{
    sim_dur lifetime = population->config->connection_lifetime_ns;
    uint32_t age = (uint32_t)(when >> AGE_TICK_BITS) - session->opened;

    return session->connection > 0 && when - session_answered_at(session) < population->idle_ns &&
           age < lifetime >> AGE_TICK_BITS;
}

/* What is random of a request of that number, whatever it asks for. */
static struct rng_block session_aside(const struct population *population,
                                      const struct session *session, uint32_t number)
{
    return rng_block_at(&population->aside, session_id(session), number);
}

/* What a new connection costs. */
static sim_dur session_setup(const struct population *population, const struct session *session)
{
    return (sim_dur)population->config->handshakes * session->rtt_ns;
}

/* The region that the next request lands in; *setup is what a new connection costs. -1: nowhere. */
OUT_OF_LINE static int session_connect(struct population *population, struct session *session,
                                       sim_dur *setup)
{
    sim_time now = sim_now(population->sim);
    int region;

    *setup = 0;
    if (session_is_connected(population, session, now))
        return (int)session->connection - 1;
    region = population->edge
                 ->route(population->edge->self, population->region,
                         session_aside(population, session, session_number(session)).word[0])
                 .region;
    session->connection = (uint32_t)(region + 1) & 31u;
    session->opened = (uint32_t)(now >> AGE_TICK_BITS);
    *setup = session_setup(population, session);
    return region;
}

/* One way between the user and the region. */
static sim_dur session_way(const struct population *population, const struct session *session,
                           int region)
{
    return session->rtt_ns / 2 + population->detours_ns[region];
}

/* Users of two regions have the same ids, and may meet on one link: their draws must differ. */
static uint64_t session_identity(const struct population *population, const struct session *session)
{
    return rng_mix(session_id(session) + ((uint64_t)population->region << 57)) +
           session_number(session);
}

/* Sent at `sent`; where to is not yet known. */
static struct user_request session_ask(struct population *population, uint32_t index, sim_time sent)
{
    struct session *session = &population->sessions[index];
    uint32_t pending_index = pending_begin(population, index, sent);
    struct pending_request *pending = &population->pending_requests[pending_index];
    uint32_t ref = ref_make((uint32_t)population->region, index);
    uint64_t service_word;
    bool writes = false;

    if (session->mode != SESSION_NONE &&
        sent - session_answered_at(session) > population->config->idle_ttl_ns) {
        session->mode = SESSION_NONE; /* expired: an ordinary login */
        session->kind = REQUEST_LOGIN;
    }
    session->progress += REPEAT_ONE; /* the topmost: it may wrap */
    /* Keyed by the page, so that a page asked for again, or after another policy's re-auth, does
     * the same. */
    if (session->kind == REQUEST_PAGE) {
        struct rng_block block =
            rng_block_at(&population->page, session_id(session), session_page(session) + 1u);

        pending->think_word = block.word[0];
        pending->logout_word = block.word[1];
        writes = rng_unit(block.word[2]) < population->config->writes;
        service_word = block.word[3];
    } else {
        service_word = session_aside(population, session, session_number(session) - 1).word[1];
    }
    return (struct user_request){.identity = session_identity(population, session),
                                 .service_word = service_word,
                                 .session = ref,
                                 .session_check = session->check,
                                 .pending = pending_index,
                                 .generation = pending->generation,
                                 .kind = session->kind,
                                 .mode = session->mode,
                                 .writes = writes,
                                 .local_region = session->local_region,
                                 .last_write = (sim_time)session->written - 1};
}

/*
 * Nothing can happen to a request on its way, new connection or not: so nothing is kept of it until
 * it lands. Its patience is counted from the landing on, until it is slow; so a way that is long
 * beside the patience is told to the tier at once.
 */
static void session_send(struct population *population, uint32_t index)
{
    struct session *session = &population->sessions[index];
    sim_time now = sim_now(population->sim);
    struct user_request request;
    sim_dur setup, way = 0;
    int region = session_connect(population, session, &setup);

    if (region >= 0)
        way = session_way(population, session, region);
    if (region >= 0 && setup + way <= population->early_ns) {
        session->sets_up = setup > 0;
        sim_at(population->sim, now + setup + way, population->land_kind, index,
               session_number(session));
        return;
    }
    request = session_ask(population, index, now);
    if (region < 0)
        return; /* no answer will come: patience ends it */
    request.way_back = way;
    population->apps[region]->submit(population->apps[region]->self, &request, setup + way);
}

static void population_on_send(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    (void)sim, (void)generation;
    session_send(self, entity);
}

static HOT_HANDLER void population_on_land(void *self, struct sim *sim, uint32_t entity,
                                           uint32_t generation)
{
    struct population *population = self;
    struct session *session = &population->sessions[entity];
    int region = (int)session->connection - 1;
    sim_dur way = session_way(population, session, region);
    sim_time sent = sim_now(sim) - way;
    struct app_port *app = population->apps[region];
    struct user_request request;

    (void)generation;
    if (session->sets_up) {
        sent -= session_setup(population, session);
        session->sets_up = false;
    }
    request = session_ask(population, entity, sent);
    request.way_back = way;
    app->arrive(app->self, &request);
}

/* The next request is sent at `when`. */
static void session_wait(struct population *population, uint32_t index, sim_time when,
                         enum request_kind kind)
{
    struct session *session = &population->sessions[index];
    uint32_t number = session_number(session);
    sim_dur way;

    session->kind = (uint32_t)kind & 3u;
    if (session_is_connected(population, session, when)) {
        way = session_way(population, session, (int)session->connection - 1);
        /* Its patience is counted from the landing on, until it is slow. */
        if (way <= population->early_ns) {
            sim_at(population->sim, when + way, population->land_kind, index, number);
            return;
        }
    }
    sim_at(population->sim, when, population->send_kind, index, number);
}

RARE static sim_dur session_login_time(const struct population *population,
                                       const struct session *session)
{
    struct rng_block block = rng_block_at(&population->aside, session_id(session),
                                          (UINT64_C(1) << 32) + session_number(session));

    return dist_sample_ns(population->config->login_time, block.word[0]);
}

/* The user is asked to log in again, or to try once more; too often in a row, and the user leaves.
 */
RARE static void session_fail(struct population *population, uint32_t index, sim_time when,
                              enum request_kind kind)
{
    struct session *session = &population->sessions[index];

    session->failures = (session->failures + 1u) & 1023u;
    if (session->failures >= population->config->login_tries) {
        probe_count(population->probes, population->left);
        session_end(population, index);
        return;
    }
    session_wait(population, index, when, kind);
}

static void population_on_impatience(void *self, struct sim *sim, uint32_t entity,
                                     uint32_t generation)
{
    struct population *population = self;
    uint32_t index = population->pending_requests[entity].session;
    struct session *session = &population->sessions[index];
    int region = session->connection > 0 ? (int)session->connection - 1 : population->region;

    (void)generation;
    probe_count(population->probes, population->at[region].requests);
    probe_count(population->probes, population->at[region].abandoned);
    if (session->kind == REQUEST_LOGIN) {
        probe_count(population->probes, population->at[region].logins);
        probe_count(population->probes, population->at[region].logins_failed);
    }
    session->connection = 0;
    pending_end(population, entity);
    session_fail(population, index, sim_now(sim), (enum request_kind)session->kind);
}

/*
 * Nearly all are answered long before. Those of the watch that are not get an event for the end of
 * their patience: on landing they had been under way for different times.
 */
static void population_on_slow(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;
    uint32_t *left = &population->watches.pending_requests[entity];

    (void)generation;
    for (uint32_t index = 0; *left > 0; index++) {
        struct pending_request *pending = &population->pending_requests[index];

        if (pending->watch != entity)
            continue;
        --*left;
        pending->watch = FLIGHT_LATE;
        sim_at(sim, pending->sent + population->config->patience_ns, population->impatience_kind,
               index, pending->generation);
    }
}

static void population_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;
    struct rng_block block = rng_block_at(&population->arrival, population->candidates, 1);
    bool keep = rng_unit(block.word[0]) < population_intensity(population, sim_now(sim));

    (void)entity, (void)generation;
    if (keep) {
        probe_count(population->probes, population->started);
        session_send(population, session_begin(population, population->candidates, false));
    }
    population_next_arrival(population);
}

/* A crowd is at its height: if it harms anybody's writes, it does so from now on. */
static void population_on_surge(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct population *population = self;

    (void)sim, (void)entity, (void)generation;
    population->objective->fault_begin(population->objective->self, "surge");
}

static const struct event_kind population_arrive = {
    .name = "arrive", .phase = PHASE_WORK, .fire = population_on_arrive};
static const struct event_kind population_send = {
    .name = "send", .phase = PHASE_WORK, .fire = population_on_send};
static const struct event_kind population_land = {
    .name = "land", .phase = PHASE_WORK, .fire = population_on_land};
static const struct event_kind population_slow = {
    .name = "slow", .phase = PHASE_WORK, .fire = population_on_slow};
static const struct event_kind population_surge = {
    .name = "surge", .phase = PHASE_FAULT, .fire = population_on_surge};
static const struct event_kind population_impatience = {.name = "impatience",
                                                        .phase = PHASE_WORK,
                                                        .fire = population_on_impatience,
                                                        .live = pending_live};

/* --- answers --------------------------------------------------------------------------------- */

static void count_answer(struct population *population, const struct session *session,
                         const struct user_response *response, sim_dur latency)
{
    struct probes_hot *probes = population->probes;
    int r = response->region;
    bool good = response->kind == RESPONSE_OK || response->kind == RESPONSE_OK_LOCAL ||
                response->kind == RESPONSE_OK_TOKEN;

    probe_count(probes, population->at[r].requests);
    if (good && latency <= population->good_latency_ns)
        probe_count(probes, population->at[r].good);
    probe_latency(probes, population->at[r].latency, latency);
    if (session->kind == REQUEST_LOGIN) {
        probe_count(probes, population->at[r].logins);
        if (response->kind == RESPONSE_LOGIN_FAILED || response->kind == RESPONSE_REJECTED)
            probe_count(probes, population->at[r].logins_failed);
        probe_latency(probes, population->at[r].login_latency, latency);
    }
    if (response->carried)
        probe_count(probes, population->at[r].with_session);
    if (response->kind == RESPONSE_REAUTH)
        probe_count(probes, population->at[r].reauths[response->cause]);
}

static void session_page_done(struct population *population, uint32_t index,
                              const struct pending_request *pending, sim_time arrives)
{
    struct session *session = &population->sessions[index];
    sim_time next = arrives + dist_sample_ns(population->config->think, pending->think_word);

    session->progress += PAGE_ONE - REMAINING_ONE - REPEAT_ONE; /* it is counted as the page's */
    if (session_remaining(session) > 0)
        session_wait(population, index, next, REQUEST_PAGE);
    else if (rng_unit(pending->logout_word) < population->config->logout)
        session_wait(population, index, next, REQUEST_LOGOUT);
    else
        session_end(population, index);
}

static void session_wrote(struct session *session, sim_time now)
{
    session->written = ((uint64_t)now + 1) & ((UINT64_C(1) << 60) - 1);
}

OUT_OF_LINE static void session_logged_in(struct population *population, uint32_t index,
                                          const struct user_response *response)
{
    struct session *session = &population->sessions[index];
    struct rng_block block = rng_block_at(&population->page, session_id(session),
                                          (UINT64_C(1) << 32) + session_page(session));

    session->mode = SESSION_GLOBAL;
    if (response->kind != RESPONSE_OK) {
        bool local = response->kind == RESPONSE_OK_LOCAL;

        session->mode = local ? SESSION_LOCAL : SESSION_TOKEN;
        session->local_region = (uint32_t)response->region & 15u;
        session_wrote(session, sim_now(population->sim));
        probe_count(population->probes, population->at[response->region].degraded[local ? 0 : 1]);
    }
    session_wait(population, index,
                 response->arrives + dist_sample_ns(population->config->after_login, block.word[0]),
                 REQUEST_PAGE);
}

/* What the user does on an answer. */
static void session_answered(struct population *population, uint32_t index,
                             const struct pending_request *pending,
                             const struct user_response *response)
{
    struct session *session = &population->sessions[index];
    enum request_kind kind = (enum request_kind)session->kind;

    switch (response->kind) {
    case RESPONSE_REAUTH:
    case RESPONSE_LOGIN_FAILED:
        session->mode = SESSION_NONE;
        session_fail(population, index, response->arrives + session_login_time(population, session),
                     REQUEST_LOGIN);
        return;
    case RESPONSE_REJECTED:
        session_fail(population, index, response->arrives + session_login_time(population, session),
                     kind);
        return;
    default:
        break;
    }
    if (kind != REQUEST_LOGIN)
        session->failures = 0; /* a login alone may be followed by the next miss */
    if (kind == REQUEST_LOGIN)
        session_logged_in(population, index, response);
    else if (kind == REQUEST_PAGE)
        session_page_done(population, index, pending, response->arrives);
    else
        session_end(population, index);
}

static HOT_HANDLER void population_respond(void *self, const struct user_response *response)
{
    struct population *population = self;
    uint32_t index = ref_index(response->session);
    struct session *session = &population->sessions[index];
    struct pending_request pending = population->pending_requests[response->pending];
    sim_dur latency = response->arrives - pending.sent;

    if (pending.generation != response->generation || latency > population->config->patience_ns)
        return; /* the user has gone, or will have */
    count_answer(population, session, response, latency);
    pending_end(population, response->pending);
    if (pending_is_late(&pending))
        sim_cancelled(population->sim);
    session->answered = (uint64_t)response->arrives >> ANSWER_TICK_BITS & ((UINT64_C(1) << 48) - 1);
    if (response->wrote)
        session_wrote(session, sim_now(population->sim));
    session_answered(population, index, &pending, response);
}

static void population_expect(const void *self, uint32_t session, uint32_t pending)
{
    const struct population *population = self;

    if (!population->pending_requests)
        return; /* a health check's, and nobody lives here */
    mem_prefetch(&population->sessions[ref_index(session)], sizeof(struct session));
    mem_prefetch(&population->pending_requests[pending], sizeof(struct pending_request));
}

/* --- the start ------------------------------------------------------------------------------- */

/*
 * The sessions that a system in its steady state would find under way, each in the middle of a time
 * to think: the law of large populations, M/G/infinity. Which page, and how much of the pause is
 * left, by the length-biased laws.
 */
static void population_start_steady(struct population *population)
{
    const struct population_config *c = population->config;
    double pages = dist_mean(c->requests);
    double expected = population_intensity(population, 0) * population->rate_max_per_s *
                      ((pages - 1) * dist_mean(c->think) + dist_mean(c->after_login)) /
                      (double)SIM_S;
    struct rng_block block = rng_block_at(&population->arrival, 0, 2);
    /* the number itself by a normal's quantile; its spread matters little beside what follows */
    double z = sqrt(-2 * log(rng_unit(block.word[0]))) * cos(TWO_PI * rng_unit(block.word[1]));
    double count = floor(expected + sqrt(expected) * z + 0.5);
    uint32_t room;

    invariant(count < (double)(UINT32_C(1) << REF_INDEX_BITS));
    /* One piece, which is not to move: they spend some time waiting for answers, too. */
    room = count > 0 ? (uint32_t)(count * 1.06) : 0;
    sessions_reserve(population, room);
    population->store->reserve(population->store->self, population->region, room);

    for (uint64_t i = 0; (double)i < count; i++) {
        uint32_t index = session_begin(population, i, true);
        struct session *session = &population->sessions[index];
        double whole, left;

        block = rng_block_at(&population->person, session_id(session), 1);
        whole = dist_sample_length_biased(c->requests, block.word[0]);
        left = floor(rng_unit(block.word[1]) * whole);
        session->progress =
            PAGE_ONE + REMAINING_ONE * (left < PAGES_MAX ? 1 + (uint32_t)left : PAGES_MAX);
        session->mode = SESSION_GLOBAL;
        session->kind = REQUEST_PAGE;
        population->store->seed(population->store->self,
                                ref_make((uint32_t)population->region, index), session->check);
        session_wait(population, index,
                     (sim_time)(dist_sample_length_biased(c->think, block.word[2]) *
                                rng_unit(block.word[3])),
                     REQUEST_PAGE);
    }
}

static void population_start(void *self)
{
    struct population *population = self;

    population->idle_ns = population->edge->idle_timeout(population->edge->self);
    if (population->config->keep_alive_ns < population->idle_ns)
        population->idle_ns = population->config->keep_alive_ns;
    population->good_latency_ns = population->objective->latency(population->objective->self);
    for (uint32_t r = 0; r < population->region_count; r++)
        population->detours_ns[r] =
            population->edge->detour(population->edge->self, population->region, (int)r);
    if (!(population->rate_max_per_s > 0))
        return;
    if (population->config->arrivals == ARRIVALS_FLASH_CROWD &&
        population->config->flash_factor > 1)
        sim_at(population->sim, population->config->flash_at_ns + population->config->flash_ramp_ns,
               population->surge_kind, 0, 0);
    if (population->config->start == START_STEADY)
        population_start_steady(population);
    population_next_arrival(population);
}

/* --- the model ------------------------------------------------------------------------------- */

static void open_region_probes(struct population *population, struct probes *probes, uint32_t r)
{
    int region = (int)r;

    population->at[r].requests = probe_count_open(probes, "requests", region, NULL);
    population->at[r].good = probe_count_open(probes, "good_requests", region, NULL);
    population->at[r].abandoned = probe_count_open(probes, "requests_abandoned", region, NULL);
    population->at[r].with_session =
        probe_count_open(probes, "requests_with_session", region, NULL);
    population->at[r].logins = probe_count_open(probes, "logins", region, NULL);
    population->at[r].logins_failed = probe_count_open(probes, "logins_failed", region, NULL);
    for (int cause = 0; cause < REAUTH_CAUSES; cause++)
        population->at[r].reauths[cause] =
            probe_count_open(probes, "reauths", region, causes[cause]);
    population->at[r].degraded[0] = probe_count_open(probes, "degraded_sessions", region, hows[0]);
    population->at[r].degraded[1] = probe_count_open(probes, "degraded_sessions", region, hows[1]);
    population->at[r].latency = probe_latency_open(probes, "request_latency", region, NULL);
    population->at[r].login_latency = probe_latency_open(probes, "login_latency", region, NULL);
}

static void population_init(void *self, const struct model_env *env)
{
    struct population *population = self;
    struct probes *probes = sim_probe_set(env->sim);

    population->config = env->config;
    population->sim = env->sim;
    population->region = env->region;
    population->region_count = env->topology->region_count;
    population->session_free = NO_INDEX;
    population->pending_free = NO_INDEX;
    population->early_ns = population->config->patience_ns / 4;
    population->watches.length_ns = population->config->patience_ns / WATCHES;
    population->rate_max_per_s = population_rate_max(population->config);
    population->arrival = sim_stream(env->sim, env->instance, "arrival");
    population->person = sim_stream(env->sim, env->instance, "person");
    population->page = sim_stream(env->sim, env->instance, "page");
    population->aside = sim_stream(env->sim, env->instance, "aside");
    population->arrive_kind = sim_kind_add(env->sim, &population_arrive, env->instance, population);
    population->send_kind = sim_kind_add(env->sim, &population_send, env->instance, population);
    population->impatience_kind =
        sim_kind_add(env->sim, &population_impatience, env->instance, population);
    population->land_kind = sim_kind_add(env->sim, &population_land, env->instance, population);
    population->slow_kind = sim_kind_add(env->sim, &population_slow, env->instance, population);
    population->surge_kind = sim_kind_add(env->sim, &population_surge, env->instance, population);
    population->started = probe_count_open(probes, "sessions_started", env->region, NULL);
    population->left = probe_count_open(probes, "sessions_left", env->region, NULL);
    population->active_level = probe_level_open(probes, "sessions_active", env->region, NULL);
    for (uint32_t r = 0; r < population->region_count; r++)
        open_region_probes(population, probes, r);
    population->port = (struct users_port){population, population_respond, population_expect};
    port_offer_users(env->ports, env->region, -1, &population->port);
}

static void population_connect(void *self, const struct port_directory *ports)
{
    struct population *population = self;

    population->probes = sim_probes(population->sim);
    population->edge = port_need_edge(ports, -1, -1);
    population->objective = port_need_objective(ports, -1, -1);
    population->store = port_need_store(ports, -1, -1);
    for (uint32_t r = 0; r < population->region_count; r++)
        population->apps[r] = port_need_app(ports, (int)r, -1);
}

/* Rows that are neither free nor retired are those of the active. */
static void population_finish(void *self)
{
    const struct population *population = self;
    size_t live = population->session_count - population->session_retired;

    for (uint32_t i = population->session_free; i != NO_INDEX; i = population->sessions[i].rtt_ns)
        live--;
    invariant(live == population->active);
}

static void population_fini(void *self)
{
    struct population *population = self;

    free(population->sessions);
    free(population->pending_requests);
}

const struct model_ops population_ops = {
    .name = "population",
    .section = "population",
    .meaning = "the users who live near a region: arrivals, sessions, time to think, patience",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct population_config),
    .state_size = sizeof(struct population),
    FIELD_TABLE(population_fields),
    METRIC_TABLE(population_metrics),
    .init = population_init,
    .connect = population_connect,
    .start = population_start,
    .finish = population_finish,
    .fini = population_fini,
};
