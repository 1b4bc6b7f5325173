// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The model alone, against a stub of the front whose response time and errors a test prescribes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "edge.h"
#include "objective.h"
#include "refs.h"
#include "session.h"
#include "session_store.h"
#include "stream.h"
#include "user.h"
#include "registry.h"

#include <stdlib.h>

/* --- the stub of the front -----------------------------------------------------------------------
 */

#define ROWS_MAX 100000
#define NOTES_MAX 400000

/* A time that a user chose: number 0: arrived at `value`; k: think time `value` after the k-th good
 * page. */
struct note {
    uint64_t user;
    uint32_t number;
    sim_dur value;
};
/* A user as the front identifies it: by row and check. */
struct guest {
    uint64_t user; /* the same in every run */
    uint32_t check, pages;
    sim_time answered; /* the last good page, at the user; -1: superseded since */
};
/* How a front answers, and what it has seen. */
static struct {
    sim_dur latency;
    double reauth, silence; /* shares of requests, by a draw of their own */
    enum reauth_cause cause;
    struct note *notes;
    size_t note_count;
    uint64_t submitted, logins, pages, logouts, writes, reauths, silent, surges;
    sim_time surge_at;
    uint32_t surge_cause;
    uint32_t rows; /* that sessions had */
} front;

struct driver {
    struct sim *sim;
    struct rng_stream stream;
    struct guest *guests;
    struct app_port app;
    struct edge_port edge;
    struct objective_port objective;
    struct session_store_port store;
    struct users_port *users;
};

static void front_note(uint64_t user, uint32_t number, sim_dur value)
{
    if (front.note_count < NOTES_MAX)
        front.notes[front.note_count++] = (struct note){user, number, value};
}

static struct guest *front_guest(struct driver *driver, const struct user_request *request,
                                 sim_time sent)
{
    uint32_t row = ref_index(request->session);
    struct guest *guest = &driver->guests[row];

    assert_true(row < ROWS_MAX);
    front.rows = row + 1 > front.rows ? row + 1 : front.rows;
    if (guest->check != request->session_check) {
        assert_true(request->session_check > guest->check);
        *guest = (struct guest){
            .user = request->identity - 1, .check = request->session_check, .answered = -1};
        front_note(guest->user, 0, sent);
    }
    if (guest->answered >= 0)
        front_note(guest->user, guest->pages, sent - guest->answered);
    guest->answered = -1;
    return guest;
}

static void front_take(struct driver *driver, const struct user_request *request, sim_time sent,
                       sim_dur way_there)
{
    struct guest *guest = front_guest(driver, request, sent);
    struct rng_block draw = rng_block_at(&driver->stream, request->identity, 0);
    struct user_response response = {.session = request->session,
                                     .pending = request->pending,
                                     .generation = request->generation,
                                     .kind = RESPONSE_OK,
                                     .cause = front.cause,
                                     .wrote = request->kind == REQUEST_LOGIN,
                                     .carried = request->kind == REQUEST_PAGE,
                                     .arrives = sim_now(driver->sim) + way_there + front.latency +
                                                request->way_back};

    front.submitted++;
    front.logins += request->kind == REQUEST_LOGIN;
    front.pages += request->kind == REQUEST_PAGE;
    front.logouts += request->kind == REQUEST_LOGOUT;
    front.writes += request->writes;
    if (rng_unit(draw.word[0]) < front.silence) {
        front.silent++;
        return;
    }
    if (request->kind == REQUEST_PAGE && rng_unit(draw.word[1]) < front.reauth) {
        response.kind = RESPONSE_REAUTH;
        front.reauths++;
    } else if (request->kind == REQUEST_PAGE) {
        guest->pages++;
        guest->answered = response.arrives;
    }
    driver->users->respond(driver->users->self, &response);
}

static void driver_submit(void *self, const struct user_request *request, sim_dur way_there)
{
    struct driver *driver = self;

    front_take(driver, request, sim_now(driver->sim), way_there);
}

