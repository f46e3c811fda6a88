// SPDX-License-Identifier: GPL-2.0-only
/*
 * A loop device with direct I/O writes asynchronously, and need not set IOCB_WRITE: each write
 * gives back what keeps the backing filesystem from freezing. Where that goes by the flag, a
 * write that was queued leaves a filesystem that never freezes.
 * timeout: 600
 */
#include "lib/task.h"

#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define BLOCK	4096
#define BLOCKS	64

static const char *back;
static int back_fd = -1;	/* to freeze and thaw it */
static int device = -1;		/* the loop device, with O_DIRECT */
static char *block;

/* In shared memory: what a writer has written, and that it is to end. */
static struct progress {
	unsigned int written;
	bool stop;
} *progress;

static int freeze(void *arg)
{
	return ioctl(back_fd, FIFREEZE, 0) ? errno : 0;
}

static int thaw(void *arg)
{
	return ioctl(back_fd, FITHAW, 0) ? errno : 0;
}

static int write_block(void *arg)
{
	unsigned int n = *(const unsigned int *)arg;

	memset(block, 'a' + n % 26, BLOCK);
	return pwrite(device, block, BLOCK, n % BLOCKS * BLOCK) == BLOCK ? 0 : errno;
}

static int write_on(void *arg)
{
	unsigned int n;
	int err = 0;

	for (n = 0; !err && !__atomic_load_n(&progress->stop, __ATOMIC_ACQUIRE); n++) {
		err = write_block(&n);
		__atomic_store_n(&progress->written, n + 1, __ATOMIC_RELEASE);
	}
	return err;
}

static bool has_written_more(void *arg)
{
	return __atomic_load_n(&progress->written, __ATOMIC_ACQUIRE) > *(unsigned int *)arg;
}

static void file_of_blocks(const char *path)
{
	int fd = must(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));

	memset(block, 0, BLOCK);
	for (int i = 0; i < BLOCKS; i++)
		assert_int_equal(must(write(fd, block, BLOCK)), BLOCK);
	must(fsync(fd));
	must(close(fd));
}

/* A device over this file, or -1; direct: whether it goes past the page cache. */
static int loop_open(const char *path, bool *direct)
{
	struct loop_config config = { .info.lo_flags = LO_FLAGS_DIRECT_IO };
	struct loop_info64 info;
	int control = must(open("/dev/loop-control", O_RDWR | O_CLOEXEC)), fd;

	fd = must(open(fmt("/dev/loop%ld", must(ioctl(control, LOOP_CTL_GET_FREE))),
		       O_RDWR | O_DIRECT | O_CLOEXEC));
	must(close(control));
	config.fd = must(open(path, O_RDWR | O_CLOEXEC));
	must(ioctl(fd, LOOP_CONFIGURE, &config));
	must(close(config.fd));
	must(ioctl(fd, LOOP_GET_STATUS64, &info));
	*direct = info.lo_flags & LO_FLAGS_DIRECT_IO;
	return fd;
}

static void loop_close(int fd)
{
	must(ioctl(fd, LOOP_CLR_FD));
	must(close(fd));
}

/* Only where it works on the backing filesystem itself. */
static void open_device(const char *view)
{
	bool direct;

	file_of_blocks(fmt("%s/image", back));
	loop_close(loop_open(fmt("%s/image", back), &direct));
	if (!direct) {
		print_message("# no loop device with direct I/O over this filesystem\n");
		skip();
	}
	device = loop_open(fmt("%s/image", view), &direct);
	assert_true(direct);
}

static void file_has(unsigned int n)
{
	int fd = must(open(fmt("%s/image", back), O_RDONLY));

	assert_int_equal(must(pread(fd, block, BLOCK, n % BLOCKS * BLOCK)), BLOCK);
	for (int i = 0; i < BLOCK; i++)
		assert_int_equal(block[i], 'a' + n % 26);
	must(close(fd));
}

/* Nothing may fail the test, or be printed, while it is frozen. */
static bool freezes_and_thaws(void)
{
	bool frozen = returns_soon(freeze, NULL);

	return thaw(NULL) == 0 && frozen;
}

static void freezes_after_writes(void)
{
	assert_true(freezes_and_thaws());
	for (unsigned int n = 0; n < BLOCKS; n++)
		assert_int_equal(write_block(&n), 0);
	for (int i = 0; i < 3; i++)
		if (!freezes_and_thaws())
			fail_msg("the backing filesystem does not freeze after writes");
	for (unsigned int n = 0; n < BLOCKS; n++)
		file_has(n);
}

static void freezes_beside_writes(void)
{
	struct task *writer;
	unsigned int seen = 0;

	progress->stop = false;
	progress->written = 0;
	writer = task_start(write_on, NULL);
	for (int i = 0; i < 5; i++) {
		assert_true(wait_for(PATIENCE, has_written_more, &seen));
		if (!freezes_and_thaws())
			fail_msg("the backing filesystem does not freeze beside a writer");
		seen = progress->written;
	}
	__atomic_store_n(&progress->stop, true, __ATOMIC_RELEASE);
	assert_true(task_ends(writer, PATIENCE));
	assert_int_equal(task_result(writer), 0);
	file_has(progress->written - 1);
}

/* The freeze holds for what comes through the device, too. */
static void frozen_takes_nothing(void)
{
	struct task *writer;
	unsigned int n = 25;
	bool frozen, waits;

	frozen = returns_soon(freeze, NULL);
	writer = task_start(write_block, &n);
	waits = !task_ends(writer, 300);
	assert_int_equal(thaw(NULL), 0);
	assert_true(frozen);
	assert_true(waits);
	assert_true(task_ends(writer, PATIENCE));
	assert_int_equal(task_result(writer), 0);
	file_has(n);
	assert_true(freezes_and_thaws());
}

static void direct_loop(void **state)
{
	enum backing kind = *(const enum backing *)*state;
	const char *view;

	if (!backing_possible(kind))
		skip();
	sh("modprobe -q loop");
	if (access("/dev/loop-control", F_OK)) {
		print_message("# this kernel has no loop devices\n");
		skip();
	}
	back = backing_dir(kind, "back");
	view = tmp_path("view");
	mnt(back, view, NULL);
	back_fd = must(open(back, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	open_device(view);
	freezes_after_writes();
	freezes_beside_writes();
	frozen_takes_nothing();
}

static int teardown(void **state)
{
	tasks_done();
	if (device >= 0) {
		ioctl(device, LOOP_CLR_FD);
		close(device);
	}
	device = -1;
	test_teardown(state);
	close_range(3, ~0U, 0);
	backings_done();
	return 0;
}

int main(void)
{
	static enum backing kinds[] = { ON_EXT4, ON_XFS };
	struct CMUnitTest tests[2];

	block = aligned_alloc(BLOCK, BLOCK);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!block || progress == MAP_FAILED)
		return 1;
	for (int i = 0; i < 2; i++)
		tests[i] = (struct CMUnitTest){
			backing_name(kinds[i]), direct_loop, NULL, teardown, &kinds[i],
		};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
