// SPDX-License-Identifier: GPL-3.0-or-later
#include "plotting.h"

#include "mem.h"
#include "output_file.h"
#include "quote.h"
#include "topology_load.h"

#include <stdlib.h>
#include <string.h>

const char *const plot_format_names[] = {
    [PLOT_PNG] = "png", [PLOT_SVG] = "svg", [PLOT_PDF] = "pdf", [PLOT_TEXT] = "text", NULL};

/* The folder of a path; the caller frees it: "results/a.db" gives "results", "a.db" gives ".". */
static char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_strdup(".");
    if (slash == path)
        return mem_strdup("/");
    return mem_strndup(path, (size_t)(slash - path));
}

static void print_path(void *self, const char *path)
{
    const struct plotting *plotting = self;

    if (plotting->paths_out)
        quote_print_line(plotting->paths_out, "%s", path);
}

static void print_nothing(void *self, const char *plot, const char *why)
{
    const struct plotting *plotting = self;

    if (!plotting->quiet)
        quote_print_line(stderr, "isthmus: nothing to draw for '%s': %s", plot, why);
}

/* The open files, and each file's points. */
struct opened {
    struct results **files;
    struct plot_source *sources;
    size_t source_count;
};

static bool open_files(const struct plotting *plotting, struct opened *opened, struct diag *diag)
{
    size_t points = plotting->point_count ? plotting->point_count : 1;

    opened->files = mem_zalloc(plotting->path_count, sizeof *opened->files);
    opened->sources = mem_zalloc(plotting->path_count * points, sizeof *opened->sources);
    for (size_t i = 0; i < plotting->path_count; i++) {
        opened->files[i] = results_open(plotting->paths[i], diag);
        if (!opened->files[i])
            return false;
        for (size_t k = 0; k < points; k++) {
            size_t number = opened->source_count++;
            opened->sources[number] = (struct plot_source){
                .results = opened->files[i],
                .path = plotting->paths[i],
                .study = plotting->study,
                .point = plotting->point_count ? plotting->points[k] : 0,
                .label = number < plotting->labels.count ? plotting->labels.items[number] : NULL,
            };
        }
    }
    return true;
}

static int draw(const struct plotting *plotting, const struct opened *opened, const char *folder,
                struct diag *diag)
{
    const struct plot_source *first = &opened->sources[0];
    struct loaded_topology topology = {.scenario = NULL};
    struct plotting self = *plotting;
    bool wants_map = !plotting->plot || strcmp(plotting->plot, "topology") == 0;
    bool has_map = wants_map && topology_load(&topology, first->results, first->study, first->point,
                                              plotting->registry);
    struct plot_options options = {
        .sources = opened->sources,
        .source_count = opened->source_count,
        .format = plotting->format,
        .directory = folder,
        .plot = plotting->plot,
        .region = plotting->region,
        .title = plotting->title,
        .script = plotting->script,
        .topology = has_map ? &topology.map : NULL,
        .text_out = plotting->format == PLOT_TEXT ? stdout : NULL,
        .width = stdout_width(),
    };
    const struct plot_events events = {print_path, print_nothing, &self};
    int status = report_plot(&options, &events, diag);

    topology_release(&topology);
    return status;
}

int plotting_draw(const struct plotting *plotting, struct diag *diag)
{
    char *folder =
        plotting->directory ? mem_strdup(plotting->directory) : path_folder(plotting->paths[0]);
    struct strbuf inside = STRBUF_INIT;
    struct opened opened = {NULL, NULL, 0};
    int status = -1;

    strbuf_addf(&inside, "%s/", folder);
    if (open_files(plotting, &opened, diag) && output_make_folders(inside.text, diag) == 0)
        status = draw(plotting, &opened, folder, diag);
    for (size_t i = 0; i < plotting->path_count; i++)
        if (opened.files[i])
            results_close(opened.files[i]);
    free(opened.files);
    free(opened.sources);
    strbuf_release(&inside);
    free(folder);
    return status;
}
