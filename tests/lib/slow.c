// SPDX-License-Identifier: GPL-2.0-only
/* Programs that wait in the middle of operations: see slow.h. */
#include "test.h"

static struct bpf_object *slow;
static struct bpf_link *links[16];
static size_t link_count;

static bool attach_all(void)
{
	struct bpf_program *program;
	struct bpf_link *link;

	bpf_object__for_each_program(program, slow) {
		link = bpf_program__attach(program);
		if (!link)
			return false;
		assert_true(link_count < sizeof(links) / sizeof(links[0]));
		links[link_count++] = link;
	}
	return true;
}

bool slow_start(void)
{
	set_log_start();
	slow = bpf_object__open_file(fmt("%s/bpf/slow.bpf.o", getenv("TEST_BUILD")), NULL);
	assert_non_null(slow);
	if (!bpf_object__load(slow) && attach_all())
		return true;
	print_message("# no program can wait in this kernel's functions: %s\n", strerror(errno));
	slow_end();
	return false;
}

void slow_end(void)
{
	while (link_count)
		bpf_link__destroy(links[--link_count]);
	bpf_object__close(slow);
	slow = NULL;
}
