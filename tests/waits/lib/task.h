/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that may wait for ever, and calls that must not: each with a limit, ended by tasks_done() at the latest. */
#ifndef WAITS_TASK_H
#define WAITS_TASK_H

#include "twin.h"

/* ms, for what takes no time on an idle machine, and for ever where it hangs. */
#define PATIENCE	30000

struct task {
	pid_t pid;
	int status;
	bool ended;
};

/* A child that runs fn and exits with what it returns. */
struct task *task_start(int (*fn)(void *arg), void *arg);

/* Within the limit: has it ended? Its exit status, or -1 if it has not, or died of a signal. */
bool task_ends(struct task *task, int ms);
int task_result(const struct task *task);

void task_kill(struct task *task);

/* Within PATIENCE: it sleeps in this system call. For a thread of this process, or another one. */
bool sleeps_in(pid_t pid, pid_t tid, long call);

/* fn in a child, which must end within PATIENCE; whether it did, and, if so, with 0. */
bool returns_soon(int (*fn)(void *arg), void *arg);

/* An asynchronous write of one byte, submitted and waited for: 0, or an errno. */
int aio_write_one(int fd);

/* Kills what is left. */
void tasks_done(void);

#endif /* WAITS_TASK_H */
