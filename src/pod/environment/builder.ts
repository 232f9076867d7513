/**
 * Builds the environment of a container as kubelet does at each start: envFrom in order, then env, which overrides it.
 * Variables of Services are not set. Pure.
 * Source: kubelet v1.32 kubelet_pods.go, makeEnvironmentVariables; fileKeyRef: v1.35.
 */

import { ConfigMapFsError } from '../../base/errors.js';
import type { ConfigMap } from '../../model/config-map.js';
import { formatObjectKey } from '../../model/object-key.js';
import type { Secret } from '../../model/secret.js';
import { isLeftOut } from '../cluster-published.js';
import type { Missing, PodWarning } from '../notices.js';
import type { PodObjects, PodSurroundings } from '../pod-objects.js';
import type { Container, EnvFromSource, EnvVar, EnvVarSource, Pod } from '../pod-spec.js';
import { downwardStandIn, downwardValue } from './downward-value.js';
import { readEnvFile } from './env-file.js';
import type {
	Environment,
	EnvironmentSource,
	EnvironmentVariable,
	GivenVariable,
	VariableOrigin,
} from './environment.js';
import { stringFault } from './exec-limits.js';
import { traceExpansion } from './expansion.js';
import { environmentNameFaults } from './names.js';
import { valueText } from './value-text.js';

export interface EnvironmentOptions {
	/**
	 * Variables that replace those of the pod, wherever it sets or refers to them; their values are not expanded. What a
	 * replaced variable would be read from may be missing. Default: none.
	 */
	readonly given?: ReadonlyMap<string, GivenVariable>;
	/** `--strict-env-names`: skip names of envFrom that break the older rule, as kubelets before 1.30 do. */
	readonly strictNames: boolean;
	/** Reads the file of a fileKeyRef; undefined if absent. Without this function such variables are not available. */
	readonly readFile?: (volumeName: string, path: string) => Buffer | undefined;
}

type FileKeyRef = Extract<EnvVarSource, { readonly kind: 'fileKeyRef' }>;
type ObjectKind = EnvironmentSource['kind'];

/** Names of the kinds in kubelet's messages. */
const KIND_NAMES: Readonly<Record<ObjectKind, { readonly notFound: string; readonly event: string }>> = {
	ConfigMap: { notFound: 'configmap', event: 'configMap' },
	Secret: { notFound: 'secret', event: 'secret' },
};

const OBJECT_KINDS: Readonly<Record<'configMapRef' | 'secretRef' | 'configMapKeyRef' | 'secretKeyRef', ObjectKind>> = {
	configMapRef: 'ConfigMap',
	configMapKeyRef: 'ConfigMap',
	secretRef: 'Secret',
	secretKeyRef: 'Secret',
};

/**
 * Reads each object once, so that all variables have the same version of it. Missing objects are part of the result.
 * Errors: INPUT_INVALID with one line for each variable that execve(2) would refuse, each downward reference that an API
 * server refuses, and each malformed file.
 */
export function buildEnvironment(
	pod: Pod,
	container: Container,
	objects: PodObjects,
	surroundings: PodSurroundings,
	options: EnvironmentOptions,
): Environment {
	return new EnvironmentBuilder(pod, container, objects, surroundings, options).build();
}

/** Describes the origin of a variable: `env[2], key "k" of Secret ns/s`. */
export function originText(origin: VariableOrigin, namespace: string): string {
	const { kind, field, object, key } = origin;
	if (kind === 'value' || kind === 'flag') return field;
	if (kind === 'fieldRef' || kind === 'resourceFieldRef') return `${field}, ${key}`;
	if (kind === 'fileKeyRef') return `${field}, key "${key}" of a file in volume "${object}"`;
	return `${field}, key "${key}" of ${OBJECT_KINDS[kind]} ${formatObjectKey({ namespace, name: object ?? '' })}`;
}

