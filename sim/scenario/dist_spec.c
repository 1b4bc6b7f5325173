// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Every syntax is handled by one of five readers: constant, family with arguments, mixture, plus,
 * empirical. Each creates the distribution and writes its canonical form from the same numbers.
 */
#include "dist_spec.h"

#include "csv_values.h"
#include "field_value.h"
#include "mem.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 8, PARTS_MAX = 64, PARTS_TOTAL_MAX = 256 };

struct spec {
    const struct schema_context *context;
    const char *subject;
    bool is_time;
    size_t *part_count; /* distributions read so far, including nested ones */
};

static struct dist *read_dist(const struct spec *spec, const struct yaml_node *node,
                              struct strbuf *text);
static struct dist *read_mixture(const struct spec *spec, const struct yaml_node *list,
                                 struct strbuf *text);
static struct dist *read_plus(const struct spec *spec, const struct yaml_node *list,
                              struct strbuf *text);
static struct dist *read_empirical(const struct spec *spec, const struct yaml_node *node,
                                   struct strbuf *text);

/* Distributions made of other distributions or of values, without named arguments. */
static const struct {
    const char *name;
    struct dist *(*read)(const struct spec *spec, const struct yaml_node *node,
                         struct strbuf *text);
} compounds[] = {{"mixture", read_mixture}, {"plus", read_plus}, {"empirical", read_empirical}};
enum { COMPOUND_COUNT = sizeof compounds / sizeof compounds[0] };

static void spec_error(const struct spec *spec, const struct yaml_node *node, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));
static void spec_error(const struct spec *spec, const struct yaml_node *node, const char *format,
                       ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    error_at(spec->context->errors, node, "'%s' %s", spec->subject, text.text);
    strbuf_release(&text);
}

static void add_value(struct strbuf *text, bool is_time, double value)
{
    field_add_number(text, is_time ? FIELD_DURATION : FIELD_NUMBER, value);
}

/* A number in the unit of the variate (has_unit), or a plain one such as a shape. */
static bool read_number(const struct spec *spec, const struct yaml_node *node, const char *written,
                        const char *name, bool has_unit, double *value)
{
    struct strbuf why = STRBUF_INIT;
    int64_t length = 0;
    bool is_time = has_unit && spec->is_time;
    bool good = is_time ? units_parse_duration(written, &length, &why)
                        : units_parse_number(written, value, &why);

    if (is_time)
        *value = (double)length;
    if (good && is_time && length < 0) {
        strbuf_addf(&why, "must not be negative, got %s", written);
        good = false;
    }
    if (!good && name)
        spec_error(spec, node, "is invalid: '%s' %s", name, why.text);
    else if (!good)
        spec_error(spec, node, "%s", why.text);
    strbuf_release(&why);
    return good;
}

/* --- families -------------------------------------------------------------------------- */

struct spec_args {
    struct dist_arg args[ARGS_MAX];
    size_t count;
};

static const struct dist_family *find_family(const char *name, size_t length)
{
    for (const struct dist_family *family = dist_families; family->family; family++)
        if (strlen(family->family) == length && memcmp(family->family, name, length) == 0)
            return family;
    return NULL;
}

/* The index of an argument name of a family; `max`, common to all families, is -2; -1: unknown. */
static int find_arg(const struct dist_family *family, const char *name)
{
    for (int i = 0; i < ARGS_MAX && family->names[i]; i++)
        if (strcmp(family->names[i], name) == 0)
            return i;
    return strcmp(name, "max") == 0 ? -2 : -1;
}

