// SPDX-License-Identifier: GPL-3.0-or-later
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "model_rig.h"
#include "control.h"
#include "deploy.h"
#include "fault_effects.h"
#include "link.h"
#include "objective.h"
#include "session_store.h"
#include "store_fault.h"
#include "stream.h"
#include "user.h"
#include "registry.h"

/* Every port that a fault can reach; each records calls and times: "10 cut west->east". */
struct journal {
    struct rig rig;
    struct strbuf text;
    struct stub {
        struct journal *journal;
        int a, b;
    } stubs[2][2], control_stub;
    struct link_fault_port links[2][2];
    struct power_port app[2], store[2];
    struct store_fault_port store_faults[2];
    struct illness_port apps_ill[2];
    struct deploy_port deploys[2];
    struct stream_port stream;
    struct control_port control;
    struct dns_port store_name;
    struct user_dns_port users_name;
    struct control_plane planes[6];
    struct objective_port objective;
};

static void note(const struct stub *stub, const char *what)
{
    struct journal *journal = stub->journal;

    strbuf_addf(&journal->text, "%d %s; ", (int)(sim_now(journal->rig.sim) / SIM_S), what);
}

static void note_link(void *self, const char *verb, const struct link_impairment *impairment)
{
    const struct stub *stub = self;
    static const char *const classes[] = {"", " application", " replication"};
    char what[96], spared[24] = "";

    if (impairment->spared_share > 0)
        snprintf(spared, sizeof spared, " spares %.2f", impairment->spared_share);
    snprintf(what, sizeof what, "%s %d>%d %.2f %d %d%s%s%s%s", verb, stub->a, stub->b,
             impairment->loss, (int)(impairment->delay / SIM_MS), impairment->blackhole,
             impairment->jitter ? " jitter" : "",
             impairment->bandwidth_bit_per_s > 0 ? " narrow" : "", classes[impairment->traffic],
             spared);
    note(stub, what);
}

static void link_begin(void *self, const struct link_impairment *impairment)
{
    note_link(self, "begin", impairment);
}

static void link_end(void *self, const struct link_impairment *impairment)
{
    note_link(self, "end", impairment);
}

static void note_region(const struct stub *stub, const char *what, bool on)
{
    char text[64];

    snprintf(text, sizeof text, "%s %d %s", what, stub->a, on ? "on" : "off");
    note(stub, text);
}

static void app_set(void *self, bool up)
{
    note_region(self, "app", up);
}

static void store_set(void *self, bool up)
{
    note_region(self, "store", up);
}

static void store_stall(void *self, bool begin)
{
    note_region(self, "stall", begin);
}

static void store_restart(void *self)
{
    note_region(self, "restart", true);
}

static void store_crash(void *self, enum crash_kind kind)
{
    static const char *const whats[] = {[CRASH_NONE] = "back",
                                        [CRASH_PROCESS] = "crash of the process",
                                        [CRASH_HOST] = "crash of the host"};

    note_region(self, whats[kind], kind == CRASH_NONE);
}

static void store_change_roles(void *self)
{
    note_region(self, "roles", true);
}

static void store_flush(void *self)
{
    note_region(self, "flush", true);
}

static void store_zone(void *self, uint32_t zone, enum zone_state state)
{
    static const char *const states[] = {"well", "cut", "down"};
    const struct stub *stub = self;
    char text[64];

    snprintf(text, sizeof text, "zone %d/%c %s", stub->a, (char)('a' + zone), states[state]);
    note(self, text);
}

static void app_ill(void *self, uint32_t part, const struct illness *illness)
{
    const struct stub *stub = self;
    char text[64];

    snprintf(text, sizeof text, "instance %d/%u%s%s", stub->a, part,
             illness->silent ? " silent" : "", illness->cut ? " cut" : "");
    note(self, text);
}

static void instance_restart(void *self, uint32_t instance)
{
    const struct stub *stub = self;
    char text[64];

    snprintf(text, sizeof text, "restart %d/%u", stub->a, instance);
    note(self, text);
}

