#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real programs at work on a mount: tar, git, gcc, sqlite, cp, rsync, find. What they leave is the same seen through
# the mount and in the backing directory. On tmpfs, on tmpfs with a program on every operation, and on ext4 if the
# machine has a scratch disk (VM_DISK=1G scripts/vm ...).
# timeout: 900
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"

same_tree=$TEST_BUILD/work/bin/same-tree
fuse_bpf=$TEST_TOP/tools/fuse-bpf
under=$TEST_TMP/under view=$TEST_TMP/view
export HOME=$TEST_TMP/home GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org \
	GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
mkdir "$HOME" "$under" "$view"
git config --global init.defaultBranch main
git config --global gc.auto 0

# A tree of everything that a copy can lose.
special_tree() {
	local dir=$1 i

	mkdir -p "$dir"/{plain,setgid,sticky,deep/er/and/deeper} &&
		for i in {1..40}; do printf 'file %d\n' "$i" >"$dir/plain/$i" || return; done &&
		ln "$dir/plain/1" "$dir/hard" && ln "$dir/plain/1" "$dir/deep/er/hard" &&
		ln -s plain/2 "$dir/soft" && ln -s nowhere "$dir/dangling" && ln -s /etc "$dir/deep/absolute" &&
		mkfifo "$dir/fifo" && mknod "$dir/null" c 1 3 &&
		truncate -s 3M "$dir/sparse" && printf x | dd of="$dir/sparse" bs=1 seek=1M conv=notrunc status=none &&
		printf s >"$dir/suid" && chmod 4755 "$dir/suid" && printf s >"$dir/sgid" && chmod 2711 "$dir/sgid" &&
		chmod 2775 "$dir/setgid" && chmod 1777 "$dir/sticky" && printf n >"$dir/none" && chmod 0 "$dir/none" &&
		chown 1234:4321 "$dir/plain/3" && chown -h 1234:4321 "$dir/soft" &&
		touch -d '1999-12-31 23:59:59.123456789' "$dir/plain/4" "$dir/deep/er" && touch -hd @1.5 "$dir/soft" &&
		setfattr -n trusted.kept -v yes "$dir/plain/5" &&
		{ [[ $user_xattrs == no ]] || setfattr -n user.colour -v green "$dir/plain/5"; } &&
		setfacl -m u:1234:rw,g:4321:r "$dir/plain/6" && setfacl -m u:1234:rwx -d "$dir/deep" &&
		printf '%s' w >"$dir/ leading and trailing " && printf '%s' w >"$dir"/$'new\nline\ttab' &&
		printf '%s' w >"$dir"/$'\xff\xfe not utf-8' && printf '%s' w >"$dir/-rf" && printf '%s' w >"$dir/*?[x]" &&
		printf '%s' w >"$dir/$(printf 'n%.0s' {1..255})"
}

# direct_io DIR: whether a file there can be opened with O_DIRECT.
direct_io() {
	local status=0

	dd if=/dev/null of="$1/any" oflag=direct status=none 2>/dev/null || status=1
	rm -f "$1/any"
	return "$status"
}

# The backing directory has what the mount shows, to find and to our own comparison.
agrees() {
	local format='%P\0%i %m %n %u %g %s %b %T@ %C@ %y %l\0\n'

	ok_if "$1: find shows the same on both sides" \
		cmp <(cd "$view" && find . -printf "$format" | sort -z) <(cd "$under" && find . -printf "$format" | sort -z)
	ok_if "$1: both sides are the same tree" "$same_tree" "$under" "$view"
}

use_tar() {
	ok_if "tar unpacks a source tree" \
		bash -o pipefail -c "tar -C '$TEST_TMP' -H posix -c source | tar -C '$view' -x"
	ok_if "... which is the one that was packed" "$same_tree" --copy "$TEST_TMP/source" "$view/source"
	ok_if "tar packs all attributes" tar -C "$TEST_TMP/special" -H posix -S --acls --xattrs --xattrs-include='*' -cf "$view/t.tar" .
	mkdir "$view/t"
	ok_if "... and unpacks them" tar -C "$view/t" --acls --xattrs --xattrs-include='*' -xpf "$view/t.tar"
	ok_if "... without a loss" "$same_tree" --copy "$TEST_TMP/special" "$view/t"
}

