// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Map of the regions on a circle and the links between them, with the faults that hit them; with
 * more than three regions, the round-trip times as a matrix beside it.
 *
 * A link through a hub is drawn as its two hops.
 */
#include "plot_lanes.h"
#include "topology_map.h"

#include "mem.h"
#include "quote.h"
#include "text_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_RIGHT = 760, NAMES = 120, LABELLED_MAX = 3 };
static const double two_pi = 6.283185307179586;
static const char fault_colour[] = "#D55E00";

struct map {
    struct plot_job *job;
    const struct topology_map *topology;
    struct plot_lanes lanes;
    double centre_x, centre_y, radius; /* pixels, from the left and the bottom of the panel */
    int body;                          /* its height */
};

static size_t region_of(const struct topology_map *topology, const char *name)
{
    for (size_t i = 0; i < topology->region_count; i++)
        if (strcmp(topology->regions[i], name) == 0)
            return i;
    return SIZE_MAX;
}

static double angle_of(const struct map *map, size_t region)
{
    /* Two regions side by side, others from the top, clockwise. */
    double start = map->topology->region_count == 2 ? 0.5 : 0.25;
    return two_pi * (start - (double)region / (double)map->topology->region_count);
}

static double x_of(const struct map *map, size_t region)
{
    return map->centre_x + map->radius * cos(angle_of(map, region));
}

static double y_of(const struct map *map, size_t region)
{
    return map->centre_y + map->radius * sin(angle_of(map, region));
}

static const struct topology_link *link_of(const struct topology_map *topology, size_t from,
                                           size_t to)
{
    for (size_t i = 0; i < topology->link_count; i++)
        if (topology->links[i].from == from && topology->links[i].to == to)
            return &topology->links[i];
    return NULL;
}

/* Is this the subject of a fault: "a -> b", "a <-> b" or a text that ends with the region? */
static bool is_hit(const struct map *map, const char *subject)
{
    for (size_t i = 0; i < map->lanes.count; i++) {
        const struct plot_lane *lane = &map->lanes.lanes[i];
        size_t length = strlen(lane->text), end = strlen(subject);
        if (!lane->is_outage && length > end && strcmp(lane->text + length - end, subject) == 0 &&
            lane->text[length - end - 1] == ' ' &&
            (strstr(subject, "->") != NULL || strstr(lane->text, "->") == NULL))
            return true;
    }
    return false;
}

static bool is_link_hit(const struct map *map, size_t from, size_t to)
{
    struct strbuf name = STRBUF_INIT;
    strbuf_addf(&name, "%s -> %s", map->topology->regions[from], map->topology->regions[to]);
    bool hit = is_hit(map, name.text);
    strbuf_release(&name);
    return hit;
}

/* --- as a picture ---------------------------------------------------------------------------- */

static void draw_hop(const struct map *map, size_t from, size_t to, bool hit)
{
    double x = x_of(map, from), y = y_of(map, from);
    double to_x = x_of(map, to), to_y = y_of(map, to), length = hypot(to_x - x, to_y - y);
    /* Each direction a little to its right. */
    double shift_x = length > 0 ? 5 * (to_y - y) / length : 0;
    double shift_y = length > 0 ? -5 * (to_x - x) / length : 0;
    strbuf_addf(&map->job->script,
                "set arrow from %.1f, %.1f to %.1f, %.1f %s back lw %s lc rgb '%s'\n", x + shift_x,
                y + shift_y, to_x + shift_x, to_y + shift_y, hit ? "head filled" : "nohead",
                hit ? "3" : "1.2", hit ? fault_colour : "#9A9A9A");
}

static void draw_link(const struct map *map, const struct topology_link *link)
{
    size_t hub = region_of(map->topology, link->via);
    bool hit = is_link_hit(map, link->from, link->to);
    if (hub != SIZE_MAX && hub != link->from && hub != link->to) {
        draw_hop(map, link->from, hub, hit);
        draw_hop(map, hub, link->to, hit);
    } else {
        draw_hop(map, link->from, link->to, hit);
    }
    const struct topology_link *back = link_of(map->topology, link->to, link->from);
    if (map->topology->region_count > LABELLED_MAX || link->from > link->to || isnan(link->rtt_ms))
        return;
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "round trip %.3g ms", link->rtt_ms);
    if (back != NULL && fabs(back->rtt_ms - link->rtt_ms) > 0.05)
        strbuf_addf(&text, ", from the other end %.3g ms", back->rtt_ms);
    strbuf_add(&map->job->script, "set label ");
    plot_quote(map->job, text.text);
    strbuf_addf(&map->job->script, " at first %.1f, first %.1f center font ',12'\n",
                (x_of(map, link->from) + x_of(map, link->to)) / 2,
                (y_of(map, link->from) + y_of(map, link->to)) / 2 + 26);
    strbuf_release(&text);
}

static void draw_region(const struct map *map, size_t region)
{
    const char *name = map->topology->regions[region];
    bool primary = strcmp(map->topology->primary, name) == 0;
    double x = x_of(map, region), y = y_of(map, region), side = cos(angle_of(map, region));
    const char *align = side > 0.3 ? "left" : side < -0.3 ? "right" : "center";
    double shift = side > 0.3 ? 26 : side < -0.3 ? -26 : 0;
    double up = side > 0.3 || side < -0.3 ? 0 : sin(angle_of(map, region)) > 0 ? 36 : -36;
    struct strbuf text = STRBUF_INIT;
    strbuf_addf(&text, "%s%s", name, primary ? ", primary" : "");
    strbuf_addf(&map->job->script,
                "set object circle at first %.1f, first %.1f size first %d front fc rgb '%s' fs"
                " solid border lc rgb '%s' lw %s\nset label ",
                x, y, 18, primary ? "#0072B2" : "#9ECAE1",
                is_hit(map, name) ? fault_colour : "#404040", is_hit(map, name) ? "5" : "1");
    plot_quote(map->job, text.text);
    strbuf_addf(&map->job->script, " at first %.1f, first %.1f %s font ',12' front\n", x + shift,
                y + up, align);
    strbuf_release(&text);
}

