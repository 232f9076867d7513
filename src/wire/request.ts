/**
 * One request as read from /dev/fuse, decoded in place. Knows nothing of inodes or of I/O. A request that is too
 * short or not terminated is refused by `accept` and by the name readers, so that no later file checks lengths.
 * The object is reused for every request: nothing is allocated but the names that are asked for.
 */

import { IN_HEADER_SIZE } from './constants.js';

const TWO_TO_32 = 0x1_0000_0000;

/** A request whose bytes break the protocol; answered with EIO. */
export class MalformedRequest extends Error {}

export class RequestBuffer {
	/** Where the device writes the request. Unit: bytes; at least 80 + max_write. */
	readonly bytes: Buffer;
	#length = 0;

	constructor(size: number) {
		this.bytes = Buffer.alloc(size);
	}

	/**
	 * Takes the first `length` bytes as the present request.
	 * Errors: MalformedRequest shorter than fuse_in_header, or its own length field disagrees.
	 * Source: linux/fuse.h 7.38, struct fuse_in_header (40 bytes).
	 */
	accept(length: number): void {
		if (length < IN_HEADER_SIZE) throw new MalformedRequest(`${length} bytes are no request`);
		if (this.bytes.readUInt32LE(0) !== length) throw new MalformedRequest(`length field is not ${length}`);
		this.#length = length;
	}

	get length(): number {
		return this.#length;
	}

	get opcode(): number {
		return this.bytes.readUInt32LE(4);
	}

	/** The kernel's id of this request, for the trace only; replies copy the bytes. */
	get unique(): bigint {
		return this.bytes.readBigUInt64LE(8);
	}

	get nodeId(): number {
		return this.u64(16);
	}

	get pid(): number {
		return this.bytes.readUInt32LE(32);
	}

	/** A u32 of the body. Unit: `offset` counts from the start of the message. */
	u32(offset: number): number {
		if (offset + 4 > this.#length) throw new MalformedRequest(`no u32 at ${offset}`);
		return this.bytes.readUInt32LE(offset);
	}

	/** A u64 of the body as a number; exact below 2^53, which holds for every id and offset that is minted here. */
	u64(offset: number): number {
		if (offset + 8 > this.#length) throw new MalformedRequest(`no u64 at ${offset}`);
		return this.bytes.readUInt32LE(offset) + this.bytes.readUInt32LE(offset + 4) * TWO_TO_32;
	}

	/**
	 * A NUL-terminated name as one character a byte, so that any byte sequence is a distinct string.
	 * Errors: MalformedRequest not terminated, or empty.
	 */
	name(offset: number): string {
		const end = this.nameEnd(offset);
		return this.bytes.toString('latin1', offset, end);
	}

	/** Where the terminator of the name at `offset` stands. */
	nameEnd(offset: number): number {
		const end = this.bytes.indexOf(0, offset);
		if (end < 0 || end >= this.#length || end === offset) throw new MalformedRequest(`no name at ${offset}`);
		return end;
	}
}
