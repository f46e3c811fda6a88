// SPDX-License-Identifier: GPL-2.0-only
/*
 * The moments in which a name is made, and in which a program is asked about one:
 * a directory that was looked up meanwhile has one dentry, and an answer about
 * another name is not kept. Without d_splice_alias() in mkdir a rename waits for
 * itself; without verdict_seq, or where a name that was moved away is taken for what the
 * walk came for, a hidden name is found; without fuse_bpf_same_rule() a file is made under
 * the rule of a caller who only looks. A name that comes up while its absence is shown to
 * programs is found by the same walk.
 */
#include "twin.h"

#include "point.h"
#include "places.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>

/* --- two of our inodes for one directory ---------------------------------------------------- */

static int makes_x(void *arg)
{
	return mkdirat(((struct places *)arg)->p1, "x", 0755) ? errno : 0;
}

static int renames_across(void *arg)
{
	struct places *p = arg;

	return renameat(p->x1, "f", p->x2, "g") ? errno : 0;
}

static void uses_both(struct twin *t, struct places *p)
{
	put(p->x1, "f", "text");
	assert_int_equal(ends_soon(renames_across, p), 0);
	holds(p->x2, "g", "text");
	holds(t->u, "b/a/x/g", "text");
	must(unlinkat(p->x1, "g", 0));
}

static void looked_up_while_it_is_made(struct twin *t)
{
	struct places p = places_make(t);
	struct stat st;
	pid_t child;

	child = stop_at("make:done", makes_x, &p);
	must(fstatat(p.p2, "x", &st, 0));
	assert_int_equal(go_on("make:done", child), 0);
	places_open(&p, "x");
	one_dentry(p.x1, p.x2);
	uses_both(t, &p);
	must(unlinkat(p.p1, "x", AT_REMOVEDIR));
	assert_fails(fstatat(p.p2, "x", &st, 0), ENOENT);
}

/* The other way round: the lookup comes last. */
static void made_while_it_is_looked_up(struct twin *t)
{
	struct places p = places_make(t);

	must(mkdirat(p.p1, "x", 0755));
	places_open(&p, "x");
	one_dentry(p.x1, p.x2);
	uses_both(t, &p);
}

/* --- an answer that comes late ---------------------------------------------------------------- */

static int looks(void *path)
{
	struct stat st;

	return stat(path, &st) ? errno : 0;
}

static void hide_name(struct set *set, const char *name)
{
	char key[64] = {};
	__u32 one = 1;

	snprintf(key, sizeof(key), "%s", name);
	assert_ok(bpf_map_update_elem(set_map_fd(set, "names"), key, &one, BPF_ANY));
}

/* Asked about the old name under a new set, stored when the dentry has the new one. */
static void asked_before_a_rename(struct twin *t)
{
	const char *at = tmp_path("hiding");
	struct set *old = set_attached("hide", "hide", "hiding"), *new;
	char *name = strdup(fmt("%s/file", at));
	pid_t child;

	new = set_open("hide", "hide", "hiding");
	set_load(new);
	mnt(t->under, at, "ops=hiding");
	put(t->u, "file", "x");
	file_is(name, "x");
	assert_int_equal(set_try_update(old, new), 0);
	child = stop_at("revalidate:asked", looks, name);
	assert_ok(rename(name, fmt("%s/moved", at)));
	hide_name(new, "moved");
	assert_int_equal(go_on("revalidate:asked", child), 0);
	assert_false(exists(fmt("%s/moved", at)));
	assert_false(exists(name));
	umnt(at);
	set_free(new);
	set_free(old);
	free(name);
}

/*
 * The walk has found the dentry under the old name, and comes to compare it under the new
 * one, about which the program was not called: it goes to the old name again.
 */
static void moved_before_it_is_asked_about(struct twin *t)
{
	const char *at = tmp_path("hiding");
	struct set *set = set_open("hide", "hide", "hiding");
	char *name = strdup(fmt("%s/file", at));
	pid_t child;

	set->ops->flags = FUSE_BPF_F_REVALIDATE;
	set_load(set);
	set_attach(set);
	mnt(t->under, at, "ops=hiding");
	put(t->u, "file", "x");
	file_is(name, "x");
	child = stop_at("revalidate:expired", looks, name);
	assert_ok(rename(name, fmt("%s/moved", at)));
	put(t->u, "file", "hidden");
	hide_name(set, "file");
	hide_name(set, "moved");
	assert_int_equal(go_on("revalidate:expired", child), ENOENT);
	assert_false(exists(name));
	assert_false(exists(fmt("%s/moved", at)));
	assert_int_equal(ops_get("hiding").errors, 0);
	umnt(at);
	set_free(set);
	free(name);
}

