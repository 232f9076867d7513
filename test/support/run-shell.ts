/**
 * Scripts of bash on a machine of the test's own, in which `$RUN` is `configmapfs run`: for what a shell does with a
 * program, such as pipes, redirections and limits.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import { DIST, type RunResult, runCommand } from './mount-process.js';
import type { NamespaceWay } from './namespace-child.js';

/** The words that start the program, without the place where it runs. */
export const RUN = `${process.execPath} ${join(DIST, 'main.js')} run`;

/** `$1`, `$2`, … are `args`. Runs in the root directory, as RunProcess does. */
export async function inShell(
	machine: Machine,
	way: NamespaceWay,
	script: string,
	...args: readonly string[]
): Promise<RunResult> {
	const [file = '', ...words] = [...machine.prefix(way.user), 'env', '-C', '/', 'bash', '-c', script, 'bash', ...args];
	return await runCommand(file, words, { env: { HOME: '/', XDG_RUNTIME_DIR: machine.runtime, RUN } });
}

/** One line for a shell of another place that does the same as `$RUN`. */
export function runLineOn(machine: Machine, way: NamespaceWay): string {
	const env = ['env', '-C', '/', 'HOME=/', `XDG_RUNTIME_DIR=${machine.runtime}`];
	const through = machine.prefix(way.user);
	return [...through, ...env, RUN].join(' ');
}

/** Processes with this text in their command line. */
export function processesWith(text: string): readonly number[] {
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name) && commandLineOf(Number(name)).includes(text))
		.map(Number);
}

function commandLineOf(pid: number): string {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
	} catch {
		return '';
	}
}
