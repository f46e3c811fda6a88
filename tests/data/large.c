// SPDX-License-Identifier: GPL-2.0-only
/*
 * A directory of 100,000 names (a tenth of that where the kernel checks its own
 * locks), read from any place and while it changes, and directories deeper than
 * any path can say.
 * timeout: 600
 */
#include "twin.h"

#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MANY	100000
#define DEPTH	400
#define NAME	"a-directory-with-a-name-that-is-not-short"

static struct entry {
	long at;			/* where the listing goes on after it */
	ino_t ino;
	int number;
} o[MANY], u[MANY];

static int many = MANY;

static size_t list(const char *path, struct entry *list)
{
	struct dirent *d;
	size_t n = 0;
	DIR *dir = opendir(path);

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		assert_true(n < (size_t)many);
		list[n++] = (struct entry){ telldir(dir), d->d_ino, atoi(d->d_name) };
	}
	closedir(dir);
	return n;
}

static void fill(int dir)
{
	char name[16];

	for (int i = 0; i < many; i++) {
		sprintf(name, "%d", i);
		must(mknodat(dir, name, S_IFREG | 0644, 0));
	}
}

static void seek_anywhere(struct twin *t)
{
	DIR *dir = opendir(t->over);
	struct dirent *d;

	assert_non_null(dir);
	srandom(7);
	for (int i = 0; i < 300; i++) {
		size_t k = random() % (many - 1);

		seekdir(dir, o[k].at);
		d = readdir(dir);
		assert_non_null(d);
		if (d->d_name[0] != '.')
			assert_int_equal(atoi(d->d_name), o[k + 1].number);
	}
	closedir(dir);
}

/* Adds and removes names on both sides until it is killed. */
static pid_t changes_going_on(struct twin *t)
{
	pid_t pid = must(fork());
	char name[24];

	if (pid)
		return pid;
	for (unsigned int i = 0;; i++) {
		sprintf(name, "passing-%u", i % 50);
		if (i / 50 % 2)
			unlinkat(i % 3 ? t->o : t->u, name, 0);
		else
			mknodat(i % 3 ? t->u : t->o, name, S_IFREG | 0644, 0);
	}
}

static void lasting_names_once(struct twin *t)
{
	static unsigned char seen[MANY];
	pid_t changer = changes_going_on(t);
	struct dirent *d;
	DIR *dir = opendir(t->over);

	memset(seen, 0, sizeof(seen));
	assert_non_null(dir);
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.' && d->d_name[0] != 'p')
			seen[atoi(d->d_name)]++;
	closedir(dir);
	must(kill(changer, SIGKILL));
	must(waitpid(changer, NULL, 0));
	for (int i = 0; i < many; i++)
		if (seen[i] != 1)
			fail_msg("%d was listed %d times", i, seen[i]);
}

static void hundred_thousand_names(struct twin *t)
{
	fill(t->u);
	assert_int_equal(list(t->over, o), many);
	assert_int_equal(list(t->under, u), many);
	for (int i = 0; i < many; i++) {
		assert_int_equal(o[i].number, u[i].number);
		assert_int_equal(o[i].ino, u[i].ino);
		assert_int_equal(o[i].at, u[i].at);
	}
	seek_anywhere(t);
	lasting_names_once(t);
}

/* From one directory down to the deepest, by a name at a time. */
static int deepest(int dir, bool make)
{
	int at = must(dup(dir)), next;

	for (int i = 0; i < DEPTH; i++) {
		if (make)
			must(mkdirat(at, NAME, 0755));
		next = must(openat(at, NAME, O_RDONLY | O_DIRECTORY));
		must(close(at));
		at = next;
	}
	return at;
}

static void deep_directories(struct twin *t)
{
	char path[65536];
	int over_end = deepest(t->o, true), under_end = deepest(t->u, false);

	put(over_end, "f", "deep");
	holds(under_end, "f", "deep");
	same_stat(t, NAME);
	assert_int_equal(stat_of(over_end, "").st_ino, stat_of(under_end, "").st_ino);
	must(fchdir(over_end));
	assert_fails(syscall(SYS_getcwd, path, sizeof(path)), ENAMETOOLONG);
	must(renameat(AT_FDCWD, "f", t->o, "top"));
	holds(t->u, "top", "deep");
	must(renameat(t->u, "top", under_end, "g"));
	holds(AT_FDCWD, "g", "deep");
	/* A way up and down again that is as long as a path may be. */
	strcpy(path, "");
	while (strlen(path) + strlen("../" NAME "/g") + 2 < 4096)
		strcat(path, "../" NAME "/");
	strcat(path, "g");
	holds(AT_FDCWD, path, "deep");
	must(chdir("/"));
	/* The whole of it goes to another place underneath. */
	must(mkdirat(t->u, "other", 0755));
	must(renameat(t->u, NAME, t->u, "other/" NAME));
	absent(t, NAME);
	holds(deepest(must(openat(t->o, "other", O_RDONLY | O_DIRECTORY)), false), "g", "deep");
}

static const struct twin_test tests[] = {
	TWIN_TEST(hundred_thousand_names),
	TWIN_TEST(deep_directories),
};

int main(void)
{
	if (!access("/proc/lockdep_stats", F_OK))
		many /= 10;
	return TWIN_MAIN(tests, TWIN_TMPFS | TWIN_EXT4);
}
