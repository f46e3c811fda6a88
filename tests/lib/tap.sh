# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# TAP for tests in shell. Source it first; end with done_testing.
#
#   is GOT WANT NAME              two strings are the same
#   like TEXT PART NAME           TEXT contains PART
#   unlike TEXT PART NAME         it does not
#   ok_if NAME COMMAND...         the command succeeds
#   status_is STATUS NAME COMMAND...   it ends with this status; $out and $err are what it wrote
#   skip REASON NAME              a point that cannot be tried here

set -euo pipefail

points=0 bad=0 out='' err=''
TEST_TMP=${TEST_TMP:?run this through tests/run}

# point STATUS NAME [DIAGNOSTIC]
point() {
	points=$((points + 1))
	if [[ $1 == 0 ]]; then
		printf 'ok %d - %s\n' "$points" "$2"
		return
	fi
	bad=$((bad + 1))
	printf 'not ok %d - %s\n' "$points" "$2"
	[[ -z ${3-} ]] || printf '# %s\n' "${3//$'\n'/$'\n'# }"
}

is() {
	local bad_point=0

	[[ $1 == "$2" ]] || bad_point=1
	point "$bad_point" "$3" "got: $1"$'\n'"want: $2"
}

like() {
	local bad_point=0

	[[ $1 == *"$2"* ]] || bad_point=1
	point "$bad_point" "$3" "got: $1"$'\n'"want in it: $2"
}

unlike() {
	local bad_point=0

	[[ $1 != *"$2"* ]] || bad_point=1
	point "$bad_point" "$3" "got: $1"$'\n'"do not want in it: $2"
}

ok_if() {
	status_is 0 "$@"
}

status_is() {
	local want=$1 name=$2 status=0 bad_point=0

	shift 2
	"$@" >"$TEST_TMP/.out" 2>"$TEST_TMP/.err" || status=$?
	out=$(<"$TEST_TMP/.out") err=$(<"$TEST_TMP/.err")
	[[ $status == "$want" ]] || bad_point=1
	point "$bad_point" "$name" "status: $status, not $want"$'\n'"$out"$'\n'"$err"
}

skip() {
	points=$((points + 1))
	printf 'ok %d # SKIP %s: %s\n' "$points" "$2" "$1"
}

done_testing() {
	printf '1..%d\n' "$points"
	[[ $bad == 0 ]]
}
