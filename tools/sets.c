// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sets that the module knows: its list in /proc, and the ids of their
 * programs from the value of the struct_ops map.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "fuse-bpf.h"

#define SETS_FILE	"/proc/fs/fuse_bpf/ops"
#define SETS_HEADER	"name state map link mounts inodes errors"

enum status require_module(void)
{
	if (!access("/sys/module/fuse_bpf", F_OK))
		return DONE;
	complain("struct fuse_bpf_ops not found: modprobe fuse_bpf");
	return NO_MODULE;
}

/*
 * What the kernel asks of whoever turns an id into a descriptor, as libbpf does
 * to find the module's types: without it loading fails far from the cause.
 */
enum status require_admin(void)
{
	__u32 id;

	if (!bpf_map_get_next_id(0, &id) || errno != EPERM)
		return DONE;
	complain("not permitted: this needs CAP_SYS_ADMIN; run it as root");
	return FAILED;
}

static enum status sets_add(struct sets *sets, const char *line)
{
	struct set *grown = reallocarray(sets->set, sets->n + 1, sizeof(*grown));
	struct set *set;
	char state[16];

	if (!grown) {
		complain("out of memory");
		return FAILED;
	}
	sets->set = grown;
	set = &grown[sets->n];
	memset(set, 0, sizeof(*set));
	if (sscanf(line, "%15s %15s %u %u %llu %llu %llu", set->name, state, &set->map,
		   &set->link, &set->mounts, &set->inodes, &set->errors) != 7) {
		complain("%s has a line that is none of a set: %s", SETS_FILE, line);
		return FAILED;
	}
	set->live = !strcmp(state, "live");
	sets->n++;
	return DONE;
}

enum status sets_read(struct sets *sets)
{
	enum status status = require_module();
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	memset(sets, 0, sizeof(*sets));
	if (status)
		return status;
	file = fopen(SETS_FILE, "re");
	if (!file) {
		complain("%s: %m", SETS_FILE);
		return FAILED;
	}
	if (getline(&line, &size, file) < 0 ||
	    strncmp(line, SETS_HEADER, strlen(SETS_HEADER))) {
		complain("%s is not as expected: this tool and the module are of different versions",
			 SETS_FILE);
		status = FAILED;
	}
	while (!status && getline(&line, &size, file) >= 0)
		status = sets_add(sets, line);
	if (!status && ferror(file)) {
		complain("%s: %m", SETS_FILE);
		status = FAILED;
	}
	free(line);
	fclose(file);
	return status;
}

enum status sets_find(struct sets *sets, const char *name, struct set **found)
{
	struct set *live = NULL, *detached = NULL;
	enum status status = sets_read(sets);

	if (status)
		return status;
	for (struct set *set = sets->set; set < sets->set + sets->n; set++) {
		if (strcmp(set->name, name))
			continue;
		if (live && set->live) {
			complain("several user namespaces have a set named %s: remove the link that is meant (its pin or its holder)",
				 name);
			return FAILED;
		}
		if (set->live)
			live = set;
		else
			detached = set;
	}
	if (!live && detached)
		complain("%s is detached already: %llu mounts and %llu inodes still use it",
			 name, detached->mounts, detached->inodes);
	else if (!live)
		complain("no set named %s is attached: fuse-bpf list shows those that are", name);
	*found = live;
	return live ? DONE : NO_SET;
}

static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *type,
					    const char *name)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++, member++)
		if (!strcmp(btf__name_by_offset(btf, member->name_off), name))
			return member;
	return NULL;
}

/* Loading the kernel's own types takes a while: it is done once, at the first set. */
static const struct btf *module_btf(struct sets *sets, const struct bpf_map_info *info)
{
	if (!sets->vmlinux)
		sets->vmlinux = btf__load_vmlinux_btf();
	if (sets->vmlinux && !sets->module)
		sets->module = btf__load_from_kernel_by_id_split(info->btf_vmlinux_id,
								 sets->vmlinux);
	return sets->module;
}

static bool is_operation(const struct btf *btf, const struct btf_member *member)
{
	const struct btf_type *type = btf__type_by_id(btf, member->type);

	return btf_is_ptr(type) && btf_is_func_proto(btf__type_by_id(btf, type->type));
}

/*
 * The value is a struct bpf_struct_ops_fuse_bpf_ops; the kernel shows the id of
 * a program in the slot of the member it serves.  Where the slots are is taken
 * from the types of the module that is loaded, not from our header.
 */
static bool pick_programs(struct set *set, const struct btf *btf, const struct bpf_map_info *info,
			  const char *value)
{
	const struct btf_type *type = btf__type_by_id(btf, info->btf_vmlinux_value_type_id);
	const struct btf_member *data, *member;
	size_t base;

	if (!type || !btf_is_struct(type))
		return false;
	data = find_member(btf, type, "data");
	if (!data)
		return false;
	base = data->offset / 8;
	type = btf__type_by_id(btf, data->type);
	set->programs = calloc(btf_vlen(type), sizeof(*set->programs));
	if (!set->programs)
		return false;
	member = btf_members(type);
	for (int i = 0; i < btf_vlen(type); i++, member++) {
		struct program *program = &set->programs[set->n_programs];
		size_t offset = base + member->offset / 8;

		if (!is_operation(btf, member) || offset + sizeof(program->id) > info->value_size)
			continue;
		memcpy(&program->id, value + offset, sizeof(program->id));
		program->member = btf__name_by_offset(btf, member->name_off);
		if (program->id)
			set->n_programs++;
	}
	return true;
}

static void read_programs(struct sets *sets, struct set *set)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info), zero = 0;
	const struct btf *btf;
	char *value = NULL;
	int fd;

	fd = bpf_map_get_fd_by_id(set->map);
	if (fd < 0)
		return;
	if (bpf_map_get_info_by_fd(fd, &info, &size))
		goto out;
	btf = module_btf(sets, &info);
	value = malloc(info.value_size);
	if (btf && value && !bpf_map_lookup_elem(fd, &zero, value))
		set->programs_known = pick_programs(set, btf, &info, value);
out:
	free(value);
	close(fd);
}

/* Without CAP_SYS_ADMIN the programs stay unknown, and the list is shown all the same. */
void sets_read_programs(struct sets *sets)
{
	for (size_t i = 0; i < sets->n; i++)
		read_programs(sets, &sets->set[i]);
}

void sets_free(struct sets *sets)
{
	for (size_t i = 0; i < sets->n; i++)
		free(sets->set[i].programs);
	free(sets->set);
	btf__free(sets->module);
	btf__free(sets->vmlinux);
}
