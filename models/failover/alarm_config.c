// SPDX-License-Identifier: GPL-3.0-or-later
#include "alarm_config.h"

#include "metric_tap.h"
#include "strbuf.h"

#include <math.h>
#include <string.h>

/* In the order of the enums; the statistics in that of `statistics`. */
const char *const alarm_statistic_names[] = {
    "published", "average", "minimum", "maximum", "sum", "p50", "p90", "p95", "p99", "p99.9", NULL};
const char *const alarm_comparison_names[] = {"at-least", "at-most", NULL};
const char *const alarm_low_samples_names[] = {"evaluate", "ignore", NULL};
const char *const alarm_evaluation_names[] = {"publication", "clock", NULL};
const char *const alarm_missing_data_names[] = {"missing", "ignore", "breaching", "not-breaching",
                                                NULL};

static const struct alarm_statistic {
    enum tap_statistic statistic;
    double quantile;
} statistics[] = {
    {TAP_AVERAGE, 0},     {TAP_AVERAGE, 0},      {TAP_MINIMUM, 0},    {TAP_MAXIMUM, 0},
    {TAP_SUM, 0},         {TAP_QUANTILE, 0.5},   {TAP_QUANTILE, 0.9}, {TAP_QUANTILE, 0.95},
    {TAP_QUANTILE, 0.99}, {TAP_QUANTILE, 0.999},
};

/* Of a metric that no service publishes. */
#define OWN_PERIOD SIM_S

/* "reauths{cause=evicted}": the name and the label's value. */
static bool split_name(const char *text, struct alarm_metric *metric, char key[64])
{
    size_t name = strcspn(text, "{"), length = strlen(text);
    const char *equals = strchr(text + name, '=');
    size_t value;

    key[0] = metric->label[0] = '\0';
    if (name >= sizeof metric->name)
        return false;
    memcpy(metric->name, text, name);
    metric->name[name] = '\0';
    if (text[name] == '\0')
        return true;
    if (!equals || text[length - 1] != '}' || (size_t)(equals - text) - name - 1 >= 64)
        return false;
    memcpy(key, text + name + 1, (size_t)(equals - text) - name - 1);
    key[(size_t)(equals - text) - name - 1] = '\0';
    value = length - 1 - (size_t)(equals + 1 - text);
    if (value == 0 || value >= sizeof metric->label)
        return false;
    memcpy(metric->label, equals + 1, value);
    metric->label[value] = '\0';
    return true;
}

static bool read_published(struct alarm_metric *metric, const struct service_metric *published)
{
    snprintf(metric->name, sizeof metric->name, "%s", published->metric);
    snprintf(metric->label, sizeof metric->label, "%s", published->label ? published->label : "");
    metric->statistic = published->statistic;
    metric->quantile = published->quantile;
    metric->scale = published->scale;
    metric->period_ns = published->period_ns;
    metric->absent_at_zero = published->absent_at_zero;
    metric->at_source = published->at_source;
    return true;
}

/* Why `config->metric` is none of this scenario, as a text that follows it. */
static void add_unknown(struct strbuf *why, const struct alarm_config *config,
                        const struct alarm_metric *metric, const struct service_metric *published,
                        const struct supplied_rows *rows)
{
    const char *nearest = published ? NULL : service_metric_nearest(rows, config->metric);

    if (published) {
        strbuf_addf(why, "is not recorded by this scenario: it shows '%s', which no model here has",
                    metric->name);
        return;
    }
    strbuf_add(why, "names no metric of this scenario that is counted or measured; 'isthmus "
                    "describe' lists them, and 'isthmus describe --service-metrics' those that "
                    "services publish");
    if (nearest)
        strbuf_addf(why, "; did you mean '%s'?", nearest);
}

static const char *wrong(struct strbuf *why, const char *field, const char *text)
{
    if (why)
        strbuf_add(why, text);
    return field;
}

