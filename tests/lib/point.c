// SPDX-License-Identifier: GPL-2.0-only
/* Processes that are held at places in the module: see point.h. */
#include "test.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CONTROL	"/sys/kernel/debug/fuse_bpf/control"
#define MOST	8

/* Children whose end was not waited for yet. */
static pid_t children[MOST];

int point_command(const char *line)
{
	int fd = open(CONTROL, O_WRONLY | O_CLOEXEC);
	int ret, err;

	if (fd < 0)
		fail_msg("%s: %m", CONTROL);
	ret = write(fd, line, strlen(line)) < 0 ? -1 : 0;
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

void point_arm(const char *name, pid_t pid, unsigned int skip)
{
	if (point_command(fmt("arm %s %d %u", name, pid, skip)))
		fail_msg("arm %s: %m", name);
}

void point_release(const char *name, pid_t pid)
{
	if (point_command(fmt("release %s %d", name, pid)))
		fail_msg("release %s for %d: %m", name, pid);
}

bool point_waits(const char *name, pid_t pid)
{
	FILE *f = fopen(CONTROL, "r");
	char line[256], who[64], state[16];
	bool found = false;
	int armed;

	if (!f)
		fail_msg("%s: %m", CONTROL);
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %d %*u %15s", who, &armed, state) != 3)
			fail_msg("not a line of %s: %s", CONTROL, line);
		found = !strcmp(who, name) && armed == pid && !strcmp(state, "waiting");
	}
	fclose(f);
	return found;
}

struct place {
	const char *name;
	pid_t pid;
	int ended;		/* the status of a child that is not there any more, or -1 */
};

static bool there_or_ended(void *arg)
{
	struct place *place = arg;
	siginfo_t info = { .si_pid = 0 };

	if (point_waits(place->name, place->pid))
		return true;
	if (place->pid && !waitid(P_PID, place->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid)
		place->ended = info.si_status;
	return place->ended >= 0;
}

void point_wait(const char *name, pid_t pid)
{
	struct place place = { name, pid, -1 };

	if (!wait_for(2 * SOON, there_or_ended, &place))
		fail_msg("no task waits at %s", name);
	if (place.ended >= 0)
		fail_msg("the child did not wait at %s and ended with %d", name, place.ended);
}

static void remember(pid_t was, pid_t is)
{
	for (size_t i = 0; i < MOST; i++) {
		if (children[i] == was) {
			children[i] = is;
			return;
		}
	}
	fail_msg("more than %d children are held", MOST);
}

/* A child that runs fn once a byte comes through *go. */
static pid_t make_child(int (*fn)(void *arg), void *arg, int *go)
{
	int ends[2];
	pid_t pid;
	char c;

	assert_ok(pipe2(ends, O_CLOEXEC));
	pid = fork();
	assert_ok(pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[1]);
		_exit(read(ends[0], &c, 1) == 1 ? fn(arg) : 255);
	}
	remember(0, pid);
	close(ends[0]);
	*go = ends[1];
	return pid;
}

static void start_child(int go)
{
	assert_int_equal(write(go, "", 1), 1);
	close(go);
}

pid_t in_background(int (*fn)(void *arg), void *arg)
{
	int go;
	pid_t pid = make_child(fn, arg, &go);

	start_child(go);
	return pid;
}

int goes_through(int (*fn)(void *arg), void *arg)
{
	return child_ends(in_background(fn, arg));
}

pid_t stop_at_nth(const char *point, unsigned int skip, int (*fn)(void *arg), void *arg)
{
	int go;
	pid_t pid = make_child(fn, arg, &go);

	point_arm(point, pid, skip);
	start_child(go);
	point_wait(point, pid);
	return pid;
}

pid_t stop_at(const char *point, int (*fn)(void *arg), void *arg)
{
	return stop_at_nth(point, 0, fn, arg);
}

static bool is_blocked(void *arg)
{
	FILE *f = fopen(fmt("/proc/%d/stat", *(pid_t *)arg), "r");
	char state = 0;

	if (!f)
		fail_msg("/proc/%d/stat: %m", *(pid_t *)arg);
	assert_int_equal(fscanf(f, "%*d %*s %c", &state), 1);
	fclose(f);
	return state == 'D';
}

void child_blocks(pid_t child)
{
	if (!wait_for(SOON, is_blocked, &child))
		fail_msg("the child does not wait for what others hold");
}

static bool has_ended(void *arg)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, *(pid_t *)arg, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

int child_ends(pid_t child)
{
	int status;

	if (!wait_for(2 * SOON, has_ended, &child))
		fail_msg("the child does not end");
	assert_int_equal(waitpid(child, &status, 0), child);
	remember(child, 0);
	if (!WIFEXITED(status))
		fail_msg("the child died of signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

int go_on(const char *point, pid_t child)
{
	point_release(point, child);
	return child_ends(child);
}

void go_on_to(const char *point, const char *next, pid_t child)
{
	point_arm(next, child, 0);
	point_release(point, child);
	point_wait(next, child);
}

void points_done(void)
{
	for (size_t i = 0; i < MOST; i++) {
		if (!children[i])
			continue;
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
		children[i] = 0;
	}
}

void points_load(void)
{
	module_unload_soon();
	assert_ok(module_load(fmt("%s/points/fuse_bpf.ko", getenv("TEST_TOP"))));
}

void points_unload(void)
{
	module_unload_soon();
	assert_ok(module_load(NULL));
}
