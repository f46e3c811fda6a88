// SPDX-License-Identifier: GPL-2.0-only
/* Who owns what is made through the mount, who may do what with others' files, and when set-id bits go. */
#include "twin.h"

#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>

static const struct who user = { .uid = 1000, .gid = 1000 };
static const struct who other = { .uid = 2000, .gid = 2000 };
static const struct who member = { .uid = 1000, .gid = 1000, .ngroups = 2, .groups = { 3000, 4000 } };

static int make_all(void *dir)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	umask(0022);
	if (chdir(dir) || try_open("f", O_WRONLY | O_CREAT | O_EXCL, 0666) || mkdir("d", 0777) ||
	    symlink("f", "l") || mknod("p", S_IFIFO | 0666, 0) || link("f", "h") ||
	    try_open("x", O_WRONLY | O_CREAT | O_EXCL, 02775) || try_open("n", O_WRONLY | O_CREAT, 0755))
		return errno;
	snprintf(at.sun_path, sizeof(at.sun_path), "s");
	if (bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof(at)))
		return errno;
	return 0;
}

/* What is made through the mount is what the same calls make natively. */
static void made_as(struct twin *t, const struct who *who, uid_t uid, gid_t gid, mode_t mode)
{
	const char *names[] = { ".", "f", "d", "l", "p", "s", "h", "x", "n" };

	must(mkdirat(t->u, "native", 0777));
	must(mkdirat(t->u, "ours", 0777));
	must(fchownat(t->u, "native", uid, gid, 0));
	must(fchownat(t->u, "ours", uid, gid, 0));
	must(fchmodat(t->u, "native", mode, 0));
	must(fchmodat(t->u, "ours", mode, 0));
	assert_int_equal(as(who, make_all, (void *)under(t, "native")), 0);
	assert_int_equal(as(who, make_all, (void *)over(t, "ours")), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat n = stat_of(t->u, fmt("native/%s", names[i]));
		struct stat o = stat_of(t->u, fmt("ours/%s", names[i]));

		same_stat(t, fmt("ours/%s", names[i]));
		assert_int_equal(o.st_mode, n.st_mode);
		assert_int_equal(o.st_uid, n.st_uid);
		assert_int_equal(o.st_gid, n.st_gid);
	}
}

static void makers_own(struct twin *t)
{
	made_as(t, &user, 0, 0, 0777);
	assert_int_equal(stat_of(t->u, "ours/f").st_uid, 1000);
	assert_int_equal(stat_of(t->u, "ours/f").st_gid, 1000);
	assert_int_equal(stat_of(t->u, "ours/l").st_uid, 1000);
	assert_int_equal(stat_of(t->u, "ours/d").st_mode, S_IFDIR | 0755);
}

static void setgid_directory(struct twin *t)
{
	made_as(t, &user, 0, 5000, 02777);
	assert_int_equal(stat_of(t->u, "ours/f").st_gid, 5000);
	assert_int_equal(stat_of(t->u, "ours/d").st_gid, 5000);
	assert_int_equal(stat_of(t->u, "ours/d").st_mode, S_IFDIR | 02755);
	/* Set-gid for a group that the maker is not in is not given. */
	assert_int_equal(stat_of(t->u, "ours/x").st_mode, S_IFREG | 0755);
}

static void setgid_directory_of_a_member(struct twin *t)
{
	made_as(t, &member, 0, 4000, 02770);
	assert_int_equal(stat_of(t->u, "ours/x").st_gid, 4000);
	assert_int_equal(stat_of(t->u, "ours/x").st_mode, S_IFREG | 02755);
}

static int give_to_groups(void *path)
{
	if (chown(path, -1, 3000) || chown(path, -1, 4000) || chmod(path, 02750))
		return errno;
	return chown(path, -1, 5000) ? errno : 0;
}

static int read_file(void *path)
{
	return try_open(path, O_RDONLY, 0) ? errno : 0;
}

static void supplementary_groups(struct twin *t)
{
	put(t->o, "f", "x");
	must(fchownat(t->u, "f", 1000, 1000, 0));
	assert_int_equal(as(&user, give_to_groups, (void *)over(t, "f")), EPERM);
	assert_int_equal(stat_of(t->u, "f").st_gid, 1000);
	assert_int_equal(as(&member, give_to_groups, (void *)over(t, "f")), EPERM);
	assert_int_equal(stat_of(t->u, "f").st_gid, 4000);
	assert_int_equal(stat_of(t->u, "f").st_mode, S_IFREG | 02750);
	must(fchownat(t->u, "f", 0, 4000, 0));
	must(fchmodat(t->u, "f", 0640, 0));
	assert_int_equal(as(&user, read_file, (void *)over(t, "f")), EACCES);
	assert_int_equal(as(&member, read_file, (void *)over(t, "f")), 0);
}

