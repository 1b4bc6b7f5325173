// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot.h"
#include "quote.h"

#include "mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const plot_colours[PLOT_COLOURS] = {"#000000", "#0072B2", "#D55E00", "#009E73",
                                                "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"};

#define PIXELS_TITLE 78
#define PIXELS_CAPTION 58

char *plot_words(const char *metric)
{
    char *words = mem_strdup(metric);
    for (char *c = words; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    return words;
}

/* --- the sheet ------------------------------------------------------------------------------- */

static void add_caption(struct plot_job *job, struct strbuf *caption)
{
    const struct study_row *study = job->study;
    if (job->over_points && study->run_count % study->point_count != 0) {
        strbuf_addf(caption,
                    "means over replications, different numbers per point (%" PRIu32
                    " runs), %g %% interval",
                    study->run_count, study->level * 100);
    } else if (study->run_count > study->point_count) {
        uint32_t n = study->run_count / study->point_count;
        if (job->pooled) {
            strbuf_addf(caption, "all values of n = %" PRIu32 " replications pooled", n);
        } else {
            strbuf_addf(caption, "mean of n = %" PRIu32 " replications, %g %% interval", n,
                        study->level * 100);
        }
    } else {
        strbuf_add(caption, "n = 1 replication: no interval");
    }
    strbuf_addf(caption, "   |   seed %" PRIu64 "   |   isthmus %s", study->seed, study->version);
    if (job->note.length > 0)
        strbuf_addf(caption, "   |   %s", job->note.text);
}

void plot_sheet(struct plot_job *job, int height)
{
    job->height = height;
    job->panel_count = 0;
    const struct study_row *study = job->study;
    const char *title = study->question[0] != '\0' ? study->question : study->scenario_name;
    struct strbuf subtitle = STRBUF_INIT, caption = STRBUF_INIT;
    strbuf_addf(&subtitle, "%s   (%s", job->kind->title, study->scenario_name);
    if (job->over_points)
        strbuf_addf(&subtitle, ", all %" PRIu32 " points", study->point_count);
    else if (study->point_count > 1)
        strbuf_addf(&subtitle, ", point %" PRId64, job->options->point);
    strbuf_add(&subtitle, ")");
    add_caption(job, &caption);
    struct strbuf *script = &job->script;
    strbuf_add(script, "set encoding utf8\nset border 3 lc rgb '#606060'\nset tics nomirror out\n"
                       "set label 1 ");
    quote_add(script, QUOTE_GNUPLOT, plot_is_text(job) ? subtitle.text : title);
    /* In text output a grid would hide the curves. */
    job->grid = plot_is_text(job) ? "set grid noxtics noytics"
                                  : "set grid noxtics ytics lc rgb '#d8d8d8' lt 1 lw 0.7";
    if (plot_is_text(job)) {
        strbuf_add(script, " at screen 0.02, 0.985\n");
    } else {
        strbuf_addf(script, " at screen 0.015, %.4f font ',%d'\nset label 2 ", 1 - 28.0 / height,
                    strlen(title) > 110 ? 16 : 21);
        quote_add(script, QUOTE_GNUPLOT, subtitle.text);
        strbuf_addf(script, " at screen 0.015, %.4f tc rgb '#505050'\nset label 3 ",
                    1 - 60.0 / height);
        quote_add(script, QUOTE_GNUPLOT, caption.text);
        strbuf_addf(script, " at screen 0.015, %.4f font ',11' tc rgb '#606060'\n", 16.0 / height);
    }
    strbuf_addf(script, "%s\nset multiplot\n", job->grid);
    strbuf_release(&subtitle);
    strbuf_release(&caption);
}

void plot_sheet_end(struct plot_job *job)
{
    strbuf_add(&job->script, "unset multiplot\n");
}

void plot_panel(struct plot_job *job, double left, double right, double bottom, double top)
{
    if (job->panel_count++ > 0)
        strbuf_add(&job->script, "unset label\nunset object\nunset arrow\n");
    strbuf_addf(&job->script,
                "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
                "set bmargin at screen %.4f\nset tmargin at screen %.4f\n",
                left, right, bottom, top);
}

/* --- units ----------------------------------------------------------------------------------- */

double plot_time_unit(const struct plot_job *job, const char **name)
{
    double seconds = (double)job->study->duration_ns / 1e9;
    if (seconds <= 300) {
        *name = "s";
        return 1e9;
    }
    if (seconds <= 5 * 3600) {
        *name = "min";
        return 60e9;
    }
    *name = "h";
    return 3600e9;
}

void plot_scale(enum unit unit, double max, double *divisor, const char **name)
{
    static const struct {
        enum unit unit;
        double from; /* smallest maximum for this row; the first matching row counts */
        double divisor;
        const char *name;
    } scales[] = {
        {UNIT_SHARE, 0, 0.01, "%"},
        {UNIT_NS, 900e9, 60e9, "min"},
        {UNIT_NS, 1e9, 1e9, "s"},
        {UNIT_NS, 1e6, 1e6, "ms"},
        {UNIT_NS, 0, 1e3, "us"},
        {UNIT_BYTES, 1e9, 1073741824, "GiB"},
        {UNIT_BYTES, 1e6, 1048576, "MiB"},
        {UNIT_BYTES, 0, 1024, "KiB"},
        {UNIT_BIT_PER_S, 1e9, 1e9, "Gbit/s"},
        {UNIT_BIT_PER_S, 0, 1e6, "Mbit/s"},
        {UNIT_PER_S, 0, 1, "/s"},
        {UNIT_USD, 0, 1, "USD"},
        {UNIT_COUNT, 0, 1, ""},
        {UNIT_NONE, 0, 1, ""},
    };
    *divisor = 1;
    *name = "";
    for (size_t i = 0; i < sizeof(scales) / sizeof(*scales); i++) {
        if (scales[i].unit == unit && max >= scales[i].from) {
            *divisor = scales[i].divisor;
            *name = scales[i].name;
            return;
        }
    }
}

/* --- series ---------------------------------------------------------------------------------- */

/* The lines per region, or the total if there are none. Lines with a label belong to other plots.
 */
static bool is_drawn(const struct plot_lines *lines, const struct plot_line *line)
{
    if (line->label[0] != '\0')
        return false;
    if (strcmp(line->region, "all") != 0)
        return true;
    for (size_t i = 0; i < lines->count; i++)
        if (lines->lines[i].label[0] == '\0' && strcmp(lines->lines[i].region, "all") != 0)
            return false;
    return true;
}

static struct plot_line *line_of(struct plot_lines *lines, const char *region, const char *label)
{
    for (size_t i = 0; i < lines->count; i++) {
        struct plot_line *line = &lines->lines[i];
        if (strcmp(line->region, region) == 0 && strcmp(line->label, label) == 0)
            return line;
    }
    void *items = lines->lines;
    mem_grow(&items, &lines->capacity, lines->count + 1, sizeof(*lines->lines));
    lines->lines = items;
    struct plot_line *line = &lines->lines[lines->count++];
    *line = (struct plot_line){.region = mem_strdup(region), .label = mem_strdup(label)};
    return line;
}

static void add_point(void *self, const struct timeline_row *row)
{
    struct plot_lines *lines = self;
    if (row->point != lines->point)
        return;
    struct plot_line *line = line_of(lines, row->region, row->label);
    void *rows = line->rows;
    mem_grow(&rows, &line->capacity, line->count + 1, sizeof(*line->rows));
    line->rows = rows;
    line->rows[line->count++] = *row;
    if (!unit_from_name(row->unit, &lines->unit))
        lines->unit = UNIT_NONE;
}

/* Extremes of the lines that are drawn; a hidden total must not stretch the axis. */
static void find_extremes(struct plot_lines *lines)
{
    bool first = true;
    for (size_t i = 0; i < lines->count; i++) {
        const struct plot_line *line = &lines->lines[i];
        for (size_t k = 0; is_drawn(lines, line) && k < line->count; k++) {
            const struct interval *interval = &line->rows[k].interval;
            double high = interval->valid ? interval->high : interval->mean;
            lines->max = first ? high : fmax(lines->max, high);
            lines->min = first ? interval->mean : fmin(lines->min, interval->mean);
            first = false;
        }
    }
}

int plot_lines_load(struct plot_lines *lines, struct plot_job *job, const char *metric)
{
    *lines = (struct plot_lines){.point = job->options->point};
    int status =
        results_each_timeline(job->results, job->study->id, metric, add_point, lines, job->diag);
    find_extremes(lines);
    return status;
}

void plot_lines_release(struct plot_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->lines[i].region);
        free(lines->lines[i].label);
        free(lines->lines[i].rows);
    }
    free(lines->lines);
    *lines = (struct plot_lines){0};
}

