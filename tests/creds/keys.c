// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys that a backing filesystem looks up in the keyrings of the current process. With the
 * mounter's keyrings in the derived credentials any user decrypts what only the mounter has
 * the key of, and one who has a key is not helped by it. ext4 has such keys: those of an
 * encryption policy of the first version.
 */
#include "twin.h"

#include <linux/fscrypt.h>
#include <linux/keyctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const struct who user = { .uid = 1000, .gid = 1000 };

static const char *disk, *view;

#define DESCRIPTOR	"\x0f\x1e\x2d\x3c\x4b\x5a\x69\x78"
#define DESCRIPTION	FSCRYPT_KEY_DESC_PREFIX "0f1e2d3c4b5a6978"

/* The serial of a new session keyring, with nothing in it, or -1 and errno. */
static long new_session(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

static long add_key_to_session(void)
{
	struct fscrypt_key key = { .size = 64 };

	for (size_t i = 0; i < sizeof(key.raw); i++)
		key.raw[i] = i;
	return syscall(SYS_add_key, "logon", DESCRIPTION, &key, sizeof(key),
		       KEY_SPEC_SESSION_KEYRING);
}

static void set_policy(const char *dir)
{
	struct fscrypt_policy_v1 policy = {
		.version = FSCRYPT_POLICY_V1,
		.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
		.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
		.flags = FSCRYPT_POLICY_FLAGS_PAD_32,
	};
	int fd = must(open(dir, O_RDONLY | O_DIRECTORY));

	memcpy(policy.master_key_descriptor, DESCRIPTOR, sizeof(policy.master_key_descriptor));
	if (ioctl(fd, FS_IOC_SET_ENCRYPTION_POLICY, &policy)) {
		int err = errno;

		must(close(fd));
		fs_done();
		print_message("# no encryption policy here: %s\n", strerrorname_np(err));
		skip();
	}
	must(close(fd));
}

/* An encrypted file on a disk, and no inode in memory that has its key. */
static void make_encrypted(void)
{
	disk = strdup(tmp_dir("disk"));
	view = strdup(tmp_path("view"));
	if (new_session() < 0) {
		print_message("# no session keyring: %m\n");
		skip();
	}
	if (!fs_on_disk("ext4", "-O encrypt", disk, NULL))
		skip();
	must(mkdir(fmt("%s/enc", disk), 0755));
	set_policy(fmt("%s/enc", disk));
	must(add_key_to_session());
	file_write(fmt("%s/enc/secret", disk), "text");
	fs_done();
	fs_mount(SCRATCH_DISK, disk, "ext4", NULL);
}

static int reads(void *path)
{
	char text[8];
	int fd = open(path, O_RDONLY);

	return fd < 0 || read(fd, text, sizeof(text)) < 0 ? errno : 0;
}

static int reads_without_a_key(void *path)
{
	return new_session() < 0 ? errno : reads(path);
}

static int reads_with_a_key(void *path)
{
	return new_session() < 0 || add_key_to_session() < 0 ? errno : reads(path);
}

static void mounters_key_is_its_own(void **state)
{
	char *through, *native;

	make_encrypted();
	mnt(disk, view, "");
	through = strdup(fmt("%s/enc/secret", view));
	native = strdup(fmt("%s/enc/secret", disk));
	/* The name alone is not found without the key. */
	assert_int_equal(as(&user, reads_without_a_key, through), ENOENT);
	assert_int_equal(as(&user, reads_without_a_key, native), ENOENT);
	/* Nor by another process of the mounter's user. */
	assert_int_equal(in_child(0, reads_without_a_key, through), ENOENT);
	assert_int_equal(in_child(0, reads, through), 0);
	file_is(through, "text");
}

static void callers_key_counts(void **state)
{
	make_encrypted();
	must(new_session());
	mnt(disk, view, "");
	assert_int_equal(as(&user, reads_without_a_key, (void *)fmt("%s/enc/secret", view)), ENOENT);
	assert_int_equal(as(&user, reads_with_a_key, (void *)fmt("%s/enc/secret", view)), 0);
}

static int makes_a_session(void *serial)
{
	*(long *)serial = new_session();
	return reads((void *)fmt("%s/f", view));
}

static bool key_gone(void *serial)
{
	return syscall(SYS_keyctl, KEYCTL_DESCRIBE, *(long *)serial, NULL, 0) < 0 &&
	       errno == ENOKEY;
}

/* What is kept of a caller must not keep its keys for as long as the mount. */
static void keyring_of_a_session_goes_with_it(void **state)
{
	const char *back = tmp_dir("back");
	long *serial = mmap(NULL, sizeof(*serial), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	view = strdup(tmp_path("view"));
	file_write(fmt("%s/f", back), "text");
	mnt(back, view, "");
	assert_int_equal(as(&user, makes_a_session, serial), 0);
	assert_true(*serial > 0);
	assert_true(wait_for(30000, key_gone, serial));
	must(munmap(serial, sizeof(*serial)));
	remove_tree(back);
}

static int undo(void **state)
{
	test_teardown(state);
	fs_done();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(mounters_key_is_its_own, undo),
		cmocka_unit_test_teardown(callers_key_counts, undo),
		cmocka_unit_test_teardown(keyring_of_a_session_goes_with_it, undo),
	};

	umask(0022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
