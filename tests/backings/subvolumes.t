#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# Subvolumes of btrfs repeat inode numbers: under one mount of ours st_dev and st_ino together still name one file.
# With one device number for all, tar takes the second subvolume's files for links of the first one's, and du counts
# them once. Without FUSE_BPF_DEVS_MAX a user who makes subvolumes takes up the kernel's numbers.
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"

disk=$TEST_TMP/disk view=$TEST_TMP/view

if [[ ! -b /dev/vdb ]]; then
	skip "there is no scratch disk" "subvolumes"
	done_testing
	exit
fi
if ! { modprobe -q btrfs || grep -qw btrfs /proc/filesystems; }; then
	skip "this kernel has no btrfs" "subvolumes"
	done_testing
	exit
fi

mkdir "$disk" "$view"
mkfs.btrfs -q -f -K /dev/vdb
mount -t btrfs /dev/vdb "$disk"
mkdir "$disk/top"
for name in one two; do
	btrfs subvolume create "$disk/top/$name" >/dev/null
	# Two names, so that whoever packs them looks out for the second.
	for i in 1 2 3; do
		printf '%s %d\n' "$name" "$i" >"$disk/top/$name/f$i"
		ln "$disk/top/$name/f$i" "$disk/top/$name/g$i"
	done
	dd if=/dev/zero of="$disk/top/$name/big" bs=1M count=2 status=none
done
btrfs subvolume snapshot -r "$disk/top/one" "$disk/top/snap" >/dev/null
sync

ok_if "mount over a directory of subvolumes" mount -t fuse_bpf "$disk/top" "$view"
is "$(stat -c %i "$view/one/f1")" "$(stat -c %i "$view/two/f1")" "inode numbers repeat"
is "$(stat -c %d "$view"/{one,two,snap} "$view" | sort -u | wc -l)" 4 "each subvolume has a device number of its own"
is "$(stat -c %d "$view"/{one/*,one} | sort -u | wc -l)" 1 "one for all in it"
is "$(cd "$view" && find . -printf '%D:%i\n' | sort -u | wc -l)" "$(cd "$disk/top" && find . -printf '%D:%i\n' | sort -u | wc -l)" \
	"as many files as in the backing directory"
is "$(cd "$view" && find . -xdev | sort)" "$(cd "$disk/top" && find . -xdev | sort)" "find -xdev stops where it does there"
is "$(du -sk "$view" | cut -f1)" "$(du -sk "$disk/top" | cut -f1)" "du counts the same"
is "$(du -xsk "$view" | cut -f1)" "$(du -xsk "$disk/top" | cut -f1)" "du -x counts the same"
ok_if "tar packs them" tar -C "$view" -cf "$TEST_TMP/t.tar" .
mkdir "$TEST_TMP/t"
tar -C "$TEST_TMP/t" -xf "$TEST_TMP/t.tar"
is "$(cat "$TEST_TMP"/t/{one,two}/[fg]2)" $'one 2\none 2\ntwo 2\ntwo 2' "and mixes nothing up"
is "$(stat -c %h "$TEST_TMP"/t/{one,two}/f2 | xargs)" "2 2" "links are links"

status_is 1 "a name cannot be moved to another subvolume as a link" ln "$view/one/f1" "$view/two/new"
like "$err" "cross-device" "EXDEV, as below"
ok_if "but mv moves it" mv "$view/one/f1" "$view/two/new"
is "$(<"$disk/top/two/new")" "one 1" "it is there"
status_is 1 "a read-only snapshot is read-only" touch "$view/snap/f1"
like "$err" "Read-only" "EROFS, as below"
ok_if "cp --reflink across subvolumes" cp --reflink=always "$view/one/big" "$view/two/copy"
ok_if "the copy is equal" cmp "$disk/top/one/big" "$disk/top/two/copy"

btrfs subvolume create "$disk/top/three" >/dev/null
printf three >"$disk/top/three/f"
is "$(<"$view/three/f")" three "a subvolume made underneath is there"
unlike "$(stat -c %d "$view"/{one,two,snap} "$view")" "$(stat -c %d "$view/three")" "with a device number of its own"
exec {open}<"$view/three/f"
ok_if "one is deleted underneath" btrfs subvolume delete "$disk/top/three"
status_is 1 "it is gone" stat "$view/three"
is "$(cat <&"$open")" three "an open file in it stays"
exec {open}<&-

ok_if "umount" umount "$view"

# The numbers that one mount may take are limited: FUSE_BPF_DEVS_MAX.
most=1024 more=6
mkdir "$disk/many"
(cd "$disk/many" && seq 1001 $((1000 + most + more)) | xargs btrfs subvolume create) >/dev/null
ok_if "mount over more subvolumes than it has numbers for" mount -t fuse_bpf "$disk/many" "$view"
# The directory that they are in has one, too.
own=$(mountpoint -d "$view")
stat -c %Hd:%Ld "$view" "$view"/* >"$TEST_TMP/devs"
is "$(grep -vxF "$own" "$TEST_TMP/devs" | sort -u | wc -l)" "$most" "as many have one of their own"
is "$(tail -n "$more" "$TEST_TMP/devs" | sort -u)" "$own" "the others have the mount's"
is "$(stat -c %Hd:%Ld "$view" "$view"/* | cmp - "$TEST_TMP/devs" && echo same)" same "and so it stays"
ok_if "umount" umount "$view"
ok_if "another mount over them" mount -t fuse_bpf "$disk/many" "$view"
unlike "$(stat -c %Hd:%Ld "$view/$((1000 + most + more))")" "$(mountpoint -d "$view")" "has numbers again"
ok_if "umount" umount "$view"
ok_if "umount of btrfs" umount "$disk"
done_testing
