// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sender of a flow that lost something, or that sends more than an initial window at once: what
 * Linux does with SACK, RACK, the tail loss probe and a congestion window (congestion.h).
 *
 * This file is longer than 800 lines because all rules share the spans and their order.
 *
 * Its data are bytes counted from its start. What was sent stands in spans, in their order, until
 * it is acknowledged in order:
 *
 *   placed ......... next ................ end
 *   all before it    first byte            messages wait
 *   will arrive      never sent            for the window
 *
 * A transmission's fate is drawn when it is sent, so a span knows when it arrives and when its
 * acknowledgement is back (one way of the reverse link later). The sender acts on that only then:
 *
 *   acknowledged    the window grows, what waits is sent as far as it has room; what was lost and
 *                   sent before what is acknowledged now is lost for the sender, too, once it is
 *                   late by a quarter of the round trip, at once after three segments or in
 *                   recovery (RACK): it is sent again before anything new
 *   silence, probe  2 RTT after the last new segment, but no later than R after the oldest (R = RTT
 *                   + rto_min; so with one segment out at R), one segment is sent: new data, else
 *                   the last once more
 *   silence, RTO    R later, then 2R, 4R ...: all is lost, the window is one segment, the first is
 *                   sent again. So retransmissions go at PTO + R (2^k - 1) after the last progress
 *   handshake       on its own times: by default 1, 2, 3, 4, 5, 7, 11, 19, 35, 67 s
 *   too long        the kernel abandons it: a watched flow breaks (link.h). Counted from the first
 *                   retransmission of the timer, asked when it fires
 *
 * What is sent again, and what has waited, is divided again into full segments. A message is
 * delivered when all its bytes and all before them have arrived.
 *
 * A sender that begins with a loss does not know its window, since nobody counted before: for one
 * round trip nothing limits; then the window is what slow start leaves a flow whose application
 * sends that much each round trip, or what an earlier sender of the flow left.
 *
 * While the reverse link carries nothing, acknowledgements are lost (tcp_undo.c): what a flow sends
 * then is counted, so that its window fills, and it stalls.
 *
 * There is one event a sender: the next of timer, acknowledgement and RACK's wait. It ends when
 * nothing is lost or waits and the window does not limit; then the flow costs one push a message
 * again.
 */
#include "tcp_sender_internal.h"

#include <math.h>
#include <stdlib.h>

#define ROOM_WITHOUT_LIMIT (UINT32_C(1) << 30)
#define TRAIN_GAP (2 * SIM_MS) /* Linux, hystart_ack_delta_us */
#define TRAINS_A_WINDOW                                                                            \
    8 /* where bandwidth is limited: so that waits and acknowledgements overlap */

/* --- sending --------------------------------------------------------------------------------- */

/* Bytes of the receiver that have a known arrival: deliver what is complete and in order. */
static void sender_place(struct wan_link *link, struct sender *sender)
{
    struct flow *flow = &link->flows[sender->flow];

    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next) {
        const struct span *span = &link->spans[i];

        if (span->from < sender->placed)
            continue;
        if (span->arrives == SIM_NEVER && span->had == SIM_NEVER)
            return;
        if (span->had == SIM_NEVER && span->arrives > flow->release)
            flow->release = span->arrives;
        sender->placed = span->from + span->bytes;
        while (sender->head != NO_INDEX && link->queued[sender->head].end <= sender->placed) {
            flow_deliver(link, flow, &link->queued[sender->head].message, flow->release);
            sender_forget_message(link, sender);
        }
    }
}

/* How many of `segments` sent one behind the other get through before the first that is lost. */
static uint32_t train_passes(struct wan_link *link, uint32_t segments, uint64_t word)
{
    double passes;

    if (link->blackhole)
        return 0;
    if (sim_now(link->sim) >= link->loss_until)
        link_path_look_up_loss(link);
    if (!(link->loss > 0))
        return segments;
    if (!(link->loss < 1))
        return 0;
    passes = log(rng_unit(word)) / log1p(-link->loss);
    return passes < (double)segments ? (uint32_t)passes : segments;
}

