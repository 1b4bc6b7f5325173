// SPDX-License-Identifier: GPL-3.0-or-later
/* The text of schema.sql; its definition is generated from that file by CMake. */
#ifndef SCHEMA_SQL_H
#define SCHEMA_SQL_H

extern const char schema_sql[];

#endif
