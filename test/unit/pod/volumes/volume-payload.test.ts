import { describe, expect, test } from 'vitest';
import { ConfigMapFsError } from '../../../../src/base/errors.js';
import type { ConfigMap } from '../../../../src/model/config-map.js';
import type { Secret } from '../../../../src/model/secret.js';
import type { PodObjects } from '../../../../src/pod/pod-objects.js';
import type { ProjectedSource } from '../../../../src/pod/pod-spec.js';
import {
	type DownwardText,
	isPayloadVolume,
	type PayloadSource,
	type PayloadVolume,
} from '../../../../src/pod/volumes/volume-files.js';
import { type VolumePayload, volumePayload } from '../../../../src/pod/volumes/volume-payload.js';
import { volumeContent } from '../../../../src/volume/content.js';
import type { Projection } from '../../../../src/volume/projection.js';
import { source } from '../lint/lint-pods.js';

type Texts = Readonly<Record<string, string>>;

function values(texts: Texts): ReadonlyMap<string, Buffer> {
	return new Map(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)]));
}

function configMap(name: string, data: Texts, binaryData: Texts = {}): ConfigMap {
	const key = { namespace: 'default', name };
	return { key, labels: new Map(), immutable: false, data: values(data), binaryData: values(binaryData) };
}

function secret(name: string, data: Texts): Secret {
	return { key: { namespace: 'default', name }, type: 'Opaque', immutable: false, data: values(data) };
}

function objects(...all: readonly (ConfigMap | Secret)[]): PodObjects {
	return {
		configMap: (name) => all.find((one): one is ConfigMap => 'binaryData' in one && one.key.name === name),
		secret: (name) => all.find((one): one is Secret => 'type' in one && one.key.name === name),
	};
}

const downward: DownwardText = (ref, containerName) =>
	ref.kind === 'fieldRef' ? `<${ref.fieldPath}>` : `<${ref.resource} of ${containerName}>`;

