// SPDX-License-Identifier: GPL-3.0-or-later
#include "csv_column.h"

#include "field_value.h"
#include "mem.h"
#include "suggest.h"
#include "text_file.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>

/* Spreadsheets begin UTF-8 files with it. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum { FILE_SIZE_MAX = 16 << 20, BAD_CELLS_MAX = 10, NAMES_MAX = 64 };

struct csv {
    const struct csv_request *request;
    struct error_list *errors;
    double *values;
    size_t count, capacity;
    int line;
    size_t bad_count;
};

/* Read the cell at *at without quotes and blanks; *at moves past its comma, or to the end of the
 * line. */
static void take_cell(const char **at, struct strbuf *cell, int *column)
{
    const char *start = *at, *end;

    strbuf_clear(cell);
    start += strspn(start, " \t");
    *column = (int)(start - *at);
    if (*start == '"') {
        start++;
        end = start + strcspn(start, "\"\r\n");
        strbuf_add_bytes(cell, start, (size_t)(end - start));
        end += *end == '"';
        end += strcspn(end, ",\r\n");
    } else {
        end = start + strcspn(start, ",\r\n");
        strbuf_add_bytes(cell, start, (size_t)(end - start));
        while (cell->length > 0 && strchr(" \t", cell->text[cell->length - 1]))
            strbuf_truncate(cell, cell->length - 1);
    }
    *at = *end == ',' ? end + 1 : end;
}

/* Cell `index` of a line and its column (from 1); false if the line is shorter. */
static bool find_cell(const char *line, size_t index, struct strbuf *cell, int *column)
{
    const char *at = line;

    for (size_t i = 0;; i++) {
        const char *start = at;

        take_cell(&at, cell, column);
        *column += (int)(start - line) + 1;
        if (i == index)
            return true;
        if (at == start || at[-1] != ',')
            return false;
    }
}

static bool parse_with_unit(const struct csv_request *request, const char *text, double *value,
                            struct strbuf *why)
{
    int64_t length = 0;
    bool good;

    if (request->cell == CSV_RATE)
        return units_parse_rate(text, value, why);
    good = units_parse_duration(text, &length, why);
    *value = (double)length;
    return good;
}

static bool parse_cell(const struct csv_request *request, const char *text, double *value,
                       struct strbuf *why)
{
    struct strbuf with_unit = STRBUF_INIT;
    bool good;

    if (request->cell == CSV_NUMBER)
        return units_parse_number(text, value, why);
    strbuf_add(&with_unit, text);
    if (request->unit && text[0] && strspn(text, "0123456789.eE+-_") == strlen(text))
        strbuf_add(&with_unit, request->unit);
    good = parse_with_unit(request, with_unit.text, value, why);
    strbuf_release(&with_unit);
    return good;
}

/* Is the value allowed where it stands? */
static bool value_is_allowed(const struct csv *csv, double value, const char *got,
                             struct strbuf *why)
{
    const struct csv_request *request = csv->request;

    if (request->cell != CSV_NUMBER && value < 0)
        strbuf_add(why, "must not be negative");
    else if (request->cell == CSV_INSTANT && csv->count > 0 && value < csv->values[csv->count - 1])
        strbuf_addf(why, "must not be before the one above it, got %s", got);
    else if (!request->field)
        return true;
    else
        return field_in_range(request->field, value, got, why);
    return false;
}

static void bad_cell(struct csv *csv, const char *line_text, int column, const char *why)
{
    struct diag_place place = {csv->request->shown, csv->line, column, line_text};

    csv->bad_count++;
    error_at_place(csv->errors, &place, "the cell %s", why);
}

