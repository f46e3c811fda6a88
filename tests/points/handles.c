// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dentry that is made for a file handle can be found before it has its backing dentry.
 * Without the adoption, by whoever is first, the second of them oopses or leaks one.
 */
#include "twin.h"

static struct twin *twin;

static struct {
	struct file_handle h;
	unsigned char bytes[MAX_HANDLE_SZ];
} handle;

static int opens_handle(void *flags)
{
	int fd = open_by_handle_at(twin->o, &handle.h, (long)flags);
	struct stat st;

	if (fd < 0)
		return errno;
	return fstat(fd, &st) ? errno : 0;
}

static int opens_dir(void *in)
{
	int fd = open_by_handle_at(twin->o, &handle.h, O_RDONLY | O_DIRECTORY);
	struct stat st;

	if (fd < 0)
		return errno;
	return fstatat(fd, in, &st, 0) ? errno : 0;
}

static int looks(void *name)
{
	struct stat st;

	return fstatat(twin->o, name, &st, 0) ? errno : 0;
}

/* d/f, and a handle of one of them, whose dentries have gone. */
static void lay_out(struct twin *t, const char *of)
{
	int mount_id;

	twin = t;
	must(mkdirat(t->o, "d", 0755));
	put(t->o, "d/f", "content");
	handle.h.handle_bytes = MAX_HANDLE_SZ;
	must(name_to_handle_at(t->o, of, &handle.h, &mount_id, 0));
	for (int i = 0; i < 4; i++)
		drop_caches();
}

static void file_found_by_name(struct twin *t)
{
	pid_t child;

	lay_out(t, "d/f");
	child = stop_at("handle:obtained", opens_handle, (void *)O_RDWR);
	assert_int_equal(goes_through(looks, "d/f"), 0);
	assert_int_equal(go_on("handle:obtained", child), 0);
	holds(t->o, "d/f", "content");
}

static void file_removed_underneath(struct twin *t)
{
	pid_t child;

	lay_out(t, "d/f");
	child = stop_at("handle:obtained", opens_handle, (void *)O_RDONLY);
	must(unlinkat(t->u, "d/f", 0));
	/* As natively: it was found, and an open file lives on. */
	assert_int_equal(go_on("handle:obtained", child), 0);
	absent(t, "d/f");
}

/* The lookup moves the dentry that has no name to its place, and gives it what it stands for. */
static void directory_found_by_name(struct twin *t)
{
	pid_t child;

	lay_out(t, "d");
	child = stop_at("handle:obtained", opens_dir, "f");
	assert_int_equal(goes_through(looks, "d/f"), 0);
	assert_int_equal(go_on("handle:obtained", child), 0);
	holds(t->o, "d/f", "content");
}

/* It has its name, and nothing that it stands for: a walker looks it up again. */
static void walker_behind_that_lookup(struct twin *t)
{
	pid_t child, lookup;

	lay_out(t, "d");
	child = stop_at("handle:obtained", opens_dir, "f");
	lookup = stop_at("lookup:spliced", looks, "d/f");
	assert_int_equal(goes_through(looks, "d/f"), 0);
	assert_int_equal(go_on("lookup:spliced", lookup), 0);
	assert_int_equal(go_on("handle:obtained", child), 0);
	same_stat(t, "d/f");
}

static void handle_before_that_lookup(struct twin *t)
{
	pid_t child, lookup;

	lay_out(t, "d");
	child = stop_at("handle:obtained", opens_dir, "f");
	lookup = stop_at("lookup:spliced", looks, "d/f");
	assert_int_equal(go_on("handle:obtained", child), 0);
	assert_int_equal(goes_through(looks, "d/f"), 0);
	assert_int_equal(go_on("lookup:spliced", lookup), 0);
	same_stat(t, "d/f");
}

/* Two of the same handle, the later one first. */
static void two_handles(struct twin *t)
{
	pid_t one, two;

	lay_out(t, "d");
	one = stop_at("handle:obtained", opens_dir, "f");
	two = stop_at("handle:obtained", opens_dir, "f");
	assert_int_equal(go_on("handle:obtained", two), 0);
	assert_int_equal(go_on("handle:obtained", one), 0);
	same_stat(t, "d/f");
}

static const struct twin_test tests[] = {
	TWIN_TEST(file_found_by_name),
	TWIN_TEST(file_removed_underneath),
	TWIN_TEST(directory_found_by_name),
	TWIN_TEST(walker_behind_that_lookup),
	TWIN_TEST(handle_before_that_lookup),
	TWIN_TEST(two_handles),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4 | TWIN_POINTS);
}
