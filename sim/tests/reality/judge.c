// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * reality_judge ROWS MEASURED [RESULTS]: compare measured with simulated values.
 *
 * ROWS has one row a line, "NAME | WHAT | MEASURED | SIMULATED | TOLERANCE". MEASURED is the output
 * of reality_client. RESULTS is a results file of the same settings at level 99 %; without it the
 * rows are `not simulated`. Prints one line for each row, with tabs between the fields:
 *
 *   NAME  WHAT  measured  [low, high]  simulated  [low, high]  tolerance  verdict
 *
 * Tolerances and verdicts: verdict.h.
 */
#include "strbuf.h"
#include "units.h"
#include "verdict.h"

#include <math.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 5

enum field { ROW_NAME, ROW_WHAT, ROW_MEASURED, ROW_SIMULATED, ROW_TOLERANCE };

/* "metric{region=near, window=fault, kind=full}.p99" in its parts. */
struct statistic_name {
    char metric[64], region[64], window[32], labels[64], statistic[16];
};

static _Noreturn void judge_fail(const char *what, const char *subject)
{
    fprintf(stderr, "reality_judge: error: %s: '%s'\n", what, subject);
    exit(4);
}

/* Cut a line at bars and trim the fields, in place. */
static bool row_split(char *line, char *fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        char *bar = strchr(line, '|'), *end;

        if ((bar == NULL) != (i == FIELDS - 1))
            return false;
        if (bar != NULL)
            *bar = '\0';
        fields[i] = line + strspn(line, " \t");
        end = fields[i] + strlen(fields[i]);
        while (end > fields[i] && strchr(" \t\n", end[-1]) != NULL)
            *--end = '\0';
        line = bar == NULL ? end : bar + 1;
    }
    return true;
}

static void label_parse(struct statistic_name *name, const char *label, size_t length)
{
    if (strncmp(label, "region=", 7) == 0)
        snprintf(name->region, sizeof(name->region), "%.*s", (int)length - 7, label + 7);
    else if (strncmp(label, "window=", 7) == 0)
        snprintf(name->window, sizeof(name->window), "%.*s", (int)length - 7, label + 7);
    else
        snprintf(name->labels, sizeof(name->labels), "%.*s", (int)length, label);
}

static struct statistic_name statistic_parse(const char *text)
{
    struct statistic_name name = {.region = "all", .window = "all"};
    const char *open = strchr(text, '{'), *close = strchr(text, '}');
    const char *dot = strchr(close == NULL ? text : close, '.');
    size_t length = strcspn(text, "{.");

    snprintf(name.metric, sizeof(name.metric), "%.*s", (int)length, text);
    if (dot != NULL)
        snprintf(name.statistic, sizeof(name.statistic), "%s", dot + 1);
    for (const char *at = open; at != NULL && close != NULL && at < close;) {
        const char *label = at + 1 + strspn(at + 1, " ");
        size_t span = strcspn(label, ",}");

        label_parse(&name, label, span);
        at = label + span;
    }
    return name;
}

static struct estimate simulated_read(sqlite3 *db, const char *text)
{
    struct statistic_name name = statistic_parse(text);
    const char *const values[] = {name.metric, name.statistic, name.region, name.labels,
                                  name.window};
    struct estimate estimate = {.known = false};
    sqlite3_stmt *query;

    if (sqlite3_prepare_v2(db,
                           "SELECT mean, low, high, n, unit FROM summary WHERE metric = ? AND "
                           "stat = ? AND region = ? AND labels = ? AND window = ?",
                           -1, &query, NULL) != SQLITE_OK)
        judge_fail("cannot read the results file", sqlite3_errmsg(db));
    for (int i = 0; i < 5; i++)
        sqlite3_bind_text(query, i + 1, values[i], -1, SQLITE_STATIC);
    /* A mean is NULL if no run has a value, such as the RTO of runs that never recover. */
    if (sqlite3_step(query) == SQLITE_ROW && sqlite3_column_type(query, 0) != SQLITE_NULL) {
        estimate.known = true;
        estimate.value = sqlite3_column_double(query, 0);
        estimate.low = sqlite3_column_double(query, 1);
        estimate.high = sqlite3_column_double(query, 2);
        estimate.n = sqlite3_column_double(query, 3);
        unit_from_name((const char *)sqlite3_column_text(query, 4), &estimate.unit);
    }
    sqlite3_finalize(query);
    return estimate;
}

