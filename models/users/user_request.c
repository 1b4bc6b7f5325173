// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A user's requests: sending, patience, responses and what the user does next.
 *
 * A request under way has a row of its own (struct pending_request); there are few of them.
 *
 * On a connection that is still open when the think time ends nothing can happen between the user's
 * click and the request's arrival at the region: the arrival is scheduled at once (event
 * `request_arrive`), and the click needs no event. On a new connection the click is an event
 * (`send`), since it asks the edge for a route; the arrival follows once the connection is open.
 */
#include "population_internal.h"

#include <stdlib.h>

/* --- pending requests ------------------------------------------------------------------------ */

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
    return pending->watch == PENDING_LATE;
}

static void pending_end(struct population *population, uint32_t index)
{
    struct pending_request *pending = &population->pending_requests[index];

    if (!pending_is_late(pending))
        population->watches.pending_requests[pending->watch]--;
    pending->generation++;
    pending->watch = PENDING_LATE; /* nobody waits for a free one */
    pending->session = population->pending_free;
    population->pending_free = index;
}

static bool pending_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct pending_request *pending =
        &((const struct population *)self)->pending_requests[entity];

    return (pending->generation & SIM_GENERATION_MASK) == generation;
}

/* The user is gone; what it waited for is ignored. */
RARE static void pending_unread(struct population *population, uint32_t index)
{
    uint32_t session = population->pending_requests[index].session;
    bool was_late = pending_is_late(&population->pending_requests[index]);

    pending_end(population, index);
    if (was_late)
        sim_cancelled(population->sim);
    session_drop(population, session);
}

/* --- sending --------------------------------------------------------------------------------- */

static sim_time session_answered_at(const struct session *session)
{
    return (sim_time)((uint64_t)session->answered << ANSWER_TICK_BITS);
}

/* Would the session's connection still be open at `when`? Requests without an answer are traffic
 * too. */
static inline bool session_is_connected(const struct population *population,
                                        const struct session *session, sim_time when)
{
    sim_dur lifetime = population->config->connection_lifetime_ns;
    uint32_t age = (uint32_t)(when >> AGE_TICK_BITS) - session->opened;

    return session->connection > 0 &&
           (when - session_answered_at(session) < population->idle_ns ||
            (population->pins && session->failures > 0)) &&
           age < lifetime >> AGE_TICK_BITS;
}

/* Has the edge dropped a connection that the user still considers open? */
static bool session_was_dropped(const struct population *population, const struct session *session,
                                sim_time when)
{
    sim_dur lifetime = population->config->connection_lifetime_ns;
    uint32_t age = (uint32_t)(when >> AGE_TICK_BITS) - session->opened;

    return population->edge_drops && session->connection > 0 &&
           when - session_answered_at(session) < population->config->keep_alive_ns &&
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

/* One way between the user and the region. */
static sim_dur session_way(const struct population *population, const struct session *session,
                           int region)
{
    return session->rtt_ns / 2 + population->detours_ns[region];
}

/* Who opens a connection: the device of a closed population's user outlives its sessions. */
static struct edge_client session_client(const struct population *population, uint32_t index)
{
    const struct session *session = &population->sessions[index];
    uint32_t users = population->users_most;
    uint64_t user = users > 0 ? session->id % users : session_id(session);

    return (struct edge_client){
        .place = population->region,
        .device = users > 0 ? (uint32_t)user : index,
        .check = users > 0 ? 0 : session->check,
        .user = user,
        .word = session_aside(population, session, session_number(session)).word[0]};
}

/* Ask the edge for a new connection, which takes *setup in addition to what *setup is. */
static int session_route(struct population *population, uint32_t index, sim_dur *setup)
{
    const struct edge_client client = session_client(population, index);
    struct edge_route route = population->edge->route(population->edge->self, &client);
    struct session *session = &population->sessions[index];

    session->connection = (uint32_t)(route.region + 1) & 31u;
    session->endpoint = route.endpoint & (ENDPOINTS_MAX - 1);
    session->lost = false;
    session->opened = (uint32_t)(sim_now(population->sim) >> AGE_TICK_BITS);
    *setup += session_setup(population, session);
    return route.region;
}

/* The connection has gone; returns the region that it went to. */
static int session_disconnect(struct population *population, struct session *session)
{
    int region = (int)session->connection - 1;

    probe_count(population->probes, population->at[region].reset);
    session->connection = 0;
    return region;
}

/* The region that the next request goes to, -1: none; *setup is the time until it can be sent. */
OUT_OF_LINE static int session_connect(struct population *population, uint32_t index,
                                       sim_dur *setup)
{
    struct session *session = &population->sessions[index];
    sim_time now = sim_now(population->sim);

    *setup = 0;
    if (session_is_connected(population, session, now)) {
        if (!session->lost)
            return (int)session->connection - 1;
        *setup = 2 * session_way(population, session, session_disconnect(population, session));
    } else if (session_was_dropped(population, session, now)) {
        session_disconnect(population, session);
        if (!population->edge_resets)
            return -1; /* sent into a connection of which nobody knows */
        *setup = session->rtt_ns;
    }
    return session_route(population, index, setup);
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
        writes = rng_unit(block.word[2]) < population->config->write_share;
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
                                 .endpoint = session->endpoint,
                                 .last_write = (sim_time)session->written - 1};
}