static void deploy_begin(void *self, sim_dur over)
{
    char text[64];

    snprintf(text, sizeof text, "deploy %d over %d", ((struct stub *)self)->a, (int)(over / SIM_S));
    note(self, text);
}

static void stream_pause(void *self, int region, bool begin)
{
    char text[64];

    snprintf(text, sizeof text, "pause %d %s", region, begin ? "on" : "off");
    note(self, text);
}

static void stream_reset(void *self, int region)
{
    char text[64];

    snprintf(text, sizeof text, "reset %d", region);
    note(self, text);
}

/* Planes of the test: the part, and the number of those that have several. */
static const struct test_plane {
    const char *name, *home;
    enum control_part part;
    int number;
} test_planes[] = {
    {"monitoring", "", CONTROL_MONITORING, 0},
    {"function/west", "west", CONTROL_FUNCTION, 0},
    {"function/east", "east", CONTROL_FUNCTION, 1},
    {"api", "far", CONTROL_STORE_API, 0},
    {"dns", "east", CONTROL_DNS, 0},
    {"routing", "far", CONTROL_ROUTING, 0},
};
#define TEST_PLANES (sizeof test_planes / sizeof test_planes[0])

static void control_set(void *self, uint32_t index, const struct control_state *state)
{
    char text[64];

    snprintf(text, sizeof text, "%s %s%s %.2f", test_planes[index].name, state->up ? "up" : "down",
             state->throttled ? " throttled" : "", state->errors);
    note(self, text);
}

static void control_promote(void *self, int region)
{
    char text[64];

    snprintf(text, sizeof text, "promote %d", region);
    note(self, text);
}

static void store_name_answers(void *self, bool answers)
{
    note(self, answers ? "the store's name answers" : "the store's name is silent");
}

static void users_name_answers(void *self, bool answers)
{
    note(self, answers ? "the users' name answers" : "the users' name is silent");
}

static void control_restore(void *self, int region)
{
    char text[64];

    snprintf(text, sizeof text, "restore %d", region);
    note(self, text);
}

static void objective_onset(void *self, const char *kind)
{
    note(self, kind);
}

/* What all models and kinds take, wherever it is: which parts a scenario has is tested with whole
 * scenarios (fault_targets_test.c). */
static const struct model_rows *everything(void)
{
    static struct fault_capability faults[256];
    static struct model_rows rows;
    const struct fault_capability *row;
    struct supplied_rows supplied = {0};

    if (rows.faults)
        return &rows;
    for (size_t i = 0; i < model_registry_count; i++) {
        supplied_rows_add(&supplied, &model_registry[i]->rows);
        for (size_t kind = 0; kind < model_registry[i]->kind_count; kind++)
            supplied_rows_add(&supplied, &model_registry[i]->kinds[kind]->rows);
    }
    while ((row = supplied_fault(&supplied, rows.fault_count, NULL))) {
        assert_in_range(rows.fault_count, 0, sizeof faults / sizeof faults[0] - 1);
        faults[rows.fault_count++] = (struct fault_capability){row->target, row->action, NULL};
    }
    supplied_rows_release(&supplied);
    rows.faults = faults;
    return &rows;
}

