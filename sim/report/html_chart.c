// SPDX-License-Identifier: GPL-3.0-or-later
#include "html_chart.h"

#include "mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a reader of an incident asks for, in this order. */
static const struct {
    const char *metric, *title;
} shown[] = {
    {"availability", "Good requests"},
    {"login_failure_rate", "Failed logins"},
    {"reauth_rate", "Requests answered by a re-auth"},
    {"write_failure_rate", "Failed writes"},
    {"write_timeout_rate", "Write attempts that timed out"},
    {"good_requests", "Good requests per second"},
    {"sessions_active", "Active sessions"},
    {"replication_lag.p99", "Replication lag, p99"},
    {"replication_backlog_bytes", "Replication backlog"},
    {"dns_stale_share", "Stale answers of DNS"},
    {"connections_opened", "Connections opened per second"},
    {"store_utilization", "Busy share of the store"},
    {"workers_busy", "Busy workers"},
};

/* --- reading --------------------------------------------------------------------------------- */

struct loading {
    struct chart_set *set;
    struct chart *chart;
    const struct chart_point *points;
    size_t point_count;
    int64_t row_bin_ns; /* of the file */
    size_t merged;      /* bins of the file in one of ours */
};

static struct chart_line *line_of(struct chart *chart, const char *region, size_t bin_count)
{
    for (size_t i = 0; i < chart->line_count; i++)
        if (strcmp(chart->lines[i].region, region) == 0)
            return &chart->lines[i];
    if (chart->line_count == chart->line_capacity)
        MEM_GROW(chart->lines, chart->line_capacity, chart->line_count + 1);
    struct chart_line *line = &chart->lines[chart->line_count++];
    line->region = mem_strdup(region);
    line->mean = mem_alloc(3 * bin_count, sizeof *line->mean);
    line->low = line->mean + bin_count;
    line->high = line->low + bin_count;
    for (size_t i = 0; i < 3 * bin_count; i++)
        line->mean[i] = NAN;
    return line;
}

/* NULL: the row is not drawn. */
static const char *line_name(const struct loading *loading, const struct timeline_row *row)
{
    for (size_t i = 0; i < loading->point_count; i++) {
        const struct chart_point *point = &loading->points[i];

        if (point->number == row->point)
            return !point->name                      ? row->region
                   : strcmp(row->region, "all") == 0 ? point->name
                                                     : NULL;
    }
    return NULL;
}

/* The mean is divided at the end; `high` counts the bins until then where several are merged. */
static void add_row(void *self, const struct timeline_row *row)
{
    struct loading *loading = self;
    struct chart_set *set = loading->set;
    struct chart *chart = loading->chart;

    const char *name = line_name(loading, row);

    if (!name || row->label[0] != '\0' || row->t_ns < 0)
        return;
    size_t bin = (size_t)(row->t_ns / set->bin_ns);
    if (bin >= set->bin_count || row->t_ns < set->from_ns)
        return;
    (void)unit_from_name(row->unit, &chart->unit);
    struct chart_line *line = line_of(chart, name, set->bin_count);
    double per_s = chart->unit == UNIT_COUNT && strstr(chart->title, "per second")
                       ? (double)loading->row_bin_ns / 1e9
                       : 1;
    double mean = row->interval.mean / per_s;
    double low = row->interval.valid ? row->interval.low / per_s : NAN;
    double high = row->interval.valid ? row->interval.high / per_s : NAN;

    if (isnan(line->mean[bin])) {
        line->mean[bin] = mean;
        line->low[bin] = low;
        line->high[bin] = high;
    } else { /* bins come in order: a running mean with weights 1 / merged so far */
        size_t before = (size_t)(row->t_ns % set->bin_ns / loading->row_bin_ns);
        line->mean[bin] += (mean - line->mean[bin]) / (double)(before + 1);
        line->low[bin] = fmin(line->low[bin], low);
        line->high[bin] = fmax(line->high[bin], high);
    }
    chart->max = fmax(chart->max, isnan(high) ? mean : fmax(high, mean));
}

static void add_fault(void *self, const struct fault_row *row)
{
    struct chart_set *set = self;

    if (set->fault_count == set->fault_capacity)
        MEM_GROW(set->faults, set->fault_capacity, set->fault_count + 1);
    set->faults[set->fault_count++] = *row;
}

static void chart_release(struct chart *chart)
{
    for (size_t i = 0; i < chart->line_count; i++) {
        free(chart->lines[i].region);
        free(chart->lines[i].mean);
    }
    free(chart->lines);
}

/* So that the lines of all charts together stay small enough for a page. */
static size_t bins_max(size_t line_count)
{
    return line_count <= CHART_LINES_FEW ? CHART_BINS_MAX : CHART_VALUES_MAX / line_count;
}