/* Each link's round-trip time, from the row's region to the column's. */
static void draw_matrix(const struct map *map)
{
    struct plot_job *job = map->job;
    const struct topology_map *topology = map->topology;
    double cell_x = (PLOT_WIDTH - MAP_RIGHT - NAMES - 120) / (double)topology->region_count;
    double cell_y = fmin(40, (map->body - 130) / (double)topology->region_count);
    double left = MAP_RIGHT + NAMES + 20, top = map->body - 110;
    strbuf_addf(&job->script,
                "set label 'round-trip time of the link (ms), median; parameters, no estimates'"
                " at first %.1f, first %.1f left font ',12'\n",
                (double)MAP_RIGHT, map->body - 14.0);
    for (size_t row = 0; row < topology->region_count; row++) {
        double y = top - cell_y * (double)row;
        strbuf_add(&job->script, "set label ");
        plot_quote(job, topology->regions[row]);
        strbuf_addf(&job->script, " at first %.1f, first %.1f right font ',11'\nset label ",
                    left - 10, y);
        plot_quote(job, topology->regions[row]);
        strbuf_addf(&job->script, " at first %.1f, first %.1f left rotate by 45 font ',11'\n",
                    left + cell_x * ((double)row + 0.4), top + 20);
        for (size_t column = 0; column < topology->region_count; column++) {
            const struct topology_link *link = link_of(topology, row, column);
            if (link != NULL && !isnan(link->rtt_ms))
                strbuf_addf(&job->script,
                            "set label '%.0f' at first %.1f, first %.1f center font ',11'%s\n",
                            link->rtt_ms, left + cell_x * ((double)column + 0.5), y,
                            is_link_hit(map, row, column) ? " tc rgb '#D55E00'" : "");
        }
    }
}

static void draw(struct map *map)
{
    struct plot_job *job = map->job;
    bool has_matrix = map->topology->region_count > LABELLED_MAX;
    map->body = map->topology->region_count == 2 ? 180 : 640;
    map->radius = map->topology->region_count == 2 ? 420 : 230;
    map->centre_x = has_matrix ? MAP_RIGHT / 2.0 : PLOT_WIDTH / 2.0;
    map->centre_y = map->body / 2.0;
    plot_legend_add(job, "#0072B2", SAMPLE_AREA, "region of the primary");
    plot_legend_add(job, "#9ECAE1", SAMPLE_AREA, "region");
    plot_legend_add(job, "#9A9A9A", SAMPLE_LINE, "link, one line for each direction");
    plot_legend_add(job, fault_colour, SAMPLE_LINE, "hit by a fault");
    int lanes_at = plot_head(job), top = lanes_at + plot_lanes_height(&map->lanes) + 40;
    plot_sheet(job, top + map->body + PLOT_FOOT);
    plot_lanes_list(job, &map->lanes, 24, lanes_at);
    plot_panel_at(job, 0, PLOT_WIDTH - 1, top, top + map->body);
    strbuf_addf(&job->script,
                "unset border\nunset tics\nunset grid\nset xrange [0:%d]\nset yrange [0:%d]\n",
                (int)PLOT_WIDTH, map->body);
    for (size_t i = 0; i < map->topology->link_count; i++)
        draw_link(map, &map->topology->links[i]);
    for (size_t i = 0; i < map->topology->region_count; i++)
        draw_region(map, i);
    if (has_matrix)
        draw_matrix(map);
    strbuf_add(&job->script, "plot NaN notitle\n");
    plot_sheet_end(job);
}

/* --- as text --------------------------------------------------------------------------------- */

static void draw_text(const struct map *map)
{
    struct plot_job *job = map->job;
    struct text_table *table = text_table_create("from\tto\tround trip (median)\tkind\tvia\t");
    strbuf_add(&job->text, "Regions and links; parameters of the scenario, no estimates\n");
    for (size_t i = 0; i < map->topology->link_count; i++) {
        const struct topology_link *link = &map->topology->links[i];
        text_table_add(table, "%s", map->topology->regions[link->from]);
        text_table_add(table, "%s", map->topology->regions[link->to]);
        struct strbuf *cell = text_table_cell(table);
        units_add(cell, link->rtt_ms * 1e6, UNIT_NS, 3);
        text_table_add(table, "%s", link->kind);
        text_table_add(table, "%s", link->via);
        text_table_add(table, "%s", is_link_hit(map, link->from, link->to) ? "hit by a fault" : "");
    }
    text_table_add_to_and_free(table, &job->text);
    plot_lanes_text(job, &map->lanes);
}

enum drawn plot_topology(struct plot_job *job)
{
    struct map map = {.job = job, .topology = job->options->topology};
    if (map.topology == NULL || map.topology->region_count < 2)
        return plot_nothing(job, map.topology == NULL
                                     ? "its scenario cannot be read by this version"
                                     : "there is only one region");
    enum drawn drawn = DRAWN_FAILED;
    job->of_parameters = true;
    if (plot_lanes_load(&map.lanes, job) == 0) {
        drawn = DRAWN;
        plot_lanes_note(job, &map.lanes);
        if (plot_is_text(job))
            draw_text(&map);
        else
            draw(&map);
    }
    plot_lanes_release(&map.lanes);
    return drawn;
}