/** A variable without the origins that it overrides. */
type Draft = Pick<EnvironmentVariable, 'name' | 'value' | 'origin'> & Partial<EnvironmentVariable>;

const PLAIN = { expansion: undefined, isSecret: false, standIn: undefined } as const;

function givenDraft(name: string, { value, flag }: GivenVariable): Draft {
	return { name, value, origin: { kind: 'flag', field: flag, object: undefined, key: undefined } };
}

/** The origin that the variable of a manifest would have, without reading it. */
function originOf({ value, valueFrom }: EnvVar, field: string): VariableOrigin {
	if (value !== '' || valueFrom === undefined) return { kind: 'value', field, object: undefined, key: undefined };
	const { kind } = valueFrom;
	switch (kind) {
		case 'configMapKeyRef':
		case 'secretKeyRef':
			return { kind, field, object: valueFrom.name, key: valueFrom.key };
		case 'fieldRef':
			return { kind, field, object: undefined, key: valueFrom.fieldPath };
		case 'resourceFieldRef':
			return { kind, field, object: undefined, key: valueFrom.resource };
		case 'fileKeyRef':
			return { kind, field, object: valueFrom.volumeName, key: valueFrom.key };
	}
}

class EnvironmentBuilder {
	readonly #pod: Pod;
	readonly #container: Container;
	readonly #objects: PodObjects;
	readonly #surroundings: PodSurroundings;
	readonly #options: EnvironmentOptions;
	readonly #given: ReadonlyMap<string, GivenVariable>;
	readonly #path: string;

	readonly #variables = new Map<string, EnvironmentVariable>();
	/** By message, so that several references to one missing object are reported once. */
	readonly #missing = new Map<string, Missing>();
	readonly #warnings: PodWarning[] = [];
	/** Variables whose bytes are not UTF-8. */
	readonly #inexact = new Set<string>();
	readonly #faults: string[] = [];
	/** By kind and name. */
	readonly #sources = new Map<string, EnvironmentSource>();
	readonly #read = new Map<string, ConfigMap | Secret | undefined>();

	constructor(
		pod: Pod,
		container: Container,
		objects: PodObjects,
		surroundings: PodSurroundings,
		options: EnvironmentOptions,
	) {
		this.#pod = pod;
		this.#container = container;
		this.#objects = objects;
		this.#surroundings = surroundings;
		this.#options = options;
		this.#given = options.given ?? new Map();
		this.#path = containerPath(pod, container);
	}

