#!/usr/bin/env bash
# The Debian package as a stranger takes it: made from the release build, installed by apt into a clean Debian 12, used
# there by an ordinary user, and purged.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd) # Kept from run to run: the clean Debian in it is made once.
readonly source work root=$work/root jobs=${JOBS:-$(nproc)}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
umask 022

fail() { printf 'Error: %s\nTry: %s\n' "$1" "${2:-the output above}" >&2; exit 1; }
step() { echo "package: $*"; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "failed: $*"; }; }
within() { chroot "$root" "$@"; }

[ "$(id -u)" -eq 0 ] || fail "a clean Debian is made with debootstrap and entered with chroot, which needs root" "sudo $0 $1"
for program in debootstrap dpkg-shlibdeps; do
  command -v "$program" >/dev/null || fail "$program is missing" "tools/setup"
done
# In namespaces of its own: mounts and processes end with this script, however it ends.
# A root that is no mount point, as in a bare chroot, cannot be made private.
propagation=private
mountpoint -q / || propagation=unchanged
[ $$ -eq 1 ] || exec unshare --mount --propagation "$propagation" --pid --fork --kill-child --mount-proc "$0" "$work"

step "made from the release build"
cd "$source"
quietly cmake --preset release
quietly cmake --build --preset programs --parallel "$jobs"
rm -f build/release/doorstep_*.deb
(umask 077 && quietly cmake --build --preset package)  # What is inside must be everybody's all the same.
package=$(echo build/release/doorstep_*_"$(dpkg --print-architecture)".deb)

step "a clean Debian 12"
if ! [ -d "$work/base" ]; then
  # From where this machine has its packages.
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed -n 's/^\([^ ]*debian[^ ]*\) \(bookworm[^ ]*\) main$/deb \1 \2 main/p' | sort -u >"$work/sources.list"
  mirror=$(awk '$3 == "bookworm" {print $2; exit}' "$work/sources.list")
  [ -n "$mirror" ] || fail "apt of this machine knows no Debian 12" "apt-get update, and /etc/apt/sources.list*"
  rm -rf "$work/base.part"
  # A container may lack what debootstrap takes for granted.
  quietly debootstrap --variant=minbase --exclude=tzdata bookworm "$work/base.part" "$mirror"
  mv "$work/sources.list" "$work/base.part/etc/apt/sources.list"
  mv "$work/base.part" "$work/base"
fi
rm -rf "$root"
cp -a "$work/base" "$root"
cp -L /etc/resolv.conf "$root/etc/"
mount -t proc proc "$root/proc"
within useradd --create-home office
quietly within apt-get -q -y update

# Every path there is but those of the user, of apt's own books, and the zone of the machine, which tzdata takes along.
paths() {
  (cd "$root" && find . -regextype egrep -regex './(proc|home|tmp|etc/localtime|var/(cache|log|lib/apt))' -prune -o -print | LC_ALL=C sort)
}

step "installed"
paths >"$work/before"
cp "$package" "$root/tmp/"
quietly within apt-get -q -y install "/tmp/${package##*/}"
within dpkg -L doorstep | sed 's/^/./' | LC_ALL=C sort | LC_ALL=C comm -13 "$work/before" - |
  (cd "$root" && xargs stat -c '%A %u:%g %n') | diff "$source/tests/package/files.txt" - ||
  fail "it installs something else than tests/package/files.txt says"
for program in doorstep doorstepd; do
  readelf -SW "$root/usr/bin/$program" | grep -qE ' \.(symtab|debug_info) ' && fail "$program is not stripped"
done

step "used"
cat >"$root/home/office/story" <<'END'
set -ex
[[ $(doorstep --version) == doorstep\ * ]]
doorstepd --help
doorstepd --data ./doorstep-data --insecure-loopback --listen 127.0.0.1:0 >said &
for ((i = 0; i < 500; i++)); do
  grep ' serves ' said && break
  sleep 0.02  # A poll with a bound: the server says when it is there.
done
doorstep connect ./doorstep-data/admin.connect
printf 'id,name\nA-1,Gasthof Zur Linde 林\n' >accounts.csv
doorstep import accounts.csv
doorstep work-order create --account A-1 --kind corrective --id W-1
doorstep visit create --work-order W-1 --id V-1
doorstep visit schedule V-1 2026-11-23T08:00/10:00 --zone Europe/Berlin
doorstep visit show V-1 | grep 'Planned *2026-11-23 08:00 to 10:00 +01:00'
kill %1
wait %1
source /usr/share/bash-completion/completions/doorstep
COMP_WORDS=(doorstep work-order cr) COMP_CWORD=2
_doorstep
[ "${COMPREPLY[*]}" = create ]
END
quietly within su - office -c 'bash story'

step "purged"
quietly within apt-get -q -y purge --autoremove doorstep tzdata  # apt alone keeps what Debian calls required.
paths | diff "$work/before" - || fail "a purge does not leave what was there before"
[ -s "$root/home/office/doorstep-data/doorstep.db" ] || fail "a purge takes away what the user recorded"
step "$package, $(stat -c %s "$package") bytes"
