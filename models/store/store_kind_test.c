// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The interface of a kind of store, tested by small kinds under the real client and links: one that
 * waits for another region, one that redirects, one that throttles, one whose address changes
 * behind its name.
 *
 * Two regions 20 ms apart (10 ms one way), 1 ms inside; service times are 0; one write every 10 ms
 * in region a, so that every latency below is a sum of one-way delays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "client_driver.h"
#include "store_internal.h"
#include "test_kinds.h"

#define INSIDE (1 * SIM_MS)
#define BETWEEN (20 * SIM_MS)
#define WRITES_MAX 2000

static struct {
    sim_dur latency[WRITES_MAX + 1]; /* by number of the write, from 1 */
    sim_time begun[WRITES_MAX + 1];
    enum op_outcome outcome[WRITES_MAX + 1];
    uint32_t attempts[WRITES_MAX + 1];
} ended;

static void write_ended(uint64_t number, sim_time begun, sim_time now,
                        const struct op_result *result)
{
    assert_true(number <= WRITES_MAX);
    ended.begun[number] = begun;
    ended.latency[number] = now - begun;
    ended.outcome[number] = result->outcome;
    ended.attempts[number] = result->attempts;
}

/* --- common to the three kinds --------------------------------------------------------------- */

/* Endpoint r is region r's cluster. */
static void endpoints_of_regions(struct store *store, struct endpoint_table *table)
{
    for (int r = 0; r < (int)store->region_count; r++)
        endpoint_add(table,
                     (struct endpoint){.name = store->topology->region_names[r], .region = r});
}

static uint32_t route_home(const void *store, const struct client_knowledge *knowledge,
                           const struct route_query *query)
{
    (void)store, (void)query;
    return (uint32_t)knowledge->region;
}

static void seed_nothing(struct store *store, uint32_t session, uint32_t session_check)
{
    (void)store, (void)session, (void)session_check;
}

static void back_as_before(struct cluster *cluster, bool was_down)
{
    (void)cluster, (void)was_down;
}

static const struct reply written = {.kind = REPLY_OK, .executed = true};

/* --- both: a write is done once the other region has it -------------------------------------- */

/* A write that waits for the other region; the word of its messages is its number, with bit 31 set
 * in replies. */
#define ANSWER (UINT32_C(1) << 31)
static struct {
    struct command_handle handles[WRITES_MAX];
    uint32_t count;
} waiting;

/* `word` calls both_peer() in the other region. */
static void both_send(const struct cluster *from, uint32_t word, uint32_t bytes, uint64_t identity)
{
    const struct cluster *to = &from->store->clusters[1 - from->region];
    const struct message message = {
        .kind = to->peer_kind, .entity = word, .bytes = bytes, .identity = identity};

    cluster_send(from->store, from->region, to->region, &message, false);
}

static enum execution both_execute(struct server *server, uint32_t ref, struct command *command)
{
    if (command->kind == COMMAND_GET) {
        command->reply.kind = REPLY_MISS;
        return EXECUTION_DONE;
    }
    assert_true(waiting.count < WRITES_MAX);
    waiting.handles[waiting.count] = server_handle(ref, command);
    both_send(server->cluster, waiting.count++, 1000, command->identity);
    return EXECUTION_PENDING;
}

static void both_peer(struct cluster *cluster, uint32_t word)
{
    if (word & ANSWER)
        server_complete(&cluster->servers[0], waiting.handles[word & ~ANSWER], &written);
    else
        both_send(cluster, word | ANSWER, 60, word);
}

static void crash_on_time(void *self, struct sim *sim, uint32_t kind, uint32_t generation)
{
    struct cluster *cluster = self;

    (void)sim, (void)generation;
    cluster->fault.crash(cluster->fault.self, (enum crash_kind)kind);
}

static const struct event_kind crash_kind = {
    .name = "crash", .phase = PHASE_FAULT, .fire = crash_on_time};
static bool crashes;

/* The process of the first region is down from 5 to 6 s. */
static void both_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    kind_id kind = sim_kind_add(env->sim, &crash_kind, env->instance, cluster);

    if (!crashes || cluster->region != 0)
        return;
    sim_at(env->sim, 5 * SIM_S, kind, CRASH_PROCESS, 0);
    sim_at(env->sim, 6 * SIM_S, kind, CRASH_NONE, 0);
}

static const struct store_kind both = {.model = {.name = "both", .meaning = "two regions answer"},
                                       .state_size = 1,
                                       .row_size = 1,
                                       .endpoints = endpoints_of_regions,
                                       .route = route_home,
                                       .seed = seed_nothing,
                                       .execute = both_execute,
                                       .peer = both_peer,
                                       .back = back_as_before,
                                       .cluster_init = both_cluster_init};

/* --- moved: the first region knows that the second one has all keys ----------------------------
 */

static enum execution moved_execute(struct server *server, uint32_t ref, struct command *command)
{
    (void)ref;
    command->reply = written;
    if (server->cluster->region == 0)
        command->reply = (struct reply){.kind = REPLY_MOVED, .target = 1};
    return EXECUTION_DONE;
}

