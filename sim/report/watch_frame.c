// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch_frame.h"

#include "incident_group.h"
#include "mem.h"
#include "quote.h"
#include "statistic_table.h"
#include "strbuf.h"
#include "text_bar.h"
#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The columns of the table; a metric without a series has none. */
// clang-format off
static const struct {
    const char *metric, *title;
    enum unit unit;
    int width;
} columns[] = {
    {"availability",       "available", UNIT_SHARE, 11},
    {"good_requests",      "good",      UNIT_PER_S,  9},
    {"requests",           "offered",   UNIT_PER_S,  9},
    {"login_failure_rate", "login fail", UNIT_SHARE, 11},
    {"write_failure_rate", "write fail", UNIT_SHARE, 11},
    {"reauths",            "re-auths",  UNIT_PER_S,  9},
    {"unreplicated_writes", "unrepl.",  UNIT_COUNT,  9},
};
// clang-format on
enum { COLUMNS = sizeof(columns) / sizeof(*columns), REGION_COLUMNS = 16, HISTORY_MIN = 8 };

struct watch_event {
    int64_t t_ns;
    char *what, *text; /* "fault", "begins: loss 30% on us-west-2 -> us-west-1" */
    char *fault;       /* of a fault: what began or ended; NULL: no fault */
    bool begins;
};
struct watch_run {
    char *title;
    int64_t end_ns, bin_ns;
    size_t bin_count;
    char **regions; /* the total last */
    size_t region_count, region_capacity;
    double *values[COLUMNS]; /* by region, by bin; NAN: none */
    bool has[COLUMNS];
    struct watch_event *events;
    size_t event_count, event_capacity;
    struct incident_row *incidents; /* texts are not valid */
    size_t incident_count, incident_capacity;
    /* while it is loaded */
    int64_t point, replication;
    size_t column;
    bool found;
};

/* --- loading --------------------------------------------------------------------------------- */

static void add_region(void *self, const char *region)
{
    struct watch_run *run = self;
    text_list_add(&run->regions, &run->region_count, &run->region_capacity, region);
}

static void add_value(void *self, const struct series_row *row)
{
    struct watch_run *run = self;
    size_t bin = (size_t)(row->t_ns / run->bin_ns);
    for (size_t r = 0; r < run->region_count && bin < run->bin_count; r++) {
        if (strcmp(run->regions[r], row->region) == 0) {
            run->values[run->column][r * run->bin_count + bin] = row->value;
            run->has[run->column] = true;
        }
    }
}

static void add_event(void *self, const struct event_row *row)
{
    struct watch_run *run = self;
    if (row->point != run->point || row->replication != run->replication)
        return;
    MEM_GROW(run->events, run->event_capacity, run->event_count + 1);
    struct watch_event *event = &run->events[run->event_count++];
    struct strbuf text = STRBUF_INIT;
    *event = (struct watch_event){.t_ns = row->t_ns, .what = mem_strdup(row->what)};
    const char *fault = incident_fault_of(row->text, &event->begins);
    if (fault != NULL && strcmp(row->what, "fault") == 0)
        event->fault = incident_fault_words(fault, row->subject);
    strbuf_addf(&text, "%s%s%s", row->subject, row->subject[0] != '\0' ? ": " : "", row->text);
    event->text = strbuf_detach(&text);
}

static void add_incident(void *self, const struct incident_row *row)
{
    struct watch_run *run = self;
    if (row->point != run->point || row->replication != run->replication)
        return;
    MEM_GROW(run->incidents, run->incident_capacity, run->incident_count + 1);
    run->incidents[run->incident_count++] = *row;
}

static void find_run(void *self, const struct run_row *row)
{
    struct watch_run *run = self;
    run->found = run->found || (row->point == run->point && row->replication == run->replication);
}

