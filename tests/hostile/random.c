// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that answer at random, under the operations of the differential tester by
 * several users and processes. Whatever they answer, user space gets an errno that it
 * knows, and the mount is as good as new without them: it shows what the backing
 * filesystem has, all of it can be removed, and no lock, file or inode is left.
 * timeout: 600
 *
 *	random					what CI runs: seeds that go by the kernel
 *	random --seed SEED --ops N		another seed, so many operations in all
 */
#include "lib/diff.h"
#include "hostile.h"

#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/fs.h>
#include <linux/futex.h>

#define CI_OPS		5000
#define LONG_RUN	20000
#define SEQUENCE	250
#define MEMORY		0x20000		/* of the callers, what sleepable programs read */
#define PATIENCE	120		/* seconds, after which an operation hangs */
#define BETWEEN_UPDATES	30		/* ms */

/* --- the sets ------------------------------------------------------------------------- */

static const struct kind {
	const char *name, *object, *map;
	__u32 flags;
	bool per_caller, post_only;
} kinds[] = {
	{ .name = "at random", .object = "hostile", .map = "every" },
	{ .name = "per caller", .object = "hostile", .map = "every", .per_caller = true,
	  .flags = FUSE_BPF_F_REVALIDATE },
	{ .name = "asleep", .object = "hostile_asleep", .map = "every" },
	{ .name = "default_op alone", .object = "hostile", .map = "only_default",
	  .flags = FUSE_BPF_F_HANDLES },
	{ .name = "post phase alone", .object = "hostile", .map = "every", .post_only = true },
};
#define WITHOUT_POST	(1ull << FUSE_BPF_OP_READDIR)
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

/* Two alike, to replace each other, and one that changes nothing; all of one name. */
static struct set *first, *second, *harmless;
static void *memory;

static struct set *set_loaded(const struct kind *kind)
{
	struct set *set = set_open(kind->object, kind->map, NULL);

	set->ops->flags = kind->flags;
	if (kind->post_only)
		set->ops->post_only = ((1ull << FUSE_BPF_OP_POLL) - 1) & ~WITHOUT_POST;
	set_load(set);
	return set;
}

static void load_sets(const struct kind *kind)
{
	first = set_loaded(kind);
	second = set_loaded(kind);
	harmless = set_open("nop", NULL, HOSTILE_NAME);
	set_load(harmless);
}

#define EVERY_WALK	(1ull << FUSE_BPF_OP_LOOKUP | 1ull << FUSE_BPF_OP_GETATTR | \
			 1ull << FUSE_BPF_OP_ACCESS)

static void arm(const struct kind *kind)
{
	static const char odd_bytes[] = "**?[[]]\\\\-!^az\0\xff";
	struct hostile *h = first->globals;
	unsigned int i;

	h->seed = random_bits();
	h->mask = percent(50) ? ~0ull : random_bits();
	h->per_caller = kind->per_caller;
	h->address = (uintptr_t)memory;
	for (i = 0; i < HOSTILE_PATTERN; i++)
		h->pattern[i] = odd_bytes[below(sizeof(odd_bytes))];
	/* Where walks fail too often, nothing else is done. */
	h->chance = ONE_OF(10, 40, 150);
	if (percent(50)) {
		h->mask &= ~EVERY_WALK;
		h->chance = ONE_OF(100, 300, 700);
	}
	memcpy(second->globals, h, sizeof(*h));
}

static void disarm(void)
{
	((struct hostile *)first->globals)->chance = 0;
	((struct hostile *)second->globals)->chance = 0;
}

/* Of all runs until now. */
static unsigned long answers[HOSTILE_OPS];

static unsigned long count_answers(void)
{
	const struct hostile *a = first->globals, *b = second->globals;
	unsigned long n = 0;

	for (unsigned int i = 0; i < HOSTILE_OPS; i++) {
		answers[i] += a->odd[i] + b->odd[i];
		n += a->odd[i] + b->odd[i];
	}
	return n;
}

/* --- workers ---------------------------------------------------------------------------- */

