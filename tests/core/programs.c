// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs for a module's type. Holes of kernels without a core patch are shown
 * as they are: the index of a member that is the number of some attach type
 * changes what its program may do, is given, or whether it loads at all.
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

static const struct bpf_insn returns_0[] = { SET(BPF_REG_0, 0), EXIT() };

/* A load of returns_0 with one thing changed: the errno, and nothing holds the module afterwards. */
struct args {
	const char *license;
	struct bpf_prog_load_opts opts;
};

static int load(struct args *args)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_STRUCT_OPS, "core_test", args->license, returns_0, 2,
			       &args->opts);

	return core_keep(fd < 0 ? -1 : fd);
}

static struct args good_args(void)
{
	core_log[0] = 0;
	return (struct args){
		.license = "GPL",
		.opts = {
			.sz = sizeof(struct bpf_prog_load_opts),
			.expected_attach_type = CORE_TEST_OP,
			.attach_btf_id = type.ops,
			.attach_btf_obj_fd = type.fd,
			.log_buf = core_log,
			.log_size = sizeof(core_log),
			.log_level = 1,
		},
	};
}

#define refused_with(err, text, change...) do {				\
	struct args args = good_args();						\
	change;									\
	assert_fails(load(&args), err);						\
	assert_has(core_log, text);						\
	assert_int_equal(core_refs(), 0);					\
} while (0)

static void good(void **state)
{
	struct args args = good_args();
	int fd = load(&args);

	assert_ok(fd);
	/* It holds nothing: the next load of the module finds it still there. */
	assert_int_equal(core_refs(), 0);
	core_gone();
	core_load();
	core_close(fd);
}

static void bad_member(void **state)
{
	refused_with(EINVAL, "attach to invalid member cookie(@idx 0) of struct core_test_ops",
		     args.opts.expected_attach_type = CORE_TEST_COOKIE);
	refused_with(EINVAL, "attach to invalid member idx 64 of struct core_test_ops",
		     args.opts.expected_attach_type = CORE_TEST_MEMBERS);
	refused_with(EINVAL, "attach to invalid member idx 4294967295 of struct core_test_ops",
		     args.opts.expected_attach_type = -1);
}

static void member_without_stub(void **state)
{
	refused_with(ENOTSUPP, "attach to unsupported member op57 of struct core_test_ops",
		     args.opts.expected_attach_type = CORE_TEST_UNSUPPORTED);
}

static void bad_type(void **state)
{
	refused_with(ENOTSUPP, "is not a supported struct", args.opts.attach_btf_id = type.arg);
	refused_with(ENOTSUPP, "is not a supported struct", args.opts.attach_btf_id = type.value);
	/* A module's BTF has the ids of vmlinux too, but not its struct_ops types. */
	refused_with(ENOTSUPP, "is not a supported struct",
		     args.opts.attach_btf_id = core_vmlinux_type("tcp_congestion_ops"));
	/* Without the descriptor the id is one of vmlinux. */
	refused_with(ENOTSUPP, "is not a supported struct", args.opts.attach_btf_obj_fd = 0);
	refused_with(EINVAL, "", args.opts.attach_btf_id = 0);
	refused_with(EINVAL, "", args.opts.attach_btf_obj_fd = 1000);
	refused_with(EINVAL, "GPL compatible", args.license = "Proprietary");
}

static const struct bpf_insn reads_its_argument[] = {
	LOAD(BPF_REG_1, BPF_REG_1, 0),
	LOAD(BPF_REG_0, BPF_REG_1, 0),
	EXIT(),
};

static const struct bpf_insn reads_behind_its_argument[] = {
	LOAD(BPF_REG_0, BPF_REG_1, 8),
	SET(BPF_REG_0, 0),
	EXIT(),
};

static const struct bpf_insn writes_its_context[] = {
	STORE(BPF_REG_1, 0, BPF_REG_1),
	SET(BPF_REG_0, 0),
	EXIT(),
};

