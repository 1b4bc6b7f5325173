// SPDX-License-Identifier: GPL-3.0-or-later
#include "what_if.h"

#include "experiment.h"
#include "mem.h"
#include "study_command.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct what_if_measure what_if_measures[WHAT_IF_MEASURES] = {
    {"availability", "fault", "availability while faults were active", UNIT_SHARE},
    {"write_failure_rate", "fault", "writes failed while faults were active", UNIT_SHARE},
    {"reauths", "all", "re-auths in the whole run", UNIT_COUNT},
    {"lost_writes", "all", "acknowledged writes lost in the whole run", UNIT_COUNT},
};

const struct what_if_alternative what_if_alternatives[WHAT_IF_ALTERNATIVES] = {
    {"no failover", "failover.mode=none"},
    {"operator", "failover.mode=manual"},
    {"function", "failover.mode=automatic, failover.repoint=function"},
    {"routing-control", "failover.mode=automatic, failover.repoint=routing-control"},
    {"health-check", "failover.mode=automatic, failover.repoint=health-check"},
    {"client-list", "failover.mode=automatic, failover.repoint=client-list"},
    {"no repointing", "failover.mode=automatic, failover.repoint=none"},
};

void what_if_release(struct what_if *what_if)
{
    set_list_release(&what_if->sets);
}

/* --- the recorded run ------------------------------------------------------------------------ */

struct search {
    int64_t point, replication;
    char *text;
    uint64_t seed;
    bool found;
};

static void take_point(void *self, const struct point_row *row)
{
    struct search *search = self;

    if (row->number == search->point)
        search->text = mem_strdup(row->text);
}

static void take_run(void *self, const struct run_row *row)
{
    struct search *search = self;

    if (row->point != search->point || row->replication != search->replication)
        return;
    search->seed = row->seed;
    search->found = true;
}

int what_if_find(struct results *results, int64_t study, int64_t point, int64_t replication,
                 char **text, uint64_t *seed, struct diag *diag)
{
    struct search search = {.point = point, .replication = replication};
    int status = results_each_point(results, study, take_point, &search, diag);

    if (status == 0)
        status = results_each_run(results, study, take_run, &search, diag);
    if (status == 0 && !(search.found && search.text)) {
        diag_error(diag, "the study has no replication %" PRId64 " of point %" PRId64, replication,
                   point);
        status = -1;
    }
    *seed = search.seed;
    *text = search.text;
    return status;
}

/* --- outcomes of the runs -------------------------------------------------------------------- */

struct keeper {
    const struct what_if_base *base;
    struct what_if *what_ifs; /* by point */
};

static double measure_of(const struct statistics *statistics, const struct what_if_measure *measure)
{
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];

        if (statistic->region < 0 && !statistic->label && !statistic->stat &&
            statistic->state == STATISTIC_NUMBER &&
            strcmp(statistic->metric->name, measure->metric) == 0 &&
            strcmp(statistic->window, measure->window) == 0)
            return statistic->value;
    }
    return (double)NAN;
}

static void take_incident(struct what_if_outcome *outcome, const struct incident *incident)
{
    outcome->found = true;
    outcome->restored = incident_restored(incident) != SIM_NEVER;
    outcome->rpo = incident->rpo;
    outcome->writes_lost = incident->writes_lost;
    outcome->sessions_lost = incident->sessions_lost;
    if (!outcome->restored)
        return;
    outcome->rto = incident_restored(incident) - incident->onset;
    incident_stage_lengths(incident->onset, incident->ended, outcome->stages);
}

static int keep_run(void *self, const struct run_result *result)
{
    const struct keeper *keeper = self;
    struct what_if_outcome *outcome = &keeper->what_ifs[result->point].outcome;

    for (size_t i = 0; i < result->incidents->count; i++)
        if (result->incidents->incidents[i].onset == keeper->base->onset_ns && !outcome->found)
            take_incident(outcome, &result->incidents->incidents[i]);
    for (size_t i = 0; i < WHAT_IF_MEASURES; i++)
        outcome->measures[i] = measure_of(result->statistics, &what_if_measures[i]);
    return 0;
}

static int ignore_begin(void *self, const struct study_info *study)
{
    (void)self, (void)study;
    return 0;
}

static int ignore_point(void *self, uint32_t number, const struct study_point *point)
{
    (void)self, (void)number, (void)point;
    return 0;
}

static int ignore_end(void *self, bool interrupted)
{
    (void)self, (void)interrupted;
    return 0;
}

/* --- the runs -------------------------------------------------------------------------------- */

static int run_points(const struct what_if_base *base, struct what_if *what_ifs,
                      const struct study_point *points, size_t count, struct op_history *history)
{
    struct keeper keeper = {base, what_ifs};
    struct diag diag = {0};
    struct result_sink sink = {.self = &keeper,
                               .begin = ignore_begin,
                               .point = ignore_point,
                               .run = keep_run,
                               .end = ignore_end};
    const struct study_plan plan = {.info = {.verb = "explain",
                                             .argv = "",
                                             .seed = base->seed,
                                             .level = base->level,
                                             .points = points,
                                             .point_count = count,
                                             .replications = 1},
                                    .thread_count = base->thread_count,
                                    .interrupt = base->invocation->interrupt,
                                    .shard_count = 1, /* no expectations to evaluate */
                                    .history = history,
                                    .history_replication = (uint32_t)base->replication,
                                    .diag = &diag};
    struct run_task *tasks = mem_alloc(count, sizeof *tasks);
    struct study_runner *runner = runner_open(&plan, &sink);
    struct study_outcome outcome;

    for (size_t i = 0; i < count; i++)
        tasks[i] = (struct run_task){(uint32_t)i, (uint32_t)base->replication};
    runner_run(runner, tasks, count);
    outcome = runner_close(runner);
    free(tasks);
    print_diag(&diag);
    return study_outcome_code(&outcome, false);
}

int what_if_run(const struct what_if_base *base, struct what_if *what_ifs, size_t count)
{
    return what_if_run_with_history(base, what_ifs, count, NULL);
}

int what_if_run_with_history(const struct what_if_base *base, struct what_if *what_ifs,
                             size_t count, struct op_history *history)
{
    struct study_point *points = mem_zalloc(count + 1, sizeof *points);
    struct scenario **scenarios = mem_zalloc(count + 1, sizeof(struct scenario *));
    int code = EXIT_DONE;

    for (size_t i = 0; i < count && code == EXIT_DONE; i++) {
        struct diag diag = {0};

        scenarios[i] = scenario_load_text(
            base->text, strlen(base->text), "the stored scenario", base->invocation->registry,
            (const char *const *)what_ifs[i].sets.items, what_ifs[i].sets.count, &diag);
        points[i].scenario = scenarios[i];
        if (!scenarios[i])
            code = EXIT_SCENARIO;
        if (!scenarios[i])
            print_diag(&diag);
        else
            diag_release(&diag); /* warnings were printed when the study was run */
    }
    if (code == EXIT_DONE)
        code = run_points(base, what_ifs, points, count, history);
    for (size_t i = 0; i < count; i++)
        scenario_free(scenarios[i]);
    free(scenarios);
    free(points);
    return code;
}
