// SPDX-License-Identifier: GPL-3.0-or-later
#include "quorum.h"

#include <stdlib.h>
#include <string.h>

#define VOTE_OVERHEAD 200 /* bytes of a proposal in addition to its item; an assumption */
#define SMALL_BYTES 100   /* of an answer, a query, a heartbeat; an assumption */

static bool is_voter(const struct quorum *quorum, int region)
{
    return quorum->voter_bits >> region & 1;
}

static struct quorum_path *path_of(const struct quorum *quorum, int from, int to)
{
    return &quorum->paths[(size_t)from * quorum->managed->store->region_count + (size_t)to];
}

static bool is_up(const struct quorum *quorum, int region)
{
    return quorum->managed->store->clusters[region].up;
}

/* --- messages -------------------------------------------------------------------------------- */

struct quorum_message {
    kind_id kind;
    uint32_t entity, generation, bytes;
    uint64_t identity;
    bool once; /* it is not sent again where the link loses it */
};

static void path_send(const struct quorum_path *path, const struct quorum_message *what)
{
    const struct message message = {.kind = what->kind,
                                    .entity = what->entity,
                                    .generation = what->generation & SIM_GENERATION_MASK,
                                    .bytes = what->bytes,
                                    .identity = what->identity,
                                    .index = (uint32_t)path->to};

    cluster_send(path->quorum->managed->store, path->from, path->to, &message, what->once);
}

/* --- isolation ------------------------------------------------------------------------------- */

bool quorum_is_isolated(const struct quorum *quorum, int region)
{
    return sim_now(quorum->managed->store->sim) - quorum->heard[region] >
           quorum->config->isolation_ns;
}

static void quorum_on_beats(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct quorum *quorum = self;
    int regions = (int)quorum->managed->store->region_count;

    (void)entity, (void)generation;
    quorum->beats++;
    for (int from = 0; from < regions; from++)
        for (int to = 0; to < regions; to++)
            if (from != to && is_voter(quorum, from) && is_voter(quorum, to) && is_up(quorum, from))
                path_send(path_of(quorum, from, to),
                          &(struct quorum_message){
                              .kind = path_of(quorum, from, to)->beat_kind,
                              .bytes = SMALL_BYTES,
                              .identity = rng_mix((uint64_t)quorum->beats << 8 | (uint32_t)from),
                              .once = true});
    sim_after(sim, quorum->config->heartbeat_ns, quorum->beat_kind, 0, 0);
}

static void path_on_beat(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct quorum_path *path = self;

    (void)entity, (void)generation;
    if (is_up(path->quorum, path->to))
        path->quorum->heard[path->to] = sim_now(sim);
}

/* --- ends of operations ---------------------------------------------------------------------- */

static void op_end(struct quorum *quorum, uint32_t index, const struct reply *reply)
{
    const struct managed_op *op = managed_at(quorum->managed, index);

    managed_reply(quorum->managed, op, reply);
    managed_free(quorum->managed, index);
}

/* An operation that has waited for others. */
static void op_settle(struct quorum *quorum, uint32_t index, const struct reply *reply)
{
    op_end(quorum, index, reply);
    sim_timer_cancelled(quorum->managed->store->sim, quorum->timeout);
}

static const struct reply minority = {.kind = REPLY_MINORITY};
static const struct reply conflict = {.kind = REPLY_CONFLICT};
static const struct reply written = {.kind = REPLY_OK, .executed = true};

void quorum_refuse(struct quorum *quorum, uint32_t index)
{
    probe_count(quorum->managed->store->probes,
                quorum->refused[managed_at(quorum->managed, index)->region]);
    op_end(quorum, index, &minority);
}

/* Is the proposal of a write still undecided? */
static bool is_undecided(const struct quorum *quorum, const struct managed_op *op)
{
    const struct version *version = version_at(quorum->items, op->proposal);

    return op->kind != COMMAND_GET && version->generation == op->proposal_generation &&
           version->proposed;
}

