/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The differential tester: random operations on a mount and on a plain
 * directory of the same filesystem, which have to agree.
 *
 * A sequence of operations comes from a seed (generate.c). Several processes
 * take turns: one operation is done by one of them, on both sides (lockstep.c,
 * paths.c, files.c, attrs.c, locks.c), and what it returned and what it touched is compared at once, the
 * whole trees at checkpoints (compare.c). A sequence that fails is made shorter
 * while it fails (shrink.c) and printed as a script (script.c; run.c).
 */
#ifndef DIFF_H
#define DIFF_H

#include "twin.h"

#include <linux/stat.h>

struct world;

/* --- operations -------------------------------------------------------------------- */

#define WORKERS		3
#define SLOTS		8	/* descriptors that each worker keeps by number */
#define DIR_SLOTS	2	/* the first are mostly directories */
#define UNDER_DIR	6	/* these two are opened underneath: a directory, mostly, */
#define UNDER_FILE	7	/* and a file */
#define PATH_NAMES	5
#define SEQUENCE_MAX	2000	/* operations in a sequence */

/* Where a path begins; FROM_SLOT + n: at descriptor n. */
enum { FROM_ROOT, FROM_CWD, FROM_SLASH, FROM_SLOT };

/* A path of names by number; no names make the empty path. */
struct op_path {
	uint8_t from;
	uint8_t count;
	bool slash;			/* with a slash after it */
	uint8_t name[PATH_NAMES];
};

/* What the numbers mean to an operation, its functions say. */
struct op {
	uint8_t kind, worker, who;
	bool under;			/* past the mount, directly in the backing directory */
	uint8_t slot, slot2;
	struct op_path path, path2;
	uint32_t flags, mode, data;
	int64_t off, len;
};

enum op_field {
	HAS_SLOT = 1, HAS_SLOT2 = 2, HAS_PATH = 4, HAS_PATH2 = 8, HAS_FLAGS = 16,
	HAS_MODE = 32, HAS_OFF = 64, HAS_LEN = 128, HAS_DATA = 256,
	HAS_TARGET = 512,		/* path2 is a link's target: nothing is there */
};

/* --- the two sides ------------------------------------------------------------------- */

/* One worker's view of one of the trees. */
struct side {
	const char *path;		/* of the root, absolute */
	int root[2];			/* [1]: underneath, for the reference the same */
	int cwd;			/* -1: the root */
	int fd[SLOTS];
};

/* What one side answered. */
struct result {
	long ret;
	int err;
	bool skipped;			/* a documented difference: not done on either side */
	bool has_stat;
	struct statx stat;
	size_t size;			/* bytes that were read */
	unsigned char bytes[65536];
};

#define DIED_OF_SIGBUS	1000		/* an errno of ours */

struct op_kind {
	const char *name;
	unsigned int weight;		/* of 1000 or so */
	unsigned int fields;
	void (*make)(struct op *op);
	void (*run)(struct side *s, const struct op *op, struct result *r);
};

extern struct op_kind op_kinds[];
extern unsigned int op_kind_count;
void op_kinds_init(void);
void op_kinds_add(const struct op_kind *kinds, unsigned int n);
uint8_t op_kind_number(const char *name);	/* or op_kind_count */

/* --- names (names.c) ---------------------------------------------------------------- */

extern const struct op_name {
	const char *alias;		/* in scripts */
	char class;			/* 'd'irectory, 'f'ile, 'l'ink, 's'pecial, 'o'dd */
} op_names[];
extern const unsigned int op_name_count;
#define NAME_DOT	0
#define NAME_DOTDOT	1
#define NAME_LONGWAY	2		/* "./././...": four of them are too long a path */

const char *op_name_text(unsigned int name);

extern const struct op_who {
	const char *name;
	struct who who;
} op_whos[];
extern const unsigned int op_who_count;

extern const char *const op_xattrs[];
extern const unsigned int op_xattr_count;
#define XATTR_ACL_ACCESS	0
#define XATTR_ACL_DEFAULT	1
#define XATTR_USER_A		2

/* --- random numbers (generate.c) ------------------------------------------------------- */

uint64_t random_bits(void);
unsigned int below(unsigned int n);
bool percent(unsigned int n);
int one_of(const int *values, size_t n);
#define ONE_OF(...)	one_of((const int[]){ __VA_ARGS__ }, sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))

/* Fills in a sequence of a seed, number k of it. */
void generate(uint64_t seed, unsigned int k, const struct world *w, struct op *ops, size_t n);
const struct world *generated_for(void);

void some_path(struct op *op, struct op_path *path, char class);
uint8_t some_slot(const struct op *op, bool dir);
mode_t some_mode(void);

