/**
 * Parses `--on-change`, the action that follows a change of a volume. Pure.
 *
 *     none | signal:HUP | restart | exec:COMMAND | http:URL | http:METHOD:URL | http://… | VOLUME=ACTION
 */

import { constants } from 'node:os';
import { ConfigMapFsError } from '../../base/errors.js';
import { closest } from '../../base/suggestion.js';

export type OnChange =
	| { readonly kind: 'none' }
	| { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
	| { readonly kind: 'restart' }
	/** For `sh -c`. */
	| { readonly kind: 'exec'; readonly command: string }
	| { readonly kind: 'http'; readonly method: string; readonly url: string };

export interface OnChangePolicy {
	/** For the volumes without an action of their own. */
	readonly otherwise: OnChange;
	/** By volume name. */
	readonly volumes: ReadonlyMap<string, OnChange>;
}

/** The default: as in a pod without a reloader. */
export const ON_CHANGE_NONE: OnChangePolicy = { otherwise: { kind: 'none' }, volumes: new Map() };

const FORMS = 'none, signal:NAME, restart, exec:COMMAND or http:URL';
const KINDS: readonly OnChange['kind'][] = ['none', 'signal', 'restart', 'exec', 'http'];
/** `VOLUME=ACTION`; volume names are DNS labels. Source: kubernetes v1.32 pkg/apis/core/validation, ValidateVolumes. */
const OF_VOLUME = /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)=(.*)$/s;

/** Parses all values of the flag. The last one for a volume counts, and the last one for all others. Errors: USAGE. */
export function parseOnChangeFlags(values: readonly string[]): OnChangePolicy {
	let otherwise = ON_CHANGE_NONE.otherwise;
	const volumes = new Map<string, OnChange>();
	for (const value of values) {
		const [, volume, action = ''] = OF_VOLUME.exec(value) ?? [];
		if (volume === undefined) otherwise = parseOnChange(value);
		else volumes.set(volume, parseOnChange(action));
	}
	return { otherwise, volumes };
}

/** Parses one action. Errors: USAGE. */
export function parseOnChange(text: string): OnChange {
	if (/^https?:\/\//.test(text)) return parseHttp(text, text);
	const colon = text.indexOf(':');
	const kind = colon < 0 ? text : text.slice(0, colon);
	const rest = colon < 0 ? undefined : text.slice(colon + 1);
	switch (kind) {
		case 'none':
		case 'restart':
			if (rest !== undefined) throw usage(`--on-change ${text}: "${kind}" takes no argument; use ${kind} alone`);
			return { kind };
		case 'signal':
			return { kind, signal: parseSignal(text, rest ?? '') };
		case 'exec':
			if ((rest ?? '').trim() === '') throw usage(`--on-change ${text}: the command is missing; use exec:COMMAND`);
			return { kind, command: rest ?? '' };
		case 'http':
			return parseHttp(text, rest ?? '');
		default: {
			const near = closest(kind, KINDS);
			const cure = near === undefined ? 'use' : `did you mean "${near}"? Use`;
			throw usage(`--on-change ${text}: unknown action "${kind}"; ${cure} ${FORMS}`);
		}
	}
}

const SIGNAL_NAMES = Object.keys(constants.signals) as NodeJS.Signals[];

/** `HUP`, `SIGHUP`, `hup`, `1`. */
function parseSignal(text: string, word: string): NodeJS.Signals {
	const upper = word.toUpperCase();
	const found = SIGNAL_NAMES.find(
		(name) => name === upper || name === `SIG${upper}` || String(constants.signals[name]) === word,
	);
	if (found !== undefined) return found;
	if (word === '') throw usage(`--on-change ${text}: the signal is missing; use signal:HUP`);
	const shortNames = SIGNAL_NAMES.map((name) => name.slice('SIG'.length));
	const near = closest(upper.replace(/^SIG/, ''), shortNames);
	const cure = near === undefined ? '"kill -l" lists them' : `did you mean "signal:${near}"?`;
	throw usage(`--on-change ${text}: unknown signal "${word}"; ${cure}`);
}

/** `URL` or `PUT:URL`. The default method is POST, because the request changes the state of the server. */
function parseHttp(text: string, rest: string): OnChange {
	const [, method = 'POST', address = rest] = /^([A-Za-z]+):(https?:.*)$/s.exec(rest) ?? [];
	let url: URL;
	try {
		url = new URL(address);
	} catch {
		throw usage(`--on-change ${hideCredentials(text)}: not a URL; use http:http://HOST:PORT/PATH`);
	}
	if (url.protocol !== 'http:' && url.protocol !== 'https:') {
		throw usage(`--on-change ${hideCredentials(text)}: only http:// and https:// are supported; use one of them`);
	}
	return { kind: 'http', method: method.toUpperCase(), url: url.href };
}

/** The URL without user and password, for messages and logs. */
export function hideCredentials(url: string): string {
	return url.replace(/\/\/[^/?#]*@/, '//');
}

function usage(text: string): ConfigMapFsError {
	return new ConfigMapFsError('USAGE', text);
}
