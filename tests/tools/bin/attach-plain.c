// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers the set in an object's section .struct_ops, which has no link and
 * therefore stays when this ends.
 */
#include <stdio.h>

#include <bpf/libbpf.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open(argv[1]) : NULL;
	struct bpf_map *map;

	if (!object || bpf_object__load(object)) {
		perror("attach-plain: load");
		return 1;
	}
	bpf_object__for_each_map(map, object) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		if (bpf_map__attach_struct_ops(map))
			return 0;
		perror("attach-plain: register");
	}
	return 1;
}
