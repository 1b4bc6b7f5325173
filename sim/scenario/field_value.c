// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Number types are a table: parser, bounds without a range, format. Formatting tries the most
 * readable unit first and falls back until the text parses to the same bits.
 */
#include "field_value.h"

#include "bug.h"
#include "dist_spec.h"
#include "link_key.h"
#include "list_value.h"
#include "mem.h"
#include "units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 1000 };

/* A number of any type: as a double, and exactly if it is an integer. */
struct number {
    int64_t integer;
    double real;
    bool is_integer;
};

static bool parse_number(enum field_type type, const char *text, struct number *number,
                         struct strbuf *why)
{
    bool good = false;

    *number = (struct number){0};
    switch (type) {
    case FIELD_DURATION:
    case FIELD_DURATION_LIST:
    case FIELD_TIMES:
    case FIELD_TIME_DIST:
        number->is_integer = true;
        good = units_parse_duration(text, &number->integer, why);
        break;
    case FIELD_COUNT:
    case FIELD_COUNT_STAGES:
        number->is_integer = true;
        good = units_parse_count(text, &number->integer, why);
        break;
    case FIELD_SIZE:
        number->is_integer = true;
        good = units_parse_size(text, &number->integer, why);
        break;
    case FIELD_SHARE:
        good = units_parse_share(text, &number->real, why);
        break;
    case FIELD_RATE:
    case FIELD_RATES:
    case FIELD_STAGES:
        good = units_parse_rate(text, &number->real, why);
        break;
    case FIELD_BANDWIDTH:
        if (strcmp(text, "0") == 0) /* no limit; the parser requires a unit */
            return true;
        good = units_parse_bandwidth(text, &number->real, why);
        break;
    default:
        good = units_parse_number(text, &number->real, why);
        break;
    }
    if (number->is_integer)
        number->real = (double)number->integer;
    return good;
}

const char *field_type_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_DURATION] = "duration",
        [FIELD_COUNT] = "count",
        [FIELD_SHARE] = "share",
        [FIELD_RATE] = "rate",
        [FIELD_SIZE] = "size",
        [FIELD_BANDWIDTH] = "bandwidth",
        [FIELD_NUMBER] = "number",
        [FIELD_FLAG] = "flag",
        [FIELD_CHOICE] = "choice",
        [FIELD_VARIANT] = "variant",
        [FIELD_TIME_DIST] = "time distribution",
        [FIELD_NUMBER_DIST] = "number distribution",
        [FIELD_DURATION_LIST] = "list of durations",
        [FIELD_NUMBER_LIST] = "list of numbers",
        [FIELD_RATES] = "list of rates",
        [FIELD_TIMES] = "list of times",
        [FIELD_STAGES] = "list of stages",
        [FIELD_COUNT_STAGES] = "list of stages",
        [FIELD_REGION] = "region",
        [FIELD_REGION_LIST] = "list of regions",
        [FIELD_LINK] = "link",
        [FIELD_TEXT] = "text",
    };

    return names[type];
}

/* --- writing --------------------------------------------------------------------------- */

/* value / factor with the suffix, with the fewest digits that parse to the same bits; false if 17
 * do not. */
static bool add_scaled(struct strbuf *out, enum field_type type, double value, double factor,
                       const char *suffix)
{
    double scaled = value / factor, size = fabs(scaled);
    const char *format = size == 0 || (size >= 9.9e-5 && size < 1e15) ? "%.*f%s" : "%.*e%s";
    char text[64];

    for (int digits = 0; digits <= 17; digits++) {
        struct strbuf why = STRBUF_INIT;
        struct number back;
        bool same;

        snprintf(text, sizeof text, format, digits, scaled, suffix);
        same = parse_number(type, text, &back, &why) && back.real == value;
        strbuf_release(&why);
        if (same) {
            strbuf_add(out, text);
            return true;
        }
    }
    return false;
}

struct scale {
    double factor;
    const char *suffix;
};

/* The largest scale not above the value that represents it exactly; the last one is the
 * fallback. */
static void add_by_scales(struct strbuf *out, enum field_type type, double value,
                          const struct scale *scales, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((fabs(value) >= scales[i].factor || value == 0 || i + 1 == count) &&
            add_scaled(out, type, value, scales[i].factor, scales[i].suffix))
            return;
    strbuf_addf(out, "%.17g%s", value, scales[count - 1].suffix);
}