static int load_values(struct watch_run *run, struct results *results, int64_t study,
                       struct diag *diag)
{
    size_t cells = run->region_count * run->bin_count;
    for (run->column = 0; run->column < COLUMNS; run->column++) {
        double *values = mem_alloc(cells, sizeof(*values));
        for (size_t i = 0; i < cells; i++)
            values[i] = NAN;
        run->values[run->column] = values;
        if (results_each_series(results, study, run->point, run->replication,
                                columns[run->column].metric, add_value, run, diag) != 0)
            return -1;
    }
    return 0;
}

static int load(struct watch_run *run, struct results *results, int64_t id, struct diag *diag)
{
    struct study_row study;
    if (results_study(results, id, &study, diag) != 0 ||
        results_each_run(results, study.id, find_run, run, diag) != 0)
        return -1;
    if (!run->found || study.bin_ns <= 0 || study.duration_ns <= 0) {
        diag_error(diag, "study %" PRId64 " has no replication %" PRId64 " of point %" PRId64,
                   study.id, run->replication, run->point);
        return -1;
    }
    run->title = mem_strdup(study.scenario_name);
    run->end_ns = study.duration_ns;
    run->bin_ns = study.bin_ns;
    run->bin_count = (size_t)((study.duration_ns - 1) / study.bin_ns) + 1;
    if (results_each_region(results, study.id, add_region, run, diag) != 0)
        return -1;
    add_region(run, "all");
    if (load_values(run, results, study.id, diag) != 0 ||
        results_each_event(results, study.id, run->replication, add_event, run, diag) != 0)
        return -1;
    return results_each_incident(results, study.id, add_incident, run, diag);
}

struct watch_run *watch_load(struct results *results, int64_t study, int64_t point,
                             int64_t replication, struct diag *diag)
{
    struct watch_run *run = mem_zalloc(1, sizeof(*run));
    run->point = point;
    run->replication = replication;
    if (load(run, results, study, diag) == 0)
        return run;
    watch_free(run);
    return NULL;
}

void watch_free(struct watch_run *run)
{
    for (size_t i = 0; i < run->event_count; i++) {
        free(run->events[i].what);
        free(run->events[i].text);
        free(run->events[i].fault);
    }
    for (size_t i = 0; i < COLUMNS; i++)
        free(run->values[i]);
    text_list_release(&run->regions, &run->region_count, &run->region_capacity);
    free(run->events);
    free(run->incidents);
    free(run->title);
    free(run);
}

int64_t watch_end_ns(const struct watch_run *run)
{
    return run->end_ns;
}

int64_t watch_bin_ns(const struct watch_run *run)
{
    return run->bin_ns;
}

/* --- drawing --------------------------------------------------------------------------------- */

struct drawing {
    struct watch_frame *frame;
    const struct watch_run *run;
    const struct watch_view *view;
    size_t bin; /* the one that is shown */
};

/* Cut to `width` characters. */
static void cut(struct strbuf *text, int width)
{
    size_t length = 0;
    for (int seen = 0; length < text->length; length++) {
        seen += ((unsigned char)text->text[length] & 0xc0) != 0x80;
        if (seen > width)
            break;
    }
    strbuf_truncate(text, length);
}

/* Add the line and release the text; nothing if the screen is full. */
static void add_line(struct drawing *drawing, enum watch_style style, struct strbuf *text)
{
    struct watch_frame *frame = drawing->frame;
    struct strbuf quoted = STRBUF_INIT;
    if (frame->count < (size_t)drawing->view->height) {
        quote_add(&quoted, QUOTE_TERMINAL, text->text);
        cut(&quoted, drawing->view->width);
        MEM_GROW(frame->lines, frame->capacity, frame->count + 1);
        frame->lines[frame->count++] = (struct watch_line){strbuf_detach(&quoted), style};
    }
    strbuf_release(text);
}

static void add_clock(struct strbuf *out, int64_t t_ns)
{
    int64_t seconds = t_ns / NS_PER_S;
    strbuf_addf(out, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
                (int)(seconds % 60));
}

