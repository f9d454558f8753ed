#!/usr/bin/env bash
# What the demo imports is what the published rows say: every engine, every replacement at its real age, and the repeats
# within 30 days that follow from them.
set -euo pipefail
export LC_ALL=C.UTF-8 TZ=Europe/Berlin
run_folder=$(mktemp -d)
readonly run_folder
trap 'rm -rf "$run_folder"' EXIT
mkdir "$run_folder/import"
for part in narrate clock plan; do source "tools/demo.d/$part.sh"; done

check() { [ "$2" = "$3" ] || { printf '%s: %s, and must be %s\n' "$1" "$2" "$3"; exit 1; }; }

# A leap day and the changes of daylight saving lie before each of these.
for yesterday in 2026-11-21 2028-03-01 2026-03-30 2026-10-26; do
  write_histories
  check "engines" "$(tail -n +2 "$run_folder/import/assets.csv" | wc -l)" 41
  check "replacements" "$(tail -n +2 "$run_folder/import/visits.csv" | wc -l)" 48
  check "ids" "$(tail -n +2 "$run_folder/import/visits.csv" | cut -d, -f1 | sort -u | wc -l)" 48
  # Back from the dates to the ages.
  while IFS=, read -r id _ _ asset _ _ arrived _; do
    installed=$(grep "^$asset," "$run_folder/import/assets.csv" | cut -d, -f6)
    echo "${asset#E-},$(($(day_number "${arrived%T*}") - $(day_number "$installed"))),1 $id"
  done < <(tail -n +2 "$run_folder/import/visits.csv") >"$run_folder/ages"
  check "ages" "$(cut -d' ' -f1 "$run_folder/ages")" "$(grep ',1$' tools/demo_data/valve_seat.csv)"
done

repeats=$(awk -F, '$3 == 1 { if ($1 == engine && $2 - age <= 30) n++; engine = $1; age = $2 } END { print n }' tools/demo_data/valve_seat.csv)
check "repeats within 30 days in the published rows" "$repeats" 5