static void add_size(struct strbuf *out, int64_t bytes)
{
    static const struct {
        int64_t factor;
        const char *name;
    } sizes[] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {1, "B"}};

    for (size_t i = 0; i < 4; i++) {
        if (bytes % sizes[i].factor == 0 && (bytes != 0 || i == 3)) {
            strbuf_addf(out, "%lld %s", (long long)(bytes / sizes[i].factor), sizes[i].name);
            return;
        }
    }
}

void field_add_number(struct strbuf *out, enum field_type type, double value)
{
    static const struct scale bandwidths[] = {
        {1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1, "bit/s"}};
    static const struct scale rates[] = {{1, "/s"}};
    static const struct scale plain[] = {{1, ""}};

    switch (type) {
    case FIELD_DURATION:
    case FIELD_TIME_DIST:
    case FIELD_DURATION_LIST:
    case FIELD_TIMES:
        units_add_duration(out, (int64_t)llround(value));
        break;
    case FIELD_SIZE:
        add_size(out, (int64_t)value);
        break;
    case FIELD_BANDWIDTH:
        if (value == 0)
            strbuf_add(out, "0");
        else
            add_by_scales(out, type, value, bandwidths, 4);
        break;
    case FIELD_RATE:
    case FIELD_RATES:
    case FIELD_STAGES:
        add_by_scales(out, type, value, rates, 1);
        break;
    case FIELD_SHARE:
        if (!add_scaled(out, type, value, 1e-2, "%"))
            strbuf_addf(out, "%.17g", value);
        break;
    default:
        add_by_scales(out, FIELD_NUMBER, value, plain, 1);
        break;
    }
}

static void add_number(struct strbuf *out, enum field_type type, const struct number *number)
{
    if (!out)
        return;
    if (type == FIELD_DURATION || type == FIELD_DURATION_LIST)
        units_add_duration(out, number->integer);
    else if (type == FIELD_SIZE)
        add_size(out, number->integer);
    else if (type == FIELD_COUNT)
        strbuf_addf(out, "%lld", (long long)number->integer);
    else
        field_add_number(out, type, number->real);
}

/* --- ranges ---------------------------------------------------------------------------- */

static bool is_below(const struct number *a, const struct number *b)
{
    return a->is_integer && b->is_integer ? a->integer < b->integer : a->real < b->real;
}

static void read_bound(const struct field *field, const char *text, struct number *bound)
{
    struct strbuf why = STRBUF_INIT;
    enum field_type type = field->type == FIELD_NUMBER_DIST ? FIELD_NUMBER : field->type;

    if (!parse_number(type, text, bound, &why))
        BUG("the range of field '%s' %s", field->name, why.text);
    strbuf_release(&why);
}

/* The bound of a type without a bound in the table. */
static const char *natural_min(enum field_type type)
{
    switch (type) {
    case FIELD_NUMBER:
    case FIELD_NUMBER_DIST:
        return NULL;
    case FIELD_RATE:
    case FIELD_RATES:
    case FIELD_STAGES:
        return "0/s";
    case FIELD_BANDWIDTH:
        return "0bit/s";
    case FIELD_SHARE:
        return "0%";
    default:
        return "0";
    }
}

static const char *natural_max(enum field_type type)
{
    return type == FIELD_COUNT ? "4294967295" : type == FIELD_SHARE ? "100%" : NULL;
}

static bool check_range(const struct field *field, const struct number *number, const char *got,
                        struct strbuf *why)
{
    const char *min = field->min ? field->min : natural_min(field->type);
    const char *max = field->max ? field->max : natural_max(field->type);
    struct number low = {0}, high = {0};
    bool below, above;

    if (min)
        read_bound(field, min, &low);
    if (max)
        read_bound(field, max, &high);
    below = min && is_below(number, &low);
    above = max && is_below(&high, number);
    if (!below && !above)
        return true;
    if (below && !field->min && !field->max)
        strbuf_addf(why, "must not be negative, got %s", got);
    else if (min && max && (field->max || field->type == FIELD_SHARE))
        strbuf_addf(why, "must be between %s and %s, got %s", min, max, got);
    else if (below)
        strbuf_addf(why, "must be at least %s, got %s", min, got);
    else
        strbuf_addf(why, "must be at most %s, got %s", max, got);
    if (field->limit_source)
        strbuf_addf(why, " (%s)", field->limit_source);
    return false;
}

bool field_in_range(const struct field *field, double value, const char *got, struct strbuf *why)
{
    const struct number number = {.real = value};

    return check_range(field, &number, got, why);
}

