// SPDX-License-Identifier: GPL-2.0-only
/* Operations on attributes: mode, owner, times, flags, extended ones, ACLs. */
#include "diff.h"

#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

static struct place at;

static void some_target(struct op *op)
{
	some_path(op, &op->path, percent(55) ? 'f' : percent(65) ? 'd' : percent(60) ? 'l' : 's');
	op->slot = some_slot(op, percent(25));
}

/* --- mode, owner, times ------------------------------------------------------------------ */

static void make_chmod(struct op *op)
{
	some_target(op);
	op->mode = percent(60) ? some_mode() : below(010000);
}

static void run_chmod(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &at);
	result_is(r, fchmodat(at.dir, at.text, op->mode, 0));
}

static void run_fchmod(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, fchmod(s->fd[op->slot], op->mode));
}

/* off, len: the user and the group. */
static void make_chown(struct op *op)
{
	some_target(op);
	op->off = ONE_OF(0, 1000, 1001, 1002, -1, -1);
	op->len = ONE_OF(0, 1000, 2000, 2000, -1, -1);
	op->flags = ONE_OF(0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH);
}

static void run_chown(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &at);
	result_is(r, fchownat(at.dir, at.text, op->off, op->len, op->flags));
}

static void run_fchown(struct side *s, const struct op *op, struct result *r)
{
	result_is(r, fchown(s->fd[op->slot], op->off, op->len));
}

/* off, len: seconds of atime and mtime, or -1 for now, -2 for no change. data: of the descriptor. */
static int64_t some_time(void)
{
	return percent(60) ? -1 - (int64_t)below(2) : percent(90) ? below(1u << 31) :
	       (const int64_t[]){ -3, -(1ll << 40), 1ll << 33, 1ll << 40 }[below(4)];
}

static void make_times(struct op *op)
{
	some_target(op);
	op->off = some_time();
	op->len = some_time();
	op->flags = ONE_OF(0, 0, AT_SYMLINK_NOFOLLOW, 1);
	op->data = percent(30);
}

static struct timespec time_of(int64_t code)
{
	return (struct timespec){
		code == -1 || code == -2 ? 0 : code,
		code == -1 ? UTIME_NOW : code == -2 ? UTIME_OMIT : 123456789,
	};
}

static void run_times(struct side *s, const struct op *op, struct result *r)
{
	struct timespec times[2] = { time_of(op->off), time_of(op->len) };

	place_of(s, op, &op->path, &at);
	if (op->data)
		result_is(r, futimens(s->fd[op->slot], times));
	else
		result_is(r, utimensat(at.dir, at.text, times, op->flags));
}

/* --- looking ----------------------------------------------------------------------------------- */

static void make_access(struct op *op)
{
	some_target(op);
	op->mode = below(8);
	op->flags = ONE_OF(0, 0, AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EACCESS | AT_EMPTY_PATH, 1);
}

static void run_access(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &at);
	result_is(r, syscall(SYS_faccessat2, at.dir, at.text, op->mode, op->flags));
}

static void make_statx(struct op *op)
{
	some_target(op);
	op->flags = ONE_OF(0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_STATX_FORCE_SYNC,
			   AT_STATX_DONT_SYNC, AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, 1);
	op->mode = ONE_OF(STATX_BASIC_STATS, STATX_BASIC_STATS | STATX_BTIME | STATX_DIOALIGN,
			  STATX_SIZE, 0, STATX_TYPE | STATX_MODE);
}

static void run_statx(struct side *s, const struct op *op, struct result *r)
{
	place_of(s, op, &op->path, &at);
	result_is(r, statx(at.dir, at.text, op->flags, op->mode, &r->stat));
	r->has_stat = !r->ret;
}

/*
 * Not compared: f_type and f_fsid (docs/differences.md, "device number,
 * `f_type`"), free counters, which the two trees share, and the flags of
 * atime ("noatime, relatime of the mount").
 */
#define ST_TIMES	(0x400 | 0x800 | 0x1000)	/* noatime, nodiratime, relatime */

static void statfs_result(struct result *r, int ret, const struct statfs *st)
{
	result_is(r, ret);
	if (!ret)
		r->size = sprintf((char *)r->bytes, "bsize %ld blocks %lu files %lu namelen %ld "
				  "frsize %ld flags 0x%lx", st->f_bsize, st->f_blocks, st->f_files,
				  st->f_namelen, st->f_frsize, st->f_flags & ~ST_TIMES);
}

static void run_statfs(struct side *s, const struct op *op, struct result *r)
{
	const char *path = go_there(s, op, &op->path, r);
	struct statfs st;

	if (path)
		statfs_result(r, statfs(path, &st), &st);
}

