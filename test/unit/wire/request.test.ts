import { describe, expect, test } from 'vitest';
import { OPCODE } from '../../../src/wire/constants.js';
import { MalformedRequest, RequestBuffer } from '../../../src/wire/request.js';
import { REQUEST_NAMES, type RequestName, requestBytes, resized } from '../../support/fixtures/requests.js';

const HIGH = 2 ** 32 + 2;

const at = (offset: number) => ({ offset, size: 0 });
const u32 = (offset: number) => ({ offset, size: 4 });
const u64 = (offset: number) => ({ offset, size: 8 });

/** A buffer that has just accepted `message`; `stale` fills the bytes behind it, as an earlier, longer request would. */
function accepted(message: Buffer, stale = 0): RequestBuffer {
	const request = new RequestBuffer(1024);
	request.bytes.fill(stale);
	message.copy(request.bytes);
	request.accept(message.length);
	return request;
}

/** The decoded fields of each request. */
interface Row {
	readonly nodeId: number;
	readonly decode: (request: RequestBuffer) => unknown;
	readonly decoded: unknown;
}

const ROWS: Readonly<Record<RequestName, Row>> = {
	LOOKUP: { nodeId: HIGH, decode: (request) => request.name(at(40)), decoded: 'a.yaml' },
	FORGET: { nodeId: 5, decode: (request) => request.get(u64(40)), decoded: 3 },
	GETATTR: { nodeId: 5, decode: (request) => request.get(u64(48)), decoded: 0 },
	SETATTR: {
		nodeId: 5,
		decode: (request) => [request.get(u32(40)), request.get(u32(108)), request.get(u32(124))],
		decoded: [1, 0o40755, 0],
	},
	SYMLINK: {
		nodeId: 1,
		decode: (request) => [request.name(at(40)), request.nameAfter(at(40))],
		decoded: ['..data_tmp', '..2026'],
	},
	MKDIR: {
		nodeId: 1,
		decode: (request) => [request.get(u32(40)), request.get(u32(44)), request.name(at(48))],
		decoded: [0o700, 0o022, '..2026'],
	},
	RENAME: {
		nodeId: 1,
		decode: (request) => [request.get(u64(40)), request.name(at(48)), request.nameAfter(at(48))],
		decoded: [1, '..data_tmp', '..data'],
	},
	READ: {
		nodeId: 5,
		decode: (request) => [
			request.get(u64(40)),
			request.get(u64(48)),
			request.get(u32(56)),
			request.get(u32(72)),
			request.get(u32(76)),
		],
		decoded: [0, 3 * 2 ** 32 + 4096, 131072, 0x8000, 0],
	},
	READDIR: {
		nodeId: 1,
		decode: (request) => [request.get(u64(48)), request.get(u32(56)), request.get(u32(76))],
		decoded: [7, 4096, 0],
	},
	BATCH_FORGET: {
		nodeId: 0,
		decode: (request) => [
			request.get(u32(40)),
			request.get(u64(48)),
			request.get(u64(56)),
			request.get(u64(64)),
			request.get(u64(72)),
		],
		decoded: [2, 5, 1, HIGH, 2 ** 32],
	},
	INIT: {
		nodeId: 0,
		decode: (request) => [40, 44, 48, 52, 56, 100].map((offset) => request.get(u32(offset))),
		decoded: [7, 45, 131072, 0x73fffffb, 0x5fd, 0],
	},
};

const LAST_NAME_AT = { LOOKUP: 40, SYMLINK: 51, MKDIR: 48, RENAME: 59 } as const;
const WITH_NAMES = ['LOOKUP', 'SYMLINK', 'MKDIR', 'RENAME'] as const;

