// SPDX-License-Identifier: GPL-3.0-or-later
#include "command.h"

#include "options.h"
#include "provenance.h"
#include "quote.h"
#include "strbuf.h"
#include "suggest.h"
#include "text_table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int cmd_help(const struct invocation *invocation);

static const struct command help_command = {
    .name = "help",
    .arguments = "[VERB]",
    .argument_max = 1,
    .summary = "Show the help of a verb",
    .values_size = 1,
    .run = cmd_help,
};

/* command_main() removes the word 'plan' and runs the verb that follows it. */
static int cmd_plan(const struct invocation *invocation)
{
    (void)invocation;
    return usage_error("'plan' needs a verb: isthmus plan VERB [options] ARGUMENT...");
}

static const struct command plan_command = {
    .name = "plan",
    .arguments = "VERB [options] ARGUMENT...",
    .argument_max = 1,
    .summary = "Estimate the runs, time and results size of another verb without running it",
    .details =
        "VERB is 'run', 'sweep', 'compare', 'capacity' or 'sensitivity' with its own options and "
        "arguments, including '--json'. Time one replication of the first point and one of the "
        "last, 20 s each at most; run nothing else and write nothing. If the study adds runs "
        "adaptively, estimate its first round.",
    .examples = "  isthmus plan sweep scenarios/30-read-after-write.yaml --replications 50",
    .values_size = 1,
    .run = cmd_plan,
};

// clang-format off
const struct command *const commands[] = {
    &cmd_run, &cmd_sweep, &cmd_compare, &cmd_check, &cmd_capacity, &cmd_sensitivity,
    &cmd_merge, &cmd_repro, &cmd_validate, &cmd_describe,
    &cmd_summary, &cmd_explain, &cmd_plot, &cmd_report, &cmd_trace, &cmd_export, &cmd_watch, &cmd_lesson,
    &plan_command, &help_command, &cmd_doctor, &cmd_man, &cmd_completion, NULL,
};
// clang-format on

static const struct exit_meaning exit_meanings[] = {
    {EXIT_DONE, "success"},
    {EXIT_BUG, "internal error; the message says how to replay it"},
    {EXIT_USAGE, "invalid command line"},
    {EXIT_SCENARIO, "invalid scenario"},
    {EXIT_FILES, "cannot read or write a file or database"},
    {EXIT_EXPECTATION, "completed; an expectation failed"},
    {EXIT_REGRESSION, "completed; a regression was found"},
    {EXIT_UNDECIDED, "completed; a verdict is undecided, try more replications"},
    {EXIT_INTERRUPTED, "interrupted; completed runs are kept"},
};

static const char usage[] = "Usage: isthmus VERB [options] ARGUMENT...\n\n";

static const char overview[] = "Simulate the session traffic of an application that runs in "
                               "several cloud regions. A scenario\n"
                               "file describes the regions, users, session store, links, client "
                               "timeouts and retries, and the\n"
                               "faults to inject.\n";

const char *command_overview(void)
{
    return overview;
}

const struct exit_meaning *command_exit_code(size_t index)
{
    return index < sizeof exit_meanings / sizeof exit_meanings[0] ? &exit_meanings[index] : NULL;
}

static const char overview_example[] =
    "\nExample:\n"
    "  isthmus validate scenarios/10-peering-brownout.yaml\n"
    "  isthmus run scenarios/10-peering-brownout.yaml --set client.timeout=500ms --plot\n"
    "  isthmus plot timeline results/10-peering-brownout.db --format text\n";

static void print_overview(FILE *out)
{
    struct text_table *verbs = text_table_create_bare(2), *codes = text_table_create_bare(2);

    fprintf(out, "%s%s\nVerbs:\n", usage, overview);
    for (const struct command *const *command = commands; *command; command++) {
        text_table_add(verbs, "%s", (*command)->name);
        text_table_add(verbs, "%s", (*command)->summary);
    }
    text_table_add(verbs, "--version");
    text_table_add(verbs, "Print the version");
    text_table_print_and_free(verbs, out);
    fprintf(out, "\nRun 'isthmus VERB --help' for the options of a verb.\n");
    fputs(overview_example, out);
    fprintf(out, "\nExit codes:\n");
    for (size_t i = 0; i < sizeof exit_meanings / sizeof exit_meanings[0]; i++) {
        text_table_add(codes, "%3d", (int)exit_meanings[i].code);
        text_table_add(codes, "%s", exit_meanings[i].meaning);
    }
    text_table_print_and_free(codes, out);
}

