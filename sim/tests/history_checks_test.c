// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The checker of histories. First on histories written by hand, of which it is known what they
 * break; then every kind of store keeps what it promises, with faults; and then a kind that is
 * broken on purpose, one for each promise, which the checker finds.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "history_run.h"
#include "client_driver.h"
#include "test_kinds.h"

/* --- histories by hand ----------------------------------------------------------------------- */

/* One operation on the only session, in ms. */
struct hand_op {
    int region;
    const char *name;
    int value;
    const char *outcome;
    int invoked, ended; /* ended 0: the run ended first */
    int unanswered;
};

static void read_by_hand(struct history *history, const struct hand_op *ops, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    fprintf(out, "{\"type\": \"history\", \"version\": 1}\n"
                 "{\"type\": \"run\", \"seed\": \"1\", \"regions\": [\"a\", \"b\"]}\n");
    for (size_t i = 0; i < count; i++) {
        fprintf(out,
                "{\"type\": \"operation\", \"operation\": \"%s\", \"session\": \"a/1/1\", "
                "\"region\": \"%s\", \"invoked_ns\": %d000000, \"outcome\": \"%s\", ",
                ops[i].name, ops[i].region ? "b" : "a", ops[i].invoked, ops[i].outcome);
        fprintf(out, ops[i].ended ? "\"ended_ns\": %d000000, " : "\"ended_ns\": null, ",
                ops[i].ended);
        fprintf(out, "\"value\": \"%016x\", \"unanswered\": %d}\n", (unsigned)ops[i].value,
                ops[i].unanswered);
    }
    fclose(out);
    out = fmemopen(text, size, "r");
    assert_true(history_read(history, out));
    fclose(out);
    free(text);
}

#define OPS(...)                                                                                   \
    (const struct hand_op[]){__VA_ARGS__},                                                         \
        sizeof((const struct hand_op[]){__VA_ARGS__}) / sizeof(struct hand_op)

static const struct {
    const char *what;
    const struct hand_op *ops;
    size_t count;
    bool order, own, agreement, loss; /* what it breaks; quiet: 1 s */
} cases_by_hand[] = {
    {"a read finds the write before it",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {1, "get", 1, "ok", 30, 40, 0}), 0, 0, 0, 0},
    {"or one that it overlaps, or the one before that",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "touch", 2, "ok", 25, 60, 0},
         {1, "get", 2, "ok", 30, 40, 0}, {1, "get", 2, "ok", 45, 50, 0}),
     0, 0, 0, 0},
    {"but not the new one first and the old one after it",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "touch", 2, "ok", 25, 60, 0},
         {1, "get", 2, "ok", 30, 40, 0}, {1, "get", 1, "ok", 45, 50, 0}),
     1, 0, 0, 0},
    {"a stale read",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "touch", 2, "ok", 30, 40, 0},
         {1, "get", 1, "ok", 50, 60, 0}),
     1, 0, 0, 0},
    {"of one's own region's write",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "touch", 2, "ok", 30, 40, 0},
         {0, "get", 1, "ok", 50, 60, 0}),
     1, 1, 0, 0},
    {"a write without an answer may take effect late",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "touch", 2, "unknown", 30, 40, 1},
         {1, "get", 1, "ok", 50, 60, 0}, {1, "get", 2, "ok", 70, 80, 0}),
     0, 0, 0, 0},
    {"and not be undone",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "touch", 2, "unknown", 30, 40, 1},
         {1, "get", 2, "ok", 50, 60, 0}, {1, "get", 1, "ok", 70, 80, 0}),
     1, 0, 0, 0},
    {"an attempt without an answer repeats an acknowledged write, once",
     OPS({0, "create", 1, "ok", 10, 20, 1}, {0, "touch", 2, "ok", 30, 40, 0},
         {1, "get", 1, "ok", 50, 60, 0}),
     0, 0, 0, 0},
    {"a failed write has no effect",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "touch", 2, "failed", 30, 40, 0},
         {1, "get", 2, "ok", 50, 60, 0}),
     1, 0, 0, 0},
    {"a deleted session is found again",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {0, "delete", 2, "ok", 30, 40, 0},
         {0, "get", 1, "ok", 50, 60, 0}),
     1, 1, 0, 0},
    {"regions that read different things permanently",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {1, "touch", 2, "ok", 10, 20, 0},
         {0, "get", 1, "ok", 2000, 2010, 0}, {1, "get", 2, "ok", 2000, 2010, 0}),
     1, 0, 1, 0},
    {"an acknowledged write that is gone",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {1, "touch", 2, "ok", 30, 40, 0},
         {0, "get", 1, "ok", 2000, 2010, 0}, {1, "get", 1, "ok", 2000, 2010, 0}),
     1, 1, 0, 1},
    {"one that lost to a concurrent write is not",
     OPS({0, "create", 1, "ok", 10, 20, 0}, {1, "touch", 2, "ok", 15, 25, 0},
         {0, "get", 1, "ok", 2000, 2010, 0}, {1, "get", 1, "ok", 2000, 2010, 0}),
     0, 0, 0, 0},
};

