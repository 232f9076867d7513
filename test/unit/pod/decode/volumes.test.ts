import { describe, expect, it } from 'vitest';
import type { VolumeSource } from '../../../../src/pod/pod-spec.js';
import { decodeVolume, faults, type Json, LABEL, MODE, podValue, volumeFaults } from './decoding.js';

describe('volumes', () => {
	it.each<[string, Json, VolumeSource]>([
		[
			'configMap',
			{ configMap: { name: 'c' } },
			{ kind: 'configMap', name: 'c', projection: { defaultMode: 0o644, optional: false } },
		],
		[
			'configMap with every field',
			{
				configMap: {
					name: 'Any name',
					defaultMode: 0,
					optional: true,
					items: [
						{ key: 'any key', path: 'a/./b' },
						{ key: 'k', path: '.p', mode: 0o777 },
					],
				},
			},
			{
				kind: 'configMap',
				name: 'Any name',
				projection: {
					items: [
						{ key: 'any key', path: 'a/./b' },
						{ key: 'k', path: '.p', mode: 0o777 },
					],
					defaultMode: 0,
					optional: true,
				},
			},
		],
		[
			'secret',
			{ secret: { secretName: 's', items: [{ key: 'k', path: 'p', mode: 256 }] } },
			{
				kind: 'secret',
				name: 's',
				projection: { items: [{ key: 'k', path: 'p', mode: 256 }], defaultMode: 0o644, optional: false },
			},
		],
		[
			'downwardAPI',
			{
				downwardAPI: {
					defaultMode: 0o400,
					items: [
						{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' }, mode: 0o600 },
						{ path: 'l', fieldRef: { fieldPath: "metadata.labels['a']" } },
						{ path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu', divisor: '1m' } },
					],
				},
			},
			{
				kind: 'downwardAPI',
				defaultMode: 0o400,
				items: [
					{ path: 'labels', mode: 0o600, ref: { kind: 'fieldRef', fieldPath: 'metadata.labels' } },
					{ path: 'l', mode: undefined, ref: { kind: 'fieldRef', fieldPath: "metadata.labels['a']" } },
					{
						path: 'cpu',
						mode: undefined,
						ref: { kind: 'resourceFieldRef', containerName: 'app', resource: 'limits.cpu', divisor: '1m' },
					},
				],
			},
		],
		[
			'projected',
			{
				projected: {
					sources: [
						{ configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
						{},
						{ secret: { name: 's', optional: true } },
						{ downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
						{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
						{ clusterTrustBundle: { name: 'x', path: 'ca.pem' } },
						{ podCertificate: { keyPath: 'key.pem' } },
						{ podCertificate: {} },
					],
				},
			},
			{
				kind: 'projected',
				defaultMode: 0o644,
				sources: [
					{ kind: 'configMap', name: 'c', items: [{ key: 'k', path: 'p' }], optional: false },
					{ kind: 'secret', name: 's', items: [], optional: true },
					{
						kind: 'downwardAPI',
						items: [{ path: 'name', mode: undefined, ref: { kind: 'fieldRef', fieldPath: 'metadata.name' } }],
					},
					{ kind: 'other', type: 'serviceAccountToken', path: 'token' },
					{ kind: 'other', type: 'clusterTrustBundle', path: 'ca.pem' },
					{ kind: 'other', type: 'podCertificate', path: 'key.pem' },
					{ kind: 'other', type: 'podCertificate', path: undefined },
				],
			},
		],
		['projected without sources', { projected: {} }, { kind: 'projected', defaultMode: 0o644, sources: [] }],
		['emptyDir', { emptyDir: {} }, { kind: 'emptyDir', medium: '', sizeLimit: undefined }],
		[
			'emptyDir in memory',
			{ emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
			{ kind: 'emptyDir', medium: 'Memory', sizeLimit: '64Mi' },
		],
		['no source, with the default of a server', {}, { kind: 'emptyDir', medium: '', sizeLimit: undefined }],
		['null', { configMap: null }, { kind: 'emptyDir', medium: '', sizeLimit: undefined }],
		['hostPath', { hostPath: { path: '/srv' } }, { kind: 'hostPath', path: '/srv', type: '' }],
		[
			'hostPath with a type',
			{ hostPath: { path: '/srv', type: 'Directory' } },
			{ kind: 'hostPath', path: '/srv', type: 'Directory' },
		],
		[
			'a claim',
			{ persistentVolumeClaim: { claimName: 'x', anything: 1 } },
			{ kind: 'other', type: 'persistentVolumeClaim' },
		],
		['csi', { csi: { driver: 'x' } }, { kind: 'other', type: 'csi' }],
		[
			'a read-only claim',
			{ persistentVolumeClaim: { claimName: 'x', readOnly: true } },
			{ kind: 'other', type: 'persistentVolumeClaim', readOnly: true },
		],
		['an image, which is read-only', { image: { reference: 'x' } }, { kind: 'other', type: 'image', readOnly: true }],
	])('decode %s', (_name, source, expected) => {
		expect(decodeVolume(source)).toEqual(expected);
	});

	const V = 'spec.volumes[0]';
	it.each<[string, Json, string[]]>([
		['a configMap without a name', { configMap: {} }, [`configMap/name| ${V}.configMap.name: Required value`]],
		['a secret without a name', { secret: {} }, [`secret/secretName| ${V}.secret.secretName: Required value`]],
		[
			'a secret with its name in the wrong field',
			{ secret: { name: 's' } },
			[`secret/secretName| ${V}.secret.secretName: Required value`],
		],
		[
			'an empty item',
			{ configMap: { name: 'c', items: [{}] } },
			[
				`configMap/items/0/key| ${V}.configMap.items[0].key: Required value`,
				`configMap/items/0/path| ${V}.configMap.items[0].path: Required value`,
			],
		],
		[
			'items with paths that leave the volume',
			{
				secret: {
					secretName: 's',
					items: ['/abs', 'a/../b', '..x', '..', '../x', '...'].map((path) => ({ key: 'k', path })),
				},
			},
			[
				`secret/items/0/path| ${V}.secret.items[0].path: Invalid value: "/abs": must be a relative path`,
				`secret/items/1/path| ${V}.secret.items[1].path: Invalid value: "a/../b": must not contain '..'`,
				`secret/items/2/path| ${V}.secret.items[2].path: Invalid value: "..x": must not start with '..'`,
				`secret/items/3/path| ${V}.secret.items[3].path: Invalid value: "..": must not contain '..'`,
				`secret/items/3/path| ${V}.secret.items[3].path: Invalid value: "..": must not start with '..'`,
				`secret/items/4/path| ${V}.secret.items[4].path: Invalid value: "../x": must not contain '..'`,
				`secret/items/5/path| ${V}.secret.items[5].path: Invalid value: "...": must not start with '..'`,
			],
		],
		[
			'modes out of range',
			{ configMap: { name: 'c', defaultMode: 512, items: [{ key: 'k', path: 'p', mode: -1 }] } },
			[
				`configMap/defaultMode| ${V}.configMap.defaultMode: Invalid value: 512: ${MODE}`,
				`configMap/items/0/mode| ${V}.configMap.items[0].mode: Invalid value: -1: ${MODE}`,
			],
		],
		[
			'modes of a wrong type',
			{ configMap: { name: 'c', defaultMode: '0644', items: [{ key: 'k', path: 'p', mode: 420.5 }] } },
			[
				'configMap/defaultMode| json: cannot unmarshal string into Go struct field ConfigMapVolumeSource.spec.volumes.configMap.defaultMode of type int32',
				'configMap/items/0/mode| json: cannot unmarshal number 420.5 into Go struct field KeyToPath.spec.volumes.configMap.items.mode of type int32',
			],
		],
		[
			'a mode beyond 32 bits',
			{ projected: { defaultMode: 2 ** 31 } },
			[
				'projected/defaultMode| json: cannot unmarshal number 2147483648 into Go struct field ProjectedVolumeSource.spec.volumes.projected.defaultMode of type int32',
			],
		],
		[
			'two kinds',
			{ configMap: { name: 'c' }, emptyDir: {}, persistentVolumeClaim: {} },
			[
				`persistentVolumeClaim| ${V}.persistentVolumeClaim: Forbidden: may not specify more than 1 volume type`,
				`configMap| ${V}.configMap: Forbidden: may not specify more than 1 volume type`,
			],
		],
		[
			'a kind of a wrong type',
			{ configMap: 'c' },
			[
				'configMap| json: cannot unmarshal string into Go struct field Volume.spec.volumes.configMap of type v1.ConfigMapVolumeSource',
			],
		],
		['a hostPath without a path', { hostPath: {} }, [`hostPath/path| ${V}.hostPath.path: Required value`]],
		[
			'a hostPath with "..", of an unknown type',
			{ hostPath: { path: '/a/..', type: 'Fifo' } },
			[
				`hostPath/path| ${V}.hostPath.path: Invalid value: "/a/..": must not contain '..'`,
				`hostPath/type| ${V}.hostPath.type: Unsupported value: "Fifo": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
			],
		],
		[
			'an emptyDir',
			{ emptyDir: { medium: 1, sizeLimit: '-1', size: 1 } },
			[
				`emptyDir/sizeLimit| ${V}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`,
				'emptyDir/medium| json: cannot unmarshal number into Go struct field EmptyDirVolumeSource.spec.volumes.emptyDir.medium of type v1.StorageMedium',
			],
		],
		[
			'items of a downwardAPI',
			{
				downwardAPI: {
					items: [
						{ path: '', fieldRef: { fieldPath: 'status.podIP' } },
						{ path: 'a' },
						{ path: '/b', resourceFieldRef: { resource: 'limits.cpu' } },
						{ path: 'c', fieldRef: { fieldPath: 'metadata.uid' }, resourceFieldRef: { containerName: 'app' } },
					],
				},
			},
			[
				`downwardAPI/items/0/path| ${V}.downwardAPI.path: Required value`,
				`downwardAPI/items/0/fieldRef/fieldPath| ${V}.downwardAPI.items[0].fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
				`downwardAPI/items/1| ${V}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`,
				`downwardAPI/items/2/path| ${V}.downwardAPI.path: Invalid value: "/b": must be a relative path`,
				`downwardAPI/items/2/resourceFieldRef/containerName| ${V}.downwardAPI.items[2].resourceFieldRef.containerName: Required value`,
				`downwardAPI/items/3/resourceFieldRef/resource| ${V}.downwardAPI.items[3].resourceFieldRef.resource: Required value`,
				`downwardAPI/items/3| ${V}.downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously`,
			],
		],
		[
			'a projected source of two kinds',
			{ projected: { sources: [{ configMap: { name: 'a' }, secret: { name: 'b' } }] } },
			[`projected/sources/0| ${V}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`],
		],
		[
			'projected sources without a name, or with the wrong one',
			{ projected: { sources: [{ configMap: {} }, { secret: { secretName: 's' } }, { configmap: {} }] } },
			[
				`projected/sources/0/configMap/name| ${V}.projected.sources[0].configMap.name: Required value`,
				`projected/sources/1/secret/name| ${V}.projected.sources[1].secret.name: Required value`,
			],
		],
		[
			'projected sources with the same path',
			{
				projected: {
					sources: [
						{ configMap: { name: 'c1', items: [{ key: 'k', path: 'same' }] } },
						{ configMap: { name: 'c2', items: [{ key: 'k', path: 'same' }] } },
						{ secret: { name: 's', items: [{ key: 'k', path: './same' }] } },
						{ downwardAPI: { items: [{ path: 'same', fieldRef: { fieldPath: 'metadata.name' } }] } },
						{ serviceAccountToken: { path: 'same' } },
						{ clusterTrustBundle: { name: 'x', path: 'same' } },
					],
				},
			},
			[
				`projected/sources/1/configMap/items/0/path| ${V}.projected: Invalid value: "c2": conflicting duplicate paths`,
				`projected/sources/3/downwardAPI/items/0/path| ${V}.projected: Invalid value: "same": conflicting duplicate paths`,
				`projected/sources/5/clusterTrustBundle/path| ${V}.projected: Invalid value: "same": conflicting duplicate paths`,
			],
		],
	])('are refused for %s', (_name, source, expected) => {
		expect(volumeFaults(source)).toEqual(expected);
	});

	it('have unique names', () => {
		expect(faults(podValue({ volumes: [{ name: 'a' }, { name: 'a' }, {}, { name: 'A' }] }))).toEqual([
			'spec/volumes/1/name| spec.volumes[1].name: Duplicate value: "a"',
			'spec/volumes/2/name| spec.volumes[2].name: Required value',
			expect.stringContaining(`spec/volumes/3/name| spec.volumes[3].name: Invalid value: "A": ${LABEL}`),
		]);
	});
});
