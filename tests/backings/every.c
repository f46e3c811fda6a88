// SPDX-License-Identifier: GPL-2.0-only
/*
 * Over each filesystem that this kernel has, a mount answers as the filesystem
 * does: the operations of the differential tester, a few thousand on each.
 * timeout: 600
 */
#include "lib/diff.h"

#define SEED	3
#define OPS	2000
#define OPS_NFS	100		/* each is some round trips to a server here */

int main(void)
{
	struct job jobs[world_count];
	size_t n = 0;

	setlinebuf(stdout);
	op_kinds_init();
	for (unsigned int i = 0; i < world_count; i++)
		if (!worlds[i].programs)
			jobs[n++] = (struct job){ &worlds[i], SEED,
						   worlds[i].backing == ON_NFS ? OPS_NFS : OPS };
	return run_jobs("every", jobs, n, NULL);
}
