/** How a process is started: its inheritance and its launcher. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { inheritedDescriptors, type OpenDescriptor } from '../../../../src/native/proc.js';
import { killMembers } from '../../../../src/run/application/kill-members.js';
import { findSetpriv, launchOf } from '../../../../src/run/application/launcher.js';
import { removeTemporaries, temporaryDirectory } from '../../../support/temporary.js';

afterEach(removeTemporaries);

describe('inheritedDescriptors', () => {
	const one = (fd: number, target: string, options: Partial<OpenDescriptor> = {}): OpenDescriptor => ({
		fd,
		target,
		isWritable: false,
		closesOnExec: true,
		...options,
	});
	/** Descriptors as Node opens them, with the lowest free numbers. */
	const ownFrom = (fd: number): readonly OpenDescriptor[] => [
		one(fd, 'anon_inode:[eventpoll]', { isWritable: true }),
		one(fd + 1, 'pipe:[100]'),
		one(fd + 2, 'pipe:[100]', { isWritable: true }),
		one(fd + 3, 'anon_inode:[eventfd]', { isWritable: true }),
	];

	test('only descriptors of Node: nothing is inherited', () => {
		expect(inheritedDescriptors(ownFrom(3))).toEqual([]);
	});

	test('a file between the descriptors of Node, and one end of a pipe', () => {
		const open = [...ownFrom(3), one(9, '/some/file'), one(12, 'pipe:[7]'), one(13, 'socket:[8]')];
		expect(inheritedDescriptors(open)).toEqual([9, 12, 13]);
	});

	test('every descriptor without close-on-exec', () => {
		expect(inheritedDescriptors([...ownFrom(3), one(62, 'anon_inode:inotify', { closesOnExec: false })])).toEqual([62]);
	});

	test('not /dev/null and the terminal, which Node opens for streams without close-on-exec', () => {
		expect(inheritedDescriptors([...ownFrom(13), one(17, '/dev/null'), one(18, '/dev/pts/0')])).toEqual([]);
		const many = [3, 16, 17, 18, 20].map((fd) => one(fd, '/file'));
		expect(inheritedDescriptors([...many.slice(0, 1), ...ownFrom(4), ...many.slice(1)])).toEqual([3, 16, 17, 18]);
	});

	test('descriptors below the first one of Node: both ends of the pipe of a make', () => {
		const open = [one(3, 'pipe:[5]'), one(4, 'pipe:[5]', { isWritable: true }), ...ownFrom(5)];
		expect(inheritedDescriptors(open)).toEqual([3, 4]);
	});
});

describe('launchOf', () => {
	const launched = { command: ['app', '-x', '--'], path: '/opt/app', isFoundByName: true, credentials: undefined };

	test('through setpriv, by the name as typed', () => {
		expect(launchOf(launched, '/usr/bin/setpriv')).toEqual({
			file: '/usr/bin/setpriv',
			args: ['--pdeathsig', 'KILL', '--', 'app', '-x', '--'],
			options: {},
		});
	});

	test('by its path if the name would start another file', () => {
		expect(launchOf({ ...launched, isFoundByName: false }, '/usr/bin/setpriv').args.slice(3)).toEqual([
			'/opt/app',
			'-x',
			'--',
		]);
	});

	test.each([
		[
			[5, 7],
			['--reuid', '1', '--regid', '2', '--groups', '5,7'],
		],
		[[], ['--reuid', '1', '--regid', '2', '--clear-groups']],
	])('as another user with groups %j', (groups, flags) => {
		const credentials = { uid: 1, gid: 2, groups };
		expect(launchOf({ ...launched, credentials }, 'setpriv').args.slice(2, -4)).toEqual(flags);
	});

	test('directly if there is no setpriv', () => {
		const credentials = { uid: 1, gid: 2, groups: [] };
		expect(launchOf({ ...launched, credentials }, undefined)).toEqual({
			file: '/opt/app',
			args: ['-x', '--'],
			options: { argv0: 'app', uid: 1, gid: 2 },
		});
	});

	test('groups need setpriv', () => {
		const credentials = { uid: 1, gid: 2, groups: [5] };
		expect(() => launchOf({ ...launched, credentials }, undefined)).toThrow(
			expect.objectContaining({
				code: 'COMMAND_REFUSED',
				message: 'cannot give "app" the groups 5 without setpriv; install util-linux',
			}),
		);
	});
});

test('findSetpriv returns one that supports the death signal', () => {
	const root = temporaryDirectory('setpriv');
	for (const [name, text] of [
		['busybox', 'setpriv [-d] [--nnp]'],
		['util', 'setpriv --pdeathsig'],
	] as const) {
		mkdirSync(join(root, name));
		writeFileSync(join(root, name, 'setpriv'), text);
	}
	expect(findSetpriv([join(root, 'none'), join(root, 'busybox'), join(root, 'util')])).toBe(join(root, 'util/setpriv'));
	expect(findSetpriv([join(root, 'none'), join(root, 'busybox')])).toBeUndefined();
});

describe('killMembers', () => {
	test('repeats until no member is left', async () => {
		// No process has these ids.
		const looks = [[2 ** 30], [2 ** 30, 2 ** 30 + 1], []];
		expect(await killMembers(() => looks.shift() ?? [])).toEqual([]);
		expect(looks).toEqual([]);
	});

	test('gives up after a time and returns the remaining members, without this process', async () => {
		expect(await killMembers(() => [2 ** 30, process.pid], 30)).toEqual([2 ** 30]);
	});
});