describe('RequestBuffer', () => {
	test.each(REQUEST_NAMES)('reads every field of %s', (name) => {
		const message = requestBytes(name);
		const request = accepted(message, 0xff);
		expect(request.length).toBe(message.length);
		expect(request.opcode).toBe(OPCODE[name]);
		expect(request.unique).toBe(0x0102030405060708n);
		expect(request.pid).toBe(4242);
		expect(request.nodeId).toBe(ROWS[name].nodeId);
		expect(ROWS[name].decode(request)).toEqual(ROWS[name].decoded);
	});

	test.each(REQUEST_NAMES)('refuses %s that is one byte short, independently of the bytes behind it', (name) => {
		const request = accepted(resized(requestBytes(name), -1));
		expect(() => ROWS[name].decode(request)).toThrow(MalformedRequest);
	});

	test.each(REQUEST_NAMES)('refuses %s whose length field is not the number of bytes read', (name) => {
		const message = requestBytes(name);
		for (const difference of [1, -1, 4096, 0xf000_0000]) {
			const request = new RequestBuffer(1024);
			message.copy(request.bytes);
			request.bytes.writeUInt32LE((message.length + difference) >>> 0, 0);
			expect(() => request.accept(message.length)).toThrow(MalformedRequest);
		}
	});

	test.each(REQUEST_NAMES)('reads %s with extra bytes behind its last field as without them', (name) => {
		expect(ROWS[name].decode(accepted(resized(requestBytes(name), 8)))).toEqual(ROWS[name].decoded);
	});

	test.each(WITH_NAMES)(
		'refuses %s whose last name has no terminator, though a NUL of an older request follows',
		(name) => {
			const message = requestBytes(name);
			message.writeUInt8(0x78, message.length - 1);
			const request = accepted(message, 0);
			expect(() => ROWS[name].decode(request)).toThrow(MalformedRequest);
		},
	);

	test.each(Object.entries(LAST_NAME_AT))('refuses %s whose last name is empty', (name, start) => {
		const message = requestBytes(name as keyof typeof LAST_NAME_AT);
		const request = accepted(resized(message, start + 1 - message.length));
		request.bytes.writeUInt8(0, start);
		expect(() => ROWS[name as keyof typeof LAST_NAME_AT].decode(request)).toThrow(MalformedRequest);
	});

	test.each([0, 1, 16, 39])('refuses %i bytes, which are less than a header', (length) => {
		const request = new RequestBuffer(128);
		request.bytes.writeUInt32LE(length, 0);
		expect(() => request.accept(length)).toThrow(MalformedRequest);
	});

	test('accepts a header without a body', () => {
		const request = new RequestBuffer(128);
		request.bytes.writeUInt32LE(40, 0);
		expect(() => request.accept(40)).not.toThrow();
		expect(() => request.get(u32(40))).toThrow(MalformedRequest);
		expect(() => request.name(at(40))).toThrow(MalformedRequest);
	});

	test('keeps the length of the last request that was accepted, not of the longest', () => {
		const request = accepted(requestBytes('INIT'));
		requestBytes('FORGET').copy(request.bytes);
		request.accept(48);
		expect(() => request.get(u64(48))).toThrow(MalformedRequest);
	});

	test('returns a multi-byte name with one character per byte, and different bytes as different names', () => {
		const names = [
			Buffer.from('schlüssel-鍵'),
			Buffer.from([0xff, 0xfe]),
			Buffer.from([0xc3]),
			Buffer.from([0xc3, 0xbc]),
		];
		const decoded = names.map((name) => {
			const message = resized(requestBytes('LOOKUP'), name.length - 6);
			name.copy(message, 40);
			message.writeUInt8(0, message.length - 1);
			return accepted(message).name(at(40));
		});
		expect(decoded).toEqual(names.map((name) => name.toString('latin1')));
		expect(new Set(decoded).size).toBe(names.length);
	});

	test('reads an offset of 2^53 - 1 exactly', () => {
		const message = requestBytes('READ');
		message.writeBigUInt64LE(BigInt(Number.MAX_SAFE_INTEGER), 48);
		expect(accepted(message).get(u64(48))).toBe(Number.MAX_SAFE_INTEGER);
	});
});
