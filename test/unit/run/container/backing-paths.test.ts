/** The backing paths of volumes: in the driver's tree, in the private directory, and on this machine. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PodVolume } from '../../../../src/pod/pod-spec.js';
import { isPayloadVolume } from '../../../../src/pod/volumes/volume-files.js';
import {
	BackingPaths,
	type BackingPathsOptions,
	checkVolumeNames,
} from '../../../../src/run/container/backing-paths.js';
import { removeTemporaries, temporaryDirectory } from '../../../support/temporary.js';

let directory: string;
let stage: string;
beforeEach(() => {
	directory = temporaryDirectory('host');
	stage = temporaryDirectory('stage');
});
afterEach(removeTemporaries);

function backingOf(source: object, options: Partial<BackingPathsOptions> = {}) {
	const paths = new BackingPaths({
		stage,
		localVolumes: new Map(),
		allowHostPath: false,
		fileGroup: undefined,
		...options,
	});
	return paths.of({ name: 'v', source } as PodVolume);
}

const given = (path: string, fields: object) => ({ backing: { path, ...fields }, warnings: [] });
const OF_HOST = { isWritable: true, isHost: true };
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

describe('volumes of objects', () => {
	test.each(['configMap', 'secret', 'downwardAPI', 'projected'])('%s: in the tree of the driver', (kind) => {
		expect(isPayloadVolume({ name: 'v', source: { kind } } as PodVolume)).toBe(true);
		expect(backingOf({ kind })).toEqual(given(`${stage}/volumes/v`, { isWritable: false, isHost: false }));
	});

	test('a local directory replaces one', () => {
		const localVolumes = new Map([['v', directory]]);
		expect(backingOf({ kind: 'configMap' }, { localVolumes })).toEqual(given(directory, OF_HOST));
	});
});

describe('emptyDir', () => {
	const EMPTY = { kind: 'emptyDir', medium: '', sizeLimit: undefined };

	test('is writable for every user regardless of the umask, and keeps its files', () => {
		const umask = process.umask(0o077);
		const { backing } = backingOf(EMPTY);
		process.umask(umask);
		expect(backing).toEqual({ path: join(stage, 'empty/v'), isWritable: true, isHost: false });
		expect(modeOf(join(stage, 'empty/v'))).toBe('777');
		writeFileSync(join(stage, 'empty/v/kept'), '');
		expect(backingOf(EMPTY).backing).toEqual(backing);
		expect(existsSync(join(stage, 'empty/v/kept'))).toBe(true);
	});

	test('in memory, only the owner of a file may remove it', () => {
		backingOf({ ...EMPTY, medium: 'Memory' });
		expect(modeOf(join(stage, 'empty/v'))).toBe('1777');
	});

	test('with a group, it and new files in it belong to the group', () => {
		backingOf(EMPTY, { fileGroup: process.getgid?.() ?? 0 });
		expect(modeOf(join(stage, 'empty/v'))).toBe('2777');
		backingOf({ ...EMPTY, medium: 'Memory' }, { fileGroup: process.getgid?.() ?? 0 });
		expect(modeOf(join(stage, 'empty/v'))).toBe('3777');
		expect(statSync(join(stage, 'empty/v')).gid).toBe(process.getgid?.());
	});
});

describe('hostPath', () => {
	test('is not mounted without consent', () => {
		expect(backingOf({ kind: 'hostPath', path: '/srv/x', type: '' })).toEqual({
			backing: undefined,
			warnings: [
				{
					field: 'volume "v"',
					text:
						'hostPath /srv/x is not mounted without consent; --allow-host-path mounts /srv/x of this machine, ' +
						'--local-volume v=DIR another directory',
				},
			],
		});
	});

	test('is mounted with consent; a local directory or socket replaces it without', () => {
		const source = { kind: 'hostPath', path: directory, type: '' };
		expect(backingOf(source, { allowHostPath: true })).toEqual(given(directory, OF_HOST));
		const socket = join(directory, 'socket');
		writeFileSync(socket, '');
		expect(backingOf(source, { localVolumes: new Map([['v', socket]]) })).toEqual(given(socket, OF_HOST));
	});

	const typed = (type: string, path: string) => backingOf({ kind: 'hostPath', type, path }, { allowHostPath: true });

	test.each([
		['Directory', 'directory'],
		['File', 'file'],
		['Socket', 'socket file'],
		['CharDevice', 'character device'],
		['BlockDevice', 'block device'],
		['DirectoryOrCreate', 'directory'],
		['FileOrCreate', 'file'],
	])('type %s must match', (type, noun) => {
		mkdirSync(join(directory, 'directory'));
		writeFileSync(join(directory, 'file'), '');
		const other = join(directory, type.startsWith('File') ? 'directory' : 'file');
		expect(() => typed(type, other)).toThrow(
			expect.objectContaining({
				code: 'INPUT_INVALID',
				message: `volume "v": hostPath ${other} cannot be used: hostPath type check failed: ${other} is not a ${noun}; correct its type or its path`,
			}),
		);
	});

	test('an existing file is used', () => {
		const fifo = join(directory, 'fifo');
		spawnSync('mkfifo', [fifo]);
		expect(typed('', fifo)).toEqual(given(fifo, OF_HOST));
		expect(typed('Directory', directory)).toEqual(given(directory, OF_HOST));
		expect(typed('CharDevice', '/dev/null')).toEqual(given('/dev/null', OF_HOST));
	});

	test('a missing one is created if its type says so', () => {
		typed('DirectoryOrCreate', join(directory, 'a/b'));
		typed('FileOrCreate', join(directory, 'a/file'));
		expect(statSync(join(directory, 'a/b')).isDirectory()).toBe(true);
		expect(statSync(join(directory, 'a/file')).isFile()).toBe(true);
		const missing = join(directory, 'missing');
		const error = {
			code: 'INPUT_MISSING',
			message: `volume "v": hostPath ${missing} cannot be used: no such file or directory; create it first`,
		};
		expect(() => typed('', missing)).toThrow(expect.objectContaining(error));
		expect(() => typed('FileOrCreate', join(missing, 'x'))).toThrow(expect.objectContaining({ code: 'INPUT_MISSING' }));
	});
});

describe('a volume that exists only in a cluster', () => {
	const CLAIM = { kind: 'other', type: 'persistentVolumeClaim' };

	test('is reported with the flag that replaces it', () => {
		expect(backingOf(CLAIM)).toEqual({
			backing: undefined,
			warnings: [
				{
					field: 'volume "v"',
					text: 'persistentVolumeClaim volumes exist only in a cluster; --local-volume v=DIR mounts a directory of this machine instead',
				},
			],
		});
		expect(backingOf(CLAIM, { localVolumes: new Map([['v', directory]]) })).toEqual(given(directory, OF_HOST));
	});

	test('a local volume that is missing or not a directory is refused', () => {
		const at = (path: string) => () => backingOf(CLAIM, { localVolumes: new Map([['v', path]]) });
		expect(at('/nowhere')).toThrow(
			expect.objectContaining({
				code: 'INPUT_MISSING',
				message: 'volume "v": --local-volume v=/nowhere cannot be used: no such file or directory; create it first',
			}),
		);
		const file = join(directory, 'file');
		writeFileSync(file, '');
		expect(at(file)).toThrow(
			expect.objectContaining({
				code: 'INPUT_INVALID',
				message: `volume "v": --local-volume v=${file}: not a directory; give a directory`,
			}),
		);
	});
});

describe('checkVolumeNames', () => {
	test('accepts names that the pod has', () => {
		expect(() => checkVolumeNames('--local-volume', ['data', 'cache'], ['cache', 'data', 'config'])).not.toThrow();
		expect(() => checkVolumeNames('--on-change', new Map([['confg', 1]]).keys(), ['confg', 'tls'])).not.toThrow();
		expect(() => checkVolumeNames('--local-volume', [], [])).not.toThrow();
	});

	test.each([
		[['config'], '--on-change: the pod has no volume "confg", only config; did you mean "config"?'],
		[['config', 'tls'], '--on-change: the pod has no volume "confg", only config, tls; did you mean "config"?'],
		[['tls'], '--on-change: the pod has no volume "confg", only tls; choose one of those'],
		[['x', 'y'], '--on-change: the pod has no volume "confg", only x, y; choose one of those'],
		[[], '--on-change: the pod has no volumes; drop the flag'],
	])('refuses a name that is not one of %j', (volumes, message) => {
		expect(() => checkVolumeNames('--on-change', ['confg'], volumes)).toThrow(
			expect.objectContaining({ code: 'USAGE', message }),
		);
	});
});
