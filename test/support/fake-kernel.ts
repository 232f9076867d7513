/**
 * The kernel's side of a session, in the same thread: writes one request to a socket, runs the session for this request
 * and reads the reply. A stream has no message boundaries, so each direction never contains more than one message.
 */

import { closeSync, readSync, writeSync } from 'node:fs';
import { POLL, poll, socketPair } from '../../src/native/libc.js';
import { Session } from '../../src/server/kernel/session.js';
import type { SessionOptions } from '../../src/server/kernel/session-options.js';
import { INIT_FLAG, OPCODE, type OpcodeName } from '../../src/wire/constants.js';

/** A reply to the kernel. Unit: `error` is 0 or a negative errno. */
export interface Reply {
	readonly error: number;
	readonly unique: bigint;
	readonly body: Buffer;
}

/** Larger replies do not fit in the socket's buffer, so they are taken from the session's trace. Unit: bytes. */
const SOCKET_ROOM = 64 * 1024;
/** The node of a final FORGET, which has no reply and ends the session's loop. */
const LAST_NODE = Number.MAX_SAFE_INTEGER;

/** Ends the session's loop after a request; any other exception is a crash of the session. */
class Done extends Error {}

export class FakeKernel {
	readonly counters: number[] = [];
	/** Exceptions that the session reported. */
	readonly faults: { readonly where: string; readonly error: unknown }[] = [];
	/** The process id in the requests; 0 for a process outside the pid namespace. */
	pid = 0;
	readonly #session: Session;
	readonly #device: number;
	readonly #kernel: number;
	#unique = 2n;
	#reply: Buffer | undefined;
	#isLast = false;

	constructor(options: Pick<SessionOptions, 'tree'> & Partial<Omit<SessionOptions, 'fd' | 'trace' | 'counters'>>) {
		[this.#device, this.#kernel] = socketPair();
		this.#session = new Session({
			pollJournal: () => {},
			reportFault: (where, error) => this.faults.push({ where, error }),
			openWithoutUpcall: true,
			...options,
			fd: this.#device,
			counters: this.counters,
			trace: { received() {}, answered: (_, reply, length) => this.#answered(reply, length) },
		});
	}

