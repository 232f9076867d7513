/** Durations as Go writes them: `500ms`, `1m30s`, `1.5h`. Pure. Source: go1.22 time.ParseDuration. */

const UNIT_MS: Readonly<Record<string, number>> = {
	ns: 1e-6,
	us: 1e-3,
	// The micro sign and the Greek letter.
	'\u00b5s': 1e-3,
	'\u03bcs': 1e-3,
	ms: 1,
	s: 1000,
	m: 60_000,
	h: 3_600_000,
};

/** Unit: milliseconds. Undefined: the text is not a duration. Go's own limit of 290 years does not apply. */
export function parseGoDuration(text: string): number | undefined {
	const [, sign = '', size = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
	if (size === '0') return 0;
	if (size === '') return undefined;
	const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
	let sum = 0;
	while (part.lastIndex < size.length) {
		const match = part.exec(size);
		if (match === null) return undefined;
		sum += Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
	}
	return sign === '-' ? -sum : sum;
}