int chart_set_load(struct chart_set *set, struct results *results, const struct study_row *study,
                   const struct chart_point *points, size_t point_count, size_t line_count,
                   struct diag *diag)
{
    size_t file_bins =
        study->bin_ns > 0 ? (size_t)((study->duration_ns + study->bin_ns - 1) / study->bin_ns) : 0;
    struct loading loading = {
        .set = set, .points = points, .point_count = point_count, .row_bin_ns = study->bin_ns};

    *set = (struct chart_set){.from_ns = study->warmup_ns};
    if (file_bins == 0)
        return 0;
    loading.merged = (file_bins + bins_max(line_count) - 1) / bins_max(line_count);
    set->bin_ns = study->bin_ns * (int64_t)loading.merged;
    set->bin_count = (file_bins + loading.merged - 1) / loading.merged;
    if (results_each_fault(results, study->id, add_fault, set, diag) != 0)
        return -1;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        struct chart chart = {.metric = shown[i].metric, .title = shown[i].title};

        loading.chart = &chart;
        if (results_each_timeline(results, study->id, chart.metric, add_row, &loading, diag) != 0) {
            chart_release(&chart);
            return -1;
        }
        if (!(chart.max > 0)) {
            chart_release(&chart);
            continue;
        }
        if (set->count == set->capacity)
            MEM_GROW(set->charts, set->capacity, set->count + 1);
        set->charts[set->count++] = chart;
    }
    return 0;
}

void chart_set_release(struct chart_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        chart_release(&set->charts[i]);
    free(set->charts);
    free(set->faults);
}

/* The total is drawn only where it is the only line. */
static bool is_drawn(const struct chart *chart, const struct chart_line *line)
{
    return chart->line_count == 1 || strcmp(line->region, "all") != 0;
}

/* --- drawing --------------------------------------------------------------------------------- */

enum { WIDTH = 960, HEIGHT = 200, LEFT = 74, RIGHT = 130, TOP = 10, BOTTOM = 24, COLOURS = 8 };

struct scale {
    double t_max; /* s */
    double low, high;
};

static double x_of(const struct scale *scale, double t)
{
    return LEFT + t / scale->t_max * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct scale *scale, double value)
{
    double share = (value - scale->low) / (scale->high - scale->low);

    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, some `count` of which make `range`. */
static double round_step(double range, double count)
{
    double power = pow(10, floor(log10(range / count))), ratio = range / count / power;

    return power * (ratio > 5 ? 10 : ratio > 2 ? 5 : ratio > 1 ? 2 : 1);
}

static void draw_axes(struct html *html, const struct scale *scale, enum unit unit)
{
    static const double steps_s[] = {1,   2,   5,    10,   15,   30,    60,    120,
                                     300, 600, 1800, 3600, 7200, 21600, 43200, 86400};
    double step = round_step(scale->high - scale->low, 4), step_s = steps_s[0];
    struct strbuf label = STRBUF_INIT;

    for (double value = ceil(scale->low / step) * step; value <= scale->high * (1 + 1e-9);
         value += step) {
        double y = y_of(scale, value);

        strbuf_clear(&label);
        units_add(&label, value, unit, 3);
        fprintf(html->out,
                "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, label.text);
    }
    for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0] && scale->t_max / step_s > 10; i++)
        step_s = steps_s[i];
    for (double t = 0; t <= scale->t_max * (1 + 1e-9); t += step_s) {
        strbuf_clear(&label);
        units_add_duration(&label, (int64_t)(t * 1e9));
        fprintf(html->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                x_of(scale, t), HEIGHT - 6, label.text);
    }
    strbuf_release(&label);
}

static double bin_s(const struct chart_set *set, size_t bin)
{
    return (double)bin * (double)set->bin_ns / 1e9;
}

/* Runs of bins that have a value, each as a band and a line. */
static void draw_line(struct html *html, const struct chart_set *set, const struct scale *scale,
                      const struct chart_line *line, size_t number)
{
    const char *dash = number >= 2 * COLOURS ? "2 3" : number >= COLOURS ? "7 3" : "none";

    for (size_t begin = 0; begin < set->bin_count;) {
        size_t end = begin;

        while (end < set->bin_count && !isnan(line->mean[end]))
            end++;
        if (end > begin && !isnan(line->low[begin])) {
            fprintf(html->out, "<polygon class=\"band\" fill=\"var(--s%zu)\" points=\"",
                    number % COLOURS);
            for (size_t i = begin; i < end; i++)
                fprintf(html->out, "%.1f,%.1f ", x_of(scale, bin_s(set, i)),
                        y_of(scale, fmin(line->high[i], scale->high)));
            for (size_t i = end; i-- > begin;)
                fprintf(html->out, "%.1f,%.1f ", x_of(scale, bin_s(set, i)),
                        y_of(scale, fmax(line->low[i], scale->low)));
            fputs("\"/>", html->out);
        }
        if (end > begin) {
            fprintf(html->out,
                    "<polyline class=\"line\" stroke=\"var(--s%zu)\" stroke-dasharray=\"%s\" "
                    "points=\"",
                    number % COLOURS, dash);
            for (size_t i = begin; i < end; i++)
                fprintf(html->out, "%.1f,%.1f ", x_of(scale, bin_s(set, i)),
                        y_of(scale, line->mean[i]));
            fputs("\"/>\n", html->out);
        }
        begin = end + 1;
    }
}

