// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_effects.h"

#include "bug.h"
#include "dist.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* --- links ----------------------------------------------------------------------------------- */

/* The event that is the current cause is recorded with it. */
static void note_impairment(struct fault_reach *reach, struct impairment *target, bool begin)
{
    impairment_change(&reach->impairments, target, begin, sim_cause(reach->sim).number);
}

static void link_impair(struct fault_reach *reach, int a, int b,
                        const struct link_impairment *impairment, bool begin)
{
    const struct link_fault_port *link = reach->links[a][b];

    if (impairment->traffic == TRAFFIC_REPLICATION)
        note_impairment(reach, &reach->impairments.replication[b], begin);
    else
        note_impairment(reach, &reach->impairments.link[a][b], begin);
    if (begin)
        link->begin(link->self, impairment);
    else
        link->end(link->self, impairment);
}

static struct link_impairment impairment_of(const struct fault *fault)
{
    const struct fault_config *config = fault->config;
    bool bursty = loss_is_bursty(&config->loss);
    double delay_ns = 0;
    bool constant = dist_is_constant(config->delay, &delay_ns);

    return (struct link_impairment){.loss = bursty ? 0 : loss_mean(&config->loss),
                                    .delay = (sim_dur)delay_ns,
                                    .jitter = constant ? NULL : config->delay,
                                    .bandwidth_bit_per_s = config->bandwidth_bit_per_s,
                                    .blackhole = config->blackhole,
                                    .reset = config->reset,
                                    .hold = config->hold,
                                    .bursts = bursty ? &config->loss : NULL,
                                    .traffic = fault->selector.traffic,
                                    .cross_bit_per_s = config->cross_bit_per_s,
                                    .route = config->route,
                                    .spared_share = 1 - config->connection_share,
                                    .key = fault->key};
}

/* Is the hop from -> to part of the path a -> b? A path over a hub uses the gateways, never a
 * peering that also exists between two of its regions. */
static bool way_has_hop(const struct fault_reach *reach, int a, int b, int from, int to)
{
    const struct link_fault_port *way = reach->links[a][b];

    if (a == from && b == to)
        return true;
    return way->through_gateways && way->via >= 0 && reach->links[from][to]->through_gateways &&
           ((a == from && way->via == to) || (way->via == from && b == to));
}

static void impair_hop(struct fault_reach *reach, int from, int to,
                       const struct link_impairment *impairment, bool begin)
{
    for (int a = 0; a < reach->region_count; a++)
        for (int b = 0; b < reach->region_count; b++)
            if (way_has_hop(reach, a, b, from, to))
                link_impair(reach, a, b, impairment, begin);
}

static void impair_link(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    const struct link_ref *link = &fault->selector.link;
    struct link_impairment impairment = impairment_of(fault);

    impair_hop(reach, link->from, link->to, &impairment, begin);
    if (link->both_ways && link->from != link->to)
        impair_hop(reach, link->to, link->from, &impairment, begin);
}

/* All paths between regions that touch `region`: at an end, or through its gateway. */
static void impair_ways(struct fault_reach *reach, int region, bool gateways_only,
                        const struct link_impairment *impairment, bool begin)
{
    for (int a = 0; a < reach->region_count; a++)
        for (int b = 0; b < reach->region_count; b++) {
            const struct link_fault_port *way = reach->links[a][b];
            bool over = way->through_gateways && way->via == region;
            bool touches = a == region || b == region || over;

            if (a != b && touches && (way->through_gateways || !gateways_only))
                link_impair(reach, a, b, impairment, begin);
        }
}

static void impair_gateway(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    struct link_impairment impairment = impairment_of(fault);

    impair_ways(reach, fault->selector.region, true, &impairment, begin);
}

/* --- regions --------------------------------------------------------------------------------- */

/* Count the beginning or end of a fault. Returns whether the target goes down or up by it. */
static bool held_down_change(uint32_t *count, bool begin)
{
    invariant(begin || *count > 0);
    *count += begin ? 1 : UINT32_MAX;
    return *count == (begin ? 1 : 0);
}

static void deploy_region(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    const struct deploy_port *deploy = reach->deploys[fault->selector.region];

    if (begin)
        deploy->begin(deploy->self, fault->config->for_ns);
}