/* --- set-id bits and capabilities on write -------------------------------------------- */

struct change {
	const char *name;
	int (*run)(const char *path);
};

static int change_write(const char *path)
{
	int fd = open(path, O_WRONLY);

	return fd < 0 || write(fd, "x", 1) != 1 ? errno : 0;
}

static int change_truncate(const char *path)
{
	return truncate(path, 1) ? errno : 0;
}

static int change_allocate(const char *path)
{
	int fd = open(path, O_WRONLY);

	return fd < 0 || fallocate(fd, 0, 0, 8192) ? errno : 0;
}

static int change_copy(const char *path)
{
	int fd = open(path, O_RDWR);
	loff_t from = 0, to = 2;

	return fd < 0 || copy_file_range(fd, &from, fd, &to, 1, 0) != 1 ? errno : 0;
}

static int change_splice(const char *path)
{
	int p[2], fd = open(path, O_WRONLY);

	if (fd < 0 || pipe(p) || write(p[1], "x", 1) != 1)
		return errno;
	return splice(p[0], NULL, fd, NULL, 1, 0) != 1 ? errno : 0;
}

static int change_aio(const char *path)
{
	struct iocb cb = {
		.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_buf = (uintptr_t)"x", .aio_nbytes = 1,
	}, *cbs[] = { &cb };
	struct io_event event = { 0 };
	aio_context_t ctx = 0;
	int fd = open(path, O_WRONLY);

	cb.aio_fildes = fd;
	if (fd < 0 || syscall(SYS_io_setup, 1, &ctx) || syscall(SYS_io_submit, ctx, 1, cbs) != 1 ||
	    syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL) != 1)
		return errno;
	return event.res == 1 ? 0 : -event.res;
}

static int change_chown(const char *path)
{
	return chown(path, 1000, 1000) ? errno : 0;
}

static int change_touch(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0) ? errno : 0;
}

static const struct change changes[] = {
	{ "write", change_write },
	{ "truncate", change_truncate },
	{ "fallocate", change_allocate },
	{ "copy_file_range", change_copy },
	{ "splice", change_splice },
	{ "io_submit", change_aio },
	{ "chown", change_chown },
	{ "touch", change_touch },
};

struct trial {
	const struct change *change;
	const char *path;
};

static int run_change(void *arg)
{
	const struct trial *trial = arg;

	return trial->change->run(trial->path);
}

/* As root, but without CAP_FSETID. */
static int run_change_without(void *arg)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return 254;
	data[0].effective &= ~(1U << CAP_FSETID);
	if (syscall(SYS_capset, &head, data))
		return 254;
	return run_change(arg);
}

static void spoil(struct twin *t, const char *name, mode_t mode)
{
	/* cap_net_raw+ep, revision 2 */
	static const uint32_t cap[5] = { 0x02000001, 1 << 13, 0, 0, 0 };

	put(t->u, name, "text");
	must(fchownat(t->u, name, 1000, 1000, 0));
	must(fchmodat(t->u, name, mode, 0));
	must(setxattr(under(t, name), "security.capability", cap, sizeof(cap), 0));
}

static void same_after(struct twin *t, const char *what)
{
	struct stat n = stat_of(t->u, "native"), o = stat_of(t->o, "ours");
	char cap[32];

	if (n.st_mode != o.st_mode)
		fail_msg("%s leaves mode %o natively and %o through the mount", what, n.st_mode, o.st_mode);
	assert_int_equal(outcome(getxattr(under(t, "native"), "security.capability", cap, sizeof(cap))),
			 outcome(getxattr(over(t, "ours"), "security.capability", cap, sizeof(cap))));
	same_stat(t, "ours");
}

static void set_id_bits_go(struct twin *t)
{
	static const mode_t modes[] = { 06755, 04711, 02777, 02646 };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
			struct trial native = { &changes[i], under(t, "native") };
			struct trial ours = { &changes[i], over(t, "ours") };

			for (int who = 0; who < 3; who++) {
				int (*run)(void *) = who == 2 ? run_change_without : run_change;

				spoil(t, "native", modes[m]);
				spoil(t, "ours", modes[m]);
				assert_int_equal(who ? in_child(0, run, &native) : as(&user, run, &native), 0);
				assert_int_equal(who ? in_child(0, run, &ours) : as(&user, run, &ours), 0);
				same_after(t, changes[i].name);
			}
		}
	}
	spoil(t, "ours", 06755);
	assert_int_equal(as(&user, run_change, &(struct trial){ &changes[0], over(t, "ours") }), 0);
	assert_int_equal(stat_of(t->u, "ours").st_mode, S_IFREG | 0755);
}

