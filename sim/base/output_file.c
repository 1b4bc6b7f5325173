// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Inputs and outputs are stored as paths: most outputs do not exist yet, and an inode number can be
 * reused after its file is deleted. Two paths are the same file if they have the same inode, or the
 * same name in the same folder.
 */
#include "output_file.h"

#include "mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEMPORARIES_MAX = 100 };

enum role {
    INPUT,
    IN_PLACE, /* an output by output_claim() */
    RENAMED,  /* an output that is open */
};

struct known_file {
    char *path;
    enum role role;
};

/* What this process reads and writes. */
static struct {
    struct known_file *files;
    size_t count, capacity;
} known;

/* --- paths ----------------------------------------------------------------------------------- */

void output_path_add(struct strbuf *out, const char *path)
{
    unsigned char first = (unsigned char)path[0];
    bool is_usual = isalnum(first) || first == '_' || first == '.' || first == '/';
    strbuf_add(out, is_usual || first == '\0' ? "" : "./");
    strbuf_add(out, path);
}

int output_make_folders(const char *path, struct diag *diag)
{
    char *folder = mem_strdup(path);
    int status = 0;
    for (char *slash = strchr(folder + (folder[0] == '/'), '/'); slash != NULL && status == 0;
         slash = strchr(slash + 1, '/')) {
        struct stat info;
        *slash = '\0';
        /* mkdir() of a folder that is there may fail for other reasons than EEXIST (a read-only
         * mount). */
        int error = mkdir(folder, 0777) == 0 ? 0 : errno;
        if (error != 0 && (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))) {
            diag_error(diag, "cannot create folder '%s': %s", folder,
                       strerror(error == EEXIST ? ENOTDIR : error));
            status = -1;
        }
        *slash = '/';
    }
    free(folder);
    return status;
}

static bool is_same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool stat_folder(const char *path, struct stat *info)
{
    struct strbuf folder = STRBUF_INIT;
    strbuf_add_bytes(&folder, path, (size_t)(base_name(path) - path));
    strbuf_add_char(&folder, '.');
    bool is_there = stat(folder.text, info) == 0;
    strbuf_release(&folder);
    return is_there;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    if (stat(a, &of_a) == 0 && stat(b, &of_b) == 0)
        return is_same_inode(&of_a, &of_b);
    return strcmp(base_name(a), base_name(b)) == 0 && stat_folder(a, &of_a) &&
           stat_folder(b, &of_b) && is_same_inode(&of_a, &of_b);
}

/* --- inputs and outputs ---------------------------------------------------------------------- */

static void know(const char *path, enum role role)
{
    MEM_GROW(known.files, known.capacity, known.count + 1);
    known.files[known.count++] = (struct known_file){mem_strdup(path), role};
}

void output_protect_input(const char *path)
{
    for (size_t i = 0; i < known.count; i++)
        if (known.files[i].role == INPUT && strcmp(known.files[i].path, path) == 0)
            return; /* already registered: a sweep reads its files at each point */
    know(path, INPUT);
}

static void forget(const char *path)
{
    for (size_t i = 0; i < known.count; i++) {
        if (known.files[i].role == RENAMED && strcmp(known.files[i].path, path) == 0) {
            free(known.files[i].path);
            known.files[i] = known.files[--known.count];
            return;
        }
    }
}

static bool is_known(const char *path, enum role role)
{
    for (size_t i = 0; i < known.count; i++)
        if (known.files[i].role == role && is_same_file(known.files[i].path, path))
            return true;
    return false;
}

/* A file that this command writes in place may also be read by it. */
static int claim(const char *path, enum role role, struct diag *diag)
{
    bool is_in_place = is_known(path, IN_PLACE);
    if (is_in_place && role == IN_PLACE)
        return 0;
    if (is_in_place || is_known(path, RENAMED) || is_known(path, INPUT)) {
        diag_error(diag, "cannot write '%s': this command %s it", path,
                   is_in_place || is_known(path, RENAMED) ? "already writes" : "reads");
        return -1;
    }
    know(path, role);
    return 0;
}

int output_claim(const char *path, struct diag *diag)
{
    struct strbuf safe = STRBUF_INIT;
    output_path_add(&safe, path);
    int status = claim(safe.text, IN_PLACE, diag);
    strbuf_release(&safe);
    return status;
}

/* --- what is at the path --------------------------------------------------------------------- */

static bool is_stream(const struct stat *info)
{
    return S_ISFIFO(info->st_mode) || S_ISCHR(info->st_mode);
}

static int refuse(const char *path, const char *why, struct diag *diag)
{
    diag_error(diag, "cannot write '%s': %s", path, why);
    return -1;
}

