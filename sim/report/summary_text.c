// SPDX-License-Identifier: GPL-3.0-or-later
/* The summary as text or Markdown: what was asked, the answer first, then the sections; last the
 * file and the command that makes it again. */
#include "quote.h"
#include "summary_text_internal.h"
#include "interval.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { INFLUENCES_SHOWN = 3 };

/* --- for the sections ------------------------------------------------------------------------ */

static enum quote_target quoting(const struct printer *printer)
{
    return printer->options->markdown ? QUOTE_MARKDOWN : QUOTE_TERMINAL;
}

void printer_add_paragraph(struct printer *printer, const char *raw)
{
    struct strbuf quoted = STRBUF_INIT;
    int indent = printer->options->markdown ? 0 : 2, column = indent;
    quote_add(&quoted, quoting(printer), raw);
    strbuf_addf(printer->out, "%*s", indent, "");
    for (const char *text = quoted.text; *text != '\0'; text += strspn(text, " ")) {
        size_t length = strcspn(text, " ");
        if (column > indent && column + (int)length + 1 > printer->width) {
            strbuf_addf(printer->out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            strbuf_add_char(printer->out, ' ');
            column++;
        }
        strbuf_add_bytes(printer->out, text, length);
        column += (int)length;
        text += length;
    }
    strbuf_add(printer->out, printer->options->markdown ? "\n\n" : "\n");
    strbuf_release(&quoted);
}

void printer_add_heading(struct printer *printer, const char *title)
{
    bool colour = printer->options->colour;
    strbuf_add(printer->out, printer->options->markdown ? "### " : colour ? "\n\033[1m" : "\n");
    quote_add(printer->out, quoting(printer), title);
    strbuf_add(printer->out, printer->options->markdown ? "\n\n" : colour ? "\033[0m\n" : "\n");
}

void printer_end_table(struct printer *printer)
{
    if (printer->options->markdown) {
        text_table_add_markdown_and_free(printer->table, printer->out);
        strbuf_add_char(printer->out, '\n'); /* ends the table */
    } else {
        text_table_wrap(printer->table, (size_t)printer->width);
        text_table_add_to_and_free(printer->table, printer->out);
    }
    printer->table = NULL;
}

void printer_add_mean(struct strbuf *out, const struct interval *interval, enum unit unit,
                      uint64_t n)
{
    interval_add(out, interval, unit);
    if (interval->n != n)
        strbuf_addf(out, " (n = %" PRIu64 ")", interval->n);
}

void printer_add_share(struct strbuf *out, const char *what, size_t hits, size_t n,
                       const struct printer *printer)
{
    struct interval share = interval_wilson(hits, n, printer->summary->study.level);
    strbuf_addf(out, "%s%sin %zu of %zu", what, what[0] != '\0' ? " " : "", hits, n);
    if (share.valid && n > 1)
        interval_add_bounds(out, share.low, share.high, UNIT_SHARE);
}

/* --- head and last line ---------------------------------------------------------------------- */

static void add_head(struct printer *printer)
{
    const struct study_row *study = &printer->summary->study;
    struct strbuf *out = printer->out;
    struct strbuf text = STRBUF_INIT;
    bool colour = printer->options->colour;
    strbuf_add(out, printer->options->markdown ? "## " : colour ? "\033[1m" : "");
    quote_add(out, quoting(printer), study->scenario_name);
    strbuf_add(out, printer->options->markdown ? "\n\n" : colour ? "\033[0m\n" : "\n");
    if (study->question[0] != '\0')
        printer_add_paragraph(printer, study->question);
    units_add_duration(&text, study->duration_ns);
    strbuf_add(&text, " simulated");
    if (study->point_count > 1)
        strbuf_addf(&text, ", %" PRIu32 " points", study->point_count);
    strbuf_addf(&text, ", seed %" PRIu64 ", ", study->seed);
    if (printer->n > 1)
        strbuf_addf(&text,
                    "n = %" PRIu64
                    " replications; mean [low, high]: %g %% interval; plain numbers are counts "
                    "of a replication, or ratios",
                    printer->n, study->level * 100);
    else if (printer->n == 1)
        strbuf_add(&text,
                   "n = 1 replication: no interval; use --replications for more; plain numbers "
                   "are counts, or ratios");
    else
        strbuf_add(&text, "no run was completed");
    strbuf_add(&text, study->complete ? "" : "; the study is not complete");
    printer_add_paragraph(printer, text.text);
    strbuf_release(&text);
}

/* The command is neither wrapped nor marked up: it is there to be copied. */
static void add_last_line(struct printer *printer)
{
    const struct study_row *study = &printer->summary->study;
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "Study %" PRId64, study->id);
    if (printer->options->path != NULL)
        strbuf_addf(&text, " of %s", printer->options->path);
    strbuf_addf(&text, ", %s by isthmus %s; again:", study->started, study->version);
    strbuf_add(printer->out, printer->options->markdown ? "" : "\n");
    quote_add(printer->out, quoting(printer), text.text);
    strbuf_add(printer->out, printer->options->markdown ? "\n\n    " : "\n  ");
    quote_add(printer->out, QUOTE_TERMINAL, study->argv);
    strbuf_add_char(printer->out, '\n');
    strbuf_release(&text);
}

