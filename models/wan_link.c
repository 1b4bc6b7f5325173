// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One direction of the path between two regions, or inside one, as TCP shows it.
 *
 * A message is one segment. In the usual case sending costs one push: the delivery is scheduled at
 * once. Only a loss makes state: the lost message and all that is sent behind it on the same
 * connection wait in a list (the leg's gap) until a retransmission gets through, since TCP delivers
 * in order. There is one retransmission timer a leg, on the head of its list:
 *
 *   lost        -> sent again after R = RTT + rto_min; with the tail loss probe again after R, then
 * 2R, 4R ... (Linux, net/ipv4/tcp_output.c); without it after 2R, 4R ...; a handshake after 1 s, 2
 * s, 4 s ... 3 behind it -> sent again one way back after the third has arrived (fast retransmit)
 *   it arrives  -> all behind it up to the next lost one are delivered; the next one is sent again
 * when the acknowledgement has come back
 *
 * Whether a segment is lost is decided when it is sent, by the link's state then: what is in flight
 * when a blackhole begins arrives.
 */
#include "bug.h"
#include "mem.h"
#include "model.h"
#include "ports.h"
#include "region_rtt.h"
#include "registry.h"

#include <stdlib.h>

struct wan_link_config {
    struct dist *rtt, *jitter, *spike;
    double spike_share, loss, bandwidth_bit_per_s;
    int64_t buffer_bytes;
    sim_dur rto_min_ns, rto_max_ns, syn_rto_ns;
    bool tail_loss_probe;
};

#define MODEL_CONFIG struct wan_link_config
// clang-format off
static const struct field wan_link_fields[] = {
    TIME_DIST("rtt", rtt, "0ms", "0ms", "10s", "round-trip time without queueing, half of it each way; 0: by the names of the regions", "facts D.1"),
    TIME_DIST("jitter", jitter, "0ms", "exponential(0.15ms)", "10s", "added to each message, one way", "facts D.2"),
    SHARE("spike_share", spike_share, "0", "1%", "100%", "share of messages that meet a burst of queueing", "facts D.2"),
    TIME_DIST("spike", spike, "0ms", "exponential(3ms)", "10s", "delay that such a burst adds, one way", "facts D.2"),
    SHARE("loss", loss, "0", "0.001%", "100%", "packets lost, each independently", "facts D.2"),
    BANDWIDTH("bandwidth", bandwidth_bit_per_s, "0", "0", "1000Gbit/s", "rate of the path; 0: no limit", "facts D.3"),
    SIZE("buffer", buffer_bytes, "0", "8 MiB", "64 GiB", "bytes that may wait for the bandwidth; more are lost", "assumption"),
    DURATION("tcp.rto_min", rto_min_ns, "1ms", "200ms", "10s", "smallest part of TCP's retransmission timeout above the RTT", "facts D.4"),
    DURATION("tcp.rto_max", rto_max_ns, "1s", "120s", "1h", "largest retransmission timeout", "facts D.4"),
    DURATION("tcp.syn_rto", syn_rto_ns, "1ms", "1s", "60s", "first retransmission of a handshake", "facts D.4"),
    FLAG("tcp.tail_loss_probe", tail_loss_probe, "true", "the first retransmission does not double the timeout", "facts D.4"),
};
// clang-format on

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
    {.name = "link_transmissions",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "transmissions on links from the region, retransmissions included"},
};

/* One direction of one connection. */
struct leg {
    sim_time release;    /* no later message is delivered before */
    uint32_t head, tail; /* messages held behind a loss, NO_INDEX: none */
    uint32_t next_free;
    bool open;
};

/* A message that was lost, or that waits behind one. */
struct held {
    struct message message;
    sim_time arrives; /* when its last transmission arrives; SIM_NEVER: lost */
    sim_time due;     /* of the retransmission timer */
    uint32_t next;
    uint32_t leg;
    uint32_t generation; /* of the retransmission timer */
    uint16_t losses;     /* of this message so far */
    uint16_t behind;     /* later ones that have arrived */
};

