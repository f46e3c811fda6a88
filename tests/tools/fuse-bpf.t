#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tool: what it says, what it changes and how it ends, for every command and for what people get wrong.
# timeout: 600
# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"

tool=$TEST_TOP/tools/fuse-bpf
hide=$TEST_TOP/bpf/policies/hide.bpf.o
readonly_set=$TEST_TOP/bpf/policies/readonly.bpf.o
objects=$TEST_BUILD/bpf
pins=/sys/fs/bpf/fuse_bpf
src=$TEST_TMP/src mnt=$TEST_TMP/mnt

# perl_json EXPRESSION: of the JSON text on standard input, which is $j in it.
perl_json() { perl -MJSON::PP -e 'local $/; my $j = decode_json(<STDIN>); my $v = eval $ARGV[0]; die $@ if $@; print $v // "null"' "$1"; }
# json PATH: the value there in $out, such as [0]{name}.
json() { perl_json "\$j->$1" <<<"$out"; }
# programs FIELD: of each program of the first set.
programs() { perl_json "join ' ', map { \$_->{$1} } @{\$j->[0]{programs}}" <<<"$out"; }
listed() { "$tool" --json list | perl_json "join ' ', map { qq(\$_->{name}:\$_->{state}) } @\$j"; }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[[ $SECONDS -lt $end ]] || return 1
		sleep 0.1
	done
}
nothing_listed() { [[ $(listed) == "" ]]; }

mkdir "$src" "$mnt"
echo 1 >"$src/a.secret"
echo 2 >"$src/b.conf"

# Command lines

ok_if "--help succeeds" "$tool" --help
like "$out" "EXIT STATUS" "--help has the exit statuses"
for line in "" "nonsense" "attach" "attach a b" "list x" "detach" "replace hide" "list --pin" "--nonsense list"; do
	# shellcheck disable=SC2086 # words
	status_is 2 "'fuse-bpf $line' is a usage error" "$tool" $line
	is "$out" "" "... with nothing on standard output"
done
like "$err" "unrecognized option" "an unknown option is named"
status_is 2 "attach without an object" "$tool" attach
like "$err" "usage: fuse-bpf [--json] attach OBJECT [--pin]" "... is told its arguments"

# Nothing attached

ok_if "list without sets" "$tool" list
is "$(wc -l <<<"$out")" 1 "... prints the header alone"
ok_if "list --json without sets" "$tool" list --json
is "${out//$'\n'/}" "[]" "... prints an empty array"
for command in detach replace; do
	# shellcheck disable=SC2046 # one argument more, or none
	status_is 3 "$command of an unknown name" "$tool" $command nobody $([[ $command == detach ]] || echo "$hide")
	like "$err" "no set named nobody is attached" "... says so"
done

# attach --pin

ok_if "attach --pin" "$tool" attach "$hide" --pin
like "$out" "pinned at $pins/hide" "... says where the pin is"
ok_if "... which is there" test -e $pins/hide
is "$(stat -c %a $pins)" 700 "... in a directory for root alone"
is "$(listed)" "hide:live" "... and the set is live"
status_is 4 "attaching the same name again" "$tool" attach "$hide"
like "$err" "a set named hide is attached already" "... says so"
status_is 4 "... pinned too" "$tool" attach "$hide" --pin
is "$(listed)" "hide:live" "... and changes nothing"

# list

mount -t fuse_bpf -o ops=hide "$src" "$mnt"
is "$(ls "$mnt")" b.conf "the set filters a mount"
ok_if "list" "$tool" list
like "$out" "NAME" "... has a header"
like "$out" "$pins/hide" "... and the pin"
ok_if "list --json" "$tool" list --json
is "$(json '[1]')" null "... has one set"
is "$(json '[0]{mounts}')" 1 "... that one mount uses"
is "$(($(json '[0]{inodes}') > 0))" 1 "... and inodes"
is "$(json '[0]{errors}')" 0 "... without errors"
is "$(json '[0]{pin}')" $pins/hide "... with its pin"
is "$(programs member)" "lookup readdir" "... and its members"
map=$(json '[0]{map}') link=$(json '[0]{link}')
ids=$(programs id)
is "$(bpftool map show id "$map" | grep -o struct_ops)" struct_ops "the map id is of a struct_ops map"
is "$(bpftool link show id "$link" | grep -o struct_ops)" struct_ops "the link id is of a struct_ops link"
names=''
for id in $ids; do
	names+="$(bpftool prog show id "$id" | grep -o 'name [a-z_]*') "
done
is "$names" "name hide_lookup name hide_readdir " "the program ids are those of the members' programs"
ok_if "list for a user without privilege" setpriv --reuid=1000 --regid=1000 --clear-groups "$tool" list --json
is "$(json '[0]{name}'):$(json '[0]{programs}')" "hide:null" "... has no programs"
for arguments in "attach $hide" "detach hide" "replace hide $hide"; do
	# shellcheck disable=SC2086 # words
	status_is 1 "'$arguments' for one without privilege" \
		setpriv --reuid=1000 --regid=1000 --clear-groups "$tool" $arguments
	like "$err" "not permitted: this needs CAP_SYS_ADMIN" "... says what is missing"
done

# replace

