// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The users near one region: parameters, metrics, the model.
 *
 * Sessions arrive in an open loop, or a fixed number of users begin one after the other. A user
 * logs in, then asks for pages with time to think between them, and leaves, maybe logging out. A
 * user whose session was lost logs in again and goes on; login storms consist of such logins. A
 * keep-alive connection stays with the region that it was routed to; a new one is routed afresh.
 *
 * All that a user is and does is keyed by the user's number and the number of the page, never by
 * what happened before: so another timeout or retry policy meets the same users, who arrive and
 * think as they did.
 */
#include "population_internal.h"

#include "registry.h"

#include <stdlib.h>

static const char *const arrivals[] = {"constant", "step",  "flash-crowd", "daily",
                                       "stages",   "rates", "timestamps",  NULL};
static const char *const spacings[] = {"poisson", "even", NULL};
static const char *const phases[] = {"fixed", "random", NULL};
static const char *const starts[] = {"steady", "empty", NULL};
static const char *const timeouts[] = {"new-connection", "same-connection", NULL};

#define MODEL_CONFIG struct population_config
// clang-format off
static const struct field population_fields[] = {
    RATE("sessions", sessions_per_s, "0/s", "10/s", "1M/s", "mean rate of new sessions; for stages the rate at the start", "assumption"),
    COUNT("concurrent", concurrent, "0", "0", "10M", "users under way near each region on average, instead of `sessions`: the rate is this number / mean length of a session without latencies; 0: `sessions` counts", "assumption"),
    COUNT("users", users, "0", "0", "10M", "closed population: number of users near each region, who begin a new session after each one; 0: open, users arrive", "assumption"),
    COUNT_STAGES("user_stages", user_stages, "0", "[]", "10M", "closed population: numbers of users reached one after the other, each linearly within its time from the one before it, the first from `users`; then the last one stays", "k6 ramping-vus"),
    VARIANT("arrivals", arrivals, arrivals, "constant", "how the rate of new sessions changes with time", "facts H"),
    DURATION("arrivals.step.at", step_at_ns, "0s", "10min", "30d", "time at which the rate changes permanently", "assumption"),
    NUMBER("arrivals.step.factor", step_factor, "0", "2", "1000", "factor by which the rate changes", "assumption"),
    DURATION("arrivals.flash-crowd.at", flash_at_ns, "0s", "10min", "30d", "start of the flash crowd", "assumption"),
    NUMBER("arrivals.flash-crowd.factor", flash_factor, "1", "10", "1000", "factor of the rate at the peak", "facts H"),
    DURATION("arrivals.flash-crowd.ramp", flash_ramp_ns, "1ms", "60s", "1d", "time from the start to the peak", "facts H"),
    DURATION("arrivals.flash-crowd.hold", flash_hold_ns, "0s", "300s", "1d", "time at the peak", "facts H"),
    DURATION("arrivals.flash-crowd.decay", flash_decay_ns, "1ms", "600s", "1d", "mean of the exponential decay after the peak", "facts H"),
    NUMBER("arrivals.daily.ratio", daily_ratio, "1", "3", "1000", "ratio of the rates at the peak and at the trough", "facts H"),
    DURATION("arrivals.daily.peak", daily_peak_ns, "0s", "12h", "1d", "time of the first peak, from the start of the run", "assumption"),
    SHARE("arrivals.daily.second", daily_second, "0", "0%", "100%", "amplitude of a second harmonic, with two peaks a day, as a share of the mean", "assumption"),
    DURATION("arrivals.daily.second_peak", daily_second_peak_ns, "0s", "8h", "1d", "time of the first peak of the second harmonic, from the start of the run", "assumption"),
    NUMBER_LIST("arrivals.daily.weekdays", weekdays, "0", "[]", "1000", "seven weights of the rate, one a day from the first day of the run, relative to their mean; []: all days alike", "assumption"),
    STAGES("arrivals.stages", stages, "0/s", "[]", "1M/s", "rates reached one after the other, each linearly within its time from the one before it, the first from `sessions`; then the last one stays", "assumption"),
    RATES("arrivals.rates.values", rates, "0/s", "[]", "1M/s", "rate in each bin, as a list or a CSV file; no session arrives after the last bin", "assumption"),
    DURATION("arrivals.rates.bin", bin_ns, "1ms", "1min", "30d", "length of a bin", "assumption"),
    TIMES("arrivals.timestamps.at", times, "0s", "[]", "100000d", "time of each arrival, in order, as a list or a CSV file", "assumption"),
    DURATION("arrivals.timestamps.origin", origin_ns, "0s", "0s", "100000d", "time that is the start of the run", "assumption"),
    FLAG("repeat_arrivals", repeats, "false", "stages or rates, also stages of users, begin again after the last one", "assumption"),
    VARIANT("spacing", spacing, spacings, "poisson", "poisson: arrivals are independent; even: each comes when the rate has added up to one more", "assumption"),
    VARIANT("spacing.even.phase", phase, phases, "random", "position of the first arrival in its gap; random: drawn for each replication and region", "assumption"),
    SHARE("spacing.even.phase.fixed", phase_share, "0", "0%", "100%", "that position; 0: at the start of the run", "assumption"),
    CHOICE("start", start, starts, "steady", "steady: the run starts with the sessions of a steady state; empty: with none", "assumption"),
    NUMBER_DIST("requests", requests, "1", "geometric(mean=12)", "1000000", "requests of a session after its login", "facts H"),
    TIME_DIST("think", think, "0ms", "exponential(mean=7s, max=70s)", "1d", "think time: from a response to the next request", "facts H"),
    TIME_DIST("after_login", after_login, "0ms", "lognormal(median=300ms, p99=3s)", "1d", "time from the response to a login to the first page request", "assumption"),
    DURATION("return_after", return_after_ns, "1ms", "7s", "30d", "closed population: mean time (exponential) from the end of a session to the login of the user's next one", "assumption"),
    TIME_DIST("login_time", login_time, "0ms", "lognormal(median=5s, p99=20s)", "1d", "time until the user logs in again after a re-auth or a failed login", "assumption"),
    SHARE("writes", write_share, "0", "5%", "100%", "share of page requests that also write the session", "facts H"),
    SHARE("logout", logout_share, "0", "20%", "100%", "share of sessions that end with a logout", "assumption"),
    DURATION("idle_ttl", idle_ttl_ns, "1s", "30min", "30d", "idle TTL: a session unused for this time has expired, so logging in again is no re-auth", "facts H"),
    TIME_DIST("rtt", rtt, "0ms", "lognormal(median=24ms, sigma=0.7, max=1s)", "10s", "round-trip time of a user to the edge of the nearest region, drawn once per user", "facts D.6"),
    COUNT("handshakes", handshakes, "0", "2", "10", "round trips to the edge for a new connection: TCP and TLS 1.3", "facts 0.9"),
    DURATION("keep_alive", keep_alive_ns, "0s", "60s", "1d", "idle time after which a user's connection is closed", "facts B"),
    DURATION("connection_lifetime", connection_lifetime_ns, "1s", "3600s", "30d", "maximum age of a user's connection", "facts B"),
    DURATION("patience", patience_ns, "100ms", "30s", "1h", "time without a response after which the user reloads on a new connection", "assumption"),
    CHOICE("on_timeout", on_timeout, timeouts, "new-connection", "new-connection: the reload opens one; same-connection: an HTTP/2 client that ends the request and keeps the connection, which holds the user in a region that does not answer", "assumption"),
    COUNT("login_tries", login_tries, "1", "3", "1000", "consecutive failed or unanswered requests after which the user leaves", "assumption"),
};
// clang-format on