/* --- reading --------------------------------------------------------------------------- */

struct target {
    const struct schema_context *context;
    const struct field *field;
    const char *subject;
    void *member;
    struct strbuf *text; /* may be NULL */
};

static void target_error(const struct target *target, const struct yaml_node *node,
                         const char *format, ...) __attribute__((format(printf, 3, 4)));
static void target_error(const struct target *target, const struct yaml_node *node,
                         const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    error_at(target->context->errors, node, "'%s' %s", target->subject, text.text);
    strbuf_release(&text);
}

/* The text of a scalar; NULL on error, which is reported. */
static const char *scalar_text(const struct target *target, const struct yaml_node *node)
{
    const char *name = field_type_name(target->field->type);

    if (node->kind == YAML_SCALAR && !node->is_null)
        return node->text;
    target_error(target, node, "needs a %s, got %s", name, yaml_kind_name(node));
    return NULL;
}

static void store_number(const struct target *target, const struct number *number)
{
    switch (target->field->type) {
    case FIELD_DURATION:
    case FIELD_SIZE:
        memcpy(target->member, &number->integer, sizeof number->integer);
        break;
    case FIELD_COUNT:
        *(uint32_t *)target->member = (uint32_t)number->integer;
        break;
    default:
        *(double *)target->member = number->real;
        break;
    }
}

static bool read_ranged(const struct target *target, const struct yaml_node *node,
                        struct number *number)
{
    const char *text = scalar_text(target, node);
    struct strbuf why = STRBUF_INIT;
    bool good = text && parse_number(target->field->type, text, number, &why) &&
                check_range(target->field, number, text, &why);

    if (text && !good)
        target_error(target, node, "%s", why.text);
    strbuf_release(&why);
    return good;
}

bool field_number_read(const struct schema_context *context, const struct field *field,
                       const char *subject, const struct yaml_node *node, double *value)
{
    const struct target target = {context, field, subject, NULL, NULL};
    struct number number;
    bool good = read_ranged(&target, node, &number);

    if (good)
        *value = number.real;
    return good;
}

static bool read_scalar_number(const struct target *target, const struct yaml_node *node)
{
    struct number number;

    if (!read_ranged(target, node, &number))
        return false;
    store_number(target, &number);
    add_number(target->text, target->field->type, &number);
    return true;
}

static bool read_flag(const struct target *target, const struct yaml_node *node)
{
    const char *text = scalar_text(target, node);
    bool value = text && strcmp(text, "true") == 0;

    if (!text)
        return false;
    if (!value && strcmp(text, "false") != 0) {
        target_error(target, node, "needs true or false, got '%s'", text);
        return false;
    }
    *(bool *)target->member = value;
    if (target->text)
        strbuf_add(target->text, value ? "true" : "false");
    return true;
}

int field_choice(const struct field *field, const char *name)
{
    for (int i = 0; field->choices[i]; i++)
        if (strcmp(field->choices[i], name) == 0)
            return i;
    return -1;
}

static bool read_choice(const struct target *target, const struct yaml_node *node)
{
    const char *text = scalar_text(target, node);
    int choice = text ? field_choice(target->field, text) : -1;

    if (text && choice < 0) {
        struct strbuf message = STRBUF_INIT;
        size_t count = 0;

        while (target->field->choices[count])
            count++;
        strbuf_addf(&message, "has no choice '%s'", text);
        add_remedy(&message, text, "it is one of", target->field->choices, count);
        target_error(target, node, "%s", message.text);
        strbuf_release(&message);
    }
    if (choice < 0)
        return false;
    *(int *)target->member = choice;
    if (target->text)
        strbuf_add(target->text, target->field->choices[choice]);
    return true;
}

static bool read_dist_member(const struct target *target, const struct yaml_node *node)
{
    bool is_time = target->field->type == FIELD_TIME_DIST;
    struct strbuf why = STRBUF_INIT, got = STRBUF_INIT, canonical = STRBUF_INIT;
    struct dist *dist = dist_spec_read(target->context, target->subject, node, is_time, &canonical);
    double mean = dist ? dist_mean(dist) : 0;

    if (dist && (isfinite(mean) || target->field->max)) {
        strbuf_add(&got, dist_is_constant(dist, &mean) ? "" : "a mean of ");
        if (isfinite(mean))
            units_add(&got, mean, is_time ? UNIT_NS : UNIT_NONE, 6);
        else
            strbuf_add(&got, "infinity");
        if (!field_in_range(target->field, mean, got.text, &why)) {
            target_error(target, node, "%s", why.text);
            dist_free(dist);
            dist = NULL;
        }
    }
    if (dist) {
        *(struct dist **)target->member = dist;
        if (target->text)
            strbuf_add(target->text, canonical.text);
    }
    strbuf_release(&why);
    strbuf_release(&got);
    strbuf_release(&canonical);
    return dist != NULL;
}

