/**
 * The first document of a YAML or JSON text, as Go's yaml.Unmarshal reads it for a kubeconfig: later documents are
 * ignored, whatever they contain, and the last of several equal keys wins. Pure. Checked against kubectl v1.32.
 */

import { splitDocuments } from './documents.js';
import { readYaml } from './reader.js';
import { decodeYamlText, findControlCharacter } from './text.js';

/** Counts from 1. Unit of `column`: UTF-16 units. */
export interface Position {
	readonly line: number;
	readonly column: number;
}

export interface FirstDocument {
	/** As in YamlDocument; null for an empty document. */
	readonly value: unknown;
	/** Where the value at a path begins, or the nearest one above it that exists. */
	locate(path: readonly (string | number)[]): Position;
}

export interface FirstDocumentFault {
	readonly reason: string;
	readonly position: Position;
}

export function readFirstDocument(content: Buffer): FirstDocument | FirstDocumentFault {
	const text = decodeYamlText(content);
	if (typeof text !== 'string') {
		return { reason: 'yaml: invalid leading UTF-8 octet', position: { line: text.badLine, column: 1 } };
	}
	const first = splitDocuments(text).find((document) => !isBlank(document.text)) ?? { text: '', offset: 0 };
	const positionOf = (offset: number): Position => toPosition(text, first.offset + offset);
	const control = findControlCharacter(first.text);
	if (control >= 0) return { reason: 'yaml: control characters are not allowed', position: positionOf(control) };
	const [document] = readYaml(first.text);
	if (document === undefined) return { value: null, locate: () => positionOf(0) };
	if ('reason' in document) return { reason: document.reason, position: positionOf(document.offset) };
	return { value: document.value, locate: (path) => positionOf(document.locate(path)) };
}

/** Comments before the first `---` are not a document of their own. */
function isBlank(text: string): boolean {
	return text.split('\n').every((line) => /^\s*(?:#|$)/.test(line));
}

function toPosition(text: string, offset: number): Position {
	const lines = text.slice(0, offset).split('\n');
	return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
