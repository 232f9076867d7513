/**
 * Finds the fields of an object that its type does not have, at every depth. An API server drops them, and kubectl reports
 * them as `--validate` says. Pure. Source: kubernetes v1.32 sigs.k8s.io/json, UnmarshalStrict: names are case-sensitive.
 */

import { closest } from '../../base/suggestion.js';
import { isJsonObject } from '../../go/json/value.js';
import { FIELD_TABLE } from './field-table.js';

/** Kubectl's `--validate`: refuse an object with unknown fields, warn, or ignore them. */
export type FieldValidation = 'strict' | 'warn' | 'ignore';

export interface UnknownField {
	/** From the root of the object. */
	readonly path: readonly (string | number)[];
	/** A field of the type that the name may be a misspelling of. */
	readonly meant: string | undefined;
}

/** More than a person reads. Limits the time that a hostile manifest can take. */
const MAX_FOUND = 100;
/** Longest name that is shown, and compared with others. Unit: UTF-16 units. */
const MAX_NAME = 64;

/** At most 100, in the order of the object. `type` is a type of the table. A value that aliases share is read once. */
export function unknownFields(value: unknown, type: string): readonly UnknownField[] {
	const walk = new Walk();
	walk.visit(value, type, []);
	return walk.found;
}

/** Kubectl's text with a suggestion behind it: `unknown field "spec.replica"; did you mean "replicas"?`. */
export function unknownFieldText({ path, meant }: UnknownField, validation: 'strict' | 'warn'): string {
	const text = `unknown field "${pathText(path)}"`;
	const refused = validation === 'strict' ? `strict decoding error: ${text}` : text;
	if (meant !== undefined) return `${refused}; did you mean "${meant}"?`;
	return validation === 'strict' ? refused : `${refused}, which has no effect`;
}

class Walk {
	readonly found: UnknownField[] = [];
	/** The types as which a value was visited: aliases may share one value very many times. */
	readonly #visited = new Map<object, Set<string>>();

	visit(value: unknown, type: string, path: UnknownField['path']): void {
		if (typeof value !== 'object' || value === null || this.#wasVisited(value, type)) return;
		if (Array.isArray(value)) {
			for (const [index, item] of value.entries()) this.visit(item, type, [...path, index]);
		} else if (isJsonObject(value)) {
			this.#visitFields(value, type, path);
		}
	}

	#visitFields(value: Readonly<Record<string, unknown>>, type: string, path: UnknownField['path']): void {
		const fields = FIELD_TABLE.get(type);
		if (fields === undefined) return;
		for (const [name, member] of Object.entries(value)) {
			if (this.found.length >= MAX_FOUND) return;
			const field = fields.get(name);
			if (field === undefined) {
				const meant = name.length > MAX_NAME ? undefined : closest(name, [...fields.keys()]);
				this.found.push({ path: [...path, name], meant });
			} else if (field.type !== undefined) {
				this.visit(member, field.type, [...path, name]);
			}
		}
	}

	#wasVisited(value: object, type: string): boolean {
		const types = this.#visited.get(value);
		if (types?.has(type) === true) return true;
		if (types === undefined) this.#visited.set(value, new Set([type]));
		else types.add(type);
		return false;
	}
}

/** `spec.containers[0].env`, with long names cut. */
function pathText(path: UnknownField['path']): string {
	return path
		.map((step, index) => {
			if (typeof step === 'number') return `[${step}]`;
			const name = step.length > MAX_NAME ? `${step.slice(0, MAX_NAME)}…` : step;
			return index === 0 ? name : `.${name}`;
		})
		.join('');
}
