import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, SILENT } from '../../../../src/base/log.js';
import type { ConfigMap } from '../../../../src/model/config-map.js';
import { StateFile, type StateIdentity } from '../../../../src/sources/cluster/state-file.js';

let directory: string;
let lines: string[];
let log: Logger;
beforeEach(() => {
	directory = join(mkdtempSync(join(tmpdir(), 'cmfs-state-')), 'deep/er');
	lines = [];
	const note = (...args: readonly unknown[]) => void lines.push(String(args.at(-1)));
	log = { ...SILENT, warn: note, info: note, child: () => log };
});
afterEach(() => rmSync(join(directory, '../..'), { recursive: true }));

const identity: StateIdentity = {
	server: 'https://a',
	namespaces: ['n'],
	names: [],
	labelSelector: '',
	fieldSelector: '',
};

function make(more: Partial<StateIdentity> = {}): StateFile {
	return new StateFile({ directory, identity: { ...identity, ...more }, log });
}

function object(name: string, value: string): ConfigMap {
	return {
		key: { namespace: 'n', name },
		labels: new Map([['l', '1']]),
		immutable: name === 'fixed',
		data: new Map([['k', Buffer.from(value)]]),
		binaryData: new Map([['b', Buffer.from([0, 255])]]),
	};
}

const CANNOT_WRITE: unknown = expect.stringMatching(
	/^cannot write the state file .*\.state: .*; a later start has an older state$/,
);
const state = { objects: [object('a', '€'), object('fixed', '')], lastContact: 5 };

describe('StateFile', () => {
	it('loads what it saved, from a file that only its owner can read', async () => {
		await make().save(state);
		expect(await make().load()).toEqual(state);
		expect(statSync(make().path).mode & 0o777).toBe(0o600);
		expect(statSync(directory).mode & 0o777).toBe(0o700);
		expect(readdirSync(directory)).toHaveLength(1);
		expect(lines).toEqual([]);
	});

	it('has one file for each cluster, namespace and selection, whatever the order of names', async () => {
		const others = [
			{ server: 'https://b' },
			{ namespaces: 'all' as const },
			{ names: ['x'] },
			{ labelSelector: 'a=b' },
		];
		expect(new Set([make().path, ...others.map((one) => make(one).path)]).size).toBe(5);
		expect(make({ namespaces: ['x', 'y'] }).path).toBe(make({ namespaces: ['y', 'x'] }).path);
		await make().save(state);
		expect(await make({ server: 'https://b' }).load()).toBeUndefined();
		expect(lines).toEqual([]);
	});

	it.each([
		['torn', (text: string) => text.slice(0, -10)],
		['torn at the end of a line', (text: string) => `${text.split('\n').slice(0, 2).join('\n')}\n`],
		['empty', () => ''],
		['foreign', () => 'hello\nworld\n'],
		['foreign JSON', () => '{"a":1}\n'],
		['of another version', (text: string) => text.replace('"version":1', '"version":2')],
		['of another cluster', (text: string) => text.replace('https://a', 'https://b')],
	])('ignores a file that is %s, with one warning', async (_, damage) => {
		await make().save(state);
		const { path } = make();
		writeFileSync(path, damage(readFileSync(path, 'utf8')));
		expect(await make().load()).toBeUndefined();
		expect(lines).toEqual([expect.stringMatching(/^cannot use the state file .*\.state: .*; starting without it$/)]);
		await make().save(state);
		expect(await make().load()).toEqual(state);
	});

	it('warns if it cannot make the directory', async () => {
		await new StateFile({ directory: '/proc/none/deeper', identity, log }).save(state);
		expect(lines).toEqual([CANNOT_WRITE]);
	});

	it('writes one state at a time, and the last one in the end', async () => {
		const file = make();
		await Promise.all(Array.from({ length: 20 }, (_, index) => file.save({ ...state, lastContact: index })));
		expect((await file.load())?.lastContact).toBe(19);
	});

	it('warns once while it cannot write, and logs when it can again', async () => {
		const file = make();
		mkdirSync(join(directory, '..'), { recursive: true });
		writeFileSync(directory, 'in the way');
		await file.save(state);
		await file.save(state);
		expect(lines).toEqual([CANNOT_WRITE]);
		rmSync(directory);
		await file.save(state);
		expect(lines.at(-1)).toMatch(/^the state file .*\.state is written again$/);
		expect(await file.load()).toEqual(state);
	});

	it.runIf(existsSync('/dev/full'))('leaves the old state in place when the disk is full', async () => {
		const file = make();
		await file.save(state);
		const temporary = `${file.path}.${process.pid}.tmp`;
		symlinkSync('/dev/full', temporary);
		await file.save({ ...state, lastContact: 6 });
		expect(lines).toEqual([CANNOT_WRITE]);
		expect((await file.load())?.lastContact).toBe(5);
		await file.save({ ...state, lastContact: 7 });
		expect((await file.load())?.lastContact).toBe(7);
	});

	it('removes half-written files of processes that have ended', async () => {
		const file = make();
		await file.save(state);
		writeFileSync(`${file.path}.999999999.tmp`, 'half');
		await file.save(state);
		expect(readdirSync(directory)).toHaveLength(1);
	});
});
