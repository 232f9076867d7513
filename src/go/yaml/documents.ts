/**
 * Splits the text of a manifest file into documents before parsing, as kubectl does, so that a syntax error affects only
 * its own document. Pure.
 */

import { jsonTokens } from '../json/tokens.js';

export interface DocumentText {
	readonly text: string;
	/** Start of the document in the file. Unit: UTF-16 units. */
	readonly offset: number;
	/** Whether it is well-formed JSON. Otherwise it is YAML, or not valid at all. */
	readonly json: boolean;
}

const SEPARATOR = /(?<=^|\n)---(?=[ \t\r\n]|$)/g;

/** A byte order mark at the start of a document: only blank lines, comments and the separator precede it. */
const DOCUMENT_MARK = /((?:^|(?<=^|\n)---[ \t]*(?:#[^\n]*)?\r?\n)(?:[ \t]*(?:#[^\n]*)?\r?\n)*)\ufeff/g;

/**
 * Drops the byte order mark of each document. Files that Windows tools wrote have one each, and files are concatenated.
 * kubectl drops it right after a separator. After a comment kubectl takes it for part of the first key, so that apiVersion
 * is missing; YAML allows it there.
 * Source: kubectl v1.32 (goyaml.v2 readerc.go, yaml_parser_determine_encoding); YAML 1.2.2, l-document-prefix.
 */
export function withoutDocumentMarks(text: string): string {
	return text.includes('\ufeff') ? text.replace(DOCUMENT_MARK, '$1') : text;
}

/** The documents of a file, including empty ones. `---` separates YAML; JSON values need no separator. */
export function splitDocuments(text: string): readonly DocumentText[] {
	return splitJson(text) ?? splitYaml(text);
}

function splitYaml(text: string): readonly DocumentText[] {
	const documents: DocumentText[] = [];
	let start = 0;
	for (const match of text.matchAll(SEPARATOR)) {
		if (match.index === start) continue;
		const piece = text.slice(start, match.index);
		// Directives (`%YAML 1.1`) precede the separator of their document.
		if (holdsOnlyDirectives(piece)) continue;
		documents.push({ text: piece, offset: start, json: false });
		start = match.index;
	}
	documents.push({ text: text.slice(start), offset: start, json: false });
	return documents;
}

function holdsOnlyDirectives(piece: string): boolean {
	let found = false;
	for (const line of piece.split('\n')) {
		const bare = line.trim();
		if (bare === '' || bare.startsWith('#')) continue;
		if (!line.startsWith('%')) return false;
		found = true;
	}
	return found;
}

/** The values of a JSON stream; undefined if the text is not one. */
function splitJson(text: string): readonly DocumentText[] | undefined {
	if (!/^\s*\{/.test(text)) return undefined;
	if (isJson(text)) return [{ text: text.trim(), offset: text.search(/\S/), json: true }];
	const documents: DocumentText[] = [];
	let depth = 0;
	let start = 0;
	for (const { token, index } of jsonTokens(text)) {
		if (token === '{' || token === '[') {
			if (depth === 0) start = index;
			depth += 1;
		} else if (token === '}' || token === ']') {
			depth -= 1;
			if (depth === 0) documents.push({ text: text.slice(start, index + 1), offset: start, json: true });
		} else if (depth === 0) {
			return undefined;
		}
	}
	return depth === 0 && documents.every((one) => isJson(one.text)) ? documents : undefined;
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