#define IMPAIRMENTS_MAX 64

struct wan_link {
    const struct wan_link_config *config;
    struct sim *sim;
    struct probes_hot *probes;
    struct rng_stream stream;
    struct link_port port;
    struct link_fault_port fault_port;
    struct dist *rtt_known; /* from the table of regions, where the scenario gives none */
    const struct dist *rtt;
    const struct link_port *reverse;
    int region, peer; /* from, to */

    /* what holds now: the configuration and every active fault */
    double loss;
    sim_dur extra_delay_ns;
    bool blackhole;
    bool draws;          /* anything random at all? */
    sim_dur constant_ns; /* the whole delay, where nothing is random */
    sim_dur mean_base_ns;
    sim_time busy_until;
    struct link_impairment impairments[IMPAIRMENTS_MAX];
    uint32_t impairment_count;

    struct leg *legs;
    size_t leg_count, leg_capacity;
    uint32_t leg_free;
    struct held *held;
    size_t held_count, held_capacity;
    uint32_t held_free;

    kind_id retransmit_kind;
    probe_id messages, transmissions, losses;
};

/* --- state
 * ------------------------------------------------------------------------------------------ */

static void wan_link_refresh(struct wan_link *link)
{
    const struct wan_link_config *config = link->config;
    double keep = 1 - config->loss;
    double rtt = 0, jitter = 0;

    link->extra_delay_ns = 0;
    link->blackhole = false;
    for (uint32_t i = 0; i < link->impairment_count; i++) {
        keep *= 1 - link->impairments[i].loss;
        link->extra_delay_ns += link->impairments[i].delay;
        link->blackhole = link->blackhole || link->impairments[i].blackhole;
    }
    link->loss = 1 - keep;
    if (link->impairment_count == 0)
        link->loss = config->loss; /* exactly, not 1 - (1 - p) */
    link->draws = !dist_is_constant(link->rtt, &rtt) ||
                  !dist_is_constant(config->jitter, &jitter) || config->spike_share > 0 ||
                  link->loss > 0;
    link->constant_ns = (sim_dur)(rtt / 2 + jitter) + link->extra_delay_ns;
}

static void wan_link_begin_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;

    invariant(link->impairment_count < IMPAIRMENTS_MAX);
    link->impairments[link->impairment_count++] = *impairment;
    wan_link_refresh(link);
}

static bool same_impairment(const struct link_impairment *a, const struct link_impairment *b)
{
    return !(a->loss < b->loss) && !(a->loss > b->loss) && a->delay == b->delay &&
           a->blackhole == b->blackhole;
}

static void wan_link_end_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;

    for (uint32_t i = 0; i < link->impairment_count; i++) {
        if (same_impairment(&link->impairments[i], impairment)) {
            link->impairments[i] = link->impairments[--link->impairment_count];
            wan_link_refresh(link);
            return;
        }
    }
    BUG("a fault ends on a link where it did not begin");
}

static sim_dur wan_link_mean_delay(const void *self)
{
    const struct wan_link *link = self;

    return link->mean_base_ns + link->extra_delay_ns;
}

/* --- one transmission
 * --------------------------------------------------------------------------------- */

/* Waiting for the path's bandwidth; false: the buffer is full. */
static bool wan_link_queue(struct wan_link *link, uint32_t bytes, sim_dur *wait)
{
    double rate = link->config->bandwidth_bit_per_s;
    sim_time now = sim_now(link->sim);
    sim_time start = link->busy_until > now ? link->busy_until : now;
    double queued_bytes = (double)(start - now) * rate / (8.0 * (double)SIM_S);

    if (queued_bytes + bytes > (double)link->config->buffer_bytes)
        return false;
    link->busy_until = start + (sim_dur)((double)bytes * 8.0 * (double)SIM_S / rate);
    *wait = link->busy_until - now;
    return true;
}

/* When a transmission begun now arrives, or SIM_NEVER. `tries` names it among those of its message.
 */