use_git() {
	cd "$view"
	ok_if "git init" git init -q repo
	cp -r source/netfilter repo/src
	ok_if "git add" git -C repo add .
	ok_if "git commit" git -C repo commit -qm one
	is "$(git -C repo status --porcelain)" "" "git status is clean"
	ok_if "git clone" git clone -q repo clone
	printf 'changed\n' >clone/src/nf_log.h
	is "$(git -C clone status --porcelain)" " M src/nf_log.h" "git status sees a change"
	printf 'changed underneath\n' >"$under/clone/src/nf_nat.h"
	is "$(git -C clone status --porcelain | wc -l)" 2 "git status sees a change made underneath"
	ok_if "git commit in the clone" git -C clone commit -qam two
	ok_if "git pull" git -C repo pull -q ../clone main
	is "$(<"$under/repo/src/nf_nat.h")" "changed underneath" "the pulled file is underneath"
	ok_if "git switch back and forth" bash -c 'cd repo && git switch -qc side HEAD^ && git switch -q main'
	ok_if "git gc" git -C repo gc -q
	ok_if "git fsck" git -C repo fsck --strict
	is "$(git -C "$under/repo" -c safe.directory='*' status --porcelain)" "" "git status underneath is clean"
	cd "$TEST_TMP"
	agrees "unpacked, cloned"
}

use_compiler() {
	mkdir "$view/c"
	cat >"$view/c/main.c" <<-'END'
		#include <stdio.h>
		int answer(void);
		int main(void) { return printf("%d\n", answer()) < 0; }
	END
	printf 'int answer(void) { return 42; }\n' >"$view/c/answer.c"
	# shellcheck disable=SC2016 # for make
	printf 'main: main.o libanswer.a\n\t$(CC) -o $@ $^\nlibanswer.a: answer.o\n\t$(AR) rcs $@ $^\n' >"$view/c/Makefile"
	ok_if "make compiles a program" make -s -C "$view/c"
	is "$("$view/c/main")" 42 "the program runs"
	is "$("$under/c/main")" 42 "it runs underneath"
	printf 'int answer(void) { return 43; }\n' >"$view/c/answer.c"
	touch -d '+2 seconds' "$view/c/answer.c"
	ok_if "make compiles it again" make -s -C "$view/c"
	is "$("$view/c/main")" 43 "the changed program runs"
	ok_if "strip" strip "$view/c/main"
	is "$("$view/c/main")" 43 "the stripped program runs"
}

use_sqlite() {
	local journal

	for journal in delete wal; do
		rm -f "$view"/db*
		ok_if "sqlite: a transaction ($journal)" sqlite3 "$view/db" "pragma journal_mode=$journal;
			create table t (n integer primary key, s text); begin;
			with recursive c(n) as (values (1) union all select n + 1 from c where n < 1000)
			insert into t select n, 'row ' || n from c; commit;"
		ok_if "sqlite: a rollback ($journal)" sqlite3 "$view/db" "begin; delete from t; rollback;"
		is "$(sqlite3 "$view/db" 'select count(*), sum(n) from t')" "1000|500500" "sqlite: all rows are there ($journal)"
		is "$(sqlite3 "$view/db" 'pragma integrity_check')" ok "sqlite: integrity ($journal)"
		is "$(sqlite3 "$under/db" 'pragma integrity_check; select count(*) from t')" $'ok\n1000' \
			"sqlite: integrity underneath ($journal)"
	done
	# A writer on each side: the locks are the same, so each waits for the other.
	ok_if "sqlite: writers on both sides" bash -c "
		for side in '$view' '$under'; do
			for i in {1..20}; do
				sqlite3 -cmd '.timeout 20000' \"\$side/db\" \"insert into t(s) values ('\$side')\" || exit
			done & pids+=(\$!)
		done
		wait \"\${pids[0]}\" && wait \"\${pids[1]}\""
	is "$(sqlite3 "$view/db" 'pragma integrity_check; select count(*) from t')" $'ok\n1040' "sqlite: nothing was lost"
}

