// SPDX-License-Identifier: GPL-2.0-only
/* A FUSE server that withholds answers, without libfuse: see server.h. */
#include "server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/uio.h>

#define NODES		64
#define BUFFER		65536
#define MAX_WRITE	4096
#define FOR_EVER	1000000		/* seconds */

/* To close a file is no operation: one who was killed, or closes his copy, would wait there. */
#define FILE_FLAGS	(FOPEN_DIRECT_IO | FOPEN_NOFLUSH)

/* What the test wants of the server, in shared memory; who asks also writes to wake_fd. */
static struct control {
	unsigned int asked, done;	/* numbers of what was asked for last, and what was done */
	bool stalled;
	uint64_t hold;			/* operations, of this node */
	uint64_t node;
	bool held;
} *control;

static int wake_fd;
static struct task *server;

/* --- the files, in the server ----------------------------------------------------------------- */

/* Its number is the place in the table; 0 is none, 1 the root. */
static struct node {
	uint64_t parent;
	mode_t mode;
	char name[32];
	char data[64];
	size_t size;
} nodes[NODES];

struct request {
	struct fuse_in_header header;
	char body[BUFFER];
};

struct answer {
	char data[8192];
	size_t len;
};

static int device;
static struct request held;

static uint64_t node_find(uint64_t parent, const char *name)
{
	for (uint64_t i = 1; i < NODES; i++)
		if (nodes[i].mode && nodes[i].parent == parent && !strcmp(nodes[i].name, name))
			return i;
	return 0;
}

static uint64_t node_make(uint64_t parent, const char *name, mode_t mode)
{
	for (uint64_t i = 1; i < NODES; i++) {
		if (nodes[i].mode)
			continue;
		nodes[i] = (struct node){ .parent = parent, .mode = mode };
		strncpy(nodes[i].name, name, sizeof(nodes[i].name) - 1);
		return i;
	}
	return 0;
}

static void make_files(void)
{
	static const char *const dirs[] = { "na", "nb", "oa", "ob" };
	static const char *const files[] = { "f", "g", "h" };

	if (nodes[FUSE_ROOT_ID].mode)
		return;
	node_make(0, "", S_IFDIR | 0755);
	for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++) {
		uint64_t dir = node_make(FUSE_ROOT_ID, dirs[d], S_IFDIR | 0755);

		for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
			struct node *node = &nodes[node_make(dir, files[f], S_IFREG | 0644)];

			strcpy(node->data, "text");
			node->size = 4;
		}
	}
}

static uint64_t node_at(const char *path)
{
	char dir[32] = "";
	const char *slash = strchr(path, '/');

	if (!slash)
		return node_find(FUSE_ROOT_ID, path);
	strncpy(dir, path, slash - path);
	return node_find(node_find(FUSE_ROOT_ID, dir), slash + 1);
}

/* --- operations: 0 and an answer, or an errno ------------------------------------------------- */

static void *answer_space(struct answer *a, size_t len)
{
	void *at = a->data + a->len;

	memset(at, 0, len);
	a->len += len;
	return at;
}

static void fill_attr(struct fuse_attr *attr, uint64_t node)
{
	attr->ino = node;
	attr->size = nodes[node].size;
	attr->mode = nodes[node].mode;
	attr->nlink = S_ISDIR(nodes[node].mode) ? 2 : 1;
	attr->blksize = 4096;
}

static int answer_entry(struct answer *a, uint64_t node)
{
	struct fuse_entry_out *out = answer_space(a, sizeof(*out));

	if (!node)
		return ENOENT;
	out->nodeid = node;
	out->entry_valid = FOR_EVER;
	out->attr_valid = S_ISDIR(nodes[node].mode) ? FOR_EVER : 0;
	fill_attr(&out->attr, node);
	return 0;
}

static int do_init(const struct request *r, struct answer *a)
{
	const struct fuse_init_in *in = (const void *)r->body;
	struct fuse_init_out *out = answer_space(a, sizeof(*out));

	out->major = FUSE_KERNEL_VERSION;
	out->minor = in->minor < FUSE_KERNEL_MINOR_VERSION ? in->minor : FUSE_KERNEL_MINOR_VERSION;
	out->flags = in->flags & FUSE_PARALLEL_DIROPS;
	out->max_write = MAX_WRITE;
	out->time_gran = 1;
	return 0;
}

static int do_lookup(const struct request *r, struct answer *a)
{
	return answer_entry(a, node_find(r->header.nodeid, r->body));
}

static int do_getattr(const struct request *r, struct answer *a)
{
	struct fuse_attr_out *out = answer_space(a, sizeof(*out));

	out->attr_valid = S_ISDIR(nodes[r->header.nodeid].mode) ? FOR_EVER : 0;
	fill_attr(&out->attr, r->header.nodeid);
	return 0;
}

static int do_setattr(const struct request *r, struct answer *a)
{
	const struct fuse_setattr_in *in = (const void *)r->body;
	struct node *node = &nodes[r->header.nodeid];

	if (in->valid & FATTR_MODE)
		node->mode = in->mode;
	if (in->valid & FATTR_SIZE && in->size <= sizeof(node->data))
		node->size = in->size;
	return do_getattr(r, a);
}

