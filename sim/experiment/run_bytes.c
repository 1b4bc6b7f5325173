// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Writing appends; reading advances a cursor, which stays failed after the first missing or invalid
 * byte. Texts are not copied: they are zero-terminated in place.
 */
#include "run_bytes.h"

#include "hash.h"
#include "histogram.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "ISRB"
enum { HEAD_SIZE = 16, TAIL_SIZE = 8 };

/* --- writing -------------------------------------------------------------------------------- */

static void put_bytes(struct strbuf *out, uint64_t value, int size)
{
    unsigned char bytes[8];

    for (int i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    strbuf_add_bytes(out, bytes, (size_t)size);
}

static void put_u64(struct strbuf *out, uint64_t value)
{
    put_bytes(out, value, 8);
}

static void put_i64(struct strbuf *out, int64_t value)
{
    put_bytes(out, (uint64_t)value, 8);
}

static void put_double(struct strbuf *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_bytes(out, bits, 8);
}

static void put_text(struct strbuf *out, const char *text)
{
    if (!text) {
        put_bytes(out, UINT32_MAX, 4);
        return;
    }
    put_bytes(out, strlen(text), 4);
    strbuf_add_bytes(out, text, strlen(text) + 1);
}

static void put_statistics(struct strbuf *out, const struct statistics *statistics)
{
    put_i64(out, statistics->bin);
    put_u64(out, statistics->bin_count);
    put_u64(out, statistics->statistic_count);
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];
        put_text(out, statistic->metric->name);
        put_text(out, statistic->stat);
        put_i64(out, statistic->region);
        put_text(out, statistic->label);
        put_text(out, statistic->window);
        put_bytes(out, statistic->state, 1);
        put_double(out, statistic->value);
        put_u64(out, statistic->over);
        put_u64(out, statistic->under);
        put_i64(out, statistic->censored_at);
        put_text(out, statistic->reason);
    }
}

static void put_histogram(struct strbuf *out, const struct histogram *histogram)
{
    uint64_t used = 0;

    for (uint32_t bin = 0; bin < histogram->bin_count; bin++)
        used += histogram->bins[bin] > 0;
    put_u64(out, histogram->bin_count);
    put_u64(out, histogram->count);
    put_i64(out, histogram->count > 0 ? histogram_min(histogram) : 0);
    put_i64(out, histogram->max);
    put_u64(out, histogram->sum_low);
    put_u64(out, histogram->sum_high);
    put_u64(out, used);
    for (uint32_t bin = 0; bin < histogram->bin_count; bin++) {
        if (histogram->bins[bin] > 0) {
            put_bytes(out, bin, 4);
            put_u64(out, histogram->bins[bin]);
        }
    }
}

static void put_histograms(struct strbuf *out, const struct statistics *statistics)
{
    put_u64(out, statistics->histogram_count);
    for (size_t i = 0; i < statistics->histogram_count; i++) {
        const struct statistic_histogram *row = &statistics->histograms[i];
        put_text(out, row->metric->name);
        put_i64(out, row->region);
        put_text(out, row->label);
        put_text(out, row->window);
        put_histogram(out, row->histogram);
    }
}

/* The exact counts of a series, if any. */
static void put_counts(struct strbuf *out, const uint64_t *counts, size_t count)
{
    put_bytes(out, counts != NULL, 1);
    for (size_t i = 0; counts && i < count; i++)
        put_u64(out, counts[i]);
}

static void put_series(struct strbuf *out, const struct statistics *statistics)
{
    put_u64(out, statistics->series_count);
    for (size_t i = 0; i < statistics->series_count; i++) {
        const struct statistic_series *row = &statistics->series[i];
        put_text(out, row->metric->name);
        put_text(out, row->stat);
        put_i64(out, row->region);
        put_text(out, row->label);
        for (size_t bin = 0; bin < statistics->bin_count; bin++)
            put_double(out, row->values[bin]);
        put_counts(out, row->over, statistics->bin_count);
        put_counts(out, row->under, statistics->bin_count);
    }
}

static void put_log(struct strbuf *out, const struct run_log *log)
{
    put_u64(out, log->dropped_count);
    put_u64(out, log->event_count);
    for (size_t i = 0; i < log->event_count; i++) {
        const struct run_event *event = &log->events[i];
        put_i64(out, event->time);
        put_text(out, event->what);
        put_text(out, event->subject);
        put_text(out, event->text);
        put_text(out, event->cause_text);
        put_u64(out, event->cause);
        put_u64(out, event->waited_for);
    }
}

