// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The Pareto front of a sweep: its first two goals, every point with the interval of each, the
 * front as a stepped line and its knee. A mark that is uncertain is hollow. Goals after the second
 * are not drawn.
 */
#include "plot.h"
#include "statistic_table.h"

#include "mem.h"
#include "quote.h"
#include "text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 150, RIGHT = 1130, LIST = 1160, LIST_ROW = 26, HEIGHT = 700, AXIS = 70 };
/* A goal whose positive values span more than this factor has a logarithmic axis. */
#define SPAN_LINEAR 30

struct goal {
    char *name;
    enum unit unit;
    double max, divisor;
    double least; /* positive */
    bool is_log;  /* values of 0 are drawn at the power of ten below the least positive one */
    const char *scale;
};
struct front_point {
    int64_t point;
    char *name; /* "client.timeout = 100ms, ..." */
    char *verdict;
    bool is_knee;
    struct interval values[2];
    char *outcomes[2]; /* "never in 3 of 20", "no outage in 20 of 20"; "": neither */
    int has;           /* of the two values */
};
struct front {
    struct goal goals[2];
    size_t goal_count, left_out, undrawn;
    struct front_point *points;
    size_t count, capacity;
};

static struct front_point *point_of(struct front *front, int64_t number)
{
    for (size_t i = front->count; i-- > 0;)
        if (front->points[i].point == number)
            return &front->points[i];
    MEM_GROW(front->points, front->capacity, front->count + 1);
    struct front_point *point = &front->points[front->count++];
    *point = (struct front_point){.point = number,
                                  .name = mem_strdup(""),
                                  .verdict = mem_strdup(""),
                                  .outcomes = {mem_strdup(""), mem_strdup("")}};
    return point;
}

static size_t goal_of(struct front *front, const struct finding_row *row)
{
    for (size_t i = 0; i < front->goal_count; i++)
        if (strcmp(front->goals[i].name, row->subject) == 0)
            return i;
    if (front->goal_count == 2)
        return 2;
    struct goal *goal = &front->goals[front->goal_count];
    *goal = (struct goal){.name = mem_strdup(row->subject), .least = INFINITY};
    if (!unit_from_name(row->unit, &goal->unit))
        goal->unit = UNIT_NONE;
    return front->goal_count++;
}

/* "the knee; never in 3 of 20": what follows the knee, if it is one. */
static const char *outcomes_of(const char *text, bool *is_knee)
{
    static const char knee[] = "the knee";

    *is_knee = strncmp(text, knee, strlen(knee)) == 0;
    return *is_knee ? text + strlen(knee) + strspn(text + strlen(knee), "; ") : text;
}

/* A point without an outage in any replication is drawn at an RTO of 0. */
static void add_missing(struct front_point *point, size_t goal, const char *outcomes)
{
    free(point->outcomes[goal]);
    point->outcomes[goal] = mem_strdup(outcomes);
    if (point->has & 1 << goal || outcomes[0] == '\0' || strncmp(outcomes, "never", 5) == 0)
        return;
    point->values[goal] = (struct interval){.n = 0};
    point->has |= 1 << goal;
}

static void add_finding(void *self, const struct finding_row *row)
{
    struct front *front = self;
    bool is_knee;
    if (strcmp(row->kind, "front") != 0)
        return;
    size_t goal = goal_of(front, row);
    struct front_point *point = point_of(front, row->point);
    free(point->verdict);
    point->verdict = mem_strdup(row->verdict);
    const char *outcomes = outcomes_of(row->text, &is_knee);
    point->is_knee = point->is_knee || is_knee;
    if (goal == 2) {
        front->left_out++;
    } else if (row->has_value) {
        double low = row->has_interval ? row->low : row->value;
        double high = row->has_interval ? row->high : row->value;
        point->values[goal] = (struct interval){
            .valid = row->has_interval, .n = row->n, .mean = row->value, .low = low, .high = high};
        point->has |= 1 << goal;
        front->goals[goal].max = fmax(front->goals[goal].max, high);
        if (row->value > 0)
            front->goals[goal].least = fmin(front->goals[goal].least, row->value);
    }
    if (goal < 2)
        add_missing(point, goal, outcomes);
}