/*
 * Nothing can happen to a request on its way, on a new connection or not, so it has no row until it
 * arrives. Patience is watched from the arrival on; a way that takes more than a quarter of the
 * patience is handed to the tier at once instead.
 */
void session_send(struct population *population, uint32_t index)
{
    struct session *session = &population->sessions[index];
    sim_time now = sim_now(population->sim);
    struct user_request request;
    sim_dur setup, way = 0;
    int region = session_connect(population, index, &setup);

    if (region >= 0)
        way = session_way(population, session, region);
    if (region >= 0 && setup + way <= population->early_ns) {
        session->sets_up = setup > 0;
        sim_at(population->sim, now + setup + way, population->request_arrive_kind, index,
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
    if (((struct population *)self)->sessions[entity].is_gone)
        session_drop(self, entity);
    else
        session_send(self, entity);
}

/* A request has come to a region that has lost its connection: the user sends it again on a new one
 * when the reset has come back. */
RARE static void session_find_reset(struct population *population, uint32_t index)
{
    struct session *session = &population->sessions[index];
    sim_dur way = session_way(population, session, session_disconnect(population, session));

    session->lost = session->sets_up = false;
    sim_at(population->sim, sim_now(population->sim) + way, population->send_kind, index,
           session_number(session));
}

static HOT_HANDLER void population_on_request_arrive(void *self, struct sim *sim, uint32_t entity,
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
    if (session->is_gone || session->lost) {
        if (session->is_gone)
            session_drop(population, entity);
        else
            session_find_reset(population, entity);
        return;
    }
    if (session->sets_up) {
        sent -= session_setup(population, session);
        session->sets_up = false;
    }
    request = session_ask(population, entity, sent);
    request.way_back = way;
    app->arrive(app->self, &request);
}

/* The next request is sent at `when`. */
void session_wait(struct population *population, uint32_t index, sim_time when,
                  enum request_kind kind)
{
    struct session *session = &population->sessions[index];
    uint32_t number = session_number(session);
    sim_dur way;

    session->kind = (uint32_t)kind & 3u;
    if (session_is_connected(population, session, when)) {
        way = session_way(population, session, (int)session->connection - 1);
        /* Patience is watched from the arrival on. */
        if (way <= population->early_ns) {
            sim_at(population->sim, when + way, population->request_arrive_kind, index, number);
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
        session_end(population, index, sim_now(population->sim));
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
    sim_time sent = population->pending_requests[entity].sent;

    (void)generation;
    if (session->is_gone) {
        pending_end(population, entity);
        session_drop(population, index);
        return;
    }
    probe_count(population->probes, population->at[region].requests);
    probe_count(population->probes, population->at[region].abandoned);
    operation_tally_add(&population->at[region].good_requests, sent, false);
    if (session->kind == REQUEST_LOGIN) {
        operation_tally_add(&population->at[region].good_logins, sent, false);
        probe_count(population->probes, population->at[region].logins);
        probe_count(population->probes, population->at[region].logins_failed);
    }
    if (population->pins && session->connection > 0)
        probe_count(population->probes, population->at[region].pinned);
    else
        session->connection = 0;
    pending_end(population, entity);
    session_fail(population, index, sim_now(sim), (enum request_kind)session->kind);
}

/*
 * Nearly all are answered long before. Those of the watch that are not get an event for the end of
 * their patience: their ways to the region took different times.
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
        pending->watch = PENDING_LATE;
        sim_at(sim, pending->sent + population->config->patience_ns, population->impatience_kind,
               index, pending->generation);
    }
}
const struct event_kind population_send = {
    .name = "send", .phase = PHASE_WORK, .fire = population_on_send};
const struct event_kind population_request_arrive = {
    .name = "request_arrive", .phase = PHASE_WORK, .fire = population_on_request_arrive};
const struct event_kind population_slow = {
    .name = "slow", .phase = PHASE_WORK, .fire = population_on_slow};
const struct event_kind population_impatience = {.name = "impatience",
                                                 .phase = PHASE_WORK,
                                                 .fire = population_on_impatience,
                                                 .live = pending_live};

/* --- answers --------------------------------------------------------------------------------- */

static void count_answer(struct population *population, const struct session *session,
                         const struct user_response *response, sim_time sent)
{
    struct probes_hot *probes = population->probes;
    int r = response->region;
    sim_dur latency = response->arrives - sent;
    bool failed = response->kind != RESPONSE_OK && response->kind != RESPONSE_OK_LOCAL &&
                  response->kind != RESPONSE_OK_TOKEN;
    bool good = !failed && latency <= population->good_latency_ns;

    probe_count(probes, population->at[r].requests);
    if (good)
        probe_count(probes, population->at[r].good);
    operation_tally_add(&population->at[r].good_requests, sent, good);
    probe_latency(probes, population->at[r].latency[failed], latency);
    if (session->kind == REQUEST_LOGIN) {
        operation_tally_add(&population->at[r].good_logins, sent, good);
        probe_count(probes, population->at[r].logins);
        if (response->kind == RESPONSE_LOGIN_FAILED || response->kind == RESPONSE_REJECTED)
            probe_count(probes, population->at[r].logins_failed);
        probe_latency(probes, population->at[r].login_latency[failed], latency);
    }
    if (response->carried)
        probe_count(probes, population->at[r].with_session);
    if (response->kind == RESPONSE_REAUTH)
        probe_count(probes, population->at[r].reauths[population->label_of[response->cause]]);
}

static void session_page_done(struct population *population, uint32_t index,
                              const struct pending_request *pending, sim_time arrives)
{
    struct session *session = &population->sessions[index];
    sim_time next = arrives + dist_sample_ns(population->config->think, pending->think_word);

    session->progress += PAGE_ONE - REMAINING_ONE - REPEAT_ONE; /* it is counted as the page's */
    if (session_remaining(session) > 0)
        session_wait(population, index, next, REQUEST_PAGE);
    else if (rng_unit(pending->logout_word) < population->config->logout_share)
        session_wait(population, index, next, REQUEST_LOGOUT);
    else
        session_end(population, index, arrives);
}

static void session_wrote(struct session *session, sim_time now)
{
    session->written = ((uint64_t)now + 1) & WRITTEN_MAX;
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
        session_end(population, index, response->arrives);
}

/* All rows are looked at: a free one takes its connection from its next session. */
void population_lose_connections(void *self, int region, uint32_t endpoint)
{
    struct population *population = self;

    for (size_t i = 0; i < population->session_count; i++) {
        struct session *session = &population->sessions[i];

        if ((int)session->connection == region + 1 &&
            (endpoint == ALL_ENDPOINTS || session->endpoint == endpoint))
            session->lost = true;
    }
}

/* Requests that are under way when the run ends. The free rows are those of the free list. */
void population_report_open(void *self)
{
    const struct population *population = self;
    const struct objective_port *objective = population->objective;
    bool *is_free = mem_zalloc(population->pending_count + 1, sizeof *is_free);

    for (uint32_t i = population->pending_free; i != NO_INDEX;
         i = population->pending_requests[i].session)
        is_free[i] = true;
    for (size_t i = 0; i < population->pending_count; i++) {
        const struct pending_request *pending = &population->pending_requests[i];
        const struct session *session;
        int region;

        if (is_free[i])
            continue;
        session = &population->sessions[pending->session];
        region = session->connection > 0 ? (int)session->connection - 1 : population->region;
        if (objective_counts(objective, OPERATION_REQUEST))
            objective->operation_open(objective->self, OPERATION_REQUEST, region, pending->sent);
        if (objective_counts(objective, OPERATION_LOGIN) && session->kind == REQUEST_LOGIN)
            objective->operation_open(objective->self, OPERATION_LOGIN, region, pending->sent);
    }
    free(is_free);
}

bool population_waits(const void *self, uint32_t pending, uint32_t generation)
{
    const struct population *population = self;
    const struct pending_request *row = &population->pending_requests[pending];

    return row->generation == generation && !population->sessions[row->session].is_gone &&
           sim_now(population->sim) - row->sent <= population->config->patience_ns;
}

HOT_HANDLER void population_respond(void *self, const struct user_response *response)
{
    struct population *population = self;
    uint32_t index = ref_index(response->session);
    struct session *session = &population->sessions[index];
    struct pending_request pending = population->pending_requests[response->pending];
    sim_dur latency = response->arrives - pending.sent;

    if (pending.generation != response->generation || latency > population->config->patience_ns)
        return; /* the user has gone, or will have */
    if (session->is_gone) {
        pending_unread(population, response->pending);
        return;
    }
    count_answer(population, session, response, pending.sent);
    pending_end(population, response->pending);
    if (pending_is_late(&pending))
        sim_cancelled(population->sim);
    session->answered = (uint64_t)response->arrives >> ANSWER_TICK_BITS & ((UINT64_C(1) << 48) - 1);
    if (response->wrote)
        session_wrote(session, sim_now(population->sim));
    session_answered(population, index, &pending, response);
}

void population_prefetch(const void *self, uint32_t session, uint32_t pending)
{
    const struct population *population = self;

    if (!population->pending_requests)
        return; /* a health check's, and nobody lives here */
    mem_prefetch(&population->sessions[ref_index(session)], sizeof(struct session));
    mem_prefetch(&population->pending_requests[pending], sizeof(struct pending_request));
}
