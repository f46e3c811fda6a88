// SPDX-License-Identifier: GPL-2.0-only
/*
 * Swapping to a file of the mount: filesystems are handed the open file, and all but
 * ext4 take its inode for one of theirs. Without fuse_bpf_may_share_mapping() they
 * look past the end of ours.
 * timeout: 300
 */
#include "test.h"

#include <sys/swap.h>

#define SIZE	(256 << 10)

/* What swapon(2) says of a file on the mount. */
static const struct kind {
	const char *test;
	enum backing backing;
	int err;
	const char *set;	/* of programs, if not NULL */
} kinds[] = {
	{ "swapped_to", ON_EXT4, 0, NULL },
	{ "not_swapped_past_programs", ON_EXT4, EINVAL, "nop" },
	{ "swapped_to", ON_XFS, EINVAL, NULL },
	{ "swapped_to", ON_BTRFS, EINVAL, NULL },
	{ "swapped_to", ON_NFS, EINVAL, NULL },
	{ "swapped_to", ON_TMPFS, EINVAL, NULL },
	{ "swapped_to", ON_OURS, EINVAL, NULL },
};

static bool used(const char *path)
{
	char line[512];
	bool found = false;
	FILE *f = fopen("/proc/swaps", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= !!strstr(line, path);
	fclose(f);
	return found;
}

static void make_swap(const char *path)
{
	static char block[SIZE];
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_ok(fd);
	/* For btrfs, which has nothing else to say against it; others may not know it. */
	sh(fmt("chattr +C %s 2>/dev/null", path));
	memset(block, 's', sizeof(block));
	assert_int_equal(write(fd, block, SIZE), SIZE);
	assert_ok(fsync(fd));
	close(fd);
	assert_int_equal(sh(fmt("mkswap -q %s", path)), 0);
	sync();
}

static int end_test(void **state)
{
	test_teardown(state);
	backings_done();
	return 0;
}

static void swapped_to(void **state)
{
	const struct kind *kind = *state;
	const char *back, *view = tmp_path("view"), *file;

	if (!backing_possible(kind->backing))
		skip();
	back = backing_dir(kind->backing, "back");
	if (kind->set)
		set_attached(kind->set, NULL, NULL);
	mnt(back, view, kind->set ? fmt("ops=%s", kind->set) : "");
	make_swap(fmt("%s/file", back));
	file = fmt("%s/file", view);
	if (swapon(file, 0)) {
		if (errno == ENOSYS) {
			print_message("# this kernel does not swap\n");
			skip();
		}
		assert_int_equal(errno, kind->err);
	} else {
		assert_int_equal(kind->err, 0);
		assert_true(used(file));
		assert_fails(unlink(file), EPERM);
		assert_ok(swapoff(file));
	}
	assert_false(used("/file"));
	/* Nobody holds it. */
	assert_ok(truncate(file, 1));
	assert_ok(unlink(file));
	assert_string_equal(names_in(back), "");
}

int main(void)
{
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct CMUnitTest tests[KINDS];

	umask(0022);
	for (size_t i = 0; i < KINDS; i++)
		tests[i] = (struct CMUnitTest){
			strdup(fmt("%s: %s", backing_name(kinds[i].backing), kinds[i].test)),
			swapped_to, NULL, end_test, (void *)&kinds[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
