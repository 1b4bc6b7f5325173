// SPDX-License-Identifier: GPL-3.0-or-later
#include "plot.h"
#include "quote.h"

#include "mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const plot_colours[PLOT_COLOURS] = {"#000000", "#0072B2", "#D55E00", "#009E73",
                                                "#CC79A7", "#E69F00", "#56B4E9", "#8A7A00"};

/* Of the page, in pixels. */
enum { TITLE_AT = 28, SUBTITLE_AT = 58, HEAD = 76, LEGEND_ROW = 24, MARGIN = 24, SAMPLE = 28 };
#define PIXELS_PER_POINT_AND_CHARACTER 0.76 /* DejaVu Sans, a little above its mean */

char *plot_words(const char *metric)
{
    char *words = mem_strdup(metric);
    for (char *c = words; *c != '\0'; c++)
        if (*c == '_' || *c == '.')
            *c = ' ';
    return words;
}

void plot_quote(struct plot_job *job, const char *text)
{
    quote_add(&job->script, QUOTE_GNUPLOT, text);
}

int plot_text_width(const char *text, int points)
{
    int characters = 0;
    for (; *text != '\0'; text++)
        characters += ((unsigned char)*text & 0xC0) != 0x80; /* not a continuation in UTF-8 */
    return (int)(characters * points * PIXELS_PER_POINT_AND_CHARACTER);
}

enum drawn plot_nothing(struct plot_job *job, const char *why, ...)
{
    va_list args;
    strbuf_clear(&job->note);
    va_start(args, why);
    strbuf_addv(&job->note, why, args);
    va_end(args);
    return DRAWN_NO_DATA;
}

const char *plot_region_colour(const struct plot_job *job, const char *region)
{
    for (size_t i = 0; i < job->region_count; i++)
        if (strcmp(job->regions[i], region) == 0)
            return plot_colours[1 + i % (PLOT_COLOURS - 1)];
    return plot_colours[0];
}

/* --- the sheet ------------------------------------------------------------------------------- */

void plot_legend_add(struct plot_job *job, const char *colour, enum legend_sample sample,
                     const char *text)
{
    MEM_GROW(job->legend, job->legend_capacity, job->legend_count + 1);
    job->legend[job->legend_count++] = (struct legend_entry){colour, sample, mem_strdup(text)};
}

void plot_legend_clear(struct plot_job *job)
{
    for (size_t i = 0; i < job->legend_count; i++)
        free(job->legend[i].text);
    job->legend_count = 0;
}

/* Place the entries in rows; draws them if `height` (of the page) is not 0. Returns the rows. */
static int place_legend(struct plot_job *job, int height)
{
    int row = 0, x = MARGIN;
    for (size_t i = 0; i < job->legend_count; i++) {
        const struct legend_entry *entry = &job->legend[i];
        int width = SAMPLE + 8 + plot_text_width(entry->text, 12) + 24;
        if (x > MARGIN && x + width > PLOT_WIDTH - MARGIN) {
            row++;
            x = MARGIN;
        }
        double y = 1 - (HEAD + LEGEND_ROW * row + 10.0) / (height > 0 ? height : 1);
        double left = (double)x / PLOT_WIDTH, right = (double)(x + SAMPLE) / PLOT_WIDTH;
        if (height > 0 && entry->sample == SAMPLE_AREA) {
            strbuf_addf(&job->script,
                        "set object rectangle from screen %.4f, %.4f to screen %.4f, %.4f front fc"
                        " rgb '%s' fs solid noborder\n",
                        left, y - 8.0 / height, right, y + 8.0 / height, entry->colour);
        } else if (height > 0) {
            strbuf_addf(&job->script,
                        "set arrow from screen %.4f, %.4f to screen %.4f, %.4f nohead front lw 3"
                        " lc rgb '%s'%s\n",
                        left, y, right, y, entry->colour,
                        entry->sample == SAMPLE_DASHES ? " dt '-'" : "");
        }
        if (height > 0) {
            strbuf_add(&job->script, "set label ");
            plot_quote(job, entry->text);
            strbuf_addf(&job->script, " at screen %.4f, %.4f font ',12'\n",
                        (double)(x + SAMPLE + 8) / PLOT_WIDTH, y);
        }
        x += width;
    }
    return job->legend_count > 0 ? row + 1 : 0;
}

static uint64_t replications_of(const struct study_row *study)
{
    return study->point_count > 0 ? study->run_count / study->point_count : 0;
}

static void add_certainty(const struct plot_job *job, struct strbuf *caption)
{
    const struct study_row *study = job->study;
    bool alike = true;
    for (size_t i = 1; i < job->study_count; i++)
        alike = alike && replications_of(&job->studies[i].row) == replications_of(study) &&
                job->studies[i].row.level == study->level;
    if (job->of_parameters) {
        strbuf_add(caption, "links: parameters of the scenario, no estimates");
    } else if (!alike || (job->over_points && study->run_count % study->point_count != 0)) {
        strbuf_addf(caption, "means over replications, different numbers of them, %g %% interval",
                    study->level * 100);
    } else if (replications_of(study) <= 1) {
        strbuf_add(caption, "n = 1 replication: no interval");
    } else if (job->pooled) {
        strbuf_addf(caption, "all values of n = %" PRIu64 " replications pooled, no interval",
                    replications_of(study));
    } else {
        strbuf_addf(caption, "mean of n = %" PRIu64 " replications, %g %% interval",
                    replications_of(study), study->level * 100);
    }
}

