import { describe, expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/model/config-map.js';
import { DEFAULT_MODE, type Projection, project, projectMissing } from '../../../src/volume/projection.js';

function values(texts: Readonly<Record<string, string>>): Map<string, Buffer> {
	return new Map(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)]));
}

const MAP: ConfigMap = {
	key: { namespace: 'default', name: 'x' },
	labels: new Map(),
	immutable: false,
	data: values({ a: '1', b: '2' }),
	binaryData: values({ bin: '3' }),
};
const PLAIN: Projection = { defaultMode: DEFAULT_MODE, optional: false };

function shown(projection: Projection): Readonly<Record<string, string>> {
	const rows = [...project(MAP, projection)].map(([path, { bytes, mode }]) => [path, `${mode.toString(8)} ${bytes}`]);
	return Object.fromEntries(rows);
}

describe('project', () => {
	test.each<readonly [string, Projection, Readonly<Record<string, string>>]>([
		['every key of data and binaryData', PLAIN, { a: '644 1', b: '644 2', bin: '644 3' }],
		['an empty list of items like an absent one', { ...PLAIN, items: [] }, { a: '644 1', b: '644 2', bin: '644 3' }],
		['the default mode', { ...PLAIN, defaultMode: 0o400 }, { a: '400 1', b: '400 2', bin: '400 3' }],
		[
			'listed keys at their paths only',
			{
				...PLAIN,
				items: [
					{ key: 'a', path: 'path/to/1/2/3/foo.txt' },
					{ key: 'bin', path: './x//y' },
				],
			},
			{ 'path/to/1/2/3/foo.txt': '644 1', 'x/y': '644 3' },
		],
		[
			'the mode of an item over the default, 0 too',
			{
				defaultMode: 0o440,
				optional: false,
				items: [
					{ key: 'a', path: 'a', mode: 0o600 },
					{ key: 'b', path: 'b', mode: 0 },
					{ key: 'bin', path: 'c' },
				],
			},
			{ a: '600 1', b: '0 2', c: '440 3' },
		],
		[
			'one key at two paths',
			{ ...PLAIN, items: ['p', 'q'].map((path) => ({ key: 'a', path })) },
			{ p: '644 1', q: '644 1' },
		],
		[
			'an optional volume without the missing keys',
			{
				...PLAIN,
				optional: true,
				items: [
					{ key: 'none', path: 'n' },
					{ key: 'a', path: 'a' },
				],
			},
			{ a: '644 1' },
		],
		['nothing when every optional key is missing', { ...PLAIN, optional: true, items: [{ key: 'n', path: 'n' }] }, {}],
	])('shows %s', (_, projection, expected) => {
		expect(shown(projection)).toEqual(expected);
	});

	test.each<readonly [string, Projection['items'], string, string]>([
		[
			'a missing key',
			[{ key: 'n', path: 'n' }],
			'CONFIGMAP_NOT_FOUND',
			'configmap references non-existent config key: n',
		],
		[
			'a path that kubelet refuses',
			[{ key: 'a', path: '../x' }],
			'INPUT_INVALID',
			"invalid path: must not contain '..': ../x",
		],
		[
			'a file that is a directory of another',
			[
				{ key: 'a', path: 'x/y' },
				{ key: 'b', path: 'x' },
			],
			'INPUT_INVALID',
			'invalid path: x/y: x is a file in the same volume',
		],
	])('refuses %s', (_, items, code, message) => {
		const projection = items === undefined ? PLAIN : { ...PLAIN, items };
		expect(() => project(MAP, projection)).toThrow(expect.objectContaining({ code, message }));
	});
});

test.each([
	[true, 0],
	[false, undefined],
])('projectMissing of a volume with optional %s has %s files', (optional, size) => {
	expect(projectMissing({ ...PLAIN, optional })?.size).toBe(size);
});
