// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sessions whose last write has a value that nobody can read (fault `corrupt`): a bug of the
 * application, or of the store. The write is replicated as any other, so the session is unreadable
 * in every region that has the write; the next good write repairs it.
 */
#ifndef CORRUPTION_H
#define CORRUPTION_H

struct cluster;
struct command;
struct corruption;

struct corruption *corruption_create(void);
void corruption_free(struct corruption *corruption); /* NULL is allowed */
/*
 * A command has its reply, which is about to be sent. Of a write that was executed: draw whether it
 * was corrupt (the share of the cluster's illness). Of a read that found the session's last write:
 * a miss, if that was corrupt.
 */
void corruption_see(struct corruption *corruption, const struct cluster *cluster,
                    struct command *command);

#endif
