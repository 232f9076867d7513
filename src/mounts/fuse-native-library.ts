/**
 * Whether the package fuse-native can be loaded here, with a cure if it cannot. A child process tries it, so the native
 * code is never loaded into the calling process.
 */

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { ConfigMapFsError, errorText } from '../base/errors.js';

/** Reasons of failed loads by their text; the first that matches counts. */
const REASONS: readonly { readonly pattern: RegExp; readonly reason: string; readonly cure: string }[] = [
	{
		pattern: /libfuse\.so\.2/,
		reason: 'the library libfuse.so.2 is not installed',
		cure: '"apt-get install libfuse2" (newer releases: libfuse2t64)',
	},
	{
		pattern: /Cannot find (module|package) 'fuse-native'/,
		reason: 'the npm package fuse-native is not installed',
		cure: '"npm install" with optional dependencies',
	},
	{
		pattern: /No native build was found|napi|not a valid|wrong ELF/i,
		reason: `fuse-native has no build for ${process.platform}-${process.arch}`,
		cure: '"npm rebuild fuse-native" with a compiler and libfuse-dev',
	},
];

/** Unit: milliseconds. Loading takes about 50. */
const LOAD_TIMEOUT_MS = 10_000;

let known: { readonly reason: string | undefined } | undefined;

/**
 * The reason why the driver cannot be loaded, with the cure; undefined if it can. If the package is installed, the first
 * call starts a child process (about 60 ms); later calls return the same result.
 */
export function fuseNativeUnavailable(): string | undefined {
	known ??= { reason: tryToLoad() };
	return known.reason;
}

/** The error for a failed load. */
export function driverUnavailable(text: string, cause?: unknown): ConfigMapFsError {
	return new ConfigMapFsError('DRIVER_UNAVAILABLE', explainLoadFailure(text), { cause });
}

/** One sentence from the error text of `require`: the reason, then the cure. */
export function explainLoadFailure(text: string): string {
	const known = REASONS.find(({ pattern }) => pattern.test(text));
	const lines = text.split('\n').filter((line) => line.trim() !== '');
	const reason = known?.reason ?? lines.find((line) => /error/i.test(line))?.trim() ?? lines[0] ?? 'no reason given';
	const cure = known === undefined ? 'use --driver kernel' : `${known.cure}, or use --driver kernel`;
	return `cannot load the driver fuse-native: ${reason}; ${cure}`;
}

function tryToLoad(): string | undefined {
	let path: string;
	try {
		path = createRequire(import.meta.url).resolve('fuse-native');
	} catch (error) {
		return explainLoadFailure(errorText(error));
	}
	const result = spawnSync(process.execPath, ['--no-warnings', '-e', 'require(process.argv[1])', path], {
		encoding: 'utf8',
		stdio: ['ignore', 'ignore', 'pipe'],
		timeout: LOAD_TIMEOUT_MS,
		killSignal: 'SIGKILL',
	});
	if (result.status === 0) return undefined;
	const text = result.error === undefined ? result.stderr : errorText(result.error);
	return explainLoadFailure(text === '' ? `loading it ends the process (${result.signal ?? result.status})` : text);
}