	close(): void {
		closeSync(this.#device);
		closeSync(this.#kernel);
	}

	/** Called before the session writes its reply. Sends a request that ends the loop. */
	#answered(reply: Buffer, length: number): void {
		if (this.#isLast) throw new Done();
		this.#isLast = true;
		this.#reply = length === 0 ? undefined : Buffer.from(reply.subarray(0, length));
		if (length > SOCKET_ROOM) throw new Done();
		const last = Buffer.alloc(8);
		last.writeBigUInt64LE(1n);
		writeSync(this.#kernel, message('FORGET', LAST_NODE, last, 0n));
	}

	/** Sends any bytes, valid or not; undefined if the session sends no reply. */
	raw(request: Buffer): Reply | undefined {
		this.#reply = undefined;
		this.#isLast = false;
		writeSync(this.#kernel, request);
		try {
			this.#session.run();
			throw new Error('the session ended');
		} catch (error) {
			if (!(error instanceof Done)) throw error;
		}
		const traced = this.#reply as Buffer | undefined;
		const written = traced !== undefined && traced.length > SOCKET_ROOM ? traced : this.#written();
		if (written === undefined) return undefined;
		if (traced === undefined || !written.equals(traced)) {
			throw new Error('the written reply differs from the reply in the trace');
		}
		if (written.readUInt32LE(0) !== written.length) throw new Error('the length field of a reply is wrong');
		const error = written.readInt32LE(4);
		if (error > 0 || error <= -512) throw new Error(`${error} is not a negative errno`);
		if (error !== 0 && written.length !== 16) throw new Error('an error reply has a body');
		return { error, unique: written.readBigUInt64LE(8), body: written.subarray(16) };
	}

	#written(): Buffer | undefined {
		const [events] = poll([{ fd: this.#kernel, events: POLL.IN }], 0);
		if (events === 0) return undefined;
		const bytes = Buffer.alloc(SOCKET_ROOM + 1);
		return bytes.subarray(0, readSync(this.#kernel, bytes));
	}

	/** Sends a request and returns its reply. */
	request(opcode: OpcodeName | number, nodeId: number, ...body: readonly (Buffer | string)[]): Reply {
		this.#unique += 2n;
		const reply = this.raw(message(opcode, nodeId, bodyOf(body), this.#unique, this.pid));
		if (reply === undefined) throw new Error(`${opcode} got no reply`);
		if (reply.unique !== this.#unique) throw new Error('the reply is for another request');
		return reply;
	}

	/** Sends the first request of a connection, by default with all features that the server uses. */
	init(flags = Object.values(INIT_FLAG).reduce((all, flag) => all | flag, 0)): Reply {
		return this.request('INIT', 0, u32(7, 45, 131072, flags >>> 0), Buffer.alloc(48));
	}

	/** The node id of a name; 0 for a negative entry. */
	lookup(parent: number, name: string): number {
		const { error, body } = this.request('LOOKUP', parent, `${name}\0`);
		if (error !== 0) throw new Error(`LOOKUP of "${name}": ${error}`);
		return Number(body.readBigUInt64LE(0));
	}

	read(nodeId: number, offset: bigint | number, size: number): Reply {
		return this.request('READ', nodeId, u64(0, offset), u32(size, 0), u64(0), u32(0, 0));
	}

	readdir(opcode: 'READDIR' | 'READDIRPLUS', nodeId: number, cookie: number, size: number): readonly Row[] {
		const { error, body } = this.request(opcode, nodeId, u64(0, cookie), u32(size, 0), u64(0), u32(0, 0));
		if (error !== 0) throw new Error(`${opcode}: ${error}`);
		if (body.length > size) throw new Error(`${opcode}: ${body.length} bytes, but ${size} requested`);
		return rowsOf(body, opcode === 'READDIRPLUS' ? 128 : 0);
	}
}

/** One entry of a listing. `nodeId` is 0 if the kernel gets no reference. */
export interface Row {
	readonly name: string;
	readonly ino: number;
	readonly cookie: number;
	readonly type: number;
	readonly nodeId: number;
}

function rowsOf(body: Buffer, head: number): readonly Row[] {
	const rows: Row[] = [];
	for (let at = 0; at < body.length; ) {
		const length = body.readUInt32LE(at + head + 16);
		rows.push({
			name: body.toString('utf8', at + head + 24, at + head + 24 + length),
			ino: Number(body.readBigUInt64LE(at + head)),
			cookie: Number(body.readBigUInt64LE(at + head + 8)),
			type: body.readUInt32LE(at + head + 20),
			nodeId: head === 0 ? 0 : Number(body.readBigUInt64LE(at)),
		});
		at += (head + 24 + length + 7) & ~7;
	}
	return rows;
}

/** A request with a valid header. */
export function message(opcode: OpcodeName | number, nodeId: number, body: Buffer, unique: bigint, pid = 0): Buffer {
	const header = Buffer.alloc(40);
	header.writeUInt32LE(40 + body.length, 0);
	header.writeUInt32LE(typeof opcode === 'number' ? opcode : OPCODE[opcode], 4);
	header.writeBigUInt64LE(unique, 8);
	header.writeBigUInt64LE(BigInt(nodeId), 16);
	header.writeUInt32LE(pid, 32);
	return Buffer.concat([header, body]);
}

function bodyOf(parts: readonly (Buffer | string)[]): Buffer {
	return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

export function u32(...values: readonly number[]): Buffer {
	const bytes = Buffer.alloc(4 * values.length);
	for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
	return bytes;
}

export function u64(...values: readonly (number | bigint)[]): Buffer {
	const bytes = Buffer.alloc(8 * values.length);
	for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), index * 8);
	return bytes;
}
