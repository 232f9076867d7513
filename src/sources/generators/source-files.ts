/**
 * Reads the files and directories that flags name. Caches content that can be read only once (a pipe, /dev/stdin, a
 * device), so that a later reading of all sources returns it again.
 */

import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, posix } from 'node:path';
import { ConfigMapFsError } from '../../base/errors.js';
import { systemReason } from '../../go/system-reason.js';

function missing(message: string, cause: unknown): ConfigMapFsError {
	return new ConfigMapFsError('INPUT_MISSING', message, { cause });
}

/** The files of one generator. Errors: always INPUT_MISSING, with kubectl's text. */
export class SourceFiles {
	readonly #workingDirectory: string;
	readonly #once = new Map<string, Buffer>();

	constructor(workingDirectory: string) {
		this.#workingDirectory = workingDirectory;
	}

	/** The absolute path. Does not use path.resolve, which drops a trailing `/` and `link/..` by text. */
	locate(path: string): string {
		return isAbsolute(path) ? path : `${this.#workingDirectory}/${path}`;
	}

	/** Whether the path can be read only once. Known after the first read. */
	isReadOnce(path: string): boolean {
		return this.#once.has(path);
	}

	/** Whether the path is a directory or a link to one. Errors: `error reading PATH: REASON`. */
	async isDirectory(path: string): Promise<boolean> {
		if (this.#once.has(path)) return false;
		return (await this.#stat(path)).isDirectory();
	}

	/**
	 * The names of the regular files of a directory, in byte order. Links, directories, pipes and sockets are left out.
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

	/** Reads all bytes. Errors: `open PATH: REASON`. */
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

/** The path of an entry as kubectl prints it: cleaned, without a leading `./`. */
export function joinEntry(directory: string, name: string): string {
	return posix.join(directory, name);
}
