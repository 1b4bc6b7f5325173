// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Run gnuplot through pipes: a script in, one plot or an error out. gnuplot never sees a file name:
 * it writes to its standard output. Private to report.
 */
#ifndef GNUPLOT_H
#define GNUPLOT_H

#include "diag.h"
#include "output_file.h"

/*
 * Draw into an open file, which the caller commits or discards. `terminal` is the line after "set
 * terminal"; `script` is the rest. Returns 0, or -1 with one error that quotes gnuplot's message.
 * gnuplot continues after an error, so its exit status decides.
 */
int gnuplot_draw(const struct output_file *file, const char *terminal, const char *script,
                 struct diag *diag);

#endif
