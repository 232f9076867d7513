import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { ERRNO } from '../../../src/base/errno.js';
import { FOREVER_MS, ROOT_ID } from '../../../src/fs/inode-tree.js';
import type { StagedNode } from '../../../src/journal/record.js';
import { AnnouncedInodes, staged, stagedFile, stagedLink } from '../../support/fixtures/announced.js';
import { Scratch } from '../../support/fixtures/scratch.js';

const STAND_IN = 2 ** 47;
const NAMES = ['a', 'b', 'c', 'ü'] as const;
const scratch = new Scratch();

afterEach(() => scratch.clear());

/** The expected content of the tree. */
interface ModelNode {
	readonly id: number;
	readonly kind: StagedNode['kind'];
	readonly entries: Map<string, ModelNode>;
	readonly retired: Map<string, { readonly node: ModelNode; readonly until: number }>;
}

type Command =
	| { readonly do: 'mkdir' | 'symlink'; readonly at: number; readonly name: string }
	| { readonly do: 'remove'; readonly at: number; readonly name: string; readonly graceMs: number }
	| { readonly do: 'rename'; readonly at: number; readonly name: string; readonly to: string }
	| { readonly do: 'lookup'; readonly at: number; readonly name: string }
	| { readonly do: 'forget'; readonly at: number; readonly all: boolean }
	| { readonly do: 'wait'; readonly ms: number };

const at = fc.nat(1000);
const name = fc.constantFrom(...NAMES);
const command: fc.Arbitrary<Command> = fc.oneof(
	fc.record({ do: fc.constantFrom('mkdir' as const, 'symlink' as const), at, name }),
	fc.record({ do: fc.constant('remove' as const), at, name, graceMs: fc.constantFrom(0, 5, 20) }),
	fc.record({ do: fc.constant('rename' as const), at, name, to: name }),
	fc.record({ do: fc.constant('lookup' as const), at, name }),
	fc.record({ do: fc.constant('forget' as const), at, all: fc.boolean() }),
	fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 5, 30) }),
);

/** One run: the tree and the model side by side. */
class Walk {
	readonly inodes = new AnnouncedInodes(scratch.directory());
	readonly #root: ModelNode = { id: ROOT_ID, kind: 'dir', entries: new Map(), retired: new Map() };
	/** The number of the kernel's references by inode. */
	readonly #held = new Map<number, number>();
	/** Nodes by id, removed ones too: lookups below stand-ins need them. */
	readonly #nodes = new Map<number, ModelNode>([[ROOT_ID, this.#root]]);
	#nextId = 2;

	step(command: Command): void {
		switch (command.do) {
			case 'mkdir':
			case 'symlink':
				this.#create(command.do, this.#pick(command.at), command.name);
				break;
			case 'remove':
				this.#remove(this.#pick(command.at), command.name, command.graceMs);
				break;
			case 'rename':
				this.#rename(this.#pick(command.at), command.name, command.to);
				break;
			case 'lookup':
				this.#lookup(command.at, command.name);
				break;
			case 'forget':
				this.#forget(command.at, command.all);
				break;
			case 'wait':
				this.inodes.wait(command.ms);
				break;
			default:
				command satisfies never;
		}
		this.#compare();
	}