static struct shared {
	uint32_t turn, stop;
	bool at_once;			/* nobody waits for a turn */
	bool estale;			/* names change underneath, or at once */
	size_t count;
	size_t at[WORKERS];		/* what each is doing */
	size_t bad_op;			/* the first whose errno is none to give */
	int bad_errno;
	unsigned long done, refused;
	struct op ops[SEQUENCE];
} *shared;

static struct side side = { .root = { -1, -1 } };
static pid_t workers[WORKERS];

static void turn_to(uint8_t number)
{
	const struct who *who = &op_whos[number].who;

	if (setresuid(0, 0, 0) || setgroups(who->ngroups, who->groups) ||
	    setresgid(who->gid, who->gid, 0) || setresuid(who->uid, who->uid, 0))
		_exit(100);
}

/* docs/differences.md has when ESTALE comes. */
static bool errno_is_in_order(const struct op *op, int err)
{
	if (err == DIED_OF_SIGBUS)
		return op->kind == op_kind_number("mmap");
	if (err == ESTALE)
		return shared->estale;
	return err > 0 && err < 512 && err != ECHILD && err != ERESTART;
}

static void step(size_t i)
{
	static struct result r;
	const struct op *op = &shared->ops[i];

	memset(&r, 0, offsetof(struct result, bytes));
	alarm(PATIENCE);
	turn_to(op->who);
	op_kinds[op->kind].run(&side, op, &r);
	turn_to(0);
	if (!r.err) {
		__sync_fetch_and_add(&shared->done, 1);
		return;
	}
	__sync_fetch_and_add(&shared->refused, 1);
	if (errno_is_in_order(op, r.err) || __sync_val_compare_and_swap(&shared->bad_errno, 0, r.err))
		return;
	shared->bad_op = i;
	__atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
}

static void wait_for_turn(size_t i)
{
	struct timespec second = { 1, 0 };
	uint32_t turn;

	while ((turn = __atomic_load_n(&shared->turn, __ATOMIC_SEQ_CST)) != i &&
	       !__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST)) {
		alarm(PATIENCE);
		syscall(SYS_futex, &shared->turn, FUTEX_WAIT, turn, &second, NULL, 0);
	}
}

static void end_turn(size_t i)
{
	__atomic_store_n(&shared->turn, i + 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &shared->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void pin(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void work(unsigned int number)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGSEGV, SIG_DFL);
	umask(022);
	if (!shared->at_once)
		pin();
	for (size_t i = 0; i < shared->count; i++) {
		if (shared->ops[i].worker != number)
			continue;
		if (!shared->at_once)
			wait_for_turn(i);
		if (__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST))
			break;
		shared->at[number] = i;
		step(i);
		if (!shared->at_once)
			end_turn(i);
	}
	_exit(0);
}

static int open_root(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_ok(fd);
	return fd;
}

/* Before the programs are armed, so that every worker has it. */
static void side_open(const struct world *w)
{
	side.path = w->over;
	side.root[0] = open_root(w->over);
	side.root[1] = open_root(w->under);
	side.cwd = -1;
	for (unsigned int i = 0; i < SLOTS; i++)
		side.fd[i] = -1;
}

static void side_close(void)
{
	close(side.root[0]);
	close(side.root[1]);
	side.root[0] = side.root[1] = -1;
}

static void fail_at(size_t i, const char *what, int number)
{
	printf("# ");
	op_print(stdout, &shared->ops[i]);
	fail_msg("operation %zu: %s %d", i, what, number);
}

static bool collect_one(int flags)
{
	int status;
	pid_t pid = waitpid(-1, &status, flags);

	if (pid <= 0)
		return false;
	for (unsigned int i = 0; i < WORKERS; i++) {
		if (workers[i] != pid)
			continue;
		workers[i] = 0;
		if (status)
			fail_at(shared->at[i], "its worker ended with status", status);
	}
	return true;
}

/* Meanwhile the one set replaces the other, and back. */
static void collect(void)
{
	struct set *next = second;
	unsigned int left = WORKERS;

	while (left) {
		if (collect_one(shared->at_once ? WNOHANG : 0)) {
			left--;
			continue;
		}
		assert_int_equal(set_try_update(first, next), 0);
		next = next == first ? second : first;
		usleep(BETWEEN_UPDATES * 1000);
	}
}

