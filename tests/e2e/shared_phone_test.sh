#!/usr/bin/env bash
# Two technicians share one phone: the office lets the second one use it, each signs in and out without a network, entries
# keep their author, and who signs out takes the visits along and leaves every entry.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

serve
plan_one_visit
printf 'id,name\nT-2,Wei\n' >"$folder/technicians.csv"
"$office" import "$folder/technicians.csv" >/dev/null
"$office" work-order create --id W-2 --account A-1 --kind corrective >/dev/null
"$office" visit create --id V-2 --work-order W-2 >/dev/null
"$office" visit schedule V-2 "$(date -d 'tomorrow 12:00' +%F)T11:00/12:00" --zone Europe/Berlin >/dev/null
"$office" visit assign V-2 T-2 >/dev/null
"$office" visit dispatch V-2 >/dev/null

printf 'enrol %s\n-signin T-2\nsync\nready\n' "$code" >"$folder/first"
play "$folder/first" >"$folder/out" 2>"$folder/err" || fail "the first day: $(<"$folder/out")"
grep -q '^Error: the office does not let T-2 use this phone' "$folder/err" || fail "who is not let: $(<"$folder/err")"
grep -q '^Try: sync, then signin again' "$folder/err" || fail "no advice: $(<"$folder/err")"
grep -q '^ready for .*: 1 visit planned$' "$folder/out" || fail "not ready: $(<"$folder/out")"
grep -q '^everything the office had was here at ' "$folder/out" || fail "no proof: $(<"$folder/out")"

status=0
"$office" device disallow d1 T-1 2>"$folder/err" || status=$?
check "the last technician stays" "$status" 1
check "who may use it" "$("$office" device allow d1 T-2 --json | jq -c .device.technician_ids)" '["T-1","T-2"]'

cat >"$folder/second" <<END
sync
offline
open V-1
arrive
signin T-2
ready
online
sync
ready
open V-2
arrive
note "the boiler of Wei's visit"
quiesce
offline
signout T-2
visits
status
END
play "$folder/second" --json >"$folder/out" || fail "the second day: $(tail -n 3 "$folder/out")"
says() { jq -r "select(.command == \"$1\") | .answer | $2" "$folder/out"; }
check "not ready before the visits are here" "$(says ready '.ready // false' | tr '\n' ' ')" "false true "
check "asleep, with everything in its file" "$(says quiesce .checkpointed)" true
check "only here" "$(says signout '.entries_saved_here + " " + .visits_removed')" "2 1"
check "visits on the phone" "$(says visits '[.visits[].visit.id] | join(" ")')" "V-1"
check "who is signed in" "$(says status '.technician_ids | join(" ")')" "T-1"

"$office" device disallow d1 T-2 >/dev/null
printf 'queue\nopen V-1\noutcome resolved\nsync\nstatus\n' >"$folder/third"
play "$folder/third" >"$folder/out" || fail "the third day: $(<"$folder/out")"
check "whose entries wait" "$(grep -cE '^d1\.1\.[0-9]+ .* T-2 +saved here' "$folder/out")" 2
check "authors at the office" "$("$office" journal show d1 --json | jq -r '[.entries[].author] | join(" ")')" "T-1 T-2 T-2 T-1"
check "counted" "$("$office" journal show d1 --json | jq -r '[.entries[].judgement.verdict] | unique | join(" ")')" VERDICT_COUNTED
check "the visit of who signed out" "$("$office" visit show V-2 --json | jq -r .visit.state)" VISIT_STATE_ON_SITE
cat "$folder/out" >&2
