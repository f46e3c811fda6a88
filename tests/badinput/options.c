// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts that cannot be: each refusal has its errno, and a line in the mount
 * context's log that names what is wrong. Without them the mount does what
 * nobody asked for.
 */
#include "pair.h"

#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

static struct set *set;

static int setup(void **state)
{
	pair_setup(state);
	file_write(BACK("file"), "file");
	file_write(BACK("a.hid"), "hidden");
	set = set_attached("hide", "hide", NULL);
	return 0;
}

static void refused(const char *source, const char *options, int err, const char *first,
		    const char *second)
{
	assert_fails(try_fsmnt(source, at, options), err);
	assert_has(mnt_log, "e fuse_bpf: ");
	assert_has(mnt_log, first);
	assert_has(mnt_log, second);
	assert_fails(try_mnt(source, at, options), err);
	assert_int_equal(ops_get("hide").mounts, 0);
}

static void unknown_option(void **state)
{
	refused(back, "nosuch=1", EINVAL, "nosuch", "no such option");
	refused(back, "ops=hide,nosuch", EINVAL, "nosuch", "no such option");
	refused(back, "OPS=hide", EINVAL, "OPS", "no such option");
}

static void unknown_name(void **state)
{
	refused(back, "ops=nosuch", ENOENT, "ops=nosuch", "/proc/fs/fuse_bpf/ops");
	refused(back, "ops=Hide", ENOENT, "ops=Hide", "");
	refused(back, "ops=hid", ENOENT, "ops=hid", "");
	refused(back, "ops=a-name-longer-than-any-can-be", ENOENT, "ops=a-name-longer-than-any-can-be",
		"");
	set_detach(set);
	assert_mnt_refused(back, "ops=hide", ENOENT, "ops=hide");
	assert_has(mnt_log, "e fuse_bpf: ");
}

static void refused_fd(int fd, int err, const char *text)
{
	refused(back, fmt("ops_fd=%d", fd), err, fmt("ops_fd=%d", fd), text);
	assert_fails(try_fsmnt(back, at, fmt("ops_fd=@%d", fd)), err);
	assert_has(mnt_log, fmt("ops_fd=%d", fd));
	assert_has(mnt_log, text);
}

static void descriptor_of_another_kind(void **state)
{
	int file, hash, closed;
	struct set *idle = set_open("probe", "empty", NULL);

	file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_ok(file);
	refused_fd(file, EINVAL, "neither a BPF link nor a BPF map");
	hash = bpf_map_create(BPF_MAP_TYPE_HASH, "hash", 4, 4, 1, NULL);
	assert_ok(hash);
	refused_fd(hash, EINVAL, "is not a struct fuse_bpf_ops");
	assert_ok(close(hash));
	refused_fd(set_map_fd(set, "names"), EINVAL, "is not a struct fuse_bpf_ops");
	set_load(idle);
	refused_fd(bpf_map__fd(idle->map), EINVAL, "exactly one live registration");
	closed = dup(file);
	assert_ok(close(closed));
	assert_fails(try_mnt(back, at, fmt("ops_fd=%d", closed)), EBADF);
	refused(back, fmt("ops_fd=%d", 1 << 20), EBADF, "ops_fd=1048576", "");
	refused(back, "ops_fd=x", EINVAL, "ops_fd", "");
	refused(back, "ops_fd=-1", EINVAL, "ops_fd", "");
	assert_ok(close(file));
}

static void link_of_another_type(void **state)
{
	struct bpf_object *object;
	struct bpf_link *link;

	object = bpf_object__open_file(fmt("%s/bpf/tcp.bpf.o", getenv("TEST_BUILD")), NULL);
	assert_non_null(object);
	assert_int_equal(bpf_map__set_autocreate(bpf_object__find_map_by_name(object, "tcp_thief"), false),
			 0);
	assert_int_equal(bpf_object__load(object), 0);
	link = bpf_map__attach_struct_ops(bpf_object__find_map_by_name(object, "tcp_honest"));
	assert_non_null(link);
	refused_fd(bpf_link__fd(link), EINVAL, "not a live one of struct fuse_bpf_ops");
	refused_fd(bpf_map__fd(bpf_object__find_map_by_name(object, "tcp_honest")), EINVAL,
		   "exactly one live registration");
	assert_int_equal(bpf_link__destroy(link), 0);
	bpf_object__close(object);
}

static void detached_link(void **state)
{
	set_detach(set);
	assert_mnt_refused(back, fmt("ops_fd=%d", bpf_link__fd(set->link)), EINVAL,
			   "not a live one of struct fuse_bpf_ops");
	assert_mnt_refused(back, fmt("ops_fd=%d", bpf_map__fd(set->map)), EINVAL,
			   "exactly one live registration");
}

static void is_filtered(void)
{
	assert_string_equal(names_in(at), "file");
	assert_int_equal(ops_get("hide").mounts, 1);
	umnt(at);
}