static void add_param(void *self, int64_t number, const char *path, const char *value)
{
    struct front *front = self;
    struct front_point *point = point_of(front, number);
    struct strbuf name = STRBUF_INIT;
    const char *dot = strrchr(path, '.');
    strbuf_addf(&name, "%s%s%s = %s", point->name, point->name[0] != '\0' ? ", " : "",
                dot != NULL ? dot + 1 : path, value);
    free(point->name);
    point->name = strbuf_detach(&name);
}

/* --- as a picture ---------------------------------------------------------------------------- */

static bool starts(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

enum mark { ON_FRONT, UNSURE_FRONT, DOMINATED, INFEASIBLE, MARKS };
static const struct {
    const char *name, *colour, *point;
} marks[MARKS] = {{"on the front", "#D55E00", "pt 7 ps 1.2"},
                  {"on the front, uncertain (open mark)", "#D55E00", "pt 6 ps 1.4"},
                  {"dominated", "#0072B2", "pt 7 ps 0.7"},
                  {"infeasible: a constraint fails", "#A0A0A0", "pt 2 ps 0.9"}};

static enum mark mark_of(const struct front_point *point)
{
    if (starts(point->verdict, "on the front"))
        return strstr(point->verdict, "uncertain") != NULL ? UNSURE_FRONT : ON_FRONT;
    return starts(point->verdict, "infeasible") ? INFEASIBLE : DOMINATED;
}

static bool is_drawn(const struct front_point *point)
{
    return point->has == 3;
}

/* Where a value is on its axis. */
static double place_of(const struct goal *goal, double value)
{
    double zero = goal->is_log ? pow(10, ceil(log10(goal->least / goal->divisor)) - 1) : 0;
    return fmax(value / goal->divisor, zero);
}

static void add_point(struct plot_job *job, const struct front *front,
                      const struct front_point *point)
{
    for (int i = 0; i < 2; i++)
        strbuf_addf(&job->script, "%.9g ", place_of(&front->goals[i], point->values[i].mean));
    for (int i = 0; i < 2; i++)
        strbuf_addf(&job->script, "%.9g %.9g ", place_of(&front->goals[i], point->values[i].low),
                    place_of(&front->goals[i], point->values[i].high));
    strbuf_add(&job->script, "\n");
}

static int by_first_goal(const void *a, const void *b)
{
    const struct front_point *const *one = a, *const *two = b;
    double x = (*one)->values[0].mean, y = (*two)->values[0].mean;
    return (x > y) - (x < y);
}

/* The points of the front, in order of the first goal; returns how many. */
static size_t front_line(const struct front *front, const struct front_point **line)
{
    size_t count = 0;
    for (size_t i = 0; i < front->count; i++)
        if (is_drawn(&front->points[i]) && mark_of(&front->points[i]) <= UNSURE_FRONT)
            line[count++] = &front->points[i];
    qsort(line, count, sizeof(*line), by_first_goal);
    return count;
}

static void add_front_line(struct plot_job *job, const struct front *front)
{
    const struct front_point **line = mem_alloc(front->count, sizeof(*line));
    size_t count = front_line(front, line);
    strbuf_add(&job->script, "$front << EOD\n");
    for (size_t i = 0; i < count; i++)
        add_point(job, front, line[i]);
    strbuf_add(&job->script, count > 0 ? "EOD\n" : "NaN NaN NaN NaN NaN NaN\nEOD\n");
    free(line);
}

static size_t add_mark_data(struct plot_job *job, const struct front *front, enum mark mark)
{
    size_t count = 0;
    strbuf_addf(&job->script, "$mark%d << EOD\n", (int)mark);
    for (size_t i = 0; i < front->count; i++) {
        if (is_drawn(&front->points[i]) && mark_of(&front->points[i]) == mark) {
            add_point(job, front, &front->points[i]);
            count++;
        }
    }
    strbuf_add(&job->script, count > 0 ? "EOD\n" : "NaN NaN NaN NaN NaN NaN\nEOD\n");
    return count;
}

/* Points on the front have a number, and a line in the list beside the panel. */
static void add_names(struct plot_job *job, const struct front *front)
{
    const struct front_point **line = mem_alloc(front->count, sizeof(*line));
    size_t count = front_line(front, line);
    for (size_t i = 0; i < count && (int)(i + 1) * LIST_ROW < HEIGHT; i++) {
        double x = place_of(&front->goals[0], line[i]->values[0].mean);
        double y = place_of(&front->goals[1], line[i]->values[1].mean);
        struct strbuf name = STRBUF_INIT;
        strbuf_addf(&name, "%zu   %s%s", i + 1, line[i]->name,
                    line[i]->is_knee ? " (the knee)" : "");
        strbuf_addf(&job->script,
                    "set label '%zu' at first %.9g, first %.9g left offset 0.6, %s font ',12'"
                    " front\nset label ",
                    i + 1, x, y, i % 2 == 0 ? "0.6" : "-0.7");
        plot_quote(job, name.text);
        strbuf_addf(&job->script, " at screen %.4f, graph %.4f font ',12'\n",
                    (double)LIST / PLOT_WIDTH, 1 - (double)(i + 1) * LIST_ROW / HEIGHT);
        if (line[i]->is_knee)
            strbuf_addf(&job->script,
                        "set object circle at first %.9g, first %.9g size screen 0.010 front"
                        " fs empty border lc rgb '#D55E00' lw 2\n",
                        x, y);
        strbuf_release(&name);
    }
    strbuf_addf(&job->script, "set label 'the front' at screen %.4f, graph 1 font ',13'\n",
                (double)LIST / PLOT_WIDTH);
    free(line);
}

/* `least` is of positive values: without one all are 0. */
static bool starts_at_zero(const struct goal *goal)
{
    return !goal->is_log && (isinf(goal->least) || goal->least < 0.5 * goal->max);
}

static void add_axis(struct plot_job *job, const struct goal *goal, char axis)
{
    struct strbuf label = STRBUF_INIT;
    strbuf_addf(&label, "%s%s%s%s", goal->name, goal->scale[0] != '\0' ? " (" : "", goal->scale,
                goal->scale[0] != '\0' ? ")" : "");
    strbuf_addf(&job->script, "set %clabel ", axis);
    plot_quote(job, label.text);
    strbuf_add(&job->script, "\n");
    if (goal->is_log)
        strbuf_addf(&job->script,
                    "set logscale %c\nset %crange [%.9g:%.9g]\nset %ctics add ('0' %.9g)\n", axis,
                    axis, place_of(goal, 0) * 0.8, place_of(goal, goal->max) * 1.5, axis,
                    place_of(goal, 0));
    else if (starts_at_zero(goal))
        strbuf_addf(&job->script, "set %crange [0:*]\n", axis);
    strbuf_release(&label);
}

static void draw(struct plot_job *job, const struct front *front)
{
    size_t counts[MARKS] = {0};
    struct strbuf head = job->script;
    job->script = (struct strbuf)STRBUF_INIT;
    for (int mark = 0; mark < MARKS; mark++) {
        counts[mark] = add_mark_data(job, front, (enum mark)mark);
        if (counts[mark] > 0)
            plot_legend_add(job, marks[mark].colour, SAMPLE_AREA, marks[mark].name);
    }
    add_front_line(job, front);
    struct strbuf data = job->script;
    job->script = head;
    int top = plot_head(job) + 10;
    plot_sheet(job, top + HEIGHT + AXIS + PLOT_FOOT);
    plot_panel_at(job, LEFT, RIGHT, top, top + HEIGHT);
    strbuf_add(&job->script, data.text);
    /* No room below an axis that starts at 0. */
    strbuf_addf(&job->script, "set offsets graph %s, graph 0.06, graph 0.06, graph %s\n",
                starts_at_zero(&front->goals[0]) ? "0" : "0.06",
                starts_at_zero(&front->goals[1]) ? "0" : "0.04");
    add_axis(job, &front->goals[0], 'x');
    add_axis(job, &front->goals[1], 'y');
    add_names(job, front);
    strbuf_add(&job->script, "plot $front using 1:2 with lines lw 1.5 dt '-' lc rgb '#D55E00'");
    for (int mark = MARKS - 1; mark >= 0; mark--)
        if (counts[mark] > 0)
            strbuf_addf(&job->script,
                        ", $mark%d using 1:2:3:4:5:6 with xyerrorbars %s lw 1 lc rgb '%s'", mark,
                        marks[mark].point, marks[mark].colour);
    strbuf_add(&job->script, "\n");
    plot_sheet_end(job);
    strbuf_release(&data);
}

/* --- as text --------------------------------------------------------------------------------- */

static void draw_text(struct plot_job *job, const struct front *front)
{
    struct text_table *table = text_table_create_bare(4);
    text_table_add(table, "point");
    text_table_add(table, "%s", front->goals[0].name);
    text_table_add(table, "%s", front->goals[1].name);
    text_table_add(table, "front");
    for (size_t i = 0; i < front->count; i++) {
        const struct front_point *point = &front->points[i];
        text_table_add(table, "%s", point->name);
        for (int k = 0; k < 2; k++) {
            struct strbuf *cell = text_table_cell(table);
            bool has = point->values[k].n > 0, more = point->outcomes[k][0] != '\0';
            if (has)
                interval_add(cell, &point->values[k], front->goals[k].unit);
            strbuf_addf(cell, "%s%s", has && more ? ", " : "",
                        has || more ? point->outcomes[k] : "no data");
        }
        text_table_add(table, "%s%s", point->verdict, point->is_knee ? ", the knee" : "");
    }
    text_table_add_to_and_free(table, &job->text);
}

enum drawn plot_front(struct plot_job *job)
{
    struct front front = {0};
    enum drawn drawn = DRAWN_FAILED;
    if (results_each_finding(job->results, job->study->id, add_finding, &front, job->diag) == 0 &&
        (front.count == 0 ||
         results_each_param(job->results, job->study->id, add_param, &front, job->diag) == 0)) {
        bool any = false;
        for (size_t i = 0; i < front.count; i++) {
            any = any || is_drawn(&front.points[i]);
            front.undrawn += !is_drawn(&front.points[i]);
        }
        for (size_t i = 0; i < front.goal_count; i++) {
            struct goal *goal = &front.goals[i];
            plot_scale(goal->unit, goal->max, &goal->divisor, &goal->scale);
            goal->is_log = goal->max > SPAN_LINEAR * goal->least;
        }
        job->over_points = true;
        if (front.left_out > 0)
            strbuf_add(&job->note, "goals after the second are not drawn");
        if (front.undrawn > 0)
            strbuf_addf(&job->note, "%s%zu points have no value, or never came: not drawn",
                        front.left_out > 0 ? "; " : "", front.undrawn);
        drawn = front.count == 0
                    ? plot_nothing(job, "the study has no front; sweep with --minimise "
                                        "or --maximise")
                : front.goal_count < 2 || !any
                    ? plot_nothing(job, "a front needs two goals with values")
                    : DRAWN;
        if (drawn == DRAWN && plot_is_text(job))
            draw_text(job, &front);
        else if (drawn == DRAWN)
            draw(job, &front);
    }
    for (size_t i = 0; i < front.count; i++) {
        free(front.points[i].name);
        free(front.points[i].verdict);
        free(front.points[i].outcomes[0]);
        free(front.points[i].outcomes[1]);
    }
    for (size_t i = 0; i < front.goal_count; i++)
        free(front.goals[i].name);
    free(front.points);
    return drawn;
}