static void journal_open(struct journal *j)
{
    *j = (struct journal){.text = STRBUF_INIT};
    rig_open(&j->rig, &fault_schedule_ops, 2, 100 * SIM_S);
    supplied_rows_add(&j->rig.rows, everything());
    j->control_stub = (struct stub){j, 0, 0};
    for (int a = 0; a < 2; a++) {
        for (int b = 0; b < 2; b++) {
            j->stubs[a][b] = (struct stub){j, a, b};
            j->links[a][b] = (struct link_fault_port){
                .self = &j->stubs[a][b], .begin = link_begin, .end = link_end, .via = -1};
            port_offer_link_fault(j->rig.ports, a, b, &j->links[a][b]);
        }
        j->app[a] = (struct power_port){&j->stubs[a][a], app_set};
        j->store[a] = (struct power_port){&j->stubs[a][a], store_set};
        j->store_faults[a] = (struct store_fault_port){.self = &j->stubs[a][a],
                                                       .stall = store_stall,
                                                       .restart = store_restart,
                                                       .crash = store_crash,
                                                       .zone = store_zone,
                                                       .change_roles = store_change_roles,
                                                       .flush = store_flush};
        j->apps_ill[a] = (struct illness_port){&j->stubs[a][a], 4, app_ill};
        port_offer_app_illness(j->rig.ports, a, -1, &j->apps_ill[a]);
        j->deploys[a] = (struct deploy_port){&j->stubs[a][a], deploy_begin, instance_restart};
        port_offer_deploy(j->rig.ports, a, -1, &j->deploys[a]);
        port_offer_power(j->rig.ports, a, POWER_APP, &j->app[a]);
        port_offer_power(j->rig.ports, a, POWER_STORE, &j->store[a]);
        port_offer_store_fault(j->rig.ports, a, -1, &j->store_faults[a]);
    }
    for (uint32_t i = 0; i < TEST_PLANES; i++) {
        j->planes[i] =
            (struct control_plane){&j->control_stub, i, test_planes[i].home, control_set};
        port_offer_control_plane(j->rig.ports, (int)test_planes[i].part, test_planes[i].number,
                                 &j->planes[i]);
    }
    j->control = (struct control_port){&j->control_stub, control_promote, control_restore};
    j->store_name =
        (struct dns_port){.self = &j->control_stub, .set_answering = store_name_answers};
    j->users_name =
        (struct user_dns_port){.self = &j->control_stub, .set_answering = users_name_answers};
    port_offer_dns(j->rig.ports, -1, -1, &j->store_name);
    port_offer_user_dns(j->rig.ports, -1, -1, &j->users_name);
    j->objective =
        (struct objective_port){.self = &j->control_stub, .fault_begin = objective_onset};
    j->stream = (struct stream_port){
        .self = &j->control_stub, .pause = stream_pause, .reset = stream_reset};
    port_offer_stream(j->rig.ports, -1, -1, &j->stream);
    port_offer_control(j->rig.ports, -1, -1, &j->control);
    port_offer_objective(j->rig.ports, -1, -1, &j->objective);
}

/* Fault `index` from text such as "at=10s for=5s link=west -> east loss=30%": pairs parted by '|'.
 */
static void fault(struct journal *j, size_t index, const char *text)
{
    char *copy = mem_strdup(text), *rest = copy, *pair;

    while ((pair = strtok_r(rest, "|", &rest)) != NULL) {
        char *value = strchr(pair, '=');

        *value++ = '\0';
        rig_set(&j->rig, index, pair, value);
    }
    free(copy);
}

static void journal_run(struct journal *j)
{
    for (size_t i = 0; i < j->rig.config_count; i++)
        if (!rig_check(&j->rig, i))
            fail_msg("%s", rig_validation.text);
    rig_wire(&j->rig);
    rig_run(&j->rig);
}

static void journal_close(struct journal *j)
{
    rig_close(&j->rig);
    strbuf_release(&j->text);
}

