import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SILENT } from '../../../../src/base/log.js';
import type { GeneratorFlags } from '../../../../src/sources/generators/generated-config-map.js';
import { GeneratedSource } from '../../../../src/sources/generators/generated-source.js';
import { SETTLE_MS } from '../../../../src/sources/watch/settling.js';
import { until, WAIT_MS } from '../../../support/until.js';
import { StateSink } from '../../store/source-objects.js';

let cwd = '';
let sources: GeneratedSource[] = [];

beforeEach(() => {
	cwd = mkdtempSync(join(tmpdir(), 'cmfs-live-'));
	sources = [];
});

afterEach(async () => {
	for (const source of sources) await source.close();
	rmSync(cwd, { recursive: true });
});

function write(name: string, content: string | Buffer): void {
	writeFileSync(join(cwd, name), content);
}

/** Records all states of a source. */
class Recorder extends StateSink {
	readonly states: Record<string, string>[] = [];

	override onChange = (): void => {
		const entries = this.configMaps.flatMap((object) => [...object.data, ...object.binaryData]);
		this.states.push(Object.fromEntries(entries.map(([key, value]) => [key, value.toString('latin1')])));
	};

	get last(): Record<string, string> | undefined {
		return this.states.at(-1);
	}
}

function makeSource(flags: Partial<GeneratorFlags>): GeneratedSource {
	const source = new GeneratedSource(
		{ name: 'app', fromLiteral: [], fromFile: [], fromEnvFile: [], ...flags },
		{ namespace: 'default', cwd, env: {}, log: SILENT },
	);
	sources.push(source);
	return source;
}

async function startSource(flags: Partial<GeneratorFlags>): Promise<Recorder> {
	const recorder = new Recorder();
	await makeSource(flags).start(recorder);
	return recorder;
}

async function untilLast(recorder: Recorder, state: Record<string, string>): Promise<void> {
	await vi.waitFor(() => expect(recorder.last).toEqual(state), { timeout: WAIT_MS, interval: 10 });
}

const PAUSE_MS = 100;

describe('GeneratedSource at its start', () => {
	it('publishes one complete state', async () => {
		write('a.conf', 'x');
		write('v.env', 'A=1\n');
		const recorder = await startSource({ fromFile: ['a.conf'], fromLiteral: ['b=c'] });
		expect(recorder.states).toEqual([{ 'a.conf': 'x', b: 'c' }]);
		expect((await startSource({ fromEnvFile: ['v.env'] })).states).toEqual([{ A: '1' }]);
	});

	it.each([
		[{ fromFile: ['nope'] }, 'INPUT_MISSING', 'error reading nope: no such file or directory'],
		[{ fromLiteral: ['x'] }, 'INPUT_INVALID', 'invalid literal source x, expected key=value'],
		[{ name: '' }, 'USAGE', 'name must be specified'],
		[{ fromEnvFile: ['a'], fromLiteral: ['a=b'] }, 'USAGE', expect.stringContaining('cannot be combined')],
		[{ name: 'A_b' }, 'INPUT_INVALID', expect.stringContaining('ConfigMap "A_b" is invalid: metadata.name')],
		[
			{ fromLiteral: [`a=${'x'.repeat(1_048_577)}`] },
			'INPUT_INVALID',
			'ConfigMap "app" is invalid: []: Too long: must have at most 1048576 bytes',
		],
	])('fails for %.40j', async (flags, code, message) => {
		await expect(makeSource(flags).start(new Recorder())).rejects.toMatchObject({ code, message });
	});

	it('publishes nothing after close', async () => {
		write('a', '1');
		const recorder = await startSource({ fromFile: ['a'] });
		await sources[0]?.close();
		await sources[0]?.close();
		write('a', '2');
		await sleep(PAUSE_MS);
		expect(recorder.states).toHaveLength(1);
	});
});

