// SPDX-License-Identifier: GPL-2.0-only
/* Filesystems for tests: see fs.h. */
#include "test.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* What is to be undone: a mount, or NULL for the NFS server. */
static char *mounts[16];
static size_t mount_count;

static void remember(char *what)
{
	assert_true(mount_count < sizeof(mounts) / sizeof(mounts[0]));
	mounts[mount_count++] = what;
}

int sh(const char *command)
{
	int status = system(command);

	if (!WIFEXITED(status))
		fail_msg("%s: did not end by itself", command);
	return WEXITSTATUS(status);
}

static bool listed(const char *type)
{
	FILE *f = fopen("/proc/filesystems", "r");
	char line[128], *name;
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f)) {
		name = strchr(line, '\t') + 1;
		name[strcspn(name, "\n")] = 0;
		found = !strcmp(name, type);
	}
	fclose(f);
	return found;
}

bool fs_known(const char *type)
{
	if (!listed(type))
		sh(fmt("modprobe -q %s", type));
	if (listed(type))
		return true;
	print_message("# this kernel has no %s\n", type);
	return false;
}

/* On a file without a name, so that nothing in the directory changes; on that where there is no such file. */
bool fs_has_user_xattrs(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), err;

	if (fd < 0 && errno == EOPNOTSUPP)
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(fd);
	err = fsetxattr(fd, "user.any", "1", 1, 0) ? errno : 0;
	if (!err)
		assert_ok(fremovexattr(fd, "user.any"));
	close(fd);
	if (err && err != EOPNOTSUPP)
		fail_msg("setxattr in %s: %s", dir, strerrorname_np(err));
	return !err;
}

bool fs_has_direct_io(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EINVAL)
		fail_msg("open in %s: %m", dir);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int fs_try_mount(const char *source, const char *at, const char *type, const char *options)
{
	if (mount(source, at, type, 0, options))
		return -1;
	remember(strdup(at));
	return 0;
}

void fs_mount(const char *source, const char *at, const char *type, const char *options)
{
	if (fs_try_mount(source, at, type, options))
		fail_msg("mount %s on %s with \"%s\": %m", type, at, options ? options : "");
}

bool fs_on_disk(const char *type, const char *mkfs, const char *at, const char *options)
{
	static const char *const how[][2] = {
		{ "ext4", "mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=1,lazy_journal_init=1" },
		{ "xfs", "mkfs.xfs -q -f -K" },
		{ "btrfs", "mkfs.btrfs -q -f -K" },
	};
	size_t i = 0;

	if (access(SCRATCH_DISK, F_OK)) {
		print_message("# no scratch disk: run with VM_DISK=4G\n");
		return false;
	}
	if (!fs_known(type))
		return false;
	while (strcmp(how[i][0], type))
		i++;
	assert_int_equal(sh(fmt("%s %s " SCRATCH_DISK, how[i][1], mkfs)), 0);
	fs_mount(SCRATCH_DISK, at, type, options);
	return true;
}

static int server(const char *arguments)
{
	return sh(fmt("%s/tests/lib/nfsd %s", getenv("TEST_TOP"), arguments));
}

bool fs_has_nfs(void)
{
	return fs_known("nfsd") && fs_known("nfs") && fs_known("nfs4");
}

int fs_export(const char *dir, const char *options)
{
	remember(NULL);
	return server(fmt("start %s %s", dir, options));
}

void fs_statd(void)
{
	assert_int_equal(server("statd"), 0);
}

int fs_try_nfs(unsigned int version, const char *dir, const char *at, const char *options)
{
	static const char common[] = "addr=127.0.0.1,proto=tcp,soft,timeo=300,retrans=1";

	if (version == 4)
		return fs_try_mount("127.0.0.1:/", at, "nfs4",
				    fmt("vers=4.2,clientaddr=127.0.0.1,%s%s", common, options));
	return fs_try_mount(fmt("127.0.0.1:%s", dir), at, "nfs",
			    fmt("vers=3,mountvers=3,mountproto=tcp,mountaddr=127.0.0.1,mountport=20048,"
				"nolock,%s%s", common, options));
}

const char *fs_nfs(unsigned int version, const char *dir, const char *at, const char *options)
{
	if (fs_try_nfs(version, dir, at, options))
		fail_msg("mount NFSv%u on %s: %m", version, at);
	return at;
}

void fs_server_away(void)
{
	assert_int_equal(server("away"), 0);
}

void fs_server_back(void)
{
	assert_int_equal(server("back"), 0);
}

/* The kernel's EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN, without writing the log. */
#define GOING_DOWN	_IOR('X', 125, uint32_t)
#define WITHOUT_LOG	2

int fs_shut_down(const char *at)
{
	uint32_t how = WITHOUT_LOG;
	int fd = open(at, O_RDONLY), ret;

	assert_ok(fd);
	ret = ioctl(fd, GOING_DOWN, &how);
	close(fd);
	return ret;
}

static bool undo(char *at)
{
	bool worked = at ? !umount(at) : !server("stop");

	if (!worked)
		print_error("%s %s: %s\n", at ? "umount" : "nfsd", at ? at : "stop", at ? strerror(errno) : "see above");
	if (!worked && at)
		umount2(at, MNT_DETACH);
	free(at);
	return worked;
}

/* All of it, also after a failure: what is left would spoil the next test. */
void fs_done(void)
{
	bool worked = true;

	while (mount_count)
		worked &= undo(mounts[--mount_count]);
	assert_true(worked);
}

void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	assert_ok(fd);
	for (int i = 0; i < 4; i++)
		assert_int_equal(write(fd, "2", 1), 1);
	close(fd);
}