ok_if "replace" "$tool" replace hide "$objects/tool_swap.bpf.o" --json
is "$(json '{name}') $(json '{link}') $(json '{pin}')" "hide $link $pins/hide" "... keeps link and pin"
ok_if "... and has another map" test "$(json '{map}')" != "$map"
is "$(ls "$mnt")" a.secret "the mount that uses the set has the new one"
ok_if "... and it is listed" "$tool" list --json
ok_if "... with other programs" test "$(programs id)" != "$ids"
status_is 1 "replacing by a set of another name" "$tool" replace hide "$readonly_set"
like "$err" "is named readonly, not hide" "... names both"
status_is 1 "replacing by what the verifier refuses" "$tool" replace hide "$objects/tool_refused.bpf.o"
status_is 1 "replacing by a file that is not there" "$tool" replace hide /nowhere
is "$(ls "$mnt")" a.secret "none of them changed anything"

# detach

ok_if "detach" "$tool" detach hide --json
is "$(json '{name}')" hide "... names the set"
status_is 1 "... removes the pin" test -e $pins/hide
is "$(listed)" "hide:detached" "... and the mount still uses the set"
is "$(ls "$mnt")" a.secret "... which goes on filtering"
status_is 3 "detach again" "$tool" detach hide
like "$err" "hide is detached already: 1 mounts" "... says who uses it"
status_is 3 "replace of a detached set" "$tool" replace hide "$hide"
umount "$mnt"
ok_if "the set goes with the mount" wait_for 10 nothing_listed

# The foreground

"$tool" attach "$hide" >"$TEST_TMP/held" &
holder=$!
ok_if "attach without --pin says that it holds the link" wait_for 20 grep -q "until this process ends" "$TEST_TMP/held"
is "$(listed)" "hide:live" "... and does"
ok_if "list" "$tool" list --json
is "$(json '[0]{pin}')" null "... knows no pin"
kill -TERM $holder
ok_if "a signal ends it with 0" wait $holder
ok_if "... and the set is gone" wait_for 10 nothing_listed

"$tool" attach "$hide" >"$TEST_TMP/held" 2>"$TEST_TMP/held.err" &
holder=$!
ok_if "attach once more" wait_for 20 grep -q "until this process ends" "$TEST_TMP/held"
ok_if "detach what another process holds" "$tool" detach hide
ok_if "... ends that one with 0" wait $holder
like "$(<"$TEST_TMP/held.err")" "hide was detached by somebody else" "... which says why"

# Pins that are in the way

ok_if "attach --pin" "$tool" attach "$hide" --pin
bpftool link detach pinned $pins/hide
ok_if "a pin that another tool left dead is no obstacle" "$tool" attach "$hide" --pin
is "$(listed)" "hide:live" "... the set is live"
ok_if "detach" "$tool" detach hide
mkdir $pins/hide
status_is 1 "something else at the pin's place" "$tool" attach "$hide" --pin
like "$err" "$pins/hide is there already: rm it" "... is named"
is "$(listed)" "" "... and the set is not attached"
rmdir $pins/hide
# shellcheck disable=SC2016 # for the shell inside
ok_if "attach --pin mounts the BPF filesystem" unshare -m bash -euc '
	umount /sys/fs/bpf
	"$1" attach "$2" --pin
	test -e /sys/fs/bpf/fuse_bpf/hide
	"$1" detach hide' bash "$tool" "$hide"

# Without a link

ok_if "a set is registered without a link" "$TEST_BUILD/tools/bin/attach-plain" "$objects/tool_plain.bpf.o"
ok_if "list" "$tool" list --json
is "$(json '[0]{name}') $(json '[0]{state}') $(json '[0]{link}')" "plain live 0" "... shows it"
status_is 1 "replace" "$tool" replace plain "$hide"
like "$err" "plain was attached without a link and can't be replaced" "... says why not"
ok_if "detach" "$tool" detach plain
ok_if "... ends it" wait_for 10 nothing_listed

# Objects

refuses() {
	status_is 1 "attach $1" "$tool" attach "$1"
	like "$err" "$2" "... says: $2"
	is "$(listed)" "" "... and attaches nothing"
}
refuses /nowhere.o "/nowhere.o: No such file or directory"
refuses "$src/a.secret" "is not a BPF object"
refuses "$objects/tool_none.bpf.o" "has 0 sets"
refuses "$objects/tool_two.bpf.o" "has 2 sets"
refuses "$objects/tool_plain.bpf.o" "put it in .struct_ops.link"
refuses "$objects/tool_unnamed.bpf.o" "the set has no name"
refuses "$objects/tool_abi.bpf.o" "the kernel log (dmesg) says which"
like "$(dmesg | tail -n 5)" "no_abi: .abi is 0" "... and there it does"
unlike "$err" "libbpf" "... without libbpf's messages"
refuses "$objects/tool_refused.bpf.o" "can't be loaded: Permission denied"
like "$err" "refused_mkdir" "... after the verifier's log"

# The examples load

for example in "$TEST_TOP"/bpf/examples/*.bpf.o; do
	name=$(basename "$example" .bpf.o)
	ok_if "example $name is attached" "$tool" attach "$example" --pin
	is "$(listed)" "$name:live" "... and live"
	ok_if "... and detached" "$tool" detach "$name"
	ok_if "... and gone" wait_for 10 nothing_listed
done

# No module

unused() { [[ $(</sys/module/fuse_bpf/refcnt) == 0 ]]; }
ok_if "nothing holds the module" wait_for 10 unused
rmmod fuse_bpf
for arguments in "attach $hide" "list" "detach hide" "replace hide $hide"; do
	# shellcheck disable=SC2086 # words
	status_is 5 "'$arguments' without the module" "$tool" $arguments
	is "$err" "fuse-bpf: struct fuse_bpf_ops not found: modprobe fuse_bpf" "... says the cure"
done
modprobe fuse_bpf

done_testing
