// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Shapes of the arrivals, and users that leave. A stub answers each request by a rule of the
 * test; a user's first request, a login, shows its arrival.
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
#include "session.h"
#include "session_store.h"
#include "user.h"
#include "registry.h"

#include <gsl/gsl_cdf.h>

/* --- the front ------------------------------------------------------------------------------- */

#define WINDOWS_MAX 64
#define SENT_MAX 10000
#define NO_ANSWER (-1)

static struct {
    int (*answer)(uint32_t nth, enum request_kind kind); /* to the user's nth request, from 0 */
    sim_dur window_ns;
    uint64_t arrivals[WINDOWS_MAX];
    /* of the first session's row */
    uint32_t sent;
    sim_time sent_at[SENT_MAX];
    enum request_kind kinds[SENT_MAX];
} front;

struct front_model {
    struct sim *sim;
    struct app_port app;
    struct edge_port edge;
    struct objective_port objective;
    struct session_store_port store;
    struct users_port *users;
};

/* Requests of one user only, where the test wants them one by one. */
static uint32_t front_note(const struct front_model *model, enum request_kind kind)
{
    uint32_t nth = front.sent++;

    assert_true(nth < SENT_MAX);
    front.sent_at[nth] = sim_now(model->sim);
    front.kinds[nth] = kind;
    return nth;
}

/* All delays are zero, so the answer arrives at once. */
static void front_submit(void *self, const struct user_request *request, sim_dur way_there)
{
    struct front_model *model = self;
    struct user_response response = {.session = request->session,
                                     .pending = request->pending,
                                     .generation = request->generation,
                                     .arrives = sim_now(model->sim)};
    int kind;

    assert_int_equal(way_there, 0);
    if (!front.answer) {
        size_t window = (size_t)(sim_now(model->sim) / front.window_ns);

        front.arrivals[window < WINDOWS_MAX ? window : WINDOWS_MAX - 1]++;
        kind = RESPONSE_LOGIN_FAILED;
    } else {
        kind = front.answer(front_note(model, request->kind), request->kind);
    }
    if (kind == NO_ANSWER)
        return;
    response.kind = (enum response_kind)kind;
    model->users->respond(model->users->self, &response);
}

static void front_arrive(void *self, const struct user_request *request)
{
    front_submit(self, request, 0);
}

static struct edge_route front_route(void *self, const struct edge_client *client)
{
    (void)self, (void)client;
    return (struct edge_route){0};
}

static bool front_idle_resets(const void *self)
{
    (void)self;
    return true;
}

static sim_dur front_idle_timeout(const void *self)
{
    (void)self;
    return 340 * SIM_S;
}

static sim_dur front_detour(const void *self, int place, int region)
{
    (void)self, (void)place, (void)region;
    return 0;
}

/* A flash crowd reports its peak: tested by population_test.c. */
static void front_fault_begin(void *self, const char *kind)
{
    (void)self;
    assert_string_equal(kind, "surge");
}

static sim_dur front_latency(const void *self)
{
    (void)self;
    return SIM_S;
}

static void front_init(void *self, const struct model_env *env)
{
    struct front_model *model = self;

    model->sim = env->sim;
    model->app = (struct app_port){model, front_submit, front_arrive};
    model->edge = (struct edge_port){.self = model,
                                     .route = front_route,
                                     .idle_timeout = front_idle_timeout,
                                     .idle_resets = front_idle_resets,
                                     .detour = front_detour};
    model->objective = (struct objective_port){
        .self = model, .latency = front_latency, .fault_begin = front_fault_begin};
    model->store = (struct session_store_port){.self = model};
    port_offer_app(env->ports, 0, -1, &model->app);
    port_offer_edge(env->ports, -1, -1, &model->edge);
    port_offer_objective(env->ports, -1, -1, &model->objective);
    port_offer_session_store(env->ports, -1, -1, &model->store);
}

static void front_connect(void *self, const struct port_directory *ports)
{
    ((struct front_model *)self)->users = port_need_users(ports, 0, -1);
}

static const struct model_ops front_ops = {
    .name = "front",
    .section = "front",
    .meaning = "answers users by a rule",
    .scope = MODEL_ONCE,
    .config_size = 1,
    .state_size = sizeof(struct front_model),
    .init = front_init,
    .connect = front_connect,
};
static const struct model_ops *const models[] = {&front_ops, &population_ops};
static const struct registry registry = {models, 2};

