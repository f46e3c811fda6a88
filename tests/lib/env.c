// SPDX-License-Identifier: GPL-2.0-only
/* Where a test runs and as whom. */
#include "test.h"

#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

const char *fmt(const char *format, ...)
{
	static char buffers[32][4096];
	static unsigned int next;
	char *buf = buffers[next++ % 32];
	va_list args;

	va_start(args, format);
	vsnprintf(buf, sizeof(buffers[0]), format, args);
	va_end(args);
	return buf;
}

/* A path that tests keep in a static; a test ends before these add up. */
static const char *keep(const char *path)
{
	char *copy = strdup(path);

	assert_non_null(copy);
	return copy;
}

const char *tmp_path(const char *name)
{
	const char *tmp = getenv("TEST_TMP");

	if (!tmp)
		fail_msg("TEST_TMP is not set: run this through tests/run");
	return keep(fmt("%s/%s", tmp, name));
}

const char *tmp_dir(const char *name)
{
	const char *path = tmp_path(name);

	if (mkdir(path, 0755) && errno != EEXIST)
		fail_msg("mkdir %s: %m", path);
	return path;
}

void become(uid_t uid, gid_t gid)
{
	become_root();
	assert_ok(setgroups(0, NULL));
	assert_ok(setegid(gid));
	assert_ok(seteuid(uid));
}

void become_root(void)
{
	assert_ok(seteuid(0));
	assert_ok(setegid(0));
}

void set_dac_rights(bool on)
{
	const __u32 dac = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	assert_ok(syscall(SYS_capget, &head, data));
	data[0].effective = on ? data[0].effective | dac : data[0].effective & ~dac;
	assert_ok(syscall(SYS_capset, &head, data));
}

static void write_own(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd))
		_exit(254);
}

int in_child(int flags, int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	assert_ok(pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (flags && unshare(flags))
			_exit(255);
		if (flags & CLONE_NEWUSER) {
			write_own("/proc/self/setgroups", "deny");
			write_own("/proc/self/uid_map", "0 0 1");
			write_own("/proc/self/gid_map", "0 0 1");
		}
		_exit(fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("the child died of signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

bool wait_for(int ms, bool (*done)(void *arg), void *arg)
{
	uint64_t end = now_ms() + ms;

	do {
		if (done(arg))
			return true;
		poll(NULL, 0, 10);
	} while (now_ms() < end);
	return done(arg);
}

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	assert_ok(fd);
	assert_ok(lseek(fd, 0, SEEK_END));
	return fd;
}

bool kmsg_has(int fd, const char *text)
{
	char record[8192];
	ssize_t len;

	for (;;) {
		len = read(fd, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;	/* records were overwritten; the next one is there */
		if (len <= 0)
			return false;
		record[len] = 0;
		if (strstr(record, text))
			return true;
	}
}
