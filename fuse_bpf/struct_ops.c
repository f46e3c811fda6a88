// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct_ops type fuse_bpf_ops as the kernel's BPF core sees it: stubs,
 * what a loaded set must look like, and its registration, replacement and
 * removal, which slot.c carries out.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/ctype.h>
#include <linux/module.h>
#include "fuse_bpf_i.h"

/*
 * A member is served if it has a stub, and the stub's argument names tell the
 * verifier about NULL.  Each must keep a symbol of its own: the BPF core finds
 * the stub's BTF by that name.  They are never called.
 */
#define FUSE_BPF_STUB_NONE(m, ...)						\
	static int fuse_bpf_ops__##m(struct fuse_bpf_ctx *ctx) { return 0; }
#define FUSE_BPF_STUB_IN(m, op, in_type, ...)					\
	static int fuse_bpf_ops__##m(struct fuse_bpf_ctx *ctx,			\
				     struct in_type *in) { return 0; }
#define FUSE_BPF_STUB_OUT(m, op, out_type, ...)				\
	static int fuse_bpf_ops__##m(struct fuse_bpf_ctx *ctx,			\
				     struct out_type *out) { return 0; }
#define FUSE_BPF_STUB_BOTH(m, op, in_type, out_type, ...)			\
	static int fuse_bpf_ops__##m(struct fuse_bpf_ctx *ctx,			\
				     struct in_type *in,			\
				     struct out_type *out) { return 0; }

FUSE_BPF_OP_TABLE(FUSE_BPF_STUB_NONE, FUSE_BPF_STUB_IN, FUSE_BPF_STUB_OUT,
		  FUSE_BPF_STUB_BOTH)
FUSE_BPF_STUB_NONE(default_op)

#define FUSE_BPF_STUB_ENTRY(m, ...)	.m = fuse_bpf_ops__##m,

static struct fuse_bpf_ops fuse_bpf_ops_stubs = {
	FUSE_BPF_OP_TABLE(FUSE_BPF_STUB_ENTRY, FUSE_BPF_STUB_ENTRY,
			  FUSE_BPF_STUB_ENTRY, FUSE_BPF_STUB_ENTRY)
	FUSE_BPF_STUB_ENTRY(default_op)
};

/*
 * Kernels up to 7.3 read the member index of any struct_ops program as an
 * attach type and take 23, 25, 26, 27, 43, 58 and 61 for something else.  The
 * layout below has its last member at index 41 and data at the four indices
 * before that; the offsets say so.
 */
static_assert(offsetof(struct fuse_bpf_ops, lookup) == 32);
static_assert(offsetof(struct fuse_bpf_ops, release) == 32 + 18 * sizeof(void *));
static_assert(offsetof(struct fuse_bpf_ops, fsync) ==
	      offsetof(struct fuse_bpf_ops, reserved_23) + sizeof(void *));
static_assert(offsetof(struct fuse_bpf_ops, fallocate) ==
	      offsetof(struct fuse_bpf_ops, reserved_25) + 2 * sizeof(void *));
static_assert(sizeof(struct fuse_bpf_ops) ==
	      offsetof(struct fuse_bpf_ops, fallocate) + 14 * sizeof(void *));

/* Set by the BPF core during a registration that really happened. */
static const struct btf *fuse_bpf_btf;

const struct btf *fuse_bpf_module_btf(void)
{
	return fuse_bpf_btf;
}

static int fuse_bpf_ops_init(struct btf *btf)
{
	fuse_bpf_btf = btf;
	return 0;
}

static int fuse_bpf_ops_check_member(const struct btf_type *t,
				     const struct btf_member *member,
				     const struct bpf_prog *prog)
{
	/*
	 * There is no log to say anything in.  fuse_bpf_is_valid_access() has
	 * one, and refuses there what this could refuse here.
	 */
	fuse_bpf_verifier_learn(fuse_bpf_btf, t);
	return 0;
}

