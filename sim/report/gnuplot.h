// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * gnuplot behind pipes: a script in, one picture out, or an error. gnuplot never sees a name of
 * ours: it draws to its standard output. Private to report.
 */
#ifndef GNUPLOT_H
#define GNUPLOT_H

#include "diag.h"
#include "output_file.h"

/*
 * Draw into an open file, which the caller commits or discards. `terminal` is the line after "set
 * terminal"; `script` is what follows. 0, or -1 and one error with gnuplot's own words: it goes on
 * after an error, and only its exit status tells.
 */
int gnuplot_draw(const struct output_file *file, const char *terminal, const char *script,
                 struct diag *diag);

#endif
