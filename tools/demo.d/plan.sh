# What the office does before the day: imports, plans tomorrow, gives out phones.
# shellcheck shell=bash

readonly data=tools/demo_data

# Replaces {-300} and {+30} by the civil day so far from today.
with_dates() {
  local text days
  text=$(<"$1")
  while [[ $text =~ \{([-+][0-9]+)\} ]]; do
    days=${BASH_REMATCH[1]}
    text=${text//"{$days}"/$(date -d "$today $days days" +%F)}
  done
  printf '%s\n' "$text"
}

# The engines and their replacements: every engine's observation ends yesterday, so it was installed as many days
# before as its observation lasted.
write_histories() {
  awk -F, -v end="$(day_number "$yesterday")" -v folder="$run_folder/import" '
    # The civil day of a number of days since 1970.
    function civil(z,   era, doe, yoe, doy, mp, y, m, d) {
      z += 719468; era = int(z / 146097); doe = z - era * 146097
      yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
      doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100)); mp = int((5 * doy + 2) / 153)
      d = doy - int((153 * mp + 2) / 5) + 1; m = mp < 10 ? mp + 3 : mp - 9; y = yoe + era * 400 + (m <= 2)
      return sprintf("%04d-%02d-%02d", y, m, d)
    }
    FILENAME ~ /engines/ { if (FNR > 1) { account[$1] = $2; site[$1] = $3 } next }
    FNR == 1 { next }
    { engine[++rows] = $1; age[rows] = $2; replaced[rows] = $3; if ($2 > last[$1]) last[$1] = $2 }
    END {
      assets = folder "/assets.csv"; visits = folder "/visits.csv"
      print "id,account,site,model,serial,installed,status" >assets
      print "id,account,site,asset,kind,technician,arrived,ended,zone,outcome,fault,remedy,summary" >visits
      split("T-ana T-wei T-omar", technicians, " ")
      for (i = 1; i <= rows; i++) {
        id = engine[i]
        if (!(id in seen)) {
          seen[id] = 1
          printf "E-%s,%s,%s,D9 diesel,D9-%06d,%s,operational\n", id, account[id], site[id], id, civil(end - last[id]) >assets
        }
        if (replaced[i] == 0) continue
        # The second replacement of a day is in the afternoon.
        hour = (id in before && before[id] == age[i]) ? 14 : 9
        before[id] = age[i]
        day = civil(end - last[id] + age[i])
        printf "E-%s-%d,%s,%s,E-%s,corrective,%s,%sT%02d:00,%sT%02d:30,Europe/Berlin,resolved,VALVE-SEAT,REPLACE-SEAT,Valve seat replaced\n",
          id, ++ordinal[id], account[id], site[id], id, technicians[id % 3 + 1], day, hour, day, hour + 1 >visits
      }
    }' "$data/engines.csv" "$data/valve_seat.csv"
}

import_files() {
  office import "$@" --system crm --zone Europe/Berlin --json >"$run_folder/import.json" 2>"$run_folder/import.err" ||
    fail "an import has bad rows: $(head -n1 "$run_folder/import.err")" "$run_folder/import.json"
}

import_records() {
  with_dates "$data/contracts.csv" >"$run_folder/import/contracts.csv"
  write_histories
  import_files "$data/accounts.csv" "$data/sites.csv" "$data/technicians.csv" "$run_folder/import/contracts.csv" \
    "$run_folder/import/assets.csv" "$run_folder/import/visits.csv"
  local summary
  summary=$(jq -r '[.files[] | "\(.created) \(.kind)"] | join(", ")' "$run_folder/import.json")
  say "imported $summary"
  say "the visits are real: replacements of valve seats on 41 diesel engines (Nelson and Doganaksoy, 1989),"
  say "with every engine's observation ending yesterday; customers and people are invented"
}

import_again() {
  import_files "$run_folder/import/visits.csv"
  [ "$(jq '.created + .updated + .rejected' "$run_folder/import.json")" -eq 0 ] ||
    fail "importing the same visits again changed something" "$run_folder/import.json"
  say "importing the $(jq .unchanged "$run_folder/import.json") visits once more: nothing changed"
}

# What the product makes of the imported visits, before anything else happens.
read_history() {
  office account repairs --json >"$run_folder/history.json"
  say "$(jq -r '.statistics | "the server counts \(.corrective_visits) corrective visits among \(.assets) engines: " +
    "\(.repeats_within_30_days) repeats within 30 days, \(.first_time_fix_yes) fixed at the first visit, " +
    "\(.first_time_fix_no) not, \(.first_time_fix_pending) too new to tell"' "$run_folder/history.json")"
}

plan_tomorrow() {
  local visit account engine kind window who priority description planned=0 day=$tomorrow
  while IFS=, read -r visit account engine kind window who priority description; do
    [ "$visit" != visit ] || continue
    office_quietly work-order create --id "W-${visit#V-}" --account "$account" --site "S-${account#A-}" --kind "$kind" \
      --asset "E-$engine" --priority "$priority" --description "$description"
    office_quietly visit create --id "$visit" --work-order "W-${visit#V-}" --feedback --signature
    office_quietly visit schedule "$visit" "${day}T$window" --zone Europe/Berlin
    office_quietly visit assign "$visit" "$who"
    office_quietly visit dispatch "$visit"
    planned=$((planned + 1))
  done <"$data/tomorrow.csv"
  say "$planned work orders, each with a visit: created, scheduled, assigned and dispatched for $tomorrow"
}

enrol_phones() {
  local who code
  for who in ana wei; do
    code=$(office device invite "${technician[$who]}" --json | jq -r .invitation_code)
    start_phone "$who"
    ask "$who" "enrol $code --name \"${phone_name[$who]}'s phone\""
    device[$who]=$(jq -r .answer.device <<<"$reply")
    ask "$who" sync
    ask "$who" visits
    say "${phone_name[$who]}'s phone is ${device[$who]}; it has downloaded" \
      "$(jq '[.answer.visits[] | select(.visit.planned)] | length' <<<"$reply") visits of tomorrow"
  done
}

go_offline() {
  ask ana offline
  ask wei offline
  set_clock 07:30
  say "both phones lose their network; it is 07:30 on $tomorrow"
}
