/**
 * Values of flags: durations, modes, items. Pure; every error names the flag, the value and the right form.
 */

import { ConfigMapFsError, errorText } from '../../base/errors.js';
import { payloadPath } from '../../volume/payload.js';
import type { KeyToPath } from '../../volume/projection.js';

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

/** What a timer of Node can hold is a little under 600 hours. */
const LONGEST_HOURS = 500;

/**
 * A duration as kubectl takes it: `500ms`, `1m30s`, `0`. Returns milliseconds. Errors: USAGE, also for one that is longer
 * than timers can be. Source: Go 1.22 time.ParseDuration.
 */
export function parseDuration(flag: string, text: string): number {
	if (text === '0') return 0;
	const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
	part.lastIndex = text.startsWith('+') ? 1 : 0;
	let sum = 0;
	if (part.lastIndex === text.length) throw invalid(flag, text, 'a duration such as 500ms, 5s or 1m30s');
	while (part.lastIndex < text.length) {
		const match = part.exec(text);
		if (match === null) throw invalid(flag, text, 'a duration such as 500ms, 5s or 1m30s');
		sum += Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
	}
	if (sum > LONGEST_HOURS * 3_600_000) throw invalid(flag, text, `at most ${LONGEST_HOURS}h`);
	return sum;
}

/**
 * Permission bits as a YAML manifest takes them: `0644` and `0o644` are octal, `420` is decimal.
 * Errors: USAGE with the API server's text; a number that looks like octal without its zero gets a hint.
 */
export function parseMode(flag: string, text: string): number {
	const octal = /^0o?([0-7]+)$/.exec(text)?.[1];
	const decimal = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : undefined;
	const mode = octal !== undefined ? Number.parseInt(octal, 8) : decimal;
	if (mode === undefined) throw invalid(flag, text, 'a mode such as 0644');
	if (mode > 0o777) {
		const hint = octal === undefined && /^[0-7]{3}$/.test(text) ? `; "${text}" is decimal, did you mean 0${text}?` : '';
		throw new ConfigMapFsError(
			'USAGE',
			`invalid argument "${text}" for "--${flag}": must be a number between 0 and 0777 (octal), both inclusive${hint}`,
		);
	}
	return mode;
}

/** `KEY=PATH` or `KEY=PATH:MODE`. Errors: USAGE, with kubelet's text for a path that it never shows. */
export function parseItem(flag: string, text: string): KeyToPath {
	const equals = text.indexOf('=');
	const key = text.slice(0, equals);
	const rest = text.slice(equals + 1);
	const mode = /:([0-9o]+)$/.exec(rest);
	const path = mode === null ? rest : rest.slice(0, mode.index);
	if (equals < 1 || path === '')
		throw invalid(flag, text, 'KEY=PATH or KEY=PATH:MODE, such as tls.crt=certs/tls.crt:0400');
	try {
		payloadPath(path);
	} catch (error) {
		throw new ConfigMapFsError('USAGE', `invalid argument "${text}" for "--${flag}": ${errorText(error)}`);
	}
	return mode === null ? { key, path } : { key, path, mode: parseMode(flag, mode[1] ?? '') };
}

/** A user or group id. */
export function parseId(flag: string, text: string): number {
	const id = Number(text);
	if (!/^\d+$/.test(text) || id > 0xffff_fffe) throw invalid(flag, text, 'a numeric id');
	return id;
}

/** A whole number of at least `least`. */
export function parseCount(flag: string, text: string, least: number): number {
	const count = Number(text);
	if (!/^\d+$/.test(text) || count < least) throw invalid(flag, text, `a whole number of at least ${least}`);
	return count;
}

function invalid(flag: string, text: string, form: string): ConfigMapFsError {
	return new ConfigMapFsError('USAGE', `invalid argument "${text}" for "--${flag}": expected ${form}`);
}
