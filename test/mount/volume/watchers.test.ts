/**
 * The watching libraries that programs use see a flip on a mount as they see it on a tmpfs directory that kubelet's rules
 * changed: the same events, from the same sequence of payloads.
 */

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { DRIVERS } from '../../support/drivers.js';
import { FixtureProcess, fixture, stopFixtures } from '../../support/fixture-process.js';
import { fsnotifyProgram, hasCommand, removeGoPrograms, WITHOUT_FSNOTIFY } from '../../support/go-program.js';
import { PYTHON } from '../../support/inotify.js';
import { stopAll } from '../../support/mount-process.js';
import { Oracle, type OraclePayload, texts } from '../../support/oracle.js';
import { removeTemporaries, tmpfsDirectory } from '../../support/temporary.js';
import { until } from '../../support/until.js';
import { stopVolumes, VolumeChild } from '../../support/volume-child.js';

afterEach(async () => {
	stopFixtures();
	await stopAll();
	await stopVolumes();
	removeTemporaries();
});

const FIRST = texts({ a: '1', b: '1', 'dir/x': '1' });
const NEXT: readonly OraclePayload[] = [
	texts({ a: '2', b: '1', 'dir/x': '1' }),
	texts({ a: '2', b: '1', 'dir/x': '1' }),
	texts({ a: '2', c: '1', 'dir/y': '1' }),
	texts({ a: '3', c: '1', 'dir/y': '1' }),
];
/** How often the generation changes, the equal payload left out. */
const FLIPS = 3;

interface Watcher {
	readonly name: string;
	/** Why it cannot run here; undefined when it can. */
	readonly missing: string | undefined;
	command(volume: string): Promise<readonly string[]>;
	/** Whether a line on standard output or error reports that it watches. */
	isReady(line: string): boolean;
	/** The event that ends a flip. */
	isLast(line: string): boolean;
	/** Lines with the observed changes, in a form that does not depend on the speed of the machine. */
	normal(lines: readonly string[]): readonly string[];
	/** Lines that must be among them. */
	readonly certain: readonly string[];
}

const inOrder = (lines: readonly string[]): readonly string[] => lines;

/**
 * Chokidar lists directories after each event, so its reports of short-lived names depend on timing, and
 * the order of the rest too. What it tells of keys is certain.
 */
function keysOnly(lines: readonly string[]): readonly string[] {
	return [...new Set(lines.filter((line) => / [a-z]$/.test(line)))].sort();
}

const WATCHERS: readonly Watcher[] = [
	{
		name: 'inotifywait',
		missing: hasCommand('inotifywait') ? undefined : 'needs the package inotify-tools',
		command: async (volume) => ['sh', '-c', 'exec inotifywait -m --format "%e %f" "$1" 2>&1', 'sh', volume],
		isReady: (line) => line.startsWith('Watches established'),
		isLast: (line) => line.startsWith('DELETE,ISDIR'),
		normal: (lines) => lines.filter((line) => !/^(OPEN|ACCESS|CLOSE_NOWRITE)/.test(line)),
		certain: ['MOVED_FROM ..data_tmp', 'MOVED_TO ..data', 'CREATE c', 'DELETE b'],
	},
	{
		name: 'Go fsnotify',
		missing: WITHOUT_FSNOTIFY,
		command: async (volume) => [await fsnotifyProgram(), volume, 'a'],
		isReady: (line) => line === 'ready',
		isLast: (line) => line.startsWith('directory REMOVE ..2'),
		// Two watchers: each in its own order.
		normal: (lines) => [
			...lines.filter((line) => /^(directory|value|error)/.test(line)),
			...lines.filter((line) => /^(file|again)/.test(line)),
		],
		certain: ['directory CREATE ..data', 'value 2 <nil>', 'value 3 <nil>', 'file CHMOD', 'file REMOVE', 'again <nil>'],
	},
	{
		name: 'Python watchdog',
		missing: existsSync('/usr/lib/python3/dist-packages/watchdog') ? undefined : 'needs the package python3-watchdog',
		command: async (volume) => [PYTHON, fixture('watchdog-watcher.py'), volume],
		isReady: (line) => line === 'ready',
		isLast: (line) => line.startsWith('directory deleted'),
		normal: inOrder,
		certain: ['file moved ..data_tmp ..data', 'file created c', 'file deleted b'],
	},
	{
		name: 'chokidar',
		missing: undefined,
		command: async (volume) => [process.execPath, fixture('chokidar-watcher.mjs'), volume],
		isReady: (line) => line === 'ready',
		isLast: (line) => line.startsWith('unlinkDir ..2') && !line.includes('/'),
		normal: keysOnly,
		certain: ['add c', 'change a', 'unlink b'],
	},
];

afterAll(removeGoPrograms);

interface Subject {
	readonly directory: string;
	write(payload: OraclePayload): Promise<void>;
}

function measure(): Subject {
	const directory = tmpfsDirectory('oracle', 0o777);
	const oracle = new Oracle(directory);
	return { directory, write: async (payload) => oracle.write(payload) };
}

/** What the watcher sees of the sequence, with generations numbered. */
async function record(watcher: Watcher, subject: Subject): Promise<readonly string[]> {
	await subject.write(FIRST);
	const process = new FixtureProcess(await watcher.command(subject.directory));
	while (!watcher.isReady(await process.line())) {
		// Lines before it watches.
	}
	let seen = 0;
	for (const payload of NEXT) {
		await subject.write(payload);
		const isEqual = payload === NEXT[1];
		if (!isEqual) seen++;
		const count = () => process.pending.filter((line) => watcher.isLast(line)).length;
		await until(
			() => count() === seen,
			() => `the end of flip ${seen}:\n${process.pending.join('\n')}`,
		);
		await quiet(process);
	}
	expect(seen).toBe(FLIPS);
	const lines = numbered(process.pending);
	process.finish();
	return watcher.normal(lines);
}

/** Libraries report some things late on purpose: waits until nothing has come for a while. */
async function quiet(process: FixtureProcess): Promise<void> {
	let count = -1;
	while (count !== process.pending.length) {
		count = process.pending.length;
		await sleep(400);
	}
}

function numbered(lines: readonly string[]): readonly string[] {
	const generations: string[] = [];
	return lines.map((line) =>
		line.replace(/\.\.\d{4}(_\d\d){5}\.\d+/g, (name) => {
			if (!generations.includes(name)) generations.push(name);
			return `<generation ${generations.indexOf(name)}>`;
		}),
	);
}

/** What each watcher sees on the measure; recorded once. */
const measured = new Map<string, readonly string[]>();

describe.each(WATCHERS)('$name', (watcher) => {
	test.for(DRIVERS)('sees on $name what it sees on a directory of kubelet', async (driver, ctx) => {
		ctx.skip(watcher.missing !== undefined, watcher.missing);
		ctx.skip(driver.unavailable() !== undefined, driver.unavailable());
		const known = measured.get(watcher.name) ?? (await record(watcher, measure()));
		measured.set(watcher.name, known);
		expect(await record(watcher, await VolumeChild.start(driver))).toEqual(known);
		for (const event of watcher.certain) expect(known).toContain(event);
	});
});