/* --- shapes of the arrivals ------------------------------------------------------------------ */

/*
 * An inhomogeneous Poisson process: the numbers in disjoint windows are independent, each Poisson
 * of mean L(end) - L(begin), L being the integral of the rate. Over 20 replications the sum over
 * windows of (found - mean)^2 / mean is chi-square with as many degrees of freedom as windows; it
 * must lie between the 0.5 % and the 99.5 % point, and the total within 2.576 standard deviations.
 * No border of a window is at a corner of a shape. Each user is refused and leaves: one request
 * each.
 */
#define REPLICATIONS 20

static void arrivals_follow(const char *population, int duration_s, int window_s,
                            double (*integral)(double t_s))
{
    struct scenario *scenario;
    char text[1000];
    int windows = duration_s / window_s;
    double chi_square = 0, worst = 0, all = REPLICATIONS * integral(duration_s), total = 0;

    assert_true(windows < WINDOWS_MAX && duration_s % window_s == 0);
    memset(&front, 0, sizeof front);
    front.window_ns = window_s * SIM_S;
    snprintf(text, sizeof text,
             "regions: {a: {}}\nduration: %ds\nwarmup: 0s\n"
             "population: {start: empty, login_tries: 1, rtt: 0ms, %s}\n",
             duration_s, population);
    scenario = scenario_of(&registry, text);
    for (uint32_t i = 0; i < REPLICATIONS; i++)
        world_free(world_of(scenario, i, NULL));
    scenario_free(scenario);
    for (int w = 0; w < windows; w++) {
        double mean = REPLICATIONS * (integral((w + 1) * window_s) - integral(w * window_s));
        double off = (double)front.arrivals[w] - mean;

        assert_true(mean > 100);
        chi_square += off * off / mean;
        worst = fmax(worst, fabs(off) / mean);
        total += (double)front.arrivals[w];
    }
    print_message("%d windows: chi-square %.1f, at most %.1f %% off; in all %.0f of %.0f\n",
                  windows, chi_square, 100 * worst, total, all);
    assert_true(chi_square > gsl_cdf_chisq_Pinv(0.005, windows));
    assert_true(chi_square < gsl_cdf_chisq_Pinv(0.995, windows));
    assert_true(fabs(total - all) < 2.576 * sqrt(all));
}

/* The arrivals of one replication. */
static uint64_t arrivals_of(const char *population, int duration_s)
{
    struct scenario *scenario;
    struct world *world;
    char text[1000];
    double started;

    snprintf(text, sizeof text,
             "regions: {a: {}}\nduration: %ds\nwarmup: 0s\n"
             "population: {start: empty, login_tries: 1, rtt: 0ms, %s}\n",
             duration_s, population);
    scenario = scenario_of(&registry, text);
    world = world_of(scenario, 0, NULL);
    started = statistic_of(world, (struct wanted){"sessions_started", NULL, -1, NULL, NULL});
    world_free(world);
    scenario_free(scenario);
    return (uint64_t)started;
}

/* 100/s, from 95 s three times, or a quarter, of that. */
static double integral_of_step_up(double t)
{
    return 100 * t + 200 * fmax(0, t - 95);
}

static double integral_of_step_down(double t)
{
    return 100 * t - 75 * fmax(0, t - 95);
}

static void step_changes_the_rate_for_good(void **state)
{
    (void)state;
    arrivals_follow("sessions: 100/s, arrivals: {step: {at: 95s, factor: 3}}", 200, 10,
                    integral_of_step_up);
    arrivals_follow("sessions: 100/s, arrivals: {step: {at: 95s, factor: 0.25}}", 200, 10,
                    integral_of_step_down);
}

/* 50/s. Flash crowd from 33 s: in 20 s up to five times the rate, 24 s at it, then the excess of
 * 200/s decays with a mean of 40 s. Integrals: a triangle, a rectangle, an exponential. */
static double integral_of_flash_crowd(double t)
{
    double ramp = fmin(fmax(t - 33, 0), 20), hold = fmin(fmax(t - 53, 0), 24);
    double decay = fmax(t - 77, 0);

    return 50 * t + 200 * (ramp * ramp / 40 + hold + 40 * (1 - exp(-decay / 40)));
}

