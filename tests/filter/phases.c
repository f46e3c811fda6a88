// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two phases: who is called when, with which context, and what a post call
 * may make of a result. Without the limits a program turns a failure into a
 * success that nobody had, or a count into one too large.
 *
 * timeout: 240
 */
#include "pair.h"

#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "probe.h"

static struct probe *probe;
static struct set *set;

#define OP(NAME) (&probe->op[FUSE_BPF_OP_##NAME])

static void attach(__u64 post_only)
{
	set = set_open("probe", "every", NULL);
	set->ops->post_only = post_only;
	set_load(set);
	set_attach(set);
	probe = set->globals;
	probe->tgid = getpid();
	mnt(back, at, "ops=every");
}

static int setup(void **state)
{
	pair_setup(state);
	file_write(BACK("file"), "0123456789");
	assert_ok(chown(BACK("file"), 21, 22));
	assert_ok(mkdir(BACK("dir"), 0755));
	file_write(BACK("dir/in"), "in");
	return 0;
}

static void rewrite(struct probe_op *op, long result)
{
	op->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	op->rewrite = 1;
	op->result = result;
}

static int setup_on_disk(void **state)
{
	setup(state);
	if (!access(SCRATCH_DISK, F_OK)) {
		remove_tree(back);
		back = backing_dir(ON_EXT4, "back");
		assert_ok(mkdir(BACK("dir"), 0755));
		file_write(BACK("dir/in"), "in");
	}
	return 0;
}

static int teardown_on_disk(void **state)
{
	pair_teardown(state);
	backings_done();
	return 0;
}

static void post_only(void **state)
{
	struct stat st;

	attach(1ULL << FUSE_BPF_OP_GETATTR | 1ULL << FUSE_BPF_OP_MKDIR);
	OP(GETATTR)->calls[0] = OP(GETATTR)->calls[1] = 0;
	OP(GETATTR)->verdict[0] = OP(MKDIR)->verdict[0] = -EPERM;
	assert_ok(stat(AT("file"), &st));
	assert_int_equal(OP(GETATTR)->calls[0], 0);
	assert_true(OP(GETATTR)->calls[1] > 0);
	assert_ok(mkdir(AT("made"), 0755));
	assert_int_equal(OP(MKDIR)->calls[0], 0);
	assert_int_equal(OP(MKDIR)->calls[1], 1);
	assert_int_equal(OP(MKDIR)->ctx[1].phase, FUSE_BPF_PHASE_POST);
	OP(MKDIR)->verdict[1] = -EUSERS;
	assert_ok(rmdir(AT("made")));
	assert_fails(mkdir(AT("made"), 0755), EUSERS);
	assert_true(exists(BACK("made")));
}

static void post_on_demand(void **state)
{
	attach(0);
	assert_ok(mkdir(AT("made"), 0755));
	assert_int_equal(OP(MKDIR)->calls[0], 1);
	assert_int_equal(OP(MKDIR)->calls[1], 0);
	OP(RMDIR)->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	assert_ok(rmdir(AT("made")));
	assert_int_equal(OP(RMDIR)->calls[0], 1);
	assert_int_equal(OP(RMDIR)->calls[1], 1);
	assert_int_equal(OP(RMDIR)->ctx[1].result, 0);
	OP(RMDIR)->verdict[1] = FUSE_BPF_REPLY;
	assert_ok(mkdir(AT("made"), 0755));
	assert_ok(rmdir(AT("made")));
	assert_int_equal(ops_get("every").errors, 0);
}

/* Refused before: no post call, since nothing was done. */
static void no_post_after_a_refusal(void **state)
{
	attach(0);
	OP(MKDIR)->verdict[0] = -EUSERS;
	assert_fails(mkdir(AT("made"), 0755), EUSERS);
	assert_int_equal(OP(MKDIR)->calls[1], 0);
	assert_false(exists(BACK("made")));
}

static void error_to_error(void **state)
{
	attach(0);
	assert_fails(rmdir(AT("dir")), ENOTEMPTY);
	rewrite(OP(RMDIR), -EBUSY);
	assert_fails(rmdir(AT("dir")), EBUSY);
	assert_int_equal(OP(RMDIR)->ctx[1].result, -ENOTEMPTY);
	assert_int_equal(OP(RMDIR)->ctx[1].target_is_dir, 1);
	OP(RMDIR)->rewrite = 0;
	OP(RMDIR)->verdict[1] = -EROFS;
	assert_fails(rmdir(AT("dir")), EROFS);
	assert_true(exists(BACK("dir/in")));
	assert_int_equal(ops_get("every").errors, 0);
}

