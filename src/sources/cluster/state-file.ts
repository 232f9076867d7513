/**
 * The last state of a cluster source in a file, for a start without the cluster. The file is replaced atomically. A file
 * that is torn, of another program or of another version is ignored with one warning. A full disk costs only a warning.
 *
 * Shape: one line of JSON with format, version, identity and the SHA-256 of the rest, then one line of JSON an object.
 */

import { createHash } from 'node:crypto';
import { access, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories } from '../../base/directories.js';
import { errorText, systemCode } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { isJsonObject } from '../../go/json/value.js';
import type { ConfigMap } from '../../model/config-map.js';

/** The selection that a state belongs to; another cluster, namespace or selector has another file. */
export interface StateIdentity {
	readonly server: string;
	readonly namespaces: readonly string[] | 'all';
	readonly names: readonly string[];
	readonly labelSelector: string;
	readonly fieldSelector: string;
}

export interface SavedState {
	readonly objects: readonly ConfigMap[];
	/** Last contact with the API server. Unit: milliseconds since 1970. */
	readonly lastContact: number;
}

const FORMAT = 'configmapfs-state';
const VERSION = 1;

export class StateFile {
	readonly path: string;
	readonly #directory: string;
	readonly #identity: string;
	readonly #log: Logger;
	#isWriting = false;
	#waiting: SavedState | undefined;
	#done: Promise<void> = Promise.resolve();
	#hasFailed = false;

	constructor(options: { readonly directory: string; readonly identity: StateIdentity; readonly log: Logger }) {
		const { server, namespaces, names, labelSelector, fieldSelector } = options.identity;
		const sorted = namespaces === 'all' ? 'all' : [...namespaces].sort();
		this.#identity = JSON.stringify([server, sorted, [...names].sort(), labelSelector, fieldSelector]);
		const digest = createHash('sha256').update(this.#identity).digest('hex').slice(0, 16);
		this.#directory = options.directory;
		this.path = join(options.directory, `cluster-${digest}.state`);
		this.#log = options.log;
	}

	/** Undefined if there is no usable state. Errors: none. */
	async load(): Promise<SavedState | undefined> {
		let content: string;
		try {
			content = await readFile(this.path, 'utf8');
		} catch (error) {
			if (systemCode(error) !== 'ENOENT') this.#ignored(errorText(error));
			return undefined;
		}
		try {
			return this.#decode(content);
		} catch (error) {
			this.#ignored(errorText(error));
			return undefined;
		}
	}

	/**
	 * Writes the state after a write that is under way; of several waiting states only the last is written. Resolves when
	 * no write is left. Errors: none.
	 */
	async save(state: SavedState): Promise<void> {
		this.#waiting = state;
		if (!this.#isWriting) this.#done = this.#writeAll();
		await this.#done;
	}

	/** Resolves when no write is under way. Errors: none. */
	async settled(): Promise<void> {
		await this.#done;
	}

	async #writeAll(): Promise<void> {
		this.#isWriting = true;
		for (let state = this.#waiting; state !== undefined; state = this.#waiting) {
			this.#waiting = undefined;
			try {
				await this.#write(state);
				if (this.#hasFailed) this.#log.warn(`the state file ${this.path} is written again`);
				this.#hasFailed = false;
			} catch (error) {
				if (!this.#hasFailed) {
					const reason = errorText(error);
					this.#log.warn(`cannot write the state file ${this.path}: ${reason}; a later start has an older state`);
				}
				this.#hasFailed = true;
			}
		}
		this.#isWriting = false;
	}

	async #write({ objects, lastContact }: SavedState): Promise<void> {
		const lines = objects.map((object) => `${JSON.stringify(encode(object))}\n`);
		const hash = createHash('sha256');
		for (const line of lines) hash.update(line);
		const head = {
			format: FORMAT,
			version: VERSION,
			identity: this.#identity,
			lastContact,
			objects: lines.length,
			sha256: hash.digest('hex'),
		};
		if (!(await exists(this.#directory))) makeDirectories(this.#directory, 0o700);
		await this.#removeLeftovers();
		const temporary = `${this.path}.${process.pid}.tmp`;
		try {
			const file = await open(temporary, 'w', 0o600);
			try {
				await file.writeFile(`${JSON.stringify(head)}\n${lines.join('')}`);
				await file.sync();
			} finally {
				await file.close();
			}
			await rename(temporary, this.path);
		} catch (error) {
			await rm(temporary, { force: true });
			throw error;
		}
		await this.#syncDirectory();
	}

	/** Removes half-written files of killed processes. */
	async #removeLeftovers(): Promise<void> {
		for (const name of await readdir(this.#directory)) {
			const [, pid] = /^cluster-[0-9a-f]{16}\.state\.([0-9]+)\.tmp$/.exec(name) ?? [];
			if (pid === undefined || isAlive(Number(pid))) continue;
			await rm(join(this.#directory, name), { force: true });
		}
	}

	async #syncDirectory(): Promise<void> {
		const directory = await open(this.#directory, 'r');
		try {
			await directory.sync();
		} finally {
			await directory.close();
		}
	}

	/** Errors: Error with the reason why the file cannot be used. */
	#decode(content: string): SavedState {
		const end = content.indexOf('\n');
		const head = end < 0 ? undefined : parseHead(content.slice(0, end));
		if (!isJsonObject(head) || head.format !== FORMAT) throw new Error('it is not a state of this program');
		if (head.version !== VERSION) throw new Error(`its version is ${String(head.version)}, not ${VERSION}`);
		if (head.identity !== this.#identity) throw new Error('it belongs to another cluster or selection');
		const body = content.slice(end + 1);
		if (createHash('sha256').update(body).digest('hex') !== head.sha256) throw new Error('it is incomplete');
		const lines = body.split('\n').filter((line) => line !== '');
		return {
			objects: lines.map((line) => decode(JSON.parse(line))),
			lastContact: typeof head.lastContact === 'number' ? head.lastContact : 0,
		};
	}

	#ignored(reason: string): void {
		this.#log.warn(`cannot use the state file ${this.path}: ${reason}; starting without it`);
	}
}

/** Undefined if the line is not JSON. */
function parseHead(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return undefined;
	}
}

async function exists(path: string): Promise<boolean> {
	return await access(path).then(
		() => true,
		() => false,
	);
}

type Pairs = readonly (readonly [string, string])[];

/** Shape: `[namespace, name, immutable, labels, data, binaryData]`, maps as lists of pairs, values in base64. */
type StoredObject = readonly [string, string, boolean, Pairs, Pairs, Pairs];

function encode({ key, immutable, labels, data, binaryData }: ConfigMap): StoredObject {
	return [key.namespace, key.name, immutable, [...labels], encodeValues(data), encodeValues(binaryData)];
}

function encodeValues(values: ReadonlyMap<string, Buffer>): Pairs {
	return [...values].map(([key, value]) => [key, value.toString('base64')]);
}

/** Requires: the checksum matched, so the line is as it was written. */
function decode(stored: StoredObject): ConfigMap {
	const [namespace, name, immutable, labels, data, binaryData] = stored;
	return {
		key: { namespace, name },
		immutable,
		labels: new Map(labels),
		data: decodeValues(data),
		binaryData: decodeValues(binaryData),
	};
}

function decodeValues(pairs: Pairs): ReadonlyMap<string, Buffer> {
	return new Map(pairs.map(([key, value]) => [key, Buffer.from(value, 'base64')]));
}

/** Also true for a process of another user. */
function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return systemCode(error) === 'EPERM';
	}
}