static int fuse_bpf_copy_name(char *to, const char *from)
{
	size_t i, len = strnlen(from, FUSE_BPF_NAME_MAX);

	if (!len || len == FUSE_BPF_NAME_MAX)
		goto refuse;
	for (i = 0; i < len; i++)
		if (!isgraph(from[i]) || !isascii(from[i]) || strchr("/,\\#", from[i]))
			goto refuse;
	memcpy(to, from, len);
	return 1;

refuse:
	pr_warn_ratelimited("a set of programs was refused: its .name must be 1 to %d visible characters without / , \\ and #\n",
			    FUSE_BPF_NAME_MAX - 1);
	return -EINVAL;
}

#define FUSE_BPF_FLAGS	(FUSE_BPF_F_REVALIDATE | FUSE_BPF_F_HANDLES | FUSE_BPF_F_PER_CALLER)

static int fuse_bpf_copy_flags(struct fuse_bpf_ops *to, const struct fuse_bpf_ops *from)
{
	if (from->flags & ~FUSE_BPF_FLAGS) {
		pr_warn_ratelimited("%.15s: .flags 0x%x has bits that this module does not know; it knows 0x%x\n",
				    to->name, from->flags, FUSE_BPF_FLAGS);
		return -EINVAL;
	}
	to->flags = from->flags;
	return 1;
}

static int fuse_bpf_copy_abi(struct fuse_bpf_ops *to, const struct fuse_bpf_ops *from)
{
	if (!from->abi || from->abi > FUSE_BPF_ABI) {
		pr_warn_ratelimited("%.15s: .abi is %u; set it to FUSE_BPF_ABI of the header it is compiled with (this module serves 1 to %u)\n",
				    to->name, from->abi, FUSE_BPF_ABI);
		return -EINVAL;
	}
	to->abi = from->abi;
	return 1;
}

/* Whether the program may be run at all; @name is for the log. */
static int fuse_bpf_check_prog(const struct bpf_prog *prog, const char *name)
{
	const char *why;

	/*
	 * The BPF core compares type ids but not the BTF they belong to, so it
	 * takes a program that was verified against another load of this module.
	 */
	if (prog->aux->attach_btf != fuse_bpf_btf) {
		pr_warn_ratelimited("%.15s: program %u was verified against an earlier load of this module; load it again\n",
				    name, prog->aux->id);
		return -ESTALE;
	}
	why = fuse_bpf_prog_refusal(prog);
	if (why) {
		pr_warn_ratelimited("%.15s: program %u %s\n", name, prog->aux->id, why);
		return -EINVAL;
	}
	return 0;
}

static int fuse_bpf_check_prog_fd(unsigned long fd, const char *name)
{
	struct bpf_prog *prog;
	int err;

	if (!fd)
		return 0;
	prog = bpf_prog_get_type_dev(fd, BPF_PROG_TYPE_STRUCT_OPS, false);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	err = fuse_bpf_check_prog(prog, name);
	bpf_prog_put(prog);
	return err;
}

/* 1: taken over; 0: the BPF core sees to it; or an errno. */
static int fuse_bpf_ops_init_member(const struct btf_type *t,
				    const struct btf_member *member,
				    void *kdata, const void *udata)
{
	const struct fuse_bpf_ops *from = udata;
	struct fuse_bpf_ops *to = kdata;
	u32 offset = __btf_member_bit_offset(t, member) / 8;

	switch (offset) {
	case offsetof(struct fuse_bpf_ops, name):
		return fuse_bpf_copy_name(to->name, from->name);
	case offsetof(struct fuse_bpf_ops, flags):
		return fuse_bpf_copy_flags(to, from);
	case offsetof(struct fuse_bpf_ops, abi):
		return fuse_bpf_copy_abi(to, from);
	case offsetof(struct fuse_bpf_ops, post_only):
		to->post_only = from->post_only;
		return 1;
	}
	if (fuse_bpf_op_of_member(offset))
		return fuse_bpf_check_prog_fd(*(const unsigned long *)(udata + offset),
					      to->name);
	return 0;
}

