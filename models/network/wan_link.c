// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One direction of the path between two regions, or inside one, as TCP shows it: its parameters and
 * metrics, and the model. What becomes of a message is in link_path.c, tcp_flow.c and
 * tcp_sender.c.
 */
#include "wan_link_internal.h"

#include "bill.h"
#include "region_rtt.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

static const char *const link_kinds[] = {"vpc-peering", "transit-gateway", "none",
                                         "vpn",         "direct-connect",  NULL};
static const char *const loss_places[] = {"behind", "ahead", NULL};
static const char *const idle_ends[] = {"drop", "reset", NULL};
static const char *const path_laws[] = {"none", "classes", NULL};

#define MODEL_CONFIG struct wan_link_config
// clang-format off
static const struct field wan_link_fields[] = {
    CHOICE("kind", kind, link_kinds, "vpc-peering", "connection between the two networks; peering is not transitive; none: no route; vpn, direct-connect: to a site of the company", "facts D.3"),
    REGION("via", via, "transit gateway: region of the gateway between those of the two ends", "facts D.3"),
    TIME_DIST("rtt", rtt, "0ms", "0ms", "10s", "round-trip time without queueing, half each way; 0: by the names of the regions", "facts D.1"),
    TIME_DIST("jitter", jitter, "0ms", "exponential(0.15ms)", "10s", "jitter added to each message, one way", "facts D.2"),
    DURATION("jitter_slot", jitter_slot_ns, "0s", "0.5ms", "1h", "coherence time: messages of one flow that are sent within one such slot meet the same jitter and spike; 0: each draws its own", "assumption"),
    SHARE("spike_share", spike_share, "0", "1%", "100%", "share of messages delayed by a burst of queueing", "facts D.2"),
    TIME_DIST("spike", spike, "0ms", "exponential(3ms)", "10s", "delay added by a burst of queueing, one way", "facts D.2"),
    VARIANT("paths", paths, path_laws, "none", "path classes of different length; each connection is assigned one, and reassigned at random times", "facts D.2"),
    DURATION("paths.classes.every", path_ns, "1ms", "60s", "365d", "mean time between reassignments of a connection", "facts D.2"),
    SHARE("paths.classes.longer_share", longer_share, "0", "15%", "100%", "share of connections on a longer path", "facts D.2"),
    NUMBER("paths.classes.longer", longer_factor, "1", "1.08", "100", "delay multiplier of that path", "facts D.2"),
    SHARE("paths.classes.longest_share", longest_share, "0", "5%", "100%", "share of connections on the longest path", "facts D.2"),
    NUMBER("paths.classes.longest", longest_factor, "1", "1.3", "100", "delay multiplier of that path", "facts D.2"),
    LOSS_FIELDS(loss, "0.001%", "packets lost"),
    CHOICE("loss_place", loss_place, loss_places, "behind", "where packets are lost: behind the bottleneck (they take bandwidth) or ahead of it (they do not)", "assumption"),
    BANDWIDTH("bandwidth", bandwidth_bit_per_s, "0", "0", "1000Gbit/s", "bandwidth of the path; 0: no limit", "facts D.3"),
    SIZE("buffer", buffer_bytes, "0", "8 MiB", "64 GiB", "queue in bytes; more is dropped", "assumption"),
    BANDWIDTH("cross_traffic.rate", cross.rate_bit_per_s, "0", "0", "1000Gbit/s", "mean rate of the traffic of others that shares 'bandwidth' and 'buffer'; 0: none", "assumption"),
    SIZE("cross_traffic.packet", cross.packet_bytes, "40 B", "1500 B", "64 KiB", "mean size of its packets, which arrive as a Poisson process", "assumption"),
    CHOICE("cross_traffic.sizes", cross.sizes, cross_sizes, "equal", "their sizes: equal (M/D/1) or exponential (M/M/1)", "assumption"),
    LINK_ROUTE_FIELDS(vpn, direct_connect),
    DURATION("idle_timeout.after", idle_after_ns, "0s", "0s", "365d", "a box on the path forgets connections idle for longer; 0: none does", "failures A.2"),
    CHOICE("idle_timeout.then", idle_then, idle_ends, "drop", "what it does to packets of a forgotten connection: drop them in silence, or answer with a reset", "failures A.2"),
    CHOICE("tcp.congestion_control", congestion, congestion_controls, "cubic", "law of the congestion window", "failures A.4"),
    SIZE("tcp.segment", segment_bytes, "64 B", "1448 B", "64 KiB", "payload of a segment (MSS with timestamps)", "failures A.4"),
    SIZE("tcp.window", window_bytes, "4 KiB", "2 MiB", "1 GiB", "most that one flow has outstanding: half of tcp_wmem, the rest is the kernel's overhead", "failures A.1"),
    DURATION("tcp.rto_min", rto_min_ns, "1ms", "200ms", "10s", "minimum of TCP's retransmission timeout, above the RTT", "facts D.4"),
    DURATION("tcp.rto_max", rto_max_ns, "1s", "120s", "1h", "maximum retransmission timeout", "facts D.4"),
    DURATION("tcp.syn_rto", syn_rto_ns, "1ms", "1s", "60s", "first retransmission timeout of a handshake", "facts D.4"),
    COUNT("tcp.syn_linear_timeouts", syn_linear, "0", "4", "20", "retransmissions of a handshake, after the first, that do not double the timeout (tcp_syn_linear_timeouts, Linux 6.5 and later); 0: the classic schedule", "failures A.1"),
    COUNT("tcp.syn_retries", syn_retries, "0", "6", "20", "retransmissions of a handshake before it is abandoned, after the linear ones (131 s; 127 s in the classic schedule)", "facts D.4"),
    COUNT("tcp.retries2", retries2, "0", "15", "64", "stop retransmitting after the time that this many timeouts of rto_min take (tcp_retries2; 15: 924.6 s)", "failures A.1"),
    DURATION("tcp.give_up", give_up_ns, "0s", "0s", "365d", "stop retransmitting after this time instead; 0: by tcp.retries2", "assumption"),
    DURATION("tcp.orphan_give_up", orphan_give_up_ns, "1s", "102.2s", "365d", "the same after the connection was closed by its owner (tcp_orphan_retries 8)", "facts D.4"),
    FLAG("tcp.tail_loss_probe", tail_loss_probe, "true", "the first retransmission (tail loss probe) does not double the timeout", "facts D.4"),
};
// clang-format on

