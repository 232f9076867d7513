/** Rules of `lint` for references to objects, keys and containers. Pure. */

import { closest } from '../../base/suggestion.js';
import { isClusterPublished } from '../cluster-published.js';
import type { DownwardItem, EnvVarSource, PodVolume } from '../pod-spec.js';
import type { RuleFinding } from './finding.js';
import { nameList } from './name-list.js';
import { type FoundObject, findObject, type ListedKey, type ObjectReference, objectName } from './object-reference.js';
import type { LintSubject } from './subject.js';

const WAITS: Readonly<Record<ObjectReference['use'], string>> = {
	volume: 'the pod waits for it (ContainerCreating)',
	envFrom: 'the container waits for it (CreateContainerConfigError)',
	env: 'the container waits for it (CreateContainerConfigError)',
};
const STARTS_WITHOUT: Readonly<Record<ObjectReference['use'], string>> = {
	volume: 'the pod starts without its files, which appear with the object',
	envFrom: 'the container starts without its variables',
	env: 'the container starts without the variable',
};

/** A ConfigMap or Secret that no source has. */
export function* missingObject({ references, objects, absenceOf }: LintSubject): Iterable<RuleFinding> {
	for (const { kind, name, optional, use, nameField } of references) {
		if (findObject(objects, kind, name) !== undefined) continue;
		const absence = absenceOf(kind, name);
		if (absence === 'invalid') continue;
		if (absence === 'unread') {
			yield {
				severity: optional ? 'info' : 'warning',
				field: nameField,
				text: `${kind.toLowerCase()} "${name}" is in no manifest, and the cluster was not read`,
				cure: 'add a manifest of it to run the pod here',
			};
			continue;
		}
		if (isClusterPublished(kind, name)) {
			const what = `${kind.toLowerCase()} "${name}" not found: only a cluster creates it`;
			const cure = 'add a manifest of it to run the pod here with it';
			yield { severity: 'info', field: nameField, text: what, cure };
			continue;
		}
		const isClusterMade = absence === 'made';
		yield {
			severity: optional || isClusterMade ? 'info' : 'error',
			field: nameField,
			text: `${kind.toLowerCase()} "${name}" not found: ${(optional ? STARTS_WITHOUT : WAITS)[use]}`,
			cure: isClusterMade
				? 'only a cluster has it; add a manifest of it to run the pod here'
				: 'add it to the sources, or correct the name',
		};
	}
}

interface MissingKey {
	readonly reference: ObjectReference;
	readonly object: FoundObject;
	readonly listed: ListedKey;
}

/** Listed keys that their object lacks. Keys of binaryData count only in volumes. */
function* missingKeys({ references, objects }: LintSubject): Iterable<MissingKey> {
	for (const reference of references) {
		const object = findObject(objects, reference.kind, reference.name);
		if (object === undefined) continue;
		for (const listed of reference.keys) {
			if (object.data.has(listed.key)) continue;
			if (reference.use === 'volume' && object.binaryData.has(listed.key)) continue;
			yield { reference, object, listed };
		}
	}
}

function missingKeyCure({ object, listed }: MissingKey): string {
	if (object.clusterKeys.includes(listed.key)) return 'only a cluster sets it; add a value to run the pod here';
	if (object.binaryData.has(listed.key))
		return 'move it from binaryData to data, because binaryData is never part of the environment';
	const keys = [...object.data.keys(), ...object.binaryData.keys()];
	const near = closest(listed.key, keys);
	if (near !== undefined) return `did you mean "${near}"? otherwise add the key`;
	return keys.length === 0 ? 'add the key; the object is empty' : `add the key, or use one of: ${nameList(keys)}`;
}

/** A key that the pod waits for, or that leaves a variable unset. */
export function* missingKey(subject: LintSubject): Iterable<RuleFinding> {
	for (const missing of missingKeys(subject)) {
		const { reference, object, listed } = missing;
		const { use, optional } = reference;
		if (optional && use === 'volume') continue;
		yield {
			severity: optional || object.clusterKeys.includes(listed.key) ? 'info' : 'error',
			field: listed.field,
			text: `${objectName(reference)} has no key "${listed.key}": ${(optional ? STARTS_WITHOUT : WAITS)[use]}`,
			cure: missingKeyCure(missing),
		};
	}
}

/** With `optional`, kubelet silently ignores a misspelt key. */
export function* optionalItemMissing(subject: LintSubject): Iterable<RuleFinding> {
	for (const missing of missingKeys(subject)) {
		const { reference, object, listed } = missing;
		if (!reference.optional || reference.use !== 'volume' || object.clusterKeys.includes(listed.key)) continue;
		yield {
			severity: 'warning',
			field: listed.field,
			text: `${objectName(reference)} has no key "${listed.key}": its file is silently absent, because the volume is optional`,
			cure: missingKeyCure(missing),
		};
	}
}

interface DownwardRef {
	readonly ref: EnvVarSource | undefined;
	readonly use: 'volume' | 'env';
	readonly field: string;
}

/** The downward references of variables and volumes, with their fields. */
function* downwardRefs({ containers, volumes }: LintSubject): Iterable<DownwardRef> {
	for (const { container, field } of containers) {
		for (const [index, { valueFrom }] of container.env.entries()) {
			yield { ref: valueFrom, use: 'env', field: `${field}.env[${index}].valueFrom` };
		}
	}
	for (const { volume, field } of volumes) {
		for (const [list, items] of downwardLists(volume)) {
			for (const [index, { ref }] of items.entries()) {
				yield { ref, use: 'volume', field: `${field}.${list}.items[${index}]` };
			}
		}
	}
}

function downwardLists({ source }: PodVolume): readonly (readonly [field: string, items: readonly DownwardItem[]])[] {
	if (source.kind === 'downwardAPI') return [['downwardAPI', source.items]];
	if (source.kind !== 'projected') return [];
	return source.sources.flatMap((one, index) =>
		one.kind === 'downwardAPI' ? [[`projected.sources[${index}].downwardAPI`, one.items] as const] : [],
	);
}

/** A reference to a resource of an unknown container: an API server accepts it, kubelet does not. */
export function* unknownContainer(subject: LintSubject): Iterable<RuleFinding> {
	const { containers, initContainers } = subject.pod.spec;
	const names = [...containers, ...initContainers].map(({ name }) => name);
	for (const { ref, use, field } of downwardRefs(subject)) {
		if (ref?.kind !== 'resourceFieldRef' || ref.containerName === undefined) continue;
		const { containerName } = ref;
		if (names.includes(containerName)) continue;
		const near = closest(containerName, names);
		yield {
			severity: 'error',
			field: `${field}.resourceFieldRef.containerName`,
			text: `container ${containerName} not found: ${WAITS[use]}`,
			cure: near === undefined ? `use one of: ${nameList(names)}` : `did you mean "${near}"?`,
		};
	}
}
