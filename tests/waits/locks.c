// SPDX-License-Identifier: GPL-2.0-only
/*
 * A descriptor closed while another thread waits for a lock through it: the lock that
 * is granted after that goes with the file, over every filesystem. Without
 * fuse_bpf_backing_remove_left() it stays for ever, and names a file that was freed.
 * Where another process keeps the file, a POSIX lock goes at once, as its owner has
 * nothing more to do with it.
 * timeout: 600
 */
#include "lib/kinds.h"
#include "lib/task.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define WAIT_FLOCK	(-1)	/* not a command of fcntl(2) */

static const struct way {
	const char *name;
	int cmd;
	bool cancelled;
	bool kept;	/* a child has the file, too */
	bool parted;	/* what has closed it shares no descriptors any more when the lock comes */
} ways[] = {
	{ "POSIX", F_SETLKW, .kept = false },
	{ "POSIX, cancelled", F_SETLKW, .cancelled = true },
	{ "POSIX, file kept", F_SETLKW, .kept = true },
	{ "POSIX, file kept, closed by a task that went", F_SETLKW, .kept = true, .parted = true },
	{ "OFD", F_OFD_SETLKW, .kept = false },
	{ "BSD", WAIT_FLOCK, .kept = false },
};

#define WAYS	(sizeof(ways) / sizeof(ways[0]))

/* A test: one way on one kind of backing, through one mount or two. */
struct unit {
	enum backing kind;	/* first: for kinds_setup() */
	bool twice;
	const struct way *way;
};

static char below[128], above[128];	/* the file: in the backing filesystem, and on the mount */

static void call_lock(int fd, int cmd, short type, int *err)
{
	struct flock l = { .l_type = type };
	int bsd = type == F_UNLCK ? LOCK_UN : LOCK_EX;

	*err = (cmd == WAIT_FLOCK ? flock(fd, bsd) : fcntl(fd, cmd, &l)) ? errno : 0;
}

/* --- the process whose descriptor is closed ------------------------------------------------- */

struct waiter {
	const struct way *way;
	int fd, err;
	pid_t tid;
};

static void *wait_for_lock(void *arg)
{
	struct waiter *w = arg;

	__atomic_store_n(&w->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	call_lock(w->fd, w->way->cmd, F_WRLCK, &w->err);
	return NULL;
}

static bool has_tid(void *arg)
{
	return __atomic_load_n(&((struct waiter *)arg)->tid, __ATOMIC_ACQUIRE);
}

static void on_signal(int sig)
{
}

static const char *lost;	/* the path of the descriptor */
static int closed, done;	/* pipes to the test: the descriptor is closed; the call has returned */
static int leave;		/* from it: exit */

enum { UNABLE = 200 };		/* as an exit status: the process could not do its part */

/* A child that has the file as long as we live. */
static bool keep_file(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (true)
			pause();
	}
	return pid > 0;
}

/* A process with our descriptors closes that one while we wait, and has its own from then on. */
static bool close_and_part(int fd)
{
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	char c = 'x';

	if (pid)
		return pid > 0;
	if (sleeps_in(getppid(), getppid(), SYS_fcntl) && !close(fd) && !unshare(CLONE_FILES) &&
	    write(closed, &c, 1) == 1)
		_exit(0);
	_exit(UNABLE);
}

static int lose_to_process(const struct way *way)
{
	int fd = open(lost, O_RDWR), err;
	char c = 'x';

	if (fd < 0 || !keep_file() || !close_and_part(fd))
		return UNABLE;
	call_lock(fd, way->cmd, F_WRLCK, &err);
	if (write(done, &c, 1) != 1 || read(leave, &c, 1) != 1)
		return UNABLE;
	return err;
}

