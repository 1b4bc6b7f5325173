// SPDX-License-Identifier: GPL-3.0-or-later
/* Parse the command line by a command's option table, and print the help from the same table. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"
#include "strbuf.h"

#include <stdio.h>

/* Result of parsing the words after the verb. */
enum parse_outcome { PARSE_RUN, PARSE_HELP, PARSE_WRONG };

/*
 * Fill invocation->values (allocated here, zeroed) and ->arguments. Prints the first error to
 * stderr. Texts are pointers into `words`. Release with options_release().
 */
enum parse_outcome options_parse(const struct command *command, int word_count, char **words,
                                 struct invocation *invocation);
void options_release(struct invocation *invocation);
void options_help(const struct command *command, FILE *out);

/* The options of a command in order, without those that it refuses; NULL past the last one. */
const struct option *options_accepted(const struct command *command, size_t index);
/* "--format png|svg", "--plot[=png|svg]", "--seed N". Appends. */
void options_add_usage(struct strbuf *out, const struct option *option);

#endif
