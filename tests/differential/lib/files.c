// SPDX-License-Identifier: GPL-2.0-only
/* Operations on open files and what is in them. */
#include "diff.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <linux/falloc.h>
#include <linux/fs.h>

#define PAGE	4096
#define BUFFER	16384

static struct place at;
static unsigned char buffer[BUFFER] __attribute__((aligned(PAGE)));

static int64_t some_offset(void)
{
	if (percent(1))
		return (const int64_t[]){ -1, 1ll << 45, INT64_MAX, INT64_MAX - 100 }[below(4)];
	if (percent(30))
		return below(5) * PAGE;
	return below(percent(60) ? 6000 : 40000);
}

static int64_t some_length(void)
{
	if (percent(30))
		return (1 + below(4)) * PAGE;
	return below(percent(80) ? 300 : BUFFER);
}

/* --- open, close ------------------------------------------------------------------------ */

/* Not to block at a FIFO: O_NONBLOCK. Not to become a terminal's session: O_NOCTTY. */
static int some_open_flags(void)
{
	static const int extra[] = {
		O_EXCL, O_TRUNC, O_TRUNC, O_APPEND, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_NOFOLLOW,
		O_PATH, O_SYNC, O_DSYNC, O_DIRECT, O_NOATIME, O_DIRECTORY | O_CREAT, O_CREAT | O_EXCL,
	};
	int flags = ONE_OF(O_RDONLY, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_WRONLY);

	if (percent(2))
		flags = O_ACCMODE;
	while (percent(25))
		flags |= extra[below(sizeof(extra) / sizeof(extra[0]))];
	return flags;
}

static void make_open(struct op *op)
{
	bool dir = percent(30);
	unsigned int i;

	some_path(op, &op->path, dir ? 'd' : percent(85) ? 'f' : percent(70) ? 'l' : 's');
	/* From a descriptor not further out: see some_path(). */
	for (i = 0; i < op->path.count && op->path.from >= FROM_CWD; i++)
		if (op->path.name[i] == NAME_DOTDOT)
			op->path.name[i] = NAME_DOT;
	op->slot = some_slot(op, dir);
	op->flags = dir && percent(85) ? O_RDONLY | O_DIRECTORY : some_open_flags();
	if (!dir && percent(40))
		op->flags |= O_CREAT;
	if (percent(dir ? 10 : 5))
		op->flags = O_TMPFILE | ONE_OF(O_RDWR, O_RDWR, O_WRONLY, O_RDONLY, O_RDWR | O_EXCL);
	op->mode = some_mode();
	/* docs/differences.md, "over NFS: an open that truncates". */
	if (generated_for()->backing == ON_NFS)
		op->flags &= (op->flags & O_ACCMODE) == O_RDONLY ? ~(O_NOATIME | O_TRUNC) : ~O_NOATIME;
}

static void set_slot(struct side *s, int slot, int fd, struct result *r)
{
	if (fd >= 0) {
		if (s->fd[slot] >= 0)
			close(s->fd[slot]);
		s->fd[slot] = fd;
		fd = 0;
	}
	result_is(r, fd);
}

/*
 * docs/differences.md, "sockets and FIFOs": the ends of a FIFO do not meet
 * between the mount and below, so that below none is opened.
 */
static bool is_fifo_below(const struct op *op)
{
	struct stat st;

	return op->under && !fstatat(at.dir, at.text, &st, 0) && S_ISFIFO(st.st_mode);
}

static void run_open(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &at);
	if (is_fifo_below(op)) {
		r->skipped = true;
		return;
	}
	set_slot(s, op->slot, openat(at.dir, at.text, op->flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
				     op->mode), r);
}

static void make_slot(struct op *op)
{
	op->slot = some_slot(op, percent(20));
}

static void run_close(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, close(s->fd[op->slot]));
	s->fd[op->slot] = -1;
}

