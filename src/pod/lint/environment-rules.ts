/** Rules of `lint` for the variables of a container. Pure. No text contains a value. */

import { MAX_STRING_BYTES } from '../environment/exec-limits.js';
import { environmentNameFaults, isShellName } from '../environment/names.js';
import type { RuleFinding } from './finding.js';
import { nameList } from './name-list.js';
import { objectName } from './object-reference.js';
import type { LintSubject } from './subject.js';
import { findEnvObject, type Variable } from './variable.js';

const NEWLINE = 0x0a;

interface EntryNames {
	readonly list: Variable['list'];
	readonly field: string;
	readonly names: string;
}

/** The variables that `wanted` accepts, grouped by the entry that sets them. */
function* perEntry(subject: LintSubject, wanted: (variable: Variable) => boolean): Iterable<EntryNames> {
	for (const { variables } of subject.containers) {
		const entries = new Map<string, Variable[]>();
		for (const variable of variables.all.filter(wanted)) {
			entries.set(variable.field, [...(entries.get(variable.field) ?? []), variable]);
		}
		for (const [field, found] of entries) {
			const [{ list } = { list: 'env' as const }] = found;
			yield { list, field, names: nameList(found.map(({ name }) => name)) };
		}
	}
}

export function* envNameNoShell(subject: LintSubject): Iterable<RuleFinding> {
	for (const { field, names } of perEntry(subject, ({ name }) => !isShellName(name))) {
		yield {
			severity: 'warning',
			field,
			text: `shells cannot use these variables, and many drop them: ${names}`,
			cure: 'use only letters, digits and _: rename the key, or set the variable with env and valueFrom',
		};
	}
}

const OLD_CLUSTERS: Readonly<Record<Variable['list'], string>> = {
	envFrom: 'clusters before 1.30 skip these variables',
	env: 'clusters before 1.32 refuse a pod with these variables',
};

export function* envNameTooNew(subject: LintSubject): Iterable<RuleFinding> {
	const isTooNew = ({ name }: Variable) => environmentNameFaults(name, true).length > 0;
	for (const { list, field, names } of perEntry(subject, isTooNew)) {
		yield {
			severity: 'warning',
			field,
			text: `${OLD_CLUSTERS[list]}: ${names}`,
			cure: 'rename them, or add a prefix that begins with a letter',
		};
	}
}

export function* envFromCollision(subject: LintSubject): Iterable<RuleFinding> {
	for (const { variables } of subject.containers) {
		const last = new Map<string, Variable>();
		const hidden = new Map<
			string,
			{ readonly earlier: Variable; readonly later: Variable; readonly names: string[] }
		>();
		for (const variable of variables.all.filter(({ list }) => list === 'envFrom')) {
			const earlier = last.get(variable.name);
			last.set(variable.name, variable);
			if (earlier === undefined) continue;
			const pair = `${earlier.index} ${variable.index}`;
			const known = hidden.get(pair) ?? { earlier, later: variable, names: [] };
			known.names.push(variable.name);
			hidden.set(pair, known);
		}
		for (const { earlier, later, names } of hidden.values()) {
			yield {
				severity: 'warning',
				field: later.field,
				text: `${later.origin} overrides variables of ${earlier.origin} (envFrom[${earlier.index}]): ${nameList(names)}`,
				cure: 'add a prefix to one of them, or remove the keys from one',
			};
		}
	}
}

export function* envOverridesEnvFrom(subject: LintSubject): Iterable<RuleFinding> {
	for (const { variables } of subject.containers) {
		const fromObjects = new Map(variables.all.filter(({ list }) => list === 'envFrom').map((one) => [one.name, one]));
		for (const { list, name, field } of variables.all) {
			const under = list === 'env' ? fromObjects.get(name) : undefined;
			if (under === undefined) continue;
			yield {
				severity: 'info',
				field,
				text: `"${name}" overrides the variable of ${under.origin} (envFrom[${under.index}])`,
				cure: 'remove one of them if this is not intended',
			};
		}
	}
}

export function* envDuplicate(subject: LintSubject): Iterable<RuleFinding> {
	for (const { variables } of subject.containers) {
		const earlier = new Map<string, Variable>();
		for (const variable of variables.all.filter(({ list }) => list === 'env')) {
			const { name, field } = variable;
			const other = earlier.get(name);
			earlier.set(name, variable);
			if (other === undefined) continue;
			const text = `env[${other.index}] sets "${name}" too; this entry wins`;
			yield { severity: 'warning', field, text, cure: 'remove one of them' };
		}
	}
}

export function* envValueTooLarge(subject: LintSubject): Iterable<RuleFinding> {
	for (const { variables } of subject.containers) {
		for (const { name, bytes, field } of variables.all) {
			const size = Buffer.byteLength(name) + 1 + (bytes?.length ?? 0);
			if (size <= MAX_STRING_BYTES) continue;
			yield {
				severity: 'error',
				field,
				text: `"${name}" and its value take ${size} bytes; Linux allows ${MAX_STRING_BYTES} in one variable`,
				cure: 'mount it as a file',
			};
		}
	}
}

export function* envValueNul(subject: LintSubject): Iterable<RuleFinding> {
	for (const { field, names } of perEntry(subject, ({ bytes }) => bytes?.includes(0) === true)) {
		const text = `these values contain a NUL character, which a variable cannot: ${names}`;
		yield { severity: 'error', field, text, cure: 'mount it as a file' };
	}
}

/** A one-line value with a newline at its end, as `echo` and editors write it. */
export function* envTrailingNewline(subject: LintSubject): Iterable<RuleFinding> {
	const ends = ({ isKey, bytes }: Variable) =>
		isKey && bytes !== undefined && bytes.length > 1 && bytes.indexOf(NEWLINE) === bytes.length - 1;
	for (const { field, names } of perEntry(subject, ends)) {
		const text = `these values end with a newline, which becomes part of the variable: ${names}`;
		yield { severity: 'warning', field, text, cure: 'remove the newline from the value (in YAML: |- instead of |)' };
	}
}

export function* envFromBinary({ containers, objects }: LintSubject): Iterable<RuleFinding> {
	for (const { container, field } of containers) {
		for (const [index, source] of container.envFrom.entries()) {
			const object = findEnvObject(source, objects);
			if (object === undefined || object.binaryData.size === 0) continue;
			yield {
				severity: 'info',
				field: `${field}.envFrom[${index}]`,
				text: `binaryData of ${objectName(object)} is never part of the environment: ${nameList(object.binaryData.keys())}`,
				cure: 'move text to data, or mount the keys as files',
			};
		}
	}
}
