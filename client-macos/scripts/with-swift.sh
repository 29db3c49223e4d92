#!/usr/bin/env bash
# Usage: with-swift.sh CACHE_DIR PACKAGE_DIR COMMAND...
# Runs COMMAND in PACKAGE_DIR with a Swift 6 toolchain: the one on PATH, else Debian trixie's in CACHE_DIR.
set -euo pipefail
cache=$1 package=$2; shift 2

# OpenStack's client is also called swift: ask for the version.
if swift --version 2>/dev/null | grep -q 'Swift version 6'; then cd "$package"; exec "$@"; fi
[[ $(uname -s)/$(uname -m) == Linux/x86_64 ]] || { echo "no Swift toolchain for this host" >&2; exit 69; }
[[ $EUID -eq 0 ]] || { echo "root needed to set up and enter the Swift chroot" >&2; exit 77; }
# Only now: a Mac's realpath knows no -m.
cache=$(realpath -m "$cache") package=$(realpath "$package")

root=$cache/swift-trixie
ready=$root/.ready-1
mkdir -p "$cache"
exec 9>"$cache/swift-trixie.lock"; flock 9
if [[ ! -e $ready ]]; then
    rm -rf --one-file-system "$root" "$root.part"
    command -v debootstrap >/dev/null || {
        apt-get update -q
        apt-get install -y -q --no-install-recommends debootstrap
    }
    mirror=$(sed -nE 's/^URIs: *([^ ]+\/debian)\/?( .*)?$/\1/p; s/^deb (\[[^]]*\] )?([^ ]+\/debian)\/? .*/\2/p' \
        /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | head -n 1 || true)
    debootstrap --variant=minbase trixie "$root.part" "${mirror:-http://deb.debian.org/debian}"
    printf '#!/bin/sh\nexit 101\n' >"$root.part/usr/sbin/policy-rc.d"; chmod +x "$root.part/usr/sbin/policy-rc.d"
    swift=/usr/libexec/swift
    printf 'path-exclude=%s\n' "$swift/lib/swift/embedded/*" "$swift/lib/swift_static/*" "$swift/lib/liblldb*" "$swift/bin/lldb-*" \
        "$swift/bin/clangd" "$swift/bin/sourcekit-lsp" "$swift/bin/docc" "$swift/lib/libsourcekitdInProc.so" "$swift/lib/libLTO*" \
        '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' >"$root.part/etc/dpkg/dpkg.cfg.d/slim"
    cp -L /etc/resolv.conf "$root.part/etc/resolv.conf"
    chroot "$root.part" env DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -ec '
        apt-get update -q
        apt-get install -qy --no-install-recommends swiftlang libc6-dev libstdc++-14-dev git ca-certificates
        apt-get clean; rm -rf /var/lib/apt/lists/*'
    : >"$root.part/.ready-1"; mv "$root.part" "$root"
fi
flock -u 9

# Private mount namespace: nothing to unmount, and no way for a later rm -rf to walk into /dev or the checkout.
exec unshare --mount --pid --fork --kill-child --propagation private bash -ec '
    root=$1 package=$2; shift 2
    mount -t proc proc "$root/proc"  # the toolchain finds its libraries through $ORIGIN, which needs /proc
    mount --rbind /dev "$root/dev"
    mkdir -p "$root/package"; mount --bind "$package" "$root/package"
    exec chroot "$root" env HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c '\''cd /package && exec "$@"'\'' sh "$@"
' bash "$root" "$package" "$@"
