import { afterEach, describe, expect, test } from 'vitest';
import { ERRNO } from '../../../src/base/errno.js';
import type { Mutation } from '../../../src/fs/announcement.js';
import { FOREVER_MS, InodeTree, ROOT_ID } from '../../../src/fs/inode-tree.js';
import type { Segment } from '../../../src/journal/segment.js';
import {
	AnnouncedInodes,
	ATTRIBUTES,
	mutationOf,
	type Operation,
	staged,
	stagedFile,
	stagedLink,
} from '../../support/fixtures/announced.js';
import { Scratch } from '../../support/fixtures/scratch.js';
import { checkInvariants } from '../../support/fixtures/tree-invariants.js';

const STAND_IN = 2 ** 47;
const scratch = new Scratch();

afterEach(() => scratch.clear());

/** A volume of one generation, as the daemon stages it: 10 is the generation, 11 a key, 12 a directory with 13. */
function volume(): AnnouncedInodes {
	const inodes = new AnnouncedInodes(scratch.directory());
	inodes.stage('..old', staged(10, { a: stagedFile(11), dir: staged(12, { x: stagedFile(13, 6) }) }));
	inodes.stage('..data', stagedLink(20, '..old'));
	inodes.stage('a', stagedLink(21, '..data/a'));
	return inodes;
}

/** Removes the generation as the daemon does: files before their directory. */
function retire(inodes: AnnouncedInodes, graceMs: number): void {
	inodes.perform({ op: 'unlink', parent: 10, name: 'a', graceMs });
	inodes.perform({ op: 'unlink', parent: 12, name: 'x', graceMs });
	inodes.perform({ op: 'rmdir', parent: 10, name: 'dir', graceMs });
	inodes.perform({ op: 'rmdir', parent: ROOT_ID, name: '..old', graceMs });
}

describe('InodeTree staging', () => {
	test('a staged node has its type, mode, owner, times, sizes and link counts', () => {
		const inodes = volume();
		const shown = [10, 11, 12, 13, 20].map((id) => {
			const { mode, uid, gid, mtimeUs, ctimeUs, nlink, size } = inodes.inode(id);
			return { id, mode, uid, gid, mtimeUs, ctimeUs, nlink, size };
		});
		const base = { uid: 7, gid: 8, mtimeUs: ATTRIBUTES.mtimeUs, ctimeUs: ATTRIBUTES.mtimeUs };
		expect(shown).toEqual([
			{ id: 10, mode: 0o040755, nlink: 3, size: 80, ...base },
			{ id: 11, mode: 0o100644, nlink: 1, size: 5, ...base },
			{ id: 12, mode: 0o040755, nlink: 2, size: 60, ...base },
			{ id: 13, mode: 0o100644, nlink: 1, size: 5, ...base },
			{ id: 20, mode: 0o120777, nlink: 1, size: 5, ...base },
		]);
		expect(inodes.inode(20).target?.toString()).toBe('..old');
		expect(inodes.inode(ROOT_ID).nlink).toBe(3);
		expect(inodes.tree.usage).toEqual({ inodes: 7, bytes: 10 });
	});

	test('content is found at the offset of its record plus its own', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		inodes.apply({ t: 'tree', parent: 1, name: 'd', node: staged(10, { f: stagedFile(11, 6) }) }, inodes.segment, 100);
		inodes.apply({ t: 'tree', parent: 1, name: 'g', node: stagedFile(12, 3) }, inodes.segment, 200);
		expect([inodes.inode(11).offset, inodes.inode(12).offset]).toEqual([106, 203]);
	});

	test('a record of the root sets its mode, owner and times, and gives its entries exactly one holder', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		inodes.stage('', { ...staged(ROOT_ID, { f: stagedFile(11), d: staged(12) }), mode: 0o750 }, 0);
		const { mode, uid, gid, mtimeUs, ctimeUs, nlink } = inodes.inode(ROOT_ID);
		expect({ mode, uid, gid, mtimeUs, ctimeUs, nlink }).toEqual({
			mode: 0o040750,
			uid: 7,
			gid: 8,
			mtimeUs: ATTRIBUTES.mtimeUs,
			ctimeUs: ATTRIBUTES.mtimeUs,
			nlink: 3,
		});
		inodes.perform({ op: 'unlink', parent: ROOT_ID, name: 'f', graceMs: 0 });
		inodes.perform({ op: 'rmdir', parent: ROOT_ID, name: 'd', graceMs: 0 });
		expect(inodes.tree.usage).toEqual({ inodes: 1, bytes: 0 });
	});

	test('a later record of the root does not reset its times', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		inodes.stage('', staged(ROOT_ID), 0);
		inodes.perform({ op: 'symlink', parent: ROOT_ID, name: 'l', node: stagedLink(11, 't') });
		inodes.stage('', staged(ROOT_ID), 0);
		expect(inodes.inode(ROOT_ID).mtimeUs).toBe(inodes.clock.wallUs);
	});

	test('a name outside ASCII has one character per byte', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		inodes.stage('ключ', stagedFile(11));
		expect(inodes.names(ROOT_ID)).toEqual([Buffer.from('ключ').toString('latin1')]);
		expect(inodes.lookup(ROOT_ID, 'ключ')).toBe(ERRNO.ENOENT);
		expect(inodes.lookup(ROOT_ID, Buffer.from('ключ').toString('latin1'))).toEqual({ id: 11, validMs: FOREVER_MS });
	});

	test('staging below a file breaks an invariant', () => {
		const inodes = volume();
		for (const parent of [11, 20, 999])
			expect(() => inodes.stage('x', stagedFile(50), parent)).toThrow(/not a directory/);
	});

	test('a known node moves to another segment; the old one goes with its last user', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		const node = staged(10, { f: stagedFile(11), l: stagedLink(12, 'f'), d: staged(13, { g: stagedFile(14, 5) }) });
		inodes.stage('d', node);
		const next = inodes.newSegment(1, 'xxxhello world');
		inodes.segment.release();
		expect(inodes.unused).toEqual([]);
		inodes.apply({ t: 'tree', parent: 1, name: 'd', node }, next, 3);
		expect(inodes.unused).toEqual([0]);
		expect([inodes.inode(11).segment, inodes.inode(11).offset]).toEqual([next, 3]);
		expect([inodes.inode(14).segment, inodes.inode(14).offset]).toEqual([next, 8]);
		expect(inodes.tree.usage).toEqual({ inodes: 6, bytes: 10 });
		expect(inodes.names(ROOT_ID)).toEqual(['d']);
	});
});

