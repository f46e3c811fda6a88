// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlayfs over mounts of ours: as a lower layer, as the upper one, as both. What
 * comes of it, merged and in the upper layer, is what comes of plain directories.
 * And overlayfs below a mount of ours, where the two differ.
 *
 * timeout: 240
 */
#include "test.h"

#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <linux/fs.h>

/* One overlay: its layers' directories, and where the layers are seen when it is mounted. */
struct stack {
	const char *name, *lower, *upper, *merged;
};

static struct stack plain = { .name = "plain" }, ours = { .name = "ours" };

static const char *in(const char *dir, const char *name)
{
	return fmt("%s/%s", dir, name);
}

static void fill_lower(const char *dir)
{
	assert_ok(mkdir(in(dir, "d"), 0755));
	assert_ok(mkdir(in(dir, "d/e"), 02750));
	assert_ok(mkdir(in(dir, "gone"), 0755));
	file_write(in(dir, "f"), "lower");
	file_write(in(dir, "d/f"), "in d");
	file_write(in(dir, "d/e/f"), "in e");
	file_write(in(dir, "gone/f"), "in gone");
	assert_ok(link(in(dir, "f"), in(dir, "g")));
	assert_ok(symlink("d/f", in(dir, "l")));
	assert_ok(mknod(in(dir, "p"), S_IFIFO | 0644, 0));
	assert_ok(chown(in(dir, "d/f"), TEST_UID, TEST_GID));
	assert_ok(setxattr(in(dir, "f"), "trusted.x", "y", 1, 0));
}

/*
 * Layers of an overlay, each a mount of ours over what is in them or a plain directory.
 * Whiteouts are made in an ext3, which no mount of ours is over, or through one in an ext4.
 * lockdep knows filesystems by their types, and overlays not apart: of a plain overlay on
 * a type that a mount of ours is over, too, it says that it could wait for itself.
 */
static void stack_up(struct stack *s, bool lower_ours, bool upper_ours, const char *options)
{
	const char *top = tmp_dir(s->name), *layer = tmp_path(fmt("%s/%s", upper_ours ? "ext4" : "ext3", s->name));
	const char *lower, *upper;

	s->lower = strdup(in(top, "lower"));
	s->upper = strdup(in(layer, "upper"));
	s->merged = strdup(in(top, "merged"));
	sh(fmt("mkdir -p %s %s %s/work %s %s/lower-view %s/layer-view", s->lower, s->upper, layer,
	       s->merged, top, top));
	fill_lower(s->lower);
	lower = lower_ours ? in(top, "lower-view") : s->lower;
	upper = upper_ours ? in(top, "layer-view") : layer;
	if (lower_ours)
		fs_mount(s->lower, lower, "fuse_bpf", NULL);
	if (upper_ours)
		fs_mount(layer, upper, "fuse_bpf", NULL);
	fs_mount("overlay", s->merged, "overlay",
		 fmt("lowerdir=%s,upperdir=%s/upper,workdir=%s/work%s", lower, upper, upper, options));
}

/* Both in files, and the same but for the name. */
static int layers_start(void **state)
{
	static const char make[] = "modprobe loop && cd %s && for fs in ext3 ext4; do truncate -s 64M $fs.img &&"
		" mkfs.ext3 -q -F $fs.img && mkdir $fs && mount -t $fs -o loop $fs.img $fs || exit 1; done";

	return sh(fmt(make, getenv("TEST_TMP")));
}

static int layers_end(void **state)
{
	return sh(fmt("cd %s && umount ext3 ext4 && rm ext3.img ext4.img", getenv("TEST_TMP")));
}

/*
 * overlayfs of older kernels takes no upper layer whose names are revalidated, and says so in the kernel's log alone:
 * docs/differences.md, "as the upper layer of overlayfs, on 6.1".
 */
static bool upper_taken(void)
{
	enum { READ_ALL = 3 };
	static char log[1 << 20];
	const char *top = tmp_dir("probe"), *merged = in(top, "merged");
	bool taken;

	sh(fmt("mkdir -p %s/layer/upper %s/layer/work %s/lower %s/view %s", top, top, top, top, merged));
	fs_mount(in(top, "layer"), in(top, "view"), "fuse_bpf", NULL);
	taken = !mount("overlay", merged, "overlay", 0,
		       fmt("lowerdir=%s/lower,upperdir=%s/view/upper,workdir=%s/view/work", top, top, top));
	if (taken) {
		assert_ok(umount(merged));
	} else {
		assert_int_equal(errno, EINVAL);
		assert_ok(klogctl(READ_ALL, log, sizeof(log) - 1));
		assert_has(log, "probe/view/upper' not supported as upperdir");
		print_message("# overlayfs of this kernel takes no upper layer whose names are revalidated\n");
	}
	fs_done();
	sh(fmt("rm -rf %s", top));
	return taken;
}

