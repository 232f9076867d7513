/** The variables that the caller gives with `-e` and `--env-file`. They replace those of the pod. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigMapFsError } from '../base/errors.js';
import { systemReason } from '../go/system-reason.js';
import type { GivenVariable } from '../pod/environment/environment.js';
import { parseEnvFile } from '../sources/generators/env-file.js';

export interface GivenVariablesRequest {
	/** `NAME=VALUE`, or `NAME` for the caller's value, in the order of the command line. */
	readonly variables: readonly string[];
	/** Paths; a later file wins. */
	readonly files: readonly string[];
}

export interface GivenVariablesOptions {
	/** Relative paths start here. */
	readonly cwd: string;
	readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The variables by name; `-e` wins over `--env-file`. A name that the caller has no value for sets nothing with `-e`, and
 * an empty value in a file, as in kubectl. Errors: INPUT_MISSING, INPUT_INVALID.
 * Source: docker run, -e and --env-file; kubectl v1.32 create configmap, --from-env-file.
 */
export function readGivenVariables(
	{ variables, files }: GivenVariablesRequest,
	{ cwd, env }: GivenVariablesOptions,
): ReadonlyMap<string, GivenVariable> {
	const given = new Map<string, GivenVariable>();
	for (const file of files) {
		const flag = `--env-file ${file}`;
		try {
			for (const { key, value } of parseEnvFile(readFile(resolve(cwd, file)), file, env))
				given.set(key, { value, flag });
		} catch (error) {
			if (!(error instanceof ConfigMapFsError)) throw error;
			throw new ConfigMapFsError(error.code, `${flag}: ${error.message}`, { cause: error });
		}
	}
	for (const text of variables) {
		const equals = text.indexOf('=');
		const name = equals < 0 ? text : text.slice(0, equals);
		const value = equals < 0 ? env[name] : text.slice(equals + 1);
		if (value !== undefined) given.set(name, { value, flag: `-e ${name}` });
	}
	return given;
}

function readFile(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		throw new ConfigMapFsError('INPUT_MISSING', `${systemReason(error)}; correct the path`, { cause: error });
	}
}
