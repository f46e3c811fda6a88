#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The patches to kernels: scripts/check-core-patch finds no fault with those of core-patch/, and does with spoilt ones.
# timeout: 3600

# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"
# shellcheck source=scripts/lib.sh
source "$TEST_TOP/scripts/lib.sh"

root=$("$TEST_TOP/scripts/root")
spoilt=$TEST_TMP/spoilt

check_series() {
	local name kernel presence patched reason dir
	while read -r name _ kernel presence _; do
		read -ra patched < <(core_patch_of "$name") || continue
		reason=$(absence_of "$root" "$name")
		if [[ $reason ]]; then
			skip "$reason" "$kernel"
		elif [[ $presence == cached ]] && ! "$TEST_TOP/scripts/kernel" -n "${patched[@]}" >/dev/null; then
			skip "scripts/kernel has not built it" "$kernel"
		else
			dir=$("$TEST_TOP/scripts/kernel" "${patched[@]}")
			ok_if "$kernel" "$TEST_TOP/scripts/check-core-patch" "${patched[0]}" \
				"$TEST_TOP/core-patch/${patched[0]}" "$dir"
			is "$out" '' "$kernel: no fault"
		fi
	done < <(list_lines series)
}

# spoil: a fresh copy of the patches for 6.1 and of what their check reads of the kernel that is built with them.
spoil() {
	rm -rf "$spoilt"
	mkdir -p "$spoilt/kernel/modules/build"
	cp -r "$TEST_TOP/core-patch/6.1" "$spoilt/6.1"
	cp -r "$kernel/source" "$kernel/warnings" "$kernel/touched" "$spoilt/kernel/"
	cp "$kernel/modules/build/"{vmlinux,Module.symvers} "$spoilt/kernel/modules/build/"
	first=$spoilt/6.1/$(list_patches "$spoilt/6.1" | head -n 1)
	last=$spoilt/6.1/$(list_patches "$spoilt/6.1" | tail -n 1)
}

# fault NAME MESSAGE...: the check fails, for these reasons.
fault() {
	local message
	status_is 1 "spoilt: $1" "$TEST_TOP/scripts/check-core-patch" 6.1 "$spoilt/6.1" "$spoilt/kernel"
	for message in "${@:2}"; do
		like "$out" "core-patch/6.1: $message" "spoilt: $1: $message"
	done
}

check_spoilt_patches() {
	spoil
	sed -i '/^@@/{n;s/^ /&x/}' "$last"
	fault 'a line that the kernel does not have' 'git am does not take the patches: ' \
		'quilt does not take the patches: '

	spoil
	sed -i '0,/^+[^+]/s/^+\([^+].*\)/+\1 /' "$last"
	fault 'a space at the end of a line' 'git am does not take the patches: ' \
		"${last##*/}: checkpatch: patches/${last##*/}:"

	spoil
	sed -i -e '/^Signed-off-by:/d' "$first"
	fault 'a patch that nobody signed off' "${first##*/}: nobody has signed it off"

	spoil
	sed -i -e '/^$/,/^Signed-off-by:/{/^$/b;/^Signed-off-by:/b;d}' "$first"
	fault 'a patch without a message' "${first##*/}: its message is a title only"

	spoil
	sed -i '$d' "$spoilt/6.1/series"
	echo none.patch >>"$spoilt/6.1/series"
	fault 'another series' "not in the file series: ${last##*/}" 'in the file series only: none.patch'
}

check_spoilt_kernel() {
	local file
	file=$(grep '\.c$' "$kernel/touched" | head -n 1)
	spoil
	echo "$file:1:2: warning: made up" >>"$spoilt/kernel/warnings/after"
	echo 'no_such_symbol' >>"$spoilt/6.1/symbols"
	echo 'no_such_type' >>"$spoilt/6.1/types"
	fault 'a kernel with a new warning' "new warning: $file: warning: made up" \
		'the kernel does not export no_such_symbol under the GPL' \
		"the kernel's BTF has no struct no_such_type"

	spoil
	sed -i "\\,^  CHECK *$file,d" "$spoilt/kernel/warnings/after"
	fault 'a file that sparse did not read' "sparse has not read, after the patches: $file"
}

check_series
kernel=$("$TEST_TOP/scripts/kernel" 6.1)
check_spoilt_patches
check_spoilt_kernel
done_testing
