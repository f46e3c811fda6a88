#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# need_packages of scripts/lib.sh, with an apt-get that, like the real one, fails beside another: a new machine starts
# two virtual machines at once, and neither has qemu.

# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"

export FUSE_BPF_CACHE=$TEST_TMP/cache PACKAGES=$TEST_TMP/packages PATH=$TEST_TMP/bin:$PATH

# fake NAME: a command of that name; what it does comes from stdin.
fake() {
	{ echo '#!/bin/bash'; cat; } >"$TEST_TMP/bin/$1"
	chmod +x "$TEST_TMP/bin/$1"
}

make_fakes() {
	mkdir "$TEST_TMP/bin" "$PACKAGES"
	fake sudo <<<'exec "$@"'
	fake dpkg-query <<-'EOF'
		[ ! -e "$PACKAGES/${!#}" ] || echo installed
	EOF
	fake apt-get <<-'EOF'
		mkdir "$PACKAGES/.lock" || exit 100
		sleep 0.5
		rc=0
		case $1 in
		update) ;;
		install)
			echo "$*" >>"$PACKAGES/.log"
			[[ ${!#} != missing ]] || { echo "E: no ${!#}"; rc=100; }
			[[ $rc != 0 ]] || touch "$PACKAGES/${!#}"
			;;
		esac
		rmdir "$PACKAGES/.lock"
		exit "$rc"
	EOF
}

need() { bash -euc '. "$TEST_TOP/scripts/lib.sh"; need_packages "$@"' need "$@"; }

# both PACKAGE...: two that need them at once.
both() {
	local first rc=0
	need "$@" &
	first=$!
	need "$@" || rc=$?
	wait "$first" || rc=$?
	return "$rc"
}

make_fakes
ok_if 'two at once' both qemu
is "$(wc -l <"$PACKAGES/.log")" 1 'two at once: installed by one of them'
ok_if 'what is there' need qemu
is "$err" '' 'what is there: says nothing'
is "$(wc -l <"$PACKAGES/.log")" 1 'what is there: is not installed again'
ok_if 'one more' need qemu cpio
like "$(tail -n 1 "$PACKAGES/.log")" ' cpio' 'one more: is installed'
ok_if 'one more: alone' test "$(grep -c qemu "$PACKAGES/.log")" = 1
status_is 1 'none of that name' need missing
like "$err" 'need: cannot install missing' 'none of that name: the message'
done_testing
