/**
 * Reads the fields of a JSON-like value as Go's decoder fills a struct, and reports faults with the texts of an API
 * server. Pure; independent of YAML and of pods. A text quotes only names and paths, never other values, and truncates
 * them.
 */

import { isJsonObject, type JsonObject, jsonType } from '../../go/json/value.js';
import { quantityFault } from '../../go/quantity.js';
import { quoteGo } from '../../go/quote.js';
import type { Violation } from '../../model/validation.js';

export type Path = Violation['path'];
/** Returns the faults of a text; an empty list if it is valid. Deterministic. */
export type TextRule = (text: string) => readonly string[];

/** More than a person reads. Limits the memory that a hostile manifest can take. */
const MAX_VIOLATIONS = 1000;
/** Longest quoted value. Unit: UTF-16 units. */
const MAX_QUOTED = 256;
const INTEGER_LIMITS = { int32: 2 ** 31 - 1, int64: Number.MAX_SAFE_INTEGER } as const;

/** Collects the violations of one object. */
export class Findings {
	readonly #violations: Violation[] = [];
	readonly #faults = new Map<TextRule, Map<string, readonly string[]>>();
	#more = 0;

	get violations(): readonly Violation[] {
		if (this.#more === 0) return this.#violations;
		return [...this.#violations, { path: [], text: `and ${this.#more} more faults` }];
	}

	report(path: Path, text: string): void {
		if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push({ path, text });
		else this.#more += 1;
	}

	/** The faults of a text, computed once: by aliases very many fields may share one long text. */
	faults(rule: TextRule, text: string): readonly string[] {
		let known = this.#faults.get(rule);
		if (known === undefined) {
			known = new Map();
			this.#faults.set(rule, known);
		}
		let faults = known.get(text);
		if (faults === undefined) {
			faults = rule(text);
			known.set(text, faults);
		}
		return faults;
	}
}

/**
 * One JSON object that stands for a Go struct. A field that is absent or null has its zero value. A field of a wrong
 * type is reported once, reads as its zero value, and is not complained about further.
 */
export class ObjectReader {
	/** From the root of the manifest object. */
	readonly path: Path;
	readonly findings: Findings;
	readonly #value: JsonObject;
	readonly #goType: string;
	readonly #mistyped = new Set<string>();
	/** Whether the value or its parent is not an object, which has been reported. */
	readonly #isBroken: boolean;

	private constructor(value: unknown, goType: string, path: Path, findings: Findings, isInBroken = false) {
		this.#isBroken = isInBroken || (!isJsonObject(value) && value !== null && value !== undefined);
		this.#value = isJsonObject(value) ? value : {};
		this.#goType = goType;
		this.path = path;
		this.findings = findings;
	}

	/** Reports a value that is not an object, and reads it as an empty one. */
	static root(value: unknown, goType: string, findings: Findings): ObjectReader {
		if (!isJsonObject(value)) {
			findings.report([], `json: cannot unmarshal ${jsonType(value)} into Go value of type v1.${goType}`);
		}
		return new ObjectReader(value, goType, [], findings);
	}

	/** Whether the field has a value of any type. */
	has(field: string): boolean {
		return this.#get(field) !== undefined;
	}

	text(field: string, goType = 'string'): string {
		const value = this.#get(field) ?? '';
		if (typeof value === 'string') return value;
		this.#refuse(field, jsonType(value), goType);
		return '';
	}

	optionalText(field: string): string | undefined {
		const text = this.text(field);
		return text === '' ? undefined : text;
	}

	flag(field: string, fallback = false): boolean {
		const value = this.#get(field) ?? fallback;
		if (typeof value === 'boolean') return value;
		this.#refuse(field, jsonType(value), 'bool');
		return fallback;
	}

	integer(field: string, goType: 'int32' | 'int64'): number | undefined {
		const value = this.#get(field);
		return value === undefined ? undefined : this.#toInteger(field, value, goType, []);
	}

	integers(field: string, goType: 'int64'): readonly number[] {
		return this.#list(field, `[]${goType}`).map(
			(item, index) => this.#toInteger(field, item ?? 0, goType, [index]) ?? 0,
		);
	}

	texts(field: string): readonly string[] {
		return this.#list(field, '[]string').map((item, index) => {
			if (typeof item === 'string') return item;
			if (item !== null) this.#refuse(field, jsonType(item), 'string', [index]);
			return '';
		});
	}

	textMap(field: string): ReadonlyMap<string, string> {
		const texts = new Map<string, string>();
		for (const [key, item] of this.#entries(field, 'map[string]string')) {
			if (typeof item === 'string' || item === null) texts.set(key, item ?? '');
			else this.#refuse(field, jsonType(item), 'string', [key]);
		}
		return texts;
	}

	/** As written; undefined if absent. */
	quantity(field: string): string | undefined {
		const value = this.#get(field);
		return value === undefined ? undefined : this.#toQuantity(field, value, []);
	}

	quantities(field: string): ReadonlyMap<string, string> {
		const quantities = new Map<string, string>();
		for (const [key, item] of this.#entries(field, 'v1.ResourceList')) {
			quantities.set(key, this.#toQuantity(field, item ?? '0', [key]));
		}
		return quantities;
	}

	/** Undefined if absent. A value that is not an object reads as an empty one. `goType` has no package. */
	object(field: string, goType: string): ObjectReader | undefined {
		return this.has(field) ? this.member(field, goType) : undefined;
	}

	/** As `object`, but an absent field reads as an empty object. */
	member(field: string, goType: string): ObjectReader {
		const value = this.#get(field);
		if (value !== undefined && !isJsonObject(value)) this.#refuse(field, jsonType(value), `v1.${goType}`);
		return new ObjectReader(value, goType, [...this.path, field], this.findings, this.#isBroken);
	}

	/** The items of a list, with their indexes in their paths. An item that is not an object reads as an empty one. */
	objects(field: string, goType: string): readonly ObjectReader[] {
		return this.#list(field, `[]v1.${goType}`).map((item, index) => {
			if (!isJsonObject(item) && item !== null) this.#refuse(field, jsonType(item), `v1.${goType}`, [index]);
			return new ObjectReader(item, goType, [...this.path, field, index], this.findings);
		});
	}

	required(field: string, detail?: string): void {
		this.fault(field, detail === undefined ? 'Required value' : `Required value: ${detail}`);
	}

	invalid(field: string, value: string | number, detail: string): void {
		this.fault(field, invalidText(value, detail));
	}

	invalidItem(field: string, index: number, value: string | number, detail: string): void {
		if (this.#mistyped.has(field)) return;
		const path = [...this.path, field, index];
		this.findings.report(path, `${fieldText(path)}: ${invalidText(value, detail)}`);
	}

	/** Reports `spec.containers[0].resources.requests: Invalid value: "2": detail`, at the entry of the resource. */
	invalidQuantity(field: string, resource: string, quantity: string, detail: string): void {
		if (this.#mistyped.has(field)) return;
		this.findings.report(
			[...this.path, field, resource],
			`${this.#fieldText(field)}: ${invalidText(quantity, detail)}`,
		);
	}

	notFound(field: string, name: string): void {
		this.fault(field, `Not found: ${quoted(name)}`);
	}

	duplicate(field: string, name: string): void {
		this.fault(field, `Duplicate value: ${quoted(name)}`);
	}

	/** Reports the faults of a text that belongs to a field. */
	check(field: string, text: string, rule: TextRule): void {
		this.checkAs(field, this.#fieldText(field), text, rule);
	}

	/** As `check`, if the server reports the field as `serverField`. */
	checkAs(field: string, serverField: string, text: string, rule: TextRule): void {
		for (const fault of this.findings.faults(rule, text)) this.faultAs(field, serverField, invalidText(text, fault));
	}

	/** Reports the faults of a text that belongs to an entry of a map. */
	checkEntry(field: string, key: string, text: string, rule: TextRule): void {
		for (const fault of this.findings.faults(rule, text)) {
			this.findings.report([...this.path, field, key], `${this.#fieldText(field)}: ${invalidText(text, fault)}`);
		}
	}

	/** Reports `spec.containers[0].name: Required value`. An empty `field` stands for the object itself. */
	fault(field: string, text: string): void {
		this.faultAs(field, this.#fieldText(field), text);
	}

	/** As `fault`, if the server reports the field as `serverField`. */
	faultAs(field: string, serverField: string, text: string): void {
		if (this.#isBroken || this.#mistyped.has(field)) return;
		this.findings.report(field === '' ? this.path : [...this.path, field], `${serverField}: ${text}`);
	}

	#fieldText(field: string): string {
		return fieldText(field === '' ? this.path : [...this.path, field]);
	}

	#get(field: string): unknown {
		return Object.hasOwn(this.#value, field) ? (this.#value[field] ?? undefined) : undefined;
	}

	#list(field: string, goType: string): readonly unknown[] {
		const value = this.#get(field) ?? [];
		if (Array.isArray(value)) return value;
		this.#refuse(field, jsonType(value), goType);
		return [];
	}

	#entries(field: string, goType: string): readonly (readonly [string, unknown])[] {
		const value = this.#get(field) ?? {};
		if (isJsonObject(value)) return Object.entries(value);
		this.#refuse(field, jsonType(value), goType);
		return [];
	}

	#toInteger(field: string, value: unknown, goType: keyof typeof INTEGER_LIMITS, inside: Path): number | undefined {
		if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= INTEGER_LIMITS[goType]) return value;
		this.#refuse(field, typeof value === 'number' ? `number ${value}` : jsonType(value), goType, inside);
		return undefined;
	}

	#toQuantity(field: string, value: unknown, inside: Path): string {
		const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
		const fault = quantityFault(text);
		if (fault === undefined) return text;
		this.#mistyped.add(field);
		this.findings.report([...this.path, field, ...inside], fault);
		return '0';
	}

	#refuse(field: string, found: string, goType: string, inside: Path = []): void {
		// A field may be read more than once.
		if (inside.length === 0 && this.#mistyped.has(field)) return;
		this.#mistyped.add(field);
		const goField = [...this.path.filter((step) => typeof step === 'string'), field].join('.');
		this.findings.report(
			[...this.path, field, ...inside],
			`json: cannot unmarshal ${found} into Go struct field ${this.#goType}.${goField} of type ${goType}`,
		);
	}
}

/** `spec.containers[0].env`. */
export function fieldText(path: Path): string {
	return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

/** `Invalid value: "x": why`. */
export function invalidText(value: string | number, detail: string): string {
	return `Invalid value: ${quoted(value)}: ${detail}`;
}

/** `Unsupported value: "x": supported values: "a", "b"`. */
export function unsupportedText(value: string, supported: Iterable<string>): string {
	return `Unsupported value: ${quoted(value)}: supported values: ${Array.from(supported, quoted).join(', ')}`;
}

export function quoted(value: string | number): string {
	return typeof value === 'number' ? String(value) : quoteGo(truncated(value));
}

/** A name or path of readable length. */
export function truncated(text: string): string {
	return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}
