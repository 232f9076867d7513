/**
 * Processes as /proc tells of them. What has ended, or is somebody else's, is left out. Source: proc(5).
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { invariant } from '../base/errors.js';

export interface ProcessStat {
	/** `R` running, `S` sleeping, `D` waiting for a device, `T` stopped, `Z` ended and not waited for, … */
	readonly state: string;
	readonly processGroup: number;
	/** Device number of the controlling terminal; 0 where there is none. */
	readonly terminal: number;
	/** Process group in the foreground of that terminal; -1 where there is none. */
	readonly foregroundGroup: number;
}

/** Undefined: there is no such process. */
export function readStat(pid: number | 'self'): ProcessStat | undefined {
	let text: string;
	try {
		text = readFileSync(`/proc/${pid}/stat`, 'latin1');
	} catch {
		return undefined;
	}
	// The second field is a name in parentheses, which may have spaces and parentheses in it.
	const [state = '', , group, , terminal, foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ');
	return {
		state,
		processGroup: Number(group),
		terminal: Number(terminal),
		foregroundGroup: Number(foreground),
	};
}

/** Whether what the keyboard of our terminal sends (Ctrl-C) reaches our process group. */
export function isInForeground(): boolean {
	const stat = readStat('self');
	return stat !== undefined && stat.terminal !== 0 && stat.processGroup === stat.foregroundGroup;
}

/** `mnt:[4026531841]`; undefined when there is no such process, or it is somebody else's. */
export function mountNamespaceOf(pid: number | 'self'): string | undefined {
	try {
		return readlinkSync(`/proc/${pid}/ns/mnt`);
	} catch {
		return undefined;
	}
}

/**
 * Every process in this mount namespace that this user may see, those among them that have ended left out.
 * Requires: it is not our own, so that who ends them all ends neither itself nor the rest of the machine.
 */
export function membersOfMountNamespace(mountNamespace: string): readonly number[] {
	invariant(mountNamespace !== mountNamespaceOf('self'), 'the mount namespace of an application is its own');
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name) && mountNamespaceOf(Number(name)) === mountNamespace)
		.map(Number);
}

/** SIGKILL. One that has ended in between, or is somebody else's, is no error. */
export function endProcess(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// Then it is not for us to end.
	}
}

export interface OpenFilesLimit {
	/** Unit: descriptors; a very large number is none. */
	readonly soft: bigint;
	readonly hard: bigint;
}

/** Undefined where it cannot be read. */
export function openFilesLimit(pid: number | 'self'): OpenFilesLimit | undefined {
	try {
		const text = readFileSync(`/proc/${pid}/limits`, 'latin1');
		const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(text) ?? [];
		return soft === undefined || hard === undefined ? undefined : { soft: limitOf(soft), hard: limitOf(hard) };
	} catch {
		return undefined;
	}
}

function limitOf(text: string): bigint {
	return text === 'unlimited' ? 2n ** 64n - 1n : BigInt(text);
}

/** What an open descriptor of this process leads to: a path, `pipe:[123]`, `socket:[123]`, `anon_inode:[eventfd]`. */
export interface OpenDescriptor {
	readonly fd: number;
	readonly target: string;
	/** Whether it can be written to. */
	readonly isWritable: boolean;
	readonly closesOnExec: boolean;
}

const O_ACCMODE = 0o3;
const O_CLOEXEC = 0o2000000;

/** The descriptors of this process, the lowest first, without the one that it takes to look. */
export function openDescriptors(): readonly OpenDescriptor[] {
	return readdirSync('/proc/self/fd')
		.map(Number)
		.sort((a, b) => a - b)
		.flatMap((fd) => {
			try {
				const target = readlinkSync(`/proc/self/fd/${fd}`);
				const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
				const flags = Number.parseInt(/^flags:\s+([0-7]+)$/m.exec(info)?.[1] ?? '0', 8);
				return [{ fd, target, isWritable: (flags & O_ACCMODE) !== 0, closesOnExec: (flags & O_CLOEXEC) !== 0 }];
			} catch {
				return [];
			}
		});
}

/** Node marks descriptors close-on-exec up to this one, and further while each one is open. Source: as below. */
const LAST_MARKED = 16;

/**
 * Which descriptors are not Node's own. Node marks the first ones close-on-exec whosever they are; but it opens its own
 * after that, an event poll first, and each with the lowest free number.
 * Source: libuv v1.46 uv_disable_stdio_inheritance; node v20 opens event polls, event counters, and pipes to itself, and
 * for streams /dev/null and the terminal.
 */
export function inheritedDescriptors(open: readonly OpenDescriptor[]): readonly number[] {
	const first = open.find(({ target }) => target === 'anon_inode:[eventpoll]')?.fd ?? 0;
	const isOwn = ({ target, isWritable }: OpenDescriptor) =>
		target.startsWith('anon_inode:') ||
		(target.startsWith('pipe:') && open.some((other) => other.target === target && other.isWritable !== isWritable));
	let lastMarked = LAST_MARKED;
	const inherited: number[] = [];
	for (const one of open) {
		const { fd, closesOnExec } = one;
		if (closesOnExec && (fd > lastMarked || (fd >= first && isOwn(one)))) continue;
		inherited.push(fd);
		if (closesOnExec && fd === lastMarked) lastMarked += 1;
	}
	return inherited;
}
