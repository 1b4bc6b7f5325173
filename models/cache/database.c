// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The database behind the cache: one in a home region, or one in each region.
 *
 * A query travels over the link from its application, is executed by one of `servers` (the cores or
 * execution slots of the database), and its reply travels back. A query that finds all of them busy
 * waits on its connection, first come, first served; beyond `connections_max` it is refused, or
 * waits in its application's pool for a connection.
 *
 *   sent -> [waits for a connection] -> waits for a server -> in service -> reply -> done
 *
 * A query whose application has given up is still executed if it has a connection: the database
 * does not know. One that waits for a connection is forgotten.
 *
 * Conservation, checked at the end: Little's law for the queries at the database.
 */
#include "database.h"

#include "bug.h"
#include "link.h"
#include "mem.h"
#include "queue_check.h"
#include "refs.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

static const char *const placements[] = {"home", "per-region", NULL};
static const char *const full_choices[] = {"wait", "refuse", NULL};
static const char *const backings[] = {"none", "write-through", "write-behind", NULL};
enum { PLACEMENT_HOME, PLACEMENT_PER_REGION };
enum { FULL_WAIT, FULL_REFUSE };

struct database_config {
    int placement, when_full, sessions;
    int32_t region;
    struct dist *read_service, *write_service;
    sim_dur write_per_row_ns, timeout_ns;
    uint32_t servers, connections_max;
};

#define MODEL_CONFIG struct database_config
// clang-format off
static const struct field database_fields[] = {
    CHOICE("placement", placement, placements, "home", "home: one database, in `region`; per-region: an independent one in each region", "assumption"),
    REGION("region", region, "region of the only database; default: the first region", "assumption"),
    CHOICE("sessions", sessions, backings, "none", "sessions in the database too, where they are read if the cache does not have them: written before the user is answered (write-through), or after it (write-behind)", "seed 002"),
    TIME_DIST("read_service", read_service, "0ms", "lognormal(median=2ms, p99=10ms)", "1h", "service time of a query that reads", "assumption"),
    TIME_DIST("write_service", write_service, "0ms", "lognormal(median=4ms, p99=20ms)", "1h", "service time of a query that writes one row", "assumption"),
    DURATION("write_per_row", write_per_row_ns, "0ms", "0.2ms", "1h", "additional service time of each further row of a query", "assumption"),
    COUNT("servers", servers, "1", "16", "100000", "queries executed at a time; the capacity is this number over the mean service time", "assumption"),
    COUNT("connections_max", connections_max, "1", "500", "10000000", "queries that have a connection at a time, executed or waiting for a server", "assumption"),
    CHOICE("when_full", when_full, full_choices, "wait", "a query beyond `connections_max` waits in its application's pool, or is refused", "assumption"),
    DURATION("timeout", timeout_ns, "0s", "2s", "1h", "time after which an application gives up a query; 0: never", "assumption"),
};

static const struct metric database_metrics[] = {
    {.name = "database_reads", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "queries executed that read, by region of the database"},
    {.name = "database_writes", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "queries executed that write"},
    {.name = "database_refused", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "queries refused because the database had no connection left"},
    {.name = "database_timeouts", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "queries that their applications gave up"},
    {.name = "database_utilization", .unit = UNIT_SHARE, .kind = METRIC_LEVEL, .scale = 1e-6, .series = true, .meaning = "share of the database's servers that are busy"},
    {.name = "database_queue", .unit = UNIT_COUNT, .kind = METRIC_LEVEL, .series = true, .meaning = "queries at the database, waiting or in service"},
    {.name = "sessions_found", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .series = true, .meaning = "sessions that the cache did not have, or did not answer for, and that were found in the database"},
    {.name = "session_writes_behind_lost", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "sessions: write-behind: writes that the database refused, or that were given up, after the user had been answered"},
    {.name = "database_wait", .unit = UNIT_NS, .kind = METRIC_LATENCY, .meaning = "time from a query's arrival at the database until a server executes it"},
    {.name = "database_latency", .unit = UNIT_NS, .kind = METRIC_LATENCY, .better = LOWER_IS_BETTER, .meaning = "time from a query to its reply at the application; those given up count with their timeout"},
};
// clang-format on

