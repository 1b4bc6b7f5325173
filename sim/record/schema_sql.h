// SPDX-License-Identifier: GPL-3.0-or-later
/* The text of schema.sql; its definition is made from that file when the build is constatisticd. */
#ifndef SCHEMA_SQL_H
#define SCHEMA_SQL_H

extern const char schema_sql[];

#endif
