/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What a BPF program and the fuse_bpf module agree on: verdicts, the context,
 * and struct fuse_bpf_ops, the struct_ops type that the module registers.
 *
 * The argument structs named fuse_* are those of linux/fuse.h.  BPF programs
 * include this through fuse_bpf/fuse_bpf.bpf.h, which makes every access
 * relocatable, so an object built today runs on a module built elsewhere.
 */
#ifndef _UAPI_FUSE_BPF_H
#define _UAPI_FUSE_BPF_H

/* The interface level of this header; see fuse_bpf_ops.abi. */
#define FUSE_BPF_ABI		1

/* Bytes of fuse_bpf_ops.name, the terminating NUL included. */
#define FUSE_BPF_NAME_MAX	16

/**
 * enum fuse_bpf_verdict - what a program returns
 * @FUSE_BPF_BACKING: carry on with the backing filesystem
 * @FUSE_BPF_DAEMON: ask the daemon; a mount without one answers ENOTCONN
 * @FUSE_BPF_REPLY: the program has answered.  Legal in the pre phase of
 *	getattr and statfs (out is the answer), of access (granted) and of
 *	lookup (the name is absent), and in every post phase, where it means
 *	the same as FUSE_BPF_BACKING.
 * @FUSE_BPF_POST: flag beside FUSE_BPF_BACKING in the pre phase: call this
 *	program again, with ctx->phase == FUSE_BPF_PHASE_POST, once the backing
 *	operation has run
 * @FUSE_BPF_DAEMON_PRE: flag: let the daemon edit the arguments before
 * @FUSE_BPF_DAEMON_POST: flag: let the daemon edit the result after
 *
 * The action is the low byte, flags lie above it.  -1 to -511 fails the
 * operation with that errno, but for ECHILD, ESTALE and ERESTART, which steer
 * the kernel's path walk and signal handling, as those from 512 on do that user
 * space does not know.  Anything else is answered EIO, counted, and logged at a
 * limited rate.
 */
enum fuse_bpf_verdict {
	FUSE_BPF_BACKING	= 0,
	FUSE_BPF_DAEMON		= 1,
	FUSE_BPF_REPLY		= 2,

	FUSE_BPF_POST		= 0x100,
	FUSE_BPF_DAEMON_PRE	= 0x200,
	FUSE_BPF_DAEMON_POST	= 0x400,
};

/* Values of fuse_bpf_ctx.phase. */
enum fuse_bpf_phase {
	FUSE_BPF_PHASE_PRE	= 1,
	FUSE_BPF_PHASE_POST	= 2,
};

/*
 * Values of fuse_bpf_ctx.opcode for what the FUSE protocol has no opcode of.
 * All others are enum fuse_opcode of linux/fuse.h; open, release and fsync of
 * a directory come as FUSE_OPENDIR, FUSE_RELEASEDIR and FUSE_FSYNCDIR.
 */
enum fuse_bpf_opcode {
	FUSE_BPF_OPCODE_MMAP	= 0x10000,
};

/**
 * enum fuse_bpf_op - bit numbers of fuse_bpf_ops.post_only and of the mask
 *	that bpf_fuse_set_child() gives a child
 */
enum fuse_bpf_op {
	FUSE_BPF_OP_LOOKUP,
	FUSE_BPF_OP_GETATTR,
	FUSE_BPF_OP_SETATTR,
	FUSE_BPF_OP_READLINK,
	FUSE_BPF_OP_MKNOD,
	FUSE_BPF_OP_MKDIR,
	FUSE_BPF_OP_SYMLINK,
	FUSE_BPF_OP_LINK,
	FUSE_BPF_OP_UNLINK,
	FUSE_BPF_OP_RMDIR,
	FUSE_BPF_OP_RENAME,
	FUSE_BPF_OP_CREATE,
	FUSE_BPF_OP_TMPFILE,
	FUSE_BPF_OP_OPEN,
	FUSE_BPF_OP_READ,
	FUSE_BPF_OP_WRITE,
	FUSE_BPF_OP_MMAP,
	FUSE_BPF_OP_FLUSH,
	FUSE_BPF_OP_RELEASE,
	FUSE_BPF_OP_FSYNC,
	FUSE_BPF_OP_FALLOCATE,
	FUSE_BPF_OP_LSEEK,
	FUSE_BPF_OP_COPY_FILE_RANGE,
	FUSE_BPF_OP_GETXATTR,
	FUSE_BPF_OP_SETXATTR,
	FUSE_BPF_OP_LISTXATTR,
	FUSE_BPF_OP_REMOVEXATTR,
	FUSE_BPF_OP_STATFS,
	FUSE_BPF_OP_ACCESS,
	FUSE_BPF_OP_READDIR,
	FUSE_BPF_OP_IOCTL,
	FUSE_BPF_OP_LOCK,
	FUSE_BPF_OP_POLL,
	/* New ones are added here; numbers never change. */
};