static const char *const breakers[] = {"reset", "give-up", NULL};

static const struct metric wan_link_metrics[] = {
    {.name = "link_messages",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "messages sent from the region over links to others and within it"},
    {.name = "link_losses",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "transmissions lost on links from the region, retransmissions included"},
    {.name = "link_loss_rate",
     .unit = UNIT_SHARE,
     .kind = METRIC_RATIO,
     .series = true,
     .over = "link_losses",
     .under = "link_transmissions",
     .meaning = "transmissions lost / transmissions"},
    {.name = "connections_broken",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .label = "by",
     .label_values = breakers,
     .meaning = "connections that broke in the direction from the region, reported to their owner"},
    {.name = "link_transmissions",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "transmissions on links from the region, retransmissions included"},
    {.name = "route_changes",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .series = true,
     .meaning = "changes of the route of a link from the region: to another tunnel, to the backup "
                "and back"},
};

/* --- the model ------------------------------------------------------------------------------- */

static sim_dur wan_link_mean_delay(const void *self)
{
    return ((const struct wan_link *)self)->common_mean_ns;
}

/* The hub of the way, or -1: an end of the link is none. */
static int wan_link_via(const struct wan_link_config *config, int from, int to)
{
    return config->via == from || config->via == to ? -1 : config->via;
}

