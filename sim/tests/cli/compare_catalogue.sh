# SPDX-License-Identifier: GPL-3.0-or-later
# scripts/compare_catalogue, with programs and with folders: equal files pass, and every kind of difference is reported: a
# value that differs in its last bit, one that is missing, one that is new. What --expect-changes allows passes.
mkdir scenarios before after
cat >scenarios/small.yaml <<END
name: small
extends: $source/scenarios/10-peering-brownout.yaml
duration: 40s
warmup: 20s
faults: []
expect: []
END
compare() {
    python3 "$source/scripts/compare_catalogue" --replications 1 --scenarios scenarios "$@" >report
    local status=$?
    sed -E 's/[0-9]+ unchanged/N unchanged/' report
    echo "exit $status"
}
compare "$isthmus" "$isthmus" --keep kept
cp kept/before/small.db before
cp kept/before/small.db after
python3 - <<END
import sqlite3
where = """ WHERE cell = (SELECT id FROM cell WHERE name = '{}' AND stat = '' AND region = 'all' AND label = ''
                          AND "window" = 'all')"""
for side, share, removed in ("before", 0.5, "logins"), ("after", 0.5000000000000001, "reauth_rate"):
    db = sqlite3.connect(f"{side}/small.db")
    db.execute("UPDATE metric SET value = ?" + where.format("availability"), [share])
    db.execute("DELETE FROM metric" + where.format(removed))
    db.commit()
END
compare before after
cat >allowed <<END
changed metric avail* in sm*       # the share became more exact
missing metric reauth_rate
missing metric requests
END
compare before after --expect-changes allowed
echo 'change metric requests' >wrong
compare before after --expect-changes wrong
compare before after unknown
compare "$isthmus" no-such-program
