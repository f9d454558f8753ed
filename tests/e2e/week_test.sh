#!/usr/bin/env bash
# A company's week through the real programs, from Monday to Saturday: every evening the board, what is flagged and the
# health of the customers are what somebody who was there would say. A technician is two days without a network, a phone
# and the server are killed, a visit changes hands meanwhile, a phone is cloned, another drowns and its owner works on a
# colleague's, somebody leaves the company with a day still in the pocket. Nothing is lost, nothing is doubled, and nobody
# is alarmed because a phone is silent.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

# ---- time: one clock for everybody, ahead of the machine's; it is always the week after this one ----
readonly clock=$folder/clock
later() { date -u -d "@$(($(date -u -d "$1" +%s) + $2 * 86400))" +%F; }  # DAY NUMBER: so many days after it.
readonly monday=$(later "$(date -d 'next monday' +%F)" 7)
readonly tuesday=$(later "$monday" 1) wednesday=$(later "$monday" 2) thursday=$(later "$monday" 3) \
  friday=$(later "$monday" 4) saturday=$(later "$monday" 5)
now_is() {  # DAY HH:MM
  printf '%s\n' $(($(date -d "$1 $2" +%s) * 1000000 - ${EPOCHREALTIME/./})) >"$clock.new"
  mv "$clock.new" "$clock"
}

# ---- people ----
do_it() { "$office" "$@" >"$folder/out" || fail "doorstep $*"; }
# on WHO: the lines of standard input, on that phone. Every accepted entry is noted in a tally outside its files.
on() {
  { printf 'tally %s\n' "$folder/$1.tally"; cat; } >"$folder/lines"
  "$phone" --dir "$folder/$1" --server "$address" --demo-clock "$clock" --script "$folder/lines" --json \
    >"$folder/$1.out" 2>"$folder/$1.err" || fail "$1's phone: $(jq -rs 'last.error' "$folder/$1.out") $(cat "$folder/$1.err")"
}
# dies WHO: likewise; the last line is `kill`.
dies() {
  local status=0
  { printf 'tally %s\n' "$folder/$1.tally"; cat; } >"$folder/lines"
  "$phone" --dir "$folder/$1" --server "$address" --demo-clock "$clock" --script "$folder/lines" --json \
    >"$folder/$1.out" 2>"$folder/$1.err" || status=$?
  check "$1's phone is dead" "$status" 137
}

# ---- what the office sees ----
# The visits of a day, how they stand and who goes.
board() {
  "$office" visit list --between "$1/$(later "$1" 1)" --zone Europe/Berlin --json | jq -r '
    [.visits[]? | "\(.id) \(.state | ltrimstr("VISIT_STATE_") | ascii_downcase) \([.assignments[]? | select(.revoked | not)
      | .technician_id] | join("+"))"] | sort | join(", ")'
}
flagged() {
  "$office" visit list --attention --json |
    jq -r '[.visits[]? | "\(.id) \([.attention[] | ltrimstr("ATTENTION_FLAG_") | ascii_downcase] | join("+"))"] | sort | join(", ")'
}
parked() { "$office" quarantine list --json | jq '[.entries[]?] | length'; }
# score ACCOUNT DAY: evidence fades from day to day, so what is compared is of one day.
score() { "$office" account health "$1" --as-of "$2" --json | jq .health.score_thousandths; }
reasons() { "$office" account health "$1" --explain --json | jq -r "[.contributions[] | select($2) | .text] | sort | join(\"; \")"; }
# Every entry that a phone accepted is at the office, once, as it was accepted. By content: a cloned phone gives one
# position to two entries. The phone adds the time and the nonce itself.
readonly content='del(.time, .nonce)'
all_there_once() { all_there_once_but '' "$1"; }
# all_there_once_but WHO WHEN: likewise, of all phones but one, which has not come yet.
all_there_once_but() {
  local device received='' recorded
  recorded=$(find "$folder" -maxdepth 1 -name '*.tally' ! -name "$1.tally" -exec cut -f3 {} + | jq -c --sort-keys "$content" | sort)
  for device in $("$office" device list --json | jq -r '.devices[].id'); do
    received+=$("$office" journal show "$device" --limit 100000 --json | jq -c --sort-keys ".entries[]?.entry | $content")$'\n'
  done
  check "$2: lost, doubled or altered" "$(diff <(echo "$recorded") <(sort <<<"$received" | sed '/^$/d'))" ''
}
# All that is not what it must be at the end of any day.
nothing_wrong() {
  check "$1: nothing flagged but this" "$(flagged)" "$2"
  check "$1: nothing waits in quarantine" "$(parked)" 0
  "$office" server rebuild --json | jq -e .equal >/dev/null || fail "$1: rebuilding gives another state"
}

