// SPDX-License-Identifier: GPL-3.0-or-later
/* Files that the build embeds, each ending with a NUL: the style and the script of an HTML report,
 * dygraphs of Debian's libjs-dygraphs (MIT), and the rows of the reality bench. Private to report.
 */
#ifndef HTML_ASSETS_H
#define HTML_ASSETS_H

extern const char report_css[], report_js[], dygraph_css[], dygraph_js[], reality_csv[];

#endif