static void needs_overlay(bool upper_ours)
{
	if (!fs_known("overlay") || (upper_ours && !upper_taken()))
		skip();
}

static int end_test(void **state)
{
	close_range(3, ~0U, 0);
	fs_done();
	sh(fmt("cd %s && rm -rf plain ours ext3/plain ext3/ours ext4/ours", getenv("TEST_TMP")));
	return test_teardown(state);
}

/* --- the same work on both ------------------------------------------------------------------ */

static int try_rename(const char *dir, const char *from, const char *to, unsigned int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, in(dir, from), AT_FDCWD, in(dir, to), flags);
}

static int named_tmpfile(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR, 0640), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, "nameless", 8) == 8 ?
	      linkat(AT_FDCWD, fmt("/proc/self/fd/%d", fd), AT_FDCWD, in(dir, "named"), AT_SYMLINK_FOLLOW) : -1;
	close(fd);
	return ret;
}

static int appended(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND), ret;

	ret = fd < 0 || write(fd, " and more", 9) != 9 ? -1 : 0;
	close(fd);
	return ret;
}

/* Attributes of a file that is not in the upper layer yet. */
static int flagged(const char *path)
{
	int fd = open(path, O_RDONLY), flags = FS_NODUMP_FL, ret;

	ret = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return ret;
}

/* Each is tried on both; the outcomes are the same, and so is what is there in the end. */
#define STEPS(STEP)								\
	STEP(appended(in(dir, "f")))						\
	STEP(chmod(in(dir, "d/f"), 0600))					\
	STEP(truncate(in(dir, "d/e/f"), 2))					\
	STEP(flagged(in(dir, "d/e/f")))						\
	STEP(setxattr(in(dir, "d"), "trusted.z", "z", 1, 0))			\
	STEP(setxattr(in(dir, "d"), "trusted.overlay.opaque", "y", 1, 0))	\
	STEP(named_tmpfile(dir))						\
	STEP(named_tmpfile(dir))						\
	STEP(unlink(in(dir, "g")))						\
	STEP(unlink(in(dir, "g")))						\
	STEP(unlink(in(dir, "p")))						\
	STEP(mkdir(in(dir, "p"), 0711))						\
	STEP(rmdir(in(dir, "gone")))						\
	STEP(unlink(in(dir, "gone/f")))						\
	STEP(rmdir(in(dir, "gone")))						\
	STEP(mkdir(in(dir, "gone"), 0755))					\
	STEP(rename(in(dir, "l"), in(dir, "l2")))				\
	STEP(rename(in(dir, "d"), in(dir, "d2")))				\
	STEP(try_rename(dir, "f", "d/f", RENAME_EXCHANGE))			\
	STEP(try_rename(dir, "f", "gone/f", RENAME_WHITEOUT))			\
	STEP(try_rename(dir, "d/e", "gone/e", 0))				\
	STEP(try_rename(dir, "gone", "p", RENAME_NOREPLACE))			\
	STEP(link(in(dir, "named"), in(dir, "link")))				\
	STEP(symlink("named", in(dir, "soft")))					\
	STEP(mknod(in(dir, "null"), S_IFCHR | 0666, makedev(1, 3)))		\
	STEP(mknod(in(dir, "white"), S_IFCHR | 0666, makedev(0, 0)))		\
	STEP(mkdir(in(dir, "d3"), 0755))					\
	STEP(rename(in(dir, "d3"), in(dir, "gone")))				\
	STEP(rename(in(dir, "d3"), in(dir, "p")))				\
	STEP(chown(in(dir, "soft"), 0, 0))

struct outcome {
	const char *step;
	int err;
};

static size_t work_on(const char *dir, struct outcome *out)
{
	size_t n = 0;

#define STEP(call)	out[n++] = (struct outcome){ #call, (call) ? errno : 0 };
	STEPS(STEP)
#undef STEP
	return n;
}