/* Number of items of a list; a single value is a list of one. */
static size_t list_count(const struct target *target, const struct yaml_node *node)
{
    if (node->kind == YAML_MAP || node->is_null || node->count > LIST_MAX) {
        target_error(target, node, "needs a list of at most %d items, got %s", LIST_MAX,
                     node->count > LIST_MAX ? "more" : yaml_kind_name(node));
        return SIZE_MAX;
    }
    return node->kind == YAML_LIST ? node->count : 1;
}

static const struct yaml_node *list_item(const struct yaml_node *node, size_t index)
{
    return node->kind == YAML_LIST ? node->entries[index].value : node;
}

static bool read_duration_list(const struct target *target, const struct yaml_node *node)
{
    size_t count = list_count(target, node);
    sim_dur *items = NULL;
    struct strbuf text = STRBUF_INIT;
    bool good = count != SIZE_MAX;

    if (good)
        items = mem_zalloc(count + 1, sizeof *items);
    strbuf_add_char(&text, '[');
    for (size_t i = 0; good && i < count; i++) {
        struct number number;

        good = read_ranged(target, list_item(node, i), &number);
        if (good) {
            items[i] = number.integer;
            strbuf_add(&text, i > 0 ? ", " : "");
            units_add_duration(&text, number.integer);
        }
    }
    strbuf_add_char(&text, ']');
    if (good) {
        *(struct duration_list *)target->member = (struct duration_list){items, (uint32_t)count};
        if (target->text)
            strbuf_add(target->text, text.text);
    } else {
        free(items);
    }
    strbuf_release(&text);
    return good;
}

static int read_region_name(const struct target *target, const struct yaml_node *node)
{
    const char *text = scalar_text(target, node);

    if (!text)
        return -1;
    return region_resolve(text, strlen(text), target->context->topology, target->context->errors,
                          node, target->subject);
}

static bool read_region(const struct target *target, const struct yaml_node *node)
{
    int region = read_region_name(target, node);

    if (region < 0)
        return false;
    *(int32_t *)target->member = region;
    if (target->text)
        yaml_add_text(target->text, target->context->topology->region_names[region]);
    return true;
}

static bool read_region_list(const struct target *target, const struct yaml_node *node)
{
    size_t count = list_count(target, node);
    int32_t *items = NULL;
    struct strbuf text = STRBUF_INIT;
    bool good = count != SIZE_MAX;

    if (good)
        items = mem_zalloc(count + 1, sizeof *items);
    strbuf_add_char(&text, '[');
    for (size_t i = 0; good && i < count; i++) {
        items[i] = read_region_name(target, list_item(node, i));
        good = items[i] >= 0;
        if (good) {
            strbuf_add(&text, i > 0 ? ", " : "");
            yaml_add_text(&text, target->context->topology->region_names[items[i]]);
        }
        for (size_t j = 0; good && j < i; j++) {
            good = items[j] != items[i];
            if (!good)
                target_error(target, list_item(node, i), "contains '%s' twice",
                             list_item(node, i)->text);
        }
    }
    strbuf_add_char(&text, ']');
    if (good) {
        *(struct region_list *)target->member = (struct region_list){items, (uint32_t)count};
        if (target->text)
            strbuf_add(target->text, text.text);
    } else {
        free(items);
    }
    strbuf_release(&text);
    return good;
}

static bool read_link(const struct target *target, const struct yaml_node *node)
{
    const char *const *names = target->context->topology->region_names;
    const char *text = scalar_text(target, node);
    struct link_ref link = {-1, -1, false};

    if (!text || !link_key_resolve(text, target->context->topology, &link, target->context->errors,
                                   node, target->subject))
        return false;
    *(struct link_ref *)target->member = link;
    if (target->text)
        strbuf_addf(target->text, "\"%s %s %s\"", names[link.from], link.both_ways ? "<->" : "->",
                    names[link.to]);
    return true;
}

