// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The load curve of a capacity search: a panel for each objective with its value at every load that
 * was tried, its bound, and the limit with its interval. Findings of kind `capacity`: one for each
 * objective at each load, with the text "load 120; <objective>" (and "; never in 3 of 20"), then
 * one of the limit.
 */
#include "plot.h"

#include "mem.h"
#include "quote.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 110, RIGHT = 1560, PANEL = 300, GAP = 44, AXIS = 76, OBJECTIVES_MAX = 6 };

struct look {
    size_t objective;
    double load;
    char *verdict;
    char *never; /* "never in 3 of 20", "": no */
    bool has_value;
    struct interval interval;
};
struct objective {
    char *text, *subject; /* "availability > 99%", "availability" */
    enum unit unit;
    double bound; /* NAN: not a number */
    double max, divisor;
    const char *scale;
};
struct search {
    struct objective objectives[OBJECTIVES_MAX];
    size_t objective_count, left_out;
    struct look *looks;
    size_t count, capacity;
    char *parameter, *verdict, *breaks_first;
    enum unit load_unit;
    bool has_limit;
    struct interval limit;
    double max_load;
};

/* The number after the comparison sign. */
static double bound_of(const char *text, enum unit unit)
{
    const char *sign = strpbrk(text, "<>");
    struct strbuf why = STRBUF_INIT;
    double bound = NAN;
    if (sign != NULL && !units_parse(sign + 1 + strspn(sign + 1, "= "), unit, &bound, &why))
        bound = NAN;
    strbuf_release(&why);
    return bound;
}

static size_t objective_of(struct search *search, const struct finding_row *row, const char *text)
{
    for (size_t i = 0; i < search->objective_count; i++)
        if (strcmp(search->objectives[i].text, text) == 0)
            return i;
    if (search->objective_count == OBJECTIVES_MAX)
        return OBJECTIVES_MAX;
    struct objective *objective = &search->objectives[search->objective_count];
    *objective = (struct objective){.text = mem_strdup(text), .subject = mem_strdup(row->subject)};
    if (!unit_from_name(row->unit, &objective->unit))
        objective->unit = UNIT_NONE;
    objective->bound = bound_of(text, objective->unit);
    objective->max = isnan(objective->bound) ? 0 : objective->bound;
    return search->objective_count++;
}

static void add_look(struct search *search, const struct finding_row *row)
{
    char *end = NULL;
    double load = strncmp(row->text, "load ", 5) == 0 ? strtod(row->text + 5, &end) : NAN;
    if (end == NULL || strncmp(end, "; ", 2) != 0 || !isfinite(load))
        return;
    const char *never = strstr(end + 2, "; never in ");
    char *text =
        never != NULL ? mem_strndup(end + 2, (size_t)(never - end) - 2) : mem_strdup(end + 2);
    size_t objective = objective_of(search, row, text);
    free(text);
    if (objective == OBJECTIVES_MAX) {
        search->left_out++;
        return;
    }
    MEM_GROW(search->looks, search->capacity, search->count + 1);
    struct look *look = &search->looks[search->count++];
    *look = (struct look){.objective = objective,
                          .load = load,
                          .verdict = mem_strdup(row->verdict),
                          .never = mem_strdup(never != NULL ? never + 2 : ""),
                          .has_value = row->has_value,
                          .interval = {.valid = row->has_interval,
                                       .n = row->n,
                                       .mean = row->value,
                                       .low = row->low,
                                       .high = row->high}};
    search->max_load = fmax(search->max_load, load);
    if (row->has_value)
        search->objectives[objective].max =
            fmax(search->objectives[objective].max, row->has_interval ? row->high : row->value);
}

static void add_finding(void *self, const struct finding_row *row)
{
    struct search *search = self;
    if (strcmp(row->kind, "capacity") != 0)
        return;
    if (row->point >= 0) {
        add_look(search, row);
        return;
    }
    free(search->parameter);
    free(search->verdict);
    free(search->breaks_first);
    search->parameter = mem_strdup(row->subject);
    search->verdict = mem_strdup(row->verdict);
    search->breaks_first = mem_strdup(row->text);
    search->has_limit = row->has_value;
    if (!unit_from_name(row->unit, &search->load_unit))
        search->load_unit = UNIT_NONE;
    search->limit = (struct interval){.valid = row->has_interval,
                                      .n = row->n,
                                      .mean = row->value,
                                      .low = row->low,
                                      .high = row->high};
}

static int by_load(const void *a, const void *b)
{
    const struct look *one = a, *two = b;
    return (one->load > two->load) - (one->load < two->load);
}