describe('InodeTree.lookup', () => {
	test.each([
		['a name that is not there', ROOT_ID, 'nothing', ERRNO.ENOENT],
		['an unknown directory', 999, 'a', ERRNO.ESTALE],
		['below a file', 11, 'a', ERRNO.ENOTDIR],
		['below a link', 20, 'a', ERRNO.ENOTDIR],
		['a name of 256 bytes', ROOT_ID, 'x'.repeat(256), ERRNO.ENAMETOOLONG],
		['a name of 255 bytes', ROOT_ID, 'x'.repeat(255), ERRNO.ENOENT],
		['"."', ROOT_ID, '.', ERRNO.ENOENT],
		['a name of Object.prototype', ROOT_ID, 'constructor', ERRNO.ENOENT],
		['a key', 10, 'a', { id: 11, validMs: FOREVER_MS }],
		['a nested directory', 10, 'dir', { id: 12, validMs: FOREVER_MS }],
	])('%s', (_, parent, name, result) => {
		expect(volume().lookup(parent, name)).toEqual(result);
	});

	test('counts one reference per answer, and forget returns them', () => {
		const inodes = volume();
		for (let count = 1; count <= 3; count++) {
			inodes.lookup(10, 'a');
			expect(inodes.inode(11).nlookup).toBe(count);
		}
		inodes.forget(11, 2);
		expect(inodes.inode(11).nlookup).toBe(1);
		inodes.forget(11, 1);
		expect(inodes.inode(11).nlookup).toBe(0);
	});
});

