import { describe, expect, test, vi } from 'vitest';
import type { ContentNode, DirectoryContent } from '../../../src/volume/content.js';
import { snapshotContent, userVisibleNames, volumeContent } from '../../../src/volume/content.js';
import type { Payload } from '../../../src/volume/payload.js';
import { isSnapshotName } from '../../../src/volume/snapshot-name.js';
import type { Occupant, TreeOperations } from '../../../src/volume/tree-operations.js';
import { VolumeWriter } from '../../../src/volume/volume-writer.js';

type Entry = { kind: 'dir'; mode: number; entries: Map<string, Entry> } | Exclude<ContentNode, DirectoryContent>;

function failure(code: string, call: string): Error {
	return Object.assign(new Error(`${code}: ${call}`), { code });
}

/** A tree in memory that behaves like the kernel, and can be set to fail at one call. */
class ScriptedTree implements TreeOperations {
	readonly makesCompleteDirectories: boolean;
	readonly keepsRemovedNames = true;
	readonly root: Extract<Entry, { kind: 'dir' }> = { kind: 'dir', mode: 0o777, entries: new Map() };
	readonly calls: string[] = [];
	/** Fails at the call with this number, counted from 0 since it was set. */
	failAt = -1;

	constructor(makesCompleteDirectories: boolean) {
		this.makesCompleteDirectories = makesCompleteDirectories;
	}

	mkdir(path: string, mode: number, content: DirectoryContent): void {
		this.#begin(`mkdir ${path} ${mode.toString(8)}`);
		const node: Entry = { kind: 'dir', mode, entries: new Map() };
		if (this.makesCompleteDirectories) node.entries = copied(content).entries;
		this.#create(path, node);
	}

	fill(path: string, content: DirectoryContent): void {
		this.#begin(`fill ${path}`);
		const { entries, name } = this.#parent(path);
		const node = entries.get(name);
		if (node?.kind !== 'dir') throw failure('ENOENT', path);
		if (!this.makesCompleteDirectories) node.entries = copied(content).entries;
	}

	chmod(path: string, mode: number): void {
		this.#begin(`chmod ${path} ${mode.toString(8)}`);
		const { entries, name } = this.#parent(path);
		const node = entries.get(name);
		if (node?.kind !== 'dir') throw failure('ENOENT', path);
		node.mode = mode;
	}

	symlink(target: string, path: string): void {
		this.#begin(`symlink ${path} ${target}`);
		this.#create(path, { kind: 'link', target });
	}

	rename(path: string, newPath: string, unlist?: string): void {
		this.#begin(`rename ${path} ${newPath}${unlist === undefined ? '' : ` unlist ${unlist}`}`);
		const from = this.#parent(path);
		const to = this.#parent(newPath);
		const node = from.entries.get(from.name);
		if (node === undefined) throw failure('ENOENT', path);
		from.entries.delete(from.name);
		to.entries.set(to.name, node);
	}

	unlink(path: string, graceMs: number): void {
		this.#begin(`unlink ${path} ${graceMs}`);
		const { entries, name } = this.#parent(path);
		if (!entries.has(name)) throw failure('ENOENT', path);
		if (entries.get(name)?.kind === 'dir') throw failure('EISDIR', path);
		entries.delete(name);
	}

	rmdir(path: string, graceMs: number): void {
		this.#begin(`rmdir ${path} ${graceMs}`);
		const { entries, name } = this.#parent(path);
		const node = entries.get(name);
		if (node === undefined) throw failure('ENOENT', path);
		if (node.kind !== 'dir') throw failure('ENOTDIR', path);
		if (node.entries.size > 0) throw failure('ENOTEMPTY', path);
		entries.delete(name);
	}

	occupant(path: string): Occupant | undefined {
		const { entries, name } = this.#parent(path);
		const node = entries.get(name);
		if (node?.kind !== 'dir') return node?.kind;
		return node.entries.size === 0 ? 'empty-directory' : 'directory';
	}

	#begin(call: string): void {
		this.calls.push(call);
		if (this.failAt >= 0 && this.failAt-- === 0) throw failure('EIO', call);
	}

	#create(path: string, node: Entry): void {
		const { entries, name } = this.#parent(path);
		if (entries.has(name)) throw failure('EEXIST', path);
		entries.set(name, node);
	}

	#parent(path: string): { readonly entries: Map<string, Entry>; readonly name: string } {
		const parts = path.split('/');
		const name = parts.pop() ?? '';
		let entries = this.root.entries;
		for (const part of parts) {
			const next = entries.get(part);
			if (next?.kind !== 'dir') throw failure('ENOENT', path);
			entries = next.entries;
		}
		return { entries, name };
	}
}

