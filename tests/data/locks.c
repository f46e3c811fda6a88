// SPDX-License-Identifier: GPL-2.0-only
/* Locks taken through the mount hold underneath, and the reverse; they go when they should. */
#include "twin.h"

#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

/* What a try for a write lock of bytes [0, 10) finds: 0, or its errno. */
static int try_posix(const char *path)
{
	struct flock l = { .l_type = F_WRLCK, .l_len = 10 };
	int fd = open(path, O_RDWR), err = 0;

	if (fd < 0 || fcntl(fd, F_SETLK, &l))
		err = errno;
	close(fd);
	return err;
}

static int try_flock(const char *path)
{
	int fd = open(path, O_RDWR), err = 0;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB))
		err = errno;
	close(fd);
	return err;
}

static int try_posix_child(void *path)
{
	return try_posix(path);
}

/* As another process, since one's own POSIX locks never conflict. */
static int posix_elsewhere(const char *path)
{
	return in_child(0, try_posix_child, (void *)path);
}

static struct flock who_holds(int fd, int cmd)
{
	struct flock l = { .l_type = F_WRLCK, .l_len = 10 };

	must(fcntl(fd, cmd, &l));
	return l;
}

static void set_lock(int fd, int cmd, int type, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_start = start, .l_len = len };

	must(fcntl(fd, cmd, &l));
}

static void posix_locks(struct twin *t)
{
	const char *o = over(t, "f"), *u = under(t, "f");
	int fd, other;

	put(t->o, "f", "some text here");
	fd = must(open(o, O_RDWR));
	set_lock(fd, F_SETLK, F_WRLCK, 2, 3);
	assert_int_equal(posix_elsewhere(o), EAGAIN);
	assert_int_equal(posix_elsewhere(u), EAGAIN);
	set_lock(fd, F_SETLK, F_UNLCK, 0, 0);
	assert_int_equal(posix_elsewhere(o), 0);
	assert_int_equal(posix_elsewhere(u), 0);
	/* Any close of the file by the process gives them up. */
	set_lock(fd, F_SETLK, F_WRLCK, 0, 0);
	assert_int_equal(posix_elsewhere(u), EAGAIN);
	other = must(open(o, O_RDONLY));
	must(close(other));
	assert_int_equal(posix_elsewhere(u), 0);
	set_lock(fd, F_SETLK, F_RDLCK, 0, 0);
	assert_int_equal(posix_elsewhere(o), EAGAIN);
	must(close(fd));
	assert_int_equal(posix_elsewhere(u), 0);
}

static int hold_and_wait(const char *path, int gate[2], int ready[2])
{
	struct flock l = { .l_type = F_WRLCK, .l_len = 5 };
	char c;
	int fd = open(path, O_RDWR);

	close(gate[1]);
	if (fcntl(fd, F_SETLK, &l) || write(ready[1], "x", 1) != 1)
		return 1;
	return read(gate[0], &c, 1);	/* 0: the parent has closed its end */
}

/* A process that holds a lock on path until *gate is closed. */
static pid_t holder(const char *path, int *gate)
{
	int g[2], ready[2];
	pid_t child;
	char c;

	must(pipe(g));
	must(pipe(ready));
	child = must(fork());
	if (!child)
		_exit(hold_and_wait(path, g, ready));
	must(close(g[0]));
	assert_int_equal(must(read(ready[0], &c, 1)), 1);
	*gate = g[1];
	return child;
}

static void holders_are_named(struct twin *t)
{
	int gate, status, o, u;
	pid_t child;

	put(t->o, "f", "some text here");
	o = must(openat(t->o, "f", O_RDWR));
	u = must(openat(t->u, "f", O_RDWR));
	for (int under_side = 0; under_side < 2; under_side++) {
		child = holder(under_side ? under(t, "f") : over(t, "f"), &gate);
		assert_int_equal(who_holds(o, F_GETLK).l_pid, child);
		assert_int_equal(who_holds(u, F_GETLK).l_pid, child);
		assert_int_equal(who_holds(u, F_GETLK).l_len, 5);
		must(close(gate));
		must(waitpid(child, &status, 0));
		assert_int_equal(status, 0);
		assert_int_equal(who_holds(o, F_GETLK).l_type, F_UNLCK);
		assert_int_equal(who_holds(u, F_GETLK).l_type, F_UNLCK);
	}
}

/* A waiter on one side gets the lock when the holder on the other side dies. */
static void waiters_are_woken(struct twin *t)
{
	int gate, status;
	pid_t first, second;

	put(t->o, "f", "some text here");
	for (int under_side = 0; under_side < 2; under_side++) {
		first = holder(under_side ? under(t, "f") : over(t, "f"), &gate);
		second = must(fork());
		if (!second) {
			struct flock l = { .l_type = F_WRLCK };
			int fd = open(under_side ? over(t, "f") : under(t, "f"), O_RDWR);

			close(gate);
			_exit(fcntl(fd, F_SETLKW, &l) ? errno : 0);
		}
		assert_int_equal(poll(NULL, 0, 50), 0);
		assert_int_equal(waitpid(second, &status, WNOHANG), 0);
		must(kill(first, SIGKILL));
		must(waitpid(first, &status, 0));
		must(waitpid(second, &status, 0));
		assert_int_equal(status, 0);
		must(close(gate));
	}
}

