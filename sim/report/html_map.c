// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The map of an HTML report: regions and links with their round-trip times as a drawing, and a
 * slider through the time of the run that shows which faults are active, where the primary is and
 * how each region's requests fare. Without script: where faults hit.
 */
#include "html_page.h"

#include "mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 960, LABELLED_MAX = 4, RADIUS = 18 };
static const double two_pi = 6.283185307179586;

struct map {
    struct page *page;
    const struct topology_map *topology;
    double centre_x, centre_y, radius_x, radius_y;
    int height;
};

static double angle_of(const struct map *map, size_t region)
{
    /* Two regions side by side, others from the top, clockwise. */
    double start = map->topology->region_count == 2 ? 0.5 : -0.25;

    return two_pi * (start + (double)region / (double)map->topology->region_count);
}

static double x_of(const struct map *map, size_t region)
{
    return map->centre_x + map->radius_x * cos(angle_of(map, region));
}

static double y_of(const struct map *map, size_t region)
{
    return map->centre_y + map->radius_y * sin(angle_of(map, region));
}

/* Whether a fault's subject is this region, or something in it: "store of us-west-1". */
static bool is_in_region(const char *subject, const char *region)
{
    size_t length = strlen(subject), end = strlen(region);

    return !strstr(subject, "->") && length >= end && strcmp(subject + length - end, region) == 0 &&
           (length == end || subject[length - end - 1] == ' ');
}

static bool is_on_link(const struct map *map, const char *subject, const struct topology_link *link)
{
    const char *from = map->topology->regions[link->from], *to = map->topology->regions[link->to];
    const char *arrow = strstr(subject, " -> "), *both = strstr(subject, " <-> ");
    size_t length;

    if (both) {
        length = (size_t)(both - subject);
        return (strncmp(subject, from, length) == 0 && !from[length] &&
                strcmp(both + 5, to) == 0) ||
               (strncmp(subject, to, length) == 0 && !to[length] && strcmp(both + 5, from) == 0);
    }
    length = arrow ? (size_t)(arrow - subject) : 0;
    return arrow && strncmp(subject, from, length) == 0 && !from[length] &&
           strcmp(arrow + 4, to) == 0;
}

/* --- drawing --------------------------------------------------------------------------------- */

static bool is_link_hit(const struct map *map, const struct topology_link *link)
{
    for (size_t i = 0; i < map->page->fault_count; i++)
        if (is_on_link(map, map->page->faults[i].subject, link))
            return true;
    return false;
}

static bool is_region_hit(const struct map *map, size_t region)
{
    for (size_t i = 0; i < map->page->fault_count; i++)
        if (is_in_region(map->page->faults[i].subject, map->topology->regions[region]))
            return true;
    return false;
}

/* Its hops are links of their own. */
static bool is_through_hub(const struct map *map, const struct topology_link *link)
{
    const char *const *regions = map->topology->regions;

    return link->via[0] != '\0' && strcmp(link->via, regions[link->from]) != 0 &&
           strcmp(link->via, regions[link->to]) != 0;
}

/* One direction, a little to its right, with an arrow head where there is room. */
static void draw_link(struct map *map, size_t number)
{
    const struct topology_link *link = &map->topology->links[number];
    FILE *out = map->page->html.out;
    double x = x_of(map, link->from), y = y_of(map, link->from);
    double dx = x_of(map, link->to) - x, dy = y_of(map, link->to) - y, length = hypot(dx, dy);
    double ux = length > 0 ? dx / length : 0, uy = length > 0 ? dy / length : 0;
    double from = RADIUS + 4, to = length - RADIUS - 6;
    struct strbuf rtt = STRBUF_INIT;

    if (!(to > from) || is_through_hub(map, link))
        return;
    units_add(&rtt, link->rtt_ms * 1e6, UNIT_NS, 3);
    fprintf(out,
            "<line class=\"link%s\" data-link=\"%zu\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
            "y2=\"%.1f\"%s><title>",
            is_link_hit(map, link) ? " hit" : "", number, x + ux * from - uy * 5,
            y + uy * from + ux * 5, x + ux * to - uy * 5, y + uy * to + ux * 5,
            map->topology->region_count <= LABELLED_MAX ? " marker-end=\"url(#arrow)\"" : "");
    html_text(&map->page->html, map->topology->regions[link->from]);
    fputs(" to ", out);
    html_text(&map->page->html, map->topology->regions[link->to]);
    fprintf(out, ", %s, round trip %s</title></line>\n", link->kind, rtt.text);
    if (map->topology->region_count <= LABELLED_MAX && link->from < link->to)
        fprintf(out,
                "<text class=\"rtt\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">round trip "
                "%s</text>\n",
                x + dx / 2 + uy * 16, y + dy / 2 - ux * 14 + 4, rtt.text);
    strbuf_release(&rtt);
}

