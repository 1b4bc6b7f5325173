// SPDX-License-Identifier: GPL-3.0-or-later
#include "html.h"

#include "quote.h"
#include "strbuf.h"

#include <math.h>
#include <string.h>

void html_text(struct html *html, const char *text)
{
    quote_write(html->out, QUOTE_MARKUP, text);
}

void html_element(struct html *html, const char *tag, const char *class_name, const char *text)
{
    fprintf(html->out, "<%s", tag);
    if (class_name)
        fprintf(html->out, " class=\"%s\"", class_name);
    fputc('>', html->out);
    html_text(html, text);
    fprintf(html->out, "</%s>\n", tag);
}

void html_heading(struct html *html, const char *id, const char *title)
{
    fprintf(html->out, "<h2 id=\"%s\">", id);
    html_text(html, title);
    fputs("</h2>\n", html->out);
}

void html_table_open(struct html *html, const char *caption, const struct html_column *columns,
                     size_t count, bool sortable)
{
    fprintf(html->out, "<div class=\"scroll\" tabindex=\"0\"><table%s>\n",
            sortable ? " class=\"sortable\"" : "");
    html_element(html, "caption", NULL, caption);
    fputs("<thead><tr>", html->out);
    for (size_t i = 0; i < count; i++) {
        fprintf(html->out, "<th scope=\"col\"%s>", columns[i].is_number ? " class=\"number\"" : "");
        html_text(html, columns[i].name);
        fputs("</th>", html->out);
    }
    fputs("</tr></thead>\n<tbody>\n", html->out);
}

void html_table_close(struct html *html)
{
    fputs("</tbody></table></div>\n", html->out);
}

void html_row_open(struct html *html)
{
    fputs("<tr>", html->out);
}

void html_row_close(struct html *html)
{
    fputs("</tr>\n", html->out);
}

void html_cell(struct html *html, const char *text)
{
    fputs("<td>", html->out);
    html_text(html, text);
    fputs("</td>", html->out);
}

void html_verdict_cell(struct html *html, const char *verdict)
{
    static const char *const known[] = {"holds", "better",    "equivalent", "fails",
                                        "worse", "undecided", "identical"};
    const char *class_name = "nodata";

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(verdict, known[i]) == 0)
            class_name = known[i];
    fprintf(html->out, "<td class=\"%s\">", class_name);
    html_text(html, verdict);
    fputs("</td>", html->out);
}

void html_number_cell(struct html *html, double value, const char *text)
{
    fputs("<td class=\"number\" data-value=\"", html->out);
    if (isfinite(value))
        fprintf(html->out, "%.9g", value);
    fputs("\">", html->out);
    html_text(html, text);
    fputs("</td>", html->out);
}

void html_interval_cell(struct html *html, const struct interval *interval, enum unit unit)
{
    struct strbuf text = STRBUF_INIT;

    interval_add(&text, interval, unit);
    if (!interval->valid)
        strbuf_add(&text, " (n = 1)");
    html_number_cell(html, interval->mean, text.text);
    strbuf_release(&text);
}
