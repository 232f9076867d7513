import { describe, expect, test } from 'vitest';
import { contentOffset, decodeRecord, encodeRecord, type JournalRecord } from '../../../src/journal/record.js';
import { ATTRIBUTES, staged, stagedFile, stagedLink } from '../../support/fixtures/announced.js';
import { bytesOf } from '../../support/fixtures/bytes.js';

const RECORDS: readonly JournalRecord[] = [
	{ t: 'segment', version: 2, index: 3 },
	{ t: 'rotate', index: 4 },
	{ t: 'settled', seq: 2 ** 40, ok: false },
	{
		t: 'tree',
		parent: 1,
		name: 'ключ "\\\n',
		node: staged(2, { f: stagedFile(3, 9, 4), l: stagedLink(4, '..data/鍵') }),
	},
	{
		t: 'intent',
		intent: { op: 'rename', seq: 1, atUs: 2 ** 50, parent: 1, name: '..data_tmp', newName: '..data', unlist: '..old' },
	},
	{ t: 'intent', intent: { op: 'unlink', seq: 1, atUs: 2 ** 50, parent: 1, name: 'a', graceMs: 1500 } },
	{ t: 'intent', intent: { op: 'mkdir', seq: 1, atUs: 2 ** 50, parent: 1, name: 'd', node: staged(2 ** 45) } },
	{ t: 'intent', intent: { op: 'symlink', seq: 1, atUs: 2 ** 50, parent: 1, name: 'l', node: stagedLink(5, 't') } },
	{ t: 'intent', intent: { op: 'setattr', seq: 1, atUs: 2 ** 50, id: 2, mode: 0o755 } },
];

describe('encodeRecord', () => {
	test('writes total length, JSON length, JSON and content', () => {
		const record = { t: 'rotate', index: 1 } as const;
		expect(encodeRecord(record, [Buffer.from('ab'), Buffer.from('c')]).toString('hex')).toBe(
			bytesOf([
				['23000000', 'total length u32: 35'],
				['18000000', 'JSON length u32: 24'],
				[Buffer.from('{"t":"rotate","index":1}').toString('hex'), 'JSON'],
				['616263', 'content'],
			]).toString('hex'),
		);
	});
});

describe('decodeRecord', () => {
	test.each(RECORDS)('returns %j and the offset of its content', (record) => {
		const content = Buffer.from('content');
		const encoded = encodeRecord(record, [content]);
		const decoded = decodeRecord(Buffer.concat([Buffer.from('xx'), encoded, Buffer.from('yy')]), 2);
		expect(decoded).toEqual({ record, contentOffset: encoded.length - 7, length: encoded.length });
		expect(contentOffset(encoded)).toBe(encoded.length - 7);
		expect(encoded.subarray(decoded?.contentOffset).equals(content)).toBe(true);
	});

	test('is undefined for every prefix of a record with incomplete JSON', () => {
		const encoded = encodeRecord({ t: 'tree', parent: 1, name: 'd', node: { ...staged(2), ...ATTRIBUTES } });
		for (let length = 0; length < encoded.length; length++)
			expect(decodeRecord(encoded.subarray(0, length), 0)).toBeUndefined();
		expect(decodeRecord(encoded, 0)).toBeDefined();
		expect(decodeRecord(encoded, encoded.length)).toBeUndefined();
	});
});
