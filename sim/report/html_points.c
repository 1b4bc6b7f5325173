// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sections of an HTML report about the points of a study: what a comparison changed, the Pareto
 * front, a heat map over the parameters, and a table of all points. Marks and cells are links to
 * the point's row, so that they can be clicked without script.
 */
#include "html_page.h"

#include "mem.h"
#include "statistic_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- what a comparison changed --------------------------------------------------------------- */

/* A difference on an axis from -1, to zero, to 1, from zero. */
static double relative(double base, double difference)
{
    double larger = fmax(fabs(base), fabs(base + difference));

    return isnan(larger) || larger <= 0 ? 0 : fmax(-1, fmin(1, difference / larger));
}

enum { BAR_WIDTH = 110, BAR_HEIGHT = 18 };

static void write_bar(struct page *page, double base, const struct summary_finding *row)
{
    double middle = BAR_WIDTH / 2.0, low = isnan(row->low) ? row->value : row->low;
    double high = isnan(row->high) ? row->value : row->high;

    fprintf(
        page->html.out,
        "<td><svg class=\"bar %s\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\"><line "
        "class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"0\" y2=\"%d\"/><rect x=\"%.1f\" "
        "width=\"%.1f\" y=\"6\" height=\"6\"/><circle cx=\"%.1f\" cy=\"9\" r=\"4\"/></svg></td>",
        row->verdict, (int)BAR_WIDTH, (int)BAR_HEIGHT, middle, middle, (int)BAR_HEIGHT,
        middle + (middle - 5) * relative(base, low),
        (middle - 5) * fmax(relative(base, high) - relative(base, low), 0),
        middle + (middle - 5) * relative(base, row->value));
}

/* A row of the table, with the base's mean. */
struct change {
    const struct summary_finding *row;
    double base; /* NAN: unknown */
    enum unit unit;
};

static bool is_known(const struct change *change)
{
    return !isnan(change->row->value) && !isnan(change->base);
}

/* Worse, better, undecided, then the rest; the largest change first. */
static int by_verdict(const void *left, const void *right)
{
    static const char *const order[] = {"worse", "better", "undecided"};
    const struct change *a = left, *b = right;
    double x = is_known(a) ? fabs(relative(a->base, a->row->value)) : -1;
    double y = is_known(b) ? fabs(relative(b->base, b->row->value)) : -1;
    int rank_a = 3, rank_b = 3;

    for (int i = 2; i >= 0; i--) {
        rank_a = strcmp(a->row->verdict, order[i]) == 0 ? i : rank_a;
        rank_b = strcmp(b->row->verdict, order[i]) == 0 ? i : rank_b;
    }
    if (rank_a != rank_b)
        return rank_a - rank_b;
    return x != y ? (x < y) - (x > y) : strcmp(a->row->subject, b->row->subject);
}

static void write_change(struct page *page, const struct change *change)
{
    const struct summary_finding *row = change->row;
    struct strbuf value = STRBUF_INIT, difference = STRBUF_INIT;

    html_row_open(&page->html);
    html_cell(&page->html, row->subject);
    html_verdict_cell(&page->html, row->verdict);
    if (!is_known(change)) {
        html_number_cell(&page->html, NAN, "no data");
        html_cell(&page->html, "");
        html_number_cell(&page->html, NAN, "no data");
    } else {
        units_add(&value, change->base, change->unit, 3);
        strbuf_add(&value, " -> ");
        units_add(&value, change->base + row->value, change->unit, 3);
        html_number_cell(&page->html, change->base, value.text);
        write_bar(page, change->base, row);
        units_add(&difference, row->value, change->unit, 3);
        if (!isnan(row->low) && row->high > row->low)
            interval_add_bounds(&difference, row->low, row->high, change->unit);
        else
            strbuf_add(&difference, " (no spread seen)");
        html_number_cell(&page->html, relative(change->base, row->value), difference.text);
    }
    html_row_close(&page->html);
    strbuf_release(&value);
    strbuf_release(&difference);
}

static struct change change_of(const struct page *page, const struct summary_finding *row)
{
    struct change change = {.row = row, .base = NAN, .unit = UNIT_NONE};
    struct statistic_text name;

    (void)unit_from_name(row->unit, &change.unit);
    statistic_text_parse(&name, row->subject);
    const struct statistic_row *at = statistic_text_find(&name, &page->summary.statistics, 0);
    statistic_text_release(&name);
    if (at && at->interval.n > 0)
        change.base = at->interval.mean;
    return change;
}