/* Faults as an author writes them, and all that they do. */
static const struct story {
    const char *faults[3];
    const char *calls;
} stories[] = {
    {{"at=10s|for=5s|link=east -> west|loss=30%|delay=20ms"},
     "10 link-fault; 10 begin 1>0 0.30 20 0; 15 end 1>0 0.30 20 0; "},
    {{"at=10s|for=5s|link=east -> west|traffic=replication|connections=30%|delay=exponential(1ms)"},
     "10 link-fault; 10 begin 1>0 0.00 0 0 jitter replication spares 0.70; "
     "15 end 1>0 0.00 0 0 jitter replication spares 0.70; "},
    {{"at=10s|link=east -> west|traffic=application|bandwidth=10Mbit/s"},
     "10 link-fault; 10 begin 1>0 0.00 0 0 narrow application; "},
    {{"at=10s|link=west <-> east|blackhole=true"},
     "10 link-fault; 10 begin 0>1 0.00 0 1; 10 begin 1>0 0.00 0 1; "},
    {{"at=10s|for=5s|link=west <-> west|delay=1ms"},
     "10 link-fault; 10 begin 0>0 0.00 1 0; 15 end 0>0 0.00 1 0; "},
    /* silent until the last fault of the name ends */
    {{"at=10s|for=10s|record=store|down=true", "at=15s|for=10s|record=store|down=true",
      "at=12s|for=1s|record=users|down=true"},
     "10 the store's name is silent; 12 the users' name is silent; 13 the users' name answers; "
     "25 the store's name answers; "},
    {{"at=10s|for=20s|region=west|down=true"},
     "10 region-loss; 10 begin 0>1 0.00 0 1; 10 begin 1>0 0.00 0 1; 10 store 0 off; 10 app 0 off; "
     "10 function/west down 0.00; "
     "30 end 0>1 0.00 0 1; 30 end 1>0 0.00 0 1; 30 store 0 on; 30 app 0 on; "
     "30 function/west up 0.00; "},
    /* the home of the DNS control plane */
    {{"at=10s|for=20s|region=east|down=true"},
     "10 region-loss; 10 begin 0>1 0.00 0 1; 10 begin 1>0 0.00 0 1; 10 store 1 off; 10 app 1 off; "
     "10 function/east down 0.00; 10 dns down 0.00; 30 end 0>1 0.00 0 1; 30 end 1>0 0.00 0 1; "
     "30 store 1 on; 30 app 1 on; 30 function/east up 0.00; 30 dns up 0.00; "},
    {{"at=10s|for=5s|store=east|stall=true"}, "10 store-fault; 10 stall 1 on; 15 stall 1 off; "},
    {{"at=10s|for=5s|store=east|restart=true"}, "10 store-fault; 10 restart 1 on; "},
    {{"at=10s|for=5s|store=east|role_change=true"}, "10 role-change; 10 roles 1 on; "},
    {{"at=10s|for=5s|store=east|flush=true"}, "10 store-fault; 10 flush 1 on; "},
    {{"at=10s|store=east|restore=true"}, "10 restore 1; "},
    {{"at=10s|for=5s|store=east|crash=process"},
     "10 store-fault; 10 crash of the process 1 off; 15 back 1 on; "},
    {{"at=10s|store=west|crash=host"}, "10 store-fault; 10 crash of the host 0 off; "},
    {{"at=10s|for=5s|replication=east|pause=true"}, "10 pause 1 on; 15 pause 1 off; "},
    /* takes no time: `for` only sets the window of the statistics */
    {{"at=10s|for=5s|replication=east|reset=true"}, "10 reset 1; "},
    {{"at=10s|for=5s|replication=east|pause=true|reset=true"},
     "10 reset 1; 10 pause 1 on; 15 pause 1 off; "},
    {{"at=10s|for=60s|region=east|deploy=true"}, "10 deploy; 10 deploy 1 over 60; "},
    {{"at=10s|for=5s|control=monitoring|down=true"},
     "10 monitoring down 0.00; 15 monitoring up 0.00; "},
    {{"at=10s|for=5s|control=function|down=true"},
     "10 function/west down 0.00; 10 function/east down 0.00; "
     "15 function/west up 0.00; 15 function/east up 0.00; "},
    {{"at=10s|for=5s|control=store-api|down=true"}, "10 api down 0.00; 15 api up 0.00; "},
    {{"at=10s|for=5s|control=dns|down=true"}, "10 dns down 0.00; 15 dns up 0.00; "},
    {{"at=10s|for=5s|control=dns|errors=20%|throttle=true"},
     "10 dns up throttled 0.20; 15 dns up 0.00; "},
    /* all control planes of a home, and nothing else there */
    {{"at=10s|for=5s|home=east|down=true"},
     "10 function/east down 0.00; 10 dns down 0.00; 15 function/east up 0.00; 15 dns up 0.00; "},
    /* errors as independent causes: 1 - 0.8 x 0.5; down until the last of two ends */
    {{"at=10s|for=10s|control=dns|errors=20%", "at=15s|for=10s|control=dns|errors=50%"},
     "10 dns up 0.20; 15 dns up 0.60; 20 dns up 0.50; 25 dns up 0.00; "},
    {{"at=10s|for=10s|control=dns|down=true", "at=15s|for=10s|home=east|down=true"},
     "10 dns down 0.00; 15 function/east down 0.00; 25 function/east up 0.00; 25 dns up 0.00; "},
    {{"at=10s|promote=east"}, "10 promote 1; "},
    /* three zones: instances 0 and 3 are in a, 1 in b, 2 in c */
    {{"at=10s|for=5s|zone=west/b|down=true"},
     "10 zone-loss; 10 instance 0/0; 10 instance 0/1 silent; 10 instance 0/2; 10 instance 0/3; "
     "10 zone 0/b down; 15 instance 0/0; 15 instance 0/1; 15 instance 0/2; 15 instance 0/3; "
     "15 zone 0/b well; "},
    /* power weighs more than isolation, which remains */
    {{"at=10s|for=20s|zone=east/a|isolate=true", "at=15s|for=5s|zone=east/a-b|down=true"},
     "10 zone-loss; 10 instance 1/0 silent cut; 10 instance 1/1; 10 instance 1/2; "
     "10 instance 1/3 silent cut; 10 zone 1/a cut; "
     "15 zone-loss; 15 instance 1/0 silent; 15 instance 1/1 silent; 15 instance 1/2; "
     "15 instance 1/3 silent; 15 zone 1/a down; 15 zone 1/b down; "
     "20 instance 1/0 silent cut; 20 instance 1/1; 20 instance 1/2; 20 instance 1/3 silent cut; "
     "20 zone 1/a cut; 20 zone 1/b well; "
     "30 instance 1/0; 30 instance 1/1; 30 instance 1/2; 30 instance 1/3; 30 zone 1/a well; "},
    /* overlapping, and one that begins where the other ends: down without a gap */
    {{"at=10s|for=10s|store=west|stall=true", "at=15s|for=10s|store=west|stall=true",
      "at=25s|for=5s|store=west|stall=true"},
     "10 store-fault; 10 stall 0 on; 15 store-fault; 25 store-fault; 30 stall 0 off; "},
    {{"at=10s|for=10s|store=west|crash=process", "at=15s|for=10s|store=west|crash=host"},
     "10 store-fault; 10 crash of the process 0 off; 15 store-fault; 25 back 0 on; "},
    {{"at=10s|for=10s|replication=west|pause=true", "at=15s|for=10s|replication=west|pause=true"},
     "10 pause 0 on; 25 pause 0 off; "},
    {{"at=10s|for=10s|region=west|down=true", "at=15s|for=10s|region=west|down=true"},
     "10 region-loss; 10 begin 0>1 0.00 0 1; 10 begin 1>0 0.00 0 1; 10 store 0 off; 10 app 0 off; "
     "10 function/west down 0.00; 15 region-loss; "
     "25 end 0>1 0.00 0 1; 25 end 1>0 0.00 0 1; 25 store 0 on; 25 app 0 on; "
     "25 function/west up 0.00; "},
    /* repetition: twice, and until the end at 100 s */
    {{"at=10s|for=5s|every=20s|times=2|store=west|stall=true"},
     "10 store-fault; 10 stall 0 on; 15 stall 0 off; "
     "30 store-fault; 30 stall 0 on; 35 stall 0 off; "},
    {{"at=10s|for=5s|every=50s|store=west|stall=true"},
     "10 store-fault; 10 stall 0 on; 15 stall 0 off; "
     "60 store-fault; 60 stall 0 on; 65 stall 0 off; "},
    /* one after another: from the last end, from a promotion, and along a chain */
    {{"at=5s|after=cut|store=east|restart=true",
      "at=10s|for=5s|every=20s|times=2|name=cut|store=west|stall=true"},
     "10 store-fault; 10 stall 0 on; 15 stall 0 off; "
     "30 store-fault; 30 stall 0 on; 35 stall 0 off; 40 store-fault; 40 restart 1 on; "},
    {{"at=10s|name=p|promote=east", "at=0s|after=p|for=5s|name=q|control=dns|down=true",
      "at=1s|after=q|promote=west"},
     "10 promote 1; 10 dns down 0.00; 15 dns up 0.00; 16 promote 0; "},
    /* one instance, now: it harms no write by itself */
    {{"at=10s|for=5s|instance=east/2|restart=true"}, "10 restart 1/2; "},
    /* strength zero: nothing at all */
    {{"at=10s|for=5s|link=east -> west|loss=0%"}, ""},
    {{"at=10s|link=east <-> west|loss=0%|delay=0s"}, ""},
    {{"at=10s|link=east <-> west|blackhole=true|connections=0%"}, ""},
};

