# SPDX-License-Identifier: GPL-3.0-or-later
# A name that is only a part of parameters: the command that shows them.
for name in reshard direct-connect maxmemory cross_traffic nothing; do
    "$isthmus" describe "$name"
    echo "exit $?"
done
"$isthmus" describe network.direct_connect | head -n 2
