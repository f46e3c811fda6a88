/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of operations.  Everything that exists once per operation (bit
 * numbers checked against the UAPI, stubs, argument unions, the call itself,
 * what the verifier lets a program write, what may sleep) is made from it.
 *
 * Adding an operation: a member in uapi/fuse_bpf.h, a row here, and the calls
 * of fuse_bpf_begin(), _pre() and _post() in its VFS entry point.
 */
#ifndef _FUSE_BPF_OPS_H
#define _FUSE_BPF_OPS_H

#include <linux/bits.h>
#include <linux/fuse.h>
#include <linux/types.h>
#include "uapi/fuse_bpf.h"

/* Properties of an operation. */
#define FUSE_BPF_OPF_SLEEP	BIT(0)	/* a program may sleep */
#define FUSE_BPF_OPF_REPLY	BIT(1)	/* FUSE_BPF_REPLY is an answer */
#define FUSE_BPF_OPF_POST	BIT(2)	/* has a post phase */
#define FUSE_BPF_OPF_COUNT	BIT(3)	/* success is a count or position */
#define FUSE_BPF_OPF_FORGIVE	BIT(4)	/* an errno may become success */
#define FUSE_BPF_OPF_CHILD	BIT(5)	/* bpf_fuse_set_child() applies */

#define FUSE_BPF_OPF_PLAIN	(FUSE_BPF_OPF_SLEEP | FUSE_BPF_OPF_POST)
#define FUSE_BPF_OPF_MAKE	(FUSE_BPF_OPF_PLAIN | FUSE_BPF_OPF_CHILD)
#define FUSE_BPF_OPF_LENIENT	(FUSE_BPF_OPF_PLAIN | FUSE_BPF_OPF_FORGIVE)
#define FUSE_BPF_OPF_BYTES	(FUSE_BPF_OPF_PLAIN | FUSE_BPF_OPF_COUNT)

/*
 * Columns: member, bit number, [type of in], [type of out], opcode for a file,
 * opcode for a directory, properties.  The four row kinds tell which of in
 * and out the program gets.
 */
