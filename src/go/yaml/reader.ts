/**
 * Reads YAML text into JSON-like values with offsets. Plain scalars mean what they mean to kubectl: YAML 1.1 words for
 * booleans, a leading zero for octal, no dates, no base-60 numbers. Pure. Checked against kubectl v1.32.
 *
 * An alias shares the value of its anchor, so nested aliases cost nothing. A document that would be huge with copies is
 * refused anyway, as by kubectl.
 */

import {
	Composer,
	type Document,
	isAlias,
	isMap,
	isScalar,
	isSeq,
	type Node,
	type ParsedNode,
	Parser,
	type Scalar,
	type ScalarTag,
	type YAMLMap,
} from 'yaml';
import { decodeBase64 } from '../base64.js';
import { unindentedLexer } from './lexer.js';
import { readGoNumber } from './numbers.js';
import { BOOLEAN_WORDS, NULL_WORDS } from './resolve.js';
import { scalarFault } from './scalar-fault.js';
import { findTabFault } from './tabs.js';

/** The reason why a text is not a document. */
export interface YamlFault {
	/** Unit: UTF-16 units from the start of the text. */
	readonly offset: number;
	readonly reason: string;
	/** Whether the text is not YAML. Otherwise it is YAML that kubectl refuses. */
	readonly syntax: boolean;
}

/** A key that a mapping has twice. The last value counts, as for kubectl. */
export interface DuplicateKey {
	readonly key: string;
	/** Of the later key. Unit: as in YamlFault. */
	readonly offset: number;
	/** Of the key before it. */
	readonly firstOffset: number;
}

export interface YamlDocument {
	/** In the order of the text. */
	readonly duplicates: readonly DuplicateKey[];
	/** Null, boolean, number, string, array, or an object without prototype. */
	readonly value: unknown;
	/** The offset of the value at a path, or of its nearest ancestor that exists. Unit: as in YamlFault. */
	locate(path: readonly (string | number)[]): number;
}

/** Limit of what aliases add to a document, near the one of goyaml v2. Unit: nodes. */
const MAX_ALIASED_NODES = 400_000;

const TOO_DEEP = 'exceeded max depth of nesting';
const TOO_LARGE = 'a number above 9223372036854775807';

const NULL: ScalarTag = {
	tag: 'tag:yaml.org,2002:null',
	default: true,
	test: oneOf(NULL_WORDS),
	resolve: () => null,
};
const BOOLEAN: ScalarTag = {
	tag: 'tag:yaml.org,2002:bool',
	default: true,
	test: oneOf(BOOLEAN_WORDS.keys()),
	resolve: (text) => BOOLEAN_WORDS.get(text),
};
const NUMBER: ScalarTag = {
	tag: 'tag:yaml.org,2002:int',
	default: true,
	test: /^[-+.0-9]/,
	resolve: numberOrText,
};
const FLOAT: ScalarTag = { tag: 'tag:yaml.org,2002:float', resolve: numberOrText };
const BINARY: ScalarTag = {
	tag: 'tag:yaml.org,2002:binary',
	resolve: (text, onError) => {
		const bytes = decodeBase64(text.replaceAll(' ', ''));
		if (Buffer.isBuffer(bytes)) return bytes.toString('utf8');
		onError('!!binary value contains invalid base64 data');
		return '';
	},
};
const OPTIONS = {
	version: '1.1',
	schema: 'failsafe',
	customTags: [NULL, BOOLEAN, NUMBER, FLOAT, BINARY, 'merge'] as ('merge' | ScalarTag)[],
	uniqueKeys: false,
	prettyErrors: false,
	logLevel: 'silent',
} as const;

/** Line ends of YAML 1.1 that the parser does not know. U+2028 and U+2029 stay in values, see `scalarFault`. */
const OTHER_LINE_ENDS = /\r(?!\n)|\u0085/g;

