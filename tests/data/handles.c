// SPDX-License-Identifier: GPL-2.0-only
/*
 * File handles: what one leads to, whatever became of its name and of the caches,
 * and what it must not lead to. Without the adoption in fuse_bpf_obtain() the
 * first use of a handle after the caches were dropped oopses.
 */
#include "twin.h"

#include <sys/mount.h>

struct handle {
	struct file_handle h;
	unsigned char bytes[MAX_HANDLE_SZ];	/* h.f_handle, which has no bound of its own */
};

static int try_handle(int dir, const char *name, struct handle *handle)
{
	int mount_id;

	handle->h.handle_bytes = MAX_HANDLE_SZ;
	return name_to_handle_at(dir, name, &handle->h, &mount_id, 0);
}

static struct handle handle_of(int dir, const char *name)
{
	struct handle handle;

	must(try_handle(dir, name, &handle));
	return handle;
}

static int open_handle(int mount, struct handle *handle, int flags)
{
	return open_by_handle_at(mount, &handle->h, flags);
}

/*
 * So that a handle finds no dentry of its file; the directories that are held stay.
 * More than once: what was used lately is passed over the first time, and what is
 * below stays as long as what is above.
 */
static void forget_names(void)
{
	int fd = must(open("/proc/sys/vm/drop_caches", O_WRONLY));

	for (int i = 0; i < 4; i++)
		assert_int_equal(write(fd, "2", 1), 1);
	must(close(fd));
}

static void same_file(int fd, int dir, const char *name)
{
	struct stat a, b = stat_of(dir, name);

	must(fstat(fd, &a));
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_dev, b.st_dev);
}

static void leads_to_a_file(struct twin *t)
{
	struct handle h;
	char text[8] = "";
	int fd;

	put(t->o, "f", "text");
	h = handle_of(t->o, "f");
	forget_names();
	fd = must(open_handle(t->o, &h, O_RDWR));
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_string_equal(text, "text");
	assert_int_equal(pwrite(fd, "T", 1, 0), 1);
	holds(t->u, "f", "Text");
	same_file(fd, t->o, "f");
	must(close(fd));
}

static void leads_to_it_under_another_name(struct twin *t)
{
	struct handle h;
	int fd;

	put(t->o, "f", "text");
	must(mkdirat(t->o, "d", 0755));
	h = handle_of(t->o, "f");
	must(renameat(t->o, "f", t->o, "d/g"));
	forget_names();
	fd = must(open_handle(t->o, &h, O_RDONLY));
	same_file(fd, t->o, "d/g");
	must(close(fd));
	must(renameat(t->u, "d/g", t->u, "h"));
	forget_names();
	fd = must(open_handle(t->o, &h, O_RDONLY));
	same_file(fd, t->o, "h");
	must(close(fd));
}

static void leads_to_nothing_once_it_is_gone(struct twin *t)
{
	struct handle h;
	int fd;

	put(t->o, "f", "text");
	h = handle_of(t->o, "f");
	fd = must(openat(t->o, "f", O_RDONLY));
	must(unlinkat(t->o, "f", 0));
	must(close(fd));
	forget_names();
	assert_fails(open_handle(t->o, &h, O_RDONLY), ESTALE);

	put(t->o, "g", "text");
	h = handle_of(t->o, "g");
	must(unlinkat(t->u, "g", 0));
	forget_names();
	assert_fails(open_handle(t->o, &h, O_RDONLY), ESTALE);
}

static void leads_to_a_directory_in_its_place(struct twin *t)
{
	char path[200], link[64];
	struct handle h;
	int fd;

	must(mkdirat(t->o, "a", 0755));
	must(mkdirat(t->o, "a/b", 0755));
	must(mkdirat(t->o, "a/b/c", 0755));
	put(t->o, "a/b/c/f", "text");
	h = handle_of(t->o, "a/b/c");
	forget_names();
	fd = must(open_handle(t->o, &h, O_RDONLY | O_DIRECTORY));
	holds(fd, "f", "text");
	same_file(fd, t->o, "a/b/c");
	/* Not a nameless one beside it: it is found under its name. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	path[must(readlink(link, path, sizeof(path) - 1))] = 0;
	assert_string_equal(path, over(t, "a/b/c"));
	same_file(must(openat(fd, "..", O_RDONLY | O_DIRECTORY)), t->o, "a/b");
	/* What is made in it is there by name. */
	put(fd, "g", "new");
	holds(t->u, "a/b/c/g", "new");
}

