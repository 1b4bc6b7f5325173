// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Which faults a scenario takes, by kind of store: each kind of target with each of its actions, as
 * an author writes them. What a model or kind does not simulate is refused with one error that says
 * what is allowed; what is taken is also taken `after` another fault.
 *
 * Three regions. global-datastore: clusters in a and b. single-region: in b. Only a and b are
 * joined over transit gateways; b and c have no route.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "diag.h"
#include "registry.h"
#include "scenario.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

static const struct kind {
    const char *name, *settings;
} kinds[] = {
    {"global-datastore", "primary: a, secondaries: [b]"},
    {"regional", ""},
    {"single-region", "primary: b"},
};
enum { DATASTORE, REGIONAL, SINGLE, KINDS };

/* Of each kind: "": taken; else the error behind the place. NULL: as of the kind before it. */
#define NOT(target, others)                                                                        \
    "cannot be hit: this scenario has no '" target "'; its targets are " others
#define ALL                                                                                        \
    "'control: accelerator', 'control: dns', 'control: function', 'control: monitoring', "         \
    "'control: store-api', "                                                                       \
    "'gateway', 'home', "                                                                          \
    "'instance', 'link', 'traffic: application', 'traffic: replication', 'node', 'promote', "      \
    "'record: store', 'region', 'replication', 'store', 'zone'"
#define FEWER                                                                                      \
    "'control: accelerator', 'control: dns', 'gateway', 'home', 'instance', 'link', 'traffic: "    \
    "application', 'node', "                                                                       \
    "'region', 'store', 'zone'"
#define ONLY(region, part, others)                                                                 \
    "cannot be hit: region '" region "' has no '" part "'; regions that have one are " others
#define TAKES_STORE(more)                                                                          \
    "does not go with 'store', which takes 'stall: true', 'restart: true', " more                  \
    "'crash: true', 'errors', 'slow', 'corrupt' or 'access'"

