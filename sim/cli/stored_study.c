// SPDX-License-Identifier: GPL-3.0-or-later
#include "stored_study.h"

#include "mem.h"
#include "strbuf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct stored_study *study;
    const struct registry *registry;
    struct diag *diag;
    bool failed;
};

static void load_point(void *self, const struct point_row *row)
{
    struct loader *loader = self;
    struct point_set *set = &loader->study->set;
    struct strbuf name = STRBUF_INIT;
    char hash[20] = "";

    strbuf_addf(&name, "%s (point %" PRId64 ", as stored)", loader->study->row.scenario_path,
                row->number);
    struct scenario *scenario = scenario_load_stored(row->text, strlen(row->text), name.text,
                                                     loader->registry, loader->diag);
    if (scenario) {
        snprintf(hash, sizeof hash, "%016" PRIx64, scenario->hash);
        set->scenarios[set->count] = scenario;
        set->points[set->count++].scenario = scenario;
    }
    if (scenario && strcmp(hash, row->hash) != 0)
        diag_error(
            loader->diag,
            "%s: this version reads another scenario from it than version %s, which wrote it",
            name.text, loader->study->row.version);
    loader->failed = loader->failed || strcmp(hash, row->hash) != 0;
    strbuf_release(&name);
}

static void load_param(void *self, int64_t number, const char *path, const char *value)
{
    struct loader *loader = self;

    if (number < 0 || (size_t)number >= loader->study->set.count)
        return; /* its point could not be loaded; the error is printed */
    struct study_point *point = &loader->study->set.points[number];
    struct study_param *params =
        mem_realloc((void *)(uintptr_t)point->params, point->param_count + 1, sizeof *params);
    params[point->param_count++] = (struct study_param){mem_strdup(path), mem_strdup(value)};
    point->params = params;
}

int stored_study_load(struct stored_study *study, struct results *results, int64_t id,
                      const struct registry *registry, struct diag *diag)
{
    struct loader loader = {.study = study, .registry = registry, .diag = diag};

    *study = (struct stored_study){.set = {NULL, NULL, 0}};
    if (results_study(results, id, &study->row, diag) < 0)
        return EXIT_FILES;
    study->set.scenarios = mem_zalloc(study->row.point_count, sizeof *study->set.scenarios);
    study->set.points = mem_zalloc(study->row.point_count, sizeof *study->set.points);
    if (results_each_point(results, study->row.id, load_point, &loader, diag) < 0)
        return EXIT_FILES;
    if (loader.failed)
        return EXIT_SCENARIO;
    return results_each_param(results, study->row.id, load_param, &loader, diag) < 0 ? EXIT_FILES
                                                                                     : EXIT_DONE;
}

void stored_study_release(struct stored_study *study)
{
    point_set_release(&study->set);
}
