// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers that take turns. The one whose turn it is does its operation on both
 * sides, as the operation's user, compares as root, and hands on.
 */
#include "diff.h"

#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <linux/futex.h>

/* Seconds, after which an operation that does not end is taken for hung. */
#define PATIENCE	120

#define KINDS_MAX	80

/* NULL where others than lockstep() run the operations. */
static struct shared {
	uint32_t turn;			/* the operation that is done, or waited for */
	uint32_t stop;
	/* Has anything been done underneath in this run, but open? */
	bool touched_underneath;
	bool flags_underneath;		/* were file attributes set */
	bool moved_underneath;		/* a directory was */
	size_t count;
	struct difference difference;
	/* When each operation was begun and ended: what same_time() looks at. */
	int64_t built_from, built_to;
	int64_t begun[SEQUENCE_MAX], ended[SEQUENCE_MAX];
	struct op ops[SEQUENCE_MAX];
	struct tally tallies[KINDS_MAX];
} *shared;

struct tally *tallies;

static struct side mount_side, ref_side;
static int below_root = -1;		/* the mount's tree as the backing directory has it */
static uint8_t who_now;

void moved_underneath(void)
{
	if (shared)
		shared->moved_underneath = true;
}

bool touched_underneath(void)
{
	return shared && shared->touched_underneath;
}

/* --- times ----------------------------------------------------------------------------- */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/*
 * One operation may have set both. A timestamp is the coarse clock's or later,
 * and not in the future; so it must be in the time from the coarse clock at the
 * operation's begin to its end. Of all operations that ended late enough for
 * the later one, the first began earliest. The start state is made one tree
 * after the other.
 */
static bool same_time(int64_t a, int64_t b)
{
	int64_t early = a < b ? a : b, late = a < b ? b : a;
	size_t from = 0, to = shared->turn;

	if (shared->built_from <= early && late <= shared->built_to)
		return true;
	while (from < to) {
		size_t middle = (from + to) / 2;

		if (shared->ended[middle] < late)
			from = middle + 1;
		else
			to = middle;
	}
	return shared->begun[from] <= early && late <= shared->ended[from];
}

/* --- who ------------------------------------------------------------------------------------ */

/* The saved user stays root, whom the next one needs. access(2) asks for the real one. */
static void turn_to(uint8_t number)
{
	const struct who *who = &op_whos[number].who;

	if (who_now == number)
		return;
	if (setresuid(0, 0, 0) || setgroups(who->ngroups, who->groups) ||
	    setresgid(who->gid, who->gid, 0) || setresuid(who->uid, who->uid, 0))
		_exit(100);
	who_now = number;
}

/* --- one operation ------------------------------------------------------------------------------ */

/* The path of what a descriptor stands for, below the side's root. */
static const char *path_below(struct side *s, int fd)
{
	static char buffers[2][PATH_MAX];
	static unsigned int next;
	char *text = buffers[next++ % 2], proc[40];
	size_t prefix = strlen(s->path);
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, text, PATH_MAX - 1);
	text[n < 0 ? 0 : n] = 0;
	return strncmp(text, s->path, prefix) ? text : text + prefix;
}

static bool base_is_stale(const struct op_path *path)
{
	int a, b;

	if (path->from == FROM_CWD) {
		a = mount_side.cwd;
		b = ref_side.cwd;
	} else if (path->from >= FROM_SLOT) {
		a = mount_side.fd[path->from - FROM_SLOT];
		b = ref_side.fd[path->from - FROM_SLOT];
	} else {
		return false;
	}
	return a >= 0 && strcmp(path_below(&mount_side, a), path_below(&ref_side, b));
}

/*
 * docs/differences.md, "a working directory below a directory that is moved
 * underneath": what begins there is left out while its path is the old one,
 * as there may be a ".." in it, or in a link.
 */
static bool stale(const struct op *op)
{
	unsigned int has = op_kinds[op->kind].fields;
	const struct op_path cwd = { .from = FROM_CWD };

	if (!shared->moved_underneath || op->under)
		return false;
	if (!has)
		return base_is_stale(&cwd);
	return (has & HAS_PATH && base_is_stale(&op->path)) ||
	       (has & HAS_PATH2 && base_is_stale(&op->path2));
}

static void note_underneath(const struct op *op)
{
	if (op->kind == op_kind_number("setflags"))
		shared->flags_underneath = true;
	if (op->kind != op_kind_number("open"))
		shared->touched_underneath = true;
}

/* A file that is open is not looked up again: what was changed underneath is seen now. */
static void look_at(int fd)
{
	struct stat st;

	if (fd >= 0 && fstat(fd, &st))
		_exit(102);
}

/* docs/differences.md, "append-only and immutable, set or cleared underneath". */
static void look_at_flags(const struct op *op)
{
	unsigned int has = op_kinds[op->kind].fields;

	if (!shared->flags_underneath)
		return;
	if (has & HAS_SLOT)
		look_at(mount_side.fd[op->slot]);
	if (has & HAS_SLOT2)
		look_at(mount_side.fd[op->slot2 % SLOTS]);
}

