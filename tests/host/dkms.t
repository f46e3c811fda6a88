#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DKMS: the module for kernels that are there, for one that its own package brings later, in a guest that boots from it,
# and nothing left after its removal. It works on a copy of the root.
# timeout: 1800

# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"
# shellcheck source=scripts/lib.sh
source "$TEST_TOP/scripts/lib.sh"
# shellcheck source=tests/lib/stock61.sh
source "$TEST_TOP/tests/lib/stock61.sh"

original=$("$TEST_TOP/scripts/root")
root=$TEST_TMP/root
work=$TEST_TMP/work
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TEST_TOP/dkms.conf")
later=$(kernel_of "$original" trixie-backports)

in_root() { chroot_rw=1 chroot_user=0:0 chroot_run "$root" "$work" "$@" </dev/null; }

kernels_but() { stock_kernels "$original" | grep -vxF "$1"; }

status_of() { in_root dkms status "fuse_bpf/$version" | sed -n "s/.*, $1, .*: //p"; }

# Where DKMS and kernels put files. An empty updates/ in a kernel's modules is of scripts/root, and DKMS removes it.
files() {
	as_root find "$1/var/lib/dkms" "$1/usr/lib/modules" "$1/usr/src" \
		-not \( -name updates -empty \) -printf '%P %y\n' | sort
}

check_later_kernel() {
	# shellcheck disable=SC2016 # for the shell in the root
	ok_if 'a kernel that comes later' in_root sh -euc '
		apt-get -qq update
		apt-get -qq -o Dpkg::Use-Pty=0 install -y -t trixie-backports "linux-image-$1" "linux-headers-$1"
		apt-get clean
	' sh "$later"
	like "$out" "Autoinstall of module fuse_bpf/$version for kernel $later" 'a kernel that comes later: its own hook'
	installed "$later"
}

# installed KVER: DKMS has the module for KVER where modprobe finds it, with its BTF.
installed() {
	is "$(status_of "$1")" installed "$1: dkms status"
	is "$(in_root modinfo -k "$1" -F vermagic fuse_bpf | cut -d' ' -f1)" "$1" "$1: modprobe would find it"
	# shellcheck disable=SC2016 # for the shell in the root
	ok_if "$1: its BTF" in_root sh -euc '
		file=$(modinfo -k "$1" -n fuse_bpf)
		cp "$file" "/tmp/${file##*/}"
		[ "${file%.xz}" = "$file" ] || unxz "/tmp/${file##*/}"
		scripts/check-module /tmp/fuse_bpf.ko
	' sh "$1"
}

# Debian 12's own kernel.
check_left_out() {
	unpack_stock_61
	status_is 77 'stock 6.1' in_root dkms build "fuse_bpf/$version" -k "$stock_61_release" \
		--kernelsourcedir "$stock_61_headers"
	like "$err" "fuse_bpf: kernel $stock_61_release is left out: $stock_61_refusal" 'stock 6.1: the message'
	is "$(status_of "$stock_61_release")" '' 'stock 6.1: nothing is built'
}

check_guest() {
	local command='set -e
		modprobe fuse_bpf
		grep "^fuse_bpf " /proc/modules
		rmmod fuse_bpf
		mkdir /tmp/from /tmp/to
		echo seen >/tmp/from/file
		mount -t fuse_bpf /tmp/from /tmp/to
		cat /tmp/to/file
		umount /tmp/to'
	ok_if 'a guest that boots from it' \
		env VM_ROOT="$root" VM_MODULE=none "$TEST_TOP/scripts/vm" trixie-backports bash -c "$command"
	like "$out" 'fuse_bpf ' 'the guest: modprobe fuse_bpf'
	like "$out" seen 'the guest: mount -t fuse_bpf without modprobe'
}

mkdir "$work"
(cd "$TEST_TOP" && cp -r --parents Makefile Kbuild dkms.conf LICENSE fuse_bpf scripts "$work")
trap 'as_root rm -rf "$root"' EXIT
as_root cp -a --reflink=auto "$original" "$root"
mapfile -t present < <(kernels_but "$later")
# shellcheck disable=SC2016 # for the shell in the root
ok_if 'the newest kernel taken away' in_root sh -c \
	'apt-get -qq purge -y "linux-*-$1" && rm -rf "/usr/lib/modules/$1"' sh "$later"

ok_if 'make dkms' in_root make dkms KVER="${present[0]}"
installed "${present[0]}"
check_left_out
if [[ ${#present[@]} -gt 1 ]]; then
	ok_if 'dkms install for a second kernel' in_root dkms install "fuse_bpf/$version" -k "${present[1]}"
	installed "${present[1]}"
else
	skip 'the archive has no third kernel' 'dkms install for a second kernel'
fi

check_later_kernel
check_guest

ok_if 'dkms remove --all' in_root dkms remove "fuse_bpf/$version" --all
is "$(in_root dkms status)" '' 'dkms remove --all: dkms knows nothing of it'
ok_if 'make dkms-remove' in_root make dkms-remove
is "$(diff <(files "$original") <(files "$root"))" '' 'make dkms-remove: no file is left, none is missing'

ok_if 'make install' in_root make install KVER="${present[0]}"
is "$(in_root modinfo -k "${present[0]}" -n fuse_bpf)" "/lib/modules/${present[0]}/updates/fuse_bpf.ko" \
	'make install: modprobe would find it'
done_testing
