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
    {"availability",        "available", UNIT_SHARE, 10},
    {"good_requests",       "good",      UNIT_PER_S,  8},
    {"requests",            "offered",   UNIT_PER_S,  9},
    {"login_failure_rate",  "login err", UNIT_SHARE, 10},
    {"write_failure_rate",  "write err", UNIT_SHARE, 10},
    {"replication_lag.p99", "lag p99",   UNIT_NS,     9},
    {"reauths",             "re-auths",  UNIT_PER_S,  9},
    {"unreplicated_writes", "unapplied", UNIT_COUNT, 11},
};
// clang-format on
enum {
    COLUMNS = sizeof(columns) / sizeof(*columns),
    AVAILABLE = 0,
    LAG = 5,
    UNAPPLIED = 7,
    REGION_MIN = 14, /* columns of the region, by the longest name */
    REGION_MAX = 24,
    HISTORY_MIN = 8,
    ROWS_BELOW = 4 /* of the screen, for faults, outages and events */
};

struct watch_event {
    int64_t t_ns;
    char *what, *text; /* "fault", "begins: loss 30% on us-west-2 -> us-west-1" */
    char *fault;       /* of a fault: what began or ended; NULL: no fault */
    bool begins;
};
struct watch_outage {
    int64_t onset_ns, restored_ns; /* restored: -1: not during the run */
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
    struct watch_outage *outages;
    size_t outage_count, outage_capacity;
    int64_t replication;
    /* while it is loaded */
    int64_t point;
    size_t column;
    bool found;
};

/* --- filling --------------------------------------------------------------------------------- */

size_t watch_column_count(void)
{
    return COLUMNS;
}

const char *watch_column(size_t column)
{
    return columns[column].metric;
}

static void add_region(void *self, const char *region)
{
    struct watch_run *run = self;
    text_list_add(&run->regions, &run->region_count, &run->region_capacity, region);
}

/* Once its regions are known: no values. */
static void add_total(struct watch_run *run)
{
    add_region(run, "all");
    size_t cells = run->region_count * run->bin_count;
    for (size_t c = 0; c < COLUMNS; c++) {
        run->values[c] = mem_alloc(cells, sizeof(double));
        for (size_t i = 0; i < cells; i++)
            run->values[c][i] = NAN;
    }
}

static struct watch_run *make_run(const char *title, int64_t replication, int64_t end_ns,
                                  int64_t bin_ns)
{
    struct watch_run *run = mem_zalloc(1, sizeof(*run));
    run->title = mem_strdup(title);
    run->replication = replication;
    run->end_ns = end_ns;
    run->bin_ns = bin_ns;
    run->bin_count = (size_t)((end_ns - 1) / bin_ns) + 1;
    return run;
}

struct watch_run *watch_create(const char *title, int64_t replication, int64_t end_ns,
                               int64_t bin_ns, const char *const *regions, size_t region_count)
{
    struct watch_run *run = make_run(title, replication, end_ns, bin_ns);
    for (size_t i = 0; i < region_count; i++)
        add_region(run, regions[i]);
    add_total(run);
    return run;
}

void watch_set_value(struct watch_run *run, size_t column, size_t region, size_t bin, double value)
{
    run->values[column][region * run->bin_count + bin] = value;
    run->has[column] = run->has[column] || !isnan(value);
}

void watch_add_event(struct watch_run *run, int64_t t_ns, const char *what, const char *subject,
                     const char *text)
{
    MEM_GROW(run->events, run->event_capacity, run->event_count + 1);
    struct watch_event *event = &run->events[run->event_count++];
    struct strbuf words = STRBUF_INIT;
    *event = (struct watch_event){.t_ns = t_ns, .what = mem_strdup(what)};
    const char *fault = incident_fault_of(text, &event->begins);
    if (fault != NULL && strcmp(what, "fault") == 0)
        event->fault = incident_fault_words(fault, subject);
    strbuf_addf(&words, "%s%s%s", subject, subject[0] != '\0' ? ": " : "", text);
    event->text = strbuf_detach(&words);
}

void watch_add_outage(struct watch_run *run, int64_t onset_ns, int64_t restored_ns)
{
    if (restored_ns == onset_ns) /* no harm was done */
        return;
    MEM_GROW(run->outages, run->outage_capacity, run->outage_count + 1);
    run->outages[run->outage_count++] = (struct watch_outage){onset_ns, restored_ns};
}

/* --- loading --------------------------------------------------------------------------------- */

