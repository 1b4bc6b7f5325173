// SPDX-License-Identifier: GPL-3.0-or-later
#include "fault_selector.h"

#include "bug.h"
#include "mem.h"
#include "suggest.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>

const char *const fault_traffic_names[] = {"both", "application", "replication", NULL};
const char *const fault_control_names[] = {"none",      "monitoring", "function",
                                           "store-api", "dns",        "accelerator",
                                           "routing",   "compute",    NULL};
_Static_assert(sizeof fault_control_names / sizeof fault_control_names[0] == CONTROL_PARTS + 2,
               "a name for each part");

/* Form of the parameter that names a target. */
enum syntax {
    SYNTAX_LINK,    /* struct link_ref */
    SYNTAX_REGION,  /* int32_t, -1: not given */
    SYNTAX_PART,    /* char *: a region and a number */
    SYNTAX_ZONE,    /* char *: a region and a letter */
    SYNTAX_TEXT,    /* char * */
    SYNTAX_CONTROL, /* int */
};

// clang-format off
#define PLACE(member) offsetof(struct fault_place, member)
static const struct target_row {
    const char *key;  /* the parameter, and the name in rows */
    enum syntax syntax;
    size_t offset;    /* of its member */
    const char *text; /* before the place, in the run log */
} target_rows[FAULT_TARGETS] = {
    [TARGET_LINK]        = {"link",        SYNTAX_LINK,    PLACE(link),        ""},
    [TARGET_REGION]      = {"region",      SYNTAX_REGION,  PLACE(region),      ""},
    [TARGET_GATEWAY]     = {"gateway",     SYNTAX_REGION,  PLACE(gateway),     "gateway of "},
    [TARGET_STORE]       = {"store",       SYNTAX_REGION,  PLACE(store),       "store of "},
    [TARGET_REPLICATION] = {"replication", SYNTAX_REGION,  PLACE(replication), "replication to "},
    [TARGET_CONTROL]     = {"control",     SYNTAX_CONTROL, PLACE(control),     ""},
    [TARGET_PROMOTE]     = {"promote",     SYNTAX_REGION,  PLACE(promote),     ""},
    [TARGET_HOME]        = {"home",        SYNTAX_TEXT,    PLACE(home),        "control planes in "},
    [TARGET_ZONE]        = {"zone",        SYNTAX_ZONE,    PLACE(zone),        "zone "},
    [TARGET_NODE]        = {"node",        SYNTAX_PART,    PLACE(node),        "node "},
    [TARGET_INSTANCE]    = {"instance",    SYNTAX_PART,    PLACE(instance),    "instance "},
    [TARGET_RECORD]      = {"record",      SYNTAX_TEXT,    PLACE(record),      "name "},
};
// clang-format on

static const void *place_member(const struct fault_place *place, enum fault_target target)
{
    return (const char *)place + target_rows[target].offset;
}

bool fault_place_names(const struct fault_place *place, enum fault_target target)
{
    const void *member = place_member(place, target);

    switch (target_rows[target].syntax) {
    case SYNTAX_LINK:
        return ((const struct link_ref *)member)->from >= 0;
    case SYNTAX_REGION:
        return *(const int32_t *)member >= 0;
    case SYNTAX_CONTROL:
        return *(const int *)member != 0;
    case SYNTAX_PART:
    case SYNTAX_ZONE:
    case SYNTAX_TEXT:
        break;
    }
    return *(char *const *)member != NULL;
}

static bool read_index(const char *text, uint32_t *index)
{
    struct strbuf why = STRBUF_INIT;
    int64_t value = -1;
    bool good = units_parse_count(text, &value, &why) && value >= 0 && value < FAULT_LAST_PART;

    *index = (uint32_t)value;
    strbuf_release(&why);
    return good;
}

/* Zones have letters. */
static bool read_letter(const char *text, uint32_t *index)
{
    bool good = text[0] >= 'a' && text[0] <= 'z' && text[1] == '\0';

    *index = good ? (uint32_t)(text[0] - 'a') : 0;
    return good;
}

/* "2", "0-3", or an asterisk for all; of zones "c", "a-d". */
static bool read_indices(struct fault_selector *selector, const char *text,
                         bool (*read)(const char *text, uint32_t *index))
{
    const char *dash = strchr(text, '-');
    char *first = mem_strndup(text, dash ? (size_t)(dash - text) : strlen(text));
    bool good;

    if (strcmp(text, "*") == 0) {
        selector->last = FAULT_LAST_PART;
        good = true;
    } else {
        good = read(first, &selector->index);
        selector->last = selector->index;
        if (dash)
            good = read(dash + 1, &selector->last) && good;
    }
    free(first);
    return good && selector->index <= selector->last;
}

/* A region, a slash, and numbers or letters: "us-west-1/0-3". */
static bool read_part(struct fault_selector *selector, const char *text,
                      const struct topology *topology,
                      bool (*read)(const char *text, uint32_t *index))
{
    const char *slash = strchr(text, '/');
    char *region = mem_strndup(text, slash ? (size_t)(slash - text) : strlen(text));

    selector->region = topology_region(topology, region);
    free(region);
    return slash && read_indices(selector, slash + 1, read) && selector->region >= 0;
}

