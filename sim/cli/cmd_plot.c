// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "mem.h"
#include "plotting.h"
#include "report.h"
#include "strbuf.h"
#include "suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plot_values {
    const char *plot, *output;
    int format;
    uint32_t study, point;
};
#define OPTION_VALUES struct plot_values

/* clang-format off */
static const struct option options[] = {
    TEXT_OPTION  ("figure", plot, "NAME", "all that have data", "draw only this plot, such as timeline or rto_stages"),
    CHOICE_OPTION("format", format, plot_format_names, "png", "file format; text is printed as well"),
    TEXT_OPTION  ("output", output, "FOLDER", "the folder of the results file", "folder of the plots, created if missing"),
    COUNT_OPTION ("study",  study, "N", "the newest", "study of the file, counted from 1"),
    INDEX_OPTION ("point",  point, "N", "0", "point of a sweep, counted from 0"),
    OPTIONS_END,
};
/* clang-format on */

static bool plot_known(const char *name)
{
    const char *nearest = NULL;
    size_t count = 0;
    struct strbuf known = STRBUF_INIT;

    for (; plot_kinds[count].name; count++) {
        if (strcmp(plot_kinds[count].name, name) == 0) {
            strbuf_release(&known);
            return true;
        }
        strbuf_addf(&known, "%s%s", count > 0 ? ", " : "", plot_kinds[count].name);
    }
    const char **names = mem_alloc(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = plot_kinds[i].name;
    nearest = suggest_nearest(name, names, count);
    free(names);
    if (nearest)
        usage_error("unknown plot '%s'; did you mean '%s'?", name, nearest);
    else
        usage_error("unknown plot '%s'; allowed are %s", name, known.text);
    strbuf_release(&known);
    return false;
}

static int plot(const struct invocation *invocation)
{
    const struct plot_values *values = invocation->values;
    struct diag diag = {0};
    struct plotting plotting = {
        .path = invocation->arguments[0],
        .directory = values->output,
        .plot = values->plot,
        .format = values->format ? (enum plot_format)(values->format - 1) : PLOT_PNG,
        .study = values->study,
        .point = values->point,
        .paths_out = stdout,
    };

    if (values->plot && !plot_known(values->plot))
        return EXIT_USAGE;
    int status = plotting_draw(&plotting, &diag);
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

const struct command cmd_plot = {
    .name = "plot",
    .arguments = "FILE.db",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Draw the plots of a results file",
    .details = "Read only the results file. Print the path of each created file.",
    .examples = "  isthmus run scenarios/10-peering-brownout.yaml\n"
                "  isthmus plot results/10-peering-brownout.db\n"
                "  isthmus plot results/10-peering-brownout.db --figure timeline --format text",
    .options = options,
    .values_size = sizeof(struct plot_values),
    .run = plot,
};
