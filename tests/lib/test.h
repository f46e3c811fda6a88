/* SPDX-License-Identifier: GPL-2.0-only */
/* What every C test includes: cmocka, the assertions, and the helpers of this folder. */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/fuse.h>
#include "fuse_bpf.h"

/* A call that returns -1 and sets errno, or does not. */
#define assert_ok(call) assert_call((long)(call), 0, #call, __FILE__, __LINE__)
#define assert_fails(call, err) do {					\
	errno = 0;							\
	assert_call((long)(call), err, #call, __FILE__, __LINE__);	\
} while (0)
#define assert_has(text, part) assert_part(text, part, __FILE__, __LINE__)

void assert_call(long ret, int err, const char *call, const char *file, int line);
void assert_part(const char *text, const char *part, const char *file, int line);

#include "env.h"
#include "backings.h"
#include "files.h"
#include "fs.h"
#include "mnt.h"
#include "module.h"
#include "point.h"
#include "set.h"
#include "slow.h"

#endif /* TEST_H */
