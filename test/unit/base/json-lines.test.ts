import { describe, expect, it } from 'vitest';
import { JsonLineError, JsonLines } from '../../../src/base/json-lines.js';
import { cpuMs } from '../../support/until.js';

describe('JsonLines', () => {
	it.each([1, 2, 3, 5, 7, 100])(
		'reads values from chunks of %i bytes, even if a chunk ends inside a character',
		(size) => {
			const values = [{ a: '€𝄞ä\n' }, [1], 'x'.repeat(50)];
			const text = Buffer.from(`${values.map((value) => JSON.stringify(value)).join('\n')}\r\n\n`);
			const found: unknown[] = [];
			const lines = new JsonLines((value) => found.push(value));
			for (let from = 0; from < text.length; from += size) lines.push(text.subarray(from, from + size));
			expect(found).toEqual(values);
			expect(lines.pendingBytes).toBe(0);
		},
	);

	it('keeps an incomplete line', () => {
		const lines = new JsonLines(() => {});
		lines.push(Buffer.from('1\n{"a"'));
		expect(lines.pendingBytes).toBe(4);
	});

	it('rejects a line that is not JSON, without quoting it, and a line that is too long', () => {
		const lines = new JsonLines(() => {}, { maxLineBytes: 10 });
		expect(() => lines.push(Buffer.from('secret\n'))).toThrow(new JsonLineError('a line of 6 characters is not JSON'));
		expect(() => lines.push(Buffer.from('"0123456789'))).toThrow(/longer than 10 bytes/);
	});

	it('reads a line of many chunks in linear time', () => {
		let length = 0;
		const lines = new JsonLines((value) => {
			length = String(value).length;
		});
		const chunk = Buffer.alloc(1_000, 'x');
		const tookMs = cpuMs(() => {
			lines.push(Buffer.from('"'));
			for (let count = 0; count < 20_000; count += 1) lines.push(chunk);
			lines.push(Buffer.from('"\n'));
		});
		expect(length).toBe(20_000_000);
		expect(tookMs).toBeLessThan(2_000);
	});
});
