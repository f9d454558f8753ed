#!/usr/bin/env bash
# seeds_test.sh ARCHITECTURE FIRST..LAST: the simulation tells these seeds on another processor, under QEMU, exactly as it
# does on this one: every line that it prints, the hash of all that happened among them.
set -euo pipefail
cd "$(dirname "$0")/../.."
architecture=$1 seeds=$2
first=${seeds%..*} last=${seeds#*..}
case $architecture in
  arm64) qemu=qemu-aarch64 ;;
  armhf) qemu=qemu-arm ;;
  *) echo "Error: $architecture is neither arm64 nor armhf."; exit 2 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A range a processor, side by side: nproc of them.
told=()
parts=$(nproc)
for ((part = 0; part < parts; ++part)); do
  from=$((first + (last - first + 1) * part / parts)) to=$((first + (last - first + 1) * (part + 1) / parts - 1))
  (build/dev/tests/sim/sim "$from..$to" >"$work/here.$part"
   "$qemu" -L ".cache/sysroot/$architecture" "build/$architecture/tests/sim/sim" "$from..$to" >"$work/there.$part") &
  told+=($!)
done
for pid in "${told[@]}"; do wait "$pid"; done
cat "$work"/here.* >"$work/here"
cat "$work"/there.* >"$work/there"
[ "$(wc -l <"$work/here")" -eq $((last - first + 1)) ] || { echo "Error: not every seed was told."; exit 1; }
diff "$work/here" "$work/there" || { echo "Error: $architecture tells other stories."; exit 1; }
echo "seeds $seeds: told alike here and on $architecture"