# ---- Monday: records come in, the week is planned, phones are given out ----
now_is "$monday" 09:00
serve
do_it connect "$folder/server/admin.connect"
cat >"$folder/accounts.csv" <<'END'
id,name,segment,tier,success_owner,languages,zone
A-01,Northgate Hospital,health,gold,mara,en|de,Europe/Berlin
A-02,海风冷链有限公司,cold chain,gold,mara,zh|en,Europe/Berlin
A-03,Bäckerei Schönfeld,food,silver,jonas,de,Europe/Berlin
END
cat >"$folder/sites.csv" <<'END'
id,account,name,address,zone,access_notes
S-01,A-01,Engine house,"Northgate 1, Hamburg",Europe/Berlin,Second basement; no signal
S-02,A-02,冷库一号,"Hafenstraße 88, Hamburg",Europe/Berlin,The cellar has no signal
S-03,A-03,Backstube,"Mühlenweg 4, Lübeck",Europe/Berlin,Not before 6 o'clock
END
printf 'id,name,language,zone\nT-ana,Ana Petrović,de,Europe/Berlin\nT-wei,Wei Zhang 张伟,zh,Europe/Berlin\nT-jo,Jo Brandt,de,Europe/Berlin\n' >"$folder/technicians.csv"
cat >"$folder/assets.csv" <<'END'
id,account,site,model,serial,installed,status
E-1,A-01,S-01,D9 diesel,D9-000001,2020-05-04,operational
E-2,A-02,S-02,D9 diesel,D9-000002,2021-03-01,operational
E-3,A-03,S-03,Oven 7,O7-000003,2022-08-15,operational
END
cat >"$folder/contracts.csv" <<END
id,account,coverage,response_sla_min,start,renewal,monthly_value
C-02,A-02,All engines with parts,240,2024-01-01,$(later "$monday" 30),1240.00 EUR
END
cat >"$folder/visits.csv" <<END
id,account,site,asset,kind,technician,arrived,ended,zone,outcome,fault,remedy,summary
P-1,A-02,S-02,E-2,corrective,T-wei,$(later "$monday" -12)T09:00,$(later "$monday" -12)T10:30,Europe/Berlin,resolved,VALVE-SEAT,REPLACE-SEAT,Valve seat replaced
END
do_it import "$folder"/{accounts,sites,technicians,assets,contracts,visits}.csv --system crm --zone Europe/Berlin

plan() {  # visit, account, engine, day, window, technician
  do_it work-order create --id "W-${1#V-}" --account "$2" --site "S-${2#A-}" --kind corrective --asset "$3"
  do_it visit create --id "$1" --work-order "W-${1#V-}" --feedback
  do_it visit schedule "$1" "$4T$5" --zone Europe/Berlin
  do_it visit assign "$1" "$6"
  do_it visit dispatch "$1"
}
plan V-1 A-01 E-1 "$tuesday" 08:00/10:00 T-ana
plan V-2 A-03 E-3 "$tuesday" 13:00/15:00 T-wei
plan V-3 A-01 E-1 "$wednesday" 08:00/10:00 T-ana
plan V-4 A-02 E-2 "$wednesday" 11:00/13:00 T-ana
plan V-5 A-03 E-3 "$thursday" 15:00/17:00 T-ana
plan V-6 A-03 E-3 "$thursday" 09:00/11:00 T-jo
plan V-7 A-03 E-3 "$friday" 13:00/15:00 T-jo
plan V-8 A-02 E-2 "$friday" 12:00/14:00 T-wei
head -c 600000 /dev/urandom >"$folder/crack.jpg"
head -c 15000 /dev/urandom >"$folder/crack-small.jpg"
for who in ana wei jo; do
  code=$("$office" device invite "T-$who" --json | jq -r .invitation_code)
  on $who <<<"enrol $code --name \"phone of $who\"
