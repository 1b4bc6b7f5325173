# SPDX-License-Identifier: GPL-3.0-or-later
# A scenario that is missing, a directory or too large cannot be read: exit code 4. An invalid one: 3.
mkdir folder
yes '# a comment of some forty characters, or so' | head -c 11000000 >large.yaml
echo 'client: !foo {timeout: 1s}' >tagged.yaml
for scenario in missing.yaml folder large.yaml tagged.yaml; do
    for verb in run validate describe; do
        "$isthmus" "$verb" "$scenario"; echo "$verb $scenario: $?"
    done
done