/* The differences of one point from the base. */
static void write_changes_of(struct page *page, int64_t point)
{
    static const struct html_column columns[] = {{"statistic", false},
                                                 {"verdict", false},
                                                 {"base -> alternative", true},
                                                 {"zero | same | new", false},
                                                 {"difference, paired", true}};
    const struct summary *summary = &page->summary;
    struct change *changes = mem_alloc(summary->finding_count, sizeof *changes);
    struct strbuf caption = STRBUF_INIT;
    size_t count = 0;

    for (size_t i = 0; i < summary->finding_count; i++)
        if (strcmp(summary->findings[i].kind, "compare") == 0 &&
            summary->findings[i].point == point)
            changes[count++] = change_of(page, &summary->findings[i]);
    qsort(changes, count, sizeof *changes, by_verdict);
    page_add_point_name(&caption, page, point);
    strbuf_add(&caption, ", compared with ");
    page_add_point_name(&caption, page, 0);
    strbuf_add(&caption, "; intervals of the means are in the statistics below");
    html_table_open(&page->html, caption.text, columns, 5, true);
    for (size_t i = 0; i < count; i++)
        write_change(page, &changes[i]);
    html_table_close(&page->html);
    strbuf_release(&caption);
    free(changes);
}

void page_write_changes(struct page *page)
{
    const struct summary *summary = &page->summary;
    int64_t point = -1;

    for (size_t i = 0; i < summary->finding_count; i++) {
        if (strcmp(summary->findings[i].kind, "compare") != 0 ||
            summary->findings[i].point == point)
            continue;
        if (point < 0)
            html_heading(&page->html, "changes", "What changed");
        point = summary->findings[i].point;
        write_changes_of(page, point);
    }
}

/* --- the front ------------------------------------------------------------------------------- */

enum { WIDTH = 960, HEIGHT = 420, LEFT = 90, RIGHT = 30, TOP = 16, BOTTOM = 52 };
/* A goal whose positive values span more than this factor has a logarithmic axis. */
#define SPAN_LINEAR 30

struct goal {
    const char *name;
    enum unit unit;
    double least, max; /* least: positive */
    bool is_log;
};
struct mark {
    int64_t point;
    const struct summary_finding *values[2];
};
struct front {
    struct goal goals[2];
    size_t goal_count;
    struct mark *marks;
    size_t count, capacity;
};

static size_t goal_of(struct front *front, const struct summary_finding *row)
{
    size_t i = 0;

    while (i < front->goal_count && strcmp(front->goals[i].name, row->subject) != 0)
        i++;
    if (i == front->goal_count && i < 2) {
        front->goals[i] = (struct goal){.name = row->subject, .least = INFINITY};
        (void)unit_from_name(row->unit, &front->goals[i].unit);
        front->goal_count++;
    }
    return i;
}

static void front_load(struct front *front, const struct summary *summary)
{
    for (size_t i = 0; i < summary->finding_count; i++) {
        const struct summary_finding *row = &summary->findings[i];

        if (strcmp(row->kind, "front") != 0 || isnan(row->value))
            continue;
        size_t goal = goal_of(front, row);
        if (goal > 1)
            continue; /* goals after the second are in the table of the points */
        if (front->count == 0 || front->marks[front->count - 1].point != row->point) {
            MEM_GROW(front->marks, front->capacity, front->count + 1);
            front->marks[front->count++] = (struct mark){.point = row->point};
        }
        front->marks[front->count - 1].values[goal] = row;
        front->goals[goal].max =
            fmax(front->goals[goal].max, isnan(row->high) ? row->value : row->high);
        if (row->value > 0)
            front->goals[goal].least = fmin(front->goals[goal].least, row->value);
    }
    for (size_t i = 0; i < front->goal_count; i++)
        front->goals[i].is_log = front->goals[i].max > SPAN_LINEAR * front->goals[i].least;
}

/* 0 to 1 along the axis; values of 0 lie at the start of a logarithmic one. */
static double place_of(const struct goal *goal, double value)
{
    if (goal->is_log) {
        double start = log10(goal->least / 3), end = log10(goal->max * 1.2);

        return value > 0 ? fmax((log10(value) - start) / (end - start), 0) : 0;
    }
    return goal->max > 0 ? value / (goal->max * 1.08) : 0;
}

