/**
 * Finds namespaces that do not exist: an empty list does not tell. Each empty namespace is looked up once, and again at
 * each later list while it is missing.
 */

import type { Logger } from '../../base/log.js';
import type { ApiClient } from './api-client.js';

export interface MissingNamespacesOptions {
	readonly client: ApiClient;
	readonly signal: AbortSignal;
	readonly log: Logger;
	/** `names` may have changed. */
	readonly onChange: () => void;
}

export class MissingNamespaces {
	readonly #options: MissingNamespacesOptions;
	readonly #missing = new Set<string>();
	readonly #requested = new Set<string>();

	constructor(options: MissingNamespacesOptions) {
		this.#options = options;
	}

	get names(): ReadonlySet<string> {
		return this.#missing;
	}

	/** A list of the namespace is complete. */
	listed(namespace: string, isEmpty: boolean): void {
		if (!isEmpty) {
			this.#missing.delete(namespace);
			return;
		}
		if (this.#requested.has(namespace) && !this.#missing.has(namespace)) return;
		this.#requested.add(namespace);
		void this.#request(namespace);
	}

	/** The namespace has an object, so it exists. */
	found(namespace: string): void {
		if (this.#missing.delete(namespace)) this.#options.onChange();
	}

	async #request(namespace: string): Promise<void> {
		const { client, signal, log, onChange } = this.#options;
		try {
			const exists = await client.hasNamespace(namespace, signal);
			if (exists === false) this.#missing.add(namespace);
			else this.#missing.delete(namespace);
		} catch (error) {
			log.debug({ err: error, namespace }, 'cannot find out whether the namespace exists');
			this.#requested.delete(namespace);
		}
		onChange();
	}
}