/* Segments that are lost on the path, or find its buffer full. */
static void span_lose(struct wan_link *link, struct span *span, bool queued)
{
    sim_dur wait = 0;

    span->arrives = span->known = SIM_NEVER;
    probe_count_many(link->probes, link->losses, span->segments);
    if (!queued && link->narrow && link->config->loss_place == LOSS_BEHIND)
        (void)link_path_queue(link, span->bytes, &wait);
}

/* Send the first part of a span that shares a fate; true if there is a part behind it.
 * `*lost_next`: the draw says that the part's first segment is lost; then, that of the part behind
 * it. Only what begins a message is named by it: a later part by the flow and the number of its
 * transmission. */
static bool span_send_part(struct wan_link *link, struct sender *sender, uint32_t index,
                           const struct message *message, bool *lost_next)
{
    struct flow_extra *extra = &link->extras[sender->flow];
    uint32_t segments = link->spans[index].segments;
    struct rng_block block;
    uint32_t passes = segments;
    bool lost, full = false;
    sim_dur wait = 0, delay = link->constant_ns;

    if (message)
        block = rng_block_at(&link->stream, message->identity,
                             (uint64_t)message->index << 16 | link->spans[index].sends);
    else
        block = rng_block_at(&link->stream, rng_mix(~extra->serial), extra->transmissions++);
    if (*lost_next)
        passes = 0;
    else if (link->draws || link->blackhole)
        passes = train_passes(link, segments, block.word[2]);
    lost = passes == 0 || flow_is_cut(link, sender->flow);
    *lost_next = !lost && passes < segments;
    if (lost)
        passes = link->blackhole || flow_is_cut(link, sender->flow) ? segments : 1;
    if (!lost && link->narrow) {
        double room = link_path_room_bytes(link) / (double)link->config->segment_bytes;

        full = room < 1 && room * (double)link->config->segment_bytes < link->spans[index].bytes;
        if (full || room < passes) {
            passes = full || room < 1 ? segments : (uint32_t)room;
            *lost_next = false;
        }
    }
    if (passes < segments)
        span_cut(link, sender, index, passes);
    struct span *span = &link->spans[index];

    probe_count_many(link->probes, link->transmissions, passes);
    link_meter(link, sender->flow, span->bytes);
    full = full || (!lost && link->narrow && !link_path_queue(link, span->bytes, &wait));
    if (lost || full) {
        span_lose(link, span, full);
        return passes < segments;
    }
    if (link->draws) {
        if (link->slots_per_ns > 0)
            block = link_slot_block(link, sender->flow);
        delay = link_draw_delay(link, sender->flow, &block);
    }
    span->arrives = sim_now(link->sim) + wait + delay;
    span->known = span->arrives + link->reverse->mean_delay(link->reverse->self);
    return passes < segments;
}

/* A single segment that begins a message, exactly as a flow without a sender sends it. */
static bool span_send_message(struct wan_link *link, struct sender *sender, struct span *span,
                              const struct message *message)
{
    if (span->segments > 1 || flow_is_cut(link, sender->flow))
        return false;
    span->arrives = link_transmit(link, sender->flow, message->identity,
                                  (uint64_t)message->index << 16 | span->sends, span->bytes);
    span->known = SIM_NEVER;
    if (span->arrives == SIM_NEVER)
        probe_count(link->probes, link->losses);
    else
        span->known = span->arrives + link->reverse->mean_delay(link->reverse->self);
    return true;
}

/* Send all of a span. `message` is the one that begins with it, if its name is to key the draws.
 */
