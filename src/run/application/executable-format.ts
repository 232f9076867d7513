/**
 * Why the kernel would refuse to start a file. Its own errors (ENOEXEC, and ENOENT for a missing interpreter) do not
 * name the cause, and execvp(3) hides ENOEXEC by trying a shell, which container runtimes do not.
 */

import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemCode } from '../../base/errors.js';

/**
 * Length of the head that the kernel reads. Unit: bytes. Source: linux v6.1 include/uapi/linux/binfmts.h,
 * BINPRM_BUF_SIZE.
 */
const HEAD_SIZE = 256;
const ELF_MAGIC = '\x7fELF';
const PT_INTERP = 3;

/** Machines whose programs a kernel of another machine runs too. Source: elf(5), e_machine. */
const ALSO_RUNS: Readonly<Record<number, readonly number[]>> = { 62: [3], 183: [40] };
const MACHINE_NAMES: Readonly<Record<number, string>> = {
	3: 'x86',
	8: 'MIPS',
	20: 'PowerPC',
	21: 'PowerPC 64',
	22: 'S390',
	40: 'ARM',
	62: 'x86-64',
	183: 'ARM 64',
	243: 'RISC-V',
};

/**
 * Why the file cannot be started from `cwd`; undefined if no reason is known. Requires: it exists.
 * `otherFormats`: whether this machine may run formats that this module does not know.
 */
export function formatFault(path: string, cwd: string, otherFormats = hasOtherFormats): string | undefined {
	let fd: number;
	try {
		fd = openSync(path, 'r');
	} catch {
		// It is executable but not readable. If it cannot start, the kernel reports the error.
		return undefined;
	}
	try {
		const head = readAt(fd, 0, HEAD_SIZE);
		const text = head.toString('latin1');
		if (text.startsWith('#!')) return interpreterFault(text, cwd);
		if (text.startsWith(ELF_MAGIC)) return machineFault(head, otherFormats) ?? loaderFault(fd, head);
		if (otherFormats()) return undefined;
		return head.length === 0
			? 'exec format error: it is empty'
			: 'exec format error: it is not a program; a script needs a first line such as #!/bin/sh';
	} finally {
		closeSync(fd);
	}
}

function readAt(fd: number, position: number, length: number): Buffer {
	const bytes = Buffer.alloc(length);
	return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

/** Source: linux v6.1 fs/binfmt_script.c. */
function interpreterFault(text: string, cwd: string): string | undefined {
	const interpreter = /^#![ \t]*([^ \t\n\0]+)/.exec(text)?.[1];
	if (interpreter === undefined) return 'exec format error: its first line does not name an interpreter';
	if (existsSync(resolve(cwd, interpreter))) return undefined;
	const cure = interpreter.endsWith('\r') ? '; its lines end as on Windows, so convert them with dos2unix' : '';
	return `its interpreter ${JSON.stringify(interpreter)} does not exist${cure}`;
}

function machineFault(head: Buffer, otherFormats: () => boolean): string | undefined {
	const machine = machineOf(head);
	const own = ownMachine();
	if (machine === undefined) return 'exec format error: it is truncated';
	if (own === undefined || machine === own || ALSO_RUNS[own]?.includes(machine) || otherFormats()) return undefined;
	const built = MACHINE_NAMES[machine] ?? `machine ${machine}`;
	return `exec format error: it is built for ${built}, and this is ${MACHINE_NAMES[own] ?? `machine ${own}`}`;
}

/** `e_machine`; undefined if the header is incomplete. */
function machineOf(head: Buffer): number | undefined {
	if (head.length < 52) return undefined;
	return isLittleEndian(head) ? head.readUInt16LE(18) : head.readUInt16BE(18);
}

function isLittleEndian(head: Buffer): boolean {
	return head[5] === 1;
}

function ownMachine(): number | undefined {
	try {
		const fd = openSync('/proc/self/exe', 'r');
		try {
			return machineOf(readAt(fd, 0, HEAD_SIZE));
		} finally {
			closeSync(fd);
		}
	} catch {
		return undefined;
	}
}

/** A program for another C library. Without its loader the kernel reports that the program itself does not exist. */
function loaderFault(fd: number, head: Buffer): string | undefined {
	const is64Bit = head[4] === 2;
	if (!is64Bit || !isLittleEndian(head) || head.length < 64) return undefined;
	const entrySize = head.readUInt16LE(54);
	const table = readAt(fd, Number(head.readBigUInt64LE(32)), entrySize * head.readUInt16LE(56));
	for (let at = 0; at + 56 <= table.length && entrySize >= 56; at += entrySize) {
		if (table.readUInt32LE(at) !== PT_INTERP) continue;
		const size = Math.min(Number(table.readBigUInt64LE(at + 32)), 4096);
		const loader = readAt(fd, Number(table.readBigUInt64LE(at + 8)), size)
			.toString('utf8')
			.replace(/\0.*$/s, '');
		if (existsSync(loader)) return undefined;
		const cure = loader.includes('musl')
			? '; it is built for Alpine Linux, so install musl or build it for this machine'
			: '';
		return `its loader ${JSON.stringify(loader)} does not exist${cure}`;
	}
	return undefined;
}

/** Whether other formats are registered, such as programs of other machines. Source: binfmt_misc. */
function hasOtherFormats(): boolean {
	try {
		return readdirSync('/proc/sys/fs/binfmt_misc').some((name) => name !== 'register' && name !== 'status');
	} catch (error) {
		return systemCode(error) !== 'ENOENT';
	}
}