static sim_time wan_link_transmit(struct wan_link *link, const struct message *message,
                                  uint32_t tries)
{
    const struct wan_link_config *config = link->config;
    sim_dur delay = link->constant_ns;
    sim_dur wait = 0;

    probe_count(link->probes, link->transmissions);
    if (link->draws) {
        struct rng_block block =
            rng_block_at(&link->stream, message->identity, (uint64_t)message->index << 16 | tries);

        if (rng_unit(block.word[2]) < link->loss)
            return SIM_NEVER;
        delay = (sim_dur)(dist_sample(link->rtt, block.word[0]) / 2 +
                          dist_sample(config->jitter, block.word[1])) +
                link->extra_delay_ns;
        if (rng_unit(block.word[3]) < config->spike_share)
            delay += dist_sample_ns(config->spike, rng_mix(block.word[3]));
    }
    if (link->blackhole)
        return SIM_NEVER;
    if (config->bandwidth_bit_per_s > 0 && !wan_link_queue(link, message->bytes, &wait))
        return SIM_NEVER;
    return sim_now(link->sim) + wait + delay;
}

static void wan_link_deliver(struct wan_link *link, struct leg *leg, const struct message *message,
                             sim_time arrives)
{
    if (arrives > leg->release)
        leg->release = arrives;
    sim_at(link->sim, leg->release, message->kind, message->entity, message->generation);
}

/* --- gaps
 * -----------------------------------------------------------------------------------------------
 */

static uint32_t held_take(struct wan_link *link)
{
    uint32_t index = link->held_free;

    if (index != NO_INDEX) {
        link->held_free = link->held[index].next;
        return index;
    }
    mem_grow((void **)&link->held, &link->held_capacity, link->held_count + 1, sizeof *link->held);
    index = (uint32_t)link->held_count++;
    link->held[index].generation = 0;
    sim_kind_rows(link->sim, link->retransmit_kind, link->held, sizeof *link->held);
    return index;
}

static void held_give(struct wan_link *link, uint32_t index)
{
    link->held[index].generation++;
    link->held[index].next = link->held_free;
    link->held_free = index;
}

/* How long the sender waits before transmission number losses + 1 of a message. */
static sim_dur wan_link_rto(const struct wan_link *link, const struct held *held)
{
    const struct wan_link_config *config = link->config;
    bool handshake = held->message.handshake;
    sim_dur rto = handshake
                      ? config->syn_rto_ns
                      : wan_link_mean_delay(link) + link->reverse->mean_delay(link->reverse->self) +
                            config->rto_min_ns;
    uint32_t doublings = held->losses > 0 ? held->losses - 1u : 0;

    if (config->tail_loss_probe && !handshake && doublings > 0)
        doublings--;
    while (doublings-- > 0 && rto < config->rto_max_ns)
        rto *= 2;
    return rto < config->rto_max_ns ? rto : config->rto_max_ns;
}

static void wan_link_schedule(struct wan_link *link, uint32_t index, sim_time when)
{
    struct held *held = &link->held[index];

    held->due = when;
    sim_at(link->sim, when, link->retransmit_kind, index, ++held->generation);
}

/* Keep a message on the leg's list: lost, or behind a lost one. */
static void leg_hold(struct wan_link *link, uint32_t leg_index, const struct message *message,
                     sim_time arrives)
{
    uint32_t index = held_take(link);
    struct held *held = &link->held[index];
    struct leg *leg = &link->legs[leg_index];

    held->message = *message;
    held->arrives = arrives;
    held->next = NO_INDEX;
    held->leg = leg_index;
    held->losses = arrives == SIM_NEVER;
    held->behind = 0;
    if (leg->head == NO_INDEX)
        leg->head = index;
    else
        link->held[leg->tail].next = index;
    leg->tail = index;
}

/* Three later messages have shown the receiver the gap: send the lost one again as soon as the
 * sender knows. */
