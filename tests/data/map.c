// SPDX-License-Identifier: GPL-2.0-only
/* Mappings: they share the backing file's pages, so nothing is copied and both sides agree at once. */
#include "twin.h"

#include <elf.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE	4096
#define LONG	(64 * PAGE)
#define CANNOT_RUN	126

/* cachestat(2): newer than the libc that this is built with may be. */
struct cached_range {
	uint64_t off, len;
};

struct cached {
	uint64_t cache, dirty, writeback, evicted, recently_evicted;
};

static int file_of(struct twin *t, size_t len)
{
	int fd = must(openat(t->u, "f", O_RDWR | O_CREAT, 0644));
	char *bytes = calloc(1, len);

	memset(bytes, '.', len);
	assert_int_equal(must(write(fd, bytes, len)), len);
	free(bytes);
	return fd;
}

static char byte_at(int fd, off_t at)
{
	char c = 0;

	assert_int_equal(must(pread(fd, &c, 1, at)), 1);
	return c;
}

static void shared_map_and_calls_agree(struct twin *t)
{
	int u = file_of(t, LONG), o = must(openat(t->o, "f", O_RDWR));
	char *p = mapped(o, LONG, PROT_READ | PROT_WRITE, MAP_SHARED);

	p[5000] = 'm';
	assert_int_equal(byte_at(o, 5000), 'm');
	assert_int_equal(byte_at(u, 5000), 'm');
	must(pwrite(u, "u", 1, 5000));
	assert_int_equal(p[5000], 'u');
	must(pwrite(o, "o", 1, 5000));
	assert_int_equal(p[5000], 'o');
	/* From the mapping into the file that it maps, over the same page. */
	assert_int_equal(must(pwrite(o, p + 4999, 3, 5001)), 3);
	assert_memory_equal(p + 4999, ".o.o.", 5);
	must(msync(p, LONG, MS_SYNC));
	must(close(o));
	p[5000] = 'l';		/* the mapping outlives the descriptor */
	assert_int_equal(byte_at(u, 5000), 'l');
}

