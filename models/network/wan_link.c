// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * One direction of the path between two regions, or inside one, as TCP shows it.
 *
 * A message is one segment. In the usual case sending costs one push: the delivery is scheduled at
 * once. Only a loss makes state: the lost message and all that is sent behind it on the same
 * connection wait in a list (the flow's gap) until a retransmission gets through, since TCP
 * delivers in order. There is one retransmission timer a flow, on the head of its list:
 *
 *   lost        -> sent again after R = RTT + rto_min; with the tail loss probe again after R, then
 *                  2R, 4R ... (Linux, net/ipv4/tcp_output.c); without it after 2R, 4R ...; a
 *                  handshake after 1 s, 2 s, 4 s ...
 *   3 behind it -> sent again one way back after the third has arrived (fast retransmit)
 *   it arrives  -> all behind it up to the next lost one are delivered; the next one is sent again
 *                  when the acknowledgement has come back
 *   too long    -> the kernel gives up: a watched flow breaks (ports.h)
 *
 * Whether a segment is lost is decided when it is sent, by the link's state then: what is in flight
 * when a blackhole begins arrives.
 *
 * What only some scenarios use costs nothing where they do not: path classes and watches live in
 * `extras`, beside the flows that every message touches; bursts of loss are looked up only when the
 * share that was looked up last has expired.
 */
#include "bug.h"
#include "loss_process.h"
#include "mem.h"
#include "model.h"
#include "link.h"
#include "refs.h"
#include "stream.h"
#include "region_rtt.h"
#include "registry.h"

#include <math.h>
#include <stdlib.h>

enum { KIND_PEERING, KIND_GATEWAY, KIND_NONE };
enum { PATHS_NONE, PATHS_CLASSES };
static const char *const link_kinds[] = {"vpc-peering", "transit-gateway", "none", NULL};
static const char *const path_laws[] = {"none", "classes", NULL};

struct wan_link_config {
    int kind, paths;
    int32_t via;
    struct dist *rtt, *jitter, *spike;
    struct loss_config loss;
    double spike_share, bandwidth_bit_per_s;
    double longer_share, longer, longest_share, longest;
    int64_t buffer_bytes;
    sim_dur path_ns, rto_min_ns, rto_max_ns, syn_rto_ns, give_up_ns, orphan_give_up_ns;
    uint32_t syn_retries;
    bool tail_loss_probe;
};

#define MODEL_CONFIG struct wan_link_config
// clang-format off
static const struct field wan_link_fields[] = {
    CHOICE("kind", kind, link_kinds, "vpc-peering", "what joins the two networks; peering is not transitive; none: no path, nothing arrives", "facts D.3"),
    REGION("via", via, "of a transit gateway: the region whose gateway is passed between those of the two ends", "facts D.3"),
    TIME_DIST("rtt", rtt, "0ms", "0ms", "10s", "round-trip time without queueing, half of it each way; 0: by the names of the regions", "facts D.1"),
    TIME_DIST("jitter", jitter, "0ms", "exponential(0.15ms)", "10s", "added to each message, one way", "facts D.2"),
    SHARE("spike_share", spike_share, "0", "1%", "100%", "share of messages that meet a burst of queueing", "facts D.2"),
    TIME_DIST("spike", spike, "0ms", "exponential(3ms)", "10s", "delay that such a burst adds, one way", "facts D.2"),
    VARIANT("paths", paths, path_laws, "none", "paths of different length that each connection is drawn among, now and then anew", "facts D.2"),
    DURATION("paths.classes.every", path_ns, "1ms", "60s", "365d", "mean time that a connection stays on a path", "facts D.2"),
    SHARE("paths.classes.longer_share", longer_share, "0", "15%", "100%", "connections on a longer path", "facts D.2"),
    NUMBER("paths.classes.longer", longer, "1", "1.08", "100", "how many times as long it is", "facts D.2"),
    SHARE("paths.classes.longest_share", longest_share, "0", "5%", "100%", "connections on the longest path", "facts D.2"),
    NUMBER("paths.classes.longest", longest, "1", "1.3", "100", "how many times as long it is", "facts D.2"),
    LOSS_FIELDS(loss, "0.001%", "packets lost"),
    BANDWIDTH("bandwidth", bandwidth_bit_per_s, "0", "0", "1000Gbit/s", "rate of the path; 0: no limit", "facts D.3"),
    SIZE("buffer", buffer_bytes, "0", "8 MiB", "64 GiB", "bytes that may wait for the bandwidth; more are lost", "assumption"),
    DURATION("tcp.rto_min", rto_min_ns, "1ms", "200ms", "10s", "smallest part of TCP's retransmission timeout above the RTT", "facts D.4"),
    DURATION("tcp.rto_max", rto_max_ns, "1s", "120s", "1h", "largest retransmission timeout", "facts D.4"),
    DURATION("tcp.syn_rto", syn_rto_ns, "1ms", "1s", "60s", "first retransmission of a handshake", "facts D.4"),
    COUNT("tcp.syn_retries", syn_retries, "0", "6", "20", "a handshake is sent again so often, then given up (127 s)", "facts D.4"),
    DURATION("tcp.give_up", give_up_ns, "1s", "924.6s", "365d", "a watched connection breaks at its first timeout so long after a loss (tcp_retries2)", "facts D.4"),
    DURATION("tcp.orphan_give_up", orphan_give_up_ns, "1s", "102.2s", "365d", "the same once its owner has closed it (tcp_orphan_retries 8)", "facts D.4"),
    FLAG("tcp.tail_loss_probe", tail_loss_probe, "true", "the first retransmission does not double the timeout", "facts D.4"),
};
// clang-format on

enum { BROKEN_BY_RESET, BROKEN_BY_KERNEL, BREAKERS };
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
     .meaning = "connections whose owner was told that a way of theirs from the region broke"},
    {.name = "link_transmissions",
     .unit = UNIT_COUNT,
     .kind = METRIC_COUNT,
     .meaning = "transmissions on links from the region, retransmissions included"},
};

