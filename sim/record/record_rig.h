// SPDX-License-Identifier: GPL-3.0-or-later
/* What tests of the record share: writing a synthetic study, asking the file, comparing errors. A
 * file includes this once, after cmocka.h. */
#ifndef RECORD_RIG_H
#define RECORD_RIG_H

#include "fake_study.h"

#include "db.h"
#include "record.h"
#include "strbuf.h"
#include "test_folder.h"
#include "ask.h"

#include <sqlite3.h>
#include <stdio.h>

/* Assert the exact errors; every @ stands for the path. */
static void assert_says(struct diag *diag, const char *expected, const char *path)
{
    struct strbuf text = STRBUF_INIT;
    for (const char *c = expected; *c != '\0'; c++)
        if (*c == '@')
            strbuf_add(&text, path);
        else
            strbuf_add_char(&text, *c);
    strbuf_add_char(&text, '\n');
    char *said = diag_text(diag);
    assert_string_equal(said, text.text);
    free(said);
    strbuf_release(&text);
    diag_release(diag);
    *diag = (struct diag){0};
}

static void assert_refused(const char *path, const char *expected)
{
    struct diag diag = {0};
    assert_null(record_open(path, RECORD_APPEND, &diag));
    assert_says(&diag, expected, path);
}

static int write_fake(const char *path, bool replace, uint32_t points, uint32_t replications,
                      uint32_t restored)
{
    struct diag diag = {0};
    struct record *record = record_open(path, replace ? RECORD_REPLACE : RECORD_APPEND, &diag);
    int status =
        record != NULL ? fake_study(record_sink(record), points, replications, restored) : -1;
    if (record != NULL && record_close(record) != 0)
        status = -1;
    if (diag.count != 0)
        diag_print(&diag, stderr);
    assert_int_equal(diag.count, 0);
    diag_release(&diag);
    return status;
}

#endif
