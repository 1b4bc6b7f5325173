// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The store alone: commands sent to its listener at chosen times, a stream driven by the test, and
 * links that deliver at once (or, for the notification of a demotion, never).
 *
 * The file is longer than 800 lines because its cases share one rig.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "assert_close.h"
#include "statistics.h"
#include "datastore_internal.h"
#include "store_command.h"
#include "losses.h"
#include "promotion.h"
#include "replica.h"
#include "store_fault.h"
#include "stream.h"
#include "write_position.h"
#include "registry.h"

#include <stdlib.h>

/* --- what drives it -------------------------------------------------------------------------- */

struct driver_config {
    double rate_per_s;
};
#define MODEL_CONFIG struct driver_config
// clang-format off
static const struct field driver_fields[] = {
    RATE("rate", rate_per_s, "0/s", "0/s", "1M/s", "reads of the first region's cluster, Poisson", "assumption"),
};
static const struct metric driver_metrics[] = {
    {.name = "sojourn", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "from a command's arrival to its reply"},
};
// clang-format on

enum { COMMAND, APPLY, PROMOTE_BEGIN, PROMOTE_END, POWER, STALL, RESTART, SYNCED };
/* A step of a script. */
struct step {
    sim_time at;
    int what;
    int region; /* of the cluster it acts on */
    enum command_kind kind;
    uint32_t session;
    bool on;         /* POWER, STALL */
    uint64_t number; /* APPLY */
    bool again;      /* another attempt of the operation before it */
    bool first;      /* another attempt of the first operation */
    uint32_t reuse;  /* sessions that had the row before */
};
#define STEPS_MAX 400
#define ROWS_MAX 200000

/* The script, and the observed results by step (for commands). */
static struct {
    struct step steps[STEPS_MAX];
    uint32_t count;
    int reply[STEPS_MAX]; /* enum reply_kind, -1: none, -2: dropped */
    int miss[STEPS_MAX];
    sim_time replied[STEPS_MAX];
    uint64_t streamed, last_number; /* writes handed to the stream */
    uint32_t restarts, rejoins;
    bool demotion_arrives;
    uint64_t writes_lost, sessions_lost;
    uint64_t lost_by[LOSS_CAUSES];
    sim_dur rpo;
} script;

struct driver {
    const struct driver_config *config;
    struct sim *sim;
    uint32_t regions;
    struct rng_stream stream;
    uint64_t sent;
    sim_time *arrived; /* by row */
    uint32_t *step_of; /* by row; NO_INDEX: none */
    struct command_pool pools[2];
    struct handshake_return backs[2];
    struct link_port links[2][2];
    struct stream_port port;
    struct listener_port *listeners[2];
    struct promotion_port *promotion;
    struct losses_port *losses;
    struct replica_port *replica;
    struct power_port *power[2];
    struct store_fault_port *faults[2];
    kind_id next_kind, step_kind, reply_kind;
    probe_id sojourn;
};

static uint32_t driver_row(struct driver *driver)
{
    struct command_pool *pool = &driver->pools[0];
    uint32_t row = command_alloc(pool);

    assert_true(row < ROWS_MAX);
    return row;
}

static void driver_give(void *self, uint32_t row)
{
    struct driver *driver = self;
    struct command_pool *pool = &driver->pools[0];

    if (driver->step_of[row] != NO_INDEX && script.reply[driver->step_of[row]] == -1)
        script.reply[driver->step_of[row]] = -2;
    command_free(pool, row);
}

static void driver_command(struct driver *driver, const struct step *step, uint32_t step_index)
{
    uint32_t row = driver_row(driver);
    struct command *command = command_at(&driver->pools[0], row);
    struct listener_port *listener = driver->listeners[step->region];

    if (!step->again && !step->first)
        driver->sent++;
    *command = (struct command){.identity = step->first ? 1 : driver->sent,
                                .session = step->session,
                                .session_check = step->session + 1 + step->reuse,
                                .bytes = 1024,
                                .kind = (uint8_t)step->kind,
                                .generation = command->generation,
                                .owner = COMMAND_ON_WIRE};
    driver->arrived[row] = sim_now(driver->sim);
    driver->step_of[row] = step_index;
    sim_after(driver->sim, 0, listener->command_kind, row, command->generation);
}

