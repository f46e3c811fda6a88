/* SPDX-License-Identifier: GPL-2.0-only */
/* Short forms of what tests do with files all the time; they fail the test when they fail. */
#ifndef TEST_FILES_H
#define TEST_FILES_H

void file_write(const char *path, const char *text);
void file_is(const char *path, const char *text);
mode_t file_mode(const char *path);

/* Whether stat(2) finds it; every errno but ENOENT fails the test. */
bool exists(const char *path);

/* The names in a directory but "." and "..", sorted, with a blank between. */
const char *names_in(const char *dir);

void remove_tree(const char *path);

/* -1 and errno, or 0, without a descriptor left. */
int try_open(const char *path, int flags, mode_t mode);

#endif /* TEST_FILES_H */
