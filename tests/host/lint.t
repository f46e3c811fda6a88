#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules of the source tree that no compiler enforces: one point each, which lists the offenders.
# timeout: 600

# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"
# shellcheck source=scripts/lib.sh
source "$TEST_TOP/scripts/lib.sh"

need_packages git
root=$("$TEST_TOP/scripts/root")
work=$TEST_TMP/work
cd "$TEST_TOP"

# select_files: of the checkout's files, tracked or not but for the ignored ones, the lists below.
select_files() {
	local list file first
	list=$(git -c safe.directory="$TEST_TOP" -c core.quotePath=false ls-files --cached --others --exclude-standard)
	while IFS= read -r file; do
		[[ -f $file ]] || continue
		files+=("$file")
		IFS= read -r first <"$file" || first=
		case $first in
		'#!'*sh | '# shellcheck shell='*) shell+=("$file") ;;
		esac
		[[ $first != '#!'* ]] || scripts+=("$file")
		case $file in
		*.md) markdown+=("$file") ;;
		*.[ch]) source+=("$file") ;;
		*.sh) scripts+=("$file") ;;
		esac
	done < <(sort -u <<<"$list")
}

# none NAME COMMAND...: COMMAND works and prints no offender.
none() {
	local status=0 found
	found=$("${@:2}" 2>&1) || status=$?
	is "status $status: $found" 'status 0: ' "$1"
}

# matches REGEX FILE...: the lines that match, if any. In a regex of ours a letter in brackets keeps it from matching
# the line it stands in.
matches() { grep -nHE "$@" || [[ $? == 1 ]]; }

# under REGEX: the files whose names match.
under() { printf '%s\n' "${files[@]}" | grep -E "$1"; }

version_conditions() {
	local others
	mapfile -t others < <(printf '%s\n' "${files[@]}" | grep -v '^fuse_bpf/compat/')
	matches '\b(LINUX_VERSION_COD[E]|KERNEL_VERSIO[N])\b' "${others[@]}"
}

# In the tests, in what runs them and in what CI runs.
swallowed_failures() {
	local ours
	mapfile -t ours < <(under '^(tests|scripts|\.ci)/')
	matches '\|\|[[:space:]]*(tru[e]|[:])([[:space:];)}]|$)' "${ours[@]}"
}

long_files() { wc -l fuse_bpf/*.c | awk '$1 > 1000 && $2 != "total"'; }

without_licence() {
	local file
	for file in "${source[@]}" "${scripts[@]}"; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ' || printf '%s\n' "$file"
	done
}

broken_links() {
	local file target
	for file in "${markdown[@]}"; do
		while IFS= read -r target; do
			target=${target#](} target=${target#*]: } target=${target%%[)#]*}
			[[ -e $(dirname "$file")/$target ]] || printf '%s: %s\n' "$file" "$target"
		done < <(grep -oE '\]\([^)#][^)]*\)|^\[[^]]+\]: .*' "$file" | grep -vE '[(: ](https?|mailto):')
	done
}

# Options as the documents write them, `name=` or `name=value`, are words that the module's sources quote; and the
# module knows no other.
mount_options() {
	local option word
	for option in $(grep -ohE '`[a-z_]+=[a-z]*' README.md docs/*.md | tr -d '`' | sort -u); do
		for word in ${option/=/ }; do
			grep -qF "\"$word\"" fuse_bpf/*.c || printf 'not in the module: %s\n' "$option"
		done
	done
	while IFS= read -r option; do
		[[ $option == source ]] || grep -qF "\`$option=" README.md || printf 'not in README.md: %s\n' "$option"
	done < <(sed -nE 's/.*fsparam_[a-z0-9]+\("([a-z_]+)".*/\1/p' fuse_bpf/*.c)
}

# What docs/troubleshooting.md quotes of others: of mount(8), and of the C library for an errno.
foreign="\"unknown filesystem type 'fuse_bpf'\"
\"File exists\"
\"Operation not permitted\""

