// SPDX-License-Identifier: GPL-2.0-only
/* Names and what they name: every kind of file, links, renames, listings. */
#include "twin.h"

#include <dirent.h>
#include <linux/fs.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static void identity(struct twin *t)
{
	put(t->o, "f", "x");
	must(mkdirat(t->o, "d", 0755));
	must(symlinkat("f", t->o, "l"));
	same_stat(t, "f");
	same_stat(t, "d");
	same_stat(t, "l");
	same_stat(t, ".");
	assert_int_equal(stat_of(t->o, "f").st_dev, stat_of(t->o, "d").st_dev);
	assert_int_not_equal(stat_of(t->o, "f").st_dev, stat_of(t->u, "f").st_dev);
}

static void hard_links_are_one_inode(struct twin *t)
{
	put(t->o, "a", "text");
	must(linkat(t->o, "a", t->o, "b", 0));
	must(linkat(t->u, "a", t->u, "c", 0));
	assert_int_equal(stat_of(t->o, "a").st_nlink, 3);
	assert_int_equal(stat_of(t->o, "c").st_ino, stat_of(t->u, "a").st_ino);
	must(fchmodat(t->o, "b", 0600, 0));
	assert_int_equal(stat_of(t->o, "c").st_mode, S_IFREG | 0600);
	must(unlinkat(t->o, "a", 0));
	absent(t, "a");
	assert_int_equal(stat_of(t->o, "b").st_nlink, 2);
	holds(t->u, "c", "text");
	assert_fails(linkat(t->o, "b", t->o, "c", 0), EEXIST);
	assert_fails(linkat(t->o, "none", t->o, "d", 0), ENOENT);
	assert_fails(linkat(t->o, "b", t->u, "d", 0), EXDEV);
	assert_fails(linkat(t->u, "b", t->o, "d", 0), EXDEV);
	must(mkdirat(t->o, "dir", 0755));
	assert_fails(linkat(t->o, "dir", t->o, "d", 0), EPERM);
	absent(t, "d");
}

static void symlinks(struct twin *t)
{
	char target[4096], got[4096];

	put(t->o, "f", "text");
	must(symlinkat("f", t->o, "l"));
	must(symlinkat("l", t->u, "ll"));
	holds(t->o, "ll", "text");
	assert_int_equal(must(readlinkat(t->u, "l", got, sizeof(got))), 1);
	assert_int_equal(must(readlinkat(t->o, "ll", got, sizeof(got))), 1);
	assert_int_equal(got[0], 'l');
	memset(target, 'x', sizeof(target));
	target[4095] = 0;
	assert_int_equal(outcome(symlinkat(target, t->o, "longest")),
			 outcome(symlinkat(target, t->u, "as long")));
	target[1000] = 0;
	must(symlinkat(target, t->o, "long"));
	assert_int_equal(must(readlinkat(t->o, "long", got, sizeof(got))), 1000);
	assert_memory_equal(got, target, 1000);
	assert_int_equal(must(readlinkat(t->o, "long", got, 10)), 10);
	must(symlinkat("loop", t->o, "loop"));
	assert_fails(openat(t->o, "loop", O_RDONLY), ELOOP);
	assert_fails(openat(t->o, "l", O_RDONLY | O_NOFOLLOW), ELOOP);
	assert_fails(readlinkat(t->o, "f", got, sizeof(got)), EINVAL);
	assert_fails(symlinkat("x", t->o, "l"), EEXIST);
	must(symlinkat("none", t->o, "dangling"));
	assert_fails(openat(t->o, "dangling", O_RDONLY), ENOENT);
	must(close(must(openat(t->o, "dangling", O_WRONLY | O_CREAT, 0644))));
	assert_int_equal(stat_of(t->u, "none").st_size, 0);
	same_stat(t, "long");
}

