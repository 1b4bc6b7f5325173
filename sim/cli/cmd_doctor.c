// SPDX-License-Identifier: GPL-3.0-or-later
/* Is this machine fit for the program? A table of checks, each with its remedy. */
#include "command.h"

#include "json_writer.h"
#include "normal_quantile.h"
#include "query.h"
#include "ranks.h"
#include "record.h"
#include "results_path.h"
#include "rng_stream.h"
#include "scenario.h"
#include "strbuf.h"
#include "text_table.h"
#include "world.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

struct doctor_values {
    bool json;
};
#define OPTION_VALUES struct doctor_values

static const struct option options[] = {
    FLAG_OPTION("json", json, "print JSON"),
    OPTIONS_END,
};

enum finding_level { CHECK_GOOD, CHECK_WARNING, CHECK_FAILED };
static const char *const level_names[] = {"good", "warning", "failed"};

/* What a check is given, and what it fills. */
struct check_result {
    const struct invocation *invocation;
    enum finding_level level;
    struct strbuf detail;
};

static void found(struct check_result *result, enum finding_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void found(struct check_result *result, enum finding_level level, const char *format, ...)
{
    va_list args;

    result->level = level;
    va_start(args, format);
    strbuf_addv(&result->detail, format, args);
    va_end(args);
}

/* --- computation ---------------------------------------------------------------------------- */

/* Random123, examples/kat_vectors, "philox4x64 10". */
static void check_generator(struct check_result *result)
{
    const philox4x64_ctr_t counter = {{UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344),
                                       UINT64_C(0xa4093822299f31d0), UINT64_C(0x082efa98ec4e6c89)}};
    const philox4x64_key_t key = {{UINT64_C(0x452821e638d01377), UINT64_C(0xbe5466cf34e90c6c)}};
    struct rng_block zero = rng_block_at(&(struct rng_stream){{0, 0}}, 0, 0);
    philox4x64_ctr_t out = philox4x64(counter, key);
    bool good = zero.word[0] == UINT64_C(0x16554d9eca36314c) &&
                zero.word[3] == UINT64_C(0x7e68b68aec7ba23b) &&
                out.v[0] == UINT64_C(0xa528f45403e61d95) &&
                out.v[3] == UINT64_C(0x57bd43b5e52b7fe6);

    found(result, good ? CHECK_GOOD : CHECK_FAILED, "Philox4x64-10 %s the published answers",
          good ? "gives" : "does not give");
}

/* Tables of the normal and of Student's distribution, to ten digits: z at 0.975, and t at 0.975
 * with 9 degrees of freedom. */
static void check_mathematics(struct check_result *result)
{
    double z = normal_quantile(0.975), t = interval_student_quantile(10, 0.95);
    bool good = fabs(z - 1.9599639845400545) < 1e-12 && fabs(t - 2.2621571627409915) < 1e-10 &&
                fabs(exp(1) - 2.718281828459045) < 1e-15 && sqrt(2) * sqrt(2) > 2;

    found(result, good ? CHECK_GOOD : CHECK_FAILED,
          "normal quantile %.10f, Student's quantile with 9 degrees of freedom %.10f", z, t);
}

static const char small_scenario[] = "name: doctor\nduration: 5s\nwarmup: 1s\n"
                                     "regions: {us-west-1: {}, us-west-2: {}}\n"
                                     "population: {sessions: 20/s}\n";

static uint64_t digest_of(const struct scenario *scenario, uint64_t seed,
                          const atomic_int *interrupt)
{
    struct world *world = world_create(
        scenario,
        &(struct world_options){.seed = seed, .warmup = NS_PER_S, .interrupt = interrupt});
    uint64_t digest = world_run(world).digest;

    world_free(world);
    return digest;
}

/* The same run twice is the same, bit for bit, and another seed gives another one. */
static void check_runs(struct check_result *result)
{
    struct diag diag = {0};
    struct scenario *scenario =
        scenario_load_text(small_scenario, sizeof small_scenario - 1, "doctor",
                           result->invocation->registry, NULL, 0, &diag);

    if (!scenario) {
        found(result, CHECK_FAILED, "the small scenario cannot be loaded");
    } else {
        uint64_t a = digest_of(scenario, 1, result->invocation->interrupt);
        uint64_t b = digest_of(scenario, 1, result->invocation->interrupt);
        uint64_t c = digest_of(scenario, 2, result->invocation->interrupt);
        bool good = a == b && a != c;
        found(result, good ? CHECK_GOOD : CHECK_FAILED,
              "two runs of one seed are %s, of another %s", a == b ? "identical" : "different",
              a != c ? "different" : "identical");
        scenario_free(scenario);
    }
    diag_release(&diag);
}

