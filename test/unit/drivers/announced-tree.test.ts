import { createHash, randomBytes } from 'node:crypto';
import {
	copyFileSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	readSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { AnnouncedTree } from '../../../src/drivers/announced-tree.js';
import { presentExactly } from '../../../src/drivers/presentation.js';
import { InodeTree, ROOT_ID } from '../../../src/fs/inode-tree.js';
import { JournalReader } from '../../../src/journal/journal-reader.js';
import type { JournalRecord } from '../../../src/journal/record.js';
import { segmentPath, survivingSegments } from '../../../src/journal/segment.js';
import { MNT, mount, umount2 } from '../../../src/native/libc.js';
import {
	type ContentNode,
	type DirectoryContent,
	emptyDirectory,
	snapshotContent,
} from '../../../src/volume/content.js';
import type { Payload } from '../../../src/volume/payload.js';
import type { TreeOperations } from '../../../src/volume/tree-operations.js';
import { VolumeWriter } from '../../../src/volume/volume-writer.js';
import { Scratch } from '../../support/fixtures/scratch.js';
import { checkInvariants } from '../../support/fixtures/tree-invariants.js';

const scratch = new Scratch();
const NOW = new Date('2026-11-21T04:03:39.5Z');
const MIB = 1024 * 1024;

afterEach(() => scratch.clear());

function payload(files: Readonly<Record<string, string | Buffer>>, mode = 0o640): Payload {
	return new Map(Object.entries(files).map(([path, value]) => [path, { bytes: Buffer.from(value), mode }]));
}

/** A tree whose VFS operations are made in a plain directory; contents, which the server would show, are written there. */
class PlainMount {
	readonly journalDirectory: string;
	readonly base = scratch.directory();
	readonly tree: AnnouncedTree;
	entered = 0;
	#isAttached = false;

	constructor(journalDirectory = scratch.directory()) {
		this.journalDirectory = journalDirectory;
		this.tree = new AnnouncedTree({
			journalDirectory,
			present: presentExactly({ uid: 1234, gid: 567 }),
			now: () => NOW,
			rootMode: 0o777,
		});
	}

	attach(): void {
		this.tree.publish();
		this.#isAttached = true;
		this.tree.attach({
			enter: () => {
				this.entered++;
				return this.base;
			},
			leave: () => {
				this.entered--;
			},
		});
	}

	readonly operations: TreeOperations = {
		makesCompleteDirectories: true,
		keepsRemovedNames: true,
		mkdir: (path, mode, content) => {
			this.tree.mkdir(path, mode, content);
			if (this.#isAttached) writeContent(join(this.base, path), content);
		},
		fill: () => this.tree.fill(),
		chmod: (path, mode) => this.tree.chmod(path, mode),
		symlink: (target, path) => this.tree.symlink(target, path),
		rename: (path, newPath, unlist) => this.tree.rename(path, newPath, unlist),
		unlink: (path, graceMs) => this.tree.unlink(path, graceMs),
		rmdir: (path, graceMs) => this.tree.rmdir(path, graceMs),
		occupant: (path) => this.tree.occupant(path),
	};

	writer(path = ''): VolumeWriter {
		return new VolumeWriter({ tree: this.operations, path, now: () => NOW });
	}

	/**
	 * A new server that reads the journal as if the segments below `firstIndex` were unlinked, every record that it saw,
	 * and the segments that it left unused.
	 */
	replay(firstIndex = 0): { readonly tree: InodeTree; readonly records: JournalRecord[]; readonly unused: number[] } {
		const unused: number[] = [];
		const tree = new InodeTree({ monotonicMs: () => 0, wallUs: () => 1 });
		const records: JournalRecord[] = [];
		const reader = new JournalReader(
			firstIndex === 0 ? this.journalDirectory : this.#copyFrom(firstIndex),
			(record, segment, contentAt) => {
				records.push(record);
				tree.apply(record, segment, contentAt);
				checkInvariants(tree);
			},
			(index) => unused.push(index),
		);
		reader.poll();
		return { tree, records, unused };
	}

	#copyFrom(firstIndex: number): string {
		const copy = scratch.directory();
		for (const index of survivingSegments(this.journalDirectory)) {
			if (index >= firstIndex) copyFileSync(segmentPath(this.journalDirectory, index), segmentPath(copy, index));
		}
		return copy;
	}
}

function writeContent(path: string, content: DirectoryContent): void {
	for (const [name, node] of content.entries) {
		const below = join(path, name);
		if (node.kind === 'file') writeFileSync(below, node.bytes);
		else if (node.kind === 'dir') {
			mkdirSync(below);
			writeContent(below, node);
		}
	}
}

type Listing = ReadonlyMap<string, string>;

/** Path to kind and content, of a real directory. */
function realListing(base: string, path = ''): Listing {
	const rows = new Map<string, string>();
	for (const name of readdirSync(join(base, path)).sort()) {
		const below = path === '' ? name : `${path}/${name}`;
		const stat = lstatSync(join(base, below));
		if (stat.isSymbolicLink()) rows.set(below, `-> ${readlinkSync(join(base, below))}`);
		else if (stat.isFile()) rows.set(below, readFileSync(join(base, below), 'latin1'));
		else {
			rows.set(below, 'dir');
			for (const [key, value] of realListing(base, below)) rows.set(key, value);
		}
	}
	return rows;
}

/** The same of an inode tree, bytes read from the journal. */
function inodeListing(tree: InodeTree, id = ROOT_ID, path = ''): Listing {
	const rows = new Map<string, string>();
	const directory = tree.get(id);
	if (directory === undefined) throw new Error(`no inode ${id}`);
	for (const { name, inode } of [...tree.list(directory, 0)].sort((a, b) => (a.name < b.name ? -1 : 1))) {
		const below = path === '' ? name : `${path}/${name}`;
		if (inode.target !== undefined) rows.set(below, `-> ${inode.target}`);
		else if (inode.isDirectory) {
			rows.set(below, 'dir');
			for (const [key, value] of inodeListing(tree, inode.id, below)) rows.set(key, value);
		} else {
			const bytes = Buffer.alloc(inode.size);
			if (inode.segment === undefined) throw new Error(`${below} has no bytes`);
			expect(readSync(inode.segment.fd, bytes, 0, bytes.length, inode.offset)).toBe(inode.size);
			rows.set(below, bytes.toString('latin1'));
		}
	}
	return rows;
}

/** Short enough to be shown when they differ. */
function hashed(listing: Listing): Listing {
	const rows = [...listing].map(([path, value]): [string, string] => [
		path,
		createHash('sha1').update(value, 'latin1').digest('hex'),
	]);
	return new Map(rows.sort());
}

function operationsOf(records: readonly JournalRecord[]): readonly string[] {
	return records.flatMap((record) => {
		if (record.t === 'settled') return [record.ok ? 'made' : 'failed'];
		return record.t === 'intent' ? [record.intent.op] : [];
	});
}

describe('AnnouncedTree', () => {
	test('a flip is announced operation by operation, each settled before the next', () => {
		const plain = new PlainMount();
		const writer = plain.writer();
		writer.write(payload({ a: '1', b: '2' }));
		plain.attach();
		// Changes before the mount are not made in the plain directory.
		expect(plain.entered).toBe(0);
		expect(operationsOf(plain.replay().records)).toEqual([]);
		const fresh = new PlainMount();
		fresh.attach();
		fresh.writer().write(payload({ a: '1', b: '2' }));
		const { records } = fresh.replay();
		const steps = ['mkdir', 'setattr', 'symlink', 'rename', 'symlink', 'symlink'];
		expect(operationsOf(records)).toEqual(steps.flatMap((op) => [op, 'made']));
		const seqs = records.flatMap((record) => (record.t === 'intent' ? [record.intent.seq] : []));
		expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
		expect(new Set(seqs).size).toBe(seqs.length);
		expect(fresh.entered).toBe(0);
	});

	test('a replay after each of many changes equals the directory', () => {
		const plain = new PlainMount();
		plain.attach();
		const writer = plain.writer();
		const writes = [
			payload({ a: '1', 'dir/x': 'x', ключ: 'значение' }),
			payload({ a: '2', 'dir/x': 'x', 'dir/deep/y': 'y' }),
			payload({ a: '2', 'dir/x': 'x', 'dir/deep/y': 'y' }),
			payload({}),
			payload({ 'a/now/a/directory': randomBytes(70_000), b: '' }),
		];
		const check = () => {
			const listing = inodeListing(plain.replay().tree);
			const names = new Map([...listing].map(([path, value]) => [Buffer.from(path, 'latin1').toString(), value]));
			const real = new Map([...realListing(plain.base)].map(([path, value]) => [path, value]));
			expect(new Map([...names].sort())).toEqual(new Map([...real].sort()));
			expect(real.has('..data')).toBe(true);
		};
		for (const one of writes) {
			const { replaced } = writer.write(one);
			check();
			for (const generation of replaced) {
				writer.retireFiles(generation, 0);
				writer.retireDirectories(generation, 0);
			}
			check();
		}
	});

	test('the state before the mount is published completely, with owner, modes and times', () => {
		const plain = new PlainMount();
		plain.tree.mkdir('ns', 0o755, emptyDirectory(0o755));
		plain.writer('ns/web').create(payload({ a: 'one', 'dir/x': 'two' }));
		plain.writer('ns/api').create(payload({ b: 'three' }, 0o400));
		plain.attach();
		const { tree, records } = plain.replay();
		expect(records.map(({ t }) => t)).toEqual(['segment', 'tree', 'tree', 'checkpointed']);
		const listing = [...inodeListing(tree)].filter(([path]) => !path.includes('/..2026'));
		expect(listing.map(([path, value]) => `${path} ${value}`.replace(/\d{4}_\S+/, 'NAME'))).toEqual([
			'ns dir',
			'ns/api dir',
			'ns/api/..data -> ..NAME',
			'ns/api/b -> ..data/b',
			'ns/web dir',
			'ns/web/..data -> ..NAME',
			'ns/web/a -> ..data/a',
			'ns/web/dir -> ..data/dir',
		]);
		const root = tree.get(ROOT_ID);
		expect([root?.mode, root?.uid, root?.gid, root?.mtimeUs]).toEqual([0o040777, 1234, 567, NOW.getTime() * 1000]);
		const files: string[] = [];
		const visit = (id: number) => {
			const directory = tree.get(id);
			if (directory === undefined) return;
			for (const { name, inode } of tree.list(directory, 0)) {
				expect([inode.uid, inode.gid, inode.mtimeUs]).toEqual([1234, 567, NOW.getTime() * 1000]);
				if (inode.isFile) files.push(`${name} ${inode.mode.toString(8)}`);
				visit(inode.id);
			}
		};
		visit(ROOT_ID);
		expect(files.sort()).toEqual(['a 100640', 'b 100400', 'x 100640']);
	});

	test('ids are never used twice, not even after a failure', () => {
		const plain = new PlainMount();
		plain.attach();
		plain.tree.symlink('t', 'x');
		expect(() => plain.tree.symlink('t', 'x')).toThrow(/EEXIST/);
		plain.tree.unlink('x', 0);
		plain.tree.symlink('t', 'x');
		const ids = plain
			.replay()
			.records.flatMap((record) =>
				record.t === 'intent' && record.intent.op === 'symlink' ? [record.intent.node.id] : [],
			);
		expect(new Set(ids).size).toBe(3);
		expect(Math.min(...ids)).toBeGreaterThan(ROOT_ID);
	});

	test('before the mount an operation fails as in a mounted tree', () => {
		const { tree } = new PlainMount();
		tree.mkdir('parts', 0o755, emptyDirectory(0o755));
		tree.mkdir('parts/one', 0o755, emptyDirectory(0o755));
		expect(() => tree.mkdir('parts', 0o755, emptyDirectory(0o755))).toThrow(
			expect.objectContaining({ code: 'EEXIST' }),
		);
		expect(() => tree.symlink('t', 'parts')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
		expect(() => tree.rmdir('parts', 0)).toThrow(expect.objectContaining({ code: 'ENOTEMPTY' }));
		expect(() => tree.unlink('none', 0)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
		expect(() => tree.rename('none', 'other')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
		expect([tree.occupant('parts'), tree.occupant('parts/one'), tree.occupant('none')]).toEqual([
			'directory',
			'empty-directory',
			undefined,
		]);
	});

	test('a directory with entries is not removed, and nothing is announced', () => {
		const plain = new PlainMount();
		plain.attach();
		plain.tree.mkdir('parts', 0o755, emptyDirectory(0o755));
		plain.tree.mkdir('parts/one', 0o755, emptyDirectory(0o755));
		expect(() => plain.tree.rmdir('parts', 0)).toThrow(expect.objectContaining({ code: 'ENOTEMPTY' }));
		expect(operationsOf(plain.replay().records)).toEqual(['mkdir', 'made', 'mkdir', 'made']);
	});

	test('an operation that the system refuses is settled as failed, and leaves tree and directory unchanged', () => {
		const plain = new PlainMount();
		plain.attach();
		plain.writer().write(payload({ a: '1' }));
		const before = realListing(plain.base);
		mkdirSync(join(plain.base, 'foreign'));
		const failing: readonly (() => void)[] = [
			() => plain.tree.mkdir('foreign', 0o755, snapshotContent(payload({ x: 'y' }))),
			() => plain.tree.symlink('t', 'foreign'),
			() => plain.tree.rename('none', 'other'),
			() => plain.tree.unlink('none', 0),
			() => plain.tree.rmdir('..data', 0),
		];
		for (const attempt of failing) {
			expect(attempt).toThrow(/^E[A-Z]+/);
			const { tree, records } = plain.replay();
			expect(operationsOf(records).at(-1)).toBe('failed');
			expect(inodeListing(tree)).toEqual(before);
			expect(plain.entered).toBe(0);
		}
	});

	test('an operation that another process made first, exactly as announced, counts as made', () => {
		const plain = new PlainMount();
		plain.attach();
		const writer = plain.writer();
		const { snapshot } = writer.write(payload({ a: '1', gone: '1' }));
		const link = join(plain.base, '..data');
		const [tree, real] = [plain.tree, (path: string) => join(plain.base, path)];
		rmSync(real('gone'));
		tree.unlink('gone', 0);
		renameSync(real('a'), real('b'));
		tree.rename('a', 'b');
		rmSync(real(snapshot), { recursive: true });
		tree.unlink(`${snapshot}/a`, 0);
		tree.unlink(`${snapshot}/gone`, 0);
		tree.rmdir(snapshot, 0);
		expect(operationsOf(plain.replay().records).slice(-10)).toEqual([
			...['unlink', 'made', 'rename', 'made', 'unlink', 'made', 'unlink', 'made', 'rmdir', 'made'],
		]);
		expect(inodeListing(plain.replay().tree)).toEqual(realListing(plain.base));
		expect(readlinkSync(link)).toBe(snapshot);
	});

	test('a grace and an unlisted name are announced as requested', () => {
		const plain = new PlainMount();
		plain.attach();
		const writer = plain.writer();
		const { snapshot } = writer.write(payload({ a: '1' }));
		const { replaced } = writer.write(payload({ a: '2' }), true);
		for (const generation of replaced) writer.retireFiles(generation, 1500);
		const intents = plain.replay().records.flatMap((record) => (record.t === 'intent' ? [record.intent] : []));
		expect(intents.filter(({ op }) => op === 'rename').at(-1)).toMatchObject({ newName: '..data', unlist: snapshot });
		expect(intents.at(-1)).toMatchObject({ op: 'unlink', name: 'a', graceMs: 1500 });
		expect(inodeListing(plain.replay().tree).has(snapshot)).toBe(false);
	});

	test('after 16 MiB a new segment starts with a checkpoint, and readers of both segments and of the new one agree', () => {
		const plain = new PlainMount();
		plain.attach();
		const writer = plain.writer();
		const follower = plain.replay();
		expect(inodeListing(follower.tree).size).toBe(0);
		const small = randomBytes(3000).toString('latin1');
		for (let round = 0; round < 5; round++) {
			const { replaced } = writer.write(
				payload({ big: Buffer.alloc(4 * MIB + round, round), small, [`k${round}`]: 'v' }),
			);
			for (const generation of replaced) {
				writer.retireFiles(generation, 0);
				writer.retireDirectories(generation, 0);
			}
			// The fourth write rotates: its content was in the first segment.
			if (round === 3) expect(hashed(inodeListing(plain.replay(1).tree))).toEqual(hashed(realListing(plain.base)));
		}
		expect(readdirSync(plain.journalDirectory).sort()).toEqual(['journal.0', 'journal.1']);
		const real = realListing(plain.base);
		for (const firstIndex of [1, 0]) {
			const { tree, records, unused } = plain.replay(firstIndex);
			const listing = inodeListing(tree);
			expect([...listing.keys()].sort()).toEqual([...real.keys()].sort());
			for (const [path, value] of listing) expect([path, value === real.get(path)]).toEqual([path, true]);
			expect(records.filter(({ t }) => t === 'segment').length).toBe(firstIndex === 0 ? 2 : 1);
			expect(tree.usage.bytes).toBeLessThan(9 * MIB);
			// A reader that comes from the first segment does not need it any more.
			expect(unused).toEqual(firstIndex === 0 ? [0] : []);
		}
		plain.tree.discardSegment(0);
		expect(readdirSync(plain.journalDirectory)).toEqual(['journal.1']);
	});

	test('a rotation that fails leaves the journal unchanged, and later changes stay readable', () => {
		const plain = new PlainMount();
		plain.attach();
		mkdirSync(join(plain.journalDirectory, 'journal.1'));
		const writer = plain.writer();
		const last = payload({ big: Buffer.alloc(9 * MIB, 3), k: 'v' });
		for (const one of [payload({ big: Buffer.alloc(9 * MIB, 1) }), payload({ big: Buffer.alloc(9 * MIB, 2) }), last])
			writer.write(one);
		const { tree } = plain.replay();
		const listing = inodeListing(tree);
		const expected: ContentNode | undefined = snapshotContent(last).entries.get('big');
		const shown = listing.get(`${writer.state.snapshot}/big`);
		expect(expected?.kind === 'file' && shown === expected.bytes.toString('latin1')).toBe(true);
		expect(listing.get('k')).toBe('-> ..data/k');
	});

	test.skipIf(process.getuid?.() !== 0)(
		'a rotation that fails half-way has no effect on the next one (needs root)',
		() => {
			const journalDirectory = scratch.directory();
			mount('tmpfs', journalDirectory, 'tmpfs', 0, 'size=80m');
			try {
				const plain = new PlainMount(journalDirectory);
				plain.attach();
				const writer = plain.writer();
				const filler = join(journalDirectory, 'filler');
				writeFileSync(filler, Buffer.alloc(48 * MIB));
				for (const round of [1, 2]) writer.write(payload({ big: Buffer.alloc(9 * MIB, round) }));
				expect(readdirSync(journalDirectory).sort()).toEqual(['filler', 'journal.0']);
				rmSync(filler);
				for (const round of [3, 4]) writer.write(payload({ big: Buffer.alloc(9 * MIB, round) }));
				expect(readdirSync(journalDirectory).sort()).toEqual(['journal.0', 'journal.1']);
				expect(hashed(inodeListing(plain.replay(1).tree))).toEqual(hashed(realListing(plain.base)));
			} finally {
				umount2(journalDirectory, MNT.DETACH);
			}
		},
	);
});
