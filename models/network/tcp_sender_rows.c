// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of senders, of spans that were sent, and of messages that wait: allocated, queued, freed. */
#include "tcp_sender_internal.h"

uint32_t sender_alloc(struct wan_link *link)
{
    uint32_t index = link->sender_free;

    if (index != NO_INDEX) {
        link->sender_free = link->senders[index].head;
    } else {
        MEM_GROW(link->senders, link->sender_capacity, link->sender_count + 1);
        index = (uint32_t)link->sender_count++;
        link->senders[index].generation = 0;
        sim_kind_rows(link->sim, link->retransmit_kind, link->senders, sizeof *link->senders);
    }
    return index;
}

uint32_t span_alloc(struct wan_link *link)
{
    uint32_t index = link->span_free;

    if (index != NO_INDEX) {
        link->span_free = link->spans[index].next;
        return index;
    }
    MEM_GROW(link->spans, link->span_capacity, link->span_count + 1);
    return (uint32_t)link->span_count++;
}

void span_free(struct wan_link *link, uint32_t index)
{
    link->spans[index].next = link->span_free;
    link->span_free = index;
}

void span_cut(struct wan_link *link, struct sender *sender, uint32_t index, uint32_t segments)
{
    uint32_t rest = span_alloc(link);
    struct span *span = &link->spans[index], *behind = &link->spans[rest];
    uint32_t bytes = segments * (uint32_t)link->config->segment_bytes;

    invariant(segments > 0 && segments < span->segments && bytes < span->bytes);
    *behind = *span;
    behind->from += bytes;
    behind->bytes -= bytes;
    behind->segments -= segments;
    span->bytes = bytes;
    span->segments = segments;
    span->next = rest;
    if (sender->last == index)
        sender->last = rest;
}

void sender_join_lost(struct wan_link *link, struct sender *sender)
{
    for (uint32_t i = sender->first; i != NO_INDEX; i = link->spans[i].next) {
        struct span *span = &link->spans[i];
        uint32_t next = span->next;

        while (span->state == SPAN_LOST && next != NO_INDEX &&
               link->spans[next].state == SPAN_LOST && span->had == SIM_NEVER &&
               link->spans[next].had == SIM_NEVER) {
            sender->lost -= span->segments + link->spans[next].segments;
            span->bytes += link->spans[next].bytes;
            if (span->sends < link->spans[next].sends)
                span->sends = link->spans[next].sends;
            span->segments = segments_of(link, span->bytes);
            sender->lost += span->segments;
            span->next = link->spans[next].next;
            if (sender->last == next)
                sender->last = i;
            span_free(link, next);
            next = span->next;
        }
    }
}

/* Append a message to what the sender has to bring through. */
void sender_queue(struct wan_link *link, struct sender *sender, const struct message *message)
{
    uint32_t index = link->queued_free;

    if (index != NO_INDEX) {
        link->queued_free = link->queued[index].next;
    } else {
        MEM_GROW(link->queued, link->queued_capacity, link->queued_count + 1);
        index = (uint32_t)link->queued_count++;
    }
    sender->end += bytes_of(message);
    link->queued[index] = (struct queued_message){*message, sender->end, NO_INDEX};
    if (sender->head == NO_INDEX)
        sender->head = index;
    else
        link->queued[sender->tail].next = index;
    sender->tail = index;
}

/* The first message is delivered, or never will be. */
void sender_forget_message(struct wan_link *link, struct sender *sender)
{
    uint32_t index = sender->head;

    sender->head = link->queued[index].next;
    link->queued[index].next = link->queued_free;
    link->queued_free = index;
}

uint32_t span_append(struct wan_link *link, struct sender *sender, const struct span *span)
{
    uint32_t index = span_alloc(link);

    link->spans[index] = *span;
    if (sender->first == NO_INDEX)
        sender->first = index;
    else
        link->spans[sender->last].next = index;
    sender->last = index;
    return index;
}