static void driver_on_next(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    const struct step step = {.kind = COMMAND_GET};
    double u;

    (void)entity, (void)generation;
    driver_command(driver, &step, NO_INDEX);
    u = rng_unit(rng_block_at(&driver->stream, driver->sent, 0).word[0]);
    sim_after(sim, (sim_dur)(-log(u) / driver->config->rate_per_s * (double)SIM_S),
              driver->next_kind, 0, 0);
}

/* A connection that the client opens at no time; commands come on it. */
static void driver_connects(struct driver *driver, int region)
{
    driver->listeners[region]->event(driver->listeners[region]->self, 0, 0, CONNECTION_ESTABLISHED);
}

static void driver_on_step(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    const struct step *step = &script.steps[entity];
    struct promotion_port *promotion = driver->promotion;
    struct replica_port *replica = driver->replica;

    (void)generation;
    switch (step->what) {
    case COMMAND:
        driver_command(driver, step, entity);
        break;
    case APPLY:
        replica->apply(replica->self, step->region, (struct write_position){step->number, 0, 0},
                       sim_now(sim));
        break;
    case PROMOTE_BEGIN:
        promotion->begin(promotion->self, step->region);
        break;
    case PROMOTE_END:
        promotion->end(promotion->self, step->region, DEPOSED_REJOINS);
        break;
    case POWER:
        driver->power[step->region]->set(driver->power[step->region]->self, step->on);
        break;
    case STALL:
        driver->faults[step->region]->stall(driver->faults[step->region]->self, step->on);
        break;
    case RESTART:
        driver->faults[step->region]->restart(driver->faults[step->region]->self);
        driver_connects(driver, step->region);
        break;
    default:
        replica->loaded(replica->self, step->region,
                        replica->held(replica->self, replica->primary(replica->self), 0));
    }
}

static void driver_on_reply(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct driver *driver = self;
    const struct command *command = command_at(&driver->pools[0], entity);
    uint32_t step = driver->step_of[entity];

    (void)generation;
    probe_latency(sim_probes(sim), driver->sojourn, sim_now(sim) - driver->arrived[entity]);
    if (step != NO_INDEX) {
        script.reply[step] = command->reply.kind;
        script.miss[step] = command->reply.miss;
        script.replied[step] = sim_now(sim);
    }
    driver_give(driver, entity);
}

static const struct event_kind driver_nexts = {
    .name = "next", .phase = PHASE_WORK, .fire = driver_on_next};
static const struct event_kind driver_steps = {
    .name = "step", .phase = PHASE_FAULT, .fire = driver_on_step};
static const struct event_kind driver_replies = {
    .name = "reply", .phase = PHASE_WORK, .fire = driver_on_reply};

/* Replies arrive at once; the only other message is the notification of a demotion. */
static void driver_link_send(void *self, uint32_t flow, const struct message *message)
{
    struct driver *driver = self;

    (void)flow;
    if (message->kind == driver->reply_kind || script.demotion_arrives)
        sim_after(driver->sim, 0, message->kind, message->entity, message->generation);
}

static uint32_t driver_link_open(void *self)
{
    (void)self;
    return 0;
}

/* The word of a demotion is the replication's. */
static void driver_link_mark(void *self, uint32_t flow, enum traffic traffic, uint64_t connection)
{
    (void)self, (void)flow, (void)connection;
    assert_int_equal(traffic, TRAFFIC_REPLICATION);
}

static void driver_link_close(void *self, uint32_t flow)
{
    (void)self, (void)flow;
}

static void driver_write(void *self, struct write_position position, uint32_t bytes)
{
    (void)self, (void)bytes;
    script.streamed++;
    assert_true(script.last_number == 0 || position.number == script.last_number + 1);
    script.last_number = position.number;
}

static void driver_restart(void *self)
{
    (void)self;
    script.restarts++;
}

static void driver_rejoin(void *self, int region)
{
    (void)self, (void)region;
    script.rejoins++;
}

static void driver_leave(void *self, int region)
{
    (void)self, (void)region;
}

