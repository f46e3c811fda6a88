// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links of struct_ops maps: which registers, replaces and unregisters when, and
 * what each wrong use is answered with. A link that lost its map in silence
 * would leave programs running that nobody holds.
 */
#include "test.h"
#include "core.h"

static struct core_type type;

static int setup(void **state)
{
	core_load();
	type = core_find();
	return 0;
}

/* A map that has its value, with a program that returns this; and one that has not. */
static int empty_map(void)
{
	int map = core_map(&type, BPF_F_LINK);

	assert_ok(map);
	return map;
}

static int ready_with_cookie(int number, __u64 cookie)
{
	int map = empty_map();
	struct core_value value = core_value(&type, cookie, CORE_TEST_OP,
					     core_returns(&type, CORE_TEST_OP, number));

	assert_ok(core_update(map, &value));
	return map;
}

static int ready_map(int number)
{
	return ready_with_cookie(number, number);
}

static int create_link(int map)
{
	int fd = bpf_link_create(map, 0, BPF_STRUCT_OPS, NULL);

	return core_keep(fd < 0 ? -1 : fd);
}

static int linked(int map)
{
	int link = create_link(map);

	assert_ok(link);
	return link;
}

/* old -1: whatever it is now. */
static int update_link(int link, int map, int old)
{
	LIBBPF_OPTS(bpf_link_update_opts, opts);

	if (old >= 0) {
		opts.flags = BPF_F_REPLACE;
		opts.old_map_fd = old;
	}
	return bpf_link_update(link, map, &opts) ? -1 : 0;
}

static int detach(int link)
{
	return bpf_link_detach(link) ? -1 : 0;
}

static __u32 map_of(int link)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	assert_ok(bpf_link_get_info_by_fd(link, &info, &len));
	assert_int_equal(info.type, BPF_LINK_TYPE_STRUCT_OPS);
	return info.struct_ops.map_id;
}

/* Calls of reg, unreg and update so far, and what the set in force returns (-1: there is none). */
static void assert_calls(int regs, int unregs, int updates, int returns)
{
	assert_int_equal(core_param("regs"), regs);
	assert_int_equal(core_param("unregs"), unregs);
	assert_int_equal(core_param("updates"), updates);
	if (returns >= 0)
		assert_int_equal(core_call(CORE_TEST_OP, 0), returns);
	else
		assert_fails(core_set("call", fmt("%d 0", CORE_TEST_OP)), ENXIO);
}

/* The update of the map registers nothing; the link does, and its last descriptor unregisters. */
static void life(void **state)
{
	int map = ready_map(7), link;
	struct core_value value = core_value(&type, 1, 0, -1);

	assert_int_equal(core_state(map), 3);
	assert_calls(0, 0, 0, -1);
	assert_fails(core_update(map, &value), EBUSY);
	assert_fails(core_delete(map), EOPNOTSUPP);
	link = linked(map);
	assert_calls(1, 0, 0, 7);
	assert_int_equal(map_of(link), core_map_id(map));
	assert_fails(core_delete(map), EOPNOTSUPP);
	core_close(link);
	assert_calls(1, 1, 0, -1);
	assert_int_equal(core_state(map), 3);
	/* The map can be used again. */
	link = linked(map);
	assert_calls(2, 1, 0, 7);
}

/* The link holds the map, the map the module. */
static void held_by_the_link(void **state)
{
	int map = ready_map(7), link = linked(map);
	__u32 id = core_map_id(map);

	core_close(map);
	assert_calls(1, 0, 0, 7);
	assert_false(map_gone(&id));
	assert_int_equal(core_refs(), 1);
	assert_fails(core_unload(), EAGAIN);
	core_close(link);
	assert_true(wait_for(SOON, map_gone, &id));
	core_refs_become(0);
	core_gone();
}

static void pinned(void **state)
{
	const char *path = "/sys/fs/bpf/core_test";
	int map = ready_map(7), link = linked(map);

	assert_ok(bpf_obj_pin(link, path));
	core_close(link);
	core_close(map);
	assert_calls(1, 0, 0, 7);
	assert_ok(unlink(path));
	core_refs_become(0);
	assert_calls(1, 1, 0, -1);
}

static void bad_maps(void **state)
{
	int plain = core_map(&type, 0);
	int array = core_keep(bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 4, 1, NULL));
	struct core_value value = core_value(&type, 1, CORE_TEST_OP,
					     core_returns(&type, CORE_TEST_OP, 7));

	assert_ok(array);
	assert_fails(create_link(empty_map()), EINVAL);
	assert_fails(create_link(array), EINVAL);
	assert_fails(create_link(type.fd), EINVAL);
	assert_fails(create_link(1000), EBADF);
	assert_fails(create_link(plain), EINVAL);
	assert_ok(core_update(plain, &value));
	assert_fails(create_link(plain), EINVAL);
	assert_calls(1, 0, 0, 7);
	assert_ok(core_delete(plain));
	assert_fails(create_link(plain), EINVAL);
	assert_calls(1, 1, 0, -1);
}

