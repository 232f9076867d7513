/** Where volumes are before they are mounted, and what of this machine is given for them. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PodVolume } from '../../../../src/pod/pod-spec.js';
import { isPayloadVolume } from '../../../../src/pod/volumes/volume-files.js';
import { VolumePlaces, type VolumePlacesOptions } from '../../../../src/run/container/backing-paths.js';
import { removeTemporaries, temporaryDirectory } from '../../../support/temporary.js';

let directory: string;
let stage: string;
beforeEach(() => {
	directory = temporaryDirectory('host');
	stage = temporaryDirectory('stage');
});
afterEach(removeTemporaries);

function placeOf(source: object, options: Partial<VolumePlacesOptions> = {}) {
	const places = new VolumePlaces({
		stage,
		localVolumes: new Map(),
		allowHostPath: false,
		fileGroup: undefined,
		...options,
	});
	return places.of({ name: 'v', source } as PodVolume);
}

const given = (path: string, fields: object) => ({ place: { path, ...fields }, warnings: [] });
const OF_HOST = { isWritable: true, isHost: true };
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

describe('volumes of objects', () => {
	test.each(['configMap', 'secret', 'downwardAPI', 'projected'])('%s: in the tree of a driver', (kind) => {
		expect(isPayloadVolume({ name: 'v', source: { kind } } as PodVolume)).toBe(true);
		expect(placeOf({ kind })).toEqual(given(`${stage}/volumes/v`, { isWritable: false, isHost: false }));
	});

	test('a local directory takes the place of one', () => {
		const localVolumes = new Map([['v', directory]]);
		expect(placeOf({ kind: 'configMap' }, { localVolumes })).toEqual(given(directory, OF_HOST));
	});
});

describe('emptyDir', () => {
	const EMPTY = { kind: 'emptyDir', medium: '', sizeLimit: undefined };

	test('is for everybody whatever the umask is, and keeps what is in it', () => {
		const umask = process.umask(0o077);
		const { place } = placeOf(EMPTY);
		process.umask(umask);
		expect(place).toEqual({ path: join(stage, 'empty/v'), isWritable: true, isHost: false });
		expect(modeOf(join(stage, 'empty/v'))).toBe('777');
		writeFileSync(join(stage, 'empty/v/kept'), '');
		expect(placeOf(EMPTY).place).toEqual(place);
		expect(existsSync(join(stage, 'empty/v/kept'))).toBe(true);
	});

	test('with a group it is the group’s, and so is what is made in it', () => {
		placeOf(EMPTY, { fileGroup: process.getgid?.() ?? 0 });
		expect(modeOf(join(stage, 'empty/v'))).toBe('2777');
		expect(statSync(join(stage, 'empty/v')).gid).toBe(process.getgid?.());
	});
});

describe('hostPath', () => {
	test('is not given without consent', () => {
		expect(placeOf({ kind: 'hostPath', path: '/srv/x', type: '' })).toEqual({
			place: undefined,
			warnings: [
				{
					place: 'volume "v"',
					text:
						'hostPath /srv/x is not given without consent; --allow-host-path gives it /srv/x of this machine, ' +
						'--local-volume v=DIR another directory',
				},
			],
		});
	});

	test('with consent; or another directory or socket in its place, without', () => {
		const source = { kind: 'hostPath', path: directory, type: '' };
		expect(placeOf(source, { allowHostPath: true })).toEqual(given(directory, OF_HOST));
		const socket = join(directory, 'socket');
		writeFileSync(socket, '');
		expect(placeOf(source, { localVolumes: new Map([['v', socket]]) })).toEqual(given(socket, OF_HOST));
	});

	const typed = (type: string, path: string) => placeOf({ kind: 'hostPath', type, path }, { allowHostPath: true });

	test.each([
		['Directory', 'directory'],
		['File', 'file'],
		['Socket', 'socket file'],
		['CharDevice', 'character device'],
		['BlockDevice', 'block device'],
		['DirectoryOrCreate', 'directory'],
		['FileOrCreate', 'file'],
	])('type %s must be that', (type, noun) => {
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

	test('what there is, is used', () => {
		const fifo = join(directory, 'fifo');
		spawnSync('mkfifo', [fifo]);
		expect(typed('', fifo)).toEqual(given(fifo, OF_HOST));
		expect(typed('Directory', directory)).toEqual(given(directory, OF_HOST));
		expect(typed('CharDevice', '/dev/null')).toEqual(given('/dev/null', OF_HOST));
	});

	test('what is not there is made where its type says so', () => {
		typed('DirectoryOrCreate', join(directory, 'a/b'));
		typed('FileOrCreate', join(directory, 'a/file'));
		expect(statSync(join(directory, 'a/b')).isDirectory()).toBe(true);
		expect(statSync(join(directory, 'a/file')).isFile()).toBe(true);
		const missing = join(directory, 'missing');
		const error = {
			code: 'INPUT_MISSING',
			message: `volume "v": hostPath ${missing} cannot be used: there is no such file or directory; make it first`,
		};
		expect(() => typed('', missing)).toThrow(expect.objectContaining(error));
		expect(() => typed('FileOrCreate', join(missing, 'x'))).toThrow(expect.objectContaining({ code: 'INPUT_MISSING' }));
	});
});

describe('what is only in a cluster', () => {
	const CLAIM = { kind: 'other', type: 'persistentVolumeClaim' };

	test('is said, with what can take its place', () => {
		expect(placeOf(CLAIM)).toEqual({
			place: undefined,
			warnings: [
				{
					place: 'volume "v"',
					text: 'its kind, persistentVolumeClaim, is only in a cluster; --local-volume v=DIR gives it a directory of this machine',
				},
			],
		});
		expect(placeOf(CLAIM, { localVolumes: new Map([['v', directory]]) })).toEqual(given(directory, OF_HOST));
	});

	test('a local volume that is not there, or no directory', () => {
		const at = (path: string) => () => placeOf(CLAIM, { localVolumes: new Map([['v', path]]) });
		expect(at('/nowhere')).toThrow(
			expect.objectContaining({
				code: 'INPUT_MISSING',
				message:
					'volume "v": --local-volume v=/nowhere cannot be used: there is no such file or directory; make it first',
			}),
		);
		const file = join(directory, 'file');
		writeFileSync(file, '');
		expect(at(file)).toThrow(
			expect.objectContaining({
				code: 'INPUT_INVALID',
				message: `volume "v": --local-volume v=${file}: it is no directory; name one`,
			}),
		);
	});
});
