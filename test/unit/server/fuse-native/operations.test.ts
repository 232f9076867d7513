/** The answers to libfuse's requests, and the gate before a flip, without a mount: the requests are made by hand. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ENTRY_SIZE } from '../../../../src/fs/inode.js';
import { InodeTree } from '../../../../src/fs/inode-tree.js';
import type { JournalRecord } from '../../../../src/journal/record.js';
import { Segment } from '../../../../src/journal/segment.js';
import type { NativeOperations, NativeStat } from '../../../../src/server/fuse-native/binding.js';
import { Operations } from '../../../../src/server/fuse-native/operations.js';

const BYTES = 'bytes of k';
const base = { mode: 0o644, uid: 1, gid: 2, mtimeUs: 5_000_000 };

let directory: string;
let segment: Segment;
let tree: InodeTree;
let operations: Operations;
let table: NativeOperations;
let journal: JournalRecord[];
let now: number;
const counters: Record<number, number> = {};
const faults: string[] = [];
const reportFault = (where: string, error: unknown) => faults.push(`${where}: ${String(error)}`);

function take(record: JournalRecord): void {
	tree.apply(record, segment, 0);
	operations.gate.note(record);
}

beforeEach(() => {
	vi.useFakeTimers();
	directory = mkdtempSync(join(tmpdir(), 'native-'));
	writeFileSync(join(directory, 'journal.0'), BYTES);
	segment = new Segment(directory, 0);
	now = 0;
	faults.length = 0;
	journal = [];
	tree = new InodeTree({ monotonicMs: () => now, wallUs: () => 0 });
	operations = new Operations({
		tree,
		pollJournal: () => {
			for (const record of journal.splice(0)) take(record);
		},
		counters,
		openWithoutUpcall: false,
		reportFault,
	});
	table = operations.table();
	take({ t: 'tree', parent: 0, name: '', node: { ...base, kind: 'dir', id: 1, mode: 0o777, entries: [] } });
	take({ t: 'tree', parent: 1, name: '..old', node: generation(2, 3) });
	take({ t: 'tree', parent: 1, name: '..new', node: generation(12, 13) });
	take({ t: 'tree', parent: 1, name: '..data', node: { ...base, kind: 'link', id: 4, target: '..old' } });
	take({ t: 'tree', parent: 1, name: '..data_tmp', node: { ...base, kind: 'link', id: 14, target: '..new' } });
	take({ t: 'tree', parent: 1, name: 'k\u00fc', node: { ...base, kind: 'link', id: 5, target: '..data/k' } });
});

afterEach(() => {
	vi.useRealTimers();
	rmSync(directory, { recursive: true });
});

function generation(id: number, file: number) {
	const node = { ...base, kind: 'file', id: file, offset: 0, size: BYTES.length } as const;
	return { ...base, kind: 'dir', id, mode: 0o755, entries: [['k', node]] } as const;
}

function getattr(path: string): { result: number | undefined; stat: NativeStat | undefined } {
	const answer: { result: number | undefined; stat: NativeStat | undefined } = { result: undefined, stat: undefined };
	table.getattr(path, (result, stat) => Object.assign(answer, { result, stat }));
	return answer;
}

function ask(call: (reply: (result: number) => void) => void): number | undefined {
	let answer: number | undefined;
	call((result) => {
		answer = result;
	});
	return answer;
}

function open(path: string, flags = 0): { result: number; handle: number } {
	let answer = { result: 1, handle: 0 };
	table.open(path, flags, (result, handle) => {
		answer = { result, handle: handle ?? 0 };
	});
	return answer;
}

/** The flip that the journal announces. */
function announceFlip(): void {
	journal.push({
		t: 'intent',
		intent: { op: 'rename', seq: 1, atUs: 0, parent: 1, name: '..data_tmp', newName: '..data' },
	});
}

const ENOENT = -2;
const EIO = -5;
const ENOTDIR = -20;
const EROFS = -30;
const ESTALE = -116;

