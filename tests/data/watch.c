// SPDX-License-Identifier: GPL-2.0-only
/* Who watches files, and who stops writers: fanotify, dnotify, freezing. */
#include "twin.h"

#include <poll.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <linux/fs.h>

/* --- fanotify ------------------------------------------------------------------------ */

/* Events that are there, all together. */
static uint64_t events_of(int fan)
{
	_Alignas(struct fanotify_event_metadata) char buf[4096];
	ssize_t n = read(fan, buf, sizeof(buf));
	struct fanotify_event_metadata *e = (void *)buf;
	uint64_t all = 0;

	for (; n > 0 && FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
		all |= e->mask;
		if (e->fd >= 0)
			close(e->fd);
	}
	return all;
}

static int watching(const char *path, unsigned int how, uint64_t mask)
{
	int fan = must(fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_CLOEXEC, O_RDONLY));

	must(fanotify_mark(fan, FAN_MARK_ADD | how, mask, AT_FDCWD, path));
	return fan;
}

/* As inotify: a watch on the mount sees what goes through it, one below sees all of it. */
static void fanotify_knows_its_side(struct twin *t)
{
	const uint64_t all = FAN_OPEN | FAN_ACCESS | FAN_MODIFY | FAN_CLOSE_WRITE;
	int o, u;

	put(t->o, "f", "text");
	o = watching(over(t, "f"), 0, all);
	u = watching(under(t, "f"), 0, all);
	put(t->o, "f", "more");
	holds(t->o, "f", "more");
	assert_int_equal(events_of(o) & all, all);
	assert_int_equal(events_of(u) & all, all);
	put(t->u, "f", "less");
	assert_int_equal(events_of(o), 0);
	assert_int_equal(events_of(u) & (FAN_OPEN | FAN_MODIFY | FAN_CLOSE_WRITE),
			 FAN_OPEN | FAN_MODIFY | FAN_CLOSE_WRITE);
}

static void a_whole_mount_is_watched(struct twin *t)
{
	int o = watching(t->over, FAN_MARK_MOUNT, FAN_OPEN | FAN_CLOSE_WRITE);

	put(t->o, "f", "text");
	assert_int_equal(events_of(o) & (FAN_OPEN | FAN_CLOSE_WRITE), FAN_OPEN | FAN_CLOSE_WRITE);
	put(t->u, "f", "text");
	assert_int_equal(events_of(o), 0);
}

/* Directories and names, by file handles. */
static void names_are_reported(struct twin *t)
{
	_Alignas(struct fanotify_event_metadata) char buf[4096];
	struct fanotify_event_metadata *e = (void *)buf;
	struct fanotify_event_info_fid *info = (void *)(e + 1);
	struct file_handle *handle = (void *)info->handle;
	int fan = must(fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_REPORT_DFID_NAME, O_RDONLY));
	int dir;

	must(fanotify_mark(fan, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_CREATE | FAN_ONDIR, AT_FDCWD, t->over));
	must(mkdirat(t->u, "below", 0755));
	must(mkdirat(t->o, "made", 0755));
	assert_true(read(fan, buf, sizeof(buf)) > (ssize_t)sizeof(*e));
	assert_int_equal(e->mask, FAN_CREATE | FAN_ONDIR);
	assert_int_equal(info->hdr.info_type, FAN_EVENT_INFO_TYPE_DFID_NAME);
	assert_string_equal((char *)handle->f_handle + handle->handle_bytes, "made");
	dir = must(open_by_handle_at(t->o, handle, O_PATH));
	assert_int_equal(stat_of(dir, "").st_ino, stat_of(t->o, "").st_ino);
	assert_int_equal(events_of(fan), 0);
}

static int try_to_read(void *path)
{
	return try_open(path, O_RDONLY, 0) ? errno : 0;
}

/* Whoever is asked for permission says no, on either side: the open is refused. */
static void permission_is_asked(struct twin *t)
{
	const char *paths[] = { over(t, "f"), under(t, "f") };
	struct fanotify_event_metadata e;
	struct fanotify_response no = { .response = FAN_DENY };
	int fan, status;
	pid_t pid;

	put(t->o, "f", "text");
	for (int i = 0; i < 2; i++) {
		fan = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);
		if (fan < 0 || fanotify_mark(fan, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, paths[i])) {
			assert_int_equal(errno, EINVAL);
			print_message("# this kernel asks nobody for permission\n");
			skip();
		}
		pid = must(fork());
		if (!pid)
			_exit(try_to_read((void *)over(t, "f")));
		assert_int_equal(must(read(fan, &e, sizeof(e))), sizeof(e));
		assert_int_equal(e.mask, FAN_OPEN_PERM);
		no.fd = e.fd;
		must(write(fan, &no, sizeof(no)));
		must(waitpid(pid, &status, 0));
		assert_int_equal(WEXITSTATUS(status), EPERM);
		must(close(e.fd));
		must(close(fan));
		assert_int_equal(try_to_read((void *)over(t, "f")), 0);
	}
}

/* --- dnotify ---------------------------------------------------------------------------- */

