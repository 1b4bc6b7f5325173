# SPDX-License-Identifier: GPL-3.0-or-later
# Every verb in the overview has its own help, with a usage line and an example.
for verb in $("$isthmus" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    "$isthmus" "$verb" --help >help || echo "exit $?"
    head -n 1 help
done