static void span_send(struct wan_link *link, struct sender *sender, uint32_t index,
                      const struct message *message)
{
    struct span *span = &link->spans[index];
    bool lost_next = false;

    span->sent = sim_now(link->sim);
    span->state = SPAN_SENT;
    sender->pipe += span->segments;
    if (sender->pipe > sender->outstanding_max)
        sender->outstanding_max = sender->pipe;
    if (message && span_send_message(link, sender, span, message))
        return;
    while (span_send_part(link, sender, index, message, &lost_next)) {
        index = link->spans[index].next;
        message = NULL;
    }
}

/* The first message not delivered, where it begins at the span. */
static const struct message *message_of(const struct wan_link *link, const struct sender *sender,
                                        const struct span *span)
{
    const struct queued_message *head;

    if (sender->head == NO_INDEX)
        return NULL;
    head = &link->queued[sender->head];
    return head->end == span->from + bytes_of(&head->message) ? &head->message : NULL;
}

/* Send a lost span once more, at most `segments` of it. */
static void sender_resend(struct wan_link *link, struct sender *sender, uint32_t index,
                          uint32_t segments)
{
    struct span *span;

    if (segments < link->spans[index].segments)
        span_cut(link, sender, index, segments);
    span = &link->spans[index];
    if (span->state == SPAN_LOST)
        sender->lost -= span->segments;
    else
        sender->pipe -= span->segments;
    if (span->sends < UINT16_MAX)
        span->sends++;
    struct message copy;
    const struct message *message = message_of(link, sender, span);

    if (message)
        copy = *message;
    span_send(link, sender, index, message ? &copy : NULL);
    sender_place(link, sender);
}

/* Append what was never sent up to `to`. */
static void sender_send_new(struct wan_link *link, struct sender *sender, uint64_t to,
                            const struct message *message)
{
    uint32_t segments = segments_of(link, to - sender->next), index;

    index = span_append(link, sender,
                        &(struct span){.from = sender->next,
                                       .bytes = (uint32_t)(to - sender->next),
                                       .segments = segments,
                                       .had = SIM_NEVER,
                                       .next = NO_INDEX});
    sender->next = to;
    if (sender->estimating)
        sender->counted += segments;
    span_send(link, sender, index, message);
    sender_place(link, sender);
    sender_arm_probe(link, sender, false);
}

static uint32_t sender_room(const struct wan_link *link, const struct sender *sender)
{
    double limit = (double)link->config->window_bytes / (double)link->config->segment_bytes;
    double window = fmin(sender->congestion.window, fmax(1, limit));

    if (sender->estimating)
        return ROOM_WITHOUT_LIMIT;
    return window > sender->pipe ? (uint32_t)(window - sender->pipe) : 0;
}

static uint32_t first_lost(const struct wan_link *link, const struct sender *sender)
{
    uint32_t index = sender->first;

    while (link->spans[index].state != SPAN_LOST)
        index = link->spans[index].next;
    return index;
}

/* Send what the window has room for: first what was lost, then what is new. */
static void sender_pump(struct wan_link *link, struct sender *sender)
{
    uint32_t room = sender_room(link, sender), train;

    if (room == 0 && sender->fast && sender->lost > 0)
        room = 1; /* the first lost segment goes at once, whatever the window */
    sender->fast = false;
    while (room > 0 && (sender->lost > 0 || sender->next < sender->end)) {
        uint64_t to;

        train = room;
        if (link->narrow && train > sender->congestion.window / TRAINS_A_WINDOW)
            train = 1 + (uint32_t)(sender->congestion.window / TRAINS_A_WINDOW);
        train = train < room ? train : room;
        if (sender->lost > 0) {
            sender_resend(link, sender, first_lost(link, sender), train);
        } else {
            to = sender->next + (uint64_t)train * (uint64_t)link->config->segment_bytes;
            sender_send_new(link, sender, to < sender->end ? to : sender->end, NULL);
        }
        room = sender_room(link, sender);
    }
}

/* --- what the sender learns ------------------------------------------------------------------ */

