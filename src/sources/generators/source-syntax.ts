/** Parses the values of `--from-literal` and `--from-file`. Pure: reads no file, checks no key. */

import { posix } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';

/** The parts of `--from-literal=KEY=VALUE`. */
export interface LiteralSource {
	readonly key: string;
	readonly value: string;
}

/** The parts of `--from-file=[KEY=]PATH`. */
export interface FileSource {
	/** The base name of the path if no key is given. */
	readonly key: string;
	readonly path: string;
	/** Whether the key was given; a directory must not have one. */
	readonly keyGiven: boolean;
}

/**
 * Splits at the first `=`; the value may be empty and keeps its quotes.
 * Errors: INPUT_INVALID with kubectl's text if `=` is missing or first.
 * Source: kubectl v1.20 util.ParseLiteralSource.
 */
export function parseLiteralSource(source: string): LiteralSource {
	const separator = source.indexOf('=');
	if (separator < 1) {
		throw new ConfigMapFsError('INPUT_INVALID', `invalid literal source ${source}, expected key=value`);
	}
	return { key: source.slice(0, separator), value: source.slice(separator + 1) };
}

/** Source: go1.23 path.Base; an empty path is the working directory. */
function baseName(path: string): string {
	if (path === '') return '.';
	return posix.basename(path) || '/';
}

/**
 * Parses `PATH` or `KEY=PATH`.
 * Errors: INPUT_INVALID with kubectl's text.
 * Source: kubectl v1.20 util.ParseFileSource.
 */
export function parseFileSource(source: string): FileSource {
	const parts = source.split('=');
	if (parts.length === 1) return { key: baseName(source), path: source, keyGiven: false };
	const [key = '', path = ''] = parts;
	if (parts.length > 2) {
		throw new ConfigMapFsError('INPUT_INVALID', "key names or file paths cannot contain '='");
	}
	if (key === '') throw new ConfigMapFsError('INPUT_INVALID', `key name for file path ${path} missing`);
	if (path === '') throw new ConfigMapFsError('INPUT_INVALID', `file path for key name ${key} missing`);
	return { key, path, keyGiven: true };
}
