#!/usr/bin/env bash
# A binding's sample app, as its user tries it: it enrols, records with no network, is killed, goes on, and syncs, over
# every transport that it has. DOORSTEP_SAMPLE starts it.
set -euo pipefail
source "$(dirname "$0")/../e2e/one_visit.sh"

app() { $DOORSTEP_SAMPLE "$folder/app" "$address" "$@"; }
says() {
  local said
  said=$("${@:2}" 2>&1) || fail "${*:2}: $said"
  [[ $said == *"$1"* ]] || fail "${*:2}: '$said' does not say '$1'"
}

serve
plan_one_visit
if app enrol wrong-code >"$folder/out" 2>&1; then fail "a wrong code is taken"; fi
grep -q '^Error: ' "$folder/out" || fail "a wrong code: $(cat "$folder/out")"
says enrolled app enrol "$code"
says "sent 0, 0 left" app sync
says "V-1  Gasthof Zur Linde 林" app visits
says "saved d1.1.1" app arrive V-1

end_serving
says "saved d1.1.2" app note V-1 "im Keller, 没有网络"
says "2 left: " app sync

# Killed in the middle of its work: what it said was saved is there, and at most one more that it had no time to say.
$DOORSTEP_SAMPLE "$folder/app" "$address" note V-1 "noch eine" 1000000 >"$folder/saved" 2>&1 &
readonly running=$!
for ((i = 0; i < 1000; i++)); do
  [ "$(wc -l <"$folder/saved")" -ge 50 ] && break
  sleep 0.02 # A poll with a bound: the app says when it has saved so many.
done
kill -KILL "$running"
wait "$running" 2>/dev/null || true
told=$((2 + $(grep -c '^saved .*[0-9]$' "$folder/saved")))
[ "$told" -ge 50 ] || fail "nothing was recorded before the kill: $(head -n 3 "$folder/saved")"
recorded=$(app status | sed -n 's/^\([0-9]*\) recorded, \1 only here, 0 counted$/\1/p')
[ -n "$recorded" ] && [ "$recorded" -ge "$((told - 1))" ] && [ "$recorded" -le "$((told + 1))" ] ||
  fail "it said that it had saved $told and has '$recorded'"

serve "${address##*:}"
says "sent $recorded, 0 left" app sync
says "saved d1.1.$((recorded + 1))" app fixed V-1
if [[ $DOORSTEP_SAMPLE == *java* ]]; then
  says "sent 1, 0 left" app sync --built-in
else
  says "sent 1, 0 left" app sync
fi
says "$((recorded + 1)) recorded, 0 only here, $((recorded + 1)) counted" app status
check "the office's visit" "$("$office" visit show V-1 --json | jq -r '.visit.state // .state')" VISIT_STATE_COMPLETED