static void maps_of_both_sides_agree(struct twin *t)
{
	int u = file_of(t, LONG), o = must(openat(t->o, "f", O_RDWR));
	volatile char *over = mapped(o, LONG, PROT_READ | PROT_WRITE, MAP_SHARED);
	volatile char *under = mapped(u, LONG, PROT_READ | PROT_WRITE, MAP_SHARED);
	volatile char *own = mapped(o, LONG, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	over[9000] = 'o';
	assert_int_equal(under[9000], 'o');
	assert_int_equal(own[9000], 'o');
	under[9000] = 'u';
	assert_int_equal(over[9000], 'u');
	own[9000] = 'p';
	assert_int_equal(over[9000], 'u');
	assert_int_equal(byte_at(u, 9000), 'u');
}

/* The physical page behind an address. */
static uint64_t page_frame(volatile const char *p)
{
	int fd = must(open("/proc/self/pagemap", O_RDONLY));
	uint64_t entry = 0;

	assert_int_equal(*p, '.');	/* makes it present */
	assert_int_equal(must(pread(fd, &entry, 8, (uintptr_t)p / PAGE * 8)), 8);
	must(close(fd));
	assert_true(entry >> 63);
	return entry & ((1ULL << 55) - 1);
}

static void both_sides_map_the_same_pages(struct twin *t)
{
	int u = file_of(t, LONG), o = must(openat(t->o, "f", O_RDONLY));
	char *over = mapped(o, LONG, PROT_READ, MAP_SHARED);
	char *under = mapped(u, LONG, PROT_READ, MAP_SHARED);

	for (size_t i = 0; i < LONG; i += PAGE) {
		assert_int_not_equal(page_frame(over + i), 0);
		assert_int_equal(page_frame(over + i), page_frame(under + i));
	}
}

/* How many of the pages of a file of LONG bytes are in the cache. */
static int resident(int fd)
{
	char *p = mmap(NULL, LONG, PROT_READ, MAP_SHARED, fd, 0);
	unsigned char in[LONG / PAGE];
	int n = 0;

	must(p == MAP_FAILED ? -1 : 0);
	must(mincore(p, LONG, in));
	munmap(p, LONG);
	for (size_t i = 0; i < sizeof(in); i++)
		n += in[i] & 1;
	return n;
}

/* Advice goes to the file's mapping, without asking the filesystem. */
static void cache_is_the_backing_files(struct twin *t)
{
	int u = file_of(t, LONG), o = must(openat(t->o, "f", O_RDWR));
	char bytes[PAGE];

	must(fsync(u));
	assert_int_equal(resident(u), LONG / PAGE);
	must(posix_fadvise(o, 0, 0, POSIX_FADV_DONTNEED) ? -1 : 0);
	/* tmpfs has no other place for them. */
	assert_int_equal(resident(u), t->world == TWIN_EXT4 ? 0 : LONG / PAGE);
	for (off_t at = 0; at < LONG; at += PAGE)
		assert_int_equal(must(pread(o, bytes, PAGE, at)), PAGE);
	assert_int_equal(resident(u), LONG / PAGE);
	must(readahead(o, 0, LONG));
	must(posix_fadvise(o, 0, 0, POSIX_FADV_WILLNEED) ? -1 : 0);
}

static struct cached cached(int fd)
{
	struct cached_range all = { 0, 0 };
	struct cached c = { 0 };

	must(syscall(451, fd, &all, &c, 0));
	return c;
}

static void cachestat_counts_the_backing_files(struct twin *t)
{
	int u = file_of(t, LONG), o = must(openat(t->o, "f", O_RDWR));

	if (outcome(syscall(451, u, NULL, NULL, 0)) == -ENOSYS) {
		print_message("# this kernel has no cachestat(2)\n");
		skip();
	}
	must(fsync(u));
	assert_int_equal(cached(u).cache, LONG / PAGE);
	/* Over tmpfs cachestat has nothing to look at: docs/differences.md */
	assert_int_equal(cached(o).cache, t->world == TWIN_EXT4 ? LONG / PAGE : 0);
	must(pwrite(o, "x", 1, 0));
	if (t->world == TWIN_EXT4)
		assert_int_equal(cached(o).dirty, cached(u).dirty);
}

static sigjmp_buf bus;

static void on_bus(int signal)
{
	siglongjmp(bus, signal);
}

static bool faults(volatile char *p)
{
	struct sigaction on = { .sa_handler = on_bus }, old;
	bool hit = true;

	sigaction(SIGBUS, &on, &old);
	if (!sigsetjmp(bus, 1)) {
		(void)*p;
		hit = false;
	}
	sigaction(SIGBUS, &old, NULL);
	return hit;
}

static void truncation_cuts_the_mapping(struct twin *t)
{
	int u = file_of(t, LONG), o = must(openat(t->o, "f", O_RDWR));
	char *p = mapped(o, LONG, PROT_READ | PROT_WRITE, MAP_SHARED);

	p[10 * PAGE] = 'x';
	must(ftruncate(o, 9 * PAGE));
	assert_true(faults(p + 10 * PAGE));
	assert_false(faults(p + 8 * PAGE));
	must(ftruncate(u, PAGE));
	assert_true(faults(p + PAGE));
	must(ftruncate(u, LONG));
	assert_false(faults(p + 10 * PAGE));
	assert_int_equal(p[10 * PAGE], 0);
	must(fallocate(o, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
	assert_int_equal(p[0], 0);
	p[2 * PAGE] = 'y';
	must(madvise(p + 2 * PAGE, PAGE, MADV_REMOVE));
	assert_int_equal(byte_at(u, 2 * PAGE), 0);
}

static void protections(struct twin *t)
{
	int r, w;
	char *p;

	file_of(t, PAGE);
	r = must(openat(t->o, "f", O_RDONLY));
	w = must(openat(t->o, "f", O_WRONLY));
	errno = 0;
	assert_ptr_equal(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, r, 0), MAP_FAILED);
	assert_int_equal(errno, EACCES);
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w, 0), MAP_FAILED);
	assert_int_equal(errno, EACCES);
	p = mapped(r, PAGE, PROT_READ, MAP_SHARED);
	assert_fails(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, r, 0), MAP_FAILED);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, t->o, 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
}

