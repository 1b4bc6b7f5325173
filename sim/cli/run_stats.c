// SPDX-License-Identifier: GPL-3.0-or-later
#include "run_stats.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

static double requests_of(const struct statistics *statistics)
{
    for (size_t i = 0; i < statistics->statistic_count; i++) {
        const struct statistic *statistic = &statistics->statistics[i];
        if (statistic->region < 0 && !statistic->label && strcmp(statistic->window, "all") == 0 &&
            strcmp(statistic->metric->name, "requests") == 0)
            return statistic->value;
    }
    return 0;
}

void run_stats_add(struct run_stats *stats, const struct run_result *result)
{
    stats->run_count++;
    stats->event_count += result->event_count;
    stats->request_count += requests_of(result->statistics);
}

static double timeval_s(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

void run_stats_print(const struct run_stats *stats, double elapsed_s, FILE *out)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = timeval_s(usage.ru_utime) + timeval_s(usage.ru_stime);
    fprintf(out, "runs %" PRIu64 "\n", stats->run_count);
    fprintf(out, "elapsed_s %.3f\n", elapsed_s);
    fprintf(out, "cpu_s %.3f\n", cpu_s);
    fprintf(out, "events %" PRIu64 "\n", stats->event_count);
    fprintf(out, "requests_after_warmup %.0f\n", stats->request_count);
    if (cpu_s > 0) {
        fprintf(out, "events_per_s_per_core %.0f\n", (double)stats->event_count / cpu_s);
        fprintf(out, "requests_per_s_per_core %.0f\n", stats->request_count / cpu_s);
    }
    if (stats->request_count > 0)
        fprintf(out, "cpu_ns_per_request %.1f\n", cpu_s * 1e9 / stats->request_count);
    fprintf(out, "peak_memory_mib %.1f\n", (double)usage.ru_maxrss / 1024.0);
}
