// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation of an operation fails once, the first, the second and so on,
 * until the operation succeeds: the caller gets an errno, what it did not get
 * done is not done, and the mount goes on as if nothing had been. A pointer
 * that is not looked at, or a lock kept on the way out, ends it.
 *
 * timeout: 900
 */
#include "twin.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "tree.h"

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/* No operation has as many allocations. */
#define MOST	1000

/* --- the kernel's fault injection ---------------------------------------------------- */

static int fail_nth = -1;	/* /proc/self/fail-nth */

static void write_to(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY));

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	must(close(fd));
}

/* Allocations that may wait fail too, and nothing is printed of it. */
static bool faults_ready(void)
{
	if (access(FAILSLAB "ignore-gfp-wait", W_OK) || access("/proc/self/fail-nth", W_OK)) {
		print_message("# this kernel has no failslab, or no /proc/self/fail-nth\n");
		return false;
	}
	write_to(FAILSLAB "ignore-gfp-wait", "N");
	write_to(FAILSLAB "verbose", "0");
	fail_nth = must(open("/proc/self/fail-nth", O_RDWR));
	return true;
}

/* The n-th allocation of this process from here on fails. */
static void fail_at(unsigned int n)
{
	const char *text = fmt("%u", n);

	assert_int_equal(pwrite(fail_nth, text, strlen(text), 0), strlen(text));
}

/* No more; whether one has failed. */
static bool has_failed(void)
{
	char text[16] = "";

	must(pread(fail_nth, text, sizeof(text) - 1, 0));
	fail_at(0);
	return !atoi(text);
}

/* --- operations on a directory with a file, a directory and a link in it ----------------- */

static int op_stat(int dir)	{ struct stat st; return fstatat(dir, "f", &st, 0); }
static int op_absent(int dir)	{ return faccessat(dir, "none", F_OK, 0) && errno == ENOENT ? 0 : -1; }
static int op_readlink(int dir)	{ char to[8]; return readlinkat(dir, "l", to, sizeof(to)) < 0 ? -1 : 0; }
static int op_mkdir(int dir)	{ return mkdirat(dir, "new", 0755); }
static int op_mknod(int dir)	{ return mknodat(dir, "new", S_IFIFO | 0644, 0); }
static int op_symlink(int dir)	{ return symlinkat("to", dir, "new"); }
static int op_link(int dir)	{ return linkat(dir, "f", dir, "new", 0); }
static int op_rename(int dir)	{ return renameat(dir, "f", dir, "new"); }
static int op_replace(int dir)	{ return renameat(dir, "f", dir, "l"); }
static int op_unlink(int dir)	{ return unlinkat(dir, "f", 0); }
static int op_rmdir(int dir)	{ return unlinkat(dir, "d", AT_REMOVEDIR); }
static int op_chmod(int dir)	{ return fchmodat(dir, "f", 0600, 0); }
static int op_chown(int dir)	{ return fchownat(dir, "f", 1000, 1000, 0); }

static int opened(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int op_open(int dir)	{ return opened(openat(dir, "f", O_RDONLY)); }
static int op_create(int dir)	{ return opened(openat(dir, "new", O_WRONLY | O_CREAT | O_EXCL, 0644)); }
static int op_tmpfile(int dir)	{ return opened(openat(dir, ".", O_RDWR | O_TMPFILE, 0644)); }

/* What is done with an open file, which is closed without a change of errno. */
static int with_file(int dir, const char *name, int flags, long (*use)(int fd))
{
	int fd = openat(dir, name, flags), err;
	long ret;

	if (fd < 0)
		return -1;
	ret = use(fd);
	err = errno;
	close(fd);
	errno = err;
	return ret < 0 ? -1 : 0;
}

static long use_read(int fd)	{ char text[8]; return read(fd, text, sizeof(text)); }
static long use_write(int fd)	{ return pwrite(fd, "text", 4, 0); }
static long use_truncate(int fd) { return ftruncate(fd, 4); }
static long use_statfs(int fd)	{ struct statfs st; return fstatfs(fd, &st); }
static long use_list(int fd)	{ char entries[512]; return getdents64(fd, entries, sizeof(entries)); }
static long use_getxattr(int fd) { char x[8]; return fgetxattr(fd, "user.x", x, 8) < 0 && errno != ENODATA ? -1 : 0; }
static long use_listxattr(int fd) { char x[64]; return flistxattr(fd, x, sizeof(x)); }

static long use_mapping(int fd)
{
	char *at = mmap(NULL, 4, PROT_READ, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? -1 : munmap(at, 4);
}

static long use_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK };

	return fcntl(fd, F_SETLK, &lock);
}

