# SPDX-License-Identifier: GPL-3.0-or-later
# Settings that are allowed and probably not meant: printed with their codes, only where asked for, exit 0 all the same.
cat >odd.yaml <<'YAML'
regions: {us-west-1: {}, us-west-2: {}}
store: {primary: us-west-1}
app: {health: {depth: primary-store}}
client: {timeout: 2s, deadline: 1s}
YAML
"$isthmus" validate odd.yaml
"$isthmus" validate odd.yaml --lint
echo "exit $?"
"$isthmus" validate --lint --quiet "$source/scenarios/00-baseline.yaml"
