// SPDX-License-Identifier: GPL-3.0-or-later
/* Queries for events, and for incidents with their stages. */
#include "query_internal.h"

bool incident_stages(const struct incident_row *incident, int64_t stages_ns[INCIDENT_STAGES])
{
    sim_time ended[INCIDENT_STAGES];

    if (incident->restored_ns < 0)
        return false;
    for (int i = 0; i < INCIDENT_STAGES; i++)
        ended[i] = incident->ended_ns[i] < 0 ? SIM_NEVER : incident->ended_ns[i];
    incident_stage_lengths(incident->onset_ns, ended, stages_ns);
    return true;
}

int results_each_incident(struct results *results, int64_t study,
                          void (*row)(void *self, const struct incident_row *row), void *self,
                          struct diag *diag)
{
    struct select rows;

    select_study(
        &rows, results,
        "SELECT point.number, run.replication, incident.number, kind, subject, cause,"
        " onset_ns, detected_ns, decided_ns, promoted_ns, notified_ns, published_ns, cached_ns,"
        " restored_ns, rpo_ns, writes_lost, sessions_lost FROM point JOIN run ON run.point = "
        "point.id"
        " JOIN incident ON incident.run = run.id WHERE point.study =" THE_STUDY
        "ORDER BY point.number, run.replication, incident.number",
        study, diag);
    while (select_next(&rows)) {
        struct incident_row incident = {
            .point = select_count(&rows, 0),
            .replication = select_count(&rows, 1),
            .number = select_count(&rows, 2),
            .kind = select_text(&rows, 3),
            .subject = select_text(&rows, 4),
            .onset_ns = select_instant(&rows, 6),
            .rpo_ns = select_instant_or(&rows, 7 + INCIDENT_STAGES, -1),
            .writes_lost = (uint64_t)select_instant(&rows, 8 + INCIDENT_STAGES),
            .sessions_lost = (uint64_t)select_instant(&rows, 9 + INCIDENT_STAGES),
        };
        for (int i = 0; i < INCIDENT_STAGES; i++)
            incident.ended_ns[i] = select_instant_or(&rows, 7 + i, -1);
        incident.restored_ns = incident.ended_ns[INCIDENT_RECONNECT];
        incident.cause = select_has(&rows, 5) ? (uint32_t)select_int(&rows, 5, 1, UINT32_MAX) : 0;
        if (incident.restored_ns >= 0 && incident.restored_ns < incident.onset_ns)
            select_damaged(&rows, 7 + INCIDENT_RECONNECT);
        if (select_good(&rows))
            row(self, &incident);
    }
    return select_close(&rows);
}

int results_each_event(struct results *results, int64_t study, int64_t replication,
                       void (*row)(void *self, const struct event_row *row), void *self,
                       struct diag *diag)
{
    struct select rows;

    select_study(&rows, results,
                 "SELECT point.number, run.replication, event.number, t_ns, what, subject, text,"
                 " cause, waited_for, cause_text FROM point JOIN run ON run.point = point.id"
                 " JOIN event ON event.run = run.id WHERE point.study =" THE_STUDY
                 "AND (?2 < 0 OR run.replication = ?2)"
                 " ORDER BY point.number, run.replication, t_ns, event.number",
                 study, diag);
    select_bind_int(&rows, replication);
    while (select_next(&rows)) {
        struct event_row event = {
            .point = select_count(&rows, 0),
            .replication = select_count(&rows, 1),
            .number = (uint32_t)select_int(&rows, 2, 1, UINT32_MAX),
            .t_ns = select_instant(&rows, 3),
            .what = select_text(&rows, 4),
            .subject = select_text(&rows, 5),
            .text = select_text(&rows, 6),
            .cause_text = select_text(&rows, 9),
        };
        /* A cause must be an earlier event, so that chains of causes end. */
        event.cause =
            select_has(&rows, 7) ? (uint32_t)select_int(&rows, 7, 1, event.number - 1) : 0;
        event.waited_for =
            select_has(&rows, 8) ? (uint32_t)select_int(&rows, 8, 1, event.number - 1) : 0;
        if (select_good(&rows))
            row(self, &event);
    }
    return select_close(&rows);
}
