/**
 * The program that builds kustomizations: kubectl, which includes kustomize, or kustomize itself. Runs without a shell and
 * in its own process group, so a build can be killed with all of its children, and Ctrl-C in a terminal does not reach it.
 */

import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { errorText } from '../../base/errors.js';

/** A program and the arguments that make it build. */
export interface KustomizeTool {
	/** The path of the program. */
	readonly file: string;
	/** The command as a user types it: `kubectl kustomize`. */
	readonly words: readonly [string, string];
}

export interface BuildRequest {
	/** As given on the command line. */
	readonly directory: string;
	/** Further flags. */
	readonly args: readonly string[];
	readonly cwd: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Aborts the build. */
	readonly signal: AbortSignal;
}

export type BuildOutcome =
	| { readonly kind: 'built'; readonly output: Buffer; readonly warnings: string }
	/** The reason is the program's own text, on one line. */
	| { readonly kind: 'failed'; readonly reason: string };

/** In order of preference. */
const TOOLS: readonly KustomizeTool['words'][] = [
	['kubectl', 'kustomize'],
	['kustomize', 'build'],
];
/** Long, because a build may have to fetch bases and charts. Unit: milliseconds. */
const LONGEST_BUILD_MS = 300_000;
/** More than all objects of an API server's largest list. Unit: bytes. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** The first program in PATH that can build; undefined if there is none. */
export function findKustomizeTool(env: BuildRequest['env']): KustomizeTool | undefined {
	const directories = (env.PATH ?? '').split(delimiter);
	for (const words of TOOLS) {
		const file = directories.map((directory) => join(directory, words[0])).find(isProgram);
		if (file !== undefined) return { file, words };
	}
	return undefined;
}

function isProgram(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

/** Runs one build. Errors: none; a failure is an outcome. */
export async function buildKustomization(tool: KustomizeTool, request: BuildRequest): Promise<BuildOutcome> {
	const { directory, args, cwd, env, signal } = request;
	if (signal.aborted) return GIVEN_UP;
	// Without `./`, a name that begins with a dash would be a flag.
	const target = directory.startsWith('-') ? `./${directory}` : directory;
	return await new Promise<BuildOutcome>((resolve) => {
		const child = spawn(tool.file, [tool.words[1], target, ...args], {
			cwd,
			env,
			detached: true,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		const finish = (outcome: BuildOutcome): void => {
			clearTimeout(timer);
			signal.removeEventListener('abort', giveUp);
			resolve(outcome);
		};
		const end = (outcome: BuildOutcome): void => {
			killGroup(child.pid);
			finish(outcome);
		};
		const giveUp = (): void => end(GIVEN_UP);
		const timer = setTimeout(
			() => end(failed(`did not end within ${LONGEST_BUILD_MS / 60_000} minutes`)),
			LONGEST_BUILD_MS,
		);
		signal.addEventListener('abort', giveUp);
		const output: Buffer[] = [];
		const errorOutput: Buffer[] = [];
		let bytes = 0;
		child.stdout.on('data', (chunk: Buffer) => {
			output.push(chunk);
			bytes += chunk.length;
			if (bytes > MAX_OUTPUT_BYTES) end(failed(`gave more than ${MAX_OUTPUT_BYTES} bytes`));
		});
		child.stderr.on('data', (chunk: Buffer) => errorOutput.push(chunk));
		child.on('error', (error) => finish(failed(`cannot be started: ${errorText(error)}`)));
		child.on('close', (status, killedBy) => {
			const { reason, warnings } = readErrorOutput(Buffer.concat(errorOutput).toString('utf8'));
			if (status === 0) finish({ kind: 'built', output: Buffer.concat(output), warnings });
			else if (reason !== '') finish(failed(reason));
			else finish(failed(killedBy === null ? `ended with exit code ${status}` : `was ended by ${killedBy}`));
		});
	});
}

function failed(reason: string): BuildOutcome {
	return { kind: 'failed', reason };
}

/** Kills a process group: the program and its children. */
function killGroup(pid: number | undefined): void {
	try {
		if (pid !== undefined) process.kill(-pid, 'SIGKILL');
	} catch {
		// It has ended already.
	}
}

const GIVEN_UP: BuildOutcome = { kind: 'failed', reason: 'given up by this program' };

/** The header of kubectl's log, whose time and process id would make each failure look different. */
const KLOG = /^[EF]\d{4} [\d:.]+ +\d+ \S+\] "command failed" err=/;
const WARNING = /^# Warning: /;

/** Splits standard error into the reason of the failure, as one line, and warnings. */
export function readErrorOutput(text: string): { readonly reason: string; readonly warnings: string } {
	const lines = text.split('\n');
	const warnings = lines.filter((line) => WARNING.test(line)).map((line) => line.replace(WARNING, ''));
	const rest = lines
		.filter((line) => !WARNING.test(line))
		.join('\n')
		.trim();
	const reason = KLOG.test(rest) ? unquote(rest.replace(KLOG, '')) : rest.replace(/^error: /i, '');
	return { reason: reason.replace(/\s+/g, ' ').trim(), warnings: warnings.join('; ') };
}

/** `"text"` or, where it has several lines, `<text>`. Source: klog v2.130 internal/serialize, KVFormat. */
function unquote(text: string): string {
	if (text.startsWith('<')) return text.slice(1, text.lastIndexOf('>'));
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'string' ? value : text;
	} catch {
		// Go has escapes that JSON lacks.
		return text.replace(/^"|"$/g, '');
	}
}
