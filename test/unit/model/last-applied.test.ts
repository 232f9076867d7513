import { expect, test } from 'vitest';
import { appliedAnnotationBytes, LAST_APPLIED } from '../../../src/model/last-applied.js';

const KEY_BYTES = Buffer.byteLength(LAST_APPLIED);

/** Each copy is the text that kubectl stores: compact JSON with a newline, by GetModifiedConfiguration of kubectl v1.32. */
test.each([
	[
		{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'x<y' } },
		'{"apiVersion":"v1","data":{"k":"x\\u003cy"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a","namespace":"n"}}\n',
	],
	[
		{ kind: 'Secret', metadata: { namespace: 'other', annotations: { [LAST_APPLIED]: 'old' } }, immutable: true },
		'{"immutable":true,"kind":"Secret","metadata":{"annotations":{},"namespace":"other"}}\n',
	],
	[{ metadata: null, list: [1, null, 'é'] }, '{"list":[1,null,"é"],"metadata":{"annotations":{},"namespace":"n"}}\n'],
])('counts the copy of %j', (value, copy) => {
	expect(appliedAnnotationBytes(value, 'n')).toBe(KEY_BYTES + Buffer.byteLength(copy));
});

test('counts the other annotations twice: in the copy too', () => {
	const object = (annotations: object) => ({ metadata: { annotations } });
	const without = appliedAnnotationBytes(object({}), 'n');
	expect(appliedAnnotationBytes(object({ ab: 'cde' }), 'n') - without).toBe('abcde'.length + '"ab":"cde"'.length);
});

test('visits a value that aliases repeat only once', () => {
	let value: unknown = 'x';
	for (let depth = 0; depth < 60; depth += 1) value = [value, value];
	expect(appliedAnnotationBytes({ value }, 'n')).toBeGreaterThan(2 ** 60);
});
