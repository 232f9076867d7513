/**
 * Parses the text of a manifest file into objects and problems. Pure: opens no file. Every problem has a location, and an
 * invalid document or list item does not affect the others.
 */

import { isJsonObject, jsonType } from '../../go/json/value.js';
import { type DocumentText, splitDocuments, withoutDocumentMarks } from '../../go/yaml/documents.js';
import { DocumentLocations, readDocuments } from '../../go/yaml/locations.js';
import type { DuplicateKey, YamlDocument } from '../../go/yaml/reader.js';
import { decodeYamlText, findControlCharacter } from '../../go/yaml/text.js';
import { objectTypeName } from '../../model/fields/field-table.js';
import { type FieldValidation, unknownFields, unknownFieldText } from '../../model/fields/unknown-fields.js';
import type { LocatedObject } from '../../model/manifest-object.js';
import { objectType } from '../../store/kinds.js';
import type { Problem, SourceNeeds, SourceObject } from '../../store/source.js';
import { decodeObject } from '../../store/source-object.js';

export interface ParsedManifest {
	/** In the order of the file, invalid objects too; an object may appear twice. */
	readonly objects: readonly SourceObject[];
	/** A problem with a key is about that object; a problem without one may be about any object of the file. */
	readonly problems: readonly Problem[];
}

export interface ManifestOptions {
	/** Name of the file, for messages. */
	readonly file: string;
	/** Namespace of objects that name none. */
	readonly defaultNamespace: string;
	/** Default: every object, with the locations of its fields. */
	readonly needs?: SourceNeeds;
	/** Default: `warn`. */
	readonly fieldValidation?: FieldValidation;
}

const EVERYTHING: SourceNeeds = { explains: true };

/** Parses the content of one file. Errors: none; see `problems`. */
export function parseManifest(content: Buffer | string, options: ManifestOptions): ParsedManifest {
	return new ManifestParser(options).parse(content);
}

const HELM_CURE =
	'; this looks like a Helm template, render it first: helm template CHART > manifests.yaml, or pipe it into -f -';
type Path = readonly (string | number)[];

class ManifestParser {
	readonly #file: string;
	readonly #defaultNamespace: string;
	readonly #needs: SourceNeeds;
	readonly #fieldValidation: FieldValidation;
	readonly #objects: SourceObject[] = [];
	readonly #problems: Problem[] = [];
	#text = '';
	#lineStarts: readonly number[] = [0];

	constructor(options: ManifestOptions) {
		this.#file = options.file;
		this.#defaultNamespace = options.defaultNamespace;
		this.#needs = options.needs ?? EVERYTHING;
		this.#fieldValidation = options.fieldValidation ?? 'warn';
	}

