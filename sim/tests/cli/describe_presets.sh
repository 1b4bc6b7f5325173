# SPDX-License-Identifier: GPL-3.0-or-later
# Presets: the list, one by name, and a misspelt name.
"$isthmus" describe --presets | grep -c '^  source' | awk '{ print ($1 > 20 ? "many presets" : "few presets") }'
"$isthmus" describe --presets --json | head -c 1; echo
"$isthmus" describe client --preset redis-py-8
"$isthmus" describe client --preset redis-py-9; echo "exit $?"
"$isthmus" describe store --presets; echo "exit $?"