static void unlinked_but_open(struct twin *t)
{
	char c;
	int fd;

	put(t->o, "f", "still here");
	fd = must(openat(t->o, "f", O_RDWR));
	must(unlinkat(t->o, "f", 0));
	absent(t, "f");
	assert_int_equal(must(pread(fd, &c, 1, 6)), 1);
	assert_int_equal(c, 'h');
	must(ftruncate(fd, 3));
	assert_int_equal(stat_of(fd, "").st_size, 3);
	assert_int_equal(stat_of(fd, "").st_nlink, 0);
	must(fchmod(fd, 0600));
	put(t->o, "f", "another");
	assert_int_not_equal(stat_of(t->o, "f").st_ino, stat_of(fd, "").st_ino);
	must(unlinkat(t->u, "f", 0));
	absent(t, "f");
	must(mkdirat(t->o, "d", 0755));
	fd = must(openat(t->o, "d", O_RDONLY));
	must(unlinkat(t->o, "d", AT_REMOVEDIR));
	assert_fails(openat(fd, "x", O_WRONLY | O_CREAT, 0644), ENOENT);
	assert_fails(mkdirat(fd, "x", 0755), ENOENT);
}

static void renamed_while_open(struct twin *t)
{
	const char *link;
	char path[256] = "";
	int fd;

	put(t->o, "f", "text");
	fd = must(openat(t->o, "f", O_RDWR));
	must(renameat(t->o, "f", t->o, "g"));
	absent(t, "f");
	must(pwrite(fd, "T", 1, 0));
	holds(t->u, "g", "Text");
	link = fmt("/proc/self/fd/%d", fd);
	must(readlink(link, path, sizeof(path) - 1));
	assert_string_equal(path, over(t, "g"));
	put(t->o, "h", "other");
	must(renameat(t->o, "g", t->o, "h"));
	absent(t, "g");
	holds(t->o, "h", "Text");
	holds(t->u, "h", "Text");
	assert_fails(renameat(t->o, "h", t->u, "h"), EXDEV);
}

