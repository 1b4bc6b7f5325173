// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files of a sender share: rows (tcp_sender_rows.c) and its timer (tcp_timer.c). */
#ifndef TCP_SENDER_INTERNAL_H
#define TCP_SENDER_INTERNAL_H

#include "wan_link_internal.h"

/* --- rows: indices into link->senders, link->spans and link->queued -------------------------- */

/* A row that is free, or a new one: rows may move. Of a sender only its generation is set. */
uint32_t sender_alloc(struct wan_link *link);
uint32_t span_alloc(struct wan_link *link);
void span_free(struct wan_link *link, uint32_t index);
/* Append a span to the sender's; returns its index. */
uint32_t span_append(struct wan_link *link, struct sender *sender, const struct span *span);
/* Cut a span after `segments`, of which it has more; both parts keep what holds of it. */
void span_cut(struct wan_link *link, struct sender *sender, uint32_t index, uint32_t segments);
/* All spans that are lost next to each other are one: they will be cut into full segments. */
void sender_join_lost(struct wan_link *link, struct sender *sender);
/* Append a message to those that the sender has to deliver. */
void sender_queue(struct wan_link *link, struct sender *sender, const struct message *message);
/* Free the sender's first message: it is delivered, or never will be. */
void sender_forget_message(struct wan_link *link, struct sender *sender);

static inline uint32_t bytes_of(const struct message *message)
{
    return message->bytes > 0 ? message->bytes : 1;
}

static inline uint32_t segments_of(const struct wan_link *link, uint64_t bytes)
{
    uint64_t size = (uint64_t)link->config->segment_bytes;

    return (uint32_t)((bytes + size - 1) / size);
}

/* --- acknowledgements that are lost: tcp_undo.c ---------------------------------------------- */

/* A sender begins: what arrived before, but was not acknowledged, stands in its first span. */
void tcp_sender_recall(struct wan_link *link, struct sender *sender);
/* Whether something has come back on the connection's other flow that acknowledges more. */
bool tcp_sender_hears_aside(const struct wan_link *link, const struct sender *sender);
/* When the receiver sent the latest acknowledgement that is back by now; -1: none. Of those that
 * are due, the ones that were lost are marked. */
sim_time tcp_sender_hear(struct wan_link *link, struct sender *sender);
/* Something sent once was acknowledged: unless it was too little, the timeouts were spurious, and
 * the window of before them holds. Returns the segments that were acknowledged in addition to those
 * counted. */
uint32_t tcp_sender_undo(struct wan_link *link, struct sender *sender);

/* --- the timer ------------------------------------------------------------------------------- */

/* TCP's timeout without backoff. */
sim_dur sender_rto(const struct wan_link *link, const struct sender *sender);
/* The round trip: the mean, or the measured one if it is longer. */
sim_dur sender_rtt(const struct wan_link *link, const struct sender *sender);
/* Whether the kernel stops trying. Asked when the timer fires. */
bool sender_gives_up(const struct wan_link *link, const struct sender *sender);
/* Start the timer again: after progress, and after each retransmission by it. */
void sender_arm(const struct wan_link *link, struct sender *sender);
/* The same in the open state, in which the tail loss probe comes first: after an acknowledgement,
 * or after a new segment. */
void sender_arm_probe(const struct wan_link *link, struct sender *sender, bool acknowledged);

#endif
