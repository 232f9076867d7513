import { afterEach, describe, expect, test } from 'vitest';
import { ERRNO } from '../../../../src/base/errno.js';
import type { Agreement } from '../../../../src/server/kernel/negotiation.js';
import { Session } from '../../../../src/server/kernel/session.js';
import { INIT_FLAG, OPCODE, type OpcodeName } from '../../../../src/wire/constants.js';
import { FakeKernel, message, u32, u64 } from '../../../support/fake-kernel.js';
import { AnnouncedInodes, staged, stagedFile, stagedLink } from '../../../support/fixtures/announced.js';
import { REQUEST_NAMES, requestBytes, resized } from '../../../support/fixtures/requests.js';
import { Scratch } from '../../../support/fixtures/scratch.js';
import { checkInvariants } from '../../../support/fixtures/tree-invariants.js';

const BIG = 1024 * 1024;
const FOREVER = 1_000_000_000n;
const STAND_IN = 2 ** 47;
const scratch = new Scratch();
const kernels: FakeKernel[] = [];

afterEach(() => {
	for (const kernel of kernels.splice(0)) kernel.close();
	scratch.clear();
});

interface Setup {
	readonly inodes: AnnouncedInodes;
	readonly kernel: FakeKernel;
	polls: number;
}

/** 10 is a directory with the file 11 ("hello") and the directory 12; 20 a link; 21 a file of 1 MiB and 5 bytes. */
function setup(openWithoutUpcall = true): Setup {
	const inodes = new AnnouncedInodes(scratch.directory(), `hello world${'0123456789abcdef'.repeat(BIG / 16)}`);
	inodes.stage('d', staged(10, { f: stagedFile(11), sub: staged(12), ü: stagedLink(13, 'f') }));
	inodes.stage('link', stagedLink(20, 'd/f'));
	inodes.stage('big', stagedFile(21, 6, BIG + 5));
	const kernel = new FakeKernel({
		tree: inodes.tree,
		openWithoutUpcall,
		pollJournal: () => {
			state.polls++;
		},
	});
	const state: Setup = { inodes, kernel, polls: 0 };
	kernels.push(kernel);
	return state;
}

/** A body for each opcode, long enough and not announced. */
const ANSWERS: readonly (readonly [OpcodeName | number, readonly (Buffer | string)[], keyof typeof ERRNO | 'OK'])[] = [
	['DESTROY', [], 'OK'],
	['RELEASE', [Buffer.alloc(24)], 'OK'],
	['RELEASEDIR', [Buffer.alloc(24)], 'OK'],
	['INTERRUPT', [u64(4)], 'ENOSYS'],
	['ACCESS', [u32(4, 0)], 'ENOSYS'],
	['FLUSH', [Buffer.alloc(24)], 'ENOSYS'],
	['FSYNC', [Buffer.alloc(16)], 'ENOSYS'],
	['FSYNCDIR', [Buffer.alloc(16)], 'ENOSYS'],
	['GETXATTR', [u32(0, 0), 'security.capability\0'], 'ENOSYS'],
	['LISTXATTR', [u32(0, 0)], 'ENOSYS'],
	['LSEEK', [Buffer.alloc(24)], 'ENOSYS'],
	['POLL', [Buffer.alloc(24)], 'ENOSYS'],
	['STATX', [Buffer.alloc(24)], 'ENOSYS'],
	['COPY_FILE_RANGE', [Buffer.alloc(56)], 'ENOSYS'],
	['COPY_FILE_RANGE_64', [Buffer.alloc(56)], 'ENOSYS'],
	['GETLK', [Buffer.alloc(48)], 'ENOSYS'],
	['BMAP', [Buffer.alloc(16)], 'ENOSYS'],
	['SYNCFS', [Buffer.alloc(8)], 'ENOSYS'],
	['IOCTL', [Buffer.alloc(32)], 'ENOTTY'],
	['MKNOD', [u32(0o100644, 0, 0, 0), 'x\0'], 'EROFS'],
	['LINK', [u64(11), 'x\0'], 'EROFS'],
	['WRITE', [Buffer.alloc(40), 'data'], 'EROFS'],
	['CREATE', [u32(0, 0o644, 0, 0), 'x\0'], 'EROFS'],
	['SETXATTR', [u32(1, 0), 'user.a\0v'], 'EROFS'],
	['REMOVEXATTR', ['user.a\0'], 'EROFS'],
	['FALLOCATE', [Buffer.alloc(32)], 'EROFS'],
	['RENAME2', [u64(1), u32(1, 0), 'd\0e\0'], 'EROFS'],
	['TMPFILE', [u32(0, 0o644, 0, 0), 'x\0'], 'EROFS'],
	['MKDIR', [u32(0o755, 0), 'x\0'], 'EROFS'],
	['SYMLINK', ['x\0y\0'], 'EROFS'],
	['UNLINK', ['link\0'], 'EROFS'],
	['RMDIR', ['d\0'], 'EROFS'],
	['RENAME', [u64(1), 'd\0e\0'], 'EROFS'],
	['SETATTR', [u32(1, 0), Buffer.alloc(80)], 'EROFS'],
	[0, [], 'ENOSYS'],
	[7, [], 'ENOSYS'],
	[63, [], 'ENOSYS'],
	[64, [], 'ENOSYS'],
	[0xffff_ffff, [Buffer.alloc(8)], 'ENOSYS'],
];

