// SPDX-License-Identifier: GPL-2.0-only
/*
 * File handles lead past lookup, so the programs have to allow them. Without the
 * test in fuse_bpf_decode() the second one opens a file after it was forbidden.
 */
#include "test.h"

static struct file_handle *handle_for(const char *path)
{
	static union {
		struct file_handle h;
		char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle;

	handle.h.handle_bytes = MAX_HANDLE_SZ;
	return name_to_handle_at(AT_FDCWD, path, &handle.h, &(int){ 0 }, 0) ? NULL : &handle.h;
}

static struct set *handles_set(const char *name, unsigned int flags)
{
	struct set *set = set_open("nop", NULL, name);

	set->ops->flags = flags;
	set_load(set);
	return set;
}

static void not_without_being_allowed(void **state)
{
	tmp_dir("b");
	tmp_dir("m");
	file_write(tmp_path("b/f"), "text");
	set_attach(handles_set("quiet", 0));
	mnt(tmp_path("b"), tmp_path("m"), "ops=quiet");
	errno = 0;
	assert_null(handle_for(tmp_path("m/f")));
	assert_int_equal(errno, EOPNOTSUPP);
	file_is(tmp_path("m/f"), "text");
}

static void as_long_as_it_is_allowed(void **state)
{
	struct set *allows = handles_set("h", FUSE_BPF_F_HANDLES);
	struct set *forbids = handles_set("h", 0);
	struct file_handle *handle;
	int mount, fd;

	tmp_dir("b");
	tmp_dir("m");
	file_write(tmp_path("b/f"), "text");
	set_attach(allows);
	mnt(tmp_path("b"), tmp_path("m"), "ops=h");
	handle = handle_for(tmp_path("m/f"));
	assert_non_null(handle);
	mount = open(tmp_path("m"), O_RDONLY | O_DIRECTORY);
	assert_ok(mount);
	fd = open_by_handle_at(mount, handle, O_RDONLY);
	assert_ok(fd);
	close(fd);

	assert_int_equal(set_try_update(allows, forbids), 0);
	assert_fails(open_by_handle_at(mount, handle, O_RDONLY), ESTALE);
	errno = 0;
	assert_null(handle_for(tmp_path("m/f")));
	assert_int_equal(errno, EOVERFLOW);
	file_is(tmp_path("m/f"), "text");
	close(mount);
}

static void unknown_flags_are_refused(void **state)
{
	struct set *set = set_open("nop", NULL, "odd");

	set->ops->flags = 1u << 31;
	set_load(set);
	assert_int_equal(set_try_attach(set), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(not_without_being_allowed, test_teardown),
		cmocka_unit_test_teardown(as_long_as_it_is_allowed, test_teardown),
		cmocka_unit_test_teardown(unknown_flags_are_refused, test_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
