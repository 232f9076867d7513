import { expect, test } from 'vitest';
import { duplicateJsonKeys } from '../../../../src/go/json/duplicate-keys.js';

test.each<[string, string, [string, number, number][]]>([
	['no duplicate', '{"a":{"a":["a","a"]},"b":"a"}', []],
	['at the root', '{"a":1, "a":2}', [['a', 8, 1]]],
	['three times', '{"a":1,"a":2,"a":3}', [['a', 7, 1], ['a', 13, 7]]], // biome-ignore format: one row
	['in an object of an array', '[{"a":{},"b":[1,{"c":0,"c":1}],"a":0}]', [['c', 23, 17], ['a', 31, 2]]], // biome-ignore format: one row
	['written with an escape', '{"a":1,"\\u0061":2}', [['a', 7, 1]]],
	['values that are equal', '{"a":"b","b":"b"}', []],
])('finds keys that an object has twice: %s', (_name, text, expected) => {
	const found = duplicateJsonKeys(text).map(({ key, offset, firstOffset }) => [key, offset, firstOffset]);
	expect(found).toEqual(expected);
});

test('does not search a text that only a program writes', () => {
	expect(duplicateJsonKeys(`{"a":1,"a":"${'x'.repeat(1024 * 1024)}"}`)).toEqual([]);
});
