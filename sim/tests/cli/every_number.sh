# SPDX-License-Identifier: GPL-3.0-or-later
# Every number that a verb prints has a unit, and every estimate an interval or the note that it has none: text, JSON, Markdown, exports
# and HTML reports.
python3 "$source/sim/tests/numbers.py" "$isthmus" "$source"
