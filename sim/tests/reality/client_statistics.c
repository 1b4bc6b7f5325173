// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Counters and latencies of the client, printed as one line for each statistic:
 *
 *   NAME <tab> VALUE <tab> LOW <tab> HIGH <tab> N
 *
 * Names are those of the simulator's metrics, with `{window=fault}` for a part of the run and a
 * suffix such as `.p99` for latencies (in ns). LOW and HIGH are a 99 % interval: order statistics
 * for quantiles, Wilson's for shares. A count has no interval; the simulation gives its variance.
 */
#include "client.h"
#include "interval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.99
#define LEVEL_Z 2.5758

struct samples {
    int64_t *values_ns;
    size_t count, capacity;
};

struct statistics {
    uint64_t counts[COUNTERS][WINDOWS];
    struct samples samples[SAMPLE_KINDS][WINDOWS];
    /* Writes by the step in which they began, for the RTO. */
    uint32_t *begun, *good;
    size_t steps;
};

static const char *const window_names[WINDOWS] = {"", "{window=before}", "{window=fault}",
                                                  "{window=after}"};
static const char *const counter_names[COUNTERS] = {
    "writes",         "write_failures", "write_attempts",     "ended_write_attempts",
    "write_timeouts", "reads",          "read_failures",      "read_attempts",
    "read_timeouts",  "read_misses",    "connections_opened", "connections_broken",
};
static const char *const sample_names[SAMPLE_KINDS] = {
    "write_latency", "write_attempt_latency", "read_latency", "replication_lag", "connect_latency",
};
static const struct {
    const char *name;
    enum counter part, whole;
} shares[] = {
    {"write_timeout_rate", COUNT_WRITE_TIMEOUTS, COUNT_WRITE_ATTEMPTS},
    {"write_failure_rate", COUNT_WRITE_FAILURES, COUNT_WRITES},
    {"read_timeout_rate", COUNT_READ_TIMEOUTS, COUNT_READ_ATTEMPTS},
    {"read_failure_rate", COUNT_READ_FAILURES, COUNT_READS},
    {"read_miss_rate", COUNT_READ_MISSES, COUNT_READS},
};
static const struct {
    const char *name;
    double quantile;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}};

struct statistics *statistics_create(const struct client *client)
{
    struct statistics *statistics = allocate(1, sizeof(*statistics));

    statistics->steps = (size_t)(client->settings.duration_ns / client->settings.resolution_ns) + 1;
    statistics->begun = allocate(statistics->steps, sizeof(uint32_t));
    statistics->good = allocate(statistics->steps, sizeof(uint32_t));
    return statistics;
}

/* The windows that an instant of the run lies in, as bits. */
static unsigned windows_at(const struct client *client, int64_t t_ns)
{
    const struct client_settings *settings = &client->settings;

    if (t_ns < settings->warmup_ns || t_ns > settings->duration_ns)
        return 0;
    if (settings->fault_to_ns == 0)
        return 1U << WINDOW_ALL;
    if (t_ns < settings->fault_from_ns)
        return 1U << WINDOW_ALL | 1U << WINDOW_BEFORE;
    if (t_ns < settings->fault_to_ns)
        return 1U << WINDOW_ALL | 1U << WINDOW_FAULT;
    return 1U << WINDOW_ALL | 1U << WINDOW_AFTER;
}

void statistics_count(struct client *client, enum counter counter, uint64_t count)
{
    unsigned windows = windows_at(client, client_now_ns(client));

    for (int w = 0; w < WINDOWS; w++)
        client->statistics->counts[counter][w] += windows >> w & 1U ? count : 0;
}

static void samples_add(struct samples *samples, int64_t value_ns)
{
    if (samples->count == samples->capacity) {
        samples->capacity = 2 * samples->capacity + 1024;
        samples->values_ns = realloc(samples->values_ns, samples->capacity * sizeof(int64_t));
        if (samples->values_ns == NULL)
            die("no memory for samples");
    }
    samples->values_ns[samples->count++] = value_ns;
}

void statistics_sample(struct client *client, enum sample_kind kind, int64_t value_ns)
{
    unsigned windows = windows_at(client, client_now_ns(client));

    for (int w = 0; w < WINDOWS; w++)
        if (windows >> w & 1U)
            samples_add(&client->statistics->samples[kind][w], value_ns);
}

void statistics_write_ended(struct client *client, int64_t begun_ns, bool good)
{
    struct statistics *statistics = client->statistics;
    size_t step = (size_t)(begun_ns / client->settings.resolution_ns);

    if (begun_ns < 0 || step >= statistics->steps)
        return;
    statistics->begun[step]++;
    statistics->good[step] += good;
}

