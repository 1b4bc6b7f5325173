// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON Schema for editors. */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include "known_models.h"

#include <stdio.h>

/* Write the JSON Schema (2020-12) of scenario files. */
void scenario_write_schema(const struct registry *registry, FILE *out);

#endif
