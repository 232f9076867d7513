/**
 * Checks workloads together with the objects that they refer to, and objects that no workload refers to. Each finding has
 * the location of its field; a finding that several workloads share is reported once. Pure but for its input.
 */

import { ConfigMapFsError } from '../base/errors.js';
import type { PodCatalog } from '../inputs/pod-catalog.js';
import { appliedAnnotationBytes } from '../model/last-applied.js';
import type { ManifestObject } from '../model/manifest-object.js';
import { formatObjectKey, type ObjectKey } from '../model/object-key.js';
import { fieldText } from '../pod/decode/object-reader.js';
import { decodePod } from '../pod/decode/pod.js';
import type { Finding, Severity } from '../pod/lint/finding.js';
import { type LintViolation, lintObjects, lintPod } from '../pod/lint/lint-pod.js';
import type { ObjectKind } from '../pod/lint/object-reference.js';
import type { Absence } from '../pod/lint/subject.js';
import type { Pod } from '../pod/pod-spec.js';
import { workloadTitle } from '../pod/workload.js';
import type { SourceObject } from '../store/source.js';
import { fieldPath, type LocatedKind, type ObjectLocations } from './object-locations.js';

/** A finding about one workload, or about a manifest. */
export interface WorkloadFinding extends Finding {
	/** `deployment/web`; undefined for a finding about a manifest. */
	readonly workload: string | undefined;
}

export interface WorkloadLintInput {
	readonly workloads: readonly ManifestObject[];
	/** ConfigMaps and Secrets to check even if no workload names them; objects of other kinds are ignored. */
	readonly objects: readonly SourceObject[];
	readonly catalog: PodCatalog;
	readonly locations: ObjectLocations;
	/** The problems of the sources. */
	readonly violations: readonly LintViolation[];
	/** Check only this container of each workload, and ignore workloads without it. */
	readonly container: string | undefined;
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	/** See LintInput. */
	readonly walk: boolean;
	/** Whether there may be Secrets that are not read: a cluster is not asked for Secrets. */
	readonly secretsElsewhere: boolean;
}

export interface WorkloadLint {
	/** Sorted by location. */
	readonly findings: readonly WorkloadFinding[];
	readonly workloadCount: number;
	/** ConfigMaps and Secrets of `objects`, each object once. */
	readonly configMapCount: number;
	readonly secretCount: number;
}

const KINDS: Readonly<Record<ObjectKind, LocatedKind>> = { configMap: 'ConfigMap', secret: 'Secret' };
const OBJECT_KINDS: Readonly<Partial<Record<string, ObjectKind>>> = { ConfigMap: 'configMap', Secret: 'secret' };
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
const COLLATOR = new Intl.Collator('en', { numeric: true });
/** `configmap/app`, `configmap/app immutable`, `secret/key data[tls.key]`. */
const OBJECT_FIELD = /^(configmap|secret)\/(\S+)(?: (\w+)(?:\[(.*)\])?)?$/s;

/** Errors: INPUT_MISSING if no workload has the container. */
export function lintWorkloads(input: WorkloadLintInput): WorkloadLint {
	const lint = new Lint(input);
	lint.addObjects(input.objects);
	for (const workload of input.workloads) lint.add(workload);
	return lint.result();
}

class Lint {
	readonly #input: WorkloadLintInput;
	readonly #findings: WorkloadFinding[];
	#count = 0;
	readonly #counts: Record<LocatedKind, number> = { ConfigMap: 0, Secret: 0 };

