// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * No store: a session is a signed token that its user sends with each request, and any server of
 * any region verifies it with a public key. A session cannot be lost with a region, is nowhere
 * late, and costs no round trip. In exchange it is as valid as its signature:
 *
 *   expiry      a token is valid for `lifetime` after it was issued; one older than `refresh` is
 *               reissued with the next page
 *   revocation  a user who logs out discards the token, but a copy of it stays valid until each
 *               server knows that it was revoked, or to its end (metric revocation_exposure)
 *   rotation    the signing key changes; a server refuses a token whose key it does not know yet,
 * or no longer accepts
 */
#include "managed.h"
#include "phase_rule.h"

struct token_config {
    sim_dur lifetime_ns, refresh_ns, verify_ns, sign_ns;
    uint32_t bytes;
    int revocation;
    struct dist *revocation_lag;
    int rotation;
    sim_dur rotation_ns, grace_ns, publish_ns, keys_ns;
    bool refetches;
};
enum { REVOCATION_NONE, REVOCATION_LIST };
enum { ROTATION_NONE, ROTATION_EVERY };
static const char *const revocations[] = {"none", "list", NULL};
static const char *const rotations[] = {"none", "every", NULL};

#define MODEL_CONFIG struct token_config
// clang-format off
static const struct field token_fields[] = {
    DURATION("lifetime", lifetime_ns, "1s", "30min", "365d", "time for which a token is valid", "facts H"),
    DURATION("refresh", refresh_ns, "0s", "15min", "365d", "age from which a token is reissued with a page", "assumption"),
    DURATION("verify", verify_ns, "0ms", "0.1ms", "1s", "processor time to verify a token", "assumption"),
    DURATION("sign", sign_ns, "0ms", "1ms", "1s", "processor time to issue one", "assumption"),
    COUNT("bytes", bytes, "1", "800", "1000000", "size of a token, on each request and on each response that issues one", "assumption"),
    VARIANT("revocation", revocation, revocations, "list", "how servers learn that a token was revoked", "assumption"),
    TIME_DIST("revocation.list.lag", revocation_lag, "0s", "uniform(low=0s, high=60s)", "365d", "time until all servers of a region have the revocation, drawn for each region", "assumption"),
    VARIANT("rotation", rotation, rotations, "every", "change of the signing key", "assumption"),
    DURATION("rotation.every.period", rotation_ns, "1s", "24h", "365d", "interval", "assumption"),
    DURATION("rotation.every.grace", grace_ns, "0s", "1h", "365d", "time for which servers accept tokens of the previous key", "assumption"),
    DURATION("rotation.every.publish", publish_ns, "0s", "1h", "365d", "time before its first use at which a key is published", "assumption"),
    DURATION("rotation.every.keys", keys_ns, "1s", "10min", "365d", "interval at which a server reads the published keys", "assumption"),
    FLAG("rotation.every.refetch", refetches, "true", "a server that meets an unknown key reads the keys at once", "assumption"),
};
// clang-format on

static const char *const token_directions[] = {"request", "response", NULL};
static const struct metric token_metrics[] = {
    {.name = "token_bytes",
     .unit = UNIT_BYTES,
     .kind = METRIC_COUNT,
     .label = "direction",
     .label_values = token_directions,
     .series = true,
     .meaning = "bytes of tokens in requests to and responses from the region"},
    {.name = "revocation_exposure",
     .unit = UNIT_NS,
     .kind = METRIC_LATENCY,
     .better = LOWER_IS_BETTER,
     .meaning = "for each logout: time for which the region still accepts a copy of the token"},
    {.name = "key_refetches",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "tokens of a key that the server did not know and read at once"},
};

enum { MISS_TOKEN_EXPIRED = MISS_OF_KIND, MISS_KEY_UNKNOWN, MISS_KEY_RETIRED };
static const struct label_row token_causes[] = {
    {"reauth-cause", "token-expired", "the token was older than its lifetime"},
    {"reauth-cause", "key-unknown", "the server did not know the key that had signed the token"},
    {"reauth-cause", "key-retired", "the server no longer accepted the key that had signed it"},
};

/* What the user of a session carries. */
struct token_row {
    uint64_t value;  /* identity of the write that made it; HISTORY_INITIAL: from before the run */
    sim_time issued; /* in ns; negative: before the run */
    uint32_t key;    /* number of the key that signed it */
    uint16_t check;  /* identifies the session that the row belongs to */
    bool is_there;
};
_Static_assert(sizeof(struct token_row) == 24, "memory of a session: models/speed.md");