describe('Session opcodes', () => {
	test.each(ANSWERS.map(([opcode, body, errno]) => ({ opcode, body, errno })))(
		'$opcode is answered with $errno',
		(row) => {
			const { opcode, body, errno } = row;
			const { kernel, inodes } = setup();
			const before = [inodes.names(1), inodes.names(10)];
			expect(kernel.request(opcode, 1, ...body)).toMatchObject({
				error: errno === 'OK' ? 0 : -ERRNO[errno],
				body: Buffer.alloc(0),
			});
			expect([inodes.names(1), inodes.names(10)]).toEqual(before);
		},
	);

	test('every opcode that the tests above leave out is tested below', () => {
		const below: readonly OpcodeName[] = [
			...(['INIT', 'LOOKUP', 'FORGET', 'BATCH_FORGET', 'GETATTR', 'READLINK', 'READ', 'READDIR'] as const),
			...(['READDIRPLUS', 'OPEN', 'OPENDIR', 'STATFS'] as const),
		];
		const unanswered: readonly OpcodeName[] = ['SETLK', 'SETLKW', 'NOTIFY_REPLY', 'SETUPMAPPING', 'REMOVEMAPPING'];
		const tested = new Set([...ANSWERS.map(([opcode]) => opcode), ...below, ...unanswered]);
		expect(Object.keys(OPCODE).filter((name) => !tested.has(name as OpcodeName))).toEqual([]);
		for (const opcode of unanswered) expect(setup().kernel.request(opcode, 1).error).toBe(-ERRNO.ENOSYS);
	});

	test('counts requests by opcode', () => {
		const { kernel } = setup();
		kernel.lookup(1, 'd');
		kernel.lookup(1, 'd');
		kernel.request('STATFS', 1);
		expect([kernel.counters[OPCODE.LOOKUP], kernel.counters[OPCODE.STATFS]]).toEqual([2, 1]);
	});

	test('INIT is answered with the agreement, in 64 bytes', () => {
		const { body } = setup().kernel.init();
		expect([body.length, body.readUInt32LE(0), body.readUInt32LE(4), body.readUInt32LE(20)]).toEqual([64, 7, 31, 4096]);
	});

	test.each([
		{ openWithoutUpcall: true, open: -ERRNO.ENOSYS },
		{ openWithoutUpcall: false, open: 0 },
	])(
		'a second session starts with the agreement of the first one: $openWithoutUpcall',
		({ openWithoutUpcall, open }) => {
			const { inodes } = setup();
			const agreements: Agreement[] = [];
			const first = new FakeKernel({
				tree: inodes.tree,
				openWithoutUpcall,
				agreed: (agreement) => agreements.push(agreement),
			});
			kernels.push(first);
			first.init();
			const [agreement] = agreements;
			if (agreement === undefined || agreements.length > 1) throw new Error(`${agreements.length} agreements`);
			expect(agreement).toMatchObject({ minor: 31, noOpen: openWithoutUpcall, noOpendir: true });
			const second = new FakeKernel({ tree: inodes.tree, openWithoutUpcall, agreement });
			kernels.push(second);
			for (const kernel of [first, second]) {
				expect(kernel.request('OPEN', 11, u32(0, 0)).error).toBe(open);
				expect(kernel.request('OPENDIR', 10, u32(0, 0)).error).toBe(-ERRNO.ENOSYS);
			}
		},
	);

	test('INIT of a protocol that is too old is EPROTO', () => {
		const { kernel } = setup();
		expect(kernel.request('INIT', 0, u32(7, 11, 0, 0)).error).toBe(-ERRNO.EPROTO);
	});

	test('LOOKUP is answered with an entry and counted, and FORGET returns it without an answer', () => {
		const { kernel, inodes } = setup();
		const { body } = kernel.request('LOOKUP', 10, 'f\0');
		expect([body.length, body.readBigUInt64LE(0), body.readBigUInt64LE(16), body.readBigUInt64LE(24)]).toEqual([
			128,
			11n,
			FOREVER,
			FOREVER,
		]);
		expect(inodes.inode(11).nlookup).toBe(1);
		expect(kernel.raw(message('FORGET', 11, u64(1), 4n))).toBeUndefined();
		expect(inodes.inode(11).nlookup).toBe(0);
	});

	test('LOOKUP of a name in UTF-8 finds it', () => {
		expect(setup().kernel.lookup(10, 'ü')).toBe(13);
	});

	test('LOOKUP of a missing name is a negative entry, and other failures are errors', () => {
		const { kernel } = setup();
		const { error, body } = kernel.request('LOOKUP', 1, 'nothing\0');
		expect([error, body.length, body.readBigUInt64LE(0), body.readBigUInt64LE(16)]).toEqual([0, 128, 0n, FOREVER]);
		expect(kernel.request('LOOKUP', 11, 'x\0').error).toBe(-ERRNO.ENOTDIR);
		expect(kernel.request('LOOKUP', 1, `${'x'.repeat(256)}\0`).error).toBe(-ERRNO.ENAMETOOLONG);
	});

	test('LOOKUP of a name in its grace is valid for the rest of the grace', () => {
		const { kernel, inodes } = setup();
		inodes.perform({ op: 'unlink', parent: 10, name: 'f', graceMs: 2500 });
		const { body } = kernel.request('LOOKUP', 10, 'f\0');
		expect([body.readBigUInt64LE(0), body.readBigUInt64LE(16), body.readUInt32LE(32)]).toEqual([
			BigInt(11 + STAND_IN),
			2n,
			500_000_000,
		]);
		expect(kernel.read(11 + STAND_IN, 0, 100).body.toString()).toBe('hello');
	});

	test('BATCH_FORGET returns each count without an answer', () => {
		const { kernel, inodes } = setup();
		for (const [parent, name] of [
			[10, 'f'],
			[10, 'f'],
			[1, 'd'],
		] as const)
			kernel.lookup(parent, name);
		expect(kernel.raw(message('BATCH_FORGET', 0, Buffer.concat([u32(2, 0), u64(11, 2, 10, 1)]), 4n))).toBeUndefined();
		expect([inodes.inode(11).nlookup, inodes.inode(10).nlookup]).toEqual([0, 0]);
	});

	test('GETATTR shows inode number, size, mode and link count', () => {
		const { body } = setup().kernel.request('GETATTR', 11, Buffer.alloc(16));
		expect([body.readBigUInt64LE(0), body.readBigUInt64LE(16), body.readBigUInt64LE(24)]).toEqual([FOREVER, 11n, 5n]);
		expect([body.readUInt32LE(16 + 60), body.readUInt32LE(16 + 64)]).toEqual([0o100644, 1]);
	});

	test('GETATTR is still answered for a file without a name', () => {
		const { kernel, inodes } = setup();
		kernel.lookup(10, 'f');
		inodes.perform({ op: 'unlink', parent: 10, name: 'f', graceMs: 0 });
		expect(kernel.request('GETATTR', 11, Buffer.alloc(16)).body.readUInt32LE(16 + 64)).toBe(0);
		expect(kernel.read(11, 0, 5).body.toString()).toBe('hello');
	});

	test('READLINK returns the target without a terminator, and EINVAL unless it is a link', () => {
		const { kernel } = setup();
		expect(kernel.request('READLINK', 20).body.toString()).toBe('d/f');
		for (const id of [10, 11]) expect(kernel.request('READLINK', id).error).toBe(-ERRNO.EINVAL);
	});

	test('STATFS counts inodes and bytes', () => {
		const { body } = setup().kernel.request('STATFS', 1);
		expect([body.length, body.readBigUInt64LE(0), body.readBigUInt64LE(24)]).toEqual([80, 257n, 7n]);
	});
});