// clang-format off
static const struct target {
    const char *fault, *key;
    const char *errors[KINDS];
} targets[] = {
    {"link: a -> b, loss: 30%",                       NULL,    {"", NULL, NULL}},
    {"link: a <-> c, delay: 20ms",                    NULL,    {"", NULL, NULL}},
    {"link: a -> c, blackhole: true",                 NULL,    {"", NULL, NULL}},
    {"link: b -> a, reset: true",                     NULL,    {"", NULL, NULL}},
    {"link: b <-> c, loss: 30%",                      "link",  {"cannot be hit: there is no route from 'b' to 'c' (kind: none)", NULL, NULL}},
    {"link: a -> b, traffic: replication, loss: 1%",  "link",  {"", NOT("traffic: replication", FEWER), NULL}},
    {"link: a -> b, traffic: application, loss: 1%",  NULL,    {"", NULL, NULL}},
    {"link: a -> b, bandwidth: 10Mbit/s, connections: 30%", NULL, {"", NULL, NULL}},
    {"gateway: b, loss: 1%, connections: 30%",        "connections", {"needs a 'link', such as 'a -> b'", NULL, NULL}},
    {"link: a -> b, stall: true",                     "stall", {"does not go with 'link', which takes 'loss', 'delay', 'bandwidth', 'cross_traffic', 'blackhole: true', 'hold: true' or 'reset: true'", NULL, NULL}},
    {"link: a -> b, hold: true",                      NULL,    {"", NULL, NULL}},
    {"link: a -> b, cross_traffic: 10Mbit/s", "cross_traffic", {"needs a link with a bandwidth to share; set its 'bandwidth' in 'network'", NULL, NULL}},
    {"gateway: a, loss: 30%",                         NULL,    {"", NULL, NULL}},
    {"gateway: b, delay: 20ms",                       NULL,    {"", NULL, NULL}},
    {"gateway: b, blackhole: true",                   NULL,    {"", NULL, NULL}},
    {"gateway: b, reset: true",                       "reset", {"does not go with 'gateway', which takes 'loss', 'delay' or 'blackhole: true'", NULL, NULL}},
    {"gateway: c, loss: 30%",                         "gateway", {ONLY("c", "gateway", "'a', 'b'"), NULL, NULL}},
    {"region: c, down: true",                         NULL,    {"", NULL, NULL}},
    {"region: c, deploy: true",                       NULL,    {"", NULL, NULL}},
    {"region: c, pause: true",                        "pause", {"does not go with 'region', which takes 'down: true' or 'deploy: true'", NULL, NULL}},
    {"instance: c/3, restart: true",                  NULL,    {"", NULL, NULL}},
    {"instance: c/4, restart: true",                  "instance", {"needs one of 'c/0' to 'c/3', got 'c/4'", NULL, NULL}},
    {"instance: a/0, crash: host",                    NULL,    {"", NULL, NULL}},
    {"instance: 'a/*', crash: true",                  NULL,    {"", NULL, NULL}},
    {"instance: a/0-3, errors: 20%",                  NULL,    {"", NULL, NULL}},
    {"instance: a/2-4, slow: 3x",                     "instance", {"needs one of 'a/0' to 'a/3', got 'a/4'", NULL, NULL}},
    {"instance: a/0, stall: true",                    "stall", {"does not go with 'instance', which takes 'restart: true', 'crash: true', 'errors' or 'slow'", NULL, NULL}},
    {"store: b, stall: true",                         NULL,    {"", NULL, NULL}},
    {"store: b, restart: true",                       NULL,    {"", NULL, NULL}},
    {"store: b, crash: process",                      NULL,    {"", NULL, NULL}},
    {"store: b, crash: host",                         NULL,    {"", NULL, NULL}},
    {"store: b, down: true",                          "down",  {TAKES_STORE("'flush: true', "), TAKES_STORE("'flush: true', "), NULL}},
    {"store: b, role_change: true",                   "role_change", {TAKES_STORE("'flush: true', "), TAKES_STORE("'flush: true', "), NULL}},
    {"store: b, flush: true",                         NULL,    {"", NULL, NULL}},
    {"store: b, restore: true",                       "restore", {TAKES_STORE("'flush: true', "), TAKES_STORE("'flush: true', "), NULL}},
    {"store: a, stall: true",                         "store", {"", "", ONLY("a", "store", "'b'")}},
    {"store: c, crash: host",                         "store", {ONLY("c", "store", "'a', 'b'"), "", ONLY("c", "store", "'b'")}},
    {"replication: b, pause: true",                   "replication", {"", NOT("replication", FEWER), NULL}},
    {"replication: b, reset: true",                   "replication", {"", NOT("replication", FEWER), NULL}},
    {"replication: c, reset: true",                   "replication", {ONLY("c", "replication", "'a', 'b'"), NOT("replication", FEWER), NULL}},
    {"promote: b",                                    "promote", {"", NOT("promote", FEWER), NULL}},
    {"promote: c",                                    "promote", {ONLY("c", "promote", "'a', 'b'"), NOT("promote", FEWER), NULL}},
    {"control: monitoring, down: true",               "control", {"", NOT("control: monitoring", FEWER), NULL}},
    {"control: function, down: true",                 "control", {"", NOT("control: function", FEWER), NULL}},
    {"control: store-api, down: true",                "control", {"", NOT("control: store-api", FEWER), NULL}},
    {"control: dns, down: true",                      NULL,    {"", NULL, NULL}},
    {"control: dns, errors: 20%, throttle: true",     NULL,    {"", NULL, NULL}},
    {"control: dns, slow: 2x",                        "slow",  {"does not go with 'control/dns', which takes 'down: true', 'errors' or 'throttle: true'", NULL, NULL}},
    {"control: function, throttle: true",             "control", {"", NOT("control: function", FEWER), NULL}},
    {"control: store-api, errors: 5%",                "control", {"", NOT("control: store-api", FEWER), NULL}},
    {"control: compute, down: true",                  "control", {NOT("control: compute", ALL), NOT("control: compute", FEWER), NULL}},
    {"control: routing, down: true",                  "control", {NOT("control: routing", ALL), NOT("control: routing", FEWER), NULL}},
    {"home: us-east-1, down: true",                   NULL,    {"", NULL, NULL}},
    {"home: eu-west-1, down: true",                   "home",  {"is the home of no control plane: 'eu-west-1'; homes are 'us-east-1', 'us-west-2', 'a', 'b', 'c'", NULL, NULL}},
    {"home: a, down: true",                           NULL,    {"", NULL, NULL}},
    {"zone: a/a, down: true",                         NULL,    {"", NULL, NULL}},
    {"zone: 'c/*', isolate: true",                    NULL,    {"", NULL, NULL}},
    {"zone: b/b-c, isolate: true",                    NULL,    {"", NULL, NULL}},
    {"zone: a/b-d, down: true",                       "zone",  {"needs one of 'a/a' to 'a/c', got 'a/d'", NULL, NULL}},
    {"zone: a/0, down: true",                         "zone",  {"needs a region of the scenario and a letter, such as 'a/a', 'a/a-c' or 'a/*', got 'a/0'", NULL, NULL}},
    {"zone: a/a, stall: true",                        "stall", {"does not go with 'zone', which takes 'down: true' or 'isolate: true'", NULL, NULL}},
    {"node: b/0, crash: host",                        "crash", {"does not go with 'node', which takes 'errors' or 'slow'", NULL, NULL}},
    {"node: b/0, slow: 3x",                           NULL,    {"", NULL, NULL}},
    {"node: b/1, errors: 1%",                         "node",  {"needs 'b/0', got 'b/1'", NULL, NULL}},
    {"node: c/0, errors: 1%",                         "node",  {ONLY("c", "node", "'a', 'b'"), "", ONLY("c", "node", "'b'")}},
    {"store: b, errors: 5%, slow: 2x",                NULL,    {"", NULL, NULL}},
    {"record: store, down: true",                     "record", {"", NOT("record: store", FEWER), NULL}},
    {"record: users, down: true",                     "record", {NOT("record: users", ALL), NOT("record: users", FEWER), NULL}},
};
// clang-format on
#define TARGETS (sizeof targets / sizeof targets[0])

