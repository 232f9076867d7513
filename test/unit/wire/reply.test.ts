import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../../src/base/errno.js';
import { type Attributes, type DirectoryEntry, ReplyBuffer } from '../../../src/wire/reply.js';
import { bytesOf, type Field, zeros } from '../../support/fixtures/bytes.js';
import { requestBytes } from '../../support/fixtures/requests.js';

const REQUEST = requestBytes('LOOKUP');
const UNIQUE: Field = ['0807060504030201', 'unique u64, copied'];
const FOREVER: Field = ['00ca9a3b00000000', 'valid u64: 10^9 seconds'];

const FILE: Attributes = {
	id: 2 ** 32 + 2,
	size: 5 * 2 ** 32 + 1,
	mode: 0o100644,
	nlink: 1,
	uid: 1000,
	gid: 1001,
	mtimeUs: 1_795_248_219_123_456,
	ctimeUs: 2 ** 32 * 1_000_000 + 1,
};

/** struct fuse_attr of FILE. */
const FILE_ATTR: readonly Field[] = [
	['0200000001000000', 'ino u64: 2^32 + 2'],
	['0100000005000000', 'size u64: 5 * 2^32 + 1'],
	['0800800200000000', 'blocks u64: whole pages of 4096, counted in 512: 5 * 2^23 + 8'],
	['5b50016b00000000', 'atime u64: that of mtime'],
	['5b50016b00000000', 'mtime u64: 1795248219'],
	['0000000001000000', 'ctime u64: 2^32'],
	['00ca5b07', 'atimensec u32: that of mtime'],
	['00ca5b07', 'mtimensec u32: 123456000'],
	['e8030000', 'ctimensec u32: 1000'],
	['a4810000', 'mode u32: 0100644'],
	['01000000', 'nlink u32'],
	['e8030000', 'uid u32: 1000'],
	['e9030000', 'gid u32: 1001'],
	zeros(4, 'rdev u32'),
	['00100000', 'blksize u32: 4096'],
	zeros(4, 'flags u32'),
];

/** struct fuse_entry_out of FILE, valid for 1.25 seconds. */
const FILE_ENTRY: readonly Field[] = [
	['0200000001000000', 'nodeid u64: 2^32 + 2'],
	zeros(8, 'generation u64'),
	['0100000000000000', 'entry_valid u64: 1 second'],
	['00ca9a3b00000000', 'attr_valid u64: 10^9 seconds'],
	['80b2e60e', 'entry_valid_nsec u32: 250000000'],
	zeros(4, 'attr_valid_nsec u32'),
	...FILE_ATTR,
];

/** A buffer full of an earlier reply, and the message that `write` makes of it. */
function written(write: (reply: ReplyBuffer) => number, size = 4096): Buffer {
	const reply = new ReplyBuffer(size);
	reply.bytes.fill(0xa5);
	return reply.bytes.subarray(0, write(reply));
}

