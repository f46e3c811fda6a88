// SPDX-License-Identifier: GPL-2.0-only
/* Two mounts of one directory, a mount of a directory inside it, a mount on a mount: all show one truth. */
#include "twin.h"

#include <sys/file.h>
#include <sys/mman.h>

static int second;

/* Mounts t->under, or what is named, once more. */
static void mount_second(struct twin *t, const char *source)
{
	mnt(source, tmp_path("second"), t->world == TWIN_NOP ? "ops=nop" : "");
	second = must(open(tmp_path("second"), O_RDONLY));
}

static void umount_second(void)
{
	must(close(second));
	umnt(tmp_path("second"));
}

/* What is done through one side shows through the other. */
static void changes_show(int a, int b)
{
	struct stat st;
	int fa, fb;

	assert_fails(fstatat(b, "f", &st, 0), ENOENT);
	put(a, "f", "text");
	holds(b, "f", "text");
	assert_int_equal(stat_of(a, "f").st_ino, stat_of(b, "f").st_ino);
	fa = must(openat(a, "f", O_RDWR));
	fb = must(openat(b, "f", O_RDWR));
	must(pwrite(fa, "T", 1, 0));
	holds(b, "f", "Text");
	must(ftruncate(fb, 2));
	assert_int_equal(stat_of(a, "f").st_size, 2);
	assert_int_equal(must(lseek(fa, 0, SEEK_END)), 2);
	must(fchmodat(a, "f", 0600, 0));
	assert_int_equal(stat_of(b, "f").st_mode, S_IFREG | 0600);
	must(flock(fa, LOCK_EX));
	assert_fails(flock(fb, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	must(mkdirat(a, "d", 0755));
	must(renameat(b, "f", b, "d/f"));
	assert_fails(fstatat(a, "f", &st, 0), ENOENT);
	assert_int_equal(stat_of(a, "d/f").st_size, 2);
	must(unlinkat(a, "d/f", 0));
	assert_fails(fstatat(b, "d/f", &st, 0), ENOENT);
	assert_int_equal(must(pread(fb, &(char){ 0 }, 1, 0)), 1);
	must(unlinkat(b, "d", AT_REMOVEDIR));
	assert_fails(fstatat(a, "d", &st, 0), ENOENT);
	must(close(fa));
	must(close(fb));
}

static void two_mounts(struct twin *t)
{
	mount_second(t, t->under);
	changes_show(t->o, second);
	changes_show(second, t->o);
	changes_show(second, t->u);
	assert_string_equal(names_in(t->under), "");
	umount_second();
}

static void copies_between_mounts(struct twin *t)
{
	int from, to;
	char *a, *b;

	mount_second(t, t->under);
	put(t->o, "from", "copied");
	from = must(openat(t->o, "from", O_RDWR));
	to = must(openat(second, "to", O_RDWR | O_CREAT, 0644));
	assert_int_equal(must(copy_file_range(from, NULL, to, NULL, 6, 0)), 6);
	holds(t->u, "to", "copied");
	assert_fails(linkat(t->o, "from", second, "link", 0), EXDEV);
	assert_fails(renameat(t->o, "from", second, "link"), EXDEV);
	a = mapped(must(openat(t->o, "to", O_RDWR)), 6, PROT_READ | PROT_WRITE, MAP_SHARED);
	b = mapped(to, 6, PROT_READ | PROT_WRITE, MAP_SHARED);
	a[0] = 'C';
	assert_int_equal(b[0], 'C');
	munmap(b, 6);
	must(close(to));
	umount_second();
	holds(t->u, "to", "Copied");
}

static void mount_of_a_directory_inside(struct twin *t)
{
	must(mkdirat(t->u, "d", 0755));
	must(mkdirat(t->u, "d/in", 0755));
	mount_second(t, under(t, "d/in"));
	put(t->o, "d/in/f", "text");
	holds(second, "f", "text");
	must(renameat(t->o, "d", t->o, "e"));
	put(second, "g", "more");
	holds(t->o, "e/in/g", "more");
	/* Nothing above its root can be reached. */
	assert_int_equal(stat_of(second, "..").st_ino, stat_of(AT_FDCWD, tmp_path("")).st_ino);
	must(unlinkat(t->o, "e/in/f", 0));
	must(unlinkat(t->o, "e/in/g", 0));
	must(unlinkat(t->u, "e/in", AT_REMOVEDIR));
	assert_fails(openat(second, "f", O_WRONLY | O_CREAT, 0644), ENOENT);
	umount_second();
}

static void mount_on_a_mount(struct twin *t)
{
	mount_second(t, t->over);
	changes_show(t->o, second);
	changes_show(second, t->u);
	changes_show(t->u, second);
	put(second, "f", "through two");
	holds(t->u, "f", "through two");
	assert_int_equal(stat_of(second, "f").st_ino, stat_of(t->u, "f").st_ino);
	must(renameat(second, "f", second, "g"));
	absent(t, "f");
	holds(t->o, "g", "through two");
	/* Both superblocks are locked meanwhile, one of ours in the other. */
	must(syncfs(second));
	umount_second();
}

static const struct twin_test tests[] = {
	TWIN_TEST(two_mounts),
	TWIN_TEST(copies_between_mounts),
	TWIN_TEST(mount_of_a_directory_inside),
	TWIN_TEST(mount_on_a_mount),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