static void ports_are_called_as_the_stories_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        struct journal j;

        journal_open(&j);
        for (size_t f = 0; f < 3 && stories[i].faults[f]; f++)
            fault(&j, f, stories[i].faults[f]);
        journal_run(&j);
        assert_string_equal(j.text.text, stories[i].calls);
        journal_close(&j);
    }
}

/* Digest and number of events are those of a run without any fault; the window is marked all the
 * same. */
static void fault_schedule_of_strength_zero_changes_nothing(void **state)
{
    struct journal with, without;
    struct probe_span span;

    (void)state;
    journal_open(&with);
    fault(&with, 0, "at=10s|for=5s|link=east -> west|loss=0%");
    journal_run(&with);
    journal_open(&without);
    journal_run(&without);
    assert_int_equal(with.rig.outcome.digest, without.rig.outcome.digest);
    assert_int_equal(with.rig.outcome.event_count, without.rig.outcome.event_count);
    assert_int_equal(with.rig.log.event_count, 0);
    assert_true(fault_schedule_ops.span(with.rig.configs, 1, 0, &span));
    assert_int_equal(span.from, 10 * SIM_S);
    assert_int_equal(span.to, 15 * SIM_S);
    journal_close(&with);
    journal_close(&without);
}

static void run_log_has_when_and_what(void **state)
{
    struct journal j;

    (void)state;
    journal_open(&j);
    fault(&j, 0, "at=10s|for=5s|link=east -> west|loss=30%|delay=20ms");
    journal_run(&j);
    assert_int_equal(j.rig.log.event_count, 2);
    assert_string_equal(j.rig.log.events[0].subject, "east -> west");
    assert_string_equal(j.rig.log.events[0].text, "begins: loss 30%, delay 20 ms");
    assert_string_equal(j.rig.log.events[1].text, "ends: loss 30%, delay 20 ms");
    journal_close(&j);
}

