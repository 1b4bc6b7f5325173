// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Recorded causes: from the run log alone, each step of a failover names the step that caused it,
 * up to the fault, and the event it waited for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "statistics.h"
#include "registry.h"

static struct registry registry; /* scenarios keep a pointer to it */

/* Two regions, the primary in a; `more`: further top-level keys. */
#define WORLD(store, more)                                                                         \
    "regions: {a: {}, b: {}}\nduration: 10min\nwarmup: 0s\n"                                       \
    "network: {default: {rtt: 20ms}, inside: {rtt: 1ms, loss: 0%}}\n"                              \
    "population: {sessions: 5/s}\nstore: {primary: a" store "}\n" more "\n"
#define AUTOMATIC                                                                                  \
    "failover: {mode: automatic, decide: 2s, promotion: 10s, notification: 100ms, function: 1s}\n"

static struct world *run_world(struct scenario *scenario)
{
    return world_of(scenario, 0, NULL);
}

static struct scenario *load(const char *text)
{
    return scenario_of(&registry, text);
}

static void print_log(const struct run_log *log)
{
    for (size_t i = 0; i < log->event_count; i++) {
        const struct run_event *event = &log->events[i];

        print_message("%3u <- %3u, behind %3u %10.3f s  %-9s %s: %s\n", event->number, event->cause,
                      event->waited_for, (double)event->time / (double)SIM_S, event->what,
                      event->subject, event->text);
    }
}

/* The first event after `after` (NULL: any) of a kind whose text contains `part`. */
static const struct run_event *find(const struct run_log *log, const struct run_event *after,
                                    const char *what, const char *part)
{
    for (size_t i = after ? after->number : 0; i < log->event_count; i++)
        if (strcmp(log->events[i].what, what) == 0 && strstr(log->events[i].text, part))
            return &log->events[i];
    print_log(log);
    fail_msg("no event %s '%s'", what, part);
    return NULL;
}

static void assert_caused(const struct run_log *log, const struct run_event *event, uint32_t cause,
                          uint32_t waited_for)
{
    if (event->cause == cause && event->waited_for == waited_for)
        return;
    print_log(log);
    fail_msg("event %u is caused by %u and waited for %u, not %u and %u", event->number,
             event->cause, event->waited_for, cause, waited_for);
}

/* The shipped scenario, with fewer users. */
static void each_step_after_a_region_loss_names_its_cause(void **state)
{
    const char *const sets[] = {"population.sessions=10/s", "phase=0s"};
    struct diag diag = {0};
    bool cannot_read = false;
    struct scenario *scenario = scenario_load(ISTHMUS_SOURCE_DIR "/scenarios/20-region-loss.yaml",
                                              &registry, sets, 2, &diag, &cannot_read);
    struct world *world;
    const struct run_log *log;
    const struct run_event *fault, *health, *edge, *first, *second, *alarm, *begins, *ends, *asks,
        *published, *done;

    (void)state;
    assert_non_null(scenario);
    world = run_world(scenario);
    log = world_log(world);
    fault = find(log, NULL, "fault", "begins: down");
    health = find(log, fault, "health", "no healthy target");
    edge = find(log, health, "health", "routes around");
    first = find(log, fault, "metric", "from 10 min to 11 min: breaching");
    second = find(log, first, "metric", "from 11 min to 12 min: breaching");
    alarm = find(log, fault, "alarm", "raised");
    begins = find(log, alarm, "promotion", "begins");
    ends = find(log, begins, "promotion", "takes the writes");
    asks = find(log, ends, "failover", "the function asks for the change");
    published = find(log, asks, "dns", "the authority names");
    done = find(log, published, "failover", "the record names the new primary");

    assert_caused(log, fault, 0, 0);
    assert_caused(log, health, fault->number, 0);
    assert_caused(log, edge, health->number, 0);
    assert_caused(log, find(log, edge, "health", "routes around"), health->number, 0);
    assert_caused(log, first, fault->number, 0);
    assert_caused(log, second, fault->number, 0);
    assert_caused(log, alarm, first->number, second->number);
    assert_caused(log, begins, alarm->number, 0);
    assert_caused(log, ends, begins->number, 0);
    assert_caused(log, asks, ends->number, 0);
    assert_caused(log, published, asks->number, 0);
    assert_caused(log, done, published->number, 0);
    world_free(world);
    scenario_free(scenario);
    diag_release(&diag);
}

