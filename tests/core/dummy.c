// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own bpf_dummy_ops by BPF_PROG_TEST_RUN: its type is found and its arguments arrive, patched or not. */
#include "test.h"
#include "core.h"

static int run(int prog, __u64 *args, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = size);
	int err = bpf_prog_test_run_opts(prog, &opts);

	if (err)
		fail_msg("test run: %s", strerror(-err));
	return opts.retval;
}

#define W(op, dst, src, off)	BPF_RAW_INSN(op | BPF_MEM | BPF_W, dst, src, off, 0)

/* The state that it gets and leaves; or no state. */
static void test_1(void **state)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_REG_1, BPF_REG_1, 0),
		SET(BPF_REG_0, -7),
		BPF_RAW_INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 3, 0),
		W(BPF_LDX, BPF_REG_0, BPF_REG_1, 0),
		SET(BPF_REG_2, 90),
		W(BPF_STX, BPF_REG_1, BPF_REG_2, 0),
		EXIT(),
	};
	int prog = core_vmlinux_prog("bpf_dummy_ops", 0, insns, sizeof(insns) / sizeof(insns[0]));
	int val = 12;
	__u64 args[1] = { (uintptr_t)&val };

	assert_ok(prog);
	assert_int_equal(run(prog, args, sizeof(args)), 12);
	assert_int_equal(val, 90);
	args[0] = 0;
	assert_int_equal(run(prog, args, sizeof(args)), -7);
}

/* Five arguments of different sizes, all of them added up. */
static void test_2(void **state)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_REG_2, BPF_REG_1, 0),
		W(BPF_LDX, BPF_REG_0, BPF_REG_2, 0),
		W(BPF_LDX, BPF_REG_2, BPF_REG_1, 8),
		BPF_RAW_INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_0, BPF_REG_2, 0, 0),
		LOAD(BPF_REG_2, BPF_REG_1, 16),
		BPF_RAW_INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_0, BPF_REG_2, 0, 0),
		LOAD(BPF_REG_2, BPF_REG_1, 24),
		BPF_RAW_INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_0, BPF_REG_2, 0, 0),
		LOAD(BPF_REG_2, BPF_REG_1, 32),
		BPF_RAW_INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_0, BPF_REG_2, 0, 0),
		EXIT(),
	};
	int prog = core_vmlinux_prog("bpf_dummy_ops", 1, insns, sizeof(insns) / sizeof(insns[0]));
	int val = 1;
	__u64 args[5] = { (uintptr_t)&val, 20, 300, 4, 5000 };

	assert_ok(prog);
	assert_int_equal(run(prog, args, sizeof(args)), 5325);
}

static void bad_member(void **state)
{
	assert_fails(core_vmlinux_prog("bpf_dummy_ops", 1000, (const struct bpf_insn[]){
		SET(BPF_REG_0, 0), EXIT() }, 2), EINVAL);
	assert_has(core_log, "attach to invalid member idx 1000 of struct bpf_dummy_ops");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_1, core_teardown),
		cmocka_unit_test_teardown(test_2, core_teardown),
		cmocka_unit_test_teardown(bad_member, core_teardown),
	};

	return cmocka_run_group_tests_name("dummy", tests, NULL, NULL);
}