function copied(content: DirectoryContent): Extract<Entry, { kind: 'dir' }> {
	const entries = [...content.entries].map(([name, node]): [string, Entry] => [
		name,
		node.kind === 'dir' ? copied(node) : node,
	]);
	return { kind: 'dir', mode: content.mode, entries: new Map(entries) };
}

function payload(files: Readonly<Record<string, string>>): Payload {
	return new Map(Object.entries(files).map(([path, text]) => [path, { bytes: Buffer.from(text), mode: 0o644 }]));
}

const OLD = payload({ a: 'old', b: 'old', 'dir/x': 'old' });
const NEW = payload({ a: 'new', 'dir/x': 'old', 'dir/y': 'new', new1: '1', new2: '2' });

/** mkdir, chmod, fill, symlink, rename. */
const FLIP_CALLS = 5;

const NOW = () => new Date('2026-11-21T04:03:39Z');

function volume(isComplete: boolean, path = ''): { readonly tree: ScriptedTree; readonly writer: VolumeWriter } {
	const tree = new ScriptedTree(isComplete);
	return { tree, writer: new VolumeWriter({ tree, path, now: NOW }) };
}

/** The tree shows exactly this payload, and the writer knows. */
function expectShown({ tree, writer }: ReturnType<typeof volume>, shown: Payload, extra: readonly string[] = []): void {
	const { snapshot, links } = writer.state;
	if (snapshot === undefined) throw new Error('nothing was written');
	const entries = new Map(tree.root.entries);
	for (const name of extra) entries.delete(name);
	expect(new Map([...entries].sort())).toEqual(new Map([...copied(volumeContent(shown, snapshot)).entries].sort()));
	expect([...links].sort()).toEqual(userVisibleNames(shown));
	expect(writer.state.payload).toBe(shown);
}