describe('InodeTree.forget', () => {
	test('too many references, an unknown id and the root are harmless', () => {
		const inodes = volume();
		inodes.lookup(10, 'a');
		inodes.forget(11, 2 ** 40);
		expect(inodes.inode(11).nlookup).toBe(0);
		inodes.forget(999, 1);
		inodes.forget(ROOT_ID, 2 ** 40);
		expect(inodes.lookup(10, 'a')).toEqual({ id: 11, validMs: FOREVER_MS });
		expect(inodes.names(ROOT_ID)).toEqual(['..old', '..data', 'a']);
	});

	test('an unlinked file lives until its last reference is returned', () => {
		const inodes = volume();
		inodes.lookup(10, 'a');
		inodes.lookup(10, 'a');
		inodes.wait(5);
		inodes.perform({ op: 'unlink', parent: 10, name: 'a', graceMs: 0 });
		const { nlink, ctimeUs, mtimeUs, size } = inodes.inode(11);
		expect({ nlink, ctimeUs, mtimeUs, size }).toEqual({
			nlink: 0,
			ctimeUs: inodes.clock.wallUs,
			mtimeUs: ATTRIBUTES.mtimeUs,
			size: 5,
		});
		expect(inodes.lookup(10, 'a')).toBe(ERRNO.ENOENT);
		inodes.forget(11);
		expect(inodes.tree.get(11)).toBeDefined();
		expect(inodes.tree.usage.bytes).toBe(10);
		inodes.forget(11);
		expect(inodes.tree.get(11)).toBeUndefined();
		expect(inodes.tree.usage.bytes).toBe(5);
	});

	test('a removed directory lives until it is forgotten, empty and with link count 0', () => {
		const inodes = volume();
		inodes.lookup(ROOT_ID, '..old');
		inodes.lookup(10, 'dir');
		retire(inodes, 0);
		expect([inodes.inode(10).nlink, inodes.inode(12).nlink]).toEqual([0, 0]);
		expect(inodes.names(10)).toEqual([]);
		expect(inodes.lookup(10, 'a')).toBe(ERRNO.ENOENT);
		inodes.forget(12);
		inodes.forget(10);
		expect(inodes.tree.usage).toEqual({ inodes: 3, bytes: 0 });
	});

	test('removing a directory that is not empty removes everything below it', () => {
		const inodes = volume();
		inodes.lookup(12, 'x');
		inodes.perform({ op: 'rmdir', parent: ROOT_ID, name: '..old', graceMs: 0 });
		expect(inodes.tree.usage).toEqual({ inodes: 4, bytes: 5 });
		inodes.forget(13);
		expect(inodes.tree.usage).toEqual({ inodes: 3, bytes: 0 });
		expect(inodes.inode(ROOT_ID).nlink).toBe(2);
	});
});