#define FUSE_BPF_OP_TABLE(NONE, IN, OUT, BOTH)						\
	OUT(lookup, FUSE_BPF_OP_LOOKUP, fuse_entry_out,					\
	     FUSE_LOOKUP, FUSE_LOOKUP, FUSE_BPF_OPF_MAKE | FUSE_BPF_OPF_REPLY)		\
	BOTH(getattr, FUSE_BPF_OP_GETATTR, fuse_getattr_in, fuse_attr_out,		\
	     FUSE_GETATTR, FUSE_GETATTR, FUSE_BPF_OPF_PLAIN | FUSE_BPF_OPF_REPLY)	\
	IN(setattr, FUSE_BPF_OP_SETATTR, fuse_setattr_in,				\
	     FUSE_SETATTR, FUSE_SETATTR, FUSE_BPF_OPF_LENIENT)				\
	NONE(readlink, FUSE_BPF_OP_READLINK,						\
	     FUSE_READLINK, FUSE_READLINK, FUSE_BPF_OPF_PLAIN)				\
	IN(mknod, FUSE_BPF_OP_MKNOD, fuse_mknod_in,					\
	     FUSE_MKNOD, FUSE_MKNOD, FUSE_BPF_OPF_MAKE)					\
	IN(mkdir, FUSE_BPF_OP_MKDIR, fuse_mkdir_in,					\
	     FUSE_MKDIR, FUSE_MKDIR, FUSE_BPF_OPF_MAKE)					\
	NONE(symlink, FUSE_BPF_OP_SYMLINK,						\
	     FUSE_SYMLINK, FUSE_SYMLINK, FUSE_BPF_OPF_MAKE)				\
	IN(link, FUSE_BPF_OP_LINK, fuse_link_in,					\
	     FUSE_LINK, FUSE_LINK, FUSE_BPF_OPF_PLAIN)					\
	NONE(unlink, FUSE_BPF_OP_UNLINK,						\
	     FUSE_UNLINK, FUSE_UNLINK, FUSE_BPF_OPF_PLAIN)				\
	NONE(rmdir, FUSE_BPF_OP_RMDIR,							\
	     FUSE_RMDIR, FUSE_RMDIR, FUSE_BPF_OPF_PLAIN)				\
	IN(rename, FUSE_BPF_OP_RENAME, fuse_rename2_in,					\
	     FUSE_RENAME2, FUSE_RENAME2, FUSE_BPF_OPF_PLAIN)				\
	IN(create, FUSE_BPF_OP_CREATE, fuse_create_in,					\
	     FUSE_CREATE, FUSE_CREATE, FUSE_BPF_OPF_MAKE)				\
	IN(tmpfile, FUSE_BPF_OP_TMPFILE, fuse_create_in,				\
	     FUSE_TMPFILE, FUSE_TMPFILE, FUSE_BPF_OPF_MAKE)				\
	IN(open, FUSE_BPF_OP_OPEN, fuse_open_in,					\
	     FUSE_OPEN, FUSE_OPENDIR, FUSE_BPF_OPF_PLAIN)				\
	IN(read, FUSE_BPF_OP_READ, fuse_read_in,					\
	     FUSE_READ, FUSE_READ, FUSE_BPF_OPF_BYTES)					\
	IN(write, FUSE_BPF_OP_WRITE, fuse_write_in,					\
	     FUSE_WRITE, FUSE_WRITE, FUSE_BPF_OPF_BYTES)				\
	IN(mmap, FUSE_BPF_OP_MMAP, fuse_bpf_mmap_in,					\
	     FUSE_BPF_OPCODE_MMAP, FUSE_BPF_OPCODE_MMAP, FUSE_BPF_OPF_POST)		\
	IN(flush, FUSE_BPF_OP_FLUSH, fuse_flush_in,					\
	     FUSE_FLUSH, FUSE_FLUSH, FUSE_BPF_OPF_LENIENT)				\
	IN(release, FUSE_BPF_OP_RELEASE, fuse_release_in,				\
	     FUSE_RELEASE, FUSE_RELEASEDIR, FUSE_BPF_OPF_LENIENT)			\
	IN(fsync, FUSE_BPF_OP_FSYNC, fuse_fsync_in,					\
	     FUSE_FSYNC, FUSE_FSYNCDIR, FUSE_BPF_OPF_LENIENT)				\
	IN(fallocate, FUSE_BPF_OP_FALLOCATE, fuse_fallocate_in,				\
	     FUSE_FALLOCATE, FUSE_FALLOCATE, FUSE_BPF_OPF_LENIENT)			\
	BOTH(lseek, FUSE_BPF_OP_LSEEK, fuse_lseek_in, fuse_lseek_out,			\
	     FUSE_LSEEK, FUSE_LSEEK, FUSE_BPF_OPF_BYTES)				\
	IN(copy_file_range, FUSE_BPF_OP_COPY_FILE_RANGE, fuse_bpf_copy_in,	\
	     FUSE_COPY_FILE_RANGE, FUSE_COPY_FILE_RANGE, FUSE_BPF_OPF_BYTES)		\
	IN(getxattr, FUSE_BPF_OP_GETXATTR, fuse_getxattr_in,				\
	     FUSE_GETXATTR, FUSE_GETXATTR, FUSE_BPF_OPF_BYTES)				\
	IN(setxattr, FUSE_BPF_OP_SETXATTR, fuse_setxattr_in,				\
	     FUSE_SETXATTR, FUSE_SETXATTR, FUSE_BPF_OPF_LENIENT)			\
	IN(listxattr, FUSE_BPF_OP_LISTXATTR, fuse_getxattr_in,				\
	     FUSE_LISTXATTR, FUSE_LISTXATTR, FUSE_BPF_OPF_BYTES)			\
	NONE(removexattr, FUSE_BPF_OP_REMOVEXATTR,					\
	     FUSE_REMOVEXATTR, FUSE_REMOVEXATTR, FUSE_BPF_OPF_LENIENT)			\
	OUT(statfs, FUSE_BPF_OP_STATFS, fuse_statfs_out,				\
	     FUSE_STATFS, FUSE_STATFS, FUSE_BPF_OPF_PLAIN | FUSE_BPF_OPF_REPLY)		\
	IN(access, FUSE_BPF_OP_ACCESS, fuse_access_in,					\
	     FUSE_ACCESS, FUSE_ACCESS, FUSE_BPF_OPF_REPLY | FUSE_BPF_OPF_POST)		\
	IN(readdir, FUSE_BPF_OP_READDIR, fuse_bpf_readdir_in,				\
	     FUSE_READDIR, FUSE_READDIR, FUSE_BPF_OPF_SLEEP)				\
	IN(ioctl, FUSE_BPF_OP_IOCTL, fuse_ioctl_in,					\
	     FUSE_IOCTL, FUSE_IOCTL, FUSE_BPF_OPF_PLAIN)				\
	BOTH(lock, FUSE_BPF_OP_LOCK, fuse_lk_in, fuse_lk_out,				\
	     FUSE_SETLK, FUSE_SETLK, FUSE_BPF_OPF_PLAIN)

