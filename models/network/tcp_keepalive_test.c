// SPDX-License-Identifier: GPL-3.0-or-later
/* Keep-alive of an idle connection, on links alone: 20 ms, nothing random. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "link_rig.h"

static const struct link_impairment blackhole = {.blackhole = true};
static const struct keepalive of_report = {13 * SIM_S, 13 * SIM_S, 3, false};
static struct {
    uint32_t out, back;
    sim_dur user_timeout_ns;
    sim_time cut;     /* SIM_NEVER: none */
    sim_time request; /* a message there at that time */
    sim_time reply;   /* and one back */
} peer;

static void cut(uint32_t ends)
{
    for (int from = 0; from < 2; from++) {
        struct link_fault_port *fault = rig.faults[from][1 - from];

        if (ends)
            fault->end(fault->self, &blackhole);
        else
            fault->begin(fault->self, &blackhole);
    }
}

static void say(uint32_t number)
{
    rig_send(rig.links[number][1 - number], number == 0 ? peer.out : peer.back, number, 100, false);
}

static void peer_begins(void)
{
    struct link_port *out = rig.links[0][1], *back = rig.links[1][0];

    peer.out = out->open(out->self);
    peer.back = back->open(back->self);
    out->watch(out->self, peer.out, peer.user_timeout_ns, rig.broken_kind, 0, 0);
    back->watch(back->self, peer.back, 0, rig.broken_kind, 1, 0);
    out->pair(out->self, peer.out, peer.back);
    out->keep_alive(out->self, peer.out, &of_report);
    if (peer.cut != SIM_NEVER)
        rig_at(peer.cut, cut, 0);
    if (peer.request != SIM_NEVER)
        rig_at(peer.request, say, 0);
    if (peer.reply != SIM_NEVER)
        rig_at(peer.reply, say, 1);
}

/* When the connection breaks; SIM_NEVER: not within 20 min. */
static sim_time breaks(sim_time cut_at, sim_time request, sim_time reply, sim_dur user_timeout_ns,
                       const char *text)
{
    rig.begin = peer_begins;
    peer.cut = cut_at;
    peer.request = request;
    peer.reply = reply;
    peer.user_timeout_ns = user_timeout_ns;
    rig_play(text, 0);
    return rig.broken[0];
}

/*
 * Probes at 13, 26 and 39 s without an answer; dead at 52 s. While answers come, each a round trip
 * after its probe, nothing breaks: then the last was heard at 4 x 13.02 s before a cut at 60 s.
 */
static void idle_connection_is_dead_after_its_probes(void **state)
{
    const char *text = LINKS("loss: 0%");

    (void)state;
    assert_int_equal(breaks(0, SIM_NEVER, SIM_NEVER, 0, text), 52 * SIM_S);
    assert_int_equal(breaks(60 * SIM_S, SIM_NEVER, SIM_NEVER, 0, text),
                     4 * 13020 * SIM_MS + 52 * SIM_S);
    assert_true(breaks(SIM_NEVER, SIM_NEVER, SIM_NEVER, 0, text) == SIM_NEVER);
}

/* What comes back counts from its arrival: the acknowledgement of a request at 5 s, 20 ms later; a
 * message that arrives at 7.01 s. */
static void what_comes_back_restarts_the_time(void **state)
{
    const char *text = LINKS("loss: 0%");

    (void)state;
    assert_int_equal(breaks(6 * SIM_S, 5 * SIM_S, SIM_NEVER, 0, text), 5020 * SIM_MS + 52 * SIM_S);
    assert_int_equal(breaks(8 * SIM_S, 5 * SIM_S, 7 * SIM_S, 0, text), 7010 * SIM_MS + 52 * SIM_S);
}

/* With a user timeout of 20 s: dead at the first probe's time after it, 26 s, whatever the count.
 * 60 s: at 65 s, of the fifth probe. */
static void user_timeout_replaces_the_count(void **state)
{
    const char *text = LINKS("loss: 0%");

    (void)state;
    assert_int_equal(breaks(0, SIM_NEVER, SIM_NEVER, 20 * SIM_S, text), 26 * SIM_S);
    assert_int_equal(breaks(0, SIM_NEVER, SIM_NEVER, 60 * SIM_S, text), 65 * SIM_S);
}

/*
 * With a request outstanding the retransmissions decide: sent at 5 s into a cut, it goes again as a
 * probe at 5.22 s, and the time of 924.6 s counts from the timer's first retransmission; so nothing
 * is dead at 57 s, but 945.28 s after the request, as in tcp_flow_test.c.
 */
static void outstanding_data_leave_it_to_the_retransmissions(void **state)
{
    (void)state;
    assert_int_equal(breaks(0, 5 * SIM_S, SIM_NEVER, 0, LINKS("loss: 0%")),
                     5 * SIM_S + 945280 * SIM_MS);
}

/* A box that forgets connections after 12 s resets the one that is probed at 13 s, a round trip
 * later; or drops the probes. One of 14 s sees probes and answers as traffic. */
static void boxes_see_probes(void **state)
{
    (void)state;
    assert_int_equal(breaks(SIM_NEVER, SIM_NEVER, SIM_NEVER, 0,
                            LINKS("loss: 0%, idle_timeout: {after: 12s, then: reset}")),
                     13020 * SIM_MS);
    assert_int_equal(
        breaks(SIM_NEVER, SIM_NEVER, SIM_NEVER, 0, LINKS("loss: 0%, idle_timeout: {after: 12s}")),
        52 * SIM_S);
    assert_true(breaks(SIM_NEVER, SIM_NEVER, SIM_NEVER, 0,
                       LINKS("loss: 0%, idle_timeout: {after: 14s, then: reset}")) == SIM_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_connection_is_dead_after_its_probes),
        cmocka_unit_test(what_comes_back_restarts_the_time),
        cmocka_unit_test(user_timeout_replaces_the_count),
        cmocka_unit_test(outstanding_data_leave_it_to_the_retransmissions),
        cmocka_unit_test(boxes_see_probes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