static struct estimate measured_read(const char *path, const char *name)
{
    struct estimate estimate = {.known = false};
    FILE *file = fopen(path, "r");
    char line[512];
    size_t length = strlen(name);

    if (file == NULL)
        judge_fail("cannot read", path);
    while (fgets(line, sizeof(line), file) != NULL) {
        char *end;

        if (strncmp(line, name, length) != 0 || line[length] != '\t')
            continue;
        estimate.known = true;
        estimate.value = strtod(line + length, &end);
        estimate.low = strtod(end, &end);
        estimate.high = strtod(end, &end);
        estimate.n = strtod(end, &end);
    }
    fclose(file);
    return estimate;
}

static void print_number(double value, enum unit unit)
{
    struct strbuf text = STRBUF_INIT;

    if (unit == UNIT_NS && fabs(value) >= 1e9)
        strbuf_addf(&text, "%.3f s", value / 1e9);
    else if (unit == UNIT_NS)
        strbuf_addf(&text, "%.2f ms", value / 1e6);
    else if (unit == UNIT_SHARE)
        strbuf_addf(&text, "%.2f %%", 100 * value);
    else
        strbuf_addf(&text, "%.6g", value);
    fputs(text.text, stdout);
    strbuf_release(&text);
}

static void print_estimate(const struct estimate *estimate, enum unit unit)
{
    if (!estimate->known) {
        fputs("-\t\t", stdout);
        return;
    }
    print_number(estimate->value, unit);
    putchar('\t');
    if (estimate->low < estimate->high) {
        putchar('[');
        print_number(estimate->low, unit);
        fputs(", ", stdout);
        print_number(estimate->high, unit);
        putchar(']');
    }
    putchar('\t');
}

/* The unit of a measured value that nothing was simulated for, by its name. */
static enum unit unit_by_name(const char *name)
{
    if (strstr(name, "latency") != NULL || strstr(name, "lag") != NULL || strcmp(name, "rto") == 0)
        return UNIT_NS;
    return strstr(name, "rate") != NULL || strstr(name, "down") != NULL ? UNIT_SHARE : UNIT_COUNT;
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    FILE *rows;
    char line[1024];

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: reality_judge ROWS MEASURED [RESULTS]\n");
        return 2;
    }
    rows = fopen(argv[1], "r");
    if (rows == NULL)
        judge_fail("cannot read", argv[1]);
    if (argc == 4 && sqlite3_open_v2(argv[3], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        judge_fail("cannot open", argv[3]);
    while (fgets(line, sizeof(line), rows) != NULL) {
        struct estimate measured, simulated = {.known = false};
        const char *verdict;
        char *fields[FIELDS];

        if (!row_split(line, fields))
            judge_fail("not a row", line);
        measured = measured_read(argv[2], fields[ROW_MEASURED]);
        simulated.unit = unit_by_name(fields[ROW_MEASURED]);
        if (db != NULL)
            simulated = simulated_read(db, fields[ROW_SIMULATED]);
        if (!simulated.known)
            simulated.unit = unit_by_name(fields[ROW_MEASURED]);
        printf("%s\t%s\t", fields[ROW_NAME], fields[ROW_WHAT]);
        print_estimate(&measured, simulated.unit);
        print_estimate(&simulated, simulated.unit);
        verdict =
            db == NULL ? "not simulated" : verdict_of(&measured, &simulated, fields[ROW_TOLERANCE]);
        if (verdict == NULL)
            judge_fail("unknown tolerance", fields[ROW_TOLERANCE]);
        printf("%s\t%s\n", fields[ROW_TOLERANCE], verdict);
    }
    fclose(rows);
    sqlite3_close(db);
    return 0;
}
