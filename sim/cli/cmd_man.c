// SPDX-License-Identifier: GPL-3.0-or-later
/* Manual pages from the tables that also make the help: one for the program, one for each verb. */
#include "command.h"

#include "options.h"
#include "output_file.h"
#include "provenance.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

struct man_values {
    const char *output;
};
#define OPTION_VALUES struct man_values

/* clang-format off */
static const struct option options[] = {
    TEXT_OPTION("output", output, "FOLDER", "standard output, one page", "write the pages of the program and of all verbs to this folder"),
    OPTIONS_END,
};
/* clang-format on */

/* Text of roff: backslashes and hyphens are escaped, and a control character that begins a line. */
static void add_text(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        bool begins = out->length == 0 || out->text[out->length - 1] == '\n';
        if (begins && (*text == '.' || *text == '\''))
            strbuf_add(out, "\\&");
        if (*text == '\\')
            strbuf_add(out, "\\e");
        else if (*text == '-')
            strbuf_add(out, "\\-");
        else
            strbuf_add_char(out, *text);
    }
}

static void add_section(struct strbuf *out, const char *title)
{
    strbuf_addf(out, ".SH %s\n", title);
}

/* Lines as they are: examples, and what a verb prints below its options. */
static void add_verbatim(struct strbuf *out, const char *text)
{
    strbuf_add(out, ".nf\n");
    add_text(out, text);
    strbuf_add(out, "\n.fi\n");
}

static void add_head(struct strbuf *out, const char *name, const char *summary)
{
    strbuf_addf(out,
                ".\\\" Made by 'isthmus man'; do not edit.\n.TH \"%s\" 1 \"\" \"isthmus %s\"\n",
                name, program_version);
    add_section(out, "NAME");
    add_text(out, name);
    strbuf_add(out, " \\- ");
    add_text(out, summary);
    strbuf_add_char(out, '\n');
}

static void add_options(struct strbuf *out, const struct command *command)
{
    const struct option *option;

    if (!options_accepted(command, 0))
        return;
    add_section(out, "OPTIONS");
    for (size_t i = 0; (option = options_accepted(command, i)) != NULL; i++) {
        struct strbuf usage = STRBUF_INIT;
        options_add_usage(&usage, option);
        strbuf_add(out, ".TP\n.B ");
        add_text(out, usage.text);
        strbuf_add_char(out, '\n');
        add_text(out, option->meaning);
        if (option->initial) {
            strbuf_add(out, " (default: ");
            add_text(out, option->initial);
            strbuf_add_char(out, ')');
        }
        strbuf_add_char(out, '\n');
        strbuf_release(&usage);
    }
}

/* What more_help prints, as text. */
static void add_more_help(struct strbuf *out, const struct command *command)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = command->more_help ? open_memstream(&text, &size) : NULL;

    if (!file)
        return;
    command->more_help(file);
    fclose(file);
    add_section(out, "VALUES");
    add_verbatim(out, text + (*text == '\n'));
    free(text);
}

static void add_verb_page(struct strbuf *out, const struct command *command)
{
    struct strbuf name = STRBUF_INIT;

    strbuf_addf(&name, "isthmus-%s", command->name);
    add_head(out, name.text, command->summary);
    add_section(out, "SYNOPSIS");
    strbuf_addf(out, ".B isthmus %s\n", command->name);
    if (options_accepted(command, 0))
        strbuf_add(out, "[options] ");
    add_text(out, command->arguments);
    strbuf_add_char(out, '\n');
    if (command->details) {
        add_section(out, "DESCRIPTION");
        add_text(out, command->details);
        strbuf_add_char(out, '\n');
    }
    add_options(out, command);
    add_more_help(out, command);
    if (command->examples) {
        add_section(out, "EXAMPLES");
        add_verbatim(out, command->examples);
    }
    add_section(out, "SEE ALSO");
    strbuf_add(out, ".BR isthmus (1)\n");
    strbuf_release(&name);
}

static void add_program_page(struct strbuf *out)
{
    add_head(out, "isthmus", "simulate the session traffic of an application in several regions");
    add_section(out, "SYNOPSIS");
    strbuf_add(out, ".B isthmus\nVERB [options] ARGUMENT...\n");
    add_section(out, "DESCRIPTION");
    add_text(out, command_overview());
    add_section(out, "VERBS");
    for (const struct command *const *command = commands; *command; command++) {
        strbuf_addf(out, ".TP\n.BR isthmus\\-%s (1)\n", (*command)->name);
        add_text(out, (*command)->summary);
        strbuf_add_char(out, '\n');
    }
    add_section(out, "EXIT STATUS");
    for (size_t i = 0; command_exit_code(i); i++) {
        strbuf_addf(out, ".TP\n.B %d\n", command_exit_code(i)->code);
        add_text(out, command_exit_code(i)->meaning);
        strbuf_add_char(out, '\n');
    }
    add_section(out, "ENVIRONMENT");
    strbuf_add(out,
               ".TP\n.B NO_COLOR\nno colours on a terminal\n.TP\n.B TMPDIR\nfolder of temporary "
               "results files (default: /tmp)\n");
}

static bool is_page(const char *head, size_t size)
{
    static const char mark[] = ".\\\" Made by 'isthmus man'";

    return size >= sizeof mark - 1 && memcmp(head, mark, sizeof mark - 1) == 0;
}

/* command NULL: the page of the program. */
static int write_page(const char *folder, const struct command *command, struct diag *diag)
{
    static const struct output_kind kind = {"a manual page of isthmus", is_page};
    struct strbuf path = STRBUF_INIT, page = STRBUF_INIT;
    struct output_file file = {NULL, NULL, NULL};

    strbuf_addf(&path, "%s/isthmus%s%s.1", folder, command ? "-" : "",
                command ? command->name : "");
    if (command)
        add_verb_page(&page, command);
    else
        add_program_page(&page);
    int status = output_make_folders(path.text, diag);
    if (status == 0)
        status = output_file_open(&file, path.text, &kind, diag);
    if (status == 0) {
        fwrite(page.text, 1, page.length, file.stream);
        status = output_file_commit(&file, diag);
    }
    output_file_discard(&file);
    strbuf_release(&path);
    strbuf_release(&page);
    return status;
}

static int write_pages(const char *folder)
{
    struct diag diag = {0};
    int status = write_page(folder, NULL, &diag);

    for (const struct command *const *command = commands; status == 0 && *command; command++)
        status = write_page(folder, *command, &diag);
    print_diag(&diag);
    return status < 0 ? EXIT_FILES : EXIT_DONE;
}

static int man(const struct invocation *invocation)
{
    const struct man_values *values = invocation->values;
    struct strbuf page = STRBUF_INIT;

    if (values->output && invocation->argument_count > 0)
        return usage_error("'--output' writes all pages; it cannot be given with a verb");
    if (values->output)
        return write_pages(values->output);
    if (invocation->argument_count > 0) {
        const struct command *command = command_find(invocation->arguments[0]);
        if (!command)
            return command_unknown(invocation->arguments[0]);
        add_verb_page(&page, command);
    } else {
        add_program_page(&page);
    }
    fwrite(page.text, 1, page.length, stdout);
    strbuf_release(&page);
    return EXIT_DONE;
}

const struct command cmd_man = {
    .name = "man",
    .arguments = "[VERB]",
    .argument_max = 1,
    .summary = "Print a manual page, or write all of them",
    .details = "The pages are made from the tables that also make the help.",
    .examples = "  isthmus man run | man -l -\n"
                "  isthmus man --output ~/.local/share/man/man1",
    .options = options,
    .values_size = sizeof(struct man_values),
    .run = man,
};
