# The three programs: what they need is installed, then they are built, with progress. DOORSTEP_PROGRAMS names a build
# folder whose programs are taken as they are.
# shellcheck shell=bash

readonly programs=${DOORSTEP_PROGRAMS:-build/demo}
readonly doorstepd=$programs/server/doorstepd phone=$programs/tools/phone/doorstep-phone
readonly doorstep=$programs/tools/doorstep/doorstep

make_programs() {
  local began=$SECONDS log status=0
  [ -z "${DOORSTEP_PROGRAMS:-}" ] || return 0
  if ! tools/setup --demo --check >/dev/null; then
    printf '%sWhat the programs need%s\n' "$bold" "$plain"
    tools/setup --demo
  fi
  mkdir -p build
  log=build/demo.log
  cmake --preset demo >"$log" 2>&1 || { cat "$log" >&2; fail "the build cannot be prepared" "tools/setup --demo"; }
  # Nothing is said when nothing is to be built.
  if ninja -C "$programs" -n doorstepd doorstep doorstep-phone | grep -q 'no work to do'; then return; fi
  printf '%sThe three programs%s\n' "$bold" "$plain"
  if [ -t 1 ]; then
    NINJA_STATUS='[%f of %t, %e s] ' ninja -C "$programs" doorstepd doorstep doorstep-phone || status=$?
  else
    # Without a terminal a line every tenth of the way is enough; what fails is shown whole.
    NINJA_STATUS='%f/%t ' ninja -C "$programs" doorstepd doorstep doorstep-phone 2>&1 | tee "$log" |
      awk -F'[/ ]' '/^[0-9]+\/[0-9]+ / { tenth = int(10 * $1 / $2); if (tenth > last) { last = tenth;
                      printf "   built %d of %d\n", $1, $2; fflush() } }' || status=$?
    [ "$status" -eq 0 ] || grep -v '^[0-9]*/[0-9]* ' "$log" | tail -n 40 >&2
  fi
  [ "$status" -eq 0 ] || fail "the programs were not built" "cmake --build --preset demo"
  say "ready after $((SECONDS - began)) s"
}
