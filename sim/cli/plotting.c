// SPDX-License-Identifier: GPL-3.0-or-later
#include "plotting.h"

#include "command.h"
#include "mem.h"
#include "output_file.h"
#include "quote.h"

#include <stdlib.h>
#include <string.h>

const char *const plot_format_names[] = {
    [PLOT_PNG] = "png", [PLOT_SVG] = "svg", [PLOT_TEXT] = "text", NULL};

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

int plotting_draw(const struct plotting *plotting, struct diag *diag)
{
    char *folder =
        plotting->directory ? mem_strdup(plotting->directory) : path_folder(plotting->path);
    struct strbuf inside = STRBUF_INIT;
    struct plotting self = *plotting;
    int status = -1;
    struct results *results = results_open(plotting->path, diag);

    strbuf_addf(&inside, "%s/", folder);
    if (results && output_make_folders(inside.text, diag) == 0) {
        struct plot_options options = {
            .study = plotting->study,
            .point = plotting->point,
            .format = plotting->format,
            .directory = folder,
            .plot = plotting->plot,
            .text_out = plotting->format == PLOT_TEXT ? stdout : NULL,
            .width = stdout_width(),
        };
        status = report_plot(results, &options, print_path, &self, diag);
    }
    if (results)
        results_close(results);
    strbuf_release(&inside);
    free(folder);
    return status;
}