/* --- files ---------------------------------------------------------------------------------- */

/* The file that was given, all of it; else whether a new one can be written. */
static bool is_database_good(const struct invocation *invocation, struct diag *diag)
{
    struct results_path path = {NULL, NULL};
    bool good = false;

    if (invocation->argument_count > 0) {
        struct results *results = results_open(invocation->arguments[0], diag);
        good = results && results_check(results, diag) == 0;
        if (results)
            results_close(results);
    } else if (results_path_temporary(&path, diag) == 0) {
        struct record *record = record_open(path.file, RECORD_APPEND, diag);
        good = record && record_close(record) == 0;
    }
    results_path_release(&path);
    return good;
}

static void check_database(struct check_result *result)
{
    const struct invocation *invocation = result->invocation;
    struct diag diag = {0};

    if (is_database_good(invocation, &diag)) {
        found(result, CHECK_GOOD, "%s",
              invocation->argument_count > 0 ? invocation->arguments[0]
                                             : "a new file can be written");
    } else {
        static const char prefix[] = "error: ";
        char *why = diag_text(&diag);
        bool has_prefix = strncmp(why, prefix, sizeof prefix - 1) == 0;
        why[strcspn(why, "\n")] = '\0';
        found(result, CHECK_FAILED, "%s", why + (has_prefix ? sizeof prefix - 1 : 0));
        free(why);
    }
    diag_release(&diag);
}

static void check_space(struct check_result *result, const char *folder)
{
    struct statvfs info;

    if (statvfs(folder, &info) != 0) {
        found(result, CHECK_FAILED, "'%s' cannot be read", folder);
        return;
    }
    double bytes = (double)info.f_bavail * (double)info.f_frsize;
    struct strbuf text = STRBUF_INIT;
    units_add(&text, bytes, UNIT_BYTES, 3);
    found(result, bytes < 1e9 ? CHECK_WARNING : CHECK_GOOD, "%s free in '%s'", text.text, folder);
    strbuf_release(&text);
}

static void check_disk(struct check_result *result)
{
    check_space(result, ".");
}

static void check_temporary(struct check_result *result)
{
    const char *folder = getenv("TMPDIR");

    check_space(result, folder && *folder ? folder : "/tmp");
}

/* --- other programs ------------------------------------------------------------------------- */