/* Sorted lines of everything with its kind, mode, owner, size, target, and attributes but overlayfs's numbers. */
static void same_in(const char *what, const char *a, const char *b)
{
	static const char list[] =
		"cd %s && find . -printf '%%P %%y %%m %%n %%U %%G %%l ' \\( ! -type d -printf '%%s' -o -true \\)"
		" -printf '\\n' | sort >%s.list && find . -type f -exec md5sum {} + | sort >>%s.list &&"
		" find . | sort | xargs getfattr -hd -m - -e hex | sed '/overlay.origin\\|overlay.uuid\\|overlay.upper/d' >>%s.list";
	const char *x = tmp_path("a"), *y = tmp_path("b");

	assert_int_equal(sh(fmt(list, a, x, x, x)), 0);
	assert_int_equal(sh(fmt(list, b, y, y, y)), 0);
	if (sh(fmt("diff -u %s.list %s.list", x, y)))
		fail_msg("%s differs", what);
}

static void layers_of(bool lower_ours, bool upper_ours, const char *options)
{
	struct outcome a[64], b[64];
	size_t n, i;

	stack_up(&plain, false, false, options);
	stack_up(&ours, lower_ours, upper_ours, options);
	n = work_on(plain.merged, a);
	assert_int_equal(work_on(ours.merged, b), n);
	for (i = 0; i < n; i++)
		if (a[i].err != b[i].err)
			fail_msg("%s: %s over plain directories, %s", a[i].step,
				 strerrorname_np(a[i].err), strerrorname_np(b[i].err));
	same_in("what is merged", plain.merged, ours.merged);
	drop_caches();
	same_in("what is merged, looked up anew", plain.merged, ours.merged);
	same_in("the upper layer", plain.upper, ours.upper);
	same_in("the lower layer", plain.lower, ours.lower);
	file_is(in(ours.lower, "f"), "lower");
}

static const struct kind {
	const char *name;
	bool lower, upper;
	const char *options;
} kinds[] = {
	{ "lower", true, false, "" },
	{ "upper", false, true, "" },
	{ "both", true, true, "" },
	{ "both, redirects and metacopy", true, true, ",redirect_dir=on,metacopy=on" },
	{ "both, index and export", true, true, ",index=on,nfs_export=on" },
	{ "both, user attributes", true, true, ",userxattr" },
};

static void as_layers(void **state)
{
	const struct kind *kind = *state;

	needs_overlay(kind->upper);
	layers_of(kind->lower, kind->upper, kind->options);
}

/* --- overlayfs below ---------------------------------------------------------------------------- */

static int lists_nothing(void *dir)
{
	char list[8];

	if (setgid(TEST_GID) || setuid(TEST_UID))
		return 255;
	return listxattr(in(dir, "d/f"), list, sizeof(list)) < 0 ? errno : 0;
}

/* overlayfs wants room for what it does not show, and decides by the caller's rights. */
static void room_for_hidden_names(void **state)
{
	const char *view = tmp_dir("view");

	needs_overlay(false);
	stack_up(&plain, false, false, "");
	fs_mount(plain.merged, view, "fuse_bpf", NULL);
	assert_ok(chmod(in(view, "d/f"), 0604));
	assert_int_equal(in_child(0, lists_nothing, (void *)plain.merged), ERANGE);
	assert_int_equal(in_child(0, lists_nothing, (void *)view), ERANGE);
}

/* What is copied up is a file that was made without a name; each use of it is a question to us. */
static void used_after_it_was_copied_up(void **state)
{
	needs_overlay(true);
	stack_up(&ours, true, true, "");
	for (int i = 0; i < 3; i++) {
		assert_ok(appended(in(ours.merged, "d/f")));
		assert_true(exists(in(ours.merged, "d/f")));
	}
	file_is(in(ours.merged, "d/f"), "in d and more and more and more");
	file_is(in(ours.upper, "d/f"), "in d and more and more and more");
	assert_ok(named_tmpfile(ours.merged));
	assert_ok(appended(in(ours.merged, "named")));
	file_is(in(ours.merged, "named"), "nameless and more");
	assert_ok(rename(in(ours.merged, "named"), in(ours.merged, "d/named")));
	file_is(in(ours.merged, "d/named"), "nameless and more");
	assert_ok(unlink(in(ours.merged, "d/named")));
	assert_ok(unlink(in(ours.merged, "d/f")));
	assert_false(exists(in(ours.merged, "d/f")));
	assert_string_equal(names_in(in(ours.merged, "d")), "e");
}

