# SPDX-License-Identifier: GPL-3.0-or-later
# Invalid combinations of a population's parameters, and the rate derived from a number of users.
# try POPULATION: validate it
try() {
    printf 'regions: {us-west-1: {}, us-west-2: {}}\nduration: 2min\nwarmup: 0s\npopulation: {%s}\n' "$1" >s.yaml
    "$isthmus" validate s.yaml 2>&1
}
try 'concurrent: 40k'
try 'users: 40k'
try 'users: 10, concurrent: 10'
try 'users: 10, arrivals: {step: {at: 1s}}'
try 'users: 10, spacing: even'
try 'concurrent: 10, requests: 1, after_login: 0s, logout: 0%'
try 'concurrent: 10M, requests: 1, after_login: 1s, logout: 0%'
try 'concurrent: 10, arrivals: {stages: [{for: 1s, to: 1/s}]}'
try 'arrivals: stages'
try 'arrivals: rates'
try 'arrivals: timestamps'
try 'arrivals: {stages: [{for: 1s}]}'
try 'arrivals: {stages: [{for: -1s, to: 1/s}]}'
try 'arrivals: {stages: [{for: 1s, to: -1/s}]}'
try 'arrivals: {stages: [{for: 1s, to: 150}]}'
try 'arrivals: {stages: [{for: 1s, to: 1/s, at: 3s}]}'
try 'arrivals: {stages: 3}'
try 'arrivals: {timestamps: {at: [2s, 1s]}}'
try 'arrivals: {rates: {values: [1/s, -1/s]}}'
try 'arrivals: {rates: {values: [1/s, 1/s], bin: 31d}}'
try 'arrivals: {timestamps: {at: [100001d]}}'
try 'user_stages: [{for: 1min, to: 40k}], repeat_arrivals: true'
try 'users: 10, user_stages: [{for: 1min, to: 2.5}]'
try 'users: 10, user_stages: [{for: 1min, to: 10/s}]'
try 'users: 10, user_stages: [{for: 1min, to: 11M}]'
try 'users: 10, user_stages: [{to: 11}]'
try 'user_stages: [{for: 1min, to: 10}], concurrent: 10'
try 'user_stages: [{for: 1min, to: 10}], arrivals: {stages: [{for: 1min, to: 10/s}]}'
try 'user_stages: [{for: 0s, to: 10}], repeat_arrivals: true'
try 'repeat_arrivals: true'
try 'repeat_arrivals: true, arrivals: {stages: [{for: 0s, to: 1/s}]}'
try 'arrivals: {daily: {weekdays: [1, 1]}}'
try 'arrivals: {daily: {weekdays: [0, 0, 0, 0, 0, 0, 0]}}'
try 'arrivals: {daily: {ratio: 3, second: 90%}}'
try 'arrivals: {timestamps: {at: [1s]}}, spacing: even'
try 'spacing: {even: {phase: 25%}}'
try 'spacing: {even: {phase: random}}'
# A stored scenario has the values themselves, so that it runs again without the files.
printf 'regions: {us-west-1: {}}\nduration: 10s\nwarmup: 0s\npopulation: {start: empty, arrivals: {timestamps: {at: t.csv}}}\n' >s.yaml
printf '1s\n2s\n' >t.csv
"$isthmus" run s.yaml --replications 2 --output r.db >/dev/null 2>&1; echo "exit $?"
rm t.csv s.yaml
"$isthmus" repro r.db --run 0/1 --scenario | grep -A 3 arrivals
rm ./*.db