static void checker_knows_histories_written_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases_by_hand / sizeof cases_by_hand[0]; i++) {
        struct history history;
        bool right;

        read_by_hand(&history, cases_by_hand[i].ops, cases_by_hand[i].count);
        right = history_not_linearizable(&history, false, NULL) == cases_by_hand[i].order &&
                history_own_writes_missed(&history, NULL) == cases_by_hand[i].own &&
                history_not_converged(&history, SIM_S, NULL) == cases_by_hand[i].agreement &&
                history_lost_writes(&history, SIM_S, NULL) == cases_by_hand[i].loss;
        history_release(&history);
        if (!right)
            fail_msg("judged wrongly: %s", cases_by_hand[i].what);
    }
}

/* --- all kinds ------------------------------------------------------------------------------- */

/* What a kind promises. */
struct promise {
    const char *store;
    bool apart; /* a session is used in one region only: it is nowhere else */
    bool linearizable, own_writes, converges;
    const char *losses; /* metric that counts what may be lost; NULL: nothing may */
};
static const struct promise promises[] = {
    {"{kind: single-region}", false, true, true, true, NULL},
    {"{kind: durable-cache}", false, true, true, true, NULL},
    {"{kind: stateless-token}", false, true, true, true, NULL},
    {"{kind: dynamodb-strong, reads: strong}", false, true, true, true, NULL},
    {"{kind: dynamodb-strong}", false, false, true, true, NULL},
    {"{kind: aurora-dsql}", false, true, true, true, NULL},
    {"{kind: dynamodb-global-tables, read_latency: 2ms, write_latency: 2ms}", false, false, true,
     true, "conflicts"},
    {"{kind: memorydb-multi-region}", false, false, true, true, "conflicts"},
    {"{kind: global-datastore}", false, false, false, true, NULL},
    /* b without a cluster: all operations are the primary's, whose slots move meanwhile */
    {"{kind: global-datastore, secondaries: [c], shards: 2, reshard: {once: {at: 15s, shards: 5, "
     "duration: 45s}}, replicas_change: {once: {at: 20s, create: 5s}}}",
     false, true, true, true, NULL},
    {"{kind: regional}", true, true, true, true, NULL},
    {"{kind: memcached}", true, true, true, true, NULL},
};

/* Random reads, writes and a few deletions of 40 sessions in two regions of three, with a cut link
 * and a region that is cut off; then reads of all of them everywhere. */
#define SESSIONS 40
#define OPERATIONS 6000
#define ALL_STEPS (OPERATIONS + 2 * SESSIONS)
static void plan_all(struct client_step *steps, bool apart)
{
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        uint64_t word = rng_mix(i + 1000003);
        uint32_t choice = (uint32_t)(word >> 56);

        steps[i] = (struct client_step){.at = (sim_time)(i + 1) * 10 * SIM_MS +
                                              (sim_time)(word % (uint64_t)SIM_MS),
                                        .region = (int)((word >> 32) % 2),
                                        .kind = choice < 140   ? COMMAND_GET
                                                : choice < 250 ? COMMAND_TOUCH
                                                               : COMMAND_DELETE,
                                        .session = (uint32_t)(word >> 40) % SESSIONS};
    }
    for (uint32_t i = 0; i < 2 * SESSIONS; i++)
        steps[OPERATIONS + i] = (struct client_step){.at = 90 * SIM_S + i * SIM_MS,
                                                     .region = (int)i % 2,
                                                     .kind = COMMAND_GET,
                                                     .session = i / 2};
    for (uint32_t i = 0; apart && i < ALL_STEPS; i++)
        steps[i].region = (int)steps[i].session % 2;
}

