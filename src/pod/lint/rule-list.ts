/** The list of rules that `lint` prints: one line for each, with its severities and its subject. */

import type { Severity } from './finding.js';

export interface RuleLine {
	readonly rule: string;
	/** The highest first; the finding determines which one applies. */
	readonly severities: readonly Severity[];
	readonly about: string;
}

const E = ['error'] as const;
const W = ['warning'] as const;
const I = ['info'] as const;
const EW = ['error', 'warning'] as const;
const EI = ['error', 'info'] as const;
const WI = ['warning', 'info'] as const;
const ALL = ['error', 'warning', 'info'] as const;

/** `MANIFEST_RULES`, then the rules in the order of `RULES`. */
export const RULE_LIST: readonly RuleLine[] = [
	line('invalid-manifest', E, 'a document, ConfigMap, Secret or workload that kubectl or an API server refuses'),
	line('duplicate-key', W, 'a key that a mapping has twice: kubectl uses the last value'),
	line('duplicate-object', W, 'two versions of an object in one source: the last one counts'),
	line('unknown-field', W, 'a field that Kubernetes does not have, often a misspelling: it has no effect'),
	line('subpath-never-updates', W, 'a file mounted with subPath keeps its first content until the container restarts'),
	line('subpath-directory-empties', W, 'a directory mounted with subPath is empty after the first change'),
	line('subpath-missing', E, 'a subPath that the volume does not have becomes an empty directory'),
	line('subpath-expr-undefined', E, 'a subPathExpr names a variable that has no value: the container does not start'),
	line('path-collision', EW, 'two keys at one path of a volume: one of them is hidden'),
	line('file-directory-conflict', E, 'a path is a file and the directory of another file: the volume is never set up'),
	line('invalid-path', E, 'a path that kubelet or an API server refuses'),
	line('missing-object', ALL, 'a ConfigMap or Secret is in no source; an error unless it is optional'),
	line('missing-key', EI, 'a named key is not in its object; an error unless it is optional'),
	line('optional-item-missing', W, 'a key of an optional volume is silently absent, perhaps misspelt'),
	line('object-too-large', E, 'an object above the 1 MiB that an API server accepts'),
	line('object-nearly-too-large', W, 'an object above 90 % of that limit'),
	line('near-limit', WI, 'an object above or near the 256 KiB that kubectl apply without --server-side can store'),
	line('immutable-object', I, 'an immutable object: its data never changes'),
	line('blank-value', I, 'a value with only white space'),
	line(
		'escaped-value',
		I,
		'a text that kubectl prints as one quoted line, because of tabs, \\r or blanks at the end of a line',
	),
	line('env-name-no-shell', W, 'a variable with a name that shells cannot use'),
	line('env-name-too-new', W, 'a variable with a name that clusters before 1.30 or 1.32 skip or refuse'),
	line('env-from-collision', W, 'two objects of envFrom set the same variable'),
	line('env-from-binary', I, 'binaryData of an object in envFrom, which is never part of the environment'),
	line('env-overrides-env-from', I, 'env overrides a variable of envFrom'),
	line('env-duplicate', W, 'env sets the same variable twice'),
	line('env-value-too-large', E, 'a value above the 128 KiB that Linux allows in one variable'),
	line('env-value-nul', E, 'a value with a NUL, which a variable cannot contain'),
	line('env-trailing-newline', W, 'a one-line value of an object that ends with a newline'),
	line('forward-reference', W, '$(NAME) of a variable that is set further down: it is not expanded'),
	line('undefined-reference', W, '$(NAME) of a variable that is not set'),
	line('service-variable', I, '$(NAME) of a variable of a Service, which only a cluster sets'),
	line('shell-reference', I, '$NAME or its form with braces in a text that no shell interprets'),
	line('expansion-non-ascii', W, 'a $ in front of a character outside of ASCII, which kubelet before 1.36 breaks'),
	line('mode-out-of-range', E, 'a mode above 0777, usually an octal number without its leading zero'),
	line('suspicious-mode', W, 'a decimal mode that looks like an octal one, such as 400'),
	line('unreadable-mode', W, 'files that the user of the container cannot read'),
	line('unknown-container', E, 'a resource of an unknown container: the pod never starts'),
	line('unknown-volume', E, 'a mount of a volume that the pod does not have'),
	line('forbidden-mount-path', E, 'a mountPath that cannot be used, such as / or /proc'),
	line('same-mount-path', EW, 'two mounts at one path'),
	line('hides-system-directory', W, 'a mount over a directory that programs need, such as /etc'),
	line('nested-file-mount', E, 'a file mounted inside another volume, where kubelet creates a directory'),
	line('nested-mount-hides-key', W, 'a mount inside a volume hides one of its keys'),
	line('double-read', I, 'with --walk: an application that walks the volume reads every file more than once'),
	line('unused-volume', W, 'a volume that no container mounts'),
	line('local-volume-kind', I, 'a volume that differs for a local process, such as a persistentVolumeClaim'),
	line('cluster-only-source', I, 'a source of a projected volume that only a cluster has, such as serviceAccountToken'),
];

function line(rule: string, severities: readonly Severity[], about: string): RuleLine {
	return { rule, severities, about };
}
