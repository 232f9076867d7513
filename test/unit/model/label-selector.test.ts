import { describe, expect, it } from 'vitest';
import { ConfigMapFsError } from '../../../src/base/errors.js';
import { LabelSelector } from '../../../src/model/label-selector.js';

const LABELS = new Map([
	['app', 'web'],
	['tier', ''],
	['weight', '10'],
	['example.com/team', 'in'],
]);

describe('LabelSelector', () => {
	it.each([
		['', true],
		['  ', true],
		['app', true],
		['!app', false],
		['other', false],
		['!other', true],
		['app=web', true],
		['app==web', true],
		['app = web', true],
		['app=db', false],
		['app!=db', true],
		['app!=web', false],
		['other!=web', true],
		['other=', false],
		['tier=', true],
		['app=', false],
		['app in (db,web)', true],
		['app in(db, web)', true],
		['app in (db)', false],
		['tier in ()', true],
		['tier in (x,)', true],
		['tier in (,x)', true],
		['tier in (x,,y)', true],
		['app notin (db)', true],
		['app notin (db,web)', false],
		['other notin (db)', true],
		['weight>9', true],
		['weight>10', false],
		['weight<11', true],
		['app>1', false],
		['other<1', false],
		['example.com/team=in', true],
		['example.com/team in (in,notin)', true],
		['app=web,tier=,!other', true],
		['app=web,other', false],
		['in', false],
		['in in (in)', false],
	])('%j: %s', (text, expected) => {
		expect(new LabelSelector(text).matches(LABELS)).toBe(expected);
	});

	// Recorded: kubectl v1.32 top pod -l.
	it.each([
		['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
		['a in (x', "unable to parse requirement: found '', expected: ',' or ')'"],
		['a in (x y)', "unable to parse requirement: found 'y', expected: ',' or ')'"],
		['a in (=)', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
		['a in', "unable to parse requirement: found '' expected: '('"],
		['a in b', "unable to parse requirement: found 'b' expected: '('"],
		['=', "found '=', expected: !, identifier, or 'end of string'"],
		[')', "found ')', expected: !, identifier, or 'end of string'"],
		[',a', "found ',', expected: !, identifier, or 'end of string'"],
		['a=b=c', "found '=', expected: ',' or 'end of string'"],
		['a=b c', "found 'c', expected: ',' or 'end of string'"],
		['a in (x)y', "found 'y', expected: ',' or 'end of string'"],
		['!a=b', "found '=', expected: ',' or 'end of string'"],
		['a,,b', "found ',', expected: identifier after ','"],
		['a=b,', "found '', expected: identifier after ','"],
		['!', "unable to parse requirement: found '', expected: identifier"],
		['!!a', "unable to parse requirement: found '!', expected: identifier"],
		['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
		['a!b', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
		['a constructor b', "unable to parse requirement: found 'constructor', expected: in, notin, =, ==, !=, gt, lt"],
		['a=(', "unable to parse requirement: found '(', expected: identifier"],
		['a===b', "unable to parse requirement: found '=', expected: identifier"],
		[
			'a>x',
			"unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
		],
		['/a', 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty'],
	])('refuses %j', (text, message) => {
		expect(() => new LabelSelector(text)).toThrow(new ConfigMapFsError('USAGE', message));
	});

	it('refuses invalid keys and values, and states the rule', () => {
		expect(() => new LabelSelector('a=-b')).toThrow(
			/^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid label must be an empty string or/,
		);
		expect(() => new LabelSelector('x/y/z=1')).toThrow(
			/^unable to parse requirement: <nil>: Invalid value: "x\/y\/z": a qualified name must consist of/,
		);
	});

	it('formats as the given text', () => {
		expect(String(new LabelSelector('a = b'))).toBe('a = b');
	});
});