/* Names beside the last value, spread so that they do not cover each other. */
static void draw_names(struct html *html, const struct chart_set *set, const struct scale *scale,
                       const struct chart *chart)
{
    double free_y = HEIGHT;
    size_t number = 0, count = 0;

    for (size_t i = 0; i < chart->line_count; i++)
        count += is_drawn(chart, &chart->lines[i]);
    for (size_t i = 0; i < chart->line_count; i++) {
        const struct chart_line *line = &chart->lines[i];
        size_t last = set->bin_count;
        double y = TOP + 12 + 14 * (double)number;

        if (!is_drawn(chart, line))
            continue;
        while (last > 1 && isnan(line->mean[last - 1]))
            last--;
        if (count <= 2) {
            y = y_of(scale, line->mean[last - 1]) + 4;
            y = fabs(y - free_y) < 14 ? free_y - 14 : y;
            free_y = y;
        }
        fprintf(html->out, "<text x=\"%d\" y=\"%.1f\" style=\"fill:var(--s%zu)\">",
                WIDTH - RIGHT + 6, y, number % COLOURS);
        html_text(html, line->region);
        fputs("</text>\n", html->out);
        number++;
    }
}

void chart_draw(struct html *html, const struct chart_set *set, const struct chart *chart)
{
    struct scale scale = {.t_max = bin_s(set, set->bin_count), .low = 0, .high = chart->max};
    size_t number = 0;

    if (chart->unit == UNIT_SHARE && chart->max > 0.5)
        scale.high = 1;
    fprintf(html->out, "<figure id=\"chart-%s\"><h3>", chart->metric);
    html_text(html, chart->title);
    fprintf(html->out, "</h3><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    html_text(html, chart->title);
    fputs(", over simulated time, by region\">\n", html->out);
    for (size_t i = 0; i < set->fault_count; i++) {
        double from = x_of(&scale, fmin((double)set->faults[i].from_ns / 1e9, scale.t_max));
        double to = x_of(&scale, fmin((double)set->faults[i].to_ns / 1e9, scale.t_max));

        fprintf(html->out,
                "<rect class=\"fault\" x=\"%.1f\" width=\"%.1f\" y=\"%d\" height=\"%d\"/>\n", from,
                to - from, TOP, HEIGHT - TOP - BOTTOM);
    }
    draw_axes(html, &scale, chart->unit);
    for (size_t i = 0; i < chart->line_count; i++)
        if (is_drawn(chart, &chart->lines[i]))
            draw_line(html, set, &scale, &chart->lines[i], number++);
    draw_names(html, set, &scale, chart);
    fprintf(html->out, "</svg><figcaption><code>%s</code></figcaption></figure>\n", chart->metric);
}

/* --- data ------------------------------------------------------------------------------------ */

/* More than a line shows, and a third of the bytes. */
static double six_digits(double value)
{
    char text[32];

    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

static void write_numbers(struct json_writer *json, const char *name, const double *values,
                          size_t count)
{
    json_open_array(json, name);
    for (size_t i = 0; i < count; i++)
        json_number(json, NULL, six_digits(values[i]));
    json_close(json);
}

void chart_set_write(struct json_writer *json, const struct chart_set *set)
{
    json_number(json, "bin_s", (double)set->bin_ns / 1e9);
    json_open_array(json, "faults");
    for (size_t i = 0; i < set->fault_count; i++) {
        json_open_array(json, NULL);
        json_number(json, NULL, (double)set->faults[i].from_ns / 1e9);
        json_number(json, NULL, (double)set->faults[i].to_ns / 1e9);
        json_close(json);
    }
    json_close(json);
    json_open_array(json, "charts");
    for (size_t i = 0; i < set->count; i++) {
        const struct chart *chart = &set->charts[i];

        json_open_object(json, NULL);
        json_text(json, "id", chart->metric);
        json_text(json, "title", chart->title);
        json_text(json, "unit", unit_name(chart->unit));
        json_number(json, "max", chart->max);
        json_open_array(json, "series");
        for (size_t k = 0; k < chart->line_count; k++) {
            const struct chart_line *line = &chart->lines[k];

            if (!is_drawn(chart, line))
                continue;
            json_open_object(json, NULL);
            json_text(json, "name", line->region);
            write_numbers(json, "mean", line->mean, set->bin_count);
            write_numbers(json, "low", line->low, set->bin_count);
            write_numbers(json, "high", line->high, set->bin_count);
            json_close(json);
        }
        json_close(json);
        json_close(json);
    }
    json_close(json);
}