describe('readers', () => {
	test('attributes have the id of the tree and complete pages', () => {
		expect(getattr('/..old/k')).toMatchObject({
			result: 0,
			stat: { ino: 3, size: BYTES.length, blocks: 8, nlink: 1, mode: 0o100644, uid: 1, gid: 2, mtime: 5000 },
		});
		expect(getattr('/').stat).toMatchObject({ ino: 1, mode: 0o040777, blocks: 0, size: (2 + 5) * ENTRY_SIZE });
	});

	test('names are UTF-8', () => {
		expect(getattr('/kü').stat?.ino).toBe(5);
		let listed: readonly string[] = [];
		table.readdir('/', (_, names) => {
			listed = names ?? [];
		});
		expect(listed).toEqual(['.', '..', '..old', '..new', '..data', '..data_tmp', 'kü']);
	});

	test('a missing name, and a file in place of a directory', () => {
		expect(getattr('/nothing').result).toBe(ENOENT);
		expect(getattr('/..old/k/x').result).toBe(ENOTDIR);
		expect(open('/nothing').result).toBe(ENOENT);
	});

	test('reads end at the end of the file', () => {
		const { handle } = open('/..old/k');
		const buffer = Buffer.alloc(100);
		expect(ask((reply) => table.read('/..old/k', handle, buffer, 100, 6, reply))).toBe(4);
		expect(buffer.toString('utf8', 0, 4)).toBe('of k'.slice(0, 4));
		expect(ask((reply) => table.read('/..old/k', handle, buffer, 100, 100, reply))).toBe(0);
	});

	test('an open file keeps its inode, a request does not', () => {
		const before = tree.usage.inodes;
		const { handle } = open('/..old/k');
		expect(tree.get(3)?.nlookup).toBe(1);
		expect(operations.openCount).toBe(1);
		ask((reply) => table.release('/..old/k', handle, reply));
		getattr('/..old/k');
		expect(tree.get(3)?.nlookup).toBe(0);
		expect(tree.usage.inodes).toBe(before);
	});

	test('an open may go without an upcall, and the read goes by path', () => {
		const silent = new Operations({
			tree,
			pollJournal: () => {},
			counters,
			openWithoutUpcall: true,
			reportFault,
		}).table();
		expect(ask((reply) => silent.open('/..old/k', 0, reply))).toBe(-38);
		const buffer = Buffer.alloc(100);
		expect(ask((reply) => silent.read('/..old/k', 0, buffer, 100, 0, reply))).toBe(BYTES.length);
		expect(ask((reply) => silent.read('/..old/no', 0, buffer, 100, 0, reply))).toBe(ENOENT);
		expect(tree.get(3)?.nlookup).toBe(0);
	});

	test('an exception is EIO for its caller', () => {
		vi.spyOn(tree, 'lookup').mockImplementation(() => {
			throw new Error('bug');
		});
		expect(getattr('/..old').result).toBe(EIO);
	});
});

describe('writers', () => {
	test.each(['mkdir', 'unlink', 'rmdir', 'symlink', 'rename', 'chmod', 'chown', 'utimens', 'truncate'] as const)(
		'%s is refused',
		(operation) => {
			const calls = {
				mkdir: (reply: (result: number) => void) => table.mkdir('/x', 0o755, reply),
				unlink: (reply: (result: number) => void) => table.unlink('/..data', reply),
				rmdir: (reply: (result: number) => void) => table.rmdir('/..old', reply),
				symlink: (reply: (result: number) => void) => table.symlink('x', '/y', reply),
				rename: (reply: (result: number) => void) => table.rename('/..data', '/y', reply),
				chmod: (reply: (result: number) => void) => table.chmod('/..old', 0o777, reply),
				chown: (reply: (result: number) => void) => table.chown('/..old', 0, 0, reply),
				utimens: (reply: (result: number) => void) => table.utimens('/..old', 0, 0, reply),
				truncate: (reply: (result: number) => void) => table.truncate('/..old/k', 0, reply),
			};
			expect(ask(calls[operation])).toBe(EROFS);
		},
	);

	test('opening for writing is refused', () => {
		expect(open('/..old/k', 1).result).toBe(EROFS);
		expect(open('/..old/k', 2).result).toBe(EROFS);
	});

	test('the announced operation is made once', () => {
		journal.push({ t: 'intent', intent: { op: 'unlink', seq: 1, atUs: 0, parent: 2, name: 'k', graceMs: 10 } });
		expect(ask((reply) => table.unlink('/..old/k', reply))).toBe(0);
		expect(getattr('/..old/k').result, 'in its grace').toBe(0);
		now = 11;
		expect(getattr('/..old/k').result).toBe(ENOENT);
	});
});

