/**
 * The ways to mount: as root, as an ordinary user through fusermount3, and in a user namespace; with a runtime directory
 * of the test's own, so that what is left in it can be seen.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import {
	canUnshare,
	type LogLine,
	launchMount,
	type MountProcess,
	type ProcessOptions,
	startMount,
	unprivilegedUser,
} from './mount-process.js';
import { tmpfsDirectory } from './temporary.js';

export interface Way {
	readonly name: string;
	/** Why it cannot be tested here. */
	readonly missing: string | undefined;
	readonly options: ProcessOptions;
}

const isRoot = process.getuid?.() === 0;
const user = unprivilegedUser();

export const AS_ROOT: Way = {
	name: 'as root',
	missing: isRoot ? undefined : 'this is not root',
	options: {},
};

export const AS_USER: Way = {
	name: 'as a user through fusermount3',
	missing: isRoot && user === undefined ? 'no other user can read this checkout' : undefined,
	options: isRoot && user !== undefined ? { user } : {},
};

export const IN_NAMESPACE: Way = {
	name: 'in a user namespace',
	missing: canUnshare() ? undefined : 'user namespaces are not allowed here',
	options: { unshare: true },
};

export const WAYS: readonly Way[] = [AS_ROOT, AS_USER, IN_NAMESPACE];

/** The name of a test, with the reason where it is skipped. */
export function titleOf(way: Way): string {
	return way.missing === undefined ? way.name : `${way.name} (skipped: ${way.missing})`;
}

/** Starts a mount in this way; `runtime` is where it keeps its files. */
export async function startIn(
	way: Way,
	dir: string,
	args: readonly string[],
): Promise<{ readonly mount: MountProcess; readonly runtime: string }> {
	const { options, runtime } = optionsIn(way);
	return { mount: await startMount(dir, args, options), runtime };
}

/** The same without waiting for it. */
export function launchIn(
	way: Way,
	dir: string,
	args: readonly string[],
): { readonly mount: MountProcess; readonly ready: Promise<'ready'>; readonly runtime: string } {
	const { options, runtime } = optionsIn(way);
	return { ...launchMount(dir, args, options), runtime };
}

function optionsIn(way: Way): { readonly options: ProcessOptions; readonly runtime: string } {
	const runtime = tmpfsDirectory('runtime', 0o777);
	return { options: { ...way.options, env: { ...way.options.env, XDG_RUNTIME_DIR: runtime } }, runtime };
}

export function isRunning(pid: number): boolean {
	// A process that was not waited for yet has ended all the same.
	return stateOf(pid) !== undefined && stateOf(pid) !== 'Z';
}

/** `R`, `S`, `D`, …; undefined when there is no such process. Source: proc(5), /proc/PID/stat. */
export function stateOf(pid: number): string | undefined {
	try {
		return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
	} catch {
		return undefined;
	}
}

/** What daemons left below their runtime directory. */
export function leftIn(runtime: string): readonly string[] {
	return existsSync(runtime) ? (readdirSync(runtime, { recursive: true }) as string[]) : [];
}

export function messages(mount: MountProcess): readonly (string | undefined)[] {
	return mount.logLines().map((line: LogLine) => line.msg);
}