describe('InodeTree graces', () => {
	test('removed names resolve to stand-ins for the rest of their grace, and then not any more', () => {
		const inodes = volume();
		retire(inodes, 1000);
		expect(inodes.lookup(ROOT_ID, '..old')).toEqual({ id: 10 + STAND_IN, validMs: 1000 });
		inodes.wait(400);
		expect(inodes.lookup(ROOT_ID, '..old')).toEqual({ id: 10 + STAND_IN, validMs: 600 });
		inodes.wait(599);
		expect(inodes.lookup(ROOT_ID, '..old')).toEqual({ id: 10 + STAND_IN, validMs: 1 });
		inodes.wait(1);
		expect(inodes.lookup(ROOT_ID, '..old')).toBe(ERRNO.ENOENT);
		expect(inodes.lookup(10 + STAND_IN, 'a')).toBe(ERRNO.ENOENT);
	});

	test('the listing of a live directory never shows them', () => {
		const inodes = volume();
		inodes.perform({ op: 'unlink', parent: 10, name: 'a', graceMs: 1000 });
		expect(inodes.names(10)).toEqual(['dir']);
		expect(inodes.lookup(10, 'a')).toEqual({ id: 11 + STAND_IN, validMs: 1000 });
		expect(inodes.names(10)).toEqual(['dir']);
	});

	test('a stand-in directory lists and resolves its former entries, down to the bytes', () => {
		const inodes = volume();
		retire(inodes, 1000);
		inodes.lookup(ROOT_ID, '..old');
		expect(inodes.names(10 + STAND_IN)).toEqual(['a', 'dir']);
		expect(inodes.lookup(10 + STAND_IN, 'dir')).toEqual({ id: 12 + STAND_IN, validMs: 1000 });
		expect(inodes.names(12 + STAND_IN)).toEqual(['x']);
		expect(inodes.lookup(12 + STAND_IN, 'x')).toEqual({ id: 13 + STAND_IN, validMs: 1000 });
		const { size, offset, segment, mode, isFile } = inodes.inode(13 + STAND_IN);
		expect({ size, offset, segment, mode, isFile }).toEqual({
			size: 5,
			offset: 6,
			segment: inodes.segment,
			mode: 0o100644,
			isFile: true,
		});
		expect(inodes.inode(12 + STAND_IN).isDirectory).toBe(true);
	});

	test('a name below a removed directory that the kernel still holds resolves', () => {
		const inodes = volume();
		inodes.lookup(ROOT_ID, '..old');
		retire(inodes, 1000);
		expect(inodes.lookup(10, 'a')).toEqual({ id: 11 + STAND_IN, validMs: 1000 });
	});

	test('the listing of a stand-in continues after a cookie, and is empty when the grace is over', () => {
		const inodes = volume();
		retire(inodes, 1000);
		inodes.lookup(ROOT_ID, '..old');
		const [first] = [...inodes.tree.list(inodes.inode(10 + STAND_IN), 0)];
		expect(inodes.names(10 + STAND_IN, first?.cookie ?? 0)).toEqual(['dir']);
		inodes.wait(1000);
		expect(inodes.names(10 + STAND_IN)).toEqual([]);
	});

	test('cookies of a stand-in stay the same while other graces end', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		inodes.stage('d', staged(10, { a: stagedFile(11), b: stagedFile(12), c: stagedFile(13) }));
		inodes.perform({ op: 'unlink', parent: 10, name: 'a', graceMs: 10 });
		for (const name of ['b', 'c']) inodes.perform({ op: 'unlink', parent: 10, name, graceMs: 1000 });
		inodes.perform({ op: 'rmdir', parent: ROOT_ID, name: 'd', graceMs: 1000 });
		inodes.lookup(ROOT_ID, 'd');
		const [a] = [...inodes.tree.list(inodes.inode(10 + STAND_IN), 0)];
		inodes.wait(10);
		inodes.mutate({ op: 'unlink', parent: 1, name: 'nothing' });
		expect(a?.name).toBe('a');
		expect(inodes.names(10 + STAND_IN, a?.cookie ?? 0)).toEqual(['b', 'c']);
	});

	test('listing a stand-in without references leaks nothing', () => {
		const inodes = volume();
		retire(inodes, 1000);
		inodes.lookup(ROOT_ID, '..old');
		const before = inodes.tree.usage;
		inodes.names(10 + STAND_IN);
		for (const { name } of inodes.tree.list(inodes.inode(10 + STAND_IN), 0)) if (name === 'a') break;
		checkInvariants(inodes.tree);
		expect(inodes.tree.usage).toEqual(before);
	});

	test.each([
		['first the grace, then the references', true],
		['first the references, then the grace', false],
	])('everything is freed when both are over: %s', (_, graceFirst) => {
		const inodes = new AnnouncedInodes(scratch.directory());
		const baseline = inodes.tree.usage;
		inodes.stage('..old', staged(10, { a: stagedFile(11), dir: staged(12, { x: stagedFile(13, 6) }) }));
		inodes.lookup(ROOT_ID, '..old');
		inodes.lookup(10, 'a');
		retire(inodes, 1000);
		const held = new Map<number, number>([
			[10, 1],
			[11, 1],
		]);
		for (const [parent, name] of [
			[ROOT_ID, '..old'],
			[10 + STAND_IN, 'a'],
			[10 + STAND_IN, 'dir'],
			[12 + STAND_IN, 'x'],
			[12 + STAND_IN, 'x'],
		] as const) {
			const found = inodes.lookup(parent, name);
			if (typeof found === 'number') throw new Error(`${name} does not resolve`);
			held.set(found.id, (held.get(found.id) ?? 0) + 1);
		}
		const endGrace = () => {
			inodes.wait(1000);
			expect(inodes.mutate({ op: 'rmdir', parent: ROOT_ID, name: 'whatever' })).toBe(ERRNO.EROFS);
		};
		const forgetAll = () => {
			for (const [id, count] of held) inodes.forget(id, count);
		};
		for (const step of graceFirst ? [endGrace, forgetAll] : [forgetAll, endGrace]) {
			expect(inodes.tree.usage).not.toEqual(baseline);
			step();
		}
		expect(inodes.tree.usage).toEqual(baseline);
		inodes.segment.release();
		expect(inodes.unused).toEqual([0]);
	});

	test('an inode that only stand-ins use keeps its bytes', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		inodes.stage('f', stagedFile(11));
		inodes.segment.release();
		inodes.perform({ op: 'unlink', parent: ROOT_ID, name: 'f', graceMs: 10 });
		inodes.lookup(ROOT_ID, 'f');
		inodes.wait(10);
		inodes.mutate({ op: 'rmdir', parent: ROOT_ID, name: 'x' });
		expect(inodes.unused).toEqual([]);
		inodes.forget(11 + STAND_IN);
		expect(inodes.unused).toEqual([0]);
	});

	test('a name that is removed twice within its grace resolves to the later file, and both are freed', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		for (const id of [11, 12]) {
			inodes.stage('f', stagedFile(id));
			inodes.perform({ op: 'unlink', parent: ROOT_ID, name: 'f', graceMs: 1000 });
		}
		expect(inodes.lookup(ROOT_ID, 'f')).toEqual({ id: 12 + STAND_IN, validMs: 1000 });
		inodes.forget(12 + STAND_IN);
		inodes.wait(1000);
		inodes.mutate({ op: 'rmdir', parent: ROOT_ID, name: 'x' });
		expect(inodes.tree.usage).toEqual({ inodes: 1, bytes: 0 });
	});

	test('a new file under a removed name takes precedence over the grace', () => {
		const inodes = volume();
		inodes.perform({ op: 'unlink', parent: 10, name: 'a', graceMs: 1000 });
		inodes.stage('a', stagedFile(50), 10);
		expect(inodes.lookup(10, 'a')).toEqual({ id: 50, validMs: FOREVER_MS });
	});
});