/* The index after the last of the fault's parts. */
static uint32_t parts_end(const struct fault *fault, const struct illness_port *port)
{
    return fault->selector.last == FAULT_LAST_PART ? port->part_count : fault->selector.last + 1;
}

static void restart_instance(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    int region = fault->selector.region;
    const struct deploy_port *deploy = reach->deploys[region];

    (void)begin;
    for (uint32_t i = fault->selector.index; i < parts_end(fault, reach->apps_ill[region]); i++)
        deploy->restart(deploy->self, i);
}

/* The links change first at both ends of the fault: nothing leaves a region that fails, and one
 * that returns is reachable. */
static void power_region(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    static const struct link_impairment cut = {.blackhole = true};
    int region = fault->selector.region;

    if (!held_down_change(&reach->held.region[region], begin))
        return;
    impair_ways(reach, region, false, &cut, begin);
    note_impairment(reach, &reach->impairments.app[region], begin);
    note_impairment(reach, &reach->impairments.store[region], begin);
    note_impairment(reach, &reach->impairments.region[region], begin);
    for (int kind = 0; kind < POWER_KINDS; kind++)
        if (reach->powers[region][kind])
            reach->powers[region][kind]->set(reach->powers[region][kind]->self, !begin);
}

/* --- stores ---------------------------------------------------------------------------------- */

static void restart_store(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    const struct store_fault_port *store = reach->stores[fault->selector.region];

    (void)begin;
    store->restart(store->self);
}

static void change_roles(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    const struct store_fault_port *store = reach->stores[fault->selector.region];

    (void)begin;
    store->change_roles(store->self);
}

static void flush_store(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    const struct store_fault_port *store = reach->stores[fault->selector.region];

    (void)begin;
    store->flush(store->self);
}

/* Of two faults at once the one that answers nothing counts. */
static void limit_access(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    int region = fault->selector.region;
    const struct store_fault_port *store = reach->stores[region];
    uint32_t *held = reach->held.access[region];
    enum access_fault access = ACCESS_WELL;

    note_impairment(reach, &reach->impairments.store[region], begin);
    held_down_change(&held[fault->config->access], begin);
    for (int kind = ACCESS_FAULTS - 1; kind > ACCESS_WELL; kind--)
        if (held[kind] > 0)
            access = (enum access_fault)kind;
    store->access(store->self, access);
}

static void restore_store(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    (void)begin;
    reach->control->restore(reach->control->self, fault->selector.region);
}

static void stall_store(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    int region = fault->selector.region;
    const struct store_fault_port *store = reach->stores[region];

    note_impairment(reach, &reach->impairments.store[region], begin);
    if (held_down_change(&reach->held.stall[region], begin))
        store->stall(store->self, begin);
}

static void crash_store(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    int region = fault->selector.region;
    const struct store_fault_port *store = reach->stores[region];

    note_impairment(reach, &reach->impairments.store[region], begin);
    if (held_down_change(&reach->held.crash[region], begin))
        store->crash(store->self, begin ? fault_crash(fault->config) : CRASH_NONE);
}

/* --- zones ----------------------------------------------------------------------------------- */

static enum zone_state zone_state(const struct fault_reach *reach, int region, uint32_t zone)
{
    if (reach->held.zone_down[region][zone] > 0)
        return ZONE_DOWN;
    return reach->held.zone_cut[region][zone] > 0 ? ZONE_CUT : ZONE_WELL;
}

/* The store's nodes; instances are failing parts. */
static void change_zones(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    int region = fault->selector.region;
    const struct store_fault_port *store = reach->stores[region];
    uint32_t last = fault->selector.last;

    if (last >= reach->zone_count)
        last = reach->zone_count - 1;
    for (uint32_t zone = fault->selector.index; zone <= last; zone++) {
        enum zone_state before = zone_state(reach, region, zone), after;

        if (fault->config->down)
            held_down_change(&reach->held.zone_down[region][zone], begin);
        if (fault->config->isolate)
            held_down_change(&reach->held.zone_cut[region][zone], begin);
        after = zone_state(reach, region, zone);
        if (store && after != before)
            store->zone(store->self, zone, after);
    }
}

/* --- failing parts -------------------------------------------------------------------------- */

