// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that defines a struct_ops type and nothing else, for tests of the
 * BPF core.  variant= makes it do one thing wrong; the other parameters show
 * what the core called, and let a test call the operations.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include "core_test.h"

#define CORE_TEST_HOLD	(30 * HZ)

struct core_test_arg {
	u64 value;
};

#define CORE_TEST_DEFINE_INT(n)		int (*op##n)(struct core_test_arg *arg);
#define CORE_TEST_DEFINE_VOID(n)	void (*op##n)(u64 value);

struct core_test_ops {
	u64 cookie;
	u64 plain;
	CORE_TEST_INT_OPS(CORE_TEST_DEFINE_INT)
	int (*op57)(struct core_test_arg *arg);
	CORE_TEST_VOID_OPS(CORE_TEST_DEFINE_VOID)
};

static_assert(sizeof(struct core_test_ops) == CORE_TEST_MEMBERS * sizeof(u64));

/* One member more than the BPF core takes. */
struct core_test_many {
	u64 cookie;
	u64 plain;
	CORE_TEST_INT_OPS(CORE_TEST_DEFINE_INT)
	int (*op57)(struct core_test_arg *arg);
	CORE_TEST_VOID_OPS(CORE_TEST_DEFINE_VOID)
	CORE_TEST_DEFINE_VOID(64)
};

/* The core finds the BTF of a stub by its name, so each is a function of its own. */
#define CORE_TEST_STUB_INT(n)						\
	static int core_test_ops__op##n(struct core_test_arg *arg) { return 0; }
#define CORE_TEST_STUB_VOID(n)						\
	static void core_test_ops__op##n(u64 value) { }

CORE_TEST_INT_OPS(CORE_TEST_STUB_INT)
CORE_TEST_VOID_OPS(CORE_TEST_STUB_VOID)

#define CORE_TEST_STUB_ENTRY(n)	.op##n = core_test_ops__op##n,

static struct core_test_ops core_test_stubs = {
	CORE_TEST_INT_OPS(CORE_TEST_STUB_ENTRY)
	CORE_TEST_VOID_OPS(CORE_TEST_STUB_ENTRY)
};

/* Parameters: read in /sys/module/core_test/parameters, but for those that say so. */

static char *variant = "";
module_param(variant, charp, 0444);
MODULE_PARM_DESC(variant, "at load: what to do wrong (empty, many, nostubs, absent, twice, refuse)");

static int init_error;
module_param(init_error, int, 0444);
MODULE_PARM_DESC(init_error, "at load: what the module's init returns once all is registered");

static bool hold;
module_param(hold, bool, 0444);
MODULE_PARM_DESC(hold, "at load: the module's init waits for a write to \"go\" before it returns");

static int registered = 1;
module_param(registered, int, 0444);
MODULE_PARM_DESC(registered, "what the last registration of the type returned; 1 before");

static int inits, regs, unregs, updates;
module_param(inits, int, 0444);
module_param(regs, int, 0444);
module_param(unregs, int, 0444);
module_param(updates, int, 0444);
MODULE_PARM_DESC(inits, "calls of ->init()");
MODULE_PARM_DESC(regs, "calls of ->reg()");
MODULE_PARM_DESC(unregs, "calls of ->unreg()");
MODULE_PARM_DESC(updates, "calls of ->update()");

/*
 * The set in force, by the order of calls of the BPF core.  Calls of its
 * operations hold the mutex too, so none is under way once ->unreg() is through.
 */
static DEFINE_MUTEX(core_test_lock);
static struct core_test_ops *core_test_current;
static struct bpf_link *core_test_link;

static int result = -ENOENT;
module_param(result, int, 0444);
MODULE_PARM_DESC(result, "what the last operation called returned");

static DECLARE_COMPLETION(core_test_go);

static int core_test_init(struct btf *btf)
{
	inits++;
	return strcmp(variant, "refuse") ? 0 : -ENODEV;
}

static int core_test_init_member(const struct btf_type *t, const struct btf_member *member,
				 void *kdata, const void *udata)
{
	const struct core_test_ops *from = udata;
	struct core_test_ops *to = kdata;

	if (__btf_member_bit_offset(t, member) / 8 != offsetof(struct core_test_ops, cookie))
		return 0;
	if (from->cookie == CORE_TEST_BAD_MEMBER)
		return -EDOM;
	to->cookie = from->cookie;
	return 1;
}

static int core_test_validate(void *kdata)
{
	const struct core_test_ops *ops = kdata;

	return ops->cookie == CORE_TEST_BAD_SET ? -ERANGE : 0;
}

static int core_test_reg(void *kdata, struct bpf_link *link)
{
	struct core_test_ops *ops = kdata;
	int err = 0;

	mutex_lock(&core_test_lock);
	regs++;
	if (ops->cookie == CORE_TEST_BAD_REG) {
		err = -EXDEV;
	} else if (core_test_current) {
		err = -EEXIST;
	} else {
		core_test_current = ops;
		core_test_link = link;
	}
	mutex_unlock(&core_test_lock);
	return err;
}

static void core_test_unreg(void *kdata, struct bpf_link *link)
{
	mutex_lock(&core_test_lock);
	unregs++;
	if (core_test_current != kdata || core_test_link != link)
		pr_err("BUG: unregistered is what was not registered\n");
	core_test_current = NULL;
	mutex_unlock(&core_test_lock);
}