describe('InodeTree.list', () => {
	test('continues after a cookie while names before and after it are added and removed', () => {
		const inodes = new AnnouncedInodes(scratch.directory());
		for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) inodes.stage(name, stagedFile(11 + index));
		const rows = [...inodes.tree.list(inodes.inode(ROOT_ID), 0)];
		const cookieOf = (name: string) => rows.find((row) => row.name === name)?.cookie ?? 0;
		inodes.perform({ op: 'unlink', parent: ROOT_ID, name: 'a', graceMs: 0 });
		inodes.perform({ op: 'unlink', parent: ROOT_ID, name: 'b', graceMs: 0 });
		inodes.stage('e', stagedFile(20));
		inodes.stage('a', stagedFile(21));
		expect(inodes.names(ROOT_ID, cookieOf('b'))).toEqual(['c', 'd', 'e', 'a']);
		expect(inodes.names(ROOT_ID, cookieOf('c'))).toEqual(['d', 'e', 'a']);
		expect(inodes.names(ROOT_ID, 10 ** 9)).toEqual([]);
		expect(Math.min(...rows.map(({ cookie }) => cookie))).toBeGreaterThan(2);
	});

	test('a name that a rename unlists still resolves, and the link count of its directory decreases', () => {
		const inodes = volume();
		inodes.stage('..new', staged(30, {}));
		inodes.stage('..data_tmp', stagedLink(31, '..new'));
		expect(inodes.inode(ROOT_ID).nlink).toBe(4);
		inodes.perform({ op: 'rename', parent: ROOT_ID, name: '..data_tmp', newName: '..data', unlist: '..old' });
		expect(inodes.names(ROOT_ID)).toEqual(['..data', 'a', '..new']);
		expect(inodes.lookup(ROOT_ID, '..old')).toEqual({ id: 10, validMs: FOREVER_MS });
		expect(inodes.inode(ROOT_ID).nlink).toBe(3);
		const { wallUs } = inodes.clock;
		inodes.wait(100);
		retire(inodes, 0);
		expect(inodes.inode(ROOT_ID)).toMatchObject({ nlink: 3, mtimeUs: wallUs, ctimeUs: wallUs });
		expect(inodes.lookup(ROOT_ID, '..old')).toBe(ERRNO.ENOENT);
	});

	test('a listing in progress at the flip has the replaced name exactly once, as on tmpfs', () => {
		const inodes = volume();
		inodes.stage('..data_tmp', stagedLink(32, '..new'));
		const rows = [...inodes.tree.list(inodes.inode(ROOT_ID), 0)];
		const at = rows.findIndex(({ name }) => name === '..data');
		inodes.perform({ op: 'rename', parent: ROOT_ID, name: '..data_tmp', newName: '..data' });
		const [before, link] = [rows[at - 1], rows[at]].map((row) => row?.cookie ?? 0);
		expect(inodes.names(ROOT_ID, before)).toEqual(['..data', 'a']);
		expect(inodes.names(ROOT_ID, link)).toEqual(['a']);
		expect(inodes.lookup(ROOT_ID, '..data')).toMatchObject({ id: 32 });
		checkInvariants(inodes.tree);
	});

	test('an unlisted directory that is renamed is listed again', () => {
		const inodes = volume();
		inodes.stage('l', stagedLink(31, 'x'));
		inodes.perform({ op: 'rename', parent: ROOT_ID, name: 'l', newName: 'm', unlist: '..old' });
		inodes.perform({ op: 'rename', parent: ROOT_ID, name: '..old', newName: '..older' });
		expect(inodes.names(ROOT_ID)).toContain('..older');
		expect(inodes.inode(ROOT_ID).nlink).toBe(3);
	});
});

