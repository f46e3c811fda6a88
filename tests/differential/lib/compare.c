// SPDX-License-Identifier: GPL-2.0-only
/* Whether the two sides agree: in an answer, in what it touched, in whole trees. */
#include "diff.h"

#include <dirent.h>
#include <inttypes.h>
#include <sys/xattr.h>

#define STAT_MASK	(STATX_BASIC_STATS | STATX_BTIME | STATX_DIOALIGN)

/* A file's content is compared up to here, and at its end: some are sparse and huge. */
#define CONTENT_MAX	131072
#define CONTENT_END	4096

static bool blocks_are_exact, atime_is_exact;
static same_time_fn times_agree;

void compare_setup(bool exact_blocks, bool exact_atime, same_time_fn same_time)
{
	blocks_are_exact = exact_blocks;
	atime_is_exact = exact_atime;
	times_agree = same_time;
}

void differs(struct difference *d, const char *field, const char *format, ...)
{
	va_list args;
	int n;

	if (d->text[0])
		return;
	snprintf(d->field, sizeof(d->field), "%s", field);
	n = snprintf(d->text, sizeof(d->text), "%s: ", field);
	va_start(args, format);
	vsnprintf(d->text + n, sizeof(d->text) - n, format, args);
	va_end(args);
}

/* --- stat ---------------------------------------------------------------------------- */

static int64_t nanoseconds(const struct statx_timestamp *t)
{
	return t->tv_sec * 1000000000ll + t->tv_nsec;
}

static void compare_time(struct difference *d, const char *what, const char *field,
			 const struct statx_timestamp *a, const struct statx_timestamp *b, int how)
{
	if (a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec)
		return;
	if (how == STAT_VIEWS || !times_agree(nanoseconds(a), nanoseconds(b)))
		differs(d, field, "%s: %lld.%09u on the mount and %lld.%09u", what,
			(long long)a->tv_sec, a->tv_nsec, (long long)b->tv_sec, b->tv_nsec);
}