describe.each([true, false])('VolumeWriter (complete directories: %s)', (isComplete) => {
	test('write creates a generation named by its time, and returns the change', () => {
		const both = volume(isComplete);
		const result = both.writer.write(OLD);
		expect(isSnapshotName(result.snapshot)).toBe(true);
		expect(result.snapshot).toMatch(/^\.\.2026_11_21_04_03_39\./);
		expect(result).toMatchObject({ flipped: true, replaced: [], change: { added: ['a', 'b', 'dir/x'] } });
		expectShown(both, OLD);
	});

	test('a second write replaces the first generation, which is removed in two halves: files, then directories', () => {
		const both = volume(isComplete);
		const first = both.writer.write(OLD);
		const second = both.writer.write(NEW);
		expect(second.replaced).toEqual([{ name: first.snapshot, payload: OLD }]);
		expect(second.change).toEqual({ added: ['dir/y', 'new1', 'new2'], removed: ['b'], changed: ['a'] });
		expectShown(both, NEW, [first.snapshot]);
		both.tree.calls.length = 0;
		for (const generation of second.replaced) both.writer.retireFiles(generation, 1500);
		expect(both.tree.calls).toEqual(['a', 'b', 'dir/x'].map((path) => `unlink ${first.snapshot}/${path} 1500`));
		both.tree.calls.length = 0;
		for (const generation of second.replaced) both.writer.retireDirectories(generation, 700);
		expect(both.tree.calls).toEqual([`rmdir ${first.snapshot}/dir 700`, `rmdir ${first.snapshot} 700`]);
		expectShown(both, NEW);
	});

	test('a write without a change makes no call', () => {
		const both = volume(isComplete);
		const first = both.writer.write(OLD);
		both.tree.calls.length = 0;
		expect(both.writer.write(new Map(OLD))).toMatchObject({
			flipped: false,
			replaced: [],
			snapshot: first.snapshot,
		});
		expect(both.tree.calls).toEqual([]);
	});

	test('unlistReplaced unlists the old generation at the flip, and nothing at the first', () => {
		const both = volume(isComplete);
		const first = both.writer.write(OLD, true);
		both.writer.write(NEW, true);
		expect(both.tree.calls.filter((call) => call.startsWith('rename'))).toEqual([
			'rename ..data_tmp ..data',
			`rename ..data_tmp ..data unlist ${first.snapshot}`,
		]);
	});

	test('fails at each step in turn: before the flip everything is undone, and the next write works', () => {
		for (let failAt = 0; failAt < FLIP_CALLS; failAt++) {
			const both = volume(isComplete);
			const first = both.writer.write(OLD);
			both.tree.failAt = failAt;
			expect(() => both.writer.write(NEW)).toThrow(/EIO/);
			expectShown(both, OLD);
			const { replaced } = both.writer.write(NEW);
			expect(replaced).toEqual([{ name: first.snapshot, payload: OLD }]);
			expectShown(both, NEW, [first.snapshot]);
		}
	});

	test('the very first write fails at each step before the flip: nothing is left, and the next works', () => {
		for (let failAt = 0; failAt < FLIP_CALLS; failAt++) {
			const both = volume(isComplete);
			both.tree.failAt = failAt;
			expect(() => both.writer.write(OLD)).toThrow(/EIO/);
			expect([...both.tree.root.entries.keys()]).toEqual([]);
			both.writer.write(OLD);
			expectShown(both, OLD);
		}
	});

	test('fails at each step after the flip: the new generation stays, the next write repairs the links', () => {
		// new1, new2 and the unlink of b.
		for (let failAt = FLIP_CALLS; failAt < FLIP_CALLS + 3; failAt++) {
			const both = volume(isComplete);
			const first = both.writer.write(OLD);
			both.tree.failAt = failAt;
			expect(() => both.writer.write(NEW)).toThrow(/EIO/);
			const { snapshot, payload: shown } = both.writer.state;
			expect(snapshot).not.toBe(first.snapshot);
			expect(shown).toBe(NEW);
			expect(both.tree.root.entries.get('..data')).toEqual({ kind: 'link', target: snapshot });
			expect(both.writer.write(NEW)).toMatchObject({
				flipped: false,
				replaced: [{ name: first.snapshot, payload: OLD }],
			});
			expect(both.writer.write(NEW).replaced).toEqual([]);
			expectShown(both, NEW, [first.snapshot]);
		}
	});

	test('the set of links is not copied for each link', () => {
		const { tree, writer } = volume(isComplete);
		const known = new Set<unknown>();
		vi.spyOn(tree, 'occupant').mockReturnValue(undefined);
		const symlink = vi.spyOn(tree, 'symlink').mockImplementation(() => {
			known.add(writer.state.links);
		});
		vi.spyOn(tree, 'rename').mockReturnValue();
		writer.write(payload(Object.fromEntries(['a', 'b', 'c', 'd'].map((key) => [key, '']))));
		expect(symlink).toHaveBeenCalledTimes(5);
		// Before the flip, and after it.
		expect(known.size).toBe(2);
	});

	test('removed links are created again by any write, and do not have to exist to be removed', () => {
		const both = volume(isComplete);
		const first = both.writer.write(OLD);
		both.tree.unlink('a', 0);
		expect(both.writer.write(OLD)).toMatchObject({ flipped: false, replaced: [] });
		expectShown(both, OLD);
		for (const name of ['b', 'dir']) both.tree.unlink(name, 0);
		expect(both.writer.write(NEW).replaced).toEqual([{ name: first.snapshot, payload: OLD }]);
		expectShown(both, NEW, [first.snapshot]);
	});

	test('a repair of links that fails goes on where it was', () => {
		for (const failAt of [0, 1, 2]) {
			const both = volume(isComplete);
			const first = both.writer.write(OLD);
			both.tree.failAt = FLIP_CALLS;
			expect(() => both.writer.write(NEW)).toThrow(/EIO/);
			both.tree.failAt = failAt;
			expect(() => both.writer.write(NEW)).toThrow(/EIO/);
			both.writer.write(NEW);
			expectShown(both, NEW, [first.snapshot]);
		}
	});

	test('after a failure behind the flip another payload can be written, too', () => {
		const both = volume(isComplete);
		const first = both.writer.write(OLD);
		both.tree.failAt = FLIP_CALLS + 1;
		expect(() => both.writer.write(NEW)).toThrow(/EIO/);
		const second = both.writer.state.snapshot ?? '';
		expect(both.writer.write(OLD).replaced).toEqual([
			{ name: first.snapshot, payload: OLD },
			{ name: second, payload: NEW },
		]);
		const names = [...both.tree.root.entries.keys()].filter((name) => !isSnapshotName(name));
		expect(names.sort()).toEqual(['..data', 'a', 'b', 'dir']);
	});

	test('create makes the directory of the volume with its first generation', () => {
		const { tree, writer } = volume(isComplete, 'web');
		const { snapshot, flipped } = writer.create(OLD);
		expect(flipped).toBe(true);
		expect(tree.root.entries.get('web')).toEqual(copied(volumeContent(OLD, snapshot)));
		expect(tree.calls[0]).toBe('mkdir web 777');
		if (isComplete) expect(tree.calls).toEqual(['mkdir web 777']);
		writer.write(NEW);
		expect(tree.calls).toContain('rename web/..data_tmp web/..data');
	});

	test('remove leaves nothing, old generations included, and the volume can be made again', () => {
		const { tree, writer } = volume(isComplete, 'web');
		writer.create(OLD);
		const { replaced } = writer.write(NEW);
		writer.remove(replaced, []);
		expect([...tree.root.entries.keys()]).toEqual([]);
		writer.create(OLD);
		expect([...tree.root.entries.keys()]).toEqual(['web']);
	});

	test('remove takes generations of which only directories are left, and those that no result has named', () => {
		const { tree, writer } = volume(isComplete, 'web');
		writer.create(OLD);
		const { replaced } = writer.write(NEW);
		for (const generation of replaced) writer.retireFiles(generation, 0);
		tree.failAt = FLIP_CALLS;
		expect(() => writer.write(payload({ late: '1' }))).toThrow(/EIO/);
		writer.remove([], replaced);
		expect([...tree.root.entries.keys()]).toEqual([]);
	});

	test('create that fails at any step leaves nothing, and the next one works', () => {
		const { tree: counted, writer: first } = volume(isComplete, 'web');
		first.create(OLD);
		// Links are repaired by the next write; until the flip everything is undone.
		const steps = isComplete ? 1 : 2 + FLIP_CALLS;
		expect(counted.calls.length).toBeGreaterThanOrEqual(steps);
		for (let failAt = 0; failAt < steps; failAt++) {
			const { tree, writer } = volume(isComplete, 'web');
			tree.failAt = failAt;
			expect(() => writer.create(OLD)).toThrow(/EIO/);
			expect([...tree.root.entries.keys()]).toEqual([]);
			const { snapshot } = writer.create(OLD);
			expect(tree.root.entries.get('web')).toEqual(copied(volumeContent(OLD, snapshot)));
		}
	});

	test('remove of the root of the tree leaves the root', () => {
		const both = volume(isComplete);
		both.writer.write(OLD);
		both.writer.remove([], []);
		expect([...both.tree.root.entries.keys()]).toEqual([]);
		expect(both.tree.calls.at(-1)).toMatch(/^rmdir \.\./);
	});

	test('a key with the name of a directory gets no link, and takes an empty one with it when it is dropped', () => {
		const both = volume(isComplete);
		const first = both.writer.write(payload({ k1: '1', old: 'o' }));
		both.tree.mkdir('late', 0o755, { kind: 'dir', mode: 0o755, entries: new Map() });
		both.tree.mkdir('full', 0o755, { kind: 'dir', mode: 0o755, entries: new Map() });
		both.tree.mkdir('full/inner', 0o755, { kind: 'dir', mode: 0o755, entries: new Map() });
		const names = () => [...both.tree.root.entries.keys()].filter((name) => !name.startsWith('..')).sort();
		const second = both.writer.write(payload({ k1: '2', late: 'L', full: 'F' }));
		expect(second).toMatchObject({ flipped: true, replaced: [{ name: first.snapshot }] });
		expect(names()).toEqual(['full', 'k1', 'late']);
		expect(both.tree.root.entries.get('late')?.kind).toBe('dir');
		expect(both.writer.write(payload({ k1: '2', late: 'L', full: 'F' })).flipped).toBe(false);
		expect(both.writer.write(payload({ k1: '3' })).replaced).toEqual([
			expect.objectContaining({ name: second.snapshot }),
		]);
		expect(names()).toEqual(['full', 'k1']);
		// The name is free again.
		both.writer.write(payload({ k1: '3', late: 'M' }));
		expect(both.tree.root.entries.get('late')).toEqual({ kind: 'link', target: '..data/late' });
	});

	test('a directory that gets the name of a key, or content, during the write does not fail it', () => {
		const both = volume(isComplete);
		both.writer.write(payload({ a: '1', old: '1' }));
		both.tree.mkdir('late', 0o755, { kind: 'dir', mode: 0o755, entries: new Map() });
		const occupant = vi
			.spyOn(both.tree, 'occupant')
			.mockImplementation((path) => (path === 'late' ? undefined : 'link'));
		both.writer.write(payload({ a: '2', late: 'L' }));
		occupant.mockImplementation((path) => (path === 'late' ? 'empty-directory' : 'link'));
		both.tree.mkdir('late/inner', 0o755, { kind: 'dir', mode: 0o755, entries: new Map() });
		both.writer.write(payload({ a: '3' }));
		expect([...both.tree.root.entries.keys()].filter((name) => !name.startsWith('..'))).toEqual(['a', 'late']);
	});

	test('goes on from a state that is there already', () => {
		const both = volume(isComplete);
		both.writer.write(OLD);
		const next = new VolumeWriter({ tree: both.tree, path: '', now: NOW, state: both.writer.state });
		both.tree.calls.length = 0;
		next.write(OLD);
		expect(both.tree.calls).toEqual([]);
		next.write(NEW);
		expect(next.state.payload).toBe(NEW);
	});
});

test('VolumeWriter names generations differently within one second', () => {
	const { writer } = volume(true);
	const names = [OLD, NEW, OLD, NEW].map((one) => writer.write(one).snapshot);
	expect(new Set(names).size).toBe(4);
	expect(snapshotContent(OLD).mode).toBe(0o755);
});