/** Reads a text, which may contain several documents if `...` ends them; each is a document or a fault. */
export function readYaml(input: string): readonly (YamlDocument | YamlFault)[] {
	// One character replaces one character, so offsets stay valid.
	const text = input.replace(OTHER_LINE_ENDS, '\n');
	try {
		const tab = findTabFault(text);
		return parseDocuments(text).map((document, index) => {
			const [error] = document.errors;
			const end = error?.code === 'TAB_AS_INDENT' ? text.length : (error?.pos[0] ?? document.range[2]);
			if (tab !== undefined && index === 0 && tab.offset <= end) {
				return { offset: tab.offset, reason: `yaml: ${tab.reason}`, syntax: true };
			}
			if (error !== undefined) return { offset: error.pos[0], reason: `yaml: ${faultText(error)}`, syntax: true };
			const converter = new Converter(text);
			try {
				return converter.document(document.contents);
			} catch (thrown) {
				if (thrown instanceof RefusedValue) return { offset: thrown.offset, reason: thrown.message, syntax: false };
				throw thrown;
			}
		});
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		// The stack overflowed.
		return [{ offset: 0, reason: `yaml: ${TOO_DEEP}`, syntax: false }];
	}
}

type ParsedDocument = Document.Parsed<ParsedNode, true>;

function parseDocuments(text: string): readonly ParsedDocument[] {
	const documents = [...new Composer<ParsedNode, true>(OPTIONS).compose(new Parser().parse(text))];
	if (isValid(documents)) return documents;
	// The stricter lexer gives better offsets of faults, so the lenient one is only the second attempt.
	const parser = new Parser();
	const tokens = [...unindentedLexer().lex(text)].flatMap((lexeme) => [...parser.next(lexeme)]);
	const lenient = [...new Composer<ParsedNode, true>(OPTIONS).compose([...tokens, ...parser.end()])];
	return isValid(lenient) ? lenient : documents;
}

function isValid(documents: readonly ParsedDocument[]): boolean {
	return documents.every(({ errors }) => errors.length === 0);
}

class RefusedValue extends Error {
	readonly offset: number;

	constructor(offset: number, message: string) {
		super(message);
		this.offset = offset;
	}
}

/** A converted node. */
interface Converted {
	readonly value: unknown;
	/** Number of nodes if aliases were copies. */
	readonly nodes: number;
	/** A number as written. */
	readonly text?: string;
}

type Offsets = Map<string | number, number>;

class Converter {
	readonly #text: string;
	readonly #duplicates: DuplicateKey[] = [];
	/** Whether the document is a flow mapping, so it may be JSON with JSON's own escapes. */
	#isJson = false;
	readonly #anchors = new Map<string, Converted | 'open'>();
	/** The offsets of the members of each object and array. */
	readonly #offsets = new Map<object, Offsets>();
	#aliased = 0;

	constructor(text: string) {
		this.#text = text;
	}

	document(root: Node | null): YamlDocument {
		this.#isJson = isMap(root) && root.flow === true;
		const { value } = this.#convert(root);
		const start = root?.range?.[0] ?? 0;
		const duplicates = this.#duplicates.sort((a, b) => a.offset - b.offset);
		return { value, duplicates, locate: (path) => this.#locate(value, start, path) };
	}

	#locate(root: unknown, start: number, path: readonly (string | number)[]): number {
		let offset = start;
		let value: unknown = root;
		for (const step of path) {
			if (typeof value !== 'object' || value === null) break;
			const found = this.#offsets.get(value)?.get(step);
			if (found === undefined) break;
			offset = found;
			value = (value as Record<string | number, unknown>)[step];
		}
		return offset;
	}