#define CHECKED_WORLD                                                                              \
    "regions: {a: {}, b: {}, c: {}}\nduration: 100s\nwarmup: 0s\nstore: %s\n"                      \
    "network: {default: {rtt: 20ms}, inside: {rtt: 1ms}}\n"                                        \
    "client: {timeout: 300ms, read_timeout: 300ms, retry: {attempts: 3, read_attempts: 3}}\n"      \
    "driver: {rate: 0/s, %s}\n"

#define ISOLATED "isolate: b, cut_from: 20s, cut_for: 8s"

static struct scenario *scenario;
static struct world *world;
static struct history history;

static void run_plan(const struct registry *registry, const char *store, const char *driver,
                     bool apart)
{
    static struct client_step steps[ALL_STEPS];
    char text[1000];

    snprintf(text, sizeof text, CHECKED_WORLD, store, driver);
    plan_all(steps, apart);
    client_plan.steps = steps;
    client_plan.count = ALL_STEPS;
    world = history_run(registry, text, 0, &scenario, &history);
    client_plan.count = 0;
}

static void run_checked(const struct registry *registry, const char *store, const char *driver)
{
    run_plan(registry, store, driver, false);
}

static void done(void)
{
    world_free(world);
    scenario_free(scenario);
    history_release(&history);
}

static void kinds_keep_their_promises(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        const struct promise *promise = &promises[i];
        size_t order, own, agreement, loss;

        run_plan(&client_registry, promise->store, ISOLATED, promise->apart);
        order = history_not_linearizable(&history, false, NULL);
        own = history_own_writes_missed(&history, NULL);
        agreement = history_not_converged(&history, 10 * SIM_S, NULL);
        loss = history_lost_writes(&history, 10 * SIM_S, NULL);
        print_message("%s: %zu, %zu, %zu, %zu of %zu sessions\n", promise->store, order, own,
                      agreement, loss, history.session_count);
        if (promise->linearizable)
            assert_int_equal(order, 0);
        else
            assert_true(order > 0); /* it is not by chance that others are */
        if (promise->own_writes)
            assert_int_equal(own, 0);
        if (promise->converges)
            assert_int_equal(agreement, 0);
        if (promise->losses)
            assert_true(
                (double)loss <=
                statistic_of(world, (struct wanted){.metric = promise->losses, .region = -1}));
        else
            assert_int_equal(loss, 0);
        done();
    }
}

/* The primary a is cut off, b is promoted meanwhile, and clients in a go on writing there: what
 * was reported to them as done is gone afterwards, and no more of it than the store counts. */
static void lost_writes_of_a_failover_are_counted(void **state)
{
    double counted;
    size_t loss;

    (void)state;
    run_checked(&client_registry, "{kind: global-datastore, secondaries: [b]}",
                "isolate: a, cut_from: 50s, cut_for: 20s, promote_at: 52s");
    loss = history_lost_writes(&history, 10 * SIM_S, NULL);
    counted = statistic_of(world, (struct wanted){.metric = "lost_writes", .region = -1});
    print_message("%zu sessions with lost writes, %.0f writes counted\n", loss, counted);
    assert_int_equal(history_not_converged(&history, 10 * SIM_S, NULL), 0);
    assert_true(loss > 0 && (double)loss <= counted);
    done();
}

/* --- broken kinds ---------------------------------------------------------------------------- */

/* Two regions' registers of the 40 sessions. */
#define BROKEN_SESSIONS SESSIONS
static struct broken {
    uint64_t values[2][BROKEN_SESSIONS]; /* HISTORY_NOTHING: deleted */
    uint64_t before[2][BROKEN_SESSIONS]; /* of the write before */
    sim_time written[2][BROKEN_SESSIONS];
    int writer[BROKEN_SESSIONS];
    uint64_t writes, reads;
} broken;

static void broken_endpoints(struct store *store, struct endpoint_table *table)
{
    for (int r = 0; r < (int)store->region_count; r++)
        endpoint_add(table,
                     (struct endpoint){.name = store->topology->region_names[r], .region = r});
}

static uint32_t broken_route(const void *store, const struct client_knowledge *knowledge,
                             const struct route_query *query)
{
    (void)store, (void)query;
    return (uint32_t)knowledge->region;
}

static void broken_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    (void)store, (void)session, (void)session_check;
}

