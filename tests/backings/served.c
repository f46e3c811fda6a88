// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount of ours, served by the kernel's NFS server: what a client does is there
 * below, its handles outlive every cache, and what programs hide is hidden there too.
 * timeout: 500
 */
#include "test.h"

#include <dirent.h>
#include <sys/mman.h>

#define MANY	600
#define HIDDEN	"secret.hid"	/* to tests/bpf/hide.bpf.c */

static const char *back, *view, *client;

static const char *in(const char *dir, const char *name)
{
	return fmt("%s/%s", dir, name);
}

static int end_test(void **state)
{
	close_range(3, ~0U, 0);
	fs_done();
	if (back)
		remove_tree(back);
	return test_teardown(state);
}

static bool set_up(const char *options)
{
	if (!fs_has_nfs())
		return false;
	back = tmp_dir("back");
	view = tmp_dir("view");
	client = tmp_dir("client");
	fs_mount(back, view, "fuse_bpf", options);
	return true;
}

static bool serve(unsigned int version)
{
	if (!set_up(NULL))
		return false;
	assert_int_equal(fs_export(view, "sync"), 0);
	fs_nfs(version, view, client, FS_NFS_UNCACHED);
	return true;
}

/* As a user whose file it is not: 0, or what open and exec come to. */
static int execute(void *path)
{
	if (setgid(TEST_GID) || setuid(TEST_UID))
		return 255;
	if (access(path, X_OK))
		return 100 + errno;
	execl(path, "true", (char *)NULL);
	return errno;
}

/* The server asks whether a client may execute, and reads for one that may do just that. */
static void client_executes(void **state)
{
	static const mode_t modes[] = { 0755, 0711, 0111, 04755 };

	if (!serve(*(const unsigned int *)*state))
		skip();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(sh(fmt("cp /bin/true %s", in(back, "true"))), 0);
		assert_ok(chmod(in(back, "true"), modes[i]));
		assert_int_equal(in_child(0, execute, (void *)in(client, "true")), 0);
		assert_ok(unlink(in(back, "true")));
	}
	assert_int_equal(sh(fmt("cp /bin/true %s", in(back, "true"))), 0);
	assert_ok(chmod(in(back, "true"), 0644));
	assert_int_equal(in_child(0, execute, (void *)in(client, "true")), 100 + EACCES);
}

