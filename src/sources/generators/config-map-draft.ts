/** A ConfigMap being put together: kubectl's rules for one key at a time. Knows nothing of flags or files. */

import { isUtf8 } from 'node:buffer';
import { ConfigMapFsError } from '../../base/errors.js';
import { quoteGo } from '../../go/quote.js';
import { configKeyFaults } from '../../model/validation.js';

/** Collects keys and values. Invariant: every key is valid and is in one map only. */
export class ConfigMapDraft {
	readonly #name: string;
	readonly #data = new Map<string, Buffer>();
	readonly #binaryData = new Map<string, Buffer>();

	/** The name is for messages only. */
	constructor(name: string) {
		this.#name = name;
	}

	get data(): ReadonlyMap<string, Buffer> {
		return this.#data;
	}

	get binaryData(): ReadonlyMap<string, Buffer> {
		return this.#binaryData;
	}

	/**
	 * Adds a value: to `data` if it is UTF-8 (NUL bytes included), else to `binaryData`.
	 * Errors: INPUT_INVALID with kubectl's text, for a bad key or one that is there already.
	 * Source: kubectl v1.32 create configmap, validateNewConfigMap; the reasons of a bad key are joined by ",".
	 */
	add(key: string, value: Buffer): void {
		const faults = configKeyFaults(key);
		if (faults.length > 0) {
			throw this.#error(`${quoteGo(key)} is not a valid key name for a ConfigMap: ${faults.join(',')}`);
		}
		const place = this.#data.has(key) ? 'Data' : this.#binaryData.has(key) ? 'BinaryData' : undefined;
		if (place !== undefined) {
			const what = `cannot add key ${quoteGo(key)}, another key by that name already exists in ${place}`;
			throw this.#error(`${what} for ConfigMap ${quoteGo(this.#name)}`);
		}
		(isUtf8(value) ? this.#data : this.#binaryData).set(key, value);
	}

	#error(text: string): ConfigMapFsError {
		return new ConfigMapFsError('INPUT_INVALID', text);
	}
}