/* A round trip after its first loss, or when it learns of it, the sender's window is known. */
static void sender_estimate(const struct wan_link *link, struct sender *sender)
{
    double least, most = (double)link->config->window_bytes / (double)link->config->segment_bytes;

    if (!sender->estimating)
        return;
    sender->estimating = false;
    least = fmin(congestion_after_start(sender->counted), most);
    if (sender->congestion.epoch != SIM_NEVER || isfinite(sender->congestion.slow_start_limit))
        least = sender->counted; /* it had lost before: nothing doubles any more */
    if (sender->congestion.window < least)
        sender->congestion.window = least;
}

static void span_mark_lost(struct sender *sender, struct span *span)
{
    span->state = SPAN_LOST;
    sender->pipe -= span->segments;
    sender->lost += span->segments;
}

/* Take what is acknowledged by now; returns how many segments, `*in_order`: also in order. */
static uint32_t sender_take_acks(struct wan_link *link, struct sender *sender, bool *in_order)
{
    sim_time now = sim_now(link->sim), heard = tcp_sender_hear(link, sender);
    uint32_t taken = 0;

    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next) {
        struct span *span = &link->spans[i];
        uint64_t end = span->from + span->bytes;
        bool is_late = span->had <= heard; /* its own acknowledgement was lost */

        if (span->state == SPAN_KNOWN ||
            !(is_late || (span->state == SPAN_SENT && span->known <= now)))
            continue;
        if (span->state == SPAN_LOST)
            sender->lost -= span->segments;
        else
            sender->pipe -= span->segments;
        span->state = SPAN_KNOWN;
        taken += span->segments;
        sender->repaired = sender->repaired || (span->sends > 0 && !is_late);
        sender->original = sender->original || (span->sends == 0 && end <= sender->recover);
        if (span->sends == 0 && !is_late)
            sender->measured_rtt = link->narrow ? span->known - span->sent : 0;
        if (span->sent > sender->latest_sent ||
            (span->sent == sender->latest_sent && end > sender->latest_end)) {
            sender->latest_sent = span->sent;
            sender->latest_end = end;
        }
    }
    *in_order = false;
    while (sender->first != NO_INDEX && link->spans[sender->first].state == SPAN_KNOWN) {
        uint32_t first = sender->first;

        sender->acknowledged = link->spans[first].from + link->spans[first].bytes;
        sender->first = link->spans[first].next;
        span_free(link, first);
        *in_order = true;
    }
    if (sender->first == NO_INDEX)
        sender->last = NO_INDEX;
    return taken;
}

/* RACK: mark what is lost and was sent before what arrived; returns when to look again. */
static sim_time sender_find_losses(struct wan_link *link, struct sender *sender)
{
    sim_time now = sim_now(link->sim), again = SIM_NEVER;
    sim_dur rtt = sender_rtt(link, sender);
    uint32_t known = 0;
    bool found = false;

    if (sender->latest_sent < 0)
        return SIM_NEVER;
    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next)
        known += link->spans[i].state == SPAN_KNOWN ? link->spans[i].segments : 0;
    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next) {
        struct span *span = &link->spans[i];
        sim_time late = span->sent + rtt + rtt / 4;

        if (span->state != SPAN_SENT || span->arrives != SIM_NEVER ||
            span->sent > sender->latest_sent ||
            (span->sent == sender->latest_sent && span->from >= sender->latest_end))
            continue;
        if (sender->state == SENDER_OPEN && known < 3 && late > now) {
            again = late < again ? late : again;
            continue;
        }
        span_mark_lost(sender, span);
        found = true;
    }
    if (!found)
        return again;
    sender_estimate(link, sender);
    if (sender->state == SENDER_OPEN) {
        sender->state = SENDER_RECOVERY;
        sender->recover = sender->next;
        sender->prior = sender->congestion;
        sender->fast = true;
        congestion_on_loss(&sender->congestion, (enum congestion_control)link->config->congestion);
    }
    sender_join_lost(link, sender);
    return again;
}