int usage_error(const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list args;

    va_start(args, format);
    strbuf_addv(&text, format, args);
    va_end(args);
    quote_print_line(stderr, "isthmus: error: %s", text.text);
    strbuf_release(&text);
    return EXIT_USAGE;
}

void print_diag(struct diag *diag)
{
    diag_print(diag, stderr);
    diag_release(diag);
}

bool stdout_has_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

int stdout_width(void)
{
    struct winsize size;

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return 100;
}

const struct command *command_find(const char *name)
{
    for (const struct command *const *command = commands; *command; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

int command_unknown(const char *name)
{
    const char *names[sizeof commands / sizeof commands[0]] = {NULL};

    for (size_t i = 0; commands[i]; i++)
        names[i] = commands[i]->name;
    const char *nearest = suggest_nearest(name, names, sizeof names / sizeof names[0]);
    if (nearest)
        return usage_error("unknown verb '%s'; did you mean '%s'?", name, nearest);
    return usage_error("unknown verb '%s'; see 'isthmus --help'", name);
}

static int cmd_help(const struct invocation *invocation)
{
    if (invocation->argument_count == 0) {
        print_overview(stdout);
        return EXIT_DONE;
    }
    const struct command *command = command_find(invocation->arguments[0]);
    if (!command)
        return command_unknown(invocation->arguments[0]);
    options_help(command, stdout);
    return EXIT_DONE;
}

static int command_run(const struct command *command, int argc, char **argv,
                       struct invocation *invocation)
{
    switch (options_parse(command, argc - 2, argv + 2, invocation)) {
    case PARSE_HELP:
        options_help(command, stdout);
        return EXIT_DONE;
    case PARSE_WRONG:
        return EXIT_USAGE;
    case PARSE_RUN:
        break;
    }
    return command->run(invocation);
}

/* Output that could not be written is an error: a full disk must not look like success. */
static int close_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno != EPIPE) /* the reader closed the pipe: no error */
        fprintf(stderr, "isthmus: error: cannot write to standard output: %s\n", strerror(errno));
    return code == EXIT_DONE ? EXIT_FILES : code;
}

/* isthmus plan VERB ...: parse the verb as usual, but plan its runs instead of running them. */
static int command_plan(int argc, char **argv, struct invocation *invocation)
{
    const struct command *command = command_find(argv[2]);

    if (!command)
        return command_unknown(argv[2]);
    if (!command->plans)
        return usage_error(
            "'plan' needs a verb that runs a study, such as 'run' or 'sweep', got '%s'", argv[2]);
    invocation->plan = true;
    int code = command_run(command, argc - 1, argv + 1, invocation);
    options_release(invocation);
    return code;
}

int command_main(int argc, char **argv, const struct registry *registry,
                 const atomic_int *interrupt, struct ranks *ranks)
{
    struct strbuf line = STRBUF_INIT;
    const char *verb = argc > 1 ? argv[1] : "";
    int code;

    for (int i = 0; i < argc; i++) {
        strbuf_add(&line, i ? " " : "");
        quote_add(&line, QUOTE_SHELL, argv[i]);
    }
    struct invocation invocation = {
        .command_line = line.text, .registry = registry, .interrupt = interrupt, .ranks = ranks};
    const struct command *command = command_find(verb);
    if (argc < 2) {
        print_overview(stderr);
        code = EXIT_USAGE;
    } else if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        print_overview(stdout);
        code = EXIT_DONE;
    } else if (strcmp(verb, "--version") == 0) {
        printf("isthmus %s\n", program_version);
        code = EXIT_DONE;
    } else if (command == &plan_command && argc > 2 && argv[2][0] != '-') {
        code = command_plan(argc, argv, &invocation);
    } else if (command) {
        code = command_run(command, argc, argv, &invocation);
        options_release(&invocation);
    } else if (verb[0] == '-') {
        code =
            usage_error("unknown option '%s'; the verb comes first: isthmus VERB [options]", verb);
    } else {
        code = command_unknown(verb);
    }
    strbuf_release(&line);
    return close_stdout(code);
}