static void bad_part(const struct target_row *row, const char *text,
                     const struct topology *topology, struct validation *validation)
{
    bool letters = row->syntax == SYNTAX_ZONE;
    const char *first = letters ? "a" : "0", *third = letters ? "c" : "2";
    char *region = mem_strndup(text, strcspn(text, "/"));
    const char *near = suggest_nearest(region, topology->region_names, topology->region_count);
    bool is_known = topology_region(topology, region) >= 0;

    validation_error(
        validation, row->key,
        "needs a region of the scenario and a %s, such as '%s/%s', '%s/%s-%s' or '%s/*', "
        "got '%s'%s%s%s",
        letters ? "letter" : "number", topology->region_names[0], first, topology->region_names[0],
        first, third, topology->region_names[0], text, near && !is_known ? "; did you mean '" : "",
        near && !is_known ? near : "", near && !is_known ? "'?" : "");
    free(region);
}

static bool read_target(struct fault_selector *selector, const struct fault_place *place,
                        const struct topology *topology, struct validation *validation)
{
    const struct target_row *row = &target_rows[selector->target];
    const void *member = place_member(place, selector->target);

    switch (row->syntax) {
    case SYNTAX_LINK:
        selector->link = *(const struct link_ref *)member;
        selector->traffic = (enum traffic)place->traffic;
        break;
    case SYNTAX_REGION:
        selector->region = *(const int32_t *)member;
        break;
    case SYNTAX_CONTROL:
        selector->control = (enum control_part)(*(const int *)member - 1);
        break;
    case SYNTAX_TEXT:
        selector->name = *(char *const *)member;
        break;
    case SYNTAX_PART:
    case SYNTAX_ZONE:
        if (read_part(selector, *(char *const *)member, topology,
                      row->syntax == SYNTAX_ZONE ? read_letter : read_index))
            break;
        bad_part(row, *(char *const *)member, topology, validation);
        return false;
    }
    return true;
}

bool fault_selector_read(struct fault_selector *selector, const struct fault_place *place,
                         const struct topology *topology, struct validation *validation)
{
    *selector =
        (struct fault_selector){.region = -1, .last = FAULT_LAST_PART, .link = {-1, -1, false}};
    for (int target = 0; target < FAULT_TARGETS; target++)
        if (fault_place_names(place, (enum fault_target)target)) {
            selector->target = (enum fault_target)target;
            return read_target(selector, place, topology, validation);
        }
    BUG("a fault without a target");
}

const char *fault_target_key(enum fault_target target)
{
    return target_rows[target].key;
}

void fault_selector_add_name(struct strbuf *out, const struct fault_selector *selector)
{
    strbuf_add(out, target_rows[selector->target].key);
    if (selector->target == TARGET_LINK && selector->traffic != TRAFFIC_BOTH)
        strbuf_addf(out, "/%s", fault_traffic_names[selector->traffic]);
    if (selector->target == TARGET_CONTROL)
        strbuf_addf(out, "/%s", fault_control_names[selector->control + 1]);
    if (selector->target == TARGET_RECORD)
        strbuf_addf(out, "/%s", selector->name);
}

void fault_selector_add_part(struct strbuf *out, const struct fault_selector *selector,
                             uint32_t part)
{
    if (selector->last == FAULT_LAST_PART)
        strbuf_add(out, "*");
    else if (target_rows[selector->target].syntax == SYNTAX_ZONE)
        strbuf_addf(out, "%c", (char)('a' + part));
    else
        strbuf_addf(out, "%u", part);
}

void fault_selector_add_text(struct strbuf *out, const struct fault_selector *selector,
                             const struct topology *topology)
{
    const struct target_row *row = &target_rows[selector->target];
    const char *const *names = topology->region_names;

    strbuf_add(out, row->text);
    switch (row->syntax) {
    case SYNTAX_LINK:
        strbuf_addf(out, "%s %s %s", names[selector->link.from],
                    selector->link.both_ways ? "<->" : "->", names[selector->link.to]);
        if (selector->traffic != TRAFFIC_BOTH)
            strbuf_addf(out, " (%s)", fault_traffic_names[selector->traffic]);
        break;
    case SYNTAX_REGION:
        strbuf_add(out, names[selector->region]);
        break;
    case SYNTAX_PART:
    case SYNTAX_ZONE:
        strbuf_addf(out, "%s/", names[selector->region]);
        fault_selector_add_part(out, selector, selector->index);
        if (selector->last != FAULT_LAST_PART && selector->last > selector->index) {
            strbuf_add(out, "-");
            fault_selector_add_part(out, selector, selector->last);
        }
        break;
    case SYNTAX_TEXT:
        strbuf_add(out, selector->name);
        break;
    case SYNTAX_CONTROL:
        strbuf_add(out, fault_control_names[selector->control + 1]);
        break;
    }
}
