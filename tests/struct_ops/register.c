// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may register what under which name: without the checks whoever holds a
 * descriptor puts policies in force, and two sets answer to one name.
 */
#include "test.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static struct set *loaded(const char *name)
{
	struct set *set = set_open("probe", "empty", name);

	set_load(set);
	return set;
}

/* A map that was attached once can be attached again by whoever has its descriptor. */
static struct set *ready(const char *name)
{
	struct set *set = loaded(name);

	set_attach(set);
	assert_int_equal(bpf_link__destroy(set->link), 0);
	set->link = NULL;
	assert_true(wait_for(SOON, ops_gone, (void *)name));
	return set;
}

static int link_create(struct set *set)
{
	return bpf_link_create(bpf_map__fd(set->map), 0, BPF_STRUCT_OPS, NULL);
}

static void one_live_set_per_name(void **state)
{
	struct set *first = loaded("twice"), *second = loaded("twice");
	int link;

	set_attach(first);
	assert_int_equal(file_mode("/proc/fs/fuse_bpf/ops"), S_IFREG | 0444);
	assert_int_equal(set_try_attach(second), -EEXIST);
	assert_int_equal(ops_get("twice").map, set_map_id(first));
	assert_int_equal(link_create(first), -EEXIST);
	set_detach(first);
	assert_true(wait_for(SOON, ops_gone, "twice"));
	link = link_create(second);
	assert_true(link >= 0);
	assert_int_equal(ops_get("twice").map, set_map_id(second));
	assert_string_equal(ops_get("twice").state, "live");
	close(link);
	assert_true(wait_for(SOON, ops_gone, "twice"));
}

/* The name is free while mounts still hold the set that had it. */
static void name_is_free_after_detach(void **state)
{
	struct set *first = loaded("again"), *second = loaded("again");
	const char *back = tmp_dir("back");

	set_attach(first);
	mnt(back, tmp_path("first"), "ops=again");
	set_detach(first);
	assert_string_equal(ops_get("again").state, "detached");
	set_attach(second);
	mnt(back, tmp_path("second"), "ops=again");
	set_detach(second);
	assert_mnt_refused(back, "ops=again", ENOENT, "again");
}

static void plain_and_link_share_names(void **state)
{
	struct set *plain = set_attached("hide", "plain_hide", "both"), *link = loaded("both");

	assert_int_equal(ops_get("both").link, 0);
	assert_int_equal(set_try_attach(link), -EEXIST);
	set_free(plain);
	assert_true(wait_for(SOON, ops_gone, "both"));
	set_attach(link);
	assert_int_not_equal(ops_get("both").link, 0);
}

static void refused_names(void **state)
{
	static const char *const bad[] = { "", "0123456789abcdef", "a/b", "a,b", "a b", "a\tb", "a\nb",
					   "a\x7f", "a\xff" };
	struct set *set;
	int log;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set = set_open("probe", "empty", "");
		memcpy(set->ops->name, bad[i], strlen(bad[i]));
		set_load(set);
		log = kmsg_open();
		if (set_try_attach(set) != -EINVAL)
			fail_msg("the name \"%s\" was taken", bad[i]);
		if (!i)
			assert_true(kmsg_has(log, "fuse_bpf: a set of programs was refused: its .name must be"));
		close(log);
		assert_false(ops_find("a", &(struct ops_line){}));
		set_free(set);
	}
	set = set_attached("probe", "empty", "0123456789-._:e");
	assert_string_equal(ops_get("0123456789-._:e").state, "live");
}

static void refuse(struct set *set, const char *text)
{
	int log = kmsg_open();

	set_load(set);
	assert_int_equal(set_try_attach(set), -EINVAL);
	assert_true(kmsg_has(log, text));
	assert_true(ops_gone("data"));
	close(log);
	set_free(set);
}

static void refused_data(void **state)
{
	struct set *set;

	set = set_open("probe", "empty", "data");
	set->ops->abi = 0;
	refuse(set, "fuse_bpf: data: .abi is 0");
	set = set_open("probe", "empty", "data");
	set->ops->abi = FUSE_BPF_ABI + 1;
	refuse(set, fmt("fuse_bpf: data: .abi is %d", FUSE_BPF_ABI + 1));
	set = set_open("probe", "empty", "data");
	set->ops->flags = FUSE_BPF_F_REVALIDATE | 0x80;
	refuse(set, "fuse_bpf: data: .flags 0x81 has bits");
	set = set_open("probe", "empty", "data");
	set->ops->post_only = 1ULL << (FUSE_BPF_OP_POLL + 1);
	refuse(set, "fuse_bpf: data: .post_only has bit 33");
	set = set_open("probe", "empty", "data");
	set->ops->post_only = 1ULL << 63;
	refuse(set, "fuse_bpf: data: .post_only has bit 63");
	set = set_open("probe", "empty", "data");
	set->ops->post_only = 1ULL << FUSE_BPF_OP_READDIR;
	refuse(set, "fuse_bpf: data: .post_only has bit 29");
	set = set_open("probe", "every", "data");
	set->ops->flags = FUSE_BPF_F_REVALIDATE;
	set->ops->post_only = 1ULL << FUSE_BPF_OP_GETATTR;
	set_load(set);
	set_attach(set);
	assert_string_equal(ops_get("data").state, "live");
}