/* Also where a success would have been a count. */
static void error_to_error_for_a_count(void **state)
{
	attach(0);
	assert_fails(getxattr(AT("file"), "trusted.none", NULL, 0), ENODATA);
	rewrite(OP(GETXATTR), -ENOENT);
	assert_fails(getxattr(AT("file"), "trusted.none", NULL, 0), ENOENT);
	assert_int_equal(OP(GETXATTR)->ctx[1].result, -ENODATA);
	assert_int_equal(ops_get("every").errors, 0);
}

static void error_to_success(void **state)
{
	attach(0);
	assert_fails(removexattr(AT("file"), "trusted.none"), ENODATA);
	rewrite(OP(REMOVEXATTR), 0);
	assert_ok(removexattr(AT("file"), "trusted.none"));
	assert_int_equal(OP(REMOVEXATTR)->ctx[1].result, -ENODATA);
	assert_int_equal(ops_get("every").errors, 0);

	/* Nothing was removed: a success would leave the name behind in the cache. */
	rewrite(OP(RMDIR), 0);
	assert_fails(rmdir(AT("dir")), EIO);
	assert_int_equal(ops_get("every").errors, 1);
	assert_true(exists(BACK("dir")));
}

static void success_to_error(void **state)
{
	attach(0);
	rewrite(OP(MKDIR), -EPERM);
	assert_fails(mkdir(AT("made"), 0755), EPERM);
	assert_true(exists(BACK("made")));
	OP(MKDIR)->rewrite = 0;
	assert_true(exists(AT("made")));
	rewrite(OP(GETATTR), -EPERM);
	assert_fails(access(AT("file"), F_OK) ? -1 : stat(AT("file"), &(struct stat){}), EPERM);
	OP(GETATTR)->rewrite = 0;
	assert_int_equal(ops_get("every").errors, 0);
}

static void counts(void **state)
{
	char buf[8] = "xxxxxxx";
	int fd;

	attach(0);
	fd = open(AT("file"), O_RDWR);
	assert_ok(fd);
	rewrite(OP(READ), 3);
	assert_int_equal(pread(fd, buf, 5, 1), 3);
	assert_int_equal(OP(READ)->ctx[1].result, 5);
	assert_int_equal(OP(READ)->in[0], 1);
	assert_int_equal(OP(READ)->in[1], 5);
	rewrite(OP(READ), 0);
	assert_int_equal(pread(fd, buf, 5, 1), 0);
	assert_int_equal(ops_get("every").errors, 0);
	rewrite(OP(READ), 6);
	assert_fails(pread(fd, buf, 5, 1), EIO);
	assert_int_equal(ops_get("every").errors, 1);
	rewrite(OP(WRITE), 2);
	assert_int_equal(pwrite(fd, "abcd", 4, 0), 2);
	assert_int_equal(OP(WRITE)->ctx[1].result, 4);
	file_is(BACK("file"), "abcd456789");
	rewrite(OP(WRITE), 1L << 40);
	assert_fails(pwrite(fd, "abcd", 4, 0), EIO);
	assert_int_equal(ops_get("every").errors, 2);
	OP(READ)->rewrite = OP(WRITE)->rewrite = 0;
	assert_ok(close(fd));
}