/* The first line of a command's output; its exit status, or -1. */
static int first_line(const char *command, struct strbuf *line)
{
    FILE *pipe = popen(command, "r");

    if (!pipe)
        return -1;
    for (int c = getc(pipe); c != EOF; c = getc(pipe))
        if (c != '\n' && line->length < 200)
            strbuf_add_char(line, (char)c);
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_gnuplot(struct check_result *result)
{
    struct strbuf version = STRBUF_INIT, said = STRBUF_INIT;

    if (first_line("gnuplot --version 2>/dev/null", &version) != 0)
        found(result, CHECK_FAILED, "gnuplot was not found: there are no plots");
    else if (first_line("gnuplot -e 'set terminal pngcairo; set terminal svg; set terminal "
                        "pdfcairo; set terminal dumb' 2>&1",
                        &said) != 0)
        found(result, CHECK_FAILED, "%s lacks PNG, SVG, PDF or text output", version.text);
    else
        found(result, CHECK_GOOD, "%s with PNG, SVG, PDF and text", version.text);
    strbuf_release(&version);
    strbuf_release(&said);
}

static void check_fonts(struct check_result *result)
{
    struct strbuf font = STRBUF_INIT;

    if (first_line("fc-match 'DejaVu Sans' 2>/dev/null", &font) != 0)
        found(result, CHECK_WARNING, "fc-match was not found: the font of plots is unknown");
    else
        found(result, strncmp(font.text, "DejaVuSans", 10) == 0 ? CHECK_GOOD : CHECK_WARNING, "%s",
              font.text);
    strbuf_release(&font);
}

static void check_terminal(struct check_result *result)
{
    const char *terminal = getenv("TERM");

    setlocale(LC_CTYPE, "");
    const char *codes = nl_langinfo(CODESET);
    bool utf8 = strcmp(codes, "UTF-8") == 0;
    setlocale(LC_CTYPE, "C");
    if (!isatty(STDOUT_FILENO))
        found(result, CHECK_GOOD, "standard output is no terminal");
    else if (!terminal || !*terminal || strcmp(terminal, "dumb") == 0)
        found(result, CHECK_WARNING, "TERM is %s: 'watch' cannot draw",
              terminal && *terminal ? terminal : "not set");
    else
        found(result, utf8 ? CHECK_GOOD : CHECK_WARNING, "%s, %d columns, %s", terminal,
              stdout_width(), utf8 ? "UTF-8" : "not UTF-8: block characters are not shown");
}

static void check_mpi(struct check_result *result)
{
    found(result, CHECK_GOOD,
          ranks_built() ? "built with MPI: mpirun -n N isthmus ... works"
                        : "built without MPI: '--shard' and 'merge' work");
}

/* --- the table ------------------------------------------------------------------------------ */

// clang-format off
static const struct {
    const char *name;
    void (*check)(struct check_result *result);
    const char *remedy;
} checks[] = {
    {"random numbers", check_generator,   "the compiler or the processor is at fault: build again with another compiler, without options of your own"},
    {"mathematics",    check_mathematics, "GSL or the C library is at fault: reinstall libgsl27, and build without -ffast-math"},
    {"same run twice", check_runs,        "this is a bug, or memory is at fault: run a memory test, then report it"},
    {"database",       check_database,    "restore the file from a backup, or repeat the study: its command is in the file"},
    {"disk",           check_disk,        "free some space: a study of 30 minutes and 10 replications takes about 4 MB"},
    {"temporary disk", check_temporary,   "free some space, or set TMPDIR to another folder"},
    {"gnuplot",        check_gnuplot,     "install it: apt-get install gnuplot-nox"},
    {"fonts",          check_fonts,       "install them: apt-get install fontconfig fonts-dejavu-core"},
    {"terminal",       check_terminal,    "set TERM, and LANG to a UTF-8 locale such as C.UTF-8"},
    {"MPI",            check_mpi,         ""},
};
// clang-format on
enum { CHECKS = sizeof checks / sizeof *checks };

static void print_json(const struct check_result *results)
{
    struct json_writer json;

    json_begin(&json, stdout);
    json_open_array(&json, NULL);
    for (size_t i = 0; i < CHECKS; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "check", checks[i].name);
        json_text(&json, "level", level_names[results[i].level]);
        json_text(&json, "detail", results[i].detail.text);
        json_text(&json, "remedy", results[i].level == CHECK_GOOD ? NULL : checks[i].remedy);
        json_close(&json);
    }
    json_close(&json);
    json_end(&json);
}

static void print_text(const struct check_result *results)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
    struct text_table *table = text_table_create_bare(3);

    for (size_t i = 0; i < CHECKS; i++) {
        text_table_add(table, "%s", level_names[results[i].level]);
        text_table_colour(table, stdout_has_colour() ? colours[results[i].level] : NULL);
        text_table_add(table, "%s", checks[i].name);
        text_table_add(table, "%s", results[i].detail.text);
        if (results[i].level != CHECK_GOOD)
            text_table_note(table, checks[i].remedy);
    }
    text_table_print_and_free(table, stdout);
}

static int doctor(const struct invocation *invocation)
{
    const struct doctor_values *values = invocation->values;
    struct check_result results[CHECKS];
    bool failed = false;

    for (size_t i = 0; i < CHECKS; i++) {
        results[i] = (struct check_result){invocation, CHECK_GOOD, STRBUF_INIT};
        checks[i].check(&results[i]);
        failed = failed || results[i].level == CHECK_FAILED;
    }
    if (values->json)
        print_json(results);
    else
        print_text(results);
    for (size_t i = 0; i < CHECKS; i++)
        strbuf_release(&results[i].detail);
    return failed ? EXIT_FILES : EXIT_DONE;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .arguments = "[FILE.db]",
    .argument_max = 1,
    .summary = "Check that this machine can simulate, record and draw",
    .details = "Check the random numbers and the mathematics against published values, a run "
               "against itself, a results file (FILE.db: this one, all of it), the space on disk, "
               "gnuplot, fonts, the terminal and MPI; print the remedy of what is wrong. Exit code "
               "4 if a check failed.",
    .examples = "  isthmus doctor\n"
                "  isthmus doctor results/10-peering-brownout.db",
    .options = options,
    .values_size = sizeof(struct doctor_values),
    .run = doctor,
};
