// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Percentiles as HdrHistogram's outputPercentileDistribution() writes them: the steps between the
 * percentiles are halved each time the distance to 100 % is (five steps for each halving).
 */
#include "export_internal.h"

#include "histogram.h"
#include "strbuf.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define NS_PER_VALUE 1e6 /* values in ms */
#define STEPS 5          /* for each halving of the distance to 1 */

/* Mean of the squared distance of the bins' middles from the mean. */
static double deviation(const struct histogram *histogram)
{
    double mean = histogram_mean(histogram), sum = 0;
    for (uint32_t bin = 0; bin < histogram->bin_count; bin++) {
        double middle = ((double)histogram_bin_low(bin) + (double)histogram_bin_high(bin)) / 2;
        sum += (double)histogram->bins[bin] * (middle - mean) * (middle - mean);
    }
    return sqrt(sum / (double)histogram->count);
}

static void write_line(FILE *out, const struct histogram *histogram, double q)
{
    uint64_t below = (uint64_t)ceil(q * (double)histogram->count);
    fprintf(out, "%12.3f %.12f %10" PRIu64, (double)histogram_quantile(histogram, q) / NS_PER_VALUE,
            q, below > 0 ? below : 1);
    if (q < 1)
        fprintf(out, " %14.2f\n", 1 / (1 - q));
    else
        fputc('\n', out);
}

static void write_percentiles(FILE *out, const struct histogram *histogram)
{
    double q = 0;
    fputs("       Value     Percentile TotalCount 1/(1-Percentile)\n\n", out);
    /* Past the last value all quantiles are the maximum. */
    while (q < 1 && (1 - q) * (double)histogram->count > 0.5) {
        write_line(out, histogram, q);
        double halvings = floor(log2(1 / (1 - q))) + 1;
        q += 1 / (STEPS * pow(2, halvings));
    }
    write_line(out, histogram, 1);
    fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
            histogram_mean(histogram) / NS_PER_VALUE, deviation(histogram) / NS_PER_VALUE);
    fprintf(out, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n",
            (double)histogram->max / NS_PER_VALUE, histogram->count);
    fprintf(out, "#[Buckets = %12" PRIu32 ", SubBuckets     = %12d]\n", histogram->bin_count,
            1 << HISTOGRAM_SUB_BITS);
}

int export_hgrm(struct results *results, const struct export_options *options, FILE *out,
                struct diag *diag)
{
    struct histogram pooled = {0};
    int status = results_histogram(results, options->study, options->point, options->metric,
                                   options->region, "", options->window, &pooled, diag);
    if (status == 0 && pooled.count == 0) {
        diag_error(diag, "'%s' has no distribution in region '%s', window '%s' of point %" PRId64,
                   options->metric, options->region, options->window, options->point);
        status = -1;
    }
    if (status == 0)
        write_percentiles(out, &pooled);
    histogram_release(&pooled);
    return status;
}