/* One direction of one connection: four stand on a cache line, as each message reads one. */
__extension__ struct flow {
    sim_time release;   /* no later message is delivered before */
    uint32_t head;      /* messages held behind a loss; NO_INDEX: none */
    uint32_t tail : 30; /* the last of them. Of a free flow: the next free one, or LEG_NONE */
    uint32_t open : 1;
    uint32_t broken : 1; /* what is sent on it is lost */
};
_Static_assert(sizeof(struct flow) == 16, "see above");
#define LEG_NONE ((UINT32_C(1) << 30) - 1)

/* Of a flow, what only some of them need. */
struct flow_extra {
    uint64_t serial; /* of the flow among all ever opened: keys its draws */
    sim_time path_until;
    double path; /* how many times as long as the shortest */
    uint32_t path_draws;
    kind_id watch_kind; /* 0: not watched */
    uint32_t watch_entity, watch_generation;
};

/* A message that was lost, or that waits behind one. */
struct held {
    struct message message;
    sim_time arrives; /* when its last transmission arrives; SIM_NEVER: lost */
    sim_time due;     /* of the retransmission timer */
    sim_time since;   /* the sender has tried to get it through */
    uint32_t next;
    uint32_t flow;
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
    double half_rtt_ns; /* where it is always the same; else 0 */
    const struct link_port *reverse;
    int region, peer; /* from, to */

    /* what holds now: the configuration and every active fault */
    double loss;         /* until loss_until; then to be looked up anew */
    double steady_loss;  /* the part of it that does not change by itself */
    sim_time loss_until; /* SIM_NEVER: nothing comes in bursts */
    sim_dur extra_delay_ns;
    bool blackhole;
    bool reset;
    bool draws;          /* anything random at all? */
    sim_dur constant_ns; /* the whole delay, where nothing is random */
    sim_dur mean_base_ns;
    sim_time busy_until;
    struct link_impairment impairments[IMPAIRMENTS_MAX];
    struct loss_chain chains[IMPAIRMENTS_MAX]; /* of those with bursts */
    uint32_t impairment_count;
    uint64_t impairments_begun;
    struct loss_chain own_chain;
    struct rng_stream burst_stream, path_stream;
    struct gateway_port *attachment; /* to the transit gateway, where the link is of that kind */
    sim_dur gateway_ns;              /* delay of all gateways on the way */

