// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The transit gateway of a region: what all links of kind transit-gateway that begin, end or pass
 * there have in common.
 *
 * A gateway is a hop of its own, with a delay; and the region's network hangs on it by an
 * attachment of bounded rate, shared by all that the region sends through it, with a buffer of its
 * own: one queue, first in first out. Which gateways a link passes, and what faults on them do to
 * it, is the link's and the fault schedule's business.
 */
#include "model.h"
#include "link.h"
#include "registry.h"

struct transit_gateway_config {
    sim_dur delay_ns;
    double bandwidth_bit_per_s;
    int64_t buffer_bytes;
};

#define MODEL_CONFIG struct transit_gateway_config
// clang-format off
static const struct field transit_gateway_fields[] = {
    DURATION("delay", delay_ns, "0ms", "0.3ms", "1s", "delay of the gateway, one way", "facts D.3"),
    BANDWIDTH("bandwidth", bandwidth_bit_per_s, "0", "100Gbit/s", "1000Gbit/s", "bandwidth of the region's attachment, outbound; 0: no limit", "facts D.3"),
    SIZE("buffer", buffer_bytes, "0", "8 MiB", "64 GiB", "queue of the attachment in bytes; more is dropped", "assumption"),
};

static const struct metric transit_gateway_metrics[] = {
    {.name = "gateway_bytes", .unit = UNIT_BYTES, .kind = METRIC_COUNT, .series = true, .meaning = "bytes that the region's network sent through its transit gateway"},
    {.name = "gateway_drops", .unit = UNIT_COUNT, .kind = METRIC_COUNT, .better = LOWER_IS_BETTER, .series = true, .meaning = "transmissions dropped because the attachment's buffer was full"},
};
// clang-format on

struct transit_gateway {
    const struct transit_gateway_config *config;
    struct sim *sim;
    struct gateway_port port;
    sim_time busy_until;
    probe_id bytes, drops;
};

static bool transit_gateway_pass(void *self, uint32_t bytes, sim_dur *wait)
{
    struct transit_gateway *gateway = self;
    struct probes_hot *probes = sim_probes(gateway->sim);
    double rate = gateway->config->bandwidth_bit_per_s;
    sim_time now = sim_now(gateway->sim);
    sim_time start = gateway->busy_until > now ? gateway->busy_until : now;
    double ns_per_byte = rate > 0 ? 8.0 * (double)SIM_S / rate : 0;

    if (rate > 0 &&
        (double)(start - now) / ns_per_byte + bytes > (double)gateway->config->buffer_bytes) {
        probe_count(probes, gateway->drops);
        return false;
    }
    probe_count_many(probes, gateway->bytes, bytes);
    gateway->busy_until = start + (sim_dur)((double)bytes * ns_per_byte);
    *wait += gateway->busy_until - now;
    return true;
}

static void transit_gateway_init(void *self, const struct model_env *env)
{
    struct transit_gateway *gateway = self;
    struct probes *probes = sim_probe_set(env->sim);

    gateway->config = env->config;
    gateway->sim = env->sim;
    gateway->bytes = probe_count_open(probes, "gateway_bytes", env->region, NULL);
    gateway->drops = probe_count_open(probes, "gateway_drops", env->region, NULL);
    gateway->port = (struct gateway_port){gateway, transit_gateway_pass, gateway->config->delay_ns};
    port_offer_gateway(env->ports, env->region, -1, &gateway->port);
}

const struct model_ops transit_gateway_ops = {
    .name = "transit_gateway",
    .section = "gateway",
    .meaning = "the transit gateway of a region: a hop of its own, with an attachment's bandwidth",
    .scope = MODEL_PER_REGION,
    .config_size = sizeof(struct transit_gateway_config),
    .state_size = sizeof(struct transit_gateway),
    FIELD_TABLE(transit_gateway_fields),
    METRIC_TABLE(transit_gateway_metrics),
    .init = transit_gateway_init,
};
