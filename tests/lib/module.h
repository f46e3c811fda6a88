/* SPDX-License-Identifier: GPL-2.0-only */
/* The module: loading, unloading, and what it shows in /proc. */
#ifndef TEST_MODULE_H
#define TEST_MODULE_H

/* -1 and errno, or 0. path NULL: the installed one. module_unload never waits. */
int module_load(const char *path);
int module_unload(void);
bool module_loaded(void);
int module_refs(void);

/* Unload, if it takes until SOON; or fail the test. */
void module_unload_soon(void);

/* A line of /proc/fs/fuse_bpf/ops. */
struct ops_line {
	char name[FUSE_BPF_NAME_MAX];
	char state[16];
	unsigned int map, link, mounts, inodes;
	unsigned long errors;
};

/* The live set of that name, else a detached one. */
bool ops_find(const char *name, struct ops_line *line);
struct ops_line ops_get(const char *name);	/* fails the test if there is none */
bool ops_gone(void *name);			/* for wait_for() */

#endif /* TEST_MODULE_H */
