// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who reads or writes with memory that its owner never brings (userfaultfd) can be killed, and
 * holds up what it does on the backing filesystem, there and no more. With a lock of ours held
 * over the copy any user stops a file, or a directory, for everybody.
 * timeout: 600
 */
#include "lib/kinds.h"
#include "lib/task.h"

#include <dirent.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define TEXT	"some text here"

/* Of one side: where the task is at work, and its files. */
static const char *dir;
static int dir_fd, file_fd;

/* Where the waiting task's page is, and its userfaultfd: in shared memory. */
static struct missing {
	int fd;
	char *page;
	long len;
} *missing;

static const char *at(const char *name)
{
	return fmt("%s/%s", dir, name);
}

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

/* --- what waits ------------------------------------------------------------------------------- */

/* A page that is missing until somebody brings it; 0, or an errno. */
static int make_missing(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno;
	missing->len = sysconf(_SC_PAGESIZE);
	missing->page = mmap(NULL, missing->len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)missing->page;
	reg.range.len = missing->len;
	if (missing->page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &reg))
		return errno;
	__atomic_store_n(&missing->fd, fd, __ATOMIC_RELEASE);
	return 0;
}

static long wait_in_write(void)
{
	return pwrite(file_fd, missing->page, 4, 0);
}

static long wait_in_read(void)
{
	return pread(file_fd, missing->page, 4, 0);
}

static long wait_in_listing(void)
{
	return syscall(SYS_getdents64, dir_fd, missing->page, missing->len);
}

/* What a task holds, and what another needs to go on beside it. */
enum hold { NOTHING, SHARED, EXCLUSIVE };

static const struct wait {
	const char *name;
	long (*run)(void);
	enum hold file, dir;		/* the VFS and most filesystems, natively */
	enum hold file_on_xfs;
} waits[] = {
	{ "write", wait_in_write, EXCLUSIVE, NOTHING, EXCLUSIVE },
	{ "read", wait_in_read, NOTHING, NOTHING, SHARED },
	{ "listing", wait_in_listing, NOTHING, SHARED, NOTHING },
};

#define WAITS	(sizeof(waits) / sizeof(waits[0]))

/* Without the memory, an errno; else 0 if it came to something. */
static int run_wait(void *arg)
{
	const struct wait *wait = arg;
	int err = make_missing();

	return err ?: result(wait->run());
}

/* --- what others do meanwhile: 0, or an errno ------------------------------------------------- */

static int other_stat(void)
{
	struct stat st;

	return result(stat(at("f"), &st));
}

static int other_open(void)
{
	return result(open(at("f"), O_RDWR));
}

static int other_read(void)
{
	char byte;

	return pread(open(at("f"), O_RDONLY), &byte, 1, 0) == 1 ? 0 : errno;
}

static int other_read_g(void)
{
	char byte;

	return pread(open(at("g"), O_RDONLY), &byte, 1, 0) == 1 ? 0 : errno;
}

static int other_write_g(void)
{
	return pwrite(open(at("g"), O_WRONLY), "x", 1, 0) == 1 ? 0 : errno;
}

static int other_chmod_g(void)
{
	return result(chmod(at("g"), 0600));
}

static int other_lookup(void)
{
	return access(at("absent"), F_OK) && errno == ENOENT ? 0 : EIO;
}

static int other_list(void)
{
	struct dirent **list;

	return scandir(dir, &list, NULL, NULL) >= 4 ? 0 : EIO;
}

static int other_create(void)
{
	return result(open(at("new"), O_WRONLY | O_CREAT | O_EXCL, 0644));
}

static int other_unlink(void)
{
	return result(unlink(at("new")));
}

static int other_write(void)
{
	return pwrite(open(at("f"), O_WRONLY), "s", 1, 0) == 1 ? 0 : errno;
}

static int other_chmod(void)
{
	return result(chmod(at("f"), 0640));
}

static int other_truncate(void)
{
	return result(truncate(at("f"), strlen(TEXT)));
}

static int other_rename(void)
{
	return rename(at("f"), at("moved")) ? errno : result(rename(at("moved"), at("f")));
}

static int other_link(void)
{
	return link(at("f"), at("second")) ? errno : result(unlink(at("second")));
}

static const struct other {
	const char *name;
	int (*run)(void);
	enum hold file, dir;
} others[] = {
	{ "stat", other_stat, NOTHING, NOTHING },
	{ "open", other_open, NOTHING, NOTHING },
	{ "read", other_read, NOTHING, NOTHING },
	{ "read of another file", other_read_g, NOTHING, NOTHING },
	{ "write to another file", other_write_g, NOTHING, NOTHING },
	{ "chmod of another file", other_chmod_g, NOTHING, NOTHING },
	{ "lookup", other_lookup, NOTHING, SHARED },
	{ "listing", other_list, NOTHING, SHARED },
	{ "create", other_create, NOTHING, EXCLUSIVE },
	{ "unlink", other_unlink, NOTHING, EXCLUSIVE },
	{ "write", other_write, EXCLUSIVE, NOTHING },
	{ "chmod", other_chmod, EXCLUSIVE, NOTHING },
	{ "truncate", other_truncate, EXCLUSIVE, NOTHING },
	{ "rename", other_rename, EXCLUSIVE, EXCLUSIVE },
	{ "link", other_link, EXCLUSIVE, EXCLUSIVE },
};

#define OTHERS	(sizeof(others) / sizeof(others[0]))

struct held {
	enum hold file, dir;
	enum backing kind;
};