/* --- doing it (place.c; paths.c, files.c, attrs.c, locks.c) ----------------------------------------------- */

extern const struct op_kind path_kinds[], file_kinds[], attr_kinds[], lock_kinds[];
extern const unsigned int path_kind_count, file_kind_count, attr_kind_count, lock_kind_count;

/* calls.c: not among the others until op_kinds_add() */
extern const struct op_kind call_kinds[];
extern const unsigned int call_kind_count;

/* A descriptor and the text to go with it, as *at(2) take them. */
struct place {
	int dir;
	char text[16384];
};
void place_of(struct side *s, const struct op *op, const struct op_path *path, struct place *at);
void fixed_place_of(struct side *s, const struct op *op, const struct op_path *path,
		    struct place *at);

/* For calls without a directory: goes there. The text to use, or NULL and the errno in r. */
const char *go_there(struct side *s, const struct op *op, const struct op_path *path,
		     struct result *r);

void result_is(struct result *r, long ret);

/* Bytes that only depend on the seed. */
void pattern(unsigned char *bytes, size_t n, uint32_t seed);

/* --- comparing (compare.c) ------------------------------------------------------------------ */

struct difference {
	char field[48];			/* what differs, in a word */
	char text[600];			/* and how; empty: nothing does */
};

/* NFS's name for a file that was removed while it is open: its number and a count. */
#define NFS_SILLY	".nfs"

/* Makes a difference; "over" has the first value. */
void differs(struct difference *d, const char *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The two times may have been taken by the same operation. */
typedef bool (*same_time_fn)(int64_t a, int64_t b);

enum { STAT_TWINS, STAT_VIEWS };	/* two files alike; one file seen twice */
void compare_stats(struct difference *d, const char *what, const struct statx *a,
		   const struct statx *b, int how);
void compare_results(struct difference *d, const struct op *op, const struct result *over,
		     const struct result *ref);
void compare_touched(struct difference *d, struct side *over, struct side *ref,
		     const struct op *op);
void compare_trees(struct difference *d, int a, int b, int how);
void compare_setup(bool exact_blocks, bool exact_atime, same_time_fn same_time);

/* --- worlds (world.c) ------------------------------------------------------------------------- */

/* Who owns the directories around the trees, and nothing else. */
#define SCAFFOLD_UID	77

struct world {
	const char *name;
	enum backing backing;
	bool programs;			/* nop.bpf.c on the mount */
	bool protected;			/* fs.protected_* as systemd has them */
	char over[160], under[160], ref[160];	/* roots of the trees */
};

extern struct world worlds[];
extern const unsigned int world_count;

void world_enter(struct world *w);
void world_reset(struct world *w);	/* the start state, and a new mount */
void world_leave(struct world *w);

/* The mount again, with other options; and none. */
void world_mount(const char *options);
void world_unmount(void);

/* With all that is in it, append-only or not. */
void world_remove(const char *path);

/* --- lockstep (lockstep.c) ------------------------------------------------------------------------ */

#define CHECKPOINT	1000		/* operations until the whole trees are compared */

struct tally {
	unsigned long good, bad, skipped;
};
extern struct tally *tallies;		/* by kind, of all runs until now */

/* Runs them from the start state: the number of the operation that failed, or n. */
size_t lockstep(struct world *w, const struct op *ops, size_t n, struct difference *d);

/* In a worker: a directory was moved underneath; whether anything was changed there in this run. */
void moved_underneath(void);
bool touched_underneath(void);

/* --- scripts (script.c), shrinking (shrink.c) --------------------------------------------------------- */

void op_print(FILE *out, const struct op *op);
void script_print(FILE *out, const struct world *w, const struct op *ops, size_t n,
		  const struct difference *d);

/* World and operations of a script; the number of them. Ends the program on a bad line. */
size_t script_read(const char *path, struct world **w, struct op *ops);

/* Makes it shorter, for so many ms at most; the number left. */
size_t shrink(struct world *w, struct op *ops, size_t n, struct difference *d, int ms);

/* --- runs (run.c) ------------------------------------------------------------------------------------- */

struct job {
	struct world *world;
	uint64_t seed;
	size_t count;			/* of operations */
};

/* The same each time on one kernel, and others on another: 6120 for 6.12. */
uint64_t seed_of_this_kernel(void);

/* What tests/run provides, for a tester that is run without it. */
void provide_surroundings(void);

/* One test each, and one more or NULL; the exit status for main(). */
int run_jobs(const char *group, struct job *jobs, size_t n, const struct CMUnitTest *last);

/* What failed, of n operations the one by that number; the first time made shorter, as a script. */
void run_report(struct world *w, struct op *ops, size_t n, size_t failed, struct difference *d);

#endif /* DIFF_H */
