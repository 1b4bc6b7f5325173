# SPDX-License-Identifier: GPL-3.0-or-later
# Names that are escape sequences, quotes, commands and markup, in a folder whose name is a command to gnuplot: they reach
# the terminal as question marks, plots and JUnit XML unchanged, and none is executed.
folder="|touch ran"
mkdir -- "$folder"
cat >"$folder/-a 'b'.yaml" <<'YAML'
name: "\e[2J'it''s \"quoted\" 100% `touch ran` $(touch ran) <b>&\u202Ea\x9b"
question: "\e]0;title\a'what'' is %s?\nerror: forged"
duration: 3min
warmup: 10s
replications: 2
regions: {us-west-1: {}, us-west-2: {}}
store: {kind: global-datastore, primary: us-west-1}
population: {sessions: 2/s}
expect: ["availability > 1%"]
YAML
cd -- "$folder" || exit 1
"$isthmus" run "./-a 'b'.yaml" --output '|touch ran.db' --plot=svg >../run 2>../said; echo "run: $?"
"$isthmus" check "./-a 'b'.yaml" --against '|touch ran.db' --no-output --metric availability --junit '-j<&>.xml' >../check 2>>../said; echo "check: $?"
"$isthmus" repro '|touch ran.db' --run 0/1 >../repro 2>>../said; echo "repro: $?"
"$isthmus" describe "./-a 'b'.yaml" >../describe 2>>../said; echo "describe: $?"
"$isthmus" plot timeline '|touch ran.db' --format text >../text 2>>../said; echo "plot: $?"
printf 'regions: {}\n"\\e[31m": 1\n' >wrong.yaml
"$isthmus" validate wrong.yaml $'\e[31m.yaml' 2>>../said; echo "validate: $?"
"$isthmus" $'\e[31mverb' 2>>../said; echo "verb: $?"
ls
cd ..
ls
echo "--- control characters, by file:"
LC_ALL=C grep -lP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' run said check repro describe text
echo "---"
head -n 2 run
cat said
sed 's/ --replications.*//' repro
python3 - "$folder" <<'PYTHON'
import os, subprocess, sys, xml.etree.ElementTree as xml
os.chdir(sys.argv[1])
for name in sorted(os.listdir(".")):
    if name.endswith(".svg"):
        texts = "".join(xml.parse(name).getroot().itertext())
        print(name[-12:], "'what'' is %s?" in texts, "'it''s \"quoted\" 100% `touch ran` $(touch ran) <b>&" in texts)
suite = xml.parse("-j<&>.xml").getroot()
print(suite.get("name"), suite.get("tests"), [case.get("name") for case in suite])
# A shell can execute the command that reproduces the run.
remade = subprocess.run(["bash", "-c", open("../repro").read().replace("isthmus run", '"$isthmus" run')], capture_output=True, text=True)
print(remade.returncode, len(remade.stdout.split()), remade.stderr)
PYTHON
ls