describe('Session READ', () => {
	test.each<readonly [string, number, bigint | number, number, string]>([
		['all', 11, 0, 4096, 'hello'],
		['exactly its size', 11, 0, 5, 'hello'],
		['a part', 11, 1, 3, 'ell'],
		['from its end', 11, 5, 4096, ''],
		['from behind its end', 11, 6, 4096, ''],
		['from the last byte', 11, 4, 4096, 'o'],
		['nothing', 11, 0, 0, ''],
		['4 GiB', 11, 0, 0xffff_ffff, 'hello'],
		['from 2^53', 11, 2n ** 53n, 4096, ''],
		['from 2^64 - 1', 11, 2n ** 64n - 1n, 0xffff_ffff, ''],
		['the tail of a big file', 21, BIG, 4096, 'bcdef'],
	])('gives %s', (_, id, offset, size, text) => {
		const { kernel } = setup();
		expect(kernel.read(id, offset, size)).toMatchObject({ error: 0, body: Buffer.from(text) });
	});

	test.each([4096, 131072, BIG, BIG + 5, 0xffff_ffff])('returns %i bytes of a file of 1 MiB and 5 bytes', (size) => {
		const { kernel } = setup();
		const all = Buffer.from(`world${'0123456789abcdef'.repeat(BIG / 16)}`);
		const { error, body } = kernel.read(21, 0, size);
		expect(error).toBe(0);
		expect(body.equals(all.subarray(0, Math.min(size, BIG + 5)))).toBe(true);
	});

	test.each([
		[10, 'EISDIR'],
		[20, 'EINVAL'],
		[999, 'ESTALE'],
	] as const)('of inode %i is %s', (id, errno) => {
		expect(setup().kernel.read(id, 0, 4096).error).toBe(-ERRNO[errno]);
	});

	test('returns at most what fits in the reply, 1 MiB and 64 KiB', () => {
		const inodes = new AnnouncedInodes(scratch.directory(), 'x'.repeat(BIG + 128 * 1024));
		inodes.stage('huge', stagedFile(11, 0, BIG + 128 * 1024));
		const kernel = new FakeKernel({ tree: inodes.tree });
		kernels.push(kernel);
		const { error, body } = kernel.read(11, 0, 0xffff_ffff);
		expect([error, body.length]).toEqual([0, BIG + 64 * 1024 - 16]);
	});

	test('of a file whose bytes are missing is EIO, and the next request is answered', () => {
		const { kernel, inodes } = setup();
		inodes.stage('broken', stagedFile(50, 0, 2 ** 30));
		expect(kernel.read(50, 2 ** 29, 4096).error).toBe(-ERRNO.EIO);
		expect(kernel.read(11, 0, 4096).body.toString()).toBe('hello');
	});
});