/* Exits with what the waiter's call came to, and lives until the test has looked. */
static int lose_descriptor(void *arg)
{
	const struct unit *unit = arg;
	struct sigaction act = { .sa_handler = on_signal };
	struct waiter w = { .way = unit->way };
	pthread_t thread;
	char c = 'x';

	if (unit->way->parted)
		return lose_to_process(unit->way);
	sigaction(SIGUSR1, &act, NULL);
	w.fd = open(lost, O_RDWR);
	if (w.fd < 0 || (unit->way->kept && !keep_file()) || pthread_create(&thread, NULL, wait_for_lock, &w) ||
	    !wait_for(PATIENCE, has_tid, &w) ||
	    !sleeps_in(getpid(), w.tid, unit->way->cmd == WAIT_FLOCK ? SYS_flock : SYS_fcntl))
		return UNABLE;
	close(w.fd);
	if (unit->way->cancelled)
		pthread_kill(thread, SIGUSR1);
	else if (write(closed, &c, 1) != 1)
		return UNABLE;
	pthread_join(thread, NULL);
	if (write(done, &c, 1) != 1 || read(leave, &c, 1) != 1)
		return UNABLE;
	return w.err;
}

/* --- the test --------------------------------------------------------------------------------- */

/* As another process: 0, or an errno. */
static int try_lock(void *arg)
{
	const struct way *way = arg;
	int fd = open(below, O_RDWR), err;
	struct flock l = { .l_type = F_WRLCK };

	if (way->cmd == WAIT_FLOCK)
		err = flock(fd, LOCK_EX | LOCK_NB);
	else
		err = fcntl(fd, way->cmd == F_SETLKW ? F_SETLK : F_OFD_SETLK, &l);
	return err ? errno : 0;
}

/* Any device: a server of NFS has the same inode number on another one. */
static bool listed(void)
{
	struct stat st;
	char line[256];
	bool found = false;
	FILE *f;

	must(stat(below, &st));
	f = fopen("/proc/locks", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, fmt(":%lu ", (unsigned long)st.st_ino)) &&
			 (strstr(line, "POSIX") || strstr(line, "OFDLCK") || strstr(line, "FLOCK"));
	fclose(f);
	return found;
}

static bool no_lock_left(void *arg)
{
	return !listed();
}

/* A kind of filesystem that this machine has, with a file, and a mount of ours over it, or two. */
static void lay_mounts(const struct unit *unit)
{
	const char *dir, *at = tmp_dir("over");

	if (!backing_possible(unit->kind))
		skip();
	dir = backing_dir(unit->kind, "locks");
	snprintf(below, sizeof(below), "%s/f", dir);
	file_write(below, "text");
	mnt(dir, at, "");
	if (unit->twice) {
		mnt(at, tmp_dir("second"), "");
		at = tmp_path("second");
	}
	snprintf(above, sizeof(above), "%s/f", at);
}

/* Has the lock, below, until it is killed. */
static int hold(void *arg)
{
	const struct way *way = arg;
	int fd = open(below, O_RDWR), err;
	char c = 'x';

	call_lock(fd, way->cmd, F_WRLCK, &err);
	if (err || write(closed, &c, 1) != 1)
		return UNABLE;
	while (true)
		pause();
}

/* A client of NFS may try again only after half a minute. */
#define LONG	120000

static void gets_byte(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	assert_int_equal(must(poll(&p, 1, LONG)), 1);
	assert_int_equal(must(read(fd, &c, 1)), 1);
}

/* What the waiter's call comes to. */
static int lose(const struct unit *unit, const char *path)
{
	const struct way *way = unit->way;
	int closes[2], ends[2], leaves[2];
	struct task *holder, *loser;

	lost = path;
	must(pipe(closes));
	must(pipe(ends));
	must(pipe(leaves));
	closed = closes[1];
	done = ends[1];
	leave = leaves[0];
	holder = task_start(hold, (void *)way);
	gets_byte(closes[0]);
	loser = task_start(lose_descriptor, (void *)unit);
	gets_byte(way->cancelled ? ends[0] : closes[0]);
	assert_int_equal(in_child(0, try_lock, (void *)way), EAGAIN);
	task_kill(holder);
	assert_true(task_ends(holder, PATIENCE));
	if (!way->cancelled)
		gets_byte(ends[0]);
	assert_int_equal(in_child(0, try_lock, (void *)way), 0);
	assert_true(wait_for(PATIENCE, no_lock_left, NULL));
	must(write(leaves[1], "x", 1));
	assert_true(task_ends(loser, PATIENCE));
	assert_int_not_equal(task_result(loser), UNABLE);
	return task_result(loser);
}