#define UTILIZATION_SCALE 1000000
#define FLOWS 8         /* connections of a region's application that share its queries */
#define QUERY_BYTES 200 /* text of a query, and of a reply without a row */

enum query_state { QUERY_FREE, QUERY_ON_WIRE, QUERY_UNCONNECTED, QUERY_WAITING, QUERY_IN_SERVICE };

struct query_row {
    struct database_query query;
    sim_time begun, arrived;
    uint32_t next; /* in a queue, or of the free rows */
    uint32_t generation;
    uint8_t state; /* enum query_state */
    uint8_t outcome;
    bool abandoned; /* its application has given up, and was told so */
};

struct query_list {
    uint32_t head, tail;
};

/* The versions of the rows of one class, or of one region's sessions. */
struct versions {
    uint32_t *rows;
    size_t count, capacity;
};

struct place {
    bool exists;
    int region;
    uint32_t busy, connected;
    struct query_list waiting, unconnected;
    struct queue_check present;
    struct versions classes[KEY_CLASSES_MAX], sessions[REGIONS_MAX];
    probe_id reads, writes, refused, timeouts, utilization, wait, latency, found, lost;
};

struct database {
    const struct database_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    uint32_t region_count;
    struct rng_stream service;
    struct place places[REGIONS_MAX];
    struct query_row *rows;
    size_t row_count, row_capacity;
    uint32_t free_head;
    struct link_port *links[REGIONS_MAX][REGIONS_MAX];
    uint32_t flows[REGIONS_MAX][REGIONS_MAX][FLOWS]; /* plus 1; 0: not opened yet */
    kind_id arrive_kind, served_kind, answered_kind, timeout_kind;
    timer_id timer;
    struct database_port port;
};

/* --- rows of the database -------------------------------------------------------------------- */

static int home_of(const struct database *database, int region)
{
    const struct database_config *config = database->config;

    if (config->placement == PLACEMENT_PER_REGION)
        return region;
    return config->region < 0 ? 0 : config->region;
}

static struct versions *versions_of(struct place *place, uint32_t key)
{
    uint32_t table = ref_region(key);

    return ref_is_class(key) ? &place->classes[table - KEY_CLASS_REGION] : &place->sessions[table];
}

static uint32_t version_at(const struct versions *versions, uint32_t index)
{
    return index < versions->count ? versions->rows[index] : 0;
}

static uint32_t *version_row(struct versions *versions, uint32_t index)
{
    if (index >= versions->count) {
        size_t count = index < 512 ? 1024 : 2 * (size_t)index;

        mem_grow(&versions->rows, &versions->capacity, count, sizeof *versions->rows);
        memset(versions->rows + versions->count, 0,
               (versions->capacity - versions->count) * sizeof *versions->rows);
        versions->count = versions->capacity;
    }
    return &versions->rows[index];
}

static uint32_t place_write(struct place *place, uint32_t key, uint32_t version)
{
    uint32_t *row = version_row(versions_of(place, key), ref_index(key));

    if (version == DATABASE_NEXT)
        return ++*row;
    if (version > *row)
        *row = version;
    return *row;
}

static uint32_t database_version(const void *self, int region, uint32_t key)
{
    const struct database *database = self;
    struct place *place = (struct place *)&database->places[home_of(database, region)];

    return version_at(versions_of(place, key), ref_index(key));
}

static void database_set(void *self, int region, uint32_t key, uint32_t version)
{
    struct database *database = self;

    (void)place_write(&database->places[home_of(database, region)], key, version);
}

static void database_reserve(void *self, uint32_t class, uint32_t keys)
{
    struct database *database = self;

    for (uint32_t r = 0; r < database->region_count; r++)
        if (database->places[r].exists) {
            struct versions *versions = &database->places[r].classes[class];

            versions->rows = mem_zalloc(keys, sizeof *versions->rows);
            versions->count = versions->capacity = keys;
        }
}

static int database_home(const void *self, int region)
{
    return home_of(self, region);
}