const ROWS: readonly (readonly [string, (reply: ReplyBuffer) => number, readonly Field[]])[] = [
	[
		'error: the negative errno without a body',
		(reply) => reply.error(REQUEST, ERRNO.EROFS),
		[['10000000', 'len u32: 16'], ['e2ffffff', 'error i32: -EROFS'], UNIQUE],
	],
	[
		'body of 0 bytes: success',
		(reply) => reply.body(REQUEST, 0),
		[['10000000', 'len u32: 16'], zeros(4, 'error i32'), UNIQUE],
	],
	[
		'entry: node, attributes and validity of the name',
		(reply) => reply.entry(REQUEST, FILE, 1250),
		[['90000000', 'len u32: 144'], zeros(4, 'error i32'), UNIQUE, ...FILE_ENTRY],
	],
	[
		'noEntry: node id 0, valid for ever',
		(reply) => reply.noEntry(REQUEST),
		[
			['90000000', 'len u32: 144'],
			zeros(4, 'error i32'),
			UNIQUE,
			zeros(8, 'nodeid u64: none'),
			zeros(8, 'generation u64'),
			FOREVER,
			zeros(104, 'the rest'),
		],
	],
	[
		'attr: valid for ever',
		(reply) => reply.attr(REQUEST, FILE),
		[
			['78000000', 'len u32: 120'],
			zeros(4, 'error i32'),
			UNIQUE,
			FOREVER,
			zeros(4, 'attr_valid_nsec u32'),
			zeros(4, 'dummy u32'),
			...FILE_ATTR,
		],
	],
	[
		'open: file handle 0 and the flags',
		(reply) => reply.open(REQUEST, 0x22),
		[
			['20000000', 'len u32: 32'],
			zeros(4, 'error i32'),
			UNIQUE,
			zeros(8, 'fh u64'),
			['22000000', 'open_flags u32'],
			zeros(4, 'padding u32'),
		],
	],
	[
		'statfs: used blocks, no free ones, names of 255 bytes',
		(reply) => reply.statfs(REQUEST, 2 ** 45 + 1, 7),
		[
			['60000000', 'len u32: 96'],
			zeros(4, 'error i32'),
			UNIQUE,
			['0100000002000000', 'blocks u64: 2^33 + 1'],
			zeros(8, 'bfree u64'),
			zeros(8, 'bavail u64'),
			['0700000000000000', 'files u64'],
			zeros(8, 'ffree u64'),
			['00100000', 'bsize u32: 4096'],
			['ff000000', 'namelen u32: 255'],
			['00100000', 'frsize u32: 4096'],
			zeros(28, 'padding and spare'),
		],
	],
	[
		'init: 64 bytes, flags with the highest bit',
		(reply) =>
			reply.init(REQUEST, {
				major: 7,
				minor: 31,
				maxReadahead: 131072,
				flags: 0x8000_0001 | 0,
				maxBackground: 64,
				congestionThreshold: 48,
				maxWrite: 4096,
				timeGran: 1,
				maxPages: 256,
			}),
		[
			['50000000', 'len u32: 80'],
			zeros(4, 'error i32'),
			UNIQUE,
			['07000000', 'major u32'],
			['1f000000', 'minor u32: 31'],
			['00000200', 'max_readahead u32: 131072'],
			['01000080', 'flags u32'],
			['4000', 'max_background u16: 64'],
			['3000', 'congestion_threshold u16: 48'],
			['00100000', 'max_write u32: 4096'],
			['01000000', 'time_gran u32'],
			['0001', 'max_pages u16: 256'],
			['0000', 'map_alignment u16'],
			zeros(32, 'flags2, max_stack_depth, request_timeout, unused'),
		],
	],
];

describe('ReplyBuffer', () => {
	test.each(ROWS)('%s', (_, write, fields) => {
		expect(written(write).toString('hex')).toBe(bytesOf(fields).toString('hex'));
	});

	test('body: the header before bytes that are already there', () => {
		const bytes = written((reply) => {
			reply.bytes.write('hello', 16);
			return reply.body(REQUEST, 5);
		});
		expect(bytes.toString('hex')).toBe(
			bytesOf([['15000000', 'len u32: 21'], zeros(4, 'error i32'), UNIQUE, ['68656c6c6f', 'hello']]).toString('hex'),
		);
	});

	test('entry: a name that is valid for ever has 10^9 seconds and no nanoseconds', () => {
		const bytes = written((reply) => reply.entry(REQUEST, FILE, 1_000_000_000_000));
		expect(bytes.readBigUInt64LE(16 + 16)).toBe(1_000_000_000n);
		expect(bytes.readUInt32LE(16 + 32)).toBe(0);
	});

	test.each([
		['an empty file', 0o100644, 0, 0n],
		['a file of one byte', 0o100644, 1, 8n],
		['a file of one page', 0o100644, 4096, 8n],
		['a file of a page and a byte', 0o100644, 4097, 16n],
		['a link', 0o120777, 20, 0n],
		['a directory', 0o040755, 0, 0n],
	])('attr: %s has as many blocks as on tmpfs', (_, mode, size, blocks) => {
		const bytes = written((reply) => reply.attr(REQUEST, { ...FILE, mode, size }));
		expect(bytes.readBigUInt64LE(16 + 16 + 16)).toBe(blocks);
	});
});

