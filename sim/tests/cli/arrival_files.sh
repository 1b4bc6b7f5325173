# SPDX-License-Identifier: GPL-3.0-or-later
# Arrivals from CSV files: a header, comments, units and columns are read; invalid content is reported with its place.
cat >base.yaml <<END
regions: {us-west-1: {}}
duration: 2min
warmup: 0s
population: {start: empty}
END
# try NAME TEXT ARRIVALS: write NAME, validate with these arrivals
try() {
    printf -- "$2" >"$1"
    printf 'extends: base.yaml\npopulation: {arrivals: %s}\n' "$3" >child.yaml
    echo "-- $1"
    "$isthmus" validate child.yaml 2>&1
}
try good-times.csv '# a log\ntime,user\n0,a\n1.5,b\n1.5,c\n\n"2",d\n' '{timestamps: {at: {file: good-times.csv, column: time, unit: s}}}'
"$isthmus" describe child.yaml | grep timestamps
try good-rates.csv 'rate\n10/s\n600/min\n0/s\n' '{rates: {values: good-rates.csv, bin: 30s}}'
"$isthmus" describe child.yaml | grep 'arrivals.rates'
try units.csv '60\n120\n' '{rates: {values: {file: units.csv, unit: /min}, bin: 1min}}'
"$isthmus" describe child.yaml | grep 'arrivals.rates'
try mark.csv '\xef\xbb\xbf1s\r\n2s' '{timestamps: {at: mark.csv}}'
"$isthmus" describe child.yaml | grep timestamps
try one.csv '5s' '{timestamps: {at: one.csv}}'
"$isthmus" describe child.yaml | grep timestamps
try marked.csv '\xef\xbb\xbftime,user\n1s,a\n' '{timestamps: {at: {file: marked.csv, column: time}}}'
"$isthmus" describe child.yaml | grep timestamps
try header.csv 'rate\n' '{rates: {values: header.csv}}'
try epoch.csv '1700000000\n1700000001.5\n' '{timestamps: {at: {file: epoch.csv, unit: s}, origin: 1700000000s}}'
"$isthmus" run child.yaml --output epoch.db --replications 1 >/dev/null 2>&1
"$dump" epoch.db | grep -m 1 sessions_started
rm epoch.db

try unsorted.csv '0s\n2s\n1s\n' '{timestamps: {at: unsorted.csv}}'
try negative.csv '1/s\n-2/s\n' '{rates: {values: negative.csv}}'
try earlier.csv '-1s\n' '{timestamps: {at: earlier.csv}}'
try nan.csv '1/s\nnan/s\n' '{rates: {values: nan.csv}}'
try word.csv 'rate\n1/s\nx\n' '{rates: {values: word.csv}}'
try bare.csv '1\n2\n' '{rates: {values: bare.csv}}'
try large.csv '1/s\n2M/s\n' '{rates: {values: large.csv}}'
try empty.csv '# nothing\n' '{timestamps: {at: empty.csv}}'
try short.csv 'a,b\n1s,2s\n3s\n' '{timestamps: {at: {file: short.csv, column: b}}}'
try column.csv 'time,user\n1s,a\n' '{timestamps: {at: {file: column.csv, column: tim}}}'
try unit.csv '1\n' '{timestamps: {at: {file: unit.csv, unit: /s}}}'
try origin.csv '1s\n' '{timestamps: {at: origin.csv, origin: 2s}}'
echo "-- too many"
seq 0 10000 >long.csv
printf 'extends: base.yaml\npopulation: {arrivals: {timestamps: {at: {file: long.csv, unit: s}}}}\n' >child.yaml
"$isthmus" validate child.yaml 2>&1
rm ./*.csv
echo "-- no file"
"$isthmus" validate child.yaml 2>&1
rm ./*.yaml