static void draw_region(struct map *map, size_t region)
{
    FILE *out = map->page->html.out;
    double side = cos(angle_of(map, region)), x = x_of(map, region), y = y_of(map, region);
    bool beside = map->topology->region_count > 2 && fabs(side) > 0.3;
    const char *anchor = !beside ? "middle" : side > 0 ? "start" : "end";
    double label_x = !beside ? x : side > 0 ? x + RADIUS + 8 : x - RADIUS - 8;
    bool above = sin(angle_of(map, region)) < -0.5;
    double label_y = beside ? y + 4 : above ? y - RADIUS - 22 : y + RADIUS + 18;

    fprintf(out,
            "<circle class=\"region%s%s\" data-region=\"%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"/>"
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
            is_region_hit(map, region) ? " hit" : "",
            strcmp(map->topology->primary, map->topology->regions[region]) == 0 ? " primary" : "",
            region, x, y, (int)RADIUS, label_x, label_y, anchor);
    html_text(&map->page->html, map->topology->regions[region]);
    fprintf(out,
            "</text><text class=\"state\" data-state=\"%zu\" x=\"%.1f\" y=\"%.1f\" "
            "text-anchor=\"%s\">%s</text>\n",
            region, label_x, label_y + 15, anchor,
            strcmp(map->topology->primary, map->topology->regions[region]) == 0 ? "primary" : "");
}

/* Row to column, of all links. */
static void write_matrix(struct map *map)
{
    const struct topology_map *topology = map->topology;
    struct html *html = &map->page->html;
    struct html_column *columns = mem_zalloc(topology->region_count + 1, sizeof *columns);

    columns[0].name = "from";
    for (size_t r = 0; r < topology->region_count; r++)
        columns[r + 1] = (struct html_column){topology->regions[r], true};
    fputs("<details><summary>Round-trip times of all links</summary>\n", html->out);
    html_table_open(html,
                    "Median round-trip time from the row's region to the column's; parameters",
                    columns, topology->region_count + 1, false);
    for (size_t from = 0; from < topology->region_count; from++) {
        html_row_open(html);
        html_cell(html, topology->regions[from]);
        for (size_t to = 0; to < topology->region_count; to++) {
            struct strbuf text = STRBUF_INIT;
            double rtt_ms = NAN;

            for (size_t i = 0; i < topology->link_count; i++)
                if (topology->links[i].from == from && topology->links[i].to == to)
                    rtt_ms = topology->links[i].rtt_ms;
            if (!isnan(rtt_ms))
                units_add(&text, rtt_ms * 1e6, UNIT_NS, 3);
            html_number_cell(html, rtt_ms, text.text);
            strbuf_release(&text);
        }
        html_row_close(html);
    }
    html_table_close(html);
    fputs("</details>\n", html->out);
    free(columns);
}

/* Hidden until the script shows it. */
static void write_slider(struct page *page)
{
    const struct chart_set *set = &page->charts;
    double end_s = (double)page->summary.study.duration_ns / 1e9;
    double at_s = page->fault_count > 0 ? (double)page->faults[0].from_ns / 1e9 : 0;
    double bin_s = set->bin_ns > 0 ? (double)set->bin_ns / 1e9 : end_s;

    fprintf(page->html.out,
            "<div id=\"map-slider\" hidden><label for=\"map-time\">Time in the run</label> "
            "<input type=\"range\" id=\"map-time\" min=\"0\" max=\"%.9g\" step=\"%.9g\" "
            "value=\"%.9g\"> <output id=\"map-now\" for=\"map-time\"></output></div>\n",
            end_s - bin_s, bin_s, floor((at_s + bin_s) / bin_s) * bin_s);
}

