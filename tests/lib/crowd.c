// SPDX-License-Identifier: GPL-2.0-only
/* A crowd of processes on one directory: see crowd.h. */
#include "crowd.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define MEMBERS	16

/* How long a member may take for its last step before it counts as hung. */
#define PATIENCE_MS	30000

static struct shared {
	int stop;
	int claimed;		/* whoever sets it writes the violation */
	char violation[512];
	unsigned long steps[MEMBERS];
} *shared;

static unsigned int self;
static uint64_t random_state;
static const struct member *me;

void violated(const char *format, ...)
{
	va_list args;
	int used;

	if (!__atomic_exchange_n(&shared->claimed, 1, __ATOMIC_ACQ_REL)) {
		used = snprintf(shared->violation, sizeof(shared->violation), "%s, step %lu: ",
				me->name, shared->steps[self]);
		va_start(args, format);
		vsnprintf(shared->violation + used, sizeof(shared->violation) - used, format, args);
		va_end(args);
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELEASE);
	_exit(1);
}

long surely_(long result, const char *call, int line)
{
	if (result < 0)
		violated("line %d: %s: %s", line, call, strerror(errno));
	return result;
}

unsigned int pick(unsigned int n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 32) % n;
}

unsigned long steps(void)
{
	return shared->steps[self];
}

unsigned int member_number(void)
{
	return self;
}

static void live(struct twin *t, const struct member *m, unsigned int number, unsigned int seed)
{
	cpu_set_t cpu;

	me = m;
	self = number;
	random_state = (seed + 1ull) * 0x9e3779b97f4a7c15ull + number;
	CPU_ZERO(&cpu);
	CPU_SET(number % sysconf(_SC_NPROCESSORS_ONLN), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE)) {
		m->step(t);
		shared->steps[self]++;
	}
	_exit(0);
}

static unsigned int number_from(const char *variable, unsigned int otherwise)
{
	const char *value = getenv(variable);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static bool stopped(void *arg)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE);
}

static bool ended(void *pid)
{
	siginfo_t info = {};

	return !waitid(P_PID, *(pid_t *)pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

static void collect(const struct member *m, pid_t pid)
{
	int status;

	if (!wait_for(PATIENCE_MS, ended, &pid)) {
		kill(pid, SIGKILL);
		fail_msg("%s hangs in a step", m->name);
	}
	must(waitpid(pid, &status, 0));
	if (WIFSIGNALED(status))
		fail_msg("%s died of signal %d", m->name, WTERMSIG(status));
}

void crowd_run(struct twin *t, const struct member *members, size_t n)
{
	crowd_run_for(6, t, members, n);
}

void crowd_run_for(unsigned int seconds, struct twin *t, const struct member *members, size_t n)
{
	unsigned int seed = number_from("TEST_SEED", time(NULL));
	pid_t pids[MEMBERS];

	seconds = number_from("TEST_SECONDS", seconds);
	assert_true(n <= MEMBERS);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared == MAP_FAILED ? -1 : 0);
	for (size_t i = 0; i < n; i++) {
		pids[i] = must(fork());
		if (!pids[i])
			live(t, &members[i], i, seed);
	}
	wait_for(seconds * 1000, stopped, NULL);
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELEASE);
	for (size_t i = 0; i < n; i++)
		collect(&members[i], pids[i]);
	print_message("# TEST_SEED=%u TEST_SECONDS=%u", seed, seconds);
	for (size_t i = 0; i < n; i++)
		print_message(" %s:%lu", members[i].name, shared->steps[i]);
	print_message("\n");
	if (shared->claimed)
		fail_msg("%s", shared->violation);
	munmap(shared, sizeof(*shared));
}