/* The operation of an answer, if it still waits for it. */
static struct managed_op *waiting_op(const struct quorum_path *path, uint32_t index,
                                     uint32_t generation)
{
    struct managed_op *op = managed_at(path->quorum->managed, index);

    if ((op->generation & SIM_GENERATION_MASK) != generation ||
        !managed_lives(path->quorum->managed, op) || !is_up(path->quorum, path->to))
        return NULL;
    return op;
}

static bool op_waits(const void *self, uint32_t entity, uint32_t generation)
{
    const struct quorum *quorum = self;

    return (managed_at(quorum->managed, entity)->generation & SIM_GENERATION_MASK) == generation;
}

/* No answer in time. What was committed without its region hearing of it has no reply. */
static void quorum_on_timeout(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct quorum *quorum = self;
    struct managed_op *op = managed_at(quorum->managed, entity);
    bool lives = managed_lives(quorum->managed, op);
    bool undecided = is_undecided(quorum, op);

    (void)sim, (void)generation;
    if (undecided)
        version_drop(quorum->items, op->proposal);
    if (!lives)
        managed_free(quorum->managed, entity);
    else if (undecided && op->refusals > 0)
        items_count_conflict(quorum->items, op->region), op_end(quorum, entity, &conflict);
    else if (undecided || op->kind == COMMAND_GET)
        quorum_refuse(quorum, entity);
}

static const struct event_kind quorum_times_out = {
    .name = "quorum_timeout", .phase = PHASE_WORK, .fire = quorum_on_timeout, .live = op_waits};

/* --- writes ---------------------------------------------------------------------------------- */

void quorum_write(struct quorum *quorum, uint32_t index)
{
    struct managed_op *op = managed_at(quorum->managed, index);
    const struct item_write write = {.value = op->value,
                                     .session = op->session,
                                     .session_check = op->session_check,
                                     .bytes = op->bytes,
                                     .kind = (enum command_kind)op->kind,
                                     .region = op->region};

    if (quorum_is_isolated(quorum, op->region)) {
        quorum_refuse(quorum, index);
        return;
    }
    op->proposal = item_propose(quorum->items, &write, index, op->generation, op->base);
    op->proposal_generation = version_at(quorum->items, op->proposal)->generation;
    sim_timer_set(quorum->managed->store->sim, quorum->timeout, index, op->generation);
    for (int to = 0; to < (int)quorum->managed->store->region_count; to++)
        if (to != op->region && is_voter(quorum, to))
            path_send(path_of(quorum, op->region, to),
                      &(struct quorum_message){.kind = path_of(quorum, op->region, to)->vote_kind,
                                               .entity = op->proposal,
                                               .generation = op->proposal_generation,
                                               .bytes = op->bytes + VOTE_OVERHEAD,
                                               .identity = rng_mix(op->value + 1)});
}

/* Does the write meet one of a conflict storm (fault `conflicts`)? All voters find the same. */
RARE static bool meets_storm(const struct quorum *quorum, const struct version *version,
                             double share)
{
    uint64_t attempt = UINT64_C(1) << 63 | (uint64_t)version->op_generation << 31 | version->op;
    const struct store *store = quorum->managed->store;

    return rng_unit(rng_block_at(&store->errors, version->value, attempt).word[0]) < share;
}

/* Returns whether the voter accepts. */
static bool proposal_arrives(struct quorum *quorum, uint32_t index, int voter)
{
    struct version *version = version_at(quorum->items, index);
    struct store *store = quorum->managed->store;
    const struct store_write done = {version->value, version->session, version->check,
                                     version->state == ITEM_DELETED ? COMMAND_DELETE
                                                                    : COMMAND_TOUCH};
    struct cluster *cluster = &store->clusters[version->region];
    uint16_t held = (uint16_t)((1u << version->region | 1u << voter) & quorum->items->member_bits);
    double storm = cluster->servers[0].illness.conflicts;

    if (!version->proposed) {
        if (quorum->items->member_bits >> voter & 1 && !(version->received >> voter & 1)) {
            version->received |= (uint16_t)(1u << voter);
            outbox_apply(quorum->outbox, index, voter);
        }
        return true;
    }
    if (!quorum->accepts(quorum, index, voter) ||
        (storm > 0 && meets_storm(quorum, version, storm)))
        return false;
    probe_count(store->probes, cluster->writes);
    index = version_commit(quorum->items, index, held);
    if (store->history)
        store_history_wrote(cluster, &done);
    if (index != NO_INDEX)
        outbox_add(quorum->outbox, index);
    return true;
}