void plot_line_data(struct plot_job *job, const struct plot_line *line, const char *name,
                    double ns_per_unit, double divisor)
{
    int64_t bin = job->study->bin_ns;
    strbuf_addf(&job->script, "$%s << EOD\n", name);
    for (size_t i = 0; i < line->count; i++) {
        const struct timeline_row *row = &line->rows[i];
        const struct interval *interval = &row->interval;
        if (i > 0 && row->t_ns - line->rows[i - 1].t_ns > bin)
            strbuf_add(&job->script, "\n"); /* bins are missing in between: no line */
        double low = interval->valid ? interval->low : interval->mean;
        double high = interval->valid ? interval->high : interval->mean;
        strbuf_addf(&job->script, "%.9g %.9g %.9g %.9g\n",
                    ((double)row->t_ns + (double)bin / 2) / ns_per_unit, interval->mean / divisor,
                    low / divisor, high / divisor);
    }
    strbuf_add(&job->script, "EOD\n");
}

/* --- panels over time ------------------------------------------------------------------------ */

void plot_fault_shades(struct plot_job *job, double ns_per_unit)
{
    for (size_t i = 0; i < job->fault_count; i++) {
        double from = (double)job->faults[i].from_ns / ns_per_unit;
        double to =
            fmin((double)job->faults[i].to_ns, (double)job->study->duration_ns) / ns_per_unit;
        if (plot_is_text(job)) {
            strbuf_addf(&job->script,
                        "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead dt 2\n"
                        "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead dt 2\n",
                        from, from, to, to);
        } else {
            strbuf_addf(&job->script,
                        "set object rectangle from %.9g, graph 0 to %.9g, graph 1 behind"
                        " fc rgb '#e6e6e6' fs solid noborder\n",
                        from, to);
        }
    }
}

