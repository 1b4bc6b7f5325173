// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric_ref_internal.h"

#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const stat_names[] = {"mean", "p50", "p90", "p99", "p99.9", "max", "count"};
static const char *const window_names[] = {"all", "before", "fault", "after"};
enum { STAT_COUNT = 7, WINDOW_COUNT = 4, METRICS_MAX = 1024 };

/* --- reading ---------------------------------------------------------------------------- */

void cursor_error(struct cursor *cursor, const char *at, const char *format, ...)
{
    struct diag_place place = yaml_place(cursor->node);
    va_list args;

    if (!cursor->is_good)
        return;
    /* Only a plain text in one line has the same columns in the file. */
    if (place.line_text) {
        const char *line_end = place.line_text + strcspn(place.line_text, "\r\n");
        const char *found = strstr(place.line_text, cursor->text);

        if (found && found < line_end)
            place.column += (int)(at - cursor->text);
    }
    va_start(args, format);
    error_at_placev(cursor->builder->errors, &place, format, args);
    va_end(args);
    cursor->is_good = false;
}

void cursor_skip_blanks(struct cursor *cursor)
{
    cursor->at += strspn(cursor->at, " \t\n");
}

/* Read a word of letters, digits and characters of `more`; the cursor moves past it. The caller
 * frees the result. */
static char *take_word(struct cursor *cursor, const char *more)
{
    const char *start = cursor->at;

    while (*cursor->at && (isalnum((unsigned char)*cursor->at) || strchr(more, *cursor->at)))
        cursor->at++;
    return mem_strndup(start, (size_t)(cursor->at - start));
}

static void unknown_name(struct cursor *cursor, const char *at, const char *what, const char *word,
                         const char *const *names, size_t count)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addf(&text, "unknown %s '%s'", what, word);
    add_remedy(&text, word, "known are", names, count);
    cursor_error(cursor, at, "%s", text.text);
    strbuf_release(&text);
}

static const char *find_name(const char *word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], word) == 0)
            return names[i];
    return NULL;
}

static void unknown_metric(struct cursor *cursor, const char *at, const char *name)
{
    const struct scenario *scenario = cursor->builder->scenario;
    const char *names[METRICS_MAX];
    struct strbuf text = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; i < scenario->metric_count && count < METRICS_MAX; i++)
        names[count++] = scenario->metrics[i]->name;
    if (kind_explain_metric(&text, scenario->registry, cursor->builder->kind, name))
        cursor_error(cursor, at, "%s", text.text);
    else
        unknown_name(cursor, at, "metric", name, names, count);
    strbuf_release(&text);
}

static void find_metric(struct cursor *cursor, const char *at, const char *name,
                        struct metric_ref *ref)
{
    const struct scenario *scenario = cursor->builder->scenario;

    for (size_t i = 0; i < scenario->metric_count && !ref->metric; i++)
        if (strcmp(scenario->metrics[i]->name, name) == 0)
            ref->metric = scenario->metrics[i];
    if (!ref->metric)
        unknown_metric(cursor, at, name);
}

static void set_region(struct cursor *cursor, const char *at, const char *value,
                       struct metric_ref *ref)
{
    const struct topology *topology = &cursor->builder->scenario->topology;

    ref->region = topology_region(topology, value);
    if (ref->region < 0 && topology->region_count > 0)
        unknown_name(cursor, at, "region", value, topology->region_names, topology->region_count);
}

static void set_window(struct cursor *cursor, const char *at, const char *value,
                       struct metric_ref *ref)
{
    if (!find_name(value, window_names, WINDOW_COUNT)) {
        unknown_name(cursor, at, "window", value, window_names, WINDOW_COUNT);
        return;
    }
    if (strcmp(value, "all") != 0 && cursor->builder->scenario->fault_span_count == 0)
        cursor_error(cursor, at, "window '%s' needs faults, but this scenario has none", value);
    free(ref->window);
    ref->window = mem_strdup(value);
}

static void set_label(struct cursor *cursor, const char *at, const char *value,
                      struct metric_ref *ref)
{
    const struct supplied_rows *rows = &cursor->builder->scenario->rows;
    size_t count = metric_label_count(rows, ref->metric);
    const char **names = mem_alloc(count, sizeof names[0]);
    bool known;

    for (size_t i = 0; i < count; i++)
        names[i] = metric_label(rows, ref->metric, i);
    known = find_name(value, names, count) != NULL;
    if (!known)
        unknown_name(cursor, at, ref->metric->label, value, names, count);
    free(names);
    if (!known)
        return;
    free(ref->label);
    ref->label = mem_strdup(value);
}

static void take_label(struct cursor *cursor, struct metric_ref *ref)
{
    const char *name_at, *value_at;
    char *name, *value;

    cursor_skip_blanks(cursor);
    name_at = cursor->at;
    name = take_word(cursor, "_-");
    cursor_skip_blanks(cursor);
    if (*cursor->at != '=')
        cursor_error(cursor, cursor->at, "needs label=value within the braces");
    else
        cursor->at++;
    cursor_skip_blanks(cursor);
    value_at = cursor->at;
    value = take_word(cursor, "_-");
    if (strcmp(name, "region") == 0) {
        set_region(cursor, value_at, value, ref);
    } else if (strcmp(name, "window") == 0) {
        set_window(cursor, value_at, value, ref);
    } else if (ref->metric && ref->metric->label && strcmp(name, ref->metric->label) == 0) {
        set_label(cursor, value_at, value, ref);
    } else if (ref->metric) {
        const char *names[] = {"region", "window", ref->metric->label};
        struct strbuf what = STRBUF_INIT;

        strbuf_addf(&what, "label of %s", ref->metric->name);
        unknown_name(cursor, name_at, what.text, name, names, ref->metric->label ? 3 : 2);
        strbuf_release(&what);
    }
    free(name);
    free(value);
    cursor_skip_blanks(cursor);
}

