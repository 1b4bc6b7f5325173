# SPDX-License-Identifier: GPL-3.0-or-later
# What could not be printed was not given.
"$isthmus" --help >/dev/full