/* Below first: what the filesystem itself makes of it is what is expected of the mount. */
static void lock_goes_with_file(void **state)
{
	const struct unit *unit = *state;
	int expected;

	lay_mounts(unit);
	expected = lose(unit, below);
	assert_int_equal(lose(unit, above), expected);
}

/* --- many times ----------------------------------------------------------------------------------- */

#define STRESS_MS	2000

static int shared_fd = -1;

static void *lock_what_is_there(void *arg)
{
	const uint64_t *end = arg;

	while (now_ms() < *end) {
		struct flock l = { .l_type = F_WRLCK };

		fcntl(__atomic_load_n(&shared_fd, __ATOMIC_RELAXED), F_SETLKW, &l);
	}
	return NULL;
}

static int open_and_close(void *arg)
{
	uint64_t end = now_ms() + STRESS_MS;
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, lock_what_is_there, &end))
			return UNABLE;
	while (now_ms() < end) {
		int fd = open(above, O_RDWR);

		if (fd < 0)
			return errno;
		__atomic_store_n(&shared_fd, fd, __ATOMIC_RELAXED);
		sched_yield();
		close(fd);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* Two such processes, so that there is something to wait for, and all locks read meanwhile. */
static void locks_race_with_closes(void **state)
{
	const struct unit *unit = *state;
	struct task *a, *b;
	char buf[4096];
	int fd;

	lay_mounts(unit);
	a = task_start(open_and_close, NULL);
	b = task_start(open_and_close, NULL);
	while (!task_ends(a, 0)) {
		fd = must(open("/proc/locks", O_RDONLY));
		while (must(read(fd, buf, sizeof(buf))) > 0)
			;
		must(close(fd));
	}
	/* A client of NFS that waits for a lock looks again less and less often. */
	assert_true(task_ends(b, 4 * PATIENCE));
	assert_int_equal(task_result(a), 0);
	assert_int_equal(task_result(b), 0);
	assert_int_equal(in_child(0, try_lock, (void *)&ways[0]), 0);
	assert_false(listed());
}

/* --- all of them ------------------------------------------------------------------------------------ */

/*
 * Over another mount of ours is ON_OURS; a third one would be too many. A client of NFS takes
 * half a minute for each, and what is ours to do is the same for all locks.
 */
static bool is_needed(enum backing kind, bool twice, const struct way *way)
{
	if (kind == ON_NFS && way && (way->kept || way->cancelled || way->cmd == WAIT_FLOCK))
		return false;
	return !twice || kind == ON_TMPFS || kind == ON_EXT4;
}

int main(void)
{
	static struct unit units[2 * BACKING_KINDS * (WAYS + 1)];
	static struct CMUnitTest tests[2 * BACKING_KINDS * (WAYS + 1)];
	size_t n = 0;

	for (int i = 0; i < 2 * BACKING_KINDS; i++) {
		enum backing kind = i / 2;
		bool twice = i % 2;

		for (size_t w = 0; w <= WAYS; w++) {
			if (!is_needed(kind, twice, w < WAYS ? &ways[w] : NULL))
				continue;
			units[n] = (struct unit){ kind, twice, w < WAYS ? &ways[w] : NULL };
			tests[n] = (struct CMUnitTest){
				strdup(fmt("%s%s: %s", backing_name(kind), twice ? ", two mounts" : "",
					   w < WAYS ? ways[w].name : "many times")),
				w < WAYS ? lock_goes_with_file : locks_race_with_closes,
				kinds_setup, kinds_teardown, &units[n],
			};
			n++;
		}
	}
	return _cmocka_run_group_tests("locks", tests, n, NULL, kinds_end);
}
