#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/vm and scripts/scan-log: a guest's command decides how a run ends, and whatever goes wrong beside it fails the
# run. Without that a splat, a hang or a module that does not unload passes for a success.
# timeout: 600

# shellcheck source=tests/lib/tap.sh
source "${TEST_TOP:?}/tests/lib/tap.sh"

log=$TEST_TMP/kernel.log
rules=$TEST_TMP/rules

# What a healthy run may say.
clean='Linux version 6.12.0 (debian-kernel@lists.debian.org)
debug: ignoring loglevel setting.
[Firmware Bug]: TSC frequency mismatch
fuse_bpf: loading out-of-tree module taints kernel.
fuse_bpf: module verification failed: signature and/or required key missing - tainting kernel
fuse_bpf: set hide: program for lookup gave 5, which is no verdict
fuse_bpf: 12 callbacks suppressed
reboot: Power down'

# What the kernel says, one line or more for each rule of scripts/splats; without what a wider rule would catch it by.
splats='BUG: Bad rss-counter state mm:00000000d5ea1b3f type:MM_ANONPAGES val:1
WARNING: CPU: 0 PID: 341 at fs/namespace.c:1287 cleanup_mnt+0x13d/0x150
Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI
KASAN: slab-use-after-free in iput+0x1f/0x80
KCSAN: data-race in touch_atime / touch_atime
KFENCE: use-after-free read in dput+0x2a/0x60
UBSAN: array-index-out-of-bounds in lib/string.c:12:3
Kernel panic - not syncing: sysrq triggered crash
kernel BUG at fs/inode.c:611!
Unable to handle kernel paging request at virtual address dead000000000108
unable to handle page fault for address: ffffffffc0401000
general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1]
invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
divide error: 0000 [#1] PREEMPT SMP NOPTI
stack segment: 0000 [#1] PREEMPT SMP NOPTI
traps: PANIC: double fault, error_code: 0x0
possible recursive locking detected
possible circular locking dependency detected
possible irq lock inversion dependency detected
possible unsafe locking scenario:
inconsistent lock state
suspicious RCU usage
bad unlock balance detected!
lock held when returning to user space!
held lock freed!
sleeping function called from invalid context at mm/util.c:1
scheduling while atomic: cat/345/0x00000002
refcount_t: underflow; use-after-free.
list_add corruption. prev->next should be next (ffff8881), but was ffff8882.
list_del corruption, ffff8881->next is LIST_POISON1 (dead000000000100)
INFO: task mount:411 blocked for more than 120 seconds.
watchdog: soft lockup - CPU#0 stuck for 26s! [cat:345]
watchdog: Watchdog detected hard LOCKUP on cpu 0
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: INFO: rcu_preempt self-detected stall on CPU
VFS: Busy inodes after unmount of vdb (ext4)
VFS: brelse: Trying to free free buffer
Dentry 00000000d5ea1b3f{i=1,n=name} still in use (1) [unmount of tmpfs tmpfs]
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
Objects remaining in fuse_bpf_inode on __kmem_cache_shutdown()
kmem_cache_destroy fuse_bpf_inode: Slab cache still has objects when called from cleanup+0x10/0x20
DEBUG_LOCKS_WARN_ON(lock->magic != lock)
ODEBUG: free active (active state 0) object type: timer_list hint: 0x0
Bad page state in process cat pfn:12345
EXT4-fs error (device vdb): ext4_lookup:1813: inode #2: comm ls: deleted inode referenced: 12
Out of memory: Killed process 345 (cat) total-vm:2048kB'

# scan STATUS NAME LINES [RULES]: scan-log ends with STATUS on a serial console's log of these lines.
scan() {
	local line n=0
	while IFS= read -r line; do
		n=$((n + 1))
		printf '[%5d.000000] %s\r\n' "$n" "$line"
	done <<<"$3" >"$log"
	status_is "$1" "scan-log: $2" "$TEST_TOP/scripts/scan-log" "$log" "${@:4}"
}

rules_without_splat() {
	local verb regex
	while read -r verb regex; do
		[[ $verb != fail ]] || grep -qE -e "$regex" <<<"$splats" || printf '%s\n' "$regex"
	done <"$TEST_TOP/scripts/splats"
}

check_splats() {
	local line
	while IFS= read -r line; do
		scan 1 "$line" "$clean"$'\n'"$line"
		[[ $err == *"] $line" ]] || point 1 'scan-log: ... and shows it' "$err"
	done <<<"$splats"
	is "$(rules_without_splat)" '' 'scan-log: this test tries each rule'
	scan 0 'a healthy run' "$clean"
	is "$out$err" '' 'scan-log: ... of which it says nothing'
	printf '%b\n' '\0\0377' "$clean" 'WARNING: after noise' >"$log"
	status_is 1 'scan-log: a splat after noise' "$TEST_TOP/scripts/scan-log" "$log"
	like "$err" 'WARNING: after noise' 'scan-log: ... and shows it'
}

# unusable NAME MESSAGE RULE...: with these rules scan-log fails every run, and says why.
unusable() {
	printf '%s\n' "${@:3}" >"$rules"
	scan 2 "$1" "$clean" "$rules"
	is "$err" "scan-log: $rules${2:+$2}" "scan-log: $1: the message"
}

check_rules() {
	printf '%s\n' 'fail \bWARNING:' 'allow WARNING: of a test because it asks for it' >"$rules"
	scan 0 'an allowed line' 'WARNING: of a test' "$rules"
	scan 1 'another beside it' $'WARNING: of a test\nWARNING: of nobody' "$rules"
	like "$err" 'the kernel log has 1 lines' 'scan-log: another beside it: counts that one only'

	unusable 'an allowance too wide' \
		': an allowance is too wide, it lets through: 5:WARNING: CPU: 1 PID: 411 at fs/dcache.c:1 umount_check+0x58/0x70' \
		'fail \bBUG\b' 'allow WARNING: because it is in the way'
	unusable 'an allowance without a reason' ': an allowance without a reason: WARNING: of a test' \
		'fail \bBUG\b' 'allow WARNING: of a test'
	unusable 'rules for races that leave ours out' \
		': the rules for races are too narrow, they leave out: write: fuse_bpf_refresh [fuse_bpf]' \
		'fail \bBUG\b' 'race ^read because only reads matter'
	unusable 'a rule for races without a reason' ': a rule for races without a reason: ^read' \
		'fail \bBUG\b' 'race ^read'
	unusable 'functions to pass through that are answerable' \
		': a function to pass through is too wide, it takes: 2:generic_permission' \
		'fail \bBUG\b' 'through generic.* because it is in the way'
	unusable 'an unknown verb' ': not a rule: deny BUG' 'fail \bBUG\b' 'deny BUG'
	unusable 'no rule' ' has no fail rule' '# nothing'
	printf 'fail (\n' >"$rules"
	scan 2 'a wrong expression' "$clean" "$rules"
	like "$err" "scan-log: $rules: a regular expression in it is wrong" 'scan-log: a wrong expression: the message'
	rm "$rules"
	scan 2 'no rules' "$clean" "$rules"
	is "$err" "scan-log: cannot read the rules $rules" 'scan-log: no rules: the message'
	rm "$log"
	status_is 2 'scan-log: no log' "$TEST_TOP/scripts/scan-log" "$log"
	is "$err" "scan-log: cannot read the kernel log $log" 'scan-log: no log: the message'
}

# race FIRST SECOND [END]: a report of KCSAN of two accesses; each is KIND:FUNCTION, and our function called both.
race() {
	printf '%s\n' "BUG: KCSAN: data-race in ${1#*:} / ${2#*:}" '' \
		"${1%%:*} to 0xffff888004a5e4a8 of 4 bytes by task 411 on cpu 0:" " ${1#*:}" \
		' fuse_bpf_permission+0x4a/0x1f0 [fuse_bpf]' ' do_syscall_64+0x91/0x160' '' \
		"${2%%:*} to 0xffff888004a5e4a8 of 4 bytes by interrupt on cpu 1:" " ${2#*:}" \
		' fuse_bpf_setattr+0x5b/0x2a0 [fuse_bpf]' '' 'value changed: 0x00000001 -> 0x00000002' '' \
		"${3-Reported by Kernel Concurrency Sanitizer on:}"
}

check_races() {
	local core='write:notify_change+0x10/0x20' plain='fuse_bpf_refresh+0x1f/0x80 [fuse_bpf]' kind
	scan 0 "a race of the kernel's own" "$(race "$core" 'read:generic_permission+0x1/0x2')"
	scan 0 "a marked access of ours and the kernel's plain one" "$(race "$core" "read (marked):$plain")"
	scan 0 'the same, seen late' "$(race "$core" "read (marked, reordered):$plain")"
	for kind in read write read-write 'write (reordered)' 'assert no writes'; do
		scan 1 "a plain $kind of ours" "$(race "$core" "$kind:$plain")"
		scan 1 "... first" "$(race "$kind:$plain" "$core")"
	done
	scan 1 'of which one is plain, both being ours' "$(race "write (marked):$plain" "read:$plain")"
	scan 1 "of another module" "$(race "$core" 'read:core_test_init+0x1/0x2 [core_test]')"
	scan 1 'a plain access by way of a function that makes it for its caller' \
		"$(race "$core" 'read:memcmp+0x10/0x80')"
	scan 1 'that is cut off' "$(race "$core" 'read:generic_permission+0x1/0x2' 'reboot: Power down')"
	scan 1 'without a function' "$(race "$core" 'read:0xffffffffc0401000')"
	scan 1 'of unknown origin, read plainly by ours' "$(race_alone "$plain")"
	scan 0 "of unknown origin, read plainly by the kernel" "$(race_alone 'dput+0x1/0x2')"
	scan 1 "another splat after the kernel's own" \
		"$(race "$core" 'read:generic_permission+0x1/0x2')"$'\nBUG: Bad rss-counter state'
	like "$err" 'the kernel log has 1 lines' "scan-log: another splat after the kernel's own: counts that one only"
	scan 1 "ours after the kernel's own" \
		"$(race "$core" 'read:generic_permission+0x1/0x2'; race "$core" "read:$plain")"
	like "$err" 'the kernel log has 1 lines' "scan-log: ours after the kernel's own: counts that one only"
}

# race_alone FUNCTION: a read of which KCSAN saw only that the value had changed.
race_alone() {
	printf '%s\n' "BUG: KCSAN: data-race in $1" '' \
		'race at unknown origin, with read to 0xffff888004a5e4a8 of 4 bytes by task 411 on cpu 0:' " $1" \
		' do_syscall_64+0x91/0x160' '' 'value changed: 0x00000001 -> 0x00000002' '' \
		'Reported by Kernel Concurrency Sanitizer on:'
}

vm() { TMPDIR=$TEST_TMP/vm "$TEST_TOP/scripts/vm" trixie bash -c "$1"; }

# stamped COMMAND...: COMMAND with the time before each line of its output.
stamped() {
	local line
	"$@" | while IFS= read -r line; do
		printf '%s %s\n' "$SECONDS" "$line"
	done
}

check_statuses() {
	local first last
	ok_if 'status 0' vm 'set -e; modprobe fuse_bpf; echo error >&2; seq 20000'
	is "$out" "error"$'\n'"$(seq 20000)" 'status 0: all its output'
	is "$err" '' 'status 0: no complaint'

	status_is 7 'status 7' stamped vm 'echo first; sleep 5; echo last; exit 7'
	first=$(sed -n 's/ first$//p' <<<"$out") last=$(sed -n 's/ last$//p' <<<"$out")
	ok_if "output comes while the command runs ($first, $last)" test "${first:-0}" -lt "$((${last:-0} - 2))"

	status_is 143 'death by a signal' vm 'kill -TERM $$'
}

# fails NAME COMMAND MESSAGE...: COMMAND prints "begun", and then the run fails with these messages.
fails() {
	local message
	status_is 125 "$1" vm "echo begun; $2"
	is "$out" begun "$1: the output until then"
	for message in "${@:3}" 'the whole kernel log: '; do
		like "$err" "$message" "$1: $message"
	done
	ok_if "$1: the log is there" grep -q 'Linux version' "${err##*the whole kernel log: }"
}

# What the kernel says of a trap in code with these bytes around it.
trapped() { printf 'echo "Oops: int3: 0000 [#1]" >/dev/kmsg; echo "Code: %s" >/dev/kmsg' "$1"; }

# The emulator's mistake, told as the kernel would: the guest is started once more, and says the same.
check_slips() {
	status_is 125 'a trap without a breakpoint' vm "echo begun; $(trapped '90 e9 <93> 05')"
	is "$out" $'begun\nbegun' 'a trap without a breakpoint: once more, and no more'
	like "$err" 'trixie: once more: the emulator let the kernel down' 'a trap without a breakpoint: says so'
	fails 'a breakpoint' "$(trapped '90 cc <93> 05')" '] Oops: int3: 0000' 'trixie: the kernel log fails this run'
	fails 'a WARNING before such a trap' "echo 'WARNING: made up' >/dev/kmsg; $(trapped '90 e9 <93> 05')" \
		'] WARNING: made up' 'trixie: the kernel log fails this run'
}

check_failures() {
	fails 'a WARNING and a BUG' 'printf "%s\n" "WARNING: made up" >/dev/kmsg; printf "%s\n" "BUG: made up" >/dev/kmsg' \
		'the kernel log has 2 lines that no run may have' '] WARNING: made up' '] BUG: made up' \
		'trixie: the kernel log fails this run'
	fails 'a panic' 'sleep 1; echo c >/proc/sysrq-trigger' \
		'] Kernel panic - not syncing: sysrq triggered crash' 'trixie: the kernel log fails this run'
	VM_TIMEOUT=20 fails 'a hang' 'sleep 1000' 'trixie: no end after 20 seconds (VM_TIMEOUT)'
	fails 'a busy module' 'mount -t fuse_bpf /tmp /mnt' \
		'stuck fuse_bpf ' 'trixie: fuse_bpf does not unload: something that the command left holds it'
}

check_splats
check_rules
check_races
mkdir "$TEST_TMP/vm"
ok_if 'scripts/build' "$TEST_TOP/scripts/build" trixie
check_statuses
check_slips
check_failures
is "$(ls "$TEST_TMP/vm")" '' 'scripts/vm leaves nothing behind'
done_testing
