# SPDX-License-Identifier: GPL-3.0-or-later
"$isthmus" rum; echo $?
"$isthmus" simulate; echo $?
"$isthmus" --replications 3; echo $?
"$isthmus" help rnu; echo $?
