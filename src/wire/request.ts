/**
 * One request as read from /dev/fuse, decoded in place. Independent of inodes and I/O. `accept` and the accessors refuse
 * a request that is too short or not terminated, so that no other file checks lengths.
 * The object is reused for every request: only the names that are read are allocated.
 */

import { IN_HEADER_SIZE } from './constants.js';
import type { Field } from './fields.js';

const TWO_TO_32 = 0x1_0000_0000;
/** In struct fuse_in_header. */
const NODE_ID: Field = { offset: 16, size: 8 };

/** A request that violates the protocol; answered with EIO. */
export class MalformedRequest extends Error {}

export class RequestBuffer {
	/** The buffer that the request is read into. Unit: bytes; at least 80 + max_write. */
	readonly bytes: Buffer;
	#length = 0;

	constructor(size: number) {
		this.bytes = Buffer.alloc(size);
	}

	/**
	 * Takes the first `length` bytes as the current request.
	 * Errors: MalformedRequest if it is shorter than fuse_in_header or its own length field disagrees.
	 * Source: linux/fuse.h 7.38, struct fuse_in_header (40 bytes).
	 */
	accept(length: number): void {
		if (length < IN_HEADER_SIZE)
			throw new MalformedRequest(`a request of ${length} bytes, which is less than its header`);
		if (this.bytes.readUInt32LE(0) !== length) throw new MalformedRequest(`a length field that is not ${length}`);
		this.#length = length;
	}

	get length(): number {
		return this.#length;
	}

	get opcode(): number {
		return this.bytes.readUInt32LE(4);
	}

	/** The kernel's id of this request, for the trace only: a reply copies its bytes. */
	get unique(): bigint {
		return this.bytes.readBigUInt64LE(8);
	}

	get nodeId(): number {
		return this.get(NODE_ID);
	}

	get pid(): number {
		return this.bytes.readUInt32LE(32);
	}

	/**
	 * A number of the body; exact below 2^53, which holds for every id and offset that this program assigns.
	 * Errors: MalformedRequest if the request ends before the field does.
	 */
	get({ offset, size }: Field): number {
		if (offset + size > this.#length) throw new MalformedRequest(`no field of ${size} bytes at ${offset}`);
		const low = this.bytes.readUInt32LE(offset);
		return size === 4 ? low : low + this.bytes.readUInt32LE(offset + 4) * TWO_TO_32;
	}

	/**
	 * A NUL-terminated name with one character per byte, so that any byte sequence is a distinct string.
	 * Errors: MalformedRequest if it is not terminated or empty.
	 */
	name({ offset }: Field): string {
		return this.bytes.toString('latin1', offset, this.#nameEnd(offset));
	}

	/** The name that follows the one in `field`. Errors: as `name`. */
	nameAfter({ offset }: Field): string {
		const next = this.#nameEnd(offset) + 1;
		return this.bytes.toString('latin1', next, this.#nameEnd(next));
	}

	/** The offset of the terminator of the name at `offset`. */
	#nameEnd(offset: number): number {
		const end = this.bytes.indexOf(0, offset);
		if (end < 0 || end >= this.#length || end === offset) throw new MalformedRequest(`no name at ${offset}`);
		return end;
	}
}
