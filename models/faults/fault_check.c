// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_check.h"

#include "fault_effects.h"
#include "fault_times.h"
#include "suggest.h"
#include "units.h"

#include <string.h>

/* --- times ----------------------------------------------------------------------------------- */

static void check_name(const struct fault_list *list, size_t index, struct validation *validation)
{
    const char *name = list->items[index].name;

    if (name && fault_find(list, name) < index)
        validation_error(validation, "name", "'%s' is the name of another fault: faults.%zu", name,
                         fault_find(list, name));
}

static void unknown_name(const struct fault_list *list, const char *name,
                         struct validation *validation)
{
    const char *names[64], *near;
    size_t count = 0;

    for (size_t i = 0; i < list->count && count < 64; i++)
        if (list->items[i].name)
            names[count++] = list->items[i].name;
    near = suggest_nearest(name, names, count);
    if (near)
        validation_error(validation, "after", "names no fault: '%s'; did you mean '%s'?", name,
                         near);
    else
        validation_error(validation, "after",
                         "names no fault: '%s'; give that fault a name, such as {name: %s, ...}",
                         name, name);
}

/* Returns whether the fault has a beginning. Errors further up the chain are reported there. */
static bool check_after(const struct fault_list *list, size_t index, struct validation *validation)
{
    const char *after = list->items[index].after;
    enum fault_chain chain = fault_chain(list, index);
    size_t before;

    if (!after)
        return true;
    before = fault_find(list, after);
    if (before == FAULT_NONE)
        unknown_name(list, after, validation);
    else if (chain == CHAIN_ENDLESS)
        validation_error(validation, "after",
                         "is part of a circle, or of a chain of more than %d faults",
                         FAULT_CHAIN_MAX);
    else if (chain == CHAIN_GOOD && list->items[before].mtbf_ns > 0)
        validation_error(validation, "after",
                         "names a random process ('mtbf'), whose ends are not known: '%s'", after);
    else if (chain == CHAIN_GOOD && fault_end(list, before) == SIM_NEVER &&
             fault_begin(list, before) != SIM_NEVER)
        validation_error(validation, "after", "names a fault that does not end: give '%s' a '%s'",
                         after, list->items[before].for_ns > 0 ? "times" : "for");
    return chain == CHAIN_GOOD && fault_begin(list, index) != SIM_NEVER;
}

static void check_at(sim_time begin, sim_time end, struct validation *validation)
{
    struct strbuf at = STRBUF_INIT, until = STRBUF_INIT;

    if (begin < end)
        return;
    units_add(&at, (double)begin, UNIT_NS, 3);
    units_add(&until, (double)end, UNIT_NS, 3);
    validation_error(validation, "at", "is %s, %s the end of the run at %s", at.text,
                     begin > end ? "after" : "not before", until.text);
    strbuf_release(&at);
    strbuf_release(&until);
}

static void check_process(const struct fault_config *config, struct validation *validation)
{
    bool lasts = config->mttr_ns > 0 || config->for_ns > 0;

    if (config->every_ns > 0)
        validation_error(validation, "mtbf", "does not go with 'every'; give one of them");
    if (config->mttr_ns > 0 && (config->for_ns > 0 || config->deploy))
        validation_error(validation, "mttr",
                         config->deploy ? "does not go with 'deploy', which takes 'for'"
                                        : "does not go with 'for'; give one of them");
    if (!lasts && !fault_is_at_once(config))
        validation_error(validation, "mtbf", "needs 'mttr' or 'for', such as 'mttr: 5min'");
}

#define OCCURRENCES_MAX 1e6 /* as of 'times' */

/* A fault with a tiny period would have more events than all else together. */
static void check_occurrences(const struct fault_config *config, sim_time begin, sim_time end,
                              struct validation *validation)
{
    double period = config->every_ns > 0
                        ? (double)config->every_ns
                        : (double)config->mtbf_ns + (double)(config->mttr_ns + config->for_ns);
    double count = period > 0 ? (double)(end - begin) / period : 0;

    if (config->times == 0 && count > OCCURRENCES_MAX)
        validation_error(validation, config->every_ns > 0 ? "every" : "mtbf",
                         "makes some %.2g occurrences until the end of the run, more than 1M; "
                         "limit them by 'times'",
                         count);
}

static void check_repetition(const struct fault_config *config, struct validation *validation)
{
    if (config->every_ns > 0 && (config->for_ns == 0 || config->for_ns >= config->every_ns))
        validation_error(validation, "every",
                         "needs a 'for' below it: each repetition must end before the next begins");
    if (config->times > 0 && config->every_ns == 0 && config->mtbf_ns == 0)
        validation_error(validation, "times", "needs 'every', such as '10s', or 'mtbf'");
    if (config->mtbf_ns > 0)
        check_process(config, validation);
    else if (config->mttr_ns > 0)
        validation_error(validation, "mttr", "needs 'mtbf', such as '1h'");
}

