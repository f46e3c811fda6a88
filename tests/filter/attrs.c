// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes that a program rewrites or answers: without the refresh of our
 * inode from them, stat(2) and permission checks disagree; without
 * fuse_bpf_makes_setuid(), and the group that fuse_bpf_keeper_group() refuses, a file
 * of root's that is shown as a user's becomes a setid file of root's.
 */
#include "test.h"

#include <grp.h>
#include <sched.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "acl.h"
#include "attrs.h"
#include "idmap.h"
#include "probe.h"

static const char *back, *at;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/" name, back)

static void *start(void **state, const char *object, const char *which)
{
	enum backing *kind = *state;
	struct set *set;

	back = backing_dir(*kind, "attrs");
	at = tmp_path("at");
	file_write(BACK("file"), "0123456789");
	set = set_attached(object, which, NULL);
	mnt(back, at, fmt("ops=%s", which));
	return set;
}

static struct shift *start_shift(void **state)
{
	struct set *set = start(state, "attrs", "shift");

	return set->globals;
}

static int teardown(void **state)
{
	test_teardown(state);
	remove_tree(back);
	return 0;
}

static void shows(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st;

	assert_ok(stat(path, &st));
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
	assert_int_equal(st.st_mode, mode);
}

static void owner_is_shown_and_counts(void **state)
{
	struct shift *by = start_shift(state);
	struct stat st;
	int fd;

	assert_ok(chmod(BACK("file"), 0600));
	shows(AT("file"), 0, 0, S_IFREG | 0600);
	by->uid = TEST_UID;
	by->gid = TEST_GID;
	shows(AT("file"), TEST_UID, TEST_GID, S_IFREG | 0600);
	shows(BACK("file"), 0, 0, S_IFREG | 0600);
	fd = open(AT("file"), O_RDONLY);
	assert_ok(fstat(fd, &st));
	assert_int_equal(st.st_uid, TEST_UID);
	assert_ok(close(fd));

	/* Root's file below is the user's above: the mounter's rights reach it. */
	become(TEST_UID, TEST_GID);
	assert_fails(try_open(BACK("file"), O_RDONLY, 0), EACCES);
	file_is(AT("file"), "0123456789");
	assert_ok(chmod(AT("file"), 0640));
	become(TEST_UID + 1, TEST_GID + 1);
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EACCES);
	become_root();
	shows(BACK("file"), 0, 0, S_IFREG | 0640);
}

static void owner_taken_away(void **state)
{
	struct shift *by = start_shift(state);

	assert_ok(chown(BACK("file"), TEST_UID, TEST_GID));
	assert_ok(chmod(BACK("file"), 0600));
	by->uid = 5000;
	by->gid = 6000;
	shows(AT("file"), TEST_UID + 5000, TEST_GID + 6000, S_IFREG | 0600);
	become(TEST_UID, TEST_GID);
	file_is(BACK("file"), "0123456789");
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EACCES);
	assert_fails(chmod(AT("file"), 0666), EPERM);
	become_root();
	shows(BACK("file"), TEST_UID, TEST_GID, S_IFREG | 0600);
}

/* --- setid bits of a file that is not whose it is shown to be --------------------------- */

/* What chmod(2) returns, and the mode below then. */
static void chmod_comes_to(mode_t mode, int err, mode_t below)
{
	if (err)
		assert_fails(chmod(AT("file"), mode), err);
	else
		assert_ok(chmod(AT("file"), mode));
	assert_int_equal(file_mode(BACK("file")), S_IFREG | below);
}

static void setid_bits_are_the_owners(void **state)
{
	struct shift *by = start_shift(state);

	assert_ok(chmod(BACK("file"), 0755));
	by->uid = TEST_UID;
	by->gid = TEST_GID;
	shows(AT("file"), TEST_UID, TEST_GID, S_IFREG | 0755);
	become(TEST_UID, TEST_GID);
	chmod_comes_to(04755, EPERM, 0755);
	chmod_comes_to(06755, EPERM, 0755);
	chmod_comes_to(02755, 0, 0755);
	chmod_comes_to(0700, 0, 0700);
	become_root();
	chmod_comes_to(06755, 0, 06755);

	/* A program that leaves the owner alone takes nothing from him. */
	assert_ok(chown(BACK("file"), TEST_UID, TEST_GID));
	assert_ok(chmod(BACK("file"), 0755));
	*by = (struct shift){ .mode_more = 0022 };
	shows(AT("file"), TEST_UID, TEST_GID, S_IFREG | 0777);
	become(TEST_UID, TEST_GID);
	chmod_comes_to(06755, 0, 06755);
	become_root();
}