# Its first column quotes our messages, "..." for anything and numbers for what the source may have as %d, and says
# which others' a message is.
unknown_messages() {
	local cell quote regex ours
	mapfile -t ours < <(under '^(fuse_bpf|scripts|tools)/')
	while IFS= read -r cell; do
		while IFS= read -r quote; do
			case $quote in
			*' (modprobe)' | *' (libbpf)' | *' (verifier)' | *' (rmmod)') continue ;;
			esac
			quote=${quote%\"*}\"
			! grep -qxF "$quote" <<<"$foreign" || continue
			regex=$(sed -E -e 's/^"//; s/"$//; s/[][\.*^$+?(){}|]/\\&/g; s/ ?\\\.\\\.\\\./.*/g;
				s/[0-9]+/(&|%[a-z]+)/g' <<<"$quote")
			grep -qE -e "$regex" "${ours[@]}" || printf '%s\n' "$quote"
		done < <(grep -oE '"[^"]*"( \([^)]*\))?' <<<"$cell")
	done < <(sed -nE 's/^\| ([^|]*) \|.*/\1/p' docs/troubleshooting.md)
}

# The rows of README.md's table of kernels, but for the versions, which are of what scripts/check ran.
readme_kernels() {
	sed -n '/^<!-- kernels:/,/^<!-- end/p' README.md | sed -nE 's/^\| [0-9]+\.[0-9]+ \| /| /p'
}

# core-patch/ has a directory for each kernel of scripts/series that is built with one, and no other.
patched_kernels() { list_lines series | awk -F '[ \t/]+' '$3 == "core-patch" { print $3 "/" $4 }' | sort -u; }

# Builds for the newest kernel, the second with points, of which nothing is left in the checkout. kbuild's C=2 does
# nothing with Debian's headers, which lack the script that looks for sparse; nor does sparse know all that they use of
# gcc. Nothing declares kfuncs: they are for BPF programs.
check_build() {
	local kver checked
	kver=$(stock_kernels "$root" | sort -V | tail -n 1)
	mkdir -p "$work/tree"
	cp -r --parents Makefile Kbuild dkms.conf fuse_bpf scripts "$work/tree"
	make -s -C "$work/tree" clean
	ok_if "W=1 for $kver" scripts/in-root -C "$work" make -C tree KVER="$kver" W=1
	is "$(grep -iE -A3 'warning' <<<"$out"$'\n'"$err")" '' 'W=1: no warning'
	ok_if "sparse for $kver" scripts/in-root -C "$work" make -C tree KVER="$kver" W=1 POINTS=1 KBUILD_CHECKSRC=2 \
		CHECK='sparse -D__typeof_unqual__=__typeof__ "-D__builtin_strlen(s)=(sizeof(s)-1)"'
	checked=$(grep -c '^  CHECK ' <<<"$out")
	is "$checked" "$(find fuse_bpf -maxdepth 1 -name '*.c' | wc -l)" 'sparse: has read each file'
	is "$(grep -E '(^|/)fuse_bpf/[^:]*:[0-9:]+ (warning|error): ' <<<"$err" |
		grep -v "symbol 'bpf_fuse_[a-z_]*' was not declared")" '' 'sparse: no warning'
}

files=() shell=() scripts=() source=() markdown=()
select_files
none 'shellcheck' scripts/in-root shellcheck -x "${shell[@]}"
none 'kernel versions are for fuse_bpf/compat' version_conditions
none 'nothing is left for later' matches '\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b' "${files[@]}"
none 'no failure is swallowed' swallowed_failures
none 'no file of the module has over 1000 lines' long_files
none 'each source and script names its licence' without_licence
none 'links in documents lead to files' broken_links
none 'mount options are documented and known' mount_options
none 'docs/troubleshooting.md quotes messages that exist' unknown_messages
is "$(readme_kernels)" "$(scripts/readme-table --rows)" 'README.md has the kernels of scripts/series'
is "$(find core-patch -mindepth 1 -maxdepth 1 -type d | sort)" "$(patched_kernels)" 'scripts/series has those of core-patch/'
check_build
done_testing
