/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of programs: an object of tests/bpf, opened, changed, loaded, attached.
 * What libbpf and the verifier say meanwhile is in set_log.
 */
#ifndef TEST_SET_H
#define TEST_SET_H

struct set {
	struct bpf_object *object;
	struct bpf_map *map;		/* its struct_ops map */
	struct bpf_link *link;
	struct fuse_bpf_ops *ops;	/* data members; to be changed before the load */
	void *globals;			/* .bss, shared with the programs once loaded */
	size_t globals_size;
};

extern char set_log[262144];
void set_log_start(void);	/* empties it */

/*
 * Open tests/bpf/OBJECT.bpf.c. map names one of its sets, the others are left
 * out; NULL if there is just one. name, if not NULL, becomes the set's name.
 */
struct set *set_open(const char *object, const char *map, const char *name);

/* 0 or a negative errno. */
int set_try_load(struct set *set);
int set_try_attach(struct set *set);

/* Replace what from's link runs by set, which must be loaded: 0 or a negative errno. */
int set_try_update(struct set *from, struct set *set);

/* Or fail the test. set_attached() does all three steps. */
void set_load(struct set *set);
void set_attach(struct set *set);
struct set *set_attached(const char *object, const char *map, const char *name);

/* BPF_LINK_DETACH; the link's descriptor stays open. */
void set_detach(struct set *set);

/* Destroy the link, close everything. sets_done() does it for all that are left. */
void set_free(struct set *set);
void sets_done(void);

int set_map_fd(struct set *set, const char *map);
unsigned int set_map_id(struct set *set);
bool map_gone(void *id);	/* for wait_for(); id: unsigned int */
bool prog_gone(void *id);

/* Undo what a test did with this library; a cmocka teardown. */
int test_teardown(void **state);

#endif /* TEST_SET_H */
