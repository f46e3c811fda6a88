// SPDX-License-Identifier: GPL-2.0-only
/* A program that waits in the middle of lookups: see slow.h. */
#include "test.h"

static struct bpf_object *slow;
static struct bpf_link *link_to_kernel;

bool slow_start(void)
{
	set_log_start();
	slow = bpf_object__open_file(fmt("%s/bpf/slow.bpf.o", getenv("TEST_BUILD")), NULL);
	assert_non_null(slow);
	if (!bpf_object__load(slow))
		link_to_kernel = bpf_program__attach(bpf_object__next_program(slow, NULL));
	if (link_to_kernel)
		return true;
	print_message("# no program can wait in this kernel's lookups: %s\n", strerror(errno));
	slow_end();
	return false;
}

void slow_end(void)
{
	bpf_link__destroy(link_to_kernel);
	link_to_kernel = NULL;
	bpf_object__close(slow);
	slow = NULL;
}
