#!/usr/bin/env bash
# A phone that finds no network hands over a file. What the office takes from it counts, once, although the same file
# comes again and the phone sends all of it later; a file that is damaged or no bundle changes nothing.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

serve
plan_one_visit
printf 'enrol %s\nsync\n' "$code" >"$folder/morning"
play "$folder/morning" >"$folder/out"
cat >"$folder/cellar" <<END
offline
open V-1
arrive
note "锅炉 in the cellar"
export $folder/day.bundle
-export $folder/day.bundle
status
END
play "$folder/cellar" --json >"$folder/out" 2>"$folder/err"
check "never over another file" "$(cat "$folder/out" "$folder/err" | grep -c 'File exists')" 1
check "nobody else may read it" "$(stat -c %a "$folder/day.bundle")" 600
check "the phone still has it" "$(jq -r 'select(.command == "status").answer.entries_saved_here' "$folder/out")" 2
received() { "$office" server status --json | jq -r .entries; }

status=0
head -c 200 "$folder/day.bundle" >"$folder/cut.bundle"
"$office" import "$folder/cut.bundle" 2>"$folder/err" || status=$?
check "half a bundle is refused" "$status $(received)" "1 0"
for time in first second; do
  "$office" import "$folder/day.bundle" --json >"$folder/out"
  check "the $time time" "$(jq -r '.bundles[0].entries' "$folder/out") $(received)" "2 2"
done
check "the words" "$("$office" journal show d1 --json | jq -r '.entries[1].entry.note.text')" "锅炉 in the cellar"

printf 'open V-1\noutcome resolved\nsync\nstatus\n' >"$folder/evening"
play "$folder/evening" --json >"$folder/out"
check "all count" "$(jq -r 'select(.command == "status").answer.entries_counted' "$folder/out")" 3
check "once" "$(received)" 3

# A copy of the phone has sent other entries in the place of those in the file.
cp -r "$folder/phone" "$folder/copy"
printf 'open V-1\nnote "by the copy"\nsync\n' >"$folder/copied"
"$phone" --dir "$folder/copy" --server "$address" --script "$folder/copied" >"$folder/out"
printf 'offline\nopen V-1\nnote "by the phone"\nexport %s\n' "$folder/fork.bundle" >"$folder/night"
play "$folder/night" >"$folder/out"
status=0
"$office" import "$folder/fork.bundle" >"$folder/out" 2>"$folder/err" || status=$?
check "what is not taken is no success" "$status $(received)" "1 4"
grep -q '^Try: sync on phone d1' "$folder/err" || fail "no advice: $(<"$folder/err")"
echo sync >"$folder/morning"
play "$folder/morning" >"$folder/out"
check "it comes with a network" "$(received)" 5
"$office" server rebuild >/dev/null