static bool add_arg(const struct spec *spec, const struct dist_family *family,
                    struct spec_args *args, const struct yaml_node *node, const char *name,
                    const char *written)
{
    int index = find_arg(family, name);
    bool has_unit = index == -2 || (index >= 0 && family->has_unit[index]);
    double value = 0;

    if (index == -1) {
        struct strbuf text = STRBUF_INIT;

        strbuf_addf(&text, "has an unknown argument '%s' of %s", name, family->family);
        add_remedy(&text, name, "it takes", family->names, ARGS_MAX);
        spec_error(spec, node, "%s", text.text);
        strbuf_release(&text);
        return false;
    }
    if (args->count == ARGS_MAX) {
        spec_error(spec, node, "has too many arguments for %s, which takes %s", family->family,
                   family->args);
        return false;
    }
    if (!read_number(spec, node, written, name, has_unit, &value))
        return false;
    args->args[args->count++] =
        (struct dist_arg){index == -2 ? "max" : family->names[index], value};
    return true;
}

static int compare_args(const void *left, const void *right)
{
    const struct dist_arg *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static void add_family(const struct spec *spec, const struct dist_family *family,
                       struct spec_args *args, struct strbuf *text)
{
    qsort(args->args, args->count, sizeof args->args[0], compare_args);
    if (strcmp(family->family, "constant") == 0 && args->count == 1) {
        add_value(text, spec->is_time, args->args[0].value);
        return;
    }
    strbuf_addf(text, "{%s: {", family->family);
    for (size_t i = 0; i < args->count; i++) {
        int index = find_arg(family, args->args[i].name);

        strbuf_addf(text, "%s%s: ", i > 0 ? ", " : "", args->args[i].name);
        add_value(text, spec->is_time && (index < 0 || family->has_unit[index]),
                  args->args[i].value);
    }
    strbuf_add(text, "}}");
}

static struct dist *make_family(const struct spec *spec, const struct dist_family *family,
                                struct spec_args *args, const struct yaml_node *node,
                                struct strbuf *text)
{
    struct strbuf why = STRBUF_INIT;
    struct dist *dist = dist_create(family->family, args->args, args->count, &why);

    if (!dist)
        spec_error(spec, node, "is wrong: %s", why.text);
    else if (text)
        add_family(spec, family, args, text);
    strbuf_release(&why);
    return dist;
}

/* The arguments of a map, except key `skip`. */
static bool read_map_args(const struct spec *spec, const struct dist_family *family,
                          const struct yaml_node *map, const char *skip, struct spec_args *args)
{
    bool good = true;

    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->entries[i].key, *value = map->entries[i].value;

        if (skip && strcmp(key->text, skip) == 0)
            continue;
        if (value->kind != YAML_SCALAR || value->is_null) {
            spec_error(spec, value, "needs a number for '%s', got %s", key->text,
                       yaml_kind_name(value));
            good = false;
        } else {
            const struct yaml_node *place = find_arg(family, key->text) == -1 ? key : value;

            good &= add_arg(spec, family, args, place, key->text, value->text);
        }
    }
    return good;
}

/* --- call text: "lognormal(median=22ms, p99=31ms)" ------------------------------------- */

static char *trimmed(const char *text, size_t length)
{
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return mem_strndup(text, length);
}

/* One argument: "median=22ms", or just "20ms" for the first one of the family. */
static bool read_call_arg(const struct spec *spec, const struct dist_family *family,
                          const struct yaml_node *node, const char *piece, size_t length,
                          struct spec_args *args)
{
    const char *equals = memchr(piece, '=', length);
    char *name = equals ? trimmed(piece, (size_t)(equals - piece))
                        : mem_strdup(family->names[0] ? family->names[0] : "");
    char *value = equals ? trimmed(equals + 1, length - (size_t)(equals + 1 - piece))
                         : trimmed(piece, length);
    bool good = false;

    if (!equals && args->count > 0)
        spec_error(spec, node, "needs a name for each argument, such as %s=..., got '%s'",
                   family->names[0] ? family->names[0] : "mean", value);
    else
        good = add_arg(spec, family, args, node, name, value);
    free(name);
    free(value);
    return good;
}