/* --- targets and their actions --------------------------------------------------------------- */

/* "'loss', 'delay' or 'blackhole: true'". */
static void add_examples(struct strbuf *out, unsigned actions)
{
    const char *before = "";

    for (unsigned action = 0; action < FAULT_ACTIONS; action++) {
        if (!(actions & ACTION_BIT(action)))
            continue;
        actions &= ~ACTION_BIT(action);
        strbuf_addf(out, "%s%s", before, fault_action_example((enum fault_action)action));
        before = (actions & (actions - 1)) ? ", " : " or ";
    }
}

static void check_actions(const struct fault_config *config, const char *name, unsigned possible,
                          struct validation *validation)
{
    struct strbuf examples = STRBUF_INIT;
    unsigned actions = fault_actions(config), amounts = 0;
    bool is_neutral = false; /* "slow: 1x", a point of a sweep */

    add_examples(&examples, possible);
    for (unsigned action = 0; action < FAULT_ACTIONS; action++) {
        if (fault_action_is_amount((enum fault_action)action))
            amounts |= ACTION_BIT(action);
        if ((possible & ACTION_BIT(action)) &&
            validation_is_given(validation, fault_action_name((enum fault_action)action)))
            is_neutral = true;
        if (actions & ~possible & ACTION_BIT(action))
            validation_error(validation, fault_action_name((enum fault_action)action),
                             "does not go with '%s', which takes %s", name, examples.text);
    }
    if (actions == 0 && !is_neutral && !(possible & amounts))
        validation_error(validation, NULL, "does nothing to its '%s'; add %s", name, examples.text);
    strbuf_release(&examples);
}

/* --- parts that exist ------------------------------------------------------------------------ */

/* How many parts of that name that take an action (NULL: any) there are in a region, or on the link
 * from there to `peer`. */
static uint32_t count_takers(const struct check_context *context, const char *name,
                             const char *action, int region, int peer)
{
    const struct fault_capability *row;
    const struct model_rows *owner;
    uint32_t most = 0;

    for (size_t i = 0; (row = supplied_fault(context->rows, i, &owner)); i++) {
        if (strcmp(row->target, name) != 0 || (action && strcmp(row->action, action) != 0))
            continue;
        if (!row->parts)
            return UINT32_MAX;
        for (size_t j = 0; j < context->instance_count; j++) {
            const struct scenario_instance *instance = &context->instances[j];
            const struct check_context of = check_context_of(context, instance, 0);
            uint32_t parts;

            if (!instance_has_rows(instance, owner))
                continue;
            parts = row->parts(instance->config, &of, region, peer);
            most = parts > most ? parts : most;
        }
    }
    return most;
}

/* The actions that the scenario's models declare for a target, as bits: in its region, if it has
 * one. */
static unsigned possible_actions(const struct check_context *context, const char *target,
                                 int region)
{
    const struct fault_capability *row;
    unsigned actions = 0;

    for (size_t i = 0; (row = supplied_fault(context->rows, i, NULL)); i++)
        for (unsigned action = 0; action < FAULT_ACTIONS; action++)
            if (strcmp(row->target, target) == 0 &&
                strcmp(row->action, fault_action_name((enum fault_action)action)) == 0 &&
                (region < 0 || count_takers(context, target, row->action, region, -1) > 0))
                actions |= ACTION_BIT(action);
    return actions;
}

static uint32_t count_parts(const struct check_context *context, const char *name, int region,
                            int peer)
{
    return count_takers(context, name, NULL, region, peer);
}

/* "link", "link/replication". */
static bool is_link(const char *name)
{
    const char *key = fault_target_key(TARGET_LINK);

    return strncmp(name, key, strlen(key)) == 0;
}

/* Is there a part of that name anywhere? */
static bool has_parts(const struct check_context *context, const char *name)
{
    int region_count = (int)context->topology->region_count;
    int peer_count = is_link(name) ? region_count : 0;

    for (int region = -1; region < region_count; region++)
        for (int peer = -1; peer < peer_count; peer++)
            if (count_parts(context, name, region, peer) > 0)
                return true;
    return false;
}

#define LINK_ROUTES "link/route" /* no target of its own: 'route: 2' of a link */

/* A target as it is written: "control/dns" is "control: dns", "link/replication" is "traffic:
 * replication". */
static void add_written(struct strbuf *out, const char *name)
{
    const char *slash = strchr(name, '/');

    if (!slash)
        strbuf_addf(out, "'%s'", name);
    else if (is_link(name))
        strbuf_addf(out, "'traffic: %s'", slash + 1);
    else
        strbuf_addf(out, "'%.*s: %s'", (int)(slash - name), name, slash + 1);
}

