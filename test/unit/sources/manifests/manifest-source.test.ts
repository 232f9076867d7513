import { execFileSync } from 'node:child_process';
import {
	appendFileSync,
	closeSync,
	ftruncateSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	renameSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigMapFsError } from '../../../../src/base/errors.js';
import { type Logger, type LogMethod, SILENT } from '../../../../src/base/log.js';
import { SYSTEM_TIMERS, type Timers } from '../../../../src/base/timers.js';
import { ManifestSource, type ManifestSourceOptions } from '../../../../src/sources/manifests/manifest-source.js';
import { SETTLE_MS } from '../../../../src/sources/watch/settling.js';
import { LayeredStore } from '../../../../src/store/layered-store.js';
import type { Problem } from '../../../../src/store/source.js';
import { expectSoon, WAIT_MS } from '../../../support/until.js';
import { otherKinds, StateSink } from '../../store/source-objects.js';

/** `name.key=value` of everything, sorted. */
type State = string;

class RecordingSink extends StateSink {
	readonly states: State[] = [];
	readonly problemTexts: string[][] = [];
	/** `name image` of the objects of other kinds, and the number of states of the ConfigMaps, after each change. */
	readonly others: string[] = [];

	override onChange = (): void => {
		const all = this.configMaps;
		const values = all.flatMap(({ key, data }) => [...data].map(([name, value]) => `${key.name}.${name}=${value}`));
		const state = values.sort().join(' ');
		if (this.needs.types !== undefined || this.states.at(-1) !== state) this.states.push(state);
		const others = otherKinds([...this.objects.values()]).map(({ name, value }) => {
			const image = /"image":"(.*?)"/.exec(JSON.stringify(value))?.[1];
			return `${name} ${image}`;
		});
		const before = this.others.at(-1)?.replace(/ \d+(,|$)/g, '$1');
		if (before === others.join(', ')) return;
		this.others.push(others.map((one) => `${one} ${this.states.length}`).join(', '));
	};

	override problems(problems: readonly Problem[]): void {
		this.problemTexts.push(problems.map(({ location, reason }) => `${location}: ${reason}`));
	}

	get state(): State | undefined {
		return this.states.at(-1);
	}
}

let directory: string;
let source: ManifestSource | undefined;
let sink: RecordingSink;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), 'cfs-manifests-'));
	sink = new RecordingSink();
});

afterEach(async () => {
	await source?.close();
	source = undefined;
	rmSync(directory, { recursive: true, force: true });
});

/** Time that runs four times as fast, for tests that wait for things to settle. */
const FAST: Timers = {
	now: () => SYSTEM_TIMERS.now() * 4,
	after: (delayMs, call) => SYSTEM_TIMERS.after(delayMs / 4, call),
};

function at(...names: string[]): string {
	return join(directory, ...names);
}