/* One descriptor for many writes: the bits set again in between go again. */
static int write_after_chmod(void *path)
{
	int fd = open(path, O_WRONLY);
	struct stat st;

	for (int i = 0; i < 3; i++)
		if (chmod(path, 04755) || stat(path, &st) || st.st_mode != (S_IFREG | 04755) ||
		    write(fd, "x", 1) != 1 || stat(path, &st) || st.st_mode != (S_IFREG | 0755))
			return 1;
	return 0;
}

static void set_id_bits_go_again(struct twin *t)
{
	put(t->o, "f", "x");
	must(fchownat(t->o, "f", 1000, 1000, 0));
	assert_int_equal(as(&user, write_after_chmod, (void *)under(t, "f")), 0);
	assert_int_equal(as(&user, write_after_chmod, (void *)over(t, "f")), 0);
}

static int run_change_after_a_refusal(void *arg)
{
	const struct trial *trial = arg;

	if (!chmod(trial->path, 04755) || errno != EPERM)
		return 254;
	return run_change(arg);
}

/* What is refused has gone some way before, as far as to what the next write looks at. */
static void set_id_bits_go_after_a_refusal(struct twin *t)
{
	static const mode_t modes[] = { 04777, 06777 };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (changes[i].run == change_chown)
			continue;
		for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
			struct trial native = { &changes[i], under(t, "native") };
			struct trial ours = { &changes[i], over(t, "ours") };

			spoil(t, "native", modes[m]);
			spoil(t, "ours", modes[m]);
			/* So that there is something to be told to our inode. */
			same_stat(t, "ours");
			assert_int_equal(as(&other, run_change_after_a_refusal, &native), 0);
			assert_int_equal(as(&other, run_change_after_a_refusal, &ours), 0);
			same_after(t, changes[i].name);
			if (changes[i].run != change_touch)
				assert_int_equal(stat_of(t->u, "ours").st_mode, S_IFREG | 0777);
		}
	}
}

/* --- others' files ------------------------------------------------------------------- */

static int take_all(void *dir)
{
	return chdir(dir) ? 254 :
	       unlink("f") != -1 || errno != EPERM ? 1 :
	       rename("f", "g") != -1 || errno != EPERM ? 2 :
	       rmdir("d") != -1 || errno != EPERM ? 3 :
	       rename("mine", "f") != -1 || errno != EPERM ? 4 :
	       unlink("mine") ? 5 : 0;
}

static void sticky_directories(struct twin *t)
{
	must(fchmodat(t->u, ".", 01777, 0));
	put(t->u, "f", "x");
	must(mkdirat(t->u, "d", 0777));
	put(t->u, "mine", "x");
	must(fchownat(t->u, "mine", 1000, 1000, 0));
	assert_int_equal(as(&user, take_all, t->over), 0);
	holds(t->u, "f", "x");
	absent(t, "mine");
}

struct protection {
	const char *sysctl;
	char was[8];
};

static void protect(struct protection *p, const char *value)
{
	int fd = must(open(p->sysctl, O_RDWR));

	must(read(fd, p->was, 1));
	must(pwrite(fd, value, 1, 0));
	must(close(fd));
}

static int follow_and_link(void *dir)
{
	if (chdir(dir))
		return 254;
	if (try_open("link", O_RDONLY, 0) != -1 || errno != EACCES)
		return 1;
	if (link("secret", "hard") != -1 || errno != EPERM)
		return 2;
	if (try_open("fifo", O_RDWR | O_CREAT, 0666) != -1 || errno != EACCES)
		return 3;
	if (try_open("others", O_RDWR | O_CREAT, 0666) != -1 || errno != EACCES)
		return 4;
	return 0;
}

