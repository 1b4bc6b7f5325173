// SPDX-License-Identifier: GPL-3.0-or-later
#include "csv_values.h"

#include "text_file.h"

#include <string.h>

/* Units of bare numbers, by cell. */
static const struct unit_row {
    const char *names[8]; /* NULL: a plain number */
    const char *wanted;   /* follows "'x' " in a message */
    const char *example;
} units[] = {
    [CSV_NUMBER] = {{NULL}, "is a plain number and takes no unit", "{file: x.csv, column: name}"},
    [CSV_TIME] = {{"ns", "us", "ms", "s", "min", "h", NULL},
                  "needs one of ns, us, ms, s, min, h as unit",
                  "{file: x.csv, column: name, unit: ms}"},
    [CSV_RATE] = {{"/s", "/min", "/h", "/d", NULL},
                  "needs one of /s, /min, /h, /d as unit",
                  "{file: x.csv, column: name, unit: /s}"},
    [CSV_INSTANT] = {{"ns", "us", "ms", "s", "min", "h", NULL},
                     "needs one of ns, us, ms, s, min, h as unit",
                     "{file: x.csv, column: name, unit: s}"},
};

static bool unit_is_known(const struct csv_request *request)
{
    for (const char *const *name = units[request->cell].names; *name; name++)
        if (strcmp(*name, request->unit) == 0)
            return true;
    return false;
}

/* A key of {file: ..., column: ..., unit: ...}; false where something else stands there. */
static bool read_file_keys(const struct schema_context *context, const char *subject,
                           const struct yaml_node *map, struct csv_request *request)
{
    static const char *const names[] = {"file", "column", "unit"};
    const char **targets[] = {&request->shown, &request->column, &request->unit};
    const struct unit_row *row = &units[request->cell];

    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->entries[i].key, *value = map->entries[i].value;
        size_t at = 0;

        while (at < 3 && strcmp(names[at], key->text) != 0)
            at++;
        if (at == 3 || value->kind != YAML_SCALAR || value->is_null) {
            error_at(context->errors, at == 3 ? key : value, "'%s' needs %s, got '%s' there",
                     subject, row->example, key->text);
            return false;
        }
        *targets[at] = value->text;
    }
    if (!request->shown)
        error_at(context->errors, map, "'%s' needs a file, such as %s", subject, row->example);
    else if (request->unit && !unit_is_known(request))
        error_at(context->errors, yaml_get(map, "unit"), "'%s' %s, got unit '%s'", subject,
                 row->wanted, request->unit);
    else
        return true;
    return false;
}

bool csv_values_read(const struct schema_context *context, const char *subject,
                     const struct yaml_node *node, struct csv_request *request, double **values,
                     size_t *count)
{
    struct strbuf path = STRBUF_INIT;
    bool good = true;

    if (node->kind == YAML_MAP)
        good = read_file_keys(context, subject, node, request);
    else
        request->shown = node->text;
    if (good) {
        path_join(&path, node->source->directory, request->shown);
        request->path = path.text;
        request->shown = path.text;
        good = csv_column_read(context->csv, request, context->errors, node, values, count);
    }
    strbuf_release(&path);
    return good;
}