/* struct store's `state`. */
struct tokens {
    const struct token_config *config;
    struct store *store;
    struct rng_stream lags, servers;
    sim_dur phase;                  /* of the rotation */
    probe_id bytes[2][REGIONS_MAX]; /* of requests, of responses */
    probe_id exposure[REGIONS_MAX], refetches[REGIONS_MAX];
    probe_id writes[REGIONS_MAX];
};

static struct token_row *row_of(const struct tokens *tokens, uint32_t session)
{
    return store_row(tokens->store, session, sizeof(struct token_row));
}

/* --- keys ------------------------------------------------------------------------------------ */

/* Number of the key that signs at an instant: key k from phase + k periods on. Key 0 is the first.
 */
static uint32_t key_at(const struct tokens *tokens, sim_time when)
{
    if (tokens->config->rotation == ROTATION_NONE || when < tokens->phase)
        return 0;
    return (uint32_t)((when - tokens->phase) / tokens->config->rotation_ns) + 1;
}

/* When key k begins to sign. */
static sim_time key_begins(const struct tokens *tokens, uint32_t key)
{
    return key == 0 ? INT64_MIN : tokens->phase + (sim_time)(key - 1) * tokens->config->rotation_ns;
}

/* Has the server read the keys since this one was published? It reads them at a phase of its own.
 */
static bool server_knows(const struct tokens *tokens, int region, uint32_t instance, uint32_t key)
{
    const struct token_config *config = tokens->config;
    sim_time now = sim_now(tokens->store->sim), published;
    struct rng_block block;
    sim_dur phase;

    if (key == 0)
        return true;
    published = key_begins(tokens, key) - config->publish_ns;
    if (now - published >= config->keys_ns)
        return true;
    block = rng_block_at(&tokens->servers, ref_make((uint32_t)region, instance), 0);
    phase = (sim_dur)(rng_unit(block.word[0]) * (double)config->keys_ns);
    /* readings before the run count, too */
    now += config->keys_ns - phase;
    return now / config->keys_ns * config->keys_ns - config->keys_ns + phase >= published;
}

/* Is the key past its grace? Key k is replaced when key k + 1 begins to sign. */
static bool key_is_retired(const struct tokens *tokens, uint32_t key)
{
    if (tokens->config->rotation == ROTATION_NONE)
        return false;
    return sim_now(tokens->store->sim) > key_begins(tokens, key + 1) + tokens->config->grace_ns;
}

/* --- operations ------------------------------------------------------------------------------ */

static void token_issue(struct tokens *tokens, struct token_row *row, int region)
{
    row->issued = sim_now(tokens->store->sim);
    row->key = key_at(tokens, row->issued);
    probe_count_many(tokens->store->probes, tokens->bytes[1][region], tokens->config->bytes);
}

/* Why a server refuses the token; 0: it does not. */
static uint8_t token_refusal(const struct tokens *tokens, const struct token_row *row, int region,
                             uint32_t instance)
{
    sim_dur age = sim_now(tokens->store->sim) - row->issued;

    if (age > tokens->config->lifetime_ns)
        return MISS_TOKEN_EXPIRED;
    if (key_is_retired(tokens, row->key))
        return MISS_KEY_RETIRED;
    if (server_knows(tokens, region, instance, row->key))
        return 0;
    if (!tokens->config->refetches)
        return MISS_KEY_UNKNOWN;
    probe_count(tokens->store->probes, tokens->refetches[region]);
    return 0;
}

static struct store_answer token_verify(struct tokens *tokens, const struct op_request *request,
                                        int region)
{
    struct token_row *row = row_of(tokens, request->session);
    struct store_answer answer = {.reply = {.kind = REPLY_MISS, .miss = MISS_NEVER_WRITTEN}};

    probe_count_many(tokens->store->probes, tokens->bytes[0][region], tokens->config->bytes);
    if (row->check != request->session_check || !row->is_there)
        return answer;
    answer.reply.miss = token_refusal(tokens, row, region, request->instance);
    if (answer.reply.miss != 0)
        return answer;
    answer.reply.kind = REPLY_HIT;
    answer.value = row->value;
    if (sim_now(tokens->store->sim) - row->issued >= tokens->config->refresh_ns)
        token_issue(tokens, row, region);
    return answer;
}