#define SAME(field)								\
	do {									\
		if (a->stx_##field != b->stx_##field)				\
			differs(d, #field, "%s: 0%llo on the mount and 0%llo (octal)", what,	\
				(unsigned long long)a->stx_##field,		\
				(unsigned long long)b->stx_##field);		\
	} while (0)

/*
 * But the device, and between twins the inode number (docs/differences.md,
 * "device number"). Where files are on a disk the allocator gives out, so that
 * only two views of one file have the same blocks for sure.
 */
void compare_stats(struct difference *d, const char *what, const struct statx *a,
		   const struct statx *b, int how)
{
	SAME(mode);
	SAME(uid);
	SAME(gid);
	SAME(nlink);
	SAME(size);
	SAME(rdev_major);
	SAME(rdev_minor);
	SAME(mask);
	SAME(blksize);
	SAME(attributes);
	SAME(attributes_mask);
	SAME(dio_mem_align);
	SAME(dio_offset_align);
	if (how == STAT_VIEWS)
		SAME(ino);
	if (how == STAT_VIEWS || blocks_are_exact)
		SAME(blocks);
	compare_time(d, what, "btime", &a->stx_btime, &b->stx_btime, how);
	/* docs/differences.md, "times of a FIFO": not of what is read and written. */
	if (S_ISFIFO(a->stx_mode) && how == STAT_TWINS)
		return;
	compare_time(d, what, "mtime", &a->stx_mtime, &b->stx_mtime, how);
	compare_time(d, what, "ctime", &a->stx_ctime, &b->stx_ctime, how);
	if (how == STAT_VIEWS || atime_is_exact)
		compare_time(d, what, "atime", &a->stx_atime, &b->stx_atime, how);
}

/* --- an answer ------------------------------------------------------------------------------ */

static const char *answer(const struct result *r)
{
	if (!r->err)
		return fmt("%ld", r->ret);
	return r->err == DIED_OF_SIGBUS ? "SIGBUS" : strerrorname_np(r->err);
}

static const char *printable(const unsigned char *bytes, size_t n)
{
	char text[200];
	size_t used = 0, i;

	for (i = 0; i < n && used + 5 < sizeof(text); i++) {
		if (bytes[i] >= ' ' && bytes[i] < 127)
			text[used++] = bytes[i];
		else
			used += sprintf(text + used, "\\%03o", bytes[i]);
	}
	text[used] = 0;
	return fmt("%s", text);
}

static void compare_bytes(struct difference *d, const char *field, const char *what,
			  const unsigned char *a, size_t na, const unsigned char *b, size_t nb)
{
	size_t i = 0;

	if (na == nb && !memcmp(a, b, na))
		return;
	while (i < na && i < nb && a[i] == b[i])
		i++;
	differs(d, field, "%s: %zu bytes on the mount and %zu; at %zu: \"%s\" and \"%s\"", what,
		na, nb, i, printable(a + i, na - i), printable(b + i, nb - i));
}

void compare_results(struct difference *d, const struct op *op, const struct result *over,
		     const struct result *ref)
{
	const char *name = op_kinds[op->kind].name;

	if (over->err != ref->err)
		differs(d, "errno", "%s: %s on the mount and %s", name, answer(over), answer(ref));
	else if (over->ret != ref->ret)
		differs(d, "return", "%s: %ld on the mount and %ld", name, over->ret, ref->ret);
	compare_bytes(d, "bytes", name, over->bytes, over->size, ref->bytes, ref->size);
	if (over->has_stat && ref->has_stat)
		compare_stats(d, name, &over->stat, &ref->stat, STAT_TWINS);
}

/* --- what it touched ---------------------------------------------------------------------------- */

static void compare_at(struct difference *d, const char *what, const struct place *over,
		       const struct place *ref)
{
	struct statx a, b;
	int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
	int ra = statx(over->dir, over->text, flags, STAT_MASK, &a) ? errno : 0;
	int rb = statx(ref->dir, ref->text, flags, STAT_MASK, &b) ? errno : 0;

	if (ra != rb)
		differs(d, "stat", "%s: %s on the mount and %s", what,
			ra ? strerrorname_np(ra) : "is", rb ? strerrorname_np(rb) : "is");
	else if (!ra)
		compare_stats(d, what, &a, &b, STAT_TWINS);
}

/* The name itself, without a slash that would follow a link, and its directory. */
static void compare_path(struct difference *d, struct side *over, struct side *ref,
			 const struct op *op, struct op_path path)
{
	static struct place a, b;

	if (path.from == FROM_SLASH)
		path.from = FROM_ROOT;
	path.slash = false;
	fixed_place_of(over, op, &path, &a);
	fixed_place_of(ref, op, &path, &b);
	compare_at(d, "the path", &a, &b);
	if (!path.count)
		return;
	path.count--;
	fixed_place_of(over, op, &path, &a);
	fixed_place_of(ref, op, &path, &b);
	compare_at(d, "its directory", &a, &b);
}

static void compare_slot(struct difference *d, struct side *over, struct side *ref, uint8_t slot)
{
	static struct place a, b;

	a.dir = over->fd[slot];
	b.dir = ref->fd[slot];
	if (a.dir >= 0 && b.dir >= 0)
		compare_at(d, "the descriptor", &a, &b);
}

void compare_touched(struct difference *d, struct side *over, struct side *ref, const struct op *op)
{
	unsigned int has = op_kinds[op->kind].fields;

	if (has & HAS_PATH)
		compare_path(d, over, ref, op, op->path);
	if (has & HAS_PATH2)
		compare_path(d, over, ref, op, op->path2);
	if (has & HAS_SLOT)
		compare_slot(d, over, ref, op->slot);
	if (has & HAS_SLOT2)
		compare_slot(d, over, ref, op->slot2);
}

/* --- trees ------------------------------------------------------------------------------------------ */

struct walk {
	struct difference *d;
	int how;
	char path[4096];		/* of the entry, for messages */
};

static unsigned char bytes_a[CONTENT_MAX], bytes_b[CONTENT_MAX];

static void walk_differs(struct walk *w, const char *field, int err_a, int err_b)
{
	differs(w->d, field, "%s: %s on the mount and %s", w->path,
		err_a ? strerrorname_np(err_a) : "is", err_b ? strerrorname_np(err_b) : "is");
}

/* One entry of a directory, opened by O_PATH; attributes are read by its name in /proc. */
static char *proc_name(int fd, char *text)
{
	sprintf(text, "/proc/self/fd/%d", fd);
	return text;
}

static void compare_content(struct walk *w, const char *a, const char *b, uint64_t size)
{
	int fa = open(a, O_RDONLY | O_NOATIME | O_CLOEXEC);
	int fb = open(b, O_RDONLY | O_NOATIME | O_CLOEXEC);
	ssize_t na = pread(fa, bytes_a, CONTENT_MAX, 0), nb = pread(fb, bytes_b, CONTENT_MAX, 0);

	if (na < 0 || nb < 0)
		walk_differs(w, "open", na < 0 ? errno : 0, nb < 0 ? errno : 0);
	else
		compare_bytes(w->d, "content", w->path, bytes_a, na, bytes_b, nb);
	if (size > CONTENT_MAX) {
		na = pread(fa, bytes_a, CONTENT_END, size - CONTENT_END);
		nb = pread(fb, bytes_b, CONTENT_END, size - CONTENT_END);
		compare_bytes(w->d, "content", w->path, bytes_a, na < 0 ? 0 : na, bytes_b,
			      nb < 0 ? 0 : nb);
	}
	close(fa);
	close(fb);
}

static void compare_target(struct walk *w, int a, int b)
{
	ssize_t na = readlinkat(a, "", (char *)bytes_a, CONTENT_MAX);
	ssize_t nb = readlinkat(b, "", (char *)bytes_b, CONTENT_MAX);

	if (na < 0 || nb < 0)
		walk_differs(w, "readlink", na < 0 ? errno : 0, nb < 0 ? errno : 0);
	else
		compare_bytes(w->d, "target", w->path, bytes_a, na, bytes_b, nb);
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Their names sorted, one after the other. The order is not said to be anything. */
static ssize_t xattr_names(const char *path, char *names, size_t size)
{
	char list[8192], *sorted[128];
	ssize_t n = listxattr(path, list, sizeof(list)), used = 0;
	size_t count = 0, i;
	char *p;

	for (p = list; n > 0 && p < list + n && count < 128; p += strlen(p) + 1)
		sorted[count++] = p;
	qsort(sorted, count, sizeof(*sorted), by_string);
	for (i = 0; i < count; i++)
		used += snprintf(names + used, size - used, "%s", sorted[i]) + 1;
	return n < 0 ? n : used;
}

static void compare_xattrs(struct walk *w, const char *a, const char *b)
{
	char na[8192], nb[8192], *p;
	ssize_t la = xattr_names(a, na, sizeof(na)), lb = xattr_names(b, nb, sizeof(nb));

	if (la < 0 || lb < 0) {
		if (la != lb)
			walk_differs(w, "listxattr", la < 0 ? errno : 0, lb < 0 ? errno : 0);
		return;
	}
	compare_bytes(w->d, "xattr names", w->path, (void *)na, la, (void *)nb, lb);
	for (p = na; p < na + la && !w->d->text[0]; p += strlen(p) + 1) {
		ssize_t va = getxattr(a, p, bytes_a, CONTENT_MAX);
		ssize_t vb = getxattr(b, p, bytes_b, CONTENT_MAX);

		compare_bytes(w->d, "xattr", fmt("%s: %s", w->path, p), bytes_a, va < 0 ? 0 : va,
			      bytes_b, vb < 0 ? 0 : vb);
	}
}

#define ENTRIES	64		/* there are not as many names */

struct listing {
	int count;			/* -1: it cannot be read */
	int err;
	struct dirent entries[ENTRIES];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dirent *)a)->d_name, ((const struct dirent *)b)->d_name);
}