/*
 * Members that nothing calls yet: they have no stub, so the verifier refuses a
 * program for one ("attach to unsupported member").
 */
#define FUSE_BPF_OP_UNSERVED	BIT_ULL(FUSE_BPF_OP_POLL)

/*
 * default_op's number, and how many there are with it.  Not in the UAPI, since
 * both change with every new operation.  poll has no row.
 */
#define FUSE_BPF_ONE_ROW(...)	+ 1
enum {
	FUSE_BPF_OP_DEFAULT = 1 FUSE_BPF_OP_TABLE(FUSE_BPF_ONE_ROW, FUSE_BPF_ONE_ROW,
						  FUSE_BPF_ONE_ROW, FUSE_BPF_ONE_ROW),
	FUSE_BPF_OP_COUNT
};

/* All operations that default_op stands in for. */
#define FUSE_BPF_OP_ALL \
	((BIT_ULL(FUSE_BPF_OP_DEFAULT) - 1) & ~FUSE_BPF_OP_UNSERVED)

/* Whose programs see the bytes of a file; mappings go past them. */
#define FUSE_BPF_OP_DATA	(BIT_ULL(FUSE_BPF_OP_READ) | BIT_ULL(FUSE_BPF_OP_WRITE))

#define FUSE_BPF_UNION_NONE(m, ...)
#define FUSE_BPF_UNION_FIRST(m, op, type, ...)	struct type m;
#define FUSE_BPF_UNION_SECOND(m, op, in, type, ...)	struct type m;

/* Scratch copies of a program's arguments. */
union fuse_bpf_in {
	FUSE_BPF_OP_TABLE(FUSE_BPF_UNION_NONE, FUSE_BPF_UNION_FIRST,
			  FUSE_BPF_UNION_NONE, FUSE_BPF_UNION_FIRST)
};

union fuse_bpf_out {
	FUSE_BPF_OP_TABLE(FUSE_BPF_UNION_NONE, FUSE_BPF_UNION_NONE,
			  FUSE_BPF_UNION_FIRST, FUSE_BPF_UNION_SECOND)
};

/* One row of the table at run time. */
struct fuse_bpf_op_desc {
	const char *name;
	u32 member;		/* byte offset in struct fuse_bpf_ops */
	u32 opcode;
	u32 dir_opcode;
	u32 flags;		/* FUSE_BPF_OPF_* */
};

/* Indexed by enum fuse_bpf_op; name is NULL for what is unserved. */
extern const struct fuse_bpf_op_desc fuse_bpf_op_descs[FUSE_BPF_OP_COUNT];

#endif /* _FUSE_BPF_OPS_H */
