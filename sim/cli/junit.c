// SPDX-License-Identifier: GPL-3.0-or-later
#include "junit.h"

#include "quote.h"
#include "strbuf.h"

#include <stdbool.h>
#include <string.h>

static const char start[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"";

static void add_case(struct strbuf *out, const struct junit_case *item)
{
    static const char *const elements[] = {
        [JUNIT_PASSED] = NULL, [JUNIT_FAILED] = "failure", [JUNIT_SKIPPED] = "skipped"};

    strbuf_add(out, "  <testcase classname=\"");
    quote_add(out, QUOTE_MARKUP, item->group);
    strbuf_add(out, "\" name=\"");
    quote_add(out, QUOTE_MARKUP, item->name);
    if (item->result == JUNIT_PASSED) {
        strbuf_add(out, "\"/>\n");
        return;
    }
    strbuf_addf(out, "\">\n    <%s message=\"", elements[item->result]);
    quote_add(out, QUOTE_MARKUP, item->text);
    strbuf_add(out, "\"/>\n  </testcase>\n");
}

static bool is_junit(const char *head, size_t size)
{
    size_t length = strlen(start);

    return size >= length && memcmp(head, start, length) == 0;
}

int junit_open(struct output_file *file, const char *path, struct diag *diag)
{
    static const struct output_kind kind = {"a JUnit file of isthmus", is_junit};

    return output_file_open(file, path, &kind, diag);
}

int junit_write(struct output_file *file, const char *suite, const struct junit_case *cases,
                size_t count, struct diag *diag)
{
    struct strbuf out = STRBUF_INIT;
    size_t counts[3] = {0, 0, 0};

    for (size_t i = 0; i < count; i++)
        counts[cases[i].result]++;
    strbuf_add(&out, start);
    quote_add(&out, QUOTE_MARKUP, suite);
    strbuf_addf(&out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", count,
                counts[JUNIT_FAILED], counts[JUNIT_SKIPPED]);
    for (size_t i = 0; i < count; i++)
        add_case(&out, &cases[i]);
    strbuf_add(&out, "</testsuite>\n");
    fwrite(out.text, 1, out.length, file->stream);
    strbuf_release(&out);
    return output_file_commit(file, diag);
}
