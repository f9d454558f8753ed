# For the tests of this folder to source: a folder that goes with the test, a server in it, and a phone.
export LC_ALL=C.UTF-8 TZ=Europe/Berlin
folder=$(mktemp -d)
readonly folder programs=$DOORSTEP_PROGRAMS
readonly phone=$programs/tools/phone/doorstep-phone office=$programs/tools/doorstep/doorstep
export DOORSTEP_CONFIG_DIR=$folder/office
server_pid=''
trap '[ -z "$server_pid" ] || { kill "$server_pid"; wait "$server_pid" || true; }; rm -rf "$folder"' EXIT

fail() { echo "$*"; exit 1; }
check() { [ "$2" = "$3" ] || fail "$1: '$2', and must be '$3'"; }

# Serves on a free port, or on $1, and sets `address`. A test that has a file `clock` has that for the time.
serve() {
  : >"$folder/log"
  "$programs/server/doorstepd" --data "$folder/server" --listen "127.0.0.1:${1:-0}" --insecure-loopback \
    ${clock:+--demo-clock "$clock"} >"$folder/log" 2>&1 &
  server_pid=$!
  for ((i = 0; i < 1000; i++)); do
    grep -q ' serves ' "$folder/log" && break
    sleep 0.02  # A poll with a bound: the server says when it is there.
  done
  address=$(sed -n 's/.* serves \([^ ]*\)$/\1/p' "$folder/log")
}
end_serving() { kill "$server_pid" && wait "$server_pid" || true; server_pid=''; }

# Visit V-1 of tomorrow, dispatched to T-1, for whose phone `code` is an invitation.
plan_one_visit() {
  "$office" connect "$folder/server/admin.connect" >/dev/null
  printf 'id,name\nA-1,Gasthof Zur Linde 林\n' >"$folder/accounts.csv"
  printf 'id,name\nT-1,Ana\n' >"$folder/technicians.csv"
  "$office" import "$folder/accounts.csv" "$folder/technicians.csv" >/dev/null
  "$office" work-order create --id W-1 --account A-1 --kind corrective >/dev/null
  "$office" visit create --id V-1 --work-order W-1 >/dev/null
  "$office" visit schedule V-1 "$(date -d 'tomorrow 12:00' +%F)T08:00/10:00" --zone Europe/Berlin >/dev/null
  "$office" visit assign V-1 T-1 >/dev/null
  "$office" visit dispatch V-1 >/dev/null
  code=$("$office" device invite T-1 --json | jq -r .invitation_code)
}

# A script of the phone; more arguments are the program's.
play() { "$phone" --dir "$folder/phone" --server "$address" --script "$1" "${@:2}"; }