static void open_file_locks(struct twin *t)
{
	int a, b, u;

	put(t->o, "f", "some text here");
	a = must(openat(t->o, "f", O_RDWR));
	b = must(openat(t->o, "f", O_RDWR));
	u = must(openat(t->u, "f", O_RDWR));
	set_lock(a, F_OFD_SETLK, F_WRLCK, 0, 0);
	assert_int_equal(who_holds(b, F_OFD_GETLK).l_type, F_WRLCK);
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_WRLCK);
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_pid, -1);
	assert_int_equal(try_posix(over(t, "f")), EAGAIN);
	assert_int_equal(try_posix(under(t, "f")), EAGAIN);
	/* They belong to the open file: a close elsewhere keeps them, the last close doesn't. */
	must(close(b));
	b = must(dup(a));
	must(close(a));
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_WRLCK);
	must(close(b));
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_UNLCK);
}

/* The locks are two files down, where the VFS does not look for them at the end. */
static void locks_through_two_mounts(struct twin *t)
{
	int a, u, c;

	mnt(t->over, tmp_path("second"), "");
	put(t->o, "f", "some text here");
	u = must(openat(t->u, "f", O_RDWR));
	a = must(open(tmp_path("second/f"), O_RDWR));
	set_lock(a, F_OFD_SETLK, F_WRLCK, 0, 0);
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_WRLCK);
	must(close(a));
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_UNLCK);
	a = must(open(tmp_path("second/f"), O_RDWR));
	c = must(open(tmp_path("second/f"), O_RDWR));
	set_lock(a, F_SETLK, F_WRLCK, 0, 0);
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_WRLCK);
	/* As ever, the process's locks go with any descriptor of the file. */
	must(close(c));
	assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_UNLCK);
	must(close(a));
	umnt(tmp_path("second"));
}

static void bsd_locks(struct twin *t)
{
	const char *o = over(t, "f"), *u = under(t, "f");
	int a, b;

	put(t->o, "f", "");
	a = must(open(o, O_RDONLY));
	must(flock(a, LOCK_SH));
	assert_int_equal(try_flock(o), EWOULDBLOCK);
	assert_int_equal(try_flock(u), EWOULDBLOCK);
	b = must(open(u, O_RDONLY));
	must(flock(b, LOCK_SH | LOCK_NB));
	must(flock(b, LOCK_UN));
	must(flock(a, LOCK_EX | LOCK_NB));
	assert_fails(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	must(flock(a, LOCK_UN));
	assert_int_equal(try_flock(u), 0);
	must(flock(b, LOCK_EX));
	assert_int_equal(try_flock(o), EWOULDBLOCK);
	must(close(b));
	assert_int_equal(try_flock(o), 0);
	must(flock(a, LOCK_EX));
	b = must(dup(a));
	must(close(a));
	assert_int_equal(try_flock(u), EWOULDBLOCK);
	must(close(b));
	assert_int_equal(try_flock(u), 0);
	assert_int_equal(try_flock(o), 0);
}

static void locks_on_directories(struct twin *t)
{
	int a = must(open(t->over, O_RDONLY)), b = must(open(t->under, O_RDONLY));

	must(flock(a, LOCK_EX));
	assert_fails(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	must(close(a));
	must(flock(b, LOCK_EX | LOCK_NB));
}

/* Only to read, as a directory cannot be opened to write. */
static void range_locks_on_directories(struct twin *t)
{
	static const int how[] = { F_SETLK, F_OFD_SETLK };
	int a, b, u = must(open(t->under, O_RDONLY));

	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		a = must(open(t->over, O_RDONLY));
		b = must(open(t->over, O_RDONLY));
		set_lock(a, how[i], F_RDLCK, 0, 0);
		assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_RDLCK);
		assert_int_equal(who_holds(b, F_OFD_GETLK).l_type, F_RDLCK);
		assert_int_equal(who_holds(u, F_OFD_GETLK).l_pid, how[i] == F_SETLK ? getpid() : -1);
		set_lock(a, how[i], F_UNLCK, 0, 0);
		assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_UNLCK);
		set_lock(a, how[i], F_RDLCK, 0, 0);
		/* As for files: any close ends those of the process. */
		must(close(b));
		assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, how[i] == F_SETLK ? F_UNLCK : F_RDLCK);
		set_lock(a, how[i], F_RDLCK, 0, 0);
		must(close(a));
		assert_int_equal(who_holds(u, F_OFD_GETLK).l_type, F_UNLCK);
	}
}

static const struct twin_test tests[] = {
	TWIN_TEST(posix_locks),
	TWIN_TEST(holders_are_named),
	TWIN_TEST(waiters_are_woken),
	TWIN_TEST(open_file_locks),
	TWIN_TEST(locks_through_two_mounts),
	TWIN_TEST(bsd_locks),
	TWIN_TEST(locks_on_directories),
	TWIN_TEST(range_locks_on_directories),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_NOP);
}
