/**
 * Calls of the C library: functions are declared by their prototypes and loaded at their first call; failures are
 * system errors with `code`. The only file that uses the FFI library.
 *
 * Nothing is loaded before the first call, so unused declarations cost nothing.
 */

import koffi from 'koffi';
import { errnoName } from '../base/errno.js';

type Library = ReturnType<typeof koffi.load>;
type ForeignFunction = ReturnType<Library['func']>;

let library: Library | undefined;

/** A failed system call, shaped like Node's own: `code` is the errno's name. */
export class SystemCallError extends Error {
	readonly code: string;
	readonly errno: number;
	readonly syscall: string;

	constructor(syscall: string, errno: number) {
		super(`${syscall}: ${errnoName(errno)}`);
		this.name = 'SystemCallError';
		this.code = errnoName(errno);
		this.errno = errno;
		this.syscall = syscall;
	}
}

export interface ForeignCalls<Name extends string> {
	/** Returns what the function returns. */
	call(name: Name, ...args: readonly unknown[]): number;
	/** Errors: SystemCallError for a negative result. */
	checked(name: Name, ...args: readonly unknown[]): number;
}

/** Functions of the C library by name; each declaration is the C prototype on 64-bit Linux. */
export function declareCalls<Name extends string>(declarations: Readonly<Record<Name, string>>): ForeignCalls<Name> {
	const loaded = new Map<Name, ForeignFunction>();
	const call = (name: Name, ...args: readonly unknown[]): number => {
		let run = loaded.get(name);
		if (run === undefined) {
			library ??= koffi.load(null);
			run = library.func(declarations[name]);
			loaded.set(name, run);
		}
		return run(...args) as number;
	};
	const checked = (name: Name, ...args: readonly unknown[]): number => {
		const result = call(name, ...args);
		if (result < 0) throw new SystemCallError(name, koffi.errno());
		return result;
	};
	return { call, checked };
}

/** Name of the last call's errno, for calls whose result does not contain it. */
export function lastErrno(): string {
	return errnoName(koffi.errno());
}

/** The address of the bytes, for a structure that contains a pointer to them. They must outlive the call. */
export function addressOf(bytes: Buffer): bigint {
	return koffi.address(bytes);
}
