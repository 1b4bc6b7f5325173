// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A region's record of the users' name, and the health checks of the region's endpoint. Name
 * servers and their answers are dns_routing's.
 */
#include "checker_fleet.h"
#include "dns_record.h"
#include "model.h"
#include "registry.h"
#include "user_dns.h"

static const char *const health_names[] = {"checks", "target", "none", NULL}; /* record_health */

struct dns_record_config {
    int health;
    uint32_t weight;
    int32_t local;
    struct checker_config checks;
};

#define MODEL_CONFIG struct dns_record_config
// clang-format off
static const struct field dns_record_fields[] = {
    CHOICE("health", health, health_names, "checks", "checks: health checks of the region's first endpoint; target: an alias record with evaluated target health, which follows the load balancers; none: always healthy", "facts E"),
    COUNT("weight", weight, "0", "1", "255", "weight of the record ('policy: weighted'); 0: used only where no healthy record has a weight", "facts E"),
    REGION("serves", local, "region whose record is returned to users near this region ('policy: geolocation'); not given: the default record", "facts E"),
    CHECKER_FIELDS("checks.", checks, "facts E"),
};
// clang-format on

struct dns_record_model {
    const struct dns_record_config *config;
    int region;
    struct checker_fleet fleet;
    const struct user_dns_port *names;
    struct dns_record_port port;
};

static void dns_record_checked(void *owner, uint32_t target, bool healthy)
{
    struct dns_record_model *record = owner;

    (void)target;
    record->names->health(record->names->self, record->region, RECORD_CHECKS, healthy);
}

static void dns_record_init(void *self, const struct model_env *env)
{
    struct dns_record_model *record = self;

    record->config = env->config;
    record->region = env->region;
    record->port = (struct dns_record_port){(enum record_health)record->config->health,
                                            record->config->weight, record->config->local};
    checker_fleet_init(&record->fleet, &record->config->checks, env->sim, env->instance, record,
                       dns_record_checked);
    port_offer_dns_record(env->ports, env->region, -1, &record->port);
}

/* Nobody checks what nobody is routed by. */
static void dns_record_connect(void *self, const struct port_directory *ports)
{
    struct dns_record_model *record = self;
    const struct edge_port *edge = port_need_edge(ports, -1, -1);

    record->names = port_need_user_dns(ports, -1, -1);
    if (edge->by_names(edge->self) && record->port.health == RECORD_CHECKS)
        checker_fleet_add(&record->fleet, port_need_health_target(ports, record->region, -1), 0);
}

static void dns_record_start(void *self)
{
    checker_fleet_start(&((struct dns_record_model *)self)->fleet);
}

static void dns_record_fini(void *self)
{
    checker_fleet_release(&((struct dns_record_model *)self)->fleet);
}

static void dns_record_check(const void *config, const struct check_context *context,
                             struct validation *validation)
{
    const struct dns_record_config *c = config;

    (void)context;
    checker_fleet_check(&c->checks, "checks.interval", validation);
}

const struct model_ops dns_record_ops = {
    .name = "dns_record",
    .section = "dns_record",
    .meaning = "a region's record of the users' name: weight, place, health checks",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct dns_record_config),
    .state_size = sizeof(struct dns_record_model),
    FIELD_TABLE(dns_record_fields),
    .check = dns_record_check,
    .init = dns_record_init,
    .connect = dns_record_connect,
    .start = dns_record_start,
    .fini = dns_record_fini,
};
