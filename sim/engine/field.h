// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Parameter tables: one row per parameter of a model. Parsing, validation, defaults, `describe`,
 * the JSON Schema, `--set` and `sweep` addresses, and the assumptions listed in reports are derived
 * from it.
 *
 * The name is the path below the model's section: "retry.backoff.exponential.base" of section
 * `client` is `client.retry.backoff.exponential.base` in a scenario. min, initial and max are in
 * the syntax of scenario files. `source` is a heading of models/sources.md ("facts C.3",
 * "valkey.conf 8.0") or the word "assumption".
 *
 * VARIANT: a choice between alternatives with parameters. Row "retry.backoff" (an int member, index
 * into choices) is the choice; rows "retry.backoff.<choice>" or "retry.backoff.<choice>.*" are its
 * parameters and may appear only under that choice. In YAML `backoff: none`, `backoff: {fixed:
 * 100ms}`, `backoff: {exponential: {base: 100ms}}`.
 *
 * The macros take a member of MODEL_CONFIG; a member of the wrong C type does not compile.
 */
#ifndef FIELD_H
#define FIELD_H

#include "dist.h"
#include "sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct duration_list {
    sim_dur *items;
    uint32_t count;
};
struct number_list {
    double *items;
    uint32_t count;
};
/* A rate (per second) or a number that goes linearly to `to` within `for_ns`; 0: at once. */
struct ramp_stage {
    sim_dur for_ns;
    double to;
};
struct stage_list {
    struct ramp_stage *items;
    uint32_t count;
};
struct region_list {
    int32_t *items; /* indices of regions */
    uint32_t count;
};
static inline bool region_list_has(const struct region_list *list, int region)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i] == region)
            return true;
    return false;
}
/* "us-west-2 -> us-west-1" or "us-west-1 <-> us-west-2"; from = -1: not given */
struct link_ref {
    int32_t from, to;
    bool both_ways;
};

enum field_type {
    FIELD_DURATION,      /* sim_dur */
    FIELD_COUNT,         /* uint32_t */
    FIELD_SHARE,         /* double, 0..1 */
    FIELD_RATE,          /* double, per second */
    FIELD_SIZE,          /* int64_t, bytes */
    FIELD_BANDWIDTH,     /* double, bit/s; 0: no limit */
    FIELD_NUMBER,        /* double */
    FIELD_FLAG,          /* bool */
    FIELD_CHOICE,        /* int, index into choices */
    FIELD_VARIANT,       /* int, index into choices */
    FIELD_TIME_DIST,     /* struct dist *, in ns; min and max bound the mean */
    FIELD_NUMBER_DIST,   /* struct dist *, of numbers without unit */
    FIELD_DURATION_LIST, /* struct duration_list */
    FIELD_NUMBER_LIST,   /* struct number_list */
    FIELD_RATES,         /* struct number_list, per second; a list or a CSV file */
    FIELD_TIMES,         /* struct duration_list, in order; a list or a CSV file */
    FIELD_STAGES,        /* struct stage_list; `min`/`max` bound the rates */
    FIELD_COUNT_STAGES,  /* struct stage_list of whole numbers, which `min`/`max` bound */
    FIELD_REGION,        /* int32_t, index; -1: not given */
    FIELD_REGION_LIST,   /* struct region_list */
    FIELD_LINK,          /* struct link_ref */
    FIELD_TEXT           /* char * */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    const char *min, *initial, *max; /* initial NULL: required (REGION, TEXT, LINK: optional) */
    const char *const *choices;      /* CHOICE, VARIANT: NULL-terminated */
    const char *meaning;
    const char *source;
    const char *limit_source; /* of `min` and `max`, named where a value is refused; or NULL */
};

#define FIELD_MEMBER(member) (((MODEL_CONFIG *)0)->member)
#define FIELD_TYPED(member, ctype, ftype)                                                          \
    _Generic(&FIELD_MEMBER(member), ctype * : ftype), offsetof(MODEL_CONFIG, member)

