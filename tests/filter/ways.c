// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a refusal of read or write is worth: every way in which bytes get out of a
 * file, or into it, meets a program, wherever they go to or come from.
 *
 * timeout: 300
 */
#include "lib/way.h"

#include <sys/mman.h>

static const char *back, *at;
static struct ways *set;

#define AT(name) fmt("%s/" name, at)
#define BACK(name) fmt("%s/here/" name, back)

/* Where the bytes go to, or come from. */
static const struct {
	const char *name;
	const char *dir;
	bool here;	/* on the mount of the file */
} places[] = {
	{ "its directory", "at", true },
	{ "a directory without programs", "at/free", true },
	{ "a mount without programs", "plain", false },
	{ "a mount of another set", "apart", false },
};

#define PLACES (sizeof(places) / sizeof(places[0]))

static const char *below(size_t place)
{
	return fmt("%s/%s/other", back, (const char *[]){ "here", "here/free", "plain", "apart" }[place]);
}

static void start(void **state, const char *which)
{
	static const char *const dirs[] = { "here", "here/free", "here/narrow", "plain", "apart" };
	enum backing *kind = *state;
	size_t i;

	if (!backing_possible(*kind)) {
		print_message("# skipped: there is no %s here\n", backing_name(*kind));
		skip();
	}
	back = backing_dir(*kind, "ways");
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		assert_ok(mkdir(fmt("%s/%s", back, dirs[i]), 0755));
	at = tmp_path("at");
	set_attached("ways", "ways_all", "apart");
	mnt(fmt("%s/plain", back), tmp_path("plain"), "");
	mnt(fmt("%s/apart", back), tmp_path("apart"), "ops=apart");
	set = set_attached("ways", which, NULL)->globals;
	mnt(fmt("%s/here", back), at, fmt("ops=%s", which));
}

static int teardown(void **state)
{
	test_teardown(state);
	if (back)
		remove_tree(back);
	back = NULL;
	return 0;
}

/* A whole file of blocks. */
static void fill(const char *path, const char *text)
{
	static char bytes[WAY_BYTES];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	assert_ok(fd);
	memset(bytes, 0, WAY_BYTES);
	memcpy(bytes, text, strlen(text));
	assert_int_equal(write(fd, bytes, WAY_BYTES), WAY_BYTES);
	close(fd);
}

/* Whether what was to get out, or in, is in the file. */
static bool taken(const char *path)
{
	static char bytes[2 * WAY_BYTES];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_ok(fd);
	n = read(fd, bytes, sizeof(bytes));
	assert_ok(n);
	close(fd);
	return memmem(bytes, n, WAY_MARK, strlen(WAY_MARK)) || (n > 4 && !memcmp(bytes, "\177ELF", 4));
}

/* One way from or to one place; whether it ended as wanted. */
struct trial {
	const struct way *way;
	size_t place;
	bool in;
	int wanted;	/* errno, or 0 */
};

static int trial_go(const struct trial *t)
{
	struct way_try try = {
		.path = AT("file"),
		.fd = open(AT("file"), t->in ? O_RDWR : O_RDONLY),
		.other = open(tmp_path(fmt("%s/other", places[t->place].dir)), O_RDWR),
	};
	int err;

	assert_ok(try.fd);
	assert_ok(try.other);
	memset(set->calls, 0, sizeof(set->calls));
	memset(way_buf, 0, WAY_BYTES);
	if (t->in)
		memcpy(way_buf, WAY_MARK, sizeof(WAY_MARK));
	err = t->way->go(&try);
	close(try.fd);
	close(try.other);
	return err;
}

static bool trial_failed(const struct trial *t, const char *why, int err)
{
	print_error("%s, %s %s: %s (%s)\n", t->way->name, t->in ? "from" : "to",
		    places[t->place].name, why, strerror(err));
	return false;
}