const LISTED: DirectoryEntry = {
	name: Buffer.from('schlüssel').toString('latin1'),
	id: 2 ** 32 + 2,
	mode: FILE.mode,
	cookie: 2 ** 33 + 3,
	node: FILE,
	validMs: 1250,
};
const DIRENT: readonly Field[] = [
	['0200000001000000', 'ino u64: 2^32 + 2'],
	['0300000002000000', 'off u64: 2^33 + 3'],
	['0a000000', 'namelen u32: 10 bytes of 9 characters'],
	['08000000', 'type u32: DT_REG'],
	['7363686cc3bc7373656c', 'name'],
	zeros(6, 'padding to 8'),
];

describe('ReplyBuffer.dirent', () => {
	test('packs a fuse_dirent: name as bytes, padded with zeros to 8', () => {
		const reply = new ReplyBuffer(512);
		reply.bytes.fill(0xa5);
		expect(reply.dirent(8, 400, false, LISTED)).toBe(8 + 40);
		expect(reply.bytes.toString('hex', 24, 64)).toBe(bytesOf(DIRENT).toString('hex'));
		expect(reply.bytes.readUInt8(23)).toBe(0xa5);
		expect(reply.bytes.readUInt8(64)).toBe(0xa5);
	});

	test('packs a fuse_direntplus: the entry before the dirent', () => {
		const reply = new ReplyBuffer(512);
		reply.bytes.fill(0xa5);
		expect(reply.dirent(0, 400, true, LISTED)).toBe(128 + 40);
		expect(reply.bytes.toString('hex', 16, 16 + 168)).toBe(bytesOf([...FILE_ENTRY, ...DIRENT]).toString('hex'));
	});

	test('packs "." in a fuse_direntplus without a node, which gives no reference', () => {
		const reply = new ReplyBuffer(512);
		reply.bytes.fill(0xa5);
		const dot = { name: '.', id: 1, mode: 0o040000, cookie: 1, node: undefined, validMs: 0 };
		expect(reply.dirent(0, 400, true, dot)).toBe(160);
		expect(reply.bytes.toString('hex', 16, 16 + 160)).toBe(
			bytesOf([
				zeros(128, 'entry'),
				['0100000000000000', 'ino u64'],
				['0100000000000000', 'off u64'],
				['01000000', 'namelen u32'],
				['04000000', 'type u32: DT_DIR'],
				['2e', 'name'],
				zeros(7, 'padding to 8'),
			]).toString('hex'),
		);
	});

	test.each([
		[false, 40],
		[true, 168],
	])('writes nothing of an entry that is one byte too long (plus: %s)', (plus, size) => {
		const reply = new ReplyBuffer(1024);
		expect(reply.dirent(16, 16 + size, plus, LISTED)).toBe(16 + size);
		reply.bytes.fill(0xa5);
		expect(reply.dirent(16, 16 + size - 1, plus, LISTED)).toBe(-1);
		expect(reply.bytes.every((byte) => byte === 0xa5)).toBe(true);
	});

	test.each([
		[0o120777, 10],
		[0o040755, 4],
		[0o100644, 8],
	])('mode %o has type %i', (mode, type) => {
		const reply = new ReplyBuffer(512);
		reply.dirent(0, 400, false, { ...LISTED, mode });
		expect(reply.bytes.readUInt32LE(16 + 20)).toBe(type);
	});

	test.each([
		[1, 32],
		[8, 32],
		[9, 40],
		[255, 280],
	])('a name of %i bytes takes %i', (length, size) => {
		expect(new ReplyBuffer(512).dirent(0, 400, false, { ...LISTED, name: 'x'.repeat(length) })).toBe(size);
	});
});
