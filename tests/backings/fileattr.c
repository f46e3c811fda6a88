// SPDX-License-Identifier: GPL-2.0-only
/*
 * file_getattr(2) and file_setattr(2), which go by name and so to pipes, devices and
 * symlinks, too. Some filesystems have attributes of those, and without fileattr_get
 * in our table for them the mount has none.
 */
#include "test.h"

#include <linux/fs.h>
#include <sys/syscall.h>

/* The headers of older kernels do not have them. */
#define GET_ATTR	468
#define SET_ATTR	469

struct attr {
	uint64_t xflags;
	uint32_t extsize, nextents, projid, cowextsize;
};

static enum backing kinds[] = { ON_TMPFS, ON_EXT4, ON_XFS, ON_BTRFS };

/* 0 or a negative errno. */
static int file_attr(int call, const char *path, struct attr *attr)
{
	return syscall(call, AT_FDCWD, path, attr, sizeof(*attr), AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

static int end_test(void **state)
{
	mnt_done();
	backings_done();
	return 0;
}

static void same_attributes(const char *ours, const char *below)
{
	struct attr o = {}, b = {};
	int got = file_attr(GET_ATTR, below, &b);

	assert_int_equal(file_attr(GET_ATTR, ours, &o), got);
	assert_memory_equal(&o, &b, sizeof(o));
}

/* Each file that a directory may have, each turn of a flag: what is said, and what it is then. */
static void of_every_kind(void **state)
{
	static const char *const names[] = { "file", "dir", "link", "pipe", "device" };
	const char *back, *view = tmp_path("view");
	struct attr attr;

	if (!backing_possible(*(enum backing *)*state))
		skip();
	back = backing_dir(*(enum backing *)*state, "back");
	mnt(back, view, "");
	file_write(fmt("%s/file", back), "text");
	assert_ok(mkdir(fmt("%s/dir", back), 0755));
	assert_ok(symlink("file", fmt("%s/link", back)));
	assert_ok(mknod(fmt("%s/pipe", back), S_IFIFO | 0644, 0));
	assert_ok(mknod(fmt("%s/device", back), S_IFCHR | 0644, 0x103));
	if (file_attr(GET_ATTR, fmt("%s/file", back), &attr) == -ENOSYS) {
		assert_int_equal(file_attr(GET_ATTR, fmt("%s/file", view), &attr), -ENOSYS);
		print_message("# this kernel has no file_getattr(2)\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *below = fmt("%s/%s", back, names[i]), *ours = fmt("%s/%s", view, names[i]);
		int before = 0;

		same_attributes(ours, below);
		/* On below, off and on through the mount, and off below. */
		for (int turn = 0; turn < 4; turn++) {
			int said;

			memset(&attr, 0, sizeof(attr));
			file_attr(GET_ATTR, below, &attr);
			attr.xflags ^= FS_XFLAG_NODUMP;
			said = file_attr(SET_ATTR, turn % 3 ? ours : below, &attr);
			if (turn)
				assert_int_equal(said, before);
			before = said;
			same_attributes(ours, below);
		}
	}
}

int main(void)
{
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct CMUnitTest tests[KINDS];

	umask(0022);
	for (size_t i = 0; i < KINDS; i++)
		tests[i] = (struct CMUnitTest){
			strdup(fmt("%s: of_every_kind", backing_name(kinds[i]))),
			of_every_kind, NULL, end_test, &kinds[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
