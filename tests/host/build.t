#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The build: what it makes for the kernels of the list, and what it refuses, each in one line that names the cause and
# the cure. Without the refusals kbuild makes a module without BTF, and no program can ever attach to it.
# timeout: 900

# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"
# shellcheck source=scripts/lib.sh
source "$TEST_TOP/scripts/lib.sh"
# shellcheck source=tests/lib/stock61.sh
source "$TEST_TOP/tests/lib/stock61.sh"

root=$("$TEST_TOP/scripts/root")
work=$TEST_TMP/work
ko=$work/tree/fuse_bpf.ko
said=	# by the last build

# With the headers of the kernel of $series.
in_root() { "$TEST_TOP/scripts/in-root" -C "$work" -K "$series" "$@"; }

copy_tree() {
	mkdir -p "$work/tree"
	(cd "$TEST_TOP" && cp -r --parents Makefile Kbuild dkms.conf fuse_bpf scripts "$work/tree")
	make -s -C "$work/tree" clean
}

# spoil PROBE...: these do not build any more; mend PROBE...: as they were, and the rest is not to be asked again.
spoil() {
	local probe
	for probe; do
		echo '#error none' >>"$work/tree/fuse_bpf/compat/probes/$probe.c"
	done
}

mend() {
	local probe
	for probe; do
		cp "$TEST_TOP/fuse_bpf/compat/probes/$probe.c" "$work/tree/fuse_bpf/compat/probes/"
	done
}

# built NAME COMMAND...: COMMAND makes, without a warning, a module for $kver that passes the check.
built() {
	local name=$1
	shift
	rm -f "$ko"
	ok_if "$name" in_root "$@"
	said=$out$err
	unlike "$said" 'warning:' "$name: no warning"
	like "$(in_root modinfo -F vermagic tree/fuse_bpf.ko)" "$kver " "$name: for $kver"
	ok_if "$name: its BTF" in_root tree/scripts/check-module tree/fuse_bpf.ko
}

check_modinfo() {
	local field parameters
	for field in description author; do
		like "$(in_root modinfo -F "$field" tree/fuse_bpf.ko)" ' ' "modinfo: $field"
	done
	is "$(in_root modinfo -F version tree/fuse_bpf.ko)" \
		"$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TEST_TOP/dkms.conf")" 'modinfo: the version of dkms.conf'
	is "$(in_root modinfo -F alias tree/fuse_bpf.ko)" fs-fuse_bpf 'modinfo: the alias that mount needs'
	is "$(in_root modinfo -F license tree/fuse_bpf.ko)" GPL 'modinfo: the licence that BPF needs'
	parameters=$(in_root readelf -p .modinfo tree/fuse_bpf.ko)
	is "$(grep -o ' parm=[^:]*' <<<"$parameters")" "$(sed -n 's/.* parmtype=\([^:]*\).*/ parm=\1/p' <<<"$parameters")" \
		'modinfo: each parameter has a description'
}

