// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_bytes.h"

#include "hash.h"
#include "histogram.h"
#include "mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 5 };
static const struct metric metrics[] = {
    {.name = "requests", .kind = METRIC_COUNT},
    {.name = "login_latency", .kind = METRIC_LATENCY},
};
static const struct model_ops ops = {METRIC_TABLE(metrics)};
static const struct model_ops *const models[] = {&ops};
static const struct registry registry = {models, 1};
static const char *const region_names[] = {"west", "east"};
static const struct scenario scenario = {.registry = &registry, .topology = {2, region_names}};

/* Values that a conversion to text or a cast could change. */
static const double odd[BINS] = {-0.0, 5e-324, 0.1, 1.7976931348623157e308, NAN};

static const uint64_t counts[BINS] = {0, 1, UINT64_MAX, 3, 4};

/* A run with one of everything. */
struct sample {
    struct statistic rows[4];
    struct statistic_histogram histogram_row;
    struct histogram histogram;
    struct statistic_series series;
    struct statistics statistics;
    struct run_log log;
    struct incident_list incidents;
    struct run_result result;
    struct strbuf bytes;
};

static int make_sample(void **state)
{
    struct sample *sample = mem_zalloc(1, sizeof *sample);
    const struct incident incident = {.kind = "link-fault",
                                      .subject = "us-west-2 -> us-west-1",
                                      .cause = 3,
                                      .onset = 1,
                                      .ended = {2, 3, 4, 5, 6, 7, SIM_NEVER},
                                      .rpo = -1,
                                      .writes_lost = UINT64_MAX,
                                      .sessions_lost = 7};

    sample->rows[0] = (struct statistic){
        &metrics[0], NULL, -1, NULL, "all", .value = 12, .over = UINT64_MAX, .under = 1};
    sample->rows[1] =
        (struct statistic){&metrics[1], "p99", 1, "", "fault", .value = odd[1], .under = 1};
    sample->rows[2] = (struct statistic){
        &metrics[1], "mean", 0, "slow", "all", STATISTIC_CENSORED, NAN, .censored_at = 77};
    sample->rows[3] = (struct statistic){&metrics[1], "mean",         0,   "slow",
                                         "all",       STATISTIC_NONE, NAN, .reason = "no failover"};
    histogram_add(&sample->histogram, 3);
    histogram_add(&sample->histogram, INT64_MAX);
    histogram_add_many(&sample->histogram, 1000000, UINT64_C(1) << 40);
    sample->histogram_row =
        (struct statistic_histogram){&metrics[1], 1, NULL, "all", &sample->histogram};
    sample->series = (struct statistic_series){&metrics[0], "p99", -1, "slow", odd, counts, NULL};
    sample->statistics = (struct statistics){
        sample->rows, 4, &sample->histogram_row, 1, &sample->series, 1, 10 * SIM_S, BINS};
    run_log_event(&sample->log, 17, "fault", "us-west-1", (struct cause){0}, NULL, "a sentence, %d",
                  3);
    run_log_event(&sample->log, 18, "alarm", "", (struct cause){1, 0}, "why", "b");
    run_log_event(&sample->log, 19, "dns", "", (struct cause){1, 2}, NULL, "c");
    incident_list_add(&sample->incidents, &incident);
    sample->log.dropped_count = 9;
    sample->incidents.dropped_count = 8;
    sample->result = (struct run_result){.point = 3,
                                         .replication = 41,
                                         .seed = UINT64_MAX,
                                         .digest = UINT64_C(0xfedcba9876543210),
                                         .event_count = 1234567890123,
                                         .simulated = 1800 * SIM_S,
                                         .wall_ns = 77,
                                         .warmup = 60 * SIM_S,
                                         .scenario = &scenario,
                                         .statistics = &sample->statistics,
                                         .log = &sample->log,
                                         .incidents = &sample->incidents};
    sample->bytes = (struct strbuf)STRBUF_INIT;
    run_bytes_add(&sample->bytes, &sample->result);
    *state = sample;
    return 0;
}