static char *errors_of(int kind, const char *faults)
{
    struct strbuf text = STRBUF_INIT;
    const struct registry registry = {model_registry, model_registry_count};
    struct diag diag = {0};
    struct scenario *scenario;
    char *printed;

    strbuf_addf(&text,
                "regions: {a: {}, b: {}, c: {}}\nduration: 10min\n"
                "network: {default: {rtt: 20ms}, a <-> b: {kind: transit-gateway}, "
                "b <-> c: {kind: none}}\n"
                "store: {kind: %s, %s}\nfaults:\n%s",
                kinds[kind].name, kinds[kind].settings, faults);
    scenario = scenario_load_text(text.text, text.length, "t.yaml", &registry, NULL, 0, &diag);
    assert_int_equal(scenario == NULL, diag.error_count > 0);
    printed = diag_text(&diag);
    scenario_free(scenario);
    diag_release(&diag);
    strbuf_release(&text);
    return printed;
}

/* One error, at the fault's line and behind it the text. */
static void assert_error(const char *printed, const char *fault, const char *key, const char *error)
{
    struct strbuf wanted = STRBUF_INIT;
    const char *first = strstr(printed, "error: ");

    strbuf_addf(&wanted, "error: 'faults.0.%s' %s\n", key, error);
    if (!first || !strstr(printed, wanted.text) || strstr(first + 1, "error: ") ||
        strncmp(printed, "t.yaml:6:", 9) != 0)
        fail_msg("'%s' should give one\n%sgot:\n%s", fault, wanted.text, printed);
    strbuf_release(&wanted);
}

static void each_target_is_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < TARGETS; i++) {
        const char *error = NULL;

        for (int kind = 0; kind < KINDS && targets[i].errors[0]; kind++) {
            struct strbuf faults = STRBUF_INIT;
            char *printed;

            error = targets[i].errors[kind] ? targets[i].errors[kind] : error;
            strbuf_addf(&faults, "  - {at: 1min, for: 10s, %s}\n", targets[i].fault);
            printed = errors_of(kind, faults.text);
            if (error[0] != '\0')
                assert_error(printed, targets[i].fault, targets[i].key, error);
            else if (strstr(printed, "error"))
                fail_msg("'%s' under '%s' gives\n%s", targets[i].fault, kinds[kind].name, printed);
            free(printed);
            strbuf_release(&faults);
        }
    }
}

/* Both ways round: every target begins after another fault, and another one after it. */
static void each_target_goes_with_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < TARGETS; i++) {
        struct strbuf faults = STRBUF_INIT;
        char *printed;

        if (!targets[i].errors[0] || targets[i].errors[0][0] != '\0')
            continue;
        strbuf_addf(&faults,
                    "  - {name: second, after: first, at: 1s, for: 10s, %s}\n"
                    "  - {name: first, at: 1min, for: 10s, link: a -> b, loss: 1%%}\n"
                    "  - {after: second, at: 1s, link: a -> b, loss: 1%%}\n",
                    targets[i].fault);
        printed = errors_of(DATASTORE, faults.text);
        if (strstr(printed, "error"))
            fail_msg("'%s' with 'after' gives\n%s", targets[i].fault, printed);
        free(printed);
        strbuf_release(&faults);
    }
}

/* The span of the first one could not be computed. */
static void what_follows_a_wrong_fault_is_not_reported_twice(void **state)
{
    char *printed = errors_of(DATASTORE, "  - {after: b, at: 1s, region: a, down: true}\n"
                                         "  - {name: b, after: nobody, at: 1s, for: 1s, "
                                         "region: a, down: true}\n");

    (void)state;
    assert_non_null(strstr(printed, "t.yaml:7:22: error: 'faults.1.after' names no fault: "
                                    "'nobody'"));
    assert_null(strstr(printed, "faults.0"));
    free(printed);
}

/* A datastore of one cluster replicates nothing and has nothing to promote. */
static void a_lone_cluster_has_no_replication(void **state)
{
    static const char text[] = "regions: {a: {}}\nduration: 10min\n"
                               "faults: [{at: 1min, replication: a, pause: true}]\n";
    const struct registry registry = {model_registry, model_registry_count};
    struct diag diag = {0};
    char *printed;

    (void)state;
    assert_null(scenario_load_text(text, strlen(text), "t.yaml", &registry, NULL, 0, &diag));
    printed = diag_text(&diag);
    assert_non_null(strstr(printed, "'faults.0.replication' cannot be hit: this scenario "
                                    "has no 'replication'; its targets are 'control: accelerator', "
                                    "'control: dns', "));
    free(printed);
    diag_release(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_target_is_taken_or_refused),
        cmocka_unit_test(each_target_goes_with_after),
        cmocka_unit_test(what_follows_a_wrong_fault_is_not_reported_twice),
        cmocka_unit_test(a_lone_cluster_has_no_replication),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