static void draw_head(struct drawing *drawing)
{
    const struct watch_run *run = drawing->run;
    const struct watch_view *view = drawing->view;
    struct strbuf text = STRBUF_INIT;
    int bar = view->width - 52;
    strbuf_addf(&text, "%s, replication %" PRId64, run->title, run->replication);
    add_line(drawing, WATCH_HEAD, &text);
    add_clock(&text, view->t_ns);
    strbuf_add(&text, " of ");
    add_clock(&text, run->end_ns);
    strbuf_addf(&text, "  %gx%s  [", view->speed, view->paused ? ", paused" : "");
    if (bar > 0) {
        size_t before = text.length;
        text_bar_add(&text, 0, (double)view->t_ns / (double)run->end_ns, (size_t)bar, '=');
        strbuf_addf(&text, "%*s", bar - (int)(text.length - before), "");
    }
    strbuf_add(&text, "]");
    add_line(drawing, WATCH_PLAIN, &text);
    add_line(drawing, WATCH_PLAIN, &text);
}

/* Whether the run has the column and the view is wide enough for it. */
static bool is_drawn(const struct drawing *drawing, size_t column)
{
    int used = REGION_COLUMNS;
    for (size_t c = 0; c <= column; c++)
        used += drawing->run->has[c] ? columns[c].width : 0;
    return drawing->run->has[column] && used <= drawing->view->width;
}

static int history_width(const struct drawing *drawing)
{
    int used = REGION_COLUMNS;
    for (size_t c = 0; c < COLUMNS; c++)
        used += drawing->run->has[c] ? columns[c].width : 0;
    return drawing->view->width - used - 1;
}

/* The share of good requests in the bins up to now. */
static void add_history(struct strbuf *out, const struct drawing *drawing, const double *values)
{
    int width = history_width(drawing);
    for (int i = width - 1; width >= HISTORY_MIN && i >= 0; i--)
        text_bar_add_block(out, (size_t)i <= drawing->bin ? values[drawing->bin - (size_t)i]
                                                          : (double)NAN);
}

static void draw_region(struct drawing *drawing, size_t region)
{
    const struct watch_run *run = drawing->run;
    bool total = strcmp(run->regions[region], "all") == 0;
    double available = NAN;
    struct strbuf text = STRBUF_INIT, value = STRBUF_INIT;
    strbuf_addf(&text, "%-*s", REGION_COLUMNS, total ? "all regions" : run->regions[region]);
    for (size_t c = 0; c < COLUMNS; c++) {
        double now = run->values[c][region * run->bin_count + drawing->bin];
        if (!is_drawn(drawing, c))
            continue;
        available = c == 0 ? now : available;
        strbuf_clear(&value);
        if (isnan(now))
            strbuf_add_char(&value, '-');
        else
            units_add(&value, now, columns[c].unit, 3);
        strbuf_addf(&text, "%*s", columns[c].width, value.text);
    }
    strbuf_add_char(&text, ' ');
    if (run->has[0])
        add_history(&text, drawing, &run->values[0][region * run->bin_count]);
    add_line(drawing, available < 0.99 ? WATCH_BAD : WATCH_GOOD, &text);
    strbuf_release(&value);
}

static void draw_table(struct drawing *drawing)
{
    const struct watch_run *run = drawing->run;
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "%-*s", REGION_COLUMNS, "region");
    for (size_t c = 0; c < COLUMNS; c++)
        if (is_drawn(drawing, c))
            strbuf_addf(&text, "%*s", columns[c].width, columns[c].title);
    if (history_width(drawing) >= HISTORY_MIN)
        strbuf_add(&text, " available");
    add_line(drawing, WATCH_HEAD, &text);
    for (size_t r = 0; r < run->region_count; r++)
        draw_region(drawing, r);
    add_line(drawing, WATCH_PLAIN, &text);
}

