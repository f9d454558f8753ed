# The last lines: a table, what was flagged, one sentence, and with --json one object.
# shellcheck shell=bash

# One object an account: before, after, and the three largest reasons of the difference.
readonly comparing='
  def health: .health | {score: (.score_thousandths / 1000), low: (.low_thousandths / 1000),
    high: (.high_thousandths / 1000), band: (.band | ltrimstr("BAND_"))};
  def key: [.source_id, .related_id, .signal, .effective_day] | tojson;
  def points: map({key: key, value: .points_thousandths}) | from_entries;
  ($before.contributions | points) as $old
  | ($after.contributions | points) as $new
  | ($before.contributions + $after.contributions | map({key: key, value: {text, source: .source_id}}) | from_entries) as $what
  # What was there before and faded because more is known now, is said to do so.
  | def said(key): .text + (if $old[key] and $new[key] then " (weighs less now)" else "" end);
  {id: $id, name: $name, before: ($before | health), after: ($after | health),
     change: (($after.health.score_thousandths - $before.health.score_thousandths) / 1000),
     reasons: ([$what | to_entries[] | .key as $key | {text: (.value | said($key)), source: .value.source,
         points: ((($new[.key] // 0) - ($old[.key] // 0)) / 1000)} | select(.points != 0)]
       | sort_by(-(.points | fabs), .source) | .[:3])}'

readonly words_of_points='
  def tenth: (. * 10 | round | fabs) as $t | "\($t / 10 | floor).\($t % 10)";
  def points: (if . < 0 then "-" else "" end) + tenth;
  def signed: (if . < 0 then "-" else "+" end) + tenth;
  def right(n): tostring | " " * (n - length) + .;
  def left(n): tostring | . + " " * (n - length);'

compare_accounts() {
  local account name
  while IFS=$'\t' read -r account name; do
    jq -n --arg id "$account" --arg name "$name" --slurpfile before_file "$run_folder/health/before/$account.json" \
      --slurpfile after_file "$run_folder/health/after/$account.json" \
      "\$before_file[0] as \$before | \$after_file[0] as \$after | $comparing"
  done < <(jq -r '.accounts[] | [.id, .name] | @tsv' "$run_folder/accounts.json") |
    jq -s 'sort_by(.change, .id)' >"$run_folder/comparison.json"
}

print_counts() {
  local name
  printf '\n%sEntries%s\n' "$bold" "$plain"
  for name in "recorded:recorded on the phones, by a tally outside their files" "received:received by the server" \
    "counted:counted" "attention:needing attention" "lost:lost" "doubled:doubled"; do
    printf '   %5s  %s\n' "$(jq ".${name%%:*}" "$run_folder/counts.json")" "${name#*:}"
  done
}

print_health() {
  printf '\n%sHealth of the accounts on %s, before the day and after%s\n' "$bold" "$tomorrow" "$plain"
  jq -r "$words_of_points"' .[] | (.before.score | points | right(7)) + "  " + (.before.band | left(8)) + "->" +
    (.after.score | points | right(6)) + "  " + (.after.band | left(8)) + (.change | signed | right(6)) + "  " + .name,
    (.reasons[] | "             " + (.points | signed | right(6)) + "  " + .text)' "$run_folder/comparison.json"
}

print_flags() {
  printf '\n%sFlagged for the office%s\n' "$bold" "$plain"
  jq -r '.visits | sort_by(.id)[] | "   \(.id)  " +
    ([.attention[] | ltrimstr("ATTENTION_FLAG_") | ascii_downcase | gsub("_"; " ")] | join(", "))' \
    "$run_folder/attention.json"
  jq -r '.entries[] | "   \(.judgement.position | "\(.device).\(.epoch).\(.seq)")  received, not counted: \(.judgement.message)"' \
    "$run_folder/quarantine.json"
}

# The account that lost most, and what took it down.
print_sentence() {
  jq -e '.[0].change < 0' "$run_folder/comparison.json" >/dev/null || { wrong+=("no account fell"); return; }
  printf '\n%s%s%s\n' "$bold" "$(jq -r "$words_of_points"' .[0] |
    "Account \(.name) fell from \(.before.score | points) to \(.after.score | points) because " +
    ([.reasons[] | select(.points < 0) | .text | (.[0:1] | ascii_downcase) + .[1:]] | join("; ")) + "."' "$run_folder/comparison.json")" "$plain"
}

print_invitation() {
  local bin
  bin=$(realpath "$programs/tools")
  printf '\nIt stays. In another shell:\n'
  printf '   export DOORSTEP_CONFIG_DIR=%s\n' "$DOORSTEP_CONFIG_DIR"
  printf '   %s/doorstep/doorstep account health A-02 --explain\n' "$bin"
  printf '   %s/doorstep/doorstep why V-204\n' "$bin"
  printf '   %s/phone/doorstep-phone --dir %s/ana --server %s --demo-clock %s\n' "$bin" "$run_folder" "$server_address" \
    "$clock_file"
  printf 'and when you have seen enough: kill %s; rm -r %s\n' "$server_pid" "$run_folder"
}

report() {
  local who reason
  for who in ana wei; do tell "$who" quit; done
  compare_accounts
  print_counts
  print_health
  print_flags
  print_sentence
  printf '%sThe run took %d s.%s\n' "$faint" $((SECONDS - began)) "$plain"
  if [ "$json" = yes ]; then
    jq -n --slurpfile counts "$run_folder/counts.json" --slurpfile accounts "$run_folder/comparison.json" \
      --slurpfile history "$run_folder/history.json" '
      ($counts[0] | {recorded, received, counted, attention, lost, doubled})
      + {accounts: $accounts[0],
         history: ($history[0].statistics | {assets, corrective_visits, repeats_within_30_days})}' >&3
  fi
  [ "$stay" = no ] || print_invitation
  [ "${#wrong[@]}" -eq 0 ] && return
  for reason in "${wrong[@]}"; do printf '%sWrong:%s %s\n' "$red" "$plain" "$reason" >&2; done
  fail "$(count "${#wrong[@]}" "figure is" "figures are") not what must be" "the files in $run_folder"
}
