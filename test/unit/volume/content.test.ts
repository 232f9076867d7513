import { describe, expect, test } from 'vitest';
import { type ContentNode, snapshotContent, userVisibleNames, volumeContent } from '../../../src/volume/content.js';
import type { Payload } from '../../../src/volume/payload.js';

function payload(files: Readonly<Record<string, readonly [text: string, mode: number]>>): Payload {
	return new Map(Object.entries(files).map(([path, [text, mode]]) => [path, { bytes: Buffer.from(text), mode }]));
}

/** A tree as rows of `ls -lR`. */
function rows(node: ContentNode, path = ''): readonly string[] {
	switch (node.kind) {
		case 'link':
			return [`${path} -> ${node.target}`];
		case 'file':
			return [`${path} ${node.mode.toString(8)} ${node.bytes.toString()}`];
		default: {
			const below = [...node.entries].flatMap(([name, child]) => rows(child, `${path}/${name}`));
			return [`${path}/ ${node.mode.toString(8)}`, ...below];
		}
	}
}

describe('snapshotContent', () => {
	test('puts each file at its path with its mode, and makes directories of 0755', () => {
		const content = snapshotContent(
			payload({
				'z.txt': ['z', 0o400],
				'1/2/3/.dotfile.lib': ['deep', 0o777],
				'1/2/b': ['two', 0o644],
				'.dotfile': ['dot', 0o600],
			}),
		);
		expect(rows(content)).toEqual([
			'/ 755',
			'/.dotfile 600 dot',
			'/1/ 755',
			'/1/2/ 755',
			'/1/2/3/ 755',
			'/1/2/3/.dotfile.lib 777 deep',
			'/1/2/b 644 two',
			'/z.txt 400 z',
		]);
	});

	test.each([0o777, 0o400, 0o407, 0o440, 0o666, 0o644, 0o640, 0o600])('keeps mode %o', (mode) => {
		expect(rows(snapshotContent(payload({ a: ['', mode] })))).toEqual(['/ 755', `/a ${mode.toString(8)} `]);
	});

	test('keeps bytes that are not text', () => {
		const bytes = Buffer.from(Array.from({ length: 125 }, (_, index) => (index * 37) & 0xff));
		const node = snapshotContent(new Map([['.binary.bin', { bytes, mode: 0o644 }]])).entries.get('.binary.bin');
		expect(node?.kind === 'file' && node.bytes.equals(bytes)).toBe(true);
	});

	test('of nothing is an empty directory', () => {
		expect(rows(snapshotContent(new Map()))).toEqual(['/ 755']);
	});
});

describe('userVisibleNames', () => {
	test.each([
		[
			['foo/bar', 'foo/bar/txt', 'bar/txt'],
			['bar', 'foo'],
		],
		[
			['b', 'a', '.hidden'],
			['.hidden', 'a', 'b'],
		],
		[[], []],
	])('of %j are %j', (paths, names) => {
		expect(userVisibleNames(payload(Object.fromEntries(paths.map((path) => [path, ['', 0o644]]))))).toEqual(names);
	});
});

test('volumeContent holds the generation, ..data and one link a top name', () => {
	const content = volumeContent(payload({ a: ['1', 0o644], 'dir/x': ['2', 0o600], 'dir/y': ['3', 0o600] }), '..2026');
	expect(rows(content)).toEqual([
		'/ 777',
		'/..2026/ 755',
		'/..2026/a 644 1',
		'/..2026/dir/ 755',
		'/..2026/dir/x 600 2',
		'/..2026/dir/y 600 3',
		'/..data -> ..2026',
		'/a -> ..data/a',
		'/dir -> ..data/dir',
	]);
});
