/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The struct_ops type of the test module, as tests and the module see it.
 *
 * Its indices matter: 64 members are what the kernel takes, and at some of them
 * older kernels take the index for an attach type.  Members 2 to 57 get a
 * pointer and return a number, 58 to 63 get a number and return nothing.
 */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#define CORE_TEST_COOKIE	0	/* data that the module takes over */
#define CORE_TEST_PLAIN		1	/* data that it leaves to the BPF core */
#define CORE_TEST_OP		2	/* the first of the operations */
#define CORE_TEST_UNSUPPORTED	57	/* has no stub */
#define CORE_TEST_VOID		58	/* the first that returns nothing */
#define CORE_TEST_MEMBERS	64

/* Cookies that are refused: by ->init_member(), ->validate(), ->reg() and ->update(). */
#define CORE_TEST_BAD_MEMBER	0xbad1
#define CORE_TEST_BAD_SET	0xbad2
#define CORE_TEST_BAD_REG	0xbad3
#define CORE_TEST_BAD_UPDATE	0xbad4

/* f(n) for ten members, and for all of each kind but the one without a stub. */
#define CORE_TEST_TEN(f, d)						\
	f(d##0) f(d##1) f(d##2) f(d##3) f(d##4) f(d##5) f(d##6) f(d##7) f(d##8) f(d##9)
#define CORE_TEST_INT_OPS(f)						\
	f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9)				\
	CORE_TEST_TEN(f, 1) CORE_TEST_TEN(f, 2) CORE_TEST_TEN(f, 3) CORE_TEST_TEN(f, 4) \
	f(50) f(51) f(52) f(53) f(54) f(55) f(56)
#define CORE_TEST_VOID_OPS(f)						\
	f(58) f(59) f(60) f(61) f(62) f(63)

#endif /* CORE_TEST_H */
