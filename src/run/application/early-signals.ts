/**
 * Keeps the signals that arrive before the application can receive them, so that an early request to end is obeyed in
 * an orderly way.
 */

const KEPT: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'];

export class EarlySignals {
	#received: NodeJS.Signals[] = [];
	readonly #keep = (signal: NodeJS.Signals) => void this.#received.push(signal);

	/** Starts to keep signals. */
	constructor() {
		for (const signal of KEPT) process.on(signal, this.#keep);
	}

	/**
	 * Returns the kept signals, and stops keeping them. Requires: another listener is installed, because a signal without
	 * a listener ends the process.
	 */
	take(): readonly NodeJS.Signals[] {
		for (const signal of KEPT) process.removeListener(signal, this.#keep);
		const received = this.#received;
		this.#received = [];
		return received;
	}
}
