// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs learn about names: the kfuncs, for every name an operation has.
 * A wrong one lets a policy match another name than the one that is used.
 */
#include "pair.h"

#include <fnmatch.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "names.h"

static struct names *names;

static void attach(const char *which)
{
	struct set *set = set_attached("names", which, "names");

	names = set->globals;
	mnt(back, at, "ops=names");
	names->tgid = getpid();
}

static int setup(void **state)
{
	pair_setup(state);
	assert_ok(mkdir(BACK("dir"), 0755));
	file_write(BACK("dir/file"), "file");
	return 0;
}

static void has_name(int which, const char *name)
{
	char padded[64] = {};

	assert_true(strlen(name) <= sizeof(padded));
	memcpy(padded, name, strlen(name));
	assert_int_equal(names->len[which], strlen(name));
	assert_memory_equal(names->text[which], padded, sizeof(padded));
	assert_int_not_equal(names->hash[which], 0);
}

static void has_no_name(int which)
{
	static const char zeros[64];

	assert_int_equal(names->len[which], -ENODATA);
	assert_memory_equal(names->text[which], zeros, sizeof(zeros));
	assert_int_equal(names->hash[which], 0);
	assert_false(names->match[which]);
}

static void has_path(int which, const char *path)
{
	char padded[64] = {};

	strcpy(padded, path);
	assert_int_equal(names->path_len[which], strlen(path));
	assert_memory_equal(names->path[which], padded, sizeof(padded));
}

static void which_is_checked(void)
{
	int which;

	for (which = 0; which < NAMES_WHICH; which++) {
		if (which < FUSE_BPF_PATH)
			assert_int_equal(names->path_len[which], -EINVAL);
		else
			assert_int_equal(names->len[which], -EINVAL);
	}
}

static void of_an_entry(void **state)
{
	attach("ask_at_names");
	strcpy(names->pattern, "f*");
	assert_ok(unlink(AT("dir/file")));
	assert_int_equal(names->calls, 1);
	has_name(FUSE_BPF_NAME, "file");
	assert_true(names->match[FUSE_BPF_NAME]);
	has_no_name(FUSE_BPF_NEWNAME);
	has_no_name(FUSE_BPF_XATTR);
	has_no_name(FUSE_BPF_LINK);
	has_path(FUSE_BPF_PATH, "/dir/file");
	assert_int_equal(names->path_len[FUSE_BPF_NEWPATH], -ENODATA);
	which_is_checked();
	assert_int_equal(names->short_len, 4);
	assert_memory_equal(names->short_text, "file", 4);
	assert_int_equal(names->child, -EINVAL);
}

static void of_a_symlink(void **state)
{
	attach("ask_at_names");
	assert_ok(symlink("the/target", AT("dir/made")));
	has_name(FUSE_BPF_NAME, "made");
	has_name(FUSE_BPF_LINK, "the/target");
	has_path(FUSE_BPF_PATH, "/dir/made");
	assert_int_equal(names->child, 0);
}

static void of_a_rename(void **state)
{
	attach("ask_at_names");
	strcpy(names->pattern, "n?w");
	assert_ok(rename(AT("dir/file"), AT("new")));
	assert_int_equal(names->calls, 1);
	has_name(FUSE_BPF_NAME, "file");
	has_name(FUSE_BPF_NEWNAME, "new");
	assert_false(names->match[FUSE_BPF_NAME]);
	assert_true(names->match[FUSE_BPF_NEWNAME]);
	has_path(FUSE_BPF_PATH, "/dir/file");
	has_path(FUSE_BPF_NEWPATH, "/new");
	file_is(BACK("new"), "file");
}

static void of_a_hard_link(void **state)
{
	attach("ask_at_names");
	assert_ok(link(AT("dir/file"), AT("new")));
	assert_int_equal(names->calls, 1);
	has_name(FUSE_BPF_NAME, "new");
	has_path(FUSE_BPF_PATH, "/new");
}

static void of_an_attribute(void **state)
{
	attach("ask_at_names");
	assert_fails(getxattr(AT("dir/file"), "trusted.some.name", NULL, 0), ENODATA);
	has_name(FUSE_BPF_XATTR, "trusted.some.name");
	has_no_name(FUSE_BPF_NAME);
	has_no_name(FUSE_BPF_LINK);
}

static void of_an_inode(void **state)
{
	struct stat st;

	attach("ask_at_getattr");
	assert_ok(stat(AT("dir/file"), &st));
	has_no_name(FUSE_BPF_NAME);
	has_path(FUSE_BPF_PATH, "/dir/file");
	assert_int_equal(names->child, -EINVAL);
	assert_ok(stat(at, &st));
	has_path(FUSE_BPF_PATH, "/");
}

