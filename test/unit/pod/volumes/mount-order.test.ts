import { describe, expect, test } from 'vitest';
import type { VolumeMount } from '../../../../src/pod/pod-spec.js';
import {
	cleanMountPath,
	mountOrder,
	mountPathFault,
	nestedMountPoints,
} from '../../../../src/pod/volumes/mount-order.js';

function mount(name: string, mountPath: string): VolumeMount {
	return { name, mountPath, subPath: undefined, subPathExpr: undefined, readOnly: false };
}

/** A container with volumes `v0`, `v1`, … at these paths. */
function container(...paths: readonly string[]) {
	return { name: 'app', volumeMounts: paths.map((path, index) => mount(`v${index}`, path)) };
}

test.each([
	['/etc/app', '/etc/app'],
	['/etc/app/', '/etc/app'],
	['//etc///app//', '/etc/app'],
	['/etc/./app/.', '/etc/app'],
	['etc/app', '/etc/app'],
	['./etc/app', '/etc/app'],
	['/a/../b', '/b'],
	['../../b', '/b'],
	['/', '/'],
	['.', '/'],
	['', '/'],
	[' ', '/ '],
])('cleans %j to %j', (path, clean) => {
	expect(cleanMountPath(path)).toBe(clean);
});

describe('mountOrder', () => {
	test.each<readonly [string, readonly string[], readonly string[]]>([
		['as listed when none is inside another', ['/b', '/a', '/c'], ['/b', '/a', '/c']],
		['parents first', ['/a/b/c', '/a/b', '/a'], ['/a', '/a/b', '/a/b/c']],
		['parents first however they are written', ['/a/b/', 'a'], ['/a', '/a/b']],
		['by depth, then as listed', ['/z/1/x', '/b', '/a/2/y', '/a'], ['/b', '/a', '/z/1/x', '/a/2/y']],
	])('%s', (_, paths, expected) => {
		const { mounts, warnings } = mountOrder(container(...paths));
		expect(mounts.map(({ path }) => path)).toEqual(expected);
		expect(warnings).toEqual([]);
	});

	test('keeps the index of each mount', () => {
		const { mounts } = mountOrder(container('/a/b', '/a'));
		expect(mounts.map(({ index, mount: { name } }) => [index, name])).toEqual([
			[1, 'v1'],
			[0, 'v0'],
		]);
	});

	test.each([
		['/', 'root directory'],
		['.', 'root directory'],
		['/proc/', '/proc cannot be replaced'],
		['sys', '/sys cannot be replaced'],
		['/dev', '/dev cannot be replaced'],
		['', 'Required value'],
		['/a\0b', 'NUL'],
	])('refuses %j with a reason', (path, text) => {
		expect(() => mountOrder(container('/x', path))).toThrow(
			expect.objectContaining({
				code: 'INPUT_INVALID',
				message: expect.stringMatching(new RegExp(`^container "app": volumeMounts\\[1\\]\\.mountPath: .*${text}`)),
			}),
		);
	});

	test.each(['/proc/x', '/dev/shm', '/sys/fs/x', '/process', '/etc'])('allows %s', (path) => {
		expect(mountPathFault(path)).toBeUndefined();
		expect(mountOrder(container(path)).mounts).toHaveLength(1);
	});

	test('refuses two equal paths with the text of the API server', () => {
		expect(() => mountOrder(container('/a', '/b', '/a'))).toThrow(
			expect.objectContaining({
				code: 'INPUT_INVALID',
				message:
					'container "app": volumeMounts[2].mountPath: Invalid value: "/a": must be unique: volumeMounts[0] ("v0") has it; change one of the paths, or combine both in one projected volume',
			}),
		);
	});

	test('mounts two spellings of one path in the order of the list, with a warning', () => {
		const { mounts, warnings } = mountOrder(container('/a/', '/a'));
		expect(mounts.map(({ mount: { name } }) => name)).toEqual(['v0', 'v1']);
		expect(warnings).toEqual([
			{
				field: 'container "app": volumeMounts[1].mountPath',
				text: '"v1" at "/a" hides volumeMounts[0] ("v0"), which has the same path; change one of the paths, or combine both in one projected volume',
			},
		]);
	});
});

describe('nestedMountPoints', () => {
	test.each<readonly [string, readonly string[], Readonly<Record<string, readonly string[]>>]>([
		['nothing without nesting', ['/a', '/b', '/ab'], {}],
		['the part inside the volume', ['/etc/app', '/etc/app/tls'], { v0: ['tls'] }],
		['whatever the order and the writing', ['/etc/app/tls/', 'etc/app'], { v1: ['tls'] }],
		['deep paths in full', ['/etc', '/etc/a/b/c'], { v0: ['a/b/c'] }],
		['several, sorted', ['/a', '/a/z', '/a/b'], { v0: ['b', 'z'] }],
		['the outer one only, the inner one in its own volume', ['/a', '/a/b', '/a/b/c'], { v0: ['b'], v1: ['c'] }],
		[
			'names that sort between a directory and what is in it',
			['/a', '/a/b', '/a/b-c', '/a/b/c'],
			{ v0: ['b', 'b-c'], v1: ['c'] },
		],
		['the outer one only, whatever the order', ['/a', '/a/b/c', '/a/b'], { v0: ['b'], v2: ['c'] }],
		['two spellings of one path', ['/a', '/a/b', '/a/b/'], { v0: ['b'] }],
	])('%s', (_, paths, expected) => {
		expect(Object.fromEntries(nestedMountPoints([container(...paths)]))).toEqual(expected);
	});

	test('supports a volume inside itself, and a volume that is mounted twice', () => {
		const volumeMounts = [mount('v', '/a'), mount('v', '/a/self'), mount('v', '/b'), mount('w', '/b/w')];
		expect(Object.fromEntries(nestedMountPoints([{ volumeMounts }]))).toEqual({ v: ['self', 'w'] });
	});

	test('collects the directories of all containers, because they share the volume', () => {
		const containers = [
			{ volumeMounts: [mount('v', '/a'), mount('w', '/a/two')] },
			{ volumeMounts: [mount('v', '/b'), mount('w', '/b/one'), mount('w', '/a/three')] },
		];
		expect(Object.fromEntries(nestedMountPoints(containers))).toEqual({ v: ['one', 'two'] });
	});
});