/* The targets that there are, sorted by name. */
static void add_targets(struct strbuf *out, const struct check_context *context)
{
    const char *last = "";

    for (;;) {
        const struct fault_capability *row;
        const char *next = NULL;

        for (size_t i = 0; (row = supplied_fault(context->rows, i, NULL)); i++)
            if (strcmp(row->target, last) > 0 && (!next || strcmp(row->target, next) < 0))
                next = row->target;
        if (!next)
            return;
        if (has_parts(context, next) && strcmp(next, LINK_ROUTES) != 0) {
            strbuf_add(out, out->length > 0 ? ", " : "");
            add_written(out, next);
        }
        last = next;
    }
}

static void refuse_target(const struct check_context *context,
                          const struct fault_selector *selector, const char *name,
                          struct validation *validation)
{
    struct strbuf written = STRBUF_INIT, targets = STRBUF_INIT;

    add_written(&written, name);
    add_targets(&targets, context);
    validation_error(validation, fault_target_key(selector->target),
                     "cannot be hit: this scenario has no %s; its targets are %s", written.text,
                     targets.text);
    strbuf_release(&written);
    strbuf_release(&targets);
}

static void refuse_region(const struct check_context *context,
                          const struct fault_selector *selector, const char *name,
                          struct validation *validation)
{
    const struct topology *topology = context->topology;
    struct strbuf regions = STRBUF_INIT;

    for (uint32_t r = 0; r < topology->region_count; r++)
        if (count_parts(context, name, (int)r, -1) > 0)
            strbuf_addf(&regions, "%s'%s'", regions.length > 0 ? ", " : "",
                        topology->region_names[r]);
    validation_error(validation, fault_target_key(selector->target),
                     "cannot be hit: region '%s' has no '%s'; regions that have one are %s",
                     topology->region_names[selector->region], name, regions.text);
    strbuf_release(&regions);
}

static void refuse_part(const struct fault_selector *selector, const char *region, uint32_t parts,
                        uint32_t part, struct validation *validation)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addf(&text, parts > 1 ? "needs one of '%s/" : "needs '%s/", region);
    fault_selector_add_part(&text, selector, 0);
    if (parts > 1) {
        strbuf_addf(&text, "' to '%s/", region);
        fault_selector_add_part(&text, selector, parts - 1);
    }
    strbuf_addf(&text, "', got '%s/", region);
    fault_selector_add_part(&text, selector, part);
    validation_error(validation, fault_target_key(selector->target), "%s'", text.text);
    strbuf_release(&text);
}

/* Returns whether the scenario has the target. */
static bool check_parts(const struct check_context *context, const struct fault_selector *selector,
                        const char *name, struct validation *validation)
{
    const char *const *regions = context->topology->region_names;
    const struct link_ref *link = &selector->link;
    uint32_t parts, last;

    if (selector->target == TARGET_LINK) {
        if (count_parts(context, name, link->from, link->to) > 0 ||
            (link->both_ways && count_parts(context, name, link->to, link->from) > 0))
            return true;
        validation_error(validation, fault_target_key(selector->target),
                         "cannot be hit: there is no %s from '%s' to '%s'%s",
                         selector->traffic == TRAFFIC_REPLICATION ? "replication" : "route",
                         regions[link->from], regions[link->to],
                         selector->traffic == TRAFFIC_REPLICATION ? "" : " (kind: none)");
        return false;
    }
    parts = count_parts(context, name, selector->region, -1);
    last = selector->last == FAULT_LAST_PART ? selector->index : selector->last;
    if (parts == 0)
        refuse_region(context, selector, name, validation);
    else if (last >= parts)
        refuse_part(selector, regions[selector->region], parts, last, validation);
    return parts > last;
}

/* --- homes of control planes ----------------------------------------------------------------- */

#define HOMES_MAX 64

/* A home is the TEXT parameter `home`, or one that ends so, of the model with the control plane.
 * The endpoints of routing controls have theirs only where the scenario uses these. */
static bool is_home(const struct field *field, bool has_routing)
{
    static const char routing[] = "routing.";
    const char *dot = strrchr(field->name, '.');

    return field->type == FIELD_TEXT && strcmp(dot ? dot + 1 : field->name, "home") == 0 &&
           (has_routing || strncmp(field->name, routing, sizeof routing - 1) != 0);
}

static void add_homes_of(const struct scenario_instance *instance, bool has_routing,
                         const char **homes, size_t *count)
{
    for (size_t item = 0; item < instance->config_count; item++)
        for (size_t i = 0; i < instance->ops->field_count; i++) {
            const struct field *field = &instance->ops->fields[i];
            const char *config = (const char *)instance->config + item * instance->ops->config_size;
            const char *home =
                is_home(field, has_routing) ? *(char *const *)(config + field->offset) : NULL;

            if (home && home[0] != '\0' && *count < HOMES_MAX)
                homes[(*count)++] = home;
        }
}