describe('a flip', () => {
	test('happens immediately without walkers', () => {
		announceFlip();
		expect(getattr('/..data_tmp').result).toBe(0);
		expect(getattr('/..data').result).toBe(0);
		expect(ask((reply) => table.rename('/..data_tmp', '/..data', reply))).toBe(0);
	});

	test('waits for a walker from the link to the end of its read, and lets others wait', () => {
		getattr('/..data');
		announceFlip();
		const source = getattr('/..data_tmp');
		expect(source.result).toBeUndefined();
		expect(getattr('/..data').result, 'a new walker').toBe(ESTALE);
		ask((reply) => table.readlink('/..data', reply));
		vi.advanceTimersByTime(3);
		expect(source.result).toBeUndefined();
		getattr('/..old');
		getattr('/..old/k');
		const { handle } = open('/..old/k');
		vi.advanceTimersByTime(3);
		expect(source.result).toBeUndefined();
		ask((reply) => table.release('/..old/k', handle, reply));
		vi.advanceTimersByTime(3);
		expect(source.result).toBe(0);
	});

	test('does not wait for ever', () => {
		getattr('/..data');
		open('/..old/k');
		announceFlip();
		const source = getattr('/..data_tmp');
		vi.advanceTimersByTime(60_000);
		expect(source.result).toBe(0);
	});

	test('answers the replaced name to one walker at a time, and to none while it is being replaced', () => {
		announceFlip();
		getattr('/..data_tmp');
		expect(getattr('/..data').result).toBe(0);
		const second = getattr('/..data');
		expect(second.result).toBeUndefined();
		vi.advanceTimersByTime(5);
		expect(second.result).toBe(0);
		ask((reply) => table.rename('/..data_tmp', '/..data', reply));
		const later = getattr('/..data');
		vi.advanceTimersByTime(5);
		expect(later.result).toBeUndefined();
		journal.push({ t: 'settled', seq: 1, ok: true });
		vi.advanceTimersByTime(5);
		expect(later.stat?.ino).toBe(14);
	});
});

describe('an exception', () => {
	test('in a handler is EIO and is reported', () => {
		const planted = new Error('planted');
		tree.lookup = () => {
			throw planted;
		};
		expect(getattr('/..old/k').result).toBe(EIO);
		expect(ask((reply) => table.readlink('/..data', reply))).toBe(EIO);
		expect(faults).toEqual(['getattr: Error: planted', 'readlink: Error: planted']);
	});

	test('in a read of bytes that are missing is EIO and is reported', () => {
		const { handle } = open('/..old/k');
		const inode = tree.get(3);
		if (inode === undefined) throw new Error('no inode 3');
		inode.offset = 1000;
		expect(ask((reply) => table.read('/..old/k', handle, Buffer.alloc(9), 9, 0, reply))).toBe(EIO);
		expect(faults).toEqual(['read: Error: the journal ends before the bytes of inode 3']);
	});

	test('while the journal is read for the flip gate is reported, and the gate lets the request pass', () => {
		const failing = new Operations({
			tree,
			pollJournal: () => {
				throw new Error('planted');
			},
			counters,
			openWithoutUpcall: false,
			reportFault,
		});
		const results: number[] = [];
		failing.table().getattr('/..data_tmp', (result) => results.push(result));
		expect([results, faults]).toEqual([[0], ['flip gate: Error: planted']]);
	});
});
