// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The window of a flow: what a hole costs, bulk transfers under loss, order, giving up by number of
 * timeouts. Expected values are closed forms and the rules of failures A.1 to A.4.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "assert_close.h"
#include "link_rig.h"

#include <math.h>

/* --- bulk -------------------------------------------------------------------------------------- */

#define CHUNK (UINT32_C(128) * 1024)
static struct {
    uint32_t flow, sent, arrived;
    uint32_t window; /* chunks handed over and not arrived */
    uint32_t total;  /* chunks; 0: without end */
    sim_time from, until;
    uint64_t bytes;  /* that arrived in between */
    sim_time done;
} bulk;

static void bulk_send(uint32_t number)
{
    rig_send(rig.links[0][1], bulk.flow, number, CHUNK, false);
    bulk.sent++;
}

static void bulk_arrives(uint32_t number)
{
    sim_time now = sim_now(rig.sim);

    assert_int_equal(number, bulk.arrived);
    bulk.arrived++;
    if (now >= bulk.from && now < bulk.until)
        bulk.bytes += CHUNK;
    if (bulk.arrived == bulk.total)
        bulk.done = now;
    if (bulk.total == 0 || bulk.sent < bulk.total)
        bulk_send(bulk.sent);
}

static void bulk_begin(void)
{
    bulk.flow = rig.links[0][1]->open(rig.links[0][1]->self);
    bulk.sent = bulk.arrived = 0;
    bulk.bytes = 0;
    while (bulk.sent < bulk.window && (bulk.total == 0 || bulk.sent < bulk.total))
        bulk_send(bulk.sent);
}

/* Mean rate in MB/s over the time from `from` to `until`, over replications. */
static struct tally bulk_rate(const char *text, uint32_t replications)
{
    struct tally rates = {0};

    rig.begin = bulk_begin;
    rig.on_arrival = bulk_arrives;
    for (uint32_t i = 0; i < replications; i++) {
        rig_play(text, i);
        tally_add(&rates, (double)bulk.bytes / ((double)(bulk.until - bulk.from) / 1e9) / 1e6);
    }
    rig.on_arrival = NULL;
    return rates;
}

#define PATH(duration, more)                                                                       \
    "regions: {a: {}, b: {}}\nduration: " duration "\nwarmup: 0s\n"                                \
    "network: {default: {jitter: 0ms, spike_share: 0%, " more "}, inside: {loss: 0%}}\n"

static void probe_rates(void **state)
{
    static const struct {
        const char *text;
        double p;
    } rows[] = {
        {PATH("1h", "rtt: 62ms, loss: 0.01%"), 1e-4},
        {PATH("1h", "rtt: 62ms, loss: 0.1%"), 1e-3},
        {PATH("1h", "rtt: 62ms, loss: 1%"), 1e-2},
        {PATH("1h", "rtt: 62ms, loss: 0.01%, tcp: {congestion_control: reno}"), 1e-4},
        {PATH("1h", "rtt: 62ms, loss: 0.1%, tcp: {congestion_control: reno}"), 1e-3},
        {PATH("1h", "rtt: 62ms, loss: 1%, tcp: {congestion_control: reno}"), 1e-2},
    };
    (void)state;
    bulk.window = 64;
    bulk.from = 60 * SIM_S;
    bulk.until = 3600 * SIM_S;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tally rate = bulk_rate(rows[i].text, 4);
        double p = rows[i].p, rtt = 0.062;
        double reno = 1.448e-3 / (rtt * sqrt(2 * p / 3) + 0.262 * fmin(1, 3 * sqrt(3 * p / 8)) * p);
        double cubic = 1.448e-3 / rtt * 1.054 * pow(rtt / p, 0.75);
        print_message("%s p %g: %.3f sd %.3f  reno %.3f cubic %.3f\n", strstr(rows[i].text, "reno") ? "reno" : "cubic", p, rate.mean, 0.0, reno, cubic);
    }
    bulk.from = 0; bulk.until = 12*SIM_S;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tally rate = bulk_rate(rows[i].text, 40);
        print_message("first 12 s %s: %.3f\n", rows[i].text+90, rate.mean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probe_rates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