static void run_workers(const struct kind *kind)
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		assert_ok(workers[i]);
		if (!workers[i])
			work(i);
	}
	collect();
	disarm();
	if (shared->bad_errno)
		fail_at(shared->bad_op, "no program may give errno", shared->bad_errno);
}

/* --- what is left ------------------------------------------------------------------------- */

static bool never(int64_t a, int64_t b)
{
	return false;
}

/* In all that stat and listings show, and in contents. */
static void same_trees(const struct world *w, const char *when)
{
	struct difference d = {};
	int over = open_root(w->over), under = open_root(w->under);

	compare_setup(true, true, never);
	compare_trees(&d, over, under, STAT_VIEWS);
	compare_trees(&d, over, under, STAT_TWINS);
	close(over);
	close(under);
	if (d.text[0])
		fail_msg("%s, %s", when, d.text);
}

static void may_be_changed(const char *dir)
{
	int fd = open_root(dir), flags;

	if (!ioctl(fd, FS_IOC_GETFLAGS, &flags)) {
		flags &= ~(FS_APPEND_FL | FS_IMMUTABLE_FL);
		if (ioctl(fd, FS_IOC_SETFLAGS, &flags) && errno != ENOTTY && errno != EOPNOTSUPP)
			fail_msg("flags of %s: %m", dir);
	}
	close(fd);
}

static void is_usable(const struct world *w)
{
	const char *old = fmt("%s/usable", w->over), *new = fmt("%s/usable2", w->over);

	may_be_changed(w->over);
	file_write(old, "as ever");
	assert_ok(rename(old, new));
	file_is(new, "as ever");
	file_is(fmt("%s/usable2", w->under), "as ever");
	assert_ok(unlink(new));
	assert_false(exists(new));
}

static unsigned int lock_count(void)
{
	FILE *f = fopen("/proc/locks", "r");
	unsigned int n = 0;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static bool locks_are(void *n)
{
	return lock_count() == *(unsigned int *)n;
}

static bool unused(void *name)
{
	struct ops_line line;

	return !ops_find(name, &line) || (!line.mounts && !line.inodes);
}

/* The programs are detached, replaced by harmless ones, or stay, by the number of the sequence. */
static void end_programs(const struct world *w, unsigned int k)
{
	if (k % 3 == 0)
		set_detach(first);
	else if (k % 3 == 1)
		assert_int_equal(set_try_update(first, harmless), 0);
	else
		return;
	same_trees(w, k % 3 ? "after an update" : "after a detach");
	is_usable(w);
}

/* The same files without programs, until there are none. */
static void end_files(struct world *w)
{
	const char *root = tmp_path("over");

	world_mount("");
	same_trees(w, "mounted again");
	is_usable(w);
	may_be_changed(root);
	world_remove(fmt("%s/n", root));
	assert_string_equal(names_in(root), "");
	assert_false(exists(fmt("%s/..", w->under)));
	world_unmount();
}

/* --- sequences ---------------------------------------------------------------------------- */

struct plan {
	const struct kind *kind;
	struct world *world;
	uint64_t seed;
	size_t count;			/* of operations */
	int refs;			/* of the module, before */
};

static void run_sequence(const struct plan *p, unsigned int k, size_t n)
{
	unsigned int locks = lock_count();

	memset(shared, 0, sizeof(*shared));
	shared->count = n;
	shared->at_once = k % 4 >= 2;
	shared->estale = k % 2 || shared->at_once;
	generate(p->seed, k, p->world, shared->ops, n);
	world_reset(p->world);
	set_attach(first);
	world_mount("ops=" HOSTILE_NAME ",detach=pass");
	side_open(p->world);
	arm(p->kind);
	run_workers(p->kind);
	side_close();
	if (!wait_for(SOON, locks_are, &locks))
		fail_msg("there were %u locks, and now %u", locks, lock_count());
	end_programs(p->world, k);
	world_unmount();
	if (!wait_for(SOON, unused, HOSTILE_NAME))
		fail_msg("something still uses the programs");
	assert_int_equal(bpf_link__destroy(first->link), 0);
	first->link = NULL;
	end_files(p->world);
}

static void test_plan(void **state)
{
	struct plan *p = *state;
	unsigned long done = 0, refused = 0;
	size_t left = p->count, n;
	uint64_t begun = now_ms();
	unsigned long odd;

	p->refs = module_refs();
	if (!backing_possible(p->world->backing))
		skip();
	world_enter(p->world);
	load_sets(p->kind);
	for (unsigned int k = 0; left; k++, left -= n) {
		n = left < SEQUENCE ? left : SEQUENCE;
		printf("# seed %llu, sequence %u\n", (unsigned long long)p->seed, k);
		run_sequence(p, k, n);
		done += shared->done;
		refused += shared->refused;
	}
	odd = count_answers();
	printf("# %lu done, %lu refused, %llu ms; the programs answered %lu times at random\n", done,
	       refused, (unsigned long long)(now_ms() - begun), odd);
	assert_true(done && refused && odd);
}

static bool refs_are(void *refs)
{
	return module_refs() == *(int *)refs;
}

/* After a failure, too. */
static void end_workers(void)
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		if (workers[i] > 0 && !kill(workers[i], SIGKILL))
			waitpid(workers[i], NULL, 0);
		workers[i] = 0;
	}
	side_close();
}