static void make_reopen(struct op *op)
{
	make_slot(op);
	op->slot2 = some_slot(op, percent(20));
	/* Not of the link in /proc itself. */
	op->flags = some_open_flags() & ~(O_CREAT | O_NOFOLLOW);
}

static void run_reopen(struct side *s, const struct op *op, struct result *r)
{
	at.dir = AT_FDCWD;
	snprintf(at.text, sizeof(at.text), "/proc/self/fd/%d", s->fd[op->slot]);
	if (is_fifo_below(op)) {
		r->skipped = true;
		return;
	}
	set_slot(s, op->slot2, open(at.text, op->flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), r);
}

static void make_setfl(struct op *op)
{
	make_slot(op);
	op->flags = ONE_OF(0, O_APPEND, O_APPEND, O_DIRECT, O_NOATIME, O_APPEND | O_NOATIME);
}

/*
 * overlayfs of older kernels lets O_DIRECT be set on a file that it would not open
 * so, and from then on refuses what it is asked of that file.
 */
static bool is_refused_directly(int slot_fd)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", slot_fd);
	fd = open(path, O_RDONLY | O_DIRECT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == EINVAL;
	close(fd);
	return false;
}

static void run_setfl(struct side *s, const struct op *op, struct result *r)
{
	r->skipped = (op->flags & O_DIRECT) && is_refused_directly(s->fd[op->slot]);
	if (r->skipped)
		return;
	result_is(r, fcntl(s->fd[op->slot], F_SETFL, op->flags | O_NONBLOCK));
	if (!r->ret)
		result_is(r, fcntl(s->fd[op->slot], F_GETFL));
}

/* --- reading and writing --------------------------------------------------------------------- */

static void read_result(struct result *r, ssize_t n)
{
	result_is(r, n);
	r->size = n > 0 ? n : 0;
	memcpy(r->bytes, buffer, r->size);
}

static void make_io(struct op *op)
{
	op->slot = some_slot(op, false);
	op->off = some_offset();
	op->len = some_length();
	op->data = random_bits();
	/* docs/differences.md, "a read or write of no bytes". */
	if (!op->len)
		op->len = 1;
}

static void run_read(struct side *s, const struct op *op, struct result *r)
{
	read_result(r, read(s->fd[op->slot], buffer, op->len));
}

static void run_pread(struct side *s, const struct op *op, struct result *r)
{
	read_result(r, pread(s->fd[op->slot], buffer, op->len, op->off));
}

static void run_write(struct side *s, const struct op *op, struct result *r)
{
	pattern(buffer, op->len, op->data);
	result_is(r, write(s->fd[op->slot], buffer, op->len));
}

static void run_pwrite(struct side *s, const struct op *op, struct result *r)
{
	pattern(buffer, op->len, op->data);
	result_is(r, pwrite(s->fd[op->slot], buffer, op->len, op->off));
}

/* RWF_DONTCACHE and RWF_ATOMIC: docs/differences.md, "EOPNOTSUPP". */
static void make_rwf(struct op *op)
{
	make_io(op);
	op->flags = ONE_OF(0, RWF_HIPRI, RWF_DSYNC, RWF_SYNC, RWF_APPEND, RWF_APPEND, 0x20,
			   RWF_APPEND | 0x20, 1 << 30);
	if (percent(20))
		op->off = -1;
}

static struct iovec two_parts[2];

static int parts(const struct op *op)
{
	two_parts[0] = (struct iovec){ buffer, op->len / 3 };
	two_parts[1] = (struct iovec){ buffer + op->len / 3, op->len - op->len / 3 };
	return 2;
}

static void run_preadv2(struct side *s, const struct op *op, struct result *r)
{
	read_result(r, preadv2(s->fd[op->slot], two_parts, parts(op), op->off, op->flags));
}

static void run_pwritev2(struct side *s, const struct op *op, struct result *r)
{
	pattern(buffer, op->len, op->data);
	result_is(r, pwritev2(s->fd[op->slot], two_parts, parts(op), op->off, op->flags));
}

