// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Classes of keys other than sessions, such as a catalogue or counters, in the same store.
 *
 * Operations of a class arrive in each region as a Poisson process of its own, on keys by a Zipf
 * law. They are made by the region's application through its store client, beside its requests:
 * they meet the same pools, timeouts, retries, links and servers, but hold no worker. What they
 * find in the cache, what is loaded from the database, and in which order both are written, is the
 * pattern of the class: class_read.c, class_write.c, write_behind.c.
 *
 * A key is the ref (KEY_CLASS_REGION + class, rank). Its value has a version: of the database,
 * which counts the writes of the key. A read is stale where it finds a lower version than the last
 * one that had been acknowledged to a writer when the read began.
 */
#include "key_classes_internal.h"

#include "registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const patterns[] = {"lazy-loading", "read-through", "write-through",
                                       "write-behind", NULL};

#define MODEL_CONFIG struct key_class_config
// clang-format off
static const struct field key_classes_fields[] = {
    TEXT("name", name, "name of the class: the value of label 'class'", "assumption"),
    REGION_LIST("regions", regions, "regions whose applications use the class; default: all", "assumption"),
    RATE("rate", rate_per_s, "0/s", "100/s", "1M/s", "reads and writes of each of these regions, Poisson", "assumption"),
    COUNT("keys", keys, "1", "10000", "100000000", "number of keys", "assumption"),
    NUMBER("skew", skew, "0", "0.99", "10", "exponent of the Zipf law by which keys are chosen; 0: all are equally likely", "zipf"),
    SHARE("hot_share", hot_share, "0%", "0%", "100%", "share of the operations that go to one key, in addition to its part by the Zipf law", "assumption"),
    SHARE("reads", read_share, "0%", "95%", "100%", "share of reads; the others are writes", "assumption"),
    NUMBER_DIST("bytes", bytes, "1", "1100", "500000000", "size of a value, the same at each write of its key", "assumption"),
    TIME_DIST("command_time", command_time, "0ms", "0ms", "1h", "service time of a command at the store in addition to that of any read or write: of slow commands, such as a range of a large set", "assumption"),
    DURATION("ttl", ttl_ns, "0s", "0s", "365d", "time to live of a value from its write to the cache; 0: none", "assumption"),
    SHARE("ttl_jitter", ttl_jitter, "0%", "0%", "100%", "the TTL of each write is drawn from ttl (1 +- jitter), uniformly", "assumption"),
    CHOICE("pattern", pattern, patterns, "lazy-loading", "who writes the cache and the database, and when: lazy-loading (the application loads what it misses), read-through (the cache does, one load of a key at a time), write-through (a write goes to the database, then to the cache), write-behind (to the cache, later to the database)", "seed 002"),
    FLAG("invalidate", invalidate, "true", "lazy-loading, read-through: a write deletes the key from the cache", "assumption"),
    FLAG("coalesce", coalesce, "false", "request coalescing: reads of a region that miss a key wait for the one that loads it", "assumption"),
    NUMBER("early_refresh", early_refresh, "0", "0", "1000", "probabilistic early refresh: factor beta of XFetch, 1 is its usual value; 0: off", "xfetch"),
    SHARE("prewarm", prewarm, "0%", "0%", "100%", "share of the keys, the most popular first, that are in the cache when the run begins", "assumption"),
    DURATION("write_behind.interval", behind_interval_ns, "1ms", "1s", "1d", "write-behind: interval at which dirty keys are written to the database", "assumption"),
    PHASE_FIELDS("write_behind.phase", behind_phase, "phase of the writes of dirty keys"),
    COUNT("write_behind.batch", behind_batch, "1", "100", "100000", "write-behind: dirty keys in one query", "assumption"),
};

