/**
 * Decodes the common parts of volumes with files: modes, `items` of a configMap or secret, `items` of a downwardAPI.
 * Pure. Source: kubernetes v1.32 validateKeyToPath, validateDownwardAPIVolumeFile.
 */

import { DEFAULT_MODE, type KeyToPath } from '../../volume/projection.js';
import type { DownwardItem } from '../pod-spec.js';
import { decodeFieldRef, decodeResourceFieldRef } from './field-refs.js';
import { fieldText, invalidText, type ObjectReader } from './object-reader.js';
import { itemPathFaults, MAX_MODE, MODE_TEXT, VOLUME_FIELD_PATHS } from './validation.js';

/** A file of a volume, with the reader of its object. */
export interface ReadItem<Item> {
	readonly reader: ObjectReader;
	readonly item: Item;
}

/** Mode of the files of a volume. Unit: permission bits. */
export function decodeDefaultMode(volume: ObjectReader): number {
	return decodeMode(volume, 'defaultMode') ?? DEFAULT_MODE;
}

export function decodeKeyItems(source: ObjectReader): readonly ReadItem<KeyToPath>[] {
	return source.objects('items', 'KeyToPath').map((reader) => {
		const key = reader.text('key');
		if (key === '') reader.required('key');
		const path = decodeItemPath(reader, fieldText([...reader.path, 'path']));
		const mode = decodeMode(reader, 'mode');
		return { reader, item: { key, path, ...(mode === undefined ? {} : { mode }) } };
	});
}

export function decodeDownwardItems(source: ObjectReader): readonly ReadItem<DownwardItem>[] {
	// The server reports the volume, not the item.
	const serverField = fieldText(source.path);
	return source.objects('items', 'DownwardAPIVolumeFile').map((reader) => {
		const path = decodeItemPath(reader, `${serverField}.path`);
		const field = reader.object('fieldRef', 'ObjectFieldSelector');
		const resource = reader.object('resourceFieldRef', 'ResourceFieldSelector');
		const fieldRef = field && decodeFieldRef(field, VOLUME_FIELD_PATHS);
		const resourceRef = resource && decodeResourceFieldRef(resource, 'volume');
		const isField = reader.has('fieldRef');
		const isResource = reader.has('resourceFieldRef');
		if (isField && isResource) {
			const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously';
			reader.faultAs('', serverField, invalidText('resource', detail));
		} else if (!isField && !isResource) {
			reader.faultAs('', serverField, 'Required value: one of fieldRef and resourceFieldRef is required');
		}
		const ref = fieldRef ?? resourceRef ?? { kind: 'fieldRef', fieldPath: '' };
		return { reader, item: { path, mode: decodeMode(reader, 'mode'), ref } };
	});
}

function decodeItemPath(reader: ObjectReader, serverField: string): string {
	const path = reader.text('path');
	if (path === '') reader.faultAs('path', serverField, 'Required value');
	reader.checkAs('path', serverField, path, itemPathFaults);
	return path;
}

function decodeMode(reader: ObjectReader, field: string): number | undefined {
	const mode = reader.integer(field, 'int32');
	if (mode !== undefined && (mode < 0 || mode > MAX_MODE)) reader.invalid(field, mode, MODE_TEXT);
	return mode;
}
