// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts and sets of programs that go while others are at work on them: whoever
 * is at work gets an errno of a few, nothing else happens to the backing
 * directory than was asked for, and the module can be unloaded afterwards.
 */
#include "crowd.h"

#include <dirent.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "tree.h"

#define SECONDS	4

static const char *back, *at, *options;
static struct set *set;
static struct twin nowhere;	/* for crowd_run_for(): what is here mounts for itself */

/* What workers count, lest a test passes in which nothing was done. */
static struct counts {
	unsigned long worked, refused;
} *counts;

static int setup(void **state)
{
	back = tmp_dir("back");
	at = tmp_dir("at");
	/* Work is done in it, so that the directory mounted on is left alone. */
	assert_ok(mkdir(fmt("%s/d", back), 0755));
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(counts, MAP_FAILED);
	return 0;
}

static int teardown(void **state)
{
	test_teardown(state);
	munmap(counts, sizeof(*counts));
	if (umount2(at, MNT_DETACH) && errno != EINVAL)
		print_error("umount %s: %m\n", at);
	remove_tree(back);
	return 0;
}

/* --- who is at work ------------------------------------------------------------------- */

/* 0 ends the list. */
static const int *allowed;

static bool worked(const char *what, long result)
{
	const int *err = allowed;

	__atomic_fetch_add(result < 0 ? &counts->refused : &counts->worked, 1, __ATOMIC_RELAXED);
	if (result >= 0)
		return true;
	while (*err && *err != errno)
		err++;
	if (!*err)
		violated("%s: %s", what, strerror(errno));
	return false;
}

#define WORKED(call)	worked(#call, call)

static void use_file(int dir, const char *name)
{
	char text[8];
	int fd = openat(dir, name, O_RDWR | O_CREAT, 0644);

	if (!WORKED(fd))
		return;
	WORKED(pwrite(fd, "written", 7, 0));
	if (WORKED(pread(fd, text, 7, 0)) && memcmp(text, "written", 7))
		violated("%s has \"%.7s\" in it", name, text);
	WORKED(close(fd));
}

/* Names of its own; the prefix leads there, or is gone. */
static void work_in(int dir, const char *prefix)
{
	const char *a = fmt("%sa%u", prefix, member_number()), *b = fmt("%sb%u", prefix, member_number());
	struct stat st;

	use_file(dir, a);
	WORKED(fstatat(dir, a, &st, 0));
	WORKED(renameat(dir, a, dir, b));
	WORKED(linkat(dir, b, dir, a, 0));
	WORKED(unlinkat(dir, a, 0));
	WORKED(unlinkat(dir, b, 0));
	WORKED(mkdirat(dir, a, 0755));
	WORKED(unlinkat(dir, a, AT_REMOVEDIR));
}

/* Each call finds its own way, perhaps through another mount than the one before. The pause lets it be unmounted. */
static void work_by_path(struct twin *t)
{
	poll(NULL, 0, pick(3));
	work_in(AT_FDCWD, fmt("%s/d/", at));
}

/* Only the way to it may be missing: what is open goes on, whatever becomes of the mount. */
static void work_by_descriptor(struct twin *t)
{
	char entries[512];
	int dir = open(fmt("%s/d", at), O_RDONLY | O_DIRECTORY);

	if (dir < 0 && errno == ENOENT)
		return;
	surely(dir);
	work_in(dir, "");
	WORKED(getdents64(dir, entries, sizeof(entries)));
	surely(close(dir));
}

/* --- who ends it ------------------------------------------------------------------------ */

static bool work_was_done(void *since)
{
	return __atomic_load_n(&counts->worked, __ATOMIC_RELAXED) > *(unsigned long *)since + 20;
}

/* The mount that a step is to end was there before the others began: they are at work in it, or in a hurry to be. */
static void let_them_work(void)
{
	unsigned long since = __atomic_load_n(&counts->worked, __ATOMIC_RELAXED);

	wait_for(SOON, work_was_done, &since);
}

static void mount_it(void)
{
	surely(mount(back, at, "fuse_bpf", 0, options));
}