static void broken_init(struct store *store, const struct model_env *env)
{
    (void)store, (void)env;
    memset(&broken, 0, sizeof broken);
}

static void broken_back(struct cluster *cluster, bool was_down)
{
    (void)cluster, (void)was_down;
}

static uint64_t broken_answer; /* of the read that is being executed */

static uint64_t broken_found(const struct server *server, const struct command *command)
{
    (void)server, (void)command;
    return broken_answer;
}

static void broken_reply(struct command *command, uint64_t value)
{
    broken_answer = value;
    command->reply.kind = value == HISTORY_NOTHING ? REPLY_MISS : REPLY_HIT;
}

static void broken_write(int region, const struct command *command, sim_time now)
{
    uint32_t s = ref_index(command->session);

    broken.before[region][s] = broken.values[region][s];
    broken.values[region][s] =
        command->kind == COMMAND_DELETE ? HISTORY_NOTHING : command->identity;
    broken.written[region][s] = now;
}

static bool broken_is_recent(uint32_t s, sim_time now)
{
    return now - broken.written[0][s] < 500 * SIM_MS;
}

static const struct reply broken_ok = {.kind = REPLY_OK, .executed = true};

/* Regions share one register, but a read in b finds the write before the last one for 100 ms. */
static enum execution stale_execute(struct server *server, uint32_t ref, struct command *command)
{
    sim_time now = sim_now(server->cluster->store->sim);
    uint32_t s = ref_index(command->session);

    (void)ref;
    if (command->kind != COMMAND_GET) {
        broken_write(0, command, now);
        command->reply = broken_ok;
    } else {
        bool stale = server->cluster->region == 1 && now - broken.written[0][s] < 100 * SIM_MS;

        broken_reply(command, stale ? broken.before[0][s] : broken.values[0][s]);
    }
    return EXECUTION_DONE;
}

/* Regions share one register, and b reads its own writes. But of a's recent writes it finds every
 * second time the one before: what it has read is gone again. */
static enum execution flicker_execute(struct server *server, uint32_t ref, struct command *command)
{
    sim_time now = sim_now(server->cluster->store->sim);
    int here = server->cluster->region;
    uint32_t s = ref_index(command->session);

    (void)ref;
    if (command->kind != COMMAND_GET) {
        broken_write(0, command, now);
        broken.writer[s] = here;
        command->reply = broken_ok;
    } else {
        bool back = here == 1 && broken.writer[s] == 0 && broken_is_recent(s, now) &&
                    ++broken.reads % 2 == 0;

        broken_reply(command, back ? broken.before[0][s] : broken.values[0][s]);
    }
    return EXECUTION_DONE;
}

/* A quorum of three that does not need it: a region that is cut off (b, from 20 to 28 s) goes on by
 * itself, and what it has acknowledged is replaced afterwards. */
static enum execution split_execute(struct server *server, uint32_t ref, struct command *command)
{
    sim_time now = sim_now(server->cluster->store->sim);
    bool alone = server->cluster->region == 1 && now > 20 * SIM_S && now < 28 * SIM_S;
    uint32_t s = ref_index(command->session);

    (void)ref;
    if (command->kind == COMMAND_GET) {
        broken_reply(command, broken.values[alone][s]);
        return EXECUTION_DONE;
    }
    broken_write(alone, command, now);
    if (!alone)
        broken_write(1, command, now);
    command->reply = broken_ok;
    return EXECUTION_DONE;
}

/* Each region has a register of its own, and the other hears of a write at once, unless it has
 * written later than 200 ms before: then both keep their own. */
static enum execution apart_execute(struct server *server, uint32_t ref, struct command *command)
{
    sim_time now = sim_now(server->cluster->store->sim);
    int here = server->cluster->region, there = 1 - here;
    uint32_t s = ref_index(command->session);

    (void)ref;
    if (command->kind == COMMAND_GET) {
        broken_reply(command, broken.values[here][s]);
        return EXECUTION_DONE;
    }
    broken_write(here, command, now);
    if (now - broken.written[there][s] >= 200 * SIM_MS)
        broken_write(there, command, now);
    command->reply = broken_ok;
    return EXECUTION_DONE;
}

