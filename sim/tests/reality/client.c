// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reality_client FILE: run one experiment against running servers and print the measurements.
 *
 * FILE has one setting or action a line; `#` begins a comment.
 *
 *   client SETTING=VALUE...        load and client policy, see client_set()
 *   to ENDPOINT...                 where writes go; several nodes share the keys
 *   reads ENDPOINT...              where reads go; default: as writes
 *   at TIME ACTION WORDS...        see client_actions.c
 *   lag ENDPOINT                   measure when this replica applies each write
 *   link ENDPOINT                  measure for how long this replica is disconnected
 *   counter NAME ENDPOINT FIELD    print by how much a field of INFO grew
 *   lost ENDPOINT                  print how many acknowledged writes this server does not hold
 */
#include "client.h"

#include "disturbance.h"
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_WORDS 32
#define WARM_NS INT64_C(3000000000) /* warm connections are open by then, or never */
#define QUIET_NS INT64_C(100000000)
#define GRACE_S 30 /* beyond the run's length, then the program is ended: no experiment hangs */

int64_t client_now_ns(const struct client *client)
{
    return reactor_now_ns() - client->start_ns;
}

/* "none", "fixed:100ms" or "exponential:100ms:2s". */
static bool backoff_parse(const char *text, struct backoff *backoff)
{
    char copy[128], *base, *max, why[256];
    const struct setting table[] = {
        {"base", SETTING_DURATION, &backoff->base_ns, NULL},
        {"max", SETTING_DURATION, &backoff->max_ns, NULL},
    };
    char word[128];

    if (text == NULL || strcmp(text, "none") == 0)
        return true;
    snprintf(copy, sizeof(copy), "%s", text);
    base = strchr(copy, ':');
    if (base == NULL)
        return false;
    *base++ = '\0';
    max = strchr(base, ':');
    if (max != NULL)
        *max++ = '\0';
    backoff->kind = strcmp(copy, "fixed") == 0 ? BACKOFF_FIXED : BACKOFF_EXPONENTIAL;
    snprintf(word, sizeof(word), "base=%s", base);
    if (!setting_apply(table, 2, word, why, sizeof(why)))
        return false;
    snprintf(word, sizeof(word), "max=%s", max == NULL ? "1h" : max);
    return setting_apply(table, 2, word, why, sizeof(why));
}

static bool client_set(struct client *client, char **words, size_t count)
{
    struct client_settings *s = &client->settings;
    int protocol = -1;
    const char *backoff = NULL, *reconnect = NULL;
    const struct setting table[] = {
        {"rate", SETTING_RATE, &s->rate_per_s, NULL},
        {"arrivals", SETTING_CHOICE, &s->even, "poisson|even"},
        {"warmup", SETTING_DURATION, &s->warmup_ns, NULL},
        {"duration", SETTING_DURATION, &s->duration_ns, NULL},
        {"until", SETTING_DURATION, &s->until_ns, NULL},
        {"seed", SETTING_COUNT, &s->seed, NULL},
        {"reads", SETTING_COUNT, &s->reads, NULL},
        {"think", SETTING_DURATION, &s->think_ns, NULL},
        {"write_bytes", SETTING_COUNT, &s->write_bytes, NULL},
        {"sleep", SETTING_DURATION, &s->sleep_ns, NULL},
        {"protocol", SETTING_CHOICE, &protocol, "redis|memcached"},
        {"mode", SETTING_CHOICE, &s->shared, "pool|shared"},
        {"pool", SETTING_COUNT, &s->pool_size, NULL},
        {"warm", SETTING_COUNT, &s->pool_warm, NULL},
        {"reuse", SETTING_CHOICE, &s->fifo, "lifo|fifo"},
        {"close_on_timeout", SETTING_CHOICE, &s->close_on_timeout, "no|yes"},
        {"timeout", SETTING_DURATION, &s->timeout_ns, NULL},
        {"connect_timeout", SETTING_DURATION, &s->connect_timeout_ns, NULL},
        {"attempts", SETTING_COUNT, &s->attempts, NULL},
        {"backoff", SETTING_TEXT, &backoff, NULL},
        {"jitter", SETTING_CHOICE, &s->retry.jitter, "none|full"},
        {"reconnect", SETTING_TEXT, &reconnect, NULL},
        {"budget.capacity", SETTING_NUMBER, &s->bucket_capacity, NULL},
        {"budget.cost", SETTING_NUMBER, &s->bucket_cost, NULL},
        {"budget.refund", SETTING_NUMBER, &s->bucket_refund, NULL},
        {"fault_from", SETTING_DURATION, &s->fault_from_ns, NULL},
        {"fault_to", SETTING_DURATION, &s->fault_to_ns, NULL},
        {"resolution", SETTING_DURATION, &s->resolution_ns, NULL},
        {"hold", SETTING_DURATION, &s->hold_ns, NULL},
        {"target", SETTING_SHARE, &s->target, NULL},
        {"user_timeout", SETTING_DURATION, &s->socket.user_timeout_ns, NULL},
        {"keepalive.idle", SETTING_DURATION, &s->socket.keepalive_idle_ns, NULL},
        {"keepalive.interval", SETTING_DURATION, &s->socket.keepalive_interval_ns, NULL},
        {"keepalive.count", SETTING_COUNT, &s->socket.keepalive_count, NULL},
    };
    char why[256];

    for (size_t i = 0; i < count; i++)
        if (!setting_apply(table, sizeof(table) / sizeof(table[0]), words[i], why, sizeof(why))) {
            fprintf(stderr, "reality_client: error: %s\n", why);
            return false;
        }
    if (protocol >= 0)
        client->link_ops = protocol == 0 ? &redis_link : &memcached_link;
    return backoff_parse(backoff, &s->retry) && backoff_parse(reconnect, &s->reconnect);
}