static void make_lseek(struct op *op)
{
	make_io(op);
	op->flags = ONE_OF(SEEK_SET, SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, SEEK_HOLE, 9);
	if (op->flags == SEEK_END && percent(60))
		op->off = -op->off;
}

static void run_lseek(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, lseek(s->fd[op->slot], op->off, op->flags));
}

/* The mapping is of this operation alone; what is past the end of the file is SIGBUS. */
static void make_mmap(struct op *op)
{
	make_io(op);
	op->off -= percent(97) ? op->off % PAGE : 0;
	op->mode = ONE_OF(PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_WRITE,
			  PROT_READ | PROT_EXEC);
	op->flags = ONE_OF(MAP_SHARED, MAP_SHARED, MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE);
}

static sigjmp_buf out_of_file;

static void on_sigbus(int sig)
{
	siglongjmp(out_of_file, 1);
}

/*
 * Not past the end of the file in its last page: older kernels show what is there
 * when the file grows, unless the page was written back meanwhile, which may come
 * at any time. But in the page behind that.
 */
static void write_map(const struct op *op, unsigned char *map, int64_t end)
{
	int64_t behind = roundup(end, PAGE);

	pattern(map, MIN(op->len, end), op->data);
	if (op->len > behind)
		map[behind] = 1;
}

/* end: of the file, in the mapping. */
static void touch_map(const struct op *op, unsigned char *map, int64_t end, struct result *r)
{
	struct sigaction act = { .sa_handler = on_sigbus }, old;

	sigaction(SIGBUS, &act, &old);
	if (sigsetjmp(out_of_file, 1)) {
		r->ret = -1;
		r->err = DIED_OF_SIGBUS;
	} else {
		if (op->mode & PROT_WRITE)
			write_map(op, map, end);
		if (op->mode & PROT_READ)
			memcpy(r->bytes, map, op->len);
		r->size = op->mode & PROT_READ ? op->len : 0;
	}
	sigaction(SIGBUS, &old, NULL);
}

static void run_mmap(struct side *s, const struct op *op, struct result *r)
{
	int fd = s->fd[op->slot];
	unsigned char *map = mmap(NULL, op->len, op->mode, op->flags, fd, op->off);
	struct stat st;

	result_is(r, map == MAP_FAILED ? -1 : 0);
	if (r->ret)
		return;
	/* A program may show any size. */
	if (fstat(fd, &st))
		result_is(r, -1);
	else
		touch_map(op, map, st.st_size > op->off ? MIN(st.st_size - op->off, op->len + PAGE) : 0, r);
	munmap(map, op->len);
}

/* --- size and extents ----------------------------------------------------------------------------- */

static int64_t some_size(void)
{
	return percent(96) ? below(percent(50) ? 5000 : 70000) :
	       (const int64_t[]){ -1, 1ll << 33, 1ll << 45, INT64_MAX }[below(4)];
}

static void make_truncate(struct op *op)
{
	some_path(op, &op->path, 'f');
	op->slot = some_slot(op, false);
	op->len = some_size();
}

static void run_truncate(struct side *s, const struct op *op, struct result *r)
{
	const char *path = go_there(s, op, &op->path, r);

	if (path)
		result_is(r, truncate(path, op->len));
}

static void run_ftruncate(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, ftruncate(s->fd[op->slot], op->len));
}

/* Offsets that are not great: it takes the space. */
static void make_fallocate(struct op *op)
{
	op->slot = some_slot(op, false);
	op->off = percent(50) ? below(10) * PAGE : below(40000);
	op->len = percent(50) ? below(5) * PAGE : below(20000);
	op->flags = ONE_OF(0, 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE,
			   FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
			   FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_COLLAPSE_RANGE,
			   FALLOC_FL_INSERT_RANGE, FALLOC_FL_UNSHARE_RANGE, 1 << 20);
}

