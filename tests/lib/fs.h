/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filesystems of every kind for a test to mount over, one on the scratch disk at
 * a time. What the machine has not got makes a test skip, with the reason printed.
 */
#ifndef TEST_FS_H
#define TEST_FS_H

#define SCRATCH_DISK	"/dev/vdb"

/* Runs a command of the shell; its exit status. */
int sh(const char *command);

/* Whether the kernel has it, once modprobe was asked. */
bool fs_known(const char *type);

/*
 * Whether files in this directory can have user.* attributes, and be opened with
 * O_DIRECT. On a tmpfs of older kernels they cannot.
 */
bool fs_has_user_xattrs(const char *dir);
bool fs_has_direct_io(const char *dir);

/* mkfs with these arguments on the scratch disk, and the mount; false: not here. */
bool fs_on_disk(const char *type, const char *mkfs, const char *at, const char *options);

/* Anything that mount(2) takes, undone by fs_done(). */
void fs_mount(const char *source, const char *at, const char *type, const char *options);

/* Whether the kernel has an NFS server and client; v3 and v4. */
bool fs_has_nfs(void);

/*
 * Export a directory from this machine, the only export, as the root for NFSv4;
 * 0, or what exportfs(8) ended with. fs_done() ends the server after what was
 * mounted from it.
 */
int fs_export(const char *dir, const char *options);

/* For that one, so that clients of v3 can lock files, if they mount with FS_NFS_LOCKS. */
void fs_statd(void);
#define FS_NFS_LOCKS	",lock"

/* 0, or -1 and errno. */
int fs_try_nfs(unsigned int version, const char *dir, const char *at, const char *options);
const char *fs_nfs(unsigned int version, const char *dir, const char *at, const char *options);

/* The server does not answer any more, and does again. */
void fs_server_away(void);
void fs_server_back(void);

/* So that what the server has shows at once, and not when a time has passed. */
#define FS_NFS_UNCACHED	",actimeo=0,lookupcache=none"

/* Ends a filesystem as a disk that went away does; ext4 and xfs have it. 0, or -1 and errno. */
int fs_shut_down(const char *at);

/* Unmount in reverse order, which must work. */
void fs_done(void);

/* Unused dentries and inodes go; more than once, as what is above holds what is below. */
void drop_caches(void);

#endif /* TEST_FS_H */
