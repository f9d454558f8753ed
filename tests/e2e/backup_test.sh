#!/usr/bin/env bash
# The office makes a backup while the server serves, is kept from restoring under a running server, restores it after
# the disk was lost, and the phone sends again by itself what the backup did not have.
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

serve() {
  "$programs/server/doorstepd" --data "$folder/server" --listen "127.0.0.1:${1:-0}" --insecure-loopback \
    >"$folder/log" 2>&1 &
  server_pid=$!
  for ((i = 0; i < 1000; i++)); do
    grep -q ' serves ' "$folder/log" && break
    sleep 0.02  # A poll with a bound: the server says when it is there.
  done
  address=$(sed -n 's/.* serves \([^ ]*\)$/\1/p' "$folder/log")
}
end() { kill "$server_pid" && wait "$server_pid" || true; server_pid=''; }
play() { "$phone" --dir "$folder/phone" --server "$address" --script "$1" >"$folder/out"; }

serve
"$office" connect "$folder/server/admin.connect" >/dev/null
printf 'id,name\nA-1,Gasthof Zur Linde\n' >"$folder/accounts.csv"
printf 'id,name\nT-1,Ana\n' >"$folder/technicians.csv"
"$office" import "$folder/accounts.csv" "$folder/technicians.csv" >/dev/null
"$office" work-order create --id W-1 --account A-1 --kind corrective >/dev/null
"$office" visit create --id V-1 --work-order W-1 >/dev/null
"$office" visit schedule V-1 "$(date -d 'tomorrow 12:00' +%F)T08:00/10:00" --zone Europe/Berlin >/dev/null
"$office" visit assign V-1 T-1 >/dev/null
"$office" visit dispatch V-1 >/dev/null
code=$("$office" device invite T-1 --json | jq -r .invitation_code)

printf 'enrol %s\nsync\nopen V-1\ntravel\nsync\n' "$code" >"$folder/morning"
play "$folder/morning"
"$office" backup noon.backup --json >"$folder/backup.json"
check "the backup is done" "$(jq -r .phase "$folder/backup.json")" BACKUP_PHASE_DONE
check "it holds the morning" "$(jq -r .entries "$folder/backup.json")" 1
check "nobody else may read it" "$(stat -c %a "$folder/server/backups/noon.backup")" 600
(cd "$folder/server/backups" && sha256sum --quiet -c noon.backup.sha256)
cp "$folder/server/backups/noon.backup" "$folder/server/backups/noon.backup.sha256" "$folder"

status=0
"$office" backup noon.backup 2>"$folder/err" || status=$?
check "never over another" "$status $(grep -c '^Try: another name' "$folder/err")" "1 1"
status=0
"$office" backup ../noon 2>"$folder/err" || status=$?
check "a path is wrong usage" "$status" 2
status=0
"$office" restore "$folder/noon.backup" --data "$folder/server" 2>"$folder/err" || status=$?
check "not under a running server" "$status $(grep -c '^Try: ending the server' "$folder/err")" "1 1"

printf 'open V-1\narrive\nnote "after the backup"\nsync\n' >"$folder/noon"
play "$folder/noon"
check "the server has all" "$("$office" server status --json | jq -r .entries)" 3
readonly port=${address##*:}
end
status=0
head -c 5000 "$folder/noon.backup" >"$folder/cut.backup"
"$office" restore "$folder/cut.backup" --data "$folder/server" 2>"$folder/err" || status=$?
check "half a backup is refused" "$status" 1
"$office" restore "$folder/noon.backup" --data "$folder/server" --json >"$folder/restored.json"
check "restored is the morning" "$(jq -r .entries "$folder/restored.json")" 1
check "what was there is kept" "$(jq -r .set_aside "$folder/restored.json")" "$folder/server/doorstep.db.replaced-1"

serve "$port"
check "the afternoon is lost" "$("$office" server status --json | jq -r .entries)" 1
printf 'sync\nstatus\n' >"$folder/evening"
play "$folder/evening"
check "the phone sent it again" "$("$office" server status --json | jq -r .entries)" 3
"$office" server rebuild >/dev/null
