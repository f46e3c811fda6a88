/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a test runs and as whom: directories, users, namespaces, the kernel log, deadlines. */
#ifndef TEST_ENV_H
#define TEST_ENV_H

#define TEST_UID	1000
#define TEST_GID	1000

/* Format into a buffer that lasts until 32 calls later. */
const char *fmt(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A path in $TEST_TMP, the scratch tmpfs; and a new directory there, mode 0755. */
const char *tmp_path(const char *name);
const char *tmp_dir(const char *name);

/* Act as an ordinary user without capabilities, and as root again. */
void become(uid_t uid, gid_t gid);
void become_root(void);

/* This process, which is root's, may pass by modes, or not. */
void set_dac_rights(bool on);

/* Run fn in a child, perhaps in new namespaces (CLONE_NEW*); what it returned, 0 to 255. */
int in_child(int flags, int (*fn)(void *arg), void *arg);

/* ms, within which the kernel lets go of what nobody holds, also where the machine is busy. */
#define SOON	5000

/* Poll until done(arg), at most ms; whether it came true. */
bool wait_for(int ms, bool (*done)(void *arg), void *arg);
uint64_t now_ms(void);

/* The kernel log from here on, and whether it then has a line with this in it. */
int kmsg_open(void);
bool kmsg_has(int fd, const char *text);

#endif /* TEST_ENV_H */
