/**
 * A container's environment as `configmapfs env -o json` prints it: one `EnvReport` object. Fields may be added within
 * `v1`, never renamed or removed. The value of a Secret is `null` unless --show-secrets is given. Pure.
 */

import { fieldPath, type ObjectLocations } from '../../explain/object-locations.js';
import type { SelectedPod } from '../../inputs/pod-reader.js';
import type { Environment, EnvironmentVariable, VariableOrigin } from '../../pod/environment/environment.js';
import { expand } from '../../pod/environment/expansion.js';
import { isShellName } from '../../pod/environment/names.js';
import { specField } from '../../pod/lint/subject.js';
import type { Missing } from '../../pod/notices.js';
import type { PodObjects } from '../../pod/pod-objects.js';
import type { Container, Pod } from '../../pod/pod-spec.js';

export const ENV_SCHEMA = 'configmapfs.env/v1';

/** Replaces the value of a Secret inside a longer text. */
export const MASK = '******';

export interface EnvReport {
	readonly schema: typeof ENV_SCHEMA;
	readonly pod: {
		readonly name: string;
		readonly namespace: string;
		/** `deployment/web`. */
		readonly workload: string;
		/** Location: `file:line:column`, or the source for an object of a cluster. */
		readonly place: string;
	};
	readonly container: string;
	/** Expanded; `null` if the image's command runs. */
	readonly command: readonly string[] | null;
	/** Expanded; `null` if there are none, or with `command` also `null`, if the image's run. */
	readonly args: readonly string[] | null;
	/** Inherited variables first, then in kubelet's order: `envFrom`, then `env`. */
	readonly variables: readonly ReportedVariable[];
	/** Why the container cannot start; if not empty, `variables` is incomplete. */
	readonly missing: readonly Missing[];
	/** Optional references to missing objects and keys, which set nothing. */
	readonly leftOut: readonly LeftOut[];
	readonly warnings: readonly ReportedWarning[];
}

export interface ReportedVariable {
	readonly name: string;
	/** `null` if it contains the value of a Secret. */
	readonly value: string | null;
	/** Size of the value in UTF-8. */
	readonly bytes: number;
	readonly isSecret: boolean;
	/** Whether `$NAME` works in a POSIX shell; programs can read any name. */
	readonly isShellName: boolean;
	readonly origin: ReportedOrigin;
	/** Earlier origins of the variable, the first one first. */
	readonly overrode: readonly ReportedOrigin[];
	/** `null` if there was nothing to expand. */
	readonly expansion: EnvironmentVariable['expansion'] | null;
	/** The local value that replaces a property of the node; `null` if the value does not depend on a node. */
	readonly standIn: string | null;
}

export interface ReportedOrigin {
	/** Besides the kinds of manifests: `flag` of the command line, `inherited` from the caller, `hostname` as a container runtime sets it. */
	readonly kind: VariableOrigin['kind'] | 'inherited' | 'hostname';
	/** `envFrom[0]`, `env[2]`; for a flag `-e NAME`; `null` if the variable is inherited. */
	readonly field: string | null;
	/** Name of the ConfigMap, Secret or volume. */
	readonly object: string | null;
	/** Key in that object, or the path of a field or resource. */
	readonly key: string | null;
	/** Location of the value, `file:line:column`; `null` if it is not in a file. */
	readonly place: string | null;
}

export interface ReportedWarning {
	/** The field of the pod: `spec.containers[0].env[2]`. */
	readonly place: string;
	readonly text: string;
}

export interface LeftOut {
	/** `null` for all keys of an object. */
	readonly name: string | null;
	/** `envFrom[0]`, `env[2]`. */
	readonly field: string;
	/** `configMap "app" not found`. */
	readonly text: string;
}

export interface EnvReportInput {
	readonly selected: SelectedPod;
	readonly environment: Environment;
	readonly objects: PodObjects;
	readonly locations: ObjectLocations;
	/** Variables from the caller's environment. */
	readonly inherited: Readonly<Record<string, string>>;
	readonly showSecrets: boolean;
}

export function envReport(input: EnvReportInput): EnvReport {
	const { selected, environment, objects } = input;
	const { pod, container } = selected;
	const { workload, metadata } = pod;
	const words = (list: readonly string[] | undefined) =>
		list === undefined || list.length === 0 ? null : list.map((word) => expand(word, maskedLookup(input)));
	return {
		schema: ENV_SCHEMA,
		pod: {
			name: metadata.name,
			namespace: metadata.namespace,
			workload: `${workload.kind.toLowerCase()}/${workload.name}`,
			place: workload.location,
		},
		container: container.name,
		command: words(container.command),
		args: words(container.args),
		variables: [...inheritedVariables(input), ...ownVariables(input)],
		missing: environment.missing,
		leftOut: leftOut(container, environment, objects),
		warnings: environment.warnings.map(({ field, text }) => ({ place: field, text })),
	};
}

function maskedLookup({ environment, showSecrets }: EnvReportInput): (name: string) => string | undefined {
	return (name) => {
		const variable = environment.variables.get(name);
		return variable?.isSecret === true && !showSecrets ? MASK : variable?.value;
	};
}

/** Origin of a variable that the pod does not set. */
function inheritedOrigin(name: string): ReportedOrigin {
	const kind = name === 'HOSTNAME' ? 'hostname' : 'inherited';
	return { kind, field: null, object: null, key: null, place: null };
}