/* "limit 118 [115, 121], the first to fail: availability > 99%". */
static void add_limit(struct strbuf *out, const struct search *search)
{
    strbuf_addf(out, "%s: ", search->parameter);
    if (search->has_limit) {
        strbuf_add(out, "limit ");
        units_add(out, search->limit.mean, search->load_unit, 4);
        if (search->limit.valid)
            interval_add_bounds(out, search->limit.low, search->limit.high, search->load_unit);
        else
            strbuf_add(out, ", an end of its interval is outside the range");
    } else {
        strbuf_addf(out, "the limit is %s", search->verdict);
    }
    if (search->breaks_first[0] != '\0')
        strbuf_addf(out, "; the first to fail: %s", search->breaks_first);
}

/* --- as a picture ---------------------------------------------------------------------------- */

enum verdict_mark { HOLDS, OPEN, FAILS, VERDICT_MARKS };
static const struct {
    const char *name, *colour;
} verdicts[VERDICT_MARKS] = {{"holds", "#009E73"}, {"undecided", "#E69F00"}, {"fails", "#D55E00"}};

static enum verdict_mark mark_of(const struct look *look)
{
    return strcmp(look->verdict, "holds") == 0   ? HOLDS
           : strcmp(look->verdict, "fails") == 0 ? FAILS
                                                 : OPEN;
}

static void add_data(struct plot_job *job, const struct search *search, size_t number, int mark)
{
    const struct objective *objective = &search->objectives[number];
    size_t count = 0;
    strbuf_addf(&job->script, "$o%zu_%d << EOD\n", number, mark);
    for (size_t i = 0; i < search->count; i++) {
        const struct look *look = &search->looks[i];
        if (look->objective != number || !look->has_value ||
            (mark != VERDICT_MARKS && (int)mark_of(look) != mark))
            continue;
        const struct interval *value = &look->interval;
        strbuf_addf(&job->script, "%.9g %.9g %.9g %.9g\n", look->load,
                    value->mean / objective->divisor,
                    (value->valid ? value->low : value->mean) / objective->divisor,
                    (value->valid ? value->high : value->mean) / objective->divisor);
        count++;
    }
    strbuf_add(&job->script, count > 0 ? "EOD\n" : "NaN NaN NaN NaN\nEOD\n");
}

static void add_limit_marks(struct plot_job *job, const struct search *search,
                            const struct objective *objective)
{
    if (search->has_limit && search->limit.valid)
        strbuf_addf(&job->script,
                    "set object rectangle from %.9g, graph 0 to %.9g, graph 1 behind fc rgb"
                    " '#e0ecf4' fs solid noborder\n",
                    search->limit.low, search->limit.high);
    if (search->has_limit)
        strbuf_addf(&job->script,
                    "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead lw 2 lc rgb '#0072B2'\n",
                    search->limit.mean, search->limit.mean);
    if (!isnan(objective->bound))
        strbuf_addf(&job->script,
                    "set arrow from graph 0, first %.9g to graph 1, first %.9g nohead dt '-' lw 1.5"
                    " lc rgb '#000000'\n",
                    objective->bound / objective->divisor, objective->bound / objective->divisor);
}

/* Of the values as they are stored. */
static const char *axis_unit(enum unit unit)
{
    static const char *const units[UNIT_KINDS] = {
        [UNIT_SHARE] = " (share)", [UNIT_NS] = " (ns)",   [UNIT_BYTES] = " (bytes)",
        [UNIT_PER_S] = " (/s)",    [UNIT_USD] = " (USD)", [UNIT_BIT_PER_S] = " (bit/s)",
        [UNIT_COUNT] = " (count)", [UNIT_NONE] = ""};
    return units[unit];
}

