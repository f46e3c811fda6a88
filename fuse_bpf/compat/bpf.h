/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF core: references on a struct_ops map by its kdata, and its programs. */
#ifndef _FUSE_BPF_COMPAT_BPF_H
#define _FUSE_BPF_COMPAT_BPF_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>

#ifdef HAVE_IMPORT_NS_STRING
#define COMPAT_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define COMPAT_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* Newer kernels hold every kfunc argument to it without being told. */
#ifndef HAVE_KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS		0
#endif

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
