// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that are opened, made and removed from several sides at once: what is
 * opened is whole, a lock file has one owner, and a tree that is taken away
 * underneath does not come back. chaos.c has the rest of the errors, walkers.c
 * the names that stay.
 *
 * timeout: 180
 */
#include "crowd.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/mman.h>

#include "tree.h"

#define SECONDS	4

static int second;	/* another mount's directory */

static void run_with_second(struct twin *t, const struct member *members, size_t n)
{
	const char *mount = tmp_path("second");

	mnt(t->under, mount, t->world == TWIN_NOP ? "ops=nop" : "");
	second = must(open(mount, O_RDONLY));
	crowd_run_for(SECONDS, t, members, n);
	must(close(second));
	umnt(mount);
}

#define WITH_SECOND(t, members) \
	run_with_second(t, members, sizeof(members) / sizeof((members)[0]))

static void same_tree(struct twin *t)
{
	assert_int_equal(tree_compare(t->under, t->over, TREE_VIEWS, stdout).differences, 0);
}

static bool one_of(const int *allowed)
{
	while (*allowed && *allowed != errno)
		allowed++;
	return *allowed;
}

/* Whether it worked; as it may fail natively, or with ESTALE: see docs/differences.md. */
static bool worked(const char *what, long result, const int *allowed)
{
	if (result >= 0)
		return true;
	if (!one_of(allowed))
		violated("%s: %s", what, strerror(errno));
	return false;
}

#define WORKED(call, ...)	worked(#call, call, (const int[]){ __VA_ARGS__, 0 })

/* --- unlink against open ----------------------------------------------------------- */

static const char whole[] = "whole";

/* The name comes with all of its content, and goes. */
static void come_and_go(int dir)
{
	const char *mine = fmt("mine-%u", member_number());
	const char *name = fmt("f%u", pick(2));
	int fd = surely(openat(dir, mine, O_WRONLY | O_CREAT | O_EXCL, 0644));

	surely(write(fd, whole, sizeof(whole)));
	surely(close(fd));
	if (!WORKED(renameat(dir, mine, dir, name), ESTALE))
		surely(unlinkat(dir, mine, 0));
	if (pick(2))
		WORKED(unlinkat(dir, name, 0), ENOENT, ESTALE);
}

static void come_and_go_over(struct twin *t)
{
	come_and_go(t->o);
}

static void come_and_go_under(struct twin *t)
{
	come_and_go(t->u);
}

static void open_whole(struct twin *t)
{
	const char *name = fmt("f%u", pick(2));
	int fd = openat(pick(2) ? t->o : second, name, O_RDWR);
	char text[16] = "";
	struct stat st;

	if (!worked("open", fd, (const int[]){ ENOENT, 0 }))
		return;
	if (surely(read(fd, text, sizeof(text))) != sizeof(whole) || strcmp(text, whole))
		violated("%s has \"%s\" in it", name, text);
	surely(fstat(fd, &st));
	if (st.st_size != sizeof(whole) || st.st_nlink > 1)
		violated("%s has %ld bytes and %lu names", name, (long)st.st_size, (unsigned long)st.st_nlink);
	/* Removed or not, it is this one's. */
	surely(pwrite(fd, whole, sizeof(whole), 0));
	surely(close(fd));
}

static void unlink_against_open(struct twin *t)
{
	static const struct member members[] = {
		{ "over", come_and_go_over },
		{ "under", come_and_go_under },
		{ "opener", open_whole },
		{ "opener", open_whole },
	};

	WITH_SECOND(t, members);
	same_tree(t);
}

/* --- create against create ----------------------------------------------------------- */

static struct lock {
	int owners;
	unsigned long taken;
} *lock;

