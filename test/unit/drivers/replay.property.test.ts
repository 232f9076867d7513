import { mkdirSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { AnnouncedTree } from '../../../src/drivers/announced-tree.js';
import { presentExactly } from '../../../src/drivers/presentation.js';
import type { Inode } from '../../../src/fs/inode.js';
import { InodeTree, ROOT_ID } from '../../../src/fs/inode-tree.js';
import { JournalReader } from '../../../src/journal/journal-reader.js';
import { survivingSegments } from '../../../src/journal/segment.js';
import type { DirectoryContent } from '../../../src/volume/content.js';
import type { Payload } from '../../../src/volume/payload.js';
import type { TreeOperations } from '../../../src/volume/tree-operations.js';
import { type OldGeneration, VolumeWriter } from '../../../src/volume/volume-writer.js';
import { Scratch } from '../../support/fixtures/scratch.js';
import { checkInvariants } from '../../support/fixtures/tree-invariants.js';

const START_MS = Date.UTC(2026, 10, 30);
const VOLUMES = ['api', 'web', 'ключ'] as const;
const KEYS = ['a', 'b', 'dir/c', 'dir/deep/d', 'ü'] as const;
const scratch = new Scratch();

afterEach(() => scratch.clear());

type Command =
	| { readonly do: 'write'; readonly volume: number; readonly files: Payload; readonly unlist: boolean }
	| { readonly do: 'retire'; readonly graceMs: number }
	| { readonly do: 'remove'; readonly volume: number }
	| { readonly do: 'lookup'; readonly directory: number; readonly name: number }
	| { readonly do: 'forget'; readonly id: number }
	| { readonly do: 'wait'; readonly ms: number }
	| { readonly do: 'discard' }
	| { readonly do: 'check' }
	| { readonly do: 'takeover' };

const nat = fc.nat(1000);
const file = fc.record({
	bytes: fc.uint8Array({ maxLength: 300 }).map(Buffer.from),
	mode: fc.constantFrom(0o644, 0o400),
});
const files: fc.Arbitrary<Payload> = fc
	.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), file), { selector: ([key]) => key, maxLength: 4 })
	.map((entries) => new Map(entries));
const lookup = fc.record({ do: fc.constant('lookup' as const), directory: nat, name: nat });
const command: fc.Arbitrary<Command> = fc.oneof(
	{ weight: 8, arbitrary: fc.record({ do: fc.constant('write' as const), volume: nat, files, unlist: fc.boolean() }) },
	{ weight: 5, arbitrary: fc.record({ do: fc.constant('retire' as const), graceMs: fc.constantFrom(0, 20, 2000) }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), volume: nat }) },
	{ weight: 5, arbitrary: lookup },
	{ weight: 8, arbitrary: fc.record({ do: fc.constant('forget' as const), id: nat }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 30, 3000) }) },
	{ weight: 8, arbitrary: fc.constant({ do: 'discard' as const }) },
	{ weight: 4, arbitrary: fc.constant({ do: 'check' as const }) },
);
const takeover: fc.Arbitrary<Command> = fc.constant({ do: 'takeover' });

/** A server's tree, and the segments that it has reported as unused. */
class Server {
	readonly tree: InodeTree;
	readonly unused: number[] = [];
	readonly #reader: JournalReader;

	constructor(directory: string, now: () => number, isSuccessor: boolean) {
		this.tree = new InodeTree({ monotonicMs: now, wallUs: () => (START_MS + now()) * 1000 }, isSuccessor);
		this.#reader = new JournalReader(
			directory,
			(record, segment, contentAt) => this.tree.apply(record, segment, contentAt),
			(index) => this.unused.push(index),
		);
		this.poll();
		if (isSuccessor) this.tree.endReplay(0);
	}

	poll(): void {
		this.#reader.poll();
		checkInvariants(this.tree);
	}
}

/** The daemon, one server, and a kernel that holds the references that the server gave it. */
class World {
	#now = 0;
	readonly journal = scratch.directory();
	readonly #base = scratch.directory();
	readonly #announced: AnnouncedTree;
	readonly #volumes = new Map<string, VolumeWriter>();
	readonly #retained = new Map<string, { readonly writer: VolumeWriter; readonly generation: OldGeneration }>();
	readonly #emptied = new Map<string, { readonly writer: VolumeWriter; readonly generation: OldGeneration }>();
	#server: Server;
	/** References by inode. */
	readonly held = new Map<number, number>();