static void of_an_access_check(void **state)
{
	int fd;

	attach("ask_at_access");
	fd = open(AT("dir"), O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	assert_ok(faccessat(fd, "file", R_OK, AT_EACCESS));
	has_no_name(FUSE_BPF_NAME);
	assert_int_equal(names->path_len[FUSE_BPF_PATH], -ENODATA);
	assert_ok(close(fd));
}

static void of_a_lookup(void **state)
{
	attach("ask_at_lookup");
	assert_false(exists(AT("dir/nothing")));
	has_name(FUSE_BPF_NAME, "nothing");
	has_path(FUSE_BPF_PATH, "/dir/nothing");
	assert_int_equal(names->child, 0);
	assert_int_equal(names->short_len, -ENAMETOOLONG);
	assert_memory_equal(names->short_text, "\0\0\0", 4);
}

/* 64 bytes are a name of 64 bytes, and not one of 65. */
static void longest_key(void **state)
{
	char name[66];

	attach("ask_at_lookup");
	memset(name, 'k', 65);
	name[64] = 0;
	assert_false(exists(fmt("%s/%s", at, name)));
	has_name(FUSE_BPF_NAME, name);
	assert_int_equal(names->path_len[FUSE_BPF_PATH], -ENAMETOOLONG);
	name[64] = 'k';
	name[65] = 0;
	assert_false(exists(fmt("%s/%s", at, name)));
	assert_int_equal(names->len[FUSE_BPF_NAME], -ENAMETOOLONG);
	assert_int_not_equal(names->hash[FUSE_BPF_NAME], 0);
}

static uint64_t hash_of(const char *name, uint64_t seed)
{
	names->seed = seed;
	assert_false(exists(fmt("%s/%s", at, name)));
	return names->hash[FUSE_BPF_NAME];
}

/* Values that other implementations publish. */
static void hashes(void **state)
{
	attach("ask_at_lookup");
	assert_int_equal(hash_of("a", 0), 0xd24ec4f1a98c6e5b);
	assert_int_equal(hash_of("abc", 0), 0x44bc2cf5ad770999);
	assert_int_equal(hash_of("xxhash", 0), 0x32dd38952c4bc720);
	assert_int_equal(hash_of("xxhash", 20141025), 0xb559b98d844e0635);
	assert_int_equal(hash_of("Nobody inspects the spammish repetition", 0), 0xfbcea83c8a378bf1);
	assert_int_not_equal(hash_of("a", 1), 0xd24ec4f1a98c6e5b);
}

static const struct {
	const char *pattern, *name;
	bool match;
} globs[] = {
	{ "file", "file", true }, { "file", "files", false }, { "files", "file", false },
	{ "", "file", false }, { "*", "f", true }, { "**", "file", true },
	{ "*.c", "x.c", true }, { "*.c", ".c", true }, { "*.c", "x.cc", false },
	{ "f*e", "fe", true }, { "f*e", "file", true }, { "f*e", "filed", false },
	{ "*a*b*", "xxaxxbxx", true }, { "*a*b*", "xxbxxaxx", false },
	{ "*ab", "aab", true }, { "*aab*", "aaaab", true },
	{ "?", "f", true }, { "?", "fi", false }, { "f??e", "file", true }, { "?*", "x", true },
	{ "[abc]", "b", true }, { "[abc]", "d", false }, { "[a-c]x", "bx", true },
	{ "[a-c]x", "dx", false }, { "[!a-c]", "d", true }, { "[!a-c]", "b", false },
	{ "[a-]", "-", true }, { "[]]", "]", true }, { "[!]]", "x", true }, { "[!]]", "]", false },
	{ "[0-9][0-9]", "42", true }, { "[0-9][0-9]", "4x", false },
	{ "[x", "[x", true }, { "a[", "a[", true }, { "[", "[", true }, { "[", "x", false },
	{ "[!", "[!", true }, { "[!]", "[!]", true }, { "[]", "[]", true }, { "[!]", "x", false },
	{ "[[]", "[", true }, { "[[", "[[", true }, { "[[[]", "[", true }, { "[[[]", "[[", false },
	{ "*[", "x[", true }, { "*[[[x", "[[[[[x", true }, { "*[[[x", "[[[[[y", false },
	{ "[a]*[", "a[", true }, { "[a]*[", "b[", false }, { "[a-", "[a-", true },
	{ "[b-a]", "a", false }, { "[--0]", "0", true }, { "[a-]b", "-b", true },
	{ "[\\]", "\\", true }, { "[\\", "[\\", true },
	{ "\\*", "*", true }, { "\\*", "x", false }, { "\\?x", "?x", true }, { "\\[a]", "[a]", true },
	{ "\\\\", "\\", true }, { "a\\", "a\\", true },
	{ "caf\xc3\xa9", "caf\xc3\xa9", true }, { "caf?", "caf\xc3\xa9", false },
	{ "caf??", "caf\xc3\xa9", true }, { "[\xc3]\xa9", "\xc3\xa9", true },
	{ ".*", ".hidden", true }, { "*", ".hidden", true }, { "FILE", "file", false },
	/* as long as the buffer, without a NUL; and the text after a NUL is none of it */
	{ "0123456789abcdef0123456789abcde*", "0123456789abcdef0123456789abcdef", true },
	{ "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef", true },
	{ "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcde", false },
	{ "x\0*", "xy", false },
};

static void patterns(void **state)
{
	size_t i;

	attach("ask_at_lookup");
	for (i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		memset(names->pattern, 0, sizeof(names->pattern));
		memcpy(names->pattern, globs[i].pattern,
		       strcmp(globs[i].pattern, "x") ? strlen(globs[i].pattern) : 3);
		assert_false(exists(fmt("%s/%s", at, globs[i].name)));
		if (names->match[FUSE_BPF_NAME] != globs[i].match)
			fail_msg("\"%s\" %s \"%s\"", globs[i].pattern,
				 globs[i].match ? "does not match" : "matches", globs[i].name);
	}
}

/* The next of a sequence of numbers that is the same in every run. */
static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16 & 0x7fff;
}

