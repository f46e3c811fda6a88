# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Shared by the scripts here, sourced: messages, cache, locks, root rights, host packages, chroot, kernel series.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${FUSE_BPF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fuse_bpf}

# Started from a Makefile, ours must not inherit its variables: the builds here set their own.
unset MAKEFLAGS MFLAGS MAKELEVEL

log() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { log "$*"; exit 1; }

# quietly COMMAND...: shows what it printed only if it fails.
quietly() {
	local out rc=0
	out=$("$@" 2>&1) || rc=$?
	[ "$rc" = 0 ] || printf '%s\n' "$out" >&2
	return "$rc"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "$1 needs root: run this as root, or install sudo"
	fi
}

# with_lock NAME COMMAND...: one at a time of that name in this cache. Not for use in a condition: it relies on errexit.
with_lock() {
	local fd name=$1
	shift
	mkdir -p "$cache/lock"
	exec {fd}>"$cache/lock/$name"
	flock -w 2 "$fd" || { log "waiting for another run that holds $name"; flock "$fd"; }
	"$@"
	exec {fd}>&-
}

have_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_missing PACKAGE...: for need_packages, which holds the lock: another script may have installed them by now.
install_missing() {
	local p missing=()
	for p; do
		have_package "$p" || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	log "installing ${missing[*]}"
	# Some source of this machine that has nothing to do with us may be unreachable; the install decides.
	quietly as_root apt-get update || log "apt-get update failed for some source, going on"
	# A new machine may be busy with upgrades of its own.
	quietly as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" ||
		die "cannot install ${missing[*]}: see apt's message above"
}

# need_packages PACKAGE...: installs on this machine what is missing of them. Virtual machines are started side by side,
# and apt-get does not wait for another.
need_packages() {
	local p
	command -v apt-get >/dev/null || die "this machine has no apt-get: the scripts need Debian or one of its kin"
	for p; do
		have_package "$p" || { with_lock packages install_missing "$@"; return; }
	done
}

# chroot_run ROOT WORK COMMAND...: runs COMMAND in ROOT with WORK at /work and as the working directory, in a mount
# namespace that ends with it. The caller says as whom, whether ROOT is writable, and which of our kernels it has:
# chroot_user=, chroot_rw= and chroot_kernel=.
chroot_run() {
	local root=$1 work=$2
	shift 2
	# shellcheck disable=SC2016 # for the shell inside
	as_root unshare --mount --propagation private bash -euc '
		root=$1 work=$2 rw=$3 user=$4 kernel=$5
		shift 5
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		mount --bind "$work" "$root/work"
		if [ -n "$kernel" ]; then
			modules=$root/lib/modules/$(cat "$kernel/release")
			mount --bind "$kernel/modules" "$modules"
			mount -o remount,bind,ro "$modules"
		fi
		[ ! -e /etc/resolv.conf ] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
		[ -n "$rw" ] || mount -o remount,bind,ro "$root"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			TERM="${TERM:-dumb}" chroot --userspec="$user" "$root" sh -c "cd /work && exec \"\$@\"" sh "$@"
	' bash "$root" "$work" "${chroot_rw-}" "${chroot_user:-$(id -u):$(id -g)}" \
		"${chroot_kernel-}" "$@"
}

# Lines of scripts/series or of scripts/root-packages without comments.
list_lines() { without_comments "$top/scripts/$1"; }
without_comments() { sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# list_patches DIRECTORY: the patches there in their order, as quilt keeps it.
list_patches() { without_comments "$1/series"; }

# kernel_of ROOT SERIES: the release that the root holds; dies if the series is unknown or not to be had.
kernel_of() {
	local kver reason
	read -r kver reason < <(awk -v s="$2" '$1 == s { $1 = ""; print }' "${1%/root}/kernels") ||
		die "no series $2: scripts/series has $(list_lines series | awk '{ printf "%s%s", sep, $1; sep = ", " }')"
	[ "$kver" != - ] || die "series $2: $reason"
	printf '%s\n' "$kver"
}

# absence_of ROOT SERIES: why the archive has no kernel of it, if so.
absence_of() { awk -v s="$2" '$1 == s && $2 == "-" { sub(/^[^ ]* - /, ""); print }' "${1%/root}/kernels"; }

# stock_kernels ROOT: the releases of Debian's own kernels in it.
stock_kernels() { awk '$2 != "-" && NF == 2 { print $2 }' "${1%/root}/kernels" | sort -u; }

# core_patch_of SERIES: the arguments of scripts/kernel that build it; nothing for a stock kernel.
core_patch_of() { list_lines series | awk -v s="$1" '$1 == s && sub("^core-patch/", "", $3) { sub("/", " ", $3); print $3 }'; }

# use_kernel SERIES: chroot_run's root has its modules and headers in /lib/modules. A stock kernel's are there anyway.
use_kernel() {
	local patched
	read -ra patched < <(core_patch_of "$1") || patched=()
	chroot_kernel=
	[ ${#patched[@]} = 0 ] || chroot_kernel=$("$top/scripts/kernel" "${patched[@]}")
}

# build_dir KVER: where this checkout is built for that kernel: tree/ has it.
build_dir() { printf '%s/build/%s/%s\n' "$cache" "$(sha256sum <<<"$top" | cut -c1-12)" "$1"; }
