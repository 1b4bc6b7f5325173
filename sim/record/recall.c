// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Read the statistics of a recorded run for watches and the judge. Cells and reasons of missing
 * values are read once; a statistic of a metric or region that this version does not have is
 * skipped.
 */
#include "record_internal.h"

#include "mem.h"
#include "stored_histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Absent texts of a statistic are empty in the file. */
static char *text_if_any(const char *text)
{
    return *text != '\0' ? mem_strdup(text) : NULL;
}

/* Position of the cell with this id, or where to insert it. */
static size_t place_of(const struct recalled *recalled, int64_t id)
{
    size_t low = 0, high = recalled->cell_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (recalled->cells[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct known_cell *cell_of(struct recalled *recalled, const struct registry *registry,
                                        struct select *rows)
{
    int64_t id = select_instant(rows, 0);
    size_t place = place_of(recalled, id);

    if (place < recalled->cell_count && recalled->cells[place].id == id)
        return &recalled->cells[place];
    const char *texts[5];
    for (int i = 0; i < 5; i++)
        texts[i] = select_text(rows, 6 + i);
    if (!select_good(rows))
        return NULL;
    MEM_GROW(recalled->cells, recalled->cell_capacity, recalled->cell_count + 1);
    struct known_cell *cell = &recalled->cells[place];
    memmove(cell + 1, cell, (recalled->cell_count - place) * sizeof *cell);
    recalled->cell_count++;
    *cell = (struct known_cell){.id = id,
                                .metric = registry_metric(registry, texts[0]),
                                .stat = text_if_any(texts[1]),
                                .region = mem_strdup(texts[2]),
                                .label = text_if_any(texts[3]),
                                .window = mem_strdup(texts[4])};
    return cell;
}

static const char *keep_reason(struct recalled *recalled, const char *reason)
{
    for (size_t i = 0; i < recalled->reason_count; i++)
        if (strcmp(recalled->reasons[i], reason) == 0)
            return recalled->reasons[i];
    MEM_GROW(recalled->reasons, recalled->reason_capacity, recalled->reason_count + 1);
    recalled->reasons[recalled->reason_count] = mem_strdup(reason);
    return recalled->reasons[recalled->reason_count++];
}

/* Read the row's own columns, without those of its cell. */
static struct statistic read_value(struct recalled *recalled, struct select *rows)
{
    struct statistic statistic = {.value = (double)NAN,
                                  .over = (uint64_t)select_instant_or(rows, 2, 0),
                                  .under = (uint64_t)select_instant_or(rows, 3, 0)};

    if (select_has(rows, 1)) {
        statistic.value = select_real(rows, 1);
    } else if (select_has(rows, 4)) {
        statistic.state = STATISTIC_CENSORED;
        statistic.censored_at = select_instant(rows, 4);
    } else {
        statistic.state = STATISTIC_NONE;
        statistic.reason = keep_reason(recalled, select_text(rows, 5));
    }
    return statistic;
}

static void add_statistic(struct recalled *recalled, const struct scenario *scenario,
                          struct select *rows)
{
    const struct known_cell *cell = cell_of(recalled, scenario->registry, rows);
    struct statistic statistic = read_value(recalled, rows);

    if (!select_good(rows))
        return;
    bool total = strcmp(cell->region, "all") == 0;
    statistic.region = total ? -1 : topology_region(&scenario->topology, cell->region);
    if (cell->metric == NULL || (statistic.region < 0 && !total))
        return;
    statistic.metric = cell->metric;
    statistic.stat = cell->stat;
    statistic.label = cell->label;
    statistic.window = cell->window;
    if (recalled->statistic_count == recalled->statistic_capacity)
        MEM_GROW(recalled->statistics, recalled->statistic_capacity, recalled->statistic_count + 1);
    recalled->statistics[recalled->statistic_count++] = statistic;
}

static int read_statistics(struct record *record, int64_t run, const struct scenario *scenario)
{
    struct select rows;

    record->recalled.statistic_count = 0;
    select_begin(&rows, &record->db, record->statements[GET_STATISTICS]);
    select_bind_int(&rows, run);
    while (select_next(&rows))
        add_statistic(&record->recalled, scenario, &rows);
    return select_close(&rows);
}

static void recalled_forget_histograms(struct recalled *recalled)
{
    for (size_t i = 0; i < recalled->histogram_count; i++) {
        struct histogram *histogram =
            (struct histogram *)(uintptr_t)recalled->histograms[i].histogram;

        histogram_release(histogram);
        free(histogram);
    }
    recalled->histogram_count = 0;
}

static void add_histogram(struct recalled *recalled, const struct scenario *scenario,
                          struct select *rows)
{
    const struct known_cell *cell = cell_of(recalled, scenario->registry, rows);

    if (!select_good(rows) || cell->metric == NULL)
        return;
    bool total = strcmp(cell->region, "all") == 0;
    int region = total ? -1 : topology_region(&scenario->topology, cell->region);
    if (region < 0 && !total)
        return;
    struct histogram *histogram = mem_zalloc(1, sizeof *histogram);
    if (recalled->histogram_count == recalled->histogram_capacity)
        MEM_GROW(recalled->histograms, recalled->histogram_capacity, recalled->histogram_count + 1);
    recalled->histograms[recalled->histogram_count++] =
        (struct statistic_histogram){cell->metric, region, cell->label, cell->window, histogram};
    stored_histogram_read(rows, 11, histogram);
}

static int read_histograms(struct record *record, int64_t run, const struct scenario *scenario)
{
    struct select rows;

    recalled_forget_histograms(&record->recalled);
    select_begin(&rows, &record->db, record->statements[GET_RUN_HISTOGRAMS]);
    select_bind_int(&rows, run);
    while (select_next(&rows))
        add_histogram(&record->recalled, scenario, &rows);
    return select_close(&rows);
}

int record_recall(void *self, uint32_t point, uint32_t replication, struct run_result *result)
{
    struct record *record = self;
    struct recalled *recalled = &record->recalled;
    struct select rows;
    int64_t run = 0;

    select_begin(&rows, &record->db, record->statements[FIND_RUN]);
    select_bind_int(&rows, record->points[point].id);
    select_bind_int(&rows, replication);
    if (select_next(&rows)) {
        run = select_int(&rows, 0, 1, INT64_MAX);
        *result = (struct run_result){.point = point,
                                      .replication = replication,
                                      .seed = select_decimal(&rows, 1),
                                      .digest = select_hexadecimal(&rows, 2),
                                      .event_count = (uint64_t)select_instant(&rows, 3),
                                      .simulated = select_instant(&rows, 4),
                                      .wall_ns = select_instant(&rows, 5),
                                      .warmup = select_instant(&rows, 6),
                                      .scenario = record->points[point].scenario,
                                      .statistics = &recalled->set};
        recalled->set = (struct statistics){.bin = select_int(&rows, 7, 1, INT64_MAX)};
    }
    if (select_close(&rows) != 0)
        return -1;
    if (run == 0)
        return 0;
    if (read_statistics(record, run, result->scenario) != 0 ||
        read_histograms(record, run, result->scenario) != 0)
        return -1;
    recalled->set.histograms = recalled->histograms;
    recalled->set.histogram_count = recalled->histogram_count;
    recalled->set.statistics = recalled->statistics;
    recalled->set.statistic_count = recalled->statistic_count;
    return 1;
}

void recalled_release(struct recalled *recalled)
{
    for (size_t i = 0; i < recalled->cell_count; i++) {
        free(recalled->cells[i].stat);
        free(recalled->cells[i].region);
        free(recalled->cells[i].label);
        free(recalled->cells[i].window);
    }
    for (size_t i = 0; i < recalled->reason_count; i++)
        free(recalled->reasons[i]);
    recalled_forget_histograms(recalled);
    free(recalled->histograms);
    free(recalled->cells);
    free(recalled->reasons);
    free(recalled->statistics);
    *recalled = (struct recalled){0};
}