/* --- queries --------------------------------------------------------------------------------- */

static uint32_t query_alloc(struct database *database)
{
    uint32_t index = database->free_head;

    if (index != NO_INDEX) {
        database->free_head = database->rows[index].next;
        return index;
    }
    MEM_GROW(database->rows, database->row_capacity, database->row_count + 1);
    index = (uint32_t)database->row_count++;
    database->rows[index].generation = 0;
    return index;
}

static void query_free(struct database *database, uint32_t index)
{
    struct query_row *row = &database->rows[index];

    row->generation++;
    row->state = QUERY_FREE;
    row->next = database->free_head;
    database->free_head = index;
}

/* A message of a query between its application and its database. */
static void query_send(struct database *database, uint32_t index, int from, int to, bool reply)
{
    const struct query_row *row = &database->rows[index];
    const struct database_query *query = &row->query;
    struct link_port *link = database->links[from][to];
    uint32_t *flow = &database->flows[from][to][query->identity % FLOWS];
    bool has_row = query->writes != reply; /* a write has it in the query, a read in the reply */

    if (*flow == 0)
        *flow = link->open(link->self) + 1;
    link->send(link->self, *flow - 1,
               &(struct message){.kind = reply ? database->answered_kind : database->arrive_kind,
                                 .entity = index,
                                 .generation = row->generation & SIM_GENERATION_MASK,
                                 .bytes = QUERY_BYTES + (has_row ? query->bytes : 0),
                                 .identity = reply ? ~query->identity : query->identity});
}

static void database_query(void *self, const struct database_query *query)
{
    struct database *database = self;
    uint32_t index = query_alloc(database);
    struct query_row *row = &database->rows[index];

    *row = (struct query_row){.query = *query,
                              .begun = sim_now(database->sim),
                              .generation = row->generation,
                              .state = QUERY_ON_WIRE};
    if (database->config->timeout_ns > 0)
        sim_timer_set(database->sim, database->timer, index, row->generation);
    query_send(database, index, query->region, home_of(database, query->region), false);
}

static void query_tell(struct database *database, const struct query_row *row,
                       enum database_outcome outcome)
{
    const struct database_user *user = row->query.user;
    struct place *place = &database->places[home_of(database, row->query.region)];

    probe_latency(database->probes, place->latency, sim_now(database->sim) - row->begun);
    if (user)
        user->done(user->self, row->query.entity, outcome, row->query.version);
    else if (outcome != DATABASE_DONE)
        probe_count(database->probes, place->lost);
}

static void list_append(struct database *database, struct query_list *list, uint32_t index)
{
    database->rows[index].next = NO_INDEX;
    if (list->head == NO_INDEX)
        list->head = index;
    else
        database->rows[list->tail].next = index;
    list->tail = index;
}

static uint32_t list_take(const struct database *database, struct query_list *list)
{
    uint32_t index = list->head;

    if (index != NO_INDEX)
        list->head = database->rows[index].next;
    return index;
}

static void place_gauge(struct database *database, struct place *place)
{
    probe_level(database->probes, place->utilization, sim_now(database->sim),
                (int64_t)place->busy * UTILIZATION_SCALE / database->config->servers);
}

static void place_serve(struct database *database, struct place *place, uint32_t index)
{
    const struct database_config *config = database->config;
    struct query_row *row = &database->rows[index];
    struct rng_block block = rng_block_at(&database->service, row->query.identity, 0);
    sim_dur service = dist_sample_ns(
        row->query.writes ? config->write_service : config->read_service, block.word[0]);

    if (row->query.writes)
        service += (sim_dur)(row->query.rows - 1) * config->write_per_row_ns;
    place->busy++;
    row->state = QUERY_IN_SERVICE;
    probe_latency(database->probes, place->wait, sim_now(database->sim) - row->arrived);
    sim_after(database->sim, service, database->served_kind, index, row->generation);
}