/* The right ones, so that the refusals above prove something. */
static void descriptors_that_will_do(void **state)
{
	int link = bpf_link__fd(set->link), map = bpf_map__fd(set->map);

	mnt(back, at, fmt("ops_fd=%d", link));
	is_filtered();
	mnt(back, at, fmt("ops_fd=@%d", link));
	is_filtered();
	mnt(back, at, fmt("ops_fd=%d", map));
	is_filtered();
	assert_ok(try_mnt(back, at, fmt("ops_fd=%d", map)));
	is_filtered();
	assert_ok(try_mnt(back, at, "ops=hide,detach=fail"));
	is_filtered();
}

static void map_registered_without_a_link(void **state)
{
	struct set *plain = set_attached("hide", "plain_hide", NULL);

	mnt(back, at, fmt("ops_fd=%d", bpf_map__fd(plain->map)));
	assert_string_equal(names_in(at), "file");
	assert_int_equal(ops_get("plain_hide").mounts, 1);
	assert_int_equal(ops_get("hide").mounts, 0);
}

static void both_ways_to_name_a_set(void **state)
{
	refused(back, fmt("ops=hide,ops_fd=%d", bpf_link__fd(set->link)), EINVAL, "ops=", "ops_fd=");
	refused(back, fmt("ops_fd=%d,ops=hide", bpf_link__fd(set->link)), EINVAL, "ops=", "ops_fd=");
}

static void bad_detach(void **state)
{
	refused(back, "ops=hide,detach=perhaps", EINVAL, "detach", "");
	refused(back, "ops=hide,detach", EINVAL, "detach", "");
	refused(back, "ops=hide,detach=", EINVAL, "detach", "");
}

static void bad_source(void **state)
{
	const char *absent = BACK("absent"), *file = BACK("file");

	refused(absent, "ops=hide", ENOENT, absent, "");
	refused(file, "ops=hide", ENOTDIR, file, "directory");
	refused(fmt("%s/below", file), NULL, ENOTDIR, "file/below", "");
	assert_fails(try_fsmnt(NULL, at, "ops=hide"), EINVAL);
	assert_has(mnt_log, "e fuse_bpf: ");
	assert_has(mnt_log, "source");
	assert_fails(try_mnt(NULL, at, "ops=hide"), EINVAL);
	refused("", "ops=hide", EINVAL, "source", "");
}

/* mount(2) names the one that it is given first. */
static void two_sources(void **state)
{
	refused(back, fmt("source=%s", back), EINVAL, "source", "was named already");
}

