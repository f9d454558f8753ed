#!/usr/bin/env bash
# The office makes a backup while the server serves, is kept from restoring under a running server, restores it after
# the disk was lost, and the phone sends again by itself what the backup did not have.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

serve
plan_one_visit

printf 'enrol %s\nsync\nopen V-1\ntravel\nsync\n' "$code" >"$folder/morning"
play "$folder/morning" >"$folder/out"
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
play "$folder/noon" >"$folder/out"
check "the server has all" "$("$office" server status --json | jq -r .entries)" 3
readonly port=${address##*:}
end_serving
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
play "$folder/evening" >"$folder/out"
check "the phone sent it again" "$("$office" server status --json | jq -r .entries)" 3
"$office" server rebuild >/dev/null
