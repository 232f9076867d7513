/**
 * Rules of an API server for names, paths and selectors of a pod, with its texts. Each function returns the faults of a
 * text, an empty list if it is valid. Pure.
 * Source: kubernetes v1.32 pkg/apis/core/validation, apimachinery util/validation.
 */

import { labelKeyFaults, namespaceFaults, subdomainFaults } from '../../model/validation.js';
import { invalidText, truncated } from './object-reader.js';

export const MODE_TEXT = 'must be a number between 0 and 0777 (octal), both inclusive';
/** Unit: permission bits. */
export const MAX_MODE = 0o777;
export const ID_TEXT = 'must be between 0 and 2147483647, inclusive';
export const MAX_ID = 2_147_483_647;

const RELAXED_ENV_NAME = /^[\x20-\x3c\x3e-\x7e]*$/;
const RELAXED_ENV_NAME_TEXT =
	"a valid environment variable name must consist only of printable ASCII characters other than '='";
const STRICT_ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const STRICT_ENV_NAME_TEXT =
	"a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not " +
	"start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is " +
	"'[-._a-zA-Z][-._a-zA-Z0-9]*')";

/** Faults of the name of a variable, or of a prefix, in current clusters. */
export function envNameFaults(name: string): readonly string[] {
	return RELAXED_ENV_NAME.test(name) ? [] : [RELAXED_ENV_NAME_TEXT];
}

/** The same for clusters before v1.32. Kubelets before v1.30 skip faulty names of `envFrom`. */
export function strictEnvNameFaults(name: string): readonly string[] {
	const faults = STRICT_ENV_NAME.test(name) ? [] : [STRICT_ENV_NAME_TEXT];
	if (name === '.') faults.push("must not be '.'");
	else if (name === '..') faults.push("must not be '..'");
	else if (name.startsWith('..')) faults.push("must not start with '..'");
	return faults;
}

/** Faults of the path of an item in a volume. Source: ValidateLocalNonReservedPath. */
export function itemPathFaults(path: string): readonly string[] {
	const faults = [...descendingPathFaults(path)];
	if (path.startsWith('..') && !path.startsWith('../')) faults.push("must not start with '..'");
	return faults;
}

/** Faults of a subPath. Source: validateLocalDescendingPath. */
export function descendingPathFaults(path: string): readonly string[] {
	return [...(path.startsWith('/') ? ['must be a relative path'] : []), ...backstepFaults(path)];
}

/** Source: validatePathNoBacksteps. */
export function backstepFaults(path: string): readonly string[] {
	return path.split('/').includes('..') ? ["must not contain '..'"] : [];
}

/** Faults of the name of a container or a volume. Source: IsDNS1123Label. */
export const labelFaults = namespaceFaults;

/** Faults of a prefix of a name, which may end in a dash. Source: NameIsDNSSubdomain, prefix. */
export function prefixFaults(name: string): readonly string[] {
	return subdomainFaults(name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name);
}

/** Fields of a pod that a variable may refer to. Sorted, as in the server's texts. */
export const ENV_FIELD_PATHS: ReadonlySet<string> = new Set([
	'metadata.name',
	'metadata.namespace',
	'metadata.uid',
	'spec.nodeName',
	'spec.serviceAccountName',
	'status.hostIP',
	'status.hostIPs',
	'status.podIP',
	'status.podIPs',
]);

/** Fields of a pod that a file in a volume may refer to. Sorted. */
export const VOLUME_FIELD_PATHS: ReadonlySet<string> = new Set([
	'metadata.annotations',
	'metadata.labels',
	'metadata.name',
	'metadata.namespace',
	'metadata.uid',
]);

/** Every field that a reference may name. Source: pkg/apis/core/pods, ConvertDownwardAPIFieldLabel. */
const FIELD_LABELS: ReadonlySet<string> = new Set([
	...ENV_FIELD_PATHS,
	...VOLUME_FIELD_PATHS,
	'spec.restartPolicy',
	'spec.schedulerName',
	'status.phase',
	'spec.host',
]);

const SUBSCRIPTED: ReadonlySet<string> = new Set(['metadata.annotations', 'metadata.labels']);

/** The parts of a field path. */
export interface SubscriptedPath {
	/** `metadata.labels`. */
	readonly path: string;
	/** `app` in `metadata.labels['app']`; undefined for a path without a subscript. */
	readonly subscript: string | undefined;
}

/** Source: pkg/fieldpath, SplitMaybeSubscriptedPath. */
export function splitFieldPath(fieldPath: string): SubscriptedPath {
	const open = fieldPath.indexOf("['");
	if (open <= 0 || !fieldPath.endsWith("']") || open + 4 > fieldPath.length) {
		return { path: fieldPath, subscript: undefined };
	}
	return { path: fieldPath.slice(0, open), subscript: fieldPath.slice(open + 2, -2) };
}

/** Why a reference cannot name the field; undefined if it can. */
export function fieldLabelFault(fieldPath: string): string | undefined {
	const { path, subscript } = splitFieldPath(fieldPath);
	if (subscript === undefined ? FIELD_LABELS.has(path) : SUBSCRIPTED.has(path)) return undefined;
	const rule = subscript === undefined ? 'not supported' : 'does not support subscript';
	return invalidText(fieldPath, `error converting fieldPath: field label ${rule}: ${truncated(fieldPath)}`);
}

/** Faults of the key of an annotation, ignoring case. Source: ValidateAnnotations. */
export function annotationKeyFaults(key: string): readonly string[] {
	return labelKeyFaults(key.toLowerCase());
}

/** Sorted. */
export const CONTAINER_RESOURCES: ReadonlySet<string> = new Set([
	'limits.cpu',
	'limits.ephemeral-storage',
	'limits.memory',
	'requests.cpu',
	'requests.ephemeral-storage',
	'requests.memory',
]);

export function isContainerResource(resource: string): boolean {
	return CONTAINER_RESOURCES.has(resource) || /^(?:limits|requests)\.hugepages-/.test(resource);
}
