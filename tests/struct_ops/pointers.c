// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is not an argument of the program does not pass for one: else a program
 * reads and writes kernel memory through the kfuncs, or through an argument of a
 * call that is over. Where the verifier does not tell arguments from other
 * pointers (6.1), the module sees to it that there are none.
 */
#include "test.h"

#include <bpf/btf.h>

/* Does the verifier of this kernel know arguments from other pointers? */
static bool arguments_are_known(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t;
	bool known = false;
	int i, id;

	assert_non_null(btf);
	id = btf__find_by_name_kind(btf, "bpf_type_flag", BTF_KIND_ENUM);
	assert_true(id > 0);
	t = btf__type_by_id(btf, id);
	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), "PTR_TRUSTED"))
			known = true;
	btf__free(btf);
	return known;
}

static void refused_with(const char *name, int err, const char *text)
{
	struct set *set = set_open("forged", name, NULL);
	int ret = set_try_load(set);

	if (ret != -err)
		fail_msg("%s: load returned %d: %s", name, ret, set_log);
	assert_has(set_log, text);
	assert_true(ops_gone((void *)name));
}

/* On all kernels: fuse_bpf_ctx.opaque. Older ones name the argument, 7.3 the register; both what it should be. */
static void lookalikes(void **state)
{
	static const char text[] = "STRUCT fuse_bpf_ctx";

	refused_with("f_stack", EINVAL, text);
	refused_with("f_map", EINVAL, text);
}

static void walks(void **state)
{
	set_attached("forged", "f_one_step", NULL);
	if (arguments_are_known()) {
		set_attached("forged", "f_two_steps", NULL);
		set_attached("forged", "f_task", NULL);
		return;
	}
	refused_with("f_two_steps", EACCES, "fuse_bpf: on this kernel only arguments of the operation can be read");
	refused_with("f_task", EINVAL, "bpf_get_current_task_btf");
}

/* Where the map can be made at all, what is kept there could be written to later. */
static void argument_kept(void **state)
{
	struct set *set = set_open("kept", "f_keep", NULL);
	int log = kmsg_open();

	if (arguments_are_known()) {
		assert_true(set_try_load(set) < 0);
	} else {
		set_load(set);
		assert_int_equal(set_try_attach(set), -EINVAL);
		assert_true(kmsg_has(log, "uses a map with kernel pointers in it"));
	}
	assert_true(ops_gone("f_keep"));
	close(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(lookalikes, test_teardown),
		cmocka_unit_test_teardown(walks, test_teardown),
		cmocka_unit_test_teardown(argument_kept, test_teardown),
	};

	return cmocka_run_group_tests_name("pointers", tests, NULL, NULL);
}
