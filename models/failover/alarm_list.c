// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Alarms by name: each on a metric (alarm_watch.h), or composite, on the states of others
 * (alarm_rule.h).
 *
 * A rule names alarms that come before its own in the list, so a change passes through the list
 * once, from the first alarm to the last. A composite alarm is evaluated in the event in which an
 * alarm of its rule changes, and logs the change as caused by that one.
 */
#include "alarm_rule.h"
#include "alarm_watch.h"
#include "alarms.h"
#include "bug.h"
#include "mem.h"
#include "model.h"
#include "registry.h"
#include "run_log.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

struct alarm_item_config {
    char *name, *rule;
    struct alarm_config alarm;
};

#define MODEL_CONFIG struct alarm_item_config
// clang-format off
static const struct field alarm_list_fields[] = {
    TEXT("name", name, "name of the alarm, for rules, `failover.on` and the run log", "assumption"),
    TEXT("rule", rule, "composite alarm: a condition on alarms before it in the list, such as 'errors and not (deploy or ok(traffic))'; a name holds while that alarm is raised; the parameters of a metric have no effect", "facts E"),
    ALARM_FIELDS("", alarm),
};
// clang-format on

struct alarm_item {
    struct alarm_list *list;
    const struct alarm_item_config *config;
    char *instance;                 /* "alarm_list/errors" */
    struct alarm_watch *watch;      /* NULL: composite */
    struct composite_rule rule;     /* composite */
    struct alarm_listener listener; /* self NULL: none */
};

struct alarm_list {
    struct sim *sim;
    struct run_log *log;
    struct alarm_item *items;
    enum alarm_state *states; /* by item */
    uint32_t count;
    struct alarms_port port;
};

/* --- states ---------------------------------------------------------------------------------- */

static void item_set(struct alarm_item *item, enum alarm_state now)
{
    enum alarm_state *state = &item->list->states[item - item->list->items], before = *state;

    *state = now;
    if (item->listener.self)
        item->listener.changed(item->listener.self, before, now);
}

static void composite_update(struct alarm_item *item)
{
    struct alarm_list *list = item->list;
    enum alarm_state before = list->states[item - list->items];
    enum alarm_state now = composite_rule_holds(&item->rule, list->states) ? ALARM_ALARM : ALARM_OK;
    struct cause cause = {0};

    if (now == before)
        return;
    cause.number = run_log_event(list->log, sim_now(list->sim), "alarm", "", sim_cause(list->sim),
                                 item->config->rule, "the alarm '%s' is %s", item->config->name,
                                 now == ALARM_ALARM ? "raised" : "over");
    sim_set_cause(list->sim, cause);
    item_set(item, now);
}

/* An alarm on a metric has changed: so may those that are composed of it, in the order of the
 * list. */
static void item_on_change(void *self, enum alarm_state before, enum alarm_state now)
{
    struct alarm_item *item = self;
    struct alarm_list *list = item->list;
    struct cause cause = sim_cause(list->sim);

    (void)before;
    item_set(item, now);
    for (uint32_t i = (uint32_t)(item - list->items) + 1; i < list->count; i++)
        if (!list->items[i].watch) {
            sim_set_cause(list->sim, cause);
            composite_update(&list->items[i]);
        }
}

/* --- names ----------------------------------------------------------------------------------- */

struct names {
    const struct alarm_item_config *items;
    size_t count;
};

static int find_name(const void *self, const char *name)
{
    const struct names *names = self;

    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].name && strcmp(names->items[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int alarm_list_find(const void *self, const char *name)
{
    const struct alarm_list *list = self;

    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].config->name, name) == 0)
            return (int)i;
    return -1;
}

static void alarm_list_listen(void *self, int alarm, const struct alarm_listener *listener)
{
    struct alarm_list *list = self;

    invariant(alarm >= 0 && (uint32_t)alarm < list->count && !list->items[alarm].listener.self);
    list->items[alarm].listener = *listener;
}

/* --- the model ------------------------------------------------------------------------------- */

static void alarm_list_check(const void *config, const struct check_context *context,
                             struct validation *validation)
{
    const struct alarm_item_config *c = config;
    const struct names before = {context->items, context->item};
    struct composite_rule rule;
    struct strbuf why = STRBUF_INIT;

