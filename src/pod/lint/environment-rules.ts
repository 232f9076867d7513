/** Rules of `lint` about the variables of a container. Pure; no text repeats a value. */

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

/** The variables that `wanted` accepts, together for each entry of a list. */
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
			text: `no shell can use these variables, and many drop them: ${names}`,
			cure: 'use letters, digits and _ only: rename the key, or set it with env and valueFrom',
		};
	}
}

const OLD_CLUSTERS: Readonly<Record<Variable['list'], string>> = {
	envFrom: 'clusters before 1.30 leave these variables out, later ones set them',
	env: 'clusters before 1.32 refuse a pod with these names',
};

export function* envNameTooNew(subject: LintSubject): Iterable<RuleFinding> {
	const isTooNew = ({ name }: Variable) => environmentNameFaults(name, true).length > 0;
	for (const { list, field, names } of perEntry(subject, isTooNew)) {
		yield {
			severity: 'warning',
			field,
			text: `${OLD_CLUSTERS[list]}: ${names}`,
			cure: 'rename them, or set a prefix that begins with a letter',
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
				text: `${later.origin} sets what ${earlier.origin} of envFrom[${earlier.index}] has set, and wins: ${nameList(names)}`,
				cure: 'give one of them a prefix, or remove the keys from one',
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
				text: `"${name}" overrides the one of ${under.origin} (envFrom[${under.index}])`,
				cure: 'remove one of them if that is not meant',
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
			const text = `"${name}" is set by env[${other.index}] already; this one wins`;
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
				text: `"${name}" and its value are ${size} bytes; Linux starts no program with more than ${MAX_STRING_BYTES} in one variable`,
				cure: 'mount it as a file',
			};
		}
	}
}

export function* envValueNul(subject: LintSubject): Iterable<RuleFinding> {
	for (const { field, names } of perEntry(subject, ({ bytes }) => bytes?.includes(0) === true)) {
		const text = `a variable cannot hold a NUL character, and these would: ${names}`;
		yield { severity: 'error', field, text, cure: 'mount it as a file' };
	}
}

/** A value of one line with its line end, as `echo` and editors leave it. */
export function* envTrailingNewline(subject: LintSubject): Iterable<RuleFinding> {
	const ends = ({ isKey, bytes }: Variable) =>
		isKey && bytes !== undefined && bytes.length > 1 && bytes.indexOf(NEWLINE) === bytes.length - 1;
	for (const { field, names } of perEntry(subject, ends)) {
		const text = `the values end with a line end, which is part of the variable: ${names}`;
		yield { severity: 'warning', field, text, cure: 'remove the line end from the value (in YAML: |- in place of |)' };
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
				text: `binaryData of ${objectName(object)} sets no variables: ${nameList(object.binaryData.keys())}`,
				cure: 'move text to data, or mount it as files',
			};
		}
	}
}