describe.each(['READDIR', 'READDIRPLUS'] as const)('Session %s', (opcode) => {
	const plus = opcode === 'READDIRPLUS';

	test('lists ".", ".." and every name with its type, and then nothing', () => {
		const { kernel } = setup();
		const rows = kernel.readdir(opcode, 10, 0, 4096);
		expect(rows.map(({ name, ino, type, nodeId }) => ({ name, ino, type, nodeId }))).toEqual([
			{ name: '.', ino: 10, type: 4, nodeId: 0 },
			{ name: '..', ino: 1, type: 4, nodeId: 0 },
			{ name: 'f', ino: 11, type: 8, nodeId: plus ? 11 : 0 },
			{ name: 'sub', ino: 12, type: 4, nodeId: plus ? 12 : 0 },
			{ name: 'ü', ino: 13, type: 10, nodeId: plus ? 13 : 0 },
		]);
		expect(kernel.readdir(opcode, 10, rows.at(-1)?.cookie ?? 0, 4096)).toEqual([]);
		expect(kernel.readdir(opcode, 10, Number.MAX_SAFE_INTEGER, 4096)).toEqual([]);
	});

	test('continues from every cookie, with any size of the buffer', () => {
		const { kernel } = setup();
		for (const size of [plus ? 160 : 32, plus ? 350 : 70, 1000]) {
			const names: string[] = [];
			for (let cookie = 0; ; ) {
				const rows = kernel.readdir(opcode, 10, cookie, size);
				const last = rows.at(-1);
				if (last === undefined) break;
				names.push(...rows.map(({ name }) => name));
				cookie = last.cookie;
			}
			expect(names).toEqual(['.', '..', 'f', 'sub', 'ü']);
		}
	});

	test('counts a reference for each entry that was returned with a node, and for no other', () => {
		const { kernel, inodes } = setup();
		// Room for ".", "..", "f" and "sub", not for the last.
		kernel.readdir(opcode, 10, 0, plus ? 4 * 160 : 4 * 32);
		expect([10, 11, 12, 13].map((id) => inodes.inode(id).nlookup)).toEqual(plus ? [0, 1, 1, 0] : [0, 0, 0, 0]);
	});

	test('accepts a size of 4 GiB and writes only the existing entries', () => {
		expect(setup().kernel.readdir(opcode, 10, 0, 0xffff_ffff).length).toBe(5);
	});

	test('returns nothing if not even the first entry fits', () => {
		for (const size of [0, 1, 24, 31]) expect(setup().kernel.readdir(opcode, 10, 0, size)).toEqual([]);
	});

	test('of a file is ENOTDIR, of an unknown inode ESTALE', () => {
		const { kernel } = setup();
		const body = [u64(0, 0), u32(4096, 0), u64(0), u32(0, 0)];
		expect(kernel.request(opcode, 11, ...body).error).toBe(-ERRNO.ENOTDIR);
		expect(kernel.request(opcode, 999, ...body).error).toBe(-ERRNO.ESTALE);
	});

	test('of a removed directory in its grace lists stand-ins, which live until they are forgotten', () => {
		const { kernel, inodes } = setup();
		for (const name of ['f', 'ü']) inodes.perform({ op: 'unlink', parent: 10, name, graceMs: 1000 });
		inodes.perform({ op: 'rmdir', parent: 10, name: 'sub', graceMs: 1000 });
		inodes.perform({ op: 'rmdir', parent: 1, name: 'd', graceMs: 1000 });
		kernel.lookup(1, 'd');
		const before = inodes.tree.usage.inodes;
		const [, parent, ...rows] = kernel.readdir(opcode, 10 + STAND_IN, 0, 4096);
		expect(parent).toMatchObject({ name: '..', ino: 1 });
		expect(rows.map(({ name, ino }) => [name, ino - STAND_IN])).toEqual([
			['f', 11],
			['ü', 13],
			['sub', 12],
		]);
		checkInvariants(inodes.tree);
		expect(inodes.tree.usage.inodes).toBe(before + (plus ? 3 : 0));
		for (const { nodeId } of rows) inodes.forget(nodeId, 1);
		expect(inodes.tree.usage.inodes).toBe(before);
	});
});

