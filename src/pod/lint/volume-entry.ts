/**
 * The files of a volume, as far as they are known: listed paths, even if their keys are absent, and all keys of objects
 * without a list. Pure.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import { payloadPath } from '../../volume/payload.js';
import type { PodObjects } from '../pod-objects.js';
import type { DownwardItem, PodVolume, ProjectedSource } from '../pod-spec.js';
import { findObject, objectName } from './object-reference.js';

export interface VolumeEntry {
	/** As written. */
	readonly written: string;
	/** Clean; as written if kubelet refuses it. */
	readonly path: string;
	/** Kubelet's text if it refuses the path. */
	readonly fault: string | undefined;
	readonly origin: string;
	readonly mode: number;
	/** Whether the manifest lists the path. Otherwise it is the name of a key. */
	readonly isListed: boolean;
	/** Whether the file exists in the volume. */
	readonly exists: boolean;
	readonly field: string;
}

export interface VolumeEntries {
	readonly entries: readonly VolumeEntry[];
	/** Whether every object of the volume is present, including optional ones. Then no other file exists. */
	readonly isComplete: boolean;
}

export interface ModeField {
	readonly mode: number;
	readonly field: string;
}

/** The entries of a volume. Volumes that kubelet does not write have none. */
export function volumeEntries({ source }: PodVolume, field: string, objects: PodObjects): VolumeEntries {
	switch (source.kind) {
		case 'configMap':
		case 'secret': {
			const { items = [], optional, defaultMode } = source.projection;
			const { kind, name } = source;
			return sourceEntries({ kind, name, items, optional }, `${field}.${kind}`, defaultMode, objects);
		}
		case 'downwardAPI':
			return sourceEntries(source, `${field}.downwardAPI`, source.defaultMode, objects);
		case 'projected': {
			const all = source.sources.map((one, index) =>
				sourceEntries(one, `${field}.projected.sources[${index}].${one.kind}`, source.defaultMode, objects),
			);
			return {
				entries: all.flatMap(({ entries }) => entries),
				isComplete: all.every(({ isComplete }) => isComplete),
			};
		}
		default:
			return { entries: [], isComplete: false };
	}
}

function sourceEntries(
	source: ProjectedSource,
	field: string,
	defaultMode: number,
	objects: PodObjects,
): VolumeEntries {
	if (source.kind === 'other') return { entries: [], isComplete: false };
	const entry = (
		written: string,
		origin: string,
		more: Pick<VolumeEntry, 'mode' | 'isListed' | 'exists' | 'field'>,
	) => ({
		written,
		origin,
		...cleaned(written),
		...more,
	});
	if (source.kind === 'downwardAPI') {
		const entries = source.items.map(({ path, mode, ref }: DownwardItem, index) =>
			entry(path, ref.kind === 'fieldRef' ? ref.fieldPath : ref.resource, {
				mode: mode ?? defaultMode,
				isListed: true,
				exists: true,
				field: `${field}.items[${index}].path`,
			}),
		);
		return { entries, isComplete: true };
	}
	const object = findObject(objects, source.kind, source.name);
	const origin = (key: string) => `key "${key}" of ${objectName(source)}`;
	const has = (key: string) => object?.data.has(key) === true || object?.binaryData.has(key) === true;
	const isComplete = object !== undefined && object.clusterKeys.length === 0;
	if (source.items.length > 0) {
		const entries = source.items.map(({ key, path, mode = defaultMode }, index) =>
			entry(path, origin(key), { mode, isListed: true, exists: has(key), field: `${field}.items[${index}].path` }),
		);
		return { entries, isComplete };
	}
	const keys = object === undefined ? [] : [...object.data.keys(), ...object.binaryData.keys()];
	const entries = keys.map((key) =>
		entry(key, origin(key), { mode: defaultMode, isListed: false, exists: true, field }),
	);
	return { entries, isComplete };
}

function cleaned(written: string): Pick<VolumeEntry, 'path' | 'fault'> {
	try {
		return { path: payloadPath(written), fault: undefined };
	} catch (error) {
		if (error instanceof ConfigMapFsError && error.code === 'INPUT_INVALID') {
			return { path: written, fault: error.message };
		}
		throw error;
	}
}

/** The default mode and the modes of items, with their fields. */
export function volumeModes({ source }: PodVolume, field: string): readonly ModeField[] {
	switch (source.kind) {
		case 'configMap':
		case 'secret':
			return [
				{ mode: source.projection.defaultMode, field: `${field}.${source.kind}.defaultMode` },
				...itemModes(source.projection.items ?? [], `${field}.${source.kind}`),
			];
		case 'downwardAPI':
			return [
				{ mode: source.defaultMode, field: `${field}.downwardAPI.defaultMode` },
				...itemModes(source.items, `${field}.downwardAPI`),
			];
		case 'projected':
			return [
				{ mode: source.defaultMode, field: `${field}.projected.defaultMode` },
				...source.sources.flatMap((one, index) =>
					one.kind === 'other' ? [] : itemModes(one.items, `${field}.projected.sources[${index}].${one.kind}`),
				),
			];
		default:
			return [];
	}
}

function itemModes(items: readonly { readonly mode?: number | undefined }[], field: string): readonly ModeField[] {
	return items.flatMap(({ mode }, index) =>
		mode === undefined ? [] : [{ mode, field: `${field}.items[${index}].mode` }],
	);
}
