// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount and a plain directory of the same filesystem agree in everything,
 * after any sequence of operations but for the rules of docs/differences.md.
 * timeout: 600
 *
 *	lockstep				what CI runs: seeds that go by the kernel
 *	lockstep --seed SEED --ops N		another seed, so many operations in each world,
 *		[--world NAME]			or in one: see lib/world.c
 *	lockstep --replay FILE			a script that a failure has printed
 */
#include "lib/diff.h"

#include <getopt.h>

/* Of each world, from as many seeds: on the three kernels together 120,000 operations. */
#define CI_OPS		5000
#define CI_SEEDS	2
#define CI_WORLDS	4		/* the first of worlds[]; backings/every has the others */

static struct op ops[SEQUENCE_MAX];

/* A generator that has lost its way finds nothing: each kind must have worked, and but for some have failed. */
static void every_kind_of_operation_was_among_them(void **state)
{
	unsigned int i;

	if (!tallies)
		skip();
	for (i = 0; i < op_kind_count; i++) {
		const struct tally *t = &tallies[i];

		printf("# %-12s %6lu done %6lu refused %4lu left out\n", op_kinds[i].name, t->good,
		       t->bad, t->skipped);
		if (!t->good && strcmp(op_kinds[i].name, "clone"))
			fail_msg("%s has never worked", op_kinds[i].name);
	}
}

static int run_and_count(struct job *jobs, size_t n)
{
	const struct CMUnitTest counted = cmocka_unit_test(every_kind_of_operation_was_among_them);

	return run_jobs("lockstep", jobs, n, &counted);
}

static int run_ci(void)
{
	struct job jobs[CI_SEEDS * CI_WORLDS];
	size_t n = 0, i, s;

	for (i = 0; i < CI_WORLDS; i++)
		for (s = 0; s < CI_SEEDS; s++)
			jobs[n++] = (struct job){ &worlds[i], seed_of_this_kernel() + s, CI_OPS };
	return run_and_count(jobs, n);
}

/* world: the only one, or NULL. */
static int run_seed(uint64_t seed, size_t count, const char *world)
{
	struct job jobs[world_count];
	size_t n = 0, i;

	for (i = 0; i < world_count; i++)
		if (!world || !strcmp(world, worlds[i].name))
			jobs[n++] = (struct job){ &worlds[i], seed, count };
	return run_and_count(jobs, n);
}

/* And makes the script shorter still. */
static void test_replay(void **state)
{
	struct difference d = {};
	struct world *w;
	size_t n = script_read(*state, &w, ops), failed;

	world_enter(w);
	failed = lockstep(w, ops, n, &d);
	if (d.text[0])
		run_report(w, ops, n, failed, &d);
	world_leave(w);
	assert_string_equal(d.text, "");
}

static int replay(const char *path)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_replay, (void *)path),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' }, { "ops", required_argument, NULL, 'n' },
		{ "world", required_argument, NULL, 'w' }, { "replay", required_argument, NULL, 'r' }, {},
	};
	const char *script = NULL, *world = NULL;
	uint64_t seed = 0;
	size_t count = 100000;
	int option;

	setlinebuf(stdout);
	op_kinds_init();
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (option == 'n')
			count = strtoul(optarg, NULL, 0);
		else if (option == 'w')
			world = optarg;
		else if (option == 'r')
			script = optarg;
		else
			return 2;
	}
	provide_surroundings();
	return script ? replay(script) : seed ? run_seed(seed, count, world) : run_ci();
}
