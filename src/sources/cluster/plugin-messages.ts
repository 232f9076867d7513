/**
 * What a credential plugin writes on standard error. One that answers at once has nothing to say that matters; one that
 * takes longer may wait for somebody who has to open a page and type a code, and must be heard while it runs.
 */

/** Unit: milliseconds. */
const QUIET_MS = 1_000;

export class PluginMessages {
	readonly #tell: (line: string) => void;
	readonly #chunks: Buffer[] = [];
	readonly #timer: NodeJS.Timeout;
	#isHeard = false;
	/** Of the text, that much was told. Unit: bytes. */
	#told = 0;

	/** `tell` gets whole lines. */
	constructor(tell: (line: string) => void) {
		this.#tell = tell;
		this.#timer = setTimeout(() => {
			this.#isHeard = true;
			this.#tellLines();
		}, QUIET_MS);
	}

	add(chunk: Buffer): void {
		this.#chunks.push(chunk);
		if (this.#isHeard) this.#tellLines();
	}

	/** All that was written. */
	end(): string {
		clearTimeout(this.#timer);
		return Buffer.concat(this.#chunks).toString('utf8').trim();
	}

	#tellLines(): void {
		const text = Buffer.concat(this.#chunks);
		const end = text.lastIndexOf('\n') + 1;
		if (end <= this.#told) return;
		const lines = text.toString('utf8', this.#told, end).split('\n');
		this.#told = end;
		for (const line of lines) if (line.trim() !== '') this.#tell(line.trimEnd());
	}
}