sync"
done
check "Monday's board for Tuesday" "$(board "$tuesday")" "V-1 dispatched T-ana, V-2 dispatched T-wei"
check "Monday's board for Wednesday" "$(board "$wednesday")" "V-3 dispatched T-ana, V-4 dispatched T-ana"
nothing_wrong Monday ""
declare -A before
for account in A-01 A-02 A-03; do
  for day in "$tuesday" "$wednesday" "$thursday"; do before[$account $day]=$(score $account "$day"); done
done

# ---- Tuesday: Ana goes down into the basement at eight; Wei has a network ----
now_is "$tuesday" 07:50
on ana <<'END'
sync
offline
open V-1
accept
travel
END
now_is "$tuesday" 08:20
dies ana <<'END'
offline
open V-1
arrive
safety ok
start
note "Water under the engine, pump is running"
kill
END
now_is "$tuesday" 13:10
on wei <<'END'
sync
open V-2
accept
travel
arrive
start
outcome resolved --fault IGNITER --cause WEAR --remedy REPLACE-IGNITER --status operational --confirmed "Zünder getauscht"
feedback en csat=5 ces=6 resolved=1 mode=open
depart
sync
END
now_is "$tuesday" 20:00
check "Tuesday's board" "$(board "$tuesday")" "V-1 dispatched T-ana, V-2 completed T-wei"
nothing_wrong Tuesday ""
check "a silent phone costs the hospital nothing" "$(score A-01 "$tuesday")" "${before[A-01 $tuesday]}"
[ "$(score A-03 "$tuesday")" -gt "${before[A-03 $tuesday]}" ] || fail "Tuesday: the bakery is not better off"

# ---- Wednesday: still in the basement; the office gives V-3 to Wei, who is told, and cannot tell Ana ----
now_is "$wednesday" 08:15
on ana <<'END'
offline
open V-1
outcome not_resolved --fault VALVE-SEAT --cause HEAD-WARPED --status down --down 600 --follow-up "Needs a new head"
promise "a new head" due +3d --kind "bring part" --id PR-1
open V-3
travel
arrive
start
END
now_is "$wednesday" 09:00
do_it visit reassign V-3 T-wei --reason "Ana cannot be reached"
now_is "$wednesday" 11:40
on ana <<END
offline
open V-3
outcome resolved --fault VALVE-SEAT --cause WEAR --remedy REPLACE-SEAT --status operational --confirmed "Seat replaced"
open V-4
travel
arrive
start
reading "oil pressure" 2.7 bar
photo $folder/crack.jpg "裂缝" --preview $folder/crack-small.jpg
outcome resolved --fault VALVE-SEAT --cause CRACK --remedy REPLACE-SEAT --status operational "气门座已更换"
feedback zh csat=2 ces=2 resolved=0 text="又坏了，冷库不能再停。" mode=open
depart
END
now_is "$wednesday" 20:00
check "Wednesday's board" "$(board "$wednesday")" "V-3 dispatched T-wei, V-4 dispatched T-ana"
nothing_wrong Wednesday ""
check "two days of silence cost the hospital nothing" "$(score A-01 "$wednesday")" "${before[A-01 $wednesday]}"
check "nor the cold store" "$(score A-02 "$wednesday")" "${before[A-02 $wednesday]}"

# ---- Thursday: Ana comes up; the server is killed while her two days arrive ----
now_is "$thursday" 07:30
printf 'tally %s\nsync --seconds 20\n' "$folder/ana.tally" >"$folder/lines"
"$phone" --dir "$folder/ana" --server "$address" --demo-clock "$clock" --script "$folder/lines" >/dev/null 2>&1 &
upload=$!
kill -KILL "$server_pid"
wait "$server_pid" || true
serve "${address##*:}"
wait "$upload" || true
on ana <<<sync
on wei <<<sync
all_there_once Thursday
check "Tuesday, as it was" "$(board "$tuesday")" "V-1 incomplete T-ana, V-2 completed T-wei"
check "Wednesday, as it was" "$(board "$wednesday")" "V-3 completed T-ana, V-4 completed T-ana"
nothing_wrong Thursday "V-1 not_fixed, V-3 reassigned_worked"
[ "$(score A-02 "$thursday")" -lt "${before[A-02 $thursday]}" ] || fail "Thursday: the cold store does not fall"
check "why the cold store is where it is" "$(reasons A-02 '.signal == "SIGNAL_REPEAT_VISIT"')" \
  "Visit V-4: somebody had to come again, 14 days after visit P-1"