static const struct store_kind moved = {.model = {.name = "moved", .meaning = "it redirects"},
                                        .state_size = 1,
                                        .row_size = 1,
                                        .endpoints = endpoints_of_regions,
                                        .route = route_home,
                                        .seed = seed_nothing,
                                        .execute = moved_execute,
                                        .back = back_as_before};

/* --- slow down: first attempts are throttled ---------------------------------------------------
 */

static enum execution throttled_execute(struct server *server, uint32_t ref,
                                        struct command *command)
{
    (void)server, (void)ref;
    command->reply = written;
    if (command->attempt >> 8 == 1)
        command->reply = (struct reply){.kind = REPLY_THROTTLED, .retry_after_ns = 50 * SIM_MS};
    return EXECUTION_DONE;
}

static const struct store_kind throttled = {
    .model = {.name = "throttled", .meaning = "it wants every write twice"},
    .state_size = 1,
    .row_size = 1,
    .endpoints = endpoints_of_regions,
    .route = route_home,
    .seed = seed_nothing,
    .execute = throttled_execute,
    .back = back_as_before};

/* --- readdressed: a name, and the two addresses that it has in turn ----------------------------
 */

static void endpoints_of_a_name(struct store *store, struct endpoint_table *table)
{
    (void)store;
    endpoint_add(table, (struct endpoint){.name = "name", .region = ENDPOINT_BY_NAME});
    endpoint_add(table, (struct endpoint){.name = "old", .region = 0});
    endpoint_add(table, (struct endpoint){.name = "new", .region = 0, .epoch = 1});
}

static uint32_t route_by_name(const void *store, const struct client_knowledge *knowledge,
                              const struct route_query *query)
{
    (void)store, (void)knowledge, (void)query;
    return 0;
}

static enum execution readdressed_execute(struct server *server, uint32_t ref,
                                          struct command *command)
{
    (void)server, (void)ref;
    command->reply = written;
    return EXECUTION_DONE;
}

static void move_on_time(void *self, struct sim *sim, uint32_t node, uint32_t generation)
{
    (void)sim, (void)generation;
    listener_move(self, node);
}

static const struct event_kind move_kind = {
    .name = "move", .phase = PHASE_FAULT, .fire = move_on_time};

/* The second address is the primary's from 6 s on, when no old connection is used any more. */
static void readdressed_cluster_init(struct cluster *cluster, const struct model_env *env)
{
    sim_at(env->sim, 6 * SIM_S, sim_kind_add(env->sim, &move_kind, env->instance, cluster), 1, 0);
}

static const struct store_kind readdressed = {
    .model = {.name = "readdressed", .meaning = "its address changes behind its name"},
    .state_size = 1,
    .row_size = 1,
    .endpoints = endpoints_of_a_name,
    .route = route_by_name,
    .seed = seed_nothing,
    .execute = readdressed_execute,
    .back = back_as_before,
    .cluster_init = readdressed_cluster_init};

/* --- the store of these kinds ------------------------------------------------------------------
 */

static const struct model_kind *const kinds[] = {&both.model, &moved.model, &throttled.model,
                                                 &readdressed.model};
static const char *const kind_names[] = {"both", "moved", "throttled", "readdressed", NULL};

/* The real store model with another table of kinds. */
static int make_store(void **state)
{
    (void)state;
    test_store_make(kinds, kind_names);
    memset(&ended, 0, sizeof ended);
    memset(&waiting, 0, sizeof waiting);
    crashes = false;
    client_readdressed_at = 0;
    client_seen.write_done = write_ended;
    return 0;
}

static struct scenario *scenario;
static struct world *world;

static void run(const char *kind, uint32_t attempts)
{
    char text[1000];

    snprintf(text, sizeof text,
             "regions: {a: {}, b: {}}\nduration: 10s\nwarmup: 0s\n"
             "store: {kind: %s, write_service: 0ms, write_per_kib: 0ms, read_service: 0ms, "
             "connect_cost: {accept: 0ms, tls: 0ms}}\n"
             "network: {default: {rtt: 20ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}, "
             "inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%%, loss: 0%%}}\n"
             "client: {retry: {backoff: none, attempts: %u}, timeout: 300ms, "
             "pool: {size: 200, warm: 200}}\n"
             "driver: {rate: 100/s}\n",
             kind, attempts);
    scenario = scenario_of(&test_registry, text);
    world = world_of(scenario, 0, NULL);
}

static void done(void)
{
    world_free(world);
    scenario_free(scenario);
}

/* The round trip of the client plus the round trip between the clusters. */
static void pending_command_is_replied_to_when_the_other_region_has_answered(void **state)
{
    (void)state;
    run("both", 4);
    for (uint64_t n = 1; n <= 900; n++) {
        assert_int_equal(ended.outcome[n], OP_DONE);
        assert_int_equal(ended.latency[n], INSIDE + BETWEEN);
    }
    done();
}

