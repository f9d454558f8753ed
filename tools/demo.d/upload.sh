# The phones come back, and the server is killed while they upload.
# shellcheck shell=bash

entries_at_server() { office server status --json | jq -r '.entries | tonumber'; }

upload_with_a_kill() {
  local arrived
  set_clock 18:00
  ask ana online
  ask wei online
  # A first slice of Ana's day goes through; the rest and Wei's day are under way when the server dies.
  ask ana 'sync --bytes 8192'
  tell ana 'sync --seconds 60'
  tell wei 'sync --seconds 60'
  kill_server
  say_kill "18:00  SIGKILL: the server dies while both phones upload"
  start_server
  arrived=$(entries_at_server)
  say "the new server finds $(count "$arrived" entry entries) in the file of the dead one"
}

# Until neither phone holds anything that is not counted, within a bound.
drain() {
  local who round
  for who in ana wei; do
    hear "$who" || true  # A phone that gave up meanwhile is told again below.
  done
  for round in 1 2 3 4 5 6 7 8 9 10; do
    phones_drained && break
    [ "$round" -lt 10 ] || fail "the phones still hold entries" "$run_folder/ana.err, $run_folder/wei.err"
    for who in ana wei; do
      tell "$who" 'sync --seconds 60'
      hear "$who" || true
    done
  done
  say "both phones have sent everything and know what became of it"
}

phones_drained() {
  local who
  for who in ana wei; do
    ask "$who" status
    jq -e '(.answer.entries_saved_here | tonumber) + (.answer.entries_safe | tonumber) == 0' <<<"$reply" >/dev/null || return 1
    printf '%s\n' "$reply" >"$run_folder/$who.status.json"
  done
}