static void path_on_vote(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct quorum_path *path = self;
    struct quorum *quorum = path->quorum;
    const struct quorum_path *back = path_of(quorum, path->to, path->from);
    const struct version *version = version_at(quorum->items, entity);
    struct quorum_message answer = {.entity = version->op,
                                    .generation = version->op_generation,
                                    .bytes = SMALL_BYTES,
                                    .identity = rng_mix(version->value + 2)};

    (void)sim;
    if ((version->generation & SIM_GENERATION_MASK) != generation || !is_up(quorum, path->to))
        return;
    answer.kind =
        proposal_arrives(quorum, entity, path->to) ? back->accept_kind : back->refuse_kind;
    path_send(back, &answer);
}

static void path_on_accept(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct quorum_path *path = self;

    (void)sim;
    if (waiting_op(path, entity, generation))
        op_settle(path->quorum, entity, &written);
}

static void path_on_refuse(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct quorum_path *path = self;
    struct quorum *quorum = path->quorum;
    struct managed_op *op = waiting_op(path, entity, generation);

    (void)sim;
    if (!op || !is_undecided(quorum, op) || (++op->refusals < 2 && !quorum->one_refusal))
        return;
    version_drop(quorum->items, op->proposal);
    items_count_conflict(quorum->items, op->region);
    op_settle(quorum, entity, &conflict);
}

/* --- reads ----------------------------------------------------------------------------------- */

void quorum_read_here(struct quorum *quorum, uint32_t index)
{
    struct reply reply = quorum->read(quorum, managed_at(quorum->managed, index));

    op_end(quorum, index, &reply);
}

void quorum_read(struct quorum *quorum, uint32_t index)
{
    const struct managed_op *op = managed_at(quorum->managed, index);

    if (quorum_is_isolated(quorum, op->region)) {
        quorum_refuse(quorum, index);
        return;
    }
    sim_timer_set(quorum->managed->store->sim, quorum->timeout, index, op->generation);
    for (int to = 0; to < (int)quorum->managed->store->region_count; to++)
        if (to != op->region && is_voter(quorum, to))
            path_send(path_of(quorum, op->region, to),
                      &(struct quorum_message){.kind = path_of(quorum, op->region, to)->query_kind,
                                               .entity = index,
                                               .generation = op->generation,
                                               .bytes = SMALL_BYTES,
                                               .identity = rng_mix(op->value + 3)});
}

static void path_on_query(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct quorum_path *path = self;
    const struct quorum_path *back = path_of(path->quorum, path->to, path->from);
    const struct managed_op *op = managed_at(path->quorum->managed, entity);

    (void)sim;
    if ((op->generation & SIM_GENERATION_MASK) == generation && is_up(path->quorum, path->to))
        path_send(back, &(struct quorum_message){.kind = back->answer_kind,
                                                 .entity = entity,
                                                 .generation = generation,
                                                 .bytes = SMALL_BYTES,
                                                 .identity = rng_mix(op->value + 4)});
}

static void path_on_answer(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    const struct quorum_path *path = self;
    const struct managed_op *op = waiting_op(path, entity, generation);
    struct reply reply;

    (void)sim;
    if (!op)
        return;
    reply = path->quorum->read(path->quorum, op);
    op_settle(path->quorum, entity, &reply);
}

/* --- wiring ---------------------------------------------------------------------------------- */

#define WORK(kind_name, handler)                                                                   \
    {                                                                                              \
        .name = (kind_name), .phase = PHASE_WORK, .fire = (handler)                                \
    }
