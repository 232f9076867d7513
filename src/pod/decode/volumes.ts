/**
 * Decodes `volumes` of a pod. Pure. Source: kubernetes v1.32 ValidateVolumes, validateVolumeSource, validateProjectionSources;
 * pkg/apis/core/v1/defaults.go.
 */

import type { PodVolume, ProjectedSource, VolumeSource } from '../pod-spec.js';
import { decodeDefaultMode, decodeDownwardItems, decodeKeyItems } from './items.js';
import { fieldText, invalidText, type ObjectReader, unsupportedText } from './object-reader.js';
import { backstepFaults, labelFaults } from './validation.js';

type DecodeSource = (reader: ObjectReader) => VolumeSource;

/** In the order in which a server checks them. A kind without a decoder is not available to a local process. */
const KINDS: readonly (readonly [field: string, goType: string, decode?: DecodeSource])[] = [
	['emptyDir', 'EmptyDirVolumeSource', decodeEmptyDir],
	['hostPath', 'HostPathVolumeSource', decodeHostPath],
	['gitRepo', 'GitRepoVolumeSource'],
	['gcePersistentDisk', 'GCEPersistentDiskVolumeSource'],
	['awsElasticBlockStore', 'AWSElasticBlockStoreVolumeSource'],
	['secret', 'SecretVolumeSource', (reader) => decodeObjectVolume(reader, 'secret', 'secretName')],
	['nfs', 'NFSVolumeSource'],
	['iscsi', 'ISCSIVolumeSource'],
	['glusterfs', 'GlusterfsVolumeSource'],
	['flocker', 'FlockerVolumeSource'],
	['persistentVolumeClaim', 'PersistentVolumeClaimVolumeSource'],
	['rbd', 'RBDVolumeSource'],
	['cinder', 'CinderVolumeSource'],
	['cephfs', 'CephFSVolumeSource'],
	['quobyte', 'QuobyteVolumeSource'],
	['downwardAPI', 'DownwardAPIVolumeSource', decodeDownwardVolume],
	['fc', 'FCVolumeSource'],
	['flexVolume', 'FlexVolumeSource'],
	['configMap', 'ConfigMapVolumeSource', (reader) => decodeObjectVolume(reader, 'configMap', 'name')],
	['azureFile', 'AzureFileVolumeSource'],
	['vsphereVolume', 'VsphereVirtualDiskVolumeSource'],
	['photonPersistentDisk', 'PhotonPersistentDiskVolumeSource'],
	['portworxVolume', 'PortworxVolumeSource'],
	['azureDisk', 'AzureDiskVolumeSource'],
	['storageos', 'StorageOSVolumeSource'],
	['projected', 'ProjectedVolumeSource', decodeProjected],
	['scaleIO', 'ScaleIOVolumeSource'],
	['csi', 'CSIVolumeSource'],
	['ephemeral', 'EphemeralVolumeSource'],
	['image', 'ImageVolumeSource'],
];
/** Kinds of projected sources that only a cluster has, with the fields that hold the path of their file. */
const PROJECTED_OTHER: readonly (readonly [field: string, goType: string, paths: readonly string[]])[] = [
	['serviceAccountToken', 'ServiceAccountTokenProjection', ['path']],
	['clusterTrustBundle', 'ClusterTrustBundleProjection', ['path']],
	['podCertificate', 'PodCertificateProjection', ['credentialBundlePath', 'keyPath', 'certificateChainPath']],
];
const PROJECTED_KINDS = ['secret', 'configMap', 'downwardAPI', ...PROJECTED_OTHER.map(([field]) => field)];

/** Sorted. The empty type accepts anything. */
const HOST_PATH_TYPES = new Set([
	'',
	'BlockDevice',
	'CharDevice',
	'Directory',
	'DirectoryOrCreate',
	'File',
	'FileOrCreate',
	'Socket',
]);
const MORE_THAN_ONE_TEXT = 'Forbidden: may not specify more than 1 volume type';

/** `claims`: names of the volumes that a StatefulSet adds. They replace volumes of the same name. */
export function decodeVolumes(spec: ObjectReader, claims: readonly string[]): readonly PodVolume[] {
	const volumes = new Map<string, PodVolume>();
	for (const reader of spec.objects('volumes', 'Volume')) {
		const name = reader.text('name');
		const source = decodeSource(reader);
		if (name === '') reader.required('name');
		else reader.check('name', name, labelFaults);
		if (name !== '' && volumes.has(name)) reader.duplicate('name', name);
		volumes.set(name, { name, source });
	}
	for (const name of claims) volumes.set(name, { name, source: { kind: 'other', type: 'persistentVolumeClaim' } });
	return [...volumes.values()];
}

function decodeSource(reader: ObjectReader): VolumeSource {
	let source: VolumeSource | undefined;
	for (const [field, goType, decode] of KINDS) {
		if (!reader.has(field)) continue;
		if (source !== undefined) reader.fault(field, MORE_THAN_ONE_TEXT);
		else source = (decode ?? decodeOther(field))(reader.member(field, goType));
	}
	// The server's default for a volume without a source.
	return source ?? { kind: 'emptyDir', medium: '', sizeLimit: undefined };
}

