/**
 * The ways to mount: as root, as an ordinary user through fusermount3, and in a user namespace. Each mount has its own
 * runtime directory, so a test can check for leftovers in it.
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
	/** The reason why it cannot be tested on this machine; undefined if it can. */
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

/** The name of a test, with the reason if it is skipped. */
export function titleOf(way: Way): string {
	return way.missing === undefined ? way.name : `${way.name} (skipped: ${way.missing})`;
}

/** Starts a mount in this way; `runtime` is its runtime directory. */
export async function startIn(
	way: Way,
	dir: string,
	args: readonly string[],
): Promise<{ readonly mount: MountProcess; readonly runtime: string }> {
	const { options, runtime } = optionsIn(way);
	return { mount: await startMount(dir, args, options), runtime };
}

/** Starts a mount without waiting until it is ready. */
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
	// A zombie has ended, although its parent has not reaped it yet.
	return stateOf(pid) !== undefined && stateOf(pid) !== 'Z';
}

/** The state of a process, such as `R`, `S` or `D`; undefined if it does not exist. Source: proc(5), /proc/PID/stat. */
export function stateOf(pid: number): string | undefined {
	try {
		return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
	} catch {
		return undefined;
	}
}

/** The files that daemons left in their runtime directory. */
export function leftIn(runtime: string): readonly string[] {
	return existsSync(runtime) ? (readdirSync(runtime, { recursive: true }) as string[]) : [];
}

export function messages(mount: MountProcess): readonly (string | undefined)[] {
	return mount.logLines().map((line: LogLine) => line.msg);
}