	constructor(input: WorkloadLintInput) {
		this.#input = input;
		const { violations } = input;
		const nothing = { configMap: () => undefined, secret: () => undefined };
		this.#findings = lintPod({ pod: undefined, objects: nothing, violations }).map((finding) => ({
			...finding,
			workload: undefined,
		}));
	}

	/** To be called first, so that findings that a workload shares name the workload. */
	addObjects(all: readonly SourceObject[]): void {
		// The last version of an object is that of the highest layer.
		const objects = new Map(all.map((object) => [`${object.type} ${formatObjectKey(object.key)}`, object]));
		for (const { type, key, location } of objects.values()) {
			const kind = OBJECT_KINDS[type];
			if (kind === undefined) continue;
			this.#counts[KINDS[kind]] += 1;
			const found = lintObjects({
				objects: this.#input.catalog.objects(key.namespace),
				references: [{ kind, name: key.name }],
				appliedBytesOf: (_kind, name) => this.#appliedBytesOf(kind, { namespace: key.namespace, name }),
			});
			for (const finding of found) {
				const located = this.#locationOf(finding, key.namespace) ?? location;
				this.#findings.push({ ...finding, location: located, workload: undefined });
			}
		}
	}

	add(object: ManifestObject & { locate?(path: readonly (string | number)[]): string }): void {
		const { catalog, defaultNamespace, walk, container } = this.#input;
		const { readable: pod, violations } = decodePod(object, { defaultNamespace });
		if (pod !== undefined && container !== undefined && !hasContainer(pod, container)) return;
		this.#count += 1;
		const namespace = pod?.metadata.namespace ?? object.namespace ?? defaultNamespace;
		const found = lintPod({
			pod,
			objects: catalog.objects(namespace),
			violations: violations.map(({ path, text }) => ({
				location: object.locate?.(path) ?? object.location,
				field: fieldText(path),
				text,
			})),
			walk,
			container,
			absenceOf: (kind, name) => this.#absenceOf(kind, { namespace, name }),
			appliedBytesOf: (kind, name) => this.#appliedBytesOf(kind, { namespace, name }),
		});
		const workload = workloadTitle(object);
		for (const finding of found) {
			const location = this.#locationOf(finding, namespace) ?? finding.location;
			this.#findings.push({ ...finding, location, workload });
		}
	}

	result(): WorkloadLint {
		const { container, workloads } = this.#input;
		if (container !== undefined && this.#count === 0 && workloads.length > 0) {
			const cure = 'omit -c to check all containers';
			throw new ConfigMapFsError('INPUT_MISSING', `no workload has a container named "${container}"; ${cure}`);
		}
		const once = new Map(this.#findings.map((finding) => [identity(finding), finding]));
		const { ConfigMap: configMapCount, Secret: secretCount } = this.#counts;
		const findings = [...once.values()].sort(compareFindings);
		return { findings, workloadCount: this.#count, configMapCount, secretCount };
	}

	#appliedBytesOf(kind: ObjectKind, key: ObjectKey): number | undefined {
		const value = this.#input.locations.valueOf(KINDS[kind], key);
		return value === undefined ? undefined : appliedAnnotationBytes(value, key.namespace);
	}

	#absenceOf(kind: ObjectKind, key: ObjectKey): Absence {
		const { locations: places, secretsElsewhere } = this.#input;
		if (places.has(KINDS[kind], key)) return 'invalid';
		if (kind === 'secret' && places.isMadeSecret(key)) return 'made';
		return kind === 'secret' && secretsElsewhere ? 'unread' : 'missing';
	}

	#locationOf({ field, location }: Finding, namespace: string): string | undefined {
		const { locations: places } = this.#input;
		if (field === '') return undefined;
		const object = OBJECT_FIELD.exec(field);
		if (object === null) return places.within(location, fieldPath(field));
		const [, word, name = '', part, entry] = object;
		const kind = word === 'secret' ? 'Secret' : 'ConfigMap';
		if (entry !== undefined) return places.ofValue(kind, { namespace, name }, entry);
		return places.of(kind, { namespace, name }, part === undefined ? [] : [part]);
	}
}

function hasContainer({ spec }: Pod, name: string): boolean {
	return [...spec.initContainers, ...spec.containers].some((one) => one.name === name);
}

/** Equal for findings of several workloads about one field. */
function identity({ rule, location, field, text }: WorkloadFinding): string {
	return JSON.stringify([rule, location, field, text]);
}

function compareFindings(a: WorkloadFinding, b: WorkloadFinding): number {
	return (
		COLLATOR.compare(a.location, b.location) ||
		SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
		COLLATOR.compare(a.field, b.field) ||
		COLLATOR.compare(a.rule, b.rule) ||
		COLLATOR.compare(a.text, b.text)
	);
}