static void leg_count_behind(struct wan_link *link, uint32_t leg_index, sim_time arrives)
{
    uint32_t head = link->legs[leg_index].head;
    struct held *lost = &link->held[head];

    if (lost->losses == 1 && ++lost->behind == 3) {
        sim_time known = arrives + link->reverse->mean_delay(link->reverse->self);

        if (known >= lost->due)
            return; /* the timer is faster */
        wan_link_schedule(link, head, known);
        sim_cancelled(link->sim);
    }
}

static void leg_free(struct wan_link *link, uint32_t leg_index)
{
    link->legs[leg_index].next_free = link->leg_free;
    link->leg_free = leg_index;
}

/* The head got through at `arrives`: deliver all up to the next lost one. */
static void leg_release(struct wan_link *link, uint32_t leg_index, sim_time arrives)
{
    struct leg *leg = &link->legs[leg_index];

    link->held[leg->head].arrives = arrives;
    while (leg->head != NO_INDEX && link->held[leg->head].arrives != SIM_NEVER) {
        uint32_t index = leg->head;

        wan_link_deliver(link, leg, &link->held[index].message, link->held[index].arrives);
        leg->head = link->held[index].next;
        held_give(link, index);
    }
    if (leg->head != NO_INDEX)
        wan_link_schedule(link, leg->head,
                          leg->release + link->reverse->mean_delay(link->reverse->self));
    else if (!leg->open)
        leg_free(link, leg_index);
}

static void wan_link_on_retransmit(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    struct wan_link *link = self;
    struct held *held = &link->held[entity];
    sim_time arrives = wan_link_transmit(link, &held->message, held->losses);

    (void)generation;
    if (arrives != SIM_NEVER) {
        leg_release(link, held->leg, arrives);
        return;
    }
    probe_count(link->probes, link->losses);
    if (held->losses < UINT16_MAX)
        held->losses++;
    wan_link_schedule(link, entity, sim_now(sim) + wan_link_rto(link, held));
}

static bool wan_link_retransmit_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct wan_link *link = self;

    return (link->held[entity].generation & SIM_GENERATION_MASK) == generation;
}

static const struct event_kind wan_link_retransmit = {
    .name = "retransmit",
    .phase = PHASE_WORK,
    .fire = wan_link_on_retransmit,
    .live = wan_link_retransmit_live,
};

/* --- the port
 * ------------------------------------------------------------------------------------------- */

static uint32_t wan_link_open(void *self)
{
    struct wan_link *link = self;
    uint32_t index = link->leg_free;

    if (index != NO_INDEX) {
        link->leg_free = link->legs[index].next_free;
    } else {
        mem_grow((void **)&link->legs, &link->leg_capacity, link->leg_count + 1,
                 sizeof *link->legs);
        index = (uint32_t)link->leg_count++;
    }
    link->legs[index] = (struct leg){.head = NO_INDEX, .tail = NO_INDEX, .open = true};
    return index;
}

static void wan_link_close(void *self, uint32_t leg_index)
{
    struct wan_link *link = self;
    struct leg *leg = &link->legs[leg_index];

    invariant(leg->open);
    leg->open = false;
    if (leg->head == NO_INDEX)
        leg_free(link, leg_index);
}

static void wan_link_abort(void *self, uint32_t leg_index)
{
    struct wan_link *link = self;
    struct leg *leg = &link->legs[leg_index];
    bool timer = leg->head != NO_INDEX; /* only the head has one */

    while (leg->head != NO_INDEX) {
        uint32_t index = leg->head;

        leg->head = link->held[index].next;
        held_give(link, index);
    }
    if (timer)
        sim_cancelled(link->sim);
    wan_link_close(link, leg_index);
}

