// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a refusal of read or write is worth: every way in which bytes get out of a
 * file, or into it, meets a program, wherever they go to or come from.
 *
 * timeout: 600
 */
#include "lib/way.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/uio.h>

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND	0x20
#endif

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

/* --- mappings ---------------------------------------------------------------------- */

/* A mapping of the file's start, or MAP_FAILED and errno; open() and mmap() alike. */
static char *map_file(const char *path, int mode, int prot, int flags)
{
	int fd = open(path, mode);
	void *p;

	assert_ok(fd);
	p = mmap(NULL, 2 * 4096, prot, flags, fd, 0);
	close(fd);
	return p;
}

static void unmap(char *p)
{
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_ok(munmap(p, 2 * 4096));
}

static void not_mapped(const char *path, int mode, int prot, int flags, int err)
{
	errno = 0;
	assert_ptr_equal(map_file(path, mode, prot, flags), MAP_FAILED);
	assert_int_equal(errno, err);
}

/* No mapping at all where reading is seen and mapping is not. */
static void read_without_mmap(void **state)
{
	int log;

	start(state, "ways_reads");
	fill(BACK("file"), WAY_MARK);
	fill(below(1), "free");
	log = kmsg_open();
	not_mapped(AT("file"), O_RDONLY, PROT_READ, MAP_PRIVATE, ENODEV);
	not_mapped(AT("file"), O_RDONLY, PROT_READ, MAP_SHARED, ENODEV);
	not_mapped(AT("file"), O_RDONLY, PROT_NONE, MAP_PRIVATE, ENODEV);
	not_mapped(AT("file"), O_RDWR, PROT_WRITE, MAP_SHARED, ENODEV);
	assert_true(kmsg_has(log, "ways_reads: a mapping of inode"));
	close(log);
	assert_true(taken(AT("file")));
	assert_int_equal(set->calls[WAYS_READ][0], 1);
	unmap(map_file(AT("free/other"), O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED));
	assert_int_equal(ops_get("ways_reads").errors, 0);
}