static void result_clear(struct result *r)
{
	memset(r, 0, offsetof(struct result, bytes));
}

static void count(const struct op *op, const struct result *r)
{
	struct tally *t = &shared->tallies[op->kind];

	if (r->skipped)
		t->skipped++;
	else if (r->err)
		t->bad++;
	else
		t->good++;
}

static void checkpoint(struct difference *d)
{
	compare_trees(d, mount_side.root[0], below_root, STAT_VIEWS);
	compare_trees(d, mount_side.root[0], ref_side.root[0], STAT_TWINS);
}

static void step(size_t i)
{
	static struct result a, b;
	const struct op *op = &shared->ops[i];
	struct difference d = {};

	shared->ended[i] = INT64_MAX;
	shared->begun[i] = clock_ns(CLOCK_REALTIME_COARSE);
	result_clear(&a);
	result_clear(&b);
	turn_to(0);
	if (op->under)
		note_underneath(op);
	look_at_flags(op);
	if (stale(op)) {
		a.skipped = b.skipped = true;
	} else {
		turn_to(op->who);
		op_kinds[op->kind].run(&mount_side, op, &a);
		op_kinds[op->kind].run(&ref_side, op, &b);
		turn_to(0);
	}
	count(op, &b);
	if (!a.skipped && !b.skipped) {
		compare_results(&d, op, &a, &b);
		compare_touched(&d, &mount_side, &ref_side, op);
	} else if (a.skipped != b.skipped) {
		differs(&d, "fifo", "is one on one side only");
	}
	if (!d.text[0] && ((i + 1) % CHECKPOINT == 0 || i + 1 == shared->count))
		checkpoint(&d);
	shared->ended[i] = clock_ns(CLOCK_REALTIME);
	if (d.text[0]) {
		shared->difference = d;
		__atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
	}
}

/* --- taking turns ------------------------------------------------------------------------------------ */

static void wake_all(void)
{
	syscall(SYS_futex, &shared->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void wait_for_turn(uint32_t seen)
{
	struct timespec second = { 1, 0 };

	syscall(SYS_futex, &shared->turn, FUTEX_WAIT, seen, &second, NULL, 0);
}

static int open_root(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		_exit(101);
	return fd;
}

static void side_open(struct side *s, const char *path, const char *under)
{
	int i;

	s->path = path;
	s->root[0] = open_root(path);
	s->root[1] = open_root(under);
	s->cwd = -1;
	for (i = 0; i < SLOTS; i++)
		s->fd[i] = -1;
}

static void work(const struct world *w, unsigned int number)
{
	uint32_t i, seen = UINT32_MAX;
	cpu_set_t cpus;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* One at a time is at work: to wake another processor for it is dear in an emulator. */
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	signal(SIGPIPE, SIG_IGN);
	alarm(PATIENCE);
	umask(022);
	side_open(&mount_side, w->over, w->under);
	side_open(&ref_side, w->ref, w->ref);
	below_root = open_root(w->under);
	/* What NFS has cached it reads without the server, whose atime it is. */
	compare_setup(w->backing == ON_TMPFS, w->backing != ON_NFS, same_time);
	while ((i = __atomic_load_n(&shared->turn, __ATOMIC_SEQ_CST)) < shared->count &&
	       !__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST)) {
		if (i != seen)
			alarm(PATIENCE);
		seen = i;
		if (shared->ops[i].worker != number) {
			wait_for_turn(i);
			continue;
		}
		step(i);
		if (__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST))
			break;
		__atomic_store_n(&shared->turn, i + 1, __ATOMIC_SEQ_CST);
		if (i + 1 == shared->count || shared->ops[i + 1].worker != number)
			wake_all();
	}
	wake_all();
	_exit(0);
}

static void worker_ended(int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	differs(&shared->difference, "death", "a worker ended with %s %d",
		WIFEXITED(status) ? "status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	__atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
	wake_all();
}

static void make_shared(void)
{
	if (shared)
		return;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	tallies = shared->tallies;
}

size_t lockstep(struct world *w, const struct op *ops, size_t n, struct difference *d)
{
	unsigned int i;
	int status;

	make_shared();
	shared->built_from = clock_ns(CLOCK_REALTIME_COARSE);
	world_reset(w);
	shared->built_to = clock_ns(CLOCK_REALTIME);
	shared->turn = shared->stop = 0;
	shared->touched_underneath = shared->flags_underneath = shared->moved_underneath = false;
	shared->count = n;
	memset(&shared->difference, 0, sizeof(shared->difference));
	memcpy(shared->ops, ops, n * sizeof(*ops));
	for (i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		assert_ok(pid);
		if (!pid)
			work(w, i);
	}
	while (wait(&status) > 0)
		worker_ended(status);
	*d = shared->difference;
	return d->text[0] ? shared->turn : n;
}