#define ALL_TARGETS                                                                                \
    "'control: accelerator', 'control: compute', 'control: dns', 'control: function', "            \
    "'control: monitoring', 'control: routing', "                                                  \
    "'control: store-api', 'gateway', 'home', "                                                    \
    "'instance', 'link', 'traffic: application', 'traffic: replication', 'node', 'promote', "      \
    "'record: store', 'record: users', 'region', 'replication', 'store', 'zone'\n"

static const struct error {
    const char *faults[3]; /* the first is wrong */
    const char *error;
} errors[] = {
    {{"at=10s|loss=30%"}, "(all): needs a target: one of " ALL_TARGETS},
    {{"at=10s|region=west|store=west|down=true"},
     "(all): has 2 targets, 'region', 'store'; write one fault for each\n"},
    {{"at=10s|region=west|down=true|loss=30%"},
     "loss: does not go with 'region', which takes 'down: true' or 'deploy: true'\n"},
    {{"at=10s|link=west -> east|down=true"},
     "down: does not go with 'link', which takes 'loss', "
     "'delay', 'bandwidth', 'cross_traffic', 'blackhole: true', 'hold: true' or 'reset: true'\n"},
    {{"at=10s|promote=east|down=true"},
     "down: does not go with 'promote', which takes no effect: it is an action\n"},
    {{"at=10s|home=far|down=true"},
     "home: is the home of no control plane: 'far'; homes are 'west', 'east'\n"},
    {{"at=10s|region=west"},
     "(all): does nothing to its 'region'; add 'down: true' or 'deploy: true'\n"},
    {{"at=10s|store=west"},
     "(all): does nothing to its 'store'; add 'stall: true', 'restart: true', 'role_change: true', "
     "'flush: true', 'restore: true', 'crash: true', 'errors', 'slow', 'throttled', "
     "'conflicts', 'corrupt' or 'access'\n"},
    {{"at=10s|for=5s|every=5s|link=west -> east|loss=30%"},
     "every: needs a 'for' below it: each repetition must end before the next begins\n"},
    {{"at=10s|for=5s|times=3|link=west -> east|loss=30%"},
     "times: needs 'every', such as '10s', or 'mtbf'\n"},
    {{"at=40min|region=west|down=true"}, "at: is 40 min, after the end of the run at 100 s\n"},
    {{"at=100s|promote=west"}, "at: is 100 s, not before the end of the run at 100 s\n"},
    /* targets that no model of this scenario simulates */
    {{"at=10s|instance=west/1|down=true"},
     "down: does not go with 'instance', which takes 'restart: true', 'crash: true', "
     "'errors' or 'slow'\n"},
    {{"at=10s|node=west/1|down=true"},
     "down: does not go with 'node', which takes 'crash: true', 'errors' or 'slow'\n"},
    {{"at=10s|instance=west/2-1|slow=3"},
     "instance: needs a region of the scenario and a number, such as 'west/0', 'west/0-2' or "
     "'west/*', got 'west/2-1'\n"},
    {{"at=10s|mtbf=60s|store=west|stall=true"},
     "mtbf: needs 'mttr' or 'for', such as 'mttr: 5min'\n"},
    {{"at=10s|mtbf=60s|mttr=10s|for=10s|store=west|stall=true"},
     "mttr: does not go with 'for'; give one of them\n"},
    {{"at=10s|mttr=10s|store=west|stall=true"}, "mttr: needs 'mtbf', such as '1h'\n"},
    {{"at=10s|for=1s|every=10s|mtbf=60s|store=west|stall=true"},
     "mtbf: does not go with 'every'; give one of them\n"},
    {{"at=1s|after=cut|region=west|down=true",
      "at=1s|mtbf=60s|mttr=10s|name=cut|region=east|down=true"},
     "after: names a random process ('mtbf'), whose ends are not known: 'cut'\n"},
    {{"at=10s|link=west -> east|traffic=replication|reset=true"},
     "reset: does not go with 'link/replication', which takes 'loss', 'delay', 'bandwidth', "
     "'blackhole: true' or 'hold: true'\n"},
    {{"at=10s|record=sessions|down=true"},
     "record: cannot be hit: this scenario has no 'record: sessions'; its targets "
     "are " ALL_TARGETS},
    {{"at=10s|zone=north/a|down=true"},
     "zone: needs a region of the scenario and a letter, such as 'west/a', "
     "'west/a-c' or 'west/*', got 'north/a'\n"},
    {{"at=10s|zone=west/1|down=true"},
     "zone: needs a region of the scenario and a letter, such as 'west/a', "
     "'west/a-c' or 'west/*', got 'west/1'\n"},
    {{"at=10s|zone=wst/a|down=true"},
     "zone: needs a region of the scenario and a letter, such as 'west/a', "
     "'west/a-c' or 'west/*', got 'wst/a'; did you "
     "mean 'west'?\n"},
    {{"at=10s|store=west|traffic=replication|stall=true"},
     "traffic: needs a 'link', such as 'a -> b'\n"},
    {{"at=10s|node=west|crash=host"},
     "node: needs a region of the scenario and a number, such as 'west/0', "
     "'west/0-2' or 'west/*', got 'west'\n"},
    /* times that follow another fault */
    {{"at=1s|after=cut|region=west|down=true"},
     "after: names no fault: 'cut'; give that fault a name, such as {name: cut, ...}\n"},
    {{"at=1s|after=cat|region=west|down=true", "at=1s|for=1s|name=cut|region=east|down=true"},
     "after: names no fault: 'cat'; did you mean 'cut'?\n"},
    {{"at=1s|after=cut|region=west|down=true", "at=1s|name=cut|region=east|down=true"},
     "after: names a fault that does not end: give 'cut' a 'for'\n"},
    {{"at=1s|after=cut|region=west|down=true",
      "at=1s|for=1s|every=5s|name=cut|region=east|down=true"},
     "after: names a fault that does not end: give 'cut' a 'times'\n"},
    {{"at=1s|for=1s|name=a|after=b|region=west|down=true",
      "at=1s|for=1s|name=b|after=a|region=east|down=true"},
     "after: is part of a circle, or of a chain of more than 16 faults\n"},
    {{"at=60s|after=cut|region=west|down=true", "at=30s|for=10s|name=cut|region=east|down=true"},
     "at: is 100 s, not before the end of the run at 100 s\n"},
};