static void unknown_family(const struct spec *spec, const struct yaml_node *node, const char *name)
{
    struct strbuf text = STRBUF_INIT;
    const char *names[32];
    size_t count = 0;

    for (const struct dist_family *family = dist_families; family->family && count < 32; family++)
        names[count++] = family->family;
    for (size_t i = 0; i < COMPOUND_COUNT && count < 32; i++)
        names[count++] = compounds[i].name;
    strbuf_addf(&text, "names an unknown distribution '%s'", name);
    add_remedy(&text, name, "known are", names, count);
    spec_error(spec, node, "%s", text.text);
    strbuf_release(&text);
}

static struct dist *read_call(const struct spec *spec, const struct yaml_node *node,
                              struct strbuf *text)
{
    const char *open = strchr(node->text, '('), *end = node->text + strlen(node->text) - 1;
    char *name = trimmed(node->text, (size_t)(open - node->text));
    const struct dist_family *family = find_family(name, strlen(name));
    struct spec_args args = {.count = 0};
    bool good = false;

    if (!family)
        unknown_family(spec, node, name);
    else if (*end != ')')
        spec_error(spec, node, "needs a closing ')', got '%s'; within braces put it in quotes",
                   node->text);
    else
        good = true;
    for (const char *piece = open + 1; good && piece < end;) {
        const char *comma = memchr(piece, ',', (size_t)(end - piece));
        const char *piece_end = comma ? comma : end;

        good = read_call_arg(spec, family, node, piece, (size_t)(piece_end - piece), &args);
        piece = piece_end + 1;
    }
    free(name);
    return good ? make_family(spec, family, &args, node, text) : NULL;
}

/* --- a map whose names identify the family --------------------------------------------- */

/* Whether the names (except max) are one of the alternatives "median, p99 | mean, sd" of the
 * family. */
static bool family_takes(const struct dist_family *family, const struct yaml_node *map)
{
    size_t given = map->count - (yaml_find(map, "max") ? 1 : 0);

    for (const char *alternative = family->args; alternative && *alternative;) {
        size_t length = strcspn(alternative, "|"), matched = 0, names = 0;

        for (const char *at = alternative; at < alternative + length;) {
            size_t word = strcspn(at, " ,|(");

            if (*at == '(')
                break;
            names += word > 0;
            for (size_t i = 0; i < map->count; i++) {
                const char *key = map->entries[i].key->text;

                matched += word > 0 && strlen(key) == word && memcmp(key, at, word) == 0;
            }
            at += word + strspn(at + word, " ,");
        }
        if (names == matched && names == given)
            return true;
        alternative += length + (alternative[length] == '|');
        alternative += strspn(alternative, " ");
    }
    return false;
}

static const struct dist_family *guess_family(const struct spec *spec, const struct yaml_node *map)
{
    const struct dist_family *found = NULL;
    struct strbuf names = STRBUF_INIT;
    size_t count = 0;

    if (yaml_find(map, "median"))
        return find_family("lognormal", strlen("lognormal"));
    if (yaml_find(map, "mean") && map->count - (yaml_find(map, "max") ? 1 : 0) == 1)
        return find_family("exponential", strlen("exponential"));
    for (const struct dist_family *family = dist_families; family->family; family++) {
        if (!family_takes(family, map))
            continue;
        found = family;
        strbuf_addf(&names, "%s%s", count++ > 0 ? ", " : "", family->family);
    }
    if (count > 1)
        spec_error(spec, map, "is ambiguous (%s): name the distribution, such as {%s: {...}}",
                   names.text, found->family);
    else if (count == 0 && map->count == 1 && map->entries[0].value->kind != YAML_SCALAR)
        unknown_family(spec, map->entries[0].key, map->entries[0].key->text);
    else if (count == 0)
        spec_error(spec, map,
                   "does not identify a distribution: set median and p99, mean only, or "
                   "name it, such as {lognormal: {mean: ..., sd: ...}}");
    strbuf_release(&names);
    return count == 1 ? found : NULL;
}

/* --- mixture, plus, empirical ---------------------------------------------------------- */