/* Which name a kfunc is about. */
enum fuse_bpf_name {
	FUSE_BPF_NAME		= 0,	/* the entry that the operation names */
	FUSE_BPF_NEWNAME	= 1,	/* rename: the new name */
	FUSE_BPF_XATTR		= 2,	/* the extended attribute */
	FUSE_BPF_LINK		= 3,	/* symlink: the target */
	FUSE_BPF_PATH		= 4,	/* the path of the entry inside the mount */
	FUSE_BPF_NEWPATH	= 5,	/* rename: the new path inside the mount */
};

/**
 * enum fuse_bpf_child - what bpf_fuse_set_child() sets, in both phases of lookup
 *	and in the pre phase of what makes an inode
 * @FUSE_BPF_CHILD_OPS: arg is enum fuse_bpf_child_ops
 * @FUSE_BPF_CHILD_MASK: arg has a bit (enum fuse_bpf_op) for each operation that
 *	the set sees of the child and all below it, default_op included: an
 *	operation without its bit goes to the backing filesystem alone.  A mask
 *	with READ or WRITE has MMAP as well, which moves the same bytes.  A bit
 *	of an operation that the module does not have has no effect.  So a mask
 *	of named bits hides each operation that a later module adds, and
 *	~FUSE_BPF_BIT(READ), which has the bits of those too, shows it.
 *
 * What a directory or a mount point was given lasts while its name is cached, or
 * until the set is replaced: another answer would take mounts and working
 * directories below it from their place, and is answered EIO and counted.  So
 * what mkdir gives a directory, a lookup program of the set has to give its name as
 * well; in a set without one it stays with the directory while its name is cached.
 * A replaced set may give other rules, and then does just that.
 */
enum fuse_bpf_child {
	FUSE_BPF_CHILD_OPS	= 0,
	FUSE_BPF_CHILD_MASK	= 1,
};

enum fuse_bpf_child_ops {
	FUSE_BPF_CHILD_INHERIT	= 0,	/* the directory's ops (the default) */
	FUSE_BPF_CHILD_NONE	= 1,	/* none: plain passthrough from here on */
};

/* Bits of fuse_bpf_ops.flags.  Unknown ones are refused. */
enum fuse_bpf_ops_flags {
	/*
	 * Run lookup on every path walk rather than once per cached name: for
	 * answers that depend on what the kernel does not see change, a map or
	 * the time.  It costs a call per path component and ends the lockless
	 * walk.
	 */
	FUSE_BPF_F_REVALIDATE	= 1 << 0,
	/*
	 * Give out file handles of what the mount shows, and open by them
	 * (name_to_handle_at(2), NFS export).  A handle leads past lookup and
	 * past what it said about the file: for programs that hide nothing.
	 * Counts at mount time, and whenever a handle is used.
	 */
	FUSE_BPF_F_HANDLES	= 1 << 1,
	/*
	 * The answers of lookup depend on the caller: its uid, gid, cgroup, ...
	 * Without this a cached answer is every caller's.
	 * Runs lookup on every path walk, as FUSE_BPF_F_REVALIDATE does.  A name
	 * may be hidden from some and there for others.  But what is there has
	 * one inode for all: bpf_fuse_set_child() must say the same of a name to
	 * all callers that find it, files too (see enum fuse_bpf_child); and it is
	 * for lookup alone, not for what makes an inode (-EINVAL).
	 */
	FUSE_BPF_F_PER_CALLER	= 1 << 2,
};

