// SPDX-License-Identifier: GPL-3.0-or-later
/* The style and the script of an HTML report, and dygraphs of Debian's libjs-dygraphs (MIT): files
 * that the build embeds, each ending with a NUL. Private to report. */
#ifndef HTML_ASSETS_H
#define HTML_ASSETS_H

extern const char report_css[], report_js[], dygraph_css[], dygraph_js[];

#endif
