// @ts-check
/*
 * Repeats one file operation in a tight loop, as loop.c does, with libc's functions through koffi. Overhead: about 0.2 us
 * per system call. For machines without a compiler and without perl. loop.c documents the input and the output.
 */

import { createInterface } from 'node:readline';
import koffi from 'koffi';

const libc = koffi.load(null);
const stat = libc.func('int fstatat(int directory, const void *path, void *status, int flags)');
const open = libc.func('int open(const void *path, int flags)');
const read = libc.func('long read(int fd, void *bytes, size_t size)');
const pread = libc.func('long pread(int fd, void *bytes, size_t size, long at)');
const readlink = libc.func('long readlink(const void *path, void *bytes, size_t size)');
const getdents64 = libc.func('long getdents64(int fd, void *bytes, size_t size)');
const close = libc.func('int close(int fd)');

const AT_FDCWD = -100;
const NOFOLLOW = 0x100;
const O_DIRECTORY = process.arch === 'arm64' ? 0x4000 : 0x10000;
const bytes = Buffer.alloc(2 << 20);
const status = Buffer.alloc(256);

/** Each returns whether the operation failed. @type {Record<string, (path: Buffer) => boolean>} */
const OPERATIONS = {
	stat: (path) => stat(AT_FDCWD, path, status, 0) < 0,
	lstat: (path) => stat(AT_FDCWD, path, status, NOFOLLOW) < 0,
	missing: (path) => stat(AT_FDCWD, path, status, 0) >= 0,
	readlink: (path) => readlink(path, bytes, 4096) < 0,
	read(path) {
		const fd = open(path, 0);
		const got = read(fd, bytes, 1 << 20);
		close(fd);
		return got < 0;
	},
	list(path) {
		const fd = open(path, O_DIRECTORY);
		let got = 0;
		do got = getdents64(fd, bytes, 32768);
		while (got > 0);
		close(fd);
		return got < 0;
	},
};

/**
 * @param {Buffer} path
 * @param {number} count
 */
function readBytes(path, count) {
	const fd = open(path, 0);
	let failed = false;
	for (let done = 0, at = 0; done < count && !failed; done++, at++) {
		if (pread(fd, bytes, 1, at) === 1) continue;
		failed = at === 0;
		at = -1;
	}
	close(fd);
	return failed;
}

for await (const line of createInterface({ input: process.stdin })) {
	const [, operation = '', count = '', text = ''] = /^(\S+) (\d+) (.*)$/.exec(line) ?? [];
	const path = Buffer.from(`${text}\0`);
	const once = OPERATIONS[operation];
	let failed = false;
	const from = process.hrtime.bigint();
	if (once === undefined) failed = readBytes(path, Number(count));
	else for (let done = 0; done < Number(count) && !failed; done++) failed = once(path);
	const ns = process.hrtime.bigint() - from;
	process.stdout.write(failed ? `error ${koffi.errno()}\n` : `${ns}\n`);
}
