// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Acknowledgements that are lost while the reverse link carries nothing, and timeouts that turn out
 * to be spurious (F-RTO: RFC 5682; Linux, net/ipv4/tcp_input.c, tcp_process_loss()).
 *
 * What arrived in such a time stays unacknowledged at its sender, and the next acknowledgement that
 * comes through covers it. A hole of both directions ends so:
 *
 *   the timer     retransmits the oldest unacknowledged segment, which had arrived before the hole
 *   its answer    acknowledges all that had arrived with it. Segments that were sent only once are
 *                 among them, so the timeouts count as spurious: the window of before the hole
 * holds again, slow start goes on, and new data leave as far as there is room one RTT later the new
 * data are acknowledged, what was lost in the hole is not: it is lost for the sender, too (RACK),
 * the window falls once, and all of it is sent again
 *
 * So the receiver gets nothing in order until 2.5 round trips after the retransmission, and all
 * that was lost at once then. Where the acknowledgements were not lost, or one segment at most had
 * arrived, the retransmission itself was lost, and slow start begins at one segment. Where only the
 * way back is dark nothing was lost: the answer acknowledges all.
 *
 * What is sent on the connection's other flow carries acknowledgements, too. They are looked up
 * when the flow sends or its timer fires.
 *
 * Losses of single acknowledgements are not modelled: the next one covers them.
 */
#include "tcp_sender_internal.h"

/* A flow without a sender has counted nothing: two segments stand for what arrived last. */
void tcp_sender_recall(struct wan_link *link, struct sender *sender)
{
    const struct flow *flow = &link->flows[sender->flow];
    const struct darkness *dark = link->reverse->dark;
    uint32_t bytes = 2 * (uint32_t)link->config->segment_bytes;
    sim_time now = sim_now(link->sim);
    sim_time known = flow->release + link->reverse->mean_delay(link->reverse->self);

    if (!is_in_darkness(dark, now) || flow->release <= dark->from)
        return;
    sender->recalls = true;
    sender->next = sender->end = sender->placed = bytes;
    sender->pipe = 2;
    span_append(link, sender,
                &(struct span){.bytes = bytes,
                               .segments = 2,
                               .next = NO_INDEX,
                               .sent = dark->from - link_mean_delay(link),
                               .arrives = flow->release,
                               .known = known > now ? known : SIM_NEVER,
                               .had = known > now ? SIM_NEVER : flow->release,
                               .state = SPAN_SENT});
}

/* What arrived on the connection's other flow last acknowledges what had arrived when it was sent;
 * -1: nothing did, or something is still under way. */
static sim_time heard_aside(const struct wan_link *link, const struct sender *sender)
{
    const struct link_port *reverse = link->reverse;
    uint32_t back = link->extras[sender->flow].back;
    sim_time latest = back == NO_INDEX ? 0 : reverse->latest(reverse->self, back);

    return latest > 0 && latest <= sim_now(link->sim) ? latest - reverse->mean_delay(reverse->self)
                                                      : -1;
}

bool tcp_sender_hears_aside(const struct wan_link *link, const struct sender *sender)
{
    sim_time heard = heard_aside(link, sender);

    for (uint32_t i = sender->first; heard >= 0 && i != NO_INDEX; i = link->spans[i].next)
        if (link->spans[i].had <= heard && link->spans[i].state != SPAN_KNOWN)
            return true;
    return false;
}

sim_time tcp_sender_hear(struct wan_link *link, struct sender *sender)
{
    sim_time now = sim_now(link->sim), heard = heard_aside(link, sender);

    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next) {
        struct span *span = &link->spans[i];

        if (span->state != SPAN_SENT || span->known > now)
            continue;
        if (is_in_darkness(link->reverse->dark, span->arrives)) {
            span->known = SIM_NEVER;
            if (span->had == SIM_NEVER)
                span->had = span->arrives;
        } else if (span->arrives > heard) {
            heard = span->arrives;
        }
    }
    return heard;
}

uint32_t tcp_sender_undo(struct wan_link *link, struct sender *sender)
{
    uint32_t arrived = sender->recalls ? sender->counted / 2 : 0; /* in half a round trip */

    if (sender->recalls && arrived < 2)
        return 0;
    congestion_undo(&sender->congestion, &sender->prior);
    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next)
        if (link->spans[i].state == SPAN_LOST) {
            link->spans[i].state = SPAN_SENT;
            sender->pipe += link->spans[i].segments;
        }
    sender->lost = 0;
    sender->state = SENDER_OPEN;
    sender->latest_sent = -1;
    return arrived;
}