static void rename_flags(struct twin *t)
{
	put(t->o, "a", "A");
	put(t->o, "b", "B");
	must(mkdirat(t->o, "d", 0755));
	put(t->o, "d/x", "X");
	assert_fails(renameat2(t->o, "a", t->o, "b", RENAME_NOREPLACE), EEXIST);
	holds(t->u, "b", "B");
	must(renameat2(t->o, "a", t->o, "c", RENAME_NOREPLACE));
	absent(t, "a");
	must(renameat2(t->o, "b", t->o, "c", RENAME_EXCHANGE));
	holds(t->o, "b", "A");
	holds(t->u, "c", "B");
	must(renameat2(t->o, "b", t->o, "d", RENAME_EXCHANGE));
	holds(t->u, "d", "A");
	holds(t->o, "b/x", "X");
	assert_fails(renameat2(t->o, "b", t->o, "none", RENAME_EXCHANGE), ENOENT);
	assert_fails(renameat2(t->o, "b", t->o, "c", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL);
	assert_fails(renameat2(t->o, "b", t->o, "c", 1 << 8), EINVAL);
	must(mkdirat(t->o, "b/sub", 0755));
	assert_fails(renameat(t->o, "b", t->o, "b/sub/b"), EINVAL);
	must(mkdirat(t->o, "full", 0755));
	put(t->o, "full/x", "x");
	assert_fails(renameat(t->o, "b", t->o, "full"), ENOTEMPTY);
	assert_fails(renameat(t->o, "b", t->o, "c"), ENOTDIR);
	assert_fails(renameat(t->o, "c", t->o, "b"), EISDIR);
	holds(t->u, "b/x", "X");
	must(unlinkat(t->o, "full/x", 0));
	must(renameat(t->o, "b", t->o, "full"));
	holds(t->u, "full/x", "X");
	absent(t, "b");
}

static void whiteout(struct twin *t)
{
	struct stat st;

	put(t->o, "a", "A");
	must(renameat2(t->o, "a", t->o, "b", RENAME_WHITEOUT));
	holds(t->u, "b", "A");
	st = stat_of(t->o, "a");
	assert_int_equal(st.st_mode & S_IFMT, S_IFCHR);
	assert_int_equal(st.st_rdev, 0);
	same_stat(t, "a");
}

static void nodes(struct twin *t)
{
	must(mknodat(t->o, "fifo", S_IFIFO | 0622, 0));
	must(mknodat(t->o, "null", S_IFCHR | 0666, makedev(1, 3)));
	must(mknodat(t->o, "disk", S_IFBLK | 0600, makedev(7, 200)));
	must(mknodat(t->o, "file", S_IFREG | 0640, 0));
	must(mknodat(t->o, "sock", S_IFSOCK | 0644, 0));
	for (const char *const *name = (const char *[]){ "fifo", "null", "disk", "file", "sock", NULL };
	     *name; name++)
		same_stat(t, *name);
	assert_int_equal(stat_of(t->u, "null").st_rdev, makedev(1, 3));
	assert_int_equal(stat_of(t->u, "fifo").st_mode, S_IFIFO | 0600);
	assert_fails(mknodat(t->o, "fifo", S_IFIFO | 0622, 0), EEXIST);
	assert_int_equal(must(write(must(openat(t->o, "null", O_RDWR)), "x", 1)), 1);
	assert_fails(openat(t->o, "sock", O_RDWR), ENXIO);
}

static void fifo_carries(struct twin *t)
{
	char c = 0;
	int r, w;

	must(mknodat(t->o, "fifo", S_IFIFO | 0600, 0));
	assert_fails(openat(t->o, "fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	r = must(openat(t->o, "fifo", O_RDONLY | O_NONBLOCK));
	w = must(openat(t->o, "fifo", O_WRONLY | O_NONBLOCK));
	must(write(w, "x", 1));
	assert_int_equal(must(read(r, &c, 1)), 1);
	assert_int_equal(c, 'x');
	must(unlinkat(t->o, "fifo", 0));
	absent(t, "fifo");
}

static void socket_listens(struct twin *t)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = must(socket(AF_UNIX, SOCK_STREAM, 0)), c = must(socket(AF_UNIX, SOCK_STREAM, 0));

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", t->over);
	must(bind(s, (struct sockaddr *)&at, sizeof(at)));
	must(listen(s, 1));
	same_stat(t, "s");
	must(connect(c, (struct sockaddr *)&at, sizeof(at)));
	assert_fails(bind(must(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&at, sizeof(at)),
		     EADDRINUSE);
	must(unlink(at.sun_path));
	absent(t, "s");
}

static void temporary_files(struct twin *t)
{
	char path[64];
	int fd = must(openat(t->o, ".", O_TMPFILE | O_RDWR, 0640));

	must(write(fd, "nameless", 8));
	assert_int_equal(stat_of(fd, "").st_nlink, 0);
	assert_string_equal(names_in(t->under), "");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(linkat(AT_FDCWD, path, t->o, "named", AT_SYMLINK_FOLLOW));
	holds(t->u, "named", "nameless");
	assert_int_equal(stat_of(t->u, "named").st_mode, S_IFREG | 0640);
	assert_int_equal(stat_of(t->o, "named").st_ino, stat_of(fd, "").st_ino);
	must(pwrite(fd, "N", 1, 0));
	holds(t->o, "named", "Nameless");
	same_stat(t, "named");
	fd = must(openat(t->o, ".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
	assert_fails(linkat(fd, "", t->o, "other", AT_EMPTY_PATH), ENOENT);
	absent(t, "other");
}

static void long_names(struct twin *t)
{
	char name[257];

	memset(name, 'n', sizeof(name));
	name[256] = 0;
	assert_fails(openat(t->o, name, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
	assert_fails(mkdirat(t->o, name, 0755), ENAMETOOLONG);
	name[255] = 0;
	put(t->o, name, "long");
	holds(t->u, name, "long");
	assert_string_equal(names_in(t->over), name);
	must(renameat(t->o, name, t->o, name + 1));
	holds(t->u, name + 1, "long");
	must(unlinkat(t->o, name + 1, 0));
	absent(t, name + 1);
}

/* A file for every byte that a name may have, as its first and as its last. */
static void every_byte(struct twin *t)
{
	char *listed;

	for (int c = 1; c < 256; c++) {
		char first[3] = { c, 'n', 0 }, last[3] = { 'n', c, 0 };

		if (c == '/')
			continue;
		put(t->o, first, first);
		holds(t->u, first, first);
		must(renameat(t->u, first, t->u, last));
		holds(t->o, last, first);
	}
	listed = strdup(names_in(t->over));
	assert_string_equal(listed, names_in(t->under));
	assert_int_equal(strlen(listed), 3 * 254 - 1);
	free(listed);
}

static void directories(struct twin *t)
{
	must(mkdirat(t->o, "d", 0755));
	assert_fails(mkdirat(t->o, "d", 0755), EEXIST);
	assert_fails(mkdirat(t->o, "none/d", 0755), ENOENT);
	put(t->o, "d/f", "x");
	assert_fails(unlinkat(t->o, "d", AT_REMOVEDIR), ENOTEMPTY);
	assert_fails(unlinkat(t->o, "d", 0), EISDIR);
	assert_fails(unlinkat(t->o, "d/f", AT_REMOVEDIR), ENOTDIR);
	assert_fails(unlinkat(t->o, "d/.", AT_REMOVEDIR), EINVAL);
	assert_int_equal(stat_of(t->o, ".").st_nlink, stat_of(t->u, ".").st_nlink);
	must(unlinkat(t->o, "d/f", 0));
	must(unlinkat(t->o, "d", AT_REMOVEDIR));
	absent(t, "d");
	same_stat(t, ".");
}

#define MANY	3000

struct entry {
	ino_t ino;
	int type;
	long at;
};

/* Lists a directory of MANY files named by their numbers. */
static void list(const char *path, struct entry *entries)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	long at;
	int n = 0;

	assert_non_null(dir);
	memset(entries, 0, MANY * sizeof(*entries));
	for (at = telldir(dir); (d = readdir(dir)); at = telldir(dir)) {
		struct entry *e = &entries[atoi(d->d_name)];

		if (d->d_name[0] == '.')
			continue;
		assert_int_equal(e->ino, 0);	/* no name twice */
		*e = (struct entry){ d->d_ino, d->d_type, at };
		n++;
	}
	assert_int_equal(n, MANY);
	/* Back to where a name was: the same name comes again. */
	for (int i = 0; i < MANY; i += 97) {
		seekdir(dir, entries[i].at);
		d = readdir(dir);
		assert_non_null(d);
		assert_int_equal(atoi(d->d_name), i);
	}
	rewinddir(dir);
	assert_non_null(readdir(dir));
	closedir(dir);
}

static void large_directory(struct twin *t)
{
	static struct entry o[MANY], u[MANY];

	for (int i = 0; i < MANY; i++)
		must(mknodat(i % 2 ? t->o : t->u, fmt("%d", i), (i % 3 ? S_IFREG : S_IFIFO) | 0644, 0));
	list(t->over, o);
	list(t->under, u);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(o[i].ino, u[i].ino);
		assert_int_equal(o[i].type, u[i].type);
		assert_int_equal(o[i].at, u[i].at);
	}
	for (int i = 0; i < MANY; i++)
		must(unlinkat(i % 2 ? t->u : t->o, fmt("%d", i), 0));
	assert_string_equal(names_in(t->over), "");
}

/* Removing what readdir gave while going on reading: nothing is left out. */
static void removal_while_listing(struct twin *t)
{
	struct dirent *d;
	DIR *dir;

	for (int i = 0; i < 500; i++)
		put(t->u, fmt("%d", i), "");
	dir = opendir(t->over);
	assert_non_null(dir);
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			must(unlinkat(t->o, d->d_name, 0));
	closedir(dir);
	assert_string_equal(names_in(t->under), "");
}

static const struct twin_test tests[] = {
	TWIN_TEST(identity),
	TWIN_TEST(hard_links_are_one_inode),
	TWIN_TEST(symlinks),
	TWIN_TEST(unlinked_but_open),
	TWIN_TEST(renamed_while_open),
	TWIN_TEST(rename_flags),
	TWIN_TEST(whiteout),
	TWIN_TEST(nodes),
	TWIN_TEST(fifo_carries),
	TWIN_TEST(socket_listens),
	TWIN_TEST(temporary_files),
	TWIN_TEST(long_names),
	TWIN_TEST(every_byte),
	TWIN_TEST(directories),
	TWIN_TEST(large_directory),
	TWIN_TEST(removal_while_listing),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