static void random_text(char *to, size_t max, const char *of, unsigned int *seed)
{
	size_t len = 1 + next(seed) % max, i;

	for (i = 0; i < len; i++)
		to[i] = of[next(seed) % strlen(of)];
	to[len] = 0;
}

/*
 * As fnmatch(3) has it, but where a pattern ends in '-': glibc then takes an unclosed '[' for an error.
 * A backslash within [] it takes for a quote.
 */
static void patterns_as_fnmatch(void **state)
{
	unsigned int seed = 1, matches = 0, i;
	char pattern[9], text[7];

	attach("ask_at_lookup");
	for (i = 0; i < 3000; i++) {
		random_text(pattern, 8, "ab*?[[]]!-", &seed);
		random_text(text, 6, "ab[]!-", &seed);
		if (pattern[strlen(pattern) - 1] == '-')
			continue;
		memset(names->pattern, 0, sizeof(names->pattern));
		strcpy(names->pattern, pattern);
		assert_false(exists(fmt("%s/%s", at, text)));
		if (names->match[FUSE_BPF_NAME] != !fnmatch(pattern, text, 0))
			fail_msg("\"%s\" and \"%s\": %d, unlike fnmatch", pattern, text,
				 names->match[FUSE_BPF_NAME]);
		matches += names->match[FUSE_BPF_NAME];
	}
	assert_true(matches > 100);
}

#define NAMES(test) cmocka_unit_test_setup_teardown(test, setup, pair_teardown)

#define LOOKS	20000

static __attribute__((noreturn)) void scribble(void)
{
	volatile char *last = &names->path[FUSE_BPF_PATH][sizeof(names->path[0]) - 1];

	while (true)
		*last = 'x';
}

/* The buffer is memory that others have: its last byte is no end, whatever is in it. */
static void path_while_its_buffer_is_written(void **state)
{
	struct stat st;
	pid_t pid;

	attach("ask_at_getattr");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		scribble();
	}
	for (int i = 0; i < LOOKS; i++) {
		assert_ok(stat(AT("dir/file"), &st));
		assert_int_equal(names->path_len[FUSE_BPF_PATH], strlen("/dir/file"));
		assert_memory_equal(names->path[FUSE_BPF_PATH], "/dir/file", sizeof("/dir/file"));
	}
	assert_ok(kill(pid, SIGKILL));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NAMES(of_an_entry),
		NAMES(of_a_symlink),
		NAMES(of_a_rename),
		NAMES(of_a_hard_link),
		NAMES(of_an_attribute),
		NAMES(of_an_inode),
		NAMES(of_an_access_check),
		NAMES(of_a_lookup),
		NAMES(longest_key),
		NAMES(hashes),
		NAMES(patterns),
		NAMES(patterns_as_fnmatch),
		NAMES(path_while_its_buffer_is_written),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