/* Find the index of the column by the header; false if the header has no such name. */
static bool find_column(struct csv *csv, const char *line, const struct yaml_node *node,
                        size_t *index)
{
    char *names[NAMES_MAX];
    size_t count = 0;
    struct strbuf cell = STRBUF_INIT;
    int column;
    bool found = false;

    while (count < NAMES_MAX && find_cell(line, count, &cell, &column))
        names[count++] = mem_strdup(cell.text);
    for (size_t i = 0; i < count && !found; i++) {
        found = strcmp(names[i], csv->request->column) == 0;
        *index = i;
    }
    if (!found) {
        strbuf_clear(&cell);
        strbuf_addf(&cell, "'%s' has no column '%s'", csv->request->shown, csv->request->column);
        add_remedy(&cell, csv->request->column, "its columns are", (const char *const *)names,
                   count);
        error_at(csv->errors, node, "%s", cell.text);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    strbuf_release(&cell);
    return found;
}

static void read_line(struct csv *csv, const char *line, size_t index, bool may_be_header)
{
    struct strbuf cell = STRBUF_INIT, why = STRBUF_INIT;
    double value = 0;
    int column = 1;

    if (!find_cell(line, index, &cell, &column)) {
        bad_cell(csv, line, column, "is missing: the line is too short");
    } else if (!parse_cell(csv->request, cell.text, &value, &why)) {
        bool is_header = may_be_header && cell.length > 0 && !strchr("0123456789.-+", cell.text[0]);

        if (csv->request->cell != CSV_NUMBER && !csv->request->unit)
            strbuf_add(&why, "; if cells are plain numbers, set `unit`");
        if (!is_header)
            bad_cell(csv, line, column, why.text);
    } else if (!value_is_allowed(csv, value, cell.text, &why)) {
        bad_cell(csv, line, column, why.text);
    } else {
        MEM_GROW(csv->values, csv->capacity, csv->count + 1);
        csv->values[csv->count++] = value;
    }
    strbuf_release(&cell);
    strbuf_release(&why);
}

static bool read_lines(struct csv *csv, const char *text, const struct yaml_node *node)
{
    static const char *const remedies[] = {
        [CSV_NUMBER] = "take a random sample of it",
        [CSV_TIME] = "take a random sample of it",
        [CSV_RATE] = "take longer bins",
        [CSV_INSTANT] = "count them in bins and give rates",
    };
    size_t index = 0;
    bool is_first = true;
    size_t mark = strlen(BYTE_ORDER_MARK);

    if (strncmp(text, BYTE_ORDER_MARK, mark) == 0)
        text += mark;
    for (const char *line = text; *line && csv->bad_count < BAD_CELLS_MAX;) {
        const char *next = strchr(line, '\n');

        csv->line++;
        if (!strchr("\r\n#", *line)) {
            if (is_first && csv->request->column) {
                if (!find_column(csv, line, node, &index))
                    return false;
            } else {
                read_line(csv, line, index, is_first);
            }
            is_first = false;
        }
        line = next ? next + 1 : line + strlen(line);
    }
    if (csv->bad_count == 0 && csv->count == 0)
        error_at(csv->errors, node, "'%s' contains no values", csv->request->shown);
    if (csv->count > CSV_VALUES_MAX)
        error_at(csv->errors, node, "'%s' contains %zu values and at most %d are allowed: %s",
                 csv->request->shown, csv->count, CSV_VALUES_MAX, remedies[csv->request->cell]);
    return csv->bad_count == 0 && csv->count > 0 && csv->count <= CSV_VALUES_MAX;
}

static bool read_column(const struct csv_request *request, struct error_list *errors,
                        const struct yaml_node *node, double **values, size_t *count)
{
    struct csv csv = {.request = request, .errors = errors};
    struct strbuf text = STRBUF_INIT, why = STRBUF_INIT;
    bool good = text_file_read(request->path, TEXT_FILE_REGULAR, FILE_SIZE_MAX, &text, &why);

    if (!good)
        error_at(errors, node, "cannot read '%s': %s", request->shown, why.text);
    else
        good = read_lines(&csv, text.text, node);
    if (good) {
        *values = csv.values;
        *count = csv.count;
    } else {
        free(csv.values);
    }
    strbuf_release(&text);
    strbuf_release(&why);
    return good;
}

static const struct csv_cached *cached_column(struct csv_cache *cache,
                                              const struct csv_request *request,
                                              struct error_list *errors,
                                              const struct yaml_node *node)
{
    struct csv_cached *column;

    for (size_t i = 0; i < cache->count; i++)
        if (cache->columns[i].node == node && cache->columns[i].cell == request->cell)
            return &cache->columns[i];
    MEM_GROW(cache->columns, cache->capacity, cache->count + 1);
    column = &cache->columns[cache->count++];
    *column = (struct csv_cached){.node = node, .cell = request->cell};
    if (!read_column(request, errors, node, &column->values, &column->count))
        column->values = NULL;
    return column;
}

bool csv_column_read(struct csv_cache *cache, const struct csv_request *request,
                     struct error_list *errors, const struct yaml_node *node, double **values,
                     size_t *count)
{
    const struct csv_cached *column;

    if (!cache)
        return read_column(request, errors, node, values, count);
    column = cached_column(cache, request, errors, node);
    if (!column->values)
        return false;
    *values = mem_alloc(column->count, sizeof **values);
    memcpy(*values, column->values, column->count * sizeof **values);
    *count = column->count;
    return true;
}

void csv_cache_release(struct csv_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++)
        free(cache->columns[i].values);
    free(cache->columns);
    *cache = (struct csv_cache){0};
}