static bool client_point(struct client *client, enum operation_kind kind, char **words,
                         size_t count)
{
    struct endpoint endpoint;

    if (count == 0 || count > NODES_MAX || (client->nodes != 0 && client->nodes != count))
        return false;
    client->nodes = count;
    if (kind == OPERATION_READ)
        client->reads_apart = true;
    for (size_t i = 0; i < count; i++) {
        if (!endpoint_parse(words[i], &endpoint))
            return false;
        pool_init(&client->pools[kind][i], client, &endpoint);
    }
    return true;
}

static bool take_writes(struct client *client, char **words, size_t count)
{
    return client_point(client, OPERATION_WRITE, words, count);
}

static bool take_reads(struct client *client, char **words, size_t count)
{
    return client_point(client, OPERATION_READ, words, count);
}

static bool take_lag(struct client *client, char **words, size_t count)
{
    return count == 1 && probes_watch_lag(client, words[0]);
}

static bool take_link(struct client *client, char **words, size_t count)
{
    return count == 1 && probes_watch_link(client, words[0]);
}

static bool take_lost(struct client *client, char **words, size_t count)
{
    return count == 1 && probes_add_lost(client, words[0]);
}

static bool take_counter(struct client *client, char **words, size_t count)
{
    return count == 3 && probes_add_counter(client, words[0], words[1], words[2]);
}

/* Lines of the file, by their first word. */
static const struct line_kind {
    const char *word;
    bool (*take)(struct client *client, char **words, size_t count); /* the words after it */
} line_kinds[] = {
    {"client", client_set}, {"to", take_writes}, {"reads", take_reads}, {"at", actions_add},
    {"lag", take_lag},      {"link", take_link}, {"lost", take_lost},   {"counter", take_counter},
};

static bool client_take_line(struct client *client, char *line)
{
    char *words[LINE_WORDS];
    size_t count;

    line[strcspn(line, "#")] = '\0';
    count = split_words(line, words, LINE_WORDS);
    for (size_t i = 0; count > 0 && i < sizeof line_kinds / sizeof line_kinds[0]; i++)
        if (strcmp(words[0], line_kinds[i].word) == 0)
            return line_kinds[i].take(client, words + 1, count - 1);
    return count == 0;
}

/* Read the file; its text lives as long as the program, since settings and actions point into it.
 */
static void client_read(struct client *client, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    unsigned number = 0;

    if (file == NULL)
        die("cannot read '%s'", path);
    while (getline(&line, &capacity, file) >= 0) {
        char *kept = strdup(line);

        number++;
        errno = 0;
        if (kept == NULL || !client_take_line(client, kept))
            die("%s:%u: not understood: %s", path, number, line);
    }
    free(line);
    fclose(file);
}