/* Between twins not those whose names have a number in them. */
static bool is_listed(const char *name, int how)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	return how == STAT_VIEWS || strncmp(name, NFS_SILLY, strlen(NFS_SILLY));
}

/* Without a trace: scandir(3) would be one in atime. */
static struct listing *listing_of(const char *path, int how)
{
	struct listing *l = calloc(1, sizeof(*l));
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	l->count = dir ? 0 : -1;
	l->err = dir ? 0 : errno;
	if (!dir)
		return l;
	while (l->count < ENTRIES && (e = readdir(dir)))
		if (is_listed(e->d_name, how))
			memcpy(&l->entries[l->count++], e, e->d_reclen);
	closedir(dir);
	qsort(l->entries, l->count, sizeof(l->entries[0]), by_name);
	return l;
}

static void compare_nodes(struct walk *w, int dir_a, int dir_b, const char *name);

static void compare_entries(struct walk *w, const struct dirent *a, const struct dirent *b)
{
	if (!a || !b || strcmp(a->d_name, b->d_name))
		differs(w->d, "listing", "%s: has %s on the mount and %s", w->path,
			a ? a->d_name : "nothing", b ? b->d_name : "nothing");
	else if (a->d_type != b->d_type)
		differs(w->d, "d_type", "%s/%s: %d on the mount and %d", w->path, a->d_name,
			a->d_type, b->d_type);
	else if (w->how == STAT_VIEWS && a->d_ino != b->d_ino)
		differs(w->d, "d_ino", "%s/%s", w->path, a->d_name);
}