static void driver_crash(void *self, enum crash_kind kind)
{
    (void)self, (void)kind;
}

/* The listener finds no way back. */
static bool driver_way(void *self, uint32_t connection, uint32_t generation,
                       struct connection_way *way)
{
    (void)self, (void)connection, (void)generation, (void)way;
    return false;
}

static void driver_peer_changed(void *self, uint32_t endpoint, enum peer_state peer)
{
    (void)self, (void)endpoint, (void)peer;
}

/* In the replication stream: numbers up to 4 were sent, up to 5 in the output buffer. */
static struct stream_reach driver_reach(const void *self, int region, uint32_t shard)
{
    (void)self, (void)region, (void)shard;
    return (struct stream_reach){.history = 0, .sent = 4, .buffered = 5};
}

static void driver_cut(void *self, uint32_t endpoint, bool begin)
{
    (void)self, (void)endpoint, (void)begin;
}

static void driver_init(void *self, const struct model_env *env)
{
    struct driver *driver = self;

    driver->config = env->config;
    driver->sim = env->sim;
    driver->regions = env->topology->region_count;
    driver->stream = sim_stream(env->sim, env->instance, "reads");
    driver->arrived = calloc(ROWS_MAX, sizeof *driver->arrived);
    driver->step_of = calloc(ROWS_MAX, sizeof *driver->step_of);
    driver->next_kind = sim_kind_add(env->sim, &driver_nexts, env->instance, driver);
    driver->step_kind = sim_kind_add(env->sim, &driver_steps, env->instance, driver);
    driver->reply_kind = sim_kind_add(env->sim, &driver_replies, env->instance, driver);
    driver->sojourn = probe_latency_open(sim_probe_set(env->sim), "sojourn", 0, NULL);
    driver->port = (struct stream_port){.self = driver,
                                        .write = driver_write,
                                        .restart = driver_restart,
                                        .rejoin = driver_rejoin,
                                        .leave = driver_leave,
                                        .crash = driver_crash,
                                        .reach = driver_reach};
    port_offer_stream(env->ports, -1, -1, &driver->port);
    for (int a = 0; a < (int)driver->regions; a++) {
        command_pool_init(&driver->pools[a]);
        driver->pools[a].reply_kind = driver->reply_kind;
        driver->pools[a].self = driver;
        driver->pools[a].drop = driver_give;
        port_offer_commands(env->ports, a, -1, &driver->pools[a]);
        driver->backs[a] = (struct handshake_return){.self = driver,
                                                     .way = driver_way,
                                                     .peer_changed = driver_peer_changed,
                                                     .cut = driver_cut};
        port_offer_handshake_return(env->ports, a, -1, &driver->backs[a]);
        for (int b = 0; b < (int)driver->regions; b++) {
            driver->links[a][b] = (struct link_port){.self = driver,
                                                     .open = driver_link_open,
                                                     .mark = driver_link_mark,
                                                     .close = driver_link_close,
                                                     .abort = driver_link_close,
                                                     .send = driver_link_send};
            port_offer_link(env->ports, a, b, &driver->links[a][b]);
        }
    }
}

static void driver_connect(void *self, const struct port_directory *ports)
{
    struct driver *driver = self;

    driver->promotion = port_need_promotion(ports, -1, -1);
    driver->losses = port_need_losses(ports, -1, -1);
    driver->replica = port_need_replica(ports, -1, -1);
    for (int r = 0; r < (int)driver->regions; r++) {
        driver->listeners[r] = port_need_listener(ports, r, -1);
        driver->power[r] = port_need_power(ports, r, POWER_STORE);
        driver->faults[r] = port_need_store_fault(ports, r, -1);
    }
}

static void driver_start(void *self)
{
    struct driver *driver = self;

    script.streamed = script.last_number = script.restarts = script.rejoins = 0;
    for (int r = 0; r < (int)driver->regions; r++)
        driver_connects(driver, r);
    for (uint32_t i = 0; i < script.count; i++) {
        script.reply[i] = -1;
        sim_at(driver->sim, script.steps[i].at, driver->step_kind, i, 0);
    }
    if (driver->config->rate_per_s > 0)
        sim_at(driver->sim, 0, driver->next_kind, 0, 0);
}