static int end_plan(void **state)
{
	struct plan *p = *state;

	end_workers();
	world_leave(p->world);
	if (wait_for(12 * SOON, refs_are, &p->refs))
		return 0;
	print_error("the module is used %d times, and not %d as before\n", module_refs(), p->refs);
	return -1;
}

/* A run that is long enough has been everywhere. */
static void every_operation_was_answered_at_random(void **state)
{
	for (unsigned int i = 0; i < HOSTILE_OPS; i++) {
		printf("# operation %u: %lu answers at random\n", i, answers[i]);
		if (!answers[i] && i != FUSE_BPF_OP_POLL)
			fail_msg("operation %u never was", i);
	}
}

static struct world *world_on(enum backing backing)
{
	unsigned int i = 0;

	while (worlds[i].backing != backing || worlds[i].programs)
		i++;
	return &worlds[i];
}

/* Each kind of set over so many of these. */
static const enum backing on[] = { ON_TMPFS, ON_EXT4, ON_OVERLAY, ON_OURS, ON_XFS };
#define ON	(sizeof(on) / sizeof(on[0]))

static int run(uint64_t seed, size_t count, unsigned int backings)
{
	struct CMUnitTest tests[KINDS * backings + 1];
	struct plan plans[KINDS * backings];
	size_t n = 0;

	for (unsigned int i = 0; i < KINDS * backings; i++) {
		struct plan *p = &plans[i];
		unsigned int kind = i % KINDS, round = i / KINDS;

		/* The first round has what every kernel has. */
		*p = (struct plan){ .kind = &kinds[kind], .seed = seed + i,
				    .world = world_on(on[round ? (kind + round) % ON : kind % (ON - 1)]),
				    .count = count / (KINDS * backings) };
		tests[n++] = (struct CMUnitTest){
			strdup(fmt("%s, over %s, seed %llu", p->kind->name, p->world->name,
				   (unsigned long long)p->seed)), test_plan, NULL, end_plan, p };
	}
	if (count >= LONG_RUN)
		tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_operation_was_answered_at_random);
	return _cmocka_run_group_tests("random", tests, n, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' }, { "ops", required_argument, NULL, 'n' }, {},
	};
	uint64_t seed = 0;
	size_t count = CI_OPS;
	int option;

	setlinebuf(stdout);
	op_kinds_init();
	op_kinds_add(call_kinds, call_kind_count);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (option == 'n')
			count = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	provide_surroundings();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || memory == MAP_FAILED)
		return 2;
	return seed ? run(seed, count, ON) : run(seed_of_this_kernel(), count, 1);
}