describe('Session OPEN and OPENDIR', () => {
	const NO_BOTH = INIT_FLAG.NO_OPEN_SUPPORT | INIT_FLAG.NO_OPENDIR_SUPPORT;

	test.each([
		['is not needed where the kernel can do without', NO_BOTH, true, -ERRNO.ENOSYS, -ERRNO.ENOSYS],
		['is answered where the kernel cannot do without', 0, true, 0, 0],
		['of files is answered if a reader could open for writing', NO_BOTH, false, 0, -ERRNO.ENOSYS],
	])('%s', (_, flags, openWithoutUpcall, open, opendir) => {
		const { kernel } = setup(openWithoutUpcall);
		kernel.init(flags);
		expect([kernel.request('OPEN', 11, u32(0, 0)).error, kernel.request('OPENDIR', 10, u32(0, 0)).error]).toEqual([
			open,
			opendir,
		]);
	});

	test('keeps the cache: KEEP_CACHE and NOFLUSH for files, KEEP_CACHE and CACHE_DIR for directories', () => {
		const { kernel } = setup();
		const flags = [kernel.request('OPEN', 11, u32(0x8000, 0)), kernel.request('OPENDIR', 10, u32(0, 0))].map(
			({ body }) => [body.length, body.readBigUInt64LE(0), body.readUInt32LE(8)],
		);
		expect(flags).toEqual([
			[16, 0n, 0x22],
			[16, 0n, 0x0a],
		]);
	});

	test.each([1, 2, 3, 0x8001])('refuses to open with flags %i, which could write', (flags) => {
		const { kernel } = setup(false);
		kernel.init();
		expect(kernel.request('OPEN', 11, u32(flags, 0)).error).toBe(-ERRNO.EROFS);
	});
});

