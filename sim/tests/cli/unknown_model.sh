# SPDX-License-Identifier: GPL-3.0-or-later
"$isthmus" describe wan_lnik; echo $?
"$isthmus" describe --markdown wan_lnik; echo $?