static bool read_part(const struct spec *spec, const struct yaml_node *part, struct dist **dist,
                      double *weight, struct strbuf *text)
{
    const struct yaml_node *share = yaml_get(part, "weight"), *of = yaml_get(part, "of");

    if (!share || share->kind != YAML_SCALAR || !of || part->count != 2) {
        spec_error(spec, part, "needs parts of the form {weight: 0.99, of: ...}");
        return false;
    }
    if (!read_number(spec, share, share->text, "weight", false, weight))
        return false;
    strbuf_add(text, "{weight: ");
    add_value(text, false, *weight);
    strbuf_add(text, ", of: ");
    *dist = read_dist(spec, of, text);
    strbuf_add(text, "}");
    return *dist != NULL;
}

static struct dist *read_mixture(const struct spec *spec, const struct yaml_node *list,
                                 struct strbuf *text)
{
    struct dist *parts[PARTS_MAX], *mixture = NULL;
    double weights[PARTS_MAX];
    struct strbuf why = STRBUF_INIT, written = STRBUF_INIT;
    size_t count = 0;
    bool good = list->kind == YAML_LIST && list->count > 0 && list->count <= PARTS_MAX;

    if (!good)
        spec_error(spec, list, "needs a list of 1 to %d parts {weight: 0.99, of: ...}", PARTS_MAX);
    for (size_t i = 0; good && i < list->count; i++) {
        strbuf_add(&written, i > 0 ? ", " : "");
        good = read_part(spec, list->entries[i].value, &parts[i], &weights[i], &written);
        count += good;
    }
    if (good) {
        mixture = dist_mixture(parts, weights, count, &why);
        if (!mixture)
            spec_error(spec, list, "is wrong: %s", why.text);
        else if (text)
            strbuf_addf(text, "{mixture: [%s]}", written.text);
    } else {
        for (size_t i = 0; i < count; i++)
            dist_free(parts[i]);
    }
    strbuf_release(&why);
    strbuf_release(&written);
    return mixture;
}

static struct dist *read_plus(const struct spec *spec, const struct yaml_node *list,
                              struct strbuf *text)
{
    struct strbuf written = STRBUF_INIT;
    const struct yaml_node *shift = NULL;
    struct dist *part, *dist = NULL;
    double value = 0;

    if (list->kind == YAML_LIST && list->count == 2)
        shift = list->entries[0].value;
    if (!shift || shift->kind != YAML_SCALAR) {
        spec_error(spec, list,
                   "needs a list of a shift and a distribution, such as "
                   "{plus: [10ms, {exponential: 5ms}]}");
        return NULL;
    }
    if (!read_number(spec, shift, shift->text, NULL, true, &value))
        return NULL;
    part = read_dist(spec, list->entries[1].value, &written);
    if (part)
        dist = dist_plus(value, part);
    if (dist && text) {
        strbuf_add(text, "{plus: [");
        add_value(text, spec->is_time, value);
        strbuf_addf(text, ", %s]}", written.text);
    }
    strbuf_release(&written);
    return dist;
}

static bool read_inline_values(const struct spec *spec, const struct yaml_node *list,
                               double **values, size_t *count)
{
    double *all = mem_alloc(list->count, sizeof *all);
    bool good = list->count > 0 && list->count <= CSV_VALUES_MAX;

    if (!good)
        spec_error(spec, list, "needs 1 to %d values, got %zu", CSV_VALUES_MAX, list->count);
    for (size_t i = 0; good && i < list->count; i++) {
        const struct yaml_node *value = list->entries[i].value;

        if (value->kind != YAML_SCALAR) {
            spec_error(spec, value, "needs a number, got %s", yaml_kind_name(value));
            good = false;
        } else {
            good = read_number(spec, value, value->text, NULL, true, &all[i]);
        }
    }
    if (good) {
        *values = all;
        *count = list->count;
    } else {
        free(all);
    }
    return good;
}

