/**
 * Merges the changes of one turn of the event loop into one call, and holds calls back while a step runs that must not
 * be disturbed, such as the mount of the volumes.
 */

export class ChangeGate {
	readonly #onChange: () => void;
	#isScheduled = false;
	#holds = 0;
	#hasHeldChange = false;
	#isClosed = false;

	constructor(onChange: () => void) {
		this.#onChange = onChange;
	}

	/** Calls `onChange` soon: once for all changes until then, and not before every `hold` has ended. */
	changed(): void {
		if (this.#isScheduled || this.#isClosed) return;
		this.#isScheduled = true;
		setImmediate(() => {
			this.#isScheduled = false;
			if (this.#isClosed) return;
			if (this.#holds > 0) this.#hasHeldChange = true;
			else this.#onChange();
		});
	}

	/** Runs `act`; changes that arrive in the meantime are delivered after it, also if it fails. */
	async hold<T>(act: () => Promise<T>): Promise<T> {
		this.#holds++;
		try {
			return await act();
		} finally {
			this.#holds--;
			if (this.#holds === 0 && this.#hasHeldChange) {
				this.#hasHeldChange = false;
				this.changed();
			}
		}
	}

	/** No call follows. Idempotent. */
	close(): void {
		this.#isClosed = true;
	}
}
