// SPDX-License-Identifier: GPL-2.0-only
/*
 * NFS below a mount, and a mount of ours served by NFS. A directory is served from
 * this machine; what is done in it directly is done by another client.
 *
 * Without the question to the backing dentry in fuse_bpf_revalidate_name() the
 * mount shows what is gone; without fuse_bpf_let_go() each unlink leaves a ".nfs";
 * without SB_I_NOUMASK the umask takes away what a default ACL at the server grants.
 * timeout: 600
 */
#include "test.h"
#include "acl.h"
#include "idmap.h"

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/xattr.h>

/* The served directory, NFS on it, and our mount over that. */
static const char *served, *nfs, *view;

static const char *in(const char *dir, const char *name)
{
	return fmt("%s/%s", dir, name);
}

static int end_test(void **state)
{
	close_range(3, ~0U, 0);
	mnt_done();
	fs_done();
	if (served)
		remove_tree(served);
	return test_teardown(state);
}

static bool over_nfs(unsigned int version, const char *options)
{
	if (!fs_has_nfs())
		return false;
	served = tmp_dir("served");
	nfs = tmp_dir("nfs");
	view = tmp_dir("view");
	assert_int_equal(fs_export(served, "sync"), 0);
	fs_nfs(version, served, nfs, options);
	fs_mount(nfs, view, "fuse_bpf", NULL);
	return true;
}

static int outcome_of(int result)
{
	return result < 0 ? errno : 0;
}

/* --- another client -------------------------------------------------------------------- */

