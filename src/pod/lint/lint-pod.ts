/** Finds likely faults of a pod and of objects, from the manifests alone. Pure and deterministic. */

import type { PodObjects } from '../pod-objects.js';
import type { Pod } from '../pod-spec.js';
import * as environment from './environment-rules.js';
import * as expansion from './expansion-rules.js';
import type { Finding, RuleFinding, Severity } from './finding.js';
import * as mode from './mode-rules.js';
import * as mount from './mount-rules.js';
import * as object from './object-rules.js';
import * as path from './path-rules.js';
import * as reference from './reference-rules.js';
import * as subPath from './sub-path-rules.js';
import { type AbsenceOf, type AppliedBytesOf, type LintSubject, lintSubject, type ObjectSubject } from './subject.js';
import * as volume from './volume-rules.js';

export interface LintInput {
	/** Fields with violations have zero values. Undefined if there is no pod: then only violations are reported. */
	readonly pod: Pod | undefined;
	readonly objects: PodObjects;
	/** Faults that the reader of the manifests found. */
	readonly violations: readonly LintViolation[];
	/** Also report what matters to applications that walk their volumes. Default: false. */
	readonly walk?: boolean;
	/** Check only this container and its volumes. Default: all containers. */
	readonly container?: string | undefined;
	/** Why `objects` lacks an object. Default: it is missing. */
	readonly absenceOf?: AbsenceOf;
	/** Default: no manifest contains the objects. */
	readonly appliedBytesOf?: AppliedBytesOf;
}

export interface LintViolation {
	/** `file:line:column`. */
	readonly location: string;
	/** Path of the faulty field, such as `spec.containers[0].env`. Default: unknown. */
	readonly field?: string;
	/** Text of the API server or the reader. */
	readonly text: string;
	/** The rule, if the object is used; absent for an error. */
	readonly warning?: keyof typeof MANIFEST_CURES | undefined;
}

type Rule<S> = (subject: S) => Iterable<RuleFinding>;

/** The rules for single ConfigMaps and Secrets, by name. */
const OBJECT_RULES = {
	'object-too-large': object.objectTooLarge,
	'object-nearly-too-large': object.objectNearlyTooLarge,
	'near-limit': object.nearLimit,
	'immutable-object': object.immutableObject,
	'blank-value': object.blankValue,
	'escaped-value': object.escapedValue,
} as const satisfies Readonly<Record<string, Rule<ObjectSubject>>>;

/** The rules for pods and for the objects that they name, by name. */
export const RULES: Readonly<Record<string, Rule<LintSubject>>> = {
	'subpath-never-updates': subPath.subPathNeverUpdates,
	'subpath-directory-empties': subPath.subPathDirectoryEmpties,
	'subpath-missing': subPath.subPathMissing,
	'subpath-expr-undefined': expansion.subPathExprUndefined,
	'path-collision': path.pathCollision,
	'file-directory-conflict': path.fileDirectoryConflict,
	'invalid-path': path.invalidPath,
	'missing-object': reference.missingObject,
	'missing-key': reference.missingKey,
	'optional-item-missing': reference.optionalItemMissing,
	...OBJECT_RULES,
	'env-name-no-shell': environment.envNameNoShell,
	'env-name-too-new': environment.envNameTooNew,
	'env-from-collision': environment.envFromCollision,
	'env-from-binary': environment.envFromBinary,
	'env-overrides-env-from': environment.envOverridesEnvFrom,
	'env-duplicate': environment.envDuplicate,
	'env-value-too-large': environment.envValueTooLarge,
	'env-value-nul': environment.envValueNul,
	'env-trailing-newline': environment.envTrailingNewline,
	'forward-reference': expansion.forwardReference,
	'undefined-reference': expansion.undefinedReference,
	'service-variable': expansion.serviceVariable,
	'shell-reference': expansion.shellReference,
	'expansion-non-ascii': expansion.expansionNonAscii,
	'mode-out-of-range': mode.modeOutOfRange,
	'suspicious-mode': mode.suspiciousMode,
	'unreadable-mode': mode.unreadableMode,
	'unknown-container': reference.unknownContainer,
	'unknown-volume': mount.unknownVolume,
	'forbidden-mount-path': mount.forbiddenMountPath,
	'same-mount-path': mount.sameMountPath,
	'hides-system-directory': mount.hidesSystemDirectory,
	'nested-file-mount': mount.nestedFileMount,
	'nested-mount-hides-key': mount.nestedMountHidesKey,
	'double-read': mount.doubleRead,
	'unused-volume': volume.unusedVolume,
	'local-volume-kind': volume.localVolumeKind,
	'cluster-only-source': volume.clusterOnlySource,
};