#define CLASS_LABEL .label = "class", .label_set = "key-class"
static const struct metric key_classes_metrics[] = {
    {.name = "class_operations", .unit = UNIT_COUNT, .kind = METRIC_COUNT, CLASS_LABEL, .series = true, .meaning = "reads and writes that ended"},
    {.name = "class_errors", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, CLASS_LABEL, .series = true, .meaning = "reads and writes that failed: neither the cache nor the database answered them, or the database refused them"},
    {.name = "class_error_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, CLASS_LABEL, .over = "class_errors", .under = "class_operations", .series = true, .meaning = "class_errors / class_operations"},
    {.name = "class_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, CLASS_LABEL, .meaning = "time of a read or write, with all that it waits for; failed ones included"},
    {.name = "class_hits", .unit = UNIT_COUNT, .kind = METRIC_COUNT, CLASS_LABEL, .series = true, .meaning = "reads that found their key in the cache"},
    {.name = "class_misses", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, CLASS_LABEL, .series = true, .meaning = "reads that did not"},
    {.name = "class_lookups", .unit = UNIT_COUNT, .kind = METRIC_COUNT, CLASS_LABEL, .series = true, .meaning = "reads that the cache answered: hits and misses"},
    {.name = "class_hit_ratio", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = HIGHER_IS_BETTER, CLASS_LABEL, .over = "class_hits", .under = "class_lookups", .series = true, .meaning = "class_hits / class_lookups"},
    {.name = "class_cache_failures", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, CLASS_LABEL, .series = true, .meaning = "commands to the cache that failed after all attempts; reads go to the database then"},
    {.name = "class_loads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, CLASS_LABEL, .series = true, .meaning = "loads from the database to fill the cache"},
    {.name = "coalesced", .unit = UNIT_COUNT, .kind = METRIC_COUNT, CLASS_LABEL, .series = true, .meaning = "reads that waited for another one's load of the same key"},
    {.name = "early_refreshes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, CLASS_LABEL, .series = true, .meaning = "loads begun before the value had expired"},
    {.name = "stale_reads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, CLASS_LABEL, .series = true, .meaning = "reads that found an older version than the last one acknowledged to its writer when they began"},
    {.name = "stale_read_rate", .unit = UNIT_SHARE, .kind = METRIC_RATIO, .better = LOWER_IS_BETTER, CLASS_LABEL, .over = "stale_reads", .under = "class_operations", .series = true, .meaning = "stale_reads / class_operations"},
    {.name = "lost_writes_behind", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, CLASS_LABEL, .series = true, .meaning = "write-behind: acknowledged writes that the cache lost before they were in the database"},
    {.name = "slow_commands", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, CLASS_LABEL, .series = true, .meaning = "commands at the region's servers that took longer than store.slowlog_slower_than: they are in the SLOWLOG, which keeps the last 128"},
};
// clang-format on

/* --- operations ------------------------------------------------------------------------------ */

uint32_t class_op_begin(struct key_classes *model, enum class_op_kind kind, int region,
                        uint32_t key, uint64_t identity)
{
    uint32_t index = model->free_head;

    if (index == NO_INDEX) {
        MEM_GROW(model->ops, model->op_capacity, model->op_count + 1);
        index = (uint32_t)model->op_count++;
    } else {
        model->free_head = model->ops[index].next;
    }
    model->ops[index] = (struct class_op){.identity = identity,
                                          .begun = sim_now(model->sim),
                                          .key = key,
                                          .waiters = NO_INDEX,
                                          .kind = (uint8_t)kind,
                                          .region = (uint8_t)region};
    model->ops[index].instance =
        rng_below(rng_mix(identity), model->regions[region].sessions->instances);
    return index;
}

void class_op_free(struct key_classes *model, uint32_t index)
{
    model->ops[index].step = STEP_FREE;
    model->ops[index].next = model->free_head;
    model->free_head = index;
}

void class_op_finish(struct key_classes *model, uint32_t index, bool good)
{
    const struct class_op *op = &model->ops[index];
    const struct class_place *place = op_place(model, op);

    probe_count(model->probes, place->operations);
    if (!good)
        probe_count(model->probes, place->errors);
    probe_latency(model->probes, place->latency, sim_now(model->sim) - op->begun);
    class_op_free(model, index);
}

uint32_t class_value_bytes(const struct key_classes *model, uint32_t key)
{
    const struct dist *bytes = model->classes[key_class_of(key)].config->bytes;
    double value;

    if (!dist_is_constant(bytes, &value))
        value = dist_sample(bytes, rng_block_at(&model->sizes, key, 0).word[0]);
    return value < 1 ? 1 : (uint32_t)value;
}

static uint64_t step_identity(struct class_op *op)
{
    return rng_mix(op->identity + ((uint64_t)++op->steps << 48));
}

void class_op_command(struct key_classes *model, uint32_t index, enum command_kind kind,
                      enum class_step step)
{
    struct class_op *op = &model->ops[index];
    const struct session_port *sessions = model->regions[op->region].sessions;
    struct op_request request = {.request = CLASS_REQUEST | index,
                                 .instance = op->instance,
                                 .session = op->key,
                                 .session_check = kind == COMMAND_CREATE ? op->version : 0,
                                 .value_bytes = class_value_bytes(model, op->key),
                                 .kind = (uint8_t)kind,
                                 .probe = true,
                                 .latest = step == STEP_COLLECT,
                                 .identity = step_identity(op),
                                 .last_write = -1};

    op->step = (uint8_t)step;
    sessions->submit(sessions->self, &request);
}

void class_op_query(struct key_classes *model, uint32_t index, bool writes, enum class_step step)
{
    struct class_op *op = &model->ops[index];
    const struct database_query query = {.identity = step_identity(op),
                                         .user = writes ? &model->stored : &model->loaded,
                                         .entity = index,
                                         .key = op->key,
                                         .version = op->version,
                                         .rows = 1,
                                         .bytes = class_value_bytes(model, op->key),
                                         .region = op->region,
                                         .writes = writes};

    op->step = (uint8_t)step;
    model->database->query(model->database->self, &query);
}

/* The cache has answered a command of an operation, or the client has given up. */
static void class_on_done(void *self, uint32_t request, const struct op_result *result)
{
    const struct class_region *region = self;
    uint32_t index = request & ~CLASS_REQUEST;

    switch (region->model->ops[index].kind) {
    case OP_READ:
    case OP_REFRESH:
        class_read_answered(region->model, index, result);
        break;
    case OP_WRITE:
        class_write_answered(region->model, index, result);
        break;
    case OP_FLUSH:
        behind_collected(region->model, index, result);
        break;
    }
}

/* --- arrivals -------------------------------------------------------------------------------- */

/* entity: class and region. */
static void arrivals_next(struct key_classes *model, uint32_t entity)
{
    struct key_class *class = &model->classes[entity >> 4];
    struct class_place *place = &class->places[entity & 15];
    uint64_t word = rng_block_at(&model->arrivals, entity, place->arrivals).word[3];
    double wait = -log(rng_unit(word)) / class->config->rate_per_s;

    if (wait < 1e9)
        sim_after(model->sim, (sim_dur)(wait * (double)SIM_S), model->arrive_kind, entity, 0);
}

static void class_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct key_classes *model = self;
    const struct key_class *class = &model->classes[entity >> 4];
    struct class_place *place = &model->classes[entity >> 4].places[entity & 15];
    struct rng_block block = rng_block_at(&model->arrivals, entity, place->arrivals);
    uint64_t identity = rng_mix((uint64_t)entity << 48 | place->arrivals++);
    bool reads = rng_unit(block.word[1]) < class->config->read_share;
    bool is_hot =
        class->config->hot_share > 0 && rng_unit(rng_mix(block.word[2])) < class->config->hot_share;
    uint32_t rank = is_hot ? 0 : zipf_rank(&class->zipf, block.word[0]);
    uint32_t key = ref_make(KEY_CLASS_REGION + (entity >> 4), rank), index;

    (void)sim, (void)generation;
    arrivals_next(model, entity);
    if (!model->regions[entity & 15].sessions->up)
        return; /* the application is down */
    index = class_op_begin(model, reads ? OP_READ : OP_WRITE, (int)(entity & 15), key, identity);
    if (reads)
        class_read_begin(model, index);
    else
        class_write_begin(model, index);
}

static const struct event_kind class_arrive = {
    .name = "arrive", .phase = PHASE_WORK, .fire = class_on_arrive};

/* --- the model ------------------------------------------------------------------------------- */

static bool name_is_valid(const char *name)
{
    size_t length = name ? strlen(name) : 0;

    for (size_t i = 0; i < length; i++)
        if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') &&
            name[i] != '-' && name[i] != '_')
            return false;
    return length > 0 && length < 64;
}

static bool store_supports_classes(const struct check_context *context)
{
    for (size_t i = 0; i < context->instance_count; i++) {
        const struct model_kind *kind = context->instances[i].kind;

        for (size_t j = 0; kind && kind->supports && kind->supports[j]; j++)
            if (strcmp(kind->supports[j], "key-classes") == 0)
                return true;
    }
    return false;
}

static void key_classes_check(const void *config, const struct check_context *context,
                              struct validation *validation)
{
    const struct key_class_config *c = config, *items = context->items;

    if (!name_is_valid(c->name) || strcmp(c->name, "sessions") == 0)
        validation_error(validation, "name",
                         "needs a name of lower-case letters, digits, '-' and '_', at most 63, "
                         "other than 'sessions'");
    for (size_t i = 0; c->name && i < context->item; i++)
        if (items[i].name && strcmp(items[i].name, c->name) == 0)
            validation_error(validation, "name",
                             "'%s' is the name of another class: key_classes.%zu", c->name, i);
    if (context->item == KEY_CLASSES_MAX)
        validation_error(validation, NULL, "at most %u classes are allowed, got %zu",
                         KEY_CLASSES_MAX, context->item_count);
    if (context->item == 0 && !store_supports_classes(context))
        validation_error(validation, NULL,
                         "needs a kind of store whose servers hold values: global-datastore, "
                         "regional, single-region or memcached");
    if (c->early_refresh > 0 && c->ttl_ns == 0)
        validation_error(validation, "early_refresh", "needs a 'ttl'");
    if (c->ttl_jitter > 0 && c->ttl_ns == 0)
        validation_error(validation, "ttl_jitter", "needs a 'ttl'");
}

static void place_open(struct key_classes *model, uint32_t class, int region)
{
    struct class_place *place = &model->classes[class].places[region];
    struct probes *probes = sim_probe_set(model->sim);
    const struct {
        probe_id *id;
        const char *name;
    } counters[] = {{&place->operations, "class_operations"},
                    {&place->errors, "class_errors"},
                    {&place->hits, "class_hits"},
                    {&place->misses, "class_misses"},
                    {&place->lookups, "class_lookups"},
                    {&place->cache_failures, "class_cache_failures"},
                    {&place->loads, "class_loads"},
                    {&place->coalesced, "coalesced"},
                    {&place->refreshes, "early_refreshes"},
                    {&place->stale, "stale_reads"},
                    {&place->lost, "lost_writes_behind"}};
    const char *name = model->classes[class].config->name;

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        *counters[i].id = probe_count_open(probes, counters[i].name, region, name);
    place->latency = probe_latency_open(probes, "class_latency", region, name);
}

static void class_init(struct key_classes *model, uint32_t index, const struct key_class_config *c)
{
    struct key_class *class = &model->classes[index];
    struct key_class_row *row = &model->rows[index];
    struct probes *probes = sim_probe_set(model->sim);

    class->config = c;
    class->zipf = zipf_make(c->keys, c->skew);
    *row = (struct key_class_row){.keys = c->keys,
                                  .ttl_ns = c->ttl_ns,
                                  .ttl_jitter = c->ttl_jitter,
                                  .command_time = c->command_time};
    for (uint32_t r = 0; r < model->region_count; r++) {
        struct class_place *place = &class->places[r];

        place->class = (uint8_t)index;
        place->region = (uint8_t)r;
        place->batch = NO_INDEX;
        place->exists = c->regions.count == 0 || region_list_has(&c->regions, (int)r);
        row->slow[r] = probe_count_open(probes, "slow_commands", (int)r, c->name);
        if (place->exists)
            place_open(model, index, (int)r);
    }
}

static uint32_t class_next_version(void *self, uint32_t key, int region)
{
    struct key_classes *model = self;

    return ++model->classes[key_class_of(key)].places[region].assigned[ref_index(key)];
}

static void key_classes_init(void *self, const struct model_env *env)
{
    struct key_classes *model = self;
    const struct key_class_config *configs = env->config;

    model->sim = env->sim;
    model->instance = env->instance;
    model->count = (uint32_t)env->config_count;
    model->region_count = env->topology->region_count;
    model->free_head = model->batch_free = NO_INDEX;
    model->arrivals = sim_stream(env->sim, env->instance, "arrivals");
    model->sizes = sim_stream(env->sim, env->instance, "sizes");
    model->refreshes = sim_stream(env->sim, env->instance, "refreshes");
    model->warm = sim_stream(env->sim, env->instance, "warm");
    for (uint32_t c = 0; c < model->count; c++)
        class_init(model, c, &configs[c]);
    model->arrive_kind = sim_kind_add(env->sim, &class_arrive, env->instance, model);
    model->flush_kind = sim_kind_add(env->sim, &class_flush, env->instance, model);
    model->loaded = (struct database_user){model, class_on_loaded};
    model->stored = (struct database_user){model, class_on_stored};
    model->flushed = (struct database_user){model, class_on_flushed};
    model->port = (struct key_classes_port){
        .self = model,
        .next_version = class_next_version,
        .count = model->count,
        .rows = model->rows,
        .ttls = sim_stream(env->sim, env->instance, "ttls"),
        .times = sim_stream(env->sim, env->instance, "times"),
    };
    port_offer_key_classes(env->ports, -1, -1, &model->port);
    for (uint32_t r = 0; r < model->region_count; r++) {
        struct class_region *region = &model->regions[r];

        *region = (struct class_region){.model = model, .done = {region, class_on_done}};
        memset(region->loads, 0xff, sizeof region->loads); /* NO_INDEX */
        port_offer_class_ops(env->ports, (int)r, -1, &region->done);
    }
}

/* The tables of a class that the regions of one database share. */
static void class_connect(struct key_classes *model, uint32_t index)
{
    struct key_class *class = &model->classes[index];
    uint32_t keys = class->config->keys;
    bool is_behind = class->config->pattern == WRITE_BEHIND;

    model->database->reserve(model->database->self, index, keys);
    for (uint32_t r = 0; r < model->region_count; r++) {
        struct class_place *place = &class->places[r];
        struct class_place *home =
            &class->places[model->database->home(model->database->self, (int)r)];

        if (!home->acknowledged) {
            home->owns = true;
            home->acknowledged = mem_zalloc(keys, sizeof *home->acknowledged);
            home->assigned = is_behind ? mem_zalloc(keys, sizeof *home->assigned) : NULL;
        }
        place->acknowledged = home->acknowledged;
        place->assigned = home->assigned;
        if (is_behind)
            place->dirty = mem_zalloc(keys, 1);
    }
}

static void key_classes_connect(void *self, const struct port_directory *ports)
{
    struct key_classes *model = self;

    model->probes = sim_probes(model->sim);
    model->database = port_need_database(ports, -1, -1);
    model->store = port_need_session_store(ports, -1, -1);
    for (uint32_t r = 0; r < model->region_count; r++)
        model->regions[r].sessions = port_need_sessions(ports, (int)r, -1);
    for (uint32_t c = 0; c < model->count; c++)
        class_connect(model, c);
}

/* The most popular keys are in the cache, as if they had been written now. */
static void class_prewarm(struct key_classes *model, uint32_t index)
{
    const struct key_class_config *config = model->classes[index].config;
    uint32_t count = (uint32_t)(config->prewarm * config->keys + 0.5);

    for (uint32_t rank = 0; rank < count; rank++) {
        uint32_t key = ref_make(KEY_CLASS_REGION + index, rank);
        uint64_t word = rng_block_at(&model->warm, key, 0).word[0];

        model->store->seed_key(model->store->self, key, class_value_bytes(model, key),
                               key_class_expiry(&model->rows[index], 0, word));
    }
}

static void key_classes_start(void *self)
{
    struct key_classes *model = self;

    for (uint32_t c = 0; c < model->count; c++) {
        class_prewarm(model, c);
        for (uint32_t r = 0; r < model->region_count; r++)
            if (model->classes[c].places[r].exists && model->classes[c].config->rate_per_s > 0)
                arrivals_next(model, c << 4 | r);
    }
    behind_start(model);
}

static void key_classes_fini(void *self)
{
    struct key_classes *model = self;

    for (uint32_t c = 0; c < model->count; c++)
        for (uint32_t r = 0; r < model->region_count; r++) {
            struct class_place *place = &model->classes[c].places[r];

            if (place->owns) {
                free(place->acknowledged);
                free(place->assigned);
            }
            free(place->dirty);
            free(place->list);
        }
    behind_release(model);
    free(model->ops);
}

/* Scenario 44 shows it. */
static bool expires_in_step(const void *config, const struct check_context *context)
{
    const struct key_class_config *c = config;

    return c->prewarm > 0 && c->ttl_ns > 0 && c->ttl_ns < context->end && c->ttl_jitter == 0;
}

static bool is_stale_for_good(const void *config, const struct check_context *context)
{
    const struct key_class_config *c = config;

    (void)context;
    return c->pattern <= READ_THROUGH && !c->invalidate && c->ttl_ns == 0 && c->read_share < 1;
}

static bool expires_before_it_is_written(const void *config, const struct check_context *context)
{
    const struct key_class_config *c = config;

    (void)context;
    return c->pattern == WRITE_BEHIND && c->ttl_ns > 0 && c->ttl_ns <= c->behind_interval_ns;
}

static const struct lint_row key_classes_lints[] = {
    {.code = "class-expires-in-step",
     .field = "ttl_jitter",
     .meaning =
         "'prewarm' with a TTL and no 'ttl_jitter': all values that were loaded before the run "
         "expire at one moment of it, and their reads meet the database together",
     .applies = expires_in_step},
    {.code = "class-never-fresh",
     .field = "invalidate",
     .meaning = "'invalidate: false' without a 'ttl': a value that was loaded once is never "
                "replaced, whatever is written",
     .applies = is_stale_for_good},
    {.code = "class-expires-unwritten",
     .field = "ttl",
     .meaning = "write-behind with a 'ttl' of at most 'write_behind.interval': values expire "
                "before they are written to the database",
     .applies = expires_before_it_is_written},
};

static const char *const key_classes_sections[] = {"key_classes", NULL};

const struct model_ops key_classes_ops = {
    .name = "key_classes",
    .section = "key_classes",
    .meaning = "classes of keys other than sessions in the same store: load, patterns, freshness",
    .scope = MODEL_LIST,
    .config_size = sizeof(struct key_class_config),
    .state_size = sizeof(struct key_classes),
    FIELD_TABLE(key_classes_fields),
    METRIC_TABLE(key_classes_metrics),
    .rows = {LINT_TABLE(key_classes_lints)},
    .only_sections = key_classes_sections,
    .item_label_set = "key-class",
    .item_name = offsetof(struct key_class_config, name),
    .check = key_classes_check,
    .init = key_classes_init,
    .connect = key_classes_connect,
    .start = key_classes_start,
    .fini = key_classes_fini,
};
