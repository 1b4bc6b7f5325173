# SPDX-License-Identifier: GPL-3.0-or-later
# A machine that can build this is fit; without gnuplot, and for a damaged file, the remedy is printed.
printf 'name: small\nextends: %s/scenarios/00-baseline.yaml\nduration: 1min\nwarmup: 20s\nexpect: []\n' "$source" >small.yaml
"$isthmus" run small.yaml --replications 1 --quiet --output a.db
"$isthmus" doctor | grep -v '^  [a-z]* *\(disk\|temporary disk\|gnuplot\|fonts\|MPI\|terminal\) \|^ *install them'; echo "${PIPESTATUS[0]}"
"$isthmus" doctor a.db | grep '  database'
"$dump" a.db "PRAGMA foreign_keys = 0; DELETE FROM cell WHERE id = 3"
"$isthmus" doctor a.db | grep -A 3 '  database' | tr -s ' \n' ' ' | sed 's, good disk.*,,'; echo
python3 -c "
file = open('a.db', 'r+b')
file.seek(4096 * 20)
file.write(b'x' * 4096 * 20)"
"$isthmus" doctor a.db >out; echo $?
grep -c 'failed  database' out
mkdir empty
PATH=$PWD/empty "$isthmus" doctor --json >out; echo $?
python3 -c "
import json
for check in json.load(open('out')):
    if check['check'] == 'gnuplot': print(check)"
