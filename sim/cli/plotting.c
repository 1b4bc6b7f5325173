// SPDX-License-Identifier: GPL-3.0-or-later
#include "plotting.h"

#include "command.h"
#include "mem.h"
#include "quote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const plot_format_names[] = {
    [PLOT_PNG] = "png", [PLOT_SVG] = "svg", [PLOT_TEXT] = "text", NULL};

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_strdup(".");
    if (slash == path)
        return mem_strdup("/");
    return mem_strndup(path, (size_t)(slash - path));
}

int make_folders(const char *path, struct diag *diag)
{
    char *copy = mem_strdup(path);
    struct stat status;

    for (char *c = copy + 1; *copy && *c; c++) {
        if (*c == '/') {
            *c = '\0';
            mkdir(copy, 0777); /* what went wrong shows at the last one */
            *c = '/';
        }
    }
    int failed = mkdir(copy, 0777);
    int error = errno;
    free(copy);
    if (failed == 0 || (error == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)))
        return 0;
    diag_error(diag, "cannot make folder '%s': %s", path, strerror(error));
    return -1;
}

static void print_path(void *self, const char *path)
{
    const struct plotting *plotting = self;

    if (plotting->told)
        quote_print_line(plotting->told, "%s", path);
}

int plotting_draw(const struct plotting *plotting, struct diag *diag)
{
    char *folder =
        plotting->directory ? mem_strdup(plotting->directory) : path_folder(plotting->path);
    struct plotting self = *plotting;
    int status = -1;
    struct results *results = results_open(plotting->path, diag);

    if (results && make_folders(folder, diag) == 0) {
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
    free(folder);
    return status;
}
