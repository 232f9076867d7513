/**
 * Replaces the program of this process: execvp(3) through FFI. The environment, process id, parent, process group,
 * terminal, working directory and the caller's descriptors stay the same.
 */

import { readFileSync } from 'node:fs';
import { addressOf, declareCalls } from './foreign-calls.js';
import { setInheritable } from './libc.js';
import { inheritedDescriptors, openDescriptors } from './proc.js';

const { checked } = declareCalls({ execvp: 'int execvp(const char *file, const void *arguments)' });

/**
 * Runs `command`, which is searched in PATH, in this process. Never returns. Errors: SystemCallError.
 * Requires: the standard streams have not been used, because Node changes their flags at first use.
 */
export function replaceProcess(command: readonly Buffer[]): never {
	const words = command.map((word) => Buffer.concat([word, Buffer.alloc(1)]));
	const pointers = Buffer.alloc(8 * (words.length + 1));
	words.forEach((word, index) => {
		pointers.writeBigUInt64LE(addressOf(word), 8 * index);
	});
	// Node has made them close-on-exec.
	for (const fd of [0, 1, 2, ...inheritedDescriptors(openDescriptors())]) setInheritable(fd, true);
	checked('execvp', command[0]?.toString() ?? '', pointers);
	throw new Error('execvp returned');
}

/** The command line of this process as bytes: decoding it may lose some. Source: proc(5), cmdline. */
export function ownCommandLine(): readonly Buffer[] {
	const [, ...rest] = splitAtNul(readFileSync('/proc/self/cmdline'));
	return [Buffer.from(process.execPath), ...rest];
}

function splitAtNul(bytes: Buffer): readonly Buffer[] {
	const words: Buffer[] = [];
	for (let from = 0, to = bytes.indexOf(0); to >= 0; from = to + 1, to = bytes.indexOf(0, from)) {
		words.push(bytes.subarray(from, to));
	}
	return words;
}