/* clang-format off */
#define DURATION(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, sim_dur, FIELD_DURATION), min, initial, max, NULL, meaning, source, NULL}
#define COUNT(name, member, min, initial, max, meaning, source) \
    COUNT_LIMITED(name, member, min, initial, max, meaning, source, NULL)
#define COUNT_LIMITED(name, member, min, initial, max, meaning, source, limits)                    \
    {name, FIELD_TYPED(member, uint32_t, FIELD_COUNT), min, initial, max, NULL, meaning, source,   \
     limits}
#define SHARE(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, double, FIELD_SHARE), min, initial, max, NULL, meaning, source, NULL}
#define RATE(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, double, FIELD_RATE), min, initial, max, NULL, meaning, source, NULL}
#define SIZE(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, int64_t, FIELD_SIZE), min, initial, max, NULL, meaning, source, NULL}
#define BANDWIDTH(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, double, FIELD_BANDWIDTH), min, initial, max, NULL, meaning, source, NULL}
#define NUMBER(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, double, FIELD_NUMBER), min, initial, max, NULL, meaning, source, NULL}
#define FLAG(name, member, initial, meaning, source) \
    {name, FIELD_TYPED(member, bool, FIELD_FLAG), NULL, initial, NULL, NULL, meaning, source, NULL}
#define CHOICE(name, member, choices, initial, meaning, source) \
    {name, FIELD_TYPED(member, int, FIELD_CHOICE), NULL, initial, NULL, choices, meaning, source, NULL}
#define VARIANT(name, member, choices, initial, meaning, source) \
    {name, FIELD_TYPED(member, int, FIELD_VARIANT), NULL, initial, NULL, choices, meaning, source, NULL}
#define TIME_DIST(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct dist *, FIELD_TIME_DIST), min, initial, max, NULL, meaning, source, NULL}
#define NUMBER_DIST(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct dist *, FIELD_NUMBER_DIST), min, initial, max, NULL, meaning, source, NULL}
#define DURATION_LIST(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct duration_list, FIELD_DURATION_LIST), min, initial, max, NULL, meaning, source, NULL}
#define NUMBER_LIST(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct number_list, FIELD_NUMBER_LIST), min, initial, max, NULL, meaning, source, NULL}
#define RATES(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct number_list, FIELD_RATES), min, initial, max, NULL, meaning, source, NULL}
#define TIMES(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct duration_list, FIELD_TIMES), min, initial, max, NULL, meaning, source, NULL}
#define STAGES(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct stage_list, FIELD_STAGES), min, initial, max, NULL, meaning, source, NULL}
#define COUNT_STAGES(name, member, min, initial, max, meaning, source) \
    {name, FIELD_TYPED(member, struct stage_list, FIELD_COUNT_STAGES), min, initial, max, NULL, meaning, source, NULL}
#define REGION(name, member, meaning, source) \
    {name, FIELD_TYPED(member, int32_t, FIELD_REGION), NULL, NULL, NULL, NULL, meaning, source, NULL}
#define REGION_LIST(name, member, meaning, source) \
    {name, FIELD_TYPED(member, struct region_list, FIELD_REGION_LIST), NULL, NULL, NULL, NULL, meaning, source, NULL}
#define LINK(name, member, meaning, source) \
    {name, FIELD_TYPED(member, struct link_ref, FIELD_LINK), NULL, NULL, NULL, NULL, meaning, source, NULL}
#define TEXT_DEFAULT(name, member, initial, meaning, source) \
    {name, FIELD_TYPED(member, char *, FIELD_TEXT), NULL, initial, NULL, NULL, meaning, source, NULL}
#define TEXT(name, member, meaning, source) \
    {name, FIELD_TYPED(member, char *, FIELD_TEXT), NULL, NULL, NULL, NULL, meaning, source, NULL}
/* clang-format on */

#define FIELD_TABLE(table) .fields = (table), .field_count = sizeof(table) / sizeof((table)[0])
#define METRIC_TABLE(table) .metrics = (table), .metric_count = sizeof(table) / sizeof((table)[0])

#endif
