// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose capabilities a backing filesystem is shown. It is a mount of ours here, whose
 * programs keep the capabilities that they are called with; the operations come through
 * another mount over it. Changes and data of an ordinary user come without any: a filesystem
 * that checks one, for an attribute of a namespace of its own for instance, checks the user.
 */
#include "twin.h"
#include "caps.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

static const struct who user = { .uid = 1000, .gid = 1000 };

static struct set *caps;
static const char *above;

static struct caps_seen *seen(enum fuse_bpf_op op)
{
	return &((struct caps_seen *)caps->globals)[op];
}

static int set_up(struct twin *t)
{
	const char *lower = strdup(tmp_dir("lower"));

	caps = set_attached("caps", NULL, NULL);
	mnt(t->under, lower, "ops=caps");
	above = strdup(tmp_dir("above"));
	mnt(lower, above, "");
	put(t->u, "f", "text");
	must(fchownat(t->u, "f", 1000, 1000, 0));
	must(mkdirat(t->u, "d", 0777));
	must(fchmodat(t->u, "d", 0777, 0));
	return 0;
}

static void tear_down(struct twin *t)
{
	umnt(above);
	umnt(tmp_path("lower"));
	set_free(caps);
}

/* What the process that does it has. */
static __u64 own_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	must(syscall(SYS_capget, &head, data));
	return data[0].effective | (__u64)data[1].effective << 32;
}

static const char *path(const char *name)
{
	return fmt("%s/%s", above, name);
}

static int is_done(long ret)
{
	return ret < 0 ? errno : 0;
}

static int do_chmod(void *arg)
{
	return is_done(chmod(path("f"), 0600));
}

static int do_create(void *arg)
{
	return is_done(open(path("d/made"), O_CREAT | O_EXCL | O_WRONLY, 0600));
}

static int do_mkdir(void *arg)
{
	return is_done(mkdir(path("d/dir"), 0700));
}

static int do_link(void *arg)
{
	return is_done(link(path("f"), path("d/link")));
}

static int do_rename(void *arg)
{
	return is_done(rename(path("d/link"), path("d/moved")));
}

static int do_unlink(void *arg)
{
	return is_done(unlink(path("d/moved")));
}

static int do_tmpfile(void *arg)
{
	return is_done(open(path("d"), O_TMPFILE | O_WRONLY, 0600));
}

static int do_user_xattr(void *arg)
{
	return is_done(setxattr(path("f"), "user.x", "1", 1, 0));
}

/* Of nobody's that is known: the filesystem below decides, and does not know it either. */
static int do_own_xattr(void *arg)
{
	return is_done(setxattr(path("f"), "system.of_its_own", "1", 1, 0));
}

static int do_get_own_xattr(void *arg)
{
	char value[16];

	return is_done(getxattr(path("f"), "system.of_its_own", value, sizeof(value)));
}

static int do_listxattr(void *arg)
{
	char list[256];

	return is_done(listxattr(path("f"), list, sizeof(list)));
}

