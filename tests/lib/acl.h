/* SPDX-License-Identifier: GPL-2.0-only */
/* A POSIX ACL that names one user, as system.posix_acl_access and system.posix_acl_default have it. */
#ifndef TEST_ACL_H
#define TEST_ACL_H

#include <stdint.h>

struct acl {
	uint32_t version;
	struct { uint16_t tag, perm; uint32_t id; } e[5];
};

#define ACL(owner, uid, named, group, mask, others) {				\
	2, { { 0x01, owner, -1 }, { 0x02, named, uid }, { 0x04, group, -1 },	\
	     { 0x10, mask, -1 }, { 0x20, others, -1 } } }

#endif /* TEST_ACL_H */
