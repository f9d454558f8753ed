#!/usr/bin/env bash
# A phone whose disk is full goes on recording in the room that it has kept for this, says so, fetches nothing into that
# room, and is as before once there is room again. On a disk of its own, where the system lets a test have one.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

mkdir "$folder/phone"
if ! unshare -rm mount -t tmpfs -o size=1m none "$folder/phone" 2>/dev/null; then
  echo "skipped: this system lets nobody mount a disk of their own"
  exit 0
fi

serve
plan_one_visit

# Everything of the phone happens in one namespace, where its folder is a disk of 12 MiB.
cat >"$folder/day" <<'END'
set -euo pipefail
mount -t tmpfs -o size=12m none "$folder/phone"
play() { "$phone" --dir "$folder/phone" --server "$address" --script "$1" "${@:2}"; }
printf 'enrol %s\nsync\nstatus\n' "$code" >"$folder/morning"
play "$folder/morning" --json >"$folder/out.morning"

# Somebody's photos take the rest.
dd if=/dev/zero of="$folder/phone/photos" bs=4096 2>/dev/null || true
{
  echo offline
  echo "open V-1"
  for ((i = 0; i < 500; i++)); do echo "note \"number $i\""; done
  echo status
} >"$folder/noon"
play "$folder/noon" --json >"$folder/out.noon"
printf -- '-sync\nstatus\n' >"$folder/afternoon"
"$office" visit create --id V-2 --work-order W-1 >/dev/null
"$office" visit schedule V-2 "$(date -d 'tomorrow 12:00' +%F)T11:00/12:00" --zone Europe/Berlin >/dev/null
"$office" visit assign V-2 T-1 >/dev/null
"$office" visit dispatch V-2 >/dev/null
play "$folder/afternoon" --json >"$folder/out.afternoon" || true
# What is exported to a full disk is not left there in part.
mkdir "$folder/phone/stick"
mount -t tmpfs -o size=4k none "$folder/phone/stick"
dd if=/dev/zero of="$folder/phone/stick/full" bs=4096 count=1 2>/dev/null
printf -- 'offline\nopen V-1\nnote "one more"\n-export %s\n' "$folder/phone/stick/bundle" >"$folder/export"
play "$folder/export" >"$folder/out.export" 2>&1 || true
ls "$folder/phone/stick" >"$folder/out.stick"
umount "$folder/phone/stick"

rm "$folder/phone/photos"
printf 'sync\nstatus\nready\n' >"$folder/evening"
play "$folder/evening" --json >"$folder/out.evening"
END
export folder phone address code office
unshare -rm bash "$folder/day" || fail "the day: $(tail -n 5 "$folder"/out.*)"

says() { jq -r "select(.command == \"$2\") | .answer.$3" "$folder/out.$1"; }
check "room is kept" "$(says morning status reserve_bytes)" 4194304
check "every tap was recorded" "$(says noon status entries_recorded)" 500
[ -n "$(says noon status disk_full)" ] || fail "the phone does not say that its disk is full"
check "what was kept is used" "$(says noon status 'reserve_bytes // "0"')" 0
check "sent from a full disk" "$(says afternoon status 'entries_saved_here // "0"')" 0
check "nothing is fetched on a full disk" "$(says afternoon status visits)" 1
check "a failed export leaves nothing" "$(<"$folder/out.stick")" full
grep -q '^Try: some room on the disk, then export FILE again' "$folder/out.export" || fail "$(<"$folder/out.export")"
check "room is kept again" "$(says evening status reserve_bytes)" 4194304
check "the disk has room" "$(says evening status 'disk_full // ""')" ""
check "and everything is fetched" "$(says evening status visits)" 2
check "entries counted" "$(says evening status entries_counted)" 501
check "ready for tomorrow" "$(says evening ready ready)" true
