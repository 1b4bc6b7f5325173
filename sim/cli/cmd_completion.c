// SPDX-License-Identifier: GPL-3.0-or-later
/* Completion for shells, from the tables that also make the help. */
#include "command.h"

#include "options.h"
#include "quote.h"
#include "strbuf.h"

#include <stdlib.h>
#include <string.h>

/* --- bash ----------------------------------------------------------------------------------- */

/* The words that can follow an option: choices, none, or files. */
static void print_bash_values(const struct command *command)
{
    const struct option *option;

    for (size_t i = 0; (option = options_accepted(command, i)) != NULL; i++) {
        if (option->type == OPTION_FLAG)
            continue;
        printf("        %s:--%s) COMPREPLY=(", command->name, option->name);
        if (option->choices) {
            printf("$(compgen -W '");
            for (size_t k = 0; option->choices[k]; k++)
                printf("%s%s", k ? " " : "", option->choices[k]);
            printf("' -- \"$word\")); return");
        } else if (option->argument &&
                   (strstr(option->argument, "FILE") || strstr(option->argument, ".db"))) {
            printf("$(compgen -f -- \"$word\")); return");
        } else if (option->argument && strcmp(option->argument, "FOLDER") == 0) {
            printf("$(compgen -d -- \"$word\")); return");
        } else {
            printf("); return");
        }
        printf(" ;;\n");
    }
}

static void print_bash_options(const struct command *command)
{
    const struct option *option;

    printf("        %s) options='--help", command->name);
    for (size_t i = 0; (option = options_accepted(command, i)) != NULL; i++)
        printf(" --%s", option->name);
    printf("' ;;\n");
}

static void print_bash(void)
{
    printf("# Completion of isthmus for bash, made by 'isthmus completion bash'.\n"
           "_isthmus() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local verb=${COMP_WORDS[1]} options=''\n"
           "    [[ $verb == plan && $COMP_CWORD -gt 2 ]] && verb=${COMP_WORDS[2]}\n"
           "    COMPREPLY=()\n"
           "    if ((COMP_CWORD == 1)) || [[ ${COMP_WORDS[1]} =~ ^(plan|help|man)$ && "
           "$COMP_CWORD -eq 2 && $word != -* ]]; then\n"
           "        COMPREPLY=($(compgen -W '");
    for (const struct command *const *command = commands; *command; command++)
        printf("%s ", (*command)->name);
    printf("--help --version' -- \"$word\"))\n"
           "        return\n"
           "    fi\n"
           "    [[ $before == '=' ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
           "    [[ $word == '=' ]] && word=''\n"
           "    case $verb:$before in\n");
    for (const struct command *const *command = commands; *command; command++)
        print_bash_values(*command);
    printf("    esac\n"
           "    case $verb in\n");
    for (const struct command *const *command = commands; *command; command++)
        print_bash_options(*command);
    printf("    esac\n"
           "    if [[ $word == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -o bashdefault -F _isthmus isthmus\n");
}

/* --- zsh ------------------------------------------------------------------------------------ */

/* '--name[meaning]:argument:action', quoted for the shell. */
static void print_zsh_option(const struct option *option)
{
    struct strbuf spec = STRBUF_INIT;

    strbuf_addf(&spec, "%s--%s%s[", option->type == OPTION_LIST ? "*" : "", option->name,
                option->type == OPTION_FLAG               ? ""
                : option->type == OPTION_DEFAULTED_CHOICE ? "=-"
                                                          : "=");
    for (const char *at = option->meaning; *at; at++) {
        if (strchr("[]:\\", *at))
            strbuf_add_char(&spec, '\\');
        strbuf_add_char(&spec, *at);
    }
    strbuf_add_char(&spec, ']');
    if (option->type == OPTION_DEFAULTED_CHOICE)
        strbuf_add_char(&spec, ':');
    if (option->choices) {
        strbuf_add(&spec, ":value:(");
        for (size_t i = 0; option->choices[i]; i++)
            strbuf_addf(&spec, "%s%s", i ? " " : "", option->choices[i]);
        strbuf_add_char(&spec, ')');
    } else if (option->argument) {
        bool folder = strcmp(option->argument, "FOLDER") == 0;
        bool file = strstr(option->argument, "FILE") || strstr(option->argument, ".db");
        strbuf_addf(&spec, ":value:%s", folder ? "_files -/" : file ? "_files" : "( )");
    }
    printf("            ");
    quote_write(stdout, QUOTE_SHELL, spec.text);
    printf(" \\\n");
    strbuf_release(&spec);
}

static void print_zsh_verb(const struct command *command)
{
    const struct option *option;

    printf("        %s)\n        _arguments \\\n", command->name);
    for (size_t i = 0; (option = options_accepted(command, i)) != NULL; i++)
        print_zsh_option(option);
    printf("            '--help[show the help]' '*:file:_files' ;;\n");
}

static void print_zsh(void)
{
    printf("#compdef isthmus\n"
           "# Completion of isthmus for zsh, made by 'isthmus completion zsh'.\n"
           "_isthmus() {\n"
           "    local -a verbs\n"
           "    verbs=(\n");
    for (const struct command *const *command = commands; *command; command++) {
        struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "%s:%s", (*command)->name, (*command)->summary);
        printf("        ");
        quote_write(stdout, QUOTE_SHELL, text.text);
        printf("\n");
        strbuf_release(&text);
    }
    printf("    )\n"
           "    if ((CURRENT == 2)) || [[ $CURRENT -eq 3 && $words[2] == (plan|help|man) ]]; then\n"
           "        _describe verb verbs\n"
           "        return\n"
           "    fi\n"
           "    [[ $words[2] == plan ]] && { shift words; ((CURRENT--)); }\n"
           "    local verb=$words[2]\n"
           "    shift words; ((CURRENT--))\n"
           "    case $verb in\n");
    for (const struct command *const *command = commands; *command; command++)
        print_zsh_verb(*command);
    printf("    esac\n"
           "}\n"
           "_isthmus \"$@\"\n");
}

static int completion(const struct invocation *invocation)
{
    const char *shell = invocation->arguments[0];

    if (strcmp(shell, "bash") == 0)
        print_bash();
    else if (strcmp(shell, "zsh") == 0)
        print_zsh();
    else
        return usage_error("unknown shell '%s'; allowed are bash, zsh", shell);
    return EXIT_DONE;
}

const struct command cmd_completion = {
    .name = "completion",
    .arguments = "bash|zsh",
    .argument_min = 1,
    .argument_max = 1,
    .summary = "Print the completion of verbs, options and values for a shell",
    .examples = "  source <(isthmus completion bash)\n"
                "  isthmus completion zsh > ~/.zfunc/_isthmus",
    .values_size = 1,
    .run = completion,
};
