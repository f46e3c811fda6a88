// SPDX-License-Identifier: GPL-2.0-only
/* A backing directory and a mount of it, side by side: see twin.h. */
#include "twin.h"

#include <grp.h>
#include <sys/mman.h>

static const struct world {
	enum twin_worlds bit;
	enum backing backing;
	const char *name, *ops;
	bool slow;
} worlds_known[] = {
	{ TWIN_TMPFS, ON_TMPFS, "tmpfs", NULL, false },
	{ TWIN_NOP, ON_TMPFS, "tmpfs with programs", "nop", false },
	{ TWIN_EXT4, ON_EXT4, "ext4", NULL, false },
	{ TWIN_SLOW, ON_TMPFS, "tmpfs, slow lookups", NULL, true },
};

#define WORLDS	(sizeof(worlds_known) / sizeof(worlds_known[0]))

/* The world that is mounted, where, its mounts, and the first descriptor that is a test's. */
static const struct world *entered;
static char over_root[80], under_root[80];
static size_t mounts;
static int first_fd;

/* Whether the tests want the module with points, and it is loaded. */
static bool with_points, points_loaded;

/* The test's mappings. */
static struct {
	char *at;
	size_t len;
} maps[8];
static size_t map_count;

struct unit {
	const struct world *world;
	const struct twin_test *test;
	int number;
};

long must_(long result, const char *call, const char *file, int line)
{
	if (result < 0)
		assert_call(result, 0, call, file, line);
	return result;
}

long outcome_(long result)
{
	return result == -1 ? -errno : result;
}

const char *over(struct twin *t, const char *name)
{
	return fmt("%s/%s", t->over, name);
}

const char *under(struct twin *t, const char *name)
{
	return fmt("%s/%s", t->under, name);
}

void put(int dir, const char *name, const char *text)
{
	int fd = must(openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644));

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	must(close(fd));
}

void holds_(int dir, const char *name, const char *text, const char *file, int line)
{
	int fd = must_(openat(dir, name, O_RDONLY), name, file, line);
	char content[256] = "";
	ssize_t n = must_(read(fd, content, sizeof(content) - 1), name, file, line);

	close(fd);
	_assert_string_equal(content, text, file, line);
	_assert_int_equal(n, strlen(text), file, line);
}

char *mapped(int fd, size_t len, int prot, int flags)
{
	char *at = mmap(NULL, len, prot, flags, fd, 0);

	must(at == MAP_FAILED ? -1 : 0);
	assert_true(map_count < sizeof(maps) / sizeof(maps[0]));
	maps[map_count].at = at;
	maps[map_count++].len = len;
	return at;
}

struct stat stat_of(int dir, const char *name)
{
	struct stat st;

	must_(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), name, __FILE__, __LINE__);
	return st;
}

static void needs(struct twin *t, bool (*has)(const char *dir), const char *what)
{
	if (has(t->under))
		return;
	assert_false(has(t->over));
	print_message("# %s of this kernel has no %s\n",
		      entered->backing == ON_TMPFS ? "tmpfs" : "ext4", what);
	skip();
}

void needs_user_xattrs(struct twin *t)
{
	needs(t, fs_has_user_xattrs, "user.* attributes");
}

void needs_direct_io(struct twin *t)
{
	needs(t, fs_has_direct_io, "O_DIRECT");
}

void absent_(struct twin *t, const char *name, const char *file, int line)
{
	struct stat st;

	assert_call(fstatat(t->o, name, &st, AT_SYMLINK_NOFOLLOW), ENOENT, name, file, line);
	assert_call(fstatat(t->u, name, &st, AT_SYMLINK_NOFOLLOW), ENOENT, name, file, line);
}

