/**
 * Signals that come before there is an application, or anybody who could pass them on: kept until there is, so that
 * whoever asks for the end early gets an orderly one.
 */

const KEPT: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'];

export class EarlySignals {
	#came: NodeJS.Signals[] = [];
	readonly #keep = (signal: NodeJS.Signals) => void this.#came.push(signal);

	/** Keeps signals from now on. */
	constructor() {
		for (const signal of KEPT) process.on(signal, this.#keep);
	}

	/**
	 * What has come; nothing is kept from now on. Requires: somebody else listens already, because a signal without a
	 * listener ends the process.
	 */
	take(): readonly NodeJS.Signals[] {
		for (const signal of KEPT) process.removeListener(signal, this.#keep);
		const came = this.#came;
		this.#came = [];
		return came;
	}
}
