// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options of our mount that say when reading sets an access time, against a
 * bind mount with the same options. Without fuse_bpf_atime_due() those of the
 * backing mount count: a read-only mount of ours and one with noatime change
 * times below, and with strictatime a second read does not.
 */
#include "twin.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>

/* Reads a byte, by read(2) or from a mapping that is made for it. */
static void read_file(const char *path)
{
	int fd = must(open(path, O_RDONLY));
	char c;

	assert_int_equal(must(read(fd, &c, 1)), 1);
	must(close(fd));
}

static void map_file(const char *path)
{
	int fd = must(open(path, O_RDONLY));
	char *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(map[0], 'x');
	must(munmap(map, 1));
	must(close(fd));
}

static void splice_file(const char *path)
{
	int fd = must(open(path, O_RDONLY)), ends[2];

	must(pipe(ends));
	assert_int_equal(must(splice(fd, NULL, ends[1], NULL, 1, 0)), 1);
	must(close(ends[0]));
	must(close(ends[1]));
	must(close(fd));
}

static void list_dir(const char *path)
{
	assert_string_equal(names_in(path), "inside");
}

static const struct {
	const char *name;
	void (*look)(const char *path);
} ways[] = {
	{ "f", read_file },
	{ "f", map_file },
	{ "f", splice_file },
	{ "d", list_dir },
};

static bool older(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* Longer than the kernel's clock of times takes to go on. */
static void wait_a_tick(void)
{
	const struct timespec pause = { 0, 30 * 1000 * 1000 };

	nanosleep(&pause, NULL);
}

/*
 * Three looks at NAME in @dir, which is @below in the backing filesystem: at one whose
 * atime is of long ago, at one that was looked at just now, and at one that was changed
 * since. A bit for each that set the atime.
 */
static unsigned int looks_that_count(const char *dir, int below, const char *name,
				     void (*look)(const char *path))
{
	const struct timespec ancient[2] = { { 1000, 0 }, { 0, UTIME_OMIT } };
	const struct timespec changed[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } };
	const char *path = strdup(fmt("%s/%s", dir, name));
	unsigned int counted = 0;

	must(utimensat(below, name, ancient, 0));
	for (int i = 0; i < 3; i++) {
		struct timespec before = stat_of(below, name).st_atim;

		wait_a_tick();
		if (i == 2) {
			must(utimensat(below, name, changed, 0));
			wait_a_tick();
		}
		look(path);
		if (older(before, stat_of(below, name).st_atim))
			counted |= 1 << i;
	}
	free((void *)path);
	return counted;
}

/* The looks that are to count at a file and at a directory, on both mounts. */
static void alike(struct twin *t, unsigned long flags, unsigned int of_file, unsigned int of_dir)
{
	put(t->u, "f", "x");
	must(mkdirat(t->u, "d", 0755));
	put(t->u, "d/inside", "x");
	mnt(t->under, tmp_path("ours"), "");
	must(mount(t->under, tmp_dir("bind"), NULL, MS_BIND, NULL));
	must(mount(NULL, tmp_path("ours"), NULL, MS_REMOUNT | MS_BIND | flags, NULL));
	must(mount(NULL, tmp_path("bind"), NULL, MS_REMOUNT | MS_BIND | flags, NULL));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		unsigned int expected = ways[i].look == list_dir ? of_dir : of_file;
		const char *name = ways[i].name;

		assert_int_equal(looks_that_count(tmp_path("bind"), t->u, name, ways[i].look), expected);
		assert_int_equal(looks_that_count(tmp_path("ours"), t->u, name, ways[i].look), expected);
	}
	umnt(tmp_path("ours"));
	must(umount(tmp_path("bind")));
}

enum { NONE = 0, OLD = 1, AGAIN = 2, CHANGED = 4, ALL = OLD | AGAIN | CHANGED };

static void by_default(struct twin *t)
{
	alike(t, MS_RELATIME, OLD | CHANGED, OLD | CHANGED);
}

static void strictatime(struct twin *t)
{
	alike(t, MS_STRICTATIME, ALL, ALL);
}

static void noatime(struct twin *t)
{
	alike(t, MS_NOATIME, NONE, NONE);
}

static void nodiratime(struct twin *t)
{
	alike(t, MS_RELATIME | MS_NODIRATIME, OLD | CHANGED, NONE);
}

static void read_only(struct twin *t)
{
	alike(t, MS_RDONLY | MS_RELATIME, NONE, NONE);
}

/* What its owner wants to be left alone is, whatever mount of ours it is seen through. */
static void noatime_of_the_backing_mount(struct twin *t)
{
	put(t->u, "f", "x");
	must(mount(t->under, tmp_dir("bind"), NULL, MS_BIND, NULL));
	must(mount(NULL, tmp_path("bind"), NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL));
	mnt(tmp_path("bind"), tmp_path("ours"), "");
	assert_int_equal(looks_that_count(tmp_path("ours"), t->u, "f", read_file), NONE);
	umnt(tmp_path("ours"));
	must(umount(tmp_path("bind")));
}

/* A file that is open already is under the options of now. */
static void changed_under_an_open_file(struct twin *t)
{
	const struct timespec ancient[2] = { { 1000, 0 }, { 0, UTIME_OMIT } };
	char c;
	int fd;

	put(t->u, "f", "x");
	mnt(t->under, tmp_path("ours"), "");
	fd = must(open(tmp_path("ours/f"), O_RDONLY));
	must(mount(NULL, tmp_path("ours"), NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL));
	must(utimensat(t->u, "f", ancient, 0));
	assert_int_equal(must(pread(fd, &c, 1, 0)), 1);
	assert_int_equal(stat_of(t->u, "f").st_atim.tv_sec, 1000);
	must(mount(NULL, tmp_path("ours"), NULL, MS_REMOUNT | MS_BIND | MS_RELATIME, NULL));
	assert_int_equal(must(pread(fd, &c, 1, 0)), 1);
	assert_true(stat_of(t->u, "f").st_atim.tv_sec > 1000);
	must(close(fd));
	umnt(tmp_path("ours"));
}

static const struct twin_test tests[] = {
	TWIN_TEST(by_default),
	TWIN_TEST(strictatime),
	TWIN_TEST(noatime),
	TWIN_TEST(nodiratime),
	TWIN_TEST(read_only),
	TWIN_TEST(noatime_of_the_backing_mount),
	TWIN_TEST(changed_under_an_open_file),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4);
}