/* NFS that keeps nothing: what the other client does is there at once. */
static void changes_show(void **state)
{
	struct stat st;
	int fd;

	if (!over_nfs(*(const unsigned int *)*state, FS_NFS_UNCACHED))
		skip();
	assert_false(exists(in(view, "f")));
	file_write(in(served, "f"), "one");
	file_is(in(view, "f"), "one");
	file_write(in(served, "f"), "three");
	file_is(in(view, "f"), "three");
	assert_ok(stat(in(view, "f"), &st));
	assert_int_equal(st.st_size, 5);
	assert_ok(chmod(in(served, "f"), 0640));
	assert_int_equal(file_mode(in(view, "f")) & 07777, 0640);
	assert_ok(chown(in(served, "f"), TEST_UID, 7));
	assert_ok(stat(in(view, "f"), &st));
	assert_int_equal(st.st_uid, TEST_UID);
	assert_int_equal(st.st_gid, 7);
	assert_ok(rename(in(served, "f"), in(served, "g")));
	assert_false(exists(in(view, "f")));
	file_is(in(view, "g"), "three");
	assert_ok(mkdir(in(served, "d"), 0755));
	assert_ok(rename(in(served, "g"), in(served, "d/g")));
	assert_string_equal(names_in(view), "d");
	file_is(in(view, "d/g"), "three");
	/* One file takes another's place. */
	file_write(in(served, "new"), "new");
	assert_ok(rename(in(served, "new"), in(served, "d/g")));
	file_is(in(view, "d/g"), "new");
	/* A directory held from here moves, and goes. */
	fd = open(in(view, "d"), O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	assert_ok(rename(in(served, "d"), in(served, "e")));
	assert_ok(fstatat(fd, "g", &st, 0));
	assert_false(exists(in(view, "d")));
	file_is(in(view, "e/g"), "new");
	remove_tree(in(served, "e"));
	assert_fails(fstatat(fd, "g", &st, 0), ESTALE);
	assert_false(exists(in(view, "e")));
	assert_string_equal(names_in(view), "");
}

/* The file is as long as the other client made it, also to who has it open. */
static void grows_at_the_server(void **state)
{
	int ours, theirs;

	if (!over_nfs(*(const unsigned int *)*state, FS_NFS_UNCACHED))
		skip();
	file_write(in(served, "f"), "text");
	ours = open(in(view, "f"), O_RDONLY);
	theirs = open(in(nfs, "f"), O_RDONLY);
	assert_ok(ours);
	assert_ok(theirs);
	assert_int_equal(lseek(ours, 0, SEEK_END), 4);
	file_write(in(served, "f"), "longer text");
	assert_int_equal(lseek(ours, 0, SEEK_END), 11);
	assert_int_equal(lseek(theirs, 0, SEEK_END), 11);
	file_write(in(served, "f"), "short");
	assert_int_equal(lseek(theirs, -1, SEEK_END), 4);
	assert_int_equal(lseek(ours, -1, SEEK_END), 4);
}

static bool is_absent(void *path)
{
	return !exists(path);
}

static bool is_present(void *path)
{
	return exists(path);
}

/* NFS that keeps what it knows for a second; the mount keeps nothing beyond that. */
static void cached_as_long_as_below(void **state)
{
	if (!over_nfs(4, ",actimeo=1"))
		skip();
	assert_false(exists(in(view, "f")));
	file_write(in(served, "f"), "text");
	assert_true(wait_for(SOON, is_present, (void *)in(view, "f")));
	file_is(in(view, "f"), "text");
	assert_ok(unlink(in(served, "f")));
	assert_true(wait_for(SOON, is_absent, (void *)in(view, "f")));
	assert_false(exists(in(nfs, "f")));
}

static void shows_at_the_server(void **state)
{
	struct stat st;
	int fd;

	if (!over_nfs(*(const unsigned int *)*state, FS_NFS_UNCACHED))
		skip();
	file_write(in(view, "f"), "text");
	file_is(in(served, "f"), "text");
	assert_ok(mkdir(in(view, "d"), 0750));
	assert_int_equal(file_mode(in(served, "d")) & 07777, 0750);
	assert_ok(rename(in(view, "f"), in(view, "d/g")));
	file_is(in(served, "d/g"), "text");
	assert_ok(symlink("to", in(view, "l")));
	assert_ok(link(in(view, "d/g"), in(view, "h")));
	assert_ok(mknod(in(view, "p"), S_IFIFO | 0644, 0));
	assert_string_equal(names_in(served), "d h l p");
	assert_ok(stat(in(served, "h"), &st));
	assert_int_equal(st.st_nlink, 2);
	assert_ok(truncate(in(view, "h"), 2));
	file_is(in(served, "d/g"), "te");
	fd = open(in(view, "h"), O_RDWR | O_APPEND);
	assert_ok(fd);
	assert_int_equal(write(fd, "a", 1), 1);
	assert_ok(fsync(fd));
	file_is(in(served, "h"), "tea");
	close(fd);
	assert_ok(unlink(in(view, "d/g")));
	assert_ok(rmdir(in(view, "d")));
	assert_string_equal(names_in(served), "h l p");
}

static int truncates_its_own(void *dir)
{
	int fd, err;

	if (setgid(TEST_GID) || setuid(TEST_UID))
		return 255;
	fd = open(in(dir, "mine"), O_RDWR | O_CREAT, 0644);
	if (fd < 0 || write(fd, "text", 4) != 4 || fchmod(fd, 0444))
		return 254;
	err = outcome_of(ftruncate(fd, 2));
	close(fd);
	return err;
}

/* Who has a file open may do to it what the mode forbids others: NFS must be told of the open file. */
static void open_file_counts(void **state)
{
	if (!over_nfs(*(const unsigned int *)*state, FS_NFS_UNCACHED))
		skip();
	assert_ok(mkdir(in(served, "d"), 0755));
	assert_ok(chmod(in(served, "d"), 0777));
	assert_int_equal(in_child(0, truncates_its_own, (void *)in(nfs, "d")), 0);
	file_is(in(served, "d/mine"), "te");
	assert_ok(unlink(in(served, "d/mine")));
	assert_int_equal(in_child(0, truncates_its_own, (void *)in(view, "d")), 0);
	file_is(in(served, "d/mine"), "te");
}

static int opens_as(uid_t uid, const char *path)
{
	int err;

	become(uid, uid);
	err = outcome_of(try_open(path, O_RDWR, 0));
	become_root();
	return err;
}

/* The server is shown the ids that an idmapped mount of ours makes of the caller's. */
static void idmapped_is_checked_by_the_server(void **state)
{
	const char *shifted = tmp_dir("shifted"), *path = fmt("%s/f", shifted);
	int as_shifted, as_stored;

	if (!over_nfs(*(const unsigned int *)*state, FS_NFS_UNCACHED))
		skip();
	file_write(in(served, "f"), "text");
	assert_ok(chmod(in(served, "f"), 0600));
	assert_ok(chown(in(served, "f"), 5, 5));
	clone_shifted(view, shifted);
	as_shifted = opens_as(SHIFT + 5, path);
	as_stored = opens_as(5, path);
	assert_ok(umount(shifted));
	assert_int_equal(as_shifted, 0);
	assert_int_equal(as_stored, EACCES);
	assert_int_equal(opens_as(5, in(view, "f")), 0);
}

static int makes_read_only(void *dir)
{
	struct stat st;
	int fd, err;

	if (setgid(TEST_GID) || setuid(TEST_UID))
		return 255;
	fd = open(in(dir, "mine"), O_RDWR | O_CREAT | O_EXCL, 0444);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st) || (st.st_mode & 07777) != 0444)
		return 254;
	err = write(fd, "text", 4) == 4 ? 0 : errno;
	close(fd);
	return err ? err : try_open(in(dir, "mine"), O_RDWR, 0) == -1 && errno == EACCES ? 0 : 253;
}

