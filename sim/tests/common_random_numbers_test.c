// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Two policies have the same users: arrivals and the think time after each page do not depend on
 * timeouts, attempts, backoff or jitter. This reduces the variance of paired comparisons. And two
 * kinds of store have: a digest of all arrivals, places and think times is the same for each kind.
 *
 * A spy between the users and the tiers of a whole world: it replaces the ports of requests and
 * responses, records, and forwards.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "hash.h"
#include "refs.h"
#include "session.h"
#include "session_store.h"
#include "user.h"
#include "registry.h"

#include <stdlib.h>

#define REGIONS 3 /* at most */
#define ROWS_MAX 100000
#define NOTES_MAX 1000000
#define MODELS_MAX 64

/* Number 0: a user's first request, at `value`; k: the think time after the k-th good page, of
 * `value`; AT_HOME: the user's region. */
#define AT_HOME UINT32_MAX
struct note {
    uint64_t user;
    uint32_t number;
    sim_time value;
};
/* A user by row of the region, new for each check. */
struct guest {
    uint64_t user;
    uint32_t check, pages, pending, generation;
    enum request_kind kind;
    sim_time answered;
};
static struct {
    struct note *notes;
    size_t count;
    uint64_t submitted, answered, reauths;
} check;

struct spy {
    struct sim *sim;
    int regions;
    struct guest *guests[REGIONS];
    struct app_port *app[REGIONS], true_app[REGIONS];
    struct users_port *users[REGIONS], true_users[REGIONS];
    struct spied {
        struct spy *spy;
        int region;
    } spied[REGIONS];
};

static void note(uint64_t user, uint32_t number, sim_time value)
{
    assert_true(check.count < NOTES_MAX);
    check.notes[check.count++] = (struct note){user, number, value};
}

/* A request that the user sent at `sent`. */
static void spy_note(struct spy *spy, const struct user_request *request, sim_time sent)
{
    uint32_t home = ref_region(request->session);
    struct guest *guest;

    assert_true(ref_index(request->session) < ROWS_MAX);
    guest = &spy->guests[home][ref_index(request->session)];
    if (guest->check != request->session_check) {
        *guest = (struct guest){
            .user = request->identity - 1, .check = request->session_check, .answered = -1};
        note(guest->user, 0, sent);
        note(guest->user, AT_HOME, (sim_time)home);
    }
    if (guest->answered >= 0)
        note(guest->user, guest->pages, sent - guest->answered);
    guest->answered = -1;
    guest->kind = request->kind;
    guest->pending = request->pending;
    guest->generation = request->generation;
    check.submitted++;
}

static void spy_submit(void *self, const struct user_request *request, sim_dur way_there)
{
    const struct spied *spied = self;
    struct app_port *app = &spied->spy->true_app[spied->region];

    spy_note(spied->spy, request, sim_now(spied->spy->sim));
    app->submit(app->self, request, way_there);
}

/* On an open connection both directions have the same delay. */
static void spy_arrive(void *self, const struct user_request *request)
{
    const struct spied *spied = self;
    struct app_port *app = &spied->spy->true_app[spied->region];

    spy_note(spied->spy, request, sim_now(spied->spy->sim) - request->way_back);
    app->arrive(app->self, request);
}

static void spy_respond(void *self, const struct user_response *response)
{
    const struct spied *spied = self;
    struct spy *spy = spied->spy;
    uint32_t home = ref_region(response->session);
    struct guest *guest = &spy->guests[home][ref_index(response->session)];

    if (guest->pending == response->pending && guest->generation == response->generation) {
        check.answered++;
        check.reauths += response->kind == RESPONSE_REAUTH;
        if (guest->kind == REQUEST_PAGE && response->kind == RESPONSE_OK) {
            guest->pages++;
            guest->answered = response->arrives;
        }
    }
    spy->true_users[spied->region].respond(spy->true_users[spied->region].self, response);
}

static void spy_init(void *self, const struct model_env *env)
{
    struct spy *spy = self;

    spy->sim = env->sim;
    spy->regions = (int)env->topology->region_count;
    check.count = 0;
    check.submitted = check.answered = check.reauths = 0;
}

static void spy_connect(void *self, const struct port_directory *ports)
{
    struct spy *spy = self;

    for (int r = 0; r < spy->regions; r++) {
        spy->guests[r] = calloc(ROWS_MAX, sizeof *spy->guests[r]);
        assert_non_null(spy->guests[r]);
        spy->spied[r] = (struct spied){spy, r};
        spy->app[r] = port_need_app(ports, r, -1);
        spy->true_app[r] = *spy->app[r];
        *spy->app[r] = (struct app_port){&spy->spied[r], spy_submit, spy_arrive};
        spy->users[r] = port_need_users(ports, r, -1);
        spy->true_users[r] = *spy->users[r];
        *spy->users[r] = (struct users_port){.self = &spy->spied[r], .respond = spy_respond};
    }
}

static void spy_fini(void *self)
{
    struct spy *spy = self;

    for (int r = 0; r < REGIONS; r++)
        free(spy->guests[r]);
}