/* Acknowledgements of a flow that its path limits: is it time to end slow start? What is sent in a
 * train is acknowledged at once, so gaps of a train's length do not end a train of
 * acknowledgements. */
static void sender_watch_path(struct wan_link *link, struct sender *sender)
{
    sim_time now = sim_now(link->sim);
    sim_dur rtt = link_mean_delay(link) + link->reverse->mean_delay(link->reverse->self);
    sim_dur gap = rtt / TRAINS_A_WINDOW;

    if (sender->acknowledged >= sender->round_end) {
        congestion_on_delay(&sender->congestion, link_path_backlog(link), rtt);
        sender->train_begun = sender->train_latest = now;
    } else if (now - sender->train_latest <= (gap > TRAIN_GAP ? gap : TRAIN_GAP)) {
        sender->train_latest = now;
        congestion_on_train(&sender->congestion, now - sender->train_begun, rtt);
    }
}

/* After acknowledgements: grow, leave recovery, restart the timer. */
static void sender_progress(struct wan_link *link, struct sender *sender, uint32_t segments,
                            bool in_order)
{
    if (sender->state == SENDER_OPEN && sender->repaired) /* by the probe alone */
        congestion_on_loss(&sender->congestion, (enum congestion_control)link->config->congestion);
    sender->repaired = false;
    if (sender->state == SENDER_LOSS && sender->doubts && sender->original)
        segments += tcp_sender_undo(link, sender);
    sender->original = sender->doubts = false;
    if (sender->state != SENDER_OPEN && sender->acknowledged >= sender->recover)
        sender->state = SENDER_OPEN;
    if (sender->state != SENDER_RECOVERY)
        congestion_on_ack(&sender->congestion, (enum congestion_control)link->config->congestion,
                          segments, sender->outstanding_max, sim_now(link->sim),
                          sender_rtt(link, sender));
    if (link->narrow)
        sender_watch_path(link, sender);
    if (sender->acknowledged >= sender->round_end) {
        sender->round_end = sender->next;
        sender->outstanding_max = sender->pipe;
    }
    if (in_order) {
        sender->handshake = sender->probed = false;
        sender->timeouts = sender->backoff = 0;
        sender->resent = SIM_NEVER;
    }
    sender->timer = SIM_NEVER;
    if (sender->first != NO_INDEX)
        sender_arm_probe(link, sender, true);
}

/* One segment to learn more: new data, else the last that is not acknowledged. */
static void sender_probe(struct wan_link *link, struct sender *sender)
{
    uint32_t index = sender->first, last = NO_INDEX;
    uint64_t to = sender->next + (uint64_t)link->config->segment_bytes;

    sender_estimate(link, sender);
    sender->probed = true;
    sender->timer = SIM_NEVER;
    if (sender->next < sender->end) {
        sender_send_new(link, sender, to < sender->end ? to : sender->end, NULL);
    } else {
        for (; index != NO_INDEX; index = link->spans[index].next)
            if (link->spans[index].state == SPAN_SENT && link->spans[index].arrives == SIM_NEVER)
                last = index;
        if (last != NO_INDEX && link->spans[last].segments > 1) {
            span_cut(link, sender, last, link->spans[last].segments - 1);
            last = link->spans[last].next;
        }
        if (last != NO_INDEX)
            sender_resend(link, sender, last, 1);
    }
    sender_arm(link, sender);
}