use_copies() {
	ok_if "cp -a to the mount" cp -a "$TEST_TMP/special" "$view/cp"
	ok_if "... keeps everything" "$same_tree" --copy "$TEST_TMP/special" "$view/cp"
	ok_if "cp -a on the mount" cp -a "$view/cp" "$view/cp2"
	ok_if "... keeps everything" "$same_tree" --copy "$TEST_TMP/special" "$view/cp2"
	ok_if "cp -a from the mount" cp -a "$view/cp2" "$TEST_TMP/back"
	ok_if "... keeps everything" "$same_tree" --copy "$TEST_TMP/special" "$TEST_TMP/back"
	rm -r "$TEST_TMP/back"
	ok_if "rsync -aHAX to the mount" rsync -aHAX "$TEST_TMP/special/" "$view/rsync"
	ok_if "... keeps everything" "$same_tree" --copy "$TEST_TMP/special" "$view/rsync"
	is "$(rsync -aHAXni "$TEST_TMP/special/" "$view/rsync")" "" "... and finds nothing left to do"
	is "$(rsync -aHAXnic "$view/rsync/" "$under/rsync")" "" "rsync sees the same on both sides"
	printf 'changed\n' >"$view/rsync/plain/7"
	rm "$view/rsync/plain/8"
	ok_if "rsync --delete repairs it" rsync -aHAX --delete "$view/cp/" "$view/rsync"
	ok_if "... and it is the same again" "$same_tree" --copy "$TEST_TMP/special" "$view/rsync"
	agrees "compiled, stored, copied"
}

use_edits() {
	cp -r "$view/source" "$view/edit"
	ok_if "sed -i" bash -c "cd '$view/edit' && sed -i 's/define/DEFINE/' [a-d]*.h"
	ok_if "find -exec" find "$view/edit" -name '[e-h]*.h' -exec chmod 600 {} +
	ok_if "mv" bash -c "cd '$view/edit' && mkdir moved && mv [i-k]*.h moved && mv moved gone"
	if direct_io "$under"; then
		ok_if "dd with O_DIRECT and O_SYNC" \
			dd if="$view/t.tar" of="$view/edit/dd" bs=4096 count=20 oflag=direct,sync status=none
	else
		skip "the backing filesystem has no O_DIRECT" "dd with O_DIRECT and O_SYNC"
	fi
	ok_if "truncate and fallocate" bash -c "cd '$view/edit' && truncate -s 100K t && fallocate -l 200K t && fallocate -pl 50K t"
	agrees edited
	ok_if "find -delete" find "$view/edit" -delete
	ok_if "rm -r" bash -c "rm -r '$view'/*"
	is "$(ls -A "$under")" "" "nothing is left underneath"
}

# work NAME OPTIONS: all of it on the directory that is mounted at $under.
work() {
	printf '# %s\n' "$1"
	ok_if "mount on $1" mount -t fuse_bpf ${2:+-o "$2"} "$under" "$view"
	use_tar
	use_git
	use_compiler
	use_sqlite
	use_copies
	use_edits
	ok_if "umount, with nothing in use any more" umount "$view"
}

# Older kernels' tmpfs has no user attributes, and the special tree is made on one.
user_xattrs=yes
printf x >"$TEST_TMP/any"
if ! setfattr -n user.any -v 1 "$TEST_TMP/any" 2>/dev/null; then
	user_xattrs=no
	skip "tmpfs of this kernel has none" "copies of user attributes"
fi
special_tree "$TEST_TMP/special"
mkdir "$TEST_TMP/source"
cp -a /usr/include/linux/{netfilter*,usb,[a-k]*.h} "$TEST_TMP/source"

mount -t tmpfs -o mode=0755 under "$under"
work "tmpfs" ""
ok_if "a program on every operation" "$fuse_bpf" attach --pin "$TEST_BUILD/bpf/nop.bpf.o"
work "tmpfs with programs" ops=nop
ok_if "the programs go" "$fuse_bpf" detach nop
umount "$under"

if [[ -b /dev/vdb ]]; then
	mkfs.ext4 -q -F /dev/vdb
	mount -t ext4 /dev/vdb "$under"
	rmdir "$under/lost+found"
	work "ext4" ""
	umount "$under"
else
	skip "there is no scratch disk" "the work on ext4"
fi

done_testing
