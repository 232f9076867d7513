/**
 * Runs bash scripts on a simulated machine, with `configmapfs run` in `$RUN`: for pipes, redirections, limits and other
 * features of a shell.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.js';
import { DIST, type RunResult, runCommand } from './mount-process.js';
import type { NamespaceWay } from './namespace-child.js';

/** The command line of the program, without the prefix of a machine. */
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

/** A command line that does the same as `$RUN` from a shell outside the machine. */
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
