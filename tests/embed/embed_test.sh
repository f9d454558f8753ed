#!/usr/bin/env bash
# The phone core as a stranger takes it: built alone with dependencies of its own, installed, found by CMake and by
# pkg-config from a project outside of this tree, beside another SQLite and another protobuf. And with a transport, for
# the programs of its manual, which talk to a server: DOORSTEP_PROGRAMS is the build that has one (build/bindings).
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd) # Kept from run to run.
jobs=${JOBS:-$(nproc)}
launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
# As in the presets: the tree may stand anywhere.
export CCACHE_BASEDIR=$source CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=true

fail() { echo "Error: $*"; exit 1; }
step() { echo "embed: $*"; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "$*"; }; }

step "the dependencies, position-independent"
quietly cmake -S "$source/client_core/dependencies" -B "$work/dependencies" -G Ninja "${launcher[@]}" \
  -DCMAKE_INSTALL_PREFIX="$work/libraries"
quietly cmake --build "$work/dependencies" --parallel "$jobs"

step "the core alone"
quietly cmake -S "$source/client_core" -B "$work/core" -G Ninja "${launcher[@]}" -DCMAKE_PREFIX_PATH="$work/libraries" \
  -DCMAKE_INSTALL_PREFIX="$work/prefix" -DCMAKE_INSTALL_LIBDIR=lib
quietly cmake --build "$work/core" --parallel "$jobs"
rm -rf "$work/prefix"
quietly cmake --install "$work/core" --strip

step "what can be seen of it"
nm -D --defined-only "$work/prefix/lib/libdoorstep.so" | awk '{print $3}' | LC_ALL=C sort |
  diff "$source/tests/abi/exported_symbols.txt" - || fail "the shared library shows something else"
nm -g --defined-only "$work/prefix/lib/libdoorstep.a" | awk 'NF == 3 {print $3}' | LC_ALL=C sort |
  diff "$source/tests/abi/exported_symbols.txt" - || fail "the static archive shows something else"
needed=$(objdump -p "$work/prefix/lib/libdoorstep.so" | awk '/NEEDED/ {print $2}' | sort | tr '\n' ' ')
[ "$needed" = "ld-linux-x86-64.so.2 libc.so.6 libgcc_s.so.1 libm.so.6 libstdc++.so.6 " ] ||
  [ "$needed" = "libc.so.6 libgcc_s.so.1 libm.so.6 libstdc++.so.6 " ] || fail "it needs $needed"

step "an app outside of the tree"
app=$(mktemp -d)
trap 'rm -rf "$app"' EXIT
cp "$source"/tests/embed/consumer/* "$app"
quietly cmake -S "$app" -B "$app/build" -G Ninja "${launcher[@]}" -DCMAKE_PREFIX_PATH="$work/prefix"
quietly cmake --build "$app/build" --parallel "$jobs"
mkdir "$app/shared" "$app/static"
"$app/build/client" "$app/shared"
"$app/build/client_static" "$app/static"
"$app/build/plain"
export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig
# shellcheck disable=SC2046
cc -Wall -Wextra -Werror "$app/plain.c" -o "$app/by_hand" $(pkg-config --cflags --libs doorstep_client)
LD_LIBRARY_PATH=$work/prefix/lib "$app/by_hand"

python3 "$source/tests/embed/size_test.py" "$(uname -m)" "$work/core"

step "the core with a transport, and the manual's programs"
quietly cmake -S "$source/client_core" -B "$work/core_grpc" -G Ninja "${launcher[@]}" -DDOORSTEP_GRPC=ON \
  -DDOORSTEP_JVM=ON
quietly cmake --build "$work/core_grpc" --parallel "$jobs"
rm -rf "$work/prefix_grpc"
quietly cmake --install "$work/core_grpc" --prefix "$work/prefix_grpc" --strip
nm -D --defined-only "$work/prefix_grpc/lib/libdoorstep.so" | awk '{print $3}' | LC_ALL=C sort |
  diff "$source/tests/abi/exported_symbols.txt" - || fail "with a transport it shows something else"
DOORSTEP_PROGRAMS=${DOORSTEP_PROGRAMS:-$source/build/bindings} "$source/tests/embed/manual_test.sh" "$work/prefix_grpc"