describe('Session mutations', () => {
	test('the announced mkdir, chmod, symlink, rename, unlink and rmdir are made, each after reading the journal', () => {
		const state = setup();
		const { kernel, inodes } = state;
		const step = (announce: () => number, send: () => { readonly error: number; readonly body: Buffer }) => {
			const polls = state.polls;
			const seq = announce();
			const reply = send();
			expect([reply.error, state.polls]).toEqual([0, polls + 1]);
			inodes.settle(seq);
			return reply.body;
		};
		const made = step(
			() => inodes.announce({ op: 'mkdir', parent: 1, name: '..new', node: staged(40, { k: stagedFile(41) }) }),
			() => kernel.request('MKDIR', 1, u32(0o700, 0o022), '..new\0'),
		);
		expect([made.readBigUInt64LE(0), made.readUInt32LE(40 + 60)]).toEqual([40n, 0o040755]);
		const changed = step(
			() => inodes.announce({ op: 'setattr', id: 40, mode: 0o700 }),
			() => kernel.request('SETATTR', 40, u32(1, 0), Buffer.alloc(60), u32(0o040700), Buffer.alloc(16)),
		);
		expect([changed.length, changed.readUInt32LE(16 + 60)]).toEqual([104, 0o040700]);
		const linked = step(
			() => inodes.announce({ op: 'symlink', parent: 1, name: 'tmp', node: stagedLink(42, '..new') }),
			() => kernel.request('SYMLINK', 1, 'tmp\0..new\0'),
		);
		expect(linked.readBigUInt64LE(0)).toBe(42n);
		const empty = [
			step(
				() => inodes.announce({ op: 'rename', parent: 1, name: 'tmp', newName: 'link', unlist: 'd' }),
				() => kernel.request('RENAME', 1, u64(1), 'tmp\0link\0'),
			),
			step(
				() => inodes.announce({ op: 'unlink', parent: 10, name: 'f', graceMs: 0 }),
				() => kernel.request('UNLINK', 10, 'f\0'),
			),
			step(
				() => inodes.announce({ op: 'rmdir', parent: 10, name: 'sub', graceMs: 0 }),
				() => kernel.request('RMDIR', 10, 'sub\0'),
			),
		];
		expect(empty.map((body) => body.length)).toEqual([0, 0, 0]);
		expect([inodes.names(1), inodes.names(10), inodes.names(40)]).toEqual([
			['link', 'big', '..new'],
			[Buffer.from('ü').toString('latin1')],
			['k'],
		]);
	});

	test.each([
		['owner', 1 << 1],
		['mode and owner', 1 | (1 << 1)],
		['size', 1 << 3],
		['mode and size', 1 | (1 << 3)],
		['times', 1 << 5],
		['nothing', 0],
	])('SETATTR of %s is refused even while a change of mode is announced', (_, valid) => {
		const { kernel, inodes } = setup();
		inodes.announce({ op: 'setattr', id: 10, mode: 0o700 });
		const send = (bits: number) =>
			kernel.request('SETATTR', 10, u32(bits, 0), Buffer.alloc(60), u32(0o040700), Buffer.alloc(16)).error;
		expect(send(valid)).toBe(-ERRNO.EROFS);
		expect(inodes.inode(10).mode).toBe(0o040755);
		expect(send(1 | (1 << 10))).toBe(0);
	});

	test('the announced operation is refused for every process but the announcer, which then makes it', () => {
		const { inodes } = setup();
		const kernel = new FakeKernel({ tree: inodes.tree, announcer: 77 });
		kernels.push(kernel);
		inodes.announce({ op: 'unlink', parent: 10, name: 'f', graceMs: 0 });
		kernel.pid = 78;
		expect(kernel.request('UNLINK', 10, 'f\0').error).toBe(-ERRNO.EROFS);
		expect(inodes.names(10)).toContain('f');
		kernel.pid = 77;
		expect(kernel.request('UNLINK', 10, 'f\0').error).toBe(0);
		inodes.announce({ op: 'rmdir', parent: 10, name: 'sub', graceMs: 0 });
		// The kernel has no number for him in the pid namespace of the mount.
		kernel.pid = 0;
		expect(kernel.request('RMDIR', 10, 'sub\0').error).toBe(0);
	});

	test('a rename into another directory is refused even while it is announced in one', () => {
		const { kernel, inodes } = setup();
		inodes.announce({ op: 'rename', parent: 1, name: 'link', newName: 'l2' });
		expect(kernel.request('RENAME', 1, u64(10), 'link\0l2\0').error).toBe(-ERRNO.EROFS);
		expect(inodes.names(1)).toContain('link');
	});
});