static void put_incidents(struct strbuf *out, const struct incident_list *list)
{
    put_u64(out, list->dropped_count);
    put_u64(out, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct incident *it = &list->incidents[i];
        put_text(out, it->kind);
        put_text(out, it->subject);
        put_u64(out, it->cause);
        put_i64(out, it->onset);
        for (int stage = 0; stage < INCIDENT_STAGES; stage++)
            put_i64(out, it->ended[stage]);
        put_i64(out, it->rpo);
        put_u64(out, it->writes_lost);
        put_u64(out, it->sessions_lost);
    }
}

void run_bytes_add(struct strbuf *out, const struct run_result *result)
{
    struct strbuf body = STRBUF_INIT;

    put_u64(&body, result->replication);
    put_u64(&body, result->seed);
    put_u64(&body, result->digest);
    put_u64(&body, result->event_count);
    put_i64(&body, result->simulated);
    put_i64(&body, result->wall_ns);
    put_i64(&body, result->warmup);
    put_statistics(&body, result->statistics);
    put_histograms(&body, result->statistics);
    put_series(&body, result->statistics);
    put_log(&body, result->log);
    put_incidents(&body, result->incidents);
    strbuf_add_bytes(out, MAGIC, 4);
    put_bytes(out, RUN_BYTES_VERSION, 4);
    put_u64(out, body.length);
    strbuf_add_bytes(out, body.text, body.length);
    put_u64(out, hash_bytes(HASH_START, body.text, body.length));
    strbuf_release(&body);
}

/* --- reading -------------------------------------------------------------------------------- */

struct cursor {
    char *at;
    size_t left;
    const struct scenario *scenario;
    const char *why; /* NULL: no error */
};

static void fail(struct cursor *cursor, const char *why)
{
    if (!cursor->why)
        cursor->why = why;
    cursor->left = 0;
}

static uint64_t get_bytes(struct cursor *cursor, int size)
{
    uint64_t value = 0;

    if (cursor->left < (size_t)size) {
        fail(cursor, "it is truncated");
        return 0;
    }
    for (int i = 0; i < size; i++)
        value |= (uint64_t)(unsigned char)cursor->at[i] << (8 * i);
    cursor->at += size;
    cursor->left -= (size_t)size;
    return value;
}

static uint64_t get_u64(struct cursor *cursor)
{
    return get_bytes(cursor, 8);
}

static int64_t get_i64(struct cursor *cursor)
{
    return (int64_t)get_bytes(cursor, 8);
}