static double x_of(const struct front *front, double value)
{
    return LEFT + place_of(&front->goals[0], value) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct front *front, double value)
{
    return HEIGHT - BOTTOM - place_of(&front->goals[1], value) * (HEIGHT - TOP - BOTTOM);
}

/* Five labelled places: even ones, or powers of ten. */
static void draw_axis(struct page *page, const struct front *front, int axis)
{
    const struct goal *goal = &front->goals[axis];
    FILE *out = page->html.out;
    double decade = goal->is_log ? pow(10, floor(log10(goal->least / 3))) : 0;

    for (int i = 0; i <= (goal->is_log ? 12 : 4); i++) {
        double value = goal->is_log ? (i == 0 ? 0 : decade * pow(10, i)) : goal->max * i / 4;
        struct strbuf text = STRBUF_INIT;

        if (place_of(goal, value) > 1)
            break;
        units_add(&text, value, goal->unit, 2);
        if (axis == 0)
            fprintf(out,
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/><text "
                    "x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                    x_of(front, value), x_of(front, value), TOP, HEIGHT - BOTTOM,
                    x_of(front, value), HEIGHT - BOTTOM + 18, text.text);
        else
            fprintf(out,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                    "x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                    LEFT, WIDTH - RIGHT, y_of(front, value), y_of(front, value), LEFT - 6,
                    y_of(front, value) + 4, text.text);
        strbuf_release(&text);
    }
    if (axis == 0)
        fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH - RIGHT, HEIGHT - 12);
    else
        fprintf(out, "<text x=\"%d\" y=\"%d\">", LEFT + 6, TOP + 4);
    html_text(&page->html, goal->name);
    fputs(axis == 0 ? " &#8594;</text>\n" : " &#8593;</text>\n", out);
}

static const char *class_of(const struct summary_finding *row)
{
    if (strncmp(row->verdict, "on the front", 12) == 0)
        return strstr(row->verdict, "uncertain") ? "front unsure" : "front";
    return strncmp(row->verdict, "infeasible", 10) == 0 ? "infeasible" : "dominated";
}

static void draw_mark(struct page *page, const struct front *front, const struct mark *mark)
{
    const struct summary_finding *a = mark->values[0], *b = mark->values[1];
    FILE *out = page->html.out;
    struct strbuf name = STRBUF_INIT, x = STRBUF_INIT, y = STRBUF_INIT;
    double at_x = x_of(front, a->value), at_y = y_of(front, b->value);

    page_add_point_name(&name, page, mark->point);
    units_add(&x, a->value, front->goals[0].unit, 3);
    units_add(&y, b->value, front->goals[1].unit, 3);
    fprintf(out, "<a class=\"mark %s\" href=\"#point-%" PRId64 "\" aria-label=\"", class_of(a),
            mark->point);
    html_text(&page->html, name.text);
    fprintf(out, ": %s, %s\"><title>", x.text, y.text);
    html_text(&page->html, name.text);
    fprintf(out, ": %s, %s, %s%s</title>", x.text, y.text, a->verdict,
            strcmp(a->text, "the knee") == 0 ? ", the knee" : "");
    if (!isnan(a->low))
        fprintf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", x_of(front, a->low),
                x_of(front, a->high), at_y, at_y);
    if (!isnan(b->low))
        fprintf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>", at_x, at_x,
                y_of(front, b->low), y_of(front, b->high));
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"6\"/>", at_x, at_y);
    if (strcmp(a->text, "the knee") == 0)
        fprintf(out, "<circle class=\"knee\" cx=\"%.1f\" cy=\"%.1f\" r=\"11\"/>", at_x, at_y);
    fputs("</a>\n", out);
    strbuf_release(&name);
    strbuf_release(&x);
    strbuf_release(&y);
}

static int by_first_goal(const void *left, const void *right)
{
    const struct mark *const *a = left, *const *b = right;
    double x = (*a)->values[0]->value, y = (*b)->values[0]->value;

    return (x > y) - (x < y);
}