/* --- a name that leads each caller elsewhere --------------------------------------------------- */

static int makes_file(void *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? errno : 0;
}

static int looks_as_user(void *path)
{
	static const struct who user = { .uid = TEST_UID, .gid = TEST_GID };

	return turn_into(&user) ? 255 : looks(path);
}

/* What is made is under the rule of the caller who makes it, whichever caller looks meanwhile. */
static void looked_up_by_another_while_it_is_made(struct twin *t)
{
	struct set *set = set_attached("callers", "callers", NULL);
	char *name = strdup(tmp_path("callers/ruled"));
	const char *at = tmp_path("callers");
	pid_t maker, walker;

	mnt(t->under, at, "ops=callers");
	assert_false(exists(name));
	maker = stop_at("open:absent", makes_file, name);
	walker = in_background(looks_as_user, name);
	child_blocks(walker);
	assert_int_equal(go_on("open:absent", maker), 0);
	assert_int_equal(child_ends(walker), EIO);
	file_is(name, "");
	assert_int_equal(ops_get("callers").errors, 1);
	umnt(at);
	set_free(set);
	free(name);
}

/* --- an absence that was shown ------------------------------------------------------------------ */

static int makes_new(void *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL, 0600) < 0 ? errno : 0;
}

/*
 * The name comes up each time that the programs were shown its absence, and goes again. The VFS
 * walks twice; without the loop in fuse_bpf_find_settled() the third time is an ESTALE.
 */
static void comes_up_while_an_absence_is_shown(struct twin *t)
{
	const char *at = tmp_path("shown");
	struct set *set = set_attached("nop", NULL, "shown");
	char *name = strdup(fmt("%s/f", at));
	pid_t child;

	mnt(t->under, at, "ops=shown");
	child = stop_at("lookup:found", makes_new, name);
	for (int i = 0; i < 3; i++) {
		put(t->u, "f", "below");
		go_on_to("lookup:found", "lookup:again", child);
		must(unlinkat(t->u, "f", 0));
		go_on_to("lookup:again", "lookup:found", child);
	}
	put(t->u, "f", "below");
	assert_int_equal(go_on("lookup:found", child), EEXIST);
	holds(t->u, "f", "below");
	umnt(at);
	set_detach(set);
	set_free(set);
	free(name);
}

/* A grace period, as what was freed meanwhile must be gone: twice, for what the first one queues. */
static void wait_for_rcu(void)
{
	for (int i = 0; i < 2; i++)
		must(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
}

/*
 * Over another mount of ours, which wants each name compared anew: a walk that has seen an
 * absence goes on with what the name stands for now. The absence's backing dentry is
 * freed by then, which a kernel with KASAN reports.
 */
static void made_while_a_walk_compares_its_absence(struct twin *t)
{
	const char *middle = tmp_path("middle"), *at = tmp_path("top");
	char *name = strdup(fmt("%s/f", at));
	pid_t maker, walker;

	mnt(t->under, middle, "");
	mnt(middle, at, "");
	/* The first time it is the lookup in the middle. */
	maker = stop_at_nth("lookup:spliced", 1, makes_new, name);
	walker = stop_at("revalidate:differs", looks, name);
	/* In the middle the name has another dentry from here on. */
	put(t->u, "f", "below");
	must(unlinkat(t->u, "f", 0));
	assert_int_equal(go_on("lookup:spliced", maker), 0);
	wait_for_rcu();
	assert_int_equal(go_on("revalidate:differs", walker), 0);
	holds(t->u, "f", "");
	umnt(at);
	umnt(middle);
	free(name);
}

static const struct twin_test tests[] = {
	TWIN_TEST(looked_up_while_it_is_made),
	TWIN_TEST(made_while_it_is_looked_up),
	TWIN_TEST(asked_before_a_rename),
	TWIN_TEST(comes_up_while_an_absence_is_shown),
	TWIN_TEST(made_while_a_walk_compares_its_absence),
	TWIN_TEST(moved_before_it_is_asked_about),
	TWIN_TEST(looked_up_by_another_while_it_is_made),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_POINTS | TWIN_TMPFS | TWIN_NOP);
}