static void refused_by_the_module(void **state)
{
	int map = ready_with_cookie(7, CORE_TEST_BAD_REG), other = ready_map(8), link;

	assert_fails(create_link(map), EXDEV);
	assert_int_equal(core_state(map), 3);
	assert_calls(1, 0, 0, -1);
	link = linked(other);
	assert_fails(create_link(ready_map(9)), EEXIST);
	assert_fails(create_link(other), EEXIST);
	assert_calls(4, 0, 0, 8);
	core_close(link);
	assert_calls(4, 1, 0, -1);
}

static void replaced(void **state)
{
	int first = ready_map(7), second = ready_map(8), third = ready_map(9), link = linked(first);
	__u32 id = core_map_id(first);

	assert_ok(update_link(link, second, -1));
	assert_calls(1, 0, 1, 8);
	assert_int_equal(map_of(link), core_map_id(second));
	/* Only if the present one is that one. */
	assert_fails(update_link(link, third, first), EPERM);
	assert_calls(1, 0, 1, 8);
	assert_ok(update_link(link, third, second));
	assert_calls(1, 0, 2, 9);
	/* By itself: the module is asked all the same. */
	assert_ok(update_link(link, third, -1));
	assert_calls(1, 0, 3, 9);
	/* The link has let go of the first. */
	core_close(first);
	assert_true(wait_for(SOON, map_gone, &id));
	core_close(second);
	core_close(third);
	core_refs_become(1);
	assert_calls(1, 0, 3, 9);
	core_close(link);
	core_refs_become(0);
	assert_calls(1, 1, 3, -1);
}

static void not_replaced(void **state)
{
	int first = ready_map(7), link = linked(first), plain = core_map(&type, 0);
	int array = core_keep(bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 4, 1, NULL));
	LIBBPF_OPTS(bpf_link_update_opts, old_without_flag, .old_map_fd = first);
	LIBBPF_OPTS(bpf_link_update_opts, unknown_flag, .flags = 1u << 8);

	assert_ok(array);
	assert_fails(update_link(link, empty_map(), -1), EINVAL);
	assert_fails(update_link(link, plain, -1), EINVAL);
	assert_fails(update_link(link, array, -1), EINVAL);
	assert_fails(update_link(link, 1000, -1), EBADF);
	assert_fails(update_link(link, ready_map(8), 1000), EBADF);
	assert_fails(update_link(link, ready_map(8), type.fd), EINVAL);
	assert_fails(bpf_link_update(link, ready_map(8), &old_without_flag) ? -1 : 0, EINVAL);
	assert_fails(bpf_link_update(link, ready_map(8), &unknown_flag) ? -1 : 0, EINVAL);
	assert_calls(1, 0, 0, 7);
	/* The module says no: the old one stays. */
	assert_fails(update_link(link, ready_with_cookie(8, CORE_TEST_BAD_UPDATE), -1), EXDEV);
	assert_calls(1, 0, 1, 7);
	assert_int_equal(map_of(link), core_map_id(first));
}

static void detached(void **state)
{
	int map = ready_map(7), link = linked(map);

	assert_ok(detach(link));
	assert_calls(1, 1, 0, -1);
	assert_int_equal(map_of(link), 0);
	assert_ok(detach(link));
	assert_fails(update_link(link, map, -1), ENOLINK);
	assert_fails(update_link(link, ready_map(8), map), ENOLINK);
	assert_calls(1, 1, 0, -1);
	/* Its last descriptor must not unregister what another link has registered by then. */
	linked(map);
	core_close(link);
	assert_calls(2, 1, 0, 7);
}

/* A link that is detached holds nothing. */
static void detached_holds_nothing(void **state)
{
	int map = ready_map(7), link = linked(map);
	__u32 id = core_map_id(map);

	assert_ok(detach(link));
	core_close(map);
	assert_true(wait_for(SOON, map_gone, &id));
	core_refs_become(0);
	core_gone();
	assert_fails(update_link(link, 1000, -1), EBADF);
	core_close(link);
}

/* A link of programs of another kind does not take such a map, nor this one a program. */
static void program_for_a_map(void **state)
{
	const struct bpf_insn insns[] = { SET(BPF_REG_0, 0), EXIT() };
	int filter = core_keep(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "filter", "GPL", insns, 2, NULL));
	int map = ready_map(7), link = linked(map);

	assert_ok(filter);
	assert_fails(update_link(link, filter, -1), EINVAL);
	assert_calls(1, 0, 0, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(life, setup, core_teardown),
		cmocka_unit_test_setup_teardown(held_by_the_link, setup, core_teardown),
		cmocka_unit_test_setup_teardown(pinned, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_maps, setup, core_teardown),
		cmocka_unit_test_setup_teardown(refused_by_the_module, setup, core_teardown),
		cmocka_unit_test_setup_teardown(replaced, setup, core_teardown),
		cmocka_unit_test_setup_teardown(not_replaced, setup, core_teardown),
		cmocka_unit_test_setup_teardown(detached, setup, core_teardown),
		cmocka_unit_test_setup_teardown(detached_holds_nothing, setup, core_teardown),
		cmocka_unit_test_setup_teardown(program_for_a_map, setup, core_teardown),
	};

	return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