/* On an open connection both directions have the same delay. */
static void driver_arrive(void *self, const struct user_request *request)
{
    struct driver *driver = self;

    front_take(driver, request, sim_now(driver->sim) - request->way_back, 0);
}

static struct edge_route driver_route(void *self, const struct edge_client *client)
{
    (void)self, (void)client;
    return (struct edge_route){0};
}

static bool driver_idle_resets(const void *self)
{
    (void)self;
    return true;
}

static sim_dur driver_idle_timeout(const void *self)
{
    (void)self;
    return 340 * SIM_S;
}

static sim_dur driver_detour(const void *self, int place, int region)
{
    (void)self, (void)place, (void)region;
    return 0;
}

static sim_dur driver_latency(const void *self)
{
    (void)self;
    return SIM_S;
}

static void driver_seed(void *self, uint32_t session, uint32_t session_check)
{
    struct driver *driver = self;

    driver->guests[ref_index(session)].check = session_check;
    driver->guests[ref_index(session)].answered = -1;
}

static void driver_reserve(void *self, int region, uint32_t count)
{
    (void)self, (void)region, (void)count;
}

static void driver_fault_begin(void *self, const char *kind)
{
    assert_string_equal(kind, "surge");
    front.surges++;
    front.surge_at = sim_now(((struct driver *)self)->sim);
    front.surge_cause = sim_cause(((struct driver *)self)->sim).number;
}

static void driver_init(void *self, const struct model_env *env)
{
    struct driver *driver = self;

    driver->sim = env->sim;
    driver->stream = sim_stream(env->sim, env->instance, "answers");
    driver->guests = calloc(ROWS_MAX, sizeof *driver->guests);
    assert_non_null(driver->guests);
    driver->app = (struct app_port){driver, driver_submit, driver_arrive};
    driver->edge = (struct edge_port){.self = driver,
                                      .route = driver_route,
                                      .idle_timeout = driver_idle_timeout,
                                      .idle_resets = driver_idle_resets,
                                      .detour = driver_detour};
    driver->objective = (struct objective_port){
        .self = driver, .latency = driver_latency, .fault_begin = driver_fault_begin};
    driver->store =
        (struct session_store_port){.self = driver, .reserve = driver_reserve, .seed = driver_seed};
    port_offer_app(env->ports, 0, -1, &driver->app);
    port_offer_edge(env->ports, -1, -1, &driver->edge);
    port_offer_objective(env->ports, -1, -1, &driver->objective);
    port_offer_session_store(env->ports, -1, -1, &driver->store);
}

static void driver_connect(void *self, const struct port_directory *ports)
{
    ((struct driver *)self)->users = port_need_users(ports, 0, -1);
}

static void driver_fini(void *self)
{
    free(((struct driver *)self)->guests);
}

static const struct model_ops driver_ops = {
    .name = "driver",
    .section = "driver",
    .meaning = "a front that answers users",
    .scope = MODEL_ONCE,
    .config_size = 1,
    .state_size = sizeof(struct driver),
    .init = driver_init,
    .connect = driver_connect,
    .fini = driver_fini,
};
static const struct model_ops *const models[] = {&driver_ops, &population_ops};
static const struct registry registry = {models, 2};

static int quick_front(void **state)
{
    (void)state;
    memset(&front, 0, sizeof front);
    front.latency = 10 * SIM_MS;
    front.notes = calloc(NOTES_MAX, sizeof *front.notes);
    return front.notes ? 0 : -1;
}

static int forget_front(void **state)
{
    (void)state;
    free(front.notes);
    return 0;
}

static struct world *run_users(const char *population, struct scenario **scenario)
{
    char text[1000];

    front.note_count = 0;
    front.submitted = front.logins = front.pages = front.logouts = 0;
    front.writes = front.reauths = front.silent = 0;
    front.rows = 0;
    snprintf(text, sizeof text,
             "regions: {a: {}}\nduration: 30min\nwarmup: 0s\nbin: 1s\npopulation: {%s}\n",
             population);
    *scenario = scenario_of(&registry, text);
    return world_of(*scenario, 0, NULL);
}

