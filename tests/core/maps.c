// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps of a module's type: each bad argument has its errno and leaves nothing,
 * and the module can go just when the last map has gone.
 */
#include "test.h"
#include "core.h"

static struct core_type type;

static int setup(void **state)
{
	core_load();
	type = core_find();
	return 0;
}

/* What bpf_map_create() is given; the tests change one thing each. */
struct args {
	enum bpf_map_type map_type;
	__u32 key_size, value_size, entries;
	struct bpf_map_create_opts opts;
};

static struct args good_args(void)
{
	return (struct args){
		.map_type = BPF_MAP_TYPE_STRUCT_OPS,
		.key_size = sizeof(__u32),
		.value_size = type.value_size,
		.entries = 1,
		.opts = {
			.sz = sizeof(struct bpf_map_create_opts),
			.map_flags = BPF_F_VTYPE_BTF_OBJ_FD,
			.btf_vmlinux_value_type_id = type.value,
			.value_type_btf_obj_fd = type.fd,
			.btf_fd = core_own_btf(),
		},
	};
}

static int create(const struct args *args)
{
	int fd = bpf_map_create(args->map_type, "core_test", args->key_size, args->value_size,
				args->entries, &args->opts);

	return core_keep(fd < 0 ? -1 : fd);
}

#define refused_with(err, change...) do {					\
	struct args args = good_args();						\
	change;									\
	assert_fails(create(&args), err);					\
	assert_int_equal(core_refs(), 0);					\
} while (0)

static void bad_sizes(void **state)
{
	refused_with(EINVAL, args.key_size = 8);
	refused_with(EINVAL, args.key_size = 0);
	refused_with(EINVAL, args.entries = 0);
	refused_with(EINVAL, args.entries = 2);
	refused_with(EINVAL, args.value_size = 0);
	refused_with(EINVAL, args.value_size--);
	refused_with(EINVAL, args.value_size++);
}

static void bad_types(void **state)
{
	refused_with(EINVAL, args.opts.btf_vmlinux_value_type_id = 0);
	refused_with(ENOTSUPP, args.opts.btf_vmlinux_value_type_id = type.ops);
	refused_with(ENOTSUPP, args.opts.btf_vmlinux_value_type_id = type.arg);
	refused_with(ENOTSUPP, args.opts.btf_vmlinux_value_type_id = 1);
	refused_with(ENOTSUPP, args.opts.btf_vmlinux_value_type_id = 0x7fffffff);
	refused_with(EINVAL, args.opts.btf_value_type_id = 1);
	refused_with(EINVAL, args.map_type = BPF_MAP_TYPE_ARRAY; args.opts.map_flags = 0);
}

static void bad_flags(void **state)
{
	refused_with(EINVAL, args.opts.map_flags |= BPF_F_NO_PREALLOC);
	refused_with(EINVAL, args.opts.map_flags |= BPF_F_RDONLY);
	refused_with(EINVAL, args.opts.map_flags |= BPF_F_MMAPABLE);
	refused_with(EINVAL, args.opts.map_flags |= 1u << 31);
	refused_with(EINVAL, args.opts.map_extra = 1);
	/* The flag is of this map type alone. */
	refused_with(EINVAL, args.map_type = BPF_MAP_TYPE_ARRAY;
		     args.opts.btf_vmlinux_value_type_id = 0);
	/* Without the flag the id is one of vmlinux, and none of its struct_ops. */
	refused_with(ENOTSUPP, args.opts.map_flags = 0);
}

static int vmlinux_fd(void)
{
	struct bpf_btf_info info = {};
	__u32 len = sizeof(info);
	int fd = core_keep(bpf_btf_get_fd_by_id(1));

	assert_ok(fd);
	assert_ok(bpf_btf_get_info_by_fd(fd, &info, &len));
	assert_true(info.kernel_btf);
	return fd;
}

static void bad_btf(void **state)
{
	int other = core_keep(bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 4, 1, NULL));

	assert_ok(other);
	refused_with(EBADF, args.opts.value_type_btf_obj_fd = -1);
	refused_with(EBADF, args.opts.value_type_btf_obj_fd = 1000);
	refused_with(EINVAL, args.opts.value_type_btf_obj_fd = 0);
	refused_with(EINVAL, args.opts.value_type_btf_obj_fd = other);
	refused_with(EINVAL, args.opts.value_type_btf_obj_fd = vmlinux_fd());
	refused_with(EINVAL, args.opts.value_type_btf_obj_fd = core_own_btf());
	/* The other descriptor is for what the map's maker has compiled. */
	refused_with(EINVAL, args.opts.btf_fd = 0);
	refused_with(EBADF, args.opts.btf_fd = 1000);
	refused_with(EACCES, args.opts.btf_fd = type.fd);
}

static void held_by_the_map(void **state)
{
	int map = core_map(&type, 0), second;
	__u32 id = core_map_id(map);

	assert_int_equal(core_refs(), 1);
	assert_fails(core_unload(), EAGAIN);
	second = core_map(&type, BPF_F_LINK);
	assert_int_equal(core_refs(), 2);
	core_close(second);
	core_refs_become(1);
	assert_fails(core_unload(), EAGAIN);
	assert_true(core_loaded());
	core_close(map);
	assert_true(wait_for(SOON, map_gone, &id));
	core_gone();
	core_load();
}

/* A descriptor that user space kept does not keep the module. */
static void btf_does_not_hold(void **state)
{
	core_gone();
	assert_fails(core_map(&type, 0), EINVAL);
	assert_fails(core_prog_of(&type, CORE_TEST_OP, SET(BPF_REG_0, 0), EXIT()), ENOTSUPP);
	core_load();
	assert_fails(core_map(&type, 0), EINVAL);
	assert_int_equal(core_refs(), 0);
}

static void info(void **state)
{
	struct bpf_map_info map_info = {};
	struct bpf_btf_info btf_info = {};
	__u32 len = sizeof(map_info);
	int map = core_map(&type, 0);

	assert_ok(bpf_map_get_info_by_fd(map, &map_info, &len));
	len = sizeof(btf_info);
	assert_ok(bpf_btf_get_info_by_fd(type.fd, &btf_info, &len));
	assert_int_equal(map_info.type, BPF_MAP_TYPE_STRUCT_OPS);
	assert_int_equal(map_info.btf_vmlinux_id, btf_info.id);
	assert_int_equal(map_info.btf_vmlinux_value_type_id, type.value);
	assert_int_equal(map_info.value_size, type.value_size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bad_sizes, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_types, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_flags, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_btf, setup, core_teardown),
		cmocka_unit_test_setup_teardown(held_by_the_map, setup, core_teardown),
		cmocka_unit_test_setup_teardown(btf_does_not_hold, setup, core_teardown),
		cmocka_unit_test_setup_teardown(info, setup, core_teardown),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
