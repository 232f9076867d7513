/** Decodes the metadata of a workload and of its pod: name, namespace, uid, labels and annotations. Deterministic. */

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

/** Name space of the generated uids: a fixed random UUID. Source: RFC 4122, 4.3. */
const UID_NAMESPACE = Buffer.from('8d5b1f0e3c7a4b6f9e2d7a41c05f6b93', 'hex');
const NAME_TEXT = 'Required value: name or generateName is required';

/** The name of the workload itself. The suffix of a generated name is `local`. */
export function decodeWorkloadName(root: ObjectReader, object: ManifestObject, defaultNamespace: string): WorkloadName {
	const metadata = root.member('metadata', 'ObjectMeta');
	const prefix = metadata.text('generateName');
	const name = metadata.text('name') || (prefix === '' ? '' : `${prefix}${GENERATED_SUFFIX}`);
	if (name !== '') metadata.check('name', name, subdomainFaults);
	else metadata.fault('name', NAME_TEXT);
	const namespace = metadata.text('namespace') || (object.namespace ?? defaultNamespace);
	metadata.check('namespace', namespace, namespaceFaults);
	return { kind: object.kind, name, namespace, location: object.location };
}

/**
 * `root` is the object, `template` the part with the pod's own `metadata`. A Pod with a uid keeps it. Otherwise the uid
 * derives from namespace, kind and name, so that it is stable. `ordinal` is the number of the pod, for controllers that
 * number their pods.
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

/** A version 5 UUID. Source: RFC 4122, 4.3. */
function nameUid(name: string): string {
	const bytes = createHash('sha1').update(UID_NAMESPACE).update(name).digest().subarray(0, 16);
	bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
	bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
	return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