static void set_value_axis(struct plot_job *job, const struct time_panel *panel, double divisor,
                           const char *unit)
{
    const struct plot_lines *lines = panel->lines;
    double max = lines->max / divisor, min = lines->min / divisor, low = 0, high = max * 1.06;
    /* If all values are near 100 %, start the axis a little below the lowest one instead of at 0.
     */
    if (lines->unit == UNIT_SHARE && min > 50) {
        low = fmax(0, min - (100 - min) * 0.1);
        high = 100;
    }
    char *words = plot_words(panel->metric);
    strbuf_addf(&job->script, "set yrange [%.9g:%.9g]\nset ytics autofreq\nset format y '%%g'\n",
                low, high > low ? high : low + 1);
    strbuf_add(&job->script, "set label 10 ");
    struct strbuf label = STRBUF_INIT;
    strbuf_addf(&label, unit[0] != '\0' ? "%s (%s)" : "%s", words, unit);
    quote_add(&job->script, QUOTE_GNUPLOT, label.text);
    strbuf_addf(&job->script, " at graph 0, screen %.4f\n",
                panel->top + (plot_is_text(job) ? 0.02 : 14.0 / job->height));
    strbuf_release(&label);
    free(words);
}

static void set_time_axis(struct plot_job *job, const struct time_panel *panel, double ns_per_unit,
                          const char *unit)
{
    strbuf_addf(&job->script, "set xrange [0:%.9g]\nset xtics autofreq\n",
                (double)job->study->duration_ns / ns_per_unit);
    if (panel->last) {
        strbuf_addf(&job->script,
                    "set format x '%%g'\nset xlabel 'simulated time (%s)' offset 0, 0.3\n", unit);
    } else {
        strbuf_add(&job->script, "set format x ''\nunset xlabel\n");
    }
    if (panel->key) {
        strbuf_addf(
            &job->script,
            "set key at screen 0.985, screen %.4f right top horizontal Left reverse samplen 2\n",
            plot_is_text(job) ? 0.99 : 1 - 48.0 / job->height);
    } else {
        strbuf_add(&job->script, "unset key\n");
    }
}

static void plot_lines(struct plot_job *job, const struct time_panel *panel)
{
    const char *separator = "plot ";
    int colour = 1;
    for (size_t i = 0; i < panel->lines->count; i++) {
        const struct plot_line *line = &panel->lines->lines[i];
        if (!is_drawn(panel->lines, line))
            continue;
        bool total = strcmp(line->region, "all") == 0;
        const char *rgb = plot_colours[total ? 0 : colour++ % PLOT_COLOURS];
        strbuf_add(&job->script, separator);
        if (!plot_is_text(job)) {
            strbuf_addf(&job->script,
                        "$line%zu using 1:3:4 with filledcurves lc rgb '%s'"
                        " fs transparent solid 0.2 noborder notitle, ",
                        i, rgb);
        }
        strbuf_addf(&job->script, "$line%zu using 1:2 with lines lw 2 lc rgb '%s' title ", i, rgb);
        quote_add(&job->script, QUOTE_GNUPLOT, total ? "all regions" : line->region);
        separator = ", ";
    }
    if (panel->key && job->fault_count > 0 && !plot_is_text(job)) {
        strbuf_add(&job->script, ", keyentry with boxes fs solid noborder fc rgb '#e6e6e6'"
                                 " title 'fault active'");
    }
    strbuf_add(&job->script, "\n");
}

