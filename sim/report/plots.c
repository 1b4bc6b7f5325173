// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of plots; running a plot's script and writing the file. */
#include "plot.h"
#include "mem.h"
#include "quote.h"
#include "suggest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// clang-format off
const struct plot_kind plot_kinds[] = {
    {"timeline",      "User experience over time",       "availability, failures and lag over time, with intervals"},
    {"latency",       "Latency by percentile",           "logins, requests, writes and reads, out to 99.99 %"},
    {"reauth_causes", "Re-authentications by cause", "re-auths by cause, per region and over time"},
    {"rto_stages",    "RTO by stage", "RTO of each incident, divided into its stages"},
    {"workload",      "Workload over time", "requests, sessions, logins and retries over time"},
    {"curve",         "Metrics over a swept parameter",  "main metrics over a sweep's first parameter, one curve per value of the second, with intervals"},
    {"heatmap",       "Metrics over two swept parameters", "main metrics over two parameters of a sweep, with the half-width of the interval"},
    {NULL, NULL, NULL},
};
/* In the order of plot_kinds. Bars cannot be drawn as text. */
static const struct {
    plot_draw *draw;
    bool as_text;
} drawers[] = {
    {plot_timeline, true}, {plot_latency, true}, {plot_reauth_causes, false}, {plot_rto_stages, false},
    {plot_workload, true}, {plot_curve, false}, {plot_heatmap, false},
};
// clang-format on

#define TEXT_COLUMNS 100
#define TEXT_ROWS_MIN 30

static void add_fault(void *self, const struct fault_row *row)
{
    struct plot_job *job = self;
    void *items = job->faults;
    mem_grow(&items, &job->fault_capacity, job->fault_count + 1, sizeof(*job->faults));
    job->faults = items;
    job->faults[job->fault_count++] = *row;
}

static char *file_path(const struct plot_job *job)
{
    static const char *const endings[] = {
        [PLOT_PNG] = "png", [PLOT_SVG] = "svg", [PLOT_TEXT] = "txt"};
    const struct plot_options *options = job->options;
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/", options->directory != NULL ? options->directory : ".");
    quote_add(&path, QUOTE_FILE_NAME,
              options->prefix != NULL ? options->prefix : job->study->scenario_name);
    strbuf_addf(&path, "-%s.%s", job->kind->name, endings[options->format]);
    return strbuf_detach(&path);
}

static char *terminal_of(const struct plot_job *job)
{
    struct strbuf terminal = STRBUF_INIT;
    int width = job->options->width > 0 ? job->options->width : TEXT_COLUMNS;
    switch (job->options->format) {
    case PLOT_PNG:
        strbuf_addf(&terminal,
                    "pngcairo size 1600,%d font 'DejaVu Sans,14' noenhanced background rgb 'white'",
                    job->height);
        break;
    case PLOT_SVG:
        strbuf_addf(
            &terminal,
            "svg size 1600,%d dynamic font 'DejaVu Sans,18' noenhanced background rgb 'white'",
            job->height);
        break;
    case PLOT_TEXT:
        strbuf_addf(&terminal, "dumb size %d,%d noenhanced", width,
                    job->height / 20 > TEXT_ROWS_MIN ? job->height / 20 : TEXT_ROWS_MIN);
        break;
    }
    return strbuf_detach(&terminal);
}

