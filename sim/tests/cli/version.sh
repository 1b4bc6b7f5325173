# SPDX-License-Identifier: GPL-3.0-or-later
"$isthmus" --version | sed -E 's/ [0-9.]+\+[0-9a-f]{12}$/ NUMBER+HASH/'