/* The retransmission timer fired: all is lost but what is on its way. */
static void sender_time_out(struct wan_link *link, struct sender *sender)
{
    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next)
        if (link->spans[i].state == SPAN_SENT && link->spans[i].known == SIM_NEVER)
            span_mark_lost(sender, &link->spans[i]);
    sender_estimate(link, sender);
    if (sender->lost > 0) { /* else it only waits in a queue */
        if (sender->state == SENDER_OPEN)
            sender->prior = sender->congestion;
        sender->doubts = true;
        if (!sender->handshake)
            congestion_on_timeout(&sender->congestion,
                                  (enum congestion_control)link->config->congestion,
                                  sender->state == SENDER_OPEN);
        if (sender->state == SENDER_OPEN)
            sender->recover = sender->next;
        sender->state = SENDER_LOSS;
        sender_join_lost(link, sender);
        sender_resend(link, sender, first_lost(link, sender), 1);
    }
    if (sender->resent == SIM_NEVER)
        sender->resent = sim_now(link->sim);
    sender->timeouts++;
    sender->backoff++;
    sender_arm(link, sender);
}

/* --- the event ------------------------------------------------------------------------------- */

static void sender_schedule(struct wan_link *link, struct sender *sender, sim_time again)
{
    sim_time next = again;

    if (sender->first == NO_INDEX)
        return;
    if (sender->timer < next)
        next = sender->timer;
    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next)
        if (link->spans[i].state == SPAN_SENT && link->spans[i].known < next)
            next = link->spans[i].known;
    if (next >= sender->due)
        return; /* it will look then */
    sender->generation++;
    if (sender->due != SIM_NEVER)
        sim_cancelled(link->sim);
    sender->due = next;
    sim_at(link->sim, next, link->retransmit_kind, (uint32_t)(sender - link->senders),
           sender->generation);
}

/* Free the sender; the window that it leaves counts for the next one of the flow. */
static void sender_free(struct wan_link *link, struct sender *sender)
{
    struct flow_extra *extra = &link->extras[sender->flow];

    while (sender->first != NO_INDEX) {
        uint32_t first = sender->first;

        sender->first = link->spans[first].next;
        span_free(link, first);
    }
    extra->has_window = !sender->handshake && !sender->estimating;
    extra->window = sender->congestion;
    extra->window_at = sim_now(link->sim);
    link->flows[sender->flow].sender = NO_INDEX;
    sender->generation++;
    if (sender->due != SIM_NEVER)
        sim_cancelled(link->sim);
    sender->head = link->sender_free;
    link->sender_free = (uint32_t)(sender - link->senders);
}

/* Something arrived of which the acknowledgement is lost, or will be. */
static bool sender_is_unheard(const struct wan_link *link, const struct sender *sender)
{
    if (link->unheard)
        return true;
    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next)
        if (link->spans[i].had != SIM_NEVER && link->spans[i].state != SPAN_KNOWN)
            return true;
    return false;
}

/* Nothing is lost, nothing waits, and the window is no limit: the flow needs no sender. */
static bool sender_is_through(const struct wan_link *link, const struct sender *sender)
{
    if (sender->head != NO_INDEX || sender->lost > 0)
        return false;
    if (sender->first == NO_INDEX || !link->flows[sender->flow].open)
        return true;
    return sender->state == SENDER_OPEN && !sender->bulk && !sender->estimating &&
           sender->pipe < 0.8 * sender->congestion.window && sender->placed == sender->next &&
           !sender_is_unheard(link, sender);
}

static void sender_on_wake(void *self, struct sim *sim, uint32_t entity, uint32_t generation)
{
    struct wan_link *link = self;
    struct sender *sender = &link->senders[entity];
    uint32_t flow = sender->flow, segments;
    bool in_order;
    sim_time again;

    (void)generation;
    sender->due = SIM_NEVER;
    if (link->selective)
        link_path_select(link, flow);
    if (sender->estimating && sim_now(sim) >= sender->begun + sender_rtt(link, sender))
        sender_estimate(link, sender);
    segments = sender_take_acks(link, sender, &in_order);
    if (segments > 0)
        sender_progress(link, sender, segments, in_order);
    again = sender_find_losses(link, sender);
    if (sender->first != NO_INDEX && sender->timer <= sim_now(sim)) {
        if (tcp_flow_is_forgotten(link, flow) && !link->blackhole) { /* its RST comes back */
            tcp_flow_break(link, flow, sim_now(sim) + sender_rtt(link, sender), CONNECTION_RST);
            return;
        }
        if (sender->probing) {
            sender_probe(link, sender);
        } else if (sender_gives_up(link, sender)) {
            tcp_flow_break(link, flow, sim_now(sim), CONNECTION_SILENT);
            return;
        } else {
            sender_time_out(link, sender);
        }
    }
    sender_pump(link, sender);
    if (sender_is_through(link, sender)) {
        sender_free(link, sender);
        tcp_flow_is_through(link, flow);
        return;
    }
    sender_schedule(link, sender, again);
}

