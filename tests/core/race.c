// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps are made of the module's type while the module comes and goes: each is
 * either refused or holds the module, and in the end the module goes. The kernel
 * log tells the rest.
 */
#include "test.h"
#include "core.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#define ROUNDS	40

static struct core_type type;	/* its ids are the same in every load */
static atomic_bool stop;

struct maker {
	pthread_t thread;
	bool links;
	unsigned int seed;
	atomic_ulong made, refused;
	int odd;		/* an errno that must not be */
};

/* By a descriptor of the BTF of the load that is there right now, so that it may be gone by the next call. */
static int make_one(const struct maker *maker)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts,
		.map_flags = BPF_F_VTYPE_BTF_OBJ_FD | (maker->links ? BPF_F_LINK : 0),
		.btf_vmlinux_value_type_id = type.value,
		.btf_fd = core_own_btf(),
		.value_type_btf_obj_fd = core_btf_fd(),
	);
	int map, err;

	if (opts.value_type_btf_obj_fd < 0)
		return EINVAL;
	map = bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, "core_test", sizeof(__u32), type.value_size, 1,
			     &opts);
	err = map < 0 ? errno : 0;
	close(opts.value_type_btf_obj_fd);
	if (map >= 0)
		close(map);
	return err;
}

/* A map of the other's holds it too; where it is not there nobody does. */
static bool is_held(void)
{
	int fd = open("/sys/module/core_test/refcnt", O_RDONLY | O_CLOEXEC);
	char refs = '0';
	bool held;

	held = fd >= 0 && read(fd, &refs, 1) == 1 && refs != '0';
	close(fd);
	return held;
}

/*
 * Tries without a pause until there is a map, so that it tries at every stage of
 * a load and an unload; and then leaves the module alone for longer than that
 * map holds it, which takes the kernel its time where the machine is busy.
 */
static void *make(void *arg)
{
	struct maker *maker = arg;

	while (!stop) {
		int err = make_one(maker);

		if (err == EINVAL) {
			maker->refused++;
			continue;
		}
		if (err)
			maker->odd = err;
		else
			maker->made++;
		while (!stop && is_held())
			poll(NULL, 0, 20);
		poll(NULL, 0, 500 + rand_r(&maker->seed) % 2000);
	}
	return NULL;
}

static struct maker makers[2] = { { .seed = 1 }, { .seed = 2, .links = true } };
static int running;

static void start_makers(void)
{
	core_own_btf();	/* made once, before they share it */
	for (; running < 2; running++)
		assert_int_equal(pthread_create(&makers[running].thread, NULL, make,
						&makers[running]), 0);
}

static void stop_makers(void)
{
	stop = true;
	while (running)
		pthread_join(makers[--running].thread, NULL);
}

/* Without a pause too: the module goes as soon as the last map has. */
static void unload(void)
{
	uint64_t end = now_ms() + 4 * SOON;

	while (core_unload()) {
		assert_int_equal(errno, EAGAIN);
		assert_true(now_ms() < end);
	}
}

static void made_while_unloading(void **state)
{
	int round;

	core_load();
	type = core_find();
	core_close(type.fd);
	start_makers();
	for (round = 0; round < ROUNDS || !makers[0].made || !makers[1].made; round++) {
		unload();
		assert_ok(core_try_load("core_test", ""));
		assert_int_equal(core_param("registered"), 0);
	}
	stop_makers();
	assert_int_equal(makers[0].odd, 0);
	assert_int_equal(makers[1].odd, 0);
	assert_true(makers[0].refused > 0 && makers[1].refused > 0);
	core_refs_become(0);
}

static int teardown(void **state)
{
	stop_makers();
	return core_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(made_while_unloading, teardown),
	};

	return cmocka_run_group_tests_name("race", tests, NULL, NULL);
}
