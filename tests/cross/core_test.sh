#!/usr/bin/env bash
# core_test.sh ARCHITECTURE: the phone core alone, with a toolchain file, as for a phone: its dependencies from source,
# installed, what can be seen of it and its size, and an app that opens it, run under QEMU.
set -euo pipefail
cd "$(dirname "$0")/../.."
architecture=$1
case $architecture in
  arm64) triplet=aarch64-linux-gnu qemu=qemu-aarch64 ;;
  armhf) triplet=arm-linux-gnueabihf qemu=qemu-arm ;;
  *) echo "Error: $architecture is neither arm64 nor armhf."; exit 2 ;;
esac
work=$PWD/build/embed-$architecture # Kept from run to run.
mkdir -p "$work"
given=(-G Ninja -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
  -DCMAKE_TOOLCHAIN_FILE="$PWD/tools/cmake/cross/$architecture.cmake")
export CCACHE_BASEDIR=$PWD CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=true

quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "Error: $*"; exit 1; }; }

quietly cmake -S client_core/dependencies -B "$work/dependencies" "${given[@]}" -DCMAKE_INSTALL_PREFIX="$work/libraries"
quietly cmake --build "$work/dependencies" --parallel "${JOBS:-$(nproc)}"
quietly cmake -S client_core -B "$work/core" "${given[@]}" -DCMAKE_PREFIX_PATH="$work/libraries" \
  -DCMAKE_INSTALL_PREFIX="$work/prefix" -DCMAKE_INSTALL_LIBDIR=lib
quietly cmake --build "$work/core" --parallel "${JOBS:-$(nproc)}"
rm -rf "$work/prefix"
quietly cmake --install "$work/core" --strip
for file in libdoorstep.so libdoorstep.a; do
  "$triplet-nm" $([ "$file" = libdoorstep.a ] && echo -g || echo -D) --defined-only "$work/prefix/lib/$file" |
    awk 'NF == 3 {print $3}' | LC_ALL=C sort | diff tests/abi/exported_symbols.txt - ||
    { echo "Error: $file shows something else on $architecture."; exit 1; }
done

app=$(mktemp -d)
trap 'rm -rf "$app"' EXIT
"$triplet-gcc" --sysroot=".cache/sysroot/$architecture" -Wall -Wextra -Werror -I"$work/prefix/include" \
  tests/embed/consumer/plain.c -o "$app/plain" -L"$work/prefix/lib" -ldoorstep
"$qemu" -L ".cache/sysroot/$architecture" -E LD_LIBRARY_PATH="$work/prefix/lib" "$app/plain"
python3 tests/embed/size_test.py "$architecture" "$work/core" "$triplet-strip"
