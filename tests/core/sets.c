// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of programs without a link: registered by the update of the map's
 * element, unregistered by its deletion. A refused one must be as if it had
 * never been tried.
 */
#include "test.h"
#include "core.h"

static struct core_type type;
static int map;

static int setup(void **state)
{
	core_load();
	type = core_find();
	map = core_map(&type, 0);
	assert_ok(map);
	return 0;
}

static void life(void **state)
{
	int prog = core_returns(&type, CORE_TEST_OP, 7);
	struct core_value value = core_value(&type, 42, CORE_TEST_OP, prog), got;
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	assert_int_equal(core_state(map), 0);
	assert_fails(core_delete(map), ENOENT);
	assert_fails(core_set("call", fmt("%d 0", CORE_TEST_OP)), ENXIO);

	assert_ok(core_update(map, &value));
	assert_int_equal(core_param("regs"), 1);
	assert_int_equal(core_param("cookie"), 42);
	assert_int_equal(core_state(map), 1);
	assert_int_equal(core_call(CORE_TEST_OP, 0), 7);
	assert_fails(core_set("call", fmt("%d 0", CORE_TEST_OP + 1)), ENOENT);
	assert_int_equal(core_refs(), 1);

	/* What it shows of itself: the program's id in the member's place. */
	assert_ok(bpf_prog_get_info_by_fd(prog, &info, &len));
	got = core_lookup(map);
	assert_int_equal(*core_member(&got, &type, CORE_TEST_OP), info.id);
	assert_int_equal(*core_member(&got, &type, CORE_TEST_COOKIE), 42);

	assert_fails(core_update(map, &value), EBUSY);
	assert_int_equal(core_param("regs"), 1);
	assert_ok(core_delete(map));
	assert_int_equal(core_param("unregs"), 1);
	assert_int_equal(core_param("cookie"), -1);
	assert_int_equal(core_state(map), 2);
	assert_fails(core_delete(map), EINPROGRESS);
	assert_fails(core_update(map, &value), EBUSY);
	assert_int_equal(core_param("unregs"), 1);
}

/* It stays without a descriptor, and only its deletion ends it. */
static void without_descriptors(void **state)
{
	int prog = core_returns(&type, CORE_TEST_OP, 7), again;
	struct core_value value = core_value(&type, 1, CORE_TEST_OP, prog);
	__u32 id = core_map_id(map);

	assert_ok(core_update(map, &value));
	core_close(prog);
	core_close(map);
	assert_int_equal(core_call(CORE_TEST_OP, 0), 7);
	assert_fails(core_unload(), EAGAIN);
	again = core_keep(bpf_map_get_fd_by_id(id));
	assert_ok(again);
	assert_ok(core_delete(again));
	assert_fails(core_set("call", fmt("%d 0", CORE_TEST_OP)), ENXIO);
	assert_fails(core_unload(), EAGAIN);
	core_close(again);
	assert_true(wait_for(SOON, map_gone, &id));
	core_gone();
}

/* The module's registration was not reached, or refused; a right value then works in the same map. */
static void refused(const struct core_value *value, int err, int regs)
{
	struct core_value good = core_value(&type, 3, CORE_TEST_OP, core_returns(&type, CORE_TEST_OP, 7));
	int before = core_param("regs");

	assert_fails(core_update(map, value), err);
	assert_int_equal(core_param("regs"), before + regs);
	assert_int_equal(core_param("cookie"), -1);
	assert_int_equal(core_state(map), 0);
	assert_ok(core_update(map, &good));
	assert_int_equal(core_call(CORE_TEST_OP, 0), 7);
	assert_ok(core_delete(map));
	core_close(map);
	core_refs_become(0);
	map = core_map(&type, 0);
}

static void refused_by_the_module(void **state)
{
	int prog = core_returns(&type, CORE_TEST_OP, 1);
	struct core_value value;

	value = core_value(&type, CORE_TEST_BAD_MEMBER, CORE_TEST_OP, prog);
	refused(&value, EDOM, 0);
	value = core_value(&type, CORE_TEST_BAD_SET, CORE_TEST_OP, prog);
	refused(&value, ERANGE, 0);
	value = core_value(&type, CORE_TEST_BAD_REG, CORE_TEST_OP, prog);
	refused(&value, EXDEV, 1);
}

