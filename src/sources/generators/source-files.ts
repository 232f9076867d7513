/**
 * Reads the files and directories that flags name. Knows nothing of ConfigMaps. What can be read only once (a pipe,
 * /dev/stdin, a device) is remembered, so that a later reading of all sources gives it again.
 */

import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, posix } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import { systemReason } from '../../go/system-reason.js';

function missing(message: string, cause: unknown): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_MISSING', message, { cause });
}

/** The files of one generator. Every error is INPUT_MISSING with kubectl's text. */
export class SourceFiles {
	readonly #workingDirectory: string;
	readonly #once = new Map<string, Buffer>();

	constructor(workingDirectory: string) {
		this.#workingDirectory = workingDirectory;
	}

	/** The path from the root. Not path.resolve: that would drop `/` at the end and `link/..` by text. */
	locate(path: string): string {
		return isAbsolute(path) ? path : `${this.#workingDirectory}/${path}`;
	}

	/** Whether the path can be read once only, which is known after it was read. */
	isReadOnce(path: string): boolean {
		return this.#once.has(path);
	}

	/** Whether the path, links followed, is a directory. Errors: `error reading PATH: REASON`. */
	async isDirectory(path: string): Promise<boolean> {
		if (this.#once.has(path)) return false;
		return (await this.#stat(path)).isDirectory();
	}

	/**
	 * Names of the regular files of a directory, by bytes. Links, directories, pipes and sockets are left out.
	 * Errors: `error listing files in PATH: open PATH: REASON`.
	 */
	async listRegularFiles(path: string): Promise<readonly string[]> {
		try {
			const entries = await readdir(this.locate(path), { withFileTypes: true });
			const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
			return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
		} catch (error) {
			throw missing(`error listing files in ${path}: open ${path}: ${systemReason(error)}`, error);
		}
	}

	/** All bytes. Errors: `open PATH: REASON`. */
	async read(path: string): Promise<Buffer> {
		const remembered = this.#once.get(path);
		if (remembered !== undefined) return remembered;
		try {
			const located = this.locate(path);
			const regular = (await stat(located)).isFile();
			const content = await readFile(located);
			if (!regular) this.#once.set(path, content);
			return content;
		} catch (error) {
			throw missing(`open ${path}: ${systemReason(error)}`, error);
		}
	}

	async #stat(path: string): Promise<Stats> {
		if (path === '') throw missing('error reading : no such file or directory', undefined);
		try {
			return await stat(this.locate(path));
		} catch (error) {
			throw missing(`error reading ${path}: ${systemReason(error)}`, error);
		}
	}
}

/** The path of an entry as kubectl names it: cleaned, and without `./`. */
export function joinEntry(directory: string, name: string): string {
	return posix.join(directory, name);
}
