/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the fuse-bpf tool share.
 */
#ifndef FUSE_BPF_TOOL_H
#define FUSE_BPF_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/fuse.h>
#include "../fuse_bpf/uapi/fuse_bpf.h"

#define PIN_DIR		"/sys/fs/bpf/fuse_bpf"

/*
 * What the functions here return and the tool exits with; documented in
 * --help.  Whoever returns another than DONE has told the user why.
 */
enum status {
	DONE = 0,
	FAILED = 1,
	USAGE = 2,
	NO_SET = 3,
	TAKEN = 4,
	NO_MODULE = 5,
};

/* Prints "fuse-bpf: ...\n" on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* sets.c: the sets that the module knows. */

struct program {
	const char *member;	/* owned by the BTF in struct sets */
	__u32 id;
};

struct set {
	char name[FUSE_BPF_NAME_MAX];
	bool live;
	__u32 map;
	__u32 link;		/* 0: a plain registration, or no longer attached */
	unsigned long long mounts, inodes, errors;
	bool programs_known;
	size_t n_programs;
	struct program *programs;
};

struct sets {
	size_t n;
	struct set *set;
	struct btf *vmlinux, *module;
};

/* Both leave something to free. */
enum status sets_read(struct sets *sets);
enum status sets_find(struct sets *sets, const char *name, struct set **found);
void sets_read_programs(struct sets *sets);
void sets_free(struct sets *sets);

enum status require_module(void);
enum status require_admin(void);

/* object.c: a set in a BPF object file. */

struct object {
	const char *path;
	struct bpf_object *bpf;
	struct bpf_map *map;	/* the set's */
	char name[FUSE_BPF_NAME_MAX];
};

enum status object_open(struct object *object, const char *path);
enum status object_load(struct object *object);
enum status object_attach(struct object *object, struct bpf_link **link);
enum status object_replace(struct object *object, int link_fd);
void object_close(struct object *object);

/* pin.c: links pinned in PIN_DIR, under their set's name. */

enum status pin_make(const char *name, int link_fd);
/* The path, if the link with this id is pinned there. */
const char *pin_find(const char *name, __u32 link, char *path, size_t size);

#endif /* FUSE_BPF_TOOL_H */
