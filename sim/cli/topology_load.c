// SPDX-License-Identifier: GPL-3.0-or-later
#include "topology_load.h"

#include "mem.h"
#include "region_rtt.h"
#include "scenario_values.h"
#include "strbuf.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct finder {
    int64_t point;
    char *text;
};

static void keep_point(void *self, const struct point_row *row)
{
    struct finder *finder = self;

    if (row->number == finder->point)
        finder->text = mem_strdup(row->text);
}

static const char *link_value(const struct scenario *scenario, size_t from, size_t to,
                              const char *name)
{
    struct strbuf path = STRBUF_INIT;

    strbuf_addf(&path, "network.\"%s -> %s\".%s", scenario->topology.region_names[from],
                scenario->topology.region_names[to], name);
    const char *value = scenario_value(scenario, path.text);
    strbuf_release(&path);
    return value ? value : "";
}

/* The first duration in a distribution's text is its median, mean or constant. */
static double first_duration_ms(const char *text)
{
    double ms = NAN;
    const char *digits = text + strcspn(text, "0123456789");
    char *word = mem_strndup(digits, strcspn(digits, ",} "));
    struct strbuf why = STRBUF_INIT;
    int64_t value_ns;

    if (units_parse_duration(word, &value_ns, &why))
        ms = (double)value_ns / 1e6;
    strbuf_release(&why);
    free(word);
    return ms;
}

static double known_rtt_ms(const char *from, const char *to)
{
    double ms = region_rtt_ms(from, to);

    return ms > 0 ? ms : NAN;
}

/* As given, else from the table of regions, over the hub where there is one. */
static double rtt_ms(const struct scenario *scenario, size_t from, size_t to, const char *via)
{
    double given = first_duration_ms(link_value(scenario, from, to, "rtt"));
    const char *a = scenario->topology.region_names[from];
    const char *b = scenario->topology.region_names[to];

    if (given > 0)
        return given;
    if (*via == '\0' || strcmp(via, a) == 0 || strcmp(via, b) == 0)
        return known_rtt_ms(a, b);
    return known_rtt_ms(a, via) + known_rtt_ms(via, b);
}

static void add_links(struct loaded_topology *topology)
{
    const struct scenario *scenario = topology->scenario;
    size_t count = scenario->topology.region_count;

    topology->links = mem_zalloc(count * count, sizeof *topology->links);
    for (size_t i = 0; i < count * count; i++) {
        size_t from = i / count, to = i % count;
        const char *kind = link_value(scenario, from, to, "kind");
        const char *via = link_value(scenario, from, to, "via");
        if (topology_region(&scenario->topology, via) < 0 || strcmp(kind, "transit-gateway") != 0)
            via = "";
        if (from != to && *kind && strcmp(kind, "none") != 0)
            topology->links[topology->map.link_count++] =
                (struct topology_link){from, to, kind, via, rtt_ms(scenario, from, to, via)};
    }
    topology->map.links = topology->links;
}

bool topology_load(struct loaded_topology *topology, struct results *results, int64_t study,
                   int64_t point, const struct registry *registry)
{
    struct finder finder = {point, NULL};
    struct diag unwanted = {0}; /* the caller says that there is no topology */

    *topology = (struct loaded_topology){.scenario = NULL};
    if (results_each_point(results, study, keep_point, &finder, &unwanted) == 0 && finder.text)
        topology->scenario =
            scenario_load_stored(finder.text, strlen(finder.text), "stored", registry, &unwanted);
    free(finder.text);
    diag_release(&unwanted);
    if (!topology->scenario)
        return false;
    const char *primary = scenario_value(topology->scenario, "store.primary");
    topology->map = (struct topology_map){
        .regions = topology->scenario->topology.region_names,
        .region_count = topology->scenario->topology.region_count,
        .primary = primary ? primary : "",
    };
    add_links(topology);
    return true;
}

void topology_release(struct loaded_topology *topology)
{
    free(topology->links);
    if (topology->scenario)
        scenario_free(topology->scenario);
}