static int attach_as_user(void *set)
{
	int link;

	if (setresgid(TEST_GID, TEST_GID, TEST_GID) || setresuid(TEST_UID, TEST_UID, TEST_UID))
		return 255;
	link = link_create(set);
	return link < 0 ? -link : 0;
}

static void holder_of_a_descriptor(void **state)
{
	struct set *set = ready("held");
	int link;

	assert_int_equal(in_child(0, attach_as_user, set), EPERM);
	assert_true(ops_gone("held"));
	link = link_create(set);
	assert_true(link >= 0);
	assert_string_equal(ops_get("held").state, "live");
	close(link);
}

/* The set's own line is all that a user namespace sees of /proc/fs/fuse_bpf/ops. */
static int attach_in_userns(void *arg)
{
	struct ops_line line;
	int link = link_create(arg);

	if (link < 0)
		return -link;
	if (!ops_find("spaces", &line) || strcmp(line.state, "live"))
		return 101;
	if (ops_find("elsewhere", &line))
		return 102;
	return 0;
}

static void names_per_user_namespace(void **state)
{
	struct set *child = ready("spaces"), *mine = loaded("spaces");

	set_attached("probe", "empty", "elsewhere");
	set_attach(mine);
	assert_int_equal(in_child(CLONE_NEWUSER, attach_in_userns, child), 0);
	assert_int_equal(ops_get("spaces").map, set_map_id(mine));
}

struct pipes {
	struct set *set;
	int ready[2], go[2];
};

static int attach_and_wait(void *arg)
{
	struct pipes *p = arg;
	char byte = 0;
	int link = link_create(p->set);

	if (link < 0)
		return -link;
	return write(p->ready[1], &byte, 1) != 1 || read(p->go[0], &byte, 1) != 1;
}

/* A set of another namespace is listed for the initial one, but its name is not known there. */
static void name_of_another_namespace(void **state)
{
	struct pipes p = { .set = ready("theirs") };
	char byte = 0;
	int status;
	pid_t pid;

	assert_ok(pipe(p.ready));
	assert_ok(pipe(p.go));
	pid = fork();
	assert_ok(pid);
	if (!pid && !prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(in_child(CLONE_NEWUSER, attach_and_wait, &p));
	close(p.ready[1]);
	assert_int_equal(read(p.ready[0], &byte, 1), 1);
	assert_string_equal(ops_get("theirs").state, "live");
	assert_mnt_refused(tmp_dir("back"), "ops=theirs", ENOENT, "theirs");
	assert_int_equal(write(p.go[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(p.ready[0]);
	close(p.go[0]);
	close(p.go[1]);
	assert_true(wait_for(SOON, ops_gone, "theirs"));
}

/* The module's limit, and rounds enough to see that there is none. */
#define SETS_PER_NAMESPACE	256
#define ROUNDS			(SETS_PER_NAMESPACE + 20)

/* A mount in the making that holds the set: -1, or its descriptor. */
static int hold(const char *name)
{
	int fs = fsopen("fuse_bpf", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "ops", name, 0)) {
		close(fs);
		return -1;
	}
	return fs;
}

/* Attach, hold, detach, and again: how often, until it is refused with ENOSPC; 1000 and more: what else failed. */
static int fill_with_detached(struct set *set, int *held)
{
	int i, link;

	for (i = 0; i < ROUNDS; i++) {
		link = link_create(set);
		if (link < 0)
			return link == -ENOSPC ? i : 1000 - link;
		held[i] = hold("many");
		if (held[i] < 0)
			return 2000 + errno;
		if (bpf_link_detach(link))
			return 3000 + errno;
		close(link);
	}
	return i;
}

/* 0, or a number that says what went wrong. */
static int detached_ones_count(void *arg)
{
	int held[ROUNDS], i, n, link;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 101;
	n = fill_with_detached(arg, held);
	if (n != SETS_PER_NAMESPACE)
		return n < SETS_PER_NAMESPACE ? 102 : n < 1000 ? 103 : 104;
	/* One gone is room for one. */
	close(held[--n]);
	link = link_create(arg);
	if (link < 0)
		return 105;
	close(link);
	for (i = 0; i < n; i++)
		close(held[i]);
	link = link_create(arg);
	return link < 0 ? 106 : 0;
}

/* What a user namespace can make without end it can use up memory and time of others with. */
static void detached_sets_are_counted(void **state)
{
	struct set *set = ready("many");
	int log = kmsg_open();

	assert_int_equal(in_child(CLONE_NEWUSER | CLONE_NEWNS, detached_ones_count, set), 0);
	assert_true(kmsg_has(log, fmt("fuse_bpf: many: there are %d sets of this user namespace already",
				      SETS_PER_NAMESPACE)));
	assert_true(wait_for(SOON, ops_gone, "many"));
	close(log);
	set_attach(set);
	assert_string_equal(ops_get("many").state, "live");
}

#define REG(test) cmocka_unit_test_teardown(test, test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REG(one_live_set_per_name),
		REG(name_is_free_after_detach),
		REG(plain_and_link_share_names),
		REG(refused_names),
		REG(refused_data),
		REG(holder_of_a_descriptor),
		REG(names_per_user_namespace),
		REG(name_of_another_namespace),
		REG(detached_sets_are_counted),
	};

	return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