/* From the table of regions, over the hub where there is one; not positive: unknown. */
static double known_rtt_ms(const struct wan_link_config *config, const char *const *names, int from,
                           int to)
{
    int via = wan_link_via(config, from, to);
    double first, second;

    if (via < 0)
        return region_rtt_ms(names[from], names[to]);
    first = region_rtt_ms(names[from], names[via]);
    second = region_rtt_ms(names[via], names[to]);
    return first > 0 && second > 0 ? first + second : -1;
}

static bool has_routes(const struct wan_link_config *config)
{
    return config->kind == KIND_VPN || config->kind == KIND_DIRECT_CONNECT;
}

/* The bandwidth of the path itself, where nothing has failed; 0: no limit. */
static double path_bandwidth(const struct wan_link_config *config)
{
    double route = config->kind == KIND_VPN ? config->vpn.bandwidth_bit_per_s
                                            : config->direct_connect.bandwidth_bit_per_s;

    if (!has_routes(config) || !(route > 0))
        return config->bandwidth_bit_per_s;
    return config->bandwidth_bit_per_s > 0 && config->bandwidth_bit_per_s < route
               ? config->bandwidth_bit_per_s
               : route;
}

static void wan_link_check_cross(const struct wan_link_config *config,
                                 struct validation *validation)
{
    if (config->cross.rate_bit_per_s > 0 && !(path_bandwidth(config) > 0))
        validation_error(validation, "cross_traffic.rate",
                         "needs a 'bandwidth' to share, such as '1Gbit/s'");
}

static void wan_link_check(const void *config, const struct check_context *context,
                           struct validation *validation)
{
    const struct wan_link_config *c = config;
    const char *const *names = context->topology->region_names;
    const char *from = names[context->region], *to = names[context->peer];
    double longer = c->longer_share + c->longest_share;

    if (!(dist_mean(c->rtt) > 0) && !(known_rtt_ms(c, names, context->region, context->peer) > 0))
        validation_error(
            validation, "rtt",
            "no round-trip time is known between '%s' and '%s': give 'rtt', such as '20ms'", from,
            to);
    if (loss_mean(&c->loss) >= 1)
        validation_error(validation, "loss",
                         "must be below 100 %%; a link that carries nothing is a fault "
                         "with 'blackhole: true'");
    if (c->via >= 0 && c->kind != KIND_GATEWAY)
        validation_error(validation, "via",
                         "needs 'kind: transit-gateway': a peering is not transitive");
    wan_link_check_cross(c, validation);
    if (c->kind != KIND_PEERING && context->region == context->peer)
        validation_error(validation, "kind", "is for links between regions");
    if (c->paths == PATHS_CLASSES && longer > 1)
        validation_error(validation, "paths.classes.longest_share",
                         "and 'longer_share' exceed 100 %%");
}

/* Shares on paths of different length make the mean way longer. */
static double mean_path(const struct wan_link_config *config)
{
    if (config->paths == PATHS_NONE)
        return 1;
    return 1 + config->longer_share * (config->longer_factor - 1) +
           config->longest_share * (config->longest_factor - 1);
}

static void wan_link_open_probes(struct wan_link *link, struct probes *probes)
{
    link->messages = probe_count_open(probes, "link_messages", link->region, NULL);
    link->transmissions = probe_count_open(probes, "link_transmissions", link->region, NULL);
    link->losses = probe_count_open(probes, "link_losses", link->region, NULL);
    for (int i = 0; i < BREAKERS; i++)
        link->broken[i] = probe_count_open(probes, "connections_broken", link->region, breakers[i]);
}

/* A region that the table of round-trip times lacks. */
static bool is_site(const char *name)
{
    return strcmp(name, "us-east-1") != 0 && !(region_rtt_ms(name, "us-east-1") > 0);
}

