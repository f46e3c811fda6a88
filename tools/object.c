// SPDX-License-Identifier: GPL-2.0-only
/*
 * A set in a BPF object file: finding it, loading it, attaching it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "fuse-bpf.h"

/*
 * libbpf's messages and the verifier's log, kept until it is known whether they
 * are wanted.  libbpf hands its printer no argument, hence the global.
 */
static struct {
	FILE *file;
	char *text;
	size_t size;
} messages;

static int keep_message(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG || !messages.file)
		return 0;
	return vfprintf(messages.file, format, args);
}

static void messages_start(void)
{
	messages.file = open_memstream(&messages.text, &messages.size);
	libbpf_set_print(keep_message);
}

static void messages_end(bool show)
{
	if (!messages.file)
		return;
	fclose(messages.file);
	messages.file = NULL;
	if (show)
		fputs(messages.text, stderr);
	free(messages.text);
}

/* The name in the set's initial value, which libbpf keeps in the object's own layout. */
static enum status read_name(struct object *object, const struct btf *btf,
			     const struct btf_type *type)
{
	const struct btf_member *member = btf_members(type);
	size_t size, length;
	const char *value = bpf_map__initial_value(object->map, &size);

	for (int i = 0; value && i < btf_vlen(type); i++, member++) {
		size_t offset = member->offset / 8;

		if (strcmp(btf__name_by_offset(btf, member->name_off), "name"))
			continue;
		length = strnlen(value + offset, size - offset);
		if (!length || length >= sizeof(object->name))
			break;
		memcpy(object->name, value + offset, length);
		return DONE;
	}
	complain("%s: the set has no name: give its struct fuse_bpf_ops a .name of 1 to %d bytes",
		 object->path, FUSE_BPF_NAME_MAX - 1);
	return FAILED;
}

/* The type of the set that map is, or NULL.  As libbpf, ignores what follows "___". */
static const struct btf_type *set_type(const struct btf *btf, const struct bpf_map *map)
{
	static const char wanted[] = "fuse_bpf_ops";
	const size_t length = sizeof(wanted) - 1;
	const struct btf_type *type;
	const char *name;

	if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
		return NULL;
	type = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	if (!type || !btf_is_struct(type))
		return NULL;
	name = btf__name_by_offset(btf, type->name_off);
	if (strncmp(name, wanted, length) || (name[length] && strncmp(name + length, "___", 3)))
		return NULL;
	return type;
}

static enum status find_set(struct object *object)
{
	const struct btf *btf = bpf_object__btf(object->bpf);
	const struct btf_type *type = NULL;
	struct bpf_map *map;
	int sets = 0;

	bpf_object__for_each_map(map, object->bpf) {
		const struct btf_type *t = set_type(btf, map);

		if (!t)
			continue;
		object->map = map;
		type = t;
		sets++;
	}
	if (sets != 1) {
		complain("%s has %d sets (struct fuse_bpf_ops): an object must have one",
			 object->path, sets);
		return FAILED;
	}
	if (!(bpf_map__map_flags(object->map) & BPF_F_LINK)) {
		complain("%s: the set is in section .struct_ops: put it in .struct_ops.link, as FUSE_BPF_OPS() does",
			 object->path);
		return FAILED;
	}
	return read_name(object, btf, type);
}

enum status object_open(struct object *object, const char *path)
{
	memset(object, 0, sizeof(*object));
	object->path = path;
	if (access(path, R_OK)) {
		complain("%s: %m", path);
		return FAILED;
	}
	messages_start();
	object->bpf = bpf_object__open(path);
	messages_end(!object->bpf);
	if (!object->bpf) {
		complain("%s is not a BPF object that libbpf can read", path);
		return FAILED;
	}
	return find_set(object);
}

enum status object_load(struct object *object)
{
	char reason[128];
	int err;

	messages_start();
	err = bpf_object__load(object->bpf);
	messages_end(err);
	if (!err)
		return DONE;
	libbpf_strerror(err, reason, sizeof(reason));
	complain("%s can't be loaded: %s", object->path, reason);
	return FAILED;
}

static enum status complain_attach(const struct object *object, int err)
{
	switch (err) {
	case EEXIST:
		complain("a set named %s is attached already: fuse-bpf replace it, or detach it first",
			 object->name);
		return TAKEN;
	case ESTALE:
		complain("%s was loaded against an earlier load of fuse_bpf: run this again",
			 object->path);
		return FAILED;
	case EPERM:
		complain("not permitted to attach %s: this needs CAP_SYS_ADMIN; run it as root",
			 object->name);
		return FAILED;
	case EINVAL:
		complain("the module refuses the .flags, .abi or .post_only of %s: the kernel log (dmesg) says which",
			 object->path);
		return FAILED;
	default:
		complain("can't attach %s: %s", object->name, strerror(err));
		return FAILED;
	}
}

enum status object_attach(struct object *object, struct bpf_link **link)
{
	int err;

	messages_start();
	*link = bpf_map__attach_struct_ops(object->map);
	err = errno;
	messages_end(false);
	return *link ? DONE : complain_attach(object, err);
}

/*
 * A map must have its value before a link can change over to it, and only libbpf
 * knows the value: the programs' descriptors are in it.  It writes it in
 * bpf_map__attach_struct_ops() and in bpf_link__update_map(); the latter wants a
 * link that libbpf made, which one found by name is not.  So the new set is
 * attached, which sets the value, and then refused because the name is taken:
 * EEXIST is the success of this step.  Where the name is free after all (the
 * live set belongs to another user namespace) what came of it is destroyed.
 */
enum status object_replace(struct object *object, int link_fd)
{
	struct bpf_link *probe;
	int err;

	messages_start();
	probe = bpf_map__attach_struct_ops(object->map);
	err = errno;
	messages_end(false);
	if (probe)
		bpf_link__destroy(probe);
	else if (err != EEXIST)
		return complain_attach(object, err);
	if (!bpf_link_update(link_fd, bpf_map__fd(object->map), NULL))
		return DONE;
	if (errno != ENOLINK)
		return complain_attach(object, errno);
	complain("%s was detached meanwhile", object->name);
	return NO_SET;
}

void object_close(struct object *object)
{
	bpf_object__close(object->bpf);
}