function inheritedVariables({ inherited, environment }: EnvReportInput): readonly ReportedVariable[] {
	const names = Object.keys(inherited).filter((name) => !environment.variables.has(name));
	return names.map((name) => {
		const value = inherited[name] ?? '';
		return {
			name,
			value,
			bytes: Buffer.byteLength(value),
			isSecret: false,
			isShellName: isShellName(name),
			origin: inheritedOrigin(name),
			overrode: [],
			expansion: null,
			standIn: null,
		};
	});
}

function ownVariables({
	environment,
	inherited,
	locations: places,
	selected,
	showSecrets,
}: EnvReportInput): readonly ReportedVariable[] {
	const origins = new Origins(selected, places);
	return [...environment.variables.values()].map((variable) => {
		const { name, value, origin, overrode, expansion, isSecret, standIn } = variable;
		return {
			name,
			value: isSecret && !showSecrets ? null : value,
			bytes: Buffer.byteLength(value),
			isSecret,
			isShellName: isShellName(name),
			origin: origins.report(origin),
			overrode: [
				...(Object.hasOwn(inherited, name) ? [inheritedOrigin(name)] : []),
				...overrode.map((earlier) => origins.report(earlier)),
			],
			expansion: expansion ?? null,
			standIn: standIn ?? null,
		};
	});
}

class Origins {
	readonly #pod: Pod;
	readonly #places: ObjectLocations;
	/** `spec.template.spec.containers[0]`. */
	readonly #container: string;

	constructor({ pod, container }: SelectedPod, places: ObjectLocations) {
		this.#pod = pod;
		this.#places = places;
		const list = pod.spec.containers.some(({ name }) => name === container.name) ? 'containers' : 'initContainers';
		const index = pod.spec[list].findIndex(({ name }) => name === container.name);
		this.#container = `${specField(pod.workload.kind)}.${list}[${index}]`;
	}

	report(origin: VariableOrigin): ReportedOrigin {
		const { kind, field, object = null, key = null } = origin;
		return { kind, field, object, key, place: this.#placeOf(origin) ?? null };
	}

	#placeOf({ kind, field, object, key }: VariableOrigin): string | undefined {
		if (kind === 'flag') return undefined;
		const isSecret = kind === 'secretRef' || kind === 'secretKeyRef';
		if (isSecret || kind === 'configMapRef' || kind === 'configMapKeyRef') {
			const { namespace } = this.#pod.metadata;
			return this.#places.ofValue(isSecret ? 'Secret' : 'ConfigMap', { namespace, name: object ?? '' }, key ?? '');
		}
		const path = fieldPath(`${this.#container}.${field}.${kind === 'value' ? 'value' : `valueFrom.${kind}`}`);
		return this.#places.within(this.#pod.workload.location, path);
	}
}

/** Optional references to missing objects and keys. Required ones are in `environment.missing`. */
function leftOut(container: Container, environment: Environment, objects: PodObjects): readonly LeftOut[] {
	const found: LeftOut[] = [];
	for (const [index, { kind, name, optional }] of container.envFrom.entries()) {
		const object = kind === 'secretRef' ? objects.secret(name) : objects.configMap(name);
		const text = `${kind === 'secretRef' ? 'secret' : 'configmap'} "${name}" not found`;
		if (optional && object === undefined) found.push({ name: null, field: `envFrom[${index}]`, text });
	}
	const set = new Set(
		[...environment.variables.values()].flatMap(({ origin, overrode }) =>
			[origin, ...overrode].map(({ field }) => field),
		),
	);
	for (const [index, { name, value, valueFrom }] of container.env.entries()) {
		const field = `env[${index}]`;
		if (value !== '' || valueFrom === undefined || !('optional' in valueFrom)) continue;
		if (!valueFrom.optional || set.has(field)) continue;
		found.push({ name, field, text: absenceText(valueFrom, objects) });
	}
	return found;
}

type OptionalSource = Extract<
	NonNullable<Container['env'][number]['valueFrom']>,
	{ readonly kind: 'configMapKeyRef' | 'secretKeyRef' | 'fileKeyRef' }
>;

function absenceText(source: OptionalSource, objects: PodObjects): string {
	if (source.kind === 'fileKeyRef') return `volume "${source.volumeName}" has no such file or key`;
	const { kind, name, key } = source;
	const object = kind === 'secretKeyRef' ? objects.secret(name) : objects.configMap(name);
	const word = kind === 'secretKeyRef' ? 'secret' : 'configmap';
	return object === undefined ? `${word} "${name}" not found` : `${word} "${name}" has no key "${key}"`;
}

/** The origin of a value for people: `ConfigMap app, key color (envFrom[0])`. */
export function originWords({ kind, field, object, key }: ReportedOrigin): string {
	switch (kind) {
		case 'inherited':
			return 'your environment';
		case 'hostname':
			return 'name of the pod';
		case 'value':
			return `value (${field})`;
		case 'flag':
			return `${field}`;
		case 'fieldRef':
			return `field ${key} (${field})`;
		case 'resourceFieldRef':
			return `resource ${key} (${field})`;
		case 'fileKeyRef':
			return `volume ${object}, key ${key} (${field})`;
		case 'configMapRef':
		case 'configMapKeyRef':
			return `ConfigMap ${object}, key ${key} (${field})`;
		case 'secretRef':
		case 'secretKeyRef':
			return `Secret ${object}, key ${key} (${field})`;
	}
}