function manifest(name: string, text: string, more = ''): string {
	const value = /^[0-9]+$/.test(text) ? `"${text}"` : text;
	return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}data:\n  k: ${value}\n`;
}

async function start(path: string, options: Partial<ManifestSourceOptions> = {}): Promise<void> {
	source = new ManifestSource({ path, defaultNamespace: 'default', log: SILENT, ...options });
	await source.start(sink);
}

async function becomes(state: State): Promise<void> {
	await vi.waitFor(() => expect(sink.state).toBe(state), { timeout: WAIT_MS, interval: 5 });
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('ManifestSource at start', () => {
	it('reports a file of any name', async () => {
		writeFileSync(at('conf'), manifest('a', '1'));
		await start(at('conf'));
		expect(sink.states).toEqual(['a.k=1']);
		expect(sink.problemTexts).toEqual([]);
		expect(source?.description).toBe(`-f ${at('conf')}`);
	});

	it('reports the .json, .yaml and .yml files of a directory, and those of subdirectories only if recursive', async () => {
		mkdirSync(at('sub.yaml'));
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		writeFileSync(at('b.yml'), manifest('b', '1'));
		writeFileSync(at('c.json'), '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"1"}}');
		writeFileSync(at('d.txt'), 'no: manifest');
		writeFileSync(at('sub.yaml', 'e.yaml'), manifest('e', '1'));
		await start(directory);
		expect(sink.states).toEqual(['a.k=1 b.k=1 c.k=1']);
		await source?.close();
		await start(directory, { recursive: true });
		expect(sink.state).toBe('a.k=1 b.k=1 c.k=1 e.k=1');
	});

	it('never enters an ignored directory', async () => {
		mkdirSync(at('mount'));
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		writeFileSync(at('mount', 'b.yaml'), manifest('b', '1'));
		symlinkSync(directory, `${directory}.link`);
		await start(`${directory}.link`, { recursive: true, ignore: new Set([at('mount')]) });
		writeFileSync(at('mount', 'b.yaml'), manifest('b', '2'));
		await pause(60);
		unlinkSync(`${directory}.link`);
		expect(sink.states).toEqual(['a.k=1']);
	});

	it('reads standard input once', async () => {
		const bytes = Buffer.from(manifest('a', '\u00e4'));
		// Two chunks, the letter cut in two.
		await start('-', { stdin: Readable.from([bytes.subarray(0, -2), bytes.subarray(-2)]) });
		expect(sink.states).toEqual(['a.k=\u00e4']);
	});

	it('reads a pipe once', async () => {
		execFileSync('mkfifo', [at('pipe')]);
		const writer = import('node:fs/promises').then((fs) => fs.writeFile(at('pipe'), manifest('a', '1')));
		await start(at('pipe'));
		await writer;
		expect(sink.states).toEqual(['a.k=1']);
	});

	it('warns of two versions of an object in one file or directory, until one of them is gone', async () => {
		writeFileSync(at('a.yaml'), `${manifest('a', '1')}---\n${manifest('a', '2')}`);
		writeFileSync(at('b.yaml'), manifest('a', '3'));
		await start(directory);
		const inFile = `${at('a.yaml')}:8:1: ConfigMap "default/a" is already defined at ${at('a.yaml')}:1:1; this version replaces it`;
		const inDirectory = `${at('b.yaml')}:1:1: ConfigMap "default/a" is already defined at ${at('a.yaml')}:8:1; this version replaces it`;
		expect(sink.state).toBe('a.k=3');
		expect(sink.problemTexts).toEqual([[inFile, inDirectory]]);
		writeFileSync(at('b.yaml'), manifest('b', '3'));
		await becomes('a.k=2 b.k=3');
		expect(sink.problemTexts.at(-1)).toEqual([inFile]);
	});

	it('does not warn of a file that gets another name', async () => {
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		await start(directory);
		renameSync(at('a.yaml'), at('b.yaml'));
		writeFileSync(at('c.yaml'), manifest('c', '1'));
		await becomes('a.k=1 c.k=1');
		await pause(2 * SETTLE_MS);
		expect(sink.problemTexts).toEqual([]);
	});

	it('uses the later of two versions, in walking order', async () => {
		writeFileSync(at('b.yaml'), manifest('x', 'b'));
		writeFileSync(at('a.yaml'), `${manifest('x', 'a1')}---\n${manifest('x', 'a2')}`);
		await start(directory);
		expect(sink.states).toEqual(['x.k=b']);
	});

	it('accepts an empty directory, with a warning', async () => {
		const warnings: unknown[] = [];
		const warn: LogMethod = (...args: unknown[]) => void warnings.push(args);
		const log: Logger = { ...SILENT, warn, child: () => log };
		await start(directory, { log });
		expect(sink.states).toEqual(['']);
		expect(warnings).toHaveLength(1);
	});

	it('refuses a missing path with the text of kubectl', async () => {
		await expect(start(at('none'))).rejects.toEqual(
			new ConfigMapFsError('INPUT_MISSING', `the path "${at('none')}" does not exist`),
		);
	});

	it('refuses a source with nothing valid, and accepts one with a valid object', async () => {
		writeFileSync(at('a.yaml'), 'kind: ConfigMap\n---\nfoo: [\n');
		await expect(start(at('a.yaml'))).rejects.toMatchObject({
			code: 'INPUT_INVALID',
			message: `${at('a.yaml')}:1:1: Object 'apiVersion' is missing (and 1 more problems)`,
			problems: [{ location: `${at('a.yaml')}:1:1` }, { location: expect.stringContaining('a.yaml:') }],
		});
		writeFileSync(at('a.yaml'), 'kind: ConfigMap\n');
		writeFileSync(at('b.yaml'), manifest('b', '1'));
		await start(directory);
		expect(sink.states).toEqual(['b.k=1']);
		expect(sink.problemTexts).toEqual([[`${at('a.yaml')}:1:1: Object 'apiVersion' is missing`]]);
	});
});

describe('ManifestSource and changes', () => {
	it('reports a save once, and not if it changes nothing', async () => {
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		await start(at('a.yaml'));
		for (const value of ['2', '3', '4']) {
			writeFileSync(at('a.yaml'), manifest('a', value));
			await becomes(`a.k=${value}`);
		}
		writeFileSync(at('a.yaml'), `# a comment\n${manifest('a', '4')}`);
		await pause(100);
		expect(sink.states).toEqual(['a.k=1', 'a.k=2', 'a.k=3', 'a.k=4']);
	});

	it('reports one changed object alone, and several as one complete state', async () => {
		writeFileSync(at('a.yaml'), `${manifest('a', '1')}---\n${manifest('b', '1')}`);
		await start(directory, { timers: FAST });
		writeFileSync(at('a.yaml'), `# a line more\n${manifest('a', '1')}---\n${manifest('b', '2')}`);
		await becomes('a.k=1 b.k=2');
		writeFileSync(at('a.yaml'), manifest('b', '2'));
		await becomes('b.k=2');
		writeFileSync(at('c.yaml'), manifest('c', '1'));
		await becomes('b.k=2 c.k=1');
		writeFileSync(at('c.yaml'), `${manifest('d', '1')}---\n${manifest('e', '1')}`);
		await becomes('b.k=2 d.k=1 e.k=1');
		expect(sink.calls).toEqual(['replace', 'put', 'remove', 'put', 'replace']);
	});

	it('reports every way of saving at once', async () => {
		const file = at('a.yaml');
		writeFileSync(file, manifest('a', '10'));
		await start(file);
		const delays: number[] = [];
		for (let round = 11; round < 41; round += 1) {
			await pause(5);
			if (round % 2 === 0) {
				writeFileSync(at('tmp'), manifest('a', String(round)));
				renameSync(at('tmp'), file);
			} else {
				writeFileSync(file, manifest('a', String(round)));
			}
			const saved = performance.now();
			await becomes(`a.k=${round}`);
			delays.push(performance.now() - saved);
		}
		delays.sort((a, b) => a - b);
		// The quicker quarter of them: a busy machine may hold up the others. On an idle one it is below 40.
		expectSoon(delays[delays.length >> 2] ?? Number.NaN, 200);
	});

	it('reports a burst of saves once', async () => {
		const names = Array.from({ length: 20 }, (_none, index) => `f${String(index).padStart(2, '0')}`);
		for (const name of names) writeFileSync(at(`${name}.yaml`), manifest(name, '1'));
		await start(directory);
		for (const name of names) writeFileSync(at(`${name}.yaml`), manifest(name, '2'));
		await becomes(names.map((name) => `${name}.k=2`).join(' '));
		expect(sink.states).toHaveLength(2);
	});

	it('reports a file while another one is written without a pause', async () => {
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		await start(directory);
		let writing = true;
		const noise = (async () => {
			for (let round = 0; writing; round += 1) {
				writeFileSync(at('noise.log'), String(round));
				await pause(3);
			}
		})();
		await pause(30);
		writeFileSync(at('a.yaml'), manifest('a', '2'));
		await becomes('a.k=2');
		writing = false;
		await noise;
	});

	it('reports new and deleted files', async () => {
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		await start(directory, { timers: FAST });
		writeFileSync(at('b.yaml'), manifest('b', '1'));
		await becomes('a.k=1 b.k=1');
		unlinkSync(at('a.yaml'));
		await becomes('b.k=1');
		unlinkSync(at('b.yaml'));
		await becomes('');
		writeFileSync(at('a.yaml'), manifest('a', '2'));
		await becomes('a.k=2');
	});

	it.each<[string, (file: string) => Promise<void>]>([
		[
			'a file that is away for a moment',
			async (file) => {
				renameSync(file, `${file}~`);
				await pause(100);
				writeFileSync(file, manifest('a', '2'));
			},
		],
		[
			'a directory that is away for a moment',
			async (file) => {
				renameSync(directory, `${directory}.away`);
				await pause(100);
				writeFileSync(join(`${directory}.away`, 'a.yaml'), manifest('a', '2'));
				renameSync(`${directory}.away`, directory);
				expect(file).toBe(at('a.yaml'));
			},
		],
	])('does not flap for %s', async (_name, save) => {
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		await start(directory);
		await save(at('a.yaml'));
		await becomes('a.k=2');
		expect(sink.states).toEqual(['a.k=1', 'a.k=2']);
	});

	it('follows a link to its new target', async () => {
		writeFileSync(at('one'), manifest('a', '1'));
		writeFileSync(at('two'), manifest('a', '2'));
		symlinkSync('one', at('a.yaml'));
		await start(directory);
		symlinkSync('two', at('tmp'));
		renameSync(at('tmp'), at('a.yaml'));
		await becomes('a.k=2');
		writeFileSync(at('two'), manifest('a', '3'));
		await becomes('a.k=3');
	});

	it('follows checkouts of branches', async () => {
		const git = (...args: string[]) =>
			execFileSync('git', ['-C', directory, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { stdio: 'pipe' });
		mkdirSync(at('conf', 'deep'), { recursive: true });
		git('init', '-q', '-b', 'main');
		writeFileSync(at('conf', 'a.yaml'), manifest('a', 'main'));
		writeFileSync(at('conf', 'deep', 'b.yaml'), manifest('b', 'main'));
		git('add', '.');
		git('commit', '-q', '-m', 'main');
		git('checkout', '-q', '-b', 'other');
		git('rm', '-q', '-r', 'conf/deep');
		writeFileSync(at('conf', 'a.yaml'), manifest('a', 'other'));
		writeFileSync(at('conf', 'c.yaml'), manifest('c', 'other'));
		git('add', '.');
		git('commit', '-q', '-m', 'other');
		await start(at('conf'), { timers: FAST, recursive: true });
		expect(sink.state).toBe('a.k=other c.k=other');
		git('checkout', '-q', 'main');
		await becomes('a.k=main b.k=main');
		git('checkout', '-q', 'other');
		await becomes('a.k=other c.k=other');
	});
});