static int op_read(int dir)	{ return with_file(dir, "f", O_RDONLY, use_read); }
static int op_write(int dir)	{ return with_file(dir, "f", O_RDWR, use_write); }
static int op_truncate(int dir)	{ return with_file(dir, "f", O_RDWR, use_truncate); }
static int op_statfs(int dir)	{ return with_file(dir, "f", O_RDONLY, use_statfs); }
static int op_list(int dir)	{ return with_file(dir, ".", O_RDONLY | O_DIRECTORY, use_list); }
static int op_getxattr(int dir)	{ return with_file(dir, "f", O_RDONLY, use_getxattr); }
static int op_listxattr(int dir) { return with_file(dir, "f", O_RDONLY, use_listxattr); }
static int op_map(int dir)	{ return with_file(dir, "f", O_RDONLY, use_mapping); }
static int op_lock(int dir)	{ return with_file(dir, "f", O_RDWR, use_lock); }

#define BEFORE	"d f l"

static const struct op {
	const char *name;
	int (*run)(int dir);
	const char *after;	/* the names there when it has succeeded */
	/* Made below, the entry stays there although we had no memory to show it. */
	bool makes;
} ops[] = {
#define LOOKS(what)	{ #what, op_##what, BEFORE, false }
#define MAKES(what)	{ #what, op_##what, "d f l new", true }
#define MOVES(what, after) { #what, op_##what, after, false }
	LOOKS(stat), LOOKS(absent), LOOKS(readlink), LOOKS(open), LOOKS(read), LOOKS(write), LOOKS(truncate),
	LOOKS(map), LOOKS(lock), LOOKS(list), LOOKS(statfs), LOOKS(getxattr), LOOKS(listxattr), LOOKS(chmod),
	LOOKS(chown), LOOKS(tmpfile),
	MAKES(create), MAKES(mkdir), MAKES(mknod), MAKES(symlink), MAKES(link),
	MOVES(rename, "d l new"), MOVES(replace, "d l"), MOVES(unlink, "d l"), MOVES(rmdir, "f l"),
};

/* --- each of them ------------------------------------------------------------------------ */

/* Names of its own for each try: nothing of them is in memory. */
static void lay_out(struct twin *t, const char *name)
{
	int dir;

	must(mkdirat(t->u, name, 0755));
	dir = must(openat(t->u, name, O_RDONLY | O_DIRECTORY));
	put(dir, "f", "text");
	must(mkdirat(dir, "d", 0755));
	must(symlinkat("to", dir, "l"));
	must(close(dir));
}

static void check_names(struct twin *t, const struct op *op, const char *name, unsigned int n, bool done)
{
	const char *names = names_in(under(t, name));

	if (strcmp(names, done ? op->after : BEFORE) && (done || !op->makes || strcmp(names, op->after)))
		fail_msg("%s, failing allocation %u: %s, and there is \"%s\"", op->name, n,
			 done ? "success" : "an error", names);
	if (tree_compare(under(t, name), over(t, name), TREE_VIEWS, stdout).differences)
		fail_msg("%s, failing allocation %u: the mount shows something else", op->name, n);
}

/* False: it needed fewer than n allocations. */
static bool fails_well(struct twin *t, const struct op *op, unsigned int n)
{
	char name[32];
	int dir, ret, err;
	bool failed;

	snprintf(name, sizeof(name), "%d-%u", (int)(op - ops), n);
	lay_out(t, name);
	dir = must(openat(t->o, name, O_RDONLY | O_DIRECTORY));
	fail_at(n);
	ret = op->run(dir);
	err = errno;
	failed = has_failed();
	/*
	 * ENOLCK is what the kernel makes of it where there is no memory for a lock,
	 * ENOSPC what tmpfs does where there is none for an inode.
	 */
	if (ret && (!failed || (err != ENOMEM && err != ENOLCK && err != ENOSPC)))
		fail_msg("%s, %s allocation %u: %s", op->name, failed ? "failing" : "with less than", n, strerror(err));
	check_names(t, op, name, n, !ret);
	/* Now it works, if it has not already. */
	if (ret && op->run(dir) && !(op->makes && errno == EEXIST))
		fail_msg("%s, after failing allocation %u: %m", op->name, n);
	check_names(t, op, name, n, true);
	must(close(dir));
	return failed;
}

