// @ts-check
/*
 * Processes that repeat a file operation in a tight loop, and the choice of their implementation.
 *
 * Imported by bench. Node's file functions have an overhead of 1 us or more, as much as a system call, which would hide
 * half of every difference. C has the least overhead, then perl's syscall(), then FFI.
 */

import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MACHINES = /** @type {Partial<Record<string, string>>} */ ({ x64: 'x86_64', arm64: 'aarch64' });

/**
 * @typedef {object} LoopKind
 * @property {'C' | 'perl' | 'FFI'} name
 * @property {string} description
 * @property {readonly string[]} command
 */

/**
 * The implementations available on this machine, the one with the least overhead first.
 *
 * @param {string} scratch Directory for a compiled loop.
 * @returns {readonly LoopKind[]}
 */
export function loopKinds(scratch) {
	/** @type {LoopKind[]} */
	const kinds = [];
	const compiled = join(scratch, 'loop');
	const compiler = spawnSync('cc', ['-O2', '-o', compiled, join(HERE, 'loop.c')], { encoding: 'utf8' });
	if (compiler.status === 0)
		kinds.push({ name: 'C', description: 'a C program, compiled for this run', command: [compiled] });
	const machine = MACHINES[process.arch];
	if (machine !== undefined && spawnSync('perl', ['-e', '1']).status === 0) {
		const description = 'perl with syscall(), about 0.1 us a call above the kernel';
		kinds.push({ name: 'perl', description, command: ['perl', join(HERE, 'loop.pl'), machine] });
	}
	const ffi = [process.execPath, '--no-warnings', join(HERE, 'loop-ffi.mjs')];
	kinds.push({ name: 'FFI', description: 'Node with libc by FFI, about 0.2 us a call above the kernel', command: ffi });
	return kinds;
}

/**
 * Changes a command so that it runs as another user, or in another mount namespace.
 *
 * @typedef {(command: readonly string[]) => readonly string[]} Wrap
 */

/** A running loop process. */
export class Loop {
	/** @type {((line: string) => void)[]} */
	#waiting = [];
	#child;

	/**
	 * @param {LoopKind} kind
	 * @param {Wrap} wrap
	 */
	constructor(kind, wrap) {
		const [file = '', ...args] = wrap(kind.command);
		this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
		this.#child.on('error', () => {});
		this.#child.stdin.on('error', () => {});
		const lines = createInterface({ input: this.#child.stdout });
		lines.on('line', (line) => this.#waiting.shift()?.(line));
		lines.on('close', () => {
			for (const answer of this.#waiting.splice(0)) answer('error: the loop ended');
		});
	}

	/**
	 * @param {string} operation
	 * @param {number} count
	 * @param {string} path
	 * @returns {Promise<number>} Average time of one operation. Unit: nanoseconds.
	 */
	async run(operation, count, path) {
		const line = await new Promise((resolve) => {
			this.#waiting.push(resolve);
			this.#child.stdin.write(`${operation} ${count} ${path}\n`);
		});
		if (!/^\d+$/.test(line)) throw new Error(`${operation} of ${path}: ${line}`);
		return Number(line) / count;
	}

	close() {
		this.#child.stdin.end();
	}
}
