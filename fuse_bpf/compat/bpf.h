/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF core: references on a struct_ops map by its kdata, and its programs. */
#ifndef _FUSE_BPF_COMPAT_BPF_H
#define _FUSE_BPF_COMPAT_BPF_H

#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>

#ifdef HAVE_IMPORT_NS_STRING
#define COMPAT_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define COMPAT_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* --- kfuncs -------------------------------------------------------------------- */

/*
 * Newer kernels hold every kfunc argument to it without being told.  Those that
 * do not know whose a pointer is mean something else by it.
 */
#if !defined(HAVE_KF_TRUSTED_ARGS) || defined(HAVE_POINTERS_ALIKE)
#undef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS		0
#endif

#ifndef __bpf_kfunc
#define __bpf_kfunc		__used noinline
#endif

#ifndef __bpf_kfunc_start_defs
#define __bpf_kfunc_start_defs()						\
	__diag_push();								\
	__diag_ignore_all("-Wmissing-prototypes", "only BPF programs call them")
#define __bpf_kfunc_end_defs()	__diag_pop()
#endif

#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif

#ifdef HAVE_KFUNC_FILTER
#define COMPAT_KFUNC_FILTER(fn)	.filter = fn,
#else
#define COMPAT_KFUNC_FILTER(fn)
#endif

/* --- the verifier -------------------------------------------------------------- */

/*
 * Helpers whose result points into the kernel are not for a program to which
 * all such pointers are alike.
 */
static inline const struct bpf_func_proto *
compat_base_func_proto(enum bpf_func_id id, const struct bpf_prog *prog)
{
#ifdef HAVE_POINTERS_ALIKE
	switch (id) {
	case BPF_FUNC_get_current_task_btf:
	case BPF_FUNC_kptr_xchg:
	case BPF_FUNC_per_cpu_ptr:
	case BPF_FUNC_task_pt_regs:
	case BPF_FUNC_this_cpu_ptr:
		return NULL;
	default:
		break;
	}
#endif
#ifdef HAVE_FUNC_PROTO_FOR_PROG
	return bpf_base_func_proto(id, prog);
#else
	return bpf_base_func_proto(id);
#endif
}

/*
 * Makes the ->btf_struct_access() that asks @write_fn about writes: with the
 * type, NULL for a pointer that is no argument of the program.  Where that
 * cannot be told, nothing but the arguments' types (@is_arg_fn) is walked at
 * all: there is no other pointer then.
 */
#ifdef HAVE_STRUCT_ACCESS_REG
#define COMPAT_WRAP_STRUCT_ACCESS(write_fn, is_arg_fn)				\
static int compat_struct_access(struct bpf_verifier_log *log,			\
				const struct bpf_reg_state *reg, int off, int size) \
{										\
	return write_fn(log, reg->type & PTR_TRUSTED ?				\
			     btf_type_by_id(reg->btf, reg->btf_id) : NULL, off, size); \
}
#else
#define COMPAT_WRAP_STRUCT_ACCESS(write_fn, is_arg_fn)				\
static int compat_struct_access(struct bpf_verifier_log *log, const struct btf *btf, \
				const struct btf_type *t, int off, int size,	\
				enum bpf_access_type atype, u32 *next_btf_id,	\
				enum bpf_type_flag *flag)			\
{										\
	if (atype != BPF_READ)							\
		return write_fn(log, t, off, size);				\
	if (is_arg_fn(t))							\
		return btf_struct_access(log, btf, t, off, size, atype, next_btf_id, flag); \
	bpf_log(log, "fuse_bpf: on this kernel only arguments of the operation can be read; use bpf_probe_read_kernel()\n"); \
	return -EACCES;								\
}
#endif

/* Known once @prog is loaded: a map would keep an argument beyond its call. */
static inline bool compat_prog_keeps_pointers(const struct bpf_prog *prog)
{
#ifdef HAVE_POINTERS_ALIKE
	const struct bpf_map *map;
	bool keeps = false;
	u32 i;

	/* BPF_PROG_BIND_MAP adds to them at any time. */
	mutex_lock(&prog->aux->used_maps_mutex);
	for (i = 0; i < prog->aux->used_map_cnt; i++) {
		map = prog->aux->used_maps[i];
		if (map_value_has_kptrs(map) ||
		    (map->inner_map_meta && map_value_has_kptrs(map->inner_map_meta)))
			keeps = true;
	}
	mutex_unlock(&prog->aux->used_maps_mutex);
	return keeps;
#else
	return false;
#endif
}

