# SPDX-License-Identifier: GPL-3.0-or-later
"$isthmus" help run
"$isthmus" run --help | cmp - <("$isthmus" help run)
