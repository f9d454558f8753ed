#!/usr/bin/env bash
# What the manual shows in C, C++, Java and Node is what works: built against an installed core with the manual's own
# commands, and run against a server. $1: the prefix that the core with a transport was installed to.
set -euo pipefail
export prefix=$1  # As in the manual.
source=$(cd "$(dirname "$0")/../.." && pwd)
source "$source/tests/e2e/one_visit.sh"
manual=$source/client_core/README.md

snippet() { awk -v begin="\`\`\`$1" '$0 == begin {on = 1; next} /^```$/ {on = 0} on' "$manual"; }
run_java() { # The manual's command, for this folder, server and invitation.
  local command
  command=$(snippet bash | sed "s|App.java phone 127.0.0.1:7443 INVITATION V-1|$folder/App.java $*|")
  eval "$command"
}
run_node() { NODE_PATH=$folder/node_modules:$source/.cache/node_modules node "$folder/app.js" "$@"; }
quietly() { "$@" >"$folder/log" 2>&1 || { cat "$folder/log"; fail "$*"; }; }

mkdir "$folder/c" "$folder/cpp"
cd "$folder/c"
snippet c >app.c
snippet sh >commands
quietly bash -eu commands
# What a program of one's own is compiled with: the snippet gives no warning.
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
# shellcheck disable=SC2046
quietly cc -std=c11 -Wall -Wextra -Werror -fsyntax-only -I . app.c $(pkg-config --cflags doorstep_client libprotobuf-c)

cd "$folder/cpp"
snippet cpp >app.cc
snippet cmake >CMakeLists.txt
quietly cmake -S . -B build -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="-Wall -Wextra"
quietly cmake --build build
if grep -q 'app.cc.*warning:' "$folder/log"; then cat "$folder/log"; fail "the manual's C++ gives warnings"; fi

snippet java >"$folder/App.java"
snippet js >"$folder/app.js"
# As `npm install` puts it, which needs a network.
mkdir "$folder/node_modules"
ln -s "$source/client_core/bindings/node" "$folder/node_modules/doorstep-client"

[ -x "$programs/server/doorstepd" ] || fail "no doorstepd in $programs. Try: tools/test --only bindings"
serve
plan_one_visit
status=0
./build/app "$folder/cpp" "$address" wrong-code V-1 >"$folder/out" 2>&1 || status=$?
check "a wrong code, in C++" "$status $(cut -d: -f1 "$folder/out")" "1 NOT_FOUND"
# $1 is the app: what it recorded on a new phone it has sent.
sends() {
  mkdir "$folder/phone"
  "$1" "$folder/phone" "$address" "$code" V-1 >"$folder/out" 2>&1 || fail "$1: $(<"$folder/out")"
  check "$1" "$(tail -n 1 "$folder/out")" "sent 1, 0 left "
  rm -r "$folder/phone"
}
devices=()
for app in "$folder/c/app" "$folder/cpp/build/app" run_java run_node; do
  code=$("$office" device invite T-1 --json | jq -r .invitation_code)
  sends "$app"
  devices+=("d$((${#devices[@]} + 1))")
done
for device in "${devices[@]}"; do
  check "at the office, of $device" "$("$office" journal show "$device" --json | jq -r '.entries[0].entry.note.text')" \
    "seal replaced"
done