void page_write_map(struct page *page)
{
    const struct topology_map *topology = page->options->topology;
    FILE *out = page->html.out;
    struct map map = {page, topology, WIDTH / 2.0, 0, 0, 0, 0};

    if (!topology || topology->region_count < 2)
        return;
    map.height = topology->region_count == 2 ? 130 : 460;
    map.centre_y = topology->region_count == 2 ? 50 : map.height / 2.0;
    map.radius_x = topology->region_count == 2 ? 330 : 260;
    map.radius_y = topology->region_count == 2 ? 0 : map.height / 2.0 - 60;
    html_heading(&page->html, "map", "Map");
    fprintf(out,
            "<figure id=\"topology\"><svg viewBox=\"0 0 %d %d\" role=\"img\" "
            "aria-label=\"Regions and links; the text below says their state\">\n"
            "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
            "markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path class=\"head\" "
            "d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
            (int)WIDTH, map.height);
    for (size_t i = 0; i < topology->link_count; i++)
        draw_link(&map, i);
    for (size_t r = 0; r < topology->region_count; r++)
        draw_region(&map, r);
    fputs("</svg>\n", out);
    write_slider(page);
    fputs("<p id=\"map-state\" role=\"status\">", out);
    for (size_t i = 0; i < page->fault_count && i < 6; i++) {
        fputs(i > 0 ? "; " : "Hit by a fault: ", out);
        html_text(&page->html, page->faults[i].words);
    }
    fputs(page->fault_count > 0 ? ".</p>\n" : "No fault was injected.</p>\n", out);
    fputs("<figcaption>Faults and the primary are those of the first replication; the shares of "
          "good requests are means over replications; their intervals are in the time lines."
          "</figcaption></figure>\n",
          out);
    if (topology->region_count > LABELLED_MAX)
        write_matrix(&map);
}

/* --- data ------------------------------------------------------------------------------------ */

static void write_hits(struct json_writer *json, const struct map *map, const char *subject)
{
    json_open_array(json, "links");
    for (size_t i = 0; i < map->topology->link_count; i++)
        if (is_on_link(map, subject, &map->topology->links[i]))
            json_count(json, NULL, i);
    json_close(json);
    json_open_array(json, "regions");
    for (size_t r = 0; r < map->topology->region_count; r++)
        if (is_in_region(subject, map->topology->regions[r]))
            json_count(json, NULL, r);
    json_close(json);
}

/* Where the primary is from which time on. */
static void write_primary(struct json_writer *json, const struct map *map)
{
    const struct page *page = map->page;

    json_open_array(json, "primary");
    for (size_t r = 0; r < map->topology->region_count; r++) {
        if (strcmp(map->topology->regions[r], map->topology->primary) != 0)
            continue;
        json_open_array(json, NULL);
        json_number(json, NULL, 0);
        json_count(json, NULL, r);
        json_close(json);
    }
    for (size_t i = 0; i < page->step_count; i++) {
        const struct step *step = &page->steps[i];

        for (size_t r = 0; r < map->topology->region_count; r++) {
            if (strcmp(step->what, "promotion") != 0 ||
                strcmp(step->subject, map->topology->regions[r]) != 0 ||
                !strstr(step->text, "takes the writes"))
                continue;
            json_open_array(json, NULL);
            json_number(json, NULL, (double)step->t_ns / 1e9);
            json_count(json, NULL, r);
            json_close(json);
        }
    }
    json_close(json);
}

void page_write_map_data(struct json_writer *json, const struct page *page)
{
    struct map map = {.page = (struct page *)page, .topology = page->options->topology};

    if (!map.topology || map.topology->region_count < 2)
        return;
    json_open_object(json, "map");
    json_open_array(json, "regions");
    for (size_t r = 0; r < map.topology->region_count; r++)
        json_text(json, NULL, map.topology->regions[r]);
    json_close(json);
    json_open_array(json, "faults");
    for (size_t i = 0; i < page->fault_count; i++) {
        const struct page_fault *fault = &page->faults[i];

        json_open_object(json, NULL);
        json_text(json, "words", fault->words);
        json_number(json, "from", (double)fault->from_ns / 1e9);
        json_number(json, "to", fault->to_ns < 0 ? (double)NAN : (double)fault->to_ns / 1e9);
        write_hits(json, &map, fault->subject);
        json_close(json);
    }
    json_close(json);
    write_primary(json, &map);
    json_close(json);
}