/* As git makes its objects.  The server lets a maker open what it made if that is one step; here it is two. */
static void maker_may_open(void **state)
{
	if (!over_nfs(4, FS_NFS_UNCACHED))
		skip();
	assert_ok(mkdir(in(served, "d"), 0755));
	assert_ok(chmod(in(served, "d"), 0777));
	assert_int_equal(in_child(0, makes_read_only, (void *)in(nfs, "d")), 0);
	assert_ok(unlink(in(served, "d/mine")));
	assert_int_equal(in_child(0, makes_read_only, (void *)in(view, "d")), 0);
	file_is(in(served, "d/mine"), "text");
	assert_int_equal(file_mode(in(served, "d/mine")) & 07777, 0444);
}

static mode_t made_in(const char *dir, const char *name)
{
	mode_t mode;

	file_write(in(dir, name), "text");
	mode = file_mode(in(served, name)) & 07777;
	assert_ok(unlink(in(dir, name)));
	return mode;
}

/* It has the default ACL, in whose place it takes the umask, and NFS leaves both to it. */
static void umask_is_the_servers(void **state)
{
	struct acl acl = ACL(7, TEST_UID, 7, 5, 7, 4);
	mode_t plain, with_acl;

	if (!over_nfs(4, FS_NFS_UNCACHED))
		skip();
	umask(0027);
	plain = made_in(view, "f");
	assert_ok(setxattr(served, "system.posix_acl_default", &acl, sizeof(acl), 0));
	with_acl = made_in(view, "f");
	assert_int_equal(made_in(nfs, "f"), with_acl);
	umask(0022);
	assert_int_equal(plain, 0640);
	assert_int_equal(with_acl, 0644);
}

/* --- reading ahead ---------------------------------------------------------------------- */

#define LONG	(256 << 10)

static int advises(int fd)
{
	int err = posix_fadvise(fd, 0, LONG, POSIX_FADV_WILLNEED);

	errno = err;
	return err ? -1 : 0;
}

static int reads(int fd)
{
	return readahead(fd, 0, LONG);
}

/* NFS takes what it needs for that from the open file, and ours has nothing of it. */
static void reads_ahead(void **state)
{
	static int (*const how[])(int fd) = { reads, advises };
	static char want[LONG], got[LONG];
	int fd;

	if (!over_nfs(*(const unsigned int *)*state, ""))
		skip();
	for (size_t i = 0; i < LONG; i++)
		want[i] = i / 4096 + i;
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		/* Made by the other client, so that this one has nothing of it. */
		const char *name = fmt("f%zu", i);

		fd = open(in(served, name), O_WRONLY | O_CREAT, 0644);
		assert_ok(fd);
		assert_int_equal(write(fd, want, LONG), LONG);
		close(fd);
		fd = open(in(view, name), O_RDONLY);
		assert_ok(fd);
		assert_ok(how[i](fd));
		memset(got, 0, LONG);
		assert_int_equal(read(fd, got, LONG), LONG);
		assert_memory_equal(got, want, LONG);
		close(fd);
	}
	/* No more can a directory do than below. */
	fd = open(view, O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	assert_fails(readahead(fd, 0, LONG), EINVAL);
	close(fd);
}

/* --- names that NFS makes ------------------------------------------------------------- */

/* What nobody has open is removed, and leaves no other name. */
static void removed_is_gone(void **state)
{
	struct stat st;
	int fd;

	if (!over_nfs(*(const unsigned int *)*state, ""))
		skip();
	file_write(in(view, "f"), "text");
	file_is(in(view, "f"), "text");
	assert_ok(unlink(in(view, "f")));
	assert_string_equal(names_in(served), "");
	file_write(in(view, "f"), "text");
	file_write(in(view, "g"), "other");
	file_is(in(view, "g"), "other");
	assert_ok(rename(in(view, "f"), in(view, "g")));
	file_is(in(view, "g"), "text");
	assert_string_equal(names_in(served), "g");
	assert_ok(mkdir(in(view, "d"), 0755));
	file_write(in(view, "d/f"), "text");
	assert_ok(unlink(in(view, "d/f")));
	assert_ok(rmdir(in(view, "d")));
	assert_string_equal(names_in(served), "g");
	/* Two names of an open file: one can go as it is. */
	fd = open(in(view, "g"), O_RDONLY);
	assert_ok(fd);
	assert_ok(link(in(view, "g"), in(view, "h")));
	assert_ok(unlink(in(view, "h")));
	assert_false(exists(in(served, "h")));
	assert_ok(fstat(fd, &st));
	close(fd);
}