static void add_caption(struct plot_job *job, struct strbuf *caption)
{
    add_certainty(job, caption);
    strbuf_addf(caption, "   |   seed %" PRIu64 "   |   isthmus %s", job->study->seed,
                job->study->version);
    if (job->note.length > 0)
        strbuf_addf(caption, "   |   %s", job->note.text);
}

static void add_title(const struct plot_job *job, struct strbuf *title)
{
    const struct study_row *study = job->study;
    if (job->options->title != NULL) {
        strbuf_add(title, job->options->title);
    } else if (job->study_count > 1) {
        strbuf_addf(title, "%s: ", job->kind->title);
        for (size_t i = 0; i < job->study_count; i++)
            strbuf_addf(title, "%s%s", i > 0 ? " beside " : "", job->studies[i].name);
    } else {
        strbuf_add(title, study->question[0] != '\0' ? study->question : study->scenario_name);
    }
}

static void add_subtitle(const struct plot_job *job, struct strbuf *subtitle)
{
    strbuf_add(subtitle, job->kind->title);
    strbuf_add(subtitle, "   (");
    for (size_t i = 0; i < job->study_count; i++) {
        const struct study_row *study = &job->studies[i].row;
        strbuf_addf(subtitle, "%s%s", i > 0 ? "; " : "", study->scenario_name);
        if (job->over_points)
            strbuf_addf(subtitle, ", all %" PRIu32 " points", study->point_count);
        else if (study->point_count > 1)
            strbuf_addf(subtitle, ", point %" PRId64, job->studies[i].point);
    }
    strbuf_add(subtitle, job->options->region != NULL ? "; region " : "");
    strbuf_add(subtitle, job->options->region != NULL ? job->options->region : "");
    strbuf_add(subtitle, ")");
}

static int title_points(const char *title)
{
    for (int points = 21; points > 11; points--)
        if (plot_text_width(title, points) < PLOT_WIDTH - 2 * MARGIN)
            return points;
    return 11;
}

static void add_texts(struct plot_job *job)
{
    struct strbuf title = STRBUF_INIT, subtitle = STRBUF_INIT, caption = STRBUF_INIT;
    struct strbuf *script = &job->script;
    add_title(job, &title);
    add_subtitle(job, &subtitle);
    add_caption(job, &caption);
    strbuf_add(script, "set label ");
    plot_quote(job, plot_is_text(job) ? subtitle.text : title.text);
    if (plot_is_text(job)) {
        strbuf_add(script, " at screen 0.02, 0.985\n");
    } else {
        strbuf_addf(script, " at screen 0.015, %.4f font ',%d'\nset label ",
                    1 - (double)TITLE_AT / job->height, title_points(title.text));
        plot_quote(job, subtitle.text);
        strbuf_addf(script, " at screen 0.015, %.4f tc rgb '#505050'\nset label ",
                    1 - (double)SUBTITLE_AT / job->height);
        plot_quote(job, caption.text);
        strbuf_addf(script, " at screen 0.015, %.4f font ',11' tc rgb '#606060'\n",
                    16.0 / job->height);
    }
    strbuf_release(&title);
    strbuf_release(&subtitle);
    strbuf_release(&caption);
}

int plot_head(struct plot_job *job)
{
    return plot_is_text(job) ? 40 : HEAD + LEGEND_ROW * place_legend(job, 0) + 12;
}

void plot_sheet(struct plot_job *job, int height)
{
    job->height = height;
    job->panel_count = 0;
    /* In text output a grid would hide the curves. */
    job->grid = plot_is_text(job) ? "set grid noxtics noytics"
                                  : "set grid noxtics ytics lc rgb '#d8d8d8' lt 1 lw 0.7";
    strbuf_add(&job->script, "set encoding utf8\nset border 3 lc rgb '#606060'\n"
                             "set tics nomirror out\nunset key\n");
    add_texts(job);
    if (!plot_is_text(job))
        place_legend(job, height);
    strbuf_addf(&job->script, "%s\nset multiplot\n", job->grid);
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

void plot_panel_at(struct plot_job *job, int left, int right, int top, int bottom)
{
    plot_panel(job, (double)left / PLOT_WIDTH, (double)right / PLOT_WIDTH,
               1 - (double)bottom / job->height, 1 - (double)top / job->height);
}

/* --- units ----------------------------------------------------------------------------------- */

double plot_time_end(const struct plot_job *job)
{
    double end = 0;
    for (size_t i = 0; i < job->study_count; i++)
        end = fmax(end, (double)job->studies[i].row.duration_ns);
    return end;
}

double plot_time_unit(const struct plot_job *job, const char **name)
{
    double seconds = plot_time_end(job) / 1e9;
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