/* What /proc says of a mapping is the file on the mount, not the one below. */
static void proc_shows_the_mounts_path(struct twin *t)
{
	char line[512], link[256], want[256], *p;
	bool seen = false;
	struct stat st;
	FILE *maps;
	ssize_t n;
	int o;

	file_of(t, PAGE);
	o = must(openat(t->o, "f", O_RDONLY));
	p = mapped(o, PAGE, PROT_READ, MAP_SHARED);
	maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, over(t, "f")))
			seen = true;
	fclose(maps);
	assert_true(seen);
	snprintf(line, sizeof(line), "/proc/self/map_files/%lx-%lx", (long)p, (long)p + PAGE);
	n = must(readlink(line, link, sizeof(link) - 1));
	link[n] = 0;
	snprintf(want, sizeof(want), "%s/f", t->over);
	assert_string_equal(link, want);
	must(stat(line, &st));
	assert_int_equal(st.st_ino, stat_of(t->u, "f").st_ino);
}

/* Starts PATH, which blocks reading a pipe, and gives back its write end. */
static pid_t start(const char *path, int *gate)
{
	int p[2];
	pid_t child;

	must(pipe2(p, O_CLOEXEC));
	child = must(fork());
	if (!child) {
		dup2(p[0], 0);
		execl(path, "cat", NULL);
		_exit(CANNOT_RUN);
	}
	must(close(p[0]));
	*gate = p[1];
	return child;
}

static void wait_for_exec(pid_t child, const char *path)
{
	char link[64], exe[256];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", child);
	for (int i = 0; i < 1000; i++, usleep(10000)) {
		n = must(readlink(link, exe, sizeof(exe) - 1));
		exe[n] = 0;
		if (!strcmp(exe, path))
			return;
	}
	fail_msg("/proc/%d/exe is %s, not %s", child, exe, path);
}

struct busy {
	long over, under, status;
};

/* What writing to a running program gives, through the mount and underneath. */
static struct busy write_while_running(struct twin *t, const char *path)
{
	struct busy busy;
	int gate, status;
	pid_t child = start(path, &gate);

	wait_for_exec(child, path);
	busy.over = outcome(try_open(over(t, "cat"), O_WRONLY, 0));
	busy.under = outcome(try_open(under(t, "cat"), O_WRONLY, 0));
	must(close(gate));
	must(waitpid(child, &status, 0));
	busy.status = status;
	return busy;
}

static void copy_into(int fd, const char *path)
{
	char bytes[65536];
	int from = must(open(path, O_RDONLY));
	ssize_t n;

	while ((n = must(read(from, bytes, sizeof(bytes)))) > 0)
		assert_int_equal(must(write(fd, bytes, n)), n);
	must(close(from));
}

static int run_status(const char *path)
{
	int gate, status;
	pid_t child = start(path, &gate);

	must(close(gate));
	must(waitpid(child, &status, 0));
	return WEXITSTATUS(status);
}

static void runs_programs(struct twin *t)
{
	struct busy o, u;
	int fd;

	fd = must(openat(t->u, "cat", O_WRONLY | O_CREAT, 0755));
	copy_into(fd, "/bin/cat");
	must(close(fd));
	o = write_while_running(t, over(t, "cat"));
	u = write_while_running(t, under(t, "cat"));
	assert_int_equal(o.status, 0);
	assert_int_equal(o.over, u.under);
	assert_int_equal(o.under, u.under);
	assert_int_equal(u.over, u.under);
}

/* A file open for writing on one side can't be run on the other. */
static void no_run_while_written(struct twin *t)
{
	int fd = must(openat(t->u, "cat", O_WRONLY | O_CREAT, 0755));

	copy_into(fd, "/bin/cat");
	assert_int_equal(run_status(under(t, "cat")), CANNOT_RUN);
	assert_int_equal(run_status(over(t, "cat")), CANNOT_RUN);
	must(close(fd));
	assert_int_equal(run_status(over(t, "cat")), 0);
	fd = must(openat(t->o, "cat", O_WRONLY));
	assert_int_equal(run_status(over(t, "cat")), CANNOT_RUN);
	assert_int_equal(run_status(under(t, "cat")), CANNOT_RUN);
	must(close(fd));
	assert_int_equal(run_status(under(t, "cat")), 0);
}

/* --- probes of what runs from a mount -------------------------------------------------- */

#define TRACING		"/sys/kernel/tracing/"