static bool trial_ok(const struct trial *t)
{
	const __u64 *calls = set->calls[t->way->op];
	bool got;
	int err;

	fill(BACK("file"), t->in ? "#!/bin/true\nold" : "#!/bin/true\n" WAY_MARK);
	fill(below(t->place), t->in ? WAY_MARK : "");
	if (!t->in)
		assert_ok(truncate(below(t->place), 0));
	err = trial_go(t);
	if (err == WAY_NOT_HERE)
		return true;
	got = t->in ? taken(BACK("file")) :
	      taken(below(t->place)) || memmem(way_buf, WAY_BYTES, WAY_MARK, strlen(WAY_MARK));
	if (t->wanted && got)
		return trial_failed(t, "refused, but bytes got through", err);
	if (err != t->wanted)
		return trial_failed(t, "this errno", err);
	if (!calls[0])
		return trial_failed(t, "no pre call", err);
	if (!t->wanted && !calls[1])
		return trial_failed(t, "no post call", err);
	return true;
}

/* All ways between all places; what a refusal comes to, or 0. */
static void all_ways(bool in, int refusal)
{
	const struct way *ways = in ? ways_in : ways_out;
	size_t count = in ? ways_in_count : ways_out_count, i, failed = 0;
	struct trial t = { .in = in };

	for (i = 0; i < count; i++) {
		t.way = &ways[i];
		t.wanted = refusal && t.way->refused ? t.way->refused : refusal;
		for (t.place = 0; t.place < PLACES; t.place++)
			if (places[t.place].here || !t.way->one_mount)
				failed += !trial_ok(&t);
	}
	assert_int_equal(failed, 0);
}

static void only_of(const char *path)
{
	struct stat st;

	assert_ok(stat(path, &st));
	set->ino = st.st_ino;
}

static void verdict(enum ways_op a, enum ways_op b, int value)
{
	set->verdict[a] = set->verdict[b] = value;
}

static void refused_reads(void **state)
{
	start(state, "ways_all");
	fill(BACK("file"), "");
	only_of(BACK("file"));
	verdict(WAYS_READ, WAYS_MMAP, -EUSERS);
	all_ways(false, EUSERS);
}

static void watched_reads(void **state)
{
	start(state, "ways_all");
	fill(BACK("file"), "");
	only_of(BACK("file"));
	verdict(WAYS_READ, WAYS_MMAP, FUSE_BPF_BACKING | FUSE_BPF_POST);
	all_ways(false, 0);
}

static void refused_writes(void **state)
{
	start(state, "ways_all");
	verdict(WAYS_WRITE, WAYS_MMAP, -EUSERS);
	all_ways(true, EUSERS);
}

static void watched_writes(void **state)
{
	start(state, "ways_all");
	verdict(WAYS_WRITE, WAYS_MMAP, FUSE_BPF_BACKING | FUSE_BPF_POST);
	all_ways(true, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(refused_reads),
	cmocka_unit_test(watched_reads),
	cmocka_unit_test(refused_writes),
	cmocka_unit_test(watched_writes),
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

static int done(void **state)
{
	backings_done();
	return 0;
}

/* tmpfs, and one whose files can share blocks, if there is a disk for it. */
int main(void)
{
	static enum backing kinds[] = { ON_TMPFS, ON_XFS };
	struct CMUnitTest all[2 * TESTS];
	size_t i, n = access(SCRATCH_DISK, F_OK) ? TESTS : 2 * TESTS;

	if (n == TESTS)
		print_message("# no clones: they need the scratch disk\n");
	for (i = 0; i < n; i++) {
		all[i] = tests[i % TESTS];
		all[i].name = strdup(fmt("%s: %s", backing_name(kinds[i / TESTS]), all[i].name));
		all[i].initial_state = &kinds[i / TESTS];
		all[i].teardown_func = teardown;
	}
	return _cmocka_run_group_tests("ways", all, n, NULL, done);
}