/* --- expectations ---------------------------------------------------------------------------- */

static const char *verdict_colour(const char *verdict)
{
    return strcmp(verdict, "holds") == 0   ? "\033[32m"
           : strcmp(verdict, "fails") == 0 ? "\033[31m"
                                           : "\033[33m";
}

/* Is a metric on the right, as in "a > b" and "a > 2 * b"? */
static bool compares_metrics(const char *text)
{
    const char *right = strpbrk(text, "<>");
    right = right != NULL ? right + strspn(right, "<>= ") : text + strlen(text);
    return isalpha((unsigned char)*right) || strchr(right, '*') != NULL;
}

void summary_add_expected(struct strbuf *value, const struct summary_expectation *row,
                          enum unit unit)
{
    bool unseen = row->has_interval && !(row->value > 0) && !(row->low > 0) && row->high > 0;
    if (row->has_value && compares_metrics(row->text))
        strbuf_add(value, "difference ");
    if (row->has_value)
        units_add(value, row->value, unit, 3);
    if (unseen) {
        strbuf_add(value, ", below ");
        units_add(value, row->high, unit, 3);
    } else if (row->has_interval && !(row->high > row->low)) {
        strbuf_add(value, " in every replication");
    } else if (row->has_interval) {
        interval_add_bounds(value, row->low, row->high, unit);
    } else if (row->has_value && strstr(row->reason, "no interval") == NULL) {
        strbuf_add(value, ", no interval");
    }
    if (row->reason[0] != '\0')
        strbuf_addf(value, "%s%s", row->has_value ? "; " : "", row->reason);
}

/* "Expectations: 4 of 5 hold". */
static void add_verdict(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    struct strbuf title = STRBUF_INIT;
    size_t held = 0;
    for (size_t i = 0; i < summary->expectation_count; i++)
        held += strcmp(summary->expectations[i].verdict, "holds") == 0;
    if (held == summary->expectation_count)
        strbuf_addf(&title, "Expectations: %s hold%s", held == 1 ? "the only one" : "all",
                    held == 1 ? "s" : "");
    else
        strbuf_addf(&title, "Expectations: %zu of %zu hold", held, summary->expectation_count);
    printer_add_heading(printer, title.text);
    strbuf_release(&title);
}

void summary_add_expectations(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    bool has_points = summary->study.point_count > 1, markdown = printer->options->markdown;
    if (summary->expectation_count == 0)
        return;
    add_verdict(printer);
    printer->table = markdown && has_points
                         ? text_table_create("verdict\tpoint\texpectation\tvalue")
                     : markdown ? text_table_create("verdict\texpectation\tvalue")
                                : text_table_create_bare(has_points ? 4 : 3);
    struct text_table *table = printer->table;
    for (size_t i = 0; i < summary->expectation_count; i++) {
        const struct summary_expectation *row = &summary->expectations[i];
        text_table_add(table, "%s", row->verdict);
        text_table_colour(table, printer->options->colour ? verdict_colour(row->verdict) : NULL);
        if (has_points)
            text_table_add(table, "point %" PRId64, row->point);
        text_table_add(table, "%s", row->text);
        summary_add_expected(text_table_cell(table), row, summary_unit_of(summary, row->text));
    }
    text_table_widen(table, has_points ? 2 : 1, EXPECTATION_WIDTH);
    printer_end_table(printer);
}

/* --- notes ----------------------------------------------------------------------------------- */

