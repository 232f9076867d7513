/**
 * One JSON text a line, out of chunks that are cut anywhere. Knows nothing of what the lines mean. Bytes are copied
 * once a line however many chunks it came in, and decoded only when the line is complete, so that neither long objects
 * nor characters cut in two need care.
 */

import { ApiError } from './api-error.js';

const LF = 0x0a;

/** An API server stores 1.5 MiB at most; escapes can make six bytes of one. Unit: bytes. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

export class JsonLines {
	readonly #onValue: (value: unknown) => void;
	readonly #maxLineBytes: number;
	#parts: Buffer[] = [];
	#length = 0;

	constructor(onValue: (value: unknown) => void, maxLineBytes: number = MAX_LINE_BYTES) {
		this.#onValue = onValue;
		this.#maxLineBytes = maxLineBytes;
	}

	/** Bytes of a line whose end has not come. */
	get pendingBytes(): number {
		return this.#length;
	}

	/** Errors: ApiError `protocol` for a line that is no JSON or has no end; the rest of the chunk is not looked at. */
	push(chunk: Buffer): void {
		let start = 0;
		for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
			const tail = chunk.subarray(start, end);
			start = end + 1;
			this.#line(this.#parts.length === 0 ? tail : this.#join(tail));
		}
		if (start === chunk.length) return;
		this.#parts.push(start === 0 ? chunk : chunk.subarray(start));
		this.#length += chunk.length - start;
		if (this.#length > this.#maxLineBytes) {
			throw new ApiError('protocol', `a line of the stream is longer than ${this.#maxLineBytes} bytes`);
		}
	}

	#join(tail: Buffer): Buffer {
		const line = Buffer.concat([...this.#parts, tail], this.#length + tail.length);
		this.#parts = [];
		this.#length = 0;
		return line;
	}

	#line(line: Buffer): void {
		const text = line.toString('utf8').trim();
		if (text !== '') this.#onValue(parseJson(text));
	}
}

/** Errors: ApiError `protocol`, without a piece of the text: it may be somebody's configuration. */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new ApiError('protocol', `the server sent ${text.length} characters that are no JSON`, { cause: error });
	}
}