/* chown(2) by who owns it as it is shown, and by root, who may give it away. */
static void the_owner_below_stays(void **state)
{
	struct shift *by = start_shift(state);
	struct stat st;

	by->uid = TEST_UID;
	by->gid = TEST_GID;
	shows(AT("file"), TEST_UID, TEST_GID, S_IFREG | 0644);
	become(TEST_UID, TEST_GID);
	assert_ok(chown(AT("file"), TEST_UID, TEST_GID));
	assert_ok(chown(AT("file"), -1, TEST_GID));
	assert_fails(chown(AT("file"), TEST_UID + 1, -1), EPERM);
	become_root();
	assert_ok(stat(BACK("file"), &st));
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, 0);
	assert_ok(chown(AT("file"), 0, TEST_GID));
	assert_ok(stat(BACK("file"), &st));
	assert_int_equal(st.st_gid, TEST_GID);
}

/* A mapping that is written takes no setid bit away, so opening does; not from root's. */
static void setid_bits_go_when_it_is_opened(void **state)
{
	struct shift *by = start_shift(state);

	assert_ok(chmod(BACK("file"), 06755));
	by->uid = TEST_UID;
	by->gid = TEST_GID;
	shows(AT("file"), TEST_UID, TEST_GID, S_IFREG | 06755);
	assert_ok(close(open(AT("file"), O_RDWR)));
	become(TEST_UID, TEST_GID);
	assert_ok(close(open(AT("file"), O_RDONLY)));
	assert_int_equal(file_mode(BACK("file")), S_IFREG | 06755);
	assert_ok(close(open(AT("file"), O_RDWR)));
	assert_int_equal(file_mode(BACK("file")), S_IFREG | 0755);
	become_root();
}

/* Nor does a mount of ours between: its inode has nothing to take away. */
static void setid_bits_go_over_another_mount(void **state)
{
	const char *middle = tmp_path("middle"), *top = tmp_path("top");
	struct shift *by = start_shift(state);

	mnt(back, middle, NULL);
	mnt(middle, top, "ops=shift");
	assert_ok(chmod(BACK("file"), 06755));
	by->uid = TEST_UID;
	by->gid = TEST_GID;
	become(TEST_UID, TEST_GID);
	assert_ok(close(open(fmt("%s/file", top), O_RDWR)));
	become_root();
	assert_int_equal(file_mode(BACK("file")), S_IFREG | 0755);
	umnt(top);
	umnt(middle);
}

/* An open file shows the owner of programs that are no more until it is looked at. */
static void acl_under_new_programs(void **state)
{
	static const struct acl acl = ACL(7, 3, 5, 5, 5, 0);
	struct set *old = start(state, "attrs", "shift"), *new;
	int fd;

	assert_ok(chown(BACK("file"), TEST_UID, TEST_GID));
	fd = open(AT("file"), O_RDWR);
	assert_ok(fd);
	new = set_open("attrs", "shift", NULL);
	set_load(new);
	((struct shift *)new->globals)->uid = 1;
	assert_int_equal(set_try_update(old, new), 0);
	become(TEST_UID, TEST_GID);
	assert_fails(fsetxattr(fd, "system.posix_acl_access", &acl, sizeof(acl), 0), EPERM);
	become_root();
	assert_int_equal(file_mode(BACK("file")), S_IFREG | 0644);
	assert_ok(close(fd));
}

/* As root of a user namespace in which the shown owner and group are mapped. */
static int chmod_inside(void *userns)
{
	static const mode_t modes[] = { 04755, 06755, 02755 };
	static const int expected[] = { EPERM, EPERM, 0 };

	if (setns(*(int *)userns, CLONE_NEWUSER) || setgroups(0, NULL) || setresgid(0, 0, 0) ||
	    setresuid(0, 0, 0))
		return 200;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if ((chmod(AT("file"), modes[i]) ? errno : 0) != expected[i])
			return 100 + i;
	return 0;
}

static void setid_bits_in_a_user_namespace(void **state)
{
	int userns = shifted_userns();
	struct shift *by = start_shift(state);

	assert_ok(chmod(BACK("file"), 0755));
	by->uid = by->gid = SHIFT + 7;
	shows(AT("file"), SHIFT + 7, SHIFT + 7, S_IFREG | 0755);
	assert_int_equal(in_child(0, chmod_inside, &userns), 0);
	assert_int_equal(file_mode(BACK("file")), S_IFREG | 0755);
	assert_ok(close(userns));
}

static void mode_is_shown_and_counts(void **state)
{
	struct shift *by = start_shift(state);

	assert_ok(chmod(BACK("file"), 0600));
	by->mode_more = 0044;
	by->mode_less = 0200;
	shows(AT("file"), 0, 0, S_IFREG | 0444);
	become(TEST_UID, TEST_GID);
	file_is(AT("file"), "0123456789");
	assert_fails(try_open(AT("file"), O_WRONLY, 0), EACCES);
	become_root();
	by->mode_more = 0;
	by->mode_less = 0077;
	assert_ok(chmod(BACK("file"), 0644));
	shows(AT("file"), 0, 0, S_IFREG | 0600);
	become(TEST_UID, TEST_GID);
	file_is(BACK("file"), "0123456789");
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EACCES);
	become_root();
}

