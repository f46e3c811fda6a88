// SPDX-License-Identifier: GPL-2.0-only
/* Compares two directory trees: see tree.h. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

struct walk {
	const char *a, *b;
	int flags;
	FILE *out;
	struct tree_count count;
};

static void differ(struct walk *w, const char *path, const char *format, ...)
{
	va_list args;

	fprintf(w->out, "%s: ", *path ? path : ".");
	va_start(args, format);
	vfprintf(w->out, format, args);
	va_end(args);
	fputc('\n', w->out);
	w->count.differences++;
}

static char *join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s%s%s", dir, *dir && *name ? "/" : "", name) < 0)
		abort();
	return path;
}

static void compare_number(struct walk *w, const char *path, const char *what, long long a, long long b)
{
	if (a != b)
		differ(w, path, "%s is %lld and %lld", what, a, b);
}

static void compare_time(struct walk *w, const char *path, const char *what, struct timespec a,
			 struct timespec b)
{
	compare_number(w, path, what, a.tv_sec, b.tv_sec);
	compare_number(w, path, what, a.tv_nsec, b.tv_nsec);
}

static void compare_stat(struct walk *w, const char *path, const struct stat *a, const struct stat *b)
{
	compare_number(w, path, "mode", a->st_mode, b->st_mode);
	compare_number(w, path, "uid", a->st_uid, b->st_uid);
	compare_number(w, path, "gid", a->st_gid, b->st_gid);
	compare_number(w, path, "rdev", a->st_rdev, b->st_rdev);
	compare_time(w, path, "mtime", a->st_mtim, b->st_mtim);
	if (!S_ISDIR(a->st_mode)) {
		compare_number(w, path, "size", a->st_size, b->st_size);
		compare_number(w, path, "nlink", a->st_nlink, b->st_nlink);
	}
	if (!(w->flags & TREE_VIEWS))
		return;
	compare_number(w, path, "inode", a->st_ino, b->st_ino);
	compare_number(w, path, "nlink", a->st_nlink, b->st_nlink);
	compare_number(w, path, "size", a->st_size, b->st_size);
	compare_number(w, path, "blocks", a->st_blocks, b->st_blocks);
	compare_number(w, path, "blksize", a->st_blksize, b->st_blksize);
	compare_time(w, path, "ctime", a->st_ctim, b->st_ctim);
	compare_time(w, path, "atime", a->st_atim, b->st_atim);
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The attributes' names, sorted, each on a line; the value of one of them. */
static char *xattr_names(const char *path)
{
	char names[8192], *list[128], *sorted = calloc(1, sizeof(names) + 1);
	ssize_t n = llistxattr(path, names, sizeof(names));
	size_t count = 0;

	if (n < 0) {
		sprintf(sorted, "%m\n");
		return sorted;
	}
	for (char *p = names; p < names + n && count < 128; p += strlen(p) + 1)
		list[count++] = p;
	qsort(list, count, sizeof(*list), by_string);
	for (size_t i = 0; i < count; i++)
		strcat(strcat(sorted, list[i]), "\n");
	return sorted;
}

static void compare_xattr(struct walk *w, const char *path, const char *a, const char *b, const char *name)
{
	static char va[65536], vb[65536];
	ssize_t na = lgetxattr(a, name, va, sizeof(va));
	ssize_t nb = lgetxattr(b, name, vb, sizeof(vb));

	if (na < 0 || na != nb || memcmp(va, vb, na))
		differ(w, path, "attribute %s differs", name);
}

static void compare_xattrs(struct walk *w, const char *path, const char *a, const char *b)
{
	char *names = xattr_names(a), *others = xattr_names(b), *rest = names, *name;

	if (strcmp(names, others))
		differ(w, path, "attributes are %s and %s", names, others);
	else
		while ((name = strsep(&rest, "\n")) && *name)
			compare_xattr(w, path, a, b, name);
	free(names);
	free(others);
}

static void compare_content(struct walk *w, const char *path, const char *a, const char *b)
{
	static char ba[65536], bb[65536];
	int fa = open(a, O_RDONLY | O_NOATIME), fb = open(b, O_RDONLY | O_NOATIME);
	ssize_t na, nb;

	if (fa < 0 || fb < 0)
		differ(w, path, "open: %m");
	do {
		na = read(fa, ba, sizeof(ba));
		nb = read(fb, bb, sizeof(bb));
		if (na < 0 || na != nb || memcmp(ba, bb, na)) {
			differ(w, path, "the content differs");
			break;
		}
	} while (na > 0);
	if (w->flags & TREE_VIEWS && lseek(fa, 0, SEEK_HOLE) != lseek(fb, 0, SEEK_HOLE))
		differ(w, path, "the first hole is elsewhere");
	close(fa);
	close(fb);
}

static void compare_target(struct walk *w, const char *path, const char *a, const char *b)
{
	char ta[4097] = "", tb[4097] = "";

	if (readlink(a, ta, 4096) < 0 || readlink(b, tb, 4096) < 0 || strcmp(ta, tb))
		differ(w, path, "the target is %s and %s", ta, tb);
}

static void compare_entry(struct walk *w, const char *path);

static int no_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void compare_dirent(struct walk *w, const char *path, const struct dirent *a, const struct dirent *b)
{
	char *sub = join(path, a->d_name);

	compare_number(w, sub, "d_type", a->d_type, b->d_type);
	if (w->flags & TREE_VIEWS)
		compare_number(w, sub, "d_ino", a->d_ino, b->d_ino);
	compare_entry(w, sub);
	free(sub);
}

static void compare_listing(struct walk *w, const char *path, const char *a, const char *b)
{
	struct dirent **la = NULL, **lb = NULL;
	int na = scandir(a, &la, no_dots, by_bytes);
	int nb = scandir(b, &lb, no_dots, by_bytes);
	int i = 0, j = 0;

	if (na < 0 || nb < 0)
		differ(w, path, "cannot be listed: %m");
	while (i < na || j < nb) {
		int order = i == na ? 1 : j == nb ? -1 : strcmp(la[i]->d_name, lb[j]->d_name);

		if (!order)
			compare_dirent(w, path, la[i], lb[j]);
		else
			differ(w, path, "%s is only in %s", order < 0 ? la[i]->d_name : lb[j]->d_name,
			       order < 0 ? w->a : w->b);
		if (order <= 0)
			free(la[i++]);
		if (order >= 0)
			free(lb[j++]);
	}
	free(la);
	free(lb);
}

static void compare_entry(struct walk *w, const char *path)
{
	char *a = join(w->a, path), *b = join(w->b, path);
	struct stat sa, sb;

	w->count.files++;
	if (lstat(a, &sa) || lstat(b, &sb)) {
		differ(w, path, "stat: %m");
	} else {
		compare_stat(w, path, &sa, &sb);
		compare_xattrs(w, path, a, b);
		if (S_ISREG(sa.st_mode) && S_ISREG(sb.st_mode))
			compare_content(w, path, a, b);
		else if (S_ISLNK(sa.st_mode) && S_ISLNK(sb.st_mode))
			compare_target(w, path, a, b);
		else if (S_ISDIR(sa.st_mode) && S_ISDIR(sb.st_mode))
			compare_listing(w, path, a, b);
	}
	free(a);
	free(b);
}

struct tree_count tree_compare(const char *a, const char *b, int flags, FILE *out)
{
	struct walk w = { .a = a, .b = b, .flags = flags, .out = out };

	compare_entry(&w, "");
	return w.count;
}