const OPERATIONS: readonly (readonly [Operation, unknown])[] = [
	[{ op: 'mkdir', parent: ROOT_ID, name: 'new', node: staged(40, { f: stagedFile(41) }) }, 40],
	[{ op: 'symlink', parent: ROOT_ID, name: 'new', node: stagedLink(40, 'target') }, 40],
	[{ op: 'setattr', id: 10, mode: 0o700 }, 10],
	[{ op: 'rename', parent: ROOT_ID, name: 'a', newName: 'b' }, ROOT_ID],
	[{ op: 'unlink', parent: 10, name: 'a', graceMs: 0 }, 10],
	[{ op: 'rmdir', parent: 10, name: 'dir', graceMs: 0 }, 10],
];

/** Every mutation that differs from `mutation` in one field. */
function variants(mutation: Mutation): readonly Mutation[] {
	const changed = Object.entries(mutation).flatMap(([field, value]): Mutation[] => {
		if (field === 'op') return [];
		const other = typeof value === 'number' ? [value + 1, value + 2 ** 32, 0] : [`${value}x`, value.slice(1)];
		return other.map((one) => ({ ...mutation, [field]: one }) as Mutation);
	});
	const everyField = { parent: 1, name: 'new', target: 'target', id: 10, mode: 0o700, newParent: 1, newName: 'b' };
	const ops = ['mkdir', 'symlink', 'setattr', 'rename', 'unlink', 'rmdir'] as const;
	const otherOps = ops.filter((op) => op !== mutation.op);
	return [...changed, ...otherOps.map((op) => ({ ...everyField, ...mutation, op }) as Mutation)];
}

