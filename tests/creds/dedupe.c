// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may dedupe into a file that is open for reading: its owner, by what the mount shows.
 * The backing filesystem checks that once more, by its own owner and the caller's rights.
 */
#include "test.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#include "attrs.h"

#define BYTES	65536

static const char *back;

static void make_file(const char *path)
{
	static char bytes[BYTES];
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	assert_int_equal(write(fd, bytes, BYTES), BYTES);
	assert_ok(fsync(fd));
	assert_ok(close(fd));
}

static void owner_that_is_shown_dedupes(void **state)
{
	enum backing kind = backing_possible(ON_XFS) ? ON_XFS : ON_BTRFS;
	struct file_dedupe_range *range = calloc(1, sizeof(*range) + sizeof(range->info[0]));
	struct stat st;
	struct shift *by;
	int from, to;

	if (!backing_possible(kind))
		skip();
	back = backing_dir(kind, "dedupe");
	make_file(fmt("%s/file", back));
	make_file(fmt("%s/same", back));
	by = set_attached("attrs", "shift", NULL)->globals;
	mnt(back, tmp_path("at"), "ops=shift");
	from = open(fmt("%s/file", tmp_path("at")), O_RDONLY);
	to = open(fmt("%s/same", tmp_path("at")), O_RDONLY);
	assert_ok(from);
	assert_ok(to);
	range->src_length = BYTES;
	range->dest_count = 1;
	range->info[0].dest_fd = to;
	become(TEST_UID, TEST_GID);
	assert_ok(ioctl(from, FIDEDUPERANGE, range));
	assert_int_equal(range->info[0].status, -EPERM);
	by->uid = TEST_UID;
	assert_ok(fstat(to, &st));
	assert_int_equal(st.st_uid, TEST_UID);
	assert_ok(ioctl(from, FIDEDUPERANGE, range));
	become_root();
	assert_int_equal(range->info[0].status, FILE_DEDUPE_RANGE_SAME);
	assert_int_equal(range->info[0].bytes_deduped, BYTES);
	assert_ok(close(from));
	assert_ok(close(to));
	free(range);
}

static int undo(void **state)
{
	test_teardown(state);
	if (back)
		remove_tree(back);
	backings_done();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(owner_that_is_shown_dedupes, undo),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