static void client_works(void **state)
{
	struct stat st;
	char *map;
	int fd;

	if (!serve(*(const unsigned int *)*state))
		skip();
	file_write(in(client, "f"), "text");
	file_is(in(back, "f"), "text");
	assert_ok(mkdir(in(client, "d"), 0750));
	assert_int_equal(file_mode(in(back, "d")) & 07777, 0750);
	assert_ok(rename(in(client, "f"), in(client, "d/g")));
	assert_ok(link(in(client, "d/g"), in(client, "h")));
	assert_ok(symlink("d/g", in(client, "l")));
	assert_ok(mknod(in(client, "p"), S_IFIFO | 0600, 0));
	file_is(in(client, "l"), "text");
	assert_string_equal(names_in(back), "d h l p");
	assert_ok(stat(in(back, "h"), &st));
	assert_int_equal(st.st_nlink, 2);
	assert_ok(chown(in(client, "h"), TEST_UID, TEST_GID));
	assert_ok(truncate(in(client, "h"), 3));
	file_is(in(back, "d/g"), "tex");
	fd = open(in(client, "h"), O_RDWR);
	assert_ok(fd);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	map[0] = 'T';
	assert_ok(msync(map, 4096, MS_SYNC));
	munmap(map, 4096);
	close(fd);
	file_is(in(back, "h"), "Tex");
	/* The exclusive create has a verifier in the times, until they are set. */
	assert_ok(try_open(in(client, "new"), O_RDWR | O_CREAT | O_EXCL, 0640));
	assert_fails(try_open(in(client, "new"), O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
	assert_int_equal(file_mode(in(back, "new")) & 07777, 0640);
	assert_ok(unlink(in(client, "d/g")));
	assert_ok(rmdir(in(client, "d")));
	assert_fails(rmdir(in(client, "d")), ENOENT);
	assert_string_equal(names_in(back), "h l new p");
}

static void large_file(void **state)
{
	const char *copy = "dd if=/dev/urandom of=%s/big bs=64k count=32 conv=fsync status=none && cmp %s/big %s/big";

	if (!serve(*(const unsigned int *)*state))
		skip();
	assert_int_equal(sh(fmt(copy, client, client, back)), 0);
	drop_caches();
	assert_int_equal(sh(fmt("cmp %s/big %s/big && cp %s/big %s/copy && cmp %s/copy %s/big", client, back,
				client, client, back, client)), 0);
}

/* Changes below the served mount show, and what is removed there is gone for who holds it. */
static void changes_below_show(void **state)
{
	struct stat st;
	int fd;

	if (!serve(*(const unsigned int *)*state))
		skip();
	assert_false(exists(in(client, "f")));
	file_write(in(back, "f"), "one");
	file_is(in(client, "f"), "one");
	assert_ok(rename(in(back, "f"), in(back, "g")));
	assert_false(exists(in(client, "f")));
	file_is(in(client, "g"), "one");
	assert_ok(mkdir(in(back, "d"), 0755));
	file_write(in(back, "d/f"), "in d");
	fd = open(in(client, "d"), O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	assert_ok(mkdir(in(back, "e"), 0755));
	assert_ok(rename(in(back, "d"), in(back, "e/d")));
	assert_ok(fstatat(fd, "f", &st, 0));
	file_is(in(client, "e/d/f"), "in d");
	remove_tree(in(back, "e"));
	drop_caches();
	/* The server may not have forgotten the directory yet, in which there is nothing. */
	assert_int_equal(fstatat(fd, "f", &st, 0), -1);
	assert_true(errno == ESTALE || errno == ENOENT);
	close(fd);
	assert_string_equal(names_in(client), "g");
}

/* The client goes on by its handles, which nothing in memory stands for any more. */
static void handles_outlive_caches(void **state)
{
	char text[8] = "";
	struct stat st;
	int fd, dir;

	if (!serve(*(const unsigned int *)*state))
		skip();
	assert_int_equal(sh(fmt("mkdir -p %s/a/b/c", client)), 0);
	file_write(in(client, "a/b/c/f"), "text");
	fd = open(in(client, "a/b/c/f"), O_RDWR);
	dir = open(in(client, "a/b/c"), O_RDONLY | O_DIRECTORY);
	assert_ok(fd);
	assert_ok(dir);
	for (int i = 0; i < 3; i++) {
		drop_caches();
		assert_int_equal(pread(fd, text, 4, 0), 4);
		assert_string_equal(text, "text");
		assert_ok(fstatat(dir, "f", &st, 0));
		assert_ok(mkdirat(dir, fmt("d%d", i), 0755));
		assert_true(exists(in(back, fmt("a/b/c/d%d", i))));
		assert_ok(fstatat(dir, "../../../a/b", &st, 0));
	}
	close(dir);
	close(fd);
	file_is(in(client, "a/b/c/f"), "text");
}

static void many_names(void **state)
{
	unsigned int count = 0;
	struct dirent *e;
	DIR *dir;

	if (!serve(*(const unsigned int *)*state))
		skip();
	for (int i = 0; i < MANY; i++)
		assert_ok(mknod(in(i % 2 ? back : view, fmt("file-with-some-name-%d", i)), S_IFREG | 0644, 0));
	dir = opendir(client);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.') {
			assert_true(exists(in(back, e->d_name)));
			count++;
		}
	closedir(dir);
	assert_int_equal(count, MANY);
}

static int write_as_user(void *path)
{
	if (setgid(TEST_GID) || setuid(TEST_UID))
		return 255;
	return try_open(path, O_WRONLY, 0) ? errno : 0;
}

static void rights_hold(void **state)
{
	if (!serve(*(const unsigned int *)*state))
		skip();
	file_write(in(back, "f"), "text");
	assert_ok(chmod(in(back, "f"), 0644));
	assert_int_equal(in_child(0, write_as_user, (void *)in(client, "f")), EACCES);
	assert_ok(chown(in(back, "f"), TEST_UID, 0));
	assert_int_equal(in_child(0, write_as_user, (void *)in(client, "f")), 0);
}

/* --- locks of NFSv3 ------------------------------------------------------------------------- */

static bool listed_as_locked(const char *path)
{
	char line[256], number[32];
	bool found = false;
	struct stat st;
	FILE *f;

	assert_ok(stat(path, &st));
	snprintf(number, sizeof(number), ":%lu ", (unsigned long)st.st_ino);
	f = fopen("/proc/locks", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, "POSIX") && strstr(line, number);
	fclose(f);
	return found;
}

/* Their server looks at the inode it knows for the locks that it drops, and they would be below. */
static void no_locks_over_v3(void **state)
{
	struct flock whole = { .l_type = F_WRLCK };
	int fd;

	for (int ours = 0; ours < 2; ours++) {
		if (!set_up(NULL))
			skip();
		assert_int_equal(fs_export(ours ? view : back, "sync"), 0);
		fs_statd();
		fs_nfs(3, ours ? view : back, client, FS_NFS_UNCACHED FS_NFS_LOCKS);
		file_write(in(client, "f"), "text");
		fd = open(in(client, "f"), O_RDWR);
		assert_ok(fd);
		/* The directory itself shows that all that it takes is here. */
		if (ours)
			assert_fails(fcntl(fd, F_SETLK, &whole), ENOLCK);
		else
			assert_ok(fcntl(fd, F_SETLK, &whole));
		assert_int_equal(listed_as_locked(in(back, "f")), !ours);
		close(fd);
		assert_false(listed_as_locked(in(back, "f")));
		assert_ok(unlink(in(client, "f")));
		fs_done();
		assert_string_equal(names_in(back), "");
	}
}

/* --- under programs ------------------------------------------------------------------------- */

static void not_served_without_being_allowed(void **state)
{
	if (!fs_has_nfs())
		skip();
	set_attached("hide", "hide", "quiet");
	if (!set_up("ops=quiet"))
		skip();
	file_write(in(back, "f"), "text");
	if (!fs_export(view, "sync"))
		assert_int_not_equal(fs_try_nfs(3, view, client, FS_NFS_UNCACHED), 0);
	file_is(in(view, "f"), "text");
}

static void hidden_from_clients(void **state)
{
	struct set *set;

	if (!fs_has_nfs())
		skip();
	set = set_open("hide", "hide", "h");
	set->ops->flags = FUSE_BPF_F_HANDLES;
	set_load(set);
	set_attach(set);
	if (!set_up("ops=h"))
		skip();
	file_write(in(back, HIDDEN), "secret");
	file_write(in(back, "f"), "text");
	assert_int_equal(fs_export(view, "sync"), 0);
	fs_nfs(*(const unsigned int *)*state, view, client, FS_NFS_UNCACHED);
	file_is(in(client, "f"), "text");
	assert_false(exists(in(client, HIDDEN)));
	assert_string_equal(names_in(client), "f");
	assert_true(exists(in(back, HIDDEN)));
	/* Neither is it made nor replaced by who cannot see it. */
	assert_fails(mkdir(in(client, HIDDEN), 0755), EACCES);
	assert_fails(link(in(client, "f"), in(client, HIDDEN)), EACCES);
	assert_fails(rename(in(client, "f"), in(client, HIDDEN)), EACCES);
	file_is(in(back, HIDDEN), "secret");
}

int main(void)
{
	static unsigned int v3 = 3, v4 = 4;
#define EITHER(test)	\
	{ #test " (v3)", test, NULL, end_test, &v3 }, { #test " (v4)", test, NULL, end_test, &v4 }
	const struct CMUnitTest tests[] = {
		EITHER(client_works),
		EITHER(client_executes),
		EITHER(large_file),
		EITHER(changes_below_show),
		EITHER(handles_outlive_caches),
		EITHER(many_names),
		EITHER(rights_hold),
		cmocka_unit_test_teardown(no_locks_over_v3, end_test),
		cmocka_unit_test_teardown(not_served_without_being_allowed, end_test),
		EITHER(hidden_from_clients),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