static int free_sample(void **state)
{
    struct sample *sample = *state;

    histogram_release(&sample->histogram);
    run_log_release(&sample->log);
    incident_list_release(&sample->incidents);
    strbuf_release(&sample->bytes);
    free(sample);
    return 0;
}

static void same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void what_is_read_is_what_was_written(void **state)
{
    const struct sample *sample = *state;
    const char *why;
    struct run_copy *copy =
        run_bytes_read(sample->bytes.text, sample->bytes.length, &scenario, &why);

    assert_non_null(copy);
    assert_null(why);
    const struct run_result *is = &copy->result, *was = &sample->result;
    assert_int_equal(is->replication, was->replication);
    assert_int_equal(is->seed, was->seed);
    assert_int_equal(is->digest, was->digest);
    assert_int_equal(is->event_count, was->event_count);
    assert_int_equal(is->simulated, was->simulated);
    assert_int_equal(is->wall_ns, was->wall_ns);
    assert_int_equal(is->warmup, was->warmup);
    assert_ptr_equal(is->scenario, &scenario);
    assert_int_equal(is->statistics->bin, was->statistics->bin);
    assert_int_equal(is->statistics->statistic_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct statistic *a = &is->statistics->statistics[i], *b = &sample->rows[i];
        assert_ptr_equal(a->metric, b->metric);
        same_text(a->stat, b->stat);
        assert_int_equal(a->region, b->region);
        same_text(a->label, b->label);
        same_text(a->window, b->window);
        assert_memory_equal(&a->value, &b->value, sizeof a->value);
        assert_int_equal(a->state, b->state);
        assert_int_equal(a->over, b->over);
        assert_int_equal(a->under, b->under);
        assert_int_equal(a->censored_at, b->censored_at);
        same_text(a->reason, b->reason);
    }
    const struct histogram *histogram = is->statistics->histograms[0].histogram;
    assert_int_equal(histogram->count, sample->histogram.count);
    assert_int_equal(histogram_min(histogram), 3);
    assert_int_equal(histogram->max, INT64_MAX);
    assert_int_equal(histogram->sum_low, sample->histogram.sum_low);
    assert_int_equal(histogram->sum_high, sample->histogram.sum_high);
    assert_int_equal(histogram->bin_count, sample->histogram.bin_count);
    assert_memory_equal(histogram->bins, sample->histogram.bins,
                        histogram->bin_count * sizeof *histogram->bins);
    assert_int_equal(is->statistics->bin_count, BINS);
    assert_memory_equal(is->statistics->series[0].values, odd, sizeof odd);
    same_text(is->statistics->series[0].label, "slow");
    assert_memory_equal(is->statistics->series[0].over, counts, sizeof counts);
    assert_null(is->statistics->series[0].under);
    assert_int_equal(is->log->dropped_count, 9);
    assert_int_equal(is->log->event_count, 3);
    assert_string_equal(is->log->events[0].text, "a sentence, 3");
    assert_string_equal(is->log->events[0].what, "fault");
    assert_int_equal(is->log->events[0].cause, 0);
    assert_int_equal(is->log->events[2].number, 3);
    assert_int_equal(is->log->events[2].cause, 1);
    assert_int_equal(is->log->events[2].waited_for, 2);
    assert_string_equal(is->log->events[1].cause_text, "why");
    assert_int_equal(is->incidents->dropped_count, 8);
    assert_int_equal(is->incidents->count, 1);
    assert_string_equal(is->incidents->incidents[0].subject, "us-west-2 -> us-west-1");
    assert_int_equal(is->incidents->incidents[0].cause, 3);
    assert_int_equal(is->incidents->incidents[0].ended[INCIDENT_RECONNECT], SIM_NEVER);
    assert_int_equal(is->incidents->incidents[0].rpo, -1);
    assert_int_equal(is->incidents->incidents[0].writes_lost, UINT64_MAX);
    /* Serialising the copy gives the same bytes. */
    struct strbuf again = STRBUF_INIT;
    run_bytes_add(&again, is);
    assert_int_equal(again.length, sample->bytes.length);
    assert_memory_equal(again.text, sample->bytes.text, again.length);
    strbuf_release(&again);
    run_copy_free(copy);
}

