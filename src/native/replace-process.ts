/**
 * Becoming another program in the same process: execvp(3) through FFI, with the environment as it is. Process id,
 * parent, process group, terminal, working directory and the caller's descriptors stay.
 */

import { readFileSync } from 'node:fs';
import { addressOf, declareCalls } from './foreign-calls.js';
import { setInheritable } from './libc.js';
import { inheritedDescriptors, openDescriptors } from './proc.js';

const { checked } = declareCalls({ execvp: 'int execvp(const char *file, const void *arguments)' });

/**
 * This process becomes `command`, which is looked for in PATH. Returns only by its errors: SystemCallError.
 * Requires: standard streams were not used yet, as Node has changed their flags then.
 */
export function replaceProcess(command: readonly Buffer[]): never {
	const words = command.map((word) => Buffer.concat([word, Buffer.alloc(1)]));
	const pointers = Buffer.alloc(8 * (words.length + 1));
	words.forEach((word, index) => {
		pointers.writeBigUInt64LE(addressOf(word), 8 * index);
	});
	// Node has marked them close-on-exec.
	for (const fd of [0, 1, 2, ...inheritedDescriptors(openDescriptors())]) setInheritable(fd, true);
	checked('execvp', command[0]?.toString() ?? '', pointers);
	throw new Error('execvp returned');
}

/** The command line of this process, as bytes: what Node decodes may have lost some. Source: proc(5), cmdline. */
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
