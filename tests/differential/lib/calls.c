// SPDX-License-Identifier: GPL-2.0-only
/*
 * Further ways to a file, for runners that do not compare two sides: what these give
 * depends on more than the file.
 */
#include "diff.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/aio_abi.h>

#define PAGE	4096
#define PAGES	4

static struct place at;
static unsigned char pages[PAGES * PAGE] __attribute__((aligned(PAGE)));

static void make_call(struct op *op)
{
	op->slot = some_slot(op, false);
	op->slot2 = some_slot(op, false);
	op->off = below(8) * PAGE;
	op->len = (1 + below(PAGES)) * PAGE;
	op->flags = percent(50);
}

/* --- exec ----------------------------------------------------------------------------- */

static void make_exec(struct op *op)
{
	make_call(op);
	some_path(op, &op->path, 'f');
}

/* No file here is a program.  vfork(2), so that the child's errno is the parent's. */
static void run_exec(struct side *s, const struct op *op, struct result *r)
{
	static char *const none[] = { NULL };
	static int status;
	static pid_t pid;

	place_of(s, op, &op->path, &at);
	pid = vfork();
	if (!pid) {
		if (op->flags)
			syscall(SYS_execveat, s->fd[op->slot], "", none, none, AT_EMPTY_PATH);
		else
			syscall(SYS_execveat, at.dir, at.text, none, none, 0);
		_exit(0);
	}
	result_is(r, -1);
	if (pid > 0)
		waitpid(pid, &status, 0);
}

/* --- asynchronous, without a copy ----------------------------------------------------------- */

static long aio(int fd, const struct op *op, aio_context_t ctx)
{
	struct iocb iocb = {
		.aio_lio_opcode = op->flags ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, .aio_fildes = fd,
		.aio_buf = (uintptr_t)pages, .aio_nbytes = op->len, .aio_offset = op->off,
	};
	struct iocb *list[] = { &iocb };
	struct io_event event;

	if (syscall(SYS_io_submit, ctx, 1, list) != 1)
		return -1;
	while (syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL) != 1)
		if (errno != EINTR)
			return -1;
	if ((long)event.res >= 0)
		return event.res;
	errno = -event.res;
	return -1;
}

static void run_aio(struct side *s, const struct op *op, struct result *r)
{
	aio_context_t ctx = 0;
	int flags = fcntl(s->fd[op->slot], F_GETFL);

	if (flags < 0 || syscall(SYS_io_setup, 1, &ctx)) {
		result_is(r, -1);
		return;
	}
	fcntl(s->fd[op->slot], F_SETFL, flags | O_DIRECT);
	result_is(r, aio(s->fd[op->slot], op, ctx));
	fcntl(s->fd[op->slot], F_SETFL, flags);
	syscall(SYS_io_destroy, ctx);
}

/* --- pipes -------------------------------------------------------------------------------------- */

static long through_pipe(int in, int out, const struct op *op, const int *ends)
{
	off64_t from = op->off, to = op->len;
	long n = splice(in, &from, ends[1], NULL, op->len, SPLICE_F_NONBLOCK);

	return n <= 0 ? n : splice(ends[0], NULL, out, &to, n, SPLICE_F_NONBLOCK);
}

static void run_splice(struct side *s, const struct op *op, struct result *r)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
		result_is(r, -1);
		return;
	}
	result_is(r, through_pipe(s->fd[op->slot], s->fd[op->slot2], op, ends));
	close(ends[0]);
	close(ends[1]);
}

/* --- file handles -------------------------------------------------------------------------------- */

static void run_handle(struct side *s, const struct op *op, struct result *r)
{
	union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int id, fd;

	result_is(r, name_to_handle_at(s->fd[op->slot], "", &h.handle, &id, AT_EMPTY_PATH));
	if (r->ret)
		return;
	fd = open_by_handle_at(s->root[0], &h.handle, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	result_is(r, fd < 0 ? fd : 0);
	if (fd >= 0)
		close(fd);
}

#define CALL	(HAS_SLOT | HAS_SLOT2 | HAS_OFF | HAS_LEN | HAS_FLAGS)

const struct op_kind call_kinds[] = {
	{ "exec", 8, HAS_SLOT | HAS_PATH | HAS_FLAGS, make_exec, run_exec },
	{ "aio", 20, CALL, make_call, run_aio },
	{ "splice", 15, CALL, make_call, run_splice },
	{ "handle", 15, HAS_SLOT, make_call, run_handle },
};
const unsigned int call_kind_count = sizeof(call_kinds) / sizeof(call_kinds[0]);
