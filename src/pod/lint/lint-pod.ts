/**
 * What is likely to be wrong with a pod and the objects that it names: found from the manifests alone, before anything
 * runs. Pure and deterministic.
 */

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
import { type AbsenceOf, type LintSubject, lintSubject } from './subject.js';
import * as volume from './volume-rules.js';

export interface LintInput {
	/** Undefined: its workload is invalid, and only the violations can be told. */
	readonly pod: Pod | undefined;
	readonly objects: PodObjects;
	/** What is wrong with manifests, found while they were read. */
	readonly violations: readonly LintViolation[];
	/** Also what an application would see that walks its volumes; default is no. */
	readonly walk?: boolean;
	/** Only this container, and the volumes that it uses; default is all of the pod. */
	readonly container?: string | undefined;
	/** Of objects that `objects` has not; default is that nobody has them. */
	readonly absenceOf?: AbsenceOf;
}

export interface LintViolation {
	/** `file:line:column`. */
	readonly location: string;
	/** The API server's or the reader's own text. */
	readonly text: string;
}

type Rule = (subject: LintSubject) => Iterable<RuleFinding>;

/** Every rule that looks at a pod, by its name. */
export const RULES: Readonly<Record<string, Rule>> = {
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
	'object-too-large': object.objectTooLarge,
	'object-nearly-too-large': object.objectNearlyTooLarge,
	'immutable-object': object.immutableObject,
	'blank-value': object.blankValue,
	'escaped-value': object.escapedValue,
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

/** The rule of what was found while manifests were read. */
export const INVALID_MANIFEST = 'invalid-manifest';

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Errors first, then by location, field, rule and text. Errors: none. */
export function lintPod(input: LintInput): readonly Finding[] {
	const { pod, objects, violations, walk = false, container, absenceOf = () => 'missing' } = input;
	const findings: Finding[] = violations.map(({ location, text }) => ({
		severity: 'error',
		rule: INVALID_MANIFEST,
		location,
		field: '',
		text,
		cure: 'correct the manifest; until then nothing of the object is used',
	}));
	if (pod !== undefined) {
		const subject = lintSubject(pod, objects, { walk, container, absenceOf });
		for (const [rule, problemsOf] of Object.entries(RULES)) {
			for (const problem of problemsOf(subject)) findings.push({ ...problem, rule, location: pod.workload.location });
		}
	}
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
