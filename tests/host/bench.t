#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What make bench runs works, and the table has all there is to measure. Not what comes out: the counts are too few.
# timeout: 600
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"

# numbers COUNT: whether each line on stdin but the first and the last ends in so many positive numbers.
numbers() {
	sed -e 1d -e '$d' | awk -v count="$1" '
		{ for (i = 2; i <= NF; i++) if ($i + 0 <= 0) bad = 1 }
		NF != count + 1 { bad = 1 }
		END { exit bad }'
}

cd "$TEST_TOP"
ok_if "scripts/build" scripts/build trixie
ok_if "it runs" env VM_COUNT=1 scripts/vm trixie scripts/bench-guest 2 1
is "$(sed -n '2,$s/ .*//p' <<<"$out")" \
	"$(sed -n 's/^\tROW(\(.*\)),$/\1/p' tests/bench/lib/{meta,data}.c; echo geometric)" "a line for each row"
is "$(head -n 1 <<<"$out" | tr -s ' ')" "instructions native bind overlayfs fuse_bpf pass nop" "a column for each system"
ok_if "... with a number in each" numbers 6 <<<"$out"
done_testing