static volatile sig_atomic_t notified;

static void on_notify(int signal)
{
	notified++;
}

static void dnotify_knows_its_side(struct twin *t)
{
	signal(SIGIO, on_notify);
	notified = 0;
	if (fcntl(t->o, F_NOTIFY, DN_CREATE | DN_MULTISHOT)) {
		print_message("# this kernel has no dnotify\n");
		skip();
	}
	put(t->o, "through", "");
	assert_int_equal(notified, 1);
	put(t->u, "direct", "");
	assert_int_equal(notified, 1);
	must(fcntl(t->o, F_NOTIFY, 0));
	signal(SIGIO, SIG_DFL);
}

/* --- freezing ----------------------------------------------------------------------------- */

struct opener {
	pid_t pid;
	int done;			/* readable, or at its end, when it has opened the file */
};

static struct opener start_opening(const char *path, int flags)
{
	int pipes[2];
	struct opener w;

	must(pipe(pipes));
	w.pid = must(fork());
	if (!w.pid) {
		int err = try_open(path, flags, 0644) ? errno : 0;

		_exit(write(pipes[1], "", 1) == 1 ? err : 255);
	}
	must(close(pipes[1]));
	w.done = pipes[0];
	return w;
}

static bool opened_within(struct opener *w, int ms)
{
	struct pollfd p = { .fd = w->done, .events = POLLIN };

	return must(poll(&p, 1, ms));
}

/* It waits in the kernel. */
static bool is_stuck(void *opener)
{
	const struct opener *w = opener;
	FILE *stat = fopen(fmt("/proc/%d/stat", w->pid), "r");
	char state = 0;

	if (!stat)
		return false;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(stat);
	return state == 'D';
}

static void end_opening(struct opener *w)
{
	int status;

	must(waitpid(w->pid, &status, 0));
	assert_int_equal(status, 0);
	must(close(w->done));
}

/*
 * Frozen at either place, nothing is made through the mount until it is thawed.
 * What is cached is there meanwhile (docs/differences.md, "while the backing
 * filesystem is frozen").
 */
static void frozen(struct twin *t, int dir)
{
	const char *name = dir == t->o ? "above" : "below";
	struct opener w;
	struct stat st;
	bool stuck, made;

	put(t->u, "f", "text");
	holds(t->o, "f", "text");
	must(ioctl(dir, FIFREEZE, 0));
	w = start_opening(over(t, name), O_WRONLY | O_CREAT);
	stuck = wait_for(SOON, is_stuck, &w);
	made = !fstatat(t->u, name, &st, 0);
	holds(t->o, "f", "text");
	assert_fails(ioctl(dir, FIFREEZE, 0), EBUSY);
	must(ioctl(dir, FITHAW, 0));
	assert_true(stuck);
	assert_false(made);
	assert_true(opened_within(&w, SOON));
	end_opening(&w);
	must(fstatat(t->u, name, &st, 0));
	assert_fails(ioctl(dir, FITHAW, 0), EINVAL);
}

static void frozen_above(struct twin *t)
{
	frozen(t, t->o);
}

/* Who looks up a name that is not cached waits for the writer, who has the directory locked. */
static void lookups_wait_for_the_writer(struct twin *t)
{
	struct opener writer, reader;
	bool stuck, too;

	put(t->u, "late", "text");
	must(ioctl(t->u, FIFREEZE, 0));
	writer = start_opening(over(t, "new"), O_WRONLY | O_CREAT);
	stuck = wait_for(SOON, is_stuck, &writer);
	reader = start_opening(over(t, "late"), O_RDONLY);
	too = wait_for(SOON, is_stuck, &reader);
	/* Thawed first: nothing else can be undone before. */
	must(ioctl(t->u, FITHAW, 0));
	assert_true(stuck);
	assert_true(too);
	assert_true(opened_within(&reader, SOON));
	assert_true(opened_within(&writer, SOON));
	end_opening(&reader);
	end_opening(&writer);
}

/* tmpfs cannot be frozen. */
static void frozen_below(struct twin *t)
{
	if (t->world != TWIN_EXT4) {
		assert_fails(ioctl(t->u, FIFREEZE, 0), EOPNOTSUPP);
		return;
	}
	frozen(t, t->u);
	lookups_wait_for_the_writer(t);
}

/* While ours is frozen, the backing directory has other writers. */
static void frozen_alone(struct twin *t)
{
	must(ioctl(t->o, FIFREEZE, 0));
	put(t->u, "f", "text");
	holds(t->o, "f", "text");
	must(ioctl(t->o, FITHAW, 0));
	put(t->o, "f", "more");
	holds(t->u, "f", "more");
}

static const struct twin_test tests[] = {
	TWIN_TEST(fanotify_knows_its_side),
	TWIN_TEST(a_whole_mount_is_watched),
	TWIN_TEST(names_are_reported),
	TWIN_TEST(permission_is_asked),
	TWIN_TEST(dnotify_knows_its_side),
	TWIN_TEST(frozen_above),
	TWIN_TEST(frozen_below),
	TWIN_TEST(frozen_alone),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4);
}