/* Faults that have begun and not ended. */
static void draw_faults(struct drawing *drawing)
{
    const struct watch_run *run = drawing->run;
    for (size_t i = 0; i < run->event_count; i++) {
        const struct watch_event *event = &run->events[i];
        bool active = event->fault != NULL && event->begins && event->t_ns <= drawing->view->t_ns;
        for (size_t k = i + 1; active && k < run->event_count; k++) {
            const struct watch_event *later = &run->events[k];
            active = later->fault == NULL || later->begins || later->t_ns > drawing->view->t_ns ||
                     strcmp(later->fault, event->fault) != 0;
        }
        if (active) {
            struct strbuf text = STRBUF_INIT;
            strbuf_addf(&text, "fault: %s, since ", event->fault);
            add_clock(&text, event->t_ns);
            add_line(drawing, WATCH_FAULT, &text);
        }
    }
}

static void draw_outages(struct drawing *drawing)
{
    const struct watch_run *run = drawing->run;
    for (size_t i = 0; i < run->incident_count; i++) {
        const struct incident_row *row = &run->incidents[i];
        bool harmless = row->restored_ns == row->onset_ns;
        if (harmless || row->onset_ns > drawing->view->t_ns)
            continue;
        bool ended = row->restored_ns >= 0 && row->restored_ns <= drawing->view->t_ns;
        struct strbuf text = STRBUF_INIT;
        strbuf_add(&text, "outage since ");
        add_clock(&text, row->onset_ns);
        strbuf_add(&text, ended ? ", over after " : ", for ");
        units_add(&text, (double)((ended ? row->restored_ns : drawing->view->t_ns) - row->onset_ns),
                  UNIT_NS, 3);
        add_line(drawing, ended ? WATCH_GOOD : WATCH_BAD, &text);
    }
}

/* The latest events that fit, oldest first. */
static void draw_events(struct drawing *drawing)
{
    const struct watch_run *run = drawing->run;
    size_t past = 0, room = 0;
    struct strbuf text = STRBUF_INIT;
    while (past < run->event_count && run->events[past].t_ns <= drawing->view->t_ns)
        past++;
    size_t below = 3 + drawing->view->footer_count;
    if (drawing->frame->count + below < (size_t)drawing->view->height)
        room = (size_t)drawing->view->height - drawing->frame->count - below;
    add_line(drawing, WATCH_PLAIN, &text);
    for (size_t i = past > room ? past - room : 0; i < past; i++) {
        add_clock(&text, run->events[i].t_ns);
        strbuf_addf(&text, "  %-10s %s", run->events[i].what, run->events[i].text);
        add_line(drawing, run->events[i].fault != NULL ? WATCH_FAULT : WATCH_PLAIN, &text);
    }
}

/* The last lines of the screen. */
static void draw_keys(struct drawing *drawing)
{
    struct strbuf text = STRBUF_INIT;
    const struct watch_view *view = drawing->view;
    while (drawing->frame->count + 1 + view->footer_count < (size_t)view->height)
        add_line(drawing, WATCH_PLAIN, &text);
    for (size_t i = 0; i < view->footer_count; i++) {
        strbuf_add(&text, view->footer[i]);
        add_line(drawing, WATCH_PLAIN, &text);
    }
    strbuf_add(&text, "space pause   . step   + - speed   arrows seek   r restart   q quit");
    add_line(drawing, WATCH_HEAD, &text);
}

void watch_draw(struct watch_frame *frame, const struct watch_run *run,
                const struct watch_view *view)
{
    struct drawing drawing = {frame, run, view, (size_t)(view->t_ns / run->bin_ns)};
    watch_frame_release(frame);
    if (drawing.bin >= run->bin_count)
        drawing.bin = run->bin_count - 1;
    draw_head(&drawing);
    draw_table(&drawing);
    draw_faults(&drawing);
    draw_outages(&drawing);
    draw_events(&drawing);
    draw_keys(&drawing);
}

void watch_frame_release(struct watch_frame *frame)
{
    for (size_t i = 0; i < frame->count; i++)
        free(frame->lines[i].text);
    free(frame->lines);
    *frame = (struct watch_frame){NULL, 0, 0};
}