# doctor NAME FILE...: the headers of $kver without FILE, in /work/NAME: links to the rest, but for what names their place.
doctor() {
	# shellcheck disable=SC2016 # for the shell in the root
	in_root sh -euc '
		from=/usr/src/linux-headers-$1 to=/work/$2
		shift 2
		mkdir "$to"
		ln -s "$from"/* "$from"/.[a-z]* "$to"
		cd "$to"
		rm Makefile "$@"
		sed "s,^KBUILD_OUTPUT=.*,KBUILD_OUTPUT=$to," "$from/Makefile" >Makefile
	' sh "$kver" "$@"
}

# refused NAME MESSAGE COMMAND...: COMMAND fails, says MESSAGE once and no other of ours, and leaves no module.
refused() {
	local name=$1 message=$2
	shift 2
	rm -f "$ko"
	status_is 2 "$name" in_root "$@"
	said=$err
	is "$(grep '^fuse_bpf: ' <<<"$said")" "fuse_bpf: $message" "$name: one line, cause and cure"
	ok_if "$name: no module" test ! -e "$ko"
}

check_headers() {
	local headers=$root/usr/src/linux-headers-$kver
	refused 'no headers' \
		"kernel 9.9.9: no kernel headers in /lib/modules/9.9.9/build: install them (Debian: apt install linux-headers-9.9.9) or name them with KDIR=" \
		make -C tree KVER=9.9.9
	refused 'no such headers' \
		"kernel unknown: no kernel headers in /work/none: install them (Debian: apt install linux-headers-unknown) or name them with KDIR=" \
		make -C tree KDIR=/work/none

	doctor no-config include
	mkdir -p "$work/no-config/include/config"
	cp "$headers/include/config/kernel.release" "$work/no-config/include/config"
	grep -v '^CONFIG_DEBUG_INFO_BTF_MODULES=' "$headers/include/config/auto.conf" \
		>"$work/no-config/include/config/auto.conf"
	refused 'no CONFIG_DEBUG_INFO_BTF_MODULES' \
		"kernel $kver: it is built without CONFIG_DEBUG_INFO_BTF_MODULES, so no BPF program can attach to a module: use a kernel that has it (Debian's do)" \
		make -C tree KDIR=/work/no-config
}

# Debian 12's own kernel, which is the 6.1 that people have.
check_stock_61() {
	unpack_stock_61
	refused 'stock 6.1' "kernel $stock_61_release: $stock_61_refusal" \
		make -C tree KVER="$stock_61_release" KDIR="$stock_61_headers"
}

check_base_btf() {
	local message="its headers have no base BTF (DIR/vmlinux): install newer ones (Debian: 6.12.17 or later), or copy /sys/kernel/btf/vmlinux of that kernel there"
	doctor no-vmlinux vmlinux
	refused 'no base BTF' "kernel $kver: ${message/DIR/\/work\/no-vmlinux}" make -C tree KDIR=/work/no-vmlinux
	refused 'no base BTF, kbuild without our Makefile' "kernel $kver: ${message/DIR/.}" \
		make -C no-vmlinux M=/work/tree modules

	in_root objcopy --dump-section .BTF=no-vmlinux/vmlinux "/usr/src/linux-headers-$kver/vmlinux" scratch
	built 'the cure: raw BTF as vmlinux' make -C tree KDIR=/work/no-vmlinux
}

check_pahole() {
	in_root sh -euc 'mkdir bin; ln -s /usr/bin/* bin; rm bin/pahole'
	refused 'no pahole' "kernel $kver: pahole, which makes the module's BTF, is not installed: apt install pahole" \
		env PATH=/work/bin make -C tree KVER="$kver"
}

check_facts() {
	spoil VFS_CREATE_WITH_DIR VFS_CREATE_WITHOUT_DIR
	refused 'a fact without a known form' \
		"kernel $kver: no known form of vfs_create(): none of VFS_CREATE_WITHOUT_DIR VFS_CREATE_WITH_DIR builds (/work/tree/build/$kver/*.log say why): take a newer fuse_bpf or report this" \
		make -C tree KVER="$kver"

	mend VFS_CREATE_WITH_DIR VFS_CREATE_WITHOUT_DIR
	spoil SANITY
	refused 'headers that build nothing' \
		"kernel $kver: not even the simplest probe builds (above): its headers are incomplete or do not fit the compiler" \
		make -C tree KVER="$kver"
	like "$said" '#error none' 'headers that build nothing: the log'

	mend SANITY
	printf '#!/bin/sh\npahole "$@" | grep -v funcs_cnt\n' >"$work/pahole"
	chmod +x "$work/pahole"
	rm "$work/tree/build/$kver/btf-layout.h"
	refused 'a private struct without a member' \
		"struct bpf_struct_ops_map has no member funcs_cnt in the BTF of ./vmlinux, and this kernel exports no call instead: take a newer fuse_bpf or report this" \
		make -C tree KVER="$kver" PAHOLE=/work/pahole
}

# spoilt NAME MESSAGE: the check of what was built deletes fuse_bpf.ko and says MESSAGE.
spoilt() {
	status_is 1 "$1" in_root tree/scripts/check-module tree/fuse_bpf.ko
	is "$err" "fuse_bpf: tree/fuse_bpf.ko $2" "$1: one line, cause and cure"
	ok_if "$1: deleted" test ! -e "$ko"
}

check_result() {
	in_root objcopy --remove-section=.BTF tree/fuse_bpf.ko
	spoilt 'a module without BTF' \
		'was built without BTF and is deleted: see what pahole and resolve_btfids said above'
	find "$root/lib/modules/$kver/kernel/fs" -name 'overlay.ko.xz' -exec xz -dc {} + >"$ko"
	spoilt 'a module without our type in its BTF' \
		'has BTF without bpf_struct_ops_fuse_bpf_ops and is deleted: install pahole 1.28 or later and build again after make clean'
}

# The newest kernel, and then the oldest stock one: what the first has left in the tree is not taken for it. For every
# kernel that it tests scripts/build builds, and it takes no warning either.
copy_tree
for series in trixie-backports trixie; do
	kver=$(kernel_of "$root" $series)
	built "make for $series" make -C tree KVER="$kver"
	check_modinfo
done
check_headers
check_stock_61
check_base_btf
check_pahole
check_facts
built 'make again' make -C tree KVER="$kver"
check_result
done_testing
