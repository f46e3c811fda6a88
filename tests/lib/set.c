// SPDX-License-Identifier: GPL-2.0-only
/* Sets of programs, through libbpf. */
#include "test.h"

char set_log[262144];

static struct set *open_sets[64];
static size_t log_used;

static int log_line(enum libbpf_print_level level, const char *format, va_list args)
{
	int len;

	if (level == LIBBPF_DEBUG)
		return 0;
	len = vsnprintf(set_log + log_used, sizeof(set_log) - log_used, format, args);
	log_used += len;
	if (log_used >= sizeof(set_log))
		log_used = sizeof(set_log) - 1;
	return len;
}

void set_log_start(void)
{
	libbpf_set_print(log_line);
	log_used = 0;
	set_log[0] = 0;
}

static void set_remember(struct set *set)
{
	size_t i;

	for (i = 0; i < sizeof(open_sets) / sizeof(open_sets[0]); i++) {
		if (open_sets[i])
			continue;
		open_sets[i] = set;
		return;
	}
	fail_msg("too many sets for the table in set.c");
}

static void find_maps(struct set *set, const char *wanted)
{
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, set->object) {
		const char *name = bpf_map__name(map);

		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS) {
			if (strstr(name, ".bss"))
				set->globals = map;	/* its memory comes with the load */
		} else if (wanted && strcmp(wanted, name)) {
			assert_int_equal(bpf_map__set_autocreate(map, false), 0);
		} else {
			assert_null(set->map);
			set->map = map;
			set->ops = bpf_map__initial_value(map, &size);
		}
	}
	if (!set->map)
		fail_msg("the object has no set %s", wanted ? wanted : "at all");
}

struct set *set_open(const char *object, const char *map, const char *name)
{
	const char *build = getenv("TEST_BUILD");
	struct set *set = calloc(1, sizeof(*set));

	set_log_start();
	set->object = bpf_object__open_file(fmt("%s/bpf/%s.bpf.o", build ? build : "build",
						object), NULL);
	if (!set->object)
		fail_msg("open %s: %m: %s", object, set_log);
	set_remember(set);
	find_maps(set, map);
	if (name)
		snprintf(set->ops->name, sizeof(set->ops->name), "%s", name);
	return set;
}

int set_try_load(struct set *set)
{
	struct bpf_map *bss = set->globals;
	int ret;

	set_log_start();
	ret = bpf_object__load(set->object);
	if (!ret && bss)
		set->globals = bpf_map__initial_value(bss, &set->globals_size);
	return ret;
}

int set_try_attach(struct set *set)
{
	set_log_start();
	set->link = bpf_map__attach_struct_ops(set->map);
	return set->link ? 0 : -errno;
}

int set_try_update(struct set *from, struct set *set)
{
	set_log_start();
	return bpf_link__update_map(from->link, set->map);
}

void set_load(struct set *set)
{
	int ret = set_try_load(set);

	if (ret)
		fail_msg("load: %s: %s", strerror(-ret), set_log);
}

void set_attach(struct set *set)
{
	int ret = set_try_attach(set);

	if (ret)
		fail_msg("attach: %s: %s", strerror(-ret), set_log);
}

struct set *set_attached(const char *object, const char *map, const char *name)
{
	struct set *set = set_open(object, map, name);

	set_load(set);
	set_attach(set);
	return set;
}

void set_detach(struct set *set)
{
	assert_int_equal(bpf_link__detach(set->link), 0);
}

void set_free(struct set *set)
{
	size_t i;

	for (i = 0; i < sizeof(open_sets) / sizeof(open_sets[0]); i++)
		if (open_sets[i] == set)
			open_sets[i] = NULL;
	bpf_link__destroy(set->link);
	bpf_object__close(set->object);
	free(set);
}

void sets_done(void)
{
	size_t i;

	for (i = 0; i < sizeof(open_sets) / sizeof(open_sets[0]); i++)
		if (open_sets[i])
			set_free(open_sets[i]);
}

int set_map_fd(struct set *set, const char *map)
{
	int fd = bpf_object__find_map_fd_by_name(set->object, map);

	if (fd < 0)
		fail_msg("the object has no map %s", map);
	return fd;
}

unsigned int set_map_id(struct set *set)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	assert_ok(bpf_map_get_info_by_fd(bpf_map__fd(set->map), &info, &len));
	return info.id;
}

static bool id_gone(int fd)
{
	if (fd < 0)
		return true;
	close(fd);
	return false;
}

bool map_gone(void *id)
{
	return id_gone(bpf_map_get_fd_by_id(*(unsigned int *)id));
}

bool prog_gone(void *id)
{
	return id_gone(bpf_prog_get_fd_by_id(*(unsigned int *)id));
}

int test_teardown(void **state)
{
	become_root();
	points_done();
	mnt_done();
	sets_done();
	return 0;
}
