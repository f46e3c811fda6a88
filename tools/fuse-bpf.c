// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuse-bpf: attaches, lists, replaces and detaches sets of BPF programs for
 * fuse_bpf mounts.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fuse-bpf.h"

static const char help[] =
"NAME\n"
"    fuse-bpf - attach, list, replace and detach BPF programs for fuse_bpf mounts\n"
"\n"
"SYNOPSIS\n"
"    fuse-bpf [--json] attach OBJECT [--pin]\n"
"    fuse-bpf [--json] list\n"
"    fuse-bpf [--json] detach NAME\n"
"    fuse-bpf [--json] replace NAME OBJECT\n"
"    fuse-bpf --help\n"
"\n"
"DESCRIPTION\n"
"    A set is a struct fuse_bpf_ops: a name, and a program for each operation\n"
"    that it wants to see.  OBJECT is a BPF object file with one set in its\n"
"    section .struct_ops.link.  Mounts take an attached set by name:\n"
"        mount -t fuse_bpf -o ops=NAME SOURCE DIRECTORY\n"
"\n"
"    attach OBJECT\n"
"        Loads the object and attaches its set.  The set is attached as long as\n"
"        a link to it exists.  Without --pin this process holds the link: it\n"
"        stays in the foreground, and the set is detached when it ends or when a\n"
"        signal (INT, TERM, HUP) ends it.\n"
"    list\n"
"        Shows the sets of this user namespace (of all, in the initial one):\n"
"        NAME      the name that mounts and this tool use\n"
"        STATE     live; or detached, but still used by mounts or inodes\n"
"        MAP LINK  BPF ids; link is 0 if the set is detached or has no link\n"
"        MOUNTS INODES  how many of them use the set\n"
"        ERRORS    answers of its programs that were invalid, and became EIO\n"
"        PROGRAMS  BPF ids; ? if the caller lacks CAP_SYS_ADMIN\n"
"        PIN       where the link is pinned, if it is in " PIN_DIR "\n"
"    detach NAME\n"
"        Detaches the set and removes its pin.  Mounts that use it go on as\n"
"        their option detach= says: keep (its programs go on running), fail or\n"
"        pass.\n"
"    replace NAME OBJECT\n"
"        Loads the object and puts its set in the place of the attached one of\n"
"        the same name, in mounts that use it too.  No operation sees both.\n"
"\n"
"OPTIONS\n"
"    -p, --pin   attach: pin the link at " PIN_DIR "/NAME and end.\n"
"                The set then stays until it is detached, or the pin removed.\n"
"                The BPF filesystem is mounted if it is not.\n"
"    -j, --json  print JSON: one object, or an array of them for list.  A program\n"
"                is {\"member\", \"id\"}; programs is null if they are unknown.\n"
"    -h, --help  print this.\n"
"\n"
"EXIT STATUS\n"
"    0  done\n"
"    1  failed; standard error says why, after the verifier's log if the object\n"
"       can't be loaded\n"
"    2  the command line is wrong\n"
"    3  detach, replace: no set of that name is attached\n"
"    4  attach: a set of that name is attached already\n"
"    5  the module fuse_bpf is not loaded\n"
"\n"
"EXAMPLE\n"
"    modprobe fuse_bpf\n"
"    fuse-bpf attach bpf/policies/hide.bpf.o --pin\n"
"    mount -t fuse_bpf -o ops=hide /srv /mnt\n"
"    umount /mnt\n"
"    fuse-bpf detach hide\n";

struct options {
	bool json;
	bool pin;
};

void complain(const char *format, ...)
{
	va_list args;

	fputs("fuse-bpf: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void json_string(const char *key, const char *value)
{
	printf("\"%s\":", key);
	if (!value) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			printf("\\u%04x", *c);
		else if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else
			putchar(*c);
	}
	putchar('"');
}

/* What attach, detach and replace have to say. */
static void print_change(const struct options *options, const char *verb, const char *name,
			 __u32 map, __u32 link, const char *pin)
{
	if (options->json) {
		putchar('{');
		json_string("name", name);
		printf(",\"map\":%u,\"link\":%u,", map, link);
		json_string("pin", pin);
		puts("}");
	} else {
		printf("%s %s (map %u, link %u)", verb, name, map, link);
		if (pin)
			printf(", pinned at %s", pin);
		putchar('\n');
	}
}

static enum status link_ids(int fd, __u32 *map, __u32 *link)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (bpf_link_get_info_by_fd(fd, &info, &size)) {
		complain("can't read the link: %m");
		return FAILED;
	}
	*map = info.struct_ops.map_id;
	*link = info.id;
	return DONE;
}

static const sigset_t *ending_signals(void)
{
	static sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return &set;
}

/* A link hangs up when it is detached; on older kernels it is always readable, and does not. */
static bool hangs_up(int link_fd)
{
	struct pollfd link = { .fd = link_fd, .events = POLLIN };

	return poll(&link, 1, 0) >= 0 && !(link.revents & POLLIN);
}

static bool is_detached(int link_fd)
{
	__u32 map, link;

	return link_ids(link_fd, &map, &link) || !map;
}

