#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What docs/ tells authors to type: the program and the commands are taken from the text and must work.
# timeout: 600
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"

src=$TEST_TMP/src mnt=$TEST_TMP/mnt
as_user=(setpriv --reuid=1000 --regid=1000 --clear-groups)
mkdir "$src" "$mnt"

# A tree of our own to build in.
mkdir "$TEST_TMP/tree" "$TEST_TMP/tree/fuse_bpf"
cp -a "$TEST_TOP/bpf" "$TEST_TOP/tools" "$TEST_TMP/tree"
cp -a "$TEST_TOP/fuse_bpf/uapi" "$TEST_TMP/tree/fuse_bpf"
cd "$TEST_TMP/tree"

# command_in FILE WORD...: the one command in FILE that begins so.
command_in() {
	local file=$1 found
	shift
	found=$(grep "^    $*" "$TEST_TOP/docs/$file") || found=
	[[ $found && $(wc -l <<<"$found") == 1 ]] || found="echo 'docs/$file has not one command like this' >&2; false"
	printf '%s\n' "$found"
}

unlisted() { [[ $(tools/fuse-bpf list | wc -l) == 1 ]]; }
wait_unlisted() {
	local end=$((SECONDS + 10))
	until unlisted; do
		[[ $SECONDS -lt $end ]] || return 1
		sleep 0.1
	done
}

# writing-programs.md

# shellcheck disable=SC2016 # backquotes of Markdown
sed -n '/^```c$/,/^```$/p' "$TEST_TOP/docs/writing-programs.md" | grep -v '^```' >keep.bpf.c
ok_if "the program in the text compiles" bash -c "$(command_in writing-programs.md clang)"
ok_if "... and is attached" bash -c "$(command_in writing-programs.md tools/fuse-bpf attach)"
mount -t fuse_bpf -o ops=keep "$src" "$mnt"
chmod 777 "$src"
touch "$src"/{a,b}.log "$src/c.txt"
status_is 1 "a user can't delete a log" "${as_user[@]}" rm "$mnt/a.log"
like "$err" "Operation not permitted" "... EPERM"
ok_if "... which is still there" test -e "$src/a.log"
ok_if "but another file" "${as_user[@]}" rm "$mnt/c.txt"
status_is 1 "... which is gone" test -e "$src/c.txt"
ok_if "and root any" rm "$mnt/b.log"
status_is 1 "... which is gone too" test -e "$src/b.log"
umount "$mnt"
ok_if "detach" tools/fuse-bpf detach keep
ok_if "nothing is left" wait_unlisted

ok_if "a vmlinux.h can be made" bash -c "$(command_in writing-programs.md '  bpftool')"
sed -i '1i #include "vmlinux.h"' keep.bpf.c
ok_if "the program compiles with it" bash -c "$(command_in writing-programs.md clang) -fms-extensions -I ."
ok_if "... and is attached" bash -c "$(command_in writing-programs.md tools/fuse-bpf attach)"
ok_if "detach" tools/fuse-bpf detach keep
ok_if "nothing is left" wait_unlisted

# quickstart.md: the policy with other patterns

touch "$src"/d.{conf,secret}
ok_if "attach" bash -c "$(command_in quickstart.md tools/fuse-bpf attach bpf/policies/hide)"
mount -t fuse_bpf -o ops=hide "$src" "$mnt"
is "$(ls -m "$mnt")" "a.log, d.conf" "the policy hides what is secret"
ok_if "other patterns compile" bash -c "$(command_in quickstart.md make -B)"
ok_if "... and take the place of the first" bash -c "$(command_in quickstart.md tools/fuse-bpf replace)"
is "$(ls -m "$mnt")" "a.log, d.secret" "... at once"
umount "$mnt"
ok_if "detach" bash -c "$(command_in quickstart.md tools/fuse-bpf detach hide)"
ok_if "nothing is left" wait_unlisted

done_testing