void plot_time_panel(struct plot_job *job, const struct time_panel *panel)
{
    const char *time_unit, *unit;
    double divisor, ns_per_unit = plot_time_unit(job, &time_unit);
    plot_scale(panel->lines->unit, panel->lines->max, &divisor, &unit);
    if (panel->lines->unit == UNIT_COUNT && strcmp(panel->metric, "sessions_active") != 0)
        unit = "/s"; /* a counter is plotted as a rate */
    for (size_t i = 0; i < panel->lines->count; i++) {
        if (is_drawn(panel->lines, &panel->lines->lines[i])) {
            char name[32];
            snprintf(name, sizeof(name), "line%zu", i);
            plot_line_data(job, &panel->lines->lines[i], name, ns_per_unit, divisor);
        }
    }
    plot_panel(job, plot_is_text(job) ? 0.1 : 0.055, plot_is_text(job) ? 0.97 : 0.985,
               panel->bottom, panel->top);
    plot_fault_shades(job, ns_per_unit);
    set_time_axis(job, panel, ns_per_unit, time_unit);
    set_value_axis(job, panel, divisor, unit);
    plot_lines(job, panel);
}

static bool has_lines(const struct plot_lines *lines)
{
    bool any = false;
    for (size_t i = 0; i < lines->count; i++)
        any = any || is_drawn(lines, &lines->lines[i]);
    return any;
}

/* Load the metrics of the plot; keep those that have values other than zero, in order, and note the
 * others. */
static int load_panels(struct plot_job *job, const char *const *metrics, size_t count,
                       struct plot_lines *lines, const char **kept, size_t *kept_count)
{
    for (size_t i = 0; i < count; i++) {
        struct plot_lines *next = &lines[*kept_count];
        if (plot_lines_load(next, job, metrics[i]) != 0) {
            plot_lines_release(next);
            return -1;
        }
        if (has_lines(next) && (next->max != 0 || next->min != 0)) {
            kept[(*kept_count)++] = metrics[i];
            continue;
        }
        if (has_lines(next)) {
            strbuf_add(&job->note, job->note.length == 0 ? "zero throughout: " : ", ");
            char *words = plot_words(metrics[i]);
            strbuf_add(&job->note, words);
            free(words);
        }
        plot_lines_release(next);
    }
    return 0;
}

enum { TIME_PANELS_MAX = 12 };

enum drawn plot_time_panels(struct plot_job *job, const char *const *metrics, size_t count)
{
    struct plot_lines lines[TIME_PANELS_MAX] = {0};
    const char *kept[TIME_PANELS_MAX];
    size_t kept_count = 0;
    enum drawn drawn = DRAWN_NO_DATA;
    if (load_panels(job, metrics, count, lines, kept, &kept_count) != 0) {
        drawn = DRAWN_FAILED;
    } else if (kept_count > 0) {
        int panel_pixels = kept_count > 3 ? 200 : kept_count == 1 ? 700 : 360;
        plot_sheet(job, PIXELS_TITLE + PIXELS_CAPTION + 40 + (int)kept_count * panel_pixels);
        double head = plot_is_text(job) ? 0.08 : (double)PIXELS_TITLE / job->height;
        double foot = plot_is_text(job) ? 0.10 : (PIXELS_CAPTION + 40.0) / job->height;
        double each = (1 - head - foot) / (double)kept_count;
        double gap = plot_is_text(job) ? 0.05 : 38.0 / job->height;
        for (size_t i = 0; i < kept_count; i++) {
            double bottom = 1 - head - each * (double)(i + 1);
            struct time_panel panel = {
                kept[i], &lines[i], bottom, bottom + each - gap, i + 1 == kept_count, i == 0};
            plot_time_panel(job, &panel);
        }
        plot_sheet_end(job);
        drawn = DRAWN;
    }
    for (size_t i = 0; i < kept_count; i++)
        plot_lines_release(&lines[i]);
    return drawn;
}
