/**
 * How the C library is called: functions declared by their prototypes, loaded at their first call, failures as system
 * errors with `code`. The only file that knows the FFI library.
 *
 * Nothing is loaded before the first call, so importing declarations costs nothing where they are not needed.
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

/** Functions of the C library by name; each declaration is the C prototype, with 64-bit Linux in mind. */
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

/** Name of the error of the last call, where the result alone does not say it. */
export function lastErrno(): string {
	return errnoName(koffi.errno());
}

/** Where the bytes are, for a structure that holds a pointer to them. They must outlive the call. */
export function addressOf(bytes: Buffer): bigint {
	return koffi.address(bytes);
}
