#!/usr/bin/env bash
# A script plays a technician: it stops at the first line that fails and names it, goes on where a line may fail, and a
# phone that is killed between two entries has every one that it answered, each of which is counted once.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

serve
plan_one_visit

cat >"$folder/morning" <<END
# The morning.
enrol $code
sync
-sync --bytes 8191
offline
tally $folder/tally
-sync
open V-1
travel
-part eaten VS-200 1
-list
-status now
note "the customer's boiler, 锅炉"
kill
note "never reached"
END
status=0
play "$folder/morning" >"$folder/out" 2>"$folder/err" || status=$?
check "the phone was killed" "$status" 137
check "all lines that may fail failed" "$(grep -c '^Error:' "$folder/err")" 5
check "a word too many is not dropped silently" "$(grep -c '^Error: status: "now" is more than it takes$' "$folder/err")" 1
check "a bound names its field" "$(grep -c '^Error: bytes: "8191" is not a whole number from 8192 to' "$folder/err")" 1
check "a word that people try is answered with the right one" "$(grep -c '^Try: visits$' "$folder/err")" 1

cat >"$folder/noon" <<END
offline
tally $folder/tally
open V-1
arrive
outcome wonderful
depart
END
status=0
play "$folder/noon" >"$folder/out" 2>"$folder/err" || status=$?
check "a line that fails ends the script" "$status" 1
grep -q "$folder/noon:5: stopped here" "$folder/err" || fail "the line is not named: $(<"$folder/err")"

cat >"$folder/evening" <<END
tally $folder/tally
open V-1
outcome resolved --fault F-1
sync
status
END
play "$folder/evening" --json >"$folder/out" || fail "the evening: $(<"$folder/out")"
check "entries counted" "$(jq -r 'select(.command == "status").answer.entries_counted' "$folder/out")" 4
check "entries in the tally" "$(cut -f1 "$folder/tally" | tr '\n' ' ')" "d1.1.1 d1.1.2 d1.1.3 d1.1.4 "
check "entries at the office" "$("$office" journal show d1 --json | jq -c '[.entries[].position.seq]')" '["1","2","3","4"]'
check "words at the office" "$("$office" journal show d1 --json | jq -r '.entries[1].entry.note.text')" "the customer's boiler, 锅炉"
echo 'entry last
status
visits' >"$folder/night"
play "$folder/night" >"$folder/out" || fail "the night: $(<"$folder/out")"
grep -q '^d1\.1\.4  outcome_reported' "$folder/out" || fail "the last entry is not known: $(<"$folder/out")"
offset=$(date +%:z)
grep -q "^the office answered last at $(date +%F).* $offset;" "$folder/out" || fail "the contact: $(<"$folder/out")"
tomorrow=$(date -d 'tomorrow 12:00' +%F)
grep -q "^$tomorrow 08:00-10:00 $(date -d "$tomorrow 12:00" +%:z) " "$folder/out" || fail "no offset: $(<"$folder/out")"

echo sync >"$folder/nobody"
status=0
"$phone" --dir "$folder/phone" --server 127.0.0.1:1 --script "$folder/nobody" >"$folder/out" 2>"$folder/err" || status=$?
check "nobody answers" "$status" 1
grep -q '^Error: sync stopped: .*no connection to 127.0.0.1:1;' "$folder/err" || fail "not in plain words: $(<"$folder/err")"
grep -q '^Try: sync again once doorstepd runs there' "$folder/err" || fail "no advice: $(<"$folder/err")"
! grep -qi 'ipv4\|failed to connect' "$folder/err" || fail "gRPC's words: $(<"$folder/err")"

check "the visit" "$("$office" visit show V-1 --json | jq -r .visit.state)" VISIT_STATE_COMPLETED

# Entries for a visit that nobody has made.
printf 'open V-77 --anyway\narrive\nnote "who are you?"\nsync\n' >"$folder/stray"
play "$folder/stray" >"$folder/out" || fail "the stray: $(<"$folder/out")"
"$office" why V-77 >"$folder/out" || fail "why does not know of them: $(<"$folder/out")"
grep -q '^There is no visit V-77 here. 2 entries that name it wait in quarantine and do not count:' "$folder/out" ||
  fail "$(<"$folder/out")"
check "nobody waits for another" "$("$office" why V-78 2>&1 | grep -c '^Error: no entry, visit')" 1

status=0
"$phone" --dir "$folder/phone" --script "$folder/nowhere" >/dev/null 2>&1 || status=$?
check "a script that is not there" "$status" 2
