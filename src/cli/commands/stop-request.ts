/** The first signal that ends a mount. Later signals change nothing: the end takes at most a second. */

/** The longest delay of a timer. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class StopRequest {
	readonly signal: Promise<NodeJS.Signals>;
	readonly #listener: (signal: NodeJS.Signals) => void;
	/** Keeps Node running: signal listeners alone do not, and sources that are read once have nothing else pending. */
	readonly #keepAlive = setInterval(() => {}, LONGEST_DELAY_MS);

	constructor() {
		let resolve: (signal: NodeJS.Signals) => void = () => {};
		this.signal = new Promise((done) => {
			resolve = done;
		});
		this.#listener = (signal) => resolve(signal);
		for (const signal of SIGNALS) process.on(signal, this.#listener);
	}

	/** Restores the default actions of the signals. */
	close(): void {
		clearInterval(this.#keepAlive);
		for (const signal of SIGNALS) process.removeListener(signal, this.#listener);
	}
}