	build(): Environment {
		for (const [index, source] of this.#container.envFrom.entries()) this.#addAll(source, `envFrom[${index}]`);
		for (const [index, variable] of this.#container.env.entries()) this.#add(variable, `env[${index}]`);
		for (const [name, given] of this.#given) {
			if (this.#variables.get(name)?.origin.kind !== 'flag') this.#set(givenDraft(name, given));
		}
		for (const variable of this.#variables.values()) this.#check(variable);
		if (this.#faults.length > 0) throw new ConfigMapFsError('INPUT_INVALID', this.#faults.join('\n'));
		return {
			variables: this.#variables,
			missing: [...this.#missing.values()],
			warnings: this.#warnings,
			sources: [...this.#sources.values()],
		};
	}

	#addAll(source: EnvFromSource, field: string): void {
		const kind = OBJECT_KINDS[source.kind];
		const object = this.#object(kind, source, field);
		if (object === undefined) return;
		const skipped: string[] = [];
		// binaryData is never part of the environment.
		for (const [key, bytes] of object.data) {
			const name = source.prefix + key;
			if (this.#options.strictNames && environmentNameFaults(name, true).length > 0) skipped.push(name);
			else this.#setBytes(name, bytes, { kind: source.kind, field, object: source.name, key });
		}
		if (skipped.length === 0) return;
		const what = `Keys [${skipped.sort().join(', ')}] from the EnvFrom ${KIND_NAMES[kind].event}`;
		const why = 'were skipped since they are considered invalid environment variable names.';
		this.#warn(field, `${what} ${this.#objectKey(source.name)} ${why}`);
	}

	#add(variable: EnvVar, field: string): void {
		const { name, value, valueFrom } = variable;
		const given = this.#given.get(name);
		if (given !== undefined) {
			const origin = originOf(variable, field);
			const overrode = [...this.#overridden(name), origin];
			this.#variables.set(name, { ...PLAIN, ...givenDraft(name, given), overrode });
			this.#inexact.delete(name);
			return;
		}
		if (value !== '' || valueFrom === undefined) {
			this.#setExpanded(name, value, field);
			return;
		}
		switch (valueFrom.kind) {
			case 'configMapKeyRef':
			case 'secretKeyRef':
				this.#setKey(name, valueFrom, field);
				break;
			case 'fieldRef':
			case 'resourceFieldRef':
				this.#setDownward(name, valueFrom, field);
				break;
			case 'fileKeyRef':
				this.#setFileKey(name, valueFrom, field);
				break;
		}
	}

	#setExpanded(name: string, raw: string, field: string): void {
		const lookup = (one: string) => this.#given.get(one)?.value ?? this.#variables.get(one)?.value;
		const { text, references, unresolved } = traceExpansion(raw, lookup);
		const isPlain = text === raw && references.length === 0 && unresolved.length === 0;
		this.#set({
			name,
			value: text,
			origin: { kind: 'value', field, object: undefined, key: undefined },
			expansion: isPlain ? undefined : { raw, references, unresolved },
			isSecret: references.some((one) => !this.#given.has(one) && (this.#variables.get(one)?.isSecret ?? false)),
		});
	}

	#setKey(
		name: string,
		ref: Extract<EnvVarSource, { readonly kind: 'configMapKeyRef' | 'secretKeyRef' }>,
		field: string,
	): void {
		const kind = OBJECT_KINDS[ref.kind];
		const object = this.#object(kind, ref, field);
		if (object === undefined) return;
		const bytes = object.data.get(ref.key);
		if (bytes !== undefined) {
			this.#setBytes(name, bytes, { kind: ref.kind, field, object: ref.name, key: ref.key });
			return;
		}
		if (!ref.optional) this.#reportMissing(`couldn't find key ${ref.key} in ${kind} ${this.#objectKey(ref.name)}`);
		if ('binaryData' in object && object.binaryData.has(ref.key)) {
			const where = `key "${ref.key}" of ConfigMap ${this.#objectKey(ref.name)} is in binaryData`;
			this.#warn(field, `${where}, which is never part of the environment; mount it as a file`);
		}
	}

	#setDownward(name: string, ref: Parameters<typeof downwardValue>[0], field: string): void {
		const key = ref.kind === 'fieldRef' ? ref.fieldPath : ref.resource;
		this.#attempt(`${field}.valueFrom`, () => {
			this.#set({
				name,
				value: downwardValue(ref, this.#pod, this.#container, this.#surroundings),
				origin: { kind: ref.kind, field, object: undefined, key },
				standIn: downwardStandIn(ref, this.#pod, this.#container),
			});
		});
	}

	#setFileKey(name: string, ref: FileKeyRef, field: string): void {
		const { volumeName, path, key, optional } = ref;
		const { readFile } = this.#options;
		if (readFile === undefined) {
			const what = `variable "${name}" comes from file "${path}" of volume "${volumeName}"`;
			if (optional) this.#warn(field, `${what}, which a local process does not have`);
			else this.#reportMissing(`${what}, which a local process does not have`);
			return;
		}
		const bytes = readFile(volumeName, path);
		if (bytes === undefined) {
			if (!optional) this.#reportMissing(`environment variable file "${path}" not found in volume "${volumeName}"`);
			return;
		}
		this.#attempt(`${field}.valueFrom.fileKeyRef: file "${path}" of volume "${volumeName}"`, () => {
			const { text, isExact } = valueText(bytes);
			const value = readEnvFile(text, key);
			if (value !== undefined) {
				this.#set({ name, value, origin: { kind: 'fileKeyRef', field, object: volumeName, key } }, isExact);
			} else if (!optional) {
				this.#reportMissing(`environment variable key "${key}" not found in file "${path}" of volume "${volumeName}"`);
			}
		});
	}

	#setBytes(name: string, bytes: Buffer, origin: VariableOrigin): void {
		const { text, isExact } = valueText(bytes);
		const isSecret = origin.kind === 'secretRef' || origin.kind === 'secretKeyRef';
		this.#set({ name, value: text, origin, isSecret }, isExact);
	}

	#set(draft: Draft, isExact = true): void {
		this.#variables.set(draft.name, { ...PLAIN, ...draft, overrode: this.#overridden(draft.name) });
		if (isExact) this.#inexact.delete(draft.name);
		else this.#inexact.add(draft.name);
	}

	/** The origins that a new value of the variable overrides. A value of the command line is set once. */
	#overridden(name: string): readonly VariableOrigin[] {
		const before = this.#variables.get(name);
		if (before === undefined) return [];
		return before.origin.kind === 'flag' ? before.overrode : [...before.overrode, before.origin];
	}

	/** Reports what execve(2) would refuse, and what is silently lost. */
	#check({ name, value, origin }: EnvironmentVariable): void {
		const what = () => `variable "${name}" (${originText(origin, this.#pod.metadata.namespace)})`;
		const fault = stringFault(`${name}=${value}`);
		if (fault !== undefined) {
			this.#faults.push(`container "${this.#container.name}": ${what()} ${fault}; mount it as a file`);
		}
		if (this.#inexact.has(name)) {
			const text = `${what()} is not UTF-8, and each invalid byte becomes U+FFFD, as in a container; mount it as a file`;
			this.#warn(origin.field, text);
		}
	}

	#object(
		kind: ObjectKind,
		{ name, optional }: { readonly name: string; readonly optional: boolean },
		field: string,
	): ConfigMap | Secret | undefined {
		const id = `${kind}/${name}`;
		if (!this.#read.has(id)) {
			this.#read.set(id, kind === 'ConfigMap' ? this.#objects.configMap(name) : this.#objects.secret(name));
			this.#sources.set(id, { kind, name });
		}
		const object = this.#read.get(id);
		if (object !== undefined || optional) return object;
		if (kind === 'ConfigMap' && isLeftOut('configMap', name, this.#objects)) {
			const text = `ConfigMap "${name}" is not available: only a cluster creates it, so its variables are left out`;
			this.#warn(field, `${text}; add its manifest with -f`);
		} else this.#reportMissing(`${KIND_NAMES[kind].notFound} "${name}" not found`);
		return undefined;
	}

	#attempt(field: string, action: () => void): void {
		try {
			action();
		} catch (error) {
			if (!(error instanceof ConfigMapFsError) || error.code !== 'INPUT_INVALID') throw error;
			this.#faults.push(`${this.#pod.workload.location}: ${this.#path}.${field}: ${error.message}`);
		}
	}

	#reportMissing(message: string): void {
		this.#missing.set(message, { reason: 'CreateContainerConfigError', message });
	}

	#warn(field: string, text: string): void {
		this.#warnings.push({ field: `${this.#path}.${field}`, text });
	}

	#objectKey(name: string): string {
		return formatObjectKey({ namespace: this.#pod.metadata.namespace, name });
	}
}

/** `spec.containers[0]`. */
function containerPath({ spec }: Pod, container: Container): string {
	for (const list of ['containers', 'initContainers'] as const) {
		const index = spec[list].findIndex(({ name }) => name === container.name);
		if (index >= 0) return `spec.${list}[${index}]`;
	}
	return `container "${container.name}"`;
}