describe('InodeTree.mutate', () => {
	test.each(OPERATIONS)(
		'$op is refused before its announcement, made once, and then confirmed',
		(operation, subject) => {
			const inodes = volume();
			const mutation = mutationOf(operation);
			expect(inodes.mutate(mutation)).toBe(ERRNO.EROFS);
			const seq = inodes.announce(operation);
			const first = inodes.mutate(mutation);
			expect(typeof first === 'number' ? first : first.id).toBe(subject);
			const after = [inodes.names(ROOT_ID), inodes.names(10), inodes.tree.usage];
			expect(inodes.mutate(mutation)).toBe(first);
			expect([inodes.names(ROOT_ID), inodes.names(10), inodes.tree.usage]).toEqual(after);
			inodes.settle(seq);
			expect(inodes.mutate(mutation)).toBe(ERRNO.EROFS);
			expect([inodes.names(ROOT_ID), inodes.names(10), inodes.tree.usage]).toEqual(after);
		},
	);

	test.each(OPERATIONS)('$op is made only if every field equals the announced one', (operation) => {
		const inodes = volume();
		const before = [inodes.names(ROOT_ID), inodes.names(10), inodes.inode(10).mode, inodes.tree.usage];
		inodes.announce(operation);
		const others = variants(mutationOf(operation));
		expect(others.length).toBeGreaterThan(8);
		for (const other of others) expect([other, inodes.mutate(other)]).toEqual([other, ERRNO.EROFS]);
		expect([inodes.names(ROOT_ID), inodes.names(10), inodes.inode(10).mode, inodes.tree.usage]).toEqual(before);
	});

	test.each(OPERATIONS)('$op that was settled as failed is refused', (operation) => {
		const inodes = volume();
		inodes.settle(inodes.announce(operation), false);
		expect(inodes.mutate(mutationOf(operation))).toBe(ERRNO.EROFS);
		expect(inodes.names(ROOT_ID)).toEqual(['..old', '..data', 'a']);
	});

	test.each(OPERATIONS)('$op that was settled as made without a request is made: a replay', (operation) => {
		const requested = volume();
		requested.perform(operation);
		const replayed = volume();
		replayed.settle(replayed.announce(operation), true);
		for (const id of [ROOT_ID, 10]) {
			expect(replayed.names(id)).toEqual(requested.names(id));
			expect(replayed.inode(id).mode).toBe(requested.inode(id).mode);
		}
		expect(replayed.tree.usage).toEqual(requested.tree.usage);
	});

	test('settling an older operation does not end the current one', () => {
		const inodes = volume();
		const [first, second] = OPERATIONS.slice(4).map(([operation]) => operation);
		if (first === undefined || second === undefined) throw new Error('two operations');
		const seq = inodes.announce(first);
		inodes.announce(second);
		inodes.settle(seq);
		expect(inodes.mutate(mutationOf(first))).toBe(ERRNO.EROFS);
		expect(inodes.mutate(mutationOf(second))).not.toBeTypeOf('number');
	});

	test('mkdir creates a complete directory with one reference, and sets the times of its parent', () => {
		const inodes = volume();
		inodes.wait(7);
		const node = staged(40, { f: stagedFile(41), d: staged(42, { g: stagedFile(43, 6) }) });
		inodes.perform({ op: 'mkdir', parent: ROOT_ID, name: 'new', node });
		expect([inodes.names(40), inodes.names(42)]).toEqual([['f', 'd'], ['g']]);
		expect([inodes.inode(40).nlookup, inodes.inode(41).nlookup]).toEqual([1, 0]);
		expect([inodes.inode(40).nlink, inodes.inode(ROOT_ID).nlink]).toEqual([3, 4]);
		expect([inodes.inode(ROOT_ID).mtimeUs, inodes.inode(ROOT_ID).ctimeUs]).toEqual([
			inodes.clock.wallUs,
			inodes.clock.wallUs,
		]);
		expect(inodes.tree.usage).toEqual({ inodes: 11, bytes: 20 });
	});

	test('mkdir and symlink that are confirmed count one more reference each time', () => {
		for (const [operation] of OPERATIONS.slice(0, 2)) {
			const inodes = volume();
			inodes.announce(operation);
			inodes.mutate(mutationOf(operation));
			inodes.mutate(mutationOf(operation));
			expect(inodes.inode(40).nlookup).toBe(2);
		}
	});

	test('rename: the replaced link lives until its last reference, the moved one takes its position and gets a new ctime', () => {
		const inodes = volume();
		inodes.stage('..data_tmp', stagedLink(31, '..new'));
		inodes.lookup(ROOT_ID, '..data');
		inodes.wait(9);
		inodes.perform({ op: 'rename', parent: ROOT_ID, name: '..data_tmp', newName: '..data' });
		expect(inodes.names(ROOT_ID)).toEqual(['..old', '..data', 'a']);
		expect(inodes.lookup(ROOT_ID, '..data')).toEqual({ id: 31, validMs: FOREVER_MS });
		expect([inodes.inode(31).ctimeUs, inodes.inode(31).mtimeUs]).toEqual([inodes.clock.wallUs, ATTRIBUTES.mtimeUs]);
		expect(inodes.inode(20).nlink).toBe(0);
		inodes.forget(20);
		expect(inodes.tree.get(20)).toBeUndefined();
	});

	test('setattr changes only permission bits', () => {
		const inodes = volume();
		inodes.wait(3);
		inodes.perform({ op: 'setattr', id: 10, mode: 0o2700 });
		const { mode, ctimeUs, mtimeUs } = inodes.inode(10);
		expect({ mode, ctimeUs, mtimeUs }).toEqual({
			mode: 0o042700,
			ctimeUs: inodes.clock.wallUs,
			mtimeUs: ATTRIBUTES.mtimeUs,
		});
	});

	test.each<readonly [string, Operation, number]>([
		['unlink of a name that is gone', { op: 'unlink', parent: 1, name: 'z', graceMs: 0 }, ERRNO.ENOENT],
		['rmdir of a name that is gone', { op: 'rmdir', parent: 1, name: 'z', graceMs: 9 }, ERRNO.ENOENT],
		['rename of a name that is gone', { op: 'rename', parent: 1, name: 'z', newName: 'a' }, ERRNO.ENOENT],
		['setattr of an unknown inode', { op: 'setattr', id: 99, mode: 0 }, ERRNO.ESTALE],
		['unlink in an unknown directory', { op: 'unlink', parent: 99, name: 'a', graceMs: 0 }, ERRNO.ESTALE],
		['mkdir below a file', { op: 'mkdir', parent: 11, name: 'a', node: staged(40) }, ERRNO.ESTALE],
		['mkdir over a name', { op: 'mkdir', parent: 1, name: 'a', node: staged(40) }, ERRNO.EEXIST],
		['symlink over a name', { op: 'symlink', parent: 1, name: 'a', node: stagedLink(40, 't') }, ERRNO.EEXIST],
	])('%s changes nothing', (_, operation, errno) => {
		const inodes = volume();
		const before = inodes.tree.usage;
		inodes.announce(operation);
		expect(inodes.mutate(mutationOf(operation))).toBe(errno);
		expect(inodes.names(ROOT_ID)).toEqual(['..old', '..data', 'a']);
		expect(inodes.tree.usage).toEqual(before);
	});
});