static int compare_values(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static struct dist *read_empirical(const struct spec *spec, const struct yaml_node *node,
                                   struct strbuf *text)
{
    struct csv_request request = {.cell = spec->is_time ? CSV_TIME : CSV_NUMBER};
    double *values = NULL;
    size_t count = 0;
    struct strbuf why = STRBUF_INIT;
    struct dist *dist = NULL;

    if (node->is_null)
        spec_error(spec, node, "needs a file or a list of values");
    else if (node->kind == YAML_LIST
                 ? read_inline_values(spec, node, &values, &count)
                 : csv_values_read(spec->context, spec->subject, node, &request, &values, &count))
        dist = dist_empirical(values, count, "values", &why);
    if (why.length > 0)
        spec_error(spec, node, "is wrong: %s", why.text);
    if (dist && text) {
        qsort(values, count, sizeof *values, compare_values);
        strbuf_add(text, "{empirical: [");
        for (size_t i = 0; i < count; i++) {
            strbuf_add(text, i > 0 ? ", " : "");
            add_value(text, spec->is_time, values[i]);
        }
        strbuf_add(text, "]}");
    }
    free(values);
    strbuf_release(&why);
    return dist;
}

/* --- the entrance ---------------------------------------------------------------------- */

/* {family: ...}, optionally with max. */
static struct dist *read_named(const struct spec *spec, const struct dist_family *family,
                               const struct yaml_node *map, struct strbuf *text)
{
    const struct yaml_node *value = yaml_get(map, family->family);
    struct spec_args args = {.count = 0};
    bool good = true;

    if (value->kind == YAML_MAP)
        good = read_map_args(spec, family, value, NULL, &args);
    else if (value->kind == YAML_SCALAR && !value->is_null)
        good = add_arg(spec, family, &args, value, family->names[0], value->text);
    else
        spec_error(spec, value, "needs the arguments of %s: %s", family->family, family->args);
    good = good && (value->kind == YAML_MAP || args.count > 0) &&
           read_map_args(spec, family, map, family->family, &args);
    return good ? make_family(spec, family, &args, value, text) : NULL;
}

static struct dist *read_map(const struct spec *spec, const struct yaml_node *map,
                             struct strbuf *text)
{
    const struct dist_family *family = NULL;
    struct spec_args args = {.count = 0};

    for (size_t i = 0; i < COMPOUND_COUNT; i++) {
        const struct yaml_node *value = yaml_get(map, compounds[i].name);

        if (value && map->count == 1)
            return compounds[i].read(spec, value, text);
        if (value) {
            spec_error(spec, map, "must have no other key than '%s'", compounds[i].name);
            return NULL;
        }
    }
    for (size_t i = 0; !family && i < map->count; i++)
        family = find_family(map->entries[i].key->text, strlen(map->entries[i].key->text));
    if (family)
        return read_named(spec, family, map, text);
    family = guess_family(spec, map);
    if (!family || !read_map_args(spec, family, map, NULL, &args))
        return NULL;
    return make_family(spec, family, &args, map, text);
}

static struct dist *read_dist(const struct spec *spec, const struct yaml_node *node,
                              struct strbuf *text)
{
    double value = 0;

    if (*spec->part_count == PARTS_TOTAL_MAX) {
        spec_error(spec, node, "consists of more than %d distributions", PARTS_TOTAL_MAX);
        return NULL;
    }
    ++*spec->part_count;
    if (node->kind == YAML_MAP)
        return read_map(spec, node, text);
    if (node->kind == YAML_LIST || node->is_null) {
        spec_error(spec, node, "needs a %s or a distribution, got %s",
                   spec->is_time ? "duration" : "number", yaml_kind_name(node));
        return NULL;
    }
    if (strchr(node->text, '('))
        return read_call(spec, node, text);
    if (!read_number(spec, node, node->text, NULL, true, &value))
        return NULL;
    if (text)
        add_value(text, spec->is_time, value);
    return dist_constant(value);
}

struct dist *dist_spec_read(const struct schema_context *context, const char *subject,
                            const struct yaml_node *node, bool is_time, struct strbuf *text)
{
    size_t part_count = 0;
    const struct spec spec = {context, subject, is_time, &part_count};

    return read_dist(&spec, node, text);
}
