/**
 * What a workload and its pod are called: names, namespace, uid, labels and annotations. Pure but for a hash.
 */

import { createHash } from 'node:crypto';
import type { ManifestObject } from '../../model/manifest-object.js';
import {
	labelKeyFaults,
	labelValueFaults,
	MAX_ANNOTATION_BYTES,
	namespaceFaults,
	subdomainFaults,
} from '../../model/validation.js';
import type { PodMetadata, WorkloadName } from '../pod-spec.js';
import { GENERATED_SUFFIX, type WorkloadKind } from '../workload-kinds.js';
import type { ObjectReader } from './object-reader.js';
import { annotationKeyFaults } from './validation.js';

/** The name space of the uids that are made here; a fixed uuid of no meaning. Source: RFC 4122, 4.3. */
const UID_NAMESPACE = Buffer.from('8d5b1f0e3c7a4b6f9e2d7a41c05f6b93', 'hex');
const NAME_TEXT = 'Required value: name or generateName is required';

/** The object's own; a name that would be drawn by lot ends in `local`. */
export function decodeWorkloadName(root: ObjectReader, object: ManifestObject, defaultNamespace: string): WorkloadName {
	const metadata = root.member('metadata', 'ObjectMeta');
	const prefix = metadata.text('generateName');
	const name = metadata.text('name') || (prefix === '' ? '' : `${prefix}${GENERATED_SUFFIX}`);
	if (name !== '') metadata.check('name', name, subdomainFaults);
	else metadata.fault('name', NAME_TEXT);
	const namespace = metadata.text('namespace') || (object.namespace ?? defaultNamespace);
	metadata.check('namespace', namespace, namespaceFaults);
	return { kind: object.kind, name, namespace, location: object.place };
}

/**
 * `root` is the whole object, `template` what has the pod's own `metadata`. The uid is that of the object where it is a
 * Pod that has one; else it is made of namespace, kind and name, so it is the same every time. `ordinal` counts where the
 * controller numbers its pods.
 */
export function decodePodMetadata(
	root: ObjectReader,
	template: ObjectReader,
	kind: WorkloadKind,
	workload: WorkloadName,
	ordinal: number,
): PodMetadata {
	const metadata = template.member('metadata', 'ObjectMeta');
	const labels = metadata.textMap('labels');
	for (const [key, value] of labels) {
		metadata.checkEntry('labels', key, key, labelKeyFaults);
		metadata.checkEntry('labels', key, value, labelValueFaults);
	}
	const annotations = metadata.textMap('annotations');
	let bytes = 0;
	for (const [key, value] of annotations) {
		metadata.checkEntry('annotations', key, key, annotationKeyFaults);
		bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
	}
	if (bytes > MAX_ANNOTATION_BYTES) {
		metadata.fault('annotations', `Too long: must have at most ${MAX_ANNOTATION_BYTES} bytes`);
	}
	const own = kind.template.length === 0 ? root.member('metadata', 'ObjectMeta').text('uid') : '';
	return {
		name: kind.podName(workload.name, ordinal),
		namespace: workload.namespace,
		uid: own || nameUid(`${workload.namespace}/${workload.kind}/${workload.name}`),
		labels: new Map([...labels, ...kind.podLabels(workload.name, ordinal)]),
		annotations,
	};
}

/** A version 5 uuid. Source: RFC 4122, 4.3. */
function nameUid(name: string): string {
	const bytes = createHash('sha1').update(UID_NAMESPACE).update(name).digest().subarray(0, 16);
	bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
	bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
	return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