static int do_flags(void *arg)
{
	int fd = open(path("f"), O_RDONLY), flags = FS_NODUMP_FL;

	return is_done(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

/* Each of what an open file can do, on a file that the user may open. */
static int do_open(void *arg)
{
	return is_done(open(path("f"), O_RDWR));
}

static int do_read(void *arg)
{
	char byte;

	return is_done(read(open(path("f"), O_RDONLY), &byte, 1));
}

static int do_write(void *arg)
{
	return is_done(write(open(path("f"), O_WRONLY), "t", 1));
}

static int do_splice_read(void *arg)
{
	int pipe_fd[2];

	if (pipe(pipe_fd))
		return errno;
	return is_done(splice(open(path("f"), O_RDONLY), NULL, pipe_fd[1], NULL, 1, 0));
}

static int do_splice_write(void *arg)
{
	int pipe_fd[2];

	if (pipe(pipe_fd) || write(pipe_fd[1], "t", 1) < 0)
		return errno;
	return is_done(splice(pipe_fd[0], NULL, open(path("f"), O_WRONLY), NULL, 1, 0));
}

static int do_mmap(void *arg)
{
	void *at = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, open(path("f"), O_RDONLY), 0);

	return at == MAP_FAILED ? errno : 0;
}

static int do_close(void *arg)
{
	return is_done(close(open(path("f"), O_RDONLY)));
}

static int do_fsync(void *arg)
{
	return is_done(fsync(open(path("f"), O_RDONLY)));
}

static int do_fallocate(void *arg)
{
	return is_done(fallocate(open(path("f"), O_WRONLY), 0, 0, 4));
}

static int do_seek_data(void *arg)
{
	return is_done(lseek(open(path("f"), O_RDONLY), 0, SEEK_DATA));
}

static int do_copy(void *arg)
{
	loff_t from = 0, to = 8;
	int fd = open(path("f"), O_RDWR);

	return is_done(copy_file_range(fd, &from, fd, &to, 2, 0));
}

static const struct shown {
	const char *name;
	enum fuse_bpf_op op;
	int (*run)(void *arg);
} changes[] = {
	{ "chmod", FUSE_BPF_OP_SETATTR, do_chmod },
	{ "create", FUSE_BPF_OP_CREATE, do_create },
	{ "mkdir", FUSE_BPF_OP_MKDIR, do_mkdir },
	{ "link", FUSE_BPF_OP_LINK, do_link },
	{ "rename", FUSE_BPF_OP_RENAME, do_rename },
	{ "unlink", FUSE_BPF_OP_UNLINK, do_unlink },
	{ "tmpfile", FUSE_BPF_OP_TMPFILE, do_tmpfile },
	{ "user.x", FUSE_BPF_OP_SETXATTR, do_user_xattr },
	{ "set system.of_its_own", FUSE_BPF_OP_SETXATTR, do_own_xattr },
	{ "get system.of_its_own", FUSE_BPF_OP_GETXATTR, do_get_own_xattr },
	{ "listxattr", FUSE_BPF_OP_LISTXATTR, do_listxattr },
	{ "setflags", FUSE_BPF_OP_IOCTL, do_flags },
}, data[] = {
	{ "open", FUSE_BPF_OP_OPEN, do_open },
	{ "read", FUSE_BPF_OP_READ, do_read },
	{ "write", FUSE_BPF_OP_WRITE, do_write },
	{ "splice from the file", FUSE_BPF_OP_READ, do_splice_read },
	{ "splice to the file", FUSE_BPF_OP_WRITE, do_splice_write },
	{ "close", FUSE_BPF_OP_FLUSH, do_close },
	{ "fsync", FUSE_BPF_OP_FSYNC, do_fsync },
	{ "fallocate", FUSE_BPF_OP_FALLOCATE, do_fallocate },
	{ "SEEK_DATA", FUSE_BPF_OP_LSEEK, do_seek_data },
	{ "mmap", FUSE_BPF_OP_MMAP, do_mmap },
	{ "copy_file_range", FUSE_BPF_OP_COPY_FILE_RANGE, do_copy },
};

static void comes_with_the_callers(const struct shown *c)
{
	unsigned int calls = seen(c->op)->calls;

	int err = as(&user, c->run, NULL);

	if (seen(c->op)->calls == calls)
		fail_msg("%s does not come to the backing filesystem: %s", c->name,
			 strerrorname_np(err));
	if (seen(c->op)->caps || seen(c->op)->uid != 1000)
		fail_msg("%s of user 1000 comes as user %u with capabilities %llx", c->name,
			 seen(c->op)->uid, (unsigned long long)seen(c->op)->caps);
}

static void changes_come_with_the_callers(struct twin *t)
{
	set_up(t);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		comes_with_the_callers(&changes[i]);
	/* And with root's where it is root. */
	must(chmod(path("f"), 0644));
	assert_int_equal(seen(FUSE_BPF_OP_SETATTR)->caps, own_caps());
	assert_int_equal(seen(FUSE_BPF_OP_SETATTR)->uid, 0);
	tear_down(t);
}

static void data_comes_with_the_callers(struct twin *t)
{
	char byte;
	int fd;

	set_up(t);
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		comes_with_the_callers(&data[i]);
	fd = must(open(path("f"), O_RDONLY));
	assert_int_equal(must(read(fd, &byte, 1)), 1);
	must(close(fd));
	assert_int_equal(seen(FUSE_BPF_OP_READ)->caps, own_caps());
	assert_int_equal(seen(FUSE_BPF_OP_READ)->uid, 0);
	tear_down(t);
}

/* A name of a file's that is listed is copied to the caller's memory by the caller. */
static int do_list(void *arg)
{
	return strcmp(names_in(above), "d f");
}

static void programs_of_a_listing_see_the_caller(struct twin *t)
{
	set_up(t);
	/* The lower mount's listing, read through the upper one: its caller has the mounter's. */
	assert_int_equal(as(&user, do_list, NULL), 0);
	assert_int_equal(seen(FUSE_BPF_OP_READDIR)->uid, 1000);
	/* Straight: none. */
	umnt(above);
	above = strdup(tmp_path("lower"));
	assert_int_equal(as(&user, do_list, NULL), 0);
	assert_int_equal(seen(FUSE_BPF_OP_READDIR)->uid, 1000);
	assert_int_equal(seen(FUSE_BPF_OP_READDIR)->caps, 0);
	umnt(above);
	set_free(caps);
}

static const struct twin_test tests[] = {
	TWIN_TEST(changes_come_with_the_callers),
	TWIN_TEST(data_comes_with_the_callers),
	TWIN_TEST(programs_of_a_listing_see_the_caller),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS);
}