/* False: there is no such file. */
static bool tell(const char *file, const char *text)
{
	int fd = open(fmt(TRACING "%s", file), O_WRONLY | O_APPEND);

	if (fd < 0 && errno == ENOENT)
		return false;
	must(fd);
	assert_int_equal(must(write(fd, text, strlen(text))), strlen(text));
	must(close(fd));
	return true;
}

/* Where in the file the program begins. */
static unsigned long entry_of(int fd)
{
	Elf64_Ehdr e;
	Elf64_Phdr p;

	assert_int_equal(must(pread(fd, &e, sizeof(e), 0)), sizeof(e));
	for (unsigned int i = 0; i < e.e_phnum; i++) {
		assert_int_equal(must(pread(fd, &p, sizeof(p), e.e_phoff + i * sizeof(p))), sizeof(p));
		if (p.p_type == PT_LOAD && e.e_entry - p.p_vaddr < p.p_filesz)
			return e.e_entry - p.p_vaddr + p.p_offset;
	}
	fail_msg("no entry");
	return 0;
}

static unsigned long probe_hits(void)
{
	unsigned long hits = 0;
	char line[512];
	FILE *f = fopen(TRACING "uprobe_profile", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "%*s fuse_bpf_entry %lu", &hits);
	fclose(f);
	return hits;
}

/* The file that is mapped when it runs is the backing one; docs/differences.md, "uprobes". */
static void probes_below_hit(struct twin *t)
{
	int fd = must(openat(t->u, "cat", O_RDWR | O_CREAT, 0755));
	unsigned long entry;

	copy_into(fd, "/bin/cat");
	entry = entry_of(fd);
	must(close(fd));
	if (!tell("uprobe_events", fmt("p:fuse_bpf/fuse_bpf_entry %s:0x%lx", under(t, "cat"), entry))) {
		print_message("# this kernel has no uprobe events\n");
		skip();
	}
	assert_true(tell("events/fuse_bpf/fuse_bpf_entry/enable", "1"));
	assert_int_equal(run_status(over(t, "cat")), 0);
	assert_int_equal(probe_hits(), 1);
	assert_int_equal(run_status(under(t, "cat")), 0);
	assert_int_equal(probe_hits(), 2);
	assert_true(tell("events/fuse_bpf/fuse_bpf_entry/enable", "0"));
	assert_true(tell("uprobe_events", "-:fuse_bpf/fuse_bpf_entry"));
}

/* The lowest file is mapped, and shown under the path that was opened. */
static void mapped_through_two_mounts(struct twin *t)
{
	const char *top = tmp_path("top");
	char *name = strdup(fmt("%s/f", top));
	int u = file_of(t, LONG), o;
	char *shared, *own;

	mnt(t->over, top, NULL);
	o = must(open(name, O_RDWR));
	shared = mapped(o, LONG, PROT_READ | PROT_WRITE, MAP_SHARED);
	own = mapped(o, LONG, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	must(close(o));
	shared[5000] = 's';
	assert_int_equal(byte_at(u, 5000), 's');
	assert_int_equal(own[5000], 's');
	own[5000] = 'p';
	must(pwrite(u, "u", 1, 5000));
	assert_int_equal(shared[5000], 'u');
	assert_int_equal(own[5000], 'p');
	assert_int_equal(sh(fmt("test $(grep -c '%s$' /proc/%d/maps) = 2", name, getpid())), 0);
	/* The mappings keep the mount. */
	assert_fails(umount(top), EBUSY);
	must(munmap(shared, LONG));
	must(munmap(own, LONG));
	umnt(top);
	free(name);
}

static const struct twin_test tests[] = {
	TWIN_TEST(shared_map_and_calls_agree),
	TWIN_TEST(maps_of_both_sides_agree),
	TWIN_TEST(both_sides_map_the_same_pages),
	TWIN_TEST(cache_is_the_backing_files),
	TWIN_TEST(cachestat_counts_the_backing_files),
	TWIN_TEST(truncation_cuts_the_mapping),
	TWIN_TEST(protections),
	TWIN_TEST(proc_shows_the_mounts_path),
	TWIN_TEST(mapped_through_two_mounts),
	TWIN_TEST(runs_programs),
	TWIN_TEST(no_run_while_written),
	TWIN_TEST(probes_below_hit),
};

int main(void)
{
	return TWIN_MAIN(tests, TWIN_ALL);
}