static int core_test_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	struct core_test_ops *ops = kdata;
	int err = 0;

	mutex_lock(&core_test_lock);
	updates++;
	if (core_test_current != old_kdata || core_test_link != link)
		pr_err("BUG: updated is what was not registered\n");
	if (ops->cookie == CORE_TEST_BAD_UPDATE)
		err = -EXDEV;
	else
		core_test_current = ops;
	mutex_unlock(&core_test_lock);
	return err;
}

static bool core_test_is_valid_access(int off, int size, enum bpf_access_type type,
				      const struct bpf_prog *prog,
				      struct bpf_insn_access_aux *info)
{
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

static const struct bpf_verifier_ops core_test_verifier_ops = {
	.is_valid_access = core_test_is_valid_access,
};

#define CORE_TEST_STRUCT_OPS(type, stubs)	{	\
	.verifier_ops	= &core_test_verifier_ops,	\
	.init		= core_test_init,		\
	.init_member	= core_test_init_member,	\
	.validate	= core_test_validate,		\
	.reg		= core_test_reg,		\
	.unreg		= core_test_unreg,		\
	.update		= core_test_update,		\
	.cfi_stubs	= stubs,			\
	.owner		= THIS_MODULE,			\
	.name		= type,				\
}

static struct bpf_struct_ops core_test_struct_ops =
	CORE_TEST_STRUCT_OPS("core_test_ops", &core_test_stubs);
static struct bpf_struct_ops core_test_struct_many =
	CORE_TEST_STRUCT_OPS("core_test_many", &core_test_stubs);
static struct bpf_struct_ops core_test_struct_nostubs =
	CORE_TEST_STRUCT_OPS("core_test_ops", NULL);
static struct bpf_struct_ops core_test_struct_absent =
	CORE_TEST_STRUCT_OPS("core_test_absent", &core_test_stubs);

static int core_test_register(void)
{
	int err;

	if (!strcmp(variant, "many"))
		return register_bpf_struct_ops(&core_test_struct_many, core_test_many);
	if (!strcmp(variant, "nostubs"))
		return register_bpf_struct_ops(&core_test_struct_nostubs, core_test_ops);
	if (!strcmp(variant, "absent"))
		return register_bpf_struct_ops(&core_test_struct_absent, core_test_ops);
	err = register_bpf_struct_ops(&core_test_struct_ops, core_test_ops);
	if (!err && !strcmp(variant, "twice"))
		err = register_bpf_struct_ops(&core_test_struct_ops, core_test_ops);
	return err;
}

/* "go", written: ends the wait of the module's init. */
static int core_test_set_go(const char *val, const struct kernel_param *kp)
{
	complete(&core_test_go);
	return 0;
}

static const struct kernel_param_ops core_test_go_ops = {
	.set = core_test_set_go,
};
module_param_cb(go, &core_test_go_ops, NULL, 0200);
MODULE_PARM_DESC(go, "written: ends the wait of the module's init");

#define CORE_TEST_CALL_INT(n)						\
	case n:								\
		if (!ops->op##n)					\
			return -ENOENT;					\
		result = ops->op##n(&arg);				\
		return 0;
#define CORE_TEST_CALL_VOID(n)						\
	case n:								\
		if (!ops->op##n)					\
			return -ENOENT;					\
		ops->op##n(arg.value);					\
		return 0;

static int core_test_call_op(struct core_test_ops *ops, int n, u64 value)
{
	struct core_test_arg arg = { value };

	switch (n) {
	CORE_TEST_INT_OPS(CORE_TEST_CALL_INT)
	CORE_TEST_VOID_OPS(CORE_TEST_CALL_VOID)
	}
	return -EINVAL;
}

/* "call", written with an index and a number: calls that operation of the set in force. */
static int core_test_set_call(const char *val, const struct kernel_param *kp)
{
	u64 value;
	int n, err;

	if (sscanf(val, "%d %llu", &n, &value) != 2)
		return -EINVAL;
	mutex_lock(&core_test_lock);
	err = core_test_current ? core_test_call_op(core_test_current, n, value) : -ENXIO;
	mutex_unlock(&core_test_lock);
	return err;
}

static const struct kernel_param_ops core_test_call_ops = {
	.set = core_test_set_call,
};
module_param_cb(call, &core_test_call_ops, NULL, 0200);
MODULE_PARM_DESC(call, "written with an index and a number: calls that operation");

static int core_test_get_cookie(char *buffer, const struct kernel_param *kp)
{
	int len;

	mutex_lock(&core_test_lock);
	len = sprintf(buffer, "%lld\n", core_test_current ? core_test_current->cookie : -1LL);
	mutex_unlock(&core_test_lock);
	return len;
}

static const struct kernel_param_ops core_test_cookie_ops = {
	.get = core_test_get_cookie,
};
module_param_cb(cookie, &core_test_cookie_ops, NULL, 0444);
MODULE_PARM_DESC(cookie, "of the set in force; -1 if there is none");

/* What a registration returns is for the test to see, so the module loads in any case. */
static int __init core_test_module_init(void)
{
	registered = core_test_register();
	if (hold && !wait_for_completion_timeout(&core_test_go, CORE_TEST_HOLD))
		pr_err("nobody wrote to \"go\"\n");
	return init_error;
}

/* The type goes with the module's BTF. */
static void __exit core_test_module_exit(void)
{
}

module_init(core_test_module_init);
module_exit(core_test_module_exit);
MODULE_DESCRIPTION("A struct_ops type for tests of the BPF core");
MODULE_LICENSE("GPL");
