// SPDX-License-Identifier: GPL-2.0-only
/* Runs of many sequences as one test, and the report of the first that fails. */
#include "diff.h"

#include <inttypes.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#define SEQUENCE	1000
#define SHRINK_MS	120000		/* of the first failure: the others are mostly the same */

static struct op ops[SEQUENCE_MAX];

/* As comments of TAP, which script_read() takes too. */
static void print_script(const struct world *w, const struct op *ops, size_t n,
			 const struct difference *d)
{
	char *text, *rest, *line;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	script_print(out, w, ops, n, d);
	fclose(out);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line)
		printf("#| %s\n", line);
	free(text);
}

void run_report(struct world *w, struct op *ops, size_t n, size_t failed, struct difference *d)
{
	static bool shrunk;

	if (failed < n)
		n = failed + 1;
	printf("# %s, operation %zu: %s\n# ", w->name, n - 1, d->text);
	op_print(stdout, &ops[n - 1]);
	if (shrunk)
		return;
	shrunk = true;
	printf("# making it shorter\n");
	n = shrink(w, ops, n, d, SHRINK_MS);
	printf("# %zu operations are left; replay them with lockstep --replay FILE:\n", n);
	print_script(w, ops, n, d);
}

static bool run_job(const struct job *job)
{
	struct difference d = {};
	size_t done = 0, n, failed;
	unsigned int k;

	for (k = 0; done < job->count; k++, done += n) {
		n = job->count - done < SEQUENCE ? job->count - done : SEQUENCE;
		generate(job->seed, k, job->world, ops, n);
		failed = lockstep(job->world, ops, n, &d);
		if (!d.text[0])
			continue;
		printf("# seed %" PRIu64 ", sequence %u\n", job->seed, k);
		run_report(job->world, ops, n, failed, &d);
		return false;
	}
	return true;
}

static void test_job(void **state)
{
	struct job *job = *state;

	if (!backing_possible(job->world->backing))
		skip();
	world_enter(job->world);
	printf("# %s: seed %" PRIu64 ", %zu operations\n", job->world->name, job->seed, job->count);
	assert_true(run_job(job));
}

static int end_job(void **state)
{
	struct job *job = *state;

	world_leave(job->world);
	return 0;
}

int run_jobs(const char *group, struct job *jobs, size_t n, const struct CMUnitTest *last)
{
	struct CMUnitTest tests[n + 1];
	size_t i;

	for (i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){
			strdup(fmt("%s, seed %" PRIu64, jobs[i].world->name, jobs[i].seed)), test_job,
			NULL, end_job, &jobs[i],
		};
	if (last)
		tests[n++] = *last;
	return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}

void provide_surroundings(void)
{
	static char tmp[] = "/tmp/differential";

	if (getenv("TEST_TMP"))
		return;
	if (module_load(NULL) || (mkdir(tmp, 0755) && errno != EEXIST) || mount("tmpfs", tmp, "tmpfs", 0, "mode=0755")) {
		perror(tmp);
		exit(2);
	}
	setenv("TEST_TMP", tmp, 1);
	setenv("TEST_BUILD", "tests/build", 0);
	setenv("TEST_TOP", ".", 0);
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 0);
}

uint64_t seed_of_this_kernel(void)
{
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return 1;
	return major * 1000 + minor * 10;
}