describe('ManifestSource and half-written files', () => {
	it('never publishes a part of a slow save', async () => {
		const file = at('a.yaml');
		const old = `${manifest('a', 'old')}---\n${manifest('b', 'old')}`;
		writeFileSync(file, old);
		await start(file);
		const text = `${manifest('a', 'new-value')}---\n${manifest('b', 'new-value')}`;
		for (const cut of [40, manifest('a', '').length + 4, manifest('a', 'new-value').length]) {
			const before = sink.states.length;
			const descriptor = openSync(file, 'w');
			await pause(120);
			writeSync(descriptor, text.slice(0, cut));
			await pause(120);
			writeSync(descriptor, text.slice(cut));
			closeSync(descriptor);
			await becomes('a.k=new-value b.k=new-value');
			expect(sink.states).toHaveLength(before + 1);
			writeFileSync(file, old);
			await becomes('a.k=old b.k=old');
		}
		expect(sink.problemTexts).toEqual([]);
	});

	it('accepts an empty file, or one with fewer objects, once it has settled', async () => {
		const file = at('a.yaml');
		writeFileSync(file, `${manifest('a', '1')}---\n${manifest('b', '1')}`);
		await start(file, { timers: FAST });
		writeFileSync(file, manifest('a', '1'));
		await becomes('a.k=1');
		writeFileSync(file, '');
		await becomes('');
		expect(sink.problemTexts).toEqual([]);
	});

	it('waits while a process has the file open for writing, and not longer', async () => {
		const file = at('a.yaml');
		writeFileSync(file, manifest('a', 'a-long-value'));
		let open = true;
		await start(file, { openForWriting: () => open });
		writeFileSync(file, manifest('a', 'short'));
		await pause(500);
		expect(sink.states).toHaveLength(1);
		open = false;
		await becomes('a.k=short');
	});

	it('accepts the present content of a file that is never closed', async () => {
		const file = at('a.yaml');
		writeFileSync(file, manifest('a', '1'));
		await start(file, { timers: FAST, openForWriting: () => true });
		const descriptor = openSync(file, 'r+');
		ftruncateSync(descriptor);
		writeSync(descriptor, manifest('a', '2'));
		const written = performance.now();
		await becomes('a.k=2');
		expect(performance.now() - written).toBeGreaterThan(1500 / 4);
		closeSync(descriptor);
	});
});