static void draw_front_line(struct page *page, const struct front *front)
{
    const struct mark **line = mem_alloc(front->count + 1, sizeof(struct mark *));
    size_t count = 0;

    for (size_t i = 0; i < front->count; i++)
        if (front->marks[i].values[0] && front->marks[i].values[1] &&
            strncmp(class_of(front->marks[i].values[0]), "front", 5) == 0)
            line[count++] = &front->marks[i];
    qsort(line, count, sizeof *line, by_first_goal);
    fputs("<polyline class=\"front\" points=\"", page->html.out);
    for (size_t i = 0; i < count; i++)
        fprintf(page->html.out, "%.1f,%.1f ", x_of(front, line[i]->values[0]->value),
                y_of(front, line[i]->values[1]->value));
    fputs("\"/>\n", page->html.out);
    free(line);
}

void page_write_front(struct page *page)
{
    struct front front = {.goal_count = 0};
    FILE *out = page->html.out;

    front_load(&front, &page->summary);
    if (front.goal_count > 0)
        html_heading(&page->html, "front", "Pareto front");
    if (front.goal_count == 1)
        fputs(
            "<p>A front needs two goals; the table of the points has the one of this study.</p>\n",
            out);
    if (front.goal_count == 2) {
        fprintf(out,
                "<figure id=\"front-drawing\"><svg viewBox=\"0 0 %d %d\" role=\"group\" "
                "aria-label=\"Pareto front: each mark is a point of the study and leads to its "
                "row\">\n",
                WIDTH, HEIGHT);
        draw_axis(page, &front, 0);
        draw_axis(page, &front, 1);
        draw_front_line(page, &front);
        for (size_t i = 0; i < front.count; i++)
            if (front.marks[i].values[0] && front.marks[i].values[1])
                draw_mark(page, &front, &front.marks[i]);
        fputs(
            "</svg><figcaption>Filled: on the front; ring: uncertain; large ring: the knee; grey: "
            "dominated; hollow grey: a constraint fails. Lines are intervals. Select a "
            "mark for its row.</figcaption></figure>\n",
            out);
    }
    free(front.marks);
}

/* --- heat map -------------------------------------------------------------------------------- */

enum { AXIS_VALUES_MAX = 24 };

struct axis {
    const char *path;
    const char *values[AXIS_VALUES_MAX];
    size_t count;
};

static const char *value_of(const struct summary *summary, int64_t point, const char *path)
{
    for (size_t i = 0; i < summary->param_count; i++)
        if (summary->params[i].point == point && strcmp(summary->params[i].path, path) == 0)
            return summary->params[i].value;
    return "";
}

static void axis_load(struct axis *axis, const struct summary *summary, const char *path)
{
    *axis = (struct axis){.path = path};
    for (uint32_t point = 0; point < summary->study.point_count; point++) {
        const char *value = value_of(summary, point, path);
        size_t i = 0;

        while (i < axis->count && strcmp(axis->values[i], value) != 0)
            i++;
        if (i == axis->count && i < AXIS_VALUES_MAX)
            axis->values[axis->count++] = value;
    }
}

/* The two parameters with the most values, x first; false: there are not two with two values. */
static bool axes_load(struct axis *x, struct axis *y, const struct summary *summary)
{
    *x = *y = (struct axis){.path = ""};
    for (size_t i = 0; i < summary->param_count; i++) {
        struct axis axis;

        if (summary->params[i].point != summary->params[0].point)
            continue;
        axis_load(&axis, summary, summary->params[i].path);
        if (axis.count > x->count) {
            *y = *x;
            *x = axis;
        } else if (axis.count > y->count) {
            *y = axis;
        }
    }
    return x->count > 1 && y->count > 1;
}

/* The first point with these values; further parameters are at their first value. */
static int64_t point_at(const struct summary *summary, const struct axis *x, size_t i,
                        const struct axis *y, size_t k)
{
    for (uint32_t point = 0; point < summary->study.point_count; point++)
        if (strcmp(value_of(summary, point, x->path), x->values[i]) == 0 &&
            strcmp(value_of(summary, point, y->path), y->values[k]) == 0)
            return point;
    return -1;
}

static const struct statistic_row *headline_of(const struct page *page,
                                               const struct page_headline *headline, int64_t point)
{
    return point < 0 ? NULL
                     : statistic_table_find(&page->summary.statistics, point, headline->metric,
                                            headline->stat, "all", "", "all");
}

static void write_heat_cell(struct page *page, const struct statistic_row *row, int64_t point,
                            double least, double most)
{
    FILE *out = page->html.out;
    struct strbuf text = STRBUF_INIT;

    if (!row) {
        html_cell(&page->html, "");
        return;
    }
    units_add(&text, row->interval.mean, row->unit, 3);
    fprintf(out,
            "<td class=\"heat\" style=\"--heat:%.0f%%\"><a href=\"#point-%" PRId64 "\">%s</a></td>",
            45 * (row->interval.mean - least) / (most - least), point, text.text);
    strbuf_release(&text);
}

