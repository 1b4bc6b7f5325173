# SPDX-License-Identifier: GPL-3.0-or-later
# Unchanged: identical, exit 0, even if the baseline had another seed. A regression: exit 11, and it is in the XML.
cat >small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 1min
warmup: 20s
faults: [{at: 25s, for: 25s, link: us-west-2 -> us-west-1, loss: 30%}]
replications: 4
expect: []
END
"$isthmus" run small.yaml --seed 7 --output base.db --quiet
"$isthmus" check small.yaml --against base.db --output new.db --junit same.xml >same 2>/dev/null; echo $?
grep -c 'identical' same
python3 -c '
import xml.etree.ElementTree as tree
for name in ["same.xml"]:
    suite = tree.parse(name).getroot()
    print(name, suite.get("name"), suite.get("failures"), len([c for c in suite if len(c) == 0]) > 15)'
"$isthmus" check small.yaml --against base.db --set client.retry.attempts=1 --no-output --metric write_failure_rate --junit worse.xml >worse 2>/dev/null; echo $?
grep -o '^  write_failure_rate  worse' worse
grep -c '<failure' worse.xml
echo 'expect: ["mean(write_timeout_rate) < 0.01%", "upper(availability) > 1%"]' >>small.yaml
sed -i '/^expect: \[\]/d' small.yaml
"$isthmus" check small.yaml --against base.db --no-output --metric availability 2>/dev/null | tail -n 3; echo "${PIPESTATUS[0]}"
"$isthmus" check small.yaml --no-output; echo $?
"$isthmus" check small.yaml --against nowhere.db --no-output; echo $?
"$isthmus" check small.yaml --against base.db --output base.db; echo $?
"$isthmus" check small.yaml --against base.db --no-output --metric reads; echo $?
"$isthmus" check small.yaml --against base.db --no-output --quiet --junit no/such/folder.xml; echo $?
