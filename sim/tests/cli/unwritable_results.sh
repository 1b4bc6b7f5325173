# SPDX-License-Identifier: GPL-3.0-or-later
# No folder can be made below a regular file, not even by root. Nothing is simulated.
echo here >file
"$isthmus" run "$source/scenarios/00-baseline.yaml" --output file/results/a.db --digest