static bool is_of_app(const struct fault *fault)
{
    return fault->selector.target == TARGET_INSTANCE || fault->selector.target == TARGET_ZONE;
}

static bool makes_ill(const struct fault_reach *reach, const struct fault *fault, bool at_store,
                      int region, uint32_t part)
{
    const struct fault_selector *selector = &fault->selector;

    if (selector->target == TARGET_ZONE)
        part %= reach->zone_count;
    return is_of_app(fault) != at_store && selector->region == region && part >= selector->index &&
           part <= selector->last;
}

/* All active faults of a part together: errors as independent causes, factors as a product. */
static struct illness illness_of(const struct fault_reach *reach, bool at_store, int region,
                                 uint32_t part)
{
    struct illness illness = ILLNESS_NONE;

    for (size_t i = 0; i < reach->ill_count; i++) {
        const struct fault_config *config = reach->ill[i]->config;

        if (!makes_ill(reach, reach->ill[i], at_store, region, part))
            continue;
        illness.errors = 1 - (1 - illness.errors) * (1 - config->errors);
        illness.slow *= config->slow;
        illness.throttled = 1 - (1 - illness.throttled) * (1 - config->throttled);
        illness.conflicts = 1 - (1 - illness.conflicts) * (1 - config->conflicts);
        illness.corrupt = 1 - (1 - illness.corrupt) * (1 - config->corrupt);
        if (reach->ill[i]->selector.target != TARGET_STORE) { /* struct store_fault_port's */
            illness.refuses |= fault_crash(config) == CRASH_PROCESS;
            illness.cut |= config->isolate;
            illness.silent |= fault_crash(config) == CRASH_HOST || config->down;
        }
    }
    illness.cut = illness.cut && !illness.silent;
    illness.silent |= illness.cut;
    return illness;
}

static void change_illness(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    bool at_store = !is_of_app(fault), zone = fault->selector.target == TARGET_ZONE;
    int region = fault->selector.region;
    const struct illness_port *port =
        at_store ? reach->stores_ill[region] : reach->apps_ill[region];
    uint32_t first = zone ? 0 : fault->selector.index;
    uint32_t end = zone ? port->part_count : parts_end(fault, port);
    size_t at = 0;

    if (zone)
        note_impairment(reach, &reach->impairments.store[region], begin);
    note_impairment(reach,
                    at_store ? &reach->impairments.store[region] : &reach->impairments.app[region],
                    begin);
    if (begin) {
        MEM_GROW(reach->ill, reach->ill_capacity, reach->ill_count + 1);
        reach->ill[reach->ill_count++] = fault;
    } else {
        while (reach->ill[at] != fault)
            at++;
        reach->ill[at] = reach->ill[--reach->ill_count];
    }
    for (uint32_t part = first; part < end; part++) {
        struct illness illness = illness_of(reach, at_store, region, part);

        port->set(port->self, part, &illness);
    }
}

/* --- replication ----------------------------------------------------------------------------- */

static void reset_replication(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    (void)begin;
    reach->stream->reset(reach->stream->self, fault->selector.region);
}

static void pause_replication(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    int region = fault->selector.region;

    note_impairment(reach, &reach->impairments.replication[region], begin);
    if (held_down_change(&reach->held.pause[region], begin))
        reach->stream->pause(reach->stream->self, region, begin);
}

/* --- control planes -------------------------------------------------------------------------- */

/* Is the plane in what the fault hits: its part, or the region of its home? */
static bool hits_plane(const struct fault_reach *reach, const struct fault *fault,
                       const struct fault_plane *plane)
{
    const struct fault_selector *selector = &fault->selector;
    const char *home = plane->plane->home;

    switch (selector->target) {
    case TARGET_CONTROL:
        return plane->part == selector->control;
    case TARGET_HOME:
        return strcmp(home, selector->name) == 0;
    default:
        return fault->config->down &&
               strcmp(home, reach->topology->region_names[selector->region]) == 0;
    }
}

static struct control_state plane_state(const struct fault_reach *reach,
                                        const struct fault_plane *plane)
{
    struct control_state state = CONTROL_WELL;

    for (size_t i = 0; i < reach->on_plane_count; i++) {
        const struct fault_config *config = reach->on_planes[i]->config;

        if (!hits_plane(reach, reach->on_planes[i], plane))
            continue;
        state.up = state.up && !config->down;
        state.throttled = state.throttled || config->throttle;
        state.errors = 1 - (1 - state.errors) * (1 - config->errors);
    }
    return state;
}

