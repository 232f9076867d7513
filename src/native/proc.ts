/**
 * Processes in /proc. Processes that have ended or belong to another user are omitted. Source: proc(5).
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { invariant } from '../base/errors.js';

export interface ProcessStat {
	/** `R` running, `S` sleeping, `D` waiting for a device, `T` stopped, `Z` a zombie, and others. */
	readonly state: string;
	readonly processGroup: number;
	/** Device number of the controlling terminal; 0 without one. */
	readonly terminal: number;
	/** Process group in the foreground of that terminal; -1 without one. */
	readonly foregroundGroup: number;
}

/** Undefined if there is no such process. */
export function readStat(pid: number | 'self'): ProcessStat | undefined {
	let text: string;
	try {
		text = readFileSync(`/proc/${pid}/stat`, 'latin1');
	} catch {
		return undefined;
	}
	// The second field is a name in parentheses, which may contain spaces and parentheses.
	const [state = '', , group, , terminal, foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ');
	return {
		state,
		processGroup: Number(group),
		terminal: Number(terminal),
		foregroundGroup: Number(foreground),
	};
}

/** Whether signals from the terminal's keyboard, such as Ctrl-C, reach our process group. */
export function isInForeground(): boolean {
	const stat = readStat('self');
	return stat !== undefined && stat.terminal !== 0 && stat.processGroup === stat.foregroundGroup;
}

/** `mnt:[4026531841]`; undefined if there is no such process, or it belongs to another user. */
export function mountNamespaceOf(pid: number | 'self'): string | undefined {
	try {
		return readlinkSync(`/proc/${pid}/ns/mnt`);
	} catch {
		return undefined;
	}
}

/**
 * Every process in this mount namespace that this user may see, without zombies.
 * Requires: it is not our own, so that killing them all cannot hit this process or the rest of the machine.
 */
export function membersOfMountNamespace(mountNamespace: string): readonly number[] {
	invariant(mountNamespace !== mountNamespaceOf('self'), 'the mount namespace of an application is its own');
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name) && mountNamespaceOf(Number(name)) === mountNamespace)
		.map(Number);
}

/** SIGKILL. Does nothing if the process has ended or belongs to another user. */
export function killProcess(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// It has ended, or we may not kill it.
	}
}

export interface OpenFilesLimit {
	/** Unit: descriptors; 2^64 - 1 means unlimited. */
	readonly soft: bigint;
	readonly hard: bigint;
}

/** Undefined if it cannot be read. */
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

/** An open descriptor of this process. */
export interface OpenDescriptor {
	readonly fd: number;
	/** A path, `pipe:[123]`, `socket:[123]` or `anon_inode:[eventfd]`. */
	readonly target: string;
	/** Whether it can be written to. */
	readonly isWritable: boolean;
	readonly closesOnExec: boolean;
}

const O_ACCMODE = 0o3;
const O_CLOEXEC = 0o2000000;

/** The descriptors of this process, the lowest first, without the one that reads them. */
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

/** Node makes descriptors close-on-exec up to this one, and beyond it up to the first gap. Source: as below. */
const LAST_MARKED = 16;

/**
 * The descriptors that are not Node's own. At its start Node makes the first descriptors close-on-exec, also inherited
 * ones. Afterwards it opens its own, an event poll first, each with the lowest free number.
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