static void each_error_has_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct journal j;

        journal_open(&j);
        for (size_t f = 0; f < 3 && errors[i].faults[f]; f++)
            fault(&j, f, errors[i].faults[f]);
        assert_false(rig_check(&j.rig, 0));
        assert_string_equal(rig_validation.text, errors[i].error);
        journal_close(&j);
    }
}

static void a_name_is_given_once(void **state)
{
    struct journal j;

    (void)state;
    journal_open(&j);
    fault(&j, 0, "at=1s|for=1s|name=cut|region=west|down=true");
    fault(&j, 1, "at=5s|for=1s|name=cut|region=west|down=true");
    assert_true(rig_check(&j.rig, 0));
    assert_false(rig_check(&j.rig, 1));
    assert_string_equal(rig_validation.text,
                        "name: 'cut' is the name of another fault: faults.0\n");
    journal_close(&j);
}

/* A scenario without a model of the replication: what was possible is refused, not ignored. */
static void a_target_that_no_model_simulates_is_refused(void **state)
{
    struct journal j;

    (void)state;
    journal_open(&j);
    fault(&j, 0, "at=1s|replication=west|pause=true");
    assert_true(rig_check(&j.rig, 0));
    supplied_rows_release(&j.rig.rows);
    supplied_rows_add(&j.rig.rows, &dns_zone_ops.rows);
    assert_false(rig_check(&j.rig, 0));
    assert_string_equal(rig_validation.text,
                        "replication: cannot be hit: this scenario has no 'replication'; its "
                        "targets are 'control: dns', 'home'\n");
    journal_close(&j);
}

