// SPDX-License-Identifier: GPL-3.0-or-later
#include "outcomes.h"

#include "sampled.h"

#include <inttypes.h>
#include <math.h>

const char *outcome_name(enum outcome_kind kind)
{
    static const char *const names[] = {
        [OUTCOME_RESTORED] = "recovers",
        [OUTCOME_COUNTED] = "counted",
        [OUTCOME_NO_OUTAGE] = "none",
    };
    return names[kind];
}

static bool is_well(enum outcome_kind kind, double value)
{
    switch (kind) {
    case OUTCOME_RESTORED:
        return !isinf(value);
    case OUTCOME_COUNTED:
        return !(value > 0);
    case OUTCOME_NO_OUTAGE:
    case OUTCOME_KINDS:
        break;
    }
    return isnan(value);
}

static bool is_zero_or_one(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]) &&
            (values[i] < 0 || (values[i] > 0 && values[i] < 1) || values[i] > 1))
            return false;
    return true;
}

static bool applies(enum outcome_kind kind, const struct metric *metric, const double *base,
                    size_t base_count, const double *value, size_t value_count)
{
    switch (kind) {
    case OUTCOME_RESTORED:
        return true;
    case OUTCOME_COUNTED:
        return metric->kind == METRIC_VALUE && metric->unit == UNIT_COUNT &&
               metric->better == LOWER_IS_BETTER && is_zero_or_one(base, base_count) &&
               is_zero_or_one(value, value_count);
    case OUTCOME_NO_OUTAGE:
    case OUTCOME_KINDS:
        break;
    }
    return metric->best_none != NULL;
}

static size_t count_well(enum outcome_kind kind, const double *values, size_t count)
{
    size_t well = 0;

    for (size_t i = 0; i < count; i++)
        well += is_well(kind, values[i]);
    return well;
}

bool outcome_varies(enum outcome_kind kind, const struct metric *metric, const double *base,
                    size_t base_count, const double *value, size_t value_count)
{
    size_t well = count_well(kind, base, base_count) + count_well(kind, value, value_count);

    if (!applies(kind, metric, base, base_count, value, value_count))
        return false;
    /* Nothing recovers on either side: worth saying, though there is nothing to compare. */
    return well < base_count + value_count && (well > 0 || kind == OUTCOME_RESTORED);
}

void outcome_take(enum outcome_kind kind, const double *values, size_t count, double *well)
{
    for (size_t i = 0; i < count; i++)
        well[i] = is_well(kind, values[i]);
}

void outcome_add(struct strbuf *out, enum outcome_kind kind, const struct metric_ref *ref,
                 uint64_t well, uint64_t runs)
{
    bool is_quantile = quantile_over_runs(ref) > 0;

    switch (kind) {
    case OUTCOME_RESTORED:
        if (is_quantile)
            strbuf_addf(out, "within the base's %s", ref->stat);
        else
            strbuf_add(out, "recovers");
        break;
    case OUTCOME_COUNTED:
        strbuf_addf(out, "in %" PRIu64 " of %" PRIu64, runs - well, runs);
        return;
    case OUTCOME_NO_OUTAGE:
    case OUTCOME_KINDS:
        strbuf_add(out, ref->metric->best_none);
        break;
    }
    strbuf_addf(out, " in %" PRIu64 " of %" PRIu64, well, runs);
}