describe('ManifestSource and invalid files', () => {
	it('keeps the last valid objects of a file that cannot be parsed, and ends the problem once it is repaired', async () => {
		const file = at('a.yaml');
		writeFileSync(file, `${manifest('a', '1')}---\n${manifest('b', '1')}`);
		writeFileSync(at('c.yaml'), manifest('c', '1'));
		await start(directory, { timers: FAST });
		writeFileSync(file, 'a: [');
		await vi.waitFor(() => expect(sink.problemTexts).toHaveLength(1), { timeout: WAIT_MS });
		expect(sink.problemTexts[0]).toEqual([expect.stringMatching(/a\.yaml:1:\d+: yaml: /)]);
		writeFileSync(at('c.yaml'), manifest('c', '2'));
		await becomes('a.k=1 b.k=1 c.k=2');
		writeFileSync(file, manifest('a', '2'));
		await becomes('a.k=2 c.k=2');
		expect(sink.problemTexts).toEqual([expect.anything(), []]);
	});

	it('keeps the invalid object, but not one that was deleted beside it', async () => {
		const file = at('a.yaml');
		writeFileSync(file, [manifest('a', '1'), manifest('b', '1'), manifest('c', 'x')].join('---\n'));
		await start(file, { timers: FAST });
		writeFileSync(file, [manifest('a', '2'), manifest('b', '22')].join('---\n'));
		await becomes('a.k=2 b.k=22');
		writeFileSync(file, [manifest('a', '3'), manifest('b', '[]')].join('---\n'));
		await becomes('a.k=3 b.k=22');
		expect(sink.problemTexts.at(-1)).toEqual([
			`${file}:13:6: json: cannot unmarshal array into Go struct field ConfigMap.data of type string`,
		]);
	});

	it('keeps the objects of a file that cannot be read', async () => {
		const file = at('a.yaml');
		writeFileSync(file, manifest('a', '1'));
		await start(directory, { timers: FAST });
		unlinkSync(file);
		symlinkSync('a.yaml', file);
		await vi.waitFor(() => expect(sink.problemTexts).toHaveLength(1), { timeout: WAIT_MS });
		expect(sink.problemTexts[0]?.[0]).toMatch(/a\.yaml: cannot be read: too many levels of symbolic links$/);
		unlinkSync(file);
		execFileSync('mkfifo', [file]);
		await vi.waitFor(() => expect(sink.problemTexts).toHaveLength(2), { timeout: WAIT_MS });
		expect(sink.problemTexts[1]).toEqual([`${file}: cannot be read: not a regular file`]);
		expect(sink.states).toEqual(['a.k=1']);
	});

	it('follows a file that becomes a directory, and back', async () => {
		writeFileSync(at('m.yaml'), `${manifest('a', '1')}---\n${manifest('b', '1')}`);
		mkdirSync(at('next'));
		writeFileSync(at('next', 'x.yaml'), manifest('a', '2'));
		await start(at('m.yaml'), { timers: FAST });
		renameSync(at('m.yaml'), at('old'));
		renameSync(at('next'), at('m.yaml'));
		await becomes('a.k=2');
		renameSync(at('m.yaml'), at('next'));
		renameSync(at('old'), at('m.yaml'));
		await becomes('a.k=1 b.k=1');
		expect(sink.problemTexts).toEqual([]);
	});

	it('refuses to change an immutable object until it has been deleted', async () => {
		const file = at('a.yaml');
		writeFileSync(file, manifest('a', '1', 'immutable: true\n'));
		const states: State[] = [''];
		const problemLists: string[][] = [];
		const store = new LayeredStore({
			layers: ['-f'],
			needs: sink.needs,
			listener: {
				changed: () => {
					const [data] = store.list('ConfigMap').map((one) => one.data);
					states.push([...(data ?? [])].map(([key, value]) => `a.${key}=${value}`).join(' '));
				},
				problems: (found) => problemLists.push(found.map(({ location, reason }) => `${location}: ${reason}`)),
			},
		});
		const becomes = (state: State) => vi.waitFor(() => expect(states.at(-1)).toBe(state), { timeout: WAIT_MS });
		source = new ManifestSource({ path: file, defaultNamespace: 'default', log: SILENT, timers: FAST });
		await source.start(store.sinks[0] ?? sink);
		states.shift();
		writeFileSync(file, manifest('a', '2', 'immutable: true\n'));
		const forbidden = `${file}:1:1: ConfigMap "a" is invalid: data: Forbidden: field is immutable when \`immutable\` is set`;
		await vi.waitFor(() => expect(problemLists).toEqual([[forbidden]]), { timeout: WAIT_MS });
		expect(states).toEqual(['a.k=1']);
		appendFileSync(file, '  l: more\n');
		await pause(100);
		expect(states).toEqual(['a.k=1']);
		writeFileSync(file, '');
		await becomes('');
		expect(problemLists.at(-1)).toEqual([]);
		writeFileSync(file, manifest('a', '2', 'immutable: true\n'));
		await becomes('a.k=2');
		expect(problemLists).toHaveLength(2);
	});

	it('reports nothing after close', async () => {
		writeFileSync(at('a.yaml'), manifest('a', '1'));
		await start(at('a.yaml'));
		writeFileSync(at('a.yaml'), manifest('a', '2'));
		await source?.close();
		await source?.close();
		await pause(100);
		expect(sink.states).toEqual(['a.k=1']);
	});
});