static void wan_link_send(void *self, uint32_t leg_index, const struct message *message)
{
    struct wan_link *link = self;
    struct leg *leg = &link->legs[leg_index];
    sim_time arrives = wan_link_transmit(link, message, 0);

    invariant_debug(leg->open);
    probe_count(link->probes, link->messages);
    if (arrives == SIM_NEVER)
        probe_count(link->probes, link->losses);
    if (leg->head == NO_INDEX && arrives != SIM_NEVER) {
        wan_link_deliver(link, leg, message, arrives);
        return;
    }
    leg_hold(link, leg_index, message, arrives);
    if (link->legs[leg_index].head == link->legs[leg_index].tail)
        wan_link_schedule(link, leg->head,
                          sim_now(link->sim) + wan_link_rto(link, &link->held[leg->head]));
    else if (arrives != SIM_NEVER)
        leg_count_behind(link, leg_index, arrives);
}

/* --- the model
 * ------------------------------------------------------------------------------------------ */

static void wan_link_check(const void *config, const struct check_context *context,
                           struct complaints *complaints)
{
    const struct wan_link_config *c = config;
    const char *from = context->topology->region_names[context->region];
    const char *to = context->topology->region_names[context->peer];

    if (!(dist_mean(c->rtt) > 0) && !(region_rtt_ms(from, to) > 0))
        complain(complaints, "rtt",
                 "no round-trip time is known between '%s' and '%s': give 'rtt', such as '20ms'",
                 from, to);
    if (c->loss >= 1)
        complain(complaints, "loss",
                 "must be below 100 %%; a link that carries nothing is a fault "
                 "with 'blackhole: true'");
}

static void wan_link_init(void *self, const struct model_env *env)
{
    struct wan_link *link = self;
    struct probes *probes = sim_probe_set(env->sim);
    const char *const *names = env->topology->region_names;

    link->config = env->config;
    link->sim = env->sim;
    link->stream = sim_stream(env->sim, env->instance, "path");
    link->rtt = link->config->rtt;
    if (!(dist_mean(link->rtt) > 0)) {
        link->rtt_known =
            dist_constant(region_rtt_ms(names[env->region], names[env->peer]) * (double)SIM_MS);
        link->rtt = link->rtt_known;
    }
    link->mean_base_ns = (sim_dur)(dist_mean(link->rtt) / 2 + dist_mean(link->config->jitter) +
                                   link->config->spike_share * dist_mean(link->config->spike));
    link->leg_free = link->held_free = NO_INDEX;
    link->retransmit_kind = sim_kind_add(env->sim, &wan_link_retransmit, env->instance, link);
    link->messages = probe_count_open(probes, "link_messages", env->region, NULL);
    link->transmissions = probe_count_open(probes, "link_transmissions", env->region, NULL);
    link->losses = probe_count_open(probes, "link_losses", env->region, NULL);
    link->port = (struct link_port){link,           wan_link_open, wan_link_close,
                                    wan_link_abort, wan_link_send, wan_link_mean_delay};
    link->fault_port = (struct link_fault_port){link, wan_link_begin_fault, wan_link_end_fault};
    port_offer(env->ports, PORT_LINK, env->region, env->peer, &link->port);
    port_offer(env->ports, PORT_LINK_FAULT, env->region, env->peer, &link->fault_port);
    link->region = env->region;
    link->peer = env->peer;
    wan_link_refresh(link);
}

static void wan_link_connect(void *self, const struct port_directory *ports)
{
    struct wan_link *link = self;

    link->reverse = port_need(ports, PORT_LINK, link->peer, link->region);
    link->probes = sim_probes(link->sim);
}

static void wan_link_fini(void *self)
{
    struct wan_link *link = self;

    free(link->legs);
    free(link->held);
    dist_free(link->rtt_known);
}

const struct model_ops wan_link_ops = {
    .name = "wan_link",
    .section = "network",
    .meaning = "one direction of the path between two regions, or inside one, as TCP shows it",
    .scope = MODEL_PER_LINK,
    .config_size = sizeof(struct wan_link_config),
    .state_size = sizeof(struct wan_link),
    FIELD_TABLE(wan_link_fields),
    METRIC_TABLE(wan_link_metrics),
    .check = wan_link_check,
    .init = wan_link_init,
    .connect = wan_link_connect,
    .fini = wan_link_fini,
};