static bool is_empty(void *dir)
{
	return !*names_in(dir);
}

/* What is open is there until it is closed, under the name that NFS gives it. */
static void open_file_is_kept(void **state)
{
	char text[8] = "";
	int fd;

	if (!over_nfs(*(const unsigned int *)*state, ""))
		skip();
	file_write(in(view, "f"), "text");
	fd = open(in(view, "f"), O_RDWR);
	assert_ok(fd);
	assert_ok(unlink(in(view, "f")));
	assert_false(exists(in(view, "f")));
	assert_has(names_in(served), ".nfs");
	assert_has(names_in(view), ".nfs");
	assert_int_equal(pread(fd, text, 4, 0), 4);
	assert_string_equal(text, "text");
	assert_int_equal(pwrite(fd, "TEXT", 4, 0), 4);
	assert_ok(fsync(fd));
	close(fd);
	assert_true(wait_for(SOON, is_empty, (void *)served));
	/* The client hears of that a moment later. */
	assert_true(wait_for(SOON, is_empty, (void *)view));
}

/* --- errors ------------------------------------------------------------------------------- */

/* A file that the other client removed while it is open here. */
static void stale_file(void **state)
{
	char text[8];
	int ours, theirs;

	if (!over_nfs(3, FS_NFS_UNCACHED))
		skip();
	file_write(in(served, "f"), "text");
	ours = open(in(view, "f"), O_RDWR);
	theirs = open(in(nfs, "f"), O_RDWR);
	assert_ok(ours);
	assert_ok(theirs);
	assert_ok(unlink(in(served, "f")));
	assert_fails(fchmod(theirs, 0600), ESTALE);
	assert_fails(fchmod(ours, 0600), ESTALE);
	assert_fails(pread(theirs, text, 4, 0), ESTALE);
	assert_fails(pread(ours, text, 4, 0), ESTALE);
	assert_false(exists(in(view, "f")));
	file_write(in(view, "f"), "anew");
	file_is(in(served, "f"), "anew");
}

/* The served filesystem is no more: its error is the one that comes through. */
static void served_disk_dies(void **state)
{
	int ours, theirs;

	if (!fs_has_nfs())
		skip();
	served = NULL;
	nfs = tmp_dir("nfs");
	view = tmp_dir("view");
	if (!fs_on_disk("ext4", "-O ^has_journal", tmp_dir("disk"), NULL))
		skip();
	file_write(tmp_path("disk/f"), "text");
	sync();
	assert_int_equal(fs_export(tmp_path("disk"), "sync"), 0);
	fs_nfs(4, tmp_path("disk"), nfs, FS_NFS_UNCACHED);
	fs_mount(nfs, view, "fuse_bpf", NULL);
	file_is(in(view, "f"), "text");
	assert_ok(fs_shut_down(tmp_path("disk")));
	theirs = outcome_of(mkdir(in(nfs, "d"), 0755));
	ours = outcome_of(mkdir(in(view, "d"), 0755));
	assert_int_not_equal(theirs, 0);
	assert_int_equal(ours, theirs);
	assert_int_equal(outcome_of(try_open(in(view, "new"), O_WRONLY | O_CREAT, 0644)),
			 outcome_of(try_open(in(nfs, "new"), O_WRONLY | O_CREAT, 0644)));
	assert_int_equal(outcome_of(rename(in(view, "f"), in(view, "g"))),
			 outcome_of(rename(in(nfs, "f"), in(nfs, "g"))));
}

/* As common in tests/lib/fs.c, but sooner. */
#define IMPATIENT	",timeo=20"

/* A server that goes away and comes back: errors meanwhile, as below, and no longer. */
static void server_goes_away(void **state)
{
	struct stat st;
	int ours, theirs;

	if (!over_nfs(3, FS_NFS_UNCACHED IMPATIENT))
		skip();
	file_write(in(view, "f"), "text");
	fs_server_away();
	theirs = outcome_of(stat(in(nfs, "f"), &st));
	ours = outcome_of(stat(in(view, "f"), &st));
	assert_true(theirs == EIO || theirs == ETIMEDOUT);
	assert_int_equal(ours, theirs);
	assert_int_equal(outcome_of(try_open(in(view, "g"), O_WRONLY | O_CREAT, 0644)), theirs);
	fs_server_back();
	file_is(in(view, "f"), "text");
	file_write(in(view, "g"), "more");
	file_is(in(served, "g"), "more");
	assert_string_equal(names_in(view), "f g");
}