/* Each declared capability has an effect, and each effect is declared by some model. */
static void capabilities_and_effects_are_the_same(void **state)
{
    const struct fault_capability *row;
    bool taken[FAULT_TARGETS][FAULT_ACTIONS] = {{false}};
    struct journal j;

    (void)state;
    journal_open(&j);
    for (size_t i = 0; (row = supplied_fault(&j.rig.rows, i, NULL)); i++) {
        size_t length = strcspn(row->target, "/");
        int found = 0;

        for (int target = 0; target < FAULT_TARGETS; target++)
            for (int action = 0; action < FAULT_ACTIONS; action++) {
                const char *key = fault_target_key((enum fault_target)target);

                if (strlen(key) == length && strncmp(key, row->target, length) == 0 &&
                    strcmp(fault_action_name((enum fault_action)action), row->action) == 0) {
                    assert_true(
                        fault_has_effect((enum fault_target)target, (enum fault_action)action));
                    taken[target][action] = true;
                    found++;
                }
            }
        assert_int_equal(found, 1);
    }
    for (int target = 0; target < FAULT_TARGETS; target++)
        for (int action = 0; action < FAULT_ACTIONS; action++)
            assert_int_equal(fault_has_effect((enum fault_target)target, (enum fault_action)action),
                             taken[target][action]);
    journal_close(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_called_as_the_stories_say),
        cmocka_unit_test(fault_schedule_of_strength_zero_changes_nothing),
        cmocka_unit_test(run_log_has_when_and_what),
        cmocka_unit_test(each_error_has_its_message),
        cmocka_unit_test(a_name_is_given_once),
        cmocka_unit_test(a_target_that_no_model_simulates_is_refused),
        cmocka_unit_test(capabilities_and_effects_are_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
