# One clock for the server and the phones: a file with the microseconds by which theirs are ahead of the machine's.
# Invariant: it never goes back.
# shellcheck shell=bash

shift_us=0

write_shift() {
  # Readers see the old number or the new one.
  printf '%s\n' "$1" >"$clock_file.new"
  mv "$clock_file.new" "$clock_file"
}

# set_clock HH:MM: it is now that time, tomorrow.
set_clock() {
  local seconds now_us=${EPOCHREALTIME/./} wanted_us
  seconds=$(date -d "$tomorrow $1" +%s)
  wanted_us=$((seconds * 1000000 - now_us))
  [ "$wanted_us" -le "$shift_us" ] || shift_us=$wanted_us
  write_shift "$shift_us"
}

# Days since 1970 of a civil day.
day_number() { echo $(($(date -u -d "$1" +%s) / 86400)); }