const char *alarm_metric_read(struct alarm_metric *metric, const struct alarm_config *config,
                              const struct alarm_metric_source *source, struct strbuf *why)
{
    const struct service_metric *published = service_metric_find(source->rows, config->metric);
    const struct alarm_statistic *statistic = &statistics[config->statistic];
    const struct metric *own;
    char key[64] = "";

    *metric = (struct alarm_metric){.scale = 1, .period_ns = OWN_PERIOD};
    if (published && !published->metric) {
        if (why)
            strbuf_addf(why, "is published by a service and has no counterpart here: %s",
                        published->meaning);
        return "metric";
    }
    if (!(published ? read_published(metric, published) : split_name(config->metric, metric, key)))
        return wrong(why, "metric",
                     "needs a metric such as write_failures, or with a label such "
                     "as reauths{cause=evicted}");
    own = source->find(source->self, metric->name);
    if (!own || own->kind == METRIC_VALUE) {
        if (why)
            add_unknown(why, config, metric, published, source->rows);
        return "metric";
    }
    if (metric->label[0] != '\0' &&
        ((!published && (!own->label || strcmp(own->label, key) != 0)) ||
         metric_label_index(source->rows, own, metric->label) < 0))
        return wrong(why, "metric", "names a label that the metric does not have");
    if (!published)
        metric->statistic = own->kind == METRIC_COUNT ? TAP_SUM : TAP_AVERAGE;
    if (config->statistic > 0) {
        metric->statistic = statistic->statistic;
        metric->quantile = statistic->quantile;
    }
    metric->unit = own->unit;
    if (!metric_tap_offers(own->kind, metric->statistic))
        return wrong(why, "statistic", "is none that this metric has");
    return NULL;
}

double alarm_threshold(const struct alarm_config *config, const struct alarm_metric *metric)
{
    if (metric->unit == UNIT_SHARE)
        return config->share;
    return metric->unit == UNIT_NS ? (double)config->time_ns : config->value / metric->scale;
}

uint64_t alarm_low_samples(const struct alarm_config *config, const struct alarm_metric *metric)
{
    double tail = metric->quantile < 0.5 ? metric->quantile : 1 - metric->quantile;

    if (config->low_samples != LOW_SAMPLES_IGNORE || metric->statistic != TAP_QUANTILE)
        return 0;
    return (uint64_t)llround(10 / tail);
}

static const struct metric *find_in_scenario(const void *self, const char *name)
{
    const struct check_context *context = self;

    for (size_t i = 0; i < context->metric_count; i++)
        if (strcmp(context->metrics[i]->name, name) == 0)
            return context->metrics[i];
    return NULL;
}

static void report(const char *of, const char *field, const char *text,
                   struct validation *validation)
{
    struct strbuf name = STRBUF_INIT;

    strbuf_addf(&name, "%s%s", of, field);
    validation_error(validation, name.text, "%s", text);
    strbuf_release(&name);
}

void alarm_config_check(const struct alarm_config *config, const char *of,
                        const struct check_context *context, struct validation *validation)
{
    const struct alarm_metric_source source = {context, find_in_scenario, context->rows};
    struct alarm_metric metric;
    struct strbuf why = STRBUF_INIT;
    const char *field = alarm_metric_read(&metric, config, &source, &why);

    if (field) {
        report(of, field, why.text, validation);
    } else if (config->period_ns % metric.period_ns != 0) {
        strbuf_addf(&why, "must be a multiple of %lld s, the period of '%s'",
                    (long long)(metric.period_ns / SIM_S), config->metric);
        report(of, "period", why.text, validation);
    }
    if (config->datapoints > config->periods) {
        strbuf_clear(&why);
        strbuf_addf(&why, "is %u, more than the %u of '%speriods'", config->datapoints,
                    config->periods, of);
        report(of, "datapoints", why.text, validation);
    }
    strbuf_release(&why);
}