/* A second handle, and a lookup, find the dentry that the first one made. */
static void leads_to_one_dentry(struct twin *t)
{
	struct handle h;
	int one, two;

	must(mkdirat(t->o, "d", 0755));
	h = handle_of(t->o, "d");
	forget_names();
	one = must(open_handle(t->o, &h, O_PATH));
	two = must(open_handle(t->o, &h, O_PATH));
	same_file(one, t->o, "d");
	same_file(two, t->o, "d");
	must(renameat(t->o, "d", t->o, "e"));
	same_file(one, t->o, "e");
	put(one, "f", "x");
	holds(t->u, "e/f", "x");
	must(unlinkat(t->o, "e/f", 0));
	must(unlinkat(t->o, "e", AT_REMOVEDIR));
	absent(t, "e");
}

static void works_for_every_kind(struct twin *t)
{
	char target[8];
	struct handle h;
	struct stat st;
	int fd;

	must(symlinkat("to", t->o, "l"));
	must(mknodat(t->o, "p", S_IFIFO | 0600, 0));
	h = handle_of(t->o, "l");
	forget_names();
	fd = must(open_handle(t->o, &h, O_PATH | O_NOFOLLOW));
	assert_int_equal(readlinkat(fd, "", target, sizeof(target)), 2);
	h = handle_of(t->o, "p");
	forget_names();
	fd = must(open_handle(t->o, &h, O_PATH));
	must(fstat(fd, &st));
	assert_true(S_ISFIFO(st.st_mode));
}

/*
 * The first word of a handle of ours is ours. With another in front of a handle
 * from below, a caller could ask for any directory of the backing filesystem.
 */
static void leads_nowhere_outside(struct twin *t)
{
	struct handle ours, theirs, forged;
	int up = must(openat(t->u, "../..", O_RDONLY | O_DIRECTORY));

	must(mkdirat(t->o, "d", 0755));
	ours = handle_of(t->o, "d");
	theirs = handle_of(t->u, "d");
	forged = ours;
	assert_int_equal(ours.h.handle_bytes, theirs.h.handle_bytes + 4);
	assert_memory_equal(ours.bytes + 4, theirs.bytes, theirs.h.handle_bytes);
	must(open_handle(t->o, &forged, O_PATH));

	theirs = handle_of(up, ".");
	assert_int_equal(ours.h.handle_bytes, theirs.h.handle_bytes + 4);
	memcpy(forged.bytes + 4, theirs.bytes, theirs.h.handle_bytes);
	assert_fails(open_handle(t->o, &forged, O_PATH), ESTALE);
}

static void garbage_is_refused(struct twin *t)
{
	/* The second byte is the backing filesystem's own type, and its to judge. */
	static const size_t at[] = { 0, 2, 3 };
	struct handle ours, bad;

	put(t->o, "f", "x");
	ours = handle_of(t->o, "f");
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		bad = ours;
		bad.bytes[at[i]] ^= 0x40;
		assert_fails(open_handle(t->o, &bad, O_PATH), ESTALE);
	}
	bad = ours;
	bad.h.handle_type ^= 1;
	assert_fails(open_handle(t->o, &bad, O_PATH), ESTALE);
	bad = ours;
	bad.h.handle_bytes = 4;
	assert_fails(open_handle(t->o, &bad, O_PATH), ESTALE);
	bad = ours;
	bad.h.handle_bytes = 0;
	assert_fails(open_handle(t->o, &bad, O_PATH), EINVAL);
	ours.h.handle_bytes = 4;
	assert_fails(name_to_handle_at(t->o, "f", &ours.h, &(int){ 0 }, 0), EOVERFLOW);
	assert_true(ours.h.handle_bytes > 4);
}

static const struct twin_test tests[] = {
	TWIN_TEST(leads_to_a_file),
	TWIN_TEST(leads_to_it_under_another_name),
	TWIN_TEST(leads_to_nothing_once_it_is_gone),
	TWIN_TEST(leads_to_a_directory_in_its_place),
	TWIN_TEST(leads_to_one_dentry),
	TWIN_TEST(works_for_every_kind),
	TWIN_TEST(leads_nowhere_outside),
	TWIN_TEST(garbage_is_refused),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4);
}