static double get_double(struct cursor *cursor)
{
    uint64_t bits = get_bytes(cursor, 8);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A count of items of at least `size` bytes each; bounded by the bytes left. */
static size_t get_count(struct cursor *cursor, size_t size)
{
    uint64_t count = get_u64(cursor);

    if (count > cursor->left / size) {
        fail(cursor, "it has an invalid count");
        return 0;
    }
    return (size_t)count;
}

static const char *get_text(struct cursor *cursor)
{
    uint64_t length = get_bytes(cursor, 4);

    if (length == UINT32_MAX || cursor->why)
        return NULL;
    if (length >= cursor->left || cursor->at[length] != '\0') {
        fail(cursor, "it is truncated");
        return NULL;
    }
    const char *text = cursor->at;
    cursor->at += length + 1;
    cursor->left -= length + 1;
    return text;
}

static const struct metric *get_metric(struct cursor *cursor)
{
    const char *name = get_text(cursor);
    const struct metric *metric = name ? registry_metric(cursor->scenario->registry, name) : NULL;

    if (!metric)
        fail(cursor, "it names an unknown metric");
    return metric;
}

static int get_region(struct cursor *cursor)
{
    int64_t region = get_i64(cursor);

    if (region < -1 || region >= (int64_t)cursor->scenario->topology.region_count) {
        fail(cursor, "it names an unknown region");
        return -1;
    }
    return (int)region;
}

static enum statistic_state get_state(struct cursor *cursor)
{
    uint64_t state = get_bytes(cursor, 1);

    if (state > STATISTIC_NONE) {
        fail(cursor, "it has a value of an unknown state");
        return STATISTIC_NONE;
    }
    return (enum statistic_state)state;
}

static void get_statistics(struct cursor *cursor, struct run_copy *copy)
{
    struct statistics *statistics = &copy->statistics;

    statistics->bin = get_i64(cursor);
    statistics->bin_count = (size_t)get_u64(cursor);
    size_t count = get_count(cursor, 57);
    copy->statistic_rows = mem_zalloc(count, sizeof *copy->statistic_rows);
    for (size_t i = 0; i < count && !cursor->why; i++) {
        struct statistic *statistic = &copy->statistic_rows[i];
        statistic->metric = get_metric(cursor);
        statistic->stat = get_text(cursor);
        statistic->region = get_region(cursor);
        statistic->label = get_text(cursor);
        statistic->window = get_text(cursor);
        statistic->state = get_state(cursor);
        statistic->value = get_double(cursor);
        statistic->over = get_u64(cursor);
        statistic->under = get_u64(cursor);
        statistic->censored_at = get_i64(cursor);
        statistic->reason = get_text(cursor);
    }
    statistics->statistics = copy->statistic_rows;
    statistics->statistic_count = count;
}

/* Are the extremes in the first and the last bin with values, and do the bins add up? */
static bool histogram_is_whole(const struct histogram *histogram, int64_t min, int64_t max)
{
    uint64_t count = 0;
    uint32_t first = histogram->bin_count, last = 0;

    for (uint32_t bin = 0; bin < histogram->bin_count; bin++) {
        if (histogram->bins[bin] == 0)
            continue;
        first = bin < first ? bin : first;
        last = bin;
        count += histogram->bins[bin];
    }
    return count == histogram->count &&
           (count == 0 || (histogram_bin_of(min) == first && histogram_bin_of(max) == last));
}

static void get_histogram(struct cursor *cursor, struct histogram *histogram)
{
    uint64_t bin_count = get_u64(cursor);

    histogram->count = get_u64(cursor);
    int64_t min = get_i64(cursor);
    int64_t max = get_i64(cursor);
    if (!histogram_restore_extremes(histogram, min, max)) {
        fail(cursor, "it has a histogram with invalid extremes");
        return;
    }
    histogram->sum_low = get_u64(cursor);
    histogram->sum_high = get_u64(cursor);
    size_t used = get_count(cursor, 12);
    if (bin_count > HISTOGRAM_BIN_LIMIT) {
        fail(cursor, "it has a histogram of too many bins");
        return;
    }
    histogram->bin_count = (uint32_t)bin_count;
    histogram->bins = mem_zalloc(bin_count, sizeof *histogram->bins);
    for (size_t i = 0; i < used && !cursor->why; i++) {
        uint64_t bin = get_bytes(cursor, 4), count = get_u64(cursor);
        if (bin >= bin_count)
            fail(cursor, "it has a histogram of too many bins");
        else
            histogram->bins[bin] = count;
    }
    if (!cursor->why && !histogram_is_whole(histogram, min, max))
        fail(cursor, "it has a histogram whose bins and extremes do not agree");
}

static void get_histograms(struct cursor *cursor, struct run_copy *copy)
{
    size_t count = get_count(cursor, 70);

    copy->histogram_rows = mem_zalloc(count, sizeof *copy->histogram_rows);
    copy->histograms = mem_zalloc(count, sizeof *copy->histograms);
    copy->statistics.histograms = copy->histogram_rows;
    copy->statistics.histogram_count = count;
    for (size_t i = 0; i < count && !cursor->why; i++) {
        struct statistic_histogram *row = &copy->histogram_rows[i];
        row->metric = get_metric(cursor);
        row->region = get_region(cursor);
        row->label = get_text(cursor);
        row->window = get_text(cursor);
        row->histogram = &copy->histograms[i];
        get_histogram(cursor, &copy->histograms[i]);
    }
}

/* NULL if there are none; otherwise `bin_count` of them, at `counts`. */
static const uint64_t *get_counts(struct cursor *cursor, uint64_t *counts, size_t bin_count)
{
    if (get_bytes(cursor, 1) == 0)
        return NULL;
    for (size_t bin = 0; bin < bin_count; bin++)
        counts[bin] = get_u64(cursor);
    return counts;
}

static void get_series(struct cursor *cursor, struct run_copy *copy)
{
    size_t bin_count = copy->statistics.bin_count;
    size_t count = get_count(cursor, 22);

    if (bin_count > 0 && count > cursor->left / 8 / bin_count) {
        fail(cursor, "it has an invalid count");
        return;
    }
    copy->series_rows = mem_zalloc(count, sizeof *copy->series_rows);
    copy->values = mem_alloc(count * bin_count, sizeof *copy->values);
    copy->counts = mem_alloc(2 * count * bin_count, sizeof *copy->counts);
    for (size_t i = 0; i < count && !cursor->why; i++) {
        struct statistic_series *row = &copy->series_rows[i];
        double *values = &copy->values[i * bin_count];
        row->metric = get_metric(cursor);
        row->stat = get_text(cursor);
        row->region = get_region(cursor);
        row->label = get_text(cursor);
        row->values = values;
        for (size_t bin = 0; bin < bin_count; bin++)
            values[bin] = get_double(cursor);
        row->over = get_counts(cursor, &copy->counts[2 * i * bin_count], bin_count);
        row->under = get_counts(cursor, &copy->counts[(2 * i + 1) * bin_count], bin_count);
    }
    copy->statistics.series = copy->series_rows;
    copy->statistics.series_count = count;
}

/* The log owns its texts, as run_log_release() requires. */
static char *get_own_text(struct cursor *cursor)
{
    const char *text = get_text(cursor);

    return mem_strdup(text ? text : "");
}

/* The number of one of the first `index` events, or 0. */
static uint32_t get_earlier_event(struct cursor *cursor, size_t index)
{
    uint64_t number = get_u64(cursor);

    if (number > index)
        fail(cursor, "a cause is not an earlier event");
    return (uint32_t)number;
}

static void get_log(struct cursor *cursor, struct run_log *log)
{
    log->dropped_count = get_u64(cursor);
    size_t count = get_count(cursor, 40);
    log->events = mem_zalloc(count, sizeof *log->events);
    log->event_count = log->event_capacity = count;
    for (size_t i = 0; i < count; i++) {
        struct run_event *event = &log->events[i];
        event->time = get_i64(cursor);
        event->what = get_text(cursor);
        event->subject = get_own_text(cursor);
        event->text = get_own_text(cursor);
        event->cause_text = get_own_text(cursor);
        event->number = (uint32_t)i + 1;
        event->cause = get_earlier_event(cursor, i);
        event->waited_for = get_earlier_event(cursor, i);
    }
}

static void get_incidents(struct cursor *cursor, struct incident_list *list, size_t event_count)
{
    list->dropped_count = get_u64(cursor);
    size_t count = get_count(cursor, 88);
    list->incidents = mem_zalloc(count, sizeof *list->incidents);
    list->count = list->capacity = count;
    for (size_t i = 0; i < count; i++) {
        struct incident *it = &list->incidents[i];
        it->kind = get_text(cursor);
        it->subject = get_text(cursor);
        it->cause = get_earlier_event(cursor, event_count);
        it->onset = get_i64(cursor);
        for (int stage = 0; stage < INCIDENT_STAGES; stage++)
            it->ended[stage] = get_i64(cursor);
        it->rpo = get_i64(cursor);
        it->writes_lost = get_u64(cursor);
        it->sessions_lost = get_u64(cursor);
    }
}

static void get_result(struct cursor *cursor, struct run_copy *copy)
{
    struct run_result *result = &copy->result;

    result->replication = (uint32_t)get_u64(cursor);
    result->seed = get_u64(cursor);
    result->digest = get_u64(cursor);
    result->event_count = get_u64(cursor);
    result->simulated = get_i64(cursor);
    result->wall_ns = get_i64(cursor);
    result->warmup = get_i64(cursor);
    get_statistics(cursor, copy);
    get_histograms(cursor, copy);
    get_series(cursor, copy);
    get_log(cursor, &copy->log);
    get_incidents(cursor, &copy->incidents, copy->log.event_count);
    if (cursor->left > 0)
        fail(cursor, "it is too long");
    result->statistics = &copy->statistics;
    result->log = &copy->log;
    result->incidents = &copy->incidents;
}

static const char *check_frame(const void *bytes, size_t size)
{
    char *text = (char *)(uintptr_t)bytes;
    struct cursor head = {.at = text + 4, .left = size - 4};

    if (size < HEAD_SIZE + TAIL_SIZE || memcmp(bytes, MAGIC, 4) != 0)
        return "it is not a run";
    if (get_bytes(&head, 4) != RUN_BYTES_VERSION)
        return "it is of another version";
    uint64_t length = get_u64(&head);
    if (length != size - HEAD_SIZE - TAIL_SIZE)
        return "it is truncated";
    struct cursor tail = {.at = text + HEAD_SIZE + length, .left = TAIL_SIZE};
    if (get_u64(&tail) != hash_bytes(HASH_START, (const char *)bytes + HEAD_SIZE, length))
        return "its checksum is wrong";
    return NULL;
}

struct run_copy *run_bytes_read(const void *bytes, size_t size, const struct scenario *scenario,
                                const char **why)
{
    *why = check_frame(bytes, size);
    if (*why)
        return NULL;
    struct run_copy *copy = mem_zalloc(1, sizeof *copy);
    size_t length = size - HEAD_SIZE - TAIL_SIZE;

    copy->bytes = mem_alloc(length, 1);
    memcpy(copy->bytes, (const char *)bytes + HEAD_SIZE, length);
    struct cursor cursor = {.at = copy->bytes, .left = length, .scenario = scenario};
    get_result(&cursor, copy);
    copy->result.scenario = scenario;
    *why = cursor.why;
    if (*why) {
        run_copy_free(copy);
        return NULL;
    }
    return copy;
}

void run_copy_free(struct run_copy *copy)
{
    if (!copy)
        return;
    for (size_t i = 0; copy->histograms && i < copy->statistics.histogram_count; i++)
        histogram_release(&copy->histograms[i]);
    free(copy->histograms);
    free(copy->histogram_rows);
    free(copy->statistic_rows);
    free(copy->series_rows);
    free(copy->values);
    free(copy->counts);
    run_log_release(&copy->log);
    incident_list_release(&copy->incidents);
    free(copy->bytes);
    free(copy);
}