static void flash_crowd_ramps_holds_and_decays(void **state)
{
    (void)state;
    arrivals_follow("sessions: 50/s, arrivals: {flash-crowd: {at: 33s, factor: 5, ramp: 20s, "
                    "hold: 24s, decay: 40s}}",
                    300, 10, integral_of_flash_crowd);
}

/*
 * 0.5/s on average over a day, the peak three times the trough: 1 + A cos, with (1 + A) / (1 - A)
 * = 3, so A = 1/2. Its integral adds A T / (2 pi) sin; the first peak is at 5 h.
 */
static double integral_of_a_day(double t)
{
    const double day = 86400, turn = 6.283185307179586 / day, peak = 5 * 3600;

    return 0.5 * (t + 0.5 / turn * (sin(turn * (t - peak)) + sin(turn * peak)));
}

static void daily_curve_is_a_sine_about_its_mean(void **state)
{
    (void)state;
    assert_close(integral_of_a_day(86400), 43200, 1e-12);
    arrivals_follow("sessions: 0.5/s, arrivals: {daily: {ratio: 3, peak: 5h}}", 36 * 3600, 3600,
                    integral_of_a_day);
}

/*
 * A second harmonic of amplitude 0.3, its first peak at 2 h, adds 0.3 T / (4 pi) times its sines.
 * The days weigh 2, 1, 1, 1, 1, 1, 0: relative to their mean, 2, 1, ..., 0. The integral adds the
 * elapsed part of each day, times its weight.
 */
static double integral_of_a_week(double t)
{
    static const double weights[] = {2, 1, 1, 1, 1, 1, 0, 2};
    const double day = 86400, turn = 6.283185307179586 / day;
    double sum = 0;

    for (int d = 0; d * day < t; d++) {
        double from = d * day, to = fmin(t, from + day);

        sum += weights[d] *
               (to - from + 0.5 / turn * (sin(turn * (to - 18000)) - sin(turn * (from - 18000))) +
                0.15 / turn * (sin(2 * turn * (to - 7200)) - sin(2 * turn * (from - 7200))));
    }
    return 0.5 * sum;
}

/* A fifth of the flash crowd. */
static double integral_of_small_crowd(double t)
{
    return integral_of_flash_crowd(t) / 5;
}

/* Half a session a minute. */
static double integral_of_a_slow_week(double t)
{
    return integral_of_a_week(t) / 60;
}

/* The six days that are not empty. */
static void a_week_has_days_and_days_two_peaks(void **state)
{
    (void)state;
    assert_close(integral_of_a_week(7 * 86400), 0.5 * 7 * 86400, 1e-12);
    arrivals_follow("sessions: 0.5/min, arrivals: {daily: {ratio: 3, peak: 5h, second: 30%, "
                    "second_peak: 2h, weekdays: [2, 1, 1, 1, 1, 1, 0]}}",
                    6 * 86400, 4 * 3600, integral_of_a_slow_week);
}

/*
 * A k6 script (javaducky/demo-k6-operator, door-buster-sale.js): 10/s for 10 s, to 150/s within 5
 * s, 10 s there, to 100/s in 20 s, 80/s at once. Areas: 10 t; 10 x + 14 x^2; 150 x; 150 x - 1.25
 * x^2; 80 x.
 */
static double integral_of_stages(double t)
{
    double flat = fmin(t, 10), rise = fmin(fmax(t - 10, 0), 5), high = fmin(fmax(t - 15, 0), 10);
    double fall = fmin(fmax(t - 25, 0), 20), rest = fmax(t - 45, 0);

    return 10 * flat + 10 * rise + 14 * rise * rise + 150 * high + 150 * fall - 1.25 * fall * fall +
           80 * rest;
}

/* The same, repeated each minute: 80/s for 15 s. */
static double integral_of_repeated_stages(double t)
{
    return floor(t / 60) * integral_of_stages(60) + integral_of_stages(fmod(t, 60));
}

#define DOOR_BUSTER                                                                                \
    "sessions: 10/s, arrivals: {stages: [{for: 10s, to: 10/s}, {for: 5s, to: 150/s}, "             \
    "{for: 10s, to: 150/s}, {for: 20s, to: 100/s}, {for: 0s, to: 80/s}, {for: 15s, to: 80/s}]}"

