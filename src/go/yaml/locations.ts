/**
 * Reads the documents of a manifest file, and finds locations in them on request. To save memory only the text is kept,
 * so a location is found by reading the document again. Pure.
 */

import { readJson } from '../json/document.js';
import type { DocumentText } from './documents.js';
import { readYaml, type YamlDocument, type YamlFault } from './reader.js';

/**
 * Parsed YAML takes forty times its length in memory. Only a program writes a larger List, and it can write JSON instead.
 * Unit: UTF-16 units.
 */
const MAX_YAML_LENGTH = 32 * 1024 * 1024;
const TOO_LONG: YamlFault = {
	offset: 0,
	reason: `yaml: document is longer than ${MAX_YAML_LENGTH} characters; write it as JSON, or as several documents`,
	syntax: false,
};

/** Reads one document of `splitDocuments`. If it contains `...`, it is several; each is a document or a fault. */
export function readDocuments({ text, offset, json }: DocumentText): readonly (YamlDocument | YamlFault)[] {
	if (!json) return text.length > MAX_YAML_LENGTH ? [TOO_LONG] : readYaml(text);
	const document = readJson(text, (path) => {
		const [again] = readYaml(text);
		return again !== undefined && 'value' in again ? again.locate(path) : 0;
	});
	return document === undefined ? readDocuments({ text, offset, json: false }) : [document];
}

/** Start of a document in its file. Line and column count from 1. */
export interface DocumentStart {
	readonly file: string;
	readonly line: number;
	readonly column: number;
}

export class DocumentLocations {
	readonly #document: DocumentText;
	readonly #start: DocumentStart;
	/** The result of the last reading, until memory runs short: callers often need several locations. */
	#read: WeakRef<ReturnType<typeof readDocuments>> | undefined;

	constructor(document: DocumentText, start: DocumentStart) {
		this.#document = document;
		this.#start = start;
	}

	/**
	 * `file:line:column` of the value at a path, or of its nearest ancestor that exists. `index` is that of the document in
	 * the result of `readDocuments`.
	 */
	at(index: number, path: readonly (string | number)[]): string {
		const read = this.#read?.deref() ?? readDocuments(this.#document);
		this.#read = new WeakRef(read);
		const document = read[index];
		const offset = document !== undefined && 'value' in document ? document.locate(path) : 0;
		const { file, line, column } = this.#start;
		const before = this.#document.text.slice(0, offset).split('\n');
		const rest = before.at(-1)?.length ?? 0;
		return before.length === 1 ? `${file}:${line}:${column + rest}` : `${file}:${line + before.length - 1}:${rest + 1}`;
	}
}
