# SPDX-License-Identifier: GPL-3.0-or-later
# No line is wider than 120 columns.
# Every listed model can be described, in text and in JSON; also a scenario, and the schema.
for model in $("$isthmus" describe | awk '/^  [a-z]/ { print $1 }'); do
    "$isthmus" describe "$model" >text || echo "describe $model: exit $?"
    "$isthmus" describe "$model" --json >json || echo "describe $model --json: exit $?"
    [[ -s text && $(head -c 1 json) == '{' ]] || echo "nothing of $model"
done
"$isthmus" describe --markdown store_client | grep -c '^|' | awk '{ print ($1 > 10 ? "a table" : "no table") }'
"$isthmus" describe --json | head -c 1; echo
"$isthmus" describe --schema | head -c 1; echo
"$isthmus" describe "$source/scenarios/00-baseline.yaml" | grep -q 'client.timeout' && echo "a scenario"
for what in '' client store wan_link population; do "$isthmus" describe $what; done | awk 'length > 120' | wc -l
