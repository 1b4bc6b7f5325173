// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Was the machine quiet enough to measure? A thread on each processor sleeps for 2 ms at a time, at
 * the priority of the program, and notes how late it wakes. What delays it also delays servers,
 * emulators and client, which have the same priority.
 */
#ifndef DISTURBANCE_H
#define DISTURBANCE_H

#include <stdint.h>

/* Begin to watch. Ends the program with status 4 if threads cannot be made. */
void disturbance_start(void);

/* Stop watching. Print, as statistics of the client:
 *   disturbance.max     the longest delay, in ns
 *   disturbance.share   of the time, in delays above 0.5 ms; of the processor with most */
void disturbance_print(void);

#endif
