// SPDX-License-Identifier: GPL-3.0-or-later
#include "cross_traffic.h"

#include <math.h>

const char *const cross_sizes[] = {"equal", "exponential", NULL};

static double gap_ns(const struct cross_traffic *cross, const struct cross_config *config)
{
    return (double)config->packet_bytes * 8.0 * (double)SIM_S / cross->rate_bit_per_s;
}

/* Draw the time from `since` to the next packet; it is packet number `drawn`. */
static void draw_next(struct cross_traffic *cross, const struct cross_config *config,
                      const struct rng_stream *stream, sim_time since, struct rng_block *block)
{
    *block = rng_block_at(stream, 0, cross->drawn++);
    cross->next = since + 1 + (sim_dur)(-gap_ns(cross, config) * log(rng_unit(block->word[0])));
}

void cross_traffic_set(struct cross_traffic *cross, const struct cross_config *config,
                       const struct rng_stream *stream, double rate_bit_per_s, sim_time now)
{
    struct rng_block block;

    cross->rate_bit_per_s = rate_bit_per_s;
    if (rate_bit_per_s > 0)
        draw_next(cross, config, stream, now, &block); /* without memory: drawn anew */
}

/* Forget what is so long ago that it has no effect any more. */
static void skip(struct cross_traffic *cross, const struct cross_config *config,
                 const struct rng_stream *stream, const struct cross_queue *queue, sim_time now)
{
    double packets = (double)(now - cross->next) / gap_ns(cross, config);
    struct rng_block block;
    sim_time from;

    if (packets < 2.0 * CROSS_PACKETS_MAX)
        return;
    from = now - (sim_dur)(CROSS_PACKETS_MAX * gap_ns(cross, config));
    if (cross->rate_bit_per_s >= queue->rate_bit_per_s)
        *queue->busy_until =
            from + (sim_dur)(queue->buffer_bytes * 8.0 * (double)SIM_S / queue->rate_bit_per_s);
    draw_next(cross, config, stream, from, &block);
}

void cross_traffic_advance(struct cross_traffic *cross, const struct cross_config *config,
                           const struct rng_stream *stream, const struct cross_queue *queue,
                           sim_time now)
{
    double ns_per_byte = 8.0 * (double)SIM_S / queue->rate_bit_per_s;

    if (!(cross->rate_bit_per_s > 0))
        return;
    skip(cross, config, stream, queue, now);
    while (cross->next <= now) {
        sim_time at = cross->next;
        double waiting = *queue->busy_until > at ? (double)(*queue->busy_until - at) : 0;
        struct rng_block block;
        double bytes = (double)config->packet_bytes;

        draw_next(cross, config, stream, at, &block);
        if (config->sizes == CROSS_EXPONENTIAL)
            bytes *= -log(rng_unit(block.word[1]));
        if (bytes > queue->buffer_bytes - waiting / ns_per_byte)
            continue;
        *queue->busy_until = at + (sim_dur)(waiting + bytes * ns_per_byte);
    }
}