	/** Removes everything, lets every grace end and gives every reference back. */
	finish(): void {
		for (const name of [...this.#root.entries.keys()]) this.#remove(this.#root, name, 0);
		for (const [id, count] of this.#held) this.inodes.forget(id, count);
		this.inodes.wait(1000);
		this.inodes.mutate({ op: 'rmdir', parent: ROOT_ID, name: 'none' });
		expect(this.inodes.tree.usage).toEqual({ inodes: 1, bytes: 0 });
	}

	#directories(): readonly ModelNode[] {
		const found: ModelNode[] = [];
		const visit = (node: ModelNode) => {
			if (node.kind !== 'dir') return;
			found.push(node);
			for (const child of node.entries.values()) visit(child);
		};
		visit(this.#root);
		return found;
	}

	#pick(index: number): ModelNode {
		const directories = this.#directories();
		return directories[index % directories.length] ?? this.#root;
	}

	#node(kind: StagedNode['kind'], entries: readonly (readonly [string, ModelNode])[] = []): ModelNode {
		const node = { id: this.#nextId++, kind, entries: new Map(entries), retired: new Map() };
		this.#nodes.set(node.id, node);
		return node;
	}

	#create(op: 'mkdir' | 'symlink', directory: ModelNode, name: string): void {
		const isNew = !directory.entries.has(name);
		let node: ModelNode;
		let result: unknown;
		if (op === 'mkdir') {
			const file = this.#node('file');
			node = this.#node('dir', [['f', file]]);
			result = this.inodes.perform({
				op,
				parent: directory.id,
				name,
				node: staged(node.id, { f: stagedFile(file.id) }),
			});
		} else {
			node = this.#node('link');
			result = this.inodes.perform({ op, parent: directory.id, name, node: stagedLink(node.id, 'target') });
		}
		if (!isNew) {
			expect(result).toBe(ERRNO.EEXIST);
			return;
		}
		expect(result).toBe(this.inodes.tree.get(node.id));
		directory.entries.set(name, node);
		this.#hold(node.id);
	}

	#remove(directory: ModelNode, name: string, graceMs: number): void {
		const node = directory.entries.get(name);
		const op = node?.kind === 'dir' ? 'rmdir' : 'unlink';
		const result = this.inodes.perform({ op, parent: directory.id, name, graceMs });
		if (node === undefined) {
			expect(result).toBe(ERRNO.ENOENT);
			return;
		}
		expect(result).toBe(this.inodes.tree.get(directory.id));
		directory.entries.delete(name);
		if (graceMs > 0) directory.retired.set(name, { node, until: this.inodes.clock.monotonicMs + graceMs });
		const empty = (removed: ModelNode) => {
			for (const child of removed.entries.values()) empty(child);
			removed.entries.clear();
		};
		empty(node);
	}

	#rename(directory: ModelNode, name: string, to: string): void {
		if (name === to) return;
		const node = directory.entries.get(name);
		const result = this.inodes.perform({ op: 'rename', parent: directory.id, name, newName: to });
		if (node === undefined) {
			expect(result).toBe(ERRNO.ENOENT);
			return;
		}
		const replaced = directory.entries.get(to);
		for (const child of replaced?.entries.keys() ?? []) if (replaced !== undefined) replaced.entries.delete(child);
		directory.entries.delete(name);
		// It takes the position of the replaced one in a listing.
		directory.entries.set(to, node);
	}

	/** In any directory that is linked or that the kernel holds, stand-ins included. */
	#lookup(index: number, name: string): void {
		const ids = [...new Set([...this.#directories().map(({ id }) => id), ...this.#held.keys()])];
		const id = ids[index % ids.length] ?? ROOT_ID;
		const directory = this.#nodes.get(id % STAND_IN);
		const found = this.inodes.lookup(id, Buffer.from(name).toString('latin1'));
		if (directory?.kind !== 'dir') {
			expect(found).toBe(ERRNO.ENOTDIR);
			return;
		}
		const node = id < STAND_IN ? directory.entries.get(name) : undefined;
		const retired = directory.retired.get(name);
		const leftMs = (retired?.until ?? 0) - this.inodes.clock.monotonicMs;
		if (node !== undefined) expect(found).toEqual({ id: node.id, validMs: FOREVER_MS });
		else if (retired !== undefined && leftMs > 0) {
			expect(found).toEqual({ id: retired.node.id + STAND_IN, validMs: leftMs });
		} else expect(found).toBe(ERRNO.ENOENT);
		if (typeof found !== 'number') this.#hold(found.id);
	}

	#hold(id: number): void {
		this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
	}

	#forget(index: number, all: boolean): void {
		const ids = [...this.#held.keys()];
		const id = ids[index % Math.max(1, ids.length)];
		if (id === undefined) return;
		const held = this.#held.get(id) ?? 0;
		const count = all ? held : 1;
		this.inodes.forget(id, count);
		if (held === count) this.#held.delete(id);
		else this.#held.set(id, held - count);
	}

	#compare(): void {
		for (const directory of this.#directories()) {
			const names = [...directory.entries.keys()].map((one) => Buffer.from(one).toString('latin1'));
			expect(this.inodes.names(directory.id)).toEqual(names);
		}
		for (const id of this.#held.keys()) expect(this.inodes.tree.get(id)?.id).toBe(id);
	}
}

describe('InodeTree', () => {
	test('agrees with a small model over random operations, and ends empty', () => {
		fc.assert(
			fc.property(fc.array(command, { minLength: 1, maxLength: 60 }), (commands) => {
				const walk = new Walk();
				for (const one of commands) walk.step(one);
				walk.finish();
				walk.inodes.segment.release();
				scratch.clear();
			}),
			{ numRuns: 1_000 },
		);
	});
});
