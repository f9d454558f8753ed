# The processes: one server and two phones, started, killed, and all gone when the demo ends.
# shellcheck shell=bash

server_pid='' server_address='127.0.0.1:0'
declare -A phone_pid phone_in phone_out phone_name=([ana]=Ana [wei]=Wei) technician=([ana]=T-ana [wei]=T-wei)
declare -A device
reply=''

begin_run() {
  run_folder=$(mktemp -d "${TMPDIR:-/tmp}/doorstep-demo.XXXXXX")
  clock_file=$run_folder/clock
  export DOORSTEP_CONFIG_DIR=$run_folder/office
  today=$(date +%F)
  yesterday=$(date -d 'yesterday 12:00' +%F)
  tomorrow=$(date -d 'tomorrow 12:00' +%F)
  write_shift 0
  mkdir "$run_folder/import" "$run_folder/health"
  trap end_run EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap : PIPE
  began=$SECONDS
}

end_run() {
  local status=$? pid
  trap - EXIT
  for pid in "${phone_pid[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  if [ "$stay" = yes ] && [ "$status" -eq 0 ]; then exit 0; fi
  if [ -n "$server_pid" ]; then
    kill -TERM "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
  if [ "$status" -eq 0 ]; then
    rm -rf "$run_folder"
  else
    printf 'What was there is in %s\n' "$run_folder" >&2
  fi
  exit "$status"
}

server_serves() {
  kill -0 "$server_pid" 2>/dev/null ||
    fail "the server ended: $(sed -n "s,^Error: ,,p" "$run_folder/server.err" | tail -n1)" \
      "$doorstepd --help"
  grep -q ' serves ' "$run_folder/server.log"
}

start_server() {
  "$doorstepd" --data "$run_folder/server" --listen "$server_address" --insecure-loopback --demo-clock "$clock_file" \
    >"$run_folder/server.log" 2>>"$run_folder/server.err" 3>&- &
  server_pid=$!
  wait_until 20 "the start of the server" server_serves
  # The port that was free the first time is the server's from then on: phones keep its address.
  server_address=$(sed -n 's/.* serves \([^ ]*\)$/\1/p' "$run_folder/server.log" | tail -n1)
  say "doorstepd serves $server_address from $run_folder/server"
}

kill_server() {
  kill -KILL "$server_pid"
  wait "$server_pid" 2>/dev/null || true
}

# office ARGUMENT...: the command-line tool; its answer is the function's.
office() { "$doorstep" "$@"; }
# The same where only success matters.
office_quietly() {
  "$doorstep" "$@" >"$run_folder/office.log" 2>&1 || fail "doorstep $*: $(head -n1 "$run_folder/office.log")" \
    "$(sed -n 's/^Try: //p' "$run_folder/office.log")"
}

connect_office() {
  office_quietly connect "$run_folder/server/admin.connect"
  say "the office is connected, with the token file that the server wrote for its administrator"
}

# start_phone WHO: a phone that is told one line at a time and answers each with one line of JSON.
start_phone() {
  local who=$1 pipe=$run_folder/$1.pipe in out
  rm -f "$pipe.in" "$pipe.out"
  mkfifo "$pipe.in" "$pipe.out"
  "$phone" --dir "$run_folder/$who" --server "$server_address" --demo-clock "$clock_file" --script - --json \
    <"$pipe.in" >"$pipe.out" 2>>"$run_folder/$who.err" 3>&- &
  phone_pid[$who]=$!
  exec {in}>"$pipe.in" {out}<"$pipe.out"
  phone_in[$who]=$in
  phone_out[$who]=$out
  ask "$who" "tally $run_folder/$who.tally"
}

# tell WHO LINE, then hear WHO: `reply` is the phone's answer. hear fails when the phone refuses or is dead.
tell() {
  { printf '%s\n' "$2" >&"${phone_in[$1]}"; } 2>/dev/null || fail "$1's phone is gone" "$run_folder/$1.err"
}
hear() {
  reply=''
  IFS= read -r -t 120 -u "${phone_out[$1]}" reply || fail "$1's phone does not answer" "$run_folder/$1.err"
  [[ $reply == *'"ok":true'* ]]
}
ask() {
  tell "$1" "$2"
  hear "$1" || fail "$1's phone refuses '$2': $(jq -r .error.message <<<"$reply")" "$(jq -r .error.try <<<"$reply")"
}

kill_phone() {
  local in=${phone_in[$1]} out=${phone_out[$1]}
  kill -KILL "${phone_pid[$1]}"
  wait "${phone_pid[$1]}" 2>/dev/null || true
  exec {in}>&- {out}<&-
}