static bool control_state_equal(const struct control_state *a, const struct control_state *b)
{
    return a->up == b->up && a->throttled == b->throttled && !(a->errors < b->errors) &&
           !(a->errors > b->errors);
}

static void change_planes(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    size_t at = 0;

    if (begin) {
        MEM_GROW(reach->on_planes, reach->on_plane_capacity, reach->on_plane_count + 1);
        reach->on_planes[reach->on_plane_count++] = fault;
    } else {
        while (reach->on_planes[at] != fault)
            at++;
        reach->on_planes[at] = reach->on_planes[--reach->on_plane_count];
    }
    for (size_t i = 0; i < reach->plane_count; i++) {
        struct fault_plane *plane = &reach->planes[i];
        struct control_state state = plane_state(reach, plane);

        if (control_state_equal(&state, &plane->state))
            continue;
        plane->state = state;
        plane->plane->set(plane->plane->self, plane->plane->index, &state);
    }
}

/* --- names ----------------------------------------------------------------------------------- */

static void silence_store_name(struct fault_reach *reach, bool begin)
{
    if (held_down_change(&reach->held.store_name, begin))
        reach->store_name->set_answering(reach->store_name->self, !begin);
}

static void silence_users_name(struct fault_reach *reach, bool begin)
{
    if (held_down_change(&reach->held.users_name, begin))
        reach->users_name->set_answering(reach->users_name->self, !begin);
}

/* By the last part of the target's name in rows. */
static const struct name_row {
    const char *name;
    void (*silence)(struct fault_reach *reach, bool begin);
} name_rows[] = {
    {"store", silence_store_name},
    {"users", silence_users_name},
};

static void silence_name(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    for (size_t i = 0; i < sizeof name_rows / sizeof name_rows[0]; i++)
        if (strcmp(name_rows[i].name, fault->selector.name) == 0)
            name_rows[i].silence(reach, begin);
}

static void promote(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    (void)begin;
    reach->control->promote(reach->control->self, fault->selector.region);
}

/* --- the table ------------------------------------------------------------------------------- */

// clang-format off
#define A(action) ACTION_BIT(ACTION_##action)
static const struct effect {
    enum fault_target target;
    unsigned actions;     /* those that are applied together */
    bool at_once;         /* takes no time: nothing to undo at the end */
    const char *incident; /* kind of outage that it opens; NULL: none */
    void (*apply)(struct fault_reach *reach, const struct fault *fault, bool begin);
} effects[] = { /* effects of one target are applied in this order; the last incident counts */
    {TARGET_LINK,        A(LOSS) | A(DELAY) | A(BANDWIDTH) | A(CROSS_TRAFFIC) | A(BLACKHOLE) | A(HOLD) | A(RESET), false, "link-fault",    impair_link},
    {TARGET_GATEWAY,     A(LOSS) | A(DELAY) | A(BLACKHOLE),            false, "gateway-fault", impair_gateway},
    {TARGET_REGION,      A(DEPLOY),                                    false, "deploy",        deploy_region},
    {TARGET_REGION,      A(DOWN),                                      false, "region-loss",   power_region},
    {TARGET_ZONE,        A(DOWN) | A(ISOLATE),                         false, "zone-loss",     change_illness},
    {TARGET_ZONE,        A(DOWN) | A(ISOLATE),                         false, "zone-loss",     change_zones},
    {TARGET_INSTANCE,    A(RESTART),                                   true,  NULL,            restart_instance},
    {TARGET_STORE,       A(RESTART),                                   true,  "store-fault",   restart_store},
    {TARGET_STORE,       A(ROLE_CHANGE),                               true,  "role-change",   change_roles},
    {TARGET_STORE,       A(FLUSH),                                     true,  "store-fault",   flush_store},
    {TARGET_STORE,       A(RESTORE),                                   true,  NULL,            restore_store},
    {TARGET_STORE,       A(STALL),                                     false, "store-fault",   stall_store},
    {TARGET_STORE,       A(CRASH),                                     false, "store-fault",   crash_store},
    {TARGET_STORE,       A(ACCESS),                                    false, "store-fault",   limit_access},
    {TARGET_STORE,       A(ERRORS) | A(SLOW) | A(THROTTLED) | A(CONFLICTS) | A(CORRUPT), false, "store-fault", change_illness},
    {TARGET_NODE,        A(CRASH) | A(ERRORS) | A(SLOW),               false, "store-fault",   change_illness},
    {TARGET_INSTANCE,    A(CRASH) | A(ERRORS) | A(SLOW),               false, "instance-fault", change_illness},
    {TARGET_REPLICATION, A(RESET),                                     true,  NULL,            reset_replication},
    {TARGET_REPLICATION, A(PAUSE),                                     false, NULL,            pause_replication},
    {TARGET_REGION,      A(DOWN),                                      false, "region-loss",   change_planes},
    {TARGET_CONTROL,     A(DOWN) | A(ERRORS) | A(THROTTLE),            false, NULL,            change_planes},
    {TARGET_HOME,        A(DOWN),                                      false, NULL,            change_planes},
    {TARGET_RECORD,      A(DOWN),                                      false, NULL,            silence_name},
    {TARGET_PROMOTE,     A(PROMOTE),                                   true,  NULL,            promote},
};
// clang-format on
#undef A
#define EFFECTS (sizeof effects / sizeof effects[0])