static void run_fstatfs(struct side *s, const struct op *op, struct result *r)
{
	struct statfs st;

	statfs_result(r, fstatfs(s->fd[op->slot], &st), &st);
}

/* --- flags (chattr) --------------------------------------------------------------------------------- */

static void make_setflags(struct op *op)
{
	op->slot = some_slot(op, percent(25));
	op->flags = ONE_OF(0, 0, 0, FS_APPEND_FL, FS_IMMUTABLE_FL, FS_NODUMP_FL, FS_NOATIME_FL,
			   FS_SYNC_FL, FS_APPEND_FL | FS_NODUMP_FL, 1 << 30);
}

/* The scaffold is immutable and stays so; ext4 adds flags of its own, which stay too. */
static void run_setflags(struct side *s, const struct op *op, struct result *r)
{
	int fd = s->fd[op->slot], flags = 0;
	struct stat st;

	if (!fstat(fd, &st) && S_ISDIR(st.st_mode) && st.st_uid == SCAFFOLD_UID) {
		r->skipped = true;
		return;
	}
	result_is(r, ioctl(fd, FS_IOC_GETFLAGS, &flags));
	if (r->ret)
		return;
	flags &= ~(FS_APPEND_FL | FS_IMMUTABLE_FL | FS_NODUMP_FL | FS_NOATIME_FL | FS_SYNC_FL);
	flags |= op->flags;
	result_is(r, ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static void make_getflags(struct op *op)
{
	op->slot = some_slot(op, percent(25));
	op->flags = percent(50);
}

static void run_getflags(struct side *s, const struct op *op, struct result *r)
{
	struct fsxattr x = {};
	int flags = 0;

	if (op->flags) {
		result_is(r, ioctl(s->fd[op->slot], FS_IOC_FSGETXATTR, &x));
		/* The count of extents is where the allocator put them. */
		x.fsx_nextents = 0;
		r->size = sizeof(x);
		memcpy(r->bytes, &x, sizeof(x));
	} else {
		result_is(r, ioctl(s->fd[op->slot], FS_IOC_GETFLAGS, &flags));
		r->size = sizeof(flags);
		memcpy(r->bytes, &flags, sizeof(flags));
	}
}

/* --- extended attributes --------------------------------------------------------------------------- */

/*
 * slot2: how the file is named, by descriptor (0), by path, or by path without
 * following a link; off: which attribute.
 */
enum { BY_FD, BY_PATH, BY_LINK };

static void make_xattr(struct op *op)
{
	some_target(op);
	op->slot2 = ONE_OF(BY_FD, BY_PATH, BY_LINK);
	op->off = percent(25) ? below(2) : percent(40) ? XATTR_USER_A : below(op_xattr_count);
	op->len = percent(85) ? (int)below(100) : ONE_OF(0, 1000, 3000, 5000, 65536, 65537);
	op->flags = percent(70) ? 0 : ONE_OF(XATTR_CREATE, XATTR_REPLACE, 4);
	op->data = random_bits();
}

static void make_getxattr(struct op *op)
{
	make_xattr(op);
	op->len = percent(80) ? 65536 : (int)below(40);
}

/* An ACL, most times a valid one: version, then tag, permissions and id of each entry. */
static size_t make_acl(unsigned char *value, uint32_t seed)
{
	static const struct {
		uint16_t tag;
		uint32_t id;
	} all[] = {
		{ ACL_USER_OBJ, -1 }, { ACL_USER, 1000 }, { ACL_USER, 1002 }, { ACL_GROUP_OBJ, -1 },
		{ ACL_GROUP, 1000 }, { ACL_GROUP, 2000 }, { ACL_MASK, -1 }, { ACL_OTHER, -1 },
	};
	struct posix_acl_xattr_header *head = (void *)value;
	struct posix_acl_xattr_entry *entry = (void *)(head + 1);
	size_t i;

	head->a_version = POSIX_ACL_XATTR_VERSION + (seed % 31 == 0);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool optional = all[i].tag == ACL_USER || all[i].tag == ACL_GROUP;

		seed = seed * 1664525 + 1013904223;
		if (optional ? seed >> 30 == 0 : seed >> 26 == 0)
			continue;
		*entry++ = (struct posix_acl_xattr_entry){ all[i].tag, seed >> 20 & 7, all[i].id };
	}
	return (unsigned char *)entry - value;
}

static size_t make_capability(unsigned char *value, uint32_t seed)
{
	struct vfs_cap_data cap = {
		.magic_etc = VFS_CAP_REVISION_2 | (seed & 1),
		.data[0].permitted = 1 << CAP_NET_RAW,
	};

	memcpy(value, &cap, sizeof(cap));
	return sizeof(cap);
}

static size_t make_value(const struct op *op, unsigned char *value)
{
	if (op->off <= XATTR_ACL_DEFAULT && op->data % 10)
		return make_acl(value, op->data);
	if (!strcmp(op_xattrs[op->off], "security.capability") && op->data % 10)
		return make_capability(value, op->data);
	pattern(value, op->len, op->data);
	return op->len;
}

static void run_setxattr(struct side *s, const struct op *op, struct result *r)
{
	static unsigned char value[65540];
	const char *name = op_xattrs[op->off], *path = go_there(s, op, &op->path, r);
	size_t size = make_value(op, value);

	if (op->slot2 == BY_FD)
		result_is(r, fsetxattr(s->fd[op->slot], name, value, size, op->flags));
	else if (path && op->slot2 == BY_PATH)
		result_is(r, setxattr(path, name, value, size, op->flags));
	else if (path)
		result_is(r, lsetxattr(path, name, value, size, op->flags));
}

static void run_getxattr(struct side *s, const struct op *op, struct result *r)
{
	const char *name = op_xattrs[op->off], *path = go_there(s, op, &op->path, r);

	if (op->slot2 == BY_FD)
		result_is(r, fgetxattr(s->fd[op->slot], name, r->bytes, op->len));
	else if (path && op->slot2 == BY_PATH)
		result_is(r, getxattr(path, name, r->bytes, op->len));
	else if (path)
		result_is(r, lgetxattr(path, name, r->bytes, op->len));
	r->size = r->ret > 0 && op->len ? r->ret : 0;
}

static void run_listxattr(struct side *s, const struct op *op, struct result *r)
{
	const char *path = go_there(s, op, &op->path, r);
	char *list = (char *)r->bytes;

	if (op->slot2 == BY_FD)
		result_is(r, flistxattr(s->fd[op->slot], list, op->len));
	else if (path && op->slot2 == BY_PATH)
		result_is(r, listxattr(path, list, op->len));
	else if (path)
		result_is(r, llistxattr(path, list, op->len));
	r->size = r->ret > 0 && op->len ? r->ret : 0;
}

static void run_removexattr(struct side *s, const struct op *op, struct result *r)
{
	const char *name = op_xattrs[op->off], *path = go_there(s, op, &op->path, r);

	if (op->slot2 == BY_FD)
		result_is(r, fremovexattr(s->fd[op->slot], name));
	else if (path && op->slot2 == BY_PATH)
		result_is(r, removexattr(path, name));
	else if (path)
		result_is(r, lremovexattr(path, name));
}

#define XATTR_FIELDS	(HAS_SLOT | HAS_SLOT2 | HAS_PATH | HAS_OFF)

const struct op_kind attr_kinds[] = {
	{ "chmod", 28, HAS_PATH | HAS_MODE, make_chmod, run_chmod },
	{ "fchmod", 14, HAS_SLOT | HAS_MODE, make_chmod, run_fchmod },
	{ "chown", 22, HAS_PATH | HAS_OFF | HAS_LEN | HAS_FLAGS, make_chown, run_chown },
	{ "fchown", 12, HAS_SLOT | HAS_OFF | HAS_LEN, make_chown, run_fchown },
	{ "times", 24, HAS_PATH | HAS_SLOT | HAS_OFF | HAS_LEN | HAS_FLAGS | HAS_DATA, make_times,
	  run_times },
	{ "access", 25, HAS_PATH | HAS_MODE | HAS_FLAGS, make_access, run_access },
	{ "statx", 25, HAS_PATH | HAS_MODE | HAS_FLAGS, make_statx, run_statx },
	{ "statfs", 5, HAS_PATH, some_target, run_statfs },
	{ "fstatfs", 5, HAS_SLOT, some_target, run_fstatfs },
	{ "setflags", 14, HAS_SLOT | HAS_FLAGS, make_setflags, run_setflags },
	{ "getflags", 8, HAS_SLOT | HAS_FLAGS, make_getflags, run_getflags },
	{ "setxattr", 45, XATTR_FIELDS | HAS_LEN | HAS_FLAGS | HAS_DATA, make_xattr, run_setxattr },
	{ "getxattr", 20, XATTR_FIELDS | HAS_LEN, make_getxattr, run_getxattr },
	{ "listxattr", 14, XATTR_FIELDS | HAS_LEN, make_getxattr, run_listxattr },
	{ "removexattr", 10, XATTR_FIELDS, make_xattr, run_removexattr },
};
const unsigned int attr_kind_count = sizeof(attr_kinds) / sizeof(attr_kinds[0]);
