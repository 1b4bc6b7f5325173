// SPDX-License-Identifier: GPL-3.0-or-later
#include "congestion.h"

#include <math.h>
#include <stddef.h>

const char *const congestion_controls[] = {"cubic", "reno", NULL};

#define CUBIC_C 0.4 /* RFC 9438, 5.1 */
#define WINDOW_MIN 2.0
#define HYSTART_WINDOW_MIN 16.0
#define SEGMENTS_TO_GROW_MAX 20 /* before the first loss */

static double decrease(enum congestion_control control)
{
    return control == CONGESTION_CUBIC ? 0.7 : 0.5;
}

void congestion_init(struct congestion *congestion)
{
    *congestion = (struct congestion){
        .window = CONGESTION_INITIAL_SEGMENTS, .slow_start_limit = HUGE_VAL, .epoch = SIM_NEVER};
}

/* In round j, from 0, there is room for 10 2^j segments, and all rounds before it have sent 10 (2^j
 * - 1) of the (j + 1) `segments_per_round` that there were. The last round sends what waits, which
 * leaves up to twice that. */
double congestion_after_start(double segments_per_round)
{
    double room = CONGESTION_INITIAL_SEGMENTS, made = segments_per_round, sent = 0;

    while (made - sent >= room) {
        sent += room;
        room *= 2;
        made += segments_per_round;
    }
    return fmax(room, 2 * (made - sent));
}

void congestion_undo(struct congestion *congestion, const struct congestion *before)
{
    congestion->window = fmax(congestion->window, before->window);
    congestion->slow_start_limit = fmax(congestion->slow_start_limit, before->slow_start_limit);
    congestion->has_lost = before->has_lost;
}

/* Fast convergence (RFC 9438, section 4.7): a flow that lost before it had its last window back
 * leaves room for others. */
void congestion_on_loss(struct congestion *congestion, enum congestion_control control)
{
    double beta = decrease(control);

    congestion->has_lost = true;
    if (congestion->window < congestion->window_max)
        congestion->window_max = congestion->window * (1 + beta) / 2;
    else
        congestion->window_max = congestion->window;
    congestion->slow_start_limit = fmax(WINDOW_MIN, floor(congestion->window * beta));
    congestion->window = congestion->slow_start_limit;
    congestion->epoch = SIM_NEVER;
}

void congestion_on_timeout(struct congestion *congestion, enum congestion_control control,
                           bool first)
{
    if (first)
        congestion->slow_start_limit =
            fmax(WINDOW_MIN, floor(congestion->window * decrease(control)));
    congestion->has_lost = true;
    congestion->window = 1;
    congestion->window_max = 0;
    congestion->epoch = SIM_NEVER;
}

static void cubic_begin_epoch(struct congestion *congestion, sim_time now)
{
    congestion->epoch = now;
    congestion->friendly = congestion->origin = congestion->window;
    congestion->k_s = 0;
    if (congestion->window_max > congestion->window) {
        congestion->k_s = cbrt((congestion->window_max - congestion->window) / CUBIC_C);
        congestion->origin = congestion->window_max;
    }
}

static double cubic_window(const struct congestion *congestion, double t_s)
{
    double from_k_s = t_s - congestion->k_s;

    return CUBIC_C * from_k_s * from_k_s * from_k_s + congestion->origin;
}

/* RFC 9438, figures 1 and 4, and the target of section 4.4. As in Linux (net/ipv4/tcp_cubic.c), the
 * Reno-friendly window keeps its slope above W_max (beta_scale), and before the first loss at most
 * 20 acknowledged segments make the window grow by one (bictcp_update). By its text also after a
 * timeout, but flows that were measured then are slower (failures A.3). */
static void cubic_avoid(struct congestion *congestion, double segments, sim_time now,
                        sim_dur rtt_ns)
{
    double window = congestion->window, beta = decrease(CONGESTION_CUBIC);
    double t_s, target;
    double alpha = 3 * (1 - beta) / (1 + beta);

    if (congestion->epoch == SIM_NEVER)
        cubic_begin_epoch(congestion, now);
    t_s = (double)(now - congestion->epoch) / (double)SIM_S;
    congestion->friendly += alpha * segments / window;
    if (!congestion->has_lost)
        congestion->window += segments / SEGMENTS_TO_GROW_MAX;
    if (cubic_window(congestion, t_s) < congestion->friendly) {
        congestion->window = fmax(congestion->window, congestion->friendly);
        return;
    }
    target = fmin(cubic_window(congestion, t_s + (double)rtt_ns / (double)SIM_S), 1.5 * window);
    if (target > window)
        congestion->window =
            fmax(congestion->window, window + (target - window) * fmin(1, segments / window));
}

void congestion_on_ack(struct congestion *congestion, enum congestion_control control,
                       double segments, double outstanding, sim_time now, sim_dur rtt_ns)
{
    if (congestion->window < congestion->slow_start_limit) {
        double grown = fmin(congestion->window + segments, congestion->slow_start_limit);

        if (congestion->window < 2 * outstanding)
            congestion->window = fmin(grown, fmax(congestion->window, 2 * outstanding));
    } else if (outstanding + 1 > congestion->window) {
        if (control == CONGESTION_CUBIC)
            cubic_avoid(congestion, segments, now, rtt_ns);
        else
            congestion->window += segments / congestion->window;
    }
}

/* The window is large enough for slow start to end at it. */
static bool hystart_can_end(const struct congestion *congestion)
{
    return congestion->window >= HYSTART_WINDOW_MIN &&
           congestion->window < congestion->slow_start_limit;
}

void congestion_on_delay(struct congestion *congestion, sim_dur queued_ns, sim_dur rtt_ns)
{
    sim_dur limit = rtt_ns / 8;

    if (limit < 4 * SIM_MS)
        limit = 4 * SIM_MS;
    if (limit > 16 * SIM_MS)
        limit = 16 * SIM_MS;
    if (queued_ns > limit && hystart_can_end(congestion))
        congestion->slow_start_limit = congestion->window;
}

void congestion_on_train(struct congestion *congestion, sim_dur train_ns, sim_dur rtt_ns)
{
    if (train_ns > rtt_ns / 2 && hystart_can_end(congestion))
        congestion->slow_start_limit = congestion->window;
}

void congestion_on_idle(struct congestion *congestion, sim_dur idle_ns, sim_dur rto_ns)
{
    if (idle_ns > rto_ns && congestion->window > CONGESTION_INITIAL_SEGMENTS)
        congestion->window = CONGESTION_INITIAL_SEGMENTS;
}
