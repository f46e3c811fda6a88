#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# stress-ng's stressors of filesystems and of I/O, all at once in one directory: what none complains of in a plain one,
# it does not on a mount.
# timeout: 300
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"
# shellcheck source=tests/lib/sides.sh
source "$TEST_TOP/tests/lib/sides.sh"

stressors=(
	access acl aio chattr chdir chmod chown copy-file dentry dir dirdeep dirmany dnotify fallocate fanotify fault fcntl
	fiemap file-ioctl filename filerace flock fpunch fsize fstat getdent handle hdd inode-flags inotify io io-uring iomix
	lease link locka lockf lockmix lockofd metamix mknod msync open pseek readahead rename revio seek sendfile symlink
	sync-file touch unlink utime verity xattr
)
sizes=(
	--aio-requests 4 --dentries 128 --dirdeep-inodes 256 --fallocate-bytes 4m
	--fpunch-bytes 4m --hdd-bytes 4m --iomix-bytes 4m --metamix-bytes 1m --readahead-bytes 4m
	--revio-bytes 2m --seek-size 4m --sendfile-size 1m --sync-file-bytes 4m --msync-bytes 1m
)
seconds=8

# run DIRECTORY LOG STRESSOR...
run() {
	local args=() s
	for s in "${@:3}"; do args+=("--$s" 1); done
	stress-ng "${args[@]}" "${sizes[@]}" --temp-path "$1" --timeout "$seconds" --verify --oom-avoid --no-rand-seed \
		--metrics-brief >"$2" 2>&1
}

# complaints LOG ARRAY: who complains, and what of first.
# absent LOG ARRAY: who did nothing, as the kernel or the filesystem has it not.
complaints() { first_of "$2" < <(sed -nE 's/^stress-ng: (fail|error): *\[[0-9]+\] ([a-z0-9-]+): (.*)/\2 \3/p' "$1"); }
absent() {
	first_of "$2" < <(sed -nE 's/^stress-ng: info: *\[[0-9]+\] ([a-z0-9-]+): (.*(skipping stressor|not supported|not implemented).*)/\1 \2/p' "$1")
}
first_of() {
	local -n array=$1
	local name text
	# shellcheck disable=SC2004 # it has words for keys
	while read -r name text; do [[ ${array[$name]-} ]] || array[$name]=$text; done
}

# once_more DIRECTORY ARRAY: stress-ng makes up an EINTR for who comes to allocate its file when the time is up, as one
# of so many can on a busy machine. Those run again, with nobody else, and it is this that counts.
once_more() {
	local -n those=$2
	local s status=0 log=$TEST_TMP/once-more.log late=()
	for s in "${!those[@]}"; do
		[[ ${those[$s]} != *'fallocate failed, errno=4 '* ]] || late+=("$s")
	done
	[[ ${#late[@]} != 0 ]] || return 0
	printf '# once more, as the time was up: %s\n' "${late[*]}"
	for s in "${late[@]}"; do unset "those[$s]"; done
	run "$1" "$log" "${late[@]}" || status=$?
	complaints "$log" "$2"
	# shellcheck disable=SC2004 # it has words for keys
	for s in "${late[@]}"; do [[ $status == 0 || ${those[$s]-} ]] || those[$s]="it ended with $status"; done
}

declare -A plain_bad=() ours_bad=() plain_absent=() gone=()
sides_up
status=0
run "$native" "$TEST_TMP/native.log" "${stressors[@]}" || status=$?
printf '# in a plain directory it ended with %d\n' "$status"
status=0
run "$view" "$TEST_TMP/view.log" "${stressors[@]}" || status=$?
printf '# on the mount it ended with %d\n' "$status"
complaints "$TEST_TMP/native.log" plain_bad
complaints "$TEST_TMP/view.log" ours_bad
once_more "$native" plain_bad
once_more "$view" ours_bad
absent "$TEST_TMP/native.log" plain_absent
absent "$TEST_TMP/view.log" gone
for s in "${stressors[@]}"; do
	if [[ ${plain_bad[$s]-} ]]; then
		skip "it fails in a plain directory too: ${plain_bad[$s]}" "$s"
	elif [[ ${plain_absent[$s]-} ]]; then
		skip "not in a plain directory either: ${plain_absent[$s]}" "$s"
	else
		is "${ours_bad[$s]-}${gone[$s]-}" "" "$s"
	fi
done
like "$(<"$TEST_TMP/view.log")" "successful run completed" "it came to its end on the mount"
ok_if "the mount shows what is below" diff -r --no-dereference "$view" "$under"
sides_down
done_testing
