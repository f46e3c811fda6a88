// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registering a type: what the BPF core refuses must leave no type behind that
 * a map or a program can be made of, and the module must be able to go.
 */
#include "test.h"
#include "core.h"

#include <sys/wait.h>

/* Neither a map nor a program of the type can be had, and neither attempt holds the module. */
static void has_no_type(const struct core_type *type)
{
	assert_fails(core_map(type, 0), ENOTSUPP);
	assert_fails(core_prog_of(type, CORE_TEST_OP, SET(BPF_REG_0, 0), EXIT()), ENOTSUPP);
	assert_int_equal(core_refs(), 0);
}

static void refused(const char *variant, int err, int inits)
{
	struct core_type type;

	assert_ok(core_try_load("core_test", fmt("variant=%s", variant)));
	assert_int_equal(core_param("registered"), err);
	assert_int_equal(core_param("inits"), inits);
	type = core_find();
	has_no_type(&type);
	core_close(type.fd);
	core_gone();
	assert_int_equal(core_btf_fd(), -1);
}

static void good(void **state)
{
	struct core_type type;
	int map, prog;

	core_load();
	type = core_find();
	prog = core_returns(&type, CORE_TEST_OP, 7);
	map = core_map(&type, 0);
	assert_ok(map);
	assert_int_equal(core_refs(), 1);
	core_close(map);
	core_close(prog);
	core_refs_become(0);
	core_close(type.fd);
	core_gone();
	assert_int_equal(core_btf_fd(), -1);
}

static void too_many_members(void **state)
{
	refused("many", -EINVAL, 0);
}

static void no_such_type(void **state)
{
	refused("absent", -EINVAL, 0);
}

static void init_refuses(void **state)
{
	refused("refuse", -EINVAL, 1);
}

static void without_stubs(void **state)
{
	refused("nostubs", -EINVAL, 0);
}

/* The first registration stays. */
static void twice(void **state)
{
	struct core_type type;
	int map;

	assert_ok(core_try_load("core_test", "variant=twice"));
	assert_int_equal(core_param("registered"), -EEXIST);
	assert_int_equal(core_param("inits"), 1);
	type = core_find();
	core_returns(&type, CORE_TEST_OP, 7);
	map = core_map(&type, 0);
	assert_ok(map);
}

/* The core says nothing to the module and something to the log; the module is to look for a call of ->init(). */
static void without_btf(void **state)
{
	int log = kmsg_open();

	assert_ok(core_try_load("core_test-nobtf", ""));
	assert_int_equal(core_param("registered"), 0);
	assert_int_equal(core_param("inits"), 0);
	assert_int_equal(core_btf_fd(), -1);
	assert_int_equal(core_refs(), 0);
	assert_true(kmsg_has(log, " BTF, "));
	close(log);
	core_gone();
	core_load();
}

static void init_fails(void **state)
{
	assert_fails(core_try_load("core_test", "init_error=-19"), ENODEV);
	assert_false(core_loaded());
	assert_int_equal(core_btf_fd(), -1);
	core_load();
}

/* A child loads it, since the call takes until the module's init is through: its exit status is the errno. */
static pid_t load_held(int init_error)
{
	pid_t pid = fork();

	assert_ok(pid);
	if (!pid)
		_exit(core_try_load("core_test", fmt("hold=1 init_error=%d", init_error)) ? errno : 0);
	return pid;
}

static int go(pid_t pid)
{
	int status;

	assert_ok(core_set("go", "1"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Also where a test has failed before it let the module's init go on. */
static int teardown(void **state)
{
	if (core_loaded())
		core_set("go", "1");
	while (wait(NULL) > 0)
		;
	return core_teardown(state);
}

static bool is_registered(void *arg)
{
	return !access("/sys/module/core_test/parameters/registered", R_OK) &&
	       core_param("registered") == 0;
}

/* What registered during an init that has not returned belongs to a module that may yet go. */
static void type_before_init_is_through(const struct core_type *type)
{
	assert_fails(core_map(type, 0), EINVAL);
	assert_fails(core_prog_of(type, CORE_TEST_OP, SET(BPF_REG_0, 0), EXIT()), ENOTSUPP);
	assert_has(core_log, "module core_test");
}

static void during_init(void **state)
{
	pid_t pid = load_held(0);
	struct core_type type;

	assert_true(wait_for(SOON, is_registered, NULL));
	type = core_find();
	type_before_init_is_through(&type);
	assert_int_equal(go(pid), 0);
	core_returns(&type, CORE_TEST_OP, 7);
	assert_ok(core_map(&type, 0));
}

static void after_failed_init(void **state)
{
	pid_t pid = load_held(-ENODEV);
	struct core_type type;

	assert_true(wait_for(SOON, is_registered, NULL));
	type = core_find();
	type_before_init_is_through(&type);
	assert_int_equal(go(pid), ENODEV);
	assert_false(core_loaded());
	type_before_init_is_through(&type);
	/* The descriptor alone keeps that BTF; a new load has one of its own. */
	core_load();
	assert_fails(core_map(&type, 0), EINVAL);
	core_close(type.fd);
	type = core_find();
	assert_ok(core_map(&type, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(good, core_teardown),
		cmocka_unit_test_teardown(too_many_members, core_teardown),
		cmocka_unit_test_teardown(no_such_type, core_teardown),
		cmocka_unit_test_teardown(init_refuses, core_teardown),
		cmocka_unit_test_teardown(without_stubs, core_teardown),
		cmocka_unit_test_teardown(twice, core_teardown),
		cmocka_unit_test_teardown(without_btf, core_teardown),
		cmocka_unit_test_teardown(init_fails, core_teardown),
		cmocka_unit_test_teardown(during_init, teardown),
		cmocka_unit_test_teardown(after_failed_init, teardown),
	};

	return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