static void compare_listing(struct walk *w, int a, int b, const char *path_a, const char *path_b)
{
	struct listing *la = listing_of(path_a, w->how), *lb = listing_of(path_b, w->how);
	size_t end = strlen(w->path);
	int i;

	if (la->err || lb->err)
		walk_differs(w, "listing", la->err, lb->err);
	for (i = 0; (i < la->count || i < lb->count) && !w->d->text[0]; i++) {
		compare_entries(w, i < la->count ? &la->entries[i] : NULL,
				i < lb->count ? &lb->entries[i] : NULL);
		if (w->d->text[0])
			break;
		snprintf(w->path + end, sizeof(w->path) - end, "/%s", la->entries[i].d_name);
		compare_nodes(w, a, b, la->entries[i].d_name);
		w->path[end] = 0;
	}
	free(la);
	free(lb);
}

static void compare_opened(struct walk *w, int a, int b)
{
	char proc_a[32], proc_b[32];
	struct statx sa, sb;

	proc_name(a, proc_a);
	proc_name(b, proc_b);
	if (statx(a, "", AT_EMPTY_PATH, STAT_MASK, &sa) || statx(b, "", AT_EMPTY_PATH, STAT_MASK, &sb)) {
		walk_differs(w, "stat", errno, errno);
		return;
	}
	compare_stats(w->d, w->path, &sa, &sb, w->how);
	if (!S_ISLNK(sa.stx_mode))
		compare_xattrs(w, proc_a, proc_b);
	if (w->d->text[0])
		return;
	if (S_ISREG(sa.stx_mode) && w->how == STAT_TWINS)
		compare_content(w, proc_a, proc_b, sa.stx_size);
	else if (S_ISLNK(sa.stx_mode) && w->how == STAT_TWINS)
		compare_target(w, a, b);	/* sets atime, once on each side */
	else if (S_ISDIR(sa.stx_mode))
		compare_listing(w, a, b, proc_a, proc_b);
}

static void compare_nodes(struct walk *w, int dir_a, int dir_b, const char *name)
{
	int a = openat(dir_a, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err_a = a < 0 ? errno : 0;
	int b = openat(dir_b, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err_b = b < 0 ? errno : 0;

	if (err_a || err_b)
		walk_differs(w, "open", err_a, err_b);
	else
		compare_opened(w, a, b);
	close(a);
	close(b);
}

void compare_trees(struct difference *d, int a, int b, int how)
{
	struct walk w = { .d = d, .how = how };

	strcpy(w.path, how == STAT_VIEWS ? "below" : "tree");
	compare_nodes(&w, a, b, ".");
}
