// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A command-line verb: name, option table, help and function.
 *
 * Parsing, defaults, validation (with the nearest name) and help all come from the option table.
 * Options are written `--name value` or `--name=value`, before or after the arguments; `--` ends
 * them.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "scenario.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes of the program; documented in the help, tested, never reused. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_BUG = 1,
    EXIT_USAGE = 2,
    EXIT_SCENARIO = 3,
    EXIT_FILES = 4,
    EXIT_EXPECTATION = 10,
    EXIT_REGRESSION = 11,
    EXIT_UNDECIDED = 12,
    EXIT_INTERRUPTED = 130
};

struct text_list {
    const char **items;
    size_t count, capacity;
};

enum option_type {
    OPTION_FLAG,            /* bool */
    OPTION_TEXT,            /* const char *, NULL if not given */
    OPTION_LIST,            /* struct text_list: can be given several times */
    OPTION_COUNT,           /* uint32_t, at least 1; 0 if not given */
    OPTION_INDEX,           /* uint32_t, 0 if not given */
    OPTION_INTEGER,         /* const char *, a whole number of 64 bits; NULL if not given */
    OPTION_CHOICE,          /* int: 1 + index into choices, 0 if not given */
    OPTION_DEFAULTED_CHOICE /* as CHOICE; without a value (`--plot`), the first */
};

struct option {
    const char *name;
    enum option_type type;
    size_t offset;              /* in the command's struct of values */
    const char *argument;       /* name of the value in the help; NULL for a flag */
    const char *const *choices; /* NULL-terminated */
    const char *initial;        /* the default, for the help; or NULL */
    const char *meaning;
};

/* An option that a verb refuses although others share it, and what to use. */
struct refused_option {
    const char *name;
    const char *instead;
};

/* An option of an earlier version: accepted with a warning, in no help and no completion. */
struct old_option {
    struct option option;
    const char *instead;
};

struct ranks;
struct invocation;
struct command {
    const char *name;
    const char *arguments; /* "SCENARIO" */
    size_t argument_min, argument_max;
    const char *summary; /* one line, for the list of verbs */
    const char *details; /* a paragraph, wrapped when it is printed */
    const char *examples;
    const struct option *options; /* ends with a row without a name; NULL: none */
    /* Options that several verbs share, listed after the others. Their offsets refer to the first
     * member of the values. */
    const struct option *more_options;
    const struct refused_option *refused; /* of them; ends with a row without a name; NULL: none */
    const struct old_option *old_options; /* ends with a row without a name; NULL: none */
    size_t values_size;
    void (*more_help)(FILE *out); /* what follows the options in the help; NULL: nothing */
    bool plans;                   /* can follow `plan` */
    int (*run)(const struct invocation *invocation); /* returns an exit_code */
};

/* One call of a command. */
struct invocation {
    const struct command *command;
    const char **arguments;
    size_t argument_count;
    void *values;             /* laid out as the options' offsets say */
    const char *command_line; /* quoted for a shell */
    const struct registry *registry;
    const atomic_int *interrupt;
    struct ranks *ranks; /* of an MPI job; NULL: none */
    bool plan;           /* only estimate what would be run */
};

extern const struct command *const commands[]; /* NULL-terminated */
extern const struct command cmd_run, cmd_sweep, cmd_compare, cmd_check, cmd_capacity,
    cmd_sensitivity, cmd_merge, cmd_repro, cmd_validate, cmd_describe, cmd_summary, cmd_plot,
    cmd_export, cmd_explain, cmd_report, cmd_trace, cmd_lesson, cmd_watch, cmd_doctor, cmd_man,
    cmd_completion;

/* The whole program except the process-wide setup in main(). */
int command_main(int argc, char **argv, const struct registry *registry,
                 const atomic_int *interrupt, struct ranks *ranks);

/* --- for the verbs -------------------------------------------------------------------------- */

const struct command *command_find(const char *name); /* NULL: none */
/* Report an unknown verb with the nearest name; returns EXIT_USAGE. */
int command_unknown(const char *name);
/* The paragraph that says what the program does. */
const char *command_overview(void);
struct exit_meaning {
    enum exit_code code;
    const char *meaning;
};
const struct exit_meaning *command_exit_code(size_t index); /* NULL past the last one */

/* "isthmus: error: ..." on stderr; returns EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Print the collected messages to stderr and release them. */
void print_diag(struct diag *diag);
/* True if stdout is a terminal and NO_COLOR is unset or empty. */
bool stdout_has_colour(void);
/* Width of stdout's terminal in columns, or 100. */
int stdout_width(void);

/* clang-format off */
#define OPTIONS_END {NULL, OPTION_FLAG, 0, NULL, NULL, NULL, NULL}
#define OLD_OPTIONS_END {OPTIONS_END, NULL}
#define OPTION_MEMBER(member) (((OPTION_VALUES *)0)->member)
#define OPTION_TYPED(member, ctype, otype) \
    _Generic(&OPTION_MEMBER(member), ctype * : otype), offsetof(OPTION_VALUES, member)
#define FLAG_OPTION(name, member, meaning) \
    {name, OPTION_TYPED(member, bool, OPTION_FLAG), NULL, NULL, NULL, meaning}
#define TEXT_OPTION(name, member, argument, initial, meaning) \
    {name, OPTION_TYPED(member, const char *, OPTION_TEXT), argument, NULL, initial, meaning}
#define LIST_OPTION(name, member, argument, meaning) \
    {name, OPTION_TYPED(member, struct text_list, OPTION_LIST), argument, NULL, NULL, meaning}
#define COUNT_OPTION(name, member, argument, initial, meaning) \
    {name, OPTION_TYPED(member, uint32_t, OPTION_COUNT), argument, NULL, initial, meaning}
#define INDEX_OPTION(name, member, argument, initial, meaning) \
    {name, OPTION_TYPED(member, uint32_t, OPTION_INDEX), argument, NULL, initial, meaning}
#define INTEGER_OPTION(name, member, argument, initial, meaning) \
    {name, OPTION_TYPED(member, const char *, OPTION_INTEGER), argument, NULL, initial, meaning}
#define CHOICE_OPTION(name, member, choices, initial, meaning) \
    {name, OPTION_TYPED(member, int, OPTION_CHOICE), NULL, choices, initial, meaning}
#define DEFAULTED_CHOICE_OPTION(name, member, choices, initial, meaning) \
    {name, OPTION_TYPED(member, int, OPTION_DEFAULTED_CHOICE), NULL, choices, initial, meaning}
/* clang-format on */

#endif
