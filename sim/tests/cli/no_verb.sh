# SPDX-License-Identifier: GPL-3.0-or-later
# Without a verb: the overview on stderr, and the exit code of an error.
"$isthmus" 2>overview
code=$?
"$isthmus" --help | cmp - overview
exit $code