/* Several nodes share the keys on a ring of their names, which are those of the model memcached. */
static void client_make_ring(struct client *client)
{
    static char texts[NODES_MAX][32];
    const char *names[NODES_MAX];

    for (size_t i = 0; i < client->nodes; i++) {
        snprintf(texts[i], sizeof(texts[i]), "node-%zu:11211", i + 1);
        names[i] = texts[i];
    }
    ketama_init(&client->ring, names, (uint32_t)client->nodes);
}

/* A value such that SET with it is `write_bytes` long in Redis' protocol. */
static void client_make_value(struct client *client)
{
    int64_t rest = client->settings.write_bytes -
                   (int64_t)strlen("*3\r\n$3\r\nSET\r\n$16\r\n\r\n\r\n") - 16 -
                   (int64_t)strlen("$\r\n");
    char digits[32];

    rest -= snprintf(digits, sizeof(digits), "%lld", (long long)rest);
    client->value_length = rest > 0 ? (size_t)rest : 1;
    client->value = allocate(client->value_length + 1, 1);
    memset(client->value, 'v', client->value_length);
}

static void client_on_end(void *owner)
{
    struct client *client = owner;

    client->reactor.stopped = true;
}

/* Open the warm connections and wait until they are there. */
static void client_warm(struct client *client)
{
    int64_t give_up_ns = reactor_now_ns() + WARM_NS;
    size_t warm = client->settings.shared ? 1 : (size_t)client->settings.pool_warm;
    size_t kinds = client->reads_apart ? OPERATION_KINDS : 1, open;

    if (client->settings.shared && client->settings.pool_warm == 0)
        warm = 0;
    for (size_t k = 0; k < kinds; k++)
        for (size_t i = 0; i < client->nodes; i++)
            pool_warm(&client->pools[k][i], warm);
    do {
        reactor_set(&client->reactor, &client->end, reactor_now_ns() + QUIET_NS);
        client->reactor.stopped = false;
        reactor_run(&client->reactor);
        open = 0;
        for (size_t k = 0; k < kinds; k++)
            for (size_t i = 0; i < client->nodes; i++)
                open += pool_open_count(&client->pools[k][i]);
    } while (open < warm * client->nodes * kinds && reactor_now_ns() < give_up_ns);
}

static void client_run(struct client *client)
{
    client->end = (struct reactor_timer){.fire = client_on_end, .owner = client};
    client->start_ns = INT64_MAX / 2; /* nothing counts yet */
    probes_start(client);
    client_warm(client);
    client->start_ns = reactor_now_ns() + QUIET_NS;
    disturbance_start();
    sessions_start(client);
    actions_start(client);
    reactor_set(&client->reactor, &client->end, client->start_ns + client->settings.duration_ns);
    client->reactor.stopped = false;
    reactor_run(&client->reactor);
    disturbance_print();
}

int main(int argc, char **argv)
{
    static struct client client = {
        .link_ops = &redis_link,
        .settings = {.seed = 1,
                     .duration_ns = INT64_C(10000000000),
                     .write_bytes = 1100,
                     .pool_size = 20,
                     .close_on_timeout = 1,
                     .timeout_ns = INT64_C(1000000000),
                     .attempts = 1,
                     .resolution_ns = 10000000,
                     .hold_ns = INT64_C(1000000000),
                     .target = 0.99},
    };

    if (argc != 2) {
        fprintf(stderr, "usage: reality_client FILE\n");
        return 2;
    }
    reactor_init(&client.reactor);
    client.probes = probes_create(&client);
    client_read(&client, argv[1]);
    errno = 0;
    if (client.nodes == 0)
        die("%s: no line 'to ENDPOINT'", argv[1]);
    client.statistics = statistics_create(&client);
    client.arrivals = rng_stream_named((uint64_t)client.settings.seed, 0, "client", "arrivals");
    client.backoffs = rng_stream_named((uint64_t)client.settings.seed, 0, "client", "backoffs");
    client_make_value(&client);
    client_make_ring(&client);
    alarm((unsigned)(client.settings.duration_ns / 1000000000) + GRACE_S);
    reactor_sharpen();
    client_run(&client);
    statistics_print(&client);
    probes_print(&client);
    return 0;
}
