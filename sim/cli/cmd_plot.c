// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "mem.h"
#include "plotting.h"
#include "report.h"
#include "strbuf.h"
#include "suggest.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plot_values {
    const char *output, *region, *title, *figure;
    struct text_list labels, points;
    int format;
    bool script;
    uint32_t study;
};
#define OPTION_VALUES struct plot_values

/* clang-format off */
static const struct option options[] = {
    CHOICE_OPTION("format", format, plot_format_names, "png", "file format; text is printed as well"),
    FLAG_OPTION  ("script", script, "also write the gnuplot script of each plot, with its data, as FILE.gp"),
    TEXT_OPTION  ("output", output, "FOLDER", "the folder of the first results file", "folder of the plots, created if missing"),
    TEXT_OPTION  ("region", region, "REGION", "all regions", "draw only this region, or 'all' for the total"),
    LIST_OPTION  ("point",  points, "N", "point of the study, counted from 0; several are drawn over each other; default: 0"),
    COUNT_OPTION ("study",  study, "N", "the newest", "study of each file, counted from 1"),
    LIST_OPTION  ("label",  labels, "TEXT", "name of the first study or point in legends, of the second, ...; default: the scenario's name and what varies"),
    TEXT_OPTION  ("title",  title, "TEXT", "the scenario's question", "title of the plots"),
    OPTIONS_END,
};
static const struct old_option old_options[] = {
    {TEXT_OPTION("figure", figure, "KIND", NULL, NULL), "the kind is the first argument: isthmus plot KIND FILE.db"},
    OLD_OPTIONS_END,
};
/* clang-format on */

static int unknown_kind(const char *name)
{
    const char *names[32];
    size_t count = 0;
    struct strbuf known = STRBUF_INIT;

    for (; plot_kinds[count].name && count < sizeof names / sizeof *names; count++) {
        names[count] = plot_kinds[count].name;
        strbuf_addf(&known, "%s%s", count > 0 ? ", " : "", names[count]);
    }
    const char *nearest = suggest_nearest(name, names, count);
    int code = nearest ? usage_error("unknown plot '%s'; did you mean '%s'?", name, nearest)
                       : usage_error("unknown plot '%s'; allowed are %s", name, known.text);
    strbuf_release(&known);
    return code;
}

/* The first of several arguments is a kind unless it looks like a path. */
static bool begins_with_kind(const struct invocation *invocation)
{
    const char *first = invocation->arguments[0];

    return plot_kind_find(first) || (invocation->argument_count > 1 && !strpbrk(first, "./"));
}

/* NULL with the error printed if one is no number. */
static int64_t *parse_points(const struct text_list *texts)
{
    int64_t *points = mem_alloc(texts->count + 1, sizeof *points);

    for (size_t i = 0; i < texts->count; i++) {
        struct strbuf why = STRBUF_INIT;
        bool good = units_parse_count(texts->items[i], &points[i], &why) && points[i] >= 0;
        strbuf_release(&why);
        if (!good) {
            usage_error("'--point' needs a whole number of at least 0, got '%s'", texts->items[i]);
            free(points);
            return NULL;
        }
    }
    return points;
}

static int plot(const struct invocation *invocation)
{
    const struct plot_values *values = invocation->values;
    bool has_kind = begins_with_kind(invocation);
    struct diag diag = {0};
    struct plotting plotting = {
        .paths = invocation->arguments + has_kind,
        .path_count = invocation->argument_count - has_kind,
        .directory = values->output,
        .plot = has_kind ? invocation->arguments[0] : values->figure,
        .region = values->region,
        .title = values->title,
        .labels = values->labels,
        .format = values->format ? (enum plot_format)(values->format - 1) : PLOT_PNG,
        .script = values->script,
        .study = values->study,
        .point_count = values->points.count,
        .registry = invocation->registry,
        .paths_out = stdout,
    };

    if (has_kind && values->figure)
        return usage_error("'--figure' cannot be given with a KIND, got '%s'", plotting.plot);
    if (plotting.plot && !plot_kind_find(plotting.plot))
        return unknown_kind(plotting.plot);
    if (plotting.path_count == 0)
        return usage_error("'plot' needs a results file: isthmus plot %s FILE.db", plotting.plot);
    if (values->script && plotting.format == PLOT_TEXT)
        return usage_error("'--script' cannot be given with '--format text'");
    int64_t *points = parse_points(&values->points);
    if (!points)
        return EXIT_USAGE;
    plotting.points = points;
    int status = plotting_draw(&plotting, &diag);
    free(points);
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

/* The table of plots, below the options. */
static void print_kinds(FILE *out)
{
    fprintf(out, "\nKinds:\n");
    for (const struct plot_kind *kind = plot_kinds; kind->name; kind++)
        fprintf(out, "  %-14s%s%s\n", kind->name, kind->meaning, kind->overlays ? " *" : "");
    fprintf(out, "  * several studies or points can be drawn over each other\n");
}

const struct command cmd_plot = {
    .name = "plot",
    .arguments = "[KIND] FILE.db...",
    .argument_min = 1,
    .argument_max = 64,
    .summary = "Draw the plots of results files",
    .details = "Read only the results files. Print the path of each created file, "
               "FOLDER/SCENARIO-KIND.FORMAT. Without KIND, draw every plot that has data. "
               "Exit code 4 if a KIND has nothing to show; the message says why.",
    .examples = "  isthmus run scenarios/10-peering-brownout.yaml\n"
                "  isthmus plot results/10-peering-brownout.db\n"
                "  isthmus plot timeline results/10-peering-brownout.db --format text\n"
                "  isthmus plot goodput results/60-retry-storm.db "
                "results/61-retry-storm-with-budget.db",
    .options = options,
    .old_options = old_options,
    .values_size = sizeof(struct plot_values),
    .more_help = print_kinds,
    .run = plot,
};
