// SPDX-License-Identifier: GPL-3.0-or-later
/* The method alone, with a stub of the zone that serves a change 20 s after it was published. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "repoint_function.h"

#include "dns.h"
#include "mem.h"
#include "model_rig.h"

#include <stdlib.h>

/* --- the table ------------------------------------------------------------------------------- */

#define SAME REPOINT_STATES
// clang-format off
/* From the state diagram at the head of repoint_function.c; `SAME`: the event changes nothing. */
static const enum repoint_function_state expected[REPOINT_STATES][REPOINT_EVENTS] = {
    /*                       begun              notified         accepted            try failed        dropped       published */
    [REPOINT_IDLE]       = {REPOINT_NOTIFYING, SAME,            SAME,               SAME,             SAME,         SAME},
    [REPOINT_NOTIFYING]  = {REPOINT_NOTIFYING, REPOINT_RUNNING, SAME,               SAME,             SAME,         SAME},
    [REPOINT_RUNNING]    = {REPOINT_NOTIFYING, SAME,            REPOINT_PUBLISHING, REPOINT_RETRYING, REPOINT_IDLE, SAME},
    [REPOINT_RETRYING]   = {REPOINT_NOTIFYING, REPOINT_RUNNING, SAME,               SAME,             SAME,         SAME},
    [REPOINT_PUBLISHING] = {REPOINT_NOTIFYING, SAME,            SAME,               SAME,             SAME,         REPOINT_IDLE},
};
// clang-format on

static void function_moves_as_drawn_in_every_state_on_every_event(void **state)
{
    (void)state;
    for (int from = 0; from < REPOINT_STATES; from++)
        for (int event = 0; event < REPOINT_EVENTS; event++) {
            enum repoint_function_state next = SAME;
            bool listed = repoint_function_next((enum repoint_function_state)from,
                                                (enum repoint_function_event)event, &next);

            assert_int_equal(next, expected[from][event]);
            assert_int_equal(listed, next != SAME);
        }
}

/* --- the method ------------------------------------------------------------------------------ */

struct host_config {
    struct repoint_function_config function;
};
#define MODEL_CONFIG struct host_config
// clang-format off
static const struct field host_fields[] = {
    REPOINT_FUNCTION_FIELDS(function),
};
// clang-format on

/* A failover that only repoints: notification 1 s, function 1 s. */
static struct {
    struct rig rig;
    struct strbuf text; /* "2 publish 1; " */
    struct dns_port dns;
    kind_id served_kind;
    uint32_t changes;
    void *method;
    uint32_t number;
} host;

static void note(const char *what, int region)
{
    strbuf_addf(&host.text, "%g %s", (double)sim_now(host.rig.sim) / 1e9, what);
    if (region >= 0)
        strbuf_addf(&host.text, " %d", region);
    strbuf_add(&host.text, "; ");
}

static uint32_t host_publish(void *self, struct dns_target target)
{
    (void)self;
    note("publish", target.region);
    sim_after(host.rig.sim, 20 * SIM_S, host.served_kind, (uint32_t)target.region, ++host.changes);
    return host.changes;
}

static void host_subscribe(void *self, kind_id served)
{
    (void)self;
    host.served_kind = served;
}

static void host_log(void *self, int region, const char *cause_text, const char *text)
{
    (void)self, (void)region, (void)cause_text, (void)text;
}

static void host_stage_ended(void *self, enum incident_stage stage)
{
    (void)self;
    note(incident_stage_names[stage], -1);
}

static void host_done(void *self)
{
    (void)self;
    note("done", -1);
}

static void host_failed(void *self)
{
    (void)self;
    note("failed", -1);
}

static void host_init(void *self, const struct model_env *env)
{
    const struct repoint_env method_env = {
        .sim = env->sim,
        .instance = env->instance,
        .config = env->config,
        .host = {NULL, host_log, host_stage_ended, host_done, host_failed},
    };

    (void)self;
    host.method = mem_zalloc(1, repoint_function_ops.state_size);
    repoint_function_ops.init(host.method, &method_env);
}

static const struct model_ops host_ops = {
    .name = "failover",
    .section = "failover",
    .meaning = "a host of one method of repointing",
    .scope = MODEL_ONCE,
    .config_size = sizeof(struct host_config),
    .state_size = 1,
    FIELD_TABLE(host_fields),
    .init = host_init,
};

static int host_open(void **state)
{
    (void)state;
    memset(&host, 0, sizeof host);
    host.text = (struct strbuf)STRBUF_INIT;
    rig_open(&host.rig, &host_ops, 2, 600 * SIM_S);
    rig_set(&host.rig, 0, "notification", "1s");
    rig_set(&host.rig, 0, "function", "1s");
    return 0;
}

static void host_wire(void)
{
    rig_wire(&host.rig);
    host.dns = (struct dns_port){.publish = host_publish, .subscribe = host_subscribe};
    port_offer_dns(host.rig.ports, -1, -1, &host.dns);
    repoint_function_ops.connect(host.method, host.rig.ports);
}

static int host_close(void **state)
{
    (void)state;
    free(host.method);
    rig_close(&host.rig);
    strbuf_release(&host.text);
    return 0;
}

static void begin(void *arg)
{
    repoint_function_ops.begin(host.method, *(int *)arg, ++host.number);
}

static void break_function(void *arg)
{
    repoint_function_ops.set(host.method, CONTROL_FUNCTION, *(int *)arg);
}

static int zero = 0, one = 1;

/* Begun at 10 s: the function is called at 11, publishes at 12; served at 32. */
static void record_is_changed_once_the_function_has_run(void **state)
{
    (void)state;
    host_wire();
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "12 publish 1; 32 publish; 32 done; ");
}

/* The second is begun while the first one's change propagates: the first ends without a call,
 * though its change is served at 32 s. */
static void a_later_repointing_drops_the_one_under_way(void **state)
{
    (void)state;
    host_wire();
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 20 * SIM_S, begin, &zero);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "12 publish 1; 22 publish 0; 42 publish; 42 done; ");
}

/* Attempts end at 12, 12 + 60 + 1 and 73 + 120 + 1 s. After the last failure it does nothing more,
 * repaired or not. */
static void a_function_that_is_down_fails_after_three_tries(void **state)
{
    (void)state;
    host_wire();
    rig_call(&host.rig, 5 * SIM_S, break_function, &zero);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 200 * SIM_S, break_function, &one);
    rig_run(&host.rig);
    assert_string_equal(host.text.text, "194 failed; ");
}

static void each_repointing_has_three_tries_of_its_own(void **state)
{
    (void)state;
    host_wire();
    rig_call(&host.rig, 5 * SIM_S, break_function, &zero);
    rig_call(&host.rig, 10 * SIM_S, begin, &one);
    rig_call(&host.rig, 100 * SIM_S, begin, &one); /* after two tries */
    rig_call(&host.rig, 170 * SIM_S, break_function, &one);
    rig_run(&host.rig);
    /* tries end at 102, 163 and 284 s */
    assert_string_equal(host.text.text, "284 publish 1; 304 publish; 304 done; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(function_moves_as_drawn_in_every_state_on_every_event),
        cmocka_unit_test_setup_teardown(record_is_changed_once_the_function_has_run, host_open,
                                        host_close),
        cmocka_unit_test_setup_teardown(a_later_repointing_drops_the_one_under_way, host_open,
                                        host_close),
        cmocka_unit_test_setup_teardown(a_function_that_is_down_fails_after_three_tries, host_open,
                                        host_close),
        cmocka_unit_test_setup_teardown(each_repointing_has_three_tries_of_its_own, host_open,
                                        host_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
