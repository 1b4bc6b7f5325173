// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Code placement. The code that every event runs must fit the instruction cache (32 KiB), so rarely
 * executed code is moved away from it; see models/speed.md for measurements.
 */
#ifndef INLINING_H
#define INLINING_H

/* Run by nearly every event: placed with the hot code. */
#define HOT_CODE __attribute__((hot))
/* Called now and then: never inlined, though its callers are compiled as one unit. */
#define OUT_OF_LINE __attribute__((noinline))
/* Rarely called: never inlined and placed far away; branches that lead to it are predicted not
 * taken. */
#define RARE __attribute__((noinline, cold))

#endif