/* enum reauth_cause; the kind of store adds its own. */
static const char *const causes[] = {"local-only", "store-unavailable", "evicted",
                                     "restarted",  "token-expired",     "flushed",
                                     "corrupt",    "expired-early",     NULL};
static const char *const outcomes[] = {"ok", "failed", NULL};
static const char *const hows[] = {"local-session", "stateless-token", NULL};

// clang-format off
static const struct metric population_metrics[] = {
    {.name = "requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "requests of users that ended: answered or abandoned"},
    {.name = "good_requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = HIGHER_IS_BETTER, .series = true, .meaning = "requests answered without error or re-auth within the objective's latency"},
    {.name = "availability", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = HIGHER_IS_BETTER, .over = "good_requests", .under = "requests", .series = true, .meaning = "good requests / requests"},
    {.name = "requests_abandoned", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "requests abandoned when the user's patience ended"},
    {.name = "pinned_requests", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "requests abandoned whose user stays on the open connection to the region"},
    {.name = "connections_reset", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .meaning = "users' connections found to be gone: the region had lost its power, or the edge had dropped them"},
    {.name = "requests_with_session", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "answered requests that carried a valid session; a login that reads its new session back is one"},
    {.name = "logins", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "logins that ended, including failed and repeated ones"},
    {.name = "logins_failed", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "logins that failed or were not answered"},
    {.name = "login_failure_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "logins_failed", .under = "logins", .series = true, .meaning = "logins that failed or were not answered / logins"},
    {.name = "reauths", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "cause", .label_values = causes, .label_set = "reauth-cause", .series = true, .meaning = "requests of users whose session should be valid and could not be validated, by cause"},
    {.name = "reauth_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "reauths", .under = "requests_with_session", .series = true, .meaning = "re-auths / requests that carried a valid session"},
    {.name = "sessions_started", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "sessions that arrived"},
    {.name = "sessions_left", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "sessions whose user left after failed or unanswered requests"},
    {.name = "reauths_per_session", .unit = UNIT_NONE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, .over = "reauths", .under = "sessions_started", .meaning = "re-auths / sessions that arrived"},
    {.name = "sessions_active", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "users near the region between their arrival and their end"},
    {.name = "degraded_sessions", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .label = "how", .label_values = hows, .series = true, .meaning = "logins served without the store by a fallback"},
    {.name = "request_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .label = "outcome", .label_values = outcomes, .series = true, .meaning = "latency of answered requests, at the user; failed: answered with an error or a re-auth"},
    {.name = "login_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .label = "outcome", .label_values = outcomes, .series = true, .meaning = "latency of answered logins, at the user; failed: answered with an error"},
};
// clang-format on

static void population_start(void *self)
{
    struct population *population = self;

    population->idle_ns = population->edge->idle_timeout(population->edge->self);
    population->edge_drops = population->idle_ns < population->config->keep_alive_ns;
    population->edge_resets = population->edge->idle_resets(population->edge->self);
    population->pins = population->config->on_timeout == TIMEOUT_KEEPS;
    if (population->config->keep_alive_ns < population->idle_ns)
        population->idle_ns = population->config->keep_alive_ns;
    population->good_latency_ns = population->objective->latency(population->objective->self);
    for (uint32_t r = 0; r < population->region_count; r++)
        population->detours_ns[r] =
            population->edge->detour(population->edge->self, population->region, (int)r);
    if (population->config->start == START_STEADY)
        sessions_start_steady(population);
    else if (is_closed(population->config))
        sessions_start_closed(population);
    if (is_closed(population->config))
        user_ramp_start(population);
    else
        arrivals_start(population);
}

/* --- the model ------------------------------------------------------------------------------- */

static void open_region_probes(struct population *population, struct probes *probes, uint32_t r)
{
    int region = (int)r;
    const char *label;

    population->at[r].requests = probe_count_open(probes, "requests", region, NULL);
    population->at[r].good = probe_count_open(probes, "good_requests", region, NULL);
    population->at[r].abandoned = probe_count_open(probes, "requests_abandoned", region, NULL);
    population->at[r].pinned = probe_count_open(probes, "pinned_requests", region, NULL);
    population->at[r].reset = probe_count_open(probes, "connections_reset", region, NULL);
    population->at[r].with_session =
        probe_count_open(probes, "requests_with_session", region, NULL);
    population->at[r].logins = probe_count_open(probes, "logins", region, NULL);
    population->at[r].logins_failed = probe_count_open(probes, "logins_failed", region, NULL);
    for (size_t cause = 0; (label = probes_label(probes, "reauths", cause)); cause++) {
        invariant(cause < REAUTH_CAUSES_MAX);
        population->at[r].reauths[cause] = probe_count_open(probes, "reauths", region, label);
    }
    population->at[r].degraded[0] = probe_count_open(probes, "degraded_sessions", region, hows[0]);
    population->at[r].degraded[1] = probe_count_open(probes, "degraded_sessions", region, hows[1]);
    for (int failed = 0; failed < 2; failed++) {
        population->at[r].latency[failed] =
            probe_latency_open(probes, "request_latency", region, outcomes[failed]);
        population->at[r].login_latency[failed] =
            probe_latency_open(probes, "login_latency", region, outcomes[failed]);
    }
}

static void population_init(void *self, const struct model_env *env)
{
    struct population *population = self;
    struct probes *probes = sim_probe_set(env->sim);

    population->config = env->config;
    population->sim = env->sim;
    population->log = env->log;
    population->region = env->region;
    population->region_name = env->topology->region_names[env->region];
    population->region_count = env->topology->region_count;
    population->session_free = NO_INDEX;
    population->pending_free = NO_INDEX;
    population->early_ns = population->config->patience_ns / 4;
    population->watches.length_ns = population->config->patience_ns / WATCHES;
    population->arrival = sim_stream(env->sim, env->instance, "arrival");
    arrivals_init(population);
    user_ramp_init(population);
    population->person = sim_stream(env->sim, env->instance, "person");
    population->page = sim_stream(env->sim, env->instance, "page");
    population->aside = sim_stream(env->sim, env->instance, "aside");
    population->arrive_kind = sim_kind_add(env->sim, &population_arrive, env->instance, population);
    population->send_kind = sim_kind_add(env->sim, &population_send, env->instance, population);
    population->impatience_kind =
        sim_kind_add(env->sim, &population_impatience, env->instance, population);
    population->request_arrive_kind =
        sim_kind_add(env->sim, &population_request_arrive, env->instance, population);
    population->slow_kind = sim_kind_add(env->sim, &population_slow, env->instance, population);
    population->surge_kind = sim_kind_add(env->sim, &population_surge, env->instance, population);
    if (population->config->user_stages.count > 0)
        population->ramp_kind = sim_kind_add(env->sim, &population_ramp, env->instance, population);
    population->started = probe_count_open(probes, "sessions_started", env->region, NULL);
    population->left = probe_count_open(probes, "sessions_left", env->region, NULL);
    population->active_level = probe_level_open(probes, "sessions_active", env->region, NULL);
    for (uint32_t r = 0; r < population->region_count; r++)
        open_region_probes(population, probes, r);
    population->port =
        (struct users_port){population, population_respond, population_waits,
                            population_lose_connections, population->config->patience_ns};
    population->hint = (struct prefetch_port){population, population_prefetch};
    port_offer_prefetch_users(env->ports, env->region, -1, &population->hint);
    port_offer_users(env->ports, env->region, -1, &population->port);
}

/* Where the store's own causes are among the label's values. */
static void map_causes(struct population *population)
{
    const struct session_store_port *store = population->store;
    const struct probes *probes = sim_probe_set(population->sim);

    for (uint8_t cause = 0; cause < REAUTH_OF_KIND; cause++)
        population->label_of[cause] = cause;
    invariant(REAUTH_OF_KIND + store->cause_count <= REAUTH_CAUSES_MAX);
    for (size_t i = 0; i < store->cause_count; i++)
        population->label_of[REAUTH_OF_KIND + i] =
            (uint8_t)probes_label_index(probes, "reauths", store->causes[i].value);
}

static void connect_objective(struct population *population, struct objective_port *objective)
{
    struct operation_source source = {.self = population, .report_open = population_report_open};

    population->objective = objective;
    for (uint32_t r = 0; r < population->region_count; r++) {
        population->at[r].good_requests = objective->tallies[OPERATION_REQUEST][r];
        population->at[r].good_logins = objective->tallies[OPERATION_LOGIN][r];
    }
    if (objective_counts(objective, OPERATION_REQUEST) ||
        objective_counts(objective, OPERATION_LOGIN))
        objective->add_source(objective->self, source);
}

static void population_connect(void *self, const struct port_directory *ports)
{
    struct population *population = self;

    population->probes = sim_probes(population->sim);
    population->edge = port_need_edge(ports, -1, -1);
    connect_objective(population, port_need_objective(ports, -1, -1));
    population->store = port_need_session_store(ports, -1, -1);
    population->database = port_find_database(ports, -1, -1);
    if (population->database && population->database->sessions == BACKING_NONE)
        population->database = NULL;
    map_causes(population);
    for (uint32_t r = 0; r < population->region_count; r++)
        population->apps[r] = port_need_app(ports, (int)r, -1);
}

static void population_finish(void *self)
{
    sessions_check(self);
}

static void population_fini(void *self)
{
    struct population *population = self;

    arrivals_fini(population);
    user_ramp_fini(population);
    free(population->sessions);
    free(population->pending_requests);
}

static const struct usage_row population_usage[] = {
    {.item = "accelerator", .metric = "requests", .meaning = "requests whose responses pass it"},
};

const struct model_ops population_ops = {
    .name = "population",
    .section = "population",
    .meaning = "users near a region: arrivals, sessions, think time, patience",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct population_config),
    .state_size = sizeof(struct population),
    FIELD_TABLE(population_fields),
    METRIC_TABLE(population_metrics),
    .rows = {USAGE_TABLE(population_usage)},
    .check = population_check,
    .init = population_init,
    .connect = population_connect,
    .start = population_start,
    .finish = population_finish,
    .fini = population_fini,
};
