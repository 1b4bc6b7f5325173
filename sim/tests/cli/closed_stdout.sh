# SPDX-License-Identifier: GPL-3.0-or-later
# A reader that closes the pipe early is not an error.
"$isthmus" run --help | head -n 1
