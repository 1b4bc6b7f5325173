// SPDX-License-Identifier: GPL-3.0-or-later
#include "junit.h"

#include "strbuf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void add_escaped(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            strbuf_add(out, "&lt;");
            break;
        case '>':
            strbuf_add(out, "&gt;");
            break;
        case '&':
            strbuf_add(out, "&amp;");
            break;
        case '"':
            strbuf_add(out, "&quot;");
            break;
        case '\n':
        case '\t':
            strbuf_add_char(out, ' ');
            break;
        default:
            strbuf_add_char(out, (unsigned char)*text < ' ' ? '?' : *text);
        }
    }
}

static void add_case(struct strbuf *out, const struct junit_case *item)
{
    static const char *const elements[] = {
        [JUNIT_PASSED] = NULL, [JUNIT_FAILED] = "failure", [JUNIT_SKIPPED] = "skipped"};

    strbuf_add(out, "  <testcase classname=\"");
    add_escaped(out, item->group);
    strbuf_add(out, "\" name=\"");
    add_escaped(out, item->name);
    if (item->result == JUNIT_PASSED) {
        strbuf_add(out, "\"/>\n");
        return;
    }
    strbuf_addf(out, "\">\n    <%s message=\"", elements[item->result]);
    add_escaped(out, item->text);
    strbuf_add(out, "\"/>\n  </testcase>\n");
}

static int write_file(const char *path, const struct strbuf *text, struct diag *diag)
{
    struct strbuf part = STRBUF_INIT;
    int status = -1;

    strbuf_addf(&part, "%s.part", path);
    FILE *file = fopen(part.text, "w");
    if (file) {
        bool written = fwrite(text->text, 1, text->length, file) == text->length;
        written = fclose(file) == 0 && written;
        status = written && rename(part.text, path) == 0 ? 0 : -1;
    }
    if (status < 0) {
        diag_error(diag, "cannot write '%s': %s", path, strerror(errno));
        if (file)
            remove(part.text);
    }
    strbuf_release(&part);
    return status;
}

int junit_write(const char *path, const char *suite, const struct junit_case *cases, size_t count,
                struct diag *diag)
{
    struct strbuf out = STRBUF_INIT;
    size_t counts[3] = {0, 0, 0};

    for (size_t i = 0; i < count; i++)
        counts[cases[i].result]++;
    strbuf_add(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    add_escaped(&out, suite);
    strbuf_addf(&out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", count,
                counts[JUNIT_FAILED], counts[JUNIT_SKIPPED]);
    for (size_t i = 0; i < count; i++)
        add_case(&out, &cases[i]);
    strbuf_add(&out, "</testsuite>\n");
    int status = write_file(path, &out, diag);
    strbuf_release(&out);
    return status;
}