static void take_labels(struct cursor *cursor, struct metric_ref *ref)
{
    if (*cursor->at != '{')
        return;
    do {
        cursor->at++;
        take_label(cursor, ref);
    } while (cursor->is_good && *cursor->at == ',');
    if (*cursor->at == '}')
        cursor->at++;
    else
        cursor_error(cursor, cursor->at, "needs a closing '}'");
}

static void take_stat(struct cursor *cursor, struct metric_ref *ref)
{
    const char *at = cursor->at + 1;
    char *stat = NULL;

    if (*cursor->at == '.') {
        cursor->at++;
        stat = take_word(cursor, ".");
    }
    if (stat && ref->metric && ref->metric->kind != METRIC_LATENCY &&
        (ref->metric->kind != METRIC_VALUE || stat[0] != 'p'))
        cursor_error(
            cursor, at,
            ref->metric->kind == METRIC_VALUE
                ? "'%s' has one value a run: of these there are quantiles, such as '.p90', "
                  "no '.%s'"
                : "'%s' has one value per run; '.%s' is only for latencies",
            ref->metric->name, stat);
    else if (stat && !find_name(stat, stat_names, STAT_COUNT))
        unknown_name(cursor, at, "statistic", stat, stat_names, STAT_COUNT);
    else if (stat)
        ref->stat = find_name(stat, stat_names, STAT_COUNT);
    else if (ref->metric && ref->metric->kind == METRIC_LATENCY)
        ref->stat = "p99";
    if (stat && *cursor->at == '{')
        cursor_error(cursor, at, "'.%s' must follow the braces: '%s{...}.%s'", stat,
                     ref->metric->name, stat);
    free(stat);
}

void cursor_take_metric(struct cursor *cursor, struct metric_ref *ref)
{
    const char *at;
    char *name;

    cursor_skip_blanks(cursor);
    at = cursor->at;
    name = take_word(cursor, "_");
    *ref = (struct metric_ref){.region = -1, .window = mem_strdup("all")};
    if (!name[0])
        cursor_error(cursor, at, "needs a metric here, such as 'reauth_rate < 0.1%%'");
    else
        find_metric(cursor, at, name, ref);
    free(name);
    if (cursor->is_good)
        take_labels(cursor, ref);
    if (cursor->is_good)
        take_stat(cursor, ref);
    cursor_skip_blanks(cursor);
}

/* --- from the command line -------------------------------------------------------------- */

static const struct model_kind *scenario_kind(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->instance_count; i++)
        if (strcmp(scenario->instances[i].ops->section, MODEL_KIND_SECTION) == 0)
            return scenario->instances[i].kind;
    return NULL;
}

struct cursor cursor_of_text(struct loose_text *loose, const struct scenario *scenario,
                             const char *name, const char *text, struct diag *diag)
{
    loose->source = (struct yaml_source){name, "", text, strlen(text)};
    loose->node = (struct yaml_node){
        .kind = YAML_SCALAR, .text = text, .source = &loose->source, .line = 1, .column = 1};
    error_list_init(&loose->errors, diag);
    /* Nothing is built: only the metrics and regions of the scenario are used. */
    loose->builder = (struct builder){.scenario = (struct scenario *)(uintptr_t)scenario,
                                      .inner = scenario->inner,
                                      .root = &loose->node,
                                      .errors = &loose->errors,
                                      .kind = scenario_kind(scenario)};
    return (struct cursor){&loose->builder, &loose->node, text, text, true};
}

bool scenario_parse_metric(const struct scenario *scenario, const char *name, const char *text,
                           struct metric_ref *ref, struct diag *diag)
{
    struct loose_text loose;
    struct cursor cursor = cursor_of_text(&loose, scenario, name, text, diag);

    cursor_take_metric(&cursor, ref);
    if (cursor.is_good && *cursor.at)
        cursor_error(&cursor, cursor.at, "does not expect '%s' here", cursor.at);
    error_list_release(&loose.errors);
    return cursor.is_good;
}

/* --- the whole -------------------------------------------------------------------------- */

enum unit metric_ref_unit(const struct metric_ref *ref)
{
    return ref->stat && strcmp(ref->stat, "count") == 0 ? UNIT_COUNT : ref->metric->unit;
}

void metric_ref_release(struct metric_ref *ref)
{
    free(ref->label);
    free(ref->window);
    *ref = (struct metric_ref){0};
}

void metric_ref_add(struct strbuf *out, const struct metric_ref *ref,
                    const struct topology *topology)
{
    const char *separator = "{";

    strbuf_add(out, ref->metric->name);
    if (ref->label) {
        strbuf_addf(out, "%s%s=%s", separator, ref->metric->label, ref->label);
        separator = ", ";
    }
    if (ref->region >= 0) {
        strbuf_addf(out, "%sregion=%s", separator, topology->region_names[ref->region]);
        separator = ", ";
    }
    if (ref->window && strcmp(ref->window, "all") != 0) {
        strbuf_addf(out, "%swindow=%s", separator, ref->window);
        separator = ", ";
    }
    if (*separator == ',')
        strbuf_add(out, "}");
    if (ref->stat)
        strbuf_addf(out, ".%s", ref->stat);
}