/* Truncated at every byte, in memory of that size, so the sanitizer finds a read past the end. */
static void what_is_cut_short_is_refused(void **state)
{
    const struct sample *sample = *state;
    const char *why;

    for (size_t size = 0; size < sample->bytes.length; size++) {
        char *part = mem_alloc(size + 1, 1);
        memcpy(part, sample->bytes.text, size);
        assert_null(run_bytes_read(part, size, &scenario, &why));
        assert_non_null(why);
        free(part);
    }
}

static void what_was_changed_is_refused(void **state)
{
    const struct sample *sample = *state;
    char *bytes = mem_alloc(sample->bytes.length, 1);
    const char *why;

    memcpy(bytes, sample->bytes.text, sample->bytes.length);
    for (size_t i = 0; i < sample->bytes.length; i++) {
        bytes[i] = (char)(bytes[i] ^ 0x10);
        assert_null(run_bytes_read(bytes, sample->bytes.length, &scenario, &why));
        bytes[i] = (char)(bytes[i] ^ 0x10);
    }
    bytes[4]++;
    assert_null(run_bytes_read(bytes, sample->bytes.length, &scenario, &why));
    assert_string_equal(why, "it is of another version");
    free(bytes);
}

/* A corrupt body with a valid checksum: each byte changed, the checksum recomputed. The result may
 * be a run, but never a crash. */
static void a_wrong_body_with_a_right_sum_breaks_nothing(void **state)
{
    const struct sample *sample = *state;
    size_t size = sample->bytes.length;
    unsigned char *bytes = mem_alloc(size, 1);
    size_t refused = 0, extremes = 0;
    const char *why;

    for (size_t i = 16; i < size - 8; i++) {
        memcpy(bytes, sample->bytes.text, size);
        bytes[i] = 0xff;
        uint64_t hash = hash_bytes(HASH_START, bytes + 16, size - 24);
        for (size_t j = 0; j < 8; j++)
            bytes[size - 8 + j] = (unsigned char)(hash >> (8 * j));
        struct run_copy *copy = run_bytes_read(bytes, size, &scenario, &why);
        refused += copy == NULL;
        extremes += copy == NULL && strcmp(why, "it has a histogram with invalid extremes") == 0;
        if (copy) { /* an accepted copy can be used */
            const struct histogram *histogram = copy->result.statistics->histograms[0].histogram;

            assert_true(histogram_quantile(histogram, 0) <= histogram_quantile(histogram, 1));
        }
        run_copy_free(copy);
    }
    /* All lengths, counts and names of metrics at the least. */
    assert_true(refused > 100);
    assert_true(extremes >= 2); /* the top bytes of each are their signs */
    free(bytes);
}

static void a_metric_that_is_unknown_is_refused(void **state)
{
    const struct sample *sample = *state;
    static const struct metric other = {.name = "logins"};
    struct statistic row = {&other, NULL, -1, NULL, "all", .value = 1};
    struct statistics statistics = {.statistics = &row, .statistic_count = 1};
    struct run_result result = sample->result;
    struct strbuf bytes = STRBUF_INIT;
    const char *why;

    result.statistics = &statistics;
    run_bytes_add(&bytes, &result);
    assert_null(run_bytes_read(bytes.text, bytes.length, &scenario, &why));
    assert_string_equal(why, "it names an unknown metric");
    strbuf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(what_is_cut_short_is_refused),
        cmocka_unit_test(what_was_changed_is_refused),
        cmocka_unit_test(a_wrong_body_with_a_right_sum_breaks_nothing),
        cmocka_unit_test(a_metric_that_is_unknown_is_refused),
    };

    return cmocka_run_group_tests(tests, make_sample, free_sample);
}
