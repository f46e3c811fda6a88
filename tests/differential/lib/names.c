// SPDX-License-Identifier: GPL-2.0-only
/* Names, users and attributes that operations choose from. Few: they shall meet. */
#include "diff.h"

const struct op_name op_names[] = {
	[NAME_DOT] = { ".", 'o' },
	[NAME_DOTDOT] = { "..", 'o' },
	[NAME_LONGWAY] = { "LONGWAY", 'o' },
	{ "TOOLONG", 'o' },		/* 256 bytes */
	{ "LONGEST", 'o' },		/* 255 bytes */
	{ "BYTES", 'o' },		/* not UTF-8 */
	{ "BLANKS", 'o' },
	{ "d0", 'd' }, { "d1", 'd' }, { "d2", 'd' },
	{ "f0", 'f' }, { "f1", 'f' }, { "f2", 'f' },
	{ "l0", 'l' }, { "l1", 'l' },
	{ "s0", 's' }, { "s1", 's' },
};
const unsigned int op_name_count = sizeof(op_names) / sizeof(op_names[0]);

static const char *long_way(void)
{
	static char text[2048];

	for (size_t i = 0; i + 2 < 1024; i += 2)
		memcpy(text + i, "./", 3);
	text[strlen(text) - 1] = 0;
	return text;
}

const char *op_name_text(unsigned int name)
{
	static char longest[256], too_long[257];
	const char *alias = op_names[name].alias;

	if (!strcmp(alias, "LONGWAY"))
		return long_way();
	if (!strcmp(alias, "TOOLONG"))
		return memset(too_long, 't', 256);
	if (!strcmp(alias, "LONGEST"))
		return memset(longest, 'n', 255);
	if (!strcmp(alias, "BYTES"))
		return "\xff\xfe\x01\n\\*";
	if (!strcmp(alias, "BLANKS"))
		return " -r ";
	return alias;
}

const struct op_who op_whos[] = {
	{ "root", { 0, 0, 0, {} } },
	{ "ann", { 1000, 1000, 1, { 2000 } } },
	{ "bob", { 1001, 1001, 2, { 1000, 2000 } } },
	{ "eve", { 1002, 2000, 0, {} } },
};
const unsigned int op_who_count = sizeof(op_whos) / sizeof(op_whos[0]);

const char *const op_xattrs[] = {
	[XATTR_ACL_ACCESS] = "system.posix_acl_access",
	[XATTR_ACL_DEFAULT] = "system.posix_acl_default",
	[XATTR_USER_A] = "user.a", "user.b", "user.", "trusted.a", "security.a", "security.capability",
	"unknown.a", "user.long-long-long-long-long-long-long-long-long-long-long-name",
};
const unsigned int op_xattr_count = sizeof(op_xattrs) / sizeof(op_xattrs[0]);