static void run_fallocate(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, fallocate(s->fd[op->slot], op->flags, op->off, op->len));
}

static void run_fsync(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, op->flags ? fdatasync(s->fd[op->slot]) : fsync(s->fd[op->slot]));
}

static void make_fsync(struct op *op)
{
	make_slot(op);
	op->flags = below(2);
}

static void run_fadvise(struct side *s, const struct op *op, struct result *r)
{
	int err = posix_fadvise(s->fd[op->slot], op->off, op->len, op->flags);

	errno = err;
	result_is(r, err ? -1 : 0);
}

static void make_fadvise(struct op *op)
{
	make_io(op);
	op->flags = below(7);
}

/* --- between two files ----------------------------------------------------------------------------- */

static void make_two(struct op *op)
{
	make_io(op);
	op->slot2 = some_slot(op, false);
	/* Underneath there is one descriptor for files; a file with itself is another thing. */
	op->mode = op->under ? 30000 : below(20000);
}

/*
 * docs/differences.md, "copy_file_range of a file that grew underneath after it
 * was last looked at": so look at it.
 */
static void look_for_growth(struct side *s, const struct op *op)
{
	struct stat st;

	if (touched_underneath() && s->fd[op->slot] >= 0 && fstat(s->fd[op->slot], &st))
		_exit(102);
}

/* mode: the offset of the destination; flags: from and to the files' positions. */
static void make_copy(struct op *op)
{
	make_two(op);
	op->flags = percent(30);
}

static void run_copy(struct side *s, const struct op *op, struct result *r)
{
	off64_t in = op->off, out = op->mode;

	look_for_growth(s, op);
	if (op->flags)
		result_is(r, copy_file_range(s->fd[op->slot], NULL, s->fd[op->slot2], NULL, op->len, 0));
	else
		result_is(r, copy_file_range(s->fd[op->slot], &in, s->fd[op->slot2], &out, op->len, 0));
}

/* flags: the whole file. */
static void make_clone(struct op *op)
{
	make_copy(op);
	/* docs/differences.md, "reflink of a range that no file has". */
	if (op->off < 0 || op->off > INT32_MAX)
		op->off = 0;
}

static void run_clone(struct side *s, const struct op *op, struct result *r)
{
	struct file_clone_range range = {
		.src_fd = s->fd[op->slot], .src_offset = op->off, .src_length = op->len,
		.dest_offset = op->mode,
	};

	look_for_growth(s, op);
	if (op->flags)
		result_is(r, ioctl(s->fd[op->slot2], FICLONE, s->fd[op->slot]));
	else
		result_is(r, ioctl(s->fd[op->slot2], FICLONERANGE, &range));
}

/* docs/differences.md, "sendfile from a directory or device". */
static void run_sendfile(struct side *s, const struct op *op, struct result *r)
{
	off64_t in = op->off;
	struct stat st;

	r->skipped = !fstat(s->fd[op->slot], &st) && !S_ISREG(st.st_mode);
	if (r->skipped)
		return;

	result_is(r, sendfile64(s->fd[op->slot2], s->fd[op->slot], op->flags ? NULL : &in, op->len));
}

/* --- listings ---------------------------------------------------------------------------------------- */

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

/*
 * flags: all of it, which is compared sorted. A part is compared as it comes,
 * which on tmpfs depends on names that were looked for and not found.
 */
static void make_getdents(struct op *op)
{
	op->slot = some_slot(op, true);
	op->flags = percent(40) || !backing_on_disk(generated_for()->backing);
	op->len = op->flags || percent(50) ? BUFFER : 24 + below(400);
}