    if (!c->name || !alarm_name_is_valid(c->name))
        validation_error(validation, "name",
                         "needs a name of letters, digits, '-', '_' and '.', at most 63, that is "
                         "none of the words of a rule: and, or, not, ok, insufficient");
    else if (find_name(&before, c->name) >= 0)
        validation_error(validation, "name", "'%s' is the name of another alarm: alarms.%d",
                         c->name, find_name(&before, c->name));
    if (!c->rule)
        alarm_config_check(&c->alarm, "", context, validation);
    else if (!composite_rule_read(&rule, c->rule, find_name, &before, &why))
        validation_error(validation, "rule", "%s", why.text);
    strbuf_release(&why);
}

static void item_init(struct alarm_item *item, const struct model_env *env, uint32_t index)
{
    struct model_env own = *env;
    struct strbuf instance = STRBUF_INIT, why = STRBUF_INIT;
    const struct alarm_item_config *configs = env->config;
    const struct names before = {configs, index};

    strbuf_addf(&instance, "%s/%s", env->instance, item->config->name);
    item->instance = strbuf_detach(&instance);
    own.instance = item->instance;
    if (!item->config->rule)
        item->watch = alarm_watch_create(
            &own, &(struct alarm_watch_config){.config = &item->config->alarm,
                                               .name = item->config->name,
                                               .plane = item->list->port.plane_count++,
                                               .raised_at = -1,
                                               .listener = {item, item_on_change}});
    else if (!composite_rule_read(&item->rule, item->config->rule, find_name, &before, &why))
        BUG("a rule was not checked: %s", why.text);
    strbuf_release(&why);
}

static void alarm_list_init(void *self, const struct model_env *env)
{
    struct alarm_list *list = self;
    const struct alarm_item_config *configs = env->config;

    list->sim = env->sim;
    list->log = env->log;
    list->count = (uint32_t)env->config_count;
    list->port = (struct alarms_port){list, 0, alarm_list_find, alarm_list_listen};
    list->items = mem_zalloc(list->count, sizeof list->items[0]);
    list->states = mem_zalloc(list->count, sizeof list->states[0]); /* ALARM_OK */
    for (uint32_t i = 0; i < list->count; i++) {
        list->items[i].list = list;
        list->items[i].config = &configs[i];
        item_init(&list->items[i], env, i);
    }
    port_offer_alarms(env->ports, -1, -1, &list->port);
}

static void alarm_list_connect(void *self, const struct port_directory *ports)
{
    struct alarm_list *list = self;

    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].watch)
            alarm_watch_connect(list->items[i].watch, ports);
}

static void alarm_list_start(void *self)
{
    struct alarm_list *list = self;

    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].watch)
            alarm_watch_start(list->items[i].watch);
        else
            composite_update(&list->items[i]); /* 'not errors' holds from the start */
}

static void alarm_list_fini(void *self)
{
    struct alarm_list *list = self;

    for (uint32_t i = 0; i < list->count; i++) {
        alarm_watch_free(list->items[i].watch);
        free(list->items[i].instance);
    }
    free(list->items);
    free(list->states);
}

static bool has_rule(const void *config, const struct check_context *context)
{
    const struct alarm_item_config *c = config;

    (void)config, (void)context;
    return c->rule && strcmp(c->alarm.metric, "write-error-rate") != 0;
}

static const struct lint_row alarm_list_lints[] = {
    {.code = "alarm-rule-and-metric",
     .field = "metric",
     .meaning = "a composite alarm ('rule') evaluates no metric: this one has no effect",
     .applies = has_rule},
};

const struct model_ops alarm_list_ops = {
    .name = "alarm_list",
    .section = "alarms",
    .meaning = "alarms by name: on metrics, and composite ones",
    .scope = MODEL_LIST,
    .config_size = sizeof(struct alarm_item_config),
    .state_size = sizeof(struct alarm_list),
    FIELD_TABLE(alarm_list_fields),
    .rows = {LINT_TABLE(alarm_list_lints)},
    .check = alarm_list_check,
    .init = alarm_list_init,
    .connect = alarm_list_connect,
    .start = alarm_list_start,
    .fini = alarm_list_fini,
};