static const struct bpf_insn writes_its_argument[] = {
	LOAD(BPF_REG_1, BPF_REG_1, 0),
	STORE(BPF_REG_1, 0, BPF_REG_1),
	SET(BPF_REG_0, 0),
	EXIT(),
};

#define N(insns) (sizeof(insns) / sizeof((insns)[0]))

static void arguments(void **state)
{
	struct core_value value;
	int map = core_map(&type, 0), prog;

	prog = core_prog(&type, CORE_TEST_OP, reads_its_argument, N(reads_its_argument));
	assert_ok(prog);
	assert_fails(core_prog(&type, CORE_TEST_OP, reads_behind_its_argument,
			       N(reads_behind_its_argument)), EACCES);
	assert_has(core_log, "func 'op2' doesn't have 2-th argument");
	assert_fails(core_prog(&type, CORE_TEST_OP, writes_its_context, N(writes_its_context)), EACCES);
	assert_has(core_log, "invalid bpf_context access");
	assert_fails(core_prog(&type, CORE_TEST_OP, writes_its_argument, N(writes_its_argument)),
		     EACCES);
	assert_has(core_log, "only read is supported");

	value = core_value(&type, 1, CORE_TEST_OP, prog);
	assert_ok(core_update(map, &value));
	assert_int_equal(core_call(CORE_TEST_OP, 1234), 1234);
	assert_ok(core_delete(map));
}

static void refused_for(int prog, int err, const char *text)
{
	if (prog >= 0)
		fail_msg("it loads, and should be refused: %s", text);
	assert_int_equal(err, EACCES);
	assert_has(core_log, text);
}

/* The attach types that have a return value behind the arguments. */
static const char *const with_retval[] = {
	"BPF_TRACE_FEXIT", "BPF_MODIFY_RETURN", "BPF_LSM_MAC", "BPF_LSM_CGROUP",
};

static bool is_with_retval(int member)
{
	size_t i;

	for (i = 0; i < N(with_retval); i++)
		if (core_attach_type(with_retval[i]) == member)
			return true;
	return false;
}

/* A kernel without a core patch lets the members read that have the number of such a type. */
static void behind_the_arguments(void **state)
{
	int member, prog;

	for (member = CORE_TEST_OP; member < CORE_TEST_UNSUPPORTED; member++) {
		prog = core_prog(&type, member, reads_behind_its_argument,
				 N(reads_behind_its_argument));
		if (core_patched() || !is_with_retval(member))
			refused_for(prog, errno, fmt("func 'op%d' doesn't have 2-th argument", member));
		else if (prog < 0)
			fail_msg("no core patch and yet no hole at member %d: %s", member, core_log);
	}
	assert_int_equal(core_attach_type("BPF_TRACE_FEXIT"), 25);
	assert_int_equal(core_attach_type("BPF_LSM_CGROUP"), 43);
}

/*
 * Without a core patch, arguments of member 23 may be NULL to the verifier, as
 * those of a raw tracepoint of a module.
 */
static void never_null(void **state)
{
	int raw_tp = core_attach_type("BPF_TRACE_RAW_TP"), member, prog;

	assert_int_equal(raw_tp, 23);
	for (member = CORE_TEST_OP; member < CORE_TEST_UNSUPPORTED; member++) {
		prog = core_prog(&type, member, reads_its_argument, N(reads_its_argument));
		if (member == raw_tp && !core_patched())
			refused_for(prog, errno, "invalid mem access 'trusted_ptr_or_null_'");
		else if (prog < 0)
			fail_msg("member %d: %m: %s", member, core_log);
		else
			core_close(prog);
	}
}

/* Whether a kernel without a core patch refuses this member's programs, for an attach type of many functions. */
static bool hole_of_multi(int member)
{
	return !core_patched() && (member == core_attach_type("BPF_TRACE_FENTRY_MULTI") ||
				   member == core_attach_type("BPF_TRACE_FEXIT_MULTI") ||
				   member == core_attach_type("BPF_TRACE_FSESSION_MULTI"));
}