const CM3 = configMap('cm3', { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' });
const PLAIN: Projection = { defaultMode: 0o644, optional: false };

function volume(source: PayloadSource): PayloadVolume {
	return { name: 'cfg', source };
}

function ofConfigMap(name: string, projection: Partial<Projection> = {}): PayloadVolume {
	return volume({ kind: 'configMap', name, projection: { ...PLAIN, ...projection } });
}

function ofSecret(name: string, projection: Partial<Projection> = {}): PayloadVolume {
	return volume({ kind: 'secret', name, projection: { ...PLAIN, ...projection } });
}

function projected(sources: readonly ProjectedSource[], defaultMode = 0o644): PayloadVolume {
	return volume({ kind: 'projected', sources, defaultMode });
}

/** `644 value-1` by path, sorted. */
function shown(result: VolumePayload): Texts {
	if (!('payload' in result)) throw new Error(`nothing is shown: ${JSON.stringify(result.missing)}`);
	const rows = [...result.payload].map(([path, { bytes, mode }]) => [path, `${mode.toString(8)} ${bytes}`] as const);
	return Object.fromEntries(rows.sort());
}

function waitsFor(result: VolumePayload): readonly string[] {
	if ('payload' in result) throw new Error('the volume is shown');
	for (const { reason } of result.missing) expect(reason).toBe('ContainerCreating');
	return result.missing.map(({ message }) => message);
}

const SET_UP = 'MountVolume.SetUp failed for volume "cfg" : ';

describe.each([
	['configMap', ofConfigMap, configMap, 'configmap "foo" not found', 'configmap references non-existent config key: '],
	['secret', ofSecret, secret, 'secret "foo" not found', 'references non-existent secret key: '],
] as const)('U3 %s', (_, of, object, objectMissing, keyMissing) => {
	const all = objects(object('foo', { a: '1', b: '2' }));
	const items = [
		{ key: 'a', path: 'path/to/1/2/3/foo.txt' },
		{ key: 'b', path: 'b', mode: 0o400 },
	];

	test('U3 no items: every key at the top level with the default mode', () => {
		expect(shown(volumePayload(of('foo', { defaultMode: 0o440 }), all, downward))).toEqual({ a: '440 1', b: '440 2' });
	});

	test('U3 items: only listed keys at listed paths, an item mode over the default mode', () => {
		const some = shown(volumePayload(of('foo', { items: items.slice(0, 1) }), all, downward));
		expect(some).toEqual({ 'path/to/1/2/3/foo.txt': '644 1' });
		const modes = shown(volumePayload(of('foo', { items, defaultMode: 0o600 }), all, downward));
		expect(modes).toEqual({ 'path/to/1/2/3/foo.txt': '600 1', b: '400 2' });
	});

	test('U3 a missing key: an error without a payload, so that nothing is made', () => {
		const result = volumePayload(of('foo', { items: [...items, { key: 'no', path: 'no' }] }), all, downward);
		expect(result).not.toHaveProperty('payload');
		expect(waitsFor(result)).toEqual([`${SET_UP}${keyMissing}no`]);
	});

	test('U3 a missing key that is optional is left out', () => {
		const some = of('foo', { items: [...items, { key: 'no', path: 'no' }], optional: true });
		expect(Object.keys(shown(volumePayload(some, all, downward)))).toEqual(['b', 'path/to/1/2/3/foo.txt']);
		const none = of('foo', { items: [{ key: 'no', path: 'no' }], optional: true });
		expect(shown(volumePayload(none, all, downward))).toEqual({});
	});

	test('U3 an absent object: waits', () => {
		expect(waitsFor(volumePayload(of('foo'), objects(), downward))).toEqual([`${SET_UP}${objectMissing}`]);
	});

	test('U3 an absent optional object: only the data link and an empty timestamped directory', () => {
		const result = volumePayload(of('foo', { optional: true, items }), objects(), downward);
		expect(shown(result)).toEqual({});
		if (!('payload' in result)) return;
		const { entries } = volumeContent(result.payload, '..2026_01_02_03_04_05.1');
		expect([...entries.keys()]).toEqual(['..2026_01_02_03_04_05.1', '..data']);
		expect(entries.get('..2026_01_02_03_04_05.1')).toMatchObject({ kind: 'dir', entries: new Map() });
	});

	test.each([
		['a/../b', "invalid path: must not contain '..': a/../b"],
		['/abs', 'invalid path: must be relative path: /abs'],
		['./..data', "invalid path: must not start with '..': ./..data"],
		['.', 'invalid path: must name a file: .'],
	])('the path %s keeps the whole volume away', (path, text) => {
		expect(waitsFor(volumePayload(of('foo', { items: [{ key: 'a', path }] }), all, downward))).toEqual([SET_UP + text]);
	});

	test('a path that is a file and a directory keeps the whole volume away', () => {
		const both = of('foo', { items: ['x', 'x/y'].map((path) => ({ key: 'a', path })) });
		const [text] = waitsFor(volumePayload(both, all, downward));
		expect(text).toBe(`${SET_UP}invalid path: x/y: x is a file in the same volume`);
	});

	test('two items with one path: the last is shown, and both are named', () => {
		const twice = of('foo', { items: ['a', 'b'].map((key) => ({ key, path: 'x' })) });
		const result = volumePayload(twice, all, downward);
		expect(shown(result)).toEqual({ x: '644 2' });
		expect(result.warnings).toEqual([
			{
				field: 'volume "cfg"',
				text: expect.stringMatching(/^key "b" of \w+ "foo" hides key "a" of \w+ "foo" at "x", /),
			},
		]);
	});
});

test('U3 data and binaryData are both shown, byte for byte', () => {
	const all = objects(configMap('foo', { a: 'text' }, { 'dump.bin': '\x01\xff' }));
	expect(shown(volumePayload(ofConfigMap('foo'), all, downward))).toEqual({
		a: '644 text',
		'dump.bin': '644 \x01\xff',
	});
	const items = [{ key: 'dump.bin', path: 'b' }];
	expect(shown(volumePayload(ofConfigMap('foo', { items }), all, downward))).toEqual({ b: '644 \x01\xff' });
});

test('a Secret and a ConfigMap of one name are two objects', () => {
	const all = objects(configMap('x', { a: 'map' }), secret('x', { a: 'secret' }));
	expect(shown(volumePayload(ofSecret('x'), all, downward))).toEqual({ a: '644 secret' });
	expect(shown(volumePayload(ofConfigMap('x'), all, downward))).toEqual({ a: '644 map' });
});

describe('downwardAPI', () => {
	const items = [
		{ path: 'podname', mode: undefined, ref: { kind: 'fieldRef', fieldPath: 'metadata.name' } },
		{
			path: 'cpu//limit',
			mode: 0o400,
			ref: { kind: 'resourceFieldRef', containerName: 'app', resource: 'limits.cpu', divisor: '1' },
		},
	] as const;

	test('each file is the text alone, without a line end', () => {
		const result = volumePayload(volume({ kind: 'downwardAPI', items, defaultMode: 0o444 }), objects(), downward);
		expect(shown(result)).toEqual({ podname: '444 <metadata.name>', 'cpu/limit': '400 <limits.cpu of app>' });
		expect(result.warnings).toEqual([]);
	});

	test('all fields that cannot be had are named', () => {
		const refuse: DownwardText = (ref) => {
			throw new ConfigMapFsError('INPUT_INVALID', `no ${ref.kind}`);
		};
		const result = volumePayload(volume({ kind: 'downwardAPI', items, defaultMode: 0o444 }), objects(), refuse);
		expect(waitsFor(result)).toEqual([`${SET_UP}[no fieldRef, no resourceFieldRef]`]);
	});

	test('a bug is no missing field', () => {
		const broken: DownwardText = () => {
			throw new TypeError('oops');
		};
		const wanted = volume({ kind: 'downwardAPI', items, defaultMode: 0o444 });
		expect(() => volumePayload(wanted, objects(), broken)).toThrow(TypeError);
	});
});

describe('projected', () => {
	const all = objects(CM3, configMap('maps', { same: 'map' }), secret('keys', { same: 'secret', 'secret-data': 's' }));

	test('E1 all parts of the projection API in one directory', () => {
		const result = volumePayload(
			projected([
				{
					kind: 'downwardAPI',
					items: [{ path: 'podname', mode: undefined, ref: { kind: 'fieldRef', fieldPath: 'metadata.name' } }],
				},
				source('secret', 'keys', [{ key: 'secret-data', path: 'secret-data' }]),
				source('configMap', 'cm3', [{ key: 'data-1', path: 'configmap-data' }]),
			]),
			all,
			downward,
		);
		expect(shown(result)).toEqual({
			podname: '644 <metadata.name>',
			'secret-data': '644 s',
			'configmap-data': '644 value-1',
		});
		expect(result.warnings).toEqual([]);
	});

	test('D7 the default mode of the volume, an item mode over it', () => {
		const items = [
			{ key: 'data-1', path: 'a' },
			{ key: 'data-2', path: 'path/to/data-2', mode: 0o600 },
		];
		const result = volumePayload(projected([source('configMap', 'cm3', items)], 0o400), all, downward);
		expect(shown(result)).toEqual({ a: '400 value-1', 'path/to/data-2': '600 value-2' });
	});

	test.each<readonly [string, readonly ProjectedSource[], Texts, string]>([
		[
			'whole maps',
			[source('configMap', 'maps'), source('secret', 'keys')],
			{ same: '644 secret', 'secret-data': '644 s' },
			'key "same" of secret "keys" hides key "same" of configMap "maps" at "same", because it is listed later; list the keys as items with different paths',
		],
		[
			'the other order',
			[source('secret', 'keys'), source('configMap', 'maps')],
			{ same: '644 map', 'secret-data': '644 s' },
			'key "same" of configMap "maps" hides key "same" of secret "keys" at "same", because it is listed later; list the keys as items with different paths',
		],
		[
			'same and ./same',
			[source('configMap', 'maps'), source('configMap', 'cm3', [{ key: 'data-1', path: './same' }])],
			{ same: '644 value-1' },
			'key "data-1" of configMap "cm3" hides key "same" of configMap "maps" at "same", because it is listed later; list the keys as items with different paths',
		],
		[
			'one source twice',
			[source('configMap', 'maps'), source('configMap', 'maps')],
			{ same: '644 map' },
			'key "same" of configMap "maps" is listed more than once at "same"; the last entry counts; remove the others',
		],
	])('a collision of %s: the last source is shown, and a warning names both', (_, sources, files, text) => {
		const result = volumePayload(projected(sources), all, downward);
		expect(shown(result)).toEqual(files);
		expect(result.warnings).toEqual([{ field: 'volume "cfg"', text }]);
	});

	test('a file of one source that is a directory of another keeps the volume away', () => {
		const sources = [source('configMap', 'maps'), source('configMap', 'cm3', [{ key: 'data-1', path: 'same/sub' }])];
		expect(waitsFor(volumePayload(projected(sources), all, downward))).toEqual([
			`${SET_UP}invalid path: same/sub: same is a file in the same volume`,
		]);
	});

	test('all failures are joined, equal ones once', () => {
		const sources = [
			source('configMap', 'none'),
			source('secret', 'keys', [{ key: 'k', path: 'k' }]),
			source('configMap', 'none'),
			source('configMap', 'cm3'),
		];
		expect(waitsFor(volumePayload(projected(sources), all, downward))).toEqual([
			`${SET_UP}[configmap "none" not found, references non-existent secret key: k]`,
		]);
		expect(waitsFor(volumePayload(projected(sources.slice(2)), all, downward))).toEqual([
			`${SET_UP}configmap "none" not found`,
		]);
	});

	test('optional sources may be absent, others are shown', () => {
		const sources = [
			source('configMap', 'none', [{ key: 'a', path: 'a' }], true),
			source('secret', 'keys', [{ key: 'k', path: 'k' }], true),
			source('configMap', 'maps'),
		];
		expect(shown(volumePayload(projected(sources), all, downward))).toEqual({ same: '644 map' });
	});

	test('what only a cluster has is named, and the rest is shown', () => {
		const sources: readonly ProjectedSource[] = [
			{ kind: 'other', type: 'serviceAccountToken', path: 'token' },
			{ kind: 'other', type: 'clusterTrustBundle', path: undefined },
			source('configMap', 'maps'),
		];
		const result = volumePayload(projected(sources), all, downward);
		expect(shown(result)).toEqual({ same: '644 map' });
		expect(result.warnings.map(({ text }) => text)).toEqual([
			expect.stringMatching(/^serviceAccountToken "token" will not be there: /),
			expect.stringMatching(/^clusterTrustBundle will not be there: /),
		]);
	});
});

test.each([
	[{ kind: 'emptyDir', medium: '', sizeLimit: undefined }, false],
	[{ kind: 'hostPath', path: '/x', type: '' }, false],
	[{ kind: 'other', type: 'csi' }, false],
	[{ kind: 'projected', sources: [], defaultMode: 0o644 }, true],
	[{ kind: 'downwardAPI', items: [], defaultMode: 0o644 }, true],
	[{ kind: 'configMap', name: 'x', projection: PLAIN }, true],
	[{ kind: 'secret', name: 'x', projection: PLAIN }, true],
] as const)('isPayloadVolume of %j is %s', (source, expected) => {
	expect(isPayloadVolume({ name: 'v', source })).toBe(expected);
});