/* Until a signal comes, or somebody else detaches the link. */
static enum status hold(int link_fd, const char *name)
{
	struct pollfd fds[] = { { .fd = link_fd }, { .events = POLLIN } };
	int ready, interval = hangs_up(link_fd) ? -1 : 1000;
	enum status status = DONE;

	fds[1].fd = signalfd(-1, ending_signals(), SFD_CLOEXEC);
	do
		ready = fds[1].fd < 0 ? -1 : poll(fds, 2, interval);
	while (!ready && !is_detached(link_fd));
	if (ready < 0) {
		complain("can't wait for a signal: %m");
		status = FAILED;
	} else if (!ready || fds[0].revents) {
		complain("%s was detached by somebody else", name);
	}
	close(fds[1].fd);
	return status;
}

static enum status attach(char **args, const struct options *options)
{
	char path[sizeof(PIN_DIR) + FUSE_BPF_NAME_MAX];
	struct object object = {};
	struct bpf_link *link = NULL;
	enum status status;
	__u32 map_id, link_id;

	/* Before the set is attached, so that none of them can leave it half done. */
	sigprocmask(SIG_BLOCK, ending_signals(), NULL);
	status = object_open(&object, args[0]);
	if (!status)
		status = object_load(&object);
	if (!status)
		status = object_attach(&object, &link);
	if (!status)
		status = link_ids(bpf_link__fd(link), &map_id, &link_id);
	if (!status && options->pin)
		status = pin_make(object.name, bpf_link__fd(link));
	if (status)
		goto out;

	print_change(options, "attached", object.name, map_id, link_id,
		     options->pin ? pin_find(object.name, link_id, path, sizeof(path)) : NULL);
	if (!options->pin) {
		if (!options->json)
			puts("until this process ends: a signal (Ctrl-C) detaches it, --pin would keep it");
		fflush(stdout);
		status = hold(bpf_link__fd(link), object.name);
	}
out:
	bpf_link__destroy(link);
	object_close(&object);
	return status;
}

