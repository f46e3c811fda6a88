// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is not an argument of the program does not pass for one: else a program
 * reads and writes kernel memory through the kfuncs, or through an argument of a
 * call that is over. Where the verifier does not tell arguments from other
 * pointers (6.1), the module sees to it that there are none.
 */
#include "test.h"

#include <bpf/btf.h>

#include "scribble.h"

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

/* Kernels that do not tell NULL from a pointer leave it to the kfuncs: these must not write there. */
static void null_buffer(const char *name)
{
	const char *back, *at;
	struct set *set;

	if (arguments_are_known()) {
		refused_with(name, EACCES, "Possibly NULL pointer passed to trusted");
		return;
	}
	back = tmp_dir(fmt("back-%s", name));
	at = tmp_path(fmt("at-%s", name));
	file_write(fmt("%s/file", back), "file");
	set = set_attached("forged", name, NULL);
	mnt(back, at, fmt("ops=%s", name));
	assert_fails(unlink(fmt("%s/file", at)), EUSERS);
	assert_int_equal(ops_get(name).errors, 0);
	file_is(fmt("%s/file", back), "file");
	umnt(at);
	set_free(set);
	remove_tree(back);
}

static void null_buffers(void **state)
{
	null_buffer("f_null_name");
	null_buffer("f_null_path");
	null_buffer("f_null_match");
}

static void scribbled_on(struct scribble *s, __u32 word, const char *at)
{
	const char *name = fmt("dir-%x", word), *dir = fmt("%s/%s", at, name), *path = fmt("/%s", name);
	int post;

	memset(s, 0, sizeof(*s));
	s->word = word;
	assert_ok(mkdir(dir, 0755));
	for (post = 0; post < 2; post++) {
		const struct scribble_call *call = &s->calls[post];

		assert_int_equal(call->count, 1);
		assert_int_equal(call->written, word * 0x100000001ULL);
		assert_int_equal(call->result, 0);
		assert_int_equal(call->name_len, strlen(name));
		assert_string_equal(call->name, name);
		assert_int_equal(call->path_len, strlen(path));
		assert_string_equal(call->path, path);
	}
	assert_int_equal(s->calls[0].tgid, getpid());
	assert_int_equal(s->calls[0].child, 0);
	assert_int_equal(s->calls[1].child, -EINVAL);
	assert_int_equal(file_mode(dir), S_IFDIR | 0755);

	/* Its ops are none, as was decided before: nothing is called for what is made in it. */
	assert_ok(mkdir(fmt("%s/sub", dir), 0755));
	assert_int_equal(s->calls[0].count, 1);
}

/*
 * Where a program can write to the context, nothing but the program acts on it: neither as the phase, nor as who is
 * asking, nor as a pointer.
 */
static void context_is_not_read_back(void **state)
{
	static const __u32 words[] = { 0, 1, 2, 1000, 0xffffffff };
	const char *back = tmp_dir("back"), *at = tmp_path("at");
	struct set *set = set_open("scribble", NULL, NULL);
	int ret = set_try_load(set);
	size_t i;

	if (ret) {
		/* Closed in this kernel. */
		assert_true(ret == -EACCES || ret == -EINVAL);
		assert_has(set_log, "Caller passes invalid args into func");
		remove_tree(back);
		return;
	}
	set_attach(set);
	mnt(back, at, "ops=scribble");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		scribbled_on(set->globals, words[i], at);
	assert_int_equal(ops_get("scribble").errors, 0);
	umnt(at);
	remove_tree(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(lookalikes, test_teardown),
		cmocka_unit_test_teardown(walks, test_teardown),
		cmocka_unit_test_teardown(argument_kept, test_teardown),
		cmocka_unit_test_teardown(null_buffers, test_teardown),
		cmocka_unit_test_teardown(context_is_not_read_back, test_teardown),
	};

	return cmocka_run_group_tests_name("pointers", tests, NULL, NULL);
}