static int do_open(const struct request *r, struct answer *a)
{
	struct fuse_open_out *out = answer_space(a, sizeof(*out));

	out->open_flags = S_ISREG(nodes[r->header.nodeid].mode) ? FILE_FLAGS : 0;
	return 0;
}

static int do_read(const struct request *r, struct answer *a)
{
	const struct fuse_read_in *in = (const void *)r->body;
	const struct node *node = &nodes[r->header.nodeid];
	size_t left = in->offset < node->size ? node->size - in->offset : 0;
	size_t len = in->size < left ? in->size : left;

	memcpy(answer_space(a, len), node->data + in->offset, len);
	return 0;
}

static int do_write(const struct request *r, struct answer *a)
{
	const struct fuse_write_in *in = (const void *)r->body;
	struct fuse_write_out *out = answer_space(a, sizeof(*out));
	struct node *node = &nodes[r->header.nodeid];
	size_t end = in->offset + in->size;

	if (end > sizeof(node->data))
		return ENOSPC;
	memcpy(node->data + in->offset, in + 1, in->size);
	node->size = end > node->size ? end : node->size;
	out->size = in->size;
	return 0;
}

static int do_readdir(const struct request *r, struct answer *a)
{
	const struct fuse_read_in *in = (const void *)r->body;

	for (uint64_t i = in->offset + 1; i < NODES; i++) {
		size_t len = strlen(nodes[i].name);
		size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + len);
		struct fuse_dirent *entry;

		if (!nodes[i].mode || nodes[i].parent != r->header.nodeid)
			continue;
		if (a->len + size > in->size)
			break;
		entry = answer_space(a, size);
		entry->ino = i;
		entry->off = i;
		entry->namelen = len;
		entry->type = S_ISDIR(nodes[i].mode) ? 4 : 8;
		memcpy(entry->name, nodes[i].name, len);
	}
	return 0;
}

static int make(const struct request *r, struct answer *a, const char *name, mode_t mode)
{
	if (node_find(r->header.nodeid, name))
		return EEXIST;
	return answer_entry(a, node_make(r->header.nodeid, name, mode)) ? ENOSPC : 0;
}

static int do_mknod(const struct request *r, struct answer *a)
{
	const struct fuse_mknod_in *in = (const void *)r->body;

	return make(r, a, (const char *)(in + 1), in->mode);
}

static int do_mkdir(const struct request *r, struct answer *a)
{
	const struct fuse_mkdir_in *in = (const void *)r->body;

	return make(r, a, (const char *)(in + 1), S_IFDIR | in->mode);
}

static int do_create(const struct request *r, struct answer *a)
{
	const struct fuse_create_in *in = (const void *)r->body;
	int err = make(r, a, (const char *)(in + 1), in->mode);
	struct fuse_open_out *out = answer_space(a, sizeof(*out));

	out->open_flags = FILE_FLAGS;
	return err;
}

static int do_remove(const struct request *r, struct answer *a)
{
	uint64_t node = node_find(r->header.nodeid, r->body);

	if (!node)
		return ENOENT;
	/* Its number is not given to another as long as the kernel may know it. */
	nodes[node].parent = 0;
	return 0;
}

static int move(const struct request *r, uint64_t to, const char *old)
{
	const char *new = old + strlen(old) + 1;
	uint64_t node = node_find(r->header.nodeid, old), victim = node_find(to, new);

	if (!node)
		return ENOENT;
	if (victim)
		nodes[victim].parent = 0;
	nodes[node].parent = to;
	strncpy(nodes[node].name, new, sizeof(nodes[node].name) - 1);
	return 0;
}

static int do_rename(const struct request *r, struct answer *a)
{
	const struct fuse_rename_in *in = (const void *)r->body;

	return move(r, in->newdir, (const char *)(in + 1));
}

static int do_rename2(const struct request *r, struct answer *a)
{
	const struct fuse_rename2_in *in = (const void *)r->body;

	return move(r, in->newdir, (const char *)(in + 1));
}

static int do_statfs(const struct request *r, struct answer *a)
{
	struct fuse_statfs_out *out = answer_space(a, sizeof(*out));

	out->st.bsize = out->st.frsize = 4096;
	out->st.namelen = 31;
	return 0;
}

static int do_nothing(const struct request *r, struct answer *a)
{
	return 0;
}

static int has_no_attribute(const struct request *r, struct answer *a)
{
	return ENODATA;
}

static int is_refused(const struct request *r, struct answer *a)
{
	return EPERM;
}

