/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test module of tests/core, and the system calls that work on its
 * struct_ops type. No libbpf in between: that one looks at everything itself
 * before the kernel sees it.
 */
#ifndef TEST_CORE_H
#define TEST_CORE_H

#include <linux/filter.h>
#include "core_test.h"

#define ENOTSUPP	524	/* the kernel's own */

/* Load $TEST_BUILD/core/module/FILE.ko: -1 and errno, or 0. core_unload() never waits. */
int core_try_load(const char *file, const char *params);
int core_unload(void);
bool core_loaded(void);

/* Or fail the test: core_load() loads the module as it should be, core_gone() unloads it by SOON. */
void core_load(void);
void core_gone(void);

/* Its reference count; a parameter that is a number; and a write to one. */
long core_refs(void);
long core_param(const char *name);
int core_set(const char *name, const char *text);

/* Until the reference count is this, by SOON, or fail the test. */
void core_refs_become(long refs);

/* The module's BTF, open and parsed; what it has of the type. */
struct core_type {
	int fd;			/* of the BTF */
	__u32 ops, value;	/* type ids of core_test_ops and bpf_struct_ops_core_test_ops */
	__u32 arg;		/* ... and of core_test_arg */
	__u32 value_size;
	__u32 data;		/* offset of the ops in the value */
};

/* Find it, or fail the test; closed by core_teardown(). core_btf_fd() is -1 if there is no BTF of that name. */
struct core_type core_find(void);
int core_btf_fd(void);

/* Some BTF of this process's, which the kernel wants with each map of a kernel's type. Stays open. */
int core_own_btf(void);

/* A map of the type, and a program for a member: descriptors, or -1 and errno. Closed by core_teardown(). */
int core_map(const struct core_type *type, __u32 flags);
int core_prog(const struct core_type *type, int member, const struct bpf_insn *insns, size_t n);
#define core_prog_of(type, member, ...)						\
	core_prog(type, member, (const struct bpf_insn[]){ __VA_ARGS__ },		\
		  sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn))
extern char core_log[65536];	/* what the verifier said of the last program */

/* The same for a type of the kernel's own. */
int core_vmlinux_prog(const char *ops, int member, const struct bpf_insn *insns, size_t n);

/* The id of a struct of vmlinux. */
__u32 core_vmlinux_type(const char *name);

/* A program that returns this number, or fail the test. */
int core_returns(const struct core_type *type, int member, int number);

/* Instructions: R1 is the context, of slots of 8 bytes. */
#define LOAD(dst, src, off)	BPF_RAW_INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define STORE(dst, off, src)	BPF_RAW_INSN(BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define SET(dst, imm)		BPF_RAW_INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define EXIT()			BPF_RAW_INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MAP_VALUE(dst, map)	BPF_RAW_INSN(BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_VALUE, 0, map), \
				BPF_RAW_INSN(0, 0, 0, 0, 0)
#define BPF_RAW_INSN(op, dst, src, o, i) \
	((struct bpf_insn){ .code = op, .dst_reg = dst, .src_reg = src, .off = o, .imm = i })

/* The value of a map before it is given: all zero but what a test puts in. */
struct core_value {
	union {
		__u8 bytes[1024];
		__u64 words[128];
	};
};

/* Where a member's 8 bytes are; a value with a cookie and one program (-1: none). */
__u64 *core_member(struct core_value *value, const struct core_type *type, int member);
struct core_value core_value(const struct core_type *type, __u64 cookie, int member, int prog);

/* Key 0 of the map: -1 and errno, or 0. */
int core_update(int map, const struct core_value *value);
int core_delete(int map);
struct core_value core_lookup(int map);
int core_state(int map);	/* 0: none, 1: registered, 2: unregistered, 3: ready for a link */

/* Call a member of the set in force with an argument, or fail the test: what it returned. */
int core_call(int member, long arg);

/* Close it now; else core_teardown() does it. It unloads the module too. */
void core_close(int fd);
int core_keep(int fd);
int core_teardown(void **state);

__u32 core_map_id(int fd);

/* Facts about the running kernel: whether it has a core patch; the number of an attach type, -1 if it has none. */
bool core_patched(void);
int core_attach_type(const char *name);

#endif /* TEST_CORE_H */