/* fs.protected_* look at owners and modes that the mount shows. */
static void protected_names(struct twin *t)
{
	struct protection p[] = {
		{ .sysctl = "/proc/sys/fs/protected_symlinks" },
		{ .sysctl = "/proc/sys/fs/protected_hardlinks" },
		{ .sysctl = "/proc/sys/fs/protected_fifos" },
		{ .sysctl = "/proc/sys/fs/protected_regular" },
	};
	int native, ours;

	must(fchmodat(t->u, ".", 01777, 0));
	put(t->u, "secret", "x");
	must(fchmodat(t->u, "secret", 0600, 0));
	put(t->u, "target", "x");
	must(symlinkat("target", t->u, "link"));
	must(fchownat(t->u, "link", 2000, 2000, AT_SYMLINK_NOFOLLOW));
	must(mknodat(t->u, "fifo", S_IFIFO | 0666, 0));
	put(t->u, "others", "x");
	for (const char *const *f = (const char *[]){ "fifo", "others", NULL }; *f; f++) {
		must(fchownat(t->u, *f, 2000, 2000, 0));
		must(fchmodat(t->u, *f, 0666, 0));
	}
	for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++)
		protect(&p[i], "1");
	native = as(&user, follow_and_link, t->under);
	ours = as(&user, follow_and_link, t->over);
	for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++)
		protect(&p[i], p[i].was);
	assert_int_equal(native, 0);
	assert_int_equal(ours, 0);
}

/* --- descriptors, capabilities ---------------------------------------------------------- */

static int reopen(void *path)
{
	int fd = open(path, O_RDONLY);
	char link[64];

	if (fd < 0)
		return 254;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return try_open(link, O_RDWR, 0) ? errno : 0;
}

static void reopening_checks_again(struct twin *t)
{
	put(t->u, "f", "x");
	assert_int_equal(as(&user, reopen, (void *)over(t, "f")), EACCES);
	must(fchmodat(t->u, "f", 0666, 0));
	assert_int_equal(as(&user, reopen, (void *)over(t, "f")), 0);
}

/* A descriptor opened by root works for whoever has it: rights are checked at open. */
static int use_descriptor(void *fd)
{
	char c;

	return pread(*(int *)fd, &c, 1, 0) != 1 || pwrite(*(int *)fd, "y", 1, 0) != 1 ? errno : 0;
}

static void descriptors_carry_rights(struct twin *t)
{
	int fd;

	put(t->o, "f", "x");
	must(fchmodat(t->o, "f", 0600, 0));
	fd = must(openat(t->o, "f", O_RDWR));
	assert_int_equal(as(&other, use_descriptor, &fd), 0);
	holds(t->u, "f", "y");
}

static int read_without_override(void *path)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (syscall(SYS_capset, &head, none))
		return 254;
	return try_open(path, O_RDONLY, 0) ? errno : 0;
}

/* Root's number alone gives nothing, capabilities alone do. */
static void capabilities_decide(struct twin *t)
{
	put(t->o, "f", "x");
	must(fchownat(t->o, "f", 1000, 1000, 0));
	must(fchmodat(t->o, "f", 0600, 0));
	assert_int_equal(try_open(over(t, "f"), O_RDWR, 0), 0);
	assert_int_equal(in_child(0, read_without_override, (void *)under(t, "f")), EACCES);
	assert_int_equal(in_child(0, read_without_override, (void *)over(t, "f")), EACCES);
}

static int gives_to_group(void *path)
{
	return chown(path, -1, 1001) ? errno : 0;
}

/* By the owner, who has no right to the attribute: the lowest level takes it away. */
static void capabilities_go_over_two_mounts(struct twin *t)
{
	static const struct who owner = { 1000, 1000, 1, { 1001 } };
	const char *top = tmp_path("top");
	char cap[32];

	spoil(t, "f", 0755);
	must(chmod(t->under, 0755));
	mnt(t->over, top, NULL);
	assert_int_equal(as(&owner, gives_to_group, (void *)fmt("%s/f", top)), 0);
	assert_int_equal(stat_of(t->u, "f").st_gid, 1001);
	assert_fails(getxattr(under(t, "f"), "security.capability", cap, sizeof(cap)), ENODATA);
	umnt(top);
}

static const struct twin_test tests[] = {
	TWIN_TEST(makers_own),
	TWIN_TEST(setgid_directory),
	TWIN_TEST(setgid_directory_of_a_member),
	TWIN_TEST(supplementary_groups),
	TWIN_TEST(set_id_bits_go),
	TWIN_TEST(set_id_bits_go_again),
	TWIN_TEST(set_id_bits_go_after_a_refusal),
	TWIN_TEST(sticky_directories),
	TWIN_TEST(protected_names),
	TWIN_TEST(reopening_checks_again),
	TWIN_TEST(descriptors_carry_rights),
	TWIN_TEST(capabilities_decide),
	TWIN_TEST(capabilities_go_over_two_mounts),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