	#convert(node: unknown): Converted {
		if (isAlias(node)) return this.#resolve(node.source, offsetOf(node));
		const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
		if (anchor !== undefined) this.#anchors.set(anchor, 'open');
		const converted = this.#convertContent(node);
		if (anchor !== undefined) this.#anchors.set(anchor, converted);
		return converted;
	}

	#convertContent(node: unknown): Converted {
		if (isMap(node)) return this.#convertMap(node);
		if (isSeq(node)) {
			const value: unknown[] = [];
			const offsets: Offsets = new Map();
			let nodes = 1;
			for (const item of node.items) {
				offsets.set(value.length, offsetOf(item) ?? offsetOf(node));
				const converted = this.#convert(item);
				value.push(converted.value);
				nodes += converted.nodes;
			}
			this.#offsets.set(value, offsets);
			return { value, nodes };
		}
		return isScalar(node) ? this.#convertScalar(node) : { value: null, nodes: 1 };
	}

	#convertScalar(scalar: Scalar): Converted {
		const { value, source, range } = scalar;
		const fault = scalarFault(scalar, this.#text, this.#isJson);
		if (fault !== undefined) throw new RefusedValue(range?.[0] ?? 0, `yaml: ${fault}`);
		if (typeof value === 'number') return { value, nodes: 1, text: source ?? '' };
		// A "<<" that is not a key is plain text.
		return { value: typeof value === 'symbol' ? '<<' : value, nodes: 1 };
	}

	#convertMap(map: YAMLMap): Converted {
		let value: Record<string, unknown> = Object.create(null);
		const offsets: Offsets = new Map();
		/** Offsets of the keys themselves. */
		const own = new Map<string, number>();
		let nodes = 1;
		for (const pair of map.items) {
			const offset = offsetOf(pair.key) ?? offsetOf(map);
			const converted = this.#convert(pair.value);
			nodes += 1 + converted.nodes;
			if (isScalar(pair.key) && typeof pair.key.value === 'symbol') {
				for (const source of this.#mergeSources(converted.value, offset)) this.#merge(source, value, offsets);
				continue;
			}
			const key = this.#keyText(pair.key, offset);
			const firstOffset = own.get(key);
			if (firstOffset !== undefined) this.#duplicates.push({ key, offset, firstOffset });
			own.set(key, offset);
			value[key] = converted.value;
			offsets.set(key, offsetOf(pair.value) ?? offset);
		}
		if (Object.keys(value).length > own.size) value = withKeysFirst(own.keys(), value);
		this.#offsets.set(value, offsets);
		return { value, nodes };
	}

	/** The maps of a merge key in the order in which they apply: of several, the first wins. */
	#mergeSources(value: unknown, offset: number): readonly object[] {
		const sources: readonly unknown[] = Array.isArray(value) ? value.toReversed() : [value];
		return sources.map((source) => {
			if (typeof source === 'object' && source !== null && !Array.isArray(source)) return source;
			throw new RefusedValue(offset, 'yaml: map merge requires map or sequence of maps as the value');
		});
	}

	/** Replaces the keys before the merge key; keys after it replace merged ones. Source: goyaml v2 decode.go, merge. */
	#merge(source: object, value: Record<string, unknown>, offsets: Offsets): void {
		const sourceOffsets = this.#offsets.get(source);
		for (const [key, item] of Object.entries(source)) {
			value[key] = item;
			offsets.set(key, sourceOffsets?.get(key) ?? 0);
		}
	}

	#keyText(node: unknown, offset: number): string {
		const { value, text = '' } = this.#convert(node);
		if (typeof value === 'string') return value;
		if (typeof value === 'boolean') return String(value);
		const number = readGoNumber(text)?.key;
		if (number !== undefined) return number;
		const type = typeof value === 'number' ? TOO_LARGE : Array.isArray(value) ? 'a sequence' : 'a mapping';
		throw new RefusedValue(offset, `yaml: invalid map key: ${value === null ? 'null' : type}`);
	}

	#resolve(anchor: string, offset = 0): Converted {
		const converted = this.#anchors.get(anchor);
		if (converted === undefined) throw new RefusedValue(offset, `yaml: unknown anchor '${anchor}' referenced`);
		if (converted === 'open') throw new RefusedValue(offset, `yaml: anchor '${anchor}' value contains itself`);
		this.#aliased += converted.nodes;
		if (this.#aliased > MAX_ALIASED_NODES) throw new RefusedValue(offset, 'yaml: document contains excessive aliasing');
		return converted;
	}
}

/** The same map with its own keys before the merged ones. */
function withKeysFirst(own: Iterable<string>, value: Record<string, unknown>): Record<string, unknown> {
	const ordered: Record<string, unknown> = Object.create(null);
	for (const key of own) ordered[key] = value[key];
	for (const [key, item] of Object.entries(value)) ordered[key] = item;
	return ordered;
}

function offsetOf(node: Node): number;
function offsetOf(node: unknown): number | undefined;
function offsetOf(node: unknown): number | undefined {
	if (!isAlias(node) && !isScalar(node) && !isMap(node) && !isSeq(node)) return undefined;
	return node.range?.[0] ?? 0;
}

function oneOf(words: Iterable<string>): RegExp {
	return new RegExp(`^(?:${[...words].join('|')})$`);
}

/** The value is approximate: only keys need the exact number, and they are read from the text. */
function numberOrText(text: string): number | string {
	return readGoNumber(text)?.value ?? text;
}

function faultText({ message }: Error): string {
	// The parser reports that its own stack overflowed.
	if (/call stack/.test(message)) return TOO_DEEP;
	return message.charAt(0).toLowerCase() + message.slice(1);
}