static void stages_are_piecewise_linear(void **state)
{
    (void)state;
    assert_close(integral_of_stages(60), 100 + 400 + 1500 + 2500 + 1200, 1e-12);
    arrivals_follow(DOOR_BUSTER, 128, 4, integral_of_stages);
    arrivals_follow(DOOR_BUSTER ", repeat_arrivals: true", 180, 4, integral_of_repeated_stages);
}

/* Down to zero within 60 s, then none: 100 t - t^2 / 1.2, 3000 in total. */
static double integral_of_ramp_down(double t)
{
    return 100 * fmin(t, 60) - fmin(t, 60) * fmin(t, 60) / 1.2;
}

static void a_stage_may_end_at_nobody(void **state)
{
    uint64_t started;

    (void)state;
    arrivals_follow("sessions: 100/s, arrivals: {stages: [{for: 60s, to: 0/s}]}", 40, 4,
                    integral_of_ramp_down);
    memset(&front, 0, sizeof front);
    front.window_ns = 60 * SIM_S;
    started = arrivals_of("sessions: 100/s, arrivals: {stages: [{for: 60s, to: 0/s}]}", 600);
    assert_int_equal(started, front.arrivals[0]);
}

/* 30/s, 90/s and 60/s, 20 s each, repeated; the last bins are after the end. */
static double integral_of_bins(double t)
{
    double within = fmod(t, 60);

    return floor(t / 60) * 3600 + 30 * fmin(within, 20) + 90 * fmin(fmax(within - 20, 0), 20) +
           60 * fmax(within - 40, 0);
}

static void rates_hold_for_their_bins(void **state)
{
    (void)state;
    arrivals_follow("arrivals: {rates: {values: [30/s, 90/s, 60/s], bin: 20s}}, "
                    "repeat_arrivals: true",
                    150, 5, integral_of_bins);
}

/* --- times that are known exactly ------------------------------------------------------------ */

static int is_refused(uint32_t nth, enum request_kind kind)
{
    (void)nth, (void)kind;
    return RESPONSE_LOGIN_FAILED;
}