/**
 * struct fuse_bpf_ctx - about the operation at hand
 * @opcode: enum fuse_opcode, or enum fuse_bpf_opcode
 * @phase: enum fuse_bpf_phase
 * @result: in the post phase what the backing operation returned: 0 or a
 *	count, or a negative errno.  The only field that a program may write,
 *	and only then.  It may become another errno (as limited for verdicts),
 *	or a smaller count; an errno of setattr, flush, release, fsync,
 *	fallocate, setxattr and removexattr may become 0.  An errno written
 *	over a success does not undo what was done.
 * @mount_id: a number of this mount, never reused while the module is loaded
 * @cgroup_id: the caller's cgroup (v2 hierarchy), as bpf_get_current_cgroup_id()
 * @uid: the caller's fsuid, in the initial user namespace
 * @gid: the caller's fsgid, in the initial user namespace
 * @pid: the caller's thread id, in the initial pid namespace
 * @tgid: the caller's process id, in the initial pid namespace
 * @ino: the backing inode's number, of the inode whose ops run: the directory
 *	for an operation that names an entry, the inode itself for all others
 * @size: its size in bytes
 * @dev: its filesystem's device.  stat(2) shows the same as st_dev, but for a
 *	filesystem with several (btrfs: one for each subvolume, and inode numbers
 *	repeat in them)
 * @mode: its type and permission bits
 * @owner_uid: its owner, in the initial user namespace
 * @owner_gid: its group, in the initial user namespace
 * @target_is_dir: 1 if what the operation is about is a directory: the entry
 *	for one that names an entry (mkdir: always; lookup: known in the post
 *	phase), the inode itself for all others
 * @reserved: 0
 * @opaque: NULL.  There must be one pointer: of a struct of numbers alone the
 *	verifier would pass any memory of that size to the kfuncs
 *
 * A path walk may be tried again, so that one system call can make more than
 * one pre call; count and audit in the post phase.
 */
struct fuse_bpf_ctx {
	__u32 opcode;
	__u32 phase;
	__s64 result;
	__u64 mount_id;
	__u64 cgroup_id;
	__u32 uid;
	__u32 gid;
	__u32 pid;
	__u32 tgid;
	__u64 ino;
	__u64 size;
	__u32 dev;
	__u32 mode;
	__u32 owner_uid;
	__u32 owner_gid;
	__u32 target_is_dir;
	__u32 reserved;
	void *opaque;
};

/**
 * struct fuse_bpf_mmap_in - mmap: what is mapped
 * @offset: in bytes, of the first mapping.  mremap(2) and remap_file_pages(2) show
 *	other parts of the file later and call no program: decide by the file
 * @length: in bytes; as @offset
 * @prot: PROT_* that the mapping begins with.  It is not the whole: see @max_prot
 * @max_prot: PROT_* that mprotect(2) may give it later, @prot included, without
 *	another call.  A program may clear bits in the pre phase, which are then
 *	never to be had; setting one, or clearing one of @prot, or PROT_READ and
 *	not PROT_WRITE of a shared mapping, is answered EIO.
 *	Most processors read what they may write or execute, and ptrace(2) and
 *	/proc/PID/mem read whatever has PROT_READ in @max_prot
 * @shared: 1 for MAP_SHARED
 *
 * On 6.1 remap_file_pages(2) gives PROT_EXEC back to a mapping that is shared and
 * may be written.
 */
struct fuse_bpf_mmap_in {
	__u64 offset;
	__u64 length;
	__u32 prot;
	__u32 max_prot;
	__u32 shared;
	__u32 reserved;
};

/* Values of fuse_bpf_copy_in.how. */
enum fuse_bpf_copy_how {
	FUSE_BPF_COPY	= 1,	/* copy_file_range(2); blocks may be shared too */
	FUSE_BPF_CLONE	= 2,	/* FICLONE and FICLONERANGE: blocks are shared */
	FUSE_BPF_DEDUPE	= 3,	/* FIDEDUPERANGE: only if the bytes are alike */
};

