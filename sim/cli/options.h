// SPDX-License-Identifier: GPL-3.0-or-later
/* Words of the command line become values, by a command's option table; and the help made of the
 * same table. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"

#include <stdio.h>

/* What the words after the verb came to. */
enum parse_outcome { PARSE_RUN, PARSE_HELP, PARSE_WRONG };

/*
 * Fill invocation->values (made here, zeroed) and ->arguments. The first error is told on stderr.
 * Texts stay pointers into `words`. Release with options_release().
 */
enum parse_outcome options_parse(const struct command *command, int word_count, char **words,
                                 struct invocation *invocation);
void options_release(struct invocation *invocation);
void options_help(const struct command *command, FILE *out);

#endif
