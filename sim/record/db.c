// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Opening checks in this order: what is at the path (nothing, a folder, a file), which program
 * wrote the file, SQLite, the schema. A file of size 0 counts as new: the schema is created in one
 * transaction, which SQLite rolls back to an empty file if it is interrupted.
 */
#include "db.h"

#include "mem.h"
#include "output_file.h"
#include "record.h"
#include "schema_sql.h"
#include "strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two writers alternate; the transaction of a run lasts a fraction of a second. */
#define BUSY_TIMEOUT_MS 10000

/* https://www.sqlite.org/fileformat.html, section 1.3 */
#define HEADER_SIZE 100
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68

void db_damaged(struct db *db, const char *why)
{
    if (db->damaged != NULL)
        diag_error(db->diag, "%s: %s", db->damaged, why);
    else
        diag_error(db->diag, "results database '%s' is damaged: %s", db->path, why);
}

int db_fail(struct db *db, const char *verb)
{
    int code = sqlite3_errcode(db->handle);
    const char *reason = sqlite3_errmsg(db->handle);
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        db_damaged(db, reason);
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        diag_error(db->diag, "cannot %s results database '%s': another program is using it", verb,
                   db->path);
        break;
    case SQLITE_CONSTRAINT:
        /* One program never writes the same row twice. */
        diag_error(db->diag,
                   "cannot %s results database '%s': another program writes the same study (%s)",
                   verb, db->path, reason);
        break;
    case SQLITE_IOERR:
        diag_error(db->diag, "cannot %s results database '%s': %s (SQLite's code %d)", verb,
                   db->path, reason, sqlite3_extended_errcode(db->handle));
        break;
    default:
        diag_error(db->diag, "cannot %s results database '%s': %s", verb, db->path, reason);
    }
    return -1;
}

int db_exec(struct db *db, const char *sql)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(db, "write");
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        db_fail(db, "read");
        return NULL;
    }
    return statement;
}

int db_integer(struct db *db, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = db_prepare(db, sql);
    if (statement == NULL)
        return -1;
    int status = 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *value = sqlite3_column_int64(statement, 0);
    else
        status = db_fail(db, "read");
    sqlite3_finalize(statement);
    return status;
}

/* --- what is there -------------------------------------------------------------------------------
 */

/* Create an empty file if there is none, to get the system's error message if that fails. */
static int create_file(struct db *db)
{
    int file = open(db->path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file >= 0) {
        close(file);
        db->created = true;
        return 0;
    }
    if (errno == EEXIST)
        return 0;
    diag_error(db->diag, "cannot create results database '%s': %s", db->path, strerror(errno));
    return -1;
}

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int check_header(struct db *db, const unsigned char *header, size_t size)
{
    if (size < HEADER_SIZE || memcmp(header, "SQLite format 3", 16) != 0) {
        diag_error(db->diag, "'%s' is not a results database: it is not an SQLite file", db->path);
        return -1;
    }
    if (big_endian(header + HEADER_APPLICATION_ID) != RECORD_APPLICATION_ID) {
        diag_error(db->diag, "'%s' is not a results database: it is another program's SQLite file",
                   db->path);
        return -1;
    }
    uint32_t version = big_endian(header + HEADER_USER_VERSION);
    if (version != RECORD_VERSION) {
        if (version > RECORD_VERSION)
            diag_error(
                db->diag,
                "results database '%s' is of version %u, newer than this program's %d: use a newer "
                "isthmus",
                db->path, version, RECORD_VERSION);
        else
            diag_error(
                db->diag,
                "results database '%s' is of version %u, older than this program's %d: use the "
                "isthmus that wrote it, or repeat the study from its scenario and seed",
                db->path, version, RECORD_VERSION);
        return -1;
    }
    return 0;
}