/* Somebody is mostly in it, but never for long: it is tried without a pause, to be there when nobody is. */
static void unmount_it(void)
{
	uint64_t end = now_ms() + 20000;

	while (umount(at)) {
		if (errno != EBUSY)
			violated("umount: %s", strerror(errno));
		if (now_ms() > end)
			violated("it is never free to be unmounted");
	}
}

static void unmount(struct twin *t)
{
	let_them_work();
	unmount_it();
	mount_it();
}

static void unmount_lazily(struct twin *t)
{
	let_them_work();
	surely(umount2(at, MNT_DETACH));
	mount_it();
}

/* What the mount does without its programs, once the detaching has returned. */
static int expected_detached;

static void detach(struct twin *t)
{
	struct stat st;

	let_them_work();
	for (int i = 0; i < 20; i++)
		surely(stat(fmt("%s/d", at), &st));
	surely(bpf_link__detach(set->link));
	for (int i = 0; i < 20; i++)
		if ((stat(fmt("%s/d", at), &st) ? errno : 0) != expected_detached)
			violated("stat after the detaching: %s", strerror(errno));
	unmount_it();
	bpf_link__destroy(set->link);
	if (set_try_attach(set))
		violated("attach: %s", strerror(errno));
	mount_it();
}

/* --- the tests --------------------------------------------------------------------------- */

/* Nobody is left in it: the mount shows its backing directory, and goes, and the module too. */
static void all_is_well(void)
{
	print_message("# %lu calls worked, %lu did not\n", counts->worked, counts->refused);
	assert_int_not_equal(counts->worked, 0);
	mnt(back, at, NULL);
	assert_int_equal(tree_compare(back, at, TREE_VIEWS, stdout).differences, 0);
	umnt(at);
	module_unload_soon();
	assert_ok(module_load(NULL));
}

static void run(void (*work)(struct twin *t), void (*end)(struct twin *t), const int *errors)
{
	const struct member members[] = {
		{ "worker", work }, { "worker", work }, { "worker", work }, { "ending", end },
	};

	allowed = errors;
	crowd_run_for(SECONDS, &nowhere, members, sizeof(members) / sizeof(members[0]));
}

/*
 * A call with two paths may find two mounts. Without the mount there are no
 * names, and whatever was not removed for that reason is there the next time.
 */
static const int by_path[] = { ENOENT, EEXIST, EXDEV, EISDIR, ENOTDIR, EPERM, 0 };

static void unmounted(void **state)
{
	options = NULL;
	assert_ok(mount(back, at, "fuse_bpf", 0, options));
	run(work_by_path, unmount, by_path);
	assert_ok(umount(at));
	all_is_well();
}

static const int by_descriptor[] = { 0 };

static void unmounted_lazily(void **state)
{
	options = NULL;
	assert_ok(mount(back, at, "fuse_bpf", 0, options));
	run(work_by_descriptor, unmount_lazily, by_descriptor);
	assert_ok(umount(at));
	assert_string_equal(names_in(fmt("%s/d", back)), "");
	all_is_well();
}

static const int by_path_detached[] = { ENOTCONN, ENOENT, EEXIST, EXDEV, EISDIR, ENOTDIR, EPERM, 0 };

static void detached(void **state)
{
	const char *mode = *state;

	set = set_attached("nop", NULL, NULL);
	options = strdup(fmt("ops=nop,detach=%s", mode));
	expected_detached = strcmp(mode, "fail") ? 0 : ENOTCONN;
	assert_ok(mount(back, at, "fuse_bpf", 0, options));
	run(work_by_path, detach, expected_detached ? by_path_detached : by_path);
	assert_ok(umount(at));
	assert_true(wait_for(SOON, ops_gone, "nop"));
	set_free(set);
	free((char *)options);
	all_is_well();
}

#define ENDING(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)
#define DETACHED(mode)	{ "detached, detach=" mode, detached, setup, teardown, mode }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDING(unmounted),
		ENDING(unmounted_lazily),
		DETACHED("keep"),
		DETACHED("fail"),
		DETACHED("pass"),
	};

	umask(0022);
	return cmocka_run_group_tests_name("endings", tests, NULL, NULL);
}