static void print_value(const char *name, const char *window, const char *statistic, double value,
                        double low, double high, uint64_t n)
{
    printf("%s%s%s\t%.10g\t%.10g\t%.10g\t%llu\n", name, window, statistic, value, low, high,
           (unsigned long long)n);
}

static int compare_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double sample_at(const struct samples *samples, double rank)
{
    double last = (double)samples->count - 1;

    return (double)samples->values_ns[(size_t)fmin(fmax(rank, 0), last)];
}

static void print_samples(const char *name, const char *window, struct samples *samples)
{
    double n = (double)samples->count, sum = 0, squares = 0, mean, error;
    char statistic[16];

    if (samples->count == 0)
        return;
    qsort(samples->values_ns, samples->count, sizeof(int64_t), compare_int64);
    for (size_t i = 0; i < samples->count; i++)
        sum += (double)samples->values_ns[i];
    mean = sum / n;
    for (size_t i = 0; i < samples->count; i++)
        squares += pow((double)samples->values_ns[i] - mean, 2);
    error = n > 1 ? LEVEL_Z * sqrt(squares / (n - 1) / n) : 0;
    print_value(name, window, ".mean", mean, mean - error, mean + error, samples->count);
    for (size_t q = 0; q < sizeof(quantiles) / sizeof(quantiles[0]); q++) {
        double rank = ceil(n * quantiles[q].quantile) - 1;
        double reach = LEVEL_Z * sqrt(n * quantiles[q].quantile * (1 - quantiles[q].quantile));

        snprintf(statistic, sizeof(statistic), ".%s", quantiles[q].name);
        print_value(name, window, statistic, sample_at(samples, rank),
                    sample_at(samples, floor(rank - reach)), sample_at(samples, ceil(rank + reach)),
                    samples->count);
    }
    print_value(name, window, ".max", sample_at(samples, n), sample_at(samples, n),
                sample_at(samples, n), samples->count);
}

/*
 * The first step from the fault's onset on from which `hold` passes with the share of good writes
 * at the target, as the model `objective` defines it; nothing is printed where there is none.
 */
static void print_rto(const struct client *client)
{
    const struct client_settings *settings = &client->settings;
    const struct statistics *statistics = client->statistics;
    size_t hold = (size_t)(settings->hold_ns / settings->resolution_ns);
    size_t first = (size_t)(settings->fault_from_ns / settings->resolution_ns);
    double rto_ns;

    if (settings->fault_to_ns == 0 || settings->rate_per_s <= 0)
        return;
    for (size_t step = first; step + hold < statistics->steps; step++) {
        uint64_t begun = 0, good = 0;

        for (size_t i = step; i < step + hold; i++) {
            begun += statistics->begun[i];
            good += statistics->good[i];
        }
        if (begun == 0 || (double)good < settings->target * (double)begun)
            continue;
        rto_ns = step == first
                     ? 0
                     : (double)((int64_t)step * settings->resolution_ns - settings->fault_from_ns);
        print_value("rto", "", "", rto_ns, rto_ns, rto_ns, 1);
        print_value("incidents_unrestored", "", "", 0, 0, 0, 1);
        return;
    }
    print_value("incidents_unrestored", "", "", 1, 1, 1, 1);
}

void statistics_print(const struct client *client)
{
    struct statistics *statistics = client->statistics;

    for (int w = 0; w < WINDOWS; w++) {
        if (w != WINDOW_ALL && client->settings.fault_to_ns == 0)
            continue;
        for (int c = 0; c < COUNTERS; c++) {
            double value = (double)statistics->counts[c][w];

            print_value(counter_names[c], window_names[w], "", value, value, value, 1);
        }
        for (size_t s = 0; s < sizeof(shares) / sizeof(shares[0]); s++) {
            uint64_t part = statistics->counts[shares[s].part][w];
            uint64_t whole = statistics->counts[shares[s].whole][w];
            struct interval interval = interval_wilson(part, whole, LEVEL);

            if (whole > 0)
                print_value(shares[s].name, window_names[w], "", (double)part / (double)whole,
                            interval.low, interval.high, whole);
        }
        if (statistics->counts[COUNT_WRITES][w] > 0) {
            double ratio = (double)statistics->counts[COUNT_ENDED_WRITE_ATTEMPTS][w] /
                           (double)statistics->counts[COUNT_WRITES][w];

            print_value("write_amplification", window_names[w], "", ratio, ratio, ratio,
                        statistics->counts[COUNT_WRITES][w]);
        }
        for (int k = 0; k < SAMPLE_KINDS; k++)
            print_samples(sample_names[k], window_names[w], &statistics->samples[k][w]);
    }
    print_rto(client);
}
