/**
 * The program that builds kustomizations: kubectl, which has it built in, or kustomize itself. Runs without a shell, in a
 * process group of its own, so that a build can be ended with everything that it has started, and a terminal's Ctrl-C is
 * no failed build. Knows nothing of what is built.
 */

import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { errorText } from '../../base/errors.js';

/** A program, and the words that make it build. */
export interface KustomizeTool {
	/** Its path. */
	readonly file: string;
	/** As a person calls it: `kubectl kustomize`. */
	readonly words: readonly [string, string];
}

export interface BuildRequest {
	/** As it was given. */
	readonly directory: string;
	/** Further flags. */
	readonly args: readonly string[];
	readonly cwd: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Ends the build. */
	readonly signal: AbortSignal;
}

export type BuildOutcome =
	| { readonly kind: 'built'; readonly output: Buffer; readonly warnings: string }
	/** In the program's own words, on one line. */
	| { readonly kind: 'failed'; readonly reason: string };

/** In order of preference. */
const TOOLS: readonly KustomizeTool['words'][] = [
	['kubectl', 'kustomize'],
	['kustomize', 'build'],
];
/** Bases and charts may have to be fetched. Unit: milliseconds. */
const LONGEST_BUILD_MS = 300_000;
/** More than all objects of an API server's largest list. Unit: bytes. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** The first program of PATH that can build; undefined: there is none. */
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

/** Builds once. Errors: none; see `failed`. */
export async function buildKustomization(tool: KustomizeTool, request: BuildRequest): Promise<BuildOutcome> {
	const { directory, args, cwd, env, signal } = request;
	if (signal.aborted) return GIVEN_UP;
	// A name that begins with a dash is no flag.
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
		const complaints: Buffer[] = [];
		let bytes = 0;
		child.stdout.on('data', (chunk: Buffer) => {
			output.push(chunk);
			bytes += chunk.length;
			if (bytes > MAX_OUTPUT_BYTES) end(failed(`gave more than ${MAX_OUTPUT_BYTES} bytes`));
		});
		child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
		child.on('error', (error) => finish(failed(`cannot be started: ${errorText(error)}`)));
		child.on('close', (status, killedBy) => {
			const { reason, warnings } = readComplaints(Buffer.concat(complaints).toString('utf8'));
			if (status === 0) finish({ kind: 'built', output: Buffer.concat(output), warnings });
			else if (reason !== '') finish(failed(reason));
			else finish(failed(killedBy === null ? `ended with exit code ${status}` : `was ended by ${killedBy}`));
		});
	});
}

function failed(reason: string): BuildOutcome {
	return { kind: 'failed', reason };
}

/** Ends what was started, and what that has started. */
function killGroup(pid: number | undefined): void {
	try {
		if (pid !== undefined) process.kill(-pid, 'SIGKILL');
	} catch {
		// It has ended already.
	}
}

const GIVEN_UP: BuildOutcome = { kind: 'failed', reason: 'given up by this program' };

/** kubectl's log has a header with time and process id, which would make the same failure another one each time. */
const KLOG = /^[EF]\d{4} [\d:.]+ +\d+ \S+\] "command failed" err=/;
const WARNING = /^# Warning: /;

/** What was written on standard error: why it failed, as one line, and what was only a warning. */
export function readComplaints(text: string): { readonly reason: string; readonly warnings: string } {
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
		// Go has escapes that JSON has not.
		return text.replace(/^"|"$/g, '');
	}
}