/* For how long each region accepts a copy of a token that its user has discarded. */
static void token_revoke(struct tokens *tokens, const struct token_row *row, uint64_t value)
{
    sim_dur rest = row->issued + tokens->config->lifetime_ns - sim_now(tokens->store->sim);

    for (uint32_t r = 0; r < tokens->store->region_count; r++) {
        sim_dur lag = rest;

        if (tokens->config->revocation == REVOCATION_LIST)
            lag = dist_sample_ns(tokens->config->revocation_lag,
                                 rng_block_at(&tokens->lags, value, r).word[0]);
        lag = lag < rest ? lag : rest;
        probe_latency(tokens->store->probes, tokens->exposure[r], lag > 0 ? lag : 0);
    }
}

static struct store_answer token_here(void *self, const struct op_request *request, int region)
{
    struct store *store = self;
    struct tokens *tokens = store->state;
    struct token_row *row;

    if (request->kind == COMMAND_GET)
        return token_verify(tokens, request, region);
    row = row_of(tokens, request->session);
    probe_count(store->probes, tokens->writes[region]);
    if (request->session_check >= row->check) {
        if (request->kind == COMMAND_DELETE && row->is_there)
            token_revoke(tokens, row, request->identity);
        *row = (struct token_row){.value = request->identity,
                                  .check = (uint16_t)request->session_check,
                                  .is_there = request->kind != COMMAND_DELETE};
        if (row->is_there)
            token_issue(tokens, row, region);
    }
    return (struct store_answer){.reply = {.kind = REPLY_OK, .executed = true}};
}

static void token_here_times(const struct store *store, sim_dur here_ns[2])
{
    const struct token_config *config = store->kind_config;

    here_ns[false] = config->verify_ns;
    here_ns[true] = config->sign_ns;
}

/* Tokens from before the run are of any age at which they need not be reissued. */
static void token_seed(struct store *store, uint32_t session, uint32_t session_check)
{
    struct tokens *tokens = store->state;
    const struct token_config *config = tokens->config;
    sim_dur oldest =
        config->refresh_ns < config->lifetime_ns ? config->refresh_ns : config->lifetime_ns;
    struct rng_block block = rng_block_at(&tokens->lags, session, (uint64_t)session_check << 32);

    *row_of(tokens, session) =
        (struct token_row){.check = (uint16_t)session_check,
                           .is_there = true,
                           .issued = -(sim_time)(rng_unit(block.word[0]) * (double)oldest)};
}

/* --- wiring ---------------------------------------------------------------------------------- */

static void token_init(struct store *store, const struct model_env *env)
{
    struct tokens *tokens = store->state;
    struct probes *probes = sim_probe_set(env->sim);
    const struct phase_rule rule = {.kind = PHASE_OF_SCENARIO};

    tokens->config = store->kind_config;
    tokens->store = store;
    tokens->lags = sim_stream(env->sim, env->instance, "revocation");
    tokens->servers = sim_stream(env->sim, env->instance, "keys");
    if (tokens->config->rotation == ROTATION_EVERY)
        tokens->phase =
            phase_start_ns(&rule, env->sim, env->instance, 0, tokens->config->rotation_ns);
    for (int r = 0; r < (int)store->region_count; r++) {
        for (int i = 0; i < 2; i++)
            tokens->bytes[i][r] = probe_count_open(probes, "token_bytes", r, token_directions[i]);
        tokens->exposure[r] = probe_latency_open(probes, "revocation_exposure", r, NULL);
        tokens->refetches[r] = probe_count_open(probes, "key_refetches", r, NULL);
        tokens->writes[r] = probe_count_open(probes, "store_writes", r, NULL);
    }
}

const struct store_kind kind_stateless_token = {
    .model = {.name = "stateless-token",
              .meaning = "no store: users carry signed tokens that every server verifies",
              .lacks = managed_lacks,
              .config_size = sizeof(struct token_config),
              FIELD_TABLE(token_fields),
              METRIC_TABLE(token_metrics),
              .rows = {LABEL_TABLE(token_causes)}},
    .state_size = sizeof(struct tokens),
    .row_size = sizeof(struct token_row),
    .adapt = managed_adapt,
    .here = token_here,
    .here_times = token_here_times,
    .seed = token_seed,
    .init = token_init,
};
