// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program verified against an earlier load of the module: without the check
 * at registration the kernel takes it, and it runs on structs that may have changed.
 */
#include "test.h"

/* A set whose program calls no kfunc, since such a program does not hold the module. */
static struct set *load(void)
{
	struct set *set = set_open("attrs", "shift", NULL);

	set_load(set);
	return set;
}

static int program_fd(struct set *set)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(set->object, "shift_getattr");

	assert_non_null(prog);
	return bpf_program__fd(prog);
}

static int keep_program_of_this_load(void)
{
	struct set *set = load();
	int fd = dup(program_fd(set));

	assert_ok(fd);
	set_free(set);
	module_unload_soon();
	assert_ok(module_load(NULL));
	return fd;
}

static void earlier_load(void **state)
{
	int old = keep_program_of_this_load();
	struct set *set = load();

	/* libbpf puts descriptor numbers in the map's value; this one is another program now. */
	assert_ok(dup2(old, program_fd(set)));
	assert_ok(close(old));
	assert_int_equal(set_try_attach(set), -ESTALE);
	assert_true(ops_gone("shift"));
}

static void same_load(void **state)
{
	struct set *other = load(), *set = load();

	assert_ok(dup2(program_fd(other), program_fd(set)));
	assert_int_equal(set_try_attach(set), 0);
	assert_string_equal(ops_get("shift").state, "live");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(earlier_load, test_teardown),
		cmocka_unit_test_teardown(same_load, test_teardown),
	};

	return cmocka_run_group_tests_name("stale", tests, NULL, NULL);
}