describe('GeneratedSource of a directory', () => {
	beforeEach(() => {
		mkdirSync(join(cwd, 'config'));
		write('config/a', '1');
	});

	it('follows files that are added, changed and removed', async () => {
		const recorder = await startSource({ fromFile: ['config'] });
		write('config/b', '2');
		await untilLast(recorder, { a: '1', b: '2' });
		write('config/a', '3');
		await untilLast(recorder, { a: '3', b: '2' });
		unlinkSync(join(cwd, 'config/b'));
		await untilLast(recorder, { a: '3' });
		mkdirSync(join(cwd, 'config/sub'));
		symlinkSync('a', join(cwd, 'config/link'));
		await sleep(PAUSE_MS);
		expect(recorder.states).toHaveLength(4);
		expect(recorder.problemLists).toEqual([]);
	});

	it('publishes a burst once', async () => {
		const recorder = await startSource({ fromFile: ['config'] });
		for (let index = 0; index < 20; index += 1) write(`config/f${index}`, `${index}`);
		await vi.waitFor(() => expect(Object.keys(recorder.last ?? {})).toHaveLength(21), { timeout: WAIT_MS });
		await sleep(PAUSE_MS);
		expect(recorder.states).toHaveLength(2);
	});

	it('reports an invalid key, keeps the last valid state, and reports when all keys are valid again', async () => {
		const recorder = await startSource({ fromFile: ['config'] });
		write('config/a b', 'x');
		await vi.waitFor(() => expect(recorder.problemLists).toHaveLength(1), { timeout: WAIT_MS });
		expect(recorder.problemLists[0]).toEqual([
			{
				location: '--from-file=config',
				reason: expect.stringContaining('"a b" is not a valid key name for a ConfigMap: '),
				key: { namespace: 'default', name: 'app' },
			},
		]);
		expect(recorder.states).toEqual([{ a: '1' }]);
		unlinkSync(join(cwd, 'config/a b'));
		await vi.waitFor(() => expect(recorder.problemLists.at(-1)).toEqual([]), { timeout: WAIT_MS });
		expect(recorder.states).toHaveLength(1);
	});

	it('keeps the last valid state while the directory is missing', async () => {
		const recorder = await startSource({ fromFile: ['config'] });
		renameSync(join(cwd, 'config'), join(cwd, 'away'));
		await vi.waitFor(() => expect(recorder.problemLists).toHaveLength(1), { timeout: WAIT_MS });
		expect(recorder.problemLists[0]?.[0]?.reason).toBe('error reading config: no such file or directory');
		write('away/a', '2');
		renameSync(join(cwd, 'away'), join(cwd, 'config'));
		await untilLast(recorder, { a: '2' });
		expect(recorder.states).toEqual([{ a: '1' }, { a: '2' }]);
		expect(recorder.problemLists.at(-1)).toEqual([]);
	});

	it('publishes nothing of a ConfigMap above the size limit', async () => {
		const recorder = await startSource({ fromFile: ['config'] });
		write('config/big', Buffer.alloc(1_048_577, 'x'));
		await vi.waitFor(() => expect(recorder.problemLists).toHaveLength(1), { timeout: WAIT_MS });
		expect(recorder.problemLists[0]?.[0]).toMatchObject({
			location: '--create app',
			reason: 'ConfigMap "app" is invalid: []: Too long: must have at most 1048576 bytes',
		});
		expect(recorder.states).toHaveLength(1);
	});
});

describe('GeneratedSource and methods of saving', () => {
	beforeEach(() => write('app.conf', 'one'));

	it('publishes one change for a save by rename', async () => {
		const recorder = await startSource({ fromFile: ['app.conf'] });
		write('app.conf.new', 'two');
		renameSync(join(cwd, 'app.conf.new'), join(cwd, 'app.conf'));
		await untilLast(recorder, { 'app.conf': 'two' });
		renameSync(join(cwd, 'app.conf'), join(cwd, 'app.conf~'));
		await sleep(PAUSE_MS);
		write('app.conf', 'three');
		await untilLast(recorder, { 'app.conf': 'three' });
		expect(recorder.states).toHaveLength(3);
		expect(recorder.problemLists).toEqual([]);
	});

	it('does not publish a file that is briefly empty', async () => {
		const recorder = await startSource({ fromFile: ['app.conf'] });
		write('app.conf', '');
		await sleep(PAUSE_MS);
		write('app.conf', 'two');
		await untilLast(recorder, { 'app.conf': 'two' });
		await sleep(SETTLE_MS);
		expect(recorder.states).toEqual([{ 'app.conf': 'one' }, { 'app.conf': 'two' }]);
	});

	it('publishes a file that stays empty', async () => {
		const recorder = await startSource({ fromFile: ['app.conf'] });
		write('app.conf', '');
		await sleep(PAUSE_MS);
		expect(recorder.states).toHaveLength(1);
		await untilLast(recorder, { 'app.conf': '' });
	});

	it('publishes nothing if a file is written with the same content', async () => {
		const recorder = await startSource({ fromFile: ['app.conf'] });
		write('app.conf', 'one');
		await sleep(PAUSE_MS);
		expect(recorder.states).toHaveLength(1);
	});

	it('follows a link to another file', async () => {
		write('v1', 'one');
		write('v2', 'two');
		symlinkSync('v1', join(cwd, 'current'));
		const recorder = await startSource({ fromFile: ['k=current'] });
		symlinkSync('v2', join(cwd, 'next'));
		renameSync(join(cwd, 'next'), join(cwd, 'current'));
		await untilLast(recorder, { k: 'two' });
		write('v2', 'three');
		await untilLast(recorder, { k: 'three' });
	});

	it('publishes states of a file that is written continuously', async () => {
		const recorder = await startSource({ fromFile: ['app.conf'] });
		const append = async () => {
			await appendFile(join(cwd, 'app.conf'), 'x');
			return recorder.states.length > 2;
		};
		await until(append, 'two states while the file grows');
	});

	it('publishes a file that is truncated and written in parts, but never empty', async () => {
		const recorder = await startSource({ fromFile: ['app.conf'] });
		write('app.conf', '');
		for (let part = 0; part < 8; part += 1) {
			await appendFile(join(cwd, 'app.conf'), `${part}`);
			await sleep(2);
		}
		await untilLast(recorder, { 'app.conf': '01234567' });
		expect(recorder.states).not.toContainEqual({ 'app.conf': '' });
	});

	it('reports a broken env file, then follows the repaired one', async () => {
		write('v.env', 'A=1\n');
		const recorder = await startSource({ fromEnvFile: ['v.env'] });
		write('v.env', 'A=1\nB =2\n');
		await vi.waitFor(() => expect(recorder.problemLists).toHaveLength(1), { timeout: WAIT_MS });
		expect(recorder.problemLists[0]?.[0]).toMatchObject({
			location: '--from-env-file=v.env',
			reason: expect.stringContaining('"B " is not a valid key name: '),
		});
		write('v.env', 'A=1\nB=2\n');
		await untilLast(recorder, { A: '1', B: '2' });
		expect(recorder.problemLists.at(-1)).toEqual([]);
	});
});