/**
 * struct fuse_bpf_copy_in - copy_file_range: from where to where
 * @src_ino: backing inode number of the file that bytes come from
 * @src_offset: in bytes, there
 * @src_mount_id: the mount that it was opened on; ctx->mount_id if it is the same
 * @dst_ino: backing inode number of the file that bytes go to, which is ctx->ino
 * @dst_offset: in bytes, there
 * @length: in bytes; for a clone up to the end of the source, what that is now
 * @src_dev: device of the source, as ctx->dev is of the destination
 * @how: enum fuse_bpf_copy_how
 */
struct fuse_bpf_copy_in {
	__u64 src_ino;
	__u64 src_offset;
	__u64 src_mount_id;
	__u64 dst_ino;
	__u64 dst_offset;
	__u64 length;
	__u32 src_dev;
	__u32 how;
};

/* readdir: the entry about to be listed; its name comes from the kfuncs. */
struct fuse_bpf_readdir_in {
	__u64 ino;
	__u64 off;		/* the directory position after it */
	__u32 type;		/* DT_* */
	__u32 namelen;		/* bytes */
};

/**
 * struct fuse_bpf_ops - a set of programs that serve a mount or a subtree
 *
 * Data members:
 * @name: 1 to 15 bytes, NUL-terminated, without '/', ',' and white space;
 *	unique among the live sets of the registering user namespace
 * @flags: enum fuse_bpf_ops_flags
 * @abi: the lowest FUSE_BPF_ABI whose behaviour the programs rely on; 1 to the
 *	module's own is accepted
 * @post_only: a bit (enum fuse_bpf_op) per operation whose program wants the
 *	post call alone; it saves one call
 *
 * For every operation: the program is called in the pre phase, before anything
 * is done, and again in the post phase if it returned FUSE_BPF_POST.  It may
 * sleep (SEC("struct_ops.s")) unless said otherwise, and then holds the VFS
 * locks that the operation itself is called with:
 *
 *	mknod, mkdir, symlink, link, unlink, rmdir, create: the directory's,
 *	exclusively; and in link and the removals that of the inode.  rename:
 *	those of both directories and both inodes, and between two directories
 *	that of all such renames in the mount.  lookup: the directory's, shared;
 *	exclusively for open(2) with O_CREAT and for the last name of what makes,
 *	removes and moves one, which holds all locks of that; none for a name
 *	that is cached.  readdir: the directory's and the backing one's, shared, or
 *	exclusively where a filesystem lists in no other way (up to 6.1).
 *	setattr, setxattr, removexattr, and both ioctls where attributes are set:
 *	the inode's, exclusively.  getxattr: none, or the inode's: exclusively, as
 *	chown(2) looks for capabilities to remove, or shared, by an NFS server;
 *	listxattr: none, or shared so.  open: none, or the
 *	directory's for a file that is made by an NFS server, or over NFS with a
 *	mode that forbids opening it.  getattr and access: none, or any of these,
 *	and the backing inode's, as permission is checked where something is
 *	changed.  read, write and readdir: the file position's, of a descriptor that
 *	is shared.  All others none.
 *
 * With a lock held a program must not wait for the caller's memory
 * (bpf_copy_from_user() and its kin) or for another process: that may take as
 * long as an unprivileged user likes, and everybody who needs the directory
 * waits with it.  An operation keeps the set of programs that it was begun under
 * from being freed only until its last call of a program: to the end if there is
 * a post call, otherwise until the pre call has returned; a listing until
 * getdents(2) returns.  So a post call for what a user can make wait (lock, read and
 * write by splice(2)) lets that user keep a replaced set.
 *
 * Arguments are never NULL and point to scratch copies.  A field of in counts as
 * changed only where that is said.  An absent member means default_op, and without
 * that the backing filesystem alone.  All kernels behave alike unless said otherwise.
 *
 * Operations that name an entry run the ops of the directory holding it:
 * @lookup: a name is looked up that is not cached, or whose cached answer is
 *	older than the program set or than out->entry_valid allows.  Not called
 *	for "." and "..", nor for a cached name otherwise.  The post phase has
 *	the found entry in out (attr.mode is 0 if there is none); out->entry_valid
 *	and out->entry_valid_nsec may be written: how long the answer stays
 *	cached (the default is until the program set changes).  A cached answer
 *	is everybody's: a set whose answers depend on the caller sets
 *	FUSE_BPF_F_PER_CALLER.  FUSE_BPF_REPLY in the pre phase, or -ENOENT in
 *	either, hides the name: it is absent, and making it fails with EACCES.
 *	Another errno fails the lookup.  A name that is hidden when it was cached
 *	before is hidden from paths alone: mounts below it, working directories
 *	and open files stay, and the program is called whenever a path leads there
 *	until it shows the name or the kernel has dropped it from its cache.
 *	An answer of the post phase that there is nothing is not kept for what is
 *	made under the name, one of the pre phase is.  A child rule goes by the name
 *	alone, not by what is there: what is made under an absent name has the rule
 *	that the absence was given.  Kfuncs: name, path, bpf_fuse_set_child().
 * @mknod: of anything but a regular file, which is create's; in->mode may change
 *	in its permission bits
 * @mkdir: in->mode may change in its permission bits
 * @symlink: the target is FUSE_BPF_LINK
 * @link: in->oldnodeid is the backing inode number of the file
 * @unlink: of anything but a directory
 * @rmdir: of a directory
 * @rename: called once, with both names; in->flags are those of renameat2(2).
 *	Where the old directory's mask has no rename, for the new one's: ctx is
 *	about that then.
 *	Both directories have the same ops (EXDEV otherwise).  FUSE_BPF_CHILD_*
 *	does not apply: the moved entry is looked up again under its new name.
 * @create: what makes a regular file: open(2), and the open member is called
 *	after it, or mknod(2).  in->mode may change in its permission bits.  in->flags is O_CREAT:
 *	the VFS tells no more here
 * @tmpfile: open(2) with O_TMPFILE: as create, without a name; in->flags: O_*.
 *	It is the opening, too: the open member is not called
 * @readdir: once per entry of a listing but "." and ".."; -ENOENT leaves the
 *	entry out, another errno ends the listing with it.  Pre phase only.
 *
 * All other operations run the ops of the inode itself:
 * @getattr: stat(2) and whatever else needs attributes anew.  FUSE_BPF_REPLY
 *	in the pre phase answers from out->attr alone, which holds what the
 *	backing inode has in memory; in the post phase out->attr holds the
 *	backing filesystem's answer.  It may be changed in both, but for the type
 *	bits of the mode, ino and rdev; these, negative sizes and blocks,
 *	nanoseconds from 1e9 on and ids of -1 are refused (EIO), and a blksize
 *	that is no power of 2 is ignored.  Mode, uid and gid become
 *	those that permission checks use: they are the inode's, so answers that
 *	depend on the caller do not make per-caller permissions.  Without
 *	attributes nothing is permitted: an errno refuses open and chdir too.
 * @setattr: chmod, chown, truncate, utimes and open(O_TRUNC); in->valid and the
 *	FATTR_* fields tell what is wanted
 * @readlink: of a symbolic link, also in the middle of a path
 * @open: of regular files and directories; in->flags: O_*, and 0x20 for an
 *	execve(2).  What a device, a FIFO or a socket does once it is open is not
 *	the filesystem's: of these access is called, open and what is done with the
 *	open file is not
 * @read: whatever gets bytes out of a file but mappings: read(2) in all forms,
 *	asynchronous and direct too, splice(2) and sendfile(2) from it, execve(2)
 *	and the kernel's own reading (modules, loop devices), and the source of
 *	copy_file_range, clone and dedupe; of a dedupe, which compares, the
 *	destination too.  in->offset and in->size are for reading; a size of
 *	U32_MAX stands for that or more.  ctx->result in the post phase is the
 *	count (or -EIOCBQUEUED's stand-in 0 for an asynchronous one under way).
 *	With a smaller one the file position has moved by that much only; what was
 *	spliced or copied can't be taken back, and is EIO then.  In the post phase,
 *	and so with post_only, the bytes are in the caller's memory already: what
 *	must not be read is refused in the pre phase.
 *	Mappings are mmap's: of a set with read and neither mmap nor default_op no
 *	file can be mapped (ENODEV).  No program sees FIEMAP, which shows where
 *	the bytes lie, nor what root swaps to, or mounts from, a file that was
 *	opened while there was no read and no write
 * @write: whatever gets bytes into a file but mappings, as read: write(2) in all
 *	forms, splice(2) and sendfile(2) to it, core dumps, loop devices, and the
 *	destination of copy_file_range and clone.  in->flags has O_APPEND where this
 *	write appends (RWF_APPEND, RWF_NOAPPEND); in->offset is then the end of the
 *	file as it is now, from which others may move it before the bytes are
 *	written.  A splice(2) is one write, and the program is called before the pipe
 *	has anything.  Bytes change by fallocate and by setattr (truncation) as well,
 *	and by mmap: with a set that has write and neither mmap nor default_op no
 *	mapping is, or becomes, both shared and writable (ENODEV, or EACCES from
 *	mprotect(2))
 * @mmap: must not sleep; holds the caller's mmap lock.  What is then read and
 *	written in memory calls nothing more: see struct fuse_bpf_mmap_in.
 *	in->max_prot may be narrowed
 * @flush: every close(2) of a descriptor of a regular file
 * @release: the last close; its result is ignored.  It may be done later and by
 *	another task, a kernel thread too: uid, gid, pid, tgid and cgroup_id are
 *	those of who does it
 * @fsync: fsync, fdatasync; in->fsync_flags & 1 is data only
 * @fallocate: all modes.  madvise(MADV_REMOVE) on a shared writable mapping
 *	punches a hole without a call
 * @lseek: SEEK_DATA and SEEK_HOLE
 * @copy_file_range: clone (reflink) and dedupe too; runs the ops of the
 *	destination.  Called before read of the source and write of the
 *	destination, and after them in the post phase; a smaller count is EIO
 * @getxattr: the name is FUSE_BPF_XATTR; in->size is the caller's buffer, 0 to
 *	learn the length.  Of a POSIX ACL, which the kernel gives as a whole, it is
 *	65536
 * @setxattr: also POSIX ACLs, as system.posix_acl_access and _default, whose
 *	in->flags are 0.  EAGAIN becomes EBUSY, as the VFS takes it for another
 *	answer
 * @listxattr: in->size is the caller's buffer, 0 to learn the length.  A smaller
 *	count may end after a name alone; another is EIO
 * @removexattr: also POSIX ACLs
 * @statfs: FUSE_BPF_REPLY in the pre phase answers from out->st, which is all
 *	zero there; in the post phase it has the backing filesystem's answer and
 *	may be changed.  EIO: a bsize of 0, one or a frsize over INT_MAX, more
 *	free than there is, a namelen of 0 or over 255
 * @access: every permission check, several per path: keep it short.  Must not
 *	sleep: it runs in lockless path walk.  in->mask: MAY_READ 4, MAY_WRITE 2,
 *	MAY_EXEC 1.  FUSE_BPF_REPLY grants without a look at mode and ACL.
 *	Changes of what it has once granted something about are checked again
 *	when the backing inode is locked, so it is called twice for them
 * @ioctl: in->cmd; in->arg is 0.  File attributes come as FS_IOC_FSGETXATTR and
 *	FS_IOC_FSSETXATTR, and setting them gets them first
 * @lock: POSIX, OFD and BSD locks.  A POSIX lock that has to wait has a post call
 *	with result 0 before it waits, and comes again as a new operation
 * @poll: must not sleep.  Nothing calls it yet, and the verifier refuses it
 * @default_op: for members that are absent, with ctx alone; must not sleep
 *
 * @reserved_23: to @reserved_27: these member indices mean something else to
 *	kernels up to 7.3, whatever the program type, and stay free of operations
 */
