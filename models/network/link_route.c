// SPDX-License-Identifier: GPL-3.0-or-later
#include "link_route.h"

#include "run_log.h"
#include "strbuf.h"
#include "wan_link_internal.h"

const char *const direct_backups[] = {"none", "vpn", NULL};

/* --- the route in use ------------------------------------------------------------------------ */

/* The first usable one; none: the one in use stays, and carries nothing. */
static uint32_t best_route(const struct wan_link *link)
{
    for (uint32_t i = 0; i < link->route_count; i++)
        if (link->routes[i].usable)
            return i;
    return link->route;
}

static void log_route(struct wan_link *link, const struct link_route *changed)
{
    struct strbuf text = STRBUF_INIT;
    struct cause cause = {.number = sim_cause(link->sim).number};

    strbuf_addf(&text, "%s to %s: %s %s; ", link->region_names[link->region],
                link->region_names[link->peer], changed->name,
                changed->usable ? "is restored" : "is withdrawn");
    if (link->unrouted)
        strbuf_add(&text, "no route is left");
    else
        strbuf_addf(&text, "traffic goes over %s", link->routes[link->route].name);
    cause.number =
        run_log_event(link->log, sim_now(link->sim), "route", link->region_names[link->region],
                      cause, changed->usable ? "repaired" : "carries nothing", "%s", text.text);
    sim_set_cause(link->sim, cause);
    strbuf_release(&text);
}

static void link_on_route(void *self, struct sim *sim, uint32_t index, uint32_t generation)
{
    struct wan_link *link = self;
    struct link_route *route = &link->routes[index];
    bool usable = route->faults == 0;
    uint32_t before = link->route;

    (void)generation;
    if (usable == route->usable)
        return;
    route->usable = usable;
    link->route = best_route(link);
    link->unrouted = !link->routes[link->route].usable;
    if (link->route != before) {
        probe_count(link->probes, link->route_changes);
        link->busy_until = sim_now(sim); /* another queue */
    }
    link_path_refresh(link);
    log_route(link, route);
}

static bool link_route_live(const void *self, uint32_t index, uint32_t generation)
{
    const struct wan_link *link = self;

    return (link->routes[index].step & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind link_route_timer = {.name = "route",
                                                   .phase = PHASE_WORK,
                                                   .fire = link_on_route,
                                                   .live = link_route_live,
                                                   .carries_cause = true};

void link_routes_fault(struct wan_link *link, uint32_t route, bool begin)
{
    for (uint32_t i = 0; i < link->route_count; i++) {
        struct link_route *hit = &link->routes[i];

        if (route > 0 && route != i + 1)
            continue;
        invariant(begin || hit->faults > 0);
        hit->faults += begin ? 1 : UINT32_MAX;
        if (hit->faults == (begin ? 1 : 0))
            sim_after(link->sim, begin ? hit->detect_ns : hit->restore_ns, link->route_kind, i,
                      ++hit->step);
    }
}

/* --- wiring ---------------------------------------------------------------------------------- */

static struct link_route tunnel(const struct vpn_config *vpn, const char *name)
{
    return (struct link_route){.name = name,
                               .delay_ns = vpn->delay_ns,
                               .detect_ns = vpn->detect_ns,
                               .restore_ns = vpn->restore_ns,
                               .jitter = dist_mean(vpn->jitter) > 0 ? vpn->jitter : NULL,
                               .loss = vpn->loss,
                               .bandwidth_bit_per_s = vpn->bandwidth_bit_per_s,
                               .overhead_bytes = vpn->overhead_bytes,
                               .usable = true};
}

static void add_route(struct wan_link *link, struct link_route route)
{
    invariant(link->route_count < ROUTES_MAX);
    link->routes[link->route_count++] = route;
}

/* What encryption adds to a packet is missing in its segment. */
static void shrink_segment(struct wan_link *link)
{
    link->adapted = mem_zalloc(1, sizeof *link->adapted);
    *link->adapted = *link->config;
    if (link->adapted->segment_bytes > (int64_t)link->config->vpn.overhead_bytes + 64)
        link->adapted->segment_bytes -= link->config->vpn.overhead_bytes;
    link->config = link->adapted;
}

void link_routes_init(struct wan_link *link, const struct model_env *env)
{
    const struct direct_connect_config *direct = &link->config->direct_connect;
    const struct vpn_config *vpn = &link->config->vpn;

    if (link->config->kind == KIND_VPN) {
        add_route(link, tunnel(vpn, "tunnel 1"));
        if (vpn->tunnels > 1)
            add_route(link, tunnel(vpn, "tunnel 2"));
        shrink_segment(link);
    } else {
        add_route(link, (struct link_route){.name = "the line",
                                            .detect_ns = direct->detect_ns,
                                            .restore_ns = direct->restore_ns,
                                            .bandwidth_bit_per_s = direct->bandwidth_bit_per_s,
                                            .usable = true});
        if (direct->backup == BACKUP_VPN)
            add_route(link, tunnel(vpn, "the VPN"));
    }
    link->log = env->log;
    link->region_names = env->topology->region_names;
    link->route_changes =
        probe_count_open(sim_probe_set(env->sim), "route_changes", link->region, NULL);
    link->route_kind = sim_kind_add(env->sim, &link_route_timer, env->instance, link);
}
