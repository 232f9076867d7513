/** Rules of `lint` for single ConfigMaps and Secrets. Pure. No text contains a value. */

import { totalBytes } from '../../model/config-map.js';
import { MAX_ANNOTATION_BYTES, MAX_VALUE_BYTES } from '../../model/validation.js';
import type { RuleFinding } from './finding.js';
import { type FoundObject, findObject, objectField, objectName } from './object-reference.js';
import type { ObjectSubject } from './subject.js';

/** Part of a limit from which an object is near it. */
const NEARLY = 0.9;

/** The referenced objects, each once. */
function objectsOf({ references, objects }: ObjectSubject): readonly FoundObject[] {
	const found = new Map<string, FoundObject>();
	for (const { kind, name } of references) {
		const object = findObject(objects, kind, name);
		if (object !== undefined) found.set(objectField(object), object);
	}
	return [...found.values()];
}

export function* objectTooLarge(subject: ObjectSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		const bytes = totalBytes(object);
		if (bytes <= MAX_VALUE_BYTES) continue;
		yield {
			severity: 'error',
			field: objectField(object),
			text: `${objectName(object)} has ${bytes} bytes; an API server accepts at most ${MAX_VALUE_BYTES}`,
			cure: 'split it, or move large files to an image or a volume',
		};
	}
}

export function* objectNearlyTooLarge(subject: ObjectSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		const bytes = totalBytes(object);
		if (bytes <= NEARLY * MAX_VALUE_BYTES || bytes > MAX_VALUE_BYTES) continue;
		const percent = Math.floor((bytes / MAX_VALUE_BYTES) * 100);
		yield {
			severity: 'warning',
			field: objectField(object),
			text: `${objectName(object)} has ${bytes} bytes, ${percent} % of the ${MAX_VALUE_BYTES} that an API server accepts`,
			cure: 'split it before it grows further',
		};
	}
}

/** `kubectl apply` keeps a copy of the manifest in an annotation. */
export function* nearLimit(subject: ObjectSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		const bytes = subject.appliedBytesOf(object.kind, object.name) ?? 0;
		if (bytes <= NEARLY * MAX_ANNOTATION_BYTES) continue;
		const isAbove = bytes > MAX_ANNOTATION_BYTES;
		const size = isAbove
			? `which fails: ${bytes} bytes of annotations; an API server accepts at most ${MAX_ANNOTATION_BYTES}`
			: `near the limit: ${bytes} of ${MAX_ANNOTATION_BYTES} bytes of annotations`;
		yield {
			severity: isAbove ? 'warning' : 'info',
			field: objectField(object),
			text: `kubectl apply keeps a copy of ${objectName(object)} in an annotation, ${size}`,
			cure: 'use kubectl apply --server-side, which keeps no copy, or split the object',
		};
	}
}

export function* immutableObject(subject: ObjectSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		if (!object.immutable) continue;
		yield {
			severity: 'info',
			field: `${objectField(object)} immutable`,
			text: `${objectName(object)} is immutable: its data never changes`,
			cure: 'to change the data, create an object with another name and refer to that one',
		};
	}
}

export function* blankValue(subject: ObjectSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		for (const [key, bytes] of object.data) {
			const text = bytes.toString('utf8');
			if (text === '' || text.trim() !== '') continue;
			yield {
				severity: 'info',
				field: `${objectField(object)} data[${key}]`,
				text: `the value has only white space (${bytes.length} bytes)`,
				cure: 'write the value, or "" for an empty one',
			};
		}
	}
}

/**
 * Characters for which kubectl prints a text of several lines as one quoted line.
 * Source: kubectl v1.32 (sigs.k8s.io/yaml, goyaml.v2), yaml_emitter_analyze_scalar.
 */
const ESCAPE_REASONS: readonly (readonly [pattern: RegExp, what: string])[] = [
	[/\r\n/, 'a Windows line end (\\r\\n)'],
	[/\r/, 'a carriage return (\\r)'],
	[/ \n| $/, 'a blank at the end of the line'],
	[/\t/, 'a tab'],
	// biome-ignore lint/suspicious/noControlCharactersInRegex: kubectl quotes a text with control characters
	[/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\u{10000}-\u{10ffff}]/u, 'a character that YAML escapes'],
];

export function* escapedValue(subject: ObjectSubject): Iterable<RuleFinding> {
	for (const object of objectsOf(subject)) {
		// kubectl prints Secrets in base64.
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
