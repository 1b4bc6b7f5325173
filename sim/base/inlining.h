// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What stands where in the program. What every event runs must fit the instruction cache (32 KiB),
 * so what is seldom run must not stand between: models/speed.md has the statistics.
 */
#ifndef INLINING_H
#define INLINING_H

/* What nearly every event runs stands beside the rest of it. */
#define HOT_CODE __attribute__((hot))
/* What is called now and then stays a function, though its callers are compiled as one. */
#define OUT_OF_LINE __attribute__((noinline))
/* What is hardly ever called does, too, and stands far away; a branch that leads there is taken for
 * unlikely. */
#define RARE __attribute__((noinline, cold))

#endif