/* Of a regular file with something in it. */
static int check_kind(const char *path, const struct output_kind *kind, struct diag *diag)
{
    char head[OUTPUT_HEAD_SIZE];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = descriptor >= 0 ? read(descriptor, head, sizeof(head)) : -1;
    int error = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (size < 0)
        return refuse(path, strerror(error), diag);
    if (!kind->is_ours(head, (size_t)size)) {
        diag_error(diag, "cannot write '%s': the file that is there is not %s", path, kind->name);
        return -1;
    }
    return 0;
}

/* 0 where the file may be made: *info is of what is there, st_mode 0 for nothing. */
static int check_place(const char *path, const struct output_kind *kind, struct stat *info,
                       struct diag *diag)
{
    if (path[0] == '\0')
        return refuse(path, "a file needs a name", diag);
    if (lstat(path, info) != 0) {
        *info = (struct stat){0};
        return errno == ENOENT ? 0 : refuse(path, strerror(errno), diag);
    }
    if (S_ISLNK(info->st_mode)) {
        return stat(path, info) == 0 && is_stream(info)
                   ? 0
                   : refuse(path, "it is a symbolic link; name the file that it leads to", diag);
    }
    if (is_stream(info))
        return 0;
    if (!S_ISREG(info->st_mode)) {
        return refuse(path, S_ISDIR(info->st_mode) ? "it is a folder" : "it is not a regular file",
                      diag);
    }
    if (access(path, W_OK) != 0)
        return refuse(path, strerror(errno), diag);
    return info->st_size > 0 ? check_kind(path, kind, diag) : 0;
}

/* --- opening and closing --------------------------------------------------------------------- */

static void release(struct output_file *file)
{
    forget(file->path);
    free(file->path);
    free(file->temporary);
    *file = (struct output_file){0};
}

/* A name that is left of a killed process, or someone's, is passed over. */
static int open_temporary(struct output_file *file)
{
    int descriptor = -1;
    for (int i = 0; i < TEMPORARIES_MAX && descriptor < 0; i++) {
        struct strbuf name = STRBUF_INIT;
        strbuf_addf(&name, "%s.%ld", file->path, (long)getpid());
        if (i > 0)
            strbuf_addf(&name, "-%d", i);
        strbuf_add(&name, ".part");
        descriptor = open(name.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0)
            file->temporary = strbuf_detach(&name);
        strbuf_release(&name);
        if (descriptor < 0 && errno != EEXIST)
            break;
    }
    return descriptor;
}

static int open_stream(struct output_file *file, const struct stat *info, struct diag *diag)
{
    int descriptor =
        is_stream(info) ? open(file->path, O_WRONLY | O_CLOEXEC) : open_temporary(file);
    if (descriptor < 0)
        return refuse(file->path, strerror(errno), diag);
    if (S_ISREG(info->st_mode))
        (void)fchmod(descriptor, info->st_mode & 0777); /* others may be kept out of the old one */
    file->stream = fdopen(descriptor, file->temporary != NULL ? "w+" : "w");
    return 0;
}

int output_file_open(struct output_file *file, const char *path, const struct output_kind *kind,
                     struct diag *diag)
{
    struct strbuf safe = STRBUF_INIT;
    struct stat info;
    output_path_add(&safe, path);
    *file = (struct output_file){.path = strbuf_detach(&safe)};
    /* Of streams nobody owns one: two outputs may go to /dev/null. */
    bool is_owned = stat(file->path, &info) != 0 || !is_stream(&info);
    if (is_owned && claim(file->path, RENAMED, diag) != 0) {
        free(file->path);
        *file = (struct output_file){0};
        return -1;
    }
    if (check_place(file->path, kind, &info, diag) != 0 || open_stream(file, &info, diag) != 0) {
        release(file);
        return -1;
    }
    return 0;
}

int output_file_commit(struct output_file *file, struct diag *diag)
{
    errno = 0;
    bool failed = fflush(file->stream) != 0 || ferror(file->stream);
    int error = errno != 0 ? errno : EIO; /* what failed before left its reason long ago */
    if (fclose(file->stream) != 0 && !failed) {
        failed = true;
        error = errno;
    }
    if (!failed && file->temporary != NULL && rename(file->temporary, file->path) != 0) {
        failed = true;
        error = errno;
    }
    if (failed) {
        refuse(file->path, strerror(error), diag);
        if (file->temporary != NULL)
            unlink(file->temporary);
    }
    release(file);
    return failed ? -1 : 0;
}

void output_file_discard(struct output_file *file)
{
    if (file->stream == NULL)
        return;
    fclose(file->stream);
    if (file->temporary != NULL)
        unlink(file->temporary);
    release(file);
}