/** Only `readOnly` matters, because it also applies to a local replacement. An image is always read-only. */
function decodeOther(type: string): DecodeSource {
	return (reader) => {
		const readOnly = reader.flag('readOnly') || type === 'image';
		return { kind: 'other', type, ...(readOnly ? { readOnly } : {}) };
	};
}

function decodeObjectVolume(reader: ObjectReader, kind: 'configMap' | 'secret', nameField: string): VolumeSource {
	const name = reader.text(nameField);
	if (name === '') reader.required(nameField);
	const defaultMode = decodeDefaultMode(reader);
	const items = decodeKeyItems(reader).map(({ item }) => item);
	const optional = reader.flag('optional');
	return { kind, name, projection: { ...(items.length === 0 ? {} : { items }), defaultMode, optional } };
}

function decodeDownwardVolume(reader: ObjectReader): VolumeSource {
	const defaultMode = decodeDefaultMode(reader);
	return { kind: 'downwardAPI', items: decodeDownwardItems(reader).map(({ item }) => item), defaultMode };
}

function decodeEmptyDir(reader: ObjectReader): VolumeSource {
	const sizeLimit = reader.quantity('sizeLimit');
	if (sizeLimit?.startsWith('-')) {
		reader.fault('sizeLimit', 'Forbidden: SizeLimit field must be a valid resource quantity');
	}
	return { kind: 'emptyDir', medium: reader.text('medium', 'v1.StorageMedium'), sizeLimit };
}

function decodeHostPath(reader: ObjectReader): VolumeSource {
	const path = reader.text('path');
	const type = reader.text('type', 'v1.HostPathType');
	if (path === '') reader.required('path');
	else reader.check('path', path, backstepFaults);
	if (!HOST_PATH_TYPES.has(type)) reader.fault('type', unsupportedText(type, HOST_PATH_TYPES));
	return { kind: 'hostPath', path, type };
}

function decodeProjected(reader: ObjectReader): VolumeSource {
	const defaultMode = decodeDefaultMode(reader);
	const decoder = new ProjectedDecoder(fieldText(reader.path));
	const sources = reader.objects('sources', 'VolumeProjection').flatMap((source) => decoder.decode(source) ?? []);
	return { kind: 'projected', sources, defaultMode };
}

/** Decodes the sources of one volume. Only paths in the manifest are compared, not names of keys. */
class ProjectedDecoder {
	readonly #paths = new Set<string>();
	/** For equal paths the server reports the volume, not the source. */
	readonly #volumeField: string;

	constructor(volumeField: string) {
		this.#volumeField = volumeField;
	}

	/** Undefined for an empty source, which a server accepts and ignores. */
	decode(reader: ObjectReader): ProjectedSource | undefined {
		const sources = [
			this.#object(reader, 'secret', 'SecretProjection'),
			this.#object(reader, 'configMap', 'ConfigMapProjection'),
			this.#downward(reader),
			...PROJECTED_OTHER.map(([field, goType, paths]) => this.#other(reader, field, goType, paths)),
		];
		if (PROJECTED_KINDS.filter((field) => reader.has(field)).length > 1) {
			reader.fault('', `${MORE_THAN_ONE_TEXT} per source`);
		}
		return sources.find((source) => source !== undefined);
	}

	#object(parent: ObjectReader, kind: 'secret' | 'configMap', goType: string): ProjectedSource | undefined {
		const reader = parent.object(kind, goType);
		if (reader === undefined) return undefined;
		const name = reader.text('name');
		if (name === '') reader.required('name');
		const items = decodeKeyItems(reader).map(({ reader: itemReader, item }) => {
			this.#take(itemReader, item.path, name);
			return item;
		});
		return { kind, name, items, optional: reader.flag('optional') };
	}

	#downward(parent: ObjectReader): ProjectedSource | undefined {
		const reader = parent.object('downwardAPI', 'DownwardAPIProjection');
		if (reader === undefined) return undefined;
		const items = decodeDownwardItems(reader).map(({ reader: itemReader, item }) => {
			this.#take(itemReader, item.path, item.path);
			return item;
		});
		return { kind: 'downwardAPI', items };
	}

	#other(parent: ObjectReader, field: string, goType: string, paths: readonly string[]): ProjectedSource | undefined {
		const reader = parent.object(field, goType);
		if (reader === undefined) return undefined;
		const path = paths.map((name) => reader.text(name)).find((text) => text !== '');
		// The server compares the path of a bundle, but not that of a token.
		if (field === 'clusterTrustBundle' && path !== undefined) this.#take(reader, path, path);
		return { kind: 'other', type: field, path };
	}

	#take(reader: ObjectReader, path: string, reportedValue: string): void {
		if (path === '') return;
		if (this.#paths.has(path)) {
			reader.faultAs('path', this.#volumeField, invalidText(reportedValue, 'conflicting duplicate paths'));
		}
		this.#paths.add(path);
	}
}