static void add_assumptions(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    struct strbuf text = STRBUF_INIT;
    if (summary->assumption_count == 0)
        return;
    strbuf_addf(&text, "%zu parameter%s no source and had the default value%s",
                summary->assumption_count, summary->assumption_count == 1 ? " has" : "s have",
                printer->options->all ? ":" : " (--all prints them).");
    printer_add_paragraph(printer, text.text);
    strbuf_release(&text);
    if (!printer->options->all)
        return;
    printer->table = text_table_create("assumption\tvalue\tmeaning");
    text_table_limit(printer->table, (size_t)printer->width);
    for (size_t i = 0; i < summary->assumption_count; i++) {
        text_table_add(printer->table, "%s", summary->assumptions[i].path);
        text_table_add(printer->table, "%s", summary->assumptions[i].value);
        text_table_add(printer->table, "%s", summary->assumptions[i].meaning);
    }
    printer_end_table(printer);
}

/* The inputs that matter most, if the file has a sensitivity study of the scenario. */
static void add_influences(struct printer *printer)
{
    const struct summary *summary = printer->summary;
    struct strbuf text = STRBUF_INIT;
    if (summary->influence_count == 0)
        return;
    strbuf_addf(&text,
                "Inputs that matter most by %s (study %" PRId64 "): ", summary->influence_metric,
                summary->influence_study);
    for (size_t i = 0; i < summary->influence_count && i < INFLUENCES_SHOWN; i++)
        strbuf_addf(&text, "%s%s", i > 0 ? ", " : "", summary->influences[i].path);
    strbuf_add(&text, ".");
    printer_add_paragraph(printer, text.text);
    strbuf_release(&text);
}

void summary_add_notes(struct printer *printer)
{
    struct strbuf text = STRBUF_INIT;
    printer_add_heading(printer, "Notes");
    strbuf_add(&text, "Statistics begin after a warm-up of ");
    units_add_duration(&text, printer->summary->study.warmup_ns);
    strbuf_add(&text, ".");
    if (printer->n == 1)
        strbuf_add(&text, " One replication: no value has an interval.");
    strbuf_add(&text, " What a metric is: isthmus describe METRIC.");
    printer_add_paragraph(printer, text.text);
    add_influences(printer);
    add_assumptions(printer);
    strbuf_release(&text);
}

/* The badge: the mechanisms that the run used, with the rows of the reality bench that agree. */
static void add_mechanisms(struct printer *printer)
{
    const struct mechanism_list *list = &printer->summary->mechanisms;
    struct strbuf text = STRBUF_INIT;
    if (list->count == 0)
        return;
    printer_add_heading(printer, "Mechanisms, with their rows of models/reality.md that agree with "
                                 "real systems");
    for (size_t i = 0; i < list->count; i++)
        strbuf_addf(&text, "%s%s %zu of %zu", i > 0 ? ", " : "", list->items[i].name,
                    list->items[i].agreeing_count, list->items[i].row_count);
    printer_add_paragraph(printer, text.text);
    strbuf_release(&text);
}

/* --- points ---------------------------------------------------------------------------------- */

static void add_point_heading(struct printer *printer, int64_t point)
{
    const struct summary *summary = printer->summary;
    struct strbuf title = STRBUF_INIT;
    strbuf_addf(&title, "Point %" PRId64, point);
    const char *separator = ": ";
    for (size_t i = 0; i < summary->param_count; i++) {
        if (summary->params[i].point == point) {
            strbuf_addf(&title, "%s%s = %s", separator, summary->params[i].path,
                        summary->params[i].value);
            separator = ", ";
        }
    }
    printer_add_heading(printer, title.text);
    strbuf_release(&title);
}

static bool has_fault_window(const struct statistic_table *statistics)
{
    for (size_t i = 0; i < statistics->count; i++)
        if (strcmp(statistics->rows[i].window, "fault") == 0)
            return true;
    return false;
}

void summary_add_text(struct strbuf *out, const struct summary *summary,
                      const struct summary_options *options)
{
    const struct study_row *study = &summary->study;
    struct printer printer = {.out = out,
                              .summary = summary,
                              .options = options,
                              .width = options->width > 0 ? options->width : 100};
    printer.width = printer.width < 80 ? 80 : printer.width;
    /* An incomplete study has fewer runs at its later points; their statistics print their own n.
     */
    printer.n = study->point_count > 0
                    ? (study->run_count + study->point_count - 1) / study->point_count
                    : 0;
    printer.has_fault = has_fault_window(&summary->statistics);
    add_head(&printer);
    summary_add_expectations(&printer);
    for (int64_t point = 0; point < (int64_t)study->point_count && study->run_count > 0; point++) {
        if (study->point_count > 1)
            add_point_heading(&printer, point);
        summary_add_metrics(&printer, point);
        summary_add_incidents(&printer, point);
    }
    summary_add_events(&printer);
    summary_add_notes(&printer);
    add_mechanisms(&printer);
    add_last_line(&printer);
}