struct fuse_bpf_ops {
	char name[FUSE_BPF_NAME_MAX];						/* 0 */
	__u32 flags;
	__u32 abi;
	__u64 post_only;
	int (*lookup)(struct fuse_bpf_ctx *ctx, struct fuse_entry_out *out);	/* 4 */
	int (*getattr)(struct fuse_bpf_ctx *ctx, struct fuse_getattr_in *in,
		       struct fuse_attr_out *out);
	int (*setattr)(struct fuse_bpf_ctx *ctx, struct fuse_setattr_in *in);
	int (*readlink)(struct fuse_bpf_ctx *ctx);
	int (*mknod)(struct fuse_bpf_ctx *ctx, struct fuse_mknod_in *in);	/* 8 */
	int (*mkdir)(struct fuse_bpf_ctx *ctx, struct fuse_mkdir_in *in);
	int (*symlink)(struct fuse_bpf_ctx *ctx);
	int (*link)(struct fuse_bpf_ctx *ctx, struct fuse_link_in *in);
	int (*unlink)(struct fuse_bpf_ctx *ctx);				/* 12 */
	int (*rmdir)(struct fuse_bpf_ctx *ctx);
	int (*rename)(struct fuse_bpf_ctx *ctx, struct fuse_rename2_in *in);
	int (*create)(struct fuse_bpf_ctx *ctx, struct fuse_create_in *in);
	int (*tmpfile)(struct fuse_bpf_ctx *ctx, struct fuse_create_in *in);	/* 16 */
	int (*open)(struct fuse_bpf_ctx *ctx, struct fuse_open_in *in);
	int (*read)(struct fuse_bpf_ctx *ctx, struct fuse_read_in *in);
	int (*write)(struct fuse_bpf_ctx *ctx, struct fuse_write_in *in);
	int (*mmap)(struct fuse_bpf_ctx *ctx, struct fuse_bpf_mmap_in *in);	/* 20 */
	int (*flush)(struct fuse_bpf_ctx *ctx, struct fuse_flush_in *in);
	int (*release)(struct fuse_bpf_ctx *ctx, struct fuse_release_in *in);
	__u32 reserved_23;
	int (*fsync)(struct fuse_bpf_ctx *ctx, struct fuse_fsync_in *in);	/* 24 */
	__u32 reserved_25;
	__u32 reserved_26;
	__u32 reserved_27;
	int (*fallocate)(struct fuse_bpf_ctx *ctx, struct fuse_fallocate_in *in); /* 28 */
	int (*lseek)(struct fuse_bpf_ctx *ctx, struct fuse_lseek_in *in,
		     struct fuse_lseek_out *out);
	int (*copy_file_range)(struct fuse_bpf_ctx *ctx,
			       struct fuse_bpf_copy_in *in);
	int (*getxattr)(struct fuse_bpf_ctx *ctx, struct fuse_getxattr_in *in);
	int (*setxattr)(struct fuse_bpf_ctx *ctx, struct fuse_setxattr_in *in);	/* 32 */
	int (*listxattr)(struct fuse_bpf_ctx *ctx, struct fuse_getxattr_in *in);
	int (*removexattr)(struct fuse_bpf_ctx *ctx);
	int (*statfs)(struct fuse_bpf_ctx *ctx, struct fuse_statfs_out *out);
	int (*access)(struct fuse_bpf_ctx *ctx, struct fuse_access_in *in);	/* 36 */
	int (*readdir)(struct fuse_bpf_ctx *ctx, struct fuse_bpf_readdir_in *in);
	int (*ioctl)(struct fuse_bpf_ctx *ctx, struct fuse_ioctl_in *in);
	int (*lock)(struct fuse_bpf_ctx *ctx, struct fuse_lk_in *in,
		    struct fuse_lk_out *out);
	int (*poll)(struct fuse_bpf_ctx *ctx, struct fuse_poll_in *in,
		    struct fuse_poll_out *out);					/* 40 */
	int (*default_op)(struct fuse_bpf_ctx *ctx);
};

#endif /* _UAPI_FUSE_BPF_H */
