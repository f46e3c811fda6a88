// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the verifier allows a program of ours: helpers, argument reads, and
 * writes to the scratch copies.  Refusals with a reason go to the verifier log.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include "fuse_bpf_i.h"

#define FUSE_BPF_ARG_TYPES	(2 * FUSE_BPF_OP_COUNT)

/*
 * Types of our BTF, found from the members' prototypes: a module can neither
 * look a name up nor trust a BTF_ID of its own once its BTF was relocated.
 * Every program load writes the same values again; readers come later in the
 * same load.
 */
static const struct btf_type *fuse_bpf_ops_type;
static const struct btf_type *fuse_bpf_ctx_type;
static const struct btf_type *fuse_bpf_arg_types[FUSE_BPF_ARG_TYPES];

static const struct btf_type *fuse_bpf_btf_resolve(const struct btf *btf, u32 id)
{
	const struct btf_type *t = btf_type_by_id(btf, id);

	while (t) {
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			t = btf_type_by_id(btf, t->type);
			continue;
		}
		break;
	}
	return t;
}

/* What a pointer type points to; NULL if it is none. */
static const struct btf_type *fuse_bpf_btf_pointee(const struct btf *btf, u32 id)
{
	const struct btf_type *t = fuse_bpf_btf_resolve(btf, id);

	if (!t || BTF_INFO_KIND(t->info) != BTF_KIND_PTR)
		return NULL;
	return fuse_bpf_btf_resolve(btf, t->type);
}

static void fuse_bpf_learn_proto(const struct btf *btf, const struct btf_type *proto,
				 int *count)
{
	const struct btf_param *params = btf_params(proto);
	u32 i;

	WRITE_ONCE(fuse_bpf_ctx_type, fuse_bpf_btf_pointee(btf, params[0].type));
	for (i = 1; i < btf_type_vlen(proto) && *count < FUSE_BPF_ARG_TYPES; i++)
		WRITE_ONCE(fuse_bpf_arg_types[(*count)++],
			   fuse_bpf_btf_pointee(btf, params[i].type));
}

/* Called at each program load, before verification; @ops_type is fuse_bpf_ops. */
void fuse_bpf_verifier_learn(const struct btf *btf, const struct btf_type *ops_type)
{
	const struct btf_member *member = btf_type_member(ops_type);
	int count = 0;
	u32 i;

	for (i = 0; i < btf_type_vlen(ops_type); i++) {
		const struct btf_type *t = fuse_bpf_btf_pointee(btf, member[i].type);

		if (t && BTF_INFO_KIND(t->info) == BTF_KIND_FUNC_PROTO)
			fuse_bpf_learn_proto(btf, t, &count);
	}
	WRITE_ONCE(fuse_bpf_ops_type, ops_type);
}

/* NULL if @prog may serve the member it was verified for; else the reason. */
const char *fuse_bpf_prog_refusal(const struct bpf_prog *prog)
{
	const struct btf_type *t = READ_ONCE(fuse_bpf_ops_type);
	const struct fuse_bpf_op_desc *desc;
	u32 index = prog->expected_attach_type;

	if (!t || index >= btf_type_vlen(t))
		return "is for no member of struct fuse_bpf_ops";
	desc = fuse_bpf_op_of_member(__btf_member_bit_offset(t, &btf_type_member(t)[index]) / 8);
	if (!desc)
		return "is for a member that is no operation";
	if (compat_prog_sleepable(prog) && !(desc->flags & FUSE_BPF_OPF_SLEEP))
		return "serves an operation that must not sleep; use SEC(\"struct_ops\"), not \"struct_ops.s\"";
	if (compat_prog_keeps_pointers(prog))
		return "uses a map with kernel pointers in it; this kernel would let it write through them";
	return NULL;
}

static const struct bpf_func_proto *
fuse_bpf_get_func_proto(enum bpf_func_id id, const struct bpf_prog *prog)
{
	switch (id) {
	case BPF_FUNC_tail_call:
		/*
		 * A program array does not tell sleepable from other programs
		 * on all kernels, so a tail call could sleep where that is
		 * forbidden.
		 */
		return NULL;
	case BPF_FUNC_timer_set_callback:
	case BPF_FUNC_for_each_map_elem:
		/*
		 * The callback counts as one that may sleep if the program may,
		 * of a timer up to 6.12 and of a walk of a map on all kernels:
		 * but it runs in a softirq, or under RCU if the map is a hash.
		 * Those of bpf_wq and of bpf_loop() run where they may sleep.
		 */
		if (compat_prog_sleepable(prog))
			return NULL;
		break;
	case BPF_FUNC_find_vma:
		/* The callback has mmap_lock, which a helper that sleeps may want again. */
		if (compat_prog_sleepable(prog))
			return NULL;
		break;
	default:
		break;
	}
	return compat_base_func_proto(id, prog);
}

static bool fuse_bpf_is_valid_access(int off, int size, enum bpf_access_type type,
				     const struct bpf_prog *prog,
				     struct bpf_insn_access_aux *info)
{
	const char *why = fuse_bpf_prog_refusal(prog);

	if (why) {
		bpf_log(info->log, "fuse_bpf: this program %s\n", why);
		return false;
	}
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

/* Of the first argument or of another. */
static bool fuse_bpf_is_arg_type(const struct btf_type *t)
{
	int i;

	if (READ_ONCE(fuse_bpf_ctx_type) == t)
		return true;
	for (i = 0; i < FUSE_BPF_ARG_TYPES; i++)
		if (READ_ONCE(fuse_bpf_arg_types[i]) == t)
			return true;
	return false;
}

/*
 * Is a write to @off of an argument allowed?  The verifier tells neither the
 * program nor the phase, so this is per type; the copies are taken back only
 * where the operation says so.
 */
static int fuse_bpf_check_write(struct bpf_verifier_log *log, const struct btf_type *t,
				int off, int size)
{
	/* A pointer got by walking some kernel structure is not an argument. */
	if (!t) {
		bpf_log(log, "fuse_bpf: only arguments of the operation can be written\n");
		return -EACCES;
	}
	if (t == READ_ONCE(fuse_bpf_ctx_type)) {
		if (off == offsetof(struct fuse_bpf_ctx, result) &&
		    size == sizeof_field(struct fuse_bpf_ctx, result))
			return 0;
		bpf_log(log, "fuse_bpf: struct fuse_bpf_ctx is read-only at offset %d; only result (8 bytes at %zu) may be written\n",
			off, offsetof(struct fuse_bpf_ctx, result));
		return -EACCES;
	}
	if (!fuse_bpf_is_arg_type(t)) {
		bpf_log(log, "fuse_bpf: this type is read-only; only in, out and ctx->result can be written\n");
		return -EACCES;
	}
	if (off < 0 || off + size > t->size) {
		bpf_log(log, "fuse_bpf: a write of %d bytes at offset %d leaves the argument, which has %u\n",
			size, off, t->size);
		return -EACCES;
	}
	return 0;
}

COMPAT_WRAP_STRUCT_ACCESS(fuse_bpf_check_write, fuse_bpf_is_arg_type)

const struct bpf_verifier_ops fuse_bpf_verifier_ops = {
	.get_func_proto		= fuse_bpf_get_func_proto,
	.is_valid_access	= fuse_bpf_is_valid_access,
	.btf_struct_access	= compat_struct_access,
};