/* The store's API is down when the alarm is raised, at 2 to 4 min, and comes back at 6 min. */
static void a_refused_promotion_waits_for_the_api(void **state)
{
    struct scenario *scenario =
        load(WORLD("", AUTOMATIC "faults: [{at: 30s, region: a, down: true},"
                                 " {at: 31s, for: 329s, control: store-api, down: true}]"));
    struct world *world = run_world(scenario);
    const struct run_log *log = world_log(world);
    const struct run_event *api_down =
        find(log, find(log, NULL, "fault", "begins"), "fault", "begins");
    const struct run_event *alarm = find(log, NULL, "alarm", "raised");
    const struct run_event *refused = find(log, alarm, "failover", "was refused");
    const struct run_event *api_up = find(log, refused, "fault", "ends");
    const struct run_event *begins = find(log, api_up, "promotion", "begins");

    (void)state;
    assert_int_equal(begins->time, 360 * SIM_S);
    assert_caused(log, api_up, api_down->number, 0);
    assert_caused(log, refused, alarm->number, api_down->number);
    assert_caused(log, begins, refused->number, api_up->number);
    world_free(world);
    scenario_free(scenario);
}

/* Three calls, 1 and 2 min apart, and the control plane of DNS is down for all of them. */
static void a_refused_change_of_the_record_is_blamed_on_the_control_plane(void **state)
{
    struct scenario *scenario =
        load(WORLD("", AUTOMATIC "faults: [{at: 30s, control: dns, down: true},"
                                 " {at: 60s, promote: b}]"));
    struct world *world = run_world(scenario);
    const struct run_log *log = world_log(world);
    const struct run_event *down = find(log, NULL, "fault", "begins");
    const struct run_event *order = find(log, down, "fault", "by an operator");
    const struct run_event *begins = find(log, order, "promotion", "begins");
    const struct run_event *promoted = find(log, begins, "promotion", "takes the writes");
    const struct run_event *before = promoted;

    (void)state;
    assert_caused(log, begins, order->number, 0);
    assert_caused(log, promoted, begins->number, 0);
    for (int i = 0; i < 3; i++) {
        const struct run_event *asks = find(log, before, "failover", "asks for the change");
        const struct run_event *refused = find(log, asks, "dns", "was refused");
        const struct run_event *failed = find(log, refused, "failover", "was not changed");

        assert_caused(log, asks, before->number, 0);
        assert_caused(log, refused, asks->number, down->number);
        assert_caused(log, failed, refused->number, 0);
        before = failed;
    }
    world_free(world);
    scenario_free(scenario);
}

/* b's stream breaks by the timeout of 60 s while the link is down, and does a full resync
 * afterwards. */
static void a_resync_names_what_broke_the_stream_and_what_it_waited_for(void **state)
{
    struct scenario *scenario =
        load(WORLD("", "faults: [{at: 30s, for: 2min, link: a -> b, blackhole: true}]"));
    struct world *world = run_world(scenario);
    const struct run_log *log = world_log(world);
    const struct run_event *begins = find(log, NULL, "fault", "begins");
    const struct run_event *ends = find(log, begins, "fault", "ends");
    const struct run_event *copies = find(log, ends, "resync", "full resync started");

    (void)state;
    assert_caused(log, ends, begins->number, 0);
    assert_caused(log, copies, begins->number, ends->number);
    assert_caused(log, find(log, copies, "resync", "full resync complete"), copies->number, 0);
    world_free(world);
    scenario_free(scenario);
}

static void a_shards_failover_names_the_crash(void **state)
{
    struct scenario *scenario = load(WORLD(", replicas: 1, replica_failover: 5s",
                                           "faults: [{at: 60s, for: 30s, store: a, crash: host}]"));
    struct world *world = run_world(scenario);
    const struct run_log *log = world_log(world);
    const struct run_event *crash = find(log, NULL, "fault", "begins");
    const struct run_event *failover = find(log, crash, "failover", "a replica takes over");
    const struct run_event *resync = find(log, failover, "resync", "");

    (void)state;
    assert_caused(log, failover, crash->number, 0);
    assert_caused(log, resync, failover->number, 0);
    world_free(world);
    scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_after_a_region_loss_names_its_cause),
        cmocka_unit_test(a_refused_promotion_waits_for_the_api),
        cmocka_unit_test(a_refused_change_of_the_record_is_blamed_on_the_control_plane),
        cmocka_unit_test(a_resync_names_what_broke_the_stream_and_what_it_waited_for),
        cmocka_unit_test(a_shards_failover_names_the_crash),
    };

    registry = (struct registry){model_registry, model_registry_count};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
