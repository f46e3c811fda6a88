// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same few files, and one open file, used by several tasks at once, through two mounts and underneath, while their
 * attributes change. What is read without a lock and was not meant to be shows on a kernel with KCSAN; everywhere, what
 * is shown is what somebody has set, and in the end what is below.
 *
 * timeout: 180
 */
#include "crowd.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#define SECONDS	4
#define IDS	3	/* owners and groups that files change between */

static const char * const names[] = { "f", "d", "d/g", "s" };

#define NAMES	(sizeof(names) / sizeof(names[0]))

static int second;	/* another mount's directory */
static int opened;	/* a file of the first mount, which all members have */

static const char *some_name(void)
{
	return names[pick(NAMES)];
}

/* --- attributes --------------------------------------------------------------------- */

static void set_flags(int dir)
{
	int fd = surely(openat(dir, "f", O_RDONLY));
	int flags = pick(2) ? FS_SYNC_FL : 0;

	/* tmpfs has no such flag. */
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) && errno != EOPNOTSUPP && errno != ENOTTY)
		violated("flags: %s", strerror(errno));
	surely(close(fd));
}

static void change(int dir)
{
	const char *name = some_name();

	switch (pick(5)) {
	case 0:
		/* Of what a link leads to: chmod(2) follows. */
		surely(fchmodat(dir, name, 0600 | pick(0100), 0));
		return;
	case 1:
		surely(fchownat(dir, name, pick(IDS), pick(IDS), AT_SYMLINK_NOFOLLOW));
		return;
	case 2:
		surely(utimensat(dir, name, NULL, AT_SYMLINK_NOFOLLOW));
		return;
	case 3:
		if (unlinkat(dir, "l", 0) && errno != ENOENT && errno != ESTALE)
			violated("unlink: %s", strerror(errno));
		if (linkat(dir, "f", dir, "l", 0) && errno != EEXIST && errno != ESTALE)
			violated("link: %s", strerror(errno));
		return;
	default:
		set_flags(dir);
	}
}

static void change_over(struct twin *t)
{
	change(t->o);
}

static void change_under(struct twin *t)
{
	change(t->u);
}

static void look(int dir)
{
	const char *name = some_name();
	char text[16];
	struct stat st;

	surely(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW));
	if (st.st_uid >= IDS || st.st_gid >= IDS || (st.st_mode & 0600) != 0600)
		violated("%s is of %u:%u with mode %o", name, st.st_uid, st.st_gid, st.st_mode);
	surely(readlinkat(dir, "s", text, sizeof(text)));
	surely(faccessat(dir, name, R_OK | W_OK, 0));
}

static void look_over(struct twin *t)
{
	look(t->o);
}

static void look_second(struct twin *t)
{
	look(second);
}

/* Whose rights come and go with owner and mode. */
static void try_as_user(struct twin *t)
{
	static const struct who who = { .uid = 1, .gid = 1 };
	const char *name = some_name();
	int fd;

	if (!steps())
		surely(turn_into(&who));
	fd = openat(pick(2) ? t->o : second, name, O_RDONLY);
	if (fd >= 0)
		surely(close(fd));
	else if (errno != EACCES)
		violated("open %s: %s", name, strerror(errno));
}

/* --- an open file ------------------------------------------------------------------- */

static const char exes[] = { 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x' };

static void read_exes(void)
{
	char text[64];
	ssize_t n = surely(pread(opened, text, sizeof(text), 0));

	/* Where the file was made shorter and longer again meanwhile, there may be a hole. */
	while (n--)
		if (text[n] != 'x' && text[n])
			violated("byte %zd of the file is 0x%02x", n, text[n]);
}

static void use_opened(struct twin *t)
{
	static const int flags[] = { 0, O_APPEND, O_NOATIME, O_APPEND | O_NONBLOCK };
	struct stat st;

	switch (pick(9)) {
	case 0:
	case 1:
		surely(fcntl(opened, F_SETFL, flags[pick(4)]));
		return;
	case 2:
		surely(pwrite(opened, exes, sizeof(exes), 0));
		return;
	case 3:
		surely(ftruncate(opened, 0));
		return;
	case 4:
		surely(syncfs(opened));
		return;
	case 5:
		surely(lseek(opened, 0, SEEK_END));
		return;
	case 6:
		surely(fstat(opened, &st));
		return;
	default:
		read_exes();
	}
}

/* --- the tests ---------------------------------------------------------------------- */

static void run(struct twin *t, const struct member *members, size_t n)
{
	const char *mount = tmp_path("second");

	must(fchmod(t->u, 0755));
	put(t->u, "f", "");
	must(mkdirat(t->u, "d", 0700));
	put(t->u, "d/g", "");
	must(symlinkat("f", t->u, "s"));
	mnt(t->under, mount, t->world == TWIN_NOP ? "ops=nop" : "");
	second = must(open(mount, O_RDONLY));
	opened = must(openat(t->o, "f", O_RDWR));
	crowd_run_for(SECONDS, t, members, n);
	for (size_t i = 0; i < NAMES; i++)
		same_stat(t, names[i]);
	must(close(opened));
	must(close(second));
	umnt(mount);
}

static void attributes(struct twin *t)
{
	static const struct member members[] = {
		{ "over", change_over },
		{ "under", change_under },
		{ "look", look_over },
		{ "look", look_second },
		{ "user", try_as_user },
		{ "user", try_as_user },
	};

	run(t, members, sizeof(members) / sizeof(members[0]));
}

static void one_open_file(struct twin *t)
{
	static const struct member members[] = {
		{ "opened", use_opened },
		{ "opened", use_opened },
		{ "opened", use_opened },
		{ "look", look_second },
	};

	run(t, members, sizeof(members) / sizeof(members[0]));
}

static const struct twin_test tests[] = {
	TWIN_TEST(attributes),
	TWIN_TEST(one_open_file),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