/*
 * A write that starts at t arrives at the server at t + 0.5 ms and would complete there at t + 20.5
 * ms. The process exits at 5 s: its kernel's FIN reaches the client at 5.0005 s and ends those of
 * 4.98, 4.99 and 5.00 s (the replies from the other region are ignored). The 99 writes of 5.01 to
 * 5.99 s are refused after a round trip. From 6 s on those that find no idle connection open one,
 * in two more round trips (TCP, TLS): three, since a write then takes 23 ms; all others complete as
 * before.
 */
static void pending_command_goes_with_its_server(void **state)
{
    uint32_t failed = 0;

    (void)state;
    crashes = true;
    run("both", 1);
    for (uint64_t n = 1; n <= 900; n++) {
        sim_time begun = ended.begun[n];
        bool lost = begun >= 4980 * SIM_MS && begun <= 5990 * SIM_MS;
        sim_dur latency = INSIDE + BETWEEN;

        if (lost)
            latency = begun > 5000 * SIM_MS ? INSIDE : 5000 * SIM_MS + INSIDE / 2 - begun;
        else if (begun >= 6000 * SIM_MS && begun <= 6020 * SIM_MS)
            latency += 2 * INSIDE;
        assert_int_equal(ended.outcome[n], lost ? OP_FAILED : OP_DONE);
        assert_int_equal(ended.latency[n], latency);
        failed += ended.outcome[n] == OP_FAILED;
    }
    assert_int_equal(failed, 102);
    done();
}

/* One attempt here, one there, on a pool that is created at its first use. Opening its connections
 * takes two more round trips, so only the first few writes take longer. */
static void moved_sends_the_next_attempt_to_another_endpoint(void **state)
{
    (void)state;
    run("moved", 4);
    assert_int_equal(ended.latency[1], INSIDE + 3 * BETWEEN);
    for (uint64_t n = 100; n <= 900; n++) {
        assert_int_equal(ended.outcome[n], OP_DONE);
        assert_int_equal(ended.attempts[n], 2);
        assert_int_equal(ended.latency[n], INSIDE + BETWEEN);
    }
    done();
}

static void throttled_waits_for_retry_after(void **state)
{
    (void)state;
    run("throttled", 4);
    for (uint64_t n = 1; n <= 900; n++) {
        assert_int_equal(ended.outcome[n], OP_DONE);
        assert_int_equal(ended.attempts[n], 2);
        assert_int_equal(ended.latency[n], INSIDE + 50 * SIM_MS + INSIDE);
    }
    done();
}

/*
 * A changed address is another endpoint: the name is looked up when a connection is opened, and
 * those that are open stay where they are. A connection lives 3 s, a new one takes two round trips
 * of 1 ms, and the address changes at 5 s: the third connection is the first to the new one.
 */
static void changed_address_is_another_endpoint(void **state)
{
    static const char expected[] = "0.000000000 old: established\n"
                                   "3.000000000 old: fin\n3.002000000 old: established\n"
                                   "6.000000000 old: fin\n6.002000000 new: established\n"
                                   "9.000000000 new: fin\n9.002000000 new: established\n";
    char *traced, *lines, *line, events[1000] = "";
    size_t size;
    FILE *out = open_memstream(&traced, &size);
    struct trace trace = {.out = out, .to = SIM_NEVER, .match = "store_client/a"};
    const struct world_options options = {.seed = TEST_SEED, .trace = &trace};

    (void)state;
    client_readdressed_at = 5 * SIM_S;
    scenario = scenario_of(&test_registry,
                           "regions: {a: {}}\nduration: 10s\nwarmup: 0s\n"
                           "store: {kind: readdressed, write_service: 0ms, write_per_kib: 0ms, "
                           "connect_cost: {accept: 0ms, tls: 0ms}}\n"
                           "network: {inside: {rtt: 1ms, jitter: 0ms, spike_share: 0%, loss: 0%}}\n"
                           "client: {pool: {size: 1, warm: 1, lifetime: 3s, phase: 0s}}\n"
                           "driver: {rate: 1/s}\n");
    world = world_create(scenario, &options);
    world_run(world);
    done();
    fclose(out);
    for (lines = traced; (line = strtok_r(lines, "\n", &lines));) {
        char at[40], event[40];

        if (sscanf(line, "%39s store_client/a connection 0 to %39[^\n]", at, event) == 2)
            snprintf(events + strlen(events), sizeof events - strlen(events), "%s %s\n", at, event);
    }
    free(traced);
    assert_string_equal(events, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pending_command_is_replied_to_when_the_other_region_has_answered,
                               make_store),
        cmocka_unit_test_setup(pending_command_goes_with_its_server, make_store),
        cmocka_unit_test_setup(moved_sends_the_next_attempt_to_another_endpoint, make_store),
        cmocka_unit_test_setup(throttled_waits_for_retry_after, make_store),
        cmocka_unit_test_setup(changed_address_is_another_endpoint, make_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
