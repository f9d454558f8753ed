# What is true afterwards, seen from outside: the tally that the phones kept beside their own files against what the
# server says it received, and the health of every account before and after the day.
# shellcheck shell=bash

wrong=()  # What is not as it must be, in plain words.

# The tally and the journals, counted: one object with the figures of the demo and the positions that are wrong. Doubled
# is a position that was received twice, and a content that was received under more positions than it was recorded.
readonly counting='
  def tallied: split("\n") | map(select(. != "") | split("\t") | {position: .[0], content: (.[2] | fromjson | del(.nonce))});
  def received: .entries | map({position: "\(.position.device).\(.position.epoch).\(.position.seq)",
    content: (.entry | del(.time, .nonce)), verdict: .judgement.verdict});
  def groups(key): group_by(key) | map({key: (.[0] | key), value: length});
  ($tally | tallied) as $recorded
  | ($journals | map(received) | add) as $received
  | ($recorded | INDEX(.position)) as $wanted
  | ($received | INDEX(.position)) as $there
  | ([$recorded[] | select($there[.position]) ] | length) as $arrived
  | ([$received[] | select(.verdict == "VERDICT_QUARANTINED")] | length) as $quarantined
  | ([($recorded | groups(.content))[] | {key: (.key | tojson), value}] | from_entries) as $contents
  | {
      recorded: ($wanted | length),
      received: $arrived,
      counted: ($arrived - $quarantined),
      attention: ([$received[] | select(.verdict == "VERDICT_QUARANTINED" or .verdict == "VERDICT_APPLIED_WITH_ATTENTION")] | length),
      lost: (($wanted | length) - $arrived),
      doubled: (($received | length) - ($there | length)
        + ([([$there[]] | groups(.content))[] | select($contents[.key | tojson])
          | .value - $contents[.key | tojson] | select(. > 0)] | add // 0)),
      quarantined: $quarantined,
      never_recorded: [$received[] | select($wanted[.position] | not) | .position],
      altered: [$recorded[] | select($there[.position] and $there[.position].content != .content) | .position]
    }'

expect() {  # what, is, must be
  [ "$2" = "$3" ] || wrong+=("$1: $2, and must be $3")
}

count_entries() {
  local who
  for who in ana wei; do
    office journal show "${device[$who]}" --limit 1000000 --json >"$run_folder/$who.journal.json"
  done
  office server status --json >"$run_folder/status.json"
  office visit list --attention --json >"$run_folder/attention.json"
  office quarantine list --json >"$run_folder/quarantine.json"
  jq -n --rawfile tally <(cat "$run_folder"/{ana,wei}.tally) \
    --slurpfile journals <(cat "$run_folder"/{ana,wei}.journal.json) "$counting" >"$run_folder/counts.json"
  local figure
  for figure in recorded received counted attention lost doubled quarantined; do
    printf -v "$figure" '%s' "$(jq ".$figure" "$run_folder/counts.json")"
  done
  # shellcheck disable=SC2154  # The loop above sets them.
  {
    expect "entries recorded" "$recorded" "$((told[ana] + told[wei]))"
    expect "entries received" "$received" "$recorded"
    expect "entries counted" "$counted" "$((received - quarantined))"
    expect "entries quarantined, as the server says" "$(jq -r .quarantined "$run_folder/status.json")" "$quarantined"
    expect "entries, as the server says" "$(jq -r .entries "$run_folder/status.json")" "$received"
    expect "entries quarantined, as the day has them" "$quarantined" 1
    expect "entries lost" "$lost" 0
    expect "entries doubled" "$doubled" 0
    expect "entries that nobody recorded" "$(jq -c .never_recorded "$run_folder/counts.json")" '[]'
    expect "entries with other content" "$(jq -c .altered "$run_folder/counts.json")" '[]'
    for who in ana wei; do
      expect "entries on ${phone_name[$who]}'s own phone" \
        "$(jq -r .answer.entries_recorded "$run_folder/$who.status.json")" "${told[$who]}"
    done
  }
  expect_flag V-203 NOT_FIXED
  expect_flag V-204 REASSIGNED_WORKED
  expect_flag V-208 NO_ACCESS
  expect_flag V-209 AFTER_CANCEL
  say "compared every entry in the tallies with what the server received: position and content"
}

expect_flag() {  # visit, flag
  jq -e --arg visit "$1" --arg flag "ATTENTION_FLAG_$2" \
    'any(.visits[]; .id == $visit and any(.attention[]; . == $flag))' "$run_folder/attention.json" >/dev/null ||
    wrong+=("$1 is not flagged ${2,,}")
}

# read_health before|after: every account's health on the day of the demo, with every reason.
read_health() {
  local account
  mkdir -p "$run_folder/health/$1"
  office account list --json >"$run_folder/accounts.json"
  for account in $(jq -r '.accounts[].id' "$run_folder/accounts.json"); do
    office account health "$account" --as-of "$tomorrow" --explain --json >"$run_folder/health/$1/$account.json"
  done
}

rebuild_server() {
  office server rebuild --json >"$run_folder/rebuild.json" || wrong+=("rebuilding gives another state")
  expect "rebuilding gives the same bytes" "$(jq -r .equal "$run_folder/rebuild.json")" true
  say "$(jq -r '"the server made everything it computed again, from \(.entries) entries and \(.commands) commands: " +
    (if .equal then "equal, byte for byte" else "DIFFERENT" end)' "$run_folder/rebuild.json")"
}