static bool sender_wake_live(const void *self, uint32_t entity, uint32_t generation)
{
    const struct wan_link *link = self;

    return (link->senders[entity].generation & SIM_GENERATION_MASK) == generation;
}

const struct event_kind tcp_sender_wakes = {
    .name = "retransmit",
    .phase = PHASE_WORK,
    .fire = sender_on_wake,
    .live = sender_wake_live,
    .carries_cause = true, /* that of its message */
};

/* --- beginning and end ----------------------------------------------------------------------- */

void tcp_senders_init(struct wan_link *link)
{
    link->sender_free = link->queued_free = link->span_free = NO_INDEX;
}

void tcp_senders_release(struct wan_link *link)
{
    free(link->senders);
    free(link->queued);
    free(link->spans);
}

static struct sender *sender_begin(struct wan_link *link, uint32_t flow_index)
{
    const struct flow_extra *extra = &link->extras[flow_index];
    uint32_t index = sender_alloc(link);
    struct sender *sender = &link->senders[index];

    *sender = (struct sender){.flow = flow_index,
                              .generation = sender->generation,
                              .head = NO_INDEX,
                              .tail = NO_INDEX,
                              .first = NO_INDEX,
                              .last = NO_INDEX,
                              .begun = sim_now(link->sim),
                              .timer = SIM_NEVER,
                              .due = SIM_NEVER,
                              .resent = SIM_NEVER,
                              .latest_sent = -1};
    congestion_init(&sender->congestion);
    if (extra->has_window) {
        sender->congestion = extra->window;
        congestion_on_idle(&sender->congestion, sim_now(link->sim) - extra->window_at,
                           sender_rto(link, sender));
    }
    link->flows[flow_index].sender = index;
    tcp_sender_recall(link, sender);
    return sender;
}

/* The message was sent `ago`, for the time number `tries` + 1, and lost. */
static void sender_begin_lost(struct wan_link *link, uint32_t flow_index,
                              const struct message *message, sim_dur ago, uint32_t tries)
{
    struct sender *sender = sender_begin(link, flow_index);
    uint64_t from = sender->end;

    sender_queue(link, sender, message);
    sender->estimating = true;
    sender->handshake = message->handshake;
    sender->counted = segments_of(link, sender->end - from);
    sender->pipe += sender->counted;
    sender->outstanding_max = sender->pipe;
    sender->next = sender->end;
    span_append(link, sender,
                &(struct span){.from = from,
                               .bytes = (uint32_t)(sender->end - from),
                               .segments = sender->counted,
                               .next = NO_INDEX,
                               .sent = sim_now(link->sim) - ago,
                               .arrives = SIM_NEVER,
                               .known = SIM_NEVER,
                               .had = SIM_NEVER,
                               .state = SPAN_SENT});
    sender->timeouts = sender->handshake ? tries : 0;
    sender_arm_probe(link, sender, false);
    if (sender->handshake)
        sender->timer -= ago;
    sender_schedule(link, sender, SIM_NEVER);
}

RARE void tcp_sender_begin_lost(struct wan_link *link, uint32_t flow_index,
                                const struct message *message)
{
    sender_begin_lost(link, flow_index, message, 0, 0);
}

