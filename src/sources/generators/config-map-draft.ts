/** A ConfigMap under construction: checks each key by kubectl's rules. */

import { isUtf8 } from 'node:buffer';
import { ConfigMapFsError } from '../../base/errors.js';
import { quoteGo } from '../../go/quote.js';
import { configKeyFaults } from '../../model/validation.js';

/** Invariant: every key is valid and is in only one of the maps. */
export class ConfigMapDraft {
	readonly #name: string;
	readonly #data = new Map<string, Buffer>();
	readonly #binaryData = new Map<string, Buffer>();

	/** The name is used only in messages. */
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
	 * Adds a value to `data` if it is UTF-8, where NUL bytes are allowed, else to `binaryData`.
	 * Errors: INPUT_INVALID with kubectl's text for an invalid or duplicate key.
	 * Source: kubectl v1.32 create configmap, validateNewConfigMap; it joins the faults of a key by ",".
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