	parse(content: Buffer | string): ParsedManifest {
		const text = typeof content === 'string' ? content.replace(/^\ufeff/, '') : decodeYamlText(content);
		if (typeof text !== 'string') {
			const location = `${this.#file}:${text.badLine}:1`;
			this.#problems.push({ location, reason: 'yaml: invalid leading UTF-8 octet' });
		} else {
			this.#text = withoutDocumentMarks(text);
			this.#lineStarts = [0, ...Array.from(this.#text.matchAll(/\n/g), (match) => match.index + 1)];
			for (const document of splitDocuments(this.#text)) this.#parseDocument(document);
		}
		return { objects: this.#objects, problems: this.#problems };
	}

	#parseDocument(documentText: DocumentText): void {
		const { text, offset, json } = documentText;
		const control = json ? -1 : findControlCharacter(text);
		if (control >= 0) {
			this.#report(offset + control, 'yaml: control characters are not allowed');
			return;
		}
		const places = new DocumentLocations(documentText, { file: this.#file, ...this.#position(offset) });
		for (const [index, document] of readDocuments(documentText).entries()) {
			if ('reason' in document) {
				const helm = document.syntax && text.includes('{{') ? true : undefined;
				this.#report(offset + document.offset, document.reason, undefined, helm);
			} else if (document.value !== null) {
				for (const duplicate of document.duplicates) this.#reportDuplicate(duplicate, offset);
				this.#takeObject(document.value, new Located({ document, offset, locations: places, index }, []));
			}
		}
	}

	#takeObject(
		value: unknown,
		located: Located,
		implied?: { readonly apiVersion: string; readonly kind: string },
	): void {
		if (!isJsonObject(value)) {
			const reason = `json: cannot unmarshal ${jsonType(value)} into Go value of type unstructured.detector`;
			this.#report(located.at([]), reason);
			return;
		}
		const kind = this.#typeField(value, 'kind', implied?.kind, located);
		if (kind === undefined) return;
		const apiVersion = this.#typeField(value, 'apiVersion', implied?.apiVersion, located);
		if (apiVersion === undefined) return;
		if (isList(apiVersion, kind, value.items)) this.#takeItems(value, apiVersion, kind, located);
		else if (kind === 'ConfigMap' && apiVersion !== 'v1' && !apiVersion.includes('/')) {
			this.#report(located.at(['apiVersion']), `no matches for kind "ConfigMap" in version "${apiVersion}"`);
		} else this.#decode(value, { apiVersion, kind }, located);
	}

	#typeField(
		fields: Readonly<Record<string, unknown>>,
		field: 'kind' | 'apiVersion',
		implied: string | undefined,
		located: Located,
	): string | undefined {
		const value = fields[field] ?? implied ?? '';
		if (typeof value !== 'string') {
			const goField = `metadataOnlyObject.${field} of type string`;
			this.#report(located.at([field]), `json: cannot unmarshal ${jsonType(value)} into Go struct field ${goField}`);
			return undefined;
		}
		if (value !== '') return value;
		this.#report(located.at([]), `Object '${field === 'kind' ? 'Kind' : field}' is missing`);
		return undefined;
	}

	#takeItems(fields: Readonly<Record<string, unknown>>, apiVersion: string, kind: string, located: Located): void {
		const items = fields.items ?? [];
		if (!Array.isArray(items)) {
			const reason = `json: cannot unmarshal ${jsonType(items)} into Go struct field decodeList.items`;
			this.#report(located.at(['items']), `${reason} of type []json.RawMessage`);
			return;
		}
		// The items of a list from an API server have no kind of their own.
		const implied = kind === LIST ? undefined : { apiVersion, kind: kind.slice(0, -LIST.length) };
		items.forEach((item, index) => {
			this.#takeObject(item, located.within(['items', index]), implied);
		});
	}

	#decode(value: object, type: Pick<LocatedObject, 'apiVersion' | 'kind'>, located: Located): void {
		const { types } = this.#needs;
		if (types?.has(objectType(type)) === false) return;
		const metadata = 'metadata' in value && isJsonObject(value.metadata) ? value.metadata : {};
		const { name = '', namespace = '' } = metadata;
		const base = {
			...type,
			name: typeof name === 'string' ? name : '',
			value,
			location: this.#location(located.at([])),
			locate: located.later(),
		};
		const named = typeof namespace === 'string' && namespace !== '' ? { ...base, namespace } : base;
		const { object, violations, key } = decodeObject(named, this.#needs, this.#defaultNamespace);
		for (const { path, text } of violations) this.#report(located.at(path), text, key);
		const isRefused = this.#checkFields(named, located, object.key);
		this.#objects.push(isRefused ? { ...object, content: undefined } : object);
	}

	/** Reports unknown fields; returns whether they refuse the object. */
	#checkFields(object: LocatedObject, located: Located, key: SourceObject['key']): boolean {
		const type = objectTypeName(object);
		const validation = this.#fieldValidation;
		if (type === undefined || validation === 'ignore') return false;
		const unknown = unknownFields(object.value, type);
		for (const field of unknown) {
			const problem = { location: this.#location(located.at(field.path)), reason: unknownFieldText(field, validation) };
			const named = object.name === '' ? problem : { ...problem, key };
			this.#problems.push(validation === 'strict' ? named : { ...named, warning: 'unknown-field' });
		}
		return validation === 'strict' && unknown.length > 0;
	}

	#reportDuplicate({ key, offset, firstOffset }: DuplicateKey, start: number): void {
		const first = this.#location(start + firstOffset);
		const reason = `yaml: key ${JSON.stringify(key)} already set in map at ${first}; kubectl uses the last value`;
		this.#problems.push({ location: this.#location(start + offset), reason, warning: 'duplicate-key' });
	}

	#report(offset: number, reason: string, key?: Problem['key'], helm = this.#lineAt(offset).includes('{{')): void {
		const problem = { location: this.#location(offset), reason: helm ? `${reason}${HELM_CURE}` : reason };
		this.#problems.push(key === undefined ? problem : { ...problem, key });
	}

	#location(offset: number): string {
		const { line, column } = this.#position(offset);
		return `${this.#file}:${line}:${column}`;
	}

	#position(offset: number): { readonly line: number; readonly column: number } {
		const line = this.#lineIndex(offset);
		return { line: line + 1, column: offset - (this.#lineStarts[line] ?? 0) + 1 };
	}

	#lineAt(offset: number): string {
		const line = this.#lineIndex(offset);
		return this.#text.slice(this.#lineStarts[line], this.#lineStarts[line + 1]);
	}

	/** Index of the line of an offset, by bisection. */
	#lineIndex(offset: number): number {
		let low = 0;
		let high = this.#lineStarts.length - 1;
		while (low < high) {
			const middle = Math.ceil((low + high) / 2);
			if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
			else high = middle - 1;
		}
		return low;
	}
}

/** One document of a file. */
interface ReadDocument {
	readonly document: YamlDocument;
	/** Where its text begins in the file. Unit: UTF-16 units. */
	readonly offset: number;
	readonly locations: DocumentLocations;
	/** Its index among the documents of its text. */
	readonly index: number;
}

/** Locations of the fields of one object of a document. */
class Located {
	readonly #read: ReadDocument;
	readonly #base: Path;

	constructor(read: ReadDocument, base: Path) {
		this.#read = read;
		this.#base = base;
	}

	/** Offset in the file of the value at a path. */
	at(path: Path): number {
		return this.#read.offset + this.#read.document.locate([...this.#base, ...path]);
	}

	within(path: Path): Located {
		return new Located(this.#read, [...this.#base, ...path]);
	}

	/** A function that locates fields later, and does not keep the parsed document alive. */
	later(): LocatedObject['locate'] {
		const { locations: places, index } = this.#read;
		const base = this.#base;
		return (path) => places.at(index, [...base, ...path]);
	}
}

const LIST = 'List';

/** A list as kubectl writes it, or as an API server returns it for any kind, such as `DeploymentList`. */
function isList(apiVersion: string, kind: string, items: unknown): boolean {
	if (apiVersion === 'v1' && (kind === LIST || kind === 'ConfigMapList')) return true;
	return kind.endsWith(LIST) && kind !== LIST && Array.isArray(items) && items.every(isJsonObject);
}
