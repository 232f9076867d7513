/**
 * Splits a byte stream into lines and parses each as one JSON value. Chunks may end anywhere, also inside a character:
 * a line is decoded only when it is complete, and its bytes are copied once however many chunks it arrived in.
 */

const LF = 0x0a;

export interface JsonLinesOptions {
	/** Longest line to accept. Default is 64 MiB. Unit: bytes. */
	readonly maxLineBytes?: number;
}

/** An API server stores objects of up to 1.5 MiB; JSON escapes can make six bytes of one. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** A line that is not JSON or is too long. The message never quotes the line, which may contain a secret. */
export class JsonLineError extends Error {
	constructor(message: string, options?: { readonly cause?: unknown }) {
		super(message, options);
		this.name = 'JsonLineError';
	}
}

export class JsonLines {
	readonly #onValue: (value: unknown) => void;
	readonly #maxLineBytes: number;
	#parts: Buffer[] = [];
	#length = 0;

	/** `onValue` is called for each line that is not blank. */
	constructor(onValue: (value: unknown) => void, { maxLineBytes = MAX_LINE_BYTES }: JsonLinesOptions = {}) {
		this.#onValue = onValue;
		this.#maxLineBytes = maxLineBytes;
	}

	/** Size of the last, incomplete line. Unit: bytes. */
	get pendingBytes(): number {
		return this.#length;
	}

	/** Errors: JsonLineError, and errors of `onValue`; in both cases the rest of the chunk is dropped. */
	push(chunk: Buffer): void {
		let start = 0;
		for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
			const tail = chunk.subarray(start, end);
			start = end + 1;
			this.#parse(this.#parts.length === 0 ? tail : this.#join(tail));
		}
		if (start === chunk.length) return;
		this.#parts.push(start === 0 ? chunk : chunk.subarray(start));
		this.#length += chunk.length - start;
		if (this.#length > this.#maxLineBytes) {
			throw new JsonLineError(`a line of the stream is longer than ${this.#maxLineBytes} bytes`);
		}
	}

	#join(tail: Buffer): Buffer {
		const line = Buffer.concat([...this.#parts, tail], this.#length + tail.length);
		this.#parts = [];
		this.#length = 0;
		return line;
	}

	#parse(line: Buffer): void {
		const text = line.toString('utf8').trim();
		if (text === '') return;
		let value: unknown;
		try {
			value = JSON.parse(text);
		} catch (error) {
			throw new JsonLineError(`a line of ${text.length} characters is not JSON`, { cause: error });
		}
		this.#onValue(value);
	}
}