static void operations(struct twin *t)
{
	unsigned int n, all = 0;

	if (!faults_ready())
		skip();
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		for (n = 1; fails_well(t, &ops[i], n); n++)
			assert_true(n < MOST);
		/* There is at least the path and what our own objects need. */
		all += n - 1;
	}
	print_message("# %u allocations\n", all);
	assert_true(all > sizeof(ops) / sizeof(ops[0]));
}

static void mount_and_umount(struct twin *t)
{
	char *at = strdup(tmp_dir("again")), *source = strdup(t->under);
	const char *options = t->world == TWIN_NOP ? "ops=nop" : NULL;
	size_t mounts = mnt_count();
	unsigned int n = 0;
	bool failed;

	if (!faults_ready())
		skip();
	put(t->u, "f", "text");
	do {
		fail_at(++n);
		if (!mount(source, at, "fuse_bpf", 0, options)) {
			failed = has_failed();
			holds(AT_FDCWD, fmt("%s/f", at), "text");
		} else {
			/* EINVAL is what the kernel makes of it when it clones the source's mount. */
			assert_true(errno == ENOMEM || errno == EINVAL);
			failed = has_failed();
			assert_true(failed);
			assert_int_equal(mnt_count(), mounts);
			must(mount(source, at, "fuse_bpf", 0, options));
		}
		fail_at(n);
		if (umount(at)) {
			assert_int_equal(errno, ENOMEM);
			assert_true(has_failed());
			holds(AT_FDCWD, fmt("%s/f", at), "text");
			must(umount(at));
		}
		fail_at(0);
		assert_int_equal(mnt_count(), mounts);
		assert_true(n < MOST);
	} while (failed);
	print_message("# %u allocations\n", n - 1);
	free(at);
	free(source);
}

static void attach(struct twin *t)
{
	struct set *set;
	unsigned int n = 0;
	bool failed;
	int ret;

	if (!faults_ready())
		skip();
	set = set_open("nop", NULL, "faulty");
	set_load(set);
	do {
		fail_at(++n);
		ret = set_try_attach(set);
		failed = has_failed();
		if (ret) {
			assert_int_equal(ret, -ENOMEM);
			assert_true(failed);
			assert_true(ops_gone("faulty"));
			set_attach(set);
		}
		assert_string_equal(ops_get("faulty").state, "live");
		assert_int_equal(bpf_link__destroy(set->link), 0);
		set->link = NULL;
		assert_true(wait_for(SOON, ops_gone, "faulty"));
		assert_true(n < MOST);
	} while (failed);
	print_message("# %u allocations\n", n - 1);
	set_free(set);
}

/* kmemleak says nothing of what is younger. */
#define LEAK_AGE_MS	5000

static bool old_enough(void *since)
{
	return now_ms() - *(uint64_t *)since > LEAK_AGE_MS;
}

static void nothing_leaked(struct twin *t)
{
	static char found[65536];
	int fd = open(KMEMLEAK, O_RDWR);
	uint64_t start = now_ms();
	ssize_t len, used = 0;

	if (fd < 0) {
		print_message("# this kernel has no kmemleak\n");
		skip();
	}
	assert_true(wait_for(2 * LEAK_AGE_MS, old_enough, &start));
	/* It takes two looks to be sure. */
	assert_int_equal(write(fd, "scan", 4), 4);
	assert_int_equal(write(fd, "scan", 4), 4);
	while ((len = read(fd, found + used, sizeof(found) - 1 - used)) > 0)
		used += len;
	if (strstr(found, "fuse_bpf"))
		fail_msg("%s", found);
	must(close(fd));
}

static const struct twin_test tests[] = {
	TWIN_TEST(operations),
	TWIN_TEST(mount_and_umount),
	TWIN_TEST(attach),
	TWIN_TEST(nothing_leaked),
};

int main(void)
{
	/* Not over ext4, which reports a filesystem error where it has no memory itself. */
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_NOP);
}
