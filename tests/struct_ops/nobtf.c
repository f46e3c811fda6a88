// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module without BTF must not load: the kernel's registration calls then
 * succeed and register nothing.
 */
#include "test.h"

static void refused_and_said(void **state)
{
	const char *build = getenv("TEST_BUILD");
	int log = kmsg_open();

	assert_non_null(build);
	module_unload_soon();
	assert_fails(module_load(fmt("%s/fuse_bpf-nobtf.ko", build)), EOPNOTSUPP);
	assert_false(module_loaded());
	assert_true(kmsg_has(log, "fuse_bpf: the module was built without BTF"));
	close(log);
	log = kmsg_open();
	assert_ok(module_load(NULL));
	assert_true(module_loaded());
	assert_false(kmsg_has(log, "BTF"));
	close(log);
}

/* The right module for the tests that follow, whatever came of this one. */
static int teardown(void **state)
{
	if (module_loaded())
		module_unload_soon();
	return module_load(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(refused_and_said, teardown),
	};

	return cmocka_run_group_tests_name("nobtf", tests, NULL, NULL);
}
