// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench DIRECTORY COUNT ROUNDS: what an operation costs in DIRECTORY, which is
 * empty, a line for each kind: its name and nanoseconds, the least of ROUNDS.
 * In a machine that counts instructions (VM_COUNT of scripts/vm) these are
 * instructions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/rows.h"

static const char *current = "the set-up";
static unsigned long began, last;

void broken(const char *call)
{
	fprintf(stderr, "bench: %s: %s: %s\n", current, call, strerror(errno));
	exit(1);
}

static unsigned long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000UL + t.tv_nsec;
}

void start(void)
{
	began = now();
}

void stop(unsigned long operations)
{
	last = (now() - began) / operations;
}

const char *name_of(unsigned int i)
{
	static char names[MANY][8];

	if (!names[i][0])
		snprintf(names[i], sizeof(names[i]), "f%u", i);
	return names[i];
}

void make_files(unsigned int count, size_t size)
{
	static const char zeros[65536];
	unsigned int i;
	int fd;

	for (i = 0; i < count; i++) {
		fd = must(open(name_of(i), O_CREAT | O_WRONLY | O_EXCL, 0644));
		if (size)
			must(write(fd, zeros, size));
		close(fd);
	}
}

void remove_files(unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		must(unlink(name_of(i)));
}

/* Twice: what lies above holds what is below. */
void go_cold(void)
{
	int i, fd;

	sync();
	fd = must(open("/proc/sys/vm/drop_caches", O_WRONLY));
	for (i = 0; i < 2; i++)
		must(write(fd, "3", 1));
	close(fd);
}

static void run(struct row *rows, unsigned int count)
{
	struct row *row;

	for (row = rows; row->name; row++) {
		current = row->name;
		row->run(count);
		if (!row->best || last < row->best)
			row->best = last;
	}
}

static void print(const struct row *row)
{
	for (; row->name; row++)
		printf("%s %lu\n", row->name, row->best);
}

int main(int argc, char **argv)
{
	unsigned int count, rounds, i;

	if (argc != 4) {
		fprintf(stderr, "usage: bench DIRECTORY COUNT ROUNDS\n");
		return 2;
	}
	must(chdir(argv[1]));
	count = atoi(argv[2]);
	rounds = atoi(argv[3]);
	if (!count || count > MANY || !rounds)
		broken("COUNT is 1 to 1000, ROUNDS 1 or more");
	for (i = 0; i < MANY; i++)
		name_of(i);
	for (i = 0; i < rounds; i++) {
		run(meta_rows, count);
		run(data_rows, count);
	}
	print(meta_rows);
	print(data_rows);
	return 0;
}
