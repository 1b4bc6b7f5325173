# SPDX-License-Identifier: GPL-3.0-or-later
# The command that reproduces a run gives its digest, from the file or, after a change of the file, from the stored scenario.
isthmus() { "$isthmus" "$@"; } # what is printed begins with the program's name
cat >'our study.yaml' <<END
name: study
extends: $source/scenarios/10-peering-brownout.yaml
duration: 12min
warmup: auto
bin: 10s
replications: 3
sweep: {client.timeout: [200ms, 300ms]}
expect: []
END
isthmus sweep 'our study.yaml' --quiet --output r.db --set 'client.retry={attempts: 3}' --seed 7 --digest >digests
isthmus repro r.db --run 1/2 | tee command
eval "$(<command)" >remade
[[ "1 $(<remade)" == "$(grep '^1 2 ' digests)" ]] && echo 'the same digest'
isthmus repro r.db --run 1/2 --verify | sed 's/[0-9a-f]\{16\}/DIGEST/'
sed -i 's/duration: 12min/duration: 13min/' 'our study.yaml'
isthmus repro r.db --run 1/2 | tee command
eval "$(<command)" | cmp - remade && echo 'the same digest'
isthmus repro r.db --run 2/0; echo $?
isthmus repro r.db --run 0/3; echo $?
isthmus run "our study.yaml" --quiet --replications 1 --output one.db --set sweep={} >/dev/null
isthmus repro one.db --run 5/0; echo $?
isthmus repro r.db --study 2 --run 0/0; echo $?
isthmus repro r.db; echo $?
isthmus repro r.db --run 3; echo $?
isthmus repro r.db --run 0/0 --verify --scenario; echo $?
# A run that is not reproduced: the recorded digest is changed.
digest=$(sed -n 's/^0 0 //p' digests)
LC_ALL=C sed -i "s/$digest/0000000000000000/" r.db
isthmus repro r.db --run 0/0 --verify | sed 's/ 0\{16\}/ ZEROS/; s/[0-9a-f]\{16\}/DIGEST/'; echo "${PIPESTATUS[0]}"