static const struct event_kind path_vote = WORK("vote", path_on_vote);
static const struct event_kind path_accept = WORK("accept", path_on_accept);
static const struct event_kind path_refuse = WORK("refuse", path_on_refuse);
static const struct event_kind path_query = WORK("query", path_on_query);
static const struct event_kind path_answer = WORK("answer", path_on_answer);
static const struct event_kind path_beat = WORK("heartbeat", path_on_beat);
static const struct event_kind quorum_beats = WORK("heartbeats", quorum_on_beats);

static void path_init(struct quorum *quorum, int from, int to, const struct model_env *env)
{
    struct quorum_path *path = path_of(quorum, from, to);
    const struct event_kind *const kinds[] = {&path_vote,  &path_accept, &path_refuse,
                                              &path_query, &path_answer, &path_beat};
    kind_id *ids[] = {&path->vote_kind,  &path->accept_kind, &path->refuse_kind,
                      &path->query_kind, &path->answer_kind, &path->beat_kind};

    path->quorum = quorum;
    path->from = from;
    path->to = to;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        *ids[i] = sim_kind_add(env->sim, kinds[i], env->instance, path);
}

void quorum_init(struct quorum *quorum, const struct quorum_config *config,
                 const struct model_env *env)
{
    struct probes *probes = sim_probe_set(env->sim);
    uint32_t regions = env->topology->region_count;

    quorum->config = config;
    quorum->managed->commits = &quorum->items->commits;
    quorum->paths = mem_zalloc((size_t)regions * regions, sizeof *quorum->paths);
    quorum->timeout =
        sim_timer_add(env->sim, config->timeout_ns,
                      sim_kind_add(env->sim, &quorum_times_out, env->instance, quorum));
    quorum->beat_kind = sim_kind_add(env->sim, &quorum_beats, env->instance, quorum);
    for (int from = 0; from < (int)regions; from++) {
        quorum->refused[from] = probe_count_open(probes, "minority_refusals", from, NULL);
        for (int to = 0; to < (int)regions; to++)
            if (from != to && is_voter(quorum, from) && is_voter(quorum, to))
                path_init(quorum, from, to, env);
    }
    sim_at(env->sim, 0, quorum->beat_kind, 0, 0);
}

void quorum_release(struct quorum *quorum)
{
    free(quorum->paths);
}

/* --- which regions --------------------------------------------------------------------------- */

/* Regions that can form a quorum. Source: facts F. */
// clang-format off
static const char *const region_sets[][5] = {
    {"us-east-1", "us-east-2", "us-west-2", NULL},
    {"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", NULL},
    {"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", NULL},
};
// clang-format on

static bool set_has(size_t set, const char *name)
{
    for (size_t i = 0; region_sets[set][i]; i++)
        if (strcmp(region_sets[set][i], name) == 0)
            return true;
    return false;
}

void quorum_check(const struct check_context *context, struct validation *validation,
                  const char *field, const int *regions, uint32_t count)
{
    const char *const *names = context->topology->region_names;
    bool is_cloud = false;

    if (count != 3) {
        validation_error(validation, field, "needs three regions in all, got %u (facts F)", count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        is_cloud |= store_is_cloud_region(names[regions[i]]);
        for (uint32_t j = 0; j < i; j++)
            if (regions[i] == regions[j])
                validation_error(validation, field, "has '%s' twice", names[regions[i]]);
    }
    for (size_t set = 0; set < sizeof region_sets / sizeof region_sets[0]; set++)
        if (set_has(set, names[regions[0]]) && set_has(set, names[regions[1]]) &&
            set_has(set, names[regions[2]]))
            return;
    if (is_cloud)
        validation_error(validation, field,
                         "must be three regions of one set, got %s, %s and %s; the sets are "
                         "us-east-1, us-east-2, us-west-2; eu-west-1, eu-west-2, eu-west-3, "
                         "eu-central-1; ap-northeast-1, ap-northeast-2, ap-northeast-3 (facts F)",
                         names[regions[0]], names[regions[1]], names[regions[2]]);
}