static void add_value(void *self, const struct series_row *row)
{
    struct watch_run *run = self;
    size_t bin = (size_t)(row->t_ns / run->bin_ns);
    for (size_t r = 0; r < run->region_count && bin < run->bin_count; r++)
        if (strcmp(run->regions[r], row->region) == 0)
            watch_set_value(run, run->column, r, bin, row->value);
}

static void add_event(void *self, const struct event_row *row)
{
    struct watch_run *run = self;
    if (row->point == run->point && row->replication == run->replication)
        watch_add_event(run, row->t_ns, row->what, row->subject, row->text);
}

static void add_incident(void *self, const struct incident_row *row)
{
    struct watch_run *run = self;
    if (row->point == run->point && row->replication == run->replication)
        watch_add_outage(run, row->onset_ns, row->restored_ns);
}

static void find_run(void *self, const struct run_row *row)
{
    struct watch_run *run = self;
    run->found = run->found || (row->point == run->point && row->replication == run->replication);
}

static int load(struct watch_run *run, struct results *results, const struct study_row *study,
                struct diag *diag)
{
    if (results_each_run(results, study->id, find_run, run, diag) != 0)
        return -1;
    if (!run->found) {
        diag_error(diag, "study %" PRId64 " has no replication %" PRId64 " of point %" PRId64,
                   study->id, run->replication, run->point);
        return -1;
    }
    if (results_each_region(results, study->id, add_region, run, diag) != 0)
        return -1;
    add_total(run);
    for (run->column = 0; run->column < COLUMNS; run->column++)
        if (results_each_series(results, study->id, run->point, run->replication,
                                columns[run->column].metric, add_value, run, diag) != 0)
            return -1;
    if (results_each_event(results, study->id, run->replication, add_event, run, diag) != 0)
        return -1;
    return results_each_incident(results, study->id, add_incident, run, diag);
}