/* Nothing where the statistic has no spread over the grid. */
static void write_heat_map(struct page *page, const struct page_headline *headline,
                           const struct axis *x, const struct axis *y)
{
    struct html_column columns[AXIS_VALUES_MAX + 1];
    struct strbuf caption = STRBUF_INIT;
    double least = INFINITY, most = -INFINITY;

    for (uint32_t point = 0; point < page->summary.study.point_count; point++) {
        const struct statistic_row *row = headline_of(page, headline, point);

        if (row && isfinite(row->interval.mean)) {
            least = fmin(least, row->interval.mean);
            most = fmax(most, row->interval.mean);
        }
    }
    if (!(most > least))
        return;
    columns[0] = (struct html_column){y->path, false};
    for (size_t i = 0; i < x->count; i++)
        columns[i + 1] = (struct html_column){x->values[i], true};
    strbuf_addf(&caption,
                "%s, by %s (columns) and %s (rows); darker: more. Intervals are in the "
                "table of the points",
                headline->title, x->path, y->path);
    html_table_open(&page->html, caption.text, columns, x->count + 1, false);
    for (size_t k = 0; k < y->count; k++) {
        html_row_open(&page->html);
        html_cell(&page->html, y->values[k]);
        for (size_t i = 0; i < x->count; i++) {
            int64_t point = point_at(&page->summary, x, i, y, k);

            write_heat_cell(page, headline_of(page, headline, point), point, least, most);
        }
        html_row_close(&page->html);
    }
    html_table_close(&page->html);
    strbuf_release(&caption);
}

void page_write_grid(struct page *page)
{
    struct axis x, y;

    if (page->summary.param_count == 0 || !axes_load(&x, &y, &page->summary))
        return;
    html_heading(&page->html, "grid", "Heat maps");
    for (size_t i = 0; page_headlines[i].metric; i++)
        write_heat_map(page, &page_headlines[i], &x, &y);
}

/* --- all points ------------------------------------------------------------------------------ */

enum { PARAMS_MAX = 24, COLUMNS_MAX = 64 };

static void write_point(struct page *page, int64_t point, const struct html_column *columns,
                        size_t param_count)
{
    struct strbuf number = STRBUF_INIT;

    strbuf_addf(&number, "%" PRId64, point);
    fprintf(page->html.out, "<tr id=\"point-%" PRId64 "\">", point);
    html_number_cell(&page->html, (double)point, number.text);
    for (size_t k = 1; k <= param_count; k++)
        html_cell(&page->html, value_of(&page->summary, point, columns[k].name));
    for (size_t i = 0; page_headlines[i].metric; i++) {
        const struct statistic_row *row = headline_of(page, &page_headlines[i], point);

        if (row)
            html_interval_cell(&page->html, &row->interval, row->unit);
        else
            html_number_cell(&page->html, NAN, "none");
    }
    html_row_close(&page->html);
    strbuf_release(&number);
}

/* Among those of parameters, which follow the first. */
static bool has_column(const struct html_column *columns, size_t param_count, const char *path)
{
    for (size_t k = 1; k <= param_count; k++)
        if (strcmp(columns[k].name, path) == 0)
            return true;
    return false;
}

/* Points of a comparison differ in different parameters. */
void page_write_points(struct page *page)
{
    const struct summary *summary = &page->summary;
    struct html_column columns[COLUMNS_MAX] = {{"point", true}};
    size_t param_count = 0, count;

    if (summary->study.point_count < 2)
        return;
    for (size_t i = 0; i < summary->param_count && param_count < PARAMS_MAX; i++)
        if (!has_column(columns, param_count, summary->params[i].path))
            columns[++param_count].name = summary->params[i].path;
    count = param_count + 1;
    for (size_t i = 0; page_headlines[i].metric; i++)
        columns[count++] = (struct html_column){page_headlines[i].title, true};
    html_heading(&page->html, "points", "Points");
    html_table_open(&page->html, "One row for each point of the study, all regions", columns, count,
                    true);
    for (uint32_t point = 0; point < summary->study.point_count; point++)
        write_point(page, point, columns, param_count);
    html_table_close(&page->html);
}
