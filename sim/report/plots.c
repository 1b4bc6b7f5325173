// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of plots; the studies that a plot shows; running a plot's script, writing the files. */
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
    {"timeline",      "User experience over time",         "availability, failures and lag over time, with intervals, faults and failover steps", true},
    {"goodput",       "Goodput over time",                 "good requests a second, and the requests that were offered", true},
    {"load",          "Goodput against offered load",      "good requests a second at each offered load, over time or over the points of a study", true},
    {"workload",      "Workload over time",                "requests, sessions, logins and retries over time", true},
    {"lag",           "Replication lag",                   "lag of the writes applied, backlog and unreplicated writes over time", true},
    {"latency",       "Latency by percentile",             "logins, requests, writes and reads, out to 99.99 %", true},
    {"reauth_causes", "Re-authentications by cause",       "re-auths by cause, per region and over time", false},
    {"rto_stages",    "RTO by stage",                      "RTO of each outage as a waterfall of its stages, with intervals", false},
    {"topology",      "Regions and links",                 "map of the regions and links, with round-trip times and faults", false},
    {"curve",         "Metrics over a swept parameter",    "main metrics over a sweep's first parameter, one curve per value of the second, with intervals", false},
    {"heatmap",       "Metrics over two swept parameters", "main metrics over two parameters of a sweep, with the half-width of the interval", false},
    {"front",         "Pareto front",                      "two metrics of all points of a sweep, with intervals, the front and its knee", false},
    {"difference",    "Differences from the base",         "what a comparison changed in each metric, with intervals and verdicts", false},
    {"capacity",      "Capacity",                          "objectives over the load of a capacity search, with the limit and its interval", false},
    {NULL, NULL, NULL, false},
};
/* In the order of plot_kinds. */
static plot_draw *const drawers[] = {
    plot_timeline, plot_goodput, plot_load, plot_workload, plot_lag, plot_latency, plot_reauth_causes,
    plot_rto_stages, plot_topology, plot_curve, plot_heatmap, plot_front, plot_difference, plot_capacity,
};
// clang-format on

#define TEXT_COLUMNS 100
#define TEXT_ROWS_MIN 24
#define PDF_PIXELS_PER_INCH 96.0