static off_t position(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

/* Who is told less than was read or written goes on right behind that. */
static void position_after_a_smaller_count(void **state)
{
	char buf[8], more[8];
	struct iovec both[] = { { buf, 2 }, { more, 4 } };
	int fd;

	attach(0);
	fd = open(AT("file"), O_RDWR);
	assert_ok(fd);
	rewrite(OP(READ), 3);
	assert_int_equal(read(fd, buf, 5), 3);
	assert_int_equal(position(fd), 3);
	assert_int_equal(readv(fd, both, 2), 3);
	assert_memory_equal(buf, "34", 2);
	assert_int_equal(more[0], '5');
	assert_int_equal(position(fd), 6);
	assert_int_equal(pread(fd, buf, 5, 1), 3);
	assert_int_equal(position(fd), 6);
	OP(READ)->rewrite = 0;
	assert_int_equal(read(fd, buf, 4), 4);
	assert_memory_equal(buf, "6789", 4);

	assert_ok(lseek(fd, 0, SEEK_SET));
	rewrite(OP(WRITE), 2);
	assert_int_equal(write(fd, "abcd", 4), 2);
	assert_int_equal(position(fd), 2);
	memcpy(buf, "AB", 2);
	memcpy(more, "CDEF", 4);
	assert_int_equal(writev(fd, both, 2), 2);
	assert_int_equal(position(fd), 4);
	assert_int_equal(pwrite(fd, "xyz", 3, 7), 2);
	assert_int_equal(position(fd), 4);
	OP(WRITE)->rewrite = 0;
	assert_int_equal(write(fd, "!", 1), 1);
	file_is(BACK("file"), "abAB!DExyz");
	assert_int_equal(ops_get("every").errors, 0);
	close(fd);
}

/* Out of a pipe nothing can be taken back. */
static void smaller_count_through_a_pipe(void **state)
{
	int fd, to, in[2], out[2];
	loff_t from = 0;

	attach(0);
	fd = open(AT("file"), O_RDWR);
	to = open(BACK("copy"), O_RDWR | O_CREAT, 0644);
	assert_ok(fd);
	assert_ok(to);
	assert_ok(pipe(in));
	assert_ok(pipe(out));
	rewrite(OP(READ), 2);
	assert_fails(splice(fd, &from, in[1], NULL, 5, 0), EIO);
	from = 0;
	assert_fails(sendfile(to, fd, &from, 5), EIO);
	rewrite(OP(READ), 0);
	assert_fails(splice(fd, &from, in[1], NULL, 5, 0), EIO);
	/* The same count is none that is smaller. */
	from = 0;
	rewrite(OP(READ), 5);
	assert_int_equal(sendfile(to, fd, &from, 5), 5);
	OP(READ)->rewrite = 0;
	assert_int_equal(write(out[1], "abcd", 4), 4);
	rewrite(OP(WRITE), 2);
	assert_fails(splice(out[0], NULL, fd, NULL, 4, 0), EIO);
	OP(WRITE)->rewrite = 0;
	assert_int_equal(write(out[1], "abcd", 4), 4);
	assert_int_equal(splice(out[0], NULL, fd, &(loff_t){ 0 }, 4, 0), 4);
	file_is(BACK("file"), "abcd456789");
	assert_int_equal(ops_get("every").errors, 0);
	close_range(fd, ~0U, 0);
}

/* Each target of this length is held by a page, on tmpfs, too. */
#define LONG_WAY	150

static void link_refused_after(void **state)
{
	char target[2 * LONG_WAY + 4], got[sizeof(target)];

	for (int i = 0; i < LONG_WAY; i++)
		memcpy(target + 2 * i, "./", 2);
	strcpy(target + 2 * LONG_WAY, "dir");
	assert_ok(symlink(target, BACK("link")));
	attach(0);
	OP(READLINK)->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	OP(READLINK)->verdict[1] = -EUSERS;
	for (int i = 0; i < 3; i++) {
		assert_fails(readlink(AT("link"), got, sizeof(got)), EUSERS);
		assert_fails(try_open(AT("link/in"), O_RDONLY, 0), EUSERS);
	}
	assert_int_equal(OP(READLINK)->ctx[1].result, 0);
	OP(READLINK)->verdict[1] = 0;
	assert_int_equal(readlink(AT("link"), got, sizeof(got)), strlen(target));
	assert_memory_equal(got, target, strlen(target));
	file_is(AT("link/in"), "in");
	assert_int_equal(ops_get("every").errors, 0);
}

static bool told_of_making(int watch, const char *name)
{
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t n = read(watch, buf, sizeof(buf));
	bool told = false;

	for (char *p = buf; n > 0 && p < buf + n;) {
		const struct inotify_event *event = (void *)p;

		told |= event->mask & IN_CREATE && event->len && !strcmp(event->name, name);
		p += sizeof(*event) + event->len;
	}
	return told;
}

/* open(2) makes and opens; what is made and then refused to be opened is there, and who watches is told. */
static void made_and_not_opened(void **state)
{
	int watch;

	attach(0);
	watch = inotify_init1(IN_NONBLOCK);
	assert_ok(watch);
	assert_ok(inotify_add_watch(watch, at, IN_CREATE));
	OP(OPEN)->verdict[0] = -EUSERS;
	assert_fails(try_open(AT("before"), O_RDWR | O_CREAT, 0640), EUSERS);
	assert_int_equal(file_mode(BACK("before")), S_IFREG | 0640);
	assert_true(told_of_making(watch, "before"));
	OP(OPEN)->verdict[0] = FUSE_BPF_BACKING | FUSE_BPF_POST;
	OP(OPEN)->verdict[1] = -EUSERS;
	assert_fails(try_open(AT("after"), O_RDWR | O_CREAT | O_EXCL, 0640), EUSERS);
	assert_int_equal(file_mode(BACK("after")), S_IFREG | 0640);
	assert_true(told_of_making(watch, "after"));
	/* Refused to be made: nothing is there to be told of. */
	OP(OPEN)->verdict[1] = 0;
	OP(CREATE)->verdict[0] = -EUSERS;
	assert_fails(try_open(AT("never"), O_RDWR | O_CREAT, 0640), EUSERS);
	assert_false(exists(BACK("never")));
	assert_false(told_of_making(watch, "never"));
	close(watch);
}

static void results_that_are_none(void **state)
{
	static const long bad[] = { 1, 4096, -512, -ESTALE, -ECHILD, -4096, INT64_MIN, INT64_MAX };
	size_t i;

	attach(0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rewrite(OP(SETATTR), bad[i]);
		assert_fails(chmod(AT("file"), 0640), EIO);
		assert_int_equal(ops_get("every").errors, i + 1);
	}
	OP(SETATTR)->rewrite = 0;
	assert_ok(chmod(AT("file"), 0644));
}

/* A list may end after a name alone: who reads it goes from name to name. */
static void list_of_names_made_shorter(void **state)
{
	static const char two[] = "user.a\0user.b";
	char list[64];

	attach(0);
	if (setxattr(BACK("file"), "user.a", "1", 1, 0) && errno == EOPNOTSUPP)
		skip();
	assert_ok(setxattr(BACK("file"), "user.b", "2", 1, 0));
	rewrite(OP(LISTXATTR), sizeof(two) / 2);
	assert_int_equal(listxattr(AT("file"), list, sizeof(list)), sizeof(two) / 2);
	rewrite(OP(LISTXATTR), sizeof(two) - 1);
	assert_fails(listxattr(AT("file"), list, sizeof(list)), EIO);
	assert_int_equal(ops_get("every").errors, 1);
	assert_int_equal(listxattr(AT("file"), NULL, 0), sizeof(two) - 1);
	OP(LISTXATTR)->rewrite = 0;
}

/* ctx->result written in the pre phase is nothing. */
static void result_counts_after_alone(void **state)
{
	attach(0);
	rewrite(OP(MKDIR), -EPERM);
	OP(MKDIR)->verdict[0] = FUSE_BPF_BACKING;
	assert_ok(mkdir(AT("made"), 0755));
	assert_int_equal(OP(MKDIR)->calls[1], 0);
	OP(MKDIR)->rewrite = 0;
}

static uint64_t own_cgroup(void)
{
	char line[4096], *path = NULL;
	FILE *f = fopen("/proc/self/cgroup", "r");
	struct stat st;

	assert_non_null(f);
	while (!path && fgets(line, sizeof(line), f))
		if (!strncmp(line, "0::", 3))
			path = line + 3;
	fclose(f);
	assert_non_null(path);
	path[strcspn(path, "\n")] = 0;
	assert_ok(stat(fmt("/sys/fs/cgroup%s", path), &st));
	return st.st_ino;
}

static void context(void **state)
{
	const struct probe_ctx *ctx;
	struct stat st;

	attach(0);
	assert_ok(stat(BACK("file"), &st));
	become(TEST_UID, TEST_GID);
	file_is(AT("file"), "0123456789");
	become_root();
	ctx = &OP(OPEN)->ctx[0];
	assert_int_equal(ctx->opcode, FUSE_OPEN);
	assert_int_equal(ctx->uid, TEST_UID);
	assert_int_equal(ctx->gid, TEST_GID);
	assert_int_equal(ctx->pid, gettid());
	assert_int_equal(ctx->tgid, getpid());
	assert_int_equal(ctx->cgroup_id, own_cgroup());
	assert_int_equal(ctx->ino, st.st_ino);
	assert_int_equal(ctx->dev, (uint32_t)st.st_dev);
	assert_int_equal(ctx->size, 10);
	assert_int_equal(ctx->mode, S_IFREG | 0644);
	assert_int_equal(ctx->owner_uid, 21);
	assert_int_equal(ctx->owner_gid, 22);
	assert_int_equal(ctx->target_is_dir, 0);
	assert_string_equal(names_in(AT("dir")), "in");
	assert_int_equal(ctx->opcode, FUSE_OPENDIR);
	assert_int_equal(ctx->target_is_dir, 1);
	assert_int_equal(ctx->mode, S_IFDIR | 0755);
	assert_int_equal(OP(RELEASE)->ctx[0].opcode, FUSE_RELEASEDIR);
}

static void target_is_dir(void **state)
{
	attach(0);
	assert_ok(rename(AT("dir"), AT("made")));
	assert_int_equal(OP(RENAME)->ctx[0].target_is_dir, 1);
	assert_ok(rename(AT("made"), AT("dir")));
	assert_ok(rename(AT("file"), AT("made")));
	assert_int_equal(OP(RENAME)->ctx[0].target_is_dir, 0);
	assert_ok(unlink(AT("made")));
	assert_int_equal(OP(UNLINK)->ctx[0].target_is_dir, 0);
	assert_int_equal(OP(UNLINK)->ctx[0].opcode, FUSE_UNLINK);
}

static __u64 mount_id_at(const char *dir)
{
	struct stat st;

	assert_ok(stat(dir, &st));
	return OP(GETATTR)->ctx[0].mount_id;
}

static void mount_id(void **state)
{
	const char *second = tmp_path("second");
	__u64 first_id, second_id;

	attach(0);
	mnt(back, second, "ops=every");
	assert_int_equal(ops_get("every").mounts, 2);
	first_id = mount_id_at(at);
	second_id = mount_id_at(second);
	assert_int_not_equal(first_id, second_id);
	assert_int_equal(mount_id_at(at), first_id);
	umnt(second);
	assert_int_equal(ops_get("every").mounts, 1);
	mnt(back, second, "ops=every");
	assert_true(mount_id_at(second) > second_id);
}

static void arguments(void **state)
{
	int fd;

	attach(0);
	fd = open(AT("file"), O_RDWR | O_APPEND);
	assert_ok(fd);
	assert_int_equal(OP(OPEN)->in[0] & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(OP(WRITE)->in[1], 3);
	assert_ok(ftruncate(fd, 5));
	assert_true(OP(SETATTR)->in[0] & FATTR_SIZE);
	assert_int_equal(OP(SETATTR)->in[1], 5);
	assert_ok(close(fd));
	assert_ok(mkdir(AT("made"), 0711));
	assert_int_equal(OP(MKDIR)->in[0] & 07777, 0711);
	assert_ok(renameat2(AT_FDCWD, AT("made"), AT_FDCWD, AT("dir"), RENAME_EXCHANGE));
	assert_int_equal(OP(RENAME)->in[0], RENAME_EXCHANGE);
	assert_ok(renameat2(AT_FDCWD, AT("made"), AT_FDCWD, AT("dir"), RENAME_EXCHANGE));
	assert_ok(faccessat(AT_FDCWD, AT("file"), W_OK, AT_EACCESS));
	assert_int_equal(OP(ACCESS)->in[0] & 7, 2);
}

#define PHASE(test) cmocka_unit_test_setup_teardown(test, setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PHASE(post_only),
		PHASE(post_on_demand),
		PHASE(no_post_after_a_refusal),
		PHASE(error_to_error),
		PHASE(error_to_error_for_a_count),
		PHASE(error_to_success),
		PHASE(success_to_error),
		PHASE(counts),
		PHASE(position_after_a_smaller_count),
		PHASE(smaller_count_through_a_pipe),
		cmocka_unit_test_setup_teardown(link_refused_after, setup_on_disk, teardown_on_disk),
		PHASE(made_and_not_opened),
		PHASE(results_that_are_none),
		PHASE(list_of_names_made_shorter),
		PHASE(result_counts_after_alone),
		PHASE(context),
		PHASE(target_is_dir),
		PHASE(mount_id),
		PHASE(arguments),
	};

	return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
