// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the verifier and the registration refuse: without these checks a program
 * writes kernel memory, sleeps where the kernel must not, or runs where it does
 * not belong.
 */
#include "test.h"

#include <bpf/btf.h>

#define ENOTSUPP	524	/* the kernel's own */

struct load {
	const char *set;
	int err;
	const char *text;
};

static const struct load loads[] = {
	{ "w_result", 0, NULL },
	{ "w_ino", EACCES, "fuse_bpf: struct fuse_bpf_ctx is read-only at offset 48; only result" },
	{ "w_mount_id", EACCES, "fuse_bpf: struct fuse_bpf_ctx is read-only at offset 16" },
	{ "w_across_result", EACCES, "fuse_bpf: struct fuse_bpf_ctx is read-only at offset 4" },
	{ "w_past_ctx", EACCES, "fuse_bpf: struct fuse_bpf_ctx is read-only at offset 96" },
	{ "w_past_out", EACCES, "fuse_bpf: a write of 8 bytes at offset 104 leaves the argument" },
	{ "w_across_out", EACCES, "fuse_bpf: a write of 8 bytes at offset 100 leaves the argument" },
	{ "w_before_out", EACCES, "ptr_fuse_attr_out invalid negative access: off=-8" },
	{ "tail", EINVAL, "program of this type cannot use helper bpf_tail_call" },
	{ "argument", EACCES, "doesn't have 2-th argument" },
	{ "rodata", EACCES, "write into map forbidden" },
	{ "s_access", EACCES, "fuse_bpf: this program serves an operation that must not sleep" },
	{ "s_mmap", EACCES, "fuse_bpf: this program serves an operation that must not sleep" },
	{ "s_default", EACCES, "fuse_bpf: this program serves an operation that must not sleep" },
	{ "s_open", 0, NULL },
	{ "m_poll", ENOTSUPP, "attach to unsupported member poll of struct fuse_bpf_ops" },
	{ "t_open", 0, NULL },
	{ "t_sleeper", EINVAL, "program of this type cannot use helper bpf_timer_set_callback" },
	{ "e_open", 0, NULL },
	{ "e_sleeper", EINVAL, "program of this type cannot use helper bpf_for_each_map_elem" },
};

/* The words are the kernel's own in these: what older ones say of the same. */
static const struct load older_words[] = {
	{ "tail", EINVAL, "unknown func bpf_tail_call" },
	{ "t_sleeper", EINVAL, "unknown func bpf_timer_set_callback" },
	{ "e_sleeper", EINVAL, "unknown func bpf_for_each_map_elem" },
	{ "rodata", EINVAL, "write into map forbidden" },
	{ "tcp_thief", EINVAL, "bpf_fuse_hash_name args#0 expected pointer to STRUCT fuse_bpf_ctx" },
};

static bool came_to(const struct load *load, int ret)
{
	return ret == -load->err && (!load->text || strstr(set_log, load->text));
}

static void ends_as(const struct load *load, int ret)
{
	size_t i;

	if (came_to(load, ret))
		return;
	for (i = 0; i < sizeof(older_words) / sizeof(older_words[0]); i++)
		if (!strcmp(older_words[i].set, load->set) && came_to(&older_words[i], ret))
			return;
	fail_msg("%s: load returned %d, not %d with \"%s\": %s", load->set, ret, -load->err,
		 load->text ? load->text : "", set_log);
}

static void load_one(void **state)
{
	size_t i = (uintptr_t)*state;
	struct set *set = set_open("refused", loads[i].set, NULL);
	int ret = set_try_load(set);

	ends_as(&loads[i], ret);
	assert_true(ops_gone((void *)loads[i].set));
	if (!ret) {
		set_attach(set);
		assert_string_equal(ops_get(loads[i].set).state, "live");
	}
}

/* It touches no argument, so nothing is asked before the registration. */
static void blind_sleeper(void **state)
{
	struct set *set = set_open("refused", "s_blind", NULL);
	int log = kmsg_open();

	set_load(set);
	assert_int_equal(set_try_attach(set), -EINVAL);
	assert_true(kmsg_has(log, "must not sleep"));
	assert_true(ops_gone("s_blind"));
	close(log);
}

static void every_member_but_poll(void **state)
{
	struct set *set = set_attached("probe", "every", NULL);

	assert_string_equal(ops_get("every").state, "live");
	assert_int_equal(ops_get("every").map, set_map_id(set));
}

/* The control: the set of the other type loads without the call. */
static void kfunc_from_another_type(void **state)
{
	static const struct load thief = {
		"tcp_thief", EACCES, "calling kernel function bpf_fuse_hash_name is not allowed",
	};
	struct bpf_object *object;
	struct bpf_map *map;
	int with, ret;

	for (with = 0; with < 2; with++) {
		object = bpf_object__open_file(fmt("%s/bpf/tcp.bpf.o", getenv("TEST_BUILD")), NULL);
		assert_non_null(object);
		map = bpf_object__find_map_by_name(object, with ? "tcp_honest" : "tcp_thief");
		assert_int_equal(bpf_map__set_autocreate(map, false), 0);
		set_log_start();
		ret = bpf_object__load(object);
		bpf_object__close(object);
		if (with)
			ends_as(&thief, ret);
		else if (ret)
			fail_msg("a set of another type does not load: %s", set_log);
	}
}

/* Kernels up to 7.3 take these member indices for something else. */
static void poisoned_indices_are_no_operations(void **state)
{
	static const int poisoned[] = { 23, 25, 26, 27, 43, 58, 61 };
	struct btf *vmlinux = btf__load_vmlinux_btf(), *btf;
	const struct btf_type *type, *t;
	size_t i;
	int id;

	assert_non_null(vmlinux);
	btf = btf__load_module_btf("fuse_bpf", vmlinux);
	assert_non_null(btf);
	id = btf__find_by_name_kind(btf, "fuse_bpf_ops", BTF_KIND_STRUCT);
	assert_true(id > 0);
	type = btf__type_by_id(btf, id);
	assert_in_range(btf_vlen(type), 42, 64);
	for (i = 0; i < sizeof(poisoned) / sizeof(poisoned[0]); i++) {
		if (poisoned[i] >= btf_vlen(type))
			continue;
		t = btf__type_by_id(btf, btf_members(type)[poisoned[i]].type);
		while (btf_is_mod(t) || btf_is_typedef(t))
			t = btf__type_by_id(btf, t->type);
		assert_true(btf_is_int(t));
	}
	t = btf__type_by_id(btf, btf_members(type)[24].type);
	assert_true(btf_is_ptr(t));
	btf__free(btf);
	btf__free(vmlinux);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(loads) / sizeof(loads[0]) + 4] = {
		cmocka_unit_test_teardown(blind_sleeper, test_teardown),
		cmocka_unit_test_teardown(every_member_but_poll, test_teardown),
		cmocka_unit_test(kfunc_from_another_type),
		cmocka_unit_test(poisoned_indices_are_no_operations),
	};
	size_t i;

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		tests[i + 4] = (struct CMUnitTest){
			.name = strdup(fmt("load %s", loads[i].set)),
			.test_func = load_one,
			.teardown_func = test_teardown,
			.initial_state = (void *)i,
		};
	return cmocka_run_group_tests_name("verifier", tests, NULL, NULL);
}
