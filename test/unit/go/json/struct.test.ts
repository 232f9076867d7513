import { describe, expect, it } from 'vitest';
import { type GoStruct, unmarshalFault, unsupportedNumber } from '../../../../src/go/json/struct.js';

const INNER: GoStruct = { struct: 'v1.Inner', fields: { text: 'string', flag: 'bool', bytes: 'bytes', raw: 'any' } };
const OUTER: GoStruct = {
	struct: 'v1.Outer',
	fields: { name: 'string', one: INNER, many: { list: INNER }, map: { map: { list: 'string' } } },
};

// Messages of go1.23 encoding/json.
describe('unmarshalFault', () => {
	it.each<[unknown]>([
		[{}],
		[null],
		[{ name: null, one: null, many: [null], map: { a: null, b: [null] } }],
		[{ one: { text: 'x', flag: true, bytes: 'aGk=', raw: [1] } }],
		[{ unknown: 5, Name: 5 }],
		[{ toString: 5 }],
	])('accepts %j', (value) => {
		expect(unmarshalFault(value, OUTER)).toBeUndefined();
	});

	it.each<[unknown, string, string]>([
		[[], '', 'array into Go value of type v1.Outer'],
		[{ name: 5 }, 'name', 'number into Go struct field Outer.name of type string'],
		[{ one: 'x' }, 'one', 'string into Go struct field Outer.one of type v1.Inner'],
		[{ one: { text: true } }, 'one.text', 'bool into Go struct field Inner.one.text of type string'],
		[{ one: { flag: 'true' } }, 'one.flag', 'string into Go struct field Inner.one.flag of type bool'],
		[{ one: { bytes: [1] } }, 'one.bytes', 'array into Go struct field Inner.one.bytes of type []uint8'],
		[{ many: {} }, 'many', 'object into Go struct field Outer.many of type []v1.Inner'],
		[{ many: [{}, 'x'] }, 'many.1', 'string into Go struct field Outer.many of type v1.Inner'],
		[{ many: [{ text: 1 }] }, 'many.0.text', 'number into Go struct field Inner.many.text of type string'],
		[{ map: [] }, 'map', 'array into Go struct field Outer.map of type map[string][]string'],
		[{ map: { a: 'x' } }, 'map.a', 'string into Go struct field Outer.map of type []string'],
		[{ map: { a: ['x', 1] } }, 'map.a.1', 'number into Go struct field Outer.map of type string'],
		[{ one: 'x', many: 'x' }, 'many', 'string into Go struct field Outer.many of type []v1.Inner'],
	])('rejects %j at %s', (value, path, reason) => {
		const fault = unmarshalFault(value, OUTER);
		expect(fault?.path.join('.')).toBe(path);
		expect(fault?.reason).toBe(`json: cannot unmarshal ${reason}`);
	});

	it('rejects bytes that are not base64', () => {
		expect(unmarshalFault({ one: { bytes: 'aG k=' } }, OUTER)).toEqual({
			path: ['one', 'bytes'],
			reason: 'illegal base64 data at input byte 2',
		});
	});
});

describe('unsupportedNumber', () => {
	it.each<[unknown, string | undefined]>([
		[{ a: [1, 1e300, 'x', null] }, undefined],
		[{ a: [Number.POSITIVE_INFINITY] }, 'a.0 json: unsupported value: +Inf'],
		[{ b: Number.NaN, a: Number.NEGATIVE_INFINITY }, 'a json: unsupported value: -Inf'],
		[Number.NaN, ' json: unsupported value: NaN'],
	])('finds %j', (value, expected) => {
		const fault = unsupportedNumber(value);
		expect(fault && `${fault.path.join('.')} ${fault.reason}`).toBe(expected);
	});
});