static bool go_together(enum hold needed, enum hold held)
{
	return !needed || !held || (needed == SHARED && held == SHARED);
}

/* xfs locks a file to read it. btrfs, to list a directory, takes the lock of it exclusively. */
static bool can_go_on(const struct other *other, const struct held *held)
{
	bool locks_file = held->kind == ON_XFS && other->run == other_read;
	bool locks_dir = held->kind == ON_BTRFS && other->run == other_list;

	return go_together(locks_file ? SHARED : other->file, held->file) &&
	       go_together(locks_dir ? EXCLUSIVE : other->dir, held->dir);
}

/* The one that is under way: in shared memory, as those who do it are a child. */
static volatile unsigned int *under_way;

static int do_others(void *arg)
{
	for (*under_way = 0; *under_way < OTHERS; ++*under_way)
		if (can_go_on(&others[*under_way], arg) && others[*under_way].run())
			return 1;
	return 0;
}

static void others_work(struct held held)
{
	if (!returns_soon(do_others, &held))
		fail_msg("in %s: %s failed or waits", dir,
			 *under_way < OTHERS ? others[*under_way].name : "exit");
}

/* --- the tests -------------------------------------------------------------------------------- */

struct unit {
	enum backing kind;	/* first: for kinds_setup() */
	const struct wait *wait;
};

static bool has_page(void *arg)
{
	return __atomic_load_n(&missing->fd, __ATOMIC_ACQUIRE) >= 0 || task_ends(arg, 0);
}

/* Its userfaultfd in this process, once it waits for its page. */
static int wait_for_fault(struct task *waiter)
{
	struct pollfd p = { .events = POLLIN };
	struct uffd_msg msg;
	int pid_fd;

	assert_true(wait_for(PATIENCE, has_page, waiter));
	if (missing->fd < 0) {
		print_message("# no userfaultfd: %s\n", strerrorname_np(task_result(waiter)));
		skip();
	}
	pid_fd = must(syscall(SYS_pidfd_open, waiter->pid, 0));
	p.fd = must(syscall(SYS_pidfd_getfd, pid_fd, missing->fd, 0));
	must(close(pid_fd));
	assert_int_equal(poll(&p, 1, PATIENCE), 1);
	assert_int_equal(must(read(p.fd, &msg, sizeof(msg))), sizeof(msg));
	assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
	assert_int_equal(msg.arg.pagefault.address & -missing->len, (uintptr_t)missing->page);
	return p.fd;
}

static void bring_page(int fd, const char *text)
{
	static char page[65536] __attribute__((aligned(65536)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)missing->page, .src = (uintptr_t)page, .len = missing->len,
	};

	strcpy(page, text);
	must(ioctl(fd, UFFDIO_COPY, &copy));
}

/* On a side, the backing directory or the mount of ours: others go on; it is killed, or goes on. */
static void wait_there(const struct unit *unit, const char *where, bool killed)
{
	const struct wait *wait = unit->wait;
	struct held held = {
		unit->kind == ON_XFS ? wait->file_on_xfs : wait->file, wait->dir, unit->kind,
	};
	struct task *waiter;
	int uffd;

	dir = where;
	file_write(at("f"), TEXT);
	file_write(at("g"), TEXT);
	dir_fd = must(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	file_fd = must(open(at("f"), O_RDWR | O_CLOEXEC));
	missing->fd = -1;
	waiter = task_start(run_wait, (void *)wait);
	uffd = wait_for_fault(waiter);
	others_work(held);
	assert_false(task_ends(waiter, 0));
	if (killed)
		task_kill(waiter);
	else
		bring_page(uffd, "SOME");
	if (!task_ends(waiter, PATIENCE))
		fail_msg("in %s: it %s", dir, killed ? "cannot be killed" : "does not go on");
	assert_int_equal(task_result(waiter), killed ? -1 : 0);
	others_work((struct held){ NOTHING, NOTHING, unit->kind });
	must(close(uffd));
	must(close(dir_fd));
	must(close(file_fd));
}

static void memory_is_missing(void **state)
{
	const struct unit *unit = *state;
	bool wrote = unit->wait->run == wait_in_write;
	const char *back, *view;

	if (!backing_possible(unit->kind))
		skip();
	back = backing_dir(unit->kind, "back");
	view = tmp_path("view");
	mnt(back, view, NULL);
	for (int killed = 0; killed < 2; killed++) {
		wait_there(unit, back, killed);
		wait_there(unit, view, killed);
		/* Beside the "s" that others wrote. */
		file_is(fmt("%s/f", back), wrote && !killed ? "sOME text here" : TEXT);
		file_is(fmt("%s/f", view), wrote && !killed ? "sOME text here" : TEXT);
	}
}

int main(void)
{
	static const enum backing kinds[] = { ON_TMPFS, ON_EXT4, ON_XFS, ON_BTRFS };
	static struct unit units[4 * WAITS];
	static struct CMUnitTest tests[4 * WAITS];
	char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return 1;
	missing = (struct missing *)shared;
	under_way = (unsigned int *)(missing + 1);
	for (size_t i = 0; i < 4 * WAITS; i++) {
		units[i] = (struct unit){ kinds[i / WAITS], &waits[i % WAITS] };
		tests[i] = (struct CMUnitTest){
			strdup(fmt("%s: %s", backing_name(units[i].kind), units[i].wait->name)),
			memory_is_missing, kinds_setup, kinds_teardown, &units[i],
		};
	}
	return cmocka_run_group_tests_name("memory", tests, NULL, kinds_end);
}