static void only_one(void **state)
{
	int prog = core_returns(&type, CORE_TEST_OP, 1), second = core_map(&type, 0);
	struct core_value value = core_value(&type, 1, CORE_TEST_OP, prog);

	assert_ok(core_update(map, &value));
	assert_fails(core_update(second, &value), EEXIST);
	assert_int_equal(core_state(second), 0);
	assert_int_equal(core_state(map), 1);
	assert_ok(core_delete(map));
	assert_ok(core_update(second, &value));
	assert_ok(core_delete(second));
}

static void bad_value(void **state)
{
	int prog = core_returns(&type, CORE_TEST_OP, 1);
	const struct core_value good = core_value(&type, 1, CORE_TEST_OP, prog);
	struct core_value value = good;

	value.bytes[0] = 1;		/* reference count */
	refused(&value, EINVAL, 0);
	value = good;
	value.bytes[4] = 1;		/* state */
	refused(&value, EINVAL, 0);
	value = good;
	value.bytes[type.data - 1] = 1;	/* between state and data */
	refused(&value, EINVAL, 0);
	value = good;
	*core_member(&value, &type, CORE_TEST_PLAIN) = 1;
	refused(&value, EINVAL, 0);
}

static int filter(void)
{
	const struct bpf_insn insns[] = { SET(BPF_REG_0, 0), EXIT() };

	return core_keep(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "filter", "GPL", insns, 2, NULL));
}

static void bad_program(void **state)
{
	int other = filter(), next = core_returns(&type, CORE_TEST_OP + 1, 1);
	struct core_value value;

	assert_ok(other);
	value = core_value(&type, 1, CORE_TEST_OP, 1000);
	refused(&value, EBADF, 0);
	value = core_value(&type, 1, CORE_TEST_OP, map);
	refused(&value, EINVAL, 0);
	value = core_value(&type, 1, CORE_TEST_OP, type.fd);
	refused(&value, EINVAL, 0);
	value = core_value(&type, 1, CORE_TEST_OP, other);
	refused(&value, EINVAL, 0);
	/* One program serves one member. */
	value = core_value(&type, 1, CORE_TEST_OP, next);
	refused(&value, EINVAL, 0);
	/* The good ones before a bad one are let go of. */
	value = core_value(&type, 1, CORE_TEST_OP + 1, next);
	*core_member(&value, &type, CORE_TEST_OP + 2) = next;
	refused(&value, EINVAL, 0);
}

static void bad_key_and_flags(void **state)
{
	struct core_value value = core_value(&type, 1, CORE_TEST_OP, core_returns(&type, CORE_TEST_OP, 1));
	__u32 key = 1;

	assert_fails(bpf_map_update_elem(map, &key, &value, 0) ? -1 : 0, E2BIG);
	assert_fails(bpf_map_lookup_elem(map, &key, &value) ? -1 : 0, ENOENT);
	key = 0;
	assert_fails(bpf_map_update_elem(map, &key, &value, BPF_NOEXIST) ? -1 : 0, EINVAL);
	assert_int_equal(core_param("regs"), 0);
	assert_int_equal(core_state(map), 0);
}

/* A set may be empty. */
static void no_programs(void **state)
{
	struct core_value value = core_value(&type, 5, 0, -1);

	assert_ok(core_update(map, &value));
	assert_int_equal(core_param("cookie"), 5);
	assert_fails(core_set("call", fmt("%d 0", CORE_TEST_OP)), ENOENT);
	assert_ok(core_delete(map));
}

/* Programs live as long as the map that took them. */
static void programs_go_with_the_map(void **state)
{
	int prog = core_returns(&type, CORE_TEST_OP, 7);
	struct core_value value = core_value(&type, 1, CORE_TEST_OP, prog);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info), id;

	assert_ok(bpf_prog_get_info_by_fd(prog, &info, &len));
	id = info.id;
	assert_ok(core_update(map, &value));
	core_close(prog);
	assert_ok(core_delete(map));
	assert_false(prog_gone(&id));
	core_close(map);
	assert_true(wait_for(SOON, prog_gone, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(life, setup, core_teardown),
		cmocka_unit_test_setup_teardown(without_descriptors, setup, core_teardown),
		cmocka_unit_test_setup_teardown(refused_by_the_module, setup, core_teardown),
		cmocka_unit_test_setup_teardown(only_one, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_value, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_program, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_key_and_flags, setup, core_teardown),
		cmocka_unit_test_setup_teardown(no_programs, setup, core_teardown),
		cmocka_unit_test_setup_teardown(programs_go_with_the_map, setup, core_teardown),
	};

	return cmocka_run_group_tests_name("sets", tests, NULL, NULL);
}