static int fuse_bpf_ops_validate(void *kdata)
{
	const struct fuse_bpf_ops *ops = kdata;
	u64 odd = ops->post_only;
	int op;

	for (op = 0; op < FUSE_BPF_OP_COUNT; op++) {
		const struct fuse_bpf_op_desc *desc = &fuse_bpf_op_descs[op];

		if (desc->name && (desc->flags & FUSE_BPF_OPF_POST))
			odd &= ~BIT_ULL(op);
	}
	if (odd) {
		pr_warn_ratelimited("%.15s: .post_only has bit %d, an operation without a post phase\n",
				    ops->name, (int)__ffs64(odd));
		return -EINVAL;
	}
	return 0;
}

static int fuse_bpf_check_each_prog(struct bpf_prog *prog, void *data)
{
	return fuse_bpf_check_prog(prog, data);
}

/*
 * The descriptors that fuse_bpf_ops_init_member() looked at may have been
 * swapped before the BPF core took them; these are the programs that it took.
 */
static int fuse_bpf_check_progs(struct fuse_bpf_ops *ops)
{
	return compat_for_each_prog(ops, fuse_bpf_check_each_prog, ops->name);
}

/* Called with the BPF core's update lock held: allocate, but never wait. */
static int fuse_bpf_ops_reg(void *kdata, struct bpf_link *link)
{
	int err;

	/* The BPF core asks nothing of whoever holds the map's descriptor. */
	if (!ns_capable(current_user_ns(), CAP_SYS_ADMIN))
		return -EPERM;
	err = fuse_bpf_check_progs(kdata);
	if (err)
		return err;
	return fuse_bpf_slot_register(kdata, link);
}

/* May run in any task and any user namespace. */
static void fuse_bpf_ops_unreg(void *kdata, struct bpf_link *link)
{
	fuse_bpf_slot_unregister(kdata, link);
}

/* Called as fuse_bpf_ops_reg() is.  The BPF core checks no right of the caller here either. */
static int fuse_bpf_ops_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	int err = fuse_bpf_slot_may_replace(link);

	if (err)
		return err;
	err = fuse_bpf_check_progs(kdata);
	if (err)
		return err;
	return fuse_bpf_slot_replace(kdata, link);
}

static struct bpf_struct_ops bpf_fuse_struct_ops = {
	.verifier_ops	= &fuse_bpf_verifier_ops,
	.init		= fuse_bpf_ops_init,
	.check_member	= fuse_bpf_ops_check_member,
	.init_member	= fuse_bpf_ops_init_member,
	.reg		= fuse_bpf_ops_reg,
	.unreg		= fuse_bpf_ops_unreg,
	.update		= fuse_bpf_ops_update,
	.validate	= fuse_bpf_ops_validate,
	.cfi_stubs	= &fuse_bpf_ops_stubs,
	.owner		= THIS_MODULE,
	.name		= "fuse_bpf_ops",
};

/*
 * There is no unregistration: the type goes with the module's BTF.  Nor does a
 * return of 0 prove anything: without usable BTF the BPF core only warns.
 */
int fuse_bpf_struct_ops_register(void)
{
	int err;

	err = register_bpf_struct_ops(&bpf_fuse_struct_ops, fuse_bpf_ops);
	if (err) {
		pr_err("cannot register struct fuse_bpf_ops with the BPF core (%d); the lines above say why\n", err);
		return err;
	}
	if (!fuse_bpf_btf) {
		pr_err("%s; BPF programs could not attach. Rebuild the module against this kernel's headers with pahole installed\n",
		       THIS_MODULE->btf_data_size ?
		       "this kernel rejected the module's BTF" :
		       "the module was built without BTF");
		return -EOPNOTSUPP;
	}
	return 0;
}
