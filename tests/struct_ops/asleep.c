// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program asleep while its set is detached, replaced and freed: without the
 * reference that every operation holds, it wakes up in freed memory.
 */
#include "test.h"

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sleeper.h"

static const char *back, *at;
static char *pages;	/* two, missing until the test brings them */
static long page_size;
static int uffd;

struct stat_call {
	pthread_t thread;
	int ret;
	struct stat st;
	bool done;
};

static int setup(void **state)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	back = tmp_dir("back");
	at = tmp_path("at");
	file_write(fmt("%s/file", back), "file");
	page_size = sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	assert_ok(uffd);
	assert_ok(ioctl(uffd, UFFDIO_API, &api));
	range.range.start = (unsigned long)pages;
	range.range.len = 2 * page_size;
	assert_ok(ioctl(uffd, UFFDIO_REGISTER, &range));
	return 0;
}

static int teardown(void **state)
{
	test_teardown(state);
	assert_ok(close(uffd));
	assert_ok(munmap(pages, 2 * page_size));
	return 0;
}

static void *do_stat(void *arg)
{
	struct stat_call *call = arg;

	call->ret = stat(fmt("%s/file", at), &call->st);
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* The program sleeps once it has asked for the page. */
static void wait_asleep(int phase)
{
	struct pollfd p = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(read(uffd, &msg, sizeof(msg)), sizeof(msg));
	assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
	assert_int_equal(msg.arg.pagefault.address & -page_size,
			 (unsigned long)pages + phase * page_size);
}

static void wake(int phase, const char *digit)
{
	static char page[65536] __attribute__((aligned(65536)));
	struct uffdio_copy copy = {
		.dst = (unsigned long)pages + phase * page_size,
		.src = (unsigned long)page,
		.len = page_size,
	};

	strcpy(page, digit);
	assert_ok(ioctl(uffd, UFFDIO_COPY, &copy));
}

static struct set *sleeper(const char *detach)
{
	struct set *set = set_attached("sleeper", NULL, NULL);
	struct sleeper *where = set->globals;
	struct stat st;

	/* The walk to the file asks for attributes too, once. */
	mnt(back, at, fmt("ops=sleeper,detach=%s", detach));
	assert_ok(stat(fmt("%s/file", at), &st));
	where->address[0] = (unsigned long)pages;
	where->address[1] = (unsigned long)pages + page_size;
	where->tgid = getpid();
	return set;
}

static void start(struct stat_call *call)
{
	assert_int_equal(pthread_create(&call->thread, NULL, do_stat, call), 0);
	wait_asleep(0);
}

/* It reads 4 in the pre phase and 2 in the post phase; stat(2) then shows 42. */
static void finish(struct stat_call *call, unsigned int *map)
{
	assert_false(wait_for(1000, map_gone, map));
	assert_false(call->done);
	wake(0, "4");
	wait_asleep(1);
	assert_false(wait_for(500, map_gone, map));
	wake(1, "2");
	assert_int_equal(pthread_join(call->thread, NULL), 0);
	assert_int_equal(call->ret, 0);
	assert_int_equal(call->st.st_size, 42);
}

static void freed_while_asleep(void **state)
{
	struct stat_call call = {};
	struct set *set = sleeper("keep");
	unsigned int map = set_map_id(set);

	start(&call);
	set_detach(set);
	set_free(set);
	assert_string_equal(ops_get("sleeper").state, "detached");
	assert_fails(module_unload(), EAGAIN);
	finish(&call, &map);
	umnt(at);
	assert_true(wait_for(SOON, map_gone, &map));
	module_unload_soon();
	assert_ok(module_load(NULL));
}

/* Nothing but the operation itself holds the old version here. */
static void replaced_while_asleep(void **state)
{
	struct stat_call call = {};
	struct set *set = sleeper("keep"), *next = set_open("attrs", "shift", "sleeper");
	unsigned int map = set_map_id(set);
	struct bpf_link *link = set->link;
	struct stat st;

	set_load(next);
	start(&call);
	assert_int_equal(set_try_update(set, next), 0);
	next->link = link;
	set->link = NULL;
	set_free(set);
	assert_ok(stat(fmt("%s/file", at), &st));
	assert_int_equal(st.st_size, 4);
	finish(&call, &map);
	assert_true(wait_for(SOON, map_gone, &map));
	assert_ok(stat(fmt("%s/file", at), &st));
	assert_int_equal(st.st_size, 4);
}

/* What was begun before the end is finished, whatever detach= says of the rest. */
static void failed_while_asleep(void **state)
{
	struct stat_call call = {};
	struct set *set = sleeper("fail");
	unsigned int map = set_map_id(set);
	struct stat st;

	start(&call);
	set_free(set);
	assert_fails(stat(fmt("%s/file", at), &st), ENOTCONN);
	finish(&call, &map);
	umnt(at);
	assert_true(wait_for(SOON, map_gone, &map));
}

#define ASLEEP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASLEEP(freed_while_asleep),
		ASLEEP(replaced_while_asleep),
		ASLEEP(failed_while_asleep),
	};

	return cmocka_run_group_tests_name("asleep", tests, NULL, NULL);
}