static void driver_finish(void *self)
{
    const struct losses_port *losses = ((struct driver *)self)->losses;

    script.writes_lost = script.sessions_lost = 0;
    for (enum loss_cause by = 0; by < LOSS_CAUSES; by++) {
        script.lost_by[by] = losses->writes(losses->self, by);
        script.writes_lost += script.lost_by[by];
        script.sessions_lost += losses->sessions(losses->self, by);
    }
    script.rpo = losses->rpo(losses->self);
}

static void driver_fini(void *self)
{
    struct driver *driver = self;

    free(driver->arrived);
    free(driver->step_of);
    for (int r = 0; r < 2; r++)
        command_pool_release(&driver->pools[r]);
}

static const struct model_ops driver_ops = {
    .name = "driver",
    .section = "driver",
    .meaning = "clients, links and a stream for the store",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct driver_config),
    .state_size = sizeof(struct driver),
    FIELD_TABLE(driver_fields),
    METRIC_TABLE(driver_metrics),
    .init = driver_init,
    .connect = driver_connect,
    .start = driver_start,
    .finish = driver_finish,
    .fini = driver_fini,
};
static const struct model_ops *const models[] = {&driver_ops, &store_ops};
static const struct registry registry = {models, 2};

static int empty_script(void **state)
{
    (void)state;
    memset(&script, 0, sizeof script);
    return 0;
}

static uint32_t add(struct step step)
{
    assert_true(script.count < STEPS_MAX);
    script.steps[script.count] = step;
    return script.count++;
}

static uint32_t add_command(sim_time at, int region, enum command_kind kind, uint32_t session)
{
    return add((struct step){
        .at = at, .what = COMMAND, .region = region, .kind = kind, .session = session});
}

#define TWO_CLUSTERS                                                                               \
    "regions: {a: {}, b: {}}\nduration: 100s\nwarmup: 0s\n"                                        \
    "store: {discipline: fifo, read_service: 1ms, write_service: 1ms, write_per_kib: 0ms}\n"

static void run_text(const char *text)
{
    struct scenario *scenario = scenario_of(&registry, text);

    world_free(world_of(scenario, 0, NULL));
    scenario_free(scenario);
}

/* --- the queue ------------------------------------------------------------------------------- */

/*
 * M/M/1, lambda = 8000/s, mu = 10 000/s: rho = 0.8, mean time in system 1 / (mu - lambda) = 0.5 ms.
 * 20 replications of 160 000.
 */