/* What was written and could not be sent is lost, and who asks the mount is told so. */
static void lost_data_is_told(void **state)
{
	int ours, theirs, fd;

	if (!over_nfs(3, IMPATIENT))
		skip();
	ours = open(view, O_RDONLY | O_DIRECTORY);
	theirs = open(nfs, O_RDONLY | O_DIRECTORY);
	assert_ok(ours);
	assert_ok(theirs);
	fd = open(in(view, "f"), O_WRONLY | O_CREAT, 0644);
	assert_ok(fd);
	assert_ok(syncfs(ours));
	fs_server_away();
	assert_int_equal(write(fd, "text", 4), 4);
	assert_fails(syncfs(ours), EIO);
	assert_fails(syncfs(theirs), EIO);
	fs_server_back();
	/* Once. */
	assert_ok(syncfs(ours));
	assert_ok(syncfs(theirs));
	close(fd);
	file_is(in(served, "f"), "");
}

/* ... and one that does not: everything can be unmounted. */
static void unmounted_without_a_server(void **state)
{
	if (!over_nfs(3, FS_NFS_UNCACHED IMPATIENT))
		skip();
	file_write(in(view, "f"), "text");
	file_is(in(view, "f"), "text");
	fs_server_away();
	/* end_test() unmounts our mount and NFS, which must work. */
}

/* --- locks ----------------------------------------------------------------------------------- */

static int lock_outcome(const char *path)
{
	struct flock whole = { .l_type = F_WRLCK };
	int fd = open(path, O_RDWR), err;

	assert_ok(fd);
	err = outcome_of(fcntl(fd, F_OFD_SETLK, &whole));
	close(fd);
	return err;
}

static void locks_reach_the_server(void **state)
{
	struct flock whole = { .l_type = F_WRLCK };
	int fd;

	if (!over_nfs(4, FS_NFS_UNCACHED))
		skip();
	file_write(in(view, "f"), "text");
	fd = open(in(view, "f"), O_RDWR);
	assert_ok(fd);
	assert_ok(fcntl(fd, F_OFD_SETLK, &whole));
	assert_int_equal(lock_outcome(in(served, "f")), EAGAIN);
	assert_int_equal(lock_outcome(in(nfs, "f")), EAGAIN);
	close(fd);
	assert_int_equal(lock_outcome(in(served, "f")), 0);
	fd = open(in(served, "f"), O_RDWR);
	assert_ok(fd);
	assert_ok(fcntl(fd, F_OFD_SETLK, &whole));
	assert_int_equal(lock_outcome(in(view, "f")), EAGAIN);
	close(fd);
	assert_int_equal(lock_outcome(in(view, "f")), 0);
	fd = open(in(view, "f"), O_RDWR);
	assert_ok(fd);
	assert_ok(flock(fd, LOCK_EX));
	assert_int_equal(lock_outcome(in(served, "f")), EAGAIN);
	close(fd);
	assert_int_equal(lock_outcome(in(served, "f")), 0);
}

int main(void)
{
	static unsigned int v3 = 3, v4 = 4;
#define EITHER(test)	\
	{ #test " (v3)", test, NULL, end_test, &v3 }, { #test " (v4)", test, NULL, end_test, &v4 }
	const struct CMUnitTest tests[] = {
		EITHER(changes_show),
		EITHER(grows_at_the_server),
		cmocka_unit_test_teardown(cached_as_long_as_below, end_test),
		EITHER(shows_at_the_server),
		EITHER(open_file_counts),
		EITHER(idmapped_is_checked_by_the_server),
		EITHER(reads_ahead),
		EITHER(removed_is_gone),
		EITHER(open_file_is_kept),
		cmocka_unit_test_teardown(maker_may_open, end_test),
		cmocka_unit_test_teardown(umask_is_the_servers, end_test),
		cmocka_unit_test_teardown(stale_file, end_test),
		cmocka_unit_test_teardown(served_disk_dies, end_test),
		cmocka_unit_test_teardown(server_goes_away, end_test),
		cmocka_unit_test_teardown(lost_data_is_told, end_test),
		cmocka_unit_test_teardown(unmounted_without_a_server, end_test),
		cmocka_unit_test_teardown(locks_reach_the_server, end_test),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