static void take_lock(int dir)
{
	int fd = openat(dir, "lock", O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (!worked("take the lock", fd, (const int[]){ EEXIST, 0 }))
		return;
	if (__atomic_add_fetch(&lock->owners, 1, __ATOMIC_ACQ_REL) != 1)
		violated("two have the lock");
	lock->taken++;
	surely(write(fd, "taken", 5));
	surely(close(fd));
	__atomic_sub_fetch(&lock->owners, 1, __ATOMIC_ACQ_REL);
	surely(unlinkat(dir, "lock", 0));
}

static void take_over(struct twin *t)
{
	take_lock(t->o);
}

static void take_under(struct twin *t)
{
	take_lock(t->u);
}

static void take_second(struct twin *t)
{
	take_lock(second);
}

static void lock_file_has_one_owner(struct twin *t)
{
	static const struct member members[] = {
		{ "over", take_over },
		{ "under", take_under },
		{ "second", take_second },
	};

	lock = mmap(NULL, sizeof(*lock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(lock == MAP_FAILED ? -1 : 0);
	WITH_SECOND(t, members);
	assert_int_not_equal(lock->taken, 0);
	munmap(lock, sizeof(*lock));
	absent(t, "lock");
}

/* Without O_EXCL a name that somebody else made is opened, and is no error. */
static void open_or_create(int dir)
{
	int fd;

	if (!pick(3)) {
		WORKED(unlinkat(dir, "f", 0), ENOENT, ESTALE);
		return;
	}
	fd = openat(dir, "f", O_RDWR | O_CREAT, 0644);
	if (worked("open with O_CREAT", fd, (const int[]){ 0 }))
		surely(close(fd));
}

static void create_over(struct twin *t)
{
	open_or_create(t->o);
}

static void create_under(struct twin *t)
{
	open_or_create(t->u);
}

static void create_second(struct twin *t)
{
	open_or_create(second);
}

static void create_against_unlink(struct twin *t)
{
	static const struct member members[] = {
		{ "over", create_over },
		{ "over", create_over },
		{ "under", create_under },
		{ "second", create_second },
	};

	WITH_SECOND(t, members);
	same_tree(t);
}

/* --- a tree that goes underneath ------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* Others go on making names in it until it is gone. */
static void remove_all(const char *path)
{
	while (nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS))
		if (errno != ENOTEMPTY && errno != ENOENT)
			violated("remove %s: %s", path, strerror(errno));
}

static void take_away(struct twin *t)
{
	WORKED(mkdirat(t->u, "r", 0755), EEXIST);
	WORKED(mkdirat(t->u, "r/a", 0755), EEXIST);
	WORKED(mkdirat(t->u, "r/a/b", 0755), EEXIST);
	if (pick(2)) {
		surely(renameat(t->u, "r", t->u, "gone"));
		remove_all(under(t, "gone"));
	} else {
		remove_all(under(t, "r"));
	}
}

static void use_dir(int dir)
{
	const char *mine = fmt("f%u", member_number());
	char entries[512];
	struct stat st;
	int fd = openat(dir, mine, O_RDWR | O_CREAT, 0644);

	if (worked("create", fd, (const int[]){ ENOENT, 0 })) {
		surely(write(fd, mine, strlen(mine)));
		surely(close(fd));
	}
	WORKED(fstatat(dir, mine, &st, 0), ENOENT);
	WORKED(getdents64(dir, entries, sizeof(entries)), ENOENT);
	WORKED(mkdirat(dir, "d", 0755), ENOENT, EEXIST);
	WORKED(renameat(dir, mine, dir, "moved"), ENOENT, ESTALE);
	WORKED(unlinkat(dir, "moved", 0), ENOENT, ESTALE);
	WORKED(unlinkat(dir, "d", AT_REMOVEDIR), ENOENT, ESTALE);
	surely(fstat(dir, &st));
}

static void use_tree(struct twin *t)
{
	static const char *const dirs[] = { "r", "r/a", "r/a/b" };
	int dir = openat(t->o, dirs[pick(3)], O_RDONLY | O_DIRECTORY);

	if (!worked("open directory", dir, (const int[]){ ENOENT, 0 }))
		return;
	use_dir(dir);
	use_dir(dir);
	surely(close(dir));
}

static void tree_goes_underneath(struct twin *t)
{
	static const struct member members[] = {
		{ "under", take_away },
		{ "over", use_tree },
		{ "over", use_tree },
		{ "over", use_tree },
	};

	crowd_run_for(SECONDS, t, members, sizeof(members) / sizeof(members[0]));
	absent(t, "r");
	absent(t, "gone");
	must(mkdirat(t->o, "r", 0755));
	put(t->o, "r/f", "new");
	holds(t->u, "r/f", "new");
	same_tree(t);
}

static const struct twin_test tests[] = {
	TWIN_TEST(unlink_against_open),
	TWIN_TEST(lock_file_has_one_owner),
	TWIN_TEST(create_against_unlink),
	TWIN_TEST(tree_goes_underneath),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