static void mm1_mean_time_in_system_covers_theory(void **state)
{
    struct tally tally =
        tally_of(&registry,
                 "regions: {a: {}}\nduration: 22s\nwarmup: 2s\ndriver: {rate: 8000/s}\n"
                 "store: {discipline: fifo, read_service: exponential(0.1ms)}\n",
                 20, (struct wanted){"sojourn", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 1e9 / (10000 - 8000), 0.05);
}

/*
 * M/D/1, the same load: by Pollaczek and Khinchine the wait is half that of M/M/1, rho / (2 (mu -
 * lambda)) = 0.2 ms, and the service 0.1 ms.
 */
static void md1_mean_time_in_system_covers_theory(void **state)
{
    struct tally tally =
        tally_of(&registry,
                 "regions: {a: {}}\nduration: 22s\nwarmup: 2s\ndriver: {rate: 8000/s}\n"
                 "store: {discipline: fifo, read_service: 0.1ms}\n",
                 20, (struct wanted){"sojourn", "mean", 0, NULL, NULL});

    (void)state;
    assert_covers(&tally, 0.8e9 / (2 * (10000 - 8000)) + 0.1e6, 0.05);
}

/*
 * The event loop batches: commands that arrive in an iteration are answered at the end of the next
 * one, so the mean time in system is longer than with fifo (redis_lessons 1), with the same
 * utilization: lambda times the service time, 0.8.
 */
static void event_loop_waits_longer_and_works_as_much(void **state)
{
#define EVENT_LOOP_LOAD                                                                            \
    "regions: {a: {}}\nduration: 22s\nwarmup: 2s\ndriver: {rate: 8000/s}\n"                        \
    "store: {read_service: 0.1ms}\n"
    struct tally stay =
        tally_of(&registry, EVENT_LOOP_LOAD, 5, (struct wanted){"sojourn", "mean", 0, NULL, NULL});
    struct tally busy = tally_of(&registry, EVENT_LOOP_LOAD, 5,
                                 (struct wanted){"store_utilization", NULL, 0, NULL, NULL});

    (void)state;
    assert_true(stay.min > 0.3e6 * 1.2);
    assert_covers(&busy, 0.8, 0.05);
}

/* Four commands at once, 1 ms each. fifo: 1, 2, 3, 4 ms. Event loop: the first alone, the other
 * three together at 4 ms. */
static void event_loop_replies_at_the_end_of_an_iteration(void **state)
{
    static const char *const texts[] = {TWO_CLUSTERS,
                                        "regions: {a: {}, b: {}}\nduration: 100s\nwarmup: 0s\n"
                                        "store: {discipline: event-loop, read_service: 1ms}\n"};
    static const int expected[2][4] = {{1, 2, 3, 4}, {1, 4, 4, 4}};

    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        add_command(SIM_S, 0, COMMAND_GET, i);
    for (int t = 0; t < 2; t++) {
        run_text(texts[t]);
        for (int i = 0; i < 4; i++)
            assert_int_equal(script.replied[i], SIM_S + expected[t][i] * SIM_MS);
    }
}

/* 1024 bytes at 2 us per KiB and 10 us per write: 12 us. */
static void write_costs_by_its_size(void **state)
{
    (void)state;
    add_command(SIM_S, 0, COMMAND_CREATE, 1);
    run_text("regions: {a: {}, b: {}}\nduration: 100s\nwarmup: 0s\n"
             "store: {write_service: 10us, write_per_kib: 2us}\n");
    assert_int_equal(script.replied[0], SIM_S + 12 * SIM_US);
}

/* --- what a cluster holds -------------------------------------------------------------------- */

/* A write is visible at the primary at once, at the secondary once applied; a secondary refuses
 * writes. */
static void secondary_sees_a_write_when_it_is_applied(void **state)
{
    uint32_t read_a, read_b, write_b, later_b;

    (void)state;
    add_command(SIM_S, 0, COMMAND_CREATE, 7);
    read_a = add_command(2 * SIM_S, 0, COMMAND_GET, 7);
    read_b = add_command(2 * SIM_S, 1, COMMAND_GET, 7);
    write_b = add_command(3 * SIM_S, 1, COMMAND_TOUCH, 7);
    add((struct step){.at = 4 * SIM_S, .what = APPLY, .region = 1, .number = 2});
    later_b = add_command(5 * SIM_S, 1, COMMAND_GET, 7);
    run_text(TWO_CLUSTERS);
    assert_int_equal(script.reply[read_a], REPLY_HIT);
    assert_int_equal(script.reply[read_b], REPLY_MISS);
    assert_int_equal(script.miss[read_b], MISS_LAG);
    assert_int_equal(script.reply[write_b], REPLY_READONLY);
    assert_int_equal(script.reply[later_b], REPLY_HIT);
}

#define WRITES 100
/*
 * 100 creations, the n-th acknowledged at n s / 10 + 1 ms; the secondary has applied 60 when it is
 * promoted. Exactly the 40 others are lost: a suffix. RPO: from the first one lost to the last one
 * acknowledged, 39 x 100 ms.
 */
static void failover_loses_exactly_a_suffix(void **state)
{
    uint32_t reads[WRITES];

    (void)state;
    for (uint32_t n = 1; n <= WRITES; n++)
        add_command(n * 100 * SIM_MS, 0, COMMAND_CREATE, n);
    add((struct step){.at = 11 * SIM_S, .what = APPLY, .region = 1, .number = 1 + 60});
    add((struct step){.at = 12 * SIM_S, .what = POWER, .region = 0, .on = false});
    add((struct step){.at = 20 * SIM_S, .what = PROMOTE_BEGIN, .region = 1});
    add((struct step){.at = 30 * SIM_S, .what = PROMOTE_END, .region = 1});
    for (uint32_t n = 1; n <= WRITES; n++)
        reads[n - 1] = add_command(40 * SIM_S + n * SIM_S / 10, 1, COMMAND_GET, n);
    run_text(TWO_CLUSTERS);
    for (uint32_t n = 1; n <= WRITES; n++) {
        assert_int_equal(script.reply[reads[n - 1]], n <= 60 ? REPLY_HIT : REPLY_MISS);
        if (n > 60)
            assert_int_equal(script.miss[reads[n - 1]], MISS_LOST);
    }
    assert_int_equal(script.writes_lost, 40);
    assert_int_equal(script.sessions_lost, 40);
    assert_int_equal(script.rpo, 39 * 100 * SIM_MS);
}

/* The secondary holds everything: nothing is lost, and the RPO is 0. */
static void failover_to_an_equal_loses_nothing(void **state)
{
    (void)state;
    add_command(SIM_S, 0, COMMAND_CREATE, 1);
    add((struct step){.at = 2 * SIM_S, .what = APPLY, .region = 1, .number = 2});
    add((struct step){.at = 3 * SIM_S, .what = PROMOTE_BEGIN, .region = 1});
    add((struct step){.at = 4 * SIM_S, .what = PROMOTE_END, .region = 1});
    run_text(TWO_CLUSTERS);
    assert_int_equal(script.writes_lost, 0);
    assert_int_equal(script.rpo, 0);
}

/*
 * Writes 1 (applied), 2 and 3 (not) are acknowledged at 1, 2, 3 s. During the promotion no cluster
 * accepts writes. Once the old primary is notified of its demotion it refuses them and resyncs; it
 * serves its old data until the flush. RPO: from write 2 to write 3.
 */
static void demoted_primary_rejoins_when_it_hears(void **state)
{
    uint32_t meanwhile, write, read;

    (void)state;
    script.demotion_arrives = true;
    for (uint32_t n = 1; n <= 3; n++)
        add_command(n * SIM_S - SIM_MS, 0, COMMAND_CREATE, n);
    add((struct step){.at = 4 * SIM_S, .what = APPLY, .region = 1, .number = 2});
    add((struct step){.at = 5 * SIM_S, .what = PROMOTE_BEGIN, .region = 1});
    meanwhile = add_command(6 * SIM_S, 0, COMMAND_CREATE, 4);
    add((struct step){.at = 10 * SIM_S, .what = PROMOTE_END, .region = 1});
    read = add_command(11 * SIM_S, 0, COMMAND_GET, 1);
    write = add_command(12 * SIM_S, 0, COMMAND_CREATE, 5);
    run_text(TWO_CLUSTERS);
    assert_int_equal(script.reply[meanwhile], REPLY_READONLY);
    assert_int_equal(script.reply[read], REPLY_HIT);
    assert_int_equal(script.reply[write], REPLY_READONLY);
    assert_int_equal(script.rejoins, 1);
    assert_int_equal(script.writes_lost, 2);
    assert_int_equal(script.rpo, SIM_S);
}

/*
 * A promotion does not fence: while no message reaches it, the old primary keeps accepting writes
 * (split brain), from the start of the promotion on. Writes 1 to 4 are acknowledged at 1 to 4 s,
 * write 5 during the promotion, at 8 s: 5 in 8 s, so a gap of more than 16 s is a pause. Number n
 * of a write is one more, as number 1 is what was there before the run. The secondary holds write
 * 1; 2 and 3 were sent to it, 4 is in the output buffer, 5 came while the stream was down (the
 * backlog). Writes 6 at 13 s, 7 at 30 s and 8 at 31 s are acknowledged by the old primary after the
 * promotion. RPO: 8 - 2 = 6 s, 13 - 8 = 5 s and 31 - 30 = 1 s; in the 17 s before write 7 nobody
 * wrote.
 */
static void deposed_primary_acknowledges_until_notified(void **state)
{
    uint32_t meanwhile, write, read;

    (void)state;
    for (uint32_t n = 1; n <= 4; n++)
        add_command(n * SIM_S - SIM_MS, 0, COMMAND_CREATE, n);
    add((struct step){.at = 5 * SIM_S, .what = APPLY, .region = 1, .number = 2});
    add((struct step){.at = 6 * SIM_S, .what = PROMOTE_BEGIN, .region = 1});
    meanwhile = add_command(8 * SIM_S - SIM_MS, 0, COMMAND_CREATE, 5);
    add((struct step){.at = 10 * SIM_S, .what = PROMOTE_END, .region = 1});
    write = add_command(13 * SIM_S - SIM_MS, 0, COMMAND_CREATE, 6);
    read = add_command(14 * SIM_S, 1, COMMAND_GET, 6);
    add_command(30 * SIM_S - SIM_MS, 0, COMMAND_CREATE, 7);
    add_command(31 * SIM_S - SIM_MS, 0, COMMAND_CREATE, 8);
    run_text(TWO_CLUSTERS);
    assert_int_equal(script.reply[meanwhile], REPLY_OK);
    assert_int_equal(script.reply[write], REPLY_OK);
    assert_int_equal(script.reply[read], REPLY_MISS);
    assert_int_equal(script.miss[read], MISS_LOST);
    assert_int_equal(script.sessions_lost, 7);
    assert_int_equal(script.writes_lost, 7);
    assert_int_equal(script.lost_by[LOSS_IN_FLIGHT], 2);
    assert_int_equal(script.lost_by[LOSS_OUTPUT_BUFFER], 1);
    assert_int_equal(script.lost_by[LOSS_BACKLOG], 1);
    assert_int_equal(script.lost_by[LOSS_SPLIT_BRAIN], 3);
    assert_int_equal(script.rpo, 12 * SIM_S);
}

/*
 * Each write is executed twice, 1 s apart: a creation, a touch and the deletion of a session, and
 * the creation of a session that takes the row. 4 of 8 were repeated, the deletion among them.
 */
static void every_write_executed_again_is_counted(void **state)
{
    static const enum command_kind kinds[] = {COMMAND_CREATE, COMMAND_TOUCH, COMMAND_DELETE,
                                              COMMAND_CREATE};
    struct scenario *scenario = scenario_of(&registry, TWO_CLUSTERS);
    struct world *world;

    (void)state;
    for (int n = 0; n < 4; n++)
        for (int again = 0; again < 2; again++)
            add((struct step){.at = (2 * n + again + 1) * SIM_S,
                              .what = COMMAND,
                              .kind = kinds[n],
                              .session = 1,
                              .again = again});
    world = world_of(scenario, 0, NULL);
    assert_close(statistic_of(world, (struct wanted){"store_writes", NULL, 0, NULL, NULL}), 8, 0);
    assert_close(statistic_of(world, (struct wanted){"repeated_writes", NULL, 0, NULL, NULL}), 4,
                 0);
    world_free(world);
    scenario_free(scenario);
}

/*
 * A session takes the row of another one, and then a late attempt of the other one's creation is
 * executed: it is acknowledged and changes nothing that a read sees. The row knows the operations
 * of its present session only, so that the attempt is not counted as repeated.
 */
static void late_attempt_finds_its_row_reused(void **state)
{
    struct scenario *scenario = scenario_of(&registry, TWO_CLUSTERS);
    struct step present = {
        .at = 2 * SIM_S, .what = COMMAND, .kind = COMMAND_CREATE, .session = 1, .reuse = 1};
    struct step late = {
        .at = 3 * SIM_S, .what = COMMAND, .kind = COMMAND_CREATE, .session = 1, .first = true};
    uint32_t late_step, present_read, late_read;
    struct world *world;

    (void)state;
    add_command(SIM_S, 0, COMMAND_CREATE, 1);
    add(present);
    late_step = add(late);
    present.at = late.at = 4 * SIM_S;
    present.kind = late.kind = COMMAND_GET;
    present_read = add(present);
    late_read = add(late);
    world = world_of(scenario, 0, NULL);
    assert_int_equal(script.reply[late_step], REPLY_OK);
    assert_int_equal(script.reply[present_read], REPLY_HIT);
    assert_int_equal(script.reply[late_read], REPLY_MISS);
    assert_close(statistic_of(world, (struct wanted){"store_writes", NULL, 0, NULL, NULL}), 3, 0);
    assert_close(statistic_of(world, (struct wanted){"repeated_writes", NULL, 0, NULL, NULL}), 0,
                 0);
    world_free(world);
    scenario_free(scenario);
}

/* --- faults ---------------------------------------------------------------------------------- */

/* A stalled process does not reply; commands that arrived meanwhile are executed when it
 * resumes. */
static void stalled_server_runs_what_came_meanwhile(void **state)
{
    (void)state;
    add((struct step){.at = SIM_S, .what = STALL, .region = 0, .on = true});
    add_command(2 * SIM_S, 0, COMMAND_CREATE, 1);
    add_command(3 * SIM_S, 0, COMMAND_CREATE, 2);
    add((struct step){.at = 10 * SIM_S, .what = STALL, .region = 0, .on = false});
    run_text(TWO_CLUSTERS);
    assert_int_equal(script.replied[1], 10 * SIM_S + SIM_MS);
    assert_int_equal(script.replied[2], 10 * SIM_S + 2 * SIM_MS);
    assert_int_equal(script.streamed, 2);
}

/* A host without power does not reply, and its queue is lost. */
static void dead_host_answers_nothing(void **state)
{
    (void)state;
    add_command(SIM_S, 0, COMMAND_CREATE, 1);
    add((struct step){.at = SIM_S + SIM_US, .what = POWER, .region = 0, .on = false});
    add_command(2 * SIM_S, 0, COMMAND_GET, 1);
    run_text(TWO_CLUSTERS);
    assert_int_equal(script.reply[0], -2);
    assert_int_equal(script.reply[2], -2);
    assert_int_equal(script.streamed, 0);
}

/* A primary that restarts is empty: reads miss with cause restarted. A secondary serves its old
 * data until it resyncs. */
static void restarted_primary_is_empty(void **state)
{
    uint32_t at_a, at_b, later_b;

    (void)state;
    add_command(SIM_S, 0, COMMAND_CREATE, 1);
    add((struct step){.at = 2 * SIM_S, .what = APPLY, .region = 1, .number = 2});
    add((struct step){.at = 3 * SIM_S, .what = RESTART, .region = 0});
    at_a = add_command(4 * SIM_S, 0, COMMAND_GET, 1);
    at_b = add_command(4 * SIM_S, 1, COMMAND_GET, 1);
    add((struct step){.at = 5 * SIM_S, .what = SYNCED, .region = 1});
    later_b = add_command(6 * SIM_S, 1, COMMAND_GET, 1);
    run_text(TWO_CLUSTERS);
    assert_int_equal(script.miss[at_a], MISS_RESTARTED);
    assert_int_equal(script.reply[at_b], REPLY_HIT);
    assert_int_equal(script.miss[later_b], MISS_RESTARTED);
    assert_int_equal(script.restarts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(mm1_mean_time_in_system_covers_theory, empty_script),
        cmocka_unit_test_setup(md1_mean_time_in_system_covers_theory, empty_script),
        cmocka_unit_test_setup(event_loop_waits_longer_and_works_as_much, empty_script),
        cmocka_unit_test_setup(event_loop_replies_at_the_end_of_an_iteration, empty_script),
        cmocka_unit_test_setup(write_costs_by_its_size, empty_script),
        cmocka_unit_test_setup(secondary_sees_a_write_when_it_is_applied, empty_script),
        cmocka_unit_test_setup(failover_loses_exactly_a_suffix, empty_script),
        cmocka_unit_test_setup(failover_to_an_equal_loses_nothing, empty_script),
        cmocka_unit_test_setup(demoted_primary_rejoins_when_it_hears, empty_script),
        cmocka_unit_test_setup(deposed_primary_acknowledges_until_notified, empty_script),
        cmocka_unit_test_setup(late_attempt_finds_its_row_reused, empty_script),
        cmocka_unit_test_setup(every_write_executed_again_is_counted, empty_script),
        cmocka_unit_test_setup(stalled_server_runs_what_came_meanwhile, empty_script),
        cmocka_unit_test_setup(dead_host_answers_nothing, empty_script),
        cmocka_unit_test_setup(restarted_primary_is_empty, empty_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
