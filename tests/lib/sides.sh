# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests in shell that do one thing in a plain directory and on a mount over another one of the same filesystem:
# ext4 if the machine has a scratch disk, else tmpfs. Source it after tap.sh; call sides_up first and sides_down last.
#
#   $native    the plain directory
#   $view      the mount
#   $under     the directory below it
#   both_pass NAME COMMAND...    the command succeeds on the mount if it does in the plain directory, else the point is
#                                skipped; @ in an argument is the directory

native=$TEST_TMP/disk/native under=$TEST_TMP/disk/under view=$TEST_TMP/view

sides_up() {
	mkdir "$TEST_TMP/disk" "$view"
	if [[ -b /dev/vdb ]]; then
		mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 /dev/vdb
		mount -t ext4 /dev/vdb "$TEST_TMP/disk"
	fi
	mkdir "$native" "$under"
	mount -t fuse_bpf "$under" "$view"
}

sides_down() {
	ok_if "umount" umount "$view"
	! mountpoint -q "$TEST_TMP/disk" || ok_if "umount of what is below" umount "$TEST_TMP/disk"
}

both_pass() {
	local name=$1
	shift
	if ! "${@//@/$native}" >"$TEST_TMP/.native" 2>&1; then
		printf '# %s\n' "$(tail -n 3 "$TEST_TMP/.native" | tr '\n' ' ')"
		skip "it fails in a plain directory too" "$name"
		return
	fi
	ok_if "$name" "${@//@/$view}"
}