static struct link_bill wan_link_bill(const void *self)
{
    static const enum link_tariff tariffs[] = {[KIND_PEERING] = TARIFF_PEERING,
                                               [KIND_GATEWAY] = TARIFF_GATEWAY,
                                               [KIND_NONE] = TARIFF_NONE,
                                               [KIND_VPN] = TARIFF_VPN,
                                               [KIND_DIRECT_CONNECT] = TARIFF_DIRECT_CONNECT};
    const struct wan_link *link = self;

    return (struct link_bill){.tariff = tariffs[link->config->kind],
                              .vpn_backup = link->config->direct_connect.backup == BACKUP_VPN,
                              .from_site = link->from_site,
                              .bytes = link->bytes,
                              .replication_bytes = link->replication_bytes};
}

static void wan_link_route_fault(void *self, uint32_t route, bool begin)
{
    link_routes_fault(self, route, begin);
}

static void wan_link_init(void *self, const struct model_env *env)
{
    struct wan_link *link = self;
    const struct wan_link_config *config = env->config;

    link->config = config;
    link->sim = env->sim;
    link->region = env->region;
    link->peer = env->peer;
    link->stream = sim_stream(env->sim, env->instance, "path");
    link->burst_stream = sim_stream(env->sim, env->instance, "bursts");
    link->path_stream = sim_stream(env->sim, env->instance, "classes");
    link->slot_stream = sim_stream(env->sim, env->instance, "slots");
    if (config->jitter_slot_ns > 0)
        link->slots_per_ns = 1 / (double)config->jitter_slot_ns;
    link->rtt = config->rtt;
    if (!(dist_mean(link->rtt) > 0)) {
        link->rtt_known = dist_constant(
            known_rtt_ms(config, env->topology->region_names, link->region, link->peer) *
            (double)SIM_MS);
        link->rtt = link->rtt_known;
    }
    link->mean_base_ns =
        (sim_dur)(dist_mean(link->rtt) / 2 * mean_path(config) + dist_mean(config->jitter) +
                  config->spike_share * dist_mean(config->spike));
    link->dark = (struct darkness){SIM_NEVER, SIM_NEVER};
    link->cross_stream = sim_stream(env->sim, env->instance, "cross");
    if (has_routes(config))
        link_routes_init(link, env);
    link->from_site = is_site(env->topology->region_names[link->region]);
    tcp_flows_init(link);
    link->retransmit_kind = sim_kind_add(env->sim, &tcp_sender_wakes, env->instance, link);
    tcp_keepalive_init(link, env->instance);
    wan_link_open_probes(link, sim_probe_set(env->sim));
    link->port = (struct link_port){
        .dark = &link->dark,
        .self = link,
        .open = tcp_flow_open,
        .mark = tcp_flow_mark,
        .pair = tcp_flow_pair,
        .close = tcp_flow_close,
        .abort = tcp_flow_abort,
        .send = tcp_flow_send,
        .mean_delay = wan_link_mean_delay,
        .watch = tcp_flow_watch,
        .state = tcp_flow_state,
        .keep_alive = tcp_keepalive_begin,
        .latest = tcp_flow_latest,
        .count = tcp_flow_count,
        .dropped = tcp_flow_dropped,
        .peer = tcp_flow_peer,
        .darken = link_path_darken,
    };
    link->fault_port = (struct link_fault_port){
        .self = link,
        .begin = link_path_begin_fault,
        .end = link_path_end_fault,
        .through_gateways = config->kind == KIND_GATEWAY,
        .via = wan_link_via(config, link->region, link->peer),
        .routes = link->route_count,
        .route_fault = wan_link_route_fault,
    };
    link->flows_hint = (struct prefetch_port){link, tcp_flow_prefetch};
    link->bill_port = (struct link_bill_port){link, wan_link_bill};
    port_offer_link_bill(env->ports, env->region, env->peer, &link->bill_port);
    port_offer_link(env->ports, env->region, env->peer, &link->port);
    port_offer_prefetch_flows(env->ports, env->region, env->peer, &link->flows_hint);
    port_offer_link_fault(env->ports, env->region, env->peer, &link->fault_port);
    loss_chain_begin(&link->own_chain, &config->loss, &link->burst_stream, 0, 0);
    link_path_refresh(link);
}