static void draw_panel(struct plot_job *job, const struct search *search, size_t number, int top)
{
    const struct objective *objective = &search->objectives[number];
    bool last = number + 1 == search->objective_count;
    struct strbuf title = STRBUF_INIT;
    plot_panel_at(job, LEFT, RIGHT, top, top + PANEL - GAP);
    for (int mark = 0; mark <= VERDICT_MARKS; mark++)
        add_data(job, search, number, mark);
    add_limit_marks(job, search, objective);
    strbuf_addf(&title, "%s%s%s", objective->text, objective->scale[0] != '\0' ? "   in " : "",
                objective->scale);
    strbuf_add(&job->script, "set label ");
    plot_quote(job, title.text);
    strbuf_addf(&job->script,
                " at graph 0, screen %.4f\nset xrange [0:%.9g]\nset yrange [0:%.9g]\n",
                1 - (top - 14.0) / job->height, search->max_load * 1.05,
                objective->max / objective->divisor * 1.08);
    strbuf_add(&job->script,
               last ? "set format x '%g'\nset xlabel " : "set format x ''\nset xlabel ");
    struct strbuf axis = STRBUF_INIT;
    if (last)
        strbuf_addf(&axis, "%s%s", search->parameter, axis_unit(search->load_unit));
    plot_quote(job, axis.text != NULL ? axis.text : "");
    strbuf_release(&axis);
    strbuf_addf(&job->script, "\nplot $o%zu_%d using 1:2 with lines lw 1 lc rgb '#909090'", number,
                (int)VERDICT_MARKS);
    for (int mark = 0; mark < VERDICT_MARKS; mark++)
        strbuf_addf(&job->script,
                    ", $o%zu_%d using 1:2:3:4 with yerrorbars pt 7 ps 1 lw 1.5 lc rgb '%s'", number,
                    mark, verdicts[mark].colour);
    strbuf_add(&job->script, "\n");
    strbuf_release(&title);
}

static void draw(struct plot_job *job, const struct search *search)
{
    for (int mark = 0; mark < VERDICT_MARKS; mark++)
        plot_legend_add(job, verdicts[mark].colour, SAMPLE_AREA, verdicts[mark].name);
    plot_legend_add(job, "#000000", SAMPLE_DASHES, "bound of the objective");
    plot_legend_add(job, "#0072B2", SAMPLE_LINE, "limit");
    plot_legend_add(job, "#e0ecf4", SAMPLE_AREA, "interval of the limit");
    add_limit(&job->note, search);
    int top = plot_head(job) + 24;
    plot_sheet(job, top + (int)search->objective_count * PANEL + AXIS - GAP + PLOT_FOOT);
    for (size_t i = 0; i < search->objective_count; i++)
        draw_panel(job, search, i, top + PANEL * (int)i);
    plot_sheet_end(job);
}

/* --- as text --------------------------------------------------------------------------------- */

static void draw_text(struct plot_job *job, const struct search *search)
{
    struct text_table *table = text_table_create_bare(4);
    text_table_add(table, "load");
    text_table_add(table, "objective");
    text_table_add(table, "verdict");
    text_table_add(table, "value");
    for (size_t i = 0; i < search->count; i++) {
        const struct look *look = &search->looks[i];
        units_add(text_table_cell(table), look->load, search->load_unit, 4);
        text_table_add(table, "%s", search->objectives[look->objective].text);
        text_table_add(table, "%s", look->verdict);
        struct strbuf *cell = text_table_cell(table);
        if (look->has_value)
            interval_add(cell, &look->interval, search->objectives[look->objective].unit);
        bool has_never = look->never[0] != '\0';
        strbuf_addf(cell, "%s%s", look->has_value && has_never ? ", " : "",
                    look->has_value || has_never ? look->never : "no data");
    }
    struct strbuf limit = STRBUF_INIT;
    add_limit(&limit, search);
    quote_add(&job->text, QUOTE_TERMINAL, limit.text);
    strbuf_add_char(&job->text, '\n');
    text_table_add_to_and_free(table, &job->text);
    strbuf_release(&limit);
}

static void release(struct search *search)
{
    for (size_t i = 0; i < search->objective_count; i++) {
        free(search->objectives[i].text);
        free(search->objectives[i].subject);
    }
    for (size_t i = 0; i < search->count; i++) {
        free(search->looks[i].verdict);
        free(search->looks[i].never);
    }
    free(search->looks);
    free(search->parameter);
    free(search->verdict);
    free(search->breaks_first);
}

enum drawn plot_capacity(struct plot_job *job)
{
    struct search search = {0};
    enum drawn drawn = DRAWN_FAILED;
    if (results_each_finding(job->results, job->study->id, add_finding, &search, job->diag) == 0) {
        if (search.count > 0)
            qsort(search.looks, search.count, sizeof(*search.looks), by_load);
        for (size_t i = 0; i < search.objective_count; i++)
            plot_scale(search.objectives[i].unit, search.objectives[i].max,
                       &search.objectives[i].divisor, &search.objectives[i].scale);
        job->over_points = true;
        if (search.left_out > 0)
            strbuf_addf(&job->note, "only the first %d objectives are drawn; ",
                        (int)OBJECTIVES_MAX);
        drawn = search.count > 0 && search.parameter != NULL
                    ? DRAWN
                    : plot_nothing(job, "the study is no capacity search");
        if (drawn == DRAWN && plot_is_text(job))
            draw_text(job, &search);
        else if (drawn == DRAWN)
            draw(job, &search);
    }
    release(&search);
    return drawn;
}