/* A query has a connection. */
static void place_connect(struct database *database, struct place *place, uint32_t index)
{
    place->connected++;
    if (place->busy < database->config->servers) {
        place_serve(database, place, index);
    } else {
        database->rows[index].state = QUERY_WAITING;
        list_append(database, &place->waiting, index);
    }
}

static void database_on_arrive(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct database *database = self;
    struct query_row *row = &database->rows[entity];
    int home = home_of(database, row->query.region);
    struct place *place = &database->places[home];

    (void)generation;
    row->arrived = sim_now(sim);
    if (place->connected >= database->config->connections_max &&
        database->config->when_full == FULL_REFUSE) {
        row->outcome = DATABASE_REFUSED;
        probe_count(database->probes, place->refused);
        query_send(database, entity, home, row->query.region, true);
        return;
    }
    queue_check_enter(&place->present, row->arrived);
    if (place->connected < database->config->connections_max) {
        place_connect(database, place, entity);
    } else {
        row->state = QUERY_UNCONNECTED;
        list_append(database, &place->unconnected, entity);
    }
    place_gauge(database, place);
}

/* A connection is free: the next query of the pools gets it that is still wanted. */
static void place_connect_next(struct database *database, struct place *place)
{
    uint32_t index;

    while (place->connected < database->config->connections_max &&
           (index = list_take(database, &place->unconnected)) != NO_INDEX) {
        if (!database->rows[index].abandoned) {
            place_connect(database, place, index);
        } else {
            queue_check_leave(&place->present, sim_now(database->sim),
                              database->rows[index].arrived);
            query_free(database, index);
        }
    }
}

static void query_read(struct database *database, struct place *place, struct database_query *query)
{
    uint32_t version = version_at(versions_of(place, query->key), ref_index(query->key));

    if (!ref_is_class(query->key) && version == query->version)
        probe_count(database->probes, place->found);
    query->version = version;
}

static void database_on_served(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct database *database = self;
    struct query_row *row = &database->rows[entity];
    struct database_query *query = &row->query;
    int home = home_of(database, query->region);
    struct place *place = &database->places[home];
    uint32_t next;

    (void)generation;
    if (query->writes)
        query->version = query->rows > 1 ? 0 : place_write(place, query->key, query->version);
    else
        query_read(database, place, query);
    probe_count(database->probes, query->writes ? place->writes : place->reads);
    place->busy--;
    place->connected--;
    queue_check_leave(&place->present, sim_now(sim), row->arrived);
    row->state = QUERY_ON_WIRE;
    row->outcome = DATABASE_DONE;
    query_send(database, entity, home, query->region, true);
    next = list_take(database, &place->waiting);
    if (next != NO_INDEX)
        place_serve(database, place, next);
    place_connect_next(database, place);
    place_gauge(database, place);
}

static void database_on_answered(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct database *database = self;
    struct query_row row = database->rows[entity];

    (void)sim, (void)generation;
    query_free(database, entity);
    if (row.abandoned)
        return;
    if (database->config->timeout_ns > 0)
        sim_timer_cancelled(database->sim, database->timer);
    query_tell(database, &row, row.outcome);
}

static bool query_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct query_row *row = &((const struct database *)self)->rows[entity];

    return row->state != QUERY_FREE && (row->generation & SIM_GENERATION_MASK) == generation;
}

static void database_on_timeout(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct database *database = self;
    struct query_row *row = &database->rows[entity];

    (void)sim, (void)generation;
    row->abandoned = true;
    probe_count(database->probes, database->places[home_of(database, row->query.region)].timeouts);
    query_tell(database, row, DATABASE_TIMED_OUT);
}

static const struct event_kind database_arrive = {
    .name = "query", .phase = PHASE_WORK, .fire = database_on_arrive};
static const struct event_kind database_served = {
    .name = "query_served", .phase = PHASE_WORK, .fire = database_on_served};
static const struct event_kind database_answered = {
    .name = "query_answered", .phase = PHASE_WORK, .fire = database_on_answered};
static const struct event_kind database_timeout = {
    .name = "query_timeout", .phase = PHASE_WORK, .fire = database_on_timeout, .live = query_live};

/* --- the model ------------------------------------------------------------------------------- */