describe('ManifestSource and objects of other kinds', () => {
	function deployment(name: string, image: string, more = ''): string {
		const container = `{name: c, image: ${image}}`;
		return `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\n${more}spec: {template: {spec: {\n  containers: [${container}]}}}\n`;
	}

	/** Each reported list, as `name image`. */
	let reports: readonly string[] = [];

	async function startWithAll(path: string, options: Partial<ManifestSourceOptions> = {}): Promise<void> {
		sink = new RecordingSink({ explains: false });
		reports = sink.others;
		await start(path, { timers: FAST, ...options });
	}

	async function reportsList(list: string): Promise<void> {
		await vi.waitFor(() => expect(reports.at(-1)).toBe(list), { timeout: WAIT_MS, interval: 5 });
	}

	/** Resolves once the source has read everything that was written before. */
	async function seen(): Promise<void> {
		const marker = `marker-${sink.states.length}`;
		writeFileSync(at('marker.yaml'), manifest(marker, '1'));
		await vi.waitFor(() => expect(sink.state).toContain(marker), { timeout: WAIT_MS, interval: 5 });
	}

	it('reports them first, and again only if one changes', async () => {
		writeFileSync(at('a.yaml'), `${manifest('a', '1')}---\n${deployment('d', 'one')}`);
		await startWithAll(directory);
		expect(reports).toEqual(['d one 1']);
		writeFileSync(at('a.yaml'), `# a line more\n${manifest('a', '2')}---\n${deployment('d', 'one')}# and one here\n`);
		await becomes('a.k=2');
		writeFileSync(at('b.yaml'), manifest('b', '1'));
		await becomes('a.k=2 b.k=1');
		expect(reports).toEqual(['d one 1']);
		writeFileSync(at('a.yaml'), `${manifest('a', '3')}---\n${deployment('d', 'two')}`);
		// The ConfigMaps of the same save come first.
		await reportsList('d two 4');
		expect(reports).toHaveLength(2);
		expect(
			otherKinds([...sink.objects.values()]).map((other) =>
				other.locate(['spec', 'template', 'spec', 'containers', 0, 'image']),
			),
		).toEqual([`${at('a.yaml')}:13:33`]);
		writeFileSync(at('b.yaml'), deployment('e', 'one'));
		await reportsList('d two 5, e one 5');
		unlinkSync(at('b.yaml'));
		await reportsList('d two 5');
	});

	it('is valid with only them, and with garbage beside them', async () => {
		writeFileSync(at('a.yaml'), `${deployment('d', 'one')}---\nfoo: [\n`);
		await startWithAll(at('a.yaml'));
		expect(reports).toEqual(['d one 1']);
		expect(sink.problemTexts).toEqual([[expect.stringContaining('a.yaml:')]]);
	});

	it('has no warning about a file with only them', async () => {
		writeFileSync(at('a.yaml'), deployment('d', 'one'));
		const warned: unknown[] = [];
		const log: Logger = { ...SILENT, warn: (...args: unknown[]) => void warned.push(args), child: () => log };
		sink = new RecordingSink({ explains: false });
		await start(at('a.yaml'), { log });
		expect(warned).toEqual([]);
		expect(sink.problemTexts).toEqual([]);
	});

	it('refuses garbage beside them if they are not needed', async () => {
		writeFileSync(at('a.yaml'), `${deployment('d', 'one')}---\nfoo: [\n`);
		await expect(start(at('a.yaml'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
	});

	it.each([
		['invalid YAML', 'apiVersion: apps/v1\nkind: Deployment\nspec: [\n'],
		['no kind', deployment('d', 'two').replace('Deployment', '')],
		['no name', deployment('', 'two')],
	])('keeps one that has %s for a while', async (_what, text) => {
		writeFileSync(at('a.yaml'), deployment('d', 'one'));
		await startWithAll(directory);
		writeFileSync(at('a.yaml'), text);
		await new Promise((resolve) => setTimeout(resolve, SETTLE_MS / 2));
		await seen();
		expect(reports.every((list) => list.includes('d one'))).toBe(true);
		writeFileSync(at('a.yaml'), deployment('d', 'three'));
		await vi.waitFor(() => expect(reports.at(-1)).toMatch(/^d three \d$/), { timeout: WAIT_MS, interval: 5 });
	});

	it.each([
		['before the first line is whole', 'apiVers'],
		['in the middle of a value', 'image: tw'],
		['before a field', "'\n"],
		['between two objects', '}]\n'],
		['before a field of the second', 'name: e\n'],
	])('never reports an unfinished save: cut %s', async (_where, end) => {
		writeFileSync(at('a.yaml'), `${deployment('d', 'one')}---\n${deployment('e', 'one')}`);
		await startWithAll(directory);
		// Longer than the file was, so that its size says nothing.
		const note = `  annotations: {a: '${'x'.repeat(200)}'}\n`;
		const text = `${deployment('d', 'two', note)}---\n${deployment('e', 'two')}`;
		writeFileSync(at('a.yaml'), text.slice(0, text.indexOf(end) + end.length));
		await pause(SETTLE_MS / 8);
		writeFileSync(at('a.yaml'), text);
		await reportsList('d two 1, e two 1');
		expect(reports).toHaveLength(2);
	});

	it('waits before it removes one, also if no process is writing', async () => {
		writeFileSync(at('a.yaml'), `${deployment('d', 'one')}---\n${deployment('e', 'one')}`);
		await startWithAll(directory, { openForWriting: () => false });
		writeFileSync(at('a.yaml'), deployment('d', 'two'));
		await pause(SETTLE_MS / 8);
		appendFileSync(at('a.yaml'), `---\n${deployment('e', 'two')}`);
		await reportsList('d two 1, e two 1');
		expect(reports).toHaveLength(2);
	});
});