/* Names that the backing filesystem takes for the same are not the same to ours. */
static void folded_case(void **state)
{
	const char *disk = tmp_dir("disk"), *folded = fmt("%s/folded", disk);
	int fd, flags;

	if (access("/dev/vdb", F_OK)) {
		print_message("# no scratch disk: run with VM_DISK=1G\n");
		skip();
	}
	assert_int_equal(system("mkfs.ext4 -q -F -O ^has_journal,casefold /dev/vdb"), 0);
	assert_ok(mount("/dev/vdb", disk, "ext4", 0, NULL));
	assert_ok(mkdir(folded, 0755));
	fd = open(folded, O_RDONLY);
	assert_ok(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags |= FS_CASEFOLD_FL;
	assert_ok(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	assert_ok(close(fd));
	refused(folded, "ops=hide", EINVAL, folded, "folds case");
	assert_ok(umount(disk));
}

static void too_deep(void **state)
{
	const char *second = tmp_path("second"), *third = tmp_path("third");

	mnt(back, at, NULL);
	mnt(at, second, NULL);
	file_is(fmt("%s/file", second), "file");
	assert_fails(try_fsmnt(second, third, NULL), EINVAL);
	assert_has(mnt_log, "e fuse_bpf: ");
	assert_has(mnt_log, second);
	assert_has(mnt_log, "2 stacked filesystems");
	assert_fails(try_mnt(second, third, NULL), EINVAL);
	umnt(second);
	umnt(at);
}

static int mount_as_user(void *unused)
{
	if (setresgid(TEST_GID, TEST_GID, TEST_GID) || setresuid(TEST_UID, TEST_UID, TEST_UID))
		return 255;
	if (!mount(back, at, "fuse_bpf", 0, "ops=hide") || errno != EPERM)
		return 1;
	return fsopen("fuse_bpf", 0) < 0 && errno == EPERM ? 0 : 2;
}

static int mount_in_userns(void *unused)
{
	if (!mount(back, at, "fuse_bpf", 0, NULL) || errno != EPERM)
		return 1;
	return try_fsmnt(back, at, NULL) && errno == EPERM ? 0 : 2;
}

static void without_privilege(void **state)
{
	mkdir(at, 0755);
	assert_int_equal(in_child(0, mount_as_user, NULL), 0);
	assert_int_equal(in_child(CLONE_NEWUSER | CLONE_NEWNS, mount_in_userns, NULL), 0);
	assert_int_equal(ops_get("hide").mounts, 0);
	assert_ok(try_mnt(back, at, "ops=hide"));
}

/* Opened and made by tasks with other rights: -1 and errno, or a descriptor of the mount. */
static int mount_with_rights(const char *source, bool to_open, bool to_make)
{
	int fd, ret;

	set_dac_rights(to_open);
	fd = fsopen("fuse_bpf", FSOPEN_CLOEXEC);
	set_dac_rights(to_make);
	ret = fsconfig(fd, FSCONFIG_SET_STRING, "source", source, 0);
	if (!ret)
		ret = fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	set_dac_rights(true);
	if (!ret)
		ret = fsmount(fd, 0, 0);
	close(fd);
	return ret;
}

/* The rights are of the task that called fsopen(2), whoever makes the mount. */
static void opener_is_the_mounter(void **state)
{
	const char *closed = tmp_dir("closed"), *source = fmt("%s/dir", closed);
	int fd;

	assert_ok(mkdir(source, 0755));
	assert_ok(chown(closed, TEST_UID, TEST_GID));
	assert_ok(chmod(closed, 0700));
	assert_fails(mount_with_rights(source, false, true), EACCES);
	assert_fails(mount_with_rights(source, false, false), EACCES);
	fd = mount_with_rights(source, true, false);
	assert_ok(fd);
	close(fd);
	fd = mount_with_rights(source, true, true);
	assert_ok(fd);
	close(fd);
	remove_tree(closed);
}

/* -1 and errno, or 0; the log in mnt_log. */
static int reconfigure(const char *key, const char *value)
{
	int fd = fspick(AT_FDCWD, at, 0), ret, err;
	ssize_t len;

	assert_ok(fd);
	ret = fsconfig(fd, FSCONFIG_SET_STRING, key, value, 0);
	if (!ret)
		ret = fsconfig(fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
	err = errno;
	len = read(fd, mnt_log, sizeof(mnt_log) - 1);
	mnt_log[len > 0 ? len : 0] = 0;
	close(fd);
	errno = err;
	return ret;
}

static void remount(void **state)
{
	static const char *const others[][2] = {
		{ "ops", "other" }, { "detach", "pass" },
	};
	size_t i;

	set_attached("probe", "empty", "other");
	mnt(back, at, "ops=hide,detach=fail");
	for (i = 0; i < 2; i++) {
		assert_fails(reconfigure(others[i][0], others[i][1]), EINVAL);
		assert_has(mnt_log, "e fuse_bpf: ");
		assert_has(mnt_log, others[i][0]);
	}
	assert_fails(mount(back, at, NULL, MS_REMOUNT, "ops=other"), EINVAL);
	assert_fails(mount(back, at, NULL, MS_REMOUNT, "detach=keep"), EINVAL);
	assert_string_equal(names_in(at), "file");
	assert_int_equal(ops_get("hide").mounts, 1);
	assert_int_equal(ops_get("other").mounts, 0);

	/* What mount(8) does for "remount,ro": all options as they are shown. */
	assert_ok(mount(back, at, NULL, MS_REMOUNT | MS_RDONLY, "ops=hide,detach=fail"));
	assert_fails(try_open(AT("new"), O_WRONLY | O_CREAT, 0644), EROFS);
	assert_string_equal(names_in(at), "file");
}

static void line_of_mount(char *line, size_t size)
{
	FILE *f = fopen("/proc/self/mounts", "r");

	assert_non_null(f);
	do
		if (!fgets(line, size, f))
			fail_msg("%s is not in /proc/self/mounts", at);
	while (!strstr(line, fmt(" %s fuse_bpf ", at)));
	fclose(f);
}

static void options_as_shown(void **state)
{
	char line[4096];

	mnt(back, at, fmt("ops_fd=%d,detach=pass", bpf_link__fd(set->link)));
	line_of_mount(line, sizeof(line));
	assert_has(line, fmt("%s %s fuse_bpf ", back, at));
	assert_has(line, "ops=hide");
	assert_has(line, "detach=pass");
	assert_null(strstr(line, "ops_fd"));
	umnt(at);
	mnt(back, at, NULL);
	line_of_mount(line, sizeof(line));
	assert_null(strstr(line, "ops="));
	assert_null(strstr(line, "detach="));
}

#define BAD(test) cmocka_unit_test_setup_teardown(test, setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BAD(unknown_option),
		BAD(unknown_name),
		BAD(descriptor_of_another_kind),
		BAD(link_of_another_type),
		BAD(detached_link),
		BAD(descriptors_that_will_do),
		BAD(map_registered_without_a_link),
		BAD(both_ways_to_name_a_set),
		BAD(bad_detach),
		BAD(bad_source),
		BAD(two_sources),
		BAD(folded_case),
		BAD(too_deep),
		BAD(without_privilege),
		BAD(opener_is_the_mounter),
		BAD(remount),
		BAD(options_as_shown),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
