import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../../src/base/errno.js';
import { FOPEN, INIT_FLAG, OPCODE } from '../../../src/wire/constants.js';
import { describeReply, describeRequest, flagNames } from '../../../src/wire/describe.js';
import { ReplyBuffer } from '../../../src/wire/reply.js';
import { RequestBuffer } from '../../../src/wire/request.js';
import { REQUEST_NAMES, type RequestName, requestBytes, resized } from '../../support/fixtures/requests.js';

function accepted(message: Buffer): RequestBuffer {
	const request = new RequestBuffer(1024);
	message.copy(request.bytes);
	request.accept(message.length);
	return request;
}

const TEXTS: Readonly<Record<RequestName, string>> = {
	LOOKUP: 'LOOKUP n4294967298 "a.yaml" p4242',
	FORGET: 'FORGET n5 count 3 p4242',
	GETATTR: 'GETATTR n5 p4242',
	SETATTR: 'SETATTR n5 MODE mode 040755 p4242',
	SYMLINK: 'SYMLINK n1 "..data_tmp" -> "..2026" p4242',
	MKDIR: 'MKDIR n1 "..2026" mode 0700 p4242',
	RENAME: 'RENAME n1 "..data_tmp" to n1 "..data" p4242',
	READ: 'READ n5 offset 12884905984 size 131072 p4242',
	READDIR: 'READDIR n1 offset 7 size 4096 p4242',
	BATCH_FORGET: 'BATCH_FORGET nodes 2 p4242',
	INIT:
		'INIT 7.45 ASYNC_READ|BIG_WRITES|DO_READDIRPLUS|READDIRPLUS_AUTO|NO_OPEN_SUPPORT|PARALLEL_DIROPS|ABORT_ERROR|' +
		'MAX_PAGES|CACHE_SYMLINKS|NO_OPENDIR_SUPPORT|EXPLICIT_INVAL_DATA|0x70199fda p4242',
};

describe('requests as text', () => {
	test.each(REQUEST_NAMES)('%s', (name) => {
		expect(describeRequest(accepted(requestBytes(name)))).toBe(TEXTS[name]);
	});

	test('a truncated request is described by its header', () => {
		const cut = resized(requestBytes('READ'), -32);
		expect(describeRequest(accepted(cut))).toBe('READ n5 malformed, 48 bytes p4242');
	});

	test('control characters are escaped', () => {
		const bytes = requestBytes('LOOKUP');
		bytes.write('\u001b[2J!', 40, 'latin1');
		expect(describeRequest(accepted(bytes))).toContain('"\\u001b[2J!');
	});
});

const NODE = { id: 7, size: 12, mode: 0o100644, nlink: 1, uid: 0, gid: 0, mtimeUs: 0, ctimeUs: 0 };

describe('replies as text', () => {
	const request = requestBytes('LOOKUP');
	const reply = new ReplyBuffer(4096);
	const rows: readonly (readonly [string, number, () => number])[] = [
		['ok n7 0100644 12 bytes', OPCODE.LOOKUP, () => reply.entry(request, NODE, 1000)],
		['ok no entry', OPCODE.LOOKUP, () => reply.noEntry(request)],
		['ok 0100644 12 bytes', OPCODE.GETATTR, () => reply.attr(request, NODE)],
		['ok KEEP_CACHE|NOFLUSH', OPCODE.OPEN, () => reply.open(request, FOPEN.KEEP_CACHE | FOPEN.NOFLUSH)],
		['ok 900 bytes', OPCODE.READ, () => reply.body(request, 900)],
		['ok', OPCODE.RENAME, () => reply.body(request, 0)],
		['ENOSYS', OPCODE.FLUSH, () => reply.error(request, ERRNO.ENOSYS)],
		['no reply', OPCODE.FORGET, () => 0],
		[
			'ok "..data/a.yaml"',
			OPCODE.READLINK,
			() => reply.body(request, reply.bytes.write('..data/a.yaml', 16, 'latin1')),
		],
	];

	test.each(rows)('%s', (text, opcode, write) => {
		const length = write();
		expect(describeReply(opcode, reply.bytes, length)).toBe(text);
	});
});

test('bits without a name are a number, and no bits are 0', () => {
	expect(flagNames(INIT_FLAG, 0)).toBe('0');
	expect(flagNames({ A: 1 }, 0x8000_0001 | 0)).toBe('A|0x80000000');
});
