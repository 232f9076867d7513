/** Rules of `lint` about the ConfigMaps and Secrets that a pod names. Pure; no text repeats a value. */

import { totalBytes } from '../../model/config-map.js';
import { MAX_VALUE_BYTES } from '../../model/validation.js';
import type { RuleFinding } from './finding.js';
import { type FoundObject, findObject, objectField, objectName } from './object-reference.js';
import type { LintSubject } from './subject.js';

const NEARLY = 0.9;

/** Each object once. */
function objectsOf({ references, objects }: LintSubject): readonly FoundObject[] {
	const found = new Map<string, FoundObject>();
	for (const { kind, name } of references) {
		const object = findObject(objects, kind, name);
		if (object !== undefined) found.set(objectField(object), object);
	}
	return [...found.values()];
}

export function* objectTooLarge(subject: LintSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		const bytes = totalBytes(object);
		if (bytes <= MAX_VALUE_BYTES) continue;
		yield {
			severity: 'error',
			field: objectField(object),
			text: `${objectName(object)} holds ${bytes} bytes; an API server takes at most ${MAX_VALUE_BYTES}`,
			cure: 'divide it, or keep large files in an image or on a volume',
		};
	}
}

export function* objectNearlyTooLarge(subject: LintSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		const bytes = totalBytes(object);
		if (bytes <= NEARLY * MAX_VALUE_BYTES || bytes > MAX_VALUE_BYTES) continue;
		const percent = Math.floor((bytes / MAX_VALUE_BYTES) * 100);
		yield {
			severity: 'warning',
			field: objectField(object),
			text: `${objectName(object)} holds ${bytes} bytes, ${percent} % of the ${MAX_VALUE_BYTES} that an API server takes`,
			cure: 'divide it before it grows further',
		};
	}
}

export function* immutableObject(subject: LintSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		if (!object.immutable) continue;
		yield {
			severity: 'info',
			field: `${objectField(object)} immutable`,
			text: `${objectName(object)} is immutable: what it shows cannot change as long as it exists`,
			cure: 'to change it, make an object of another name and name that one here',
		};
	}
}

export function* blankValue(subject: LintSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		for (const [key, bytes] of object.data) {
			const text = bytes.toString('utf8');
			if (text === '' || text.trim() !== '') continue;
			yield {
				severity: 'info',
				field: `${objectField(object)} data[${key}]`,
				text: `the value is nothing but white space (${bytes.length} bytes)`,
				cure: 'write the value, or "" for an empty one',
			};
		}
	}
}

/**
 * Why kubectl prints a text of several lines as one quoted line.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml, goyaml.v2), yaml_emitter_analyze_scalar.
 */
const ESCAPE_REASONS: readonly (readonly [pattern: RegExp, what: string])[] = [
	[/\r\n/, 'a Windows line end (\\r\\n)'],
	[/\r/, 'a carriage return (\\r)'],
	[/ \n| $/, 'a blank at the end of the line'],
	[/\t/, 'a tab'],
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what makes kubectl quote a text
	[/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\u{10000}-\u{10ffff}]/u, 'a character that YAML escapes'],
];

export function* escapedValue(subject: LintSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		// Secrets are printed in base64 anyway.
		if (object.kind === 'secret') continue;
		for (const [key, bytes] of object.data) {
			const text = bytes.toString('utf8');
			const reason = text.includes('\n') ? escapeReason(text) : undefined;
			if (reason === undefined) continue;
			yield {
				severity: 'info',
				field: `${objectField(object)} data[${key}]`,
				text: `kubectl prints the value as one long quoted line, because line ${reason.line} has ${reason.what}`,
				cure: 'remove it to keep the value readable',
			};
		}
	}
}

function escapeReason(text: string): { readonly line: number; readonly what: string } | undefined {
	for (const [pattern, what] of ESCAPE_REASONS) {
		const at = pattern.exec(text)?.index;
		if (at !== undefined) return { line: text.slice(0, at).split('\n').length, what };
	}
	return undefined;
}
