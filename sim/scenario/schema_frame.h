// SPDX-License-Identifier: GPL-3.0-or-later
/* The text of schema_frame.json; its definition is generated from that file by CMake. */
#ifndef SCHEMA_FRAME_H
#define SCHEMA_FRAME_H

extern const char schema_frame[];

#endif
