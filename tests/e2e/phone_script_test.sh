#!/usr/bin/env bash
# A script plays a technician: it stops at the first line that fails and names it, goes on where a line may fail, and a
# phone that is killed between two entries has every one that it answered, each of which is counted once.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=Europe/Berlin
folder=$(mktemp -d)
readonly folder programs=$DOORSTEP_PROGRAMS
readonly phone=$programs/tools/phone/doorstep-phone office=$programs/tools/doorstep/doorstep
export DOORSTEP_CONFIG_DIR=$folder/office
server_pid=''
trap '[ -z "$server_pid" ] || { kill "$server_pid"; wait "$server_pid" || true; }; rm -rf "$folder"' EXIT

fail() { echo "$*"; exit 1; }
check() { [ "$2" = "$3" ] || fail "$1: '$2', and must be '$3'"; }

"$programs/server/doorstepd" --data "$folder/server" --listen 127.0.0.1:0 --insecure-loopback >"$folder/log" 2>&1 &
server_pid=$!
for ((i = 0; i < 1000; i++)); do
  grep -q ' serves ' "$folder/log" && break
  sleep 0.02  # A poll with a bound: the server says when it is there.
done
address=$(sed -n 's/.* serves \([^ ]*\)$/\1/p' "$folder/log")
"$office" connect "$folder/server/admin.connect" >/dev/null
echo 'id,name
A-1,Gasthof Zur Linde 林' >"$folder/accounts.csv"
echo 'id,name
T-1,Ana' >"$folder/technicians.csv"
"$office" import "$folder/accounts.csv" "$folder/technicians.csv" >/dev/null
"$office" work-order create --id W-1 --account A-1 --kind corrective >/dev/null
"$office" visit create --id V-1 --work-order W-1 >/dev/null
"$office" visit schedule V-1 "$(date -d 'tomorrow 12:00' +%F)T08:00/10:00" --zone Europe/Berlin >/dev/null
"$office" visit assign V-1 T-1 >/dev/null
"$office" visit dispatch V-1 >/dev/null
code=$("$office" device invite T-1 --json | jq -r .invitation_code)

play() { "$phone" --dir "$folder/phone" --server "$address" --script "$1" "${@:2}"; }

cat >"$folder/morning" <<END
# The morning.
enrol $code
sync
offline
tally $folder/tally
-sync
open V-1
travel
-part eaten VS-200 1
-list
note "the customer's boiler, 锅炉"
kill
note "never reached"
END
status=0
play "$folder/morning" >"$folder/out" 2>"$folder/err" || status=$?
check "the phone was killed" "$status" 137
check "all lines that may fail failed" "$(grep -c '^Error:' "$folder/err")" 3
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

status=0
"$phone" --dir "$folder/phone" --script "$folder/nowhere" >/dev/null 2>&1 || status=$?
check "a script that is not there" "$status" 2