/** The rule of errors that the reader of the manifests found. */
export const INVALID_MANIFEST = 'invalid-manifest';

/** The cures of faults that the reader of the manifests found, by rule. */
const MANIFEST_CURES = {
	[INVALID_MANIFEST]: 'correct the manifest; until then the object is ignored',
	'duplicate-key': 'remove one of the two',
	'duplicate-object': 'remove one of the two, or rename it',
	'unknown-field': 'correct the field or remove it; kubectl refuses it unless --validate=warn is given',
} as const;

export const MANIFEST_RULES: readonly string[] = Object.keys(MANIFEST_CURES);

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Errors first, then by location, field, rule and text. Errors: none. */
export function lintPod(input: LintInput): readonly Finding[] {
	const { pod, objects, violations, walk = false, container } = input;
	const { absenceOf = () => 'missing', appliedBytesOf = () => undefined } = input;
	const findings: Finding[] = violations.map(({ location, text, warning }) => {
		const rule = warning ?? INVALID_MANIFEST;
		const severity = warning === undefined ? 'error' : 'warning';
		return { severity, rule, location, field: '', text, cure: MANIFEST_CURES[rule] };
	});
	if (pod !== undefined) {
		const subject = lintSubject(pod, objects, { walk, container, absenceOf, appliedBytesOf });
		const faulty = violations.flatMap(({ field }) => field ?? []);
		for (const [rule, problemsOf] of Object.entries(RULES)) {
			if (dependsOnFaulty(rule, faulty)) continue;
			for (const problem of problemsOf(subject)) {
				if (faulty.some((field) => isAtOrBelow(problem.field, field))) continue;
				findings.push({ ...problem, rule, location: pod.workload.location });
			}
		}
	}
	return findings.sort(compareFindings);
}

/** A list, or the name of one of its entries, that other fields refer to. */
const REFERRED =
	/(^|\.)(spec|template|volumes|volumeMounts|volumeDevices|(initC|c)ontainers|env|envFrom)(\[\d+\](\.(name|prefix))?)?$/;
/** Rules that report that an entry of a list is absent. */
const ABSENCE_RULES = new Set([
	'subpath-expr-undefined',
	'undefined-reference',
	'service-variable',
	'unknown-container',
	'unknown-volume',
	'unused-volume',
]);

/** Whether the rule would report as absent an entry that is only misspelt. */
function dependsOnFaulty(rule: string, faulty: readonly string[]): boolean {
	return ABSENCE_RULES.has(rule) && faulty.some((field) => REFERRED.test(field));
}

/** The violation says enough about its field. */
function isAtOrBelow(field: string, faulty: string): boolean {
	return field.startsWith(faulty) && /^(?:[.[]|$)/.test(field.slice(faulty.length));
}

/** Checks objects without a pod. The findings have no location. Errors: none. */
export function lintObjects(subject: ObjectSubject): readonly Finding[] {
	const findings = Object.entries(OBJECT_RULES).flatMap(([rule, problemsOf]) =>
		[...problemsOf(subject)].map((problem) => ({ ...problem, rule, location: '' })),
	);
	return findings.sort(compareFindings);
}

function compareFindings(a: Finding, b: Finding): number {
	return (
		SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
		COLLATOR.compare(a.location, b.location) ||
		COLLATOR.compare(a.field, b.field) ||
		COLLATOR.compare(a.rule, b.rule) ||
		COLLATOR.compare(a.text, b.text)
	);
}
