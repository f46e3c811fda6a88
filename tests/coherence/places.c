// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories made, looked up, moved and removed through two inodes of the mount
 * for the directory that they are in, by several processes at once: no inode has two
 * dentries in the end, and nobody waits for a lock that is his own. points/names.c
 * has the moment in which that happened.
 */
#include "crowd.h"

#include "places.h"

static struct places at;

static bool as_usual(long result)
{
	static const int errors[] = { ENOENT, EEXIST, ENOTEMPTY, ESTALE, EINVAL, ELOOP, EBUSY };

	if (result >= 0)
		return true;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errno == errors[i])
			return false;
	violated("%s", strerror(errno));
}

static int place(void)
{
	return pick(2) ? at.p1 : at.p2;
}

static const char *name(void)
{
	return fmt("x%u", pick(3));
}

static void make_and_move(struct twin *t)
{
	const char *a = name(), *b = name();

	switch (pick(6)) {
	case 0:
	case 1:
		as_usual(mkdirat(place(), a, 0755));
		break;
	case 2:
		as_usual(unlinkat(place(), a, AT_REMOVEDIR));
		break;
	case 3:
		as_usual(renameat(place(), a, place(), b));
		break;
	case 4:
		as_usual(renameat(place(), fmt("%s/in", a), place(), fmt("%s/in", b)));
		break;
	default:
		as_usual(mkdirat(place(), fmt("%s/in", a), 0755));
	}
	as_usual(unlinkat(place(), fmt("%s/in", b), AT_REMOVEDIR));
}

static void look(struct twin *t)
{
	struct stat st;

	as_usual(fstatat(place(), name(), &st, 0));
	as_usual(fstatat(place(), fmt("%s/in", name()), &st, 0));
}

static void check_name(const char *x)
{
	int a = openat(at.p1, x, O_RDONLY | O_DIRECTORY), b = openat(at.p2, x, O_RDONLY | O_DIRECTORY);

	assert_true((a < 0) == (b < 0));
	if (a >= 0) {
		one_dentry(a, b);
		must(close(a));
		must(close(b));
	}
}

static void no_inode_has_two_dentries(struct twin *t)
{
	static const struct member members[] = {
		{ "over", make_and_move },
		{ "over", make_and_move },
		{ "looker", look },
		{ "looker", look },
	};

	at = places_make(t);
	crowd_run_for(5, t, members, sizeof(members) / sizeof(members[0]));
	for (int i = 0; i < 3; i++) {
		check_name(fmt("x%d", i));
		check_name(fmt("x%d/in", i));
	}
	places_close(&at);
}

/*
 * The same directory, found through each, cannot take its own place. It lives on, as it
 * would below, where such a rename does nothing.
 */
static void a_directory_does_not_replace_itself(struct twin *t)
{
	struct places p = places_make(t);

	must(mkdirat(p.p1, "x", 0755));
	assert_fails(renameat(p.p1, "x", p.p2, "x"), ESTALE);
	must(mkdirat(p.p1, "x/in", 0755));
	must(mkdirat(p.p2, "x/in/deep", 0755));
	assert_fails(renameat(p.p2, "x/in", p.p1, "x/in"), ESTALE);
	places_open(&p, "x");
	one_dentry(p.x1, p.x2);
	put(p.x1, "f", "text");
	must(renameat(p.x1, "f", p.x2, "f"));
	holds(p.x2, "f", "text");
	must(renameat(p.x1, "in", p.p2, "out"));
	same_stat(t, "b/a/out/deep");
}

static const struct twin_test tests[] = {
	TWIN_TEST(a_directory_does_not_replace_itself),
	TWIN_TEST(no_inode_has_two_dentries),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