static void wan_link_connect(void *self, const struct port_directory *ports)
{
    struct wan_link *link = self;
    int hops[] = {link->region, link->fault_port.via, link->peer};

    link->reverse = port_need_link(ports, link->peer, link->region);
    link->unheard = is_in_darkness(link->reverse->dark, sim_now(link->sim));
    link->probes = sim_probes(link->sim);
    if (link->route_count > 0)
        link->reverse_fault = port_find_link_fault(ports, link->peer, link->region);
    link_path_begin_cross(link);
    link_path_refresh(link);
    if (!link->fault_port.through_gateways)
        return;
    link->attachment = port_need_gateway(ports, link->region, -1);
    for (size_t i = 0; i < sizeof hops / sizeof hops[0]; i++)
        if (hops[i] >= 0)
            link->gateway_ns +=
                ((struct gateway_port *)port_need_gateway(ports, hops[i], -1))->delay;
    link_path_refresh(link);
}

static void wan_link_fini(void *self)
{
    struct wan_link *link = self;

    tcp_flows_release(link);
    dist_free(link->rtt_known);
    free(link->adapted);
}

static uint32_t link_parts(const void *config, const struct check_context *context, int region,
                           int peer)
{
    const struct wan_link_config *c = config;

    return context->region == region && context->peer == peer && c->kind != KIND_NONE;
}

/* Others can share a bandwidth only where there is one. */
static uint32_t narrow_parts(const void *config, const struct check_context *context, int region,
                             int peer)
{
    return link_parts(config, context, region, peer) && path_bandwidth(config) > 0;
}

/* Its routes, where it has several kinds of them. */
static uint32_t route_parts(const void *config, const struct check_context *context, int region,
                            int peer)
{
    const struct wan_link_config *c = config;

    if (!link_parts(config, context, region, peer))
        return 0;
    if (c->kind == KIND_VPN)
        return c->vpn.tunnels;
    if (c->kind == KIND_DIRECT_CONNECT)
        return c->direct_connect.backup == BACKUP_VPN ? 2 : 1;
    return 0;
}

/* A gateway is there for the links that go through it. */
static uint32_t gateway_parts(const void *config, const struct check_context *context, int region,
                              int peer)
{
    const struct wan_link_config *c = config;

    (void)peer;
    return c->kind == KIND_GATEWAY &&
           (context->region == region || context->peer == region || c->via == region);
}

static const struct fault_capability wan_link_faults[] = {
    {"link", "loss", link_parts},
    {"link", "delay", link_parts},
    {"link", "bandwidth", link_parts},
    {"link", "cross_traffic", narrow_parts},
    {"link/route", "blackhole", route_parts},
    {"link", "blackhole", link_parts},
    {"link", "hold", link_parts},
    {"link", "reset", link_parts},
    {"link/application", "loss", link_parts},
    {"link/application", "delay", link_parts},
    {"link/application", "bandwidth", link_parts},
    {"link/application", "blackhole", link_parts},
    {"link/application", "hold", link_parts},
    {"link/application", "reset", link_parts},
    {"gateway", "loss", gateway_parts},
    {"gateway", "delay", gateway_parts},
    {"gateway", "blackhole", gateway_parts},
};

const struct model_ops wan_link_ops = {
    .name = "wan_link",
    .section = "network",
    .meaning = "one direction of the path between two regions, or inside one, as TCP shows it",
    .scope = MODEL_PER_LINK,
    .config_size = sizeof(struct wan_link_config),
    .state_size = sizeof(struct wan_link),
    FIELD_TABLE(wan_link_fields),
    METRIC_TABLE(wan_link_metrics),
    .rows = {FAULT_TABLE(wan_link_faults)},
    .check = wan_link_check,
    .init = wan_link_init,
    .connect = wan_link_connect,
    .fini = wan_link_fini,
};
