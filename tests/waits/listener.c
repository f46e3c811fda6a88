// SPDX-License-Identifier: GPL-2.0-only
/*
 * A listener that is asked for permission (fanotify) may use the directory in which a file
 * is made and opened: that open holds no lock of it. With finish_open() in ->atomic_open()
 * the listener and the opener wait for each other.
 * timeout: 600
 */
#include "lib/task.h"

#include <sys/fanotify.h>

static const char *dir;
static int group = -1;

/* Permission to open anything in the filesystem that this directory is of. */
static void listen_at(const char *path)
{
	group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY | O_LARGEFILE);
	if (group < 0 || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_PERM,
				       AT_FDCWD, path)) {
		assert_int_equal(errno, EINVAL);
		print_message("# this kernel has no permission events\n");
		skip();
	}
}

static int make_and_open(void *arg)
{
	int fd = open(fmt("%s/made", dir), O_CREAT | O_RDWR | O_EXCL, 0400);

	if (fd < 0)
		return errno;
	return write(fd, "text", 4) == 4 ? 0 : EIO;
}

static int make_and_be_refused(void *arg)
{
	return make_and_open(arg) == EPERM ? 0 : 1;
}

/* Nothing that opens a file: its own opens would ask itself. */
static int use_directory(void *arg)
{
	if (access(fmt("%s/absent", dir), F_OK) == 0 || errno != ENOENT)
		return 1;
	if (mkdir(fmt("%s/other", dir), 0755) || mknod(fmt("%s/node", dir), S_IFIFO | 0644, 0))
		return errno;
	return rename(fmt("%s/node", dir), fmt("%s/moved", dir)) ? errno : 0;
}

static bool is_asked(void *arg)
{
	struct fanotify_event_metadata *event = arg;

	return read(group, event, sizeof(*event)) == sizeof(*event);
}

static void answer(const struct fanotify_event_metadata *event, unsigned int what)
{
	struct fanotify_response response = { event->fd, what };

	assert_int_equal(must(write(group, &response, sizeof(response))), sizeof(response));
	must(close(event->fd));
}

static void ask(struct twin *t, const char *where, int (*open_it)(void *arg), unsigned int what)
{
	struct fanotify_event_metadata event;
	struct task *opener;
	bool used;

	dir = t->over;
	listen_at(where);
	opener = task_start(open_it, NULL);
	assert_true(wait_for(PATIENCE, is_asked, &event));
	used = returns_soon(use_directory, NULL);
	answer(&event, what);
	/* Not for the opens of the test itself. */
	must(close(group));
	assert_true(task_ends(opener, PATIENCE));
	tasks_done();
	if (!used)
		fail_msg("the listener waits for the opener that waits for it");
	assert_int_equal(task_result(opener), 0);
	assert_string_equal(names_in(t->under), "made moved other");
	assert_string_equal(names_in(t->over), "made moved other");
}

static void listener_above(struct twin *t)
{
	ask(t, t->over, make_and_open, FAN_ALLOW);
	holds(t->u, "made", "text");
}

static void listener_below(struct twin *t)
{
	ask(t, t->under, make_and_open, FAN_ALLOW);
	holds(t->u, "made", "text");
}

/* As natively, where it is made by then. */
static void listener_refuses(struct twin *t)
{
	ask(t, t->over, make_and_be_refused, FAN_DENY);
	holds(t->u, "made", "");
	assert_int_equal(stat_of(t->u, "made").st_mode & 07777, 0400);
}

static const struct twin_test tests[] = {
	TWIN_TEST(listener_above),
	TWIN_TEST(listener_below),
	TWIN_TEST(listener_refuses),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