	constructor(rotateAfter: number) {
		this.#announced = new AnnouncedTree({
			journalDirectory: this.journal,
			present: presentExactly({ uid: 12, gid: 34 }),
			now: () => new Date(START_MS + this.#now),
			rootMode: 0o755,
			rotateAfter,
		});
		this.#announced.publish();
		this.#server = new Server(this.journal, () => this.#now, false);
		this.#announced.attach({ enter: () => this.#base, leave: () => this.#server.poll() });
	}

	get server(): Server {
		return this.#server;
	}

	step(command: Command): void {
		switch (command.do) {
			case 'write':
				this.#write(VOLUMES[command.volume % VOLUMES.length] ?? '', command.files, command.unlist);
				break;
			case 'retire':
				this.#retire(command.graceMs);
				break;
			case 'remove':
				this.#remove(VOLUMES[command.volume % VOLUMES.length] ?? '');
				break;
			case 'lookup':
				this.#lookup(command.directory, command.name);
				break;
			case 'forget':
				this.forget([...this.held.keys()][command.id % Math.max(1, this.held.size)]);
				break;
			case 'wait':
				this.#now += command.ms;
				break;
			case 'discard':
				this.discard();
				break;
			case 'check':
				this.check();
				break;
			case 'takeover':
				this.#server = this.check();
				break;
			default:
				command satisfies never;
		}
		this.#now += 1;
		checkInvariants(this.#server.tree);
	}

	#write(path: string, payload: Payload, unlist: boolean): void {
		const existing = this.#volumes.get(path);
		const writer =
			existing ?? new VolumeWriter({ tree: this.#operations, path, now: () => new Date(START_MS + this.#now) });
		if (existing === undefined) {
			writer.create(payload);
			this.#volumes.set(path, writer);
			return;
		}
		for (const generation of writer.write(payload, unlist).replaced) {
			this.#retained.set(generation.name, { writer, generation });
		}
	}

	#retire(graceMs: number): void {
		for (const [name, { writer, generation }] of this.#emptied) {
			writer.retireDirectories(generation, graceMs);
			this.#emptied.delete(name);
		}
		for (const [name, one] of this.#retained) {
			one.writer.retireFiles(one.generation, graceMs);
			this.#retained.delete(name);
			this.#emptied.set(name, one);
		}
	}

	#remove(path: string): void {
		const writer = this.#volumes.get(path);
		if (writer === undefined) return;
		const take = (from: Map<string, { readonly writer: VolumeWriter; readonly generation: OldGeneration }>) =>
			[...from].flatMap(([name, one]) => {
				if (one.writer !== writer) return [];
				from.delete(name);
				return [one.generation];
			});
		writer.remove(take(this.#retained), take(this.#emptied));
		this.#volumes.delete(path);
	}

	/** In any directory that is linked or held, stand-ins included. */
	#lookup(index: number, nameIndex: number): void {
		const { tree } = this.#server;
		const linked = [...tree.inodes()].filter((inode) => inode.isDirectory && inode.nlink > 0 && !inode.original);
		const heldDirectories = [...this.held.keys()].flatMap((id) => (tree.get(id)?.isDirectory ? [tree.get(id)] : []));
		const directories = [...linked, ...heldDirectories];
		const directory = directories[index % directories.length];
		if (directory === undefined) return;
		const real = directory.original ?? directory;
		const names = [...(real.entries?.keys() ?? []), ...(real.retired?.keys() ?? [])];
		const found = tree.lookup(directory.id, names[nameIndex % Math.max(1, names.length)] ?? 'nothing');
		if (typeof found === 'number') return;
		this.held.set(found.inode.id, (this.held.get(found.inode.id) ?? 0) + 1);
	}

	/** The kernel has one reference more. */
	hold(id: number): void {
		const inode = this.#server.tree.get(id);
		if (inode !== undefined) inode.nlookup++;
		this.held.set(id, (this.held.get(id) ?? 0) + 1);
	}

	/** The kernel returns all references of an inode at once. */
	forget(id: number | undefined): void {
		if (id === undefined) return;
		this.#server.tree.forget(id, this.held.get(id) ?? 0);
		this.held.delete(id);
	}

	discard(): void {
		for (const index of this.#server.unused.splice(0)) this.#announced.discardSegment(index);
	}

	/** A second server that starts now has the same tree, and the same removed inodes that the kernel holds. */
	check(): Server {
		const second = new Server(this.journal, () => this.#now, true);
		const first = this.#server.tree;
		expect(linkedState(second.tree, this.#now)).toEqual(linkedState(first, this.#now));
		for (const id of this.held.keys()) {
			expect([id, stateOf(second.tree.get(id), this.#now)]).toEqual([id, stateOf(first.get(id), this.#now)]);
		}
		return second;
	}

	/** Removes all volumes, and the kernel forgets everything. */
	finish(): void {
		this.check();
		for (const path of [...this.#volumes.keys()]) this.#remove(path);
		this.#retire(0);
		this.#retire(0);
		for (const id of [...this.held.keys()]) this.forget(id);
		this.#now += 10_000;
		// The graces end with the next mutation.
		this.#server.tree.mutate({ op: 'rmdir', parent: ROOT_ID, name: 'none' });
	}

	/** The operations, with the files of new directories, which the server would show, in the plain directory. */
	readonly #operations: TreeOperations = {
		makesCompleteDirectories: true,
		keepsRemovedNames: true,
		mkdir: (path, mode, content) => {
			this.#announced.mkdir(path, mode, content);
			writeContent(join(this.#base, path), content);
		},
		fill: () => {},
		chmod: (path, mode) => this.#announced.chmod(path, mode),
		symlink: (target, path) => this.#announced.symlink(target, path),
		rename: (path, newPath, unlist) => this.#announced.rename(path, newPath, unlist),
		unlink: (path, graceMs) => this.#announced.unlink(path, graceMs),
		rmdir: (path, graceMs) => this.#announced.rmdir(path, graceMs),
		occupant: (path) => this.#announced.occupant(path),
	};
}

function writeContent(path: string, content: DirectoryContent): void {
	for (const [name, node] of content.entries) {
		const below = join(path, name);
		if (node.kind === 'file') writeFileSync(below, node.bytes);
		else if (node.kind === 'dir') {
			mkdirSync(below);
			writeContent(below, node);
		} else writeFileSync(below, '');
	}
}

/** Everything that a reader can see of an inode. */
function stateOf(inode: Inode | undefined, now: number): unknown {
	if (inode === undefined) return undefined;
	const { id, mode, uid, gid, mtimeUs, ctimeUs, nlink, size, parent } = inode;
	return {
		...{ id, mode, uid, gid, mtimeUs, ctimeUs, nlink, size, parent },
		target: inode.target?.toString('latin1'),
		bytes: inode.isFile ? bytesOf(inode).toString('latin1') : undefined,
		entries: [...(inode.entries ?? [])].map(([name, entry]) => [name, entry.inode.id, entry.cookie, entry.listed]),
		retired: [...(inode.retired ?? [])]
			.filter(([, { until }]) => until > now)
			.map(([name, retired]) => [name, retired.inode.id, retired.cookie, retired.until]),
	};
}

function bytesOf(inode: Inode): Buffer {
	const bytes = Buffer.alloc(inode.size);
	if (inode.segment === undefined) throw new Error(`inode ${inode.id} has no segment`);
	expect(readSync(inode.segment.fd, bytes, 0, bytes.length, inode.offset)).toBe(inode.size);
	return bytes;
}

function linkedState(tree: InodeTree, now: number, id = ROOT_ID): readonly unknown[] {
	const inode = tree.get(id);
	const below = [...(inode?.entries?.values() ?? [])].map((entry) => entry.inode.id);
	return [stateOf(inode, now), inode?.nextCookie, ...below.flatMap((child) => linkedState(tree, now, child))];
}

describe('a second server that opens the surviving journal', () => {
	const commands = fc.array(command, { minLength: 30, maxLength: 120 });
	const rotateAfter = fc.constantFrom(0, 1500, 6000);

	test('keeps held inodes of a segment before a gap, and drops inodes that were removed in the gap', () => {
		const world = new World(0);
		const write = (value: string, files: readonly string[] = ['a', 'dir/c']) =>
			world.step({
				do: 'write',
				volume: 0,
				files: new Map(files.map((name) => [name, { bytes: Buffer.from(value), mode: 0o644 }])),
				unlist: true,
			});
		const retire = () => {
			for (let round = 0; round < 2; round++) world.step({ do: 'retire', graceMs: 20 });
		};
		write('first');
		// The kernel holds every inode of the first generation.
		const ids = [...world.server.tree.inodes()].filter(({ id }) => id !== ROOT_ID).map(({ id }) => id);
		for (const id of ids) world.hold(id);
		for (let round = 0; survivingSegments(world.journal).at(-1) !== 4; round++) {
			write(`${round}`.repeat(50), round % 2 === 0 ? ['a', 'b', 'dir/c'] : ['a']);
			retire();
			world.step({ do: 'wait', ms: 100 });
			world.check();
			world.discard();
		}
		// The first rotation happened before the first generation was removed.
		expect(survivingSegments(world.journal)).toEqual([1, 2, 4]);
		const second = world.check();
		expect([...second.tree.inodes()].length).toBeLessThan(100);
		world.finish();
		expect(world.server.tree.usage).toEqual({ inodes: 1, bytes: 0 });
		world.discard();
		expect(survivingSegments(world.journal)).toHaveLength(1);
	});

	test('has the tree of the first one, and the removed inodes that the kernel holds; nothing leaks', () => {
		fc.assert(
			fc.property(commands, rotateAfter, (steps, size) => {
				const world = new World(size);
				for (const one of steps) world.step(one);
				world.finish();
				expect(world.server.tree.usage).toEqual({ inodes: 1, bytes: 0 });
				world.discard();
				expect(survivingSegments(world.journal)).toHaveLength(1);
				scratch.clear();
			}),
			{ numRuns: 25 },
		);
	});

	test('can be taken over from by a third one, and so on', () => {
		const withTakeovers = fc.array(fc.oneof({ weight: 9, arbitrary: command }, { weight: 1, arbitrary: takeover }), {
			minLength: 30,
			maxLength: 120,
		});
		fc.assert(
			fc.property(withTakeovers, rotateAfter, (steps, size) => {
				const world = new World(size);
				for (const one of steps) world.step(one);
				world.finish();
				scratch.clear();
			}),
			{ numRuns: 25 },
		);
	});
});