/* --- programs and maps --------------------------------------------------------- */

static inline bool compat_prog_sleepable(const struct bpf_prog *prog)
{
#ifdef HAVE_PROG_SLEEPABLE_BIT
	return prog->sleepable;
#else
	return prog->aux->sleepable;
#endif
}

/*
 * Where the getters are not exported, the map is found by where it keeps its
 * value.  The offsets are those of the target kernel's own BTF, written down by
 * scripts/btf-layout for this build; a kernel with another layout has another
 * build.
 */
#ifdef FUSE_BPF_MAP_KDATA_OFF
static_assert(FUSE_BPF_MAP_KVALUE_OFF >= sizeof(struct bpf_map));
static_assert(FUSE_BPF_MAP_KDATA_OFF >= FUSE_BPF_MAP_KVALUE_OFF + sizeof(u64));
static_assert(FUSE_BPF_MAP_LINKS_OFF >= sizeof(struct bpf_map) &&
	      FUSE_BPF_MAP_LINKS_OFF + sizeof(void *) <= FUSE_BPF_MAP_KVALUE_OFF);
static_assert(FUSE_BPF_MAP_FUNCS_CNT_OFF > FUSE_BPF_MAP_LINKS_OFF &&
	      FUSE_BPF_MAP_FUNCS_CNT_OFF + sizeof(u32) <= FUSE_BPF_MAP_KVALUE_OFF);

static inline struct bpf_map *compat_kdata_map(const void *kdata)
{
	struct bpf_map *map = (void *)kdata - FUSE_BPF_MAP_KDATA_OFF;

	/* A struct_ops map is the only one of this shape. */
	if (WARN_ON_ONCE(map->map_type != BPF_MAP_TYPE_STRUCT_OPS ||
			 map->key_size != sizeof(u32) || map->max_entries != 1))
		return NULL;
	return map;
}
#endif

#ifdef HAVE_SYM_BPF_STRUCT_OPS_GET
static inline bool compat_kdata_get(const void *kdata)
{
	return bpf_struct_ops_get(kdata);
}

static inline void compat_kdata_put(const void *kdata)
{
	bpf_struct_ops_put(kdata);
}
#else
static inline bool compat_kdata_get(const void *kdata)
{
	struct bpf_map *map = compat_kdata_map(kdata);

	return map && !IS_ERR(bpf_map_inc_not_zero(map));
}

static inline void compat_kdata_put(const void *kdata)
{
	bpf_map_put(compat_kdata_map(kdata));
}
#endif

static inline u32 compat_kdata_map_id(const void *kdata)
{
#ifdef HAVE_SYM_BPF_STRUCT_OPS_ID
	return bpf_struct_ops_id(kdata);
#else
	struct bpf_map *map = compat_kdata_map(kdata);

	return map ? map->id : 0;
#endif
}

/* Calls @cb for each program of the set until it returns non-zero. */
static inline int compat_for_each_prog(const void *kdata,
				       int (*cb)(struct bpf_prog *prog, void *data),
				       void *data)
{
#ifdef HAVE_SYM_BPF_STRUCT_OPS_FOR_EACH_PROG
	return bpf_struct_ops_for_each_prog(kdata, cb, data);
#else
	struct bpf_map *map = compat_kdata_map(kdata);
	struct bpf_link **links;
	u32 i, n;
	int ret = 0;

	if (!map)
		return -EINVAL;
	links = *(struct bpf_link ***)((void *)map + FUSE_BPF_MAP_LINKS_OFF);
	n = *(u32 *)((void *)map + FUSE_BPF_MAP_FUNCS_CNT_OFF);
	for (i = 0; i < n && !ret; i++)
		if (links[i])
			ret = cb(links[i]->prog, data);
	return ret;
#endif
}

#endif /* _FUSE_BPF_COMPAT_BPF_H */