/* What is not here gets ENOSYS, after which the kernel does without. */
static int (*const operations[])(const struct request *r, struct answer *a) = {
	[FUSE_INIT] = do_init,
	[FUSE_LOOKUP] = do_lookup,
	[FUSE_GETATTR] = do_getattr,
	[FUSE_SETATTR] = do_setattr,
	[FUSE_OPEN] = do_open,
	[FUSE_OPENDIR] = do_open,
	[FUSE_READ] = do_read,
	[FUSE_WRITE] = do_write,
	[FUSE_READDIR] = do_readdir,
	[FUSE_MKNOD] = do_mknod,
	[FUSE_MKDIR] = do_mkdir,
	[FUSE_CREATE] = do_create,
	[FUSE_UNLINK] = do_remove,
	[FUSE_RMDIR] = do_remove,
	[FUSE_RENAME] = do_rename,
	[FUSE_RENAME2] = do_rename2,
	[FUSE_STATFS] = do_statfs,
	[FUSE_GETXATTR] = has_no_attribute,
	[FUSE_SETXATTR] = do_nothing,
	[FUSE_FSYNC] = do_nothing,
	[FUSE_FALLOCATE] = do_nothing,
	[FUSE_RELEASE] = do_nothing,
	[FUSE_RELEASEDIR] = do_nothing,
	[FUSE_LINK] = is_refused,
};

/* --- the server ------------------------------------------------------------------------------- */

static bool has_answer(uint32_t op)
{
	return op != FUSE_FORGET && op != FUSE_BATCH_FORGET && op != FUSE_INTERRUPT;
}

static void serve(const struct request *r)
{
	static struct answer a;
	uint32_t op = r->header.opcode;
	struct fuse_out_header out = { .unique = r->header.unique };
	struct iovec parts[2] = { { &out, sizeof(out) }, { a.data, 0 } };

	a.len = 0;
	out.error = -ENOSYS;
	if (op < sizeof(operations) / sizeof(operations[0]) && operations[op])
		out.error = -operations[op](r, &a);
	parts[1].iov_len = out.error ? 0 : a.len;
	out.len = sizeof(out) + parts[1].iov_len;
	/* ENOENT: there is no such request any more. */
	if (writev(device, parts, 2) < 0 && errno != ENOENT)
		fprintf(stderr, "# FUSE server: answer to operation %u: %m\n", op);
}

/* False: there is no filesystem any more. */
static bool take_request(void)
{
	static struct request r;
	ssize_t len = read(device, &r, sizeof(r));

	if (len < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOENT;
	if (!has_answer(r.header.opcode))
		return true;
	if (r.header.opcode < 64 && control->hold >> r.header.opcode & 1 &&
	    r.header.nodeid == control->node) {
		control->hold = 0;
		held = r;
		__atomic_store_n(&control->held, true, __ATOMIC_RELEASE);
	} else {
		serve(&r);
	}
	return true;
}

static void take_orders(void)
{
	unsigned int asked = __atomic_load_n(&control->asked, __ATOMIC_ACQUIRE);
	eventfd_t count;

	eventfd_read(wake_fd, &count);
	if (asked == control->done)
		return;
	if (control->held && !control->hold) {
		serve(&held);
		control->held = false;
	}
	__atomic_store_n(&control->done, asked, __ATOMIC_RELEASE);
}

static int run(void *arg)
{
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = wake_fd, .events = POLLIN },
			{ .fd = control->stalled ? -1 : device, .events = POLLIN },
		};

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return errno;
		if (p[0].revents)
			take_orders();
		if (p[1].revents && !take_request())
			return 0;
	}
}

/* --- the test --------------------------------------------------------------------------------- */

bool server_possible(void)
{
	int fd;

	if (!fs_known("fuse"))
		return false;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		print_message("# /dev/fuse: %s\n", strerrorname_np(errno));
	else
		close(fd);
	return fd >= 0;
}

static void new_control(void)
{
	if (!control)
		control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(control, MAP_FAILED);
	memset(control, 0, sizeof(*control));
	wake_fd = must(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

void server_start(const char *at)
{
	make_files();
	new_control();
	device = must(open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC));
	must(mount("test", at, "fuse", MS_NOSUID | MS_NODEV,
		   fmt("fd=%d,rootmode=40000,user_id=0,group_id=0", device)));
	server = task_start(run, NULL);
	/* The server's death is to be the end of the filesystem. */
	close(device);
}

static bool has_done(void *arg)
{
	return __atomic_load_n(&control->done, __ATOMIC_ACQUIRE) == control->asked;
}

static void ask_server(void)
{
	__atomic_add_fetch(&control->asked, 1, __ATOMIC_RELEASE);
	must(eventfd_write(wake_fd, 1));
	assert_true(wait_for(PATIENCE, has_done, NULL));
}

/* The files as they are made, in this process too, have the numbers. */
void server_hold(uint64_t ops, const char *path)
{
	control->node = node_at(path);
	assert_int_not_equal(control->node, 0);
	control->hold = ops;
	ask_server();
}

static bool is_held(void *arg)
{
	return __atomic_load_n(&control->held, __ATOMIC_ACQUIRE);
}

bool server_holds(void)
{
	return wait_for(PATIENCE, is_held, NULL);
}

void server_release(void)
{
	control->hold = 0;
	ask_server();
}

void server_stall(void)
{
	control->stalled = true;
	ask_server();
}

void server_resume(void)
{
	control->stalled = false;
	ask_server();
}

void server_end(void)
{
	task_kill(server);
	assert_true(task_ends(server, PATIENCE));
}
