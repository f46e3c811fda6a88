// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows about contents: files and directories. Those of whole files are per MiB,
 * of mappings per page, of listings per entry.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rows.h"

#define PAGE		4096
#define MIB		(1 << 20)
#define CHUNK		(128 << 10)
#define FILE_PAGES	512U	/* of the file that rows on single pages use */
#define MIBS		8U	/* of the one that is read and written as a whole */

static char buffer[CHUNK];

static void write_whole(int fd, unsigned int mibs)
{
	unsigned int i;

	for (i = 0; i < mibs * (MIB / CHUNK); i++)
		must(pwrite(fd, buffer, CHUNK, (off_t)i * CHUNK));
}

static void read_whole(int fd, unsigned int mibs)
{
	unsigned int i;

	for (i = 0; i < mibs * (MIB / CHUNK); i++)
		must(pread(fd, buffer, CHUNK, (off_t)i * CHUNK));
}

static int make_file(unsigned int pages)
{
	int fd = must(open("f0", O_CREAT | O_EXCL | O_RDWR, 0644));
	unsigned int i;

	for (i = 0; i < pages; i++)
		must(pwrite(fd, buffer, PAGE, (off_t)i * PAGE));
	return fd;
}

static void done_with(int fd)
{
	close(fd);
	must(unlink("f0"));
}

/* Neither one after the other, which is read ahead, nor the same twice. */
static off_t scattered(unsigned int i)
{
	return (off_t)(i * 7 % FILE_PAGES) * PAGE;
}

static void open_read_close(unsigned int count)
{
	unsigned int i;
	int fd;

	for (i = 0; i < count; i++) {
		fd = must(open(name_of(i), O_RDONLY));
		must(read(fd, buffer, PAGE));
		close(fd);
	}
}

static void bench_open_read_cold(unsigned int count)
{
	make_files(count, PAGE);
	go_cold();
	start();
	open_read_close(count);
	stop(count);
	remove_files(count);
}

static void bench_open_read_warm(unsigned int count)
{
	make_files(count, PAGE);
	open_read_close(count);
	start();
	open_read_close(count);
	stop(count);
	remove_files(count);
}

static void seqwrite(bool sync)
{
	int fd = make_file(0);

	start();
	write_whole(fd, MIBS);
	if (sync)
		must(fsync(fd));
	stop(MIBS);
	done_with(fd);
}

static void bench_seqwrite(unsigned int count)
{
	seqwrite(false);
}

static void bench_seqwrite_fsync(unsigned int count)
{
	seqwrite(true);
}

static void seqread(bool cold)
{
	int fd = make_file(MIBS * (MIB / PAGE));

	if (cold)
		go_cold();
	start();
	read_whole(fd, MIBS);
	stop(MIBS);
	done_with(fd);
}

static void bench_seqread_cold(unsigned int count)
{
	seqread(true);
}

static void bench_seqread_warm(unsigned int count)
{
	seqread(false);
}

static void page_reads(unsigned int count, bool cold)
{
	int fd = make_file(FILE_PAGES);
	unsigned int i;

	must(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	if (cold)
		go_cold();
	start();
	for (i = 0; i < count; i++)
		must(pread(fd, buffer, PAGE, scattered(i)));
	stop(count);
	done_with(fd);
}

static void bench_read4k_warm(unsigned int count)
{
	page_reads(count, false);
}

static void bench_read4k_cold(unsigned int count)
{
	page_reads(count, true);
}

static void page_writes(unsigned int count, bool sync)
{
	int fd = make_file(FILE_PAGES);
	unsigned int i;

	must(fsync(fd));
	start();
	for (i = 0; i < count; i++) {
		must(pwrite(fd, buffer, PAGE, scattered(i)));
		if (sync)
			must(fsync(fd));
	}
	stop(count);
	done_with(fd);
}

static void bench_write4k(unsigned int count)
{
	page_writes(count, false);
}

static void bench_write4k_fsync(unsigned int count)
{
	page_writes(count, true);
}

static void bench_append100(unsigned int count)
{
	int fd = must(open("f0", O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0644));
	unsigned int i;

	start();
	for (i = 0; i < count; i++)
		must(write(fd, buffer, 100));
	stop(count);
	done_with(fd);
}

static void map_and_touch(int fd)
{
	size_t size = FILE_PAGES * PAGE, at;
	char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		broken("mmap");
	for (at = 0; at < size; at += PAGE)
		*(volatile char *)(map + at);
	must(munmap(map, size));
}

static void mapping(bool cold)
{
	int fd = make_file(FILE_PAGES);

	if (cold)
		go_cold();
	start();
	map_and_touch(fd);
	stop(FILE_PAGES);
	done_with(fd);
}

static void bench_mmap_cold(unsigned int count)
{
	mapping(true);
}

static void bench_mmap_warm(unsigned int count)
{
	mapping(false);
}

/* Whose number of entries but "." and ".." is known; each may be looked at, too. */
static void list(unsigned int count, bool look)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	struct stat st;

	if (!dir)
		broken("opendir");
	while ((entry = readdir(dir))) {
		if (look)
			must(fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW));
		if (entry->d_name[0] != '.')
			count--;
	}
	closedir(dir);
	errno = 0;
	if (count)
		broken("readdir: entries are missing, or too many");
}

static void listing(unsigned int count, bool cold, bool look)
{
	make_files(count, 0);
	list(count, look);
	if (cold)
		go_cold();
	start();
	list(count, look);
	stop(count);
	remove_files(count);
}

static void bench_readdir(unsigned int count)
{
	listing(count, false, false);
}

static void bench_readdir_cold(unsigned int count)
{
	listing(count, true, false);
}

static void bench_readdir_stat(unsigned int count)
{
	listing(count, true, true);
}

struct row data_rows[] = {
	ROW(open_read_cold),
	ROW(open_read_warm),
	ROW(seqwrite),
	ROW(seqwrite_fsync),
	ROW(seqread_cold),
	ROW(seqread_warm),
	ROW(read4k_warm),
	ROW(read4k_cold),
	ROW(write4k),
	ROW(write4k_fsync),
	ROW(append100),
	ROW(mmap_cold),
	ROW(mmap_warm),
	ROW(readdir),
	ROW(readdir_cold),
	ROW(readdir_stat),
	{}
};
