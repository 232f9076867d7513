import { describe, expect, it } from 'vitest';
import { readFirstDocument } from '../../../../src/go/yaml/first-document.js';

function read(content: string | Buffer): unknown {
	const found = readFirstDocument(Buffer.from(content));
	if ('value' in found) return JSON.parse(JSON.stringify(found.value));
	return `${found.position.line}:${found.position.column} ${found.reason}`;
}

// All of this is what kubectl v1.32 makes of the text as a kubeconfig: kubectl --kubeconfig FILE config view --raw
describe('readFirstDocument', () => {
	it.each<[string, string | Buffer, unknown]>([
		['an empty text', '', null],
		['comments only', '# a\n\n# b\n', null],
		['comments before the separator', '# a\n---\na: 1\n', { a: 1 }],
		['an empty first document', '---\n---\na: 1\n', null],
		['a broken second document', 'a: 1\n---\n{{{{\n', { a: 1 }],
		['equal keys, of which the last wins', 'a: 1\na: 2\n', { a: 2 }],
		['JSON with equal keys', '{"a":1,\t"a":2}', { a: 2 }],
		['a byte order mark', '\ufeffa: 1\n', { a: 1 }],
		['UTF-16', Buffer.from('\ufeffa: 1\n', 'utf16le'), { a: 1 }],
		['CRLF', 'a: x\r\nb: 2\r\n', { a: 'x', b: 2 }],
		['a control character', 'a: 1\nb: "x\x07"\n', '2:6 yaml: control characters are not allowed'],
		['bytes that are not UTF-8', Buffer.from('a: 1\nb: \xff\n', 'latin1'), '2:1 yaml: invalid leading UTF-8 octet'],
		['a fault behind comments', '# a\n---\na: 1\n? [b]\n', '4:3 yaml: invalid map key: a sequence'],
	])('reads %s', (_, content, expected) => {
		expect(read(content)).toEqual(expected);
	});

	it('locates values', () => {
		const found = readFirstDocument(Buffer.from('# a\n---\na:\n- b: c\n'));
		if (!('value' in found)) throw new Error(found.reason);
		expect(found.locate(['a', 0, 'b'])).toEqual({ line: 4, column: 6 });
		expect(found.locate(['a', 0, 'absent'])).toEqual({ line: 4, column: 3 });
	});
});