describe('Session and hostile requests', () => {
	/** The session still answers. */
	function expectAlive(kernel: FakeKernel): void {
		expect(kernel.read(11, 0, 100).body.toString()).toBe('hello');
	}

	test.each(['GETATTR', 'READLINK', 'READ', 'READDIR', 'READDIRPLUS'] as const)(
		'%s of an unknown inode is ESTALE',
		(name) => {
			for (const id of [0, 2, 999, 2 ** 47 + 11, Number.MAX_SAFE_INTEGER]) {
				const { kernel } = setup();
				expect(kernel.request(name, id, Buffer.alloc(40)).error).toBe(-ERRNO.ESTALE);
				expectAlive(kernel);
			}
		},
	);

	test('LOOKUP below an unknown inode is ESTALE', () => {
		expect(setup().kernel.request('LOOKUP', 999, 'a\0').error).toBe(-ERRNO.ESTALE);
	});

	test('a mutation below an unknown inode is EROFS', () => {
		expect(setup().kernel.request('MKDIR', 999, u32(0, 0), 'a\0').error).toBe(-ERRNO.EROFS);
	});

	test.each([1, 8, 39])('%i bytes, less than a header, are EIO', (length) => {
		const { kernel } = setup();
		expect(kernel.raw(requestBytes('GETATTR').subarray(0, length))?.error).toBe(-ERRNO.EIO);
		expectAlive(kernel);
	});

	test.each(REQUEST_NAMES)('%s with a wrong length field is EIO', (name) => {
		const { kernel } = setup();
		for (const length of [0, 40, 2 ** 32 - 1]) {
			const request = requestBytes(name);
			request.writeUInt32LE(length, 0);
			expect(kernel.raw(request)).toMatchObject({ error: -ERRNO.EIO, unique: 0x0102030405060708n });
		}
		expectAlive(kernel);
	});

	test.each(['LOOKUP', 'SYMLINK', 'MKDIR', 'RENAME', 'READ', 'READDIR', 'INIT', 'FORGET', 'BATCH_FORGET'] as const)(
		'%s without a body is EIO',
		(name) => {
			const { kernel } = setup();
			const request = requestBytes(name);
			const bare = resized(request, 40 - request.length);
			bare.writeBigUInt64LE(name === 'READ' ? 11n : 1n, 16);
			expect(kernel.raw(bare)?.error).toBe(-ERRNO.EIO);
			expectAlive(kernel);
		},
	);

	test.each(['LOOKUP', 'SYMLINK', 'MKDIR', 'RENAME'] as const)(
		'%s whose last name is not terminated is EIO',
		(name) => {
			const { kernel } = setup();
			const request = requestBytes(name);
			request.writeUInt8(0x78, request.length - 1);
			expect(kernel.raw(request)?.error).toBe(-ERRNO.EIO);
			expectAlive(kernel);
		},
	);

	test('BATCH_FORGET with a count beyond its end returns the existing ones, and is EIO', () => {
		const { kernel, inodes } = setup();
		kernel.lookup(10, 'f');
		for (const count of [2, 0xffff_ffff]) {
			const reply = kernel.raw(message('BATCH_FORGET', 0, Buffer.concat([u32(count, 0), u64(11, 1)]), 4n));
			expect(reply?.error).toBe(-ERRNO.EIO);
		}
		expect(inodes.inode(11).nlookup).toBe(0);
		expectAlive(kernel);
	});

	test('an exception below the session, as in the journal, is EIO for its caller', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		inodes.stage('f', stagedFile(11));
		const kernel = new FakeKernel({
			tree: inodes.tree,
			pollJournal: () => {
				throw new Error('no journal');
			},
		});
		kernels.push(kernel);
		expect(kernel.request('RMDIR', 1, 'f\0').error).toBe(-ERRNO.EIO);
		expectAlive(kernel);
	});

	test('random bytes never end the loop', () => {
		const { kernel, inodes } = setup();
		let state = 12345;
		const random = () => {
			state = (Math.imul(state, 1103515245) + 12345) >>> 0;
			return state >>> 16;
		};
		for (let round = 0; round < 2000; round++) {
			const body = Buffer.from(
				Array.from({ length: random() % 100 }, () => (random() % 3 === 0 ? 0 : random() & 0xff)),
			);
			const opcode = random() % 60;
			const node = [0, 1, 10, 11, 12, 20, 999][random() % 7] ?? 0;
			if (opcode !== OPCODE.FORGET && opcode !== OPCODE.BATCH_FORGET) kernel.request(opcode, node, body);
			else kernel.raw(message(opcode, node, body, 4n));
			checkInvariants(inodes.tree);
		}
		expectAlive(kernel);
		expect(inodes.names(1)).toEqual(['d', 'link', 'big']);
	});
});

