#!/usr/bin/env bash
# A phone that syncs by itself shows a visit as soon as the office dispatches it, with no word of sync from anybody; it
# opens its stream again when the server was gone, and then shows what happened meanwhile.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

# Phones that watch are connections: the server takes all that the system allows, not what a shell begins with.
ulimit -Sn 256
serve
handles=$(sed -n 's/^Max open files  *\([0-9]*\) .*/\1/p' "/proc/$server_pid/limits")
check "handles of the server" "$handles" "$(ulimit -Hn)"
plan_one_visit

# A phone that is spoken to line by line; `say` leaves its answer in `answer`.
coproc talk { exec "$phone" --dir "$folder/phone" --server "$address" --script - --json 2>"$folder/err"; }
talk_pid=$talk_PID
say() {
  echo "$1" >&"${talk[1]}"
  IFS= read -r -t 60 answer <&"${talk[0]}" || fail "no answer to '$1': $(<"$folder/err")"
}
# Asks with "$1" until the answer has "$2". Bounded by far less than the minute after which a phone would ask by itself.
until_it_says() {
  for ((i = 0; i < 300; i++)); do
    say "$1"
    jq -e "$2" <<<"$answer" >/dev/null && return
    sleep 0.1  # A poll with a bound.
  done
  fail "'$1' never had '$2': $answer"
}
dispatch() {
  "$office" visit create --id "$1" --work-order W-1 >/dev/null
  "$office" visit schedule "$1" "$(date -d 'tomorrow 12:00' +%F)T14:00/16:00" --zone Europe/Berlin >/dev/null
  "$office" visit assign "$1" T-1 >/dev/null
  "$office" visit dispatch "$1" >/dev/null
}

say "enrol $code"
say watch
until_it_says status .answer.told_at_once
until_it_says visits '.answer.visits[]? | select(.visit.id == "V-1")'

dispatch V-2
until_it_says visits '.answer.visits[] | select(.visit.id == "V-2" and .visit.state == "VISIT_STATE_DISPATCHED")'
"$office" visit cancel V-2 --reason "the customer called" >/dev/null
until_it_says visits '.answer.visits | all(.visit.id != "V-2" or .visit.state == "VISIT_STATE_CANCELED")'

say offline
dispatch V-3
say visits
! jq -e '.answer.visits[] | select(.visit.id == "V-3")' <<<"$answer" >/dev/null || fail "seen without a network"
say online
until_it_says visits '.answer.visits[] | select(.visit.id == "V-3")'

until_it_says status .answer.told_at_once
port=${address##*:}
end_serving
until_it_says status '.answer.told_at_once | not'
serve "$port"
dispatch V-4
until_it_says visits '.answer.visits[] | select(.visit.id == "V-4")'
until_it_says status .answer.told_at_once

echo quit >&"${talk[1]}"
wait "$talk_pid" || fail "the phone ended badly: $(<"$folder/err")"