static const struct model_ops spy_ops = {
    .name = "spy",
    .section = "spy",
    .meaning = "reads what passes between users and tiers",
    .scope = MODEL_ONCE,
    .config_size = 1,
    .state_size = sizeof(struct spy),
    .init = spy_init,
    .connect = spy_connect,
    .fini = spy_fini,
};

static struct registry models_and_spy(void)
{
    static const struct model_ops *models[MODELS_MAX];

    assert_true(model_registry_count < MODELS_MAX);
    memcpy(models, model_registry, model_registry_count * sizeof *models);
    models[model_registry_count] = &spy_ops;
    return (struct registry){models, model_registry_count + 1};
}

static int by_user(const void *a, const void *b)
{
    const struct note *x = a, *y = b;

    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static int open_book(void **state)
{
    (void)state;
    memset(&check, 0, sizeof check);
    check.notes = calloc(NOTES_MAX, sizeof *check.notes);
    return check.notes ? 0 : -1;
}

static int close_book(void **state)
{
    (void)state;
    free(check.notes);
    return 0;
}

#define WORLD_WITH_LOSS(share)                                                                     \
    "regions: {us-west-1: {}, us-west-2: {}}\nduration: 10min\nwarmup: 0s\n"                       \
    "accelerator: {spill: 20%}\n"                                                                  \
    "population: {sessions: 10/s, writes: 20%, keep_alive: 5s, login_tries: 100}\n"                \
    "network: {us-west-1 <-> us-west-2: {loss: " share "}}\n"
#define LOSSY_WORLD WORLD_WITH_LOSS("20%")

static struct world *run_policy(const char *client, struct scenario **scenario)
{
    const struct registry registry = models_and_spy();
    char text[2000];

    snprintf(text, sizeof text, "%sclient: {%s}\n", LOSSY_WORLD, client);
    *scenario = scenario_of(&registry, text);
    return world_of(*scenario, 0, NULL);
}

/* --- claims -------------------------------------------------------------------------------------
 */

/* The scenario must outlive its registry's array only while it runs: one policy after the other. */
static void policies_meet_the_same_users(void **state)
{
    struct scenario *scenario;
    struct note *first = check.notes;
    size_t count, arrivals = 0, arrivals_second = 0, j = 0, common = 0, thoughts = 0, differing = 0;
    uint64_t submitted;

    (void)state;
    world_free(run_policy("timeout: 300ms, retry: {attempts: 4}", &scenario));
    scenario_free(scenario);
    count = check.count;
    submitted = check.submitted;
    check.notes = calloc(NOTES_MAX, sizeof *check.notes);
    assert_non_null(check.notes);
    world_free(run_policy("timeout: 60ms, read_timeout: 20ms, retry: {attempts: 1, "
                          "read_attempts: 1, backoff: none, jitter: none}",
                          &scenario));
    scenario_free(scenario);
    print_message("requests: %llu and %llu\n", (unsigned long long)submitted,
                  (unsigned long long)check.submitted);
    assert_true(check.submitted != submitted); /* under the second policy hundreds of logins fail */
    qsort(first, count, sizeof *first, by_user);
    qsort(check.notes, check.count, sizeof *check.notes, by_user);
    for (size_t i = 0; i < check.count; i++)
        arrivals_second += check.notes[i].number == 0;
    for (size_t i = 0; i < count; i++) {
        arrivals += first[i].number == 0;
        while (j < check.count && by_user(&check.notes[j], &first[i]) < 0)
            j++;
        if (j == check.count || by_user(&check.notes[j], &first[i]) != 0)
            continue;
        common += first[i].number == 0;
        thoughts += first[i].number > 0 && first[i].number != AT_HOME;
        differing += first[i].value != check.notes[j].value;
    }
    free(first);
    print_message("%zu users, %zu thoughts in common, %zu differ\n", common, thoughts, differing);
    assert_true(arrivals > 10000 && thoughts > 50000);
    assert_int_equal(arrivals, arrivals_second);
    assert_int_equal(common, arrivals);
    assert_int_equal(differing, 0);
}

/*
 * The users' statistics count what the tiers answered: each re-auth once, with one cause; each
 * request once, answered or abandoned, except responses that arrive after the patience timeout.
 */
static void statistics_count_what_the_spy_saw(void **state)
{
    static const char *const causes[] = {"replication-lag",   "lost-at-failover", "local-only",
                                         "store-unavailable", "evicted",          "restarted",
                                         "token-expired"};
    struct scenario *scenario;
    struct world *world = run_policy("timeout: 60ms, retry: {attempts: 1}, read_timeout: 20ms, "
                                     "on_write_failure: local-session",
                                     &scenario);
    double total = statistic_of(world, (struct wanted){"reauths", NULL, -1, NULL, NULL});
    double requests = statistic_of(world, (struct wanted){"requests", NULL, -1, NULL, NULL});
    double abandoned =
        statistic_or_nan(world, (struct wanted){"requests_abandoned", NULL, -1, NULL, NULL});
    double sum = 0;

    (void)state;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        for (int r = 0; r < REGIONS; r++) {
            double share =
                statistic_or_nan(world, (struct wanted){"reauths", NULL, r, causes[i], NULL});

            sum += isnan(share) ? 0 : share;
        }
    print_message("%.0f re-auths, %.0f requests\n", total, requests);
    assert_true(total > 100);
    assert_true(fabs(sum - total) < 0.5);
    assert_int_equal((uint64_t)total, check.reauths);
    assert_true(isnan(abandoned) || abandoned < 0.5); /* no user waits 30 s here */
    assert_int_equal((uint64_t)requests, check.answered);
    assert_true(check.submitted - check.answered < 200);
    world_free(world);
    scenario_free(scenario);
}

/* Sessions begin for 5 min and have ended after 20; nothing fails. */
#define ANY_STORE                                                                                  \
    "regions: {us-east-2: {}, us-west-2: {}, us-east-1: {population: {sessions: 0/s}, "            \
    "endpoint_group: {weights: [0]}}}\nduration: 20min\nwarmup: 0s\n"                              \
    "store: {kind: %s%s}\nclient: {timeout: 2s, read_timeout: 2s}\n"                               \
    "population: {sessions: 5/s, start: empty, arrivals: {step: {at: 5min, factor: 0}}, "          \
    "requests: 8, think: 'exponential(10s)', after_login: 2s, idle_ttl: 1h}\n"

static uint64_t digest_of_users(const char *kind, const char *settings)
{
    const struct registry registry = models_and_spy();
    uint64_t digest = hash_text(0, "users");
    struct scenario *scenario;
    char text[1200];

    snprintf(text, sizeof text, ANY_STORE, kind, settings);
    scenario = scenario_of(&registry, text);
    world_free(world_of(scenario, 0, NULL));
    scenario_free(scenario);
    qsort(check.notes, check.count, sizeof *check.notes, by_user);
    for (size_t i = 0; i < check.count; i++) {
        char line[80];

        snprintf(line, sizeof line, "%llu %u %lld\n", (unsigned long long)check.notes[i].user,
                 check.notes[i].number, (long long)check.notes[i].value);
        digest = hash_text(digest, line);
    }
    print_message("%s: %zu draws, digest %016llx\n", kind, check.count, (unsigned long long)digest);
    assert_int_equal(check.reauths, 0);
    assert_true(check.count > 20000);
    return digest;
}

/* Kinds of store are compared under the same users. */
static void kinds_of_store_meet_the_same_users(void **state)
{
    static const struct {
        const char *kind, *settings;
    } others[] = {
        {"regional", ""},
        {"single-region", ""},
        {"memcached", ""},
        {"dynamodb-global-tables", ""},
        {"dynamodb-strong", ", witness: us-east-1"},
        {"aurora-dsql", ", witness: us-east-1"},
        {"memorydb-multi-region", ""},
        {"durable-cache", ""},
        {"stateless-token", ""},
    };
    uint64_t first = digest_of_users("global-datastore", "");

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_true(digest_of_users(others[i].kind, others[i].settings) == first);
}

/*
 * How many requests users make, under two policies. Paired by replication, the difference is more
 * precise than from the same number of unpaired runs: its variance is a small part of the sum of
 * the two variances.
 */
static void pairing_sharpens_a_comparison(void **state)
{
    static const char *const policies[] = {"timeout: 300ms",
                                           "timeout: 300ms, retry: {attempts: 2}"};
    const struct wanted wanted = {"requests", NULL, -1, NULL, NULL};
    double value[2][8];
    struct tally difference = {0}, alone[2] = {{0}, {0}};

    (void)state;
    for (int policy = 0; policy < 2; policy++) {
        const struct registry registry = {model_registry, model_registry_count};
        char text[2000];
        struct scenario *scenario;

        snprintf(text, sizeof text, "%sclient: {%s}\n", WORLD_WITH_LOSS("5%"), policies[policy]);
        scenario = scenario_of(&registry, text);
        for (uint32_t i = 0; i < 8; i++) {
            struct world *world = world_of(scenario, i, NULL);

            value[policy][i] = statistic_of(world, wanted);
            tally_add(&alone[policy], value[policy][i]);
            world_free(world);
        }
        scenario_free(scenario);
    }
    for (int i = 0; i < 8; i++)
        tally_add(&difference, value[0][i] - value[1][i]);
    print_message("variance: paired %g, unpaired %g (%g)\n", tally_variance(&difference),
                  tally_variance(&alone[0]) + tally_variance(&alone[1]), difference.mean);
    assert_true(tally_variance(&difference) <
                0.1 * (tally_variance(&alone[0]) + tally_variance(&alone[1])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(policies_meet_the_same_users, open_book, close_book),
        cmocka_unit_test_setup_teardown(statistics_count_what_the_spy_saw, open_book, close_book),
        cmocka_unit_test_setup_teardown(kinds_of_store_meet_the_same_users, open_book, close_book),
        cmocka_unit_test(pairing_sharpens_a_comparison),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
