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

	test('U3 without items shows every key at the top level with the default mode', () => {
		expect(shown(volumePayload(of('foo', { defaultMode: 0o440 }), all, downward))).toEqual({ a: '440 1', b: '440 2' });
	});

	test('U3 with items shows only listed keys at listed paths, with the mode of the item', () => {
		const some = shown(volumePayload(of('foo', { items: items.slice(0, 1) }), all, downward));
		expect(some).toEqual({ 'path/to/1/2/3/foo.txt': '644 1' });
		const modes = shown(volumePayload(of('foo', { items, defaultMode: 0o600 }), all, downward));
		expect(modes).toEqual({ 'path/to/1/2/3/foo.txt': '600 1', b: '400 2' });
	});

	test('U3 reports a missing key, without a payload', () => {
		const result = volumePayload(of('foo', { items: [...items, { key: 'no', path: 'no' }] }), all, downward);
		expect(result).not.toHaveProperty('payload');
		expect(waitsFor(result)).toEqual([`${SET_UP}${keyMissing}no`]);
	});

	test('U3 omits a missing key of an optional source', () => {
		const some = of('foo', { items: [...items, { key: 'no', path: 'no' }], optional: true });
		expect(Object.keys(shown(volumePayload(some, all, downward)))).toEqual(['b', 'path/to/1/2/3/foo.txt']);
		const none = of('foo', { items: [{ key: 'no', path: 'no' }], optional: true });
		expect(shown(volumePayload(none, all, downward))).toEqual({});
	});

	test('U3 reports an absent object', () => {
		expect(waitsFor(volumePayload(of('foo'), objects(), downward))).toEqual([`${SET_UP}${objectMissing}`]);
	});

	test('U3 shows only the data link and an empty timestamped directory for an absent optional object', () => {
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
	])('refuses the path %s, and with it the volume', (path, text) => {
		expect(waitsFor(volumePayload(of('foo', { items: [{ key: 'a', path }] }), all, downward))).toEqual([SET_UP + text]);
	});

	test('refuses a path that is a file and a directory, and with it the volume', () => {
		const both = of('foo', { items: ['x', 'x/y'].map((path) => ({ key: 'a', path })) });
		const [text] = waitsFor(volumePayload(both, all, downward));
		expect(text).toBe(`${SET_UP}invalid path: x/y: x is a file in the same volume`);
	});

	test('shows the last of two items with one path, and warns of both', () => {
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

test('U3 shows data and binaryData, byte for byte', () => {
	const all = objects(configMap('foo', { a: 'text' }, { 'dump.bin': '\x01\xff' }));
	expect(shown(volumePayload(ofConfigMap('foo'), all, downward))).toEqual({
		a: '644 text',
		'dump.bin': '644 \x01\xff',
	});
	const items = [{ key: 'dump.bin', path: 'b' }];
	expect(shown(volumePayload(ofConfigMap('foo', { items }), all, downward))).toEqual({ b: '644 \x01\xff' });
});

test('distinguishes a Secret and a ConfigMap of one name', () => {
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

	test('writes each value without a newline', () => {
		const result = volumePayload(volume({ kind: 'downwardAPI', items, defaultMode: 0o444 }), objects(), downward);
		expect(shown(result)).toEqual({ podname: '444 <metadata.name>', 'cpu/limit': '400 <limits.cpu of app>' });
		expect(result.warnings).toEqual([]);
	});

	test('reports every reference that cannot be resolved', () => {
		const refuse: DownwardText = (ref) => {
			throw new ConfigMapFsError('INPUT_INVALID', `no ${ref.kind}`);
		};
		const result = volumePayload(volume({ kind: 'downwardAPI', items, defaultMode: 0o444 }), objects(), refuse);
		expect(waitsFor(result)).toEqual([`${SET_UP}[no fieldRef, no resourceFieldRef]`]);
	});

	test('throws a bug instead of reporting it as missing', () => {
		const broken: DownwardText = () => {
			throw new TypeError('oops');
		};
		const wanted = volume({ kind: 'downwardAPI', items, defaultMode: 0o444 });
		expect(() => volumePayload(wanted, objects(), broken)).toThrow(TypeError);
	});
});

describe('projected', () => {
	const all = objects(CM3, configMap('maps', { same: 'map' }), secret('keys', { same: 'secret', 'secret-data': 's' }));

	test('E1 combines all kinds of sources in one directory', () => {
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

	test('D7 uses the default mode of the volume, overridden by the mode of an item', () => {
		const items = [
			{ key: 'data-1', path: 'a' },
			{ key: 'data-2', path: 'path/to/data-2', mode: 0o600 },
		];
		const result = volumePayload(projected([source('configMap', 'cm3', items)], 0o400), all, downward);
		expect(shown(result)).toEqual({ a: '400 value-1', 'path/to/data-2': '600 value-2' });
	});

	test.each<readonly [string, readonly ProjectedSource[], Texts, string]>([
		[
			'all keys of two objects',
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
	])('shows the last source for a collision of %s, and warns of both', (_, sources, files, text) => {
		const result = volumePayload(projected(sources), all, downward);
		expect(shown(result)).toEqual(files);
		expect(result.warnings).toEqual([{ field: 'volume "cfg"', text }]);
	});

	test('refuses a file of one source that is a directory of another, and with it the volume', () => {
		const sources = [source('configMap', 'maps'), source('configMap', 'cm3', [{ key: 'data-1', path: 'same/sub' }])];
		expect(waitsFor(volumePayload(projected(sources), all, downward))).toEqual([
			`${SET_UP}invalid path: same/sub: same is a file in the same volume`,
		]);
	});

	test('joins all failures, equal ones once', () => {
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

	test('ignores absent optional sources', () => {
		const sources = [
			source('configMap', 'none', [{ key: 'a', path: 'a' }], true),
			source('secret', 'keys', [{ key: 'k', path: 'k' }], true),
			source('configMap', 'maps'),
		];
		expect(shown(volumePayload(projected(sources), all, downward))).toEqual({ same: '644 map' });
	});

	test('warns of sources that only a cluster has, and shows the rest', () => {
		const sources: readonly ProjectedSource[] = [
			{ kind: 'other', type: 'serviceAccountToken', path: 'token' },
			{ kind: 'other', type: 'clusterTrustBundle', path: undefined },
			source('configMap', 'maps'),
		];
		const result = volumePayload(projected(sources), all, downward);
		expect(shown(result)).toEqual({ same: '644 map' });
		expect(result.warnings.map(({ text }) => text)).toEqual([
			expect.stringMatching(/^serviceAccountToken "token" is not available: /),
			expect.stringMatching(/^clusterTrustBundle is not available: /),
		]);
	});

	describe('with the volume that a cluster adds to each pod', () => {
		const access = projected([
			{ kind: 'other', type: 'serviceAccountToken', path: 'token' },
			{
				kind: 'configMap',
				name: 'kube-root-ca.crt',
				items: [{ key: 'ca.crt', path: 'ca.crt' }],
				optional: false,
			},
			{
				kind: 'downwardAPI',
				items: [{ path: 'namespace', mode: undefined, ref: { kind: 'fieldRef', fieldPath: 'metadata.namespace' } }],
			},
		]);

		test('leaves out what the cluster publishes, with one warning', () => {
			const result = volumePayload(access, objects(), downward);
			expect(shown(result)).toEqual({ namespace: '644 <metadata.namespace>' });
			expect(result.warnings).toEqual([
				{
					field: 'volume "cfg"',
					text:
						'serviceAccountToken "token" and configMap "kube-root-ca.crt" are not available: ' +
						'only a cluster creates them, so their files are left out; ' +
						'add ConfigMap kube-root-ca.crt with -f, or the complete volume with --local-volume cfg=DIR',
				},
			]);
		});

		test('has the files of a ConfigMap from a manifest', () => {
			const result = volumePayload(access, objects(configMap('kube-root-ca.crt', { 'ca.crt': 'ca' })), downward);
			expect(shown(result)).toEqual({ 'ca.crt': '644 ca', namespace: '644 <metadata.namespace>' });
			expect(result.warnings).toHaveLength(1);
		});

		test('waits for the ConfigMap of a cluster', () => {
			const result = volumePayload(access, { ...objects(), hasCluster: true }, downward);
			expect(result).toMatchObject({
				missing: [{ message: expect.stringContaining('configmap "kube-root-ca.crt" not found') }],
			});
		});

		test.each(['kube-root-ca.crt', 'openshift-service-ca.crt'])('leaves out the files of a volume of %s', (name) => {
			const result = volumePayload(ofConfigMap(name), objects(), downward);
			expect(shown(result)).toEqual({});
			expect(result.warnings.map(({ text }) => text)).toEqual([
				`configMap "${name}" is not available: only a cluster creates it, so its files are left out; ` +
					`add ConfigMap ${name} with -f, or the complete volume with --local-volume cfg=DIR`,
			]);
		});
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
