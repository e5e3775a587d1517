#!/usr/bin/env bash
# Boots Debian's stock kernel in QEMU with real CPU hotplug and runs one command in it, as root, on top of this machine's own root
# file system (read-only, with a tmpfs over it). What the command prints comes out here, and its exit status is ours.
#
#   run-guest.sh [-c CPUS] [-x POSSIBLE] [-m MIB] [-t SECONDS] [-a tcg|kvm|auto] -- command [argument...]
#
#   -c  CPUs that are plugged in at boot (4)       -x  CPUs that can be (as -c); the rest can be hot-added
#   -m  memory (2048)                              -t  limit for boot and command (300)
#   -a  auto (default): kvm where a guest boots with it, else tcg, QEMU's emulation: CPU-bound code is 30 to 50 times slower
#
# The command runs in the current directory, which has the same path in the guest. RIG_MONITOR there names a device on which
# QEMU's own monitor (QMP) answers, for hot-adding CPUs.
#
# Exit status: that of the command; 77: a tool or the kernel package is missing here; 124: time limit; 125: the guest broke.
#
# Debian packages: qemu-system-x86 busybox-static cpio kmod xz-utils zstd. The kernel's package is downloaded and unpacked into
# ${PADATA_GUEST_CACHE:-~/.cache/padata-guest}, never installed.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "$0")" && pwd)
cache=${PADATA_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/padata-guest}
cpus=4 possible='' memory=2048 limit=300 accel=auto
# What the guest's init loads; the rest of Debian's kernel is built in.
modules=(virtio_pci virtio_console 9pnet_virtio 9p overlay)

fail() {
  echo "run-guest: $2" >&2
  exit "$1"
}

check_tools() {
  local tool
  for tool in qemu-system-x86_64 busybox cpio depmod modprobe xz zstd timeout dpkg-deb apt-get flock; do
    command -v "$tool" >/dev/null ||
      fail 77 "$tool is missing (Debian: apt-get install qemu-system-x86 busybox-static cpio kmod xz-utils zstd)"
  done
}

kernel_package() {
  apt-cache depends linux-image-amd64 2>/dev/null | awk '/^ *Depends: linux-image/ { print $2; exit }'
}

download_kernel() {
  local package scratch
  package=$(kernel_package)
  [ -n "$package" ] || { apt-get update -qq >&2 || true; package=$(kernel_package); }
  [ -n "$package" ] || fail 77 'there is no package linux-image-amd64 here (try apt-get update)'
  scratch=$(mktemp -d "$cache/download.XXXXXX")
  (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2) || fail 77 "$package cannot be downloaded"
  dpkg-deb -x "$scratch"/*.deb "$scratch/root"
  depmod -b "$scratch/root" "$(basename "$scratch"/root/lib/modules/*)"
  mv "$scratch/root" "$cache/kernel"
  rm -rf "$scratch"
}

# Uncompressed, the kernel starts without unpacking itself first, which takes seconds where everything is emulated.
unpack_kernel() {
  local compressed=$1 position
  position=$(LC_ALL=C grep -aobP '\xfd7zXZ\x00' "$compressed" | head -1 | cut -d: -f1) || true
  [ -n "$position" ] || return 0 # another compression: the guest does it
  tail -c +$((position + 1)) "$compressed" | xz -dc --single-stream >"$cache/vmlinux" 2>/dev/null || true
  [ "$(head -c 4 "$cache/vmlinux" | tail -c 3)" = ELF ] || rm "$cache/vmlinux"
}

get_kernel() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  [ -d "$cache/kernel" ] || { download_kernel && unpack_kernel "$cache"/kernel/boot/vmlinuz-*; }
  exec 9>&-
  kernel=$cache/vmlinux
  [ -e "$kernel" ] || kernel=$(echo "$cache"/kernel/boot/vmlinuz-*)
}

# Each argument as the guest's shell reads it.
quoted() {
  local argument
  for argument in "$@"; do printf "'%s' " "${argument//\'/\'\\\'\'}"; done
}

add_modules() {
  local version name file
  version=$(basename "$cache"/kernel/lib/modules/*)
  for name in "${modules[@]}"; do modprobe -d "$cache/kernel" -S "$version" --show-depends "$name"; done |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
    while read -r file; do
      cp "$file" "$root/modules/"
      basename "$file" | sed 's/\.[xz].*//' >>"$root/modules/order"
    done
  find "$root/modules" -name '*.xz' -exec xz -d {} +
  find "$root/modules" -name '*.zst' -exec zstd -q -d --rm {} +
}

make_initrd() {
  root=$scratch/initrd
  mkdir -p "$root"/{bin,proc,sys,dev,modules,mnt}
  cp "$(command -v busybox)" "$root/bin/busybox"
  cp "$here/guest-init.sh" "$root/init"
  chmod +x "$root/init"
  add_modules
  {
    echo "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 RIG_MONITOR=/dev/vport0p3"
    echo "cd $(quoted "$PWD") && exec $(quoted "$@")"
  } >"$root/command"
  (cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$scratch/initrd.gz"
}

# Time limit, file for the command's output, kernel argument.
qemu() {
  timeout -k 5 "$1" qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none "${machine[@]}" \
    -kernel "$kernel" -initrd "$scratch/initrd.gz" -append "console=ttyS0 panic=-1 loglevel=5 ${3:-}" \
    -chardev "file,id=console,path=$scratch/console" -serial chardev:console \
    -device virtio-serial-pci,max_ports=4 \
    -chardev "file,id=out,path=$2,append=on" -device virtserialport,nr=1,chardev=out \
    -chardev "file,id=status,path=$scratch/status" -device virtserialport,nr=2,chardev=status \
    -chardev "socket,id=monitor,path=$scratch/monitor,server=on,wait=off" -mon chardev=monitor,mode=control \
    -chardev "socket,id=guest,path=$scratch/monitor" -device virtserialport,nr=3,chardev=guest \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=root,mount_tag=root </dev/null
}

choose_machine() {
  local size=(-smp "$cpus,maxcpus=${possible:-$cpus}" -m "$memory")
  machine=(-accel kvm -cpu host "${size[@]}")
  [ "$accel" != kvm ] || return 0
  # /dev/kvm may be there and not work: a guest that has not said a word after a while is none.
  if [ "$accel" = auto ] && [ -w /dev/kvm ]; then
    qemu 10 /dev/null rig.probe >/dev/null 2>&1 || true
    ! grep -qs 'rig: booted' "$scratch/console" || return 0
  fi
  machine=(-accel tcg,thread=multi -cpu max "${size[@]}")
}

run() {
  local status
  set +e
  qemu "$limit" /dev/stdout 2>"$scratch/errors" | cat
  status=${PIPESTATUS[0]}
  set -e
  sed 's/^/qemu: /' "$scratch/errors" >&2
  [ ! -s "$scratch/status" ] || exit "$(tr -cd 0-9 <"$scratch/status")"
  tail -20 "$scratch/console" >&2 || true
  [ "$status" != 124 ] || fail 124 "time limit of $limit s"
  fail 125 "the guest ended without a status (qemu: $status)"
}

while getopts c:x:m:t:a:h option; do
  case $option in
    c) cpus=$OPTARG ;;
    x) possible=$OPTARG ;;
    m) memory=$OPTARG ;;
    t) limit=$OPTARG ;;
    a) accel=$OPTARG ;;
    *) sed -n '2,/^set/{/^set/!s/^# \?//p}' "$0" && exit 125 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || fail 125 'no command given'
check_tools
get_kernel
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
make_initrd "$@"
choose_machine
run
