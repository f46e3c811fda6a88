// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacement under load: without a version per operation an operation's pre
 * call is of one set and its post call of another. timeout: 180
 */
#include "pair.h"

#include <pthread.h>
#include <sched.h>

#define VERSIONS	6
#define THREADS		4
#define SECONDS		10

static struct set *versions[VERSIONS];
static bool stop;

/* All versions share the maps of the first. */
static struct set *open_version(unsigned int number, struct set *first)
{
	static const char *const shared[] = { "stamps", "counts" };
	struct set *set = set_open("stamp", NULL, NULL);
	struct bpf_map *map;
	size_t i, size;

	for (i = 0; first && i < 2; i++) {
		map = bpf_object__find_map_by_name(set->object, shared[i]);
		assert_int_equal(bpf_map__reuse_fd(map, set_map_fd(first, shared[i])), 0);
	}
	bpf_object__for_each_map(map, set->object)
		if (strstr(bpf_map__name(map), ".rodata"))
			memcpy(bpf_map__initial_value(map, &size), &number, sizeof(number));
	set_load(set);
	return set;
}

static uint64_t count(struct set *set, __u32 what)
{
	uint64_t n;

	assert_ok(bpf_map_lookup_elem(set_map_fd(set, "counts"), &what, &n));
	return n;
}

static int operate(const char *dir)
{
	char file[256], other[256], sub[256];
	struct stat st;
	int fd, ret;

	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(sub, sizeof(sub), "%s/sub", dir);
	fd = open(file, O_WRONLY | O_CREAT, 0644);
	if (fd < 0)
		return -1;
	ret = write(fd, "x", 1) == 1 && !fstat(fd, &st) ? 0 : -1;
	if (close(fd) || ret)
		return -1;
	if (rename(file, other) || stat(other, &st) || rename(other, file))
		return -1;
	return mkdir(sub, 0755) || stat(sub, &st) || rmdir(sub) ? -1 : 0;
}

static void *work(void *arg)
{
	const char *dir = arg;
	intptr_t rounds = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (operate(dir))
			return (void *)(intptr_t)-errno;
		rounds++;
	}
	return (void *)rounds;
}

/* The program ids of a set. */
static unsigned int programs(struct set *set, unsigned int *ids)
{
	struct bpf_program *prog;
	unsigned int n = 0;

	bpf_object__for_each_program(prog, set->object) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		assert_ok(bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &len));
		ids[n++] = info.id;
	}
	return n;
}

static unsigned int replace_all_the_time(struct bpf_link *link)
{
	uint64_t end = now_ms() + SECONDS * 1000;
	unsigned int n = 0;

	while (now_ms() < end) {
		struct set *next = versions[++n % VERSIONS];

		assert_int_equal(bpf_link__update_map(link, next->map), 0);
		assert_int_equal(ops_get("stamp").map, set_map_id(next));
	}
	return n;
}

static void operate_and_replace(void)
{
	pthread_t threads[THREADS];
	intptr_t rounds = 0;
	void *ret;
	int i;

	for (i = 0; i < THREADS; i++) {
		char *dir = strdup(fmt("%s/%d", at, i));

		assert_ok(mkdir(dir, 0755));
		assert_int_equal(pthread_create(&threads[i], NULL, work, dir), 0);
	}
	i = replace_all_the_time(versions[0]->link);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	print_message("# %d replacements", i);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &ret), 0);
		if ((intptr_t)ret < 0)
			fail_msg("an operation failed: %s", strerror(-(intptr_t)ret));
		assert_int_not_equal((intptr_t)ret, 0);
		rounds += (intptr_t)ret;
	}
	print_message(", %ld rounds, %lu post calls\n", (long)rounds,
		      (unsigned long)count(versions[0], 1));
}

static void under_load(void **state)
{
	unsigned int ids[VERSIONS][16], used, n, i, current;
	struct bpf_link *link;

	for (i = 0; i < VERSIONS; i++)
		versions[i] = open_version(i, versions[0]);
	set_attach(versions[0]);
	mnt(back, at, "ops=stamp");
	operate_and_replace();
	assert_int_equal(count(versions[0], 0), 0);
	assert_int_equal(count(versions[0], 2), 0);
	assert_true(count(versions[0], 1) > 100);

	/* All versions but the one in force go with their descriptors, the mount stays. */
	current = ops_get("stamp").map;
	link = versions[0]->link;
	versions[0]->link = NULL;
	for (i = 0; i < VERSIONS; i++) {
		unsigned int map = set_map_id(versions[i]);

		used = programs(versions[i], ids[i]);
		assert_int_equal(used, 5);
		set_free(versions[i]);
		if (map == current) {
			assert_false(wait_for(500, map_gone, &map));
			continue;
		}
		assert_true(wait_for(SOON, map_gone, &map));
		for (n = 0; n < used; n++)
			assert_true(wait_for(SOON, prog_gone, &ids[i][n]));
	}
	assert_ok(operate(at));
	assert_int_equal(bpf_link__destroy(link), 0);
	umnt(at);
	assert_true(wait_for(SOON, map_gone, &current));
}

