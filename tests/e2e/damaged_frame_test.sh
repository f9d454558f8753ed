#!/usr/bin/env bash
# One bit of a stored frame flips while the server is stopped: everything else is shown as ever, the entries that cannot
# be read are named with what to do and with exit status 1, and a backup from before brings them back.
set -euo pipefail
source "$(dirname "$0")/one_visit.sh"

# Runs the office's program: what it prints goes to `out` and `err`, its exit status is printed.
ask() {
  local status=0
  "$office" "$@" >"$folder/out" 2>"$folder/err" || status=$?
  echo "$status"
}
says() { grep -q -- "$2" "$folder/$1" || fail "$3: $(<"$folder/out") $(<"$folder/err")"; }

serve
plan_one_visit
readonly port=${address##*:}
printf 'enrol %s\nsync\nopen V-1\ntravel\nsync\narrive\nnote "behind the house"\nsync\nstart\nsync\n' "$code" \
  >"$folder/day"
play "$folder/day" >"$folder/out"
"$office" backup noon.backup >/dev/null
check "before" "$(ask journal show d1)" 0

end_serving
python3 - "$folder/server/doorstep.db" <<'END'
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    bytes_ = bytearray(db.execute("SELECT bytes FROM frame WHERE first_seq = 2").fetchone()[0])
    bytes_[-86] ^= 4  # In the entries: behind them stands the signature alone, 66 bytes.
    db.execute("UPDATE frame SET bytes = ? WHERE first_seq = 2", (bytes(bytes_),))
END
serve "$port"

readonly named="damaged on the server's disk and cannot be read: d1.1.2 to d1.1.3"
for command in 'journal show d1' 'visit log V-1' 'why V-1'; do
  # shellcheck disable=SC2086 # The words of a command.
  check "$command" "$(ask $command)" 1
  says out '^d1.1.1 .*travel started .*counted' "$command hides what can be read"
  says out '^d1.1.2 .*damaged' "$command does not say which is damaged"
  says out '^d1.1.4 .*work started .*counted' "$command hides what came later"
  says err "^Error: these entries are $named" "$command"
  says err '^Try: .*doorstep restore BACKUP' "$command gives no advice"
done
check "for scripts" "$(ask journal show d1 --json) $(jq -c '[.entries[].hash == ""]' "$folder/out")" \
  "1 [false,true,true,false]"
check "one of them" "$(ask why d1.1.2)" 1
says err 'cannot be read: d1.1.2$' "one of them"
check "another one" "$(ask why d1.1.4)" 0
check "a rebuild" "$(ask server rebuild)" 1
says err '(entries d1.1.2 to 3)' "a rebuild"

end_serving
"$office" restore "$folder/server/backups/noon.backup" --data "$folder/server" >/dev/null
serve "$port"
check "after a restore" "$(ask journal show d1)" 0
says out 'note: behind the house .*counted' "the restore lacks it"
check "a rebuild after it" "$(ask server rebuild)" 0

# Who is nobody, and a folder that is none.
check "assigned to nobody" "$(ask visit assign V-1 T-nobody)" 1
says err '^Error: no technician T-nobody$' "assigned to nobody"
check "the visits of nobody" "$(ask visit list --technician T-nobody)" 1
says err '^Try: doorstep technician list$' "the visits of nobody"
status=0
"$programs/server/doorstepd" --data "$folder/accounts.csv" --insecure-loopback 2>"$folder/err" || status=$?
check "a file for a folder" "$status" 1
says err 'accounts.csv is a file, and the data folder must be a folder' "a file for a folder"
echo "a damaged frame hides nothing but its own entries"