/* 0, or -1 with the error reported; *empty: the file has no bytes. */
static int identify(struct db *db, enum db_mode mode, bool *empty)
{
    struct stat info;
    int file = stat(db->path, &info) == 0 ? 0 : -1;
    if (file == 0 && !S_ISREG(info.st_mode)) {
        diag_error(db->diag, "cannot open results database '%s': it is %s", db->path,
                   S_ISDIR(info.st_mode) ? "a folder" : "not a regular file");
        return -1;
    }
    file = file == 0 ? open(db->path, O_RDONLY) : -1;
    if (file < 0) {
        diag_error(db->diag, "cannot open results database '%s': %s", db->path, strerror(errno));
        return -1;
    }
    if (mode == DB_READ)
        output_protect_input(db->path);
    unsigned char header[HEADER_SIZE];
    ssize_t size = read(file, header, sizeof(header));
    int error = errno;
    close(file);
    if (size < 0) {
        diag_error(db->diag, "cannot read results database '%s': %s", db->path, strerror(error));
        return -1;
    }
    *empty = size == 0;
    if (*empty && mode == DB_READ) {
        diag_error(db->diag, "results database '%s' is empty", db->path);
        return -1;
    }
    return *empty ? 0 : check_header(db, header, (size_t)size);
}

/* --- opening -------------------------------------------------------------------------------------
 */

static int make_schema(struct db *db)
{
    struct strbuf sql = STRBUF_INIT;
    strbuf_addf(&sql, "BEGIN EXCLUSIVE; PRAGMA application_id = %d; PRAGMA user_version = %d;",
                RECORD_APPLICATION_ID, RECORD_VERSION);
    strbuf_add(&sql, schema_sql);
    strbuf_add(&sql, "COMMIT;");
    int status = db_exec(db, sql.text);
    strbuf_release(&sql);
    return status;
}

/* The file is a results database or empty: open it with SQLite and create a missing schema. */
static int connect_file(struct db *db, enum db_mode mode)
{
    struct strbuf name = STRBUF_INIT;
    /* Treat ":memory:" and the like as file names. */
    output_path_add(&name, db->path);
    /* A reader opens for writing, too, to recover the WAL of a killed writer. */
    /* No lock inside the process: a connection is used by one thread at a time (result.h). */
    int code =
        sqlite3_open_v2(name.text, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    strbuf_release(&name);
    if (code != SQLITE_OK)
        return db_fail(db, "open");
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (mode == DB_READ)
        return db_exec(db, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;");
    if (sqlite3_db_readonly(db->handle, "main") == 1) {
        diag_error(db->diag, "cannot write results database '%s': it is read-only", db->path);
        return -1;
    }
    int64_t page_count = 0;
    if (db_exec(db, "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;") != 0 ||
        db_integer(db, "PRAGMA page_count", &page_count) != 0)
        return -1;
    /* A series is a row of some kilobytes: fit several into a page. */
    if (page_count == 0 && (db_exec(db, "PRAGMA page_size = 8192") != 0 || make_schema(db) != 0))
        return -1;
    /* Only after the schema exists: a file in WAL mode without one would not be recognised. */
    return db_exec(db, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;");
}

int db_open(struct db *db, const char *path, enum db_mode mode, struct diag *diag)
{
    *db = (struct db){.path = mem_strdup(path), .diag = diag};
    bool empty = false;
    if (path[0] == '\0') {
        diag_error(diag, "a results database needs a name");
        goto fail;
    }
    if (mode == DB_WRITE && (output_claim(path, diag) != 0 ||
                             output_make_folders(path, diag) != 0 || create_file(db) != 0))
        goto fail;
    if (identify(db, mode, &empty) != 0 || connect_file(db, mode) != 0)
        goto fail;
    return 0;

fail:
    db_release(db, db->created);
    return -1;
}

static void remove_files(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        struct strbuf name = STRBUF_INIT;
        strbuf_addf(&name, "%s%s", path, suffixes[i]);
        unlink(name.text);
        strbuf_release(&name);
    }
}

void db_release(struct db *db, bool remove)
{
    sqlite3_close(db->handle);
    if (remove && db->path != NULL)
        remove_files(db->path);
    free(db->path);
    *db = (struct db){0};
}
