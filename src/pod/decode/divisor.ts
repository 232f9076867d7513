/**
 * Decodes the `divisor` of a `resourceFieldRef`: a quantity equal to one unit, such as `1Mi`. Pure.
 * Source: kubernetes v1.32 validateContainerResourceDivisor.
 */

import { BINARY_SUFFIXES, DECIMAL_SUFFIXES, parseQuantity, quantityOf } from '../../go/quantity.js';
import { invalidText, type ObjectReader } from './object-reader.js';

const BINARY_UNITS = ['', ...BINARY_SUFFIXES.keys()];
const CPU_UNITS: ReadonlySet<string> = new Set(['1', '1m']);
const BYTE_UNITS: ReadonlySet<string> = new Set(
	['', 'k', 'M', 'G', 'T', 'P', 'E', ...BINARY_UNITS.slice(1)].map((unit) => `1${unit}`),
);

/** The units that may divide a resource. */
interface DivisorRule {
	readonly resource: RegExp;
	readonly units: ReadonlySet<string>;
	readonly unitsText: string;
	/** The resource in the server's text. */
	readonly resourceText: string;
}

const BYTES = { units: BYTE_UNITS, unitsText: `${[...BYTE_UNITS].join(', ')} are` };
const RULES: readonly DivisorRule[] = [
	{ resource: /\.cpu$/, units: CPU_UNITS, unitsText: '1m and 1 are', resourceText: 'cpu' },
	{ resource: /\.memory$/, ...BYTES, resourceText: 'memory' },
	{ resource: /\.ephemeral-storage$/, ...BYTES, resourceText: 'local ephemeral storage' },
	{ resource: /\.hugepages-/, ...BYTES, resourceText: 'hugepages' },
];

/** The divisor as a server prints it. Absent and zero divisors are `1`, as for kubelet. */
export function decodeDivisor(reader: ObjectReader, resource: string): string {
	const divisor = reader.quantity('divisor') ?? '1';
	const unit = canonicalUnit(divisor);
	if (unit === '0') return '1';
	const rule = RULES.find((one) => one.resource.test(resource));
	if (rule !== undefined && (unit === undefined || !rule.units.has(unit))) {
		const detail = `only divisor's values ${rule.unitsText} supported with the ${rule.resourceText} resource`;
		reader.fault('divisor', invalidText(resource, detail));
	}
	return unit ?? divisor;
}

/**
 * The quantity as a server prints it, if it equals one unit or zero: `1000` is `1k`, `1024Ki` is `1Mi`, `0.0Gi` is `0`.
 * Undefined for every other quantity.
 */
function canonicalUnit(quantity: string): string | undefined {
	const match = /^\+?([0-9]*)(?:\.([0-9]*))?([A-Za-z]*)$/.exec(quantity);
	const [, whole = '', fraction = '', suffix = ''] = match ?? [];
	const digits = `${whole}${fraction}`;
	// A quantity without digits, such as `m`, is zero too.
	if (match === null) return undefined;
	if (/^0*$/.test(digits)) return '0';
	// The server does not rewrite `01` or `+1`.
	if (fraction === '' && /^0*1$/.test(whole)) return quantity;
	if (suffix.endsWith('i')) {
		const { nanos } = parseQuantity(quantity);
		const unit = BINARY_UNITS.find((_unit, power) => quantityOf(1024 ** power).nanos === nanos);
		return unit === undefined ? undefined : `1${unit}`;
	}
	const power = DECIMAL_SUFFIXES.get(suffix);
	const [, zeros] = /^0*1(0*)$/.exec(digits) ?? [];
	if (power === undefined || zeros === undefined) return undefined;
	const exponent = zeros.length - fraction.length + power;
	for (const [unit, one] of DECIMAL_SUFFIXES) if (one === exponent) return `1${unit}`;
	return undefined;
}
