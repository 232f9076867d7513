/*
 * Repeats one file operation in a tight loop and prints the elapsed time. Of the three loops it has the least overhead;
 * bench compiles it if a compiler is available. loop.pl and loop-ffi.mjs do the same without a compiler.
 *
 * Standard input:  OPERATION COUNT PATH, one per line; OPERATION is stat, lstat, readlink, read, list, bytes or missing
 * Standard output: nanoseconds for all COUNT operations, or "error ERRNO"
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char buffer[2 << 20];

static int one(const char *operation, const char *path)
{
	struct stat status;
	int fd;
	long got;

	if (!strcmp(operation, "stat"))
		return stat(path, &status);
	if (!strcmp(operation, "missing"))
		return stat(path, &status) < 0 && errno == ENOENT ? 0 : -1;
	if (!strcmp(operation, "lstat"))
		return lstat(path, &status);
	if (!strcmp(operation, "readlink"))
		return readlink(path, buffer, 4096) < 0 ? -1 : 0;
	if (!strcmp(operation, "read")) {
		fd = open(path, O_RDONLY);
		if (fd < 0)
			return -1;
		got = read(fd, buffer, 1 << 20);
		close(fd);
		return got < 0 ? -1 : 0;
	}
	if (!strcmp(operation, "list")) {
		fd = open(path, O_RDONLY | O_DIRECTORY);
		if (fd < 0)
			return -1;
		do
			got = syscall(SYS_getdents64, fd, buffer, 32768);
		while (got > 0);
		close(fd);
		return got < 0 ? -1 : 0;
	}
	errno = EINVAL;
	return -1;
}

/* Makes COUNT reads of one byte in order; continues at the start after the end of the file. */
static int bytes(const char *path, long count)
{
	struct stat status;
	int fd = open(path, O_RDONLY), failed = 0;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	for (long done = 0, at = 0; done < count && !failed; done++) {
		failed = pread(fd, buffer, 1, at) != 1;
		if (++at >= status.st_size)
			at = 0;
	}
	close(fd);
	return failed ? -1 : 0;
}

int main(void)
{
	static char line[8192], operation[16], path[4096];
	struct timespec from, to;
	long count;

	while (fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "%15s %ld %4095[^\n]", operation, &count, path) != 3)
			return 2;
		int failed = 0;
		clock_gettime(CLOCK_MONOTONIC, &from);
		if (!strcmp(operation, "bytes"))
			failed = bytes(path, count);
		else
			for (long done = 0; done < count && !failed; done++)
				failed = one(operation, path);
		clock_gettime(CLOCK_MONOTONIC, &to);
		if (failed)
			printf("error %d\n", errno);
		else
			printf("%lld\n", (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec));
		fflush(stdout);
	}
	return 0;
}
