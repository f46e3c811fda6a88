// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount of ours over another, by whose inodes it goes, and a change underneath both: a
 * user with an open descriptor, which no walk refreshes, gets nothing by what the mount
 * in the middle still shows. Without the second check in fuse_bpf_permission_by_backing()
 * a file in a closed directory is opened; with the mounter's capabilities over a mount of
 * ours a user makes a setuid file of root's.
 */
#include "twin.h"

#include <sched.h>

static const struct who user = { .uid = TEST_UID, .gid = TEST_GID };

/* The upper mount over the twin's, which the test unmounts. */
static const char *mount_second(struct twin *t)
{
	const char *at = strdup(tmp_path("second"));

	mnt(t->over, at, t->world == TWIN_NOP ? "ops=nop" : "");
	return at;
}

/* 0, or an errno; fds are inherited. */
struct attempt {
	int fd;
	bool in_userns;
};

static int opens_secret(void *arg)
{
	const struct attempt *a = arg;

	if (a->in_userns && unshare(CLONE_NEWUSER))
		return 250;
	return openat(a->fd, "secret", O_RDONLY) < 0 ? errno : 0;
}

static int makes_setuid(void *arg)
{
	const struct attempt *a = arg;

	if (a->in_userns && unshare(CLONE_NEWUSER))
		return 250;
	return fchmod(a->fd, 04755) ? errno : 0;
}

static int takes_back(void *arg)
{
	const struct attempt *a = arg;

	return fchown(a->fd, TEST_UID, TEST_GID) ? errno : 0;
}

static void closed_directory(struct twin *t)
{
	const char *at = mount_second(t);
	struct attempt a;

	for (int in_userns = 0; in_userns < 2; in_userns++) {
		const char *name = fmt("d%d", in_userns);

		must(mkdirat(t->u, name, 0755));
		a = (struct attempt){ must(open(fmt("%s/%s", at, name), O_PATH | O_DIRECTORY)), in_userns };
		assert_int_equal(as(&user, opens_secret, &a), ENOENT);
		must(fchmodat(t->u, name, 0700, 0));
		put(t->u, fmt("%s/secret", name), "secret");
		must(fchmodat(t->u, fmt("%s/secret", name), 0644, 0));
		assert_int_equal(as(&user, opens_secret, &a), EACCES);
		must(close(a.fd));
	}
	umnt(at);
}

static void given_away(struct twin *t, int (*attempt)(void *arg), int users)
{
	const char *at = mount_second(t);
	struct attempt a;
	struct stat st;

	for (int in_userns = 0; in_userns < users; in_userns++) {
		const char *name = fmt("f%d", in_userns);

		put(t->u, name, "the user's");
		must(fchownat(t->u, name, TEST_UID, TEST_GID, 0));
		must(fchmodat(t->u, name, 0755, 0));
		a = (struct attempt){ must(open(fmt("%s/%s", at, name), O_RDONLY)), in_userns };
		must(fchownat(t->u, name, 0, 0, 0));
		assert_int_equal(as(&user, attempt, &a), EPERM);
		must(fstatat(t->u, name, &st, 0));
		assert_int_equal(st.st_mode & 07777, 0755);
		assert_int_equal(st.st_uid, 0);
		must(close(a.fd));
	}
	umnt(at);
}

static void setuid_bit(struct twin *t)
{
	given_away(t, makes_setuid, 2);
}

static void owner(struct twin *t)
{
	/* In the namespace the id is not mapped. */
	given_away(t, takes_back, 1);
}

static const struct twin_test tests[] = {
	TWIN_TEST(closed_directory),
	TWIN_TEST(setuid_bit),
	TWIN_TEST(owner),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4 | TWIN_NOP);
}