/* Recognise a file that gnuplot has written in each format. */
static bool is_png(const char *head, size_t size)
{
    return size >= 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool is_svg(const char *head, size_t size)
{
    char *text = mem_strndup(head, size);
    bool is_ours = strncmp(text, "<?xml", 5) == 0 && strstr(text, "<svg") != NULL &&
                   strstr(text, "GNUPLOT") != NULL;
    free(text);
    return is_ours;
}

static bool is_text_plot(const char *head, size_t size)
{
    return size > 0 && head[0] == '\f';
}

static const struct output_kind output_kinds[] = {
    [PLOT_PNG] = {"a PNG file", is_png},
    [PLOT_SVG] = {"an SVG file by gnuplot", is_svg},
    [PLOT_TEXT] = {"a plot as text", is_text_plot},
};

/* Skip gnuplot's initial form feed, which clears some terminals. */
static void copy_text(FILE *file, FILE *out)
{
    rewind(file);
    for (int c = getc(file); c != EOF; c = getc(file))
        if (c != '\f')
            putc(c, out);
}

/* Run the plot's script and write the file. */
static int finish_plot(struct plot_job *job, void (*on_file)(void *self, const char *path),
                       void *self)
{
    const struct plot_options *options = job->options;
    char *path = file_path(job), *terminal = terminal_of(job);
    struct output_file file = {0};
    int status = output_file_open(&file, path, &output_kinds[options->format], job->diag);
    if (status == 0)
        status = gnuplot_draw(&file, terminal, job->script.text, job->diag);
    if (status == 0 && options->format == PLOT_TEXT && options->text_out != NULL)
        copy_text(file.stream, options->text_out);
    if (status == 0)
        status = output_file_commit(&file, job->diag);
    output_file_discard(&file);
    if (status == 0 && on_file != NULL)
        on_file(self, path);
    free(path);
    free(terminal);
    return status;
}

/* Draw plot `i`; DRAWN_NO_DATA if there is nothing to draw. */
static enum drawn draw_plot(struct plot_job *job, size_t i,
                            void (*on_file)(void *self, const char *path), void *self)
{
    job->kind = &plot_kinds[i];
    strbuf_clear(&job->script);
    strbuf_clear(&job->note);
    job->pooled = job->over_points = false;
    enum drawn drawn = drawers[i].draw(job);
    if (drawn == DRAWN && finish_plot(job, on_file, self) != 0)
        drawn = DRAWN_FAILED;
    return drawn;
}

static int check_plot_name(const struct plot_options *options, struct diag *diag)
{
    const char *names[sizeof(drawers) / sizeof(*drawers)];
    size_t count = sizeof(drawers) / sizeof(*drawers);
    if (options->plot == NULL)
        return 0;
    for (size_t i = 0; i < count; i++) {
        names[i] = plot_kinds[i].name;
        if (strcmp(names[i], options->plot) != 0)
            continue;
        if (options->format == PLOT_TEXT && !drawers[i].as_text) {
            diag_error(diag, "plot '%s' cannot be drawn as text; use png or svg", names[i]);
            return -1;
        }
        return 0;
    }
    const char *near = suggest_nearest(options->plot, names, count);
    diag_error(diag, "unknown plot '%s'%s%s%s", options->plot,
               near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
               near != NULL ? "'?" : "");
    return -1;
}

static int draw_plots(struct plot_job *job, void (*on_file)(void *self, const char *path),
                      void *self)
{
    const struct plot_options *options = job->options;
    size_t drawn_count = 0;
    for (size_t i = 0; plot_kinds[i].name != NULL; i++) {
        if (options->plot != NULL ? strcmp(options->plot, plot_kinds[i].name) != 0
                                  : options->format == PLOT_TEXT && !drawers[i].as_text)
            continue;
        enum drawn drawn = draw_plot(job, i, on_file, self);
        if (drawn == DRAWN_FAILED)
            return -1;
        drawn_count += drawn == DRAWN;
    }
    if (drawn_count == 0) {
        diag_error(job->diag, "no data for %s%s%sstudy %" PRId64 ", point %" PRId64,
                   options->plot != NULL ? "plot '" : "",
                   options->plot != NULL ? options->plot : "", options->plot != NULL ? "' in " : "",
                   job->study->id, options->point);
        return -1;
    }
    return 0;
}

int report_plot(struct results *results, const struct plot_options *options,
                void (*on_file)(void *self, const char *path), void *self, struct diag *diag)
{
    struct study_row study;
    if (check_plot_name(options, diag) != 0 ||
        results_study(results, options->study, &study, diag) != 0)
        return -1;
    struct stat info;
    const char *directory = options->directory != NULL ? options->directory : ".";
    if (stat(directory, &info) != 0 || !S_ISDIR(info.st_mode)) {
        diag_error(diag, "cannot write plots to '%s': %s", directory,
                   stat(directory, &info) != 0 ? strerror(errno) : strerror(ENOTDIR));
        return -1;
    }
    struct plot_job job = {.results = results,
                           .options = options,
                           .study = &study,
                           .diag = diag,
                           .script = STRBUF_INIT,
                           .note = STRBUF_INIT};
    int status = results_each_fault(results, study.id, add_fault, &job, diag);
    if (status == 0)
        status = draw_plots(&job, on_file, self);
    free(job.faults);
    strbuf_release(&job.script);
    strbuf_release(&job.note);
    return status;
}