/* Every third write is acknowledged and forgotten. */
static enum execution forgetful_execute(struct server *server, uint32_t ref,
                                        struct command *command)
{
    (void)ref;
    if (command->kind == COMMAND_GET) {
        broken_reply(command, broken.values[0][ref_index(command->session)]);
        return EXECUTION_DONE;
    }
    if (++broken.writes % 3 != 0)
        broken_write(0, command, sim_now(server->cluster->store->sim));
    command->reply = broken_ok;
    return EXECUTION_DONE;
}

#define BROKEN(kind_name, what, function)                                                          \
    {                                                                                              \
        .model = {.name = kind_name, .meaning = what}, .state_size = 1, .row_size = 1,             \
        .endpoints = broken_endpoints, .route = broken_route, .seed = broken_seed,                 \
        .execute = function, .back = broken_back, .found = broken_found, .init = broken_init       \
    }
static const struct store_kind stale_kind = BROKEN("stale", "late in b", stale_execute);
static const struct store_kind flicker_kind = BROKEN("flicker", "goes back", flicker_execute);
static const struct store_kind split_kind = BROKEN("split", "two halves", split_execute);
static const struct store_kind apart_kind = BROKEN("apart", "never agree", apart_execute);
static const struct store_kind forgetful_kind = BROKEN("forgetful", "forgets", forgetful_execute);

/* Sessions that break each promise. */
struct found {
    size_t order, own, agreement, loss;
};

static struct found run_broken(const char *store, const char *driver)
{
    static const struct model_kind *const kinds[] = {&stale_kind.model, &flicker_kind.model,
                                                     &split_kind.model, &apart_kind.model,
                                                     &forgetful_kind.model};
    static const char *const names[] = {"stale", "flicker", "split", "apart", "forgetful", NULL};
    struct found found;

    test_store_make(kinds, names);
    run_checked(&test_registry, store, driver);
    found = (struct found){history_not_linearizable(&history, false, NULL),
                           history_own_writes_missed(&history, NULL),
                           history_not_converged(&history, 10 * SIM_S, NULL),
                           history_lost_writes(&history, 10 * SIM_S, NULL)};
    print_message("%s: %zu, %zu, %zu, %zu\n", store, found.order, found.own, found.agreement,
                  found.loss);
    done();
    return found;
}

/* Of the sort that promises its own writes: b does not find its own. */
static void checker_finds_a_kind_that_misses_its_own_writes(void **state)
{
    struct found found = run_broken("{kind: stale}", ISOLATED);

    (void)state;
    assert_true(found.order > SESSIONS / 2 && found.own > SESSIONS / 4);
    assert_true(found.agreement == 0 && found.loss == 0);
}

/* Of the strong sort: everything else holds, only the order does not. */
static void checker_finds_a_strong_kind_that_reads_back_in_time(void **state)
{
    struct found found = run_broken("{kind: flicker}", ISOLATED);

    (void)state;
    assert_true(found.order > SESSIONS / 4);
    assert_true(found.own == 0 && found.agreement == 0 && found.loss == 0);
}

/* Of the quorum sort: split brain. What it lost is seen where nothing was written afterwards; the
 * writes go on for half a minute, so the order is what shows. */
static void checker_finds_a_quorum_that_is_split(void **state)
{
    struct found found = run_broken("{kind: split}", ISOLATED);

    (void)state;
    assert_true(found.order > SESSIONS / 4 && found.own > 0);
}

/* Of the active-active sort: regions never agree. */
static void checker_finds_regions_that_never_agree(void **state)
{
    (void)state;
    assert_true(run_broken("{kind: apart}", ISOLATED).agreement > 0);
}

/* Of the durable sort: acknowledged writes are gone, and no metric counts them. */
static void checker_finds_a_kind_that_forgets(void **state)
{
    struct found found = run_broken("{kind: forgetful}", ISOLATED);

    (void)state;
    assert_true(found.order > SESSIONS / 2 && found.own > SESSIONS / 8 && found.loss > 0);
    assert_int_equal(found.agreement, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checker_knows_histories_written_by_hand),
        cmocka_unit_test(kinds_keep_their_promises),
        cmocka_unit_test(lost_writes_of_a_failover_are_counted),
        cmocka_unit_test(checker_finds_a_kind_that_misses_its_own_writes),
        cmocka_unit_test(checker_finds_a_strong_kind_that_reads_back_in_time),
        cmocka_unit_test(checker_finds_a_quorum_that_is_split),
        cmocka_unit_test(checker_finds_regions_that_never_agree),
        cmocka_unit_test(checker_finds_a_kind_that_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