static time_t atime_after_reading(const char *path)
{
	const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	struct stat st;

	file_write(path, "text");
	assert_ok(utimensat(AT_FDCWD, path, old, 0));
	file_is(path, "text");
	assert_ok(stat(path, &st));
	return st.st_atim.tv_sec;
}

/* docs/differences.md, "as the upper layer of overlayfs". */
static void reading_leaves_atime_alone(void **state)
{
	needs_overlay(true);
	stack_up(&plain, false, false, "");
	stack_up(&ours, false, true, "");
	assert_true(atime_after_reading(in(plain.merged, "t")) > 1000);
	assert_int_equal(atime_after_reading(in(ours.merged, "t")), 1000);
}

/*
 * overlayfs goes on with the dentry of a file's first name, and asks ours whether it
 * holds: without fuse_bpf_is_gone() the file's other names are stale, where one of the
 * lower layer's was removed before.
 */
static void other_names_outlive_the_first(void **state)
{
	const char *dir = ours.merged;

	needs_overlay(true);
	stack_up(&ours, false, true, "");
	assert_ok(unlink(in(dir, "f")));
	assert_ok(unlink(in(dir, "g")));
	file_write(in(dir, "a"), "text");
	assert_ok(link(in(dir, "a"), in(dir, "f")));
	file_is(in(dir, "f"), "text");
	assert_ok(unlink(in(dir, "a")));
	file_is(in(dir, "f"), "text");
	assert_ok(chmod(in(dir, "f"), 0600));
	assert_ok(appended(in(dir, "f")));
	file_is(in(ours.upper, "f"), "text and more");
	file_write(in(dir, "b"), "other");
	assert_ok(link(in(dir, "b"), in(dir, "g")));
	file_is(in(dir, "g"), "other");
	file_write(in(dir, "new"), "new");
	assert_ok(rename(in(dir, "new"), in(dir, "b")));
	file_is(in(dir, "g"), "other");
	file_is(in(dir, "b"), "new");
}

/* A file from the lower layer, open through the mount, is copied up by someone else. */
static void copied_up_under_an_open_file(void **state)
{
	const char *view = tmp_dir("view");
	char text[16] = "";
	int r, w, u;

	needs_overlay(false);
	stack_up(&plain, false, false, "");
	fs_mount(plain.merged, view, "fuse_bpf", NULL);
	r = open(in(view, "d/f"), O_RDONLY);
	u = open(in(plain.merged, "d/f"), O_RDONLY);
	w = open(in(plain.merged, "d/f"), O_WRONLY);
	assert_ok(r);
	assert_ok(u);
	assert_ok(w);
	assert_int_equal(pwrite(w, "IN", 2, 0), 2);
	assert_int_equal(pread(u, text, 4, 0), 4);
	assert_string_equal(text, "IN d");
	assert_int_equal(pread(r, text, 4, 0), 4);
	assert_string_equal(text, "IN d");
	file_is(in(view, "d/f"), "IN d");
	close(w);
	w = open(in(view, "d/e/f"), O_WRONLY | O_TRUNC);
	assert_ok(w);
	assert_int_equal(write(w, "cut", 3), 3);
	file_is(in(plain.upper, "d/e/f"), "cut");
	file_is(in(plain.lower, "d/e/f"), "in e");
}

int main(void)
{
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct CMUnitTest tests[KINDS + 5];

	umask(0022);
	for (size_t i = 0; i < KINDS; i++)
		tests[i] = (struct CMUnitTest){ kinds[i].name, as_layers, NULL, end_test, (void *)&kinds[i] };
	tests[KINDS] = (struct CMUnitTest)cmocka_unit_test_teardown(room_for_hidden_names, end_test);
	tests[KINDS + 1] = (struct CMUnitTest)cmocka_unit_test_teardown(copied_up_under_an_open_file, end_test);
	tests[KINDS + 2] = (struct CMUnitTest)cmocka_unit_test_teardown(used_after_it_was_copied_up, end_test);
	tests[KINDS + 3] = (struct CMUnitTest)cmocka_unit_test_teardown(reading_leaves_atime_alone, end_test);
	tests[KINDS + 4] = (struct CMUnitTest)cmocka_unit_test_teardown(other_names_outlive_the_first, end_test);
	return cmocka_run_group_tests_name("overlay", tests, layers_start, layers_end);
}
