#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fio writes, reads and verifies through the cache, past it, by mappings and io_uring; what it wrote through the mount
# is what is below.
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"
# shellcheck source=tests/lib/sides.sh
source "$TEST_TOP/tests/lib/sides.sh"

# A checksum in every block, looked at again; a file for each NAME:OPTIONS, all at once.
verified() {
	local dir=$1 job jobs=()
	for job in "${@:2}"; do
		# shellcheck disable=SC2206 # options
		jobs+=(--name="${job%%:*}" ${job#*:})
	done
	fio --directory="$dir" --filename_format=\$jobname --size=2m --bs=4k --fallocate=none --verify=crc32c --do_verify=1 \
		--verify_fatal=1 --verify_state_save=0 --end_fsync=1 --thread --minimal "${jobs[@]}"
}

sides_up
both_pass "through the cache" verified @ "write:--rw=write --ioengine=psync" "buffered:--rw=randwrite --ioengine=psync" \
	"mixed:--rw=randrw --ioengine=psync" "mapped:--rw=randwrite --ioengine=mmap" "splice:--rw=write --ioengine=splice" \
	"vectors:--rw=randwrite --ioengine=pvsync2" "uring:--rw=randwrite --ioengine=io_uring --iodepth=8"
both_pass "past the cache" verified @ "direct:--rw=randwrite --ioengine=psync --direct=1" \
	"libaio:--rw=randwrite --ioengine=libaio --direct=1 --iodepth=8" \
	"uring-direct:--rw=randwrite --ioengine=io_uring --direct=1 --iodepth=8"
ok_if "the mount shows what is below" diff -r "$view" "$under"
is "$(cd "$view" && find . -type f | sort)" "$(cd "$native" && find . -type f | sort)" "all files are there"
sides_down
done_testing
