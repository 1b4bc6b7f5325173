# SPDX-License-Identifier: GPL-3.0-or-later
"$isthmus" run no-such.yaml; echo $?
"$isthmus" sweep no-such.yaml; echo $?
"$isthmus" validate no-such.yaml; echo $?
"$isthmus" describe no-such.yaml; echo $?
"$isthmus" run .; echo $?
ls
