# SPDX-License-Identifier: GPL-3.0-or-later
# A reader that has seen enough is no news.
"$isthmus" run --help | head -n 1
