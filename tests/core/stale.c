// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program verified against an earlier load of the module: its BTF is another
 * one, though the ids in it are the same. Kernels without a core patch take it
 * into a map of the present load, whatever the structs look like by then.
 */
#include "test.h"
#include "core.h"

static int program_of_earlier_load(void)
{
	struct core_type type;
	int prog;

	core_load();
	type = core_find();
	prog = core_returns(&type, CORE_TEST_OP, 99);
	core_close(type.fd);
	core_gone();
	core_load();
	return prog;
}

static void earlier_load(void **state)
{
	int prog = program_of_earlier_load(), map;
	struct core_type type = core_find();
	struct core_value value = core_value(&type, 1, CORE_TEST_OP, prog);

	map = core_map(&type, 0);
	assert_ok(map);
	if (core_patched()) {
		assert_fails(core_update(map, &value), EINVAL);
		assert_int_equal(core_state(map), 0);
		assert_int_equal(core_param("regs"), 0);
		value = core_value(&type, 1, CORE_TEST_OP, core_returns(&type, CORE_TEST_OP, 7));
		assert_ok(core_update(map, &value));
		assert_int_equal(core_call(CORE_TEST_OP, 0), 7);
	} else {
		if (core_update(map, &value))
			fail_msg("this kernel has no core patch and yet refuses it (%m), so the hole is closed");
		assert_int_equal(core_call(CORE_TEST_OP, 0), 99);
	}
	assert_ok(core_delete(map));
}

/* Nor does a program of another type, one of vmlinux, pass. */
static void other_type(void **state)
{
	const struct bpf_insn insns[] = { SET(BPF_REG_0, 0), EXIT() };
	struct core_type type;
	int map, prog;
	struct core_value value;

	core_load();
	type = core_find();
	map = core_map(&type, 0);
	assert_ok(map);
	prog = core_vmlinux_prog("tcp_congestion_ops", CORE_TEST_OP, insns, 2);
	assert_ok(prog);
	value = core_value(&type, 1, CORE_TEST_OP, prog);
	assert_fails(core_update(map, &value), EINVAL);
	assert_int_equal(core_state(map), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(earlier_load, core_teardown),
		cmocka_unit_test_teardown(other_type, core_teardown),
	};

	return cmocka_run_group_tests_name("stale", tests, NULL, NULL);
}
