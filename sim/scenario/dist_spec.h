// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Syntax of distributions in scenario files. These are equivalent:
 *
 *   rtt: lognormal(median=22ms, p99=31ms)
 *   rtt: {lognormal: {median: 22ms, p99: 31ms}}
 *   rtt: {median: 22ms, p99: 31ms}              # if the names identify the family
 *
 * Also: a plain value (constant), exponential(20ms), {exponential: 20ms}, {mixture: [{weight: 0.99,
 * of: ...}, ...]}, {plus: [10ms, ...]}, {empirical: file.csv}, {empirical: {file: f.csv, column:
 * latency_ms, unit: ms}} and {empirical: [10ms, 12ms, ...]}. `max` may be one of the arguments.
 */
#ifndef DIST_SPEC_H
#define DIST_SPEC_H

#include "dist.h"
#include "schema.h"

/* Read a distribution; NULL on error, which is reported. If `text` is not NULL, the canonical form
 * is appended to it. */
struct dist *dist_spec_read(const struct schema_context *context, const char *subject,
                            const struct yaml_node *node, bool is_time, struct strbuf *text);

#endif