static bool hole_of_session(int member)
{
	return !core_patched() && member == core_attach_type("BPF_TRACE_FSESSION");
}

/* A map whose number says what the program for a void member was given. */
static int seen_map(void)
{
	int fd = core_keep(bpf_map_create(BPF_MAP_TYPE_ARRAY, "seen", 4, 8, 1, NULL)), key = 0;
	__u64 none = -1;

	assert_ok(fd);
	assert_ok(bpf_map_update_elem(fd, &key, &none, 0));
	return fd;
}

static int keeps_what_it_sees(int member, int seen)
{
	return core_prog_of(&type, member, MAP_VALUE(BPF_REG_2, seen),
			    LOAD(BPF_REG_1, BPF_REG_1, 0), STORE(BPF_REG_2, 0, BPF_REG_1),
			    SET(BPF_REG_0, 0), EXIT());
}

static long seen_by(int prog, int member, int seen, long number)
{
	int map = core_map(&type, 0), key = 0;
	struct core_value value = core_value(&type, 1, member, prog);
	__u64 got;

	assert_ok(core_update(map, &value));
	assert_ok(core_set("call", fmt("%d %ld", member, number)));
	assert_ok(bpf_map_lookup_elem(seen, &key, &got));
	assert_ok(core_delete(map));
	return got;
}

/*
 * Kernels that know session programs clear the place of a return value before
 * they run one; a member that returns nothing has its last argument there.
 */
static void void_members(void **state)
{
	int member, prog, seen;

	for (member = CORE_TEST_VOID; member < CORE_TEST_MEMBERS; member++) {
		seen = seen_map();
		prog = keeps_what_it_sees(member, seen);
		if (hole_of_multi(member)) {
			if (prog >= 0)
				fail_msg("no core patch and yet no hole at member %d", member);
			assert_int_equal(errno, EINVAL);
			assert_string_equal(core_log, "");
			continue;
		}
		if (prog < 0)
			fail_msg("a program for member %d: %m: %s", member, core_log);
		assert_int_equal(seen_by(prog, member, seen, 1000 + member),
				 hole_of_session(member) ? 0 : 1000 + member);
	}
}

/* All members at once: their trampolines take three pages. */
static void full_set(void **state)
{
	struct core_value value = core_value(&type, 1, 0, -1);
	int map = core_map(&type, 0), member;

	for (member = CORE_TEST_OP; member < CORE_TEST_MEMBERS; member++)
		if (member != CORE_TEST_UNSUPPORTED && !hole_of_multi(member))
			*core_member(&value, &type, member) = core_returns(&type, member, member);
	assert_ok(core_update(map, &value));
	for (member = CORE_TEST_OP; member < CORE_TEST_UNSUPPORTED; member++)
		assert_int_equal(core_call(member, 0), member);
	for (member = CORE_TEST_VOID; member < CORE_TEST_MEMBERS; member++)
		if (!hole_of_multi(member))
			assert_ok(core_set("call", fmt("%d 0", member)));
	assert_ok(core_delete(map));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_member, setup, core_teardown),
		cmocka_unit_test_setup_teardown(member_without_stub, setup, core_teardown),
		cmocka_unit_test_setup_teardown(bad_type, setup, core_teardown),
		cmocka_unit_test_setup_teardown(arguments, setup, core_teardown),
		cmocka_unit_test_setup_teardown(behind_the_arguments, setup, core_teardown),
		cmocka_unit_test_setup_teardown(never_null, setup, core_teardown),
		cmocka_unit_test_setup_teardown(void_members, setup, core_teardown),
		cmocka_unit_test_setup_teardown(full_set, setup, core_teardown),
	};

	return cmocka_run_group_tests_name("programs", tests, NULL, NULL);
}