static int by_user(const void *a, const void *b)
{
    const struct note *x = a, *y = b;

    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* Notes that both runs made, and that differ. */
struct overlap {
    size_t arrivals, thoughts, differing;
};

static struct overlap compare_notes(struct note *a, size_t a_count, struct note *b, size_t b_count)
{
    struct overlap overlap = {0};
    size_t j = 0;

    qsort(a, a_count, sizeof *a, by_user);
    qsort(b, b_count, sizeof *b, by_user);
    for (size_t i = 0; i < a_count; i++) {
        while (j < b_count && by_user(&b[j], &a[i]) < 0)
            j++;
        if (j == b_count || by_user(&b[j], &a[i]) != 0)
            continue;
        overlap.arrivals += a[i].number == 0;
        overlap.thoughts += a[i].number > 0;
        overlap.differing += a[i].value != b[j].value;
    }
    return overlap;
}

/* --- claims -------------------------------------------------------------------------------------
 */

/*
 * The same users with a fast front, and with one that takes 900 ms, answers a tenth with a re-auth
 * and leaves 2 % unanswered: arrivals and think times after each page are equal, to the nanosecond.
 */
static void arrivals_and_thoughts_do_not_depend_on_the_answers(void **state)
{
    struct scenario *scenario;
    struct note *first = front.notes;
    size_t first_count, first_arrivals = 0;
    struct overlap overlap;

    (void)state;
    world_free(run_users("sessions: 5/s, start: empty", &scenario));
    scenario_free(scenario);
    first_count = front.note_count;
    for (size_t i = 0; i < first_count; i++)
        first_arrivals += first[i].number == 0;
    front.notes = calloc(NOTES_MAX, sizeof *front.notes);
    assert_non_null(front.notes);
    front.latency = 900 * SIM_MS;
    front.reauth = 0.1;
    front.silence = 0.02;
    world_free(run_users("sessions: 5/s, start: empty, login_tries: 100", &scenario));
    scenario_free(scenario);
    assert_true(front.reauths > 1000);
    overlap = compare_notes(first, first_count, front.notes, front.note_count);
    free(first);
    assert_true(first_arrivals > 8000);
    assert_int_equal(overlap.arrivals, first_arrivals);
    assert_true(first_count < NOTES_MAX && overlap.thoughts > 50000);
    assert_int_equal(overlap.differing, 0);
}

/* Poisson: the number of arrivals in 30 min at 5/s is 9000 on average, with a variance as large. */
static void arrivals_are_poisson(void **state)
{
    struct tally tally = tally_of(&registry,
                                  "regions: {a: {}}\nduration: 30min\nwarmup: 0s\n"
                                  "population: {sessions: 5/s, start: empty}\n",
                                  40, (struct wanted){"sessions_started", NULL, 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 9000, 0.05);
    /* chi-square of 39 degrees of freedom: between 0.44 and 1.76 of its mean with 99.8 % */
    assert_true(tally_variance(&tally) > 0.44 * 9000 && tally_variance(&tally) < 1.76 * 9000);
}

/*
 * M/G/infinity: active users = rate x mean time of a session. Exactly 10 pages, think times of 7 s,
 * 1 s after the login, a round trip of 20 ms and 10 ms to answer: a login on a new connection of
 * two more round trips, 70 ms; 1 s; nine pages and think times of 7.03 s; the session ends when the
 * last page is answered, which this front does at once. 64.34 s at 5/s: 321.7.
 */
static void users_under_way_are_rate_times_session(void **state)
{
    double session_s = 0.070 + 1 + 9 * 7.030;
    struct tally tally = tally_of(
        &registry,
        "regions: {a: {}}\nduration: 32min\nwarmup: 2min\n"
        "population: {sessions: 5/s, start: empty, requests: 10, think: 7s, after_login: 1s, "
        "logout: 0%, rtt: 20ms}\n",
        20, (struct wanted){"sessions_active", NULL, 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 5 * session_s, 0.05);
}

/*
 * A closed population of 300: exactly 300 are near the region in each second of the run, although
 * one in ten requests is a re-auth, some are never answered, and users leave. The sessions begin at
 * different times, and each of the 300 users returns.
 */
static void a_closed_population_has_its_users_at_all_times(void **state)
{
    static const char *const starts[] = {"empty", "steady"};

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        struct scenario *scenario;
        struct world *world;
        const struct statistics *statistics;
        char text[200];
        size_t seen = 0;

        front.reauth = 0.1;
        front.silence = 0.02;
        front.cause = REAUTH_LOCAL_ONLY;
        front.logins = 0;
        snprintf(text, sizeof text, "users: 300, start: %s, login_tries: 1", starts[s]);
        world = run_users(text, &scenario);
        statistics = world_statistics(world);
        for (size_t i = 0; i < statistics->series_count; i++) {
            const struct statistic_series *series = &statistics->series[i];

            if (strcmp(series->metric->name, "sessions_active") != 0)
                continue;
            for (uint32_t bin = 0; bin < statistics->bin_count; bin++, seen++)
                assert_close(series->values[bin], 300, 0);
        }
        assert_int_equal(seen, 2 * statistics->bin_count); /* the region's and the total */
        assert_true(front.logins > 3000);
        assert_close(statistic_of(world, (struct wanted){"sessions_active", NULL, 0, NULL, NULL}),
                     300, 0);
        assert_true(statistic_of(world, (struct wanted){"sessions_left", NULL, 0, NULL, NULL}) > 0);
        world_free(world);
        scenario_free(scenario);
    }
}

/* The number of active users in second `second`, on average. */
static double users_in_second(const struct statistics *statistics, uint32_t second)
{
    for (size_t i = 0; i < statistics->series_count; i++)
        if (strcmp(statistics->series[i].metric->name, "sessions_active") == 0)
            return statistics->series[i].values[second];
    fail();
    return 0;
}

/*
 * A closed population in stages has, to a nanosecond, the number of users of the line, rounded
 * towards the start of the stage. From 10 to 110 in 100 s: one more at each full second. 110 for
 * 100 s, 20 at once; to 0 in 40 s: one less at each second of two; nobody for 60 s; then 300 within
 * 1 s: 149.5 in its mean. Requests fail, are not answered, or are under way when their users
 * leave. Sessions take longer than the run, so one begins for each user who comes: 100 and 300, and
 * the 10 at the start if they have none yet.
 */
static void a_closed_population_follows_its_stages(void **state)
{
    static const char *const starts[] = {"empty", "steady"};

    (void)state;
    front.latency = 800 * SIM_MS;
    front.reauth = 0.1;
    front.silence = 0.02;
    front.cause = REAUTH_LOCAL_ONLY;
    for (size_t s = 0; s < 2; s++) {
        struct scenario *scenario;
        struct world *world;
        char text[400];
        double started;

        snprintf(text, sizeof text,
                 "users: 10, start: %s, requests: 100000, login_tries: 1000, user_stages: [{for: "
                 "100s, to: 110}, {for: 100s, to: 110}, {for: 0s, to: 20}, {for: 40s, to: 0}, "
                 "{for: 60s, to: 0}, {for: 1s, to: 300}]",
                 starts[s]);
        world = run_users(text, &scenario);
        for (uint32_t second = 0; second < 1800; second++) {
            double wanted = second < 100   ? 10 + second
                            : second < 200 ? 110
                            : second < 240 ? 20 - (second - 200) / 2
                            : second < 300 ? 0
                            : second < 301 ? 149.5
                                           : 300;

            assert_close(users_in_second(world_statistics(world), second), wanted, 1e-7);
        }
        started = statistic_of(world, (struct wanted){"sessions_started", NULL, 0, NULL, NULL});
        assert_close(started, s == 0 ? 410 : 400, 0);
        assert_true(front.rows >= 300 && front.rows < 420);
        assert_true(front.logins > 400 && front.silent > 100);
        world_free(world);
        scenario_free(scenario);
    }
}

/*
 * Stages of users that repeat: 0 to 3 and back within 6 s, so 0, 1, 2, 3, 2, 1 and again; and a
 * jump back to `users` where the last stage ends elsewhere.
 */
static void stages_of_users_repeat(void **state)
{
    static const struct {
        const char *text;
        double wanted[6];
    } cases[] = {
        {"user_stages: [{for: 3s, to: 3}, {for: 3s, to: 0}]", {0, 1, 2, 3, 2, 1}},
        {"users: 1, user_stages: [{for: 2s, to: 5}, {for: 1s, to: 5}]", {1.5, 3.5, 5, 1.5, 3.5, 5}},
    };

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct scenario *scenario;
        struct world *world;
        char text[200];

        snprintf(text, sizeof text, "repeat_arrivals: true, %s", cases[c].text);
        world = run_users(text, &scenario);
        for (uint32_t second = 0; second < 1800; second++)
            assert_close(users_in_second(world_statistics(world), second),
                         cases[c].wanted[second % 6], 1e-7);
        world_free(world);
        scenario_free(scenario);
    }
}

/*
 * A closed loop: a user's round takes a session and the pause after it, so `users` / their sum
 * begin per second. 400 users, 10 pages of 7 s, 1 s after the login, 27 s away, logout never; a
 * user 20 ms away and answers in 10 ms: login 70 ms (3 s between pages lets all but the login go
 * without handshakes), 9 pages of 7.03 s, the last page at once. 64.34 + 27 s: 4.3792/s, 7882.6 in
 * 30 min.
 */
static void a_closed_population_begins_sessions_as_rounds_end(void **state)
{
    double round_s = 0.070 + 1 + 9 * 7.030 + 0.030 + 27;
    struct tally tally =
        tally_of(&registry,
                 "regions: {a: {}}\nduration: 32min\nwarmup: 2min\n"
                 "population: {users: 400, requests: 10, think: 7s, after_login: 1s, "
                 "return_after: 27s, logout: 0%, rtt: 20ms}\n",
                 20, (struct wanted){"sessions_started", NULL, 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 400 / round_s * 1800, 0.02);
}

/*
 * Little's law: `concurrent` users are active on average if answers take no time. Geometric
 * pages, think times truncated at 70 s, a logout by one in five. The number at one instant is
 * Poisson (M/G/infinity): over 1000 runs the mean within 2.576 standard errors of 40, the variance
 * as chi-square of 999 degrees of freedom allows (99 %: 0.885 to 1.115).
 */
static void concurrent_users_are_under_way_on_average(void **state)
{
    static const char *const starts[] = {"empty", "steady"};

    (void)state;
    front.latency = 0;
    for (size_t s = 0; s < 2; s++) {
        char text[300];
        struct tally tally;

        snprintf(text, sizeof text,
                 "regions: {a: {}}\nduration: %s\nwarmup: %s\n"
                 "population: {concurrent: 40, rtt: 0ms, start: %s}\n",
                 s == 0 ? "601s" : "301s", s == 0 ? "600s" : "300s", starts[s]);
        tally = tally_of(&registry, text, 1000,
                         (struct wanted){"sessions_active", NULL, 0, NULL, NULL});
        print_message("%s: %.3f users, variance %.2f\n", starts[s], tally.mean,
                      tally_variance(&tally));
        assert_true(fabs(tally.mean - 40) < 2.576 * sqrt(40.0 / 1000));
        assert_true(tally_variance(&tally) > 0.885 * 40 && tally_variance(&tally) < 1.115 * 40);
    }
}

/*
 * A login on a new connection, of a user 20 ms away, at a front that answers in 10 ms: two round
 * trips of handshakes, the request, the answer, the response: 70 ms. With a patience of 100 ms the
 * request's delay, 50 ms, is more than a quarter of it, and the tier is notified when the request
 * is sent; otherwise when it arrives.
 */
static void a_new_connection_costs_its_handshakes(void **state)
{
    static const char *const patiences[] = {"30s", "100ms"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[200];
        struct scenario *scenario;
        struct world *world;

        snprintf(text, sizeof text,
                 "regions: {a: {}}\nduration: 60s\nwarmup: 0s\n"
                 "population: {sessions: 5/s, start: empty, rtt: 20ms, patience: %s}\n",
                 patiences[i]);
        scenario = scenario_of(&registry, text);
        world = world_of(scenario, 0, NULL);
        assert_true(front.logins > 200);
        assert_true(
            fabs(statistic_of(world, (struct wanted){"login_latency", "mean", 0, NULL, NULL}) -
                 70e6) < 0.5);
        assert_true(
            fabs(statistic_of(world, (struct wanted){"login_latency", "max", 0, NULL, NULL}) -
                 70e6) < 0.5);
        world_free(world);
        scenario_free(scenario);
        front.logins = 0;
        front.note_count = 0;
    }
}

/*
 * A steady start: the first minute has as many pages as any other. 5/s x 12 pages = 60/s; the
 * initial sessions have the phases of the length-biased distributions.
 */
static void steady_start_has_no_transient(void **state)
{
    struct tally early = {0};
    struct scenario *scenario =
        scenario_of(&registry, "regions: {a: {}}\nduration: 60s\nwarmup: 0s\n"
                               "population: {sessions: 5/s, start: steady, logout: 0%}\n");

    (void)state;
    for (uint32_t i = 0; i < 60; i++) {
        uint64_t before = front.pages;

        world_free(world_of(scenario, i, NULL));
        tally_add(&early, (double)(front.pages - before) / 60);
        front.note_count = 0;
    }
    scenario_free(scenario);
    assert_covers(&early, 60, 0.05);
}

/* Every request ends: answered, abandoned, or pending at the end; and each re-auth of the front is
 * counted with its cause. */
static void requests_and_reauths_are_conserved(void **state)
{
    struct scenario *scenario;
    struct world *world;
    double requests, abandoned, reauths, caused, active;

    (void)state;
    front.reauth = 0.1;
    front.silence = 0.02;
    front.cause = REAUTH_LOCAL_ONLY;
    world = run_users("sessions: 5/s, start: empty", &scenario);
    requests = statistic_of(world, (struct wanted){"requests", NULL, -1, NULL, NULL});
    abandoned = statistic_of(world, (struct wanted){"requests_abandoned", NULL, -1, NULL, NULL});
    reauths = statistic_of(world, (struct wanted){"reauths", NULL, -1, NULL, NULL});
    caused = statistic_of(world, (struct wanted){"reauths", NULL, -1, "local-only", NULL});
    active = statistic_of(world, (struct wanted){"sessions_active", NULL, -1, NULL, NULL});
    /* unanswered ones are abandoned 30 s later, except those of the last 30 s */
    assert_true(abandoned <= (double)front.silent);
    assert_true(abandoned >= (double)front.silent - active);
    assert_int_equal((uint64_t)requests, front.submitted - front.silent + (uint64_t)abandoned);
    assert_int_equal((uint64_t)reauths, front.reauths);
    assert_int_equal((uint64_t)caused, front.reauths);
    world_free(world);
    scenario_free(scenario);
}

/* A flash crowd that rises from 30 s for 20 s is an outage's onset at 50 s, if reported. */
static void crowd_is_reported_at_its_peak(void **state)
{
    static const struct {
        const char *arrivals;
        uint64_t surges;
    } cases[] = {
        {"arrivals: {flash-crowd: {at: 30s, ramp: 20s, hold: 10s, decay: 10s, factor: 3}}", 1},
        {"arrivals: {flash-crowd: {at: 30s, ramp: 20s, hold: 10s, decay: 10s, factor: 1}}", 0},
        {"arrivals: {step: {at: 30s, factor: 3}}", 0},
        {"arrivals: {stages: [{for: 30s, to: 5/s}, {for: 20s, to: 15/s}, {for: 9s, to: 1/s}]}", 1},
        {"arrivals: {stages: [{for: 30s, to: 1/s}, {for: 20s, to: 5/s}]}", 0},
        {"arrivals: {rates: {values: [2/s, 1/s, 4/s, 3/s], bin: 25s}}", 1},
        {"user_stages: [{for: 50s, to: 9}, {for: 9s, to: 1}, {for: 9s, to: 9}]", 1},
        {"users: 9, user_stages: [{for: 50s, to: 1}, {for: 9s, to: 9}]", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *scenario;
        char text[300];

        front.surges = 0;
        snprintf(text, sizeof text, "start: empty, %s%s",
                 strncmp(cases[i].arrivals, "arr", 3) == 0 ? "sessions: 5/s, " : "",
                 cases[i].arrivals);
        struct world *world = run_users(text, &scenario);
        const struct run_log *log = world_log(world);
        assert_int_equal(front.surges, cases[i].surges);
        assert_int_equal(log->event_count, cases[i].surges);
        if (front.surges > 0) {
            assert_int_equal(front.surge_at, 50 * SIM_S);
            assert_int_equal(front.surge_cause, log->events[0].number);
            assert_string_equal(log->events[0].what, "load");
        }
        world_free(world);
        scenario_free(scenario);
    }
}

/* 5 % of pages write the session, 20 % of sessions log out. */
static void shares_of_writes_and_logouts_are_as_set(void **state)
{
    struct scenario *scenario;
    struct world *world = run_users("sessions: 20/s, start: empty", &scenario);

    (void)state;
    assert_true(front.pages > 300000);
    assert_true(fabs((double)front.writes / (double)front.pages - 0.05) < 0.002);
    assert_true(fabs((double)front.logouts / (double)front.logins - 0.2) < 0.02);
    world_free(world);
    scenario_free(scenario);
}

/*
 * Users that leave at once use one row, one after another. A row serves SESSION_CHECK_MAX of
 * them: 180 000 (30 min at 100/s, sd 424) need three. front_guest() asserts that no check is
 * repeated.
 */
static void a_row_is_given_up_before_a_check_comes_again(void **state)
{
    struct scenario *scenario;
    struct world *world;

    (void)state;
    front.latency = 0;
    world = run_users("sessions: 100/s, start: empty, requests: 1, rtt: 0ms, after_login: 0ms, "
                      "think: 0ms, logout: 0%",
                      &scenario);
    assert_int_equal(front.rows, 3);
    assert_true(front.logins > 2 * SESSION_CHECK_MAX);
    world_free(world);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arrivals_and_thoughts_do_not_depend_on_the_answers,
                                        quick_front, forget_front),
        cmocka_unit_test_setup_teardown(arrivals_are_poisson, quick_front, forget_front),
        cmocka_unit_test_setup_teardown(users_under_way_are_rate_times_session, quick_front,
                                        forget_front),
        cmocka_unit_test_setup_teardown(a_closed_population_has_its_users_at_all_times, quick_front,
                                        forget_front),
        cmocka_unit_test_setup_teardown(a_closed_population_begins_sessions_as_rounds_end,
                                        quick_front, forget_front),
        cmocka_unit_test_setup_teardown(a_closed_population_follows_its_stages, quick_front,
                                        forget_front),
        cmocka_unit_test_setup_teardown(stages_of_users_repeat, quick_front, forget_front),
        cmocka_unit_test_setup_teardown(concurrent_users_are_under_way_on_average, quick_front,
                                        forget_front),
        cmocka_unit_test_setup_teardown(a_new_connection_costs_its_handshakes, quick_front,
                                        forget_front),
        cmocka_unit_test_setup_teardown(steady_start_has_no_transient, quick_front, forget_front),
        cmocka_unit_test_setup_teardown(requests_and_reauths_are_conserved, quick_front,
                                        forget_front),
        cmocka_unit_test_setup_teardown(crowd_is_reported_at_its_peak, quick_front, forget_front),
        cmocka_unit_test_setup_teardown(shares_of_writes_and_logouts_are_as_set, quick_front,
                                        forget_front),
        cmocka_unit_test_setup_teardown(a_row_is_given_up_before_a_check_comes_again, quick_front,
                                        forget_front),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