static void place_init(struct database *database, int region)
{
    struct probes *probes = sim_probe_set(database->sim);
    struct place *place = &database->places[region];

    place->exists = true;
    place->region = region;
    place->waiting.head = place->unconnected.head = NO_INDEX;
    place->reads = probe_count_open(probes, "database_reads", region, NULL);
    place->writes = probe_count_open(probes, "database_writes", region, NULL);
    place->refused = probe_count_open(probes, "database_refused", region, NULL);
    place->found = probe_count_open(probes, "sessions_found", region, NULL);
    place->lost = probe_count_open(probes, "session_writes_behind_lost", region, NULL);
    place->timeouts = probe_count_open(probes, "database_timeouts", region, NULL);
    place->utilization = probe_level_open(probes, "database_utilization", region, NULL);
    place->wait = probe_latency_open(probes, "database_wait", region, NULL);
    place->latency = probe_latency_open(probes, "database_latency", region, NULL);
    probe_level_follow(probes, probe_level_open(probes, "database_queue", region, NULL),
                       &place->present.length);
}

static void database_init(void *self, const struct model_env *env)
{
    struct database *database = self;
    const struct database_config *config = env->config;

    database->config = config;
    database->sim = env->sim;
    database->region_count = env->topology->region_count;
    database->free_head = NO_INDEX;
    database->service = sim_stream(env->sim, env->instance, "service");
    database->arrive_kind = sim_kind_add(env->sim, &database_arrive, env->instance, database);
    database->served_kind = sim_kind_add(env->sim, &database_served, env->instance, database);
    database->answered_kind = sim_kind_add(env->sim, &database_answered, env->instance, database);
    database->timeout_kind = sim_kind_add(env->sim, &database_timeout, env->instance, database);
    if (config->timeout_ns > 0)
        database->timer = sim_timer_add(env->sim, config->timeout_ns, database->timeout_kind);
    for (uint32_t r = 0; r < database->region_count; r++)
        if (home_of(database, (int)r) == (int)r)
            place_init(database, (int)r);
    database->port =
        (struct database_port){database,         config->sessions, database_reserve, database_query,
                               database_version, database_set,     database_home};
    port_offer_database(env->ports, -1, -1, &database->port);
}

static void database_connect(void *self, const struct port_directory *ports)
{
    struct database *database = self;

    database->probes = sim_probes(database->sim);
    for (uint32_t a = 0; a < database->region_count; a++)
        for (uint32_t b = 0; b < database->region_count; b++)
            database->links[a][b] = port_need_link(ports, (int)a, (int)b);
}

/* Check Little's law for the queries at each database. */
static void database_finish(void *self)
{
    struct database *database = self;
    sim_time end = sim_now(database->sim);

    for (size_t i = 0; i < database->row_count; i++) {
        const struct query_row *row = &database->rows[i];
        struct place *place = &database->places[home_of(database, row->query.region)];

        if (row->state >= QUERY_UNCONNECTED)
            queue_check_remains(&place->present, end, row->arrived);
    }
    for (uint32_t r = 0; r < database->region_count; r++)
        invariant(queue_check_balances(&database->places[r].present));
}

static void database_fini(void *self)
{
    struct database *database = self;

    for (uint32_t r = 0; r < REGIONS_MAX; r++) {
        for (uint32_t c = 0; c < KEY_CLASSES_MAX; c++)
            free(database->places[r].classes[c].rows);
        for (uint32_t t = 0; t < REGIONS_MAX; t++)
            free(database->places[r].sessions[t].rows);
    }
    free(database->rows);
}

static const char *const database_sections[] = {"key_classes", "database", NULL};

const struct model_ops database_ops = {
    .name = "database",
    .section = "database",
    .meaning = "the database behind the cache: capacity, connections, and the rows' versions",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct database_config),
    .state_size = sizeof(struct database),
    FIELD_TABLE(database_fields),
    METRIC_TABLE(database_metrics),
    .only_sections = database_sections,
    .init = database_init,
    .connect = database_connect,
    .finish = database_finish,
    .fini = database_fini,
};