static int compare_ids(const void *left, const void *right)
{
	const struct program *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

/* Programs get their ids one after the other, so that ranges keep the table narrow. */
static void print_programs(const struct set *set)
{
	char text[512] = "?";
	size_t used = 0, first = 0;

	if (set->n_programs)
		qsort(set->programs, set->n_programs, sizeof(*set->programs), compare_ids);
	for (size_t i = 0; i < set->n_programs && used < sizeof(text); i++) {
		const struct program *program = &set->programs[i];

		if (i + 1 < set->n_programs && program[1].id == program->id + 1)
			continue;
		used += snprintf(text + used, sizeof(text) - used, "%s%u", used ? "," : "",
				 set->programs[first].id);
		if (first < i && used < sizeof(text))
			used += snprintf(text + used, sizeof(text) - used, "-%u", program->id);
		first = i + 1;
	}
	if (set->programs_known && !set->n_programs)
		strcpy(text, "-");
	printf(" %-11s", text);
}

static void print_table(const struct sets *sets)
{
	char path[sizeof(PIN_DIR) + FUSE_BPF_NAME_MAX];

	printf("%-15s %-8s %5s %5s %6s %7s %6s %-11s %s\n", "NAME", "STATE", "MAP", "LINK",
	       "MOUNTS", "INODES", "ERRORS", "PROGRAMS", "PIN");
	for (const struct set *set = sets->set; set < sets->set + sets->n; set++) {
		const char *pin = pin_find(set->name, set->link, path, sizeof(path));

		printf("%-15s %-8s %5u %5u %6llu %7llu %6llu", set->name,
		       set->live ? "live" : "detached", set->map, set->link, set->mounts,
		       set->inodes, set->errors);
		print_programs(set);
		printf(" %s\n", pin ? pin : "-");
	}
}

static void print_json(const struct sets *sets)
{
	char path[sizeof(PIN_DIR) + FUSE_BPF_NAME_MAX];

	putchar('[');
	for (const struct set *set = sets->set; set < sets->set + sets->n; set++) {
		fputs(set == sets->set ? "\n{" : ",\n{", stdout);
		json_string("name", set->name);
		putchar(',');
		json_string("state", set->live ? "live" : "detached");
		printf(",\"map\":%u,\"link\":%u,\"mounts\":%llu,\"inodes\":%llu,\"errors\":%llu,",
		       set->map, set->link, set->mounts, set->inodes, set->errors);
		json_string("pin", pin_find(set->name, set->link, path, sizeof(path)));
		fputs(set->programs_known ? ",\"programs\":[" : ",\"programs\":null", stdout);
		for (size_t i = 0; i < set->n_programs; i++)
			printf("%s{\"member\":\"%s\",\"id\":%u}", i ? "," : "",
			       set->programs[i].member, set->programs[i].id);
		fputs(set->programs_known ? "]}" : "}", stdout);
	}
	puts("\n]");
}

static enum status list(char **args, const struct options *options)
{
	struct sets sets;
	enum status status = sets_read(&sets);

	(void)args;
	if (!status) {
		sets_read_programs(&sets);
		if (options->json)
			print_json(&sets);
		else
			print_table(&sets);
	}
	sets_free(&sets);
	return status;
}

/* Without a link the map's only element is the registration. */
static enum status detach_plain(const struct set *set)
{
	__u32 zero = 0;
	int fd = bpf_map_get_fd_by_id(set->map);
	enum status status = DONE;

	if (fd < 0 || bpf_map_delete_elem(fd, &zero)) {
		complain("can't detach %s: %m", set->name);
		status = FAILED;
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static enum status open_link(const struct set *set, int *fd)
{
	*fd = bpf_link_get_fd_by_id(set->link);
	if (*fd >= 0)
		return DONE;
	if (errno == ENOENT) {
		complain("%s was detached meanwhile", set->name);
		return NO_SET;
	}
	complain("can't open the link of %s: %m", set->name);
	return FAILED;
}

static enum status detach_link(const struct set *set, const char *pin)
{
	int fd;
	enum status status = open_link(set, &fd);

	if (status)
		return status;
	if (bpf_link_detach(fd)) {
		complain("can't detach %s: %m", set->name);
		status = FAILED;
	} else if (pin && unlink(pin)) {
		complain("%s is detached, but %s can't be removed: %m", set->name, pin);
		status = FAILED;
	}
	close(fd);
	return status;
}

static enum status detach(char **args, const struct options *options)
{
	char path[sizeof(PIN_DIR) + FUSE_BPF_NAME_MAX];
	struct sets sets;
	struct set *set;
	enum status status = sets_find(&sets, args[0], &set);

	if (status)
		goto out;
	if (set->link)
		status = detach_link(set, pin_find(set->name, set->link, path, sizeof(path)));
	else
		status = detach_plain(set);
	if (!status)
		print_change(options, "detached", set->name, set->map, set->link, NULL);
out:
	sets_free(&sets);
	return status;
}

static enum status replace_link(const struct set *set, struct object *object,
				const struct options *options)
{
	char path[sizeof(PIN_DIR) + FUSE_BPF_NAME_MAX];
	__u32 map_id, link_id;
	int fd;
	enum status status = open_link(set, &fd);

	if (status)
		return status;
	status = object_load(object);
	if (!status)
		status = object_replace(object, fd);
	if (!status)
		status = link_ids(fd, &map_id, &link_id);
	if (!status)
		print_change(options, "replaced", set->name, map_id, link_id,
			     pin_find(set->name, link_id, path, sizeof(path)));
	close(fd);
	return status;
}

static enum status replace(char **args, const struct options *options)
{
	struct object object = {};
	struct sets sets;
	struct set *set;
	enum status status = sets_find(&sets, args[0], &set);

	if (status)
		goto out;
	if (!set->link) {
		complain("%s was attached without a link and can't be replaced: detach it, then attach %s",
			 set->name, args[1]);
		status = FAILED;
		goto out;
	}
	status = object_open(&object, args[1]);
	if (status)
		goto out;
	if (strcmp(object.name, set->name)) {
		complain("the set in %s is named %s, not %s: a set is replaced by one of its own name",
			 args[1], object.name, set->name);
		status = FAILED;
		goto out;
	}
	status = replace_link(set, &object, options);
out:
	object_close(&object);
	sets_free(&sets);
	return status;
}

static const struct command {
	const char *name;
	const char *arguments;
	int n_args;
	bool changes;		/* needs CAP_SYS_ADMIN */
	enum status (*run)(char **args, const struct options *options);
} commands[] = {
	{ "attach", " OBJECT [--pin]", 1, true, attach },
	{ "list", "", 0, false, list },
	{ "detach", " NAME", 1, true, detach },
	{ "replace", " NAME OBJECT", 2, true, replace },
};

static const struct command *find_command(int n_args, char **args)
{
	if (!n_args) {
		complain("no command: attach, list, detach or replace; see --help");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(args[0], commands[i].name))
			continue;
		if (n_args - 1 == commands[i].n_args)
			return &commands[i];
		complain("usage: fuse-bpf [--json] %s%s", commands[i].name,
			 commands[i].arguments);
		return NULL;
	}
	complain("unknown command %s: attach, list, detach or replace; see --help", args[0]);
	return NULL;
}

static enum status run(int n_args, char **args, const struct options *options)
{
	const struct command *command = find_command(n_args, args);
	enum status status;

	if (!command)
		return USAGE;
	if (options->pin && command->run != attach) {
		complain("--pin goes with attach only");
		return USAGE;
	}
	status = require_module();
	if (!status && command->changes)
		status = require_admin();
	return status ? status : command->run(args + 1, options);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "pin", no_argument, NULL, 'p' },
		{}
	};
	struct options options = {};
	enum status status;
	int option;

	while ((option = getopt_long(argc, argv, "hjp", long_options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(help, stdout);
			return DONE;
		case 'j':
			options.json = true;
			break;
		case 'p':
			options.pin = true;
			break;
		default:
			return USAGE;
		}
	}
	status = run(argc - optind, argv + optind, &options);
	if (fflush(stdout)) {
		complain("can't write the answer: %m");
		return FAILED;
	}
	return status;
}
