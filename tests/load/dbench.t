#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dbench and fs_mark: many clients in the directories of one mount, and many small files made, synced and removed.
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"
# shellcheck source=tests/lib/sides.sh
source "$TEST_TOP/tests/lib/sides.sh"

left_in() { (cd "$1" && find . -type f | wc -l); }

sides_up
both_pass "dbench, two clients" dbench -t 3 -c /usr/share/dbench/client.txt -D @ 2
both_pass "dbench, synchronous" dbench -t 2 -s -c /usr/share/dbench/client.txt -D @ 1
both_pass "fs_mark, files synced and removed" fs_mark -d @/marked -n 100 -s 4000 -t 2 -S 1 -l "$TEST_TMP/fs_mark.log"
both_pass "fs_mark, files kept in many directories" \
	fs_mark -d @/kept -n 200 -s 100 -t 2 -D 16 -N 8 -S 0 -k -l "$TEST_TMP/fs_mark.log"
is "$(left_in "$view/kept")" "$(left_in "$native/kept")" "as many files as in a plain directory"
ok_if "the mount shows what is below" diff -r "$view" "$under"
ok_if "all of it is removed" rm -r "$view/kept"
is "$(left_in "$under")" "$(left_in "$view")" "and gone below"
sides_down
done_testing
