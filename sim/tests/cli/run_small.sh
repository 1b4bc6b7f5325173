# SPDX-License-Identifier: GPL-3.0-or-later
# A run leaves one file, a summary on stdout, and only the path of the file on stderr.
cat >small.yaml <<END
name: small
extends: $source/scenarios/00-baseline.yaml
duration: 2min
warmup: 20s
replications: 2
expect: []
END
"$isthmus" run small.yaml >summary; echo $?
grep -c . summary | awk '{ print ($1 > 10 ? "a summary" : "hardly a summary") }'
ls . results
