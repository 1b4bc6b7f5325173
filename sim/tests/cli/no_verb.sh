# SPDX-License-Identifier: GPL-3.0-or-later
# Without a verb: the overview, but on stderr, and it is a mistake.
"$isthmus" 2>overview
code=$?
"$isthmus" --help | cmp - overview
exit $code