    struct flow *flows;
    struct flow_extra *extras; /* by flow */
    size_t flow_count, flow_capacity, extra_capacity;
    uint64_t flows_opened;
    uint32_t flow_free;
    struct held *held;
    size_t held_count, held_capacity;
    uint32_t held_free;

    kind_id retransmit_kind;
    probe_id messages, transmissions, losses, broken[BREAKERS];
};

/* --- state ----------------------------------------------------------------------------------- */

/* The share of packets lost now, and until when that holds. */
RARE static void wan_link_look_up_loss(struct wan_link *link)
{
    sim_time now = sim_now(link->sim);
    double keep = 1 - link->steady_loss;

    link->loss_until = SIM_NEVER;
    if (loss_is_bursty(&link->config->loss)) {
        keep *= 1 - loss_chain_at(&link->own_chain, &link->burst_stream, now);
        link->loss_until = link->own_chain.until;
    }
    for (uint32_t i = 0; i < link->impairment_count; i++) {
        if (!link->impairments[i].bursts)
            continue;
        keep *= 1 - loss_chain_at(&link->chains[i], &link->burst_stream, now);
        if (link->chains[i].until < link->loss_until)
            link->loss_until = link->chains[i].until;
    }
    if (link->loss_until != SIM_NEVER)
        link->loss = 1 - keep;
}

static void wan_link_refresh(struct wan_link *link)
{
    const struct wan_link_config *config = link->config;
    double own = loss_is_bursty(&config->loss) ? 0 : loss_mean(&config->loss);
    double keep = 1 - own;
    double rtt = 0, jitter = 0;

    link->extra_delay_ns = link->gateway_ns;
    link->blackhole = config->kind == KIND_NONE;
    link->reset = false;
    for (uint32_t i = 0; i < link->impairment_count; i++) {
        keep *= 1 - link->impairments[i].loss;
        link->extra_delay_ns += link->impairments[i].delay;
        link->reset = link->reset || link->impairments[i].reset;
        link->blackhole = link->blackhole || link->impairments[i].blackhole || link->reset;
    }
    link->steady_loss = 1 - keep;
    if (link->impairment_count == 0)
        link->steady_loss = own; /* exactly, not 1 - (1 - p) */
    link->loss = link->steady_loss;
    wan_link_look_up_loss(link);
    link->half_rtt_ns = dist_is_constant(link->rtt, &rtt) ? rtt / 2 : 0;
    link->draws = !dist_is_constant(link->rtt, &rtt) ||
                  !dist_is_constant(config->jitter, &jitter) || config->spike_share > 0 ||
                  link->loss > 0 || link->loss_until != SIM_NEVER || config->paths != PATHS_NONE;
    link->constant_ns = (sim_dur)(rtt / 2 + jitter) + link->extra_delay_ns;
}

static void wan_link_break_watched(struct wan_link *link);

static void wan_link_begin_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;
    uint32_t index = link->impairment_count++;

    invariant(index < IMPAIRMENTS_MAX);
    link->impairments[index] = *impairment;
    /* Entity 0 of the bursts is the link's own chain. */
    link->impairments_begun++;
    if (impairment->bursts)
        loss_chain_begin(&link->chains[index], impairment->bursts, &link->burst_stream,
                         link->impairments_begun, sim_now(link->sim));
    wan_link_refresh(link);
    if (impairment->reset)
        wan_link_break_watched(link);
}

static bool same_impairment(const struct link_impairment *a, const struct link_impairment *b)
{
    return !(a->loss < b->loss) && !(a->loss > b->loss) && a->delay == b->delay &&
           a->blackhole == b->blackhole && a->reset == b->reset && a->bursts == b->bursts;
}