/* A replaced set is in force for what was looked up and hidden before, at once. */
static void in_force_at_once(void **state)
{
	struct set *set = set_attached("hide", "hide", "swap"),
		   *none = set_open("probe", "empty", "swap");

	set_load(none);
	file_write(BACK("a.hid"), "hidden");
	mnt(back, at, "ops=swap");
	assert_false(exists(AT("a.hid")));
	assert_int_equal(set_try_update(set, none), 0);
	assert_true(exists(AT("a.hid")));
	file_is(AT("a.hid"), "hidden");
	assert_string_equal(names_in(at), "a.hid");
	assert_int_equal(set_try_update(set, set), 0);
	assert_false(exists(AT("a.hid")));
	assert_string_equal(names_in(at), "");
}

static void refused_updates(void **state)
{
	struct set *set = set_attached("probe", "empty", "one"),
		   *other = set_open("probe", "only_lookup", "two"),
		   *late = set_open("probe", "only_lookup", "one");
	unsigned int map = set_map_id(set);

	set_load(other);
	set_load(late);
	assert_int_equal(set_try_update(set, other), -EINVAL);
	assert_int_equal(ops_get("one").map, map);
	assert_true(ops_gone("two"));
	set_detach(set);
	assert_int_equal(set_try_update(set, late), -ENOLINK);
	assert_true(wait_for(SOON, ops_gone, "one"));
}

/* What a test hands to a child: descriptors, and whether it is to be an ordinary user. */
struct held {
	int link, map;
	bool user;
};

static int update_held(void *arg)
{
	struct held *held = arg;
	int ret;

	if (held->user && (setresgid(TEST_GID, TEST_GID, TEST_GID) ||
			   setresuid(TEST_UID, TEST_UID, TEST_UID)))
		return 255;
	ret = bpf_link_update(held->link, held->map, NULL);
	return -ret;
}

/* A set whose map can be put in a link's place by descriptor, which takes that it was attached once. */
static struct set *ready(const char *name)
{
	struct set *set = set_attached("probe", "only_lookup", name);

	assert_int_equal(bpf_link__destroy(set->link), 0);
	set->link = NULL;
	assert_true(wait_for(SOON, ops_gone, (void *)name));
	return set;
}

/* Holding the descriptors of a link and of a map is not the right of the user who attached it. */
static void holder_of_descriptors(void **state)
{
	struct set *next = ready("held"), *set = set_attached("probe", "empty", "held");
	struct held held = { .link = bpf_link__fd(set->link), .map = bpf_map__fd(next->map) };
	unsigned int map = set_map_id(set);

	held.user = true;
	assert_int_equal(in_child(0, update_held, &held), EPERM);
	assert_int_equal(ops_get("held").map, map);
	held.user = false;
	assert_int_equal(in_child(CLONE_NEWUSER, update_held, &held), EPERM);
	assert_int_equal(ops_get("held").map, map);
	assert_int_equal(in_child(0, update_held, &held), 0);
	assert_int_equal(ops_get("held").map, set_map_id(next));
}

/* In the user namespace that attached it, its root may. */
static int attach_and_update(void *arg)
{
	struct held *held = arg;
	struct ops_line line;
	int link = bpf_link_create(held->link, 0, BPF_STRUCT_OPS, NULL);
	int ret;

	if (link < 0)
		return -link;
	ret = bpf_link_update(link, held->map, NULL);
	if (ret)
		return -ret;
	return ops_find("inside", &line) && !strcmp(line.state, "live") ? 0 : 101;
}

static void within_a_user_namespace(void **state)
{
	struct set *first = ready("inside"), *second = ready("inside");
	struct held held = { .link = bpf_map__fd(first->map), .map = bpf_map__fd(second->map) };

	assert_int_equal(in_child(CLONE_NEWUSER, attach_and_update, &held), 0);
	assert_true(wait_for(SOON, ops_gone, "inside"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(under_load, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(in_force_at_once, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(refused_updates, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(holder_of_descriptors, pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(within_a_user_namespace, pair_setup, pair_teardown),
	};

	return cmocka_run_group_tests_name("update", tests, NULL, NULL);
}
