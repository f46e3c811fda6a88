// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mount interface under calls at random, with every kind of key, value and descriptor,
 * by root, by a user and by the root of a user namespace. A refusal has an errno that is
 * documented and a line in the log that names the option, nobody without privilege gets a
 * mount, and nothing is left.
 * timeout: 600
 *
 *	fsconfig			what CI runs
 *	fsconfig SEED			another seed
 */
#include "test.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <linux/mount.h>

#define STEPS		3000
#define THREADS		3
#define ROUNDS		20
#define THREAD_STEPS	60
#define OLD_STEPS	1000
#define CONTEXTS	4
#define PAGE		4096

static uint64_t first_seed = 12;
static const char *back, *at, *other;
static struct set *set, *gone;

/* --- random numbers ------------------------------------------------------------------- */

/* splitmix64; each thread has a state of its own. */
static uint64_t random_bits(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static unsigned int below(uint64_t *state, unsigned int n)
{
	return (random_bits(state) >> 32) % n;
}

#define ANY(state, list)	((list)[below(state, sizeof(list) / sizeof((list)[0]))])

/* --- descriptors of every kind -------------------------------------------------------------- */

static int fds[32];
static unsigned int fd_count;
static struct bpf_object *tcp;
static struct bpf_link *tcp_link;

static void keep_fd(int fd)
{
	assert_true(fd_count < sizeof(fds) / sizeof(fds[0]));
	fds[fd_count++] = fd;
}

static void keep_open(int fd)
{
	assert_ok(fd);
	keep_fd(fd);
}

static void open_tcp(void)
{
	tcp = bpf_object__open_file(fmt("%s/bpf/tcp.bpf.o", getenv("TEST_BUILD")), NULL);
	assert_non_null(tcp);
	bpf_map__set_autocreate(bpf_object__find_map_by_name(tcp, "tcp_thief"), false);
	assert_int_equal(bpf_object__load(tcp), 0);
	tcp_link = bpf_map__attach_struct_ops(bpf_object__find_map_by_name(tcp, "tcp_honest"));
	assert_non_null(tcp_link);
	keep_open(dup(bpf_link__fd(tcp_link)));
}

static void open_bpf(void)
{
	keep_open(dup(bpf_link__fd(set->link)));
	keep_open(dup(bpf_map__fd(set->map)));
	keep_open(dup(bpf_link__fd(gone->link)));
	keep_open(dup(bpf_map__fd(gone->map)));
	keep_open(dup(bpf_program__fd(bpf_object__next_program(set->object, NULL))));
	keep_open(dup(bpf_object__btf_fd(set->object)));
	keep_open(bpf_map_create(BPF_MAP_TYPE_HASH, "hash", 4, 4, 1, NULL));
	open_tcp();
}

static void open_fds(void)
{
	int ends[2];

	open_bpf();
	assert_ok(pipe(ends));
	keep_fd(ends[0]);
	keep_fd(ends[1]);
	keep_open(socket(AF_UNIX, SOCK_STREAM, 0));
	keep_open(epoll_create1(0));
	keep_open(eventfd(0, 0));
	keep_open(memfd_create("memory", 0));
	keep_open(open(back, O_RDONLY | O_DIRECTORY));
	keep_open(open(back, O_PATH));
	keep_open(open("/dev/null", O_RDWR));
	keep_open(open(fmt("%s/file", at), O_RDONLY));
	keep_open(open(at, O_PATH));
	keep_open(fsopen("tmpfs", 0));
	keep_fd(-1);
	keep_fd(INT_MAX);
	keep_fd(INT_MIN);
	keep_fd(AT_FDCWD);
	keep_fd(900);
}

static void close_fds(void)
{
	while (fd_count)
		if (fds[--fd_count] >= 0 && fds[fd_count] < 900)
			assert_ok(close(fds[fd_count]));
	bpf_link__destroy(tcp_link);
	bpf_object__close(tcp);
}

/* --- keys and values -------------------------------------------------------------------------- */

static const char *const keys[] = {
	"source", "ops", "ops_fd", "detach", "ops", "ops_fd", "detach", "source", "ro", "rw", "sync",
	"dirsync", "lazytime", "silent", "", "OPS", "ops ", "noops", "nodetach", "ops=x",
	"subtype", "context", "%s%n", "\xff\xfe\n", "fd", "mask", "abi", "name",
};

static const char *const texts[] = {
	"", "keep", "fail", "pass", "hide", "hid", "hidee", "Hide", "gone", "keep,fail", "%s%s%n", "0",
	"-1", "1", "2147483647", "2147483648", "4294967295", "0x7fffffff", "99999999999999999999",
	"1 ", "\xff\xfe", "a,b", "\"hide\"", "\\,", "/", "//", ".", "..", "/proc", "/sys", "/dev",
	"/proc/self/fd/0", "/dev/null", "hide\n", " hide",
};

/* A page, of which at most as much is given as there is. */
struct value {
	char text[PAGE + 1];
	size_t size;
};

static void some_text(uint64_t *state, struct value *v)
{
	static const unsigned int sizes[] = { 1, 2, 15, 16, 100, 254, 255, 256, 4095, 4096 };
	const char *text = NULL;

	switch (below(state, 8)) {
	case 0:
		v->size = ANY(state, sizes);
		for (size_t i = 0; i < v->size; i++)
			v->text[i] = 1 + below(state, 255);
		v->text[v->size] = 0;
		return;
	case 1:
		v->size = snprintf(v->text, PAGE, "%d", fds[below(state, fd_count)]);
		return;
	case 2:
	case 3:
		text = (const char *const[]){ back, at, other, "absent" }[below(state, 4)];
		v->size = snprintf(v->text, PAGE, "%s%s", text, below(state, 4) ? "" : "/file");
		return;
	default:
		v->size = snprintf(v->text, PAGE, "%s", ANY(state, texts));
	}
}

/* --- one call and what is to be seen of it --------------------------------------------------- */

struct fuzz {
	uint64_t random;
	int contexts[CONTEXTS];		/* -1: none */
	unsigned int kept;		/* the first of them, which stay */
	bool privileged;
	bool alone;			/* nobody else uses the contexts: the log is ours */
	unsigned long done, refused;
	char trouble[700];		/* empty: none */
};

static void trouble(struct fuzz *f, const char *format, ...)
{
	va_list args;

	if (f->trouble[0])
		return;
	va_start(args, format);
	vsnprintf(f->trouble, sizeof(f->trouble), format, args);
	va_end(args);
}

/* ENODATA and EMSGSIZE are of reading the log; ENODEV of a type that there is not. */
static bool errno_is_expected(int err)
{
	static const int expected[] = {
		EINVAL, ENOENT, EBADF, EPERM, EBUSY, ENOTDIR, ENAMETOOLONG, EOPNOTSUPP, EFAULT, ELOOP,
		EACCES, EROFS, ENODATA, EMSGSIZE, ENODEV,
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (err == expected[i])
			return true;
	return false;
}

static long outcome(struct fuzz *f, const char *what, long ret)
{
	int err = errno;

	if (ret >= 0) {
		f->done++;
		return ret;
	}
	f->refused++;
	if (!errno_is_expected(err))
		trouble(f, "%s: %s", what, strerror(err));
	return -err;
}

static void read_log(int fd, char *log, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used + 1 < size && (n = read(fd, log + used, size - 1 - used)) > 0)
		used += n;
	log[used] = 0;
}

static int *some_context(struct fuzz *f)
{
	return &f->contexts[below(&f->random, CONTEXTS)];
}

/* In the place of one that is closed. */
static int *new_context(struct fuzz *f)
{
	int *fd = &f->contexts[f->kept + below(&f->random, CONTEXTS - f->kept)];

	if (*fd >= 0)
		close(*fd);
	return fd;
}

static bool is_command(unsigned int cmd)
{
	return cmd == FSCONFIG_CMD_CREATE || cmd == FSCONFIG_CMD_RECONFIGURE || cmd == 8;
}

struct call {
	unsigned int cmd;
	const char *key;
	const void *value;
	int aux;
	bool regular;			/* of the form that fsconfig(2) wants */
	struct value text;
};

static void regular_call(struct fuzz *f, struct call *c)
{
	some_text(&f->random, &c->text);
	c->regular = true;
	switch (c->cmd) {
	case FSCONFIG_SET_STRING:
		c->value = c->text.text;
		c->regular = c->text.size < 256;
		break;
	case FSCONFIG_SET_BINARY:
		c->value = c->text.text;
		c->aux = 1 + below(&f->random, PAGE);
		break;
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
		c->value = c->text.text;
		c->aux = below(&f->random, 2) ? AT_FDCWD : fds[below(&f->random, fd_count)];
		c->regular = c->text.size && c->text.size < PAGE && (c->aux >= 0 || c->aux == AT_FDCWD);
		break;
	case FSCONFIG_SET_FD:
		c->aux = fds[below(&f->random, fd_count)];
		c->regular = c->aux >= 0 && c->aux < 900;
		break;
	}
}

/* Whatever the command: arguments that are missing, too many, or wild. */
static void irregular_call(struct fuzz *f, struct call *c)
{
	c->regular = false;
	some_text(&f->random, &c->text);
	if (below(&f->random, 3) == 0)
		c->key = (const void *const[]){ NULL, (void *)8, c->text.text }[below(&f->random, 3)];
	c->value = (const void *const[]){ NULL, (void *)8, c->text.text }[below(&f->random, 3)];
	c->aux = (const int[]){ 0, 1, -1, PAGE, INT_MAX, INT_MIN, AT_FDCWD }[below(&f->random, 7)];
	/* A megabyte from a page: what is behind it is not there, or something else of ours. */
	if (c->cmd == FSCONFIG_SET_BINARY && c->value == c->text.text)
		c->aux = below(&f->random, PAGE + 1);
}

static void some_call(struct fuzz *f, struct call *c)
{
	c->cmd = below(&f->random, 100) ? below(&f->random, 9) : random_bits(&f->random);
	c->key = is_command(c->cmd) ? NULL : ANY(&f->random, keys);
	c->value = NULL;
	c->aux = 0;
	if (below(&f->random, 6))
		regular_call(f, c);
	else
		irregular_call(f, c);
}

/* A command is refused for what was given before it. */
static bool log_names_it(const struct call *c, const char *log)
{
	if (is_command(c->cmd))
		return strstr(log, "source") || strstr(log, "ops=") || strstr(log, "rw:");
	return strstr(log, c->key);
}

static void check_log(struct fuzz *f, const struct call *c, long ret, const char *log)
{
	/* The kernel itself: descriptors of O_PATH, and flags that stay as they are, dirsync for one. */
	if ((c->cmd == FSCONFIG_SET_FD && ret == -EBADF) ||
	    (c->cmd == FSCONFIG_CMD_RECONFIGURE && ret == -EINVAL))
		return;
	if (!f->alone || !c->regular || ret >= 0 || ret == -EBUSY || ret == -EPERM || ret == -EOPNOTSUPP)
		return;
	if (!strstr(log, "e fuse_bpf: ") || !log_names_it(c, log))
		trouble(f, "command %u, %s=\"%.100s\", %d: %s, and the log has only \"%.200s\"", c->cmd,
			c->key ? c->key : "", c->text.text, c->aux, strerror(-ret), log);
}

static void do_config(struct fuzz *f)
{
	int fd = *some_context(f);
	char log[8192];
	struct call c;
	long ret;

	some_call(f, &c);
	if (fd < 0)
		c.regular = false;
	if (f->alone)
		read_log(fd, log, sizeof(log));
	ret = outcome(f, "fsconfig", fsconfig(fd, c.cmd, c.key, c.value, c.aux));
	if (!ret && !f->privileged && is_command(c.cmd))
		trouble(f, "command %u of a user without privilege was done", c.cmd);
	if (!f->alone)
		return;
	read_log(fd, log, sizeof(log));
	check_log(f, &c, ret, log);
}

static void do_open(struct fuzz *f)
{
	int *fd = new_context(f);

	if (below(&f->random, 3))
		*fd = outcome(f, "fsopen", fsopen("fuse_bpf", FSOPEN_CLOEXEC));
	else
		*fd = outcome(f, "fspick", fspick(AT_FDCWD, below(&f->random, 8) ? at : back,
						  FSPICK_CLOEXEC));
	if (*fd < 0)
		*fd = -1;
}

/* A context that should come to something: to CREATE and beyond. */
static void do_whole(struct fuzz *f)
{
	static const char *const detach[] = { "keep", "fail", "pass", "none" };
	int *fd = new_context(f);

	*fd = outcome(f, "fsopen", fsopen("fuse_bpf", FSOPEN_CLOEXEC));
	if (*fd < 0) {
		*fd = -1;
		return;
	}
	fsconfig(*fd, FSCONFIG_SET_STRING, "source", below(&f->random, 4) ? back : at, 0);
	if (below(&f->random, 2))
		fsconfig(*fd, FSCONFIG_SET_STRING, "ops", "hide", 0);
	fsconfig(*fd, FSCONFIG_SET_STRING, "detach", ANY(&f->random, detach), 0);
	if (!outcome(f, "create", fsconfig(*fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) && !f->privileged)
		trouble(f, "a user without privilege made a superblock");
}

static void do_mount(struct fuzz *f)
{
	int mfd = outcome(f, "fsmount", fsmount(*some_context(f), below(&f->random, 4) ? 0 : FSMOUNT_CLOEXEC,
						below(&f->random, 4) ? 0 : random_bits(&f->random) & 0xff));

	if (mfd < 0)
		return;
	if (!f->privileged)
		trouble(f, "a user without privilege got a mount");
	if (below(&f->random, 2) && !outcome(f, "move_mount", move_mount(mfd, "", AT_FDCWD, other,
									 MOVE_MOUNT_F_EMPTY_PATH)) &&
	    umount2(other, MNT_DETACH))
		trouble(f, "umount: %s", strerror(errno));
	close(mfd);
}

static char *page;			/* nothing is mapped behind it */

/* Of mount(2), with commas where none belong, or a page of anything. */
static void some_options(uint64_t *state)
{
	static const char *const parts[] = {
		"ops=hide", "ops=gone", "detach=keep", "detach=fail", "detach=", "detach", "ops_fd=-1",
		"ops_fd=1", "ops=\"hide\"", "ops='hide", "ops=\\,hide", "", ",", "=", "=x", "ro", "rw",
		"source=/", "ops=hi\xff" "de", "\xc3\x28", "x=%n", "ops==hide", "OPS=hide", "\n", " ",
	};
	size_t used = 0;

	memset(page, 0, PAGE);
	if (below(state, 4) == 0) {
		for (size_t i = 0; i < PAGE; i++)
			page[i] = below(state, 40) ? 'a' + below(state, 26) : random_bits(state);
		return;
	}
	for (unsigned int i = below(state, 5); i-- > 0;)
		used += snprintf(page + used, PAGE - used, "%s,", ANY(state, parts));
}

static void do_old_mount(struct fuzz *f)
{
	static const unsigned long flags[] = {
		0, 0, 0, MS_RDONLY, MS_REMOUNT, MS_REMOUNT | MS_RDONLY, MS_NOSUID, MS_SILENT, MS_SYNCHRONOUS,
	};
	const char *const sources[] = { back, at, other, "absent", "", NULL };
	const char *source = ANY(&f->random, sources);
	unsigned long flag = ANY(&f->random, flags);
	const char *target = flag & MS_REMOUNT ? at : other;
	long ret;

	some_options(&f->random);
	ret = outcome(f, "mount", mount(source, target, "fuse_bpf", flag, page));
	if (!ret && !f->privileged)
		trouble(f, "a user without privilege mounted with \"%.200s\"", page);
	if (!ret && !(flag & MS_REMOUNT) && umount2(other, 0))
		trouble(f, "umount: %s", strerror(errno));
}

static void step(struct fuzz *f)
{
	unsigned int n = below(&f->random, 100);

	if (n < 10)
		do_open(f);
	else if (n < 18)
		do_whole(f);
	else if (n < 26)
		do_mount(f);
	else if (n < 34)
		do_old_mount(f);
	else
		do_config(f);
}

static void fuzz_end(struct fuzz *f)
{
	for (unsigned int i = 0; i < CONTEXTS; i++)
		if (f->contexts[i] >= 0)
			close(f->contexts[i]);
}

/* In a child too: it asserts nothing. 0, or 1 and a line of output. */
static int run(struct fuzz *f)
{
	unsigned int i;

	for (i = 0; i < STEPS && !f->trouble[0]; i++)
		step(f);
	fuzz_end(f);
	printf("# seed %llu: %lu done, %lu refused\n", (unsigned long long)first_seed, f->done, f->refused);
	if (!f->trouble[0])
		return 0;
	printf("# step %u: %s\n", i - 1, f->trouble);
	fflush(stdout);
	return 1;
}

/* --- tests ------------------------------------------------------------------------------------- */

static int setup(void **state)
{
	back = tmp_dir("back");
	other = tmp_dir("other");
	at = tmp_path("at");
	file_write(fmt("%s/file", back), "file");
	file_write(fmt("%s/a.hid", back), "hidden");
	set = set_attached("hide", "hide", NULL);
	gone = set_attached("hide", "hide", "gone");
	mnt(back, at, "ops=hide,detach=fail");
	set_detach(gone);
	open_fds();
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	assert_ok(munmap(page + PAGE, PAGE));
	return 0;
}

static bool is_unused(void *refs)
{
	struct ops_line line = ops_get("hide");

	/* Fewer, where what an earlier test let go of went only now. */
	return line.mounts == 1 && module_refs() <= *(int *)refs;
}

static int teardown(void **state)
{
	close_fds();
	munmap(page, PAGE);
	test_teardown(state);
	remove_tree(back);
	return 0;
}

static struct fuzz fuzz_of(unsigned int number)
{
	return (struct fuzz){ .random = first_seed + number, .contexts = { -1, -1, -1, -1 },
			      .alone = true };
}

/* What was there before is there after, and no more. */
static void nothing_is_left(int refs)
{
	if (!wait_for(SOON, is_unused, &refs))
		fail_msg("the module is used %d times, and not %d as before; \"hide\" has %u mounts",
			 module_refs(), refs, ops_get("hide").mounts);
	assert_false(exists(fmt("%s/a.hid", at)));
	file_is(fmt("%s/file", at), "file");
}

static void as_root(void **state)
{
	int refs = module_refs();
	size_t mounts = mnt_count();
	struct fuzz f = fuzz_of(0);

	f.privileged = true;
	assert_int_equal(run(&f), 0);
	assert_true(f.done && f.refused);
	assert_int_equal(mnt_count(), mounts);
	nothing_is_left(refs);
}

/* With contexts that root has opened and handed over. */
static int run_as_user(void *arg)
{
	struct fuzz *f = arg;

	if (setresgid(TEST_GID, TEST_GID, TEST_GID) || setresuid(TEST_UID, TEST_UID, TEST_UID))
		return 255;
	return run(f);
}

static void as_user(void **state)
{
	int refs = module_refs();
	size_t mounts = mnt_count();
	struct fuzz f = fuzz_of(1);

	f.kept = 2;
	f.contexts[0] = fsopen("fuse_bpf", FSOPEN_CLOEXEC);
	f.contexts[1] = fspick(AT_FDCWD, at, FSPICK_CLOEXEC);
	assert_ok(f.contexts[0]);
	assert_ok(f.contexts[1]);
	assert_int_equal(in_child(0, run_as_user, &f), 0);
	fuzz_end(&f);
	assert_int_equal(mnt_count(), mounts);
	nothing_is_left(refs);
}

static int run_in_namespace(void *arg)
{
	size_t mounts = mnt_count();

	return run(arg) ? 1 : mnt_count() == mounts ? 0 : 2;
}

static void in_a_user_namespace(void **state)
{
	int refs = module_refs();
	size_t mounts = mnt_count();
	struct fuzz f = fuzz_of(2);

	f.kept = 1;
	f.contexts[0] = fsopen("fuse_bpf", FSOPEN_CLOEXEC);
	assert_ok(f.contexts[0]);
	assert_int_equal(in_child(CLONE_NEWUSER | CLONE_NEWNS, run_in_namespace, &f), 0);
	fuzz_end(&f);
	assert_int_equal(mnt_count(), mounts);
	nothing_is_left(refs);
}

static void *thread(void *arg)
{
	struct fuzz *f = arg;

	for (unsigned int i = 0; i < THREAD_STEPS && !f->trouble[0]; i++)
		if (below(&f->random, 10))
			do_config(f);
		else
			do_mount(f);
	return NULL;
}

static void run_threads(struct fuzz *fuzzes, unsigned int round)
{
	pthread_t threads[THREADS];
	int fd = fsopen("fuse_bpf", FSOPEN_CLOEXEC);

	assert_ok(fd);
	if (round % 2)
		assert_ok(fsconfig(fd, FSCONFIG_SET_STRING, "source", back, 0));
	for (unsigned int i = 0; i < THREADS; i++) {
		fuzzes[i] = fuzz_of(100 + round * THREADS + i);
		fuzzes[i].privileged = true;
		fuzzes[i].alone = false;
		for (unsigned int c = 0; c < CONTEXTS; c++)
			fuzzes[i].contexts[c] = fd;
		assert_int_equal(pthread_create(&threads[i], NULL, thread, &fuzzes[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_ok(close(fd));
}

static void several_threads_on_one_context(void **state)
{
	struct fuzz fuzzes[THREADS];
	int refs = module_refs();
	size_t mounts = mnt_count();

	for (unsigned int round = 0; round < ROUNDS; round++) {
		run_threads(fuzzes, round);
		for (unsigned int i = 0; i < THREADS; i++)
			assert_string_equal(fuzzes[i].trouble, "");
	}
	/* Two that move a mount to one place may undo the other's. */
	mnt_undo(mounts);
	assert_int_equal(mnt_count(), mounts);
	nothing_is_left(refs);
}

static void the_old_call(void **state)
{
	int refs = module_refs();
	size_t mounts = mnt_count();
	struct fuzz f = fuzz_of(3);

	f.privileged = true;
	for (unsigned int i = 0; i < OLD_STEPS; i++) {
		do_old_mount(&f);
		assert_string_equal(f.trouble, "");
	}
	assert_true(f.done && f.refused);
	assert_int_equal(mnt_count(), mounts);
	nothing_is_left(refs);
}

#define FUZZ(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FUZZ(as_root),
		FUZZ(as_user),
		FUZZ(in_a_user_namespace),
		FUZZ(several_threads_on_one_context),
		FUZZ(the_old_call),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 0);
	setlinebuf(stdout);
	return cmocka_run_group_tests_name("fsconfig", tests, NULL, NULL);
}