void same_stat_(struct twin *t, const char *name, const char *file, int line)
{
	struct stat o = stat_of(t->o, name), u = stat_of(t->u, name);

#define SAME(field)							\
	do {								\
		if (o.field != u.field)					\
			cm_print_error("%s: " #field " differs\n", name);	\
		_assert_int_equal(o.field, u.field, file, line);	\
	} while (0)
	SAME(st_ino);
	SAME(st_mode);
	SAME(st_nlink);
	SAME(st_uid);
	SAME(st_gid);
	SAME(st_rdev);
	SAME(st_size);
	SAME(st_blocks);
	SAME(st_blksize);
	SAME(st_atim.tv_sec);
	SAME(st_atim.tv_nsec);
	SAME(st_mtim.tv_sec);
	SAME(st_mtim.tv_nsec);
	SAME(st_ctim.tv_sec);
	SAME(st_ctim.tv_nsec);
#undef SAME
}

int turn_into(const struct who *who)
{
	if (setgroups(who->ngroups, who->groups) || setresgid(who->gid, who->gid, who->gid) ||
	    setresuid(who->uid, who->uid, who->uid))
		return -1;
	return 0;
}

struct disguise {
	const struct who *who;
	int (*what)(void *arg);
	void *arg;
};

static int disguised(void *arg)
{
	const struct disguise *d = arg;

	return turn_into(d->who) ? 255 : d->what(d->arg);
}

int as(const struct who *who, int (*what)(void *arg), void *arg)
{
	struct disguise d = { who, what, arg };
	int err = in_child(0, disguised, &d);

	assert_int_not_equal(err, 255);
	return err;
}

static void leave_world(void)
{
	slow_end();
	if (!entered)
		return;
	entered = NULL;
	/* Not lazily: a reference left behind shall be seen, as EBUSY. */
	umnt(over_root);
	sets_done();
	backings_done();
}

/* Whether the machine can have this world. */
static bool enter_world(const struct world *world)
{
	const char *backing;

	if (entered == world)
		return true;
	leave_world();
	if (!backing_possible(world->backing) || (world->slow && !slow_start()))
		return false;
	backing = backing_dir(world->backing, fmt("under-%d", world->bit));
	snprintf(under_root, sizeof(under_root), "%s", backing);
	snprintf(over_root, sizeof(over_root), "%s", tmp_dir("over"));
	if (world->ops)
		set_attached("nop", NULL, world->ops);
	mnt(under_root, over_root, world->ops ? fmt("ops=%s", world->ops) : "");
	entered = world;
	return true;
}

static void run_unit(void **state)
{
	const struct unit *unit = *state;
	struct twin t = { .world = unit->world->bit };

	first_fd = -1;
	if (with_points && !points_loaded) {
		points_load();
		points_loaded = true;
	}
	if (!enter_world(unit->world))
		skip();
	mounts = mnt_count();
	snprintf(t.over, sizeof(t.over), "%s/%d", over_root, unit->number);
	snprintf(t.under, sizeof(t.under), "%s/%d", under_root, unit->number);
	must(mkdir(t.under, 0755));
	t.o = first_fd = must(open(t.over, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	t.u = must(open(t.under, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unit->test->run(&t);
}

/* Gives up what the test left open, mapped or mounted, also if it failed half way. */
static int end_unit(void **state)
{
	while (map_count--)
		munmap(maps[map_count].at, maps[map_count].len);
	map_count = 0;
	points_done();
	if (first_fd < 0)
		return 0;
	mnt_undo(mounts);
	return close_range(first_fd, ~0U, 0);
}

static int end_group(void **state)
{
	leave_world();
	if (points_loaded)
		points_unload();
	return 0;
}

int twin_main(const char *group, const struct twin_test *tests, size_t n,
	      enum twin_worlds worlds)
{
	struct CMUnitTest *units = calloc(n * WORLDS, sizeof(*units));
	struct unit *states = calloc(n * WORLDS, sizeof(*states));
	size_t w, i, count = 0;
	int ret;

	umask(0022);
	with_points = worlds & TWIN_POINTS;
	for (w = 0; w < WORLDS; w++) {
		for (i = 0; i < n && worlds & worlds_known[w].bit; i++, count++) {
			states[count] = (struct unit){ &worlds_known[w], &tests[i], count };
			units[count] = (struct CMUnitTest){
				strdup(fmt("%s: %s", worlds_known[w].name, tests[i].name)),
				run_unit, NULL, end_unit, &states[count],
			};
		}
	}
	ret = _cmocka_run_group_tests(group, units, count, NULL, end_group);
	for (i = 0; i < count; i++)
		free((char *)units[i].name);
	free(units);
	free(states);
	return ret;
}
