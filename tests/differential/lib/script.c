// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations as text, a line each, and back:
 *
 *	WORKER USER over|under KIND key=value...
 *
 * A path is [cwd:|abs:|SLOT:]NAME/NAME..., with the aliases of names.c. Numbers
 * that are 0 are left out. "#" begins a comment, "world NAME" is the first line.
 */
#include "diff.h"

#include <inttypes.h>

static void path_print(FILE *out, const char *key, const struct op_path *path)
{
	unsigned int i;

	fprintf(out, " %s=", key);
	if (path->from == FROM_CWD)
		fputs("cwd:", out);
	else if (path->from == FROM_SLASH)
		fputs("abs:", out);
	else if (path->from >= FROM_SLOT)
		fprintf(out, "%d:", path->from - FROM_SLOT);
	for (i = 0; i < path->count; i++)
		fprintf(out, "%s%s", i ? "/" : "", op_names[path->name[i]].alias);
	if (path->slash)
		fputc('/', out);
}

void op_print(FILE *out, const struct op *op)
{
	const struct op_kind *kind = &op_kinds[op->kind];
	unsigned int has = kind->fields;

	fprintf(out, "%d %s %s %s", op->worker, op_whos[op->who].name,
		op->under ? "under" : "over", kind->name);
	if (has & HAS_SLOT)
		fprintf(out, " slot=%d", op->slot);
	if (has & HAS_SLOT2)
		fprintf(out, " slot2=%d", op->slot2);
	if (has & HAS_PATH)
		path_print(out, "path", &op->path);
	if (has & (HAS_PATH2 | HAS_TARGET))
		path_print(out, "path2", &op->path2);
	if (has & HAS_FLAGS && op->flags)
		fprintf(out, " flags=0x%x", op->flags);
	if (has & HAS_MODE && op->mode)
		fprintf(out, " mode=0%o", op->mode);
	if (has & HAS_OFF && op->off)
		fprintf(out, " off=%" PRId64, op->off);
	if (has & HAS_LEN && op->len)
		fprintf(out, " len=%" PRId64, op->len);
	if (has & HAS_DATA && op->data)
		fprintf(out, " data=0x%x", op->data);
	fputc('\n', out);
}

void script_print(FILE *out, const struct world *w, const struct op *ops, size_t n,
		  const struct difference *d)
{
	size_t i;

	fprintf(out, "world %s\n", w->name);
	for (i = 0; i < n; i++)
		op_print(out, &ops[i]);
	fprintf(out, "# %s\n", d->text);
}

/* --- reading ---------------------------------------------------------------------- */

static unsigned int line_number;

static void bad(const char *what, const char *text)
{
	fprintf(stderr, "line %u: %s: %s\n", line_number, what, text);
	exit(2);
}

static uint8_t name_read(const char *alias)
{
	unsigned int i;

	for (i = 0; i < op_name_count; i++)
		if (!strcmp(op_names[i].alias, alias))
			return i;
	bad("no such name", alias);
	return 0;
}

static void path_read(struct op_path *path, char *text)
{
	char *colon = strchr(text, ':'), *name;

	if (colon) {
		*colon = 0;
		path->from = !strcmp(text, "cwd") ? FROM_CWD : !strcmp(text, "abs") ? FROM_SLASH :
			     FROM_SLOT + atoi(text) % SLOTS;
		text = colon + 1;
	}
	if (*text && text[strlen(text) - 1] == '/') {
		path->slash = true;
		text[strlen(text) - 1] = 0;
	}
	while (*text && (name = strsep(&text, "/"))) {
		if (path->count == PATH_NAMES)
			bad("too long a path", name);
		path->name[path->count++] = name_read(name);
		if (!text)
			break;
	}
}

static void field_read(struct op *op, char *text)
{
	char *value = strchr(text, '=');
	int64_t number;

	if (!value)
		bad("no value", text);
	*value++ = 0;
	number = strtoll(value, NULL, 0);
	if (!strcmp(text, "path"))
		path_read(&op->path, value);
	else if (!strcmp(text, "path2"))
		path_read(&op->path2, value);
	else if (!strcmp(text, "slot"))
		op->slot = number % SLOTS;
	else if (!strcmp(text, "slot2"))
		op->slot2 = number % SLOTS;
	else if (!strcmp(text, "flags"))
		op->flags = number;
	else if (!strcmp(text, "mode"))
		op->mode = number;
	else if (!strcmp(text, "data"))
		op->data = number;
	else if (!strcmp(text, "off"))
		op->off = number;
	else if (!strcmp(text, "len"))
		op->len = number;
	else
		bad("no such field", text);
}

static uint8_t kind_read(const char *name)
{
	uint8_t kind = op_kind_number(name);

	if (kind == op_kind_count)
		bad("no such operation", name);
	return kind;
}

static uint8_t who_read(const char *name)
{
	unsigned int i;

	for (i = 0; i < op_who_count; i++)
		if (!strcmp(op_whos[i].name, name))
			return i;
	bad("no such user", name);
	return 0;
}

static void op_read(struct op *op, char *line)
{
	char *words[4], *word;
	int i;

	memset(op, 0, sizeof(*op));
	for (i = 0; i < 4; i++) {
		words[i] = strsep(&line, " ");
		if (!words[i])
			bad("words are missing", "");
	}
	op->worker = atoi(words[0]) % WORKERS;
	op->who = who_read(words[1]);
	op->under = !strcmp(words[2], "under");
	op->kind = kind_read(words[3]);
	while ((word = strsep(&line, " ")))
		if (*word)
			field_read(op, word);
}

static struct world *world_read(const char *name)
{
	unsigned int i;

	for (i = 0; i < world_count; i++)
		if (!strcmp(worlds[i].name, name))
			return &worlds[i];
	bad("no such world", name);
	return NULL;
}

size_t script_read(const char *path, struct world **w, struct op *ops)
{
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t size = 0, n = 0;

	if (!in)
		bad("cannot be read", path);
	*w = &worlds[0];
	while (getline(&line, &size, in) > 0) {
		char *text = line;

		line_number++;
		line[strcspn(line, "\n")] = 0;
		/* As it is in the output of a test. */
		if (!strncmp(text, "#| ", 3))
			text += 3;
		if (!strncmp(text, "world ", 6))
			*w = world_read(text + 6);
		else if (*text && *text != '#' && n < SEQUENCE_MAX)
			op_read(&ops[n++], text);
	}
	free(line);
	fclose(in);
	return n;
}