static bool read_text(const struct target *target, const struct yaml_node *node)
{
    const char *text = scalar_text(target, node);

    if (!text)
        return false;
    *(char **)target->member = mem_strdup(text);
    if (target->text)
        yaml_add_text(target->text, text);
    return true;
}

bool field_value_read(const struct schema_context *context, const struct field *field,
                      const char *subject, const struct yaml_node *node, void *config,
                      struct strbuf *text)
{
    const struct target target = {context, field, subject, (char *)config + field->offset, text};

    switch (field->type) {
    case FIELD_FLAG:
        return read_flag(&target, node);
    case FIELD_CHOICE:
    case FIELD_VARIANT:
        return read_choice(&target, node);
    case FIELD_TIME_DIST:
    case FIELD_NUMBER_DIST:
        return read_dist_member(&target, node);
    case FIELD_DURATION_LIST:
        return read_duration_list(&target, node);
    case FIELD_NUMBER_LIST:
    case FIELD_RATES:
    case FIELD_TIMES:
    case FIELD_STAGES:
    case FIELD_COUNT_STAGES:
        return list_value_read(context, field, subject, node, target.member, text);
    case FIELD_REGION:
        return read_region(&target, node);
    case FIELD_REGION_LIST:
        return read_region_list(&target, node);
    case FIELD_LINK:
        return read_link(&target, node);
    case FIELD_TEXT:
        return read_text(&target, node);
    default:
        return read_scalar_number(&target, node);
    }
}

/* --- defaults -------------------------------------------------------------------------- */

/* A row's `initial` as a node: most are plain scalars, which need no parser. "100ms, 200ms" is a
 * list too. */
static const struct yaml_node *initial_node(struct yaml_trees *trees, const struct field *field,
                                            struct diag *diag)
{
    bool is_list = field->type == FIELD_DURATION_LIST && field->initial[0] != '[';
    struct strbuf text = STRBUF_INIT;
    const struct yaml_node *node;

    strbuf_addf(&text, is_list ? "[%s]" : "%s", field->initial);
    node =
        yaml_parse(trees, yaml_source_add(trees, field->name, "", text.text, text.length), 0, diag);
    strbuf_release(&text);
    return node;
}

static bool read_parsed_initial(const struct schema_context *context, const struct field *field,
                                void *config, struct strbuf *text)
{
    struct yaml_trees *trees = yaml_trees_create();
    const struct yaml_node *node = initial_node(trees, field, context->errors->diag);
    bool good = node && field_value_read(context, field, field->name, node, config, text);

    yaml_trees_free(trees);
    return good;
}

void field_value_initial(const struct schema_context *context, const struct field *field,
                         void *config, struct strbuf *text)
{
    struct diag diag = {0};
    struct error_list errors;
    struct schema_context quiet = {&errors, context->topology, NULL, NULL};
    struct yaml_source source = {field->name, "", field->initial, strlen(field->initial)};
    struct yaml_node node = {.kind = YAML_SCALAR,
                             .text = field->initial,
                             .weight = 1,
                             .source = &source,
                             .line = 1,
                             .column = 1};
    bool is_parsed =
        field->type == FIELD_DURATION_LIST || field->initial[0] == '{' || field->initial[0] == '[';
    bool good;

    error_list_init(&errors, &diag);
    good = is_parsed ? read_parsed_initial(&quiet, field, config, text)
                     : field_value_read(&quiet, field, field->name, &node, config, text);
    if (!good) {
        char *why = diag_text(&diag);

        BUG("the default of field '%s' is invalid: %s", field->name, why);
    }
    error_list_release(&errors);
    diag_release(&diag);
}

void field_value_release(const struct field *field, void *config)
{
    void *member = (char *)config + field->offset;

    switch (field->type) {
    case FIELD_TIME_DIST:
    case FIELD_NUMBER_DIST:
        dist_free(*(struct dist **)member);
        break;
    case FIELD_DURATION_LIST:
    case FIELD_TIMES:
        free(((struct duration_list *)member)->items);
        break;
    case FIELD_NUMBER_LIST:
    case FIELD_RATES:
        free(((struct number_list *)member)->items);
        break;
    case FIELD_STAGES:
    case FIELD_COUNT_STAGES:
        free(((struct stage_list *)member)->items);
        break;
    case FIELD_REGION_LIST:
        free(((struct region_list *)member)->items);
        break;
    case FIELD_TEXT:
        free(*(char **)member);
        break;
    default:
        break;
    }
}