/* An open directory is never looked up again, so only the permission check can notice. */
static void directory_follows_too(void **state)
{
	struct shift *by = start_shift(state);
	int dir = open(at, O_RDONLY | O_DIRECTORY);

	assert_ok(dir);
	by->mode_more = 0011;
	assert_ok(chmod(back, 0700));
	become(TEST_UID, TEST_GID);
	assert_ok(faccessat(dir, "file", R_OK, AT_EACCESS));
	become_root();
	by->mode_more = 0;
	assert_ok(chmod(back, 0710));
	become(TEST_UID, TEST_GID);
	assert_fails(faccessat(dir, "file", R_OK, AT_EACCESS), EACCES);
	become_root();
	assert_ok(chmod(back, 0755));
	become(TEST_UID, TEST_GID);
	assert_ok(faccessat(dir, "file", R_OK, AT_EACCESS));
	become_root();
	assert_ok(close(dir));
}

static void backing_is_tracked_under_it(void **state)
{
	struct shift *by = start_shift(state);

	by->uid = 100;
	shows(AT("file"), 100, 0, S_IFREG | 0644);
	assert_ok(chown(BACK("file"), 50, 60));
	assert_ok(chmod(BACK("file"), 0600));
	shows(AT("file"), 150, 60, S_IFREG | 0600);
	become(150, 1);
	file_is(AT("file"), "0123456789");
	become(50, 1);
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EACCES);
	become_root();
	assert_ok(truncate(BACK("file"), 3));
	file_is(AT("file"), "012");
}

static void type_cannot_be_changed(void **state)
{
	struct shift *by = start_shift(state);
	struct stat st;

	shows(AT("file"), 0, 0, S_IFREG | 0644);
	by->mode_less = S_IFMT;
	by->mode_more = S_IFDIR;
	assert_fails(stat(AT("file"), &st), EIO);
	assert_true(ops_get("shift").errors > 0);
	by->mode_less = by->mode_more = 0;
	shows(AT("file"), 0, 0, S_IFREG | 0644);
}

static void answer(struct set *set, ino_t ino, const struct answer *a)
{
	__u64 key = ino;

	assert_ok(bpf_map_update_elem(set_map_fd(set, "answers"), &key, a, BPF_ANY));
}

static void answered_from_a_map(void **state)
{
	struct answer a = { .size = 4242, .mtime = 1000000000, .mode = S_IFREG | 0400, .uid = 7,
			    .gid = 8, .nlink = 3 };
	struct set *set = start(state, "attrs", "answer");
	struct stat st, below;

	assert_ok(stat(BACK("file"), &below));
	assert_ok(stat(AT("file"), &st));
	assert_int_equal(st.st_size, 10);
	answer(set, below.st_ino, &a);
	assert_ok(stat(AT("file"), &st));
	assert_int_equal(st.st_size, 4242);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_gid, 8);
	assert_int_equal(st.st_nlink, 3);
	assert_int_equal(st.st_mtime, 1000000000);
	assert_int_equal(st.st_ino, below.st_ino);
	become(TEST_UID, TEST_GID);
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EACCES);
	become(7, TEST_GID);
	file_is(AT("file"), "0123456789");
	become_root();
	a.mode = S_IFREG | 0444;
	answer(set, below.st_ino, &a);
	assert_ok(stat(AT("file"), &st));
	assert_int_equal(st.st_mode, S_IFREG | 0444);
	shows(BACK("file"), 0, 0, S_IFREG | 0644);
}

static void nonsense_answers(void **state)
{
	struct answer a = { .size = 1, .mode = S_IFDIR | 0755, .nlink = 1 };
	struct set *set = start(state, "attrs", "answer");
	struct stat st, below;

	assert_ok(stat(BACK("file"), &below));
	answer(set, below.st_ino, &a);
	assert_fails(stat(AT("file"), &st), EIO);
	a.mode = S_IFREG | 0644;
	a.size = 1ULL << 63;
	answer(set, below.st_ino, &a);
	assert_fails(stat(AT("file"), &st), EIO);
	assert_true(ops_get("answer").errors >= 2);
	a.size = 1;
	answer(set, below.st_ino, &a);
	assert_ok(stat(AT("file"), &st));
	assert_int_equal(st.st_size, 1);
}

static struct probe *start_probe(void **state)
{
	struct probe *probe = ((struct set *)start(state, "probe", "every"))->globals;

	probe->tgid = getpid();
	return probe;
}

