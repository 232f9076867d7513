/**
 * Builds the content of a ConfigMap from the flags of `kubectl create configmap`, in kubectl's order: files, then
 * literals, then env files.
 */

import { ConfigMapFsError, type ErrorCode } from '../../base/errors.js';
import { splitCommaValues } from '../../go/csv.js';
import type { Problem } from '../../store/source.js';
import { ConfigMapDraft } from './config-map-draft.js';
import { type Environment, parseEnvFile } from './env-file.js';
import { joinEntry, type SourceFiles } from './source-files.js';
import { parseFileSource, parseLiteralSource } from './source-syntax.js';

/** The `--from-*` flags of one ConfigMap: values as given, in the order of the command line. */
export interface GeneratorFlags {
	readonly name: string;
	readonly fromLiteral: readonly string[];
	/** One element for each flag; this file splits values at commas. */
	readonly fromFile: readonly string[];
	/** One element for each flag; this file splits values at commas. */
	readonly fromEnvFile: readonly string[];
}

/** The sources of content besides the flags. */
export interface GeneratorInputs {
	readonly files: SourceFiles;
	/** Provides the value of a line in an env file that consists of only a key. */
	readonly environment: Environment;
}

/** Either the content or the first problem. */
export type Generation =
	| {
			readonly kind: 'generated';
			readonly data: ReadonlyMap<string, Buffer>;
			readonly binaryData: ReadonlyMap<string, Buffer>;
	  }
	| { readonly kind: 'failed'; readonly code: ErrorCode; readonly problem: Problem };

/** The flags with their values split at commas. */
export interface GeneratorSources {
	readonly literals: readonly string[];
	readonly files: readonly string[];
	readonly envFiles: readonly string[];
}

/**
 * Splits the values and checks the combination of the flags.
 * Errors: USAGE with kubectl's text: no name, a broken CSV value, env files next to other flags.
 * Source: kubectl v1.32 create configmap, Validate.
 */
export function readGeneratorFlags(flags: GeneratorFlags): GeneratorSources {
	const files = flags.fromFile.flatMap((value) => splitCommaValues('--from-file', value));
	const envFiles = flags.fromEnvFile.flatMap((value) => splitCommaValues('--from-env-file', value));
	if (flags.name === '') throw new ConfigMapFsError('USAGE', 'name must be specified');
	if (envFiles.length > 0 && (files.length > 0 || flags.fromLiteral.length > 0)) {
		throw new ConfigMapFsError('USAGE', 'from-env-file cannot be combined with from-file or from-literal');
	}
	return { literals: flags.fromLiteral, files, envFiles };
}

/** The paths to read, as given, without duplicates. Requires a successful generation, which checks the syntax. */
export function sourcePaths(sources: GeneratorSources): readonly string[] {
	return [...new Set([...sources.files.map((source) => parseFileSource(source).path), ...sources.envFiles])];
}

/** Reads every source. An invalid source is not a rejection but a `failed` generation with kubectl's text. */
export async function generateConfigMap(
	name: string,
	sources: GeneratorSources,
	inputs: GeneratorInputs,
): Promise<Generation> {
	const draft = new ConfigMapDraft(name);
	const steps = [
		...sources.files.map((source) => ({
			location: `--from-file=${source}`,
			add: () => addFileSource(draft, source, inputs.files),
		})),
		...sources.literals.map((source) => ({
			location: `--from-literal=${source}`,
			add: () => addLiteral(draft, source),
		})),
		...sources.envFiles.map((path) => ({
			location: `--from-env-file=${path}`,
			add: () => addEnvFile(draft, path, inputs),
		})),
	];
	for (const { location, add } of steps) {
		try {
			await add();
		} catch (error) {
			if (!(error instanceof ConfigMapFsError)) throw error;
			return { kind: 'failed', code: error.code, problem: { location, reason: error.message } };
		}
	}
	return { kind: 'generated', data: draft.data, binaryData: draft.binaryData };
}

async function addLiteral(draft: ConfigMapDraft, source: string): Promise<void> {
	const { key, value } = parseLiteralSource(source);
	draft.add(key, Buffer.from(value));
}

async function addFileSource(draft: ConfigMapDraft, source: string, files: SourceFiles): Promise<void> {
	const { key, path, keyGiven } = parseFileSource(source);
	if (!(await files.isDirectory(path))) {
		draft.add(key, await files.read(path));
		return;
	}
	if (keyGiven) throw new ConfigMapFsError('INPUT_INVALID', 'cannot give a key name for a directory path');
	for (const name of await files.listRegularFiles(path)) draft.add(name, await files.read(joinEntry(path, name)));
}

async function addEnvFile(draft: ConfigMapDraft, path: string, inputs: GeneratorInputs): Promise<void> {
	if (await inputs.files.isDirectory(path)) {
		throw new ConfigMapFsError('INPUT_INVALID', 'env config file cannot be a directory');
	}
	for (const { key, value } of parseEnvFile(await inputs.files.read(path), path, inputs.environment)) {
		draft.add(key, Buffer.from(value));
	}
}
