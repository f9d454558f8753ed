# How the demo speaks: steps, sentences, kills, and the error that ends it.
# shellcheck shell=bash

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  readonly bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' faint=$'\e[2m' plain=$'\e[0m'
else
  readonly bold='' red='' green='' faint='' plain=''
fi

step_number=0
step() {
  step_number=$((step_number + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step_number" "$1" "$plain"
}
say() { printf '   %s\n' "$*"; }
say_kill() { printf '   %s%s%s\n' "$red$bold" "$*" "$plain"; }

# fail WHAT TRY: ends the demo.
fail() {
  printf '%sError:%s %s\nTry: %s\n' "$red" "$plain" "$1" "$2" >&2
  exit 1
}

# "1 entry", "2 entries".
count() { if [ "$1" -eq 1 ]; then echo "$1 $2"; else echo "$1 $3"; fi; }

# wait_until SECONDS WHAT COMMAND...: asks again and again until COMMAND succeeds; a bound, not a rhythm.
wait_until() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || fail "$what did not happen in time" "the logs in $run_folder"
    sleep 0.02
  done
}
