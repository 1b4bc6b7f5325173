// SPDX-License-Identifier: GPL-3.0-or-later
#include "verdict.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.99

double joint_half_width(const struct estimate *simulated)
{
    double t, deviation;

    if (simulated->n < 2)
        return 0;
    t = gsl_cdf_tdist_Pinv(0.5 + LEVEL / 2, simulated->n - 1);
    deviation = (simulated->high - simulated->low) / 2 / t * sqrt(simulated->n);
    return t * deviation * sqrt(1 + 1 / simulated->n);
}

static bool tolerance_of(const char *text, double measured, double half_width, double *tolerance)
{
    char *end;
    double number;

    if (strcmp(text, "latency") == 0)
        *tolerance = fmax(1e6, 0.02 * measured);
    else if (strcmp(text, "p99") == 0)
        *tolerance = fmax(1e6, 0.05 * measured);
    else if (strcmp(text, "joint") == 0)
        *tolerance = half_width;
    else if (strcmp(text, "exact") == 0)
        *tolerance = 1e-9 * fabs(measured);
    else if (strncmp(text, "within ", 7) == 0)
        *tolerance = strtod(text + 7, NULL);
    else {
        number = strtod(text, &end);
        if (end == text || strcmp(end, "%") != 0)
            return false;
        *tolerance = number / 100 * fabs(measured);
    }
    return true;
}

const char *verdict_of(const struct estimate *measured, const struct estimate *simulated,
                       const char *tolerance_text)
{
    double half_width, tolerance, difference;

    if (!measured->known || !simulated->known)
        return measured->known ? "differs: not simulated" : "differs: not measured";
    half_width = joint_half_width(simulated);
    if (!tolerance_of(tolerance_text, measured->value, half_width, &tolerance))
        return NULL;
    difference = fabs(measured->value - simulated->value);
    if (difference <= tolerance)
        return "agrees";
    return strcmp(tolerance_text, "exact") != 0 && difference <= half_width ? "unsure" : "differs";
}