static bool is_in_force(const struct effect *effect, enum fault_target target, unsigned actions)
{
    return effect->target == target && (effect->actions & actions);
}

bool fault_has_effect(enum fault_target target, enum fault_action action)
{
    for (size_t i = 0; i < EFFECTS; i++)
        if (is_in_force(&effects[i], target, ACTION_BIT(action)))
            return true;
    return false;
}

bool fault_lasts(enum fault_target target, unsigned actions)
{
    for (size_t i = 0; i < EFFECTS; i++)
        if (is_in_force(&effects[i], target, actions) && !effects[i].at_once)
            return true;
    return false;
}

const char *fault_incident(const struct fault *fault)
{
    const char *incident = NULL;

    for (size_t i = 0; i < EFFECTS; i++)
        if (is_in_force(&effects[i], fault->selector.target, fault->actions))
            incident = effects[i].incident;
    return incident;
}

void fault_apply(struct fault_reach *reach, const struct fault *fault, bool begin)
{
    for (size_t i = 0; i < EFFECTS; i++)
        if (is_in_force(&effects[i], fault->selector.target, fault->actions) &&
            (begin || !effects[i].at_once))
            effects[i].apply(reach, fault, begin);
}

static void connect_planes(struct fault_reach *reach, const struct port_directory *ports)
{
    const struct control_plane *plane;

    for (int part = 0; part < CONTROL_PARTS; part++)
        for (int i = 0; (plane = port_find_control_plane(ports, part, i)); i++) {
            MEM_GROW(reach->planes, reach->plane_capacity, reach->plane_count + 1);
            reach->planes[reach->plane_count++] =
                (struct fault_plane){(enum control_part)part, plane, CONTROL_WELL};
        }
}

void fault_reach_connect(struct fault_reach *reach, const struct port_directory *ports)
{
    for (int a = 0; a < reach->region_count; a++) {
        reach->deploys[a] = port_find_deploy(ports, a, -1);
        reach->apps_ill[a] = port_find_app_illness(ports, a, -1);
        reach->stores_ill[a] = port_find_store_illness(ports, a, -1);
        reach->stores[a] = port_find_store_fault(ports, a, -1);
        for (int kind = 0; kind < POWER_KINDS; kind++)
            reach->powers[a][kind] = port_find_power(ports, a, kind);
        for (int b = 0; b < reach->region_count; b++)
            reach->links[a][b] = port_need_link_fault(ports, a, b);
    }
    reach->control = port_find_control(ports, -1, -1);
    reach->stream = port_find_stream(ports, -1, -1);
    reach->store_name = port_find_dns(ports, -1, -1);
    reach->users_name = port_find_user_dns(ports, -1, -1);
    connect_planes(reach, ports);
}

void fault_reach_release(struct fault_reach *reach)
{
    free(reach->ill);
    free(reach->planes);
    free(reach->on_planes);
}