/* A fault on the home of nothing would do nothing. */
static void check_home(const struct check_context *context, const char *home,
                       struct validation *validation)
{
    const char *homes[HOMES_MAX + 1];
    struct strbuf known = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; i < context->instance_count; i++)
        if (strcmp(context->instances[i].ops->section, "faults") != 0)
            add_homes_of(&context->instances[i], has_parts(context, "control/routing"), homes,
                         &count);
    for (uint32_t r = 0; r < context->topology->region_count && count < HOMES_MAX; r++)
        homes[count++] = context->topology->region_names[r];
    for (size_t i = 0; i < count; i++) {
        bool repeated = false;

        if (strcmp(homes[i], home) == 0) {
            strbuf_release(&known);
            return;
        }
        for (size_t j = 0; j < i; j++)
            repeated = repeated || strcmp(homes[i], homes[j]) == 0;
        if (!repeated)
            strbuf_addf(&known, "%s'%s'", known.length > 0 ? ", " : "", homes[i]);
    }
    validation_error(validation, "home", "is the home of no control plane: '%s'; homes are %s",
                     home, known.text);
    strbuf_release(&known);
}

/* What some links can do and others cannot. */
static void check_link(const struct fault_config *config, const struct check_context *context,
                       const struct link_ref *link, struct validation *validation)
{
    uint32_t routes = count_parts(context, LINK_ROUTES, link->from, link->to);

    if (config->route > 0 && routes == 0)
        validation_error(validation, "route",
                         "needs a link of kind vpn or direct-connect: others have one route");
    else if (config->route > routes)
        validation_error(validation, "route", "is %u, and the link has %u", config->route, routes);
    if (config->cross_bit_per_s > 0 &&
        count_takers(context, "link", fault_action_name(ACTION_CROSS_TRAFFIC), link->from,
                     link->to) == 0)
        validation_error(
            validation, "cross_traffic",
            "needs a link with a bandwidth to share; set its 'bandwidth' in 'network'");
}

static void check_selector(const struct fault_config *config, const struct check_context *context,
                           const struct fault_selector *selector, struct validation *validation)
{
    struct strbuf name = STRBUF_INIT;
    unsigned possible;

    fault_selector_add_name(&name, selector);
    possible = possible_actions(context, name.text, selector->region);
    if (!has_parts(context, name.text))
        refuse_target(context, selector, name.text, validation);
    else if (check_parts(context, selector, name.text, validation))
        check_actions(config, name.text, possible, validation);
    if (selector->target == TARGET_LINK)
        check_link(config, context, &selector->link, validation);
    if (selector->target == TARGET_HOME)
        check_home(context, selector->name, validation);
    strbuf_release(&name);
}

/* Returns whether there is exactly one target. */
static bool check_target(const struct fault_config *fault, const struct check_context *context,
                         struct validation *validation)
{
    const struct fault_place *place = &fault->place;
    struct strbuf targets = STRBUF_INIT;
    int count = 0;

    for (int target = 0; target < FAULT_TARGETS; target++)
        if (fault_place_names(place, (enum fault_target)target))
            strbuf_addf(&targets, "%s'%s'", count++ > 0 ? ", " : "",
                        fault_target_key((enum fault_target)target));
    if (count == 0)
        add_targets(&targets, context);
    if (place->traffic != TRAFFIC_BOTH && !fault_place_names(place, TARGET_LINK))
        validation_error(validation, "traffic", "needs a 'link', such as 'a -> b'");
    if (fault->route > 0 && !fault_place_names(place, TARGET_LINK))
        validation_error(validation, "route", "needs a 'link', such as 'a -> b'");
    if (fault->connection_share < 1 && !fault_place_names(place, TARGET_LINK))
        validation_error(validation, "connections", "needs a 'link', such as 'a -> b'");
    if (count == 0)
        validation_error(validation, NULL, "needs a target: one of %s", targets.text);
    else if (count > 1)
        validation_error(validation, NULL, "has %d targets, %s; write one fault for each", count,
                         targets.text);
    strbuf_release(&targets);
    return count == 1;
}

void fault_schedule_check(const void *config, const struct check_context *context,
                          struct validation *validation)
{
    const struct fault_config *fault = config;
    const struct fault_list list = {context->items, context->item_count};
    struct fault_selector selector;

    check_name(&list, context->item, validation);
    if (check_after(&list, context->item, validation)) {
        check_at(fault_begin(&list, context->item), context->end, validation);
        check_occurrences(fault, fault_begin(&list, context->item), context->end, validation);
    }
    check_repetition(fault, validation);
    if (check_target(fault, context, validation) &&
        fault_selector_read(&selector, &fault->place, context->topology, validation))
        check_selector(fault, context, &selector, validation);
}
