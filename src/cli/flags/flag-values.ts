/**
 * Values of flags: durations, modes, items. Pure; every error names the flag, the value and the right form.
 */

import { ConfigMapFsError, errorText } from '../../base/errors.js';
import { parseGoDuration } from '../../go/duration.js';
import { payloadPath } from '../../volume/payload.js';
import type { KeyToPath } from '../../volume/projection.js';

/** A timer of Node can wait for a little under 600 hours. */
const LONGEST_HOURS = 500;

/** A duration as kubectl takes it. Unit: milliseconds. Errors: USAGE, also if it is too long for a timer. */
export function parseDuration(flag: string, text: string): number {
	const ms = parseGoDuration(text);
	if (ms === undefined || text.startsWith('-')) throw invalid(flag, text, 'a duration such as 500ms, 5s or 1m30s');
	if (ms > LONGEST_HOURS * 3_600_000) throw invalid(flag, text, `at most ${LONGEST_HOURS}h`);
	return ms;
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

/** `KEY=PATH` or `KEY=PATH:MODE`. Errors: USAGE, with kubelet's text for a path that it refuses. */
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