/* Of one length each, to be sorted. */
struct shown {
	char text[264];
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* A name that is made of an inode number differs between the trees. */
static const char *shown_name(const char *name)
{
	return strncmp(name, NFS_SILLY, strlen(NFS_SILLY)) ? name : NFS_SILLY;
}

static void run_getdents(struct side *s, const struct op *op, struct result *r)
{
	struct shown *shown = (void *)r->bytes;
	size_t count = 0;
	long n, used;

	if (op->flags)
		lseek(s->fd[op->slot], 0, SEEK_SET);
	n = syscall(SYS_getdents64, s->fd[op->slot], buffer, op->len);
	result_is(r, n < 0 ? n : 0);
	for (used = 0; used < n && count < sizeof(r->bytes) / sizeof(*shown); count++) {
		struct linux_dirent64 *entry = (void *)(buffer + used);

		memset(&shown[count], 0, sizeof(*shown));
		sprintf(shown[count].text, "%s %d", shown_name(entry->d_name), entry->d_type);
		used += entry->d_reclen;
	}
	if (op->flags)
		qsort(shown, count, sizeof(*shown), by_text);
	r->size = count * sizeof(*shown);
}

const struct op_kind file_kinds[] = {
	{ "open", 150, HAS_SLOT | HAS_PATH | HAS_FLAGS | HAS_MODE, make_open, run_open },
	{ "close", 12, HAS_SLOT, make_slot, run_close },
	{ "reopen", 12, HAS_SLOT | HAS_SLOT2 | HAS_FLAGS, make_reopen, run_reopen },
	{ "setfl", 8, HAS_SLOT | HAS_FLAGS, make_setfl, run_setfl },
	{ "read", 20, HAS_SLOT | HAS_LEN, make_io, run_read },
	{ "pread", 18, HAS_SLOT | HAS_OFF | HAS_LEN, make_io, run_pread },
	{ "write", 35, HAS_SLOT | HAS_LEN | HAS_DATA, make_io, run_write },
	{ "pwrite", 25, HAS_SLOT | HAS_OFF | HAS_LEN | HAS_DATA, make_io, run_pwrite },
	{ "preadv2", 10, HAS_SLOT | HAS_OFF | HAS_LEN | HAS_FLAGS, make_rwf, run_preadv2 },
	{ "pwritev2", 14, HAS_SLOT | HAS_OFF | HAS_LEN | HAS_FLAGS | HAS_DATA, make_rwf, run_pwritev2 },
	{ "lseek", 22, HAS_SLOT | HAS_OFF | HAS_FLAGS, make_lseek, run_lseek },
	{ "mmap", 22, HAS_SLOT | HAS_OFF | HAS_LEN | HAS_MODE | HAS_FLAGS | HAS_DATA, make_mmap,
	  run_mmap },
	{ "truncate", 18, HAS_PATH | HAS_LEN, make_truncate, run_truncate },
	{ "ftruncate", 14, HAS_SLOT | HAS_LEN, make_truncate, run_ftruncate },
	{ "fallocate", 18, HAS_SLOT | HAS_FLAGS | HAS_OFF | HAS_LEN, make_fallocate, run_fallocate },
	{ "fsync", 3, HAS_SLOT | HAS_FLAGS, make_fsync, run_fsync },
	{ "fadvise", 4, HAS_SLOT | HAS_OFF | HAS_LEN | HAS_FLAGS, make_fadvise, run_fadvise },
	{ "copy", 14, HAS_SLOT | HAS_SLOT2 | HAS_OFF | HAS_MODE | HAS_LEN | HAS_FLAGS, make_copy,
	  run_copy },
	{ "clone", 6, HAS_SLOT | HAS_SLOT2 | HAS_OFF | HAS_MODE | HAS_LEN | HAS_FLAGS, make_clone,
	  run_clone },
	{ "sendfile", 8, HAS_SLOT | HAS_SLOT2 | HAS_OFF | HAS_LEN | HAS_FLAGS, make_copy,
	  run_sendfile },
	{ "getdents", 25, HAS_SLOT | HAS_LEN | HAS_FLAGS, make_getdents, run_getdents },
};
const unsigned int file_kind_count = sizeof(file_kinds) / sizeof(file_kinds[0]);