describe('an exception in a handler', () => {
	test('is EIO and is reported with the opcode, and the next request is answered', () => {
		const { kernel, inodes } = setup();
		const planted = new Error('planted');
		const { get } = inodes.tree;
		inodes.tree.get = () => {
			throw planted;
		};
		expect(kernel.request('GETATTR', 10, Buffer.alloc(16)).error).toBe(-ERRNO.EIO);
		expect(kernel.faults).toEqual([{ where: 'GETATTR', error: planted }]);
		inodes.tree.get = get;
		expect(kernel.read(11, 0, 100).body.toString()).toBe('hello');
		expect(kernel.faults).toHaveLength(1);
	});

	test('while the journal is read for a mutation is EIO and is reported', () => {
		const kernel = new FakeKernel({
			tree: setup().inodes.tree,
			pollJournal: () => {
				throw new Error('planted');
			},
		});
		kernels.push(kernel);
		expect(kernel.request('UNLINK', 1, 'd\0').error).toBe(-ERRNO.EIO);
		expect(kernel.faults).toMatchObject([{ where: 'UNLINK' }]);
	});

	test('in a read of bytes that are missing names the inode', () => {
		const { kernel, inodes } = setup();
		inodes.inode(11).offset = 2 ** 30;
		expect(kernel.read(11, 0, 4096).error).toBe(-ERRNO.EIO);
		expect(kernel.faults).toEqual([
			{ where: 'READ', error: new Error('the journal ends before the bytes of inode 11') },
		]);
	});
});

test('Session.run fails for a descriptor that is not open', () => {
	const inodes = new AnnouncedInodes(scratch.directory());
	const session = new Session({
		fd: 1_000_000,
		tree: inodes.tree,
		pollJournal: () => {},
		openWithoutUpcall: true,
		counters: [],
		reportFault: () => {},
	});
	expect(() => session.run()).toThrow(/EBADF/);
});
