// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A copy of a scenario that is changed while it is played (`watch --play`): faults that are added
 * and dials that are turned. The file itself is never changed. Each change can be undone.
 */
#ifndef PLAY_COPY_H
#define PLAY_COPY_H

#include "command.h"
#include "set_list.h"

#include <stdint.h>
#include <stdio.h>

/* How long an injected fault lasts. */
#define PLAY_FAULT_NS (60 * INT64_C(1000000000))

struct play_copy;
/* NULL with the errors printed, and *code set. */
struct play_copy *play_copy_open(const struct invocation *invocation, const char *path, int *code);
void play_copy_free(struct play_copy *copy); /* NULL is allowed */

/* Faults that can be injected: "loss 30% on us-west-2 -> us-west-1". */
size_t play_copy_fault_count(const struct play_copy *copy);
const char *play_copy_fault_words(const struct play_copy *copy, size_t index);
/* Inject it at this time. */
void play_copy_inject(struct play_copy *copy, size_t index, int64_t at_ns);

/* Parameters that can be halved and doubled: "client.timeout = 300ms". Appends. */
size_t play_copy_dial_count(const struct play_copy *copy);
void play_copy_add_dial(struct strbuf *out, const struct play_copy *copy, size_t index);
/* False: it has no such value. */
bool play_copy_turn(struct play_copy *copy, size_t index, double factor);

size_t play_copy_change_count(const struct play_copy *copy);
/* Take back the last change. */
void play_copy_undo(struct play_copy *copy);

/* Run replication 0 of the copy into a new results file. EXIT_DONE, or another exit code with
 * errors in the diag. */
int play_copy_run(const struct play_copy *copy, const char *results, struct diag *diag);
/* The copy as a scenario that extends the original. Write errors stay in the stream. */
void play_copy_write(const struct play_copy *copy, FILE *out);
/* Name of the file to save: that of the scenario with "-played". The caller frees it. */
char *play_copy_path(const struct play_copy *copy);

#endif
