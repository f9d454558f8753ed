#!/usr/bin/env bash
# A phone that sleeps is woken: it tells its push token, the office plans a visit of today, the push gateway hears whom
# to wake and by what, and hears no more of it once the phone has synced. Whoever is no gateway never sees the token.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

serve
plan_one_visit
plan() {
  "$office" visit create --id "$1" --work-order W-1 >/dev/null
  "$office" visit schedule "$1" "$(date -d "$2 12:00" +%F)T14:00/16:00" --zone Europe/Berlin >/dev/null
  "$office" visit assign "$1" T-1 >/dev/null
}
wanted() { "$office" device wakes --once --json | jq -c '[.wakes[] | [.device, .push_token, .platform, .reason]]'; }

check "before a token" "$(wanted)" '[]'
cat >"$folder/begin" <<END
push-token fcm-secret-1
enrol $code
status
sync
status
END
play "$folder/begin" >"$folder/said"
grep -q "does not know yet by what to wake" "$folder/said" || fail "$(<"$folder/said")"
grep -q "the office can wake this phone" "$folder/said" || fail "$(<"$folder/said")"
"$office" device list | grep -q ' yes ' || fail "$("$office" device list)"
check "nothing new" "$(wanted)" '[]'

# Listens from before anything is wanted.
"$office" device wakes --json >"$folder/heard" 2>"$folder/heard.err" &
gateway=$!
"$office" device wakes >"$folder/seen" 2>&1 &
person=$!
plan V-2 today
check "woken" "$(wanted)" '[["d1","fcm-secret-1","terminal","WAKE_REASON_VISIT_ASSIGNED"]]'
for ((i = 0; i < 600; i++)); do
  [ -s "$folder/heard" ] && [ -s "$folder/seen" ] && break
  sleep 0.1  # A poll with a bound.
done
check "the gateway's line" "$(jq -c '[.device, .push_token]' "$folder/heard")" '["d1","fcm-secret-1"]'
check "lines of the gateway" "$(wc -l <"$folder/heard")" 1
grep -q 'd1 (terminal): a visit' "$folder/seen" || fail "$(<"$folder/seen")"
"$office" device wakes --once >"$folder/table"
grep -q 'd1.*terminal.*a visit' "$folder/table" || fail "$(<"$folder/table")"
# Ctrl-C is how it ends. A shell's child in the background would ignore it, but for its own handler.
kill -INT "$gateway" "$person"
wait "$gateway" || fail "Ctrl-C ended the gateway with $?: $(<"$folder/heard.err")"
wait "$person" || fail "Ctrl-C ended the other with $?"

# A server that was started anew remembers.
end_serving
serve "${address##*:}"
check "after a restart" "$(wanted)" '[["d1","fcm-secret-1","terminal","WAKE_REASON_VISIT_ASSIGNED"]]'
echo sync | "$phone" --dir "$folder/phone" --server "$address" --script - >/dev/null
check "once it has synced" "$(wanted)" '[]'

# It is woken by nothing any more.
printf 'push-token\nsync\n' | "$phone" --dir "$folder/phone" --server "$address" --script - >/dev/null
plan V-3 tomorrow
check "without a token" "$(wanted)" '[]'
"$office" device list | grep -q ' no ' || fail "$("$office" device list)"

for file in said seen table log; do
  ! grep -q fcm-secret "$folder/$file" || fail "$file shows the token"
done