/* Reading by a mapping goes on where writing is seen and mapping is not. */
static void write_without_mmap(void **state)
{
	int fd, log, mem;
	char *p;

	start(state, "ways_writes");
	fill(BACK("file"), "old");
	log = kmsg_open();
	not_mapped(AT("file"), O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, ENODEV);
	assert_true(kmsg_has(log, "ways_writes: a mapping of inode"));
	close(log);
	p = map_file(AT("file"), O_RDWR, PROT_READ, MAP_SHARED);
	assert_ptr_not_equal(p, MAP_FAILED);
	fd = open(AT("file"), O_WRONLY);
	assert_int_equal(pwrite(fd, "new", 3, 0), 3);
	close(fd);
	assert_memory_equal(p, "new", 3);
	assert_fails(mprotect(p, 4096, PROT_READ | PROT_WRITE), EACCES);
	assert_fails(remap_file_pages(p, 4096, 0, 1, 0), EINVAL);
	mem = open("/proc/self/mem", O_RDWR);
	assert_ok(mem);
	assert_fails(pwrite(mem, "bad", 3, (uintptr_t)p), EIO);
	close(mem);
	assert_memory_equal(p, "new", 3);
	unmap(p);
	p = map_file(AT("file"), O_RDWR, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	assert_ptr_not_equal(p, MAP_FAILED);
	memcpy(p, "own", 3);
	unmap(p);
	p = map_file(AT("file"), O_RDONLY, PROT_READ, MAP_SHARED);
	assert_fails(mprotect(p, 4096, PROT_WRITE), EACCES);
	unmap(p);
	fd = open(BACK("file"), O_RDONLY);
	assert_int_equal(read(fd, way_buf, 3), 3);
	close(fd);
	assert_memory_equal(way_buf, "new", 3);
}

/* A mask that lets reading and writing be seen lets mapping be seen. */
static ssize_t write_xy(int fd, int flags)
{
	struct iovec iov = { "xy", 2 };

	return pwritev2(fd, &iov, 1, 0, flags);
}

/* What the program of a write is told, which is done with these flags of pwritev2(2). */
static void writes_at(int fd, int flags, __u64 offset, bool appends)
{
	assert_int_equal(write_xy(fd, flags), 2);
	assert_int_equal(set->offset[WAYS_WRITE], offset);
	assert_int_equal(!!(set->flags & O_APPEND), appends);
}

static void appended(void **state)
{
	int plain, append;

	start(state, "ways_all");
	file_write(BACK("file"), "0123456789");
	plain = open(AT("file"), O_WRONLY);
	append = open(AT("file"), O_WRONLY | O_APPEND);
	writes_at(plain, 0, 0, false);
	writes_at(append, 0, 10, true);
	writes_at(plain, RWF_APPEND, 12, true);
	/* Not before 6.9. */
	if (write_xy(append, RWF_NOAPPEND) < 0)
		assert_int_equal(errno, EOPNOTSUPP);
	else
		writes_at(append, RWF_NOAPPEND, 0, false);
	file_is(BACK("file"), "xy23456789xyxy");
	close(plain);
	close(append);
}

static void narrowed_to_data(void **state)
{
	start(state, "ways_all");
	fill(BACK("narrow/file"), WAY_MARK);
	set->verdict[WAYS_MMAP] = -EUSERS;
	not_mapped(AT("narrow/file"), O_RDONLY, PROT_READ, MAP_PRIVATE, EUSERS);
	assert_int_equal(set->calls[WAYS_MMAP][0], 1);
}

static void max_prot(void **state)
{
	const int all = PROT_READ | PROT_WRITE | PROT_EXEC;
	char *p;

	start(state, "ways_all");
	fill(BACK("file"), "old");
	unmap(map_file(AT("file"), O_RDONLY, PROT_READ, MAP_SHARED));
	assert_int_equal(set->map.prot, PROT_READ);
	assert_int_equal(set->map.max_prot, PROT_READ | PROT_EXEC);
	assert_int_equal(set->map.shared, 1);
	unmap(map_file(AT("file"), O_RDONLY, PROT_NONE, MAP_PRIVATE));
	assert_int_equal(set->map.prot, PROT_NONE);
	assert_int_equal(set->map.max_prot, all);
	assert_int_equal(set->map.shared, 0);

	set->map.clear = PROT_WRITE;
	p = map_file(AT("file"), O_RDWR, PROT_READ, MAP_SHARED);
	assert_int_equal(set->map.max_prot, all);
	assert_fails(mprotect(p, 4096, PROT_READ | PROT_WRITE), EACCES);
	assert_fails(remap_file_pages(p, 4096, 0, 1, 0), EINVAL);
	assert_ok(mprotect(p, 4096, PROT_READ | PROT_EXEC));
	unmap(p);
	set->map.clear = PROT_EXEC;
	p = map_file(AT("file"), O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED);
	assert_fails(mprotect(p, 4096, PROT_READ | PROT_EXEC), EACCES);
	unmap(p);
	set->map.clear = all;
	p = map_file(AT("file"), O_RDWR, PROT_NONE, MAP_PRIVATE);
	assert_fails(mprotect(p, 4096, PROT_READ), EACCES);
	unmap(p);
	assert_int_equal(ops_get("ways_all").errors, 0);

	not_mapped(AT("file"), O_RDWR, PROT_READ, MAP_SHARED, EIO);
	set->map.clear = 0;
	set->map.set = 1 << 10;
	not_mapped(AT("file"), O_RDWR, PROT_READ, MAP_SHARED, EIO);
	set->map.set = PROT_WRITE;
	not_mapped(AT("file"), O_RDONLY, PROT_READ, MAP_SHARED, EIO);
	assert_int_equal(ops_get("ways_all").errors, 3);
}

/* What a mount forbids is not to be had by mapping the mapped file once more. */
static void remapped_where_nothing_runs(void **state)
{
	char *p;

	start(state, "ways_all");
	fill(BACK("file"), "old");
	mnt(fmt("%s/here", back), tmp_path("noexec"), "");
	assert_ok(mount(NULL, tmp_path("noexec"), NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
	p = map_file(tmp_path("noexec/file"), O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_ok(remap_file_pages(p, 4096, 0, 1, 0));
	assert_fails(mprotect(p, 4096, PROT_READ | PROT_EXEC), EACCES);
	unmap(p);
}

/* --- from file to file ------------------------------------------------------------- */

struct pair {
	int in, out;
	struct stat in_st, out_st;
};

static struct pair pair_open(const char *in, const char *out)
{
	struct pair p = { .in = open(in, O_RDONLY), .out = open(out, O_RDWR) };

	assert_ok(p.in);
	assert_ok(p.out);
	assert_ok(fstat(p.in, &p.in_st));
	assert_ok(fstat(p.out, &p.out_st));
	return p;
}

static void pair_close(struct pair *p)
{
	close(p->in);
	close(p->out);
}

static void copy_was(const struct pair *p, __u64 from, __u64 to, __u64 length, __u32 how)
{
	assert_int_equal(set->copy.src_ino, p->in_st.st_ino);
	assert_int_equal(set->copy.dst_ino, p->out_st.st_ino);
	assert_int_equal(set->copy.src_offset, from);
	assert_int_equal(set->copy.dst_offset, to);
	assert_int_equal(set->copy.length, length);
	assert_int_equal(set->copy.how, how);
	assert_int_equal(set->copy.src_dev, set->copy.dev);
	assert_int_equal(set->offset[WAYS_WRITE], to);
	assert_int_equal(set->length[WAYS_WRITE], length);
}

/* Which file is which, and where. */
static void copy_arguments(void **state)
{
	loff_t from = 4096, to = 100;
	struct pair p;

	start(state, "ways_all");
	fill(BACK("file"), WAY_MARK);
	fill(below(0), "");
	fill(below(2), "");
	p = pair_open(AT("file"), AT("other"));
	assert_int_equal(copy_file_range(p.in, &from, p.out, &to, 50, 0), 50);
	copy_was(&p, 4096, 100, 50, FUSE_BPF_COPY);
	assert_int_equal(set->offset[WAYS_READ], 4096);
	assert_int_equal(set->length[WAYS_READ], 50);
	assert_int_equal(set->copy.src_mount_id, set->copy.mount_id);
	if (!ioctl(p.out, FICLONE, p.in)) {
		copy_was(&p, 0, 0, WAY_BYTES, FUSE_BPF_CLONE);
		assert_int_equal(set->length[WAYS_READ], WAY_BYTES);
	}
	pair_close(&p);
	/* Within one open file. */
	p = pair_open(AT("file"), AT("file"));
	from = 4096;
	to = 100;
	assert_int_equal(copy_file_range(p.out, &from, p.out, &to, 50, 0), 50);
	copy_was(&p, 4096, 100, 50, FUSE_BPF_COPY);
	assert_int_equal(set->offset[WAYS_READ], 4096);
	pair_close(&p);
	p = pair_open(tmp_path("plain/other"), AT("other"));
	assert_int_equal(copy_file_range(p.in, NULL, p.out, NULL, 50, 0), 50);
	copy_was(&p, 0, 0, 50, FUSE_BPF_COPY);
	assert_int_not_equal(set->copy.src_mount_id, set->copy.mount_id);
	pair_close(&p);
}

/* In which order programs are called, and what of a copy each is told. */
static void copy_order(void **state)
{
	struct pair p;

	start(state, "ways_all");
	fill(BACK("file"), WAY_MARK);
	fill(below(0), "");
	p = pair_open(AT("file"), AT("other"));
	verdict(WAYS_READ, WAYS_WRITE, FUSE_BPF_POST);
	set->verdict[WAYS_COPY] = FUSE_BPF_POST;
	assert_int_equal(copy_file_range(p.in, NULL, p.out, NULL, 50, 0), 50);
	assert_int_equal(set->turns[WAYS_COPY][0], 1);
	assert_int_equal(set->turns[WAYS_READ][0], 2);
	assert_int_equal(set->turns[WAYS_WRITE][0], 3);
	assert_int_equal(set->turns[WAYS_WRITE][1], 4);
	assert_int_equal(set->turns[WAYS_READ][1], 5);
	assert_int_equal(set->turns[WAYS_COPY][1], 6);
	assert_int_equal(set->counted[WAYS_READ], 50);
	set->verdict[WAYS_WRITE] = -EUSERS;
	assert_fails(copy_file_range(p.in, NULL, p.out, NULL, 50, 0), EUSERS);
	assert_int_equal(set->counted[WAYS_READ], -EUSERS);
	assert_int_equal(set->counted[WAYS_COPY], -EUSERS);
	pair_close(&p);
}

/* A count that a program made smaller: what was copied cannot be taken back. */
static void copy_made_shorter(void **state)
{
	static const enum ways_op ops[] = { WAYS_READ, WAYS_WRITE, WAYS_COPY };
	struct pair p;
	size_t i;

	start(state, "ways_all");
	fill(BACK("file"), WAY_MARK);
	fill(below(0), "");
	set->shorten = 1;
	for (i = 0; i < 3; i++) {
		p = pair_open(AT("file"), AT("other"));
		set->verdict[ops[i]] = FUSE_BPF_POST;
		assert_fails(copy_file_range(p.in, NULL, p.out, NULL, 50, 0), EIO);
		assert_int_equal(set->counted[ops[i]], 50);
		set->verdict[ops[i]] = 0;
		pair_close(&p);
	}
	assert_int_equal(ops_get("ways_all").errors, 0);
}

/* A dedupe tells whether bytes are alike: reading of both files. */
static void dedupe_reads_both(void **state)
{
	struct pair p;
	int err;

	start(state, "ways_all");
	fill(BACK("file"), WAY_MARK);
	fill(below(0), WAY_MARK);
	p = pair_open(AT("file"), AT("other"));
	err = way_dedupe(p.in, p.out);
	if (err == WAY_NOT_HERE) {
		pair_close(&p);
		print_message("# skipped: files share no blocks here\n");
		skip();
	}
	assert_int_equal(err, 0);
	assert_int_equal(set->calls[WAYS_READ][0], 2);
	assert_int_equal(set->calls[WAYS_WRITE][0], 0);
	assert_int_equal(set->copy.how, FUSE_BPF_DEDUPE);
	only_of(below(0));
	set->verdict[WAYS_READ] = -EUSERS;
	assert_int_equal(way_dedupe(p.in, p.out), EUSERS);
	pair_close(&p);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(refused_reads),
	cmocka_unit_test(watched_reads),
	cmocka_unit_test(refused_writes),
	cmocka_unit_test(watched_writes),
	cmocka_unit_test(read_without_mmap),
	cmocka_unit_test(write_without_mmap),
	cmocka_unit_test(appended),
	cmocka_unit_test(narrowed_to_data),
	cmocka_unit_test(max_prot),
	cmocka_unit_test(remapped_where_nothing_runs),
	cmocka_unit_test(copy_arguments),
	cmocka_unit_test(copy_order),
	cmocka_unit_test(copy_made_shorter),
	cmocka_unit_test(dedupe_reads_both),
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
