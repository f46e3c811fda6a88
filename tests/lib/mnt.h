/* SPDX-License-Identifier: GPL-2.0-only */
/* Mounts, through mount(2) and through fsopen(2) with the text of its log. */
#ifndef TEST_MNT_H
#define TEST_MNT_H

/* Mount or fail the test; what a test mounts with these, mnt_done() unmounts. */
void mnt(const char *source, const char *dir, const char *options);
void umnt(const char *dir);
void mnt_done(void);

/* How many mounts of any type there are; and to be rid of those made since. */
size_t mnt_count(void);
void mnt_undo(size_t count);

/* -1 and errno, or 0. */
int try_mnt(const char *source, const char *dir, const char *options);

/*
 * The same through fsopen(2); source NULL leaves it out, "key=@5" passes
 * descriptor 5 as such. mnt_log has the lines of the context's log.
 */
int try_fsmnt(const char *source, const char *dir, const char *options);
extern char mnt_log[4096];

/* Ask for a refusal: its errno, and this text in the log. */
#define assert_mnt_refused(source, options, err, text) do {		\
	assert_fails(try_fsmnt(source, tmp_path("refused"), options), err); \
	assert_has(mnt_log, text);					\
} while (0)

#endif /* TEST_MNT_H */
