// SPDX-License-Identifier: GPL-2.0-only
/* Processes that may wait for ever: see task.h. */
#include "task.h"

#include <linux/aio_abi.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct task tasks[64];
static size_t count;

struct task *task_start(int (*fn)(void *arg), void *arg)
{
	struct task *task = &tasks[count];

	assert_in_range(count, 0, sizeof(tasks) / sizeof(tasks[0]) - 1);
	*task = (struct task){ .pid = must(fork()) };
	if (!task->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	count++;
	return task;
}

static bool has_ended(void *arg)
{
	struct task *task = arg;

	if (!task->ended)
		task->ended = must(waitpid(task->pid, &task->status, WNOHANG)) == task->pid;
	return task->ended;
}

bool task_ends(struct task *task, int ms)
{
	return wait_for(ms, has_ended, task);
}

int task_result(const struct task *task)
{
	return task->ended && WIFEXITED(task->status) ? WEXITSTATUS(task->status) : -1;
}

void task_kill(struct task *task)
{
	if (!task->ended)
		kill(task->pid, SIGKILL);
}

void tasks_done(void)
{
	for (size_t i = 0; i < count; i++)
		task_kill(&tasks[i]);
	while (count)
		if (!task_ends(&tasks[--count], PATIENCE))
			fail_msg("process %d cannot be killed", tasks[count].pid);
}

struct sleeper {
	const char *path;
	long call;
};

static bool is_asleep(void *arg)
{
	const struct sleeper *s = arg;
	char text[32] = "";
	int fd = open(s->path, O_RDONLY), n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	/* "running", or the number of the call */
	return n > 0 && text[0] != 'r' && strtol(text, NULL, 10) == s->call;
}

bool sleeps_in(pid_t pid, pid_t tid, long call)
{
	struct sleeper s = { fmt("/proc/%d/task/%d/syscall", pid, tid), call };

	return wait_for(PATIENCE, is_asleep, &s);
}

bool returns_soon(int (*fn)(void *arg), void *arg)
{
	struct task *task = task_start(fn, arg);
	bool ended = task_ends(task, PATIENCE);

	task_kill(task);
	return ended && task_result(task) == 0;
}

int aio_write_one(int fd)
{
	struct iocb cb = {
		.aio_fildes = fd, .aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_buf = (uintptr_t)"y", .aio_nbytes = 1,
	}, *list = &cb;
	struct io_event event;
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 1, &context) || syscall(SYS_io_submit, context, 1, &list) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return errno;
	return event.res == 1 ? 0 : EIO;
}
