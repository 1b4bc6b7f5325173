// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Repointing by a static list of endpoints in the client, without any control plane.
 *
 * The clients of a region use one endpoint of the list at a time, at first the primary's. When a
 * new connection to it is refused or not answered, or it refuses a write (READONLY), they go on to
 * the next region that has a cluster, and after the last to the first; at most once in `list.stay`,
 * so that the many connections that fail with one endpoint count as one failure. A command that
 * times out, or a connection that ends, is no reason by itself: the next connection decides. A host
 * that answers SYNs is not left, however long its TLS handshakes take. Clients do not learn which
 * cluster is the primary, so on their way they may meet a secondary, which refuses their writes.
 *
 * There is nothing to do at a promotion: done() is called at once.
 */
#include "repoint_list.h"

#include "dns.h"
#include "promotion.h"
#include "refs.h"

struct repoint_list {
    const struct repoint_list_config *config;
    struct sim *sim;
    struct repoint_host host;
    struct dns_resolver resolver;
    int regions[REGIONS_MAX]; /* those with a cluster, in the order of the scenario */
    uint32_t count;
    struct list_client {
        uint32_t at;        /* index into `regions` */
        sim_time since;     /* when it went there */
    } clients[REGIONS_MAX]; /* by region of the client */
};

static struct dns_answer list_resolve(void *self, int region)
{
    const struct repoint_list *repoint = self;

    return (struct dns_answer){.region = repoint->regions[repoint->clients[region].at],
                               .expires = SIM_NEVER};
}

/* A client cannot use the endpoint of `at`. */
static bool list_failed(void *self, int region, int at)
{
    struct repoint_list *repoint = self;
    struct list_client *client = &repoint->clients[region];
    sim_time now = sim_now(repoint->sim);

    if (repoint->count < 2 || repoint->regions[client->at] != at)
        return false; /* of an endpoint that they have left already */
    if (now - client->since < repoint->config->stay_ns)
        return false;
    client->at = (client->at + 1) % repoint->count;
    client->since = now;
    return true;
}

static void repoint_list_init(void *self, const struct model_env *env, const void *config,
                              const struct repoint_host *host)
{
    struct repoint_list *repoint = self;

    repoint->config = config;
    repoint->sim = env->sim;
    repoint->host = *host;
    repoint->count = env->topology->region_count;
    repoint->resolver = (struct dns_resolver){repoint, list_resolve, list_failed};
}

static void repoint_list_connect(void *self, const struct port_directory *ports)
{
    struct repoint_list *repoint = self;
    const struct promotion_port *promotion = port_find_promotion(ports, -1, -1);
    struct dns_port *dns = port_need_dns(ports, -1, -1);
    uint32_t region_count = repoint->count, first = 0;

    if (!promotion)
        return;
    repoint->count = 0;
    for (uint32_t r = 0; r < region_count; r++)
        if (promotion->role(promotion->self, (int)r) != CLUSTER_NONE) {
            if ((int)r == promotion->primary(promotion->self))
                first = repoint->count;
            repoint->regions[repoint->count++] = (int)r;
        }
    for (uint32_t r = 0; r < region_count; r++)
        repoint->clients[r] = (struct list_client){first, 0};
    dns->override(dns->self, &repoint->resolver);
}

static void repoint_list_begin(void *self, int from, int target, uint32_t number)
{
    const struct repoint_list *repoint = self;
    const struct repoint_host *host = &repoint->host;

    (void)from, (void)number;
    host->stage_ended(host->self, INCIDENT_NOTIFY);
    host->stage_ended(host->self, INCIDENT_PUBLISH);
    host->log(host->self, target, "repoint: client-list", "clients find it by their own lists");
    host->done(host->self);
}

const struct repoint_ops repoint_list_ops = {
    .name = "client-list",
    .state_size = sizeof(struct repoint_list),
    .init = repoint_list_init,
    .connect = repoint_list_connect,
    .begin = repoint_list_begin,
};
