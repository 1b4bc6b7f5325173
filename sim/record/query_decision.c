// SPDX-License-Identifier: GPL-3.0-or-later
/* Queries for expectations and findings. */
#include "query_internal.h"

/* An optional number. */
static double real_if(struct select *rows, int column)
{
    return select_has(rows, column) ? select_real(rows, column) : 0;
}

int results_each_expectation(struct results *results, int64_t study,
                             void (*row)(void *self, const struct expectation_row *row), void *self,
                             struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT point.number, text, verdict, value, low, high, reason FROM point"
                 " JOIN expectation ON expectation.point = point.id WHERE study =" THE_STUDY
                 "ORDER BY point.number, expectation.number",
                 study, diag);
    while (select_next(&rows)) {
        struct expectation_row expectation = {
            .point = select_count(&rows, 0),
            .text = select_text(&rows, 1),
            .verdict = select_text(&rows, 2),
            .has_value = select_has(&rows, 3),
            .has_interval = select_has(&rows, 4) && select_has(&rows, 5),
            .value = real_if(&rows, 3),
            .low = real_if(&rows, 4),
            .high = real_if(&rows, 5),
            .reason = select_text(&rows, 6),
        };
        if (select_good(&rows))
            row(self, &expectation);
    }
    return select_close(&rows);
}

int results_each_finding(struct results *results, int64_t study,
                         void (*row)(void *self, const struct finding_row *row), void *self,
                         struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT kind, point, subject, verdict, unit, text, n, value, low, high"
                 " FROM finding WHERE study =" THE_STUDY "ORDER BY number",
                 study, diag);
    while (select_next(&rows)) {
        struct finding_row finding = {
            .kind = select_text(&rows, 0),
            .point = select_has(&rows, 1) ? (int64_t)select_count(&rows, 1) : -1,
            .subject = select_text(&rows, 2),
            .verdict = select_text(&rows, 3),
            .unit = select_text(&rows, 4),
            .text = select_text(&rows, 5),
            .n = (uint64_t)select_instant(&rows, 6),
            .has_value = select_has(&rows, 7),
            .has_interval = select_has(&rows, 8) && select_has(&rows, 9),
            .value = real_if(&rows, 7),
            .low = real_if(&rows, 8),
            .high = real_if(&rows, 9),
        };
        if (select_good(&rows))
            row(self, &finding);
    }
    return select_close(&rows);
}