struct watch_run *watch_load(struct results *results, int64_t study, int64_t point,
                             int64_t replication, struct diag *diag)
{
    struct study_row row;
    if (results_study(results, study, &row, diag) != 0)
        return NULL;
    if (row.bin_ns <= 0 || row.duration_ns <= 0) {
        diag_error(diag, "study %" PRId64 " has no runs", row.id);
        return NULL;
    }
    struct watch_run *run = make_run(row.scenario_name, replication, row.duration_ns, row.bin_ns);
    run->point = point;
    if (load(run, results, &row, diag) == 0)
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
    free(run->outages);
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

static int characters(const char *text)
{
    int count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

enum { TAIL = 8 };

/* Fill up with spaces to `width` characters, or cut, with a space at the end; of a long name the
 * end is kept, which often tells regions apart. */
static void pad(struct strbuf *text, int width)
{
    int length = characters(text->text);
    if (length >= width && length == (int)text->length && width > 2 * TAIL) {
        char tail[TAIL + 1];
        memcpy(tail, text->text + text->length - TAIL, TAIL + 1);
        cut(text, width - 1 - TAIL - 2);
        strbuf_addf(text, "..%s", tail);
    }
    cut(text, width - 1);
    strbuf_addf(text, "%*s", width - characters(text->text), "");
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
    strbuf_addf(&text, "%s, replication %" PRId64 "%s: one run, no intervals", run->title,
                run->replication, view->running ? ", running" : "");
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

static int region_width(const struct drawing *drawing)
{
    int width = REGION_MIN;
    for (size_t r = 0; r < drawing->run->region_count; r++) {
        int length = characters(drawing->run->regions[r]) + 1;
        width = length > width ? length : width;
    }
    return width < REGION_MAX ? width : REGION_MAX;
}

/* Columns that fit, from the left; of those that have values. */
static bool is_shown(const struct drawing *drawing, size_t column)
{
    int used = region_width(drawing);
    for (size_t c = 0; c <= column; c++)
        used += drawing->run->has[c] ? columns[c].width : 0;
    return drawing->run->has[column] && (column == 0 || used <= drawing->view->width);
}

static int history_width(const struct drawing *drawing)
{
    int used = region_width(drawing);
    for (size_t c = 0; c < COLUMNS; c++)
        used += is_shown(drawing, c) ? columns[c].width : 0;
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

static double value_now(const struct drawing *drawing, size_t column, size_t region)
{
    return drawing->run->values[column][region * drawing->run->bin_count + drawing->bin];
}

/*
 * While no write is applied, a lag cannot be measured: writes that wait have waited for about the
 * time since the last one was applied. NAN: none waits.
 */
static double waiting_ns(const struct drawing *drawing, size_t region)
{
    const struct watch_run *run = drawing->run;
    const double *lags = &run->values[LAG][region * run->bin_count];
    size_t bin = drawing->bin;
    if (!(value_now(drawing, UNAPPLIED, region) >= 1))
        return NAN;
    while (bin > 0 && isnan(lags[bin]))
        bin--;
    return (double)((int64_t)(drawing->bin - bin) * run->bin_ns);
}

static void add_cell(struct strbuf *text, const struct drawing *drawing, size_t column,
                     size_t region)
{
    double now = value_now(drawing, column, region);
    struct strbuf value = STRBUF_INIT;
    if (column == LAG && isnan(now)) {
        now = waiting_ns(drawing, region);
        strbuf_add(&value, now > 0 ? "> " : "");
    }
    if (isnan(now))
        strbuf_add_char(&value, '-');
    else
        units_add(&value, column == UNAPPLIED ? round(now) : now, columns[column].unit, 3);
    strbuf_addf(text, "%*s", columns[column].width, value.text);
    strbuf_release(&value);
}

static void draw_region(struct drawing *drawing, size_t region)
{
    const struct watch_run *run = drawing->run;
    const char *name = region + 1 == run->region_count ? "all regions" : run->regions[region];
    double available = value_now(drawing, AVAILABLE, region);
    struct strbuf text = STRBUF_INIT, quoted = STRBUF_INIT;
    quote_add(&quoted, QUOTE_TERMINAL, name);
    strbuf_addf(&text, "%s", quoted.text);
    pad(&text, region_width(drawing));
    for (size_t c = 0; c < COLUMNS; c++)
        if (is_shown(drawing, c))
            add_cell(&text, drawing, c, region);
    strbuf_add_char(&text, ' ');
    if (run->has[AVAILABLE])
        add_history(&text, drawing, &run->values[AVAILABLE][region * run->bin_count]);
    add_line(drawing, available < 0.99 ? WATCH_BAD : WATCH_GOOD, &text);
    strbuf_release(&quoted);
}

/* Whether `region` is among the `count` least available regions now, the first of equal ones. */
static bool is_among_worst(const struct drawing *drawing, size_t region, size_t count)
{
    double mine = value_now(drawing, AVAILABLE, region);
    size_t before = 0;
    for (size_t r = 0; r + 1 < drawing->run->region_count; r++) {
        double other = value_now(drawing, AVAILABLE, r);
        before += other < mine || (isnan(mine) && !isnan(other)) ||
                  (r < region && (other == mine || (isnan(mine) && isnan(other))));
    }
    return before < count;
}

/* All regions, or those that fit: the least available ones. */
static void draw_table(struct drawing *drawing)
{
    const struct watch_run *run = drawing->run;
    size_t regions = run->region_count - 1, shown = regions;
    size_t used = drawing->frame->count + 4 + ROWS_BELOW + drawing->view->footer_count;
    size_t height = (size_t)drawing->view->height;
    struct strbuf text = STRBUF_INIT;
    if (used + regions > height)
        shown = height > used + 2 ? height - used - 1 : 1;
    strbuf_addf(&text, "%-*s", region_width(drawing), "region");
    for (size_t c = 0; c < COLUMNS; c++)
        if (is_shown(drawing, c))
            strbuf_addf(&text, "%*s", columns[c].width, columns[c].title);
    if (history_width(drawing) >= HISTORY_MIN)
        strbuf_add(&text, " available");
    add_line(drawing, WATCH_HEAD, &text);
    for (size_t r = 0; r < regions; r++)
        if (shown >= regions || is_among_worst(drawing, r, shown))
            draw_region(drawing, r);
    draw_region(drawing, regions);
    if (shown < regions) {
        strbuf_addf(&text, "(%zu more region%s, none less available)", regions - shown,
                    regions - shown == 1 ? "" : "s");
        add_line(drawing, WATCH_PLAIN, &text);
    }
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
    for (size_t i = 0; i < run->outage_count; i++) {
        const struct watch_outage *outage = &run->outages[i];
        if (outage->onset_ns > drawing->view->t_ns)
            continue;
        bool ended = outage->restored_ns >= 0 && outage->restored_ns <= drawing->view->t_ns;
        struct strbuf text = STRBUF_INIT;
        strbuf_add(&text, "outage since ");
        add_clock(&text, outage->onset_ns);
        strbuf_add(&text, ended ? ", over after " : ", for ");
        units_add(&text,
                  (double)((ended ? outage->restored_ns : drawing->view->t_ns) - outage->onset_ns),
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