describe('a successor of an earlier server', () => {
	/** The records of one mkdir that the daemon has not settled yet, and how far the earlier server has come. */
	function successor(performed: number): { readonly tree: InodeTree; readonly segment: Segment } {
		const { segment } = new AnnouncedInodes(scratch.directory());
		const tree = new InodeTree({ monotonicMs: () => 0, wallUs: () => 0 }, true);
		const intent = { op: 'mkdir', seq: 7, atUs: 5, parent: ROOT_ID, name: 'd', node: staged(10) } as const;
		tree.apply({ t: 'intent', intent }, segment, 0);
		tree.endReplay(performed);
		checkInvariants(tree);
		return { tree, segment };
	}

	test('an operation that the earlier server answered and the daemon has not settled is made once', () => {
		const { tree, segment } = successor(7);
		expect(tree.lookup(ROOT_ID, 'd')).toMatchObject({ inode: { id: 10 } });
		tree.apply({ t: 'settled', seq: 7, ok: true }, segment, 0);
		expect([...tree.inodes()].map(({ id }) => id)).toEqual([ROOT_ID, 10]);
	});

	test('one that it has not answered waits for its request or its outcome', () => {
		for (const finish of ['request', 'outcome'] as const) {
			const { tree, segment } = successor(6);
			expect(tree.lookup(ROOT_ID, 'd')).toBe(ERRNO.ENOENT);
			if (finish === 'request') {
				expect(tree.mutate({ op: 'mkdir', parent: ROOT_ID, name: 'd' })).toMatchObject({ id: 10 });
				expect(tree.performed).toBe(7);
			} else tree.apply({ t: 'settled', seq: 7, ok: true }, segment, 0);
			expect(tree.lookup(ROOT_ID, 'd')).toMatchObject({ inode: { id: 10 } });
		}
	});

	test('a replayed grace ends when it would have ended without the successor', () => {
		const { segment } = new AnnouncedInodes(scratch.directory());
		const tree = new InodeTree({ monotonicMs: () => 0, wallUs: () => 1_500_000 }, true);
		tree.apply({ t: 'tree', parent: ROOT_ID, name: 'f', node: stagedFile(11) }, segment, 0);
		const unlink = { op: 'unlink', seq: 1, atUs: 0, parent: ROOT_ID, name: 'f', graceMs: 2000 } as const;
		tree.apply({ t: 'intent', intent: unlink }, segment, 0);
		tree.apply({ t: 'settled', seq: 1, ok: true }, segment, 0);
		tree.endReplay(1);
		expect(tree.lookup(ROOT_ID, 'f')).toMatchObject({ inode: { id: 11 + STAND_IN }, validMs: 500 });
	});
});
