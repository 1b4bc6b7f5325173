// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Client libraries by name and version, as presets of section `client`: `preset: go-redis-9.22`.
 * See struct preset in model.h. The names are the choices of field `preset`, "none" first.
 */
#ifndef CLIENT_PRESETS_H
#define CLIENT_PRESETS_H

#include "model.h"

#define CLIENT_PRESET_COUNT 40
#define CLIENT_PRESETS_OLD 3 /* the last rows: old names */
extern const struct preset client_presets[CLIENT_PRESET_COUNT];
extern const char *const client_preset_names[];

#endif
