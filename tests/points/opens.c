// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens that may make a file, whose name comes up and goes underneath between our look
 * and our attempt. Without the loop in fuse_bpf_atomic_open() the second time is an
 * ESTALE; with ->create alone it would be an open past O_EXCL and past the file's mode.
 */
#include "twin.h"

static struct twin *twin;

/* 0, an errno, or what the file has when it is open: 100 and its size. */
static int opens(int flags)
{
	int fd = openat(twin->o, "f", O_RDWR | O_CREAT | flags, 0644);
	struct stat st;

	if (fd < 0)
		return errno;
	return fstat(fd, &st) ? errno : 100 + st.st_size;
}

static int opens_any(void *unused)
{
	return opens(0);
}

static int opens_new(void *unused)
{
	return opens(O_EXCL);
}

static int opens_as_user(void *unused)
{
	const struct who user = { .uid = 1000, .gid = 1000 };

	return turn_into(&user) ? 250 : opens(0);
}

#define FOUND	(100 + 4)
#define MADE	100

/* Who opens f has not found it, and waits; with an absence that is known, and with one that is not. */
static pid_t opener(struct twin *t, int (*fn)(void *unused), bool known)
{
	struct stat st;

	twin = t;
	if (known)
		assert_fails(fstatat(t->o, "f", &st, 0), ENOENT);
	return stop_at("open:absent", fn, NULL);
}

static void comes_up(struct twin *t)
{
	for (int known = 0; known < 2; known++) {
		pid_t child = opener(t, opens_any, known);

		put(t->u, "f", "here");
		assert_int_equal(go_on("open:absent", child), FOUND);
		holds(t->o, "f", "here");
		must(unlinkat(t->u, "f", 0));
		child = opener(t, opens_new, known);
		put(t->u, "f", "here");
		assert_int_equal(go_on("open:absent", child), EEXIST);
		holds(t->o, "f", "here");
		must(unlinkat(t->u, "f", 0));
	}
}

/* Three times it is there when we try, and gone when we look. */
static pid_t come_and_go(struct twin *t, pid_t child)
{
	for (int i = 0; i < 3; i++) {
		put(t->u, "f", "here");
		go_on_to("open:absent", "open:stale", child);
		must(unlinkat(t->u, "f", 0));
		go_on_to("open:stale", "open:absent", child);
	}
	return child;
}

static void comes_and_goes(struct twin *t)
{
	for (int known = 0; known < 2; known++) {
		assert_int_equal(go_on("open:absent", come_and_go(t, opener(t, opens_any, known))), MADE);
		same_stat(t, "f");
		must(unlinkat(t->o, "f", 0));
		assert_int_equal(go_on("open:absent", come_and_go(t, opener(t, opens_new, known))), MADE);
		same_stat(t, "f");
		must(unlinkat(t->u, "f", 0));
	}
}

static void comes_and_goes_and_stays(struct twin *t)
{
	pid_t child = come_and_go(t, opener(t, opens_any, false));

	put(t->u, "f", "here");
	assert_int_equal(go_on("open:absent", child), FOUND);
	must(unlinkat(t->u, "f", 0));
	child = come_and_go(t, opener(t, opens_new, true));
	put(t->u, "f", "here");
	assert_int_equal(go_on("open:absent", child), EEXIST);
	holds(t->o, "f", "here");
}

/* What came up is opened by its own mode, a directory not at all. */
static void comes_up_as_what_may_not_be_opened(struct twin *t)
{
	pid_t child;

	must(fchmodat(t->u, ".", 0777, 0));
	child = opener(t, opens_as_user, false);
	put(t->u, "f", "here");
	must(fchmodat(t->u, "f", 0600, 0));
	assert_int_equal(go_on("open:absent", child), EACCES);
	must(unlinkat(t->u, "f", 0));
	child = opener(t, opens_as_user, true);
	must(mkdirat(t->u, "f", 0777));
	assert_int_equal(go_on("open:absent", child), EISDIR);
	same_stat(t, "f");
}

static const struct twin_test tests[] = {
	TWIN_TEST(comes_up),
	TWIN_TEST(comes_and_goes),
	TWIN_TEST(comes_and_goes_and_stays),
	TWIN_TEST(comes_up_as_what_may_not_be_opened),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL | TWIN_POINTS);
}