static void statfs_answered_and_changed(void **state)
{
	struct probe *probe = start_probe(state);
	struct probe_op *op = &probe->op[FUSE_BPF_OP_STATFS];
	struct statfs st, below;

	assert_ok(statfs(back, &below));
	assert_ok(statfs(at, &st));
	assert_int_equal(st.f_blocks, below.f_blocks);
	probe->attr.on = 1;
	probe->attr.size = 77;
	op->verdict[0] = FUSE_BPF_REPLY;
	assert_ok(statfs(at, &st));
	assert_int_equal(st.f_blocks, 77);
	assert_int_equal(st.f_namelen, 99);
	op->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	assert_ok(statfs(at, &st));
	assert_int_equal(st.f_blocks, 77);
	probe->attr.on = 0;
	assert_ok(statfs(at, &st));
	assert_int_equal(st.f_blocks, below.f_blocks);
}

/* FUSE_BPF_REPLY from access grants what mode and ACL would not. */
static void access_granted(void **state)
{
	struct probe *probe = start_probe(state);

	assert_ok(chmod(BACK("file"), 0600));
	become(TEST_UID, TEST_GID);
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EACCES);
	probe->op[FUSE_BPF_OP_ACCESS].verdict[0] = FUSE_BPF_REPLY;
	file_is(AT("file"), "0123456789");
	probe->op[FUSE_BPF_OP_ACCESS].verdict[0] = -EPERM;
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EPERM);
	become_root();
	assert_fails(try_open(AT("file"), O_RDONLY, 0), EPERM);
	probe->op[FUSE_BPF_OP_ACCESS].verdict[0] = 0;
}

/* What a program writes in the pre phase of a getattr that it lets through is not an answer. */
static void out_counts_only_in_an_answer(void **state)
{
	struct probe *probe = start_probe(state);
	struct stat st;

	probe->attr.on = 1;
	probe->attr.mode = S_IFREG | 0111;
	probe->attr.uid = 9;
	assert_ok(stat(AT("file"), &st));
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(st.st_uid, 0);
	probe->attr.on = 0;
}

static void mode_of_what_is_made(void **state)
{
	struct probe *probe = start_probe(state);
	int fd;

	probe->new_mode = S_IFREG | 0640;
	assert_ok(try_open(AT("made"), O_WRONLY | O_CREAT, 0666));
	assert_int_equal(file_mode(BACK("made")), S_IFREG | 0640);
	assert_int_equal(file_mode(AT("made")), S_IFREG | 0640);
	assert_ok(unlink(AT("made")));
	fd = open(at, O_RDWR | O_TMPFILE, 0666);
	assert_ok(fd);
	assert_ok(linkat(AT_FDCWD, fmt("/proc/self/fd/%d", fd), AT_FDCWD, AT("made"), AT_SYMLINK_FOLLOW));
	assert_ok(close(fd));
	assert_int_equal(file_mode(BACK("made")), S_IFREG | 0640);
	assert_ok(unlink(AT("made")));
	probe->new_mode = S_IFDIR | 0710;
	assert_ok(mkdir(AT("made"), 0777));
	assert_int_equal(file_mode(BACK("made")), S_IFDIR | 0710);
	assert_ok(rmdir(AT("made")));
	probe->new_mode = S_IFIFO | 0600;
	assert_ok(mknod(AT("made"), S_IFIFO | 0666, 0));
	assert_int_equal(file_mode(BACK("made")), S_IFIFO | 0600);
	assert_ok(unlink(AT("made")));
	assert_int_equal(ops_get("every").errors, 0);
	probe->new_mode = S_IFDIR | 0600;
	assert_fails(mknod(AT("made"), S_IFIFO | 0666, 0), EIO);
	assert_false(exists(BACK("made")));
	assert_int_equal(ops_get("every").errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_is_shown_and_counts),
		cmocka_unit_test(owner_taken_away),
		cmocka_unit_test(setid_bits_are_the_owners),
		cmocka_unit_test(setid_bits_in_a_user_namespace),
		cmocka_unit_test(the_owner_below_stays),
		cmocka_unit_test(setid_bits_go_when_it_is_opened),
		cmocka_unit_test(setid_bits_go_over_another_mount),
		cmocka_unit_test(acl_under_new_programs),
		cmocka_unit_test(mode_is_shown_and_counts),
		cmocka_unit_test(directory_follows_too),
		cmocka_unit_test(backing_is_tracked_under_it),
		cmocka_unit_test(type_cannot_be_changed),
		cmocka_unit_test(answered_from_a_map),
		cmocka_unit_test(nonsense_answers),
		cmocka_unit_test(statfs_answered_and_changed),
		cmocka_unit_test(access_granted),
		cmocka_unit_test(out_counts_only_in_an_answer),
		cmocka_unit_test(mode_of_what_is_made),
	};

	umask(0);
	return run_on_backings("attrs", tests, sizeof(tests) / sizeof(tests[0]), teardown);
}
