// SPDX-License-Identifier: GPL-2.0-only
/* The test module of tests/core. */
#include "test.h"
#include "core.h"

#include <bpf/btf.h>
#include <sys/syscall.h>

#define PARAMETERS	"/sys/module/core_test/parameters"

char core_log[65536];

static int kept[256];
static size_t nkept;

int core_keep(int fd)
{
	if (fd < 0)
		return fd;
	assert_true(nkept < sizeof(kept) / sizeof(kept[0]));
	kept[nkept++] = fd;
	return fd;
}

void core_close(int fd)
{
	size_t i;

	for (i = 0; i < nkept; i++) {
		if (kept[i] != fd)
			continue;
		kept[i] = kept[--nkept];
		assert_ok(close(fd));
		return;
	}
	fail_msg("descriptor %d is not one of core_keep()", fd);
}

int core_teardown(void **state)
{
	while (nkept)
		close(kept[--nkept]);
	if (core_loaded())
		core_gone();
	return 0;
}

int core_try_load(const char *file, const char *params)
{
	const char *build = getenv("TEST_BUILD");
	int fd, ret, err;

	assert_non_null(build);
	fd = open(fmt("%s/core/module/%s.ko", build, file), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("open %s.ko: %m", file);
	ret = syscall(SYS_finit_module, fd, params, 0);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

int core_unload(void)
{
	return syscall(SYS_delete_module, "core_test", O_NONBLOCK);
}

bool core_loaded(void)
{
	return !access("/sys/module/core_test", F_OK);
}

void core_load(void)
{
	assert_ok(core_try_load("core_test", ""));
	assert_int_equal(core_param("registered"), 0);
	assert_int_equal(core_param("inits"), 1);
	assert_int_equal(core_refs(), 0);
}

static bool unloaded(void *arg)
{
	int *ret = arg;

	*ret = core_unload();
	return !*ret || errno != EAGAIN;
}

void core_gone(void)
{
	int ret;

	wait_for(SOON, unloaded, &ret);
	assert_ok(ret);
	assert_false(core_loaded());
}

static long read_number(const char *path)
{
	FILE *f = fopen(path, "r");
	long number;

	if (!f)
		fail_msg("%s: %m", path);
	assert_int_equal(fscanf(f, "%ld", &number), 1);
	fclose(f);
	return number;
}

long core_refs(void)
{
	return read_number("/sys/module/core_test/refcnt");
}

long core_param(const char *name)
{
	return read_number(fmt(PARAMETERS "/%s", name));
}

int core_set(const char *name, const char *text)
{
	int fd = open(fmt(PARAMETERS "/%s", name), O_WRONLY | O_CLOEXEC), err;
	ssize_t ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text));
	err = errno;
	close(fd);
	errno = err;
	return ret < 0 ? -1 : 0;
}

static bool refs_are(void *refs)
{
	return core_refs() == *(long *)refs;
}

void core_refs_become(long refs)
{
	if (!wait_for(SOON, refs_are, &refs))
		fail_msg("the module has %ld references, not %ld", core_refs(), refs);
}

int core_btf_fd(void)
{
	__u32 id = 0;

	while (!bpf_btf_get_next_id(id, &id)) {
		char name[64] = "";
		struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
		__u32 len = sizeof(info);
		int fd = bpf_btf_get_fd_by_id(id);

		if (fd < 0)
			continue;	/* it went meanwhile */
		if (!bpf_btf_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		    !strcmp(name, "core_test"))
			return fd;
		close(fd);
	}
	return -1;
}

/* Parsed once: it takes long in an emulated machine. */
static struct btf *vmlinux_btf(void)
{
	static struct btf *btf;

	if (!btf)
		btf = btf__load_vmlinux_btf();
	assert_non_null(btf);
	return btf;
}

static __u32 type_id(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	if (id <= 0)
		fail_msg("the BTF has no struct %s", name);
	return id;
}

static __u32 data_offset(const struct btf *btf, __u32 value)
{
	const struct btf_type *t = btf__type_by_id(btf, value);
	__u32 i;

	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), "data"))
			return btf_member_bit_offset(t, i) / 8;
	fail_msg("the value has no member \"data\"");
	return 0;
}

struct core_type core_find(void)
{
	struct bpf_btf_info info = {};
	__u32 len = sizeof(info);
	struct core_type type = { .fd = core_keep(core_btf_fd()) };
	struct btf *btf;

