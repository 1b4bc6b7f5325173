// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Congestion window of one flow: how many segments may be outstanding.
 *
 * Slow start adds one segment for each that is acknowledged, up to `ssthresh`; from there on
 * congestion avoidance: Reno adds one a round trip (RFC 5681), CUBIC follows
 *
 *   W(t) = 0.4 (t - K)^3 + W_max,  K = cbrt((W_max - cwnd at the epoch's start) / 0.4)
 *
 * or, where that is larger, the Reno-friendly window (RFC 9438, sections 4.2 to 4.3). A loss leaves
 * 0.7 of the window (CUBIC) or half of it (Reno); a retransmission timeout leaves one segment and
 * forgets W_max (RFC 9438, section 4.8). The window grows only while it limits the sender (RFC
 * 7661; Linux, tcp_is_cwnd_limited): in slow start to twice what was outstanding.
 *
 * In the long run, with loss p of each segment and round trip R in s, the mean window is 1.22 /
 * sqrt(p) for Reno, and for CUBIC the larger of that and 1.054 (R / p)^0.75 (RFC 9438, section
 * 5.1). A value struct without memory of its own.
 */
#ifndef CONGESTION_H
#define CONGESTION_H

#include "sim_time.h"

#include <stdbool.h>

enum congestion_control { CONGESTION_CUBIC, CONGESTION_RENO };
extern const char *const congestion_controls[];

#define CONGESTION_INITIAL_SEGMENTS 10 /* RFC 6928 */

struct congestion {
    double window, slow_start_limit; /* segments; ssthresh */
    double window_max;               /* CUBIC: before the last loss; 0: not known */
    double origin;                   /* CUBIC: W(K) */
    double friendly;                 /* CUBIC: the Reno-friendly window */
    double k_s;                      /* CUBIC: K */
    sim_time epoch;                  /* of congestion avoidance; SIM_NEVER: has not begun */
    bool has_lost;
};

void congestion_init(struct congestion *congestion);
/* The window that slow start leaves a flow whose application has sent this many segments each round
 * trip since its start: it doubles until a round has sent all that waits (not before). */
double congestion_after_start(double segments_per_round);
/* Undo a timeout: what held `before` it holds again. */
void congestion_undo(struct congestion *congestion, const struct congestion *before);
/* A loss was found by acknowledgements: once a window. */
void congestion_on_loss(struct congestion *congestion, enum congestion_control control);
/* The retransmission timer fired; `first` of an episode: later ones leave ssthresh alone. */
void congestion_on_timeout(struct congestion *congestion, enum congestion_control control,
                           bool first);
/* `segments` were acknowledged; at most `outstanding` were at a time in the last round trip. */
void congestion_on_ack(struct congestion *congestion, enum congestion_control control,
                       double segments, double outstanding, sim_time now, sim_dur rtt_ns);
/*
 * HyStart (Linux, net/ipv4/tcp_cubic.c): two signs end slow start at a window of 16 segments or
 * more. The first acknowledgements of a round found a queue of an eighth of the round trip (4 to 16
 * ms); or acknowledgements have followed each other for half a round trip, so that the path is busy
 * for half of the time.
 */
void congestion_on_delay(struct congestion *congestion, sim_dur queued_ns, sim_dur rtt_ns);
void congestion_on_train(struct congestion *congestion, sim_dur train_ns, sim_dur rtt_ns);
/* Nothing was sent for `idle_ns`: no more than an initial window is left after an RTO. */
void congestion_on_idle(struct congestion *congestion, sim_dur idle_ns, sim_dur rto_ns);

#endif