const struct plot_kind *plot_kind_find(const char *name)
{
    for (const struct plot_kind *kind = plot_kinds; kind->name != NULL; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}

/* --- files ----------------------------------------------------------------------------------- */

static const char *const endings[] = {
    [PLOT_PNG] = "png", [PLOT_SVG] = "svg", [PLOT_PDF] = "pdf", [PLOT_TEXT] = "txt"};

/* The file's path, or with `folder` false its name. */
static char *file_path(const struct plot_job *job, const char *ending, bool folder)
{
    const struct plot_options *options = job->options;
    struct strbuf path = STRBUF_INIT;
    if (folder)
        strbuf_addf(&path, "%s/", options->directory != NULL ? options->directory : ".");
    quote_add(&path, QUOTE_FILE_NAME,
              options->prefix != NULL ? options->prefix : job->study->scenario_name);
    strbuf_addf(&path, "-%s.%s", job->kind->name, ending);
    return strbuf_detach(&path);
}

static char *terminal_of(const struct plot_job *job)
{
    struct strbuf terminal = STRBUF_INIT;
    int width = job->options->width > 0 ? job->options->width : TEXT_COLUMNS;
    switch (job->options->format) {
    case PLOT_PNG:
        strbuf_addf(&terminal,
                    "pngcairo size %d,%d font 'DejaVu Sans,14' noenhanced background rgb 'white'",
                    PLOT_WIDTH, job->height);
        break;
    case PLOT_SVG: /* sizes of fonts are pixels, so that they are scaled from points */
        strbuf_addf(&terminal,
                    "svg size %d,%d dynamic fontscale 1.333 font 'DejaVu Sans,14' noenhanced"
                    " background rgb 'white'",
                    PLOT_WIDTH, job->height);
        break;
    case PLOT_PDF:
        strbuf_addf(&terminal,
                    "pdfcairo size %.4fin,%.4fin font 'DejaVu Sans,14' noenhanced"
                    " background rgb 'white'",
                    PLOT_WIDTH / PDF_PIXELS_PER_INCH, job->height / PDF_PIXELS_PER_INCH);
        break;
    case PLOT_TEXT:
        strbuf_addf(&terminal, "dumb size %d,%d noenhanced", width,
                    job->height / 20 > TEXT_ROWS_MIN ? job->height / 20 : TEXT_ROWS_MIN);
        break;
    }
    return strbuf_detach(&terminal);
}

/* Recognise a file that was written in each format. */
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

static bool is_pdf(const char *head, size_t size)
{
    return size >= 5 && memcmp(head, "%PDF-", 5) == 0;
}

static bool is_text_plot(const char *head, size_t size)
{
    return size > 0 && head[0] == '\f';
}

static const char script_head[] = "# A plot by isthmus, with its data";

static bool is_script(const char *head, size_t size)
{
    return size >= sizeof(script_head) - 1 &&
           memcmp(head, script_head, sizeof(script_head) - 1) == 0;
}

static const struct output_kind output_kinds[] = {
    [PLOT_PNG] = {"a PNG file", is_png},
    [PLOT_SVG] = {"an SVG file by gnuplot", is_svg},
    [PLOT_PDF] = {"a PDF file", is_pdf},
    [PLOT_TEXT] = {"a plot as text", is_text_plot},
};
static const struct output_kind script_kind = {"a gnuplot script by isthmus", is_script};

/* Skip form feeds, which clear some terminals: one begins a file, another gnuplot's output. */
static void copy_text(FILE *file, FILE *out)
{
    rewind(file);
    for (int c = getc(file); c != EOF; c = getc(file))
        if (c != '\f')
            putc(c, out);
}

static int draw_file(struct plot_job *job, const char *terminal, struct output_file *file)
{
    if (plot_is_text(job)) {
        putc('\f', file->stream);
        fputs(job->text.text, file->stream);
        fflush(file->stream); /* gnuplot appends to it */
    }
    if (plot_is_text(job) && job->script.length == 0)
        return 0;
    return gnuplot_draw(file, terminal, job->script.text, job->diag);
}

/* Run the plot's script and write the file. */
static int write_plot(struct plot_job *job, const char *terminal, const struct plot_events *events)
{
    const struct plot_options *options = job->options;
    char *path = file_path(job, endings[options->format], true);
    struct output_file file = {0};
    int status = output_file_open(&file, path, &output_kinds[options->format], job->diag);
    if (status == 0)
        status = draw_file(job, terminal, &file);
    if (status == 0 && plot_is_text(job) && options->text_out != NULL)
        copy_text(file.stream, options->text_out);
    if (status == 0)
        status = output_file_commit(&file, job->diag);
    output_file_discard(&file);
    if (status == 0 && events->on_file != NULL)
        events->on_file(events->self, path);
    free(path);
    return status;
}

static int write_script(struct plot_job *job, const char *terminal,
                        const struct plot_events *events)
{
    char *path = file_path(job, "gp", true);
    char *picture = file_path(job, endings[job->options->format], false);
    struct output_file file = {0};
    int status = output_file_open(&file, path, &script_kind, job->diag);
    if (status == 0) {
        fprintf(file.stream,
                "%s: `gnuplot` and this file's name draw it.\nset terminal %s\nset output ",
                script_head, terminal);
        quote_write(file.stream, QUOTE_GNUPLOT, picture);
        fprintf(file.stream, "\n%s", job->script.text);
        status = output_file_commit(&file, job->diag);
    }
    output_file_discard(&file);
    if (status == 0 && events->on_file != NULL)
        events->on_file(events->self, path);
    free(picture);
    free(path);
    return status;
}

static int finish_plot(struct plot_job *job, const struct plot_events *events)
{
    char *terminal = terminal_of(job);
    int status = write_plot(job, terminal, events);
    if (status == 0 && job->options->script && job->script.length > 0)
        status = write_script(job, terminal, events);
    free(terminal);
    return status;
}

/* --- plots ----------------------------------------------------------------------------------- */

static enum drawn draw_plot(struct plot_job *job, size_t i, const struct plot_events *events)
{
    job->kind = &plot_kinds[i];
    strbuf_clear(&job->script);
    strbuf_clear(&job->text);
    strbuf_clear(&job->note);
    plot_legend_clear(job);
    job->pooled = job->over_points = job->of_parameters = false;
    enum drawn drawn = drawers[i](job);
    if (drawn == DRAWN && finish_plot(job, events) != 0)
        drawn = DRAWN_FAILED;
    return drawn;
}

static int check_plot_name(const struct plot_options *options, struct diag *diag)
{
    const char *names[sizeof(drawers) / sizeof(*drawers)];
    size_t count = sizeof(drawers) / sizeof(*drawers);
    const struct plot_kind *kind = options->plot != NULL ? plot_kind_find(options->plot) : NULL;
    if (kind != NULL && options->source_count > 1 && !kind->overlays) {
        diag_error(diag, "plot '%s' shows one study, got %zu", kind->name, options->source_count);
        return -1;
    }
    if (options->source_count >= PLOT_COLOURS) {
        diag_error(diag, "at most %d studies can be drawn over each other, got %zu",
                   PLOT_COLOURS - 1, options->source_count);
        return -1;
    }
    if (options->plot == NULL || kind != NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        names[i] = plot_kinds[i].name;
    const char *near = suggest_nearest(options->plot, names, count);
    diag_error(diag, "unknown plot '%s'%s%s%s", options->plot,
               near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
               near != NULL ? "'?" : "");
    return -1;
}

static int draw_plots(struct plot_job *job, const struct plot_events *events)
{
    const struct plot_options *options = job->options;
    size_t drawn_count = 0;
    for (size_t i = 0; plot_kinds[i].name != NULL; i++) {
        if (options->plot != NULL ? strcmp(options->plot, plot_kinds[i].name) != 0
                                  : job->study_count > 1 && !plot_kinds[i].overlays)
            continue;
        enum drawn drawn = draw_plot(job, i, events);
        if (drawn == DRAWN_FAILED)
            return -1;
        drawn_count += drawn == DRAWN;
        if (drawn == DRAWN_NO_DATA && options->plot != NULL) {
            diag_error(job->diag, "nothing to draw for '%s': %s", options->plot, job->note.text);
            return -1;
        }
        if (drawn == DRAWN_NO_DATA && events->on_nothing != NULL)
            events->on_nothing(events->self, plot_kinds[i].name, job->note.text);
    }
    if (drawn_count == 0) {
        diag_error(job->diag, "no data for a plot in study %" PRId64 ", point %" PRId64,
                   job->study->id, job->point);
        return -1;
    }
    return 0;
}

/* --- studies --------------------------------------------------------------------------------- */

struct name_parts {
    struct strbuf *name;
    int64_t point;
};

static void add_param(void *self, int64_t point, const char *path, const char *value)
{
    struct name_parts *parts = self;
    if (point == parts->point)
        strbuf_addf(parts->name, ", %s = %s", path, value);
}

static bool is_taken(const struct plot_job *job, const char *name)
{
    for (size_t i = 0; i < job->study_count; i++)
        if (strcmp(job->studies[i].name, name) == 0)
            return true;
    return false;
}

/* "retry storm", of a study of several points with what varies; unique in the plot. */
static int name_study(const struct plot_job *job, const struct plot_source *source,
                      struct plot_study *study)
{
    struct strbuf name = STRBUF_INIT;
    struct name_parts parts = {&name, study->point};
    int status = 0;
    if (source->label != NULL) {
        strbuf_add(&name, source->label);
    } else {
        strbuf_add(&name, study->row.scenario_name);
        status = results_each_param(study->results, study->row.id, add_param, &parts, job->diag);
        if (study->row.point_count > 1 && strchr(name.text, '=') == NULL)
            strbuf_addf(&name, ", point %" PRId64, study->point);
    }
    if (is_taken(job, name.text) && source->path != NULL)
        strbuf_addf(&name, ", %s", source->path);
    if (is_taken(job, name.text))
        strbuf_addf(&name, ", study %" PRId64, study->row.id);
    study->name = strbuf_detach(&name);
    return status;
}

static void add_region(void *self, const char *region)
{
    struct plot_job *job = self;
    MEM_GROW(job->regions, job->region_capacity, job->region_count + 1);
    job->regions[job->region_count++] = mem_strdup(region);
}

static int open_study(struct plot_job *job, const struct plot_source *source)
{
    struct plot_study *study = &job->studies[job->study_count];
    *study = (struct plot_study){.results = source->results, .point = source->point};
    if (results_study(source->results, source->study, &study->row, job->diag) != 0)
        return -1;
    if (source->point < 0 || source->point >= (int64_t)study->row.point_count) {
        diag_error(job->diag, "study %" PRId64 " has no point %" PRId64 ", only 0 to %" PRIu32,
                   study->row.id, source->point, study->row.point_count - 1);
        return -1;
    }
    int status = name_study(job, source, study);
    job->study_count++;
    return status;
}

static int check_region(const struct plot_job *job)
{
    const char *region = job->options->region;
    if (region == NULL || strcmp(region, "all") == 0)
        return 0;
    for (size_t i = 0; i < job->region_count; i++)
        if (strcmp(job->regions[i], region) == 0)
            return 0;
    const char *near =
        suggest_nearest(region, (const char *const *)job->regions, job->region_count);
    diag_error(job->diag, "unknown region '%s'%s%s%s", region,
               near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
               near != NULL ? "'?" : "");
    return -1;
}

static int open_studies(struct plot_job *job)
{
    for (size_t i = 0; i < job->options->source_count; i++)
        if (open_study(job, &job->options->sources[i]) != 0)
            return -1;
    job->results = job->studies[0].results;
    job->study = &job->studies[0].row;
    job->point = job->studies[0].point;
    if (results_each_region(job->results, job->study->id, add_region, job, job->diag) != 0)
        return -1;
    return check_region(job);
}

static void release_job(struct plot_job *job)
{
    for (size_t i = 0; i < job->study_count; i++)
        free(job->studies[i].name);
    for (size_t i = 0; i < job->region_count; i++)
        free(job->regions[i]);
    plot_legend_clear(job);
    free(job->legend);
    free(job->studies);
    free(job->regions);
    strbuf_release(&job->script);
    strbuf_release(&job->text);
    strbuf_release(&job->note);
}

int report_plot(const struct plot_options *options, const struct plot_events *events,
                struct diag *diag)
{
    struct stat info;
    const char *directory = options->directory != NULL ? options->directory : ".";
    if (check_plot_name(options, diag) != 0)
        return -1;
    if (stat(directory, &info) != 0 || !S_ISDIR(info.st_mode)) {
        diag_error(diag, "cannot write plots to '%s': %s", directory,
                   stat(directory, &info) != 0 ? strerror(errno) : strerror(ENOTDIR));
        return -1;
    }
    struct plot_job job = {.options = options,
                           .studies = mem_zalloc(options->source_count, sizeof(*job.studies)),
                           .diag = diag,
                           .script = STRBUF_INIT,
                           .text = STRBUF_INIT,
                           .note = STRBUF_INIT};
    int status = open_studies(&job);
    if (status == 0)
        status = draw_plots(&job, events);
    release_job(&job);
    return status;
}
