// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * gnuplot behind a pipe: a script in, one file out, or nothing.
 *
 * The script draws to a temporary name beside the target, which is renamed once gnuplot has said
 * that all went well (it goes on after an error and only its exit status tells) and the file holds
 * something. Private to report.
 */
#ifndef GNUPLOT_H
#define GNUPLOT_H

#include "diag.h"
#include "strbuf.h"

/* `terminal` is the line after "set terminal"; `script` is what follows. 0, or -1 and one error
 * with gnuplot's own words. */
int gnuplot_draw(const char *path, const char *terminal, const char *script, struct diag *diag);

#endif