	assert_ok(type.fd);
	assert_ok(bpf_btf_get_info_by_fd(type.fd, &info, &len));
	btf = btf__load_from_kernel_by_id_split(info.id, vmlinux_btf());
	assert_non_null(btf);
	type.ops = type_id(btf, "core_test_ops");
	type.arg = type_id(btf, "core_test_arg");
	type.value = type_id(btf, "bpf_struct_ops_core_test_ops");
	type.value_size = btf__type_by_id(btf, type.value)->size;
	type.data = data_offset(btf, type.value);
	assert_true(type.value_size <= sizeof(struct core_value));
	btf__free(btf);
	return type;
}

int core_own_btf(void)
{
	static struct btf *btf;

	if (!btf) {
		btf = btf__new_empty();
		assert_non_null(btf);
		assert_true(btf__add_int(btf, "int", 4, 0) > 0);
		assert_int_equal(btf__load_into_kernel(btf), 0);
	}
	return btf__fd(btf);
}

/* libbpf returns other negative numbers than -1. */
static int fd_or_errno(int fd)
{
	return core_keep(fd < 0 ? -1 : fd);
}

int core_map(const struct core_type *type, __u32 flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts,
		.map_flags = flags | BPF_F_VTYPE_BTF_OBJ_FD,
		.btf_vmlinux_value_type_id = type->value,
		.value_type_btf_obj_fd = type->fd,
		.btf_fd = core_own_btf(),
	);

	return fd_or_errno(bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, "core_test", sizeof(__u32),
					  type->value_size, 1, &opts));
}

int core_prog(const struct core_type *type, int member, const struct bpf_insn *insns, size_t n)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = member,
		.attach_btf_id = type->ops,
		.attach_btf_obj_fd = type->fd,
		.log_buf = core_log,
		.log_size = sizeof(core_log),
		.log_level = 1,
	);

	core_log[0] = 0;
	return fd_or_errno(bpf_prog_load(BPF_PROG_TYPE_STRUCT_OPS, "core_test", "GPL", insns, n,
					 &opts));
}

__u32 core_vmlinux_type(const char *name)
{
	return type_id(vmlinux_btf(), name);
}

int core_vmlinux_prog(const char *ops, int member, const struct bpf_insn *insns, size_t n)
{
	const struct core_type type = { .ops = core_vmlinux_type(ops) };

	return core_prog(&type, member, insns, n);
}

int core_returns(const struct core_type *type, int member, int number)
{
	int fd = core_prog_of(type, member, SET(BPF_REG_0, number), EXIT());

	if (fd < 0)
		fail_msg("a program for member %d: %m: %s", member, core_log);
	return fd;
}

__u64 *core_member(struct core_value *value, const struct core_type *type, int member)
{
	return &value->words[type->data / 8 + member];
}

struct core_value core_value(const struct core_type *type, __u64 cookie, int member, int prog)
{
	struct core_value value = {};

	*core_member(&value, type, CORE_TEST_COOKIE) = cookie;
	if (prog >= 0)
		*core_member(&value, type, member) = prog;
	return value;
}

int core_update(int map, const struct core_value *value)
{
	__u32 key = 0;

	return bpf_map_update_elem(map, &key, value, 0) ? -1 : 0;
}

int core_delete(int map)
{
	__u32 key = 0;

	return bpf_map_delete_elem(map, &key) ? -1 : 0;
}

struct core_value core_lookup(int map)
{
	struct core_value value = {};
	__u32 key = 0;

	assert_ok(bpf_map_lookup_elem(map, &key, &value));
	return value;
}

/* Behind the reference count. */
int core_state(int map)
{
	struct core_value value = core_lookup(map);
	__u32 state;

	memcpy(&state, &value.bytes[4], sizeof(state));
	return state;
}

int core_call(int member, long arg)
{
	assert_ok(core_set("call", fmt("%d %ld", member, arg)));
	return core_param("result");
}

__u32 core_map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	assert_ok(bpf_map_get_info_by_fd(fd, &info, &len));
	return info.id;
}

bool core_patched(void)
{
	const char *patched = getenv("core_patch");

	return patched && *patched;
}

int core_attach_type(const char *name)
{
	const struct btf *btf = vmlinux_btf();
	__s32 id = btf__find_by_name_kind(btf, "bpf_attach_type", BTF_KIND_ENUM);
	const struct btf_type *t;
	int i;

	assert_true(id > 0);
	t = btf__type_by_id(btf, id);
	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), name))
			return btf_enum(t)[i].val;
	return -1;
}
