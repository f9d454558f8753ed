#!/usr/bin/env bash
# A technician's photo through the real programs: named by an entry, carried in pieces, with the phone and the server
# killed on the way, listed and fetched by the office, in a backup, and gone on with after a restore.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

# Dies at the named point when the programs were built with kill points, else does not.
dies() {
  local at=$1 status=0
  shift
  DOORSTEP_KILL_AT=$at "$@" >"$folder/out" 2>"$folder/err" || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 137 ] || fail "$at: exit status $status: $(cat "$folder/err")"
}
photos() { "$office" attachment list V-1 --json; }
state() { photos | jq -r "[.attachments[].${1:-state}] | unique | join(\",\")"; }

head -c 1500000 /dev/urandom >"$folder/valve.jpg"
head -c 20000 /dev/urandom >"$folder/small.jpg"
hash=$(sha256sum "$folder/valve.jpg" | cut -d' ' -f1)
serve
plan_one_visit
readonly port=${address##*:}

# Without a network, then over one that is metered: the entry counts, and only the preview goes.
cat >"$folder/morning" <<EOF
enrol $code
sync
offline
open V-1
photo $folder/valve.jpg "the valve" --preview $folder/small.jpg
online
network metered
sync
status
photos
open V-1
export $folder/carry
EOF
play "$folder/morning" >"$folder/out"
grep -q '0 of 1 photo safe at the office' "$folder/out" || fail "the visit does not say how far its photo is"
grep -q 'goes on over a network that is not metered' "$folder/out" || fail "the photo does not say what it waits for"
grep -q 'no entry is left, photos are' "$folder/out" || fail "the sync says that nothing is left"
grep -q '1 photo is not in it' "$folder/out" || fail "the export does not say what it leaves out"
check "the entry counts" "$(photos | jq -r '.attachments[0].judgement')" counted
check "only the preview has come" "$(state) $(state preview_state)" "ATTACHMENT_STATE_RECEIVING ATTACHMENT_STATE_STORED"
status=0
"$office" attachment get "$hash" -o "$folder/early" 2>"$folder/err" || status=$?
check "what has not come is no file" "$status $(ls "$folder" | grep -c early || true)" "1 0"

# The phone dies between two pieces, the server dies with a piece written, with all hashed, with all renamed.
printf 'sync --seconds 5\n' >"$folder/sync"
dies piece:3 play "$folder/sync"
for at in chunk:1 attachment-hashed:1 attachment-whole:1; do
  end_serving
  DOORSTEP_KILL_AT=$at serve "$port"
  play "$folder/sync" >"$folder/out" 2>"$folder/err" || true
done
end_serving
serve "$port"
printf 'sync\nopen V-1\nexplain V-1\n' >"$folder/evening"
play "$folder/evening" >"$folder/out"
grep -q '1 of 1 photo safe at the office' "$folder/out" || fail "the visit does not say that its photo is safe"

check "all has come" "$(state)" ATTACHMENT_STATE_STORED
"$office" attachment list V-1 >"$folder/out"
grep -q '1 of 1 attachment here' "$folder/out" || fail "the list does not say how many are here"
"$office" attachment get "$hash" -o "$folder/fetched" >/dev/null
cmp "$folder/valve.jpg" "$folder/fetched"
check "only its owner reads it" "$(stat -c %a "$folder/fetched")" 600
"$office" attachment get "$hash" -o "$folder/part" --range 262140-262155 --json >"$folder/json"
check "a range" "$(jq -r .bytes "$folder/json") $(sha256sum <"$folder/part")" \
  "16 $(tail -c +262141 "$folder/valve.jpg" | head -c 16 | sha256sum)"
status=0
"$office" attachment get "$hash" -o "$folder/past" --range 1500000- 2>"$folder/err" || status=$?
check "a range past the end" "$status $(grep -c 'before the end, 1500000' "$folder/err") $(ls "$folder" | grep -c past || true)" "1 1 0"
status=0
"$office" attachment get "$hash" -o "$folder/fetched" 2>"$folder/err" || status=$?
check "never over another file" "$status" 1
status=0
"$office" attachment get nonsense -o "$folder/x" 2>"$folder/err" || status=$?
check "no hash is wrong usage" "$status" 2

# The backup has it, beside it; a server whose disk is gone has it again.
"$office" backup noon.backup --json >"$folder/backup.json"
check "photo and preview are in the backup" "$(jq -r .attachments "$folder/backup.json")" 2
cp -r "$folder/server/backups" "$folder/elsewhere"
end_serving
rm -rf "$folder/server/attachments"
"$office" restore "$folder/elsewhere/noon.backup" --data "$folder/server" --json >"$folder/restored.json"
check "it is restored" "$(jq -r '.attachments + "," + .attachments_missing' "$folder/restored.json")" 2,0
serve "$port"
in_json=$("$office" attachment list V-1 --json | jq -r '[.. | .sha256? | strings][0]')
"$office" attachment get "$in_json" -o "$folder/again" >/dev/null
cmp "$folder/valve.jpg" "$folder/again"
"$office" server rebuild >/dev/null

# The disk changes a byte, beside the backup too: whoever reads it is told, the next backup names it, and the phone
# sends it again.
for copy in "$folder/server/attachments" "$folder/server/backups/attachments"; do
  printf '\x00\x00\x00\x00' | dd of="$copy/${hash:0:2}/$hash" bs=1 seek=700000 conv=notrunc 2>/dev/null
done
status=0
"$office" attachment get "$hash" -o "$folder/spoiled" 2>"$folder/err" || status=$?
check "what is damaged is no file" "$status $(ls "$folder" | grep -c spoiled || true)" "1 0"
"$office" attachment list V-1 | grep -q "the server's file is gone or damaged" || fail "the list does not say what is gone"
"$office" backup evening.backup >"$folder/out"
grep -q "$hash, named by d1.1.1, visit V-1" "$folder/out" || fail "the backup does not name what it lacks"
play "$folder/evening" >"$folder/out"
"$office" attachment get "$hash" -o "$folder/healed" >/dev/null
cmp "$folder/valve.jpg" "$folder/healed"
check "it is in the next backup" "$("$office" backup night.backup --json | jq -r .attachments_missing)" 0