static void wan_link_end_fault(void *self, const struct link_impairment *impairment)
{
    struct wan_link *link = self;

    for (uint32_t i = 0; i < link->impairment_count; i++) {
        if (same_impairment(&link->impairments[i], impairment)) {
            link->impairments[i] = link->impairments[--link->impairment_count];
            link->chains[i] = link->chains[link->impairment_count];
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

/* --- one transmission ------------------------------------------------------------------------ */

/* Waiting for the path's bandwidth; false: the buffer is full. */
OUT_OF_LINE static bool wan_link_queue(struct wan_link *link, uint32_t bytes, sim_dur *wait)
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

/* How many times as long the flow's path is: drawn by the flow and the number of the draw. */
OUT_OF_LINE static double flow_path(struct wan_link *link, uint32_t flow_index)
{
    const struct wan_link_config *config = link->config;
    struct flow_extra *extra = &link->extras[flow_index];
    sim_time now = sim_now(link->sim);
    struct rng_block block;
    double u;

    if (now < extra->path_until)
        return extra->path;
    /* A stay is exponential and draws are independent: those that passed unseen may be skipped. */
    block = rng_block_at(&link->path_stream, extra->serial, extra->path_draws++);
    u = rng_unit(block.word[0]);
    extra->path = 1;
    if (u < config->longest_share)
        extra->path = config->longest;
    else if (u < config->longest_share + config->longer_share)
        extra->path = config->longer;
    extra->path_until =
        now + 1 + (sim_dur)(-(double)config->path_ns * log(rng_unit(block.word[1])));
    return extra->path;
}

/* Where it is not always the same. */
OUT_OF_LINE static double wan_link_half_rtt(const struct wan_link *link, uint64_t word)
{
    return dist_sample(link->rtt, word) / 2;
}

/* Of the few messages that meet one. */
OUT_OF_LINE static sim_dur wan_link_spike(const struct wan_link *link, uint64_t word)
{
    return dist_sample_ns(link->config->spike, rng_mix(word));
}

/* When a transmission begun now arrives, or SIM_NEVER. `tries` names it among those of its message.
 */
static sim_time wan_link_transmit(struct wan_link *link, uint32_t flow_index,
                                  const struct message *message, uint32_t tries)
{
    const struct wan_link_config *config = link->config;
    sim_dur delay = link->constant_ns;
    sim_dur wait = 0;

    probe_count(link->probes, link->transmissions);
    if (link->draws) {
        struct rng_block block =
            rng_block_at(&link->stream, message->identity, (uint64_t)message->index << 16 | tries);

        double base;

        if (sim_now(link->sim) >= link->loss_until)
            wan_link_look_up_loss(link);
        if (rng_unit(block.word[2]) < link->loss)
            return SIM_NEVER;
        base = link->half_rtt_ns;
        if (!(base > 0))
            base = wan_link_half_rtt(link, block.word[0]);
        if (config->paths != PATHS_NONE)
            base *= flow_path(link, flow_index);
        delay = (sim_dur)(base + dist_sample(config->jitter, block.word[1])) + link->extra_delay_ns;
        if (rng_unit(block.word[3]) < config->spike_share)
            delay += wan_link_spike(link, block.word[3]);
    }
    if (link->blackhole)
        return SIM_NEVER;
    if (config->bandwidth_bit_per_s > 0 && !wan_link_queue(link, message->bytes, &wait))
        return SIM_NEVER;
    if (link->attachment && !link->attachment->pass(link->attachment->self, message->bytes, &wait))
        return SIM_NEVER;
    return sim_now(link->sim) + wait + delay;
}

static void wan_link_deliver(struct wan_link *link, struct flow *flow,
                             const struct message *message, sim_time arrives)
{
    if (arrives > flow->release)
        flow->release = arrives;
    sim_at(link->sim, flow->release, message->kind, message->entity, message->generation);
}

/* --- gaps ------------------------------------------------------------------------------------ */

static uint32_t held_take(struct wan_link *link)
{
    uint32_t index = link->held_free;

    if (index != NO_INDEX) {
        link->held_free = link->held[index].next;
        return index;
    }
    MEM_GROW(link->held, link->held_capacity, link->held_count + 1);
    index = (uint32_t)link->held_count++;
    invariant(index < LEG_NONE);
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

static void flow_free(struct wan_link *link, uint32_t flow_index)
{
    link->flows[flow_index].tail = link->flow_free & LEG_NONE;
    link->flow_free = flow_index;
}

/* --- broken connections ---------------------------------------------------------------------- */

/* At `when` the owners of the flow's messages and the flow's own learn that nothing more comes. */
RARE static void flow_break(struct wan_link *link, uint32_t flow_index, sim_time when, int by)
{
    struct flow *flow = &link->flows[flow_index];
    const struct flow_extra *extra = &link->extras[flow_index];

    flow->broken = true;
    while (flow->head != NO_INDEX) {
        uint32_t index = flow->head;
        const struct message *message = &link->held[index].message;

        flow->head = link->held[index].next;
        if (message->lost)
            sim_at(link->sim, when, message->lost, message->entity, message->generation);
        held_give(link, index);
    }
    if (flow->open) {
        probe_count(link->probes, link->broken[by]);
        sim_at(link->sim, when, extra->watch_kind, extra->watch_entity, extra->watch_generation);
    } else {
        flow_free(link, flow_index);
    }
}

static bool flow_can_break(const struct wan_link *link, uint32_t flow_index)
{
    return link->extras[flow_index].watch_kind != 0 && !link->flows[flow_index].broken;
}

/* A reset strikes: all that there are, the kernel's orphans included. */
static void wan_link_break_watched(struct wan_link *link)
{
    for (uint32_t i = 0; i < link->flow_count; i++) {
        bool timer = link->flows[i].head != NO_INDEX;

        if (!flow_can_break(link, i) || !(link->flows[i].open || timer))
            continue;
        flow_break(link, i, sim_now(link->sim), BROKEN_BY_RESET);
        if (timer)
            sim_cancelled(link->sim);
    }
}

/* Sent on a flow that is broken, or into a reset, which comes back after a round trip. */
RARE static void flow_send_in_vain(struct wan_link *link, uint32_t flow_index,
                                   const struct message *message)
{
    sim_time answer = sim_now(link->sim) + link->mean_base_ns + link->extra_delay_ns +
                      link->reverse->mean_delay(link->reverse->self);

    probe_count(link->probes, link->messages);
    probe_count(link->probes, link->transmissions);
    probe_count(link->probes, link->losses);
    if (!link->flows[flow_index].broken) {
        bool timer = link->flows[flow_index].head != NO_INDEX;

        flow_break(link, flow_index, answer, BROKEN_BY_RESET);
        if (timer)
            sim_cancelled(link->sim);
    }
    if (message->lost)
        sim_at(link->sim, answer, message->lost, message->entity, message->generation);
}

/* Is it time for the kernel to stop trying? Asked when the timer fires. */
static bool flow_gives_up(const struct wan_link *link, const struct held *held)
{
    const struct wan_link_config *config = link->config;
    sim_dur limit = link->flows[held->flow].open ? config->give_up_ns : config->orphan_give_up_ns;

    if (!flow_can_break(link, held->flow))
        return false;
    if (held->message.handshake)
        return held->losses > config->syn_retries;
    return sim_now(link->sim) - held->since >= limit;
}

/* --- retransmission -------------------------------------------------------------------------- */

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

RARE static void wan_link_schedule(struct wan_link *link, uint32_t index, sim_time when)
{
    struct held *held = &link->held[index];

    held->due = when;
    sim_at(link->sim, when, link->retransmit_kind, index, ++held->generation);
}

/* Keep a message on the flow's list: lost, or behind a lost one. */
RARE static void flow_hold(struct wan_link *link, uint32_t flow_index,
                           const struct message *message, sim_time arrives)
{
    uint32_t index = held_take(link);
    struct held *held = &link->held[index];
    struct flow *flow = &link->flows[flow_index];

    held->message = *message;
    held->arrives = arrives;
    held->since = sim_now(link->sim);
    held->next = NO_INDEX;
    held->flow = flow_index;
    held->losses = arrives == SIM_NEVER;
    held->behind = 0;
    if (flow->head == NO_INDEX)
        flow->head = index;
    else
        link->held[flow->tail].next = index;
    flow->tail = index & LEG_NONE;
}

/* Three later messages have shown the receiver the gap: send the lost one again as soon as the
 * sender knows. */
RARE static void flow_count_behind(struct wan_link *link, uint32_t flow_index, sim_time arrives)
{
    uint32_t head = link->flows[flow_index].head;
    struct held *lost = &link->held[head];

    if (lost->losses == 1 && ++lost->behind == 3) {
        sim_time known = arrives + link->reverse->mean_delay(link->reverse->self);

        if (known >= lost->due)
            return; /* the timer is faster */
        wan_link_schedule(link, head, known);
        sim_cancelled(link->sim);
    }
}

/* The head got through at `arrives`: deliver all up to the next lost one. */
static void flow_release(struct wan_link *link, uint32_t flow_index, sim_time arrives)
{
    struct flow *flow = &link->flows[flow_index];

    link->held[flow->head].arrives = arrives;
    while (flow->head != NO_INDEX && link->held[flow->head].arrives != SIM_NEVER) {
        uint32_t index = flow->head;

        wan_link_deliver(link, flow, &link->held[index].message, link->held[index].arrives);
        flow->head = link->held[index].next;
        held_give(link, index);
    }
    if (flow->head != NO_INDEX) {
        sim_time known = flow->release + link->reverse->mean_delay(link->reverse->self);

        link->held[flow->head].since = known;
        wan_link_schedule(link, flow->head, known);
    } else if (!flow->open)
        flow_free(link, flow_index);
}

static void wan_link_on_retransmit(void *self, struct sim *sim, uint32_t entity,
                                   uint32_t generation)
{
    struct wan_link *link = self;
    struct held *held = &link->held[entity];
    sim_time arrives;

    (void)generation;
    if (flow_gives_up(link, held)) {
        flow_break(link, held->flow, sim_now(sim), BROKEN_BY_KERNEL);
        return;
    }
    arrives = wan_link_transmit(link, held->flow, &held->message, held->losses);
    if (arrives != SIM_NEVER) {
        flow_release(link, held->flow, arrives);
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

/* --- the port -------------------------------------------------------------------------------- */

static uint32_t wan_link_open(void *self)
{
    struct wan_link *link = self;
    uint32_t index = link->flow_free;

    if (index != LEG_NONE) {
        link->flow_free = link->flows[index].tail;
    } else {
        MEM_GROW(link->flows, link->flow_capacity, link->flow_count + 1);
        MEM_GROW(link->extras, link->extra_capacity, link->flow_count + 1);
        index = (uint32_t)link->flow_count++;
        invariant(index < LEG_NONE);
    }
    link->flows[index] = (struct flow){.head = NO_INDEX, .open = true};
    link->extras[index] = (struct flow_extra){.serial = link->flows_opened++};
    return index;
}

static void wan_link_watch(void *self, uint32_t flow_index, kind_id kind, uint32_t entity,
                           uint32_t generation)
{
    struct wan_link *link = self;
    struct flow_extra *extra = &link->extras[flow_index];

    invariant_debug(link->flows[flow_index].open);
    extra->watch_kind = kind;
    extra->watch_entity = entity;
    extra->watch_generation = generation;
}

static void wan_link_close(void *self, uint32_t flow_index)
{
    struct wan_link *link = self;
    struct flow *flow = &link->flows[flow_index];

    invariant(flow->open);
    flow->open = false;
    if (flow->head == NO_INDEX)
        flow_free(link, flow_index);
}

static void wan_link_abort(void *self, uint32_t flow_index)
{
    struct wan_link *link = self;
    struct flow *flow = &link->flows[flow_index];
    bool timer = flow->head != NO_INDEX; /* only the head has one */

    while (flow->head != NO_INDEX) {
        uint32_t index = flow->head;

        flow->head = link->held[index].next;
        held_give(link, index);
    }
    if (timer)
        sim_cancelled(link->sim);
    wan_link_close(link, flow_index);
}

static void wan_link_expect(const void *self, uint32_t flow_index)
{
    mem_prefetch(&((const struct wan_link *)self)->flows[flow_index], sizeof(struct flow));
}

static HOT_HANDLER void wan_link_send(void *self, uint32_t flow_index,
                                      const struct message *message)
{
    struct wan_link *link = self;
    struct flow *flow = &link->flows[flow_index];
    sim_time arrives;

    invariant_debug(flow->open);
    if (flow->broken || (link->reset && flow_can_break(link, flow_index))) {
        flow_send_in_vain(link, flow_index, message);
        return;
    }
    arrives = wan_link_transmit(link, flow_index, message, 0);
    probe_count(link->probes, link->messages);
    if (arrives == SIM_NEVER)
        probe_count(link->probes, link->losses);
    if (flow->head == NO_INDEX && arrives != SIM_NEVER) {
        wan_link_deliver(link, flow, message, arrives);
        return;
    }
    flow_hold(link, flow_index, message, arrives);
    if (link->flows[flow_index].head == link->flows[flow_index].tail)
        wan_link_schedule(link, flow->head,
                          sim_now(link->sim) + wan_link_rto(link, &link->held[flow->head]));
    else if (arrives != SIM_NEVER)
        flow_count_behind(link, flow_index, arrives);
}

/* --- the model ------------------------------------------------------------------------------- */

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
    return 1 + config->longer_share * (config->longer - 1) +
           config->longest_share * (config->longest - 1);
}

static void wan_link_open_probes(struct wan_link *link, struct probes *probes)
{
    link->messages = probe_count_open(probes, "link_messages", link->region, NULL);
    link->transmissions = probe_count_open(probes, "link_transmissions", link->region, NULL);
    link->losses = probe_count_open(probes, "link_losses", link->region, NULL);
    for (int i = 0; i < BREAKERS; i++)
        link->broken[i] = probe_count_open(probes, "connections_broken", link->region, breakers[i]);
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
    link->flow_free = LEG_NONE;
    link->held_free = NO_INDEX;
    link->retransmit_kind = sim_kind_add(env->sim, &wan_link_retransmit, env->instance, link);
    wan_link_open_probes(link, sim_probe_set(env->sim));
    link->port =
        (struct link_port){link,          wan_link_open,       wan_link_close, wan_link_abort,
                           wan_link_send, wan_link_mean_delay, wan_link_watch, wan_link_expect};
    link->fault_port = (struct link_fault_port){
        .self = link,
        .begin = wan_link_begin_fault,
        .end = wan_link_end_fault,
        .through_gateways = config->kind == KIND_GATEWAY,
        .via = wan_link_via(config, link->region, link->peer),
    };
    port_offer_link(env->ports, env->region, env->peer, &link->port);
    port_offer_link_fault(env->ports, env->region, env->peer, &link->fault_port);
    loss_chain_begin(&link->own_chain, &config->loss, &link->burst_stream, 0, 0);
    wan_link_refresh(link);
}

static void wan_link_connect(void *self, const struct port_directory *ports)
{
    struct wan_link *link = self;
    int hops[] = {link->region, link->fault_port.via, link->peer};

    link->reverse = port_need_link(ports, link->peer, link->region);
    link->probes = sim_probes(link->sim);
    if (!link->fault_port.through_gateways)
        return;
    link->attachment = port_need_gateway(ports, link->region, -1);
    for (size_t i = 0; i < sizeof hops / sizeof hops[0]; i++)
        if (hops[i] >= 0)
            link->gateway_ns +=
                ((struct gateway_port *)port_need_gateway(ports, hops[i], -1))->delay;
    wan_link_refresh(link);
}

static void wan_link_fini(void *self)
{
    struct wan_link *link = self;

    free(link->flows);
    free(link->extras);
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