check "the customer's own words, in the customer's own script" \
  "$("$office" visit log V-4 | grep -c '"又坏了，冷库不能再停。"; in zh')" 1
check "the photo of the crack has come" "$("$office" attachment list V-4 --json |
  jq -r '[.attachments[] | .title, .judgement, .state, .preview_state] | join(" ")')" \
  "裂缝 counted ATTACHMENT_STATE_STORED ATTACHMENT_STATE_STORED"
do_it attachment get "$(sha256sum "$folder/crack.jpg" | cut -d' ' -f1)" -o "$folder/fetched.jpg"
cmp "$folder/crack.jpg" "$folder/fetched.jpg" || fail "the photo is another one"
do_it attention resolve V-3 --reason "Ana had done it; Wei was told"

# ---- Thursday at the bakery: Jo does his last visit where there is no network ----
now_is "$thursday" 09:10
on jo <<'END'
sync
offline
open V-6
accept
arrive
start
outcome resolved --fault BURNER --cause DIRT --remedy CLEAN-BURNER --status operational --confirmed "Brenner gereinigt"
depart
END

# ---- Thursday afternoon: somebody copies Ana's phone, and both go on ----
cp -r "$folder/ana" "$folder/clone"
now_is "$thursday" 15:10
on ana <<'END'
offline
open V-5
accept
travel
arrive
start
note "on the phone that Ana has"
END
on clone <<'END'
offline
open V-5
note "on the copy"
note "and once more on the copy"
END
on ana <<<$'online\nsync'
on clone <<<$'online\nsync'
all_there_once_but jo "both phones"

# ---- Friday: the day ends, the week is looked at ----
now_is "$friday" 10:00
on ana <<'END'
online
open V-5
outcome resolved --fault FAN --cause FUSE --remedy REPLACE-FUSE --status operational --confirmed "Sicherung getauscht"
sync
END
on clone <<<sync
check "Thursday's board" "$(board "$thursday")" "V-5 completed T-ana, V-6 dispatched T-jo"

# ---- Friday noon: Wei's phone has drowned, with all it had at the office; he does his visit on Ana's ----
ana_phone=$("$office" device list --json | jq -r '.devices[] | select(.name == "phone of ana").id')
do_it device allow "$ana_phone" T-wei
now_is "$friday" 12:05
on ana <<'END'
sync
signin T-wei
sync
offline
open V-8
accept
arrive
start
outcome resolved --fault VALVE-SEAT --cause WEAR --remedy REPLACE-HEAD --status operational --confirmed "气缸盖已更换"
feedback zh csat=4 ces=5 resolved=1 mode=open
depart
signout T-wei
online
sync
END
do_it device disallow "$ana_phone" T-wei
check "who recorded what on Ana's phone that day" "$("$office" visit log V-8 --json |
  jq -r '[.items[].author] | unique | join(" ")')" T-wei
check "what weighs most at the cold store" \
  "$("$office" account health A-02 --explain --json | jq -r '.contributions | min_by(.points_thousandths // 0) | .text')" \
  "Visit V-8: somebody had to come yet again, 2 days after visit V-4"

# ---- Friday evening: Jo has left at noon; his next visit goes to Ana, and what he still carries comes on Saturday ----
now_is "$friday" 18:00
do_it technician leave T-jo --at "$friday"T12:00
do_it visit reassign V-7 T-ana --reason "Jo has left"
check "Friday's board" "$(board "$friday")" "V-7 dispatched T-ana, V-8 completed T-wei"
all_there_once_but jo Friday
nothing_wrong Friday "V-1 not_fixed"
do_it backup friday.backup

# ---- Saturday: the promise of the new head is due, and nobody came ----
now_is "$saturday" 21:00
on ana <<<sync
on jo <<<$'online\nsync\nvisits'
check "Jo's phone gave what it had, and has nothing of the company any more" \
  "$(jq -rs '[.[] | select(.command == "visits") | .answer.visits // [] | length] | join(" ")' "$folder/jo.out")" 0
check "Jo's last day counts, however late" "$(board "$thursday")" "V-5 completed T-ana, V-6 completed T-jo"
all_there_once Saturday
nothing_wrong Saturday "V-1 not_fixed"
check "why the hospital is amber: the promise of a new head" \
  "$(reasons A-01 '.signal == "SIGNAL_PROMISE_OVERDUE"')" "Promise PR-1: overdue since $saturday"
