// SPDX-License-Identifier: GPL-2.0-only
/* Locks, of all three kinds; what the workers hold against each other is compared with every answer. */
#include "diff.h"

#include <sys/file.h>

static void make_lock(struct op *op)
{
	op->slot = some_slot(op, percent(10));
}

static void make_flock(struct op *op)
{
	make_lock(op);
	op->flags = ONE_OF(LOCK_SH, LOCK_EX, LOCK_EX, LOCK_UN, 0);
}

static void run_flock(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, flock(s->fd[op->slot], op->flags | LOCK_NB));
}

/* flags: the command; mode: the type; data: whence. */
static void make_fcntl(struct op *op)
{
	make_lock(op);
	op->flags = ONE_OF(F_SETLK, F_SETLK, F_OFD_SETLK, F_OFD_SETLK, F_GETLK, F_OFD_GETLK);
	op->mode = ONE_OF(F_RDLCK, F_WRLCK, F_WRLCK, F_UNLCK);
	op->data = ONE_OF(SEEK_SET, SEEK_SET, SEEK_CUR, SEEK_END);
	op->off = below(100) - (percent(5) ? 200 : 0);
	op->len = ONE_OF(0, 1, 10, 50, -10);
}

static void run_fcntl(struct side *s, const struct op *op, struct result *r)
{
	struct flock lock = {
		.l_type = op->mode, .l_whence = op->data, .l_start = op->off, .l_len = op->len,
	};

	result_is(r, fcntl(s->fd[op->slot], op->flags, &lock));
	if (!r->ret)
		r->size = sprintf((char *)r->bytes, "type %d whence %d start %ld len %ld pid %d",
				  lock.l_type, lock.l_whence, (long)lock.l_start, (long)lock.l_len,
				  lock.l_pid);
}

const struct op_kind lock_kinds[] = {
	{ "flock", 12, HAS_SLOT | HAS_FLAGS, make_flock, run_flock },
	{ "fcntl", 25, HAS_SLOT | HAS_FLAGS | HAS_MODE | HAS_DATA | HAS_OFF | HAS_LEN, make_fcntl,
	  run_fcntl },
};
const unsigned int lock_kind_count = sizeof(lock_kinds) / sizeof(lock_kinds[0]);