/* Times of arrivals; each user arrives once. */
static void arrive_at(const char *population, int duration_s, const sim_time *times, uint32_t count)
{
    memset(&front, 0, sizeof front);
    front.answer = is_refused;
    arrivals_of(population, duration_s);
    assert_int_equal(front.sent, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(front.sent_at[i], times[i]);
}

/* As listed, including two at one time; none after the end. */
static void timestamps_are_exact(void **state)
{
    static const sim_time times[] = {0, 1, 1500 * SIM_MS, 1500 * SIM_MS, 2 * SIM_S, 10 * SIM_S};

    (void)state;
    arrive_at("arrivals: {timestamps: {at: [0s, 1ns, 1.5s, 1500ms, 2s, 10s, 10.000000001s]}}", 10,
              times, 6);
    arrive_at("arrivals: {timestamps: {at: [3s, 3.000000001s, 4.5s, 4.5s, 5s, 13s, 99s], "
              "origin: 3s}}",
              10, times, 6);
}

/* 28 ms apart from the start; half a gap later; by a step; down a ramp from 2/s to 0 in 4 s, of
 * t = 4 - 2 sqrt(4 - k). */
static void even_arrivals_are_exact(void **state)
{
    static const sim_time
        later[] = {250 * SIM_MS, 750 * SIM_MS},
        step[] = {0, 500 * SIM_MS, SIM_S, 1250 * SIM_MS, 1500 * SIM_MS, 1750 * SIM_MS, 2 * SIM_S},
        ramp[] = {0, 535898385, 1171572875, 2 * SIM_S};
    sim_time many[36];

    (void)state;
    for (int i = 0; i < 36; i++)
        many[i] = i * 28 * SIM_MS;
    arrive_at("sessions: 35.714285714285715/s, spacing: {even: {phase: 0}}", 1, many, 36);
    arrive_at("sessions: 2/s, spacing: {even: {phase: 50%}}", 1, later, 2);
    arrive_at("sessions: 2/s, arrivals: {step: {at: 1s, factor: 2}}, spacing: {even: {phase: 0}}",
              2, step, 7);
    arrive_at("sessions: 2/s, arrivals: {stages: [{for: 4s, to: 0/s}]}, "
              "spacing: {even: {phase: 0}}",
              20, ramp, 4);
}

/* Evenly spaced by the smooth shapes: number k arrives when the integral reaches k. */
static void even_follows(const char *population, int duration_s, double rate,
                         double (*integral)(double t_s))
{
    memset(&front, 0, sizeof front);
    front.answer = is_refused;
    arrivals_of(population, duration_s);
    assert_int_equal(front.sent, (uint32_t)floor(integral(duration_s)) + 1);
    for (uint32_t i = 0; i < front.sent; i++)
        assert_true(fabs(integral((double)front.sent_at[i] / 1e9) - i) < 1e-5 * rate);
}

static void even_arrivals_follow_smooth_shapes(void **state)
{
    (void)state;
    even_follows("sessions: 10/s, arrivals: {flash-crowd: {at: 33s, factor: 5, ramp: 20s, "
                 "hold: 24s, decay: 40s}}, spacing: {even: {phase: 0}}",
                 100, 50, integral_of_small_crowd);
    even_follows("sessions: 0.5/min, arrivals: {daily: {ratio: 3, peak: 5h, second: 30%, "
                 "second_peak: 2h, weekdays: [2, 1, 1, 1, 1, 1, 0]}}, spacing: {even: {phase: 0}}",
                 7 * 86400, 1, integral_of_a_slow_week);
}

/* The phase is drawn for each replication: uniform, so that the first of 1/s comes within the first
 * second, and over 400 replications after 0.5 s on average (standard deviation 1 / sqrt(12 x 400)).
 */
static void a_phase_is_random_unless_it_is_given(void **state)
{
    struct scenario *scenario =
        scenario_of(&registry, "regions: {a: {}}\nduration: 1s\nwarmup: 0s\n"
                               "population: {start: empty, login_tries: 1, rtt: 0ms, "
                               "sessions: 1/s, spacing: even}\n");
    double sum = 0;

    (void)state;
    for (uint32_t i = 0; i < 400; i++) {
        memset(&front, 0, sizeof front);
        front.answer = is_refused;
        world_free(world_of(scenario, i, NULL));
        assert_int_equal(front.sent, 1);
        sum += (double)front.sent_at[0] / 1e9;
    }
    scenario_free(scenario);
    assert_true(fabs(sum / 400 - 0.5) < 2.576 / sqrt(12.0 * 400));
}

/* --- users that leave ------------------------------------------------------------------------ */

static int nobody_answers(uint32_t nth, enum request_kind kind)
{
    (void)nth, (void)kind;
    return NO_ANSWER;
}

static int no_login_succeeds(uint32_t nth, enum request_kind kind)
{
    (void)nth, (void)kind;
    return RESPONSE_LOGIN_FAILED;
}

static int all_is_rejected(uint32_t nth, enum request_kind kind)
{
    (void)nth, (void)kind;
    return RESPONSE_REJECTED;
}

static int no_page_is_found(uint32_t nth, enum request_kind kind)
{
    (void)nth;
    return kind == REQUEST_LOGIN ? RESPONSE_OK : RESPONSE_REAUTH;
}

/* Two re-auths, then a page that is answered, and again: requests 1, 3 and 6, 8 are re-auths. */
static int every_third_page_is_found(uint32_t nth, enum request_kind kind)
{
    if (kind == REQUEST_LOGIN)
        return RESPONSE_OK;
    return nth % 5 == 0 ? RESPONSE_OK : RESPONSE_REAUTH;
}

/* A run with exactly one user, which arrives in its first second: the first such replication. It
 * runs until all is done. */
static struct world *one_user(int (*answer)(uint32_t nth, enum request_kind kind),
                              const char *population, struct scenario **scenario)
{
    char text[1000];

    memset(&front, 0, sizeof front);
    front.answer = answer;
    snprintf(text, sizeof text,
             "regions: {a: {}}\nduration: 2h\nwarmup: 0s\n"
             "population: {start: empty, sessions: 1/s, arrivals: {step: {at: 1s, factor: 0}}, "
             "login_time: 5s, think: 7s, after_login: 1s, requests: 4, patience: 30s, "
             "logout: 0%%, rtt: 0ms, %s}\n",
             population);
    *scenario = scenario_of(&registry, text);
    for (uint32_t replication = 0;; replication++) {
        struct world *world;

        front.sent = 0;
        world = world_of(*scenario, replication, NULL);
        if (statistic_of(world, (struct wanted){"sessions_started", NULL, -1, NULL, NULL}) < 1.5 &&
            front.sent > 0)
            return world;
        world_free(world);
    }
}

/* Assert the number of the user's requests, their gaps `gaps_s`, and whether the user left. */
static void gave_up(int (*answer)(uint32_t nth, enum request_kind kind), const char *population,
                    const int *gaps_s, uint32_t sent, double left)
{
    struct scenario *scenario;
    struct world *world = one_user(answer, population, &scenario);

    assert_int_equal(front.sent, sent);
    for (uint32_t i = 1; i < sent; i++)
        assert_int_equal(front.sent_at[i] - front.sent_at[i - 1], gaps_s[i - 1] * SIM_S);
    assert_close(statistic_of(world, (struct wanted){"sessions_left", NULL, -1, NULL, NULL}), left,
                 0);
    world_free(world);
    scenario_free(scenario);
}

/* Failed logins come 5 s apart, as do rejected requests; unanswered ones at once when patience
 * ends. The third ends it. */
static void user_leaves_after_the_last_try(void **state)
{
    static const int after_login_time[] = {5, 5, 5, 5}, after_patience[] = {30, 30, 30, 30};

    (void)state;
    gave_up(no_login_succeeds, "login_tries: 3", after_login_time, 3, 1);
    gave_up(all_is_rejected, "login_tries: 3", after_login_time, 3, 1);
    gave_up(nobody_answers, "login_tries: 3", after_patience, 3, 1);
    gave_up(nobody_answers, "login_tries: 1", after_patience, 1, 1);
    gave_up(no_login_succeeds, "login_tries: 5", after_login_time, 5, 1);
}

/* Also with the maximum of login_tries. */
static void user_leaves_after_very_many_tries(void **state)
{
    struct scenario *scenario;

    (void)state;
    world_free(one_user(no_login_succeeds, "login_tries: 1000", &scenario));
    scenario_free(scenario);
    assert_int_equal(front.sent, 1000);
}

/*
 * A login that succeeds does not reset the count: login, page (re-auth), 5 s, login, 1 s, page
 * (re-auth), 5 s, login, 1 s, page (re-auth): the third re-auth in a row ends it.
 */
static void logins_between_them_do_not_save_a_user(void **state)
{
    static const int gaps_s[] = {1, 5, 1, 5, 1};

    (void)state;
    gave_up(no_page_is_found, "login_tries: 3", gaps_s, 6, 1);
}

/*
 * An answered page resets it: two re-auths before each of the four pages, and the user stays to
 * the end. login 0, page 1 (re-auth), login 2, page 3 (re-auth), login 4, page 5 (answered), think
 * 7 s, page 6 (re-auth), login 7, page 8 (re-auth), login 9, page 10 (answered), and so on: the
 * fourth is request 20.
 */
static void a_page_answered_between_them_does(void **state)
{
    static const int gaps_s[] = {1, 5, 1, 5, 1, 7, 5, 1, 5, 1, 7, 5, 1, 5, 1, 7, 5, 1, 5, 1};

    (void)state;
    gave_up(every_third_page_is_found, "login_tries: 3", gaps_s, 21, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_changes_the_rate_for_good),
        cmocka_unit_test(flash_crowd_ramps_holds_and_decays),
        cmocka_unit_test(daily_curve_is_a_sine_about_its_mean),
        cmocka_unit_test(a_week_has_days_and_days_two_peaks),
        cmocka_unit_test(stages_are_piecewise_linear),
        cmocka_unit_test(a_stage_may_end_at_nobody),
        cmocka_unit_test(rates_hold_for_their_bins),
        cmocka_unit_test(timestamps_are_exact),
        cmocka_unit_test(even_arrivals_are_exact),
        cmocka_unit_test(even_arrivals_follow_smooth_shapes),
        cmocka_unit_test(a_phase_is_random_unless_it_is_given),
        cmocka_unit_test(user_leaves_after_the_last_try),
        cmocka_unit_test(user_leaves_after_very_many_tries),
        cmocka_unit_test(logins_between_them_do_not_save_a_user),
        cmocka_unit_test(a_page_answered_between_them_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
