/**
 * Label selectors in the syntax of `kubectl -l`: `a=b`, `a==b`, `a!=b`, `a in (x,y)`, `a notin (x)`, `a`, `!a`, `a>1`,
 * `a<1`, joined with commas. Pure. Source of grammar and texts: kubernetes v1.32 apimachinery labels/selector.go.
 */

import { ConfigMapFsError } from '../base/errors.js';
import { labelKeyFaults, labelValueFaults } from './validation.js';

type Operator = 'in' | 'notin' | 'exists' | 'missing' | 'greater' | 'less';

interface Requirement {
	readonly key: string;
	readonly operator: Operator;
	readonly values: ReadonlySet<string>;
}

interface Token {
	readonly kind: 'word' | 'symbol' | 'end';
	readonly text: string;
}

const END: Token = { kind: 'end', text: '' };
const TOKEN = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+))/y;
const OPERATORS: Readonly<Record<string, Operator>> = {
	in: 'in',
	notin: 'notin',
	'=': 'in',
	'==': 'in',
	'!=': 'notin',
	'>': 'greater',
	'<': 'less',
};

/** All requirements must hold. */
export class LabelSelector {
	readonly #text: string;
	readonly #requirements: readonly Requirement[];

	/** An empty text selects every object. Errors: ConfigMapFsError USAGE, with kubectl's text. */
	constructor(text: string) {
		this.#text = text;
		this.#requirements = new SelectorParser(text).parse();
	}

	/** Whether the selector selects an object with these labels. */
	matches(labels: ReadonlyMap<string, string>): boolean {
		return this.#requirements.every((requirement) => holds(requirement, labels.get(requirement.key)));
	}

	toString(): string {
		return this.#text;
	}
}

function holds({ operator, values }: Requirement, value: string | undefined): boolean {
	switch (operator) {
		case 'exists':
			return value !== undefined;
		case 'missing':
			return value === undefined;
		case 'in':
			return value !== undefined && values.has(value);
		case 'notin':
			return value === undefined || !values.has(value);
		default: {
			const [bound = ''] = values;
			if (value === undefined || !isInteger(value)) return false;
			return operator === 'greater' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
		}
	}
}

function isInteger(text: string): boolean {
	return /^-?[0-9]{1,19}$/.test(text);
}

class SelectorParser {
	readonly #tokens: readonly Token[];
	#next = 0;

	constructor(text: string) {
		const tokens: Token[] = [];
		TOKEN.lastIndex = 0;
		for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
			const [, symbol, word] = match;
			tokens.push(symbol === undefined ? { kind: 'word', text: word ?? '' } : { kind: 'symbol', text: symbol });
		}
		this.#tokens = tokens;
	}

	parse(): readonly Requirement[] {
		const requirements: Requirement[] = [];
		for (;;) {
			const start = this.#peek();
			if (start.kind === 'end') return requirements;
			if (start.kind !== 'word' && start.text !== '!') {
				throw fault(`found '${start.text}', expected: !, identifier, or 'end of string'`);
			}
			requirements.push(this.#requirement());
			const after = this.#take();
			if (after.kind === 'end') return requirements;
			if (!isSymbol(after, ',')) throw fault(`found '${after.text}', expected: ',' or 'end of string'`);
			const following = this.#peek();
			if (following.kind !== 'word' && !isSymbol(following, '!')) {
				throw fault(`found '${following.text}', expected: identifier after ','`);
			}
		}
	}

	#requirement(): Requirement {
		const missing = isSymbol(this.#peek(), '!');
		if (missing) this.#take();
		const { kind, text: key } = this.#take();
		if (kind !== 'word') throw requirementFault(`found '${key}', expected: identifier`);
		const keyFaults = labelKeyFaults(key);
		if (keyFaults.length > 0) {
			throw requirementFault(`<nil>: Invalid value: ${JSON.stringify(key)}: ${keyFaults.join('; ')}`);
		}
		const after = this.#peek();
		if (missing) return { key, operator: 'missing', values: new Set() };
		if (after.kind === 'end' || isSymbol(after, ',')) return { key, operator: 'exists', values: new Set() };
		const sign = this.#take().text;
		const operator = Object.hasOwn(OPERATORS, sign) ? OPERATORS[sign] : undefined;
		if (operator === undefined) throw requirementFault(`found '${sign}', expected: in, notin, =, ==, !=, gt, lt`);
		const values = sign === 'in' || sign === 'notin' ? this.#list() : new Set([this.#exactValue()]);
		checkValues(key, operator, values);
		return { key, operator, values };
	}

	/** `(x,y)`. An omitted value, as in `()` or `(,x)`, is the empty string. */
	#list(): ReadonlySet<string> {
		const open = this.#take();
		if (!isSymbol(open, '(')) throw requirementFault(`found '${open.text}' expected: '('`);
		const values = new Set<string>();
		for (;;) {
			const token = this.#peek();
			if (isSymbol(token, ',') || isSymbol(token, ')')) {
				values.add('');
			} else if (token.kind === 'word') {
				values.add(this.#take().text);
			} else {
				throw requirementFault(`found '${token.text}', expected: ',', ')' or identifier`);
			}
			const after = this.#take();
			if (isSymbol(after, ')')) return values;
			if (!isSymbol(after, ',')) throw requirementFault(`found '${after.text}', expected: ',' or ')'`);
		}
	}

	#exactValue(): string {
		const token = this.#peek();
		if (token.kind === 'end' || isSymbol(token, ',')) return '';
		this.#take();
		if (token.kind !== 'word') throw requirementFault(`found '${token.text}', expected: identifier`);
		return token.text;
	}

	#peek(): Token {
		return this.#tokens[this.#next] ?? END;
	}

	#take(): Token {
		const token = this.#peek();
		this.#next += 1;
		return token;
	}
}

function checkValues(key: string, operator: Operator, values: ReadonlySet<string>): void {
	let index = 0;
	for (const value of values) {
		const quoted = JSON.stringify(value);
		if ((operator === 'greater' || operator === 'less') && !isInteger(value)) {
			const rule = "for 'Gt', 'Lt' operators, the value must be an integer";
			throw requirementFault(`values[${index}]: Invalid value: ${quoted}: ${rule}`);
		}
		const faults = labelValueFaults(value);
		if (faults.length > 0) {
			throw requirementFault(`values[${index}][${key}]: Invalid value: ${quoted}: ${faults.join('; ')}`);
		}
		index += 1;
	}
}

function isSymbol(token: Token, symbol: string): boolean {
	return token.kind === 'symbol' && token.text === symbol;
}

function fault(text: string): ConfigMapFsError {
	return new ConfigMapFsError('USAGE', text);
}

function requirementFault(text: string): ConfigMapFsError {
	return fault(`unable to parse requirement: ${text}`);
}