RARE void tcp_sender_begin_dropped(struct wan_link *link, uint32_t flow_index,
                                   const struct message *message, uint32_t tries)
{
    sender_begin_lost(link, flow_index, message, link_mean_delay(link), tries);
}

RARE void tcp_sender_begin_unheard(struct wan_link *link, uint32_t flow_index)
{
    sender_begin(link, flow_index)->estimating = true;
}

void tcp_sender_begin_bulk(struct wan_link *link, uint32_t flow_index)
{
    sender_begin(link, flow_index)->bulk = true;
}

bool tcp_sender_waits(const struct wan_link *link, uint32_t index)
{
    const struct sender *sender = &link->senders[index];

    return sender->lost > 0 || sender->next < sender->end;
}

void tcp_sender_push(struct wan_link *link, uint32_t flow_index, const struct message *message)
{
    struct sender *sender = &link->senders[link->flows[flow_index].sender];
    bool waits, in_order;

    if (tcp_sender_hears_aside(link, sender)) {
        uint32_t segments = sender_take_acks(link, sender, &in_order);

        sender_progress(link, sender, segments, in_order);
    }
    waits = tcp_sender_waits(link, link->flows[flow_index].sender);
    sender_queue(link, sender, message);
    if (sender->estimating && sim_now(link->sim) >= sender->begun + sender_rtt(link, sender))
        sender_estimate(link, sender);
    if (!waits && segments_of(link, message->bytes) <= sender_room(link, sender))
        sender_send_new(link, sender, sender->end, message);
    else if (!waits)
        sender_pump(link, sender);
    if (sender_is_through(link, sender) && !link->flows[flow_index].open) {
        sender_free(link, sender);
        return;
    }
    sender_schedule(link, sender, SIM_NEVER);
}

bool tcp_sender_push_segments(struct wan_link *link, uint32_t flow_index,
                              const struct message *message, sim_time *arrives)
{
    uint32_t segments = segments_of(link, message->bytes), passes = segments;
    struct rng_block block =
        rng_block_at(&link->stream, message->identity, (uint64_t)message->index << 16);
    sim_dur wait = 0, delay = link->constant_ns;
    struct sender *sender;

    if (segments <= CONGESTION_INITIAL_SEGMENTS) {
        if (link->draws || link->blackhole)
            passes = train_passes(link, segments, block.word[2]);
        if (passes == segments && (!link->narrow || link_path_queue(link, message->bytes, &wait))) {
            probe_count_many(link->probes, link->transmissions, segments);
            link_meter(link, flow_index, message->bytes);
            if (link->draws && link->slots_per_ns > 0)
                block = link_slot_block(link, flow_index);
            if (link->draws)
                delay = link_draw_delay(link, flow_index, &block);
            *arrives = sim_now(link->sim) + wait + delay;
            return false;
        }
    }
    sender = sender_begin(link, flow_index);
    sender->bulk = segments > CONGESTION_INITIAL_SEGMENTS;
    sender->estimating = !sender->bulk;
    sender->handshake = message->handshake;
    tcp_sender_push(link, flow_index, message);
    return true;
}

void tcp_sender_close(struct wan_link *link, uint32_t flow_index)
{
    struct sender *sender = &link->senders[link->flows[flow_index].sender];

    if (sender_is_through(link, sender))
        sender_free(link, sender);
}

void tcp_sender_end(struct wan_link *link, uint32_t flow_index, sim_time when)
{
    struct sender *sender;

    if (link->flows[flow_index].sender == NO_INDEX)
        return;
    sender = &link->senders[link->flows[flow_index].sender];
    while (sender->head != NO_INDEX) {
        const struct message *message = &link->queued[sender->head].message;

        if (when != SIM_NEVER && message->lost)
            sim_at(link->sim, when, message->lost, message->entity, message->generation);
        sender_forget_message(link, sender);
    }
    sender_free(link, sender);
}
